/* recording.c - see recording.h. One line at a time: JSON, its type's fields, the event, the
 * index. */
#include "recording.h"

#include "file_kind.h"
#include "recording_index.h"
#include "trace_log.h"

#include <inttypes.h>

struct reading {
    struct sim_recording *recording;
    struct sim_index_builder *builder;
    struct vk_arena scratch; /* a line's JSON */
    struct sim_lines *lines;
    struct sim_input_error *error;
};

/* ---- the format: each word with the fields that go to key and value, all of them strings */
static const struct line_kind {
    const char *word;
    enum vk_trace_type type;
    const char *key;
    const char *value;
} line_kinds[] = {
    {"set", VK_TRACE_SET, "k", "v"},
    {"slog", VK_TRACE_SLOG, "type", NULL},
    {"del", VK_TRACE_DEL, "k", NULL},
    {"savepoint", VK_TRACE_SAVEPOINT, "s", NULL},
    {"emit", VK_TRACE_EMIT, "crankhash", "activityhash"},
    {"startCrank", VK_TRACE_START_CRANK, NULL, NULL},
    {"endCrank", VK_TRACE_END_CRANK, NULL, NULL},
    {"titem", VK_TRACE_TRANSCRIPT_ITEM, "v", "i"},
    {"tspan", VK_TRACE_TRANSCRIPT_SPAN, "v", NULL},
    {"bundle", VK_TRACE_BUNDLE, "id", NULL},
    {"bundledel", VK_TRACE_BUNDLE_DEL, "id", NULL},
    {"tinit", VK_TRACE_TRANSCRIPT_INIT, "v", NULL},
    {"tinc", VK_TRACE_TRANSCRIPT_INCARNATION, "v", NULL},
    {"tdel", VK_TRACE_TRANSCRIPT_DELETE, "v", NULL},
    {"tstop", VK_TRACE_TRANSCRIPT_STOP, "v", NULL},
    {"rollback", VK_TRACE_ROLLBACK, "s", NULL},
    {"commit", VK_TRACE_COMMIT, NULL, NULL},
    {"close", VK_TRACE_CLOSE, NULL, NULL},
};

/* slog entries that say how a host went about it, not what the kernel decided: they depend on the
 * page-out policy, on the machine, or are a vat's chatter. */
static const char *const passed_over_types[] = {
    "console",
    "create-vat",
    "vat-startup-start",
    "vat-startup-finish",
    "start-replay",
    "finish-replay",
    "heap-snapshot-save",
    "heap-snapshot-load",
    "slogger-confused",
    "kernel-restart",
    "kernel-init-start",
    "kernel-init-finish",
    "bundle-kernel-start",
    "bundle-kernel-finish",
    "import-kernel-start",
    "import-kernel-finish",
};

/* Entries that a replayed worker makes too, with "replay":true. */
static const char *const replayed_types[] = {
    "syscall",
    "syscall-result",
    "deliver",
    "deliver-result",
};

static bool is_one_of(struct vk_str text, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (vk_str_eq(text, vk_str(words[i]))) return true;
    return false;
}

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

bool sim_slog_is_passed_over(struct vk_str type, struct vk_str entry) {
    if (is_one_of(type, passed_over_types, COUNT_OF(passed_over_types))) return true;
    if (!is_one_of(type, replayed_types, COUNT_OF(replayed_types))) return false;
    /* The field stands before everything that a vat may have written, and a quote in a string would
     * come with a backslash. */
    const struct vk_str field = VK_STR("\"replay\":");
    for (size_t i = 0; i + field.n < entry.n; i++)
        if (memcmp(entry.p + i, field.p, field.n) == 0) return entry.p[i + field.n] == 't';
    return false;
}

const char *sim_event_word(enum vk_trace_type type) {
    for (size_t i = 0; i < COUNT_OF(line_kinds); i++)
        if (line_kinds[i].type == type) return line_kinds[i].word;
    return "?";
}

/* ---- one line */

#define BAD_LINE(reading, ...)                                                                     \
    sim_input_error_set((reading)->error, VK_ERR_SYNTAX, sim_lines_number((reading)->lines),       \
                        __VA_ARGS__)

static enum vk_err take_string(struct reading *reading, const struct vk_json *line,
                               const char *word, const char *field, struct vk_str *out) {
    struct vk_str text = vk_json_string(vk_json_get(line, field));
    if (!text.p) return BAD_LINE(reading, "`%s` without a string \"%s\"", word, field);
    return vk_arena_copy(&reading->recording->arena, text, out);
}

static bool take_count(const struct vk_json *json, uint64_t *out) {
    return vk_json_is(json, VK_JSON_NUMBER) && vk_str_to_u64(json->text, out);
}

/* {"b":null|N,"r":{"done":true|false,"cleanups":N}} */
static enum vk_err take_deletion(struct reading *reading, const struct vk_json *line,
                                 struct sim_event *event) {
    const struct vk_json *budget = vk_json_get(line, "b");
    const struct vk_json *result = vk_json_get(line, "r");
    const struct vk_json *done = vk_json_get(result, "done");
    event->budget = VK_UNLIMITED;
    if (budget && budget->type != VK_JSON_NULL && !take_count(budget, &event->budget))
        return BAD_LINE(reading, "`tdel` with a budget \"b\" that is neither a count nor null");
    if (!vk_json_is(done, VK_JSON_BOOL) ||
        !take_count(vk_json_get(result, "cleanups"), &event->count))
        return BAD_LINE(reading, "`tdel` without a result \"r\" of {done, cleanups}");
    event->done = done->truth;
    return VK_OK;
}

/* The entry as the kernel writes it: the line without its "t". */
static enum vk_err take_slog(struct reading *reading, struct vk_str text,
                             const struct vk_json *line, struct sim_event *event) {
    const struct vk_str head = VK_STR("{\"t\":\"slog\",");
    struct vk_arena *arena = &reading->recording->arena;
    if (vk_str_starts(text, head)) {
        size_t n = text.n - (head.n - 1);
        char *copy = vk_arena_alloc(arena, n);
        if (!copy) return VK_RAISE(VK_ERR_NOMEM, "slog entry of %zu bytes", n);
        memcpy(copy, text.p + (head.n - 1), n);
        copy[0] = '{';
        event->value = (struct vk_str){copy, n};
    } else {
        struct vk_buf buf;
        vk_buf_init(&buf, arena);
        char separator = '{';
        for (const struct vk_json *field = line->first; field; field = field->next) {
            if (vk_str_eq(field->key, VK_STR("t"))) continue;
            vk_buf_char(&buf, separator);
            vk_json_quote(&buf, field->key);
            vk_buf_char(&buf, ':');
            vk_json_write(&buf, field);
            separator = ',';
        }
        vk_buf_char(&buf, '}');
        VK_TRY(vk_buf_finish(&buf, &event->value));
    }
    event->is_passed_over = sim_slog_is_passed_over(event->key, event->value);
    reading->recording->has_slog = true;
    return VK_OK;
}

static enum vk_err take_line(struct reading *reading, struct vk_str text,
                             const struct vk_json *line) {
    struct vk_str word = vk_json_string(vk_json_get(line, "t"));
    if (!word.p)
        return BAD_LINE(reading, "%s: an object with a string \"t\" is expected",
                        reading->recording->events.count ? "not a recording's line"
                                                         : "this is not a recording");
    const struct line_kind *kind = line_kinds;
    while (kind < line_kinds + COUNT_OF(line_kinds) && !vk_str_eq(word, vk_str(kind->word)))
        kind++;
    if (kind == line_kinds + COUNT_OF(line_kinds))
        return BAD_LINE(reading, "unknown line type \"%.*s\"", (int)(word.n < 40 ? word.n : 40),
                        word.p);
    SIM_ARRAY_RESERVE(&reading->recording->events);
    struct sim_event event = {.type = kind->type, .line = sim_lines_number(reading->lines)};
    if (kind->key) VK_TRY(take_string(reading, line, kind->word, kind->key, &event.key));
    if (kind->value) VK_TRY(take_string(reading, line, kind->word, kind->value, &event.value));
    if (kind->type == VK_TRACE_TRANSCRIPT_DELETE) VK_TRY(take_deletion(reading, line, &event));
    if (kind->type == VK_TRACE_SLOG) VK_TRY(take_slog(reading, text, line, &event));
    if (kind->type == VK_TRACE_SAVEPOINT || kind->type == VK_TRACE_ROLLBACK)
        if (!vk_str_eq(event.key, VK_STR("start")) && !vk_str_eq(event.key, VK_STR("deliver")))
            return BAD_LINE(reading, "`%s` to neither start nor deliver", kind->word);
    reading->recording->events.at[reading->recording->events.count++] = event;
    return sim_index_add(reading->builder, line, reading->error);
}

static enum vk_err read_lines(struct reading *reading) {
    for (;;) {
        struct vk_str text;
        bool more;
        VK_TRY(sim_lines_next(reading->lines, &text, &more, reading->error));
        if (!more) break;
        if (sim_lines_number(reading->lines) == 1 && sim_trace_log_is_head(text))
            return sim_input_error_set(reading->error, VK_ERR_SYNTAX, 0,
                                       "a simulated node's trace, and no recording: crankcase "
                                       "diff reads it");
        const struct vk_json *line;
        vk_arena_clear(&reading->scratch);
        enum vk_err err = vk_json_parse(&reading->scratch, text, &line);
        if (err == VK_ERR_SYNTAX) return BAD_LINE(reading, "%s", vk_err_origin()->text);
        VK_TRY(err);
        if (line->type != VK_JSON_OBJECT)
            return BAD_LINE(reading, "this is not a recording: a line that is no JSON object");
        VK_TRY(take_line(reading, text, line));
    }
    if (reading->recording->events.count == 0)
        return sim_input_error_set(reading->error, VK_ERR_SYNTAX, 0, "the file is empty");
    return sim_index_finish(reading->builder, reading->error);
}

static enum vk_err read_all(struct sim_lines *lines, struct sim_recording **out,
                            struct sim_input_error *error) {
    struct reading reading = {.lines = lines, .error = error};
    struct sim_recording *recording = calloc(1, sizeof *recording);
    if (!recording) return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
    vk_arena_init(&recording->arena, vk_heap_system());
    vk_arena_init(&reading.scratch, vk_heap_system());
    reading.recording = recording;
    *error = (struct sim_input_error){0};
    enum vk_err err = sim_index_begin(recording, &reading.builder);
    if (err == VK_OK) err = read_lines(&reading);
    sim_index_builder_free(reading.builder);
    vk_arena_release(&reading.scratch);
    if (err == VK_OK) {
        *out = recording;
        return VK_OK;
    }
    sim_recording_free(recording);
    if (!error->what[0])
        return sim_input_error_set(error, err, sim_lines_number(lines), "%s", vk_err_text(err));
    return err;
}

enum vk_err sim_recording_read(const char *path, struct sim_recording **out,
                               struct sim_input_error *error) {
    const enum sim_file_kind kind = sim_file_kind(path);
    struct sim_lines *lines;
    *out = NULL;
    if (kind == SIM_FILE_PLAN || kind == SIM_FILE_DATABASE || kind == SIM_FILE_RING)
        return sim_input_error_set(error, VK_ERR_SYNTAX, 0, "%s, where a recording is wanted",
                                   sim_file_kind_words(kind));
    VK_TRY(sim_lines_open(path, &lines, error));
    enum vk_err err = read_all(lines, out, error);
    sim_lines_close(lines);
    return err;
}

enum vk_err sim_recording_read_memory(struct vk_str bytes, struct sim_recording **out,
                                      struct sim_input_error *error) {
    struct sim_lines *lines;
    *out = NULL;
    VK_TRY(sim_lines_open_memory(bytes, &lines, error));
    enum vk_err err = read_all(lines, out, error);
    sim_lines_close(lines);
    return err;
}

void sim_recording_free(struct sim_recording *recording) {
    if (!recording) return;
    sim_index_free(recording->index);
    sim_array_free(recording->events.at);
    vk_arena_release(&recording->arena);
    free(recording);
}
