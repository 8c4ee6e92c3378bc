/* shadow.h - an independent account of the consensus state, kept from a store's trace alone.
 *
 * It knows of each key a hash of its value, undoes writes at roll-backs by itself, and so says what the state hash must
 * be after every crank: a store that forgets a write in a roll-back, or keeps one, is found in that very crank. It also
 * notes what was written after a roll-back: the survivors. And it sees that ids are given out one after the other.
 *
 * INV-SHADOW-1  `sum` is the state hash of design: the sum of XXH3-128(key length, key, value) over consensus keys.
 * INV-SHADOW-2  Until a commit is known to have succeeded, all since the last one can be undone.
 */
#ifndef SIM_SHADOW_H
#define SIM_SHADOW_H

#include "vk/store.h"

struct sim_shadow;

/* NULL: no memory. */
struct sim_shadow *sim_shadow_new(void);
void sim_shadow_free(struct sim_shadow *shadow);
/* Empty, memory kept. */
void sim_shadow_clear(struct sim_shadow *shadow);
/* To be given every event of the store's trace. */
enum vk_err sim_shadow_event(struct sim_shadow *shadow, const struct vk_trace_event *event)
    VK_MUST_CHECK;
/* What the store's state hash must be now. */
struct vk_state_hash sim_shadow_sum(const struct sim_shadow *shadow);
/* All since the last commit is durable, or was lost. */
void sim_shadow_committed(struct sim_shadow *shadow);
void sim_shadow_lost(struct sim_shadow *shadow);

/* The newest crank. */
struct sim_shadow_crank {
    bool rolled_back;
    uint64_t survivors; /* consensus writes after the last roll-back */
    char stranger
        [64]; /* the first survivor whose key is of no declared family; "" if there is none */
    uint64_t numbered; /* so many times the crank was given its number */
    const char *
        miscounted; /* a statistic that did not move as what it counts did; NULL if there is none */
    char skipped[64]; /* the first counter that was not counted up by one; "" if there is none */
};
struct sim_shadow_crank sim_shadow_crank(const struct sim_shadow *shadow);

/* Whether anything referred to an object or promise since it is there and, if a vat exports it, since that vat can reach it.
 * SwingSet looks at what is released; what nobody held it does not look at: an illegal syscall in the bringOutYourDead
 * before a snapshot, which is not rolled back, may export an object, for the first time or anew, that it then sends to
 * nobody, and this stays as garbage. */
bool sim_shadow_was_held(const struct sim_shadow *shadow, struct vk_str kref);

/* Whether an object or promise was released twice between two looks at what was released. SwingSet looks at each of them
 * once, and does not look again at what it releases itself after that (#9888): it stays as garbage. */
bool sim_shadow_was_released_twice(const struct sim_shadow *shadow, struct vk_str kref);

#endif
