/* report_markdown.c - see report_markdown.h. */
#include "report_markdown.h"

#include "buf_format.h"
#include "escape.h"

#include <inttypes.h>

/* INV-MARKDOWN-1 */
enum { GROUPS_SHOWN_MAX = 50, PLANS_SHOWN_MAX = 200 };

static void put_head(struct vk_buf *buf, const struct report_model *model) {
    const char *partial = report_model_partial(model);
    bool failed = report_model_failed(model) || (model->code != UINT64_MAX && model->code);
    report_format(buf, "## crankcase: %s\n\n",
                  failed    ? "failed"
                  : partial ? "incomplete"
                            : "passed");
    report_markdown_code(buf, model->command);
    vk_buf_char(buf, '\n');
    if (partial) {
        vk_buf_lit(buf, "**Partial.** ");
        report_escape_markdown(buf, partial);
        vk_buf_char(buf, ' ');
        report_escape_markdown(buf, model->error);
        vk_buf_lit(buf, "\n\n");
    }
}

static void put_glance(struct vk_buf *buf, const struct report_model *model) {
    const struct sim_campaign_totals *totals = &model->totals;
    double seconds = model->seconds > 0 ? model->seconds : 1;
    if (!report_results_kind_has_totals(model->kind)) {
        report_format(buf,
                      "| %s | failed | time |\n|---:|---:|---:|\n| %" PRIu64 " | %" PRIu64
                      " | %.1f s |\n\n",
                      report_results_kind_unit(model->kind), report_model_count(model),
                      report_model_failed(model), model->seconds);
        return;
    }
    report_format(buf,
                  "| %s | failed | signatures | cranks | crashes | features | time | a second |\n",
                  report_results_kind_unit(model->kind));
    vk_buf_lit(buf, "|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    report_format(buf,
                  "| %" PRIu64 " | %" PRIu64 " | %zu | %" PRIu64 " | %" PRIu64 " | %" PRIu64
                  " | %.1f s | %.1f |\n\n",
                  report_model_count(model), report_model_failed(model), model->group_count,
                  totals->all_cranks, totals->crashes, totals->covered, model->seconds,
                  (double)totals->seeds / seconds);
}

static void put_group(struct vk_buf *buf, const struct report_model *model, size_t i) {
    const struct report_group *group = &model->groups[i];
    const struct report_found *found = &model->failures[group->first];
    vk_buf_lit(buf, "### ");
    report_escape_markdown(buf, found->failure.signature);
    report_format(buf, "\n\n%zu time%s, first ", group->count, group->count == 1 ? "" : "s");
    report_escape_markdown(buf, found->name);
    report_format(buf,
                  ": replica %" PRIu32 ", point %" PRIu64 ", block %" PRIu64
                  ". The oracle demands: ",
                  found->failure.replica, found->failure.point, found->failure.block);
    report_escape_markdown(buf, sim_oracle_demand(found->failure.oracle));
    vk_buf_lit(buf, ".\n\n");
    report_markdown_code(buf, found->failure.what);
    if (found->flight[0]) {
        vk_buf_lit(buf, "\nThe kernel:\n\n");
        report_markdown_code(buf, found->flight);
    }
    vk_buf_lit(buf, "\nReproduce:\n\n");
    report_markdown_code(buf, found->reproduce);
    vk_buf_char(buf, '\n');
}

static void put_groups(struct vk_buf *buf, const struct report_model *model) {
    for (size_t i = 0; i < model->group_count && i < GROUPS_SHOWN_MAX; i++)
        put_group(buf, model, i);
    if (model->group_count > GROUPS_SHOWN_MAX)
        report_format(buf, "And %zu signatures more.\n\n", model->group_count - GROUPS_SHOWN_MAX);
}

/* What a table cannot hold. A plan that failed by an oracle is told of with its signature. */
static void put_plan_errors(struct vk_buf *buf, const struct report_model *model) {
    size_t shown = 0;
    for (size_t i = 0; i < model->plan_count && shown < GROUPS_SHOWN_MAX; i++) {
        const struct report_plan *plan = &model->plans[i];
        if (plan->failure != SIZE_MAX || !strchr(plan->error, '\n')) continue;
        shown++;
        vk_buf_lit(buf, "### ");
        report_escape_markdown(buf, plan->name);
        vk_buf_lit(buf, "\n\n");
        report_markdown_code(buf, plan->error);
        vk_buf_char(buf, '\n');
    }
}

/* Those that passed only count. */
static void put_plans(struct vk_buf *buf, const struct report_model *model) {
    size_t shown = 0, not_passed = 0;
    for (size_t i = 0; i < model->plan_count; i++)
        not_passed += model->plans[i].state != REPORT_PLAN_PASSED;
    if (!not_passed) return;
    report_format(buf, "| %s | came to | |\n|---|---|---|\n",
                  report_results_kind_unit(model->kind));
    for (size_t i = 0; i < model->plan_count && shown < PLANS_SHOWN_MAX; i++) {
        const struct report_plan *plan = &model->plans[i];
        if (plan->state == REPORT_PLAN_PASSED) continue;
        shown++;
        vk_buf_lit(buf, "| ");
        report_escape_markdown(buf, plan->name);
        report_format(buf, " | %s | ", report_plan_state_word(plan->state));
        char line[REPORT_LINE_MAX];
        report_first_line(plan->failure != SIZE_MAX
                              ? model->failures[plan->failure].failure.signature
                              : plan->error,
                          line);
        report_escape_markdown(buf, line);
        vk_buf_lit(buf, " |\n");
    }
    if (not_passed > shown)
        report_format(buf, "\nAnd %zu %s more.\n", not_passed - shown,
                      report_results_kind_unit(model->kind));
    vk_buf_char(buf, '\n');
}

static bool has_faults(const struct report_model *model) {
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (model->wanted[k] || model->totals.hits[k]) return true;
    return false;
}

static void put_faults(struct vk_buf *buf, const struct report_model *model) {
    if (!has_faults(model)) return;
    vk_buf_lit(buf, "<details><summary>Faults</summary>\n\n"
                    "| fault | class | struck |\n|---|---|---:|\n");
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        enum fault_kind kind = (enum fault_kind)k;
        if (!model->wanted[k] && !model->totals.hits[k]) continue;
        report_format(buf, "| %s | %s | %" PRIu64 "%s |\n", fault_word(kind),
                      fault_class_word(fault_class_of(kind)), model->totals.hits[k],
                      report_model_never_struck(model, kind) ? " (never)" : "");
    }
    vk_buf_lit(buf, "\n</details>\n\n");
}

/* Of those that are not rare, the ones that nothing came by. */
static void put_probes(struct vk_buf *buf, const struct report_model *model) {
    size_t reached = 0;
    if (!model->probe_count) return;
    for (size_t i = 0; i < model->probe_count; i++)
        reached += model->probes[i].hits > 0;
    report_format(buf, "<details><summary>Probes: %zu of %zu reached</summary>\n\n", reached,
                  model->probe_count);
    vk_buf_lit(buf, "| never reached | where | |\n|---|---|---|\n");
    for (size_t i = 0; i < model->probe_count; i++) {
        const struct report_probe *probe = &model->probes[i];
        if (probe->hits) continue;
        vk_buf_lit(buf, "| ");
        report_escape_markdown(buf, probe->name);
        vk_buf_lit(buf, " | ");
        report_escape_markdown(buf, probe->file);
        report_format(buf, ":%d | %s |\n", probe->line,
                      probe->is_rare     ? "rare"
                      : probe->is_wanted ? "**no success**"
                                         : "");
    }
    vk_buf_lit(buf, "\n</details>\n\n");
}

/* INV-MARKDOWN-2: each part ends in a blank line. */
void report_markdown(struct vk_buf *buf, const struct report_model *model) {
    vk_buf_lit(buf, "\n\n");
    put_head(buf, model);
    put_glance(buf, model);
    put_plans(buf, model);
    put_plan_errors(buf, model);
    put_groups(buf, model);
    put_faults(buf, model);
    put_probes(buf, model);
}
