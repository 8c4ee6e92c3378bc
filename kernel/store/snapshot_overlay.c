/* snapshot_overlay.c - snapshot rows of the write-back mode. See rows.h and store_state.h.
 *
 * INV-SNAPSHOT-OVERLAY-1  Which snapshot is in use is said by VK_ROW_SNAPSHOT_CURRENT once it was
 *                         asked for, and a pending VK_ROW_SNAPSHOT in use agrees with it.
 */
#include "rows.h"
#include "snapshot_sql.h"
#include "store_state.h"

#include "vk/probe.h"

static void row_read(const struct vk_entry *entry, struct vk_snapshot_row *row) {
    VK_ASSERT(entry->value_n >= sizeof *row); /* INV-ROWS-3 */
    memcpy(row, entry->value, sizeof *row);
}

static struct vk_str row_contents(const struct vk_entry *entry) {
    return vk_str_from(vk_entry_value(entry), sizeof(struct vk_snapshot_row));
}

static enum vk_err row_put(struct vk_store *store, struct vk_str vat,
                           const struct vk_snapshot_row *row, struct vk_str contents) {
    struct vk_row_key key;
    struct vk_str head = {(const char *)row, sizeof *row};
    vk_row_key_at(&key, VK_ROW_SNAPSHOT, vat, row->info.position);
    return vk_row_put(store, &key, head, contents);
}

static bool is_wiped(struct vk_store *store, struct vk_str vat) {
    struct vk_row_key key;
    vk_row_key_vat(&key, VK_ROW_SNAPSHOT_WIPE, vat);
    return vk_row_get(store, &key) != NULL;
}

static enum vk_err current_put(struct vk_store *store, struct vk_str vat,
                               const struct vk_snapshot_info *info) {
    struct vk_row_key key;
    struct vk_snapshot_current current = {.present = info != NULL};
    if (info) current.info = *info;
    vk_row_key_vat(&key, VK_ROW_SNAPSHOT_CURRENT, vat);
    return vk_row_put(store, &key, (struct vk_str){(const char *)&current, sizeof current},
                      VK_STR_NONE);
}

/* Fills the cache of current snapshots from the database. Not undone by a rollback: it says
 * nothing new. */
static enum vk_err current_load(struct vk_store *store, struct vk_str vat,
                                const struct vk_row_key *key, struct vk_snapshot_current *current) {
    struct vk_entry *entry;
    *current = (struct vk_snapshot_current){0};
    /* INV-SNAPSHOT-OVERLAY-1: asked for before it was wiped, if it was */
    VK_ASSERT(!is_wiped(store, vat));
    VK_TRY(vk_snapshot_sql.current(store, vat, &current->present, &current->info));
    return vk_overlay_load(&store->rows, key->key,
                           (struct vk_str){(const char *)current, sizeof *current}, false, &entry);
}

static enum vk_err overlay_current(struct vk_store *store, struct vk_str vat, bool *found,
                                   struct vk_snapshot_info *info) {
    struct vk_row_key key;
    struct vk_snapshot_current current;
    VK_TRY(vk_row_name_check(vat)); /* INV-ROWS-4 */
    vk_row_key_vat(&key, VK_ROW_SNAPSHOT_CURRENT, vat);
    struct vk_entry *entry = vk_row_get(store, &key);
    if (entry)
        memcpy(&current, entry->value, sizeof current);
    else
        VK_TRY(current_load(store, vat, &key, &current));
    *found = current.present;
    if (*found) *info = current.info;
    return VK_OK;
}

/* The newest pending snapshot not above at_most that is not deleted. */
static void pending_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most, bool *found,
                          uint64_t *position) {
    *found = false;
    for (;;) {
        struct vk_row_key key;
        struct vk_snapshot_row row;
        vk_row_key_at(&key, VK_ROW_SNAPSHOT, vat, at_most);
        struct vk_entry *entry = vk_overlay_floor(&store->rows, key.key);
        if (!entry || !vk_row_same_vat(vk_entry_key(entry), &key)) return;
        row_read(entry, &row);
        *position = row.info.position;
        *found = !row.deleted;
        if (*found || *position == 0) return;
        at_most = *position - 1;
    }
}

/* The newest snapshot of the database's not above at_most of which nothing is pending. */
static enum vk_err stored_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most,
                                bool *found, uint64_t *position) {
    *found = false;
    while (!is_wiped(store, vat)) {
        struct vk_row_key key;
        VK_TRY(vk_snapshot_sql.floor(store, vat, at_most, found, position));
        if (!*found) return VK_OK;
        vk_row_key_at(&key, VK_ROW_SNAPSHOT, vat, *position);
        if (!vk_row_get(store, &key)) return VK_OK;
        *found = false;
        if (*position == 0) return VK_OK;
        at_most = *position - 1;
    }
    return VK_OK;
}

static enum vk_err overlay_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most,
                                 bool *found, uint64_t *position) {
    bool is_pending, is_stored;
    uint64_t pending = 0, stored = 0;
    VK_TRY(vk_row_name_check(vat)); /* INV-ROWS-4 */
    pending_floor(store, vat, at_most, &is_pending, &pending);
    VK_TRY(stored_floor(store, vat, at_most, &is_stored, &stored));
    *found = is_pending || is_stored;
    *position = is_pending && (!is_stored || pending > stored) ? pending : stored;
    return VK_OK;
}

static enum vk_err overlay_put(struct vk_store *store, struct vk_str vat,
                               const struct vk_snapshot_info *info, struct vk_str compressed) {
    struct vk_snapshot_row row = {.info = *info, .contents = VK_SNAPSHOT_HERE, .in_use = true};
    VK_TRY(row_put(store, vat, &row, compressed));
    return current_put(store, vat, info);
}

/* A pending row in use is changed where it lies; contents that do not count any more stay until
 * the commit. */
static enum vk_err pending_retire(struct vk_store *store, struct vk_entry *entry, bool keep) {
    struct vk_snapshot_row row;
    VK_TRY(vk_overlay_touch(&store->rows, entry));
    row_read(entry, &row);
    row.in_use = false;
    if (!keep) row.contents = VK_SNAPSHOT_PRUNED;
    memcpy(entry->value, &row, sizeof row);
    return VK_OK;
}

static enum vk_err overlay_retire(struct vk_store *store, struct vk_str vat,
                                  const struct vk_snapshot_info *info, bool keep) {
    struct vk_row_key key;
    vk_row_key_at(&key, VK_ROW_SNAPSHOT, vat, info->position);
    struct vk_entry *entry = vk_row_get(store, &key);
    VK_SOMETIMES_IF(entry, snapshot_replaced_before_it_was_written);
    if (entry) {
        VK_TRY(pending_retire(store, entry, keep));
    } else {
        const struct vk_snapshot_row row = {
            .info = *info, .contents = keep ? VK_SNAPSHOT_KEPT : VK_SNAPSHOT_PRUNED};
        VK_TRY(row_put(store, vat, &row, VK_STR_NONE));
    }
    return current_put(store, vat, NULL);
}

static enum vk_err overlay_image(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                                 uint64_t position, struct vk_str *compressed) {
    struct vk_row_key key;
    struct vk_snapshot_row row;
    *compressed = VK_STR_NONE;
    vk_row_key_at(&key, VK_ROW_SNAPSHOT, vat, position);
    struct vk_entry *entry = vk_row_get(store, &key);
    if (!entry) return vk_snapshot_sql.image(store, arena, vat, position, compressed);
    row_read(entry, &row);
    VK_ASSERT(row.in_use && row.contents == VK_SNAPSHOT_HERE); /* INV-SNAPSHOT-OVERLAY-1 */
    return vk_arena_copy(arena, row_contents(entry), compressed);
}

static enum vk_err overlay_remove(struct vk_store *store, struct vk_str vat, uint64_t position) {
    struct vk_snapshot_row row = {.info = {.position = position}, .deleted = true};
    struct vk_snapshot_info current;
    bool found;
    VK_TRY(overlay_current(store, vat, &found, &current));
    if (found && current.position == position) VK_TRY(current_put(store, vat, NULL));
    return row_put(store, vat, &row, VK_STR_NONE);
}

static enum vk_err overlay_wipe(struct vk_store *store, struct vk_str vat) {
    struct vk_row_key key;
    struct vk_snapshot_info current;
    bool found;
    VK_TRY(overlay_current(store, vat, &found, &current));
    VK_TRY(current_put(store, vat, NULL));
    VK_TRY(vk_row_withdraw_range(store, VK_ROW_SNAPSHOT, vat, 0, UINT64_MAX));
    vk_row_key_vat(&key, VK_ROW_SNAPSHOT_WIPE, vat);
    return vk_row_put(store, &key, VK_STR_NONE, VK_STR_NONE);
}

static enum vk_err row_write(struct vk_store *store, struct vk_str vat,
                             const struct vk_entry *entry, bool in_use) {
    struct vk_snapshot_row row;
    row_read(entry, &row);
    if (row.in_use != in_use) return VK_OK;
    if (row.deleted)
        return vk_sql_run(&store->sql, VK_SQL_SNAPSHOT_DELETE, "tu", vat, row.info.position);
    switch (row.contents) {
    case VK_SNAPSHOT_HERE:
        return vk_snapshot_row_put(store, vat, &row.info, in_use, row_contents(entry));
    case VK_SNAPSHOT_KEPT:
        return vk_sql_run(&store->sql, VK_SQL_SNAPSHOT_KEEP, "tu", vat, row.info.position);
    case VK_SNAPSHOT_PRUNED: return vk_snapshot_row_put(store, vat, &row.info, in_use, VK_STR_NONE);
    }
    vk_assert_failed("INV-ROWS-3: contents are here, kept or pruned", __FILE__, __LINE__);
}

enum vk_err vk_snapshot_row_write(struct vk_store *store, const struct vk_entry *entry,
                                  enum vk_row_phase phase) {
    struct vk_str key = vk_entry_key(entry), vat = vk_row_name_of(key);
    enum vk_row_kind kind = vk_row_kind_of(key);
    if (kind == VK_ROW_SNAPSHOT_WIPE && phase == VK_ROW_PHASE_CLEAR)
        return vk_sql_run(&store->sql, VK_SQL_SNAPSHOTS_WIPE, "t", vat);
    if (kind != VK_ROW_SNAPSHOT || phase == VK_ROW_PHASE_CLEAR) return VK_OK;
    return row_write(store, vat, entry, phase == VK_ROW_PHASE_WRITE);
}

const struct vk_snapshot_ops vk_snapshot_overlay = {
    overlay_current, overlay_floor,  overlay_put,  overlay_retire,
    overlay_image,   overlay_remove, overlay_wipe,
};
