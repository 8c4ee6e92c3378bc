/* replay_state.h - what the parts of a replay share: private to replay*.c and recorded_*.c.
 *
 * INV-REPLAY-STATE-1  events[cursor] is the next recorded event that the kernel must make; cursor
 *                     <= limit.
 * INV-REPLAY-STATE-2  `crank` is NULL exactly while the host's doings are applied.
 */
#ifndef SIM_REPLAY_STATE_H
#define SIM_REPLAY_STATE_H

#include "recorded_device.h"
#include "recorded_worker.h"
#include "recording_index.h"
#include "replay_diff.h"
#include "replay_resume.h"

enum { SIM_SYSCALL_COUNTERS = 8 };

struct sim_replay {
    const struct sim_recording *recording;
    const struct sim_index *index;
    struct sim_replay_options options;
    struct vk_ports ports;
    struct vk_trace trace;
    struct vk_worker_host workers;
    struct vk_device_host devices;
    struct vk_arena keep; /* until the next run: diff, notes */
    /* Cleared at will by whoever uses it next, never across a call into another part. */
    struct vk_arena scratch;

    /* ---- the run in hand */
    struct vk_store *store;
    struct vk_kernel *kernel;
    struct sim_replay_result *result;
    bool is_watching;  /* trace events are compared */
    bool is_halted;    /* the kernel panicked, as recorded */
    bool is_abandoned; /* within a crank: the store is not fit for a commit */
    /* Without slog, a dying worker's delivery leaves writes, but no syscalls. */
    bool death_was_unrecorded;
    bool death_is_recorded; /* the worker that was lost last died as recorded */
    bool memory_is_ahead;   /* of the store, in statistics */
    bool has_attached;      /* vats that no restart would bring online again */
    size_t cursor, limit;
    size_t next_crank, next_item, next_host_call;
    const struct sim_crank *crank;
    size_t deliveries_made;              /* in the crank */
    const struct sim_delivery *delivery; /* the last one of the crank, or NULL */
    bool delivery_is_over;
    const struct sim_call *call;               /* in hand, or NULL */
    uint64_t to_count[SIM_SYSCALL_COUNTERS];   /* calls that the statistics lack */
    bool host_may_have_called;                 /* unseen, since the last crank */
    bool device_was_called[DEVICES_NOTED_MAX]; /* by place in the index */
    struct recorded_workers worker_pool;
    struct sim_diff diff;
    struct sim_replay_marks marks;
};

static inline const struct sim_event *replay_event(const struct sim_replay *replay, size_t i) {
    VK_ASSERT(i < replay->recording->events.count); /* INV-REPLAY-STATE-1 */
    return &replay->recording->events.at[i];
}

/* Whether the kernel of the recording panicked in this crank. */
static inline bool replay_panics_in(const struct sim_crank *crank) {
    return !crank->is_host_call && !crank->is_emitted && !crank->is_idle;
}

/* The same of the crank in hand. */
static inline bool replay_crank_panics(const struct sim_replay *replay) {
    return replay->crank && replay_panics_in(replay->crank);
}

#endif
