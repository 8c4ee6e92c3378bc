/* plan_mutator.c - how libFuzzer changes a plan: by what it says, not by how it is written.
 *
 * The input is read as a plan; operations, turns, inputs, blocks, faults and replicas are taken out, doubled, swapped,
 * moved or turned a little, some of them taken from a second plan (the other one in a cross-over, now and then one that a seed
 * generates), and the plan is written again. Nearly all that comes out reads as a plan; an operation that came to a
 * program that may not do it is what the reader is to refuse. An input that is no plan, and one in eight that is, is
 * changed as text.
 */
#include "faults/fault.h"
#include "sim/plan_generate.h"
#include "sim/vat_program.h"
#include "text_mutator.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

enum { BLOCKS_MAX = 24, TURNS_MAX = 24, OPS_MAX = 24, INPUTS_MAX = 24, FAULTS_MAX = 12 };

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

static uint64_t nudge(struct change *change, uint64_t n) {
    switch (below(change, 4)) {
    case 0: return n + 1;
    case 1: return n ? n - 1 : 0;
    case 2: return n / 2;
    default: return below(change, 32);
    }
}

static void change_op(struct change *change) {
    struct sim_turn *turn = any_turn(change, change->plan);
    if (!turn->op_count) return;
    struct sim_op *op = &turn->ops[below(change, turn->op_count)];
    switch (below(change, 5)) {
    case 0: op->n = nudge(change, op->n); break;
    case 1: op->result = !op->result; break;
    case 2: op->bytes = nudge(change, op->bytes); break;
    case 3: op->program = (uint32_t)below(change, change->plan->program_count); break;
    default:
        if (!op->operand_count) return;
        struct sim_operand *operand = &op->operands[below(change, op->operand_count)];
        if (below(change, 2))
            operand->index = (uint32_t)nudge(change, operand->index);
        else
            *operand = op->operands[below(change, op->operand_count)];
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

static void change_blocks(struct change *change) {
    struct sim_plan *plan = change->plan;
    CHANGE_LIST(change, plan->blocks, plan->block_count, BLOCKS_MAX, plan->blocks,
                plan->block_count);
}

static void change_faults(struct change *change) {
    struct sim_plan *plan = change->plan;
    CHANGE_LIST(change, plan->faults, plan->fault_count, FAULTS_MAX, change->donor->faults,
                change->donor->fault_count);
    for (size_t i = 0; i < plan->fault_count; i++)
        plan->faults[i].replica %= (uint32_t)plan->replica_count;
    if (!plan->fault_count) return;
    struct fault *fault = &plan->faults[below(change, plan->fault_count)].fault;
    uint64_t at = nudge(change, fault->at);
    fault->at = at ? at : 1;
}

static void change_replica(struct change *change) {
    struct sim_replica_plan *replica =
        &change->plan->replicas[below(change, change->plan->replica_count)];
    switch (below(change, 6)) {
    case 0: replica->vats_online = (uint32_t)below(change, 5); break;
    case 1: replica->commit_every = (uint32_t)below(change, 4) + 1; break;
    case 2: replica->direct = !replica->direct; break;
    case 3: replica->frames = !replica->frames; break;
    case 4: replica->no_preload = !replica->no_preload; break;
    default: replica->no_restart_after_snapshot = !replica->no_restart_after_snapshot;
    }
}

static void change_kernel(struct change *change) {
    struct sim_kernel_plan *kernel = &change->plan->kernel;
    kernel->snapshot_initial = below(change, 6) + 1;
    kernel->snapshot_interval = below(change, 6) + 2;
    if (below(change, 2)) kernel->reap_interval = below(change, 8) + 1;
}

static void (*const changes[])(struct change *) = {
    change_turn,   change_turn,   change_turn,    change_turns,  change_op,
    change_op,     change_op,     change_inputs,  change_inputs, change_blocks,
    change_faults, change_faults, change_replica, change_kernel, add_misdeed,
};

/* ---- libFuzzer */

static bool read_plan(const uint8_t *data, size_t size, struct sim_plan *plan) {
    struct sim_plan_error error;
    return sim_plan_read(plan, vk_heap_system(), (struct vk_str){(const char *)data, size},
                         &error) == VK_OK;
}

/* 0: it is too long. */
static size_t write_plan(struct sim_plan *plan, uint8_t *out, size_t max_size) {
    struct vk_str text;
    if (sim_plan_write(plan, &plan->arena, &text) != VK_OK || text.n > max_size) return 0;
    memcpy(out, text.p, text.n);
    return text.n;
}

static size_t change_plan(struct sim_plan *plan, const struct sim_plan *donor, uint64_t random,
                          uint8_t *out, size_t max_size) {
    struct change change = {plan, donor, random};
    for (size_t count = 1 + below(&change, 4); count > 0; count--)
        changes[below(&change, sizeof changes / sizeof *changes)](&change);
    keep_programs(&change);
    return write_plan(plan, out, max_size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    static const struct sim_generate_options options = {.replicas = 1, .states = true};
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
