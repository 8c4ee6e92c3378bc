/* report_results.c - see report_results.h. */
#include "report_results.h"

#include "colour.h"
#include "json_line.h"

#include <inttypes.h>

enum { NAMES_SHOWN_MAX = 10 };

/* ---- as text */

static void print_head(FILE *out, const struct report_model *model, bool colours) {
    const char *partial = report_model_partial(model);
    fprintf(out, "%s\n  begun %s UTC, %s\n", model->command, model->started,
            report_results_state_word(model->state));
    if (model->kernel[0]) fprintf(out, "  kernel %s\n", model->kernel);
    if (partial)
        fprintf(out, "%spartial%s: %s\n", report_colour(REPORT_YELLOW, colours),
                report_colour(REPORT_PLAIN, colours), partial);
    if (model->error[0]) fprintf(out, "  %s\n", model->error);
    if (model->unwritten)
        fprintf(out, "  %" PRIu64 " rows could not be written into this file\n", model->unwritten);
}

static void print_others(FILE *out, const struct report_model *model, size_t group) {
    size_t shown = 0, count = model->groups[group].count;
    if (count == 1) return;
    fprintf(out, "  and %zu more of this signature: ", count - 1);
    for (size_t i = model->groups[group].first + 1;
         i < model->failure_count && shown < NAMES_SHOWN_MAX; i++) {
        if (model->failures[i].group != group) continue;
        fprintf(out, "%s%s", shown ? ", " : "", model->failures[i].name);
        shown++;
    }
    fputs(count - 1 > shown ? " ...\n" : "\n", out);
}

static void print_plans(FILE *out, const struct report_model *model) {
    for (size_t i = 0; i < model->plan_count; i++) {
        const struct report_plan *plan = &model->plans[i];
        if (plan->is_in_progress)
            fprintf(out, "%s: was being run when all ended\n", plan->name);
        else if (plan->error[0])
            fprintf(out, "%s: %s\n", plan->name, plan->error);
    }
}

static void print_count(FILE *out, const struct report_model *model, bool colours) {
    uint64_t failed = report_model_failed(model);
    fprintf(out, "%s%" PRIu64 " of %" PRIu64 " %s failed%s, in %.1f s\n",
            report_colour(failed ? REPORT_RED : REPORT_GREEN, colours), failed,
            report_model_count(model), report_results_kind_unit(model->kind),
            report_colour(REPORT_PLAIN, colours), model->seconds);
}

void report_results_text(FILE *out, const struct report_model *model, bool colours) {
    print_head(out, model, colours);
    for (size_t i = 0; i < model->group_count; i++) {
        const struct report_failure failure = report_model_failure(model, model->groups[i].first);
        report_run_failure(out, &failure, colours);
        print_others(out, model, i);
    }
    print_plans(out, model);
    if (!report_results_kind_has_totals(model->kind)) {
        print_count(out, model, colours);
        return;
    }
    const struct report_summary summary = report_model_summary(model);
    report_run_summary(out, &summary, colours);
}

/* ---- as JSON lines */

static void print_campaign_json(FILE *out, const struct report_model *model) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "campaign");
    report_json_text(buf, "kind", report_results_kind_word(model->kind));
    report_json_text(buf, "command", model->command);
    report_json_text(buf, "started", model->started);
    if (model->kernel[0]) report_json_text(buf, "kernel", model->kernel);
    report_json_text(buf, "state", report_results_state_word(model->state));
    report_json_bool(buf, "partial", report_model_partial(model));
    if (model->error[0]) report_json_text(buf, "error", model->error);
    if (model->code != UINT64_MAX) report_json_count(buf, "exitCode", model->code);
    report_json_count(buf, "unwritten", model->unwritten);
    report_json_count(buf, "signatures", model->group_count);
    report_json_end(&line, out);
}

static void print_sample_json(FILE *out, const struct report_model *model,
                              const struct report_sample *sample) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "sample");
    report_json_real(buf, "seconds", sample->seconds);
    report_json_count(buf, report_results_kind_unit(model->kind), sample->seeds);
    report_json_count(buf, "failures", sample->failures);
    report_json_count(buf, "allCranks", sample->cranks);
    report_json_count(buf, "features", sample->features);
    report_json_end(&line, out);
}

static void print_plan_json(FILE *out, const struct report_plan *plan) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "plan");
    report_json_text(buf, "name", plan->name);
    report_json_text(buf, "state", report_plan_state_word(plan->state));
    report_json_real(buf, "seconds", plan->seconds);
    if (plan->error[0]) report_json_text(buf, "error", plan->error);
    report_json_end(&line, out);
}

static void print_count_json(FILE *out, const struct report_model *model) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "summary");
    report_json_count(buf, report_results_kind_unit(model->kind), report_model_count(model));
    report_json_count(buf, "failures", report_model_failed(model));
    report_json_real(buf, "seconds", model->seconds);
    report_json_end(&line, out);
}

void report_results_json(FILE *out, const struct report_model *model) {
    print_campaign_json(out, model);
    bool has_totals = report_results_kind_has_totals(model->kind);
    for (size_t i = 0; has_totals && i < model->sample_count; i++)
        print_sample_json(out, model, &model->samples[i]);
    for (size_t i = 0; i < model->plan_count; i++)
        print_plan_json(out, &model->plans[i]);
    for (size_t i = 0; i < model->failure_count; i++) {
        const struct report_failure failure = report_model_failure(model, i);
        report_run_failure_json(out, &failure);
    }
    if (has_totals) {
        const struct report_summary summary = report_model_summary(model);
        report_run_summary_json(out, &summary);
    } else {
        print_count_json(out, model);
    }
}
