/* shrink_trial.h - plans run to see whether they still fail in the same way, each in a process of its own: what one does to
 * its process, another never learns of, and a crash is a result like any other.
 *
 * INV-SHRINK-TRIAL-1  Which plan is found does not depend on how many are run at once: it is the first, in their order, that
 *                     fails as it is to.
 */
#ifndef SIM_SHRINK_TRIAL_H
#define SIM_SHRINK_TRIAL_H

#include "run.h"

struct sim_shrink_trial {
    struct vk_str text; /* a plan */
    /* What came of it, if it was run. */
    bool was_run;
    enum sim_expect outcome;
    struct sim_failure failure; /* if that is FAILURE */
    uint64_t cranks;
};

struct sim_shrink_trials {
    const struct sim_run_options *options;
    size_t at_once;
    const char *signature; /* that is looked for; NULL: any */
    uint64_t cranks_max;   /* a plan that goes on for longer is not looked for; 0: none does */
    /* Asked before each begins: true, and no more do; may be NULL. */
    bool (*is_over)(void *impl);
    void *impl;
};

/* Runs them until one is found; *found is its index, or `count`. What is told of those after it is to be left alone. VK_OK unless
 * the testbed itself fails. */
enum vk_err sim_shrink_trials_run(const struct sim_shrink_trials *trials,
                                  struct sim_shrink_trial *at, size_t count, size_t *found)
    VK_MUST_CHECK;

#endif
