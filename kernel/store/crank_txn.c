/* crank_txn.c - cranks: brackets, savepoints, rollback and hashes, over either mode.
 *
 *   outside --start--> in crank --savepoint--> + mark --rollback--> the marks before it
 *      ^                  |  \--emit (also outside)
 *      +------end---------+
 *
 * Keeps INV-STORE-1, -2 and -3. Answers to startCrank, establishCrankSavepoint, rollbackCrank,
 * emitCrankHashes and endCrank of packages/swing-store/src/swingStore.js. There, a savepoint that
 * was rolled back to stays in SQLite until the crank ends, off the list; here it is released at
 * once.
 */
#include "store_state.h"

#include "vk/probe.h"

enum vk_err vk_store_start_crank(struct vk_store *store) {
    VK_TRY(vk_store_writable(store));
    if (store->in_crank) return VK_RAISE(VK_ERR_USAGE, "a crank starts in a crank");
    VK_ASSERT(store->mark_count == 0); /* INV-STORE-1 */
    store->crank_mark.state_hash = store->state_hash;
    VK_TRY(store->mode->txn->begin(store, &store->crank_mark));
    store->in_crank = true;
    if (!store->options.no_activity_hash) vk_hasher_reset(&store->crank_hasher);
    return vk_store_emit(store, VK_TRACE_START_CRANK, VK_STR_NONE, VK_STR_NONE);
}

static struct vk_str savepoint_name(enum vk_savepoint savepoint) {
    return savepoint == VK_SAVEPOINT_START ? VK_STR("start") : VK_STR("deliver");
}

enum vk_err vk_store_savepoint(struct vk_store *store, enum vk_savepoint savepoint) {
    VK_TRY(vk_store_writable(store));
    if (!store->in_crank) return VK_RAISE(VK_ERR_USAGE, "savepoint outside a crank");
    if (store->mark_count == VK_SAVEPOINT_DEPTH_MAX)
        return VK_RAISE(VK_ERR_USAGE, "more than %d savepoints", VK_SAVEPOINT_DEPTH_MAX);
    struct vk_crank_mark *mark = &store->marks[store->mark_count];
    *mark = (struct vk_crank_mark){.savepoint = savepoint, .state_hash = store->state_hash};
    VK_TRY(store->mode->txn->savepoint(store, store->mark_count, mark));
    store->mark_count++;
    return vk_store_emit(store, VK_TRACE_SAVEPOINT, savepoint_name(savepoint), VK_STR_NONE);
}

enum vk_err vk_store_rollback(struct vk_store *store, enum vk_savepoint savepoint) {
    VK_TRY(vk_store_writable(store));
    if (!store->in_crank) return VK_RAISE(VK_ERR_USAGE, "rollback outside a crank");
    size_t depth = 0;
    while (depth < store->mark_count && store->marks[depth].savepoint != savepoint)
        depth++;
    VK_SOMETIMES_IF(depth + 1 < store->mark_count, rollback_over_inner_savepoint);
    if (depth == store->mark_count)
        return VK_RAISE(VK_ERR_USAGE, "no savepoint %.*s", VK_STR_ARG(savepoint_name(savepoint)));
    VK_TRY(store->mode->txn->rollback(store, depth, &store->marks[depth]));
    store->state_hash = store->marks[depth].state_hash;
    store->mark_count = depth;
    return vk_store_emit(store, VK_TRACE_ROLLBACK, savepoint_name(savepoint), VK_STR_NONE);
}

static enum vk_err activity_hash_advance(struct vk_store *store, char crankhash[VK_HASH_HEX],
                                         char activityhash[VK_HASH_HEX]) {
    struct vk_str key = VK_STR("activityhash"), old;
    VK_TRY(store->mode->kv->get(store, &store->scratch, key, &old));
    vk_hasher_finish(&store->crank_hasher, crankhash);
    vk_hasher_add(&store->hasher, VK_STR("activityhash\n"));
    vk_hasher_add(&store->hasher, old);
    vk_hasher_add(&store->hasher, VK_STR("\n"));
    vk_hasher_add(&store->hasher, vk_str(crankhash));
    vk_hasher_add(&store->hasher, VK_STR("\n"));
    vk_hasher_finish(&store->hasher, activityhash);
    /* Past trace and crank hash, as emitCrankHashes() does: the hash would have to hash itself. */
    return store->mode->kv->set(store, key, vk_str(activityhash));
}

enum vk_err vk_store_emit_hashes(struct vk_store *store, char crankhash[VK_HASH_HEX],
                                 char activityhash[VK_HASH_HEX]) {
    VK_TRY(vk_store_writable(store));
    crankhash[0] = activityhash[0] = '\0';
    if (!store->options.no_activity_hash) {
        enum vk_err err = activity_hash_advance(store, crankhash, activityhash);
        vk_arena_clear(&store->scratch);
        VK_TRY(err);
    }
    return vk_store_emit(store, VK_TRACE_EMIT, vk_str(crankhash), vk_str(activityhash));
}

enum vk_err vk_store_end_crank(struct vk_store *store) {
    VK_TRY(vk_store_writable(store));
    if (!store->in_crank) return VK_RAISE(VK_ERR_USAGE, "a crank ends outside a crank");
    VK_TRY(store->mode->txn->end(store));
    store->mark_count = 0;
    store->in_crank = false;
    return vk_store_emit(store, VK_TRACE_END_CRANK, VK_STR_NONE, VK_STR_NONE);
}

void vk_store_abandon_crank(struct vk_store *store) {
    if (!store->in_crank) return;
    VK_SOMETIMES(crank_abandoned);
    store->mode->txn->abandon(store, &store->crank_mark);
    store->state_hash = store->crank_mark.state_hash;
    store->mark_count = 0;
    store->in_crank = false;
    store->abandoned = true;
}
