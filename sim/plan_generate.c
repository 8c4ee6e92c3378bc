/* plan_generate.c - see plan_generate.h.
 *
 * A plan is drawn in this order, each part from streams of its own: the swarm (what is on, and how
 * much of it), the world (kernel, vats, blocks), the structured workloads, noise, states of vats, the
 * introduction, who keeps his vatstore where, replicas, faults.
 *
 * What all families of operations being off leaves is the introduction: the bootstrap vat's first
 * turn, in which it gives everybody the roots of some others and vatAdmin its device. Without it
 * nobody would hold anything.
 */
#include "plan_generate.h"

#include "workload_draft.h"
#include "workload_faults.h"
#include "workload_list.h"
#include "workload_noise.h"
#include "workload_states.h"

enum {
    VATS_MIN = 2, /* besides vatAdmin */
    VATS_MAX = SIM_DRAFT_VATS_MAX - 1,
    BLOCKS_MIN = 3,
    BLOCKS_MAX = 7,
    DYNAMIC_MAX = 3,
    DEVICE_VAT_ADMIN = 0, /* of the bootstrap vat's devices */
    DEVICE_ECHO = 1,
};

#define MS_SECOND UINT64_C(1000)
#define MS_WEEK (UINT64_C(7) * 24 * 3600 * MS_SECOND)

/* ---- the world */

static void draw_kernel(struct sim_draft *draft, uint64_t seed) {
    struct sim_kernel_plan *kernel = &draft->plan->kernel;
    struct sim_random stream;
    sim_draft_stream(&stream, seed, "kernel", NULL);
    if (sim_random_one_in(&stream, 2)) kernel->snapshot_initial = sim_draft_log(&stream, 1, 8);
    if (sim_random_one_in(&stream, 2)) kernel->snapshot_interval = sim_draft_log(&stream, 2, 40);
    if (sim_random_one_in(&stream, 2)) kernel->reap_interval = sim_draft_log(&stream, 1, 20);
    if (sim_random_one_in(&stream, 12)) kernel->reap_interval = VK_UNLIMITED;
    if (sim_random_one_in(&stream, 2)) kernel->reap_gc_krefs = sim_draft_log(&stream, 1, 30);
    if (sim_random_one_in(&stream, 12)) kernel->reap_gc_krefs = VK_UNLIMITED;
    draft->plan->policy = sim_noise_policy(&stream);
}

/* The bootstrap vat comes last, so that its imports have the indices of the plan's vats. */
static void draw_vats(struct sim_draft *draft, uint64_t seed) {
    static const char *const names[SIM_DRAFT_VATS_MAX] = {SIM_PLAN_ADMIN, "alice", "bob",
                                                          "carol",        "dave",  "erin"};
    struct sim_plan *plan = draft->plan;
    struct sim_random stream;
    sim_draft_stream(&stream, seed, "vats", NULL);
    size_t count = 1 + (size_t)sim_random_between(&stream, VATS_MIN, VATS_MAX);
    struct sim_static_vat *vats = vk_arena_alloc(&plan->arena, count * sizeof *vats);
    draft->failed |= vats == NULL;
    if (draft->failed) return;
    plan->program_count = 0;
    for (size_t i = 0; i < count; i++) {
        vats[i] = (struct sim_static_vat){
            .name = vk_str(i + 1 == count ? "bootstrap" : names[i]),
            .program = sim_draft_program(draft, i == SIM_DRAFT_ADMIN ? "admin" : "noise"),
        };
        vats[i].critical = i != SIM_DRAFT_ADMIN && sim_random_one_in(&stream, 20);
        vats[i].pipelining = i != SIM_DRAFT_ADMIN && sim_random_one_in(&stream, 5);
        if (sim_random_one_in(&stream, 4))
            vats[i].reap_interval =
                sim_random_one_in(&stream, 8) ? VK_UNLIMITED : sim_draft_log(&stream, 1, 10);
    }
    plan->vats = vats;
    plan->vat_count = count;
    plan->bootstrap = (uint32_t)count - 1;
    for (uint32_t i = 0; i < count; i++) /* the turn in which it is introduced, or introduces */
        sim_draft_vat_turn(draft, i);
    /* Who knows whom, besides what workloads ask for afterwards. */
    for (uint32_t vat = 0; vat + 1 < count; vat++) {
        if (!sim_random_one_in(&stream, 4))
            sim_draft_meet(draft, vat, (uint32_t)sim_random_below(&stream, count));
        draft->vats[vat].echoes = vat != SIM_DRAFT_ADMIN && sim_random_below(&stream, 3) < 2;
    }
}

/* Which vats keep their vatstore in their workers. From a stream of its own, when all else is drawn. */
static void draw_vatstores(struct sim_draft *draft, uint64_t seed) {
    struct sim_plan *plan = draft->plan;
    struct sim_random stream;
    sim_draft_stream(&stream, seed, "vatstores", NULL);
    for (size_t i = 0; i < plan->vat_count; i++)
        plan->vats[i].keeps_vatstore = sim_random_one_in(&stream, 4);
    for (size_t i = 0; i < plan->program_count; i++)
        for (size_t t = 0; t < plan->programs[i].turn_count; t++) {
            struct sim_turn *turn = &plan->programs[i].turns[t];
            for (size_t k = 0; k < turn->op_count; k++)
                if (turn->ops[k].type == SIM_OP_CREATE_VAT)
                    turn->ops[k].keeps_vatstore = sim_random_one_in(&stream, 3);
        }
}

static void draw_blocks(struct sim_draft *draft, uint64_t seed) {
    struct sim_random stream;
    sim_draft_stream(&stream, seed, "blocks", NULL);
    uint64_t count = draft->scale * sim_random_between(&stream, BLOCKS_MIN, BLOCKS_MAX);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t after_ms = sim_random_between(&stream, 4 * MS_SECOND, 8 * MS_SECOND);
        if (sim_random_one_in(&stream, 20)) after_ms = sim_random_between(&stream, 0, MS_WEEK);
        sim_draft_block(draft, after_ms);
    }
}

/* ---- what happens in it */

static void draw_workloads(struct sim_draft *draft, uint64_t seed) {
    static const struct {
        const char *word;
        void (*add)(struct sim_draft *draft, struct sim_random *stream);
    } workloads[SIM_WORKLOAD_COUNT] = {
#define WORKLOAD(name, function, needs, one_in, meaning) {#function, sim_workload_##function},
        SIM_WORKLOADS(WORKLOAD)
#undef WORKLOAD
    };
    struct sim_random stream;
    if (draft->swarm.families[SIM_FAMILY_LIFE]) {
        sim_draft_stream(&stream, seed, "noise", "dynamic");
        uint64_t programs = sim_random_between(&stream, 1, DYNAMIC_MAX);
        for (uint64_t i = 0; i < programs; i++)
            sim_noise_dynamic(draft, &stream);
    }
    for (size_t i = 0; i < SIM_WORKLOAD_COUNT; i++) {
        if (!draft->swarm.workloads[i] || draft->failed) continue;
        sim_draft_stream(&stream, seed, "workload", workloads[i].word);
        workloads[i].add(draft, &stream);
    }
}

/* The first turn of the bootstrap vat. */
static void write_introduction(struct sim_draft *draft) {
    const struct sim_plan *plan = draft->plan;
    if (draft->failed) return;
    struct sim_turn *turn = &plan->programs[plan->vats[plan->bootstrap].program].turns[0];
    bool sends = draft->swarm.families[SIM_FAMILY_SEND];
    draft->swarm.families[SIM_FAMILY_SEND] = true; /* the introduction is in every plan */
    if (draft->swarm.families[SIM_FAMILY_LIFE] || draft->swarm.families[SIM_FAMILY_METER])
        sim_draft_op_on(draft, turn, SIM_OP_SEND, SIM_OPERAND_IMPORT, SIM_DRAFT_ADMIN);
    if (turn->op_count > 0)
        sim_draft_operand(draft, &turn->ops[0], SIM_OPERAND_DEVICE, DEVICE_VAT_ADMIN);
    for (uint32_t vat = 0; vat < plan->bootstrap; vat++) {
        const struct sim_draft_vat *v = &draft->vats[vat];
        if (v->known == 0 && !v->echoes) continue;
        struct sim_op *op = sim_draft_op_on(draft, turn, SIM_OP_SEND, SIM_OPERAND_IMPORT, vat);
        for (uint32_t i = 0; i < v->known; i++) {
            bool root = v->knows[i] == plan->bootstrap;
            sim_draft_operand(draft, op, root ? SIM_OPERAND_ROOT : SIM_OPERAND_IMPORT,
                              root ? 0 : v->knows[i]);
        }
        if (v->echoes) sim_draft_operand(draft, op, SIM_OPERAND_DEVICE, DEVICE_ECHO);
    }
    draft->swarm.families[SIM_FAMILY_SEND] = sends;
}

/* ---- who runs it */

static void draw_replicas(struct sim_draft *draft, uint64_t seed) {
    static const uint32_t counts[] = {0, 1, 5, 5, 1};
    struct sim_plan *plan = draft->plan;
    struct sim_random stream;
    sim_draft_stream(&stream, seed, "replicas", NULL);
    size_t drawn = sim_random_weighted(&stream, counts, sizeof counts / sizeof *counts);
    uint32_t asked = draft->options->replicas;
    size_t count = asked > SIM_REPLICAS_MAX ? SIM_REPLICAS_MAX : asked > 0 ? asked : drawn;
    struct sim_replica_plan *replicas = vk_arena_alloc(&plan->arena, count * sizeof *replicas);
    draft->failed |= replicas == NULL;
    if (draft->failed) return;
    for (size_t i = 0; i < count; i++) {
        struct sim_replica_plan *r = &replicas[i];
        *r = (struct sim_replica_plan){.commit_every = 1};
        if (sim_random_one_in(&stream, 2))
            r->vats_online = (uint32_t)sim_random_between(&stream, 2, 5);
        if (sim_random_one_in(&stream, 2))
            r->commit_every = (uint32_t)sim_random_between(&stream, 2, 4);
        r->slowness = (uint32_t)sim_draft_log(&stream, 1, 10);
        r->no_preload = sim_random_one_in(&stream, 4);
        r->no_restart_after_snapshot = sim_random_one_in(&stream, 4);
        r->direct = sim_random_one_in(&stream, 32); /* it costs five times as much */
        r->frames = sim_random_one_in(&stream, 5);
    }
    plan->replicas = replicas;
    plan->replica_count = count;
}

/* Frames are garbled only where there are any. */
static void frame_what_is_garbled(struct sim_draft *draft) {
    struct sim_plan *plan = draft->plan;
    for (size_t i = 0; i < plan->fault_count; i++) {
        enum fault_kind kind = plan->faults[i].fault.kind;
        if (kind == FAULT_FRAME_GARBLED || kind == FAULT_FRAME_TRUNCATED ||
            kind == FAULT_FRAME_TWICE || kind == FAULT_FRAME_LATE)
            plan->replicas[plan->faults[i].replica].frames = true;
    }
}

enum vk_err sim_plan_generate(struct sim_plan *plan, const struct vk_heap *heap, uint64_t seed,
                              const struct sim_generate_options *options) {
    struct sim_draft draft = {.plan = plan, .options = options};
    VK_TRY(sim_plan_init(plan, heap));
    plan->has_seed = true;
    plan->seed = seed;
    draft.scale = options->scale > 0 ? options->scale : 1;
    sim_swarm_draw(&draft.swarm, seed, options);
    draw_kernel(&draft, seed);
    draw_vats(&draft, seed);
    draw_blocks(&draft, seed);
    if (!draft.failed) draw_workloads(&draft, seed);
    if (!draft.failed) sim_noise_vats(&draft, seed);
    if (!draft.failed) sim_noise_host(&draft, seed);
    if (!draft.failed) sim_draft_states(&draft, seed);
    write_introduction(&draft);
    if (!draft.failed) draw_vatstores(&draft, seed);
    draw_replicas(&draft, seed);
    if (!draft.failed) sim_draft_faults(&draft, seed);
    if (draft.failed) {
        sim_plan_release(plan);
        return VK_RAISE(VK_ERR_NOMEM, "the plan of seed %llu", (unsigned long long)seed);
    }
    frame_what_is_garbled(&draft);
    return VK_OK;
}
