/* store_sweep.c - every allocation fails once, every trace event is refused once, every disk
 * operation fails once: the error comes back, nothing leaks, nothing half-done is ever committed.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_store.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

/* One block of work that touches everything; ends with a commit. */
static enum vk_err block_do(struct vk_store *store, struct vk_arena *arena) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX], large[6000], key[16];
    const char *hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct vk_snapshot_info info;
    struct vk_str out;
    uint64_t incarnation, cleanups;
    bool done;
    memset(large, 'x', sizeof large);
    VK_TRY(vk_bundle_delete(store, VK_STR("b1-old")));
    VK_TRY(vk_bundle_add(store, VK_STR("b1-new"), VK_STR("bytes")));
    VK_TRY(vk_transcript_init(store, VK_STR("v2")));
    VK_TRY(vk_store_start_crank(store));
    VK_TRY(vk_store_savepoint(store, VK_SAVEPOINT_START));
    for (int i = 0; i < 300; i++) { /* enough to make the hash table grow */
        snprintf(key, sizeof key, "new%d", i);
        VK_TRY(vk_store_set(store, vk_str(key), (struct vk_str){large, (size_t)i}));
    }
    VK_TRY(vk_store_set(store, VK_STR("old1"), (struct vk_str){large, sizeof large}));
    VK_TRY(vk_store_savepoint(store, VK_SAVEPOINT_DELIVER));
    VK_TRY(vk_store_delete(store, VK_STR("old2")));
    VK_TRY(vk_store_next_key(store, arena, VK_STR("new"), &out));
    VK_TRY(vk_transcript_add(store, VK_STR("v1"), VK_STR("item")));
    VK_TRY(vk_snapshot_save(store, VK_STR("v1"), 9, hash, (struct vk_str){large, sizeof large},
                            &info));
    VK_TRY(vk_snapshot_load(store, arena, VK_STR("v1"), &out));
    VK_TRY(vk_transcript_rollover_span(store, VK_STR("v1")));
    VK_TRY(vk_store_rollback(store, VK_SAVEPOINT_DELIVER));
    VK_TRY(vk_transcript_add(store, VK_STR("v1"), VK_STR("item")));
    VK_TRY(vk_transcript_rollover_incarnation(store, VK_STR("v1"), &incarnation));
    VK_TRY(vk_store_emit_hashes(store, crankhash, activityhash));
    VK_TRY(vk_store_end_crank(store));
    VK_TRY(vk_store_start_crank(store));
    VK_TRY(vk_transcript_stop(store, VK_STR("v1")));
    VK_TRY(vk_transcript_delete(store, VK_STR("v1"), 2, &cleanups, &done));
    VK_TRY(vk_transcript_delete(store, VK_STR("v1"), VK_UNLIMITED, &cleanups, &done));
    VK_TRY(vk_snapshot_delete(store, VK_STR("v1"), 1, &cleanups, &done));
    VK_TRY(vk_store_end_crank(store));
    return vk_store_commit(store);
}

/* The database that the block works on. */
static void base_make(const char *path) {
    static const char *const leftovers[] = {"", "-wal", "-shm"};
    const char *hash = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    struct vk_snapshot_info info;
    struct test_store test;
    for (int i = 0; i < 3; i++) {
        char name[400];
        snprintf(name, sizeof name, "%s%s", path, leftovers[i]);
        remove(name);
    }
    test_store_open(&test, path, VK_STORE_DIRECT);
    test_set(&test, "old1", "1");
    test_set(&test, "old2", "2");
    test_ok(vk_bundle_add(test.store, VK_STR("b1-old"), VK_STR("old bytes")));
    test_ok(vk_transcript_init(test.store, VK_STR("v1")));
    for (int i = 0; i < 5; i++)
        test_ok(vk_transcript_add(test.store, VK_STR("v1"), VK_STR("old item")));
    test_ok(vk_transcript_rollover_span(test.store, VK_STR("v1")));
    test_ok(vk_snapshot_save(test.store, VK_STR("v1"), 5, hash, VK_STR("image"), &info));
    test_ok(vk_store_commit(test.store));
    test_store_close(&test);
}

/* What is in the file before the block, and after it. */
struct outcomes {
    char *before;
    char *after;
};

static void outcomes_make(struct outcomes *outcomes, const char *path, enum vk_store_mode mode) {
    struct test_store test;
    base_make(path);
    outcomes->before = test_database_dump(path);
    test_store_open(&test, path, mode);
    test_ok(block_do(test.store, &test.arena));
    test_store_close(&test);
    outcomes->after = test_database_dump(path);
    cr_assert_str_neq(outcomes->before, outcomes->after);
}

static void outcomes_free(struct outcomes *outcomes) {
    free(outcomes->before);
    free(outcomes->after);
}

/* After an error: no crank survives it, and a commit that is tried all the same commits nothing
 * half-done. The file then holds one of the two outcomes; after a success, the second. */
static void check_after(struct test_store *test, enum vk_err err, const char *path,
                        const struct outcomes *outcomes) {
    vk_store_abandon_crank(test->store);
    test_store_close(test);
    char *dump = test_database_dump(path);
    bool unchanged = strcmp(dump, outcomes->before) == 0;
    bool complete = strcmp(dump, outcomes->after) == 0;
    cr_assert(err == VK_OK ? complete : unchanged || complete, "half a block was committed");
    free(dump);
}

/* The block with its n-th allocation failing; the error. */
static enum vk_err allocation_fail(const char *path, enum vk_store_mode mode, uint64_t n,
                                   bool once) {
    struct test_store test = {.options = {.mode = mode}};
    base_make(path);
    test_heap_init(&test.heap);
    test.heap.fail_at = n;
    test.heap.fail_once = once;
    test_trace_init(&test.trace);
    vk_arena_init(&test.arena, &test.heap.port);
    test.ports =
        (struct vk_ports){.heap = &test.heap.port, .trace = &test.trace.port, .disk = {NULL, path}};
    enum vk_err err = vk_store_open(&test.ports, &test.options, &test.store);
    cr_assert((err == VK_OK) == (test.store != NULL));
    if (err == VK_OK) {
        err = block_do(test.store, &test.arena);
        vk_store_abandon_crank(test.store);
    }
    cr_assert(err == VK_OK || err == VK_ERR_NOMEM, "allocation %llu: %s: %s", (unsigned long long)n,
              vk_err_name(err), vk_err_origin()->text);
    vk_arena_release(&test.arena);
    test_store_close(&test);
    return err;
}

Test(store_sweep, every_allocation_fails_once, .timeout = 240) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 4; m++) {
        const char *path = test_folder_file(&folder, "db");
        struct outcomes outcomes;
        enum vk_err err = VK_ERR_NOMEM;
        outcomes_make(&outcomes, path, modes[m % 2]);
        uint64_t n = 1;
        for (; err != VK_OK; n++) {
            err = allocation_fail(path, modes[m % 2], n, m < 2);
            char *dump = test_database_dump(path);
            cr_assert_str_eq(dump, err == VK_OK ? outcomes.after : outcomes.before);
            free(dump);
        }
        cr_assert(n > 10, "only %llu allocations were seen", (unsigned long long)n);
        outcomes_free(&outcomes);
    }
    test_folder_remove(&folder);
}

/* After an allocation has failed in one write, that write never was, and the next may succeed. */
Test(store_sweep, a_write_that_had_no_memory_did_nothing) {
    for (int m = 0; m < 4; m++) {
        for (int in_crank = 0; in_crank < 2; in_crank++) {
            struct test_store test;
            test_store_open(&test, ":memory:", modes[m % 2]);
            test.heap.fail_once = m < 2;
            if (in_crank) test_ok(vk_store_start_crank(test.store));
            test_set(&test, "k", "old");
            for (int i = 0; i < 6000; i++) {
                static char large[40000]; /* beyond what comes from the slab */
                char key[16];
                snprintf(key, sizeof key, "k%d", i % 4000);
                memset(large, 'a' + i % 26, sizeof large);
                size_t value_n = i % 50 == 0 ? sizeof large : (size_t)(i * 7) % 300;
                struct vk_str value = {large, value_n}, was, is;
                struct vk_state_hash hash_was = vk_store_state_hash(test.store);
                test_ok(vk_store_get(test.store, &test.arena, vk_str(key), &was));
                test.heap.fail_at = test.heap.allocations + 1;
                enum vk_err err = vk_store_set(test.store, vk_str(key), value);
                test.heap.fail_at = 0;
                test_ok(vk_store_get(test.store, &test.arena, vk_str(key), &is));
                if (err == VK_OK) {
                    cr_assert(vk_str_eq(is, value));
                } else {
                    struct vk_state_hash hash_is = vk_store_state_hash(test.store);
                    cr_assert(err == VK_ERR_NOMEM);
                    cr_assert(vk_str_eq(is, was) && vk_str_present(is) == vk_str_present(was));
                    cr_assert(hash_is.low == hash_was.low && hash_is.high == hash_was.high);
                    test_ok(vk_store_set(test.store, vk_str(key), value));
                }
                vk_arena_clear(&test.arena);
            }
            struct vk_state_hash kept = vk_store_state_hash(test.store), recomputed;
            test_ok(vk_store_recompute_state_hash(test.store, &recomputed));
            cr_assert(kept.low == recomputed.low && kept.high == recomputed.high);
            test_store_close(&test);
        }
    }
}

Test(store_sweep, every_trace_event_is_refused_once, .timeout = 240) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 2; m++) {
        const char *path = test_folder_file(&folder, "db");
        struct outcomes outcomes;
        enum vk_err err = VK_ERR_TRACE;
        outcomes_make(&outcomes, path, modes[m]);
        for (uint64_t n = 1; err != VK_OK; n += n < 5 || n > 300 ? 1 : 20) {
            struct test_store test;
            base_make(path);
            test_store_open(&test, path, modes[m]);
            test.trace.fail_at = n;
            err = block_do(test.store, &test.arena);
            cr_assert(err == VK_OK || err == VK_ERR_TRACE);
            check_after(&test, err, path, &outcomes);
        }
        outcomes_free(&outcomes);
    }
    test_folder_remove(&folder);
}

/* ---- a VFS over the system's whose n-th write, sync or truncation fails */

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    uint64_t operations;
    uint64_t fail_at;
    int fail_with;
    bool repeat; /* and all after it */
} shim;

static int shim_fault(void) {
    shim.operations++;
    if (shim.fail_at == 0 || shim.operations < shim.fail_at) return SQLITE_OK;
    return shim.operations == shim.fail_at || shim.repeat ? shim.fail_with : SQLITE_OK;
}

static sqlite3_file *real_of(sqlite3_file *file) { return ((struct shim_file *)file)->real; }

static int shim_close(sqlite3_file *file) {
    int rc = real_of(file)->pMethods->xClose(real_of(file));
    sqlite3_free(real_of(file));
    return rc;
}
static int shim_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 at) {
    return real_of(file)->pMethods->xRead(real_of(file), bytes, n, at);
}
static int shim_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at) {
    int rc = shim_fault();
    return rc ? rc : real_of(file)->pMethods->xWrite(real_of(file), bytes, n, at);
}
static int shim_truncate(sqlite3_file *file, sqlite3_int64 size) {
    int rc = shim_fault();
    return rc ? rc : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int shim_sync(sqlite3_file *file, int flags) {
    int rc = shim_fault();
    return rc ? rc : real_of(file)->pMethods->xSync(real_of(file), flags);
}
static int shim_size(sqlite3_file *file, sqlite3_int64 *size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
static int shim_lock(sqlite3_file *file, int lock) {
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}
static int shim_unlock(sqlite3_file *file, int lock) {
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}
static int shim_check_lock(sqlite3_file *file, int *out) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
static int shim_control(sqlite3_file *file, int op, void *arg) {
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}
static int shim_sector(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}
static int shim_traits(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
static int shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}
static int shim_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}
static void shim_shm_barrier(sqlite3_file *file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}
static int shim_shm_unmap(sqlite3_file *file, int delete_flag) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_flag);
}

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                     int *out_flags) {
    static const sqlite3_io_methods methods = {
        2,           shim_close,   shim_read,     shim_write,       shim_truncate,  shim_sync,
        shim_size,   shim_lock,    shim_unlock,   shim_check_lock,  shim_control,   shim_sector,
        shim_traits, shim_shm_map, shim_shm_lock, shim_shm_barrier, shim_shm_unmap, NULL,
        NULL};
    (void)vfs;
    struct shim_file *opened = (struct shim_file *)file;
    *opened = (struct shim_file){{NULL}, sqlite3_malloc(shim.real->szOsFile)};
    if (!opened->real) return SQLITE_NOMEM;
    int rc = shim.real->xOpen(shim.real, name, opened->real, flags, out_flags);
    if (rc == SQLITE_OK)
        opened->base.pMethods = &methods;
    else
        sqlite3_free(opened->real);
    return rc;
}

static void shim_install(void) {
    shim.real = sqlite3_vfs_find(NULL);
    shim.vfs = *shim.real;
    shim.vfs.zName = "failing";
    shim.vfs.szOsFile = sizeof(struct shim_file);
    shim.vfs.xOpen = shim_open;
    cr_assert(sqlite3_vfs_register(&shim.vfs, 0) == SQLITE_OK);
}

static void disk_sweep(enum vk_store_mode mode, int fail_with, enum vk_err expected, bool repeat) {
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    struct outcomes outcomes;
    outcomes_make(&outcomes, path, mode);
    enum vk_err err = expected;
    uint64_t n = 1, last_operations = 0;
    for (; n == 1 || last_operations >= n - 1; n++) {
        struct test_store test;
        base_make(path);
        test_store_open(&test, path, mode);
        test_store_close(&test);
        /* The store of the test, on the failing disk. */
        test = (struct test_store){.options = {.mode = mode}};
        test_heap_init(&test.heap);
        test_trace_init(&test.trace);
        vk_arena_init(&test.arena, vk_heap_system());
        test.ports = (struct vk_ports){
            .heap = &test.heap.port, .trace = &test.trace.port, .disk = {"failing", path}};
        test_ok(vk_store_open(&test.ports, &test.options, &test.store));
        shim.operations = 0;
        shim.fail_at = n;
        shim.fail_with = fail_with;
        shim.repeat = repeat;
        err = block_do(test.store, &test.arena);
        last_operations = shim.operations;
        cr_assert(err == VK_OK || err == expected, "operation %llu: %s: %s", (unsigned long long)n,
                  vk_err_name(err), vk_err_origin()->text);
        if (err != VK_OK) {
            /* A disk that was full and is freed: write-back may try again, direct may not go on. */
            shim.fail_at = 0;
            enum vk_err again = vk_store_commit(test.store);
            if (mode == VK_STORE_WRITE_BACK) test_ok(again);
            if (again == VK_OK) err = VK_OK;
        }
        shim.fail_at = 0;
        check_after(&test, err, path, &outcomes);
    }
    cr_assert(n > 3, "only %llu operations were seen", (unsigned long long)n);
    outcomes_free(&outcomes);
    test_folder_remove(&folder);
}

Test(store_sweep, every_disk_operation_fails_once, .timeout = 240) {
    shim_install();
    for (int m = 0; m < 2; m++) {
        disk_sweep(modes[m], SQLITE_FULL, VK_ERR_DISK_FULL, false);
        disk_sweep(modes[m], SQLITE_FULL, VK_ERR_DISK_FULL, true);
        disk_sweep(modes[m], SQLITE_IOERR_WRITE, VK_ERR_DISK, false);
        disk_sweep(modes[m], SQLITE_IOERR_FSYNC, VK_ERR_DISK, true);
    }
}

/* More in one block than the page cache holds: SQLite writes early, meets the full disk there,
 * and rolls the whole transaction back by itself. What is written afterwards must not become a
 * transaction of its own. */
Test(store_sweep, a_transaction_that_sqlite_lost_is_not_gone_on_with, .timeout = 120) {
    enum { VALUE_SIZE = 1 << 20 };
    struct test_folder folder;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "db");
    char *value = malloc(VALUE_SIZE);
    cr_assert(value);
    memset(value, 'x', VALUE_SIZE);
    shim_install();
    base_make(path);
    char *before = test_database_dump(path);
    struct test_store test = {.options = {.mode = VK_STORE_DIRECT, .no_state_hash = true}};
    test_heap_init(&test.heap);
    test_trace_init(&test.trace);
    vk_arena_init(&test.arena, vk_heap_system());
    test.ports = (struct vk_ports){.heap = &test.heap.port, .disk = {"failing", path}};
    test_ok(vk_store_open(&test.ports, &test.options, &test.store));
    shim.operations = 0;
    shim.fail_at = 1;
    shim.fail_with = SQLITE_FULL;
    shim.repeat = true;
    enum vk_err err = VK_OK;
    for (int i = 0; i < 200 && err == VK_OK; i++) {
        char key[24];
        snprintf(key, sizeof key, "large%d", i);
        err = vk_store_set(test.store, vk_str(key), (struct vk_str){value, VALUE_SIZE});
    }
    cr_assert(err == VK_ERR_DISK_FULL, "%s", vk_err_name(err));
    shim.fail_at = 0;
    cr_assert(vk_store_set(test.store, VK_STR("after"), VK_STR("x")) == VK_ERR_DISK);
    cr_assert(vk_transcript_add(test.store, VK_STR("v1"), VK_STR("x")) == VK_ERR_DISK);
    cr_assert(vk_store_start_crank(test.store) == VK_ERR_DISK);
    cr_assert(vk_store_commit(test.store) == VK_ERR_DISK);
    test_store_close(&test);
    char *after = test_database_dump(path);
    cr_assert_str_eq(before, after);
    free(before);
    free(after);
    free(value);
    test_folder_remove(&folder);
}
