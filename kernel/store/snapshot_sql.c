/* snapshot_sql.c - snapshot rows of the direct mode: each operation is SQLite's. See
 * store_state.h. */
#include "snapshot_sql.h"

#include "store_state.h"

static enum vk_err info_read(struct vk_store *store, sqlite3_stmt *statement,
                             struct vk_snapshot_info *info) {
    VK_TRY(vk_sql_u64(statement, 0, "a snapshot's snapPos", &info->position));
    VK_TRY(vk_sql_hash(&store->sql, statement, 1, "a snapshot's hash", info->hash));
    VK_TRY(vk_sql_u64(statement, 2, "a snapshot's uncompressedSize", &info->uncompressed_size));
    return vk_sql_u64(statement, 3, "a snapshot's compressedSize", &info->compressed_size);
}

static enum vk_err sql_current(struct vk_store *store, struct vk_str vat, bool *found,
                               struct vk_snapshot_info *info) {
    sqlite3_stmt *statement;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_SNAPSHOT_CURRENT, &statement, "t", vat));
    VK_TRY(vk_sql_step(&store->sql, statement, found));
    if (!*found) return VK_OK;
    enum vk_err err = info_read(store, statement, info);
    vk_sql_done(statement);
    return err;
}

static enum vk_err sql_floor(struct vk_store *store, struct vk_str vat, uint64_t at_most,
                             bool *found, uint64_t *position) {
    sqlite3_stmt *statement;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_SNAPSHOT_FLOOR, &statement, "tu", vat, at_most));
    VK_TRY(vk_sql_step(&store->sql, statement, found));
    if (!*found) return VK_OK;
    enum vk_err err = vk_sql_u64(statement, 0, "a snapshot's snapPos", position);
    vk_sql_done(statement);
    return err;
}

enum vk_err vk_snapshot_row_put(struct vk_store *store, struct vk_str vat,
                                const struct vk_snapshot_info *info, bool in_use,
                                struct vk_str packed) {
    struct vk_sql *sql = &store->sql;
    struct vk_str hash = vk_str(info->hash);
    if (in_use)
        return vk_sql_run(sql, VK_SQL_SNAPSHOT_PUT, "tuutuub", vat, info->position, (uint64_t)1,
                          hash, info->uncompressed_size, info->compressed_size, packed);
    if (vk_str_present(packed))
        return vk_sql_run(sql, VK_SQL_SNAPSHOT_PUT, "tuztuub", vat, info->position, hash,
                          info->uncompressed_size, info->compressed_size, packed);
    return vk_sql_run(sql, VK_SQL_SNAPSHOT_PUT, "tuztuuz", vat, info->position, hash,
                      info->uncompressed_size, info->compressed_size);
}

static enum vk_err sql_put(struct vk_store *store, struct vk_str vat,
                           const struct vk_snapshot_info *info, struct vk_str compressed) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_snapshot_row_put(store, vat, info, true, compressed);
}

static enum vk_err sql_retire(struct vk_store *store, struct vk_str vat,
                              const struct vk_snapshot_info *info, bool keep) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_sql_run(&store->sql, keep ? VK_SQL_SNAPSHOT_KEEP : VK_SQL_SNAPSHOT_PRUNE, "tu", vat,
                      info->position);
}

static enum vk_err sql_image(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                             uint64_t position, struct vk_str *compressed) {
    sqlite3_stmt *statement;
    bool found;
    struct vk_str bytes = VK_STR_NONE;
    *compressed = VK_STR_NONE;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_SNAPSHOT_IMAGE, &statement, "tu", vat, position));
    VK_TRY(vk_sql_step(&store->sql, statement, &found));
    if (!found) return VK_OK;
    enum vk_err err = vk_sql_blob(&store->sql, statement, 0, "a compressedSnapshot", &bytes);
    if (err == VK_OK && vk_str_present(bytes)) err = vk_arena_copy(arena, bytes, compressed);
    vk_sql_done(statement);
    return err;
}

static enum vk_err sql_remove(struct vk_store *store, struct vk_str vat, uint64_t position) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_sql_run(&store->sql, VK_SQL_SNAPSHOT_DELETE, "tu", vat, position);
}

static enum vk_err sql_wipe(struct vk_store *store, struct vk_str vat) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_sql_run(&store->sql, VK_SQL_SNAPSHOTS_WIPE, "t", vat);
}

const struct vk_snapshot_ops vk_snapshot_sql = {
    sql_current, sql_floor, sql_put, sql_retire, sql_image, sql_remove, sql_wipe,
};
