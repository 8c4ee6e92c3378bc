/* workload_states.c - see workload_states.h. */
#include "workload_states.h"

#include "vat_program.h"

enum { DYNAMIC_MAX = 4 };

static void draw_input(struct sim_draft *draft, struct sim_random *stream) {
    static const struct {
        enum sim_input_type type;
        uint32_t weight;
    } inputs[] = {
        {SIM_INPUT_SUSPEND, 6}, {SIM_INPUT_UNSUSPEND, 3},   {SIM_INPUT_PAUSE, 6},
        {SIM_INPUT_RESUME, 5},  {SIM_INPUT_RESTART_ALL, 1},
    };
    uint32_t weights[sizeof inputs / sizeof *inputs];
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        weights[i] = inputs[i].weight;
    size_t drawn = sim_random_weighted(stream, weights, sizeof inputs / sizeof *inputs);
    bool is_dynamic = sim_random_one_in(stream, 2);
    uint64_t whom = sim_random_below(stream, is_dynamic ? DYNAMIC_MAX : draft->plan->vat_count);
    size_t block = sim_draft_later(draft, stream);
    struct sim_input *input = sim_draft_input(draft, block, inputs[drawn].type, 0);
    if (input->type == SIM_INPUT_RESTART_ALL) return;
    input->vat = is_dynamic ? SIM_NO_VAT : (uint32_t)whom;
    input->n = is_dynamic ? whom : 0;
}

/* At the end of some turn of vatAdmin's. */
static void draw_op(struct sim_draft *draft, struct sim_random *stream) {
    static const enum sim_op_type ops[] = {SIM_OP_SUSPEND_VAT, SIM_OP_UNSUSPEND_VAT,
                                           SIM_OP_PAUSE_VAT, SIM_OP_RESUME_VAT};
    struct sim_program *admin = &draft->plan->programs[draft->plan->vats[SIM_DRAFT_ADMIN].program];
    enum sim_op_type type = ops[sim_random_below(stream, sizeof ops / sizeof *ops)];
    uint64_t turn = sim_random_below(stream, admin->turn_count);
    uint64_t whom = sim_random_below(stream, DYNAMIC_MAX);
    sim_draft_op_on(draft, &admin->turns[turn], type, SIM_OPERAND_VAT, whom);
}

static void draw_policies(struct sim_draft *draft, struct sim_random *stream) {
    struct sim_plan *plan = draft->plan;
    for (size_t i = 1; i < plan->vat_count; i++)
        plan->vats[i].suspend_on_fatal = sim_random_one_in(stream, 3);
    struct sim_program *admin = &plan->programs[plan->vats[SIM_DRAFT_ADMIN].program];
    for (size_t i = 0; i < admin->turn_count; i++)
        for (size_t k = 0; k < admin->turns[i].op_count; k++) {
            struct sim_op *op = &admin->turns[i].ops[k];
            if (op->type != SIM_OP_CREATE_VAT) continue;
            op->pause_on_underflow = sim_random_one_in(stream, 2);
            op->suspend_on_fatal = sim_random_one_in(stream, 2);
            op->restart_critical = sim_random_one_in(stream, 20);
        }
}

/* vatAdmin ends badly, in a turn in which it has done what only it can do: its device's doings are undone with its own. */
static void draw_fall(struct sim_draft *draft, struct sim_random *stream) {
    const struct sim_swarm *swarm = &draft->swarm;
    bool may_fall = swarm->families[SIM_FAMILY_LIFE] && swarm->families[SIM_FAMILY_ILLEGAL];
    if (!may_fall || !sim_random_one_in(stream, 4)) return;
    struct sim_turn *last = sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN);
    sim_draft_op_on(draft, last, SIM_OP_TERMINATE_VAT, SIM_OPERAND_VAT,
                    sim_random_below(stream, DYNAMIC_MAX));
    if (sim_random_one_in(stream, 2))
        sim_draft_op_on(draft, last, SIM_OP_CALL, SIM_OPERAND_DEVICE, 1);
    if (sim_random_one_in(stream, 2)) /* a promise that is over before it is undone */
        sim_draft_op_on(draft, last, SIM_OP_RESOLVE, SIM_OPERAND_NEW_PROMISE, 0);
    sim_draft_op_n(draft, last, SIM_OP_ILLEGAL, sim_random_below(stream, SIM_ILLEGAL_KINDS));
    sim_draft_prod(draft, stream, SIM_DRAFT_ADMIN, 2);
}

void sim_draft_states(struct sim_draft *draft, uint64_t seed) {
    struct sim_random stream;
    if (!draft->swarm.families[SIM_FAMILY_STATE]) return;
    sim_draft_stream(&stream, seed, "states", NULL);
    draw_policies(draft, &stream);
    uint64_t inputs = sim_random_between(&stream, 1, 2 * draft->plan->block_count);
    for (uint64_t i = 0; i < inputs; i++)
        draw_input(draft, &stream);
    uint64_t ops = sim_random_below(&stream, UINT64_C(4) * draft->scale);
    for (uint64_t i = 0; i < ops && !draft->failed; i++)
        draw_op(draft, &stream);
    if (!draft->failed) draw_fall(draft, &stream);
}
