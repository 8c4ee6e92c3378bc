/* workload_promises.c - workloads of promises: long chains, and cycles. */
#include "workload_draft.h"

static void resolve(struct sim_draft *draft, struct sim_turn *turn, enum sim_operand_type promise,
                    uint64_t index, enum sim_operand_type value, uint64_t value_index) {
    sim_draft_operand(draft, sim_draft_op_on(draft, turn, SIM_OP_RESOLVE, promise, index), value,
                      value_index);
}

/* Vats that ask the next one and resolve their own result to the answer they have not got; the last
 * of all the turns holds it back, and with it the whole chain, until the end. */
void sim_workload_chain(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t links[3];
    uint64_t vats = sim_random_between(stream, 2, 3);
    uint64_t rounds = draft->scale * sim_random_between(stream, 2, 6);
    links[0] = sim_draft_claim(draft, stream, "chain-head");
    for (uint64_t i = 1; i < vats; i++)
        links[i] = sim_draft_claim_other(draft, stream, "chain-link", links[i - 1]);
    for (uint64_t i = 0; i < vats; i++) {
        uint32_t vat = links[i], next = sim_draft_meet(draft, vat, links[(i + 1) % vats]);
        for (uint64_t k = 0; k < rounds; k++) {
            struct sim_turn *turn = sim_draft_vat_turn(draft, vat);
            struct sim_op *ask = sim_draft_ask(draft, turn, SIM_OPERAND_IMPORT, next);
            if (sim_random_one_in(stream, 3)) sim_draft_operand(draft, ask, SIM_OPERAND_PROMISE, k);
            resolve(draft, turn, SIM_OPERAND_RESULT, 0, SIM_OPERAND_PROMISE, k);
        }
        struct sim_turn *last = sim_draft_vat_turn(draft, vat);
        sim_draft_op(draft, last, SIM_OP_HOLD);
    }
    sim_draft_prod(draft, stream, links[0], sim_random_between(stream, 2, 4));
    struct sim_turn *end = sim_draft_vat_turn(draft, links[0]);
    if (sim_random_one_in(stream, 3))
        sim_draft_op_on(draft, end, SIM_OP_REJECT, SIM_OPERAND_DECIDED, 0);
    else
        resolve(draft, end, SIM_OPERAND_DECIDED, 0, SIM_OPERAND_NEW, 0);
}

/* Each gives the next a promise of its own and resolves it to the one that it was given. */
static void cycle_between(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t vats[3];
    uint64_t count = sim_random_between(stream, 2, 3);
    vats[0] = sim_draft_claim(draft, stream, "cycle");
    for (uint64_t i = 1; i < count; i++)
        vats[i] = sim_draft_claim_other(draft, stream, "cycle", vats[i - 1]);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t next = sim_draft_meet(draft, vats[i], vats[(i + 1) % count]);
        struct sim_turn *give = sim_draft_vat_turn(draft, vats[i]);
        struct sim_op *op = sim_draft_op_on(draft, give, SIM_OP_SEND, SIM_OPERAND_IMPORT, next);
        sim_draft_operand(draft, op, SIM_OPERAND_NEW_PROMISE, 0);
        struct sim_turn *close = sim_draft_vat_turn(draft, vats[i]);
        resolve(draft, close, SIM_OPERAND_DECIDED, 0, SIM_OPERAND_PROMISE, 0);
        sim_draft_prod(draft, stream, vats[i], 2);
    }
}

/* A vat that lets another see two promises of its own, and settles them with one another: in two
 * syscalls, in one, or with the other subscribed to both. */
static void cycle_within(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t vat = sim_draft_claim(draft, stream, "knot");
    uint32_t other = sim_draft_claim_other(draft, stream, "knot-witness", vat);
    uint32_t witness = sim_draft_meet(draft, vat, other);
    struct sim_turn *show = sim_draft_vat_turn(draft, vat);
    struct sim_op *op = sim_draft_op_on(draft, show, SIM_OP_SEND, SIM_OPERAND_IMPORT, witness);
    uint64_t promises = sim_random_between(stream, 1, 4);
    for (uint64_t i = 0; i < promises; i++)
        sim_draft_operand(draft, op, SIM_OPERAND_NEW_PROMISE, 0);
    struct sim_turn *watch = sim_draft_vat_turn(draft, other);
    sim_draft_op_on(draft, watch, SIM_OP_SUBSCRIBE, SIM_OPERAND_ARGUMENT, 0);
    if (sim_random_one_in(stream, 2)) sim_draft_ask(draft, watch, SIM_OPERAND_ARGUMENT, 1);
    struct sim_turn *tie = sim_draft_vat_turn(draft, vat);
    if (sim_random_one_in(stream, 2)) {
        sim_draft_op(draft, tie, SIM_OP_RESOLVE_ALL);
    } else {
        resolve(draft, tie, SIM_OPERAND_DECIDED, 0, SIM_OPERAND_DECIDED, 1);
        resolve(draft, tie, SIM_OPERAND_DECIDED, 0, SIM_OPERAND_PROMISE, 0);
    }
    sim_draft_prod(draft, stream, vat, 2);
}

void sim_workload_cycle(struct sim_draft *draft, struct sim_random *stream) {
    if (sim_random_one_in(stream, 3))
        cycle_within(draft, stream);
    else
        cycle_between(draft, stream);
}
