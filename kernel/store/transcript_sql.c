/* transcript_sql.c - transcript rows of the direct mode: each operation is SQLite's. See
 * store_state.h. */
#include "transcript_sql.h"

#include "store_state.h"

/* startPos, endPos, incarnation, hash of the first row, if any. */
static enum vk_err span_query(struct vk_store *store, sqlite3_stmt *statement, bool *found,
                              struct vk_span *span) {
    VK_TRY(vk_sql_step(&store->sql, statement, found));
    if (!*found) return VK_OK;
    enum vk_err err = vk_sql_u64(statement, 0, "a span's startPos", &span->start);
    if (err == VK_OK) err = vk_sql_u64(statement, 1, "a span's endPos", &span->end);
    if (err == VK_OK) err = vk_sql_u64(statement, 2, "a span's incarnation", &span->incarnation);
    if (err == VK_OK) err = vk_sql_hash(&store->sql, statement, 3, "a span's hash", span->hash);
    vk_sql_done(statement);
    return err;
}

static enum vk_err sql_current(struct vk_store *store, struct vk_str vat, bool *found,
                               struct vk_span *span) {
    sqlite3_stmt *statement;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_SPAN_CURRENT, &statement, "t", vat));
    return span_query(store, statement, found, span);
}

static enum vk_err sql_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most,
                             bool *found, struct vk_span *span) {
    sqlite3_stmt *statement;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_SPAN_FLOOR, &statement, "tu", vat, at_most));
    return span_query(store, statement, found, span);
}

enum vk_err vk_transcript_span_write(struct vk_store *store, struct vk_str vat,
                                     const struct vk_span *span, bool current) {
    struct vk_str hash = vk_str(span->hash);
    if (!current)
        return vk_sql_run(&store->sql, VK_SQL_SPAN_PUT, "tuutzu", vat, span->start, span->end, hash,
                          span->incarnation);
    return vk_sql_run(&store->sql, VK_SQL_SPAN_PUT, "tuutuu", vat, span->start, span->end, hash,
                      (uint64_t)1, span->incarnation);
}

enum vk_err vk_transcript_span_delete(struct vk_store *store, struct vk_str vat,
                                      const struct vk_span *span) {
    VK_TRY(vk_sql_run(&store->sql, VK_SQL_SPAN_DELETE, "tu", vat, span->start));
    return vk_sql_run(&store->sql, VK_SQL_ITEMS_DELETE, "tuu", vat, span->start, span->end);
}

enum vk_err vk_transcript_vat_wipe(struct vk_store *store, struct vk_str vat) {
    VK_TRY(vk_sql_run(&store->sql, VK_SQL_ITEMS_WIPE, "t", vat));
    return vk_sql_run(&store->sql, VK_SQL_SPANS_WIPE, "t", vat);
}

static enum vk_err sql_open(struct vk_store *store, struct vk_str vat, const struct vk_span *span) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_transcript_span_write(store, vat, span, true);
}

static enum vk_err sql_append(struct vk_store *store, struct vk_str vat, const struct vk_span *span,
                              struct vk_str item) {
    VK_TRY(vk_sql_begin(&store->sql));
    VK_TRY(vk_sql_run(&store->sql, VK_SQL_ITEM_ADD, "tutu", vat, span->end - 1, item,
                      span->incarnation));
    return vk_sql_run(&store->sql, VK_SQL_SPAN_UPDATE, "utt", span->end, vk_str(span->hash), vat);
}

static enum vk_err sql_retire(struct vk_store *store, struct vk_str vat, const struct vk_span *span,
                              bool drop) {
    VK_TRY(vk_sql_begin(&store->sql));
    VK_TRY(vk_sql_run(&store->sql, VK_SQL_SPAN_RETIRE, "t", vat));
    if (!drop) return VK_OK;
    return vk_sql_run(&store->sql, VK_SQL_ITEMS_DELETE, "tuu", vat, span->start, span->end);
}

static enum vk_err sql_item(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                            uint64_t position, struct vk_str *item) {
    sqlite3_stmt *statement;
    bool found;
    struct vk_str text;
    *item = VK_STR_NONE;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_ITEM_GET, &statement, "tu", vat, position));
    VK_TRY(vk_sql_step(&store->sql, statement, &found));
    if (!found) return VK_OK;
    enum vk_err err = vk_sql_text(&store->sql, statement, 0, "a transcript item", &text);
    if (err == VK_OK) err = vk_arena_copy(arena, text, item);
    vk_sql_done(statement);
    return err;
}

static enum vk_err sql_remove(struct vk_store *store, struct vk_str vat,
                              const struct vk_span *span) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_transcript_span_delete(store, vat, span);
}

static enum vk_err sql_wipe(struct vk_store *store, struct vk_str vat) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_transcript_vat_wipe(store, vat);
}

const struct vk_transcript_ops vk_transcript_sql = {
    sql_current, sql_floor, sql_open, sql_append, sql_retire, sql_item, sql_remove, sql_wipe,
};
