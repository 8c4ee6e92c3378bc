/* host_apply.c - replaying what another kernel's host did: its writes as they are, and beside them what that
 * kernel's memory must have held afterwards.
 *
 * A recording shows the writes of host calls, not the calls. The store takes the writes; statistics, the work list of
 * possibly dead krefs and the terminated list are moved as the calls behind the writes move them:
 *
 *   write                                     what it was
 *   koN.owner set, no refCount yet            a new object
 *   koN.refCount deleted                      an object deleted
 *   kpN.state                                 a promise made, settled (told apart by the value)
 *   kpN.refCount deleted                      a promise deleted
 *   xx.refCount falling to a zero             a reference dropped: on the work list
 *   vN.c.<kref> set where there was none      a c-list entry made
 *   vN.c.<kref> deleted                       one gone; but of an export that lives on without owner: an orphan made
 *   kdN.owner set                             a device node made
 *   <queue>.M set                             an event queued; a send whose target was counted up just before is a
 *                                             new one (a syscall's worth), else one requeued by a resolution
 *   kpN.queue.M set, deleted                  a message in a promise's queue
 *   vat.nextID set                            a vat id handed out
 *   kernel.snapshotInterval, vats.terminated  remembered values
 */
#include "crank.h"

#include "../object/promise.h"
#include "../object/refcount.h"
#include "../object/vat.h"

struct host_write {
    struct vk_kernel *kernel;
    struct vk_str key;
    struct vk_str value;  /* absent: a delete */
    struct vk_str before; /* what the key held; absent: nothing */
};

/* The part of `key` after its first dot, and the kref before it. */
static bool kref_field(struct vk_str key, struct vk_kref *kref, struct vk_str *field) {
    const char *dot = key.n ? memchr(key.p, '.', key.n) : NULL;
    if (!dot) return false;
    size_t at = (size_t)(dot - key.p);
    *field = vk_str_from(key, at + 1);
    return vk_kref_parse((struct vk_str){key.p, at}, kref);
}

static bool has_a_zero(struct vk_str count) {
    return vk_str_starts(count, VK_STR("0")) ||
           (count.n > 2 && count.p[count.n - 1] == '0' && count.p[count.n - 2] == ',');
}

static bool fell(struct vk_str before, struct vk_str after) {
    uint64_t b[2] = {0, 0}, a[2] = {0, 0};
    struct vk_str texts[2] = {before, after};
    uint64_t *numbers[2] = {b, a};
    for (int i = 0; i < 2; i++) {
        const char *comma = texts[i].n ? memchr(texts[i].p, ',', texts[i].n) : NULL;
        size_t n = comma ? (size_t)(comma - texts[i].p) : texts[i].n;
        if (!vk_str_to_u64((struct vk_str){texts[i].p, n}, &numbers[i][0])) return false;
        if (comma && !vk_str_to_u64(vk_str_from(texts[i], n + 1), &numbers[i][1])) return false;
    }
    return a[0] < b[0] || a[1] < b[1];
}

static enum vk_err object_write(const struct host_write *w, struct vk_kref kref,
                                struct vk_str field) {
    struct vk_stats *stats = &w->kernel->state.stats;
    bool exists;
    if (vk_str_eq(field, VK_STR("owner"))) {
        VK_TRY(vk_state_has(&w->kernel->state, &exists, KEY(KREF(kref), LIT(".refCount"))));
        if (w->value.p && !exists) vk_stats_inc(stats, VK_STAT_KERNEL_OBJECTS);
    } else if (vk_str_eq(field, VK_STR("refCount"))) {
        if (!w->value.p)
            vk_stats_dec(stats, VK_STAT_KERNEL_OBJECTS);
        else if (w->before.p && fell(w->before, w->value) && has_a_zero(w->value))
            return vk_dead_list_add(&w->kernel->state.maybe_free, kref);
    }
    return VK_OK;
}

static void promise_settled(struct vk_stats *stats, enum vk_stat settled) {
    vk_stats_dec(stats, VK_STAT_KP_UNRESOLVED);
    vk_stats_inc(stats, settled);
}

static enum vk_err promise_deleted(const struct host_write *w, struct vk_kref kref) {
    struct vk_stats *stats = &w->kernel->state.stats;
    (void)kref; /* SwingSet deletes promises at the end of cranks only */
    vk_stats_dec(stats, VK_STAT_KERNEL_PROMISES);
    return VK_OK;
}

static enum vk_err promise_write(const struct host_write *w, struct vk_kref kref,
                                 struct vk_str field) {
    struct vk_stats *stats = &w->kernel->state.stats;
    uint64_t index;
    if (vk_str_eq(field, VK_STR("state")) && w->value.p) {
        if (vk_str_eq(w->value, VK_STR("unresolved"))) {
            vk_stats_inc(stats, VK_STAT_KERNEL_PROMISES);
            vk_stats_inc(stats, VK_STAT_KP_UNRESOLVED);
        } else {
            promise_settled(stats, vk_str_eq(w->value, VK_STR("rejected")) ? VK_STAT_KP_REJECTED
                                                                           : VK_STAT_KP_FULFILLED);
        }
    } else if (vk_str_eq(field, VK_STR("refCount"))) {
        if (!w->value.p) return promise_deleted(w, kref);
        if (w->before.p && fell(w->before, w->value) && has_a_zero(w->value))
            return vk_dead_list_add(&w->kernel->state.maybe_free, kref);
    } else if (vk_str_starts(field, VK_STR("queue.")) &&
               vk_str_to_u64(vk_str_from(field, 6), &index)) {
        if (w->value.p)
            vk_stats_inc(stats, VK_STAT_PROMISE_QUEUES_LENGTH);
        else
            vk_stats_dec(stats, VK_STAT_PROMISE_QUEUES_LENGTH);
    }
    return VK_OK;
}

/* Whether the deleted entry was that of an export which has just lost its owner: SwingSet does not count that as
 * an entry gone, and looks at the orphan when the crank ends. */
static enum vk_err is_orphaned(const struct host_write *w, struct vk_kref kref, bool *orphaned) {
    bool exists, owned;
    *orphaned = kref.type == VK_SLOT_OBJECT && w->before.n > 3 && w->before.p[3] == '+';
    if (!*orphaned) return VK_OK;
    VK_TRY(vk_state_has(&w->kernel->state, &exists, KEY(KREF(kref), LIT(".refCount"))));
    VK_TRY(vk_state_has(&w->kernel->state, &owned, KEY(KREF(kref), LIT(".owner"))));
    *orphaned = exists && !owned;
    return VK_OK;
}

static enum vk_err vat_write(const struct host_write *w, struct vk_str field) {
    struct vk_state *state = &w->kernel->state;
    struct vk_kref kref;
    bool orphaned;
    if (!vk_str_starts(field, VK_STR("c.")) || !vk_kref_parse(vk_str_from(field, 2), &kref))
        return VK_OK;
    if (w->value.p) {
        if (!w->before.p) vk_stats_inc(&state->stats, VK_STAT_CLIST_ENTRIES);
        return VK_OK;
    }
    VK_TRY(is_orphaned(w, kref, &orphaned));
    if (orphaned) return vk_dead_list_add(&state->maybe_free, kref);
    vk_stats_dec(&state->stats, VK_STAT_CLIST_ENTRIES);
    return VK_OK;
}

/* A requeued message is addressed to a promise and still stands in that promise's queue. */
static enum vk_err is_requeued(const struct host_write *w, struct vk_str event, bool *requeued) {
    const struct vk_json *json;
    struct vk_kref target;
    struct vk_str queued;
    struct vk_buf buf;
    struct vk_str message;
    *requeued = false;
    VK_TRY(vk_json_parse(&w->kernel->arena, event, &json));
    if (!vk_kref_parse(vk_json_string(vk_json_get(json, "target")), &target) ||
        target.type != VK_SLOT_PROMISE || !vk_json_get(json, "msg"))
        return VK_OK;
    vk_buf_init(&buf, &w->kernel->arena);
    vk_json_write(&buf, vk_json_get(json, "msg"));
    VK_TRY(vk_buf_finish(&buf, &message));
    for (uint64_t i = 0; !*requeued; i++) {
        VK_TRY(vk_state_get(&w->kernel->state, &queued, KEY(KREF(target), LIT(".queue."), U64(i))));
        if (!queued.p) return VK_OK;
        *requeued = vk_str_eq(queued, message);
    }
    return VK_OK;
}

static enum vk_err queue_write(const struct host_write *w) {
    struct vk_stats *stats = &w->kernel->state.stats;
    bool requeued;
    if (!w->value.p) {
        vk_stats_dec(stats, VK_STAT_ACCEPTANCE_QUEUE_LENGTH);
        return VK_OK;
    }
    vk_stats_inc(stats, VK_STAT_ACCEPTANCE_QUEUE_LENGTH);
    if (!vk_str_starts(w->value, VK_STR("{\"type\":\"send\""))) return VK_OK;
    VK_TRY(is_requeued(w, w->value, &requeued));
    if (requeued) return VK_OK;
    vk_stats_inc(stats, VK_STAT_SYSCALLS);
    vk_stats_inc(stats, VK_STAT_SYSCALL_SEND);
    return VK_OK;
}

static enum vk_err remembered(const struct host_write *w) {
    if (vk_str_eq(w->key, VK_STR("vats.terminated")))
        return vk_terminated_vats_load(&w->kernel->state);
    if (vk_str_eq(w->key, VK_STR("kernel.snapshotInterval")))
        return vk_state_require_u64(&w->kernel->state, &w->kernel->warehouse.snapshot_interval,
                                    KEY(TEXT(w->key)));
    return VK_OK;
}

static enum vk_err follow(const struct host_write *w) {
    struct vk_stats *stats = &w->kernel->state.stats;
    struct vk_kref kref;
    struct vk_str field;
    if (kref_field(w->key, &kref, &field)) {
        if (kref.type == VK_SLOT_OBJECT) return object_write(w, kref, field);
        if (kref.type == VK_SLOT_PROMISE) return promise_write(w, kref, field);
        if (w->value.p && vk_str_eq(field, VK_STR("owner")))
            vk_stats_inc(stats, VK_STAT_KERNEL_DEVICES);
        return VK_OK;
    }
    if (vk_str_starts(w->key, VK_STR("acceptanceQueue."))) return queue_write(w);
    if (vk_str_eq(w->key, VK_STR("vat.nextID"))) {
        vk_stats_inc(stats, VK_STAT_VATS);
        return VK_OK;
    }
    if (w->key.n && w->key.p[0] == 'v') {
        const char *dot = memchr(w->key.p, '.', w->key.n);
        struct vk_vat_id vat;
        size_t at = dot ? (size_t)(dot - w->key.p) : w->key.n;
        if (dot && vk_vat_id_parse((struct vk_str){w->key.p, at}, &vat))
            return vat_write(w, vk_str_from(w->key, at + 1));
    }
    return VK_OK;
}

static enum vk_err apply(struct vk_kernel *kernel, struct vk_str key, struct vk_str value) {
    struct host_write w = {.kernel = kernel, .key = key, .value = value};
    VK_TRY(vk_state_get(&kernel->state, &w.before, KEY(TEXT(key))));
    VK_TRY(follow(&w));
    if (value.p)
        VK_TRY(vk_store_set(kernel->store, key, value));
    else
        VK_TRY(vk_store_delete(kernel->store, key));
    return remembered(&w);
}

enum vk_err vk_host_apply_write(struct vk_kernel *kernel, struct vk_str key, struct vk_str value) {
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, apply(kernel, key, value));
}

enum vk_err vk_host_attach_vat(struct vk_kernel *kernel, struct vk_str vat_text) {
    struct vk_vat_id vat;
    if (!vk_vat_id_parse(vat_text, &vat))
        return VK_RAISE(VK_ERR_USAGE, "'%.*s' is no vat id", VK_STR_ARG(vat_text));
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, vk_warehouse_attach(kernel, vat));
}

enum vk_err vk_host_apply_syscall(struct vk_kernel *kernel, enum vk_syscall_type type) {
    static const struct {
        enum vk_syscall_type type;
        enum vk_stat stat;
    } counted[] = {
        {VK_SYSCALL_CALL_NOW, VK_STAT_SYSCALL_CALL_NOW},
        {VK_SYSCALL_SUBSCRIBE, VK_STAT_SYSCALL_SUBSCRIBE},
        {VK_SYSCALL_RESOLVE, VK_STAT_SYSCALL_RESOLVE},
        {VK_SYSCALL_EXIT, VK_STAT_SYSCALL_EXIT},
        {VK_SYSCALL_VATSTORE_GET, VK_STAT_SYSCALL_VATSTORE_GET},
        {VK_SYSCALL_VATSTORE_SET, VK_STAT_SYSCALL_VATSTORE_SET},
        {VK_SYSCALL_VATSTORE_GET_NEXT_KEY, VK_STAT_SYSCALL_VATSTORE_GET_NEXT_KEY},
        {VK_SYSCALL_VATSTORE_DELETE, VK_STAT_SYSCALL_VATSTORE_DELETE},
    };
    VK_TRY(vk_kernel_enter(kernel));
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++) {
        if (counted[i].type != type) continue;
        vk_stats_inc(&kernel->state.stats, VK_STAT_SYSCALLS);
        vk_stats_inc(&kernel->state.stats, counted[i].stat);
    }
    return vk_kernel_leave(kernel, VK_OK);
}
