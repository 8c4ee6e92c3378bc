/* json_same.c - see json_same.h. */
#include "json_same.h"

/* Members of slog entries that differ by nature: clocks. */
static const char *const fields_by_nature[] = {"time", "monotime", "seconds"};

static bool is_by_nature(struct vk_str field) {
    for (size_t i = 0; i < sizeof fields_by_nature / sizeof *fields_by_nature; i++)
        if (vk_str_eq(field, vk_str(fields_by_nature[i]))) return true;
    return false;
}

/* No deeper than the parser let it be. */
static bool same_tree(const struct vk_json *a, const struct vk_json *b) {
    if (a->type != b->type || a->truth != b->truth || a->count != b->count ||
        !vk_str_eq(a->text, b->text))
        return false;
    for (a = a->first, b = b->first; a; a = a->next, b = b->next)
        if (!vk_str_eq(a->key, b->key) || !same_tree(a, b)) return false;
    return true;
}

/* Every member of `a` that counts is in `b`, and equal. */
static bool members_within(const struct vk_json *a, const struct vk_json *b) {
    for (const struct vk_json *member = a->first; member; member = member->next) {
        const struct vk_json *other = b->first;
        if (is_by_nature(member->key)) continue;
        while (other && !vk_str_eq(other->key, member->key))
            other = other->next;
        if (!other || !same_tree(member, other)) return false;
    }
    return true;
}

enum vk_err sim_json_same(struct vk_arena *scratch, struct vk_str a, struct vk_str b, bool *same) {
    const struct vk_json *a_json, *b_json;
    *same = vk_str_eq(a, b);
    if (*same) return VK_OK;
    vk_arena_clear(scratch);
    enum vk_err err = vk_json_parse(scratch, a, &a_json);
    if (err == VK_OK) err = vk_json_parse(scratch, b, &b_json);
    if (err == VK_ERR_SYNTAX) return VK_OK;
    VK_TRY(err);
    *same = a_json->type == VK_JSON_OBJECT && b_json->type == VK_JSON_OBJECT
                ? members_within(a_json, b_json) && members_within(b_json, a_json)
                : same_tree(a_json, b_json);
    return VK_OK;
}
