/* kernel_compare_test.c - vk_kernel_compare_memory: whatever a kernel remembers otherwise than the store says is told, one
 * thing after the other (INV-KERNEL-1, INV-MEMORY-1).
 */
#include <core/kernel_core.h>
#include <criterion/criterion.h>
#include <object/vat_state.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {.xsnap = true};

/* A live kernel with v5 metered and online and v6 terminated, and a fresh one beside it. */
struct pair {
    struct test_world world;
    struct vk_kernel *fresh;
};

static bool no_cleanup(void *impl, struct vk_cleanup_budget *budget) {
    (void)impl, (void)budget;
    return false;
}

static void pair_open(struct pair *pair) {
    static const struct vk_run_policy policy = {NULL, no_cleanup, NULL};
    const struct vk_capdata reason = {.body = VK_STR("#\"enough\"")};
    const struct vk_kernel_options options = {.no_preload = true};
    struct test_world *w = &pair->world;
    world_open(w, &ordinary, VK_STORE_WRITE_BACK, ":memory:");
    w->policy = &policy;
    world_tell(w, "vatAdmin", "{call d-71 createMeter +100000 +10}");
    world_run(w);
    world_create_vat(w, ",\"meterID\":\"m1\"", "set x y");
    world_create_vat(w, "", "set x y");
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v6"), &reason));
    world_run(w);
    test_ok(vk_kernel_open(w->store, &w->ports, &options, &pair->fresh));
}

static void pair_close(struct pair *pair) {
    vk_kernel_close(pair->fresh);
    world_close(&pair->world);
}

#define compares(pair, what) compares_at((pair), (what), __FILE__, __LINE__)
static void compares_at(struct pair *pair, const char *what, const char *file, int line) {
    char differs[VK_DIFFERS_MAX];
    test_ok(vk_kernel_compare_memory(pair->world.kernel, pair->fresh, differs));
    cr_assert(*what ? strstr(differs, what) != NULL : !*differs, "%s:%d: '%s', not '%s'", file,
              line, differs, what);
}

/* Changes a field for as long as `what` is expected. */
#define changed(pair, field, value, what)                                                          \
    do {                                                                                           \
        __typeof__(field) kept_ = (field);                                                         \
        (field) = (value);                                                                         \
        compares((pair), (what));                                                                  \
        (field) = kept_;                                                                           \
        compares((pair), "");                                                                      \
    } while (0)

Test(kernel_compare, each_statistic_counts) {
    struct pair pair;
    pair_open(&pair);
    struct vk_stat_value *value = &pair.world.kernel->state.stats.values[VK_STAT_SYSCALL_SEND];
    changed(&pair, value->value, value->value + 1, "statistic");
    changed(&pair, value->up, value->up + 1, "statistic");
    changed(&pair, value->down, value->down + 1, "statistic");
    changed(&pair, value->max, value->max + 1, "statistic");
    pair_close(&pair);
}

Test(kernel_compare, lists_count) {
    struct pair pair;
    pair_open(&pair);
    struct vk_state *state = &pair.world.kernel->state;
    cr_assert(state->terminated_count == 1);
    changed(&pair, state->terminated_count, 0, "terminated vats");
    changed(&pair, state->terminated[0].n, 7, "terminated vats");
    test_ok(vk_dead_list_add(&state->maybe_free, (struct vk_kref){VK_SLOT_OBJECT, 20}));
    compares(&pair, "possibly dead krefs");
    vk_dead_list_clear(&state->maybe_free);
    compares(&pair, "");
    pair_close(&pair);
}

Test(kernel_compare, settings_count) {
    struct pair pair;
    pair_open(&pair);
    struct vk_kernel *live = pair.world.kernel;
    changed(&pair, live->warehouse.snapshot_initial, 99, "snapshot settings");
    changed(&pair, live->warehouse.snapshot_interval, 99, "snapshot settings");
    changed(&pair, live->admin_root.id, 99, "vat-admin's root");
    changed(&pair, live->has_admin_root, false, "vat-admin's root");
    live->has_admin_root = pair.fresh->has_admin_root = false;
    compares(&pair, "");
    pair_close(&pair);
}

static struct vk_online_vat *online(struct pair *pair, uint64_t vat) {
    struct vk_warehouse *warehouse = &pair->world.kernel->warehouse;
    for (size_t i = 0; i < warehouse->count; i++)
        if (warehouse->vats[i].vat.n == vat) return &warehouse->vats[i];
    cr_assert(false, "v%llu is not online", (unsigned long long)vat);
    return NULL;
}

Test(kernel_compare, what_is_remembered_of_an_online_vat_counts) {
    struct pair pair;
    pair_open(&pair);
    struct vk_online_vat *vat = online(&pair, 5);
    changed(&pair, vat->enable_pipelining, true, "another vat");
    changed(&pair, vat->vatstore_in_completion, true, "another vat");
    changed(&pair, vat->meter_id_length, 0, "another vat");
    changed(&pair, vat->meter_id[1], '2', "another vat");
    pair_close(&pair);
}

Test(kernel_compare, online_vat_that_is_suspended_is_told) {
    struct pair pair;
    pair_open(&pair);
    struct vk_kernel *live = pair.world.kernel;
    test_ok(vk_host_apply_write(live, VK_STR("v5.suspended"), VK_STR("1")));
    compares(&pair, "suspended and online");
    test_ok(vk_host_apply_write(live, VK_STR("v5.suspended"), VK_STR_NONE));
    compares(&pair, "");
    pair_close(&pair);
}
