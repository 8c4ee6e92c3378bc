/* transcript_overlay.c - transcript rows of the write-back mode. See rows.h and store_state.h.
 *
 * INV-TRANSCRIPT-OVERLAY-1  A vat's current span, once asked for, is in VK_ROW_SPAN_CURRENT and
 *                           nowhere else: a pending VK_ROW_SPAN is closed or deleted (and, if
 *                           deleted, may have been opened again: the database's row is deleted
 *                           first, then the current one written).
 * INV-TRANSCRIPT-OVERLAY-2  Deleted spans take their items with them, pending or not.
 */
#include "rows.h"
#include "store_state.h"
#include "transcript_sql.h"

static struct vk_str span_row_bytes(const struct vk_span_row *row) {
    return (struct vk_str){(const char *)row, sizeof *row};
}

static void span_row_read(const struct vk_entry *entry, struct vk_span_row *row) {
    VK_ASSERT(entry->value_n == sizeof *row); /* INV-ROWS-3 */
    memcpy(row, entry->value, sizeof *row);
}

static enum vk_err span_row_put(struct vk_store *store, const struct vk_row_key *key,
                                const struct vk_span *span, bool deleted) {
    struct vk_span_row row = {.deleted = deleted};
    if (span) row.span = *span;
    return vk_row_put(store, key, span_row_bytes(&row), VK_STR_NONE);
}

static bool is_wiped(struct vk_store *store, struct vk_str vat) {
    struct vk_row_key key;
    vk_row_key_vat(&key, VK_ROW_TRANSCRIPT_WIPE, vat);
    return vk_row_get(store, &key) != NULL;
}

/* Fills the cache of current spans from the database. Not undone by a rollback: it says nothing
 * new. */
static enum vk_err current_load(struct vk_store *store, struct vk_str vat,
                                const struct vk_row_key *key, struct vk_span_row *row) {
    bool found;
    struct vk_entry *entry;
    *row = (struct vk_span_row){0};
    /* INV-TRANSCRIPT-OVERLAY-1: asked for before it was wiped, if it was */
    VK_ASSERT(!is_wiped(store, vat));
    VK_TRY(vk_transcript_sql.current(store, vat, &found, &row->span));
    row->deleted = !found;
    return vk_overlay_load(&store->rows, key->key, span_row_bytes(row), false, &entry);
}

static enum vk_err overlay_current(struct vk_store *store, struct vk_str vat, bool *found,
                                   struct vk_span *span) {
    struct vk_row_key key;
    struct vk_span_row row;
    VK_TRY(vk_row_name_check(vat)); /* INV-ROWS-4 */
    vk_row_key_vat(&key, VK_ROW_SPAN_CURRENT, vat);
    struct vk_entry *entry = vk_row_get(store, &key);
    if (entry)
        span_row_read(entry, &row);
    else
        VK_TRY(current_load(store, vat, &key, &row));
    *found = !row.deleted;
    if (*found) *span = row.span;
    return VK_OK;
}

/* The newest pending closed span not above at_most. */
static void pending_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most, bool *found,
                          struct vk_span *span) {
    struct vk_row_key key;
    *found = false;
    vk_row_key_at(&key, VK_ROW_SPAN, vat, at_most);
    for (struct vk_entry *entry = vk_overlay_floor(&store->rows, key.key);
         entry && vk_row_same_vat(vk_entry_key(entry), &key);) {
        struct vk_span_row row;
        span_row_read(entry, &row);
        if (!row.deleted) {
            *found = true;
            *span = row.span;
            return;
        }
        if (row.span.start == 0) return;
        vk_row_key_at(&key, VK_ROW_SPAN, vat, row.span.start - 1);
        entry = vk_overlay_floor(&store->rows, key.key);
    }
}

/* The newest span of the database's not above at_most of which nothing is pending. */
static enum vk_err stored_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most,
                                bool *found, struct vk_span *span) {
    bool has_current;
    struct vk_span current;
    *found = false;
    if (is_wiped(store, vat)) return VK_OK;
    VK_TRY(overlay_current(store, vat, &has_current, &current));
    for (;;) {
        struct vk_row_key key;
        VK_TRY(vk_transcript_sql.floor(store, vat, at_most, found, span));
        if (!*found) return VK_OK;
        vk_row_key_at(&key, VK_ROW_SPAN, vat, span->start);
        bool pending = vk_row_get(store, &key) || (has_current && current.start == span->start);
        if (!pending) return VK_OK;
        *found = false;
        if (span->start == 0) return VK_OK;
        at_most = span->start - 1;
    }
}

static enum vk_err overlay_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most,
                                 bool *found, struct vk_span *span) {
    struct vk_span candidates[3];
    bool there[3];
    VK_TRY(overlay_current(store, vat, &there[0], &candidates[0]));
    there[0] = there[0] && candidates[0].start <= at_most;
    pending_floor(store, vat, at_most, &there[1], &candidates[1]);
    VK_TRY(stored_floor(store, vat, at_most, &there[2], &candidates[2]));
    *found = false;
    for (int i = 0; i < 3; i++) {
        if (!there[i] || (*found && candidates[i].start < span->start)) continue;
        *found = true;
        *span = candidates[i];
    }
    return VK_OK;
}

static enum vk_err overlay_open(struct vk_store *store, struct vk_str vat,
                                const struct vk_span *span) {
    struct vk_row_key key;
    vk_row_key_vat(&key, VK_ROW_SPAN_CURRENT, vat);
    return span_row_put(store, &key, span, false);
}

static enum vk_err overlay_append(struct vk_store *store, struct vk_str vat,
                                  const struct vk_span *span, struct vk_str item) {
    struct vk_row_key key;
    struct vk_str incarnation = {(const char *)&span->incarnation, sizeof span->incarnation};
    vk_row_key_at(&key, VK_ROW_ITEM, vat, span->end - 1);
    VK_TRY(vk_row_put(store, &key, incarnation, item));
    vk_row_key_vat(&key, VK_ROW_SPAN_CURRENT, vat);
    return span_row_put(store, &key, span, false);
}

static enum vk_err items_remove(struct vk_store *store, struct vk_str vat,
                                const struct vk_span *span) {
    struct vk_row_key key;
    uint64_t end = span->end;
    VK_TRY(vk_row_withdraw_range(store, VK_ROW_ITEM, vat, span->start, span->end));
    vk_row_key_at(&key, VK_ROW_ITEMS_GONE, vat, span->start);
    struct vk_entry *entry = vk_row_get(store, &key);
    uint64_t known = 0;
    if (entry) memcpy(&known, entry->value, sizeof known);
    if (known > end) end = known;
    return vk_row_put(store, &key, (struct vk_str){(const char *)&end, sizeof end}, VK_STR_NONE);
}

/* There is no current span from here on. */
static enum vk_err current_clear(struct vk_store *store, struct vk_str vat) {
    struct vk_row_key key;
    vk_row_key_vat(&key, VK_ROW_SPAN_CURRENT, vat);
    return span_row_put(store, &key, NULL, true);
}

static enum vk_err overlay_retire(struct vk_store *store, struct vk_str vat,
                                  const struct vk_span *span, bool drop) {
    struct vk_row_key key;
    vk_row_key_at(&key, VK_ROW_SPAN, vat, span->start);
    VK_TRY(span_row_put(store, &key, span, false));
    VK_TRY(current_clear(store, vat));
    return drop ? items_remove(store, vat, span) : VK_OK;
}

static enum vk_err overlay_item(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                                uint64_t position, struct vk_str *item) {
    struct vk_row_key key;
    *item = VK_STR_NONE;
    vk_row_key_at(&key, VK_ROW_ITEM, vat, position);
    struct vk_entry *entry = vk_row_get(store, &key);
    if (entry) return vk_arena_copy(arena, vk_str_from(vk_entry_value(entry), 8), item);
    return is_wiped(store, vat) ? VK_OK : vk_transcript_sql.item(store, arena, vat, position, item);
}

static enum vk_err overlay_remove(struct vk_store *store, struct vk_str vat,
                                  const struct vk_span *span) {
    struct vk_row_key key;
    struct vk_span current;
    bool has_current;
    VK_TRY(overlay_current(store, vat, &has_current, &current));
    if (has_current && current.start == span->start) VK_TRY(current_clear(store, vat));
    vk_row_key_at(&key, VK_ROW_SPAN, vat, span->start);
    VK_TRY(span_row_put(store, &key, span, true));
    return items_remove(store, vat, span);
}

static enum vk_err overlay_wipe(struct vk_store *store, struct vk_str vat) {
    struct vk_row_key key;
    struct vk_span current;
    bool found;
    VK_TRY(overlay_current(store, vat, &found, &current));
    VK_TRY(current_clear(store, vat));
    VK_TRY(vk_row_withdraw_range(store, VK_ROW_SPAN, vat, 0, UINT64_MAX));
    VK_TRY(vk_row_withdraw_range(store, VK_ROW_ITEM, vat, 0, UINT64_MAX));
    VK_TRY(vk_row_withdraw_range(store, VK_ROW_ITEMS_GONE, vat, 0, UINT64_MAX));
    vk_row_key_vat(&key, VK_ROW_TRANSCRIPT_WIPE, vat);
    return vk_row_put(store, &key, VK_STR_NONE, VK_STR_NONE);
}

static enum vk_err clear_write(struct vk_store *store, struct vk_str vat,
                               const struct vk_entry *entry) {
    enum vk_row_kind kind = vk_row_kind_of(vk_entry_key(entry));
    if (kind == VK_ROW_TRANSCRIPT_WIPE) return vk_transcript_vat_wipe(store, vat);
    if (kind != VK_ROW_ITEMS_GONE) return VK_OK;
    uint64_t end;
    memcpy(&end, entry->value, sizeof end);
    return vk_sql_run(&store->sql, VK_SQL_ITEMS_DELETE, "tuu", vat,
                      vk_row_position_of(vk_entry_key(entry)), end);
}

static enum vk_err closed_write(struct vk_store *store, struct vk_str vat,
                                const struct vk_entry *entry) {
    if (vk_row_kind_of(vk_entry_key(entry)) != VK_ROW_SPAN) return VK_OK;
    struct vk_span_row row;
    span_row_read(entry, &row);
    if (row.deleted) return vk_sql_run(&store->sql, VK_SQL_SPAN_DELETE, "tu", vat, row.span.start);
    return vk_transcript_span_write(store, vat, &row.span, false);
}

static enum vk_err open_write(struct vk_store *store, struct vk_str vat,
                              const struct vk_entry *entry) {
    struct vk_str key = vk_entry_key(entry), value = vk_entry_value(entry);
    if (vk_row_kind_of(key) == VK_ROW_ITEM) {
        uint64_t incarnation;
        memcpy(&incarnation, value.p, sizeof incarnation);
        return vk_sql_run(&store->sql, VK_SQL_ITEM_ADD, "tutu", vat, vk_row_position_of(key),
                          vk_str_from(value, sizeof incarnation), incarnation);
    }
    if (vk_row_kind_of(key) != VK_ROW_SPAN_CURRENT) return VK_OK;
    struct vk_span_row row;
    span_row_read(entry, &row);
    return row.deleted ? VK_OK : vk_transcript_span_write(store, vat, &row.span, true);
}

enum vk_err vk_transcript_row_write(struct vk_store *store, const struct vk_entry *entry,
                                    enum vk_row_phase phase) {
    struct vk_str vat = vk_row_name_of(vk_entry_key(entry));
    if (phase == VK_ROW_PHASE_CLEAR) return clear_write(store, vat, entry);
    if (phase == VK_ROW_PHASE_RETIRE) return closed_write(store, vat, entry);
    return open_write(store, vat, entry);
}

const struct vk_transcript_ops vk_transcript_overlay = {
    overlay_current, overlay_floor, overlay_open,   overlay_append,
    overlay_retire,  overlay_item,  overlay_remove, overlay_wipe,
};
