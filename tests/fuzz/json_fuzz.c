/* json_fuzz.c - any text, given to the JSON reader. What is taken and written reads back as the
 * same tree, its numbers as the C library reads them, and is written the same again.
 */
#include "json_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    VK_ASSERT(fuzz_json_same(json, again));
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
