/* store_tables.c - transcripts, snapshots and bundles alone, in both modes: what swing-store's
 * own tests ask of them. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_store.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

static const struct vk_str v1 = {"v1", 2};
static const char image_hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct vk_span span_of(struct test_store *test) {
    struct vk_span span;
    test_ok(vk_transcript_current(test->store, v1, &span));
    return span;
}

static void items_add(struct test_store *test, int from, int to) {
    for (int i = from; i < to; i++) {
        char item[32];
        snprintf(item, sizeof item, "item %d", i);
        test_ok(vk_transcript_add(test->store, v1, vk_str(item)));
    }
}

Test(store_tables, an_empty_span_has_the_initial_hash) {
    char expected[65];
    const struct vk_str seed = VK_STR("start of transcript span");
    test_sha256(expected, 1, &seed);
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        test_ok(vk_transcript_init(test.store, v1));
        struct vk_span span = span_of(&test);
        cr_assert(span.start == 0 && span.end == 0 && span.incarnation == 0);
        cr_assert_str_eq(span.hash, expected);
        cr_assert(vk_transcript_init(test.store, v1) == VK_ERR_USAGE);
        test_store_close(&test);
    }
}

Test(store_tables, span_hash_is_cumulative) {
    char hash[65], item_hash[65];
    const struct vk_str seed = VK_STR("start of transcript span");
    test_sha256(hash, 1, &seed);
    for (int i = 0; i < 3; i++) {
        char item[32], chained[65];
        snprintf(item, sizeof item, "item %d", i);
        const struct vk_str text = vk_str(item);
        test_sha256(item_hash, 1, &text);
        const struct vk_str parts[] = {vk_str(hash), vk_str(item_hash)};
        test_sha256(chained, 2, parts);
        memcpy(hash, chained, sizeof hash);
    }
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        test_ok(vk_transcript_init(test.store, v1));
        items_add(&test, 0, 3);
        cr_assert_str_eq(span_of(&test).hash, hash);
        test_store_close(&test);
    }
}

Test(store_tables, rollover_begins_a_span_where_the_last_ended) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        struct vk_str item;
        uint64_t incarnation;
        test_store_open(&test, ":memory:", modes[m]);
        cr_assert(vk_transcript_rollover_span(test.store, v1) == VK_ERR_CORRUPT);
        test_ok(vk_transcript_init(test.store, v1));
        cr_assert(vk_transcript_rollover_span(test.store, v1) == VK_ERR_USAGE, "an empty span");
        items_add(&test, 0, 3);
        test_ok(vk_transcript_rollover_span(test.store, v1));
        struct vk_span span = span_of(&test);
        cr_assert(span.start == 3 && span.end == 3 && span.incarnation == 0);
        items_add(&test, 3, 5);
        test_ok(vk_transcript_rollover_incarnation(test.store, v1, &incarnation));
        span = span_of(&test);
        cr_assert(span.start == 5 && span.incarnation == 1 && incarnation == 1);
        items_add(&test, 5, 6);
        test_ok(vk_transcript_item(test.store, &test.arena, v1, 5, &item));
        cr_assert(vk_str_eq(item, VK_STR("item 5")));
        cr_assert(vk_transcript_item(test.store, &test.arena, v1, 4, &item) == VK_ERR_USAGE);
        cr_assert(vk_transcript_item(test.store, &test.arena, v1, 6, &item) == VK_ERR_USAGE);
        test_store_close(&test);
    }
}

Test(store_tables, deletion_takes_the_newest_spans_first) {
    for (int m = 0; m < 2; m++) {
        for (int committed = 0; committed < 3; committed++) {
            struct test_store test;
            uint64_t cleanups;
            bool done;
            test_store_open(&test, ":memory:", modes[m]);
            test_ok(vk_transcript_init(test.store, v1));
            for (int i = 0; i < 4; i++) { /* five spans, the last one empty and current */
                items_add(&test, 2 * i, 2 * i + 2);
                test_ok(vk_transcript_rollover_span(test.store, v1));
                if (committed == 2 || (committed == 1 && i == 1))
                    test_ok(vk_store_commit(test.store));
            }
            cr_assert(vk_transcript_delete(test.store, v1, 0, &cleanups, &done) == VK_ERR_USAGE);
            test_ok(vk_transcript_stop(test.store, v1));
            test_ok(vk_transcript_stop(test.store, v1));
            test_ok(vk_transcript_delete(test.store, v1, 2, &cleanups, &done));
            cr_assert(cleanups == 2 && !done);
            test_ok(vk_store_start_crank(test.store));
            test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
            test_ok(vk_transcript_delete(test.store, v1, VK_UNLIMITED, &cleanups, &done));
            cr_assert(cleanups == 3 && done);
            test_ok(vk_store_rollback(test.store, VK_SAVEPOINT_START));
            test_ok(vk_transcript_delete(test.store, v1, 3, &cleanups, &done));
            cr_assert(cleanups == 3 && done);
            test_ok(vk_transcript_delete(test.store, v1, 3, &cleanups, &done));
            cr_assert(cleanups == 0 && done);
            test_ok(vk_store_end_crank(test.store));
            test_ok(vk_transcript_init(test.store, v1));
            test_store_close(&test);
        }
    }
}

static size_t lines_with(const char *dump, const char *start) {
    size_t count = 0;
    for (const char *line = dump; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, start, strlen(start)) == 0) count++;
    }
    return count;
}

Test(store_tables, closed_spans_keep_or_lose_their_items) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 2; m++) {
        for (int drop = 0; drop < 2; drop++) {
            char path[128];
            snprintf(path, sizeof path, "%s/%d%d", folder.path, m, drop);
            const struct vk_store_options options = {.mode = modes[m],
                                                     .drop_transcripts = drop != 0};
            struct test_store test;
            test_ok(test_store_try_open(&test, path, &options));
            test_ok(vk_transcript_init(test.store, v1));
            items_add(&test, 0, 2);
            test_ok(vk_store_commit(test.store));
            items_add(&test, 2, 4); /* half of the span is committed, half pending */
            test_ok(vk_transcript_rollover_span(test.store, v1));
            items_add(&test, 4, 5);
            test_ok(vk_store_commit(test.store));
            test_store_close(&test);
            char *dump = test_database_dump(path);
            cr_assert(lines_with(dump, "item v1") == (drop ? 1 : 5), "%s", dump);
            cr_assert(lines_with(dump, "span v1") == 2, "%s", dump);
            free(dump);
        }
    }
    test_folder_remove(&folder);
}

Test(store_tables, the_newest_snapshot_is_in_use) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 2; m++) {
        for (int keep = 0; keep < 2; keep++) {
            char path[128];
            snprintf(path, sizeof path, "%s/%d%d", folder.path, m, keep);
            const struct vk_store_options options = {.mode = modes[m], .keep_snapshots = keep != 0};
            struct test_store test;
            struct vk_snapshot_info info;
            struct vk_str image;
            bool found;
            test_ok(test_store_try_open(&test, path, &options));
            test_ok(vk_snapshot_current(test.store, v1, &found, &info));
            cr_assert(!found);
            cr_assert(vk_snapshot_load(test.store, &test.arena, v1, &image) == VK_ERR_SNAPSHOT);
            test_ok(vk_snapshot_save(test.store, v1, 3, image_hash, VK_STR("old image"), &info));
            test_ok(vk_store_commit(test.store));
            test_ok(vk_snapshot_save(test.store, v1, 8, image_hash, VK_STR("image"), &info));
            cr_assert(info.uncompressed_size == 5 && info.compressed_size > 18);
            test_ok(vk_snapshot_save(test.store, v1, 9, image_hash, VK_STR("newest"), &info));
            test_ok(vk_snapshot_current(test.store, v1, &found, &info));
            cr_assert(found && info.position == 9);
            test_ok(vk_snapshot_load(test.store, &test.arena, v1, &image));
            cr_assert(vk_str_eq(image, VK_STR("newest")));
            test_ok(vk_store_commit(test.store));
            test_store_close(&test);
            char *dump = test_database_dump(path);
            cr_assert(lines_with(dump, "snapshot v1 3 NULL") == 1, "%s", dump);
            cr_assert(lines_with(dump, "snapshot v1 8 NULL") == 1, "%s", dump);
            cr_assert(lines_with(dump, "snapshot v1 9 1") == 1, "%s", dump);
            size_t pruned = 0;
            for (const char *at = dump; (at = strstr(at, " NULL \n")); at++)
                pruned++;
            cr_assert(pruned == (keep ? 0 : 2), "%s", dump);
            free(dump);
        }
    }
    test_folder_remove(&folder);
}

Test(store_tables, an_image_is_packed_the_same_every_time) {
    struct test_store test;
    struct vk_snapshot_info first, second;
    char *image = malloc(300000);
    uint64_t random = 3;
    cr_assert(image);
    for (size_t i = 0; i < 300000; i++)
        image[i] = (char)('a' + test_random(&random) % 4);
    test_store_open(&test, ":memory:", VK_STORE_WRITE_BACK);
    const struct vk_str bytes = {image, 300000};
    test_ok(vk_snapshot_save(test.store, v1, 1, image_hash, bytes, &first));
    test_ok(vk_snapshot_save(test.store, v1, 2, image_hash, VK_STR(""), &second));
    test_ok(vk_snapshot_save(test.store, v1, 3, image_hash, bytes, &second));
    cr_assert(first.compressed_size == second.compressed_size);
    cr_assert(first.compressed_size < 100000);
    struct vk_str loaded;
    test_ok(vk_snapshot_load(test.store, &test.arena, v1, &loaded));
    cr_assert(vk_str_eq(loaded, bytes));
    free(image);
    test_store_close(&test);
}

Test(store_tables, a_snapshot_must_have_a_hash_of_64_digits) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        struct vk_snapshot_info info;
        test_store_open(&test, ":memory:", modes[m]);
        cr_assert(vk_snapshot_save(test.store, v1, 1, "", VK_STR("image"), &info) == VK_ERR_USAGE);
        test_store_close(&test);
    }
}

/* What a torn write, a bit flip or a hostile hand leaves of an image. */
Test(store_tables, a_damaged_image_is_no_image) {
    static const char *const damages[] = {
        "UPDATE snapshots SET compressedSnapshot = substr(compressedSnapshot, 1, 30)",
        "UPDATE snapshots SET compressedSnapshot = NULL",
        "UPDATE snapshots SET compressedSnapshot = x''",
        "UPDATE snapshots SET compressedSnapshot = x'00112233'",
        "UPDATE snapshots SET compressedSnapshot = compressedSnapshot || x'00'",
        "UPDATE snapshots SET uncompressedSize = uncompressedSize - 1",
        "UPDATE snapshots SET uncompressedSize = uncompressedSize + 1",
        "UPDATE snapshots SET uncompressedSize = 9000000000000000000",
    };
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct test_store test;
        struct vk_snapshot_info info;
        struct vk_str image;
        sqlite3 *db;
        test_store_open(&test, path, VK_STORE_DIRECT);
        test_ok(vk_snapshot_save(test.store, v1, 1, image_hash,
                                 VK_STR("an image, an image, an image, and some more of it"),
                                 &info));
        test_ok(vk_store_commit(test.store));
        test_store_close(&test);
        cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
        cr_assert(sqlite3_exec(db, damages[i], NULL, NULL, NULL) == SQLITE_OK);
        sqlite3_close(db);
        for (int m = 0; m < 2; m++) {
            test_store_open(&test, path, modes[m]);
            enum vk_err err = vk_snapshot_load(test.store, &test.arena, v1, &image);
            cr_assert(err == VK_ERR_SNAPSHOT, "%s: %s", damages[i], vk_err_name(err));
            test_store_close(&test);
        }
    }
    test_folder_remove(&folder);
}

Test(store_tables, snapshots_are_deleted_newest_first) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        struct vk_snapshot_info info;
        uint64_t cleanups;
        bool done, found;
        test_store_open(&test, ":memory:", modes[m]);
        for (uint64_t position = 0; position < 5; position++) {
            test_ok(vk_snapshot_save(test.store, v1, position, image_hash, VK_STR("x"), &info));
            if (position == 2) test_ok(vk_store_commit(test.store));
        }
        test_ok(vk_snapshot_delete(test.store, v1, 3, &cleanups, &done));
        cr_assert(cleanups == 3 && !done);
        test_ok(vk_snapshot_current(test.store, v1, &found, &info));
        cr_assert(!found);
        test_ok(vk_snapshot_stop(test.store, v1));
        test_ok(vk_snapshot_delete(test.store, v1, VK_UNLIMITED, &cleanups, &done));
        cr_assert(cleanups == 2 && done);
        test_ok(vk_store_commit(test.store));
        test_ok(vk_snapshot_delete(test.store, v1, 1, &cleanups, &done));
        cr_assert(cleanups == 0 && done);
        test_store_close(&test);
    }
}

Test(store_tables, a_bundle_is_added_once) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        struct vk_str bytes;
        bool has;
        test_store_open(&test, ":memory:", modes[m]);
        test_ok(vk_bundle_add(test.store, VK_STR("b1-a"), VK_STR("zip")));
        test_ok(vk_bundle_add(test.store, VK_STR("b0-e"), VK_STR("")));
        cr_assert(vk_bundle_add(test.store, VK_STR("b1-a"), VK_STR("zip")) == VK_ERR_USAGE);
        test_ok(vk_store_commit(test.store));
        cr_assert(vk_bundle_add(test.store, VK_STR("b1-a"), VK_STR("zip")) == VK_ERR_USAGE);
        test_ok(vk_bundle_has(test.store, VK_STR("b0-e"), &has));
        cr_assert(has, "one without contents is there all the same");
        test_ok(vk_bundle_delete(test.store, VK_STR("b1-a")));
        test_ok(vk_bundle_delete(test.store, VK_STR("b1-a")));
        test_ok(vk_bundle_get(test.store, &test.arena, VK_STR("b1-a"), &bytes));
        cr_assert(!vk_str_present(bytes));
        test_ok(vk_bundle_add(test.store, VK_STR("b1-a"), VK_STR("other zip")));
        test_ok(vk_store_commit(test.store));
        test_ok(vk_bundle_get(test.store, &test.arena, VK_STR("b1-a"), &bytes));
        cr_assert(vk_str_eq(bytes, VK_STR("other zip")));
        test_store_close(&test);
    }
}

/* An import may leave a bundle's record without its bytes. */
Test(store_tables, a_pruned_bundle_exists_and_is_not_there) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    struct test_store test;
    struct vk_str bytes;
    sqlite3 *db;
    bool has;
    test_store_open(&test, path, VK_STORE_DIRECT);
    test_store_close(&test);
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, "INSERT INTO bundles VALUES ('b1-p', NULL)", NULL, NULL, NULL) == 0);
    sqlite3_close(db);
    for (int m = 0; m < 2; m++) {
        test_store_open(&test, path, modes[m]);
        test_ok(vk_bundle_has(test.store, VK_STR("b1-p"), &has));
        test_ok(vk_bundle_get(test.store, &test.arena, VK_STR("b1-p"), &bytes));
        cr_assert(!has && !vk_str_present(bytes));
        cr_assert(vk_bundle_add(test.store, VK_STR("b1-p"), VK_STR("zip")) == VK_ERR_USAGE);
        test_ok(vk_bundle_delete(test.store, VK_STR("b1-p")));
        test_store_close(&test);
    }
    test_folder_remove(&folder);
}
