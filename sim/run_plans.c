/* run_plans.c - see run_plans.h. */
#include "run_plans.h"

#include "command.h"
#include "flight_rings.h"
#include "interrupt.h"
#include "jobs.h"
#include "reports/stopwatch.h"
#include "text_file.h"

#include <stdio.h>

struct running {
    const struct sim_run_plans *plans;
    const char *path; /* of the plan that is being run */
    struct vk_str text;
    struct vk_arena arena;               /* of the text */
    char unread[SIM_RUN_PLAN_ERROR_MAX]; /* why there is none, or "" */
    struct sim_flight_rings *rings;      /* shared with the plan's process, or NULL */
    struct report_stopwatch watch;
    int code;
};

/* ---- in the plan's process */

static void send(const struct sim_run_plan_result *result, FILE *out) {
    fwrite(result, sizeof *result, 1, out);
    fflush(out); /* what is told survives what the run does */
}

static bool read_plan(const struct running *running, struct sim_plan *plan,
                      struct sim_run_plan_result *result) {
    struct sim_plan_error error;
    enum vk_err err = sim_plan_read(plan, vk_heap_system(), running->text, &error);
    result->is_plan = err == VK_OK;
    if (err == VK_OK) return true;
    result->code = err == VK_ERR_SYNTAX ? SIM_EXIT_BAD_INPUT : SIM_EXIT_FAILED;
    snprintf(result->error, sizeof result->error, "%s:%zu:%zu: %s", running->path, error.line,
             error.column, error.what);
    return false;
}

/* Tells that it is a plan, and then what it came to. */
static void run_plan(void *impl, size_t i, FILE *out) {
    const struct running *running = impl;
    struct sim_run_reports *reports = running->plans->reports;
    struct sim_run_options options = *running->plans->options;
    struct sim_run_plan_result result = {.code = SIM_EXIT_FAILED};
    struct sim_plan plan;
    (void)i;
    if (running->unread[0]) return;
    bool is_read = read_plan(running, &plan, &result);
    send(&result, out);
    if (!is_read) return;
    options.rings = running->rings;
    options.observer = sim_run_reports_plan_observer(reports);
    enum vk_err err = sim_run(&plan, &options, &result.run);
    sim_probes_take(result.probes);
    if (err == VK_OK)
        result.code = SIM_EXIT_OK;
    else
        snprintf(result.error, sizeof result.error, "%s", vk_err_origin()->text);
    send(&result, out);
    sim_run_reports_plan_watched(reports, running->path, &plan, options.module, &result.run, out);
    sim_plan_release(&plan);
}

/* ---- in the command's */

static void plan_begins(void *impl, size_t done, size_t i) {
    struct running *running = impl;
    const struct sim_run_plans *plans = running->plans;
    (void)done;
    running->path = plans->paths[i];
    running->text = VK_STR_NONE;
    running->unread[0] = '\0';
    vk_arena_init(&running->arena, vk_heap_system());
    report_stopwatch_start(&running->watch);
    if (sim_text_file_read(running->path, &running->arena, &running->text) != VK_OK)
        snprintf(running->unread, sizeof running->unread, "%s", vk_err_origin()->text);
    /* Else its flight recorders are in a folder. */
    running->rings = plans->isolated && !plans->options->keep ? sim_flight_rings_new() : NULL;
    if (running->rings) sim_flight_rings_clear(running->rings);
    sim_run_reports_plan_begins(plans->reports, running->path);
}

static void hear(const struct running *running, FILE *in, const char *died,
                 struct sim_run_plan_result *result) {
    static const struct sim_run_plan_result none = {.code = SIM_EXIT_FAILED};
    struct sim_run_plan_result before, after;
    bool is_told = fread(&before, sizeof before, 1, in) == 1;
    bool is_run = is_told && before.is_plan && fread(&after, sizeof after, 1, in) == 1;
    *result = is_run ? after : is_told ? before : none;
    if (!died && (!is_told || (before.is_plan && !is_run)))
        snprintf(result->error, sizeof result->error, "%s: what became of it is lost",
                 running->path);
    if (!died || result->run.failed) return;
    /* INV-RUN-PLANS-1. Also of one that is found to have leaked when its run was over. */
    result->code = SIM_EXIT_OK;
    result->run.failed = true;
    result->run.asked[SIM_ORACLE_CRASH] = true;
    sim_campaign_crash(&result->run.failure, died, is_run ? NULL : running->rings);
}

static void plan_finished(void *impl, size_t i, FILE *in, const char *died) {
    struct running *running = impl;
    const struct sim_run_plans *plans = running->plans;
    struct sim_run_plan_result result = {.code = SIM_EXIT_BAD_INPUT};
    (void)i;
    if (running->unread[0])
        snprintf(result.error, sizeof result.error, "%s", running->unread);
    else
        hear(running, in, died, &result);
    int code = plans->ended(plans->impl, running->path, running->text, &result);
    enum report_plan_state state = code == SIM_EXIT_BAD_INPUT ? REPORT_PLAN_BAD
                                   : code != SIM_EXIT_OK      ? REPORT_PLAN_FAILED
                                   : result.run.failed        ? REPORT_PLAN_DIFFERENT
                                                              : REPORT_PLAN_PASSED;
    sim_run_reports_plan_ends(plans->reports, running->path, state,
                              report_stopwatch_seconds(&running->watch), result.error,
                              plans->totals, in);
    if (code > running->code) running->code = code;
    sim_flight_rings_free(running->rings);
    vk_arena_release(&running->arena);
}

enum vk_err sim_run_plans(const struct sim_run_plans *plans, int *code) {
    struct running running = {.plans = plans, .code = SIM_EXIT_OK};
    const struct sim_jobs jobs = {.count = plans->count,
                                  .at_once = 1,
                                  .isolated = plans->isolated,
                                  .impl = &running,
                                  .begins = plan_begins,
                                  .run = run_plan,
                                  .finished = plan_finished,
                                  .is_enough = sim_interrupt_is_enough};
    enum vk_err err = sim_jobs_run(&jobs);
    *code = running.code;
    return err;
}
