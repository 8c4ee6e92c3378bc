/* oracle_test.c - each oracle finds the bug of its own kind, and says nothing where there is none.
 *
 * expect_seen_by() runs a plan three times or more: as it is (nothing may fail), with a planted bug (the first oracle
 * of the list must see it), and again with that oracle off, until the list is at its end and nobody is left who sees the bug. So a
 * list is the whole truth about who sees what; where it names more than one, a comment says why that is as it should be.
 *
 * The oracle `recording` has its planted hosts in recorded_run_test.c.
 */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/campaign.h"
#include "sim/fault_words.h"
#include "testing_planted.h"
#include "testing_results.h"
#include "testing_store.h"

static void read_plan(struct sim_plan *plan, const char *text) {
    struct sim_plan_error error;
    cr_assert(sim_plan_read(plan, vk_heap_system(), vk_str(text), &error) == VK_OK, "%zu:%zu: %s",
              error.line, error.column, error.what);
}

/* Bugs that strike once would strike in the first of two runs only, so `twice` is off but where it is asked for. */
static struct sim_run_result run(const char *text, enum test_planted planted, uint64_t n,
                                 const struct sim_run_options *options) {
    struct sim_plan plan;
    struct sim_run_result result;
    read_plan(&plan, text);
    test_plant(planted, n);
    test_ok(sim_run(&plan, options, &result));
    cr_assert(planted == PLANTED_NOTHING || test_planted_strikes() > n - (n > 0),
              "the bug came never to pass");
    test_plant(PLANTED_NOTHING, 0);
    sim_plan_release(&plan);
    return result;
}

static struct sim_run_options but_twice(void) {
    return (struct sim_run_options){.off = {[SIM_ORACLE_TWICE] = true}};
}

static void expect_nothing(const char *text, const struct sim_run_options *options) {
    const struct sim_run_result result = run(text, PLANTED_NOTHING, 0, options);
    cr_assert(!result.failed, "with nothing planted: %s: %s", result.failure.signature,
              result.failure.what);
}

enum { NOBODY_ELSE = SIM_ORACLE_COUNT };

static void expect_seen_by(const char *text, enum test_planted planted, uint64_t n,
                           const enum sim_oracle *oracles) {
    struct sim_run_options options = but_twice();
    expect_nothing(text, &options);
    for (size_t i = 0; oracles[i] != (enum sim_oracle)NOBODY_ELSE; i++) {
        const struct sim_run_result result = run(text, planted, n, &options);
        cr_assert(result.failed, "%s does not see it", sim_oracle_word(oracles[i]));
        cr_assert(result.failure.oracle == oracles[i], "not %s but %s: %s",
                  sim_oracle_word(oracles[i]), result.failure.signature, result.failure.what);
        options.off[oracles[i]] = true;
    }
    const struct sim_run_result result = run(text, planted, n, &options);
    cr_assert(!result.failed, "seen by one more: %s: %s", result.failure.signature,
              result.failure.what);
}

#define SEEN_BY(...)                                                                               \
    (const enum sim_oracle[]) { __VA_ARGS__, (enum sim_oracle)NOBODY_ELSE }

/* ---- roll-back */

/* Alice's third turn is rolled back, with what she wrote in it, and she is ended; she is not cleaned up before the run is over. */
static const char aborted_plan[] = "crankcase-plan 1\n"
                                   "policy no-cleanup\n"
                                   "program alice\n"
                                   "  turn\n"
                                   "    store-set key=1 bytes=20\n"
                                   "  turn\n"
                                   "    send i1 new\n"
                                   "  turn\n"
                                   "    store-set key=1 bytes=30\n"
                                   "    store-set key=2\n"
                                   "    send i1 new\n"
                                   "    illegal n=0\n"
                                   "program bob\n"
                                   "  turn\n"
                                   "    store-set key=3\n"
                                   "vat alice alice\n"
                                   "vat bob bob\n"
                                   "bootstrap alice\n"
                                   "block after=1000\n"
                                   "block after=1000\n"
                                   "  send alice\n"
                                   "  send alice\n"
                                   "  send bob\n"
                                   "block after=1000\n"
                                   "  send bob\n"
                                   "  send bob\n";

Test(rollback, sees_an_undo_log_that_forgets_a_write) {
    expect_seen_by(aborted_plan, PLANTED_UNDO_FORGETS, 0,
                   SEEN_BY(SIM_ORACLE_ROLLBACK, SIM_ORACLE_HASH));
}

Test(rollback, sees_a_write_after_the_roll_back_that_is_no_declared_survivor) {
    expect_seen_by(aborted_plan, PLANTED_WRITTEN_AGAIN, 0, SEEN_BY(SIM_ORACLE_ROLLBACK));
}

/* Nobody else can: the numbers are merely higher than they had to be, on every replica. */
Test(rollback, sees_a_counter_that_goes_on_after_the_roll_back) {
    expect_seen_by(aborted_plan, PLANTED_NUMBERS_STAY, 0, SEEN_BY(SIM_ORACLE_ROLLBACK));
}

/* By what was rolled back, and by what she did that a crank is given up for. */
Test(rollback, sees_a_crank_that_does_not_say_it_was_aborted) {
    expect_seen_by(aborted_plan, PLANTED_ABORT_DENIED, 0,
                   SEEN_BY(SIM_ORACLE_ROLLBACK, SIM_ORACLE_CLASS));
}

Test(memory, sees_a_vat_online_that_the_store_says_is_ended) {
    expect_seen_by(aborted_plan, PLANTED_WORKER_STAYS, 0, SEEN_BY(SIM_ORACLE_MEMORY));
}

/* Bob's like: his changes come with the completion, and in his third delivery he is condemned. */
static const char completed_plan[] = "crankcase-plan 1\n"
                                     "policy no-cleanup\n"
                                     "program bob\n"
                                     "  turn\n"
                                     "    store-set key=1\n"
                                     "  turn\n"
                                     "    store-set key=1 bytes=9\n"
                                     "  turn\n"
                                     "    store-set key=2\n"
                                     "    send root\n"
                                     "    illegal n=0\n"
                                     "    send root\n"
                                     "vat bob bob vatstore=completion\n"
                                     "bootstrap bob\n"
                                     "block after=1000\n"
                                     "block after=1000\n"
                                     "  send bob\n"
                                     "  send bob\n"
                                     "no-drain\n";

Test(rollback, sees_a_completion_that_is_applied_after_the_roll_back) {
    expect_seen_by(completed_plan, PLANTED_RECORD_LATE, 0, SEEN_BY(SIM_ORACLE_ROLLBACK));
}

/* Applied too early, it is no harm: the roll-back takes it, as it takes all of the crank. One mechanism covers for the other. */
Test(rollback, takes_a_completion_that_was_applied_too_early) {
    const struct sim_run_options options = but_twice();
    const struct sim_run_result result = run(completed_plan, PLANTED_RECORD_EARLY, 0, &options);
    cr_assert(!result.failed && result.aborted == 1, "%s", result.failure.what);
}

Test(memory, sees_a_completion_that_is_never_applied) {
    struct sim_run_options options = but_twice();
    options.check_every = 1;
    const struct sim_run_result result = run(completed_plan, PLANTED_RECORD_IGNORED, 0, &options);
    cr_assert(result.failed && result.failure.oracle == SIM_ORACLE_MEMORY, "%s",
              result.failure.signature);
}

/* What RAM remembers is written back at the end of the crank, and is then what the store says. */
Test(audit, sees_statistics_that_were_kept_across_a_roll_back) {
    expect_seen_by(aborted_plan, PLANTED_STATISTICS_STAY, 0, SEEN_BY(SIM_ORACLE_AUDIT));
}

/* ---- replicas */

static const char replicas_plan[] = "crankcase-plan 1\n"
                                    "replica\n"
                                    "replica slowness=2\n"
                                    "program alice\n"
                                    "  turn\n"
                                    "    send i1 new newp result\n"
                                    "  turn\n"
                                    "    send i1 root\n"
                                    "program bob\n"
                                    "  turn\n"
                                    "    hold\n"
                                    "vat alice alice\n"
                                    "vat bob bob\n"
                                    "bootstrap alice\n"
                                    "block after=1000\n"
                                    "block after=1000\n"
                                    "  send bob\n"
                                    "  send alice\n"
                                    "fault 1 worker-dies-after-syscall at=2\n";

Test(replicas, see_a_workers_death_that_is_taken_for_a_metering_fault) {
    expect_seen_by(replicas_plan, PLANTED_DEATH_IS_METERING, 0,
                   SEEN_BY(SIM_ORACLE_REPLICAS, SIM_ORACLE_CLASS));
}

static const char restarted_plan[] = "crankcase-plan 1\n"
                                     "kernel snapshot-initial=1 snapshot-interval=1\n"
                                     "replica no-restart-after-snapshot\n"
                                     "replica no-restart-after-snapshot\n"
                                     "program alice\n"
                                     "  turn\n"
                                     "    store-set key=1\n"
                                     "vat alice alice\n"
                                     "bootstrap alice\n"
                                     "block after=1000\n"
                                     "  send alice\n"
                                     "block after=1000\n"
                                     "  send alice\n"
                                     "fault 1 host-restart at=2\n";

static const char panic_plan[] = "crankcase-plan 1\n"
                                 "replica\n"
                                 "replica\n"
                                 "replica\n"
                                 "program alice\n"
                                 "  turn\n"
                                 "  turn\n"
                                 "    store-set key=9\n"
                                 "vat alice alice\n"
                                 "bootstrap alice\n"
                                 "block after=1000\n"
                                 "  send alice\n";

/* A panic by itself is no failure, where it is everybody's. */
Test(replicas, see_a_replica_that_panics_alone) {
    expect_seen_by(panic_plan, PLANTED_PANICS_ALONE, 1, SEEN_BY(SIM_ORACLE_REPLICAS));
    const struct sim_run_options options = but_twice();
    const struct sim_run_result result = run(panic_plan, PLANTED_PANICS, 0, &options);
    cr_assert(!result.failed && result.panicked);
}

/* The vat is not asked again for what it forgot, so that no hash will ever tell. */
Test(replicas, see_a_worker_that_remembers_something_else) {
    expect_seen_by(restarted_plan, PLANTED_SNAPSHOT_FORGETS, 0, SEEN_BY(SIM_ORACLE_REPLICAS));
}

static const char creation_plan[] = "crankcase-plan 1\n"
                                    "replica\n"
                                    "replica\n"
                                    "program admin\n"
                                    "  turn\n"
                                    "  turn\n"
                                    "    create-vat child\n"
                                    "program child\n"
                                    "program starter\n"
                                    "  turn\n"
                                    "    send i0 dev0\n"
                                    "vat vatAdmin admin\n"
                                    "vat starter starter\n"
                                    "bootstrap starter\n"
                                    "block after=1000\n"
                                    "block after=1000\n"
                                    "  send vatAdmin\n"
                                    "fault 1 worker-starts-slowly repeat=20 k=2500\n";

/* And the account, for nobody is told of the creation in the crank that was to make it. */
Test(replicas, see_a_vat_that_is_created_in_the_background) {
    expect_seen_by(creation_plan, PLANTED_CREATED_LATER, 0,
                   SEEN_BY(SIM_ORACLE_REPLICAS, SIM_ORACLE_ACCOUNT));
}

static const char clock_plan[] = "crankcase-plan 1\n"
                                 "replica\n"
                                 "replica slowness=3\n"
                                 "program alice\n"
                                 "  turn\n"
                                 "    store-set key=1\n"
                                 "  turn\n"
                                 "    read-clock\n"
                                 "  turn\n"
                                 "    store-set key=2\n"
                                 "vat alice alice\n"
                                 "bootstrap alice\n"
                                 "block after=1000\n"
                                 "block after=1000\n"
                                 "  send alice\n"
                                 "  send alice\n";

/* The point at which a vat's n-th message is delivered. */
struct delivery_sought {
    uint64_t count, n, point;
};

static void seek_delivery(void *impl, struct sim_replica *replica) {
    struct delivery_sought *sought = impl;
    const struct sim_point *point = sim_replica_point(replica);
    bool is_first = sim_replica_index(replica) == 0;
    if (is_first && point->crank.kind == VK_CRANK_DELIVERY &&
        strcmp(point->crank.event, "send") == 0 && ++sought->count == sought->n)
        sought->point = point->number;
}

Test(divergence, of_a_vat_that_reads_the_clock_is_noticed_in_that_very_crank) {
    struct delivery_sought sought = {.n = 2};
    struct sim_run_options options = {.at_point = seek_delivery, .impl = &sought};
    const struct sim_run_result result = run(clock_plan, PLANTED_NOTHING, 0, &options);
    cr_assert(!result.failed && result.diverged, "%s", result.failure.what);
    cr_assert(sought.point > 0 && result.diverged_at == sought.point, "at %d, not at %d",
              (int)result.diverged_at, (int)sought.point);
}

Test(divergence, is_not_said_of_vats_that_read_no_clock) {
    const struct sim_run_options options = {0};
    cr_assert(!run(replicas_plan, PLANTED_NOTHING, 0, &options).diverged);
}

Test(replicas, see_a_vat_that_reads_a_clock_that_nobody_knew_of) {
    struct sim_run_options options = but_twice();
    struct sim_run_result result = run(clock_plan, PLANTED_CLOCK_NOT_COUNTED, 0, &options);
    cr_assert(result.failed && result.failure.oracle == SIM_ORACLE_REPLICAS, "%s",
              result.failure.signature);
    cr_assert(strstr(result.failure.what, "v"), "%s", result.failure.what);
    options.off[SIM_ORACLE_REPLICAS] = true;
    result = run(clock_plan, PLANTED_CLOCK_NOT_COUNTED, 0, &options);
    cr_assert(!result.failed, "%s", result.failure.signature);
}

/* ---- the state */

Test(audit, sees_a_reference_that_counts_twice) {
    expect_seen_by(aborted_plan, PLANTED_COUNT_TOO_HIGH, 9, SEEN_BY(SIM_ORACLE_AUDIT));
}

Test(audit, sees_a_reference_that_was_not_counted) {
    expect_seen_by(aborted_plan, PLANTED_COUNT_TOO_LOW, 1, SEEN_BY(SIM_ORACLE_AUDIT));
}

/* The shadow keeps a sum of its own, and sees it at the very point; the sum over all keys is made once a block. */
Test(hash, sees_a_term_that_stays_in_the_sum) {
    expect_seen_by(aborted_plan, PLANTED_HASH_KEEPS, 40,
                   SEEN_BY(SIM_ORACLE_ROLLBACK, SIM_ORACLE_HASH));
}

Test(liveness, sees_vats_that_are_never_told_to_bring_out_their_dead) {
    expect_seen_by(replicas_plan, PLANTED_NO_REAPING, 0, SEEN_BY(SIM_ORACLE_LIVENESS));
}

Test(liveness, sees_gc_actions_that_are_never_taken) {
    expect_seen_by(replicas_plan, PLANTED_NO_COLLECTION, 0, SEEN_BY(SIM_ORACLE_LIVENESS));
}

/* Whenever a vat is told to bring out its dead it exports another object, which dies in the next crank. */
static const char restless_plan[] = "crankcase-plan 1\n"
                                    "program vatAdmin\n"
                                    "  boyd\n"
                                    "    send i1 new result\n"
                                    "program alice\n"
                                    "  start\n"
                                    "    call dev2 i2 root\n"
                                    "  boyd\n"
                                    "    fail\n"
                                    "vat alice alice\n";

Test(liveness, sees_a_run_that_never_comes_to_rest_before_memory_is_full) {
    const struct sim_run_options options = {
        .off = {[SIM_ORACLE_TWICE] = true, [SIM_ORACLE_AUDIT] = true, [SIM_ORACLE_MEMORY] = true}};
    const struct sim_run_result result = run(restless_plan, PLANTED_NOTHING, 0, &options);
    cr_assert(result.failed && result.failure.oracle == SIM_ORACLE_LIVENESS, "%s",
              result.failure.signature);
    cr_assert(strstr(result.failure.signature, "endless"), "%s", result.failure.signature);
    cr_assert(result.points > 8000 && result.points < 9000, "%llu points",
              (unsigned long long)result.points);
}

/* ---- classes */

Test(class, sees_a_node_that_goes_down_though_nothing_has_struck) {
    expect_seen_by(aborted_plan, PLANTED_ERROR, 200, SEEN_BY(SIM_ORACLE_CLASS));
}

/* Replicas forgive alike, and there is nothing to be rolled back: whether she waits for her syscalls or not. */
static const char forgiven_plan[] = "crankcase-plan 1\n"
                                    "program alice\n"
                                    "  turn\n"
                                    "  turn\n"
                                    "    illegal n=1\n"
                                    "    store-set key=1\n"
                                    "    send e0 new\n"
                                    "vat alice alice vatstore=completion\n"
                                    "bootstrap alice\n"
                                    "block after=1000\n"
                                    "  send alice\n"
                                    "  send alice\n"
                                    "replica\n"
                                    "replica\n";

Test(class, sees_a_vat_that_is_forgiven_an_illegal_syscall) {
    expect_seen_by(forgiven_plan, PLANTED_VERDICT_CLEARED, 0, SEEN_BY(SIM_ORACLE_CLASS));
}

static const char slow_plan[] = "crankcase-plan 1\n"
                                "replica\n"
                                "program alice\n"
                                "vat alice alice\n"
                                "bootstrap alice\n"
                                "block after=1000\n"
                                "block after=1000\n"
                                "  send alice\n"
                                "fault 0 worker-starts-slowly k=2500\n";

/* The fault that did strike takes no node down. */
Test(class, sees_a_node_that_goes_down_after_what_never_takes_one_down) {
    expect_seen_by(slow_plan, PLANTED_ERROR, 200, SEEN_BY(SIM_ORACLE_CLASS));
}

static const char halted_plan[] = "crankcase-plan 1\n"
                                  "replica no-preload\n"
                                  "program alice\n"
                                  "vat alice alice\n"
                                  "bootstrap alice\n"
                                  "block after=1000\n"
                                  "block after=1000\n"
                                  "  send alice\n"
                                  "fault 0 worker-never-starts repeat=1000\n";

/* One node, which nobody is there to be compared with. */
Test(class, sees_a_kernel_that_goes_on_when_it_is_to_halt) {
    expect_seen_by(halted_plan, PLANTED_DEATH_IS_METERING, 0, SEEN_BY(SIM_ORACLE_CLASS));
}

/* ---- the testbed */

Test(twice, sees_a_run_that_draws_from_the_wall_clock) {
    struct sim_run_options options = {0};
    expect_nothing(replicas_plan, &options);
    struct sim_run_result result = run(replicas_plan, PLANTED_WALL_CLOCK_IN_RUN, 0, &options);
    cr_assert(result.failed && result.failure.oracle == SIM_ORACLE_TWICE, "%s",
              result.failure.signature);
    options.off[SIM_ORACLE_TWICE] = true;
    result = run(replicas_plan, PLANTED_WALL_CLOCK_IN_RUN, 0, &options);
    cr_assert(!result.failed, "%s", result.failure.signature);
}

struct told {
    uint64_t failures, seed;
    struct sim_failure failure;
};

static void failed(void *impl, uint64_t seed, const struct sim_failure *failure, uint64_t note) {
    struct told *told = impl;
    (void)note;
    if (told->failures++) return;
    told->seed = seed;
    told->failure = *failure;
}

static struct told run_campaign(enum test_planted planted, uint64_t n,
                                struct sim_campaign_totals *totals) {
    struct told told = {0};
    struct sim_campaign campaign = {.first_seed = 1,
                                    .seeds = 30,
                                    .at_once = 1,
                                    .twice_every = 1,
                                    .impl = &told,
                                    .failed = failed};
    sim_fault_words_default(campaign.generate.faults);
    test_plant(planted, n);
    test_ok(sim_campaign_run(&campaign, totals));
    test_plant(PLANTED_NOTHING, 0);
    return told;
}

Test(campaign, without_a_bug_tells_of_no_failure) {
    struct sim_campaign_totals totals;
    const struct told told = run_campaign(PLANTED_NOTHING, 0, &totals);
    cr_assert(told.failures == 0 && totals.seeds == 30, "%s", told.failure.what);
}

Test(twice, sees_a_generator_that_draws_from_the_wall_clock) {
    struct sim_campaign_totals totals;
    const struct told told = run_campaign(PLANTED_WALL_CLOCK_IN_PLAN, 0, &totals);
    cr_assert(told.failures > 0 && told.failure.oracle == SIM_ORACLE_TWICE, "%s",
              told.failure.signature);
}

Test(crash, is_told_of_with_its_seed_and_ends_no_other) {
    enum { SEED = 13 };
    struct sim_campaign_totals totals;
    const struct told told = run_campaign(PLANTED_ABORT, SEED, &totals);
    cr_assert(told.failures == 1 && told.seed == SEED, "%d failures", (int)told.failures);
    cr_assert(told.failure.oracle == SIM_ORACLE_CRASH && totals.failures == 1);
    cr_assert(strstr(told.failure.what, "signal 6"), "%s", told.failure.what); /* SIGABRT */
    cr_assert(totals.seeds == 30, "only %d seeds were run", (int)totals.seeds);
}

/* Whoever reads the report has the process no more, but what its kernel was in the midst of. */
Test(crash, of_an_assertion_names_crank_vat_delivery_message_and_syscall) {
    struct sim_campaign_totals totals;
    const struct told told = run_campaign(PLANTED_ASSERTS, 10, &totals);
    const struct sim_flight_tail *flight = &told.failure.flight;
    cr_assert(told.failures > 0 && told.failure.oracle == SIM_ORACLE_CRASH, "%s",
              told.failure.signature);
    cr_assert(flight->any && !flight->crank_finished && flight->crank > 0);
    cr_assert(flight->has_delivery && !flight->delivery_finished && flight->delivery > 0);
    cr_assert(flight->vat[0] == 'v' && flight->syscalls > 0, "%s", flight->vat);
    cr_assert_str_eq(flight->dispatch, "message");
    cr_assert(strncmp(flight->message, "ko", 2) == 0, "%s", flight->message);
    cr_assert(strncmp(flight->last_syscall, "[\"vatstoreSet\"", 14) == 0, "%s",
              flight->last_syscall);
}

/* Leaks are found when a process ends, and nobody knows then which of its seeds it was. */
Test(crash, is_told_of_when_all_seeds_of_the_process_are_done) {
    enum { SEED = 13 };
    struct sim_campaign_totals totals;
    const struct told told = run_campaign(PLANTED_BAD_END, SEED, &totals);
    cr_assert(told.failures == 1 && told.failure.oracle == SIM_ORACLE_CRASH, "%d failures",
              (int)told.failures);
    cr_assert(totals.failures == 1 && totals.seeds == 30);
}

struct hanging {
    struct report_results results;
    int to; /* a pipe, in which the parent tells that it has found something */
    pid_t parent;
    unsigned asked;
};

enum { PATIENCE_MS = 30000 };

/* The chunk's process does not come to its second seed while anybody waits for it. */
static bool hang(void *impl) {
    struct hanging *hanging = impl;
    if (getpid() == hanging->parent || ++hanging->asked < 2) return false;
    poll(NULL, 0, 2 * PATIENCE_MS);
    return true;
}

static uint64_t keep_found(void *impl, uint64_t seed, const struct sim_failure *failure) {
    struct hanging *hanging = impl;
    (void)failure;
    test_results_fail(&hanging->results, (unsigned)seed, "x");
    cr_expect_eq(write(hanging->to, "!", 1), 1);
    return 0;
}

static void tell_nothing(void *impl, uint64_t seed, const struct sim_failure *failure,
                         uint64_t note) {
    (void)impl, (void)seed, (void)failure, (void)note;
}

static void run_hanging(const char *path, int to) {
    struct hanging hanging = {.to = to, .parent = getpid()};
    struct sim_campaign_totals totals;
    const struct sim_campaign campaign = {.first_seed = 5,
                                          .seeds = 20,
                                          .at_once = 1,
                                          .twice_every = 1,
                                          .impl = &hanging,
                                          .is_interrupted = hang,
                                          .found = keep_found,
                                          .failed = tell_nothing};
    test_results_begin(&hanging.results, path, REPORT_RESULTS_SEEDS);
    test_plant(PLANTED_WALL_CLOCK_IN_RUN, 0);
    _exit(sim_campaign_run(&campaign, &totals) != VK_OK);
}

Test(campaign, killed_while_a_process_has_more_seeds_to_do_it_has_the_failures_of_the_first) {
    struct test_folder folder;
    struct report_model model;
    struct vk_arena arena;
    char path[1000];
    int ends[2];
    test_folder_make(&folder);
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, "r.sqlite"));
    cr_assert_eq(pipe(ends), 0);
    pid_t process = fork();
    if (process == 0) run_hanging(path, ends[1]);
    struct pollfd file = {.fd = ends[0], .events = POLLIN};
    int told = poll(&file, 1, PATIENCE_MS);
    kill(process, SIGKILL);
    cr_assert_eq(waitpid(process, NULL, 0), process);
    cr_expect_eq(told, 1, "nothing was found");
    test_results_load(&model, path, &arena);
    cr_assert_eq(model.failure_count, 1);
    cr_expect_str_eq(model.failures[0].name, "seed 5");
    vk_arena_release(&arena);
    test_folder_remove(&folder);
}
