/* held_check.c - see held_check.h. */
#include "held_check.h"

#include "vk/module.h"

#include <stdio.h>

struct checking {
    struct vk_store *store;
    struct vk_arena arena;
    struct sim_held_difference *difference;
    const struct sim_holdings *held;
    uint64_t vat;
};

static enum vk_err get(struct checking *checking, struct vk_str kref, const char *field,
                       struct vk_str *value) {
    struct vk_str key;
    VK_TRY(vk_arena_format(&checking->arena, &key, "%.*s.%s", VK_STR_ARG(kref), field));
    return vk_module_of(checking->store)->store_get(checking->store, &checking->arena, key, value);
}

static enum vk_err get_entry(struct checking *checking, struct vk_str slot, struct vk_str *value) {
    struct vk_str key;
    VK_TRY(vk_arena_format(&checking->arena, &key, "v%llu.c.%.*s",
                           (unsigned long long)checking->vat, VK_STR_ARG(slot)));
    return vk_module_of(checking->store)->store_get(checking->store, &checking->arena, key, value);
}

static void differ(struct checking *checking, const char *family, struct vk_str slot,
                   const char *how) {
    struct sim_held_difference *difference = checking->difference;
    if (difference->what[0]) return;
    snprintf(difference->family, sizeof difference->family, "%s", family);
    snprintf(difference->what, sizeof difference->what, "v%llu, %.*s: %s",
             (unsigned long long)checking->vat, (int)(slot.n < 60 ? slot.n : 60), slot.p, how);
}

/* ---- from the c-list to the vat */

static enum vk_err check_promise(struct checking *checking, struct vk_str vref, struct sim_ref ref,
                                 struct vk_str kref) {
    struct vk_str state, decider;
    char me[24];
    snprintf(me, sizeof me, "v%llu", (unsigned long long)checking->vat);
    VK_TRY(get(checking, kref, "state", &state));
    VK_TRY(get(checking, kref, "decider", &decider));
    bool is_settled = !vk_str_eq(state, VK_STR("unresolved"));
    bool decides = !is_settled && vk_str_eq(decider, vk_str(me));
    if (is_settled && sim_held_in(checking->held, SIM_HELD_SUBSCRIBED, ref))
        differ(checking, "promise", vref, "it has subscribed, and was never told");
    else if (!sim_held_in(checking->held, decides ? SIM_HELD_DECIDED : SIM_HELD_PROMISES, ref))
        differ(checking, "promise", vref,
               decides ? "the kernel has it decide what it does not know of"
                       : "in its c-list is a promise that it does not know of");
    return VK_OK;
}

static void check_object(struct checking *checking, struct vk_str vref, struct sim_ref ref,
                         bool is_reachable) {
    bool is_export = ref.type == SIM_REF_EXPORT;
    enum sim_held expected = is_export
                                 ? (is_reachable ? SIM_HELD_EXPORTS : SIM_HELD_DROPPED_EXPORTS)
                                 : (is_reachable ? SIM_HELD_IMPORTS : SIM_HELD_DROPPED_IMPORTS);
    if (is_export && ref.n == 0) return; /* the root is nobody's to drop */
    if (sim_held_in(checking->held, expected, ref)) return;
    differ(checking, is_export ? "export" : "import", vref,
           is_reachable ? "reachable, says its c-list" : "not reachable, says its c-list");
}

/* One entry, by its vref. */
static enum vk_err check_entry(struct checking *checking, struct vk_str vref, struct vk_str kref) {
    struct sim_ref ref;
    struct vk_str entry;
    if (!sim_ref_parse(vref, &ref)) return VK_OK;
    VK_TRY(get_entry(checking, kref, &entry));
    if (sim_ref_is_promise(ref)) return check_promise(checking, vref, ref, kref);
    if (sim_ref_is_object(ref))
        check_object(checking, vref, ref, vk_str_starts(entry, VK_STR("R ")));
    else if (!sim_held_in(checking->held, SIM_HELD_DEVICES, ref))
        differ(checking, "device", vref, "in its c-list, and not known to it");
    return VK_OK;
}

static enum vk_err check_clist(struct checking *checking) {
    struct vk_str prefix, key, kref;
    VK_TRY(
        vk_arena_format(&checking->arena, &prefix, "v%llu.c.", (unsigned long long)checking->vat));
    key = prefix;
    for (;;) {
        VK_TRY(vk_module_of(checking->store)
                   ->store_next_key(checking->store, &checking->arena, key, &key));
        if (!key.p || !vk_str_starts(key, prefix)) return VK_OK;
        struct vk_str slot = vk_str_from(key, prefix.n);
        if (vk_str_starts(slot, VK_STR("k"))) continue; /* the way back */
        VK_TRY(vk_module_of(checking->store)
                   ->store_get(checking->store, &checking->arena, key, &kref));
        VK_TRY(check_entry(checking, slot, kref));
    }
}

/* ---- from the vat to the c-list */

static enum vk_err check_held(struct checking *checking) {
    for (int list = 0; list < SIM_HELD_COUNT; list++) {
        const struct sim_ref_list *refs = &checking->held->lists[list];
        if (list == SIM_HELD_VATS || list == SIM_HELD_METERS) continue; /* ids, no references */
        for (size_t i = 0; i < refs->count; i++) {
            char text[SIM_REF_TEXT_MAX];
            struct vk_str vref = sim_ref_text(refs->at[i], text), kref;
            VK_TRY(get_entry(checking, vref, &kref));
            if (!kref.p)
                differ(checking, sim_ref_is_promise(refs->at[i]) ? "promise" : "object", vref,
                       "it holds what its c-list does not have");
        }
    }
    return VK_OK;
}

static enum vk_err visit(void *impl, uint64_t vat, const struct sim_vat *program) {
    struct checking *checking = impl;
    struct vk_str key, paused;
    if (checking->difference->what[0]) return VK_OK;
    vk_arena_clear(&checking->arena);
    VK_TRY(vk_arena_format(&checking->arena, &key, "v%llu.paused", (unsigned long long)vat));
    VK_TRY(
        vk_module_of(checking->store)->store_get(checking->store, &checking->arena, key, &paused));
    if (paused.p) return VK_OK;
    checking->held = &program->held;
    checking->vat = vat;
    VK_TRY(check_clist(checking));
    return check_held(checking);
}

enum vk_err sim_held_check(struct sim_workers *workers, struct vk_store *store,
                           struct sim_held_difference *difference) {
    struct checking checking = {.store = store, .difference = difference};
    *difference = (struct sim_held_difference){0};
    vk_arena_init(&checking.arena, vk_heap_system());
    enum vk_err err = sim_workers_visit(workers, visit, &checking);
    vk_arena_release(&checking.arena);
    return err;
}
