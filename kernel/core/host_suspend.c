/* host_suspend.c - what a host asks for about suspended and paused vats, between cranks. See vk/kernel.h.
 *
 * INV-HOST-2  Each of these calls ends with emitted hashes: what it did is in a crankhash of its own.
 */
#include "crank.h"

#include "gc.h"
#include "incarnation.h"
#include "suspend.h"

static enum vk_err emit(struct vk_kernel *kernel) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    return vk_store_emit_hashes(kernel->store, crankhash, activityhash);
}

static enum vk_err live_vat(struct vk_kernel *kernel, struct vk_str text, struct vk_vat_id *vat) {
    bool alive;
    if (!vk_vat_id_parse(text, vat))
        return VK_RAISE(VK_ERR_USAGE, "'%.*s' is no vat id", VK_STR_ARG(text));
    VK_TRY(vk_vat_is_alive(&kernel->state, *vat, &alive));
    return alive ? VK_OK : VK_RAISE(VK_ERR_USAGE, "%.*s is not alive", VK_STR_ARG(text));
}

static enum vk_err queue_event(struct vk_kernel *kernel, enum vk_event_type type,
                               struct vk_str text) {
    struct vk_vat_id vat;
    VK_TRY(live_vat(kernel, text, &vat));
    VK_TRY(vk_queue_state_event(kernel, type, vat));
    return emit(kernel);
}

enum vk_err vk_host_suspend_vat(struct vk_kernel *kernel, struct vk_str vat_text) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, queue_event(kernel, VK_EVENT_SUSPEND_VAT, vat_text));
}

enum vk_err vk_host_unsuspend_vat(struct vk_kernel *kernel, struct vk_str vat_text) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, queue_event(kernel, VK_EVENT_UNSUSPEND_VAT, vat_text));
}

static enum vk_err pause_or_resume(struct vk_kernel *kernel, enum vk_vat_event event,
                                   struct vk_str text) {
    struct vk_vat_id vat;
    VK_TRY(live_vat(kernel, text, &vat));
    VK_TRY(vk_pause_or_resume(kernel, vat, event));
    return emit(kernel);
}

enum vk_err vk_host_pause_vat(struct vk_kernel *kernel, struct vk_str vat_text) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, pause_or_resume(kernel, VK_VAT_EVENT_PAUSE, vat_text));
}

enum vk_err vk_host_resume_vat(struct vk_kernel *kernel, struct vk_str vat_text) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, pause_or_resume(kernel, VK_VAT_EVENT_RESUME, vat_text));
}

/* ---- a restart of all vats */

static enum vk_err end_one(struct vk_kernel *kernel, struct vk_vat_id vat, bool is_static) {
    enum vk_vat_state state;
    bool exists;
    (void)is_static;
    VK_TRY(vk_incarnation_exists(kernel, vat, &exists));
    if (!exists) return VK_OK; /* its start is in the run-queue */
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
    if (vk_vat_transition(state, VK_VAT_EVENT_CUT).action == VK_VAT_CUT)
        VK_TRY(vk_incarnation_cut(kernel, vat));
    return vk_vat_change_state(kernel, vat, state, VK_VAT_EVENT_CUT);
}

static enum vk_err begin_one(struct vk_kernel *kernel, struct vk_vat_id vat, bool is_static) {
    struct vk_crank_results start;
    struct vk_vat_options options;
    enum vk_vat_state state;
    bool exists;
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &options));
    VK_TRY(vk_incarnation_exists(kernel, vat, &exists));
    if (!exists || !(is_static || options.restart_critical)) return VK_OK;
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
    if (vk_vat_transition(state, VK_VAT_EVENT_UNSUSPEND).action != VK_VAT_BEGIN)
        return VK_RAISE(VK_ERR_CORRUPT, "v%llu is in the lists of vats twice",
                        (unsigned long long)vat.n);
    VK_TRY(vk_vat_change_state(kernel, vat, state, VK_VAT_EVENT_UNSUSPEND));
    VK_TRY(vk_incarnation_begin(kernel, vat, &start));
    if (start.terminate)
        return VK_RAISE(VK_ERR_PANIC, "v%llu could not be restarted: %.*s",
                        (unsigned long long)vat.n, VK_STR_ARG(start.terminate_info.body));
    return start.meter_id.p ? vk_deduct_meter(kernel, start.meter_id, start.computrons) : VK_OK;
}

/* Static vats by name, then dynamic ones by age. */
static enum vk_err for_each_vat(struct vk_kernel *kernel,
                                enum vk_err (*visit)(struct vk_kernel *kernel, struct vk_vat_id vat,
                                                     bool is_static)) {
    struct vk_string_list lists[2];
    VK_TRY(vk_static_vats(&kernel->state, &lists[0]));
    VK_TRY(vk_dynamic_vats(&kernel->state, &lists[1]));
    for (int list = 0; list < 2; list++)
        for (size_t i = 0; i < lists[list].count; i++) {
            struct vk_vat_id vat;
            if (!vk_vat_id_parse(lists[list].items[i], &vat))
                return VK_RAISE(VK_ERR_CORRUPT, "vat id '%.*s'", VK_STR_ARG(lists[list].items[i]));
            VK_TRY(visit(kernel, vat, list == 0));
        }
    return VK_OK;
}

static enum vk_err restart_all_vats(struct vk_kernel *kernel) {
    VK_TRY(vk_store_start_crank(kernel->store));
    VK_TRY(for_each_vat(kernel, end_one)); /* all of them, before any of them is started */
    VK_TRY(for_each_vat(kernel, begin_one));
    VK_TRY(vk_gc_process_refcounts(kernel));
    VK_TRY(vk_save_stats(kernel));
    VK_TRY(emit(kernel));
    return vk_store_end_crank(kernel->store);
}

enum vk_err vk_host_restart_all_vats(struct vk_kernel *kernel) {
    VK_TRY(vk_kernel_enter(kernel));
    enum vk_err err = restart_all_vats(kernel);
    if (err != VK_OK) vk_store_abandon_crank(kernel->store);
    return vk_kernel_leave(kernel, err);
}
