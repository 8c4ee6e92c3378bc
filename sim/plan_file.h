/* plan_file.h - a plan from a file, as every command that is given one reads it: what is wrong with it goes to standard error in
 * one line with file, line and column (report_bad_input.h).
 */
#ifndef SIM_PLAN_FILE_H
#define SIM_PLAN_FILE_H

#include "command.h"
#include "plan.h"

struct sim_plan_file {
    const char *command; /* "crankcase sweep" */
    const char *path;
    bool json; /* what is wrong with it is told as an object, too */
};

/* SIM_EXIT_OK and a plan to be released; else the command's exit code, and it is said why.
 * `text`, if not NULL, is the file's, in `arena`, which else is only for the call. */
int sim_plan_file_read(const struct sim_plan_file *file, struct vk_arena *arena,
                       struct vk_str *text, struct sim_plan *plan);

#endif
