/* store_file.c - the database as a file: what is durable, who may read it, and what is no
 * database at all. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing_store.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

static void sql_exec(const char *path, const char *text) {
    sqlite3 *db;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    cr_assert(rc == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void filled_database_make(const char *path) {
    struct test_store test;
    test_store_open(&test, path, VK_STORE_DIRECT);
    test_set(&test, "a", "1");
    test_set(&test, "b", "2");
    test_ok(vk_store_host_set(test.store, VK_STR("host.height"), VK_STR("7")));
    test_ok(vk_transcript_init(test.store, VK_STR("v1")));
    test_ok(vk_transcript_add(test.store, VK_STR("v1"), VK_STR("item")));
    test_ok(vk_store_commit(test.store));
    test_store_close(&test);
}

/* The error of opening `path`; the store, should there be one, is closed again. */
static enum vk_err open_error(const char *path, enum vk_store_mode mode, bool read_only) {
    struct test_store test;
    const struct vk_store_options options = {.mode = mode, .read_only = read_only};
    enum vk_err err = test_store_try_open(&test, path, &options);
    test_store_close(&test);
    return err;
}

Test(store_file, reopen_shows_the_last_commit) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int writer = 0; writer < 2; writer++) {
        for (int reader = 0; reader < 2; reader++) {
            char path[128];
            snprintf(path, sizeof path, "%s/%d%d", folder.path, writer, reader);
            struct test_store test;
            test_store_open(&test, path, modes[writer]);
            test_set(&test, "kept", "old");
            test_set(&test, "gone", "x");
            test_ok(vk_store_commit(test.store));
            test_ok(vk_store_delete(test.store, VK_STR("gone")));
            test_ok(vk_store_commit(test.store));
            test_set(&test, "kept", "new");
            test_set(&test, "lost", "x");
            test_ok(vk_store_start_crank(test.store));
            test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
            test_set(&test, "lost too", "x");
            test_store_close(&test);

            test_store_open(&test, path, modes[reader]);
            cr_assert(vk_str_eq(test_get(&test, "kept"), VK_STR("old")));
            cr_assert(!vk_str_present(test_get(&test, "gone")));
            cr_assert(!vk_str_present(test_get(&test, "lost")));
            cr_assert(!vk_str_present(test_get(&test, "lost too")));
            test_store_close(&test);
        }
    }
    test_folder_remove(&folder);
}

Test(store_file, is_wal_with_the_swing_stores_tables) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    sqlite3 *db;
    sqlite3_stmt *statement;
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK);
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    cr_assert_str_eq((const char *)sqlite3_column_text(statement, 0), "wal");
    sqlite3_finalize(statement);
    cr_assert(sqlite3_prepare_v2(db,
                                 "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema "
                                 "WHERE sql IS NOT NULL ORDER BY name)",
                                 -1, &statement, NULL) == SQLITE_OK);
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    cr_assert_str_eq((const char *)sqlite3_column_text(statement, 0),
                     "bundles,currentTranscriptIndex,kvStore,pendingExports,snapshots,"
                     "transcriptItems,transcriptSpans");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    test_folder_remove(&folder);
}

static void check_read_only(const char *path) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        const struct vk_store_options options = {.mode = modes[m], .read_only = true};
        struct vk_str item;
        test_ok(test_store_try_open(&test, path, &options));
        cr_assert(vk_str_eq(test_get(&test, "a"), VK_STR("1")));
        test_ok(vk_transcript_item(test.store, &test.arena, VK_STR("v1"), 0, &item));
        cr_assert(vk_str_eq(item, VK_STR("item")));
        cr_assert(vk_store_set(test.store, VK_STR("a"), VK_STR("2")) == VK_ERR_USAGE);
        cr_assert(vk_store_delete(test.store, VK_STR("a")) == VK_ERR_USAGE);
        cr_assert(vk_store_start_crank(test.store) == VK_ERR_USAGE);
        cr_assert(vk_store_commit(test.store) == VK_ERR_USAGE);
        cr_assert(vk_transcript_init(test.store, VK_STR("v2")) == VK_ERR_USAGE);
        cr_assert(vk_bundle_add(test.store, VK_STR("b1-x"), VK_STR("")) == VK_ERR_USAGE);
        test_store_close(&test);
    }
}

static void assert_file_is(const char *path, struct vk_str bytes) {
    struct vk_str now = test_file_read(path);
    cr_assert(vk_str_eq(now, bytes), "%s has changed", path);
    free((void *)(uintptr_t)now.p);
}

Test(store_file, read_only_leaves_every_byte) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "a ?#%.sqlite"); /* what a URI would trip over */
    filled_database_make(path);
    struct vk_str before = test_file_read(path);
    struct stat status;
    check_read_only(path);
    assert_file_is(path, before);
    cr_assert(stat(test_folder_file(&folder, "a ?#%.sqlite-wal"), &status) != 0);
    cr_assert(stat(test_folder_file(&folder, "a ?#%.sqlite-shm"), &status) != 0);
    free((void *)(uintptr_t)before.p);
    test_folder_remove(&folder);
}

/* A killed process leaves a -wal that holds commits which the main file does not. */
Test(store_file, read_only_reads_through_a_leftover_wal) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "killed"), *copy = test_folder_file(&folder, "db");
    const char *wal = test_folder_file(&folder, "db-wal");
    struct test_store test;
    filled_database_make(path);
    test_store_open(&test, path, VK_STORE_DIRECT);
    test_set(&test, "late", "3");
    test_ok(vk_store_commit(test.store));
    struct vk_str main_bytes = test_file_read(path);
    struct vk_str wal_bytes = test_file_read(test_folder_file(&folder, "killed-wal"));
    cr_assert(wal_bytes.n > 0);
    test_store_close(&test);
    test_file_write(copy, main_bytes);
    test_file_write(wal, wal_bytes);
    check_read_only(copy);
    const struct vk_store_options options = {.mode = VK_STORE_WRITE_BACK, .read_only = true};
    test_ok(test_store_try_open(&test, copy, &options));
    cr_assert(vk_str_eq(test_get(&test, "late"), VK_STR("3")));
    test_store_close(&test);
    assert_file_is(copy, main_bytes);
    assert_file_is(wal, wal_bytes);
    struct stat status;
    cr_assert(stat(test_folder_file(&folder, "db-shm"), &status) != 0, "a file was left behind");
    free((void *)(uintptr_t)main_bytes.p);
    free((void *)(uintptr_t)wal_bytes.p);
    test_folder_remove(&folder);
}

Test(store_file, read_only_beside_a_writer_sees_commits_only) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    struct test_store writer;
    test_store_open(&writer, path, VK_STORE_DIRECT);
    test_set(&writer, "late", "committed");
    test_ok(vk_store_commit(writer.store));
    test_set(&writer, "late", "not committed");
    check_read_only(path);
    struct test_store reader;
    const struct vk_store_options options = {.mode = VK_STORE_DIRECT, .read_only = true};
    test_ok(test_store_try_open(&reader, path, &options));
    cr_assert(vk_str_eq(test_get(&reader, "late"), VK_STR("committed")));
    test_store_close(&reader);
    test_store_close(&writer);
    test_folder_remove(&folder);
}

Test(store_file, missing_files_are_bad_usage) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 2; m++) {
        cr_assert(open_error(test_folder_file(&folder, "none"), modes[m], true) == VK_ERR_USAGE);
        cr_assert(open_error(test_folder_file(&folder, "no/folder"), modes[m], false) ==
                  VK_ERR_USAGE);
        cr_assert(open_error(folder.path, modes[m], true) == VK_ERR_USAGE);
        cr_assert(open_error("", modes[m], false) == VK_ERR_USAGE);
    }
    struct stat status;
    cr_assert(stat(test_folder_file(&folder, "none"), &status) != 0, "it was created");
    test_folder_remove(&folder);
}

/* Databases that a swing-store never made, and what the error must name. */
Test(store_file, other_shapes_are_corrupt) {
    static const struct {
        const char *sql;
        const char *named;
    } cases[] = {
        {"CREATE TABLE cookies (host TEXT)", "kvStore"},
        {"DROP TABLE kvStore", "kvStore"},
        {"DROP TABLE kvStore; CREATE TABLE kvStore (key TEXT, value TEXT)", "kvStore"},
        {"DROP TABLE kvStore; CREATE TABLE kvStore (key BLOB PRIMARY KEY, value TEXT)", "kvStore"},
        {"DROP TABLE kvStore; "
         "CREATE TABLE kvStore (key TEXT COLLATE NOCASE PRIMARY KEY, value TEXT)",
         "kvStore"},
        {"DROP TABLE kvStore; CREATE VIEW kvStore AS SELECT 'a' AS key, 'b' AS value", "kvStore"},
        {"ALTER TABLE kvStore ADD COLUMN more TEXT", "kvStore"},
        {"ALTER TABLE transcriptSpans RENAME COLUMN endPos TO stopPos", "endPos"},
        {"ALTER TABLE snapshots ADD COLUMN more TEXT", "snapshots"},
        {"ALTER TABLE bundles RENAME COLUMN bundle TO contents", "bundle"},
    };
    struct test_folder folder;
    test_folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "db%zu", i);
        const char *path = test_folder_file(&folder, name);
        if (i > 0) filled_database_make(path);
        sql_exec(path, cases[i].sql);
        for (int m = 0; m < 2; m++)
            for (int read_only = 0; read_only < 2; read_only++) {
                enum vk_err err = open_error(path, modes[m], read_only != 0);
                cr_assert(err == VK_ERR_CORRUPT, "%s: %s", cases[i].sql, vk_err_name(err));
                cr_assert(strstr(vk_err_origin()->text, cases[i].named), "%s: %s", cases[i].sql,
                          vk_err_origin()->text);
            }
    }
    test_folder_remove(&folder);
}

/* Rows that no kernel wrote: opening or reading says so, and nothing crashes. */
Test(store_file, rows_of_wrong_types_are_corrupt) {
    static const char *const cases[] = {
        "INSERT INTO kvStore VALUES (NULL, 'x')",
        "INSERT INTO kvStore VALUES ('x', NULL)",
        "INSERT INTO kvStore VALUES (x'00ff', 'x')",
        "UPDATE kvStore SET value = x'00' WHERE key = 'a'",
    };
    static const char *const span_cases[] = {
        "UPDATE transcriptSpans SET endPos = -1",
        "UPDATE transcriptSpans SET endPos = 'x'",
        "UPDATE transcriptSpans SET endPos = NULL",
        "UPDATE transcriptSpans SET hash = 'short'",
        "UPDATE transcriptSpans SET hash = NULL",
        "UPDATE transcriptSpans SET isCurrent = NULL",
        "UPDATE transcriptSpans SET incarnation = ''",
        "DELETE FROM transcriptSpans",
        "UPDATE transcriptSpans SET startPos = 5",
    };
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unlink(path);
        filled_database_make(path);
        sql_exec(path, cases[i]);
        for (int m = 0; m < 2; m++)
            cr_assert(open_error(path, modes[m], true) == VK_ERR_CORRUPT, "%s", cases[i]);
    }
    for (size_t i = 0; i < sizeof span_cases / sizeof span_cases[0]; i++) {
        unlink(path);
        filled_database_make(path);
        sql_exec(path, span_cases[i]);
        for (int m = 0; m < 2; m++) {
            struct test_store test;
            struct vk_span span;
            test_store_open(&test, path, modes[m]);
            enum vk_err err = vk_transcript_current(test.store, VK_STR("v1"), &span);
            cr_assert(err == VK_ERR_CORRUPT, "%s: %s", span_cases[i], vk_err_name(err));
            err = vk_transcript_add(test.store, VK_STR("v1"), VK_STR("item"));
            cr_assert(err == VK_ERR_CORRUPT, "%s: %s", span_cases[i], vk_err_name(err));
            test_store_close(&test);
        }
    }
    test_folder_remove(&folder);
}

Test(store_file, triggers_of_a_hostile_file_do_not_run) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    sql_exec(path, "CREATE TRIGGER t AFTER UPDATE ON kvStore "
                   "BEGIN INSERT INTO kvStore VALUES ('owned', 'x'); END");
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, path, modes[m]);
        test_set(&test, "a", "changed");
        test_ok(vk_store_commit(test.store));
        cr_assert(!vk_str_present(test_get(&test, "owned")));
        test_store_close(&test);
        test_store_open(&test, path, modes[m]);
        cr_assert(!vk_str_present(test_get(&test, "owned")));
        test_store_close(&test);
    }
    test_folder_remove(&folder);
}

/* A row in the way, as no kernel would have left it: the block that meets it is not committed,
 * not even in part. */
Test(store_file, a_block_that_cannot_be_written_whole_is_not_written) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        unlink(path);
        filled_database_make(path);
        sql_exec(path, "INSERT INTO transcriptItems VALUES ('v1', 1, 'in the way', 0)");
        char *before = test_database_dump(path);
        test_store_open(&test, path, modes[m]);
        test_set(&test, "a", "changed");
        enum vk_err err = vk_transcript_add(test.store, VK_STR("v1"), VK_STR("item"));
        cr_assert(err == (modes[m] == VK_STORE_DIRECT ? VK_ERR_CORRUPT : VK_OK));
        cr_assert(vk_store_commit(test.store) != VK_OK);
        cr_assert(vk_store_commit(test.store) != VK_OK);
        test_store_close(&test);
        char *after = test_database_dump(path);
        cr_assert_str_eq(before, after);
        free(before);
        free(after);
    }
    test_folder_remove(&folder);
}

/* Opens a damaged file and reads what it can; any error will do, so long as it is one of the
 * file's. */
static void damaged_read(const char *path, enum vk_store_mode mode, bool read_only) {
    struct test_store test;
    const struct vk_store_options options = {.mode = mode, .read_only = read_only};
    enum vk_err err = test_store_try_open(&test, path, &options);
    if (err == VK_OK) {
        struct vk_str value, key = VK_STR("");
        struct vk_span span;
        bool more = true;
        for (int i = 0; i < 100 && more && err == VK_OK; i++) {
            err = vk_store_next_key(test.store, &test.arena, key, &key);
            more = err == VK_OK && vk_str_present(key);
            if (more) err = vk_store_get(test.store, &test.arena, key, &value);
        }
        if (err == VK_OK) err = vk_transcript_current(test.store, VK_STR("v1"), &span);
        if (err == VK_OK)
            err = vk_transcript_item(test.store, &test.arena, VK_STR("v1"), 0, &value);
    }
    cr_assert(err == VK_OK || err == VK_ERR_CORRUPT || err == VK_ERR_USAGE || err == VK_ERR_DISK ||
                  err == VK_ERR_NOMEM,
              "%s: %s", vk_err_name(err), vk_err_origin()->text);
    test_store_close(&test);
}

Test(store_file, truncated_files_are_corrupt, .timeout = 120) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    struct vk_str whole = test_file_read(path);
    for (size_t n = 0; n < whole.n; n = n < 1024 ? n + 100 : n + 1000) {
        for (int m = 0; m < 2; m++) {
            test_file_write(path, (struct vk_str){whole.p, n});
            enum vk_err err = open_error(path, modes[m], true);
            cr_assert(err == VK_ERR_CORRUPT, "%zu bytes: %s", n, vk_err_name(err));
            if (n > 0) cr_assert(open_error(path, modes[m], false) == VK_ERR_CORRUPT);
        }
    }
    test_file_write(path, VK_STR("{\"t\":\"set\",\"k\":\"vat.names\",\"v\":\"[]\"}\n"));
    cr_assert(open_error(path, VK_STORE_DIRECT, true) == VK_ERR_CORRUPT);
    cr_assert(open_error(path, VK_STORE_DIRECT, false) == VK_ERR_CORRUPT);
    free((void *)(uintptr_t)whole.p);
    test_folder_remove(&folder);
}

Test(store_file, damaged_bytes_never_crash, .timeout = 240) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    struct vk_str whole = test_file_read(path);
    char *bytes = malloc(whole.n);
    cr_assert(bytes);
    uint64_t random = 11;
    for (int i = 0; i < 1500; i++) {
        memcpy(bytes, whole.p, whole.n);
        uint64_t count = 1 + test_random_below(&random, 20);
        for (uint64_t j = 0; j < count; j++) {
            /* Headers of the file and of its pages are what matters most. */
            size_t page = 4096 * test_random_below(&random, whole.n / 4096);
            size_t at =
                page + test_random_below(&random, test_random_below(&random, 2) ? 128 : 4096);
            bytes[at] = (char)test_random(&random);
        }
        test_file_write(path, (struct vk_str){bytes, whole.n});
        damaged_read(path, modes[i % 2], i % 3 != 0);
        unlink(test_folder_file(&folder, "db-wal"));
        unlink(test_folder_file(&folder, "db-shm"));
    }
    free(bytes);
    free((void *)(uintptr_t)whole.p);
    test_folder_remove(&folder);
}

Test(store_file, a_second_writer_is_busy) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    struct test_store first, second;
    test_store_open(&first, path, VK_STORE_DIRECT);
    test_store_open(&second, path, VK_STORE_DIRECT);
    test_set(&first, "a", "first");
    cr_assert(vk_store_set(second.store, VK_STR("a"), VK_STR("second")) == VK_ERR_BUSY);
    test_ok(vk_store_commit(first.store));
    test_set(&second, "a", "second");
    test_ok(vk_store_commit(second.store));
    cr_assert(vk_str_eq(test_get(&first, "a"), VK_STR("second")));
    test_store_close(&first);
    test_store_close(&second);
    test_folder_remove(&folder);
}

/* What was loaded is no longer what is there: writing over it would undo the other's commit. */
Test(store_file, write_back_does_not_write_over_a_strangers_commit) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    struct test_store mine, other;
    test_store_open(&mine, path, VK_STORE_WRITE_BACK);
    test_store_open(&other, path, VK_STORE_WRITE_BACK);
    test_set(&other, "a", "other");
    test_ok(vk_store_commit(other.store));
    test_set(&mine, "b", "mine");
    cr_assert(vk_store_commit(mine.store) == VK_ERR_BUSY);
    test_set(&other, "a", "other again");
    test_ok(vk_store_commit(other.store));
    test_store_close(&mine);
    test_store_close(&other);
    test_folder_remove(&folder);
}

Test(store_file, a_busy_commit_of_write_back_can_be_tried_again) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    filled_database_make(path);
    struct test_store test;
    sqlite3 *db;
    test_store_open(&test, path, VK_STORE_WRITE_BACK);
    test_set(&test, "a", "new");
    test_ok(vk_transcript_add(test.store, VK_STR("v1"), VK_STR("more")));
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    cr_assert(vk_store_commit(test.store) == VK_ERR_BUSY);
    cr_assert(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    test_ok(vk_store_commit(test.store));
    test_store_close(&test);
    sqlite3_close(db);
    test_store_open(&test, path, VK_STORE_DIRECT);
    cr_assert(vk_str_eq(test_get(&test, "a"), VK_STR("new")));
    struct vk_span span;
    test_ok(vk_transcript_current(test.store, VK_STR("v1"), &span));
    cr_assert(span.end == 2);
    test_store_close(&test);
    test_folder_remove(&folder);
}
