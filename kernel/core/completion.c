/* completion.c - see completion.h. */
#include "completion.h"

bool vk_completion_forbids(const struct vk_syscall *syscall, bool waits) {
    bool is_change =
        syscall->type == VK_SYSCALL_VATSTORE_SET || syscall->type == VK_SYSCALL_VATSTORE_DELETE;
    bool has_answer = syscall->type == VK_SYSCALL_CALL_NOW ||
                      syscall->type == VK_SYSCALL_VATSTORE_GET ||
                      syscall->type == VK_SYSCALL_VATSTORE_GET_NEXT_KEY;
    return is_change || (has_answer && !waits);
}

enum vk_err vk_completion_apply(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_delivery_result *result) {
    VK_ASSERT(result->ok || !result->change_count);     /* INV-COMPLETION-1 */
    VK_ASSERT(!kernel->verdict.illegal_syscall);        /* INV-COMPLETION-1 */
    VK_ASSERT(!vk_in_flight_count(&kernel->in_flight)); /* INV-IN-FLIGHT-2 */
    for (size_t i = 0; i < result->change_count; i++) {
        const struct vk_vatstore_change *change = &result->changes[i];
        if (change->value.p)
            VK_TRY(vk_state_set(&kernel->state, change->value,
                                KEY(VAT(vat), LIT(".vs."), TEXT(change->key))));
        else
            VK_TRY(vk_state_delete(&kernel->state, KEY(VAT(vat), LIT(".vs."), TEXT(change->key))));
    }
    return VK_OK;
}

void vk_completion_write(struct vk_buf *buf, const struct vk_delivery_result *result) {
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < result->change_count; i++) {
        const struct vk_vatstore_change *change = &result->changes[i];
        vk_buf_add(buf, i ? VK_STR(",[") : VK_STR("["));
        vk_json_quote(buf, change->key);
        if (change->value.p) {
            vk_buf_char(buf, ',');
            vk_json_quote(buf, change->value);
        }
        vk_buf_char(buf, ']');
    }
    vk_buf_char(buf, ']');
}

static bool same_change(const struct vk_json *json, const struct vk_vatstore_change *change) {
    struct vk_str value = vk_json_string(vk_json_at(json, 1));
    return vk_str_eq(vk_json_string(vk_json_at(json, 0)), change->key) &&
           vk_str_present(value) == vk_str_present(change->value) &&
           vk_str_eq(value, change->value);
}

bool vk_completion_same(const struct vk_json *json, const struct vk_delivery_result *result) {
    size_t count = result->ok ? result->change_count : 0, i = 0;
    if ((json ? json->count : 0) != count) return false;
    for (const struct vk_json *item = json ? json->first : NULL; item; item = item->next)
        if (!same_change(item, &result->changes[i++])) return false;
    return true;
}
