/* host.c - what a host asks for between cranks. See vk/kernel.h.
 *
 * INV-HOST-1  A host call that writes consensus keys ends with emitted hashes where SwingSet's controller emits them; where
 *             it does not, the writes go into the next crankhash.
 */
#include "crank.h"

#include "../base/js_text.h"
#include "../object/clist.h"
#include "../object/gc_actions.h"
#include "../object/object.h"
#include "../object/promise.h"
#include "../object/queue.h"
#include "../object/refcount.h"
#include "../object/vat.h"
#include "../object/vat_state.h"
#include "send.h"
#include "terminate.h"

static void kref_out(struct vk_kref kref, char out[VK_KREF_TEXT]) {
    struct vk_str text = vk_kref_str(kref, out);
    out[text.n] = 0;
}

static enum vk_err emit(struct vk_kernel *kernel) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    return vk_store_emit_hashes(kernel->store, crankhash, activityhash);
}

static enum vk_err parse_kref(struct vk_str text, enum vk_slot_type type, struct vk_kref *out) {
    if (!vk_kref_parse(text, out) || out->type != type)
        return VK_RAISE(VK_ERR_USAGE, "'%.*s' is not such a kref", VK_STR_ARG(text));
    return VK_OK;
}

static enum vk_err check_text(struct vk_str text, const char *what) {
    if (vk_js_text_is_utf8(text)) return VK_OK;
    return VK_RAISE(VK_ERR_USAGE, "%s is not UTF-8", what);
}

static enum vk_err check_capdata(const struct vk_capdata *data) {
    VK_TRY(check_text(data->body, "the capdata's body"));
    for (size_t i = 0; i < data->slot_count; i++) {
        struct vk_kref kref;
        if (!vk_kref_parse(data->slots[i], &kref))
            return VK_RAISE(VK_ERR_USAGE, "slot '%.*s' is no kref", VK_STR_ARG(data->slots[i]));
    }
    return VK_OK;
}

static enum vk_err queue_message(struct vk_kernel *kernel, struct vk_kref target,
                                 const struct vk_capdata *methargs, enum vk_result_policy policy,
                                 char kpid_out[VK_KREF_TEXT]) {
    struct vk_kref kpid;
    VK_TRY(vk_queue_to_kref(kernel, target, methargs, policy, &kpid));
    if (policy != VK_RESULT_NONE) {
        VK_TRY(vk_ref_add(&kernel->state, kpid, VK_REF_STRONG)); /* kpRegisterInterest */
        kref_out(kpid, kpid_out);
    } else {
        kpid_out[0] = 0;
    }
    return emit(kernel);
}

enum vk_err vk_host_queue_message(struct vk_kernel *kernel, struct vk_str kref,
                                  const struct vk_capdata *methargs, enum vk_result_policy policy,
                                  char kpid[VK_KREF_TEXT]) {
    struct vk_kref target;
    if (!vk_kref_parse(kref, &target) || target.type == VK_SLOT_DEVICE)
        return VK_RAISE(VK_ERR_USAGE, "'%.*s' is no target", VK_STR_ARG(kref));
    VK_TRY(check_capdata(methargs));
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, queue_message(kernel, target, methargs, policy, kpid));
}

static enum vk_err vat_root(struct vk_kernel *kernel, struct vk_str name, struct vk_kref *out) {
    struct vk_vat_id vat;
    struct vk_fault fault = {0};
    bool found;
    VK_TRY(vk_static_vat_by_name(&kernel->state, name, &found, &vat));
    if (!found) return VK_RAISE(VK_ERR_USAGE, "no static vat '%.*s'", VK_STR_ARG(name));
    VK_TRY(vk_clist_to_kernel(&kernel->state, vat, VK_STR("o+0"), VK_TO_KERNEL_USE, &fault, out));
    VK_ASSERT(!fault.raised); /* INV-CREATE-2 */
    return VK_OK;
}

enum vk_err vk_host_vat_root(struct vk_kernel *kernel, struct vk_str name,
                             char kref[VK_KREF_TEXT]) {
    struct vk_kref root;
    VK_TRY(vk_kernel_enter(kernel));
    enum vk_err err = vat_root(kernel, name, &root);
    if (err == VK_OK) kref_out(root, kref);
    return vk_kernel_leave(kernel, err);
}

static enum vk_err pin_vat_root(struct vk_kernel *kernel, struct vk_str name,
                                char kref[VK_KREF_TEXT]) {
    struct vk_kref root;
    VK_TRY(vat_root(kernel, name, &root));
    VK_TRY(vk_pin(&kernel->state, root));
    kref_out(root, kref);
    return emit(kernel);
}

enum vk_err vk_host_pin_vat_root(struct vk_kernel *kernel, struct vk_str name,
                                 char kref[VK_KREF_TEXT]) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, pin_vat_root(kernel, name, kref));
}

enum vk_err vk_host_pin(struct vk_kernel *kernel, struct vk_str kref_text) {
    struct vk_kref kref;
    bool exists;
    VK_TRY(parse_kref(kref_text, VK_SLOT_OBJECT, &kref));
    VK_TRY(vk_kernel_enter(kernel));
    enum vk_err err = vk_object_exists(&kernel->state, kref, &exists);
    if (err == VK_OK && !exists)
        err = VK_RAISE(VK_ERR_USAGE, "no object %.*s", VK_STR_ARG(kref_text));
    if (err == VK_OK) err = vk_pin(&kernel->state, kref);
    return vk_kernel_leave(kernel, err);
}

static enum vk_err take_resolution(struct vk_kernel *kernel, struct vk_arena *arena,
                                   struct vk_kref kpid, bool *settled, bool *rejected,
                                   struct vk_capdata *data) {
    struct vk_promise promise;
    struct vk_str *slots;
    bool exists;
    VK_TRY(vk_promise_exists(&kernel->state, kpid, &exists));
    if (!exists) return VK_RAISE(VK_ERR_USAGE, "no promise kp%llu", (unsigned long long)kpid.id);
    VK_TRY(vk_promise_get(&kernel->state, kpid, &promise));
    *settled = promise.state != VK_PROMISE_UNRESOLVED;
    *rejected = promise.state == VK_PROMISE_REJECTED;
    if (!*settled) return VK_OK;
    VK_TRY(vk_ref_drop(&kernel->state, kpid, VK_REF_STRONG));
    VK_TRY(vk_refs_add(&kernel->state, promise.data.slots, promise.data.slot_count));
    VK_TRY(vk_arena_copy(arena, promise.data.body, &data->body));
    VK_TRY(VK_NEW_ARRAY(arena, &slots, promise.data.slot_count));
    for (size_t i = 0; i < promise.data.slot_count; i++)
        VK_TRY(vk_arena_copy(arena, promise.data.slots[i], &slots[i]));
    data->slots = slots;
    data->slot_count = promise.data.slot_count;
    return emit(kernel);
}

enum vk_err vk_host_take_resolution(struct vk_kernel *kernel, struct vk_arena *arena,
                                    struct vk_str kpid_text, bool *settled, bool *rejected,
                                    struct vk_capdata *data) {
    struct vk_kref kpid;
    VK_TRY(parse_kref(kpid_text, VK_SLOT_PROMISE, &kpid));
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, take_resolution(kernel, arena, kpid, settled, rejected, data));
}

static enum vk_err announce_bundle(struct vk_kernel *kernel, struct vk_str bundle_id) {
    struct vk_value *args, *id;
    if (!kernel->has_admin_root) return VK_OK;
    VK_TRY(vk_value_new(&kernel->arena, VK_VALUE_ARRAY, &args));
    VK_TRY(vk_value_text(&kernel->arena, VK_VALUE_STRING, bundle_id, &id));
    vk_value_append(args, VK_STR_NONE, id);
    return vk_tell_vat_admin(kernel, "bundleInstalled", args);
}

static enum vk_err install_bundle(struct vk_kernel *kernel, struct vk_str bundle_id,
                                  struct vk_str bytes) {
    bool has;
    VK_TRY(vk_bundle_has(kernel->store, bundle_id, &has));
    if (has) return VK_OK;
    VK_TRY(vk_store_start_crank(kernel->store));
    VK_TRY(vk_bundle_add(kernel->store, bundle_id, bytes));
    VK_TRY(announce_bundle(kernel, bundle_id));
    VK_TRY(vk_save_stats(kernel));
    VK_TRY(emit(kernel));
    return vk_store_end_crank(kernel->store);
}

/* For calls that open a crank bracket of their own. */
static enum vk_err leave_bracket(struct vk_kernel *kernel, enum vk_err err) {
    if (err != VK_OK) vk_store_abandon_crank(kernel->store);
    return vk_kernel_leave(kernel, err);
}

enum vk_err vk_host_install_bundle(struct vk_kernel *kernel, struct vk_str bundle_id,
                                   struct vk_str bytes) {
    VK_TRY(check_text(bundle_id, "the bundle's id"));
    VK_TRY(vk_kernel_enter(kernel));
    return leave_bracket(kernel, install_bundle(kernel, bundle_id, bytes));
}

enum vk_err vk_host_terminate_vat(struct vk_kernel *kernel, struct vk_str vat_text,
                                  const struct vk_capdata *reason) {
    struct vk_vat_id vat;
    if (!vk_vat_id_parse(vat_text, &vat))
        return VK_RAISE(VK_ERR_USAGE, "'%.*s' is no vat id", VK_STR_ARG(vat_text));
    if (reason->slot_count) return VK_RAISE(VK_ERR_USAGE, "no slots allowed in reason");
    VK_TRY(check_capdata(reason));
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, vk_terminate_vat(kernel, vat, true, reason));
}

static enum vk_err all_vats(struct vk_kernel *kernel, struct vk_string_list *ids) {
    struct vk_string_list dynamic;
    VK_TRY(vk_static_vats(&kernel->state, ids));
    VK_TRY(vk_dynamic_vats(&kernel->state, &dynamic));
    for (size_t i = 0; i < dynamic.count; i++)
        VK_TRY(vk_string_list_add(ids, dynamic.items[i]));
    return VK_OK;
}

static enum vk_err reap_all(struct vk_kernel *kernel) {
    struct vk_string_list ids;
    VK_TRY(all_vats(kernel, &ids));
    for (size_t i = 0; i < ids.count; i++) {
        struct vk_span span;
        struct vk_vat_id vat;
        enum vk_vat_state state;
        if (!vk_vat_id_parse(ids.items[i], &vat)) continue;
        VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
        if (vk_vat_state_is_suspended(state)) continue; /* nothing to find in it */
        VK_TRY(vk_transcript_current(kernel->store, ids.items[i], &span));
        /* A vat without a transcript (comms) does not know how to reap. */
        if (span.end) VK_TRY(vk_reap_schedule(&kernel->state, vat));
    }
    return VK_OK;
}

enum vk_err vk_host_reap_all_vats(struct vk_kernel *kernel) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, reap_all(kernel));
}

static enum vk_err snapshot_all(struct vk_kernel *kernel) {
    struct vk_string_list ids;
    VK_TRY(all_vats(kernel, &ids));
    for (size_t i = 0; i < ids.count; i++) {
        struct vk_vat_id vat;
        bool taken;
        if (!vk_vat_id_parse(ids.items[i], &vat)) continue;
        VK_TRY(vk_warehouse_maybe_snapshot(kernel, vat, 2, &taken));
    }
    return VK_OK;
}

enum vk_err vk_host_snapshot_all_vats(struct vk_kernel *kernel) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, snapshot_all(kernel));
}

static enum vk_err inject_upgrade_events(struct vk_kernel *kernel) {
    struct vk_state *state = &kernel->state;
    struct vk_str text;
    const struct vk_json *events = NULL;
    VK_TRY(vk_state_get(state, &text, KEY(LIT("upgradeEvents"))));
    if (text.p) VK_TRY(vk_state_json(state, &events, KEY(LIT("upgradeEvents"))));
    VK_TRY(vk_state_delete(state, KEY(LIT("upgradeEvents"))));
    for (const struct vk_json *event = events ? events->first : NULL; event; event = event->next) {
        struct vk_buf buf;
        vk_buf_init(&buf, &kernel->arena);
        vk_json_write(&buf, event);
        VK_TRY(vk_buf_finish(&buf, &text));
        VK_TRY(vk_queue_add(state, VK_QUEUE_ACCEPTANCE, text));
    }
    return VK_OK;
}

enum vk_err vk_host_inject_upgrade_events(struct vk_kernel *kernel) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, inject_upgrade_events(kernel));
}

static enum vk_err set_threshold(struct vk_kernel *kernel, const char *member, uint64_t value) {
    struct vk_state *state = &kernel->state;
    struct vk_str text, number;
    VK_TRY(vk_state_require(state, &text, KEY(LIT("kernel.defaultReapDirtThreshold"))));
    VK_TRY(vk_state_text(state, &number, KEY(U64(value))));
    if (!value) number = VK_STR("\"never\"");
    VK_TRY(vk_vat_options_replace(state, text, member, number, &text));
    return vk_state_set(state, text, KEY(LIT("kernel.defaultReapDirtThreshold")));
}

static enum vk_err change_options(struct vk_kernel *kernel,
                                  const struct vk_kernel_settings *settings) {
    VK_TRY(vk_store_start_crank(kernel->store));
    if (settings->set_reap_interval)
        VK_TRY(set_threshold(kernel, "deliveries", settings->reap_interval));
    if (settings->set_reap_gc_krefs)
        VK_TRY(set_threshold(kernel, "gcKrefs", settings->reap_gc_krefs));
    if (settings->set_snapshot_interval) {
        VK_TRY(vk_state_set_u64(&kernel->state, settings->snapshot_interval,
                                KEY(LIT("kernel.snapshotInterval"))));
        kernel->warehouse.snapshot_interval = settings->snapshot_interval;
    }
    VK_TRY(vk_save_stats(kernel));
    VK_TRY(emit(kernel));
    return vk_store_end_crank(kernel->store);
}

enum vk_err vk_host_change_options(struct vk_kernel *kernel,
                                   const struct vk_kernel_settings *settings) {
    VK_TRY(vk_kernel_enter(kernel));
    return leave_bracket(kernel, change_options(kernel, settings));
}
