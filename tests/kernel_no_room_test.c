/* kernel_no_room_test.c - whatever a kernel asks of its host is refused once, at every point of a run where it asks: the kernel
 * halts with that very error, nothing leaks, nothing is committed, and the same step succeeds once the host is well again.
 *
 * kernel_memory_test.c does this to a scenario written by hand, from its beginning each time; here it is done to every step of
 * the plans that seeds stand for, and to every call that a host may make, each from where the step before it had come to.
 */
#include <core/kernel_core.h>
#include <criterion/criterion.h>
#include <faults/sqlite_heap_fault.h>
#include <sqlite3.h>
#include <stdio.h>

#include "testing_steps.h"

/* ---- what is refused */

/* A heap that has nothing to give, and takes back what `impl`, a heap that had, has given. */
static void *give_nothing(void *impl, size_t size) {
    (void)impl, (void)size;
    return NULL;
}

static void *resize_nothing(void *impl, void *ptr, size_t old_size, size_t new_size) {
    (void)impl, (void)ptr, (void)old_size, (void)new_size;
    return NULL;
}

static void take_back(void *impl, void *ptr, size_t size) {
    const struct vk_heap *real = impl;
    real->free(real->impl, ptr, size);
}

/* The kernel's own arena has n * 16 bytes left and gets no more: so each text that a crank makes is one for which there is no
 * room. Through the heap's port alone only an arena's next chunk could be refused. */
static void leave_room(struct test_steps *steps, uint64_t n) {
    static struct vk_heap empty;
    struct vk_arena *arena = &steps->kernel->arena;
    cr_assert(vk_arena_alloc(arena, 1));
    size_t left = (size_t)(arena->end - arena->next), room = (size_t)n * 16;
    if (room > left) return;
    cr_assert(vk_arena_alloc(arena, left - room));
    empty = (struct vk_heap){&steps->heap.port, give_nothing, resize_nothing, take_back};
    arena->heap = &empty;
}

/* The n-th allocation of any kind, and all after it. */
static void refuse_allocations(struct test_steps *steps, uint64_t n) {
    steps->heap.fail_at = steps->heap.allocations + n + 1;
}

/* The n-th allocation alone. */
static void refuse_allocation(struct test_steps *steps, uint64_t n) {
    refuse_allocations(steps, n);
    steps->heap.fail_once = true;
}

/* The n-th event of the trace. */
static void refuse_event(struct test_steps *steps, uint64_t n) {
    steps->refused_event = steps->events + n + 1;
}

static struct fault sqlite_fault;
static struct fault_set sqlite_faults = {.faults = &sqlite_fault, .count = 1};

/* The n-th allocation of SQLite's, and all after it: in a direct store that is any statement. */
static void refuse_sqlite(struct test_steps *steps, uint64_t n) {
    (void)steps;
    sqlite_fault = (struct fault){
        .kind = FAULT_SQLITE_HEAP, .vat = FAULT_ANY_VAT, .at = n + 1, .repeat = FAULT_FOR_GOOD};
    fault_sqlite_heap_use(&sqlite_faults);
}

/* ---- sweeps */

struct sweep {
    test_wrong wrong;
    enum vk_err expected;
    uint64_t each;
    uint64_t number, refusals;
};

/* One step, or one call in its place, until nothing is refused any more. Each sweep of a step that is not thorough begins
 * somewhere else. */
static void sweep_call(struct test_steps *steps, struct sweep *sweep, test_call call) {
    for (uint64_t n = sweep->number++ % sweep->each;; n += sweep->each) {
        enum vk_err err = call ? test_steps_try_call(steps, call, sweep->wrong, n)
                               : test_steps_try(steps, sweep->wrong, n);
        bool struck = sqlite_fault.hits > 0; /* SQLite can do without some */
        sqlite_fault.hits = 0;
        if ((err == VK_OK || (call && err == VK_ERR_USAGE)) && !struck) return;
        if (err == VK_OK) continue;
        cr_assert(err == sweep->expected, "%s at %s:%d: %s", vk_err_name(err),
                  vk_err_origin()->file, vk_err_origin()->line, vk_err_origin()->text);
        sweep->refusals++;
    }
}

static void sweep_step(struct test_steps *steps, struct sweep *sweep) {
    sweep_call(steps, sweep, NULL);
}

/* At each step of a plan with everything in it, or at each so-manieth. */
static void sweep_run(uint64_t seed, enum vk_store_mode mode, struct sweep *sweep,
                      void (*at_step)(struct test_steps *steps, struct sweep *sweep),
                      uint64_t steps_each) {
    struct sim_plan plan;
    struct test_steps steps;
    uint64_t number = 0;
    test_plan_with_everything(&plan, seed);
    test_steps_open(&steps, &plan, mode);
    steps.kernel_options.no_preload = true;
    steps.trace.wants_slog = mode == VK_STORE_DIRECT; /* entries are texts and events too */
    do {
        if (number++ % steps_each == 0) at_step(&steps, sweep);
    } while (test_steps_take(&steps));
    test_steps_close(&steps);
    sim_plan_release(&plan);
    cr_assert(sweep->refusals > 100, "only %llu refusals", (unsigned long long)sweep->refusals);
}

Test(kernel_no_room, halts_it_at_any_text_of_a_crank, .timeout = 1200) {
    struct sweep back = {.wrong = leave_room, .expected = VK_ERR_NOMEM, .each = test_each(200)};
    struct sweep direct = back;
    sweep_run(1, VK_STORE_WRITE_BACK, &back, sweep_step, 1);
    sweep_run(2, VK_STORE_DIRECT, &direct, sweep_step, 1);
}

Test(kernel_no_room, halts_it_at_any_allocation, .timeout = 600) {
    struct sweep one = {.wrong = refuse_allocation, .expected = VK_ERR_NOMEM, .each = 1};
    struct sweep all = {.wrong = refuse_allocations, .expected = VK_ERR_NOMEM, .each = 1};
    sweep_run(1, VK_STORE_WRITE_BACK, &one, sweep_step, 1);
    sweep_run(2, VK_STORE_DIRECT, &all, sweep_step, 1);
}

Test(kernel_no_room, for_an_event_in_the_trace_halts_it, .timeout = 600) {
    struct sweep back = {.wrong = refuse_event, .expected = VK_ERR_TRACE, .each = test_each(20)};
    struct sweep direct = back;
    sweep_run(5, VK_STORE_WRITE_BACK, &back, sweep_step, 1);
    sweep_run(6, VK_STORE_DIRECT, &direct, sweep_step, 1);
}

/* ---- puppets do what no plan does: whatever vat-admin's device and others can be asked for, pipelining, orders that stand */

static const struct test_setup puppets = {
    .xsnap = true,
    .snapshot_initial = 4,
    .snapshot_interval = 4,
    .reap_interval = 5,
    .options = {
        [TEST_ALICE] = "{\"suspendOnFatal\":true}", [TEST_CAROL] = "{\"enablePipelining\":true}"}};

static const struct test_act acts[] = {
    {NULL, NULL},
    {"ko21",
     "{send $0 {send $1 {} o+5 o+6 $0; fulfill $r o+7; set a 1} o+5 $1 = p+5; subscribe p+5;"
     "send p+5 {set piped 1} = p+6; on notify {drop $0; retire $0}} ko22 ko23"},
    {"ko20", "{call d-71 createMeter +1000 +990; call d-71 createUnlimitedMeter;"
             "call d-71 getMeter m1; call d-71 getMeter m2; call d-71 addMeterRemaining m1 +5;"
             "call d-71 setMeterThreshold m1 +995; call d-71 getMeter m9}"},
    {"ko20", "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"set x y; spend 20\","
             "\"x\":\"$0.Alleged: x\"},\"meterID\":\"m1\"} with o-50}"},
    {"ko20", "{call d-71 getBundleCap @vat; call d-71 getNamedBundleCap thing;"
             "call d-71 getBundleIDByName thing; call d-71 getNamedBundleCap no;"
             "call d-71 getBundleCap no}"},
    {"ko20",
     "{call d-71 upgradeVat; call d-71 upgradeVat v5; call d-71 upgradeVat v5 @vat;"
     "call d-71 terminateWithFailure; call d-71 terminateWithFailure v5; call d-71 changeOptions;"
     "call d-71 changeOptions v4; call d-71 changeOptions v4 5; call d-71 createMeter;"
     "call d-71 createUnlimitedMeter 5; call d-71 suspendVat; call d-71 pauseVat x;"
     "call d-71 getBundleCap b1-x; call d-71 getNamedBundleCap; call d-71 createByBundleID;"
     "call d-71 createByBundle 5; call d-71 nonsense; call d-71 getMeter}"},
    {"ko20", "{call d-72 getBundleID; call d-72 getBundle; call d-72 no}"},
    {"ko20", "{call d-71 createByBundle {\"moduleFormat\":\"x\"} {}}"},
    {"ko23", "{drop o-50; retire o-50; call $0 echo o+9; call $0 node; call $0 fail;"
             "call $0 send $1; call $0 set a b; call $0 get a; call $0 state} kd30 ko21"},
    {"ko22", "{get a; next a; set b 2; delete a; on notify {set n 1}}"},
    {"ko20", "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"keep a 1; get a\"},"
             "\"vatstore\":\"completion\"}}"},
    {"ko22", "{send p-60 foo; drop o-99}"},
    {"ko20", "{call d-71 upgradeVat v5 @vat {\"run\":\"set z 1\"} why;"
             "call d-71 upgradeVat v5 @vat {\"run\":\"fail x\"} why;"
             "call d-71 changeOptions v4 {\"reapInterval\":3,\"x\":1};"
             "call d-71 terminateWithFailure v9 {\"a\":1}}"},
    {"ko21", "{on notify {get a}; settle $r 1; send o+0 {reject $r no} = p+9; subscribe p+9}"},
    {"ko23",
     "{send o+0 {} p+1 p+2; subscribe p+1; send p+1 foo; abandon o+5; retireexports; exit bye}"},
    {"ko20", "{call d-71 terminateWithFailure v5 {\"#error\":\"no\",\"name\":\"Error\"}}"},
    {"ko21", "{fail badly}"},
};

static void sweep_puppets(enum vk_store_mode mode, struct sweep *sweep) {
    struct test_steps steps;
    test_steps_open_puppets(&steps, &puppets, acts, sizeof acts / sizeof *acts, mode);
    steps.trace.wants_slog = mode == VK_STORE_DIRECT;
    do {
        sweep_step(&steps, sweep);
    } while (test_steps_take(&steps));
    test_steps_close(&steps);
    cr_assert(sweep->refusals > 100, "only %llu refusals", (unsigned long long)sweep->refusals);
}

Test(kernel_no_room, halts_it_at_any_text_of_puppets, .timeout = 600) {
    struct sweep back = {.wrong = leave_room, .expected = VK_ERR_NOMEM, .each = test_each(48)};
    struct sweep direct = back;
    sweep_puppets(VK_STORE_WRITE_BACK, &back);
    sweep_puppets(VK_STORE_DIRECT, &direct);
}

Test(kernel_no_room, for_an_event_of_puppets_halts_it, .timeout = 600) {
    struct sweep back = {.wrong = refuse_event, .expected = VK_ERR_TRACE, .each = test_each(10)};
    struct sweep direct = back;
    sweep_puppets(VK_STORE_WRITE_BACK, &back);
    sweep_puppets(VK_STORE_DIRECT, &direct);
}

/* ---- what people have decided: each crank that comes to something is skipped, or one vat ended in its place */

static void leave_all(struct test_steps *steps, uint64_t n) { (void)steps, (void)n; }

/* The next crank's number, or that of a vat's next delivery. */
static uint64_t number_of(struct test_steps *steps, const char *text, uint64_t vat) {
    sqlite3_stmt *statement;
    char id[32];
    snprintf(id, sizeof id, "v%llu", (unsigned long long)vat);
    cr_assert(sqlite3_prepare_v2(steps->database, text, -1, &statement, NULL) == SQLITE_OK);
    if (sqlite3_bind_parameter_count(statement)) sqlite3_bind_text(statement, 1, id, -1, NULL);
    uint64_t number = 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static void sweep_directed(struct test_steps *steps, struct sweep *sweep) {
    if (steps->inputs_due) return;
    test_ok(test_steps_try(steps, leave_all, 0));
    uint64_t vat = steps->crank.vat;
    if (steps->crank.kind == VK_CRANK_IDLE) return;
    struct vk_directive directive = {
        .target = VK_AT_CRANK,
        .number = number_of(steps, "SELECT value FROM kvStore WHERE key = 'crankNumber'", 0),
        .action = sweep->number % 3 ? VK_DIRECTIVE_SKIP : VK_DIRECTIVE_TERMINATE,
        .victim = 3,
    };
    const struct vk_directives directives = {.at = &directive, .count = 1};
    if (sweep->number % 2 && vat != VK_NO_VAT) {
        directive.target = VK_AT_DELIVERY;
        directive.vat = directive.victim = vat;
        directive.number =
            number_of(steps,
                      "SELECT endPos FROM transcriptSpans WHERE vatID = ?1 AND isCurrent = 1", vat);
    }
    steps->kernel_options.directives = &directives;
    /* What is skipped may be what the kernel is to panic without. */
    if (test_steps_try(steps, leave_all, 0) == VK_OK) sweep_step(steps, sweep);
    steps->kernel_options.directives = NULL;
}

Test(kernel_no_room, halts_it_where_a_directive_is_carried_out, .timeout = 600) {
    struct sweep room = {.wrong = leave_room, .expected = VK_ERR_NOMEM, .each = test_each(150)};
    struct sweep event = {.wrong = refuse_event, .expected = VK_ERR_TRACE, .each = test_each(20)};
    sweep_run(1, VK_STORE_WRITE_BACK, &room, sweep_directed, 1);
    sweep_run(2, VK_STORE_DIRECT, &event, sweep_directed, 2);
}

/* ---- what a host may call */

static char kref_text[VK_KREF_TEXT];

static enum vk_err queue_message(struct test_steps *steps) {
    const struct vk_str slots[] = {VK_STR("ko20")};
    const struct vk_capdata methargs = {VK_STR("#[\"go\",[\"$0\"]]"), slots, 1};
    return vk_host_queue_message(steps->kernel, VK_STR("ko20"), &methargs, VK_RESULT_IGNORE,
                                 kref_text);
}
static enum vk_err vat_root(struct test_steps *steps) {
    return vk_host_vat_root(steps->kernel, steps->plan->vats[1].name, kref_text);
}
static enum vk_err pin_vat_root(struct test_steps *steps) {
    return vk_host_pin_vat_root(steps->kernel, steps->plan->vats[1].name, kref_text);
}
static enum vk_err pin(struct test_steps *steps) {
    return vk_host_pin(steps->kernel, VK_STR("ko20"));
}
static enum vk_err take_resolution(struct test_steps *steps) {
    bool settled, rejected;
    struct vk_capdata data;
    vk_arena_clear(&steps->host.arena);
    return vk_host_take_resolution(steps->kernel, &steps->host.arena, VK_STR("kp40"), &settled,
                                   &rejected, &data);
}
static enum vk_err install_bundle(struct test_steps *steps) {
    return vk_host_install_bundle(steps->kernel, VK_STR("b1-new"), VK_STR("bytes"));
}
static enum vk_err terminate_vat(struct test_steps *steps) {
    const struct vk_capdata reason = {.body = VK_STR("#\"why not\"")};
    return vk_host_terminate_vat(steps->kernel, VK_STR("v2"), &reason);
}
static enum vk_err suspend_vat(struct test_steps *steps) {
    return vk_host_suspend_vat(steps->kernel, VK_STR("v2"));
}
static enum vk_err unsuspend_vat(struct test_steps *steps) {
    return vk_host_unsuspend_vat(steps->kernel, VK_STR("v2"));
}
static enum vk_err pause_vat(struct test_steps *steps) {
    return vk_host_pause_vat(steps->kernel, VK_STR("v2"));
}
static enum vk_err resume_vat(struct test_steps *steps) {
    return vk_host_resume_vat(steps->kernel, VK_STR("v2"));
}
static enum vk_err restart_all(struct test_steps *steps) {
    return vk_host_restart_all_vats(steps->kernel);
}
static enum vk_err reap_all(struct test_steps *steps) {
    return vk_host_reap_all_vats(steps->kernel);
}
static enum vk_err snapshot_all(struct test_steps *steps) {
    return vk_host_snapshot_all_vats(steps->kernel);
}
static enum vk_err upgrade_events(struct test_steps *steps) {
    return vk_host_inject_upgrade_events(steps->kernel);
}
static enum vk_err change_options(struct test_steps *steps) {
    const struct vk_kernel_settings settings = {true, true, true, 5, 7, 9};
    return vk_host_change_options(steps->kernel, &settings);
}
static enum vk_err attach_vat(struct test_steps *steps) {
    return vk_host_attach_vat(steps->kernel, VK_STR("v2"));
}

/* What another host wrote; of each kind that the kernel follows. */
static enum vk_err apply(struct test_steps *steps, const char *key, const char *value) {
    return vk_host_apply_write(steps->kernel, vk_str(key), value ? vk_str(value) : VK_STR_NONE);
}
static enum vk_err apply_owner(struct test_steps *steps) {
    return apply(steps, "ko20.owner", "v1");
}
static enum vk_err apply_count(struct test_steps *steps) {
    return apply(steps, "ko20.refCount", "0,0");
}
static enum vk_err apply_entry_gone(struct test_steps *steps) {
    return apply(steps, "v1.c.ko20", NULL);
}
static enum vk_err apply_send(struct test_steps *steps) {
    return apply(steps, "acceptanceQueue.900",
                 "{\"type\":\"send\",\"target\":\"kp40\",\"msg\":{\"methargs\":{}}}");
}
static enum vk_err apply_terminated(struct test_steps *steps) {
    return apply(steps, "vats.terminated", "[\"v3\"]");
}

static const test_call calls[] = {
    apply_owner,    apply_count,   apply_entry_gone, apply_send,    apply_terminated,
    queue_message,  vat_root,      pin_vat_root,     pin,           take_resolution,
    install_bundle, terminate_vat, suspend_vat,      unsuspend_vat, pause_vat,
    resume_vat,     restart_all,   reap_all,         snapshot_all,  upgrade_events,
    change_options, attach_vat,
};

static void sweep_calls(struct test_steps *steps, struct sweep *sweep) {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        sweep_call(steps, sweep, calls[i]);
}

Test(kernel_no_room, halts_it_at_any_text_of_a_host_call, .timeout = 600) {
    struct sweep back = {.wrong = leave_room, .expected = VK_ERR_NOMEM, .each = test_each(10)};
    struct sweep direct = back;
    sweep_run(1, VK_STORE_WRITE_BACK, &back, sweep_calls, 60);
    sweep_run(2, VK_STORE_DIRECT, &direct, sweep_calls, 90);
}

Test(kernel_no_room, for_an_event_of_a_host_call_halts_it, .timeout = 600) {
    struct sweep back = {.wrong = refuse_event, .expected = VK_ERR_TRACE, .each = test_each(3)};
    struct sweep direct = back;
    sweep_run(1, VK_STORE_WRITE_BACK, &back, sweep_calls, 60);
    sweep_run(2, VK_STORE_DIRECT, &direct, sweep_calls, 90);
}

Test(kernel_no_room, halted_kernel_answers_no_call) {
    struct sim_plan plan;
    struct test_steps steps;
    struct vk_crank_result result;
    const struct vk_directive directive = {.action = VK_DIRECTIVE_REPLACE_KERNEL};
    test_plan_with_everything(&plan, 1);
    test_steps_open(&steps, &plan, VK_STORE_DIRECT);
    test_ok(vk_store_open(&steps.ports, &steps.options, &steps.store));
    test_ok(vk_kernel_open(steps.store, &steps.ports, &steps.kernel_options, &steps.kernel));
    refuse_event(&steps, 0);
    cr_assert(vk_kernel_run_crank(steps.kernel, NULL, &result) == VK_ERR_TRACE);
    steps.refused_event = 0;
    uint64_t events = steps.events;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        cr_assert(calls[i](&steps) == VK_ERR_PANIC, "call %zu", i);
    cr_assert(vk_host_apply_write(steps.kernel, VK_STR("a"), VK_STR("b")) == VK_ERR_PANIC);
    cr_assert(vk_host_apply_syscall(steps.kernel, VK_SYSCALL_EXIT) == VK_ERR_PANIC);
    cr_assert(vk_host_note_replacement(steps.kernel, &directive) == VK_ERR_PANIC);
    cr_assert(steps.events == events, "a halted kernel does nothing");
    vk_kernel_close(steps.kernel);
    vk_store_close(steps.store);
    test_steps_close(&steps);
    sim_plan_release(&plan);
}

Test(kernel_no_room, halts_it_at_any_allocation_of_sqlites, .timeout = 600) {
    struct sweep steps = {.wrong = refuse_sqlite, .expected = VK_ERR_NOMEM, .each = test_each(200)};
    struct sweep host = steps, back = steps;
    cr_assert(fault_sqlite_heap_install());
    sweep_run(2, VK_STORE_DIRECT, &steps, sweep_step, 1);
    host.each = test_each(40);
    sweep_run(2, VK_STORE_DIRECT, &host, sweep_calls, 90);
    back.each = test_each(20); /* there they are few */
    sweep_run(1, VK_STORE_WRITE_BACK, &back, sweep_step, 1);
}
