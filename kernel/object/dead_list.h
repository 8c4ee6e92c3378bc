/* dead_list.h - krefs whose counts fell to zero and that must be looked at before the crank ends.
 *
 * An insertion-ordered set, like the JavaScript Set it answers to (maybeFreeKrefs in kernelKeeper.js): adding a
 * member again changes nothing, members added during a walk are walked. It outlives a rollback; the walk
 * must therefore expect krefs that no longer exist.
 *
 * INV-DEAD-1  `items` holds no kref twice; `table` holds exactly the indexes of `items`.
 */
#ifndef VK_OBJECT_DEAD_LIST_H
#define VK_OBJECT_DEAD_LIST_H

#include "../base/slots.h"

struct vk_dead_list {
    const struct vk_heap *heap;
    struct vk_kref *items;
    size_t count;
    size_t capacity;
    uint32_t *table; /* open addressing: index into items plus one, 0 for free */
    size_t table_size;
};

void vk_dead_list_init(struct vk_dead_list *list, const struct vk_heap *heap);
void vk_dead_list_release(struct vk_dead_list *list);
enum vk_err vk_dead_list_add(struct vk_dead_list *list, struct vk_kref kref) VK_MUST_CHECK;
bool vk_dead_list_has(const struct vk_dead_list *list, struct vk_kref kref);
/* Forgets all members, keeps the memory. */
void vk_dead_list_clear(struct vk_dead_list *list);

#endif
