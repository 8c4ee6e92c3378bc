/* sim_worker.h - a worker host whose processes and vats are simulated.
 *
 *   spawning -> loading -> replaying -> idle <-> delivering
 *       \          \           \          \          \
 *        +----------+-----------+----------+----------+--> dying -> dead
 *
 * A worker is a simulated process with a pipe: starting, each frame and each computron takes simulated time. What its
 * vat does is its program (plan.h, vat_program.h); its snapshot is the program's own state.
 *
 * INV-SIM-WORKER-1  What a vat does depends on its program and on what was delivered to it, never on its replica (but for
 *                   the operation read-clock).
 * INV-SIM-WORKER-2  A worker made from a snapshot and a replay is in the very state of the one that lived on.
 */
#ifndef SIM_SIM_WORKER_H
#define SIM_SIM_WORKER_H

#include "faults/fault.h"
#include "plan.h"
#include "sim_clock.h"
#include "vat_program.h"
#include "vk/ports.h"

struct sim_workers;
struct vk_store;

struct sim_workers_options {
    const struct vk_heap *heap;
    const struct sim_plan *plan;
    struct sim_clock *clock;  /* of the node that they run on */
    struct fault_set *faults; /* for what happens to frames; NULL: nothing does */
    uint32_t slowness;
    bool frames; /* encode and decode every frame; the trace is the same without */
};

/* NULL: no memory. */
struct sim_workers *sim_workers_new(const struct sim_workers_options *options);
/* Every worker must have been stopped. */
void sim_workers_free(struct sim_workers *workers);
const struct vk_worker_host *sim_workers_port(struct sim_workers *workers);

struct sim_workers_counts {
    uint64_t started, from_snapshots, deliveries, replayed, syscalls, snapshots, frames;
    uint64_t
        in_flight; /* syscalls that had not arrived when their delivery's completion did; no replays */
    uint64_t ops[SIM_OP_TYPE_COUNT];  /* carried out (not skipped), replays included */
    uint64_t ends[SIM_VAT_END_COUNT]; /* the same */
};
struct sim_workers_counts sim_workers_counts(const struct sim_workers *workers);

/* A delivery in which a vat did what may be its end, and what that was. */
struct sim_vat_doom {
    bool any;
    uint64_t vat;
    enum vk_delivery_type delivery;
    enum sim_vat_end end;
};
/* The first such delivery since sim_workers_forget_doom(); none that was a replay. */
struct sim_vat_doom sim_workers_doom(const struct sim_workers *workers);
void sim_workers_forget_doom(struct sim_workers *workers);

/* Whether the running worker of `vat` is in the state that its image says (oracle: INV-SIM-WORKER-2). The image of a worker,
 * or VK_STR_NONE if none runs. */
enum vk_err sim_workers_image(struct sim_workers *workers, struct vk_str vat,
                              struct vk_arena *arena, struct vk_str *image) VK_MUST_CHECK;

/* A worker that keeps its vat's vatstore in its memory keeps what `store` has. Looks at all that run: *vat is the number of
 * the first whose memory is another, or UINT64_MAX; *key is where. */
enum vk_err sim_workers_check_vatstores(struct sim_workers *workers, struct vk_store *store,
                                        struct vk_arena *arena, uint64_t *vat, struct vk_str *key)
    VK_MUST_CHECK;

/* Visits all workers that run, until one visit fails. */
enum vk_err sim_workers_visit(struct sim_workers *workers,
                              enum vk_err (*visit)(void *impl, uint64_t vat,
                                                   const struct sim_vat *program),
                              void *impl) VK_MUST_CHECK;

/* The bundle id that stands for a program ("b1-" and 128 hex digits); `id` has room for 132 bytes. */
void sim_program_bundle_id(const struct sim_program *program, char id[132]);

#endif
