/* worker_protocol.h - what goes through the pipe between the kernel and a worker process.
 *
 * Frames are netstrings, "LENGTH:CONTENT,", whose content begins with one byte that says what it is:
 *
 *     kernel to worker   ?["setBundle",VAT,BUNDLE,OPTIONS]   ?["deliver",VDO]   /VSR
 *     worker to kernel   .METER\1["dispatchReady"]           ?["syscall",VSO]   .METER\1["ok"|"error",X]
 *                                                                ?["submit",VSO]    .METER\1["ok",X,CHANGES,COUNT]
 *
 * CHANGES are those of the vatstore, [["key","value"],["deleted key"]], and COUNT is that of the syscalls submitted in the delivery;
 * both are left out if there are none.
 *
 * `?` is a command, `/` the answer to a worker's command, `.` the end of a kernel's command with what it has cost. A worker speaks
 * only when it was spoken to and waits for each answer, but for syscalls that it submits, which have none.
 *
 * INV-PROTOCOL-1  What was written is read back as it was, and the JSON in it byte for byte.
 * INV-PROTOCOL-2  A reader takes a frame whole or not at all; what is no frame, or no message, is an error and nothing else.
 * INV-PROTOCOL-3  No reader ever holds more than its limit.
 *
 * Answers to packages/SwingSet/src/kernel/vat-loader/manager-subprocess-xsnap.js and to packages/xsnap.
 */
#ifndef SIM_WORKER_PROTOCOL_H
#define SIM_WORKER_PROTOCOL_H

#include "vk/ports.h"

enum sim_frame_type { SIM_FRAME_COMMAND = '?', SIM_FRAME_ANSWER = '/', SIM_FRAME_DONE = '.' };

/* xsnap's exit codes of workers that ran into a limit. */
enum sim_worker_exit {
    SIM_WORKER_RUNNING = 0,
    SIM_WORKER_EXIT_NO_MEMORY = 11,
    SIM_WORKER_EXIT_STACK = 12,
    SIM_WORKER_EXIT_COMPUTE = 17,
};

/* What SwingSet makes of such an exit code: the delivery's problem. */
struct vk_str sim_worker_exit_problem(enum sim_worker_exit code);

/* ---- frames */

struct sim_frame {
    enum sim_frame_type type;
    struct vk_str payload;
};

void sim_frame_write(struct vk_buf *buf, enum sim_frame_type type, struct vk_str payload);

/* Bytes as they come, frames as they are complete. */
struct sim_frame_reader {
    const struct vk_heap *heap;
    char *bytes;
    size_t count, capacity;
    size_t taken; /* of the bytes: frames that were handed out */
    size_t bytes_max;
};

/* `bytes_max`: the longest frame, its length and punctuation included, that will be taken. */
void sim_frame_reader_init(struct sim_frame_reader *reader, const struct vk_heap *heap,
                           size_t bytes_max);
void sim_frame_reader_release(struct sim_frame_reader *reader);
/* Forgets what has come and keeps the memory. */
void sim_frame_reader_clear(struct sim_frame_reader *reader);
enum vk_err sim_frame_reader_feed(struct sim_frame_reader *reader, struct vk_str bytes)
    VK_MUST_CHECK;
/* The next frame, valid until more is fed; *complete false while it has not come whole. VK_ERR_SYNTAX for what can become no
 * frame. */
enum vk_err sim_frame_reader_next(struct sim_frame_reader *reader, bool *complete,
                                  struct sim_frame *frame) VK_MUST_CHECK;
/* Bytes that have come and belong to no frame handed out. */
size_t sim_frame_reader_pending(const struct sim_frame_reader *reader);

/* ---- messages. Writers append one whole frame. Readers give VK_ERR_SYNTAX for what is not the message asked for. */

/* What JSON.stringify gives for a syscall with these fields. */
void sim_syscall_write(struct vk_buf *buf, const struct vk_syscall *syscall);

enum vk_err sim_protocol_write_set_bundle(struct vk_buf *buf, struct vk_arena *arena,
                                          struct vk_str vat, struct vk_str bundle) VK_MUST_CHECK;
enum vk_err sim_protocol_write_ready(struct vk_buf *buf, struct vk_arena *arena) VK_MUST_CHECK;
enum vk_err sim_protocol_write_deliver(struct vk_buf *buf, struct vk_arena *arena,
                                       const struct vk_delivery *delivery) VK_MUST_CHECK;
enum vk_err sim_protocol_write_syscall(struct vk_buf *buf, struct vk_arena *arena,
                                       const struct vk_syscall *syscall, bool waits) VK_MUST_CHECK;
void sim_protocol_write_syscall_result(struct vk_buf *buf, const struct vk_syscall_result *result);
enum vk_err sim_protocol_write_done(struct vk_buf *buf, struct vk_arena *arena,
                                    const struct vk_delivery_result *result) VK_MUST_CHECK;

enum vk_err sim_protocol_read_set_bundle(struct vk_arena *arena, const struct sim_frame *frame,
                                         struct vk_str *vat, struct vk_str *bundle) VK_MUST_CHECK;
enum vk_err sim_protocol_read_deliver(struct vk_arena *arena, const struct sim_frame *frame,
                                      struct vk_delivery *delivery) VK_MUST_CHECK;
/* A syscall that is well-formed JSON and no syscall is VK_SYSCALL_MALFORMED: the vat's fault, not the pipe's. */
enum vk_err sim_protocol_read_syscall(struct vk_arena *arena, const struct sim_frame *frame,
                                      bool waits, struct vk_syscall *syscall) VK_MUST_CHECK;
enum vk_err sim_protocol_read_syscall_result(struct vk_arena *arena, const struct sim_frame *frame,
                                             struct vk_syscall_result *result) VK_MUST_CHECK;
/* "dispatchReady" */
enum vk_err sim_protocol_read_ready(struct vk_arena *arena, const struct sim_frame *frame)
    VK_MUST_CHECK;
enum vk_err sim_protocol_read_done(struct vk_arena *arena, const struct sim_frame *frame,
                                   struct vk_delivery_result *result) VK_MUST_CHECK;

#endif
