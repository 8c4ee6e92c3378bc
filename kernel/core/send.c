/* send.c - see send.h. */
#include "send.h"

#include "../object/promise.h"
#include "../object/queue.h"
#include "../object/refcount.h"

enum vk_err vk_do_send(struct vk_kernel *kernel, struct vk_kref target,
                       const struct vk_capdata *methargs, const struct vk_kref *result,
                       bool null_result) {
    struct vk_state *state = &kernel->state;
    struct vk_str result_json = null_result ? VK_STR("null") : VK_STR_NONE;
    struct vk_str message, event;
    VK_TRY(vk_ref_add(state, target, VK_REF_STRONG));
    if (result) {
        VK_TRY(vk_ref_add(state, *result, VK_REF_STRONG));
        VK_TRY(vk_state_text(state, &result_json, KEY(LIT("\""), KREF(*result), LIT("\""))));
    }
    VK_TRY(vk_refs_add(state, methargs->slots, methargs->slot_count));
    VK_TRY(vk_message_json(&kernel->arena, methargs, result_json, &message));
    VK_TRY(vk_send_json(&kernel->arena, target, message, &event));
    return vk_queue_add(state, VK_QUEUE_ACCEPTANCE, event);
}

static enum vk_err notify(struct vk_kernel *kernel, struct vk_vat_id vat, struct vk_kref kpid) {
    struct vk_str event;
    VK_TRY(vk_ref_add(&kernel->state, kpid, VK_REF_STRONG));
    VK_TRY(vk_notify_json(&kernel->arena, vat, kpid, &event));
    return vk_queue_add(&kernel->state, VK_QUEUE_ACCEPTANCE, event);
}

enum vk_err vk_do_subscribe(struct vk_kernel *kernel, struct vk_vat_id vat, struct vk_kref kpid) {
    struct vk_promise promise;
    VK_TRY(vk_promise_get(&kernel->state, kpid, &promise));
    if (promise.state == VK_PROMISE_UNRESOLVED)
        return vk_promise_subscribe(&kernel->state, kpid, vat);
    return notify(kernel, vat, kpid);
}

static bool decides(const struct vk_promise *promise, const struct vk_vat_id *decider) {
    if (!decider) return !promise->has_decider;
    return promise->has_decider && vk_vat_id_eq(promise->decider, *decider);
}

enum vk_err vk_do_resolve(struct vk_kernel *kernel, struct vk_kref kpid, bool rejected,
                          const struct vk_capdata *data, const struct vk_vat_id *decider) {
    struct vk_promise promise;
    struct vk_string_list subscribers;
    VK_TRY(vk_promise_get(&kernel->state, kpid, &promise));
    if (promise.state != VK_PROMISE_UNRESOLVED)
        return VK_RAISE(VK_ERR_PANIC, "kp%llu was already resolved", (unsigned long long)kpid.id);
    if (!decides(&promise, decider))
        return VK_RAISE(VK_ERR_PANIC, "kp%llu is decided by somebody else",
                        (unsigned long long)kpid.id);
    vk_string_list_init(&subscribers, &kernel->arena);
    VK_TRY(vk_string_list_split(&subscribers, promise.subscribers));
    for (size_t i = 0; i < subscribers.count; i++) {
        struct vk_vat_id vat;
        if (!vk_vat_id_parse(subscribers.items[i], &vat))
            return VK_RAISE(VK_ERR_CORRUPT, "kp%llu.subscribers: '%.*s'",
                            (unsigned long long)kpid.id, VK_STR_ARG(promise.subscribers));
        VK_TRY(notify(kernel, vat, kpid));
    }
    VK_TRY(vk_promise_settle(&kernel->state, kpid, rejected, data));
    if (rejected && vk_str_eq(promise.policy, VK_STR("panic")))
        vk_kernel_panic(kernel, "kp%llu.policy panic: rejected %.*s", (unsigned long long)kpid.id,
                        VK_STR_ARG(data->body));
    return VK_OK;
}

enum vk_err vk_reject(struct vk_kernel *kernel, struct vk_kref kpid, const struct vk_capdata *error,
                      const struct vk_vat_id *decider) {
    return vk_do_resolve(kernel, kpid, true, error, decider);
}

static struct vk_str policy_text(enum vk_result_policy policy) {
    switch (policy) {
    case VK_RESULT_NONE:
    case VK_RESULT_IGNORE: return VK_STR_NONE;
    case VK_RESULT_LOG_ALWAYS: return VK_STR("logAlways");
    case VK_RESULT_LOG_FAILURE: return VK_STR("logFailure");
    case VK_RESULT_PANIC: return VK_STR("panic");
    }
    VK_ASSERT(false); /* INV-SEND-1: five policies */
    return VK_STR_NONE;
}

enum vk_err vk_queue_to_kref(struct vk_kernel *kernel, struct vk_kref target,
                             const struct vk_capdata *methargs, enum vk_result_policy policy,
                             struct vk_kref *kpid) {
    bool wants_result = policy != VK_RESULT_NONE;
    if (wants_result) VK_TRY(vk_promise_add(&kernel->state, policy_text(policy), kpid));
    vk_stats_inc(&kernel->state.stats, VK_STAT_SYSCALLS);
    vk_stats_inc(&kernel->state.stats, VK_STAT_SYSCALL_SEND);
    return vk_do_send(kernel, target, methargs, wants_result ? kpid : NULL, false);
}

enum vk_err vk_tell_vat_admin(struct vk_kernel *kernel, const char *method, struct vk_value *args) {
    struct vk_value *methargs, *name;
    struct vk_capdata data;
    struct vk_kref kpid;
    VK_ASSERT(args->type == VK_VALUE_ARRAY); /* INV-SEND-2: a method is called with arguments */
    VK_TRY(vk_value_new(&kernel->arena, VK_VALUE_ARRAY, &methargs));
    VK_TRY(vk_value_text(&kernel->arena, VK_VALUE_STRING, vk_str(method), &name));
    vk_value_append(methargs, VK_STR_NONE, name);
    vk_value_append(methargs, VK_STR_NONE, args);
    VK_TRY(vk_capdata_encode(&kernel->arena, methargs, &data));
    return vk_queue_to_kref(kernel, kernel->admin_root, &data, VK_RESULT_LOG_FAILURE, &kpid);
}
