/* store_reopen.c - a store that is opened again after the process before it died. */
#include "testing_store.h"

#include "faults/disk_fault.h"
#include "faults/sqlite_heap_fault.h"
#include "sim/mem_disk.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A disk in memory, and faults over it. */
struct bench {
    struct fault faults[1];
    struct fault_set set;
    struct sim_disk *disk;
    struct fault_disk *shim;
    struct vk_ports ports;
};

static void bench_init(struct bench *bench) {
    *bench = (struct bench){0};
    cr_assert(fault_sqlite_heap_install());
    bench->set.faults = bench->faults;
    bench->disk = sim_disk_new();
    bench->shim = fault_disk_new(&bench->set, sim_disk_vfs(bench->disk));
    cr_assert(bench->disk && bench->shim);
    bench->ports = (struct vk_ports){
        .heap = vk_heap_system(),
        .disk = {fault_disk_vfs(bench->shim), "reopened.sqlite"},
    };
}

static void bench_release(struct bench *bench) {
    fault_disk_free(bench->shim);
    sim_disk_free(bench->disk);
}

static void arm(struct bench *bench, enum fault_kind kind, uint64_t at) {
    bench->faults[0] = (struct fault){.kind = kind, .vat = FAULT_ANY_VAT, .at = at, .repeat = 1};
    bench->set.count = 1;
}

static enum vk_err open_store(struct bench *bench, struct vk_store **out) {
    const struct vk_store_options options = {.mode = VK_STORE_WRITE_BACK};
    return vk_store_open(&bench->ports, &options, out);
}

static enum vk_err commit_value(struct vk_store *store, const char *value) {
    VK_TRY(vk_store_set(store, VK_STR("key"), vk_str(value)));
    return vk_store_commit(store);
}

static void read_value(struct vk_store *store, char value[8]) {
    struct vk_arena arena;
    struct vk_str got;
    vk_arena_init(&arena, vk_heap_system());
    cr_assert_eq(vk_store_get(store, &arena, VK_STR("key"), &got), VK_OK);
    snprintf(value, 8, "%.*s", VK_STR_ARG(got));
    vk_arena_release(&arena);
}

static void expect_value(struct bench *bench, const char *expected) {
    struct vk_store *store;
    char value[8];
    cr_assert_eq(open_store(bench, &store), VK_OK);
    read_value(store, value);
    cr_expect_str_eq(value, expected);
    vk_store_close(store);
}

/* A commit whose sync fails is in doubt; once a store that was opened again shows it, no power cut may take it back. */
Test(store_reopen, what_a_reopened_store_shows_outlives_a_power_cut) {
    int doubts = 0;
    for (uint64_t at = 1; at <= 4; at++) {
        struct bench bench;
        struct vk_store *store;
        struct sim_random power;
        char shown[8];
        bench_init(&bench);
        cr_assert_eq(open_store(&bench, &store), VK_OK);
        cr_assert_eq(commit_value(store, "old"), VK_OK);
        arm(&bench, FAULT_DISK_SYNC, at);
        bench.faults[0].repeat = FAULT_FOR_GOOD; /* until it is closed */
        const enum vk_err err = commit_value(store, "new");
        vk_store_close(store);
        bench.set.count = 0;
        cr_assert_eq(open_store(&bench, &store), VK_OK);
        read_value(store, shown);
        doubts += err != VK_OK && strcmp(shown, "new") == 0;
        arm(&bench, FAULT_POWER_CUT, 1); /* before it can tidy up as it is closed */
        vk_store_close(store);
        bench.set.count = 0;
        sim_random_init(&power, at, "power");
        sim_disk_power_cut(bench.disk, &power);
        if (fault_disk_power_is_off(bench.shim)) fault_disk_power_back(bench.shim);
        expect_value(&bench, shown);
        bench_release(&bench);
    }
    cr_expect_gt(doubts, 0);
}

/* Whatever allocation of SQLite's fails, that is no damage to the database. */
Test(store_reopen, without_memory_a_database_is_not_called_corrupt) {
    struct bench bench;
    struct vk_store *store;
    uint64_t at = 1, hits = 1, refused = 0;
    bench_init(&bench);
    cr_assert_eq(open_store(&bench, &store), VK_OK);
    cr_assert_eq(commit_value(store, "value"), VK_OK);
    vk_store_close(store);
    for (; hits > 0; at++) {
        arm(&bench, FAULT_SQLITE_HEAP, at);
        fault_sqlite_heap_use(&bench.set);
        const enum vk_err err = open_store(&bench, &store);
        hits = bench.faults[0].hits;
        fault_sqlite_heap_use(NULL);
        cr_expect(err == VK_OK || err == VK_ERR_NOMEM, "allocation %" PRIu64 ": %s: %s", at,
                  vk_err_name(err), vk_err_origin()->text);
        refused += err != VK_OK;
        if (err == VK_OK) vk_store_close(store);
    }
    cr_expect_gt(refused, 20);
    bench.set.count = 0;
    expect_value(&bench, "value");
    bench_release(&bench);
}
