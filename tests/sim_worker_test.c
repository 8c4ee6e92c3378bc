/* sim_worker_test.c - simulated workers: time, pipes, snapshots, and that none of it shows in what vats do. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_plan.h"
#include "testing_sim.h"

/* ---- whole runs */

/* No endings of bootstrap, whose failure would panic the kernel; but anything of the others'. */
static bool is_anything(enum sim_op_type type) { return type != SIM_OP_READ_CLOCK; }

static bool runs(struct sim_world *w, const struct sim_plan *plan,
                 const struct sim_world_options *options) {
    sim_world_open(w, plan, options);
    return sim_world_run(w);
}

/* The hashes of all cranks, a line each. */
static char *hashes(const struct sim_world *w) {
    char *lines = malloc(w->trace.length + 1), *end = lines;
    cr_assert(lines);
    for (const char *line = w->trace.text; line && *line;) {
        size_t n = strcspn(line, "\n") + 1;
        if (strncmp(line, "emit", 4) == 0) {
            memcpy(end, line, n);
            end += n;
        }
        line += n;
    }
    *end = '\0';
    return lines;
}

Test(sim_worker, frames_change_nothing) {
    uint64_t frames = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        const struct sim_world_options with = {.frames = true, .illegal = true};
        const struct sim_world_options without = {.illegal = true};
        struct sim_plan plan;
        struct sim_world a, b;
        test_plan_random(&plan, seed, is_anything, 8, 3);
        bool ran = runs(&a, &plan, &without);
        cr_assert(runs(&b, &plan, &with) == ran, "%s", vk_err_origin()->text);
        cr_assert_str_eq(a.journal.text, b.journal.text);
        cr_assert_str_eq(a.trace.text, b.trace.text);
        cr_assert(a.clock.now_ns == b.clock.now_ns);
        cr_assert(sim_workers_counts(a.workers).frames == 0);
        frames += sim_workers_counts(b.workers).frames;
        refused += b.refused;
        sim_world_close(&a);
        sim_world_close(&b);
        vk_arena_release(&plan.arena);
    }
    printf("%llu frames, %llu refused syscalls\n", (unsigned long long)frames,
           (unsigned long long)refused);
    cr_assert(frames > 5000 && refused > 0);
}

Test(sim_worker, replays_and_snapshots_change_nothing) {
    uint64_t replayed = 0, from_snapshots = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        static const struct sim_world_options options[] = {
            {.illegal = true},
            {.illegal = true, .restarts = true},
            {.illegal = true, .vats_online = 1, .frames = true, .slowness = 3},
        };
        char *first = NULL;
        for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
            struct sim_plan plan;
            struct sim_world w;
            test_plan_random(&plan, seed, is_anything, 8, 3);
            cr_assert(runs(&w, &plan, &options[i]), "seed %llu: %s", (unsigned long long)seed,
                      vk_err_origin()->text);
            char *found = hashes(&w);
            if (first) cr_assert_str_eq(first, found);
            replayed += sim_workers_counts(w.workers).replayed;
            from_snapshots += sim_workers_counts(w.workers).from_snapshots;
            if (first)
                free(found);
            else
                first = found;
            sim_world_close(&w);
            vk_arena_release(&plan.arena);
        }
        free(first);
    }
    printf("%llu deliveries replayed, %llu workers from snapshots\n", (unsigned long long)replayed,
           (unsigned long long)from_snapshots);
    cr_assert(replayed > 1000 && from_snapshots > 100);
}

/* How many vats were online, closes the kernel, opens another one, and compares what its workers remember. */
static uint64_t compare_brought_back(uint64_t seed) {
    const struct sim_world_options options = {.illegal = true, .unchecked = true};
    const struct vk_kernel_options kernel = {0};
    struct sim_plan plan;
    struct sim_world w;
    uint64_t compared = 0;
    test_plan_random(&plan, seed, is_anything, 8, 3);
    cr_assert(runs(&w, &plan, &options));
    struct vk_str lived[20], back;
    for (int i = 0; i < 20; i++) {
        char vat[8];
        snprintf(vat, sizeof vat, "v%d", i);
        test_ok(sim_workers_image(w.workers, vk_str(vat), &w.arena, &lived[i]));
    }
    vk_kernel_close(w.kernel);
    test_ok(vk_kernel_open(w.store, &w.ports, &kernel, &w.kernel));
    for (int i = 0; i < 20; i++) {
        char vat[8];
        snprintf(vat, sizeof vat, "v%d", i);
        test_ok(sim_workers_image(w.workers, vk_str(vat), &w.arena, &back));
        cr_assert(vk_str_eq(lived[i], back), "seed %d, %s: %.*s", (int)seed, vat, VK_STR_ARG(back));
        compared += back.p != NULL;
    }
    sim_world_close(&w);
    vk_arena_release(&plan.arena);
    return compared;
}

Test(sim_worker, a_worker_that_was_brought_back_is_in_the_state_of_the_one_that_lived_on) {
    uint64_t compared = 0;
    for (uint64_t seed = 1; seed <= 24; seed++)
        compared += compare_brought_back(seed);
    cr_assert(compared >= 16, "%d vats were compared", (int)compared);
}

/* ---- faults on the way */

static bool is_plain(enum sim_op_type type) {
    return type == SIM_OP_SEND || type == SIM_OP_STORE_SET || type == SIM_OP_STORE_GET;
}

/* Lets one frame be struck; how the run ends. */
static enum vk_err strike(const struct sim_plan *plan, struct fault fault, const char *faultless,
                          uint64_t *hits) {
    struct fault_set faults = {.faults = &fault, .count = 1};
    const struct sim_world_options options = {.frames = true, .faults = &faults};
    struct sim_world w;
    fault.repeat = 1;
    runs(&w, plan, &options);
    /* Whatever reached the kernel is what a vat said. */
    cr_assert(strncmp(faultless, w.journal.text, w.journal.length) == 0);
    enum vk_err err = w.error;
    sim_world_close(&w);
    *hits = fault.hits;
    return err;
}

Test(sim_worker, a_frame_that_is_damaged_or_doubled_costs_the_worker_and_deceives_nobody) {
    static const enum fault_kind kinds[] = {FAULT_FRAME_GARBLED, FAULT_FRAME_TRUNCATED,
                                            FAULT_FRAME_TWICE};
    const struct sim_world_options options = {.frames = true};
    struct sim_plan plan;
    struct sim_world w;
    uint64_t strikes = 0, hits;
    test_plan_random(&plan, 3, is_plain, 3, 1);
    cr_assert(runs(&w, &plan, &options));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (uint64_t at = 1;; at++) {
            struct fault fault = {.kind = kinds[i], .vat = FAULT_ANY_VAT, .at = at, .k = at};
            enum vk_err err = strike(&plan, fault, w.journal.text, &hits);
            cr_assert(err == (hits ? VK_ERR_WORKER_LOST : VK_OK), "%s at %llu: %s",
                      fault_word(kinds[i]), (unsigned long long)at, vk_err_name(err));
            if (!hits) break;
            strikes++;
        }
    }
    printf("%llu strikes\n", (unsigned long long)strikes);
    cr_assert(strikes > 300);
    sim_world_close(&w);
    vk_arena_release(&plan.arena);
}

Test(sim_worker, a_frame_that_is_late_takes_time_and_nothing_else) {
    struct fault late = {
        .kind = FAULT_FRAME_LATE, .vat = FAULT_ANY_VAT, .at = 5, .repeat = 2, .k = 70};
    struct fault_set faults = {.faults = &late, .count = 1};
    const struct sim_world_options with = {.frames = true, .faults = &faults};
    const struct sim_world_options without = {.frames = true};
    struct sim_plan plan;
    struct sim_world a, b;
    test_plan_random(&plan, 3, is_plain, 3, 1);
    cr_assert(runs(&a, &plan, &without) && runs(&b, &plan, &with));
    cr_assert_str_eq(a.journal.text, b.journal.text);
    cr_assert(late.hits == 2 && b.clock.now_ns == a.clock.now_ns + SIM_MS(140));
    sim_world_close(&a);
    sim_world_close(&b);
    vk_arena_release(&plan.arena);
}

/* ---- time */

Test(sim_worker, a_vat_that_reads_the_clock_sees_its_own_replicas) {
    struct sim_turn turns[] = {TEST_TURN({.type = SIM_OP_READ_CLOCK})};
    struct sim_plan plan;
    struct sim_world a, b;
    const struct sim_world_options fast = {0}, slow = {.slowness = 5};
    test_plan_alice(&plan, NULL, turns, 1, 0);
    cr_assert(runs(&a, &plan, &fast) && runs(&b, &plan, &slow));
    const char *at_a = sim_world_key(&a, "v2.vs.clock"), *at_b = sim_world_key(&b, "v2.vs.clock");
    cr_assert(at_a && at_b && 5 * atoll(at_a) == atoll(at_b));
    cr_assert(5 * a.clock.now_ns == b.clock.now_ns);
    sim_world_close(&a);
    sim_world_close(&b);
    vk_arena_release(&plan.arena);
}

/* ---- workers without a kernel */

struct stage {
    struct sim_plan plan;
    struct test_heap heap;
    struct sim_clock clock;
    struct sim_workers *workers;
    const struct vk_worker_host *host;
    struct vk_syscall_port syscalls;
    struct vk_arena arena;
    uint64_t made;
    char bundle[132];
};

static enum vk_err answer(void *impl, const struct vk_syscall *syscall,
                          struct vk_syscall_result *result) {
    struct stage *stage = impl;
    (void)syscall;
    stage->made++;
    *result = (struct vk_syscall_result){.ok = true, .json = VK_STR("[\"ok\",null]")};
    return VK_OK;
}

static bool stage_open(struct stage *stage, uint64_t fail_at, bool frames) {
    static struct sim_op first[] = {{.type = SIM_OP_STORE_SET}, {.type = SIM_OP_COMPUTE, .n = 500}};
    static struct sim_op second[] = {{.type = SIM_OP_OVERRUN}};
    static struct sim_turn turns[] = {{first, 2}, {second, 1}};
    *stage = (struct stage){.syscalls = {.make = answer}};
    stage->syscalls.impl = stage;
    test_plan_alice(&stage->plan, NULL, turns, 2, 0);
    test_heap_init(&stage->heap);
    stage->heap.fail_at = fail_at;
    vk_arena_init(&stage->arena, vk_heap_system());
    const struct sim_workers_options options = {.heap = &stage->heap.port,
                                                .plan = &stage->plan,
                                                .clock = &stage->clock,
                                                .slowness = 2,
                                                .frames = frames};
    stage->workers = sim_workers_new(&options);
    if (stage->workers) stage->host = sim_workers_port(stage->workers);
    sim_program_bundle_id(&stage->plan.programs[TEST_PLAN_ALICE], stage->bundle);
    return stage->workers != NULL;
}

static void stage_close(struct stage *stage) {
    if (stage->workers) sim_workers_free(stage->workers);
    cr_assert(stage->heap.outstanding_blocks == 0);
    vk_arena_release(&stage->arena);
    vk_arena_release(&stage->plan.arena);
}

static enum vk_err stage_start(struct stage *stage, const char *bundle, struct vk_worker **out) {
    const struct vk_worker_spec spec = {
        .vat = VK_STR("v2"), .bundle_id = vk_str(bundle), .position = 1};
    return stage->host->start(stage->host->impl, &spec, out);
}

static enum vk_err stage_tell(struct stage *stage, struct vk_worker *worker,
                              struct vk_delivery_result *result) {
    const struct vk_delivery delivery = {
        .type = VK_DELIVERY_MESSAGE,
        .json = VK_STR("[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"go\\\",[]]\","
                       "\"slots\":[]},\"result\":null}]"),
        .target = VK_STR("o+0"),
        .methargs = {.body = VK_STR("#[\"go\",[]]")},
    };
    return stage->host->deliver(stage->host->impl, worker, &stage->arena, &delivery,
                                &stage->syscalls, result);
}

Test(sim_worker, a_bundle_that_no_program_has_starts_no_worker) {
    struct stage stage;
    struct vk_worker *worker;
    cr_assert(stage_open(&stage, 0, false));
    cr_assert(stage_start(&stage, "b1-00", &worker) == VK_ERR_WORKER_START);
    cr_assert(stage_start(&stage, NULL, &worker) == VK_ERR_WORKER_START);
    cr_assert(sim_workers_counts(stage.workers).started == 0);
    stage_close(&stage);
}

Test(sim_worker, bundle_ids_are_ids_and_differ) {
    struct stage stage;
    char other[132];
    cr_assert(stage_open(&stage, 0, false));
    sim_program_bundle_id(&stage.plan.programs[TEST_PLAN_BOB], other);
    cr_assert(strlen(other) == 131 && strspn(other + 3, "0123456789abcdef") == 128);
    cr_assert(strncmp(other, "b1-", 3) == 0 && strcmp(other, stage.bundle) != 0);
    stage_close(&stage);
}

Test(sim_worker, work_costs_time_and_computrons) {
    struct stage stage;
    struct vk_worker *worker;
    struct vk_delivery_result result;
    cr_assert(stage_open(&stage, 0, false));
    test_ok(stage_start(&stage, stage.bundle, &worker));
    cr_assert(stage.clock.now_ns == 2 * SIM_MS(50));
    test_ok(stage_tell(&stage, worker, &result));
    const struct vk_str json = VK_STR("[\"vatstoreSet\",\"k.0\",\"#\\\"#undefined\\\"\"]");
    cr_assert(result.ok && result.metered && result.computrons == 1600 + json.n / 8);
    cr_assert(stage.clock.now_ns == 2 * (SIM_MS(50) + 200000 + 50000 + result.computrons));
    stage.host->stop(stage.host->impl, worker);
    stage_close(&stage);
}

Test(sim_worker, a_worker_that_overran_is_dead) {
    struct stage stage;
    struct vk_worker *worker;
    struct vk_delivery_result result;
    struct vk_snapshot_image image;
    cr_assert(stage_open(&stage, 0, true));
    test_ok(stage_start(&stage, stage.bundle, &worker));
    test_ok(stage_tell(&stage, worker, &result));
    test_ok(stage_tell(&stage, worker, &result));
    cr_assert(!result.ok && !result.metered && !result.usage.p);
    cr_assert(stage_tell(&stage, worker, &result) == VK_ERR_WORKER_LOST);
    cr_assert(stage.host->snapshot(stage.host->impl, worker, &stage.arena, false, &image) ==
              VK_ERR_WORKER_LOST);
    stage.host->stop(stage.host->impl, worker);
    stage_close(&stage);
}

static enum vk_err fail_syscall(void *impl, const struct vk_syscall *syscall,
                                struct vk_syscall_result *result) {
    (void)impl, (void)syscall, (void)result;
    return VK_RAISE(VK_ERR_DISK, "the kernel goes down");
}

Test(sim_worker, a_worker_that_is_not_answered_is_of_no_more_use) {
    struct stage stage;
    struct vk_worker *worker;
    struct vk_delivery_result result;
    struct vk_str image;
    cr_assert(stage_open(&stage, 0, false));
    test_ok(stage_start(&stage, stage.bundle, &worker));
    test_ok(sim_workers_image(stage.workers, VK_STR("v2"), &stage.arena, &image));
    cr_assert(image.p != NULL);
    stage.syscalls.make = fail_syscall;
    cr_assert(stage_tell(&stage, worker, &result) == VK_ERR_DISK);
    test_ok(sim_workers_image(stage.workers, VK_STR("v2"), &stage.arena, &image));
    cr_assert(!image.p);
    cr_assert(stage_tell(&stage, worker, &result) == VK_ERR_WORKER_LOST);
    stage.host->stop(stage.host->impl, worker);
    stage_close(&stage);
}

Test(sim_worker, a_damaged_snapshot_starts_no_worker) {
    const struct vk_snapshot_image image = {VK_STR("simulated vat 1\nalice 3 7 5 i50\nen")};
    struct stage stage;
    struct vk_worker *worker;
    cr_assert(stage_open(&stage, 0, false));
    const struct vk_worker_spec spec = {
        .vat = VK_STR("v2"), .bundle_id = vk_str(stage.bundle), .position = 9, .snapshot = &image};
    cr_assert(stage.host->start(stage.host->impl, &spec, &worker) == VK_ERR_SNAPSHOT);
    stage_close(&stage);
}

static enum vk_err live_a_little(struct stage *stage) {
    struct vk_worker *worker;
    struct vk_delivery_result result;
    struct vk_snapshot_image image;
    enum vk_err err = stage_start(stage, stage->bundle, &worker);
    if (err != VK_OK) return err;
    err = stage_tell(stage, worker, &result);
    if (err == VK_OK)
        err = stage->host->snapshot(stage->host->impl, worker, &stage->arena, true, &image);
    stage->host->stop(stage->host->impl, worker);
    return err;
}

Test(sim_worker, running_out_of_memory_is_the_hosts_failure) {
    unsigned failures = 0;
    for (uint64_t fail_at = 1;; fail_at++) {
        struct stage stage;
        enum vk_err err = VK_ERR_NOMEM;
        if (stage_open(&stage, fail_at, true)) err = live_a_little(&stage);
        cr_assert(err == VK_OK || err == VK_ERR_NOMEM, "%s", vk_err_name(err));
        stage_close(&stage);
        if (err == VK_OK) break;
        failures++;
    }
    cr_assert(failures >= 5, "%u", failures);
}

Test(sim_worker, lives_after_the_first_allocate_nothing) {
    struct stage stage;
    cr_assert(stage_open(&stage, 0, true));
    test_ok(live_a_little(&stage));
    uint64_t allocations = stage.heap.allocations;
    for (int i = 0; i < 100; i++)
        test_ok(live_a_little(&stage));
    cr_assert(stage.heap.allocations == allocations);
    stage_close(&stage);
}

Test(sim_worker, the_bundles_of_workers_are_installed_once) {
    struct sim_plan plan;
    struct sim_world w;
    const struct sim_world_options options = {0};
    test_plan_alice(&plan, NULL, NULL, 0, 0);
    cr_assert(runs(&w, &plan, &options));
    cr_assert(test_count_lines(w.trace.text, "bundle", "b0-") == 2);
    sim_world_close(&w);
    vk_arena_release(&plan.arena);
}
