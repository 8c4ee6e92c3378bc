/* state_diff.h - two states of a kernel side by side: the first keys that differ, decoded. */
#ifndef SIM_STATE_DIFF_H
#define SIM_STATE_DIFF_H

#include "array.h"
#include "oracle.h"

struct sim_state_pair {
    struct vk_str key, value;
};

/* The pairs of a state, in byte order. */
struct sim_state_copy {
    struct vk_arena arena;
    struct {
        SIM_ARRAY(struct sim_state_pair);
    } pairs;
};

void sim_state_copy_init(struct sim_state_copy *copy);
void sim_state_copy_release(struct sim_state_copy *copy);
/* Not within a crank. */
enum vk_err sim_state_copy_take(struct sim_state_copy *copy, struct vk_store *store) VK_MUST_CHECK;
/* Appends to the failure's text how many consensus keys differ and what the first of them are, and puts the first one's
 * family into its signature. */
void sim_state_diff(const struct sim_state_copy *expected, const struct sim_state_copy *found,
                    struct sim_failure *failure);

#endif
