/* testing_recording.c - see testing_recording.h. */
#include "testing_recording.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <stdio.h>

const char *test_recording_path(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/corpus/recordings/%s.jsonl.xz", TEST_SOURCE_DIR, name);
    return path;
}

static struct vk_str copied(struct vk_arena *arena, struct vk_str text) {
    struct vk_str copy;
    cr_assert_eq(vk_arena_copy(arena, text, &copy), VK_OK);
    return copy;
}

static enum vk_err add_line(struct test_lines *lines, struct vk_str text) {
    SIM_ARRAY_RESERVE(&lines->lines);
    lines->lines.at[lines->lines.count++] = copied(&lines->arena, text);
    return VK_OK;
}

void test_lines_read(struct test_lines *lines, const char *name) {
    struct sim_lines *reader;
    struct sim_input_error error;
    struct vk_str line;
    bool more = true;
    *lines = (struct test_lines){0};
    vk_arena_init(&lines->arena, vk_heap_system());
    cr_assert_eq(sim_lines_open(test_recording_path(name), &reader, &error), VK_OK, "%s: %s", name,
                 error.what);
    for (;;) {
        cr_assert_eq(sim_lines_next(reader, &line, &more, &error), VK_OK, "%s", error.what);
        if (!more) break;
        cr_assert_eq(add_line(lines, line), VK_OK);
    }
    sim_lines_close(reader);
}

void test_lines_release(struct test_lines *lines) {
    sim_array_free(lines->lines.at);
    vk_arena_release(&lines->arena);
}

static size_t find_in(struct vk_str line, struct vk_str text) {
    for (size_t i = 0; i + text.n <= line.n; i++)
        if (memcmp(line.p + i, text.p, text.n) == 0) return i;
    return SIZE_MAX;
}

size_t test_lines_find(const struct test_lines *lines, size_t from, const char *text) {
    for (size_t i = from; i < lines->lines.count; i++)
        if (find_in(lines->lines.at[i], vk_str(text)) != SIZE_MAX) return i;
    cr_assert_fail("no line from %zu on contains %s", from, text);
    return SIZE_MAX;
}

void test_lines_replace(struct test_lines *lines, size_t line, const char *text, const char *with) {
    struct vk_str old = lines->lines.at[line], fresh;
    size_t at = find_in(old, vk_str(text));
    cr_assert_neq(at, SIZE_MAX, "line %zu does not contain %s", line, text);
    size_t after = at + strlen(text);
    cr_assert_eq(vk_arena_format(&lines->arena, &fresh, "%.*s%s%.*s", (int)at, old.p, with,
                                 (int)(old.n - after), old.p + after),
                 VK_OK);
    lines->lines.at[line] = fresh;
}

void test_lines_delete(struct test_lines *lines, size_t line) {
    memmove(&lines->lines.at[line], &lines->lines.at[line + 1],
            (lines->lines.count - line - 1) * sizeof *lines->lines.at);
    lines->lines.count--;
}

void test_lines_insert(struct test_lines *lines, size_t line, const char *text) {
    cr_assert_eq(add_line(lines, VK_STR("")), VK_OK);
    memmove(&lines->lines.at[line + 1], &lines->lines.at[line],
            (lines->lines.count - line - 1) * sizeof *lines->lines.at);
    lines->lines.at[line] = copied(&lines->arena, vk_str(text));
}

struct vk_str test_lines_text(struct test_lines *lines) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &lines->arena);
    for (size_t i = 0; i < lines->lines.count; i++) {
        vk_buf_add(&buf, lines->lines.at[i]);
        vk_buf_char(&buf, '\n');
    }
    cr_assert_eq(vk_buf_finish(&buf, &text), VK_OK);
    return text;
}

struct sim_recording *test_lines_recording(struct test_lines *lines) {
    struct sim_recording *recording;
    struct sim_input_error error;
    cr_assert_eq(sim_recording_read_memory(test_lines_text(lines), &recording, &error), VK_OK,
                 "line %zu: %s", error.line, error.what);
    return recording;
}

struct vk_str test_compress(struct vk_arena *arena, struct vk_str text, int filter) {
    size_t capacity = text.n + (size_t)65536, used = 0;
    char *bytes = vk_arena_alloc(arena, capacity);
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    cr_assert(bytes && archive && entry);
    cr_assert_eq(archive_write_set_format_raw(archive), ARCHIVE_OK);
    cr_assert_eq(archive_write_add_filter(archive, filter), ARCHIVE_OK);
    cr_assert_eq(archive_write_set_bytes_in_last_block(archive, 1), ARCHIVE_OK);
    cr_assert_eq(archive_write_open_memory(archive, bytes, capacity, &used), ARCHIVE_OK);
    archive_entry_set_filetype(entry, AE_IFREG);
    cr_assert_eq(archive_write_header(archive, entry), ARCHIVE_OK);
    cr_assert_eq(archive_write_data(archive, text.p, text.n), (la_ssize_t)text.n);
    cr_assert_eq(archive_write_close(archive), ARCHIVE_OK);
    archive_entry_free(entry);
    archive_write_free(archive);
    return (struct vk_str){bytes, used};
}
