/* timeline.h - one run, as whoever watches it from outside sees it: lives, cranks, deliveries, messages, faults, queues.
 *
 * It is filled by an observer of the run (replica.h), from the events of each store's trace and from the points that replicas
 * come to; reports/ draws it.
 *
 * INV-TIMELINE-1  Watching changes nothing: no slog entry is asked for, nothing is allocated on a heap that faults count,
 *                 and without memory it forgets the rest instead of failing the run.
 * INV-TIMELINE-2  Its times are simulated ones, its order is the run's: the same plan has the same timeline.
 */
#ifndef SIM_TIMELINE_H
#define SIM_TIMELINE_H

#include "array.h"
#include "replica.h"

/* A process of a node, from its start to its end. */
struct sim_timeline_life {
    uint64_t start_ns;
    uint64_t ready_ns; /* the start is over, well or not */
    uint64_t end_ns;   /* 0: it lived to the end */
    const char *end;   /* the error's name, or NULL */
};

enum {
    SIM_TIMELINE_ABORTED = 1,
    SIM_TIMELINE_TERMINATED = 2,
    SIM_TIMELINE_DIFFERS = 4, /* from the replica that came to this point first */
};

/* A replica comes to a point. */
struct sim_timeline_step {
    uint32_t life;
    unsigned flags;
    uint64_t point, block;
    const char *event;
    bool is_crank;
    uint64_t vat; /* or VK_NO_VAT */
    uint64_t start_ns, end_ns;
    uint64_t computrons;
    struct vk_state_hash state_hash;
};

struct sim_timeline_delivery {
    uint64_t vat;
    char name[48]; /* "message o+0" */
    uint64_t start_ns, end_ns;
    uint64_t syscalls;
};

/* A message or a notification, from where it was sent to where it was delivered. */
struct sim_timeline_flow {
    uint64_t from_vat; /* VK_NO_VAT: the kernel or the host */
    uint64_t from_ns;
    uint64_t to_vat;
    uint64_t to_ns; /* begins the delivery */
};

struct sim_timeline_fault {
    uint32_t life;
    uint64_t point; /* that was being come to */
    uint64_t at_ns;
    enum fault_kind kind;
};

struct sim_timeline_queues {
    uint64_t at_ns;
    uint64_t run, acceptance; /* entries */
};

struct sim_timeline_replica {
    struct {
        SIM_ARRAY(struct sim_timeline_life);
    } lives;
    struct {
        SIM_ARRAY(struct sim_timeline_step);
    } steps;
    struct {
        SIM_ARRAY(struct sim_timeline_delivery);
    } deliveries;
    struct {
        SIM_ARRAY(struct sim_timeline_flow);
    } flows;
    struct {
        SIM_ARRAY(struct sim_timeline_fault);
    } faults;
    struct {
        SIM_ARRAY(struct sim_timeline_queues);
    } queues;
};

struct sim_timeline;

/* NULL: no memory. */
struct sim_timeline *sim_timeline_new(void);
void sim_timeline_free(struct sim_timeline *timeline);
/* For sim_run_options.observer; lives as long as the timeline. */
const struct sim_observer *sim_timeline_observer(struct sim_timeline *timeline);

size_t sim_timeline_replicas(const struct sim_timeline *timeline);
const struct sim_timeline_replica *sim_timeline_replica(const struct sim_timeline *timeline,
                                                        size_t i);
/* Something is missing: there was no memory for it. */
bool sim_timeline_is_cut(const struct sim_timeline *timeline);

#endif
