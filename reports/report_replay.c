/* report_replay.c - see report_replay.h. */
#include "report_replay.h"

#include "colour.h"
#include "json_line.h"
#include "report_run.h"

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

const char *report_verdict_word(enum report_verdict verdict) { return verdicts[verdict].word; }

void report_verdict_print(FILE *out, enum report_verdict verdict, bool colours) {
    fprintf(out, "%s%s%s", report_colour(verdicts[verdict].colour, colours),
            verdicts[verdict].remark, report_colour(REPORT_PLAIN, colours));
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
    report_verdict_print(out, row->verdict, colours);
    fprintf(out, "%s%s", remark[0] && row->notes[0] ? "; " : "", row->notes);
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
    if (total->was_interrupted) fputs(REPORT_INTERRUPTED, out);
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

void report_replay_row_json(FILE *out, const struct report_replay_row *row) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "recording", row->name);
    report_json_text(buf, "file", row->file);
    report_json_text(buf, "outcome", verdicts[row->verdict].word);
    if (row->verdict == REPORT_MET || row->verdict == REPORT_DIFFERENT) {
        report_json_count(buf, "cranks", row->cranks);
        report_json_count(buf, "deliveries", row->deliveries);
        report_json_count(buf, "syscalls", row->syscalls);
        report_json_count(buf, "writes", row->writes);
        report_json_text(buf, "activityhash", row->activityhash);
        report_json_real(buf, "seconds", row->seconds);
        report_json_real(buf, "cranksPerSecond", per_second(row->cranks, row->seconds));
        report_json_count(buf, "deviceEffects", row->device_effects);
        report_json_count(buf, "hostCalls", row->host_calls);
        report_json_text(buf, "devices", row->devices);
        report_json_text(buf, "notes", row->notes);
    } else {
        report_json_text(buf, "error", row->error);
    }
    if (row->difference_json && row->difference_json[0])
        report_json_raw(buf, "difference", vk_str(row->difference_json));
    report_json_end(&line, out);
}

void report_replay_total_json(FILE *out, const struct report_replay_total *total) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_count(buf, "total", total->recordings);
    for (int i = 0; i < REPORT_VERDICTS; i++)
        report_json_count(buf, verdicts[i].word, total->verdicts[i]);
    report_json_count(buf, "cranks", total->cranks);
    report_json_count(buf, "deliveries", total->deliveries);
    report_json_count(buf, "syscalls", total->syscalls);
    report_json_count(buf, "writes", total->writes);
    report_json_count(buf, "deviceEffects", total->device_effects);
    report_json_count(buf, "hostCalls", total->host_calls);
    report_json_real(buf, "seconds", total->seconds);
    report_json_real(buf, "secondsElapsed", total->seconds_elapsed);
    report_json_real(buf, "cranksPerSecond", per_second(total->cranks, total->seconds));
    report_json_bool(buf, "interrupted", total->was_interrupted);
    report_json_end(&line, out);
}
