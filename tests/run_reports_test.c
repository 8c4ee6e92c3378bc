/* run_reports_test.c - `crankcase run --results ...` and `crankcase report` as their users have them: what is there when a
 * campaign ends, is interrupted or is killed; and what is said about bad words and files.
 */
#include "sim/command.h"
#include "testing_reports.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

TestSuite(run_reports, .init = test_reports_begin, .fini = test_reports_end);

static const char differing[] = "crankcase-plan 1\n"
                                "program alice\n  turn\n    send i1 new\n"
                                "program bob\n  turn\n    store-set key=2\n"
                                "vat alice alice\nvat bob bob\nbootstrap alice\n"
                                "block after=1000\nreplica\nreplica\n";

static void write_plans(void) {
    char text[1000];
    test_file_write(test_folder_file(test_reports_folder(), "good.plan"), vk_str(differing));
    snprintf(text, sizeof text, "%sfault 1 vat-overruns at=2\n", differing);
    test_file_write(test_folder_file(test_reports_folder(), "differs.plan"), vk_str(text));
    test_file_write(test_folder_file(test_reports_folder(), "bad.plan"), VK_STR("no plan\n"));
}

/* ---- what is there in the end */

Test(run_reports, all_that_is_asked_for_is_written_and_nothing_else) {
    write_plans();
    const struct test_outcome *outcome = test_reports_run(
        "run good.plan differs.plan bad.plan --junit j.xml --summary s.md --html p.html");
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT);
    test_reports_expect("j.xml", "tests=\"3\" failures=\"1\" errors=\"1\"");
    test_reports_expect("j.xml", "bad.plan:1:1: expected");
    test_reports_expect("s.md", "| differs.plan | different |");
    test_reports_expect("p.html", "\"divergences\":[6]");
    cr_expect(!test_reports_exists("j.xml.results.sqlite"), "nobody asked for it");
}

Test(run_reports, reports_of_the_results_are_those_of_the_run) {
    test_reports_run("run --seeds 50 --results r.sqlite --junit j.xml --summary s.md");
    cr_expect_eq(test_reports_run("report r.sqlite --junit j2.xml --markdown s2.md")->code,
                 SIM_EXIT_OK);
    for (int i = 0; i < 2; i++) {
        char *one = test_reports_text(i ? "s.md" : "j.xml"),
             *two = test_reports_text(i ? "s2.md" : "j2.xml");
        cr_expect_str_eq(one, two);
        free(one);
        free(two);
    }
    const struct test_outcome *outcome = test_reports_run("report r.sqlite");
    cr_expect_eq(outcome->code, SIM_EXIT_OK);
    cr_expect(strstr(outcome->out, "0 of 50 seeds failed\n"));
    char *hash = strdup(strstr(outcome->out, "hash of all runs: "));
    cr_expect(strstr(test_reports_run("run --seeds 50")->out, hash), "results do not change a run");
    free(hash);
    outcome = test_reports_run("report r.sqlite --junit -");
    cr_expect(strstr(outcome->out, "<?xml ") == outcome->out);
    cr_expect_null(strstr(outcome->out, "seeds failed"));
}

/* getopt_long() puts options first. */
Test(run_reports, the_command_is_told_as_it_was_typed) {
    write_plans();
    remove(test_folder_file(test_reports_folder(), "bad.plan"));
    remove(test_folder_file(test_reports_folder(), "differs.plan"));
    test_reports_run("run good.plan --summary s.md --quiet --junit j.xml");
    test_reports_run("corpus run --quiet . --summary s.md");
    test_reports_run("sweep good.plan --crank 2 --faults host-killed --summary s.md");
    test_reports_expect("s.md", "\ncrankcase run good.plan --summary s.md --quiet --junit j.xml\n");
    test_reports_expect("s.md", "\ncrankcase corpus run --quiet . --summary s.md\n");
    test_reports_expect(
        "s.md", "\ncrankcase sweep good.plan --crank 2 --faults host-killed --summary s.md\n");
}

/* One seed in 40 of a campaign is run twice. */
Test(run_reports, an_oracle_that_nobody_asked_has_not_held) {
    static const char twice[] = "name=\"the same plan run again is the same run\" time=\"0.000\">";
    char skipped[200], passed[200];
    snprintf(skipped, sizeof skipped, "%s<skipped message=\"nobody looked\">", twice);
    snprintf(passed, sizeof passed, "%s</testcase>", twice);
    cr_expect_eq(test_reports_run("run --seeds 20 --quiet --junit j.xml")->code, SIM_EXIT_OK);
    test_reports_expect("j.xml", skipped);
    test_reports_expect("j.xml",
                        "name=\"the state agrees with itself\" time=\"0.000\"></testcase>");
    cr_expect_eq(test_reports_run("run --seeds 40 --quiet --junit j.xml")->code, SIM_EXIT_OK);
    test_reports_expect("j.xml", passed);
    char *text = test_reports_text("j.xml");
    cr_expect_null(strstr(text, "recording"), "a seed has none");
    free(text);
}

Test(run_reports, a_trace_is_of_one_plan) {
    write_plans();
    cr_expect_eq(test_reports_run("run good.plan --trace t.json --quiet")->code, SIM_EXIT_OK);
    test_reports_expect("t.json", "\"name\":\"replica 1\"");
    test_reports_expect("t.json", "\"ph\":\"C\"");
}

Test(run_reports, a_budget_is_kept) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    cr_expect_eq(test_reports_run("run --budget 1s --junit j.xml --quiet")->code, SIM_EXIT_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect_geq(after.tv_sec - before.tv_sec, 1);
    test_reports_expect("j.xml", "name=\"comes to its end\"");
}

/* ---- lists */

Test(run_reports, of_a_corpus_each_file_is_a_case_with_its_reproducer) {
    char text[1000];
    write_plans();
    snprintf(text, sizeof text, "%sexpect panic\n", differing);
    test_file_write(test_folder_file(test_reports_folder(), "calm.plan"), vk_str(text));
    cr_expect_eq(
        test_reports_run(
            "corpus run . --quiet --junit j.xml --summary s.md --html p.html --results r.sqlite")
            ->code,
        SIM_EXIT_BAD_INPUT);
    test_reports_expect("j.xml", "tests=\"4\" failures=\"2\" errors=\"1\"");
    test_reports_expect("j.xml", "<testcase classname=\"crankcase.corpus\" name=\"./good.plan\"");
    test_reports_expect("j.xml",
                        "expected  panic\nthere was ok\nreproduce: crankcase run ./calm.plan");
    test_reports_expect(
        "j.xml",
        "reproduce: crankcase run ./differs.plan\nexpected  ok\nthere was failure replicas/");
    test_reports_expect("s.md", "| ./bad.plan | bad | 1&#58;1&#58; expected");
    test_reports_expect("p.html", "\"kind\":\"corpus\"");
    test_reports_expect(
        "p.html", "\"name\":\"./differs.plan\",\"failure\":0,\"difference\":{\"kind\":\"state\"");
    const struct test_outcome *outcome = test_reports_run("report r.sqlite");
    cr_expect(strstr(outcome->out, "3 of 4 files failed, in "), "%s", outcome->out);
    outcome = test_reports_run("report r.sqlite --json");
    cr_expect(strstr(outcome->out, "{\"type\":\"summary\",\"files\":4,\"failures\":3,"), "%s",
              outcome->out);
    cr_expect_eq(test_reports_run("corpus add good.plan --junit j.xml")->code, SIM_EXIT_BAD_INPUT);
}

Test(run_reports, of_recordings_each_is_a_case) {
    char words[2000];
    test_file_write(test_folder_file(test_reports_folder(), "bad.jsonl"), VK_STR("{}\n"));
    snprintf(words, sizeof words,
             "replay %s/corpus/recordings/suite/controller-01.jsonl.xz bad.jsonl --junit j.xml",
             TEST_SOURCE_DIR);
    cr_expect_eq(test_reports_run(words)->code, SIM_EXIT_BAD_INPUT);
    test_reports_expect("j.xml", "tests=\"2\" failures=\"0\" errors=\"1\"");
    test_reports_expect("j.xml", "classname=\"crankcase.recordings\" name=\"bad.jsonl\"");
    test_reports_expect("j.xml", "reproduce: crankcase replay bad.jsonl</error>");
    snprintf(
        words, sizeof words,
        "run %s/corpus/recordings/suite/controller-01.jsonl.xz --faults invisible --html p.html",
        TEST_SOURCE_DIR);
    cr_expect_eq(test_reports_run(words)->code, SIM_EXIT_OK);
    test_reports_expect("p.html", "\"kind\":\"recordings\"");
    test_reports_expect("p.html", "\"wanted\":true");
}

Test(run_reports, of_a_sweep_the_plan_is_a_case_and_what_struck_is_told) {
    write_plans();
    const struct test_outcome *outcome = test_reports_run(
        "sweep good.plan --crank 2 --faults host-killed --junit j.xml --html p.html");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    test_reports_expect("j.xml", "classname=\"crankcase.sweep\" name=\"good.plan\"");
    test_reports_expect("j.xml", "tests=\"1\" failures=\"0\" errors=\"0\"");
    char *page = test_reports_text("p.html");
    const char *fault = strstr(page, "\"word\":\"host-killed\"");
    cr_assert_not_null(fault);
    const char *hits = strstr(fault, "\"hits\":");
    cr_assert_not_null(hits);
    cr_expect_neq(hits[strlen("\"hits\":")], '0', "it struck");
    free(page);
}

/* ---- the difference */

Test(run_reports, where_replicas_differ_the_page_has_the_keys_in_words) {
    write_plans();
    cr_expect_eq(test_reports_run("run differs.plan --html p.html")->code, SIM_EXIT_DIFFERENCE);
    test_reports_expect("p.html", "\"difference\":{\"kind\":\"state\"");
    test_reports_expect("p.html", "\"name\":\"replica 1 of the run\"");
    test_reports_expect("p.html", "\"meaning\":\"head and tail of the ");
}

/* ---- ended before the end */

/* A campaign whose every seed fails: the system ends their processes. */
static pid_t start_failing(const char *words) {
    const struct test_command command = {.words = words, .cpu_seconds_max = 1};
    return test_command_start(test_reports_folder(), &command);
}

/* Of plans and of failures, in results that may still be in the making. */
struct found {
    size_t plans, failures;
};

static struct found found_so_far(const char *name) {
    struct report_model model;
    struct vk_arena arena;
    struct found found = {0};
    vk_arena_init(&arena, vk_heap_system());
    if (test_reports_exists(name) &&
        report_model_load(&model, test_folder_file(test_reports_folder(), name), &arena) == VK_OK)
        found = (struct found){model.plan_count, model.failure_count};
    vk_arena_release(&arena);
    return found;
}

static void await_failures(size_t wanted) {
    for (int i = 0; i < 1000; i++) {
        char *out = test_command_out(test_reports_folder());
        size_t told = test_reports_times(out, " failed: oracle");
        free(out);
        if (told >= wanted) return;
        test_reports_sleep_ms(20);
    }
    cr_assert_fail("no seed failed");
}

/* Which of the seeds takes too long first depends on the machine. */
static void first_reproducer(const char *out, char reproduce[200]) {
    const char *line = strstr(out, "reproduce: crankcase run --seed ");
    cr_assert(line && strchr(line, '\n'), "%s", out);
    snprintf(reproduce, 200, "%.*s", (int)strcspn(line, "\n"), line);
}

Test(run_reports, killed_it_leaves_every_failure_that_it_told_of) {
    pid_t process = start_failing("run --seeds 1000 --scale 1000 --results r.sqlite");
    await_failures(2);
    kill(-process, SIGKILL);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    size_t told = test_reports_times(outcome->out, " failed: oracle");
    size_t on_disk = test_reports_failures("r.sqlite");
    char reproduce[200] = "";
    first_reproducer(outcome->out, reproduce);
    cr_expect(on_disk + 1 >= told && on_disk >= 1, "%zu told, %zu on disk", told, on_disk);
    outcome = test_reports_run("report r.sqlite");
    cr_expect_eq(outcome->code, SIM_EXIT_OK);
    cr_expect(strstr(outcome->out, "\npartial: It did not come to its end"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, " Its totals are at least these.\n"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, reproduce), "no '%s' in: %s", reproduce, outcome->out);
    cr_expect_eq(test_reports_run("report r.sqlite --junit j.xml --html p.html")->code,
                 SIM_EXIT_OK);
    test_reports_expect("j.xml", "<error message=\"It did not come to its end");
    test_reports_expect("p.html", "\"state\":\"running\"");
}

/* Of seeds that one process has in hand, the others take long after the first has failed. */
static pid_t start_planted(const char *words) {
    const struct test_command command = {.program = "crankcase-planted", .words = words};
    pid_t process = test_command_start(test_reports_folder(), &command);
    for (int i = 0; i < 3000 && found_so_far("r.sqlite").failures == 0; i++)
        test_reports_sleep_ms(20);
    return process;
}

Test(run_reports, killed_before_the_turn_of_a_failure_it_has_it_all_the_same) {
    char plan[300];
    struct report_model model;
    struct vk_arena arena;
    pid_t process = start_planted("completion-ignored run --seeds 20 --scale 30 --jobs 1 "
                                  "--results r.sqlite --quiet");
    kill(-process, SIGKILL);
    cr_expect_eq(test_command_await(test_reports_folder(), process)->signal, SIGKILL,
                 "it had come to its end");
    test_reports_load("r.sqlite", &model, &arena);
    cr_assert_geq(model.failure_count, 1);
    cr_expect_eq(model.state, REPORT_RESULTS_RUNNING);
    snprintf(plan, sizeof plan, "%s", model.failures[0].plan);
    cr_expect(test_reports_exists(plan), "%s", plan);
    vk_arena_release(&arena);
    cr_expect_eq(test_reports_run("report r.sqlite --junit j.xml")->code, SIM_EXIT_OK);
    test_reports_expect("j.xml", "reproduce: crankcase run --seed ");
}

Test(run_reports, interrupted_it_ends_after_the_seed_in_hand) {
    struct report_model model;
    struct vk_arena arena;
    pid_t process = start_planted("completion-ignored run --seeds 20 --scale 30 --jobs 1 "
                                  "--results r.sqlite --quiet");
    kill(process, SIGINT);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    test_reports_load("r.sqlite", &model, &arena);
    cr_expect_eq(model.state, REPORT_RESULTS_INTERRUPTED);
    cr_expect_eq(model.failure_count, test_reports_times(outcome->out, " failed: oracle"));
    cr_expect_eq(model.totals.failures, model.failure_count);
    cr_expect_lt(model.totals.seeds, 20);
    vk_arena_release(&arena);
}

Test(run_reports, interrupted_twice_it_has_every_failure_that_it_found) {
    pid_t process = start_planted("completion-ignored run --seeds 20 --scale 30 --jobs 2 "
                                  "--results r.sqlite --quiet");
    kill(-process, SIGINT);
    test_reports_sleep_ms(20);
    kill(-process, SIGINT);
    test_command_await(test_reports_folder(), process);
    cr_expect_geq(test_reports_failures("r.sqlite"), 1);
}

Test(run_reports, what_a_killed_run_found_is_left_by_the_next_and_told_of) {
    write_plans();
    pid_t process = start_failing("run --seeds 1000 --scale 1000 --junit j.xml");
    await_failures(1);
    kill(-process, SIGKILL);
    test_command_await(test_reports_folder(), process);
    size_t found = test_reports_failures("j.xml.results.sqlite");
    const struct test_outcome *outcome = test_reports_run("run good.plan --junit j.xml --quiet");
    cr_expect_eq(outcome->code, SIM_EXIT_OK);
    cr_expect_str_eq(outcome->err,
                     "crankcase run: j.xml.results.sqlite holds what another run found, which was "
                     "ended or goes on still; to see it: crankcase report j.xml.results.sqlite\n");
    test_reports_expect("j.xml", "tests=\"1\" failures=\"0\"");
    cr_expect(!test_reports_exists("j.xml.results-2.sqlite"), "its own goes");
    cr_expect_eq(test_reports_failures("j.xml.results.sqlite"), found);
    cr_expect_eq(test_reports_run("report j.xml.results.sqlite")->code, SIM_EXIT_OK);
}

Test(run_reports, runs_side_by_side_have_each_its_own_results) {
    const struct test_command command = {.words = "run --budget 2s --summary s.md --quiet"};
    pid_t first = test_command_start(test_reports_folder(), &command);
    test_reports_await("s.md.results.sqlite");
    const struct test_outcome *outcome = test_reports_run("run --seeds 5 --summary s.md --quiet");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    test_reports_expect("s.md", "\ncrankcase run --seeds 5 ");
    cr_expect(test_reports_exists("s.md.results.sqlite"), "it is the other's");
    outcome = test_command_await(test_reports_folder(), first);
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    cr_expect(!test_reports_exists("s.md.results.sqlite"));
    char *both = test_reports_text("s.md");
    cr_expect_eq(test_reports_times(both, "\n## "), 2, "%s", both);
    free(both);
}

Test(run_reports, beside_what_is_no_ordinary_file_there_are_no_results) {
    char words[200];
    write_plans();
    mkfifo(test_folder_file(test_reports_folder(), "f"), 0600);
    int reader = open(test_folder_file(test_reports_folder(), "f"), O_RDONLY | O_NONBLOCK);
    const struct test_command command = {.words = "run --budget 2s --junit f --summary - --quiet"};
    pid_t process = test_command_start(test_reports_folder(), &command);
    test_reports_await("crankcase.results.sqlite");
    cr_expect(!test_reports_exists("f.results.sqlite") && !test_reports_exists("-.results.sqlite"));
    cr_expect_eq(test_command_await(test_reports_folder(), process)->code, SIM_EXIT_OK);
    cr_expect_eq(read(reader, words, 6), 6);
    cr_expect(strncmp(words, "<?xml ", 6) == 0);
    cr_expect(!test_reports_exists("crankcase.results.sqlite"));
    close(reader);
}

Test(run_reports, interrupted_it_writes_its_reports_and_says_that_they_are_partial) {
    const struct test_command command = {
        .words = "run --seeds 1000000 --results r.sqlite --junit j.xml"};
    pid_t process = test_command_start(test_reports_folder(), &command);
    test_reports_sleep_ms(500);
    kill(process, SIGINT);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->code, SIM_EXIT_INTERRUPTED + SIGINT);
    cr_expect_str_eq(outcome->err, "");
    test_reports_expect("j.xml", "<skipped message=\"It was interrupted.\"");
    cr_expect(strstr(test_reports_run("report r.sqlite")->out, "\npartial: It was interrupted"));
}

Test(run_reports, interrupted_it_has_every_failure_that_it_told_of) {
    pid_t process = start_failing("run --seeds 1000 --scale 1000 --results r.sqlite --junit j.xml");
    await_failures(2);
    kill(process, SIGINT);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    size_t told = test_reports_times(outcome->out, " failed: oracle");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect_geq(told, 2);
    cr_expect_eq(test_reports_failures("r.sqlite"), told);
    test_reports_expect("j.xml", "<skipped message=\"It was interrupted.\"");
    test_reports_expect("j.xml", "reproduce: crankcase run --seed ");
}

static const char storeless[] = "crankcase-plan 1\n"
                                "program alice\n  turn\n    send i1 new\n"
                                "program bob\n  turn\n    send i1 new\n"
                                "vat alice alice\nvat bob bob\nbootstrap alice\n"
                                "block after=1000\nreplica\n";

/* The kernel breaks an invariant of its own as soon as a vat stores anything. */
static const struct test_outcome *run_breaking(const char *words) {
    char all[300];
    snprintf(all, sizeof all, "asserts=1 run %s", words);
    const struct test_command command = {.program = "crankcase-planted", .words = all};
    return test_command_await(test_reports_folder(),
                              test_command_start(test_reports_folder(), &command));
}

Test(run_reports, a_plan_that_ends_its_process_has_failed_and_the_next_one_is_run) {
    struct report_model model;
    struct vk_arena arena;
    write_plans();
    test_file_write(test_folder_file(test_reports_folder(), "storeless.plan"), vk_str(storeless));
    const struct test_outcome *outcome =
        run_breaking("good.plan storeless.plan --results r.sqlite --junit j.xml --summary s.md");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE, "code %d, signal %d", outcome->code,
                 outcome->signal);
    cr_expect(strstr(outcome->out, "good.plan failed: oracle crash "), "%s", outcome->out);
    cr_expect(strstr(outcome->out, " started and never finished: v"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "1 of 2 plans failed\n"), "%s", outcome->out);
    test_reports_load("r.sqlite", &model, &arena);
    cr_assert(model.plan_count == 2 && model.failure_count == 1);
    cr_expect_eq(model.state, REPORT_RESULTS_FINISHED);
    cr_expect_eq(model.plans[0].state, REPORT_PLAN_DIFFERENT);
    cr_expect_eq(model.plans[0].failure, 0);
    cr_expect_eq(model.failures[0].failure.oracle, SIM_ORACLE_CRASH);
    cr_expect_str_eq(model.failures[0].reproduce, "crankcase run good.plan");
    cr_expect_eq(model.plans[1].state, REPORT_PLAN_PASSED);
    vk_arena_release(&arena);
    test_reports_expect("j.xml", "tests=\"2\" failures=\"1\" errors=\"0\"");
    test_reports_expect("s.md", "| good.plan | different | crash/none/");
}

Test(run_reports, killed_in_the_midst_of_a_plan_it_names_that_and_has_those_before) {
    struct report_model model;
    struct vk_arena arena;
    write_plans();
    const struct test_outcome *outcome = test_reports_run("plan --seed 5 --scale 1000");
    test_file_write(test_folder_file(test_reports_folder(), "large.plan"), vk_str(outcome->out));
    const struct test_command command = {.words = "run good.plan large.plan --results r.sqlite"};
    pid_t process = test_command_start(test_reports_folder(), &command);
    for (int i = 0; i < 1000 && found_so_far("r.sqlite").plans < 2; i++)
        test_reports_sleep_ms(20);
    kill(process, SIGKILL);
    cr_expect_eq(test_command_await(test_reports_folder(), process)->signal, SIGKILL);
    test_reports_load("r.sqlite", &model, &arena);
    cr_assert_eq(model.plan_count, 2);
    cr_expect_eq(model.plans[0].state, REPORT_PLAN_PASSED);
    cr_expect(model.plans[1].is_in_progress);
    cr_expect_str_eq(model.plans[1].name, "large.plan");
    cr_expect(model.totals.seeds == 1 && model.totals.all_cranks > 0, "what was run counts");
    vk_arena_release(&arena);
    cr_expect(strstr(test_reports_run("report r.sqlite")->out, "\n1 of 2 plans failed\n"));
}

Test(run_reports, a_plan_that_ends_its_process_is_shrunk_if_that_is_asked_for) {
    write_plans();
    const struct test_outcome *outcome = run_breaking("good.plan --shrink --quiet");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect(strstr(outcome->out, "good.plan shrunk: "), "%s", outcome->out);
    test_reports_expect("good-shrunk.plan", "expect ok after crash/none/");
}

/* A corpus of a small plan and then large ones, of seconds or, at scale 1000, minutes; starts it, and waits until the small one is in the results. */
static pid_t start_corpus(unsigned scale) {
    enum { LARGE = 8 };
    char name[40], words[60];
    write_plans();
    remove(test_folder_file(test_reports_folder(), "bad.plan"));
    remove(test_folder_file(test_reports_folder(), "differs.plan"));
    snprintf(words, sizeof words, "plan --seed 5 --scale %u", scale);
    const struct test_outcome *outcome = test_reports_run(words);
    for (int i = 0; i < LARGE; i++) {
        snprintf(name, sizeof name, "large-%d.plan", i);
        test_file_write(test_folder_file(test_reports_folder(), name), vk_str(outcome->out));
    }
    const struct test_command command = {
        .words = "corpus run . --quiet --results r.sqlite --junit j.xml --html p.html"};
    mkdir(test_folder_file(test_reports_folder(), "recordings"), 0700); /* which come last */
    pid_t process = test_command_start(test_reports_folder(), &command);
    for (int i = 0; i < 1000; i++) {
        if (found_so_far("r.sqlite").plans > 0) return process;
        test_reports_sleep_ms(20);
    }
    cr_assert_fail("no plan ended");
    return process;
}

Test(run_reports, of_a_list_that_is_interrupted_there_is_what_was_run_and_that_it_is_partial) {
    pid_t process = start_corpus(30);
    kill(-process, SIGINT);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->code, SIM_EXIT_INTERRUPTED + SIGINT, "signal %d", outcome->signal);
    cr_expect_str_eq(outcome->err, "");
    cr_expect(strncmp(outcome->out, "interrupted; so far:\n", 21) == 0, "%s", outcome->out);
    cr_expect(strstr(outcome->out, "; recordings: not run\n"), "%s", outcome->out);
    test_reports_expect("j.xml", "name=\"./good.plan\"");
    test_reports_expect("j.xml", "<skipped message=\"It was interrupted.\"");
    test_reports_expect("p.html", "\"state\":\"interrupted\"");
    char *xml = test_reports_text("j.xml");
    cr_expect_lt(test_reports_times(xml, "<testcase "), 8, "what was not begun is left out: %s",
                 xml);
    free(xml);
}

Test(run_reports, of_a_list_that_is_killed_there_is_what_was_run) {
    pid_t process = start_corpus(1000);
    kill(-process, SIGKILL);
    test_command_await(test_reports_folder(), process);
    const struct test_outcome *outcome = test_reports_run("report r.sqlite --text --junit j.xml");
    cr_expect_eq(outcome->code, SIM_EXIT_OK);
    cr_expect(strstr(outcome->out, "\npartial: It did not come to its end"), "%s", outcome->out);
    test_reports_expect("j.xml", "name=\"./good.plan\"");
    test_reports_expect("j.xml", "<error message=\"It did not come to its end");
}

Test(run_reports, a_second_interrupt_ends_all_at_once) {
    pid_t process = start_corpus(1000);
    kill(-process, SIGINT);
    test_reports_sleep_ms(100);
    kill(-process, SIGINT);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->signal, SIGINT, "code %d", outcome->code);
    cr_expect(!test_reports_exists("j.xml"));
    cr_expect_eq(test_reports_run("report r.sqlite")->code, SIM_EXIT_OK);
}

/* ---- bad words */

Test(run_reports, its_help_fits_a_terminal) {
    const char *help = test_reports_run("run --help")->out;
    for (size_t n; *help; help += n + (help[n] == '\n')) {
        n = strcspn(help, "\n");
        cr_expect_leq(n, 100, "%.*s", (int)n, help);
    }
}

static void expect_refused(const char *words, const char *wanted) {
    const struct test_outcome *outcome = test_reports_run(words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
    cr_expect_str_eq(outcome->out, "", "%s", words);
    cr_expect(strstr(outcome->err, wanted), "%s: no \"%s\" in\n%s", words, wanted, outcome->err);
    cr_expect_eq(test_reports_times(outcome->err, "\n"), 1, "%s: %s", words, outcome->err);
}

Test(run_reports, says_in_one_line_what_is_wrong_with_its_words) {
    write_plans();
    expect_refused("run --budget m", "--budget takes a time (90, 90s, 5m, 1h, 1d), not m ");
    expect_refused("run --budget 0m", "not 0m ");
    expect_refused("run --budget 99999999999999999999h", "not 99999999999999999999h ");
    expect_refused("run --seeds 3 --trace t.json", "--trace is for one plan, not for ");
    expect_refused("run good.plan differs.plan --trace t.json",
                   "--trace is for one plan, not for ");
    expect_refused("run --seeds 3 --results", "a value is missing after --results ");
    expect_refused("report", "one result database is to be named ");
    expect_refused("report a b", "one result database is to be named ");
    expect_refused("report --xml a", "unknown option --xml ");
    expect_refused("report --text --json a", "--text and --json are both for standard output ");
    expect_refused("report --html", "a value is missing after --html ");
    expect_refused("report nowhere", "crankcase report: nowhere: No such file or directory\n");
    expect_refused("report good.plan",
                   "crankcase report: good.plan: no result database of crankcase run --results\n");
    cr_expect(strstr(test_reports_run("report --help")->out, "examples:\n"));
    cr_expect(!test_reports_exists("t.json") && !test_reports_exists("t.json.results.sqlite"));
}
