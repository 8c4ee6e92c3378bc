/* queue.h - the acceptance queue and the run-queue: numbered entries between a head and a tail.
 *
 * INV-QUEUE-1  Entries head .. tail-1 exist and no others.
 * Answers to enqueue and dequeue in kernelKeeper.js.
 */
#ifndef VK_OBJECT_QUEUE_H
#define VK_OBJECT_QUEUE_H

#include "state.h"

enum vk_queue { VK_QUEUE_ACCEPTANCE, VK_QUEUE_RUN };

struct vk_queue_bounds {
    uint64_t head, tail;
};

/* Reads "[head,tail]", as every queue's key has it, the side queues' too. Which of the two may be the greater is for the
 * caller to say. */
bool vk_queue_bounds_parse(struct vk_str text, struct vk_queue_bounds *out);

/* Appends an event, a JSON text. */
enum vk_err vk_queue_add(struct vk_state *state, enum vk_queue queue, struct vk_str event)
    VK_MUST_CHECK;
/* Takes the oldest event off, or gives VK_STR_NONE. */
enum vk_err vk_queue_take(struct vk_state *state, enum vk_queue queue, struct vk_str *event)
    VK_MUST_CHECK;
enum vk_err vk_queue_length(struct vk_state *state, enum vk_queue queue, uint64_t *length)
    VK_MUST_CHECK;

#endif
