/* promise.c - see promise.h. */
#include "promise.h"

#include "queue.h"
#include "refcount.h"
#include "vat.h"

#define FIELD(kpid, name) KEY(KREF(kpid), LIT("." name))

static const struct {
    const char *text;
    enum vk_stat stat;
} states[] = {
    [VK_PROMISE_UNRESOLVED] = {"unresolved", VK_STAT_KP_UNRESOLVED},
    [VK_PROMISE_FULFILLED] = {"fulfilled", VK_STAT_KP_FULFILLED},
    [VK_PROMISE_REJECTED] = {"rejected", VK_STAT_KP_REJECTED},
};
enum { STATES = sizeof states / sizeof states[0] };

enum vk_err vk_promise_add(struct vk_state *state, struct vk_str policy, struct vk_kref *out) {
    out->type = VK_SLOT_PROMISE;
    VK_TRY(vk_state_allocate_id(state, &out->id, KEY(LIT("kp.nextID"))));
    VK_TRY(vk_state_set(state, VK_STR("unresolved"), FIELD(*out, "state")));
    VK_TRY(vk_state_set(state, VK_STR(""), FIELD(*out, "subscribers")));
    VK_TRY(vk_state_set(state, VK_STR("0"), FIELD(*out, "queue.nextID")));
    VK_TRY(vk_state_set(state, VK_STR("0"), FIELD(*out, "refCount")));
    VK_TRY(vk_state_set(state, VK_STR(""), FIELD(*out, "decider")));
    if (policy.p) VK_TRY(vk_state_set(state, policy, FIELD(*out, "policy")));
    vk_stats_inc(&state->stats, VK_STAT_KERNEL_PROMISES);
    vk_stats_inc(&state->stats, VK_STAT_KP_UNRESOLVED);
    return VK_OK;
}

enum vk_err vk_promise_add_for_vat(struct vk_state *state, struct vk_vat_id decider,
                                   struct vk_kref *out) {
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_promise_add(state, VK_STR_NONE, out));
    return vk_state_set(state, vk_vat_id_str(decider, text), FIELD(*out, "decider"));
}

enum vk_err vk_promise_exists(struct vk_state *state, struct vk_kref kpid, bool *exists) {
    return vk_state_has(state, exists, FIELD(kpid, "state"));
}

static enum vk_err state_get(struct vk_state *state, struct vk_kref kpid,
                             enum vk_promise_state *out) {
    struct vk_str text;
    VK_TRY(vk_state_require(state, &text, FIELD(kpid, "state")));
    for (int i = 0; i < STATES; i++) {
        if (!vk_str_eq(text, vk_str(states[i].text))) continue;
        *out = (enum vk_promise_state)i;
        return VK_OK;
    }
    return VK_RAISE(VK_ERR_CORRUPT, "unknown state for kp%llu: '%.*s'", (unsigned long long)kpid.id,
                    VK_STR_ARG(text));
}

static enum vk_err settled_get(struct vk_state *state, struct vk_kref kpid,
                               struct vk_promise *out) {
    struct vk_str slots;
    struct vk_string_list list;
    vk_string_list_init(&list, state->arena);
    VK_TRY(vk_state_require(state, &out->data.body, FIELD(kpid, "data.body")));
    VK_TRY(vk_state_require(state, &slots, FIELD(kpid, "data.slots")));
    VK_TRY(vk_string_list_split(&list, slots));
    out->data.slots = list.items;
    out->data.slot_count = list.count;
    return VK_OK;
}

enum vk_err vk_promise_get(struct vk_state *state, struct vk_kref kpid, struct vk_promise *out) {
    VK_ASSERT(kpid.type == VK_SLOT_PROMISE); /* INV-PROMISE-3: callers know what they ask for */
    *out = (struct vk_promise){0};
    VK_TRY(state_get(state, kpid, &out->state));
    if (out->state != VK_PROMISE_UNRESOLVED) return settled_get(state, kpid, out);
    struct vk_str decider;
    VK_TRY(vk_state_get(state, &decider, FIELD(kpid, "decider")));
    out->has_decider = decider.n > 0;
    if (out->has_decider && !vk_vat_id_parse(decider, &out->decider))
        return VK_RAISE(VK_ERR_CORRUPT, "kp%llu.decider: '%.*s'", (unsigned long long)kpid.id,
                        VK_STR_ARG(decider));
    VK_TRY(vk_state_get(state, &out->policy, FIELD(kpid, "policy")));
    return vk_state_get(state, &out->subscribers, FIELD(kpid, "subscribers"));
}

static enum vk_err require_unresolved(struct vk_state *state, struct vk_kref kpid) {
    enum vk_promise_state found;
    VK_TRY(state_get(state, kpid, &found));
    if (found != VK_PROMISE_UNRESOLVED)
        return VK_RAISE(VK_ERR_CORRUPT, "kp%llu is '%s', not 'unresolved'",
                        (unsigned long long)kpid.id, states[found].text);
    return VK_OK;
}

enum vk_err vk_promise_set_decider(struct vk_state *state, struct vk_kref kpid,
                                   struct vk_vat_id decider) {
    struct vk_promise promise;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(require_unresolved(state, kpid));
    VK_TRY(vk_promise_get(state, kpid, &promise));
    if (promise.has_decider)
        return VK_RAISE(VK_ERR_CORRUPT, "kp%llu has decider v%llu, not empty",
                        (unsigned long long)kpid.id, (unsigned long long)promise.decider.n);
    return vk_state_set(state, vk_vat_id_str(decider, text), FIELD(kpid, "decider"));
}

enum vk_err vk_promise_clear_decider(struct vk_state *state, struct vk_kref kpid) {
    VK_TRY(require_unresolved(state, kpid));
    return vk_state_set(state, VK_STR(""), FIELD(kpid, "decider"));
}

enum vk_err vk_promise_subscribe(struct vk_state *state, struct vk_kref kpid,
                                 struct vk_vat_id vat) {
    struct vk_string_list list;
    struct vk_str text, vat_text;
    VK_TRY(require_unresolved(state, kpid));
    VK_TRY(vk_state_get(state, &text, FIELD(kpid, "subscribers")));
    VK_TRY(vk_vat_id_text(state->arena, vat, &vat_text));
    vk_string_list_init(&list, state->arena);
    VK_TRY(vk_string_list_split(&list, text));
    VK_TRY(vk_string_list_add(&list, vat_text));
    vk_string_list_sort(&list, true);
    VK_TRY(vk_string_list_join(&list, &text));
    return vk_state_set(state, text, FIELD(kpid, "subscribers"));
}

enum vk_err vk_promise_queue_message(struct vk_state *state, struct vk_kref kpid,
                                     struct vk_str message) {
    uint64_t id;
    VK_TRY(require_unresolved(state, kpid));
    VK_TRY(vk_state_allocate_id(state, &id, FIELD(kpid, "queue.nextID")));
    VK_TRY(vk_state_set(state, message, KEY(KREF(kpid), LIT(".queue."), U64(id))));
    vk_stats_inc(&state->stats, VK_STAT_PROMISE_QUEUES_LENGTH);
    return VK_OK;
}

enum vk_err vk_promise_requeue(struct vk_state *state, struct vk_kref kpid) {
    uint64_t count = 0;
    VK_TRY(require_unresolved(state, kpid));
    for (;; count++) {
        struct vk_str message, event;
        VK_TRY(vk_state_get(state, &message, KEY(KREF(kpid), LIT(".queue."), U64(count))));
        if (!message.p) break;
        VK_TRY(vk_state_text(state, &event,
                             KEY(LIT("{\"type\":\"send\",\"target\":\""), KREF(kpid),
                                 LIT("\",\"msg\":"), TEXT(message), LIT("}"))));
        VK_TRY(vk_queue_add(state, VK_QUEUE_ACCEPTANCE, event));
    }
    vk_stats_subtract(&state->stats, VK_STAT_PROMISE_QUEUES_LENGTH, (int64_t)count);
    for (uint64_t i = 0; i < count; i++)
        VK_TRY(vk_state_delete(state, KEY(KREF(kpid), LIT(".queue."), U64(i))));
    return vk_state_set(state, VK_STR("0"), FIELD(kpid, "queue.nextID"));
}

static enum vk_err erase_fields(struct vk_state *state, struct vk_kref kpid) {
    VK_TRY(vk_state_delete(state, FIELD(kpid, "state")));
    VK_TRY(vk_state_delete(state, FIELD(kpid, "decider")));
    VK_TRY(vk_state_delete(state, FIELD(kpid, "subscribers")));
    VK_TRY(vk_state_delete(state, FIELD(kpid, "policy")));
    for (uint64_t i = 0;; i++) {
        bool has;
        VK_TRY(vk_state_has(state, &has, KEY(KREF(kpid), LIT(".queue."), U64(i))));
        if (!has) break;
        VK_TRY(vk_state_delete(state, KEY(KREF(kpid), LIT(".queue."), U64(i))));
    }
    VK_TRY(vk_state_delete(state, FIELD(kpid, "queue.nextID")));
    VK_TRY(vk_state_delete(state, FIELD(kpid, "data.body")));
    return vk_state_delete(state, FIELD(kpid, "data.slots"));
}

enum vk_err vk_promise_settle(struct vk_state *state, struct vk_kref kpid, bool rejected,
                              const struct vk_capdata *data) {
    enum vk_promise_state settled = rejected ? VK_PROMISE_REJECTED : VK_PROMISE_FULFILLED;
    struct vk_str slots;
    struct vk_string_list list;
    vk_string_list_init(&list, state->arena);
    VK_TRY(vk_refs_add(state, data->slots, data->slot_count));
    VK_TRY(vk_promise_requeue(state, kpid));
    VK_TRY(erase_fields(state, kpid));
    vk_stats_dec(&state->stats, VK_STAT_KP_UNRESOLVED);
    vk_stats_inc(&state->stats, states[settled].stat);
    VK_TRY(vk_state_set(state, vk_str(states[settled].text), FIELD(kpid, "state")));
    VK_TRY(vk_state_set(state, data->body, FIELD(kpid, "data.body")));
    for (size_t i = 0; i < data->slot_count; i++)
        VK_TRY(vk_string_list_add(&list, data->slots[i]));
    VK_TRY(vk_string_list_join(&list, &slots));
    return vk_state_set(state, slots, FIELD(kpid, "data.slots"));
}

enum vk_err vk_promise_delete(struct vk_state *state, struct vk_kref kpid) {
    enum vk_promise_state found;
    VK_TRY(state_get(state, kpid, &found));
    vk_stats_dec(&state->stats, states[found].stat);
    vk_stats_dec(&state->stats, VK_STAT_KERNEL_PROMISES);
    VK_TRY(erase_fields(state, kpid));
    return vk_state_delete(state, FIELD(kpid, "refCount"));
}
