/* sweep.h - one crank, or every crank of a plan, broken at every point where it can be.
 *
 * A clean run counts the points: operations of the store, syscalls, allocations, disk operations, and what meters hold as
 * a delivery is charged to them. Then the plan is run once for each of them, with one fault there:
 *   crash    on the first replica the host, a worker, memory or the disk fails: no hash may differ
 *   abort    on all of them the vat overruns its meter after its k-th syscall: only the declared survivors may be left
 *   tick     on all of them a meter runs out where no syscall is: before the first of a delivery; and at its end, where the
 *            delivery costs all that the vat's meter holds, one computron more, all down to the meter's threshold, and
 *            one more than that
 * The cranks that bring a run to rest have no points: faults have stopped by then.
 * The replicas are the plan's, and two if it has only one; the points are those of its first.
 * To the kernel one tick is like another between the same two syscalls, so these are all that there are.
 *
 * INV-SWEEP-1  Every point of the cranks asked for is struck, each in a run of its own; one that was not is counted as
 *              passed over.
 * INV-SWEEP-2  A crank whose meter ran out is aborted, and one whose meter just sufficed is not.
 */
#ifndef SIM_SWEEP_H
#define SIM_SWEEP_H

#include "run.h"

enum sim_sweep_mode { SIM_SWEEP_CRASH, SIM_SWEEP_ABORT, SIM_SWEEP_TICK, SIM_SWEEP_MODE_COUNT };

const char *sim_sweep_mode_word(enum sim_sweep_mode mode); /* "crash" */

/* Whether the crank that is struck has to be aborted (INV-SWEEP-2). */
enum sim_sweep_demand { SIM_SWEEP_ANYTHING, SIM_SWEEP_ABORTED, SIM_SWEEP_NOT_ABORTED };

struct sim_sweep_variant {
    enum sim_sweep_mode mode;
    enum fault_kind kind;
    enum sim_sweep_demand demand;
    uint64_t crank; /* the point's number among cranks */
    uint64_t point; /* and among all points of the run */
    uint64_t at, k;
};

struct sim_sweep;

struct sim_sweep_options {
    uint64_t crank;                 /* only this one; UINT64_MAX: all */
    uint64_t every;                 /* of the points of memory and disk only each so-manieth */
    const struct vk_module *module; /* the kernel, as in struct sim_run_options */
};

/* Runs `plan` once, with one replica, and lists the variants. `plan` must outlive *out. Fails as sim_run() does;
 * clean->failed when the plan fails without any fault. */
enum vk_err sim_sweep_prepare(const struct sim_plan *plan, const struct sim_sweep_options *options,
                              struct sim_sweep **out, struct sim_run_result *clean) VK_MUST_CHECK;
/* Leaves out the variants of other kinds than these. */
void sim_sweep_keep(struct sim_sweep *sweep, const bool faults[FAULT_KIND_COUNT]);
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
