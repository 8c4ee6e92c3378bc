/* slog_host.h - what a host did before a crank, told from routing cranks and from the hashes behind them.
 *
 * A message that is routed and that nobody had queued, the host queued; those that are routed right behind it, together
 * with it. Its writes are known but for two: the policy for its result, and whether the host waits for it (a reference
 * of its own). So is whether it took results of earlier ones. All that is in the activityhash of the crank after it, whose crankhash the slog gives: the choice that comes
 * to that hash is the host's.
 *
 * INV-SLOG-HOST-1  What was chosen by a hash comes to that hash; what no hash tells is said to be guessed.
 */
#ifndef SIM_SLOG_HOST_H
#define SIM_SLOG_HOST_H

#include "diff_crank.h"
#include "vk/kernel.h"

enum { SIM_BATCH_MAX = 64, SIM_TAKEN_MAX = 2 };

/* A message of the host's: the event as JSON, and what was found out about it. */
struct sim_host_message {
    uint64_t crank; /* that routes it */
    struct vk_str event;
    struct vk_str result; /* "kp41"; absent: none is wanted */
    size_t option;
    bool is_guessed;
};

struct sim_host_batch {
    size_t taken; /* results that the host took before that, and does not wait for any more */
    struct vk_str takes[SIM_TAKEN_MAX]; /* "kp40" */
    size_t count;
    bool by_vat; /* the host named vats, and not objects */
    struct sim_host_message messages[SIM_BATCH_MAX];
};

/* Finds each message's option out, and how many of them the host had queued by then: `next` is the crank after them,
 * `before` the activityhash before. Texts in `arena`. */
enum vk_err sim_slog_host_choose(struct sim_host_batch *batch, struct vk_store *store,
                                 struct vk_arena *arena, const char *before,
                                 const struct sim_log_unit *next) VK_MUST_CHECK;
/* Does what the host did. */
enum vk_err sim_slog_host_queue(const struct sim_host_batch *batch, struct vk_kernel *kernel,
                                struct vk_store *store, struct vk_arena *arena, bool emits)
    VK_MUST_CHECK;
/* "result policy logFailure, the host waits for it". */
const char *sim_slog_host_option(const struct sim_host_message *message);
/* Whether hashes are emitted after each message: told by the hash of the crank after them. */
bool sim_slog_host_emits(const char *before, const struct sim_log_unit *next);

#endif
