/* snapshot_sql.h - writes of snapshot rows that both modes make, the one at once, the other at
 * commit. */
#ifndef VK_STORE_SNAPSHOT_SQL_H
#define VK_STORE_SNAPSHOT_SQL_H

#include "vk/store.h"

/* A snapshot's whole row, over any at its position; `packed` VK_STR_NONE: pruned. */
enum vk_err vk_snapshot_row_put(struct vk_store *store, struct vk_str vat,
                                const struct vk_snapshot_info *info, bool in_use,
                                struct vk_str packed) VK_MUST_CHECK;

#endif
