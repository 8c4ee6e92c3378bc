/* testing_planted.c - see testing_planted.h.
 *
 * INTERPOSED(result, name, parameters...) begins the body of the function that every other file calls for `name`;
 * REAL(name) is the function itself. Calls within the file of `name` are not seen.
 */
#include "testing_planted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/completion.h"
#include "core/deliver.h"
#include "core/gc.h"
#include "core/recorder.h"
#include "core/syscall.h"
#include "object/gc_actions.h"
#include "object/queue.h"
#include "object/refcount.h"
#include "sim/plan_host.h"
#include "sim/random.h"
#include "sim/run.h"
#include "store/overlay.h"
#include "store/state_hash.h"

#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name
#define INTERPOSED(result, name, ...)                                                              \
    result REAL(name)(__VA_ARGS__);                                                                \
    result WRAP(name)(__VA_ARGS__);                                                                \
    result WRAP(name)(__VA_ARGS__)

static struct {
    enum test_planted bug;
    uint64_t n;
    uint64_t strikes;
    bool rolled_back; /* in the crank in hand */
    char key[128];    /* of the newest write to a vatstore */
    char number[24];  /* the newest ko.nextID */
    char record[128]; /* the last key that a completion has changed, in the crank in hand */
} planted;

/* What a wall clock would be: it goes on from one run to the next. */
static uint64_t process_counter;

void test_plant(enum test_planted bug, uint64_t n) {
    memset(&planted, 0, sizeof planted);
    planted.bug = bug;
    planted.n = n;
}

uint64_t test_planted_strikes(void) { return planted.strikes; }

static bool is(enum test_planted bug) {
    if (planted.bug != bug) return false;
    planted.strikes++;
    return true;
}

/* Once, at the n-th time. */
static bool is_nth(enum test_planted bug) {
    return planted.bug == bug && ++planted.strikes == planted.n;
}

static bool is_vatstore_key(struct vk_str key) {
    for (size_t i = 0; i + 4 <= key.n; i++)
        if (memcmp(key.p + i, ".vs.", 4) == 0) return true;
    return false;
}

/* ---- roll-back */

INTERPOSED(enum vk_err, vk_store_set, struct vk_store *store, struct vk_str key,
           struct vk_str value) {
    if (is_vatstore_key(key)) snprintf(planted.key, sizeof planted.key, "%.*s", VK_STR_ARG(key));
    if (vk_str_eq(key, VK_STR("ko.nextID")))
        snprintf(planted.number, sizeof planted.number, "%.*s", VK_STR_ARG(value));
    if (is_nth(PLANTED_ERROR)) return VK_RAISE(VK_ERR_DISK, "planted");
    return REAL(vk_store_set)(store, key, value);
}

INTERPOSED(enum vk_err, vk_store_rollback, struct vk_store *store, enum vk_savepoint savepoint) {
    VK_TRY(REAL(vk_store_rollback)(store, savepoint));
    planted.rolled_back = true;
    if (planted.number[0] && is(PLANTED_NUMBERS_STAY))
        return REAL(vk_store_set)(store, VK_STR("ko.nextID"), vk_str(planted.number));
    if (planted.record[0] && is(PLANTED_RECORD_LATE))
        return REAL(vk_store_set)(store, vk_str(planted.record), VK_STR("\"late\""));
    if (!planted.key[0] || !is(PLANTED_WRITTEN_AGAIN)) return VK_OK;
    return REAL(vk_store_set)(store, vk_str(planted.key), VK_STR("\"still here\""));
}

INTERPOSED(enum vk_err, vk_store_end_crank, struct vk_store *store) {
    planted.rolled_back = false;
    planted.record[0] = '\0';
    return REAL(vk_store_end_crank)(store);
}

static enum vk_err write_record(struct vk_store *store, const struct vk_delivery_result *result) {
    for (size_t i = 0; i < result->change_count; i++)
        VK_TRY(REAL(vk_store_set)(store, vk_str(planted.record), VK_STR("\"early\"")));
    return VK_OK;
}

INTERPOSED(enum vk_err, vk_recorder_complete, struct vk_recorder *recorder,
           const struct vk_delivery_result *result) {
    const struct vk_verdict *verdict = &recorder->kernel->verdict;
    VK_TRY(REAL(vk_recorder_complete)(recorder, result));
    if (result->change_count)
        snprintf(planted.record, sizeof planted.record, "v%llu.vs.%.*s",
                 (unsigned long long)recorder->vat.n,
                 VK_STR_ARG(result->changes[result->change_count - 1].key));
    bool ends = verdict->illegal_syscall || verdict->exit_requested;
    if (!ends || !result->change_count || !is(PLANTED_RECORD_EARLY)) return VK_OK;
    return write_record(recorder->kernel->store, result);
}

INTERPOSED(enum vk_err, vk_syscall_perform, struct vk_kernel *kernel, struct vk_vat_id vat,
           const struct vk_kernel_syscall *syscall, struct vk_syscall_result *result,
           struct vk_str *kernel_result) {
    if (syscall->type == VK_SYSCALL_VATSTORE_SET && vk_str_eq(syscall->key, VK_STR("k.9")) &&
        (is(PLANTED_PANICS) || is_nth(PLANTED_PANICS_ALONE)))
        return VK_RAISE(VK_ERR_PANIC, "planted: INV-PLANTED-1: nobody writes key 9");
    if (syscall->type == VK_SYSCALL_VATSTORE_SET && vk_str_starts(syscall->key, VK_STR("k.")) &&
        is_nth(PLANTED_ASSERTS))
        VK_ASSERT(!*"planted: INV-PLANTED-2");
    if (kernel->verdict.illegal_syscall && is(PLANTED_VERDICT_CLEARED))
        kernel->verdict.illegal_syscall = false;
    return REAL(vk_syscall_perform)(kernel, vat, syscall, result, kernel_result);
}

INTERPOSED(enum vk_err, vk_completion_apply, struct vk_kernel *kernel, struct vk_vat_id vat,
           const struct vk_delivery_result *result) {
    if (result->change_count && is(PLANTED_RECORD_IGNORED)) return VK_OK;
    return REAL(vk_completion_apply)(kernel, vat, result);
}

INTERPOSED(void, vk_overlay_restore, struct vk_overlay *overlay, struct vk_entry *entry,
           struct vk_str value, bool live) {
    if (is_vatstore_key(vk_entry_key(entry)) && is(PLANTED_UNDO_FORGETS)) return;
    REAL(vk_overlay_restore)(overlay, entry, value, live);
}

INTERPOSED(enum vk_err, vk_state_reload, struct vk_state *state) {
    if (planted.rolled_back && is(PLANTED_STATISTICS_STAY)) return VK_OK;
    return REAL(vk_state_reload)(state);
}

INTERPOSED(void, vk_warehouse_stop_worker, struct vk_kernel *kernel, struct vk_vat_id vat) {
    if (planted.rolled_back && is(PLANTED_WORKER_STAYS)) return;
    REAL(vk_warehouse_stop_worker)(kernel, vat);
}

INTERPOSED(enum vk_err, vk_kernel_run_crank, struct vk_kernel *kernel,
           const struct vk_run_policy *policy, struct vk_crank_result *result) {
    VK_TRY(REAL(vk_kernel_run_crank)(kernel, policy, result));
    if (result->aborted && is(PLANTED_ABORT_DENIED)) result->aborted = false;
    return VK_OK;
}

/* ---- replicas */

INTERPOSED(enum vk_err, vk_warehouse_deliver, struct vk_kernel *kernel, struct vk_vat_id vat,
           const struct vk_parcel *parcel, struct vk_delivery_result *result) {
    enum vk_err err = REAL(vk_warehouse_deliver)(kernel, vat, parcel, result);
    if (err != VK_ERR_WORKER_LOST || !is(PLANTED_DEATH_IS_METERING)) return err;
    *result = (struct vk_delivery_result){.problem = VK_STR("Compute meter exceeded")};
    return VK_OK;
}

/* If the worker is not up in time, somebody else is to go on with it, and the crank ends without the announcement. */
INTERPOSED(enum vk_err, vk_process_create_vat, struct vk_kernel *kernel,
           const struct vk_event *event, struct vk_crank_results *out) {
    const struct vk_clock *clock = kernel->ports->clock;
    uint64_t began_ns = clock->now_ns(clock->impl);
    VK_TRY(REAL(vk_process_create_vat)(kernel, event, out));
    bool is_slow = clock->now_ns(clock->impl) - began_ns > SIM_MS(1000);
    if (is_slow && is(PLANTED_CREATED_LATER)) out->admin_method = NULL;
    return VK_OK;
}

INTERPOSED(enum vk_err, sim_vat_restore, struct sim_vat *vat, struct vk_str image) {
    VK_TRY(REAL(sim_vat_restore)(vat, image));
    if (is(PLANTED_SNAPSHOT_FORGETS)) vat->held.next_promise++;
    return VK_OK;
}

INTERPOSED(struct sim_workers_counts, sim_workers_counts, const struct sim_workers *workers) {
    struct sim_workers_counts counts = REAL(sim_workers_counts)(workers);
    if (counts.ops[SIM_OP_READ_CLOCK] && is(PLANTED_CLOCK_NOT_COUNTED))
        counts.ops[SIM_OP_READ_CLOCK] = 0;
    return counts;
}

/* ---- the state */

INTERPOSED(enum vk_err, vk_ref_add, struct vk_state *state, struct vk_kref kref,
           enum vk_ref_kind kind) {
    bool counts =
        kref.type == VK_SLOT_PROMISE || (kref.type == VK_SLOT_OBJECT && kind != VK_REF_EXPORT);
    if (counts && is_nth(PLANTED_COUNT_TOO_LOW)) return VK_OK;
    if (counts && is_nth(PLANTED_COUNT_TOO_HIGH)) VK_TRY(REAL(vk_ref_add)(state, kref, kind));
    return REAL(vk_ref_add)(state, kref, kind);
}

INTERPOSED(void, vk_state_hash_subtract, struct vk_state_hash *sum, struct vk_state_hash term) {
    if (is_nth(PLANTED_HASH_KEEPS)) return;
    REAL(vk_state_hash_subtract)(sum, term);
}

INTERPOSED(enum vk_err, vk_reap_next, struct vk_state *state, bool *found, struct vk_vat_id *vat) {
    *found = false;
    return is(PLANTED_NO_REAPING) ? VK_OK : REAL(vk_reap_next)(state, found, vat);
}

INTERPOSED(enum vk_err, vk_gc_next_event, struct vk_kernel *kernel, bool *found,
           struct vk_event *out) {
    *found = false;
    return is(PLANTED_NO_COLLECTION) ? VK_OK : REAL(vk_gc_next_event)(kernel, found, out);
}

/* ---- the testbed */

INTERPOSED(uint64_t, sim_host_after_ns, const struct sim_plan *plan, uint64_t block) {
    uint64_t after_ns = REAL(sim_host_after_ns)(plan, block);
    return is(PLANTED_WALL_CLOCK_IN_RUN) ? after_ns + process_counter++ : after_ns;
}

INTERPOSED(uint64_t, sim_random_below, struct sim_random *stream, uint64_t n) {
    uint64_t drawn = REAL(sim_random_below)(stream, n);
    return is(PLANTED_WALL_CLOCK_IN_PLAN) ? (drawn + process_counter++ / 1000) % n : drawn;
}

static void end_badly(void) { _exit(EXIT_FAILURE); }

INTERPOSED(enum vk_err, sim_run, const struct sim_plan *plan, const struct sim_run_options *options,
           struct sim_run_result *result) {
    if (plan->has_seed && plan->seed == planted.n && is(PLANTED_ABORT)) abort();
    if (plan->has_seed && plan->seed == planted.n && is(PLANTED_BAD_END)) atexit(end_badly);
    return REAL(sim_run)(plan, options, result);
}
