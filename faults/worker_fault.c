/* worker_fault.c - see worker_fault.h. */
#include "worker_fault.h"

#include "vk/probe.h"

#include <stdlib.h>

struct fault_workers {
    struct vk_worker_host port;
    const struct vk_worker_host *below;
    struct fault_set *set;
    struct sim_clock *clock;
    struct vk_worker *spare; /* stopped, to be used again */
    uint64_t live;
};

/* The host's own notion of a worker: here, one of the host below and what befell it. */
struct vk_worker {
    struct vk_worker *next_spare;
    struct vk_worker *below;
    uint64_t vat;
    uint64_t replays; /* still to come */
    bool is_lost;
};

static bool strikes(struct fault_workers *workers, enum fault_kind kind, uint64_t vat) {
    return fault_strikes(workers->set, kind, vat) != NULL;
}

static void wait_ms(const struct fault_workers *workers, uint64_t ms) {
    if (workers->clock) sim_clock_wait(workers->clock, SIM_MS(ms));
}

static enum vk_err lose(struct vk_worker *worker, const char *when) {
    VK_SOMETIMES_IF(worker->replays > 0, worker_lost_in_replay);
    worker->is_lost = true;
    return VK_RAISE(VK_ERR_WORKER_LOST, "the worker of v%llu was lost %s",
                    (unsigned long long)worker->vat, when);
}

/* ---- starting and stopping */

static struct vk_worker *worker_new(struct fault_workers *workers) {
    struct vk_worker *worker = workers->spare;
    if (!worker) return calloc(1, sizeof *worker);
    workers->spare = worker->next_spare;
    return worker;
}

static void worker_spare(struct fault_workers *workers, struct vk_worker *worker) {
    *worker = (struct vk_worker){.next_spare = workers->spare};
    workers->spare = worker;
}

static uint64_t vat_number(struct vk_str vat) {
    uint64_t number = FAULT_ANY_VAT;
    bool is_vat =
        vat.n > 1 && *vat.p == 'v' && vk_str_to_u64((struct vk_str){vat.p + 1, vat.n - 1}, &number);
    VK_ASSERT(is_vat); /* INV-WORKER-FAULT-1: the kernel names vats v1, v2 ... */
    return number;
}

static enum vk_err shim_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    struct fault_workers *workers = impl;
    uint64_t vat = vat_number(spec->vat);
    if (strikes(workers, FAULT_WORKER_START, vat) || strikes(workers, FAULT_WORKER_NEVER, vat))
        return VK_RAISE(VK_ERR_WORKER_LOST, "no worker could be started for v%llu",
                        (unsigned long long)vat);
    const struct fault *slow = fault_strikes(workers->set, FAULT_WORKER_SLOW, vat);
    if (slow) wait_ms(workers, slow->k);
    struct vk_worker *worker = worker_new(workers);
    if (!worker) return VK_RAISE(VK_ERR_NOMEM, "a worker");
    *worker = (struct vk_worker){.vat = vat, .replays = spec->replays};
    enum vk_err err = workers->below->start(workers->below->impl, spec, &worker->below);
    if (err != VK_OK) {
        worker_spare(workers, worker);
        return err;
    }
    workers->live++;
    *out = worker;
    return VK_OK;
}

static void shim_stop(void *impl, struct vk_worker *worker) {
    struct fault_workers *workers = impl;
    VK_ASSERT(worker->below && workers->live > 0); /* INV-WORKER-FAULT-2 */
    workers->below->stop(workers->below->impl, worker->below);
    workers->live--;
    worker_spare(workers, worker);
}

/* ---- deliveries */

/* One delivery in progress, and the port that its syscalls go through. */
struct delivery_in_hand {
    struct fault_workers *workers;
    struct vk_worker *worker;
    const struct vk_syscall_port *above;
    uint64_t syscalls;
    bool overran; /* VAT_OVERRUN struck */
};

/* One that no vat program makes. */
static const struct vk_syscall another_syscall = {
    .type = VK_SYSCALL_VATSTORE_GET,
    .json = {"[\"vatstoreGet\",\"fault.replay-differs\"]", 38},
    .key = {"fault.replay-differs", 20},
};

static const struct vk_syscall *in_place_of(const struct delivery_in_hand *in_hand,
                                            const struct vk_syscall *syscall) {
    bool struck = strikes(in_hand->workers, FAULT_REPLAY_DIFFERS, in_hand->worker->vat);
    return struck ? &another_syscall : syscall;
}

static enum vk_err replayed_syscall(void *impl, const struct vk_syscall *syscall,
                                    struct vk_syscall_result *result) {
    const struct delivery_in_hand *in_hand = impl;
    return in_hand->above->make(in_hand->above->impl, in_place_of(in_hand, syscall), result);
}

static enum vk_err replayed_submit(void *impl, const struct vk_syscall *syscall) {
    const struct delivery_in_hand *in_hand = impl;
    return in_hand->above->submit(in_hand->above->impl, in_place_of(in_hand, syscall));
}

/* The k-th is behind it. */
static enum vk_err after_syscall(struct delivery_in_hand *in_hand) {
    struct vk_worker *worker = in_hand->worker;
    in_hand->syscalls++;
    if (fault_strikes_kth(in_hand->workers->set, FAULT_WORKER_SYSCALL, worker->vat,
                          in_hand->syscalls))
        return lose(worker, "after a syscall");
    in_hand->overran = fault_strikes_kth(in_hand->workers->set, FAULT_VAT_OVERRUN, worker->vat,
                                         in_hand->syscalls) != NULL;
    return in_hand->overran ? lose(worker, "by its meter") : VK_OK;
}

static enum vk_err syscall_made(void *impl, const struct vk_syscall *syscall,
                                struct vk_syscall_result *result) {
    struct delivery_in_hand *in_hand = impl;
    struct vk_worker *worker = in_hand->worker;
    if (worker->is_lost) return lose(worker, "already"); /* INV-WORKER-FAULT-2 */
    VK_TRY(in_hand->above->make(in_hand->above->impl, syscall, result));
    return after_syscall(in_hand);
}

/* The worker is lost, or out of its meter, with this one and others in flight. */
static enum vk_err syscall_submitted(void *impl, const struct vk_syscall *syscall) {
    struct delivery_in_hand *in_hand = impl;
    if (in_hand->worker->is_lost) return lose(in_hand->worker, "already");
    VK_TRY(in_hand->above->submit(in_hand->above->impl, syscall));
    enum vk_err err = after_syscall(in_hand);
    VK_SOMETIMES_IF(err != VK_OK, worker_lost_with_syscalls_in_flight);
    return err;
}

static enum vk_err settle(void *impl, uint64_t count) {
    const struct delivery_in_hand *in_hand = impl;
    return in_hand->above->settle(in_hand->above->impl, count);
}

/* Hands the delivery on, with its syscalls by way of the functions above. */
static enum vk_err deliver_below(struct delivery_in_hand *in_hand, struct vk_arena *arena,
                                 const struct vk_delivery *delivery, bool is_replayed,
                                 struct vk_delivery_result *result) {
    const struct vk_worker_host *below = in_hand->workers->below;
    const struct vk_syscall_port port = {
        .impl = in_hand,
        .make = is_replayed ? replayed_syscall : syscall_made,
        .submit = is_replayed ? replayed_submit : syscall_submitted,
        .settle = settle,
    };
    return below->deliver(below->impl, in_hand->worker->below, arena, delivery, &port, result);
}

static enum vk_err before_delivery(struct fault_workers *workers, struct vk_worker *worker) {
    if (strikes(workers, FAULT_WORKER_IDLE, worker->vat)) return lose(worker, "while it was idle");
    if (strikes(workers, FAULT_WORKER_BEFORE, worker->vat))
        return lose(worker, "before a delivery");
    const struct fault *hangs = fault_strikes(workers->set, FAULT_WORKER_HANGS, worker->vat);
    if (!hangs) return VK_OK;
    wait_ms(workers, hangs->k);
    return lose(worker, "as it did not answer and was killed");
}

static void change_cost(struct fault_workers *workers, const struct vk_worker *worker,
                        struct vk_delivery_result *result) {
    if (!result->metered) return;
    const struct fault *fault = fault_strikes(workers->set, FAULT_VAT_SPENDS, worker->vat);
    if (fault) result->computrons = fault->k;
    fault = fault_strikes(workers->set, FAULT_COMPUTE_DRIFT, worker->vat);
    if (!fault) return;
    bool less = fault->k % 2 == 1 && result->computrons > 0;
    result->computrons += less ? UINT64_MAX : 1;
}

static enum vk_err deliver_anew(struct delivery_in_hand *in_hand, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                struct vk_delivery_result *result) {
    struct fault_workers *workers = in_hand->workers;
    struct vk_worker *worker = in_hand->worker;
    VK_TRY(before_delivery(workers, worker));
    in_hand->overran = strikes(workers, FAULT_VAT_AT_ONCE, worker->vat);
    enum vk_err err = in_hand->overran ? lose(worker, "by its meter")
                                       : deliver_below(in_hand, arena, delivery, false, result);
    if (in_hand->overran) {
        *result = (struct vk_delivery_result){.problem = VK_STR("Compute meter exceeded")};
        return VK_OK;
    }
    if (worker->is_lost) return lose(worker, "after a syscall"); /* whatever was made of it below */
    VK_TRY(err);
    if (strikes(workers, FAULT_WORKER_LAST, worker->vat)) return lose(worker, "before its result");
    change_cost(workers, worker, result);
    worker->is_lost = strikes(workers, FAULT_WORKER_RESULT, worker->vat);
    return VK_OK;
}

static enum vk_err shim_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    struct fault_workers *workers = impl;
    struct delivery_in_hand in_hand = {.workers = workers, .worker = worker, .above = syscalls};
    if (worker->is_lost) return lose(worker, "some time ago"); /* INV-WORKER-FAULT-2 */
    if (worker->replays == 0) return deliver_anew(&in_hand, arena, delivery, result);
    worker->replays--;
    if (strikes(workers, FAULT_WORKER_REPLAY, worker->vat)) return lose(worker, "in replay");
    return deliver_below(&in_hand, arena, delivery, true, result);
}

/* ---- what else a worker host does */

static enum vk_err shim_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                 bool restart, struct vk_snapshot_image *image) {
    struct fault_workers *workers = impl;
    if (worker->is_lost) return lose(worker, "some time ago"); /* INV-WORKER-FAULT-2 */
    if (strikes(workers, FAULT_WORKER_SNAPSHOT, worker->vat))
        return lose(worker, "as it wrote a snapshot");
    return workers->below->snapshot(workers->below->impl, worker->below, arena, restart, image);
}

static enum vk_err shim_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                   struct vk_str *json) {
    const struct fault_workers *workers = impl;
    return workers->below->worker_bundle_ids(workers->below->impl, store, arena, json);
}

static enum vk_err shim_snapshot_hash(void *impl, const struct vk_snapshot_image *image,
                                      char hex[65]) {
    const struct fault_workers *workers = impl;
    return workers->below->snapshot_hash(workers->below->impl, image, hex);
}

struct fault_workers *fault_workers_new(struct fault_set *set, struct sim_clock *clock,
                                        const struct vk_worker_host *below) {
    struct fault_workers *workers = calloc(1, sizeof *workers);
    VK_ASSERT(set && below); /* INV-WORKER-FAULT-1 */
    if (!workers) return NULL;
    *workers = (struct fault_workers){.below = below, .set = set, .clock = clock};
    workers->port = (struct vk_worker_host){
        .impl = workers,
        .worker_bundle_ids = below->worker_bundle_ids ? shim_bundle_ids : NULL,
        .start = shim_start,
        .deliver = shim_deliver,
        .snapshot = below->snapshot ? shim_snapshot : NULL,
        .snapshot_hash = below->snapshot_hash ? shim_snapshot_hash : NULL,
        .stop = shim_stop,
    };
    return workers;
}

void fault_workers_free(struct fault_workers *workers) {
    if (!workers) return;
    VK_ASSERT(workers->live == 0); /* INV-WORKER-FAULT-2 */
    while (workers->spare) {
        struct vk_worker *worker = workers->spare;
        workers->spare = worker->next_spare;
        free(worker);
    }
    free(workers);
}

const struct vk_worker_host *fault_workers_port(const struct fault_workers *workers) {
    return &workers->port;
}
