/* gc.c - see gc.h. */
#include "gc.h"

#include "vk/probe.h"

#include "../object/clist.h"
#include "../object/gc_actions.h"
#include "../object/object.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "../object/vat.h"

/* ---- the work list */

static enum vk_err free_promise(struct vk_kernel *kernel, struct vk_kref kpid) {
    struct vk_state *state = &kernel->state;
    struct vk_promise promise;
    uint64_t count;
    bool exists;
    /* An aborted crank leaves names of promises that its roll-back erased. */
    VK_TRY(vk_promise_exists(state, kpid, &exists));
    VK_RARELY_IF(!exists, gc_of_promise_that_was_rolled_back);
    if (!exists) return VK_OK;
    VK_TRY(vk_promise_refcount_get(state, kpid, &count));
    if (count) return VK_OK;
    VK_TRY(vk_promise_get(state, kpid, &promise));
    if (promise.state != VK_PROMISE_UNRESOLVED)
        VK_TRY(vk_refs_drop(state, promise.data.slots, promise.data.slot_count));
    return vk_promise_delete(state, kpid);
}

static enum vk_err tell_owner(struct vk_kernel *kernel, struct vk_kref kref, struct vk_vat_id owner,
                              bool recognizable, struct vk_string_list *actions) {
    struct vk_clist_entry entry;
    VK_TRY(vk_clist_require(&kernel->state, owner, kref, &entry));
    VK_SOMETIMES_IF(entry.reachable, gc_drop_export);
    if (entry.reachable)
        VK_TRY(vk_gc_action_note(&kernel->state, actions, owner, VK_GC_DROP_EXPORT, kref));
    if (recognizable) return VK_OK;
    VK_SOMETIMES(gc_retire_export);
    return vk_gc_action_note(&kernel->state, actions, owner, VK_GC_RETIRE_EXPORT, kref);
}

/* What the slow deletion of the dead owner would have done, done early. Not by vk_object_orphan, which would put
 * the object on the list again. */
static enum vk_err abandon_early(struct vk_kernel *kernel, struct vk_kref kref,
                                 struct vk_vat_id owner) {
    struct vk_state *state = &kernel->state;
    struct vk_clist_entry entry;
    VK_TRY(vk_clist_require(state, owner, kref, &entry));
    VK_TRY(vk_state_delete(state, KEY(KREF(kref), LIT(".owner"))));
    VK_TRY(vk_state_delete(state, KEY(VAT(owner), LIT(".c."), KREF(kref))));
    return vk_state_delete(state, KEY(VAT(owner), LIT(".c."), TEXT(entry.vref.text)));
}

static enum vk_err free_object(struct vk_kernel *kernel, struct vk_kref kref,
                               struct vk_string_list *actions) {
    struct vk_state *state = &kernel->state;
    struct vk_refcount count;
    struct vk_vat_id owner;
    bool owned;
    VK_TRY(vk_object_refcount_get(state, kref, &count));
    if (count.reachable) return VK_OK;
    VK_TRY(vk_object_recorded_owner(state, kref, &owned, &owner));
    if (owned && !vk_vat_is_terminated(state, owner))
        return tell_owner(kernel, kref, owner, count.recognizable > 0, actions);
    VK_SOMETIMES_IF(owned, gc_of_dead_vats_export);
    VK_SOMETIMES_IF(!owned, gc_of_orphan);
    VK_SOMETIMES_IF(count.recognizable, gc_of_what_others_recognize);
    if (owned) VK_TRY(abandon_early(kernel, kref, owner));
    if (count.recognizable) return vk_objects_retire(state, &kref, 1);
    return vk_object_delete(state, kref);
}

enum vk_err vk_gc_process_refcounts(struct vk_kernel *kernel) {
    struct vk_state *state = &kernel->state;
    struct vk_dead_list *list = &state->maybe_free;
    struct vk_string_list actions;
    vk_string_list_init(&actions, &kernel->arena);
    for (size_t i = 0; i < list->count; i++) { /* grows under our hands */
        struct vk_kref kref = list->items[i];
        if (kref.type == VK_SLOT_PROMISE)
            VK_TRY(free_promise(kernel, kref));
        else
            VK_TRY(free_object(kernel, kref, &actions));
    }
    VK_TRY(vk_gc_actions_add(state, &actions));
    vk_dead_list_clear(list);
    return VK_OK;
}

/* ---- GC actions */

static enum vk_err still_makes_sense(struct vk_kernel *kernel, const struct vk_gc_action *action,
                                     bool *out) {
    struct vk_clist_entry entry;
    struct vk_refcount count;
    bool exists;
    VK_TRY(vk_clist_find(&kernel->state, action->vat, action->kref, &entry));
    VK_TRY(vk_object_exists(&kernel->state, action->kref, &exists));
    VK_TRY(vk_object_refcount_get(&kernel->state, action->kref, &count));
    switch (action->type) {
    case VK_GC_DROP_EXPORT:
        *out = exists && !count.reachable && entry.exists && entry.reachable;
        return VK_OK;
    case VK_GC_RETIRE_EXPORT:
        *out = exists && !count.reachable && !count.recognizable && entry.exists;
        return VK_OK;
    case VK_GC_RETIRE_IMPORT: *out = entry.exists; return VK_OK;
    }
    VK_ASSERT(false); /* INV-GC-3: three types of actions */
    return VK_OK;
}

static bool same_group(const struct vk_gc_action *a, const struct vk_gc_action *b) {
    return vk_vat_id_eq(a->vat, b->vat) && a->type == b->type;
}

/* The group that comes first: by vat, then by type. `texts` is sorted, so the first vat's actions come first. */
static enum vk_err first_group(const struct vk_string_list *texts, struct vk_gc_action *out) {
    VK_TRY(vk_gc_action_parse(texts->items[0], out));
    for (size_t i = 1; i < texts->count; i++) {
        struct vk_gc_action action;
        VK_TRY(vk_gc_action_parse(texts->items[i], &action));
        if (!vk_vat_id_eq(action.vat, out->vat)) break;
        if (action.type < out->type) out->type = action.type;
    }
    return VK_OK;
}

/* Takes a group's actions off the list; those that still make sense are the survivors. */
static enum vk_err take_group(struct vk_kernel *kernel, struct vk_string_list *texts,
                              const struct vk_gc_action *group, struct vk_kref *survivors,
                              size_t *count) {
    size_t kept = 0;
    *count = 0;
    for (size_t i = 0; i < texts->count; i++) {
        struct vk_gc_action action;
        bool sensible;
        VK_TRY(vk_gc_action_parse(texts->items[i], &action));
        if (!same_group(&action, group)) {
            texts->items[kept++] = texts->items[i];
            continue;
        }
        VK_TRY(still_makes_sense(kernel, &action, &sensible));
        if (sensible) survivors[(*count)++] = action.kref;
    }
    texts->count = kept;
    return VK_OK;
}

static enum vk_event_type event_type(enum vk_gc_action_type type) {
    static const enum vk_event_type types[VK_GC_ACTION_TYPES] = {
        [VK_GC_DROP_EXPORT] = VK_EVENT_DROP_EXPORTS,
        [VK_GC_RETIRE_EXPORT] = VK_EVENT_RETIRE_EXPORTS,
        [VK_GC_RETIRE_IMPORT] = VK_EVENT_RETIRE_IMPORTS,
    };
    return types[type];
}

enum vk_err vk_gc_next_event(struct vk_kernel *kernel, bool *found, struct vk_event *out) {
    struct vk_string_list texts;
    struct vk_kref *survivors;
    VK_TRY(vk_gc_actions_load(&kernel->state, &texts));
    *found = texts.count > 0;
    if (!*found) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &survivors, texts.count));
    *out = (struct vk_event){.type = VK_EVENT_NEGATED_GC_ACTION};
    while (texts.count && out->type == VK_EVENT_NEGATED_GC_ACTION) {
        struct vk_gc_action group;
        size_t count;
        VK_TRY(first_group(&texts, &group));
        VK_TRY(take_group(kernel, &texts, &group, survivors, &count));
        if (!count) continue;
        /* The actions were sorted by text, and so are the krefs of one group. */
        *out = (struct vk_event){.type = event_type(group.type),
                                 .vat = group.vat,
                                 .krefs = survivors,
                                 .kref_count = count};
    }
    VK_SOMETIMES_IF(out->type == VK_EVENT_NEGATED_GC_ACTION, gc_actions_all_negated);
    return vk_gc_actions_save(&kernel->state, &texts);
}

static enum vk_gc_action_type action_type(enum vk_event_type type) {
    if (type == VK_EVENT_DROP_EXPORTS) return VK_GC_DROP_EXPORT;
    if (type == VK_EVENT_RETIRE_EXPORTS) return VK_GC_RETIRE_EXPORT;
    VK_ASSERT(type == VK_EVENT_RETIRE_IMPORTS); /* INV-EVENT-1: three GC events */
    return VK_GC_RETIRE_IMPORT;
}

enum vk_err vk_gc_filter(struct vk_kernel *kernel, struct vk_event *event) {
    struct vk_gc_action action = {.vat = event->vat, .type = action_type(event->type)};
    struct vk_kref *survivors;
    size_t count = 0;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &survivors, event->kref_count));
    for (size_t i = 0; i < event->kref_count; i++) {
        bool sensible;
        action.kref = event->krefs[i];
        VK_TRY(still_makes_sense(kernel, &action, &sensible));
        if (sensible) survivors[count++] = event->krefs[i];
    }
    event->krefs = survivors;
    event->kref_count = count;
    VK_SOMETIMES_IF(!count, gc_action_negated_as_it_waited);
    if (!count) event->type = VK_EVENT_NEGATED_GC_ACTION;
    return VK_OK;
}
