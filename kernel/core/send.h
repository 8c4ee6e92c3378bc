/* send.h - sending, subscribing, resolving: what syscalls, the kernel and the host all do alike.
 *
 * Answers to kernel/kernelQueue.js.
 */
#ifndef VK_CORE_SEND_H
#define VK_CORE_SEND_H

#include "kernel_core.h"

/* Queues a send and takes references on all it names. `result` may be NULL; the message's JSON then says
 * "result":null if `null_result`, else nothing. */
enum vk_err vk_do_send(struct vk_kernel *kernel, struct vk_kref target,
                       const struct vk_capdata *methargs, const struct vk_kref *result,
                       bool null_result) VK_MUST_CHECK;
enum vk_err vk_do_subscribe(struct vk_kernel *kernel, struct vk_vat_id vat, struct vk_kref kpid)
    VK_MUST_CHECK;
/* Settles a promise: notifies, requeues, applies the result policy. `decider` NULL: the kernel decides. A promise that is
 * settled already, or decided by somebody else, is a kernel panic (VK_ERR_PANIC). */
enum vk_err vk_do_resolve(struct vk_kernel *kernel, struct vk_kref kpid, bool rejected,
                          const struct vk_capdata *data, const struct vk_vat_id *decider)
    VK_MUST_CHECK;
enum vk_err vk_reject(struct vk_kernel *kernel, struct vk_kref kpid, const struct vk_capdata *error,
                      const struct vk_vat_id *decider) VK_MUST_CHECK;
/* Sends as if from nowhere, with a new result promise under `policy`; *kpid tells it unless policy is NONE. */
enum vk_err vk_queue_to_kref(struct vk_kernel *kernel, struct vk_kref target,
                             const struct vk_capdata *methargs, enum vk_result_policy policy,
                             struct vk_kref *kpid) VK_MUST_CHECK;
/* Tells vat-admin something: method(args...), policy logFailure. `args` is an ARRAY value. */
enum vk_err vk_tell_vat_admin(struct vk_kernel *kernel, const char *method, struct vk_value *args)
    VK_MUST_CHECK;

#endif
