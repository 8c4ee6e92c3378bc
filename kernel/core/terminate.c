/* terminate.c - see terminate.h; the slow deletion is in cleanup.c. */
#include "terminate.h"

#include "vk/probe.h"

#include "../object/promise.h"
#include "../object/refcount.h"
#include "../object/vat.h"
#include "send.h"
#include "suspend.h"

static enum vk_err reject_decided_promises(struct vk_kernel *kernel, struct vk_vat_id vat) {
    struct vk_state *state = &kernel->state;
    struct vk_capdata error;
    struct vk_key_walk walk;
    VK_TRY(vk_capdata_error(&kernel->arena, VK_STR("vat terminated"), &error));
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(VAT(vat), LIT(".c.p"))));
    for (;;) {
        struct vk_str text;
        struct vk_kref kpid;
        struct vk_promise promise;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        VK_TRY(vk_state_require(state, &text, KEY(TEXT(walk.key))));
        VK_TRY(vk_kref_require(text, &kpid));
        VK_TRY(vk_promise_get(state, kpid, &promise));
        if (promise.state == VK_PROMISE_UNRESOLVED && promise.has_decider &&
            vk_vat_id_eq(promise.decider, vat)) {
            VK_SOMETIMES(promise_rejected_by_its_deciders_death);
            VK_TRY(vk_reject(kernel, kpid, &error, &vat));
        }
    }
}

/* Whatever waited for the vat goes on, to be told of its end. */
static enum vk_err clear_state(struct vk_kernel *kernel, struct vk_vat_id vat) {
    enum vk_vat_state from;
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &from));
    return vk_vat_change_state(kernel, vat, from, VK_VAT_EVENT_TERMINATE);
}

static enum vk_err end_live_vat(struct vk_kernel *kernel, struct vk_vat_id vat, bool *critical) {
    struct vk_vat_options options;
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str id = vk_vat_id_str(vat, text);
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &options));
    *critical = options.critical;
    VK_TRY(vk_vat_unlist(&kernel->state, vat));
    VK_TRY(vk_vat_mark_terminated(&kernel->state, vat));
    VK_TRY(vk_snapshot_stop(kernel->store, id));
    VK_TRY(vk_transcript_stop(kernel->store, id));
    VK_TRY(clear_state(kernel, vat));
    return reject_decided_promises(kernel, vat);
}

static enum vk_err report_to_vat_admin(struct vk_kernel *kernel, struct vk_vat_id vat, bool reject,
                                       const struct vk_capdata *info) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *args, *id, *flag, *reason;
    struct vk_str text;
    bool legal;
    VK_TRY(vk_capdata_decode(arena, info, &legal, &reason));
    if (!legal)
        return VK_RAISE(VK_ERR_PANIC, "termination of v%llu: info cannot be unserialized",
                        (unsigned long long)vat.n);
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &args));
    VK_TRY(vk_vat_id_text(arena, vat, &text));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, text, &id));
    VK_TRY(vk_value_new(arena, VK_VALUE_BOOL, &flag));
    flag->truth = reject;
    vk_value_append(args, VK_STR_NONE, id);
    vk_value_append(args, VK_STR_NONE, flag);
    vk_value_append(args, VK_STR_NONE, reason);
    return vk_tell_vat_admin(kernel, "vatTerminated", args);
}

enum vk_err vk_terminate_vat(struct vk_kernel *kernel, struct vk_vat_id vat, bool reject,
                             const struct vk_capdata *info) {
    bool alive, critical = false;
    /* A vat whose creation was rolled back is not alive, and there is nothing to end. */
    VK_TRY(vk_vat_is_alive(&kernel->state, vat, &alive));
    VK_SOMETIMES_IF(!alive, termination_of_what_was_never_made);
    if (alive) VK_TRY(end_live_vat(kernel, vat, &critical));
    VK_SOMETIMES_IF(critical, critical_vat_failed);
    if (critical)
        vk_kernel_panic(kernel, "critical vat v%llu failed: %.*s", (unsigned long long)vat.n,
                        VK_STR_ARG(info->body));
    else if (kernel->has_admin_root)
        VK_TRY(report_to_vat_admin(kernel, vat, reject, info));
    vk_warehouse_stop_worker(kernel, vat);
    return VK_OK;
}
