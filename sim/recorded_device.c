/* recorded_device.c - see recorded_device.h. */
#include "recorded_device.h"

#include "recorded_facts.h"
#include "replay_state.h"

/* One call of a device, and the recorded events in which its decisions are to be found. */
struct invocation {
    struct sim_replay *replay;
    struct vk_arena *arena;
    struct vk_str device;
    const struct vk_device_powers *powers;
    size_t begin, end;
};

static enum vk_err cannot(const struct invocation *invocation, const char *what,
                          struct vk_str which) {
    return replay_diff_keep(invocation->replay, SIM_DIFF_DEVICE, NULL, NULL, "%.*s: %s %.*s",
                            VK_STR_ARG(invocation->device), what,
                            (int)(which.n < 80 ? which.n : 80), which.p);
}

/* What a c-list has for `slot`: now, or by the end of the call. */
static enum vk_err clist_look(const struct invocation *invocation, struct vk_str owner,
                              struct vk_str slot, struct vk_str *out) {
    struct vk_str key;
    VK_TRY(vk_arena_format(invocation->arena, &key, "%.*s.c.%.*s", VK_STR_ARG(owner),
                           VK_STR_ARG(slot)));
    VK_TRY(vk_store_get(invocation->replay->store, invocation->arena, key, out));
    for (size_t i = invocation->begin; !out->p && i < invocation->end; i++) {
        const struct sim_event *event = replay_event(invocation->replay, i);
        if (event->type == VK_TRACE_SET && vk_str_eq(event->key, key)) *out = event->value;
    }
    return out->p ? VK_OK : cannot(invocation, "its c-list has nothing for", slot);
}

static enum vk_err to_device_slots(const struct invocation *invocation,
                                   const struct vk_capdata *from, struct vk_capdata *to) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(invocation->arena, &slots, from->slot_count));
    for (size_t i = 0; i < from->slot_count; i++)
        VK_TRY(clist_look(invocation, invocation->device, from->slots[i], &slots[i]));
    *to = (struct vk_capdata){from->body, slots, from->slot_count};
    return VK_OK;
}

static enum vk_err read_capdata(const struct invocation *invocation, const struct vk_json *json,
                                struct vk_capdata *out) {
    bool legal;
    VK_TRY(vk_capdata_read(invocation->arena, json, &legal, out));
    return legal ? VK_OK : cannot(invocation, "no capdata in what it", VK_STR("sent or returned"));
}

/* ---- what it did */

/* "d7.vs.K" -> "K", if it is this device's key. */
static bool device_key(const struct invocation *invocation, struct vk_str key, struct vk_str family,
                       struct vk_str *rest) {
    size_t n = invocation->device.n;
    if (!vk_str_starts(key, invocation->device) || key.n < n + 1 || key.p[n] != '.') return false;
    struct vk_str after = vk_str_from(key, n + 1);
    if (!vk_str_starts(after, family)) return false;
    *rest = vk_str_from(after, family.n);
    return true;
}

/* The message that an event queues; *is_send false if it queues none. */
static enum vk_err read_send(const struct invocation *invocation, const struct sim_event *event,
                             bool *is_send, struct vk_str *target, struct vk_capdata *methargs) {
    const struct vk_json *entry;
    *is_send = false;
    if (event->type != VK_TRACE_SET || !vk_str_starts(event->key, VK_STR("acceptanceQueue.")))
        return VK_OK;
    enum vk_err err = vk_json_parse(invocation->arena, event->value, &entry);
    if (err == VK_ERR_SYNTAX) return cannot(invocation, "malformed queue entry", event->key);
    VK_TRY(err);
    if (!vk_str_eq(vk_json_string(vk_json_get(entry, "type")), VK_STR("send"))) return VK_OK;
    *target = vk_json_string(vk_json_get(entry, "target"));
    if (!target->p) return cannot(invocation, "malformed queue entry", event->key);
    *is_send = true;
    return read_capdata(invocation, vk_json_get(vk_json_get(entry, "msg"), "methargs"), methargs);
}

static enum vk_err do_event(const struct invocation *invocation, const struct sim_event *event) {
    const struct vk_device_powers *powers = invocation->powers;
    struct vk_str rest, target;
    struct vk_capdata methargs, translated;
    bool is_send;
    if (event->type == VK_TRACE_SET || event->type == VK_TRACE_DEL) {
        if (device_key(invocation, event->key, VK_STR("vs."), &rest))
            return event->type == VK_TRACE_SET
                       ? powers->vatstore_set(powers->impl, rest, event->value)
                       : powers->vatstore_delete(powers->impl, rest);
        if (event->type == VK_TRACE_SET &&
            device_key(invocation, event->key, VK_STR("deviceState"), &rest) && rest.n == 0)
            return powers->state_set(powers->impl, event->value);
    }
    VK_TRY(read_send(invocation, event, &is_send, &target, &methargs));
    if (!is_send) return VK_OK;
    VK_TRY(clist_look(invocation, invocation->device, target, &target));
    VK_TRY(to_device_slots(invocation, &methargs, &translated));
    return powers->send_only(powers->impl, target, &translated);
}

/* ---- where to look: the slog brackets the call; without it, the events that a device can have
 * caused */

static bool is_refcount(struct vk_str key) {
    const struct vk_str end = VK_STR(".refCount");
    return key.n > end.n && vk_str_eq(vk_str_from(key, key.n - end.n), end);
}

/* Whether the next message that the vat itself sends is this one. */
static bool is_next_send_of_vat(const struct sim_replay *replay, const struct vk_capdata *sent) {
    const struct sim_delivery *delivery = replay->delivery;
    const struct sim_call *end =
        &replay->index->calls.at[delivery->first_call + delivery->call_count];
    for (const struct sim_call *call = replay->call + 1; call < end; call++)
        if (call->syscall.type == VK_SYSCALL_SEND)
            return vk_str_eq(call->syscall.data.body, sent->body);
    return false;
}

static enum vk_err find_end(struct invocation *invocation) {
    const struct sim_replay *replay = invocation->replay;
    for (size_t i = invocation->begin; i < replay->limit; i++) {
        const struct sim_event *event = replay_event(replay, i);
        struct vk_str rest, target;
        struct vk_capdata methargs;
        bool is_send;
        if (event->type != VK_TRACE_SET && event->type != VK_TRACE_DEL) break;
        VK_TRY(read_send(invocation, event, &is_send, &target, &methargs));
        if (is_send && is_next_send_of_vat(replay, &methargs)) break;
        if (!is_send && !is_refcount(event->key) &&
            !vk_str_eq(event->key, VK_STR("acceptanceQueue")) &&
            !device_key(invocation, event->key, VK_STR(""), &rest))
            break;
        invocation->end = i + 1;
    }
    return VK_OK;
}

static enum vk_err find_events(struct invocation *invocation) {
    const struct sim_replay *replay = invocation->replay;
    if (replay->call->begin != SIM_NONE) {
        invocation->begin = replay->call->begin;
        invocation->end = replay->call->end != SIM_NONE ? replay->call->end : replay->crank->end;
        return VK_OK;
    }
    invocation->begin = invocation->end = replay->cursor;
    return find_end(invocation);
}

/* ---- what it returned */

/* Where only the transcript tells, in the vat's slots: "o-50" -> "ko20". */
static enum vk_err vat_slots_to_kernel(const struct invocation *invocation,
                                       struct vk_capdata *data) {
    struct invocation after = *invocation;
    struct vk_str *slots;
    after.end = invocation->replay->limit;
    VK_TRY(VK_NEW_ARRAY(invocation->arena, &slots, data->slot_count));
    for (size_t i = 0; i < data->slot_count; i++)
        VK_TRY(clist_look(&after, invocation->replay->delivery->vat, data->slots[i], &slots[i]));
    data->slots = slots;
    return VK_OK;
}

static enum vk_err give_result(struct invocation *invocation, struct vk_device_result *result) {
    const struct sim_call *call = invocation->replay->call;
    struct vk_str text = call->kernel_result.p ? call->kernel_result : call->result;
    const struct vk_json *json;
    struct vk_capdata data;
    *result = (struct vk_device_result){.problem = VK_STR("the recording ends in this call")};
    if (!text.p) return VK_OK;
    VK_TRY(vk_json_parse(invocation->arena, text, &json));
    const struct vk_json *payload = vk_json_at(json, 1);
    result->ok = vk_str_eq(vk_json_string(vk_json_at(json, 0)), VK_STR("ok"));
    if (!result->ok) {
        result->problem = vk_json_string(payload);
        return result->problem.p ? VK_OK : cannot(invocation, "no result in", text);
    }
    VK_TRY(read_capdata(invocation, payload, &data));
    if (!call->kernel_result.p) VK_TRY(vat_slots_to_kernel(invocation, &data));
    invocation->end = invocation->replay->limit; /* nodes that come with the result */
    return to_device_slots(invocation, &data, &result->data);
}

static void note_device(struct sim_replay *replay, struct vk_str device) {
    replay->result->device_calls++;
    for (size_t i = 0; i < replay->index->devices.count && i < DEVICES_NOTED_MAX; i++)
        if (vk_str_eq(replay->index->devices.at[i].id, device)) replay->device_was_called[i] = true;
}

static enum vk_err device_invoke(void *impl, struct vk_arena *arena,
                                 const struct vk_device_call *call,
                                 const struct vk_device_powers *powers,
                                 struct vk_device_result *result) {
    struct sim_replay *replay = impl;
    struct invocation invocation = {
        .replay = replay, .arena = arena, .device = call->device, .powers = powers};
    VK_ASSERT(replay->call && replay->delivery); /* only a vat's syscall invokes a device */
    if (replay->options.without_comparison && replay->call->begin == SIM_NONE)
        return cannot(&invocation, "without slog and trace nothing tells what it did in",
                      call->method);
    VK_TRY(find_events(&invocation));
    for (size_t i = invocation.begin; i < invocation.end; i++)
        VK_TRY(do_event(&invocation, replay_event(replay, i)));
    note_device(replay, call->device);
    return give_result(&invocation, result);
}

void recorded_device_host_init(struct vk_device_host *host, struct sim_replay *replay) {
    *host = (struct vk_device_host){.impl = replay, .invoke = device_invoke};
}
