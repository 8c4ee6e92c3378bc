/* main.c - the crankcase command: finds the command that is asked for and hands over to it. */
#include "command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct sim_command *const commands[] = {
    &sim_cmd_replay,     &sim_cmd_audit, &sim_cmd_run,    &sim_cmd_plan,   &sim_cmd_sweep,
    &sim_cmd_postmortem, &sim_cmd_diff,  &sim_cmd_shrink, &sim_cmd_corpus, &sim_cmd_report,
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(void) {
    puts("crankcase: a deterministic simulation and fuzz testbed for vat kernels\n\n"
         "usage: crankcase COMMAND [OPTIONS] ...\n"
         "       crankcase COMMAND --help\n"
         "       crankcase --version\n\n"
         "commands:");
    for (int i = 0; i < COMMAND_COUNT; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nexit codes, of every command:\n"
         "  0  all holds\n"
         "  1  a difference or a violation was found\n"
         "  2  bad usage or bad input\n"
         "  3  progress (liveness) failed\n"
         "  4  the testbed itself failed\n"
         "  130 (after a SIGTERM 143)  it was interrupted, and what was run by then holds");
}

/* A file that the system lets grow no further is told of as a full disk is, by whoever writes it. */
static void heed_limits(void) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
}

int main(int argc, char **argv) {
    heed_limits();
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        fputs("crankcase: no command given (see crankcase --help)\n", stderr);
        return SIM_EXIT_BAD_INPUT;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return SIM_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("crankcase " CRANKCASE_VERSION);
        return SIM_EXIT_OK;
    }
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i]->name) == 0) return commands[i]->run(argc - 1, argv + 1);
    fprintf(stderr, "crankcase: %s is no %s (see crankcase --help)\n", name,
            name[0] == '-' ? "option" : "command");
    return SIM_EXIT_BAD_INPUT;
}
