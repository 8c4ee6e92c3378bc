/* sweep.c - see sweep.h. */
#include "sweep.h"

#include "array.h"
#include "vk/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the points of a kind come from. */
enum counted {
    COUNTED_EACH,     /* wherever the clean run was asked about it */
    COUNTED_MANY,     /* the same, but only each so-manieth is struck */
    COUNTED_SYSCALLS, /* k goes over the syscalls of each delivery */
    COUNTED_METERS,   /* k is near what the delivery's meter holds */
};

static const struct {
    enum fault_kind kind;
    enum sim_sweep_mode mode; /* crash: on one replica; else the vat's doing, on every one */
    enum counted counted;
} swept[] = {
    {FAULT_HOST_KILLED, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_WORKER_BEFORE, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_WORKER_SYSCALL, SIM_SWEEP_CRASH, COUNTED_SYSCALLS},
    {FAULT_WORKER_LAST, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_WORKER_RESULT, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_WORKER_SNAPSHOT, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_FRAME_TRUNCATED, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_VAT_OVERRUN, SIM_SWEEP_ABORT, COUNTED_SYSCALLS},
    {FAULT_VAT_AT_ONCE, SIM_SWEEP_TICK, COUNTED_EACH},
    {FAULT_VAT_SPENDS, SIM_SWEEP_TICK, COUNTED_METERS},
    {FAULT_HEAP, SIM_SWEEP_CRASH, COUNTED_MANY},
    {FAULT_SQLITE_HEAP, SIM_SWEEP_CRASH, COUNTED_MANY},
    {FAULT_DISK_READ, SIM_SWEEP_CRASH, COUNTED_MANY},
    {FAULT_DISK_WRITE, SIM_SWEEP_CRASH, COUNTED_MANY},
    {FAULT_DISK_SYNC, SIM_SWEEP_CRASH, COUNTED_EACH},
    {FAULT_POWER_CUT, SIM_SWEEP_CRASH, COUNTED_MANY},
};

enum {
    SWEPT = sizeof swept / sizeof *swept,
    SYSCALLS_MAX = 100, /* of a delivery */
    COUNTERS = SWEPT + SYSCALLS_MAX - 1,
};

/* A meter that holds more cannot be used up in a run. */
#define COMPUTRONS_MAX UINT64_C(1000000000000)

struct meter {
    uint64_t remaining, threshold;
    bool is_limited;
};

struct sim_sweep {
    const struct sim_plan *plan;
    struct sim_sweep_options options;
    struct {
        SIM_ARRAY(struct sim_sweep_variant);
    } variants;
    /* While counting. */
    struct vk_arena arena;
    uint64_t asked[COUNTERS]; /* until the point before */
    struct {
        SIM_ARRAY(struct meter);
    } meters; /* as they were at the point before; m1 first */
    uint64_t cranks;
    enum vk_err err;
};

const char *sim_sweep_mode_word(enum sim_sweep_mode mode) {
    static const char *const words[] = {"crash", "abort", "tick"};
    VK_ASSERT(mode < SIM_SWEEP_MODE_COUNT); /* INV-SWEEP-1 */
    return words[mode];
}

/* ---- counting
 *
 * Faults that never strike count in the clean run how often they are asked: one for each row, and after them one for each k
 * of those that number the syscalls of a delivery. */

static size_t counter_of_syscall(uint64_t k) {
    for (size_t row = 0; k == 1 && row < SWEPT; row++)
        if (swept[row].counted == COUNTED_SYSCALLS) return row;
    return SWEPT + (size_t)k - 2;
}

static void arm_counters(struct sim_fault_plan faults[COUNTERS]) {
    const size_t first = counter_of_syscall(1);
    for (size_t i = 0; i < COUNTERS; i++) {
        const struct fault counter = {.kind = swept[i < SWEPT ? i : first].kind,
                                      .vat = FAULT_ANY_VAT,
                                      .at = UINT64_MAX / 2,
                                      .repeat = 1,
                                      .k = i < SWEPT ? 1 : i - SWEPT + 2};
        faults[i] = (struct sim_fault_plan){0, counter};
    }
}

/* A crank, or what came between two, and what was asked in it. */
struct stretch {
    const struct sim_point *point;
    uint64_t from[COUNTERS], to[COUNTERS];
    struct meter charged; /* limited: the crank's delivery came off it */
};

static enum vk_err add_variant(struct sim_sweep *sweep, const struct stretch *stretch, size_t row,
                               uint64_t at, uint64_t k, enum sim_sweep_demand demand) {
    SIM_ARRAY_RESERVE(&sweep->variants);
    sweep->variants.at[sweep->variants.count++] =
        (struct sim_sweep_variant){.mode = swept[row].mode,
                                   .kind = swept[row].kind,
                                   .demand = demand,
                                   .crank = sweep->cranks,
                                   .point = stretch->point->number,
                                   .at = at,
                                   .k = k};
    return VK_OK;
}

/* A second delivery in a crank is the bringOutYourDead before a snapshot, and an upgrade has two of its own: what becomes of
 * the crank when one of those fails is a matter by itself. */
static bool is_the_cranks_own(const struct stretch *stretch, uint64_t nth) {
    bool is_upgrade = strcmp(stretch->point->crank.event, "upgrade-vat") == 0;
    return stretch->point->is_crank && !is_upgrade && nth == 1;
}

static enum sim_sweep_demand demand_of(const struct stretch *stretch, uint64_t nth, bool runs_out) {
    if (!is_the_cranks_own(stretch, nth)) return SIM_SWEEP_ANYTHING;
    return runs_out || stretch->point->crank.aborted ? SIM_SWEEP_ABORTED : SIM_SWEEP_NOT_ABORTED;
}

/* A crank that was aborted because its meter ran out goes well when it costs less, unless there was another reason. */
static enum sim_sweep_demand demand_of_cost(const struct stretch *stretch, uint64_t nth,
                                            uint64_t cost) {
    uint64_t remaining = stretch->charged.remaining;
    if (stretch->point->crank.computrons > remaining && cost <= remaining)
        return SIM_SWEEP_ANYTHING;
    return demand_of(stretch, nth, cost > remaining);
}

static enum vk_err add_each(struct sim_sweep *sweep, const struct stretch *stretch, size_t row) {
    uint64_t step = swept[row].counted == COUNTED_MANY ? sweep->options.every : 1;
    bool is_crash = swept[row].mode == SIM_SWEEP_CRASH;
    for (uint64_t at = stretch->from[row] + 1; at <= stretch->to[row]; at += step) {
        uint64_t nth = at - stretch->from[row];
        VK_TRY(add_variant(sweep, stretch, row, at, 0,
                           is_crash ? SIM_SWEEP_ANYTHING : demand_of(stretch, nth, true)));
    }
    return VK_OK;
}

/* Which of two deliveries made a k-th syscall nobody counted, so that nothing is demanded of them. */
static enum vk_err add_syscalls(struct sim_sweep *sweep, const struct stretch *stretch,
                                size_t row) {
    size_t first = counter_of_syscall(1);
    bool is_crash = swept[row].mode == SIM_SWEEP_CRASH;
    bool is_clear = !is_crash && stretch->to[first] - stretch->from[first] == 1;
    enum sim_sweep_demand demand = is_clear ? demand_of(stretch, 1, true) : SIM_SWEEP_ANYTHING;
    for (uint64_t k = 1; k <= SYSCALLS_MAX; k++) {
        size_t counter = counter_of_syscall(k);
        for (uint64_t at = stretch->from[counter] + 1; at <= stretch->to[counter]; at++)
            VK_TRY(add_variant(sweep, stretch, row, at, k, demand));
    }
    return VK_OK;
}

static enum vk_err add_meter(struct sim_sweep *sweep, const struct stretch *stretch, size_t row) {
    const struct meter *meter = &stretch->charged;
    if (!meter->is_limited) return VK_OK;
    bool is_noticed = meter->threshold > 0 && meter->remaining > meter->threshold;
    const uint64_t above = is_noticed ? meter->remaining - meter->threshold : 0;
    const uint64_t costs[] = {meter->remaining, meter->remaining + 1, above, above + 1};
    size_t count = is_noticed ? 4 : 2;
    for (uint64_t at = stretch->from[row] + 1; at <= stretch->to[row]; at++)
        for (size_t i = 0; i < count; i++)
            if (costs[i] > 0) /* no cost at all is one that is not known */
                VK_TRY(add_variant(sweep, stretch, row, at, costs[i],
                                   demand_of_cost(stretch, at - stretch->from[row], costs[i])));
    return VK_OK;
}

static enum vk_err add_points(struct sim_sweep *sweep, const struct stretch *stretch) {
    for (size_t row = 0; row < SWEPT; row++) {
        if (swept[row].counted == COUNTED_SYSCALLS)
            VK_TRY(add_syscalls(sweep, stretch, row));
        else if (swept[row].counted == COUNTED_METERS)
            VK_TRY(add_meter(sweep, stretch, row));
        else
            VK_TRY(add_each(sweep, stretch, row));
    }
    return VK_OK;
}

/* ---- meters */

static enum vk_err read_number(struct sim_sweep *sweep, struct vk_store *store, size_t meter,
                               const char *what, uint64_t *number, bool *found) {
    struct vk_str key, text;
    VK_TRY(vk_arena_format(&sweep->arena, &key, "m%zu.%s", meter, what));
    VK_TRY(vk_module_of(store)->store_get(store, &sweep->arena, key, &text));
    *found = text.p && vk_str_to_u64(text, number);
    return VK_OK;
}

static enum vk_err read_meter(struct sim_sweep *sweep, struct vk_store *store, size_t number,
                              struct meter *meter, bool *exists) {
    bool has_remaining;
    *meter = (struct meter){0};
    VK_TRY(read_number(sweep, store, number, "threshold", &meter->threshold, exists));
    VK_TRY(read_number(sweep, store, number, "remaining", &meter->remaining, &has_remaining));
    meter->is_limited = has_remaining && meter->remaining < COMPUTRONS_MAX;
    return VK_OK;
}

/* *charged: the meter that the crank's computrons were taken off, as it was before. */
static enum vk_err look_at_meters(struct sim_sweep *sweep, struct vk_store *store,
                                  const struct vk_crank_result *crank, struct meter *charged) {
    struct meter meter;
    bool exists;
    uint64_t spent = crank->metered ? crank->computrons : 0;
    vk_arena_clear(&sweep->arena);
    for (size_t i = 0;; i++) {
        VK_TRY(read_meter(sweep, store, i + 1, &meter, &exists));
        if (!exists) return VK_OK;
        if (i == sweep->meters.count) {
            SIM_ARRAY_RESERVE(&sweep->meters);
            sweep->meters.at[sweep->meters.count++] = meter;
        }
        struct meter *was = &sweep->meters.at[i];
        uint64_t left = was->remaining > spent ? was->remaining - spent : 0;
        if (meter.remaining < was->remaining && meter.remaining == left) *charged = *was;
        *was = meter;
    }
}

static enum vk_err count_since(struct sim_sweep *sweep, struct sim_replica *replica) {
    struct fault_set *faults = sim_replica_faults(replica);
    struct stretch stretch = {.point = sim_replica_point(replica)};
    bool is_crank = stretch.point->is_crank;
    for (size_t i = 0; i < COUNTERS; i++) {
        stretch.from[i] = sweep->asked[i];
        stretch.to[i] = sweep->asked[i] = faults->faults[i].asked;
    }
    bool suspended = faults->suspended;
    faults->suspended = true; /* INV-REPLICA-2 */
    enum vk_err err =
        look_at_meters(sweep, sim_replica_store(replica), &stretch.point->crank, &stretch.charged);
    faults->suspended = suspended;
    bool is_wanted =
        sweep->options.crank == UINT64_MAX || (is_crank && sweep->options.crank == sweep->cranks);
    if (err == VK_OK && is_wanted) err = add_points(sweep, &stretch);
    sweep->cranks += is_crank;
    return err;
}

/* A point was reached: what was asked since the last one belongs to this crank, or, between cranks, to a commit or a start. */
static void count_point(void *impl, struct sim_replica *replica) {
    struct sim_sweep *sweep = impl;
    if (sweep->err == VK_OK) sweep->err = count_since(sweep, replica);
}

/* The plan with its own faults left out, on `replica_count` replicas, with these faults. Those that the plan does not have
 * are like its first. */
static struct sim_plan variant_of(const struct sim_plan *plan,
                                  struct sim_replica_plan replicas[SIM_REPLICAS_MAX],
                                  size_t replica_count, struct sim_fault_plan *faults,
                                  size_t fault_count) {
    struct sim_plan variant = *plan;
    variant.expect = (struct sim_plan_expect){.outcome = SIM_EXPECT_OK};
    for (size_t i = 0; i < replica_count; i++)
        replicas[i] = plan->replicas[i < plan->replica_count ? i : 0];
    variant.replicas = replicas;
    variant.replica_count = replica_count;
    variant.faults = faults;
    variant.fault_count = fault_count;
    return variant;
}

static struct sim_run_options run_options(const struct sim_sweep *sweep) {
    return (struct sim_run_options){.module = sweep->options.module,
                                    .off = {[SIM_ORACLE_TWICE] = true}};
}

static enum vk_err count_points(struct sim_sweep *sweep, struct sim_run_result *clean) {
    struct sim_replica_plan replicas[SIM_REPLICAS_MAX];
    struct sim_fault_plan faults[COUNTERS];
    struct sim_run_options options = run_options(sweep);
    arm_counters(faults);
    const struct sim_plan plan = variant_of(sweep->plan, replicas, 1, faults, COUNTERS);
    options.impl = sweep;
    options.at_point = count_point;
    VK_TRY(sim_run(&plan, &options, clean));
    return sweep->err;
}

enum vk_err sim_sweep_prepare(const struct sim_plan *plan, const struct sim_sweep_options *options,
                              struct sim_sweep **out, struct sim_run_result *clean) {
    struct sim_sweep *sweep = calloc(1, sizeof *sweep);
    *out = NULL;
    if (!sweep) return VK_RAISE(VK_ERR_NOMEM, "sweep");
    VK_ASSERT(options->every > 0); /* INV-SWEEP-1 */
    sweep->plan = plan;
    sweep->options = *options;
    vk_arena_init(&sweep->arena, vk_heap_system());
    enum vk_err err = count_points(sweep, clean);
    if (err != VK_OK)
        sim_sweep_free(sweep);
    else
        *out = sweep;
    return err;
}

void sim_sweep_keep(struct sim_sweep *sweep, const bool faults[FAULT_KIND_COUNT]) {
    size_t kept = 0;
    for (size_t i = 0; i < sweep->variants.count; i++)
        if (faults[sweep->variants.at[i].kind]) sweep->variants.at[kept++] = sweep->variants.at[i];
    VK_ASSERT(kept <= sweep->variants.count); /* INV-SWEEP-1 */
    sweep->variants.count = kept;
}

void sim_sweep_free(struct sim_sweep *sweep) {
    if (!sweep) return;
    vk_arena_release(&sweep->arena);
    sim_array_free(sweep->meters.at);
    sim_array_free(sweep->variants.at);
    free(sweep);
}

size_t sim_sweep_count(const struct sim_sweep *sweep) { return sweep->variants.count; }

const struct sim_sweep_variant *sim_sweep_variant(const struct sim_sweep *sweep, size_t i) {
    VK_ASSERT(i < sweep->variants.count); /* INV-SWEEP-1 */
    return &sweep->variants.at[i];
}

/* ---- variants */

enum { REPLICAS_MIN = 2 };

struct variant_parts {
    struct sim_replica_plan replicas[SIM_REPLICAS_MAX];
    struct sim_fault_plan faults[SIM_REPLICAS_MAX];
    struct sim_plan plan;
};

static void make_variant(const struct sim_sweep *sweep, size_t i, struct variant_parts *parts) {
    const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
    const struct fault fault = {.kind = variant->kind,
                                .vat = FAULT_ANY_VAT,
                                .at = variant->at,
                                .repeat = 1,
                                .k = variant->k};
    size_t count = sweep->plan->replica_count;
    if (count < REPLICAS_MIN) count = REPLICAS_MIN;
    for (uint32_t replica = 0; replica < count; replica++)
        parts->faults[replica] = (struct sim_fault_plan){replica, fault};
    parts->plan = variant_of(sweep->plan, parts->replicas, count, parts->faults,
                             variant->mode == SIM_SWEEP_CRASH ? 1 : count);
}

/* INV-SWEEP-2, seen as the struck crank is done. */
struct watch {
    const struct sim_sweep_variant *variant;
    bool failed;
    struct sim_failure failure;
};

static void watch_point(void *impl, struct sim_replica *replica) {
    struct watch *watch = impl;
    const struct sim_sweep_variant *variant = watch->variant;
    const struct sim_point *point = sim_replica_point(replica);
    if (point->number != variant->point || watch->failed) return;
    bool wanted = variant->demand == SIM_SWEEP_ABORTED;
    if (point->crank.aborted == wanted) return;
    watch->failed = true;
    sim_failure_set(&watch->failure, SIM_ORACLE_CLASS, replica, fault_word(variant->kind),
                    wanted ? "its meter ran out, and the crank was not aborted"
                           : "its meter held enough, and the crank was aborted");
}

enum vk_err sim_sweep_run(const struct sim_sweep *sweep, size_t i, struct sim_run_result *result,
                          bool *struck) {
    const struct sim_sweep_variant *variant = sim_sweep_variant(sweep, i);
    struct variant_parts parts;
    struct watch watch = {.variant = variant};
    struct sim_run_options options = run_options(sweep);
    make_variant(sweep, i, &parts);
    options.impl = &watch;
    if (variant->demand != SIM_SWEEP_ANYTHING) options.at_point = watch_point;
    VK_TRY(sim_run(&parts.plan, &options, result));
    *struck = result->hits[variant->kind] > 0;
    if (*struck && watch.failed && !result->failed) {
        result->failed = true;
        result->failure = watch.failure;
    }
    return VK_OK;
}

enum vk_err sim_sweep_plan_text(const struct sim_sweep *sweep, size_t i, struct vk_arena *arena,
                                struct vk_str *text) {
    struct variant_parts parts;
    make_variant(sweep, i, &parts);
    return sim_plan_write(&parts.plan, arena, text);
}
