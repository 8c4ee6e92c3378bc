/* interrupt.h - Ctrl-C, and a request to end (SIGTERM), as something that a command sees, so that it ends in peace.
 *
 * INV-INTERRUPT-1  The first of a kind is only noted. The second ends the process, as it does whoever never heeds it.
 * INV-INTERRUPT-2  The note is shared with the processes that are forked from then on: those of jobs see it, whichever of
 *                  them got the signal (from a terminal all do, from `kill` one).
 */
#ifndef SIM_INTERRUPT_H
#define SIM_INTERRUPT_H

#include <stdbool.h>

/* From now on. */
void sim_interrupt_heed(void);
bool sim_interrupted(void);
/* The same, for sim_jobs.is_enough. */
bool sim_interrupt_is_enough(void *impl);

#endif
