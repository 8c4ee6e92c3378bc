/* idle_directives.h - directives that a run was given and that came to nothing: a crank that it never had, a panic that
 * never was. Whoever wrote them believes that they did something.
 */
#ifndef SIM_IDLE_DIRECTIVES_H
#define SIM_IDLE_DIRECTIVES_H

#include "replica.h"

struct sim_idle_directives {
    uint64_t count;   /* over all replicas */
    uint32_t replica; /* the first one's */
    char first[VK_DIRECTIVE_TEXT_MAX];
};

/* At the end of a run, of a replica that was to have `given`; NULL: nothing. What a node that is down by then had carried
 * out it may have lost again: of its own nothing is said if any was. `debug` is not carried out, but told. */
enum vk_err sim_idle_directives_add(struct sim_idle_directives *idle,
                                    const struct sim_directives *given, struct sim_replica *replica)
    VK_MUST_CHECK;

#endif
