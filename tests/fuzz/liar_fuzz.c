/* liar_fuzz.c - workers that lie to a real kernel: any syscalls, waited for or not, any results, any end. The kernel makes
 * a vat pay for it, or halts with nothing committed; its state stays sound, its memory is what its database says.
 *
 * The input is lines; each delivery takes those up to the next that begins with r, f, x or n:
 *
 *     s JSON      a syscall, waited for             S JSON      one that is sent on
 *     w N         so many of those sent arrive      c KEY TEXT  a change handed over (KEY alone: a deletion)
 *     r N[,M]     the end: N computrons, M syscalls were sent (default: as many as were)
 *     f WORDS     the end: the delivery failed
 *     x           the worker is lost
 *     n N         the end: this delivery, and the N after it, end well at once
 *     o           in a replay of this delivery, otherwise from here on: what comes next in the input
 *
 * When the input is at its end, deliveries end at once. Which vat makes a syscall the kernel decides. What was told in a
 * delivery is told again when it is replayed, as workers do who mean to live on. The bootstrap vat alone
 * does not lie, since the kernel panics when it fails in its bootstrap; it hands the others' roots and the devices to them.
 *
 * Whatever the end, the store is closed then and opened again: it holds what was committed last, and that is sound.
 */
#include "fields.h"
#include "sim/auditor.h"
#include "sim/mem_disk.h"
#include "sim/plan_host.h"
#include "sim/sim_worker.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_SIZE_MAX = 16 * 1024, CRANKS_MAX = 48, CHANGES_MAX = 16 };
enum { PROCESSES_MAX = 16, VATS_MAX = 16, POSITIONS_MAX = 128 };

#define HONEST "honest"

static const char plan_text[] = "crankcase-plan 1\n"
                                "program idle\n"
                                "program introduction\n"
                                "  turn\n"
                                "    send i1 i2 i3 i0 dev0 dev1 result\n"
                                "    send i2 i3 i1 new\n"
                                "    send i3 i1 newp\n"
                                "    send i0 i1 dev1\n"
                                "vat " HONEST " introduction\n"
                                "vat alice idle\n"
                                "vat bob idle vatstore=completion\n"
                                "vat carol idle suspend-on-fatal\n"
                                "bootstrap " HONEST "\n"
                                "block\n"
                                "  send alice bytes=9\n"
                                "  send bob bytes=9\n"
                                "block\n"
                                "  send carol\n"
                                "  reap-all\n";

/* A worker that runs, or the last that did at this address. */
struct process {
    const struct vk_worker *worker;
    bool is_honest;
    uint64_t vat, position; /* of the next delivery */
    uint64_t replayed_to;   /* exclusive */
};

static struct {
    /* The same for all inputs. */
    bool is_made;
    struct sim_plan plan;
    struct sim_disk *disk;
    struct fault_set no_faults;
    struct vk_worker_host liars; /* start and deliver are ours, the rest the workers' */
    struct vk_ports ports;
    /* Of one input. */
    struct sim_clock clock;
    struct sim_workers *workers;
    struct process processes[PROCESSES_MAX];
    struct vk_str script; /* what is left of the input */
    uint64_t quiet;       /* so many deliveries take nothing from it */
    struct vk_str told[VATS_MAX][POSITIONS_MAX];
    struct vk_state_hash committed;
    uint64_t block; /* the first that is not committed */
} world;

/* ---- the lies */

struct lie {
    struct vk_str *lines; /* where they are taken from */
    bool is_replay;
    const struct vk_syscall_port *kernel;
    struct vk_arena *arena;
    struct vk_delivery_result *result;
    struct vk_vatstore_change changes[CHANGES_MAX];
    uint64_t sent;
};

static uint64_t number_of(struct vk_str text) {
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

static enum vk_err make(struct lie *lie, struct vk_str json, bool waits) {
    struct vk_syscall syscall;
    struct vk_syscall_result answer;
    VK_TRY(vk_syscall_decode(lie->arena, json, &syscall));
    if (waits) return lie->kernel->make(lie->kernel->impl, &syscall, &answer);
    VK_TRY(lie->kernel->submit(lie->kernel->impl, &syscall));
    lie->sent++;
    return VK_OK;
}

static void hand_over(struct lie *lie, struct vk_str line) {
    struct vk_delivery_result *result = lie->result;
    struct vk_str key, value;
    if (result->change_count == CHANGES_MAX || !fuzz_next(&line, ' ', &key)) return;
    value = line;
    lie->changes[result->change_count++] = (struct vk_vatstore_change){.key = key, .value = value};
}

static void end_well(const struct lie *lie, struct vk_str text) {
    const char *comma = text.n ? memchr(text.p, ',', text.n) : NULL;
    lie->result->ok = true;
    lie->result->metered = text.n > 0;
    lie->result->computrons = number_of(text);
    lie->result->submitted =
        comma ? number_of(vk_str_from(text, (size_t)(comma - text.p) + 1)) : lie->sent;
}

static enum vk_err tell(struct lie *lie, struct vk_str line, bool *ends) {
    struct vk_str rest = line.n > 2 ? vk_str_from(line, 2) : VK_STR("");
    switch (line.n ? line.p[0] : ' ') {
    case 's': return make(lie, rest, true);
    case 'S': return make(lie, rest, false);
    case 'w': return lie->kernel->settle(lie->kernel->impl, number_of(rest));
    case 'c': hand_over(lie, rest); return VK_OK;
    case 'r': end_well(lie, rest); break;
    case 'f': lie->result->problem = rest; break;
    case 'n':
        if (!lie->is_replay) world.quiet = number_of(rest);
        end_well(lie, VK_STR(""));
        break;
    case 'x': return VK_RAISE(VK_ERR_WORKER_LOST, "the input says so");
    case 'o':
        if (lie->is_replay) lie->lines = &world.script;
        return VK_OK;
    default: return VK_OK;
    }
    *ends = true;
    return VK_OK;
}

static enum vk_err tell_all(struct lie *lie) {
    struct vk_str line;
    bool ends = false;
    *lie->result = (struct vk_delivery_result){0};
    while (!ends && fuzz_next(lie->lines, '\n', &line))
        VK_TRY(tell(lie, line, &ends));
    if (!ends) end_well(lie, VK_STR(""));
    struct vk_vatstore_change *changes;
    VK_TRY(VK_NEW_ARRAY(lie->arena, &changes, CHANGES_MAX));
    memcpy(changes, lie->changes, sizeof lie->changes);
    lie->result->changes = changes;
    return VK_OK;
}

/* ---- the workers */

static struct process *process_of(const struct vk_worker *worker) {
    size_t i = 0;
    while (i < PROCESSES_MAX && world.processes[i].worker && world.processes[i].worker != worker)
        i++;
    VK_ASSERT(i < PROCESSES_MAX); /* few run side by side, and what has stopped is used again */
    return &world.processes[i];
}

static enum vk_err start(void *impl, const struct vk_worker_spec *spec, struct vk_worker **out) {
    VK_TRY(sim_workers_port(world.workers)->start(impl, spec, out));
    *process_of(*out) = (struct process){.worker = *out,
                                         .is_honest = vk_str_eq(spec->name, VK_STR(HONEST)),
                                         .vat = number_of(vk_str_from(spec->vat, 1)),
                                         .position = spec->position,
                                         .replayed_to = spec->position + spec->replays};
    return VK_OK;
}

static enum vk_err deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                           const struct vk_delivery *delivery, const struct vk_syscall_port *kernel,
                           struct vk_delivery_result *result) {
    struct process *process = process_of(worker);
    struct lie lie = {.lines = &world.script, .kernel = kernel, .arena = arena, .result = result};
    if (process->is_honest)
        return sim_workers_port(world.workers)
            ->deliver(impl, worker, arena, delivery, kernel, result);
    uint64_t position = process->position++;
    struct vk_str before = world.script, other = VK_STR(""), *told = NULL;
    if (process->vat < VATS_MAX && position < POSITIONS_MAX)
        told = &world.told[process->vat][position];
    lie.is_replay = told && position < process->replayed_to;
    if (lie.is_replay) other = *told;
    if (lie.is_replay || world.quiet > 0) lie.lines = &other;
    if (!lie.is_replay && world.quiet > 0) world.quiet--;
    VK_TRY(tell_all(&lie));
    if (told && !lie.is_replay) *told = (struct vk_str){before.p, before.n - world.script.n};
    return VK_OK;
}

/* ---- the kernel */

static uint64_t now_ns(void *impl) {
    (void)impl;
    return 0;
}

static uint64_t draw(void *impl) {
    (void)impl;
    return 7;
}

static void world_make(void) {
    static const struct vk_clock clock = {NULL, now_ns};
    static const struct vk_entropy entropy = {NULL, draw};
    struct sim_plan_error error;
    enum vk_err err = sim_plan_read(&world.plan, vk_heap_system(), vk_str(plan_text), &error);
    VK_ASSERT(err == VK_OK);
    world.disk = sim_disk_new();
    VK_ASSERT(world.disk);
    world.ports = (struct vk_ports){.heap = vk_heap_system(),
                                    .clock = &clock,
                                    .entropy = &entropy,
                                    .disk = {sim_disk_vfs(world.disk), "db"},
                                    .workers = &world.liars};
    world.is_made = true;
}

/* Workers know which deliveries they have made before: each input has its own. */
static void workers_make(void) {
    world.clock = (struct sim_clock){0};
    const struct sim_workers_options options = {.heap = vk_heap_system(),
                                                .plan = &world.plan,
                                                .clock = &world.clock,
                                                .faults = &world.no_faults,
                                                .slowness = 1};
    world.workers = sim_workers_new(&options);
    VK_ASSERT(world.workers);
    world.liars = *sim_workers_port(world.workers);
    world.liars.start = start;
    world.liars.deliver = deliver;
    memset(world.processes, 0, sizeof world.processes);
    memset(world.told, 0, sizeof world.told);
}

static void violated(void *impl, const struct audit_violation *violation) {
    (void)impl;
    fprintf(stderr, "%s: %.*s: expected %.*s, found %.*s\n", sim_audit_rule_name(violation->rule),
            VK_STR_ARG(violation->key), VK_STR_ARG(violation->expected),
            VK_STR_ARG(violation->found));
}

static void check_state(struct vk_store *store, const struct sim_host *host) {
    struct audit_reference *references;
    struct sim_audit_report report;
    struct vk_arena arena;
    struct vk_state_hash kept = vk_store_state_hash(store), whole;
    size_t count;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_host_references(host, &arena, &references, &count);
    VK_ASSERT(err == VK_OK);
    const struct sim_audit_options options = {.heap = vk_heap_system(),
                                              .references_known = true,
                                              .references = references,
                                              .reference_count = count,
                                              .violation = violated};
    err = sim_audit_store(store, &options, &report);
    VK_ASSERT(err == VK_OK && report.violations == 0);
    err = vk_store_recompute_state_hash(store, &whole);
    VK_ASSERT(err == VK_OK && kept.low == whole.low && kept.high == whole.high);
    vk_arena_release(&arena);
}

/* INV-KERNEL-1 */
static void check_memory(struct vk_kernel *kernel, struct vk_store *store) {
    const struct vk_kernel_options options = {.no_preload = true};
    struct vk_kernel *fresh;
    char differs[VK_DIFFERS_MAX];
    enum vk_err err = vk_kernel_open(store, &world.ports, &options, &fresh);
    VK_ASSERT(err == VK_OK);
    err = vk_kernel_compare_memory(kernel, fresh, differs);
    if (differs[0]) fprintf(stderr, "memory: %s\n", differs);
    VK_ASSERT(err == VK_OK && !differs[0]);
    vk_kernel_close(fresh);
}

/* What no worker may bring a kernel to. */
static void check_error(enum vk_err err) {
    if (err != VK_ERR_WORKER_LOST && err != VK_ERR_PANIC && err != VK_ERR_ANACHROPHOBIA)
        fprintf(stderr, "%s: %s\n", vk_err_name(err), vk_err_origin()->text);
    VK_ASSERT(err == VK_ERR_WORKER_LOST || err == VK_ERR_PANIC || err == VK_ERR_ANACHROPHOBIA);
}

static enum vk_err run_block(struct sim_host *host, struct vk_store *store,
                             struct vk_kernel *kernel, uint64_t block) {
    struct vk_crank_result crank = {.kind = VK_CRANK_NONE};
    VK_TRY(sim_host_begin_block(host, store, kernel, block));
    for (int i = 0; i < CRANKS_MAX && crank.kind != VK_CRANK_IDLE; i++) {
        VK_TRY(vk_kernel_run_crank(kernel, NULL, &crank));
        if (crank.aborted || crank.terminated) check_state(store, host);
        if (crank.aborted) check_memory(kernel, store);
    }
    return VK_OK;
}

static void commit(struct vk_store *store, uint64_t next) {
    enum vk_err err = vk_store_commit(store);
    VK_ASSERT(err == VK_OK);
    world.committed = vk_store_state_hash(store);
    world.block = next;
}

static void run(struct vk_store *store, struct sim_host *host) {
    const struct vk_kernel_options options = {.vats_online_max = 2,
                                              .no_restart_after_snapshot = true};
    struct vk_kernel *kernel = NULL;
    enum vk_err err = sim_host_create(host, store, &world.ports);
    VK_ASSERT(err == VK_OK);
    commit(store, 0);
    err = vk_kernel_open(store, &world.ports, &options, &kernel);
    sim_host_resume(host, 0);
    while (err == VK_OK && world.block < world.plan.block_count) {
        err = run_block(host, store, kernel, world.block);
        if (err != VK_OK) break;
        check_state(store, host);
        check_memory(kernel, store);
        commit(store, world.block + 1);
    }
    if (err != VK_OK) check_error(err);
    if (kernel) vk_kernel_close(kernel);
}

/* INV-STORE-4: the last commit, whole, and nothing of a block that was halted in. A kernel opens on it. */
static void check_survivor(const struct vk_store_options *options, struct sim_host *host) {
    const struct vk_kernel_options kernel_options = {.no_preload = true};
    struct vk_store *store;
    struct vk_kernel *kernel;
    enum vk_err err = vk_store_open(&world.ports, options, &store);
    VK_ASSERT(err == VK_OK);
    struct vk_state_hash hash = vk_store_state_hash(store);
    VK_ASSERT(hash.low == world.committed.low && hash.high == world.committed.high);
    sim_host_resume(host, world.block);
    check_state(store, host);
    err = vk_kernel_open(store, &world.ports, &kernel_options, &kernel);
    VK_ASSERT(err == VK_OK);
    vk_kernel_close(kernel);
    vk_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct vk_store_options options = {.mode =
                                                 size % 2 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK};
    struct sim_host host;
    struct vk_store *store;
    if (size > INPUT_SIZE_MAX) return 0;
    if (!world.is_made) world_make();
    workers_make();
    world.script = (struct vk_str){(const char *)data, size};
    world.quiet = 0;
    sim_disk_clear(world.disk);
    sim_disk_seed_sqlite(1);
    enum vk_err err = vk_store_open(&world.ports, &options, &store);
    VK_ASSERT(err == VK_OK);
    sim_host_init(&host, &world.plan);
    run(store, &host);
    vk_store_close(store);
    check_survivor(&options, &host);
    sim_host_release(&host);
    sim_workers_free(world.workers);
    return 0;
}
