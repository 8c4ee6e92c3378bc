/* string_list.h - the JSON arrays of strings that the kernel keeps under one key: vat names, dynamic vat
 * ids, the reap queue, GC actions. Lives in the crank's arena.
 */
#ifndef VK_OBJECT_STRING_LIST_H
#define VK_OBJECT_STRING_LIST_H

#include "state.h"

struct vk_string_list {
    struct vk_arena *arena;
    struct vk_str *items;
    size_t count;
    size_t capacity;
};

void vk_string_list_init(struct vk_string_list *list, struct vk_arena *arena);
/* Reads the list kept under `key`; VK_ERR_CORRUPT if it is missing or not an array of strings. */
enum vk_err vk_string_list_load(struct vk_string_list *list, struct vk_state *state,
                                struct vk_str key) VK_MUST_CHECK;
enum vk_err vk_string_list_save(const struct vk_string_list *list, struct vk_state *state,
                                struct vk_str key) VK_MUST_CHECK;
/* Splits at commas; "" is the empty list. */
enum vk_err vk_string_list_split(struct vk_string_list *list, struct vk_str text) VK_MUST_CHECK;
/* Joins with commas. */
enum vk_err vk_string_list_join(const struct vk_string_list *list, struct vk_str *out)
    VK_MUST_CHECK;
/* Appends; the text is not copied. */
enum vk_err vk_string_list_add(struct vk_string_list *list, struct vk_str item) VK_MUST_CHECK;
bool vk_string_list_has(const struct vk_string_list *list, struct vk_str item);
/* Removes every occurrence, keeping the order; false if there was none. */
bool vk_string_list_remove(struct vk_string_list *list, struct vk_str item);
/* JavaScript's sort() of ASCII strings; equal items are merged if `unique`. */
void vk_string_list_sort(struct vk_string_list *list, bool unique);

#endif
