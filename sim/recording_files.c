/* recording_files.c - see recording_files.h. */
#include "recording_files.h"

#include "folder_walk.h"
#include "line_reader.h"
#include "trace_log.h"

#include <stdlib.h>
#include <string.h>

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

static enum vk_err add_found(void *impl, const char *path, const char *within) {
    const char *slash = strrchr(within, '/');
    const char *name = slash ? slash + 1 : within;
    return stem_length(name) > 0 && !is_trace(path) ? add_file(impl, path) : VK_OK;
}

enum vk_err sim_recording_files_add(struct sim_recording_files *files, const char *path) {
    const struct sim_folder_walk walk = {.impl = files, .file = add_found};
    if (!sim_is_folder(path)) return add_file(files, path);
    size_t before = files->count;
    VK_TRY(sim_folder_walk(path, &walk));
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
