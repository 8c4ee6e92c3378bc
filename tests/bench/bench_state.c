/* bench_state.c - see bench_state.h.
 *
 * The sizes take turns, round by round, each in a process and a world of its own. A ratio is of two
 * sizes of one round; what is printed of it is the median and the worst of all rounds.
 */
#include "bench_state.h"

#include "bench_measure.h"
#include "bench_world.h"

#include <inttypes.h>
#include <stdio.h>

enum { BLOCK_CRANKS = 100, BLOCKS = 60, BLOCKS_WARM_UP = 10 };

enum { SIZE_COUNT = 3, KEYS_AMONG_SUSPENDED = 1000 };

/* What there is more and more of. */
static const struct axis {
    uint64_t sizes[SIZE_COUNT];
    bool is_suspended; /* vats; else keys */
    const char *json_name, *column, *title;
} state_axis = {{1000, 100000, 1000000},
                false,
                "state",
                "keys",
                "a crank over a state of so many keys"},
  suspended_axis = {
      {10, 1000, 10000}, true, "suspended", "suspended", "a crank among so many suspended vats"};

static const struct mode {
    enum vk_store_mode mode;
    const char *name;
    const char *json_name;
} modes[] = {
    {VK_STORE_WRITE_BACK, "write-back", "writeBack"},
    {VK_STORE_DIRECT, "direct", "direct"},
};

enum { MODE_COUNT = sizeof modes / sizeof *modes };

struct task {
    enum vk_store_mode mode;
    uint64_t keys, suspended;
};

/* What one process measures, ns a crank by block. */
struct cost {
    uint64_t size;
    struct bench_samples crank_ns, commit_ns, whole_ns;
    double fill_s, peak_mb;
};

/* The medians of all rounds for one size; ratios are to the least size of the same round. */
struct series {
    uint64_t size;
    struct bench_samples crank_ns, commit_ns, whole_ns, crank_ratio, whole_ratio, fill_s, peak_mb;
};

static enum vk_err time_block(struct bench_world *world, struct cost *cost, bool is_warm_up) {
    struct bench_timer timer;
    struct vk_crank_result result;
    bench_timer_start(&timer);
    for (int i = 0; i < BLOCK_CRANKS; i++) {
        VK_TRY(vk_kernel_run_crank(world->kernel, NULL, &result));
        VK_ASSERT(result.kind != VK_CRANK_IDLE);
    }
    double cranks_s = bench_timer_read(&timer).cpu_s;
    bench_timer_start(&timer);
    VK_TRY(vk_store_commit(world->store));
    double commit_s = bench_timer_read(&timer).cpu_s;
    if (is_warm_up) return VK_OK;
    bench_samples_add(&cost->crank_ns, cranks_s * 1e9 / BLOCK_CRANKS);
    bench_samples_add(&cost->commit_ns, commit_s * 1e9 / BLOCK_CRANKS);
    bench_samples_add(&cost->whole_ns, (cranks_s + commit_s) * 1e9 / BLOCK_CRANKS);
    return VK_OK;
}

static enum vk_err time_world(struct bench_world *world, struct cost *cost) {
    VK_TRY(bench_world_count_keys(world, &cost->size));
    VK_TRY(bench_world_serve(world));
    for (int block = 0; block < BLOCKS; block++)
        VK_TRY(time_block(world, cost, block < BLOCKS_WARM_UP));
    return VK_OK;
}

static bool measure(void *impl, void *result) {
    const struct task *task = impl;
    struct cost *cost = result;
    struct bench_world world;
    struct bench_timer timer;
    bench_timer_start(&timer);
    enum vk_err err = bench_world_make(&world, task->mode, task->keys, task->suspended);
    cost->fill_s = bench_timer_read(&timer).cpu_s;
    if (err == VK_OK) {
        err = time_world(&world, cost);
        if (task->suspended) cost->size = task->suspended;
        bench_world_release(&world);
    }
    cost->peak_mb = bench_peak_mb();
    if (err != VK_OK) fprintf(stderr, "bench: %s: %s\n", vk_err_name(err), vk_err_origin()->text);
    return err == VK_OK;
}

static void add(struct series *series, const struct cost *cost, const struct cost *least) {
    double crank_ns = bench_samples_median(&cost->crank_ns);
    double whole_ns = bench_samples_median(&cost->whole_ns);
    series->size = cost->size;
    bench_samples_add(&series->crank_ns, crank_ns);
    bench_samples_add(&series->commit_ns, bench_samples_median(&cost->commit_ns));
    bench_samples_add(&series->whole_ns, whole_ns);
    bench_samples_add(&series->crank_ratio, crank_ns / bench_samples_median(&least->crank_ns));
    bench_samples_add(&series->whole_ratio, whole_ns / bench_samples_median(&least->whole_ns));
    bench_samples_add(&series->fill_s, cost->fill_s);
    bench_samples_add(&series->peak_mb, cost->peak_mb);
}

static bool is_asked_for(const struct bench_options *options, const struct axis *axis, size_t s) {
    return axis->is_suspended || axis->sizes[s] <= options->keys_max;
}

static bool run_round(const struct bench_options *options, const struct axis *axis,
                      const struct mode *mode, struct series series[SIZE_COUNT]) {
    struct cost least = {0};
    for (size_t s = 0; s < SIZE_COUNT && is_asked_for(options, axis, s); s++) {
        struct task task = {mode->mode, axis->sizes[s], 0};
        if (axis->is_suspended)
            task = (struct task){mode->mode, KEYS_AMONG_SUSPENDED, axis->sizes[s]};
        struct cost cost;
        if (!bench_apart(measure, &task, &cost, sizeof cost)) return false;
        if (s == 0) least = cost;
        add(&series[s], &cost, &least);
    }
    return true;
}

/* ---- printing */

static void print_text(const struct mode *mode, const struct series *series) {
    printf("%-11s %9" PRIu64 " %8.0f %6.2f %8.0f %8.0f %8.0f %8.0f %6.2f %6.2f %7.1f %8.0f\n",
           mode->name, series->size, bench_samples_median(&series->crank_ns),
           bench_samples_median(&series->crank_ratio), bench_samples_median(&series->commit_ns),
           bench_samples_median(&series->whole_ns), bench_samples_min(&series->whole_ns),
           bench_samples_max(&series->whole_ns), bench_samples_median(&series->whole_ratio),
           bench_samples_max(&series->whole_ratio), bench_samples_median(&series->fill_s),
           bench_samples_max(&series->peak_mb));
}

static void print_json(const struct axis *axis, const struct mode *mode,
                       const struct series *series) {
    printf("{\"bench\":\"%s\",\"mode\":\"%s\",\"%s\":%" PRIu64 ",\"crankNs\":%.0f,"
           "\"crankRatio\":%.3f,\"commitNs\":%.0f,\"wholeNs\":%.0f,\"wholeNsMin\":%.0f,"
           "\"wholeNsMax\":%.0f,\"wholeRatio\":%.3f,\"wholeRatioMax\":%.3f,"
           "\"fillSeconds\":%.2f,\"peakMB\":%.1f}\n",
           axis->json_name, mode->json_name, axis->column, series->size,
           bench_samples_median(&series->crank_ns), bench_samples_median(&series->crank_ratio),
           bench_samples_median(&series->commit_ns), bench_samples_median(&series->whole_ns),
           bench_samples_min(&series->whole_ns), bench_samples_max(&series->whole_ns),
           bench_samples_median(&series->whole_ratio), bench_samples_max(&series->whole_ratio),
           bench_samples_median(&series->fill_s), bench_samples_max(&series->peak_mb));
}

static void print_head(const struct bench_options *options, const struct axis *axis) {
    printf("\n%s: ping-pong, 4 cranks a message, each message "
           "visits a random\n  vatstore key; by CPU time, ns a crank, %d blocks of %d cranks; the "
           "store is in memory; median of\n  %u rounds in which the sizes take turns; ratios are "
           "of one round\n%-11s %9s %8s %6s %8s %8s %8s %8s %6s %6s %7s %8s\n",
           axis->title, BLOCKS - BLOCKS_WARM_UP, BLOCK_CRANKS, options->repeats, "", axis->column,
           "crank", "ratio", "+ commit", "= whole", "min", "max", "ratio", "worst", "fill s",
           "peak MB");
}

static bool measure_axis(const struct bench_options *options, const struct axis *axis) {
    if (!options->json) print_head(options, axis);
    for (size_t m = 0; m < MODE_COUNT; m++) {
        struct series series[SIZE_COUNT] = {{0}};
        for (unsigned round = 0; round < options->repeats; round++)
            if (!run_round(options, axis, &modes[m], series)) return false;
        for (size_t s = 0; s < SIZE_COUNT && is_asked_for(options, axis, s); s++)
            if (options->json)
                print_json(axis, &modes[m], &series[s]);
            else
                print_text(&modes[m], &series[s]);
    }
    return true;
}

bool bench_state(const struct bench_options *options) { return measure_axis(options, &state_axis); }

bool bench_suspended(const struct bench_options *options) {
    return measure_axis(options, &suspended_axis);
}
