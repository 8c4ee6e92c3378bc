/* sim_worker.c - see sim_worker.h. The frames are in worker_pipe.c. */
#include "sim_worker.h"

#include "array.h"
#include "vat_program.h"
#include "vk/module.h"
#include "vk/probe.h"
#include "worker_pipe.h"
#include "worker_protocol.h"

/* ---- how long things take */

#define SPAWN_NS SIM_MS(50)
#define LOAD_NS SIM_MS(20)
#define LOAD_NS_PER_BYTE 10
#define DELIVERY_NS UINT64_C(200000)
#define SYSCALL_NS UINT64_C(50000)
#define SNAPSHOT_NS SIM_MS(10)
/* Of a syscall that is not waited for: to send it, and for it to arrive. The last few are in flight as a delivery ends, unless
 * it takes its time. */
#define SUBMIT_NS UINT64_C(5000)
#define FLIGHT_NS (DELIVERY_NS + 3 * SUBMIT_NS)

enum worker_state {
    WORKER_SPAWNING,
    WORKER_LOADING,
    WORKER_REPLAYING,
    WORKER_IDLE,
    WORKER_DELIVERING,
    WORKER_DYING,
    WORKER_DEAD,
    WORKER_STATES
};

struct vk_worker {
    struct vk_worker *next;
    struct sim_workers *workers;
    enum worker_state state;
    uint64_t vat;      /* its number */
    uint64_t position; /* of the next delivery */
    struct sim_vat program;
    const struct vk_syscall_port *kernel; /* while delivering */
};

/* What a bundle id stands for. */
struct bundle {
    char id[132];
};

struct sim_workers {
    struct sim_workers_options options;
    struct vk_worker_host port;
    struct sim_workers_counts counts;
    struct bundle *bundles; /* of the plan's programs */
    struct vk_worker *running, *stopped;
    /* Of the delivery in hand and of the one before it: the kernel keeps what a vat said in its exit until the
     * crank is over, and may make one more delivery in it (the bringOutYourDead before a snapshot). */
    struct vk_arena arenas[2];
    struct vk_arena *arena;
    struct sim_pipe pipe; /* one at a time has something in it */
    /* When the syscalls sent in the delivery in hand arrive; so many of them have. */
    struct {
        SIM_ARRAY(uint64_t);
    } flights;
    size_t arrived;
    struct sim_vat_doom doom;
    /* By the number of the vat: deliveries before this position were made on this node before. */
    uint64_t *reached;
    size_t reached_count;
};

/* ---- states */

static const char *const state_names[WORKER_STATES] = {
    "spawning", "loading", "replaying", "idle", "delivering", "dying", "dead",
};

#define TO(state) (1U << WORKER_##state)
static const unsigned may_become[WORKER_STATES] = {
    [WORKER_SPAWNING] = TO(LOADING) | TO(DYING),
    [WORKER_LOADING] = TO(REPLAYING) | TO(IDLE) | TO(DYING),
    [WORKER_REPLAYING] = TO(DELIVERING) | TO(DYING),
    [WORKER_IDLE] = TO(DELIVERING) | TO(LOADING) | TO(DYING),
    [WORKER_DELIVERING] = TO(REPLAYING) | TO(IDLE) | TO(DYING),
    [WORKER_DYING] = TO(DEAD),
};

static void become(struct vk_worker *worker, enum worker_state state) {
    VK_ASSERT(may_become[worker->state] & (1U << state)); /* the diagram in sim_worker.h */
    worker->state = state;
}

static void die(struct vk_worker *worker) {
    if (worker->state == WORKER_DEAD) return;
    become(worker, WORKER_DYING);
    become(worker, WORKER_DEAD);
}

static void wait_for(const struct sim_workers *workers, uint64_t ns) {
    sim_clock_wait(workers->options.clock, ns * workers->options.slowness);
}

static enum worker_state at_rest(const struct vk_worker *worker) {
    const struct sim_workers *workers = worker->workers;
    return worker->position < workers->reached[worker->vat] ? WORKER_REPLAYING : WORKER_IDLE;
}

/* ---- programs */

void sim_program_bundle_id(const struct sim_program *program, char id[132]) {
    static const char digits[] = "0123456789abcdef";
    memcpy(id, "b1-", 3);
    for (size_t i = 0; i < 64; i++) {
        unsigned byte = i < program->name.n ? (unsigned char)program->name.p[i] : 0;
        id[3 + 2 * i] = digits[byte >> 4];
        id[4 + 2 * i] = digits[byte & 15];
    }
    id[131] = '\0';
}

static const struct sim_program *program_of(const struct sim_workers *workers, struct vk_str id) {
    const struct sim_plan *plan = workers->options.plan;
    for (size_t i = 0; id.p && i < plan->program_count; i++)
        if (vk_str_eq(id, vk_str(workers->bundles[i].id))) return &plan->programs[i];
    return NULL;
}

/* Lockdown and supervisor, as SwingSet's workers have them. */
static const char *const worker_bundles[] = {
    "b0-00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000006c6f636b646f776e",
    "b0-00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000073757065727669736f72",
};
enum { WORKER_BUNDLES = sizeof worker_bundles / sizeof *worker_bundles };

static enum vk_err host_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                   struct vk_str *json) {
    struct vk_buf buf;
    (void)impl;
    vk_buf_init(&buf, arena);
    for (size_t i = 0; i < WORKER_BUNDLES; i++) {
        struct vk_str id = vk_str(worker_bundles[i]);
        bool has;
        VK_TRY(vk_module_of(store)->bundle_has(store, id, &has));
        if (!has)
            VK_TRY(vk_module_of(store)->bundle_add(store, id,
                                                   VK_STR("{\"moduleFormat\":\"simulated\"}")));
        vk_buf_char(&buf, i ? ',' : '[');
        vk_json_quote(&buf, id);
    }
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, json);
}

/* ---- life */

static enum vk_err reach(struct sim_workers *workers, uint64_t vat) {
    const struct vk_heap *heap = workers->options.heap;
    if (vat < workers->reached_count) return VK_OK;
    size_t count = (size_t)vat + 16, old = workers->reached_count;
    uint64_t *more = workers->reached ? heap->resize(heap->impl, workers->reached,
                                                     old * sizeof *more, count * sizeof *more)
                                      : heap->alloc(heap->impl, count * sizeof *more);
    if (!more) return VK_RAISE(VK_ERR_NOMEM, "%zu simulated vats", count);
    memset(more + old, 0, (count - old) * sizeof *more);
    workers->reached = more;
    workers->reached_count = count;
    return VK_OK;
}

static struct vk_worker *worker_take(struct sim_workers *workers) {
    const struct vk_heap *heap = workers->options.heap;
    struct vk_worker *worker = workers->stopped;
    if (worker) {
        workers->stopped = worker->next;
        return worker;
    }
    worker = heap->alloc(heap->impl, sizeof *worker);
    if (worker) sim_vat_init(&worker->program, heap, workers->options.plan, NULL);
    return worker;
}

static void host_stop(void *impl, struct vk_worker *worker) {
    struct sim_workers *workers = impl;
    struct vk_worker **at = &workers->running;
    while (*at && *at != worker)
        at = &(*at)->next;
    VK_ASSERT(*at == worker); /* a worker is stopped once */
    *at = worker->next;
    die(worker);
    worker->next = workers->stopped;
    workers->stopped = worker;
}

static enum vk_err load(struct vk_worker *worker, struct vk_str image) {
    become(worker, WORKER_LOADING);
    wait_for(worker->workers, LOAD_NS + image.n * LOAD_NS_PER_BYTE);
    return sim_vat_restore(&worker->program, image);
}

static enum vk_err bring_up(struct vk_worker *worker, const struct vk_worker_spec *spec,
                            const struct sim_program *program) {
    struct sim_workers *workers = worker->workers;
    worker->state = WORKER_SPAWNING;
    worker->position = spec->position;
    sim_vat_reset(&worker->program, program, spec->vatstore_in_completion);
    wait_for(workers, SPAWN_NS);
    if (spec->snapshot) {
        VK_TRY(load(worker, spec->snapshot->bytes));
        workers->counts.from_snapshots++;
    } else {
        become(worker, WORKER_LOADING);
        if (workers->options.frames)
            VK_TRY(sim_pipe_set_bundle(&workers->pipe, spec->vat, spec->bundle_id));
    }
    become(worker, at_rest(worker));
    return VK_OK;
}

static enum vk_err host_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    struct sim_workers *workers = impl;
    const struct sim_program *program = program_of(workers, spec->bundle_id);
    uint64_t vat;
    if (!program)
        return VK_RAISE(VK_ERR_WORKER_START, "%.*s: no program of the plan has the bundle %.*s",
                        VK_STR_ARG(spec->vat), VK_STR_ARG(spec->bundle_id));
    if (spec->vat.n < 2 || !vk_str_to_u64(vk_str_from(spec->vat, 1), &vat))
        return VK_RAISE(VK_ERR_USAGE, "no vat's id: '%.*s'", VK_STR_ARG(spec->vat));
    VK_TRY(reach(workers, vat));
    struct vk_worker *worker = worker_take(workers);
    if (!worker) return VK_RAISE(VK_ERR_NOMEM, "a simulated worker");
    worker->workers = workers;
    worker->vat = vat;
    worker->next = workers->running;
    workers->running = worker;
    enum vk_err err = bring_up(worker, spec, program);
    if (err != VK_OK) {
        host_stop(workers, worker);
        return err;
    }
    workers->counts.started++;
    *out = worker;
    return VK_OK;
}

/* ---- deliveries */

static enum vk_err make_syscall(void *impl, const struct vk_syscall *syscall,
                                struct vk_syscall_result *result) {
    struct vk_worker *worker = impl;
    struct sim_workers *workers = worker->workers;
    VK_ASSERT(worker->state == WORKER_DELIVERING); /* a worker speaks when it was spoken to */
    workers->counts.syscalls++;
    wait_for(workers, SYSCALL_NS);
    VK_SOMETIMES_IF(workers->arrived < workers->flights.count, syscall_waits_for_those_in_flight);
    workers->arrived = workers->flights.count; /* the kernel sees to them first */
    if (workers->options.frames)
        return sim_pipe_syscall(&workers->pipe, worker->kernel, syscall, result);
    return worker->kernel->make(worker->kernel->impl, syscall, result);
}

static enum vk_err let_arrive(struct vk_worker *worker) {
    struct sim_workers *workers = worker->workers;
    size_t count = 0, first = workers->arrived;
    while (first + count < workers->flights.count &&
           workers->flights.at[first + count] <= workers->options.clock->now_ns)
        count++;
    workers->arrived += count;
    return count ? worker->kernel->settle(worker->kernel->impl, count) : VK_OK;
}

static enum vk_err submit_syscall(void *impl, const struct vk_syscall *syscall) {
    struct vk_worker *worker = impl;
    struct sim_workers *workers = worker->workers;
    VK_ASSERT(worker->state == WORKER_DELIVERING); /* a worker speaks when it was spoken to */
    workers->counts.syscalls++;
    wait_for(workers, SUBMIT_NS);
    SIM_ARRAY_RESERVE(&workers->flights);
    workers->flights.at[workers->flights.count++] =
        workers->options.clock->now_ns + FLIGHT_NS * workers->options.slowness;
    if (workers->options.frames)
        VK_TRY(sim_pipe_submit(&workers->pipe, worker->kernel, syscall));
    else
        VK_TRY(worker->kernel->submit(worker->kernel->impl, syscall));
    return let_arrive(worker);
}

/* That is how the kernel comes to know of the end before it knows of all syscalls. */
static enum vk_err end_of_delivery(struct vk_worker *worker, uint64_t computrons) {
    struct sim_workers *workers = worker->workers;
    wait_for(workers, DELIVERY_NS + computrons);
    VK_TRY(let_arrive(worker));
    if (worker->position > workers->reached[worker->vat])
        workers->counts.in_flight += workers->flights.count - workers->arrived;
    return VK_OK;
}

static const struct {
    enum sim_worker_exit code; /* the process has ended with it; 0: it has not */
    bool fails;
} endings[] = {
    [SIM_VAT_DONE] = {0, false},
    [SIM_VAT_FAILED] = {0, true},
    [SIM_VAT_COMPUTE_EXCEEDED] = {SIM_WORKER_EXIT_COMPUTE, true},
    [SIM_VAT_STACK_EXCEEDED] = {SIM_WORKER_EXIT_STACK, true},
    [SIM_VAT_ALLOCATE_EXCEEDED] = {SIM_WORKER_EXIT_NO_MEMORY, true},
};

/* Into the kernel's arena. */
static enum vk_err keep_changes(struct vk_arena *arena, struct vk_delivery_result *result) {
    struct vk_vatstore_change *changes;
    if (!result->change_count) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(arena, &changes, result->change_count));
    for (size_t i = 0; i < result->change_count; i++) {
        changes[i] = result->changes[i];
        VK_TRY(vk_arena_copy(arena, changes[i].key, &changes[i].key));
        if (changes[i].value.p) VK_TRY(vk_arena_copy(arena, changes[i].value, &changes[i].value));
    }
    result->changes = changes;
    return VK_OK;
}

/* What the kernel learns. A process that has ended left no count of what it had done. */
static enum vk_err conclude(struct vk_worker *worker, struct vk_arena *arena,
                            const struct sim_vat_delivery *delivery,
                            struct vk_delivery_result *result) {
    struct sim_workers *workers = worker->workers;
    enum sim_worker_exit code = endings[delivery->ending].code;
    *result = (struct vk_delivery_result){.ok = !endings[delivery->ending].fails};
    VK_SOMETIMES_IF(code == SIM_WORKER_EXIT_COMPUTE, worker_out_of_computrons);
    VK_SOMETIMES_IF(code == SIM_WORKER_EXIT_STACK, worker_out_of_stack);
    VK_SOMETIMES_IF(code == SIM_WORKER_EXIT_NO_MEMORY, worker_out_of_memory);
    if (code) {
        die(worker);
        result->problem = sim_worker_exit_problem(code);
        return VK_OK;
    }
    become(worker, at_rest(worker));
    if (!result->ok) result->problem = VK_STR("Error: the plan says so");
    result->metered = true;
    result->computrons = delivery->computrons;
    result->changes = delivery->changes;
    result->change_count = delivery->change_count;
    result->submitted = workers->flights.count;
    VK_TRY(vk_arena_format(arena, &result->usage,
                           "{\"meterType\":\"simulated-meter-1\",\"compute\":%llu}",
                           (unsigned long long)delivery->computrons));
    if (workers->options.frames) VK_TRY(sim_pipe_done(&workers->pipe, arena, result));
    return keep_changes(arena, result);
}

static enum vk_err carry_out(struct vk_worker *worker, struct vk_arena *arena,
                             const struct vk_delivery *delivery,
                             struct vk_delivery_result *result) {
    struct sim_workers *workers = worker->workers;
    struct vk_delivery received = *delivery;
    const struct vk_syscall_port port = {
        .impl = worker, .make = make_syscall, .submit = submit_syscall, .settle = NULL};
    struct sim_vat_delivery in_hand = {
        .delivery = &received,
        .syscalls = &port,
        .clock = workers->options.clock,
        .op_counts = workers->counts.ops,
        .end_counts = workers->counts.ends,
    };
    if (workers->options.frames)
        VK_TRY(sim_pipe_deliver(&workers->pipe, worker->vat, delivery, &received));
    VK_TRY(sim_vat_deliver(&worker->program, workers->arena, &in_hand));
    if (in_hand.end != SIM_VAT_END_COUNT && !workers->doom.any)
        workers->doom = (struct sim_vat_doom){true, worker->vat, delivery->type, in_hand.end};
    worker->position++;
    VK_TRY(end_of_delivery(worker, in_hand.computrons));
    if (worker->position > workers->reached[worker->vat])
        workers->reached[worker->vat] = worker->position;
    return conclude(worker, arena, &in_hand, result);
}

static void turn_arenas(struct sim_workers *workers) {
    workers->arena = &workers->arenas[workers->arena == &workers->arenas[0]];
    vk_arena_clear(workers->arena);
    workers->pipe.arena = workers->arena;
}

static enum vk_err host_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    struct sim_workers *workers = impl;
    if (worker->state != WORKER_IDLE && worker->state != WORKER_REPLAYING)
        return VK_RAISE(VK_ERR_WORKER_LOST, "the worker of v%llu is %s",
                        (unsigned long long)worker->vat, state_names[worker->state]);
    workers->counts.deliveries++;
    const struct sim_vat_doom doom = workers->doom;
    bool is_replay = worker->state == WORKER_REPLAYING;
    workers->counts.replayed += is_replay;
    become(worker, WORKER_DELIVERING);
    turn_arenas(workers);
    worker->kernel = syscalls;
    workers->flights.count = workers->arrived = 0;
    enum vk_err err = carry_out(worker, arena, delivery, result);
    if (is_replay) workers->doom = doom;
    worker->kernel = NULL;
    if (err != VK_OK) die(worker);
    return err;
}

/* ---- snapshots */

static enum vk_err host_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                 bool restart, struct vk_snapshot_image *image) {
    struct sim_workers *workers = impl;
    if (worker->state != WORKER_IDLE && worker->state != WORKER_REPLAYING)
        return VK_RAISE(VK_ERR_WORKER_LOST, "the worker of v%llu is %s",
                        (unsigned long long)worker->vat, state_names[worker->state]);
    wait_for(workers, SNAPSHOT_NS);
    VK_TRY(sim_vat_image(&worker->program, arena, &image->bytes));
    workers->counts.snapshots++;
    if (!restart) return VK_OK;
    /* Another process goes on in its place, and all that it has is the image. */
    die(worker);
    worker->state = WORKER_SPAWNING;
    wait_for(workers, SPAWN_NS);
    VK_TRY(load(worker, image->bytes));
    become(worker, at_rest(worker));
    return VK_OK;
}

struct sim_vat_doom sim_workers_doom(const struct sim_workers *workers) {
    return workers->doom;
}

void sim_workers_forget_doom(struct sim_workers *workers) {
    workers->doom = (struct sim_vat_doom){0};
}

enum vk_err sim_workers_image(struct sim_workers *workers, struct vk_str vat,
                              struct vk_arena *arena, struct vk_str *image) {
    uint64_t n;
    *image = VK_STR_NONE;
    if (vat.n < 2 || !vk_str_to_u64(vk_str_from(vat, 1), &n)) return VK_OK;
    for (const struct vk_worker *worker = workers->running; worker; worker = worker->next)
        if (worker->vat == n && worker->state != WORKER_DEAD)
            return sim_vat_image(&worker->program, arena, image);
    return VK_OK;
}

/* Goes through both in the order of their keys; *key is the first that is not the same in both. */
static enum vk_err compare_vatstore(const struct vk_worker *worker, struct vk_store *store,
                                    struct vk_arena *arena, struct vk_str *key) {
    const struct sim_vat_store *mine = &worker->program.store;
    struct vk_str prefix, at, value;
    VK_TRY(vk_arena_format(arena, &prefix, "v%llu.vs.", (unsigned long long)worker->vat));
    at = prefix;
    for (size_t i = 0;; i++) {
        VK_TRY(vk_module_of(store)->store_next_key(store, arena, at, &at));
        if (at.p && !vk_str_starts(at, prefix)) at = VK_STR_NONE;
        *key = i < mine->count ? mine->at[i].key : at;
        if (!at.p || i == mine->count) return VK_OK;
        if (!vk_str_eq(vk_str_from(at, prefix.n), mine->at[i].key)) return VK_OK;
        VK_TRY(vk_module_of(store)->store_get(store, arena, at, &value));
        if (!vk_str_eq(value, mine->at[i].value)) return VK_OK;
    }
}

enum vk_err sim_workers_check_vatstores(struct sim_workers *workers, struct vk_store *store,
                                        struct vk_arena *arena, uint64_t *vat, struct vk_str *key) {
    *vat = UINT64_MAX;
    for (const struct vk_worker *worker = workers->running; worker; worker = worker->next) {
        if (worker->state == WORKER_DEAD || !worker->program.has_store) continue;
        VK_TRY(compare_vatstore(worker, store, arena, key));
        if (!key->p) continue;
        *vat = worker->vat;
        return VK_OK;
    }
    return VK_OK;
}

enum vk_err sim_workers_visit(struct sim_workers *workers,
                              enum vk_err (*visit)(void *impl, uint64_t vat,
                                                   const struct sim_vat *program),
                              void *impl) {
    for (const struct vk_worker *worker = workers->running; worker; worker = worker->next)
        if (worker->state != WORKER_DEAD) VK_TRY(visit(impl, worker->vat, &worker->program));
    return VK_OK;
}

/* ---- the host */

static bool name_bundles(struct sim_workers *workers) {
    const struct vk_heap *heap = workers->options.heap;
    const struct sim_plan *plan = workers->options.plan;
    workers->bundles = heap->alloc(heap->impl, plan->program_count * sizeof *workers->bundles + 1);
    for (size_t i = 0; workers->bundles && i < plan->program_count; i++)
        sim_program_bundle_id(&plan->programs[i], workers->bundles[i].id);
    return workers->bundles != NULL;
}

struct sim_workers *sim_workers_new(const struct sim_workers_options *options) {
    const struct vk_heap *heap = options->heap;
    struct sim_workers *workers = heap->alloc(heap->impl, sizeof *workers);
    if (!workers) return NULL;
    *workers = (struct sim_workers){.options = *options};
    if (!workers->options.slowness) workers->options.slowness = 1;
    if (!name_bundles(workers)) {
        heap->free(heap->impl, workers, sizeof *workers);
        return NULL;
    }
    workers->port = (struct vk_worker_host){
        .impl = workers,
        .worker_bundle_ids = host_bundle_ids,
        .start = host_start,
        .deliver = host_deliver,
        .snapshot = host_snapshot,
        .stop = host_stop,
    };
    vk_arena_init(&workers->arenas[0], heap);
    vk_arena_init(&workers->arenas[1], heap);
    workers->arena = &workers->arenas[0];
    sim_pipe_init(&workers->pipe, heap, workers->arena, options->clock, options->faults);
    return workers;
}

void sim_workers_free(struct sim_workers *workers) {
    const struct vk_heap *heap = workers->options.heap;
    VK_ASSERT(!workers->running); /* every worker was stopped */
    while (workers->stopped) {
        struct vk_worker *worker = workers->stopped;
        workers->stopped = worker->next;
        sim_vat_release(&worker->program);
        heap->free(heap->impl, worker, sizeof *worker);
    }
    sim_pipe_release(&workers->pipe);
    sim_array_free(workers->flights.at);
    vk_arena_release(&workers->arenas[0]);
    vk_arena_release(&workers->arenas[1]);
    if (workers->reached)
        heap->free(heap->impl, workers->reached, workers->reached_count * sizeof *workers->reached);
    heap->free(heap->impl, workers->bundles,
               workers->options.plan->program_count * sizeof *workers->bundles + 1);
    heap->free(heap->impl, workers, sizeof *workers);
}

const struct vk_worker_host *sim_workers_port(struct sim_workers *workers) {
    return &workers->port;
}

struct sim_workers_counts sim_workers_counts(const struct sim_workers *workers) {
    struct sim_workers_counts counts = workers->counts;
    counts.frames = workers->pipe.frames;
    return counts;
}
