/* folder_walk.c - see folder_walk.h. */
#include "folder_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_DEEP_MAX = 32 }; /* a link may lead back up */

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int in_byte_order(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name); /* INV-FOLDER-WALK-1 */
}

bool sim_is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Of the folder that was asked for the first `base` bytes of the path, and the slash. */
static enum vk_err walk_folder(const char *folder, size_t base, int depth,
                               const struct sim_folder_walk *walk);

static enum vk_err walk_entry(const char *folder, size_t base, int depth, const char *name,
                              const struct sim_folder_walk *walk) {
    size_t n = depth > 0 ? strlen(folder) : base, size = n + strlen(name) + 2;
    char *path = malloc(size);
    if (!path) return VK_RAISE(VK_ERR_NOMEM, "%s", name);
    snprintf(path, size, "%.*s/%s", (int)n, folder, name);
    enum vk_err err = sim_is_folder(path) ? walk_folder(path, base, depth + 1, walk)
                                          : walk->file(walk->impl, path, path + base + 1);
    free(path);
    return err;
}

static enum vk_err walk_folder(const char *folder, size_t base, int depth,
                               const struct sim_folder_walk *walk) {
    struct dirent **entries;
    if (depth > FOLDERS_DEEP_MAX) return VK_RAISE(VK_ERR_USAGE, "%s: too deep a folder", folder);
    int count = scandir(folder, &entries, is_visible, in_byte_order);
    if (count < 0) return VK_RAISE(VK_ERR_USAGE, "%s: %s", folder, strerror(errno));
    enum vk_err err = VK_OK;
    for (int i = 0; i < count; i++) {
        if (err == VK_OK) err = walk_entry(folder, base, depth, entries[i]->d_name, walk);
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum vk_err sim_folder_walk(const char *folder, const struct sim_folder_walk *walk) {
    size_t base = strlen(folder);
    while (base > 1 && folder[base - 1] == '/')
        base--;
    return walk_folder(folder, base, 0, walk);
}
