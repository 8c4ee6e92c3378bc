/* snapshot_fault_test.c - a kernel that finds its snapshots damaged stops, and says so. */
#include "faults/snapshot_fault.h"

#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup with_snapshots = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 6, .plain = true};

struct node {
    struct test_world world;
    struct test_folder folder;
};

/* Alice has a snapshot, and a message since; the store is closed. */
static void node_begin(struct node *node) {
    struct test_world *w = &node->world;
    test_folder_make(&node->folder);
    world_open(w, &with_snapshots, VK_STORE_DIRECT, test_folder_file(&node->folder, "db"));
    world_tell(w, "alice", "{on hello {set said hello}}"); /* something for its snapshot to hold */
    for (int i = 0; i < 3; i++)
        world_tell(w, "alice", "{set key%d %d}", i, i);
    world_run(w);
    test_ok(vk_store_commit(w->store));
    vk_kernel_close(w->kernel);
    vk_store_close(w->store);
    w->kernel = NULL;
}

/* Starts anew, tells alice something, and runs. */
static enum vk_err node_run(struct node *node) {
    const struct vk_store_options options = {.mode = VK_STORE_DIRECT};
    struct test_world *w = &node->world;
    test_ok(vk_store_open(&w->ports, &options, &w->store));
    VK_TRY(world_try_open_kernel(w));
    world_tell(w, "alice", "{set key9 9}");
    do
        VK_TRY(vk_kernel_run_crank(w->kernel, NULL, &w->crank));
    while (w->crank.kind != VK_CRANK_IDLE);
    return VK_OK;
}

static void node_end(struct node *node) {
    node->world.unaudited = true; /* the auditor would find what is lost */
    world_close(&node->world);
    test_folder_remove(&node->folder);
}

static enum vk_err damaged_load(struct node *node, const struct fault *armed) {
    struct fault fault = *armed;
    struct fault_set set = {.faults = &fault, .count = 1};
    uint64_t damaged;
    test_ok(fault_snapshots_damage(&set, &node->world.ports.disk, &damaged));
    cr_assert(damaged == 1 && fault.hits == 1, "%s", fault_word(fault.kind));
    test_ok(fault_snapshots_damage(&set, &node->world.ports.disk, &damaged));
    cr_assert_eq(damaged, 0, "a spent fault does nothing");
    return node_run(node);
}

Test(snapshot_fault, a_damaged_snapshot_halts_the_kernel) {
    static const struct fault faults[] = {
        {.kind = FAULT_SNAPSHOT_LOST, .vat = 2, .at = 1, .repeat = 1},
        {.kind = FAULT_SNAPSHOT_LOST, .vat = 2, .at = 1, .repeat = 1, .k = 1},
        {.kind = FAULT_SNAPSHOT_CUT, .vat = 2, .at = 1, .repeat = 1},
        {.kind = FAULT_SNAPSHOT_CORRUPT, .vat = FAULT_ANY_VAT, .at = 1, .repeat = 1},
        {.kind = FAULT_SNAPSHOT_OTHER, .vat = 2, .at = 1, .repeat = 1},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct node node;
        node_begin(&node);
        enum vk_err err = damaged_load(&node, &faults[i]);
        cr_expect_eq(err, VK_ERR_SNAPSHOT, "%s: %s", fault_word(faults[i].kind), vk_err_name(err));
        node_end(&node);
    }
}

Test(snapshot_fault, another_image_passes_for_sound_until_its_hash_is_looked_at) {
    struct node node;
    struct vk_str image;
    struct fault fault = {.kind = FAULT_SNAPSHOT_OTHER, .vat = 2, .at = 1, .repeat = 1};
    struct fault_set set = {.faults = &fault, .count = 1};
    const struct vk_store_options options = {.mode = VK_STORE_DIRECT};
    uint64_t damaged;
    node_begin(&node);
    test_ok(fault_snapshots_damage(&set, &node.world.ports.disk, &damaged));
    test_ok(vk_store_open(&node.world.ports, &options, &node.world.store));
    test_ok(vk_snapshot_load(node.world.store, &node.world.arena, VK_STR("v2"), &image));
    cr_assert(image.n > 0 && image.p[0] == '?');
    node_end(&node);
}

Test(snapshot_fault, a_fault_beyond_the_last_snapshot_or_of_another_vat_changes_nothing) {
    for (int other = 0; other < 3; other++) {
        struct fault fault = {.kind = FAULT_SNAPSHOT_CUT,
                              .vat = other == 1 ? 3 : FAULT_ANY_VAT,
                              .at = other == 0 ? 9 : 1,
                              .repeat = 1};
        struct fault_set set = {.faults = &fault, .count = 1, .suspended = other == 2};
        struct node node;
        uint64_t damaged;
        node_begin(&node);
        test_ok(fault_snapshots_damage(&set, &node.world.ports.disk, &damaged));
        cr_assert(damaged == 0 && fault.hits == 0);
        test_ok(node_run(&node));
        node_end(&node);
    }
}
