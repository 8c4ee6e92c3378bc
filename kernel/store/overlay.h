/* overlay.h - an ordered map of keys to values in memory that knows what the database does not.
 *
 * A point lookup costs one hash of the key, a write that and, in a crank, an undo record; neither
 * grows with the number of keys. Used twice: for the whole kvStore, and for the block's pending
 * rows of the other tables.
 *
 * INV-OVERLAY-1  Every entry is in the hash table; a dead one (no value) only until
 *                vk_overlay_reap, or until the next commit if the database has its key.
 * INV-OVERLAY-2  What differs from the database is dirty, and is on the dirty list in the order in
 *                which it became so.
 * INV-OVERLAY-3  A failed allocation leaves the overlay as it was.
 */
#ifndef VK_STORE_OVERLAY_H
#define VK_STORE_OVERLAY_H

#include "order.h"
#include "slab.h"
#include "undo.h"

struct vk_entry {
    uint64_t hash;
    struct vk_state_hash term; /* what it adds to the state hash; the owner's to keep */
    char *value;
    uint32_t value_n;
    uint32_t value_capacity;
    uint32_t key_n;
    uint8_t level_count;
    uint8_t place; /* enum vk_order_place */
    bool live : 1;
    bool stored : 1; /* the database has this key */
    bool dirty : 1;
    bool dying : 1;
    uint64_t logged; /* the undo interval in which its old value was remembered */
    struct vk_entry *dirty_prev, *dirty_next;
    struct vk_entry *dying_next;
    struct vk_order_link links[]; /* level_count of them, then the key */
};

struct vk_overlay_slot;

struct vk_overlay {
    struct vk_slab *slab;
    struct vk_undo *undo;
    struct vk_overlay_slot *slots;
    uint8_t *tags; /* in the same block as the slots */
    size_t slot_count;
    size_t entry_count;
    struct vk_order order;
    struct vk_entry *dirty_first, *dirty_last;
    struct vk_entry *dying;
};

static inline struct vk_str vk_entry_key(const struct vk_entry *entry) {
    return (struct vk_str){(const char *)(entry->links + entry->level_count), entry->key_n};
}

static inline struct vk_str vk_entry_value(const struct vk_entry *entry) {
    return (struct vk_str){entry->value, entry->value_n};
}

void vk_overlay_init(struct vk_overlay *overlay, struct vk_slab *slab, struct vk_undo *undo);
void vk_overlay_release(struct vk_overlay *overlay);

uint64_t vk_overlay_hash(struct vk_str key);
/* The key's entry, live or dead, or NULL. */
struct vk_entry *vk_overlay_find(const struct vk_overlay *overlay, struct vk_str key,
                                 uint64_t hash);
/* The key's live entry, or NULL. */
struct vk_entry *vk_overlay_get(const struct vk_overlay *overlay, struct vk_str key);
/* Gives the key a value, `head` and `body` put together; dirty and undoable. Neither may lie in
 * the entry. `known` is the key's entry, or NULL when there is none. */
enum vk_err vk_overlay_put(struct vk_overlay *overlay, struct vk_str key, uint64_t hash,
                           struct vk_entry *known, struct vk_str head, struct vk_str body,
                           struct vk_entry **out) VK_MUST_CHECK;
/* Before the owner changes value bytes in place: dirty and undoable. */
enum vk_err vk_overlay_touch(struct vk_overlay *overlay, struct vk_entry *entry) VK_MUST_CHECK;
/* Takes a live entry's value away; dirty and undoable. */
enum vk_err vk_overlay_kill(struct vk_overlay *overlay, struct vk_entry *entry) VK_MUST_CHECK;
/* For the undo log. */
void vk_overlay_restore(struct vk_overlay *overlay, struct vk_entry *entry, struct vk_str value,
                        bool live);
/* Adds what the database has: clean, and not undoable. There is no such entry yet. `at_end`: the
 * key is above all others. */
enum vk_err vk_overlay_load(struct vk_overlay *overlay, struct vk_str key, struct vk_str value,
                            bool at_end, struct vk_entry **out) VK_MUST_CHECK;

/* In key order, live entries only: the first above `key`; the last not above it. */
struct vk_entry *vk_overlay_above(struct vk_overlay *overlay, struct vk_str key);
struct vk_entry *vk_overlay_floor(struct vk_overlay *overlay, struct vk_str key);

/* Lets the dead go whose return no undo log can ask for any more. */
void vk_overlay_reap(struct vk_overlay *overlay);
/* After a commit, for each entry of the dirty list: what the database now has, or nothing more
 * to say. */
void vk_overlay_clean(struct vk_overlay *overlay, struct vk_entry *entry);
void vk_overlay_forget(struct vk_overlay *overlay, struct vk_entry *entry);

#endif
