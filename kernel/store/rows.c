/* rows.c - keys of pending rows, and their way to the database. See rows.h.
 *
 * A key is its kind, the name's length (2 bytes), the name and, for rows with a position, 8 bytes
 * big-endian.
 */
#include "rows.h"

#include "store_state.h"

enum { NAME_AT = 3, POSITION_SIZE = 8 };

enum vk_err vk_row_name_check(struct vk_str name) {
    if (name.n > VK_ROW_NAME_MAX)
        return VK_RAISE(VK_ERR_USAGE, "a vat or bundle name of %zu bytes", name.n);
    return VK_OK;
}

void vk_row_key_vat(struct vk_row_key *key, enum vk_row_kind kind, struct vk_str vat) {
    VK_ASSERT(vat.n <= VK_ROW_NAME_MAX); /* INV-ROWS-4 */
    key->bytes[0] = (char)kind;
    key->bytes[1] = (char)(vat.n >> 8);
    key->bytes[2] = (char)(vat.n & 0xff);
    if (vat.n) memcpy(key->bytes + NAME_AT, vat.p, vat.n);
    key->key = (struct vk_str){key->bytes, NAME_AT + vat.n};
}

void vk_row_key_at(struct vk_row_key *key, enum vk_row_kind kind, struct vk_str vat,
                   uint64_t position) {
    vk_row_key_vat(key, kind, vat);
    for (int shift = 56; shift >= 0; shift -= 8)
        key->bytes[key->key.n++] = (char)(position >> shift & 0xff);
}

enum vk_row_kind vk_row_kind_of(struct vk_str key) { return (enum vk_row_kind)key.p[0]; }

struct vk_str vk_row_name_of(struct vk_str key) {
    size_t n = (size_t)(unsigned char)key.p[1] << 8 | (unsigned char)key.p[2];
    VK_ASSERT(key.n == NAME_AT + n || key.n == NAME_AT + n + POSITION_SIZE); /* INV-ROWS-3 */
    return (struct vk_str){key.p + NAME_AT, n};
}

uint64_t vk_row_position_of(struct vk_str key) {
    VK_ASSERT(key.n == NAME_AT + vk_row_name_of(key).n + POSITION_SIZE); /* INV-ROWS-3 */
    uint64_t position = 0;
    for (size_t i = key.n - POSITION_SIZE; i < key.n; i++)
        position = position << 8 | (unsigned char)key.p[i];
    return position;
}

bool vk_row_same_vat(struct vk_str key, const struct vk_row_key *other) {
    struct vk_str vat = vk_row_name_of(other->key);
    struct vk_str prefix = {other->key.p, NAME_AT + vat.n};
    return key.n == other->key.n && vk_str_starts(key, prefix);
}

struct vk_entry *vk_row_get(struct vk_store *store, const struct vk_row_key *key) {
    return vk_overlay_get(&store->rows, key->key);
}

enum vk_err vk_row_put(struct vk_store *store, const struct vk_row_key *key, struct vk_str head,
                       struct vk_str body) {
    uint64_t hash = vk_overlay_hash(key->key);
    struct vk_entry *entry = vk_overlay_find(&store->rows, key->key, hash);
    return vk_overlay_put(&store->rows, key->key, hash, entry, head, body, &entry);
}

enum vk_err vk_row_withdraw_range(struct vk_store *store, enum vk_row_kind kind, struct vk_str vat,
                                  uint64_t from, uint64_t to) {
    struct vk_row_key key;
    vk_row_key_at(&key, kind, vat, from);
    struct vk_entry *entry = vk_row_get(store, &key);
    if (!entry) entry = vk_overlay_above(&store->rows, key.key);
    while (entry && vk_row_same_vat(vk_entry_key(entry), &key)) {
        uint64_t position = vk_row_position_of(vk_entry_key(entry));
        if (position >= to) break;
        VK_TRY(vk_overlay_kill(&store->rows, entry));
        vk_row_key_at(&key, kind, vat, position);
        entry = vk_overlay_above(&store->rows, key.key);
    }
    return VK_OK;
}

static enum vk_err row_write(struct vk_store *store, const struct vk_entry *entry,
                             enum vk_row_phase phase) {
    switch (vk_row_kind_of(vk_entry_key(entry))) {
    case VK_ROW_TRANSCRIPT_WIPE:
    case VK_ROW_ITEMS_GONE:
    case VK_ROW_SPAN:
    case VK_ROW_SPAN_CURRENT:
    case VK_ROW_ITEM: return vk_transcript_row_write(store, entry, phase);
    case VK_ROW_SNAPSHOT_WIPE:
    case VK_ROW_SNAPSHOT:
    case VK_ROW_SNAPSHOT_CURRENT: return vk_snapshot_row_write(store, entry, phase);
    case VK_ROW_BUNDLE: return vk_bundle_row_write(store, entry, phase);
    }
    vk_assert_failed("INV-ROWS-3: a row's key begins with its kind", __FILE__, __LINE__);
}

enum vk_err vk_rows_write(struct vk_store *store) {
    for (int phase = 0; phase < VK_ROW_PHASE_COUNT; phase++)
        for (struct vk_entry *entry = store->rows.dirty_first; entry; entry = entry->dirty_next)
            if (entry->live) VK_TRY(row_write(store, entry, (enum vk_row_phase)phase));
    return VK_OK;
}

void vk_rows_committed(struct vk_store *store) {
    while (store->rows.dirty_first) {
        struct vk_entry *entry = store->rows.dirty_first;
        enum vk_row_kind kind = vk_row_kind_of(vk_entry_key(entry));
        bool repeats = kind == VK_ROW_SPAN_CURRENT || kind == VK_ROW_SNAPSHOT_CURRENT;
        if (entry->live && repeats) /* INV-ROWS-1 */
            vk_overlay_clean(&store->rows, entry);
        else
            vk_overlay_forget(&store->rows, entry);
    }
}
