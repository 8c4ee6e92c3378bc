/* testing_sim.h - a whole kernel whose vats are simulated (sim/sim_worker.h), run by a plan's own host, with all that vats and kernel say to
 * each other written down, and with a check of each delivery:
 *
 * - no syscall but callNow is refused, unless `illegal` allows it (INV-VAT-2);
 * - a vat made from the image taken before the delivery, given the same delivery and the same answers,
 *   makes the same syscalls and ends with the same image (INV-VAT-3, INV-SIM-WORKER-2).
 */
#ifndef TESTING_SIM_H
#define TESTING_SIM_H

#include <sim/plan.h>
#include <sim/plan_host.h>
#include <sim/sim_worker.h>

#include "testing_vats.h"

struct sim_world_options {
    bool frames;
    bool restarts;        /* a new kernel after each crank */
    uint32_t vats_online; /* 0: SwingSet's default */
    bool illegal;         /* refusals are expected */
    bool unchecked;       /* no twin for each delivery */
    struct fault_set *faults;
    uint32_t slowness;
};

struct sim_world {
    const struct sim_plan *plan;
    struct sim_world_options options;
    struct test_heap heap;
    struct test_trace trace;
    struct test_journal journal; /* syscall v2 [...] -> [...] | result v2 ok 1200 */
    struct sim_clock clock;
    struct sim_workers *workers;
    struct vk_worker_host checked; /* around the workers' own */
    struct vk_device_host devices;
    struct vk_ports ports;
    struct sim_host host;
    struct vk_store *store;
    struct vk_kernel *kernel;
    struct vk_arena arena;
    struct vk_crank_result crank;
    uint64_t cranks, deliveries, syscalls, refused, terminated, twins;
    enum vk_err error; /* of the crank that failed */
};

void sim_world_open(struct sim_world *w, const struct sim_plan *plan,
                    const struct sim_world_options *options);
/* All blocks of the plan and its end. False if a crank failed: w->error says how, and the kernel is closed. */
bool sim_world_run(struct sim_world *w);
/* Closes, and asserts that the auditor finds nothing and nothing is left over. */
void sim_world_close(struct sim_world *w);

/* A value of the vatstore of a vat, or NULL. */
const char *sim_world_key(struct sim_world *w, const char *key);

#endif
