/* diff_causes.h - why a crank was run: from crank to crank back to what the host did.
 *
 * Of each crank it is noted which earlier one led to it: the syscall that sent its message, settled its promise,
 * dropped or retired its object, ended its vat. What the log does not show to be a vat's doing is the host's.
 *
 * INV-DIFF-CAUSES-1  Memory does not grow with the log: causes are kept in a table of fixed size in which the newer
 *                    takes the older one's place, cranks in a ring. What was lost that way ends the chain, and is said.
 */
#ifndef SIM_DIFF_CAUSES_H
#define SIM_DIFF_CAUSES_H

#include "divergence.h"
#include "log_scan.h"

/* Adds the crank itself and its ancestors, the newest first. */
enum vk_err sim_diff_causes(struct sim_divergence *divergence, const char *path,
                            const struct sim_log_unit *unit, struct sim_input_error *error)
    VK_MUST_CHECK;

#endif
