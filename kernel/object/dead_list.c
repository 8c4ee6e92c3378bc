/* dead_list.c - see dead_list.h. */
#include "dead_list.h"

enum { CAPACITY_MIN = 64 };

void vk_dead_list_init(struct vk_dead_list *list, const struct vk_heap *heap) {
    *list = (struct vk_dead_list){.heap = heap};
}

void vk_dead_list_release(struct vk_dead_list *list) {
    const struct vk_heap *heap = list->heap;
    if (list->items) heap->free(heap->impl, list->items, list->capacity * sizeof *list->items);
    if (list->table) heap->free(heap->impl, list->table, list->table_size * sizeof *list->table);
    vk_dead_list_init(list, heap);
}

static size_t slot_of(const struct vk_dead_list *list, struct vk_kref kref) {
    uint64_t hash = (kref.id * 4 + (uint64_t)kref.type) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)(hash >> 32) & (list->table_size - 1);
    while (list->table[slot] && !vk_kref_eq(list->items[list->table[slot] - 1], kref))
        slot = (slot + 1) & (list->table_size - 1);
    return slot;
}

static enum vk_err grow(struct vk_dead_list *list) {
    const struct vk_heap *heap = list->heap;
    size_t capacity = list->capacity ? list->capacity * 2 : CAPACITY_MIN;
    size_t table_size = capacity * 2;
    struct vk_kref *items = heap->alloc(heap->impl, capacity * sizeof *items);
    uint32_t *table = heap->alloc(heap->impl, table_size * sizeof *table);
    if (!items || !table) {
        if (items) heap->free(heap->impl, items, capacity * sizeof *items);
        if (table) heap->free(heap->impl, table, table_size * sizeof *table);
        return VK_RAISE(VK_ERR_NOMEM, "work list of %zu krefs", capacity);
    }
    memset(table, 0, table_size * sizeof *table);
    struct vk_dead_list old = *list;
    if (old.count) memcpy(items, old.items, old.count * sizeof *items);
    *list = (struct vk_dead_list){heap, items, old.count, capacity, table, table_size};
    for (size_t i = 0; i < list->count; i++)
        list->table[slot_of(list, items[i])] = (uint32_t)i + 1;
    vk_dead_list_release(&old);
    return VK_OK;
}

enum vk_err vk_dead_list_add(struct vk_dead_list *list, struct vk_kref kref) {
    if (list->count == list->capacity) VK_TRY(grow(list));
    size_t slot = slot_of(list, kref);
    if (list->table[slot]) return VK_OK;
    VK_ASSERT(list->count < UINT32_MAX); /* INV-DEAD-1: indexes fit the table */
    list->items[list->count++] = kref;
    list->table[slot] = (uint32_t)list->count;
    return VK_OK;
}

bool vk_dead_list_has(const struct vk_dead_list *list, struct vk_kref kref) {
    return list->count && list->table[slot_of(list, kref)] != 0;
}

void vk_dead_list_clear(struct vk_dead_list *list) {
    if (!list->count) return;
    if (list->count * 8 < list->table_size) {
        for (size_t i = list->count; i > 0; i--)
            list->table[slot_of(list, list->items[i - 1])] = 0;
    } else {
        memset(list->table, 0, list->table_size * sizeof *list->table);
    }
    list->count = 0;
}
