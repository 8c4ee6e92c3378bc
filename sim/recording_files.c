/* recording_files.c - see recording_files.h. */
#include "recording_files.h"

#include "line_reader.h"
#include "trace_log.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_DEEP_MAX = 32 };

static const char *const endings[] = {".jsonl", ".jsonl.xz", ".jsonl.gz", ".jsonl.zst",
                                      ".jsonl.bz2"};

/* The length of `name` without a recording's ending, or 0 if it has none. */
static size_t stem_length(const char *name) {
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (n > ending && strcmp(name + n - ending, endings[i]) == 0) return n - ending;
    }
    return 0;
}

static enum vk_err add_file(struct sim_recording_files *files, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t stem = stem_length(base);
    SIM_ARRAY_RESERVE(files);
    struct sim_recording_file file = {.path = strdup(path),
                                      .name = strndup(base, stem ? stem : strlen(base))};
    if (!file.path || !file.name) {
        free(file.path);
        free(file.name);
        return VK_RAISE(VK_ERR_NOMEM, "%s", path);
    }
    files->at[files->count++] = file;
    return VK_OK;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int in_byte_order(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* A simulated node's trace is called like a recording; one that cannot be read is for the reader to tell of. */
static bool is_trace(const char *path) {
    struct sim_input_error ignored;
    struct sim_lines *lines;
    struct vk_str line;
    bool more;
    if (sim_lines_open(path, &lines, &ignored) != VK_OK) return false;
    enum vk_err err = sim_lines_next(lines, &line, &more, &ignored);
    bool is = err == VK_OK && more && sim_trace_log_is_head(line);
    sim_lines_close(lines);
    return is;
}

static enum vk_err add_folder(struct sim_recording_files *files, const char *folder, int depth);

static enum vk_err add_entry(struct sim_recording_files *files, const char *folder,
                             const char *entry, int depth) {
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    size_t size = n + strlen(entry) + 2;
    char *path = malloc(size);
    if (!path) return VK_RAISE(VK_ERR_NOMEM, "%s", entry);
    snprintf(path, size, "%.*s/%s", (int)n, folder, entry);
    enum vk_err err = VK_OK;
    if (is_folder(path))
        err = add_folder(files, path, depth + 1);
    else if (stem_length(entry) > 0 && !is_trace(path))
        err = add_file(files, path);
    free(path);
    return err;
}

static enum vk_err add_folder(struct sim_recording_files *files, const char *folder, int depth) {
    struct dirent **entries;
    if (depth > FOLDERS_DEEP_MAX) return VK_RAISE(VK_ERR_USAGE, "%s: too deep a folder", folder);
    int count = scandir(folder, &entries, is_visible, in_byte_order); /* INV-FILES-1 */
    if (count < 0) return VK_RAISE(VK_ERR_USAGE, "%s: %s", folder, strerror(errno));
    enum vk_err err = VK_OK;
    for (int i = 0; i < count; i++) {
        if (err == VK_OK) err = add_entry(files, folder, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum vk_err sim_recording_files_add(struct sim_recording_files *files, const char *path) {
    if (!is_folder(path)) return add_file(files, path);
    size_t before = files->count;
    VK_TRY(add_folder(files, path, 0));
    return files->count > before ? VK_OK
                                 : VK_RAISE(VK_ERR_USAGE, "%s: no recordings in this folder", path);
}

const char *sim_recording_files_twice(const struct sim_recording_files *files) {
    for (size_t i = 0; i < files->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(files->at[i].name, files->at[j].name) == 0) return files->at[i].name;
    return NULL;
}

void sim_recording_files_free(struct sim_recording_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        free(files->at[i].path);
        free(files->at[i].name);
    }
    sim_array_free(files->at);
    *files = (struct sim_recording_files){0};
}
