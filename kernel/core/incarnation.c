/* incarnation.c - see incarnation.h. */
#include "incarnation.h"

#include "vk/probe.h"

#include "../object/clist.h"
#include "../object/object.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "send.h"

/* ---- the end */

enum vk_err vk_incarnation_last_boyd(struct vk_kernel *kernel, struct vk_vat_id vat,
                                     struct vk_crank_results *out) {
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    VK_TRY(vk_translate_bring_out_your_dead(kernel, &parcel));
    VK_TRY(vk_deliver(kernel, vat, &parcel, &status));
    return vk_crank_results_of(kernel, vat, &status, false, VK_STR_NONE, 0, out);
}

static enum vk_err disconnection(struct vk_kernel *kernel, struct vk_str message_text,
                                 uint64_t incarnation, struct vk_capdata *out) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *record, *name, *message, *number;
    struct vk_str text;
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &record));
    VK_TRY(vk_state_text(&kernel->state, &text, KEY(U64(incarnation))));
    VK_TRY(vk_value_text(arena, VK_VALUE_NUMBER, text, &number));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, VK_STR("vatUpgraded"), &name));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, message_text, &message));
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
        VK_RARELY_IF(self_subscribed, disconnected_promise_of_its_own_subscriber);
        VK_SOMETIMES_IF(!self_subscribed, disconnected_promise_of_others);
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

enum vk_err vk_incarnation_end(struct vk_kernel *kernel, struct vk_vat_id vat,
                               struct vk_str message, uint64_t *next) {
    struct vk_span span;
    struct vk_capdata error;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_transcript_current(kernel->store, vk_vat_id_str(vat, text), &span));
    VK_TRY(disconnection(kernel, message, span.incarnation, &error));
    VK_TRY(disconnect_promises(kernel, vat, &error));
    VK_TRY(abandon_exports(kernel, vat));
    return vk_warehouse_begin_incarnation(kernel, vat, next);
}

enum vk_err vk_incarnation_cut(struct vk_kernel *kernel, struct vk_vat_id vat) {
    uint64_t next;
    return vk_incarnation_end(kernel, vat, VK_SUSPENDED_MESSAGE, &next);
}

enum vk_err vk_incarnation_exists(struct vk_kernel *kernel, struct vk_vat_id vat, bool *exists) {
    struct vk_vat_options options;
    struct vk_span span;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_transcript_current(kernel->store, vk_vat_id_str(vat, text), &span));
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &options));
    *exists = span.end > 0 || !options.use_transcript;
    return VK_OK;
}

/* ---- the beginning */

enum vk_err vk_incarnation_sample_options(struct vk_kernel *kernel, struct vk_vat_id vat,
                                          struct vk_str *json) {
    const struct vk_worker_host *host = kernel->ports->workers;
    struct vk_vat_options options;
    struct vk_str bundle_ids, worker;
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &options));
    *json = options.json;
    if (!options.is_xsnap) return VK_OK;
    VK_TRY(host->worker_bundle_ids(host->impl, kernel->store, &kernel->arena, &bundle_ids));
    VK_TRY(vk_vat_options_replace(&kernel->state, options.worker_options, "bundleIDs", bundle_ids,
                                  &worker));
    return vk_vat_options_replace(&kernel->state, options.json, "workerOptions", worker, json);
}

/* What the vat was started with last. A vat of an older kernel has no such key: undefined. */
static enum vk_err recorded_parameters(struct vk_kernel *kernel, struct vk_vat_id vat,
                                       struct vk_capdata *out) {
    struct vk_state *state = &kernel->state;
    const struct vk_json *json;
    bool has, legal;
    *out = (struct vk_capdata){.body = VK_STR("#\"#undefined\"")};
    VK_TRY(vk_state_has(state, &has, KEY(VAT(vat), LIT(".vatParameters"))));
    if (!has) return VK_OK;
    VK_TRY(vk_state_json(state, &json, KEY(VAT(vat), LIT(".vatParameters"))));
    VK_TRY(vk_capdata_read(&kernel->arena, json, &legal, out));
    if (legal) return VK_OK;
    return VK_RAISE(VK_ERR_CORRUPT, "v%llu.vatParameters: not capdata", (unsigned long long)vat.n);
}

static enum vk_err start_failed(struct vk_kernel *kernel, struct vk_vat_id vat,
                                struct vk_str problem, struct vk_crank_results *out) {
    *out = (struct vk_crank_results){.terminated = vat};
    return vk_condemn(kernel, VK_CONDEMNED_FATAL, problem, out);
}

enum vk_err vk_incarnation_begin(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_crank_results *out) {
    struct vk_state *state = &kernel->state;
    struct vk_vat_options recorded;
    struct vk_str options, problem;
    struct vk_capdata parameters;
    struct vk_parcel parcel;
    struct vk_delivery_status status;
    bool started;
    VK_TRY(vk_vat_options_get(state, vat, &recorded));
    VK_TRY(vk_incarnation_sample_options(kernel, vat, &options));
    if (!vk_str_eq(options, recorded.json))
        VK_TRY(vk_state_set(state, options, KEY(VAT(vat), LIT(".options"))));
    VK_TRY(vk_vat_clear_dirt(state, vat)); /* of a heap that is gone */
    VK_TRY(recorded_parameters(kernel, vat, &parameters));
    VK_TRY(vk_warehouse_create(kernel, vat, &started, &problem));
    if (!started) return start_failed(kernel, vat, problem, out);
    VK_TRY(vk_translate_start_vat(kernel, vat, &parameters, &parcel));
    VK_TRY(vk_deliver(kernel, vat, &parcel, &status));
    return vk_crank_results_of(kernel, vat, &status, true, recorded.meter_id, 0, out);
}
