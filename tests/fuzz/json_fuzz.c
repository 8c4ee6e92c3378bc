/* json_fuzz.c - any text, given to the JSON reader. What is taken and written reads back as the
 * same tree, and is written the same again.
 */
#include "vk/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number beyond a double's range is written as null, as in JavaScript. */
static bool is_same(const struct vk_json *a, const struct vk_json *b) {
    if (a->type == VK_JSON_NUMBER && b->type == VK_JSON_NULL) return vk_str_eq(a->key, b->key);
    if (a->type != b->type || a->count != b->count || !vk_str_eq(a->key, b->key)) return false;
    if (a->type == VK_JSON_BOOL && a->truth != b->truth) return false;
    if (a->type == VK_JSON_STRING && !vk_str_eq(a->text, b->text)) return false;
    const struct vk_json *child = a->first, *other = b->first;
    for (; child && other; child = child->next, other = other->next)
        if (!is_same(child, other)) return false;
    return !child && !other;
}

static struct vk_str written(struct vk_arena *arena, const struct vk_json *json) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    enum vk_err err = vk_buf_finish(&buf, &text);
    VK_ASSERT(err == VK_OK);
    return text;
}

static void check_round_trip(struct vk_arena *arena, const struct vk_json *json) {
    const struct vk_json *again;
    struct vk_str text = written(arena, json);
    enum vk_err err = vk_json_parse(arena, text, &again);
    VK_ASSERT(err == VK_OK);
    VK_ASSERT(is_same(json, again));
    VK_ASSERT(vk_str_eq(text, written(arena, again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vk_arena arena;
    const struct vk_json *json;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = vk_json_parse(&arena, (struct vk_str){(const char *)data, size}, &json);
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX);
    if (err == VK_OK) check_round_trip(&arena, json);
    vk_arena_release(&arena);
    return 0;
}
