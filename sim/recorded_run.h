/* recorded_run.h - a recording of the real kernel met under faults that must not show.
 *
 * The recording is run once without faults, which tells how many points there are for each kind. Then, seed by
 * seed, faults are drawn and the recording is met again under them: after each crash the host goes on from its last commit,
 * and every write, hash and syscall must be the recording's still.
 *
 * INV-RECORDED-RUN-1  A run depends on the recording, the seed and the kinds allowed alone.
 * INV-RECORDED-RUN-2  A run that is met has counted the same as the one without faults.
 */
#ifndef SIM_RECORDED_RUN_H
#define SIM_RECORDED_RUN_H

#include "recorded_host.h"

struct sim_recorded_run;

struct sim_recorded_run_result {
    struct sim_replay_result replay; /* its texts live until the next run or the release */
    uint64_t hits[FAULT_KIND_COUNT];
    bool without_faults;                 /* not met even so: no fault was drawn */
    bool could_strike[FAULT_KIND_COUNT]; /* there are points for it, even without any crash */
};

/* `recording` must outlive it. Kinds that no recording suffers (sim_recorded_host_suffers()) are left out of `kinds`.
 * NULL: no memory. */
struct sim_recorded_run *sim_recorded_run_new(const struct sim_recording *recording,
                                              const bool kinds[FAULT_KIND_COUNT]);
/* Failures of the testbed are outcome SIM_FAILED. */
void sim_recorded_run(struct sim_recorded_run *run, uint64_t seed,
                      struct sim_recorded_run_result *result);
/* NULL is allowed. */
void sim_recorded_run_free(struct sim_recorded_run *run);

#endif
