/* held_check.h - what each vat holds, by its own account, against what the kernel's c-list for it says (INV-HOLDINGS-1).
 *
 * To be asked when a run has come to rest: all that a vat is to be told it has been told. A paused vat is left out, as what
 * it is to be told may wait. INV-ORACLE-1: everything is only read.
 */
#ifndef SIM_HELD_CHECK_H
#define SIM_HELD_CHECK_H

#include "sim_worker.h"
#include "vk/store.h"

struct sim_held_difference {
    char family[24]; /* what it is about: "import" ... */
    char what[160];  /* "" if there is none */
};

/* Looks at all vats that are online; *difference is the first. */
enum vk_err sim_held_check(struct sim_workers *workers, struct vk_store *store,
                           struct sim_held_difference *difference) VK_MUST_CHECK;

#endif
