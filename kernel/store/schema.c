/* schema.c - opening a database and checking its tables. See schema.h.
 *
 * The tables are those of
 * packages/swing-store/src/{swingStore,kvStore,transcriptStore,snapStore,bundleStore}.js. An older
 * swing-store's snapshots table, with one more CHECK, passes too.
 *
 * INV-SCHEMA-1  Every statement of sql.h finds its tables and columns as it expects them: real
 *               tables, these columns in this order, BINARY collation (the byte order of
 *               vk_str_cmp), UTF-8.
 * INV-SCHEMA-2  No trigger or view of a hostile file runs.
 *
 * What rows hold is not checked here but where they are read.
 */
#include "schema.h"

#include <stdio.h>

static const char create_tables[] =
    "CREATE TABLE IF NOT EXISTS pendingExports (key TEXT, value TEXT, PRIMARY KEY (key));\n"
    "CREATE TABLE IF NOT EXISTS kvStore (key TEXT, value TEXT, PRIMARY KEY (key));\n"
    "CREATE TABLE IF NOT EXISTS transcriptItems (\n"
    "  vatID TEXT,\n"
    "  position INTEGER,\n"
    "  item TEXT,\n"
    "  incarnation INTEGER,\n"
    "  PRIMARY KEY (vatID, position)\n"
    ");\n"
    "CREATE TABLE IF NOT EXISTS transcriptSpans (\n"
    "  vatID TEXT,\n"
    "  startPos INTEGER, -- inclusive\n"
    "  endPos INTEGER, -- exclusive\n"
    "  hash TEXT, -- cumulative over the span's items\n"
    "  isCurrent INTEGER CHECK (isCurrent = 1),\n"
    "  incarnation INTEGER,\n"
    "  PRIMARY KEY (vatID, startPos),\n"
    "  UNIQUE (vatID, isCurrent)\n"
    ");\n"
    "CREATE INDEX IF NOT EXISTS currentTranscriptIndex ON transcriptSpans (vatID, isCurrent);\n"
    "CREATE TABLE IF NOT EXISTS snapshots (\n"
    "  vatID TEXT,\n"
    "  snapPos INTEGER,\n"
    "  inUse INTEGER CHECK(inUse = 1),\n"
    "  hash TEXT,\n"
    "  uncompressedSize INTEGER,\n"
    "  compressedSize INTEGER,\n"
    "  compressedSnapshot BLOB,\n"
    "  PRIMARY KEY (vatID, snapPos),\n"
    "  UNIQUE (vatID, inUse)\n"
    ");\n"
    "CREATE TABLE IF NOT EXISTS bundles (bundleID TEXT, bundle BLOB, PRIMARY KEY (bundleID));\n";

struct column {
    const char *table;
    const char *name;
    const char *type;
    bool in_primary_key;
};

static const struct column columns[] = {
    {"kvStore", "key", "TEXT", true},
    {"kvStore", "value", "TEXT", false},
    {"pendingExports", "key", "TEXT", true},
    {"pendingExports", "value", "TEXT", false},
    {"transcriptItems", "vatID", "TEXT", true},
    {"transcriptItems", "position", "INTEGER", true},
    {"transcriptItems", "item", "TEXT", false},
    {"transcriptItems", "incarnation", "INTEGER", false},
    {"transcriptSpans", "vatID", "TEXT", true},
    {"transcriptSpans", "startPos", "INTEGER", true},
    {"transcriptSpans", "endPos", "INTEGER", false},
    {"transcriptSpans", "hash", "TEXT", false},
    {"transcriptSpans", "isCurrent", "INTEGER", false},
    {"transcriptSpans", "incarnation", "INTEGER", false},
    {"snapshots", "vatID", "TEXT", true},
    {"snapshots", "snapPos", "INTEGER", true},
    {"snapshots", "inUse", "INTEGER", false},
    {"snapshots", "hash", "TEXT", false},
    {"snapshots", "uncompressedSize", "INTEGER", false},
    {"snapshots", "compressedSize", "INTEGER", false},
    {"snapshots", "compressedSnapshot", "BLOB", false},
    {"bundles", "bundleID", "TEXT", true},
    {"bundles", "bundle", "BLOB", false},
};

static const size_t column_total = sizeof columns / sizeof columns[0];

/* A store is used by one thread at a time: SQLite need not lock the connection. */
enum {
    OPEN_READ_ONLY = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
    OPEN_READ_WRITE = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
};

/* Runs a query of one row and gives its first column: an integer, or the length of a text. */
static enum vk_err query_one(const struct vk_sql *sql, const char *text, char *out, size_t out_size,
                             int64_t *number) {
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL);
    if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, text);
    rc = sqlite3_step(statement);
    enum vk_err err = VK_OK;
    if (rc == SQLITE_ROW) {
        if (number) *number = sqlite3_column_int64(statement, 0);
        /* Only if it is wanted: a conversion for which there is no memory leaves a null behind. */
        const unsigned char *value = out ? sqlite3_column_text(statement, 0) : NULL;
        if (out) snprintf(out, out_size, "%s", value ? (const char *)value : "");
        if (out && !value && sqlite3_errcode(sql->db) == SQLITE_NOMEM)
            err = vk_sql_raise(sql, SQLITE_NOMEM, text);
    } else {
        if (out) *out = '\0';
        if (number) *number = 0;
        if (rc != SQLITE_DONE) err = vk_sql_raise(sql, rc, text);
    }
    /* A pragma that has given its row may still have to commit: what comes of it is told now. */
    rc = sqlite3_finalize(statement);
    return err == VK_OK && rc != SQLITE_OK ? vk_sql_raise(sql, rc, text) : err;
}

static enum vk_err exec(const struct vk_sql *sql, const char *text, const char *doing) {
    int rc = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? VK_OK : vk_sql_raise(sql, rc, doing);
}

static enum vk_err column_check(const struct vk_sql *sql, const struct column *column) {
    const char *type = NULL, *collation = NULL;
    int not_null = 0, in_primary_key = 0;
    int rc = sqlite3_table_column_metadata(sql->db, "main", column->table, column->name, &type,
                                           &collation, &not_null, &in_primary_key, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_ERROR) return vk_sql_raise(sql, rc, column->table);
    if (rc != SQLITE_OK || !type || sqlite3_stricmp(type, column->type) != 0 || !collation ||
        sqlite3_stricmp(collation, "BINARY") != 0 ||
        (in_primary_key != 0) != column->in_primary_key)
        return VK_RAISE(VK_ERR_CORRUPT, "table %s has no column %s as the swing-store's has",
                        column->table, column->name);
    return VK_OK;
}

/* Real tables of a name (views and virtual ones do not count), and columns of any of that name. */
static const char count_table[] = "SELECT (SELECT count(*) FROM sqlite_schema"
                                  " WHERE type = 'table' AND name = ?1 AND rootpage > 0),"
                                  " (SELECT count(*) FROM pragma_table_xinfo(?1))";

/* The table has `expected` columns: together with column_check that is all of them. */
static enum vk_err column_count_check(const struct vk_sql *sql, sqlite3_stmt *counts,
                                      const char *table, int64_t expected) {
    int rc = sqlite3_bind_text(counts, 1, table, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(counts);
    if (rc != SQLITE_ROW) return vk_sql_raise(sql, rc, count_table);
    int64_t tables = sqlite3_column_int64(counts, 0);
    int64_t found = sqlite3_column_int64(counts, 1);
    rc = sqlite3_reset(counts);
    if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, count_table);
    if (tables != 1) return VK_RAISE(VK_ERR_CORRUPT, "no table %s: not a swing-store", table);
    if (found != expected)
        return VK_RAISE(VK_ERR_CORRUPT, "table %s has %d columns, the swing-store's has %d", table,
                        (int)found, (int)expected);
    return VK_OK;
}

static enum vk_err columns_check(const struct vk_sql *sql, sqlite3_stmt *counts) {
    for (size_t i = 0; i < column_total;) {
        size_t end = i;
        while (end < column_total && strcmp(columns[end].table, columns[i].table) == 0)
            end++;
        VK_TRY(column_count_check(sql, counts, columns[i].table, (int64_t)(end - i)));
        for (; i < end; i++)
            VK_TRY(column_check(sql, &columns[i]));
    }
    return VK_OK;
}

static enum vk_err tables_check(const struct vk_sql *sql) {
    char encoding[16];
    VK_TRY(query_one(sql, "PRAGMA encoding", encoding, sizeof encoding, NULL));
    if (strcmp(encoding, "UTF-8") != 0)
        return VK_RAISE(VK_ERR_CORRUPT, "the database's encoding is %s, not UTF-8", encoding);
    sqlite3_stmt *counts;
    int rc = sqlite3_prepare_v2(sql->db, count_table, -1, &counts, NULL);
    if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, count_table);
    enum vk_err err = columns_check(sql, counts);
    sqlite3_finalize(counts);
    return err;
}

/* Number of objects in the database that `condition` holds for. */
static enum vk_err schema_count(const struct vk_sql *sql, const char *condition, int64_t *count) {
    char text[240];
    int n = snprintf(text, sizeof text, "SELECT count(*) FROM sqlite_schema WHERE %s", condition);
    VK_ASSERT(n < (int)sizeof text); /* INV-SCHEMA-4: the conditions are ours */
    return query_one(sql, text, NULL, 0, count);
}

/* *whole: nothing that create_tables makes is missing. A database of somebody else's, in which nothing of a
 * swing-store is, is left alone. */
static enum vk_err whole_check(const struct vk_sql *sql, bool *whole) {
    int64_t made = 0, others = 0;
    VK_TRY(
        schema_count(sql,
                     "name IN ('pendingExports', 'kvStore', 'transcriptItems', 'transcriptSpans',"
                     " 'currentTranscriptIndex', 'snapshots', 'bundles')",
                     &made));
    *whole = made == 7;
    if (*whole) return VK_OK;
    VK_TRY(schema_count(sql, "type = 'table' AND name = 'kvStore' AND rootpage > 0", &made));
    VK_TRY(schema_count(sql, "1", &others));
    if (made == 0 && others > 0)
        return VK_RAISE(VK_ERR_CORRUPT, "no table kvStore: not a swing-store");
    return VK_OK;
}

/* Makes what is missing, if anything is. */
static enum vk_err tables_create(struct vk_sql *sql) {
    bool whole;
    VK_TRY(whole_check(sql, &whole));
    if (whole) return VK_OK;
    VK_TRY(vk_sql_begin(sql));
    enum vk_err err = whole_check(sql, &whole); /* now that nobody else writes */
    if (err == VK_OK) err = exec(sql, create_tables, "creating tables");
    if (err == VK_OK) err = vk_sql_commit(sql);
    if (err != VK_OK) vk_sql_abort(sql);
    return err;
}

/* WAL with synchronous=FULL: durable at commit, and readers see the last commit meanwhile. */
static enum vk_err journal_set(const struct vk_sql *sql, bool in_memory) {
    char mode[16];
    VK_TRY(query_one(sql, "PRAGMA journal_mode=wal", mode, sizeof mode, NULL));
    if (strcmp(mode, "wal") != 0 && !in_memory)
        return VK_RAISE(VK_ERR_DISK, "the disk has no write-ahead log (journal_mode is %s)", mode);
    return exec(sql, "PRAGMA synchronous=full", "setting synchronous");
}

/* A process that died in a commit may have left it whole in the -wal but not synced: it would be seen now, and a power
 * cut could still take it back. Once more to the disk, then, before anybody acts on it. */
static enum vk_err settle(const struct vk_sql *sql) {
    int rc = sqlite3_wal_checkpoint_v2(sql->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return rc == SQLITE_OK ? VK_OK : vk_sql_raise(sql, rc, "settling what was committed");
}

/* INV-SCHEMA-2; before anything is read. */
static enum vk_err connection_harden(const struct vk_sql *sql, bool read_only) {
    const int settings[][2] = {
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},           {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},           {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, read_only},
    };
    int ignored, rc = sqlite3_extended_result_codes(sql->db, 1);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        rc |= sqlite3_db_config(sql->db, settings[i][0], settings[i][1], &ignored);
    /* Only a SQLite too old to know one of them refuses. */
    return rc == SQLITE_OK ? VK_OK : vk_sql_raise(sql, SQLITE_ERROR, "configuring the connection");
}

static enum vk_err connection_configure(const struct vk_sql *sql) {
    return exec(sql,
                "PRAGMA temp_store=memory; PRAGMA cache_size=-65536; PRAGMA cell_size_check=on;",
                "configuring the connection");
}

/* What else there is of a database besides its main file. */
struct siblings {
    bool wal;     /* commits that the main file does not have yet */
    bool journal; /* a transaction to be rolled back */
    bool shm;     /* somebody has the -wal open, or had when he was killed */
};

static bool beside(sqlite3_vfs *vfs, char *path, size_t path_n, const char *suffix) {
    int exists = 0;
    memcpy(path + path_n, suffix, strlen(suffix) + 1);
    int rc = vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists);
    path[path_n] = '\0';
    return rc != SQLITE_OK || exists != 0;
}

enum { SUFFIX_SIZE = 16 };

static enum vk_err siblings_find(const struct vk_heap *heap, const struct vk_disk *disk,
                                 struct siblings *found) {
    sqlite3_vfs *vfs = sqlite3_vfs_find(disk->vfs);
    size_t size = (size_t)vfs->mxPathname + 1 + SUFFIX_SIZE;
    char *path = heap->alloc(heap->impl, size);
    if (!path) return VK_RAISE(VK_ERR_NOMEM, "a path of %zu bytes", size);
    int rc = vfs->xFullPathname(vfs, disk->path, vfs->mxPathname + 1, path);
    if (rc == SQLITE_OK || rc == SQLITE_OK_SYMLINK) {
        size_t n = strlen(path);
        found->wal = beside(vfs, path, n, "-wal");
        found->journal = beside(vfs, path, n, "-journal");
        found->shm = beside(vfs, path, n, "-shm");
    } else {
        *found = (struct siblings){true, true, true};
    }
    heap->free(heap->impl, path, size);
    return VK_OK;
}

/* A -wal that nobody has open is read without locks, for those would need an -shm file. A VFS of
 * the host's own keeps its shared memory where it likes: there, a missing -shm says nothing. */
static const char lockless_vfs[] = "unix-none";

static bool wal_is_left_over(const struct vk_disk *disk, const struct siblings *siblings) {
    return siblings->wal && !siblings->shm && !siblings->journal && !disk->vfs &&
           sqlite3_vfs_find(lockless_vfs);
}

/* "file:PATH?PARAMETERS", with what a URI cannot hold escaped. */
static void uri_write(char *uri, size_t size, const char *path, const char *parameters) {
    static const char hex[] = "0123456789abcdef";
    size_t n = (size_t)snprintf(uri, size, "file:");
    for (const char *p = path; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '/' || c == '.' || c == '-' || c == '_';
        if (safe) {
            uri[n++] = (char)c;
        } else {
            uri[n++] = '%';
            uri[n++] = hex[c >> 4];
            uri[n++] = hex[c & 15];
        }
    }
    VK_ASSERT(n < size); /* INV-SCHEMA-3: three bytes a byte, and room for the rest */
    snprintf(uri + n, size - n, "%s", parameters);
}

static enum vk_err open_read_only(struct vk_sql *sql, const struct vk_heap *heap,
                                  const struct vk_disk *disk, const struct siblings *siblings) {
    bool alone = !siblings->wal && !siblings->journal;
    bool lockless = wal_is_left_over(disk, siblings);
    const char *parameters = alone ? "?immutable=1" : "";
    size_t size = strlen(disk->path) * 3 + strlen("file:") + strlen(parameters) + 1;
    char *uri = heap->alloc(heap->impl, size);
    if (!uri) return VK_RAISE(VK_ERR_NOMEM, "a name of %zu bytes", size);
    uri_write(uri, size, disk->path, parameters);
    int rc = sqlite3_open_v2(uri, &sql->db, OPEN_READ_ONLY, lockless ? lockless_vfs : disk->vfs);
    heap->free(heap->impl, uri, size);
    /* A folder can be opened, but not read. */
    if (rc == SQLITE_CANTOPEN ||
        (sql->db && sqlite3_extended_errcode(sql->db) == SQLITE_IOERR_READ))
        return VK_RAISE(VK_ERR_USAGE, "%s: no such file, or it cannot be read", disk->path);
    if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, disk->path);
    /* Alone with the file, SQLite keeps the index of the -wal in memory. */
    if (lockless) return exec(sql, "PRAGMA locking_mode=exclusive", "setting the locking mode");
    return VK_OK;
}

static enum vk_err open_read_write(struct vk_sql *sql, const struct vk_disk *disk) {
    int rc = sqlite3_open_v2(disk->path, &sql->db, OPEN_READ_WRITE, disk->vfs);
    if (rc == SQLITE_CANTOPEN)
        return VK_RAISE(VK_ERR_USAGE, "%s: cannot be opened or created", disk->path);
    return rc == SQLITE_OK ? VK_OK : vk_sql_raise(sql, rc, disk->path);
}

static enum vk_err connection_open(struct vk_sql *sql, const struct vk_heap *heap,
                                   const struct vk_disk *disk, bool read_only,
                                   struct siblings *siblings) {
    if (!disk->path || !*disk->path) return VK_RAISE(VK_ERR_USAGE, "no database path");
    if (!sqlite3_vfs_find(disk->vfs))
        return VK_RAISE(VK_ERR_USAGE, "no VFS named %s", disk->vfs ? disk->vfs : "(default)");
    VK_TRY(siblings_find(heap, disk, siblings));
    VK_TRY(read_only ? open_read_only(sql, heap, disk, siblings) : open_read_write(sql, disk));
    return connection_harden(sql, read_only);
}

/* The first read: is it a database at all, and whole? A file that ends within a page is only
 * noticed by SQLite when that page is asked for. (With a -wal or a journal, the main file may be
 * in any state.) */
static enum vk_err file_check(const struct vk_sql *sql, const struct vk_disk *disk,
                              const struct siblings *siblings) {
    int64_t page_size = 0;
    VK_TRY(query_one(sql, "SELECT count(*) FROM sqlite_schema", NULL, 0, &page_size));
    if (siblings->wal || siblings->journal) return VK_OK;
    VK_TRY(query_one(sql, "PRAGMA page_size", NULL, 0, &page_size));
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    int rc = sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK && file && file->pMethods) rc = file->pMethods->xFileSize(file, &size);
    if (rc != SQLITE_OK) return vk_sql_raise(sql, rc, disk->path);
    if (size % page_size != 0) return VK_RAISE(VK_ERR_CORRUPT, "%s: is truncated", disk->path);
    return VK_OK;
}

enum vk_err vk_schema_open(struct vk_sql *sql, const struct vk_heap *heap,
                           const struct vk_disk *disk, bool read_only) {
    *sql = (struct vk_sql){0};
    struct siblings siblings = {false, false, false};
    bool in_memory = disk->path && strcmp(disk->path, ":memory:") == 0;
    enum vk_err err = connection_open(sql, heap, disk, read_only, &siblings);
    if (err == VK_OK && !in_memory) err = file_check(sql, disk, &siblings);
    if (err == VK_OK) err = connection_configure(sql);
    bool whole;
    if (err == VK_OK && !read_only) err = whole_check(sql, &whole); /* before anything is changed */
    if (err == VK_OK && !read_only) err = journal_set(sql, in_memory);
    if (err == VK_OK && !read_only) err = settle(sql);
    if (err == VK_OK && !read_only) err = tables_create(sql);
    if (err == VK_OK) err = tables_check(sql); /* INV-SCHEMA-1 */
    if (err != VK_OK) vk_sql_close(sql);
    return err;
}
