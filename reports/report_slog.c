/* report_slog.c - see report_slog.h. */
#include "report_slog.h"

#include "colour.h"
#include "json_line.h"

#include <inttypes.h>

enum { SHOWN = 20, TEXT_MAX = 300, HASH_SHORT = 16 };

/* On one line, and not all of a long one. */
static void print_side(FILE *out, const char *label, struct vk_str text) {
    if (!text.p) return;
    fprintf(out, "  %-11s ", label);
    for (size_t i = 0; i < text.n && i < TEXT_MAX; i++)
        fputc((unsigned char)text.p[i] < ' ' ? '.' : text.p[i], out);
    fputs(text.n > TEXT_MAX ? "...\n" : "\n", out);
}

static bool is_met(const struct sim_slog_result *result) { return result->outcome == SIM_SLOG_MET; }

void report_slog(FILE *out, const struct report_slog *report, bool colours) {
    const struct sim_slog_result *result = report->result;
    bool met = is_met(result);
    fprintf(out, "%s%s%s\n", report_colour(met ? REPORT_GREEN : REPORT_RED, colours),
            met ? "every crank of the slog is met" : "the kernel did something else",
            report_colour(REPORT_PLAIN, colours));
    fprintf(out, "  database    %s\n  slog        %s\n", report->database, report->slog);
    fprintf(out,
            "  met         %" PRIu64 " cranks, from %" PRIu64 " on; %" PRIu64
            " deliveries, %" PRIu64 " syscalls, in %.1f s\n",
            result->cranks, result->first_crank, result->deliveries, result->syscalls,
            report->seconds);
    if (result->activityhash[0])
        fprintf(out, "  activityhash %.*s\n", HASH_SHORT, result->activityhash);
    if (result->is_panic) fputs("  ends        in a kernel panic, in the slog's last crank\n", out);
    if (!met) {
        fprintf(out, "  differs     crank %" PRIu64 ": %.*s\n", result->different_crank,
                VK_STR_ARG(result->what));
        print_side(out, "the slog", result->expected);
        print_side(out, "the kernel", result->got);
        print_side(out, "why", result->why);
    }
    fprintf(out, "%sinferred, for a slog does not show what the host and devices did: %zu%s\n",
            report_colour(REPORT_BOLD, colours), result->inferred.count,
            report_colour(REPORT_PLAIN, colours));
    for (size_t i = 0; i < result->inferred.count && i < SHOWN; i++) {
        const struct sim_inferred *inferred = &result->inferred.at[i];
        fprintf(out, "  %-6s %-6" PRIu64 "%.*s, %.*s\n", inferred->is_in_crank ? "in" : "before",
                inferred->crank, VK_STR_ARG(inferred->what), VK_STR_ARG(inferred->by));
    }
    if (result->inferred.count > SHOWN)
        fprintf(out, "  and %zu more (--json has all)\n", result->inferred.count - SHOWN);
}

static void add_inferred(struct vk_buf *buf, const struct sim_slog_result *result) {
    report_json_name(buf, "inferred");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < result->inferred.count; i++) {
        const struct sim_inferred *inferred = &result->inferred.at[i];
        vk_buf_add(buf, i ? VK_STR(",{") : VK_STR("{"));
        report_json_count(buf, inferred->is_in_crank ? "inCrank" : "beforeCrank", inferred->crank);
        report_json_str(buf, "what", inferred->what);
        report_json_str(buf, "by", inferred->by);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

void report_slog_json(FILE *out, const struct report_slog *report) {
    const struct sim_slog_result *result = report->result;
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "outcome", is_met(result) ? "met" : "different");
    report_json_text(buf, "database", report->database);
    report_json_text(buf, "slog", report->slog);
    report_json_count(buf, "firstCrank", result->first_crank);
    report_json_count(buf, "cranks", result->cranks);
    report_json_count(buf, "deliveries", result->deliveries);
    report_json_count(buf, "syscalls", result->syscalls);
    report_json_text(buf, "activityhash", result->activityhash);
    report_json_bool(buf, "panic", result->is_panic);
    report_json_real(buf, "seconds", report->seconds);
    if (!is_met(result)) {
        report_json_count(buf, "crank", result->different_crank);
        report_json_str(buf, "what", result->what);
        report_json_str(buf, "expected", result->expected);
        report_json_str(buf, "got", result->got);
        report_json_str(buf, "why", result->why);
    }
    add_inferred(buf, result);
    report_json_end(&line, out);
}
