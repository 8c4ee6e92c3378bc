/* order.c - the skip list of an overlay. See order.h. */
#include "order.h"

#include "overlay.h"

unsigned vk_order_levels(uint64_t hash) {
    /* The low bits: the hash table uses the high ones. */
    unsigned zeros = (unsigned)__builtin_ctzll(hash | (uint64_t)1 << (2 * VK_ORDER_LEVEL_MAX - 2));
    return 1 + zeros / 2;
}

void vk_order_add(struct vk_order *order, struct vk_entry *entry) {
    VK_ASSERT(entry->place == VK_ORDER_LOOSE); /* INV-ORDER-2 */
    entry->links[0] = (struct vk_order_link){NULL, order->pending};
    if (order->pending) order->pending->links[0].prev = entry;
    order->pending = entry;
    entry->place = VK_ORDER_PENDING;
}

static void link_after(struct vk_order *order, struct vk_entry *entry, unsigned level,
                       struct vk_entry *prev) {
    struct vk_entry *next = prev ? prev->links[level].next : order->first[level];
    entry->links[level] = (struct vk_order_link){prev, next};
    if (prev)
        prev->links[level].next = entry;
    else
        order->first[level] = entry;
    if (next)
        next->links[level].prev = entry;
    else
        order->last[level] = entry;
}

void vk_order_append(struct vk_order *order, struct vk_entry *entry) {
    VK_ASSERT(entry->place == VK_ORDER_LOOSE); /* INV-ORDER-2 */
    struct vk_entry *last = order->last[0];
    VK_ASSERT(!last || vk_str_cmp(vk_entry_key(last), vk_entry_key(entry)) < 0); /* INV-ORDER-1 */
    for (unsigned level = 0; level < entry->level_count; level++)
        link_after(order, entry, level, order->last[level]);
    entry->place = VK_ORDER_LINKED;
}

static void unlink_level(struct vk_order *order, struct vk_entry *entry, unsigned level) {
    struct vk_order_link link = entry->links[level];
    if (link.prev)
        link.prev->links[level].next = link.next;
    else
        order->first[level] = link.next;
    if (link.next)
        link.next->links[level].prev = link.prev;
    else
        order->last[level] = link.prev;
}

static void unlink_pending(struct vk_order *order, struct vk_entry *entry) {
    struct vk_order_link link = entry->links[0];
    if (link.prev)
        link.prev->links[0].next = link.next;
    else
        order->pending = link.next;
    if (link.next) link.next->links[0].prev = link.prev;
}

void vk_order_remove(struct vk_order *order, struct vk_entry *entry) {
    if (entry->place == VK_ORDER_PENDING) {
        unlink_pending(order, entry);
    } else if (entry->place == VK_ORDER_LINKED) {
        for (unsigned level = 0; level < entry->level_count; level++)
            unlink_level(order, entry, level);
    }
    entry->place = VK_ORDER_LOOSE;
}

/* The last entry of each level with a key below `key` (NULL: none); with `inclusive`, not above
 * it. */
static void find_path(const struct vk_order *order, struct vk_str key, bool inclusive,
                      struct vk_entry *path[VK_ORDER_LEVEL_MAX]) {
    struct vk_entry *at = NULL, *beyond = NULL;
    for (unsigned level = VK_ORDER_LEVEL_MAX; level-- > 0;) {
        struct vk_entry *next = at ? at->links[level].next : order->first[level];
        /* `beyond` was found too high on the level above: it need not be compared again. */
        while (next && next != beyond) {
            int order_of_next = vk_str_cmp(vk_entry_key(next), key);
            if (order_of_next > 0 || (order_of_next == 0 && !inclusive)) break;
            at = next;
            next = at->links[level].next;
        }
        beyond = next;
        path[level] = at;
    }
}

void vk_order_settle(struct vk_order *order) {
    while (order->pending) {
        struct vk_entry *entry = order->pending;
        vk_order_remove(order, entry);
        struct vk_entry *path[VK_ORDER_LEVEL_MAX];
        find_path(order, vk_entry_key(entry), false, path);
        for (unsigned level = 0; level < entry->level_count; level++)
            link_after(order, entry, level, path[level]);
        entry->place = VK_ORDER_LINKED;
        struct vk_entry *next = entry->links[0].next;
        VK_ASSERT(!next ||
                  vk_str_cmp(vk_entry_key(entry), vk_entry_key(next)) < 0); /* INV-ORDER-1 */
    }
}

struct vk_entry *vk_order_floor(const struct vk_order *order, struct vk_str key) {
    VK_ASSERT(!order->pending); /* INV-ORDER-2 */
    struct vk_entry *path[VK_ORDER_LEVEL_MAX];
    find_path(order, key, true, path);
    return path[0];
}

struct vk_entry *vk_order_above(const struct vk_order *order, struct vk_str key) {
    struct vk_entry *floor = vk_order_floor(order, key);
    return floor ? floor->links[0].next : order->first[0];
}
