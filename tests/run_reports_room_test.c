/* run_reports_room_test.c - what `crankcase run` leaves where there is no room for it, or somebody else has it: a full disk, a
 * folder that is gone, a result database that is being read.
 */
#include "sim/command.h"
#include "testing_reports.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run_reports_room, .init = test_reports_begin, .fini = test_reports_end);

/* Who gave no name for the results is told where they are when they are needed. */
Test(run_reports_room, what_was_found_is_named_where_a_report_cannot_be_written) {
    const struct test_command command = {.words =
                                             "run --budget 2s --html such/p.html --junit j.xml"};
    mkdir(test_folder_file(test_reports_folder(), "such"), 0700);
    pid_t process = test_command_start(test_reports_folder(), &command);
    test_reports_await("j.xml.results.sqlite");
    cr_expect_eq(rmdir(test_folder_file(test_reports_folder(), "such")), 0);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED);
    cr_expect_str_eq(outcome->err,
                     "crankcase run: such/p.html: No such file or directory; what was found is in "
                     "j.xml.results.sqlite (see crankcase report)\n");
    cr_expect_eq(test_reports_run("report j.xml.results.sqlite --html p.html")->code, SIM_EXIT_OK);
}

/* Room for what a result database begins with, and a few failures of a kernel that has a bug in most of its runs. */
Test(run_reports_room, on_a_full_disk_it_goes_on_and_keeps_what_was_written) {
    const struct test_command command = {
        .program = "crankcase-planted",
        .words = "completion-ignored run --seeds 100 --results r.sqlite --quiet",
        .file_bytes_max = (unsigned long)80 * 1024};
    char missing[80];
    const struct test_outcome *outcome =
        test_command_await(test_reports_folder(),
                           test_command_start(test_reports_folder(), &command));
    size_t told = test_reports_times(outcome->out, " failed: oracle");
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED, "signal %d", outcome->signal);
    cr_expect_gt(told, 50, "the campaign goes on");
    cr_expect_eq(test_reports_times(outcome->err, "what cannot be written is kept"), 1, "%s",
                 outcome->err);
    size_t on_disk = test_reports_failures("r.sqlite");
    cr_expect(on_disk >= 5 && on_disk < told, "%zu told, %zu on disk", told, on_disk);
    snprintf(missing, sizeof missing, "; %zu failures are not in it\n", told - on_disk);
    cr_expect(strstr(outcome->err, missing), "no '%s' in: %s", missing, outcome->err);
    outcome = test_reports_run("report r.sqlite");
    cr_expect_eq(outcome->code, SIM_EXIT_OK);
    cr_expect(strstr(outcome->out, "\npartial: "), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "reproduce: crankcase run --seed "), "%s", outcome->out);
}

/* The page alone has more than that; the others do not. */
Test(run_reports_room, what_there_is_no_room_for_in_the_results_is_in_the_reports_that_have_room) {
    const struct test_command command = {
        .program = "crankcase-planted",
        .words = "completion-ignored run --seeds 100 --results r.sqlite --quiet --html p.html "
                 "--summary s.md --junit j.xml",
        .file_bytes_max = (unsigned long)80 * 1024};
    char wanted[80];
    test_file_write(test_folder_file(test_reports_folder(), "s.md"), VK_STR("mine\n"));
    const struct test_outcome *outcome =
        test_command_await(test_reports_folder(),
                           test_command_start(test_reports_folder(), &command));
    size_t told = test_reports_times(outcome->out, " failed: oracle");
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED, "signal %d", outcome->signal);
    cr_expect_eq(test_reports_times(outcome->err, "crankcase run: p.html: "), 1, "%s",
                 outcome->err);
    cr_expect(!test_reports_exists("p.html") && !test_reports_exists("p.html.part"),
              "it is not cut");
    snprintf(wanted, sizeof wanted, "\n| 100 | %zu | ", told);
    test_reports_expect("s.md", wanted);
    test_reports_expect("s.md", "mine\n");
    char *xml = test_reports_text("j.xml"), *markdown = test_reports_text("s.md");
    cr_expect(strstr(xml, "name=\"comes to its end\"") && !strstr(xml, "It did not come"), "%s",
              xml);
    cr_expect_null(strstr(markdown, "Partial"));
    snprintf(wanted, sizeof wanted, "%zu seeds more have this signature", told - 1);
    cr_expect(strstr(xml, wanted) || test_reports_times(xml, "<failure") > 1, "no '%s' in %s",
              wanted, xml);
    free(xml);
    free(markdown);
}

Test(run_reports_room, each_report_that_cannot_be_written_is_named) {
    cr_expect_eq(test_reports_run("run --seeds 20 --results r.sqlite --quiet")->code, SIM_EXIT_OK);
    const struct test_command reports = {
        .words = "report r.sqlite --html p.html --markdown m.md --junit j.xml",
        .file_bytes_max = 1024};
    const struct test_outcome *outcome =
        test_command_await(test_reports_folder(),
                           test_command_start(test_reports_folder(), &reports));
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED, "signal %d", outcome->signal);
    cr_expect_str_eq(outcome->err, "crankcase report: j.xml: File too large\n"
                                   "crankcase report: m.md: File too large\n"
                                   "crankcase report: p.html: File too large\n");
    cr_expect(!test_reports_exists("j.xml") && !test_reports_exists("m.md") &&
                  !test_reports_exists("p.html"),
              "none is cut");
}

/* README invites to look while it runs. */
Test(run_reports_room, whoever_looks_at_the_results_costs_the_campaign_nothing) {
    const struct test_command command = {
        .program = "crankcase-planted",
        .words = "completion-ignored run --budget 4s --results r.sqlite --quiet"};
    struct report_model model;
    struct vk_arena arena;
    sqlite3 *reader;
    pid_t process = test_command_start(test_reports_folder(), &command);
    test_reports_await("r.sqlite");
    test_reports_sleep_ms(500);
    cr_assert_eq(sqlite3_open(test_folder_file(test_reports_folder(), "r.sqlite"), &reader),
                 SQLITE_OK);
    sqlite3_busy_timeout(reader, 1000);
    cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT * FROM campaign", NULL, NULL, NULL),
                 SQLITE_OK);
    test_reports_sleep_ms(500); /* what was being told is told */
    char *before = test_command_out(test_reports_folder());
    test_reports_sleep_ms(1500);
    char *after = test_command_out(test_reports_folder());
    cr_expect_gt(test_reports_times(after, " failed: oracle"),
                 test_reports_times(before, " failed: oracle") + 5, "it waits");
    sqlite3_close(reader);
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect_str_eq(outcome->err, "");
    test_reports_load("r.sqlite", &model, &arena);
    cr_expect_eq(model.failure_count, test_reports_times(outcome->out, " failed: oracle"));
    cr_expect_null(report_model_partial(&model));
    vk_arena_release(&arena);
    free(before);
    free(after);
}

Test(run_reports_room, what_cannot_be_written_is_said_and_is_no_success) {
    const struct test_command command = {
        .words = "run --budget 2s --results r.sqlite --html such/p.html"};
    mkdir(test_folder_file(test_reports_folder(), "such"), 0700);
    pid_t process = test_command_start(test_reports_folder(), &command);
    test_reports_await("r.sqlite");
    cr_expect_eq(rmdir(test_folder_file(test_reports_folder(), "such")), 0,
                 "what it was looked at for is gone");
    const struct test_outcome *outcome = test_command_await(test_reports_folder(), process);
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED);
    cr_expect_str_eq(outcome->err, "crankcase run: such/p.html: No such file or directory; what "
                                   "was found is in r.sqlite (see crankcase report)\n");
    cr_expect(strstr(outcome->out, " seeds failed\n"));
    cr_expect_eq(test_reports_run("report r.sqlite --html p.html")->code, SIM_EXIT_OK);
}

Test(run_reports_room, a_plan_of_a_failure_that_cannot_be_written_is_no_mere_failure) {
    enum { SEEDS = 20 };
    const struct test_command command = {
        .program = "crankcase-planted",
        .words = "completion-ignored run --seeds 20 --quiet --junit j.xml"};
    char name[80];
    mkdir(test_folder_file(test_reports_folder(), "crankcase-failures"), 0700);
    for (int i = 1; i <= SEEDS; i++) { /* something is in the way */
        snprintf(name, sizeof name, "crankcase-failures/seed-%d.plan", i);
        mkdir(test_folder_file(test_reports_folder(), name), 0700);
    }
    const struct test_outcome *outcome =
        test_command_await(test_reports_folder(),
                           test_command_start(test_reports_folder(), &command));
    cr_expect_eq(outcome->code, SIM_EXIT_FAILED);
    cr_expect(strstr(outcome->err, ".plan: Is a directory\n"), "%s", outcome->err);
    test_reports_expect("j.xml", "reproduce: crankcase run --seed ");
}
