/* order.h - the byte order of an overlay's keys: a skip list whose levels follow from the key's
 * hash.
 *
 * INV-ORDER-1  Linked entries ascend strictly in vk_str_cmp order on every level.
 * INV-ORDER-2  An entry is loose, pending or linked; every live entry is pending or linked.
 *
 * Most keys are never walked past, and many live for a crank only: a new key is pending until
 * somebody asks for an order, and only then searched its place.
 */
#ifndef VK_STORE_ORDER_H
#define VK_STORE_ORDER_H

#include "vk/str.h"

struct vk_entry;

enum { VK_ORDER_LEVEL_MAX = 14 };

enum vk_order_place { VK_ORDER_LOOSE, VK_ORDER_PENDING, VK_ORDER_LINKED };

struct vk_order_link {
    struct vk_entry *prev, *next;
};

struct vk_order {
    struct vk_entry *first[VK_ORDER_LEVEL_MAX];
    struct vk_entry *last[VK_ORDER_LEVEL_MAX];
    struct vk_entry *pending;
};

/* How many levels an entry of that key hash has: a quarter of the entries of one level is in the
 * next. */
unsigned vk_order_levels(uint64_t hash);
/* A loose entry becomes pending. */
void vk_order_add(struct vk_order *order, struct vk_entry *entry);
/* A loose entry whose key is above all linked ones becomes linked, at the end. */
void vk_order_append(struct vk_order *order, struct vk_entry *entry);
/* Whatever its place, the entry becomes loose. */
void vk_order_remove(struct vk_order *order, struct vk_entry *entry);
/* Links all that is pending. */
void vk_order_settle(struct vk_order *order);
/* The first linked entry with a key above `key`, or the last with a key not above it; or NULL.
 * Nothing may be pending. */
struct vk_entry *vk_order_above(const struct vk_order *order, struct vk_str key);
struct vk_entry *vk_order_floor(const struct vk_order *order, struct vk_str key);

#endif
