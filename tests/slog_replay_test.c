/* slog_replay_test.c - recordings cut to a database and a standard slog, without any write: the hashes are met all the
 * same, and what the host did is named.
 */
#include "sim/replay_run.h"
#include "sim/slog_replay.h"
#include "testing_command.h"
#include "testing_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_folder folder;
static struct test_lines lines;
static struct sim_slog_result result;
static const char *database, *slog;

static void set_up(void) {
    test_folder_make(&folder);
    sim_slog_result_init(&result);
}

static void tear_down(void) {
    sim_slog_result_release(&result);
    test_folder_remove(&folder);
}

TestSuite(slog_replay, .init = set_up, .fini = tear_down);

/* The database as it was at a recording's n-th commit. */
static void make_database(const char *name, int nth) {
    struct test_lines head;
    struct sim_replay_result ran;
    size_t end = 0;
    database = test_folder_file(&folder, "swingstore.sqlite");
    const struct sim_replay_options options = {.mode = VK_STORE_WRITE_BACK, .path = database};
    test_lines_read(&head, name);
    while (nth-- > 0)
        end = test_lines_find(&head, end, "{\"t\":\"commit\"}") + 1;
    head.lines.count = end;
    struct sim_recording *recording = test_lines_recording(&head);
    struct sim_replay *replay = sim_replay_prepare(recording, &options);
    cr_assert_not_null(replay);
    sim_replay_run(replay, &ran);
    cr_assert_eq(ran.outcome, SIM_MET, "%s", ran.error);
    sim_replay_release(replay);
    sim_recording_free(recording);
    test_lines_release(&head);
}

/* A database, and in `lines` the slog of the whole recording. */
static void cut(const char *name, int nth) {
    make_database(name, nth);
    test_lines_read(&lines, name);
    test_log_to_slog(&lines, 1);
}

static enum vk_err run(struct sim_input_error *error) {
    bool is_database;
    sim_slog_result_release(&result);
    sim_slog_result_init(&result);
    slog = test_log_write(&folder, "slog", &lines);
    return sim_slog_replay(database, slog, &result, &is_database, error);
}

static void run_all(void) {
    struct sim_input_error error;
    cr_assert_eq(run(&error), VK_OK, "%zu: %s", error.line, error.what);
}

static bool has_word(struct vk_str text, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0) return true;
    return false;
}

static void expect_met(const char *name, int nth, const char *activityhash) {
    cut(name, nth);
    struct vk_str before = test_file_read(database);
    run_all();
    cr_expect_eq(result.outcome, SIM_SLOG_MET, "%s: crank %llu: %.*s", name,
                 (unsigned long long)result.different_crank, VK_STR_ARG(result.what));
    cr_expect_str_eq(result.activityhash, activityhash, "%s", name);
    cr_expect_gt(result.cranks, 50);
    cr_expect_gt(result.inferred.count, 5);
    struct vk_str after = test_file_read(database);
    cr_expect(vk_str_eq(before, after), "the database is only read");
    free((void *)(uintptr_t)before.p);
    free((void *)(uintptr_t)after.p);
    test_lines_release(&lines);
    remove(database);
}

/* The last activityhash of a recording, off the list of them. */
static void final_hash(const char *name, char hash[VK_HASH_HEX]) {
    test_lines_read(&lines, name);
    struct vk_str line = VK_STR("");
    for (size_t i = lines.lines.count; i-- > 0 && !line.n;)
        if (vk_str_starts(lines.lines.at[i], VK_STR("{\"t\":\"emit\""))) line = lines.lines.at[i];
    cr_assert_gt(line.n, (size_t)VK_HASH_HEX);
    snprintf(hash, VK_HASH_HEX, "%.*s", VK_HASH_HEX - 1, line.p + line.n - VK_HASH_HEX - 1);
    test_lines_release(&lines);
}

Test(slog_replay, recordings_without_their_writes_meet_the_same_hashes) {
    static const char *const names[] = {"fuzz/fuzz-0001", "fuzz/fuzz-0003", "fuzz/fuzz-0020",
                                        "fuzz/fuzz-0030"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int nth = 2; nth <= 8; nth += 6) {
            char hash[VK_HASH_HEX];
            final_hash(names[i], hash);
            expect_met(names[i], nth, hash);
        }
}

Test(slog_replay, what_the_host_did_is_named_with_what_told_it) {
    cut("fuzz/fuzz-0003", 3);
    run_all();
    cr_assert_eq(result.outcome, SIM_SLOG_MET);
    cr_expect_eq(result.first_crank, 100);
    cr_assert_geq(result.inferred.count, 3);
    const struct sim_inferred *first = &result.inferred.at[0];
    cr_expect_eq(first->crank, 100);
    cr_expect(has_word(first->what, "message ko20.kill(...), result kp64"));
    cr_expect(
        has_word(first->by, "by its routing in crank 100; result policy logFailure, by the hash"));
    cr_expect(has_word(result.inferred.at[1].by, "logFailure, and the host waits for it"));
    cr_expect(has_word(result.inferred.at[2].by, "it wants no result"));
    test_lines_release(&lines);
}

/* ---- differences */

static void expect_different(uint64_t crank, const char *what) {
    run_all();
    cr_expect_eq(result.outcome, SIM_SLOG_DIFFERENT);
    cr_expect_eq(result.different_crank, crank, "%llu", (unsigned long long)result.different_crank);
    cr_expect(has_word(result.what, what), "%.*s", VK_STR_ARG(result.what));
    test_lines_release(&lines);
}

static size_t in_crank(unsigned number, const char *text) {
    char start[80];
    snprintf(start, sizeof start, "\"crankNum\":%u,", number);
    return test_lines_find(&lines, test_lines_find(&lines, 0, start), text);
}

Test(slog_replay, another_syscall_comes_to_another_hash) {
    cut("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(299, "\"vsc\":[\"vatstoreSet\",\"k.z17\",\"v"),
                       "\"vsc\":[\"vatstoreSet\",\"k.z17\",\"v",
                       "\"vsc\":[\"vatstoreSet\",\"k.z17\",\"X");
    expect_different(299, "the crankhash");
}

Test(slog_replay, another_result_of_a_syscall_is_found) {
    cut("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(299, "\"vsr\":[\"ok\",null]"), "\"vsr\":[\"ok\",null]",
                       "\"vsr\":[\"ok\",\"?\"]");
    expect_different(299, "a syscall's result of v1");
}

Test(slog_replay, another_delivery_is_found) {
    cut("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(299, "\"type\":\"deliver\""), "\"vd\":[\"notify\",[[\"p",
                       "\"vd\":[\"notify\",[[\"q");
    expect_different(299, "what is delivered of v1");
}

Test(slog_replay, a_message_that_the_host_did_not_send_is_found) {
    cut("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(159, "\"message\":{\"type\":\"send\""),
                       "\"result\":\"kp75\"", "\"result\":\"kp77\"");
    expect_different(159, "the");
}

/* ---- bad input */

Test(slog_replay, inputs_that_do_not_fit_together_are_refused) {
    struct sim_input_error error;
    cut("fuzz/fuzz-0003", 3);
    lines.lines.count = 300; /* ends before the database begins */
    cr_expect_neq(run(&error), VK_OK);
    cr_expect(strstr(error.what, "stands before crank 100, which the slog does not have"), "%s",
              error.what);
    test_lines_release(&lines);
}

Test(slog_replay, the_command_says_what_was_inferred) {
    cut("fuzz/fuzz-0003", 3);
    test_log_write(&folder, "slog", &lines);
    const struct test_outcome *outcome = test_command_run(&folder, "replay swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 0, "%s", outcome->err);
    cr_expect(strstr(outcome->out, "every crank of the slog is met"));
    cr_expect(strstr(outcome->out, "407 cranks, from 100 on"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "inferred, for a slog does not show what the host did: 24"));
    outcome = test_command_run(&folder, "replay --json swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 0);
    cr_expect(strstr(outcome->out, "{\"outcome\":\"met\""));
    outcome = test_command_run(&folder, "replay swingstore.sqlite swingstore.sqlite");
    cr_expect_eq(outcome->code, 2);
    test_lines_release(&lines);
}
