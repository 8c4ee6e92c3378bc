/* worker_fault.h - a worker host whose workers die, hang, drift and do not start.
 *
 *                     .---------- deliveries replayed --------.   .------ deliveries ------.
 *   START NEVER SLOW  | REPLAY, then at each syscall DIFFERS  |   | IDLE BEFORE HANGS,     |
 *   |                 |                                       |   | AT_ONCE, each syscall: |
 *   |                 |                                       |   | SYSCALL OVERRUN, then  |
 *   start ----------> deliver ------------------------> deliver --> LAST, SPENDS, DRIFT,   |
 *                                                             |   | RESULT                 |
 *   SNAPSHOT: as one is to be taken                           '   '------------------------'
 *
 * Where each kind is asked for, with the vat it would strike:
 *   WORKER_START     a start; it fails
 *   WORKER_NEVER     the same
 *   WORKER_SLOW      a start; the clock moves by k milliseconds
 *   WORKER_REPLAY    a replayed delivery; the worker is lost before it gets it
 *   REPLAY_DIFFERS   a syscall of a replayed delivery; another one is made in its place
 *   WORKER_IDLE      a delivery; the worker was dead before it came
 *   WORKER_BEFORE    a delivery; the worker is lost as it is to get it
 *   WORKER_HANGS     a delivery; the clock moves by k milliseconds, then the worker is lost
 *   WORKER_SYSCALL   the k-th syscall of a delivery, when the kernel has carried it out (or, of one that is not waited for,
 *                    has it in flight); the worker is lost
 *   VAT_OVERRUN      the same; the delivery ends as that of a worker whose meter ran out (SwingSet's words), for which
 *                    the vat pays
 *   VAT_AT_ONCE      a delivery, before the worker gets it; it ends in the same way
 *   WORKER_LAST      a delivery that the worker has done; it is lost before it says so
 *   WORKER_RESULT    a delivery whose result is here; the worker is lost, which shows at its next use
 *   COMPUTE_DRIFT    a metered result; a computron more, or if k is odd and there is one, one less (of `usage` nothing is
 *                    changed: no hash has it)
 *   VAT_SPENDS       a metered result; it costs k computrons
 *   WORKER_SNAPSHOT  a snapshot that is to be taken; the worker is lost
 *
 * A lost worker is VK_ERR_WORKER_LOST, and a worker that does not start is so too: VK_ERR_WORKER_START would be the
 * misfortune of a vat under creation, a fact on which all replicas agree, where here one host is in trouble.
 *
 * INV-WORKER-FAULT-1  What no fault strikes reaches the host below as it came, and so does its answer.
 * INV-WORKER-FAULT-2  A worker that is lost is given nothing more; it is stopped once.
 */
#ifndef FAULTS_WORKER_FAULT_H
#define FAULTS_WORKER_FAULT_H

#include "fault.h"
#include "sim/sim_clock.h"
#include "vk/ports.h"

struct fault_workers;

/* All three must outlive it; `clock` may be NULL: nothing takes time. NULL: no memory. */
struct fault_workers *fault_workers_new(struct fault_set *set, struct sim_clock *clock,
                                        const struct vk_worker_host *below);
/* Every worker must have been stopped. NULL is allowed. */
void fault_workers_free(struct fault_workers *workers);
const struct vk_worker_host *fault_workers_port(const struct fault_workers *workers);

#endif
