/* side_queue.h - what waits for a paused vat: a queue for each vat that has something waiting, and the list of the
 * queues that are to be worked off, because their vats are paused no more.
 *
 *   sideQueue.vN      [head,tail], absent when nothing waits
 *   sideQueue.vN.M    an event, as it stood in the run-queue
 *   sideQueues.ready  ["vN",...], absent when there is none
 *
 * An entry holds the references that it held in the run-queue. The keys are none of the vat's own ("vN."): slow
 * deletion, which deletes those, must not lose what waits.
 *
 * INV-SIDE-1  Entries head .. tail-1 exist and no others, and head < tail.
 * INV-SIDE-2  A queue is on the ready list exactly when its vat is not paused, or is terminated.
 * INV-SIDE-3  The ready list is worked off before the run-queue: what waited is delivered before what came later, and the
 *             run-queue's turn finds no vat that could run and has something waiting.
 */
#ifndef VK_OBJECT_SIDE_QUEUE_H
#define VK_OBJECT_SIDE_QUEUE_H

#include "state.h"

/* Appends an event, a JSON text. */
enum vk_err vk_side_queue_add(struct vk_state *state, struct vk_vat_id vat, struct vk_str event)
    VK_MUST_CHECK;
/* Takes the oldest event off the queue that was released first, or gives VK_STR_NONE. */
enum vk_err vk_side_queue_take(struct vk_state *state, struct vk_vat_id *vat, struct vk_str *event)
    VK_MUST_CHECK;
enum vk_err vk_side_queue_length(struct vk_state *state, struct vk_vat_id vat, uint64_t *length)
    VK_MUST_CHECK;

/* Puts the vat's queue on the ready list, if there is one and it is not there already; takes it off. */
enum vk_err vk_side_queue_release(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;
enum vk_err vk_side_queue_hold(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;

#endif
