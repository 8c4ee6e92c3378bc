/* run_plans.h - the plans that `crankcase run` is given, one after the other, each in a process of its own.
 *
 * INV-RUN-PLANS-1  However a plan's process ends, there is a result: its death is a failure (SIM_ORACLE_CRASH) like others,
 *                  and the next plan is run.
 */
#ifndef SIM_RUN_PLANS_H
#define SIM_RUN_PLANS_H

#include "run_reports.h"

enum { SIM_RUN_PLAN_ERROR_MAX = 1400 };

struct sim_run_plan_result {
    int code;                           /* SIM_EXIT_OK: it was run */
    char error[SIM_RUN_PLAN_ERROR_MAX]; /* else: in one line */
    bool is_plan;                       /* the file was read as one */
    struct sim_run_result run;
    uint64_t probes[SIM_PROBES_MAX];
};

struct sim_run_plans {
    char **paths;
    size_t count;
    bool isolated; /* or they are run in this process, which one of them may end */
    const struct sim_run_options *options;
    struct sim_run_reports *reports;
    const struct sim_campaign_totals *totals; /* that `ended` adds to */
    void *impl;
    /* What became of a plan, whose file has that text. Returns its exit code, failures aside. */
    int (*ended)(void *impl, const char *path, struct vk_str text,
                 const struct sim_run_plan_result *result);
};

/* VK_OK unless the testbed itself fails. `code`: the worst of those that `ended` returned. */
enum vk_err sim_run_plans(const struct sim_run_plans *plans, int *code) VK_MUST_CHECK;

#endif
