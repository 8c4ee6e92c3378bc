/* stats_test.c - the kernel's counters: how they move, the two texts that they are saved as, and how they are
 * read back. After SwingSet's state.test.js ("stats - ...").
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <signal.h>

#include "../kernel/object/stats.h"
#include "testing_state.h"

static struct test_state test;
static struct vk_stats stats;

static void open_it(void) { test_state_open(&test); }

static void close_it(void) { test_state_close(&test); }

static const struct vk_json *parse(const char *text) {
    const struct vk_json *json;
    test_ok(vk_json_parse(&test.arena, vk_str(text), &json));
    return json;
}

static void load(const char *consensus, const char *local) {
    vk_stats_load(&stats, parse(consensus), local ? parse(local) : NULL);
}

static struct vk_str consensus_text(void) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &test.arena);
    vk_stats_write_consensus(&buf, &stats);
    test_ok(vk_buf_finish(&buf, &text));
    return text;
}

static struct vk_str local_text(void) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &test.arena);
    vk_stats_write_local(&buf, &stats);
    test_ok(vk_buf_finish(&buf, &text));
    return text;
}

static bool is(enum vk_stat stat, int64_t value, int64_t up, int64_t down, int64_t max) {
    const struct vk_stat_value *found = &stats.values[stat];
    return found->value == value && found->up == up && found->down == down && found->max == max;
}

#define GAUGE(key, value, up, down, max)                                                           \
    "\"" key "\":" value ",\"" key "Up\":" up ",\"" key "Down\":" down ",\"" key "Max\":" max

#define ZERO_GAUGE(key) GAUGE(key, "0", "0", "0", "0")
#define ZERO_COUNTERS                                                                              \
    "\"syscalls\":0,\"syscallSend\":0,\"syscallCallNow\":0,\"syscallSubscribe\":0,"                \
    "\"syscallResolve\":0,\"syscallExit\":0,\"syscallVatstoreGet\":0,\"syscallVatstoreSet\":0,"    \
    "\"syscallVatstoreGetNextKey\":0,\"syscallVatstoreDelete\":0,\"syscallDropImports\":0,"        \
    "\"dispatches\":0,\"dispatchDeliver\":0,\"dispatchNotify\":0"

TEST_OPEN(stats, new_kernel_is_all_zeros_in_order) {
    test_is(consensus_text(),
            "{" ZERO_GAUGE("runQueueLength") "," ZERO_GAUGE("acceptanceQueueLength") "," ZERO_GAUGE(
                "promiseQueuesLength") "}");
    test_is(
        local_text(),
        "{" ZERO_COUNTERS
        "," ZERO_GAUGE("kernelObjects") "," ZERO_GAUGE("kernelDevices") "," ZERO_GAUGE("kernelPromises") "," ZERO_GAUGE("kpUnresolved") "," ZERO_GAUGE(
            "kpFulfilled") "," ZERO_GAUGE("kpRejected") "," ZERO_GAUGE("clistEntries") "," ZERO_GAUGE("vats") "}");
}

TEST_OPEN(stats, counter_only_counts_up) {
    vk_stats_inc(&stats, VK_STAT_SYSCALLS);
    vk_stats_add(&stats, VK_STAT_SYSCALLS, 4);
    cr_assert(is(VK_STAT_SYSCALLS, 5, 0, 0, 0));
}

Test(stats, counter_that_goes_down_is_a_bug, .init = open_it, .signal = SIGABRT) {
    cr_redirect_stderr();
    vk_stats_dec(&stats, VK_STAT_DISPATCH_NOTIFY);
}

TEST_OPEN(stats, gauge_knows_its_ups_downs_and_height) {
    vk_stats_inc(&stats, VK_STAT_VATS);
    cr_assert(is(VK_STAT_VATS, 1, 1, 0, 1));
    vk_stats_dec(&stats, VK_STAT_VATS);
    cr_assert(is(VK_STAT_VATS, 0, 1, 1, 1));
    vk_stats_add(&stats, VK_STAT_VATS, 5);
    cr_assert(is(VK_STAT_VATS, 5, 6, 1, 5));
    vk_stats_subtract(&stats, VK_STAT_VATS, 3);
    cr_assert(is(VK_STAT_VATS, 2, 6, 4, 5));
    vk_stats_add(&stats, VK_STAT_VATS, 3);
    cr_assert(is(VK_STAT_VATS, 5, 9, 4, 5));
    vk_stats_subtract(&stats, VK_STAT_VATS, 7);
    cr_assert(is(VK_STAT_VATS, -2, 9, 11, 5), "SwingSet lets it fall below zero");
    vk_stats_add(&stats, VK_STAT_VATS, 0);
    cr_assert(is(VK_STAT_VATS, -2, 9, 11, 5));
}

/* Asserts that `name`, its Up and its Max are 7, and all else 0. */
static void check_members(struct vk_str text, const char *name) {
    const struct vk_json *json;
    test_ok(vk_json_parse(&test.arena, text, &json));
    for (const struct vk_json *member = json->first; member; member = member->next) {
        struct vk_str key = member->key, suffix = VK_STR("?");
        if (vk_str_starts(key, vk_str(name))) suffix = vk_str_from(key, strlen(name));
        bool own =
            suffix.n == 0 || vk_str_eq(suffix, VK_STR("Up")) || vk_str_eq(suffix, VK_STR("Max"));
        test_is(member->text, own ? "7" : "0");
    }
}

/* Each stat goes to its own name, and to no other. */
TEST_OPEN(stats, each_has_a_name_of_its_own) {
    static const char *const names[] = {
        "runQueueLength",
        "acceptanceQueueLength",
        "promiseQueuesLength",
        "syscalls",
        "syscallSend",
        "syscallCallNow",
        "syscallSubscribe",
        "syscallResolve",
        "syscallExit",
        "syscallVatstoreGet",
        "syscallVatstoreSet",
        "syscallVatstoreGetNextKey",
        "syscallVatstoreDelete",
        "syscallDropImports",
        "dispatches",
        "dispatchDeliver",
        "dispatchNotify",
        "kernelObjects",
        "kernelDevices",
        "kernelPromises",
        "kpUnresolved",
        "kpFulfilled",
        "kpRejected",
        "clistEntries",
        "vats",
    };
    cr_assert(sizeof names / sizeof names[0] == VK_STAT_COUNT);
    for (int stat = 0; stat < VK_STAT_COUNT; stat++) {
        vk_stats_clear(&stats);
        vk_stats_add(&stats, (enum vk_stat)stat, 7);
        check_members(consensus_text(), names[stat]);
        check_members(local_text(), names[stat]);
    }
}

TEST_OPEN(stats, text_has_the_current_values) {
    vk_stats_add(&stats, VK_STAT_RUN_QUEUE_LENGTH, 3);
    vk_stats_subtract(&stats, VK_STAT_RUN_QUEUE_LENGTH, 1);
    vk_stats_subtract(&stats, VK_STAT_PROMISE_QUEUES_LENGTH, 12);
    test_is(consensus_text(), "{" GAUGE("runQueueLength", "2", "3", "1", "3") "," ZERO_GAUGE(
                                  "acceptanceQueueLength") "," GAUGE("promiseQueuesLength", "-12",
                                                                     "0", "12", "0") "}");
    vk_stats_add(&stats, VK_STAT_SYSCALL_VATSTORE_GET_NEXT_KEY, INT64_MAX);
    stats.values[VK_STAT_VATS].value = INT64_MIN + 1;
    const struct vk_json *local;
    test_ok(vk_json_parse(&test.arena, local_text(), &local));
    test_is(vk_json_get(local, "syscallVatstoreGetNextKey")->text, "9223372036854775807");
    test_is(vk_json_get(local, "vats")->text, "-9223372036854775807");
}

/* ---- reading back */

TEST_OPEN(stats, what_is_missing_is_zero) {
    vk_stats_add(&stats, VK_STAT_VATS, 5);
    vk_stats_add(&stats, VK_STAT_RUN_QUEUE_LENGTH, 5);
    load("{}", NULL);
    cr_assert(is(VK_STAT_VATS, 0, 0, 0, 0) && is(VK_STAT_RUN_QUEUE_LENGTH, 0, 0, 0, 0));
    load("{\"runQueueLength\":4}", "{\"syscalls\":9,\"vatsMax\":3}");
    cr_assert(is(VK_STAT_RUN_QUEUE_LENGTH, 4, 0, 0, 0));
    cr_assert(is(VK_STAT_SYSCALLS, 9, 0, 0, 0) && is(VK_STAT_VATS, 0, 0, 0, 3));
}

TEST_OPEN(stats, every_part_of_a_gauge_is_read) {
    load("{" GAUGE("acceptanceQueueLength", "2", "40", "38", "7") "}",
         "{" GAUGE("clistEntries", "-3", "5", "8", "4") "}");
    cr_assert(is(VK_STAT_ACCEPTANCE_QUEUE_LENGTH, 2, 40, 38, 7));
    cr_assert(is(VK_STAT_CLIST_ENTRIES, -3, 5, 8, 4));
}

TEST_OPEN(stats, unknown_consensus_stats_are_forgotten) {
    load("{\"runQueueLength\":1,\"extra\":11,\"runQueueLengthMin\":4,\"runQueue\":5,\"\":6}", "{}");
    test_is(consensus_text(),
            "{" GAUGE("runQueueLength", "1", "0", "0", "0") "," ZERO_GAUGE(
                "acceptanceQueueLength") "," ZERO_GAUGE("promiseQueuesLength") "}");
}

/* A counter's name may begin another's. */
TEST_OPEN(stats, longer_names_are_not_taken_for_shorter_ones) {
    load(
        "{}",
        "{\"syscallVatstoreGet\":2,\"syscallVatstoreGetNextKey\":3,\"syscallsUp\":4,\"syscallSendMax\":5}");
    cr_assert(is(VK_STAT_SYSCALL_VATSTORE_GET, 2, 0, 0, 0));
    cr_assert(is(VK_STAT_SYSCALL_VATSTORE_GET_NEXT_KEY, 3, 0, 0, 0));
    cr_assert(is(VK_STAT_SYSCALLS, 0, 0, 0, 0) && is(VK_STAT_SYSCALL_SEND, 0, 0, 0, 0));
}

/* "Demoting a consensus metric to local": the older kernel's value counts. */
TEST_OPEN(stats, local_stat_among_the_consensus_ones_wins) {
    load("{\"vats\":5,\"vatsUp\":6,\"runQueueLength\":1}",
         "{\"vats\":1,\"vatsUp\":1,\"vatsDown\":1}");
    cr_assert(is(VK_STAT_VATS, 5, 6, 1, 0));
    test_is(consensus_text(),
            "{" GAUGE("runQueueLength", "1", "0", "0", "0") "," ZERO_GAUGE(
                "acceptanceQueueLength") "," ZERO_GAUGE("promiseQueuesLength") "}");
}

/* "Promoting a local metric to consensus": the local value is not believed. */
TEST_OPEN(stats, consensus_stat_among_the_local_ones_is_passed_over) {
    load("{}", "{\"runQueueLength\":11,\"runQueueLengthMax\":12,\"vats\":2}");
    cr_assert(is(VK_STAT_RUN_QUEUE_LENGTH, 0, 0, 0, 0) && is(VK_STAT_VATS, 2, 0, 0, 0));
}

TEST_OPEN(stats, what_was_written_is_read_back) {
    uint64_t random = 11;
    for (int stat = 0; stat < VK_STAT_COUNT; stat++) {
        bool gauge = stat < VK_STAT_SYSCALLS || stat >= VK_STAT_KERNEL_OBJECTS;
        vk_stats_add(&stats, (enum vk_stat)stat, (int64_t)test_random_below(&random, 1000000));
        if (gauge)
            vk_stats_subtract(&stats, (enum vk_stat)stat,
                              (int64_t)test_random_below(&random, 2000000));
    }
    struct vk_stats before = stats;
    const struct vk_json *consensus, *local;
    test_ok(vk_json_parse(&test.arena, consensus_text(), &consensus));
    test_ok(vk_json_parse(&test.arena, local_text(), &local));
    vk_stats_load(&stats, consensus, local);
    cr_assert(memcmp(&stats, &before, sizeof stats) == 0);
}

TEST_OPEN(stats, what_is_no_object_holds_no_stats) {
    vk_stats_add(&stats, VK_STAT_VATS, 5);
    load("[]", "7");
    cr_assert(is(VK_STAT_VATS, 0, 0, 0, 0));
    load("{\"runQueueLength\":null}", "{\"vats\":{}}");
    cr_assert(is(VK_STAT_VATS, 0, 0, 0, 0) && is(VK_STAT_RUN_QUEUE_LENGTH, 0, 0, 0, 0));
}

/* After a rollback and at the start of a kernel: what is saved is what counts. */
TEST_OPEN(stats, reload_takes_the_saved_values) {
    vk_stats_add(&test.state.stats, VK_STAT_VATS, 3);
    vk_stats_add(&test.state.stats, VK_STAT_RUN_QUEUE_LENGTH, 3);
    test_given(&test, "kernelStats", "{\"runQueueLength\":1}", "local.kernelStats", "{\"vats\":7}");
    test_ok(vk_state_reload(&test.state));
    cr_assert(test_stat(&test, VK_STAT_VATS) == 7 &&
              test_stat(&test, VK_STAT_RUN_QUEUE_LENGTH) == 1);
    test_ok(vk_store_delete(test.store.store, VK_STR("local.kernelStats")));
    test_ok(vk_state_reload(&test.state));
    cr_assert(test_stat(&test, VK_STAT_VATS) == 0 &&
              test_stat(&test, VK_STAT_RUN_QUEUE_LENGTH) == 1);
}

TEST_OPEN(stats, reload_of_what_no_kernel_saved_is_corruption) {
    test_given(&test, "local.kernelStats", "{");
    test_corrupt(vk_state_reload(&test.state), "key local.kernelStats: not JSON: '{'");
    test_given(&test, "kernelStats", "");
    test_corrupt(vk_state_reload(&test.state), "key kernelStats: not JSON: ''");
    test_ok(vk_store_delete(test.store.store, VK_STR("kernelStats")));
    test_corrupt(vk_state_reload(&test.state), "storage lacks required key kernelStats");
}
