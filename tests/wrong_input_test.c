/* wrong_input_test.c - files that are not for the command that they are given to: each is refused in one line that says
 * what it is and what is wanted, and nothing is said of it that was not found out.
 */
#include "sim/command.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_folder folder;

static void set_up(void) { test_folder_make(&folder); }

static void tear_down(void) { test_folder_remove(&folder); }

TestSuite(wrong_input, .init = set_up, .fini = tear_down, .timeout = 120);

#define expect_word(text, word)                                                                    \
    cr_expect(strstr((text), (word)), "no \"%s\" in\n%s", (word), (text))

static void keep_nodes(const char *plan) {
    char words[1200];
    snprintf(words, sizeof words, "run --quiet --keep nodes %s/corpus/plans/%s", TEST_SOURCE_DIR,
             plan);
    cr_assert_eq(test_command_run(&folder, words)->code, SIM_EXIT_OK);
}

/* Exit code 2, nothing on standard output, and one line. */
static void expect_refused(const char *words, const char *says) {
    const struct test_outcome *outcome = test_command_run(&folder, words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
    cr_expect_str_empty(outcome->out, "%s: %s", words, outcome->out);
    cr_expect(strstr(outcome->err, says), "%s: no \"%s\" in\n%s", words, says, outcome->err);
    const char *end = strchr(outcome->err, '\n');
    cr_expect(end && !end[1], "%s: not one line:\n%s", words, outcome->err);
}

/* ---- a simulated node's trace */

Test(wrong_input, a_simulated_nodes_trace_is_no_recording) {
    static const char says[] =
        "a simulated node's trace, and no recording: crankcase diff reads it";
    const struct test_outcome *outcome;
    keep_nodes("three-replicas.plan");
    outcome = test_command_run(&folder, "replay --quiet nodes/replica-0/trace.jsonl");
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s", outcome->out);
    expect_word(outcome->err, says);
    expect_refused("audit nodes/replica-0/trace.jsonl", says);
    outcome = test_command_run(&folder, "diff --quiet nodes/replica-0/trace.jsonl nodes/replica-0");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
}

/* Beside one that is: the folder's recordings are the others, and of the node the database is audited. */
Test(wrong_input, a_folders_recordings_are_those_that_are_no_traces) {
    char words[1200];
    const struct test_outcome *outcome;
    keep_nodes("first-steps.plan");
    expect_refused("replay nodes", "nodes: no recordings in this folder");
    expect_refused("audit nodes", "nodes: no recordings in this folder");
    outcome = test_command_run(&folder, "audit nodes/replica-0");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    snprintf(words, sizeof words, "%s/corpus/recordings/fuzz/fuzz-0020.jsonl.xz", TEST_SOURCE_DIR);
    cr_assert_eq(symlink(words, test_folder_file(&folder, "nodes/fuzz-0020.jsonl.xz")), 0);
    outcome = test_command_run(&folder, "replay nodes");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "fuzz-0020");
    cr_expect_null(strstr(outcome->out, "trace"), "%s", outcome->out);
}

/* ---- a log without hashes */

/* The crank that the database of the kept node stands before. */
static int next_crank(void) {
    const struct test_outcome *outcome =
        test_command_run(&folder, "postmortem nodes/replica-0 nodes/replica-0/slog");
    const char *at = strstr(outcome->out, "goes on with crank ");
    int crank = -1;
    cr_assert(at && sscanf(at, "goes on with crank %d", &crank) == 1, "%s", outcome->out);
    return crank;
}

Test(wrong_input, a_log_without_hashes_holds_no_crank_to_anything) {
    char slog[500], says[100];
    keep_nodes("first-steps.plan");
    int crank = next_crank();
    snprintf(slog, sizeof slog,
             "{\"type\":\"crank-start\",\"crankNum\":%d,\"crankType\":\"delivery\"}\n"
             "{\"type\":\"crank-finish\",\"crankNum\":%d}\n",
             crank, crank);
    test_file_write(test_folder_file(&folder, "bare.slog"), vk_str(slog));
    snprintf(says, sizeof says, "bare.slog: crank %d has no hashes (a flight recorder keeps none)",
             crank);
    expect_refused("replay nodes/replica-0/swingstore.sqlite bare.slog", says);
    expect_word(test_command_run(&folder, "replay --help")->out,
                "a flight recorder's file has none");
}

/* ---- one line for each, and no table of nothing */

Test(wrong_input, says_what_a_file_is_and_what_is_wanted) {
    static const struct {
        const char *words, *says;
    } cases[] = {
        {"audit nope", "audit: nope: No such file or directory"},
        {"audit a.plan", "audit: a.plan: a plan, where a swing-store database is wanted"},
        {"audit words", "audit: words: no database: a swing-store's, swingstore.sqlite, is wanted"},
        {"audit broken.jsonl", "audit: broken.jsonl:1:1: JSON: "},
        {"postmortem a.plan", "a.plan: a plan, where a slog is wanted"},
        {"postmortem nodes", "nodes: a folder of kept nodes: one of them is wanted, replica-0"},
        {"postmortem folder", "folder: a folder, and no kept node's: neither trace.jsonl nor slog"},
        {"postmortem nodes/replica-0/swingstore.sqlite", "a database, where a slog is wanted"},
        {"postmortem a.plan nodes/replica-0/slog", "a.plan: a plan, where a swing-store database"},
        {"postmortem nodes/replica-0/slog nodes/replica-0/slog",
         "a flight recorder's file, where a"},
        {"diff nodes nodes", "nodes: a folder of kept nodes: one of them is wanted"},
        {"replay a.plan", "replay: a.plan: a plan, where a recording is wanted"},
        {"replay nodes/replica-0/slog", "a flight recorder's file, where a recording is wanted"},
        {"replay nodes/replica-0/swingstore.sqlite a.plan",
         "a.plan: a plan, where a slog is wanted"},
        {"replay nope.jsonl", "replay: nope.jsonl: No such file or directory"},
        {"replay broken.jsonl", "replay: broken.jsonl:1:1: JSON: "},
        {"replay empty.jsonl", "replay: empty.jsonl: the file is empty"},
        {"run nope.jsonl", "run: nope.jsonl: No such file or directory"},
        {"run empty.jsonl", "run: empty.jsonl: the file is empty"},
        {"run broken.jsonl", "run: broken.jsonl:1:1: JSON: "},
    };
    keep_nodes("first-steps.plan");
    cr_assert_eq(mkdir(test_folder_file(&folder, "folder"), 0700), 0);
    test_file_write(test_folder_file(&folder, "a.plan"),
                    VK_STR("# a note\n\n  crankcase-plan 1\n"));
    test_file_write(test_folder_file(&folder, "words"), VK_STR("one two\n"));
    test_file_write(test_folder_file(&folder, "empty.jsonl"), VK_STR(""));
    test_file_write(test_folder_file(&folder, "broken.jsonl"), VK_STR("one two\n"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refused(cases[i].words, cases[i].says);
}

Test(wrong_input, an_empty_plan_ends_at_its_first_place_whoever_reads_it) {
    static const char *const commands[] = {"run",   "plan",         "shrink",
                                           "sweep", "plan --check", "corpus add"};
    test_file_write(test_folder_file(&folder, "empty.plan"), VK_STR(""));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char words[100];
        snprintf(words, sizeof words, "%s empty.plan", commands[i]);
        expect_refused(words,
                       "empty.plan:1:1: expected crankcase-plan 1, found the end of the text");
    }
}

/* The table is of what was run; what could not be read has had its line. */
Test(wrong_input, the_table_has_the_recordings_that_could_be_read) {
    static const char *const commands[] = {"replay", "run --faults invisible"};
    char words[1200];
    test_file_write(test_folder_file(&folder, "empty.jsonl"), VK_STR(""));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        snprintf(words, sizeof words, "%s empty.jsonl %s/corpus/recordings/fuzz/fuzz-0020.jsonl.xz",
                 commands[i], TEST_SOURCE_DIR);
        const struct test_outcome *outcome = test_command_run(&folder, words);
        cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s", words);
        expect_word(outcome->err, "empty.jsonl: the file is empty\n");
        cr_expect_eq(strncmp(outcome->out, "recording ", 10), 0, "%s", outcome->out);
        expect_word(outcome->out, "\nfuzz-0020 ");
        cr_expect_null(strstr(outcome->out, "\nempty"), "%s", outcome->out);
        expect_word(outcome->out, "1 met, 1 no recordings");
    }
}
