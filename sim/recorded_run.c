/* recorded_run.c - see recorded_run.h. */
#include "recorded_run.h"

#include "random.h"

#include <stdio.h>

enum {
    FAULTS_MAX = 24,
    FAULTS_LEAST = 2,
    CRANKS_A_FAULT = 60,   /* long recordings suffer more */
    POINTS_AT_LEAST = 8,   /* some kinds of points come only with restarts */
    MEASURED_COMMITS = 16, /* cranks to a commit, when points are counted */
    VATS_NAMED = 12,
};

struct sim_recorded_run {
    const struct sim_recording *recording;
    enum fault_kind kinds[FAULT_KIND_COUNT];
    size_t kind_count;
    struct fault faults[FAULT_KIND_COUNT]; /* of which a run has FAULTS_MAX at most */
    struct fault_set set;
    struct sim_recorded_host *host;
    struct sim_replay *replay;
    bool is_measured;
    uint64_t points[FAULT_KIND_COUNT];
    struct sim_replay_result plain; /* without faults */
};

_Static_assert((int)FAULTS_MAX <= (int)FAULT_KIND_COUNT, "a run's faults fit");

struct sim_recorded_run *sim_recorded_run_new(const struct sim_recording *recording,
                                              const bool kinds[FAULT_KIND_COUNT]) {
    struct sim_recorded_run *run = calloc(1, sizeof *run);
    if (!run) return NULL;
    run->recording = recording;
    run->set.faults = run->faults;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (kinds[k] && sim_recorded_host_suffers((enum fault_kind)k))
            run->kinds[run->kind_count++] = (enum fault_kind)k;
    return run;
}

static void end_run(struct sim_recorded_run *run) {
    sim_replay_release(run->replay);
    sim_recorded_host_free(run->host);
    run->replay = NULL;
    run->host = NULL;
}

void sim_recorded_run_free(struct sim_recorded_run *run) {
    if (!run) return;
    end_run(run);
    free(run);
}

/* ---- one run */

static void run_once(struct sim_recorded_run *run, const struct sim_recorded_host_options *options,
                     enum vk_store_mode mode, struct sim_replay_result *result) {
    *result = (struct sim_replay_result){.outcome = SIM_FAILED, .error = "out of memory"};
    end_run(run);
    run->host = sim_recorded_host_new(options, &run->set);
    if (!run->host) return;
    const struct sim_replay_options replay = {.mode = mode,
                                              .host = sim_recorded_host_port(run->host)};
    run->replay = sim_replay_prepare(run->recording, &replay);
    if (run->replay) sim_replay_run(run->replay, result);
}

/* One fault a kind, so far off that it is only asked about. */
static void measure(struct sim_recorded_run *run, struct sim_replay_result *result) {
    const struct sim_recorded_host_options options = {.commit_every = MEASURED_COMMITS,
                                                      .steady = true};
    run->set.count = run->kind_count;
    for (size_t i = 0; i < run->kind_count; i++)
        run->faults[i] = (struct fault){
            .kind = run->kinds[i], .vat = FAULT_ANY_VAT, .at = UINT64_MAX / 2, .repeat = 1};
    run_once(run, &options, VK_STORE_WRITE_BACK, result);
    for (size_t i = 0; i < run->kind_count; i++)
        run->points[run->kinds[i]] = run->faults[i].asked;
    run->plain = *result;
    run->plain.devices = VK_STR_NONE;
    run->is_measured = result->outcome == SIM_MET;
}

/* ---- drawing */

static bool may_repeat(enum fault_kind kind) {
    return kind == FAULT_WORKER_START || kind == FAULT_HEAP || kind == FAULT_SQLITE_HEAP ||
           (kind >= FAULT_DISK_READ && kind <= FAULT_DISK_BUSY);
}

static bool is_for_vats(enum fault_kind kind) {
    return kind >= FAULT_WORKER_IDLE && kind <= FAULT_WORKER_HANGS;
}

static struct fault draw_fault(const struct sim_recorded_run *run, struct sim_random *stream) {
    const enum fault_kind kind = run->kinds[sim_random_below(stream, run->kind_count)];
    struct fault fault = {.kind = kind, .vat = FAULT_ANY_VAT, .repeat = 1};
    uint64_t points = run->points[kind];
    if (may_repeat(kind) && sim_random_one_in(stream, 4))
        fault.repeat = sim_random_between(stream, 2, 4);
    if (is_for_vats(kind) && sim_random_one_in(stream, 4)) {
        fault.vat = sim_random_between(stream, 1, VATS_NAMED);
        points /= VATS_NAMED;
    }
    if (kind == FAULT_WORKER_SYSCALL) {
        fault.k = sim_random_between(stream, 1, 4);
        points /= fault.k;
    } else if (kind == FAULT_WORKER_SLOW || kind == FAULT_WORKER_HANGS) {
        fault.k = sim_random_between(stream, 1, 5000);
    }
    fault.at = sim_random_between(stream, 1, points > POINTS_AT_LEAST ? points : POINTS_AT_LEAST);
    return fault;
}

/* Recordings are drawn for each on its own: the activityhash is as good as a name. */
static void begin_stream(const struct sim_recorded_run *run, struct sim_random *stream,
                         uint64_t seed, const char *what) {
    char name[VK_HASH_HEX + 32];
    snprintf(name, sizeof name, "recorded/%s/%s", what, run->plain.activityhash);
    sim_random_init(stream, seed, name);
}

static void draw_faults(struct sim_recorded_run *run, uint64_t seed) {
    struct sim_random stream;
    begin_stream(run, &stream, seed, "faults");
    const uint64_t more = run->plain.cranks / CRANKS_A_FAULT;
    const uint64_t most = FAULTS_LEAST + 2 + more;
    run->set.count = 0;
    if (run->kind_count == 0) return;
    uint64_t count =
        sim_random_between(&stream, FAULTS_LEAST, most < FAULTS_MAX ? most : FAULTS_MAX);
    for (uint64_t i = 0; i < count; i++)
        run->faults[run->set.count++] = draw_fault(run, &stream);
}

/* ---- judging */

static bool counts_are_same(const struct sim_replay_result *a, const struct sim_replay_result *b) {
    return a->cranks == b->cranks && a->deliveries == b->deliveries && a->syscalls == b->syscalls &&
           a->writes == b->writes && a->device_calls == b->device_calls &&
           a->device_gets == b->device_gets && a->host_calls == b->host_calls &&
           a->inferred_deliveries == b->inferred_deliveries && a->is_panic == b->is_panic &&
           a->panic_crank == b->panic_crank && a->state_hash.low == b->state_hash.low &&
           a->state_hash.high == b->state_hash.high &&
           memcmp(a->activityhash, b->activityhash, sizeof a->activityhash) == 0;
}

/* INV-RECORDED-RUN-2 */
static void judge(const struct sim_recorded_run *run, struct sim_replay_result *result) {
    if (result->outcome != SIM_MET || counts_are_same(result, &run->plain)) return;
    result->outcome = SIM_FAILED;
    snprintf(result->error, sizeof result->error,
             "%llu crashes later other things are counted than without",
             (unsigned long long)result->crashes);
}

void sim_recorded_run(struct sim_recorded_run *run, uint64_t seed,
                      struct sim_recorded_run_result *result) {
    struct sim_random stream;
    *result = (struct sim_recorded_run_result){0};
    if (!run->is_measured) {
        measure(run, &result->replay);
        result->without_faults = !run->is_measured;
        if (!run->is_measured) return;
    }
    draw_faults(run, seed);
    begin_stream(run, &stream, seed, "host");
    struct sim_recorded_host_options options = {.seed = sim_random_u64(&stream)};
    if (!sim_random_one_in(&stream, 3)) options.commit_every = sim_random_between(&stream, 1, 40);
    const enum vk_store_mode mode =
        sim_random_one_in(&stream, 3) ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK;
    run_once(run, &options, mode, &result->replay);
    judge(run, &result->replay);
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        result->could_strike[k] = run->points[k] > 0;
    for (size_t i = 0; i < run->set.count; i++)
        result->hits[run->faults[i].kind] += run->faults[i].hits;
}
