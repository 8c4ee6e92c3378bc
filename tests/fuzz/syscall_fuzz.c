/* syscall_fuzz.c - any text, decoded as a vat's syscall: malformed only if it is, and else every field of its type says what the
 * text does, the others nothing.
 */
#include "syscall_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vk_arena arena;
    struct vk_syscall syscall;
    const struct vk_json *json, *told;
    const struct vk_str text = {(const char *)data, size};
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = vk_syscall_decode(&arena, text, &syscall);
    VK_ASSERT(err == VK_OK);
    err = vk_json_parse(&arena, syscall.json, &told);
    VK_ASSERT(err == VK_OK); /* whatever it was: slogs hold it */
    err = vk_json_parse(&arena, text, &json);
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX);
    if (err == VK_OK) {
        VK_ASSERT(fuzz_json_same(json, told));
        VK_ASSERT(fuzz_says_syscall(json, &syscall)); /* INV-SYSCALL-1 */
    } else {
        bool is_quoted = told->type == VK_JSON_STRING && vk_str_eq(told->text, text);
        VK_ASSERT(is_quoted || told->type == VK_JSON_NULL);
        VK_ASSERT(fuzz_says_syscall(NULL, &syscall));
    }
    vk_arena_release(&arena);
    return 0;
}
