/* write_back.c - the write-back mode: cranks in memory with an undo log, one SQLite transaction a
 * block.
 *
 * INV-WRITE-BACK-1  Between commits no SQLite transaction is open. A commit that fails is rolled
 *                   back whole, and memory still holds all of it: it can be tried again.
 * INV-WRITE-BACK-2  A block is written only over the state that was read: if somebody else has
 *                   committed meanwhile, commit is refused (VK_ERR_BUSY).
 */
#include "store_state.h"

#include "kv_overlay.h"
#include "rows.h"

static enum vk_err write_back_begin(struct vk_store *store, struct vk_crank_mark *mark) {
    vk_undo_open(&store->undo);
    mark->undone_to = vk_undo_mark(&store->undo);
    return VK_OK;
}

static enum vk_err write_back_savepoint(struct vk_store *store, size_t depth,
                                        struct vk_crank_mark *mark) {
    (void)depth;
    mark->undone_to = vk_undo_mark(&store->undo);
    return VK_OK;
}

static enum vk_err write_back_rollback(struct vk_store *store, size_t depth,
                                       const struct vk_crank_mark *mark) {
    (void)depth;
    vk_undo_revert(&store->undo, mark->undone_to);
    return VK_OK;
}

static enum vk_err write_back_end(struct vk_store *store) {
    vk_undo_close(&store->undo);
    vk_overlay_reap(&store->kv);
    vk_overlay_reap(&store->rows);
    return VK_OK;
}

static void write_back_abandon(struct vk_store *store, const struct vk_crank_mark *mark) {
    vk_undo_revert(&store->undo, mark->undone_to);
    enum vk_err err = write_back_end(store);
    VK_ASSERT(err == VK_OK); /* INV-UNDO-2: going back cannot fail */
}

static enum vk_err data_version_get(struct vk_store *store, int64_t *version) {
    sqlite3_stmt *statement;
    bool row;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_DATA_VERSION, &statement, ""));
    VK_TRY(vk_sql_step(&store->sql, statement, &row));
    *version = row ? sqlite3_column_int64(statement, 0) : 0;
    if (row) vk_sql_done(statement);
    return VK_OK;
}

static enum vk_err block_write(struct vk_store *store) {
    int64_t version;
    VK_TRY(data_version_get(store, &version));
    if (version != store->data_version) /* INV-WRITE-BACK-2 */
        return VK_RAISE(VK_ERR_BUSY, "somebody else has written to the database");
    VK_TRY(vk_kv_overlay_write(store));
    VK_TRY(vk_rows_write(store));
    return vk_sql_commit(&store->sql);
}

static enum vk_err write_back_commit(struct vk_store *store) {
    VK_ASSERT(!store->undo.is_open); /* INV-UNDO-3 */
    if (store->sql.in_transaction)   /* INV-WRITE-BACK-1 could not be kept */
        return VK_RAISE(VK_ERR_DISK, "an earlier commit could not be rolled back");
    if (!store->kv.dirty_first && !store->rows.dirty_first) return VK_OK;
    VK_TRY(vk_sql_begin(&store->sql));
    enum vk_err err = block_write(store);
    if (err != VK_OK) {
        vk_sql_abort(&store->sql); /* INV-WRITE-BACK-1 */
        return err;
    }
    vk_kv_overlay_committed(store);
    vk_rows_committed(store);
    return VK_OK;
}

static enum vk_err write_back_load(struct vk_store *store) {
    /* Read before the rows: a commit of somebody else's between the two is then noticed. */
    VK_TRY(data_version_get(store, &store->data_version));
    return vk_kv_overlay_load(store);
}

static const struct vk_txn_ops txn = {
    write_back_begin, write_back_savepoint, write_back_rollback,
    write_back_end,   write_back_abandon,   write_back_commit,
};

const struct vk_store_mode_ops vk_store_write_back = {
    &vk_kv_overlay,  &txn, &vk_transcript_overlay, &vk_snapshot_overlay, &vk_bundle_overlay,
    write_back_load,
};
