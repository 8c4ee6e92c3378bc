/* replay_test.c - recordings that are met, and planted differences that must be found where they
 * are. */
#include "testing_recording.h"

#include "sim/recorded_worker.h"
#include "sim/replay_diff.h"
#include "sim/replay_run.h"

#include <criterion/criterion.h>
#include <inttypes.h>

static const struct sim_replay_options plain = {.mode = VK_STORE_WRITE_BACK};

/* ---- recordings that are met */

static void expect_met(const char *name, const struct sim_replay_options *options,
                       struct sim_replay_result *result) {
    struct sim_recording *recording;
    struct sim_input_error error;
    cr_assert_eq(sim_recording_read(test_recording_path(name), &recording, &error), VK_OK);
    struct sim_replay *replay = sim_replay_prepare(recording, options);
    cr_assert_not_null(replay);
    for (int run = 0; run < 2; run++) { /* a prepared replay can be run again */
        sim_replay_run(replay, result);
        if (result->diff) sim_diff_print(result->diff, recording, name, name, stderr, false);
        cr_assert_eq(result->outcome, SIM_MET, "%s: %s", name, result->error);
    }
    result->devices = VK_STR_NONE; /* was the replay's */
    sim_replay_release(replay);
    sim_recording_free(recording);
}

Test(replay, meets_recordings_under_every_page_out_policy_and_store) {
    static const char *const names[] = {"suite/kernel-03", "suite/gc-kernel-06", "fuzz/fuzz-0020",
                                        "suite/vat-warehouse__reload-snapshot-02"};
    static const uint32_t online[] = {0, 1, 2};
    struct sim_replay_result first, other;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        expect_met(names[i], &plain, &first);
        for (size_t v = 0; v < sizeof online / sizeof *online; v++)
            for (int mode = 0; mode < 2; mode++) {
                const struct sim_replay_options options = {.mode = mode ? VK_STORE_DIRECT
                                                                        : VK_STORE_WRITE_BACK,
                                                           .vats_online_max = online[v]};
                expect_met(names[i], &options, &other);
                cr_expect_eq(other.cranks, first.cranks);
                cr_expect_eq(other.writes, first.writes);
                cr_expect_str_eq(other.activityhash, first.activityhash);
                cr_expect_eq(other.state_hash.low, first.state_hash.low);
                cr_expect_eq(other.state_hash.high, first.state_hash.high);
            }
    }
}

Test(replay, without_comparison_comes_to_the_same_hashes) {
    const struct sim_replay_options bare = {.mode = VK_STORE_WRITE_BACK,
                                            .without_comparison = true};
    struct sim_replay_result compared, uncompared;
    expect_met("fuzz/fuzz-0020", &plain, &compared);
    expect_met("fuzz/fuzz-0020", &bare, &uncompared);
    cr_expect_gt(compared.writes, 0);
    cr_expect_eq(uncompared.writes, 0, "nothing is compared");
    cr_expect_eq(uncompared.cranks, compared.cranks);
    cr_expect_eq(uncompared.deliveries, compared.deliveries);
    cr_expect_str_eq(uncompared.activityhash, compared.activityhash);
    cr_expect_eq(uncompared.state_hash.low, compared.state_hash.low);
}

Test(replay, a_worker_death_is_the_right_end_of_a_recording_that_ends_so) {
    struct sim_replay_result result;
    expect_met("fuzz/fuzz-0104", &plain, &result);
    cr_expect(result.is_panic);
    cr_expect_eq(result.panic_crank, 275);
    expect_met("suite/vat-admin__terminate__terminate-32", &plain, &result);
    cr_expect(result.is_panic, "a critical vat was terminated");
}

Test(replay, devices_answer_as_they_were_recorded_to) {
    static const char *const names[] = {"suite/device-bridge-02", "suite/devices__raw-device-01",
                                        "suite/device-plugin__device-01",
                                        "suite/devices__devices-14"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct sim_replay_result result;
        expect_met(names[i], &plain, &result);
        cr_expect_gt(result.device_calls, 0, "%s", names[i]);
        if (i == 1) cr_expect_gt(result.device_gets, 0, "it reads its vatstore");
    }
}

Test(replay, meets_recordings_without_slog) {
    static const char *const names[] = {"fuzz/fuzz-0003", "fuzz/fuzz-0104",
                                        "suite/device-plugin__device-01",
                                        "suite/devices__raw-device-01"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct test_lines lines;
        struct sim_replay_result result;
        test_lines_read(&lines, names[i]);
        for (size_t l = lines.lines.count; l-- > 0;)
            if (vk_str_starts(lines.lines.at[l], VK_STR("{\"t\":\"slog\"")))
                test_lines_delete(&lines, l);
        struct sim_recording *recording = test_lines_recording(&lines);
        struct sim_replay *replay = sim_replay_prepare(recording, &plain);
        sim_replay_run(replay, &result);
        if (result.diff) sim_diff_print(result.diff, recording, names[i], "", stderr, false);
        cr_expect_eq(result.outcome, SIM_MET, "%s: %s", names[i], result.error);
        sim_replay_release(replay);
        sim_recording_free(recording);
        test_lines_release(&lines);
    }
}

/* ---- planted differences */

struct planted {
    struct test_lines lines;
    struct sim_recording *recording;
    struct sim_replay *replay;
    struct sim_replay_result result;
    char report[16 * 1024];
};

static void planted_run(struct planted *planted, const struct sim_replay_options *options) {
    planted->recording = test_lines_recording(&planted->lines);
    planted->replay = sim_replay_prepare(planted->recording, options);
    cr_assert_not_null(planted->replay);
    sim_replay_run(planted->replay, &planted->result);
    planted->report[0] = '\0';
    if (!planted->result.diff) return;
    FILE *out = fmemopen(planted->report, sizeof planted->report, "w");
    sim_diff_print(planted->result.diff, planted->recording, "planted", "planted.jsonl", out,
                   false);
    fclose(out);
}

static void planted_release(struct planted *planted) {
    sim_replay_release(planted->replay);
    sim_recording_free(planted->recording);
    test_lines_release(&planted->lines);
}

static void expect_diff(const struct planted *planted, enum sim_diff_kind kind, size_t line,
                        const char *const *words) {
    cr_assert_eq(planted->result.outcome, SIM_DIFFERENT, "%s", planted->result.error);
    const struct sim_diff *diff = planted->result.diff;
    cr_expect_eq(diff->kind, kind, "kind %d\n%s", (int)diff->kind, planted->report);
    cr_expect_eq(planted->recording->events.at[diff->at].line, line + 1, "line %zu, not %zu\n%s",
                 planted->recording->events.at[diff->at].line, line + 1, planted->report);
    for (; *words; words++)
        cr_expect(strstr(planted->report, *words) != NULL, "no \"%s\" in\n%s", *words,
                  planted->report);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* In kernel-03, crank 7 delivers "get" to v1. */
static size_t find_delivery(struct planted *planted) {
    test_lines_read(&planted->lines, "suite/kernel-03");
    return test_lines_find(&planted->lines, 0, "\"type\":\"deliver\",\"crankNum\":7,");
}

Test(replay, finds_a_changed_write) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "\"k\":\"crankNumber\"");
    test_lines_replace(&planted.lines, line, "\"v\":\"8\"", "\"v\":\"9\"");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line,
                WORDS("crank 7 (delivery: send)", "v1, after delivery 1 (message)",
                      "expected   set crankNumber 9\n", "got        set crankNumber 8\n",
                      "\n                             ^ byte 16\n", "the number of the next crank",
                      "the last 10 writes before it"));
    cr_expect_eq(planted.result.diff->crank->number, 7);
    cr_expect_eq(planted.result.cranks, 7, "the cranks before it were met");
    planted_release(&planted);
}

Test(replay, counts_the_writes_of_the_crank_before_the_difference) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t start = at, writes = 0;
    while (test_lines_find(&planted.lines, start, "startCrank") >= at)
        start--;
    size_t line = test_lines_find(&planted.lines, at, "\"k\":\"kernelStats\"");
    for (size_t i = start; i < line; i++)
        writes += vk_str_starts(planted.lines.lines.at[i], VK_STR("{\"t\":\"set\"")) ||
                  vk_str_starts(planted.lines.lines.at[i], VK_STR("{\"t\":\"del\""));
    test_lines_replace(&planted.lines, line, "\\\"runQueueLength\\\":6",
                       "\\\"runQueueLength\\\":5");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line,
                WORDS("the kernel's statistics: runQueueLength is 6, not 5"));
    cr_expect_eq(planted.result.diff->write, writes, "%zu", planted.result.diff->write);
    planted_release(&planted);
}

Test(replay, finds_a_write_that_the_recording_lacks) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "\"k\":\"gcActions\"");
    test_lines_delete(&planted.lines, line);
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line,
                WORDS("expected   set crankNumber 8", "got        set gcActions []"));
    planted_release(&planted);
}

Test(replay, finds_a_write_that_the_kernel_does_not_make) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "{\"t\":\"endCrank\"}");
    test_lines_insert(&planted.lines, line, "{\"t\":\"set\",\"k\":\"v1.c.ko77\",\"v\":\"R o+9\"}");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line,
                WORDS("expected   set v1.c.ko77 R o+9", "v1's c-list entry for object ko77",
                      "got        endCrank"));
    planted_release(&planted);
}

Test(replay, finds_a_changed_delivery) {
    struct planted planted;
    size_t line = find_delivery(&planted);
    test_lines_replace(&planted.lines, line, "\"vd\":[\"message\",\"o+1\"",
                       "\"vd\":[\"message\",\"o+5\"");
    const struct sim_replay_options no_slog = {.mode = VK_STORE_WRITE_BACK, .without_slog = true};
    planted_run(&planted, &no_slog);
    cr_expect_eq(planted.result.diff->kind, SIM_DIFF_DELIVERY, "%s", planted.report);
    cr_expect(strstr(planted.report, "the translated delivery differs") != NULL);
    cr_expect(strstr(planted.report, "expected   [\"message\",\"o+5\"") != NULL, "%s",
              planted.report);
    cr_expect(strstr(planted.report, "got        [\"message\",\"o+1\"") != NULL, "%s",
              planted.report);
    cr_expect_eq(planted.result.diff->crank->number, 7);
    sim_replay_release(planted.replay);
    sim_recording_free(planted.recording);
    planted_run(&planted, &plain); /* the slog shows it first */
    expect_diff(&planted, SIM_DIFF_EVENT, line, WORDS("slog {\"type\":\"deliver\""));
    planted_release(&planted);
}

Test(replay, finds_a_changed_syscall_result) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "\"type\":\"syscall-result\"");
    test_lines_replace(&planted.lines, line, "\"vsr\":[\"ok\",null]", "\"vsr\":[\"ok\",\"x\"]");
    const struct sim_replay_options no_slog = {.mode = VK_STORE_WRITE_BACK, .without_slog = true};
    planted_run(&planted, &no_slog);
    cr_assert_eq(planted.result.outcome, SIM_DIFFERENT);
    cr_expect_eq(planted.result.diff->kind, SIM_DIFF_SYSCALL_RESULT, "%s", planted.report);
    cr_expect(strstr(planted.report, "in delivery 1 (message), syscall 0 of") != NULL, "%s",
              planted.report);
    cr_expect(strstr(planted.report, "expected   [\"ok\",\"x\"]") != NULL, "%s", planted.report);
    planted_release(&planted);
}

Test(replay, finds_a_changed_slog_field_but_not_a_changed_order) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "\"type\":\"crank-finish\"");
    test_lines_replace(&planted.lines, line, "\"crankNum\":7,\"messageType\":\"send\"",
                       "\"messageType\":\"send\",\"time\":17.5,\"crankNum\":7");
    planted_run(&planted, &plain);
    cr_expect_eq(planted.result.outcome, SIM_MET, "%s", planted.report);
    sim_replay_release(planted.replay);
    sim_recording_free(planted.recording);
    test_lines_replace(&planted.lines, line, "\"messageType\":\"send\"",
                       "\"messageType\":\"sent\"");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line, WORDS("slog {\"type\":\"crank-finish\""));
    planted_release(&planted);
}

Test(replay, finds_a_changed_hash) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "{\"t\":\"emit\"");
    test_lines_replace(&planted.lines, line, "\"activityhash\":\"", "\"activityhash\":\"f");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line, WORDS("expected   emit ", "got        emit "));
    planted_release(&planted);
}

Test(replay, finds_a_changed_host_write_by_the_hash) {
    struct planted planted;
    find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, 0, "\"k\":\"kernel.snapshotInitial\"");
    test_lines_replace(&planted.lines, line, "\"v\":\"3\"", "\"v\":\"4\"");
    planted_run(&planted, &plain);
    size_t emit = test_lines_find(&planted.lines, line, "{\"t\":\"emit\"");
    expect_diff(&planted, SIM_DIFF_EVENT, emit, WORDS("what the host did", "expected   emit "));
    cr_expect_null(planted.result.diff->crank);
    planted_release(&planted);
}

Test(replay, finds_a_changed_transcript_item) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "{\"t\":\"titem\"");
    test_lines_replace(&planted.lines, line, "\\\"status\\\":\\\"ok\\\"",
                       "\\\"status\\\":\\\"OK\\\"");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line, WORDS("titem v1 {"));
    planted_release(&planted);
}

Test(replay, finds_that_the_kernel_stops_where_the_recording_goes_on) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    static const char *const gone[] = {"\"type\":\"deliver-result\"", "{\"t\":\"titem\"",
                                       "{\"t\":\"emit\"", "\"type\":\"crank-finish\""};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        test_lines_delete(&planted.lines, test_lines_find(&planted.lines, at, gone[i]));
    planted_run(&planted, &plain);
    cr_assert_eq(planted.result.outcome, SIM_DIFFERENT, "%s", planted.result.error);
    cr_expect_eq(planted.result.diff->kind, SIM_DIFF_STOPPED, "%s", planted.report);
    cr_expect(strstr(planted.report, "VK_ERR_WORKER_LOST") != NULL, "%s", planted.report);
    planted_release(&planted);
}

Test(replay, finds_that_the_kernel_goes_on_where_the_recording_panics) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t emit = test_lines_find(&planted.lines, at, "{\"t\":\"emit\"");
    size_t end = test_lines_find(&planted.lines, at, "{\"t\":\"endCrank\"}");
    while (planted.lines.lines.count > end + 1)
        test_lines_delete(&planted.lines, end + 1);
    while (end-- > emit)
        test_lines_delete(&planted.lines, emit);
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, emit, WORDS("expected   endCrank", "got        emit "));
    planted_release(&planted);
}

Test(replay, a_device_decides_what_the_recording_says) {
    struct planted planted;
    test_lines_read(&planted.lines, "suite/device-bridge-02");
    size_t line = test_lines_find(&planted.lines, 0, "callNow");
    line = test_lines_find(&planted.lines, line, "\"k\":\"d7.deviceState\"");
    test_lines_replace(&planted.lines, line, "inboundHandler", "outboundHandler");
    planted_run(&planted, &plain);
    /* The write is the recording's own, and so is met; that it is another one the hash tells. */
    size_t emit = test_lines_find(&planted.lines, line, "{\"t\":\"emit\"");
    expect_diff(&planted, SIM_DIFF_EVENT, emit, WORDS("expected   emit "));
    planted_release(&planted);
}

Test(replay, local_statistics_are_forgiven_for_device_reads_only) {
    struct planted planted;
    test_lines_read(&planted.lines, "suite/device-bridge-02");
    size_t crank =
        test_lines_find(&planted.lines, 0, "\"type\":\"crank-start\",\"crankType\":\"delivery\"");
    size_t line = test_lines_find(&planted.lines, crank, "\"k\":\"local.kernelStats\"");
    test_lines_replace(&planted.lines, line, "\\\"dispatches\\\":", "\\\"dispatches\\\":7");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line,
                WORDS("the kernel's local statistics: dispatches is "));
    planted_release(&planted);
}

/* ---- host calls that only the statistics tell of */

/* kernel-03 without its slog: the host's doings, then cranks and nothing between them. */
static void read_without_slog(struct planted *planted) {
    test_lines_read(&planted->lines, "suite/kernel-03");
    for (size_t l = planted->lines.lines.count; l-- > 0;)
        if (vk_str_starts(planted->lines.lines.at[l], VK_STR("{\"t\":\"slog\"")))
            test_lines_delete(&planted->lines, l);
}

/* The local statistics at the end of the nth crank, counted from 1. */
static size_t find_local_statistics(const struct planted *planted, unsigned crank) {
    size_t line = 0;
    while (crank-- > 0)
        line = test_lines_find(&planted->lines, line + 1, "{\"t\":\"startCrank\"}");
    return test_lines_find(&planted->lines, line, "\"k\":\"local.kernelStats\"");
}

/* In all local statistics from the line on. */
static void raise_counter(struct planted *planted, size_t from, const char *name, long long by) {
    char member[64], old[96], fresh[96];
    snprintf(member, sizeof member, "\\\"%s\\\":", name);
    for (size_t l = from; l < planted->lines.lines.count; l++) {
        struct vk_str line = planted->lines.lines.at[l];
        char *text = strndup(line.p, line.n), *at = strstr(text, member);
        if (strstr(text, "\"k\":\"local.kernelStats\"")) {
            cr_assert(at, "no counter %s", name);
            long long count = strtoll(at + strlen(member), NULL, 10);
            snprintf(old, sizeof old, "%s%lld", member, count);
            snprintf(fresh, sizeof fresh, "%s%lld", member, count + by);
            test_lines_replace(&planted->lines, l, old, fresh);
        }
        free(text);
    }
}

Test(replay, host_calls_that_only_the_statistics_tell_of_are_met_and_counted) {
    struct planted planted;
    read_without_slog(&planted);
    planted_run(&planted, &plain);
    cr_assert_eq(planted.result.outcome, SIM_MET, "%s", planted.report);
    cr_expect_eq(planted.result.host_calls, 0);
    sim_replay_release(planted.replay);
    sim_recording_free(planted.recording);

    size_t first = find_local_statistics(&planted, 1);
    raise_counter(&planted, first, "syscalls", 5);
    raise_counter(&planted, first, "syscallVatstoreSet", 2);
    raise_counter(&planted, first, "syscallVatstoreGet", 3);
    planted_run(&planted, &plain);
    cr_assert_eq(planted.result.outcome, SIM_MET, "%s%s", planted.report, planted.result.error);
    cr_expect_eq(planted.result.host_calls, 5);
    cr_expect_eq(planted.result.device_gets, 0, "they are the host's");
    planted_release(&planted);
}

/* Makes the host do something before the nth crank, n > 1. */
static void commit_before(struct planted *planted, unsigned crank) {
    size_t line = find_local_statistics(planted, crank - 1);
    line = test_lines_find(&planted->lines, line, "{\"t\":\"endCrank\"}");
    test_lines_insert(&planted->lines, line + 1, "{\"t\":\"commit\"}");
}

/* After the host's doings in the middle of a run, too: a commit is one. */
Test(replay, host_calls_may_precede_any_crank_that_follows_the_hosts_doings) {
    struct planted planted;
    read_without_slog(&planted);
    commit_before(&planted, 4);
    size_t fourth = find_local_statistics(&planted, 4);
    raise_counter(&planted, fourth, "syscalls", 1);
    raise_counter(&planted, fourth, "syscallSubscribe", 1);
    planted_run(&planted, &plain);
    cr_assert_eq(planted.result.outcome, SIM_MET, "%s%s", planted.report, planted.result.error);
    cr_expect_eq(planted.result.host_calls, 1);
    planted_release(&planted);
}

Test(replay, statistics_that_no_host_call_explains_are_a_difference) {
    static const struct {
        unsigned crank; /* the first that differs */
        long long all;  /* in "syscalls" */
        const char *name;
        long long by;
        const char *said;
        bool follows_commit;
    } faults[] = {
        {1, 1, "syscallSend", 1, "syscalls is ", false},           /* sends show in writes */
        {1, 1, "dispatches", 1, "syscalls is ", false},            /* no syscall */
        {1, 0, "kernelObjects", 1, "kernelObjects is ", false},    /* likewise */
        {1, 1, "syscallVatstoreSet", 0, "syscalls is ", false},    /* of no kind */
        {1, 0, "syscallVatstoreSet", 1, "VatstoreSet is ", false}, /* not in the sum */
        {1, 1, "syscallVatstoreSet", 2, "syscalls is ", false},    /* more than the sum */
        {9, -1, "syscallVatstoreSet", -1, "syscalls is ", true},   /* fewer */
        {2, 1, "syscallVatstoreSet", 1, "syscalls is ", false}, /* a crank and nothing before it */
        {8, 1, "syscallVatstoreGet", 1, "syscalls is ", false},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct planted planted;
        read_without_slog(&planted);
        if (faults[i].follows_commit) commit_before(&planted, faults[i].crank);
        size_t line = find_local_statistics(&planted, faults[i].crank);
        raise_counter(&planted, line, "syscalls", faults[i].all);
        raise_counter(&planted, line, faults[i].name, faults[i].by);
        planted_run(&planted, &plain);
        expect_diff(&planted, SIM_DIFF_EVENT, line,
                    WORDS("the kernel's local statistics: ", faults[i].said));
        cr_expect_eq(planted.result.host_calls, 0);
        planted_release(&planted);
    }
}

/* There the calls would be in the slog. */
Test(replay, a_recording_with_slog_hides_no_host_calls) {
    struct planted planted;
    test_lines_read(&planted.lines, "suite/kernel-03");
    size_t first = find_local_statistics(&planted, 1);
    raise_counter(&planted, first, "syscalls", 1);
    raise_counter(&planted, first, "syscallVatstoreSet", 1);
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, first, WORDS("the kernel's local statistics: "));
    planted_release(&planted);
}

Test(replay, cut_reports_show_where_long_values_differ) {
    struct planted planted;
    size_t at = find_delivery(&planted);
    size_t line = test_lines_find(&planted.lines, at, "\"k\":\"kernelStats\"");
    test_lines_replace(&planted.lines, line, "\\\"promiseQueuesLengthMax\\\":0",
                       "\\\"promiseQueuesLengthMax\\\":1");
    planted_run(&planted, &plain);
    expect_diff(&planted, SIM_DIFF_EVENT, line, WORDS("promiseQueuesLengthMax\":1}", "cut to fit"));
    /* The mark stands under the byte that differs. */
    const char *expected = strstr(planted.report, "  expected");
    const char *mark = strstr(planted.report, "^ byte");
    cr_assert(expected && mark);
    const char *mark_line = mark;
    while (mark_line[-1] != '\n')
        mark_line--;
    cr_expect_eq(expected[mark - mark_line], '1', "%s", planted.report);
    planted_release(&planted);
}

Test(replay, a_recording_of_no_kernel_is_no_difference) {
    static const char text[] = "{\"t\":\"set\",\"k\":\"a\",\"v\":\"b\"}\n"
                               "{\"t\":\"startCrank\"}\n{\"t\":\"savepoint\",\"s\":\"start\"}\n"
                               "{\"t\":\"endCrank\"}\n";
    struct sim_recording *recording;
    struct sim_input_error error;
    struct sim_replay_result result;
    cr_assert_eq(sim_recording_read_memory(vk_str(text), &recording, &error), VK_OK);
    struct sim_replay *replay = sim_replay_prepare(recording, &plain);
    sim_replay_run(replay, &result);
    cr_expect_eq(result.outcome, SIM_UNUSABLE, "%d: %s", (int)result.outcome, result.error);
    sim_replay_release(replay);
    sim_recording_free(recording);
}

/* ---- snapshots */

Test(replay, a_damaged_snapshot_image_is_noticed) {
    struct vk_arena arena;
    struct vk_str image, hash;
    const struct vk_str id =
        VK_STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    vk_arena_init(&arena, vk_heap_system());
    cr_assert_eq(recorded_snapshot_image(&arena, VK_STR("v12"), id, &image), VK_OK);
    cr_assert(recorded_snapshot_hash(image, &hash));
    cr_expect(vk_str_eq(hash, id));
    for (size_t n = 0; n < image.n; n++)
        cr_expect_not(recorded_snapshot_hash((struct vk_str){image.p, n}, &hash), "cut to %zu", n);
    char *bytes = vk_arena_alloc(&arena, image.n);
    for (size_t i = 0; i + 1 < image.n; i++) {
        memcpy(bytes, image.p, image.n);
        bytes[i] = (char)(bytes[i] ^ 1);
        cr_expect_not(recorded_snapshot_hash((struct vk_str){bytes, image.n}, &hash), "byte %zu",
                      i);
    }
    vk_arena_release(&arena);
}
