/* undo.c - the undo log of a crank. See undo.h. */
#include "undo.h"

#include "overlay.h"

struct vk_undo_record {
    struct vk_undo_record *older;
    struct vk_overlay *overlay;
    struct vk_entry *entry;
    struct vk_state_hash term;
    uint32_t value_n;
    bool live;
    char value[];
};

void vk_undo_init(struct vk_undo *undo, const struct vk_heap *heap) {
    *undo = (struct vk_undo){.interval = 1};
    vk_arena_init(&undo->arena, heap);
}

void vk_undo_release(struct vk_undo *undo) { vk_arena_release(&undo->arena); }

void vk_undo_open(struct vk_undo *undo) {
    VK_ASSERT(!undo->is_open && !undo->newest); /* INV-UNDO-3: one crank at a time */
    undo->is_open = true;
    undo->interval++;
}

struct vk_undo_record *vk_undo_mark(struct vk_undo *undo) {
    VK_ASSERT(undo->is_open); /* INV-STORE-1 */
    undo->interval++;
    return undo->newest;
}

enum vk_err vk_undo_log(struct vk_undo *undo, struct vk_overlay *overlay, struct vk_entry *entry) {
    if (!undo->is_open || entry->logged == undo->interval) return VK_OK; /* INV-UNDO-1 */
    size_t value_n = entry->live ? entry->value_n : 0;
    struct vk_undo_record *record = vk_arena_alloc(&undo->arena, sizeof *record + value_n);
    if (!record) return VK_RAISE(VK_ERR_NOMEM, "undo record of %zu bytes", value_n);
    *record = (struct vk_undo_record){undo->newest, overlay,           entry,
                                      entry->term,  (uint32_t)value_n, entry->live};
    if (value_n) memcpy(record->value, entry->value, value_n);
    undo->newest = record;
    entry->logged = undo->interval;
    return VK_OK;
}

void vk_undo_revert(struct vk_undo *undo, struct vk_undo_record *mark) {
    while (undo->newest != mark) {
        struct vk_undo_record *record = undo->newest;
        VK_ASSERT(record); /* INV-UNDO-4: the mark is in the log */
        vk_overlay_restore(record->overlay, record->entry,
                           (struct vk_str){record->value, record->value_n}, record->live);
        record->entry->term = record->term;
        undo->newest = record->older;
    }
    undo->interval++;
}

void vk_undo_close(struct vk_undo *undo) {
    undo->newest = NULL;
    undo->is_open = false;
    undo->interval++;
    vk_arena_clear(&undo->arena);
}
