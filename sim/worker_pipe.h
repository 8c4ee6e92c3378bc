/* worker_pipe.h - the simulated pipe between the kernel and a worker: everything that is said is written as a frame, goes through, and
 * is read on the other side; on its way from the worker, faults may strike it.
 *
 * INV-PIPE-1  A frame that arrives other than it was sent is noticed: VK_ERR_WORKER_LOST, and nobody has acted on it.
 *
 * What is damaged must be told from what a vat said, or a fault of the pipe would pass for the vat's word. A real kernel could not
 * tell if one letter of a string became another, and no pipe of a machine's own does that; so a garbled frame is one whose length,
 * punctuation, type or encoding no longer holds (the places are gone through in turn), and a frame that comes twice is noticed because
 * a worker that waits for an answer, or for work, says nothing more.
 */
#ifndef SIM_WORKER_PIPE_H
#define SIM_WORKER_PIPE_H

#include "faults/fault.h"
#include "sim_clock.h"
#include "worker_protocol.h"

struct sim_pipe {
    struct vk_arena *arena; /* of the delivery in hand */
    struct sim_clock *clock;
    struct fault_set *faults; /* may be NULL */
    struct sim_frame_reader reader;
    uint64_t vat;
    uint64_t frames;
};

void sim_pipe_init(struct sim_pipe *pipe, const struct vk_heap *heap, struct vk_arena *arena,
                   struct sim_clock *clock, struct fault_set *faults);
void sim_pipe_release(struct sim_pipe *pipe);

/* A worker's first exchange; no fault strikes it (that is a start that fails). */
enum vk_err sim_pipe_set_bundle(struct sim_pipe *pipe, struct vk_str vat, struct vk_str bundle)
    VK_MUST_CHECK;
/* The delivery as the worker of `vat` gets it. */
enum vk_err sim_pipe_deliver(struct sim_pipe *pipe, uint64_t vat,
                             const struct vk_delivery *delivery, struct vk_delivery *received)
    VK_MUST_CHECK;
/* The worker makes a syscall, and gets its result, through the pipe. */
enum vk_err sim_pipe_syscall(struct sim_pipe *pipe, const struct vk_syscall_port *kernel,
                             const struct vk_syscall *syscall, struct vk_syscall_result *result)
    VK_MUST_CHECK;
/* The worker sends a syscall, through the pipe, and does not wait. */
enum vk_err sim_pipe_submit(struct sim_pipe *pipe, const struct vk_syscall_port *kernel,
                            const struct vk_syscall *syscall) VK_MUST_CHECK;
/* The worker's result as the kernel gets it; texts in `arena`. */
enum vk_err sim_pipe_done(struct sim_pipe *pipe, struct vk_arena *arena,
                          struct vk_delivery_result *result) VK_MUST_CHECK;

#endif
