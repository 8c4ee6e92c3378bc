/* workload_messages.c - workloads of messages: storms, pipelines, a vat alone, large ones. */
#include "workload_draft.h"

enum { BYTES_LARGE_MIN = 1000, BYTES_LARGE_MAX = 100000, PADDED_MAX = 3 };

/* A hub calls everybody it knows many times a turn, with an object to call back; they do, and the
 * callbacks take turns of the hub, some of which call again. */
void sim_workload_storm(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t hub = sim_draft_claim(draft, stream, "storm-hub");
    uint32_t spokes[3];
    uint64_t spoke_count = sim_random_between(stream, 1, 3);
    for (uint64_t i = 0; i < spoke_count; i++) {
        uint32_t spoke = sim_draft_claim_other(draft, stream, "storm-spoke", hub);
        spokes[i] = sim_draft_meet(draft, hub, spoke);
        uint64_t turns = draft->scale * sim_random_between(stream, 3, 8);
        for (uint64_t turn = 0; turn < turns; turn++) {
            struct sim_turn *answer = sim_draft_vat_turn(draft, spoke);
            sim_draft_op_on(draft, answer, SIM_OP_SEND, SIM_OPERAND_ARGUMENT, 0)->result =
                sim_random_one_in(stream, 2);
            if (sim_random_one_in(stream, 2))
                sim_draft_operand(
                    draft, sim_draft_op_on(draft, answer, SIM_OP_RESOLVE, SIM_OPERAND_RESULT, 0),
                    SIM_OPERAND_NEW, 0);
        }
    }
    uint64_t calls = draft->scale * sim_random_between(stream, 1, 3);
    for (uint64_t i = 0; i < calls; i++) {
        struct sim_turn *turn = sim_draft_vat_turn(draft, hub);
        uint64_t fan = sim_random_between(stream, 3, 8);
        for (uint64_t k = 0; k < fan; k++) {
            struct sim_op *op = sim_draft_ask(draft, turn, SIM_OPERAND_IMPORT,
                                              spokes[sim_random_below(stream, spoke_count)]);
            sim_draft_operand(draft, op, SIM_OPERAND_NEW, 0);
        }
    }
    sim_draft_prod(draft, stream, hub, 1 + draft->scale);
}

/* One vat sends to a result, to the result of that and so on, before the first is known; the other
 * answers late, with what gets it all moving. */
void sim_workload_pipeline(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t caller = sim_draft_claim(draft, stream, "pipeline-caller");
    uint32_t callee = sim_draft_claim_other(draft, stream, "pipeline-callee", caller);
    if (sim_random_one_in(stream, 2)) draft->plan->vats[callee].pipelining = true;
    uint32_t target = sim_draft_meet(draft, caller, callee);
    sim_draft_meet(draft, callee, caller);
    uint64_t rounds = draft->scale * sim_random_between(stream, 1, 3);
    for (uint64_t i = 0; i < rounds; i++) {
        struct sim_turn *turn = sim_draft_vat_turn(draft, caller);
        sim_draft_operand(draft, sim_draft_ask(draft, turn, SIM_OPERAND_IMPORT, target),
                          SIM_OPERAND_NEW, 0);
        uint64_t depth = sim_random_between(stream, 1, 5);
        for (uint64_t k = 0; k < depth; k++) {
            struct sim_op *op = sim_draft_ask(draft, turn, SIM_OPERAND_PROMISE, k);
            if (sim_random_one_in(stream, 3)) sim_draft_operand(draft, op, SIM_OPERAND_PROMISE, 0);
        }
        struct sim_turn *late = sim_draft_vat_turn(draft, callee);
        sim_draft_op(draft, late, SIM_OP_HOLD);
        struct sim_turn *answer = sim_draft_vat_turn(draft, callee);
        struct sim_op *resolve =
            sim_draft_op_on(draft, answer, SIM_OP_RESOLVE, SIM_OPERAND_DECIDED, 0);
        static const enum sim_operand_type values[] = {SIM_OPERAND_NEW, SIM_OPERAND_ROOT,
                                                       SIM_OPERAND_IMPORT, SIM_OPERAND_PROMISE};
        sim_draft_operand(draft, resolve, values[sim_random_below(stream, 4)], 0);
        if (sim_random_one_in(stream, 4))
            sim_draft_op_on(draft, answer, SIM_OP_REJECT, SIM_OPERAND_DECIDED, 1);
    }
    sim_draft_prod(draft, stream, caller, rounds + 1);
    sim_draft_prod(draft, stream, callee, rounds);
}

/* A vat that sends to its root, to objects of its own and to its own results. */
void sim_workload_self(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t vat = sim_draft_claim(draft, stream, "self");
    uint64_t turns = draft->scale * sim_random_between(stream, 4, 12);
    for (uint64_t i = 0; i < turns; i++) {
        struct sim_turn *turn = sim_draft_vat_turn(draft, vat);
        struct sim_op *op =
            sim_draft_ask(draft, turn,
                          sim_random_one_in(stream, 2) ? SIM_OPERAND_ROOT : SIM_OPERAND_EXPORT, i);
        sim_draft_operand(draft, op, SIM_OPERAND_NEW, 0);
        if (sim_random_one_in(stream, 2)) sim_draft_operand(draft, op, SIM_OPERAND_RESULT, 0);
        if (sim_random_one_in(stream, 3)) sim_draft_ask(draft, turn, SIM_OPERAND_PROMISE, i);
        if (sim_random_one_in(stream, 3))
            sim_draft_operand(draft,
                              sim_draft_op_on(draft, turn, SIM_OP_RESOLVE, SIM_OPERAND_RESULT, 0),
                              sim_random_one_in(stream, 2) ? SIM_OPERAND_PROMISE : SIM_OPERAND_NEW,
                              i);
    }
    sim_draft_prod(draft, stream, vat, 2);
}

void sim_workload_large(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t vat = sim_draft_claim(draft, stream, "large");
    uint32_t other = sim_draft_claim_other(draft, stream, "large-sink", vat);
    uint32_t target = sim_draft_meet(draft, vat, other);
    uint64_t count = sim_random_between(stream, 1, PADDED_MAX);
    for (uint64_t i = 0; i < count; i++) {
        struct sim_turn *turn = sim_draft_vat_turn(draft, vat);
        struct sim_op *send = sim_draft_ask(draft, turn, SIM_OPERAND_IMPORT, target);
        sim_draft_operand(draft, send, SIM_OPERAND_NEW, 0);
        send->bytes = sim_draft_log(stream, BYTES_LARGE_MIN, BYTES_LARGE_MAX);
        sim_draft_op_n(draft, turn, SIM_OP_STORE_SET, i)->bytes =
            sim_draft_log(stream, BYTES_LARGE_MIN, BYTES_LARGE_MAX);
        struct sim_turn *answer = sim_draft_vat_turn(draft, other);
        sim_draft_op_on(draft, answer, SIM_OP_RESOLVE, SIM_OPERAND_RESULT, 0)->bytes =
            sim_draft_log(stream, BYTES_LARGE_MIN, BYTES_LARGE_MAX);
    }
    struct sim_input *input =
        sim_draft_input(draft, sim_draft_later(draft, stream), SIM_INPUT_SEND, vat);
    input->bytes = sim_draft_log(stream, BYTES_LARGE_MIN, BYTES_LARGE_MAX);
    sim_draft_prod(draft, stream, vat, count);
}
