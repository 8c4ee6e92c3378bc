/* text_file.h - whole files, read and written; and whether one can be, without leaving anything.
 *
 * INV-TEXT-FILE-1  An ordinary file, or one that is not there yet, appears under its name when all of it is there. A link
 *                  to one stays a link.
 * INV-TEXT-FILE-2  What is no ordinary file (a device, a FIFO) is written into; nothing takes its place. So is whatever
 *                  standard output or error is of: opened anew it would be written from its beginning.
 * INV-TEXT-FILE-3  What is added to the end of an ordinary file is there as a whole, or not at all, unless another has added
 *                  something since.
 */
#ifndef SIM_TEXT_FILE_H
#define SIM_TEXT_FILE_H

#include "vk/arena.h"

enum { SIM_PATH_SIZE = 4096 };

/* The file's bytes, in `arena`; "-" is standard input. VK_ERR_DISK, saying which file and why. */
enum vk_err sim_text_file_read(const char *path, struct vk_arena *arena, struct vk_str *text)
    VK_MUST_CHECK;
/* The text becomes what is in the file, or is added to its end; "-" is standard output. VK_ERR_DISK, as above. */
enum vk_err sim_text_file_write(const char *path, struct vk_str text) VK_MUST_CHECK;
enum vk_err sim_text_file_add(const char *path, struct vk_str text) VK_MUST_CHECK;

/* Whether these could, as far as can be told now. What there is is not changed; an empty file is made and removed. */
enum vk_err sim_text_file_can_write(const char *path) VK_MUST_CHECK;
enum vk_err sim_text_file_can_add(const char *path) VK_MUST_CHECK;
/* Where `path` and the links at its end lead to, whether or not anything is there. */
enum vk_err sim_text_file_resolve(const char *path, char target[SIM_PATH_SIZE]) VK_MUST_CHECK;

#endif
