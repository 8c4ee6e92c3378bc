/* reproducer.h - how somebody has a failure of `crankcase run` again: the command to type, and the plan as a file that says
 * where it comes from.
 *
 * INV-REPRODUCER-1  A command is whole: with every option that the run had, besides those that say how many are run and how
 *                   it is told. Also with what oracles it left out: another failure may come before.
 */
#ifndef SIM_REPRODUCER_H
#define SIM_REPRODUCER_H

#include "oracle.h"
#include "plan_generate.h"
#include "reports/shell_words.h"
#include "run_directives.h"

/* Of what a command may contain, and of the whole; who takes options sees to it that the first of these hold. */
enum {
    SIM_REPRODUCE_FAULTS_MAX = 2000,
    SIM_REPRODUCE_PATH_MAX = 1000, /* of an option; a plan's is as long as the system has them: */
    SIM_REPRODUCE_PLAN_MAX = 4200,
    SIM_REPRODUCE_OPTION_MAX = REPORT_SHELL_MAX(SIM_REPRODUCE_PATH_MAX) + 40,
    SIM_REPRODUCE_SEED_MAX =
        SIM_REPRODUCE_OPTION_MAX + REPORT_SHELL_MAX(SIM_REPRODUCE_FAULTS_MAX) + 1000,
    SIM_REPRODUCE_MAX = (SIM_REPLICAS_MAX + 2) * SIM_REPRODUCE_OPTION_MAX +
                        REPORT_SHELL_MAX(SIM_REPRODUCE_PLAN_MAX) + 1000,
};

/* What the run was asked for. */
struct sim_reproducer {
    const struct sim_generate_options *generate;
    const char *faults; /* as --faults has them, or NULL; SIM_REPRODUCE_FAULTS_MAX at most */
    const char *kernel; /* the path of a module, or NULL; SIM_REPRODUCE_PATH_MAX at most, as any: */
    const struct sim_run_options *run;           /* NULL: none of them */
    const struct sim_run_directives *directives; /* NULL: none */
};

/* "crankcase run --seed 5 --faults none", "crankcase run my.plan". Of seeds there are no directives, and nothing is kept. */
void sim_reproduce_seed(const struct sim_reproducer *reproducer, uint64_t seed,
                        char text[SIM_REPRODUCE_SEED_MAX]);
void sim_reproduce_plan(const struct sim_reproducer *reproducer, const char *path,
                        char text[SIM_REPRODUCE_MAX]);
/* Writes the plan of a seed that failed, with notes in front of it (plan_notes.h). */
enum vk_err sim_reproducer_write(const struct sim_reproducer *reproducer, uint64_t seed,
                                 const struct sim_failure *failure, const char *path) VK_MUST_CHECK;

#endif
