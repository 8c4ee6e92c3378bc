/* plan_mutator.c - how libFuzzer changes a plan: by what it says, not by how it is written.
 *
 * The input is read as a plan; operations, turns, inputs, blocks, faults and replicas are taken out, doubled, swapped,
 * moved or turned a little, vats are turned, too, some of all that is taken from a second plan (the other one in a cross-over, now
 * and then one that a seed generates), and the plan is written again. Nearly all that comes out reads as a plan; an operation that
 * came to a program that may not do it is what the reader is to refuse. Changes that leave the plan as it was are followed by
 * more, some times: to run the same plan once more costs as much as to run another. An input that is no plan, and one in
 * eight that is, is changed as text.
 */
#include "faults/fault.h"
#include "sim/plan_generate.h"
#include "sim/plan_shape.h"
#include "sim/vat_program.h"
#include "text_mutator.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

enum {
    BLOCKS_MAX = 24,
    TURNS_MAX = 24,
    OPS_MAX = 24,
    INPUTS_MAX = 24,
    FAULTS_MAX = 12,
    REPLICAS_MAX = 3, /* that are run */
    AGAIN_MAX = 4     /* changes that changed nothing */
};

struct change {
    struct sim_plan *plan;
    const struct sim_plan *donor;
    uint64_t random;
};

static size_t below(struct change *change, size_t bound) {
    return bound ? (size_t)(fuzz_draw(&change->random) % bound) : 0;
}

/* ---- lists: an array in the plan's arena, in whose place a changed copy comes */

static void *list_without(void *items, size_t size, size_t *count, size_t at) {
    char *bytes = items;
    memmove(bytes + at * size, bytes + (at + 1) * size, (*count - at - 1) * size);
    --*count;
    return items;
}

/* `item` before the one at `at`; the list as it was when there is no memory. */
static void *list_with(struct change *change, void *items, size_t size, size_t *count, size_t at,
                       const void *item) {
    char *bytes = vk_arena_alloc(&change->plan->arena, (*count + 1) * size);
    if (!bytes) return items;
    if (at) memcpy(bytes, items, at * size);
    memcpy(bytes + at * size, item, size);
    if (at < *count)
        memcpy(bytes + (at + 1) * size, (const char *)items + at * size, (*count - at) * size);
    ++*count;
    return bytes;
}

static void list_swap(void *items, size_t size, size_t a, size_t b) {
    char *bytes = items;
    for (size_t i = 0; i < size; i++) {
        char byte = bytes[a * size + i];
        bytes[a * size + i] = bytes[b * size + i];
        bytes[b * size + i] = byte;
    }
}

/* One item out, doubled, swapped with its neighbour, or one of `others` in. */
#define CHANGE_LIST(change, items, count, count_max, others, other_count)                          \
    do {                                                                                           \
        size_t at_ = below(change, count);                                                         \
        switch (below(change, 4)) {                                                                \
        case 0:                                                                                    \
            if ((count) > 0) (items) = list_without(items, sizeof *(items), &(count), at_);        \
            break;                                                                                 \
        case 1:                                                                                    \
            if ((count) > 1) list_swap(items, sizeof *(items), at_, below(change, count));         \
            break;                                                                                 \
        case 2:                                                                                    \
            if ((count) > 0 && (count) < (count_max))                                              \
                (items) = list_with(change, items, sizeof *(items), &(count), at_, &(items)[at_]); \
            break;                                                                                 \
        default:                                                                                   \
            if ((other_count) > 0 && (count) < (count_max))                                        \
                (items) = list_with(change, items, sizeof *(items), &(count), at_,                 \
                                    &(others)[below(change, other_count)]);                        \
        }                                                                                          \
    } while (0)

/* ---- parameters: one of those that a line may hold */

static uint64_t nudge(struct change *change, uint64_t n) {
    switch (below(change, 4)) {
    case 0: return n + 1;
    case 1: return n ? n - 1 : 0;
    case 2: return n / 2;
    default: return below(change, 32);
    }
}

/* Said or not; what a flag sets to 0 is else unlimited. */
static uint64_t turned_flag(const struct sim_plan_param *flag, uint64_t value) {
    if (value != flag->value) return flag->value;
    return flag->value ? 0 : UINT64_MAX;
}

static uint64_t turned_number(struct change *change, const struct sim_plan_param *param,
                              uint64_t value) {
    if (param->most && below(change, 8) == 0) return UINT64_MAX;
    value = nudge(change, value);
    if (value < param->min) return param->required || param->has_given ? param->min : param->value;
    return value < param->max ? value : param->max;
}

static void turn_param(struct change *change, const struct sim_plan_param *params, void *of) {
    size_t count = 0;
    while (params[count].word)
        count++;
    if (!count) return;
    const struct sim_plan_param *param = &params[below(change, count)];
    const uint64_t value = sim_plan_param_get(param, of);
    const bool given = below(change, 4) > 0;
    sim_plan_param_set(param, of,
                       param->is_flag ? turned_flag(param, value)
                                      : turned_number(change, param, value));
    if (param->has_given) memcpy((char *)of + param->given, &given, sizeof given);
}

/* ---- what vats do */

static struct sim_turn *any_turn(struct change *change, const struct sim_plan *plan) {
    struct sim_program *program = &plan->programs[below(change, plan->program_count)];
    size_t which = below(change, program->turn_count + 2);
    if (which == 0) return &program->start;
    return which == 1 ? &program->boyd : &program->turns[which - 2];
}

/* A program that a donor's operation names is one of the plan's own. */
static void keep_programs(struct change *change) {
    for (size_t p = 0; p < change->plan->program_count; p++) {
        struct sim_program *program = &change->plan->programs[p];
        for (size_t t = 0; t < program->turn_count + 2; t++) {
            struct sim_turn *turn = t == 0   ? &program->start
                                    : t == 1 ? &program->boyd
                                             : &program->turns[t - 2];
            for (size_t i = 0; i < turn->op_count; i++)
                turn->ops[i].program %= (uint32_t)change->plan->program_count;
        }
    }
}

static void change_turn(struct change *change) {
    struct sim_turn *turn = any_turn(change, change->plan);
    const struct sim_turn *other = any_turn(change, change->donor);
    CHANGE_LIST(change, turn->ops, turn->op_count, OPS_MAX, other->ops, other->op_count);
}

static void change_turns(struct change *change) {
    struct sim_program *program =
        &change->plan->programs[below(change, change->plan->program_count)];
    const struct sim_program *other =
        &change->donor->programs[below(change, change->donor->program_count)];
    CHANGE_LIST(change, program->turns, program->turn_count, TURNS_MAX, other->turns,
                other->turn_count);
}

static void change_op(struct change *change) {
    struct sim_turn *turn = any_turn(change, change->plan);
    if (!turn->op_count) return;
    struct sim_op *op = &turn->ops[below(change, turn->op_count)];
    const struct sim_op_shape *shape = sim_op_shape(op->type);
    if (shape->program && below(change, 3) == 0) {
        op->program = (uint32_t)below(change, change->plan->program_count);
    } else if (op->operand_count && below(change, 2)) {
        struct sim_operand *operand = &op->operands[below(change, op->operand_count)];
        if (below(change, 2))
            operand->index = (uint32_t)nudge(change, operand->index);
        else
            *operand = op->operands[below(change, op->operand_count)];
    } else {
        turn_param(change, shape->params, op);
    }
}

/* What vats do wrong is what a kernel rolls back or kills for, and seeds have little of each kind of it. */
static void add_misdeed(struct change *change) {
    static const enum sim_op_type misdeeds[] = {SIM_OP_ILLEGAL, SIM_OP_ILLEGAL, SIM_OP_FAIL,
                                                SIM_OP_EXIT, SIM_OP_OVERRUN};
    struct sim_turn *turn = any_turn(change, change->plan);
    struct sim_op op = {.type = misdeeds[below(change, sizeof misdeeds / sizeof *misdeeds)]};
    if (op.type == SIM_OP_ILLEGAL) op.n = below(change, SIM_ILLEGAL_KINDS);
    if (turn->op_count < OPS_MAX)
        turn->ops = list_with(change, turn->ops, sizeof op, &turn->op_count,
                              below(change, turn->op_count + 1), &op);
}

/* ---- what the host does, and what befalls it */

static void change_inputs(struct change *change) {
    struct sim_plan *plan = change->plan;
    const struct sim_plan *donor = change->donor;
    if (!plan->block_count) return;
    struct sim_block *block = &plan->blocks[below(change, plan->block_count)];
    static const struct sim_block none;
    const struct sim_block *other =
        donor->block_count ? &donor->blocks[below(change, donor->block_count)] : &none;
    CHANGE_LIST(change, block->inputs, block->input_count, INPUTS_MAX, other->inputs,
                other->input_count);
    for (size_t i = 0; i < block->input_count; i++)
        if (block->inputs[i].vat != SIM_NO_VAT) block->inputs[i].vat %= (uint32_t)plan->vat_count;
}

static void turn_input(struct change *change) {
    struct sim_plan *plan = change->plan;
    if (!plan->block_count) return;
    struct sim_block *block = &plan->blocks[below(change, plan->block_count)];
    if (!block->input_count || below(change, 4) == 0) {
        turn_param(change, sim_plan_block_params, block);
        return;
    }
    struct sim_input *input = &block->inputs[below(change, block->input_count)];
    const struct sim_input_shape *shape = sim_input_shape(input->type);
    if (shape->vat != SIM_INPUT_NO_VAT && below(change, 2))
        input->vat = (uint32_t)below(change, plan->vat_count);
    else
        turn_param(change, shape->params, input);
}

static void change_blocks(struct change *change) {
    struct sim_plan *plan = change->plan;
    CHANGE_LIST(change, plan->blocks, plan->block_count, BLOCKS_MAX, plan->blocks,
                plan->block_count);
}

/* What kills a vat is to strike all replicas alike: it stays where there is but one. */
static bool may_strike(const struct sim_plan *plan, enum fault_kind kind) {
    return plan->replica_count == 1 || fault_class_of(kind) != FAULT_VAT_KILL;
}

/* Each fault strikes a replica that there is, by a kind that may. */
static void keep_faults(struct sim_plan *plan) {
    for (size_t i = 0; i < plan->fault_count; i++) {
        struct sim_fault_plan *fault = &plan->faults[i];
        fault->replica %= (uint32_t)plan->replica_count;
        if (!may_strike(plan, fault->fault.kind)) fault->fault.kind = FAULT_WORKER_SYSCALL;
    }
}

static void turn_fault(struct change *change, struct sim_fault_plan *plan) {
    struct fault *fault = &plan->fault;
    switch (below(change, 8)) {
    case 0: fault->kind = (enum fault_kind)below(change, FAULT_KIND_COUNT); break;
    case 1: fault->vat = below(change, 2) ? FAULT_ANY_VAT : 1 + below(change, 8); break;
    case 2: plan->replica = (uint32_t)below(change, change->plan->replica_count); break;
    default: turn_param(change, sim_plan_fault_params, fault);
    }
}

static void change_faults(struct change *change) {
    struct sim_plan *plan = change->plan;
    if (plan->fault_count && below(change, 2))
        turn_fault(change, &plan->faults[below(change, plan->fault_count)]);
    else
        CHANGE_LIST(change, plan->faults, plan->fault_count, FAULTS_MAX, change->donor->faults,
                    change->donor->fault_count);
    keep_faults(plan);
}

static void change_replicas(struct change *change) {
    struct sim_plan *plan = change->plan;
    const struct sim_plan *donor = change->donor;
    CHANGE_LIST(change, plan->replicas, plan->replica_count, REPLICAS_MAX, donor->replicas,
                donor->replica_count);
    if (!plan->replica_count) plan->replica_count = 1; /* one stays, and stands there still */
    keep_faults(plan);
}

static void turn_replica(struct change *change) {
    struct sim_plan *plan = change->plan;
    turn_param(change, sim_plan_replica_params,
               &plan->replicas[below(change, plan->replica_count)]);
}

/* ---- who there is */

static void turn_vat(struct change *change) {
    struct sim_plan *plan = change->plan;
    struct sim_static_vat *vat = &plan->vats[below(change, plan->vat_count)];
    switch (below(change, 4)) {
    case 0: plan->bootstrap = (uint32_t)below(change, plan->vat_count); break;
    case 1: vat->program = (uint32_t)below(change, plan->program_count); break;
    default: turn_param(change, sim_plan_vat_params, vat);
    }
}

static void change_kernel(struct change *change) {
    struct sim_kernel_plan *kernel = &change->plan->kernel;
    kernel->snapshot_initial = below(change, 6) + 1;
    kernel->snapshot_interval = below(change, 6) + 2;
    if (below(change, 2)) kernel->reap_interval = below(change, 8) + 1;
}

static void (*const changes[])(struct change *) = {
    change_turn,     change_turn,   change_turn,   change_turns,  change_op,
    change_op,       change_op,     change_inputs, change_inputs, turn_input,
    change_blocks,   change_faults, change_faults, change_faults, turn_replica,
    change_replicas, change_kernel, add_misdeed,   turn_vat,
};

/* ---- libFuzzer */

static bool read_plan(const uint8_t *data, size_t size, struct sim_plan *plan) {
    struct sim_plan_error error;
    return sim_plan_read(plan, vk_heap_system(), (struct vk_str){(const char *)data, size},
                         &error) == VK_OK;
}

/* Absent when there is no memory. */
static struct vk_str text_of(struct sim_plan *plan) {
    struct vk_str text;
    return sim_plan_write(plan, &plan->arena, &text) == VK_OK ? text : VK_STR_NONE;
}

/* 0: it is too long, or the same. */
static size_t change_plan(struct sim_plan *plan, const struct sim_plan *donor, uint64_t random,
                          uint8_t *out, size_t max_size) {
    struct change change = {plan, donor, random};
    const struct vk_str before = text_of(plan);
    struct vk_str text = before;
    for (size_t again = 0; vk_str_eq(text, before) && again <= AGAIN_MAX; again++) {
        for (size_t count = 1 + below(&change, 4); count > 0; count--)
            changes[below(&change, sizeof changes / sizeof *changes)](&change);
        keep_programs(&change);
        text = text_of(plan);
    }
    if (!vk_str_present(text) || text.n > max_size || vk_str_eq(text, before)) return 0;
    memcpy(out, text.p, text.n);
    return text.n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    static const struct sim_generate_options options = {.replicas = 2, .states = true};
    uint64_t random = seed;
    struct sim_plan plan, drawn;
    size_t n;
    if (fuzz_draw(&random) % 8 == 0 || !read_plan(data, size, &plan))
        return fuzz_text_mutate(data, size, max_size, seed);
    /* A drawn plan has what no seed has, and costs as much as some dozens of mutations. */
    bool is_drawn =
        fuzz_draw(&random) % 32 == 0 &&
        sim_plan_generate(&drawn, vk_heap_system(), fuzz_draw(&random), &options) == VK_OK;
    n = change_plan(&plan, is_drawn ? &drawn : &plan, random, data, max_size);
    if (is_drawn) sim_plan_release(&drawn);
    sim_plan_release(&plan);
    return n ? n : fuzz_text_mutate(data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed) {
    uint64_t random = seed;
    struct sim_plan plan, donor;
    size_t n = 0;
    bool is_plan = read_plan(data1, size1, &plan);
    if (is_plan && read_plan(data2, size2, &donor)) {
        n = change_plan(&plan, &donor, fuzz_draw(&random), out, max_size);
        sim_plan_release(&donor);
    }
    if (is_plan) sim_plan_release(&plan);
    return n ? n : fuzz_text_cross_over(data1, size1, data2, size2, out, max_size, seed);
}
