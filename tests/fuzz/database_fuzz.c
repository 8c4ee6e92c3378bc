/* database_fuzz.c - any file at all, and any rows at all, given to the readers of databases: the
 * auditor, which may not change the file, and a kernel that is opened on it and runs a few
 * cranks.
 *
 * An input that begins as SQLite's files do is the file. Any other is lines of fields with tabs
 * between them, one row each, put into an empty swing-store database: the first field says the
 * table, and a field beginning with # is an integer, with = a real number, with % a blob in hex,
 * ~ is NULL; anything else is text.
 */
#include "fields.h"
#include "sim/auditor.h"
#include "vk/kernel.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_SIZE_MAX = 512 * 1024, PATH_SIZE = 256, CRANKS_MAX = 24, ROWS_MAX = 2048 };

static struct {
    char folder[PATH_SIZE], path[PATH_SIZE];
    uint8_t empty[FILE_SIZE_MAX]; /* a swing-store without rows */
    size_t empty_n;
    uint8_t before[FILE_SIZE_MAX], after[FILE_SIZE_MAX];
} world;

/* ---- files */

static void file_write(const uint8_t *data, size_t size) {
    int file = open(world.path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    VK_ASSERT(file >= 0 && write(file, data, size) == (ssize_t)size);
    close(file);
}

static size_t file_read(uint8_t data[FILE_SIZE_MAX]) {
    int file = open(world.path, O_RDONLY);
    VK_ASSERT(file >= 0);
    ssize_t n = read(file, data, FILE_SIZE_MAX);
    VK_ASSERT(n >= 0 && n < FILE_SIZE_MAX);
    close(file);
    return (size_t)n;
}

static bool sibling_exists(const char *suffix, bool remove) {
    char path[PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s%s", world.path, suffix);
    return remove ? unlink(path) == 0 : access(path, F_OK) == 0;
}

static void files_remove(void) {
    unlink(world.path);
    sibling_exists("-wal", true);
    sibling_exists("-shm", true);
    sibling_exists("-journal", true);
}

static void folder_remove(void) {
    files_remove();
    rmdir(world.folder);
}

static void world_make(void) {
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    const struct vk_ports ports = {.heap = vk_heap_system(), .disk = {.path = world.path}};
    const struct vk_store_options options = {.mode = VK_STORE_DIRECT};
    struct vk_store *store;
    snprintf(world.folder, sizeof world.folder, "%s/crankcase-fuzz-XXXXXX", folder);
    VK_ASSERT(mkdtemp(world.folder));
    atexit(folder_remove);
    int n = snprintf(world.path, sizeof world.path, "%s/db", world.folder);
    VK_ASSERT(n > 0 && n < PATH_SIZE);
    enum vk_err err = vk_store_open(&ports, &options, &store);
    VK_ASSERT(err == VK_OK);
    vk_store_close(store);
    world.empty_n = file_read(world.empty);
}

/* ---- rows */

static const struct {
    char letter;
    int fields;
    const char *sql;
} tables[] = {
    {'k', 2, "INSERT OR REPLACE INTO kvStore (key, value) VALUES (?, ?)"},
    {'i', 4,
     "INSERT OR REPLACE INTO transcriptItems (vatID, position, incarnation, item) "
     "VALUES (?, ?, ?, ?)"},
    {'s', 6,
     "INSERT OR REPLACE INTO transcriptSpans (vatID, startPos, endPos, incarnation, hash, "
     "isCurrent) VALUES (?, ?, ?, ?, ?, ?)"},
    {'n', 7,
     "INSERT OR REPLACE INTO snapshots (vatID, snapPos, inUse, hash, uncompressedSize, "
     "compressedSize, compressedSnapshot) VALUES (?, ?, ?, ?, ?, ?, ?)"},
    {'b', 2, "INSERT OR REPLACE INTO bundles (bundleID, bundle) VALUES (?, ?)"},
};

enum { TABLE_COUNT = sizeof tables / sizeof *tables };

static int nibble(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

static void blob_bind(sqlite3_stmt *row, int index, struct vk_str hex) {
    size_t n = hex.n / 2;
    uint8_t *bytes = sqlite3_malloc64(n + 1);
    VK_ASSERT(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(nibble(hex.p[2 * i]) << 4 | nibble(hex.p[2 * i + 1]));
    sqlite3_bind_blob64(row, index, bytes, n, sqlite3_free);
}

static void field_bind(sqlite3_stmt *row, int index, struct vk_str field) {
    char number[64];
    char type = (char)(field.n ? field.p[0] : '\0');
    struct vk_str rest = field.n ? vk_str_from(field, 1) : field;
    snprintf(number, sizeof number, "%.*s", (int)(rest.n < 40 ? rest.n : 40), rest.p);
    switch (type) {
    case '~': sqlite3_bind_null(row, index); break;
    case '#': sqlite3_bind_int64(row, index, strtoll(number, NULL, 10)); break;
    case '=': sqlite3_bind_double(row, index, strtod(number, NULL)); break;
    case '%': blob_bind(row, index, rest); break;
    default: sqlite3_bind_text(row, index, field.p, (int)field.n, SQLITE_STATIC); break;
    }
}

static void row_insert(sqlite3_stmt *const inserts[TABLE_COUNT], struct vk_str line) {
    struct vk_str table, field;
    size_t t = 0;
    if (!fuzz_next(&line, '\t', &table) || table.n != 1) return;
    while (t < TABLE_COUNT && tables[t].letter != table.p[0])
        t++;
    if (t == TABLE_COUNT) return;
    sqlite3_clear_bindings(inserts[t]);
    for (int i = 1; i <= tables[t].fields && fuzz_next(&line, '\t', &field); i++)
        field_bind(inserts[t], i, field);
    sqlite3_step(inserts[t]); /* a refused row is not there */
    sqlite3_reset(inserts[t]);
}

static void rows_write(struct vk_str text) {
    sqlite3 *db;
    sqlite3_stmt *inserts[TABLE_COUNT];
    struct vk_str line;
    file_write(world.empty, world.empty_n);
    VK_ASSERT(sqlite3_open(world.path, &db) == SQLITE_OK);
    VK_ASSERT(sqlite3_exec(db, "PRAGMA journal_mode=off; PRAGMA synchronous=off; BEGIN", NULL, NULL,
                           NULL) == SQLITE_OK);
    for (int t = 0; t < TABLE_COUNT; t++)
        VK_ASSERT(sqlite3_prepare_v2(db, tables[t].sql, -1, &inserts[t], NULL) == SQLITE_OK);
    for (int rows = 0; rows < ROWS_MAX && fuzz_next(&text, '\n', &line); rows++)
        row_insert(inserts, line);
    for (int t = 0; t < TABLE_COUNT; t++)
        sqlite3_finalize(inserts[t]);
    VK_ASSERT(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    VK_ASSERT(sqlite3_close(db) == SQLITE_OK);
}

/* ---- the readers */

static void audit(void) {
    const struct vk_ports ports = {.heap = vk_heap_system(), .disk = {.path = world.path}};
    const struct vk_store_options options = {
        .mode = VK_STORE_DIRECT, .no_state_hash = true, .read_only = true};
    const struct sim_audit_options audit_options = {.heap = vk_heap_system()};
    struct sim_audit_report report;
    struct vk_store *store;
    size_t n = file_read(world.before);
    if (vk_store_open(&ports, &options, &store) == VK_OK) {
        enum vk_err err = sim_audit_store(store, &audit_options, &report);
        if (err != VK_OK) VK_ASSERT(vk_err_origin()->text[0]);
        vk_store_close(store);
    }
    VK_ASSERT(file_read(world.after) == n && memcmp(world.before, world.after, n) == 0);
    VK_ASSERT(!sibling_exists("-wal", false) && !sibling_exists("-shm", false) &&
              !sibling_exists("-journal", false));
}

/* Workers that do nothing with whatever they are given. */
static enum vk_err idle_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                   struct vk_str *json) {
    (void)impl, (void)store;
    return vk_arena_copy(arena, VK_STR("[]"), json);
}

static enum vk_err idle_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    (void)spec;
    *out = impl;
    return VK_OK;
}

static enum vk_err idle_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    (void)impl, (void)worker, (void)arena, (void)delivery, (void)syscalls;
    *result = (struct vk_delivery_result){.ok = true};
    return VK_OK;
}

static void idle_stop(void *impl, struct vk_worker *worker) { (void)impl, (void)worker; }

static void run(enum vk_store_mode mode) {
    int worker;
    const struct vk_worker_host workers = {.impl = &worker,
                                           .worker_bundle_ids = idle_bundle_ids,
                                           .start = idle_start,
                                           .deliver = idle_deliver,
                                           .stop = idle_stop};
    const struct vk_ports ports = {
        .heap = vk_heap_system(), .disk = {.path = world.path}, .workers = &workers};
    const struct vk_store_options options = {.mode = mode};
    const struct vk_kernel_options kernel_options = {.vats_online_max = 2};
    struct vk_store *store;
    struct vk_kernel *kernel = NULL;
    struct vk_crank_result result = {.kind = VK_CRANK_NONE};
    if (vk_store_open(&ports, &options, &store) != VK_OK) return;
    enum vk_err err = vk_kernel_open(store, &ports, &kernel_options, &kernel);
    for (int i = 0; i < CRANKS_MAX && err == VK_OK && result.kind != VK_CRANK_IDLE; i++)
        err = vk_kernel_run_crank(kernel, NULL, &result);
    if (err != VK_OK) VK_ASSERT(vk_err_origin()->text[0]);
    if (kernel) vk_kernel_close(kernel);
    vk_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char magic[] = "SQLite format 3";
    if (!world.empty_n) world_make();
    if (size >= FILE_SIZE_MAX / 2) return 0;
    files_remove();
    if (size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0)
        file_write(data, size);
    else
        rows_write((struct vk_str){(const char *)data, size});
    audit();
    run(size % 2 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK);
    return 0;
}
