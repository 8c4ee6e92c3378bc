/* text_file.h - whole files, read and written. */
#ifndef SIM_TEXT_FILE_H
#define SIM_TEXT_FILE_H

#include "vk/arena.h"

/* The file's bytes, in `arena`; "-" is standard input. VK_ERR_DISK, saying which file and why. */
enum vk_err sim_text_file_read(const char *path, struct vk_arena *arena, struct vk_str *text)
    VK_MUST_CHECK;
/* All or nothing: the file appears under its name when all of it is there. */
enum vk_err sim_text_file_write(const char *path, struct vk_str text) VK_MUST_CHECK;

#endif
