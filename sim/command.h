/* command.h - the commands of `crankcase`, and what their exit codes mean.
 *
 * A new command is its file, a declaration here and a row in main.c.
 */
#ifndef SIM_COMMAND_H
#define SIM_COMMAND_H

#ifndef CRANKCASE_VERSION
#define CRANKCASE_VERSION "(unversioned build)"
#endif

enum sim_exit {
    SIM_EXIT_OK = 0,         /* all holds */
    SIM_EXIT_DIFFERENCE = 1, /* a difference or a violation was found */
    SIM_EXIT_BAD_INPUT = 2,  /* bad usage or bad input */
    SIM_EXIT_LIVENESS = 3,   /* progress failed */
    SIM_EXIT_FAILED = 4,     /* the testbed itself failed */
    /* and the signal's number: it was interrupted, and what it had run by then holds (sim_interrupt_code) */
    SIM_EXIT_INTERRUPTED = 128,
};

struct sim_command {
    const char *name;
    const char *summary;
    /* argv[0] is the command's name. Returns an enum sim_exit, or SIM_EXIT_INTERRUPTED and the signal. */
    int (*run)(int argc, char **argv);
};

extern const struct sim_command sim_cmd_replay;
extern const struct sim_command sim_cmd_audit;
extern const struct sim_command sim_cmd_corpus;
extern const struct sim_command sim_cmd_diff;
extern const struct sim_command sim_cmd_plan;
extern const struct sim_command sim_cmd_postmortem;
extern const struct sim_command sim_cmd_report;
extern const struct sim_command sim_cmd_run;
extern const struct sim_command sim_cmd_shrink;
extern const struct sim_command sim_cmd_sweep;

#endif
