/* audit_table.c - finds things by their names, and counts the references to them. See audit.h. */
#include "audit.h"

/* Every row of every table begins with its id. */
static void *table_find(void *rows, size_t count, size_t row_size, struct vk_str id) {
    char *table = rows;
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct vk_str found;
        memcpy(&found, table + middle * row_size, sizeof found);
        int order = vk_str_cmp(found, id);
        if (order == 0) return table + middle * row_size;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct audit_holder *audit_find_holder(const struct audit *audit, struct vk_str id) {
    return table_find(audit->holders, audit->holder_count, sizeof *audit->holders, id);
}

struct audit_object *audit_find_object(const struct audit *audit, struct vk_str kref) {
    return table_find(audit->objects, audit->object_count, sizeof *audit->objects, kref);
}

struct audit_promise *audit_find_promise(const struct audit *audit, struct vk_str kref) {
    return table_find(audit->promises, audit->promise_count, sizeof *audit->promises, kref);
}

struct audit_node *audit_find_node(const struct audit *audit, struct vk_str kref) {
    return table_find(audit->nodes, audit->node_count, sizeof *audit->nodes, kref);
}

struct audit_meter *audit_find_meter(const struct audit *audit, struct vk_str id) {
    return table_find(audit->meters, audit->meter_count, sizeof *audit->meters, id);
}

const struct audit_pair *audit_find_entry(struct audit *audit, const struct audit_holder *holder,
                                          struct vk_str slot) {
    return audit_state_find(audit->state, audit_text(audit, "%.*s.c.%.*s", VK_STR_ARG(holder->id),
                                                     VK_STR_ARG(slot)));
}

bool audit_holder_alive(const struct audit_holder *holder) {
    return holder->life == AUDIT_LIFE_STATIC || holder->life == AUDIT_LIFE_DYNAMIC ||
           holder->life == AUDIT_LIFE_DEVICE;
}

bool audit_kref_parse(struct vk_str kref, enum audit_slot *slot, uint64_t *id) {
    if (kref.n < 3 || kref.p[0] != 'k') return false;
    switch (kref.p[1]) {
    case 'o': *slot = AUDIT_SLOT_OBJECT; break;
    case 'p': *slot = AUDIT_SLOT_PROMISE; break;
    case 'd': *slot = AUDIT_SLOT_DEVICE; break;
    default: return false;
    }
    return vk_str_to_u64(vk_str_from(kref, 2), id);
}

bool audit_id_parse(struct vk_str id, char prefix, uint64_t *number) {
    return id.n > 1 && id.p[0] == prefix && vk_str_to_u64(vk_str_from(id, 1), number) &&
           *number < UINT64_MAX;
}

bool audit_vref_parse(struct vk_str vref, enum audit_slot *slot, bool *by_vat,
                      uint64_t *kernel_id) {
    if (vref.n < 2 || (vref.p[1] != '+' && vref.p[1] != '-')) return false;
    switch (vref.p[0]) {
    case 'o': *slot = AUDIT_SLOT_OBJECT; break;
    case 'p': *slot = AUDIT_SLOT_PROMISE; break;
    case 'd': *slot = AUDIT_SLOT_DEVICE; break;
    default: return false;
    }
    *by_vat = vref.p[1] == '+';
    *kernel_id = 0;
    return *by_vat || vk_str_to_u64(vk_str_from(vref, 2), kernel_id);
}

bool audit_slot_exists(const struct audit *audit, struct vk_str kref) {
    enum audit_slot slot;
    uint64_t id;
    if (!audit_kref_parse(kref, &slot, &id)) return false;
    if (slot == AUDIT_SLOT_OBJECT) {
        /* kernelObjectExists(): an orphan has no owner, but it has counts */
        const struct audit_object *object = audit_find_object(audit, kref);
        return object && object->refcount;
    }
    if (slot == AUDIT_SLOT_PROMISE) {
        const struct audit_promise *promise = audit_find_promise(audit, kref);
        return promise && promise->state_pair;
    }
    VK_ASSERT(slot == AUDIT_SLOT_DEVICE); /* INV-AUDIT-9: krefs are of three kinds */
    const struct audit_node *node = audit_find_node(audit, kref);
    return node && node->owner;
}

const struct audit_counter *audit_kref_counter(const struct audit *audit, enum audit_slot slot) {
    static const enum audit_fixed keys[AUDIT_SLOT_COUNT] = {
        [AUDIT_SLOT_OBJECT] = AUDIT_KEY_OBJECT_NEXT_ID,
        [AUDIT_SLOT_PROMISE] = AUDIT_KEY_PROMISE_NEXT_ID,
        [AUDIT_SLOT_DEVICE] = AUDIT_KEY_NODE_NEXT_ID};
    VK_ASSERT(slot < AUDIT_SLOT_COUNT); /* INV-AUDIT-9 */
    return &audit->fixed[keys[slot]].number;
}

void audit_refer(struct audit *audit, struct vk_str key, struct vk_str kref) {
    enum audit_slot slot;
    uint64_t id;
    if (!audit_kref_parse(kref, &slot, &id)) {
        audit_report(audit, AUDIT_MALFORMED, key, VK_STR("a kref"), kref);
        return;
    }
    if (!audit_slot_exists(audit, kref)) {
        audit_report(audit, AUDIT_DANGLING_KREF, key, VK_STR("a kref that exists"), kref);
        return;
    }
    if (slot == AUDIT_SLOT_OBJECT) {
        struct audit_object *object = audit_find_object(audit, kref);
        object->references.reachable++;
        object->references.recognizable++;
    } else if (slot == AUDIT_SLOT_PROMISE) {
        audit_find_promise(audit, kref)->references++;
    } /* device nodes are immortal, nobody counts them */
}

void audit_refer_slots(struct audit *audit, struct vk_str key, const struct vk_json *slots) {
    VK_ASSERT(vk_json_is(slots, VK_JSON_ARRAY)); /* INV-AUDIT-10: of an audit_is_capdata */
    for (const struct vk_json *slot = slots->first; slot; slot = slot->next)
        audit_refer(audit, key, slot->text);
}

bool audit_is_capdata(const struct vk_json *capdata) {
    const struct vk_json *slots = vk_json_get(capdata, "slots");
    if (!vk_json_is(vk_json_get(capdata, "body"), VK_JSON_STRING) ||
        !vk_json_is(slots, VK_JSON_ARRAY))
        return false;
    for (const struct vk_json *slot = slots->first; slot; slot = slot->next)
        if (!vk_json_is(slot, VK_JSON_STRING)) return false;
    return true;
}

void audit_message(struct audit *audit, struct vk_str key, const struct vk_json *message) {
    const struct vk_json *methargs = vk_json_get(message, "methargs");
    const struct vk_json *result = vk_json_get(message, "result");
    bool has_result = result && !vk_json_is(result, VK_JSON_NULL);
    if (!audit_is_capdata(methargs) || (has_result && !vk_json_is(result, VK_JSON_STRING))) {
        audit_report(audit, AUDIT_QUEUE_ENTRY, key, VK_STR("a message {methargs, result}"),
                     VK_STR("something else"));
        return;
    }
    audit_refer_slots(audit, key, vk_json_get(methargs, "slots"));
    if (!has_result) return;
    struct audit_promise *promise = audit_find_promise(audit, result->text);
    if (promise) promise->results++;
    enum audit_slot slot;
    uint64_t id;
    if (!audit_kref_parse(result->text, &slot, &id) || slot != AUDIT_SLOT_PROMISE)
        audit_report(audit, AUDIT_QUEUE_ENTRY, key, VK_STR("a promise as result"), result->text);
    else
        audit_refer(audit, key, result->text);
}

bool audit_list_next(struct vk_str *rest, struct vk_str *element) {
    if (!rest->p) return false;
    const char *comma = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
    *element = *rest;
    if (!comma) {
        *rest = VK_STR_NONE;
        return true;
    }
    element->n = (size_t)(comma - rest->p);
    *rest = vk_str_from(*rest, element->n + 1);
    return true;
}
