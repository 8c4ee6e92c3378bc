/* testing_heap.h - an arena that runs out of memory at every place in turn.
 */
#ifndef TESTING_HEAP_H
#define TESTING_HEAP_H

#include <vk/arena.h>

/* Runs `operation` in arenas with no room at all, with 16 bytes, 32 ... until it succeeds. Each run
 * before that must say VK_ERR_NOMEM, and there must be at least `failures_min` of them. */
void test_sweep_arena(void (*operation)(struct vk_arena *arena, enum vk_err *err),
                      unsigned failures_min);

#endif
