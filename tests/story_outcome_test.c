/* story_outcome_test.c - the claims of corpus/stories/metering-or-death, one by one.
 *
 * A delivery has three outcomes. It succeeded, or the vat failed (both are a struct vk_delivery_result), or the worker was
 * lost, which is an error code: the caller of vk_kernel_run gets it, nothing is committed, and the kernel runs no more.
 * That the mistaken kernel is caught is in oracle_test.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/sweep.h"
#include "testing_kernel.h"
#include "testing_sim.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};
static const struct test_setup one_in_completion = {
    .options = {[TEST_CAROL] = "{\"vatstore\":\"completion\"}"}};
static const struct test_setup snapshots = {
    .xsnap = true, .snapshot_initial = 3, .snapshot_interval = 3, .plain = true};

static void read_plan(struct sim_plan *plan, const char *text) {
    struct sim_plan_error error;
    cr_assert(sim_plan_read(plan, vk_heap_system(), vk_str(text), &error) == VK_OK, "%zu:%zu: %s",
              error.line, error.column, error.what);
}

/* ---- the vat failed */

/* A worker that ends by itself has four ways to do it, of which the vat has the consequences. */
Test(story_outcome, each_failure_of_a_vat_is_a_value_and_the_vat_pays) {
    static const struct {
        const char *op, *problem;
    } failures[] = {
        {"overrun", "\\\"#error\\\":\\\"Compute meter exceeded\\\""},
        {"overrun stack", "\\\"#error\\\":\\\"Stack meter exceeded\\\""},
        {"overrun allocation", "\\\"#error\\\":\\\"Allocate meter exceeded\\\""},
        {"fail", "\\\"#error\\\":\\\"Error: the plan says so\\\""},
        {"compute n=99000", "\\\"#error\\\":\\\"meter underflow, vat terminated\\\""},
    };
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct sim_plan plan;
        struct sim_world w;
        char text[1024];
        bool in_start = strcmp(failures[i].op, "fail") == 0;
        snprintf(text, sizeof text,
                 "crankcase-plan 1\n"
                 "program admin\n  turn\n  turn\n"
                 "    create-meter n=50000 threshold=0\n    create-vat payer m0\n"
                 "  turn\n    send a0\n"
                 "program payer\n%s"
                 "program starter\n  turn\n    send i0 dev0\n"
                 "vat vatAdmin admin\nvat starter starter\nbootstrap starter\n"
                 "block after=1000\nblock after=1000\n  send vatAdmin\n",
                 in_start ? "  start\n    store-set key=1\n    fail\n" : "");
        if (!in_start)
            snprintf(strstr(text, "program starter"), 400,
                     "  turn\n    store-set key=1\n    %s\n"
                     "program starter\n  turn\n    send i0 dev0\n"
                     "vat vatAdmin admin\nvat starter starter\nbootstrap starter\n"
                     "block after=1000\nblock after=1000\n  send vatAdmin\n",
                     failures[i].op);
        read_plan(&plan, text);
        sim_world_open(&w, &plan, &(struct sim_world_options){.unchecked = true});
        cr_assert(sim_world_run(&w), "%s: %s", failures[i].op, vk_err_name(w.error));
        cr_assert(w.terminated == 1, "%s: %d", failures[i].op, (int)w.terminated);
        cr_assert(test_count_lines(w.trace.text, "rollback ", NULL) == 1, "%s", failures[i].op);
        cr_assert(test_count_lines(w.trace.text, "titem v1 ", failures[i].problem) == 1, "%s",
                  failures[i].op);
        cr_assert(sim_world_key(&w, "v3.options") == NULL, "%s", failures[i].op);
        sim_world_close(&w);
        sim_plan_release(&plan);
    }
}

/* ---- the worker was lost */

/* A world whose database outlives its processes. */
struct lasting_world {
    struct test_world w;
    struct test_folder folder;
};

static void lasting_open(struct lasting_world *lasting, const struct test_setup *setup) {
    test_folder_make(&lasting->folder);
    world_open(&lasting->w, setup, VK_STORE_WRITE_BACK,
               test_folder_file(&lasting->folder, "swingstore.sqlite"));
}

static void lasting_close(struct lasting_world *lasting) {
    world_close(&lasting->w);
    test_folder_remove(&lasting->folder);
}

/* The process ends without a commit, and another one opens what the disk has. */
static void start_again(struct lasting_world *lasting, bool no_preload) {
    struct test_world *w = &lasting->w;
    const struct vk_store_options options = {.mode = VK_STORE_WRITE_BACK};
    vk_kernel_close(w->kernel);
    vk_store_close(w->store);
    cr_assert(w->vats.live == 0);
    w->options.no_preload = no_preload;
    test_ok(vk_store_open(&w->ports, &options, &w->store));
    test_ok(world_try_open_kernel(w));
}

/* Runs from a commit to the error, which is `expected`: nothing of the crank is left, nobody was told or ended, and the kernel
 * does no more. The next process finds what was committed. */
static void expect_lost(struct lasting_world *lasting, enum vk_err expected, const char *what) {
    struct test_world *w = &lasting->w;
    struct vk_state_hash before, after;
    uint64_t cranks;
    test_ok(vk_store_commit(w->store));
    before = vk_store_state_hash(w->store);
    world_forget(w);
    enum vk_err err = vk_kernel_run(w->kernel, NULL, &cranks);
    cr_assert(err == expected, "%s: %s", what, vk_err_name(err));
    cr_assert(vk_kernel_panic_reason(w->kernel) != NULL, "%s: not halted", what);
    cr_assert(world_traced(w, "commit", NULL) == 0, "%s", what);
    cr_assert(world_traced(w, "set vats.terminated", NULL) == 0, "%s", what);
    cr_assert(world_traced(w, "emit", NULL) == cranks, "%s", what);
    world_forget(w);
    cr_assert(vk_kernel_run(w->kernel, NULL, &cranks) == VK_ERR_PANIC, "%s", what);
    cr_assert(cranks == 0 && *(w->trace.text + w->trace_mark) == '\0', "%s", what);
    start_again(lasting, true);
    after = vk_store_state_hash(w->store);
    cr_assert(before.low == after.low && before.high == after.high, "%s", what);
}

/* Loses the worker of `vat` in its next delivery, with this error. */
struct loss {
    enum vk_err error;
    const char *vat;
    bool is_armed;
};

static enum vk_err lose(void *impl, struct vk_str vat, const struct vk_delivery *delivery) {
    struct loss *loss = impl;
    (void)delivery;
    if (!loss->is_armed || !vk_str_eq(vat, vk_str(loss->vat))) return VK_OK;
    loss->is_armed = false;
    return VK_RAISE(loss->error, "the worker's host is in trouble");
}

/* Also of a vat that was to be ended for what it had done already. */
Test(story_outcome, a_worker_lost_at_any_point_is_an_error_that_reaches_the_host) {
    static const char *const programs[] = {
        "{die}",
        "{set x y; die}",
        "{spend 90; set x y; send $0 hello; die}",
        "{drop o-99; die}",
        "{exit bye; die}",
        "{exitfail bye; spend 5; die}",
        "{fail {Compute meter exceeded}; die}",
        "{fail <garbled>}",
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct lasting_world lasting;
        lasting_open(&lasting, &plain);
        world_tell(&lasting.w, "bob", "%s ko23", programs[i]);
        expect_lost(&lasting, VK_ERR_WORKER_LOST, programs[i]);
        expect_lost(&lasting, VK_ERR_WORKER_LOST, "the message is there still");
        world_is(&lasting.w, "vat.name.bob", "v3");
        lasting_close(&lasting);
    }
}

/* Whatever the host says: an error is an error, also one that the kernel gives a meaning to elsewhere. */
Test(story_outcome, no_error_of_a_workers_host_becomes_a_result) {
    static const enum vk_err errors[] = {VK_ERR_WORKER_LOST, VK_ERR_WORKER_START, VK_ERR_NOMEM,
                                         VK_ERR_DISK,        VK_ERR_CORRUPT,      VK_ERR_SNAPSHOT,
                                         VK_ERR_TRACE,       VK_ERR_USAGE,        VK_ERR_PANIC};
    struct lasting_world lasting;
    struct test_world *w = &lasting.w;
    lasting_open(&lasting, &plain);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct loss loss = {.error = errors[i], .vat = "v3", .is_armed = true};
        char value[24];
        snprintf(value, sizeof value, "%d", (int)i);
        world_tell(w, "bob", "{set x %s}", value);
        w->vats.watch = lose;
        w->vats.watch_impl = &loss;
        expect_lost(&lasting, errors[i], vk_err_name(errors[i]));
        w->vats.watch = NULL;
        world_run(w); /* it catches up */
        world_is(w, "v3.vs.x", value);
        cr_assert(world_traced(w, "titem v1 ", "vatTerminated") == 0);
    }
    lasting_close(&lasting);
}

/* Each event of a delivery is refused in turn, once, so that nothing else says that something was wrong. `delivery` is
 * what bob is told, who waits for his syscalls, or carol, who does not. */
static uint64_t hide_each_error(const char *whom, const char *delivery) {
    uint64_t hidden = 0;
    for (uint64_t n = 1;; n++) {
        struct test_world world, *w = &world;
        world_open(w, &one_in_completion, VK_STORE_WRITE_BACK, ":memory:");
        world_tell(w, whom, "%s", delivery);
        w->vats.swallow = true;
        w->trace.fails_once = true;
        w->trace.fail_at = w->trace.events + n;
        struct vk_crank_result result = {.kind = VK_CRANK_NONE};
        enum vk_err err = VK_OK;
        while (err == VK_OK && result.kind != VK_CRANK_IDLE)
            err = vk_kernel_run_crank(w->kernel, NULL, &result);
        bool is_over = w->trace.events < w->trace.fail_at;
        w->trace.fail_at = 0;
        w->vats.swallow = false;
        if (is_over) {
            cr_assert_eq(err, VK_OK);
            world_close(w);
            return hidden;
        }
        cr_assert_eq(err, VK_ERR_TRACE, "event %d is refused, and nobody hears of it", (int)n);
        hidden += strstr(vk_kernel_panic_reason(w->kernel), "went on") != NULL;
        w->unaudited = true; /* the crank was given up half-way */
        world_close(w);
    }
}

Test(story_outcome, a_host_cannot_hide_an_error_that_a_syscall_came_to) {
    cr_assert_gt(hide_each_error("bob", "{set a 1; set b 2; send o-50 {} new; get a}"), 5);
    cr_assert_gt(hide_each_error("bob", "{call $0 hush} kd30"), 0);
    cr_assert_gt(hide_each_error("carol", "{send o-50 {} new; get a}"), 1);
}

/* A new vat's startVat is a delivery like any other. */
Test(story_outcome, a_worker_that_is_lost_in_start_vat_is_no_failed_creation) {
    static const enum vk_err errors[] = {VK_ERR_WORKER_LOST, VK_ERR_WORKER_START, VK_ERR_NOMEM};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct lasting_world lasting;
        struct test_world *w = &lasting.w;
        struct loss loss = {.error = errors[i], .vat = "v5", .is_armed = true};
        lasting_open(&lasting, &plain);
        world_tell(w, "vatAdmin", "{call d-71 createByBundleID @vat {\"vatParameters\":{}}}");
        w->vats.watch = lose;
        w->vats.watch_impl = &loss;
        expect_lost(&lasting, errors[i], vk_err_name(errors[i]));
        world_is(w, "vat.dynamicIDs", "[]");
        w->vats.watch = NULL;
        world_run(w);
        world_is(w, "vat.dynamicIDs", "[\"v5\"]");
        lasting_close(&lasting);
    }
}

Test(story_outcome, a_worker_that_is_lost_before_or_after_its_delivery_is_so_too) {
    struct lasting_world lasting;
    struct test_world *w = &lasting.w;
    lasting_open(&lasting, &snapshots);
    w->vats.snapshot_error = VK_ERR_WORKER_LOST;
    for (int i = 0; i < 9; i++)
        world_tell(w, "bob", "{set x %d}", i);
    expect_lost(&lasting, VK_ERR_WORKER_LOST, "snapshot");
    w->vats.snapshot_error = VK_OK;
    world_run(w);
    world_is(w, "v3.vs.x", "8");
    world_tell(w, "bob", "{set x 9}");
    test_ok(vk_store_commit(w->store));
    start_again(&lasting, true);
    w->vats.start_fails_for = "v3";
    w->vats.start_error = VK_ERR_WORKER_START; /* of a vat that exists: its host's trouble */
    expect_lost(&lasting, VK_ERR_WORKER_START, "start");
    w->vats.start_fails_for = NULL;
    world_run(w);
    world_is(w, "v3.vs.x", "9");
    lasting_close(&lasting);
}

/* ---- nothing is decided by a text */

/* The trace without hashes, and with TEXT wherever `text` was. */
static char *trace_without(const struct test_world *w, const char *text) {
    const char *line = w->trace.text + w->trace_mark;
    size_t n = strlen(text);
    char *copy = malloc(strlen(line) * 2 + 1), *end = copy;
    cr_assert(copy);
    while (*line) {
        size_t length = strcspn(line, "\n") + 1;
        bool is_hash = strncmp(line, "emit", 4) == 0;
        const char *next = line + length;
        while (!is_hash && line < next) {
            if (strncmp(line, text, n) == 0) {
                end = stpcpy(end, "TEXT");
                line += n;
            } else {
                *end++ = *line++;
            }
        }
        line = next;
    }
    *end = '\0';
    return copy;
}

static const char *const texts[] = {
    "an ordinary end",
    "Compute meter exceeded",
    "Stack meter exceeded",
    "Allocate meter exceeded",
    "meter underflow, vat terminated",
    "syscall translation error: prepare to die",
    "vat terminated",
    "VK_ERR_WORKER_LOST: the worker of v3 was lost",
    "VK_ERR_PANIC",
    "exit code 17",
    "signal SIGKILL",
};

/* One run for each text, all of them the same but for it. `program` has %s where the text goes. */
static void expect_same_for_every_text(const char *program) {
    char *first = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct test_world w;
        char words[512];
        int n = 0;
        const char *at = strstr(program, "TEXT");
        cr_assert(at != NULL);
        n = snprintf(words, sizeof words, "%.*s%s%s", (int)(at - program), program, texts[i],
                     at + strlen("TEXT"));
        cr_assert(n > 0 && (size_t)n < sizeof words);
        world_open(&w, &ordinary, VK_STORE_WRITE_BACK, ":memory:");
        world_tell(&w, "bob", "%s ko23", words);
        world_tell(&w, "carol", "{send $0 {set late yes}} ko22");
        world_run(&w);
        cr_assert(vk_kernel_panic_reason(w.kernel) == NULL, "%s", words);
        char *trace = trace_without(&w, texts[i]);
        cr_assert(strstr(trace, "TEXT"), "%s", words);
        if (first) test_same_lines(first, trace, words);
        if (first)
            free(trace);
        else
            first = trace;
        world_close(&w);
    }
    free(first);
}

Test(story_outcome, a_workers_own_error_is_one_whatever_it_says) {
    expect_same_for_every_text("{set x y; spend 7; fail {TEXT}}");
}

Test(story_outcome, an_exit_is_what_it_says_it_is_and_not_what_its_reason_says) {
    expect_same_for_every_text(
        "{set x y; raw [\"exit\",false,{\"body\":\"#\\\"TEXT\\\"\",\"slots\":[]}]}");
    expect_same_for_every_text(
        "{set x y; raw [\"exit\",true,{\"body\":\"#\\\"TEXT\\\"\",\"slots\":[]}]}");
}

Test(story_outcome, what_a_vat_writes_and_says_is_no_verdict_either) {
    expect_same_for_every_text("{set x {TEXT}; send $0 hello {TEXT}}");
}

/* ---- one validator of four */

/* The story's own plan: a vat near its meter, its worker lost at every point of the delivery that overruns the meter and of the one
 * before it. The whole of it is the story's script. */
Test(story_outcome, one_validator_of_four_is_never_alone_with_its_opinion) {
    static const uint64_t cranks[] = {30, 42};
    struct vk_str text =
        test_file_read(TEST_SOURCE_DIR "/corpus/stories/metering-or-death/near-its-meter.plan");
    struct sim_plan plan;
    struct sim_plan_error error;
    uint64_t struck[FAULT_KIND_COUNT] = {0}, crashes = 0, lost = 0;
    cr_assert(text.p && sim_plan_read(&plan, vk_heap_system(), text, &error) == VK_OK);
    for (size_t c = 0; c < sizeof cranks / sizeof *cranks; c++) {
        struct sim_sweep *sweep;
        struct sim_run_result clean, result;
        bool did_strike;
        test_ok(sim_sweep_prepare(
            &plan, &(struct sim_sweep_options){.crank = cranks[c], .every = 500}, &sweep, &clean));
        for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
            const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
            bool is_crash = variant->mode == SIM_SWEEP_CRASH;
            if (variant->kind == FAULT_HOST_KILLED && i % 6) continue;
            test_ok(sim_sweep_run(sweep, i, &result, &did_strike));
            cr_assert(did_strike && !result.failed, "%s: %s", fault_word(variant->kind),
                      result.failure.what);
            struck[variant->kind]++;
            /* a worker that is dead and is not needed any more has no consequence */
            bool may_hide = variant->kind == FAULT_WORKER_RESULT;
            lost += is_crash && !may_hide;
            crashes += is_crash && !may_hide ? result.crashes : 0;
            cr_assert(is_crash || result.crashes == 0);
        }
        sim_sweep_free(sweep);
    }
    static const enum fault_kind wanted[] = {
        FAULT_WORKER_BEFORE, FAULT_WORKER_SYSCALL,  FAULT_WORKER_LAST, FAULT_WORKER_RESULT,
        FAULT_HOST_KILLED,   FAULT_FRAME_TRUNCATED, FAULT_HEAP,        FAULT_VAT_SPENDS,
        FAULT_VAT_OVERRUN,   FAULT_VAT_AT_ONCE,
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_assert(struck[wanted[i]] > 0, "%s", fault_word(wanted[i]));
    cr_assert(crashes == lost, "each loss is one halt: %d of %d", (int)crashes, (int)lost);
    free((void *)(uintptr_t)text.p);
    sim_plan_release(&plan);
}
