/* workload_states.h - vats that are suspended, paused and restarted while a plan's other work goes on.
 *
 * INV-DRAW-STATE-1  Only adds to a plan: without it, the plan is what it was, draw by draw.
 */
#ifndef SIM_WORKLOAD_STATES_H
#define SIM_WORKLOAD_STATES_H

#include "workload_draft.h"

/* After all other operations and inputs are there. Nothing, unless the options ask for it. */
void sim_draft_states(struct sim_draft *draft, uint64_t seed);

#endif
