/* slog_worker.c - see slog_worker.h. */
#include "slog_worker.h"

#include "json_same.h"
#include "recorded_facts.h"
#include "recorded_worker.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct vk_worker {
    char vat[32];
    uint64_t position, replays_left;
};

/* Keeps the first difference, and ends the crank. */
static enum vk_err differ(struct sim_slog_workers *workers, struct vk_str expected,
                          struct vk_str got, const char *format, ...)
    __attribute__((format(printf, 4, 5))) VK_MUST_CHECK;
static enum vk_err differ(struct sim_slog_workers *workers, struct vk_str expected,
                          struct vk_str got, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(workers->what, sizeof workers->what, format, args);
    va_end(args);
    workers->differs = true;
    workers->expected = workers->got = VK_STR_NONE;
    if (expected.p) VK_TRY(vk_arena_copy(&workers->keep, expected, &workers->expected));
    if (got.p) VK_TRY(vk_arena_copy(&workers->keep, got, &workers->got));
    return VK_RAISE(VK_ERR_TRACE, "%s", workers->what);
}

static enum vk_err check_same(struct sim_slog_workers *workers, struct vk_str expected,
                              struct vk_str got, const char *what, struct vk_str vat) {
    bool same;
    VK_TRY(sim_json_same(&workers->scratch, expected, got, &same));
    return same ? VK_OK : differ(workers, expected, got, "%s of %.*s", what, VK_STR_ARG(vat));
}

/* ---- the transcript */

/* {"d":[...],"sc":[{"s":[...],"r":[...]},...],"r":{...}} */
static enum vk_err replay_delivery(struct sim_slog_workers *workers, struct vk_worker *worker,
                                   const struct vk_syscall_port *syscalls,
                                   struct vk_delivery_result *result) {
    struct vk_str item, text;
    const struct vk_json *json;
    VK_TRY(vk_transcript_item(workers->store, &workers->keep, vk_str(worker->vat),
                              worker->position++, &item));
    worker->replays_left--;
    VK_TRY(vk_json_parse(&workers->keep, item, &json));
    const struct vk_json *calls = vk_json_get(json, "sc");
    for (const struct vk_json *call = calls ? calls->first : NULL; call; call = call->next) {
        struct vk_syscall syscall;
        struct vk_syscall_result ignored;
        VK_TRY(sim_fact_text(&workers->keep, vk_json_get(call, "s"), &text));
        VK_TRY(vk_syscall_decode(&workers->keep, text, &syscall));
        VK_TRY(syscalls->make(syscalls->impl, &syscall, &ignored));
    }
    *result = (struct vk_delivery_result){.ok = true};
    return VK_OK;
}

/* ---- the slog */

static const struct sim_crank_entry *next_of(struct sim_slog_workers *workers,
                                             enum sim_log_kind one, enum sim_log_kind two) {
    const struct sim_crank_log *crank = workers->crank;
    while (crank && workers->next_entry < crank->entries.count) {
        const struct sim_crank_entry *entry = &crank->entries.at[workers->next_entry++];
        if (entry->kind == one || entry->kind == two) return entry;
    }
    return NULL;
}

static enum vk_err make_call(struct sim_slog_workers *workers, struct vk_str vat,
                             const struct sim_crank_entry *entry,
                             const struct vk_syscall_port *syscalls) {
    struct vk_syscall syscall;
    struct vk_syscall_result result = {0};
    const struct vk_json *json;
    struct vk_str text;
    VK_TRY(vk_json_parse(&workers->keep, sim_log_get(entry->text, "vsc"), &json));
    VK_TRY(sim_fact_text(&workers->keep, json, &text));
    VK_TRY(vk_syscall_decode(&workers->keep, text, &syscall));
    workers->syscalls++;
    VK_TRY(syscalls->make(syscalls->impl, &syscall, &result));
    size_t at = workers->next_entry;
    const struct sim_crank_entry *answer =
        next_of(workers, SIM_LOG_SYSCALL_RESULT, SIM_LOG_SYSCALL_RESULT);
    if (!answer) {
        workers->next_entry = at;
        return VK_OK;
    }
    return check_same(workers, sim_log_get(answer->text, "vsr"), result.json, "a syscall's result",
                      vat);
}

static enum vk_err finish(struct sim_slog_workers *workers, const struct sim_crank_entry *entry,
                          struct vk_delivery_result *result) {
    const struct vk_json *json;
    bool legal;
    VK_TRY(vk_json_parse(&workers->keep, sim_log_get(entry->text, "dr"), &json));
    VK_TRY(sim_fact_slog_result(&workers->keep, json, &legal, result));
    workers->deliveries++;
    return legal ? VK_OK : VK_RAISE(VK_ERR_SYNTAX, "line %zu: no result \"dr\"", entry->line);
}

static enum vk_err live_delivery(struct sim_slog_workers *workers, const struct vk_worker *worker,
                                 const struct vk_delivery *delivery,
                                 const struct vk_syscall_port *syscalls,
                                 struct vk_delivery_result *result) {
    const struct vk_str vat = vk_str(worker->vat);
    const struct sim_crank_entry *entry = next_of(workers, SIM_LOG_DELIVER, SIM_LOG_DELIVER);
    if (!entry)
        return differ(workers, VK_STR_NONE, delivery->json,
                      "%s is given something that the slog does not show", worker->vat);
    struct vk_str expected = sim_log_text(sim_log_get(entry->text, "vatID"));
    if (!vk_str_eq(expected, vat)) return differ(workers, expected, vat, "the vat delivered to");
    VK_TRY(check_same(workers, sim_log_get(entry->text, "vd"), delivery->json, "what is delivered",
                      vat));
    for (;;) {
        entry = next_of(workers, SIM_LOG_SYSCALL, SIM_LOG_DELIVER_RESULT);
        if (!entry) return VK_RAISE(VK_ERR_WORKER_LOST, "the worker of %s died", worker->vat);
        if (entry->kind == SIM_LOG_DELIVER_RESULT) return finish(workers, entry, result);
        VK_TRY(make_call(workers, vat, entry, syscalls));
    }
}

/* ---- the port */

/* Contents are not at hand. */
static enum vk_err add_bundles(struct sim_slog_workers *workers, struct vk_store *store) {
    const struct vk_json *json;
    VK_TRY(vk_json_parse(&workers->scratch, workers->told_bundles, &json));
    for (json = json->first; json; json = json->next) {
        bool has;
        VK_TRY(vk_bundle_has(store, json->text, &has));
        if (!has) VK_TRY(vk_bundle_add(store, json->text, VK_STR("")));
    }
    return VK_OK;
}

static enum vk_err host_worker_bundle_ids(void *impl, struct vk_store *store,
                                          struct vk_arena *arena, struct vk_str *json) {
    struct sim_slog_workers *workers = impl;
    struct vk_str text, key, options;
    uint64_t next = 1;
    *json = VK_STR("[]");
    vk_arena_clear(&workers->scratch);
    if (workers->told_bundles.p) {
        *json = workers->told_bundles;
        return add_bundles(workers, store);
    }
    VK_TRY(vk_store_get(store, &workers->scratch, VK_STR("vat.nextID"), &text));
    if (!text.p || !vk_str_to_u64(text, &next)) return VK_OK;
    while (next-- > 1) { /* as the newest vat that runs on any */
        VK_TRY(vk_arena_format(&workers->scratch, &key, "v%llu.options", (unsigned long long)next));
        VK_TRY(vk_store_get(store, &workers->scratch, key, &options));
        if (!options.p) continue;
        VK_TRY(sim_fact_bundle_ids(&workers->scratch, arena, options, &text));
        if (!text.p) continue;
        *json = text;
        return VK_OK;
    }
    workers->lacks_bundles = true;
    return VK_OK;
}

static enum vk_err host_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    const struct sim_slog_workers *workers = impl;
    struct vk_worker *worker = calloc(1, sizeof *worker);
    if (!worker) return VK_RAISE(VK_ERR_NOMEM, "worker");
    snprintf(worker->vat, sizeof worker->vat, "%.*s", VK_STR_ARG(spec->vat));
    worker->position = spec->position;
    worker->replays_left = workers->attaches ? 0 : spec->replays;
    *out = worker;
    return VK_OK;
}

static enum vk_err host_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    struct sim_slog_workers *workers = impl;
    (void)arena; /* all texts are the crank's */
    return worker->replays_left > 0 ? replay_delivery(workers, worker, syscalls, result)
                                    : live_delivery(workers, worker, delivery, syscalls, result);
}

/* What is in a snapshot no slog says, and no hash of a crank covers. */
static enum vk_err host_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                 bool restart, struct vk_snapshot_image *image) {
    static const char unknown[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    (void)impl, (void)restart;
    return recorded_snapshot_image(arena, vk_str(worker->vat), vk_str(unknown), &image->bytes);
}

/* An image that a replay left stands for the real one, and names it. */
static enum vk_err host_snapshot_hash(void *impl, const struct vk_snapshot_image *image,
                                      char hex[VK_HASH_HEX]) {
    struct vk_str hash;
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    (void)impl;
    if (recorded_snapshot_hash(image->bytes, &hash)) {
        memcpy(hex, hash.p, VK_HASH_HEX - 1);
        hex[VK_HASH_HEX - 1] = '\0';
        return VK_OK;
    }
    if (EVP_Digest(image->bytes.p, image->bytes.n, bytes, &n, EVP_sha256(), NULL) != 1)
        return VK_RAISE(VK_ERR_NOMEM, "SHA-256");
    vk_str_hex(bytes, n, hex);
    return VK_OK;
}

static void host_stop(void *impl, struct vk_worker *worker) {
    (void)impl;
    free(worker);
}

void sim_slog_workers_init(struct sim_slog_workers *workers) {
    *workers = (struct sim_slog_workers){0};
    vk_arena_init(&workers->scratch, vk_heap_system());
    vk_arena_init(&workers->keep, vk_heap_system());
    workers->port = (struct vk_worker_host){
        .impl = workers,
        .worker_bundle_ids = host_worker_bundle_ids,
        .start = host_start,
        .deliver = host_deliver,
        .snapshot = host_snapshot,
        .snapshot_hash = host_snapshot_hash,
        .stop = host_stop,
    };
}

void sim_slog_workers_release(struct sim_slog_workers *workers) {
    vk_arena_release(&workers->scratch);
    vk_arena_release(&workers->keep);
}

void sim_slog_workers_crank(struct sim_slog_workers *workers, const struct sim_crank_log *crank) {
    vk_arena_clear(&workers->keep);
    workers->crank = crank;
    workers->next_entry = 0;
    workers->differs = false;
    workers->lacks_bundles = false;
}
