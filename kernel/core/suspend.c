/* suspend.c - see suspend.h. The restart of all vats and the host calls are in host_suspend.c. */
#include "suspend.h"

#include "vk/probe.h"

#include "../object/meter.h"
#include "../object/queue.h"
#include "../object/side_queue.h"
#include "../object/slog.h"
#include "gc.h"
#include "incarnation.h"
#include "send.h"

enum vk_err vk_vat_change_state(struct vk_kernel *kernel, struct vk_vat_id vat,
                                enum vk_vat_state from, enum vk_vat_event event) {
    enum vk_vat_state to = vk_vat_transition(from, event).next;
    struct vk_slog_entry entry;
    if (from == to) return VK_OK;
    VK_TRY(vk_vat_state_set(&kernel->state, vat, from, to));
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_slog_begin(&entry, &kernel->state, VK_STR("vat-state"));
    vk_slog_vat(&entry, vat);
    vk_slog_text(&entry, "from", vk_str(vk_vat_state_name(from)));
    vk_slog_text(&entry, "to", vk_str(vk_vat_state_name(to)));
    vk_slog_text(&entry, "event", vk_str(vk_vat_event_name(event)));
    return vk_slog_end(&entry, &kernel->state);
}

/* ---- what comes up for a vat */

/* What an event is to a vat's state; false for those that are no deliveries, or that are not the state's business. */
static bool classify(enum vk_event_type type, enum vk_vat_event *out) {
    switch (type) {
    case VK_EVENT_SEND: *out = VK_VAT_EVENT_MESSAGE; return true;
    case VK_EVENT_NOTIFY: *out = VK_VAT_EVENT_NOTIFY; return true;
    case VK_EVENT_START_VAT: *out = VK_VAT_EVENT_START_VAT; return true;
    case VK_EVENT_CHANGE_VAT_OPTIONS: *out = VK_VAT_EVENT_OPTIONS; return true;
    case VK_EVENT_DROP_EXPORTS:
    case VK_EVENT_RETIRE_EXPORTS:
    case VK_EVENT_RETIRE_IMPORTS: *out = VK_VAT_EVENT_GC; return true;
    case VK_EVENT_BRING_OUT_YOUR_DEAD: *out = VK_VAT_EVENT_BOYD; return true;
    case VK_EVENT_CREATE_VAT:
    case VK_EVENT_UPGRADE_VAT:
    case VK_EVENT_SUSPEND_VAT:
    case VK_EVENT_UNSUSPEND_VAT:
    case VK_EVENT_NEGATED_GC_ACTION:
    case VK_EVENT_CLEANUP_TERMINATED_VAT: return false;
    }
    VK_ASSERT(false); /* INV-EVENT-2: every event has a type */
    return false;
}

static bool is_gc(enum vk_event_type type) {
    enum vk_vat_event event;
    return classify(type, &event) && event == VK_VAT_EVENT_GC;
}

static enum vk_err set_aside(struct vk_kernel *kernel, struct vk_vat_id vat,
                             const struct vk_event *event) {
    struct vk_event described = *event;
    VK_SOMETIMES(event_set_aside);
    VK_SOMETIMES_IF(is_gc(event->type), gc_action_set_aside);
    /* The kernel's own events have a text for the slog only. */
    if (!described.json.p) VK_TRY(vk_event_describe(&kernel->arena, &described));
    return vk_side_queue_add(&kernel->state, vat, described.json);
}

/* Turns the verdict on a vat into its pause. */
static void spare(struct vk_crank_results *out, struct vk_vat_id vat, enum vk_vat_event what,
                  const struct vk_event *event) {
    enum vk_vat_event unused;
    out->abort = true;
    out->terminate = false;
    out->measure_dirt = false;
    VK_SOMETIMES_IF(event->was_set_aside, vat_spared_over_what_was_set_aside);
    VK_SOMETIMES_IF(!event->was_set_aside, vat_spared);
    out->is_spared = true;
    out->spared = vat;
    out->spared_for = what;
    out->keep_event = classify(event->type, &unused);
    /* A roll-back to the start puts what was set aside back to the head of its queue. */
    out->consume_message = !event->was_set_aside;
}

static enum vk_err exited_at_start(struct vk_kernel *kernel, struct vk_crank_results *out) {
    if (out->condemned != VK_NOT_CONDEMNED) return VK_OK;
    return vk_capdata_error(&kernel->arena, VK_STR("vat exited as it started"),
                            &out->terminate_info);
}

/* *started false: *out says what becomes of the vat. */
static enum vk_err begin(struct vk_kernel *kernel, struct vk_vat_id vat, enum vk_vat_state from,
                         enum vk_vat_event why, const struct vk_event *event,
                         struct vk_crank_results *out, bool *started) {
    VK_TRY(vk_vat_change_state(kernel, vat, from, why));
    VK_TRY(vk_incarnation_begin(kernel, vat, out));
    *started = !out->terminate;
    if (*started) return VK_OK;
    VK_TRY(exited_at_start(kernel, out));
    spare(out, vat, VK_VAT_EVENT_START_FAILED, event);
    return VK_OK;
}

static enum vk_err begin_on_demand(struct vk_kernel *kernel, struct vk_vat_id vat,
                                   enum vk_vat_state from, enum vk_vat_event why,
                                   const struct vk_event *event, struct vk_crank_results *out,
                                   bool *started) {
    struct vk_crank_results start;
    VK_TRY(begin(kernel, vat, from, why, event, &start, started));
    VK_SOMETIMES_IF(*started, vat_started_on_demand);
    VK_SOMETIMES_IF(!*started, vat_failed_to_start_on_demand);
    if (!*started) {
        *out = start;
        return VK_OK;
    }
    kernel->begun = (struct vk_begun){.any = true,
                                      .vat = vat,
                                      .metered = start.metered,
                                      .computrons = start.computrons,
                                      .meter_id = start.meter_id};
    return VK_OK;
}

enum vk_err vk_receive(struct vk_kernel *kernel, struct vk_vat_id vat, const struct vk_event *event,
                       struct vk_crank_results *out, bool *received) {
    enum vk_vat_state state;
    enum vk_vat_event what;
    bool is_delivery = classify(event->type, &what);
    VK_ASSERT(is_delivery); /* INV-SUSPEND-4: only deliveries are received */
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
    enum vk_vat_action action = vk_vat_transition(state, what).action;
    *received = action == VK_VAT_DELIVER;
    switch (action) {
    case VK_VAT_DELIVER: return vk_vat_change_state(kernel, vat, state, what);
    case VK_VAT_BEGIN_AND_DELIVER:
        return begin_on_demand(kernel, vat, state, what, event, out, received);
    case VK_VAT_SET_ASIDE:
        VK_ASSERT(!event->was_set_aside); /* INV-SIDE-2 */
        return set_aside(kernel, vat, event);
    case VK_VAT_DROP: return VK_OK;
    case VK_VAT_NOTHING:
    case VK_VAT_BEGIN:
    case VK_VAT_END:
    case VK_VAT_CUT:
    case VK_VAT_CUT_AND_SET_ASIDE:
    case VK_VAT_END_AND_BEGIN:
    case VK_VAT_BURY:
    case VK_VAT_IMPOSSIBLE: break;
    }
    VK_ASSERT(false); /* INV-VAT-STATE-1: the table says what to do with a delivery */
    return VK_OK;
}

enum vk_err vk_side_queue_next_event(struct vk_kernel *kernel, bool *found, struct vk_event *out) {
    struct vk_str text;
    struct vk_vat_id vat;
    VK_TRY(vk_side_queue_take(&kernel->state, &vat, &text));
    *found = text.p != NULL;
    if (!*found) return VK_OK;
    VK_TRY(vk_event_parse(&kernel->arena, text, out));
    VK_SOMETIMES(event_taken_from_side_queue);
    out->was_set_aside = true;
    return is_gc(out->type) ? vk_gc_filter(kernel, out) : VK_OK;
}

/* ---- deliveries, whatever the state */

/* The start is a part of the crank: it is reported, paid for and counted with the delivery. */
static enum vk_err add_start(struct vk_kernel *kernel, struct vk_crank_results *results) {
    const struct vk_begun *begun = &kernel->begun;
    bool suffices = true, paid = results->meter_id.p != NULL;
    if (!paid) results->free_computrons = results->computrons;
    results->did_delivery = true;
    results->vat = begun->vat;
    results->metered = results->metered || begun->metered;
    results->computrons += begun->computrons;
    results->meter_id = begun->meter_id.p ? begun->meter_id : results->meter_id;
    if (!results->terminate) {
        if (!results->measure_dirt) results->dirt = (struct vk_dirt){0};
        results->measure_dirt = true;
        results->dirt.deliveries++;
        results->dirt.has_computrons = results->dirt.has_computrons || begun->metered;
        results->dirt.computrons += begun->computrons;
    }
    if (!paid || !begun->meter_id.p || results->terminate) return VK_OK;
    VK_TRY(vk_meter_check(&kernel->state, results->meter_id, results->computrons, &suffices));
    if (suffices) return VK_OK;
    results->terminated = begun->vat;
    results->measure_dirt = false;
    return vk_condemn(kernel, VK_CONDEMNED_UNDERFLOW, VK_STR("meter underflow, vat terminated"),
                      results);
}

/* The vat's policy: pauseOnUnderflow, suspendOnFatal. */
static enum vk_err follow_policy(struct vk_kernel *kernel, const struct vk_event *event,
                                 struct vk_crank_results *results) {
    struct vk_vat_options options;
    enum vk_vat_event what;
    if (results->condemned == VK_NOT_CONDEMNED || !results->terminate ||
        !classify(event->type, &what) || what == VK_VAT_EVENT_START_VAT)
        return VK_OK;
    VK_TRY(vk_vat_options_get(&kernel->state, results->terminated, &options));
    if (results->condemned == VK_CONDEMNED_UNDERFLOW && options.pause_on_underflow)
        spare(results, results->terminated, VK_VAT_EVENT_UNDERFLOW, event);
    if (results->condemned == VK_CONDEMNED_FATAL && options.suspend_on_fatal)
        spare(results, results->terminated, VK_VAT_EVENT_FATAL, event);
    return VK_OK;
}

static enum vk_err deliver_received(struct vk_kernel *kernel, const struct vk_event *event,
                                    struct vk_crank_results *results) {
    struct vk_event copy = *event;
    enum vk_vat_event what;
    bool received = true;
    *results = (struct vk_crank_results){0};
    /* deliver.c asks for a send itself: it knows its way. */
    if (event->type != VK_EVENT_SEND && classify(event->type, &what))
        VK_TRY(vk_receive(kernel, event->vat, event, results, &received));
    if (!received) return VK_OK;
    /* The vat may have dropped as it started what this is about. */
    if (kernel->begun.any && is_gc(copy.type)) VK_TRY(vk_gc_filter(kernel, &copy));
    return vk_deliver_event(kernel, &copy, results);
}

enum vk_err vk_deliver_by_state(struct vk_kernel *kernel, const struct vk_event *event,
                                struct vk_crank_results *results) {
    kernel->begun = (struct vk_begun){0};
    VK_TRY(deliver_received(kernel, event, results));
    if (kernel->begun.any) VK_TRY(add_start(kernel, results));
    return follow_policy(kernel, event, results);
}

/* ---- after the roll-back */

static enum vk_err tell_paused(struct vk_kernel *kernel, struct vk_vat_id vat, bool is_suspended,
                               const struct vk_capdata *problem) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *args, *id, *flag, *reason;
    struct vk_str text;
    bool legal;
    if (!kernel->has_admin_root) return VK_OK;
    VK_TRY(vk_capdata_decode(arena, problem, &legal, &reason));
    VK_ASSERT(legal); /* INV-SUSPEND-5: the kernel's own words */
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &args));
    VK_TRY(vk_vat_id_text(arena, vat, &text));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, text, &id));
    VK_TRY(vk_value_new(arena, VK_VALUE_BOOL, &flag));
    flag->truth = is_suspended;
    vk_value_append(args, VK_STR_NONE, id);
    vk_value_append(args, VK_STR_NONE, flag);
    vk_value_append(args, VK_STR_NONE, reason);
    return vk_tell_vat_admin(kernel, "vatPaused", args);
}

static enum vk_err keep_event(struct vk_kernel *kernel, struct vk_vat_id vat,
                              enum vk_vat_state state, const struct vk_event *event) {
    enum vk_vat_event what;
    bool is_delivery = classify(event->type, &what);
    VK_ASSERT(is_delivery); /* INV-SUSPEND-4 */
    if (event->was_set_aside || vk_vat_transition(state, what).action != VK_VAT_SET_ASIDE)
        return VK_OK;
    return set_aside(kernel, vat, event);
}

enum vk_err vk_spare_vat(struct vk_kernel *kernel, const struct vk_event *event,
                         const struct vk_crank_results *results) {
    struct vk_vat_id vat = results->spared;
    enum vk_vat_state from;
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &from));
    struct vk_vat_transition move = vk_vat_transition(from, results->spared_for);
    VK_ASSERT(move.action != VK_VAT_IMPOSSIBLE); /* INV-VAT-STATE-1 */
    vk_warehouse_stop_worker(kernel, vat);       /* it remembers what was rolled back */
    if (move.action == VK_VAT_CUT || move.action == VK_VAT_CUT_AND_SET_ASIDE)
        VK_TRY(vk_incarnation_cut(kernel, vat));
    VK_TRY(vk_vat_change_state(kernel, vat, from, results->spared_for));
    if (results->spared_for == VK_VAT_EVENT_CUT) return VK_OK; /* as was asked for */
    VK_ASSERT(vk_vat_state_is_paused(move.next));              /* INV-SUSPEND-2 */
    if (results->keep_event) VK_TRY(keep_event(kernel, vat, move.next, event));
    struct vk_capdata problem = results->terminate_info;
    if (results->condemned == VK_CONDEMNED_UNDERFLOW) /* which did not terminate it */
        VK_TRY(vk_capdata_error(&kernel->arena, VK_STR("meter underflow"), &problem));
    return tell_paused(kernel, vat, vk_vat_state_is_suspended(move.next), &problem);
}

/* ---- what is asked for */

enum vk_err vk_process_suspend_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_crank_results *out) {
    struct vk_crank_results boyd = {0};
    enum vk_vat_state state;
    bool alive, begun;
    uint64_t next;
    VK_TRY(vk_vat_is_alive(&kernel->state, event->vat, &alive));
    if (!alive) return VK_OK;
    VK_TRY(vk_vat_state_get(&kernel->state, event->vat, &state));
    if (vk_vat_transition(state, VK_VAT_EVENT_SUSPEND).action != VK_VAT_END) return VK_OK;
    VK_TRY(vk_incarnation_exists(kernel, event->vat, &begun));
    if (begun) {
        VK_TRY(vk_incarnation_last_boyd(kernel, event->vat, &boyd));
        out->metered = boyd.metered;
        out->computrons = boyd.computrons;
        VK_SOMETIMES_IF(boyd.terminate, suspension_failed_in_last_boyd);
        if (boyd.terminate) {
            spare(out, event->vat, VK_VAT_EVENT_CUT, event);
            return VK_OK;
        }
        VK_TRY(vk_incarnation_end(kernel, event->vat, VK_SUSPENDED_MESSAGE, &next));
    }
    return vk_vat_change_state(kernel, event->vat, state, VK_VAT_EVENT_SUSPEND);
}

enum vk_err vk_process_unsuspend_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                     struct vk_crank_results *out) {
    struct vk_crank_results start;
    enum vk_vat_state state;
    bool alive, started;
    VK_TRY(vk_vat_is_alive(&kernel->state, event->vat, &alive));
    if (!alive) return VK_OK;
    VK_TRY(vk_vat_state_get(&kernel->state, event->vat, &state));
    if (vk_vat_transition(state, VK_VAT_EVENT_UNSUSPEND).action != VK_VAT_BEGIN) return VK_OK;
    VK_TRY(begin(kernel, event->vat, state, VK_VAT_EVENT_UNSUSPEND, event, &start, &started));
    if (started) /* no more is reported of it than of an upgrade */
        *out = (struct vk_crank_results){
            .metered = start.metered, .computrons = start.computrons, .meter_id = start.meter_id};
    else
        *out = start;
    return VK_OK;
}

enum vk_err vk_queue_state_event(struct vk_kernel *kernel, enum vk_event_type type,
                                 struct vk_vat_id vat) {
    struct vk_event event = {.type = type, .vat = vat};
    VK_TRY(vk_event_describe(&kernel->arena, &event));
    return vk_queue_add(&kernel->state, VK_QUEUE_ACCEPTANCE, event.json);
}

enum vk_err vk_pause_or_resume(struct vk_kernel *kernel, struct vk_vat_id vat,
                               enum vk_vat_event event) {
    enum vk_vat_state state;
    bool alive;
    VK_ASSERT(event == VK_VAT_EVENT_PAUSE || event == VK_VAT_EVENT_RESUME);
    VK_TRY(vk_vat_is_alive(&kernel->state, vat, &alive));
    if (!alive) return VK_OK;
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
    return vk_vat_change_state(kernel, vat, state, event);
}
