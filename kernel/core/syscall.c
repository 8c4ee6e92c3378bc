/* syscall.c - see syscall.h. */
#include "syscall.h"

#include "vk/probe.h"

#include "../object/object.h"
#include "device_call.h"
#include "send.h"

static void count(struct vk_kernel *kernel, enum vk_stat stat) {
    vk_stats_inc(&kernel->state.stats, VK_STAT_SYSCALLS);
    vk_stats_inc(&kernel->state.stats, stat);
}

/* An empty value reads as none, as it does in JavaScript (`value || null`). */
static struct vk_str none_if_empty(struct vk_str s) { return s.n ? s : VK_STR_NONE; }

enum vk_err vk_vatstore_get(struct vk_kernel *kernel, struct vk_part owner, struct vk_str key,
                            struct vk_str *value) {
    count(kernel, VK_STAT_SYSCALL_VATSTORE_GET);
    VK_TRY(vk_state_get(&kernel->state, value, KEY(owner, LIT(".vs."), TEXT(key))));
    *value = none_if_empty(*value);
    return VK_OK;
}

enum vk_err vk_vatstore_set(struct vk_kernel *kernel, struct vk_part owner, struct vk_str key,
                            struct vk_str value) {
    count(kernel, VK_STAT_SYSCALL_VATSTORE_SET);
    return vk_state_set(&kernel->state, value, KEY(owner, LIT(".vs."), TEXT(key)));
}

enum vk_err vk_vatstore_delete(struct vk_kernel *kernel, struct vk_part owner, struct vk_str key) {
    count(kernel, VK_STAT_SYSCALL_VATSTORE_DELETE);
    return vk_state_delete(&kernel->state, KEY(owner, LIT(".vs."), TEXT(key)));
}

static enum vk_err vatstore_next_key(struct vk_kernel *kernel, struct vk_vat_id vat,
                                     struct vk_str prior, struct vk_str *next) {
    struct vk_str prefix, key;
    count(kernel, VK_STAT_SYSCALL_VATSTORE_GET_NEXT_KEY);
    VK_TRY(vk_state_text(&kernel->state, &prefix, KEY(VAT(vat), LIT(".vs."))));
    VK_TRY(vk_state_text(&kernel->state, &key, KEY(TEXT(prefix), TEXT(prior))));
    VK_TRY(vk_store_next_key(kernel->store, &kernel->arena, key, &key));
    *next = key.p && vk_str_starts(key, prefix) ? none_if_empty(vk_str_from(key, prefix.n))
                                                : VK_STR_NONE;
    return VK_OK;
}

static enum vk_err string_result(struct vk_kernel *kernel, struct vk_str text,
                                 struct vk_syscall_result *result) {
    struct vk_buf buf;
    if (!text.p) return VK_OK;
    result->payload = VK_PAYLOAD_STRING;
    result->text = text;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "[\"ok\",");
    vk_json_quote(&buf, text);
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, &result->json);
}

static enum vk_err resolve(struct vk_kernel *kernel, struct vk_vat_id vat,
                           const struct vk_kernel_syscall *syscall) {
    count(kernel, VK_STAT_SYSCALL_RESOLVE);
    for (size_t i = 0; i < syscall->resolution_count; i++) {
        const struct vk_resolution *resolution = &syscall->resolutions[i];
        VK_TRY(vk_do_resolve(kernel, syscall->promises[i], resolution->rejected, &resolution->data,
                             &vat));
    }
    return VK_OK;
}

static enum vk_err send(struct vk_kernel *kernel, const struct vk_kernel_syscall *syscall) {
    count(kernel, VK_STAT_SYSCALL_SEND);
    return vk_do_send(kernel, syscall->target, &syscall->data,
                      syscall->has_result ? &syscall->result : NULL, true);
}

/* Lets the crank complete before the vat goes. A later exit overrides an earlier one, unless the first stays. The body is the worker's own and may
 * be gone when the delivery is over; the slots are the kernel's. */
static enum vk_err request_exit(struct vk_kernel *kernel, const struct vk_kernel_syscall *syscall) {
    count(kernel, VK_STAT_SYSCALL_EXIT);
    VK_RARELY_IF(kernel->verdict.exit_requested, vat_exited_twice);
    if (kernel->verdict.exit_requested && kernel->verdict.first_exit_stays) return VK_OK;
    kernel->verdict.exit_requested = true;
    kernel->verdict.exit_is_failure = syscall->is_failure;
    kernel->verdict.exit_info = syscall->data;
    return vk_arena_copy(&kernel->arena, syscall->data.body, &kernel->verdict.exit_info.body);
}

static enum vk_err abandon_exports(struct vk_kernel *kernel, struct vk_vat_id vat,
                                   const struct vk_kernel_syscall *syscall) {
    for (size_t i = 0; i < syscall->kref_count; i++) {
        bool owned;
        struct vk_vat_id owner;
        VK_TRY(vk_object_recorded_owner(&kernel->state, syscall->krefs[i], &owned, &owner));
        if (!owned || !vk_vat_id_eq(owner, vat)) /* named twice in one syscall */
            return VK_RAISE(VK_ERR_PANIC, "export ko%llu not owned by old vat",
                            (unsigned long long)syscall->krefs[i].id);
        VK_TRY(vk_object_orphan(&kernel->state, syscall->krefs[i], vat));
    }
    return VK_OK;
}

enum vk_err vk_syscall_perform(struct vk_kernel *kernel, struct vk_vat_id vat,
                               const struct vk_kernel_syscall *syscall,
                               struct vk_syscall_result *result, struct vk_str *kernel_result) {
    struct vk_str text;
    *result = (struct vk_syscall_result){.ok = true, .json = VK_STR("[\"ok\",null]")};
    *kernel_result = result->json;
    switch (syscall->type) {
    case VK_SYSCALL_SEND: return send(kernel, syscall);
    case VK_SYSCALL_CALL_NOW:
        count(kernel, VK_STAT_SYSCALL_CALL_NOW);
        return vk_device_invoke(kernel, vat, syscall, result, kernel_result);
    case VK_SYSCALL_SUBSCRIBE:
        count(kernel, VK_STAT_SYSCALL_SUBSCRIBE);
        return vk_do_subscribe(kernel, vat, syscall->target);
    case VK_SYSCALL_RESOLVE: return resolve(kernel, vat, syscall);
    case VK_SYSCALL_EXIT: return request_exit(kernel, syscall);
    case VK_SYSCALL_VATSTORE_GET:
        VK_TRY(vk_vatstore_get(kernel, VAT(vat), syscall->key, &text));
        VK_TRY(string_result(kernel, text, result));
        *kernel_result = result->json;
        return VK_OK;
    case VK_SYSCALL_VATSTORE_SET:
        return vk_vatstore_set(kernel, VAT(vat), syscall->key, syscall->value);
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
        VK_TRY(vatstore_next_key(kernel, vat, syscall->key, &text));
        VK_TRY(string_result(kernel, text, result));
        *kernel_result = result->json;
        return VK_OK;
    case VK_SYSCALL_VATSTORE_DELETE: return vk_vatstore_delete(kernel, VAT(vat), syscall->key);
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS: return VK_OK; /* translation did it all */
    case VK_SYSCALL_RETIRE_EXPORTS:
        return vk_objects_retire(&kernel->state, syscall->krefs, syscall->kref_count);
    case VK_SYSCALL_ABANDON_EXPORTS: return abandon_exports(kernel, vat, syscall);
    case VK_SYSCALL_MALFORMED: break;
    }
    VK_ASSERT(false); /* INV-SYSCALL-2: a malformed syscall never gets past translation */
    return VK_OK;
}
