/* scratch_folder.c - see scratch_folder.h. */
#include "scratch_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 64 }; /* for the names of files in it */

enum vk_err sim_scratch_folder_make(char path[SIM_SCRATCH_PATH]) {
    const char *parent = getenv("TMPDIR");
    int n = snprintf(path, SIM_SCRATCH_PATH, "%s/crankcase-XXXXXX",
                     parent && parent[0] ? parent : "/tmp");
    if (n < 0 || n >= SIM_SCRATCH_PATH - ROOM) {
        path[0] = '\0';
        return VK_RAISE(VK_ERR_DISK, "TMPDIR is too long a name");
    }
    if (mkdtemp(path)) return VK_OK;
    enum vk_err err = VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
    path[0] = '\0';
    return err;
}
