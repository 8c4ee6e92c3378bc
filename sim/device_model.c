/* device_model.c - see device_model.h. */
#include "device_model.h"

#include <inttypes.h>

/* ---- values */

static bool is_record(const struct vk_value *value) {
    return value && value->type == VK_VALUE_RECORD;
}

static bool is_array(const struct vk_value *value) {
    return value && value->type == VK_VALUE_ARRAY;
}

static bool count_of(const struct vk_value *value, uint64_t *out) {
    return value && (value->type == VK_VALUE_BIGINT || value->type == VK_VALUE_NUMBER) &&
           vk_str_to_u64(value->text, out);
}

static enum vk_err new_count(struct vk_arena *arena, enum vk_value_type type, uint64_t count,
                             struct vk_value **out) {
    struct vk_str text;
    VK_TRY(vk_arena_format(arena, &text, "%" PRIu64, count));
    return vk_value_text(arena, type, text, out);
}

/* `value` stands in one list already; its copy may stand in another. */
static enum vk_err copy(struct vk_arena *arena, const struct vk_value *value,
                        struct vk_value **out) {
    VK_TRY(VK_NEW(arena, out));
    **out = *value;
    return VK_OK;
}

static enum vk_err put(struct vk_arena *arena, struct vk_value *record, struct vk_str key,
                       const struct vk_value *value) {
    struct vk_value *fresh;
    for (struct vk_value *child = record->first; child; child = child->next) {
        if (!vk_str_eq(child->key, key)) continue;
        struct vk_value *next = child->next;
        *child = *value;
        child->key = key;
        child->next = next;
        return VK_OK;
    }
    VK_TRY(copy(arena, value, &fresh));
    vk_value_append(record, key, fresh);
    return VK_OK;
}

static enum vk_err put_count(struct vk_arena *arena, struct vk_value *record, const char *key,
                             enum vk_value_type type, uint64_t count) {
    struct vk_value *value;
    VK_TRY(new_count(arena, type, count, &value));
    return put(arena, record, vk_str(key), value);
}

static enum vk_err push(struct vk_arena *arena, struct vk_value *array,
                        const struct vk_value *value) {
    struct vk_value *fresh;
    VK_TRY(copy(arena, value, &fresh));
    vk_value_append(array, VK_STR_NONE, fresh);
    return VK_OK;
}

static void cut(struct vk_value *array, const struct vk_value *gone) {
    struct vk_value *child = array->first, *next;
    array->first = array->last = NULL;
    array->count = 0;
    for (; child; child = next) {
        next = child->next;
        if (child != gone) vk_value_append(array, VK_STR_NONE, child);
    }
}

/* Behind those that are not greater by the count that `key` names: as a stable sort would. */
static void insert(struct vk_value *array, struct vk_value *value, const char *key) {
    uint64_t wanted = 0, other = 0;
    struct vk_value *child = array->first, *next;
    bool done = false;
    (void)count_of(vk_value_get(value, key), &wanted);
    array->first = array->last = NULL;
    array->count = 0;
    for (; child; child = next) {
        next = child->next;
        if (!done && count_of(vk_value_get(child, key), &other) && other > wanted) {
            vk_value_append(array, VK_STR_NONE, value);
            done = true;
        }
        vk_value_append(array, VK_STR_NONE, child);
    }
    if (!done) vk_value_append(array, VK_STR_NONE, value);
}

static bool same_slot(const struct vk_value *a, const struct vk_value *b) {
    return a && b && a->type == VK_VALUE_SLOT && b->type == VK_VALUE_SLOT &&
           vk_str_eq(a->text, b->text);
}

/* ---- bridge, command, mailbox: who is told of what comes in */

static enum vk_err inbound_handler(struct vk_arena *arena, const struct sim_device_call *call,
                                   struct sim_device_answer *answer) {
    struct vk_value *handler = vk_value_at(call->args, 0);
    answer->device = "bridge, command or mailbox";
    answer->word = SIM_DEVICE_WRITES;
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &answer->state));
    if (!handler) VK_TRY(vk_value_new(arena, VK_VALUE_UNDEFINED, &handler));
    return put(arena, answer->state, VK_STR("inboundHandler"), handler);
}

/* ---- loopbox */

/* Its senders are the first device nodes that it exports, in the order of its parameters. */
static const struct vk_json *sender_of(const struct sim_device_call *call) {
    uint64_t number = 0;
    if (!vk_str_starts(call->target, VK_STR("d+")) ||
        !vk_str_to_u64(vk_str_from(call->target, 2), &number) || number == 0)
        return NULL;
    return vk_json_at(vk_json_get(call->parameters, "senders"), (size_t)number - 1);
}

static enum vk_err loopbox_add(struct vk_arena *arena, const struct sim_device_call *call,
                               struct sim_device_answer *answer) {
    struct vk_str sender = vk_json_string(sender_of(call));
    struct vk_value *counts = vk_value_get(call->state, "counts"), *message, *name;
    const struct vk_value *peer = vk_value_at(call->args, 0), *body = vk_value_at(call->args, 2);
    const struct vk_value *handlers = vk_value_get(call->state, "inboundHandlers");
    const struct vk_value *handler = NULL, *count = NULL;
    for (const struct vk_value *h = is_record(handlers) && peer ? handlers->first : NULL; h;
         h = h->next)
        if (vk_str_eq(h->key, peer->text)) handler = h;
    for (const struct vk_value *c = is_record(counts) && sender.p ? counts->first : NULL; c;
         c = c->next)
        if (vk_str_eq(c->key, sender)) count = c;
    uint64_t number = 0;
    if (!handler || !body || !count_of(count, &number)) return VK_OK;
    answer->word = SIM_DEVICE_WRITES;
    answer->state = call->state;
    if (!call->sent) {
        VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &message));
        VK_TRY(vk_value_text(arena, VK_VALUE_STRING, sender, &name));
        VK_TRY(push(arena, message, handler));
        VK_TRY(push(arena, message, name));
        VK_TRY(push(arena, message, count));
        VK_TRY(push(arena, message, body));
        VK_TRY(push(arena, vk_value_get(call->state, "queuedMessages"), message));
    }
    VK_TRY(new_count(arena, VK_VALUE_NUMBER, number + 1, &name));
    return put(arena, counts, sender, name);
}

static enum vk_err loopbox(struct vk_arena *arena, const struct sim_device_call *call,
                           struct sim_device_answer *answer) {
    struct vk_value *name = vk_value_at(call->args, 0), *handler = vk_value_at(call->args, 1);
    answer->device = "loopbox";
    if (vk_str_eq(call->method, VK_STR("add"))) return loopbox_add(arena, call, answer);
    if (!vk_str_eq(call->method, VK_STR("registerInboundHandler"))) return VK_OK;
    struct vk_value *handlers = vk_value_get(call->state, "inboundHandlers");
    if (!is_record(handlers) || !name || !handler) return VK_OK;
    answer->word = SIM_DEVICE_WRITES;
    answer->state = call->state;
    return put(arena, handlers, name->text, handler);
}

bool sim_device_passes(struct vk_value *state, struct vk_str handler, const struct vk_value *args) {
    struct vk_value *queued = vk_value_get(state, "queuedMessages");
    const struct vk_value *oldest = vk_value_at(queued, 0), *sender = vk_value_at(args, 0);
    const struct vk_value *message = vk_value_at(vk_value_at(args, 1), 0);
    const struct vk_value *wanted = vk_value_at(oldest, 0);
    if (!wanted || !sender || !message || !vk_str_eq(wanted->text, handler)) return false;
    for (size_t i = 0; i < 2; i++) { /* its number, and its body */
        const struct vk_value *is = vk_value_at(message, i), *was = vk_value_at(oldest, i + 2);
        if (!is || !was || !vk_str_eq(is->text, was->text)) return false;
    }
    if (!vk_value_at(oldest, 1) || !vk_str_eq(vk_value_at(oldest, 1)->text, sender->text))
        return false;
    cut(queued, oldest);
    return true;
}

/* ---- timer */

static bool is_timer(const struct vk_value *state, uint64_t *polled) {
    return is_array(vk_value_get(state, "deadlines")) &&
           is_array(vk_value_get(state, "repeaters")) &&
           count_of(vk_value_get(state, "lastPolled"), polled);
}

/* deadlines.add() */
static enum vk_err add_deadline(struct vk_arena *arena, struct vk_value *state, uint64_t time,
                                const struct vk_value *handler, const struct vk_value *index) {
    struct vk_value *deadlines = vk_value_get(state, "deadlines"), *event = NULL, *entry, *list;
    uint64_t other;
    for (struct vk_value *e = deadlines->first; e; e = e->next)
        if (count_of(vk_value_get(e, "time"), &other) && other == time) event = e;
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &entry));
    VK_TRY(put(arena, entry, VK_STR("handler"), handler));
    if (index) VK_TRY(put(arena, entry, VK_STR("index"), index));
    if (event) return push(arena, vk_value_get(event, "handlers"), entry);
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &event));
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &list));
    vk_value_append(list, VK_STR_NONE, entry);
    vk_value_append(event, VK_STR("handlers"), list);
    VK_TRY(put_count(arena, event, "time", VK_VALUE_BIGINT, time));
    insert(deadlines, event, "time");
    return VK_OK;
}

/* nextScheduleTime(); 0: there is no such repeater. */
static uint64_t next_time(const struct vk_value *state, const struct vk_value *index,
                          uint64_t polled) {
    uint64_t number = 0, start = 0, interval = 0;
    if (!count_of(index, &number)) return 0;
    const struct vk_value *repeater = vk_value_at(vk_value_get(state, "repeaters"), (size_t)number);
    if (!count_of(vk_value_get(repeater, "startTime"), &start) ||
        !count_of(vk_value_get(repeater, "interval"), &interval) || !interval)
        return 0;
    /* JavaScript's % has the sign of what is divided */
    if (polled >= start) return polled + interval - (polled - start) % interval;
    return polled + interval + (start - polled) % interval;
}

/* Lets its time go on, with what that wakes. */
static enum vk_err poll(struct vk_arena *arena, struct vk_value *state, uint64_t now) {
    struct vk_value *deadlines = vk_value_get(state, "deadlines"), *due[64];
    size_t count = 0;
    uint64_t time;
    VK_TRY(put_count(arena, state, "lastPolled", VK_VALUE_BIGINT, now));
    for (struct vk_value *e = deadlines->first; e; e = e->next)
        if (count_of(vk_value_get(e, "time"), &time) && time <= now && count < 64) due[count++] = e;
    for (size_t i = 0; i < count; i++)
        cut(deadlines, due[i]);
    for (size_t i = 0; i < count; i++) {
        const struct vk_value *handlers = vk_value_get(due[i], "handlers");
        for (const struct vk_value *h = is_array(handlers) ? handlers->first : NULL; h;
             h = h->next) {
            const struct vk_value *index = vk_value_get(h, "index");
            time = next_time(state, index, now);
            if (time) VK_TRY(add_deadline(arena, state, time, vk_value_get(h, "handler"), index));
        }
    }
    return VK_OK;
}

static void remove_handler(struct vk_value *deadlines, const struct vk_value *handler) {
    struct vk_value *event = deadlines->first, *next;
    for (; event; event = next) {
        struct vk_value *handlers = vk_value_get(event, "handlers"), *entry, *after;
        next = event->next;
        for (entry = is_array(handlers) ? handlers->first : NULL; entry; entry = after) {
            after = entry->next;
            if (same_slot(vk_value_get(entry, "handler"), handler)) cut(handlers, entry);
        }
        if (is_array(handlers) && handlers->count == 0) cut(deadlines, event);
    }
}

static enum vk_err make_repeater(struct vk_arena *arena, const struct sim_device_call *call) {
    struct vk_value *repeater;
    uint64_t start = 0, interval = 0, next = 0;
    (void)count_of(vk_value_at(call->args, 0), &start);
    (void)count_of(vk_value_at(call->args, 1), &interval);
    (void)count_of(vk_value_get(call->state, "nextRepeater"), &next);
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &repeater));
    VK_TRY(put_count(arena, repeater, "startTime", VK_VALUE_BIGINT, start));
    VK_TRY(put_count(arena, repeater, "interval", VK_VALUE_BIGINT, interval));
    vk_value_append(vk_value_get(call->state, "repeaters"), VK_STR_NONE, repeater);
    return put_count(arena, call->state, "nextRepeater", VK_VALUE_NUMBER, next + 1);
}

static enum vk_err delete_repeater(struct vk_arena *arena, const struct sim_device_call *call) {
    struct vk_value *repeater, *none;
    uint64_t number = 0;
    (void)count_of(vk_value_at(call->args, 0), &number);
    repeater = vk_value_at(vk_value_get(call->state, "repeaters"), (size_t)number);
    VK_TRY(vk_value_new(arena, VK_VALUE_UNDEFINED, &none));
    if (!repeater) return VK_OK;
    none->next = repeater->next;
    *repeater = *none;
    return VK_OK;
}

static enum vk_err timer(struct vk_arena *arena, const struct sim_device_call *call,
                         struct sim_device_answer *answer) {
    struct vk_value *state = call->state;
    const struct vk_value *first = vk_value_at(call->args, 0), *second = vk_value_at(call->args, 1);
    uint64_t polled = 0, time = 0;
    answer->device = "timer";
    if (vk_str_eq(call->method, VK_STR("getLastPolled"))) return VK_OK;
    if (!is_timer(state, &polled)) return VK_OK;
    if (call->polled > polled) VK_TRY(poll(arena, state, call->polled));
    if (call->polled > polled) polled = call->polled;
    answer->word = SIM_DEVICE_WRITES;
    answer->state = state;
    if (vk_str_eq(call->method, VK_STR("setWakeup")) && count_of(first, &time) && second)
        return add_deadline(arena, state, time, second, NULL);
    if (vk_str_eq(call->method, VK_STR("removeWakeup"))) {
        remove_handler(vk_value_get(state, "deadlines"), first);
        return VK_OK;
    }
    if (vk_str_eq(call->method, VK_STR("makeRepeater"))) return make_repeater(arena, call);
    if (vk_str_eq(call->method, VK_STR("deleteRepeater"))) return delete_repeater(arena, call);
    time = next_time(state, first, polled);
    if (vk_str_eq(call->method, VK_STR("schedule")) && time && second)
        return add_deadline(arena, state, time, second, first);
    answer->word = SIM_DEVICE_KEEPS;
    return VK_OK;
}

/* ---- plugin */

static enum vk_err connect(struct vk_arena *arena, const struct sim_device_call *call,
                           const struct vk_value *mod, uint64_t index) {
    struct vk_value *mods = vk_value_get(call->state, "connectedMods");
    struct vk_value *epochs = vk_value_get(call->state, "nextEpochs"), *epoch, *fresh;
    uint64_t number = 0;
    if (!is_array(mods) || !is_array(epochs)) return VK_OK;
    if (mod && index == mods->count) VK_TRY(push(arena, mods, mod));
    epoch = vk_value_at(epochs, (size_t)index);
    (void)count_of(epoch, &number);
    VK_TRY(new_count(arena, VK_VALUE_NUMBER, number + 1, &fresh));
    if (!epoch) return push(arena, epochs, fresh);
    fresh->next = epoch->next;
    *epoch = *fresh;
    return VK_OK;
}

static enum vk_err plugin(struct vk_arena *arena, const struct sim_device_call *call,
                          struct sim_device_answer *answer) {
    const struct vk_value *first = vk_value_at(call->args, 0);
    const struct vk_value *mods = vk_value_get(call->state, "connectedMods");
    uint64_t index = mods ? mods->count : 0;
    answer->device = "plugin";
    answer->state = call->state;
    if (vk_str_eq(call->method, VK_STR("registerReceiver")) && first) {
        answer->word = SIM_DEVICE_WRITES;
        return put(arena, call->state, VK_STR("registeredReceiver"), first);
    }
    if (vk_str_eq(call->method, VK_STR("connect")) && first) {
        (void)count_of(vk_value_at(call->args, 1), &index);
        answer->word = SIM_DEVICE_WRITES;
        return connect(arena, call, first, index);
    }
    if (vk_str_eq(call->method, VK_STR("send")) && call->again && count_of(first, &index)) {
        answer->word = SIM_DEVICE_WRITES;
        return connect(arena, call, NULL, index);
    }
    return VK_OK;
}

bool sim_device_may_reconnect(const struct vk_value *state, struct vk_str method) {
    return vk_value_get(state, "connectedMods") && vk_str_eq(method, VK_STR("send"));
}

enum vk_err sim_device_model(struct vk_arena *arena, const struct sim_device_call *call,
                             struct sim_device_answer *answer) {
    const struct vk_value *state = call->state;
    bool inbound = vk_str_eq(call->method, VK_STR("registerInboundHandler"));
    *answer = (struct sim_device_answer){.word = SIM_DEVICE_KEEPS};
    if (vk_value_get(state, "queuedMessages")) return loopbox(arena, call, answer);
    if (vk_value_get(state, "deadlines")) return timer(arena, call, answer);
    if (vk_value_get(state, "connectedMods")) return plugin(arena, call, answer);
    if (inbound && call->args->count == 1) return inbound_handler(arena, call, answer);
    if (vk_str_eq(call->method, VK_STR("unregisterInboundHandler")) && call->args->count == 0)
        return inbound_handler(arena, call, answer);
    answer->word = SIM_DEVICE_UNKNOWN;
    return VK_OK;
}
