/* workload_list.h - the structured workloads: what real chains do to a kernel at its worst, each
 * drawn as a whole and woven with the others and with noise.
 *
 * A workload adds turns to the programs of static vats that it claims, acquaintances to the
 * introduction, and inputs to blocks. It relies on nothing: where turns of several workloads mix,
 * operations find other operands or none, and the plan is valid all the same.
 */
#ifndef SIM_WORKLOAD_LIST_H
#define SIM_WORKLOAD_LIST_H

#include "random.h"

struct sim_draft;

#define SIM_NEEDS(family) (1U << SIM_FAMILY_##family)

/* NAME, function, families that it cannot do without, drawn once in so many plans that have them,
 * what it is */
#define SIM_WORKLOADS(X)                                                                           \
    X(STORM, storm, SIM_NEEDS(SEND), 4, "fan-out with results, answered by callbacks")             \
    X(PIPELINE, pipeline, SIM_NEEDS(SEND) | SIM_NEEDS(PROMISE), 3, "sends to unresolved promises") \
    X(SELF, self, SIM_NEEDS(SEND), 5, "a vat that speaks to itself")                               \
    X(LARGE, large, SIM_NEEDS(SEND), 12, "large arguments, values and store entries")              \
    X(CHAIN, chain, SIM_NEEDS(SEND) | SIM_NEEDS(PROMISE), 3, "results that are other results")     \
    X(CYCLE, cycle, SIM_NEEDS(SEND) | SIM_NEEDS(PROMISE), 3, "promises resolved to each other")    \
    X(CHURN, churn, SIM_NEEDS(SEND) | SIM_NEEDS(GC), 2, "drops that cross with re-exports")        \
    X(CLEANUP, cleanup, SIM_NEEDS(LIFE), 4, "slow clean-up of a vat with much to its name")        \
    X(REAPING, reaping, SIM_NEEDS(GC), 5, "bringOutYourDead after nearly every delivery")          \
    X(POPULATION, population, SIM_NEEDS(LIFE), 2, "vats created, upgraded and killed")             \
    X(METERS, meters, SIM_NEEDS(LIFE) | SIM_NEEDS(METER), 2, "meters at the edge of their limits") \
    X(OUTLAWS, outlaws, SIM_NEEDS(SEND) | SIM_NEEDS(ILLEGAL), 2, "vats that do right, then wrong") \
    X(SNAPSHOTS, snapshots, 0, 6, "a snapshot every few deliveries")

enum sim_workload {
#define SIM_WORKLOAD_ENUM(name, function, needs, one_in, meaning) SIM_WORKLOAD_##name,
    SIM_WORKLOADS(SIM_WORKLOAD_ENUM)
#undef SIM_WORKLOAD_ENUM
        SIM_WORKLOAD_COUNT
};

#define SIM_WORKLOAD_FUNCTION(name, function, needs, one_in, meaning)                              \
    void sim_workload_##function(struct sim_draft *draft, struct sim_random *stream);
SIM_WORKLOADS(SIM_WORKLOAD_FUNCTION)
#undef SIM_WORKLOAD_FUNCTION

#endif
