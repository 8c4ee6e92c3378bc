/* plan_generate_test.c - the plans that seeds stand for: always the same ones, within their bounds,
 * and between them all that a plan can say.
 */
#include "sim/plan_generate.h"
#include "sim/plan_shape.h"
#include "sim/workload_swarm.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SEEDS = 2000 };

static struct sim_generate_options everything(void) {
    struct sim_generate_options options = {.clock = true, .states = true};
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        options.faults[i] = true;
    return options;
}

static void generate(struct sim_plan *plan, uint64_t seed,
                     const struct sim_generate_options *options) {
    cr_assert_eq(sim_plan_generate(plan, vk_heap_system(), seed, options), VK_OK, "seed %llu",
                 (unsigned long long)seed);
}

static struct vk_str text_of(const struct sim_plan *plan, struct vk_arena *arena) {
    struct vk_str text;
    cr_assert_eq(sim_plan_write(plan, arena, &text), VK_OK);
    return text;
}

static struct vk_str seed_text(uint64_t seed, const struct sim_generate_options *options,
                               struct vk_arena *arena) {
    struct sim_plan plan;
    generate(&plan, seed, options);
    struct vk_str text = text_of(&plan, arena);
    sim_plan_release(&plan);
    return text;
}

/* ---- INV-GENERATE-1 */

Test(plan_generate, a_seed_gives_the_same_plan_in_any_order) {
    enum { SOME = 100 };
    const struct sim_generate_options options = everything();
    struct vk_arena arena;
    struct vk_str upwards[SOME];
    vk_arena_init(&arena, vk_heap_system());
    for (uint64_t seed = 0; seed < SOME; seed++)
        upwards[seed] = seed_text(seed, &options, &arena);
    for (uint64_t seed = SOME; seed-- > 0;) {
        cr_expect(vk_str_eq(seed_text(seed, &options, &arena), upwards[seed]), "seed %llu",
                  (unsigned long long)seed);
        cr_expect(seed == 0 || !vk_str_eq(upwards[seed], upwards[seed - 1]));
    }
    vk_arena_release(&arena);
}

Test(plan_generate, a_plan_reads_back_from_its_text) {
    const struct sim_generate_options options = everything();
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        struct sim_plan_error error = {0};
        struct vk_str text = seed_text(seed, &options, &arena);
        cr_assert_eq(sim_plan_read(&plan, vk_heap_system(), text, &error), VK_OK,
                     "seed %llu, line %zu: %s", (unsigned long long)seed, error.line, error.what);
        cr_expect(vk_str_eq(text_of(&plan, &arena), text), "seed %llu", (unsigned long long)seed);
        sim_plan_release(&plan);
        vk_arena_clear(&arena);
    }
    vk_arena_release(&arena);
}

/* Whether what `options` say of faults and replicas changes nothing of what is run. */
Test(plan_generate, who_runs_it_does_not_shift_what_is_run) {
    const struct sim_generate_options all = everything();
    struct sim_generate_options one = {.clock = true, .states = true, .replicas = 1};
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct sim_plan many, alone;
        generate(&many, seed, &all);
        generate(&alone, seed, &one);
        many.replica_count = 1;
        many.replicas[0] = alone.replicas[0];
        many.fault_count = 0;
        cr_expect(vk_str_eq(text_of(&many, &arena), text_of(&alone, &arena)), "seed %llu",
                  (unsigned long long)seed);
        sim_plan_release(&many);
        sim_plan_release(&alone);
        vk_arena_clear(&arena);
    }
    vk_arena_release(&arena);
}

/* With `everything`, that is what the stories are about, all of it in one plan. */
Test(plan_generate, everything_is_in_every_plan) {
    static const enum sim_op_type ops[] = {SIM_OP_CREATE_VAT, SIM_OP_CREATE_METER};
    const struct sim_generate_options options = {.everything = true};
    uint64_t seen[SIM_OP_TYPE_COUNT] = {0}, inputs[SIM_INPUT_TYPE_COUNT] = {0};
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint64_t of_plan[SIM_OP_TYPE_COUNT] = {0}, in_completion = 0;
        struct sim_plan plan;
        generate(&plan, seed, &options);
        for (size_t p = 0; p < plan.program_count; p++)
            for (size_t t = 0; t < plan.programs[p].turn_count; t++)
                for (size_t i = 0; i < plan.programs[p].turns[t].op_count; i++)
                    of_plan[plan.programs[p].turns[t].ops[i].type]++;
        for (size_t b = 0; b < plan.block_count; b++)
            for (size_t i = 0; i < plan.blocks[b].input_count; i++)
                inputs[plan.blocks[b].inputs[i].type]++;
        for (size_t v = 0; v < plan.vat_count; v++)
            in_completion += plan.vats[v].keeps_vatstore;
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
            cr_expect(of_plan[ops[i]], "seed %d has no %s", (int)seed, sim_op_word(ops[i]));
        cr_expect(of_plan[SIM_OP_ILLEGAL] + of_plan[SIM_OP_OVERRUN] + of_plan[SIM_OP_FAIL],
                  "seed %d: nobody errs", (int)seed);
        for (size_t i = 0; i < SIM_OP_TYPE_COUNT; i++)
            seen[i] += of_plan[i] > 0;
        cr_expect_lt(in_completion, plan.vat_count);
        sim_plan_release(&plan);
    }
    for (size_t i = 0; i < SIM_OP_TYPE_COUNT; i++)
        cr_expect(seen[i] > 3 || i == SIM_OP_READ_CLOCK, "%s in %d plans only",
                  sim_op_word((enum sim_op_type)i), (int)seen[i]);
    for (size_t i = 0; i < SIM_INPUT_TYPE_COUNT; i++)
        cr_expect_gt(inputs[i], 3, "%s", sim_input_word((enum sim_input_type)i));
}

/* ---- INV-GENERATE-2 */

struct count {
    size_t families[SIM_FAMILY_COUNT], ops[SIM_OP_TYPE_COUNT], inputs[SIM_INPUT_TYPE_COUNT];
    size_t operands[SIM_OPERAND_TYPE_COUNT], overruns[3];
    size_t faults[FAULT_KIND_COUNT], fault_plans[FAULT_KIND_COUNT];
    size_t replicas[SIM_REPLICAS_MAX + 1];
};

static void count_turn(struct count *count, const struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count; i++) {
        const struct sim_op *op = &turn->ops[i];
        count->ops[op->type]++;
        count->families[sim_op_family(op->type)]++;
        if (op->type == SIM_OP_OVERRUN) count->overruns[op->overrun]++;
        for (size_t k = 0; k < op->operand_count; k++)
            count->operands[op->operands[k].type]++;
    }
}

static void count_plan(struct count *count, const struct sim_plan *plan) {
    for (size_t i = 0; i < plan->program_count; i++) {
        const struct sim_program *program = &plan->programs[i];
        count_turn(count, &program->start);
        count_turn(count, &program->boyd);
        for (size_t k = 0; k < program->turn_count; k++)
            count_turn(count, &program->turns[k]);
    }
    for (size_t i = 0; i < plan->block_count; i++)
        for (size_t k = 0; k < plan->blocks[i].input_count; k++)
            count->inputs[plan->blocks[i].inputs[k].type]++;
    for (size_t i = 0; i < plan->fault_count; i++)
        count->faults[plan->faults[i].fault.kind]++;
    count->replicas[plan->replica_count]++;
}

Test(plan_generate, each_family_and_fault_is_off_in_about_half_of_the_plans) {
    const struct sim_generate_options options = everything();
    size_t families[SIM_FAMILY_COUNT] = {0}, faults[FAULT_KIND_COUNT] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_swarm swarm;
        sim_swarm_draw(&swarm, seed, &options);
        for (size_t i = 0; i < SIM_FAMILY_COUNT; i++)
            families[i] += !swarm.families[i];
        for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
            faults[i] += swarm.faults[i] == 0;
    }
    for (enum sim_family i = 0; i < SIM_FAMILY_COUNT; i++)
        cr_expect(families[i] > SEEDS * 35 / 100 && families[i] < SEEDS * 65 / 100,
                  "%s is off in %zu of %d", sim_family_word(i), families[i], SEEDS);
    for (enum fault_kind i = 0; i < FAULT_KIND_COUNT; i++)
        cr_expect(faults[i] > SEEDS * 35 / 100 && faults[i] < SEEDS * 65 / 100,
                  "%s is off in %zu of %d", fault_word(i), faults[i], SEEDS);
}

/* But for the introduction, which is all sends and in one turn. */
static size_t introduction_sends(const struct sim_plan *plan) {
    const struct sim_program *program = &plan->programs[plan->vats[plan->bootstrap].program];
    size_t sends = 0;
    for (size_t i = 0; i < program->turns[0].op_count; i++)
        sends += program->turns[0].ops[i].type == SIM_OP_SEND;
    return sends;
}

Test(plan_generate, what_is_off_is_nowhere_and_what_is_on_mostly_there) {
    const struct sim_generate_options options = everything();
    size_t on[SIM_FAMILY_COUNT] = {0}, there[SIM_FAMILY_COUNT] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        struct sim_swarm swarm;
        struct count count = {0};
        sim_swarm_draw(&swarm, seed, &options);
        generate(&plan, seed, &options);
        count_plan(&count, &plan);
        count.families[SIM_FAMILY_SEND] -= introduction_sends(&plan);
        for (enum sim_family i = 0; i < SIM_FAMILY_COUNT; i++) {
            cr_expect(swarm.families[i] || count.families[i] == 0, "seed %llu: %s is off",
                      (unsigned long long)seed, sim_family_word(i));
            on[i] += swarm.families[i];
            there[i] += count.families[i] > 0;
        }
        for (enum fault_kind i = 0; i < FAULT_KIND_COUNT; i++)
            cr_expect(swarm.faults[i] > 0 || count.faults[i] == 0, "seed %llu: %s is off",
                      (unsigned long long)seed, fault_word(i));
        sim_plan_release(&plan);
    }
    for (enum sim_family i = 0; i < SIM_FAMILY_COUNT; i++) {
        size_t least = i == SIM_FAMILY_ILLEGAL ? on[i] / 4 : on[i] / 2; /* ends are rare */
        cr_expect(there[i] > least, "%s is on in %zu plans and there in %zu", sim_family_word(i),
                  on[i], there[i]);
    }
}

Test(plan_generate, all_that_a_plan_can_say_is_said) {
    const struct sim_generate_options options = everything();
    struct count count = {0};
    size_t workloads[SIM_WORKLOAD_COUNT] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        struct sim_swarm swarm;
        generate(&plan, seed, &options);
        count_plan(&count, &plan);
        sim_plan_release(&plan);
        sim_swarm_draw(&swarm, seed, &options);
        for (size_t i = 0; i < SIM_WORKLOAD_COUNT; i++)
            workloads[i] += swarm.workloads[i];
    }
    for (enum sim_op_type i = 0; i < SIM_OP_TYPE_COUNT; i++)
        cr_expect(count.ops[i] >= 20, "%s: %zu", sim_op_word(i), count.ops[i]);
    for (enum sim_input_type i = 0; i < SIM_INPUT_TYPE_COUNT; i++)
        cr_expect(count.inputs[i] >= 20, "%s: %zu", sim_input_word(i), count.inputs[i]);
    for (size_t i = 0; i < SIM_OPERAND_TYPE_COUNT; i++)
        cr_expect(count.operands[i] >= 20, "operand %zu: %zu", i, count.operands[i]);
    for (size_t i = 0; i < 3; i++)
        cr_expect(count.overruns[i] >= 20, "overrun %zu: %zu", i, count.overruns[i]);
    for (enum fault_kind i = 0; i < FAULT_KIND_COUNT; i++)
        cr_expect(fault_class_of(i) == FAULT_VAT_KILL ? count.faults[i] == 0
                                                      : count.faults[i] >= 20,
                  "%s: %zu", fault_word(i), count.faults[i]);
    for (size_t i = 0; i < SIM_WORKLOAD_COUNT; i++)
        cr_expect(workloads[i] >= SEEDS / 50, "workload %zu: %zu", i, workloads[i]);
    for (size_t i = 1; i <= 4; i++)
        cr_expect(count.replicas[i] >= 20, "%zu replicas: %zu", i, count.replicas[i]);
}

/* Programs are called "ROLE-NUMBER". */
static bool has_role(const struct sim_program *program, const char *role) {
    size_t n = strlen(role);
    return vk_str_starts(program->name, vk_str(role)) && program->name.n > n + 1 &&
           program->name.p[n] == '-' && program->name.p[n + 1] >= '0' &&
           program->name.p[n + 1] <= '9';
}

/* That a workload was drawn is not all, it must have come into the plan. */
Test(plan_generate, each_workload_leaves_its_programs) {
    static const char *const roles[] = {"storm-hub",  "pipeline-caller", "self",      "large",
                                        "chain-head", "cycle",           "knot",      "churn-taker",
                                        "rich",       "mortal",          "stillborn", "metered",
                                        "dynamic",    "noise",           "admin"};
    enum { ROLES = sizeof roles / sizeof *roles };
    const struct sim_generate_options options = everything();
    size_t seen[ROLES] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        generate(&plan, seed, &options);
        for (size_t i = 0; i < plan.program_count; i++)
            for (size_t k = 0; k < ROLES; k++)
                seen[k] += has_role(&plan.programs[i], roles[k]);
        sim_plan_release(&plan);
    }
    for (size_t k = 0; k < ROLES; k++)
        cr_expect(seen[k] >= 20, "%s: %zu", roles[k], seen[k]);
}

static bool host_sends_to(const struct sim_plan *plan, size_t vat) {
    for (size_t i = 1; i < plan->block_count; i++)
        for (size_t k = 0; k < plan->blocks[i].input_count; k++)
            if (plan->blocks[i].inputs[k].type == SIM_INPUT_SEND &&
                plan->blocks[i].inputs[k].vat == vat)
                return true;
    return false;
}

/* Turns that nobody's message ever comes to are no workload. */
Test(plan_generate, the_host_sets_each_workload_going) {
    static const char *const roles[] = {"storm-hub",       "pipeline-caller",
                                        "pipeline-callee", "self",
                                        "large",           "chain-head",
                                        "cycle",           "knot",
                                        "churn-maker",     "heir"};
    enum { ROLES = sizeof roles / sizeof *roles };
    const struct sim_generate_options options = everything();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        generate(&plan, seed, &options);
        for (size_t i = 0; i < plan.vat_count; i++)
            for (size_t k = 0; k < ROLES; k++)
                cr_expect(!has_role(&plan.programs[plan.vats[i].program], roles[k]) ||
                              host_sends_to(&plan, i),
                          "seed %llu: %s", (unsigned long long)seed, roles[k]);
        sim_plan_release(&plan);
    }
}

/* ---- bounds */

static void check_turn(const struct sim_plan *plan, uint64_t seed, const struct sim_turn *turn,
                       bool admin) {
    for (size_t i = 0; i < turn->op_count; i++) {
        const struct sim_op *op = &turn->ops[i];
        bool of_program = op->type == SIM_OP_CREATE_VAT || op->type == SIM_OP_UPGRADE_VAT;
        cr_expect(op->operand_count <= SIM_OP_OPERANDS_MAX);
        cr_expect(!of_program || op->program < plan->program_count);
        cr_expect(op->bytes <= 100000);
        for (size_t k = 0; k < op->operand_count; k++) {
            cr_expect(op->operands[k].type < SIM_OPERAND_NEW || op->operands[k].index == 0);
            cr_expect(admin || (op->operands[k].type != SIM_OPERAND_VAT &&
                                op->operands[k].type != SIM_OPERAND_METER),
                      "seed %llu: only vatAdmin has vats and meters", (unsigned long long)seed);
        }
    }
}

static void check_faults(const struct sim_plan *plan, uint64_t seed) {
    uint32_t doomed = 0;
    for (size_t i = 0; i < plan->fault_count; i++) {
        const struct sim_fault_plan *f = &plan->faults[i];
        cr_expect(f->replica < plan->replica_count);
        cr_expect(f->fault.at > 0 && f->fault.repeat > 0);
        cr_expect(f->fault.hits == 0 && f->fault.asked == 0);
        if (fault_class_of(f->fault.kind) == FAULT_INVISIBLE) continue;
        cr_expect(f->replica != 0, "seed %llu: the first replica is to halt",
                  (unsigned long long)seed);
        cr_expect(doomed == 0 || doomed == f->replica, "seed %llu: two replicas are to halt",
                  (unsigned long long)seed);
        doomed = f->replica;
    }
}

static void check_plan(const struct sim_plan *plan, uint64_t seed) {
    cr_expect(plan->has_seed && plan->seed == seed);
    cr_expect(plan->vat_count >= 3 && plan->vat_count <= 6);
    cr_expect(plan->bootstrap > 0 && plan->bootstrap < plan->vat_count);
    cr_expect(plan->replica_count >= 1 && plan->replica_count <= SIM_REPLICAS_MAX);
    cr_expect(plan->block_count >= 2);
    for (size_t i = 0; i < plan->vat_count; i++)
        cr_expect(plan->vats[i].program < plan->program_count);
    for (size_t i = 0; i < plan->program_count; i++) {
        const struct sim_program *program = &plan->programs[i];
        bool admin = i == plan->vats[0].program;
        cr_expect(program->name.n > 0 && program->name.n <= 32);
        for (size_t k = 0; k < i; k++)
            cr_expect(!vk_str_eq(program->name, plan->programs[k].name));
        check_turn(plan, seed, &program->start, admin);
        check_turn(plan, seed, &program->boyd, admin);
        for (size_t k = 0; k < program->turn_count; k++)
            check_turn(plan, seed, &program->turns[k], admin);
    }
    for (size_t i = 0; i < plan->block_count; i++) {
        for (size_t k = 0; k < plan->blocks[i].input_count; k++) {
            const struct sim_input *input = &plan->blocks[i].inputs[k];
            cr_expect(input->vat < plan->vat_count ||
                      (sim_input_shape(input->type)->vat == SIM_INPUT_VAT_OR_DYNAMIC &&
                       input->vat == SIM_NO_VAT));
            cr_expect(input->type != SIM_INPUT_TERMINATE || input->vat != 0,
                      "seed %llu: vatAdmin is terminated", (unsigned long long)seed);
        }
    }
    for (size_t i = 0; i < plan->replica_count; i++)
        cr_expect(plan->replicas[i].commit_every > 0 && plan->replicas[i].slowness > 0);
    check_faults(plan, seed);
}

Test(plan_generate, plans_are_within_their_bounds_at_any_scale) {
    struct sim_generate_options options = everything();
    for (uint32_t scale = 0; scale < 12; scale++) {
        options.scale = scale;
        options.replicas = scale < SIM_REPLICAS_MAX + 3 ? scale : 0;
        for (uint64_t seed = 0; seed < (scale == 0 ? SEEDS : 100); seed++) {
            struct sim_plan plan;
            generate(&plan, seed, &options);
            check_plan(&plan, seed);
            sim_plan_release(&plan);
        }
    }
}

Test(plan_generate, the_first_turn_of_a_run_harms_nobody) {
    const struct sim_generate_options options = everything();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        generate(&plan, seed, &options);
        for (size_t i = 0; i < plan.vat_count; i++) {
            const struct sim_program *program = &plan.programs[plan.vats[i].program];
            cr_assert(program->turn_count > 0);
            struct count count = {0};
            count_turn(&count, &program->turns[0]);
            count_turn(&count, &program->start);
            size_t harm = count.families[SIM_FAMILY_ILLEGAL] + count.ops[SIM_OP_EXIT] +
                          count.ops[SIM_OP_OVERRUN] + count.ops[SIM_OP_HOLD] +
                          count.ops[SIM_OP_REJECT];
            cr_expect_eq(harm, 0, "seed %llu, vat %zu", (unsigned long long)seed, i);
        }
        sim_plan_release(&plan);
    }
}

/* ---- options */

Test(plan_generate, what_is_not_allowed_is_not_drawn) {
    struct sim_generate_options options = {.no_illegal = true, .replicas = 2};
    options.faults[FAULT_DISK_FULL] = options.faults[FAULT_WORKER_NEVER] = true;
    struct count count = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim_plan plan;
        generate(&plan, seed, &options);
        count_plan(&count, &plan);
        sim_plan_release(&plan);
    }
    cr_expect_eq(count.families[SIM_FAMILY_ILLEGAL], 0);
    cr_expect_eq(count.families[SIM_FAMILY_CLOCK], 0);
    cr_expect_eq(count.replicas[2], SEEDS);
    for (enum fault_kind i = 0; i < FAULT_KIND_COUNT; i++)
        cr_expect_eq(count.faults[i] > 0, options.faults[i], "%s: %zu", fault_word(i),
                     count.faults[i]);
}

static size_t turn_count(uint32_t scale, uint64_t seed) {
    struct sim_generate_options options = everything();
    struct sim_plan plan;
    size_t turns = 0;
    options.scale = scale;
    generate(&plan, seed, &options);
    for (size_t i = 0; i < plan.program_count; i++)
        turns += plan.programs[i].turn_count;
    sim_plan_release(&plan);
    return turns;
}

Test(plan_generate, scale_makes_runs_longer) {
    size_t small = 0, large = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        small += turn_count(1, seed);
        large += turn_count(8, seed);
        cr_expect_eq(turn_count(0, seed), turn_count(1, seed));
    }
    cr_expect(large > 5 * small && large < 10 * small, "%zu, %zu", small, large);
}

/* ---- memory */

struct failing_heap {
    size_t left;   /* allocations before one fails */
    size_t taken;  /* bytes not given back */
    bool for_good; /* and so do all after it */
    bool failed;
};

static void *failing_alloc(void *impl, size_t size) {
    struct failing_heap *heap = impl;
    bool fails = heap->left == 0 && (heap->for_good || !heap->failed);
    if (fails) {
        heap->failed = true;
        return NULL;
    }
    if (heap->left > 0) heap->left--;
    heap->taken += size;
    return malloc(size);
}

static void *failing_resize(void *impl, void *ptr, size_t old_size, size_t new_size) {
    (void)impl;
    (void)ptr;
    (void)old_size;
    (void)new_size;
    return NULL;
}

static void failing_free(void *impl, void *ptr, size_t size) {
    struct failing_heap *heap = impl;
    heap->taken -= size;
    free(ptr);
}

/* An arena asks its heap for memory once in a while: the many seeds and scales move these places
 * all over the generator. */
Test(plan_generate, running_out_of_memory_is_said_and_leaves_nothing) {
    struct sim_generate_options options = everything();
    size_t failures = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        options.scale = (uint32_t)(1 + seed % 40);
        bool failed = true;
        for (size_t left = 0; failed; left++) {
            struct failing_heap failing = {.left = left, .for_good = seed % 2 == 0};
            const struct vk_heap heap = {&failing, failing_alloc, failing_resize, failing_free};
            struct sim_plan plan;
            enum vk_err err = sim_plan_generate(&plan, &heap, seed, &options);
            failed = failing.failed;
            cr_assert_eq(err, failed ? VK_ERR_NOMEM : VK_OK, "seed %llu: %s",
                         (unsigned long long)seed, vk_err_name(err));
            if (err == VK_OK) sim_plan_release(&plan);
            cr_assert_eq(failing.taken, 0, "seed %llu: %zu bytes", (unsigned long long)seed,
                         failing.taken);
            failures += failed;
        }
    }
    cr_expect(failures > 1000, "only %zu failures", failures);
}
