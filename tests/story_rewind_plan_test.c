/* story_rewind_plan_test.c - corpus/stories/rewind as whole runs: both kinds of vats in one plan, checked at every crank, broken at
 * every point, and with kernels that get it wrong planted under it (oracle_test.c has those). What is claimed of single
 * deliveries is in story_rewind_test.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/run.h"
#include "sim/sweep.h"
#include "testing_command.h"
#include "testing_store.h"

#define STORY TEST_SOURCE_DIR "/corpus/stories/rewind/"

static void read_plan(struct sim_plan *plan, const char *path) {
    struct vk_str text = test_file_read(path);
    struct sim_plan_error error;
    cr_assert(text.p != NULL, "%s", path);
    cr_assert(sim_plan_read(plan, vk_heap_system(), text, &error) == VK_OK, "%s:%zu:%zu: %s", path,
              error.line, error.column, error.what);
    free((void *)(uintptr_t)text.p);
}

static struct sim_run_result run_checked(const struct sim_plan *plan) {
    const struct sim_run_options options = {.check_every = 1};
    struct sim_run_result result;
    test_ok(sim_run(plan, &options, &result));
    cr_assert(!result.failed, "%s: %s", result.failure.signature, result.failure.what);
    return result;
}

Test(rewind_plan, memory_is_what_the_database_says_at_every_crank) {
    static const char *const paths[] = {STORY "both-kinds.plan", STORY "every-end.plan"};
    for (size_t i = 0; i < 2; i++) {
        struct sim_plan plan;
        read_plan(&plan, paths[i]);
        const struct sim_run_result result = run_checked(&plan);
        cr_assert_gt(result.aborted, 2);
        cr_assert_gt(result.in_flight, 0);
        sim_plan_release(&plan);
    }
}

/* When a syscall arrives differs from validator to validator, and what comes of it does not. On a node whose frames are late, those before
 * them are there already as the completion comes. */
Test(rewind_plan, the_timing_of_what_is_in_flight_shows_nowhere) {
    struct sim_replica_plan replicas[2] = {{.commit_every = 1, .slowness = 1, .frames = true},
                                           {.commit_every = 1, .slowness = 1, .frames = true}};
    struct sim_fault_plan late = {
        1, {.kind = FAULT_FRAME_LATE, .vat = FAULT_ANY_VAT, .at = 1, .repeat = UINT64_MAX, .k = 1}};
    struct sim_plan plan;
    read_plan(&plan, STORY "every-end.plan");
    plan.replicas = replicas;
    plan.faults = &late;
    plan.fault_count = 0;
    plan.replica_count = 1;
    uint64_t in_flight = run_checked(&plan).in_flight;
    plan.replica_count = 2;
    cr_assert_eq(run_checked(&plan).in_flight, 2 * in_flight);
    plan.fault_count = 1;
    const struct sim_run_result unlike =
        run_checked(&plan); /* and they are compared at every crank */
    cr_assert_lt(unlike.in_flight, 2 * in_flight);
    cr_assert_gt(unlike.in_flight, in_flight);
    sim_plan_release(&plan);
}

static bool is_told_by(const struct sim_sweep_variant *variant, size_t i) {
    enum { HOST_KILLED_EACH = 7 };
    return variant->kind != FAULT_HOST_KILLED || i % HOST_KILLED_EACH == 0;
}

/* No order of what is done at the end of a crank lets what one mechanism abandons past the other, wherever it is broken. */
Test(rewind_plan, no_point_of_a_crank_lets_one_mechanism_leak_past_the_other) {
    struct sim_plan plan;
    struct sim_sweep *sweep;
    struct sim_run_result result;
    uint64_t struck[SIM_SWEEP_MODE_COUNT] = {0};
    read_plan(&plan, STORY "both-kinds.plan");
    test_ok(sim_sweep_prepare(&plan, &(struct sim_sweep_options){.crank = UINT64_MAX, .every = 500},
                              &sweep, &result));
    cr_assert(!result.failed && result.in_flight > 0, "%s", result.failure.what);
    for (size_t i = 0; i < sim_sweep_count(sweep); i++) {
        const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
        bool strikes;
        if (!is_told_by(variant, i)) continue;
        test_ok(sim_sweep_run(sweep, i, &result, &strikes));
        cr_assert(!result.failed, "%s at=%d k=%d: %s: %s", fault_word(variant->kind),
                  (int)variant->at, (int)variant->k, result.failure.signature, result.failure.what);
        struck[variant->mode] += strikes;
    }
    cr_expect_gt(struck[SIM_SWEEP_CRASH], 300);
    cr_expect_gt(struck[SIM_SWEEP_ABORT], 40);
    cr_expect_gt(struck[SIM_SWEEP_TICK], 40);
    sim_sweep_free(sweep);
    sim_plan_release(&plan);
}
