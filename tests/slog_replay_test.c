/* slog_replay_test.c - recordings cut to a database and a standard slog, without any write: the hashes are met all the
 * same, and what the host did is named.
 */
#include "testing_command.h"
#include "testing_slog.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_folder folder;
static struct test_lines lines;
static struct test_slog cut;
static struct sim_slog_result result;

static void set_up(void) {
    test_folder_make(&folder);
    sim_slog_result_init(&result);
}

static void tear_down(void) {
    sim_slog_result_release(&result);
    test_lines_release(&lines);
    test_folder_remove(&folder);
}

TestSuite(slog_replay, .init = set_up, .fini = tear_down);

/* The database at a recording's n-th commit, and in `lines` the slog of the whole. */
static void cut_at_commit(const char *name, size_t nth) {
    test_lines_read(&lines, name);
    test_slog_cut(&cut, &folder, &lines, test_slog_line(&lines, "{\"t\":\"commit\"}", nth) + 1);
}

/* The database before the first crank. */
static void cut_before_cranks(const char *name) {
    test_lines_read(&lines, name);
    test_slog_cut(&cut, &folder, &lines, test_slog_line(&lines, "{\"t\":\"startCrank\"}", 1));
}

static void run_told(const char *told) {
    sim_slog_result_release(&result);
    sim_slog_result_init(&result);
    cut.slog = test_log_write(&folder, "slog", &lines);
    test_slog_replay(&cut, told, &result);
}

static void expect_inferred(uint64_t crank, const char *what, const char *by) {
    for (size_t i = 0; i < result.inferred.count; i++) {
        const struct sim_inferred *inferred = &result.inferred.at[i];
        if (inferred->crank == crank && test_slog_has(inferred->what, what) &&
            test_slog_has(inferred->by, by))
            return;
    }
    cr_expect_fail("crank %llu: nobody says %s, %s", (unsigned long long)crank, what, by);
}

/* ---- what is inferred, and named */

Test(slog_replay, the_database_is_only_read) {
    cut_at_commit("fuzz/fuzz-0003", 8);
    struct vk_str before = test_file_read(cut.database);
    run_told("");
    struct vk_str after = test_file_read(cut.database);
    cr_expect_eq(result.outcome, SIM_SLOG_MET);
    cr_expect(vk_str_eq(before, after));
    free((void *)(uintptr_t)before.p);
    free((void *)(uintptr_t)after.p);
}

Test(slog_replay, what_the_host_did_is_named_with_what_told_it) {
    cut_at_commit("fuzz/fuzz-0003", 3);
    run_told("");
    cr_assert_eq(result.outcome, SIM_SLOG_MET);
    cr_expect_eq(result.first_crank, 100);
    cr_assert_geq(result.inferred.count, 3);
    cr_expect_eq(result.inferred.at[0].crank, 100);
    expect_inferred(100, "message ko20.kill(...), result kp64",
                    "by its routing in crank 100; result policy logFailure, by the hash");
    expect_inferred(100, "message ", "logFailure, and the host waits for it");
    expect_inferred(100, "message ", "it wants no result");
}

Test(slog_replay, bundles_and_pins_are_inferred) {
    cut_before_cranks("suite/vat-admin__create-vat-01");
    run_told("");
    cr_expect_eq(result.outcome, SIM_SLOG_MET);
    expect_inferred(0, "installing bundle b1-4f30a2ee71cba...", "by the hash");
    expect_inferred(0, "installing bundle b1-87c25804fd0d4...", "by the hash");
    expect_inferred(0, "pinning ko21", "by the hash");
}

Test(slog_replay, results_that_are_taken_and_waited_for_are_inferred) {
    cut_before_cranks("suite/upgrade__upgrade-04");
    run_told("");
    cr_expect_eq(result.outcome, SIM_SLOG_MET);
    expect_inferred(34, "taking the result kp42", "by the hash");
    expect_inferred(124, "waiting for kp63", "by the hash");
    expect_inferred(124, "waiting for kp64", "by the hash");
}

Test(slog_replay, what_swingsets_devices_write_is_inferred) {
    static const struct {
        const char *name, *device;
        uint64_t crank;
    } devices[] = {
        {"suite/timer-device__device-02", "device d7 (timer) sets its state in schedule()", 15},
        {"suite/device-bridge-02", "(bridge) sets its state in registerInboundHandler()", 15},
        {"suite/message-patterns-comms-01", "(loopbox) sets its state in add()", 125},
        {"suite/device-plugin__device-01", "(plugin) sets its state in connect()", 18},
    };
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        cut_before_cranks(devices[i].name);
        run_told("");
        cr_expect_eq(result.outcome, SIM_SLOG_MET, "%s", devices[i].name);
        expect_inferred(devices[i].crank, devices[i].device, "as SwingSet's own such device does");
        if (i + 1 < sizeof devices / sizeof *devices) test_lines_release(&lines);
    }
}

Test(slog_replay, a_device_of_ones_own_may_keep_what_it_is_given) {
    cut_before_cranks("suite/gc-kernel-15");
    run_told("");
    cr_expect_eq(result.outcome, SIM_SLOG_MET);
    expect_inferred(21, "device d7 (stash_device) sets its state in set()", "its first argument");
}

/* ---- what the host tells */

Test(slog_replay, one_change_of_options_is_inferred_and_others_are_told) {
    cut_before_cranks("suite/change-parameters__change-parameters-01");
    run_told("crank-31: options snapshot-interval=1000 reap-interval=10\n"
             "crank-31: options\n"
             "crank-31: options\n");
    cr_expect_eq(result.outcome, SIM_SLOG_MET);
    expect_inferred(31, "changeKernelOptions snapshotInterval 1000, defaultReapInterval 10",
                    "as the host told");
    expect_inferred(31, "changeKernelOptions defaultReapGCKrefs 77", "by the hash");
    run_told("crank-31: options reap-interval=11\n");
    cr_expect_eq(result.outcome, SIM_SLOG_DIFFERENT, "what is told is held to the hash, too");
    cr_expect_eq(result.different_crank, 31);
}

Test(slog_replay, what_a_host_tells_is_read_with_line_and_column) {
    static const struct {
        const char *text;
        size_t line, column;
    } wrong[] = {
        {"workers:\n", 1, 9},
        {"workers: b0-1\nblock-3: pin ko20\n", 2, 1},
        {"crank-3: pin kp20\n", 1, 14},
        {"crank-3: pim ko20\n", 1, 10},
        {"crank-3: options reap-interval=0\n", 1, 18},
        {"crank-3: take kp20 kp21\n", 1, 20},
        {"crank-3 call-0: delete x\n", 1, 9},
        {"crank-3 call-1: set x y\n", 1, 23},
        {"crank-3 call-1: state []\n", 1, 23},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sim_slog_told told;
        struct sim_plan_error error;
        sim_slog_told_init(&told);
        cr_expect_eq(sim_slog_told_read(&told, vk_str(wrong[i].text), &error), VK_ERR_SYNTAX, "%s",
                     wrong[i].text);
        cr_expect_eq(error.line, wrong[i].line, "%s", wrong[i].text);
        cr_expect_eq(error.column, wrong[i].column, "%s: %zu", wrong[i].text, error.column);
        sim_slog_told_release(&told);
    }
    lines = (struct test_lines){0};
    vk_arena_init(&lines.arena, vk_heap_system());
}

/* ---- differences */

static void expect_different(uint64_t crank, const char *what) {
    run_told("");
    cr_expect_eq(result.outcome, SIM_SLOG_DIFFERENT);
    cr_expect_eq(result.different_crank, crank, "%llu", (unsigned long long)result.different_crank);
    cr_expect(test_slog_has(result.what, what), "%.*s", VK_STR_ARG(result.what));
}

static size_t in_crank(unsigned number, const char *text) {
    char start[80];
    snprintf(start, sizeof start, "\"crankNum\":%u,", number);
    return test_lines_find(&lines, test_lines_find(&lines, 0, start), text);
}

Test(slog_replay, another_syscall_comes_to_another_hash) {
    cut_at_commit("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(299, "\"vsc\":[\"vatstoreSet\",\"k.z17\",\"v"),
                       "\"vsc\":[\"vatstoreSet\",\"k.z17\",\"v",
                       "\"vsc\":[\"vatstoreSet\",\"k.z17\",\"X");
    expect_different(299, "the crankhash");
}

Test(slog_replay, another_result_of_a_syscall_is_found) {
    cut_at_commit("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(299, "\"vsr\":[\"ok\",null]"), "\"vsr\":[\"ok\",null]",
                       "\"vsr\":[\"ok\",\"?\"]");
    expect_different(299, "a syscall's result of v1");
}

Test(slog_replay, another_delivery_is_found) {
    cut_at_commit("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(299, "\"type\":\"deliver\""), "\"vd\":[\"notify\",[[\"p",
                       "\"vd\":[\"notify\",[[\"q");
    expect_different(299, "what is delivered of v1");
}

Test(slog_replay, a_message_that_the_host_did_not_send_is_found) {
    cut_at_commit("fuzz/fuzz-0003", 3);
    test_lines_replace(&lines, in_crank(159, "\"message\":{\"type\":\"send\""),
                       "\"result\":\"kp75\"", "\"result\":\"kp77\"");
    expect_different(159, "the");
}

/* Another hash in the crank's last entry. */
static void plant_hash(unsigned crank, const char *name) {
    char word[40], first[2] = "";
    size_t at = in_crank(crank, "\"type\":\"crank-finish\"");
    snprintf(word, sizeof word, "\"%s\":\"", name);
    struct vk_str line = lines.lines.at[at];
    for (size_t i = 0; i + strlen(word) < line.n; i++)
        if (vk_str_starts(vk_str_from(line, i), vk_str(word))) first[0] = line.p[i + strlen(word)];
    char is[48], with[48];
    snprintf(is, sizeof is, "%s%s", word, first);
    snprintf(with, sizeof with, "%s%s", word, first[0] == '0' ? "1" : "0");
    test_lines_replace(&lines, at, is, with);
}

Test(slog_replay, a_changed_hash_is_refused_at_its_crank) {
    static const char *const names[] = {"crankhash", "activityhash"};
    static const char *const recordings[] = {"fuzz/fuzz-0003", "fuzz/fuzz-0003",
                                             "suite/timer-device__device-02"};
    static const unsigned cranks[] = {299, 159, 15}; /* a delivery, a host's message, a device */
    for (size_t i = 0; i < 6; i++) {
        const char *name = recordings[i / 2];
        if (i < 4)
            cut_at_commit(name, 3);
        else
            cut_before_cranks(name);
        plant_hash(cranks[i / 2], names[i % 2]);
        run_told("");
        cr_expect_eq(result.outcome, SIM_SLOG_DIFFERENT, "%s of %u", names[i % 2], cranks[i / 2]);
        cr_expect_eq(result.different_crank, cranks[i / 2], "%llu",
                     (unsigned long long)result.different_crank);
        if (i + 1 < 6) test_lines_release(&lines);
    }
}

Test(slog_replay, another_answer_of_a_device_comes_to_another_hash) {
    cut_before_cranks("suite/timer-device__device-02");
    size_t at = in_crank(15, "\"ksr\":[\"ok\",{\"body\":\"#0\"");
    test_lines_replace(&lines, at, "\"ksr\":[\"ok\",{\"body\":\"#0\"",
                       "\"ksr\":[\"ok\",{\"body\":\"#1\"");
    expect_different(15, "a syscall's result of v1");
}

/* ---- bad input */

Test(slog_replay, inputs_that_do_not_fit_together_are_refused) {
    struct sim_input_error error;
    struct sim_slog_told told;
    bool of_database;
    cut_at_commit("fuzz/fuzz-0003", 3);
    lines.lines.count = 300; /* ends before the database begins */
    cut.slog = test_log_write(&folder, "slog", &lines);
    sim_slog_told_init(&told);
    cr_expect_neq(sim_slog_replay(cut.database, cut.slog, &told, &result, &of_database, &error),
                  VK_OK);
    sim_slog_told_release(&told);
    cr_expect(strstr(error.what, "stands before crank 100, which the slog does not have"), "%s",
              error.what);
}

Test(slog_replay, the_command_says_what_was_inferred) {
    cut_at_commit("fuzz/fuzz-0003", 3);
    test_log_write(&folder, "slog", &lines);
    const struct test_outcome *outcome = test_command_run(&folder, "replay swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 0, "%s", outcome->err);
    cr_expect(strstr(outcome->out, "every crank of the slog is met"));
    cr_expect(strstr(outcome->out, "407 cranks, from 100 on"), "%s", outcome->out);
    cr_expect(strstr(outcome->out,
                     "inferred, for a slog does not show what the host and devices did: 24"));
    outcome = test_command_run(&folder, "replay --json swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 0);
    cr_expect(strstr(outcome->out, "{\"outcome\":\"met\""));
    outcome = test_command_run(&folder, "replay --quiet swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 0);
    cr_expect_str_eq(outcome->out, "");
    outcome = test_command_run(&folder, "replay swingstore.sqlite swingstore.sqlite");
    cr_expect_eq(outcome->code, 2);
}

Test(slog_replay, the_command_says_what_is_lacking_and_is_told) {
    cut_before_cranks("suite/devices__raw-device-01");
    const struct test_outcome *outcome = test_command_run(&folder, "replay swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 1);
    cr_expect(strstr(outcome->out, "  differs     crank 23: the crankhash"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "  why         device d7 (dr) is none of SwingSet's own"));
    outcome = test_command_run(&folder, "replay --json swingstore.sqlite slog");
    cr_expect(strstr(outcome->out, "\"why\":\"device d7 (dr) is none"), "%s", outcome->out);
    test_file_write(test_folder_file(&folder, "known"),
                    VK_STR("crank-23 call-2: set key1 \"value1\"\n"
                           "crank-23 call-4: delete key1\n"));
    outcome = test_command_run(&folder, "replay --host known swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 0, "%s", outcome->out);
    cr_expect(strstr(outcome->out, "  in     23    device d7 (dr) sets key1, as the host told"));
    test_file_write(test_folder_file(&folder, "known"), VK_STR("crank-23 call-2: set key1 value1"));
    outcome = test_command_run(&folder, "replay --host known swingstore.sqlite slog");
    cr_expect_eq(outcome->code, 2);
    cr_expect(strstr(outcome->err, "known:1:27: expected a text"), "%s", outcome->err);
    outcome = test_command_run(&folder, "replay --host known slog");
    cr_expect_eq(outcome->code, 2);
}
