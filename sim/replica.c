/* replica.c - see replica.h. What its host does in a block is in plan_host.c. */
#include "replica.h"

#include "account.h"
#include "faults/disk_fault.h"
#include "faults/heap_fault.h"
#include "faults/host_fault.h"
#include "faults/snapshot_fault.h"
#include "faults/sqlite_heap_fault.h"
#include "faults/worker_fault.h"
#include "flight_rings.h"
#include "kept_node.h"
#include "kernel_module.h"
#include "mem_disk.h"
#include "plan_host.h"
#include "replacement.h"
#include "vk/probe.h"

#include <stdio.h>
#include <stdlib.h>

#define START_NS SIM_MS(500)
#define RESTART_NS SIM_MS(2000)
#define CRANK_NS SIM_MS(1)
#define COMMIT_NS SIM_MS(20)

#define DATABASE "swingstore.sqlite"
#define KEY_BLOCK VK_STR("host.block")
#define KEY_POINTS VK_STR("host.points")
#define KEY_STATE VK_STR("host.state")

/* How far a node has come. */
struct position {
    uint64_t block;  /* the next to be run */
    uint64_t points; /* so many are behind it */
    uint64_t crank;  /* the next one's number; only for the flight recorder, and not on the disk */
};

struct sim_replica {
    const struct sim_plan *plan;
    const struct sim_replica_plan *mine;
    struct sim_replica_options options;
    uint32_t index;
    /* what a restart does not touch */
    struct sim_clock clock;
    struct sim_disk *disk;
    struct sim_workers *workers;
    struct sim_host host;
    struct sim_shadow *shadow;
    struct sim_flight *flight;
    struct sim_trace_log *log; /* of everything; NULL: none is kept */
    const struct sim_directives *directives;
    struct vk_directives orders; /* the same, for the kernel */
    bool directives_taken;       /* once a start with them was made */
    struct sim_plan_error refusal;
    sim_debug debug;
    void *debug_impl;
    bool is_stopped;
    bool gave_way; /* a directive took the place of one of its events */
    struct fault_set faults;
    struct fault_disk *faulty_disk;
    struct fault_workers *faulty_workers;
    struct sim_account account;
    struct fault_heap faulty_heap;
    struct fault_host faulty_host;
    struct sim_random entropy_stream, power_stream;
    struct vk_clock clock_port;
    struct vk_entropy entropy_port;
    struct vk_trace trace_port;
    struct vk_device_host devices_port;
    struct vk_ports ports;
    struct sim_replica_counts counts;
    uint64_t points_seen_max; /* beyond it nothing was run yet */
    uint64_t vain_starts;
    struct position committed; /* as far as is known */
    bool commit_in_doubt;
    struct position attempted;
    /* a process's own */
    enum sim_replica_state state;
    const struct vk_module *vk; /* whose these are: */
    struct vk_store *store;
    struct vk_kernel *kernel;
    struct position now;
    uint64_t block_due_ns;
    bool block_ends;
    bool ran_crank; /* since the inputs of the block in hand */
    struct sim_point point;
    enum vk_err error;
    char error_text[320];
};

/* ---- ports */

static uint64_t now_ns(void *impl) {
    const struct sim_replica *replica = impl;
    return replica->clock.now_ns;
}

static uint64_t draw(void *impl) {
    struct sim_replica *replica = impl;
    return sim_random_u64(&replica->entropy_stream);
}

static enum vk_err traced(void *impl, const struct vk_trace_event *event) {
    struct sim_replica *replica = impl;
    const struct sim_observer *observer = replica->options.observer;
    if (replica->log) sim_trace_log_event(replica->log, event);
    if (observer) observer->event(observer->impl, replica, event);
    return replica->shadow ? sim_shadow_event(replica->shadow, event) : VK_OK;
}

static void took_moment(void *impl, const struct vk_moment *moment) {
    const struct sim_replica *replica = impl;
    sim_flight_moment(replica->flight, moment);
}

enum { ECHO_FAILS_EVERY = 4 };

/* The device `echo` counts its calls, in its own vatstore, and answers with the count; each so-manieth call is an error, which
 * is a result like any other to whoever calls. */
static enum vk_err invoke_echo(void *impl, struct vk_arena *arena,
                               const struct vk_device_call *call,
                               const struct vk_device_powers *powers,
                               struct vk_device_result *result) {
    struct vk_str text;
    uint64_t calls = 0;
    (void)impl, (void)call;
    VK_TRY(powers->vatstore_get(powers->impl, VK_STR("calls"), &text));
    if (text.p && !vk_str_to_u64(text, &calls))
        return VK_RAISE(VK_ERR_CORRUPT, "echo's calls: '%.*s'", VK_STR_ARG(text));
    VK_TRY(vk_arena_format(arena, &text, "#%llu", (unsigned long long)++calls));
    VK_TRY(powers->vatstore_set(powers->impl, VK_STR("calls"), vk_str_from(text, 1)));
    *result =
        (struct vk_device_result){.ok = calls % ECHO_FAILS_EVERY != 0, .data = {.body = text}};
    if (!result->ok) result->problem = VK_STR("echo has had enough");
    return VK_OK;
}

static void connect(struct sim_replica *replica) {
    replica->clock_port = (struct vk_clock){replica, now_ns};
    replica->entropy_port = (struct vk_entropy){replica, draw};
    replica->trace_port = (struct vk_trace){.impl = replica,
                                            .wants_slog = replica->log != NULL,
                                            .event = traced,
                                            .moment = took_moment};
    fault_heap_init(&replica->faulty_heap, &replica->faults, vk_heap_system());
    fault_host_init(&replica->faulty_host, &replica->faults, &replica->trace_port);
    sim_account_init(&replica->account, fault_workers_port(replica->faulty_workers),
                     replica->workers);
    replica->devices_port = (struct vk_device_host){.impl = replica, .invoke = invoke_echo};
    replica->ports = (struct vk_ports){
        .heap = &replica->faulty_heap.port,
        .clock = &replica->clock_port,
        .entropy = &replica->entropy_port,
        .disk = {fault_disk_vfs(replica->faulty_disk), DATABASE},
        .trace = &replica->faulty_host.port,
        .workers = &replica->account.port,
        .devices = &replica->devices_port,
    };
}

/* ---- life */

static bool copy_faults(struct sim_replica *replica) {
    const struct sim_plan *plan = replica->plan;
    replica->faults.faults = calloc(plan->fault_count + 1, sizeof *replica->faults.faults);
    if (!replica->faults.faults) return false;
    for (size_t i = 0; i < plan->fault_count; i++)
        if (plan->faults[i].replica == replica->index)
            replica->faults.faults[replica->faults.count++] = plan->faults[i].fault;
    return true;
}

static bool acquire(struct sim_replica *replica) {
    const struct sim_workers_options workers = {
        .heap = vk_heap_system(),
        .plan = replica->plan,
        .clock = &replica->clock,
        .faults = &replica->faults,
        .slowness = replica->mine->slowness,
        .frames = replica->mine->frames,
    };
    if (!copy_faults(replica)) return false;
    replica->disk = sim_disk_new();
    if (replica->disk)
        replica->faulty_disk = fault_disk_new(&replica->faults, sim_disk_vfs(replica->disk));
    replica->workers = sim_workers_new(&workers);
    if (replica->workers)
        replica->faulty_workers = fault_workers_new(&replica->faults, &replica->clock,
                                                    sim_workers_port(replica->workers));
    if (!replica->options.no_shadow) replica->shadow = sim_shadow_new();
    return replica->faulty_disk && replica->faulty_workers &&
           (replica->shadow || replica->options.no_shadow);
}

static bool record_flight(struct sim_replica *replica) {
    const struct sim_replica_options *options = &replica->options;
    if (options->keep)
        return sim_kept_flight(options->keep, replica->index, &replica->flight) == VK_OK &&
               sim_kept_trace(options->keep, replica->index, &replica->faults, &replica->log) ==
                   VK_OK;
    replica->flight = options->rings ? sim_flight_rings_recorder(options->rings, replica->index)
                                     : sim_flight_new(NULL, SIM_FLIGHT_BYTES);
    return replica->flight != NULL;
}

struct sim_replica *sim_replica_new(const struct sim_plan *plan, uint32_t index,
                                    const struct sim_replica_options *options) {
    struct sim_replica *replica = calloc(1, sizeof *replica);
    char name[32];
    VK_ASSERT(index < plan->replica_count); /* INV-PLAN-2 */
    if (!replica) return NULL;
    replica->plan = plan;
    replica->mine = &plan->replicas[index];
    replica->options = *options;
    if (!replica->options.module) replica->options.module = sim_kernel_linked();
    replica->index = index;
    sim_host_init(&replica->host, plan);
    snprintf(name, sizeof name, "entropy/%u", index);
    sim_random_init(&replica->entropy_stream, plan->seed, name);
    snprintf(name, sizeof name, "power/%u", index);
    sim_random_init(&replica->power_stream, plan->seed, name);
    if (!acquire(replica) || !record_flight(replica)) {
        sim_replica_free(replica);
        return NULL;
    }
    connect(replica);
    return replica;
}

/* The process ends: what it remembered is gone, and nothing more of it reaches the disk (closing a database in peace
 * would still tidy up its -wal). If power was what failed, the disk's cache is gone too. */
static void process_end(struct sim_replica *replica) {
    bool power_failed = fault_disk_power_is_off(replica->faulty_disk);
    bool suspended = replica->faults.suspended;
    replica->faults.suspended = true;
    fault_disk_power_off(replica->faulty_disk);
    if (replica->kernel) replica->vk->kernel_close(replica->kernel);
    if (replica->store) replica->vk->store_close(replica->store);
    replica->kernel = NULL;
    replica->store = NULL;
    fault_disk_power_back(replica->faulty_disk);
    VK_SOMETIMES_IF(power_failed, node_lost_its_power);
    if (power_failed) sim_disk_power_cut(replica->disk, &replica->power_stream);
    replica->faults.suspended = suspended;
}

void sim_replica_free(struct sim_replica *replica) {
    if (!replica) return;
    if (replica->faulty_disk) process_end(replica);
    fault_workers_free(replica->faulty_workers);
    sim_account_release(&replica->account);
    if (replica->workers) sim_workers_free(replica->workers);
    fault_disk_free(replica->faulty_disk);
    sim_disk_free(replica->disk);
    sim_shadow_free(replica->shadow);
    sim_flight_close(replica->flight);
    sim_trace_log_close(replica->log);
    sim_host_release(&replica->host);
    free(replica->faults.faults);
    free(replica);
}

static enum sim_step go_down(struct sim_replica *replica, enum vk_err err) {
    replica->error = err;
    snprintf(replica->error_text, sizeof replica->error_text, "%s: %s", vk_err_name(err),
             vk_err_origin()->text);
    VK_SOMETIMES_IF(!replica->kernel, node_crashed_as_it_started);
    VK_SOMETIMES_IF(replica->state == SIM_REPLICA_RUNNING && replica->ran_crank,
                    node_crashed_within_a_block);
    sim_flight_halt(replica->flight, vk_err_origin());
    if (replica->log) sim_trace_log_halt(replica->log, vk_err_origin());
    bool panicked = err == VK_ERR_PANIC;
    process_end(replica);
    replica->counts.crashes += !panicked;
    replica->vain_starts += !panicked;
    replica->state = panicked ? SIM_REPLICA_PANICKED : SIM_REPLICA_DOWN;
    sim_clock_wait(&replica->clock, RESTART_NS);
    return panicked ? SIM_STEP_PANIC : SIM_STEP_DOWN;
}

/* ---- what is on the disk */

static enum vk_err read_number(struct sim_replica *replica, struct vk_str key, uint64_t *out) {
    struct vk_str text;
    *out = 0;
    VK_TRY(replica->vk->store_get(replica->store, &replica->host.arena, key, &text));
    if (!text.p) return VK_RAISE(VK_ERR_CORRUPT, "no %.*s", VK_STR_ARG(key));
    return vk_str_to_u64(text, out)
               ? VK_OK
               : VK_RAISE(VK_ERR_CORRUPT, "%.*s is '%.*s'", VK_STR_ARG(key), VK_STR_ARG(text));
}

static enum vk_err write_number(struct sim_replica *replica, struct vk_str key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return replica->vk->store_host_set(replica->store, key, vk_str(text));
}

enum { STATE_TEXT = 33 };

static void state_text(struct sim_replica *replica, char text[STATE_TEXT]) {
    struct vk_state_hash hash = replica->vk->store_state_hash(replica->store);
    snprintf(text, STATE_TEXT, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
}

/* SQLite has no checksums: what the state was when it was committed is the host's to remember. */
static enum vk_err check_state(struct sim_replica *replica) {
    struct vk_str committed;
    char state[STATE_TEXT];
    VK_TRY(replica->vk->store_get(replica->store, &replica->host.arena, KEY_STATE, &committed));
    state_text(replica, state);
    return committed.p && vk_str_eq(committed, vk_str(state))
               ? VK_OK
               : VK_RAISE(VK_ERR_CORRUPT, "the database is not what was committed");
}

/* The host itself dies at a point of its own. */
static enum vk_err maybe_killed(struct sim_replica *replica, enum fault_kind kind) {
    if (!fault_strikes(&replica->faults, kind, FAULT_ANY_VAT)) return VK_OK;
    return VK_RAISE(VK_ERR_TRACE, "%s", fault_word(kind));
}

/* All since the last commit is durable, or was lost. */
static void note_committed(struct sim_replica *replica) {
    fault_set_committed(&replica->faults);
    if (replica->shadow) sim_shadow_committed(replica->shadow);
}

static void note_lost(struct sim_replica *replica) {
    fault_set_lost(&replica->faults);
    if (replica->shadow) sim_shadow_lost(replica->shadow);
}

static enum vk_err commit(struct sim_replica *replica) {
    char state[STATE_TEXT];
    VK_TRY(maybe_killed(replica, FAULT_HOST_BEFORE_COMMIT));
    VK_TRY(write_number(replica, KEY_BLOCK, replica->now.block));
    VK_TRY(write_number(replica, KEY_POINTS, replica->now.points));
    state_text(replica, state);
    VK_TRY(replica->vk->store_host_set(replica->store, KEY_STATE, vk_str(state)));
    replica->commit_in_doubt = true;
    replica->now.crank = sim_flight_crank(replica->flight);
    replica->attempted = replica->now;
    VK_TRY(replica->vk->store_commit(replica->store));
    replica->commit_in_doubt = false;
    replica->committed = replica->now;
    replica->vain_starts = 0;
    replica->counts.commits++;
    note_committed(replica);
    sim_clock_wait(&replica->clock, COMMIT_NS);
    return maybe_killed(replica, FAULT_HOST_AFTER_COMMIT);
}

/* Where the last commit left off; a new kernel if there was none. A commit that failed may have reached the disk
 * nevertheless: the disk has the last word, but it may say only what was asked of it. */
static enum vk_err recover(struct sim_replica *replica) {
    bool exists;
    VK_TRY(replica->vk->store_has(replica->store, KEY_BLOCK, &exists));
    if (!exists) {
        if (replica->counts.commits)
            return VK_RAISE(VK_ERR_CORRUPT, "what was committed is not there any more");
        VK_SOMETIMES_IF(replica->counts.starts > 1, node_crashed_before_its_first_commit);
        note_lost(replica);
        if (replica->log) sim_trace_log_start(replica->log, false);
        replica->now = (struct position){0};
        VK_TRY(sim_host_create(&replica->host, replica->store, &replica->ports));
        return commit(replica);
    }
    VK_TRY(read_number(replica, KEY_BLOCK, &replica->now.block));
    VK_TRY(read_number(replica, KEY_POINTS, &replica->now.points));
    VK_TRY(check_state(replica));
    bool is_attempted = replica->commit_in_doubt && replica->now.block == replica->attempted.block;
    if (!is_attempted && replica->now.block != replica->committed.block)
        return VK_RAISE(VK_ERR_CORRUPT, "the disk is at block %llu, committed was %llu",
                        (unsigned long long)replica->now.block,
                        (unsigned long long)replica->committed.block);
    replica->now.crank = (is_attempted ? replica->attempted : replica->committed).crank;
    VK_SOMETIMES_IF(is_attempted, commit_that_failed_was_on_the_disk);
    VK_SOMETIMES_IF(replica->commit_in_doubt && !is_attempted,
                    commit_that_failed_was_not_on_the_disk);
    if (is_attempted)
        note_committed(replica);
    else
        note_lost(replica);
    if (replica->log) sim_trace_log_start(replica->log, is_attempted);
    replica->committed = replica->now;
    replica->commit_in_doubt = false;
    return VK_OK;
}

static uint64_t due_ns(const struct sim_replica *replica) {
    uint64_t due = 0;
    for (uint64_t i = 0; i <= replica->now.block; i++)
        due += sim_host_after_ns(replica->plan, i);
    return due;
}

/* What happened to the database while nobody had it open. */
static enum vk_err damage(struct sim_replica *replica) {
    const struct vk_disk disk = {sim_disk_vfs(replica->disk), DATABASE};
    uint64_t damaged;
    if (!replica->counts.commits) return VK_OK;
    if (fault_strikes(&replica->faults, FAULT_BIT_ROT, FAULT_ANY_VAT))
        sim_disk_rot(replica->disk, DATABASE, &replica->power_stream);
    return fault_snapshots_damage(&replica->faults, &disk, &damaged);
}

/* Those that lie in the past of a node that reads them for the first time are refused. What passes while it has them
 * is no mistake. */
static enum vk_err check_directives(struct sim_replica *replica) {
    if (!replica->directives || replica->directives_taken) return VK_OK;
    VK_TRY(sim_directives_check(replica->directives, replica->store, &replica->ports,
                                replica->now.block, &replica->refusal));
    replica->directives_taken = true;
    return VK_OK;
}

static enum vk_err stop(void *impl, const struct vk_debug_stop *where) {
    struct sim_replica *replica = impl;
    if (!replica->debug) return VK_OK;
    enum vk_err err = replica->debug(replica->debug_impl, replica->index, where);
    replica->is_stopped = err != VK_OK;
    return err;
}

void sim_replica_direct(struct sim_replica *replica, const struct sim_directives *directives,
                        sim_debug debug, void *impl) {
    VK_ASSERT(!replica->store); /* INV-REPLICA-1: directives are read at a start */
    replica->directives = directives;
    replica->orders = (struct vk_directives){
        .at = directives->all.at, .count = directives->all.count, .stop = stop, .impl = replica};
    replica->debug = debug;
    replica->debug_impl = impl;
    replica->state = SIM_REPLICA_DOWN;
}

/* ---- which kernel */

static struct sim_replacements replacements(const struct sim_replica *replica) {
    return (struct sim_replacements){.module = replica->vk,
                                     .store = replica->store,
                                     .ports = &replica->ports,
                                     .orders = &replica->orders,
                                     .block = replica->now.block};
}

static enum vk_err open_store(struct sim_replica *replica, const struct vk_module *module) {
    const struct vk_store_options options = {
        .mode = replica->mine->direct ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK,
        .no_activity_hash = replica->options.no_activity_hash,
    };
    replica->vk = module;
    return module->store_open(&replica->ports, &options, &replica->store);
}

/* ---- starting */

static enum vk_err open_kernel(struct sim_replica *replica) {
    const struct vk_kernel_options options = {
        .vats_online_max = replica->mine->vats_online,
        .no_preload = replica->mine->no_preload,
        .no_restart_after_snapshot = replica->mine->no_restart_after_snapshot,
        .directives = replica->directives ? &replica->orders : NULL,
    };
    const struct vk_module *module;
    const struct sim_replacements known = replacements(replica);
    VK_TRY(sim_replacement_module(&known, replica->options.module, &module));
    if (module != replica->vk) {
        replica->vk->store_close(replica->store);
        replica->store = NULL;
        VK_TRY(open_store(replica, module));
    }
    return module->kernel_open(replica->store, &replica->ports, &options, &replica->kernel);
}

static enum vk_err start(struct sim_replica *replica) {
    replica->counts.starts++;
    sim_flight_start(replica->flight);
    sim_clock_wait(&replica->clock, START_NS);
    VK_TRY(damage(replica));
    vk_arena_clear(&replica->host.arena);
    VK_TRY(open_store(replica, replica->options.module));
    VK_TRY(recover(replica));
    sim_flight_goes_on(replica->flight, replica->now.crank);
    VK_TRY(check_directives(replica));
    VK_TRY(open_kernel(replica));
    sim_host_resume(&replica->host, replica->now.block);
    replica->block_due_ns = due_ns(replica);
    replica->state = SIM_REPLICA_WAITING;
    return VK_OK;
}

/* ---- blocks */

static enum sim_step arrive(struct sim_replica *replica, bool is_crank) {
    replica->point.number = replica->now.points++;
    replica->point.block = replica->now.block;
    replica->point.is_crank = is_crank;
    if (!is_crank)
        replica->point.crank =
            (struct vk_crank_result){.event = "inputs",
                                     .vat = VK_NO_VAT,
                                     .state_hash = replica->vk->store_state_hash(replica->store)};
    if (replica->now.points > replica->points_seen_max)
        replica->points_seen_max = replica->now.points;
    else
        replica->counts.cranks_again += is_crank;
    replica->counts.cranks += is_crank;
    return SIM_STEP_POINT;
}

/* Ends this process, with all committed, for one with another kernel. */
static enum vk_err make_way(struct sim_replica *replica) {
    VK_RARELY(kernel_replaced);
    if (replica->now.block != replica->committed.block) VK_TRY(commit(replica));
    process_end(replica);
    return start(replica);
}

static enum vk_err begin_block(struct sim_replica *replica, enum sim_step *step) {
    const struct vk_directive *replacement;
    const struct sim_replacements known = replacements(replica);
    VK_TRY(sim_replacement_due(&known, &replacement));
    if (replacement && replacement->module != replica->vk) return make_way(replica);
    if (replacement) VK_TRY(replica->vk->host_note_replacement(replica->kernel, replacement));
    if (replica->clock.now_ns < replica->block_due_ns)
        replica->clock.now_ns = replica->block_due_ns;
    if (replica->log) sim_trace_log_block(replica->log, replica->now.block);
    VK_TRY(
        sim_host_begin_block(&replica->host, replica->store, replica->kernel, replica->now.block));
    replica->state = SIM_REPLICA_RUNNING;
    replica->block_ends = false;
    replica->ran_crank = false;
    *step = arrive(replica, false);
    return VK_OK;
}

/* What a host call leaves in the kernel's memory (statistics, promises that nobody holds any more) is written by the crank
 * after it. A host that commits before that crank and then restarts has lost it, and differs from one that
 * did not restart: so it does not. */
static enum vk_err end_block(struct sim_replica *replica) {
    replica->now.block++;
    replica->state = SIM_REPLICA_WAITING;
    replica->block_due_ns += sim_host_after_ns(replica->plan, replica->now.block);
    bool is_last = replica->now.block == sim_host_blocks(replica->plan);
    bool is_due = replica->now.block - replica->committed.block >= replica->mine->commit_every;
    if (is_last || (is_due && replica->ran_crank)) VK_TRY(commit(replica));
    return is_last ? VK_OK : maybe_killed(replica, FAULT_HOST_RESTART);
}

static enum vk_err run_crank(struct sim_replica *replica, enum sim_step *step) {
    if (replica->block_ends) return end_block(replica);
    const struct vk_run_policy policy = sim_host_run_policy(&replica->host);
    struct vk_crank_result *crank = &replica->point.crank;
    sim_clock_wait(&replica->clock, CRANK_NS * replica->mine->slowness);
    sim_workers_forget_doom(replica->workers);
    VK_TRY(sim_account_begin(&replica->account, replica->store));
    VK_TRY(replica->vk->kernel_run_crank(replica->kernel, &policy, crank));
    if (crank->kind == VK_CRANK_IDLE) return end_block(replica);
    replica->ran_crank = true;
    replica->gave_way |= crank->directed;
    replica->block_ends = !sim_host_goes_on(&replica->host, crank);
    *step = arrive(replica, true);
    return VK_OK;
}

enum vk_err sim_replica_step(struct sim_replica *replica, enum sim_step *step) {
    enum vk_err err = VK_OK;
    *step = SIM_STEP_NOTHING;
    fault_sqlite_heap_use(&replica->faults);
    sim_flight_use(replica->flight);
    if (replica->options.rings) sim_flight_rings_use(replica->options.rings, replica->index);
    switch (replica->state) {
    case SIM_REPLICA_DOWN: err = start(replica); break;
    case SIM_REPLICA_WAITING: err = begin_block(replica, step); break;
    case SIM_REPLICA_RUNNING: err = run_crank(replica, step); break;
    case SIM_REPLICA_PANICKED:
    case SIM_REPLICA_HALTED:
    case SIM_REPLICA_DIVERGED: VK_ASSERT(false); /* whoever is gone has no turn */
    }
    sim_flight_use(NULL);
    fault_sqlite_heap_use(NULL);
    if (err != VK_OK) *step = go_down(replica, err);
    return VK_OK;
}

enum vk_err sim_replica_keep(struct sim_replica *replica) {
    const struct vk_disk disk = {sim_disk_vfs(replica->disk), DATABASE};
    VK_ASSERT(replica->options.keep);
    if (replica->faulty_disk) process_end(replica);
    sim_trace_log_close(replica->log);
    replica->log = NULL;
    return replica->counts.commits ? sim_kept_database(replica->options.keep, replica->index, &disk)
                                   : VK_OK;
}

/* ---- what there is to know */

const struct sim_flight *sim_replica_flight(const struct sim_replica *replica) {
    return replica->flight;
}

const struct sim_point *sim_replica_point(const struct sim_replica *replica) {
    return &replica->point;
}

uint64_t sim_replica_due_ns(const struct sim_replica *replica) {
    bool waits =
        replica->state == SIM_REPLICA_WAITING && replica->block_due_ns > replica->clock.now_ns;
    return waits ? replica->block_due_ns : replica->clock.now_ns;
}

enum sim_replica_state sim_replica_state(const struct sim_replica *replica) {
    return replica->state;
}

void sim_replica_set_state(struct sim_replica *replica, enum sim_replica_state state) {
    replica->faults.suspended = true;
    process_end(replica);
    replica->state = state;
}

enum vk_err sim_replica_error(const struct sim_replica *replica) { return replica->error; }

const char *sim_replica_error_text(const struct sim_replica *replica) {
    return replica->error_text;
}

bool sim_replica_is_directed(const struct sim_replica *replica) { return replica->directives; }
bool sim_replica_gave_way(const struct sim_replica *replica) { return replica->gave_way; }

const struct sim_plan_error *sim_replica_refusal(const struct sim_replica *replica) {
    return replica->refusal.line ? &replica->refusal : NULL;
}

bool sim_replica_is_stopped(const struct sim_replica *replica) { return replica->is_stopped; }

uint64_t sim_replica_vain_starts(const struct sim_replica *replica) { return replica->vain_starts; }

uint32_t sim_replica_index(const struct sim_replica *replica) { return replica->index; }

uint64_t sim_replica_points(const struct sim_replica *replica) { return replica->now.points; }

uint64_t sim_replica_points_committed(const struct sim_replica *replica) {
    return replica->committed.points;
}

uint64_t sim_replica_block(const struct sim_replica *replica) { return replica->now.block; }

uint64_t sim_replica_now_ns(const struct sim_replica *replica) { return replica->clock.now_ns; }

struct sim_replica_counts sim_replica_counts(const struct sim_replica *replica) {
    return replica->counts;
}

struct sim_workers_counts sim_replica_workers_counts(const struct sim_replica *replica) {
    return sim_workers_counts(replica->workers);
}

struct fault_set *sim_replica_faults(struct sim_replica *replica) {
    return &replica->faults;
}

void sim_replica_calm_down(struct sim_replica *replica) {
    replica->faults.calm = true;
    replica->vain_starts = 0;
}

struct vk_store *sim_replica_store(struct sim_replica *replica) {
    return replica->store;
}

struct vk_kernel *sim_replica_kernel(struct sim_replica *replica) {
    return replica->kernel;
}

const struct vk_ports *sim_replica_ports(struct sim_replica *replica) { return &replica->ports; }

const struct sim_shadow *sim_replica_shadow(const struct sim_replica *replica) {
    return replica->shadow;
}

const struct sim_host *sim_replica_host(const struct sim_replica *replica) {
    return &replica->host;
}

struct sim_workers *sim_replica_workers(struct sim_replica *replica) {
    return replica->workers;
}

struct sim_account *sim_replica_account(struct sim_replica *replica) {
    return &replica->account;
}
