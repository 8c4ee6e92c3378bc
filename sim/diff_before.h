/* diff_before.h - what keys of a recording were before a crank: for those that one side alone has written in it. */
#ifndef SIM_DIFF_BEFORE_H
#define SIM_DIFF_BEFORE_H

#include "divergence.h"
#include "log_scan.h"

/* Gives each key the value that it had on the side that did not write it, and takes keys out that turn out to be the
 * same; says which crank wrote it. For recordings; `unit` is the crank on side 0, in the file `path`. */
enum vk_err sim_diff_before(struct sim_divergence *divergence, const char *path,
                            const struct sim_log_unit *unit, struct sim_input_error *error)
    VK_MUST_CHECK;

#endif
