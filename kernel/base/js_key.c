/* js_key.c - see js_key.h.
 *
 * INV-KEY-1  After settling, no name occurs twice.
 * INV-KEY-2  Every order here is a total one over the names, or stable: no result depends on
 *            addresses.
 */
#include "js_key.h"

#include "js_text.h"

typedef int member_order(const struct vk_js_member *a, const struct vk_js_member *b);

bool vk_js_key_is_index(struct vk_str key) {
    if (key.n == 0 || key.n > 10 || key.p[0] < '0' || key.p[0] > '9') return false;
    uint64_t value;
    return vk_str_to_u64(key, &value) && value < UINT32_MAX;
}

static int order_bytes(const struct vk_js_member *a, const struct vk_js_member *b) {
    return vk_str_cmp(a->key, b->key);
}

static int order_utf16(const struct vk_js_member *a, const struct vk_js_member *b) {
    return vk_js_text_compare(a->key, b->key);
}

/* Of two decimal numbers without leading zeros the longer one is greater. */
static int order_index(const struct vk_js_member *a, const struct vk_js_member *b) {
    if (a->key.n != b->key.n) return a->key.n < b->key.n ? -1 : 1;
    return vk_str_cmp(a->key, b->key);
}

static void merge(const struct vk_js_member *from, struct vk_js_member *to, size_t low,
                  size_t middle, size_t high, member_order *order) {
    size_t left = low, right = middle;
    for (size_t i = low; i < high; i++) {
        bool take_left = left < middle && (right >= high || order(&from[left], &from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* A stable bottom-up merge sort. */
static enum vk_err members_order(struct vk_arena *arena, struct vk_js_member *members, size_t count,
                                 member_order *order) {
    if (count < 2) return VK_OK;
    struct vk_js_member *other;
    VK_TRY(VK_NEW_ARRAY(arena, &other, count));
    struct vk_js_member *from = members, *to = other;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = low + 2 * width < count ? low + 2 * width : count;
            merge(from, to, low, middle, high, order);
        }
        struct vk_js_member *swap = from;
        from = to;
        to = swap;
    }
    if (from != members) memcpy(members, from, count * sizeof *members);
    return VK_OK;
}

enum vk_err vk_js_members_sort(struct vk_arena *arena, struct vk_js_member *members, size_t count) {
    return members_order(arena, members, count, order_utf16);
}

enum vk_err vk_js_members_index_first(struct vk_arena *arena, struct vk_js_member *members,
                                      size_t count) {
    size_t indexes = 0;
    for (size_t i = 0; i < count; i++)
        if (vk_js_key_is_index(members[i].key)) indexes++;
    if (indexes == 0) return VK_OK;
    struct vk_js_member *parted;
    VK_TRY(VK_NEW_ARRAY(arena, &parted, count));
    size_t index_next = 0, name_next = indexes;
    for (size_t i = 0; i < count; i++)
        parted[vk_js_key_is_index(members[i].key) ? index_next++ : name_next++] = members[i];
    VK_ASSERT(index_next == indexes && name_next == count); /* INV-KEY-2 */
    memcpy(members, parted, count * sizeof *members);
    return members_order(arena, members, indexes, order_index);
}

enum vk_err vk_js_members_settle(struct vk_arena *arena, struct vk_js_member *members,
                                 size_t *count) {
    size_t n = *count;
    if (n == 0) return VK_OK;
    for (size_t i = 0; i < n; i++)
        members[i].position = i;
    struct vk_js_member *sorted;
    VK_TRY(VK_NEW_ARRAY(arena, &sorted, n));
    memcpy(sorted, members, n * sizeof *members);
    VK_TRY(members_order(arena, sorted, n, order_bytes));
    for (size_t i = 0; i < n;) {
        size_t first = i;
        for (i++; i < n && vk_str_eq(sorted[i].key, sorted[first].key); i++)
            members[sorted[i].position].node = NULL;
        members[sorted[first].position].node = sorted[i - 1].node;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (members[i].node) members[kept++] = members[i];
    VK_ASSERT(kept > 0 && kept <= n); /* INV-KEY-1 */
    *count = kept;
    return vk_js_members_index_first(arena, members, kept);
}
