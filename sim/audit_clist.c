/* audit_clist.c - c-lists of vats and devices: bijections that agree on kinds and on who owns what.
 *
 *   vN.c.koM = "R o-50"   kref to vref, with the reachable flag ("_": merely recognizable)
 *   vN.c.o-50 = "koM"     and back
 * A device's entries have no flag. A "+" in a vref says that the vat (the device) made it: an
 * export.
 *
 * What a c-list holds (mapKernelSlotToVatSlot, mapVatSlotToKernelSlot, setReachableFlag of
 * vatKeeper.js; mapKernelSlotToDeviceSlot of deviceKeeper.js):
 *   an object import      recognizable, and reachable if the flag says so; of a device: both
 *   a promise, either way one reference
 *   an object export, a device node   nothing
 *
 * Krefs that are gone. retireKernelObjects() deletes an object at once and lets its importers
 * know by a retireImport action; until that is delivered their entries name nothing. A terminated
 * vat is no importer any more and is told nothing: its entries go when it is cleaned up.
 *
 * Half entries. The clean-up of a terminated vat takes c-list entries of objects and promises in
 * pairs, but deletes all that is then left (device nodes) key by key, vrefs first.
 */
#include "audit.h"

struct entry {
    struct audit_holder *holder;
    size_t index;
    const struct audit_pair *pair; /* the one keyed by kref */
    struct vk_str kref, vref;
    bool is_reachable;
    enum audit_slot kref_slot, vref_slot;
    bool by_vat;
    uint64_t kernel_id;
};

static bool entry_may_be_half(const struct audit_holder *holder, enum audit_slot slot) {
    return holder->life == AUDIT_LIFE_TERMINATED && slot == AUDIT_SLOT_DEVICE;
}

/* "R o-50" of a vat, "o-10" of a device. */
static bool entry_value_parse(const struct audit_holder *holder, struct vk_str value,
                              bool *is_reachable, struct vk_str *vref) {
    *is_reachable = true;
    *vref = value;
    if (holder->is_device) return true;
    if (value.n < 3 || (value.p[0] != 'R' && value.p[0] != '_') || value.p[1] != ' ') return false;
    *is_reachable = value.p[0] == 'R';
    *vref = vk_str_from(value, 2);
    return true;
}

static bool entry_parse(struct audit *audit, struct entry *entry) {
    uint64_t kref_id;
    bool ok = audit_kref_parse(entry->kref, &entry->kref_slot, &kref_id);
    if (!ok) {
        audit_report(audit, AUDIT_UNKNOWN_KEY, entry->pair->key, VK_STR("a kref or vref"),
                     entry->pair->value);
        return false;
    }
    ok = entry_value_parse(entry->holder, entry->pair->value, &entry->is_reachable, &entry->vref) &&
         audit_vref_parse(entry->vref, &entry->vref_slot, &entry->by_vat, &entry->kernel_id);
    if (!ok)
        audit_report(audit, AUDIT_MALFORMED, entry->pair->key,
                     entry->holder->is_device ? VK_STR("a vref") : VK_STR("R or _, and a vref"),
                     entry->pair->value);
    return ok;
}

/* ---- the two directions */
static void entry_check_reverse(struct audit *audit, const struct entry *entry) {
    const struct audit_pair *reverse = audit_find_entry(audit, entry->holder, entry->vref);
    if (reverse && vk_str_eq(reverse->value, entry->kref)) return;
    if (!reverse && entry_may_be_half(entry->holder, entry->kref_slot)) return;
    audit_report(audit, AUDIT_CLIST_BIJECTION,
                 audit_text(audit, "%.*s.c.%.*s", VK_STR_ARG(entry->holder->id),
                            VK_STR_ARG(entry->vref)),
                 entry->kref, audit_value(reverse));
}

/* An entry keyed by vref: there must be one the other way round. */
static void vref_entry_check(struct audit *audit, const struct audit_holder *holder,
                             const struct audit_pair *pair, struct vk_str vref) {
    enum audit_slot slot;
    bool by_vat;
    uint64_t id;
    if (!audit_vref_parse(vref, &slot, &by_vat, &id)) {
        audit_report(audit, AUDIT_UNKNOWN_KEY, pair->key, VK_STR("a kref or vref"), pair->value);
        return;
    }
    const struct audit_pair *forward = audit_find_entry(audit, holder, pair->value);
    bool flag;
    struct vk_str back = VK_STR_NONE;
    if (forward && !entry_value_parse(holder, forward->value, &flag, &back)) return; /* reported */
    if (forward && vk_str_eq(back, vref)) return;
    audit_report(audit, AUDIT_CLIST_BIJECTION,
                 audit_text(audit, "%.*s.c.%.*s", VK_STR_ARG(holder->id), VK_STR_ARG(pair->value)),
                 vref, audit_value(forward));
}

/* ---- what an entry says */
static void entry_check_kind(struct audit *audit, const struct entry *entry) {
    static const char *const kinds[AUDIT_SLOT_COUNT] = {[AUDIT_SLOT_OBJECT] = "an object's vref",
                                                        [AUDIT_SLOT_PROMISE] = "a promise's vref",
                                                        [AUDIT_SLOT_DEVICE] = "a device's vref"};
    if (entry->kref_slot != entry->vref_slot)
        audit_report(audit, AUDIT_CLIST_KIND, entry->pair->key, vk_str(kinds[entry->kref_slot]),
                     entry->vref);
    const struct audit_counter *next = &entry->holder->next[entry->vref_slot];
    if (!entry->by_vat && next->known && entry->kernel_id >= next->next)
        audit_report(audit, AUDIT_ID_RANGE, entry->pair->key,
                     audit_text(audit, "a vref below %llu", (unsigned long long)next->next),
                     entry->vref);
}

static bool entry_may_dangle(const struct audit *audit, const struct entry *entry) {
    if (entry->kref_slot != AUDIT_SLOT_OBJECT || entry->by_vat || entry->holder->is_device)
        return false;
    return audit->import_retired[entry->index] || entry->holder->life == AUDIT_LIFE_TERMINATED;
}

static void report_owner(struct audit *audit, const struct entry *entry,
                         const struct audit_pair *owner, struct vk_str expected) {
    audit_report(audit, AUDIT_CLIST_OWNER,
                 owner ? owner->key : audit_key(audit, entry->kref, "owner"), expected,
                 audit_value(owner));
}

static void object_entry(struct audit *audit, const struct entry *entry) {
    struct audit_object *object = audit_find_object(audit, entry->kref);
    VK_ASSERT(object && object->refcount); /* INV-AUDIT-13: only what exists has entries */
    bool is_owner = object->owner && vk_str_eq(object->owner->value, entry->holder->id);
    if (entry->by_vat) {
        if (!is_owner) report_owner(audit, entry, object->owner, entry->holder->id);
        if (is_owner || !object->exporter) {
            object->exporter = entry->holder;
            object->exporter_reachable = entry->is_reachable;
        }
        return;
    }
    if (is_owner) report_owner(audit, entry, object->owner, VK_STR("another vat, or none"));
    object->references.recognizable++;
    object->references.reachable += entry->is_reachable;
}

static void node_entry(struct audit *audit, const struct entry *entry) {
    struct audit_node *node = audit_find_node(audit, entry->kref);
    VK_ASSERT(node && node->owner); /* INV-AUDIT-13 */
    bool is_owner = vk_str_eq(node->owner->value, entry->holder->id);
    if (entry->by_vat != is_owner)
        report_owner(audit, entry, node->owner,
                     entry->by_vat ? entry->holder->id : VK_STR("another device"));
    if (entry->by_vat) node->exporter = entry->holder;
}

static void kref_entry_check(struct audit *audit, struct entry *entry) {
    if (!entry_parse(audit, entry)) return;
    entry_check_reverse(audit, entry);
    entry_check_kind(audit, entry);
    /* vats make no device nodes, and devices make nothing else */
    if (entry->by_vat && entry->holder->is_device != (entry->vref_slot == AUDIT_SLOT_DEVICE))
        audit_report(audit, AUDIT_CLIST_OWNER, entry->pair->key, VK_STR("an import"), entry->vref);
    if (!audit_slot_exists(audit, entry->kref)) {
        if (!entry_may_dangle(audit, entry))
            audit_report(audit, AUDIT_DANGLING_KREF, entry->pair->key, VK_STR("a kref that exists"),
                         entry->kref);
        return;
    }
    switch (entry->kref_slot) {
    case AUDIT_SLOT_OBJECT: object_entry(audit, entry); return;
    case AUDIT_SLOT_PROMISE: audit_find_promise(audit, entry->kref)->references++; return;
    case AUDIT_SLOT_DEVICE: node_entry(audit, entry); return;
    case AUDIT_SLOT_COUNT: return;
    }
}

static void clist_check(struct audit *audit, struct audit_holder *holder) {
    for (size_t i = holder->clist_first; i < holder->clist_end; i++) {
        const struct audit_pair *pair = &audit->state->pairs[i];
        vk_arena_clear(&audit->scratch);
        struct vk_str slot = vk_str_from(pair->key, holder->id.n + strlen(".c."));
        if (!vk_str_starts(slot, VK_STR("k"))) {
            vref_entry_check(audit, holder, pair, slot);
            continue;
        }
        holder->clist_krefs++;
        struct entry entry = {.holder = holder, .index = i, .pair = pair, .kref = slot};
        kref_entry_check(audit, &entry);
    }
    if (!holder->is_device) audit->clist_entries += holder->clist_krefs;
}

enum vk_err audit_clists(struct audit *audit) {
    for (size_t i = 0; i < audit->holder_count; i++)
        clist_check(audit, &audit->holders[i]);
    return audit->err;
}
