/* workload_swarm.h - what a plan is drawn from: which families, inputs, workloads and faults are
 * on, and how much of each.
 *
 * A plan that holds a little of everything never holds much of anything. Each family and each kind
 * of fault is therefore off in about half of the plans, and the weights of the rest differ widely.
 *
 * INV-SWARM-1  A thing that is off has the weight 0, and so has all that cannot be without it.
 * INV-SWARM-2  Whether a thing is on, and its weight, comes from a stream of its own name: a new
 *              family, kind or workload changes nothing of the others.
 */
#ifndef SIM_WORKLOAD_SWARM_H
#define SIM_WORKLOAD_SWARM_H

#include "plan_generate.h"
#include "workload_list.h"

struct sim_swarm {
    bool families[SIM_FAMILY_COUNT];
    uint32_t ops[SIM_OP_TYPE_COUNT];
    uint32_t inputs[SIM_INPUT_TYPE_COUNT];
    uint32_t faults[FAULT_KIND_COUNT];
    bool workloads[SIM_WORKLOAD_COUNT];
};

void sim_swarm_draw(struct sim_swarm *swarm, uint64_t seed,
                    const struct sim_generate_options *options);

#endif
