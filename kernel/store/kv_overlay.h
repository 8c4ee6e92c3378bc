/* kv_overlay.h - the write-back mode's key-value state: loaded at opening, written at commit. */
#ifndef VK_STORE_KV_OVERLAY_H
#define VK_STORE_KV_OVERLAY_H

#include "vk/store.h"

/* Loads the whole of kvStore, and its state hash. */
enum vk_err vk_kv_overlay_load(struct vk_store *store) VK_MUST_CHECK;
/* Writes what is dirty, inside the transaction; changes nothing in memory. */
enum vk_err vk_kv_overlay_write(struct vk_store *store) VK_MUST_CHECK;
/* After the commit: nothing is dirty any more. */
void vk_kv_overlay_committed(struct vk_store *store);

#endif
