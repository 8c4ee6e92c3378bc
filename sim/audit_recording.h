/* audit_recording.h - auditing what a recorded kernel wrote, without running a kernel.
 *
 * The recording's writes are made one after the other in a store in memory, roll-backs too; what
 * stands there between two cranks is what the recorded kernel's database held. Snapshots are not
 * recorded: they are made up from the save-snapshot items, without contents.
 */
#ifndef SIM_AUDIT_RECORDING_H
#define SIM_AUDIT_RECORDING_H

#include "auditor.h"
#include "recording.h"

struct sim_audit_place {
    uint64_t cranks; /* how many have ended */
    size_t line;     /* of the recording: the newest event */
};

/* Audits the last state, or with `every_crank` the state after each crank up to the first with
 * violations. *place is kept up to date, so that a violation callback may look at it. A recording
 * that ends within a crank (a kernel panic) ends with the state before that crank. Errors are
 * those of sim_audit_store, and VK_ERR_CORRUPT or VK_ERR_USAGE for writes that no store would
 * have taken. */
enum vk_err sim_audit_recording(const struct sim_recording *recording,
                                const struct sim_audit_options *options, bool every_crank,
                                struct sim_audit_place *place, struct sim_audit_report *report)
    VK_MUST_CHECK;

#endif
