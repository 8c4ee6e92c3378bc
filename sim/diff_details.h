/* diff_details.h - two logs' accounts of one crank side by side: the first entry and the first write that differ, the
 * keys that differ at its end, and of what kind the difference is.
 */
#ifndef SIM_DIFF_DETAILS_H
#define SIM_DIFF_DETAILS_H

#include "diff_crank.h"
#include "divergence.h"

enum { SIM_DIVERGENT_KEYS_MAX = 1000 };

/* `has`: whether that side has the unit at all. */
enum vk_err sim_diff_details(struct sim_divergence *out, const struct sim_crank_log crank[2],
                             const struct sim_log_unit unit[2], const bool has[2]) VK_MUST_CHECK;
/* A key that differs, its meaning decoded; copies all texts. */
enum vk_err sim_divergence_add_key(struct sim_divergence *out, const struct sim_divergent_key *key)
    VK_MUST_CHECK;

#endif
