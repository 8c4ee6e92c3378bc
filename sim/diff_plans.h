/* diff_plans.h - plans as inputs of a diff: each is run, its replicas' traces are kept, and these are compared.
 *
 * A run that is traced uses a little more memory than one that is not, which moves faults that count allocations; if the
 * plan does not fail then, the answer says so.
 */
#ifndef SIM_DIFF_PLANS_H
#define SIM_DIFF_PLANS_H

#include "diff_logs.h"
#include "run.h"
#include "scratch_folder.h"

enum { SIM_TRACED_PATH = SIM_SCRATCH_PATH };

/* A plan that was run, and what its replicas left. */
struct sim_traced_run {
    char folder[SIM_TRACED_PATH];
    uint32_t replicas;
    struct sim_run_result result;
    bool fails; /* once it was checked: by any oracle */
    struct sim_failure failure;
};

/* Runs it and leaves its replicas' traces in a new folder; `result` says what came of it. Oracles other than that for
 * replicas are off. `module`: the kernel; NULL: the one linked in. */
enum vk_err sim_traced_run(struct sim_traced_run *run, const struct sim_plan *plan,
                           const struct vk_module *module) VK_MUST_CHECK;
/* Whether the plan fails, by whatever oracle: if its replicas did not differ, it is run once more with all of them. */
enum vk_err sim_traced_check(struct sim_traced_run *run, const struct sim_plan *plan,
                             const struct vk_module *module) VK_MUST_CHECK;
/* A note of that, if it does; `whose` is "" or " of A". */
enum vk_err sim_traced_note(const struct sim_traced_run *run, const char *whose,
                            struct sim_divergence *divergence) VK_MUST_CHECK;
/* The replica's folder, as an input of sim_diff_logs. */
void sim_traced_path(const struct sim_traced_run *run, uint32_t replica,
                     char path[SIM_TRACED_PATH]);
/* Removes what it left. */
void sim_traced_run_release(struct sim_traced_run *run);
/* The replica that stands for the run where one is asked for: that which failed, or the first. */
uint32_t sim_traced_replica(const struct sim_traced_run *run);
/* The replicas of one run against each other: the one that failed, or else the first, against the first that differs from
 * it, with a note if the run fails. Fails as sim_diff_logs does. */
enum vk_err sim_diff_replicas(const struct sim_traced_run *run, const char *name,
                              const struct sim_diff_logs *logs, struct sim_divergence *divergence,
                              int *side, struct sim_input_error *error) VK_MUST_CHECK;

#endif
