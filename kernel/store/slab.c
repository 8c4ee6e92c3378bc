/* slab.c - size-class free lists. See slab.h.
 *
 * Classes: every 16 bytes up to 256, then two a power of two up to 16 KiB. Above: the heap, in the
 * same steps, so that a text that grows byte by byte is copied O(log n) times.
 */
#include "slab.h"

enum { CHUNK_SIZE = 64 * 1024, SMALL_STEP = 16, SMALL_MAX = 256, BLOCK_MAX = 16 * 1024 };

struct vk_slab_block {
    struct vk_slab_block *next;
};

struct vk_slab_chunk {
    struct vk_slab_chunk *older;
    size_t size;
};

void vk_slab_init(struct vk_slab *slab, const struct vk_heap *heap) {
    *slab = (struct vk_slab){.heap = heap};
}

void vk_slab_release(struct vk_slab *slab) {
    while (slab->chunks) {
        struct vk_slab_chunk *chunk = slab->chunks;
        slab->chunks = chunk->older;
        slab->heap->free(slab->heap->impl, chunk, chunk->size);
    }
    vk_slab_init(slab, slab->heap);
}

/* The capacity of the class that holds `size` bytes: SMALL_STEP multiples, then 384, 512, 768,
 * 1024 ... */
static size_t capacity_of(size_t size) {
    if (size <= SMALL_STEP) return SMALL_STEP;
    if (size <= SMALL_MAX) return (size + SMALL_STEP - 1) & ~(size_t)(SMALL_STEP - 1);
    size_t power = (size_t)1 << (63 - __builtin_clzll((unsigned long long)(size - 1)));
    return size <= power + power / 2 ? power + power / 2 : power * 2;
}

static size_t class_of(size_t capacity) {
    if (capacity <= SMALL_MAX) return capacity / SMALL_STEP - 1;
    size_t log = (size_t)(63 - __builtin_clzll((unsigned long long)capacity));
    bool half = capacity != (size_t)1 << log;
    return SMALL_MAX / SMALL_STEP + (log - 8) * 2 - (half ? 0 : 1);
}

static bool chunk_add(struct vk_slab *slab) {
    struct vk_slab_chunk *chunk = slab->heap->alloc(slab->heap->impl, CHUNK_SIZE);
    if (!chunk) return false;
    chunk->older = slab->chunks;
    chunk->size = CHUNK_SIZE;
    slab->chunks = chunk;
    slab->next = (char *)chunk + SMALL_STEP;
    slab->end = (char *)chunk + CHUNK_SIZE;
    return true;
}

void *vk_slab_alloc(struct vk_slab *slab, size_t size, size_t *capacity) {
    if (size > SIZE_MAX / 4) return NULL;
    size_t block_size = capacity_of(size);
    *capacity = block_size;
    if (block_size > BLOCK_MAX) return slab->heap->alloc(slab->heap->impl, block_size);
    size_t class = class_of(block_size);
    VK_ASSERT(class < VK_SLAB_CLASS_COUNT && block_size >= size); /* INV-SLAB-1 */
    struct vk_slab_block *block = slab->free[class];
    if (block) {
        slab->free[class] = block->next;
        return block;
    }
    if ((size_t)(slab->end - slab->next) < block_size && !chunk_add(slab)) return NULL;
    void *fresh = slab->next;
    slab->next += block_size;
    return fresh;
}

void vk_slab_free(struct vk_slab *slab, void *block, size_t capacity) {
    if (!block) return;
    size_t block_size = capacity_of(capacity);
    if (block_size > BLOCK_MAX) {
        slab->heap->free(slab->heap->impl, block, block_size);
        return;
    }
    size_t class = class_of(block_size);
    VK_ASSERT(class < VK_SLAB_CLASS_COUNT); /* INV-SLAB-1 */
    struct vk_slab_block *freed = block;
    freed->next = slab->free[class];
    slab->free[class] = freed;
}
