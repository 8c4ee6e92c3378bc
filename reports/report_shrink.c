/* report_shrink.c - see report_shrink.h. */
#include "report_shrink.h"

#include "colour.h"
#include "json_line.h"

#include <inttypes.h>

void report_shrunk(FILE *out, const struct report_shrunk *report, bool colours) {
    const struct sim_shrink_best *best = report->best;
    fprintf(out, "%s%s shrunk%s: from %zu lines to %zu, in %" PRIu64 " runs and %.1f s; ",
            report_colour(REPORT_GREEN, colours), report->name,
            report_colour(REPORT_PLAIN, colours), report->lines_before, best->lines, best->runs,
            report->seconds);
    if (best->is_minimal)
        fputs("no single line can go\n", out);
    else
        fprintf(out, "stopped in round %" PRIu64 " at %s: the same command goes on\n", best->rounds,
                best->pass ? best->pass : "the beginning");
    fprintf(out, "  signature: %s\n  plan:      %s\n  reproduce: %s\n", best->failure.signature,
            report->plan, report->reproduce);
    fflush(out);
}

void report_shrunk_json(FILE *out, const struct report_shrunk *report) {
    const struct sim_shrink_best *best = report->best;
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "shrunk");
    report_json_text(buf, "name", report->name);
    report_json_text(buf, "signature", best->failure.signature);
    report_json_text(buf, "plan", report->plan);
    report_json_count(buf, "linesBefore", report->lines_before);
    report_json_count(buf, "lines", best->lines);
    report_json_count(buf, "runs", best->runs);
    report_json_count(buf, "rounds", best->rounds);
    report_json_real(buf, "seconds", report->seconds);
    report_json_bool(buf, "minimal", best->is_minimal);
    if (!best->is_minimal) report_json_text(buf, "stoppedAt", best->pass ? best->pass : "");
    report_json_end(&line, out);
}
