/* store_refusals.c - what a store is asked wrongly it refuses as such, and nothing has changed: any write of a store that is
 * read-only, or whose crank was abandoned; a name that is too long; a number that the database cannot hold.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <vk/scan.h>

#include "testing_store.h"

static struct vk_str name; /* of the vat or bundle that is spoken of */
static struct vk_arena arena;

static enum vk_err set(struct vk_store *store) {
    return vk_store_set(store, VK_STR("key"), VK_STR("value"));
}
static enum vk_err delete_key(struct vk_store *store) {
    return vk_store_delete(store, VK_STR("key"));
}
static enum vk_err host_set(struct vk_store *store) {
    return vk_store_host_set(store, VK_STR("host.key"), VK_STR("value"));
}
static enum vk_err commit(struct vk_store *store) { return vk_store_commit(store); }
static enum vk_err start_crank(struct vk_store *store) { return vk_store_start_crank(store); }
static enum vk_err savepoint(struct vk_store *store) {
    return vk_store_savepoint(store, VK_SAVEPOINT_START);
}
static enum vk_err rollback(struct vk_store *store) {
    return vk_store_rollback(store, VK_SAVEPOINT_START);
}
static enum vk_err emit_hashes(struct vk_store *store) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    return vk_store_emit_hashes(store, crankhash, activityhash);
}
static enum vk_err end_crank(struct vk_store *store) { return vk_store_end_crank(store); }

static enum vk_err transcript_init(struct vk_store *store) {
    return vk_transcript_init(store, name);
}
static enum vk_err transcript_add(struct vk_store *store) {
    return vk_transcript_add(store, name, VK_STR("item"));
}
static enum vk_err transcript_span(struct vk_store *store) {
    return vk_transcript_rollover_span(store, name);
}
static enum vk_err transcript_incarnation(struct vk_store *store) {
    uint64_t incarnation;
    return vk_transcript_rollover_incarnation(store, name, &incarnation);
}
static enum vk_err transcript_stop(struct vk_store *store) {
    return vk_transcript_stop(store, name);
}
static enum vk_err transcript_delete(struct vk_store *store) {
    uint64_t cleanups;
    bool done;
    return vk_transcript_delete(store, name, 1, &cleanups, &done);
}
static enum vk_err transcript_wipe(struct vk_store *store) {
    uint64_t cleanups;
    bool done;
    return vk_transcript_delete(store, name, VK_UNLIMITED, &cleanups, &done);
}
static enum vk_err snapshot_save(struct vk_store *store) {
    const char *hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct vk_snapshot_info info;
    return vk_snapshot_save(store, name, 1, hash, VK_STR("image"), &info);
}
static enum vk_err snapshot_stop(struct vk_store *store) { return vk_snapshot_stop(store, name); }
static enum vk_err snapshot_delete(struct vk_store *store) {
    uint64_t cleanups;
    bool done;
    return vk_snapshot_delete(store, name, 1, &cleanups, &done);
}
static enum vk_err snapshot_wipe(struct vk_store *store) {
    uint64_t cleanups;
    bool done;
    return vk_snapshot_delete(store, name, VK_UNLIMITED, &cleanups, &done);
}
static enum vk_err bundle_add(struct vk_store *store) {
    return vk_bundle_add(store, name, VK_STR("bytes"));
}
static enum vk_err bundle_delete(struct vk_store *store) { return vk_bundle_delete(store, name); }

static enum vk_err transcript_current(struct vk_store *store) {
    struct vk_span span;
    return vk_transcript_current(store, name, &span);
}
static enum vk_err transcript_item(struct vk_store *store) {
    struct vk_str item;
    return vk_transcript_item(store, &arena, name, 0, &item);
}
static enum vk_err snapshot_current(struct vk_store *store) {
    struct vk_snapshot_info info;
    bool found;
    return vk_snapshot_current(store, name, &found, &info);
}
static enum vk_err snapshot_load(struct vk_store *store) {
    struct vk_str image;
    return vk_snapshot_load(store, &arena, name, &image);
}
static enum vk_err bundle_has(struct vk_store *store) {
    bool has;
    return vk_bundle_has(store, name, &has);
}
static enum vk_err bundle_get(struct vk_store *store) {
    struct vk_str bytes;
    return vk_bundle_get(store, &arena, name, &bytes);
}

typedef enum vk_err (*call)(struct vk_store *store);

static const call of_the_store[] = {set,       delete_key, host_set,    commit,   start_crank,
                                    savepoint, rollback,   emit_hashes, end_crank};
static const call of_a_name[] = {
    transcript_init,   transcript_add,  transcript_span, transcript_incarnation, transcript_stop,
    transcript_delete, transcript_wipe, snapshot_save,   snapshot_stop,          snapshot_delete,
    snapshot_wipe,     bundle_add,      bundle_delete,
};
static const call readers[] = {transcript_current, transcript_item, snapshot_current,
                               snapshot_load,      bundle_has,      bundle_get};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

static void each_is(struct vk_store *store, const call *calls, size_t count, enum vk_err expected,
                    const char *what) {
    for (size_t i = 0; i < count; i++) {
        enum vk_err err = calls[i](store);
        cr_assert(err == expected, "%s: call %zu: %s", what, i, vk_err_name(err));
    }
}

static void make(const char *path) {
    struct test_store test;
    test_store_open(&test, path, VK_STORE_DIRECT);
    name = VK_STR("v1");
    test_ok(transcript_init(test.store));
    test_ok(transcript_add(test.store));
    test_ok(snapshot_save(test.store));
    test_set(&test, "key", "old");
    name = VK_STR("b1-x");
    test_ok(bundle_add(test.store));
    test_ok(vk_store_commit(test.store));
    test_store_close(&test);
}

Test(store_refusals, read_only_store_refuses_every_write) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    make(path);
    char *before = test_database_dump(path);
    for (int m = 0; m < 2; m++) {
        const struct vk_store_options options = {.mode = modes[m], .read_only = true};
        struct test_store test;
        test_ok(test_store_try_open(&test, path, &options));
        name = VK_STR("v1");
        each_is(test.store, of_the_store, COUNT(of_the_store), VK_ERR_USAGE, "store");
        each_is(test.store, of_a_name, COUNT(of_a_name), VK_ERR_USAGE, "vat");
        test_store_close(&test);
    }
    char *after = test_database_dump(path);
    cr_assert_str_eq(before, after);
    free(before);
    free(after);
    test_folder_remove(&folder);
}

/* Whatever is written first begins the transaction. */
Test(store_refusals, database_that_somebody_else_writes_to_is_busy_for_every_first_write) {
    static const call first[] = {set,
                                 delete_key,
                                 host_set,
                                 start_crank,
                                 transcript_add,
                                 transcript_span,
                                 transcript_incarnation,
                                 transcript_stop,
                                 transcript_delete,
                                 transcript_wipe,
                                 snapshot_save,
                                 snapshot_stop,
                                 snapshot_delete,
                                 snapshot_wipe};
    struct test_folder folder;
    struct test_store test;
    sqlite3 *other;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    make(path);
    cr_assert(sqlite3_open(path, &other) == SQLITE_OK);
    test_store_open(&test, path, VK_STORE_DIRECT);
    cr_assert(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    name = VK_STR("v1");
    each_is(test.store, first, COUNT(first), VK_ERR_BUSY, "vat");
    name = VK_STR("v2");
    cr_assert(transcript_init(test.store) == VK_ERR_BUSY);
    cr_assert(snapshot_save(test.store) == VK_ERR_BUSY);
    name = VK_STR("b1-x");
    cr_assert(bundle_delete(test.store) == VK_ERR_BUSY);
    name = VK_STR("b1-y");
    cr_assert(bundle_add(test.store) == VK_ERR_BUSY);
    cr_assert(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    test_ok(bundle_add(test.store));
    cr_assert(sqlite3_close(other) == SQLITE_OK);
    test_store_close(&test);
    test_folder_remove(&folder);
}

Test(store_refusals, store_whose_crank_was_abandoned_refuses_every_write) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        name = VK_STR("v1");
        test_ok(vk_store_start_crank(test.store));
        vk_store_abandon_crank(test.store);
        each_is(test.store, of_the_store, COUNT(of_the_store), VK_ERR_USAGE, "store");
        each_is(test.store, of_a_name, COUNT(of_a_name), VK_ERR_USAGE, "vat");
        test_store_close(&test);
    }
}

/* Names are part of the write-back mode's own keys; the database has room for any. */
Test(store_refusals, name_that_is_too_long_is_refused_by_all) {
    static char bytes[600];
    struct test_store test;
    memset(bytes, 'v', sizeof bytes);
    vk_arena_init(&arena, vk_heap_system());
    test_store_open(&test, ":memory:", VK_STORE_WRITE_BACK);
    name = (struct vk_str){bytes, 513};
    each_is(test.store, of_a_name, COUNT(of_a_name), VK_ERR_USAGE, "too long");
    each_is(test.store, readers, COUNT(readers), VK_ERR_USAGE, "too long");
    name.n = 512;
    test_ok(transcript_init(test.store));
    test_ok(transcript_add(test.store));
    test_ok(snapshot_save(test.store));
    test_ok(bundle_add(test.store));
    each_is(test.store, readers, COUNT(readers), VK_OK, "just right");
    test_ok(vk_store_commit(test.store));
    each_is(test.store, readers, COUNT(readers), VK_OK, "just right");
    test_store_close(&test);
    vk_arena_release(&arena);
}

/* Where the brackets of a crank do not fit together. */
Test(store_refusals, crank_that_is_not_open_or_is_open_already_is_refused) {
    static const struct vk_store_scan nothing = {0};
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        cr_assert(savepoint(test.store) == VK_ERR_USAGE);
        cr_assert(rollback(test.store) == VK_ERR_USAGE);
        cr_assert(end_crank(test.store) == VK_ERR_USAGE);
        test_ok(vk_store_scan(test.store, &nothing));
        test_ok(start_crank(test.store));
        cr_assert(start_crank(test.store) == VK_ERR_USAGE);
        cr_assert(commit(test.store) == VK_ERR_USAGE);
        cr_assert(rollback(test.store) == VK_ERR_USAGE, "to a savepoint that is not set");
        cr_assert(vk_store_scan(test.store, &nothing) == VK_ERR_USAGE);
        test_ok(end_crank(test.store));
        test_store_close(&test);
    }
}

/* The database's numbers have 63 bits. */
Test(store_refusals, snapshot_at_a_position_beyond_63_bits_is_refused) {
    const char *hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct vk_snapshot_info info;
    struct test_store test;
    test_store_open(&test, ":memory:", VK_STORE_DIRECT);
    cr_assert(vk_snapshot_save(test.store, VK_STR("v1"), UINT64_MAX, hash, VK_STR("image"),
                               &info) == VK_ERR_USAGE);
    test_store_close(&test);
}

Test(store_refusals, clean_up_without_a_budget_is_refused) {
    struct test_store test;
    uint64_t cleanups;
    bool done;
    test_store_open(&test, ":memory:", VK_STORE_DIRECT);
    cr_assert(vk_transcript_delete(test.store, VK_STR("v1"), 0, &cleanups, &done) == VK_ERR_USAGE);
    cr_assert(vk_snapshot_delete(test.store, VK_STR("v1"), 0, &cleanups, &done) == VK_ERR_USAGE);
    test_store_close(&test);
}

Test(store_refusals, disk_that_is_none_is_refused) {
    static const struct vk_disk disks[] = {{NULL, NULL}, {NULL, ""}, {"no such vfs", "db"}};
    for (size_t i = 0; i < COUNT(disks); i++)
        for (int read_only = 0; read_only < 2; read_only++) {
            const struct vk_store_options options = {.read_only = read_only != 0};
            const struct vk_ports ports = {.heap = vk_heap_system(), .disk = disks[i]};
            struct vk_store *store;
            cr_assert(vk_store_open(&ports, &options, &store) == VK_ERR_USAGE, "disk %zu", i);
            cr_assert(!store);
        }
}
