/* bench_run.c - how fast seeds are run: plan, replicas, faults and oracles, as `crankcase run` does it. See
 * bench_run.h.
 */
#include "bench_run.h"

#include "bench_measure.h"

#include "sim/campaign.h"
#include "sim/fault_words.h"

#include <inttypes.h>
#include <stdio.h>

enum { SEEDS = 300, TWICE_EVERY = 40 };

/* What is left out of a run. */
static const struct way {
    const char *name, *json_name;
    bool no_activity_hash, no_oracles, no_faults;
} ways[] = {
    {"as by default", "default", false, false, false},
    {"no crankhash, activityhash", "noActivityhash", true, false, false},
    {"no oracles", "noOracles", false, true, false},
    {"no faults", "noFaults", false, false, true},
};

enum { WAY_COUNT = sizeof ways / sizeof *ways };

struct timing {
    struct sim_campaign_totals totals[WAY_COUNT];
    struct bench_samples cpu_s[WAY_COUNT];
    double peak_mb;
};

static bool run_seed(const struct way *way, uint64_t seed, struct sim_run_result *result) {
    struct sim_run_options run = {.no_activity_hash = way->no_activity_hash};
    struct sim_generate_options generate = {0};
    struct sim_plan plan;
    for (int i = 0; i < SIM_ORACLE_COUNT; i++)
        run.off[i] = way->no_oracles || (i == SIM_ORACLE_TWICE && seed % TWICE_EVERY != 0);
    if (!way->no_faults) sim_fault_words_default(generate.faults);
    if (sim_plan_generate(&plan, vk_heap_system(), seed, &generate) != VK_OK) return false;
    enum vk_err err = sim_run(&plan, &run, result);
    sim_plan_release(&plan);
    if (err == VK_OK && !result->failed) return true;
    fprintf(stderr, "bench: seed %" PRIu64 ": %s\n", seed,
            err == VK_OK ? result->failure.what : vk_err_origin()->text);
    return false;
}

static bool measure_pass(struct timing *timing, size_t w) {
    struct bench_timer timer;
    timing->totals[w] = (struct sim_campaign_totals){0};
    bench_timer_start(&timer);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_run_result result;
        if (!run_seed(&ways[w], seed, &result)) return false;
        sim_campaign_add(&timing->totals[w], &result);
    }
    bench_samples_add(&timing->cpu_s[w], bench_timer_read(&timer).cpu_s);
    return true;
}

static bool measure(void *impl, void *result) {
    const struct bench_options *options = impl;
    struct timing *timing = result;
    sim_campaign_keep_memory();
    for (unsigned pass = 0; pass < options->repeats; pass++)
        for (size_t w = 0; w < WAY_COUNT; w++)
            if (!measure_pass(timing, w)) return false;
    timing->peak_mb = bench_peak_mb();
    return true;
}

static void print_text(const struct bench_options *options, const struct timing *timing) {
    double first_s = bench_samples_median(&timing->cpu_s[0]);
    printf("\nrun of seeds 1 to %d: on one core, by CPU time; median of %u passes; peak memory "
           "%.0f MB\n%-28s %7s %7s %7s %9s %15s %6s\n",
           SEEDS, options->repeats, timing->peak_mb, "", "seeds/s", "min", "max", "cranks/s",
           "simulated s/s", "ratio");
    for (size_t w = 0; w < WAY_COUNT; w++) {
        const struct sim_campaign_totals *totals = &timing->totals[w];
        double median_s = bench_samples_median(&timing->cpu_s[w]);
        printf("%-28s %7.1f %7.1f %7.1f %9.0f %15.0f %6.2f\n", ways[w].name, SEEDS / median_s,
               SEEDS / bench_samples_max(&timing->cpu_s[w]),
               SEEDS / bench_samples_min(&timing->cpu_s[w]), (double)totals->all_cranks / median_s,
               (double)totals->simulated_ns / 1e9 / median_s, first_s / median_s);
    }
}

static void print_json(const struct bench_options *options, const struct timing *timing) {
    for (size_t w = 0; w < WAY_COUNT; w++) {
        const struct sim_campaign_totals *totals = &timing->totals[w];
        double median_s = bench_samples_median(&timing->cpu_s[w]);
        printf("{\"bench\":\"run\",\"way\":\"%s\",\"seeds\":%d,\"passes\":%u,\"allCranks\":%" PRIu64
               ",\"seedsPerSecond\":%.2f,\"seedsPerSecondMin\":%.2f,\"seedsPerSecondMax\":%.2f,"
               "\"cranksPerSecond\":%.0f,\"simulatedSecondsPerSecond\":%.0f,\"peakMB\":%.1f}\n",
               ways[w].json_name, SEEDS, options->repeats, totals->all_cranks, SEEDS / median_s,
               SEEDS / bench_samples_max(&timing->cpu_s[w]),
               SEEDS / bench_samples_min(&timing->cpu_s[w]), (double)totals->all_cranks / median_s,
               (double)totals->simulated_ns / 1e9 / median_s, timing->peak_mb);
    }
}

bool bench_running(const struct bench_options *options) {
    struct bench_options copy = *options;
    struct timing timing;
    if (!bench_apart(measure, &copy, &timing, sizeof timing)) return false;
    (options->json ? print_json : print_text)(options, &timing);
    return true;
}
