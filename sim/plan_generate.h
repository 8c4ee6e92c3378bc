/* plan_generate.h - the plan that a seed stands for.
 *
 * INV-GENERATE-1  The plan depends on seed and options alone.
 * INV-GENERATE-2  Each operation family and each fault kind is entirely off in about half of the plans; with `everything`
 *                 only each fault kind.
 */
#ifndef SIM_PLAN_GENERATE_H
#define SIM_PLAN_GENERATE_H

#include "plan.h"

struct sim_generate_options {
    bool faults[FAULT_KIND_COUNT]; /* those that may be drawn */
    bool no_illegal;               /* no operations that kill vats */
    bool states;                   /* vats may be suspended and paused */
    bool everything;               /* they may, and no family is off in any plan, but the clock */
    bool clock;        /* vats that read the clock may be drawn: the run must then diverge */
    uint32_t replicas; /* 0: drawn, 1 ... 4 */
    uint32_t scale;    /* 0: small (some 50 to 200 cranks); n: about n times as large */
};

enum vk_err sim_plan_generate(struct sim_plan *plan, const struct vk_heap *heap, uint64_t seed,
                              const struct sim_generate_options *options) VK_MUST_CHECK;

#endif
