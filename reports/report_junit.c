/* report_junit.c - see report_junit.h. */
#include "report_junit.h"

#include "buf_format.h"
#include "escape.h"

#include <inttypes.h>

enum outcome { PASSED, FAILURE, ERROR, SKIPPED, OUTCOMES };

/* A case that is named after what was found: by its plan, or by a signature. */
struct named {
    const char *as;   /* what it is called */
    const char *name; /* and in the suite: others may be called the same */
};

/* Cases are written into a text of their own: the counts stand in front of them. */
struct suite {
    struct vk_buf *out;
    uint64_t counts[OUTCOMES];
    struct named *named; /* NULL: no memory */
    size_t named_count;
};

static void put(struct vk_buf *buf, const char *text) { vk_buf_add(buf, vk_str(text)); }

static void put_attribute(struct vk_buf *buf, const char *name, const char *value) {
    vk_buf_char(buf, ' ');
    put(buf, name);
    vk_buf_lit(buf, "=\"");
    report_escape_xml_attribute(buf, value);
    vk_buf_char(buf, '"');
}

static void put_count(struct vk_buf *buf, const char *name, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    put_attribute(buf, name, text);
}

static void put_seconds(struct vk_buf *buf, double seconds) {
    char text[40];
    snprintf(text, sizeof text, "%.3f", seconds);
    put_attribute(buf, "time", text);
}

static const char *or_failed(struct suite *suite, const char *text) {
    if (!text) suite->out->failed = true;
    return text ? text : "";
}

/* As long as it is: a text that is cut could end in the midst of a character. */
static const char *joined(struct suite *suite, const char *a, const char *b, const char *c) {
    struct vk_str text;
    enum vk_err err = vk_arena_format(suite->out->arena, &text, "%s%s%s", a, b, c);
    return or_failed(suite, err == VK_OK ? text.p : NULL);
}

static bool is_taken(const struct suite *suite, const char *name) {
    for (size_t i = 0; i < suite->named_count; i++)
        if (strcmp(suite->named[i].name, name) == 0) return true;
    return false;
}

static const char *numbered(struct suite *suite, const char *as, size_t number) {
    char which[32];
    snprintf(which, sizeof which, " (%zu)", number);
    return number == 1 ? as : joined(suite, as, which, "");
}

/* INV-JUNIT-1: the second that is called so is "name (2)", unless there is such a one. */
static const char *own_name(struct suite *suite, const char *called) {
    const char *as = or_failed(suite, report_xml_text(called, suite->out->arena));
    size_t number = 1;
    /* No number below this one is free. */
    for (size_t i = 0; i < suite->named_count; i++)
        number += strcmp(suite->named[i].as, as) == 0;
    const char *name = numbered(suite, as, number);
    while (is_taken(suite, name) && !suite->out->failed)
        name = numbered(suite, as, ++number);
    if (suite->named) suite->named[suite->named_count++] = (struct named){as, name};
    return name;
}

/* ---- cases */

static void begin_case(struct suite *suite, enum outcome outcome, const char *class_name,
                       const char *name, double seconds) {
    suite->counts[outcome]++;
    vk_buf_lit(suite->out, "    <testcase");
    put_attribute(suite->out, "classname", class_name);
    put_attribute(suite->out, "name", name);
    put_seconds(suite->out, seconds);
    vk_buf_lit(suite->out, ">");
}

static void end_case(struct suite *suite) { vk_buf_lit(suite->out, "</testcase>\n"); }

/* `text` NULL: the message says all. */
static void put_outcome(struct suite *suite, enum outcome outcome, const char *type,
                        const char *message, const char *text) {
    static const char *const elements[] = {
        [PASSED] = "", [FAILURE] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};
    VK_ASSERT(outcome != PASSED);
    vk_buf_char(suite->out, '<');
    put(suite->out, elements[outcome]);
    put_attribute(suite->out, "message", message);
    if (outcome != SKIPPED) put_attribute(suite->out, "type", type);
    vk_buf_char(suite->out, '>');
    report_escape_xml(suite->out, text ? text : message);
    vk_buf_lit(suite->out, "</");
    put(suite->out, elements[outcome]);
    vk_buf_lit(suite->out, ">");
}

/* INV-JUNIT-2: what a campaign did not show, the same campaign does not show again. */
static void whole_case(struct suite *suite, const struct report_model *model, enum outcome outcome,
                       const char *class_name, const char *name, const char *message) {
    const char *text = joined(suite, message, "\nreproduce: ", model->command);
    begin_case(suite, outcome, class_name, name, 0);
    if (outcome != PASSED)
        put_outcome(suite, outcome, "crankcase", message, outcome == FAILURE ? text : NULL);
    end_case(suite);
}

/* ---- failures */

static void put_line(struct vk_buf *buf, const char *begins, const char *text) {
    put(buf, begins);
    report_escape_xml(buf, text);
}

/* What `crankcase run` says of it; INV-JUNIT-2. */
static void put_failure(struct suite *suite, const struct report_model *model, size_t i,
                        const char *others) {
    const struct report_failure report = report_model_failure(model, i);
    const struct sim_failure *failure = report.failure;
    struct vk_buf *out = suite->out;
    char message[REPORT_LINE_MAX];
    report_first_line(failure->what, message);
    vk_buf_lit(out, "<failure");
    put_attribute(out, "message", message[0] ? message : failure->signature);
    put_attribute(out, "type", sim_oracle_word(failure->oracle));
    vk_buf_char(out, '>');
    report_escape_xml(out, report.name);
    vk_buf_lit(out, ": ");
    report_escape_xml(out, failure->what);
    report_format(out, "\nreplica %" PRIu32 ", point %" PRIu64 " (block %" PRIu64 ", ",
                  failure->replica, failure->point, failure->block);
    report_escape_xml(out, failure->event);
    if (failure->vat != VK_NO_VAT) report_format(out, ", vat v%" PRIu64, failure->vat);
    vk_buf_char(out, ')');
    if (report.flight[0]) put_line(out, "\nkernel: ", report.flight);
    put_line(out, "\nsignature: ", failure->signature);
    if (report.plan) put_line(out, "\nplan: ", report.plan);
    put_line(out, "\nreproduce: ", report.reproduce);
    report_escape_xml(out, others);
    vk_buf_lit(out, "</failure>");
}

/* ---- plans */

/* A sweep finds more than one in a plan; and a corpus expected something else of it. */
static void put_plan_failure(struct suite *suite, const struct report_model *model,
                             const struct report_plan *plan) {
    char more[80] = "";
    if (plan->failures > 1)
        snprintf(more, sizeof more, "\n%zu failures of it in all", plan->failures);
    const char *others = joined(suite, more, plan->error[0] ? "\n" : "", plan->error);
    put_failure(suite, model, plan->failure, others);
}

static void put_plan_error(struct suite *suite, enum outcome outcome,
                           const struct report_plan *plan) {
    const char *error = plan->error[0] ? plan->error : report_plan_state_word(plan->state);
    char message[REPORT_LINE_MAX];
    report_first_line(error, message);
    put_outcome(suite, outcome, "crankcase", message[0] ? message : error, error);
}

static void put_plan(struct suite *suite, const struct report_model *model, size_t i) {
    const struct report_plan *plan = &model->plans[i];
    enum outcome outcome = plan->state == REPORT_PLAN_PASSED      ? PASSED
                           : plan->state == REPORT_PLAN_DIFFERENT ? FAILURE
                                                                  : ERROR;
    char class_name[40];
    snprintf(class_name, sizeof class_name, "crankcase.%s", report_results_kind_word(model->kind));
    begin_case(suite, outcome, class_name,
               own_name(suite, plan->name[0] ? plan->name : "(no name)"), plan->seconds);
    if (plan->failure != SIZE_MAX)
        put_plan_failure(suite, model, plan);
    else if (plan->is_in_progress)
        put_outcome(suite, ERROR, "crankcase", "was being run when all ended", NULL);
    else if (outcome != PASSED)
        put_plan_error(suite, outcome, plan);
    end_case(suite);
}

/* ---- seeds */

static void put_group(struct suite *suite, const struct report_model *model, size_t i) {
    const struct report_group *group = &model->groups[i];
    const struct report_found *first = &model->failures[group->first];
    char class_name[80], others[80] = "";
    snprintf(class_name, sizeof class_name, "crankcase.campaign.%s",
             sim_oracle_word(first->failure.oracle));
    if (group->count > 1)
        snprintf(others, sizeof others, "\n%zu seeds more have this signature", group->count - 1);
    begin_case(suite, FAILURE, class_name, own_name(suite, first->failure.signature),
               first->seconds);
    put_failure(suite, model, group->first, others);
    end_case(suite);
}

static bool has_failed(const struct report_model *model, enum sim_oracle oracle) {
    for (size_t k = 0; k < model->group_count; k++)
        if (model->failures[model->groups[k].first].failure.oracle == oracle) return true;
    return false;
}

/* INV-JUNIT-3. Of what failed there are cases that say more. */
static void put_oracles(struct suite *suite, const struct report_model *model) {
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        enum sim_oracle oracle = (enum sim_oracle)i;
        if (oracle == SIM_ORACLE_RECORDING || has_failed(model, oracle)) continue;
        whole_case(suite, model, model->totals.asked[i] ? PASSED : SKIPPED,
                   "crankcase.campaign.oracles", sim_oracle_demand(oracle),
                   model->off[i] ? "it was left out: nobody looked" : "nobody looked");
    }
}

static void put_faults(struct suite *suite, const struct report_model *model) {
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        enum fault_kind kind = (enum fault_kind)k;
        if (!model->wanted[k]) continue;
        enum outcome outcome = model->totals.hits[k]                    ? PASSED
                               : report_model_never_struck(model, kind) ? FAILURE
                                                                        : SKIPPED;
        whole_case(suite, model, outcome, "crankcase.campaign.faults", fault_word(kind),
                   outcome == FAILURE ? "it never struck: what it would show is not shown"
                                      : "it did not strike in so few seeds");
    }
}

/* Those that were to be reached. */
static void put_probes(struct suite *suite, const struct report_model *model) {
    for (size_t i = 0; i < model->probe_count; i++) {
        const struct report_probe *probe = &model->probes[i];
        char line[80];
        if (!probe->is_wanted) continue;
        snprintf(line, sizeof line, ":%d: it was never reached, and is not marked rare",
                 probe->line);
        const char *message = joined(suite, probe->file, line, "");
        whole_case(suite, model, probe->hits ? PASSED : FAILURE, "crankcase.campaign.probes",
                   probe->name, message);
    }
}

static void put_end(struct suite *suite, const struct report_model *model) {
    const char *partial = report_model_partial(model);
    enum outcome outcome = !partial                                     ? PASSED
                           : model->state == REPORT_RESULTS_INTERRUPTED ? SKIPPED
                                                                        : ERROR;
    begin_case(suite, outcome, "crankcase.campaign", "comes to its end", model->seconds);
    if (partial)
        put_outcome(suite, outcome, "crankcase", partial, model->error[0] ? model->error : NULL);
    end_case(suite);
}

/* ---- the file */

static void put_cases(struct suite *suite, const struct report_model *model) {
    for (size_t i = 0; i < model->plan_count; i++)
        put_plan(suite, model, i);
    put_probes(suite, model);
    if (model->kind != REPORT_RESULTS_SEEDS) {
        if (report_model_partial(model))
            put_end(suite, model); /* or a list cut short looks like a whole one */
        return;
    }
    put_end(suite, model);
    put_oracles(suite, model);
    for (size_t i = 0; i < model->group_count; i++)
        put_group(suite, model, i);
    put_faults(suite, model);
}

static void put_property(struct vk_buf *buf, const char *name, const char *value) {
    vk_buf_lit(buf, "      <property");
    put_attribute(buf, "name", name);
    put_attribute(buf, "value", value);
    vk_buf_lit(buf, "/>\n");
}

static void put_properties(struct vk_buf *buf, const struct report_model *model) {
    char count[24], hash[40];
    bool has_totals = report_results_kind_has_totals(model->kind);
    snprintf(count, sizeof count, "%" PRIu64, report_model_count(model));
    snprintf(hash, sizeof hash, "%016" PRIx64 "%016" PRIx64, model->totals.hash.high,
             model->totals.hash.low);
    vk_buf_lit(buf, "    <properties>\n");
    put_property(buf, "command", model->command);
    put_property(buf, "state", report_results_state_word(model->state));
    if (has_totals) put_property(buf, report_results_kind_unit(model->kind), count);
    if (has_totals) put_property(buf, "hash", hash);
    if (model->kernel[0]) put_property(buf, "kernel", model->kernel);
    vk_buf_lit(buf, "    </properties>\n");
}

static void put_counts(struct vk_buf *buf, const struct suite *suite, double seconds) {
    uint64_t tests = 0;
    for (int i = 0; i < OUTCOMES; i++)
        tests += suite->counts[i];
    put_count(buf, "tests", tests);
    put_count(buf, "failures", suite->counts[FAILURE]);
    put_count(buf, "errors", suite->counts[ERROR]);
    put_count(buf, "skipped", suite->counts[SKIPPED]);
    put_seconds(buf, seconds);
}

void report_junit(struct vk_buf *buf, const struct report_model *model) {
    struct vk_buf cases;
    struct vk_str text = VK_STR("");
    struct suite suite = {.out = &cases};
    size_t names = model->plan_count + model->group_count;
    vk_buf_init(&cases, buf->arena);
    if (VK_NEW_ARRAY(buf->arena, &suite.named, names) != VK_OK) buf->failed = true;
    put_cases(&suite, model);
    if (vk_buf_finish(&cases, &text) != VK_OK) buf->failed = true;
    vk_buf_lit(buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"crankcase\"");
    put_counts(buf, &suite, model->seconds);
    vk_buf_lit(buf, ">\n  <testsuite");
    char name[40] = "crankcase campaign";
    if (model->kind != REPORT_RESULTS_SEEDS)
        snprintf(name, sizeof name, "crankcase %s", report_results_kind_word(model->kind));
    put_attribute(buf, "name", name);
    put_counts(buf, &suite, model->seconds);
    put_attribute(buf, "timestamp", model->started);
    vk_buf_lit(buf, ">\n");
    put_properties(buf, model);
    vk_buf_add(buf, text);
    vk_buf_lit(buf, "  </testsuite>\n</testsuites>\n");
}
