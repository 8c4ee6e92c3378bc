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
    if (object->exporter && object->count.reachable > 0 && !object->exporter_reachable)
        audit_report(audit, AUDIT_REACHABLE_FLAG,
                     audit_text(audit, "%.*s.c.%.*s", VK_STR_ARG(object->exporter->id),
                                VK_STR_ARG(object->kref)),
                     VK_STR("R, for the object is reachable"), VK_STR("_"));
}

/* ---- promises */
static void promise_count_check(struct audit *audit, const struct audit_promise *promise) {
    uint64_t expected = promise->references + promise->external;
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
