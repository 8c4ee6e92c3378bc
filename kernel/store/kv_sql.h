/* kv_sql.h - walks kvStore in key order, for whoever loads or hashes all of it. */
#ifndef VK_STORE_KV_SQL_H
#define VK_STORE_KV_SQL_H

#include "vk/store.h"

/* Calls `each` for every row, keys ascending; its error ends the walk. VK_ERR_CORRUPT for a row
 * that is not text, or out of order. */
enum vk_err vk_kv_sql_walk(struct vk_store *store,
                           enum vk_err (*each)(void *impl, struct vk_str key, struct vk_str value),
                           void *impl) VK_MUST_CHECK;

#endif
