/* slog_host.h - what a host did before a crank, told from routing cranks and from the hashes behind them.
 *
 * A message that is routed and that nobody had queued, the host queued; those that are routed right behind it, together
 * with it. What a slog does not show of it (the policy for its result, whether the host waits for it, whose root objects
 * it asked for), and what else the host did before it, is in the activityhash of the crank after it, whose crankhash the
 * slog gives: the choice that comes to that hash is the host's. Tried are, in this order:
 *
 *     the messages, all or the first few, with each policy and each way of waiting; bundles that they announce
 *     the same behind a pinned root object
 *     the same behind up to SIM_TAKEN_MAX results taken, of the SETTLED_MAX newest that somebody holds
 *     the same behind those and up to SIM_INTERESTS_MAX promises waited for, of the PENDING_MAX newest
 *     changes of the kernel's options: calls that changed none, and at most one that changed one option, to a number up
 *     to SETTING_MAX or never, or two, to numbers that people choose (COMMON_SETTINGS)
 *
 * INV-SLOG-HOST-1  What was chosen by a hash comes to that hash; what no hash tells is said to be guessed.
 * INV-SLOG-HOST-2  A search ends after PLANS_MAX plans or HASHES_MAX hashes.
 */
#ifndef SIM_SLOG_HOST_H
#define SIM_SLOG_HOST_H

#include "slog_index.h"
#include "slog_told.h"

enum { SIM_STEPS_MAX = 160, SIM_TAKEN_MAX = 6, SIM_INTERESTS_MAX = 2 };

/* What the host did before a crank. */
struct sim_host_plan {
    bool emits;    /* hashes, after each step that does */
    bool is_found; /* by the hash; else guessed */
    enum sim_step_roots roots;
    size_t count;
    struct sim_host_step steps[SIM_STEPS_MAX];
};

/* Whether there are steps whose hash only doing them tells. */
bool sim_slog_host_has_brackets(const struct sim_host_plan *plan);
/* Whether hashes are emitted between the activityhash `before` and the crank: told by the crank's. */
bool sim_slog_host_emits(const char *before, const struct sim_log_unit *next);
/* The messages that may be the host's, routed from crank `at` on. Texts in `arena`. */
enum vk_err sim_slog_host_messages(struct sim_host_plan *plan, const struct sim_slog_index *index,
                                   size_t at, struct vk_store *store, struct vk_arena *arena)
    VK_MUST_CHECK;
/* Finds out how they were queued, how many of them, and what else was done: the plan is what the host did then. With
 * `waits_for_messages` the crank routes what nobody had queued: those that no hash covers end the plan, silent.
 * What is told of the crank begins the plan. `brackets` has the crankhash of each message that is a bracket, in their
 * order; NULL if none is. */
enum vk_err sim_slog_host_choose(struct sim_host_plan *plan, struct vk_store *store,
                                 struct vk_arena *arena, const char *before,
                                 const struct sim_log_unit *next, bool waits_for_messages,
                                 const struct sim_slog_told *told, char (*brackets)[VK_HASH_HEX])
    VK_MUST_CHECK;
/* Does what the host did. */
enum vk_err sim_slog_host_apply(const struct sim_host_plan *plan, struct vk_kernel *kernel,
                                struct vk_store *store, struct vk_arena *arena) VK_MUST_CHECK;

#endif
