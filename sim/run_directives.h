/* run_directives.h - the files of directives that `crankcase run` is given, which replica reads which, and what happens
 * where one of them says `debug`.
 */
#ifndef SIM_RUN_DIRECTIVES_H
#define SIM_RUN_DIRECTIVES_H

#include "run.h"

struct sim_run_directives {
    struct {
        const char *path; /* NULL: none */
        struct sim_directives directives;
    } files[SIM_REPLICAS_MAX]; /* by replica; all the same where no replica was named */
    bool any;
    bool stopped;          /* a `debug` was told of */
    const char *reproduce; /* the command, for the message at a debug stop */
};

void sim_run_directives_release(struct sim_run_directives *given);
/* Takes FILE, for all replicas, or N=FILE, for replica N alone; reads it. What is wrong with it goes to standard error;
 * false then. */
bool sim_run_directives_take(struct sim_run_directives *given, const char *argument);
/* Hands them to a run. `reproduce`: the command for it, which lasts as long as that. */
void sim_run_directives_give(struct sim_run_directives *given, const char *reproduce,
                             struct sim_run_options *options);
/* Says in a line on standard error which directives came to nothing, if any did. */
void sim_run_directives_look_back(const struct sim_run_directives *given,
                                  const struct sim_run_result *result);
/* Tells of directives that a replica's state refused. */
void sim_run_directives_refused(const struct sim_run_directives *given,
                                const struct sim_run_result *result);
/* Whether somebody traces this process, as a debugger does. */
bool sim_run_is_traced(void);

#endif
