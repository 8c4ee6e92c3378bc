/* overlay.c - hash table, life and death of an overlay's entries. See overlay.h.
 *
 * The table is open-addressed with linear probing, at most 3/4 full, and closes the gap at a
 * removal, so that a probe never meets a grave. Nothing walks it in its own order but growth, whose
 * result does not depend on it. A probe reads one byte a slot (the tag) and the slot itself only
 * where the tag fits: with millions of keys the tags stay in the cache when the slots do not, and
 * most keys that are looked for in vain, or new, cost no miss.
 *
 * INV-TABLE-1  tags[i] is 0 exactly where slots[i] is free, else the tag of slots[i].hash.
 */
#include "overlay.h"

#include "vk/probe.h"

#include "xxh3.h"

struct vk_overlay_slot {
    uint64_t hash;
    struct vk_entry *entry;
};

enum { SLOT_COUNT_MIN = 256, SLOT_SIZE = sizeof(struct vk_overlay_slot) + sizeof(uint8_t) };

void vk_overlay_init(struct vk_overlay *overlay, struct vk_slab *slab, struct vk_undo *undo) {
    *overlay = (struct vk_overlay){.slab = slab, .undo = undo};
}

static size_t entry_size(unsigned level_count, size_t key_n) {
    return sizeof(struct vk_entry) + level_count * sizeof(struct vk_order_link) + key_n;
}

static void entry_free(struct vk_overlay *overlay, struct vk_entry *entry) {
    vk_slab_free(overlay->slab, entry->value, entry->value_capacity);
    vk_slab_free(overlay->slab, entry, entry_size(entry->level_count, entry->key_n));
}

void vk_overlay_release(struct vk_overlay *overlay) {
    const struct vk_heap *heap = overlay->slab->heap;
    for (size_t i = 0; i < overlay->slot_count; i++)
        if (overlay->tags[i]) entry_free(overlay, overlay->slots[i].entry);
    if (overlay->slots) heap->free(heap->impl, overlay->slots, overlay->slot_count * SLOT_SIZE);
    vk_overlay_init(overlay, overlay->slab, overlay->undo);
}

uint64_t vk_overlay_hash(struct vk_str key) { return XXH3_64bits(key.p, key.n); }

static size_t slot_home(const struct vk_overlay *overlay, uint64_t hash) {
    return (size_t)(hash >> 32) & (overlay->slot_count - 1);
}

static uint8_t slot_tag(uint64_t hash) {
    uint8_t tag = (uint8_t)(hash >> 24);
    return tag ? tag : 1;
}

static void slot_fill(struct vk_overlay *overlay, uint64_t hash, struct vk_entry *entry) {
    size_t i = slot_home(overlay, hash);
    while (overlay->tags[i])
        i = (i + 1) & (overlay->slot_count - 1);
    overlay->slots[i] = (struct vk_overlay_slot){hash, entry};
    overlay->tags[i] = slot_tag(hash);
}

/* Room for one more entry. */
static enum vk_err slots_reserve(struct vk_overlay *overlay) {
    if (overlay->entry_count < overlay->slot_count / 4 * 3) return VK_OK;
    const struct vk_heap *heap = overlay->slab->heap;
    const struct vk_overlay old = *overlay;
    size_t count = old.slot_count ? old.slot_count * 2 : SLOT_COUNT_MIN;
    void *table = heap->alloc(heap->impl, count * SLOT_SIZE);
    if (!table) return VK_RAISE(VK_ERR_NOMEM, "hash table of %zu slots", count);
    overlay->slots = table;
    overlay->tags = (uint8_t *)(overlay->slots + count);
    overlay->slot_count = count;
    memset(overlay->tags, 0, count);
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.tags[i]) slot_fill(overlay, old.slots[i].hash, old.slots[i].entry);
    if (old.slots) heap->free(heap->impl, old.slots, old.slot_count * SLOT_SIZE);
    return VK_OK;
}

static void slot_clear(struct vk_overlay *overlay, const struct vk_entry *entry) {
    struct vk_overlay_slot *slots = overlay->slots;
    size_t mask = overlay->slot_count - 1;
    uint8_t tag = slot_tag(entry->hash);
    size_t hole = slot_home(overlay, entry->hash);
    while (overlay->tags[hole] != tag || slots[hole].entry != entry) {
        VK_ASSERT(overlay->tags[hole]); /* INV-OVERLAY-1 */
        hole = (hole + 1) & mask;
    }
    for (size_t i = (hole + 1) & mask; overlay->tags[i]; i = (i + 1) & mask) {
        size_t home = slot_home(overlay, slots[i].hash);
        /* The entry at i may move to the hole if its home is not in (hole, i]. */
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        VK_SOMETIMES(hash_table_gap_closed);
        slots[hole] = slots[i];
        overlay->tags[hole] = overlay->tags[i];
        hole = i;
    }
    overlay->tags[hole] = 0;
    overlay->entry_count--;
}

struct vk_entry *vk_overlay_find(const struct vk_overlay *overlay, struct vk_str key,
                                 uint64_t hash) {
    if (overlay->slot_count == 0) return NULL;
    size_t mask = overlay->slot_count - 1;
    uint8_t tag = slot_tag(hash);
    for (size_t i = slot_home(overlay, hash); overlay->tags[i]; i = (i + 1) & mask) {
        if (overlay->tags[i] != tag || overlay->slots[i].hash != hash) continue;
        struct vk_entry *entry = overlay->slots[i].entry;
        if (vk_str_eq(vk_entry_key(entry), key)) return entry;
    }
    return NULL;
}

struct vk_entry *vk_overlay_get(const struct vk_overlay *overlay, struct vk_str key) {
    struct vk_entry *entry = vk_overlay_find(overlay, key, vk_overlay_hash(key));
    return entry && entry->live ? entry : NULL;
}

static void dirty_add(struct vk_overlay *overlay, struct vk_entry *entry) {
    if (entry->dirty) return;
    entry->dirty = true;
    entry->dirty_next = NULL;
    entry->dirty_prev = overlay->dirty_last;
    if (overlay->dirty_last)
        overlay->dirty_last->dirty_next = entry;
    else
        overlay->dirty_first = entry;
    overlay->dirty_last = entry;
}

static void dirty_remove(struct vk_overlay *overlay, struct vk_entry *entry) {
    if (!entry->dirty) return;
    entry->dirty = false;
    if (entry->dirty_prev)
        entry->dirty_prev->dirty_next = entry->dirty_next;
    else
        overlay->dirty_first = entry->dirty_next;
    if (entry->dirty_next)
        entry->dirty_next->dirty_prev = entry->dirty_prev;
    else
        overlay->dirty_last = entry->dirty_prev;
}

/* A dead, loose entry without a value, in the table. */
static enum vk_err entry_new(struct vk_overlay *overlay, struct vk_str key, uint64_t hash,
                             size_t value_n, struct vk_entry **out) {
    VK_TRY(slots_reserve(overlay));
    unsigned level_count = vk_order_levels(hash);
    size_t size = entry_size(level_count, key.n), capacity, value_capacity;
    struct vk_entry *entry = vk_slab_alloc(overlay->slab, size, &capacity);
    char *value = vk_slab_alloc(overlay->slab, value_n, &value_capacity);
    if (!entry || !value) {
        vk_slab_free(overlay->slab, entry, size);
        vk_slab_free(overlay->slab, value, value_n);
        return VK_RAISE(VK_ERR_NOMEM, "entry of %zu bytes", size + value_n);
    }
    *entry = (struct vk_entry){.hash = hash,
                               .value = value,
                               .value_capacity = (uint32_t)value_capacity,
                               .key_n = (uint32_t)key.n,
                               .level_count = (uint8_t)level_count};
    if (key.n) memcpy(entry->links + level_count, key.p, key.n);
    slot_fill(overlay, hash, entry);
    overlay->entry_count++;
    *out = entry;
    return VK_OK;
}

/* Room for a value of n bytes; what the old one said is lost only when there is. */
static enum vk_err entry_reserve(struct vk_overlay *overlay, struct vk_entry *entry, size_t n) {
    if (entry->value_capacity >= n) return VK_OK;
    size_t capacity;
    char *value = vk_slab_alloc(overlay->slab, n, &capacity);
    if (!value) return VK_RAISE(VK_ERR_NOMEM, "value of %zu bytes", n);
    vk_slab_free(overlay->slab, entry->value, entry->value_capacity);
    entry->value = value;
    entry->value_capacity = (uint32_t)capacity;
    return VK_OK;
}

static void entry_fill(struct vk_entry *entry, struct vk_str head, struct vk_str body) {
    VK_ASSERT(entry->value_capacity >= head.n + body.n); /* INV-UNDO-2 */
    if (head.n) memcpy(entry->value, head.p, head.n);
    if (body.n) memcpy(entry->value + head.n, body.p, body.n);
    entry->value_n = (uint32_t)(head.n + body.n);
    entry->live = true;
}

enum vk_err vk_overlay_put(struct vk_overlay *overlay, struct vk_str key, uint64_t hash,
                           struct vk_entry *known, struct vk_str head, struct vk_str body,
                           struct vk_entry **out) {
    struct vk_entry *entry = known;
    size_t n = head.n + body.n;
    if (key.n > UINT32_MAX / 4 || n > UINT32_MAX / 4)
        return VK_RAISE(VK_ERR_USAGE, "key of %zu or value of %zu bytes", key.n, n);
    if (entry) {
        VK_TRY(vk_undo_log(overlay->undo, overlay, entry));
        VK_TRY(entry_reserve(overlay, entry, n));
    } else {
        VK_TRY(entry_new(overlay, key, hash, n, &entry));
        enum vk_err err = vk_undo_log(overlay->undo, overlay, entry);
        if (err != VK_OK) {
            slot_clear(overlay, entry);
            entry_free(overlay, entry);
            return err;
        }
    }
    entry_fill(entry, head, body);
    if (entry->place == VK_ORDER_LOOSE) vk_order_add(&overlay->order, entry);
    dirty_add(overlay, entry);
    *out = entry;
    return VK_OK;
}

enum vk_err vk_overlay_touch(struct vk_overlay *overlay, struct vk_entry *entry) {
    VK_ASSERT(entry->live); /* INV-OVERLAY-4: only what has a value is changed in place */
    VK_TRY(vk_undo_log(overlay->undo, overlay, entry));
    dirty_add(overlay, entry);
    return VK_OK;
}

static void dying_add(struct vk_overlay *overlay, struct vk_entry *entry) {
    if (entry->dying) return;
    entry->dying = true;
    entry->dying_next = overlay->dying;
    overlay->dying = entry;
}

enum vk_err vk_overlay_kill(struct vk_overlay *overlay, struct vk_entry *entry) {
    VK_ASSERT(entry->live); /* INV-OVERLAY-4 */
    VK_TRY(vk_undo_log(overlay->undo, overlay, entry));
    entry->live = false;
    dirty_add(overlay, entry);
    dying_add(overlay, entry);
    if (!overlay->undo->is_open) vk_overlay_reap(overlay);
    return VK_OK;
}

void vk_overlay_restore(struct vk_overlay *overlay, struct vk_entry *entry, struct vk_str value,
                        bool live) {
    VK_SOMETIMES_IF(live && !entry->live, rollback_revived_a_key);
    VK_SOMETIMES_IF(!live && entry->live, rollback_unmade_a_key);
    if (live) {
        entry_fill(entry, VK_STR_NONE, value);
        VK_ASSERT(entry->place != VK_ORDER_LOOSE); /* INV-ORDER-2 */
    } else {
        entry->live = false;
        dying_add(overlay, entry);
    }
}

enum vk_err vk_overlay_load(struct vk_overlay *overlay, struct vk_str key, struct vk_str value,
                            bool at_end, struct vk_entry **out) {
    VK_TRY(entry_new(overlay, key, vk_overlay_hash(key), value.n, out));
    entry_fill(*out, VK_STR_NONE, value);
    (*out)->stored = true;
    if (at_end)
        vk_order_append(&overlay->order, *out);
    else
        vk_order_add(&overlay->order, *out);
    return VK_OK;
}

struct vk_entry *vk_overlay_above(struct vk_overlay *overlay, struct vk_str key) {
    struct vk_entry *entry = vk_overlay_find(overlay, key, vk_overlay_hash(key));
    vk_order_settle(&overlay->order);
    /* A walk asks for the key after the one that it was just given. */
    if (entry && entry->place == VK_ORDER_LINKED)
        entry = entry->links[0].next;
    else
        entry = vk_order_above(&overlay->order, key);
    while (entry && !entry->live)
        entry = entry->links[0].next;
    return entry;
}

struct vk_entry *vk_overlay_floor(struct vk_overlay *overlay, struct vk_str key) {
    vk_order_settle(&overlay->order);
    struct vk_entry *entry = vk_order_floor(&overlay->order, key);
    while (entry && !entry->live)
        entry = entry->links[0].prev;
    return entry;
}

void vk_overlay_reap(struct vk_overlay *overlay) {
    VK_ASSERT(!overlay->undo->is_open); /* INV-UNDO-2 */
    while (overlay->dying) {
        struct vk_entry *entry = overlay->dying;
        overlay->dying = entry->dying_next;
        entry->dying = false;
        VK_SOMETIMES_IF(entry->live, key_set_again_in_the_crank_that_deleted_it);
        if (entry->live) continue;
        vk_order_remove(&overlay->order, entry);
        if (!entry->stored) vk_overlay_forget(overlay, entry);
    }
}

void vk_overlay_clean(struct vk_overlay *overlay, struct vk_entry *entry) {
    VK_ASSERT(entry->live); /* INV-OVERLAY-1 */
    dirty_remove(overlay, entry);
    entry->stored = true;
}

void vk_overlay_forget(struct vk_overlay *overlay, struct vk_entry *entry) {
    VK_ASSERT(!entry->dying && !overlay->undo->is_open); /* INV-UNDO-2 */
    vk_order_remove(&overlay->order, entry);
    dirty_remove(overlay, entry);
    slot_clear(overlay, entry);
    entry_free(overlay, entry);
}
