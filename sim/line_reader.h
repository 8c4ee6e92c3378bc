/* line_reader.h - the lines of a file, whatever it is compressed with.
 *
 * libarchive finds out the compression by the file's first bytes (xz, gzip, zstd, bzip2 ... or
 * none).
 *
 * INV-LINES-1  A compressed file that ends too early or fails its check never ends as if it were
 *              whole.
 *
 * It does not know what a line means.
 */
#ifndef SIM_LINE_READER_H
#define SIM_LINE_READER_H

#include "vk/arena.h"

enum {
    SIM_LINE_BYTES_MAX = 256 * 1024 * 1024,
};

struct sim_lines;

/* What is wrong with an input. */
struct sim_input_error {
    size_t line;    /* 0: the file as a whole */
    char what[256]; /* one line */
};

/* Fills *error and raises it as well. */
enum vk_err sim_input_error_set(struct sim_input_error *error, enum vk_err err, size_t line,
                                const char *format, ...) __attribute__((format(printf, 4, 5)))
VK_MUST_CHECK;

/* Opens a file. VK_ERR_DISK when it cannot be read, VK_ERR_SYNTAX when it is nothing that can be
 * decompressed. */
enum vk_err sim_lines_open(const char *path, struct sim_lines **out, struct sim_input_error *error)
    VK_MUST_CHECK;
/* The same for bytes in memory, which must outlive the reader. */
enum vk_err sim_lines_open_memory(struct vk_str bytes, struct sim_lines **out,
                                  struct sim_input_error *error) VK_MUST_CHECK;
/* The next line, without its newline; *more false at the end of the file. The text is valid until
 * the next call. */
enum vk_err sim_lines_next(struct sim_lines *lines, struct vk_str *line, bool *more,
                           struct sim_input_error *error) VK_MUST_CHECK;
/* The number of the line that sim_lines_next gave last; the first is 1. */
size_t sim_lines_number(const struct sim_lines *lines);
/* How many bytes of the file, compressed as it is, have been read. */
uint64_t sim_lines_position(const struct sim_lines *lines);
void sim_lines_close(struct sim_lines *lines);

#endif
