/* testing_command.h - the built command, run as its users run it: in a process of its own, in a folder of its own.
 */
#ifndef TESTING_COMMAND_H
#define TESTING_COMMAND_H

#include "testing_store.h"

#include <stdbool.h>
#include <sys/types.h>

struct test_command {
    const char *words;   /* separated by spaces, without "crankcase" */
    const char *program; /* NULL: crankcase */
    const char *out;     /* where standard output goes; NULL: the file "out" of the folder */
    unsigned
        cpu_seconds_max; /* of each of its processes, which the system ends when they take more; 0: any */
    unsigned long
        file_bytes_max; /* of any file that it writes, as if the disk were full then; 0: any */
    bool no_color;      /* NO_COLOR is set */
};

struct test_outcome {
    int code;   /* it exited with, or -1 */
    int signal; /* that ended it, or 0 */
    char *out, *err;
};

/* Starts it with `folder` as its working folder, as the head of a process group. */
pid_t test_command_start(const struct test_folder *folder, const struct test_command *command);
/* Waits until it has ended. What it printed lasts until the next call. */
const struct test_outcome *test_command_await(const struct test_folder *folder, pid_t process);
/* What is in "out" so far, to be freed. */
char *test_command_out(const struct test_folder *folder);

/* Both, for a command without more ado. */
const struct test_outcome *test_command_run(const struct test_folder *folder, const char *words);

#endif
