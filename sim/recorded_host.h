/* recorded_host.h - the host of a recording's replay under faults: its disk, its workers, its memory and itself may fail.
 *
 * All ports but the trace are the faults' own, over a disk in memory, recorded workers and the system's heap. At
 * each start the host draws how many vats it keeps online, and it commits after cranks of its own choosing.
 *
 * INV-RECORDED-HOST-1  What it does depends on its options and faults alone.
 * INV-RECORDED-HOST-2  When it has crashed, the disk keeps what it was told to sync, and nothing of the process is left.
 */
#ifndef SIM_RECORDED_HOST_H
#define SIM_RECORDED_HOST_H

#include "faults/fault.h"
#include "replay_run.h"

struct sim_recorded_host;

struct sim_recorded_host_options {
    uint64_t seed;         /* of what is drawn at starts, power cuts */
    uint64_t commit_every; /* cranks on average; 0: only where the recording's host did */
    bool steady;           /* SwingSet's page-out policy, nothing drawn */
};

/* False for the faults that no recorded worker's pipe, disk or host ever gives an occasion for, and for those that a
 * recording must not be met under. */
bool sim_recorded_host_suffers(enum fault_kind kind);

/* `faults` must outlive it. NULL: no memory, or SQLite was used before its allocations could be made to fail. */
struct sim_recorded_host *sim_recorded_host_new(const struct sim_recorded_host_options *options,
                                                struct fault_set *faults);
/* No store may be open on its disk. NULL is allowed. */
void sim_recorded_host_free(struct sim_recorded_host *host);
/* For one run, as sim_replay_options.host. */
const struct sim_replay_host *sim_recorded_host_port(const struct sim_recorded_host *host);

#endif
