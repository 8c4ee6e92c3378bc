/* mem_disk_test.c - SQLite and the kernel's store on the simulated disk, with power cut at every operation
 * in turn: what was committed is there, and nothing else is.
 */
#include "faults/disk_fault.h"
#include "sim/mem_disk.h"
#include "sim/mem_file.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>

#include "testing_blocks.h"

#define FILE_NAME "swingstore.sqlite"

/* ---- a file by itself */

Test(mem_disk, a_file_reads_as_it_was_written) {
    unsigned char expected[20000] = {0}, found[21000], bytes[3000];
    uint64_t random = 1, size = 0;
    struct sim_file file = {0};
    for (int i = 0; i < 3000; i++) {
        uint64_t offset = test_random_below(&random, 17000);
        uint64_t n = test_random_below(&random, sizeof bytes);
        uint64_t choice = test_random_below(&random, 8);
        memset(bytes, (int)test_random_below(&random, 256), sizeof bytes);
        if (choice == 0) {
            cr_assert(sim_file_truncate(&file, offset));
            if (offset < size) memset(expected + offset, 0, size - offset);
            size = offset;
        } else if (choice == 1) {
            sim_file_sync(&file);
        } else {
            cr_assert(sim_file_write(&file, offset, bytes, n));
            memcpy(expected + offset, bytes, n);
            if (n && offset + n > size) size = offset + n;
        }
        cr_assert_eq(file.size, size);
        cr_assert_eq(sim_file_read(&file, 0, found, sizeof found), size);
        cr_assert(memcmp(found, expected, sizeof expected) == 0, "after change %d", i);
    }
    sim_file_release(&file);
}

/* Three writes to sectors 0, 1 and 2-3 after a sync: in many power cuts each is kept in some and dropped in some,
 * with and without the others, the last one is torn in its middle, and the synced sector 4 stays. */
Test(mem_disk, a_power_cut_keeps_drops_or_tears_what_was_not_synced) {
    struct sim_random stream;
    struct sim_file file = {0};
    unsigned seen[16] = {0}, sizes[3] = {0};
    sim_random_init(&stream, 1, "power");
    for (int round = 0; round < 2000; round++) {
        unsigned char old[5 * SIM_SECTOR_SIZE], new[2 * SIM_SECTOR_SIZE], now[sizeof old];
        memset(old, 'o', sizeof old);
        memset(new, 'n', sizeof new);
        sim_file_clear(&file);
        cr_assert(sim_file_write(&file, 0, old, sizeof old));
        sim_file_sync(&file);
        cr_assert(sim_file_write(&file, 0, new, SIM_SECTOR_SIZE));
        cr_assert(sim_file_write(&file, SIM_SECTOR_SIZE, new, SIM_SECTOR_SIZE));
        cr_assert(sim_file_write(&file, (uint64_t)2 * SIM_SECTOR_SIZE, new, sizeof new));
        sim_file_power_cut(&file, &stream);
        cr_assert_eq(sim_file_read(&file, 0, now, sizeof now), sizeof now);
        unsigned kept = 0;
        for (size_t sector = 0; sector < 5; sector++) {
            const unsigned char *bytes = now + sector * SIM_SECTOR_SIZE;
            for (size_t i = 1; i < SIM_SECTOR_SIZE; i++)
                cr_assert_eq(bytes[i], bytes[0], "torn within a sector");
            if (*bytes == 'n') kept |= 1u << sector;
        }
        cr_assert(kept < 16, "a synced write was dropped");
        seen[kept]++;
        cr_assert_eq(file.log_count, 0);
        cr_assert(sim_file_truncate(&file, SIM_SECTOR_SIZE));
        cr_assert(sim_file_write(&file, SIM_SECTOR_SIZE, new, SIM_SECTOR_SIZE));
        sim_file_power_cut(&file, &stream);
        cr_assert(file.size == sizeof old || file.size == SIM_SECTOR_SIZE ||
                  file.size == (uint64_t)2 * SIM_SECTOR_SIZE);
        sizes[file.size == sizeof old ? 0 : file.size / SIM_SECTOR_SIZE]++;
    }
    for (unsigned i = 0; i < 16; i++)
        cr_expect(seen[i] > 0, "combination %u never came", i);
    for (unsigned i = 0; i < 3; i++)
        cr_expect(sizes[i] > 0, "size %u never came", i);
    sim_file_release(&file);
}

Test(mem_disk, rot_flips_one_bit_of_what_was_synced) {
    struct sim_random stream;
    struct sim_file file = {0};
    unsigned char bytes[64] = {0}, found[64];
    sim_random_init(&stream, 1, "rot");
    cr_assert_not(sim_file_rot(&file, &stream));
    cr_assert(sim_file_write(&file, 0, bytes, sizeof bytes));
    cr_assert_not(sim_file_rot(&file, &stream), "nothing is synced yet");
    sim_file_sync(&file);
    cr_assert(sim_file_rot(&file, &stream));
    sim_file_read(&file, 0, found, sizeof found);
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof found; i++)
        bits += (unsigned)__builtin_popcount(found[i]);
    cr_assert_eq(bits, 1);
    sim_file_release(&file);
}

/* ---- SQLite on it */

/* A transaction of the workload changes all rows, so that any mixture of two transactions shows. */
enum { TRANSACTIONS = 6, ROWS = 40 };

static int exec(sqlite3 *db, const char *text) { return sqlite3_exec(db, text, NULL, NULL, NULL); }

static int number_get(sqlite3 *db, const char *text, long long *out) {
    sqlite3_stmt *statement = NULL;
    *out = -1;
    int rc = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int database_open(const char *vfs, const char *pragmas, sqlite3 **db) {
    int rc = sqlite3_open_v2(FILE_NAME, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
    return rc == SQLITE_OK ? exec(*db, pragmas) : rc;
}

/* The workload, until something fails; the number of the last transaction whose COMMIT returned. */
static long long workload_run(const char *vfs, const char *pragmas) {
    sqlite3 *db = NULL;
    long long committed = 0;
    int rc = database_open(vfs, pragmas, &db);
    if (rc == SQLITE_OK)
        rc = exec(db, "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, n, filler)");
    for (long long n = 1; rc == SQLITE_OK && n <= TRANSACTIONS; n++) {
        char text[400];
        snprintf(text, sizeof text,
                 "BEGIN IMMEDIATE;"
                 "WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < %d)"
                 "REPLACE INTO t SELECT x, %lld, zeroblob(300 + %lld * 50) FROM i; COMMIT",
                 ROWS, n, n);
        rc = exec(db, text);
        if (rc == SQLITE_OK) committed = n;
    }
    sqlite3_close(db);
    return committed;
}

/* The transaction that the database holds; -1 if it is a mixture, or damaged. */
static long long database_read(const char *vfs, const char *pragmas) {
    long long tables, low, high, rows, ok;
    sqlite3 *db;
    int rc = database_open(vfs, pragmas, &db);
    if (rc == SQLITE_OK) rc = number_get(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc == SQLITE_OK && tables == 0) {
        sqlite3_close(db);
        return 0;
    }
    rc |= number_get(db, "SELECT ifnull(min(n), 0) FROM t", &low);
    rc |= number_get(db, "SELECT ifnull(max(n), 0) FROM t", &high);
    rc |= number_get(db, "SELECT count(*) FROM t", &rows);
    rc |= number_get(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check", &ok);
    sqlite3_close(db);
    bool whole = rc == SQLITE_OK && ok == 1 && low == high && rows == (low ? ROWS : 0);
    return whole ? low : -1;
}

struct sweep {
    struct sim_disk *disk;
    struct fault fault;
    struct fault_set set;
    struct fault_disk *shim;
    struct sim_random stream;
    uint64_t cuts, lost, came_true, broken; /* what was in flight was lost, or is there; neither */
};

static void sweep_begin(struct sweep *sweep) {
    *sweep = (struct sweep){.disk = sim_disk_new()};
    sweep->set = (struct fault_set){.faults = &sweep->fault, .count = 1};
    sweep->shim = fault_disk_new(&sweep->set, sim_disk_vfs(sweep->disk));
    cr_assert(sweep->shim);
    sim_random_init(&sweep->stream, 7, "power");
}

static void sweep_end(struct sweep *sweep) {
    fault_disk_free(sweep->shim);
    sim_disk_free(sweep->disk);
}

/* Power is to fail at the n-th operation from here. */
static void power_arm(struct sweep *sweep, uint64_t n) {
    sweep->set.suspended = false;
    sweep->fault =
        (struct fault){.kind = FAULT_POWER_CUT, .vat = FAULT_ANY_VAT, .at = n, .repeat = 1};
}

/* Power fails now if it has not yet; comes back. True if it had failed. */
static bool power_cut(struct sweep *sweep) {
    bool struck = fault_disk_power_is_off(sweep->shim);
    cr_assert_eq(struck, sweep->fault.hits == 1);
    sim_disk_power_cut(sweep->disk, &sweep->stream);
    cr_assert_eq(sim_disk_unsynced(sweep->disk), 0);
    fault_disk_power_back(sweep->shim);
    sweep->fault = (struct fault){.kind = FAULT_POWER_CUT, .at = 1, .repeat = 1, .asked = 1};
    sweep->cuts += struck;
    return struck;
}

static void judge(struct sweep *sweep, long long committed, long long found) {
    sweep->lost += found == committed;
    sweep->came_true += found == committed + 1;
    sweep->broken += found < committed || found > committed + 1;
}

/* Power fails at the 1st, 2nd ... operation of the workload until it does not any more, `rounds` times over. */
static void sqlite_sweep(struct sweep *sweep, const char *pragmas, int rounds) {
    const char *vfs = fault_disk_vfs(sweep->shim);
    for (int round = 0; round < rounds; round++) {
        bool struck = true;
        for (uint64_t n = 1; struck; n++) {
            sim_disk_clear(sweep->disk);
            power_arm(sweep, n);
            long long committed = workload_run(vfs, pragmas);
            struck = power_cut(sweep);
            judge(sweep, committed, database_read(vfs, pragmas));
        }
    }
}

static const char *const durable[] = {
    "PRAGMA journal_mode=wal; PRAGMA synchronous=full",
    "PRAGMA journal_mode=wal; PRAGMA synchronous=full; PRAGMA wal_autocheckpoint=10",
    "PRAGMA journal_mode=delete; PRAGMA synchronous=extra",
    "PRAGMA journal_mode=truncate; PRAGMA synchronous=full",
    "PRAGMA journal_mode=delete; PRAGMA synchronous=extra; PRAGMA cache_size=5",
};

Test(mem_disk, sqlite_keeps_what_it_committed_over_a_power_cut_anywhere, .timeout = 120) {
    for (size_t i = 0; i < sizeof durable / sizeof *durable; i++) {
        struct sweep sweep;
        sweep_begin(&sweep);
        sqlite_sweep(&sweep, durable[i], 10);
        cr_expect_eq(sweep.broken, 0, "%s: %llu of %llu power cuts lost or mixed transactions",
                     durable[i], (unsigned long long)sweep.broken, (unsigned long long)sweep.cuts);
        cr_expect(sweep.cuts > 300 && sweep.lost > 20 && sweep.came_true > 0,
                  "%s: %llu cuts, %llu lost, %llu came true", durable[i],
                  (unsigned long long)sweep.cuts, (unsigned long long)sweep.lost,
                  (unsigned long long)sweep.came_true);
        sweep_end(&sweep);
    }
}

/* With less than that SQLite says itself that commits may be lost or, without syncs, the database: the sweep notices. */
Test(mem_disk, the_sweep_notices_what_is_not_synced, .timeout = 120) {
    static const char *const not_durable[] = {
        "PRAGMA journal_mode=wal; PRAGMA synchronous=normal",
        "PRAGMA journal_mode=delete; PRAGMA synchronous=full", /* the deletion is not synced */
        "PRAGMA journal_mode=delete; PRAGMA synchronous=off",
        "PRAGMA journal_mode=wal; PRAGMA synchronous=off; PRAGMA wal_autocheckpoint=10",
    };
    for (size_t i = 0; i < sizeof not_durable / sizeof *not_durable; i++) {
        struct sweep sweep;
        sweep_begin(&sweep);
        sqlite_sweep(&sweep, not_durable[i], 4);
        cr_expect(sweep.broken > 0, "%s", not_durable[i]);
        sweep_end(&sweep);
    }
}

/* ---- the kernel's store on it */

Test(mem_disk, a_committed_block_outlives_a_power_cut_anywhere, .timeout = 120) {
    static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
    for (size_t m = 0; m < 2; m++) {
        struct sweep sweep;
        sweep_begin(&sweep);
        struct test_blocks blocks;
        test_blocks_init(&blocks, fault_disk_vfs(sweep.shim), modes[m]);
        for (int round = 0; round < 20; round++) {
            bool struck = true;
            for (uint64_t n = 1; struck; n++) {
                sim_disk_clear(sweep.disk);
                power_arm(&sweep, n);
                long long committed = test_blocks_run(&blocks);
                struck = power_cut(&sweep);
                judge(&sweep, committed, test_blocks_read(&blocks));
            }
        }
        cr_expect_eq(sweep.broken, 0, "mode %zu: %llu of %llu power cuts", m,
                     (unsigned long long)sweep.broken, (unsigned long long)sweep.cuts);
        cr_expect(sweep.cuts > 500 && sweep.came_true > 0, "mode %zu: %llu cuts, %llu came true", m,
                  (unsigned long long)sweep.cuts, (unsigned long long)sweep.came_true);
        test_blocks_release(&blocks);
        sweep_end(&sweep);
    }
}

/* The block that a store sees when it is opened; whoever opened it is killed right away. */
static uint64_t block_seen(struct sweep *sweep, struct test_blocks *blocks) {
    struct vk_store *store;
    struct vk_str text;
    uint64_t block = 0;
    test_ok(vk_store_open(&blocks->ports, &blocks->options, &store));
    test_ok(vk_store_get(store, &blocks->arena, VK_STR("host.block"), &text));
    cr_assert(!text.p || vk_str_to_u64(text, &block));
    fault_disk_power_off(sweep->shim);
    vk_store_close(store);
    fault_disk_power_back(sweep->shim);
    return block;
}

/* A process is killed in a commit; the next one sees that commit whole, and may act on it. */
Test(mem_disk, a_block_that_was_seen_after_a_kill_outlives_a_power_cut, .timeout = 120) {
    struct sweep sweep;
    struct test_blocks blocks;
    sweep_begin(&sweep);
    test_blocks_init(&blocks, fault_disk_vfs(sweep.shim), VK_STORE_DIRECT);
    for (int round = 0; round < 20; round++) {
        bool struck = true;
        for (uint64_t n = 1; struck; n++) {
            sim_disk_clear(sweep.disk);
            power_arm(&sweep, n);
            test_blocks_run(&blocks);
            struck = fault_disk_power_is_off(sweep.shim);
            fault_disk_power_back(sweep.shim);
            sweep.set.suspended = true;
            uint64_t seen = block_seen(&sweep, &blocks);
            sim_disk_power_cut(sweep.disk, &sweep.stream);
            long long found = test_blocks_read(&blocks);
            cr_assert_eq(found, (long long)seen, "killed at %llu: saw %llu, then found %lld",
                         (unsigned long long)n, (unsigned long long)seen, found);
        }
    }
    test_blocks_release(&blocks);
    sweep_end(&sweep);
}

/* ---- the disk by itself */

static const char lasting[] = "PRAGMA journal_mode=wal; PRAGMA synchronous=full";

Test(mem_disk, a_killed_process_loses_nothing_that_was_written) {
    struct sweep sweep;
    bool struck = true;
    sweep_begin(&sweep);
    for (uint64_t n = 1; struck; n++) {
        sim_disk_clear(sweep.disk);
        power_arm(&sweep, n);
        long long committed = workload_run(fault_disk_vfs(sweep.shim),
                                           "PRAGMA journal_mode=wal; PRAGMA synchronous=off");
        struck = fault_disk_power_is_off(sweep.shim);
        fault_disk_power_back(sweep.shim);
        judge(&sweep, committed, database_read(sim_disk_vfs(sweep.disk), lasting));
    }
    cr_assert_eq(sweep.broken, 0);
    sweep_end(&sweep);
}

Test(mem_disk, two_connections_lock_each_other_out) {
    struct sim_disk *disk = sim_disk_new();
    sqlite3 *one, *other;
    long long n;
    for (int wal = 0; wal < 2; wal++) {
        const char *pragmas = wal ? "PRAGMA journal_mode=wal" : "PRAGMA journal_mode=delete";
        sim_disk_clear(disk);
        cr_assert_eq(database_open(sim_disk_vfs(disk), pragmas, &one), SQLITE_OK);
        cr_assert_eq(exec(one, "CREATE TABLE t (n); INSERT INTO t VALUES (1)"), SQLITE_OK);
        cr_assert_eq(database_open(sim_disk_vfs(disk), pragmas, &other), SQLITE_OK);
        cr_assert_eq(exec(one, "BEGIN IMMEDIATE; INSERT INTO t VALUES (2)"), SQLITE_OK);
        cr_assert_eq(exec(other, "BEGIN IMMEDIATE"), SQLITE_BUSY);
        cr_assert_eq(number_get(other, "SELECT count(*) FROM t", &n), SQLITE_OK);
        cr_assert_eq(n, 1, "what is not committed was seen");
        cr_assert_eq(exec(one, "COMMIT"), SQLITE_OK);
        cr_assert_eq(number_get(other, "SELECT count(*) FROM t", &n), SQLITE_OK);
        cr_assert_eq(n, 2);
        cr_assert_eq(exec(other, "BEGIN; SELECT * FROM t"), SQLITE_OK);
        cr_assert_eq(exec(one, "INSERT INTO t VALUES (3)"), wal ? SQLITE_OK : SQLITE_BUSY);
        cr_assert_eq(exec(other, "COMMIT; INSERT INTO t VALUES (4)"), SQLITE_OK);
        cr_assert_eq(sqlite3_close(one), SQLITE_OK);
        cr_assert_eq(sqlite3_close(other), SQLITE_OK);
    }
    sim_disk_free(disk);
}

Test(mem_disk, a_cleared_disk_is_a_new_one) {
    struct sim_disk *disk = sim_disk_new();
    struct sim_disk_counts first = {0};
    long long first_found = 0;
    for (int round = 0; round < 3; round++) {
        struct sim_random stream;
        sim_disk_clear(disk);
        sim_random_init(&stream, 3, "power");
        cr_assert_eq(database_read(sim_disk_vfs(disk), lasting), 0);
        cr_assert_eq(workload_run(sim_disk_vfs(disk),
                                  "PRAGMA journal_mode=wal; PRAGMA synchronous=off"),
                     TRANSACTIONS);
        cr_assert(sim_disk_unsynced(disk) > 0);
        sim_disk_power_cut(disk, &stream);
        struct sim_disk_counts counts = sim_disk_counts(disk);
        long long found = database_read(sim_disk_vfs(disk), lasting);
        if (round == 0) {
            first = counts;
            first_found = found;
        }
        cr_assert(memcmp(&first, &counts, sizeof counts) == 0);
        cr_assert_eq(found, first_found);
    }
    sim_disk_free(disk);
}

Test(mem_disk, rot_is_noticed_or_harmless) {
    struct sim_disk *disk = sim_disk_new();
    struct sim_random stream;
    unsigned noticed = 0;
    sim_random_init(&stream, 3, "rot");
    cr_assert_not(sim_disk_rot(disk, FILE_NAME, &stream));
    for (int round = 0; round < 50; round++) {
        sim_disk_clear(disk);
        cr_assert_eq(workload_run(sim_disk_vfs(disk), lasting), TRANSACTIONS);
        for (int i = 0; i < 20; i++)
            cr_assert(sim_disk_rot(disk, FILE_NAME, &stream));
        noticed += database_read(sim_disk_vfs(disk), lasting) != TRANSACTIONS;
    }
    cr_assert(noticed > 5, "%u of 50", noticed);
    sim_disk_free(disk);
}
