/* split_main.c - crankcase-bench-split: how the time of a replay splits between the kernel's
 * parts.
 *
 *     crankcase-bench-split text|json PASSES FOLDER      run by crankcase-bench
 *
 * The same replay as crankcase-bench times (write-back, both hashes, no comparison), linked with
 * wrappers around the functions by which one part of the kernel calls another. What the wrappers
 * cost is measured and taken off; how much it was is printed. Shares are more to be trusted than
 * times.
 */
#include "bench_group.h"
#include "bench_measure.h"
#include "split_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    const char *json_name;
} families[SPLIT_FAMILIES] = {
    [SPLIT_DRIVER] = {"driver: replay and recorded workers", "driver"},
    [SPLIT_KERNEL] = {"the rest of the kernel", "kernel"},
    [SPLIT_STORE] = {"store: reads, writes, cranks, transcripts", "store"},
    [SPLIT_DATABASE] = {"store: open, commit, close", "database"},
    [SPLIT_SHA256] = {"hashing: SHA-256 (crank, activity, spans)", "sha256"},
    [SPLIT_STATE_HASH] = {"hashing: XXH3 (state)", "stateHash"},
    [SPLIT_TRANSLATION] = {"translation and c-lists", "translation"},
    [SPLIT_JSON] = {"JSON and capdata", "json"},
};

struct split {
    const struct bench_group *group;
    unsigned passes;
    uint64_t cranks;                       /* of a pass */
    struct bench_samples plain_s, timed_s; /* CPU time of a pass, clock off and on */
    struct split_times times;              /* of all passes */
    struct split_cost cost;
};

static void add(struct split_times *sum, const struct split_times *times) {
    sum->calls += times->calls;
    for (int f = 0; f < SPLIT_FAMILIES; f++) {
        sum->ticks[f] += times->ticks[f];
        sum->entries[f] += times->entries[f];
        sum->exits_to[f] += times->exits_to[f];
    }
}

static bool run_plain(struct sim_replay *replay, const char *name, double *cpu_s) {
    struct sim_replay_result result;
    struct bench_timer timer;
    bench_timer_start(&timer);
    bool is_met = bench_run(replay, name, &result);
    *cpu_s += bench_timer_read(&timer).cpu_s;
    return is_met;
}

static bool run_timed(struct split *split, struct sim_replay *replay, const char *name,
                      double *cpu_s) {
    struct sim_replay_result result;
    struct split_times times;
    struct bench_timer timer;
    bench_timer_start(&timer);
    split_clock_start();
    bool is_met = bench_run(replay, name, &result);
    split_clock_stop(&times);
    *cpu_s += bench_timer_read(&timer).cpu_s;
    add(&split->times, &times);
    split->cranks += result.cranks;
    return is_met;
}

/* Each recording with the clock off and on, in turns: the second one finds warmer caches. */
static bool run_pass(struct split *split, const struct bench_recordings *recordings,
                     struct sim_replay **replays, bool timed_first) {
    double plain_s = 0, timed_s = 0;
    split->cranks = 0;
    for (size_t i = 0; i < recordings->count; i++) {
        const char *name = recordings->at[i].name;
        bool is_done = (!timed_first || run_timed(split, replays[i], name, &timed_s)) &&
                       run_plain(replays[i], name, &plain_s) &&
                       (timed_first || run_timed(split, replays[i], name, &timed_s));
        if (!is_done) return false;
    }
    bench_samples_add(&split->plain_s, plain_s);
    bench_samples_add(&split->timed_s, timed_s);
    return true;
}

/* In a tight loop the clock costs more than between other things: its cost is brought down to
 * what it made of the whole, if that is less. */
static void calibrate(struct split *split) {
    struct split_cost cost = split_clock_calibrate();
    double ticks = 0, clock_ticks = 0;
    for (int f = 0; f < SPLIT_FAMILIES; f++) {
        ticks += (double)split->times.ticks[f];
        clock_ticks += (double)split->times.entries[f] * cost.inside +
                       (double)split->times.exits_to[f] * cost.outside;
    }
    double plain_s = bench_samples_median(&split->plain_s);
    double timed_s = bench_samples_median(&split->timed_s);
    double seen_ticks = timed_s > plain_s ? ticks * (1 - plain_s / timed_s) : 0;
    double scale = clock_ticks > seen_ticks ? seen_ticks / clock_ticks : 1;
    split->cost = (struct split_cost){cost.inside * scale, cost.outside * scale};
}

static bool measure(struct split *split) {
    const struct sim_replay_options options = {.mode = VK_STORE_WRITE_BACK,
                                               .without_comparison = true};
    struct bench_recordings recordings;
    double warm_up_s = 0;
    if (!bench_recordings_read(&recordings, split->group)) return false;
    struct sim_replay **replays = calloc(recordings.count, sizeof(struct sim_replay *));
    bool is_done = replays != NULL;
    for (size_t i = 0; is_done && i < recordings.count; i++)
        replays[i] = sim_replay_prepare(recordings.at[i].recording, &options);
    for (size_t i = 0; is_done && i < recordings.count; i++)
        is_done = run_plain(replays[i], recordings.at[i].name, &warm_up_s);
    for (unsigned pass = 0; is_done && (pass < split->passes || pass % 2); pass++)
        is_done = run_pass(split, &recordings, replays, pass % 2);
    for (size_t i = 0; replays && i < recordings.count; i++)
        sim_replay_release(replays[i]);
    free(replays);
    bench_recordings_free(&recordings);
    if (is_done) calibrate(split);
    return is_done;
}

static void print_text(const struct split *split, double whole) {
    double plain_s = bench_samples_median(&split->plain_s);
    double timed_s = bench_samples_median(&split->timed_s);
    double cranks = (double)split->cranks;
    printf("\nhow a replay of %s/ splits: write-back, both hashes; exclusive time\n"
           "  %.1f entries a crank; the clock makes it %.0f%% slower (%.2f for %.2f us a crank), "
           "which is taken off\n%-45s %7s %9s %13s\n",
           split->group->name, (double)split->times.calls / ((double)split->plain_s.count * cranks),
           100 * (timed_s / plain_s - 1), 1e6 * timed_s / cranks, 1e6 * plain_s / cranks, "",
           "share", "us/crank", "entries/crank");
    for (int f = 0; f < SPLIT_FAMILIES; f++) {
        double share =
            split_clock_corrected(&split->times, &split->cost, (enum split_family)f) / whole;
        printf("  %-43s %6.1f%% %9.2f %13.1f\n", families[f].name, 100 * share,
               1e6 * share * plain_s / cranks,
               (double)split->times.entries[f] / ((double)split->plain_s.count * cranks));
    }
}

static void print_json(const struct split *split, double whole) {
    double plain_s = bench_samples_median(&split->plain_s);
    double timed_s = bench_samples_median(&split->timed_s);
    printf("{\"bench\":\"split\",\"group\":\"%s\",\"cranks\":%" PRIu64
           ",\"usPerCrank\":%.3f,\"overhead\":%.3f,\"shares\":{",
           split->group->name, split->cranks, 1e6 * plain_s / (double)split->cranks,
           timed_s / plain_s - 1);
    for (int f = 0; f < SPLIT_FAMILIES; f++)
        printf("%s\"%s\":%.4f", f ? "," : "", families[f].json_name,
               split_clock_corrected(&split->times, &split->cost, (enum split_family)f) / whole);
    puts("}}");
}

int main(int argc, char **argv) {
    struct bench_group group;
    uint64_t passes = 0;
    if (argc != 4 || !vk_str_to_u64(vk_str(argv[2]), &passes) || passes < 1 || passes > 60) {
        fputs("usage: crankcase-bench-split text|json PASSES FOLDER\n", stderr);
        return 2;
    }
    if (!bench_group_find(&group, argv[3])) return 2;
    struct split split = {.group = &group, .passes = (unsigned)passes};
    bool is_done = measure(&split);
    double whole = 0;
    for (int f = 0; f < SPLIT_FAMILIES; f++)
        whole += split_clock_corrected(&split.times, &split.cost, (enum split_family)f);
    if (is_done) (strcmp(argv[1], "json") == 0 ? print_json : print_text)(&split, whole);
    bench_group_release(&group);
    return is_done ? 0 : 4;
}
