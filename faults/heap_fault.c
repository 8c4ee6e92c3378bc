/* heap_fault.c - see heap_fault.h. */
#include "heap_fault.h"

static bool is_out_of_memory(const struct fault_heap *heap) {
    return fault_strikes(heap->set, FAULT_HEAP, FAULT_ANY_VAT) != NULL;
}

static void *shim_alloc(void *impl, size_t size) {
    const struct fault_heap *heap = impl;
    return is_out_of_memory(heap) ? NULL : heap->below->alloc(heap->below->impl, size);
}

static void *shim_resize(void *impl, void *ptr, size_t old_size, size_t new_size) {
    const struct fault_heap *heap = impl;
    if (new_size > old_size && is_out_of_memory(heap)) return NULL; /* INV-HEAP-FAULT-1 */
    return heap->below->resize(heap->below->impl, ptr, old_size, new_size);
}

static void shim_free(void *impl, void *ptr, size_t size) {
    const struct fault_heap *heap = impl;
    heap->below->free(heap->below->impl, ptr, size);
}

void fault_heap_init(struct fault_heap *heap, struct fault_set *set, const struct vk_heap *below) {
    VK_ASSERT(set && below); /* INV-HEAP-FAULT-1 */
    *heap = (struct fault_heap){
        .port = {heap, shim_alloc, shim_resize, shim_free}, .below = below, .set = set};
}
