/* results_write.h - the rows of a result database (results.sql): how what was found or run gets into it.
 *
 * Whoever calls these has begun a transaction, and ends it: with a rollback if one of them says false, in which case the
 * connection knows why.
 *
 * INV-RESULTS-WRITE-1  After something could not be written, nothing is: SQLite may have rolled all of it back by itself (a
 *                      full disk does that), and what came then would stand alone.
 * INV-RESULTS-WRITE-2  A row that is written twice is there once: of a commit that failed nobody knows whether it did.
 */
#ifndef REPORTS_RESULTS_WRITE_H
#define REPORTS_RESULTS_WRITE_H

#include "results.h"

#include <sqlite3.h>

enum report_row_kind {
    REPORT_ROW_FAILURE,
    REPORT_ROW_TURN, /* of the failure with that name and signature, which gets the number of its turn */
    REPORT_ROW_TIMELINE,
    REPORT_ROW_PLAN,
    REPORT_ROW_PLAN_STATE, /* of a plan that is there */
};

struct report_row {
    enum report_row_kind kind;
    uint64_t id;      /* of the row; of a TURN: which one it is */
    uint64_t plan;    /* of a failure: its plan, or 0 */
    uint64_t failure; /* of a timeline: its failure, or 0 */
    double seconds;
    enum report_plan_state state;
    const char *name;
    struct sim_failure found;             /* of a FAILURE and its TURN */
    const char *reproduce, *path, *error; /* or NULL */
    struct vk_str json, difference;       /* of a timeline; or VK_STR_NONE */
};

bool report_row_write(sqlite3 *db, const struct report_row *row);

/* What there is from the beginning. */
bool report_rows_begin(sqlite3 *db, const struct report_results_begin *begins);
bool report_rows_totals(sqlite3 *db, const struct sim_campaign_totals *totals, double seconds,
                        uint64_t unwritten);
bool report_rows_sample(sqlite3 *db, const struct sim_campaign_totals *totals, double seconds);
/* Every other sample goes. */
bool report_rows_thin_out(sqlite3 *db);
bool report_rows_end(sqlite3 *db, const struct report_results_end *ends);

#endif
