/* sql.c - statements, binding, reading and error codes over one SQLite connection. See sql.h. */
#include "sql.h"

#include <stdarg.h>

static const char *const texts[VK_SQL_COUNT] = {
#define VK_SQL_TEXT(name, text) [VK_SQL_##name] = text,
    VK_SQL_LIST(VK_SQL_TEXT)
#undef VK_SQL_TEXT
};

void vk_sql_close(struct vk_sql *sql) {
    for (int i = 0; i < VK_SQL_COUNT; i++) {
        sqlite3_finalize(sql->statements[i]);
        sql->statements[i] = NULL;
    }
    int rc = sqlite3_close(sql->db);
    VK_ASSERT(rc == SQLITE_OK); /* INV-SQL-1: no statement is left to hold it open */
    sql->db = NULL;
}

static enum vk_err err_from_sqlite(int rc) {
    if (rc == SQLITE_IOERR_NOMEM) return VK_ERR_NOMEM;
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return VK_ERR_NOMEM;
    case SQLITE_FULL: return VK_ERR_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_PROTOCOL: /* the -wal's locks were never free, however often it was tried */
    case SQLITE_LOCKED: return VK_ERR_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT: /* only rows that no kernel would have written can be in the way */
    case SQLITE_NOTADB: return VK_ERR_CORRUPT;
    case SQLITE_TOOBIG: return VK_ERR_USAGE;
    default: return VK_ERR_DISK;
    }
}

enum vk_err vk_sql_raise(const struct vk_sql *sql, int rc, const char *doing) {
    return VK_RAISE(err_from_sqlite(rc), "%s: %s", doing,
                    sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(rc));
}

enum vk_err vk_sql_begin(struct vk_sql *sql) {
    if (sql->in_transaction) return VK_OK;
    VK_ASSERT(sqlite3_get_autocommit(sql->db)); /* INV-SQL-2 */
    sqlite3_stmt *begin;
    VK_TRY(vk_sql_bind(sql, VK_SQL_BEGIN, &begin, ""));
    int rc = sqlite3_step(begin);
    enum vk_err err = rc == SQLITE_DONE ? VK_OK : vk_sql_raise(sql, rc, texts[VK_SQL_BEGIN]);
    sqlite3_reset(begin);
    sql->in_transaction = err == VK_OK;
    VK_ASSERT(err != VK_OK || !sqlite3_get_autocommit(sql->db)); /* INV-SQL-2 */
    return err;
}

enum vk_err vk_sql_commit(struct vk_sql *sql) {
    VK_ASSERT(sql->in_transaction);                     /* INV-SQL-2 */
    if (sql->failed || sqlite3_get_autocommit(sql->db)) /* INV-SQL-3 */
        return VK_RAISE(VK_ERR_DISK, "commit after a failed write");
    sqlite3_stmt *commit;
    VK_TRY(vk_sql_bind(sql, VK_SQL_COMMIT, &commit, ""));
    int rc = sqlite3_step(commit);
    enum vk_err err = rc == SQLITE_DONE ? VK_OK : vk_sql_raise(sql, rc, texts[VK_SQL_COMMIT]);
    sqlite3_reset(commit);
    if (err == VK_OK) sql->in_transaction = false;
    return err;
}

void vk_sql_abort(struct vk_sql *sql) {
    if (!sqlite3_get_autocommit(sql->db)) sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
    bool still_open = !sqlite3_get_autocommit(sql->db);
    sql->in_transaction = still_open;
    sql->failed = still_open;
}

static enum vk_err statement_get(struct vk_sql *sql, enum vk_sql_id id, sqlite3_stmt **out) {
    sqlite3_stmt *statement = sql->statements[id];
    if (!statement) {
        int rc =
            sqlite3_prepare_v3(sql->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, texts[id]);
        sql->statements[id] = statement;
    }
    VK_ASSERT(!sqlite3_stmt_busy(statement)); /* INV-SQL-1 */
    *out = statement;
    return VK_OK;
}

static int bind_text(sqlite3_stmt *statement, int index, struct vk_str text) {
    return sqlite3_bind_text64(statement, index, text.n ? text.p : "", text.n, SQLITE_STATIC,
                               SQLITE_UTF8);
}

static int bind_blob(sqlite3_stmt *statement, int index, struct vk_str bytes) {
    return sqlite3_bind_blob64(statement, index, bytes.n ? bytes.p : "", bytes.n, SQLITE_STATIC);
}

static enum vk_err bind_all(struct vk_sql *sql, sqlite3_stmt *statement, const char *types,
                            va_list args) {
    int index = 0;
    for (const char *type = types; *type; type++) {
        int rc = SQLITE_OK;
        index++;
        if (*type == 't') {
            rc = bind_text(statement, index, va_arg(args, struct vk_str));
        } else if (*type == 'b') {
            rc = bind_blob(statement, index, va_arg(args, struct vk_str));
        } else if (*type == 'u') {
            uint64_t value = va_arg(args, uint64_t);
            if (value > INT64_MAX) return VK_RAISE(VK_ERR_USAGE, "number beyond 63 bits");
            rc = sqlite3_bind_int64(statement, index, (int64_t)value);
        } else {
            VK_ASSERT(*type == 'z'); /* INV-SQL-4: types are t, b, u and z */
            rc = sqlite3_bind_null(statement, index);
        }
        if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, "binding a parameter");
    }
    VK_ASSERT(index == sqlite3_bind_parameter_count(statement)); /* INV-SQL-5: each one bound */
    return VK_OK;
}

enum vk_err vk_sql_bind(struct vk_sql *sql, enum vk_sql_id id, sqlite3_stmt **out,
                        const char *types, ...) {
    VK_TRY(statement_get(sql, id, out));
    va_list args;
    va_start(args, types);
    enum vk_err err = bind_all(sql, *out, types, args);
    va_end(args);
    return err;
}

enum vk_err vk_sql_step(struct vk_sql *sql, sqlite3_stmt *statement, bool *row) {
    int rc = sqlite3_step(statement);
    *row = rc == SQLITE_ROW;
    if (*row) return VK_OK;
    enum vk_err err = rc == SQLITE_DONE ? VK_OK : vk_sql_raise(sql, rc, sqlite3_sql(statement));
    sqlite3_reset(statement);
    return err;
}

void vk_sql_done(sqlite3_stmt *statement) { sqlite3_reset(statement); }

static enum vk_err run(struct vk_sql *sql, enum vk_sql_id id, const char *types, va_list args) {
    sqlite3_stmt *statement;
    VK_TRY(statement_get(sql, id, &statement));
    VK_TRY(bind_all(sql, statement, types, args));
    int rc = sqlite3_step(statement);
    VK_ASSERT(rc != SQLITE_ROW); /* INV-SQL-6: such a statement returns no rows */
    enum vk_err err = rc == SQLITE_DONE ? VK_OK : vk_sql_raise(sql, rc, texts[id]);
    sqlite3_reset(statement);
    return err;
}

enum vk_err vk_sql_run(struct vk_sql *sql, enum vk_sql_id id, const char *types, ...) {
    VK_ASSERT(sql->in_transaction); /* INV-SQL-2 */
    /* SQLite rolls back by itself on some errors; going on would commit each statement for
     * itself. */
    if (sqlite3_get_autocommit(sql->db))
        return VK_RAISE(VK_ERR_DISK, "the transaction was lost to an earlier error");
    va_list args;
    va_start(args, types);
    enum vk_err err = run(sql, id, types, args);
    va_end(args);
    if (err != VK_OK) sql->failed = true; /* INV-SQL-3 */
    return err;
}

enum vk_err vk_sql_text(const struct vk_sql *sql, sqlite3_stmt *statement, int column,
                        const char *what, struct vk_str *out) {
    if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
        return VK_RAISE(VK_ERR_CORRUPT, "%s is no text", what);
    const unsigned char *text = sqlite3_column_text(statement, column);
    if (!text) return vk_sql_raise(sql, SQLITE_NOMEM, what);
    *out = (struct vk_str){(const char *)text, (size_t)sqlite3_column_bytes(statement, column)};
    return VK_OK;
}

enum vk_err vk_sql_blob(const struct vk_sql *sql, sqlite3_stmt *statement, int column,
                        const char *what, struct vk_str *out) {
    int type = sqlite3_column_type(statement, column);
    *out = VK_STR_NONE;
    if (type == SQLITE_NULL) return VK_OK;
    if (type != SQLITE_BLOB && type != SQLITE_TEXT)
        return VK_RAISE(VK_ERR_CORRUPT, "%s is neither text nor blob", what);
    const void *bytes = sqlite3_column_blob(statement, column);
    size_t n = (size_t)sqlite3_column_bytes(statement, column);
    if (!bytes && n) return vk_sql_raise(sql, SQLITE_NOMEM, what);
    *out = (struct vk_str){bytes ? bytes : "", n};
    return VK_OK;
}

enum vk_err vk_sql_u64(sqlite3_stmt *statement, int column, const char *what, uint64_t *out) {
    int64_t value = sqlite3_column_int64(statement, column);
    if (sqlite3_column_type(statement, column) != SQLITE_INTEGER || value < 0)
        return VK_RAISE(VK_ERR_CORRUPT, "%s is no natural number", what);
    *out = (uint64_t)value;
    return VK_OK;
}

enum vk_err vk_sql_hash(const struct vk_sql *sql, sqlite3_stmt *statement, int column,
                        const char *what, char hex[65]) {
    struct vk_str text;
    VK_TRY(vk_sql_text(sql, statement, column, what, &text));
    if (text.n != 64) return VK_RAISE(VK_ERR_CORRUPT, "%s is no hash", what);
    memcpy(hex, text.p, 64);
    hex[64] = '\0';
    return VK_OK;
}
