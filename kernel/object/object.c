/* object.c - see object.h. */
#include "object.h"

#include "vk/probe.h"

#include "clist.h"
#include "refcount.h"
#include "vat.h"

enum vk_err vk_object_add(struct vk_state *state, struct vk_vat_id owner, struct vk_kref *out) {
    char text[VK_SLOT_TEXT_MAX];
    out->type = VK_SLOT_OBJECT;
    VK_TRY(vk_state_allocate_id(state, &out->id, KEY(LIT("ko.nextID"))));
    VK_TRY(vk_state_set(state, vk_vat_id_str(owner, text), KEY(KREF(*out), LIT(".owner"))));
    VK_TRY(vk_object_refcount_set(state, *out, (struct vk_refcount){0, 0}));
    vk_stats_inc(&state->stats, VK_STAT_KERNEL_OBJECTS);
    return VK_OK;
}

enum vk_err vk_object_exists(struct vk_state *state, struct vk_kref kref, bool *exists) {
    return vk_state_has(state, exists, KEY(KREF(kref), LIT(".refCount")));
}

enum vk_err vk_object_recorded_owner(struct vk_state *state, struct vk_kref kref, bool *owned,
                                     struct vk_vat_id *owner) {
    struct vk_str text;
    VK_TRY(vk_state_get(state, &text, KEY(KREF(kref), LIT(".owner"))));
    *owned = text.n > 0;
    if (*owned && !vk_vat_id_parse(text, owner))
        return VK_RAISE(VK_ERR_CORRUPT, "ko%llu.owner: '%.*s'", (unsigned long long)kref.id,
                        VK_STR_ARG(text));
    return VK_OK;
}

enum vk_err vk_object_live_owner(struct vk_state *state, struct vk_kref kref, bool *owned,
                                 struct vk_vat_id *owner) {
    VK_TRY(vk_object_recorded_owner(state, kref, owned, owner));
    *owned = *owned && !vk_vat_is_terminated(state, *owner);
    return VK_OK;
}

enum vk_err vk_object_orphan(struct vk_state *state, struct vk_kref kref, struct vk_vat_id owner) {
    bool owned;
    struct vk_vat_id recorded;
    VK_TRY(vk_object_recorded_owner(state, kref, &owned, &recorded));
    if (!owned || !vk_vat_id_eq(recorded, owner))
        return VK_RAISE(VK_ERR_CORRUPT, "export ko%llu not owned by old vat v%llu",
                        (unsigned long long)kref.id, (unsigned long long)owner.n);
    struct vk_clist_entry entry;
    VK_SOMETIMES(object_orphaned);
    VK_TRY(vk_state_delete(state, KEY(KREF(kref), LIT(".owner"))));
    VK_TRY(vk_clist_require(state, owner, kref, &entry));
    VK_TRY(vk_state_delete(state, KEY(VAT(owner), LIT(".c."), KREF(kref))));
    VK_TRY(vk_state_delete(state, KEY(VAT(owner), LIT(".c."), TEXT(entry.vref.text))));
    return vk_dead_list_add(&state->maybe_free, kref);
}

static enum vk_err note_importers(struct vk_state *state, struct vk_string_list *vats,
                                  struct vk_kref kref, uint64_t *unseen,
                                  struct vk_string_list *importers) {
    for (size_t i = 0; i < vats->count && *unseen; i++) {
        struct vk_vat_id vat;
        struct vk_clist_entry entry;
        if (!vk_vat_id_parse(vats->items[i], &vat))
            return VK_RAISE(VK_ERR_CORRUPT, "vat id '%.*s'", VK_STR_ARG(vats->items[i]));
        VK_TRY(vk_clist_find(state, vat, kref, &entry));
        if (!entry.exists || entry.vref.allocated_by_vat) continue;
        VK_TRY(vk_string_list_add(importers, vats->items[i]));
        (*unseen)--;
    }
    return VK_OK;
}

/* The live vats that import the object, in the order of their ids' texts. Each of them is part of the object's
 * recognizable count, which tells when all have been seen. */
static enum vk_err importers_of(struct vk_state *state, struct vk_kref kref,
                                struct vk_string_list *importers) {
    struct vk_string_list vats;
    struct vk_refcount count;
    vk_string_list_init(importers, state->arena);
    VK_TRY(vk_object_refcount_get(state, kref, &count));
    uint64_t unseen = count.recognizable;
    if (!unseen) return VK_OK;
    /* The few static vats first: of dynamic ones there may be thousands. */
    VK_TRY(vk_static_vats(state, &vats));
    VK_TRY(note_importers(state, &vats, kref, &unseen, importers));
    if (unseen) {
        VK_TRY(vk_dynamic_vats(state, &vats));
        VK_TRY(note_importers(state, &vats, kref, &unseen, importers));
    }
    vk_string_list_sort(importers, false);
    return VK_OK;
}

enum vk_err vk_objects_retire(struct vk_state *state, const struct vk_kref *krefs, size_t count) {
    struct vk_string_list actions;
    vk_string_list_init(&actions, state->arena);
    for (size_t i = 0; i < count; i++) {
        struct vk_string_list importers;
        VK_TRY(importers_of(state, krefs[i], &importers));
        for (size_t j = 0; j < importers.count; j++) {
            struct vk_vat_id vat;
            if (!vk_vat_id_parse(importers.items[j], &vat)) continue; /* parsed once already */
            VK_SOMETIMES(gc_retire_import);
            VK_TRY(vk_gc_action_note(state, &actions, vat, VK_GC_RETIRE_IMPORT, krefs[i]));
        }
        VK_TRY(vk_object_delete(state, krefs[i]));
    }
    return vk_gc_actions_add(state, &actions);
}

enum vk_err vk_object_delete(struct vk_state *state, struct vk_kref kref) {
    VK_TRY(vk_state_delete(state, KEY(KREF(kref), LIT(".owner"))));
    VK_TRY(vk_state_delete(state, KEY(KREF(kref), LIT(".refCount"))));
    vk_stats_dec(&state->stats, VK_STAT_KERNEL_OBJECTS);
    return VK_OK;
}

enum vk_err vk_pin(struct vk_state *state, struct vk_kref kref) {
    struct vk_string_list pins;
    struct vk_str text, kref_text;
    vk_string_list_init(&pins, state->arena);
    VK_TRY(vk_state_get(state, &text, KEY(LIT("pinnedObjects"))));
    if (text.p) VK_TRY(vk_string_list_split(&pins, text));
    VK_TRY(vk_kref_text(state->arena, kref, &kref_text));
    if (vk_string_list_has(&pins, kref_text)) return VK_OK;
    VK_TRY(vk_ref_add(state, kref, VK_REF_STRONG));
    VK_TRY(vk_string_list_add(&pins, kref_text));
    vk_string_list_sort(&pins, true);
    VK_TRY(vk_string_list_join(&pins, &text));
    return vk_state_set(state, text, KEY(LIT("pinnedObjects")));
}
