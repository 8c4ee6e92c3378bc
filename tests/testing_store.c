/* testing_store.c - see testing_store.h. */
#include "testing_store.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In front of each block: its size, to hold the caller to it. */
struct block {
    size_t size;
    size_t guard;
};

enum { GUARD = 0x5afeb10c };

static void *heap_alloc(void *impl, size_t size) {
    struct test_heap *heap = impl;
    heap->allocations++;
    if (heap->fail_at == heap->allocations) return NULL;
    if (heap->fail_at && heap->fail_at < heap->allocations && !heap->fail_once) return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (!block) return NULL;
    *block = (struct block){size, GUARD};
    heap->outstanding_blocks++;
    heap->outstanding_bytes += size;
    return block + 1;
}

static void heap_free(void *impl, void *ptr, size_t size) {
    struct test_heap *heap = impl;
    if (!ptr) return;
    struct block *block = (struct block *)ptr - 1;
    cr_assert(block->guard == GUARD, "no block of this heap is freed");
    cr_assert(block->size == size, "a block of %zu bytes is freed as %zu", block->size, size);
    block->guard = 0;
    heap->outstanding_blocks--;
    heap->outstanding_bytes -= size;
    free(block);
}

static void *heap_resize(void *impl, void *ptr, size_t old_size, size_t new_size) {
    void *fresh = heap_alloc(impl, new_size);
    if (!fresh) return NULL;
    if (ptr) memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
    heap_free(impl, ptr, old_size);
    return fresh;
}

void test_heap_init(struct test_heap *heap) {
    *heap = (struct test_heap){.port = {heap, heap_alloc, heap_resize, heap_free}};
}

static void trace_append(struct test_trace *trace, const char *bytes, size_t n) {
    if (trace->length + n + 1 > trace->capacity) {
        trace->capacity = (trace->capacity + n + 1) * 2;
        trace->text = realloc(trace->text, trace->capacity);
        cr_assert(trace->text);
    }
    if (n) memcpy(trace->text + trace->length, bytes, n);
    trace->length += n;
    trace->text[trace->length] = '\0';
}

static const char *event_name(enum vk_trace_type type) {
    static const char *const names[] = {"set",      "del",   "startCrank", "endCrank", "savepoint",
                                        "rollback", "emit",  "tinit",      "titem",    "tspan",
                                        "tinc",     "tstop", "tdel",       "bundle",   "bundledel",
                                        "commit",   "close", "slog"};
    return names[type];
}

static enum vk_err trace_event(void *impl, const struct vk_trace_event *event) {
    struct test_trace *trace = impl;
    char line[128];
    trace->events++;
    bool is_due =
        trace->fails_once ? trace->events == trace->fail_at : trace->events >= trace->fail_at;
    if (trace->fail_at && is_due)
        return VK_RAISE(VK_ERR_TRACE, "event %llu", (unsigned long long)trace->events);
    trace_append(trace, event_name(event->type), strlen(event_name(event->type)));
    if (vk_str_present(event->key)) {
        trace_append(trace, " ", 1);
        trace_append(trace, event->key.p, event->key.n);
    }
    if (vk_str_present(event->value)) {
        trace_append(trace, " = ", 3);
        trace_append(trace, event->value.p, event->value.n);
    }
    if (event->type == VK_TRACE_TRANSCRIPT_DELETE) {
        int n = snprintf(line, sizeof line, " budget %llu cleanups %llu done %d",
                         (unsigned long long)event->budget, (unsigned long long)event->count,
                         event->done);
        trace_append(trace, line, (size_t)n);
    }
    trace_append(trace, "\n", 1);
    return VK_OK;
}

void test_trace_init(struct test_trace *trace) {
    *trace = (struct test_trace){.port = {.impl = trace, .event = trace_event}};
    trace_append(trace, "", 0);
}

void test_trace_clear(struct test_trace *trace) {
    trace->length = 0;
    trace->text[0] = '\0';
}

void test_trace_release(struct test_trace *trace) {
    free(trace->text);
    trace->text = NULL;
}

void test_ok(enum vk_err err) {
    const struct vk_err_origin *origin = vk_err_origin();
    cr_assert(err == VK_OK, "%s at %s:%d: %s", vk_err_name(err), origin->file, origin->line,
              origin->text);
}

enum vk_err test_store_try_open(struct test_store *test, const char *path,
                                const struct vk_store_options *options) {
    *test = (struct test_store){.options = *options};
    test_heap_init(&test->heap);
    test_trace_init(&test->trace);
    vk_arena_init(&test->arena, vk_heap_system());
    test->ports = (struct vk_ports){
        .heap = &test->heap.port, .trace = &test->trace.port, .disk = {NULL, path}};
    return vk_store_open(&test->ports, &test->options, &test->store);
}

void test_store_open(struct test_store *test, const char *path, enum vk_store_mode mode) {
    const struct vk_store_options options = {.mode = mode};
    test_ok(test_store_try_open(test, path, &options));
}

void test_store_close(struct test_store *test) {
    vk_store_close(test->store);
    cr_assert(test->heap.outstanding_blocks == 0 && test->heap.outstanding_bytes == 0,
              "%llu blocks of %llu bytes leaked", (unsigned long long)test->heap.outstanding_blocks,
              (unsigned long long)test->heap.outstanding_bytes);
    vk_arena_release(&test->arena);
    test_trace_release(&test->trace);
}

struct vk_str test_get(struct test_store *test, const char *key) {
    struct vk_str value;
    test_ok(vk_store_get(test->store, &test->arena, vk_str(key), &value));
    return value;
}

void test_set(struct test_store *test, const char *key, const char *value) {
    test_ok(vk_store_set(test->store, vk_str(key), vk_str(value)));
}

void test_folder_make(struct test_folder *folder) {
    /* Stores sync their files: in memory, where there is such a place, that costs nothing. */
    const char *parent = getenv("TMPDIR");
    if (!parent || strlen(parent) > 32)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder->path, sizeof folder->path, "%s/crankcase-XXXXXX", parent);
    cr_assert(mkdtemp(folder->path));
}

/* A file, or a folder with all that is in it. */
static void remove_all(const char *path) {
    char inner[1024];
    DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        bool is_itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (!is_itself) remove_all(inner);
    }
    if (directory) closedir(directory);
    remove(path);
}

void test_folder_remove(const struct test_folder *folder) { remove_all(folder->path); }

const char *test_folder_file(const struct test_folder *folder, const char *name) {
    static char paths[8][384];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
    return path;
}

struct vk_str test_file_read(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return VK_STR_NONE;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    cr_assert(bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    return (struct vk_str){bytes, (size_t)size};
}

void test_file_write(const char *path, struct vk_str bytes) {
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes.p, 1, bytes.n, file) == bytes.n);
    fclose(file);
}

char *test_database_dump(const char *path) {
    static const char *const queries[] = {
        "SELECT 'kv', quote(key), quote(value) FROM kvStore ORDER BY key",
        "SELECT 'item', vatID, position, quote(item), incarnation FROM transcriptItems "
        "ORDER BY vatID, position",
        "SELECT 'span', vatID, startPos, endPos, hash, quote(isCurrent), incarnation "
        "FROM transcriptSpans ORDER BY vatID, startPos",
        "SELECT 'snapshot', vatID, snapPos, quote(inUse), hash, uncompressedSize, compressedSize, "
        "quote(compressedSnapshot) FROM snapshots ORDER BY vatID, snapPos",
        "SELECT 'bundle', bundleID, quote(bundle) FROM bundles ORDER BY bundleID",
        "SELECT 'export', quote(key) FROM pendingExports",
    };
    struct test_trace out;
    sqlite3 *db;
    test_trace_init(&out);
    cr_assert(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        sqlite3_stmt *statement;
        cr_assert(sqlite3_prepare_v2(db, queries[i], -1, &statement, NULL) == SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            for (int column = 0; column < sqlite3_column_count(statement); column++) {
                trace_append(&out, (const char *)sqlite3_column_text(statement, column),
                             (size_t)sqlite3_column_bytes(statement, column));
                trace_append(&out, " ", 1);
            }
            trace_append(&out, "\n", 1);
        }
        cr_assert(sqlite3_finalize(statement) == SQLITE_OK);
    }
    sqlite3_close(db);
    return out.text;
}
