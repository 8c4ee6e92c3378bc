/* snapshot.c - heap snapshots: one current a vat, older ones as hashes (or kept), over either mode.
 *
 * INV-SNAPSHOT-1  A vat has at most one snapshot in use.
 *
 * Answers to packages/swing-store/src/snapStore.js. The hash is the caller's: where images live
 * elsewhere it is not the SHA-256 of what is stored here, so that loading checks the size and
 * zlib's checksum only.
 */
#include "store_state.h"

#include "vk/probe.h"

static enum vk_err hash_check(const char *hash) {
    if (strlen(hash) == VK_HASH_HEX - 1) return VK_OK;
    return VK_RAISE(VK_ERR_USAGE, "a snapshot hash of %zu characters", strlen(hash));
}

/* stopUsingLastSnapshot() */
static enum vk_err current_retire(struct vk_store *store, struct vk_str vat) {
    struct vk_snapshot_info info;
    bool found;
    VK_TRY(store->mode->snapshots->current(store, vat, &found, &info));
    if (!found) return VK_OK;
    return store->mode->snapshots->retire(store, vat, &info, store->options.keep_snapshots);
}

static enum vk_err image_save(struct vk_store *store, struct vk_str vat, struct vk_str image,
                              struct vk_snapshot_info *info) {
    struct vk_str packed;
    VK_TRY(vk_gzip_pack(&store->gzip, &store->scratch, image, &packed));
    info->uncompressed_size = image.n;
    info->compressed_size = packed.n;
    VK_TRY(current_retire(store, vat));
    return store->mode->snapshots->put(store, vat, info, packed);
}

enum vk_err vk_snapshot_save(struct vk_store *store, struct vk_str vat, uint64_t position,
                             const char *hash, struct vk_str image, struct vk_snapshot_info *info) {
    VK_TRY(vk_store_writable(store));
    VK_TRY(hash_check(hash));
    *info = (struct vk_snapshot_info){.position = position};
    memcpy(info->hash, hash, VK_HASH_HEX);
    enum vk_err err = image_save(store, vat, image, info);
    vk_arena_clear(&store->scratch);
    return err;
}

enum vk_err vk_snapshot_current(struct vk_store *store, struct vk_str vat, bool *found,
                                struct vk_snapshot_info *info) {
    return store->mode->snapshots->current(store, vat, found, info);
}

static enum vk_err image_load(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                              const struct vk_snapshot_info *info, struct vk_str *image) {
    struct vk_str packed;
    VK_TRY(store->mode->snapshots->image(store, &store->scratch, vat, info->position, &packed));
    if (!vk_str_present(packed))
        return VK_RAISE(VK_ERR_SNAPSHOT, "the snapshot of %.*s is pruned", VK_STR_ARG(vat));
    return vk_gzip_unpack(&store->gzip, arena, packed, info->uncompressed_size, image);
}

enum vk_err vk_snapshot_load(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                             struct vk_str *image) {
    struct vk_snapshot_info info;
    bool found;
    VK_TRY(store->mode->snapshots->current(store, vat, &found, &info));
    if (!found) return VK_RAISE(VK_ERR_SNAPSHOT, "no snapshot of %.*s", VK_STR_ARG(vat));
    enum vk_err err = image_load(store, arena, vat, &info, image);
    vk_arena_clear(&store->scratch);
    return err;
}

enum vk_err vk_snapshot_stop(struct vk_store *store, struct vk_str vat) {
    VK_TRY(vk_store_writable(store));
    return current_retire(store, vat);
}

/* Visits up to `budget` snapshots, newest first, and removes them one by one if `remove`. */
static enum vk_err snapshots_visit(struct vk_store *store, struct vk_str vat, uint64_t budget,
                                   bool remove, uint64_t *visited) {
    uint64_t at_most = INT64_MAX;
    for (*visited = 0; *visited < budget;) {
        uint64_t position;
        bool found;
        VK_TRY(store->mode->snapshots->floor(store, vat, at_most, &found, &position));
        if (!found) return VK_OK;
        VK_ASSERT(position <= at_most); /* INV-SNAPSHOT-2: newest first */
        if (remove) VK_TRY(store->mode->snapshots->remove(store, vat, position));
        ++*visited;
        if (position == 0) return VK_OK;
        at_most = position - 1;
    }
    return VK_OK;
}

enum vk_err vk_snapshot_delete(struct vk_store *store, struct vk_str vat, uint64_t budget,
                               uint64_t *cleanups, bool *done) {
    bool all = budget == VK_UNLIMITED, found = false;
    uint64_t position;
    VK_TRY(vk_store_writable(store));
    VK_SOMETIMES_IF(!all, snapshots_deleted_by_budget);
    if (budget == 0) return VK_RAISE(VK_ERR_USAGE, "a clean-up with no budget");
    VK_TRY(snapshots_visit(store, vat, budget, !all, cleanups));
    if (all)
        VK_TRY(store->mode->snapshots->wipe(store, vat));
    else if (*cleanups > 0)
        VK_TRY(store->mode->snapshots->floor(store, vat, INT64_MAX, &found, &position));
    *done = !found;
    return VK_OK;
}
