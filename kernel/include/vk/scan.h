/* scan.h - reading everything that a store holds, in order: for auditors, exporters and dumps.
 *
 * What the scan shows is what the store's own reads would give at that moment, whatever its mode:
 * with all that was written since the last commit.
 */
#ifndef VK_SCAN_H
#define VK_SCAN_H

#include "vk/store.h"

/* What is to be shown, and to whom. A NULL function: that table is not read. Texts are valid
 * during the call only. An error ends the scan and is its result. None may call back into the
 * store. */
struct vk_store_scan {
    void *impl;
    /* Each key with its value, in byte order. */
    enum vk_err (*pair)(void *impl, struct vk_str key, struct vk_str value);
    /* Each transcript span, by vat (byte order) and start. */
    enum vk_err (*span)(void *impl, struct vk_str vat, const struct vk_span *span, bool is_current);
    /* Each transcript item, by vat and position. After all spans. */
    enum vk_err (*item)(void *impl, struct vk_str vat, uint64_t position, uint64_t incarnation,
                        struct vk_str item);
    /* Each snapshot's record, by vat and position. */
    enum vk_err (*snapshot)(void *impl, struct vk_str vat, const struct vk_snapshot_info *info,
                            bool in_use);
    /* Each bundle's id, in byte order. */
    enum vk_err (*bundle)(void *impl, struct vk_str id);
};

/* Shows all of a store. Not within a crank. VK_ERR_CORRUPT, naming table and key, when a row has
 * a value of the wrong type. */
enum vk_err vk_store_scan(struct vk_store *store, const struct vk_store_scan *scan) VK_MUST_CHECK;

#endif
