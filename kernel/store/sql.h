/* sql.h - one SQLite connection: prepared statements, typed binding and reading, error codes.
 *
 * INV-SQL-1  A statement is prepared once a connection, kept, and never left in mid-step by a
 *            function that has returned (an open cursor would see, or block, later writes).
 * INV-SQL-2  No mutating statement runs outside a transaction that vk_sql_begin opened, so that
 *            nothing is committed but by vk_sql_commit.
 * INV-SQL-3  After a failed write of the direct mode `failed` stays set, and nothing is committed.
 *
 * Nothing outside store/ sees this header, and nothing outside store/ includes SQLite's.
 */
#ifndef VK_STORE_SQL_H
#define VK_STORE_SQL_H

#include <sqlite3.h>

#include "vk/arena.h"

enum { VK_SAVEPOINT_DEPTH_MAX = 4 };

#define VK_SQL_LIST(X)                                                                             \
    X(BEGIN, "BEGIN IMMEDIATE TRANSACTION")                                                        \
    X(COMMIT, "COMMIT")                                                                            \
    X(DATA_VERSION, "PRAGMA data_version")                                                         \
    X(CRANK_SAVEPOINT, "SAVEPOINT crank")                                                          \
    X(CRANK_ROLLBACK, "ROLLBACK TO SAVEPOINT crank")                                               \
    X(CRANK_RELEASE, "RELEASE SAVEPOINT crank")                                                    \
    X(SAVEPOINT_0, "SAVEPOINT t0")                                                                 \
    X(SAVEPOINT_1, "SAVEPOINT t1")                                                                 \
    X(SAVEPOINT_2, "SAVEPOINT t2")                                                                 \
    X(SAVEPOINT_3, "SAVEPOINT t3")                                                                 \
    X(ROLLBACK_0, "ROLLBACK TO SAVEPOINT t0")                                                      \
    X(ROLLBACK_1, "ROLLBACK TO SAVEPOINT t1")                                                      \
    X(ROLLBACK_2, "ROLLBACK TO SAVEPOINT t2")                                                      \
    X(ROLLBACK_3, "ROLLBACK TO SAVEPOINT t3")                                                      \
    X(RELEASE_0, "RELEASE SAVEPOINT t0")                                                           \
    X(RELEASE_1, "RELEASE SAVEPOINT t1")                                                           \
    X(RELEASE_2, "RELEASE SAVEPOINT t2")                                                           \
    X(RELEASE_3, "RELEASE SAVEPOINT t3")                                                           \
    X(KV_GET, "SELECT value FROM kvStore WHERE key = ?")                                           \
    X(KV_NEXT, "SELECT key FROM kvStore WHERE key > ? LIMIT 1")                                    \
    X(KV_SET, "INSERT INTO kvStore (key, value) VALUES (?, ?) "                                    \
              "ON CONFLICT DO UPDATE SET value = excluded.value")                                  \
    X(KV_DELETE, "DELETE FROM kvStore WHERE key = ?")                                              \
    X(KV_ALL, "SELECT key, value FROM kvStore ORDER BY key")                                       \
    X(ITEM_ADD, "INSERT INTO transcriptItems (vatID, position, item, incarnation) "                \
                "VALUES (?, ?, ?, ?)")                                                             \
    X(ITEM_GET, "SELECT item FROM transcriptItems WHERE vatID = ? AND position = ?")               \
    X(ITEMS_DELETE, "DELETE FROM transcriptItems "                                                 \
                    "WHERE vatID = ? AND position >= ? AND position < ?")                          \
    X(ITEMS_WIPE, "DELETE FROM transcriptItems WHERE vatID = ?")                                   \
    X(SPAN_CURRENT, "SELECT startPos, endPos, incarnation, hash FROM transcriptSpans "             \
                    "WHERE vatID = ? AND isCurrent = 1")                                           \
    X(SPAN_FLOOR, "SELECT startPos, endPos, incarnation, hash FROM transcriptSpans "               \
                  "WHERE vatID = ? AND startPos <= ? ORDER BY startPos DESC LIMIT 1")              \
    X(SPAN_PUT, "INSERT INTO transcriptSpans "                                                     \
                "(vatID, startPos, endPos, hash, isCurrent, incarnation) "                         \
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (vatID, startPos) DO UPDATE "               \
                "SET endPos = excluded.endPos, hash = excluded.hash, "                             \
                "isCurrent = excluded.isCurrent, incarnation = excluded.incarnation")              \
    X(SPAN_UPDATE, "UPDATE transcriptSpans SET endPos = ?, hash = ? "                              \
                   "WHERE vatID = ? AND isCurrent = 1")                                            \
    X(SPAN_RETIRE, "UPDATE transcriptSpans SET isCurrent = null "                                  \
                   "WHERE isCurrent = 1 AND vatID = ?")                                            \
    X(SPANS_ALL, "SELECT vatID, startPos, endPos, incarnation, hash, isCurrent "                   \
                 "FROM transcriptSpans ORDER BY vatID, startPos")                                  \
    X(ITEMS_ALL, "SELECT vatID, position, incarnation, item "                                      \
                 "FROM transcriptItems ORDER BY vatID, position")                                  \
    X(SPAN_DELETE, "DELETE FROM transcriptSpans WHERE vatID = ? AND startPos = ?")                 \
    X(SPANS_WIPE, "DELETE FROM transcriptSpans WHERE vatID = ?")                                   \
    X(SNAPSHOT_CURRENT, "SELECT snapPos, hash, uncompressedSize, compressedSize "                  \
                        "FROM snapshots WHERE vatID = ? AND inUse = 1")                            \
    X(SNAPSHOT_IMAGE, "SELECT compressedSnapshot FROM snapshots "                                  \
                      "WHERE vatID = ? AND snapPos = ?")                                           \
    X(SNAPSHOT_FLOOR, "SELECT snapPos FROM snapshots WHERE vatID = ? AND snapPos <= ? "            \
                      "ORDER BY snapPos DESC LIMIT 1")                                             \
    X(SNAPSHOT_PUT, "INSERT OR REPLACE INTO snapshots (vatID, snapPos, inUse, hash, "              \
                    "uncompressedSize, compressedSize, compressedSnapshot) "                       \
                    "VALUES (?, ?, ?, ?, ?, ?, ?)")                                                \
    X(SNAPSHOTS_ALL, "SELECT vatID, snapPos, inUse, hash, uncompressedSize, compressedSize "       \
                     "FROM snapshots ORDER BY vatID, snapPos")                                     \
    X(SNAPSHOT_KEEP, "UPDATE snapshots SET inUse = null WHERE vatID = ? AND snapPos = ?")          \
    X(SNAPSHOT_PRUNE, "UPDATE snapshots SET inUse = null, compressedSnapshot = null "              \
                      "WHERE vatID = ? AND snapPos = ?")                                           \
    X(SNAPSHOT_DELETE, "DELETE FROM snapshots WHERE vatID = ? AND snapPos = ?")                    \
    X(SNAPSHOTS_WIPE, "DELETE FROM snapshots WHERE vatID = ?")                                     \
    X(BUNDLE_ADD, "INSERT INTO bundles (bundleID, bundle) VALUES (?, ?)")                          \
    X(BUNDLE_GET, "SELECT bundle FROM bundles WHERE bundleID = ?")                                 \
    X(BUNDLES_ALL, "SELECT bundleID FROM bundles ORDER BY bundleID")                               \
    X(BUNDLE_DELETE, "DELETE FROM bundles WHERE bundleID = ?")

enum vk_sql_id {
#define VK_SQL_ENUM(name, text) VK_SQL_##name,
    VK_SQL_LIST(VK_SQL_ENUM)
#undef VK_SQL_ENUM
        VK_SQL_COUNT
};

struct vk_sql {
    sqlite3 *db;
    bool in_transaction; /* vk_sql_begin without vk_sql_commit or vk_sql_abort since */
    bool failed;         /* a write failed: what the transaction holds is not what was asked for */
    sqlite3_stmt *statements[VK_SQL_COUNT];
};

/* Frees the statements and the connection; what was not committed is gone. */
void vk_sql_close(struct vk_sql *sql);

/* The code for SQLite's result `rc`, its origin `doing` with SQLite's own words. */
enum vk_err vk_sql_raise(const struct vk_sql *sql, int rc, const char *doing);

/* Opens a transaction unless one is open. VK_ERR_BUSY: somebody else writes; nothing has
 * changed. */
enum vk_err vk_sql_begin(struct vk_sql *sql) VK_MUST_CHECK;
/* Commits the open transaction. On VK_ERR_BUSY it is still open. */
enum vk_err vk_sql_commit(struct vk_sql *sql) VK_MUST_CHECK;
/* Rolls the open transaction back, whatever its state, and forgets the failure in it. Should
 * even that fail, nothing will be committed any more. */
void vk_sql_abort(struct vk_sql *sql);

/* A statement with its parameters bound, from `types`: t text (struct vk_str), b blob (struct
 * vk_str), u uint64_t (an SQLite integer; VK_ERR_USAGE above 2^63-1), z a NULL and no argument.
 * The texts must live until the statement is done with: nothing is copied. */
enum vk_err vk_sql_bind(struct vk_sql *sql, enum vk_sql_id id, sqlite3_stmt **out,
                        const char *types, ...) VK_MUST_CHECK;
/* Steps a query to its next row; at its end (*row false) or on an error it is reset. */
enum vk_err vk_sql_step(struct vk_sql *sql, sqlite3_stmt *statement, bool *row) VK_MUST_CHECK;
/* Ends a query before its end. */
void vk_sql_done(sqlite3_stmt *statement);
/* Binds and runs a statement that changes something and returns nothing. VK_ERR_DISK when the
 * transaction is open no more, since SQLite rolled it back by itself after an earlier error. */
enum vk_err vk_sql_run(struct vk_sql *sql, enum vk_sql_id id, const char *types, ...) VK_MUST_CHECK;

/* Columns of the current row. VK_ERR_CORRUPT, naming `what`, for a value of another type. The
 * bytes are SQLite's and live until the next step. */
enum vk_err vk_sql_text(const struct vk_sql *sql, sqlite3_stmt *statement, int column,
                        const char *what, struct vk_str *out) VK_MUST_CHECK;
/* NULL: VK_STR_NONE. */
enum vk_err vk_sql_blob(const struct vk_sql *sql, sqlite3_stmt *statement, int column,
                        const char *what, struct vk_str *out) VK_MUST_CHECK;
enum vk_err vk_sql_u64(sqlite3_stmt *statement, int column, const char *what, uint64_t *out)
    VK_MUST_CHECK;
/* A hash of 64 characters, with a NUL into hex[65]. */
enum vk_err vk_sql_hash(const struct vk_sql *sql, sqlite3_stmt *statement, int column,
                        const char *what, char hex[65]) VK_MUST_CHECK;

#endif
