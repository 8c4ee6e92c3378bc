/* statement.c - see statement.h. */
#include "statement.h"

#include "escape.h"

bool report_statement(struct report_statement *statement, sqlite3 *db, const char *sql) {
    *statement = (struct report_statement){.next = 1};
    statement->failed = sqlite3_prepare_v2(db, sql, -1, &statement->prepared, NULL) != SQLITE_OK;
    return !statement->failed;
}

bool report_statement_end(struct report_statement *statement) {
    if (sqlite3_finalize(statement->prepared) != SQLITE_OK) statement->failed = true;
    statement->prepared = NULL;
    return !statement->failed;
}

/* ---- values */

static void bound(struct report_statement *statement, int code) {
    if (code != SQLITE_OK) statement->failed = true;
}

void report_statement_str(struct report_statement *statement, struct vk_str text) {
    if (statement->failed) return;
    int value = statement->next++;
    bound(statement, text.p ? sqlite3_bind_text64(statement->prepared, value, text.p, text.n,
                                                  SQLITE_TRANSIENT, SQLITE_UTF8)
                            : sqlite3_bind_null(statement->prepared, value));
}

void report_statement_text(struct report_statement *statement, const char *text) {
    report_statement_str(statement, vk_str(text));
}

/* What has the uppermost bit set is negative to SQLite, and comes back as it was. */
void report_statement_count(struct report_statement *statement, uint64_t value) {
    if (statement->failed) return;
    bound(statement,
          sqlite3_bind_int64(statement->prepared, statement->next++, (sqlite3_int64)value));
}

void report_statement_real(struct report_statement *statement, double value) {
    if (statement->failed) return;
    bound(statement, sqlite3_bind_double(statement->prepared, statement->next++, value));
}

bool report_statement_run(struct report_statement *statement) {
    if (statement->failed) return false;
    VK_ASSERT(statement->next == sqlite3_bind_parameter_count(statement->prepared) + 1);
    /* Whatever is written is of a transaction: SQLite has rolled it back by itself, and this would be committed alone. */
    if (sqlite3_get_autocommit(sqlite3_db_handle(statement->prepared))) statement->failed = true;
    if (statement->failed) return false;
    if (sqlite3_step(statement->prepared) != SQLITE_DONE) statement->failed = true;
    if (sqlite3_reset(statement->prepared) != SQLITE_OK) statement->failed = true;
    statement->next = 1;
    return !statement->failed;
}

/* ---- rows */

bool report_statement_row(struct report_statement *statement) {
    if (statement->failed) return false;
    int code = sqlite3_step(statement->prepared);
    statement->failed = code != SQLITE_ROW && code != SQLITE_DONE;
    statement->next = 0;
    return code == SQLITE_ROW;
}

const char *report_column_text_or_null(struct report_statement *statement, struct vk_arena *arena) {
    int column = statement->next++;
    if (sqlite3_column_type(statement->prepared, column) == SQLITE_NULL) return NULL;
    const void *bytes = sqlite3_column_text(statement->prepared, column);
    const struct vk_str text = {bytes, (size_t)sqlite3_column_bytes(statement->prepared, column)};
    const char *copy = bytes ? report_utf8(text, arena) : NULL;
    if (!copy) statement->failed = true;
    return copy;
}

const char *report_column_text(struct report_statement *statement, struct vk_arena *arena) {
    const char *text = report_column_text_or_null(statement, arena);
    return text ? text : "";
}

uint64_t report_column_count(struct report_statement *statement) {
    return (uint64_t)sqlite3_column_int64(statement->prepared, statement->next++);
}

uint64_t report_column_count_or(struct report_statement *statement, uint64_t none) {
    bool is_null = sqlite3_column_type(statement->prepared, statement->next) == SQLITE_NULL;
    uint64_t value = report_column_count(statement);
    return is_null ? none : value;
}

double report_column_real(struct report_statement *statement) {
    return sqlite3_column_double(statement->prepared, statement->next++);
}
