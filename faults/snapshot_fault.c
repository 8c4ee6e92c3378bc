/* snapshot_fault.c - see snapshot_fault.h. */
#include "snapshot_fault.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct blob {
    unsigned char *bytes;
    size_t n;
};

/* A snapshot that is struck, and what is left of it. */
struct victim {
    sqlite3 *db;
    const char *vat;
    const unsigned char *packed;
    size_t packed_n;
    size_t unpacked_n;
};

static enum vk_err sql_error(sqlite3 *db, int rc) {
    bool no_memory = (rc & 0xff) == SQLITE_NOMEM;
    return VK_RAISE(no_memory ? VK_ERR_NOMEM : VK_ERR_DISK, "damaging a snapshot: %s",
                    db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
}

/* Runs a statement with the contents (NULL: SQL's NULL) and the vat as its parameters. */
static enum vk_err run(const struct victim *victim, const char *text, const struct blob *contents) {
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(victim->db, text, -1, &statement, NULL);
    if (rc == SQLITE_OK && contents)
        rc = sqlite3_bind_blob64(statement, 2, contents->bytes, contents->n, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(statement, 1, victim->vat, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? VK_OK : sql_error(victim->db, rc);
}

static enum vk_err replace(const struct victim *victim, const struct blob *contents) {
    return run(victim,
               "UPDATE snapshots SET compressedSnapshot = ?2, compressedSize = "
               "ifnull(length(?2), compressedSize) WHERE vatID = ?1 AND inUse = 1",
               contents);
}

static enum vk_err cut(const struct victim *victim) {
    struct blob half = {malloc(victim->packed_n), victim->packed_n / 2};
    if (!half.bytes) return VK_RAISE(VK_ERR_NOMEM, "half a snapshot");
    memcpy(half.bytes, victim->packed, half.n);
    enum vk_err err = replace(victim, &half);
    free(half.bytes);
    return err;
}

static enum vk_err corrupt(const struct victim *victim) {
    struct blob other = {malloc(victim->packed_n), victim->packed_n};
    if (!other.bytes) return VK_RAISE(VK_ERR_NOMEM, "a damaged snapshot");
    memcpy(other.bytes, victim->packed, other.n);
    other.bytes[other.n / 2] ^= 0x10;
    enum vk_err err = replace(victim, &other);
    free(other.bytes);
    return err;
}

/* Bytes that no worker wrote, packed as the store packs. */
static bool pack_another(size_t unpacked_n, struct blob *out) {
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    out->n = deflateBound(&stream, unpacked_n);
    unsigned char *unpacked = malloc(unpacked_n + 1);
    out->bytes = malloc(out->n);
    int rc = Z_MEM_ERROR;
    if (unpacked && out->bytes) {
        memset(unpacked, '?', unpacked_n);
        stream.next_in = unpacked;
        stream.avail_in = (uInt)unpacked_n;
        stream.next_out = out->bytes;
        stream.avail_out = (uInt)out->n;
        rc = deflate(&stream, Z_FINISH);
        out->n = stream.total_out;
    }
    deflateEnd(&stream);
    free(unpacked);
    return rc == Z_STREAM_END;
}

static enum vk_err exchange(const struct victim *victim) {
    struct blob other = {0};
    enum vk_err err = pack_another(victim->unpacked_n, &other)
                          ? replace(victim, &other)
                          : VK_RAISE(VK_ERR_NOMEM, "another snapshot");
    free(other.bytes);
    return err;
}

static enum vk_err damage(const struct victim *victim, const struct fault *fault) {
    VK_ASSERT(victim->packed_n > 0); /* INV-SNAPSHOT-FAULT-1: there is something to damage */
    if (fault->kind == FAULT_SNAPSHOT_CUT) return cut(victim);
    if (fault->kind == FAULT_SNAPSHOT_CORRUPT) return corrupt(victim);
    if (fault->kind == FAULT_SNAPSHOT_OTHER) return exchange(victim);
    VK_ASSERT(fault->kind == FAULT_SNAPSHOT_LOST); /* INV-SNAPSHOT-FAULT-1 */
    if (fault->k % 2 == 0) return replace(victim, NULL);
    return run(victim, "DELETE FROM snapshots WHERE vatID = ?1 AND inUse = 1", NULL);
}

static const enum fault_kind snapshot_kinds[] = {FAULT_SNAPSHOT_LOST, FAULT_SNAPSHOT_CUT,
                                                 FAULT_SNAPSHOT_CORRUPT, FAULT_SNAPSHOT_OTHER};
enum { KIND_TOTAL = sizeof snapshot_kinds / sizeof snapshot_kinds[0] };

static bool any_pending(const struct fault_set *set) {
    for (size_t i = 0; i < KIND_TOTAL; i++)
        if (fault_pending(set, snapshot_kinds[i])) return true;
    return false;
}

/* One snapshot, of the row that `rows` is at. The first kind that strikes takes it. */
static enum vk_err visit(struct fault_set *set, sqlite3_stmt *rows, uint64_t *damaged) {
    struct victim victim = {
        .db = sqlite3_db_handle(rows),
        .vat = (const char *)sqlite3_column_text(rows, 0),
        .unpacked_n = (size_t)sqlite3_column_int64(rows, 1),
        .packed = sqlite3_column_blob(rows, 2),
        .packed_n = (size_t)sqlite3_column_bytes(rows, 2),
    };
    uint64_t vat;
    if (!victim.vat || !vk_str_to_u64(vk_str(victim.vat + (*victim.vat == 'v')), &vat))
        return VK_OK;
    const struct fault *fault = NULL;
    for (size_t i = 0; i < KIND_TOTAL && !fault; i++)
        fault = fault_strikes(set, snapshot_kinds[i], vat);
    if (!fault) return VK_OK;
    ++*damaged;
    return damage(&victim, fault);
}

static enum vk_err visit_all(struct fault_set *set, sqlite3 *db, uint64_t *damaged) {
    sqlite3_stmt *rows = NULL;
    enum vk_err err = VK_OK;
    /* An order that no index gives: all rows are read before the first is changed. */
    int rc = sqlite3_prepare_v2(db,
                                "SELECT vatID, uncompressedSize, compressedSnapshot FROM snapshots "
                                "WHERE inUse = 1 AND uncompressedSize > 0 "
                                "AND length(compressedSnapshot) > 0 "
                                "ORDER BY length(vatID), vatID",
                                -1, &rows, NULL);
    while (rc == SQLITE_OK && err == VK_OK && (rc = sqlite3_step(rows)) == SQLITE_ROW) {
        err = visit(set, rows, damaged);
        rc = SQLITE_OK;
    }
    if (err == VK_OK && rc != SQLITE_DONE) err = sql_error(db, rc);
    sqlite3_finalize(rows);
    return err;
}

enum vk_err fault_snapshots_damage(struct fault_set *set, const struct vk_disk *disk,
                                   uint64_t *damaged) {
    sqlite3 *db = NULL;
    *damaged = 0;
    if (!any_pending(set)) return VK_OK;
    int rc =
        sqlite3_open_v2(disk->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, disk->vfs);
    enum vk_err err = rc == SQLITE_OK ? visit_all(set, db, damaged) : sql_error(db, rc);
    sqlite3_close(db);
    return err;
}
