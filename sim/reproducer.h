/* reproducer.h - how somebody has a failure of `crankcase run` again: the command to type, and the plan as a file that says
 * where it comes from.
 *
 * INV-REPRODUCER-1  A command is whole: with every option, besides those that only check or tell, that the run had.
 */
#ifndef SIM_REPRODUCER_H
#define SIM_REPRODUCER_H

#include "oracle.h"
#include "plan_generate.h"

enum {
    SIM_REPRODUCE_FAULTS_MAX = 2000,
    SIM_REPRODUCE_KERNEL_MAX = 1000,
    SIM_REPRODUCE_OPTIONS_MAX = SIM_REPRODUCE_FAULTS_MAX + 100,
    SIM_REPRODUCE_MAX = SIM_REPRODUCE_OPTIONS_MAX + SIM_REPRODUCE_KERNEL_MAX + 4200 /* a path */
};

/* What the run was asked for. */
struct sim_reproducer {
    const struct sim_generate_options *generate;
    const char *faults; /* as --faults has them, or NULL; SIM_REPRODUCE_FAULTS_MAX at most */
    const char *kernel; /* the path of a module, or NULL; SIM_REPRODUCE_KERNEL_MAX at most */
};

/* The options, besides the seed, that make the plan what it is: " --faults none --scale 3", or "". */
void sim_reproduce_options(const struct sim_reproducer *reproducer,
                           char text[SIM_REPRODUCE_OPTIONS_MAX]);
/* "crankcase run --seed 5 --faults none", "crankcase run my.plan". */
void sim_reproduce_seed(const struct sim_reproducer *reproducer, uint64_t seed,
                        char text[SIM_REPRODUCE_MAX]);
void sim_reproduce_plan(const struct sim_reproducer *reproducer, const char *path,
                        char text[SIM_REPRODUCE_MAX]);
/* Writes the plan of a seed that failed, with notes in front of it (plan_notes.h). */
enum vk_err sim_reproducer_write(const struct sim_reproducer *reproducer, uint64_t seed,
                                 const struct sim_failure *failure, const char *path) VK_MUST_CHECK;

#endif
