/* testing_store.h - what the tests of the store share: a heap that counts and fails, a trace that
 * is text, and a folder that goes away.
 */
#ifndef TESTING_STORE_H
#define TESTING_STORE_H

#include "testing_values.h"

#include <vk/store.h>

/* A heap port that fails its fail_at-th allocation (0: none) and, unless fail_once, all after
 * it, knows what is outstanding, and checks the sizes it is told. */
struct test_heap {
    struct vk_heap port;
    uint64_t allocations;
    uint64_t fail_at;
    bool fail_once;
    uint64_t outstanding_blocks;
    uint64_t outstanding_bytes;
};

void test_heap_init(struct test_heap *heap);

/* A trace sink that writes each event as one line, and refuses its fail_at-th (0: none) and,
 * unless fails_once, all after it. */
struct test_trace {
    struct vk_trace port;
    uint64_t events;
    uint64_t fail_at;
    bool fails_once;
    char *text;
    size_t length;
    size_t capacity;
};

void test_trace_init(struct test_trace *trace);
void test_trace_clear(struct test_trace *trace);
void test_trace_release(struct test_trace *trace);

/* A world for one store. */
struct test_store {
    struct vk_store *store;
    struct vk_ports ports;
    struct vk_store_options options;
    struct test_heap heap;
    struct test_trace trace;
    struct vk_arena arena; /* for what reads return; on the system's heap */
};

/* Opens a store at `path` with no trace. Asserts that it can be. */
void test_store_open(struct test_store *test, const char *path, enum vk_store_mode mode);
/* As above with all options, the trace on, and no assertion. */
enum vk_err test_store_try_open(struct test_store *test, const char *path,
                                const struct vk_store_options *options);
/* Closes, and asserts that the heap has everything back. */
void test_store_close(struct test_store *test);

/* Asserts success, with the error's origin in the message. */
void test_ok(enum vk_err err);
/* The value, in the store's test arena. */
struct vk_str test_get(struct test_store *test, const char *key);
void test_set(struct test_store *test, const char *key, const char *value);

/* A new folder; NUL-terminated paths in it; and its removal with all files in it. */
struct test_folder {
    char path[64];
};
void test_folder_make(struct test_folder *folder);
void test_folder_remove(const struct test_folder *folder);
/* One of a few static buffers. */
const char *test_folder_file(const struct test_folder *folder, const char *name);

/* The whole file in malloc'd memory; {NULL, 0} if there is none. */
struct vk_str test_file_read(const char *path);
void test_file_write(const char *path, struct vk_str bytes);

/* Every row of every swing-store table, as malloc'd text. */
char *test_database_dump(const char *path);

#endif
