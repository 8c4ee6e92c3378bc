/* report_corpus.c - see report_corpus.h. */
#include "report_corpus.h"

#include "colour.h"
#include "json_line.h"
#include "report_run.h"

#include <inttypes.h>

enum { VERDICT_COLUMNS = 8 };

/* "panic", "failure rollback/send/v*.vs.*" */
static void print_outcome(FILE *out, enum sim_expect outcome, const char *signature) {
    fputs(sim_expect_word(outcome), out);
    if (outcome == SIM_EXPECT_FAILURE) fprintf(out, " %s", signature);
}

void report_corpus_expected(FILE *out, const struct sim_corpus_result *result, const char *indent) {
    bool failed = result->outcome == SIM_EXPECT_FAILURE;
    fprintf(out, "%sexpected  ", indent);
    print_outcome(out, result->expected, result->expected_signature);
    fprintf(out, "\n%sthere was ", indent);
    print_outcome(out, result->outcome, result->failure.signature);
    if (failed) fprintf(out, "\n%s%s", indent, result->failure.what);
    if (failed && strcmp(result->failure.signature, result->expected_signature) == 0)
        fprintf(out, "\n%sthis failure there once was: it is back", indent);
    fputc('\n', out);
}

void report_corpus_row(FILE *out, const char *path, const struct sim_corpus_result *result,
                       const char *reproduce, bool colours) {
    bool is_met = result->verdict == SIM_CORPUS_MET;
    fprintf(out, "%s%-*s%s  %s\n", report_colour(is_met ? REPORT_GREEN : REPORT_RED, colours),
            VERDICT_COLUMNS, sim_corpus_verdict_word(result->verdict),
            report_colour(REPORT_PLAIN, colours), path);
    if (is_met) return;
    if (result->error[0]) {
        fprintf(out, "    %s\n", result->error);
    } else {
        report_corpus_expected(out, result, "    ");
        fprintf(out, "    reproduce: %s\n", reproduce);
    }
    fflush(out);
}

void report_corpus_row_json(FILE *out, const char *path, const struct sim_corpus_result *result) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "plan");
    report_json_text(buf, "plan", path);
    report_json_text(buf, "verdict", sim_corpus_verdict_word(result->verdict));
    if (result->error[0]) report_json_text(buf, "error", result->error);
    report_json_text(buf, "expected", sim_expect_word(result->expected));
    if (result->expected_signature[0])
        report_json_text(buf, "expectedSignature", result->expected_signature);
    report_json_text(buf, "outcome", sim_expect_word(result->outcome));
    if (result->outcome == SIM_EXPECT_FAILURE) {
        report_json_text(buf, "signature", result->failure.signature);
        report_json_text(buf, "what", result->failure.what);
    }
    report_json_count(buf, "cranks", result->cranks);
    report_json_end(&line, out);
}

static uint64_t unmet(const struct report_corpus_total *total) {
    return total->plans - total->verdicts[SIM_CORPUS_MET];
}

void report_corpus_total(FILE *out, const struct report_corpus_total *total, bool colours) {
    if (total->was_interrupted) fputs(REPORT_INTERRUPTED, out);
    fprintf(out, "%s%" PRIu64 " of %" PRIu64 " plans are what is expected of them%s, in %.1f s",
            report_colour(unmet(total) ? REPORT_RED : REPORT_GREEN, colours),
            total->verdicts[SIM_CORPUS_MET], total->plans, report_colour(REPORT_PLAIN, colours),
            total->seconds);
    if (total->recordings) fprintf(out, "; recordings: %s", total->recordings);
    fputc('\n', out);
}

void report_corpus_total_json(FILE *out, const struct report_corpus_total *total) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "summary");
    report_json_count(buf, "plans", total->plans);
    report_json_count(buf, "met", total->verdicts[SIM_CORPUS_MET]);
    report_json_count(buf, "notMet", total->verdicts[SIM_CORPUS_NOT_MET]);
    report_json_count(buf, "badPlans", total->verdicts[SIM_CORPUS_BAD_PLAN]);
    report_json_count(buf, "failed", total->verdicts[SIM_CORPUS_FAILED]);
    if (total->recordings) report_json_text(buf, "recordings", total->recordings);
    report_json_real(buf, "seconds", total->seconds);
    report_json_bool(buf, "interrupted", total->was_interrupted);
    report_json_end(&line, out);
}

void report_corpus_added_json(FILE *out, const char *name,
                              const struct sim_corpus_addition *addition) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "added");
    report_json_text(buf, "name", name);
    report_json_text(buf, "plan", addition->path);
    report_json_text(buf, "signature", addition->signature);
    report_json_end(&line, out);
}
