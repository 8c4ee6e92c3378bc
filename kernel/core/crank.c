/* crank.c - the crank: one event from a queue to a hash.
 *
 *   idle --take--> routing  --------------------------------------> finish
 *             \--> delivery --deliver--> commit: snapshot, dirt --> finish
 *                                   \--> abort: roll back --------> finish (the survivors)
 *   Any host failure: abandoned, halted, nothing committed.
 *
 * INV-CRANK-1  A crank ends with emitted hashes, or the kernel halts.
 * INV-CRANK-2  Acceptance queue before clean-up before GC actions before reaping before what waited
 *              in side queues before the run-queue.
 * Answers to run(), step(), processAcceptanceMessage and processDeliveryMessage in kernel.js.
 */
#include "deliver.h"

#include "vk/probe.h"

#include "../object/gc_actions.h"
#include "../object/meter.h"
#include "../object/promise.h"
#include "../object/queue.h"
#include "../object/refcount.h"
#include "../object/slog.h"
#include "crank.h"
#include "directed.h"
#include "gc.h"
#include "route.h"
#include "send.h"
#include "suspend.h"
#include "terminate.h"

/* ---- what comes next */

static void unlimited(struct vk_cleanup_budget *budget) {
    *budget = (struct vk_cleanup_budget){
        .exports = VK_UNLIMITED,
        .imports = VK_UNLIMITED,
        .promises = VK_UNLIMITED,
        .kv = VK_UNLIMITED,
        .snapshots = VK_UNLIMITED,
        .transcripts = VK_UNLIMITED,
        .by_default = VK_UNLIMITED,
    };
}

static bool next_cleanup(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                         struct vk_event *out) {
    struct vk_cleanup_budget budget;
    unlimited(&budget);
    bool allowed =
        !policy || !policy->allow_cleanup || policy->allow_cleanup(policy->impl, &budget);
    if (!allowed || !kernel->state.terminated_count) return false;
    *out = (struct vk_event){.type = VK_EVENT_CLEANUP_TERMINATED_VAT,
                             .vat = kernel->state.terminated[0],
                             .budget = budget};
    return true;
}

static enum vk_err from_queue(struct vk_kernel *kernel, enum vk_queue queue, bool *found,
                              struct vk_event *out) {
    struct vk_str text;
    VK_TRY(vk_queue_take(&kernel->state, queue, &text));
    *found = text.p != NULL;
    return *found ? vk_event_parse(&kernel->arena, text, out) : VK_OK;
}

/* INV-CRANK-2 */
static enum vk_err next_event(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                              bool *found, bool *routing, struct vk_event *out) {
    *routing = true;
    VK_TRY(from_queue(kernel, VK_QUEUE_ACCEPTANCE, found, out));
    if (*found) return VK_OK;
    *routing = false;
    *found = next_cleanup(kernel, policy, out);
    if (!*found) VK_TRY(vk_gc_next_event(kernel, found, out));
    if (!*found) {
        *out = (struct vk_event){.type = VK_EVENT_BRING_OUT_YOUR_DEAD};
        VK_TRY(vk_reap_next(&kernel->state, found, &out->vat));
    }
    if (!*found) {
        VK_TRY(vk_side_queue_next_event(kernel, found, out));
        return *found ? VK_OK : from_queue(kernel, VK_QUEUE_RUN, found, out);
    }
    return vk_slog_wanted(&kernel->state) ? vk_event_describe(&kernel->arena, out) : VK_OK;
}

/* ---- brackets */

static void tell(const struct vk_kernel *kernel, enum vk_moment_type type, bool routing,
                 const struct vk_event *event, uint64_t number) {
    bool is_send = event->type == VK_EVENT_SEND;
    bool has_vat = !is_send && event->type != VK_EVENT_NEGATED_GC_ACTION;
    char text[VK_SLOT_TEXT_MAX];
    const struct vk_moment moment = {
        .type = type,
        .is_routing = routing,
        .name = vk_event_name(event->type),
        .vat = has_vat ? event->vat.n : UINT64_MAX,
        .number = number,
        .target = is_send ? vk_kref_str(event->target, text) : VK_STR_NONE,
        .json = event->json,
    };
    vk_kernel_tell(kernel, &moment);
}

static enum vk_err begin(struct vk_kernel *kernel, bool routing, const struct vk_event *event) {
    struct vk_slog_entry entry;
    uint64_t number;
    tell(kernel, VK_MOMENT_CRANK, routing, event, 0);
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    VK_TRY(vk_state_require_u64(&kernel->state, &number, KEY(LIT("crankNumber"))));
    kernel->crank_began_ns = vk_slog_now_ns(&kernel->state);
    vk_slog_begin(&entry, &kernel->state, VK_STR("crank-start"));
    vk_slog_text(&entry, "crankType", routing ? VK_STR("routing") : VK_STR("delivery"));
    vk_slog_u64(&entry, "crankNum", number);
    vk_slog_text(&entry, "messageType", vk_str(vk_event_name(event->type)));
    vk_slog_json(&entry, "message", event->json);
    return vk_slog_end(&entry, &kernel->state);
}

enum vk_err vk_save_stats(struct vk_kernel *kernel) {
    struct vk_state *state = &kernel->state;
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &kernel->arena);
    vk_stats_write_consensus(&buf, &state->stats);
    VK_TRY(vk_buf_finish(&buf, &text));
    VK_TRY(vk_state_set(state, text, KEY(LIT("kernelStats"))));
    vk_buf_init(&buf, &kernel->arena);
    vk_stats_write_local(&buf, &state->stats);
    VK_TRY(vk_buf_finish(&buf, &text));
    return vk_state_set(state, text, KEY(LIT("local.kernelStats")));
}

static enum vk_err finish(struct vk_kernel *kernel, bool routing, const struct vk_event *event,
                          struct vk_crank_result *result) {
    struct vk_state *state = &kernel->state;
    struct vk_slog_entry entry;
    uint64_t number;
    VK_ASSERT(!vk_in_flight_count(&kernel->in_flight)); /* INV-IN-FLIGHT-2 */
    VK_TRY(vk_gc_process_refcounts(kernel));
    VK_TRY(vk_state_allocate_id(state, &number, KEY(LIT("crankNumber"))));
    VK_TRY(vk_save_stats(kernel));
    VK_TRY(vk_store_emit_hashes(kernel->store, result->crankhash, result->activityhash));
    tell(kernel, VK_MOMENT_CRANK_DONE, routing, event, number);
    if (!vk_slog_wanted(state)) return VK_OK;
    vk_slog_begin(&entry, state, VK_STR("crank-finish"));
    vk_slog_text(&entry, "crankType", routing ? VK_STR("routing") : VK_STR("delivery"));
    vk_slog_text(&entry, "messageType", vk_str(vk_event_name(event->type)));
    vk_slog_u64(&entry, "crankNum", number);
    vk_slog_text(&entry, "crankhash", vk_str(result->crankhash));
    vk_slog_text(&entry, "activityhash", vk_str(result->activityhash));
    return vk_slog_end_since(&entry, state, kernel->crank_began_ns);
}

/* ---- routing cranks */

static enum vk_err route_one_send(struct vk_kernel *kernel, const struct vk_event *event) {
    struct vk_state *state = &kernel->state;
    struct vk_route route;
    struct vk_str text = event->json;
    VK_TRY(vk_route_send(kernel, event, &route));
    if (route.type == VK_ROUTE_SPLAT) return vk_send_drop_refs(kernel, event);
    VK_SOMETIMES_IF(route.type == VK_ROUTE_REQUEUE, send_queued_on_promise);
    if (!vk_kref_eq(route.target, event->target)) {
        VK_SOMETIMES(send_moved_to_what_promise_became);
        VK_TRY(vk_ref_drop(state, event->target, VK_REF_STRONG));
        VK_TRY(vk_ref_add(state, route.target, VK_REF_STRONG));
        VK_TRY(vk_send_json(&kernel->arena, route.target, event->message.json, &text));
    }
    if (route.type == VK_ROUTE_VAT) return vk_queue_add(state, VK_QUEUE_RUN, text);
    return vk_promise_queue_message(state, route.target, event->message.json);
}

static enum vk_err run_routing(struct vk_kernel *kernel, const struct vk_event *event,
                               struct vk_crank_result *result) {
    VK_TRY(begin(kernel, true, event));
    if (event->type == VK_EVENT_SEND)
        VK_TRY(route_one_send(kernel, event));
    else
        VK_TRY(vk_queue_add(&kernel->state, VK_QUEUE_RUN, event->json));
    return finish(kernel, true, event, result);
}

/* ---- delivery cranks */

static enum vk_err roll_back(struct vk_kernel *kernel, bool consume_message) {
    VK_SOMETIMES_IF(consume_message, crank_rolled_back_to_delivery);
    VK_SOMETIMES_IF(!consume_message, crank_rolled_back_to_start);
    VK_TRY(vk_store_rollback(kernel->store,
                             consume_message ? VK_SAVEPOINT_DELIVER : VK_SAVEPOINT_START));
    return vk_state_reload(&kernel->state);
}

enum vk_err vk_deduct_meter(struct vk_kernel *kernel, struct vk_str meter_id, uint64_t computrons) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_meter meter;
    struct vk_value *args, *id, *remaining;
    struct vk_str text;
    bool crossed;
    VK_TRY(vk_meter_deduct(&kernel->state, meter_id, computrons, &crossed));
    if (!crossed) return VK_OK;
    VK_SOMETIMES(meter_crossed_threshold);
    VK_TRY(vk_meter_get(&kernel->state, meter_id, &meter));
    VK_TRY(vk_state_text(&kernel->state, &text, KEY(U64(meter.remaining_computrons))));
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &args));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, meter_id, &id));
    VK_TRY(vk_value_text(arena, VK_VALUE_BIGINT, text, &remaining));
    vk_value_append(args, VK_STR_NONE, id);
    vk_value_append(args, VK_STR_NONE, remaining);
    return vk_tell_vat_admin(kernel, "meterCrossedThreshold", args);
}

static enum vk_err slog_termination(struct vk_kernel *kernel,
                                    const struct vk_crank_results *results) {
    struct vk_slog_entry entry;
    struct vk_buf buf;
    struct vk_str info;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_buf_init(&buf, &kernel->arena);
    vk_capdata_write(&buf, &results->terminate_info);
    VK_TRY(vk_buf_finish(&buf, &info));
    vk_slog_begin(&entry, &kernel->state, VK_STR("terminate"));
    vk_slog_vat(&entry, results->terminated);
    vk_slog_bool(&entry, "shouldReject", results->terminate_reject);
    vk_slog_json(&entry, "info", info);
    return vk_slog_end(&entry, &kernel->state);
}

/* The consequences of a delivery, in SwingSet's order. What survives an abort comes after the roll-back. */
static enum vk_err apply_results(struct vk_kernel *kernel, const struct vk_event *event,
                                 const struct vk_crank_results *results) {
    bool snapshot_taken;
    if (results->abort)
        VK_TRY(roll_back(kernel, results->consume_message));
    else if (results->did_delivery)
        VK_TRY(vk_warehouse_maybe_snapshot(kernel, results->vat, 0, &snapshot_taken));
    if (results->metered && results->meter_id.p)
        VK_TRY(vk_deduct_meter(kernel, results->meter_id,
                               results->computrons - results->free_computrons));
    if (results->measure_dirt) VK_TRY(vk_vat_add_dirt(&kernel->state, results->vat, results->dirt));
    if (results->is_spared) VK_TRY(vk_spare_vat(kernel, event, results));
    if (results->terminate) {
        VK_TRY(slog_termination(kernel, results));
        VK_TRY(vk_terminate_vat(kernel, results->terminated, results->terminate_reject,
                                &results->terminate_info));
    }
    if (results->admin_method)
        return vk_tell_vat_admin(kernel, results->admin_method, results->admin_args);
    return VK_OK;
}

static void report(const struct vk_event *event, const struct vk_crank_results *results,
                   struct vk_crank_result *result) {
    result->kind = VK_CRANK_NONE;
    result->aborted = results->abort;
    result->terminated = results->terminate;
    if (results->did_delivery) result->vat = results->vat.n;
    if (results->did_cleanup)
        result->kind = VK_CRANK_CLEANUP;
    else if (results->did_delivery)
        result->kind = event->type == VK_EVENT_CREATE_VAT ? VK_CRANK_CREATE_VAT : VK_CRANK_DELIVERY;
    result->metered = results->metered;
    result->computrons = results->computrons;
    result->cleanup = results->cleanup;
}

/* ---- directed cranks */

/* What the results are when kernel->directed takes the event's place. `began`: some of it has been run by then. */
static enum vk_err directed_results(struct vk_kernel *kernel, const struct vk_event *event,
                                    bool began, struct vk_crank_results *out) {
    const struct vk_directive *directive = kernel->directed;
    bool skips = directive->action == VK_DIRECTIVE_SKIP;
    VK_RARELY_IF(began, directive_in_the_middle_of_a_crank);
    *out = (struct vk_crank_results){.abort = !skips || began, .consume_message = skips};
    /* A creation that is skipped has failed, as vat-admin is to hear. */
    out->terminate = !skips || event->type == VK_EVENT_CREATE_VAT;
    out->terminated = skips ? event->vat : (struct vk_vat_id){directive->victim};
    out->terminate_reject = true;
    return vk_directive_error(kernel, &out->terminate_info);
}

static enum vk_err run_directed(struct vk_kernel *kernel, const struct vk_event *event,
                                bool routing, bool began, struct vk_crank_result *result) {
    struct vk_crank_results results;
    VK_TRY(directed_results(kernel, event, began, &results));
    report(event, &results, result);
    result->directed = true;
    VK_TRY(apply_results(kernel, event, &results));
    if (kernel->directed->action == VK_DIRECTIVE_SKIP) VK_TRY(vk_directive_skip(kernel, event));
    VK_TRY(vk_directive_record(kernel));
    return finish(kernel, routing, event, result);
}

static enum vk_err run_delivery(struct vk_kernel *kernel, const struct vk_event *event,
                                struct vk_crank_result *result) {
    struct vk_crank_results results;
    VK_TRY(begin(kernel, false, event));
    VK_TRY(vk_store_savepoint(kernel->store, VK_SAVEPOINT_DELIVER));
    VK_TRY(vk_deliver_by_state(kernel, event, &results));
    if (kernel->directed) return run_directed(kernel, event, false, true, result);
    report(event, &results, result);
    VK_TRY(apply_results(kernel, event, &results));
    return finish(kernel, false, event, result);
}

static enum vk_err run_crank(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                             struct vk_crank_result *result) {
    struct vk_event event;
    bool found, routing;
    VK_TRY(vk_store_start_crank(kernel->store));
    VK_TRY(vk_store_savepoint(kernel->store, VK_SAVEPOINT_START));
    VK_TRY(next_event(kernel, policy, &found, &routing, &event));
    if (found) {
        result->kind = VK_CRANK_NONE;
        result->event = vk_event_name(event.type);
        VK_TRY(vk_directive_at_crank(kernel, &event));
        if (kernel->directed) {
            VK_TRY(begin(kernel, routing, &event));
            VK_TRY(run_directed(kernel, &event, routing, false, result));
        } else if (routing)
            VK_TRY(run_routing(kernel, &event, result));
        else
            VK_TRY(run_delivery(kernel, &event, result));
    }
    return vk_store_end_crank(kernel->store);
}

enum vk_err vk_kernel_run_crank(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                                struct vk_crank_result *result) {
    *result = (struct vk_crank_result){.kind = VK_CRANK_IDLE, .event = "", .vat = VK_NO_VAT};
    VK_TRY(vk_kernel_enter(kernel));
    enum vk_err err = run_crank(kernel, policy, result);
    if (err != VK_OK) vk_store_abandon_crank(kernel->store);
    /* INV-CRANK-1: nobody has called a crank wrongly that has begun; this came out of a port */
    if (err == VK_ERR_USAGE) vk_kernel_panic(kernel, "usage: %s", vk_err_origin()->text);
    result->state_hash = vk_store_state_hash(kernel->store);
    return vk_kernel_leave(kernel, err);
}

enum vk_err vk_kernel_run(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                          uint64_t *cranks) {
    struct vk_crank_result result;
    for (*cranks = 0;; ++*cranks) {
        VK_TRY(vk_kernel_run_crank(kernel, policy, &result));
        if (result.kind == VK_CRANK_IDLE) return VK_OK;
        if (policy && policy->crank_complete && !policy->crank_complete(policy->impl, &result)) {
            ++*cranks;
            return VK_OK;
        }
    }
}
