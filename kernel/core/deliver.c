/* deliver.c - see deliver.h. */
#include "deliver.h"

#include "vk/probe.h"

#include "../object/clist.h"
#include "../object/meter.h"
#include "../object/object.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "../object/slog.h"
#include "completion.h"
#include "retirement.h"
#include "route.h"
#include "suspend.h"
#include "terminate.h"

enum vk_err vk_deliver(struct vk_kernel *kernel, struct vk_vat_id vat,
                       const struct vk_parcel *parcel, struct vk_delivery_status *out) {
    struct vk_delivery_result *result = &out->result;
    kernel->verdict = (struct vk_verdict){0};
    VK_TRY(vk_warehouse_deliver(kernel, vat, parcel, result));
    out->verdict = kernel->verdict;
    /* A vat that failed is not to be trusted with its worker. */
    if (!result->ok) vk_warehouse_stop_worker(kernel, vat);
    return VK_OK;
}

enum vk_err vk_condemn(struct vk_kernel *kernel, enum vk_condemned why, struct vk_str problem,
                       struct vk_crank_results *out) {
    VK_SOMETIMES_IF(why == VK_CONDEMNED_UNDERFLOW, meter_underflow);
    out->condemned = why;
    out->abort = true;
    out->terminate = true;
    out->terminate_reject = true;
    return vk_capdata_error(&kernel->arena, problem, &out->terminate_info);
}

static void exit_as_requested(const struct vk_verdict *verdict, struct vk_crank_results *out) {
    VK_SOMETIMES_IF(verdict->exit_is_failure, vat_exited_with_failure);
    VK_SOMETIMES_IF(!verdict->exit_is_failure, vat_exited_in_peace);
    out->abort = verdict->exit_is_failure;
    out->terminate = true;
    out->terminate_reject = verdict->exit_is_failure;
    out->terminate_info = verdict->exit_info;
}

enum vk_err vk_crank_results_of(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_delivery_status *status, bool measure_dirt,
                                struct vk_str meter_id, uint64_t gc_krefs,
                                struct vk_crank_results *out) {
    const struct vk_delivery_result *result = &status->result;
    bool suffices = true;
    *out = (struct vk_crank_results){.did_delivery = true, .vat = vat, .terminated = vat};
    out->metered = result->metered && result->computrons > 0;
    out->computrons = out->metered ? result->computrons : 0;
    if (meter_id.p && out->metered) {
        out->meter_id = meter_id;
        VK_TRY(vk_meter_check(&kernel->state, meter_id, out->computrons, &suffices));
    }
    /* INV-DELIVER-1 */
    if (status->verdict.illegal_syscall)
        VK_TRY(vk_condemn(kernel, VK_CONDEMNED_FATAL, status->verdict.illegal_problem, out));
    else if (!result->ok)
        VK_TRY(vk_condemn(kernel, VK_CONDEMNED_FATAL, result->problem, out));
    else if (!suffices)
        VK_TRY(vk_condemn(kernel, VK_CONDEMNED_UNDERFLOW, VK_STR("meter underflow, vat terminated"),
                          out));
    else if (status->verdict.exit_requested)
        exit_as_requested(&status->verdict, out);
    if (measure_dirt && !out->abort && !out->terminate) {
        out->measure_dirt = true;
        out->dirt = (struct vk_dirt){1, out->metered, out->computrons, gc_krefs};
    }
    return out->abort || out->terminate ? VK_OK : vk_completion_apply(kernel, vat, result);
}

static enum vk_err process_send(struct vk_kernel *kernel, const struct vk_event *event,
                                const struct vk_route *route, struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    vk_stats_inc(&kernel->state.stats, VK_STAT_DISPATCHES);
    vk_stats_inc(&kernel->state.stats, VK_STAT_DISPATCH_DELIVER);
    VK_TRY(vk_warehouse_lookup(kernel, route->vat, &info));
    if (!info.alive) return VK_RAISE(VK_ERR_CORRUPT, "a dead vat owns a message's target");
    VK_TRY(vk_translate_message(kernel, route->vat, route->target, &event->message, &parcel));
    if (info.enable_pipelining && event->message.has_result)
        VK_TRY(vk_promise_requeue(&kernel->state, event->message.result));
    VK_TRY(vk_deliver(kernel, route->vat, &parcel, &status));
    return vk_crank_results_of(kernel, route->vat, &status, true, info.meter_id, 0, out);
}

static enum vk_err deliver_send(struct vk_kernel *kernel, const struct vk_event *event,
                                struct vk_crank_results *out) {
    struct vk_route route;
    bool received = true;
    VK_TRY(vk_route_send(kernel, event, &route));
    if (route.type == VK_ROUTE_VAT) VK_TRY(vk_receive(kernel, route.vat, event, out, &received));
    if (!received) return VK_OK;
    /* What the vat did as it started may have changed the way. */
    if (kernel->begun.any) VK_TRY(vk_route_send(kernel, event, &route));
    switch (route.type) {
    case VK_ROUTE_SPLAT: return vk_send_drop_refs(kernel, event);
    case VK_ROUTE_REQUEUE:
        return vk_promise_queue_message(&kernel->state, route.target, event->message.json);
    case VK_ROUTE_VAT:
        VK_TRY(vk_send_drop_refs(kernel, event));
        return process_send(kernel, event, &route, out);
    }
    VK_ASSERT(false); /* INV-ROUTE-2: three ways */
    return VK_OK;
}

static enum vk_err deliver_notify(struct vk_kernel *kernel, const struct vk_event *event,
                                  struct vk_crank_results *out) {
    struct vk_state *state = &kernel->state;
    struct vk_vat_info info;
    struct vk_promise promise;
    struct vk_clist_entry entry;
    struct vk_kref *kpids;
    size_t count;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(vk_ref_drop(state, event->promise, VK_REF_STRONG));
    vk_stats_inc(&state->stats, VK_STAT_DISPATCHES);
    VK_TRY(vk_warehouse_lookup(kernel, event->vat, &info));
    if (!info.alive) return VK_OK;
    VK_TRY(vk_promise_get(state, event->promise, &promise));
    vk_stats_inc(&state->stats, VK_STAT_DISPATCH_NOTIFY);
    if (promise.state == VK_PROMISE_UNRESOLVED)
        return VK_RAISE(VK_ERR_PANIC, "spurious notification kp%llu",
                        (unsigned long long)event->promise.id);
    VK_TRY(vk_clist_find(state, event->vat, event->promise, &entry));
    VK_SOMETIMES_IF(!entry.exists, notify_of_what_was_told_already);
    if (!entry.exists) return VK_OK; /* told already, together with another promise */
    VK_TRY(vk_promises_to_retire(kernel, event->promise, &promise, &kpids, &count));
    VK_TRY(vk_translate_notify(kernel, event->vat, kpids, count, &parcel));
    VK_TRY(vk_clist_delete_all(state, event->vat, kpids, count));
    VK_TRY(vk_deliver(kernel, event->vat, &parcel, &status));
    return vk_crank_results_of(kernel, event->vat, &status, true, info.meter_id, 0, out);
}

static enum vk_delivery_type gc_delivery(enum vk_event_type type) {
    if (type == VK_EVENT_DROP_EXPORTS) return VK_DELIVERY_DROP_EXPORTS;
    if (type == VK_EVENT_RETIRE_EXPORTS) return VK_DELIVERY_RETIRE_EXPORTS;
    VK_ASSERT(type == VK_EVENT_RETIRE_IMPORTS); /* INV-EVENT-1: three GC events */
    return VK_DELIVERY_RETIRE_IMPORTS;
}

static enum vk_err deliver_gc(struct vk_kernel *kernel, const struct vk_event *event,
                              struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(vk_warehouse_lookup(kernel, event->vat, &info));
    VK_RARELY_IF(!info.alive, gc_action_for_dead_vat);
    if (!info.alive) return VK_OK; /* can't collect from the dead */
    for (size_t i = 0; event->type == VK_EVENT_RETIRE_EXPORTS && i < event->kref_count; i++)
        VK_TRY(vk_object_delete(&kernel->state, event->krefs[i]));
    VK_TRY(vk_translate_gc(kernel, event->vat, gc_delivery(event->type), event->krefs,
                           event->kref_count, &parcel));
    VK_TRY(vk_deliver(kernel, event->vat, &parcel, &status));
    return vk_crank_results_of(kernel, event->vat, &status, true, VK_STR_NONE, event->kref_count,
                               out);
}

static enum vk_err deliver_bring_out_your_dead(struct vk_kernel *kernel,
                                               const struct vk_event *event,
                                               struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(vk_warehouse_lookup(kernel, event->vat, &info));
    if (!info.alive) return VK_OK;
    VK_TRY(vk_translate_bring_out_your_dead(kernel, &parcel));
    VK_TRY(vk_deliver(kernel, event->vat, &parcel, &status));
    return vk_crank_results_of(kernel, event->vat, &status, false, VK_STR_NONE, 0, out);
}

enum vk_err vk_process_start_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_capdata *parameters,
                                 struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(vk_warehouse_lookup(kernel, vat, &info));
    VK_RARELY_IF(!info.alive, vat_terminated_before_its_start);
    if (!info.alive) return VK_OK; /* terminated before it was started */
    VK_TRY(vk_vat_set_parameters(&kernel->state, vat, parameters));
    VK_TRY(vk_translate_start_vat(kernel, vat, parameters, &parcel));
    VK_TRY(vk_refs_drop(&kernel->state, parameters->slots, parameters->slot_count));
    VK_TRY(vk_deliver(kernel, vat, &parcel, &status));
    VK_TRY(vk_crank_results_of(kernel, vat, &status, true, info.meter_id, 0, out));
    out->consume_message = true;
    return VK_OK;
}

/* reapInterval is the kernel's own business: it moves the threshold of deliveries between BOYDs. */
static enum vk_err set_reap_interval(struct vk_kernel *kernel, struct vk_vat_id vat,
                                     const struct vk_json *value) {
    struct vk_state *state = &kernel->state;
    struct vk_vat_options options;
    const struct vk_json *json;
    struct vk_buf buf;
    struct vk_str threshold, number;
    uint64_t n;
    bool never = vk_str_eq(vk_json_string(value), VK_STR("never"));
    if (!never && !(vk_json_is(value, VK_JSON_NUMBER) && vk_str_to_u64(value->text, &n)))
        return VK_OK; /* SwingSet warns and goes on */
    VK_TRY(vk_vat_options_get(state, vat, &options));
    VK_TRY(vk_json_parse(&kernel->arena, options.json, &json));
    vk_buf_init(&buf, &kernel->arena);
    const struct vk_json *old = vk_json_get(json, "reapDirtThreshold");
    if (old)
        vk_json_write(&buf, old);
    else
        vk_buf_lit(&buf, "{}");
    VK_TRY(vk_buf_finish(&buf, &threshold));
    number = never ? VK_STR("\"never\"") : value->text;
    VK_TRY(vk_vat_options_replace(state, threshold, "deliveries", number, &threshold));
    VK_TRY(vk_vat_options_replace(state, options.json, "reapDirtThreshold", threshold, &threshold));
    return vk_state_set(state, threshold, KEY(VAT(vat), LIT(".options")));
}

static enum vk_err deliver_change_options(struct vk_kernel *kernel, const struct vk_event *event,
                                          struct vk_crank_results *out) {
    struct vk_vat_info info;
    struct vk_buf buf;
    struct vk_str options;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    bool any = false;
    VK_TRY(vk_warehouse_lookup(kernel, event->vat, &info));
    if (!info.alive) return VK_OK;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_char(&buf, '{');
    for (const struct vk_json *option = event->options->first; option; option = option->next) {
        if (vk_str_eq(option->key, VK_STR("reapInterval"))) {
            VK_TRY(set_reap_interval(kernel, event->vat, option));
            continue;
        }
        if (any) vk_buf_char(&buf, ',');
        any = true;
        vk_json_quote(&buf, option->key);
        vk_buf_char(&buf, ':');
        vk_json_write(&buf, option);
    }
    vk_buf_char(&buf, '}');
    if (!any) return VK_OK;
    VK_TRY(vk_buf_finish(&buf, &options));
    VK_TRY(vk_translate_change_options(kernel, options, &parcel));
    VK_TRY(vk_deliver(kernel, event->vat, &parcel, &status));
    VK_TRY(vk_crank_results_of(kernel, event->vat, &status, false, VK_STR_NONE, 0, out));
    out->consume_message = true;
    return VK_OK;
}

static void slog_work(struct vk_buf *buf, const struct vk_cleanup_work *work) {
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"exports", work->exports},     {"imports", work->imports},
        {"promises", work->promises},   {"kv", work->kv},
        {"snapshots", work->snapshots}, {"transcripts", work->transcripts},
    };
    bool any = false;
    vk_buf_char(buf, '{');
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (!counts[i].count) continue;
        vk_buf_add(buf, any ? VK_STR(",\"") : VK_STR("\""));
        vk_buf_add(buf, vk_str(counts[i].name));
        vk_buf_lit(buf, "\":");
        vk_buf_u64(buf, counts[i].count);
        any = true;
    }
    vk_buf_char(buf, '}');
}

static enum vk_err slog_cleanup(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_cleanup_work *work) {
    struct vk_slog_entry entry;
    struct vk_buf buf;
    struct vk_str json;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_buf_init(&buf, &kernel->arena);
    slog_work(&buf, work);
    VK_TRY(vk_buf_finish(&buf, &json));
    vk_slog_begin(&entry, &kernel->state, VK_STR("vat-cleanup"));
    vk_slog_vat(&entry, vat);
    vk_slog_json(&entry, "work", json);
    return vk_slog_end(&entry, &kernel->state);
}

static enum vk_err deliver_cleanup(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_crank_results *out) {
    bool done;
    VK_TRY(vk_cleanup_step(kernel, event, &out->cleanup, &done));
    VK_SOMETIMES_IF(!done, cleanup_budget_spent);
    VK_SOMETIMES_IF(done, cleanup_done);
    out->did_cleanup = true;
    VK_TRY(slog_cleanup(kernel, event->vat, &out->cleanup));
    if (!done) return VK_OK;
    VK_TRY(vk_vat_forget_terminated(&kernel->state, event->vat));
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    struct vk_slog_entry entry;
    vk_slog_begin(&entry, &kernel->state, VK_STR("vat-cleanup-complete"));
    vk_slog_vat(&entry, event->vat);
    return vk_slog_end(&entry, &kernel->state);
}

enum vk_err vk_deliver_event(struct vk_kernel *kernel, const struct vk_event *event,
                             struct vk_crank_results *out) {
    *out = (struct vk_crank_results){0};
    switch (event->type) {
    case VK_EVENT_SEND: return deliver_send(kernel, event, out);
    case VK_EVENT_NOTIFY: return deliver_notify(kernel, event, out);
    case VK_EVENT_START_VAT:
        return vk_process_start_vat(kernel, event->vat, &event->parameters, out);
    case VK_EVENT_CREATE_VAT: return vk_process_create_vat(kernel, event, out);
    case VK_EVENT_UPGRADE_VAT: return vk_process_upgrade_vat(kernel, event, out);
    case VK_EVENT_CHANGE_VAT_OPTIONS: return deliver_change_options(kernel, event, out);
    case VK_EVENT_SUSPEND_VAT: return vk_process_suspend_vat(kernel, event, out);
    case VK_EVENT_UNSUSPEND_VAT: return vk_process_unsuspend_vat(kernel, event, out);
    case VK_EVENT_DROP_EXPORTS:
    case VK_EVENT_RETIRE_EXPORTS:
    case VK_EVENT_RETIRE_IMPORTS: return deliver_gc(kernel, event, out);
    case VK_EVENT_BRING_OUT_YOUR_DEAD: return deliver_bring_out_your_dead(kernel, event, out);
    case VK_EVENT_NEGATED_GC_ACTION: return VK_OK; /* its writes are done */
    case VK_EVENT_CLEANUP_TERMINATED_VAT: return deliver_cleanup(kernel, event, out);
    }
    VK_ASSERT(false); /* INV-EVENT-2: every event has a type */
    return VK_OK;
}
