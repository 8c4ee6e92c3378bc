/* bench_replay.c - see bench_replay.h.
 *
 * The ways of running (store mode, hashes) take turns within one process, recording by recording,
 * so that their ratios are of one run, under one weather. Peak memory needs a process for each
 * way.
 */
#include "bench_replay.h"

#include "bench_measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct way {
    const char *name;
    const char *json_name;
    struct sim_replay_options options;
} ways[] = {
    {"write-back, both hashes",
     "writeBack",
     {.mode = VK_STORE_WRITE_BACK, .without_comparison = true}},
    {"  without state hash",
     "writeBackNoStateHash",
     {.mode = VK_STORE_WRITE_BACK, .without_comparison = true, .without_state_hash = true}},
    {"  without activity hash",
     "writeBackNoActivityHash",
     {.mode = VK_STORE_WRITE_BACK, .without_comparison = true, .without_activity_hash = true}},
    {"  without either",
     "writeBackNoHashes",
     {.mode = VK_STORE_WRITE_BACK,
      .without_comparison = true,
      .without_state_hash = true,
      .without_activity_hash = true}},
    {"  compared, with slog", "writeBackCompared", {.mode = VK_STORE_WRITE_BACK}},
    {"direct, both hashes", "direct", {.mode = VK_STORE_DIRECT, .without_comparison = true}},
};

enum { WAY_COUNT = sizeof ways / sizeof *ways };

struct work {
    uint64_t cranks, deliveries, syscalls;
};

struct timing {
    struct work work; /* of one pass over all recordings */
    struct bench_samples cpu_s[WAY_COUNT];
    double passed_s, busy_s;
};

struct task {
    const struct bench_options *options;
    const struct bench_group *group;
    size_t way; /* for the peak */
};

struct peak {
    double before_mb, after_mb;
};

/* ---- time */

/* One recording in every way; adds to the pass. */
static bool time_recording(struct sim_replay *replays[WAY_COUNT], const char *name,
                           struct timing *timing, double pass_s[WAY_COUNT], struct work *work) {
    for (size_t w = 0; w < WAY_COUNT; w++) {
        struct sim_replay_result result;
        struct bench_timer timer;
        bench_timer_start(&timer);
        bool is_met = bench_run(replays[w], name, &result);
        struct bench_time time = bench_timer_read(&timer);
        if (!is_met) return false;
        pass_s[w] += time.cpu_s;
        timing->busy_s += time.cpu_s;
        timing->passed_s += time.passed_s;
        if (w > 0) continue;
        work->cranks += result.cranks;
        work->deliveries += result.deliveries;
        work->syscalls += result.syscalls;
    }
    return true;
}

static bool time_pass(const struct bench_recordings *recordings, struct sim_replay **replays,
                      struct timing *timing, bool is_warm_up) {
    double pass_s[WAY_COUNT] = {0};
    struct work work = {0};
    for (size_t i = 0; i < recordings->count; i++)
        if (!time_recording(&replays[i * WAY_COUNT], recordings->at[i].name, timing, pass_s, &work))
            return false;
    timing->work = work;
    for (size_t w = 0; w < WAY_COUNT && !is_warm_up; w++)
        bench_samples_add(&timing->cpu_s[w], pass_s[w]);
    return true;
}

static bool measure_time(void *impl, void *result) {
    const struct task *task = impl;
    struct timing *timing = result;
    struct bench_recordings recordings;
    if (!bench_recordings_read(&recordings, task->group)) return false;
    struct sim_replay **replays = calloc(recordings.count * WAY_COUNT, sizeof(struct sim_replay *));
    bool is_done = replays != NULL;
    for (size_t i = 0; is_done && i < recordings.count; i++)
        for (size_t w = 0; w < WAY_COUNT; w++)
            replays[i * WAY_COUNT + w] =
                sim_replay_prepare(recordings.at[i].recording, &ways[w].options);
    for (unsigned pass = 0; is_done && pass <= task->options->repeats; pass++)
        is_done = time_pass(&recordings, replays, timing, pass == 0);
    for (size_t i = 0; replays && i < recordings.count * WAY_COUNT; i++)
        sim_replay_release(replays[i]);
    free(replays);
    bench_recordings_free(&recordings);
    return is_done;
}

/* ---- memory */

static bool measure_peak(void *impl, void *result) {
    const struct task *task = impl;
    struct peak *peak = result;
    struct bench_recordings recordings;
    if (!bench_recordings_read(&recordings, task->group)) return false;
    peak->before_mb = bench_peak_mb();
    bool is_done = true;
    for (size_t i = 0; is_done && i < recordings.count; i++) {
        struct sim_replay_result run;
        struct sim_replay *replay =
            sim_replay_prepare(recordings.at[i].recording, &ways[task->way].options);
        is_done = bench_run(replay, recordings.at[i].name, &run);
        sim_replay_release(replay);
    }
    peak->after_mb = bench_peak_mb();
    bench_recordings_free(&recordings);
    return is_done;
}

/* ---- printing */

static void print_text(const struct task *task, const struct timing *timing,
                       const struct peak peaks[WAY_COUNT]) {
    double cranks = (double)timing->work.cranks;
    double first_s = bench_samples_median(&timing->cpu_s[0]);
    printf("\nreplay of %s/: %zu recordings, %" PRIu64 " cranks, %" PRIu64 " deliveries, %" PRIu64
           " syscalls\n",
           task->group->name, task->group->files.count, timing->work.cranks,
           timing->work.deliveries, timing->work.syscalls);
    printf(
        "  in memory, read and prepared beforehand; by CPU time; median of %u passes (the CPU "
        "was ours\n  %.0f%% of the time); peak memory, and how much of it before the first run\n",
        task->options->repeats, 100 * timing->busy_s / timing->passed_s);
    printf("%-26s %9s %9s %9s %8s %11s %10s %6s %15s\n", "", "cranks/s", "min", "max", "us/crank",
           "deliveries/s", "syscalls/s", "ratio", "peak MB (read)");
    for (size_t w = 0; w < WAY_COUNT; w++) {
        double median_s = bench_samples_median(&timing->cpu_s[w]);
        printf("%-26s %9.0f %9.0f %9.0f %8.2f %11.0f %10.0f %6.2f %8.0f (%.0f)\n", ways[w].name,
               cranks / median_s, cranks / bench_samples_max(&timing->cpu_s[w]),
               cranks / bench_samples_min(&timing->cpu_s[w]), 1e6 * median_s / cranks,
               (double)timing->work.deliveries / median_s, (double)timing->work.syscalls / median_s,
               first_s / median_s, peaks[w].after_mb, peaks[w].before_mb);
    }
}

static void print_json(const struct task *task, const struct timing *timing,
                       const struct peak peaks[WAY_COUNT]) {
    double cranks = (double)timing->work.cranks;
    for (size_t w = 0; w < WAY_COUNT; w++) {
        double median_s = bench_samples_median(&timing->cpu_s[w]);
        printf("{\"bench\":\"replay\",\"group\":\"%s\",\"way\":\"%s\",\"recordings\":%zu,"
               "\"cranks\":%" PRIu64 ",\"deliveries\":%" PRIu64 ",\"syscalls\":%" PRIu64
               ",\"passes\":%u,\"cranksPerSecond\":%.0f,\"cranksPerSecondMin\":%.0f,"
               "\"cranksPerSecondMax\":%.0f,\"deliveriesPerSecond\":%.0f,"
               "\"syscallsPerSecond\":%.0f,\"peakMB\":%.1f,\"readMB\":%.1f}\n",
               task->group->name, ways[w].json_name, task->group->files.count, timing->work.cranks,
               timing->work.deliveries, timing->work.syscalls, task->options->repeats,
               cranks / median_s, cranks / bench_samples_max(&timing->cpu_s[w]),
               cranks / bench_samples_min(&timing->cpu_s[w]),
               (double)timing->work.deliveries / median_s, (double)timing->work.syscalls / median_s,
               peaks[w].after_mb, peaks[w].before_mb);
    }
}

bool bench_replaying(const struct bench_options *options, const struct bench_group *group) {
    struct task task = {.options = options, .group = group};
    struct timing timing;
    struct peak peaks[WAY_COUNT];
    if (!bench_apart(measure_time, &task, &timing, sizeof timing)) return false;
    for (task.way = 0; task.way < WAY_COUNT; task.way++)
        if (!bench_apart(measure_peak, &task, &peaks[task.way], sizeof *peaks)) return false;
    (options->json ? print_json : print_text)(&task, &timing, peaks);
    return true;
}
