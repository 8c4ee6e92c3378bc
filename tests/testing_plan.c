/* testing_plan.c - see testing_plan.h. */
#include "testing_plan.h"

#include <criterion/criterion.h>

#include "testing_store.h"

enum { PROGRAMS = 8, BOOTSTRAP = TEST_PLAN_VATS, STATIC_VATS, OPS_MAX = 6 };

static const char *const names[] = {"vatAdmin",  "alice",    "bob",      "carol",
                                    "bootstrap", "dynamic1", "dynamic2", "dynamic3"};

static void *new_items(struct sim_plan *plan, size_t count, size_t size) {
    void *items = vk_arena_alloc(&plan->arena, count * size + 1);
    cr_assert(items);
    memset(items, 0, count * size);
    return items;
}

static uint64_t below(uint64_t *state, uint64_t n) { return test_random(state) % n; }

/* ---- operations */

static struct sim_operand random_operand(uint64_t *state) {
    static const enum sim_operand_type types[] = {
        SIM_OPERAND_IMPORT,  SIM_OPERAND_IMPORT,   SIM_OPERAND_EXPORT,   SIM_OPERAND_PROMISE,
        SIM_OPERAND_DECIDED, SIM_OPERAND_ARGUMENT, SIM_OPERAND_ARGUMENT, SIM_OPERAND_DEVICE,
        SIM_OPERAND_NEW,     SIM_OPERAND_NEW,      SIM_OPERAND_RESULT,   SIM_OPERAND_NEW_PROMISE,
        SIM_OPERAND_ROOT,    SIM_OPERAND_VAT,      SIM_OPERAND_METER,
    };
    return (struct sim_operand){types[below(state, sizeof types / sizeof *types)],
                                (uint32_t)below(state, 100)};
}

/* What the operation is about, most of the time. */
static enum sim_operand_type usual_operand(enum sim_op_type type, uint64_t *state) {
    switch ((int)type) {
    case SIM_OP_SEND: return below(state, 4) ? SIM_OPERAND_IMPORT : SIM_OPERAND_PROMISE;
    case SIM_OP_RESOLVE:
    case SIM_OP_REJECT: return SIM_OPERAND_DECIDED;
    case SIM_OP_SUBSCRIBE: return SIM_OPERAND_PROMISE;
    case SIM_OP_DROP:
    case SIM_OP_RETIRE: return SIM_OPERAND_IMPORT;
    case SIM_OP_RETIRE_EXPORT:
    case SIM_OP_ABANDON: return SIM_OPERAND_EXPORT;
    case SIM_OP_CALL: return SIM_OPERAND_DEVICE;
    case SIM_OP_UPGRADE_VAT:
    case SIM_OP_TERMINATE_VAT:
    case SIM_OP_CHANGE_OPTIONS: return SIM_OPERAND_VAT;
    case SIM_OP_CREATE_VAT:
    case SIM_OP_ADD_METER: return SIM_OPERAND_METER;
    default: return random_operand(state).type;
    }
}

static void random_op(struct sim_plan *plan, uint64_t *state,
                      bool (*allowed)(enum sim_op_type type), struct sim_op *op) {
    do /* states of vats, which come last, are for plans of their own: a worker may then be gone for good */
        op->type = (enum sim_op_type)below(state, SIM_OP_SUSPEND_VAT);
    while (!allowed(op->type) || (op->type >= SIM_OP_CREATE_VAT && below(state, 3)));
    op->program = 5 + (uint32_t)below(state, 3);
    op->result = below(state, 2);
    op->failure = below(state, 2);
    op->pipelining = below(state, 2);
    op->overrun = (enum sim_overrun)below(state, 3);
    op->n = below(state, 8);
    if (op->type == SIM_OP_CREATE_METER || op->type == SIM_OP_ADD_METER) op->n = 10000000;
    op->threshold = below(state, 2000);
    op->bytes = below(state, 4) ? 0 : below(state, 300);
    op->operand_count = (size_t)below(state, 5);
    if (op->type == SIM_OP_CREATE_VAT) op->operand_count = (size_t)below(state, 2);
    op->operands = new_items(plan, op->operand_count, sizeof *op->operands);
    for (size_t i = 0; i < op->operand_count; i++)
        op->operands[i] = random_operand(state);
    if (op->operand_count && below(state, 8)) op->operands[0].type = usual_operand(op->type, state);
}

/* More would be deliveries without end, each few of them with a bringOutYourDead. */
static bool sends_nothing(enum sim_op_type type) {
    enum sim_family family = sim_op_family(type);
    return family == SIM_FAMILY_GC || family == SIM_FAMILY_STORE || family == SIM_FAMILY_COMPUTE;
}

static void random_turn(struct sim_plan *plan, uint64_t *state,
                        bool (*allowed)(enum sim_op_type type), struct sim_turn *turn) {
    turn->op_count = (size_t)below(state, OPS_MAX);
    turn->ops = new_items(plan, turn->op_count, sizeof *turn->ops);
    for (size_t i = 0; i < turn->op_count; i++)
        random_op(plan, state, allowed, &turn->ops[i]);
}

/* ---- plans */

static struct sim_op *introduce(struct sim_plan *plan, struct sim_op *op, uint32_t whom) {
    *op = (struct sim_op){.type = SIM_OP_SEND, .operand_count = STATIC_VATS + 2};
    op->operands = new_items(plan, op->operand_count, sizeof *op->operands);
    op->operands[0] = (struct sim_operand){SIM_OPERAND_IMPORT, whom};
    for (uint32_t i = 0; i < BOOTSTRAP; i++)
        op->operands[1 + i] = (struct sim_operand){SIM_OPERAND_IMPORT, i};
    op->operands[1 + BOOTSTRAP] = (struct sim_operand){SIM_OPERAND_NEW, 0};
    /* vatAdmin gets its own device, the others the other. */
    op->operands[2 + BOOTSTRAP] =
        (struct sim_operand){SIM_OPERAND_DEVICE, whom == TEST_PLAN_ADMIN ? 0 : 1};
    return op;
}

static void add_vats(struct sim_plan *plan) {
    plan->programs = new_items(plan, PROGRAMS, sizeof *plan->programs);
    plan->program_count = PROGRAMS;
    plan->vats = new_items(plan, STATIC_VATS, sizeof *plan->vats);
    plan->vat_count = STATIC_VATS;
    for (uint32_t i = 0; i < PROGRAMS; i++)
        plan->programs[i].name = vk_str(names[i]);
    for (uint32_t i = 0; i < STATIC_VATS; i++)
        plan->vats[i] = (struct sim_static_vat){.name = vk_str(names[i]), .program = i};
    plan->vats[TEST_PLAN_CAROL].pipelining = true;
    plan->vats[TEST_PLAN_BOB].keeps_vatstore = true;
    plan->bootstrap = BOOTSTRAP;
    struct sim_turn *turn = new_items(plan, 1, sizeof *turn);
    turn->ops = new_items(plan, BOOTSTRAP, sizeof *turn->ops);
    turn->op_count = BOOTSTRAP;
    for (uint32_t i = 0; i < BOOTSTRAP; i++)
        introduce(plan, &turn->ops[i], i);
    plan->programs[BOOTSTRAP].turns = turn;
    plan->programs[BOOTSTRAP].turn_count = 1;
}

static void begin_plan(struct sim_plan *plan) {
    *plan = (struct sim_plan){.policy = {VK_UNLIMITED, VK_UNLIMITED, VK_UNLIMITED}};
    vk_arena_init(&plan->arena, vk_heap_system());
    plan->kernel.snapshot_initial = 3;
    plan->kernel.snapshot_interval = 7;
    plan->kernel.reap_interval = 4;
    plan->kernel.reap_gc_krefs = 6;
    add_vats(plan);
}

static void add_block(struct sim_plan *plan, struct sim_block *block, uint32_t from, uint32_t to,
                      size_t each) {
    block->after_ms = 5000;
    block->inputs = new_items(plan, (to - from) * each, sizeof *block->inputs);
    for (uint32_t vat = from; vat < to; vat++)
        for (size_t i = 0; i < each; i++)
            block->inputs[block->input_count++] =
                (struct sim_input){.type = SIM_INPUT_SEND, .vat = vat, .bytes = 10};
}

void test_plan_random(struct sim_plan *plan, uint64_t seed, bool (*allowed)(enum sim_op_type type),
                      size_t turns, size_t blocks) {
    uint64_t state = seed;
    begin_plan(plan);
    for (uint32_t i = 0; i < PROGRAMS; i++) {
        struct sim_program *program = &plan->programs[i];
        if (i == BOOTSTRAP) continue;
        program->turns = new_items(plan, turns + 1, sizeof *program->turns);
        program->turn_count = turns + 1; /* the first is the introduction's */
        for (size_t k = 1; k <= turns; k++)
            random_turn(plan, &state, allowed, &program->turns[k]);
        random_turn(plan, &state, allowed, &program->start);
        random_turn(plan, &state, sends_nothing, &program->boyd);
    }
    plan->blocks = new_items(plan, blocks, sizeof *plan->blocks);
    plan->block_count = blocks;
    for (size_t i = 0; i < blocks; i++)
        add_block(plan, &plan->blocks[i], 0, BOOTSTRAP, 3);
}

void test_plan_alice(struct sim_plan *plan, const struct sim_turn *start,
                     const struct sim_turn *turns, size_t turn_count, size_t sends) {
    begin_plan(plan);
    struct sim_program *alice = &plan->programs[TEST_PLAN_ALICE];
    if (start) alice->start = *start;
    alice->turns = new_items(plan, turn_count, sizeof *alice->turns);
    alice->turn_count = turn_count;
    for (size_t i = 0; i < turn_count; i++)
        alice->turns[i] = turns[i];
    plan->blocks = new_items(plan, 2, sizeof *plan->blocks);
    plan->block_count = 2;
    add_block(plan, &plan->blocks[1], TEST_PLAN_ALICE, TEST_PLAN_ALICE + 1, sends);
}
