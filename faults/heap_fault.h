/* heap_fault.h - a heap port that has no memory when a fault says so.
 *
 * HEAP is asked for at each allocation and at each resize to more; never where memory is given back.
 *
 * INV-HEAP-FAULT-1  A resize that fails leaves what it was to resize as it was.
 */
#ifndef FAULTS_HEAP_FAULT_H
#define FAULTS_HEAP_FAULT_H

#include "fault.h"
#include "vk/arena.h"

/* Fill in with fault_heap_init(); hand on `port`. */
struct fault_heap {
    struct vk_heap port;
    const struct vk_heap *below;
    struct fault_set *set;
};

/* `below` and `set` must outlive `heap`, which must stay where it is. */
void fault_heap_init(struct fault_heap *heap, struct fault_set *set, const struct vk_heap *below);

#endif
