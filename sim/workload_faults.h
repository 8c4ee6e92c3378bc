/* workload_faults.h - which faults strike which replicas of a plan, and when.
 *
 * INV-DRAW-FAULT-1  What is to halt a replica or make it diverge strikes one replica only, never
 *                   the first, which is what the others are compared with; and none where there is
 *                   but one.
 */
#ifndef SIM_WORKLOAD_FAULTS_H
#define SIM_WORKLOAD_FAULTS_H

#include "workload_draft.h"

/* The replicas of the plan must be there. */
void sim_draft_faults(struct sim_draft *draft, uint64_t seed);

#endif
