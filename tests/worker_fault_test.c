/* worker_fault_test.c - each worker fault strikes at its point and at no other; and under a kernel, what is to be invisible
 * is so.
 */
#include "faults/worker_fault.h"

#include <criterion/criterion.h>

#include "testing_kernel.h"

/* ---- over a host that only counts */

struct counting_host {
    struct vk_worker_host port;
    unsigned starts, deliveries, snapshots, stops;
    unsigned syscalls_each; /* that a delivery makes */
};

struct counting_kernel {
    struct vk_syscall_port port;
    unsigned syscalls, others; /* others: not what the worker made */
};

static enum vk_err count_start(void *impl, const struct vk_worker_spec *spec,
                               struct vk_worker **out) {
    struct counting_host *host = impl;
    (void)spec;
    host->starts++;
    *out = impl;
    return VK_OK;
}

static enum vk_err count_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                 const struct vk_delivery *delivery,
                                 const struct vk_syscall_port *syscalls,
                                 struct vk_delivery_result *result) {
    struct counting_host *host = impl;
    struct vk_syscall_result ignored;
    const struct vk_syscall syscall = {.type = VK_SYSCALL_EXIT};
    (void)worker, (void)arena, (void)delivery;
    host->deliveries++;
    for (unsigned i = 0; i < host->syscalls_each; i++)
        VK_TRY(syscalls->make(syscalls->impl, &syscall, &ignored));
    *result = (struct vk_delivery_result){.ok = true, .metered = true, .computrons = 100};
    return VK_OK;
}

static enum vk_err count_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                  bool restart, struct vk_snapshot_image *image) {
    struct counting_host *host = impl;
    (void)worker, (void)arena, (void)restart;
    host->snapshots++;
    image->bytes = VK_STR("image");
    return VK_OK;
}

static void count_stop(void *impl, struct vk_worker *worker) {
    struct counting_host *host = impl;
    (void)worker;
    host->stops++;
}

static enum vk_err count_syscall(void *impl, const struct vk_syscall *syscall,
                                 struct vk_syscall_result *result) {
    struct counting_kernel *kernel = impl;
    kernel->syscalls++;
    kernel->others += syscall->type != VK_SYSCALL_EXIT;
    *result = (struct vk_syscall_result){.ok = true};
    return VK_OK;
}

/* A life of a worker: a start, two replayed deliveries, four others, a snapshot; each delivery makes three syscalls.
 * Whenever it is lost another is started, as if by a restart, and goes on where it was. */
struct life {
    struct counting_host host;
    struct counting_kernel kernel;
    struct sim_clock clock;
    uint64_t lost, computrons;
    unsigned
        lost_at; /* the newest: 1-2 in replay, 3-6 in a delivery, 7 in the snapshot, 0 in the start */
};

enum { REPLAYS = 2, DELIVERIES = 4, SNAPSHOT_STEP = REPLAYS + DELIVERIES + 1 };

static enum vk_err step(struct life *life, const struct vk_worker_host *port,
                        struct vk_worker *worker, unsigned step) {
    const struct vk_delivery delivery = {.type = VK_DELIVERY_MESSAGE};
    struct vk_delivery_result result;
    struct vk_snapshot_image image;
    if (step == SNAPSHOT_STEP) return port->snapshot(port->impl, worker, NULL, true, &image);
    VK_TRY(port->deliver(port->impl, worker, NULL, &delivery, &life->kernel.port, &result));
    life->computrons += result.computrons;
    return VK_OK;
}

/* The `repeat` of a fault is 1 here: a life that cannot be lived in ten tries is not. */
static void live(struct life *life, struct fault_set *set) {
    *life = (struct life){.host = {.syscalls_each = 3}};
    life->host.port = (struct vk_worker_host){
        .impl = &life->host,
        .start = count_start,
        .deliver = count_deliver,
        .snapshot = count_snapshot,
        .stop = count_stop,
    };
    life->kernel.port = (struct vk_syscall_port){.impl = &life->kernel, .make = count_syscall};
    struct fault_workers *workers = fault_workers_new(set, &life->clock, &life->host.port);
    const struct vk_worker_host *port = fault_workers_port(workers);
    const struct vk_worker_spec spec = {.vat = VK_STR("v12"), .replays = REPLAYS};
    cr_assert(!port->worker_bundle_ids && !port->snapshot_hash, "the host below has none");
    bool done = false;
    for (int tries = 0; tries < 10 && !done; tries++) {
        struct vk_worker *worker;
        enum vk_err err = port->start(port->impl, &spec, &worker);
        unsigned at = 0;
        if (err == VK_OK) {
            while (at < SNAPSHOT_STEP && err == VK_OK)
                err = step(life, port, worker, ++at);
            port->stop(port->impl, worker);
        }
        done = err == VK_OK;
        if (done) break;
        cr_assert_eq(err, VK_ERR_WORKER_LOST);
        life->lost++;
        life->lost_at = at;
    }
    cr_assert(done);
    cr_assert_eq(life->host.starts, life->host.stops);
    fault_workers_free(workers);
}

struct strike {
    enum fault_kind kind;
    uint64_t at, k;
    unsigned lost_at;              /* and in that try: */
    unsigned deliveries, syscalls; /* that reached the host below, and the kernel above */
    uint64_t ms;
    int computrons;
};

enum { NEVER_LOST = 99 };

static const struct strike strikes[] = {
    {FAULT_WORKER_START, 1, 0, 0, 0, 0, 0, 0},
    {FAULT_WORKER_NEVER, 1, 0, 0, 0, 0, 0, 0},
    {FAULT_WORKER_SLOW, 1, 70, NEVER_LOST, 0, 0, 70, 0},
    {FAULT_WORKER_REPLAY, 1, 0, 1, 0, 0, 0, 0},
    {FAULT_WORKER_REPLAY, 2, 0, 2, 1, 3, 0, 0},
    {FAULT_WORKER_IDLE, 1, 0, 3, 2, 6, 0, 0},
    {FAULT_WORKER_IDLE, 4, 0, 6, 5, 15, 0, 0},
    {FAULT_WORKER_BEFORE, 2, 0, 4, 3, 9, 0, 0},
    {FAULT_WORKER_HANGS, 2, 30, 4, 3, 9, 30, 0},
    {FAULT_WORKER_SYSCALL, 1, 0, 3, 3, 7, 0, 0},
    {FAULT_WORKER_SYSCALL, 1, 3, 3, 3, 9, 0, 0},
    {FAULT_WORKER_SYSCALL, 2, 2, 4, 4, 11, 0, 0},
    {FAULT_WORKER_LAST, 1, 0, 3, 3, 9, 0, 0},
    {FAULT_WORKER_LAST, 3, 0, 5, 5, 15, 0, 0},
    {FAULT_WORKER_RESULT, 1, 0, 4, 3, 9, 0, 0},
    {FAULT_WORKER_RESULT, 4, 0, 7, 6, 18, 0, 0},
    {FAULT_WORKER_SNAPSHOT, 1, 0, 7, 6, 18, 0, 0},
    {FAULT_COMPUTE_DRIFT, 1, 0, NEVER_LOST, 0, 0, 0, 1},
    {FAULT_COMPUTE_DRIFT, 4, 1, NEVER_LOST, 0, 0, 0, -1},
};

Test(worker_fault, each_strikes_at_its_point_once) {
    for (size_t i = 0; i < sizeof strikes / sizeof *strikes; i++) {
        const struct strike *strike = &strikes[i];
        struct fault fault = {
            .kind = strike->kind, .vat = 12, .at = strike->at, .repeat = 1, .k = strike->k};
        struct fault_set set = {.faults = &fault, .count = 1};
        struct life life;
        const char *word = fault_word(strike->kind);
        bool is_lost = strike->lost_at != NEVER_LOST;
        live(&life, &set);
        cr_expect_eq(fault.hits, 1, "%s", word);
        cr_expect_eq(life.lost, is_lost, "%s lost it %llu times", word,
                     (unsigned long long)life.lost);
        if (is_lost) cr_expect_eq(life.lost_at, strike->lost_at, "%s: at %u", word, life.lost_at);
        cr_expect_eq(life.host.deliveries, strike->deliveries + 6, "%s: %u deliveries", word,
                     life.host.deliveries);
        cr_expect_eq(life.kernel.syscalls, strike->syscalls + 18, "%s: %u syscalls", word,
                     life.kernel.syscalls);
        cr_expect_eq(life.clock.now_ns, SIM_MS(strike->ms), "%s", word);
        if (!is_lost) cr_expect_eq((int)life.computrons, 600 + strike->computrons, "%s", word);
        cr_expect_eq(life.kernel.others, 0);
        cr_expect_eq(life.host.snapshots, 1);
    }
}

Test(worker_fault, a_fault_of_another_vat_or_beyond_the_last_point_changes_nothing) {
    for (size_t i = 0; i < sizeof strikes / sizeof *strikes; i++) {
        for (int other = 0; other < 2; other++) {
            struct fault fault = {.kind = strikes[i].kind,
                                  .vat = other ? 11 : 12,
                                  .at = other ? 1 : 1000,
                                  .repeat = 1,
                                  .k = strikes[i].k};
            struct fault_set set = {.faults = &fault, .count = 1};
            struct life life;
            live(&life, &set);
            cr_expect(fault.hits == 0 && life.lost == 0 && life.host.deliveries == 6 &&
                      life.kernel.syscalls == 18 && life.computrons == 600 &&
                      life.clock.now_ns == 0 && (other || fault.asked > 0));
        }
    }
}

Test(worker_fault, a_replayed_syscall_is_another_one) {
    for (uint64_t at = 1; at <= 7; at++) {
        struct fault fault = {
            .kind = FAULT_REPLAY_DIFFERS, .vat = FAULT_ANY_VAT, .at = at, .repeat = 1};
        struct fault_set set = {.faults = &fault, .count = 1};
        struct life life;
        live(&life, &set);
        cr_expect_eq(life.kernel.others, at <= 6, "at %llu", (unsigned long long)at);
        cr_expect_eq(fault.hits, at <= 6);
    }
}

/* ---- under a kernel */

static const struct test_setup with_snapshots = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 6};

struct node {
    struct test_world world;
    struct test_folder folder;
    struct sim_clock clock;
    struct fault fault;
    struct fault_set set;
    struct fault_workers *workers;
    unsigned crashes;
};

static void node_begin(struct node *node, const struct fault *fault) {
    struct test_world *w = &node->world;
    *node = (struct node){.fault = *fault};
    node->set = (struct fault_set){.faults = &node->fault, .count = 1};
    test_folder_make(&node->folder);
    world_open(w, &with_snapshots, VK_STORE_WRITE_BACK, test_folder_file(&node->folder, "db"));
    node->workers = fault_workers_new(&node->set, &node->clock, &w->vats.port);
    for (int i = 0; i < 8; i++)
        world_tell(w, "alice", "{set key%d %d; get key1; next key}", i, i);
    vk_kernel_close(w->kernel);
    w->kernel = NULL;
    w->ports.workers = fault_workers_port(node->workers);
    test_ok(vk_store_commit(w->store));
}

static void node_restart(struct node *node) {
    const struct vk_store_options options = {.mode = VK_STORE_WRITE_BACK};
    struct test_world *w = &node->world;
    if (w->kernel) vk_kernel_close(w->kernel);
    w->kernel = NULL;
    vk_store_close(w->store);
    test_ok(vk_store_open(&w->ports, &options, &w->store));
}

static enum vk_err node_run(struct node *node) {
    struct test_world *w = &node->world;
    w->crank.kind = VK_CRANK_IDLE;
    VK_TRY(world_try_open_kernel(w));
    do
        VK_TRY(vk_kernel_run_crank(w->kernel, NULL, &w->crank));
    while (w->crank.kind != VK_CRANK_IDLE);
    return VK_OK;
}

static void node_end(struct node *node) {
    if (node->world.kernel) vk_kernel_close(node->world.kernel);
    node->world.kernel = NULL;
    fault_workers_free(node->workers);
    world_close(&node->world);
    test_folder_remove(&node->folder);
}

/* Runs to the end, starting again after each loss; the state that it comes to. */
static struct vk_state_hash node_outcome(struct node *node) {
    enum vk_err err;
    while ((err = node_run(node)) != VK_OK) {
        cr_assert_eq(err, VK_ERR_WORKER_LOST, "%s: %s", vk_err_name(err), vk_err_origin()->text);
        cr_assert(++node->crashes < 5);
        node_restart(node);
    }
    return vk_store_state_hash(node->world.store);
}

Test(worker_fault, a_lost_worker_leaves_no_trace_once_the_node_has_caught_up, .timeout = 120) {
    static const enum fault_kind kinds[] = {FAULT_WORKER_IDLE,     FAULT_WORKER_BEFORE,
                                            FAULT_WORKER_SYSCALL,  FAULT_WORKER_LAST,
                                            FAULT_WORKER_RESULT,   FAULT_WORKER_REPLAY,
                                            FAULT_WORKER_SNAPSHOT, FAULT_WORKER_START,
                                            FAULT_WORKER_SLOW,     FAULT_WORKER_HANGS};
    struct node node;
    node_begin(&node, &(struct fault){.kind = FAULT_HEAP, .at = 1, .repeat = 1});
    const struct vk_state_hash expected = node_outcome(&node);
    node_end(&node);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        node_begin(&node,
                   &(struct fault){.kind = kinds[i],
                                   .vat = kinds[i] == FAULT_WORKER_REPLAY ? 2 : FAULT_ANY_VAT,
                                   .at = 1,
                                   .repeat = 1});
        struct vk_state_hash hash = node_outcome(&node);
        cr_expect_eq(node.fault.hits, 1, "%s", fault_word(kinds[i]));
        cr_expect(hash.low == expected.low && hash.high == expected.high, "%s",
                  fault_word(kinds[i]));
        cr_expect_eq(node.crashes, kinds[i] != FAULT_WORKER_SLOW, "%s", fault_word(kinds[i]));
        node_end(&node);
    }
}

Test(worker_fault, a_replay_that_differs_is_anachrophobia) {
    struct node node;
    node_begin(
        &node,
        &(struct fault){.kind = FAULT_REPLAY_DIFFERS, .vat = 2, .at = 1, .repeat = FAULT_FOR_GOOD});
    test_ok(node_run(&node)); /* startVat makes no syscalls */
    test_ok(vk_store_commit(node.world.store));
    node_restart(&node);
    cr_assert_eq(node_run(&node), VK_ERR_ANACHROPHOBIA);
    cr_assert_eq(node.fault.hits, 1);
    node.set.suspended = true;
    node_restart(&node);
    test_ok(node_run(&node));
    node_end(&node);
}
