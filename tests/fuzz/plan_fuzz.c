/* plan_fuzz.c - any text, taken for a plan: it is refused with a place and one line of ASCII, or it holds nothing that a
 * run could not do, and what is written of it reads as the same plan, field by field.
 */
#include "sim/plan_shape.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct sim_plan_error *error, struct vk_str text) {
    size_t n = strnlen(error->what, sizeof error->what);
    VK_ASSERT(n > 0 && n < sizeof error->what);
    for (size_t i = 0; i < n; i++)
        VK_ASSERT(error->what[i] >= ' ' && error->what[i] <= '~');
    VK_ASSERT((error->line == 0) == (error->column == 0));
    VK_ASSERT(error->line <= text.n + 1 && error->column <= text.n + 1);
}

/* ---- what a run relies on: indices are those of something, numbers are within their limits */

static bool is_allowed(const struct sim_plan_param *params, const struct sim_plan_param *param,
                       uint64_t value) {
    for (const struct sim_plan_param *flag = params; flag->word; flag++)
        if (flag->is_flag && flag->offset == param->offset && flag->value == value) return true;
    if (param->is_flag) return value == 0 || !param->has_given;
    if (value == param->value && !param->required) return true;
    return (value >= param->min && value <= param->max) || (param->most && value == UINT64_MAX);
}

static void check_params(const struct sim_plan_param *params, const void *from) {
    for (const struct sim_plan_param *param = params; param->word; param++)
        VK_ASSERT(is_allowed(params, param, sim_plan_param_get(param, from)));
}

static void check_turn(const struct sim_plan *plan, const struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count; i++) {
        const struct sim_op *op = &turn->ops[i];
        const struct sim_op_shape *shape = sim_op_shape(op->type);
        VK_ASSERT(!shape->program || op->program < plan->program_count);
        VK_ASSERT(op->operand_count <= SIM_OP_OPERANDS_MAX);
        VK_ASSERT(op->operand_count > 0 || !shape->targets || shape->target_optional);
        for (size_t k = 0; k < op->operand_count; k++)
            VK_ASSERT((k ? shape->values : shape->targets) >> op->operands[k].type & 1);
        check_params(shape->params, op);
    }
}

static void check_programs(const struct sim_plan *plan) {
    for (size_t i = 0; i < plan->program_count; i++) {
        const struct sim_program *program = &plan->programs[i];
        check_turn(plan, &program->start);
        check_turn(plan, &program->boyd);
        for (size_t k = 0; k < program->turn_count; k++)
            check_turn(plan, &program->turns[k]);
    }
}

static const struct sim_plan_param *input_params(const struct sim_input *input) {
    const struct sim_input_shape *shape = sim_input_shape(input->type);
    bool is_dynamic = shape->vat == SIM_INPUT_VAT_OR_DYNAMIC && input->vat == SIM_NO_VAT;
    return is_dynamic ? sim_plan_dynamic_params : shape->params;
}

static void check_input(const struct sim_plan *plan, const struct sim_input *input) {
    enum sim_input_vat vat = sim_input_shape(input->type)->vat;
    VK_ASSERT(vat == SIM_INPUT_NO_VAT || input->vat < plan->vat_count ||
              (vat == SIM_INPUT_VAT_OR_DYNAMIC && input->vat == SIM_NO_VAT));
    check_params(input_params(input), input);
}

static void check_blocks(const struct sim_plan *plan) {
    uint64_t ms = 0;
    for (size_t i = 0; i < plan->block_count; i++) {
        VK_ASSERT(plan->blocks[i].after_ms <= SIM_PLAN_MS_MAX - ms);
        ms += plan->blocks[i].after_ms;
        for (size_t k = 0; k < plan->blocks[i].input_count; k++)
            check_input(plan, &plan->blocks[i].inputs[k]);
    }
}

static void check_plan(const struct sim_plan *plan) {
    VK_ASSERT(plan->vat_count > 0 && plan->bootstrap < plan->vat_count);
    VK_ASSERT(vk_str_eq(plan->vats[0].name, VK_STR(SIM_PLAN_ADMIN)));
    VK_ASSERT(plan->replica_count > 0 && plan->replica_count <= SIM_REPLICAS_MAX);
    check_params(sim_plan_kernel_params, &plan->kernel);
    check_params(sim_plan_policy_params, &plan->policy);
    check_programs(plan);
    for (size_t i = 0; i < plan->vat_count; i++) {
        VK_ASSERT(plan->vats[i].program < plan->program_count);
        check_params(sim_plan_vat_params, &plan->vats[i]);
    }
    check_blocks(plan);
    for (size_t i = 0; i < plan->fault_count; i++) {
        VK_ASSERT(plan->faults[i].replica < plan->replica_count && plan->faults[i].fault.at > 0);
        check_params(sim_plan_fault_params, &plan->faults[i].fault);
    }
    for (size_t i = 0; i < plan->replica_count; i++) {
        VK_ASSERT(plan->replicas[i].commit_every > 0 && plan->replicas[i].slowness > 0);
        check_params(sim_plan_replica_params, &plan->replicas[i]);
    }
}

/* ---- the same plan (INV-PLAN-3) */

static bool is_given(const struct sim_plan_param *param, const void *from) {
    bool given = false;
    if (param->has_given) memcpy(&given, (const char *)from + param->given, sizeof given);
    return given;
}

static void check_same_params(const struct sim_plan_param *params, const void *a, const void *b) {
    for (const struct sim_plan_param *param = params; param->word; param++) {
        VK_ASSERT(sim_plan_param_get(param, a) == sim_plan_param_get(param, b));
        VK_ASSERT(is_given(param, a) == is_given(param, b));
    }
}

static void check_same_op(const struct sim_op *a, const struct sim_op *b) {
    VK_ASSERT(a->type == b->type && a->operand_count == b->operand_count);
    const struct sim_op_shape *shape = sim_op_shape(a->type);
    VK_ASSERT(!shape->program || a->program == b->program);
    for (size_t i = 0; i < a->operand_count; i++)
        VK_ASSERT(a->operands[i].type == b->operands[i].type &&
                  a->operands[i].index == b->operands[i].index);
    check_same_params(shape->params, a, b);
}

static void check_same_turn(const struct sim_turn *a, const struct sim_turn *b) {
    VK_ASSERT(a->op_count == b->op_count);
    for (size_t i = 0; i < a->op_count; i++)
        check_same_op(&a->ops[i], &b->ops[i]);
}

static void check_same_programs(const struct sim_plan *a, const struct sim_plan *b) {
    VK_ASSERT(a->program_count == b->program_count);
    for (size_t i = 0; i < a->program_count; i++) {
        const struct sim_program *one = &a->programs[i], *other = &b->programs[i];
        VK_ASSERT(vk_str_eq(one->name, other->name) && one->turn_count == other->turn_count);
        check_same_turn(&one->start, &other->start);
        check_same_turn(&one->boyd, &other->boyd);
        for (size_t k = 0; k < one->turn_count; k++)
            check_same_turn(&one->turns[k], &other->turns[k]);
    }
}

static void check_same_vats(const struct sim_plan *a, const struct sim_plan *b) {
    VK_ASSERT(a->vat_count == b->vat_count && a->bootstrap == b->bootstrap);
    for (size_t i = 0; i < a->vat_count; i++) {
        const struct sim_static_vat *one = &a->vats[i], *other = &b->vats[i];
        VK_ASSERT(vk_str_eq(one->name, other->name) && one->program == other->program);
        check_same_params(sim_plan_vat_params, one, other);
    }
}

static void check_same_blocks(const struct sim_plan *a, const struct sim_plan *b) {
    VK_ASSERT(a->block_count == b->block_count);
    for (size_t i = 0; i < a->block_count; i++) {
        const struct sim_block *one = &a->blocks[i], *other = &b->blocks[i];
        VK_ASSERT(one->input_count == other->input_count);
        check_same_params(sim_plan_block_params, one, other);
        for (size_t k = 0; k < one->input_count; k++) {
            const struct sim_input *input = &one->inputs[k], *same = &other->inputs[k];
            VK_ASSERT(input->type == same->type && input->vat == same->vat);
            check_same_params(input_params(input), input, same);
        }
    }
}

static void check_same_nodes(const struct sim_plan *a, const struct sim_plan *b) {
    VK_ASSERT(a->replica_count == b->replica_count && a->fault_count == b->fault_count);
    for (size_t i = 0; i < a->replica_count; i++)
        check_same_params(sim_plan_replica_params, &a->replicas[i], &b->replicas[i]);
    for (size_t i = 0; i < a->fault_count; i++) {
        const struct sim_fault_plan *one = &a->faults[i], *other = &b->faults[i];
        VK_ASSERT(one->replica == other->replica && one->fault.kind == other->fault.kind);
        check_same_params(sim_plan_fault_params, &one->fault, &other->fault);
    }
}

static void check_same_plan(const struct sim_plan *a, const struct sim_plan *b) {
    VK_ASSERT(a->expect.outcome == b->expect.outcome &&
              vk_str_eq(a->expect.signature, b->expect.signature));
    VK_ASSERT(a->has_seed == b->has_seed && a->seed == b->seed && a->no_drain == b->no_drain);
    check_same_params(sim_plan_kernel_params, &a->kernel, &b->kernel);
    check_same_params(sim_plan_policy_params, &a->policy, &b->policy);
    check_same_programs(a, b);
    check_same_vats(a, b);
    check_same_blocks(a, b);
    check_same_nodes(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct vk_str text = {(const char *)data, size};
    struct sim_plan plan, again;
    struct sim_plan_error error;
    struct vk_arena arena;
    struct vk_str first, second;
    enum vk_err err = sim_plan_read(&plan, vk_heap_system(), text, &error);
    if (err != VK_OK) {
        VK_ASSERT(err == VK_ERR_SYNTAX);
        check_error(&error, text);
        return 0;
    }
    check_plan(&plan);
    vk_arena_init(&arena, vk_heap_system());
    err = sim_plan_write(&plan, &arena, &first);
    VK_ASSERT(err == VK_OK);
    err = sim_plan_read(&again, vk_heap_system(), first, &error);
    VK_ASSERT(err == VK_OK); /* INV-PLAN-WRITE-1 */
    check_same_plan(&plan, &again);
    err = sim_plan_write(&again, &arena, &second);
    VK_ASSERT(err == VK_OK && vk_str_eq(first, second)); /* INV-PLAN-3 */
    sim_plan_release(&plan);
    sim_plan_release(&again);
    vk_arena_release(&arena);
    return 0;
}
