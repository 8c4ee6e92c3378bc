/* route.c - see route.h. */
#include "route.h"

#include "vk/probe.h"

#include "../object/object.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "send.h"

static enum vk_err splat(struct vk_kernel *kernel, const struct vk_event *event,
                         const struct vk_capdata *error, struct vk_route *out) {
    out->type = VK_ROUTE_SPLAT;
    if (!event->message.has_result) return VK_OK;
    return vk_reject(kernel, event->message.result, error, NULL);
}

static enum vk_err splat_text(struct vk_kernel *kernel, const struct vk_event *event,
                              struct vk_str text, struct vk_route *out) {
    struct vk_capdata error;
    VK_TRY(vk_capdata_error(&kernel->arena, text, &error));
    return splat(kernel, event, &error, out);
}

static enum vk_err route_to_object(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_kref target, struct vk_route *out) {
    bool owned;
    VK_TRY(vk_object_live_owner(&kernel->state, target, &owned, &out->vat));
    VK_SOMETIMES_IF(!owned, send_to_object_without_owner);
    if (!owned) return splat_text(kernel, event, VK_STR("vat terminated"), out);
    out->type = VK_ROUTE_VAT;
    out->target = target;
    return VK_OK;
}

static enum vk_err route_to_data(struct vk_kernel *kernel, const struct vk_event *event,
                                 const struct vk_promise *promise, struct vk_route *out) {
    struct vk_str slot, method, text;
    struct vk_kref kref;
    bool legal;
    VK_TRY(vk_capdata_single_slot(&kernel->arena, &promise->data, &legal, &slot));
    if (!legal)
        return VK_RAISE(VK_ERR_PANIC, "kp%llu is fulfilled to data that cannot be unserialized",
                        (unsigned long long)event->target.id);
    if (slot.p && vk_kref_parse(slot, &kref) && kref.type == VK_SLOT_OBJECT)
        return route_to_object(kernel, event, kref, out);
    VK_SOMETIMES(send_to_data);
    VK_TRY(vk_capdata_method(&kernel->arena, &event->message.methargs, &method));
    VK_TRY(vk_state_text(&kernel->state, &text,
                         KEY(LIT("data is not callable, has no method "), TEXT(method))));
    return splat_text(kernel, event, text, out);
}

static enum vk_err route_to_unresolved(struct vk_kernel *kernel, const struct vk_event *event,
                                       const struct vk_promise *promise, struct vk_route *out) {
    struct vk_vat_info info;
    out->type = VK_ROUTE_REQUEUE;
    out->target = event->target;
    if (!promise->has_decider) return VK_OK;
    VK_TRY(vk_warehouse_lookup(kernel, promise->decider, &info));
    VK_RARELY_IF(!info.alive, promise_outlives_its_decider);
    if (!info.alive) return splat_text(kernel, event, VK_STR("vat terminated"), out);
    if (!info.enable_pipelining) return VK_OK;
    VK_SOMETIMES(send_pipelined_to_decider);
    out->type = VK_ROUTE_VAT;
    out->vat = promise->decider;
    return VK_OK;
}

enum vk_err vk_route_send(struct vk_kernel *kernel, const struct vk_event *event,
                          struct vk_route *out) {
    struct vk_promise promise;
    *out = (struct vk_route){0};
    switch (event->target.type) {
    case VK_SLOT_OBJECT: return route_to_object(kernel, event, event->target, out);
    case VK_SLOT_DEVICE: return VK_RAISE(VK_ERR_PANIC, "unable to send() to a device");
    case VK_SLOT_PROMISE: break;
    }
    VK_TRY(vk_promise_get(&kernel->state, event->target, &promise));
    switch (promise.state) {
    case VK_PROMISE_FULFILLED: return route_to_data(kernel, event, &promise, out);
    case VK_PROMISE_REJECTED:
        VK_SOMETIMES(send_to_rejected_promise);
        return splat(kernel, event, &promise.data, out);
    case VK_PROMISE_UNRESOLVED: return route_to_unresolved(kernel, event, &promise, out);
    }
    VK_ASSERT(false); /* INV-PROMISE-4: three states */
    return VK_OK;
}

enum vk_err vk_send_drop_refs(struct vk_kernel *kernel, const struct vk_event *event) {
    VK_TRY(vk_ref_drop(&kernel->state, event->target, VK_REF_STRONG));
    if (event->message.has_result)
        VK_TRY(vk_ref_drop(&kernel->state, event->message.result, VK_REF_STRONG));
    return vk_refs_drop(&kernel->state, event->message.methargs.slots,
                        event->message.methargs.slot_count);
}
