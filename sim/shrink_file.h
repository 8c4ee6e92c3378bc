/* shrink_file.h - a plan shrunk into a file, as `crankcase shrink` and `crankcase run --shrink` do it, and told of.
 *
 * The file has the best so far from the first moment on, with notes of where it comes from; what is begun again with the same
 * plan and the same file goes on from there.
 *
 * INV-SHRINK-FILE-1  No file is overwritten that is not a shrunk form of this very plan, unless the caller says so.
 */
#ifndef SIM_SHRINK_FILE_H
#define SIM_SHRINK_FILE_H

#include "command.h"
#include "run.h"

struct sim_shrink_file {
    const char *command; /* what to call itself in messages: "crankcase shrink" */
    const char *name;    /* of what is shrunk: "seed 42", or the plan's file */
    const char *origin;  /* the command that makes it; NULL: `name` */
    const char *out;
    struct vk_str notes; /* those of the plan's text, or nothing */
    struct sim_run_options run;
    const char *kernel; /* the path of run.module, for the reproducer; NULL: the kernel linked in */
    size_t at_once;
    uint64_t deadline_seconds; /* 0: none */
    bool overwrite;            /* whatever is in `out` */
    bool json, quiet, colours;
};

/* "seed-42.plan" becomes "seed-42-shrunk.plan"; false: the name is too long. */
bool sim_shrink_file_name(const char *path, char *out, size_t size);
/* Shrinks and prints. BAD_INPUT, with one line: the plan does not fail, or the file is another's. */
enum sim_exit sim_shrink_file(const struct sim_shrink_file *asked, const struct sim_plan *plan);

#endif
