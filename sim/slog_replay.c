/* slog_replay.c - see slog_replay.h.
 *
 *     a routing crank's event is in the acceptance queue      it is run
 *     it is not, and is a message                             the host queued it, and those routed right behind it
 *     a vat is reaped that waits in no queue                  the host reaped all
 *     a vat ends between cranks                               the host terminated it
 */
#include "slog_replay.h"

#include "log_words.h"
#include "recorded_facts.h"
#include "scratch_folder.h"
#include "slog_host.h"
#include "slog_worker.h"
#include "text_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct slog_crank {
    struct sim_log_unit unit;
    bool is_routing;
    struct vk_str type, message;
};

struct replay {
    struct sim_slog_result *result;
    struct sim_input_error *error;
    const char *slog;
    char folder[SIM_SCRATCH_PATH], path[SIM_SCRATCH_PATH + 32];
    struct vk_arena keep;    /* of the slog's index */
    struct vk_arena scratch; /* of the crank in hand */
    struct {
        SIM_ARRAY(struct slog_crank);
    } cranks;
    struct sim_log_file *file;
    struct sim_crank_log crank;  /* in hand */
    struct sim_host_batch batch; /* of the host's messages, before it */
    struct sim_slog_workers workers;
    struct vk_ports ports;
    struct vk_store *store;
    struct vk_kernel *kernel;
};

/* ---- the slog's index */

static enum vk_err add_crank(struct replay *replay, const struct sim_log_unit *unit,
                             const struct sim_crank_log *crank) {
    SIM_ARRAY_RESERVE(&replay->cranks);
    struct slog_crank *added = &replay->cranks.at[replay->cranks.count];
    *added = (struct slog_crank){.unit = *unit,
                                 .is_routing = vk_str_eq(crank->crank_type, VK_STR("routing"))};
    if (crank->message_type.p)
        VK_TRY(vk_arena_copy(&replay->keep, crank->message_type, &added->type));
    if (crank->message.p) VK_TRY(vk_arena_copy(&replay->keep, crank->message, &added->message));
    replay->cranks.count++;
    return VK_OK;
}

static enum vk_err index_units(struct replay *replay, struct sim_log_scan *scan,
                               struct sim_log_file *file) {
    for (;;) {
        struct sim_log_unit unit;
        struct sim_crank_log crank;
        bool more;
        VK_TRY(sim_log_scan_next(scan, &unit, &more, replay->error));
        if (!more) return VK_OK;
        if (!sim_log_unit_is_crank(&unit)) continue;
        sim_crank_log_init(&crank);
        enum vk_err err = sim_crank_log_read_on(&crank, file, &unit, replay->error);
        if (err == VK_OK) err = add_crank(replay, &unit, &crank);
        sim_crank_log_release(&crank);
        VK_TRY(err);
    }
}

static enum vk_err read_index(struct replay *replay) {
    struct sim_log_scan *scan;
    struct sim_log_file *file;
    VK_TRY(sim_log_scan_open(replay->slog, &scan, replay->error));
    enum vk_err err = sim_log_file_open(replay->slog, &file, replay->error);
    if (err == VK_OK) {
        err = index_units(replay, scan, file);
        sim_log_file_close(file);
    }
    sim_log_scan_close(scan);
    return err;
}

/* ---- the kernel, on a copy of the database */

static enum vk_err copy_file(struct replay *replay, const char *from, const char *suffix,
                             bool may_lack) {
    char source[SIM_SCRATCH_PATH], target[SIM_SCRATCH_PATH + 64];
    struct vk_str bytes;
    struct stat info;
    int n = snprintf(source, sizeof source, "%s%s", from, suffix);
    if (n < 0 || (size_t)n >= sizeof source) return VK_RAISE(VK_ERR_DISK, "too long a name");
    if (may_lack && stat(source, &info) != 0) return VK_OK;
    snprintf(target, sizeof target, "%s%s", replay->path, suffix);
    vk_arena_clear(&replay->scratch);
    VK_TRY(sim_text_file_read(source, &replay->scratch, &bytes));
    return sim_text_file_write(target, bytes);
}

static enum vk_err copy_database(struct replay *replay, const char *database) {
    VK_TRY(sim_scratch_folder_make(replay->folder));
    snprintf(replay->path, sizeof replay->path, "%s/swingstore.sqlite", replay->folder);
    VK_TRY(copy_file(replay, database, "", false));
    return copy_file(replay, database, "-wal", true);
}

static void remove_copy(const struct replay *replay) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[SIM_SCRATCH_PATH + 64];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && replay->folder[0]; i++) {
        snprintf(path, sizeof path, "%s%s", replay->path, suffixes[i]);
        unlink(path);
    }
    if (replay->folder[0]) rmdir(replay->folder);
}

static void close_kernel(struct replay *replay) {
    if (replay->kernel) vk_kernel_close(replay->kernel);
    if (replay->store) vk_store_close(replay->store);
    replay->kernel = NULL;
    replay->store = NULL;
}

static enum vk_err open_kernel(struct replay *replay) {
    const struct vk_store_options store = {.mode = VK_STORE_WRITE_BACK, .no_state_hash = true};
    const struct vk_kernel_options kernel = {.no_preload = true};
    replay->ports = (struct vk_ports){
        .heap = vk_heap_system(), .disk = {.path = replay->path}, .workers = &replay->workers.port};
    VK_TRY(vk_store_open(&replay->ports, &store, &replay->store));
    replay->workers.store = replay->store;
    return vk_kernel_open(replay->store, &replay->ports, &kernel, &replay->kernel);
}

static enum vk_err get(struct replay *replay, const char *key, struct vk_str *value) {
    return vk_store_get(replay->store, &replay->scratch, vk_str(key), value);
}

/* ---- differences */

static enum vk_err differ(struct replay *replay, const struct slog_crank *crank, struct vk_str what,
                          struct vk_str expected, struct vk_str got) {
    struct sim_slog_result *result = replay->result;
    result->outcome = SIM_SLOG_DIFFERENT;
    result->different_crank = crank->unit.number;
    result->expected = result->got = VK_STR_NONE;
    VK_TRY(vk_arena_copy(&result->arena, what, &result->what));
    if (expected.p) VK_TRY(vk_arena_copy(&result->arena, expected, &result->expected));
    return got.p ? vk_arena_copy(&result->arena, got, &result->got) : VK_OK;
}

/* ---- cranks */

static bool allow_cleanup(void *impl, struct vk_cleanup_budget *budget) {
    struct replay *replay = impl;
    const struct vk_json *json;
    bool legal;
    struct vk_str text = sim_log_get(replay->crank.message, "budget");
    return vk_str_eq(replay->crank.message_type, VK_STR("cleanup-terminated-vat")) && text.p &&
           vk_json_parse(&replay->scratch, text, &json) == VK_OK &&
           sim_fact_budget(&replay->scratch, json, &legal, budget) == VK_OK && legal;
}

/* Runs the crank in hand; the result says if it differs. */
static enum vk_err run_crank(struct replay *replay, const struct slog_crank *crank) {
    const struct vk_run_policy policy = {.impl = replay, .allow_cleanup = allow_cleanup};
    struct vk_crank_result ran = {0};
    const struct sim_slog_workers *workers = &replay->workers;
    sim_slog_workers_crank(&replay->workers, &replay->crank);
    replay->result->outcome = SIM_SLOG_MET;
    enum vk_err err = vk_kernel_run_crank(replay->kernel, &policy, &ran);
    if (err == VK_ERR_NOMEM) return err;
    if (err != VK_OK && workers->differs)
        return differ(replay, crank, vk_str(workers->what), workers->expected, workers->got);
    bool is_last = crank == &replay->cranks.at[replay->cranks.count - 1];
    if (err == VK_ERR_PANIC && is_last) { /* as the other kernel did: it ran no crank any more */
        replay->result->is_panic = true;
        return VK_OK;
    }
    if (err != VK_OK)
        return differ(replay, crank, VK_STR("the kernel stopped"), VK_STR_NONE,
                      vk_str(vk_err_origin()->text));
    if (ran.kind == VK_CRANK_IDLE)
        return differ(replay, crank, VK_STR("the kernel has nothing to do"), crank->type,
                      VK_STR_NONE);
    if (!vk_str_eq(crank->type, vk_str(ran.event)))
        return differ(replay, crank, VK_STR("the event"), crank->type, vk_str(ran.event));
    if (strcmp(ran.crankhash, crank->unit.crankhash) != 0)
        return differ(replay, crank, VK_STR("the crankhash"), vk_str(crank->unit.crankhash),
                      vk_str(ran.crankhash));
    if (strcmp(ran.activityhash, crank->unit.activityhash) != 0) /* INV-SLOG-REPLAY-2 */
        return differ(replay, crank, VK_STR("the activityhash, by what the host did before it"),
                      vk_str(crank->unit.activityhash), vk_str(ran.activityhash));
    memcpy(replay->result->activityhash, ran.activityhash, sizeof ran.activityhash);
    replay->result->cranks++;
    return VK_OK;
}

/* ---- the host's doings */

static enum vk_err infer(struct replay *replay, uint64_t crank, struct vk_str what,
                         const char *by) {
    struct sim_slog_result *result = replay->result;
    struct sim_inferred inferred = {.crank = crank};
    VK_TRY(vk_arena_copy(&result->arena, what, &inferred.what));
    VK_TRY(vk_arena_copy(&result->arena, vk_str(by), &inferred.by));
    SIM_ARRAY_RESERVE(&result->inferred);
    result->inferred.at[result->inferred.count++] = inferred;
    return VK_OK;
}

static enum vk_err read_capdata(struct vk_arena *arena, const struct vk_json *json,
                                struct vk_capdata *out) {
    const struct vk_json *slots = vk_json_get(json, "slots");
    struct vk_str *krefs;
    size_t count = slots ? slots->count : 0, i = 0;
    VK_TRY(VK_NEW_ARRAY(arena, &krefs, count));
    for (const struct vk_json *slot = slots ? slots->first : NULL; slot; slot = slot->next)
        krefs[i++] = vk_json_string(slot);
    *out = (struct vk_capdata){vk_json_string(vk_json_get(json, "body")), krefs, count};
    return VK_OK;
}

/* Whether the promise is the one that a message queued now would be answered by. */
static bool is_promise(struct vk_str kpid, uint64_t number) {
    uint64_t n;
    return kpid.n > 2 && vk_str_to_u64(vk_str_from(kpid, 2), &n) && n == number;
}

/* The messages that are routed from crank `at` on before anything else is done, and that nobody had queued. While others
 * wait in the queue, only the hash says that the host did anything before this crank and not a later one. */
static enum vk_err find_batch(struct replay *replay, size_t at, const char *before,
                              struct sim_host_batch *batch) {
    struct vk_str text;
    uint64_t next = 0, head = 0, tail = 0;
    batch->count = 0;
    if (!replay->cranks.at[at].is_routing) return VK_OK;
    VK_TRY(get(replay, "acceptanceQueue", &text));
    if (!sim_log_count(sim_log_at(text, 0), &head) || !sim_log_count(sim_log_at(text, 1), &tail))
        return VK_OK;
    if (tail > head && !sim_slog_host_emits(before, &replay->cranks.at[at].unit)) return VK_OK;
    VK_TRY(get(replay, "kp.nextID", &text));
    if (!text.p || !vk_str_to_u64(text, &next)) return VK_OK;
    size_t first = at + (size_t)(tail - head);
    for (size_t i = at; i < replay->cranks.count && batch->count < SIM_BATCH_MAX; i++) {
        const struct slog_crank *crank = &replay->cranks.at[i];
        struct vk_str result =
            sim_log_text(sim_log_get(sim_log_get(crank->message, "msg"), "result"));
        if (!crank->is_routing) break;
        if (i < first || !vk_str_eq(crank->type, VK_STR("send"))) continue;
        if (result.p && !is_promise(result, next)) break;
        next += result.p != NULL;
        batch->messages[batch->count++] = (struct sim_host_message){
            .crank = crank->unit.number, .event = crank->message, .result = result};
    }
    return VK_OK;
}

static enum vk_err tell_batch(struct replay *replay, uint64_t before, bool emits) {
    const struct sim_host_batch *batch = &replay->batch;
    for (size_t i = 0; i < batch->taken; i++) {
        struct vk_str what;
        VK_TRY(vk_arena_format(&replay->scratch, &what, "taking the result %.*s",
                               VK_STR_ARG(batch->takes[i])));
        VK_TRY(infer(replay, before, what, "by the hash"));
    }
    for (size_t i = 0; i < batch->count; i++) {
        const struct sim_host_message *message = &batch->messages[i];
        struct vk_str words, what;
        char by[200];
        VK_TRY(sim_log_event_words(&replay->scratch, message->event, &words));
        VK_TRY(vk_arena_format(&replay->scratch, &what, "message %.*s", VK_STR_ARG(words)));
        snprintf(by, sizeof by, "by its routing in crank %" PRIu64 "; %s, %s%s", message->crank,
                 sim_slog_host_option(message), message->is_guessed ? "guessed" : "by the hash",
                 emits ? "" : "; no hashes were emitted");
        VK_TRY(infer(replay, before, what, by));
    }
    return VK_OK;
}

/* What is plain without trying: vats that the host ended, and that it reaped all. */
static enum vk_err infer_plain(struct replay *replay, const struct slog_crank *crank) {
    const struct sim_crank_log *log = &replay->crank;
    struct vk_str queue;
    for (size_t i = 0; i < log->entries.count && log->entries.at[i].kind != SIM_LOG_CRANK_START;
         i++) {
        const struct vk_json *json;
        struct vk_capdata reason;
        if (log->entries.at[i].kind != SIM_LOG_TERMINATE) continue;
        VK_TRY(vk_json_parse(&replay->scratch, log->entries.at[i].text, &json));
        struct vk_str vat = vk_json_string(vk_json_get(json, "vatID")), what;
        VK_TRY(read_capdata(&replay->scratch, vk_json_get(json, "info"), &reason));
        VK_TRY(vk_host_terminate_vat(replay->kernel, vat, &reason));
        VK_TRY(vk_arena_format(&replay->scratch, &what, "termination of %.*s", VK_STR_ARG(vat)));
        VK_TRY(infer(replay, crank->unit.number, what, "by a terminate entry between cranks"));
    }
    VK_TRY(get(replay, "reapQueue", &queue));
    if (!vk_str_eq(crank->type, VK_STR("bringOutYourDead")) || !vk_str_eq(queue, VK_STR("[]")))
        return VK_OK;
    VK_TRY(infer(replay, crank->unit.number, VK_STR("reapAllVats"),
                 "by a bringOutYourDead that no count had asked for"));
    return vk_host_reap_all_vats(replay->kernel);
}

static enum vk_err run_batch(struct replay *replay, size_t at, const char *before) {
    const struct slog_crank *crank = &replay->cranks.at[at];
    bool emits = sim_slog_host_emits(before, &crank->unit);
    VK_TRY(sim_slog_host_choose(&replay->batch, replay->store, &replay->scratch, before,
                                &crank->unit));
    VK_TRY(sim_slog_host_queue(&replay->batch, replay->kernel, replay->store, &replay->scratch,
                               emits));
    VK_TRY(tell_batch(replay, crank->unit.number, emits));
    bool nothing = !replay->batch.count && !replay->batch.taken;
    if (nothing) VK_TRY(infer_plain(replay, crank));
    return run_crank(replay, crank);
}

/* ---- the whole */

static enum vk_err run_at(struct replay *replay, size_t at) {
    const struct slog_crank *crank = &replay->cranks.at[at];
    struct vk_str text;
    char before[VK_HASH_HEX];
    sim_crank_log_release(&replay->crank);
    sim_crank_log_init(&replay->crank);
    vk_arena_clear(&replay->scratch);
    VK_TRY(sim_crank_log_read_on(&replay->crank, replay->file, &crank->unit, replay->error));
    VK_TRY(get(replay, "activityhash", &text));
    snprintf(before, sizeof before, "%.*s", VK_STR_ARG(text));
    VK_TRY(find_batch(replay, at, before, &replay->batch));
    bool is_active = before[0] && sim_slog_host_emits(before, &crank->unit);
    if (replay->batch.count || is_active) return run_batch(replay, at, before);
    VK_TRY(infer_plain(replay, crank));
    return run_crank(replay, crank);
}

/* Where in the slog the database stands. */
static enum vk_err find_start(struct replay *replay, size_t *at) {
    struct vk_str text;
    uint64_t number;
    VK_TRY(get(replay, "crankNumber", &text));
    if (!text.p || !vk_str_to_u64(text, &number))
        return VK_RAISE(VK_ERR_CORRUPT, "it holds no kernel (no key crankNumber)");
    for (*at = 0; *at < replay->cranks.count; ++*at)
        if (replay->cranks.at[*at].unit.number == number) {
            replay->result->first_crank = number;
            return VK_OK;
        }
    return VK_RAISE(VK_ERR_USAGE,
                    "the database stands before crank %" PRIu64 ", which the slog does not have",
                    number);
}

static enum vk_err run_all(struct replay *replay) {
    size_t at;
    VK_TRY(find_start(replay, &at));
    VK_TRY(sim_log_file_open(replay->slog, &replay->file, replay->error));
    for (; at < replay->cranks.count; at++) {
        bool follows = at == 0 || replay->cranks.at[at].unit.number ==
                                      replay->cranks.at[at - 1].unit.number + 1;
        if (!follows && replay->result->cranks) /* lines are lost */
            return differ(replay, &replay->cranks.at[at],
                          VK_STR("the slog lacks a crank before it"), VK_STR_NONE, VK_STR_NONE);
        VK_TRY(run_at(replay, at));
        if (replay->result->outcome != SIM_SLOG_MET) return VK_OK;
    }
    return VK_OK;
}

void sim_slog_result_init(struct sim_slog_result *result) {
    *result = (struct sim_slog_result){0};
    vk_arena_init(&result->arena, vk_heap_system());
}

void sim_slog_result_release(struct sim_slog_result *result) {
    sim_array_free(result->inferred.at);
    vk_arena_release(&result->arena);
}

enum vk_err sim_slog_replay(const char *database, const char *slog, struct sim_slog_result *result,
                            bool *is_database, struct sim_input_error *error) {
    struct replay replay = {.result = result, .error = error, .slog = slog};
    *error = (struct sim_input_error){0};
    vk_arena_init(&replay.keep, vk_heap_system());
    vk_arena_init(&replay.scratch, vk_heap_system());
    sim_crank_log_init(&replay.crank);
    sim_slog_workers_init(&replay.workers);
    *is_database = false;
    enum vk_err err = read_index(&replay);
    if (err == VK_OK) {
        *is_database = true;
        err = copy_database(&replay, database);
        if (err == VK_OK) err = open_kernel(&replay);
        if (err == VK_OK) err = run_all(&replay);
    }
    close_kernel(&replay);
    result->deliveries = replay.workers.deliveries;
    result->syscalls = replay.workers.syscalls;
    remove_copy(&replay);
    sim_log_file_close(replay.file);
    sim_slog_workers_release(&replay.workers);
    sim_crank_log_release(&replay.crank);
    sim_array_free(replay.cranks.at);
    vk_arena_release(&replay.scratch);
    vk_arena_release(&replay.keep);
    if (err == VK_OK || error->what[0]) return err;
    return sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
}
