/* initialize_failure_test.c - a new kernel whose host fails at each point of vk_kernel_initialize: the error is that of the host,
 * and nothing leaks. (Whoever made the store has nothing to commit then; on success all of a kernel is there.)
 */
#include <criterion/criterion.h>
#include <faults/sqlite_heap_fault.h>
#include <stdlib.h>
#include <vk/kernel.h>

#include "testing_vats.h"

enum { CHUNK = 64 * 1024, STEP = 16 }; /* what an arena asks its heap for, and what it rounds to */

/* ---- a heap with one chunk, and what is in it before the first text that can be struck */

struct one_chunk {
    struct vk_heap port;
    unsigned chunks;
};

static void *give_one(void *impl, size_t size) {
    struct one_chunk *heap = impl;
    if (size >= CHUNK && heap->chunks++) return NULL;
    return malloc(size);
}

static void *resize(void *impl, void *ptr, size_t old_size, size_t new_size) {
    (void)impl, (void)old_size;
    return realloc(ptr, new_size);
}

static void give_back(void *impl, void *ptr, size_t size) {
    (void)impl, (void)size;
    free(ptr);
}

static struct test_vats vats;
static struct test_heap heap;
static struct test_trace trace;

/* Everything that a configuration can have. `filler` is a bundle's name: the key with it takes so much of the arena. */
static enum vk_err initialize(struct vk_store *store, const struct vk_heap *heap_port,
                              struct vk_str filler) {
    const struct vk_named_bundle bundles[] = {{filler, VK_STR("b1-x")}};
    const struct vk_vat_config static_vats[] = {
        {VK_STR("vatAdmin"), VK_STR("b1-a"), {.body = VK_STR_NONE}, VK_STR_NONE},
        {VK_STR("alice"), VK_STR("b1-b"), {.body = VK_STR("#[]")}, VK_STR("{\"critical\":true}")},
        {VK_STR("bob"), VK_STR("b1-b"), {.body = VK_STR("#[]")}, VK_STR("{\"name\":\"x\"}")},
    };
    const struct vk_device_config devices[] = {
        {VK_STR("vatAdmin"), VK_STR("b1-d"), VK_STR("{\"x\":1}")},
        {VK_STR("dev"), VK_STR("b1-d"), VK_STR_NONE},
    };
    const struct vk_config config = {
        .relax_durability_rules = true,
        .bundles = bundles,
        .bundle_count = 1,
        .vats = static_vats,
        .vat_count = sizeof static_vats / sizeof *static_vats,
        .devices = devices,
        .device_count = sizeof devices / sizeof *devices,
        .bootstrap = VK_STR("alice"),
        .pin_bootstrap_root = true,
    };
    const struct vk_ports ports = {
        .heap = heap_port, .trace = &trace.port, .disk = {NULL, ":memory:"}, .workers = &vats.port};
    char kpid[24];
    return vk_kernel_initialize(store, &ports, &config, kpid);
}

static struct vk_store *store_open(enum vk_store_mode mode, struct vk_ports *ports) {
    const struct vk_store_options options = {.mode = mode};
    struct vk_store *store;
    *ports =
        (struct vk_ports){.heap = &heap.port, .trace = &trace.port, .disk = {NULL, ":memory:"}};
    test_ok(vk_store_open(ports, &options, &store));
    return store;
}

static void begin(void) {
    test_heap_init(&heap);
    test_trace_init(&trace);
    test_vats_init(&vats);
}

static void end(void) {
    test_vats_release(&vats);
    test_trace_release(&trace);
    cr_assert(heap.outstanding_blocks == 0);
}

static void store_close(struct vk_store *store, enum vk_err err) {
    struct vk_str version;
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    test_ok(vk_store_get(store, &arena, VK_STR("version"), &version));
    cr_assert(err != VK_OK || vk_str_eq(version, VK_STR("3")));
    vk_arena_release(&arena);
    vk_store_close(store);
}

Test(initialize_failure, at_any_text_for_which_there_is_no_room, .timeout = 120) {
    static char filler[CHUNK];
    uint64_t failures = 0;
    memset(filler, 'f', sizeof filler);
    begin();
    enum vk_err err = VK_ERR_NOMEM;
    for (size_t left = 0; left < CHUNK - 2048 && err != VK_OK; left += STEP) {
        struct one_chunk one = {.port = {&one, give_one, resize, give_back}};
        struct vk_ports ports;
        struct vk_store *store = store_open(VK_STORE_WRITE_BACK, &ports);
        err = initialize(store, &one.port, (struct vk_str){filler, CHUNK - 2048 - left});
        cr_assert(err == VK_OK || err == VK_ERR_NOMEM, "%s", vk_err_name(err));
        failures += err != VK_OK;
        store_close(store, err);
    }
    cr_assert(err == VK_OK, "one chunk is not enough");
    cr_assert(failures > 100, "only %llu", (unsigned long long)failures);
    end();
}

Test(initialize_failure, at_any_event_that_is_refused, .timeout = 120) {
    enum vk_err err = VK_ERR_TRACE;
    uint64_t n = 0;
    begin();
    for (; err != VK_OK; n++) {
        struct vk_ports ports;
        struct vk_store *store = store_open(VK_STORE_WRITE_BACK, &ports);
        trace.fail_at = trace.events + n + 1;
        err = initialize(store, &heap.port, VK_STR("x"));
        trace.fail_at = 0;
        cr_assert(err == VK_OK || err == VK_ERR_TRACE, "%s", vk_err_name(err));
        store_close(store, err);
    }
    cr_assert(n > 100, "only %llu", (unsigned long long)n);
    end();
}

Test(initialize_failure, at_any_allocation_of_sqlites, .timeout = 240) {
    struct fault fault = {.hits = 1};
    struct fault_set set = {.faults = &fault, .count = 1};
    uint64_t failures = 0;
    cr_assert(fault_sqlite_heap_install());
    begin();
    for (uint64_t n = 1; fault.hits; n++) {
        struct vk_ports ports;
        struct vk_store *store = store_open(VK_STORE_DIRECT, &ports);
        fault = (struct fault){
            .kind = FAULT_SQLITE_HEAP, .vat = FAULT_ANY_VAT, .at = n, .repeat = FAULT_FOR_GOOD};
        fault_sqlite_heap_use(&set);
        enum vk_err err = initialize(store, &heap.port, VK_STR("x"));
        fault_sqlite_heap_use(NULL);
        cr_assert(err == VK_OK || err == VK_ERR_NOMEM, "%s", vk_err_name(err));
        failures += err != VK_OK;
        store_close(store, err);
    }
    cr_assert(failures > 100, "only %llu", (unsigned long long)failures);
    end();
}
