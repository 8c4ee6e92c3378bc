/* diff_command_test.c - `crankcase diff` as its users run it, from a campaign's failure to its cause.
 */
#include "sim/command.h"
#include "testing_command.h"
#include "testing_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

static struct test_folder folder;

static void set_up(void) { test_folder_make(&folder); }

static void tear_down(void) { test_folder_remove(&folder); }

TestSuite(diff_command, .init = set_up, .fini = tear_down, .timeout = 280);

static const struct test_outcome *run_planted(const char *words) {
    const struct test_command command = {.words = words, .program = "crankcase-planted"};
    return test_command_await(&folder, test_command_start(&folder, &command));
}

#define expect_word(text, word)                                                                    \
    cr_expect(strstr((text), (word)), "no \"%s\" in\n%s", (word), (text))

static yajl_val member(yajl_val object, const char *name, yajl_type type) {
    const char *path[] = {name, NULL};
    return yajl_tree_get(object, path, type);
}

static size_t length_of(yajl_val object, const char *name) {
    yajl_val array = member(object, name, yajl_t_array);
    return array ? array->u.array.len : 0;
}

/* ---- the story: a validator differs, why? */

Test(diff_command, a_campaigns_failure_is_explained_down_to_the_fault_and_the_write) {
    char plan[200], words[400];
    int failed, other;
    const struct test_outcome *outcome =
        run_planted("created-later run --seeds 40 --quiet --out failures");
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    const char *found = strstr(outcome->out, "  replica ");
    const char *than = strstr(outcome->out, "than replica "), *at = strstr(outcome->out, "plan: ");
    cr_assert(found && than && at, "%s", outcome->out);
    cr_assert_eq(sscanf(found, " replica %d", &failed), 1);
    cr_assert_eq(sscanf(than, "than replica %d", &other), 1);
    cr_assert_eq(sscanf(at, "plan: %199s", plan), 1);

    snprintf(words, sizeof words, "created-later diff %s", plan);
    outcome = run_planted(words);
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    expect_word(outcome->out, "the state differs\n");
    expect_word(outcome->out, "delivery of create-vat: v");
    expect_word(outcome->out, "head and tail of the acceptance queue");
    expect_word(outcome->out, "worker-starts-slowly struck");
    expect_word(outcome->out, "(callNow) of v1");
    expect_word(outcome->out, "the host's input");

    snprintf(words, sizeof words, "created-later run --quiet --keep nodes %s", plan);
    outcome = run_planted(words);
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    snprintf(words, sizeof words, "diff --json nodes/replica-%d nodes/replica-%d", other, failed);
    outcome = test_command_run(&folder, words);
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    yajl_val tree = yajl_tree_parse(outcome->out, NULL, 0);
    cr_assert_not_null(tree, "%s", outcome->out);
    cr_expect_str_eq(YAJL_GET_STRING(member(tree, "kind", yajl_t_string)), "state");
    cr_expect_str_eq(YAJL_GET_STRING(member(tree, "messageType", yajl_t_string)), "create-vat");
    cr_expect_gt(length_of(tree, "keys"), 5);
    cr_expect_gt(length_of(tree, "ancestors"), 2);
    yajl_tree_free(tree);
}

Test(diff_command, databases_of_kept_nodes_are_compared) {
    char words[1200];
    snprintf(words, sizeof words, "run --quiet --keep nodes %s/corpus/plans/three-replicas.plan",
             TEST_SOURCE_DIR);
    const struct test_outcome *outcome = test_command_run(&folder, words);
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    outcome = test_command_run(
        &folder, "diff nodes/replica-0/swingstore.sqlite nodes/replica-2/swingstore.sqlite");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "both stand before crank");
    outcome = test_command_run(&folder, "diff nodes/replica-0 nodes/replica-2");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "were run again");
}

Test(diff_command, a_database_is_found_in_a_log_or_is_not) {
    char words[1200];
    snprintf(words, sizeof words, "run --quiet --keep nodes %s/corpus/plans/three-replicas.plan",
             TEST_SOURCE_DIR);
    cr_assert_eq(test_command_run(&folder, words)->code, SIM_EXIT_OK);
    const struct test_outcome *outcome =
        test_command_run(&folder, "diff nodes/replica-0/swingstore.sqlite nodes/replica-1");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "the database stands before crank 111");
    expect_word(outcome->out, "up to crank 110");
    test_file_write(test_folder_file(&folder, "other.plan"),
                    VK_STR("crankcase-plan 1\nprogram p\nvat a p\nbootstrap a\nblock after=5000\n"
                           "block after=5000\n  send a\nblock after=5000\n  send a\n"));
    cr_assert_eq(test_command_run(&folder, "run --quiet --keep nodes other.plan")->code,
                 SIM_EXIT_OK);
    outcome = test_command_run(&folder, "diff nodes/replica-1 nodes/replica-0/swingstore.sqlite");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "no crank of the log has the database's activityhash");
}

/* ---- what cannot be compared is not the same */

/* A slog of the cranks from `from` to `to`; `hash`: of them all, or NULL. */
static void write_slog(const char *name, int from, int to, const char *hash) {
    char text[4000] = "";
    for (int i = from; i <= to; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "{\"type\":\"crank-finish\",\"crankNum\":%d", i);
        n = strlen(text);
        if (hash)
            snprintf(text + n, sizeof text - n,
                     ",\"crankhash\":\"%064d\",\"activityhash\":\"%s%063d\"", i, hash, i);
        n = strlen(text);
        snprintf(text + n, sizeof text - n, "}\n");
    }
    test_file_write(test_folder_file(&folder, name), vk_str(text));
}

static void expect_nothing(const char *words, const char *why) {
    const struct test_outcome *outcome = test_command_run(&folder, words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d: %s", words, outcome->code,
                 outcome->out);
    cr_expect(strstr(outcome->out, "they have nothing in common that could be compared\n") ==
                  outcome->out,
              "%s", outcome->out);
    expect_word(outcome->out, why);
    cr_expect_null(strstr(outcome->out, "were compared"), "%s", outcome->out);
}

Test(diff_command, what_has_nothing_in_common_is_not_the_same) {
    char words[1200];
    write_slog("early.slog", 0, 9, "a");
    write_slog("late.slog", 10, 12, "a");
    write_slog("both.slog", 8, 11, "a");
    expect_nothing("diff early.slog late.slog", "no crank is in both");
    const struct test_outcome *outcome =
        test_command_run(&folder, "diff --json early.slog late.slog");
    expect_word(outcome->out, "{\"kind\":\"nothing\",");
    outcome = test_command_run(&folder, "diff early.slog both.slog");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "they are the same\n");
    expect_word(outcome->out, "; 2 cranks were compared");
    snprintf(words, sizeof words, "run --quiet --keep nodes %s/corpus/plans/three-replicas.plan",
             TEST_SOURCE_DIR);
    cr_assert_eq(test_command_run(&folder, words)->code, SIM_EXIT_OK);
    expect_nothing("diff nodes/replica-0/swingstore.sqlite early.slog",
                   "the log does not have the crank before that");
    expect_nothing("diff nodes/replica-0/slog nodes/replica-0/swingstore.sqlite",
                   "the log has no hashes there");
}

/* What a log tells of a crank beside its hashes is what it can be compared by if the other has none. */
Test(diff_command, cranks_of_which_the_logs_have_no_fact_in_common_are_not_counted) {
    test_file_write(test_folder_file(&folder, "writes.jsonl"),
                    VK_STR("{\"t\":\"startCrank\"}\n{\"t\":\"savepoint\",\"s\":\"start\"}\n"
                           "{\"t\":\"set\",\"k\":\"crankNumber\",\"v\":\"1\"}\n"
                           "{\"t\":\"emit\",\"crankhash\":\"\",\"activityhash\":\"\"}\n"
                           "{\"t\":\"endCrank\"}\n{\"t\":\"commit\"}\n"));
    test_file_write(test_folder_file(&folder, "entries.slog"),
                    VK_STR("{\"type\":\"crank-start\",\"crankNum\":0}\n"
                           "{\"type\":\"crank-finish\",\"crankNum\":0}\n"));
    expect_nothing("diff writes.jsonl entries.slog", "of the cranks that both have, one has");
}

/* By an oracle that sees each replica alone, so that the replicas are the same. */
Test(diff_command, that_the_run_fails_is_always_told) {
    char words[1200];
    const char *plan = "corpus/plans/three-replicas.plan";
    snprintf(words, sizeof words, "no-reaping diff %s/%s", TEST_SOURCE_DIR, plan);
    const struct test_outcome *outcome = run_planted(words);
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "they are the same\n");
    expect_word(outcome->out, "the run fails: replica 0: there is something left to do");
    snprintf(words, sizeof words, "no-reaping diff %s/%s %s/%s", TEST_SOURCE_DIR, plan,
             TEST_SOURCE_DIR, plan);
    outcome = run_planted(words);
    expect_word(outcome->out, "the run of A fails: replica 0: ");
    expect_word(outcome->out, "the run of B fails: replica 0: ");
    snprintf(words, sizeof words, "diff %s/%s", TEST_SOURCE_DIR, plan);
    outcome = test_command_run(&folder, words);
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    cr_expect_null(strstr(outcome->out, "fails"), "%s", outcome->out);
}

/* ---- usage */

Test(diff_command, two_plans_are_run_and_compared) {
    static const char head[] =
        "crankcase-plan 1\nreplica\nprogram talks\n  turn\n    store-set key=";
    static const char tail[] = "\nvat boot talks\nbootstrap boot\nblock after=5000\n";
    char text[400];
    for (int i = 1; i <= 2; i++) {
        snprintf(text, sizeof text, "%s%d bytes=%d%s", head, i, 4, tail);
        test_file_write(test_folder_file(&folder, i == 1 ? "a.plan" : "b.plan"), vk_str(text));
    }
    const struct test_outcome *outcome = test_command_run(&folder, "diff a.plan b.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s%s", outcome->out, outcome->err);
    expect_word(outcome->out, "replica 0 of b.plan");
    expect_word(outcome->out, "v2.vs.k.1: v2's vatstore key \"k.1\"");
    outcome = test_command_run(&folder, "diff --kernel " TEST_BINARY_DIR "/libvk.so a.plan a.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    outcome = test_command_run(&folder, "diff a.plan a.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s%s", outcome->out, outcome->err);
    outcome = test_command_run(&folder, "diff a.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT);
    expect_word(outcome->err, "it has one replica");
}

Test(diff_command, bad_usage_and_bad_input_are_one_clear_line) {
    static const struct {
        const char *words, *says;
    } cases[] = {
        {"diff", "two inputs are compared, or one plan"},
        {"diff a b c", "two inputs are compared, or one plan"},
        {"diff --kernel words a b", "--kernel: "},
        {"diff --nonsense a b", "unknown option --nonsense"},
        {"diff nobody nothing", "nobody: No such file or directory"},
        {"diff words words", "words:1:1: neither slog nor recording"},
        {"diff words", "of one input alone a plan is expected"},
        {"diff bad.plan", "bad.plan:2:1: "},
        {"diff empty empty", "empty: the file is empty"},
    };
    test_file_write(test_folder_file(&folder, "words"), VK_STR("one two\n"));
    test_file_write(test_folder_file(&folder, "bad.plan"), VK_STR("crankcase-plan 1\nnonsense\n"));
    test_file_write(test_folder_file(&folder, "empty"), VK_STR(""));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct test_outcome *outcome = test_command_run(&folder, cases[i].words);
        cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", cases[i].words, outcome->code);
        expect_word(outcome->err, cases[i].says);
        cr_expect_str_empty(outcome->out);
        const char *end = strchr(outcome->err, '\n');
        cr_expect(end && !end[1], "more than a line: %s", outcome->err);
    }
    const struct test_outcome *outcome = test_command_run(&folder, "diff --help");
    cr_expect_eq(outcome->code, SIM_EXIT_OK);
    expect_word(outcome->out, "examples:");
}
