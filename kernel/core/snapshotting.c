/* snapshotting.c - see snapshotting.h. */
#include "snapshotting.h"

#include "vk/probe.h"

#include "kernel_core.h"
#include "translate.h"

#include "../object/slog.h"
#include "../object/vat_state.h"

#include <openssl/evp.h>

static enum vk_err image_hash(struct vk_kernel *kernel, const struct vk_snapshot_image *image,
                              char hex[VK_HASH_HEX]) {
    const struct vk_worker_host *host = kernel->ports->workers;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    if (host->snapshot_hash) return host->snapshot_hash(host->impl, image, hex);
    if (!EVP_Digest(image->bytes.p, image->bytes.n, digest, &length, EVP_sha256(), NULL))
        return VK_RAISE(VK_ERR_NOMEM, "SHA-256 of a snapshot");
    VK_ASSERT(length * 2 == VK_HASH_HEX - 1); /* INV-HASH-1: SHA-256 has 32 bytes */
    vk_str_hex(digest, length, hex);
    return VK_OK;
}

static enum vk_err slog_load(struct vk_kernel *kernel, struct vk_str vat,
                             const struct vk_snapshot_info *info) {
    struct vk_slog_entry entry;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_slog_begin(&entry, &kernel->state, VK_STR("heap-snapshot-load"));
    vk_slog_text(&entry, "vatID", vat);
    vk_slog_u64(&entry, "snapPos", info->position);
    vk_slog_text(&entry, "hash", vk_str(info->hash));
    vk_slog_u64(&entry, "uncompressedSize", info->uncompressed_size);
    vk_slog_u64(&entry, "compressedSize", info->compressed_size);
    return vk_slog_end(&entry, &kernel->state);
}

enum vk_err vk_snapshot_fetch(struct vk_kernel *kernel, struct vk_str vat, bool *found,
                              struct vk_snapshot_image *image) {
    struct vk_snapshot_info info;
    char hex[VK_HASH_HEX];
    VK_TRY(vk_snapshot_current(kernel->store, vat, found, &info));
    if (!*found) return VK_OK;
    VK_TRY(vk_snapshot_load(kernel->store, &kernel->arena, vat, &image->bytes));
    VK_TRY(image_hash(kernel, image, hex));
    VK_SOMETIMES_IF(strcmp(hex, info.hash) != 0, snapshot_has_another_hash);
    if (strcmp(hex, info.hash) != 0) /* INV-SNAPSHOT-1 */
        return VK_RAISE(VK_ERR_SNAPSHOT, "snapshot of %.*s: actual hash %s, expected %s",
                        VK_STR_ARG(vat), hex, info.hash);
    return slog_load(kernel, vat, &info);
}

static enum vk_err slog_save(struct vk_kernel *kernel, struct vk_str vat,
                             const struct vk_snapshot_info *info) {
    struct vk_slog_entry entry;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_slog_begin(&entry, &kernel->state, VK_STR("heap-snapshot-save"));
    vk_slog_text(&entry, "vatID", vat);
    vk_slog_text(&entry, "snapshotID", vk_str(info->hash));
    vk_slog_u64(&entry, "endPosition", info->position);
    vk_slog_u64(&entry, "uncompressedSize", info->uncompressed_size);
    vk_slog_u64(&entry, "compressedSize", info->compressed_size);
    vk_slog_bool(&entry, "restartWorker", !kernel->options.no_restart_after_snapshot);
    return vk_slog_end(&entry, &kernel->state);
}

static enum vk_err add_item(struct vk_kernel *kernel, struct vk_str vat, const char *before,
                            const char *hash, const char *after) {
    struct vk_str item;
    VK_TRY(vk_state_text(&kernel->state, &item,
                         KEY(TEXT(vk_str(before)), TEXT(vk_str(hash)), TEXT(vk_str(after)))));
    return vk_transcript_add(kernel->store, vat, item);
}

static enum vk_err save(struct vk_kernel *kernel, struct vk_str vat, struct vk_worker *worker) {
    const struct vk_worker_host *host = kernel->ports->workers;
    struct vk_snapshot_image image = {VK_STR_NONE};
    struct vk_snapshot_info info;
    struct vk_span span;
    char hash[VK_HASH_HEX];
    bool restart = !kernel->options.no_restart_after_snapshot;
    VK_TRY(vk_transcript_current(kernel->store, vat, &span));
    VK_TRY(host->snapshot(host->impl, worker, &kernel->arena, restart, &image));
    if (!image.bytes.p) return VK_RAISE(VK_ERR_SNAPSHOT, "%.*s gave no snapshot", VK_STR_ARG(vat));
    VK_TRY(image_hash(kernel, &image, hash));
    VK_TRY(vk_snapshot_save(kernel->store, vat, span.end, hash, image.bytes, &info));
    VK_TRY(slog_save(kernel, vat, &info));
    VK_TRY(
        add_item(kernel, vat,
                 "{\"d\":[\"save-snapshot\"],\"sc\":[],\"r\":{\"status\":\"ok\",\"snapshotID\":\"",
                 hash, "\"}}"));
    VK_TRY(vk_transcript_rollover_span(kernel->store, vat));
    return add_item(kernel, vat, "{\"d\":[\"load-snapshot\",{\"snapshotID\":\"", hash,
                    "\"}],\"sc\":[],\"r\":{\"status\":\"ok\"}}"); /* INV-SNAPSHOT-2 */
}

static enum vk_err is_due(struct vk_kernel *kernel, struct vk_str vat, uint64_t deliveries_min,
                          bool *due) {
    struct vk_snapshot_info info;
    struct vk_span span;
    bool has_snapshot;
    VK_TRY(vk_snapshot_current(kernel->store, vat, &has_snapshot, &info));
    VK_TRY(vk_transcript_current(kernel->store, vat, &span));
    uint64_t deliveries = span.end - span.start;
    *due = (!has_snapshot && deliveries >= kernel->warehouse.snapshot_initial) ||
           deliveries >= deliveries_min;
    return VK_OK;
}

static enum vk_err uses_transcript(struct vk_kernel *kernel, struct vk_vat_id vat, bool *uses) {
    struct vk_vat_options options;
    bool alive;
    for (size_t i = 0; i < kernel->warehouse.count; i++) {
        const struct vk_online_vat *online = &kernel->warehouse.vats[i];
        if (!vk_vat_id_eq(online->vat, vat)) continue;
        *uses = online->use_transcript;
        return VK_OK;
    }
    VK_TRY(vk_vat_is_alive(&kernel->state, vat, &alive));
    if (!alive) return VK_RAISE(VK_ERR_PANIC, "v%llu: not alive", (unsigned long long)vat.n);
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &options));
    *uses = options.use_transcript;
    return VK_OK;
}

/* A BOYD first, to shake loose what garbage there is. Its verdict and its computrons count for nothing, and so a vat whose
 * verdict has to count for something is not asked (INV-COMPLETION-3). */
static enum vk_err bring_out_before(struct vk_kernel *kernel, struct vk_vat_id vat,
                                    struct vk_str id) {
    struct vk_vat_info info;
    struct vk_parcel parcel;
    struct vk_delivery_result result;
    VK_TRY(vk_warehouse_lookup(kernel, vat, &info));
    if (info.vatstore_in_completion) return VK_OK;
    VK_TRY(vk_translate_bring_out_your_dead(kernel, &parcel));
    VK_TRY(vk_warehouse_deliver(kernel, vat, &parcel, &result));
    if (!result
             .ok) /* the worker is gone, and SwingSet's kernel panics as it asks it for a snapshot */
        return VK_RAISE(VK_ERR_PANIC,
                        "%.*s failed in the bringOutYourDead before its snapshot: %.*s",
                        VK_STR_ARG(id), VK_STR_ARG(result.problem));
    return VK_OK;
}

enum vk_err vk_warehouse_maybe_snapshot(struct vk_kernel *kernel, struct vk_vat_id vat,
                                        uint64_t deliveries_min, bool *taken) {
    bool due, can_snapshot, uses;
    enum vk_vat_state state;
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str id = vk_vat_id_str(vat, text);
    struct vk_worker *worker;
    *taken = false;
    VK_TRY(uses_transcript(kernel, vat, &uses));
    if (!uses) return VK_OK;
    VK_TRY(is_due(kernel, id, deliveries_min ? deliveries_min : kernel->warehouse.snapshot_interval,
                  &due));
    if (!due) return VK_OK;
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
    VK_SOMETIMES_IF(state != VK_VAT_RUNNING, snapshot_of_vat_that_does_not_run);
    if (state != VK_VAT_RUNNING) return VK_OK;
    VK_TRY(vk_warehouse_require_snapshotter(kernel, vat, &can_snapshot, &worker));
    if (!can_snapshot || !kernel->ports->workers->snapshot) return VK_OK;
    VK_TRY(bring_out_before(kernel, vat, id));
    VK_TRY(vk_warehouse_require_snapshotter(kernel, vat, &can_snapshot, &worker));
    VK_TRY(save(kernel, id, worker));
    vk_warehouse_moved_on(kernel, vat, 2);
    VK_SOMETIMES(snapshot_taken);
    *taken = true;
    return VK_OK;
}
