/* js_key.h - the order of property names in a JavaScript object.
 */
#ifndef VK_BASE_JS_KEY_H
#define VK_BASE_JS_KEY_H

#include "vk/arena.h"

struct vk_js_member {
    struct vk_str key;
    const void *node; /* the caller's own */
    size_t position;  /* set by vk_js_members_settle */
};

/* True for "0", "1" ... "4294967294": the names that come first and in ascending order. */
bool vk_js_key_is_index(struct vk_str key);

/* Sorts by UTF-16 code units, as Reflect.ownKeys(record).sort() does. */
enum vk_err vk_js_members_sort(struct vk_arena *arena, struct vk_js_member *members, size_t count)
    VK_MUST_CHECK;

/* Moves index-like names to the front, ascending; the others keep their order. No key occurs
 * twice. */
enum vk_err vk_js_members_index_first(struct vk_arena *arena, struct vk_js_member *members,
                                      size_t count) VK_MUST_CHECK;

/* Makes of `members`, in the order in which they were set, what Object.fromEntries makes of them:
 * of equal names the last one's node stands in the first one's place, index-like names come first.
 * *count shrinks by the duplicates. Takes O(n log n) whatever the names are. */
enum vk_err vk_js_members_settle(struct vk_arena *arena, struct vk_js_member *members,
                                 size_t *count) VK_MUST_CHECK;

#endif
