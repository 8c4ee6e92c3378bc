/* audit_schema.c - sorts every key into its family, types every value, and fills the tables.
 *
 * Two walks over the sorted keys: one that counts the nouns (a vat, an object, a promise ... each
 * a run of keys with the same first segment), one that fills their rows. Answers to the schema
 * comment at the top of kernelKeeper.js; older families (vN.reapInterval, initialized,
 * kernel.defaultReapInterval) are unknown to version 3.
 *
 * INV-AUDIT-11  Every key is looked at once and either put in its place or reported as unknown.
 */
#include "audit.h"

enum noun { NOUN_NONE, NOUN_HOLDER, NOUN_OBJECT, NOUN_PROMISE, NOUN_NODE, NOUN_METER, NOUN_COUNT };

/* The noun that a key belongs to, its id, and what follows the id's dot. */
static enum noun noun_of(struct vk_str key, struct vk_str *id, struct vk_str *rest) {
    const char *dot = key.n ? memchr(key.p, '.', key.n) : NULL;
    if (!dot) return NOUN_NONE;
    *id = (struct vk_str){key.p, (size_t)(dot - key.p)};
    *rest = vk_str_from(key, id->n + 1);
    uint64_t number;
    enum audit_slot slot;
    if (audit_kref_parse(*id, &slot, &number)) {
        static const enum noun nouns[AUDIT_SLOT_COUNT] = {[AUDIT_SLOT_OBJECT] = NOUN_OBJECT,
                                                          [AUDIT_SLOT_PROMISE] = NOUN_PROMISE,
                                                          [AUDIT_SLOT_DEVICE] = NOUN_NODE};
        return nouns[slot];
    }
    if (audit_id_parse(*id, 'v', &number) || audit_id_parse(*id, 'd', &number)) return NOUN_HOLDER;
    return audit_id_parse(*id, 'm', &number) ? NOUN_METER : NOUN_NONE;
}

static void report_unknown(struct audit *audit, const struct audit_pair *pair) {
    audit_report(audit, AUDIT_UNKNOWN_KEY, pair->key, VK_STR("no such key"), pair->value);
}

static void counter_read(struct audit *audit, const struct audit_pair *pair,
                         struct audit_counter *counter) {
    counter->known = vk_str_to_u64(pair->value, &counter->next);
    if (!counter->known)
        audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("a number"), pair->value);
}

/* ---- keys of vats and devices */
static void holder_key(struct audit *audit, struct audit_holder *holder, size_t index,
                       struct vk_str rest) {
    const struct audit_pair *pair = &audit->state->pairs[index];
    if (vk_str_starts(rest, VK_STR("c."))) {
        if (!holder->clist_end) holder->clist_first = index;
        holder->clist_end = index + 1;
        return;
    }
    if (vk_str_starts(rest, VK_STR("vs."))) return; /* the vat's own */
    if (vk_str_eq(rest, VK_STR("o.nextID")))
        counter_read(audit, pair, &holder->next[AUDIT_SLOT_OBJECT]);
    else if (vk_str_eq(rest, VK_STR("p.nextID")))
        counter_read(audit, pair, &holder->next[AUDIT_SLOT_PROMISE]);
    else if (vk_str_eq(rest, VK_STR("d.nextID")))
        counter_read(audit, pair, &holder->next[AUDIT_SLOT_DEVICE]);
    else if (vk_str_eq(rest, VK_STR("source")))
        holder->source = pair;
    else if (vk_str_eq(rest, VK_STR("options")))
        holder->options = pair;
    else if (!holder->is_device && vk_str_eq(rest, VK_STR("reapDirt")))
        holder->reap_dirt = pair;
    else if (!holder->is_device && vk_str_eq(rest, VK_STR("vatParameters")))
        holder->parameters = pair;
    else if (!holder->is_device && vk_str_eq(rest, VK_STR("suspended")))
        holder->suspended = pair;
    else if (!holder->is_device && vk_str_eq(rest, VK_STR("paused")))
        holder->paused = pair;
    else if (!holder->is_device || !vk_str_eq(rest, VK_STR("deviceState")))
        report_unknown(audit, pair);
}

/* ---- keys of krefs and meters */
static bool counts_read(struct vk_str value, struct audit_counts *counts) {
    struct vk_str rest = value, first, second;
    return audit_list_next(&rest, &first) && audit_list_next(&rest, &second) &&
           !vk_str_present(rest) && vk_str_to_u64(first, &counts->reachable) &&
           vk_str_to_u64(second, &counts->recognizable);
}

static void object_key(struct audit *audit, struct audit_object *object,
                       const struct audit_pair *pair, struct vk_str rest) {
    if (vk_str_eq(rest, VK_STR("owner"))) {
        object->owner = pair;
    } else if (vk_str_eq(rest, VK_STR("refCount"))) {
        object->refcount = pair;
        object->counted = counts_read(pair->value, &object->count);
        if (!object->counted)
            audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("two numbers"), pair->value);
    } else {
        report_unknown(audit, pair);
    }
}

static void promise_state_read(struct audit *audit, struct audit_promise *promise,
                               const struct audit_pair *pair) {
    promise->state_pair = pair;
    if (vk_str_eq(pair->value, VK_STR("unresolved")))
        promise->state = AUDIT_PROMISE_UNRESOLVED;
    else if (vk_str_eq(pair->value, VK_STR("fulfilled")))
        promise->state = AUDIT_PROMISE_FULFILLED;
    else if (vk_str_eq(pair->value, VK_STR("rejected")))
        promise->state = AUDIT_PROMISE_REJECTED;
    else
        audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("unresolved, fulfilled or rejected"),
                     pair->value);
}

static void promise_queue_key(struct audit *audit, struct audit_promise *promise, size_t index,
                              struct vk_str rest) {
    const struct audit_pair *pair = &audit->state->pairs[index];
    uint64_t number;
    if (vk_str_eq(rest, VK_STR("nextID"))) {
        promise->queue_next_pair = pair;
        counter_read(audit, pair, &promise->queue_next);
    } else if (vk_str_to_u64(rest, &number)) {
        if (!promise->queue_count) promise->queue_first = index;
        promise->queue_count++;
    } else {
        report_unknown(audit, pair);
    }
}

static void promise_key(struct audit *audit, struct audit_promise *promise, size_t index,
                        struct vk_str rest) {
    const struct audit_pair *pair = &audit->state->pairs[index];
    if (vk_str_eq(rest, VK_STR("state"))) {
        promise_state_read(audit, promise, pair);
    } else if (vk_str_eq(rest, VK_STR("refCount"))) {
        promise->refcount = pair;
        promise->counted = vk_str_to_u64(pair->value, &promise->count);
        if (!promise->counted)
            audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("a number"), pair->value);
    } else if (vk_str_starts(rest, VK_STR("queue."))) {
        promise_queue_key(audit, promise, index, vk_str_from(rest, strlen("queue.")));
    } else if (vk_str_eq(rest, VK_STR("decider"))) {
        promise->decider = pair;
    } else if (vk_str_eq(rest, VK_STR("policy"))) {
        promise->policy = pair;
    } else if (vk_str_eq(rest, VK_STR("subscribers"))) {
        promise->subscribers = pair;
    } else if (vk_str_eq(rest, VK_STR("data.body"))) {
        promise->body = pair;
    } else if (vk_str_eq(rest, VK_STR("data.slots"))) {
        promise->slots = pair;
    } else {
        report_unknown(audit, pair);
    }
}

static void node_key(struct audit *audit, struct audit_node *node, const struct audit_pair *pair,
                     struct vk_str rest) {
    if (vk_str_eq(rest, VK_STR("owner")))
        node->owner = pair;
    else
        report_unknown(audit, pair);
}

static bool is_digits(struct vk_str text) {
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9') return false;
    return text.n > 0;
}

static void meter_key(struct audit *audit, struct audit_meter *meter, const struct audit_pair *pair,
                      struct vk_str rest) {
    bool is_remaining = vk_str_eq(rest, VK_STR("remaining"));
    if (is_remaining)
        meter->remaining = pair;
    else if (vk_str_eq(rest, VK_STR("threshold")))
        meter->threshold = pair;
    else
        report_unknown(audit, pair);
    bool unlimited = is_remaining && vk_str_eq(pair->value, VK_STR("unlimited"));
    if (!unlimited && !is_digits(pair->value)) /* a bigint of any size */
        audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("a number"), pair->value);
}

/* ---- keys with names of their own */
enum fixed_type {
    TYPE_TEXT,
    TYPE_HASH,
    TYPE_NUMBER,
    TYPE_STRINGS, /* a JSON array of strings */
    TYPE_BOUNDS,  /* a JSON array of two numbers */
    TYPE_ARRAY,
    TYPE_OBJECT,
    TYPE_MANAGER,
    TYPE_THRESHOLD, /* a JSON object of dirt thresholds */
};

static const struct {
    const char *key;
    enum fixed_type type;
    bool required;
} fixed_keys[AUDIT_FIXED_COUNT] = {
#define AUDIT_FIXED_ROW(name, key, type, required) {key, TYPE_##type, required},
    AUDIT_FIXED_KEYS(AUDIT_FIXED_ROW)
#undef AUDIT_FIXED_ROW
};

static bool is_threshold(const struct vk_json *threshold) {
    for (const struct vk_json *entry = threshold->first; entry; entry = entry->next) {
        bool is_never = vk_str_eq(entry->key, VK_STR("never")) && vk_json_is(entry, VK_JSON_BOOL);
        bool is_limit =
            vk_json_is(entry, VK_JSON_NUMBER) || vk_str_eq(vk_json_string(entry), VK_STR("never"));
        if (!is_never && !is_limit) return false;
    }
    return true;
}

static bool is_hex(struct vk_str text, size_t digits) {
    for (size_t i = 0; i < text.n; i++)
        if (!memchr("0123456789abcdef", text.p[i], 16)) return false;
    return text.n == digits;
}

static bool is_manager(struct vk_str text) {
    static const char *const managers[] = {"local", "node-subprocess", "xsnap", "xs-worker"};
    for (size_t i = 0; i < sizeof managers / sizeof *managers; i++)
        if (vk_str_eq(text, vk_str(managers[i]))) return true;
    return false;
}

static bool is_strings(const struct vk_json *array) {
    for (const struct vk_json *element = array->first; element; element = element->next)
        if (!vk_json_is(element, VK_JSON_STRING)) return false;
    return true;
}

static bool bounds_read(const struct vk_json *array, struct audit_fixed_key *fixed) {
    const struct vk_json *head = vk_json_at(array, 0), *tail = vk_json_at(array, 1);
    return array->count == 2 && vk_json_is(head, VK_JSON_NUMBER) &&
           vk_json_is(tail, VK_JSON_NUMBER) && vk_str_to_u64(head->text, &fixed->head) &&
           vk_str_to_u64(tail->text, &fixed->tail);
}

/* Reads a JSON value and checks its inner form; on a wrong one fixed->json stays NULL. */
static void fixed_json_read(struct audit *audit, enum fixed_type type,
                            struct audit_fixed_key *fixed) {
    bool is_object = type == TYPE_OBJECT || type == TYPE_THRESHOLD;
    const struct vk_json *json =
        audit_json(audit, &audit->arena, fixed->pair, is_object ? VK_JSON_OBJECT : VK_JSON_ARRAY);
    if (!json) return;
    struct vk_str wanted = VK_STR("");
    if (type == TYPE_STRINGS && !is_strings(json))
        wanted = VK_STR("a JSON array of strings");
    else if (type == TYPE_BOUNDS && !bounds_read(json, fixed))
        wanted = VK_STR("a JSON array of two numbers");
    else if (type == TYPE_THRESHOLD && !is_threshold(json))
        wanted = VK_STR("a JSON object of numbers or \"never\"");
    if (wanted.n)
        audit_report(audit, AUDIT_MALFORMED, fixed->pair->key, wanted, fixed->pair->value);
    else
        fixed->json = json;
}

static void fixed_key_read(struct audit *audit, enum audit_fixed key,
                           const struct audit_pair *pair) {
    struct audit_fixed_key *fixed = &audit->fixed[key];
    fixed->pair = pair;
    switch (fixed_keys[key].type) {
    case TYPE_TEXT: return;
    case TYPE_HASH:
        if (!is_hex(pair->value, VK_HASH_HEX - 1))
            audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("a hash"), pair->value);
        return;
    case TYPE_NUMBER: counter_read(audit, pair, &fixed->number); return;
    case TYPE_MANAGER:
        if (!is_manager(pair->value))
            audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("a manager type"), pair->value);
        return;
    case TYPE_STRINGS:
    case TYPE_BOUNDS:
    case TYPE_ARRAY:
    case TYPE_OBJECT:
    case TYPE_THRESHOLD: fixed_json_read(audit, fixed_keys[key].type, fixed); return;
    }
}

static bool is_bundle_id(struct vk_str text) {
    return vk_str_starts(text, VK_STR("b1-")) && is_hex(vk_str_from(text, strlen("b1-")), 128);
}

/* "sideQueue.v5", "sideQueue.v5.3" */
static bool is_side_queue_key(struct vk_str key) {
    struct vk_str rest;
    uint64_t number;
    if (!vk_str_starts(key, VK_STR("sideQueue."))) return false;
    rest = vk_str_from(key, strlen("sideQueue."));
    const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
    if (!dot) return audit_id_parse(rest, 'v', &number);
    struct vk_str id = {rest.p, (size_t)(dot - rest.p)};
    return audit_id_parse(id, 'v', &number) && vk_str_to_u64(vk_str_from(rest, id.n + 1), &number);
}

static void other_key(struct audit *audit, const struct audit_pair *pair) {
    for (size_t i = 0; i < AUDIT_FIXED_COUNT; i++) {
        if (!vk_str_eq(pair->key, vk_str(fixed_keys[i].key))) continue;
        fixed_key_read(audit, (enum audit_fixed)i, pair);
        return;
    }
    static const char *const families[] = {"vat.name.", "device.name.", "bundle.", "local.",
                                           "host."};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (vk_str_starts(pair->key, vk_str(families[i]))) return;
    if (vk_str_starts(pair->key, VK_STR("namedBundleID."))) {
        if (!is_bundle_id(pair->value))
            audit_report(audit, AUDIT_MALFORMED, pair->key, VK_STR("a bundle id"), pair->value);
        return;
    }
    if (is_side_queue_key(pair->key)) return;
    static const char *const queues[] = {"runQueue.", "acceptanceQueue."};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        uint64_t number;
        if (vk_str_starts(pair->key, vk_str(queues[i])) &&
            vk_str_to_u64(vk_str_from(pair->key, strlen(queues[i])), &number))
            return;
    }
    report_unknown(audit, pair);
}

/* ---- the two walks */
static void nouns_count(const struct audit_state *state, size_t counts[NOUN_COUNT]) {
    struct vk_str id, rest, last = VK_STR_NONE;
    for (size_t i = 0; i < state->pair_count; i++) {
        enum noun noun = noun_of(state->pairs[i].key, &id, &rest);
        if (noun == NOUN_NONE || vk_str_eq(id, last)) continue;
        counts[noun]++;
        last = id;
    }
}

static enum vk_err tables_allocate(struct audit *audit, const size_t counts[NOUN_COUNT]) {
    struct vk_arena *arena = &audit->arena;
    VK_TRY(VK_NEW_ARRAY(arena, &audit->holders, counts[NOUN_HOLDER]));
    VK_TRY(VK_NEW_ARRAY(arena, &audit->objects, counts[NOUN_OBJECT]));
    VK_TRY(VK_NEW_ARRAY(arena, &audit->promises, counts[NOUN_PROMISE]));
    VK_TRY(VK_NEW_ARRAY(arena, &audit->nodes, counts[NOUN_NODE]));
    VK_TRY(VK_NEW_ARRAY(arena, &audit->meters, counts[NOUN_METER]));
    return VK_OK;
}

/* The row of `id`, which is the newest one or a new one (INV-AUDIT-4). */
#define TABLE_ROW(rows, count, id_field, id)                                                       \
    if (!(count) || !vk_str_eq((rows)[(count)-1].id_field, (id))) {                                \
        memset(&(rows)[(count)], 0, sizeof *(rows));                                               \
        (rows)[(count)++].id_field = (id);                                                         \
    }

static void key_place(struct audit *audit, size_t index) {
    const struct audit_pair *pair = &audit->state->pairs[index];
    struct vk_str id, rest;
    switch (noun_of(pair->key, &id, &rest)) {
    case NOUN_HOLDER:
        TABLE_ROW(audit->holders, audit->holder_count, id, id)
        audit->holders[audit->holder_count - 1].is_device = id.p[0] == 'd';
        holder_key(audit, &audit->holders[audit->holder_count - 1], index, rest);
        return;
    case NOUN_OBJECT:
        TABLE_ROW(audit->objects, audit->object_count, kref, id)
        object_key(audit, &audit->objects[audit->object_count - 1], pair, rest);
        return;
    case NOUN_PROMISE:
        TABLE_ROW(audit->promises, audit->promise_count, kref, id)
        promise_key(audit, &audit->promises[audit->promise_count - 1], index, rest);
        return;
    case NOUN_NODE:
        TABLE_ROW(audit->nodes, audit->node_count, kref, id)
        node_key(audit, &audit->nodes[audit->node_count - 1], pair, rest);
        return;
    case NOUN_METER:
        TABLE_ROW(audit->meters, audit->meter_count, id, id)
        meter_key(audit, &audit->meters[audit->meter_count - 1], pair, rest);
        return;
    case NOUN_NONE:
    case NOUN_COUNT: other_key(audit, pair); return;
    }
}

/* ---- what needs all keys */
static void id_check(struct audit *audit, struct vk_str id, size_t prefix_size,
                     enum audit_fixed counter) {
    uint64_t number;
    bool parsed = vk_str_to_u64(vk_str_from(id, prefix_size), &number);
    VK_ASSERT(parsed); /* INV-AUDIT-12: noun_of took it for an id */
    const struct audit_counter *limit = &audit->fixed[counter].number;
    if (!limit->known || number < limit->next) return;
    audit_report(audit, AUDIT_ID_RANGE, id,
                 audit_text(audit, "below %s %llu", fixed_keys[counter].key,
                            (unsigned long long)limit->next),
                 id);
}

static void ids_check(struct audit *audit) {
    for (size_t i = 0; i < audit->holder_count; i++)
        id_check(audit, audit->holders[i].id, 1,
                 audit->holders[i].is_device ? AUDIT_KEY_DEVICE_NEXT_ID : AUDIT_KEY_VAT_NEXT_ID);
    for (size_t i = 0; i < audit->object_count; i++)
        id_check(audit, audit->objects[i].kref, 2, AUDIT_KEY_OBJECT_NEXT_ID);
    for (size_t i = 0; i < audit->promise_count; i++)
        id_check(audit, audit->promises[i].kref, 2, AUDIT_KEY_PROMISE_NEXT_ID);
    for (size_t i = 0; i < audit->node_count; i++)
        id_check(audit, audit->nodes[i].kref, 2, AUDIT_KEY_NODE_NEXT_ID);
    for (size_t i = 0; i < audit->meter_count; i++)
        id_check(audit, audit->meters[i].id, 1, AUDIT_KEY_METER_NEXT_ID);
}

/* Counters never go back, so none is below its start; what is never deleted is as many as were
 * counted. */
static void counters_check(struct audit *audit) {
    const struct audit_fixed_key *devices = &audit->fixed[AUDIT_KEY_DEVICE_NAMES];
    const struct {
        enum audit_fixed key;
        uint64_t start;
        bool counts; /* `made` is all that it ever counted */
        uint64_t made;
    } counters[] = {
        {AUDIT_KEY_VAT_NEXT_ID, 1, false, 0},
        {AUDIT_KEY_VAT_NEXT_UPGRADE_ID, 1, false, 0},
        {AUDIT_KEY_DEVICE_NEXT_ID, 7, devices->json != NULL,
         devices->json ? devices->json->count : 0},
        {AUDIT_KEY_METER_NEXT_ID, 1, true, audit->meter_count},
        {AUDIT_KEY_OBJECT_NEXT_ID, 20, false, 0},
        {AUDIT_KEY_PROMISE_NEXT_ID, 40, false, 0},
        {AUDIT_KEY_NODE_NEXT_ID, 30, true, audit->node_count},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        const struct audit_fixed_key *counter = &audit->fixed[counters[i].key];
        uint64_t least = counters[i].start + counters[i].made;
        if (!counter->number.known || counter->number.next == least ||
            (!counters[i].counts && counter->number.next > least))
            continue;
        audit_report(audit, AUDIT_ID_RANGE, counter->pair->key,
                     audit_text(audit, "%s%llu", counters[i].counts ? "" : "at least ",
                                (unsigned long long)least),
                     counter->pair->value);
    }
}

enum vk_err audit_schema(struct audit *audit) {
    size_t counts[NOUN_COUNT] = {0};
    nouns_count(audit->state, counts);
    VK_TRY(tables_allocate(audit, counts));
    for (size_t i = 0; i < audit->state->pair_count; i++)
        key_place(audit, i);
    VK_ASSERT(audit->object_count == counts[NOUN_OBJECT]);   /* INV-AUDIT-4 */
    VK_ASSERT(audit->promise_count == counts[NOUN_PROMISE]); /* INV-AUDIT-4 */
    for (size_t i = 0; i < AUDIT_FIXED_COUNT; i++)
        if (fixed_keys[i].required && !audit->fixed[i].pair)
            audit_report(audit, AUDIT_SCHEMA, vk_str(fixed_keys[i].key), VK_STR("a value"),
                         VK_STR("(none)"));
    ids_check(audit);
    counters_check(audit);
    return VK_OK;
}
