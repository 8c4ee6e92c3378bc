/* workload_objects.c - workloads of objects: churn, a death with a long clean-up, much reaping. */
#include "workload_draft.h"

enum { EXPORTS_A_SEND = 8, STORE_KEYS_MAX = 40 };

static void send_new(struct sim_draft *draft, struct sim_turn *turn, uint64_t target,
                     uint64_t count) {
    struct sim_op *op = sim_draft_op_on(draft, turn, SIM_OP_SEND, SIM_OPERAND_IMPORT, target);
    for (uint64_t i = 0; i < count; i++)
        sim_draft_operand(draft, op, SIM_OPERAND_NEW, 0);
}

/* The maker exports objects and sends old ones again; the taker drops them, retires them and sends
 * them back, so that drops, retirements and re-exports of the same object cross in the queues. */
void sim_workload_churn(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t maker = sim_draft_claim(draft, stream, "churn-maker");
    uint32_t taker = sim_draft_claim_other(draft, stream, "churn-taker", maker);
    uint32_t to_taker = sim_draft_meet(draft, maker, taker);
    uint32_t to_maker = sim_draft_meet(draft, taker, maker);
    uint64_t rounds = draft->scale * sim_random_between(stream, 2, 6);
    for (uint64_t i = 0; i < rounds; i++) {
        struct sim_turn *make = sim_draft_vat_turn(draft, maker);
        send_new(draft, make, to_taker, sim_random_between(stream, 1, 4));
        struct sim_op *again =
            sim_draft_op_on(draft, make, SIM_OP_SEND, SIM_OPERAND_IMPORT, to_taker);
        sim_draft_operand(draft, again, SIM_OPERAND_EXPORT, sim_random_below(stream, 8));
        sim_draft_operand(draft, again, SIM_OPERAND_EXPORT, sim_random_below(stream, 8));
        if (sim_random_one_in(stream, 2))
            sim_draft_op_on(draft, make, SIM_OP_RETIRE_EXPORT, SIM_OPERAND_EXPORT,
                            sim_random_below(stream, 8));
        if (sim_random_one_in(stream, 5))
            sim_draft_op_on(draft, make, SIM_OP_ABANDON, SIM_OPERAND_EXPORT,
                            sim_random_below(stream, 8));

        struct sim_turn *take = sim_draft_vat_turn(draft, taker);
        uint64_t lost = sim_random_between(stream, 1, 3);
        for (uint64_t k = 0; k < lost; k++) {
            enum sim_op_type loss = sim_random_one_in(stream, 2) ? SIM_OP_DROP : SIM_OP_RETIRE;
            sim_draft_op_on(draft, take, loss, SIM_OPERAND_IMPORT, 1 + sim_random_below(stream, 6));
        }
        if (sim_random_one_in(stream, 2)) {
            struct sim_op *back =
                sim_draft_op_on(draft, take, SIM_OP_SEND, SIM_OPERAND_IMPORT, to_maker);
            sim_draft_operand(draft, back, SIM_OPERAND_ARGUMENT, sim_random_below(stream, 3));
        }
    }
    draft->plan->vats[maker].reap_interval = sim_random_between(stream, 0, 4);
    draft->plan->vats[taker].reap_interval = sim_random_between(stream, 0, 4);
    sim_draft_prod(draft, stream, maker, rounds);
    if (sim_random_one_in(stream, 2)) sim_draft_prod(draft, stream, taker, rounds / 2);
    sim_draft_input(draft, sim_draft_later(draft, stream), SIM_INPUT_REAP_ALL, 0);
}

/* How the rich vat of sim_workload_cleanup ends, and with how much at a time it is cleaned up. */
static void clean_up_slowly(struct sim_draft *draft, struct sim_random *stream, uint32_t rich) {
    size_t blocks = draft->plan->block_count;
    size_t end = blocks / 2;
    if (sim_random_one_in(stream, 2)) {
        sim_draft_op(draft, sim_draft_vat_turn(draft, rich), SIM_OP_EXIT)->failure =
            sim_random_one_in(stream, 2);
        sim_draft_input(draft, end, SIM_INPUT_SEND, rich);
    } else {
        sim_draft_input(draft, end, SIM_INPUT_TERMINATE, rich);
    }
    struct sim_input *policy = sim_draft_input(draft, end, SIM_INPUT_POLICY, 0);
    policy->policy = draft->plan->policy;
    policy->policy.cleanup = sim_random_between(stream, 1, 6);
    if (sim_random_one_in(stream, 3)) {
        policy = sim_draft_input(draft, blocks - 1, SIM_INPUT_POLICY, 0);
        policy->policy = draft->plan->policy;
        policy->policy.cleanup =
            sim_random_one_in(stream, 2) ? VK_UNLIMITED : sim_random_between(stream, 1, 100);
    }
}

/* A vat with many exports, imports, promises and store keys is terminated; a small budget cleans it
 * up bit by bit, while those that know its objects go on. */
void sim_workload_cleanup(struct sim_draft *draft, struct sim_random *stream) {
    /* The bootstrap vat is needed to introduce the others. */
    uint32_t rich = sim_draft_claim_other(draft, stream, "rich", draft->plan->bootstrap);
    uint32_t heir = sim_draft_claim_other(draft, stream, "heir", rich);
    draft->plan->vats[rich].critical = false; /* its end is not to be the end of all */
    uint32_t to_heir = sim_draft_meet(draft, rich, heir);
    uint32_t to_rich = sim_draft_meet(draft, heir, rich);
    uint64_t rounds = sim_random_between(stream, 1, 3);
    for (uint64_t i = 0; i < rounds; i++) {
        struct sim_turn *gather = sim_draft_vat_turn(draft, rich);
        uint64_t sends = draft->scale * sim_random_between(stream, 1, 3);
        for (uint64_t k = 0; k < sends; k++)
            send_new(draft, gather, to_heir, EXPORTS_A_SEND);
        sim_draft_operand(draft, sim_draft_ask(draft, gather, SIM_OPERAND_IMPORT, to_heir),
                          SIM_OPERAND_NEW_PROMISE, 0);
        uint64_t keys = sim_random_below(stream, STORE_KEYS_MAX / rounds);
        for (uint64_t k = 0; k < keys; k++)
            sim_draft_op_n(draft, gather, SIM_OP_STORE_SET, i * STORE_KEYS_MAX + k);
        struct sim_turn *give = sim_draft_vat_turn(draft, heir);
        send_new(draft, give, to_rich, EXPORTS_A_SEND);
        struct sim_turn *go_on = sim_draft_vat_turn(draft, heir);
        sim_draft_ask(draft, go_on, SIM_OPERAND_IMPORT, 1 + sim_random_below(stream, 20));
        sim_draft_op_on(draft, go_on, SIM_OP_DROP, SIM_OPERAND_IMPORT,
                        1 + sim_random_below(stream, 20));
        sim_draft_op_on(draft, go_on, SIM_OP_RETIRE, SIM_OPERAND_IMPORT,
                        1 + sim_random_below(stream, 20));
    }
    for (uint64_t i = 0; i < rounds; i++)
        sim_draft_input(draft, draft->plan->block_count > 2 ? 1 : 0, SIM_INPUT_SEND, rich);
    clean_up_slowly(draft, stream, rich);
    sim_draft_prod(draft, stream, heir, 1 + rounds);
}

void sim_workload_reaping(struct sim_draft *draft, struct sim_random *stream) {
    draft->plan->kernel.reap_interval = sim_random_between(stream, 1, 2);
    if (sim_random_one_in(stream, 2))
        draft->plan->kernel.reap_gc_krefs = sim_random_between(stream, 1, 5);
    for (size_t i = 0; i < draft->plan->vat_count; i++)
        if (sim_random_one_in(stream, 2)) draft->plan->vats[i].reap_interval = 1;
}
