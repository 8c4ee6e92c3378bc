/* translate_delivery.c - kernel deliveries into vat deliveries. See translate.h. */
#include "translate.h"

#include "../object/clist.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "../object/slog.h"

static enum vk_err slots_to_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_capdata *in, struct vk_capdata *out) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &slots, in->slot_count));
    for (size_t i = 0; i < in->slot_count; i++) {
        struct vk_kref kref;
        VK_TRY(vk_kref_require(in->slots[i], &kref));
        VK_TRY(vk_clist_to_vat(&kernel->state, vat, kref, VK_TO_VAT_USE, &slots[i]));
    }
    *out = (struct vk_capdata){in->body, slots, in->slot_count};
    return VK_OK;
}

static enum vk_err target_to_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_kref target, struct vk_str *out) {
    struct vk_promise promise;
    VK_TRY(vk_clist_to_vat(&kernel->state, vat, target, VK_TO_VAT_USE, out));
    if (target.type == VK_SLOT_OBJECT) {
        if (out->p[1] != '+')
            return VK_RAISE(VK_ERR_CORRUPT, "ko%llu: deliver() to wrong vat v%llu",
                            (unsigned long long)target.id, (unsigned long long)vat.n);
        return VK_OK;
    }
    VK_TRY(vk_promise_get(&kernel->state, target, &promise));
    if (promise.state != VK_PROMISE_UNRESOLVED || !promise.has_decider ||
        !vk_vat_id_eq(promise.decider, vat))
        return VK_RAISE(VK_ERR_CORRUPT, "kp%llu: wrong decider", (unsigned long long)target.id);
    return VK_OK;
}

/* The vat becomes the decider of the result. */
static enum vk_err result_to_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_kref result, struct vk_str *out) {
    struct vk_promise promise;
    VK_TRY(vk_promise_get(&kernel->state, result, &promise));
    if (promise.state != VK_PROMISE_UNRESOLVED || promise.has_decider)
        return VK_RAISE(VK_ERR_PANIC, "result kp%llu already resolved or decided",
                        (unsigned long long)result.id);
    VK_TRY(vk_clist_to_vat(&kernel->state, vat, result, VK_TO_VAT_USE, out));
    return vk_promise_set_decider(&kernel->state, result, vat);
}

static enum vk_err message_json(struct vk_arena *arena, struct vk_delivery *d) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "[\"message\",");
    vk_json_quote(&buf, d->target);
    vk_buf_lit(&buf, ",{\"methargs\":");
    vk_capdata_write(&buf, &d->methargs);
    vk_buf_lit(&buf, ",\"result\":");
    if (d->result.p)
        vk_json_quote(&buf, d->result);
    else
        vk_buf_lit(&buf, "null");
    vk_buf_lit(&buf, "}]");
    return vk_buf_finish(&buf, &d->json);
}

enum vk_err vk_translate_message(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_kref target, const struct vk_message *message,
                                 struct vk_parcel *out) {
    struct vk_delivery *d = &out->vat_delivery;
    *out = (struct vk_parcel){.vat_delivery.type = VK_DELIVERY_MESSAGE, .target = target};
    VK_TRY(target_to_vat(kernel, vat, target, &d->target));
    VK_TRY(slots_to_vat(kernel, vat, &message->methargs, &d->methargs));
    if (message->has_result) VK_TRY(result_to_vat(kernel, vat, message->result, &d->result));
    if (vk_slog_wanted(&kernel->state))
        VK_TRY(vk_state_text(&kernel->state, &out->kernel_delivery,
                             KEY(LIT("[\"message\",\""), KREF(target), LIT("\","),
                                 TEXT(message->json), LIT("]"))));
    return message_json(&kernel->arena, d);
}

static void write_kernel_resolution(struct vk_buf *buf, struct vk_kref kpid,
                                    const struct vk_promise *promise) {
    vk_buf_lit(buf, "[\"");
    vk_buf_kref(buf, kpid);
    vk_buf_add(buf, promise->state == VK_PROMISE_REJECTED
                        ? VK_STR("\",{\"state\":\"rejected\",\"data\":")
                        : VK_STR("\",{\"state\":\"fulfilled\",\"data\":"));
    vk_capdata_write(buf, &promise->data);
    vk_buf_lit(buf, "}]");
}

static void write_vat_resolution(struct vk_buf *buf, const struct vk_resolution *resolution) {
    vk_buf_char(buf, '[');
    vk_json_quote(buf, resolution->promise);
    vk_buf_add(buf, resolution->rejected ? VK_STR(",true,") : VK_STR(",false,"));
    vk_capdata_write(buf, &resolution->data);
    vk_buf_char(buf, ']');
}

enum vk_err vk_translate_notify(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_kref *kpids, size_t count, struct vk_parcel *out) {
    struct vk_delivery *d = &out->vat_delivery;
    struct vk_promise *promises;
    struct vk_resolution *resolutions;
    *out = (struct vk_parcel){.vat_delivery.type = VK_DELIVERY_NOTIFY};
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &promises, count));
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &resolutions, count));
    for (size_t i = 0; i < count; i++) {
        VK_TRY(vk_promise_get(&kernel->state, kpids[i], &promises[i]));
        VK_ASSERT(promises[i].state !=
                  VK_PROMISE_UNRESOLVED); /* INV-NOTIFY-1: only news of settled promises */
        resolutions[i].rejected = promises[i].state == VK_PROMISE_REJECTED;
        VK_TRY(
            vk_clist_to_vat(&kernel->state, vat, kpids[i], VK_TO_VAT_USE, &resolutions[i].promise));
        VK_TRY(slots_to_vat(kernel, vat, &promises[i].data, &resolutions[i].data));
    }
    d->resolutions = resolutions;
    d->resolution_count = count;
    struct vk_buf buf;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "[\"notify\",[");
    for (size_t i = 0; i < count; i++) {
        if (i) vk_buf_char(&buf, ',');
        write_vat_resolution(&buf, &resolutions[i]);
    }
    vk_buf_lit(&buf, "]]");
    VK_TRY(vk_buf_finish(&buf, &d->json));
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "[\"notify\",[");
    for (size_t i = 0; i < count; i++) {
        if (i) vk_buf_char(&buf, ',');
        write_kernel_resolution(&buf, kpids[i], &promises[i]);
    }
    vk_buf_lit(&buf, "]]");
    return vk_buf_finish(&buf, &out->kernel_delivery);
}

/* ["dropExports",["o+1","o+2"]] */
static enum vk_err list_json(struct vk_arena *arena, const char *name, const struct vk_str *items,
                             size_t count, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "[\"");
    vk_buf_add(&buf, vk_str(name));
    vk_buf_lit(&buf, "\",[");
    for (size_t i = 0; i < count; i++) {
        if (i) vk_buf_char(&buf, ',');
        vk_json_quote(&buf, items[i]);
    }
    vk_buf_lit(&buf, "]]");
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_translate_gc(struct vk_kernel *kernel, struct vk_vat_id vat,
                            enum vk_delivery_type type, const struct vk_kref *krefs, size_t count,
                            struct vk_parcel *out) {
    struct vk_state *state = &kernel->state;
    struct vk_str *vrefs, *names;
    *out = (struct vk_parcel){.vat_delivery.type = type};
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &vrefs, count));
    for (size_t i = 0; i < count; i++) {
        VK_TRY(vk_clist_to_vat(state, vat, krefs[i], VK_TO_VAT_EXISTING, &vrefs[i]));
        if (type != VK_DELIVERY_DROP_EXPORTS)
            VK_TRY(vk_clist_delete(state, vat, krefs[i], vrefs[i]));
    }
    for (size_t i = 0; type == VK_DELIVERY_DROP_EXPORTS && i < count; i++)
        VK_TRY(vk_clist_clear_reachable(state, vat, krefs[i]));
    out->vat_delivery.vrefs = vrefs;
    out->vat_delivery.vref_count = count;
    VK_TRY(
        list_json(&kernel->arena, vk_delivery_name(type), vrefs, count, &out->vat_delivery.json));
    if (!vk_slog_wanted(state)) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &names, count));
    for (size_t i = 0; i < count; i++)
        VK_TRY(vk_kref_text(&kernel->arena, krefs[i], &names[i]));
    return list_json(&kernel->arena, vk_delivery_name(type), names, count, &out->kernel_delivery);
}

static enum vk_err start_vat_json(struct vk_arena *arena, const struct vk_capdata *parameters,
                                  struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "[\"startVat\",");
    vk_capdata_write(&buf, parameters);
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_translate_start_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                   const struct vk_capdata *parameters, struct vk_parcel *out) {
    struct vk_delivery *d = &out->vat_delivery;
    *out = (struct vk_parcel){.vat_delivery.type = VK_DELIVERY_START_VAT};
    VK_TRY(slots_to_vat(kernel, vat, parameters, &d->methargs));
    VK_TRY(start_vat_json(&kernel->arena, &d->methargs, &d->json));
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    return start_vat_json(&kernel->arena, parameters, &out->kernel_delivery);
}

enum vk_err vk_translate_change_options(struct vk_kernel *kernel, struct vk_str options,
                                        struct vk_parcel *out) {
    *out = (struct vk_parcel){.vat_delivery.type = VK_DELIVERY_CHANGE_VAT_OPTIONS,
                              .vat_delivery.options = options};
    VK_TRY(vk_state_text(&kernel->state, &out->vat_delivery.json,
                         KEY(LIT("[\"changeVatOptions\","), TEXT(options), LIT("]"))));
    if (vk_slog_wanted(&kernel->state)) out->kernel_delivery = out->vat_delivery.json;
    return VK_OK;
}

enum vk_err vk_translate_bring_out_your_dead(struct vk_kernel *kernel, struct vk_parcel *out) {
    *out = (struct vk_parcel){.vat_delivery.type = VK_DELIVERY_BRING_OUT_YOUR_DEAD,
                              .vat_delivery.json = VK_STR("[\"bringOutYourDead\"]")};
    if (vk_slog_wanted(&kernel->state)) out->kernel_delivery = out->vat_delivery.json;
    return VK_OK;
}
