/* testing_plan.h - plans made at random for the tests of simulated vats, cruder than those of a seed. */
#ifndef TESTING_PLAN_H
#define TESTING_PLAN_H

#include <sim/plan.h>

enum { TEST_PLAN_ADMIN, TEST_PLAN_ALICE, TEST_PLAN_BOB, TEST_PLAN_CAROL, TEST_PLAN_VATS };

/* Static vats vatAdmin, alice, bob (who keeps his vatstore himself) and carol (who is pipelining), and `bootstrap`, who introduces
 * them all to each other; programs of random operations of all families that `allowed` says; `blocks` blocks of messages to everybody. */
void test_plan_random(struct sim_plan *plan, uint64_t seed, bool (*allowed)(enum sim_op_type type),
                      size_t turns, size_t blocks);

/* The operations of one turn, as a list of designated initialisers. */
#define TEST_TURN(...)                                                                             \
    ((struct sim_turn){(struct sim_op[]){__VA_ARGS__},                                             \
                       sizeof((struct sim_op[]){__VA_ARGS__}) / sizeof(struct sim_op)})

/* The same vats; alice's program is the turns given, the others have none; one block with `sends`
 * messages to alice. */
void test_plan_alice(struct sim_plan *plan, const struct sim_turn *start,
                     const struct sim_turn *turns, size_t turn_count, size_t sends);

#endif
