/* kv_overlay.c - the key-value operations of the write-back mode. See kv_overlay.h and
 * store_state.h.
 *
 * INV-KV-OVERLAY-1  A live entry's term is its part of store->state_hash: zero if it has none.
 */
#include "kv_overlay.h"

#include "kv_sql.h"
#include "store_state.h"

static enum vk_err kv_overlay_get(struct vk_store *store, struct vk_arena *arena, struct vk_str key,
                                  struct vk_str *value) {
    struct vk_entry *entry = vk_overlay_get(&store->kv, key);
    *value = VK_STR_NONE;
    return entry ? vk_arena_copy(arena, vk_entry_value(entry), value) : VK_OK;
}

static enum vk_err kv_overlay_has(struct vk_store *store, struct vk_str key, bool *has) {
    *has = vk_overlay_get(&store->kv, key) != NULL;
    return VK_OK;
}

static enum vk_err kv_overlay_next(struct vk_store *store, struct vk_arena *arena,
                                   struct vk_str prior, struct vk_str *next) {
    struct vk_entry *entry = vk_overlay_above(&store->kv, prior);
    *next = VK_STR_NONE;
    return entry ? vk_arena_copy(arena, vk_entry_key(entry), next) : VK_OK;
}

static enum vk_err kv_overlay_set(struct vk_store *store, struct vk_str key, struct vk_str value) {
    uint64_t hash = vk_overlay_hash(key);
    struct vk_entry *entry = vk_overlay_find(&store->kv, key, hash);
    bool was_live = entry && entry->live;
    if (was_live && vk_str_eq(vk_entry_value(entry), value)) return VK_OK;
    VK_TRY(vk_overlay_put(&store->kv, key, hash, entry, VK_STR_NONE, value, &entry));
    if (store->options.no_state_hash || !vk_state_hash_covers(key)) return VK_OK;
    if (was_live) vk_state_hash_subtract(&store->state_hash, entry->term);
    entry->term = vk_state_hash_term(key, value);
    vk_state_hash_add(&store->state_hash, entry->term);
    return VK_OK;
}

static enum vk_err kv_overlay_remove(struct vk_store *store, struct vk_str key) {
    struct vk_entry *entry = vk_overlay_get(&store->kv, key);
    if (!entry) return VK_OK;
    struct vk_state_hash term = entry->term;
    VK_TRY(vk_overlay_kill(&store->kv, entry));
    vk_state_hash_subtract(&store->state_hash, term);
    return VK_OK;
}

static enum vk_err kv_overlay_recompute(struct vk_store *store, struct vk_state_hash *out) {
    *out = (struct vk_state_hash){0, 0};
    struct vk_str key = VK_STR("");
    /* The empty key is above no key. */
    struct vk_entry *entry = vk_overlay_get(&store->kv, key);
    if (!entry) entry = vk_overlay_above(&store->kv, key);
    for (; entry; entry = vk_overlay_above(&store->kv, vk_entry_key(entry)))
        if (vk_state_hash_covers(vk_entry_key(entry)))
            vk_state_hash_add(out, vk_state_hash_term(vk_entry_key(entry), vk_entry_value(entry)));
    return VK_OK;
}

struct loading {
    struct vk_store *store;
    struct vk_str previous;
};

static enum vk_err load_row(void *impl, struct vk_str key, struct vk_str value) {
    struct loading *loading = impl;
    struct vk_store *store = loading->store;
    struct vk_entry *entry;
    if (vk_str_present(loading->previous) && vk_str_cmp(loading->previous, key) >= 0)
        return VK_RAISE(VK_ERR_CORRUPT, "kvStore's keys are not in order at %.*s", VK_STR_ARG(key));
    VK_TRY(vk_overlay_load(&store->kv, key, value, true, &entry));
    loading->previous = vk_entry_key(entry);
    if (store->options.no_state_hash || !vk_state_hash_covers(key)) return VK_OK;
    entry->term = vk_state_hash_term(key, value);
    vk_state_hash_add(&store->state_hash, entry->term);
    return VK_OK;
}

enum vk_err vk_kv_overlay_load(struct vk_store *store) {
    struct loading loading = {store, VK_STR_NONE};
    return vk_kv_sql_walk(store, load_row, &loading);
}

enum vk_err vk_kv_overlay_write(struct vk_store *store) {
    for (struct vk_entry *entry = store->kv.dirty_first; entry; entry = entry->dirty_next) {
        if (entry->live) {
            VK_TRY(vk_sql_run(&store->sql, VK_SQL_KV_SET, "tt", vk_entry_key(entry),
                              vk_entry_value(entry)));
        } else {
            VK_TRY(vk_sql_run(&store->sql, VK_SQL_KV_DELETE, "t", vk_entry_key(entry)));
        }
    }
    return VK_OK;
}

void vk_kv_overlay_committed(struct vk_store *store) {
    while (store->kv.dirty_first) {
        struct vk_entry *entry = store->kv.dirty_first;
        if (entry->live)
            vk_overlay_clean(&store->kv, entry);
        else
            vk_overlay_forget(&store->kv, entry);
    }
}

const struct vk_kv_ops vk_kv_overlay = {
    kv_overlay_get, kv_overlay_has,    kv_overlay_next,
    kv_overlay_set, kv_overlay_remove, kv_overlay_recompute,
};
