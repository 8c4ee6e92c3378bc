/* sweep.h - one crank, or every crank of a plan, broken at every point where it can be.
 *
 * A clean run counts the points: operations of the store, syscalls, allocations, disk operations. Then the plan is run
 * once for each of them, with one fault there:
 *   crash    on one of two replicas the host, a worker, memory or the disk fails: no hash may differ
 *   abort    on both the vat overruns its meter after its k-th syscall: only the declared survivors may be left
 *   tick     on both a delivery's meter ends at each of its last ticks
 *
 * INV-SWEEP-1  Every point of the cranks asked for is struck, each in a run of its own; one that does not strike is a
 *              failure of the sweep.
 */
#ifndef SIM_SWEEP_H
#define SIM_SWEEP_H

#include "run.h"

struct sim_sweep_variant {
    enum fault_kind kind;
    uint64_t crank; /* the point's number among cranks */
    uint64_t at, k;
};

struct sim_sweep;

/* Runs `plan` once, with one replica, and lists the variants. `crank` UINT64_MAX: all. `every`: of the points of memory and
 * disk only each so-manieth. Fails as sim_run() does; *failure set when the plan fails without any fault. */
enum vk_err sim_sweep_prepare(const struct sim_plan *plan, uint64_t crank, uint64_t every,
                              struct sim_sweep **out, struct sim_run_result *clean) VK_MUST_CHECK;
void sim_sweep_free(struct sim_sweep *sweep);
size_t sim_sweep_count(const struct sim_sweep *sweep);
const struct sim_sweep_variant *sim_sweep_variant(const struct sim_sweep *sweep, size_t i);
/* Runs one; result->failed says whether the kernel did, *struck whether the fault did. */
enum vk_err sim_sweep_run(const struct sim_sweep *sweep, size_t i, struct sim_run_result *result,
                          bool *struck) VK_MUST_CHECK;
/* The plan of a variant, as text in `arena`. */
enum vk_err sim_sweep_plan_text(const struct sim_sweep *sweep, size_t i, struct vk_arena *arena,
                                struct vk_str *text) VK_MUST_CHECK;

#endif
