/* schedule.h - who is next: the one order of everything that happens in a simulated world.
 *
 * INV-SCHEDULE-1  Turns are taken by (time, sequence): of two at the same moment the one that was asked for first.
 */
#ifndef SIM_SCHEDULE_H
#define SIM_SCHEDULE_H

#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

/* One turn a replica at most is waiting at a time. */
struct sim_schedule {
    struct {
        bool waits;
        uint64_t at_ns;
        uint64_t sequence;
    } turns[SIM_REPLICAS_MAX];
    uint64_t sequences;
};

static inline void sim_schedule_at(struct sim_schedule *schedule, uint32_t replica,
                                   uint64_t at_ns) {
    schedule->turns[replica].waits = true;
    schedule->turns[replica].at_ns = at_ns;
    schedule->turns[replica].sequence = schedule->sequences++;
}

/* Takes the next turn; false if nobody waits. */
static inline bool sim_schedule_next(struct sim_schedule *schedule, uint32_t *replica) {
    uint32_t best = SIM_REPLICAS_MAX;
    for (uint32_t i = 0; i < SIM_REPLICAS_MAX; i++) {
        if (!schedule->turns[i].waits) continue;
        if (best == SIM_REPLICAS_MAX || schedule->turns[i].at_ns < schedule->turns[best].at_ns ||
            (schedule->turns[i].at_ns == schedule->turns[best].at_ns &&
             schedule->turns[i].sequence < schedule->turns[best].sequence))
            best = i;
    }
    if (best == SIM_REPLICAS_MAX) return false;
    schedule->turns[best].waits = false;
    *replica = best;
    return true;
}

#endif
