/* shrink_memo.h - the plans that a shrink has tried in vain, by a hash of their text.
 */
#ifndef SIM_SHRINK_MEMO_H
#define SIM_SHRINK_MEMO_H

#include "vk/arena.h"

struct sim_shrink_hash {
    uint64_t low, high;
};

struct sim_shrink_memo {
    struct sim_shrink_hash *slots; /* open addressing; all zeros: free */
    size_t count, capacity;        /* capacity: a power of two, or 0 */
};

struct sim_shrink_hash sim_shrink_hash(struct vk_str text);
bool sim_shrink_memo_has(const struct sim_shrink_memo *memo, struct sim_shrink_hash hash);
/* VK_ERR_NOMEM. */
enum vk_err sim_shrink_memo_add(struct sim_shrink_memo *memo, struct sim_shrink_hash hash)
    VK_MUST_CHECK;
void sim_shrink_memo_release(struct sim_shrink_memo *memo);

#endif
