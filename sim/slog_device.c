/* slog_device.c - see slog_device.h. Answers to deviceSlots.js, deviceManager.js and deviceTranslator.js. */
#include "slog_device.h"

#include "device_model.h"
#include "recorded_facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { CHOICES_MAX = 1 << 16, SENT_MAX = 64 };

/* One call of a device. */
struct invocation {
    struct sim_slog_devices *devices;
    struct vk_arena *arena;
    const struct vk_device_call *call;
    const struct vk_device_powers *powers;
    struct vk_str answer; /* ["ok",{...}], in kernel slots; absent: the slog ends */
    size_t sent;
    uint64_t exported; /* the device's newest export */
};

static enum vk_err get(const struct invocation *invocation, struct vk_str *value,
                       const char *format, ...) __attribute__((format(printf, 3, 4))) VK_MUST_CHECK;
static enum vk_err get(const struct invocation *invocation, struct vk_str *value,
                       const char *format, ...) {
    char text[160];
    struct vk_str key;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    VK_TRY(vk_arena_copy(invocation->arena, vk_str(text), &key));
    return vk_store_get(invocation->devices->store, invocation->arena, key, value);
}

/* ---- slots */

static enum vk_err last_export(struct invocation *invocation) {
    struct vk_str text;
    do
        VK_TRY(get(invocation, &text, "%.*s.c.d+%" PRIu64, VK_STR_ARG(invocation->call->device),
                   ++invocation->exported));
    while (text.p);
    invocation->exported--;
    return VK_OK;
}

/* What the device calls it; a device node that nobody knows yet is its next export. */
static enum vk_err device_slot(struct invocation *invocation, struct vk_str kref,
                               struct vk_str *slot) {
    VK_TRY(get(invocation, slot, "%.*s.c.%.*s", VK_STR_ARG(invocation->call->device),
               VK_STR_ARG(kref)));
    if (slot->p) return VK_OK;
    if (!vk_str_starts(kref, VK_STR("kd")))
        return VK_RAISE(VK_ERR_TRACE, "device %.*s names %.*s, which it does not know",
                        VK_STR_ARG(invocation->call->device), VK_STR_ARG(kref));
    if (!invocation->exported) VK_TRY(last_export(invocation));
    return vk_arena_format(invocation->arena, slot, "d+%" PRIu64, ++invocation->exported);
}

static enum vk_err device_data(struct invocation *invocation, const struct vk_json *json,
                               struct vk_capdata *out) {
    struct vk_capdata data;
    struct vk_str *slots;
    bool legal;
    VK_TRY(vk_capdata_read(invocation->arena, json, &legal, &data));
    if (!legal) return VK_RAISE(VK_ERR_TRACE, "no capdata in a device's answer or message");
    VK_TRY(VK_NEW_ARRAY(invocation->arena, &slots, data.slot_count));
    for (size_t i = 0; i < data.slot_count; i++)
        VK_TRY(device_slot(invocation, data.slots[i], &slots[i]));
    *out = (struct vk_capdata){data.body, slots, data.slot_count};
    return VK_OK;
}

/* ---- the slog's side of the call */

static void find_answer(struct invocation *invocation) {
    const struct sim_slog_workers *workers = invocation->devices->workers;
    for (size_t i = workers->next_entry; workers->crank && i < workers->crank->entries.count; i++) {
        const struct sim_crank_entry *entry = &workers->crank->entries.at[i];
        if (entry->kind == SIM_LOG_SYSCALL) return;
        if (entry->kind != SIM_LOG_SYSCALL_RESULT) continue;
        invocation->answer = sim_log_get(entry->text, "ksr");
        return;
    }
}

/* Whether the vat itself sends this next. */
static bool is_next_send_of_vat(const struct invocation *invocation, struct vk_str event) {
    const struct sim_slog_workers *workers = invocation->devices->workers;
    struct vk_str methargs = sim_log_get(sim_log_get(event, "msg"), "methargs");
    for (size_t i = workers->next_entry; workers->crank && i < workers->crank->entries.count; i++) {
        const struct sim_crank_entry *entry = &workers->crank->entries.at[i];
        struct vk_str ksc = sim_log_get(entry->text, "ksc");
        if (entry->kind != SIM_LOG_SYSCALL ||
            !vk_str_eq(sim_log_text(sim_log_at(ksc, 0)), VK_STR("send")))
            continue;
        return vk_str_eq(sim_log_text(sim_log_at(ksc, 1)),
                         sim_log_text(sim_log_get(event, "target"))) &&
               vk_str_eq(sim_log_get(sim_log_at(ksc, 2), "methargs"), methargs);
    }
    return false;
}

/* ---- messages */

static enum vk_err note(struct invocation *invocation, struct vk_str what, const char *by) {
    struct sim_slog_devices *devices = invocation->devices;
    struct sim_device_note added;
    VK_TRY(vk_arena_copy(&devices->arena, what, &added.what));
    VK_TRY(vk_arena_copy(&devices->arena, vk_str(by), &added.by));
    SIM_ARRAY_RESERVE(&devices->notes);
    devices->notes.at[devices->notes.count++] = added;
    return VK_OK;
}

/* The event that the next place of the acceptance queue will hold, if it is a message without result. */
static enum vk_err next_queued(const struct invocation *invocation, struct vk_str *event) {
    const struct sim_slog_devices *devices = invocation->devices;
    struct vk_str ends;
    uint64_t head, tail;
    *event = VK_STR_NONE;
    VK_TRY(get(invocation, &ends, "acceptanceQueue"));
    if (!sim_log_count(sim_log_at(ends, 0), &head) || !sim_log_count(sim_log_at(ends, 1), &tail))
        return VK_OK;
    const struct sim_slog_crank *crank =
        sim_slog_index_routed(devices->index, devices->at + 1, tail - head);
    bool is_send = crank && vk_str_eq(crank->type, VK_STR("send"));
    if (!is_send || sim_log_text(sim_log_get(sim_log_get(crank->message, "msg"), "result")).p)
        return VK_OK;
    *event = crank->message;
    return VK_OK;
}

/* The choice of this call, of `ways`. */
static size_t choose(struct sim_slog_devices *devices, size_t ways) {
    size_t choice = devices->rest % ways;
    devices->rest /= ways;
    if (devices->choices <= CHOICES_MAX) devices->choices *= ways;
    return choice;
}

/* What the device may send next, and whom to; both absent: nothing. */
static enum vk_err find_message(const struct invocation *invocation, struct vk_str *event,
                                struct vk_str *target) {
    *target = VK_STR_NONE;
    VK_TRY(next_queued(invocation, event));
    if (!event->p) return VK_OK;
    VK_TRY(get(invocation, target, "%.*s.c.%.*s", VK_STR_ARG(invocation->call->device),
               VK_STR_ARG(sim_log_text(sim_log_get(*event, "target")))));
    if (!target->p || is_next_send_of_vat(invocation, *event)) *event = *target = VK_STR_NONE;
    return VK_OK;
}

/* All that it may have sent, or nothing: the host may have let it send that later. */
static enum vk_err send_messages(struct invocation *invocation) {
    const struct vk_device_powers *powers = invocation->powers;
    struct vk_str event, text, what;
    VK_TRY(find_message(invocation, &event, &text));
    if (!event.p || choose(invocation->devices, 2) == 0) return VK_OK;
    for (; event.p && invocation->sent < SENT_MAX; invocation->sent++) {
        struct vk_str target = sim_log_text(sim_log_get(event, "target"));
        struct vk_capdata methargs;
        const struct vk_json *json;
        VK_TRY(vk_json_parse(invocation->arena, sim_log_get(sim_log_get(event, "msg"), "methargs"),
                             &json));
        VK_TRY(device_data(invocation, json, &methargs));
        VK_TRY(powers->send_only(powers->impl, text, &methargs));
        VK_TRY(vk_arena_format(invocation->arena, &what, "device %.*s (%.*s) sends to %.*s",
                               VK_STR_ARG(invocation->call->device),
                               VK_STR_ARG(invocation->call->name), VK_STR_ARG(target)));
        VK_TRY(note(invocation, what, "by its routing, and the hash"));
        VK_TRY(find_message(invocation, &event, &text));
    }
    return VK_OK;
}

/* ---- state */

/* One object has one identity and one interface, whether it comes from the state or from the arguments. */
static void unify(struct vk_value *of, const struct vk_value *with) {
    if (!with) return;
    if (of->type == VK_VALUE_SLOT && with->type == VK_VALUE_SLOT &&
        vk_str_eq(of->text, with->text)) {
        of->identity = with->identity;
        of->name = with->name;
    }
    for (const struct vk_value *child = with->first; child; child = child->next)
        unify(of, child);
}

static void unify_all(struct vk_value *values, const struct vk_value *with) {
    if (values->type == VK_VALUE_SLOT) unify(values, with);
    for (struct vk_value *child = values->first; child; child = child->next)
        unify_all(child, with);
}

static enum vk_err decode(struct vk_arena *arena, struct vk_str text, struct vk_value **out) {
    const struct vk_json *json;
    struct vk_capdata data;
    bool legal = false;
    *out = NULL;
    if (!text.p) return VK_OK;
    VK_TRY(vk_json_parse(arena, text, &json));
    VK_TRY(vk_capdata_read(arena, json, &legal, &data));
    if (legal) VK_TRY(vk_capdata_decode(arena, &data, &legal, out));
    if (!legal) *out = NULL;
    return VK_OK;
}

static enum vk_err encode(struct vk_arena *arena, const struct vk_value *value,
                          struct vk_str *text) {
    struct vk_capdata data;
    struct vk_buf buf;
    VK_TRY(vk_capdata_encode(arena, value, &data));
    vk_buf_init(&buf, arena);
    vk_capdata_write(&buf, &data);
    return vk_buf_finish(&buf, text);
}

static enum vk_err write_state(struct invocation *invocation, const struct vk_value *state,
                               const char *device) {
    struct vk_str text, what;
    char by[120];
    VK_TRY(encode(invocation->arena, state, &text));
    VK_TRY(invocation->powers->state_set(invocation->powers->impl, text));
    VK_TRY(vk_arena_format(invocation->arena, &what, "device %.*s (%.*s) sets its state in %.*s()",
                           VK_STR_ARG(invocation->call->device), VK_STR_ARG(invocation->call->name),
                           VK_STR_ARG(invocation->call->method)));
    snprintf(by, sizeof by, "%s, by the hash",
             device ? "as SwingSet's own such device does" : "to its first argument");
    return note(invocation, what, by);
}

static enum vk_err change_state(struct invocation *invocation) {
    struct sim_slog_devices *devices = invocation->devices;
    const struct vk_device_call *call = invocation->call;
    struct vk_arena *arena = invocation->arena;
    struct vk_value *args = NULL, *state;
    struct sim_device_answer answer = {.word = SIM_DEVICE_UNKNOWN};
    struct vk_str text;
    const struct vk_json *parameters = NULL;
    bool legal;
    VK_TRY(vk_capdata_decode(arena, &call->args, &legal, &args));
    if (!legal || !args || args->type != VK_VALUE_ARRAY) return VK_OK;
    VK_TRY(get(invocation, &text, "%.*s.deviceState", VK_STR_ARG(call->device)));
    VK_TRY(decode(arena, text, &state));
    if (state) unify_all(args, state);
    VK_TRY(get(invocation, &text, "%.*s.options", VK_STR_ARG(call->device)));
    if (text.p) VK_TRY(vk_json_parse(arena, text, &parameters));
    struct sim_device_call asked = {.target = call->target,
                                    .method = call->method,
                                    .args = args,
                                    .state = state,
                                    .parameters = vk_json_get(parameters, "deviceParameters"),
                                    .polled = devices->polled,
                                    .sent = invocation->sent};
    VK_TRY(sim_device_model(arena, &asked, &answer));
    if (answer.word == SIM_DEVICE_WRITES)
        return write_state(invocation, answer.state, answer.device);
    if (answer.word == SIM_DEVICE_UNKNOWN) {
        devices->unknown_calls++;
        snprintf(devices->unknown, sizeof devices->unknown, "device %.*s (%.*s)",
                 VK_STR_ARG(call->device), VK_STR_ARG(call->name));
    }
    bool may_reconnect = answer.device && state && sim_device_may_reconnect(state, call->method);
    bool may_store = answer.word == SIM_DEVICE_UNKNOWN && args->first;
    if ((!may_reconnect && !may_store) || choose(devices, 2) == 0) return VK_OK;
    if (may_store) return write_state(invocation, args->first, NULL);
    asked.again = true;
    VK_TRY(sim_device_model(arena, &asked, &answer));
    return answer.word == SIM_DEVICE_WRITES ? write_state(invocation, answer.state, answer.device)
                                            : VK_OK;
}

/* What the host told of this call. */
static enum vk_err do_told(struct invocation *invocation, bool *is_told) {
    const struct sim_slog_devices *devices = invocation->devices;
    const struct vk_device_powers *powers = invocation->powers;
    const uint64_t crank = devices->index->cranks.at[devices->at].unit.number;
    *is_told = false;
    for (size_t i = 0; i < devices->told->devices.count; i++) {
        const struct sim_told_device *told = &devices->told->devices.at[i];
        struct vk_str what;
        if (told->crank != crank || told->call != devices->calls) continue;
        *is_told = true;
        if (told->type == SIM_TOLD_SET)
            VK_TRY(powers->vatstore_set(powers->impl, told->key, told->value));
        if (told->type == SIM_TOLD_DELETE) VK_TRY(powers->vatstore_delete(powers->impl, told->key));
        if (told->type == SIM_TOLD_STATE) VK_TRY(powers->state_set(powers->impl, told->value));
        VK_TRY(vk_arena_format(invocation->arena, &what, "device %.*s (%.*s) %s %.*s",
                               VK_STR_ARG(invocation->call->device),
                               VK_STR_ARG(invocation->call->name),
                               told->type == SIM_TOLD_SET      ? "sets"
                               : told->type == SIM_TOLD_DELETE ? "deletes"
                                                               : "sets its state",
                               VK_STR_ARG(told->key.p ? told->key : VK_STR(""))));
        VK_TRY(note(invocation, what, "as the host told, and by the hash"));
    }
    return VK_OK;
}

/* ---- a call */

static void see_time(struct invocation *invocation) {
    struct vk_str body = sim_log_text(sim_log_get(sim_log_at(invocation->answer, 1), "body"));
    const struct vk_str open = VK_STR("#\\\"+"), close = VK_STR("\\\"");
    uint64_t now;
    if (!vk_str_eq(invocation->call->method, VK_STR("getLastPolled")) ||
        !vk_str_starts(body, open) || body.n < open.n + close.n)
        return;
    body = (struct vk_str){body.p + open.n, body.n - open.n - close.n};
    if (vk_str_to_u64(body, &now)) invocation->devices->polled = now;
}

static enum vk_err give_answer(struct invocation *invocation, struct vk_device_result *result) {
    const struct vk_json *json;
    *result = (struct vk_device_result){.problem = VK_STR("the slog ends in this call")};
    if (!invocation->answer.p) return VK_OK;
    VK_TRY(vk_json_parse(invocation->arena, invocation->answer, &json));
    result->ok = vk_str_eq(vk_json_string(vk_json_at(json, 0)), VK_STR("ok"));
    if (result->ok) return device_data(invocation, vk_json_at(json, 1), &result->data);
    result->problem = vk_json_string(vk_json_at(json, 1));
    return VK_OK;
}

static enum vk_err device_invoke(void *impl, struct vk_arena *arena,
                                 const struct vk_device_call *call,
                                 const struct vk_device_powers *powers,
                                 struct vk_device_result *result) {
    struct invocation invocation = {
        .devices = impl, .arena = arena, .call = call, .powers = powers};
    invocation.devices->calls++;
    find_answer(&invocation);
    see_time(&invocation);
    VK_TRY(send_messages(&invocation));
    bool is_told;
    VK_TRY(do_told(&invocation, &is_told));
    if (!is_told) VK_TRY(change_state(&invocation));
    return give_answer(&invocation, result);
}

/* ---- between cranks */

static enum vk_err pass_one(struct sim_slog_devices *devices, struct vk_kernel *kernel,
                            struct vk_arena *arena, struct vk_str device, struct vk_str event) {
    const struct vk_device_call call = {.device = device};
    struct invocation invocation = {.devices = devices, .arena = arena, .call = &call};
    struct vk_value *state, *methargs;
    struct vk_str text, slot, key;
    VK_TRY(get(&invocation, &text, "%.*s.deviceState", VK_STR_ARG(device)));
    VK_TRY(get(&invocation, &slot, "%.*s.c.%.*s", VK_STR_ARG(device),
               VK_STR_ARG(sim_log_text(sim_log_get(event, "target")))));
    if (!text.p || !slot.p) return VK_OK;
    VK_TRY(decode(arena, text, &state));
    VK_TRY(decode(arena, sim_log_get(sim_log_get(event, "msg"), "methargs"), &methargs));
    if (!state || !methargs || !sim_device_passes(state, slot, vk_value_at(methargs, 1)))
        return VK_OK;
    VK_TRY(encode(arena, state, &text));
    VK_TRY(vk_arena_format(arena, &key, "%.*s.deviceState", VK_STR_ARG(device)));
    return vk_host_apply_write(kernel, key, text);
}

enum vk_err sim_slog_devices_sent(struct sim_slog_devices *devices, struct vk_kernel *kernel,
                                  struct vk_arena *arena, struct vk_str event) {
    struct vk_str names, device, key;
    const struct vk_json *json;
    VK_TRY(vk_store_get(devices->store, arena, VK_STR("device.names"), &names));
    if (!names.p) return VK_OK;
    VK_TRY(vk_json_parse(arena, names, &json));
    for (json = json->first; json; json = json->next) {
        VK_TRY(vk_arena_format(arena, &key, "device.name.%.*s", VK_STR_ARG(vk_json_string(json))));
        VK_TRY(vk_store_get(devices->store, arena, key, &device));
        if (device.p) VK_TRY(pass_one(devices, kernel, arena, device, event));
    }
    return VK_OK;
}

void sim_slog_devices_init(struct sim_slog_devices *devices,
                           const struct sim_slog_workers *workers) {
    *devices = (struct sim_slog_devices){.workers = workers};
    devices->port = (struct vk_device_host){.impl = devices, .invoke = device_invoke};
    vk_arena_init(&devices->arena, vk_heap_system());
}

void sim_slog_devices_release(struct sim_slog_devices *devices) {
    sim_array_free(devices->notes.at);
    vk_arena_release(&devices->arena);
}

void sim_slog_devices_crank(struct sim_slog_devices *devices, const struct sim_slog_index *index,
                            size_t at, size_t choice) {
    vk_arena_clear(&devices->arena);
    devices->notes.count = 0;
    devices->calls = 0;
    devices->unknown[0] = '\0';
    devices->unknown_calls = 0;
    devices->index = index;
    devices->at = at;
    devices->choice = devices->rest = choice;
    devices->choices = 1;
}
