/* undo.h - the undo log of a crank over any number of overlays.
 *
 * INV-UNDO-1  Between two marks an entry is logged at most once, before its first change.
 * INV-UNDO-2  Reverting allocates nothing and cannot fail: an entry's buffer never shrinks, and no
 *             entry is freed, while the log is open.
 */
#ifndef VK_STORE_UNDO_H
#define VK_STORE_UNDO_H

#include "vk/arena.h"
#include "vk/store.h"

struct vk_entry;
struct vk_overlay;
struct vk_undo_record;

struct vk_undo {
    struct vk_arena arena;
    struct vk_undo_record *newest;
    uint64_t interval; /* the number of the stretch between two marks, never used twice */
    bool is_open;
};

void vk_undo_init(struct vk_undo *undo, const struct vk_heap *heap);
void vk_undo_release(struct vk_undo *undo);
/* Changes are logged from here on; before, they are final at once. */
void vk_undo_open(struct vk_undo *undo);
/* A point to go back to. */
struct vk_undo_record *vk_undo_mark(struct vk_undo *undo);
/* Remembers how `entry` is, unless it is remembered since the last mark. VK_ERR_NOMEM: nothing
 * happened. */
enum vk_err vk_undo_log(struct vk_undo *undo, struct vk_overlay *overlay, struct vk_entry *entry)
    VK_MUST_CHECK;
/* All entries are again as they were at the mark. */
void vk_undo_revert(struct vk_undo *undo, struct vk_undo_record *mark);
/* Forgets everything; entries that ended without a value may now go. */
void vk_undo_close(struct vk_undo *undo);

#endif
