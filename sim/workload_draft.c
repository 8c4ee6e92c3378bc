/* workload_draft.c - see workload_draft.h. */
#include "workload_draft.h"

#include "plan_shape.h"

#include <string.h>

enum { ROOM_MIN = 4, STREAM_NAME_MAX = 64 };

void sim_draft_stream(struct sim_random *stream, uint64_t seed, const char *group,
                      const char *word) {
    char name[STREAM_NAME_MAX];
    size_t group_length = strlen(group), word_length = word ? strlen(word) : 0;
    VK_ASSERT(group_length + word_length + 2 <=
              sizeof name); /* INV-SWARM-2: no name is cut short */
    memcpy(name, group, group_length);
    if (word) {
        name[group_length] = '/';
        memcpy(name + group_length + 1, word, word_length);
        group_length += 1 + word_length;
    }
    name[group_length] = '\0';
    sim_random_init(stream, seed, name);
}

static unsigned bit_length(uint64_t x) { return 64U - (unsigned)__builtin_clzll(x); }

uint64_t sim_draft_log(struct sim_random *stream, uint64_t low, uint64_t high) {
    VK_ASSERT(low > 0 && low <= high); /* INV-DRAFT: a logarithm needs a positive range */
    unsigned bits = (unsigned)sim_random_between(stream, bit_length(low), bit_length(high));
    uint64_t from = UINT64_C(1) << (bits - 1), to = from + (from - 1);
    return sim_random_between(stream, from > low ? from : low, to < high ? to : high);
}

/* Room for one more item: arrays here double whenever their count reaches a power of two, so that
 * the plan's own counts say how much room there is. NULL if there is no memory (INV-DRAFT-2). */
static void *more(struct sim_draft *draft, void *items, size_t count, size_t item_size) {
    if (draft->failed) return NULL;
    if (count != 0 && (count < ROOM_MIN || (count & (count - 1)) != 0)) return items;
    size_t room = count == 0 ? ROOM_MIN : 2 * count;
    void *grown = vk_arena_alloc(&draft->plan->arena, room * item_size);
    if (!grown)
        draft->failed = true;
    else if (count != 0)
        memcpy(grown, items, count * item_size);
    return grown;
}

/* ---- vats */

static void rename_program(struct sim_draft *draft, uint32_t program, const char *role) {
    if (draft->failed) return;
    VK_ASSERT(program < draft->plan->program_count); /* INV-DRAFT-3 */
    if (vk_arena_format(&draft->plan->arena, &draft->plan->programs[program].name, "%s-%u", role,
                        (unsigned)program) != VK_OK)
        draft->failed = true;
}

static uint32_t claim(struct sim_draft *draft, uint32_t vat, const char *role) {
    VK_ASSERT(vat != SIM_DRAFT_ADMIN && vat < draft->plan->vat_count); /* INV-DRAFT-3 */
    if (!draft->vats[vat].claimed) rename_program(draft, draft->plan->vats[vat].program, role);
    draft->vats[vat].claimed = true;
    return vat;
}

uint32_t sim_draft_claim_other(struct sim_draft *draft, struct sim_random *stream, const char *role,
                               uint32_t other) {
    /* Not SIM_DRAFT_ADMIN, whose program is its own. Starting anywhere, the first that is free. */
    uint32_t count = (uint32_t)draft->plan->vat_count - 1;
    uint32_t first = (uint32_t)sim_random_below(stream, count), any = other;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t vat = 1 + (first + i) % count;
        if (vat == other) continue;
        if (!draft->vats[vat].claimed) return claim(draft, vat, role);
        if (any == other) any = vat;
    }
    return claim(draft, any, role);
}

uint32_t sim_draft_claim(struct sim_draft *draft, struct sim_random *stream, const char *role) {
    return sim_draft_claim_other(draft, stream, role, SIM_DRAFT_ADMIN);
}

uint32_t sim_draft_meet(struct sim_draft *draft, uint32_t vat, uint32_t other) {
    struct sim_draft_vat *meeting = &draft->vats[vat];
    VK_ASSERT(vat < draft->plan->vat_count && other < draft->plan->vat_count); /* INV-DRAFT-3 */
    if (vat == draft->plan->bootstrap) return other; /* it knows all, in the order of the plan */
    for (uint32_t i = 0; i < meeting->known; i++)
        if (meeting->knows[i] == other) return i;
    VK_ASSERT(meeting->known < sizeof meeting->knows / sizeof *meeting->knows); /* INV-DRAFT-3 */
    meeting->knows[meeting->known] = other;
    return meeting->known++;
}

/* ---- programs */

uint32_t sim_draft_program(struct sim_draft *draft, const char *role) {
    struct sim_plan *plan = draft->plan;
    struct sim_program *programs =
        more(draft, plan->programs, plan->program_count, sizeof *programs);
    if (!programs) return 0;
    plan->programs = programs;
    programs[plan->program_count] = (struct sim_program){0};
    uint32_t program = (uint32_t)plan->program_count++;
    rename_program(draft, program, role);
    return program;
}

uint32_t sim_draft_dynamic(struct sim_draft *draft, const char *role) {
    uint32_t program = sim_draft_program(draft, role);
    uint32_t *dynamic = more(draft, draft->dynamic, draft->dynamic_count, sizeof *dynamic);
    if (!dynamic) return program;
    draft->dynamic = dynamic;
    dynamic[draft->dynamic_count++] = program;
    return program;
}

struct sim_turn *sim_draft_turn(struct sim_draft *draft, uint32_t program) {
    draft->no_turn = (struct sim_turn){0};
    if (draft->failed) return &draft->no_turn;
    VK_ASSERT(program < draft->plan->program_count); /* INV-DRAFT-3 */
    struct sim_program *p = &draft->plan->programs[program];
    struct sim_turn *turns = more(draft, p->turns, p->turn_count, sizeof *turns);
    if (!turns) return &draft->no_turn;
    p->turns = turns;
    turns[p->turn_count] = (struct sim_turn){0};
    return &turns[p->turn_count++];
}

struct sim_turn *sim_draft_vat_turn(struct sim_draft *draft, uint32_t vat) {
    return sim_draft_turn(draft, draft->plan->vats[vat].program);
}

struct sim_op *sim_draft_op(struct sim_draft *draft, struct sim_turn *turn, enum sim_op_type type) {
    draft->no_op = (struct sim_op){.type = type};
    if (!draft->swarm.families[sim_op_family(type)]) return &draft->no_op; /* INV-DRAFT-1 */
    struct sim_op *ops = more(draft, turn->ops, turn->op_count, sizeof *ops);
    if (!ops) return &draft->no_op;
    turn->ops = ops;
    ops[turn->op_count] = (struct sim_op){.type = type};
    return &ops[turn->op_count++];
}

void sim_draft_operand(struct sim_draft *draft, struct sim_op *op, enum sim_operand_type type,
                       uint64_t index) {
    if (op->operand_count == SIM_OP_OPERANDS_MAX) return;
    struct sim_operand *operands = more(draft, op->operands, op->operand_count, sizeof *operands);
    if (!operands) return;
    if (!sim_operand_is_indexed(type)) index = 0; /* INV-PLAN-3: the text would not say it */
    op->operands = operands;
    operands[op->operand_count++] = (struct sim_operand){.type = type, .index = (uint32_t)index};
}

struct sim_op *sim_draft_op_on(struct sim_draft *draft, struct sim_turn *turn,
                               enum sim_op_type type, enum sim_operand_type operand,
                               uint64_t index) {
    struct sim_op *op = sim_draft_op(draft, turn, type);
    sim_draft_operand(draft, op, operand, index);
    return op;
}

struct sim_op *sim_draft_op_n(struct sim_draft *draft, struct sim_turn *turn, enum sim_op_type type,
                              uint64_t n) {
    struct sim_op *op = sim_draft_op(draft, turn, type);
    op->n = n;
    return op;
}

struct sim_op *sim_draft_ask(struct sim_draft *draft, struct sim_turn *turn,
                             enum sim_operand_type target, uint64_t index) {
    struct sim_op *op = sim_draft_op_on(draft, turn, SIM_OP_SEND, target, index);
    op->result = true;
    return op;
}

/* ---- the host */

void sim_draft_block(struct sim_draft *draft, uint64_t after_ms) {
    struct sim_plan *plan = draft->plan;
    struct sim_block *blocks = more(draft, plan->blocks, plan->block_count, sizeof *blocks);
    if (!blocks) return;
    plan->blocks = blocks;
    blocks[plan->block_count++] = (struct sim_block){.after_ms = after_ms};
}

size_t sim_draft_later(const struct sim_draft *draft, struct sim_random *stream) {
    size_t count = draft->plan->block_count;
    return count < 2 ? 0 : (size_t)sim_random_between(stream, 1, count - 1);
}

struct sim_input *sim_draft_input(struct sim_draft *draft, size_t block, enum sim_input_type type,
                                  uint32_t vat) {
    draft->no_input = (struct sim_input){.type = type, .vat = vat};
    if (draft->failed) return &draft->no_input;
    VK_ASSERT(block < draft->plan->block_count); /* INV-DRAFT-3 */
    struct sim_block *b = &draft->plan->blocks[block];
    struct sim_input *inputs = more(draft, b->inputs, b->input_count, sizeof *inputs);
    if (!inputs) return &draft->no_input;
    b->inputs = inputs;
    inputs[b->input_count] = draft->no_input;
    return &inputs[b->input_count++];
}

void sim_draft_prod(struct sim_draft *draft, struct sim_random *stream, uint32_t vat,
                    uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        sim_draft_input(draft, sim_draft_later(draft, stream), SIM_INPUT_SEND, vat);
}
