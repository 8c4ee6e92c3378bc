/* workload_vats.c - workloads of vats: populations, meters, snapshots. */
#include "vat_program.h"
#include "workload_draft.h"

/* What a meter at its edge holds more or less than some deliveries and syscalls cost. */
enum { EDGE = 300 };

static uint32_t some_program(const struct sim_draft *draft, struct sim_random *stream) {
    if (draft->dynamic_count == 0) return 0; /* out of memory: INV-DRAFT-2 */
    return draft->dynamic[sim_random_below(stream, draft->dynamic_count)];
}

/* A program that fails on its way in (startVat) or out (the bringOutYourDead before an upgrade). */
static void draft_failing(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t program = sim_draft_dynamic(draft, "stillborn");
    if (draft->failed) return;
    struct sim_program *p = &draft->plan->programs[program];
    struct sim_turn *where = sim_random_one_in(stream, 4) ? &p->boyd : &p->start;
    if (sim_random_one_in(stream, 2)) sim_draft_op_n(draft, where, SIM_OP_STORE_SET, 1);
    if (sim_random_one_in(stream, 2))
        sim_draft_op(draft, where, SIM_OP_OVERRUN)->overrun =
            (enum sim_overrun)sim_random_below(stream, 3);
    else
        sim_draft_op(draft, where, SIM_OP_FAIL);
}

/* A program that lives for a few turns and ends by itself, or not. */
static void draft_mortal(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t program = sim_draft_dynamic(draft, "mortal");
    uint64_t turns = sim_random_between(stream, 1, 4);
    for (uint64_t i = 0; i < turns; i++) {
        struct sim_turn *turn = sim_draft_turn(draft, program);
        sim_draft_operand(draft, sim_draft_ask(draft, turn, SIM_OPERAND_ARGUMENT, 0),
                          SIM_OPERAND_NEW, 0);
        sim_draft_op_n(draft, turn, SIM_OP_STORE_SET, i);
    }
    struct sim_turn *last = sim_draft_turn(draft, program);
    if (sim_random_one_in(stream, 2))
        sim_draft_op(draft, last, SIM_OP_EXIT)->failure = sim_random_one_in(stream, 2);
    else
        sim_draft_op(draft, last, SIM_OP_HOLD);
}

static void create(struct sim_draft *draft, struct sim_random *stream, struct sim_turn *turn) {
    struct sim_op *op = sim_draft_op(draft, turn, SIM_OP_CREATE_VAT);
    op->program = some_program(draft, stream);
    op->pipelining = sim_random_one_in(stream, 4);
    op->critical = sim_random_one_in(stream, 60);
    if (sim_random_one_in(stream, 4)) sim_draft_operand(draft, op, SIM_OPERAND_METER, 0);
}

/* The answer to newVatCallback: the new root goes to somebody else, and is sent to. */
static void welcome(struct sim_draft *draft, struct sim_random *stream, struct sim_turn *turn,
                    uint64_t sends) {
    for (uint64_t i = 0; i < sends; i++)
        sim_draft_operand(draft, sim_draft_ask(draft, turn, SIM_OPERAND_ARGUMENT, 0),
                          sim_random_one_in(stream, 2) ? SIM_OPERAND_ROOT : SIM_OPERAND_NEW, 0);
    sim_draft_operand(draft, sim_draft_op_on(draft, turn, SIM_OP_SEND, SIM_OPERAND_IMPORT, 0),
                      SIM_OPERAND_ARGUMENT, 0);
}

void sim_workload_population(struct sim_draft *draft, struct sim_random *stream) {
    uint64_t rounds = draft->scale * sim_random_between(stream, 1, 3);
    draft_mortal(draft, stream);
    if (sim_random_one_in(stream, 2)) draft_failing(draft, stream);
    sim_draft_meet(draft, SIM_DRAFT_ADMIN,
                   1 + (uint32_t)sim_random_below(stream, draft->plan->vat_count - 1));
    for (uint64_t i = 0; i < rounds; i++) {
        struct sim_turn *birth = sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN);
        uint64_t vats = sim_random_one_in(stream, 4) ? sim_random_between(stream, 3, 6)
                                                     : sim_random_between(stream, 1, 2);
        for (uint64_t k = 0; k < vats; k++)
            create(draft, stream, birth);
        if (sim_random_one_in(stream, 8)) /* before it is there */
            sim_draft_op_on(draft, birth, SIM_OP_TERMINATE_VAT, SIM_OPERAND_VAT, i);
        for (uint64_t k = 0; k < vats; k++)
            welcome(draft, stream, sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN),
                    sim_random_below(stream, 3));
        struct sim_turn *change = sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN);
        uint64_t whom = sim_random_below(stream, 4);
        if (sim_random_below(stream, 3) != 0)
            sim_draft_op_on(draft, change, SIM_OP_UPGRADE_VAT, SIM_OPERAND_VAT, whom)->program =
                some_program(draft, stream);
        if (sim_random_one_in(stream, 3))
            sim_draft_op_on(draft, change, SIM_OP_CHANGE_OPTIONS, SIM_OPERAND_VAT, whom)->n =
                sim_random_between(stream, 1, 5);
        if (sim_random_one_in(stream, 2))
            sim_draft_op_on(draft, sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN), SIM_OP_TERMINATE_VAT,
                            SIM_OPERAND_VAT, whom);
    }
    sim_draft_prod(draft, stream, SIM_DRAFT_ADMIN, 1 + 2 * rounds);
}

/* The last thing that a vat does. */
static void draft_misdeed(struct sim_draft *draft, struct sim_random *stream,
                          struct sim_turn *turn) {
    if (draft->swarm.families[SIM_FAMILY_METER] && sim_random_one_in(stream, 4))
        sim_draft_op(draft, turn, SIM_OP_OVERRUN)->overrun =
            (enum sim_overrun)sim_random_below(stream, 3);
    else
        sim_draft_op_n(draft, turn, SIM_OP_ILLEGAL, sim_random_below(stream, SIM_ILLEGAL_KINDS));
}

/* Vats that are known and hold something, do one delivery's work in part, and then what they are killed for. */
void sim_workload_outlaws(struct sim_draft *draft, struct sim_random *stream) {
    uint64_t outlaws = sim_random_between(stream, 1, 2);
    for (uint64_t i = 0; i < outlaws; i++) {
        uint32_t vat = sim_draft_claim(draft, stream, "outlaw");
        uint32_t friend =
            sim_draft_meet(draft, vat, sim_draft_claim_other(draft, stream, "outlaws-friend", vat));
        uint64_t honest = sim_random_between(stream, 0, 3);
        for (uint64_t k = 0; k < honest; k++)
            sim_draft_operand(draft,
                              sim_draft_ask(draft, sim_draft_vat_turn(draft, vat),
                                            SIM_OPERAND_IMPORT, friend),
                              SIM_OPERAND_NEW, 0);
        struct sim_turn *last = sim_draft_vat_turn(draft, vat);
        if (sim_random_one_in(stream, 2)) sim_draft_op_n(draft, last, SIM_OP_STORE_SET, 1);
        if (sim_random_one_in(stream, 2))
            sim_draft_operand(draft, sim_draft_ask(draft, last, SIM_OPERAND_IMPORT, friend),
                              SIM_OPERAND_EXPORT, 0);
        if (sim_random_one_in(stream, 3))
            sim_draft_op_on(draft, last, SIM_OP_DROP, SIM_OPERAND_IMPORT, friend);
        draft_misdeed(draft, stream, last);
        sim_draft_prod(draft, stream, vat, honest + 1);
        if (!sim_random_one_in(stream, 6)) continue;
        sim_draft_op(draft, &draft->plan->programs[draft->plan->vats[vat].program].boyd,
                     SIM_OP_FAIL);
        draft->plan->vats[vat].reap_interval = sim_random_between(stream, 1, 3);
    }
}

static uint64_t edge(struct sim_random *stream, uint64_t deliveries) {
    uint64_t cost = deliveries * SIM_COST_DELIVERY + sim_random_below(stream, 8) * SIM_COST_SYSCALL;
    return cost + sim_random_below(stream, 2 * EDGE + 1) - EDGE;
}

/* Vats on meters that hold what a few deliveries cost, give or take what a syscall costs. */
void sim_workload_meters(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t program = sim_draft_dynamic(draft, "metered");
    uint64_t turns = sim_random_between(stream, 2, 8);
    for (uint64_t i = 0; i < turns; i++) {
        struct sim_turn *turn = sim_draft_turn(draft, program);
        sim_draft_op_n(draft, turn, SIM_OP_COMPUTE, sim_random_between(stream, 1, EDGE));
        sim_draft_ask(draft, turn, SIM_OPERAND_ROOT, 0);
        if (sim_random_one_in(stream, 2)) sim_draft_op_n(draft, turn, SIM_OP_STORE_SET, i);
    }
    struct sim_turn *birth = sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN);
    uint64_t meters = sim_random_between(stream, 1, 2);
    for (uint64_t i = 0; i < meters; i++) {
        struct sim_op *meter = sim_draft_op_n(draft, birth, SIM_OP_CREATE_METER,
                                              edge(stream, sim_random_between(stream, 1, 6)));
        if (sim_random_one_in(stream, 2))
            meter->threshold = edge(stream, sim_random_between(stream, 1, 3));
    }
    uint64_t vats = sim_random_between(stream, 1, 3);
    for (uint64_t i = 0; i < vats; i++) {
        struct sim_op *op = sim_draft_op(draft, birth, SIM_OP_CREATE_VAT);
        op->program = program;
        sim_draft_operand(draft, op, SIM_OPERAND_METER, sim_random_below(stream, meters));
    }
    for (uint64_t i = 0; i < vats; i++) {
        struct sim_turn *turn = sim_draft_vat_turn(draft, SIM_DRAFT_ADMIN);
        welcome(draft, stream, turn, sim_random_between(stream, 1, 3));
        if (sim_random_one_in(stream, 2))
            sim_draft_op_on(draft, turn, SIM_OP_ADD_METER, SIM_OPERAND_METER, i)->n =
                edge(stream, 1);
    }
    sim_draft_prod(draft, stream, SIM_DRAFT_ADMIN, 2);
}

void sim_workload_snapshots(struct sim_draft *draft, struct sim_random *stream) {
    draft->plan->kernel.snapshot_initial = 1;
    draft->plan->kernel.snapshot_interval = sim_random_between(stream, 2, 5);
    if (sim_random_one_in(stream, 2))
        sim_draft_input(draft, sim_draft_later(draft, stream), SIM_INPUT_SNAPSHOT_ALL, 0);
}
