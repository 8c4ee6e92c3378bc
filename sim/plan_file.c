/* plan_file.c - see plan_file.h. */
#include "plan_file.h"

#include "text_file.h"

#include <stdio.h>

static int bad_file(const char *command, enum vk_err err) {
    fprintf(stderr, "%s: %s\n", command, vk_err_origin()->text);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static int bad_plan(const char *command, const char *path, enum vk_err err,
                    const struct sim_plan_error *error) {
    if (err != VK_ERR_SYNTAX) {
        fprintf(stderr, "%s: %s\n", command, vk_err_origin()->text);
        return SIM_EXIT_FAILED;
    }
    if (error->line)
        fprintf(stderr, "%s: %s:%zu:%zu: %s\n", command, path, error->line, error->column,
                error->what);
    else
        fprintf(stderr, "%s: %s: %s\n", command, path, error->what);
    return SIM_EXIT_BAD_INPUT;
}

int sim_plan_file_read(const char *command, const char *path, struct vk_arena *arena,
                       struct vk_str *text, struct sim_plan *plan) {
    struct sim_plan_error error;
    struct vk_str all;
    enum vk_err err = sim_text_file_read(path, arena, &all);
    if (err != VK_OK) return bad_file(command, err);
    err = sim_plan_read(plan, vk_heap_system(), all, &error);
    if (err != VK_OK) return bad_plan(command, path, err, &error);
    if (text) *text = all;
    return SIM_EXIT_OK;
}
