/* plan_file.c - see plan_file.h. */
#include "plan_file.h"

#include "reports/report_bad_input.h"
#include "text_file.h"

#include <stdio.h>

static int bad_file(const struct sim_plan_file *file, enum vk_err err, const char *text) {
    report_bad_input(file->command, file->path, text, file->json && err != VK_ERR_NOMEM);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static int bad_plan(const struct sim_plan_file *file, enum vk_err err,
                    const struct sim_plan_error *error) {
    char text[SIM_PATH_SIZE + sizeof error->what + 50];
    if (err != VK_ERR_SYNTAX) {
        fprintf(stderr, "%s: %s\n", file->command, vk_err_origin()->text);
        return SIM_EXIT_FAILED;
    }
    if (error->line)
        snprintf(text, sizeof text, "%s:%zu:%zu: %s", file->path, error->line, error->column,
                 error->what);
    else
        snprintf(text, sizeof text, "%s: %s", file->path, error->what);
    return bad_file(file, err, text);
}

int sim_plan_file_read(const struct sim_plan_file *file, struct vk_arena *arena,
                       struct vk_str *text, struct sim_plan *plan) {
    struct sim_plan_error error;
    struct vk_str all;
    enum vk_err err = sim_text_file_read(file->path, arena, &all);
    if (err != VK_OK) return bad_file(file, err, vk_err_origin()->text);
    err = sim_plan_read(plan, vk_heap_system(), all, &error);
    if (err != VK_OK) return bad_plan(file, err, &error);
    if (text) *text = all;
    return SIM_EXIT_OK;
}
