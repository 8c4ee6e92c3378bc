/* outputs.c - see outputs.h. */
#include "outputs.h"

#include "text_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sim_outputs_add(struct sim_outputs *outputs, const char *option, const char *path,
                     enum sim_output_kind kind) {
    if (!path) return;
    VK_ASSERT(outputs->count < SIM_OUTPUTS_MAX); /* as many as a command has options for */
    outputs->at[outputs->count++] = (struct sim_output){option, path, kind};
}

/* ---- one file or two */

/* A file that is there, or a name in a folder. */
struct identity {
    dev_t device;
    ino_t node;
    char name[SIM_PATH_SIZE]; /* "" of a file that is there */
    bool is_known, is_for_many;
};

static void identify_name(const char *path, struct identity *identity) {
    char target[SIM_PATH_SIZE], folder[SIM_PATH_SIZE];
    struct stat there;
    if (sim_text_file_resolve(path, target) != VK_OK) return;
    const char *slash = strrchr(target, '/');
    int n = slash ? (int)(slash - target) + 1 : 0;
    snprintf(folder, sizeof folder, "%.*s", n, target);
    if (stat(n ? folder : ".", &there) != 0) return;
    identity->device = there.st_dev;
    identity->node = there.st_ino;
    identity->is_known = true;
    snprintf(identity->name, sizeof identity->name, "%s", target + n);
}

static void identify(const char *path, struct identity *identity) {
    struct stat there;
    *identity = (struct identity){.is_known = false};
    if (strcmp(path, "-") == 0) { /* which is no file of any folder */
        identity->is_known = true;
        snprintf(identity->name, sizeof identity->name, "/");
    } else if (stat(path, &there) == 0) {
        identity->device = there.st_dev;
        identity->node = there.st_ino;
        identity->is_known = true;
        identity->is_for_many = S_ISCHR(there.st_mode);
    } else {
        identify_name(path, identity);
    }
}

static bool are_same(const struct identity *a, const struct identity *b) {
    return a->is_known && b->is_known && !a->is_for_many && a->device == b->device &&
           a->node == b->node && strcmp(a->name, b->name) == 0;
}

/* INV-OUTPUTS-2 */
static enum sim_exit check_is_another(const struct sim_outputs *outputs, size_t i,
                                      const char *command) {
    const struct sim_output *output = &outputs->at[i];
    struct identity is, other;
    identify(output->path, &is);
    for (size_t k = 0; k < i; k++) {
        identify(outputs->at[k].path, &other);
        if (!are_same(&is, &other)) continue;
        fprintf(stderr, "%s: %s %s: is the file of %s, too\n", command, output->option,
                output->path, outputs->at[k].option);
        return SIM_EXIT_BAD_INPUT;
    }
    bool is_read_as_input = strcmp(output->path, "-") != 0; /* "-" there is standard input */
    for (size_t k = 0; is_read_as_input && k < outputs->input_count; k++) {
        identify(outputs->inputs[k], &other);
        if (!are_same(&is, &other)) continue;
        fprintf(stderr, "%s: %s %s: is the file that is read\n", command, output->option,
                output->path);
        return SIM_EXIT_BAD_INPUT;
    }
    return SIM_EXIT_OK;
}

bool sim_outputs_have(const struct sim_outputs *outputs, const char *path) {
    struct identity is, other;
    identify(path, &is);
    for (size_t i = 0; i < outputs->count; i++) {
        identify(outputs->at[i].path, &other);
        if (are_same(&is, &other)) return true;
    }
    return false;
}

/* ---- whether it can be written */

static enum vk_err failed(const char *path, const char *why) {
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, why);
}

static enum vk_err can_be_folder(const char *path) {
    char file[SIM_PATH_SIZE]; /* that would be in it */
    struct stat there;
    if (stat(path, &there) != 0) {
        if (mkdir(path, 0777) != 0) return failed(path, strerror(errno));
        rmdir(path);
        return VK_OK;
    }
    if (!S_ISDIR(there.st_mode)) return failed(path, "is no folder");
    if (access(path, W_OK | X_OK) != 0) return failed(path, strerror(errno));
    int n = snprintf(file, sizeof file, "%s/crankcase", path);
    bool can = n > 0 && n < SIM_PATH_SIZE && sim_text_file_can_write(file) == VK_OK;
    return can ? VK_OK : failed(path, "nothing can be made there");
}

static enum vk_err can_be_new(const char *path) {
    struct stat there;
    if (strcmp(path, "-") == 0) return failed(path, "standard output can be no database");
    if (stat(path, &there) == 0) return failed(path, "is there already, and may hold results");
    return sim_text_file_can_add(path);
}

static enum vk_err can_be(const struct sim_output *output) {
    if (!output->path[0]) return failed("''", "a name is missing");
    switch (output->kind) {
    case SIM_OUTPUT_FILE: return sim_text_file_can_write(output->path);
    case SIM_OUTPUT_ADDED: return sim_text_file_can_add(output->path);
    case SIM_OUTPUT_NEW: return can_be_new(output->path);
    case SIM_OUTPUT_FOLDER: break;
    }
    return can_be_folder(output->path);
}

enum sim_exit sim_outputs_check(const struct sim_outputs *outputs, const char *command) {
    for (size_t i = 0; i < outputs->count; i++) {
        const struct sim_output *output = &outputs->at[i];
        if (can_be(output) != VK_OK) {
            fprintf(stderr, "%s: %s %s\n", command, output->option, vk_err_origin()->text);
            return SIM_EXIT_BAD_INPUT;
        }
        enum sim_exit code = check_is_another(outputs, i, command);
        if (code != SIM_EXIT_OK) return code;
    }
    return SIM_EXIT_OK;
}
