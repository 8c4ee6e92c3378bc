/* report_markdown.c - see report_markdown.h. */
#include "report_markdown.h"

#include "buf_format.h"
#include "escape.h"

#include <inttypes.h>

/* INV-MARKDOWN-1: a part that has so many bytes begins no more rows, and a row has a bound, too. */
enum { GROUPS_SHOWN_MAX = 50, PLANS_SHOWN_MAX = 200, PART_BYTES_MAX = 128 * 1024 };
enum { NAME_BYTES_MAX = 400, CODE_BYTES_MAX = 8000 };

static bool is_full(const struct vk_buf *buf, size_t begins) {
    return buf->n - begins >= PART_BYTES_MAX;
}

static bool is_within_character(const char *at) { return ((unsigned char)*at & 0xc0) == 0x80; }

/* Of a path that is too long the end says more. */
static void put_name(struct vk_buf *buf, const char *name) {
    size_t n = strlen(name);
    if (n > NAME_BYTES_MAX) {
        vk_buf_lit(buf, "...");
        name += n - NAME_BYTES_MAX;
        while (is_within_character(name))
            name++;
    }
    report_escape_markdown(buf, name);
}

static void put_code(struct vk_buf *buf, const char *text) {
    static const char more[] = "...";
    char cut[CODE_BYTES_MAX + sizeof more];
    size_t n = CODE_BYTES_MAX;
    if (strlen(text) <= n) {
        report_markdown_code(buf, text);
        return;
    }
    while (n && is_within_character(text + n))
        n--;
    memcpy(cut, text, n);
    memcpy(cut + n, more, sizeof more);
    report_markdown_code(buf, cut);
}

static void put_head(struct vk_buf *buf, const struct report_model *model) {
    const char *partial = report_model_partial(model);
    bool failed = report_model_failed(model) || (model->code != UINT64_MAX && model->code);
    report_format(buf, "## crankcase: %s\n\n",
                  failed    ? "failed"
                  : partial ? "incomplete"
                            : "passed");
    put_code(buf, model->command);
    vk_buf_char(buf, '\n');
    if (partial) {
        vk_buf_lit(buf, "**Partial.** ");
        report_escape_markdown(buf, partial);
        vk_buf_char(buf, ' ');
        char line[REPORT_LINE_MAX];
        report_first_line(model->error, line);
        report_escape_markdown(buf, line);
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
    put_name(buf, found->name);
    report_format(buf,
                  ": replica %" PRIu32 ", point %" PRIu64 ", block %" PRIu64
                  ". The oracle demands: ",
                  found->failure.replica, found->failure.point, found->failure.block);
    report_escape_markdown(buf, sim_oracle_demand(found->failure.oracle));
    vk_buf_lit(buf, ".\n\n");
    put_code(buf, found->failure.what);
    if (found->flight[0]) {
        vk_buf_lit(buf, "\nThe kernel:\n\n");
        put_code(buf, found->flight);
    }
    vk_buf_lit(buf, "\nReproduce:\n\n");
    put_code(buf, found->reproduce);
    vk_buf_char(buf, '\n');
}

static void put_groups(struct vk_buf *buf, const struct report_model *model) {
    size_t shown = 0, begins = buf->n;
    for (; shown < model->group_count && shown < GROUPS_SHOWN_MAX && !is_full(buf, begins); shown++)
        put_group(buf, model, shown);
    if (model->group_count > shown)
        report_format(buf, "And %zu signatures more.\n\n", model->group_count - shown);
}

/* What a table cannot hold. A plan that failed by an oracle is told of with its signature. */
static void put_plan_errors(struct vk_buf *buf, const struct report_model *model) {
    size_t shown = 0, more = 0, begins = buf->n;
    for (size_t i = 0; i < model->plan_count; i++) {
        const struct report_plan *plan = &model->plans[i];
        if (plan->failure != SIZE_MAX || !strchr(plan->error, '\n')) continue;
        if (shown == GROUPS_SHOWN_MAX || is_full(buf, begins)) {
            more++;
            continue;
        }
        shown++;
        vk_buf_lit(buf, "### ");
        put_name(buf, plan->name);
        vk_buf_lit(buf, "\n\n");
        put_code(buf, plan->error);
        vk_buf_char(buf, '\n');
    }
    if (more)
        report_format(buf, "And %zu %s more of which there is something to say.\n\n", more,
                      report_results_kind_unit(model->kind));
}

/* Those that passed only count. */
static void put_plans(struct vk_buf *buf, const struct report_model *model) {
    size_t shown = 0, not_passed = 0, begins = buf->n;
    for (size_t i = 0; i < model->plan_count; i++)
        not_passed += model->plans[i].state != REPORT_PLAN_PASSED;
    if (!not_passed) return;
    report_format(buf, "| %s | came to | |\n|---|---|---|\n",
                  report_results_kind_unit(model->kind));
    for (size_t i = 0; i < model->plan_count && shown < PLANS_SHOWN_MAX && !is_full(buf, begins);
         i++) {
        const struct report_plan *plan = &model->plans[i];
        if (plan->state == REPORT_PLAN_PASSED) continue;
        shown++;
        vk_buf_lit(buf, "| ");
        put_name(buf, plan->name);
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
