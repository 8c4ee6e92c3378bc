/* sqlite_heap_fault_test.c - every allocation inside SQLite fails once, and all from it on: an error comes back, nothing leaks,
 * nothing half-done is ever there.
 */
#include "faults/sqlite_heap_fault.h"
#include "sim/mem_disk.h"

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "testing_blocks.h"
#include "testing_kernel.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
static const uint64_t repeats[] = {1, FAULT_FOR_GOOD};

static void arm(struct fault *fault, struct fault_set *set, uint64_t at, uint64_t repeat) {
    *fault =
        (struct fault){.kind = FAULT_SQLITE_HEAP, .vat = FAULT_ANY_VAT, .at = at, .repeat = repeat};
    *set = (struct fault_set){.faults = fault, .count = 1};
    fault_sqlite_heap_use(set);
}

Test(sqlite_heap_fault, strikes_at_its_allocation_and_nobody_elses) {
    struct fault fault;
    struct fault_set set;
    cr_assert(fault_sqlite_heap_install());
    cr_assert(fault_sqlite_heap_install(), "twice is once");
    cr_assert_eq(sqlite3_initialize(), SQLITE_OK); /* which allocates */
    arm(&fault, &set, 2, 1);
    void *one = sqlite3_malloc(10), *two = sqlite3_malloc(10), *three = sqlite3_malloc(10);
    cr_assert(one && !two && three && fault.hits == 1);
    arm(&fault, &set, 1, 1);
    cr_assert_null(sqlite3_realloc(one, 1000));
    cr_assert_eq(fault.hits, 1);
    arm(&fault, &set, 1, 1);
    fault_sqlite_heap_use(NULL);
    two = sqlite3_malloc(10);
    cr_assert(two && fault.asked == 0);
    fault.kind = FAULT_HEAP;
    fault_sqlite_heap_use(&set);
    sqlite3_free(three);
    three = sqlite3_malloc(10);
    cr_assert(three && fault.asked == 0);
    sqlite3_free(one);
    sqlite3_free(two);
    sqlite3_free(three);
}

/* A test that has used SQLite already cannot have it. */
Test(sqlite_heap_fault, is_refused_once_sqlite_is_in_use) {
    cr_assert_eq(sqlite3_initialize(), SQLITE_OK);
    cr_assert_not(fault_sqlite_heap_install());
}

static void store_sweep(struct sim_disk *disk, enum vk_store_mode mode, uint64_t repeat) {
    struct test_blocks blocks;
    struct fault fault = {.hits = 1};
    struct fault_set set;
    unsigned errors = 0;
    test_blocks_init(&blocks, sim_disk_vfs(disk), mode);
    sqlite3_int64 used = sqlite3_memory_used();
    for (uint64_t n = 1; fault.hits > 0; n++) {
        sim_disk_clear(disk);
        arm(&fault, &set, n, repeat);
        long long committed = test_blocks_run(&blocks);
        fault_sqlite_heap_use(NULL);
        cr_assert(blocks.err == VK_OK || (blocks.err == VK_ERR_NOMEM && fault.hits > 0),
                  "allocation %llu: %s: %s", (unsigned long long)n, vk_err_name(blocks.err),
                  vk_err_origin()->text);
        errors += blocks.err != VK_OK;
        long long found = test_blocks_read(&blocks);
        cr_assert(found == committed || (blocks.err != VK_OK && found == committed + 1),
                  "allocation %llu: committed %lld, found %lld", (unsigned long long)n, committed,
                  found);
        if (n == 1) used = sqlite3_memory_used(); /* what SQLite keeps for good it has by now */
        cr_assert_eq(sqlite3_memory_used(), used, "allocation %llu leaked %lld bytes",
                     (unsigned long long)n, (long long)(sqlite3_memory_used() - used));
    }
    cr_assert(errors > 100, "%u errors", errors);
    test_blocks_release(&blocks);
}

Test(sqlite_heap_fault, no_failure_in_the_store_commits_half_a_block, .timeout = 200) {
    cr_assert(fault_sqlite_heap_install());
    struct sim_disk *disk = sim_disk_new();
    for (size_t m = 0; m < 2; m++)
        for (size_t r = 0; r < 2; r++)
            store_sweep(disk, modes[m], repeats[r]);
    sim_disk_free(disk);
}

/* ---- the kernel */

static const struct test_setup with_snapshots = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 6, .vats_online_max = 2};

static enum vk_err kernel_run(struct test_world *w) {
    do
        VK_TRY(vk_kernel_run_crank(w->kernel, NULL, &w->crank));
    while (w->crank.kind != VK_CRANK_IDLE);
    return vk_store_commit(w->store);
}

static enum vk_err kernel_attempt(enum vk_store_mode mode, struct fault *fault, uint64_t n,
                                  uint64_t repeat) {
    struct fault_set set;
    struct test_world w;
    world_open(&w, &with_snapshots, mode, ":memory:");
    world_tell(&w, "alice", "{on hello {set said hello}; set a 1; get a}");
    world_tell(&w, "bob", "{set b 1; delete b; next b}");
    world_tell(&w, "carol", "{set c 1; exit bye}");
    world_tell(&w, "alice", "{set a 2}");
    arm(fault, &set, n, repeat);
    enum vk_err err = kernel_run(&w);
    fault_sqlite_heap_use(NULL);
    vk_kernel_close(w.kernel);
    w.kernel = NULL;
    if (err != VK_OK) vk_store_abandon_crank(w.store);
    w.unaudited = err != VK_OK;
    world_close(&w);
    return err;
}

Test(sqlite_heap_fault, no_failure_under_a_crank_is_taken_for_the_vats, .timeout = 200) {
    cr_assert(fault_sqlite_heap_install());
    for (size_t m = 0; m < 2; m++) {
        struct fault fault = {.hits = 1};
        unsigned errors = 0;
        sqlite3_int64 used = 0;
        for (uint64_t n = 1; fault.hits > 0; n += 3) {
            enum vk_err err = kernel_attempt(modes[m], &fault, n, repeats[n / 3 % 2]);
            cr_assert(err == VK_OK || (err == VK_ERR_NOMEM && fault.hits > 0),
                      "allocation %llu: %s: %s", (unsigned long long)n, vk_err_name(err),
                      vk_err_origin()->text);
            errors += err != VK_OK;
            if (n == 1) used = sqlite3_memory_used();
            cr_assert_eq(sqlite3_memory_used(), used, "allocation %llu leaked",
                         (unsigned long long)n);
        }
        cr_assert(errors > 10, "%u errors", errors);
    }
}
