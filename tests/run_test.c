/* run_test.c - runs of plans: that they are what their plan says, whoever runs them and when. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sim/campaign.h"
#include "sim/fault_words.h"
#include "sim/sweep.h"
#include "testing_store.h"

static struct sim_generate_options everything(void) {
    struct sim_generate_options options = {0};
    sim_fault_words_default(options.faults);
    return options;
}

static void generate(struct sim_plan *plan, uint64_t seed) {
    const struct sim_generate_options options = everything();
    test_ok(sim_plan_generate(plan, vk_heap_system(), seed, &options));
}

static struct sim_run_result run(const struct sim_plan *plan) {
    const struct sim_run_options options = {.off = {[SIM_ORACLE_TWICE] = true}};
    struct sim_run_result result;
    test_ok(sim_run(plan, &options, &result));
    cr_assert(!result.failed, "%s: %s", result.failure.signature, result.failure.what);
    return result;
}

static struct sim_run_result run_seed(uint64_t seed) {
    struct sim_plan plan;
    generate(&plan, seed);
    struct sim_run_result result = run(&plan);
    sim_plan_release(&plan);
    return result;
}

static bool same(struct vk_state_hash a, struct vk_state_hash b) {
    return a.low == b.low && a.high == b.high;
}

enum { SEEDS = 24 };

Test(run, a_seed_is_the_same_run_in_any_order_in_one_process) {
    struct vk_state_hash hashes[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        hashes[seed] = run_seed(seed).hash;
    for (uint64_t seed = SEEDS; seed-- > 0;)
        cr_assert(same(run_seed(seed).hash, hashes[seed]), "seed %d", (int)seed);
}

/* Each build of the project runs this: another compiler, other flags, sanitizers, valgrind. A change of the generator, of what
 * is hashed, or of the kernel changes the number, knowingly. */
Test(run, a_seed_is_the_same_run_in_every_build) {
    struct sim_campaign_totals totals = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct sim_run_result result = run_seed(seed);
        sim_campaign_add(&totals, &result);
    }
    char hash[40];
    snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)totals.hash.high,
             (unsigned long long)totals.hash.low);
    cr_assert_str_eq(hash, "f2b449531a0dd58350b2f6510b8f6c14");
}

Test(run, a_printed_plan_is_the_same_run_as_its_seed) {
    for (uint64_t seed = 100; seed < 100 + SEEDS; seed++) {
        struct sim_plan plan, read;
        struct sim_plan_error error;
        struct vk_str text;
        generate(&plan, seed);
        test_ok(sim_plan_write(&plan, &plan.arena, &text));
        cr_assert(sim_plan_read(&read, vk_heap_system(), text, &error) == VK_OK, "seed %d: %zu: %s",
                  (int)seed, error.line, error.what);
        cr_assert(same(run(&plan).hash, run(&read).hash), "seed %d", (int)seed);
        sim_plan_release(&read);
        sim_plan_release(&plan);
    }
}

/* The class's promise, seen from outside: what a run without faults shows at its points, one with them shows too. */
Test(run, invisible_faults_change_no_point_of_a_run) {
    for (uint64_t seed = 200; seed < 200 + SEEDS; seed++) {
        struct sim_plan plan;
        generate(&plan, seed);
        struct sim_run_result with = run(&plan);
        plan.fault_count = 0;
        struct sim_run_result without = run(&plan);
        sim_plan_release(&plan);
        cr_assert(without.crashes == 0 && without.halted == 0);
        cr_assert(with.points == without.points && with.cranks == without.cranks, "seed %d",
                  (int)seed);
    }
}

static struct sim_run_result run_text(const char *text, const struct sim_run_options *options) {
    struct sim_plan plan;
    struct sim_plan_error error;
    struct sim_run_result result;
    test_ok(sim_plan_read(&plan, vk_heap_system(), vk_str(text), &error));
    test_ok(sim_run(&plan, options, &result));
    sim_plan_release(&plan);
    return result;
}

Test(run, says_which_oracles_had_something_to_look_at) {
    static const char two[] = "crankcase-plan 1\nprogram a\n  turn\n    store-set key=2\n"
                              "vat a a\nbootstrap a\nblock after=1000\nreplica\nreplica\n";
    static const char one[] = "crankcase-plan 1\nprogram a\n  turn\n    store-set key=2\n"
                              "vat a a\nbootstrap a\nblock after=1000\nreplica\nno-drain\n";
    const struct sim_run_options all = {.check_every = 1};
    struct sim_run_options some = {.check_every = 1};
    some.off[SIM_ORACLE_TWICE] = some.off[SIM_ORACLE_AUDIT] = true;
    const struct sim_run_result of_two = run_text(two, &all), of_some = run_text(two, &some);
    const struct sim_run_result of_one = run_text(one, &all);
    struct sim_campaign_totals totals = {0};
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        bool is_recording = i == SIM_ORACLE_RECORDING;
        cr_expect_eq(of_two.asked[i], !is_recording, "%d of two replicas", i);
        cr_expect_eq(of_some.asked[i], !is_recording && !some.off[i], "%d of those left on", i);
        bool is_vain = i == SIM_ORACLE_REPLICAS || i == SIM_ORACLE_LIVENESS;
        cr_expect_eq(of_one.asked[i], !is_recording && !is_vain, "%d of one replica", i);
    }
    sim_campaign_add(&totals, &of_two);
    sim_campaign_add(&totals, &of_some);
    cr_expect(totals.asked[SIM_ORACLE_REPLICAS] == 2 && totals.asked[SIM_ORACLE_TWICE] == 1);
}

/* Both validators' vats overrun their meter in the same delivery; one of them crashes, too, wherever it can: what it did since
 * its last commit it does again, the overrun included, also when it comes back only after all faults have stopped. */
Test(run, a_vat_that_is_killed_before_a_crash_is_killed_again_after_it) {
    static const char plan[] =
        "crankcase-plan 1\nprogram a\n  turn\n    store-set key=2\n"
        "vat a a\nvat b a\nbootstrap a\nreplica\nreplica commit-every=2\n"
        "block after=1000\nblock after=1000\n  send b\n  send b\n"
        "fault 0 vat-overruns vat=v2 at=2\nfault 1 vat-overruns vat=v2 at=2\n";
    static const enum fault_kind kinds[] = {FAULT_WORKER_RESULT,      FAULT_HOST_KILLED,
                                            FAULT_DISK_FULL,          FAULT_HOST_RESTART,
                                            FAULT_HOST_BEFORE_COMMIT, FAULT_HOST_AFTER_COMMIT};
    const struct sim_run_options options = {.off = {[SIM_ORACLE_TWICE] = true}};
    uint64_t killed_again = 0, runs = 0;
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof *kinds; i++) {
        enum fault_kind kind = kinds[i / 2];
        unsigned repeat = i % 2 ? 100000 : 1; /* it stays down until faults stop */
        for (uint64_t at = 1, struck = 1; struck > 0; at++, runs++) {
            char text[sizeof plan + 80];
            snprintf(text, sizeof text, "%sfault 1 %s at=%llu repeat=%u\n", plan, fault_word(kind),
                     (unsigned long long)at, repeat);
            const struct sim_run_result result = run_text(text, &options);
            cr_assert(!result.failed, "%s at %d, %u times: %s", fault_word(kind), (int)at, repeat,
                      result.failure.what);
            cr_assert_geq(result.hits[FAULT_VAT_OVERRUN], 2);
            struck = result.hits[kind];
            killed_again += result.hits[FAULT_VAT_OVERRUN] > 2;
        }
    }
    cr_expect_gt(killed_again, 20, "%d of %d", (int)killed_again, (int)runs);
}

Test(run, an_idle_day_is_a_short_run) {
    struct sim_plan plan;
    test_ok(sim_plan_init(&plan, vk_heap_system()));
    struct sim_block *blocks;
    enum { DAY = 24 * 60 * 12, FIVE_SECONDS_MS = 5000 };
    test_ok(VK_NEW_ARRAY(&plan.arena, &blocks, DAY));
    for (size_t i = 0; i < DAY; i++)
        blocks[i] = (struct sim_block){.after_ms = FIVE_SECONDS_MS};
    plan.blocks = blocks;
    plan.block_count = DAY;
    const struct sim_run_result result = run(&plan);
    sim_plan_release(&plan);
    cr_assert(result.simulated_ns / 1000000000 >= 86400);
    cr_assert(result.cranks < 100, "%d cranks", (int)result.cranks);
}

/* ---- sweeps */

static const char swept_plan[] = "crankcase-plan 1\n"
                                 "kernel snapshot-initial=2 reap-interval=2\n"
                                 "program alice\n"
                                 "  turn\n"
                                 "    store-set key=1 bytes=20\n"
                                 "    send i1 new newp result\n"
                                 "    send i1 root\n"
                                 "  turn\n"
                                 "    store-delete key=1\n"
                                 "program bob\n"
                                 "  turn\n"
                                 "    store-set key=2\n"
                                 "    send a0 new\n"
                                 "    hold\n"
                                 "vat alice alice\n"
                                 "vat bob bob\n"
                                 "bootstrap alice\n"
                                 "block after=1000\n"
                                 "block after=1000\n"
                                 "  send bob\n";

static void read_plan(struct sim_plan *plan, const char *text) {
    struct sim_plan_error error;
    cr_assert(sim_plan_read(plan, vk_heap_system(), vk_str(text), &error) == VK_OK, "%zu:%zu: %s",
              error.line, error.column, error.what);
}

Test(sweep, each_point_strikes_and_none_shows) {
    enum { EVERY = 97 };
    struct sim_plan plan;
    struct sim_sweep *sweep;
    struct sim_run_result clean, result;
    uint64_t struck = 0, by_kind[FAULT_KIND_COUNT] = {0};
    read_plan(&plan, swept_plan);
    test_ok(sim_sweep_prepare(
        &plan, &(struct sim_sweep_options){.crank = UINT64_MAX, .every = EVERY}, &sweep, &clean));
    cr_assert(!clean.failed && sim_sweep_count(sweep) > 100);
    for (size_t i = 0; i < sim_sweep_count(sweep); i += 3) {
        const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
        bool strikes;
        test_ok(sim_sweep_run(sweep, i, &result, &strikes));
        cr_assert(!result.failed, "%s at %d: %s", fault_word(variant->kind), (int)variant->at,
                  result.failure.what);
        struck += strikes;
        by_kind[variant->kind] += strikes;
    }
    cr_assert(by_kind[FAULT_HOST_KILLED] && by_kind[FAULT_WORKER_SYSCALL] &&
              by_kind[FAULT_VAT_OVERRUN] && by_kind[FAULT_SQLITE_HEAP]);
    cr_assert(struck * 3 > sim_sweep_count(sweep) * 9 / 10, "%d struck", (int)struck);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}

Test(sweep, one_crank_has_its_own_points_only) {
    struct sim_plan plan;
    struct sim_sweep *sweep;
    struct sim_run_result clean;
    read_plan(&plan, swept_plan);
    test_ok(sim_sweep_prepare(&plan, &(struct sim_sweep_options){.crank = 5, .every = 1}, &sweep,
                              &clean));
    cr_assert(sim_sweep_count(sweep) > 0);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++)
        cr_assert(sim_sweep_variant(sweep, i)->crank == 5);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}
