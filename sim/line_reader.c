/* line_reader.c - see line_reader.h. */
#include "line_reader.h"

#include "array.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

enum { READ_SIZE = 256 * 1024 };

struct sim_lines {
    struct archive *archive;
    struct vk_str block; /* decompressed and not yet looked at */
    bool at_end;
    size_t number;
    struct {
        SIM_ARRAY(char);
    } carry;          /* the part of a line that lay in earlier blocks */
    bool carry_given; /* the carry was handed out with the line before */
};

enum vk_err sim_input_error_set(struct sim_input_error *error, enum vk_err err, size_t line,
                                const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(error->what, sizeof error->what, format, args);
    va_end(args);
    for (char *c = error->what; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    error->line = line;
    return VK_RAISE(err, "line %zu: %s", line, error->what);
}

static enum vk_err archive_failed(const struct sim_lines *lines, struct sim_input_error *error) {
    const char *text = archive_error_string(lines->archive);
    if (archive_errno(lines->archive) == ENOMEM)
        return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory while decompressing");
    return sim_input_error_set(error, VK_ERR_SYNTAX, lines->number ? lines->number + 1 : 0,
                               "the file is truncated or damaged: %s",
                               text ? text : "it cannot be decompressed");
}

/* *out is NULL if there is no memory. */
static enum vk_err lines_new(struct sim_lines **out, struct sim_input_error *error) {
    *out = NULL;
    struct sim_lines *lines = calloc(1, sizeof *lines);
    struct archive *archive = archive_read_new();
    if (!lines || !archive) {
        free(lines);
        archive_read_free(archive);
        return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
    }
    archive_read_support_filter_all(archive);
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
    lines->archive = archive;
    *out = lines;
    return VK_OK;
}

/* The raw format has one entry, the decompressed file. */
static enum vk_err lines_enter(struct sim_lines *lines, struct sim_input_error *error) {
    struct archive_entry *entry;
    int status = archive_read_next_header(lines->archive, &entry);
    if (status == ARCHIVE_EOF)
        lines->at_end = true;
    else if (status != ARCHIVE_OK)
        return archive_failed(lines, error);
    return VK_OK;
}

enum vk_err sim_lines_open(const char *path, struct sim_lines **out,
                           struct sim_input_error *error) {
    struct stat info;
    *out = NULL;
    if (stat(path, &info) != 0)
        return sim_input_error_set(error, VK_ERR_DISK, 0, "%s", strerror(errno));
    if (S_ISDIR(info.st_mode))
        return sim_input_error_set(error, VK_ERR_DISK, 0, "it is a folder, not a file");
    struct sim_lines *lines;
    enum vk_err err = lines_new(&lines, error);
    if (!lines) return err;
    if (archive_read_open_filename(lines->archive, path, READ_SIZE) != ARCHIVE_OK)
        err = archive_errno(lines->archive) > 0
                  ? sim_input_error_set(error, VK_ERR_DISK, 0, "%s",
                                        archive_error_string(lines->archive))
                  : archive_failed(lines, error);
    if (err == VK_OK) err = lines_enter(lines, error);
    if (err == VK_OK)
        *out = lines;
    else
        sim_lines_close(lines);
    return err;
}

enum vk_err sim_lines_open_memory(struct vk_str bytes, struct sim_lines **out,
                                  struct sim_input_error *error) {
    *out = NULL;
    struct sim_lines *lines;
    enum vk_err err = lines_new(&lines, error);
    if (!lines) return err;
    if (archive_read_open_memory(lines->archive, bytes.p, bytes.n) != ARCHIVE_OK)
        err = archive_failed(lines, error);
    if (err == VK_OK) err = lines_enter(lines, error);
    if (err == VK_OK)
        *out = lines;
    else
        sim_lines_close(lines);
    return err;
}

static enum vk_err lines_refill(struct sim_lines *lines, struct sim_input_error *error) {
    const void *bytes = NULL;
    size_t size = 0;
    int64_t offset;
    VK_ASSERT(lines->block.n == 0); /* nothing is skipped */
    while (size == 0 && !lines->at_end) {
        int status = archive_read_data_block(lines->archive, &bytes, &size, &offset);
        if (status == ARCHIVE_EOF)
            lines->at_end = true;
        else if (status != ARCHIVE_OK)
            return archive_failed(lines, error);
    }
    lines->block = (struct vk_str){bytes, lines->at_end ? 0 : size};
    return VK_OK;
}

static enum vk_err carry_add(struct sim_lines *lines, struct vk_str part,
                             struct sim_input_error *error) {
    size_t needed = lines->carry.count + part.n;
    if (needed > SIM_LINE_BYTES_MAX)
        return sim_input_error_set(error, VK_ERR_SYNTAX, lines->number + 1,
                                   "a line of more than %d MiB",
                                   SIM_LINE_BYTES_MAX / (1024 * 1024));
    while (lines->carry.capacity < needed) {
        void *more = sim_array_more(lines->carry.at, &lines->carry.capacity, 1);
        if (!more) return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
        lines->carry.at = more;
    }
    if (part.n) memcpy(lines->carry.at + lines->carry.count, part.p, part.n);
    lines->carry.count = needed;
    return VK_OK;
}

enum vk_err sim_lines_next(struct sim_lines *lines, struct vk_str *line, bool *more,
                           struct sim_input_error *error) {
    if (lines->carry_given) lines->carry.count = 0;
    lines->carry_given = false;
    *more = true;
    for (;;) {
        if (lines->block.n == 0) VK_TRY(lines_refill(lines, error));
        if (lines->block.n == 0) { /* the end; a last line may lack its newline */
            *line = (struct vk_str){lines->carry.at, lines->carry.count};
            *more = lines->carry.count > 0;
            lines->carry_given = true;
            lines->number += *more;
            return VK_OK;
        }
        const char *newline = memchr(lines->block.p, '\n', lines->block.n);
        struct vk_str part = {lines->block.p,
                              newline ? (size_t)(newline - lines->block.p) : lines->block.n};
        lines->block = vk_str_from(lines->block, part.n + (newline ? 1 : 0));
        if (newline && lines->carry.count == 0) {
            *line = part;
        } else {
            VK_TRY(carry_add(lines, part, error));
            if (!newline) continue;
            *line = (struct vk_str){lines->carry.at, lines->carry.count};
            lines->carry_given = true;
        }
        lines->number++;
        return VK_OK;
    }
}

size_t sim_lines_number(const struct sim_lines *lines) { return lines->number; }

uint64_t sim_lines_position(const struct sim_lines *lines) {
    int64_t bytes = archive_filter_bytes(lines->archive, -1);
    return bytes > 0 ? (uint64_t)bytes : 0;
}

void sim_lines_close(struct sim_lines *lines) {
    if (!lines) return;
    archive_read_free(lines->archive);
    sim_array_free(lines->carry.at);
    free(lines);
}
