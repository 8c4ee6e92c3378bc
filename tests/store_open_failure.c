/* store_open_failure.c - a host that fails at each point of opening a store, of reading all that is in it, and of closing it
 * again: there is an error, nothing leaks, and the database is what it was.
 */
#include <criterion/criterion.h>
#include <faults/disk_fault.h>
#include <faults/sqlite_heap_fault.h>
#include <sim/mem_disk.h>
#include <stdlib.h>
#include <vk/scan.h>

#include "testing_blocks.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

static enum vk_err see_pair(void *impl, struct vk_str key, struct vk_str value) {
    (void)impl, (void)key, (void)value;
    return VK_OK;
}
static enum vk_err see_item(void *impl, struct vk_str vat, uint64_t position, uint64_t incarnation,
                            struct vk_str item) {
    (void)impl, (void)vat, (void)position, (void)incarnation, (void)item;
    return VK_OK;
}

static enum vk_err read_all(struct vk_store *store) {
    static const struct vk_store_scan scan = {.pair = see_pair, .item = see_item};
    struct vk_state_hash hash;
    VK_TRY(vk_store_recompute_state_hash(store, &hash));
    return vk_store_scan(store, &scan);
}

static enum vk_err open_and_read(const struct vk_ports *ports,
                                 const struct vk_store_options *options) {
    struct vk_store *store;
    enum vk_err err = vk_store_open(ports, options, &store);
    cr_assert((err == VK_OK) == (store != NULL));
    if (err == VK_OK) err = read_all(store);
    vk_store_close(store);
    return err;
}

/* A disk with the blocks of testing_blocks.h on it. */
struct world {
    struct sim_disk *disk;
    struct fault fault;
    struct fault_set set;
    struct fault_disk *shim;
    struct test_heap heap;
    struct test_blocks blocks;
};

static void world_begin(struct world *w, bool with_blocks) {
    *w = (struct world){.disk = sim_disk_new()};
    cr_assert(w->disk);
    w->set = (struct fault_set){.faults = &w->fault, .count = 1};
    w->shim = fault_disk_new(&w->set, sim_disk_vfs(w->disk));
    cr_assert(w->shim);
    test_heap_init(&w->heap);
    test_blocks_init(&w->blocks, fault_disk_vfs(w->shim), VK_STORE_DIRECT);
    if (with_blocks) cr_assert(test_blocks_run(&w->blocks) == TEST_BLOCKS);
}

static void world_end(struct world *w, bool with_blocks) {
    if (with_blocks) cr_assert(test_blocks_read(&w->blocks) == TEST_BLOCKS);
    test_blocks_release(&w->blocks);
    fault_disk_free(w->shim);
    sim_disk_free(w->disk);
    cr_assert(w->heap.outstanding_blocks == 0);
}

/* The n-th, of that kind, until none is struck; how many came to an error. */
static unsigned sweep(struct world *w, enum fault_kind kind, uint64_t repeat,
                      const struct vk_store_options *options) {
    struct vk_ports ports = w->blocks.ports;
    unsigned errors = 0;
    ports.heap = &w->heap.port;
    w->fault.hits = 1;
    for (uint64_t n = 1; w->fault.hits; n++) {
        w->fault = (struct fault){.kind = kind, .vat = FAULT_ANY_VAT, .at = n, .repeat = repeat};
        fault_sqlite_heap_use(&w->set);
        enum vk_err err = open_and_read(&ports, options);
        fault_sqlite_heap_use(NULL);
        cr_assert(err != VK_ERR_USAGE || kind == FAULT_DISK_READ, "%s", vk_err_origin()->text);
        errors += err != VK_OK;
        cr_assert(w->heap.outstanding_blocks == 0, "%llu blocks leaked",
                  (unsigned long long)w->heap.outstanding_blocks);
    }
    w->fault = (struct fault){.kind = kind, .at = UINT64_MAX};
    return errors;
}

static void sweep_kinds(struct world *w, const enum fault_kind *kinds, size_t count,
                        bool with_blocks) {
    for (size_t k = 0; k < count; k++)
        for (int m = 0; m < 4; m++) {
            const struct vk_store_options options = {.mode = modes[m % 2],
                                                     .read_only = m >= 2 && with_blocks};
            unsigned once = sweep(w, kinds[k], 1, &options);
            unsigned good = sweep(w, kinds[k], FAULT_FOR_GOOD, &options);
            cr_assert(once + good > 0 || options.read_only, "%s never mattered",
                      fault_word(kinds[k]));
        }
}

static const enum fault_kind kinds[] = {FAULT_SQLITE_HEAP, FAULT_DISK_READ, FAULT_DISK_BUSY};

Test(store_open_failure, of_a_database_leaves_it_as_it_is, .timeout = 240) {
    struct world w;
    cr_assert(fault_sqlite_heap_install());
    world_begin(&w, true);
    sweep_kinds(&w, kinds, sizeof kinds / sizeof *kinds, true);
    world_end(&w, true);
}

static const enum fault_kind making[] = {FAULT_SQLITE_HEAP, FAULT_DISK_WRITE, FAULT_DISK_FULL,
                                         FAULT_DISK_SYNC};

/* Each time on an empty disk: half a database is none, and the next one makes it. */
Test(store_open_failure, of_a_new_database_leaves_none_or_a_whole_one, .timeout = 240) {
    cr_assert(fault_sqlite_heap_install());
    for (size_t k = 0; k < sizeof making / sizeof *making; k++)
        for (int m = 0; m < 2; m++) {
            const struct vk_store_options options = {.mode = modes[m]};
            uint64_t errors = 0;
            struct world w = {.fault = {.hits = 1}};
            for (uint64_t n = 1, hits = 1; hits; n++) {
                world_begin(&w, false);
                w.fault = (struct fault){
                    .kind = making[k], .vat = FAULT_ANY_VAT, .at = n, .repeat = FAULT_FOR_GOOD};
                fault_sqlite_heap_use(&w.set);
                errors += open_and_read(&w.blocks.ports, &options) != VK_OK;
                fault_sqlite_heap_use(NULL);
                hits = w.fault.hits;
                w.fault = (struct fault){.kind = making[k], .at = UINT64_MAX};
                test_ok(open_and_read(&w.blocks.ports, &options));
                world_end(&w, false);
            }
            cr_assert(errors > 0, "%s never mattered", fault_word(making[k]));
        }
}
