/* replica.h - one validator of a run: a node with a clock, a disk, workers, a host and a kernel, and with faults of its own.
 *
 *          start                    block due             block done, committed
 *   down ---------> waiting ----------------------> running ------------------> waiting
 *    ^                 \                               |  \
 *    |                  \____ a fault strikes _________/   \--> panicked   the kernel halted by itself, as on every replica
 *    +---------------------------/ (volatile state is lost)  \-> halted    no restart mends it
 *
 * The host does what the plan says: it runs blocks, commits every few of them, and after a crash goes on from
 * its last commit, which holds in `host.` keys how far it had come.
 *
 * INV-REPLICA-1  A node that starts again has nothing but its disk, its clock, and the faults that have not struck yet.
 * INV-REPLICA-2  While anything of the testbed's own reads the store (oracles), no fault strikes.
 */
#ifndef SIM_REPLICA_H
#define SIM_REPLICA_H

#include "directives.h"
#include "plan.h"
#include "shadow.h"
#include "sim_clock.h"
#include "sim_worker.h"
#include "vk/kernel.h"

enum sim_replica_state {
    SIM_REPLICA_DOWN,
    SIM_REPLICA_WAITING,
    SIM_REPLICA_RUNNING,
    SIM_REPLICA_PANICKED,
    SIM_REPLICA_HALTED,   /* a fault of class halt was honoured */
    SIM_REPLICA_DIVERGED, /* a fault of class divergence was noticed; set by whoever notices */
};

/* What a step came to. */
enum sim_step {
    SIM_STEP_NOTHING, /* nothing that could be compared */
    SIM_STEP_POINT, /* a crank, or a block's inputs: `point` says what must be the same everywhere */
    SIM_STEP_DOWN,  /* it went down: `error` says why */
    SIM_STEP_PANIC, /* the kernel panicked */
};

/* A moment that every replica comes through with the same state. */
struct sim_point {
    uint64_t number; /* from 0, all points of the run */
    uint64_t block;
    bool is_crank; /* else: the block's inputs are in */
    struct vk_crank_result crank;
};

struct sim_replica_counts {
    uint64_t starts, crashes, cranks, cranks_again, commits;
};

struct sim_flight;
struct sim_flight_rings;
struct sim_account;
struct sim_host;
struct sim_replica;

/* Told of everything that a node does, without taking part in it: it may look, and change nothing. */
struct sim_observer {
    void *impl;
    /* An event of the store's trace, as it happens. */
    void (*event)(void *impl, struct sim_replica *replica, const struct vk_trace_event *event);
    /* A step is over. `start_ns`: when its process was started, if that was the step. */
    void (*step)(void *impl, struct sim_replica *replica, enum sim_step step, uint64_t start_ns);
};
#define SIM_OBSERVER_NO_START UINT64_MAX

struct sim_replica_options {
    const struct sim_observer *observer; /* its `event`; NULL: nobody looks */
    bool no_activity_hash;
    bool no_shadow;
    const struct vk_module *module; /* the kernel; NULL: the one that is linked in */
    /* A folder for its flight recorder, its trace, and its database in the end. NULL: the database goes, and the recorder is in
     * `rings`, or in memory of its own if that is NULL too. */
    const char *keep;
    struct sim_flight_rings *rings;
};

/* A node that is down and has an empty disk. `plan` must outlive it. NULL: no memory. */
struct sim_replica *sim_replica_new(const struct sim_plan *plan, uint32_t index,
                                    const struct sim_replica_options *options);
void sim_replica_free(struct sim_replica *replica);

/* Does the next thing: starts, takes a block's inputs, runs a crank, ends a block. Its clock moves on. VK_OK whatever
 * happens to the node; an error is the testbed's own. */
enum vk_err sim_replica_step(struct sim_replica *replica, enum sim_step *step) VK_MUST_CHECK;
const struct sim_point *sim_replica_point(const struct sim_replica *replica);
/* When its next step is due. */
uint64_t sim_replica_due_ns(const struct sim_replica *replica);
enum sim_replica_state sim_replica_state(const struct sim_replica *replica);
void sim_replica_set_state(struct sim_replica *replica, enum sim_replica_state state);
/* Why it went down or panicked, as the error's origin says it. */
enum vk_err sim_replica_error(const struct sim_replica *replica);
const char *sim_replica_error_text(const struct sim_replica *replica);
/* How many starts in a row came to no commit. */
uint64_t sim_replica_vain_starts(const struct sim_replica *replica);
uint32_t sim_replica_index(const struct sim_replica *replica);
/* How many points are behind it. */
uint64_t sim_replica_points(const struct sim_replica *replica);
/* How many of them its last commit made durable. */
uint64_t sim_replica_points_committed(const struct sim_replica *replica);
uint64_t sim_replica_block(const struct sim_replica *replica);
uint64_t sim_replica_now_ns(const struct sim_replica *replica);
struct sim_replica_counts sim_replica_counts(const struct sim_replica *replica);
struct sim_workers_counts sim_replica_workers_counts(const struct sim_replica *replica);
struct fault_set *sim_replica_faults(struct sim_replica *replica);
/* Nothing strikes the node any more, only its vats, and a node that is down tries once more. */
void sim_replica_calm_down(struct sim_replica *replica);

/* From its next start on, which is due if it panicked: a node reads its directives at every start. They must outlive it.
 * `debug` is told where one of them stops; an error from it ends the node's run for good. May be NULL. */
typedef enum vk_err (*sim_debug)(void *impl, uint32_t replica, const struct vk_debug_stop *stop);
void sim_replica_direct(struct sim_replica *replica, const struct sim_directives *directives,
                        sim_debug debug, void *impl);
bool sim_replica_is_directed(const struct sim_replica *replica);
/* Whether one of them ever took the place of an event, if only in a crank that was lost again. */
bool sim_replica_gave_way(const struct sim_replica *replica);
/* What is wrong with its directives on its database, where it did not start because of that; else NULL. */
const struct sim_plan_error *sim_replica_refusal(const struct sim_replica *replica);
/* Whether it is down because `debug` did not let it go on. */
bool sim_replica_is_stopped(const struct sim_replica *replica);
/* Leaves its database in the folder of the options, as its last commit has it. When it takes no more steps. */
enum vk_err sim_replica_keep(struct sim_replica *replica) VK_MUST_CHECK;

/* What its kernel was in the midst of. */
const struct sim_flight *sim_replica_flight(const struct sim_replica *replica);

/* For oracles, while it is up. */
struct vk_store *sim_replica_store(struct sim_replica *replica);
struct vk_kernel *sim_replica_kernel(struct sim_replica *replica);
const struct vk_ports *sim_replica_ports(struct sim_replica *replica);
const struct sim_shadow *sim_replica_shadow(const struct sim_replica *replica);
const struct sim_host *sim_replica_host(const struct sim_replica *replica);
struct sim_workers *sim_replica_workers(struct sim_replica *replica);
/* Of the newest crank; it outlives a node that goes down. */
struct sim_account *sim_replica_account(struct sim_replica *replica);

#endif
