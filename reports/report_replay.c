/* report_replay.c - see report_replay.h. */
#include "report_replay.h"

#include "colour.h"
#include "vk/json.h"

#include <inttypes.h>

enum { HASH_SHORT = 12 };

static const struct {
    const char *word;   /* in JSON */
    const char *remark; /* in the table */
    enum report_colour colour;
} verdicts[REPORT_VERDICTS] = {
    [REPORT_MET] = {"met", "", REPORT_PLAIN},
    [REPORT_DIFFERENT] = {"different", "DIFFERS", REPORT_RED},
    [REPORT_BAD_INPUT] = {"bad-input", "not a recording", REPORT_YELLOW},
    [REPORT_FAILED] = {"failed", "could not be run", REPORT_YELLOW},
};

void report_replay_total_add(struct report_replay_total *total,
                             const struct report_replay_row *row) {
    total->recordings++;
    total->verdicts[row->verdict]++;
    total->cranks += row->cranks;
    total->deliveries += row->deliveries;
    total->syscalls += row->syscalls;
    total->writes += row->writes;
    total->device_effects += row->device_effects;
    total->host_calls += row->host_calls;
    total->seconds += row->seconds;
}

static double per_second(uint64_t count, double seconds) {
    return seconds > 0 ? (double)count / seconds : 0;
}

/* ---- the table */

void report_replay_heading(FILE *out, int name_width) {
    fprintf(out, "%-*s %7s %10s %8s %9s  %-*s %8s  %s\n", name_width, "recording", "cranks",
            "deliveries", "syscalls", "writes", HASH_SHORT, "activityhash", "cranks/s", "notes");
}

void report_replay_row(FILE *out, int name_width, const struct report_replay_row *row,
                       bool colours) {
    const char *remark = verdicts[row->verdict].remark;
    fprintf(out, "%-*s ", name_width, row->name);
    if (row->verdict == REPORT_MET || row->verdict == REPORT_DIFFERENT)
        fprintf(out, "%7" PRIu64 " %10" PRIu64 " %8" PRIu64 " %9" PRIu64 "  %-*.*s %8.0f  ",
                row->cranks, row->deliveries, row->syscalls, row->writes, HASH_SHORT, HASH_SHORT,
                row->activityhash, per_second(row->cranks, row->seconds));
    fprintf(out, "%s%s%s%s", report_colour(verdicts[row->verdict].colour, colours), remark,
            report_colour(REPORT_PLAIN, colours), remark[0] && row->notes[0] ? "; " : "");
    fprintf(out, "%s", row->notes);
    if (row->device_effects)
        fprintf(out, "%s%" PRIu64 " device effect%s from the recording (%s)",
                remark[0] || row->notes[0] ? "; " : "", row->device_effects,
                row->device_effects == 1 ? "" : "s", row->devices);
    if (row->host_calls)
        fprintf(out, "%s%" PRIu64 " host call%s told from statistics",
                remark[0] || row->notes[0] || row->device_effects ? "; " : "", row->host_calls,
                row->host_calls == 1 ? "" : "s");
    fputc('\n', out);
}

static void add_count(FILE *out, uint64_t count, const char *what, enum report_colour colour,
                      bool colours) {
    if (count == 0) return;
    fprintf(out, ", %s%" PRIu64 " %s%s", report_colour(colour, colours), count, what,
            report_colour(REPORT_PLAIN, colours));
}

void report_replay_total(FILE *out, int name_width, const struct report_replay_total *total,
                         bool colours) {
    char label[64];
    snprintf(label, sizeof label, "total of %" PRIu64, total->recordings);
    fprintf(out, "%-*s %7" PRIu64 " %10" PRIu64 " %8" PRIu64 " %9" PRIu64 "  %-*s %8.0f  ",
            name_width, label, total->cranks, total->deliveries, total->syscalls, total->writes,
            HASH_SHORT, "", per_second(total->cranks, total->seconds));
    fprintf(out, "%" PRIu64 " met", total->verdicts[REPORT_MET]);
    add_count(out, total->verdicts[REPORT_DIFFERENT], "differ", REPORT_RED, colours);
    add_count(out, total->verdicts[REPORT_BAD_INPUT], "no recordings", REPORT_YELLOW, colours);
    add_count(out, total->verdicts[REPORT_FAILED], "could not be run", REPORT_YELLOW, colours);
    add_count(out, total->device_effects, "device effects from recordings", REPORT_PLAIN, colours);
    add_count(out, total->host_calls, "host calls told from statistics", REPORT_PLAIN, colours);
    fprintf(out, "; %.1f s\n", total->seconds_elapsed);
}

/* ---- JSON */

static void field(struct vk_buf *buf, const char *name) {
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
}

static void field_text(struct vk_buf *buf, const char *name, const char *text) {
    field(buf, name);
    vk_json_quote(buf, vk_str(text));
}

static void field_count(struct vk_buf *buf, const char *name, uint64_t value) {
    field(buf, name);
    vk_buf_u64(buf, value);
}

static void field_real(struct vk_buf *buf, const char *name, double value) {
    field(buf, name);
    vk_json_double(buf, value);
}

/* Prints what was built, or says that it could not be. */
static void print_line(FILE *out, struct vk_buf *buf) {
    struct vk_str line;
    if (vk_buf_finish(buf, &line) == VK_OK)
        fprintf(out, "%.*s\n", VK_STR_ARG(line));
    else
        fputs("{\"outcome\":\"failed\",\"error\":\"out of memory\"}\n", out);
}

void report_replay_row_json(FILE *out, const struct report_replay_row *row) {
    struct vk_arena arena;
    struct vk_buf buf;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    vk_buf_lit(&buf, "{\"recording\":");
    vk_json_quote(&buf, vk_str(row->name));
    field_text(&buf, "file", row->file);
    field_text(&buf, "outcome", verdicts[row->verdict].word);
    if (row->verdict == REPORT_MET || row->verdict == REPORT_DIFFERENT) {
        field_count(&buf, "cranks", row->cranks);
        field_count(&buf, "deliveries", row->deliveries);
        field_count(&buf, "syscalls", row->syscalls);
        field_count(&buf, "writes", row->writes);
        field_text(&buf, "activityhash", row->activityhash);
        field_real(&buf, "seconds", row->seconds);
        field_real(&buf, "cranksPerSecond", per_second(row->cranks, row->seconds));
        field_count(&buf, "deviceEffects", row->device_effects);
        field_count(&buf, "hostCalls", row->host_calls);
        field_text(&buf, "devices", row->devices);
        field_text(&buf, "notes", row->notes);
    } else {
        field_text(&buf, "error", row->error);
    }
    if (row->difference_json && row->difference_json[0]) {
        field(&buf, "difference");
        vk_buf_add(&buf, vk_str(row->difference_json));
    }
    vk_buf_char(&buf, '}');
    print_line(out, &buf);
    vk_arena_release(&arena);
}

void report_replay_total_json(FILE *out, const struct report_replay_total *total) {
    struct vk_arena arena;
    struct vk_buf buf;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    vk_buf_lit(&buf, "{\"total\":");
    vk_buf_u64(&buf, total->recordings);
    for (int i = 0; i < REPORT_VERDICTS; i++)
        field_count(&buf, verdicts[i].word, total->verdicts[i]);
    field_count(&buf, "cranks", total->cranks);
    field_count(&buf, "deliveries", total->deliveries);
    field_count(&buf, "syscalls", total->syscalls);
    field_count(&buf, "writes", total->writes);
    field_count(&buf, "deviceEffects", total->device_effects);
    field_count(&buf, "hostCalls", total->host_calls);
    field_real(&buf, "seconds", total->seconds);
    field_real(&buf, "secondsElapsed", total->seconds_elapsed);
    field_real(&buf, "cranksPerSecond", per_second(total->cranks, total->seconds));
    vk_buf_char(&buf, '}');
    print_line(out, &buf);
    vk_arena_release(&arena);
}
