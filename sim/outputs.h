/* outputs.h - what a command is going to write, looked at before it does anything: after a night of seeds it is too late.
 *
 * INV-OUTPUTS-1  Nothing is left of the looking, and what is there is not changed.
 * INV-OUTPUTS-2  No two of them are one file, and none is a file that is read; but devices, which have room for many.
 *
 * That something can be written now does not say that it will be later.
 */
#ifndef SIM_OUTPUTS_H
#define SIM_OUTPUTS_H

#include "command.h"

#include <stdbool.h>
#include <stddef.h>

enum sim_output_kind {
    SIM_OUTPUT_FILE,   /* as sim_text_file_write() has it */
    SIM_OUTPUT_ADDED,  /* as sim_text_file_add() */
    SIM_OUTPUT_NEW,    /* a file that may not be there */
    SIM_OUTPUT_FOLDER, /* made if it is not there; what it is in is */
};

struct sim_output {
    const char *option; /* that named it: "--junit" */
    const char *path;
    enum sim_output_kind kind;
};

enum { SIM_OUTPUTS_MAX = 8 };

struct sim_outputs {
    struct sim_output at[SIM_OUTPUTS_MAX];
    size_t count;
    const char *const *inputs; /* files that are read */
    size_t input_count;
};

/* Adds one; `path` NULL: it is not wanted. */
void sim_outputs_add(struct sim_outputs *outputs, const char *option, const char *path,
                     enum sim_output_kind kind);
/* SIM_EXIT_OK, or BAD_INPUT after one line that names option, path and reason. `command`: "crankcase run". */
enum sim_exit sim_outputs_check(const struct sim_outputs *outputs, const char *command);
/* Whether `path` is one of them: it need not be there. */
bool sim_outputs_have(const struct sim_outputs *outputs, const char *path);

#endif
