/* flight_rings.h - rings for the flight recorders of a run's replicas, in memory that is shared with the process's children:
 * a child runs, and however it ends, its parent reads what it was in the midst of.
 */
#ifndef SIM_FLIGHT_RINGS_H
#define SIM_FLIGHT_RINGS_H

#include "flight_recorder.h"
#include "plan.h"

struct sim_flight_rings;

/* NULL: no such memory is to be had. */
struct sim_flight_rings *sim_flight_rings_new(void);
/* NULL is allowed. */
void sim_flight_rings_free(struct sim_flight_rings *rings);
/* A new recorder in the ring of that replica; what was in it is gone. NULL: no memory. */
struct sim_flight *sim_flight_rings_recorder(struct sim_flight_rings *rings, uint32_t replica);
/* Notes whose kernel it is that runs. */
void sim_flight_rings_use(struct sim_flight_rings *rings, uint32_t replica);
/* Forgets all. Before a run. */
void sim_flight_rings_clear(struct sim_flight_rings *rings);
/* The ring of the replica that ran last, and which one that was; absent: none has run. */
struct vk_str sim_flight_rings_last(const struct sim_flight_rings *rings, uint32_t *replica);

#endif
