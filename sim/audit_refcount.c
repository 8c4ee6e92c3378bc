/* audit_refcount.c - compares every reference count with the references that the other steps
 * found, and says who holds what he owns.
 *
 * Found less than expected is always a violation: somebody will free what is still named. More is
 * one unless the surplus can be references that are not in the store: one each to a promise, one
 * each to both counts of an object (kpRegisterInterest, kpResolution and addExport of the host;
 * create-vat-event and upgrade-vat-event references of an event whose crank was aborted or whose
 * vat was dead, and the vatParameters of a deleted vat, all of which SwingSet forgets to give
 * up).
 *
 * An object without references keeps its row while its owner lives (it was exported, or is a
 * root), so no count is wrong for being 0. A promise's row may stay at 0 as well: kpResolution
 * leaves it to the next crank, and a restart in between forgets it.
 *
 * Answers to incrementReferenceCount and decrementRefCount of kernelKeeper.js, and to their
 * callers.
 */
#include "audit.h"

static bool is_exact(const struct audit *audit) {
    return audit->options->strict || audit->options->references_known;
}

/* ---- references that only the caller knows */
static void external_references_note(struct audit *audit) {
    if (!audit->options->references_known) return;
    for (size_t i = 0; i < audit->options->reference_count; i++) {
        const struct audit_reference *reference = &audit->options->references[i];
        struct audit_promise *promise = audit_find_promise(audit, reference->kref);
        struct audit_object *object = audit_find_object(audit, reference->kref);
        if (promise) promise->external += reference->count;
        if (object) object->external += reference->count;
        bool is_gone = !promise && !object && !vk_str_starts(reference->kref, VK_STR("kd"));
        if (is_gone && reference->count)
            audit_report(audit, AUDIT_DANGLING_KREF, reference->kref,
                         VK_STR("something that the host refers to"), VK_STR("(none)"));
    }
}

/* ---- objects */
static void object_surplus_note(struct audit *audit, uint64_t surplus) {
    if (!surplus) return;
    audit->report->surplus_objects++;
    audit->report->surplus_object_references += surplus;
}

static void object_count_check(struct audit *audit, const struct audit_object *object) {
    const struct audit_counts *found = &object->count;
    uint64_t reachable = object->references.reachable + object->external;
    uint64_t recognizable = object->references.recognizable + object->external;
    VK_ASSERT(reachable <= recognizable); /* INV-AUDIT-15: what is reached is recognized */
    bool enough = found->reachable >= reachable && found->recognizable >= recognizable;
    if (enough && found->reachable - reachable == found->recognizable - recognizable &&
        (found->reachable == reachable || !is_exact(audit))) {
        object_surplus_note(audit, found->reachable - reachable);
        return;
    }
    audit_report(audit, AUDIT_OBJECT_REFCOUNT, object->refcount->key,
                 audit_text(audit, "%llu,%llu", (unsigned long long)reachable,
                            (unsigned long long)recognizable),
                 object->refcount->value);
}

/* ---- garbage */

static bool is_listed(const struct audit *audit, enum audit_fixed where, struct vk_str text) {
    const struct vk_json *list = audit->fixed[where].json;
    for (const struct vk_json *item = list ? list->first : NULL; item; item = item->next)
        if (vk_str_eq(vk_json_string(item), text)) return true;
    return false;
}

/* Among the GC actions; or it may be, for something waits for the owner. */
static bool drop_is_noted(struct audit *audit, const struct audit_object *object) {
    const struct audit_holder *owner = object->exporter;
    struct vk_str action =
        audit_text(audit, "%.*s dropExport %.*s", VK_STR_ARG(owner->id), VK_STR_ARG(object->kref));
    return is_listed(audit, AUDIT_KEY_GC_ACTIONS, action) || owner->paused ||
           is_listed(audit, AUDIT_KEY_SIDE_QUEUES_READY, owner->id);
}

static bool is_excused(const struct audit *audit, struct vk_str kref) {
    const struct sim_audit_options *options = audit->options;
    return !options->is_collected || (options->excused && options->excused(options->impl, kref));
}

/* Every crank ends with a look at what was released in it: what then is unreachable has no owner to tell of it and is
 * gone, or its owner has been told, or will be. A root that nobody ever asked for is told of by nobody. */
static void object_garbage_check(struct audit *audit, const struct audit_object *object) {
    if (object->count.reachable || is_excused(audit, object->kref)) return;
    if (!object->owner) {
        audit_report(audit, AUDIT_GARBAGE, object->refcount->key,
                     VK_STR("nothing, for it has no owner and cannot be reached"),
                     object->refcount->value);
        return;
    }
    if (!object->exporter || !audit_holder_alive(object->exporter) || !object->exporter_reachable ||
        drop_is_noted(audit, object))
        return;
    audit_report(audit, AUDIT_GARBAGE, object->refcount->key,
                 VK_STR("a dropExport on its way, for it cannot be reached"),
                 object->refcount->value);
}

/* An owner has what it owns in its c-list, and a device node its device: nobody is named who made
 * nothing. */
static void owner_check(struct audit *audit, struct vk_str kref, const struct audit_pair *owner,
                        const struct audit_holder *exporter) {
    if (exporter && vk_str_eq(exporter->id, owner->value)) return;
    audit_report(audit, AUDIT_AUTHORITY, owner->key,
                 audit_text(audit, "an owner that exports %.*s", VK_STR_ARG(kref)), owner->value);
}

static void object_check(struct audit *audit, const struct audit_object *object) {
    if (object->owner) owner_check(audit, object->kref, object->owner, object->exporter);
    if (!object->refcount) {
        audit_report(audit, AUDIT_OBJECT_REFCOUNT, audit_key(audit, object->kref, "refCount"),
                     VK_STR("a value"), VK_STR("(none)"));
        return;
    }
    if (!object->counted) return; /* malformed */
    object_count_check(audit, object);
    object_garbage_check(audit, object);
    if (object->exporter && object->count.reachable > 0 && !object->exporter_reachable)
        audit_report(audit, AUDIT_REACHABLE_FLAG,
                     audit_text(audit, "%.*s.c.%.*s", VK_STR_ARG(object->exporter->id),
                                VK_STR_ARG(object->kref)),
                     VK_STR("R, for the object is reachable"), VK_STR("_"));
}

/* ---- promises */
static void promise_count_check(struct audit *audit, const struct audit_promise *promise) {
    uint64_t expected = promise->references + promise->external;
    if (!promise->count && !expected && !is_excused(audit, promise->kref))
        audit_report(audit, AUDIT_GARBAGE, promise->refcount->key,
                     VK_STR("nothing, for nobody refers to it"), promise->refcount->value);
    if (promise->count == expected) return;
    if (promise->count > expected && !is_exact(audit)) {
        audit->report->surplus_promises++;
        audit->report->surplus_promise_references += promise->count - expected;
        return;
    }
    audit_report(audit, AUDIT_PROMISE_REFCOUNT, promise->refcount->key,
                 audit_text(audit, "%llu", (unsigned long long)expected), promise->refcount->value);
}

enum vk_err audit_refcounts(struct audit *audit) {
    external_references_note(audit);
    for (size_t i = 0; i < audit->object_count; i++) {
        vk_arena_clear(&audit->scratch);
        object_check(audit, &audit->objects[i]);
    }
    for (size_t i = 0; i < audit->node_count; i++) {
        vk_arena_clear(&audit->scratch);
        const struct audit_node *node = &audit->nodes[i];
        if (node->owner) owner_check(audit, node->kref, node->owner, node->exporter);
    }
    for (size_t i = 0; i < audit->promise_count; i++) {
        vk_arena_clear(&audit->scratch);
        if (audit->promises[i].counted) promise_count_check(audit, &audit->promises[i]);
    }
    return audit->err;
}
