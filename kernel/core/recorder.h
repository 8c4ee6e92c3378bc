/* recorder.h - one delivery as it happens: performs its syscalls, and writes down what the transcript and
 * the slog are to say about it.
 *
 * INV-RECORDER-1  An error of the host's in a syscall ends the delivery with that error, even if the worker's host does not
 *                 pass it on; and no syscall is made after it.
 *
 * Answers to recordSyscalls in vat-warehouse.js and vatSyscallHandler in kernel.js.
 */
#ifndef VK_CORE_RECORDER_H
#define VK_CORE_RECORDER_H

#include "kernel_core.h"
#include "translate.h"

struct vk_recorder {
    struct vk_kernel *kernel;
    struct vk_vat_id vat;
    bool in_completion;     /* the vat hands its vatstore's changes over (completion.h) */
    struct vk_buf syscalls; /* the transcript item's "sc", without its brackets */
    uint64_t syscall_count;
    uint64_t delivery_number;
    uint64_t crank_number; /* slog only */
    uint64_t began_ns;     /* slog only: the delivery */
    uint64_t syscall_began_ns;
    /* The first error that a syscall came to, which its worker's host was told: it is the delivery's, whatever the host
     * makes of it (INV-RECORDER-1). */
    enum vk_err failed;
    char failed_text[200];
};

enum vk_err vk_recorder_begin(struct vk_recorder *recorder, struct vk_kernel *kernel,
                              const struct vk_online_vat *online) VK_MUST_CHECK;
/* That the delivery begins, and what it came to: to the slog, and as moments. */
enum vk_err vk_recorder_tell_delivery(struct vk_recorder *recorder, const struct vk_parcel *parcel)
    VK_MUST_CHECK;
enum vk_err vk_recorder_tell_result(struct vk_recorder *recorder,
                                    const struct vk_delivery *delivery,
                                    const struct vk_delivery_result *result) VK_MUST_CHECK;
/* The vk_syscall_port's functions; impl is the recorder. */
enum vk_err vk_recorder_syscall(void *impl, const struct vk_syscall *syscall,
                                struct vk_syscall_result *result) VK_MUST_CHECK;
enum vk_err vk_recorder_submit(void *impl, const struct vk_syscall *syscall) VK_MUST_CHECK;
enum vk_err vk_recorder_settle(void *impl, uint64_t count) VK_MUST_CHECK;
/* The worker has completed the delivery: settles what is still in flight. VK_ERR_WORKER_LOST if the result does not fit. */
enum vk_err vk_recorder_complete(struct vk_recorder *recorder,
                                 const struct vk_delivery_result *result) VK_MUST_CHECK;
/* ["ok",value,usage] or ["error",problem,usage], for the slog. */
enum vk_err vk_delivery_result_json(struct vk_arena *arena, const struct vk_delivery_result *result,
                                    struct vk_str *out) VK_MUST_CHECK;
/* The whole transcript item. */
enum vk_err vk_recorder_item(struct vk_recorder *recorder, const struct vk_delivery *delivery,
                             const struct vk_delivery_result *result, struct vk_str *out)
    VK_MUST_CHECK;

#endif
