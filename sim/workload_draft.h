/* workload_draft.h - a plan in the making.
 *
 * INV-DRAFT-1  An operation of a family that is off goes nowhere (INV-GENERATE-2), whoever asks for
 *              it.
 * INV-DRAFT-2  Running out of memory sticks: what is added from then on goes nowhere, and
 *              sim_plan_generate reports it at its end.
 * INV-DRAFT-3  Indices stay what they are; pointers to programs, turns, operations, blocks and
 *              inputs are good until the next of their kind is added in the same place.
 */
#ifndef SIM_WORKLOAD_DRAFT_H
#define SIM_WORKLOAD_DRAFT_H

#include "plan.h"
#include "random.h"
#include "workload_swarm.h"

enum { SIM_DRAFT_VATS_MAX = 6, SIM_DRAFT_ADMIN = 0 };

/* What is known of a static vat beside what the plan says. */
struct sim_draft_vat {
    bool claimed;                            /* some workload gives it its turns */
    uint32_t knows[SIM_OP_OPERANDS_MAX - 2]; /* static vats whose roots it is sent, in this order */
    uint32_t known;
    bool echoes; /* is given the device echo */
};

struct sim_draft {
    struct sim_plan *plan;
    const struct sim_generate_options *options;
    struct sim_swarm swarm;
    uint32_t scale; /* at least 1 */
    struct sim_draft_vat vats[SIM_DRAFT_VATS_MAX];
    uint32_t *dynamic; /* programs for vats that vatAdmin creates */
    size_t dynamic_count;
    bool failed; /* INV-DRAFT-2 */
    /* Where additions go that go nowhere. */
    struct sim_turn no_turn;
    struct sim_op no_op;
    struct sim_input no_input;
};

/* The stream `group`/`word` of the seed; `word` may be NULL. */
void sim_draft_stream(struct sim_random *stream, uint64_t seed, const char *group,
                      const char *word);
/* low ... high, each order of magnitude as likely; 0 < low <= high. */
uint64_t sim_draft_log(struct sim_random *stream, uint64_t low, uint64_t high);

/* ---- vats */

/* A static vat besides vatAdmin for a workload: one that no other has claimed while there is one.
 * Its program, if it was free, is called `role`. */
uint32_t sim_draft_claim(struct sim_draft *draft, struct sim_random *stream, const char *role);
/* Another one than `other` (but the same if there is no other). */
uint32_t sim_draft_claim_other(struct sim_draft *draft, struct sim_random *stream, const char *role,
                               uint32_t other);
/* Makes `vat` know the root of `other` from the introduction on; the index of the import that it
 * is. */
uint32_t sim_draft_meet(struct sim_draft *draft, uint32_t vat, uint32_t other);

/* ---- programs */

/* A new program, called `role` and its number. */
uint32_t sim_draft_program(struct sim_draft *draft, const char *role);
/* A new program that vatAdmin may create vats of. */
uint32_t sim_draft_dynamic(struct sim_draft *draft, const char *role);
/* A new turn at the end of a program, of a static vat's program. */
struct sim_turn *sim_draft_turn(struct sim_draft *draft, uint32_t program);
struct sim_turn *sim_draft_vat_turn(struct sim_draft *draft, uint32_t vat);
/* A new operation at the end of a turn. Never NULL; INV-DRAFT-1 and 2. */
struct sim_op *sim_draft_op(struct sim_draft *draft, struct sim_turn *turn, enum sim_op_type type);
/* A new operation on one operand. */
struct sim_op *sim_draft_op_on(struct sim_draft *draft, struct sim_turn *turn,
                               enum sim_op_type type, enum sim_operand_type operand,
                               uint64_t index);
/* A new operation with the parameter n. */
struct sim_op *sim_draft_op_n(struct sim_draft *draft, struct sim_turn *turn, enum sim_op_type type,
                              uint64_t n);
void sim_draft_operand(struct sim_draft *draft, struct sim_op *op, enum sim_operand_type type,
                       uint64_t index);
/* send, with a result promise. */
struct sim_op *sim_draft_ask(struct sim_draft *draft, struct sim_turn *turn,
                             enum sim_operand_type target, uint64_t index);

/* ---- the host */

void sim_draft_block(struct sim_draft *draft, uint64_t after_ms);
/* A block after the first, where everybody has been introduced. */
size_t sim_draft_later(const struct sim_draft *draft, struct sim_random *stream);
/* A new input at the end of a block. Never NULL. */
struct sim_input *sim_draft_input(struct sim_draft *draft, size_t block, enum sim_input_type type,
                                  uint32_t vat);
/* `count` messages of the host's to a vat, spread over the later blocks in order. */
void sim_draft_prod(struct sim_draft *draft, struct sim_random *stream, uint32_t vat,
                    uint64_t count);

#endif
