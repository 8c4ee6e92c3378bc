/* report_recorded.c - see report_recorded.h. */
#include "report_recorded.h"

#include "colour.h"
#include "json_line.h"
#include "report_run.h"

#include <inttypes.h>

enum { HASH_SHORT = 12 };

static uint64_t strikes(const uint64_t hits[FAULT_KIND_COUNT]) {
    uint64_t sum = 0;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        sum += hits[k];
    return sum;
}

void report_recorded_total_add(struct report_recorded_total *total,
                               const struct report_recorded_row *row) {
    total->recordings++;
    total->verdicts[row->verdict]++;
    total->runs += row->runs;
    total->failed += row->failed;
    total->cranks_run += row->cranks_run;
    total->crashes += row->crashes;
    total->commits += row->commits;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        total->hits[k] += row->hits[k];
}

static double per_second(uint64_t count, double seconds) {
    return seconds > 0 ? (double)count / seconds : 0;
}

/* ---- the table */

void report_recorded_heading(FILE *out, int name_width) {
    fprintf(out, "%-*s %6s %7s %10s %8s %7s %8s  %-*s  %s\n", name_width, "recording", "runs",
            "cranks", "cranks run", "strikes", "crashes", "commits", HASH_SHORT, "activityhash",
            "notes");
}

void report_recorded_row(FILE *out, int name_width, const struct report_recorded_row *row,
                         bool colours) {
    fprintf(out, "%-*s ", name_width, row->name);
    if (row->runs > 0)
        fprintf(out,
                "%6" PRIu64 " %7" PRIu64 " %10" PRIu64 " %8" PRIu64 " %7" PRIu64 " %8" PRIu64
                "  %-*.*s  ",
                row->runs, row->cranks, row->cranks_run, strikes(row->hits), row->crashes,
                row->commits, HASH_SHORT, HASH_SHORT, row->activityhash);
    report_verdict_print(out, row->verdict, colours);
    if (row->failed > 0) fprintf(out, ", in %" PRIu64 " of the runs", row->failed);
    fputc('\n', out);
    if (row->reproduce[0]) fprintf(out, "  reproduce: %s\n", row->reproduce);
}

static void print_faults(FILE *out, const struct report_recorded_total *total, bool colours) {
    fprintf(out, "  %-32s %-12s %12s\n", "fault", "class", "struck");
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        if (!total->wanted[k]) continue;
        const bool never = total->hits[k] == 0;
        fprintf(out, "  %-32s %-12s %s%12" PRIu64 "%s\n", fault_word((enum fault_kind)k),
                fault_class_word(fault_class_of((enum fault_kind)k)),
                report_colour(never ? REPORT_YELLOW : REPORT_PLAIN, colours), total->hits[k],
                report_colour(REPORT_PLAIN, colours));
    }
}

static void add_count(FILE *out, uint64_t count, const char *what, enum report_colour colour,
                      bool colours) {
    if (count == 0) return;
    fprintf(out, ", %s%" PRIu64 " %s%s", report_colour(colour, colours), count, what,
            report_colour(REPORT_PLAIN, colours));
}

void report_recorded_total(FILE *out, int name_width, const struct report_recorded_total *total,
                           bool colours) {
    char label[64];
    snprintf(label, sizeof label, "total of %" PRIu64, total->recordings);
    if (total->was_interrupted) fputs(REPORT_INTERRUPTED, out);
    fprintf(out,
            "%-*s %6" PRIu64 " %7s %10" PRIu64 " %8" PRIu64 " %7" PRIu64 " %8" PRIu64 "  %-*s  ",
            name_width, label, total->runs, "", total->cranks_run, strikes(total->hits),
            total->crashes, total->commits, HASH_SHORT, "");
    fprintf(out, "%" PRIu64 " met", total->verdicts[REPORT_MET]);
    add_count(out, total->verdicts[REPORT_DIFFERENT], "differ", REPORT_RED, colours);
    add_count(out, total->verdicts[REPORT_BAD_INPUT], "no recordings", REPORT_YELLOW, colours);
    add_count(out, total->verdicts[REPORT_FAILED], "could not be run", REPORT_YELLOW, colours);
    fprintf(out, "; %.1f s, %.1f runs/s, %.0f cranks/s\n", total->seconds_elapsed,
            per_second(total->runs, total->seconds_elapsed),
            per_second(total->cranks_run, total->seconds_elapsed));
    print_faults(out, total, colours);
}

/* ---- JSON */

static void fields_of_runs(struct vk_buf *buf, uint64_t runs, uint64_t failed, uint64_t cranks_run,
                           uint64_t crashes, uint64_t commits) {
    report_json_count(buf, "runs", runs);
    report_json_count(buf, "failedRuns", failed);
    report_json_count(buf, "cranksRun", cranks_run);
    report_json_count(buf, "crashes", crashes);
    report_json_count(buf, "commits", commits);
}

void report_recorded_row_json(FILE *out, const struct report_recorded_row *row) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "recording", row->name);
    report_json_text(buf, "file", row->file);
    report_json_text(buf, "outcome", report_verdict_word(row->verdict));
    report_json_count(buf, "cranks", row->cranks);
    fields_of_runs(buf, row->runs, row->failed, row->cranks_run, row->crashes, row->commits);
    report_faults_json(buf, row->hits, NULL);
    report_json_text(buf, "activityhash", row->activityhash);
    report_json_real(buf, "seconds", row->seconds);
    if (row->error[0]) report_json_text(buf, "error", row->error);
    if (row->reproduce[0]) report_json_text(buf, "reproduce", row->reproduce);
    if (row->difference_json && row->difference_json[0])
        report_json_raw(buf, "difference", vk_str(row->difference_json));
    report_json_end(&line, out);
}

void report_recorded_total_json(FILE *out, const struct report_recorded_total *total) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_count(buf, "total", total->recordings);
    for (int i = 0; i < REPORT_VERDICTS; i++)
        report_json_count(buf, report_verdict_word((enum report_verdict)i), total->verdicts[i]);
    fields_of_runs(buf, total->runs, total->failed, total->cranks_run, total->crashes,
                   total->commits);
    report_faults_json(buf, total->hits, total->wanted);
    report_json_real(buf, "secondsElapsed", total->seconds_elapsed);
    report_json_bool(buf, "interrupted", total->was_interrupted);
    report_json_end(&line, out);
}
