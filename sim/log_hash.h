/* log_hash.h - the hashes that a crank's writes come to, computed anew: to tell which of two logs is wrong by itself.
 *
 * Answers to emitCrankHashes() of packages/swing-store/src/swingStore.js.
 */
#ifndef SIM_LOG_HASH_H
#define SIM_LOG_HASH_H

#include "diff_crank.h"

/* Of the crank's writes; not for writes that were inferred. */
enum vk_err sim_log_crankhash(const struct sim_crank_log *crank, char hash[VK_HASH_HEX])
    VK_MUST_CHECK;
/* `before`: the activityhash of the crank before, "" for the first. */
enum vk_err sim_log_activityhash(const char *before, const char *crankhash, char hash[VK_HASH_HEX])
    VK_MUST_CHECK;

#endif
