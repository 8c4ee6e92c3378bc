/* trace_log.c - see trace_log.h. */
#include "trace_log.h"

#include "recording.h"
#include "vk/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct sim_trace_log {
    FILE *file;
    struct vk_arena arena; /* of a line */
    const struct fault_set *faults;
    uint64_t *hits; /* of each fault, that were noted */
};

static void member(struct vk_buf *buf, const char *name, struct vk_str text) {
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
    vk_json_quote(buf, text);
}

static void begin(struct sim_trace_log *log, struct vk_buf *buf, const char *word) {
    vk_arena_clear(&log->arena);
    vk_buf_init(buf, &log->arena);
    vk_buf_lit(buf, "{\"t\":");
    vk_json_quote(buf, vk_str(word));
}

static void begin_entry(struct sim_trace_log *log, struct vk_buf *buf, const char *type) {
    begin(log, buf, "slog");
    member(buf, "type", vk_str(type));
}

/* INV-TRACE-LOG-1 */
static void end(struct sim_trace_log *log, struct vk_buf *buf) {
    struct vk_str line;
    vk_buf_lit(buf, "}\n");
    bool ok = vk_buf_finish(buf, &line) == VK_OK && log->file &&
              fwrite(line.p, 1, line.n, log->file) == line.n;
    if (ok || !log->file) return;
    fclose(log->file);
    log->file = NULL;
}

/* ---- faults: what has struck since the line before */

static void note_strike(struct sim_trace_log *log, const struct fault *fault) {
    struct vk_buf buf;
    char vat[24];
    begin_entry(log, &buf, "fault");
    if (fault->vat != FAULT_ANY_VAT) {
        snprintf(vat, sizeof vat, "v%llu", (unsigned long long)fault->vat);
        member(&buf, "vatID", vk_str(vat));
    }
    member(&buf, "fault", vk_str(fault_word(fault->kind)));
    member(&buf, "class", vk_str(fault_class_word(fault_class_of(fault->kind))));
    member(&buf, "means", vk_str(fault_meaning(fault->kind)));
    end(log, &buf);
}

static void note_strikes(struct sim_trace_log *log) {
    for (size_t i = 0; i < log->faults->count; i++) {
        const struct fault *fault = &log->faults->faults[i];
        if (fault->hits > log->hits[i]) note_strike(log, fault);
        log->hits[i] = fault->hits;
    }
}

/* ---- events */

/* The fields that a recording's line has for an event's key and value. */
static void add_fields(struct vk_buf *buf, const struct vk_trace_event *event) {
    switch (event->type) {
    case VK_TRACE_SET:
        member(buf, "k", event->key);
        member(buf, "v", event->value);
        break;
    case VK_TRACE_DEL: member(buf, "k", event->key); break;
    case VK_TRACE_SAVEPOINT:
    case VK_TRACE_ROLLBACK: member(buf, "s", event->key); break;
    case VK_TRACE_EMIT:
        member(buf, "crankhash", event->key);
        member(buf, "activityhash", event->value);
        break;
    case VK_TRACE_TRANSCRIPT_ITEM:
        member(buf, "v", event->key);
        member(buf, "i", event->value);
        break;
    case VK_TRACE_TRANSCRIPT_INIT:
    case VK_TRACE_TRANSCRIPT_SPAN:
    case VK_TRACE_TRANSCRIPT_INCARNATION:
    case VK_TRACE_TRANSCRIPT_STOP:
    case VK_TRACE_TRANSCRIPT_DELETE: member(buf, "v", event->key); break;
    case VK_TRACE_BUNDLE:
    case VK_TRACE_BUNDLE_DEL: member(buf, "id", event->key); break;
    case VK_TRACE_START_CRANK:
    case VK_TRACE_END_CRANK:
    case VK_TRACE_COMMIT:
    case VK_TRACE_CLOSE:
    case VK_TRACE_SLOG: break;
    }
}

static void add_deletion(struct vk_buf *buf, const struct vk_trace_event *event) {
    vk_buf_lit(buf, ",\"b\":");
    if (event->budget == VK_UNLIMITED)
        vk_buf_lit(buf, "null");
    else
        vk_buf_u64(buf, event->budget);
    vk_buf_lit(buf, ",\"r\":{\"done\":");
    vk_buf_add(buf, event->done ? VK_STR("true") : VK_STR("false"));
    vk_buf_lit(buf, ",\"cleanups\":");
    vk_buf_u64(buf, event->count);
    vk_buf_char(buf, '}');
}

void sim_trace_log_event(struct sim_trace_log *log, const struct vk_trace_event *event) {
    struct vk_buf buf;
    if (!log->file) return;
    note_strikes(log);
    begin(log, &buf, sim_event_word(event->type));
    add_fields(&buf, event);
    if (event->type == VK_TRACE_TRANSCRIPT_DELETE) add_deletion(&buf, event);
    if (event->type == VK_TRACE_SLOG) { /* the entry's own members, without its brackets */
        VK_ASSERT(event->value.n > 2);
        vk_buf_char(&buf, ',');
        vk_buf_add(&buf, (struct vk_str){event->value.p + 1, event->value.n - 2});
    }
    end(log, &buf);
}

void sim_trace_log_start(struct sim_trace_log *log, bool committed) {
    struct vk_buf buf;
    note_strikes(log);
    if (committed) {
        begin(log, &buf, "commit");
        end(log, &buf);
    }
    begin_entry(log, &buf, "kernel-start");
    end(log, &buf);
}

void sim_trace_log_halt(struct sim_trace_log *log, const struct vk_err_origin *origin) {
    struct vk_buf buf;
    note_strikes(log);
    begin_entry(log, &buf, "kernel-halt");
    member(&buf, "error", vk_str(vk_err_name(origin->err)));
    member(&buf, "what", vk_str(origin->text));
    end(log, &buf);
}

void sim_trace_log_block(struct sim_trace_log *log, uint64_t block) {
    struct vk_buf buf;
    note_strikes(log);
    begin_entry(log, &buf, "cosmic-swingset-begin-block"); /* as a chain's host has it */
    vk_buf_lit(&buf, ",\"blockHeight\":");
    vk_buf_u64(&buf, block);
    end(log, &buf);
}

/* ---- the file */

#define HEAD_TYPE "simulated-node"

/* INV-TRACE-LOG-2 */
static void write_head(struct sim_trace_log *log) {
    struct vk_buf buf;
    begin_entry(log, &buf, HEAD_TYPE);
    end(log, &buf);
}

bool sim_trace_log_is_head(struct vk_str line) {
    return vk_str_eq(line, VK_STR("{\"t\":\"slog\",\"type\":\"" HEAD_TYPE "\"}"));
}

void sim_trace_log_close(struct sim_trace_log *log) {
    if (!log) return;
    if (log->file) note_strikes(log);
    if (log->file) fclose(log->file);
    vk_arena_release(&log->arena);
    free(log->hits);
    free(log);
}

enum vk_err sim_trace_log_open(const char *path, const struct fault_set *faults,
                               struct sim_trace_log **out) {
    *out = NULL;
    struct sim_trace_log *log = calloc(1, sizeof *log);
    uint64_t *hits = calloc(faults->count + 1, sizeof *hits);
    if (!log || !hits) {
        free(log);
        free(hits);
        return VK_RAISE(VK_ERR_NOMEM, "trace");
    }
    vk_arena_init(&log->arena, vk_heap_system());
    log->faults = faults;
    log->hits = hits;
    log->file = fopen(path, "wb");
    if (!log->file) {
        enum vk_err err = VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
        sim_trace_log_close(log);
        return err;
    }
    write_head(log);
    *out = log;
    return VK_OK;
}
