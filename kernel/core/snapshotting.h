/* snapshotting.h - heap snapshots: when they are due, how they are taken, and how they are trusted.
 *
 * INV-SNAPSHOT-1  A worker is started from an image only if the image still has the hash it was saved under.
 * INV-SNAPSHOT-2  A span that begins with load-snapshot names the snapshot that the worker is to be started from.
 * Answers to maybeSaveSnapshot in vat-warehouse.js and saveSnapshot in vatKeeper.js.
 */
#ifndef VK_CORE_SNAPSHOTTING_H
#define VK_CORE_SNAPSHOTTING_H

#include "warehouse.h"

/* The vat's current image, checked. */
enum vk_err vk_snapshot_fetch(struct vk_kernel *kernel, struct vk_str vat, bool *found,
                              struct vk_snapshot_image *image) VK_MUST_CHECK;

/* warehouse.c's part: brings the vat online and tells its worker. */
enum vk_err vk_warehouse_require_snapshotter(struct vk_kernel *kernel, struct vk_vat_id vat,
                                             bool *can_snapshot, struct vk_worker **worker)
    VK_MUST_CHECK;

#endif
