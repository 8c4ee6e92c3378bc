/* log_scan.c - see log_scan.h. */
#include "log_scan.h"

#include "log_digest.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINES_TO_JUDGE = 100 }; /* so many without one that can be read, and it is no log */

/* The unit that is being read. */
struct reading {
    struct sim_log_unit unit;
    bool has_number, is_emitted, has_savepoint;
};

struct sim_log_scan {
    struct sim_log_file *file;
    struct sim_log_facts facts;
    struct sim_log_unit *window; /* a ring of LOG_SCAN_WINDOW */
    size_t first, count;
    size_t settled; /* of them, the oldest ones: nothing replaces them any more */
    struct reading now;
    struct reading before_crank; /* `now` as it was when the crank began */
    struct reading at_commit;    /* and at the last commit */
    bool in_crank, in_brackets;
    bool at_end;
    bool has_handed_out;
    struct sim_log_unit newest_out; /* handed out last */
    uint64_t next_crank;            /* the number that it will have, as far as is known */
    uint32_t next_ordinal;
    uint64_t readable;
};

bool sim_log_unit_is_crank(const struct sim_log_unit *unit) { return unit->ordinal == UINT32_MAX; }

int sim_log_unit_cmp(const struct sim_log_unit *a, const struct sim_log_unit *b) {
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

/* ---- the window */

static struct sim_log_unit *in_window(struct sim_log_scan *scan, size_t i) {
    VK_ASSERT(i < LOG_SCAN_WINDOW); /* INV-LOG-SCAN-2 */
    return &scan->window[(scan->first + i) % LOG_SCAN_WINDOW];
}

static void settle_all(struct sim_log_scan *scan) { scan->settled = scan->count; }

/* What is run again replaces what came of it before. */
static void replace_from(struct sim_log_scan *scan, const struct sim_log_unit *unit) {
    while (scan->count > 0 && sim_log_unit_cmp(in_window(scan, scan->count - 1), unit) >= 0) {
        scan->count--;
        scan->facts.repeated++;
        if (scan->settled > scan->count) {
            scan->settled = scan->count;
            scan->facts.went_back_far = true;
        }
    }
}

static void push(struct sim_log_scan *scan) {
    const struct sim_log_unit *unit = &scan->now.unit;
    replace_from(scan, unit);
    /* INV-LOG-SCAN-1: what was handed out already stays as it was */
    if (scan->has_handed_out && sim_log_unit_cmp(unit, &scan->newest_out) <= 0) {
        scan->facts.went_back_far = true;
        scan->facts.repeated++;
        return;
    }
    VK_ASSERT(scan->count < LOG_SCAN_WINDOW); /* INV-LOG-SCAN-2: sim_log_scan_next makes room */
    *in_window(scan, scan->count++) = *unit;
    if (scan->settled == 0 && scan->count == LOG_SCAN_WINDOW) scan->settled = 1;
}

/* ---- units */

static void fresh(struct sim_log_scan *scan) {
    scan->now = (struct reading){.unit.begin = sim_log_file_number(scan->file) + 1};
    scan->in_crank = scan->in_brackets = false;
}

static void finish(struct sim_log_scan *scan, bool is_host_call) {
    struct sim_log_unit *unit = &scan->now.unit;
    unit->end = sim_log_file_number(scan->file);
    if (is_host_call) {
        unit->number = scan->next_crank;
        unit->ordinal = scan->next_ordinal++;
    } else {
        if (!scan->in_crank && scan->facts.cranks == 0) /* the log begins in the middle of it */
            unit->has_entries = unit->has_writes = false;
        if (!scan->now.has_number) unit->number = scan->next_crank;
        unit->ordinal = UINT32_MAX;
        if (unit->number + 1 <= scan->next_crank && scan->facts.cranks) scan->facts.restarts++;
        scan->next_crank = unit->number + 1;
        scan->next_ordinal = 0;
        scan->facts.cranks++;
    }
    push(scan);
    fresh(scan);
}

static void begin_crank(struct sim_log_scan *scan) {
    if (scan->in_crank) { /* it never finished; this is the next try */
        scan->now = scan->before_crank;
        scan->now.unit.begin = sim_log_file_number(scan->file);
    }
    scan->before_crank = scan->now;
    scan->in_crank = true;
}

static void take_hashes(struct sim_log_scan *scan, struct vk_str line) {
    struct vk_str crankhash = sim_log_text(sim_log_get(line, "crankhash"));
    struct vk_str activityhash = sim_log_text(sim_log_get(line, "activityhash"));
    struct sim_log_unit *unit = &scan->now.unit;
    if (crankhash.n == VK_HASH_HEX - 1)
        snprintf(unit->crankhash, sizeof unit->crankhash, "%.*s", VK_STR_ARG(crankhash));
    if (activityhash.n == VK_HASH_HEX - 1)
        snprintf(unit->activityhash, sizeof unit->activityhash, "%.*s", VK_STR_ARG(activityhash));
}

static void end_brackets(struct sim_log_scan *scan) {
    if (!scan->in_brackets) return;
    scan->in_brackets = false;
    if (scan->now.is_emitted) {
        finish(scan, !scan->now.has_savepoint);
        return;
    }
    scan->now = scan->before_crank; /* nothing to do, or the kernel panicked */
    scan->in_crank = false;
}

/* A process began. In a recording all since the last commit is lost; a slog shows what is run again by its number. */
static void restart(struct sim_log_scan *scan) {
    if (!scan->facts.is_recording) return;
    if (scan->facts.cranks) scan->facts.restarts++;
    scan->facts.repeated += scan->count - scan->settled;
    scan->count = scan->settled;
    scan->now = scan->at_commit;
    scan->now.unit.begin = sim_log_file_number(scan->file);
    scan->in_crank = scan->in_brackets = false;
    const struct sim_log_unit *newest = scan->count ? in_window(scan, scan->count - 1) : NULL;
    if (!newest && scan->has_handed_out) newest = &scan->newest_out;
    scan->next_crank = !newest ? 0 : newest->number + sim_log_unit_is_crank(newest);
    scan->next_ordinal = newest && !sim_log_unit_is_crank(newest) ? newest->ordinal + 1 : 0;
}

/* ---- lines */

/* What the node went through, in words. */
static void take_event(struct sim_log_scan *scan, enum sim_log_kind kind, struct vk_str line) {
    static const char *const words[SIM_LOG_KIND_COUNT] = {
        [SIM_LOG_START_REPLAY] = "is brought online again from its transcript",
        [SIM_LOG_SNAPSHOT_LOAD] = "starts from a heap snapshot",
        [SIM_LOG_SNAPSHOT_SAVE] = "a heap snapshot of it is written",
        [SIM_LOG_KERNEL_IMPORT] = "the process started",
        [SIM_LOG_KERNEL_RESTART] = "the kernel was closed and opened again",
        [SIM_LOG_KERNEL_START] = "the process started",
    };
    struct vk_str vat = sim_log_text(sim_log_get(line, "vatID"));
    uint64_t deliveries;
    bool is_new = kind == SIM_LOG_START_REPLAY &&
                  sim_log_count(sim_log_get(line, "deliveries"), &deliveries) && deliveries <= 1;
    if (is_new) return; /* it has had no delivery yet */
    struct sim_log_event *event = &scan->facts.events[scan->facts.event_count++ % LOG_EVENTS_MAX];
    *event = (struct sim_log_event){.line = sim_log_file_number(scan->file),
                                    .before = scan->next_crank,
                                    .in_crank = scan->in_crank,
                                    .is_fault = kind == SIM_LOG_FAULT};
    if (vat.p) snprintf(event->vat, sizeof event->vat, "%.*s", VK_STR_ARG(vat));
    if (words[kind]) snprintf(event->text, sizeof event->text, "%s", words[kind]);
    if (kind == SIM_LOG_KERNEL_HALT)
        snprintf(event->text, sizeof event->text, "the process ended: %.*s",
                 VK_STR_ARG(sim_log_text(sim_log_get(line, "what"))));
    if (kind == SIM_LOG_FAULT) {
        struct vk_str what = sim_log_text(sim_log_get(line, "fault"));
        struct vk_str means = sim_log_text(sim_log_get(line, "means"));
        snprintf(event->text, sizeof event->text, "%.*s struck: %.*s", VK_STR_ARG(what),
                 VK_STR_ARG(means));
    }
}

static void take_write(struct sim_log_scan *scan, enum sim_log_kind kind, struct vk_str line) {
    struct vk_str key = sim_log_text(sim_log_get(line, "k"));
    struct sim_log_unit *unit = &scan->now.unit;
    uint64_t next;
    unit->has_writes = true;
    if (vk_str_starts(key, VK_STR("local."))) {
        unit->locals = sim_log_digest(unit->locals, kind, line);
        return;
    }
    unit->writes = sim_log_digest(unit->writes, kind, line);
    if (scan->in_crank && !scan->now.has_number && vk_str_eq(key, VK_STR("crankNumber")) &&
        sim_log_count(sim_log_get(line, "v"), &next) && next > 0) {
        unit->number = next - 1;
        scan->now.has_number = true;
    }
}

/* The first to bring a vat online begins its transcript: when that is depends on the node. */
static bool is_worker_start(enum sim_log_kind kind, struct vk_str line) {
    struct vk_str item = sim_log_text(sim_log_get(line, "i"));
    return kind == SIM_LOG_TRANSCRIPT_ITEM &&
           (vk_str_starts(item, VK_STR("{\\\"d\\\":[\\\"initialize-worker")) ||
            vk_str_starts(item, VK_STR("{\\\"d\\\":[\\\"load-snapshot")));
}

static void take_store_line(struct sim_log_scan *scan, enum sim_log_kind kind, struct vk_str line) {
    if (kind == SIM_LOG_SET || kind == SIM_LOG_DEL) {
        take_write(scan, kind, line);
        return;
    }
    if (kind == SIM_LOG_START_CRANK) {
        begin_crank(scan);
        scan->in_brackets = true;
    }
    if (kind == SIM_LOG_SAVEPOINT) scan->now.has_savepoint = true;
    if (!is_worker_start(kind, line))
        scan->now.unit.writes = sim_log_digest(scan->now.unit.writes, kind, line);
    if (kind == SIM_LOG_END_CRANK) end_brackets(scan);
    if (kind != SIM_LOG_EMIT) return;
    take_hashes(scan, line);
    scan->now.is_emitted = true;
    if (!scan->in_brackets) finish(scan, true);
}

static void take_entry(struct sim_log_scan *scan, enum sim_log_kind kind, struct vk_str line) {
    uint64_t number;
    bool is_alone = !scan->in_brackets; /* no recording around it */
    if (kind == SIM_LOG_CRANK_START && is_alone) begin_crank(scan);
    scan->now.unit.has_entries = true;
    scan->now.unit.entries = sim_log_digest(scan->now.unit.entries, kind, line);
    if (kind != SIM_LOG_CRANK_FINISH) return;
    take_hashes(scan, line);
    if (sim_log_count(sim_log_get(line, "crankNum"), &number)) {
        scan->now.unit.number = number;
        scan->now.has_number = true;
    }
    if (is_alone) finish(scan, false);
}

static void commit(struct sim_log_scan *scan) {
    settle_all(scan);
    scan->at_commit = scan->now;
}

static void take_line(struct sim_log_scan *scan, struct vk_str line) {
    bool is_recording;
    enum sim_log_kind kind = sim_log_kind(line, &is_recording);
    if (line.p[line.n - 1] != '}' && line.p[line.n - 1] != '\r')
        kind = SIM_LOG_UNREADABLE; /* torn */
    if (kind == SIM_LOG_UNREADABLE) {
        if (!scan->facts.unreadable++)
            scan->facts.first_unreadable = sim_log_file_number(scan->file);
        return;
    }
    scan->readable++;
    if (is_recording) scan->facts.is_recording = true;
    if (kind == SIM_LOG_OTHER || kind == SIM_LOG_CLOSE || kind == SIM_LOG_BLOCK) return;
    if (kind == SIM_LOG_COMMIT)
        commit(scan);
    else if (!sim_log_is_alike(kind)) {
        if (kind == SIM_LOG_KERNEL_START) restart(scan);
        take_event(scan, kind, line);
    } else if (sim_log_is_of_store(kind)) {
        take_store_line(scan, kind, line);
    } else {
        take_entry(scan, kind, line);
    }
}

/* ---- the whole */

static enum vk_err no_log(const struct sim_log_scan *scan, struct sim_input_error *error) {
    return sim_input_error_set(error, VK_ERR_SYNTAX, scan->facts.first_unreadable,
                               "neither slog nor recording: a JSON object with a \"type\" or a "
                               "\"t\" is expected");
}

/* The file is at its end, or is cut off there. */
static void end(struct sim_log_scan *scan) {
    scan->at_end = true;
    scan->facts.ends_in_crank = scan->in_crank;
    settle_all(scan);
    /* the last line of a process that was killed is no wonder */
    if (scan->facts.unreadable == 1 &&
        scan->facts.first_unreadable == sim_log_file_number(scan->file)) {
        scan->facts.unreadable = 0;
        scan->facts.is_cut = true;
    }
}

static enum vk_err read_line(struct sim_log_scan *scan, struct sim_input_error *error) {
    struct vk_str line;
    bool more;
    enum vk_err err = sim_log_file_next(scan->file, &line, &more, error);
    if (err == VK_ERR_SYNTAX && scan->readable > 0) {
        scan->facts.is_cut = true;
        more = false;
    } else {
        VK_TRY(err);
    }
    if (more && line.n > 0) take_line(scan, line);
    bool is_judged = !more || sim_log_file_number(scan->file) >= LINES_TO_JUDGE;
    if (scan->readable == 0 && is_judged && scan->facts.unreadable) return no_log(scan, error);
    if (scan->readable == 0 && !more)
        return sim_input_error_set(error, VK_ERR_SYNTAX, 0, "the file is empty");
    if (!more) end(scan);
    return VK_OK;
}

enum vk_err sim_log_scan_next(struct sim_log_scan *scan, struct sim_log_unit *unit, bool *more,
                              struct sim_input_error *error) {
    while (scan->settled == 0 && !scan->at_end)
        VK_TRY(read_line(scan, error));
    *more = scan->settled > 0;
    if (!*more) return VK_OK;
    *unit = *in_window(scan, 0);
    scan->first = (scan->first + 1) % LOG_SCAN_WINDOW;
    scan->count--;
    scan->settled--;
    VK_ASSERT(!scan->has_handed_out ||
              sim_log_unit_cmp(&scan->newest_out, unit) < 0); /* INV-LOG-SCAN-1 */
    scan->newest_out = *unit;
    scan->has_handed_out = true;
    return VK_OK;
}

enum vk_err sim_log_scan_open(const char *path, struct sim_log_scan **out,
                              struct sim_input_error *error) {
    *out = NULL;
    struct sim_log_scan *scan = calloc(1, sizeof *scan);
    if (!scan) return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
    scan->window = calloc(LOG_SCAN_WINDOW, sizeof *scan->window);
    enum vk_err err = scan->window ? sim_log_file_open(path, &scan->file, error)
                                   : sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
    if (err == VK_OK) {
        fresh(scan);
        scan->at_commit = scan->now;
        *out = scan;
    } else {
        sim_log_scan_close(scan);
    }
    return err;
}

const struct sim_log_facts *sim_log_scan_facts(const struct sim_log_scan *scan) {
    return &scan->facts;
}

const struct sim_log_file *sim_log_scan_file(const struct sim_log_scan *scan) { return scan->file; }

void sim_log_scan_close(struct sim_log_scan *scan) {
    if (!scan) return;
    sim_log_file_close(scan->file);
    free(scan->window);
    free(scan);
}
