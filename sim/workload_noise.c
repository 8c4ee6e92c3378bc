/* workload_noise.c - see workload_noise.h. */
#include "workload_noise.h"

enum {
    TURNS_MAX = 8,
    TURNS_CLAIMED_MAX = 3,
    OPS_MAX = 6,
    INDEX_MAX = 8, /* operands of that many different indices */
    KEYS = 16,
    ILLEGAL_KINDS = 32,
};

static uint64_t small_index(struct sim_random *stream) {
    return sim_random_one_in(stream, 3) ? sim_random_below(stream, INDEX_MAX)
                                        : sim_random_below(stream, 3);
}

/* ---- operands */

static const uint32_t target_weights[SIM_OPERAND_TYPE_COUNT] = {
    [SIM_OPERAND_IMPORT] = 12, [SIM_OPERAND_PROMISE] = 4, [SIM_OPERAND_ARGUMENT] = 4,
    [SIM_OPERAND_EXPORT] = 1,  [SIM_OPERAND_DECIDED] = 1, [SIM_OPERAND_ROOT] = 1,
    [SIM_OPERAND_RESULT] = 1,
};
static const uint32_t value_weights[SIM_OPERAND_TYPE_COUNT] = {
    [SIM_OPERAND_IMPORT] = 6, [SIM_OPERAND_PROMISE] = 3, [SIM_OPERAND_ARGUMENT] = 4,
    [SIM_OPERAND_EXPORT] = 4, [SIM_OPERAND_DECIDED] = 1, [SIM_OPERAND_ROOT] = 2,
    [SIM_OPERAND_NEW] = 6,    [SIM_OPERAND_RESULT] = 1,  [SIM_OPERAND_DEVICE] = 1,
};

/* A device takes no promises. */
static const uint32_t device_value_weights[SIM_OPERAND_TYPE_COUNT] = {
    [SIM_OPERAND_IMPORT] = 4, [SIM_OPERAND_EXPORT] = 2, [SIM_OPERAND_NEW] = 2,
    [SIM_OPERAND_ROOT] = 1,   [SIM_OPERAND_DEVICE] = 1,
};

static void add_drawn(struct sim_draft *draft, struct sim_random *stream, struct sim_op *op,
                      const uint32_t weights[SIM_OPERAND_TYPE_COUNT]) {
    enum sim_operand_type type =
        (enum sim_operand_type)sim_random_weighted(stream, weights, SIM_OPERAND_TYPE_COUNT);
    sim_draft_operand(draft, op, type, small_index(stream));
}

static void add_values(struct sim_draft *draft, struct sim_random *stream, struct sim_op *op,
                       uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        if (draft->swarm.families[SIM_FAMILY_PROMISE] && sim_random_one_in(stream, 8))
            sim_draft_operand(draft, op, SIM_OPERAND_NEW_PROMISE, 0);
        else
            add_drawn(draft, stream, op, value_weights);
    }
    if (sim_random_one_in(stream, 8)) op->bytes = sim_draft_log(stream, 1, 2000);
}

/* ---- operations */

static void fill_promise_op(struct sim_draft *draft, struct sim_random *stream, struct sim_op *op) {
    if (op->type == SIM_OP_SUBSCRIBE) {
        bool came = sim_random_one_in(stream, 3);
        sim_draft_operand(draft, op, came ? SIM_OPERAND_ARGUMENT : SIM_OPERAND_PROMISE,
                          small_index(stream));
    } else if (op->type == SIM_OP_RESOLVE || op->type == SIM_OP_REJECT) {
        bool result = sim_random_one_in(stream, 3);
        sim_draft_operand(draft, op, result ? SIM_OPERAND_RESULT : SIM_OPERAND_DECIDED,
                          small_index(stream));
        add_values(draft, stream, op, sim_random_below(stream, 3));
        if (op->type == SIM_OP_REJECT) op->bytes = 0;
    }
}

static void fill_admin_op(struct sim_draft *draft, struct sim_random *stream, struct sim_op *op) {
    bool on_vat = op->type == SIM_OP_UPGRADE_VAT || op->type == SIM_OP_TERMINATE_VAT ||
                  op->type == SIM_OP_CHANGE_OPTIONS;
    if (on_vat) sim_draft_operand(draft, op, SIM_OPERAND_VAT, small_index(stream));
    if (op->type == SIM_OP_CREATE_VAT || op->type == SIM_OP_UPGRADE_VAT)
        op->program = draft->dynamic_count == 0
                          ? 0
                          : draft->dynamic[sim_random_below(stream, draft->dynamic_count)];
    if (op->type == SIM_OP_CREATE_VAT) {
        op->pipelining = sim_random_one_in(stream, 4);
        if (draft->swarm.families[SIM_FAMILY_METER] && sim_random_one_in(stream, 3))
            sim_draft_operand(draft, op, SIM_OPERAND_METER, small_index(stream));
    } else if (op->type == SIM_OP_CHANGE_OPTIONS) {
        op->n = sim_draft_log(stream, 1, 20);
    } else if (op->type == SIM_OP_CREATE_METER) {
        op->n = sim_draft_log(stream, 1, 1000000);
        if (sim_random_one_in(stream, 2)) op->threshold = sim_draft_log(stream, 1, 20000);
    } else if (op->type == SIM_OP_ADD_METER) {
        sim_draft_operand(draft, op, SIM_OPERAND_METER, small_index(stream));
        op->n = sim_draft_log(stream, 1, 100000);
    }
}

static void fill_vat_op(struct sim_draft *draft, struct sim_random *stream, struct sim_op *op) {
    bool of_import = op->type == SIM_OP_DROP || op->type == SIM_OP_RETIRE;
    bool of_export = op->type == SIM_OP_RETIRE_EXPORT || op->type == SIM_OP_ABANDON;
    if (op->type == SIM_OP_SEND) {
        add_drawn(draft, stream, op, target_weights);
        add_values(draft, stream, op, sim_random_below(stream, 4));
        op->result = sim_random_one_in(stream, 2);
    } else if (op->type == SIM_OP_CALL) {
        sim_draft_operand(draft, op, SIM_OPERAND_DEVICE, small_index(stream));
        uint64_t count = sim_random_below(stream, 3);
        for (uint64_t i = 0; i < count; i++)
            add_drawn(draft, stream, op, device_value_weights);
    } else if (of_import || of_export) {
        bool came = of_import && sim_random_one_in(stream, 4);
        enum sim_operand_type held = of_import ? SIM_OPERAND_IMPORT : SIM_OPERAND_EXPORT;
        sim_draft_operand(draft, op, came ? SIM_OPERAND_ARGUMENT : held, small_index(stream));
    } else if (sim_op_family(op->type) == SIM_FAMILY_STORE) {
        op->n = sim_random_below(stream, KEYS);
        if (op->type == SIM_OP_STORE_SET && sim_random_one_in(stream, 4))
            op->bytes = sim_draft_log(stream, 1, 500);
    } else if (op->type == SIM_OP_COMPUTE) {
        op->n = sim_draft_log(stream, 1, 1000000);
    } else if (sim_op_family(op->type) == SIM_FAMILY_PROMISE) {
        fill_promise_op(draft, stream, op);
    }
}

/* What a turn may hold by its place; the rest is left to other functions. */
enum place { PLACE_TURN, PLACE_ADMIN, PLACE_BOYD, PLACE_START };

static bool admin_only(enum sim_op_type type) {
    return type == SIM_OP_CREATE_VAT || type == SIM_OP_UPGRADE_VAT ||
           type == SIM_OP_TERMINATE_VAT || type == SIM_OP_CHANGE_OPTIONS ||
           type == SIM_OP_CREATE_METER || type == SIM_OP_ADD_METER;
}

static bool fits(enum sim_op_type type, enum place place) {
    enum sim_family family = sim_op_family(type);
    bool quiet = family == SIM_FAMILY_STORE || family == SIM_FAMILY_COMPUTE;
    if (family == SIM_FAMILY_ILLEGAL || type == SIM_OP_EXIT || type == SIM_OP_OVERRUN)
        return false;                             /* INV-NOISE-1 */
    if (family == SIM_FAMILY_STATE) return false; /* workload_states.c's */
    if (place == PLACE_BOYD) return quiet || family == SIM_FAMILY_GC;
    if (place == PLACE_START) return quiet;
    return place == PLACE_ADMIN || !admin_only(type);
}

static void fill_turn(struct sim_draft *draft, struct sim_random *stream, struct sim_turn *turn,
                      enum place place, uint64_t count) {
    uint32_t weights[SIM_OP_TYPE_COUNT], total = 0;
    for (enum sim_op_type i = 0; i < SIM_OP_TYPE_COUNT; i++)
        total += weights[i] = fits(i, place) ? draft->swarm.ops[i] : 0;
    if (total == 0) return;
    for (uint64_t i = 0; i < count; i++) {
        enum sim_op_type type =
            (enum sim_op_type)sim_random_weighted(stream, weights, SIM_OP_TYPE_COUNT);
        struct sim_op *op = sim_draft_op(draft, turn, type);
        if (admin_only(type))
            fill_admin_op(draft, stream, op);
        else
            fill_vat_op(draft, stream, op);
    }
}

/* ---- ends */

static void end_badly(struct sim_draft *draft, struct sim_random *stream, struct sim_turn *turn) {
    static const enum sim_op_type ends[] = {SIM_OP_EXIT, SIM_OP_OVERRUN, SIM_OP_ILLEGAL,
                                            SIM_OP_FAIL};
    uint32_t weights[sizeof ends / sizeof *ends], total = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        total += weights[i] = draft->swarm.ops[ends[i]];
    if (total == 0) return;
    struct sim_op *op =
        sim_draft_op(draft, turn,
                     ends[sim_random_weighted(stream, weights, sizeof ends / sizeof *ends)]);
    if (op->type == SIM_OP_EXIT) op->failure = sim_random_one_in(stream, 2);
    if (op->type == SIM_OP_OVERRUN) op->overrun = (enum sim_overrun)sim_random_below(stream, 3);
    if (op->type == SIM_OP_ILLEGAL) op->n = sim_random_below(stream, ILLEGAL_KINDS);
}

static void add_turns(struct sim_draft *draft, struct sim_random *stream, uint32_t program,
                      enum place place, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        fill_turn(draft, stream, sim_draft_turn(draft, program), place,
                  sim_random_between(stream, 1, OPS_MAX));
}

/* ---- programs */

static void fill_boyd(struct sim_draft *draft, struct sim_random *stream, uint32_t program) {
    if (draft->failed || !sim_random_one_in(stream, 3)) return;
    fill_turn(draft, stream, &draft->plan->programs[program].boyd, PLACE_BOYD,
              sim_random_between(stream, 1, 3));
}

/* A turn of the later half of a program, and never the first; a new one if there is none. */
static struct sim_turn *late_turn(struct sim_draft *draft, struct sim_random *stream,
                                  uint32_t program) {
    const struct sim_program *p = &draft->plan->programs[program];
    if (draft->failed || p->turn_count < 2) return sim_draft_turn(draft, program);
    return &p->turns[sim_random_between(stream, (p->turn_count + 1) / 2, p->turn_count - 1)];
}

static void fill_static(struct sim_draft *draft, struct sim_random *stream, uint32_t vat) {
    const struct sim_static_vat *v = &draft->plan->vats[vat];
    bool admin = vat == SIM_DRAFT_ADMIN, critical = v->critical;
    uint64_t turns = draft->vats[vat].claimed ? sim_random_below(stream, TURNS_CLAIMED_MAX + 1)
                                              : sim_random_between(stream, 1, TURNS_MAX);
    add_turns(draft, stream, v->program, admin ? PLACE_ADMIN : PLACE_TURN, turns * draft->scale);
    fill_boyd(draft, stream, v->program);
    if (!admin && !critical && sim_random_one_in(stream, 5)) /* INV-NOISE-1 */
        end_badly(draft, stream, late_turn(draft, stream, v->program));
}

void sim_noise_vats(struct sim_draft *draft, uint64_t seed) {
    static const char *const streams[SIM_DRAFT_VATS_MAX] = {"0", "1", "2", "3", "4", "5"};
    for (uint32_t i = 0; i < draft->plan->vat_count; i++) {
        struct sim_random stream;
        sim_draft_stream(&stream, seed, "noise/vat", streams[i]);
        fill_static(draft, &stream, i);
    }
}

void sim_noise_dynamic(struct sim_draft *draft, struct sim_random *stream) {
    uint32_t program = sim_draft_dynamic(draft, "dynamic");
    if (draft->failed) return;
    if (sim_random_one_in(stream, 2))
        fill_turn(draft, stream, &draft->plan->programs[program].start, PLACE_START,
                  sim_random_between(stream, 1, 3));
    add_turns(draft, stream, program, PLACE_TURN, sim_random_between(stream, 1, TURNS_MAX / 2));
    fill_boyd(draft, stream, program);
    if (sim_random_one_in(stream, 2)) end_badly(draft, stream, late_turn(draft, stream, program));
}

/* ---- the host */

struct sim_policy sim_noise_policy(struct sim_random *stream) {
    struct sim_policy policy = {VK_UNLIMITED, VK_UNLIMITED, VK_UNLIMITED};
    if (sim_random_one_in(stream, 2)) policy.computrons = sim_draft_log(stream, 2000, 200000);
    if (sim_random_one_in(stream, 4)) policy.cranks = sim_draft_log(stream, 3, 60);
    switch (sim_random_below(stream, 6)) {
    case 0: policy.cleanup = 0; break;
    case 1:
    case 2:
    case 3: policy.cleanup = sim_draft_log(stream, 1, 30); break;
    default: break;
    }
    return policy;
}

static uint64_t reap_setting(struct sim_random *stream) {
    return sim_random_one_in(stream, 5) ? VK_UNLIMITED : sim_draft_log(stream, 1, 50);
}

static void change_options(struct sim_random *stream, struct sim_input *input) {
    uint64_t which = sim_random_between(stream, 1, 7);
    input->set_reap_interval = (which & 1) != 0;
    input->set_reap_gc_krefs = (which & 2) != 0;
    input->set_snapshot_interval = (which & 4) != 0;
    if (input->set_reap_interval) input->reap_interval = reap_setting(stream);
    if (input->set_reap_gc_krefs) input->reap_gc_krefs = reap_setting(stream);
    if (input->set_snapshot_interval) input->snapshot_interval = sim_draft_log(stream, 1, 50);
}

static void fill_input(struct sim_draft *draft, struct sim_random *stream, size_t block) {
    enum sim_input_type type =
        (enum sim_input_type)sim_random_weighted(stream, draft->swarm.inputs, SIM_INPUT_TYPE_COUNT);
    bool of_vat = type == SIM_INPUT_SEND || type == SIM_INPUT_FINISH || type == SIM_INPUT_PIN ||
                  type == SIM_INPUT_TERMINATE;
    uint32_t vat = of_vat ? (uint32_t)sim_random_below(stream, draft->plan->vat_count) : 0;
    struct sim_input *input = sim_draft_input(draft, block, type, vat);
    if (type == SIM_INPUT_SEND) {
        if (sim_random_one_in(stream, 8)) input->bytes = sim_draft_log(stream, 1, 2000);
        input->panic = sim_random_one_in(stream, 100);
    } else if (type == SIM_INPUT_TERMINATE) {
        bool dynamic = sim_random_below(stream, 3) != 0;
        if (dynamic || vat == SIM_DRAFT_ADMIN ||
            draft->plan->vats[vat].critical) { /* INV-NOISE-1 */
            input->vat = SIM_NO_VAT;
            input->n = small_index(stream);
        }
    } else if (type == SIM_INPUT_INSTALL) {
        input->n = sim_random_below(stream, 10);
    } else if (type == SIM_INPUT_CHANGE_OPTIONS) {
        change_options(stream, input);
    } else if (type == SIM_INPUT_POLICY) {
        input->policy = sim_noise_policy(stream);
    }
}

void sim_noise_host(struct sim_draft *draft, uint64_t seed) {
    struct sim_random stream;
    sim_draft_stream(&stream, seed, "noise", "host");
    size_t blocks = draft->plan->block_count;
    /* Without messages between vats, all deliveries are the host's. */
    uint64_t inputs_max = draft->swarm.families[SIM_FAMILY_SEND] ? 4 : 8;
    for (size_t i = 0; i < blocks; i++) {
        uint64_t inputs =
            i == 0 ? sim_random_below(&stream, 2) : sim_random_between(&stream, 1, inputs_max);
        for (uint64_t k = 0; k < inputs; k++)
            fill_input(draft, &stream, i);
    }
    if (draft->swarm.inputs[SIM_INPUT_FINISH] == 0) return;
    for (uint32_t i = 0; i < draft->plan->vat_count; i++)
        if (sim_random_one_in(&stream, 2)) sim_draft_input(draft, blocks - 1, SIM_INPUT_FINISH, i);
}
