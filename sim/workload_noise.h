/* workload_noise.h - unstructured work: turns and inputs drawn one operation at a time by the
 * swarm's weights.
 *
 * INV-NOISE-1  What ends a vat stands late in its program, where at all, so that most of a run is
 *              lived; vatAdmin and critical vats end in none of it.
 */
#ifndef SIM_WORKLOAD_NOISE_H
#define SIM_WORKLOAD_NOISE_H

#include "workload_draft.h"

/* Turns at the end of the programs of all static vats: many for those that no workload has claimed.
 */
void sim_noise_vats(struct sim_draft *draft, uint64_t seed);
/* A program for dynamic vats, with a start and an end. */
void sim_noise_dynamic(struct sim_draft *draft, struct sim_random *stream);
/* What the host does in each block. */
void sim_noise_host(struct sim_draft *draft, uint64_t seed);
struct sim_policy sim_noise_policy(struct sim_random *stream);

#endif
