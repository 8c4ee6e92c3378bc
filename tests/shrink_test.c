/* shrink_test.c - plans that fail are made as small as they get, and fail in the same way still; whatever kind of failure it is,
 * however many processes there are, and wherever it is stopped on its way.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/stopwatch.h"
#include "sim/fault_words.h"
#include "sim/plan_generate.h"
#include "sim/shrink.h"
#include "sim/shrink_lines.h"
#include "sim/shrink_memo.h"
#include "sim/shrink_trial.h"
#include "testing_planted.h"
#include "testing_store.h"

static struct vk_arena arena;

static void arena_make(void) { vk_arena_init(&arena, vk_heap_system()); }

static void arena_release(void) {
    test_plant(PLANTED_NOTHING, 0);
    vk_arena_release(&arena);
}

TestSuite(shrink, .init = arena_make, .fini = arena_release);
TestSuite(shrink_lines, .init = arena_make, .fini = arena_release);

static void read_plan(struct sim_plan *plan, struct vk_str text) {
    struct sim_plan_error error;
    cr_assert(sim_plan_read(plan, vk_heap_system(), text, &error) == VK_OK, "%zu:%zu: %s",
              error.line, error.column, error.what);
}

/* ---- what a shrink tells while it goes on */

struct told {
    uint64_t found;
    size_t lines[1000]; /* of each that was found */
    uint64_t runs_max;  /* it is over then; 0: never */
    uint64_t runs;
    enum vk_err err; /* of `found` */
};

static enum vk_err found(void *impl, const struct sim_shrink_best *best) {
    struct told *told = impl;
    cr_assert_lt(told->found, sizeof told->lines / sizeof *told->lines);
    told->lines[told->found++] = best->lines;
    cr_expect(best->failure.signature[0] && best->text.n > 0);
    return told->err == VK_OK ? VK_OK : VK_RAISE(told->err, "no room for it");
}

static void progress(void *impl, const struct sim_shrink_best *best) {
    struct told *told = impl;
    told->runs = best->runs;
}

static bool is_over(void *impl) {
    const struct told *told = impl;
    return told->runs_max && told->runs >= told->runs_max;
}

static struct sim_shrink_result shrink_plan(const struct sim_plan *plan, size_t at_once,
                                            struct told *told) {
    const struct sim_shrink shrink = {
        .at_once = at_once, .impl = told, .is_over = is_over, .found = found, .progress = progress};
    struct sim_shrink_result result;
    test_ok(sim_shrink_plan(&shrink, plan, &arena, &result));
    return result;
}

static struct sim_shrink_result shrink_text(struct vk_str text, size_t at_once, struct told *told) {
    struct sim_plan plan;
    read_plan(&plan, text);
    struct sim_shrink_result result = shrink_plan(&plan, at_once, told);
    sim_plan_release(&plan);
    return result;
}

/* ---- minimal */

/* What a plan fails with, in a process of its own; "": it does not, or it is none. */
static const char *signature_of(struct vk_str text) {
    static struct sim_shrink_trial trial;
    const struct sim_run_options options = {.check_every = 0};
    const struct sim_shrink_trials trials = {.options = &options, .at_once = 1};
    struct sim_plan plan;
    struct sim_plan_error error;
    size_t first;
    if (sim_plan_read(&plan, vk_heap_system(), text, &error) != VK_OK) return "";
    sim_plan_release(&plan);
    trial = (struct sim_shrink_trial){.text = text};
    test_ok(sim_shrink_trials_run(&trials, &trial, 1, &first));
    return trial.outcome == SIM_EXPECT_FAILURE ? trial.failure.signature : "";
}

/* It fails as is said, and without any one of its lines it does not. */
static void expect_minimal(const struct sim_shrink_best *best) {
    size_t lines = 0;
    cr_expect(best->is_minimal);
    cr_expect_str_eq(signature_of(best->text), best->failure.signature);
    for (size_t at = 0, n; at < best->text.n; at += n + 1) {
        struct vk_buf buf;
        struct vk_str without;
        n = (size_t)((const char *)memchr(best->text.p + at, '\n', best->text.n - at) -
                     (best->text.p + at));
        if (n == 0 || at == 0) continue;
        lines++;
        vk_buf_init(&buf, &arena);
        vk_buf_add(&buf, (struct vk_str){best->text.p, at});
        vk_buf_add(&buf, vk_str_from(best->text, at + n + 1));
        test_ok(vk_buf_finish(&buf, &without));
        cr_expect_str_neq(signature_of(without), best->failure.signature,
                          "the line '%.*s' can go from\n%.*s", (int)n, best->text.p + at,
                          VK_STR_ARG(best->text));
    }
    cr_expect_eq(lines, best->lines);
}

/* ---- planted bugs, as a campaign finds them */

static const char *word_of(enum test_planted bug) {
    static const char *const words[] = {
#define WORD_ROW(name, word, n, meaning) word,
        TEST_PLANTED(WORD_ROW)
#undef WORD_ROW
    };
    cr_assert(bug > PLANTED_NOTHING);
    return words[bug - 1];
}

/* The first seed that fails with the bug. */
static bool find_failing(enum test_planted bug, struct sim_plan *plan) {
    struct sim_generate_options generate = {.replicas = 0};
    sim_fault_words_default(generate.faults);
    test_plant(bug, 1);
    for (uint64_t seed = 1; seed < 60; seed++) {
        struct vk_str text;
        test_ok(sim_plan_generate(plan, vk_heap_system(), seed, &generate));
        test_ok(sim_plan_write(plan, &arena, &text));
        if (signature_of(text)[0]) return true;
        sim_plan_release(plan);
    }
    return false;
}

static int smaller_first(const void *a, const void *b) {
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return (left > right) - (left < right);
}

Test(shrink, a_dozen_planted_bugs_come_down_to_a_dozen_lines_at_most) {
    static const enum test_planted bugs[] = {
        PLANTED_ABORT_DENIED,    PLANTED_WRITTEN_AGAIN,    PLANTED_NUMBERS_STAY,
        PLANTED_STATISTICS_STAY, PLANTED_WORKER_STAYS,     PLANTED_DEATH_IS_METERING,
        PLANTED_CREATED_LATER,   PLANTED_SNAPSHOT_FORGETS, PLANTED_COUNT_TOO_LOW,
        PLANTED_NO_COLLECTION,   PLANTED_NO_REAPING,       PLANTED_HASH_KEEPS,
    };
    enum { BUGS = sizeof bugs / sizeof *bugs, LINES_MAX = 12, LINES_MOST = 24, RUNS_MAX = 1500 };
    size_t lines[BUGS];
    for (size_t i = 0; i < BUGS; i++) {
        struct told told = {0};
        struct sim_plan plan;
        cr_assert(find_failing(bugs[i], &plan), "%s fails no seed", word_of(bugs[i]));
        struct report_stopwatch watch;
        report_stopwatch_start(&watch);
        const struct sim_shrink_result result = shrink_plan(&plan, 1, &told);
        printf("%-18s %4zu lines to %2zu, %4d runs, %5.1f s: %s\n", word_of(bugs[i]),
               result.best.lines_before, result.best.lines, (int)result.best.runs,
               report_stopwatch_seconds(&watch), result.best.failure.signature);
        cr_assert(result.fails);
        expect_minimal(&result.best);
        cr_expect_lt(result.best.runs, RUNS_MAX, "%s", word_of(bugs[i]));
        lines[i] = result.best.lines;
        sim_plan_release(&plan);
    }
    qsort(lines, BUGS, sizeof *lines, smaller_first);
    cr_expect_leq(lines[BUGS / 2], LINES_MAX, "the median is %zu", lines[BUGS / 2]);
    cr_expect_leq(lines[BUGS - 1], LINES_MOST, "the largest has %zu", lines[BUGS - 1]);
}

/* ---- kinds of failures */

static const char quiet_plan[] = "crankcase-plan 1\n"
                                 "seed 7\n"
                                 "replica\n"
                                 "replica slowness=3\n"
                                 "program alice\n"
                                 "  turn\n"
                                 "    send i1 new result\n"
                                 "    store-set key=3 bytes=40\n"
                                 "  turn\n"
                                 "    send i1 root\n"
                                 "program bob\n"
                                 "  turn\n"
                                 "    drop a0\n"
                                 "vat alice alice\n"
                                 "vat bob bob\n"
                                 "bootstrap alice\n"
                                 "block after=1000\n"
                                 "  send alice\n"
                                 "  take-results\n"
                                 "fault 1 worker-starts-slowly k=100\n";

Test(shrink, takes_what_does_not_fail_as_it_is) {
    struct told told = {0};
    const struct sim_shrink_result result = shrink_text(vk_str(quiet_plan), 1, &told);
    cr_expect(!result.fails && told.found == 0);
}

static void expect_shrunk(enum test_planted bug, uint64_t n, const char *signature) {
    struct told told = {0};
    test_plant(bug, n);
    const struct sim_shrink_result result = shrink_text(vk_str(quiet_plan), 1, &told);
    cr_assert(result.fails);
    cr_expect_str_eq(result.best.failure.signature, signature);
    expect_minimal(&result.best);
    cr_expect_lt(result.best.lines, result.best.lines_before);
}

Test(shrink, keeps_a_crash) {
    expect_shrunk(PLANTED_ABORT, 7, "crash/none/its process was ended by signal 6");
}

Test(shrink, keeps_a_run_that_does_not_end_in_peace) {
    expect_shrunk(PLANTED_NO_COLLECTION, 0, "liveness/none/gcActions");
}

Test(shrink, keeps_a_run_that_is_another_one_the_second_time) {
    expect_shrunk(PLANTED_WALL_CLOCK_IN_RUN, 0, "twice/none/run");
}

/* Whether a plan is found by that signature if it may take so many cranks; *cranks that it took. */
static bool is_found(const char *text, const char *signature, uint64_t cranks_max,
                     uint64_t *cranks) {
    const struct sim_run_options options = {.check_every = 0};
    const struct sim_shrink_trials trials = {
        .options = &options, .at_once = 1, .signature = signature, .cranks_max = cranks_max};
    struct sim_shrink_trial trial = {.text = vk_str(text)};
    size_t first;
    test_ok(sim_shrink_trials_run(&trials, &trial, 1, &first));
    *cranks = trial.cranks;
    return first == 0;
}

/* A plan that goes on for ever would be run to the end of its time, again and again. */
Test(shrink, looks_for_no_plan_that_takes_longer_than_it_may) {
    uint64_t cranks, ignored;
    test_plant(PLANTED_NO_COLLECTION, 0);
    cr_expect(is_found(quiet_plan, NULL, 0, &cranks));
    cr_expect(!is_found(quiet_plan, NULL, cranks / 2, &ignored) && ignored < cranks);
    cr_expect(is_found(quiet_plan, "liveness/none/gcActions", cranks + 1, &ignored));
    cr_expect(!is_found(quiet_plan, "liveness/none/gcAction", cranks + 1, &ignored));
    test_plant(PLANTED_WRITTEN_AGAIN, 0);
    static const char fails_early[] = "crankcase-plan 1\nprogram alice\n  turn\n    illegal n=0\n"
                                      "vat alice alice\nbootstrap alice\n";
    cr_expect(is_found(fails_early, NULL, 0, &cranks));
    cr_expect(!is_found(fails_early, NULL, cranks, &ignored) && ignored == cranks);
    cr_expect(is_found(fails_early, NULL, cranks + 1, &ignored));
}

/* ---- the way there */

static struct sim_shrink_result shrink_seed(uint64_t seed, size_t at_once, struct told *told) {
    struct sim_generate_options generate = {.replicas = 0};
    struct sim_plan plan;
    sim_fault_words_default(generate.faults);
    test_ok(sim_plan_generate(&plan, vk_heap_system(), seed, &generate));
    test_plant(PLANTED_NO_COLLECTION, 0);
    struct sim_shrink_result result = shrink_plan(&plan, at_once, told);
    sim_plan_release(&plan);
    cr_assert(result.fails);
    return result;
}

enum { SEED = 3 };

Test(shrink, comes_to_the_same_however_many_processes_there_are) {
    struct told alone = {0}, together = {0};
    const struct sim_shrink_result one = shrink_seed(SEED, 1, &alone);
    const struct sim_shrink_result three = shrink_seed(SEED, 3, &together);
    cr_expect(vk_str_eq(one.best.text, three.best.text), "%.*s\nor\n%.*s",
              VK_STR_ARG(one.best.text), VK_STR_ARG(three.best.text));
    cr_expect_eq(one.best.runs, three.best.runs);
    cr_expect_eq(one.best.known, three.best.known);
    cr_expect_eq(alone.found, together.found);
}

/* One pass after the other tries to take the same few lines out of a plan from which none can go. */
Test(shrink, runs_no_plan_twice) {
    struct told told = {0}, again = {0};
    const struct sim_shrink_result first = shrink_seed(SEED, 1, &told);
    const struct sim_shrink_result last = shrink_text(first.best.text, 1, &again);
    cr_assert(first.best.rounds > 1 && last.best.rounds == 1);
    cr_expect_gt(last.best.known, last.best.runs);
}

Test(shrink, gives_each_better_plan_away_at_once) {
    struct told told = {0};
    const struct sim_shrink_result result = shrink_seed(SEED, 1, &told);
    cr_assert_gt(told.found, 2);
    cr_expect_eq(told.lines[0], result.best.lines_before, "the first is the plan itself");
    for (size_t i = 1; i < told.found; i++)
        cr_expect_leq(told.lines[i], told.lines[i - 1]);
    cr_expect_eq(told.lines[told.found - 1], result.best.lines);
}

Test(shrink, stopped_on_its_way_goes_on_from_there) {
    struct told whole = {0};
    const struct sim_shrink_result all = shrink_seed(SEED, 1, &whole);
    for (uint64_t runs = 2; runs < all.best.runs; runs += all.best.runs / 4 + 1) {
        struct told first = {.runs_max = runs}, second = {0};
        const struct sim_shrink_result some = shrink_seed(SEED, 1, &first);
        cr_expect(!some.best.is_minimal && some.best.lines >= all.best.lines);
        cr_expect_lt(some.best.runs, all.best.runs);
        cr_expect_str_eq(signature_of(some.best.text), all.best.failure.signature);
        const struct sim_shrink_result rest = shrink_text(some.best.text, 1, &second);
        cr_expect(rest.best.is_minimal);
        expect_minimal(&rest.best);
    }
}

Test(shrink, that_is_over_before_it_begins_knows_that_the_plan_fails) {
    struct told told = {.runs_max = 1, .runs = 1};
    const struct sim_shrink_result result = shrink_seed(SEED, 1, &told);
    cr_expect(result.fails && !result.best.is_minimal && result.best.runs == 1);
    cr_expect_eq(told.found, 1);
}

Test(shrink, ends_when_its_best_cannot_be_kept) {
    struct told told = {.err = VK_ERR_DISK};
    const struct sim_shrink shrink = {.at_once = 1, .impl = &told, .found = found};
    struct sim_shrink_result result;
    struct sim_plan plan;
    test_plant(PLANTED_NO_COLLECTION, 0);
    read_plan(&plan, vk_str(quiet_plan));
    cr_expect_eq(sim_shrink_plan(&shrink, &plan, &arena, &result), VK_ERR_DISK);
    cr_expect_eq(told.found, 1);
    sim_plan_release(&plan);
}

/* ---- lines */

static const char tangled[] = "crankcase-plan 1\n"
                              "replica\n"
                              "replica direct\n"
                              "replica frames\n"
                              "\n"
                              "program hub\n"
                              "  turn\n"
                              "    create-vat spoke\n"
                              "    upgrade-vat v0 spoke\n"
                              "    drop i0\n"
                              "program spoke\n"
                              "  start\n"
                              "    hold\n"
                              "\n"
                              "vat vatAdmin hub\n"
                              "vat left spoke\n"
                              "vat right hub\n"
                              "bootstrap right\n"
                              "\n"
                              "block\n"
                              "  send left\n"
                              "  terminate right\n"
                              "  terminate dynamic=1\n"
                              "  send vatAdmin\n"
                              "\n"
                              "fault 0 disk-full\n"
                              "fault 1 host-restart\n"
                              "fault 2 worker-hangs at=4\n";

/* Takes out the lines that begin so, with what goes with them. */
static struct vk_str without(const char *begin, bool alone) {
    struct sim_shrink_lines lines = {0};
    struct vk_buf buf;
    struct vk_str text;
    bool gone[40] = {false};
    test_ok(sim_shrink_lines_take(&lines, vk_str(tangled)));
    cr_assert_lt(lines.count, sizeof gone / sizeof *gone);
    for (size_t i = 0; i < lines.count; i++)
        gone[i] = vk_str_starts(lines.at[i].text, vk_str(begin));
    sim_shrink_close(&lines, gone, alone);
    vk_buf_init(&buf, &arena);
    sim_shrink_text_without(&lines, gone, &buf);
    test_ok(vk_buf_finish(&buf, &text));
    sim_shrink_lines_release(&lines);
    return text;
}

static bool has(struct vk_str text, const char *part) {
    char copy[2000];
    snprintf(copy, sizeof copy, "%.*s", VK_STR_ARG(text));
    return strstr(copy, part) != NULL;
}

Test(shrink_lines, of_a_vat_take_along_what_the_host_does_to_it) {
    struct vk_str text = without("vat right", false);
    cr_expect(!has(text, "right") && !has(text, "bootstrap") && has(text, "terminate dynamic=1"));
    cr_expect(has(text, "program hub\n") && has(text, "  send left\n"));
    cr_expect(has(without("vat vatAdmin", false), "  send vatAdmin\n"), "who is there in any case");
}

Test(shrink_lines, of_a_program_take_along_the_vats_that_run_it) {
    struct vk_str text = without("program spoke", false);
    cr_expect(!has(text, "spoke") && !has(text, "left") && !has(text, "hold"), "%.*s",
              VK_STR_ARG(text));
    cr_expect(has(text, "    drop i0\n"));
}

Test(shrink_lines, of_a_replica_take_along_its_faults_and_renumber_the_others) {
    struct vk_str text = without("replica direct", false);
    cr_expect(has(text, "fault 0 disk-full\n") && !has(text, "host-restart"));
    cr_expect(has(text, "fault 1 worker-hangs at=4\n"), "%.*s", VK_STR_ARG(text));
}

Test(shrink_lines, that_go_alone_leave_what_stood_beneath_them) {
    struct vk_str text = without("program spoke", true);
    cr_expect(has(text, "    drop i0\n  start\n    hold\n"), "%.*s", VK_STR_ARG(text));
    cr_expect(!has(text, "vat left"));
}

Test(shrink_lines, left_out_leave_a_plan) {
    static const char *const begins[] = {
        "replica", "program spoke", "vat ", "  turn", "    ", "block", "  ", "fault", "bootstrap"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        struct sim_plan plan;
        read_plan(&plan, without(begins[i], false));
        sim_plan_release(&plan);
    }
}

/* ---- memory of what was tried */

Test(shrink, remembers_what_was_tried) {
    enum { TRIED = 5000 };
    struct sim_shrink_memo memo = {0};
    char text[20];
    for (int i = 0; i < TRIED; i++) {
        int n = snprintf(text, sizeof text, "%d", i);
        struct sim_shrink_hash hash = sim_shrink_hash((struct vk_str){text, (size_t)n});
        cr_assert(!sim_shrink_memo_has(&memo, hash));
        test_ok(sim_shrink_memo_add(&memo, hash));
        test_ok(sim_shrink_memo_add(&memo, hash));
    }
    cr_expect_eq(memo.count, TRIED);
    cr_expect(sim_shrink_memo_has(&memo, sim_shrink_hash(VK_STR("17"))));
    cr_expect(!sim_shrink_memo_has(&memo, sim_shrink_hash(VK_STR("5000"))));
    sim_shrink_memo_release(&memo);
}
