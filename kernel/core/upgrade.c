/* upgrade.c - upgrade of a vat: a last BOYD, the disconnection of its promises, the abandonment of what cannot last,
 * a new incarnation. See deliver.h.
 *
 * INV-UPGRADE-1  An upgrade that fails anywhere leaves the vat as it was, in its old incarnation, and alive.
 * Answers to processUpgradeVat in kernel.js.
 */
#include "deliver.h"

#include "../object/clist.h"
#include "../object/object.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "send.h"

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

static enum vk_err disconnection(struct vk_kernel *kernel, const struct vk_event *event,
                                 uint64_t incarnation, struct vk_capdata *out) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *record, *name, *message, *number;
    struct vk_str text;
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &record));
    VK_TRY(vk_state_text(&kernel->state, &text, KEY(U64(incarnation))));
    VK_TRY(vk_value_text(arena, VK_VALUE_NUMBER, text, &number));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, VK_STR("vatUpgraded"), &name));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, event->upgrade_message, &message));
    vk_value_append(record, VK_STR("name"), name);
    vk_value_append(record, VK_STR("upgradeMessage"), message);
    vk_value_append(record, VK_STR("incarnationNumber"), number);
    return vk_capdata_encode(arena, record, out);
}

static enum vk_err is_subscribed(struct vk_kernel *kernel, const struct vk_promise *promise,
                                 struct vk_vat_id vat, bool *subscribed) {
    struct vk_string_list subscribers;
    char text[VK_SLOT_TEXT_MAX];
    vk_string_list_init(&subscribers, &kernel->arena);
    VK_TRY(vk_string_list_split(&subscribers, promise->subscribers));
    *subscribed = vk_string_list_has(&subscribers, vk_vat_id_str(vat, text));
    return VK_OK;
}

/* Rejects all promises that the vat decides: none of them survives its memory. */
static enum vk_err disconnect_promises(struct vk_kernel *kernel, struct vk_vat_id vat,
                                       const struct vk_capdata *error) {
    struct vk_state *state = &kernel->state;
    struct vk_key_walk walk;
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(VAT(vat), LIT(".c.p"))));
    for (;;) {
        struct vk_str text;
        struct vk_kref kpid;
        struct vk_promise promise;
        bool self_subscribed;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        VK_TRY(vk_state_require(state, &text, KEY(TEXT(walk.key))));
        VK_TRY(vk_kref_require(text, &kpid));
        VK_TRY(vk_promise_get(state, kpid, &promise));
        if (promise.state != VK_PROMISE_UNRESOLVED || !promise.has_decider ||
            !vk_vat_id_eq(promise.decider, vat))
            continue;
        VK_TRY(is_subscribed(kernel, &promise, vat, &self_subscribed));
        VK_TRY(vk_reject(kernel, kpid, error, &vat));
        /* Its own notify will remove the entry; without a subscription nobody else would. */
        if (!self_subscribed) VK_TRY(vk_clist_delete_all(state, vat, &kpid, 1));
    }
}

/* Collects the krefs of exports in a range of vrefs: all that begin with `from`, up to `end` if there is one. */
static enum vk_err collect_exports(struct vk_kernel *kernel, struct vk_vat_id vat, const char *from,
                                   struct vk_str end, struct vk_string_list *krefs) {
    struct vk_state *state = &kernel->state;
    struct vk_key_walk walk;
    struct vk_str clist;
    VK_TRY(vk_state_text(state, &clist, KEY(VAT(vat), LIT(".c."))));
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(TEXT(clist), TEXT(vk_str(from)))));
    for (;;) {
        struct vk_str kref;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        struct vk_str vref = vk_str_from(walk.key, clist.n);
        if (end.p && vk_str_cmp(vref, end) >= 0) return VK_OK;
        if (vk_str_eq(vref, VK_STR("o+0"))) continue; /* the root object stays */
        VK_TRY(vk_state_require(state, &kref, KEY(TEXT(walk.key))));
        VK_TRY(vk_string_list_add(krefs, kref));
    }
}

/* Ephemeral (o+5) and merely virtual (o+v5/1) exports end with the incarnation; durable ones (o+d5/1) live on. */
static enum vk_err abandon_exports(struct vk_kernel *kernel, struct vk_vat_id vat) {
    struct vk_string_list krefs;
    vk_string_list_init(&krefs, &kernel->arena);
    VK_TRY(collect_exports(kernel, vat, "o+", VK_STR("o+d"), &krefs));
    VK_TRY(collect_exports(kernel, vat, "o+v", VK_STR_NONE, &krefs));
    for (size_t i = 0; i < krefs.count; i++) {
        struct vk_kref kref;
        VK_TRY(vk_kref_require(krefs.items[i], &kref));
        VK_TRY(vk_object_orphan(&kernel->state, kref, vat));
    }
    return VK_OK;
}

/* The new incarnation runs on the new source and on the worker bundles of the day. */
static enum vk_err set_new_source(struct vk_kernel *kernel, const struct vk_event *event) {
    const struct vk_worker_host *host = kernel->ports->workers;
    struct vk_state *state = &kernel->state;
    struct vk_vat_options options;
    struct vk_str source, bundle_ids, worker, json;
    struct vk_buf buf;
    VK_TRY(vk_vat_options_get(state, event->vat, &options));
    json = options.json;
    if (options.is_xsnap) {
        VK_TRY(host->worker_bundle_ids(host->impl, kernel->store, &kernel->arena, &bundle_ids));
        VK_TRY(vk_vat_options_replace(state, options.worker_options, "bundleIDs", bundle_ids,
                                      &worker));
        VK_TRY(vk_vat_options_replace(state, json, "workerOptions", worker, &json));
    }
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"bundleID\":");
    vk_json_quote(&buf, event->bundle_id);
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &source));
    return vk_vat_set_source_and_options(state, event->vat, source, json);
}

static void add_computrons(struct vk_crank_results *sum, const struct vk_crank_results *more) {
    sum->metered = sum->metered || more->metered;
    sum->computrons += more->computrons;
}

static enum vk_err last_bring_out_your_dead(struct vk_kernel *kernel, struct vk_vat_id vat,
                                            struct vk_crank_results *out) {
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(vk_translate_bring_out_your_dead(kernel, &parcel));
    VK_TRY(vk_deliver(kernel, vat, &parcel, &status));
    return vk_crank_results_of(kernel, vat, &status, false, VK_STR_NONE, 0, out);
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

enum vk_err vk_process_upgrade_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_span span;
    struct vk_capdata error;
    struct vk_crank_results start;
    uint64_t incarnation;
    char text[VK_SLOT_TEXT_MAX];
    if (!kernel->has_admin_root)
        return VK_RAISE(VK_ERR_PANIC, "initializeKernel did not set vatAdminRootKref");
    VK_TRY(vk_warehouse_lookup(kernel, event->vat, &info));
    if (!info.alive) return VK_OK;
    VK_TRY(vk_transcript_current(kernel->store, vk_vat_id_str(event->vat, text), &span));
    VK_TRY(disconnection(kernel, event, span.incarnation, &error));
    VK_TRY(last_bring_out_your_dead(kernel, event->vat, out));
    if (out->terminate) return abort_upgrade(kernel, event, out);
    VK_TRY(disconnect_promises(kernel, event->vat, &error));
    VK_TRY(abandon_exports(kernel, event->vat));
    VK_TRY(vk_warehouse_begin_incarnation(kernel, event->vat, &incarnation));
    VK_TRY(start_incarnation(kernel, event, info.meter_id, &start));
    add_computrons(&start, out);
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
