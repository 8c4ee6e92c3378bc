/* plan.c - see plan.h: the empty plan, and the words of a plan's catalogues. */
#include "plan.h"

static const struct {
    const char *word;
    enum sim_family family;
} ops[] = {
#define OP_ROW(name, word, family, meaning) {word, SIM_FAMILY_##family},
    SIM_OPS(OP_ROW)
#undef OP_ROW
};

static const char *const inputs[] = {
#define INPUT_ROW(name, word, meaning) word,
    SIM_INPUTS(INPUT_ROW)
#undef INPUT_ROW
};

const char *sim_op_word(enum sim_op_type type) {
    VK_ASSERT(type < SIM_OP_TYPE_COUNT); /* INV-PLAN-2 */
    return ops[type].word;
}

enum sim_family sim_op_family(enum sim_op_type type) {
    VK_ASSERT(type < SIM_OP_TYPE_COUNT); /* INV-PLAN-2 */
    return ops[type].family;
}

const char *sim_input_word(enum sim_input_type type) {
    VK_ASSERT(type < SIM_INPUT_TYPE_COUNT); /* INV-PLAN-2 */
    return inputs[type];
}

const char *sim_expect_word(enum sim_expect outcome) {
    static const char *const words[SIM_EXPECT_COUNT] = {
#define OUTCOME_ROW(name, word, meaning) word,
        SIM_EXPECTATIONS(OUTCOME_ROW)
#undef OUTCOME_ROW
    };
    VK_ASSERT(outcome < SIM_EXPECT_COUNT); /* INV-PLAN-2 */
    return words[outcome];
}

const char *sim_family_word(enum sim_family family) {
    static const char *const words[SIM_FAMILY_COUNT] = {
        [SIM_FAMILY_SEND] = "send",       [SIM_FAMILY_PROMISE] = "promise",
        [SIM_FAMILY_GC] = "gc",           [SIM_FAMILY_STORE] = "store",
        [SIM_FAMILY_COMPUTE] = "compute", [SIM_FAMILY_LIFE] = "life",
        [SIM_FAMILY_METER] = "meter",     [SIM_FAMILY_ILLEGAL] = "illegal",
        [SIM_FAMILY_CLOCK] = "clock",     [SIM_FAMILY_STATE] = "state",
    };
    VK_ASSERT(family < SIM_FAMILY_COUNT); /* INV-PLAN-2 */
    return words[family];
}

static enum vk_err make_empty(struct sim_plan *plan) {
    VK_TRY(VK_NEW_ARRAY(&plan->arena, &plan->programs, 1));
    VK_TRY(VK_NEW_ARRAY(&plan->arena, &plan->vats, 1));
    VK_TRY(VK_NEW_ARRAY(&plan->arena, &plan->replicas, 1));
    plan->programs[0] = (struct sim_program){.name = VK_STR(SIM_PLAN_ADMIN)};
    plan->vats[0] = (struct sim_static_vat){.name = VK_STR(SIM_PLAN_ADMIN)};
    plan->replicas[0] = (struct sim_replica_plan){.commit_every = 1, .slowness = 1};
    plan->program_count = plan->vat_count = plan->replica_count = 1;
    return VK_OK;
}

enum vk_err sim_plan_init(struct sim_plan *plan, const struct vk_heap *heap) {
    *plan = (struct sim_plan){.policy = {VK_UNLIMITED, VK_UNLIMITED, VK_UNLIMITED}};
    vk_arena_init(&plan->arena, heap);
    enum vk_err err = make_empty(plan);
    if (err != VK_OK) sim_plan_release(plan);
    return err;
}

void sim_plan_release(struct sim_plan *plan) {
    const struct vk_heap *heap = plan->arena.heap;
    vk_arena_release(&plan->arena);
    *plan = (struct sim_plan){0};
    vk_arena_init(&plan->arena, heap);
}

size_t sim_plan_operation_count(const struct sim_plan *plan) {
    size_t count = 0;
    for (size_t p = 0; p < plan->program_count; p++) {
        const struct sim_program *program = &plan->programs[p];
        count += program->start.op_count + program->boyd.op_count;
        for (size_t t = 0; t < program->turn_count; t++)
            count += program->turns[t].op_count;
    }
    return count;
}

/* ---- states */

static bool turn_has_states(const struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count; i++) {
        const struct sim_op *op = &turn->ops[i];
        if (sim_op_family(op->type) == SIM_FAMILY_STATE || op->suspend_on_fatal ||
            op->pause_on_underflow || op->restart_critical)
            return true;
    }
    return false;
}

static bool program_has_states(const struct sim_program *program) {
    bool has = turn_has_states(&program->start) || turn_has_states(&program->boyd);
    for (size_t i = 0; i < program->turn_count && !has; i++)
        has = turn_has_states(&program->turns[i]);
    return has;
}

static bool block_has_states(const struct sim_block *block) {
    for (size_t i = 0; i < block->input_count; i++)
        if (block->inputs[i].type >= SIM_INPUT_SUSPEND) return true;
    return false;
}

bool sim_plan_has_states(const struct sim_plan *plan) {
    bool has = false;
    for (size_t i = 0; i < plan->vat_count && !has; i++)
        has = plan->vats[i].suspend_on_fatal;
    for (size_t i = 0; i < plan->program_count && !has; i++)
        has = program_has_states(&plan->programs[i]);
    for (size_t i = 0; i < plan->block_count && !has; i++)
        has = block_has_states(&plan->blocks[i]);
    return has;
}

static bool may_end_critically(const struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count; i++)
        if (turn->ops[i].critical || turn->ops[i].restart_critical) return true;
    return false;
}

bool sim_plan_may_panic(const struct sim_plan *plan) {
    for (size_t i = 0; i < plan->vat_count; i++)
        if (plan->vats[i].critical) return true;
    for (size_t i = 0; i < plan->block_count; i++)
        for (size_t k = 0; k < plan->blocks[i].input_count; k++) {
            const struct sim_input *input = &plan->blocks[i].inputs[k];
            if (input->panic || input->type == SIM_INPUT_RESTART_ALL) return true;
        }
    for (size_t i = 0; i < plan->program_count; i++)
        for (size_t k = 0; k < plan->programs[i].turn_count; k++)
            if (may_end_critically(&plan->programs[i].turns[k])) return true;
    return false;
}
