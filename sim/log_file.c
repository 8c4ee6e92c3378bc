/* log_file.c - see log_file.h. */
#include "log_file.h"

#include "file_kind.h"
#include "flight_recorder.h"
#include "kept_node.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

struct sim_log_file {
    struct sim_lines *lines;
    struct vk_arena arena; /* a ring's text */
    uint64_t bytes;
};

/* In a kept node's folder: the log that tells most. */
static const char *within(const char *path, char found[PATH_SIZE]) {
    static const char *const names[] = {SIM_KEPT_TRACE, SIM_KEPT_SLOG};
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return path;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int n = snprintf(found, PATH_SIZE, "%s/%s", path, names[i]);
        if (n > 0 && n < PATH_SIZE && stat(found, &info) == 0) return found;
    }
    return path;
}

/* What is surely none says what it is; the rest is for its reader. */
static enum vk_err must_be_log(const char *path, enum sim_file_kind kind,
                               struct sim_input_error *error) {
    char node[PATH_SIZE];
    if (kind == SIM_FILE_PLAN || kind == SIM_FILE_DATABASE)
        return sim_input_error_set(error, VK_ERR_SYNTAX, 0, "%s, where a slog is wanted",
                                   sim_file_kind_words(kind));
    if (kind != SIM_FILE_FOLDER) return VK_OK;
    int n = snprintf(node, sizeof node, "%s/replica-0", path);
    if (n > 0 && n < PATH_SIZE && sim_file_kind(node) == SIM_FILE_FOLDER)
        return sim_input_error_set(error, VK_ERR_SYNTAX, 0,
                                   "a folder of kept nodes: one of them is wanted, replica-0 or "
                                   "another");
    return sim_input_error_set(error, VK_ERR_SYNTAX, 0,
                               "a folder, and no kept node's: neither " SIM_KEPT_TRACE
                               " nor " SIM_KEPT_SLOG " is in it");
}

static enum vk_err open_ring(struct sim_log_file *file, struct vk_str ring,
                             struct sim_input_error *error) {
    struct vk_str text;
    enum vk_err err = sim_flight_unroll(&file->arena, ring, &text);
    if (err != VK_OK) return sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
    return sim_lines_open_memory(text, &file->lines, error);
}

static enum vk_err open_path(struct sim_log_file *file, const char *path,
                             struct sim_input_error *error) {
    struct vk_str ring;
    struct stat info;
    enum sim_file_kind kind = sim_file_kind(path);
    if (stat(path, &info) == 0 && info.st_size > 0) file->bytes = (uint64_t)info.st_size;
    VK_TRY(must_be_log(path, kind, error));
    if (kind != SIM_FILE_RING) return sim_lines_open(path, &file->lines, error);
    enum vk_err err = sim_text_file_read(path, &file->arena, &ring);
    if (err != VK_OK) return sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
    return open_ring(file, ring, error);
}

/* One that has no lines yet. */
static enum vk_err file_new(struct sim_log_file **out, struct sim_input_error *error) {
    struct sim_log_file *file = *out = calloc(1, sizeof *file);
    if (!file) return vk_err_not_ok(sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory"));
    vk_arena_init(&file->arena, vk_heap_system());
    return VK_OK;
}

/* What cannot be opened is nobody's. */
static enum vk_err opened(struct sim_log_file **file, enum vk_err err) {
    if (err == VK_OK) return VK_OK;
    sim_log_file_close(*file);
    *file = NULL;
    return err;
}

enum vk_err sim_log_file_open(const char *path, struct sim_log_file **out,
                              struct sim_input_error *error) {
    char found[PATH_SIZE];
    VK_TRY(file_new(out, error));
    return opened(out, open_path(*out, within(path, found), error));
}

enum vk_err sim_log_file_open_ring(struct vk_str ring, struct sim_log_file **out,
                                   struct sim_input_error *error) {
    VK_TRY(file_new(out, error));
    return opened(out, open_ring(*out, ring, error));
}

enum vk_err sim_log_file_next(struct sim_log_file *file, struct vk_str *line, bool *more,
                              struct sim_input_error *error) {
    return sim_lines_next(file->lines, line, more, error);
}

size_t sim_log_file_number(const struct sim_log_file *file) {
    return sim_lines_number(file->lines);
}

uint64_t sim_log_file_position(const struct sim_log_file *file) {
    return sim_lines_position(file->lines);
}

uint64_t sim_log_file_bytes(const struct sim_log_file *file) { return file->bytes; }

void sim_log_file_close(struct sim_log_file *file) {
    if (!file) return;
    sim_lines_close(file->lines);
    vk_arena_release(&file->arena);
    free(file);
}
