/* slab.h - blocks of memory in size classes over the heap port, for what is written in every crank.
 *
 * INV-SLAB-1  A block goes back to the class that it came from: the class follows from its capacity
 *             alone.
 * INV-SLAB-2  In the steady state (as many blocks freed as allocated, class by class) the heap is
 *             not called.
 *
 * Large blocks go to the heap and back, one by one. Memory of small ones is returned at release
 * only.
 */
#ifndef VK_STORE_SLAB_H
#define VK_STORE_SLAB_H

#include "vk/arena.h"

enum { VK_SLAB_CLASS_COUNT = 28 };

struct vk_slab_block;
struct vk_slab_chunk;

struct vk_slab {
    const struct vk_heap *heap;
    struct vk_slab_block *free[VK_SLAB_CLASS_COUNT];
    struct vk_slab_chunk *chunks;
    char *next; /* what is left of the newest chunk */
    char *end;
};

void vk_slab_init(struct vk_slab *slab, const struct vk_heap *heap);
/* All small blocks at once; every large one must have been freed before. */
void vk_slab_release(struct vk_slab *slab);
/* At least `size` bytes, 16-aligned; *capacity says how many. NULL when the heap has none left. */
void *vk_slab_alloc(struct vk_slab *slab, size_t size, size_t *capacity);
/* `capacity` as given by vk_slab_alloc, or the size that was asked for. NULL is allowed. */
void vk_slab_free(struct vk_slab *slab, void *block, size_t capacity);

#endif
