/* upgrade.c - upgrade of a vat: a last BOYD, the disconnection of its promises, the abandonment of what cannot last,
 * a new incarnation. See deliver.h.
 *
 * INV-UPGRADE-1  An upgrade that fails anywhere leaves the vat as it was, in its old incarnation, and alive.
 * INV-UPGRADE-2  A vat that has been upgraded is running, whatever it was before.
 * Answers to processUpgradeVat in kernel.js.
 */
#include "incarnation.h"

#include "vk/probe.h"

#include "../object/refcount.h"
#include "suspend.h"

static enum vk_err callback_args(struct vk_kernel *kernel, const struct vk_event *event,
                                 bool success, struct vk_value **args) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *id, *flag;
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, args));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, event->upgrade_id, &id));
    VK_TRY(vk_value_new(arena, VK_VALUE_BOOL, &flag));
    flag->truth = success;
    vk_value_append(*args, VK_STR_NONE, id);
    vk_value_append(*args, VK_STR_NONE, flag);
    return VK_OK;
}

/* Turns the verdict on an inner delivery into an unwinding of the whole upgrade. */
static enum vk_err abort_upgrade(struct vk_kernel *kernel, const struct vk_event *event,
                                 struct vk_crank_results *out) {
    struct vk_value *error;
    vk_warehouse_stop_worker(kernel, event->vat);
    out->abort = true;
    out->consume_message = true;
    out->terminate = false;
    out->admin_method = "vatUpgradeCallback";
    VK_TRY(callback_args(kernel, event, false, &out->admin_args));
    VK_TRY(vk_value_text(&kernel->arena, VK_VALUE_ERROR, VK_STR("vat-upgrade failure"), &error));
    error->name = VK_STR("Error");
    vk_value_append(out->admin_args, VK_STR_NONE, error);
    return VK_OK;
}

/* The new incarnation runs on the new source and on the worker bundles of the day. */
static enum vk_err set_new_source(struct vk_kernel *kernel, const struct vk_event *event) {
    struct vk_str source, json;
    struct vk_buf buf;
    VK_TRY(vk_incarnation_sample_options(kernel, event->vat, &json));
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"bundleID\":");
    vk_json_quote(&buf, event->bundle_id);
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &source));
    return vk_vat_set_source_and_options(&kernel->state, event->vat, source, json);
}

static void add_computrons(struct vk_crank_results *sum, const struct vk_crank_results *more) {
    sum->metered = sum->metered || more->metered;
    sum->computrons += more->computrons;
}

static enum vk_err start_incarnation(struct vk_kernel *kernel, const struct vk_event *event,
                                     struct vk_str meter_id, struct vk_crank_results *out) {
    const struct vk_capdata *parameters = &event->parameters;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(set_new_source(kernel, event));
    VK_TRY(vk_vat_set_parameters(&kernel->state, event->vat, parameters));
    VK_TRY(vk_translate_start_vat(kernel, event->vat, parameters, &parcel));
    VK_TRY(vk_refs_drop(&kernel->state, parameters->slots, parameters->slot_count));
    VK_TRY(vk_deliver(kernel, event->vat, &parcel, &status));
    return vk_crank_results_of(kernel, event->vat, &status, true, meter_id, 0, out);
}

static enum vk_err report_success(struct vk_kernel *kernel, const struct vk_event *event,
                                  uint64_t incarnation, struct vk_crank_results *out) {
    struct vk_value *undefined, *number;
    struct vk_str text;
    out->admin_method = "vatUpgradeCallback";
    VK_TRY(callback_args(kernel, event, true, &out->admin_args));
    VK_TRY(vk_value_new(&kernel->arena, VK_VALUE_UNDEFINED, &undefined));
    VK_TRY(vk_state_text(&kernel->state, &text, KEY(U64(incarnation))));
    VK_TRY(vk_value_text(&kernel->arena, VK_VALUE_NUMBER, text, &number));
    vk_value_append(out->admin_args, VK_STR_NONE, undefined);
    vk_value_append(out->admin_args, VK_STR_NONE, number);
    return VK_OK;
}

/* Ends the incarnation; out->terminate if the vat failed in its last BOYD. */
static enum vk_err end_incarnation(struct vk_kernel *kernel, const struct vk_event *event,
                                   uint64_t *next, struct vk_crank_results *out) {
    VK_TRY(vk_incarnation_last_boyd(kernel, event->vat, out));
    if (out->terminate) return VK_OK;
    return vk_incarnation_end(kernel, event->vat, event->upgrade_message, next);
}

/* A suspended vat's incarnation ended with the suspension, and the next one has its number already. */
static enum vk_err next_incarnation(struct vk_kernel *kernel, struct vk_vat_id vat,
                                    uint64_t *next) {
    struct vk_span span;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_transcript_current(kernel->store, vk_vat_id_str(vat, text), &span));
    *next = span.incarnation;
    return VK_OK;
}

enum vk_err vk_process_upgrade_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_crank_results start;
    enum vk_vat_state state;
    uint64_t incarnation;
    if (!kernel->has_admin_root)
        return VK_RAISE(VK_ERR_PANIC, "initializeKernel did not set vatAdminRootKref");
    VK_TRY(vk_warehouse_lookup(kernel, event->vat, &info));
    VK_SOMETIMES_IF(!info.alive, upgrade_of_dead_vat);
    if (!info.alive) return VK_OK;
    VK_TRY(vk_vat_state_get(&kernel->state, event->vat, &state));
    if (vk_vat_transition(state, VK_VAT_EVENT_UPGRADE).action == VK_VAT_END_AND_BEGIN)
        VK_TRY(end_incarnation(kernel, event, &incarnation, out));
    else
        VK_TRY(next_incarnation(kernel, event->vat, &incarnation));
    VK_SOMETIMES_IF(vk_vat_state_is_suspended(state), upgrade_of_suspended_vat);
    VK_SOMETIMES_IF(out->terminate, upgrade_failed_in_last_boyd);
    if (out->terminate) return abort_upgrade(kernel, event, out);
    VK_TRY(vk_vat_change_state(kernel, event->vat, state, VK_VAT_EVENT_UPGRADE));
    VK_TRY(start_incarnation(kernel, event, info.meter_id, &start));
    add_computrons(&start, out);
    VK_SOMETIMES_IF(start.terminate, upgrade_failed_in_start);
    VK_SOMETIMES_IF(!start.terminate, upgrade_succeeded);
    if (start.terminate) {
        *out = start;
        return abort_upgrade(kernel, event, out);
    }
    *out = (struct vk_crank_results){
        .metered = start.metered,
        .computrons = start.computrons,
        .meter_id = info.meter_id,
    };
    return report_success(kernel, event, incarnation, out);
}
