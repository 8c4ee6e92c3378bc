/* folder_walk.h - the files of a folder and of all folders in it, in an order that depends on their names alone.
 *
 * INV-FOLDER-WALK-1  Within a folder the order is that of the names' bytes; a folder's files come in its place.
 *
 * What begins with a dot is passed over. Links are followed.
 */
#ifndef SIM_FOLDER_WALK_H
#define SIM_FOLDER_WALK_H

#include "vk/err.h"

#include <stdbool.h>

struct sim_folder_walk {
    void *impl;
    /* `within` is the part of the path that is below the folder which was asked for; both last for the call. */
    enum vk_err (*file)(void *impl, const char *path, const char *within);
};

/* VK_ERR_USAGE if one of the folders cannot be read; what `file` returns ends it. */
enum vk_err sim_folder_walk(const char *folder, const struct sim_folder_walk *walk) VK_MUST_CHECK;
/* Whether it is there, and one. */
bool sim_is_folder(const char *path);

#endif
