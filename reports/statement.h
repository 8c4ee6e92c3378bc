/* statement.h - one SQL statement: its values bound in order, run again and again, its columns read in order.
 *
 * What goes wrong sticks, as in a vk_buf: the calls after it do nothing, and report_statement_end() says it.
 */
#ifndef REPORTS_STATEMENT_H
#define REPORTS_STATEMENT_H

#include "vk/arena.h"

#include <sqlite3.h>

struct report_statement {
    sqlite3_stmt *prepared;
    int next; /* the value or column that comes next */
    bool failed;
};

bool report_statement(struct report_statement *statement, sqlite3 *db, const char *sql);
/* What was prepared is given back. False if anything went wrong since then; the connection knows what. */
bool report_statement_end(struct report_statement *statement);

/* Values of the next run. */
void report_statement_text(struct report_statement *statement, const char *text); /* NULL: null */
void report_statement_str(struct report_statement *statement, struct vk_str text);
void report_statement_count(struct report_statement *statement, uint64_t value);
void report_statement_real(struct report_statement *statement, double value);
/* Runs what gives no rows, and is ready for the next values. Only within a transaction: outside it fails. */
bool report_statement_run(struct report_statement *statement);

/* Whether there is one more row. */
bool report_statement_row(struct report_statement *statement);
/* The next column. Text is copied; "" for null unless `or_null`, and valid UTF-8, whatever is in the file. */
const char *report_column_text(struct report_statement *statement, struct vk_arena *arena);
const char *report_column_text_or_null(struct report_statement *statement, struct vk_arena *arena);
uint64_t report_column_count(struct report_statement *statement);
/* The same, `none` for null. */
uint64_t report_column_count_or(struct report_statement *statement, uint64_t none);
double report_column_real(struct report_statement *statement);

#endif
