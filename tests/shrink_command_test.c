/* shrink_command_test.c - `crankcase shrink` and `crankcase run --shrink` as their users have them: what they refuse, what they
 * leave in files, how they stop and go on.
 */
#include "sim/command.h"
#include "sim/durations.h"
#include "sim/plan_notes.h"
#include "sim/shrink_file.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(shrink_command, .init = folder_make, .fini = folder_remove);

static const struct test_outcome *run(const char *words) {
    return test_command_run(&folder, words);
}

static const struct test_outcome *run_planted(const char *words) {
    const struct test_command command = {.words = words, .program = "crankcase-planted"};
    return test_command_await(&folder, test_command_start(&folder, &command));
}

static void write_file(const char *name, const char *text) {
    test_file_write(test_folder_file(&folder, name), vk_str(text));
}

static bool exists(const char *name) { return access(test_folder_file(&folder, name), F_OK) == 0; }

/* A file's text, which lasts until the next call. */
static const char *read_text(const char *name) {
    static char text[65536];
    struct vk_str bytes = test_file_read(test_folder_file(&folder, name));
    snprintf(text, sizeof text, "%.*s", VK_STR_ARG(bytes));
    free((void *)(uintptr_t)bytes.p);
    return text;
}

/* What one replica's vat alone is made to do, no replica may show. */
static const char failing_plan[] = "# A plan of the tests.\n"
                                   "crankcase-plan 1\n"
                                   "seed 5\n"
                                   "program alice\n"
                                   "  turn\n"
                                   "    send i1 new\n"
                                   "program bob\n"
                                   "  turn\n"
                                   "    store-set key=2\n"
                                   "vat alice alice\n"
                                   "vat bob bob\n"
                                   "bootstrap alice\n"
                                   "block after=1000\n"
                                   "replica\n"
                                   "replica\n"
                                   "fault 1 vat-overruns at=2\n";

/* ---- words */

static void expect_refused(const char *words, const char *wanted) {
    const struct test_outcome *outcome = run(words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
    cr_expect_str_eq(outcome->out, "", "%s", words);
    cr_expect(strstr(outcome->err, wanted), "%s: no \"%s\" in\n%s", words, wanted, outcome->err);
    cr_expect(strchr(outcome->err, '\n') == outcome->err + strlen(outcome->err) - 1, "%s", words);
}

Test(shrink_command, says_in_one_line_what_is_wrong_with_its_words) {
    write_file("p.plan", failing_plan);
    write_file("bad.plan", "crankcase-plan 1\n  blokc\n");
    write_file("good.plan", "crankcase-plan 1\n");
    expect_refused("shrink",
                   "crankcase shrink: one plan is to be named (see crankcase shrink --help)");
    expect_refused("shrink p.plan good.plan", "one plan is to be named");
    expect_refused("shrink --deadline 5x p.plan",
                   "--deadline takes a time (90, 90s, 5m, 1h, 1d), not 5x");
    expect_refused("shrink --jobs 0 p.plan", "--jobs takes a number from 1 to 256, not 0");
    expect_refused("shrink --speed p.plan", "unknown option --speed");
    expect_refused("shrink -", "--out FILE is needed for standard input");
    expect_refused("shrink absent.plan", "absent.plan: No such file or directory");
    expect_refused("shrink bad.plan", "bad.plan:2:3: expected a section, found 'blokc'");
    expect_refused("shrink good.plan", "good.plan: does not fail: there is nothing to shrink");
    expect_refused("shrink --kernel p.plan p.plan", "crankcase shrink: no kernel in p.plan: ");
    cr_expect(!exists("good-shrunk.plan") && !exists("bad-shrunk.plan") &&
              !exists("p-shrunk.plan"));
    cr_expect(strstr(run("shrink --help")->out, "\nexamples:\n"));
}

Test(shrink_command, durations_are_numbers_with_a_unit) {
    static const struct {
        const char *text;
        uint64_t seconds; /* 0: it is none */
    } durations[] = {{"90", 90},  {"90s", 90},        {"5m", 300},    {"1h", 3600},
                     {"", 0},     {"0", 0},           {"5d", 432000}, {"m", 0},
                     {"101d", 0}, {"d", 0},           {"5ms", 0},     {"-1", 0},
                     {"0h", 0},   {"2400h", 8640000}, {"2401h", 0},   {"18446744073709551615h", 0}};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        uint64_t seconds = 0;
        bool is_one = sim_duration_seconds(durations[i].text, &seconds);
        cr_expect_eq(is_one, durations[i].seconds > 0, "%s", durations[i].text);
        cr_expect(!is_one || seconds == durations[i].seconds, "%s", durations[i].text);
    }
}

Test(shrink_command, names_its_file_after_the_plan) {
    char name[40];
    cr_expect(sim_shrink_file_name("a/seed-42.plan", name, sizeof name));
    cr_expect_str_eq(name, "a/seed-42-shrunk.plan");
    cr_expect(sim_shrink_file_name("plan", name, sizeof name));
    cr_expect_str_eq(name, "plan-shrunk.plan");
    cr_expect(!sim_shrink_file_name("a-name-that-is-longer-than-it-may.plan", name, sizeof name));
}

/* ---- what it leaves */

Test(shrink_command, leaves_a_plan_that_says_where_it_comes_from_and_fails_the_same_way) {
    write_file("p.plan", failing_plan);
    const struct test_outcome *outcome = run("shrink p.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    cr_expect_str_eq(outcome->err, "", "a progress bar is for terminals");
    cr_expect(strstr(outcome->out, "p.plan shrunk: from 14 lines to "), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "; no single line can go\n"));
    cr_expect(strstr(outcome->out, "\n  reproduce: crankcase run p-shrunk.plan\n"));
    const char *text = read_text("p-shrunk.plan");
    cr_expect(strncmp(text, "# A plan of the tests.\n# Origin: p.plan, seed 5 (crankcase ", 58) ==
                  0,
              "%s", text);
    cr_expect(strstr(text, "\n# Failed: replicas/"));
    cr_expect(strstr(text, "\n# Seen: "));
    cr_expect(strstr(text, "\n# Shrunk from: 14 lines, "));
    cr_expect(strstr(text, " lines; no single line can go\n"));
    cr_expect(strstr(text, "\n# Expected: once the bug is out, all holds\ncrankcase-plan 1\n"
                           "expect ok after replicas/"));
    outcome = run("run p-shrunk.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect(strstr(outcome->out, "signature: replicas/"));
}

/* What it says of a shrink from 14 lines. */
static size_t runs_of(const struct test_outcome *outcome) {
    size_t lines, runs = 0;
    const char *at = strstr(outcome->out, " shrunk: from 14 lines to ");
    cr_assert(at != NULL &&
                  sscanf(at, " shrunk: from 14 lines to %zu, in %zu runs", &lines, &runs) == 2,
              "%s%s", outcome->out, outcome->err);
    return runs;
}

Test(shrink_command, begun_again_goes_on_with_what_it_left) {
    write_file("p.plan", failing_plan);
    size_t runs = runs_of(run("shrink p.plan --out small.plan"));
    char *small = strdup(read_text("small.plan"));
    cr_expect_lt(runs_of(run("shrink p.plan --out small.plan --jobs 2")), runs);
    cr_expect_str_eq(read_text("small.plan"), small, "there is nothing more");
    cr_expect_eq(run("shrink small.plan -o small.plan")->code, SIM_EXIT_OK);
    cr_expect_str_eq(read_text("small.plan"), small, "nor in place");
    free(small);
}

Test(shrink_command, overwrites_nothing_but_a_shrunk_form_of_the_plan) {
    write_file("p.plan", failing_plan);
    write_file("other.plan", "crankcase-plan 1\n");
    expect_refused("shrink p.plan -o other.plan",
                   "other.plan: is there, and no shrunk form of this plan");
    cr_expect_str_eq(read_text("other.plan"), "crankcase-plan 1\n");
}

Test(shrink_command, tells_machines_in_one_object) {
    write_file("p.plan", failing_plan);
    const struct test_outcome *outcome = run("shrink --json p.plan");
    cr_expect(strncmp(outcome->out,
                      "{\"type\":\"shrunk\",\"name\":\"p.plan\",\"signature\":\"replicas/",
                      55) == 0,
              "%s", outcome->out);
    cr_expect(strstr(outcome->out, "\"linesBefore\":14,\"lines\":"));
    cr_expect(strstr(outcome->out, "\"minimal\":true}\n"));
}

/* ---- stopping */

/* A plan whose run takes long enough to be interrupted in. */
static void write_long_plan(void) {
    write_file("long.plan", run_planted("no-collection plan --seed 3 --scale 8")->out);
}

Test(shrink_command, at_its_deadline_has_the_best_so_far_and_goes_on_from_there) {
    size_t lines_before, lines, lines_later;
    write_long_plan();
    const struct test_outcome *outcome = run_planted("no-collection shrink --deadline 1 long.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    cr_assert_eq(sscanf(outcome->out, "long.plan shrunk: from %zu lines to %zu", &lines_before,
                        &lines),
                 2, "%s", outcome->out);
    cr_expect_leq(lines, lines_before);
    bool is_done = strstr(outcome->out, "no single line can go") != NULL;
    cr_expect(is_done || strstr(outcome->out, ": the same command goes on\n"), "%s", outcome->out);
    cr_expect(is_done || strstr(read_text("long-shrunk.plan"), " lines; not done, in round "));
    outcome = run_planted("no-collection shrink long.plan");
    cr_assert_eq(sscanf(outcome->out, "long.plan shrunk: from %zu lines to %zu", &lines_before,
                        &lines_later),
                 2, "%s", outcome->out);
    cr_expect(lines_later <= lines && lines_later < 12, "%zu, then %zu", lines, lines_later);
    cr_expect(strstr(outcome->out, "no single line can go"));
}

Test(shrink_command, killed_it_leaves_a_whole_plan) {
    enum { WAIT_MS_MAX = 20000, STEP_MS = 5 };
    const struct test_command command = {.words = "no-collection shrink long.plan",
                                         .program = "crankcase-planted"};
    const struct timespec step = {0, STEP_MS * 1000000L};
    write_long_plan();
    pid_t process = test_command_start(&folder, &command);
    for (int ms = 0; ms < WAIT_MS_MAX && !exists("long-shrunk.plan"); ms += STEP_MS)
        nanosleep(&step, NULL);
    kill(-process, SIGKILL);
    test_command_await(&folder, process);
    cr_expect_eq(run("plan --check long-shrunk.plan")->code, SIM_EXIT_OK);
    cr_expect_eq(run_planted("no-collection run --quiet long-shrunk.plan")->code,
                 SIM_EXIT_LIVENESS);
}

/* ---- run --shrink */

Test(shrink_command, after_a_campaign_has_one_plan_of_each_signature) {
    const struct test_outcome *outcome =
        run_planted("worker-stays run --seeds 12 --shrink --json --quiet --jobs 2");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    size_t shrunk = 0;
    const char *last_failure = outcome->out, *first_shrunk = NULL;
    for (const char *at = outcome->out; (at = strstr(at, "{\"type\":\"")) != NULL; at++) {
        if (strncmp(at, "{\"type\":\"failure\"", 17) == 0) last_failure = at;
        if (strncmp(at, "{\"type\":\"shrunk\"", 16) != 0) continue;
        if (!first_shrunk) first_shrunk = at;
        shrunk++;
    }
    cr_expect(shrunk >= 1 && shrunk <= 3, "%zu of %s", shrunk, outcome->out);
    cr_expect(first_shrunk > last_failure, "what is found is told first");
    const char *text = read_text("crankcase-failures/seed-1-shrunk.plan");
    cr_expect(strncmp(text, "# Origin: crankcase run --seed 1 (crankcase ", 44) == 0, "%s", text);
    cr_expect(strstr(text, "\nexpect ok after memory/"));
}

Test(shrink_command, after_a_plan_has_it_beside_the_plan) {
    write_file("p.plan", failing_plan);
    const struct test_outcome *outcome = run("run --shrink p.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect(strstr(outcome->out, "p.plan failed: "));
    cr_expect(strstr(outcome->out, "p.plan shrunk: from 14 lines to "), "%s", outcome->out);
    cr_expect(exists("p-shrunk.plan"));
    expect_refused("run --shrink --keep kept p.plan", "--shrink does not go with --keep");
}
