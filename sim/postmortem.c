/* postmortem.c - see postmortem.h. */
#include "postmortem.h"

#include "log_file.h"
#include "log_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LINES_TO_JUDGE = 100 }; /* so many without one that can be read, and it is no slog */

void sim_postmortem_init(struct sim_postmortem *postmortem) {
    *postmortem = (struct sim_postmortem){0};
    vk_arena_init(&postmortem->arena, vk_heap_system());
}

void sim_postmortem_release(struct sim_postmortem *postmortem) {
    sim_array_free(postmortem->syscalls.at);
    vk_arena_release(&postmortem->arena);
}

/* ---- entries */

static enum vk_err text_of(struct sim_postmortem *postmortem, const struct vk_json *json,
                           struct vk_str *out) {
    struct vk_buf buf;
    *out = VK_STR_NONE;
    if (!json) return VK_OK;
    vk_buf_init(&buf, &postmortem->arena);
    vk_json_write(&buf, json);
    return vk_buf_finish(&buf, out);
}

static uint64_t number_of(const struct vk_json *json, const char *field) {
    const struct vk_json *member = vk_json_get(json, field);
    uint64_t n = 0;
    if (!vk_json_is(member, VK_JSON_NUMBER) || !vk_str_to_u64(member->text, &n)) return 0;
    return n;
}

static struct vk_str string_of(const struct vk_json *json, const char *field) {
    return vk_json_string(vk_json_get(json, field));
}

static bool is_replayed(const struct vk_json *entry) {
    const struct vk_json *replay = vk_json_get(entry, "replay");
    return vk_json_is(replay, VK_JSON_BOOL) && replay->truth;
}

/* A new crank makes all before it history (INV-POSTMORTEM-1). `entry` is in the arena that this clears, so its line is
 * parsed once more. */
static enum vk_err crank_start(struct sim_postmortem *postmortem, struct vk_str line) {
    struct vk_arena arena = postmortem->arena;
    struct sim_postmortem_log log = postmortem->log;
    const struct vk_json *entry;
    vk_arena_clear(&arena);
    postmortem->syscalls.count = 0;
    struct sim_postmortem fresh = {.arena = arena, .log = log, .has_crank = true};
    fresh.syscalls.at = postmortem->syscalls.at;
    fresh.syscalls.capacity = postmortem->syscalls.capacity;
    *postmortem = fresh;
    postmortem->log.names_crank = true;
    VK_TRY(vk_arena_copy(&postmortem->arena, line, &line));
    VK_TRY(vk_json_parse(&postmortem->arena, line, &entry));
    postmortem->crank = number_of(entry, "crankNum");
    postmortem->crank_type = string_of(entry, "crankType");
    postmortem->message_type = string_of(entry, "messageType");
    return text_of(postmortem, vk_json_get(entry, "message"), &postmortem->message);
}

/* The method's name, from ["name",[...]] in either encoding; absent if it is no name. */
static enum vk_err read_method(struct sim_postmortem *postmortem, const struct vk_json *message) {
    struct vk_str body = string_of(vk_json_get(message, "methargs"), "body");
    const struct vk_json *methargs;
    if (body.n && body.p[0] == '#') body = vk_str_from(body, 1);
    if (!body.p) return VK_OK;
    enum vk_err err = vk_json_parse(&postmortem->arena, body, &methargs);
    if (err == VK_ERR_SYNTAX) return VK_OK;
    VK_TRY(err);
    postmortem->method = vk_json_string(vk_json_at(methargs, 0));
    return VK_OK;
}

/* What was sent, in krefs, where the delivery itself is told in the vat's own words. */
static enum vk_err read_sent(struct sim_postmortem *postmortem) {
    const struct vk_json *event;
    if (!vk_str_present(postmortem->message)) return VK_OK;
    VK_TRY(vk_json_parse(&postmortem->arena, postmortem->message, &event));
    postmortem->result = string_of(vk_json_get(event, "msg"), "result");
    return VK_OK;
}

static enum vk_err deliver(struct sim_postmortem *postmortem, const struct vk_json *entry) {
    const struct vk_json *kd = vk_json_get(entry, "kd");
    bool is_vats = !vk_json_is(kd, VK_JSON_ARRAY);
    if (is_vats) kd = vk_json_get(entry, "vd");
    postmortem->has_delivery = true;
    postmortem->delivery_finished = false;
    postmortem->syscalls.count = 0;
    postmortem->syscalls_made = 0;
    postmortem->vat = string_of(entry, "vatID");
    postmortem->delivery = number_of(entry, "deliveryNum");
    postmortem->dispatch = string_of(entry, "dispatch");
    if (!postmortem->dispatch.p) postmortem->dispatch = vk_json_string(vk_json_at(kd, 0));
    postmortem->target = postmortem->method = postmortem->result = VK_STR_NONE;
    if (vk_str_eq(vk_json_string(vk_json_at(kd, 0)), VK_STR("message"))) {
        postmortem->target =
            is_vats ? string_of(entry, "target") : vk_json_string(vk_json_at(kd, 1));
        postmortem->result = string_of(vk_json_at(kd, 2), "result");
        if (is_vats) VK_TRY(read_sent(postmortem));
        VK_TRY(read_method(postmortem, vk_json_at(kd, 2)));
    }
    return text_of(postmortem, kd, &postmortem->made);
}

static enum vk_err syscall(struct sim_postmortem *postmortem, const struct vk_json *entry) {
    const struct vk_json *json = vk_json_get(entry, "ksc");
    struct sim_postmortem_syscall made = {0};
    if (!vk_json_is(json, VK_JSON_ARRAY)) {
        json = vk_json_get(entry, "vsc");
        made.target = string_of(entry, "target");
    }
    made.name = string_of(entry, "syscall");
    if (!made.name.p) made.name = vk_json_string(vk_json_at(json, 0));
    VK_TRY(text_of(postmortem, json, &made.json));
    SIM_ARRAY_RESERVE(&postmortem->syscalls);
    postmortem->syscalls.at[postmortem->syscalls.count++] = made;
    postmortem->syscalls_made = number_of(entry, "syscallNum") + 1;
    if (postmortem->syscalls_made < postmortem->syscalls.count)
        postmortem->syscalls_made = postmortem->syscalls.count;
    return VK_OK;
}

static enum vk_err syscall_result(struct sim_postmortem *postmortem, const struct vk_json *entry) {
    if (!postmortem->syscalls.count) return VK_OK; /* its syscall was lost at the ring's end */
    struct sim_postmortem_syscall *made = &postmortem->syscalls.at[postmortem->syscalls.count - 1];
    return text_of(postmortem, vk_json_get(entry, "vsr"), &made->result);
}

/* What went well is forgotten; what did not is still to be told, until a crank is run. */
static void kernel_start(struct sim_postmortem *postmortem) {
    bool is_well = postmortem->crank_finished && !postmortem->error.p;
    if (is_well) postmortem->has_crank = postmortem->has_delivery = false;
    postmortem->restarted = true;
}

static void kernel_halt(struct sim_postmortem *postmortem, const struct vk_json *entry) {
    if (postmortem->restarted) postmortem->has_crank = postmortem->has_delivery = false;
    postmortem->error = string_of(entry, "error");
    postmortem->what = string_of(entry, "what");
    postmortem->file = string_of(entry, "file");
    postmortem->line = number_of(entry, "line");
}

/* A ring may have lost where its crank and its delivery began: each entry says which they are. */
static void begins_within(struct sim_postmortem *postmortem, const struct vk_json *entry) {
    if (!vk_json_get(entry, "crankNum") || is_replayed(entry)) return;
    postmortem->log.names_crank = true;
    if (!postmortem->has_crank) {
        postmortem->has_crank = true;
        postmortem->crank = number_of(entry, "crankNum");
    }
    if (postmortem->has_delivery || !vk_json_get(entry, "deliveryNum")) return;
    postmortem->has_delivery = true;
    postmortem->vat = string_of(entry, "vatID");
    postmortem->delivery = number_of(entry, "deliveryNum");
}

static enum vk_err take(struct sim_postmortem *postmortem, struct vk_str type,
                        const struct vk_json *entry, struct vk_str line) {
    postmortem->log.entries++;
    if (vk_str_eq(type, VK_STR("crank-start"))) return crank_start(postmortem, line);
    begins_within(postmortem, entry);
    if (vk_str_eq(type, VK_STR("kernel-start"))) kernel_start(postmortem);
    if (vk_str_eq(type, VK_STR("kernel-halt"))) kernel_halt(postmortem, entry);
    if (vk_str_eq(type, VK_STR("crank-finish"))) postmortem->crank_finished = true;
    if (is_replayed(entry)) return VK_OK;
    if (vk_str_eq(type, VK_STR("deliver"))) return deliver(postmortem, entry);
    if (vk_str_eq(type, VK_STR("deliver-result"))) postmortem->delivery_finished = true;
    if (vk_str_eq(type, VK_STR("syscall"))) return syscall(postmortem, entry);
    if (vk_str_eq(type, VK_STR("syscall-result"))) return syscall_result(postmortem, entry);
    return VK_OK;
}

/* ---- lines */

static enum vk_err bad(struct sim_postmortem_error *error, enum vk_err err, size_t line,
                       size_t column, const char *what) {
    *error = (struct sim_postmortem_error){.line = line, .column = column};
    snprintf(error->what, sizeof error->what, "%s", what); /* before the origin changes */
    return VK_RAISE(err, "%s", error->what);
}

/* JSON's errors name the byte that comes next, from 0; "near" says that it was read already. */
static size_t column_of_error(void) {
    const char *text = vk_err_origin()->text, *at = strstr(text, " byte ");
    size_t byte = at ? (size_t)strtoul(at + strlen(" byte "), NULL, 10) : 0;
    return strstr(text, " near byte ") && byte > 0 ? byte : byte + 1;
}

static enum vk_err take_line(struct sim_postmortem *postmortem, struct vk_str line, size_t number,
                             struct sim_postmortem_error *error) {
    const struct vk_json *entry;
    struct vk_str kept;
    VK_TRY(vk_arena_copy(&postmortem->arena, line, &kept));
    enum vk_err err = vk_json_parse(&postmortem->arena, kept, &entry);
    if (err == VK_ERR_SYNTAX)
        return bad(error, err, number, column_of_error(), vk_err_origin()->text);
    VK_TRY(err);
    struct vk_str type = string_of(entry, "type");
    if (!type.p && string_of(entry, "t").p) { /* a recording's, of the store */
        postmortem->log.entries++;
        return VK_OK;
    }
    if (!type.p)
        return bad(error, VK_ERR_SYNTAX, number, 1,
                   "no slog entry: expected an object with a type");
    return take(postmortem, type, entry, line);
}

/* What is no entry is passed over, if there are any. *first: what is wrong with the first of them. */
static enum vk_err take_or_note(struct sim_postmortem *postmortem, struct vk_str line,
                                struct sim_postmortem_error *first) {
    struct sim_postmortem_log *log = &postmortem->log;
    struct sim_postmortem_error error = {0};
    bool is_recording;
    if (log->unreadable && sim_log_kind(line, &is_recording) == SIM_LOG_UNREADABLE) {
        log->unreadable++; /* and takes no memory: INV-POSTMORTEM-1 */
        return VK_OK;
    }
    enum vk_err err = take_line(postmortem, line, log->lines, &error);
    if (err != VK_ERR_SYNTAX) return err;
    if (!log->unreadable++) {
        log->first_unreadable = log->lines;
        *first = error;
    }
    return VK_OK;
}

/* The last line of a process that was ended is no wonder, and neither is a compressed file's end. */
static void conclude_lines(struct sim_postmortem_log *log) {
    if (log->unreadable != 1 || log->first_unreadable != log->lines) return;
    log->unreadable = 0;
    log->is_cut = true;
}

static enum vk_err take_lines(struct sim_postmortem *postmortem, struct sim_log_file *file,
                              struct sim_postmortem_error *error) {
    struct sim_postmortem_log *log = &postmortem->log;
    bool more = true;
    while (more) {
        struct sim_input_error input = {0};
        struct vk_str line;
        enum vk_err err = sim_log_file_next(file, &line, &more, &input);
        if (err == VK_ERR_SYNTAX && log->entries) {
            log->is_cut = true;
            return VK_OK;
        }
        if (err != VK_OK) return bad(error, err, input.line, input.line ? 1 : 0, input.what);
        log->lines = sim_log_file_number(file);
        if (more && line.n) VK_TRY(take_or_note(postmortem, line, error));
        if (!log->entries && log->unreadable && log->lines >= LINES_TO_JUDGE) more = false;
    }
    if (!log->entries && log->unreadable) return VK_RAISE(VK_ERR_SYNTAX, "%s", error->what);
    conclude_lines(log);
    return VK_OK;
}

static void conclude(struct sim_postmortem *postmortem) {
    if (postmortem->error.p && !vk_str_eq(postmortem->error, VK_STR("VK_ERR_PANIC")))
        postmortem->end = SIM_POSTMORTEM_HOST_FAILED;
    else if (postmortem->error.p)
        postmortem->end = vk_str_starts(postmortem->what, VK_STR("assertion failed: "))
                              ? SIM_POSTMORTEM_ASSERTION
                              : SIM_POSTMORTEM_PANIC;
    else if (!postmortem->has_crank)
        postmortem->end = SIM_POSTMORTEM_NOTHING;
    else
        postmortem->end =
            postmortem->crank_finished ? SIM_POSTMORTEM_AT_REST : SIM_POSTMORTEM_CUT_SHORT;
    if (postmortem->log.is_cut && postmortem->end <= SIM_POSTMORTEM_AT_REST)
        postmortem->end = SIM_POSTMORTEM_UNKNOWN;
}

/* A file that tells of no kernel's doings says nothing of its end either. */
static enum vk_err must_tell(const struct sim_postmortem *postmortem,
                             struct sim_postmortem_error *error) {
    if (postmortem->log.names_crank || postmortem->error.p) return VK_OK;
    return bad(error, VK_ERR_SYNTAX, 0, 0,
               postmortem->log.entries
                   ? "it names no crank: the slog of a kernel that ran is wanted"
                   : "the file is empty");
}

/* The log says which file, and anybody may have written that: of a pipe no end would come. */
static bool is_regular_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The invariant that an assertion guards is named in a comment beside it. */
static enum vk_err read_source(struct sim_postmortem *postmortem) {
    struct sim_input_error ignored;
    struct sim_lines *lines;
    struct vk_str line, file;
    bool more = true;
    if (postmortem->end != SIM_POSTMORTEM_ASSERTION || !postmortem->line) return VK_OK;
    VK_TRY(vk_arena_format(&postmortem->arena, &file, "%.*s", VK_STR_ARG(postmortem->file)));
    if (!is_regular_file(file.p) || sim_lines_open(file.p, &lines, &ignored) != VK_OK)
        return VK_OK; /* not at hand */
    enum vk_err err = VK_OK;
    while (err == VK_OK && more && sim_lines_number(lines) < postmortem->line)
        err = sim_lines_next(lines, &line, &more, &ignored);
    if (err == VK_OK && more) {
        while (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
            line = vk_str_from(line, 1);
        err = vk_arena_copy(&postmortem->arena, line, &postmortem->source);
    }
    sim_lines_close(lines);
    return err == VK_ERR_NOMEM ? err : VK_OK;
}

/* Closes the file. */
static enum vk_err read_log(struct sim_postmortem *postmortem, struct sim_log_file *file,
                            struct sim_postmortem_error *error) {
    enum vk_err err = take_lines(postmortem, file, error);
    sim_log_file_close(file);
    if (err == VK_OK) err = must_tell(postmortem, error);
    if (err != VK_OK) return err;
    conclude(postmortem);
    return read_source(postmortem);
}

enum vk_err sim_postmortem_read_ring(struct sim_postmortem *postmortem, struct vk_str ring,
                                     struct sim_postmortem_error *error) {
    struct sim_input_error input = {0};
    struct sim_log_file *file;
    enum vk_err err = sim_log_file_open_ring(ring, &file, &input);
    if (err != VK_OK) return bad(error, err, 0, 0, input.what);
    return read_log(postmortem, file, error);
}

enum vk_err sim_postmortem_read_slog(struct sim_postmortem *postmortem, const char *path,
                                     struct sim_postmortem_error *error) {
    struct sim_input_error input = {0};
    struct sim_log_file *file;
    enum vk_err err = sim_log_file_open(path, &file, &input);
    if (err != VK_OK) return bad(error, err, 0, 0, input.what);
    return read_log(postmortem, file, error);
}

/* ---- the database */

static enum vk_err read_keys(struct sim_postmortem *postmortem, struct vk_store *store) {
    struct vk_arena *arena = &postmortem->arena;
    struct vk_str text, key;
    const struct vk_json *options;
    VK_TRY(vk_store_get(store, arena, VK_STR("crankNumber"), &text));
    if (!text.p || !vk_str_to_u64(text, &postmortem->next_crank))
        return VK_RAISE(VK_ERR_CORRUPT, "it holds no kernel (no key crankNumber)");
    postmortem->has_state = true;
    if (!postmortem->vat.p) return VK_OK;
    VK_TRY(vk_arena_format(arena, &key, "%.*s.options", VK_STR_ARG(postmortem->vat)));
    VK_TRY(vk_store_get(store, arena, key, &text));
    if (!text.p || vk_json_parse(arena, text, &options) != VK_OK) return VK_OK;
    postmortem->vat_name = string_of(options, "name");
    return VK_OK;
}

enum vk_err sim_postmortem_read_state(struct sim_postmortem *postmortem, const char *path) {
    const struct vk_ports ports = {.heap = vk_heap_system(), .disk = {.path = path}};
    const struct vk_store_options options = {
        .mode = VK_STORE_DIRECT, .no_state_hash = true, .read_only = true};
    struct vk_store *store;
    VK_TRY(vk_store_open(&ports, &options, &store)); /* INV-POSTMORTEM-2: read_only */
    enum vk_err err = read_keys(postmortem, store);
    vk_store_close(store);
    return err;
}

bool sim_postmortem_is_past(const struct sim_postmortem *postmortem) {
    return postmortem->has_state && postmortem->has_crank &&
           postmortem->crank < postmortem->next_crank;
}
