/* direct.c - the direct mode: the block is one SQLite transaction, and a crank's savepoints are
 * SQLite's.
 *
 * INV-DIRECT-1  A savepoint exists only inside the transaction: releasing the outermost commits
 *               nothing.
 *
 * All savepoints of a crank are inside one named `crank`, which is what an abandoned crank goes
 * back to.
 */
#include "store_state.h"

#include "kv_sql.h"

static enum vk_err direct_begin(struct vk_store *store, struct vk_crank_mark *mark) {
    (void)mark;
    VK_TRY(vk_sql_begin(&store->sql)); /* INV-DIRECT-1 */
    return vk_sql_run(&store->sql, VK_SQL_CRANK_SAVEPOINT, "");
}

static enum vk_sql_id at_depth(enum vk_sql_id first, size_t depth) {
    VK_ASSERT(depth < VK_SAVEPOINT_DEPTH_MAX); /* INV-STORE-1 */
    return (enum vk_sql_id)((size_t)first + depth);
}

static enum vk_err direct_savepoint(struct vk_store *store, size_t depth,
                                    struct vk_crank_mark *mark) {
    (void)mark;
    VK_TRY(vk_sql_begin(&store->sql)); /* INV-DIRECT-1 */
    return vk_sql_run(&store->sql, at_depth(VK_SQL_SAVEPOINT_0, depth), "");
}

static enum vk_err direct_rollback(struct vk_store *store, size_t depth,
                                   const struct vk_crank_mark *mark) {
    (void)mark;
    VK_TRY(vk_sql_run(&store->sql, at_depth(VK_SQL_ROLLBACK_0, depth), ""));
    return vk_sql_run(&store->sql, at_depth(VK_SQL_RELEASE_0, depth), "");
}

static enum vk_err direct_end(struct vk_store *store) {
    return vk_sql_run(&store->sql, VK_SQL_CRANK_RELEASE, "");
}

static void direct_abandon(struct vk_store *store, const struct vk_crank_mark *mark) {
    (void)mark;
    /* When even this fails the whole block is gone with the transaction: nothing was committed. */
    if (vk_sql_run(&store->sql, VK_SQL_CRANK_ROLLBACK, "") != VK_OK ||
        vk_sql_run(&store->sql, VK_SQL_CRANK_RELEASE, "") != VK_OK)
        vk_sql_abort(&store->sql);
}

static enum vk_err direct_commit(struct vk_store *store) {
    return store->sql.in_transaction ? vk_sql_commit(&store->sql) : VK_OK;
}

static enum vk_err direct_load(struct vk_store *store) {
    if (store->options.no_state_hash) return VK_OK;
    return vk_kv_sql.recompute(store, &store->state_hash);
}

static const struct vk_txn_ops txn = {
    direct_begin, direct_savepoint, direct_rollback, direct_end, direct_abandon, direct_commit,
};

const struct vk_store_mode_ops vk_store_direct = {
    &vk_kv_sql, &txn, &vk_transcript_sql, &vk_snapshot_sql, &vk_bundle_sql, direct_load,
};
