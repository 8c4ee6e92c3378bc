/* recorded_run_test.c - recordings of the real kernel under faults that must not show, and hosts that are at fault. */
#include "testing_recording.h"

#include "faults/sqlite_heap_fault.h"
#include "sim/mem_disk.h"
#include "sim/recorded_run.h"
#include "sim/recorded_runs.h"
#include "sim/replay_diff.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <sqlite3.h>

static const char *const names[] = {
    "suite/vat-warehouse__reload-snapshot-02", "suite/device-bridge-02", "suite/kernel-03",
    "suite/upgrade__upgrade-replay-01",        "fuzz/fuzz-0104",
};
enum { NAMES = sizeof names / sizeof *names };

static struct sim_recording *read_recording(const char *name) {
    struct sim_recording *recording;
    struct sim_input_error error;
    cr_assert_eq(sim_recording_read(test_recording_path(name), &recording, &error), VK_OK, "%s: %s",
                 name, error.what);
    return recording;
}

static void expect_met(const struct sim_recording *recording, const char *name, uint64_t seed,
                       const struct sim_replay_result *result) {
    if (result->diff) sim_diff_print(result->diff, recording, name, name, stderr, false);
    cr_expect_eq(result->outcome, SIM_MET, "%s, seed %" PRIu64 ": %s", name, seed, result->error);
}

static void all_kinds(bool kinds[FAULT_KIND_COUNT]) {
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        kinds[k] = true;
}

/* ---- invisible faults */

Test(recorded_run, each_invisible_fault_alone_does_not_show, .timeout = 120) {
    struct sim_recording *recordings[NAMES];
    for (int i = 0; i < NAMES; i++)
        recordings[i] = read_recording(names[i]);
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        bool kinds[FAULT_KIND_COUNT] = {false};
        uint64_t hits = 0;
        if (!sim_recorded_host_suffers((enum fault_kind)k)) continue;
        kinds[k] = true;
        for (int i = 0; i < NAMES; i++) {
            struct sim_recorded_run *run = sim_recorded_run_new(recordings[i], kinds);
            for (uint64_t seed = 1; seed <= 3; seed++) {
                struct sim_recorded_run_result result;
                sim_recorded_run(run, seed, &result);
                expect_met(recordings[i], names[i], seed, &result.replay);
                hits += result.hits[k];
                for (int other = 0; other < FAULT_KIND_COUNT; other++)
                    cr_expect(other == k || result.hits[other] == 0);
            }
            sim_recorded_run_free(run);
        }
        cr_expect_gt(hits, 0, "%s never struck", fault_word((enum fault_kind)k));
    }
    for (int i = 0; i < NAMES; i++)
        sim_recording_free(recordings[i]);
}

Test(recorded_run, all_invisible_faults_together_do_not_show, .timeout = 120) {
    bool kinds[FAULT_KIND_COUNT];
    uint64_t crashes = 0, again = 0;
    all_kinds(kinds);
    for (int i = 0; i < NAMES; i++) {
        struct sim_recording *recording = read_recording(names[i]);
        struct sim_recorded_run *run = sim_recorded_run_new(recording, kinds);
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct sim_recorded_run_result result;
            sim_recorded_run(run, seed, &result);
            expect_met(recording, names[i], seed, &result.replay);
            for (int k = 0; k < FAULT_KIND_COUNT; k++)
                cr_expect(result.hits[k] == 0 ||
                              fault_class_of((enum fault_kind)k) == FAULT_INVISIBLE,
                          "%s struck", fault_word((enum fault_kind)k));
            crashes += result.replay.crashes;
            again += result.replay.cranks_run - result.replay.cranks;
        }
        sim_recorded_run_free(run);
        sim_recording_free(recording);
    }
    cr_expect_gt(crashes, 0);
    cr_expect_gt(again, 0, "cranks are run once more after a crash");
}

Test(recorded_run, a_seed_is_the_same_run_whatever_was_run_before) {
    struct sim_recording *recording = read_recording("suite/upgrade__upgrade-replay-01");
    struct sim_recorded_run_result first, other, fresh;
    bool kinds[FAULT_KIND_COUNT], differ = false;
    all_kinds(kinds);
    struct sim_recorded_run *run = sim_recorded_run_new(recording, kinds);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        sim_recorded_run(run, seed, &first);
        sim_recorded_run(run, seed + 100, &other);
        struct sim_recorded_run *again = sim_recorded_run_new(recording, kinds);
        sim_recorded_run(again, seed, &fresh);
        cr_expect_arr_eq(first.hits, fresh.hits, sizeof first.hits);
        cr_expect_eq(first.replay.crashes, fresh.replay.crashes);
        cr_expect_eq(first.replay.commits, fresh.replay.commits);
        cr_expect_eq(first.replay.cranks_run, fresh.replay.cranks_run);
        differ |= memcmp(first.hits, other.hits, sizeof first.hits) != 0;
        sim_recorded_run_free(again);
    }
    cr_expect(differ, "other seeds are other runs");
    sim_recorded_run_free(run);
    sim_recording_free(recording);
}

/* ---- hosts that are at fault, planted */

enum planted {
    PLANTED_NOTHING,
    PLANTED_WORKER,      /* workers started after a crash answer otherwise */
    PLANTED_LOST_DISK,   /* a crash empties the disk */
    PLANTED_LOST_ROW,    /* a crash loses one row of what was committed */
    PLANTED_UNEXPLAINED, /* a worker dies though no fault has struck */
};

struct planted_host {
    struct sim_replay_host port;
    enum planted planted;
    struct sim_disk *disk;
    const struct vk_worker_host *workers_below;
    struct vk_worker_host workers;
    uint64_t deliveries, cranks, strikes, crashes;
};

enum { DIES_AT = 40, COMMITS_EVERY = 7 };

static enum vk_err planted_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                   const struct vk_delivery *delivery,
                                   const struct vk_syscall_port *syscalls,
                                   struct vk_delivery_result *result) {
    struct planted_host *host = impl;
    const struct vk_worker_host *below = host->workers_below;
    if (++host->deliveries == DIES_AT) {
        host->strikes += host->planted != PLANTED_UNEXPLAINED;
        return VK_RAISE(VK_ERR_WORKER_LOST, "planted");
    }
    VK_TRY(below->deliver(below->impl, worker, arena, delivery, syscalls, result));
    if (host->planted == PLANTED_WORKER && host->crashes > 0 && result->ok)
        *result = (struct vk_delivery_result){.problem = VK_STR("planted")};
    return VK_OK;
}

static enum vk_err below_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                    struct vk_str *json) {
    const struct vk_worker_host *below = ((struct planted_host *)impl)->workers_below;
    return below->worker_bundle_ids(below->impl, store, arena, json);
}

static enum vk_err below_start(void *impl, const struct vk_worker_spec *spec,
                               struct vk_worker **out) {
    const struct vk_worker_host *below = ((struct planted_host *)impl)->workers_below;
    return below->start(below->impl, spec, out);
}

static enum vk_err below_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                  bool restart, struct vk_snapshot_image *image) {
    const struct vk_worker_host *below = ((struct planted_host *)impl)->workers_below;
    return below->snapshot(below->impl, worker, arena, restart, image);
}

static enum vk_err below_snapshot_hash(void *impl, const struct vk_snapshot_image *image,
                                       char hex[65]) {
    const struct vk_worker_host *below = ((struct planted_host *)impl)->workers_below;
    return below->snapshot_hash(below->impl, image, hex);
}

static void below_stop(void *impl, struct vk_worker *worker) {
    const struct vk_worker_host *below = ((struct planted_host *)impl)->workers_below;
    below->stop(below->impl, worker);
}

static void planted_connect(void *impl, struct vk_ports *ports) {
    struct planted_host *host = impl;
    host->workers_below = ports->workers;
    host->workers = (struct vk_worker_host){
        .impl = host,
        .worker_bundle_ids = below_bundle_ids,
        .start = below_start,
        .deliver = planted_deliver,
        .snapshot = below_snapshot,
        .snapshot_hash = below_snapshot_hash,
        .stop = below_stop,
    };
    ports->workers = &host->workers;
    ports->disk = (struct vk_disk){sim_disk_vfs(host->disk), "planted.sqlite"};
}

static void planted_kernel_opens(void *impl, struct vk_kernel_options *options, bool may_preload) {
    (void)impl, (void)may_preload;
    cr_expect(options->no_preload);
}

static bool planted_wants_commit(void *impl) {
    return ++((struct planted_host *)impl)->cranks % COMMITS_EVERY == 0;
}

static enum vk_err planted_at_point(void *impl, enum sim_host_point point) {
    (void)impl, (void)point;
    return VK_OK;
}

static uint64_t planted_strikes(void *impl) { return ((struct planted_host *)impl)->strikes; }

static void lose_a_row(const struct planted_host *host) {
    sqlite3 *db;
    cr_assert_eq(sqlite3_open_v2("planted.sqlite", &db, SQLITE_OPEN_READWRITE,
                                 sim_disk_vfs(host->disk)),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "DELETE FROM kvStore WHERE key = 'runQueue'", NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_changes(db), 1);
    sqlite3_close(db);
}

static void planted_crashed(void *impl) {
    struct planted_host *host = impl;
    host->crashes++;
    if (host->planted == PLANTED_LOST_DISK) sim_disk_clear(host->disk);
    if (host->planted == PLANTED_LOST_ROW) lose_a_row(host);
}

/* What became of a run, as far as it outlives the run. */
struct planted_outcome {
    enum sim_outcome outcome;
    enum sim_diff_kind kind;
    uint64_t crashes, commits;
};

static struct planted_outcome run_planted(enum planted planted, const char *name) {
    struct planted_host host = {.planted = planted, .disk = sim_disk_new()};
    struct sim_recording *recording = read_recording(name);
    struct sim_replay_result result;
    host.port = (struct sim_replay_host){&host,
                                         planted_connect,
                                         planted_kernel_opens,
                                         planted_wants_commit,
                                         planted_at_point,
                                         planted_strikes,
                                         planted_crashed};
    const struct sim_replay_options options = {.mode = VK_STORE_WRITE_BACK, .host = &host.port};
    struct sim_replay *replay = sim_replay_prepare(recording, &options);
    sim_replay_run(replay, &result);
    const struct planted_outcome outcome = {result.outcome,
                                            result.diff ? result.diff->kind : SIM_DIFF_NONE,
                                            result.crashes, result.commits};
    sim_replay_release(replay);
    sim_recording_free(recording);
    sim_disk_free(host.disk);
    return outcome;
}

static const char planted_in[] = "suite/upgrade__upgrade-replay-01";

Test(recorded_run, a_crash_alone_does_not_show) {
    const struct planted_outcome outcome = run_planted(PLANTED_NOTHING, planted_in);
    cr_expect_eq(outcome.outcome, SIM_MET);
    cr_expect_eq(outcome.crashes, 1);
    cr_expect_gt(outcome.commits, 3);
}

Test(recorded_run, a_worker_that_answers_otherwise_after_a_restart_is_found) {
    const struct planted_outcome outcome = run_planted(PLANTED_WORKER, planted_in);
    cr_expect_eq(outcome.outcome, SIM_DIFFERENT);
    cr_expect_eq(outcome.crashes, 1);
    cr_expect_neq(outcome.kind, SIM_DIFF_LOST);
}

Test(recorded_run, a_disk_that_loses_what_was_committed_is_found) {
    const struct planted_outcome all = run_planted(PLANTED_LOST_DISK, planted_in);
    const struct planted_outcome row = run_planted(PLANTED_LOST_ROW, planted_in);
    cr_expect_eq(all.outcome, SIM_DIFFERENT);
    cr_expect_eq(all.kind, SIM_DIFF_LOST);
    cr_expect_eq(row.outcome, SIM_DIFFERENT);
    cr_expect_eq(row.kind, SIM_DIFF_LOST);
}

Test(recorded_run, a_failure_that_no_fault_explains_is_no_crash) {
    const struct planted_outcome outcome = run_planted(PLANTED_UNEXPLAINED, planted_in);
    cr_expect_eq(outcome.outcome, SIM_DIFFERENT);
    cr_expect_eq(outcome.kind, SIM_DIFF_STOPPED);
    cr_expect_eq(outcome.crashes, 0);
}

/* ---- as a command asks for them */

Test(recorded_run, files_that_are_met_and_faults_that_cannot_strike_have_their_exit_codes) {
    char path[1024];
    const char *paths[] = {path};
    struct sim_recorded_runs runs = {
        .command = "crankcase run",
        .paths = paths,
        .path_count = 1,
        .first_seed = 1,
        .seeds = 2,
        .at_once = 1,
        .quiet = true,
    };
    snprintf(path, sizeof path, "%s", test_recording_path("suite/kernel-03"));
    cr_expect(sim_recorded_runs_takes(path));
    cr_expect(sim_recorded_runs_takes(TEST_SOURCE_DIR));
    cr_expect_not(sim_recorded_runs_takes("my.plan"));
    all_kinds(runs.faults);
    cr_expect_eq(sim_recorded_runs(&runs), SIM_EXIT_OK);
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        runs.faults[k] = k == FAULT_BIT_ROT;
    cr_expect_eq(sim_recorded_runs(&runs), SIM_EXIT_BAD_INPUT);
    snprintf(path, sizeof path, "%s/no-such-file.jsonl", TEST_SOURCE_DIR);
    all_kinds(runs.faults);
    cr_expect_eq(sim_recorded_runs(&runs), SIM_EXIT_BAD_INPUT);
}
