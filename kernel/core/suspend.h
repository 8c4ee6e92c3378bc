/* suspend.h - suspended and paused vats at work: what becomes of their deliveries, how they are suspended and
 * started, and what spares a vat its termination. The states are object/vat_state.h's.
 *
 * INV-SUSPEND-1  A delivery that starts an incarnation and the start are one crank: both happen or neither.
 * INV-SUSPEND-2  A vat that fails and is spared is paused: the same delivery does not come up again until somebody
 *                resumes the vat.
 * INV-SUSPEND-3  That delivery is then the first in the vat's side queue, unless it is a GC delivery or a BOYD that overtook
 *                what is there.
 * Answers to agoric-sdk #8955.
 */
#ifndef VK_CORE_SUSPEND_H
#define VK_CORE_SUSPEND_H

#include "deliver.h"

/* vk_deliver_event for vats in any state: `results` are those of the start and the delivery together, and a vat whose
 * policy says so is spared. */
enum vk_err vk_deliver_by_state(struct vk_kernel *kernel, const struct vk_event *event,
                                struct vk_crank_results *results) VK_MUST_CHECK;
/* deliver.c's part: whether the vat gets what is addressed to it now; starts it, if it must be. If not, all that is
 * to be done is done or in *out. */
enum vk_err vk_receive(struct vk_kernel *kernel, struct vk_vat_id vat, const struct vk_event *event,
                       struct vk_crank_results *out, bool *received) VK_MUST_CHECK;
/* After the roll-back: pauses (and suspends) the vat of results->is_spared, keeps the event, tells vat-admin
 * vatPaused(vatID, isSuspended, problem). */
enum vk_err vk_spare_vat(struct vk_kernel *kernel, const struct vk_event *event,
                         const struct vk_crank_results *results) VK_MUST_CHECK;
/* The next event that waited in a side queue and need not wait any longer. */
enum vk_err vk_side_queue_next_event(struct vk_kernel *kernel, bool *found, struct vk_event *out)
    VK_MUST_CHECK;

enum vk_err vk_process_suspend_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_crank_results *out) VK_MUST_CHECK;
enum vk_err vk_process_unsuspend_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                     struct vk_crank_results *out) VK_MUST_CHECK;
/* Queues a suspend-vat or unsuspend-vat event. */
enum vk_err vk_queue_state_event(struct vk_kernel *kernel, enum vk_event_type type,
                                 struct vk_vat_id vat) VK_MUST_CHECK;
/* PAUSE and RESUME hold at once. A vat that is not alive is left alone. */
enum vk_err vk_pause_or_resume(struct vk_kernel *kernel, struct vk_vat_id vat,
                               enum vk_vat_event event) VK_MUST_CHECK;
/* Writes the state that the table says and logs it. Its action is the caller's to do. */
enum vk_err vk_vat_change_state(struct vk_kernel *kernel, struct vk_vat_id vat,
                                enum vk_vat_state from, enum vk_vat_event event) VK_MUST_CHECK;

#endif
