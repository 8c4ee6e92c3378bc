/* workload_faults.c - see workload_faults.h. */
#include "workload_faults.h"

enum { FAULTS_MAX = 6, DRAWS_MAX = 2 * FAULTS_MAX, MS_MAX = 60000 };

/* Points of a kind in a small run (`at` is drawn up to there), its parameter, and the stream it is
 * drawn from. */
struct shape {
    const char *stream;
    uint64_t at_max, k_min, k_max;
    uint64_t repeat_max; /* FAULT_FOR_GOOD: always so */
    bool of_vat;         /* may be for one vat alone */
};

/* Without a shape, a kind is never drawn: what kills a vat must strike all replicas alike, and is
 * an operation of its program in a generated plan. */
static const struct shape shapes[FAULT_KIND_COUNT] = {
    [FAULT_WORKER_IDLE] = {"faults/worker", 60, 0, 0, 5, true},
    [FAULT_WORKER_BEFORE] = {"faults/worker", 60, 0, 0, 5, true},
    [FAULT_WORKER_SYSCALL] = {"faults/worker", 60, 1, 6, 3, true},
    [FAULT_WORKER_LAST] = {"faults/worker", 60, 0, 0, 3, true},
    [FAULT_WORKER_RESULT] = {"faults/worker", 60, 0, 0, 3, true},
    [FAULT_WORKER_REPLAY] = {"faults/worker", 20, 0, 0, 3, true},
    [FAULT_WORKER_SNAPSHOT] = {"faults/worker", 10, 0, 0, 3, true},
    [FAULT_WORKER_START] = {"faults/worker", 12, 0, 0, 3, true},
    [FAULT_WORKER_NEVER] = {"faults/worker", 12, 0, 0, FAULT_FOR_GOOD, true},
    [FAULT_WORKER_SLOW] = {"faults/worker", 12, 1, MS_MAX, 5, true},
    [FAULT_WORKER_HANGS] = {"faults/worker", 60, 1, MS_MAX, 2, true},
    [FAULT_REPLAY_DIFFERS] = {"faults/worker", 20, 0, 0, FAULT_FOR_GOOD, true},
    [FAULT_FRAME_GARBLED] = {"faults/frame", 300, 0, 200, 2, true},
    [FAULT_FRAME_TRUNCATED] = {"faults/frame", 300, 0, 200, 2, true},
    [FAULT_FRAME_TWICE] = {"faults/frame", 300, 0, 0, 2, true},
    [FAULT_FRAME_LATE] = {"faults/frame", 300, 1, MS_MAX, 5, true},
    [FAULT_COMPUTE_DRIFT] = {"faults/worker", 60, 0, 1, 1, true},
    [FAULT_DISK_READ] = {"faults/disk", 300, 0, 0, 5, false},
    [FAULT_DISK_WRITE] = {"faults/disk", 1000, 0, 0, 5, false},
    [FAULT_DISK_SYNC] = {"faults/disk", 30, 0, 0, 5, false},
    [FAULT_DISK_TRUNCATE] = {"faults/disk", 10, 0, 0, 3, false},
    [FAULT_DISK_FULL] = {"faults/disk", 1000, 0, 0, 20, false},
    [FAULT_DISK_SHORT] = {"faults/disk", 1000, 0, 0, 3, false},
    [FAULT_DISK_BUSY] = {"faults/disk", 100, 0, 0, 5, false},
    [FAULT_POWER_CUT] = {"faults/disk", 2000, 0, 0, 1, false},
    [FAULT_BIT_ROT] = {"faults/disk", 6, 0, 0, 1, false},
    [FAULT_SNAPSHOT_LOST] = {"faults/snapshot", 3, 0, 0, 1, true},
    [FAULT_SNAPSHOT_CUT] = {"faults/snapshot", 3, 0, 100, 1, true},
    [FAULT_SNAPSHOT_CORRUPT] = {"faults/snapshot", 3, 0, 100, 1, true},
    [FAULT_SNAPSHOT_OTHER] = {"faults/snapshot", 3, 0, 0, 1, true},
    [FAULT_HEAP] = {"faults/memory", 20000, 0, 0, 5, false},
    [FAULT_SQLITE_HEAP] = {"faults/memory", 20000, 0, 0, 5, false},
    [FAULT_HOST_KILLED] = {"faults/host", 5000, 0, 0, 1, false},
    [FAULT_HOST_BEFORE_COMMIT] = {"faults/host", 8, 0, 0, 2, false},
    [FAULT_HOST_AFTER_COMMIT] = {"faults/host", 8, 0, 0, 2, false},
    [FAULT_HOST_RESTART] = {"faults/host", 8, 0, 0, 3, false},
};

static struct fault shaped(const struct sim_draft *draft, uint64_t seed, enum fault_kind kind,
                           uint64_t nth) {
    const struct shape *shape = &shapes[kind];
    struct sim_random stream;
    VK_ASSERT(shape->stream != NULL); /* only what has a shape is drawn */
    /* The seed of the nth fault's stream, so that each is drawn by itself. */
    sim_draft_stream(&stream, seed + nth * UINT64_C(0x9e3779b97f4a7c15), shape->stream,
                     fault_word(kind));
    struct fault fault = {.kind = kind, .vat = FAULT_ANY_VAT, .repeat = 1};
    fault.at = sim_draft_log(&stream, 1, shape->at_max * draft->scale);
    if (shape->repeat_max == FAULT_FOR_GOOD)
        fault.repeat = FAULT_FOR_GOOD;
    else if (shape->repeat_max > 1 && sim_random_one_in(&stream, 4))
        fault.repeat = sim_random_between(&stream, 2, shape->repeat_max);
    fault.k = shape->k_max > 1 ? sim_draft_log(&stream, shape->k_min + 1, shape->k_max + 1) - 1
                               : sim_random_between(&stream, shape->k_min, shape->k_max);
    if (shape->of_vat && sim_random_one_in(&stream, 5)) /* and some that vatAdmin creates */
        fault.vat = sim_random_between(&stream, 1, draft->plan->vat_count + 3);
    return fault;
}

static void add(struct sim_draft *draft, uint32_t replica, const struct fault *fault) {
    struct sim_plan *plan = draft->plan;
    VK_ASSERT(replica < plan->replica_count); /* INV-DRAW-FAULT-1 */
    VK_ASSERT(fault_class_of(fault->kind) == FAULT_INVISIBLE || replica > 0);
    VK_ASSERT(plan->fault_count < DRAWS_MAX); /* the room that sim_draft_faults took */
    plan->faults[plan->fault_count++] =
        (struct sim_fault_plan){.replica = replica, .fault = *fault};
}

/* A snapshot is read, and rot noticed, by a node that starts. */
static bool shows_at_start(enum fault_kind kind) {
    return kind == FAULT_BIT_ROT || kind == FAULT_SNAPSHOT_LOST || kind == FAULT_SNAPSHOT_CUT ||
           kind == FAULT_SNAPSHOT_CORRUPT || kind == FAULT_SNAPSHOT_OTHER ||
           kind == FAULT_REPLAY_DIFFERS;
}

void sim_draft_faults(struct sim_draft *draft, uint64_t seed) {
    struct sim_plan *plan = draft->plan;
    struct sim_random stream;
    uint32_t weights[FAULT_KIND_COUNT], total = 0;
    sim_draft_stream(&stream, seed, "faults", "which");
    for (enum fault_kind i = 0; i < FAULT_KIND_COUNT; i++) {
        bool allowed = fault_class_of(i) == FAULT_INVISIBLE || plan->replica_count > 1;
        bool drawn = allowed && shapes[i].stream != NULL; /* INV-DRAW-FAULT-1 */
        total += weights[i] = drawn ? draft->swarm.faults[i] : 0;
    }
    uint64_t count = sim_random_below(&stream, FAULTS_MAX + 1);
    if (total == 0 || draft->failed) return;
    plan->faults = vk_arena_alloc(&plan->arena, DRAWS_MAX * sizeof *plan->faults);
    draft->failed = plan->faults == NULL;
    if (draft->failed) return;
    uint32_t doomed = /* INV-DRAW-FAULT-1 */
        plan->replica_count > 1 ? (uint32_t)sim_random_between(&stream, 1, plan->replica_count - 1)
                                : 0;
    for (uint64_t i = 0; i < count; i++) {
        enum fault_kind kind =
            (enum fault_kind)sim_random_weighted(&stream, weights, FAULT_KIND_COUNT);
        uint32_t any = (uint32_t)sim_random_below(&stream, plan->replica_count);
        uint32_t replica = fault_class_of(kind) == FAULT_INVISIBLE ? any : doomed;
        struct fault fault = shaped(draft, seed, kind, i);
        add(draft, replica, &fault);
        if (shows_at_start(kind) && draft->options->faults[FAULT_HOST_RESTART] &&
            draft->swarm.faults[FAULT_HOST_RESTART] > 0) {
            fault = shaped(draft, seed, FAULT_HOST_RESTART, i);
            add(draft, replica, &fault);
        }
    }
}
