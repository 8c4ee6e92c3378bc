/* results_test.c - the result database: nothing that was found is lost, and what is missing is said. */
#include "reports/results_read.h"
#include "testing_results.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_folder folder;
static char path[1000];

static void begin(void) {
    test_folder_make(&folder);
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, "results.sqlite"));
}

static void end(void) { test_folder_remove(&folder); }

TestSuite(results, .init = begin, .fini = end);

static void change(const char *sql) {
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

Test(results, what_was_told_is_read) {
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    test_results_fail(&results, 1, "a");
    test_results_fail(&results, 2, "b");
    test_results_fail(&results, 3, "a");
    test_results_end(&results, REPORT_RESULTS_FINISHED, 2000, 3);
    test_results_load(&model, path, &arena);
    cr_expect_null(report_model_partial(&model));
    cr_expect(model.totals.seeds == 2000 && model.totals.failures == 3 && model.code == 1);
    cr_expect(model.totals.hash.low == UINT64_MAX && model.totals.hash.high == 1);
    cr_expect_eq(model.totals.hits[FAULT_DISK_FULL], 3);
    cr_expect(model.wanted[FAULT_BIT_ROT] && !model.wanted[FAULT_HEAP]);
    cr_expect(model.off[SIM_ORACLE_ACCOUNT] && !model.off[SIM_ORACLE_AUDIT]);
    cr_expect(model.totals.asked[SIM_ORACLE_AUDIT] == 2000 &&
              !model.totals.asked[SIM_ORACLE_TWICE]);
    cr_expect(report_model_never_struck(&model, FAULT_BIT_ROT));
    cr_expect(!report_model_never_struck(&model, FAULT_DISK_FULL));
    cr_assert(model.failure_count == 3 && model.group_count == 2);
    cr_expect(model.groups[0].first == 0 && model.groups[0].count == 2);
    cr_expect(model.groups[1].first == 1 && model.groups[1].count == 1);
    const struct report_found *third = &model.failures[2];
    cr_expect_str_eq(model.failures[0].flight, TEST_FLIGHT);
    cr_expect_str_eq(model.failures[1].flight, "");
    cr_expect(third->group == 0 && third->failure.point == 3 && third->failure.vat == 3);
    cr_expect_eq(model.failures[1].failure.vat, VK_NO_VAT);
    cr_expect_str_eq(third->reproduce, "crankcase run --seed 3 --faults '<&>'");
    cr_expect(strstr(third->failure.what, "]]>\x01\xef\xbf\xbd\xef\xbf\xbd"), "%s",
              third->failure.what);
    vk_arena_release(&arena);
}

Test(results, plans_have_their_failures_and_errors) {
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    test_results_begin(&results, path, REPORT_RESULTS_PLANS);
    test_ok(report_results_plan_begins(&results, "good.plan"));
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_PASSED, 0.5, "", NULL));
    test_ok(report_results_plan_begins(&results, "bad.plan"));
    test_results_fail(&results, 1, "a");
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_DIFFERENT, 1, "", NULL));
    test_ok(report_results_plan_begins(&results, "crashes.plan"));
    test_results_load(&model, path, &arena);
    cr_assert(model.kind == REPORT_RESULTS_PLANS && model.plan_count == 3);
    cr_expect(model.plans[0].state == REPORT_PLAN_PASSED && model.plans[0].failure == SIZE_MAX);
    cr_expect(model.plans[1].state == REPORT_PLAN_DIFFERENT && model.plans[1].failure == 0);
    cr_expect(model.plans[2].is_in_progress);
    cr_expect_not_null(report_model_partial(&model));
    vk_arena_release(&arena);
}

/* Whoever is killed in the midst of a list has counted what was run until then. */
Test(results, a_plan_that_ends_is_in_the_totals) {
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    struct sim_campaign_totals totals = {.seeds = 1, .all_cranks = 70};
    test_results_begin(&results, path, REPORT_RESULTS_PLANS);
    test_ok(report_results_plan_begins(&results, "good.plan"));
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_PASSED, 0.5, "", &totals));
    totals = (struct sim_campaign_totals){.seeds = 2, .failures = 1, .all_cranks = 100};
    test_ok(report_results_plan_begins(&results, "differs.plan"));
    test_results_fail(&results, 1, "a");
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_DIFFERENT, 0.5, "", &totals));
    test_results_load(&model, path, &arena);
    cr_expect_not_null(report_model_partial(&model));
    cr_expect(model.totals.seeds == 2 && model.totals.failures == 1);
    cr_expect_eq(model.totals.all_cranks, 100);
    vk_arena_release(&arena);
}

Test(results, a_file_that_is_there_stays_as_it_is) {
    static const bool faults[FAULT_KIND_COUNT], off[SIM_ORACLE_COUNT];
    const struct report_results_begin begins = {
        .kind = REPORT_RESULTS_SEEDS, .command = "crankcase run", .faults = faults, .off = off};
    struct report_results results;
    test_file_write(path, VK_STR("mine"));
    cr_expect_eq(report_results_create(&results, path, &begins), VK_ERR_USAGE);
    struct vk_str bytes = test_file_read(path);
    cr_expect(vk_str_eq(bytes, VK_STR("mine")));
    free((void *)(uintptr_t)bytes.p);
    cr_expect_eq(report_results_create(&results, "/no/such/folder/r.sqlite", &begins), VK_ERR_DISK);
    cr_expect(strstr(vk_err_origin()->text, "No such file"), "%s", vk_err_origin()->text);
}

/* ---- ended before the end */

Test(results, killed_at_any_time_it_has_all_failures_and_says_that_it_is_partial) {
    enum { FAILURES = 5 };
    for (unsigned killed_after = 0; killed_after <= FAILURES; killed_after++) {
        struct report_model model;
        struct vk_arena arena;
        int status;
        pid_t process = fork();
        if (process == 0) {
            struct report_results results;
            test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
            for (unsigned i = 0; i < killed_after; i++)
                test_results_fail(&results, i, "a");
            raise(SIGKILL);
        }
        cr_assert_eq(waitpid(process, &status, 0), process);
        cr_assert(WIFSIGNALED(status));
        test_results_load(&model, path, &arena);
        cr_expect_eq(model.failure_count, killed_after);
        cr_expect_eq(model.totals.failures, killed_after);
        cr_expect_eq(model.state, REPORT_RESULTS_RUNNING);
        cr_expect_not_null(report_model_partial(&model));
        vk_arena_release(&arena);
        remove(path);
    }
}

/* Killed while it writes: a transaction that was begun and not committed is on the disk. */
Test(results, killed_in_a_transaction_it_has_what_was_committed) {
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    int status;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    test_results_fail(&results, 1, "a");
    pid_t process = fork();
    if (process == 0) {
        sqlite3 *db;
        sqlite3_open(path, &db);
        sqlite3_exec(db,
                     "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; DELETE FROM failure",
                     NULL, NULL, NULL);
        sqlite3_exec(db,
                     "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 90000)"
                     " INSERT INTO sample (seconds, seeds, failures, cranks, features)"
                     " SELECT i, i, i, i, i FROM n",
                     NULL, NULL, NULL);
        raise(SIGKILL);
    }
    cr_assert_eq(waitpid(process, &status, 0), process);
    char journal[1100];
    snprintf(journal, sizeof journal, "%s-journal", path);
    cr_expect_eq(access(journal, F_OK), 0, "nothing was in the making");
    test_results_load(&model, path, &arena);
    cr_expect_eq(model.failure_count, 1);
    cr_expect_eq(model.sample_count, 0);
    vk_arena_release(&arena);
}

/* As if the disk were full then: no file grows beyond it. */
static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* How many of `count` could be written at once. */
static unsigned fail_often(struct report_results *results, unsigned count) {
    unsigned written = 0;
    for (unsigned i = 0; i < count; i++) {
        struct sim_failure failure = {.event = "send", .signature = "replicas/send/x"};
        char name[40];
        snprintf(name, sizeof name, "seed %u", i);
        const struct report_failure report = {&failure, name, "crankcase run", "a.plan", NULL};
        memset(failure.what, 'x', sizeof failure.what - 1);
        written += report_results_failure(results, &report) == VK_OK;
    }
    return written;
}

Test(results, what_a_full_disk_has_no_room_for_is_counted_and_written_when_it_has) {
    enum { FAILURES = 400 };
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    limit_files((rlim_t)100 * 1024);
    unsigned written = fail_often(&results, FAILURES);
    cr_assert(written > 10 && written < FAILURES - 10, "%u", written);
    cr_expect_eq(report_results_unwritten(&results), FAILURES - written);
    test_results_load(&model, path, &arena);
    cr_expect_eq(model.failure_count, written);
    cr_expect_not_null(report_model_partial(&model));
    vk_arena_release(&arena);
    limit_files(RLIM_INFINITY);
    test_results_end(&results, REPORT_RESULTS_FINISHED, FAILURES, FAILURES);
    test_results_load(&model, path, &arena);
    cr_assert_eq(model.failure_count, FAILURES);
    for (unsigned i = 0; i < FAILURES; i++) {
        char name[40];
        snprintf(name, sizeof name, "seed %u", i);
        cr_expect_str_eq(model.failures[i].name, name);
        cr_expect_str_eq(model.failures[i].plan, "a.plan");
    }
    cr_expect(model.unwritten == 0 && !report_model_partial(&model), "all is in it now");
    vk_arena_release(&arena);
    report_results_release(&results);
}

Test(results, what_there_never_was_room_for_is_said) {
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    const struct sim_campaign_totals totals = {.seeds = 400, .failures = 400};
    const struct report_results_end ends = {.totals = &totals, .state = REPORT_RESULTS_FINISHED};
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    limit_files((rlim_t)100 * 1024);
    fail_often(&results, 400);
    enum vk_err err = report_results_end(&results, &ends);
    cr_expect(err == VK_OK || err == VK_ERR_DISK, "for that there may be room");
    report_results_release(&results);
    limit_files(RLIM_INFINITY);
    test_results_load(&model, path, &arena);
    cr_expect_not_null(report_model_partial(&model));
    vk_arena_release(&arena);
}

/* The journal is what there is no room for: SQLite then rolls all back by itself, and what is written after that would be
 * there alone. */
Test(results, what_finds_the_disk_full_on_its_way_is_there_as_a_whole_or_not_at_all) {
    enum { STEP = 1024, LIMIT_MAX = 96 * 1024 };
    unsigned written = 0, unwritten = 0;
    for (rlim_t bytes = STEP; bytes <= LIMIT_MAX; bytes += STEP) {
        struct report_results results;
        struct report_model model;
        struct vk_arena arena;
        const struct sim_campaign_totals before = {.seeds = 107}, after = {.seeds = 146};
        const struct report_results_end ends = {.totals = &after, .state = REPORT_RESULTS_FINISHED};
        test_results_begin(&results, path, REPORT_RESULTS_PLANS);
        test_ok(report_results_progress(&results, &before));
        test_ok(report_results_plan_begins(&results, "good.plan"));
        limit_files(bytes);
        enum vk_err err = report_results_plan_ends(&results, REPORT_PLAN_PASSED, 0.5, "", &after);
        cr_expect(err == VK_OK || !strstr(vk_err_origin()->text, "not an error"), "%s",
                  vk_err_origin()->text);
        limit_files(RLIM_INFINITY);
        test_results_load(&model, path, &arena);
        cr_expect_eq(model.plans[0].state, err == VK_OK ? REPORT_PLAN_PASSED : REPORT_PLAN_RUNNING);
        cr_expect_eq(model.totals.seeds, err == VK_OK ? 146 : 107, "%zu", (size_t)bytes);
        vk_arena_release(&arena);
        limit_files(bytes);
        enum vk_err ended = report_results_end(&results, &ends);
        cr_expect(ended == VK_OK || !strstr(vk_err_origin()->text, "not an error"), "%s",
                  vk_err_origin()->text);
        limit_files(RLIM_INFINITY);
        test_results_load(&model, path, &arena);
        if (ended == VK_OK) cr_expect_eq(model.state, REPORT_RESULTS_FINISHED);
        cr_expect(model.state == REPORT_RESULTS_RUNNING || model.totals.seeds == 146, "%zu: %s",
                  (size_t)bytes, report_results_state_word(model.state));
        vk_arena_release(&arena);
        *(ended == VK_OK ? &written : &unwritten) += 1;
        report_results_release(&results);
        remove(path);
    }
    cr_expect(written > 0 && unwritten > 0, "%u, %u", written, unwritten);
}

Test(results, whoever_reads_it_holds_nobody_up_and_all_is_written_in_the_end) {
    enum { FAILURES = 50 };
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    struct report_stopwatch watch;
    sqlite3 *reader;
    test_results_begin(&results, path, REPORT_RESULTS_PLANS);
    cr_assert_eq(sqlite3_open(path, &reader), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT * FROM plan", NULL, NULL, NULL), SQLITE_OK);
    report_stopwatch_start(&watch);
    cr_expect_eq(report_results_plan_begins(&results, "a.plan"), VK_ERR_DISK);
    cr_expect(results.is_locked);
    cr_expect_eq(fail_often(&results, FAILURES), 0);
    cr_expect_eq(report_results_plan_ends(&results, REPORT_PLAN_DIFFERENT, 1, "", NULL),
                 VK_ERR_DISK);
    const struct report_results_run run = {"a.plan", 1, VK_STR("{\"a\":1}"), VK_STR_NONE};
    cr_expect_eq(report_results_timeline(&results, &run), VK_ERR_DISK);
    cr_expect_lt(report_stopwatch_seconds(&watch), 2);
    cr_expect_eq(report_results_unwritten(&results), FAILURES + 3);
    sqlite3_close(reader);
    test_results_end(&results, REPORT_RESULTS_FINISHED, 1, FAILURES);
    test_results_load(&model, path, &arena);
    cr_expect_null(report_model_partial(&model));
    cr_assert(model.failure_count == FAILURES && model.plan_count == 1 &&
              model.timeline_count == 1);
    cr_expect(model.plans[0].state == REPORT_PLAN_DIFFERENT && model.plans[0].failures == FAILURES);
    vk_arena_release(&arena);
    report_results_release(&results);
}

/* ---- found in another order than they are told in */

Test(results, failures_are_in_the_order_of_their_turns_and_then_as_they_were_found) {
    static const unsigned found[] = {4, 2, 9, 1, 7, 3}, told[] = {1, 2, 3, 4};
    static const char *const wanted[] = {"seed 1", "seed 2", "seed 3", "seed 4"};
    enum { FOUND = sizeof found / sizeof *found, TOLD = sizeof told / sizeof *told };
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    uint64_t number[10] = {0};
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    for (size_t i = 0; i < FOUND; i++) {
        test_results_fail(&results, found[i], "a");
        number[found[i]] = results.failure;
    }
    for (size_t i = 0; i < TOLD; i++) {
        struct sim_failure failure = {.signature = "replicas/send/a"};
        char name[40];
        snprintf(name, sizeof name, "seed %u", told[i]);
        const struct report_failure report = {&failure, name, "", NULL, NULL};
        test_ok(report_results_in_turn(&results, &report, number[told[i]]));
        cr_expect_eq(results.failure, i + 1);
    }
    test_results_load(&model, path, &arena);
    cr_assert_eq(model.failure_count, FOUND);
    for (size_t i = 0; i < TOLD; i++)
        cr_expect_str_eq(model.failures[i].name, wanted[i]);
    vk_arena_release(&arena);
}

/* ---- samples */

Test(results, a_long_campaign_has_no_more_samples_than_a_short_one) {
    struct report_results results;
    struct report_model model;
    struct vk_arena arena;
    struct sim_campaign_totals totals = {0};
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    for (unsigned i = 0; i < 1300; i++) {
        totals.seeds = i;
        results.next_sample_seconds = 0; /* time flies */
        test_ok(report_results_progress(&results, &totals));
    }
    test_results_load(&model, path, &arena);
    cr_expect(model.sample_count > 200 && model.sample_count <= 512, "%zu", model.sample_count);
    cr_expect_geq(results.sample_every_seconds, 4);
    for (size_t i = 1; i < model.sample_count; i++)
        cr_expect_gt(model.samples[i].seeds, model.samples[i - 1].seeds);
    cr_expect_eq(model.state, REPORT_RESULTS_RUNNING);
    cr_expect_eq(model.totals.seeds, 1299);
    vk_arena_release(&arena);
}

/* ---- other files */

static void expect_unreadable(enum vk_err wanted, const char *text) {
    struct report_model model;
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    cr_expect_eq(report_model_load(&model, path, &arena), wanted, "%s", text);
    cr_expect(strstr(vk_err_origin()->text, text), "%s: %s", text, vk_err_origin()->text);
    vk_arena_release(&arena);
}

/* They may well be result databases. */
Test(results, what_is_cut_off_or_locked_is_said_to_be_so) {
    struct report_results results;
    sqlite3 *other;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    expect_unreadable(VK_ERR_DISK, "results.sqlite: database is locked");
    sqlite3_close(other);
    cr_assert_eq(truncate(path, 5000), 0);
    expect_unreadable(VK_ERR_DISK, "results.sqlite: database disk image is malformed");
}

Test(results, what_is_no_result_database_is_said_in_a_line) {
    static const struct {
        const char *sql;
        enum vk_err err;
        const char *text;
    } changes[] = {
        {"PRAGMA user_version = 99", VK_ERR_SYNTAX, "results of version 99"},
        {"PRAGMA user_version = 2", VK_ERR_SYNTAX,
         "results of version 2; this crankcase reads version 3"},
        {"PRAGMA application_id = 0", VK_ERR_SYNTAX, "no result database"},
        {"DELETE FROM campaign", VK_ERR_SYNTAX, "of no campaign"},
        {"UPDATE campaign SET state = 'odd'", VK_ERR_SYNTAX, "its state is none"},
        {"UPDATE campaign SET kind = 'odd'", VK_ERR_SYNTAX, "of a kind that there is not"},
        {"UPDATE failure SET oracle = 'delphi'", VK_ERR_SYNTAX, "of an oracle that there is not"},
        {"DROP TABLE failure", VK_ERR_DISK, "no such table"},
        {"INSERT INTO timeline (name, json) VALUES ('x', 'alert(1)')", VK_ERR_SYNTAX,
         "a timeline is none"},
        {"INSERT INTO timeline (name, json, difference) VALUES ('x', '{\"a\":1}', '1')",
         VK_ERR_SYNTAX, "a timeline is none"},
        {"UPDATE failure SET id = 9223372036854775807", VK_ERR_SYNTAX, "of too many failures"},
        {"UPDATE failure SET id = -5", VK_ERR_SYNTAX, "of too many failures"},
    };
    expect_unreadable(VK_ERR_DISK, "No such file");
    test_file_write(path, VK_STR("this is a text, and a longer one than SQLite's header is, which "
                                 "has 100 bytes in all; so it is 103"));
    expect_unreadable(VK_ERR_SYNTAX, "no result database");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct report_results results;
        remove(path);
        test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
        test_results_fail(&results, 1, "a");
        change(changes[i].sql);
        expect_unreadable(changes[i].err, changes[i].text);
    }
}
