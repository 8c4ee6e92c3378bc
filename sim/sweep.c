/* sweep.c - see sweep.h. */
#include "sweep.h"

#include "array.h"

#include <stdlib.h>

/* Faults that count their points in the clean run. Few points: each is struck. Many: each so-manieth. */
static const struct {
    enum fault_kind kind;
    bool is_many;
    bool by_syscall; /* k goes over the syscalls of the delivery */
    bool on_all;     /* a fault of the vat's: on every replica */
} swept[] = {
    {FAULT_HOST_KILLED, false, false, false},   {FAULT_WORKER_BEFORE, false, false, false},
    {FAULT_WORKER_SYSCALL, false, true, false}, {FAULT_WORKER_LAST, false, false, false},
    {FAULT_WORKER_RESULT, false, false, false}, {FAULT_WORKER_SNAPSHOT, false, false, false},
    {FAULT_VAT_OVERRUN, false, true, true},     {FAULT_HEAP, true, false, false},
    {FAULT_SQLITE_HEAP, true, false, false},    {FAULT_DISK_READ, true, false, false},
    {FAULT_DISK_WRITE, true, false, false},     {FAULT_DISK_SYNC, false, false, false},
    {FAULT_POWER_CUT, true, false, false},
};

enum { SWEPT = sizeof swept / sizeof *swept, SYSCALLS_MAX = 100 };

struct sim_sweep {
    const struct sim_plan *plan;
    uint64_t crank, every;
    struct {
        SIM_ARRAY(struct sim_sweep_variant);
    } variants;
    /* while counting */
    uint64_t asked[SWEPT];
    uint64_t with_kth[SYSCALLS_MAX + 1]; /* so many deliveries had a k-th syscall */
    uint64_t cranks, syscalls;
    enum vk_err err;
};

/* ---- counting */

static enum vk_err add_variant(struct sim_sweep *sweep, size_t row, uint64_t at, uint64_t k) {
    SIM_ARRAY_RESERVE(&sweep->variants);
    sweep->variants.at[sweep->variants.count++] =
        (struct sim_sweep_variant){swept[row].kind, sweep->cranks, at, k};
    return VK_OK;
}

static enum vk_err add_points(struct sim_sweep *sweep, size_t row, uint64_t from, uint64_t to) {
    uint64_t step = swept[row].is_many ? sweep->every : 1;
    for (uint64_t at = from + 1; at <= to; at += step)
        VK_TRY(add_variant(sweep, row, at, 0));
    return VK_OK;
}

/* A crank's syscalls are taken for those of one delivery. */
static enum vk_err add_syscalls(struct sim_sweep *sweep, uint64_t syscalls, bool is_wanted) {
    for (uint64_t k = 1; k <= syscalls && k <= SYSCALLS_MAX; k++) {
        uint64_t at = ++sweep->with_kth[k];
        for (size_t row = 0; row < SWEPT && is_wanted; row++)
            if (swept[row].by_syscall) VK_TRY(add_variant(sweep, row, at, k));
    }
    return VK_OK;
}

static enum vk_err count_since(struct sim_sweep *sweep, struct sim_replica *replica) {
    const struct fault_set *faults = sim_replica_faults(replica);
    uint64_t syscalls = sim_replica_workers_counts(replica).syscalls;
    bool is_crank = sim_replica_point(replica)->is_crank;
    bool is_wanted = sweep->crank == UINT64_MAX || (is_crank && sweep->crank == sweep->cranks);
    for (size_t row = 0; row < SWEPT; row++) {
        uint64_t asked = faults->faults[row].asked;
        if (is_wanted && !swept[row].by_syscall)
            VK_TRY(add_points(sweep, row, sweep->asked[row], asked));
        sweep->asked[row] = asked;
    }
    VK_TRY(add_syscalls(sweep, syscalls - sweep->syscalls, is_wanted));
    sweep->syscalls = syscalls;
    sweep->cranks += is_crank;
    return VK_OK;
}

/* A point was reached: what was asked since the last one belongs to this crank, or, between cranks, to a commit or a start. */
static void count_point(void *impl, struct sim_replica *replica) {
    struct sim_sweep *sweep = impl;
    if (sweep->err == VK_OK) sweep->err = count_since(sweep, replica);
}

/* The plan with its own faults left out, on `replicas` replicas like its first, with these faults. */
static struct sim_plan variant_of(const struct sim_plan *plan, struct sim_replica_plan *replicas,
                                  size_t replica_count, struct sim_fault_plan *faults,
                                  size_t fault_count) {
    struct sim_plan variant = *plan;
    for (size_t i = 0; i < replica_count; i++)
        replicas[i] = plan->replicas[0];
    variant.replicas = replicas;
    variant.replica_count = replica_count;
    variant.faults = faults;
    variant.fault_count = fault_count;
    return variant;
}

static const struct sim_run_options run_options = {.off = {[SIM_ORACLE_TWICE] = true}};

static enum vk_err count_points(struct sim_sweep *sweep, struct sim_run_result *clean) {
    struct sim_replica_plan replica[1];
    struct sim_fault_plan faults[SWEPT];
    struct sim_run_options options = run_options;
    for (size_t row = 0; row < SWEPT; row++)
        faults[row] = (struct sim_fault_plan){
            0, {.kind = swept[row].kind, .vat = FAULT_ANY_VAT, .at = UINT64_MAX / 2, .repeat = 1}};
    const struct sim_plan plan = variant_of(sweep->plan, replica, 1, faults, SWEPT);
    options.impl = sweep;
    options.at_point = count_point;
    VK_TRY(sim_run(&plan, &options, clean));
    return sweep->err;
}

enum vk_err sim_sweep_prepare(const struct sim_plan *plan, uint64_t crank, uint64_t every,
                              struct sim_sweep **out, struct sim_run_result *clean) {
    struct sim_sweep *sweep = calloc(1, sizeof *sweep);
    *out = NULL;
    if (!sweep) return VK_RAISE(VK_ERR_NOMEM, "sweep");
    sweep->plan = plan;
    sweep->crank = crank;
    sweep->every = every;
    enum vk_err err = count_points(sweep, clean);
    if (err != VK_OK)
        sim_sweep_free(sweep);
    else
        *out = sweep;
    return err;
}

void sim_sweep_free(struct sim_sweep *sweep) {
    if (!sweep) return;
    sim_array_free(sweep->variants.at);
    free(sweep);
}

size_t sim_sweep_count(const struct sim_sweep *sweep) { return sweep->variants.count; }

const struct sim_sweep_variant *sim_sweep_variant(const struct sim_sweep *sweep, size_t i) {
    VK_ASSERT(i < sweep->variants.count); /* INV-SWEEP-1 */
    return &sweep->variants.at[i];
}

/* ---- variants */

enum { REPLICAS = 2 };

struct variant_parts {
    struct sim_replica_plan replicas[REPLICAS];
    struct sim_fault_plan faults[REPLICAS];
    struct sim_plan plan;
};

static bool is_on_all(enum fault_kind kind) {
    for (size_t row = 0; row < SWEPT; row++)
        if (swept[row].kind == kind) return swept[row].on_all;
    return false;
}

static void make_variant(const struct sim_sweep *sweep, size_t i, struct variant_parts *parts) {
    const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
    const struct fault fault = {.kind = variant->kind,
                                .vat = FAULT_ANY_VAT,
                                .at = variant->at,
                                .repeat = 1,
                                .k = variant->k};
    parts->faults[0] = (struct sim_fault_plan){1, fault};
    parts->faults[1] = (struct sim_fault_plan){0, fault};
    parts->plan = variant_of(sweep->plan, parts->replicas, REPLICAS, parts->faults,
                             is_on_all(variant->kind) ? 2 : 1);
}

enum vk_err sim_sweep_run(const struct sim_sweep *sweep, size_t i, struct sim_run_result *result,
                          bool *struck) {
    struct variant_parts parts;
    make_variant(sweep, i, &parts);
    VK_TRY(sim_run(&parts.plan, &run_options, result));
    *struck = result->hits[sim_sweep_variant(sweep, i)->kind] > 0;
    return VK_OK;
}

enum vk_err sim_sweep_plan_text(const struct sim_sweep *sweep, size_t i, struct vk_arena *arena,
                                struct vk_str *text) {
    struct variant_parts parts;
    make_variant(sweep, i, &parts);
    return sim_plan_write(&parts.plan, arena, text);
}
