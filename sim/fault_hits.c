/* fault_hits.c - see fault_hits.h. */
#include "fault_hits.h"

static const enum sim_fault_stops stops[FAULT_KIND_COUNT] = {
    [FAULT_WORKER_IDLE] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_BEFORE] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_SYSCALL] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_LAST] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_REPLAY] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_SNAPSHOT] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_START] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_NEVER] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_HANGS] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_REPLAY_DIFFERS] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_HOST_KILLED] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_HOST_BEFORE_COMMIT] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_HOST_AFTER_COMMIT] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_HOST_RESTART] = SIM_FAULT_STOPS_AT_ONCE,
    [FAULT_WORKER_SLOW] = SIM_FAULT_STOPS_NEVER,
    [FAULT_FRAME_LATE] = SIM_FAULT_STOPS_NEVER,
    [FAULT_VAT_OVERRUN] = SIM_FAULT_STOPS_NEVER,
    [FAULT_VAT_AT_ONCE] = SIM_FAULT_STOPS_NEVER,
    [FAULT_VAT_SPENDS] = SIM_FAULT_STOPS_NEVER,
    [FAULT_COMPUTE_DRIFT] = SIM_FAULT_STOPS_NEVER,
};

uint64_t sim_fault_hits_that_stop(const struct fault_set *faults, enum sim_fault_stops when) {
    uint64_t hits = 0;
    for (size_t i = 0; i < faults->count; i++)
        if (stops[faults->faults[i].kind] == when) hits += faults->faults[i].hits;
    return hits;
}

uint64_t sim_fault_hits_of(const struct fault_set *faults, enum fault_class class) {
    uint64_t hits = 0;
    for (size_t i = 0; i < faults->count; i++)
        if (fault_class_of(faults->faults[i].kind) == class) hits += faults->faults[i].hits;
    return hits;
}
