/* diff_mixed.h - a database and a log: whether the database stands where the log has been, by the chain of hashes. */
#ifndef SIM_DIFF_MIXED_H
#define SIM_DIFF_MIXED_H

#include "divergence.h"
#include "line_reader.h"

/* `database`: which of the paths it is. On failure *side is the input that `error` is about. */
enum vk_err sim_diff_mixed(const char *const paths[2], int database,
                           struct sim_divergence *divergence, int *side,
                           struct sim_input_error *error) VK_MUST_CHECK;

#endif
