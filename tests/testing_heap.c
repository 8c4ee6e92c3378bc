/* testing_heap.c - see testing_heap.h. */
#include "testing_heap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Gives one chunk and no more. */
static void *alloc_once(void *impl, size_t size) {
    bool *given = impl;
    if (*given) return NULL;
    *given = true;
    return malloc(size);
}

static void *resize_never(void *impl, void *ptr, size_t old_size, size_t new_size) {
    (void)impl;
    (void)ptr;
    (void)old_size;
    (void)new_size;
    return NULL;
}

static void give_back(void *impl, void *ptr, size_t size) {
    (void)impl;
    (void)size;
    free(ptr);
}

void test_sweep_arena(void (*operation)(struct vk_arena *arena, enum vk_err *err),
                      unsigned failures_min) {
    unsigned failures = 0;
    enum vk_err err = VK_ERR_NOMEM;
    for (size_t room = 0; err != VK_OK; room += 16, failures++) {
        bool given = false;
        struct vk_heap heap = {&given, alloc_once, resize_never, give_back};
        struct vk_arena arena;
        vk_arena_init(&arena, &heap);
        cr_assert(vk_arena_alloc(&arena, 1) != NULL);
        size_t left = (size_t)(arena.end - arena.next);
        cr_assert(room <= left, "the operation needs more than one chunk");
        cr_assert(vk_arena_alloc(&arena, left - room) != NULL);
        operation(&arena, &err);
        cr_assert(err == VK_OK || err == VK_ERR_NOMEM, "with %zu bytes: %s", room,
                  vk_err_name(err));
        vk_arena_release(&arena);
    }
    cr_assert(failures > failures_min, "only %u failures", failures);
}
