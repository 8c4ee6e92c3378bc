/* kv_sql.c - the key-value operations of the direct mode: each is SQLite's. See store_state.h.
 *
 * INV-KV-SQL-1  No read cursor stays open over a write.
 */
#include "kv_sql.h"

#include "store_state.h"

/* Binds and steps a query of at most one row with one text. `statement` must be done with when
 * *row. */
static enum vk_err query(struct vk_store *store, enum vk_sql_id id, struct vk_str key,
                         sqlite3_stmt **statement, bool *row, struct vk_str *text) {
    VK_TRY(vk_sql_bind(&store->sql, id, statement, "t", key));
    VK_TRY(vk_sql_step(&store->sql, *statement, row));
    if (!*row) return VK_OK;
    enum vk_err err = vk_sql_text(&store->sql, *statement, 0, "a row of kvStore", text);
    if (err != VK_OK) vk_sql_done(*statement);
    return err;
}

static enum vk_err query_copy(struct vk_store *store, enum vk_sql_id id, struct vk_str key,
                              struct vk_arena *arena, struct vk_str *out) {
    sqlite3_stmt *statement;
    bool row;
    struct vk_str text;
    *out = VK_STR_NONE;
    VK_TRY(query(store, id, key, &statement, &row, &text));
    if (!row) return VK_OK;
    enum vk_err err = vk_arena_copy(arena, text, out);
    vk_sql_done(statement);
    return err;
}

static enum vk_err kv_sql_get(struct vk_store *store, struct vk_arena *arena, struct vk_str key,
                              struct vk_str *value) {
    return query_copy(store, VK_SQL_KV_GET, key, arena, value);
}

static enum vk_err kv_sql_has(struct vk_store *store, struct vk_str key, bool *has) {
    sqlite3_stmt *statement;
    struct vk_str value;
    VK_TRY(query(store, VK_SQL_KV_GET, key, &statement, has, &value));
    if (*has) vk_sql_done(statement);
    return VK_OK;
}

static enum vk_err kv_sql_next(struct vk_store *store, struct vk_arena *arena, struct vk_str prior,
                               struct vk_str *next) {
    return query_copy(store, VK_SQL_KV_NEXT, prior, arena, next);
}

/* What the key adds to the state hash now: zero if there is no such key, or it is not covered. */
static enum vk_err term_get(struct vk_store *store, struct vk_str key, struct vk_state_hash *term) {
    *term = (struct vk_state_hash){0, 0};
    if (store->options.no_state_hash || !vk_state_hash_covers(key)) return VK_OK;
    sqlite3_stmt *statement;
    bool row;
    struct vk_str value;
    VK_TRY(query(store, VK_SQL_KV_GET, key, &statement, &row, &value));
    if (!row) return VK_OK;
    *term = vk_state_hash_term(key, value);
    vk_sql_done(statement); /* INV-KV-SQL-1 */
    return VK_OK;
}

static enum vk_err kv_sql_set(struct vk_store *store, struct vk_str key, struct vk_str value) {
    struct vk_state_hash old;
    VK_TRY(vk_sql_begin(&store->sql));
    VK_TRY(term_get(store, key, &old));
    VK_TRY(vk_sql_run(&store->sql, VK_SQL_KV_SET, "tt", key, value));
    if (!store->options.no_state_hash && vk_state_hash_covers(key)) {
        vk_state_hash_subtract(&store->state_hash, old);
        vk_state_hash_add(&store->state_hash, vk_state_hash_term(key, value));
    }
    return VK_OK;
}

static enum vk_err kv_sql_remove(struct vk_store *store, struct vk_str key) {
    struct vk_state_hash old;
    VK_TRY(vk_sql_begin(&store->sql));
    VK_TRY(term_get(store, key, &old));
    VK_TRY(vk_sql_run(&store->sql, VK_SQL_KV_DELETE, "t", key));
    vk_state_hash_subtract(&store->state_hash, old);
    return VK_OK;
}

enum vk_err vk_kv_sql_walk(struct vk_store *store,
                           enum vk_err (*each)(void *impl, struct vk_str key, struct vk_str value),
                           void *impl) {
    sqlite3_stmt *statement;
    bool row;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_KV_ALL, &statement, ""));
    for (;;) {
        VK_TRY(vk_sql_step(&store->sql, statement, &row));
        if (!row) return VK_OK;
        struct vk_str key, value;
        enum vk_err err = vk_sql_text(&store->sql, statement, 0, "a key of kvStore", &key);
        if (err == VK_OK)
            err = vk_sql_text(&store->sql, statement, 1, "a value of kvStore", &value);
        if (err == VK_OK) err = each(impl, key, value);
        if (err != VK_OK) {
            vk_sql_done(statement);
            return err;
        }
    }
}

static enum vk_err sum_row(void *impl, struct vk_str key, struct vk_str value) {
    struct vk_state_hash *sum = impl;
    if (vk_state_hash_covers(key)) vk_state_hash_add(sum, vk_state_hash_term(key, value));
    return VK_OK;
}

static enum vk_err kv_sql_recompute(struct vk_store *store, struct vk_state_hash *out) {
    *out = (struct vk_state_hash){0, 0};
    return vk_kv_sql_walk(store, sum_row, out);
}

const struct vk_kv_ops vk_kv_sql = {
    kv_sql_get, kv_sql_has, kv_sql_next, kv_sql_set, kv_sql_remove, kv_sql_recompute,
};
