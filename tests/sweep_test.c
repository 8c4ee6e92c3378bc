/* sweep_test.c - `crankcase sweep`: where its points are, mode by mode, and what it counts and prints.
 */
#include "sim/command.h"
#include "sim/sweep.h"
#include "sim/text_file.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_tree.h>

/* Nothing is brought to rest at the end, where faults would have stopped. A meter that holds more than is needed, so that only the sweep makes it run out. Its vat gets a message that costs nothing
 * but itself, one with syscalls, and drops what came with them. */
static const char metered_plan[] = "crankcase-plan 1\n"
                                   "kernel reap-interval=4\n"
                                   "program admin\n"
                                   "  turn\n"
                                   "  turn\n"
                                   "    create-meter n=30000 threshold=12000\n"
                                   "    create-vat payer m0\n"
                                   "  turn\n"
                                   "    send a0 new\n"
                                   "    send a0 new result\n"
                                   "program payer\n"
                                   "  turn\n"
                                   "  turn\n"
                                   "    store-set key=1 bytes=40\n"
                                   "    compute n=700\n"
                                   "    send a0\n"
                                   "    drop i0\n"
                                   "program some\n"
                                   "  turn\n"
                                   "    send i0 dev0\n"
                                   "vat vatAdmin admin\n"
                                   "vat some some\n"
                                   "bootstrap some\n"
                                   "block after=1000\n"
                                   "block after=1000\n"
                                   "  send vatAdmin\n"
                                   "block after=1000\n"
                                   "no-drain\n";

static void read_plan(struct sim_plan *plan, const char *text) {
    struct sim_plan_error error;
    cr_assert(sim_plan_read(plan, vk_heap_system(), vk_str(text), &error) == VK_OK, "%zu:%zu: %s",
              error.line, error.column, error.what);
}

static void read_plan_file(struct sim_plan *plan, const char *path) {
    struct vk_str text = test_file_read(path);
    struct sim_plan_error error;
    cr_assert(text.p != NULL, "%s", path);
    cr_assert(sim_plan_read(plan, vk_heap_system(), text, &error) == VK_OK);
    free((void *)(uintptr_t)text.p);
}

static struct sim_sweep *prepare(const struct sim_plan *plan, uint64_t crank, uint64_t every) {
    struct sim_sweep *sweep;
    struct sim_run_result clean;
    test_ok(sim_sweep_prepare(plan, &(struct sim_sweep_options){.crank = crank, .every = every},
                              &sweep, &clean));
    cr_assert(!clean.failed, "%s", clean.failure.what);
    return sweep;
}

static void name_variant(const struct sim_sweep_variant *variant, char name[100]) {
    snprintf(name, 100, "crank %d, %s at=%d k=%d", (int)variant->crank, fault_word(variant->kind),
             (int)variant->at, (int)variant->k);
}

/* Runs a variant, which must hold; whether its fault struck. */
static bool holds(const struct sim_sweep *sweep, size_t i, struct sim_run_result *result) {
    char name[100];
    bool struck;
    name_variant(sim_sweep_variant(sweep, i), name);
    test_ok(sim_sweep_run(sweep, i, result, &struck));
    cr_expect(!result->failed, "%s: %s", name, result->failure.what);
    return struck;
}

Test(sweep, each_mode_strikes_on_the_first_plan_of_the_corpus) {
    enum { EVERY = 5003, EACH_SO_MANIETH = 25 };
    struct sim_plan plan;
    struct sim_run_result result;
    uint64_t struck[SIM_SWEEP_MODE_COUNT] = {0}, tried[SIM_SWEEP_MODE_COUNT] = {0};
    read_plan_file(&plan, TEST_SOURCE_DIR "/corpus/plans/first-steps.plan");
    struct sim_sweep *sweep = prepare(&plan, UINT64_MAX, EVERY);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
        enum sim_sweep_mode mode = sim_sweep_variant(sweep, i)->mode;
        if (mode == SIM_SWEEP_CRASH && i % EACH_SO_MANIETH) continue;
        tried[mode]++;
        struck[mode] += holds(sweep, i, &result);
    }
    for (int mode = 0; mode < SIM_SWEEP_MODE_COUNT; mode++) {
        cr_expect_gt(tried[mode], 10, "%s", sim_sweep_mode_word((enum sim_sweep_mode)mode));
        cr_expect_eq(struck[mode], tried[mode], "%s: %d of %d",
                     sim_sweep_mode_word((enum sim_sweep_mode)mode), (int)struck[mode],
                     (int)tried[mode]);
    }
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

/* Each vat's deliveries have as many ticks before, between and after their syscalls as they must have. */
Test(sweep, a_delivery_has_a_tick_before_its_first_syscall_and_one_after_each) {
    struct sim_plan plan;
    struct sim_run_result clean;
    struct sim_sweep *sweep;
    uint64_t kinds[FAULT_KIND_COUNT] = {0};
    read_plan(&plan, metered_plan);
    test_ok(sim_sweep_prepare(
        &plan, &(struct sim_sweep_options){.crank = UINT64_MAX, .every = 10000}, &sweep, &clean));
    for (size_t i = 0; i < sim_sweep_count(sweep); i++)
        kinds[sim_sweep_variant(sweep, i)->kind]++;
    cr_expect_geq(kinds[FAULT_VAT_AT_ONCE], clean.deliveries);
    cr_expect_eq(kinds[FAULT_VAT_OVERRUN], clean.syscalls);
    cr_expect_eq(kinds[FAULT_WORKER_SYSCALL], clean.syscalls);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

/* One computron more than the meter holds is the end of a vat that went on before; one more than is above the threshold, and
 * somebody is told. Deliveries after the one that is struck may come to the same, but for the last. */
Test(sweep, a_meter_is_swept_across_its_end_and_across_its_threshold) {
    struct sim_plan plan;
    struct sim_run_result result, before = {0};
    uint64_t ends = 0, thresholds = 0, ended = 0, told = 0, last_k = 0;
    read_plan(&plan, metered_plan);
    struct sim_sweep *sweep = prepare(&plan, UINT64_MAX, 10000);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
        const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
        if (variant->kind != FAULT_VAT_SPENDS) continue;
        cr_expect(holds(sweep, i, &result));
        bool is_end = variant->demand == SIM_SWEEP_ABORTED;
        bool is_threshold = variant->demand == SIM_SWEEP_NOT_ABORTED && variant->k == last_k + 1;
        cr_expect(!is_end || variant->k == last_k + 1);
        ends += is_end;
        ended += is_end && result.aborted > before.aborted;
        thresholds += is_threshold;
        told += is_threshold && result.cranks > before.cranks;
        last_k = variant->k;
        before = result;
    }
    cr_expect(ends >= 3 && ended >= 1, "%d, %d", (int)ends, (int)ended);
    cr_expect(thresholds >= 3 && told >= 1, "%d, %d", (int)thresholds, (int)told);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

/* A plan whose vat has overdrawn its meter by itself; for less than that it goes on. */
Test(sweep, a_vat_that_overdraws_its_meter_by_itself_may_pay_less) {
    static const char overdrawn[] = "crankcase-plan 1\n"
                                    "program admin\n"
                                    "  turn\n"
                                    "  turn\n"
                                    "    create-meter n=30000 threshold=12000\n"
                                    "    create-vat payer m0\n"
                                    "  turn\n"
                                    "    send a0 new\n"
                                    "program payer\n"
                                    "  turn\n"
                                    "    compute n=90000\n"
                                    "program some\n"
                                    "  turn\n"
                                    "    send i0 dev0\n"
                                    "vat vatAdmin admin\n"
                                    "vat some some\n"
                                    "bootstrap some\n"
                                    "block after=1000\n"
                                    "block after=1000\n"
                                    "  send vatAdmin\n"
                                    "block after=1000\n"
                                    "no-drain\n";
    struct sim_plan plan;
    struct sim_run_result result;
    uint64_t aborted = 0, went_on = 0;
    read_plan(&plan, overdrawn);
    struct sim_sweep *sweep = prepare(&plan, UINT64_MAX, 10000);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
        if (sim_sweep_variant(sweep, i)->kind != FAULT_VAT_SPENDS) continue;
        cr_expect(holds(sweep, i, &result));
        aborted += result.aborted > 0;
        went_on += result.aborted == 0;
    }
    cr_expect(aborted > 0 && went_on > 0, "%d, %d", (int)aborted, (int)went_on);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

/* The struck one is the first, and each of the others is as the plan has it. */
Test(sweep, all_of_a_plans_replicas_are_there) {
    static const char four[] = "crankcase-plan 1\n"
                               "replica frames\n"
                               "replica direct\n"
                               "replica slowness=2\n"
                               "replica\n"
                               "program alice\n"
                               "  turn\n"
                               "    store-set key=1\n"
                               "vat alice alice\n"
                               "bootstrap alice\n"
                               "block after=1000\n"
                               "no-drain\n";
    struct sim_plan plan;
    struct sim_run_result result;
    uint64_t pipes = 0, overruns = 0;
    read_plan(&plan, four);
    struct sim_sweep *sweep = prepare(&plan, UINT64_MAX, 10000);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
        const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
        if (variant->kind != FAULT_FRAME_TRUNCATED && variant->kind != FAULT_VAT_OVERRUN) continue;
        cr_expect(holds(sweep, i, &result));
        bool is_pipe = variant->kind == FAULT_FRAME_TRUNCATED;
        cr_expect_eq(result.hits[variant->kind], is_pipe ? 1 : 4);
        cr_expect_eq(result.starts, is_pipe ? 5 : 4);
        pipes += is_pipe;
        overruns += !is_pipe;
    }
    cr_expect(pipes > 3 && overruns > 3, "%d, %d", (int)pipes, (int)overruns);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

/* Otherwise nobody would see that a crank which must be aborted is not. */
Test(sweep, a_crank_that_does_not_end_as_demanded_fails_the_sweep) {
    struct sim_plan plan;
    struct sim_run_result result;
    bool struck;
    size_t tried = 0;
    read_plan(&plan, metered_plan);
    struct sim_sweep *sweep = prepare(&plan, UINT64_MAX, 10000);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
        /* The plan's own memory, which is not const: the demand is turned round. */
        struct sim_sweep_variant *variant =
            (struct sim_sweep_variant *)(uintptr_t)sim_sweep_variant(sweep, i);
        if (variant->kind != FAULT_VAT_SPENDS || variant->demand == SIM_SWEEP_ANYTHING) continue;
        bool must = variant->demand == SIM_SWEEP_ABORTED;
        variant->demand = must ? SIM_SWEEP_NOT_ABORTED : SIM_SWEEP_ABORTED;
        test_ok(sim_sweep_run(sweep, i, &result, &struck));
        cr_expect(struck && result.failed && result.failure.oracle == SIM_ORACLE_CLASS);
        cr_expect(strstr(result.failure.signature, "vat-spends"), "%s", result.failure.signature);
        tried++;
    }
    cr_expect_gt(tried, 6);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

Test(sweep, one_crank_is_its_share_of_the_points_of_all) {
    struct sim_plan plan;
    read_plan(&plan, metered_plan);
    struct sim_sweep *all = prepare(&plan, UINT64_MAX, 1);
    uint64_t total = 0, between = sim_sweep_count(all), cranks = 0;
    for (size_t i = 0; i < sim_sweep_count(all); i++)
        if (sim_sweep_variant(all, i)->crank > cranks) cranks = sim_sweep_variant(all, i)->crank;
    cr_assert_gt(cranks, 10);
    for (uint64_t crank = 0; crank <= cranks; crank++) {
        struct sim_sweep *one = prepare(&plan, crank, 1);
        total += sim_sweep_count(one);
        for (size_t i = 0; i < sim_sweep_count(one); i++)
            cr_expect_eq(sim_sweep_variant(one, i)->crank, crank);
        sim_sweep_free(one);
    }
    cr_expect(total > 0 && total < between, "the rest are of starts and commits");
    sim_sweep_free(all);
    sim_plan_release(&plan);
}

Test(sweep, the_rarer_the_points_the_fewer_and_those_that_are_few_stay) {
    static const uint64_t every[] = {1, 2, 7, 100, 100000};
    struct sim_plan plan;
    size_t before = SIZE_MAX, few = 0;
    read_plan(&plan, metered_plan);
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        struct sim_sweep *sweep = prepare(&plan, UINT64_MAX, every[i]);
        size_t count = sim_sweep_count(sweep), abort_and_tick = 0;
        for (size_t k = 0; k < count; k++)
            abort_and_tick += sim_sweep_variant(sweep, k)->mode != SIM_SWEEP_CRASH;
        cr_expect_lt(count, before, "--every %d", (int)every[i]);
        cr_expect(i == 0 || abort_and_tick == few);
        few = abort_and_tick;
        before = count;
        sim_sweep_free(sweep);
    }
    sim_plan_release(&plan);
}

/* ---- the command */

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(sweep_command, .init = folder_make, .fini = folder_remove);

static void write_plan(const char *name, const char *text) {
    test_file_write(test_folder_file(&folder, name), vk_str(text));
}

static long long number(yajl_val json, const char *one, const char *two) {
    const char *path[] = {one, two, NULL};
    yajl_val value = yajl_tree_get(json, path, yajl_t_number);
    cr_assert(value && YAJL_IS_INTEGER(value), "%s %s", one, two ? two : "");
    return YAJL_GET_INTEGER(value);
}

Test(sweep_command, counts_each_mode) {
    write_plan("my.plan", metered_plan);
    const struct test_outcome *outcome =
        test_command_run(&folder, "sweep my.plan --crank 11 --every 5000");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->out);
    cr_expect_str_eq(outcome->err, "");
    cr_expect(strstr(outcome->out, "\n  crash "), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "points failed\n"), "%s", outcome->out);
    outcome = test_command_run(&folder, "sweep my.plan --crank 19 --every 100000 --jobs 2 --json");
    yajl_val json = yajl_tree_parse(outcome->out, NULL, 0);
    cr_assert(json && outcome->code == SIM_EXIT_OK, "%s", outcome->out);
    cr_expect_gt(number(json, "modes", "crash"), 10);
    cr_expect_gt(number(json, "modes", "abort"), 3);
    cr_expect_eq(number(json, "modes", "tick"), number(json, "faults", "vat-overruns-at-once") +
                                                    number(json, "faults", "vat-spends"));
    cr_expect_eq(number(json, "faults", "vat-spends"), 4);
    cr_expect_eq(number(json, "failures", NULL), 0);
    cr_expect_eq(number(json, "points", NULL),
                 number(json, "modes", "crash") + number(json, "modes", "abort") +
                     number(json, "modes", "tick") + number(json, "passedOver", NULL));
    yajl_tree_free(json);
}

Test(sweep_command, strikes_with_the_faults_asked_for) {
    write_plan("my.plan", metered_plan);
    const struct test_outcome *outcome =
        test_command_run(&folder,
                         "sweep my.plan --crank 11 --faults worker-dies-after-syscall --json");
    yajl_val json = yajl_tree_parse(outcome->out, NULL, 0);
    cr_assert(json && outcome->code == SIM_EXIT_OK, "%s", outcome->out);
    long long points = number(json, "points", NULL);
    cr_expect_gt(points, 0);
    cr_expect_eq(number(json, "faults", "worker-dies-after-syscall"), points);
    yajl_tree_free(json);
    outcome =
        test_command_run(&folder, "sweep my.plan --crank 11 --every 5000 --faults all,vat-kill");
    cr_expect(strstr(outcome->out, "abort "), "%s", outcome->out);
}

Test(sweep_command, says_what_is_wrong) {
    static const struct {
        const char *words, *wanted;
    } bad[] = {
        {"sweep", "one plan is to be named "},
        {"sweep a b", "one plan is to be named "},
        {"sweep my.plan --every 0", "--every takes a number from 1 on"},
        {"sweep my.plan --every x", "--every takes a number from 1 on, not x "},
        {"sweep my.plan --crank x", "--crank takes a number, not x "},
        {"sweep my.plan --jobs x", "--jobs takes a number from 1 to 256, not x "},
        {"sweep my.plan --faults x", "--faults: "},
        {"sweep my.plan --faults disk-busy", "no point of the plan has one of these faults"},
        {"sweep my.plan --jobs 0", "--jobs takes a number from 1 to 256"},
        {"sweep my.plan --crank 1000", "--crank takes a number below "},
        {"sweep my.plan --cranks 1", "unknown option --cranks "},
        {"sweep absent", "absent: No such file or directory\n"},
        {"sweep bad.plan", "bad.plan:2:1: "},
    };
    write_plan("my.plan", metered_plan);
    write_plan("bad.plan", "crankcase-plan 1\nblokc\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct test_outcome *outcome = test_command_run(&folder, bad[i].words);
        cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s", bad[i].words);
        cr_expect_str_eq(outcome->out, "", "%s", bad[i].words);
        cr_expect(strstr(outcome->err, bad[i].wanted), "%s: %s", bad[i].words, outcome->err);
    }
    const struct test_command full = {.words = "sweep my.plan --crank 3 --every 1000",
                                      .out = "/dev/full"};
    const struct test_outcome *outcome =
        test_command_await(&folder, test_command_start(&folder, &full));
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED);
}
