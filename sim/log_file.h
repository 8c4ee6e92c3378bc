/* log_file.h - the lines of whatever logs a kernel's cranks: a slog or a recording, compressed or not, a flight
 * recorder's ring, or the folder that a kept node left behind.
 *
 * INV-LOG-FILE-1  A line is handed out whole; memory is what the longest line takes, and for a ring its megabyte.
 *
 * It does not know what a line means (log_line.h).
 */
#ifndef SIM_LOG_FILE_H
#define SIM_LOG_FILE_H

#include "line_reader.h"

struct sim_log_file;

/* Opens it; of a kept node's folder its whole trace, or else its flight recorder. Fails as sim_lines_open does. */
enum vk_err sim_log_file_open(const char *path, struct sim_log_file **out,
                              struct sim_input_error *error) VK_MUST_CHECK;
/* The same for a flight recorder's ring, which must not change in between. VK_ERR_SYNTAX if it is none. */
enum vk_err sim_log_file_open_ring(struct vk_str ring, struct sim_log_file **out,
                                   struct sim_input_error *error) VK_MUST_CHECK;
/* As sim_lines_next and sim_lines_number. */
enum vk_err sim_log_file_next(struct sim_log_file *file, struct vk_str *line, bool *more,
                              struct sim_input_error *error) VK_MUST_CHECK;
size_t sim_log_file_number(const struct sim_log_file *file);
/* How many bytes of the file have been read, of how many. */
uint64_t sim_log_file_position(const struct sim_log_file *file);
uint64_t sim_log_file_bytes(const struct sim_log_file *file);
/* NULL is allowed. */
void sim_log_file_close(struct sim_log_file *file);

#endif
