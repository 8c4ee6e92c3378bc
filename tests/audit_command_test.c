/* audit_command_test.c - `crankcase audit`: what it prints, what it returns, and that it only
 * reads. */
#include "sim/command.h"
#include "testing_audit.h"
#include "testing_store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vk/json.h"

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(audit_command, .init = folder_make, .fini = folder_remove);

/* Runs the command and gives all that it prints, on both streams, as malloc'd text. */
static int run(const char *option, const char *file, char **output) {
    char name[] = "audit", option_copy[64], file_copy[256];
    snprintf(option_copy, sizeof option_copy, "%s", option ? option : "");
    snprintf(file_copy, sizeof file_copy, "%s", file ? file : "");
    char *argv[4] = {name};
    int argc = 1;
    if (option) argv[argc++] = option_copy;
    if (file) argv[argc++] = file_copy;
    const char *path = test_folder_file(&folder, "output");
    fflush(stdout);
    int kept_out = dup(STDOUT_FILENO), kept_err = dup(STDERR_FILENO);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    cr_assert(kept_out >= 0 && kept_err >= 0 && to >= 0);
    dup2(to, STDOUT_FILENO);
    dup2(to, STDERR_FILENO);
    close(to);
    int code = sim_cmd_audit.run(argc, argv);
    fflush(stdout);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_err, STDERR_FILENO);
    close(kept_out);
    close(kept_err);
    struct vk_str text = test_file_read(path);
    *output = calloc(1, text.n + 1);
    memcpy(*output, text.p, text.n);
    free((void *)(uintptr_t)text.p);
    remove(path);
    return code;
}

static void expect(const char *option, const char *file, int code, const char *wanted) {
    char *output;
    int found = run(option, file, &output);
    cr_expect_eq(found, code, "%s: %d, not %d:\n%s", file ? file : "", found, code, output);
    cr_expect(strstr(output, wanted), "%s: no \"%s\" in\n%s", file ? file : "", wanted, output);
    free(output);
}

static const char *database(struct test_audit *test, const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, name));
    test_audit_write_database(test, path);
    return path;
}

Test(audit_command, finds_nothing_in_a_clean_database) {
    struct test_audit test;
    test_audit_init(&test);
    expect(NULL, database(&test, "clean.sqlite"), SIM_EXIT_OK, "nothing found");
}

Test(audit_command, prints_each_violation_on_its_own_line) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "kp40.refCount", "3");
    test_audit_set(&test, "runQueue.3", NULL);
    const char *path = database(&test, "damaged.sqlite");
    char line[256];
    snprintf(line, sizeof line, "%s: promise-refcount: kp40.refCount: expected 4, found 3\n", path);
    expect(NULL, path, SIM_EXIT_DIFFERENCE, line);
    snprintf(line, sizeof line, "%s: queue-bounds: runQueue.3: expected an entry, found (none)\n",
             path);
    expect(NULL, path, SIM_EXIT_DIFFERENCE, line);
}

Test(audit_command, strict_leaves_no_reference_unexplained) {
    struct test_audit test;
    test_audit_init(&test);
    const char *path = database(&test, "host.sqlite");
    expect(NULL, path, SIM_EXIT_OK, "1 references to 1 promises and 0 objects");
    expect("--strict", path, SIM_EXIT_DIFFERENCE, "kp43.refCount: expected 1, found 2");
}

Test(audit_command, json_is_json_whatever_bytes_a_value_has) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "kp40.decider", "\"\n\xfe");
    const char *path = database(&test, "json.sqlite");
    char *output;
    cr_assert_eq(run("--json", path, &output), SIM_EXIT_DIFFERENCE);
    struct vk_arena arena;
    const struct vk_json *json;
    vk_arena_init(&arena, vk_heap_system());
    test_ok(vk_json_parse(&arena, (struct vk_str){output, strlen(output)}, &json));
    cr_assert(vk_str_eq(vk_json_string(vk_json_get(json, "file")), vk_str(path)));
    const struct vk_json *violation = vk_json_at(vk_json_get(json, "violations"), 0);
    cr_assert(vk_str_eq(vk_json_string(vk_json_get(violation, "rule")), VK_STR("promise-decider")));
    cr_assert(vk_str_eq(vk_json_string(vk_json_get(violation, "key")), VK_STR("kp40.decider")));
    cr_assert(
        vk_str_eq(vk_json_string(vk_json_get(violation, "found")), VK_STR("\"\n\xef\xbf\xbd")));
    vk_arena_release(&arena);
    free(output);
}

Test(audit_command, takes_a_swing_stores_folder) {
    struct test_audit test;
    test_audit_init(&test);
    database(&test, "swingstore.sqlite");
    expect(NULL, folder.path, SIM_EXIT_OK, "nothing found");
}

Test(audit_command, never_changes_the_file) {
    struct test_audit test;
    struct stat before, after;
    test_audit_init(&test);
    test_audit_set(&test, "kp40.refCount", "3");
    const char *path = database(&test, "kept.sqlite");
    struct vk_str bytes = test_file_read(path);
    cr_assert_eq(stat(path, &before), 0);
    expect(NULL, path, SIM_EXIT_DIFFERENCE, "promise-refcount");
    cr_assert_eq(stat(path, &after), 0);
    struct vk_str again = test_file_read(path);
    cr_assert(vk_str_eq(bytes, again));
    cr_assert_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    cr_assert_neq(access(test_folder_file(&folder, "kept.sqlite-wal"), F_OK), 0);
    cr_assert_neq(access(test_folder_file(&folder, "kept.sqlite-shm"), F_OK), 0);
    free((void *)(uintptr_t)bytes.p);
    free((void *)(uintptr_t)again.p);
}

/* ---- bad input: exit 2, and nothing on standard output but what is true. */
static void spoil(const char *path, const char *sql) {
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(audit_command, refuses_what_is_no_kernel_database) {
    expect(NULL, test_folder_file(&folder, "none.sqlite"), SIM_EXIT_BAD_INPUT,
           "none.sqlite: No such file");
    const char *text = test_folder_file(&folder, "text.sqlite");
    test_file_write(text, VK_STR("this is no database, and long enough to see that it is none\n"));
    expect(NULL, text, SIM_EXIT_BAD_INPUT, "text.sqlite: ");
    const char *other = test_folder_file(&folder, "other.sqlite");
    spoil(other, "CREATE TABLE kvStore (a, b, c)");
    expect(NULL, other, SIM_EXIT_BAD_INPUT, "other.sqlite: table kvStore has 3 columns");
    const char *recording = test_folder_file(&folder, "broken.jsonl");
    test_file_write(recording, VK_STR("{\"t\":\"set\",\"k\":\"version\"}\n"));
    expect(NULL, recording, SIM_EXIT_BAD_INPUT, "broken.jsonl:1:1: ");
    expect(NULL, folder.path, SIM_EXIT_BAD_INPUT, "broken.jsonl:1:1: ");
    expect("--frob", NULL, SIM_EXIT_BAD_INPUT, "unknown option --frob");
    expect(NULL, NULL, SIM_EXIT_BAD_INPUT, "no file is named");
}

Test(audit_command, refuses_another_schema_version) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "version", "2");
    expect(NULL, database(&test, "old.sqlite"), SIM_EXIT_BAD_INPUT, "version is \"2\", not 3");
}

Test(audit_command, names_the_key_whose_value_has_the_wrong_type) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "gcActions", "{}");
    expect(NULL, database(&test, "type.sqlite"), SIM_EXIT_BAD_INPUT,
           "malformed: gcActions: expected a JSON array, found {}");
}

Test(audit_command, says_so_when_a_row_is_no_text) {
    struct test_audit test;
    test_audit_init(&test);
    const char *path = database(&test, "blob.sqlite");
    spoil(path, "UPDATE kvStore SET value = x'00' WHERE key = 'gcActions'");
    expect("--json", path, SIM_EXIT_BAD_INPUT, "the value of key gcActions is no text");
}

Test(audit_command, survives_a_database_cut_anywhere) {
    struct test_audit test;
    test_audit_init(&test);
    struct vk_str whole = test_file_read(database(&test, "whole.sqlite"));
    char path[128];
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, "cut.sqlite"));
    for (size_t n = 0; n < whole.n; n += 997) {
        char *output;
        test_file_write(path, (struct vk_str){whole.p, n});
        int code = run(NULL, path, &output);
        cr_expect(code == SIM_EXIT_BAD_INPUT || code == SIM_EXIT_DIFFERENCE, "cut at %zu: %d", n,
                  code);
        free(output);
    }
    free((void *)(uintptr_t)whole.p);
}

/* ---- recordings */
static const char clean_recording[] =
    "{\"t\":\"set\",\"k\":\"version\",\"v\":\"3\"}\n"
    "{\"t\":\"set\",\"k\":\"vat.names\",\"v\":\"[]\"}\n"
    "{\"t\":\"set\",\"k\":\"vat.dynamicIDs\",\"v\":\"[]\"}\n"
    "{\"t\":\"set\",\"k\":\"vats.terminated\",\"v\":\"[]\"}\n"
    "{\"t\":\"set\",\"k\":\"device.names\",\"v\":\"[]\"}\n"
    "{\"t\":\"set\",\"k\":\"gcActions\",\"v\":\"[]\"}\n"
    "{\"t\":\"set\",\"k\":\"reapQueue\",\"v\":\"[]\"}\n"
    "{\"t\":\"set\",\"k\":\"runQueue\",\"v\":\"[1,1]\"}\n"
    "{\"t\":\"set\",\"k\":\"acceptanceQueue\",\"v\":\"[1,1]\"}\n"
    "{\"t\":\"set\",\"k\":\"kernelStats\",\"v\":\"{\\\"runQueueLength\\\":0,\\\"runQueueLengthUp\\\":0"
    ",\\\"runQueueLengthDown\\\":0,\\\"runQueueLengthMax\\\":0,\\\"acceptanceQueueLength\\\":0,"
    "\\\"acceptanceQueueLengthUp\\\":0,\\\"acceptanceQueueLengthDown\\\":0,"
    "\\\"acceptanceQueueLengthMax\\\":0,\\\"promiseQueuesLength\\\":0,\\\"promiseQueuesLengthUp\\\":0,"
    "\\\"promiseQueuesLengthDown\\\":0,\\\"promiseQueuesLengthMax\\\":0}\"}\n"
    "{\"t\":\"set\",\"k\":\"kernel.defaultManagerType\",\"v\":\"local\"}\n"
    "{\"t\":\"set\",\"k\":\"kernel.defaultReapDirtThreshold\",\"v\":\"{}\"}\n"
    "{\"t\":\"set\",\"k\":\"kernel.snapshotInitial\",\"v\":\"3\"}\n"
    "{\"t\":\"set\",\"k\":\"kernel.snapshotInterval\",\"v\":\"200\"}\n"
    "{\"t\":\"set\",\"k\":\"vat.nextID\",\"v\":\"1\"}\n"
    "{\"t\":\"set\",\"k\":\"vat.nextUpgradeID\",\"v\":\"1\"}\n"
    "{\"t\":\"set\",\"k\":\"device.nextID\",\"v\":\"7\"}\n"
    "{\"t\":\"set\",\"k\":\"meter.nextID\",\"v\":\"1\"}\n"
    "{\"t\":\"set\",\"k\":\"ko.nextID\",\"v\":\"20\"}\n"
    "{\"t\":\"set\",\"k\":\"kp.nextID\",\"v\":\"40\"}\n"
    "{\"t\":\"set\",\"k\":\"kd.nextID\",\"v\":\"30\"}\n"
    "{\"t\":\"set\",\"k\":\"crankNumber\",\"v\":\"0\"}\n";

#define EMIT                                                                                       \
    "{\"t\":\"emit\",\"crankhash\":"                                                               \
    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"activityhash\":"       \
    "\"0000000000000000000000000000000000000000000000000000000000000000\"}\n"

/* A crank that sets crankNumber and reapQueue, with `more` between the two and then `end`. */
#define CRANK(number, more, reap_queue, end)                                                       \
    "{\"t\":\"startCrank\"}\n{\"t\":\"savepoint\",\"s\":\"start\"}\n"                              \
    "{\"t\":\"set\",\"k\":\"crankNumber\",\"v\":\"" number "\"}\n" more                            \
    "{\"t\":\"set\",\"k\":\"reapQueue\",\"v\":\"" reap_queue "\"}\n" end "{\"t\":\"endCrank\"}\n"

static const char *recording(const char *name, const char *cranks) {
    static char text[8192], path[128];
    int n = snprintf(text, sizeof text, "%s%s", clean_recording, cranks);
    cr_assert_lt((size_t)n, sizeof text);
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, name));
    test_file_write(path, (struct vk_str){text, (size_t)n});
    return path;
}

Test(audit_command, audits_the_last_state_of_a_recording) {
    expect(NULL, recording("clean.jsonl", ""), SIM_EXIT_OK, "nothing found");
    expect(NULL, recording("bad.jsonl", CRANK("1", "", "[\\\"v9\\\"]", EMIT)), SIM_EXIT_DIFFERENCE,
           "reap-queue: reapQueue: expected ids of vats, found v9");
}

Test(audit_command, finds_the_crank_that_broke_it) {
    const char *path =
        recording("mended.jsonl", CRANK("1", "", "[\\\"v9\\\"]", EMIT) CRANK("2", "", "[]", EMIT));
    expect(NULL, path, SIM_EXIT_OK, "after 2 cranks");
    expect("--every-crank", path, SIM_EXIT_DIFFERENCE, "after 1 cranks");
}

Test(audit_command, honours_rollbacks_and_leaves_out_a_panicked_crank) {
    const char *undone =
        recording("undone.jsonl", CRANK("1",
                                        "{\"t\":\"set\",\"k\":\"rubbish\",\"v\":\"x\"}\n"
                                        "{\"t\":\"rollback\",\"s\":\"start\"}\n",
                                        "[]", EMIT));
    expect(NULL, undone, SIM_EXIT_OK, "nothing found");
    const char *panicked = recording("panicked.jsonl", CRANK("1", "", "[\\\"v9\\\"]", ""));
    expect(NULL, panicked, SIM_EXIT_OK, "after 0 cranks");
}

Test(audit_command, lists_its_rules) {
    expect("--rules", NULL, SIM_EXIT_OK, "clist-bijection");
    expect("--help", NULL, SIM_EXIT_OK, "usage: crankcase audit");
}
