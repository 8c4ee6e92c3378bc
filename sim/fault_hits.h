/* fault_hits.h - what has struck a node so far, by what its kind of fault is to do to it.
 */
#ifndef SIM_FAULT_HITS_H
#define SIM_FAULT_HITS_H

#include "faults/fault.h"

/* When a node goes down that a fault has struck. What is left to a kernel whose worker is gone, or is not the vat that it
 * was, is to stop: there is no result that it could make of it. */
enum sim_fault_stops {
    SIM_FAULT_STOPS_LATER, /* or not at all */
    SIM_FAULT_STOPS_AT_ONCE,
    SIM_FAULT_STOPS_NEVER,
};

/* How often those of `faults` struck that stop a node then. */
uint64_t sim_fault_hits_that_stop(const struct fault_set *faults, enum sim_fault_stops when);
/* How often those of a class did. */
uint64_t sim_fault_hits_of(const struct fault_set *faults, enum fault_class class);

#endif
