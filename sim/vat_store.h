/* vat_store.h - the vatstore of a simulated vat that keeps it in its own memory, and hands changes over at the end of each delivery.
 *
 * INV-VAT-STORE-1  Keys are in byte order, each once.
 * INV-VAT-STORE-2  The changes are the keys that were set or deleted since the delivery began, in the order in which they first
 *                  were, each once: made on what the store was then, they give what it is now.
 *
 * Not here: how it is filled (vat_program.c), who takes the changes (kernel/core/completion.h).
 */
#ifndef SIM_VAT_STORE_H
#define SIM_VAT_STORE_H

#include "vk/ports.h"

struct sim_vat_pair {
    struct vk_str key, value; /* the store's own copies */
};

struct sim_vat_store {
    const struct vk_heap *heap;
    struct sim_vat_pair *at;
    size_t count, capacity;
    struct vk_str *changed; /* keys, the store's own copies */
    size_t changed_count, changed_capacity;
};

void sim_vat_store_init(struct sim_vat_store *store, const struct vk_heap *heap);
void sim_vat_store_release(struct sim_vat_store *store);
/* Forgets all pairs and changes. */
void sim_vat_store_clear(struct sim_vat_store *store);

/* VK_STR_NONE if there is none; good until the store is changed. */
struct vk_str sim_vat_store_get(const struct sim_vat_store *store, struct vk_str key);
/* The first key after `key`, or VK_STR_NONE. */
struct vk_str sim_vat_store_next(const struct sim_vat_store *store, struct vk_str key);
/* `value` absent: deletes. The copies are made here. */
enum vk_err sim_vat_store_change(struct sim_vat_store *store, struct vk_str key,
                                 struct vk_str value) VK_MUST_CHECK;

/* A delivery begins: nothing has changed yet. */
void sim_vat_store_begin(struct sim_vat_store *store);
/* What has changed, copied to `arena`. */
enum vk_err sim_vat_store_changes(const struct sim_vat_store *store, struct vk_arena *arena,
                                  const struct vk_vatstore_change **out, size_t *count)
    VK_MUST_CHECK;

/* [["key","value"],...] */
void sim_vat_store_write(const struct sim_vat_store *store, struct vk_buf *buf);
/* VK_ERR_SYNTAX if `text` is none. *store is then what it had come to. */
enum vk_err sim_vat_store_read(struct sim_vat_store *store, struct vk_str text) VK_MUST_CHECK;

#endif
