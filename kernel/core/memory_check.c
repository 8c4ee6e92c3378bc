/* memory_check.c - what one kernel remembers against what another does. See vk/kernel.h.
 *
 * INV-MEMORY-1  Every field of struct vk_kernel that outlives a crank is compared here, but for those that are
 *               each process's own: workers, their order of use, and whose slog has begun.
 */
#include "../object/vat_state.h"
#include "kernel_core.h"

#include <stdio.h>

static bool says(char differs[VK_DIFFERS_MAX], const char *what) {
    snprintf(differs, VK_DIFFERS_MAX, "%s", what);
    return true;
}

static bool statistics_differ(const struct vk_kernel *live, const struct vk_kernel *fresh,
                              char differs[VK_DIFFERS_MAX]) {
    for (size_t i = 0; i < VK_STAT_COUNT; i++) {
        const struct vk_stat_value *a = &live->state.stats.values[i];
        const struct vk_stat_value *b = &fresh->state.stats.values[i];
        if (a->value == b->value && a->up == b->up && a->down == b->down && a->max == b->max)
            continue;
        snprintf(differs, VK_DIFFERS_MAX, "statistic %zu: %lld, the store says %lld", i,
                 (long long)a->value, (long long)b->value);
        return true;
    }
    return false;
}

static bool lists_differ(const struct vk_kernel *live, const struct vk_kernel *fresh,
                         char differs[VK_DIFFERS_MAX]) {
    const struct vk_state *a = &live->state, *b = &fresh->state;
    if (a->maybe_free.count != b->maybe_free.count)
        return says(differs, "the work list of possibly dead krefs is not empty");
    if (a->terminated_count != b->terminated_count)
        return says(differs, "the list of terminated vats");
    for (size_t i = 0; i < a->terminated_count; i++)
        if (!vk_vat_id_eq(a->terminated[i], b->terminated[i]))
            return says(differs, "the list of terminated vats");
    return false;
}

static bool settings_differ(const struct vk_kernel *live, const struct vk_kernel *fresh,
                            char differs[VK_DIFFERS_MAX]) {
    if (live->warehouse.snapshot_initial != fresh->warehouse.snapshot_initial ||
        live->warehouse.snapshot_interval != fresh->warehouse.snapshot_interval)
        return says(differs, "the snapshot settings");
    if (live->has_admin_root != fresh->has_admin_root ||
        (live->has_admin_root && !vk_kref_eq(live->admin_root, fresh->admin_root)))
        return says(differs, "vat-admin's root");
    return false;
}

/* An online vat is what the store says of it. */
static enum vk_err vats_compare(struct vk_kernel *live, struct vk_kernel *fresh,
                                char differs[VK_DIFFERS_MAX]) {
    for (size_t i = 0; i < live->warehouse.count && !*differs; i++) {
        struct vk_vat_info a, b;
        enum vk_vat_state state;
        struct vk_vat_id vat = live->warehouse.vats[i].vat;
        VK_TRY(vk_warehouse_lookup(live, vat, &a));
        VK_TRY(vk_warehouse_lookup(fresh, vat, &b));
        VK_TRY(vk_vat_state_get(&fresh->state, vat, &state));
        if (vk_vat_state_is_suspended(state))
            snprintf(differs, VK_DIFFERS_MAX, "v%llu is suspended and online",
                     (unsigned long long)vat.n);
        else if (a.alive != b.alive || a.enable_pipelining != b.enable_pipelining ||
                 a.vatstore_in_completion != b.vatstore_in_completion ||
                 !vk_str_eq(a.meter_id, b.meter_id))
            snprintf(differs, VK_DIFFERS_MAX, "v%llu is online as another vat than the store says",
                     (unsigned long long)vat.n);
    }
    return VK_OK;
}

enum vk_err vk_kernel_compare_memory(struct vk_kernel *live, struct vk_kernel *fresh,
                                     char differs[VK_DIFFERS_MAX]) {
    VK_ASSERT(live->store == fresh->store);         /* INV-KERNEL-1: the same database */
    VK_ASSERT(!live->in_crank && !fresh->in_crank); /* a crank's own state is nobody's business */
    differs[0] = '\0';
    enum vk_err err = VK_OK;
    if (!statistics_differ(live, fresh, differs) && !lists_differ(live, fresh, differs) &&
        !settings_differ(live, fresh, differs))
        err = vats_compare(live, fresh, differs);
    vk_arena_clear(&live->arena);
    vk_arena_clear(&fresh->arena);
    return err;
}
