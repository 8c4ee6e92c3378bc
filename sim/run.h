/* run.h - one run of a plan: its replicas side by side, compared at every point, checked by the oracles.
 *
 * INV-RUN-1  What a run comes to depends on the plan and the oracles' switches alone; its hash does not even depend on
 *            those, as long as nothing fails.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "idle_directives.h"
#include "oracle.h"

struct sim_run_options {
    bool off[SIM_ORACLE_COUNT];
    const struct vk_module
        *module; /* the kernel of every replica; NULL: the one that is linked in */
    bool no_activity_hash;
    uint64_t
        check_every; /* points: oracles that look at each so-manieth look at each n-th; 0: as they say */
    /* A folder in which each replica leaves its flight recorder, its trace and its database; NULL: none. What the trace's
     * slog costs in memory moves the faults that count allocations. */
    const char *keep;
    struct sim_flight_rings *rings; /* where else its flight recorder is; may be NULL */
    /* What each replica is given: when it is started again after a panic, or from its very first start on. NULL:
     * nothing, and it stays halted. `debug` as for sim_replica_direct, with `impl`; when it stops a replica, the run ends. */
    const struct sim_directives *directives[SIM_REPLICAS_MAX];
    bool directed_from_start;
    sim_debug debug;
    uint64_t halt_after; /* cranks, after which a replica is taken out of the run; 0: none */
    /* Told of each point that a replica comes to, if not NULL. */
    void (*at_point)(void *impl, struct sim_replica *replica);
    void *impl;
    const struct sim_observer *observer; /* of every replica; NULL: nobody looks */
};

struct sim_run_result {
    bool failed;
    struct sim_failure failure;
    bool asked[SIM_ORACLE_COUNT]; /* those that had something to look at, and looked */
    bool
        panicked; /* the kernel panicked, the same way on every replica, and at least one stays halted */
    bool was_panic; /* it panicked at all */
    uint64_t panic_point;
    char panic_text[320];
    struct sim_flight_tail panic_flight;
    uint32_t replicas, replicas_panicked, replicas_directed;
    bool replica_panicked[SIM_REPLICAS_MAX]; /* and stays halted */
    bool replica_directed[SIM_REPLICAS_MAX]; /* started again with directives */
    bool stopped;                            /* by `debug` */
    bool refused;                            /* a replica's directives were: */
    uint32_t refused_by;
    struct sim_plan_error refusal;
    uint64_t directed_cranks; /* of one replica: in which a directive took an event's place */
    struct sim_idle_directives idle; /* that were given for nothing */
    bool diverged; /* as a fault of class divergence must make it: noticed in the very crank */
    uint64_t diverged_at;                                     /* the point */
    uint64_t points, cranks, deliveries, aborted, terminated; /* of one replica */
    uint64_t all_cranks; /* of all, those run again after a restart included */
    uint64_t starts, crashes, commits, halted;
    uint64_t simulated_ns; /* of the replica that took longest */
    uint64_t syscalls;
    uint64_t in_flight; /* of them: not there yet when their delivery's completion was */
    uint64_t hits[FAULT_KIND_COUNT];
    uint64_t ops[SIM_OP_TYPE_COUNT];
    uint64_t ends[SIM_VAT_END_COUNT]; /* what vats did that may be their end, on all replicas */
    struct vk_state_hash hash;        /* of everything that could be seen in the run */
};

/* In the words of a plan's line `expect`. */
static inline enum sim_expect sim_run_outcome(const struct sim_run_result *run) {
    if (run->failed) return SIM_EXPECT_FAILURE;
    if (run->panicked) return SIM_EXPECT_PANIC;
    return run->diverged ? SIM_EXPECT_DIVERGENCE : SIM_EXPECT_OK;
}

/* VK_OK unless the testbed itself fails. */
enum vk_err sim_run(const struct sim_plan *plan, const struct sim_run_options *options,
                    struct sim_run_result *result) VK_MUST_CHECK;

#endif
