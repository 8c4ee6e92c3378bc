/* scan.c - shows all rows of a store, in order. See vk/scan.h.
 *
 * The direct mode's rows are SQLite's. The write-back mode has its keys in memory; its pending
 * rows of the other tables are written into a transaction that is then abandoned, so that what is
 * shown is what a commit would leave behind, by the very code that commits.
 *
 * INV-SCAN-1  A scan leaves the store, its transaction and its memory as they were.
 */
#include "vk/scan.h"

#include "rows.h"
#include "store_state.h"

/* One row of a table, handed on. */
typedef enum vk_err row_fn(struct vk_store *store, const struct vk_store_scan *scan,
                           sqlite3_stmt *row);

static enum vk_err vat_text(struct vk_store *store, sqlite3_stmt *row, const char *what,
                            struct vk_str *vat) {
    return vk_sql_text(&store->sql, row, 0, what, vat);
}

static enum vk_err show_pair(struct vk_store *store, const struct vk_store_scan *scan,
                             sqlite3_stmt *row) {
    struct vk_str key, value;
    VK_TRY(vk_sql_text(&store->sql, row, 0, "a key of kvStore", &key));
    if (sqlite3_column_type(row, 1) != SQLITE_TEXT)
        return VK_RAISE(VK_ERR_CORRUPT, "the value of key %.*s is no text", VK_STR_ARG(key));
    VK_TRY(vk_sql_text(&store->sql, row, 1, "a value of kvStore", &value));
    return scan->pair(scan->impl, key, value);
}

static enum vk_err show_span(struct vk_store *store, const struct vk_store_scan *scan,
                             sqlite3_stmt *row) {
    struct vk_str vat;
    struct vk_span span;
    VK_TRY(vat_text(store, row, "a span's vatID", &vat));
    VK_TRY(vk_sql_u64(row, 1, "a span's startPos", &span.start));
    VK_TRY(vk_sql_u64(row, 2, "a span's endPos", &span.end));
    VK_TRY(vk_sql_u64(row, 3, "a span's incarnation", &span.incarnation));
    VK_TRY(vk_sql_hash(&store->sql, row, 4, "a span's hash", span.hash));
    return scan->span(scan->impl, vat, &span, sqlite3_column_type(row, 5) != SQLITE_NULL);
}

static enum vk_err show_item(struct vk_store *store, const struct vk_store_scan *scan,
                             sqlite3_stmt *row) {
    struct vk_str vat, item;
    uint64_t position, incarnation;
    VK_TRY(vat_text(store, row, "a transcript item's vatID", &vat));
    VK_TRY(vk_sql_u64(row, 1, "a transcript item's position", &position));
    VK_TRY(vk_sql_u64(row, 2, "a transcript item's incarnation", &incarnation));
    VK_TRY(vk_sql_text(&store->sql, row, 3, "a transcript item", &item));
    return scan->item(scan->impl, vat, position, incarnation, item);
}

/* Of a pruned snapshot the sizes may be unknown. */
static enum vk_err size_read(sqlite3_stmt *row, int column, const char *what, uint64_t *size) {
    *size = 0;
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return VK_OK;
    return vk_sql_u64(row, column, what, size);
}

static enum vk_err show_snapshot(struct vk_store *store, const struct vk_store_scan *scan,
                                 sqlite3_stmt *row) {
    struct vk_str vat;
    struct vk_snapshot_info info;
    VK_TRY(vat_text(store, row, "a snapshot's vatID", &vat));
    VK_TRY(vk_sql_u64(row, 1, "a snapshot's snapPos", &info.position));
    VK_TRY(vk_sql_hash(&store->sql, row, 3, "a snapshot's hash", info.hash));
    VK_TRY(size_read(row, 4, "a snapshot's uncompressedSize", &info.uncompressed_size));
    VK_TRY(size_read(row, 5, "a snapshot's compressedSize", &info.compressed_size));
    return scan->snapshot(scan->impl, vat, &info, sqlite3_column_type(row, 2) != SQLITE_NULL);
}

static enum vk_err show_bundle(struct vk_store *store, const struct vk_store_scan *scan,
                               sqlite3_stmt *row) {
    struct vk_str id;
    VK_TRY(vk_sql_text(&store->sql, row, 0, "a bundle's bundleID", &id));
    return scan->bundle(scan->impl, id);
}

static enum vk_err table_walk(struct vk_store *store, const struct vk_store_scan *scan,
                              enum vk_sql_id id, row_fn *show) {
    sqlite3_stmt *statement;
    bool row;
    VK_TRY(vk_sql_bind(&store->sql, id, &statement, ""));
    for (;;) {
        VK_TRY(vk_sql_step(&store->sql, statement, &row));
        if (!row) return VK_OK;
        enum vk_err err = show(store, scan, statement);
        if (err == VK_OK) continue;
        vk_sql_done(statement);
        return err;
    }
}

static enum vk_err tables_walk(struct vk_store *store, const struct vk_store_scan *scan) {
    if (scan->span) VK_TRY(table_walk(store, scan, VK_SQL_SPANS_ALL, show_span));
    if (scan->item) VK_TRY(table_walk(store, scan, VK_SQL_ITEMS_ALL, show_item));
    if (scan->snapshot) VK_TRY(table_walk(store, scan, VK_SQL_SNAPSHOTS_ALL, show_snapshot));
    if (scan->bundle) VK_TRY(table_walk(store, scan, VK_SQL_BUNDLES_ALL, show_bundle));
    return VK_OK;
}

static enum vk_err overlay_walk(struct vk_store *store, const struct vk_store_scan *scan) {
    struct vk_entry *entry = vk_overlay_above(&store->kv, VK_STR(""));
    struct vk_entry *empty = vk_overlay_get(&store->kv, VK_STR("")); /* a key like any other */
    if (empty) VK_TRY(scan->pair(scan->impl, vk_entry_key(empty), vk_entry_value(empty)));
    for (; entry; entry = vk_overlay_above(&store->kv, vk_entry_key(entry)))
        VK_TRY(scan->pair(scan->impl, vk_entry_key(entry), vk_entry_value(entry)));
    return VK_OK;
}

/* The other tables of the write-back mode, with what is pending. */
static enum vk_err pending_walk(struct vk_store *store, const struct vk_store_scan *scan) {
    if (!store->rows.dirty_first) return tables_walk(store, scan);
    VK_ASSERT(!store->sql.in_transaction); /* INV-WRITE-BACK-1 */
    VK_TRY(vk_sql_begin(&store->sql));
    enum vk_err err = vk_rows_write(store);
    if (err == VK_OK) err = tables_walk(store, scan);
    vk_sql_abort(&store->sql); /* INV-SCAN-1 */
    return err;
}

enum vk_err vk_store_scan(struct vk_store *store, const struct vk_store_scan *scan) {
    if (store->in_crank) return VK_RAISE(VK_ERR_USAGE, "scan in a crank");
    bool in_memory = store->options.mode == VK_STORE_WRITE_BACK;
    if (scan->pair && in_memory) VK_TRY(overlay_walk(store, scan));
    if (scan->pair && !in_memory) VK_TRY(table_walk(store, scan, VK_SQL_KV_ALL, show_pair));
    if (!scan->span && !scan->item && !scan->snapshot && !scan->bundle) return VK_OK;
    return in_memory ? pending_walk(store, scan) : tables_walk(store, scan);
}
