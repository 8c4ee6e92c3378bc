/* kernel_memory_test.c - sweeps: the 1st, 2nd, 3rd ... allocation fails, or a crank's arena has
 * hardly any room left, or the trace sink refuses the 1st, 2nd, 3rd ... event, while the kernel
 * does something of everything. Each time it must halt, leak nothing, stop its workers, and leave
 * the database as it was last committed.
 *
 * The allocations are all tried. Events and rooms are too many for that: they are tried at a stride
 * that is the same in every run, and under valgrind, which takes forty times as long, at one that
 * is SPARSER times as wide, and in every third crank only.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/kernel_core.h"
#include "testing_kernel.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0 /* not to be had here */
#endif

enum { SPARSER = 8 };

static uint64_t stride_of(uint64_t stride) {
    return RUNNING_ON_VALGRIND ? stride * SPARSER : stride;
}

#define EVERYTHING                                                                                 \
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 4, .reap_interval = 5,              \
    .options = {                                                                                   \
        [TEST_ALICE] = "{\"suspendOnFatal\":true}", [TEST_CAROL] = "{\"enablePipelining\":true}"}

static const struct test_setup everything = {EVERYTHING};
static const struct test_setup everything_slogged = {EVERYTHING, .slog = true};

/* ---- something of everything, by calls that may fail */

static enum vk_err tell(struct test_world *w, const char *kref, const char *words) {
    struct vk_capdata methargs;
    char kpid[VK_KREF_TEXT];
    test_methargs(&w->arena, words, &methargs);
    return vk_host_queue_message(w->kernel, vk_str(kref), &methargs, VK_RESULT_LOG_FAILURE, kpid);
}

static bool five_at_a_time(void *impl, struct vk_cleanup_budget *budget) {
    (void)impl;
    *budget = (struct vk_cleanup_budget){5, 5, 5, 5, 5, 5, VK_STR_NONE, 5};
    return true;
}

/* Which crank's arena is to be almost full, and how much room is left in it. */
struct shortage {
    uint64_t crank; /* 0: none */
    size_t room;
    /* found out */
    uint64_t cranks; /* that were begun */
    size_t room_max; /* what the arena's chunk had; with more than that it is not short */
};

static void fill_arena(struct test_world *w, struct shortage *shortage) {
    struct vk_arena *arena = &w->kernel->arena;
    cr_assert(vk_arena_alloc(arena, 1));
    shortage->room_max = (size_t)(arena->end - arena->next);
    if (shortage->room < shortage->room_max)
        cr_assert(vk_arena_alloc(arena, shortage->room_max - shortage->room));
    w->heap.fail_at = w->heap.allocations + 1;
}

static enum vk_err run(struct test_world *w, struct shortage *shortage) {
    const struct vk_run_policy policy = {NULL, five_at_a_time, NULL};
    struct vk_crank_result result;
    do {
        bool is_short = ++shortage->cranks == shortage->crank;
        cr_assert(shortage->cranks < 1000, "no end of cranks");
        if (is_short) fill_arena(w, shortage);
        enum vk_err err = vk_kernel_run_crank(w->kernel, &policy, &result);
        if (is_short) w->heap.fail_at = 0;
        VK_TRY(err);
    } while (result.kind != VK_CRANK_IDLE);
    return VK_OK;
}

static const struct {
    const char *kref, *words;
} messages[] = {
    {"ko21",
     "{send $0 {send $1 {} o+5 o+6 $0; fulfill $r o+7; set a 1} o+5 $1 = p+5; subscribe p+5;"
     "send p+5 {set piped 1} = p+6; on notify {drop $0; retire $0}} ko22 ko23"},
    {"ko20", "{call d-71 createMeter +1000 +990;"
             "call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"set x y; spend 20\","
             "\"x\":\"$0.Alleged: x\"},\"meterID\":\"m1\"} with o-50}"},
    {"ko23", "{drop o-50; retire o-50; call $0 echo o+9; call $0 node; call $0 fail; "
             "call $0 send $1} kd30 ko21"},
    {"ko22", "{get a; next a; delete a; send p-60 foo; drop o-99}"},
    {"ko20",
     "{call d-71 upgradeVat v5 @vat {\"run\":\"set z 1\"} why; "
     "call d-71 upgradeVat v5 @vat {\"run\":\"fail x\"} why;"
     "call d-71 changeOptions v4 {\"reapInterval\":3,\"x\":1}; call d-71 getBundleCap @vat}"},
    {"ko23",
     "{send o+0 {} p+1 p+2; subscribe p+1; send p+1 foo; abandon o+5; retireexports; exit bye}"},
};

/* alice is suspended, started on demand, fails and is spared; what vat-admin is told of it waits. */
static enum vk_err suspend_and_pause(struct test_world *w, struct shortage *shortage) {
    VK_TRY(vk_host_suspend_vat(w->kernel, VK_STR("v2")));
    VK_TRY(run(w, shortage));
    VK_TRY(vk_host_pause_vat(w->kernel, VK_STR("v1")));
    VK_TRY(tell(w, "ko21", "{set a 1; subscribe p-99} ko20"));
    VK_TRY(run(w, shortage));
    VK_TRY(vk_host_resume_vat(w->kernel, VK_STR("v1")));
    VK_TRY(vk_host_unsuspend_vat(w->kernel, VK_STR("v2")));
    VK_TRY(run(w, shortage));
    return vk_host_restart_all_vats(w->kernel);
}

static enum vk_err something_of_everything(struct test_world *w, struct shortage *shortage) {
    const struct vk_capdata reason = {.body = VK_STR("#\"enough\"")};
    const struct vk_kernel_settings settings = {.set_reap_interval = true,
                                                .reap_interval = 4,
                                                .set_snapshot_interval = true,
                                                .snapshot_interval = 5};
    bool settled, rejected;
    struct vk_capdata data;
    w->options.vats_online_max = 2;
    VK_TRY(world_try_open_kernel(w));
    VK_TRY(vk_host_pin(w->kernel, VK_STR("ko21")));
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        VK_TRY(tell(w, messages[i].kref, messages[i].words));
        if (i == 1) VK_TRY(vk_host_change_options(w->kernel, &settings));
        if (i == 3) VK_TRY(vk_host_reap_all_vats(w->kernel));
        VK_TRY(run(w, shortage));
    }
    VK_TRY(suspend_and_pause(w, shortage));
    VK_TRY(
        vk_host_take_resolution(w->kernel, &w->arena, VK_STR("kp41"), &settled, &rejected, &data));
    VK_TRY(vk_host_install_bundle(w->kernel, vk_str(test_bundle_id("new")), VK_STR("zip")));
    VK_TRY(vk_host_snapshot_all_vats(w->kernel));
    VK_TRY(vk_host_terminate_vat(w->kernel, VK_STR("v5"), &reason));
    VK_TRY(vk_host_apply_write(w->kernel, VK_STR("ko21.refCount"), VK_STR("1,1")));
    return run(w, shortage);
}

/* ---- sweeps */

struct sweep {
    enum vk_store_mode mode;
    enum vk_err expected;
    bool once; /* the failure is not repeated */
    bool file; /* look at what is committed */
};

/* One run with the `at`-th thing failing (0: but for the shortage); false when nothing did. */
static bool step(const struct sweep *sweep, uint64_t at, struct shortage *shortage) {
    struct test_world w;
    struct test_folder folder;
    const char *path = ":memory:";
    char *before = NULL;
    if (sweep->file) {
        test_folder_make(&folder);
        path = test_folder_file(&folder, "swingstore.sqlite");
    }
    /* Slog entries are events too; without them the kernel takes other ways. */
    bool is_event = sweep->expected == VK_ERR_TRACE;
    world_open(&w, is_event ? &everything_slogged : &everything, sweep->mode, path);
    vk_kernel_close(w.kernel);
    w.kernel = NULL;
    test_ok(vk_store_commit(w.store));
    if (sweep->file) before = test_database_dump(path);
    w.heap.fail_once = sweep->once;
    if (is_event)
        w.trace.fail_at = w.trace.events + at;
    else
        w.heap.fail_at = at ? w.heap.allocations + at : 0;
    enum vk_err err = something_of_everything(&w, shortage);
    w.heap.fail_at = 0;
    w.trace.fail_at = 0;
    cr_assert(err == VK_OK || err == sweep->expected, "%llu: %s: %s", (unsigned long long)at,
              vk_err_name(err), vk_err_origin()->text);
    if (err != VK_OK && w.kernel) {
        struct vk_crank_result result;
        cr_assert(vk_kernel_panic_reason(w.kernel), "%llu: not halted", (unsigned long long)at);
        cr_assert(vk_kernel_run_crank(w.kernel, NULL, &result) == VK_ERR_PANIC);
    }
    w.unaudited = true;
    world_close(&w); /* which asserts that nothing leaked and that all workers were stopped */
    if (sweep->file) {
        char *after = test_database_dump(path);
        cr_assert_str_eq(before, after, "%llu: something was committed", (unsigned long long)at);
        free(before);
        free(after);
        test_folder_remove(&folder);
    }
    return err != VK_OK;
}

/* Each `stride`-th from the `from`-th on, until nothing fails any more. */
static void sweep_all(const struct sweep *sweep, uint64_t from, uint64_t stride, uint64_t things) {
    uint64_t at = from;
    for (;; at += stride) {
        struct shortage none = {0};
        if (!step(sweep, at, &none)) break;
        cr_assert(at < 100 * things, "no end of failures");
    }
    cr_assert(at > things, "only %llu", (unsigned long long)at);
}

Test(kernel_memory, scenario_does_something_of_everything) {
    struct test_world w;
    struct shortage none = {0};
    world_open(&w, &everything_slogged, VK_STORE_DIRECT, ":memory:");
    vk_kernel_close(w.kernel);
    world_forget(&w);
    test_ok(something_of_everything(&w, &none));
    cr_assert(none.cranks > 50);
    static const char *const lines[] = {
        "rollback start",
        "rollback deliver",
        "tspan",
        "tinc",
        "tdel",
        "tstop",
        "set vats.terminated = [\"v",
        "titem v2 = {\"d\":[\"notify\"",
        "titem v2 = {\"d\":[\"dropExports\"",
        "titem v2 = {\"d\":[\"retireExports\"",
        "titem v4 = {\"d\":[\"changeVatOptions\"",
        "titem v3 = {\"d\":[\"bringOutYourDead\"",
        "set m1.remaining",
        "titem v5 = {\"d\":[\"startVat\"",
        "slog vat-cleanup",
        "slog heap-snapshot-save",
        "set kd32.owner",
        "titem v1 = {\"d\":[\"message\"",
        "slog start-replay",
        "slog terminate",
        "bundle ",
        "set v2.suspended",
        "set v2.paused",
        "set sideQueue.v1.0",
        "set sideQueues.ready",
        "slog vat-state",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert(world_traced(&w, lines[i], NULL) > 0, "%s never happens", lines[i]);
    w.unaudited = true; /* the host's last write is not true */
    world_close(&w);
}

Test(kernel_memory, each_allocation_may_fail_in_a_direct_store) {
    const struct sweep sweep = {VK_STORE_DIRECT, VK_ERR_NOMEM, .file = true};
    sweep_all(&sweep, 1, 1, 10);
}

Test(kernel_memory, each_allocation_may_fail_in_a_write_back_store) {
    const struct sweep sweep = {VK_STORE_WRITE_BACK, VK_ERR_NOMEM, .file = true};
    sweep_all(&sweep, 1, 1, 10);
}

Test(kernel_memory, each_allocation_may_fail_once) {
    const struct sweep direct = {VK_STORE_DIRECT, VK_ERR_NOMEM, .once = true};
    const struct sweep write_back = {VK_STORE_WRITE_BACK, VK_ERR_NOMEM, .once = true};
    sweep_all(&direct, 1, 1, 10);
    sweep_all(&write_back, 1, 1, 10);
}

/* Chunks of an arena are large and seldom needed, so here each crank in turn finds its arena almost
 * full. The room grows until it suffices, or is all there was (a crank that takes a block of its
 * own from the heap fails with any room), by steps that differ from crank to crank. */
Test(kernel_memory, each_crank_may_run_out_of_room) {
    const uint64_t crank_stride = RUNNING_ON_VALGRIND ? 3 : 1; /* odd: both modes of the store */
    uint64_t crank = 1, cranks_failed = 0;
    for (;; crank += crank_stride) {
        const struct sweep sweep = {crank % 2 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK, VK_ERR_NOMEM,
                                    .once = false};
        struct shortage shortage = {.crank = crank};
        bool failed = step(&sweep, 0, &shortage);
        if (shortage.cranks < crank) break; /* there are no more */
        cranks_failed += failed;
        while (failed && shortage.room < shortage.room_max) {
            shortage.room += stride_of(2000 + crank * 23);
            shortage.cranks = 0;
            failed = step(&sweep, 0, &shortage);
        }
    }
    cr_assert(crank > 50 && cranks_failed * crank_stride > 50, "only %llu of %llu",
              (unsigned long long)cranks_failed, (unsigned long long)crank);
}

/* Every write, item, savepoint and slog entry is an event: each is a place for the host to fail. */
Test(kernel_memory, each_event_may_be_refused) {
    const struct sweep direct = {VK_STORE_DIRECT, VK_ERR_TRACE, .file = false};
    const struct sweep write_back = {VK_STORE_WRITE_BACK, VK_ERR_TRACE, .file = false};
    sweep_all(&direct, 1, stride_of(7), 1000);
    sweep_all(&write_back, 4, stride_of(7), 1000);
}

Test(kernel_memory, refused_event_commits_nothing) {
    const struct sweep direct = {VK_STORE_DIRECT, VK_ERR_TRACE, .file = true};
    const struct sweep write_back = {VK_STORE_WRITE_BACK, VK_ERR_TRACE, .file = true};
    sweep_all(&direct, 1, stride_of(41), 1000);
    sweep_all(&write_back, 21, stride_of(41), 1000);
}
