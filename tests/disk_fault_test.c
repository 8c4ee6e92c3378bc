/* disk_fault_test.c - each disk fault strikes at its point; and whatever fails under the kernel's store, an error comes back
 * and nothing half-done is ever there.
 */
#include "faults/disk_fault.h"
#include "sim/mem_disk.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "testing_blocks.h"

/* ---- file by file */

struct open_file {
    struct sim_disk *disk;
    struct fault fault;
    struct fault_set set;
    struct fault_disk *shim;
    sqlite3_vfs *vfs;
    sqlite3_file *file;
};

static void file_begin(struct open_file *open, enum fault_kind kind, uint64_t at, uint64_t repeat) {
    *open = (struct open_file){.disk = sim_disk_new()};
    open->fault = (struct fault){.kind = kind, .vat = FAULT_ANY_VAT, .at = at, .repeat = repeat};
    open->set = (struct fault_set){.faults = &open->fault, .count = 1, .suspended = true};
    open->shim = fault_disk_new(&open->set, sim_disk_vfs(open->disk));
    cr_assert_not_null(open->shim);
    open->vfs = sqlite3_vfs_find(fault_disk_vfs(open->shim));
    cr_assert_not_null(open->vfs);
    open->file = calloc(1, (size_t)open->vfs->szOsFile);
    cr_assert_eq(open->vfs->xOpen(open->vfs, "file", open->file,
                                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB,
                                  NULL),
                 SQLITE_OK);
    open->set.suspended = false;
}

static void file_end(struct open_file *open) {
    cr_assert_eq(open->file->pMethods->xClose(open->file), SQLITE_OK);
    free(open->file);
    fault_disk_free(open->shim);
    sim_disk_free(open->disk);
}

enum { READ, WRITE, TRUNCATE, SYNC, LOCK, SHM_LOCK, SIZE_HINT, OPERATIONS };

static int operate(struct open_file *open, int operation) {
    const sqlite3_io_methods *methods = open->file->pMethods;
    char bytes[8] = "abcdefg";
    sqlite3_int64 size = 100;
    int rc = SQLITE_OK;
    switch (operation) {
    case READ: return methods->xRead(open->file, bytes, sizeof bytes, 0);
    case WRITE: return methods->xWrite(open->file, bytes, sizeof bytes, 0);
    case TRUNCATE: return methods->xTruncate(open->file, 4);
    case SYNC: return methods->xSync(open->file, SQLITE_SYNC_NORMAL);
    case LOCK:
        rc = methods->xLock(open->file, SQLITE_LOCK_SHARED);
        if (rc == SQLITE_OK) rc = methods->xUnlock(open->file, SQLITE_LOCK_NONE);
        return rc;
    case SHM_LOCK:
        rc = methods->xShmLock(open->file, 0, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED);
        if (rc == SQLITE_OK)
            rc = methods->xShmLock(open->file, 0, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
        return rc;
    default:
        rc = methods->xFileControl(open->file, SQLITE_FCNTL_SIZE_HINT, &size);
        return rc == SQLITE_NOTFOUND ? SQLITE_OK : rc;
    }
}

/* What each operation says when a fault of the kind strikes; SQLITE_OK: it is no point of it. */
static const struct {
    enum fault_kind kind;
    int rc[OPERATIONS];
} kinds[] = {
    {FAULT_DISK_READ, {[READ] = SQLITE_IOERR_READ}},
    {FAULT_DISK_WRITE, {[WRITE] = SQLITE_IOERR_WRITE}},
    {FAULT_DISK_TRUNCATE, {[TRUNCATE] = SQLITE_IOERR_TRUNCATE}},
    {FAULT_DISK_SYNC, {[SYNC] = SQLITE_IOERR_FSYNC}},
    {FAULT_DISK_FULL, {[WRITE] = SQLITE_FULL, [SIZE_HINT] = SQLITE_FULL}},
    {FAULT_DISK_SHORT, {[WRITE] = SQLITE_FULL}},
    {FAULT_DISK_BUSY, {[LOCK] = SQLITE_BUSY, [SHM_LOCK] = SQLITE_BUSY}},
};

Test(disk_fault, each_strikes_at_its_point_and_nowhere_else) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int operation = 0; operation < OPERATIONS; operation++) {
            struct open_file open;
            int expected = kinds[i].rc[operation];
            file_begin(&open, kinds[i].kind, 2, 1);
            open.set.suspended = true;
            cr_assert_eq(operate(&open, WRITE), SQLITE_OK);
            open.set.suspended = false;
            for (int n = 1; n <= 3; n++) {
                if (operation == READ || operation == TRUNCATE) {
                    open.set.suspended = true;
                    cr_assert_eq(operate(&open, WRITE), SQLITE_OK);
                    open.set.suspended = false;
                }
                cr_expect_eq(operate(&open, operation), n == 2 ? expected : SQLITE_OK,
                             "%s, operation %d, time %d", fault_word(kinds[i].kind), operation, n);
            }
            cr_expect_eq(open.fault.hits, expected != SQLITE_OK);
            file_end(&open);
        }
    }
}

Test(disk_fault, a_short_write_writes_half_and_one_that_fails_nothing) {
    static const struct {
        enum fault_kind kind;
        const char *left;
    } cases[] = {{FAULT_DISK_SHORT, "abcd"}, {FAULT_DISK_WRITE, ""}, {FAULT_DISK_FULL, ""}};
    for (size_t i = 0; i < 3; i++) {
        struct open_file open;
        char found[9] = {0};
        sqlite3_int64 size = -1;
        file_begin(&open, cases[i].kind, 1, 1);
        cr_assert_neq(operate(&open, WRITE), SQLITE_OK);
        cr_assert_eq(open.file->pMethods->xRead(open.file, found, 8, 0), SQLITE_IOERR_SHORT_READ);
        cr_expect_str_eq(found, cases[i].left);
        cr_assert_eq(open.file->pMethods->xFileSize(open.file, &size), SQLITE_OK);
        cr_expect_eq((size_t)size, strlen(cases[i].left));
        file_end(&open);
    }
}

Test(disk_fault, a_deletion_whose_folder_is_not_synced_is_not_safe) {
    for (int strikes = 0; strikes < 2; strikes++) {
        struct open_file open;
        file_begin(&open, FAULT_DISK_SYNC, strikes ? 1 : 9, 1);
        uint64_t unsynced = sim_disk_unsynced(open.disk);
        cr_assert_eq(unsynced, 1, "the file itself is not in the folder for good");
        int rc = open.vfs->xDelete(open.vfs, "file", 1);
        cr_expect_eq(rc, strikes ? SQLITE_IOERR_DIR_FSYNC : SQLITE_OK);
        file_end(&open);
    }
}

/* ---- power */

Test(disk_fault, without_power_nothing_reaches_the_disk) {
    struct open_file open;
    sqlite3_int64 size;
    int found;
    file_begin(&open, FAULT_POWER_CUT, 3, 1);
    uint64_t before = fault_disk_operations(open.shim);
    cr_assert_eq(operate(&open, WRITE), SQLITE_OK);
    cr_assert_eq(operate(&open, READ), SQLITE_OK); /* no operation that power could fail in */
    cr_assert_eq(operate(&open, SYNC), SQLITE_OK);
    cr_assert_not(fault_disk_power_is_off(open.shim));
    cr_assert_eq(open.file->pMethods->xTruncate(open.file, 2), SQLITE_IOERR_TRUNCATE);
    cr_assert(fault_disk_power_is_off(open.shim) && open.fault.hits == 1);
    cr_assert_eq(fault_disk_operations(open.shim) - before, 3);
    const struct sim_disk_counts counts = sim_disk_counts(open.disk);
    cr_assert_eq(counts.truncates, 1, "the one in hand is in the cache");
    for (int operation = 0; operation < SIZE_HINT; operation++)
        cr_expect_neq(operate(&open, operation), SQLITE_OK, "operation %d", operation);
    cr_expect_neq(open.file->pMethods->xFileSize(open.file, &size), SQLITE_OK);
    cr_expect_neq(open.vfs->xDelete(open.vfs, "file", 0), SQLITE_OK);
    cr_expect_neq(open.vfs->xAccess(open.vfs, "file", SQLITE_ACCESS_EXISTS, &found), SQLITE_OK);
    const struct sim_disk_counts after = sim_disk_counts(open.disk);
    cr_assert(memcmp(&counts, &after, sizeof counts) == 0);
    fault_disk_power_back(open.shim);
    cr_assert_eq(operate(&open, WRITE), SQLITE_OK);
    cr_assert_eq(operate(&open, READ), SQLITE_OK);
    file_end(&open);
}

/* ---- under the kernel's store */

static enum vk_err error_of(enum fault_kind kind) {
    if (kind == FAULT_DISK_FULL || kind == FAULT_DISK_SHORT) return VK_ERR_DISK_FULL;
    return kind == FAULT_DISK_BUSY ? VK_ERR_BUSY : VK_ERR_DISK;
}

/* One fault of each kind, at each of its points in turn, once or for good. */
static void store_sweep(enum fault_kind kind, enum vk_store_mode mode, uint64_t repeat) {
    struct fault fault = {0};
    struct fault_set set = {.faults = &fault, .count = 1};
    struct sim_disk *disk = sim_disk_new();
    struct fault_disk *shim = fault_disk_new(&set, sim_disk_vfs(disk));
    struct test_blocks blocks;
    unsigned errors = 0;
    test_blocks_init(&blocks, fault_disk_vfs(shim), mode);
    for (uint64_t n = 1; n == 1 || fault.hits > 0; n++) {
        sim_disk_clear(disk);
        fault = (struct fault){.kind = kind, .vat = FAULT_ANY_VAT, .at = n, .repeat = repeat};
        set.suspended = false;
        long long committed = test_blocks_run(&blocks);
        cr_expect(blocks.err == VK_OK || blocks.err == error_of(kind), "%s at %llu: %s: %s",
                  fault_word(kind), (unsigned long long)n, vk_err_name(blocks.err),
                  vk_err_origin()->text);
        cr_expect(blocks.err == VK_OK || fault.hits > 0);
        errors += blocks.err != VK_OK;
        set.suspended = true;
        long long found = test_blocks_read(&blocks);
        cr_expect(found == committed || (blocks.err != VK_OK && found == committed + 1),
                  "%s at %llu: committed %lld, found %lld", fault_word(kind), (unsigned long long)n,
                  committed, found);
    }
    cr_expect(errors > 0 || kind == FAULT_DISK_TRUNCATE, "%s never made an error",
              fault_word(kind));
    test_blocks_release(&blocks);
    fault_disk_free(shim);
    sim_disk_free(disk);
}

Test(disk_fault, no_failure_of_the_disk_commits_half_a_block, .timeout = 120) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        store_sweep(kinds[i].kind, VK_STORE_DIRECT, 1);
        store_sweep(kinds[i].kind, VK_STORE_WRITE_BACK, 1);
        store_sweep(kinds[i].kind, VK_STORE_DIRECT, FAULT_FOR_GOOD);
        store_sweep(kinds[i].kind, VK_STORE_WRITE_BACK, FAULT_FOR_GOOD);
    }
}

/* Where PRAGMA journal_mode could not commit, the store was opened all the same, without the log: what it
 * committed, a power cut could take back. */
static bool has_write_ahead_log(const char *vfs) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_open_v2("fresh.sqlite", &db, SQLITE_OPEN_READWRITE, vfs), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &statement, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    bool is_wal = strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    cr_assert_eq(sqlite3_finalize(statement), SQLITE_OK);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    return is_wal;
}

Test(disk_fault, a_store_that_could_be_opened_has_a_write_ahead_log) {
    struct fault fault = {0};
    struct fault_set set = {.faults = &fault, .count = 1};
    struct sim_disk *disk = sim_disk_new();
    struct fault_disk *shim = fault_disk_new(&set, sim_disk_vfs(disk));
    const struct vk_ports ports = {.heap = vk_heap_system(),
                                   .disk = {fault_disk_vfs(shim), "fresh.sqlite"}};
    const struct vk_store_options options = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (uint64_t n = 1; n == 1 || fault.hits > 0; n++) {
            struct vk_store *store;
            sim_disk_clear(disk);
            fault =
                (struct fault){.kind = kinds[i].kind, .vat = FAULT_ANY_VAT, .at = n, .repeat = 1};
            set.suspended = false;
            enum vk_err err = vk_store_open(&ports, &options, &store);
            set.suspended = true;
            if (err != VK_OK) continue;
            cr_expect(has_write_ahead_log(sim_disk_vfs(disk)), "%s at %llu",
                      fault_word(kinds[i].kind), (unsigned long long)n);
            vk_store_close(store);
        }
    }
    fault_disk_free(shim);
    sim_disk_free(disk);
}
