/* testing_sim.c - see testing_sim.h. */
#include "testing_sim.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include <sim/auditor.h>
#include <sim/vat_program.h>

/* ---- what is said */

/* The syscalls of one delivery and their answers. */
struct said {
    struct vk_syscall_result *answers;
    struct vk_str *syscalls;
    size_t count, capacity, next;
};

struct checked_delivery {
    struct sim_world *world;
    const struct vk_syscall_port *kernel;
    struct said said;
    char vat[24];
    bool differs;
};

static struct vk_str keep(struct sim_world *w, struct vk_str s) {
    struct vk_str copy;
    if (!s.p) return s;
    test_ok(vk_arena_copy(&w->arena, s, &copy));
    return copy;
}

static void keep_said(struct checked_delivery *checked, const struct vk_syscall *syscall,
                      const struct vk_syscall_result *answer) {
    struct sim_world *w = checked->world;
    struct said *said = &checked->said;
    if (said->count == said->capacity) {
        said->capacity = said->capacity ? said->capacity * 2 : 16;
        said->answers = realloc(said->answers, said->capacity * sizeof *said->answers);
        said->syscalls = realloc(said->syscalls, said->capacity * sizeof *said->syscalls);
        cr_assert(said->answers && said->syscalls);
    }
    struct vk_syscall_result copy = *answer;
    struct vk_str *slots;
    test_ok(VK_NEW_ARRAY(&w->arena, &slots, answer->capdata.slot_count + 1));
    for (size_t i = 0; i < answer->capdata.slot_count; i++)
        slots[i] = keep(w, answer->capdata.slots[i]);
    copy.text = keep(w, answer->text);
    copy.json = keep(w, answer->json);
    copy.capdata.body = keep(w, answer->capdata.body);
    copy.capdata.slots = slots;
    said->answers[said->count] = copy;
    said->syscalls[said->count++] = keep(w, syscall->json);
}

static enum vk_err listen(void *impl, const struct vk_syscall *syscall,
                          struct vk_syscall_result *result) {
    struct checked_delivery *checked = impl;
    struct sim_world *w = checked->world;
    enum vk_err err = checked->kernel->make(checked->kernel->impl, syscall, result);
    if (err != VK_OK) return err;
    test_journal_line(&w->journal, "syscall %s %.*s -> %.*s", checked->vat,
                      VK_STR_ARG(syscall->json), VK_STR_ARG(result->json));
    w->syscalls++;
    const struct vk_str fatal = VK_STR("syscall translation error: prepare to die");
    cr_assert(result->ok || vk_str_eq(result->text, fatal) || syscall->type == VK_SYSCALL_CALL_NOW);
    if (!result->ok && vk_str_eq(result->text, fatal)) {
        w->refused++;
        cr_assert(w->options.illegal, "%s: %.*s was refused", checked->vat,
                  VK_STR_ARG(syscall->json));
    }
    keep_said(checked, syscall, result);
    return VK_OK;
}

static enum vk_err repeat(void *impl, const struct vk_syscall *syscall,
                          struct vk_syscall_result *result) {
    struct checked_delivery *checked = impl;
    struct said *said = &checked->said;
    cr_assert(said->next < said->count, "%s: another syscall: %.*s", checked->vat,
              VK_STR_ARG(syscall->json));
    cr_assert(vk_str_eq(said->syscalls[said->next], syscall->json), "%s: %.*s instead of %.*s",
              checked->vat, VK_STR_ARG(syscall->json), VK_STR_ARG(said->syscalls[said->next]));
    *result = said->answers[said->next++];
    return VK_OK;
}

/* ---- syscalls that are not waited for: what is said of them in the end is between kernel and transcript */

static enum vk_err listen_unheard(void *impl, const struct vk_syscall *syscall) {
    struct checked_delivery *checked = impl;
    struct sim_world *w = checked->world;
    const struct vk_syscall_result none = {.ok = true};
    enum vk_err err = checked->kernel->submit(checked->kernel->impl, syscall);
    if (err != VK_OK) return err;
    test_journal_line(&w->journal, "submit %s %.*s", checked->vat, VK_STR_ARG(syscall->json));
    w->syscalls++;
    keep_said(checked, syscall, &none);
    return VK_OK;
}

static enum vk_err repeat_unheard(void *impl, const struct vk_syscall *syscall) {
    struct vk_syscall_result none;
    return repeat(impl, syscall, &none);
}

static enum vk_err let_settle(void *impl, uint64_t count) {
    struct checked_delivery *checked = impl;
    return checked->kernel->settle(checked->kernel->impl, count);
}

/* ---- the twin */

static const struct sim_program *program_in(const struct sim_plan *plan, struct vk_str image) {
    const char *line = memchr(image.p, '\n', image.n);
    struct vk_str rest = vk_str_from(image, (size_t)(line - image.p) + 1);
    for (size_t i = 0; i < plan->program_count; i++) {
        struct vk_str name = plan->programs[i].name;
        if (vk_str_starts(rest, name) && rest.p[name.n] == ' ') return &plan->programs[i];
    }
    cr_assert(false, "no program in %.*s", VK_STR_ARG(image));
    return NULL;
}

static void check_twin(struct checked_delivery *checked, const struct vk_delivery *delivery,
                       struct vk_str before, const struct vk_delivery_result *result,
                       uint64_t now_ns) {
    struct sim_world *w = checked->world;
    struct vk_arena arena;
    struct sim_vat twin;
    struct vk_str after, image;
    const struct sim_clock then = {now_ns};
    const struct vk_syscall_port port = {.impl = checked, .make = repeat, .submit = repeat_unheard};
    struct sim_vat_delivery in_hand = {.delivery = delivery, .syscalls = &port, .clock = &then};
    vk_arena_init(&arena, vk_heap_system());
    sim_vat_init(&twin, vk_heap_system(), w->plan, program_in(w->plan, before));
    test_ok(sim_vat_restore(&twin, before));
    test_ok(sim_vat_deliver(&twin, &arena, &in_hand));
    cr_assert(checked->said.next == checked->said.count, "%s: a syscall is missing", checked->vat);
    cr_assert((in_hand.ending == SIM_VAT_DONE) == result->ok);
    cr_assert(!result->metered || result->computrons == in_hand.computrons);
    test_ok(sim_vat_image(&twin, &arena, &image));
    test_ok(sim_workers_image(w->workers, vk_str(checked->vat), &arena, &after));
    if (after.p)
        cr_assert(vk_str_eq(after, image), "%s: %.*s instead of %.*s", checked->vat,
                  VK_STR_ARG(image), VK_STR_ARG(after));
    sim_vat_release(&twin);
    vk_arena_release(&arena);
    w->twins++;
}

/* ---- the worker host, listened to */

struct listened_worker {
    struct vk_worker *worker;
    char vat[24];
};

static enum vk_err checked_deliver(void *impl, struct vk_worker *handle, struct vk_arena *arena,
                                   const struct vk_delivery *delivery,
                                   const struct vk_syscall_port *syscalls,
                                   struct vk_delivery_result *result) {
    struct sim_world *w = impl;
    const struct vk_worker_host *workers = sim_workers_port(w->workers);
    struct listened_worker *worker = (struct listened_worker *)(void *)handle;
    struct checked_delivery checked = {.world = w, .kernel = syscalls};
    const struct vk_syscall_port port = {
        .impl = &checked, .make = listen, .submit = listen_unheard, .settle = let_settle};
    struct vk_str before;
    uint64_t now_ns = w->clock.now_ns;
    memcpy(checked.vat, worker->vat, sizeof checked.vat);
    test_ok(sim_workers_image(w->workers, vk_str(worker->vat), &w->arena, &before));
    test_journal_line(&w->journal, "deliver %s %.*s", worker->vat, VK_STR_ARG(delivery->json));
    enum vk_err err =
        workers->deliver(workers->impl, worker->worker, arena, delivery, &port, result);
    w->deliveries++;
    if (err == VK_OK) {
        test_journal_line(&w->journal, "result %s %s %.*s %llu", worker->vat,
                          result->ok ? "ok" : "error", VK_STR_ARG(result->problem),
                          (unsigned long long)result->computrons);
        if (!w->options.unchecked) check_twin(&checked, delivery, before, result, now_ns);
    }
    free(checked.said.answers);
    free(checked.said.syscalls);
    return err;
}

static enum vk_err checked_start(void *impl, const struct vk_worker_spec *spec,
                                 struct vk_worker **out) {
    struct sim_world *w = impl;
    const struct vk_worker_host *workers = sim_workers_port(w->workers);
    struct listened_worker *worker = calloc(1, sizeof *worker);
    cr_assert(worker);
    snprintf(worker->vat, sizeof worker->vat, "%.*s", VK_STR_ARG(spec->vat));
    test_journal_line(&w->journal, "start %s%s", worker->vat,
                      spec->snapshot ? " from a snapshot" : "");
    enum vk_err err = workers->start(workers->impl, spec, &worker->worker);
    *out = (struct vk_worker *)(void *)worker;
    if (err != VK_OK) free(worker);
    return err;
}

static enum vk_err checked_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                      struct vk_str *json) {
    struct sim_world *w = impl;
    const struct vk_worker_host *workers = sim_workers_port(w->workers);
    return workers->worker_bundle_ids(workers->impl, store, arena, json);
}

static enum vk_err checked_snapshot(void *impl, struct vk_worker *handle, struct vk_arena *arena,
                                    bool restart, struct vk_snapshot_image *image) {
    struct sim_world *w = impl;
    const struct vk_worker_host *workers = sim_workers_port(w->workers);
    struct listened_worker *worker = (struct listened_worker *)(void *)handle;
    return workers->snapshot(workers->impl, worker->worker, arena, restart, image);
}

static void checked_stop(void *impl, struct vk_worker *handle) {
    struct sim_world *w = impl;
    const struct vk_worker_host *workers = sim_workers_port(w->workers);
    struct listened_worker *worker = (struct listened_worker *)(void *)handle;
    workers->stop(workers->impl, worker->worker);
    free(worker);
}

/* Answers with what it was given. */
static enum vk_err echo(void *impl, struct vk_arena *arena, const struct vk_device_call *call,
                        const struct vk_device_powers *powers, struct vk_device_result *result) {
    (void)impl, (void)arena, (void)powers;
    *result = (struct vk_device_result){.ok = true, .data = call->args};
    return VK_OK;
}

/* ---- the world */

static void open_kernel(struct sim_world *w) {
    const struct vk_kernel_options options = {.vats_online_max = w->options.vats_online};
    w->error = vk_kernel_open(w->store, &w->ports, &options, &w->kernel);
    if (w->error != VK_OK) w->kernel = NULL;
}

void sim_world_open(struct sim_world *w, const struct sim_plan *plan,
                    const struct sim_world_options *options) {
    const struct vk_store_options store = {.mode = VK_STORE_WRITE_BACK};
    *w = (struct sim_world){.plan = plan, .options = *options};
    test_heap_init(&w->heap);
    test_trace_init(&w->trace);
    test_journal_init(&w->journal);
    vk_arena_init(&w->arena, vk_heap_system());
    const struct sim_workers_options workers = {
        .heap = &w->heap.port,
        .plan = plan,
        .clock = &w->clock,
        .faults = options->faults,
        .slowness = options->slowness ? options->slowness : 1,
        .frames = options->frames,
    };
    w->workers = sim_workers_new(&workers);
    cr_assert(w->workers);
    w->checked = (struct vk_worker_host){
        .impl = w,
        .worker_bundle_ids = checked_bundle_ids,
        .start = checked_start,
        .deliver = checked_deliver,
        .snapshot = checked_snapshot,
        .stop = checked_stop,
    };
    w->devices = (struct vk_device_host){.invoke = echo};
    w->ports = (struct vk_ports){
        .heap = &w->heap.port,
        .trace = &w->trace.port,
        .disk = {NULL, ":memory:"},
        .workers = &w->checked,
        .devices = &w->devices,
    };
    sim_host_init(&w->host, plan);
    test_ok(vk_store_open(&w->ports, &store, &w->store));
    test_ok(sim_host_create(&w->host, w->store, &w->ports));
    open_kernel(w);
    test_ok(w->error);
    sim_host_resume(&w->host, 0);
}

static bool restart(struct sim_world *w) {
    test_ok(vk_store_commit(w->store));
    vk_kernel_close(w->kernel);
    open_kernel(w);
    return w->kernel != NULL;
}

/* One crank; false when there is nothing more to do in this block. */
static bool crank(struct sim_world *w) {
    const struct vk_run_policy policy = sim_host_run_policy(&w->host);
    w->error = vk_kernel_run_crank(w->kernel, &policy, &w->crank);
    if (w->error != VK_OK || w->crank.kind == VK_CRANK_IDLE) return false;
    cr_assert(++w->cranks < 100000, "no end of cranks");
    w->terminated += w->crank.terminated;
    if (w->options.restarts && !restart(w)) return false;
    return sim_host_goes_on(&w->host, &w->crank);
}

bool sim_world_run(struct sim_world *w) {
    for (uint64_t block = 0; block < sim_host_blocks(w->plan); block++) {
        test_ok(sim_host_begin_block(&w->host, w->store, w->kernel, block));
        while (crank(w))
            ;
        if (w->error == VK_OK) continue;
        if (w->kernel) vk_kernel_close(w->kernel);
        w->kernel = NULL;
        return false;
    }
    return true;
}

const char *sim_world_key(struct sim_world *w, const char *key) {
    struct vk_str value, text;
    test_ok(vk_store_get(w->store, &w->arena, vk_str(key), &value));
    if (!value.p) return NULL;
    test_ok(vk_arena_format(&w->arena, &text, "%.*s%c", VK_STR_ARG(value), '\0'));
    return text.p;
}

static void print_violation(void *impl, const struct audit_violation *violation) {
    (void)impl;
    fprintf(stderr, "%s: %.*s: expected %.*s, found %.*s\n", sim_audit_rule_name(violation->rule),
            VK_STR_ARG(violation->key), VK_STR_ARG(violation->expected),
            VK_STR_ARG(violation->found));
}

void sim_world_close(struct sim_world *w) {
    const struct sim_audit_options options = {.heap = vk_heap_system(),
                                              .violation = print_violation};
    struct sim_audit_report report;
    if (w->kernel) {
        vk_kernel_close(w->kernel);
        test_ok(sim_audit_store(w->store, &options, &report));
        cr_assert(report.violations == 0, "the auditor found %llu violations",
                  (unsigned long long)report.violations);
    }
    vk_store_close(w->store);
    sim_workers_free(w->workers);
    sim_host_release(&w->host);
    test_trace_release(&w->trace);
    test_journal_release(&w->journal);
    vk_arena_release(&w->arena);
    cr_assert(w->heap.outstanding_blocks == 0, "%llu blocks leaked",
              (unsigned long long)w->heap.outstanding_blocks);
}
