/* testing_steps.c - see testing_steps.h. */
#include "testing_steps.h"

#include <criterion/criterion.h>
#include <faults/sqlite_heap_fault.h>
#include <sim/mem_disk.h>
#include <sim/plan_generate.h>
#include <sqlite3.h>
#include <stdlib.h>

static enum vk_err trace_event(void *impl, const struct vk_trace_event *event) {
    struct test_steps *steps = impl;
    (void)event;
    steps->events++;
    if (steps->refused_event && steps->events >= steps->refused_event)
        return VK_RAISE(VK_ERR_TRACE, "event %llu", (unsigned long long)steps->events);
    return VK_OK;
}

/* Answers with what it was given. */
static enum vk_err echo(void *impl, struct vk_arena *arena, const struct vk_device_call *call,
                        const struct vk_device_powers *powers, struct vk_device_result *result) {
    (void)impl, (void)arena, (void)powers;
    *result = (struct vk_device_result){.ok = true, .data = call->args};
    return VK_OK;
}

static void open_workers(struct test_steps *steps) {
    const struct sim_workers_options workers = {
        .heap = vk_heap_system(), .plan = steps->plan, .clock = &steps->clock, .slowness = 1};
    steps->workers = sim_workers_new(&workers);
    cr_assert(steps->workers);
}

/* As far as an open store on an empty disk. */
static void open_store(struct test_steps *steps, const struct vk_worker_host *workers) {
    steps->disk = sim_disk_new();
    cr_assert(steps->disk);
    test_heap_init(&steps->heap);
    steps->trace = (struct vk_trace){.impl = steps, .event = trace_event};
    steps->ports = (struct vk_ports){
        .heap = &steps->heap.port,
        .trace = &steps->trace,
        .disk = {sim_disk_vfs(steps->disk), "db"},
        .workers = workers,
        .devices = &steps->devices,
    };
    test_ok(vk_store_open(&steps->ports, &steps->options, &steps->store));
}

/* There is a new kernel in the store. */
static void close_store(struct test_steps *steps) {
    test_ok(vk_store_commit(steps->store));
    vk_store_close(steps->store);
    steps->store = NULL;
    steps->inputs_due = true;
    cr_assert(sqlite3_open_v2("db", &steps->database, SQLITE_OPEN_READWRITE,
                              sim_disk_vfs(steps->disk)) == SQLITE_OK);
}

void test_steps_open(struct test_steps *steps, const struct sim_plan *plan,
                     enum vk_store_mode mode) {
    *steps =
        (struct test_steps){.plan = plan, .options = {.mode = mode}, .devices = {.invoke = echo}};
    open_workers(steps);
    sim_host_init(&steps->host, plan);
    open_store(steps, sim_workers_port(steps->workers));
    test_ok(sim_host_create(&steps->host, steps->store, &steps->ports));
    close_store(steps);
}

void test_steps_open_puppets(struct test_steps *steps, const struct test_setup *setup,
                             const struct test_act *acts, size_t act_count,
                             enum vk_store_mode mode) {
    struct test_world w = {.setup = setup};
    *steps = (struct test_steps){.acts = acts,
                                 .act_count = act_count,
                                 .options = {.mode = mode},
                                 .devices = {.invoke = world_dev_invoke}};
    test_vats_init(&steps->vats);
    open_store(steps, &steps->vats.port);
    w.ports = steps->ports;
    w.store = steps->store;
    vk_arena_init(&w.arena, vk_heap_system());
    world_add_bundles(&w);
    test_ok(world_try_initialize(&w));
    vk_arena_release(&w.arena);
    close_store(steps);
}

void test_steps_close(struct test_steps *steps) {
    cr_assert(sqlite3_close(steps->database) == SQLITE_OK);
    free(steps->content);
    if (steps->plan) {
        sim_workers_free(steps->workers);
        sim_host_release(&steps->host);
    } else {
        test_vats_release(&steps->vats);
    }
    sim_disk_free(steps->disk);
}

/* How often the disk was written to, with all that was committed in its place: a try that commits nothing writes nothing. */
static uint64_t writes_settled(struct test_steps *steps) {
    cr_assert(sqlite3_exec(steps->database, "PRAGMA wal_checkpoint", NULL, NULL, NULL) ==
              SQLITE_OK);
    return sim_disk_counts(steps->disk).writes;
}

/* All that is committed, as text of the caller's. */
static char *content_read(struct test_steps *steps) {
    static const char text[] =
        "SELECT (SELECT group_concat(quote(key) || quote(value)) FROM kvStore)"
        " || (SELECT count(*) || ifnull(group_concat(vatID || position || quote(item)), '')"
        "     FROM transcriptItems)"
        " || (SELECT count(*) || ifnull(group_concat(vatID || startPos || ' ' || endPos || hash), '')"
        "     FROM transcriptSpans)"
        " || (SELECT count(*) || ifnull(group_concat(vatID || snapPos || quote(hash)), '')"
        "     FROM snapshots)"
        " || (SELECT group_concat(bundleID) FROM bundles)";
    sqlite3_stmt *statement;
    cr_assert(sqlite3_prepare_v2(steps->database, text, -1, &statement, NULL) == SQLITE_OK);
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    char *content = strdup((const char *)sqlite3_column_text(statement, 0));
    cr_assert(content);
    sqlite3_finalize(statement);
    return content;
}

/* SQLite that runs out of memory may write to the disk what it does not commit: then what is there has to be looked at. */
static void check_nothing_committed(struct test_steps *steps, uint64_t writes) {
    if (sim_disk_counts(steps->disk).writes == writes) return;
    char *content = content_read(steps);
    cr_assert(steps->content && strcmp(content, steps->content) == 0, "something was committed");
    free(content);
}

static enum vk_err open_both(struct test_steps *steps) {
    steps->kernel = NULL;
    VK_TRY(vk_store_open(&steps->ports, &steps->options, &steps->store));
    return vk_kernel_open(steps->store, &steps->ports, &steps->kernel_options, &steps->kernel);
}

static void close_both(struct test_steps *steps) {
    steps->heap.fail_at = steps->refused_event = 0;
    if (steps->kernel) vk_kernel_close(steps->kernel);
    if (steps->store) vk_store_abandon_crank(steps->store);
    vk_store_close(steps->store);
    fault_sqlite_heap_use(NULL);
    steps->kernel = NULL;
    steps->store = NULL;
    steps->vats.journal.length = 0; /* nobody reads it */
    cr_assert(steps->heap.outstanding_blocks == 0, "%llu blocks leaked",
              (unsigned long long)steps->heap.outstanding_blocks);
}

static enum vk_err crank(struct test_steps *steps) {
    if (!steps->plan) return vk_kernel_run_crank(steps->kernel, NULL, &steps->crank);
    const struct vk_run_policy policy = sim_host_run_policy(&steps->host);
    return vk_kernel_run_crank(steps->kernel, &policy, &steps->crank);
}

static enum vk_err act(struct test_steps *steps) {
    const struct test_act *next = &steps->acts[steps->block];
    struct vk_arena arena;
    struct vk_capdata methargs;
    char kpid[VK_KREF_TEXT];
    if (!next->kref) return VK_OK;
    vk_arena_init(&arena, vk_heap_system());
    test_methargs(&arena, next->words, &methargs);
    enum vk_err err = vk_host_queue_message(steps->kernel, vk_str(next->kref), &methargs,
                                            VK_RESULT_LOG_FAILURE, kpid);
    vk_arena_release(&arena);
    return err;
}

static enum vk_err make_step(struct test_steps *steps) {
    if (!steps->inputs_due) return crank(steps);
    if (steps->acts) return act(steps);
    sim_host_resume(&steps->host, steps->block);
    return sim_host_begin_block(&steps->host, steps->store, steps->kernel, steps->block);
}

static void check_halted(struct test_steps *steps, enum vk_err err) {
    if (err == VK_OK || err == VK_ERR_USAGE) return;
    cr_assert(vk_kernel_panic_reason(steps->kernel), "%s at %s:%d, and the kernel goes on",
              vk_err_name(err), vk_err_origin()->file, vk_err_origin()->line);
}

enum vk_err test_steps_try_call(struct test_steps *steps, test_call call, test_wrong wrong,
                                uint64_t n) {
    if (!steps->content) steps->content = content_read(steps);
    uint64_t writes = writes_settled(steps);
    test_ok(open_both(steps));
    wrong(steps, n);
    enum vk_err err = call(steps);
    if (call != make_step || !steps->inputs_due) check_halted(steps, err); /* the host reads too */
    close_both(steps);
    check_nothing_committed(steps, writes);
    return err;
}

enum vk_err test_steps_try(struct test_steps *steps, test_wrong wrong, uint64_t n) {
    return test_steps_try_call(steps, make_step, wrong, n);
}

/* What a host may ask of all vats at once. */
static enum vk_err ask_all(struct vk_kernel *kernel) {
    VK_TRY(vk_host_reap_all_vats(kernel));
    VK_TRY(vk_host_inject_upgrade_events(kernel));
    VK_TRY(vk_host_snapshot_all_vats(kernel));
    return vk_host_restart_all_vats(kernel);
}

static enum vk_err crank_on(struct test_steps *steps, unsigned cranks) {
    VK_TRY(open_both(steps));
    VK_TRY(make_step(steps));
    VK_TRY(ask_all(steps->kernel));
    for (unsigned i = 0; i < cranks; i++) {
        enum vk_err err = crank(steps);
        check_halted(steps, err);
        VK_TRY(err);
        if (steps->crank.kind == VK_CRANK_IDLE) break;
    }
    return VK_OK;
}

enum vk_err test_steps_try_on(struct test_steps *steps, unsigned cranks) {
    uint64_t writes = writes_settled(steps);
    enum vk_err err = crank_on(steps, cranks);
    close_both(steps);
    check_nothing_committed(steps, writes);
    return err;
}

bool test_steps_take(struct test_steps *steps) {
    free(steps->content);
    steps->content = NULL;
    test_ok(open_both(steps));
    enum vk_err err = make_step(steps);
    if (err == VK_ERR_PANIC) {
        close_both(steps);
        return false;
    }
    test_ok(err);
    bool goes_on =
        steps->inputs_due || (steps->crank.kind != VK_CRANK_IDLE &&
                              (!steps->plan || sim_host_goes_on(&steps->host, &steps->crank)));
    test_ok(vk_store_commit(steps->store));
    close_both(steps);
    steps->inputs_due = !goes_on;
    steps->block += !goes_on;
    return steps->block < (steps->plan ? sim_host_blocks(steps->plan) : steps->act_count);
}

uint64_t test_each(uint64_t so_many) {
    return getenv("CRANKCASE_THOROUGH") ? (so_many + 7) / 8 : so_many;
}

void test_plan_with_everything(struct sim_plan *plan, uint64_t seed) {
    const struct sim_generate_options options = {.everything = true, .replicas = 1};
    test_ok(sim_plan_generate(plan, vk_heap_system(), seed, &options));
}
