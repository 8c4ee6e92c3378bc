/* diff_logs.h - two logs (slogs, recordings, flight recorders, traces of kept nodes) of what should have been one run.
 *
 * The chain of hashes finds the crank, in one pass over both; only that crank is then read whole.
 *
 * INV-DIFF-LOGS-1  Memory does not grow with the logs.
 */
#ifndef SIM_DIFF_LOGS_H
#define SIM_DIFF_LOGS_H

#include "divergence.h"
#include "line_reader.h"

struct sim_diff_logs {
    const char *path[2];
    const char *label[2]; /* what to call them; NULL: by their paths */
    /* Told now and then how many bytes have been read of how many, if not NULL. */
    void (*progress)(void *impl, uint64_t done, uint64_t total);
    void *impl;
};

/* On failure *side is the input that `error` is about. */
enum vk_err sim_diff_logs(const struct sim_diff_logs *logs, struct sim_divergence *divergence,
                          int *side, struct sim_input_error *error) VK_MUST_CHECK;

#endif
