/* terminate.h - the end of a vat: marking it dead, and the slow deletion of what it leaves.
 *
 * INV-TERMINATE-1  From the moment of termination no delivery reaches the vat and its promises are rejected; its
 *                  state goes later, in clean-up cranks under a budget.
 * Answers to terminateVat and processCleanupTerminatedVat in kernel.js.
 */
#ifndef VK_CORE_TERMINATE_H
#define VK_CORE_TERMINATE_H

#include "kernel_core.h"

/* `info`'s slots are krefs. A critical vat's end is a kernel panic. A vat that is dead already, or never was, is only
 * reported to vat-admin. */
enum vk_err vk_terminate_vat(struct vk_kernel *kernel, struct vk_vat_id vat, bool reject,
                             const struct vk_capdata *info) VK_MUST_CHECK;
/* One step of clean-up; *done when nothing is left of the vat. */
enum vk_err vk_cleanup_step(struct vk_kernel *kernel, const struct vk_event *event,
                            struct vk_cleanup_work *work, bool *done) VK_MUST_CHECK;

#endif
