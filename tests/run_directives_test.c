/* run_directives_test.c - directives on several replicas: whoever has them resumes, with equal hashes; whoever has not
 * stays halted. And directives that nobody in his senses would write, at random, under faults.
 */
#include "sim/command.h"
#include "sim/directives.h"
#include "sim/fault_words.h"
#include "sim/plan_generate.h"
#include "sim/run.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>

/* The critical vat bob fails in crank 15, in his delivery 6. */
static const char panic_plan[] = "crankcase-plan 1\n"
                                 "program alice\n"
                                 "  turn\n"
                                 "    send i1 new result\n"
                                 "program bob\n"
                                 "  turn\n"
                                 "    store-set key=1\n"
                                 "    illegal n=0\n"
                                 "vat alice alice\n"
                                 "vat bob bob critical\n"
                                 "bootstrap alice\n"
                                 "block after=1000\n"
                                 "block after=1000\n"
                                 "  send alice\n"
                                 "replica\n"
                                 "replica commit-every=2 direct\n"
                                 "replica slowness=3\n";

static struct sim_directives directives;

struct ends {
    struct vk_state_hash state; /* at the newest point */
    uint64_t points;
};

static void at_point(void *impl, struct sim_replica *replica) {
    struct ends *ends = impl;
    ends->state = sim_replica_point(replica)->crank.state_hash;
    ends->points++;
}

static void read_directives(const char *text) {
    struct sim_plan_error error;
    test_ok(sim_directives_read(&directives, vk_str(text), &error));
}

/* Runs the plan; `who` says by bits which replicas have the directives. */
static struct ends run(const char *text, unsigned who, bool from_start,
                       struct sim_run_result *result) {
    struct sim_plan plan;
    struct sim_plan_error error;
    struct ends ends = {0};
    struct sim_run_options options = {
        .directed_from_start = from_start, .at_point = at_point, .impl = &ends};
    read_directives(text);
    for (unsigned i = 0; i < 3; i++)
        if (who & 1u << i) options.directives[i] = &directives;
    test_ok(sim_plan_read(&plan, vk_heap_system(), vk_str(panic_plan), &error));
    test_ok(sim_run(&plan, &options, result));
    sim_plan_release(&plan);
    sim_directives_release(&directives);
    cr_assert(!result->failed, "%s", result->failure.what);
    return ends;
}

Test(run_directives, all_resume_with_equal_hashes_at_a_crank_or_at_a_delivery) {
    static const char *const texts[] = {"crank-15: skip\n", "v3 delivery-6: skip\n"};
    for (size_t i = 0; i < 2; i++) {
        struct sim_run_result result;
        run(texts[i], 7, false, &result);
        cr_assert(result.was_panic && !result.panicked);
        cr_assert_eq(result.replicas_directed, 3);
        cr_assert_eq(result.directed_cranks, 1);
    }
}

Test(run_directives, who_has_them_from_the_start_comes_to_the_same_state) {
    struct sim_run_result result;
    struct ends resumed = run("crank-15: skip\n", 7, false, &result);
    cr_assert(result.was_panic);
    struct ends early = run("crank-15: skip\n", 7, true, &result);
    cr_assert(!result.was_panic && result.directed_cranks == 1);
    cr_assert(resumed.state.low == early.state.low && resumed.state.high == early.state.high);
}

Test(run_directives, who_has_none_stays_halted) {
    for (unsigned who = 0; who < 8; who++) {
        struct sim_run_result result;
        run("crank-15: skip\n", who, false, &result);
        cr_assert(result.was_panic);
        for (unsigned i = 0; i < 3; i++) {
            cr_assert_eq(result.replica_directed[i], (who & 1u << i) != 0);
            cr_assert_eq(result.replica_panicked[i], (who & 1u << i) == 0);
        }
        cr_assert_eq(result.panicked, who != 7);
    }
}

Test(run_directives, directive_of_a_part_of_the_replicas_where_nobody_panics_is_a_divergence) {
    struct sim_plan plan;
    struct sim_plan_error error;
    struct sim_run_result result;
    struct sim_run_options options = {.directed_from_start = true, .directives = {&directives}};
    read_directives("crank-10: skip\n");
    test_ok(sim_plan_read(&plan, vk_heap_system(), vk_str(panic_plan), &error));
    test_ok(sim_run(&plan, &options, &result));
    cr_assert(result.failed && result.failure.oracle == SIM_ORACLE_REPLICAS);
    sim_plan_release(&plan);
    sim_directives_release(&directives);
}

Test(run_directives, critical_vat_cannot_be_terminated_without_a_panic) {
    struct sim_run_result result;
    run("crank-15: terminate v3\n", 7, false, &result);
    cr_assert(result.panicked && result.replicas_panicked == 3 && result.replicas_directed == 3);
}

/* ---- at random */

enum { SEEDS = 250, DIRECTIVES_MAX = 6 };

static void draw_directives(uint64_t seed, char *text, size_t size) {
    uint64_t random = seed * 7919;
    size_t n = 0, count = 1 + test_random_below(&random, DIRECTIVES_MAX);
    for (size_t i = 0; i < count; i++) {
        /* Targets of their own: no two may meet. */
        uint64_t crank = 8 + i + count * test_random_below(&random, 40);
        uint64_t vat = 1 + i, delivery = 2 + test_random_below(&random, 12);
        switch (test_random_below(&random, 3)) {
        case 0: n += (size_t)snprintf(text + n, size - n, "crank-%ju: skip\n", crank); break;
        case 1:
            n += (size_t)snprintf(text + n, size - n, "v%ju delivery-%ju: %s\n", vat, delivery,
                                  test_random_below(&random, 3) ? "skip" : "terminate");
            break;
        default:
            n += (size_t)snprintf(text + n, size - n, "crank-%ju: terminate v%ju\n", crank, vat);
        }
    }
}

Test(run_directives, nothing_that_a_directive_does_breaks_an_oracle_whatever_faults_strike) {
    struct sim_generate_options generate = {.replicas = 3};
    uint64_t carried_out = 0;
    char text[600];
    sim_fault_words_default(generate.faults);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_plan plan;
        struct sim_run_result result;
        struct sim_run_options options = {.directed_from_start = true};
        options.off[SIM_ORACLE_TWICE] = true;
        generate.states = seed % 2;
        generate.everything = seed % 3 == 0;
        draw_directives(seed, text, sizeof text);
        read_directives(text);
        for (size_t i = 0; i < SIM_REPLICAS_MAX; i++)
            options.directives[i] = &directives;
        test_ok(sim_plan_generate(&plan, vk_heap_system(), seed, &generate));
        test_ok(sim_run(&plan, &options, &result));
        cr_assert(!result.failed, "seed %ju with\n%s%s: %s", (uintmax_t)seed, text,
                  result.failure.signature, result.failure.what);
        cr_assert(!result.refused);
        carried_out += result.directed_cranks;
        sim_plan_release(&plan);
        sim_directives_release(&directives);
    }
    cr_assert_gt(carried_out, SEEDS, "%ju", (uintmax_t)carried_out);
}

/* ---- the command */

static struct test_folder folder;

static void set_up(void) {
    test_folder_make(&folder);
    test_file_write(test_folder_file(&folder, "panic.plan"), vk_str(panic_plan));
    test_file_write(test_folder_file(&folder, "skip"), VK_STR("crank-15: skip\n"));
    test_file_write(test_folder_file(&folder, "debug"), VK_STR("v3 delivery-6: debug\n"));
    test_file_write(test_folder_file(&folder, "bad"), VK_STR("\ncrank-1: skpi\n"));
    test_file_write(test_folder_file(&folder, "late"), VK_STR("\n crank-3: skip\n"));
}

static void tear_down(void) { test_folder_remove(&folder); }

TestSuite(run_directives_command, .init = set_up, .fini = tear_down);

static void has(const char *text, const char *part) {
    cr_assert(strstr(text, part) != NULL, "no '%s' in: %s", part, text);
}

Test(run_directives_command, says_who_resumed_and_who_did_not) {
    const struct test_outcome *outcome =
        test_command_run(&folder, "run --directives 0=skip --directives 2=skip panic.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    has(outcome->out, "panicked on 3 of 3 replicas");
    has(outcome->out, "replica 1 stays halted: it has no directive");
    has(outcome->out, "2 of 3 replicas were started again");
    outcome = test_command_run(&folder, "run --json --directives skip panic.plan");
    has(outcome->out, "\"directed\":3,\"directedCranks\":1,\"halted\":0}");
}

Test(run_directives_command, debug_without_a_debugger_says_what_to_type) {
    const struct test_outcome *outcome =
        test_command_run(&folder, "run --directives debug panic.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK);
    has(outcome->err, "replica 0 is at crank 15 (send): v3 delivery-6: debug");
    has(outcome->err, "-ex run --args crankcase run --directives debug panic.plan --off twice\n");
}

Test(run_directives_command, bad_files_are_bad_input) {
    static const struct {
        const char *words;
        const char *err;
    } cases[] = {
        {"run --directives bad panic.plan", "bad:2:10: expected skip, terminate or debug"},
        {"run --directives nowhere panic.plan", "nowhere: "},
        {"run --directives 9=skip panic.plan", "there is no replica 9"},
        {"run --directives skip --seed 1", "is for one plan, not for "},
        {"run --halt-after 0 panic.plan", "--halt-after takes a number"},
        {"run --directives skip panic.plan panic.plan", "is for one plan, not for "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct test_outcome *outcome = test_command_run(&folder, cases[i].words);
        cr_assert_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", cases[i].words, outcome->code);
        has(outcome->err, cases[i].err);
    }
}

/* Whoever wrote a directive believes that it did something. In one line, and the run is what it is. */
Test(run_directives_command, what_came_to_nothing_is_said) {
    static const struct {
        const char *words, *err;
    } cases[] = {
        {"run --directives never panic.plan",
         "never: never carried out: crank-999: skip (replica 0) and 2 more\n"},
        {"run --directives skip --directives 2=never panic.plan",
         "never: never carried out: crank-999: skip (replica 2)\n"},
        {"run --directives-at-start --directives 1=never fine.plan",
         "never: never carried out: crank-999: skip (replica 1)\n"},
        {"run --directives 1=skip fine.plan", "skip: never carried out: "},
        {"run --directives stops fine.plan", "stops: the run never came to: crank-999: debug\n"},
        {"run --directives empty fine.plan", "empty: there is no directive in this file\n"},
    };
    char fine[sizeof panic_plan];
    const char *illegal = strstr(panic_plan, "    illegal n=0\n");
    snprintf(fine, sizeof fine, "%.*s%s", (int)(illegal - panic_plan), panic_plan,
             illegal + strlen("    illegal n=0\n"));
    test_file_write(test_folder_file(&folder, "fine.plan"), vk_str(fine));
    test_file_write(test_folder_file(&folder, "never"), VK_STR("crank-999: skip\n"));
    test_file_write(test_folder_file(&folder, "stops"), VK_STR("crank-999: debug\n"));
    test_file_write(test_folder_file(&folder, "empty"), VK_STR("# nothing yet\n"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct test_outcome *outcome = test_command_run(&folder, cases[i].words);
        cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s: %d", cases[i].words, outcome->code);
        cr_expect(strstr(outcome->err, cases[i].err), "%s: %s", cases[i].words, outcome->err);
        const char *end = strchr(outcome->err, '\n');
        cr_expect(end && !end[1], "%s: %s", cases[i].words, outcome->err);
    }
    static const char *const carried_out[] = {
        "run --quiet --directives skip panic.plan",
        "run --quiet --directives-at-start --directives skip panic.plan",
        "run --quiet --directives 1=skip panic.plan",
    };
    for (size_t i = 0; i < sizeof carried_out / sizeof *carried_out; i++)
        cr_expect_str_empty(test_command_run(&folder, carried_out[i])->err, "%s", carried_out[i]);
}

/* The same, but alice says nothing at bootstrap: by the time bob fails, a block was committed. */
static void write_later_plan(void) {
    static char later[sizeof panic_plan + 20];
    const char *turn = strstr(panic_plan, "  turn\n");
    snprintf(later, sizeof later, "%.*s  turn\n%s", (int)(turn - panic_plan), panic_plan, turn);
    test_file_write(test_folder_file(&folder, "later.plan"), vk_str(later));
}

Test(run_directives_command, what_lies_in_the_past_is_refused_before_a_node_starts_again) {
    write_later_plan();
    const struct test_outcome *outcome =
        test_command_run(&folder, "run --directives 0=late later.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s", outcome->out);
    has(outcome->err, "late:2:2: crank 3 lies in the past: the next one is ");
    outcome = test_command_run(&folder, "run --directives late panic.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK); /* nothing was committed: it can still be skipped */
}

Test(run_directives_command, halt_after_ends_each_replica_after_so_many_cranks) {
    const struct test_outcome *outcome = test_command_run(&folder, "run --halt-after 5 panic.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    has(outcome->out, "cranks                              5  of one replica");
}
