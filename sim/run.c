/* run.c - see run.h. */
#include "run.h"

#include "array.h"
#include "fault_hits.h"
#include "faults/sqlite_heap_fault.h"
#include "flight_recorder.h"
#include "mem_disk.h"
#include "plan_host.h"
#include "schedule.h"
#include "state_diff.h"
#include "vk/module.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    POINTS_MAX = 200000,
    CRANKS_AT_A_TIME_MAX = 8000, /* and eight for each operation of the plan */
    VAIN_STARTS_MAX = 12,
    AUDIT_EVERY = 32, /* points */
    MEMORY_EVERY = 16,
};

/* What every replica must show at a point. */
struct seen {
    struct vk_state_hash state_hash;
    char activityhash[VK_HASH_HEX];
    const char *event;
    uint64_t computrons;
    bool struck;  /* by a fault that was to make it differ, in this very crank */
    uint32_t by;  /* the replica that came first */
    bool revised; /* uncommitted, and people have decided otherwise: whoever is next says anew */
};

/* A node, and what the run keeps of it. */
struct node {
    struct sim_replica *replica;
    uint64_t inputs_at;       /* the point of the host's newest word */
    uint64_t hits_at_start;   /* of faults that stop it later, when its process began */
    uint64_t divergence_hits; /* so many times it was made to differ */
    uint64_t struck_at;       /* the point at which it was so last */
    bool waits_for_calm;      /* stays down until faults stop */
};

struct run {
    const struct sim_plan *plan;
    const struct sim_run_options *options;
    struct sim_run_result *result;
    struct sim_schedule schedule;
    struct node nodes[SIM_REPLICAS_MAX];
    struct {
        SIM_ARRAY(struct seen);
    } points;
    uint64_t cranks_max; /* at a time */
    bool calm;           /* faults have stopped */
    XXH3_state_t hash;
    const struct run_probe *probe; /* run only to look at a state: stop there */
    bool probed;
};

/* The state of a replica at a point, from a run of its own. */
struct run_probe {
    uint32_t replica;
    uint64_t point;
    struct sim_state_copy *copy;
};

static enum vk_err run_whole(const struct sim_plan *plan, const struct sim_run_options *options,
                             const struct run_probe *probe, struct sim_run_result *result);

static bool is_on(const struct run *run, enum sim_oracle oracle) {
    return !run->options->off[oracle] && !run->probe;
}

/* A demand that nothing was held to is not met. */
static void note_asked(struct run *run, enum sim_oracle oracle) {
    if (is_on(run, oracle)) run->result->asked[oracle] = true;
}

static void read_flight(const struct sim_replica *replica, struct sim_flight_tail *tail) {
    sim_flight_tail_read(sim_flight_bytes(sim_replica_flight(replica)), tail);
}

static void fail(struct run *run, const struct sim_failure *failure) {
    if (run->result->failed) return; /* the first says most */
    note_asked(run, failure->oracle);
    run->result->failed = true;
    run->result->failure = *failure;
    read_flight(run->nodes[failure->replica].replica, &run->result->failure.flight);
}

/* A database that rotted is not the kernel's fault; that somebody noticed is what is asked for. */
static bool has_rotted(const struct node *node) {
    const struct fault_set *faults = sim_replica_faults(node->replica);
    for (size_t i = 0; i < faults->count; i++)
        if (faults->faults[i].kind == FAULT_BIT_ROT && faults->faults[i].hits) return true;
    return false;
}

static void halt(struct run *run, struct node *node) {
    sim_replica_set_state(node->replica, SIM_REPLICA_HALTED);
    run->result->halted++;
}

/* A failure that is seen on a node. */
static void fail_on(struct run *run, struct node *node, const struct sim_failure *failure) {
    if (has_rotted(node))
        halt(run, node);
    else
        fail(run, failure);
}

/* ---- faults that a node has had */

static uint64_t hits_that_stop(const struct node *node, enum sim_fault_stops when) {
    return sim_fault_hits_that_stop(sim_replica_faults(node->replica), when);
}

/* A vat that reads the clock makes every replica differ from every other. */
static uint64_t divergence_hits(const struct node *node) {
    return sim_fault_hits_of(sim_replica_faults(node->replica), FAULT_DIVERGENCE) +
           sim_replica_workers_counts(node->replica).ops[SIM_OP_READ_CLOCK];
}

/* ---- points */

static enum vk_err explain(struct run *run, const struct node *node, uint32_t other,
                           struct sim_failure *failure) {
    struct sim_state_copy mine, others;
    const struct run_probe probe = {other, failure->point, &others};
    struct sim_run_result ignored;
    sim_state_copy_init(&mine);
    sim_state_copy_init(&others);
    enum vk_err err = sim_state_copy_take(&mine, sim_replica_store(node->replica));
    if (err == VK_OK) err = run_whole(run->plan, run->options, &probe, &ignored);
    if (err == VK_OK) sim_state_diff(&others, &mine, failure);
    sim_state_copy_release(&mine);
    sim_state_copy_release(&others);
    return err;
}

static const char *difference(const struct seen *seen, const struct vk_crank_result *crank) {
    if (strcmp(seen->event, crank->event) != 0) return "event";
    if (seen->state_hash.low != crank->state_hash.low ||
        seen->state_hash.high != crank->state_hash.high)
        return "state hash";
    if (seen->computrons != (crank->metered ? crank->computrons : 0)) return "computrons";
    return memcmp(seen->activityhash, crank->activityhash, VK_HASH_HEX) != 0 ? "activityhash"
                                                                             : NULL;
}

/* It differs and is meant to. `struck`: in this very crank, as it must be noticed. */
static void diverge(struct run *run, struct node *node, uint64_t point, bool struck) {
    struct sim_failure failure;
    if (!struck && is_on(run, SIM_ORACLE_CLASS)) {
        sim_failure_set(&failure, SIM_ORACLE_CLASS, node->replica, "noticed-late",
                        "was made to differ at point %llu or before, which was noticed at %llu",
                        (unsigned long long)node->struck_at, (unsigned long long)point);
        fail(run, &failure);
    }
    run->result->diverged = true;
    run->result->diverged_at = point;
    sim_replica_set_state(node->replica, SIM_REPLICA_DIVERGED);
}

/* The replica that came to a point first is no standard any more, nor is what it showed from there on. */
static void forget_from(struct run *run, uint64_t point) { run->points.count = (size_t)point; }

/* If somebody was made to differ, that one is out; else it is a failure. */
static enum vk_err differs(struct run *run, struct node *node, const char *in) {
    const struct sim_point *point = sim_replica_point(node->replica);
    struct seen *seen = &run->points.at[point->number];
    struct node *first = &run->nodes[seen->by];
    struct sim_failure failure;
    if (has_rotted(node)) {
        halt(run, node);
    } else if (node->divergence_hits) {
        diverge(run, node, point->number, node->struck_at == point->number);
    } else if (has_rotted(first)) {
        halt(run, first);
        forget_from(run, point->number);
    } else if (first->divergence_hits) {
        diverge(run, first, point->number, seen->struck);
        forget_from(run, point->number);
    } else if (is_on(run, SIM_ORACLE_REPLICAS)) {
        sim_failure_set(&failure, SIM_ORACLE_REPLICAS, node->replica, in,
                        "its %s is another one than replica %u had", in, seen->by);
        fail(run, &failure);
        return explain(run, node, seen->by, &run->result->failure);
    }
    return VK_OK;
}

static void count(struct sim_run_result *result, const struct sim_point *point) {
    const struct vk_crank_result *crank = &point->crank;
    result->cranks += point->is_crank;
    result->deliveries += crank->kind == VK_CRANK_DELIVERY;
    result->aborted += crank->aborted;
    result->directed_cranks += crank->directed;
    result->terminated += crank->terminated;
}

static void hash(struct run *run, const struct sim_point *point) {
    const struct vk_crank_result *crank = &point->crank;
    XXH3_128bits_update(&run->hash, &crank->state_hash, sizeof crank->state_hash);
    XXH3_128bits_update(&run->hash, crank->activityhash, VK_HASH_HEX);
    XXH3_128bits_update(&run->hash, &crank->computrons, sizeof crank->computrons);
    XXH3_128bits_update(&run->hash, crank->event, strlen(crank->event));
}

/* Whether nobody has come to a point yet of whom something could be said there. */
static bool is_new(const struct run *run, const struct sim_point *point) {
    return point->number >= run->points.count || run->points.at[point->number].revised;
}

static enum vk_err compare(struct run *run, struct node *node, uint32_t index) {
    const struct sim_point *point = sim_replica_point(node->replica);
    const struct vk_crank_result *crank = &point->crank;
    uint64_t hits = divergence_hits(node), before = node->divergence_hits;
    if (hits > before) node->struck_at = point->number;
    node->divergence_hits = hits;
    if (!is_new(run, point)) {
        note_asked(run, SIM_ORACLE_REPLICAS);
        const char *in = difference(&run->points.at[point->number], crank);
        if (in) VK_TRY(differs(run, node, in));
        if (point->number < run->points.count) return VK_OK;
    }
    VK_ASSERT(point->number <= run->points.count); /* INV-RUN-1: points come one after the other */
    if (point->number == run->points.count) {
        SIM_ARRAY_RESERVE(&run->points);
        run->points.count++;
        count(run->result, point);
    }
    struct seen *seen = &run->points.at[point->number];
    *seen = (struct seen){.state_hash = crank->state_hash,
                          .event = crank->event,
                          .computrons = crank->metered ? crank->computrons : 0,
                          .struck = hits > before,
                          .by = index};
    memcpy(seen->activityhash, crank->activityhash, VK_HASH_HEX);
    hash(run, point);
    return VK_OK;
}

/* ---- oracles at a point */

typedef enum vk_err (*oracle_check)(struct sim_replica *replica, struct sim_failure *failure,
                                    bool *failed);

static enum vk_err check(struct run *run, struct node *node, enum sim_oracle oracle,
                         oracle_check check_it) {
    struct sim_failure failure;
    bool failed;
    bool is_up = sim_replica_store(node->replica) != NULL;
    if (!is_on(run, oracle) || run->result->failed || !is_up) return VK_OK;
    note_asked(run, oracle);
    struct fault_set *faults = sim_replica_faults(node->replica);
    bool suspended = faults->suspended;
    faults->suspended = true; /* INV-REPLICA-2 */
    enum vk_err err = check_it(node->replica, &failure, &failed);
    faults->suspended = suspended;
    if (err == VK_ERR_CORRUPT && has_rotted(node)) {
        halt(run, node);
        return VK_OK;
    }
    if (err == VK_OK && failed) fail_on(run, node, &failure);
    return err;
}

/* Whether an oracle that looks at some cranks looks at this one. */
static bool is_looked_at(const struct run *run, const struct sim_point *point, uint64_t every) {
    if (run->options->check_every) every = run->options->check_every;
    return point->is_crank && (point->crank.aborted || point->number % every == 0);
}

static enum vk_err check_point(struct run *run, struct node *node, bool first) {
    const struct sim_point *point = sim_replica_point(node->replica);
    VK_TRY(check(run, node, SIM_ORACLE_ROLLBACK, sim_oracle_rollback));
    if (point->is_crank) VK_TRY(check(run, node, SIM_ORACLE_CLASS, sim_oracle_verdict));
    VK_TRY(check(run, node, SIM_ORACLE_ACCOUNT, sim_oracle_account));
    if (is_looked_at(run, point, MEMORY_EVERY))
        VK_TRY(check(run, node, SIM_ORACLE_MEMORY, sim_oracle_memory));
    if (!first) return VK_OK; /* the same state was looked at on another replica */
    if (is_looked_at(run, point, AUDIT_EVERY))
        VK_TRY(check(run, node, SIM_ORACLE_AUDIT, sim_oracle_audit));
    if (!point->is_crank) VK_TRY(check(run, node, SIM_ORACLE_HASH, sim_oracle_hash));
    return VK_OK;
}

/* No plan in its senses goes on for so long, in all or since the host's newest word: that is one commit's, in memory. */
static bool is_endless(const struct run *run, struct node *node, const struct sim_point *point) {
    if (!point->is_crank || point->number < node->inputs_at) node->inputs_at = point->number;
    return point->number >= POINTS_MAX || point->number - node->inputs_at > run->cranks_max;
}

static enum vk_err arrived(struct run *run, struct node *node, uint32_t index) {
    const struct sim_point *point = sim_replica_point(node->replica);
    bool first = is_new(run, point);
    if (is_endless(run, node, point)) {
        struct sim_failure failure;
        sim_failure_set(&failure, SIM_ORACLE_LIVENESS, node->replica, "endless",
                        "no rest after %llu cranks", (unsigned long long)point->number);
        fail(run, &failure);
        return VK_OK;
    }
    VK_TRY(compare(run, node, index));
    if (!sim_replica_store(node->replica)) return VK_OK; /* it diverged, or was seen to be rotten */
    if (run->probe && run->probe->replica == index && run->probe->point == point->number) {
        run->probed = true;
        return sim_state_copy_take(run->probe->copy, sim_replica_store(node->replica));
    }
    if (run->options->at_point && !run->probe)
        run->options->at_point(run->options->impl, node->replica);
    return check_point(run, node, first);
}

/* ---- nodes that go down */

static void went_down(struct run *run, struct node *node, bool is_to_stop) {
    struct sim_failure failure;
    const struct fault_set *faults = sim_replica_faults(node->replica);
    bool struck = is_to_stop || hits_that_stop(node, SIM_FAULT_STOPS_LATER) > node->hits_at_start;
    bool may_halt = sim_fault_hits_of(faults, FAULT_HALT) > 0;
    if (!struck && !may_halt && is_on(run, SIM_ORACLE_CLASS)) {
        sim_failure_set(&failure, SIM_ORACLE_CLASS, node->replica,
                        vk_err_name(sim_replica_error(node->replica)),
                        "went down, but no fault had struck: %s",
                        sim_replica_error_text(node->replica));
        fail(run, &failure);
    }
    if (sim_replica_vain_starts(node->replica) < VAIN_STARTS_MAX) return;
    if (may_halt) {
        halt(run, node);
    } else if (!run->calm) {
        node->waits_for_calm = true;
    } else if (is_on(run, SIM_ORACLE_LIVENESS)) {
        sim_failure_set(&failure, SIM_ORACLE_LIVENESS, node->replica, "does-not-start",
                        "faults have stopped, and it still does not come up: %s",
                        sim_replica_error_text(node->replica));
        fail(run, &failure);
    }
}

static bool has_directives(const struct run *run, const struct node *node) {
    return run->options->directives[sim_replica_index(node->replica)] &&
           !sim_replica_is_directed(node->replica);
}

/* A panic is the kernel's own decision, and everybody's at the same point. One that comes after directives were given is
 * another one. */
static void panicked(struct run *run, struct node *node) {
    struct sim_run_result *result = run->result;
    struct sim_failure failure;
    uint64_t point = sim_replica_points(node->replica);
    const char *text = sim_replica_error_text(node->replica);
    bool is_first = !result->was_panic, is_another = sim_replica_is_directed(node->replica);
    if (is_on(run, SIM_ORACLE_CLASS) && sim_oracle_panic(node->replica, run->plan, &failure))
        fail(run, &failure);
    if (is_first) {
        result->was_panic = true;
        result->panic_point = point;
        snprintf(result->panic_text, sizeof result->panic_text, "%s", text);
        read_flight(node->replica, &result->panic_flight);
    } else if (!is_another &&
               (point != result->panic_point || strcmp(result->panic_text, text) != 0) &&
               is_on(run, SIM_ORACLE_REPLICAS)) {
        sim_failure_set(&failure, SIM_ORACLE_REPLICAS, node->replica, "panic",
                        "panicked at point %llu (%s); another replica at point %llu (%s)",
                        (unsigned long long)point, text, (unsigned long long)result->panic_point,
                        result->panic_text);
        fail(run, &failure);
    }
    if (has_directives(run, node)) return; /* decide() */
    result->panicked = true;
    result->replicas_panicked++;
    result->replica_panicked[sim_replica_index(node->replica)] = true;
}

/* Its directives were refused, or it was stopped for a debugger: no fault of anybody's. */
static bool was_held(struct run *run, struct node *node) {
    const struct sim_plan_error *refusal = sim_replica_refusal(node->replica);
    if (!refusal && !sim_replica_is_stopped(node->replica)) return false;
    halt(run, node);
    run->result->stopped = run->result->stopped || !refusal;
    if (refusal && !run->result->refused) {
        run->result->refused = true;
        run->result->refused_by = sim_replica_index(node->replica);
        run->result->refusal = *refusal;
    }
    return true;
}

/* ---- the run */

static bool is_done(const struct run *run, const struct node *node) {
    switch (sim_replica_state(node->replica)) {
    case SIM_REPLICA_DOWN: return node->waits_for_calm;
    case SIM_REPLICA_WAITING: {
        uint64_t block = sim_replica_block(node->replica);
        return block == sim_host_blocks(run->plan) ||
               (!run->calm && block == run->plan->block_count);
    }
    case SIM_REPLICA_RUNNING: return false;
    case SIM_REPLICA_PANICKED:
    case SIM_REPLICA_HALTED:
    case SIM_REPLICA_DIVERGED: return true;
    }
    VK_ASSERT(false); /* INV-REPLICA-1 */
    return true;
}

static void went_on(struct run *run, struct node *node) {
    struct sim_failure failure;
    if (!is_on(run, SIM_ORACLE_CLASS)) return;
    sim_failure_set(&failure, SIM_ORACLE_CLASS, node->replica, "goes-on",
                    "a fault has struck that stops a kernel, and it went on");
    fail(run, &failure);
}

/* --halt-after: cranks that were run again after a crash do not count. */
static bool has_gone_far_enough(const struct run *run, const struct node *node) {
    struct sim_replica_counts counts = sim_replica_counts(node->replica);
    bool is_up = sim_replica_store(node->replica) != NULL;
    return run->options->halt_after && is_up &&
           counts.cranks - counts.cranks_again >= run->options->halt_after;
}

static enum vk_err take_step(struct run *run, uint32_t index) {
    struct node *node = &run->nodes[index];
    uint64_t hits = hits_that_stop(node, SIM_FAULT_STOPS_AT_ONCE);
    bool starts = sim_replica_state(node->replica) == SIM_REPLICA_DOWN;
    uint64_t start_ns = starts ? sim_replica_now_ns(node->replica) : SIM_OBSERVER_NO_START;
    enum sim_step step;
    if (starts) node->hits_at_start = hits_that_stop(node, SIM_FAULT_STOPS_LATER);
    VK_TRY(sim_replica_step(node->replica, &step));
    const struct sim_observer *observer = run->options->observer;
    if (observer && !run->probe) observer->step(observer->impl, node->replica, step, start_ns);
    if (step == SIM_STEP_POINT) VK_TRY(arrived(run, node, index));
    bool is_to_stop = hits_that_stop(node, SIM_FAULT_STOPS_AT_ONCE) > hits;
    if (step == SIM_STEP_POINT && has_gone_far_enough(run, node)) halt(run, node);
    if (step == SIM_STEP_DOWN && was_held(run, node)) return VK_OK;
    if (step == SIM_STEP_DOWN)
        went_down(run, node, is_to_stop);
    else if (is_to_stop)
        went_on(run, node);
    if (step == SIM_STEP_PANIC) panicked(run, node);
    if (!is_done(run, node))
        sim_schedule_at(&run->schedule, index, sim_replica_due_ns(node->replica));
    return VK_OK;
}

static bool is_over(const struct run *run) {
    const struct sim_run_result *result = run->result;
    return result->failed || run->probed || result->stopped || result->refused;
}

static enum vk_err run_phase(struct run *run) {
    uint32_t index;
    for (uint32_t i = 0; i < run->plan->replica_count; i++)
        if (!is_done(run, &run->nodes[i]))
            sim_schedule_at(&run->schedule, i, sim_replica_due_ns(run->nodes[i].replica));
    while (!is_over(run) && sim_schedule_next(&run->schedule, &index))
        if (!is_done(run, &run->nodes[index])) VK_TRY(take_step(run, index));
    return VK_OK;
}

/* ---- people */

/* What no replica has committed can still come out otherwise. */
static void revise(struct run *run) {
    uint64_t committed = 0;
    for (uint32_t i = 0; i < run->plan->replica_count; i++) {
        uint64_t points = sim_replica_points_committed(run->nodes[i].replica);
        if (points > committed) committed = points;
    }
    for (uint64_t i = committed; i < run->points.count; i++)
        run->points.at[i].revised = true;
}

/* After a panic has halted everybody, directives are handed out, and whoever has some is started again, once. Nodes that
 * are down read them too, whenever they start. */
static bool decide(struct run *run) {
    struct sim_run_result *result = run->result;
    uint32_t started = 0;
    if (is_over(run) || !result->was_panic) return false;
    for (uint32_t i = 0; i < run->plan->replica_count; i++) {
        struct node *node = &run->nodes[i];
        enum sim_replica_state state = sim_replica_state(node->replica);
        bool is_down = state == SIM_REPLICA_DOWN;
        if (!has_directives(run, node) || (!is_down && state != SIM_REPLICA_PANICKED)) continue;
        sim_replica_direct(node->replica, run->options->directives[i], run->options->debug,
                           run->options->impl);
        started += !is_down;
        result->replicas_directed++;
        result->replica_directed[i] = true;
    }
    if (started) revise(run);
    return started > 0;
}

static enum vk_err run_phase_with_decisions(struct run *run) {
    do
        VK_TRY(run_phase(run));
    while (decide(run));
    return VK_OK;
}

static void calm_down(struct run *run) {
    run->calm = true;
    for (uint32_t i = 0; i < run->plan->replica_count; i++) {
        run->nodes[i].waits_for_calm = false;
        sim_replica_calm_down(run->nodes[i].replica);
    }
}

static bool rests(const struct node *node) {
    return sim_replica_state(node->replica) == SIM_REPLICA_WAITING;
}

/* A worker that was replayed, or started from a snapshot, is the worker that never stopped. */
static enum vk_err compare_vat(struct run *run, struct vk_arena *arena, struct vk_str vat) {
    struct vk_str first = VK_STR_NONE, image;
    for (uint32_t i = 0; i < run->plan->replica_count; i++) {
        struct sim_failure failure;
        struct node *node = &run->nodes[i];
        if (!rests(node)) continue;
        VK_TRY(sim_workers_image(sim_replica_workers(node->replica), vat, arena, &image));
        if (!vk_str_present(first)) first = image;
        if (!vk_str_present(image) || vk_str_eq(first, image)) continue;
        sim_failure_set(&failure, SIM_ORACLE_REPLICAS, node->replica, "vat-memory",
                        "the worker of %.*s remembers something else than another replica's",
                        VK_STR_ARG(vat));
        fail(run, &failure);
    }
    return VK_OK;
}

static enum vk_err compare_vats(struct run *run) {
    struct vk_arena arena;
    struct vk_str text, vat;
    uint64_t next = 1;
    if (!rests(&run->nodes[0])) return VK_OK;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_store *store = sim_replica_store(run->nodes[0].replica);
    enum vk_err err = vk_module_of(store)->store_get(store, &arena, VK_STR("vat.nextID"), &text);
    if (err == VK_OK && !vk_str_to_u64(text, &next)) next = 1;
    for (uint64_t id = 1; id < next && err == VK_OK; id++) {
        vk_arena_clear(&arena);
        err = vk_arena_format(&arena, &vat, "v%llu", (unsigned long long)id);
        if (err == VK_OK) err = compare_vat(run, &arena, vat);
    }
    vk_arena_release(&arena);
    return err;
}

/* A kernel that panics does so on every replica; with directives they go on. */
static void check_panic(struct run *run) {
    const struct sim_run_result *result = run->result;
    for (uint32_t i = 0; i < run->plan->replica_count && result->was_panic; i++) {
        struct sim_failure failure;
        const struct sim_replica *replica = run->nodes[i].replica;
        uint64_t points = sim_replica_points(replica);
        if (!rests(&run->nodes[i]) || sim_replica_is_directed(replica) ||
            points <= result->panic_point || !is_on(run, SIM_ORACLE_REPLICAS))
            continue;
        sim_failure_set(&failure, SIM_ORACLE_REPLICAS, replica, "panic",
                        "went on past point %llu, where another replica panicked (%s)",
                        (unsigned long long)result->panic_point, result->panic_text);
        fail(run, &failure);
    }
}

static enum vk_err check_end(struct run *run) {
    check_panic(run);
    if (is_on(run, SIM_ORACLE_REPLICAS) && !run->result->failed) VK_TRY(compare_vats(run));
    for (uint32_t i = 0; i < run->plan->replica_count && !run->result->failed; i++) {
        struct node *node = &run->nodes[i];
        if (!rests(node) || run->plan->no_drain) continue;
        VK_TRY(check(run, node, SIM_ORACLE_LIVENESS, sim_oracle_at_rest));
        VK_TRY(check(run, node, SIM_ORACLE_MEMORY, sim_oracle_held));
        if (i == 0) VK_TRY(check(run, node, SIM_ORACLE_AUDIT, sim_oracle_audit_whole));
    }
    return VK_OK;
}

static void sum_up(struct run *run) {
    struct sim_run_result *result = run->result;
    result->points = run->points.count;
    for (uint32_t i = 0; i < run->plan->replica_count; i++) {
        struct sim_replica *replica = run->nodes[i].replica;
        struct sim_replica_counts counts = sim_replica_counts(replica);
        struct sim_workers_counts workers = sim_replica_workers_counts(replica);
        const struct fault_set *faults = sim_replica_faults(replica);
        uint64_t now_ns = sim_replica_now_ns(replica);
        result->all_cranks += counts.cranks;
        result->starts += counts.starts;
        result->crashes += counts.crashes;
        result->commits += counts.commits;
        result->syscalls += workers.syscalls;
        result->in_flight += workers.in_flight;
        if (now_ns > result->simulated_ns) result->simulated_ns = now_ns;
        for (size_t k = 0; k < faults->count; k++)
            result->hits[faults->faults[k].kind] += faults->faults[k].hits;
        for (size_t k = 0; k < SIM_OP_TYPE_COUNT; k++)
            result->ops[k] += workers.ops[k];
        for (size_t k = 0; k < SIM_VAT_END_COUNT; k++)
            result->ends[k] += workers.ends[k];
        XXH3_128bits_update(&run->hash, &counts, sizeof counts);
        XXH3_128bits_update(&run->hash, &now_ns, sizeof now_ns);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&run->hash);
    result->hash = (struct vk_state_hash){hash.low64, hash.high64};
}

static enum vk_err run_phases(struct run *run) {
    VK_TRY(run_phase_with_decisions(run));
    calm_down(run);
    VK_TRY(run_phase_with_decisions(run));
    return is_over(run) ? VK_OK : check_end(run);
}

static enum vk_err run_whole(const struct sim_plan *plan, const struct sim_run_options *options,
                             const struct run_probe *probe, struct sim_run_result *result) {
    const struct sim_replica_options replica = {
        .module = options->module,
        .no_activity_hash = options->no_activity_hash,
        .no_shadow = options->off[SIM_ORACLE_ROLLBACK] || probe,
        .keep = probe ? NULL : options->keep,
        .observer = probe ? NULL : options->observer,
        .rings = probe ? NULL : options->rings,
    };
    struct run run = {.plan = plan, .options = options, .result = result, .probe = probe};
    run.cranks_max = CRANKS_AT_A_TIME_MAX + 8 * sim_plan_operation_count(plan);
    *result = (struct sim_run_result){.replicas = (uint32_t)plan->replica_count};
    enum vk_err err = VK_OK;
    note_asked(&run, SIM_ORACLE_CRASH); /* whoever reads this: it did not */
    fault_sqlite_heap_install();        /* before SQLite is used at all */
    sim_disk_seed_sqlite(plan->seed);
    XXH3_INITSTATE(&run.hash);
    XXH3_128bits_reset(&run.hash);
    for (uint32_t i = 0; i < plan->replica_count && err == VK_OK; i++) {
        run.nodes[i].replica = sim_replica_new(plan, i, &replica);
        if (!run.nodes[i].replica) err = VK_RAISE(VK_ERR_NOMEM, "replica %u", i);
        if (options->directed_from_start && options->directives[i] && err == VK_OK)
            sim_replica_direct(run.nodes[i].replica, options->directives[i], options->debug,
                               options->impl);
    }
    if (err == VK_OK) err = run_phases(&run);
    if (err == VK_OK) sum_up(&run);
    for (uint32_t i = 0; i < plan->replica_count; i++) {
        struct sim_replica *one = run.nodes[i].replica;
        if (err == VK_OK) err = sim_idle_directives_add(&result->idle, options->directives[i], one);
        if (err == VK_OK && replica.keep) err = sim_replica_keep(one);
        sim_replica_free(one);
    }
    sim_array_free(run.points.at);
    return err;
}

enum vk_err sim_run(const struct sim_plan *plan, const struct sim_run_options *options,
                    struct sim_run_result *result) {
    VK_TRY(run_whole(plan, options, NULL, result));
    bool is_whole = !result->failed && !result->stopped && !result->refused;
    if (options->off[SIM_ORACLE_TWICE] || !is_whole) return VK_OK;
    struct sim_run_options unobserved = *options;
    struct sim_run_result again;
    unobserved.observer = NULL;
    VK_TRY(run_whole(plan, &unobserved, NULL, &again));
    result->asked[SIM_ORACLE_TWICE] = true;
    if (again.hash.low == result->hash.low && again.hash.high == result->hash.high) return VK_OK;
    result->failed = true;
    result->failure =
        (struct sim_failure){.oracle = SIM_ORACLE_TWICE, .event = "none", .vat = VK_NO_VAT};
    snprintf(result->failure.what, sizeof result->failure.what,
             "run once more, the plan comes to another hash (%llu points, then %llu)",
             (unsigned long long)result->points, (unsigned long long)again.points);
    snprintf(result->failure.signature, sizeof result->failure.signature, "twice/none/run");
    return VK_OK;
}
