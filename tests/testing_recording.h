/* testing_recording.h - recordings for tests: read as lines, changed, and read again.
 *
 * A planted difference is a recording in which one line says something else than the real kernel
 * did.
 */
#ifndef TESTING_RECORDING_H
#define TESTING_RECORDING_H

#include "sim/recording.h"

struct test_lines {
    struct vk_arena arena;
    struct {
        SIM_ARRAY(struct vk_str);
    } lines;
};

/* The path of a recording of the corpus, given as "suite/kernel-03". The text is static. */
const char *test_recording_path(const char *name);
/* Reads one as lines. Fails the test if it cannot. */
void test_lines_read(struct test_lines *lines, const char *name);
void test_lines_release(struct test_lines *lines);

/* The index of the line that contains `text`, searched for from line `from` (an index) on. Fails
 * the test if there is none. */
size_t test_lines_find(const struct test_lines *lines, size_t from, const char *text);
/* Puts `with` for the first `text` in the line. */
void test_lines_replace(struct test_lines *lines, size_t line, const char *text, const char *with);
void test_lines_delete(struct test_lines *lines, size_t line);
void test_lines_insert(struct test_lines *lines, size_t line, const char *text);

/* The whole as one text, in the lines' arena. */
struct vk_str test_lines_text(struct test_lines *lines);
/* Reads it as a recording; fails the test if it is none. */
struct sim_recording *test_lines_recording(struct test_lines *lines);

/* `text` compressed: filter is an ARCHIVE_FILTER_* of libarchive. In `arena`. */
struct vk_str test_compress(struct vk_arena *arena, struct vk_str text, int filter);

#endif
