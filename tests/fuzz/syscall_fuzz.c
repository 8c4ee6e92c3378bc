/* syscall_fuzz.c - any text, decoded as a vat's syscall: malformed, or with every field that its
 * type has.
 */
#include "vk/ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_capdata(const struct vk_capdata *data) {
    for (size_t i = 0; i < data->slot_count; i++)
        if (!vk_str_present(data->slots[i])) return false;
    return vk_str_present(data->body);
}

static bool has_resolutions(const struct vk_syscall *syscall) {
    for (size_t i = 0; i < syscall->resolution_count; i++)
        if (!vk_str_present(syscall->resolutions[i].promise) ||
            !has_capdata(&syscall->resolutions[i].data))
            return false;
    return true;
}

static bool has_vrefs(const struct vk_syscall *syscall) {
    for (size_t i = 0; i < syscall->vref_count; i++)
        if (!vk_str_present(syscall->vrefs[i])) return false;
    return true;
}

static bool is_whole(const struct vk_syscall *syscall) {
    switch (syscall->type) {
    case VK_SYSCALL_SEND:
        return vk_str_present(syscall->target) && has_capdata(&syscall->data) &&
               (!vk_str_present(syscall->result) || syscall->result.n > 0);
    case VK_SYSCALL_CALL_NOW:
        return vk_str_present(syscall->target) && vk_str_present(syscall->method) &&
               has_capdata(&syscall->data);
    case VK_SYSCALL_SUBSCRIBE: return vk_str_present(syscall->target);
    case VK_SYSCALL_RESOLVE: return has_resolutions(syscall);
    case VK_SYSCALL_EXIT: return has_capdata(&syscall->data);
    case VK_SYSCALL_VATSTORE_SET:
        return vk_str_present(syscall->key) && vk_str_present(syscall->value);
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE: return vk_str_present(syscall->key);
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS:
    case VK_SYSCALL_ABANDON_EXPORTS: return has_vrefs(syscall);
    case VK_SYSCALL_MALFORMED: return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vk_arena arena;
    struct vk_syscall syscall;
    const struct vk_str text = {(const char *)data, size};
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = vk_syscall_decode(&arena, text, &syscall);
    VK_ASSERT(err == VK_OK && is_whole(&syscall));
    VK_ASSERT(vk_syscall_name(syscall.type) != NULL);
    const struct vk_json *json;
    err = vk_json_parse(&arena, syscall.json, &json);
    VK_ASSERT(err == VK_OK); /* whatever it was: slogs hold it */
    vk_arena_release(&arena);
    return 0;
}
