/* interrupt.h - Ctrl-C, and a request to end (SIGTERM), as something that a command sees, so that it ends in peace.
 *
 * INV-INTERRUPT-1  The first of a kind is only noted. The second ends the process, as it does whoever never heeds it.
 * INV-INTERRUPT-2  The note is shared with the processes that are forked from then on: those of jobs see it, whichever of
 *                  them got the signal (from a terminal all do, from `kill` one).
 * INV-INTERRUPT-3  A command that was interrupted is no success: not all that it was to look at was looked at.
 */
#ifndef SIM_INTERRUPT_H
#define SIM_INTERRUPT_H

#include <stdbool.h>

/* After the exit codes in a command's --help. */
#define SIM_INTERRUPT_USAGE                                                                        \
    ";\ninterrupted (Ctrl-C) the code so far, but never 0: 130 in its place, 143 after a SIGTERM"

/* From now on. */
void sim_interrupt_heed(void);
bool sim_interrupted(void);
/* What a command exits with, in the end, where `code` is of what it ran: the same; but, if all of that holds and it was
 * interrupted, SIM_EXIT_INTERRUPTED and the signal's number, as a shell has it of commands that do not heed one. */
int sim_interrupt_code(int code);
/* The same, for sim_jobs.is_enough. */
bool sim_interrupt_is_enough(void *impl);

#endif
