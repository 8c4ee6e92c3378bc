/* store.c - a store's opening and closing, and its key-value interface: trace and crank hash over
 * either mode.
 *
 * Keeps INV-STORE-3 (with crank_txn.c) and INV-STORE-4 of vk/store.h. Answers to
 * packages/swing-store/src/swingStore.js (makeSwingStore, kernelKVStore, hostKVStore, commit,
 * close). Exports are not kept: pendingExports stays empty.
 */
#include "store_state.h"

#include "schema.h"

static enum vk_err store_init(struct vk_store *store) {
    VK_TRY(vk_schema_open(&store->sql, store->ports->heap, &store->ports->disk,
                          store->options.read_only));
    VK_TRY(vk_hasher_digest_fetch(&store->digest));
    VK_TRY(vk_hasher_init(&store->crank_hasher, store->digest));
    VK_TRY(vk_hasher_init(&store->hasher, store->digest));
    return store->mode->load(store);
}

static void store_free(struct vk_store *store) {
    const struct vk_heap *heap = store->ports->heap;
    vk_overlay_release(&store->kv);
    vk_overlay_release(&store->rows);
    vk_slab_release(&store->slab);
    vk_undo_release(&store->undo);
    vk_arena_release(&store->scratch);
    vk_gzip_release(&store->gzip);
    vk_hasher_release(&store->crank_hasher);
    vk_hasher_release(&store->hasher);
    vk_hasher_digest_free(store->digest);
    vk_sql_close(&store->sql);
    heap->free(heap->impl, store, sizeof *store);
}

enum vk_err vk_store_open(const struct vk_ports *ports, const struct vk_store_options *options,
                          struct vk_store **out) {
    const struct vk_heap *heap = ports->heap;
    VK_ASSERT(heap && options); /* INV-STORE-6: a heap port is required */
    *out = NULL;
    struct vk_store *store = heap->alloc(heap->impl, sizeof *store);
    if (!store) return VK_RAISE(VK_ERR_NOMEM, "store of %zu bytes", sizeof *store);
    memset(store, 0, sizeof *store);
    store->module = vk_module();
    store->ports = ports;
    store->options = *options;
    store->mode = options->mode == VK_STORE_WRITE_BACK ? &vk_store_write_back : &vk_store_direct;
    vk_slab_init(&store->slab, heap);
    vk_undo_init(&store->undo, heap);
    vk_overlay_init(&store->kv, &store->slab, &store->undo);
    vk_overlay_init(&store->rows, &store->slab, &store->undo);
    vk_arena_init(&store->scratch, heap);
    vk_gzip_init(&store->gzip, heap);
    enum vk_err err = store_init(store);
    if (err != VK_OK) {
        store_free(store);
        return err;
    }
    *out = store;
    return VK_OK;
}

void vk_store_close(struct vk_store *store) {
    if (!store) return;
    /* What a sink has to say about a store that is going away is of no use to anybody. */
    enum vk_err ignored = vk_store_emit(store, VK_TRACE_CLOSE, VK_STR_NONE, VK_STR_NONE);
    (void)ignored;
    store_free(store);
}

enum vk_err vk_store_writable(const struct vk_store *store) {
    if (store->options.read_only) return VK_RAISE(VK_ERR_USAGE, "the store is read-only");
    if (store->abandoned) return VK_RAISE(VK_ERR_USAGE, "the store's crank was abandoned");
    return VK_OK;
}

enum vk_err vk_store_commit(struct vk_store *store) {
    VK_TRY(vk_store_writable(store));
    if (store->in_crank) return VK_RAISE(VK_ERR_USAGE, "commit in a crank");
    VK_TRY(store->mode->txn->commit(store));
    return vk_store_emit(store, VK_TRACE_COMMIT, VK_STR_NONE, VK_STR_NONE);
}

enum vk_err vk_store_get(struct vk_store *store, struct vk_arena *arena, struct vk_str key,
                         struct vk_str *value) {
    return store->mode->kv->get(store, arena, key, value);
}

enum vk_err vk_store_has(struct vk_store *store, struct vk_str key, bool *has) {
    return store->mode->kv->has(store, key, has);
}

enum vk_err vk_store_next_key(struct vk_store *store, struct vk_arena *arena, struct vk_str prior,
                              struct vk_str *next) {
    return store->mode->kv->next(store, arena, prior, next);
}

static bool crank_hashed(const struct vk_store *store, enum vk_key_type type) {
    return type == VK_KEY_CONSENSUS && !store->options.no_activity_hash;
}

enum vk_err vk_store_set(struct vk_store *store, struct vk_str key, struct vk_str value) {
    enum vk_key_type type = vk_key_type(key);
    VK_TRY(vk_store_writable(store));
    if (type == VK_KEY_HOST)
        return VK_RAISE(VK_ERR_USAGE, "the kernel sets host key %.*s", VK_STR_ARG(key));
    VK_TRY(store->mode->kv->set(store, key, value));
    if (crank_hashed(store, type)) {
        vk_hasher_add(&store->crank_hasher, VK_STR("add\n"));
        vk_hasher_add(&store->crank_hasher, key);
        vk_hasher_add(&store->crank_hasher, VK_STR("\n"));
        vk_hasher_add(&store->crank_hasher, value);
        vk_hasher_add(&store->crank_hasher, VK_STR("\n"));
    }
    return vk_store_emit(store, VK_TRACE_SET, key, value);
}

enum vk_err vk_store_delete(struct vk_store *store, struct vk_str key) {
    enum vk_key_type type = vk_key_type(key);
    VK_TRY(vk_store_writable(store));
    if (type == VK_KEY_HOST)
        return VK_RAISE(VK_ERR_USAGE, "the kernel deletes host key %.*s", VK_STR_ARG(key));
    VK_TRY(store->mode->kv->remove(store, key));
    if (crank_hashed(store, type)) {
        vk_hasher_add(&store->crank_hasher, VK_STR("delete\n"));
        vk_hasher_add(&store->crank_hasher, key);
        vk_hasher_add(&store->crank_hasher, VK_STR("\n"));
    }
    return vk_store_emit(store, VK_TRACE_DEL, key, VK_STR_NONE);
}

enum vk_err vk_store_host_set(struct vk_store *store, struct vk_str key, struct vk_str value) {
    VK_TRY(vk_store_writable(store));
    if (vk_key_type(key) != VK_KEY_HOST)
        return VK_RAISE(VK_ERR_USAGE, "the host sets kernel key %.*s", VK_STR_ARG(key));
    return store->mode->kv->set(store, key, value);
}

struct vk_state_hash vk_store_state_hash(const struct vk_store *store) {
    return store->state_hash;
}

enum vk_err vk_store_recompute_state_hash(struct vk_store *store, struct vk_state_hash *out) {
    return store->mode->kv->recompute(store, out);
}

enum vk_err vk_store_trace(struct vk_store *store, const struct vk_trace_event *event) {
    const struct vk_trace *trace = store->ports->trace;
    return trace ? trace->event(trace->impl, event) : VK_OK;
}

bool vk_store_wants_slog(const struct vk_store *store) {
    return store->ports->trace && store->ports->trace->wants_slog;
}
