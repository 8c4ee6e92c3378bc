/* plan_host.c - see plan_host.h. Answers to controller.js for what a host may call, and to the chain's
 * computron-limited policy (packages/cosmic-swingset/src/launch-chain.js) for blocks. */
#include "plan_host.h"

#include "sim_worker.h"
#include "vk/json.h"
#include "vk/module.h"

enum { DRAIN_AFTER_MS = 1000 };

void sim_host_init(struct sim_host *host, const struct sim_plan *plan) {
    *host = (struct sim_host){.plan = plan};
    vk_arena_init(&host->arena, vk_heap_system());
}

void sim_host_release(struct sim_host *host) {
    sim_array_free(host->results.at);
    sim_array_free(host->held.at);
    vk_arena_release(&host->arena);
}

/* ---- a new kernel */

static enum vk_err bundle_id(struct sim_host *host, const struct sim_program *program,
                             struct vk_str *out) {
    char id[132];
    sim_program_bundle_id(program, id);
    return vk_arena_copy(&host->arena, vk_str(id), out);
}

static enum vk_err add_bundle(struct vk_store *store, struct vk_str id) {
    bool has;
    VK_TRY(vk_module_of(store)->bundle_has(store, id, &has));
    return has ? VK_OK
               : vk_module_of(store)->bundle_add(store, id, VK_STR("a program of the plan"));
}

static enum vk_err add_bundles(struct sim_host *host, struct vk_store *store) {
    for (size_t i = 0; i < host->plan->program_count; i++) {
        struct vk_str id;
        VK_TRY(bundle_id(host, &host->plan->programs[i], &id));
        VK_TRY(add_bundle(store, id));
    }
    return VK_OK;
}

static enum vk_err vat_options(struct sim_host *host, const struct sim_static_vat *vat,
                               struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, &host->arena);
    vk_buf_lit(&buf, "{\"useTranscript\":true");
    if (vat->critical) vk_buf_lit(&buf, ",\"critical\":true");
    if (vat->pipelining) vk_buf_lit(&buf, ",\"enablePipelining\":true");
    if (vat->keeps_vatstore) vk_buf_lit(&buf, ",\"vatstore\":\"completion\"");
    if (vat->suspend_on_fatal) vk_buf_lit(&buf, ",\"suspendOnFatal\":true");
    if (vat->reap_interval == VK_UNLIMITED) {
        vk_buf_lit(&buf, ",\"reapInterval\":\"never\"");
    } else if (vat->reap_interval) {
        vk_buf_lit(&buf, ",\"reapInterval\":");
        vk_buf_u64(&buf, vat->reap_interval);
    }
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, out);
}

static enum vk_err vat_configs(struct sim_host *host, struct vk_vat_config **out) {
    const struct sim_plan *plan = host->plan;
    VK_TRY(VK_NEW_ARRAY(&host->arena, out, plan->vat_count));
    for (size_t i = 0; i < plan->vat_count; i++) {
        struct vk_vat_config *config = &(*out)[i];
        *config = (struct vk_vat_config){.name = plan->vats[i].name};
        VK_TRY(bundle_id(host, &plan->programs[plan->vats[i].program], &config->bundle_id));
        VK_TRY(vat_options(host, &plan->vats[i], &config->options));
    }
    return VK_OK;
}

enum vk_err sim_host_create(struct sim_host *host, struct vk_store *store,
                            const struct vk_ports *ports) {
    const struct sim_plan *plan = host->plan;
    const struct vk_device_config devices[] = {
        {.name = VK_STR("vatAdmin"), .bundle_id = VK_STR("b1-device")},
        {.name = VK_STR("echo"), .bundle_id = VK_STR("b1-device")},
    };
    struct vk_vat_config *vats;
    vk_arena_clear(&host->arena);
    VK_TRY(add_bundles(host, store));
    VK_TRY(vat_configs(host, &vats));
    const struct vk_config config = {
        .default_manager_type = VK_STR("xs-worker"),
        .default_reap_interval = plan->kernel.reap_interval,
        .default_reap_gc_krefs = plan->kernel.reap_gc_krefs,
        .snapshot_initial = plan->kernel.snapshot_initial,
        .snapshot_interval = plan->kernel.snapshot_interval,
        .vats = vats,
        .vat_count = plan->vat_count,
        .devices = devices,
        .device_count = sizeof devices / sizeof *devices,
        .bootstrap = plan->vats[plan->bootstrap].name,
    };
    return vk_module_of(store)->kernel_initialize(store, ports, &config, host->bootstrap_kpid);
}

void sim_host_resume(struct sim_host *host, uint64_t next) {
    size_t kept = 0;
    for (size_t i = 0; i < host->results.count; i++) {
        struct sim_host_result result = host->results.at[i];
        if (result.queued_in >= next) continue;
        if (result.taken_in != UINT64_MAX && result.taken_in >= next) result.taken_in = UINT64_MAX;
        host->results.at[kept++] = result;
    }
    host->results.count = kept;
    kept = 0;
    for (size_t i = 0; i < host->held.count; i++)
        if (host->held.at[i].taken_in < next) host->held.at[kept++] = host->held.at[i];
    host->held.count = kept;
}

/* ---- blocks */

uint64_t sim_host_blocks(const struct sim_plan *plan) {
    return plan->block_count + (plan->no_drain ? 0 : SIM_DRAIN_BLOCKS);
}

uint64_t sim_host_after_ns(const struct sim_plan *plan, uint64_t block) {
    uint64_t after_ms = block < plan->block_count ? plan->blocks[block].after_ms : DRAIN_AFTER_MS;
    return after_ms * 1000000;
}

/* Whether the vat has not been terminated; a static vat's name stays. */
static enum vk_err is_alive(struct sim_host *host, struct vk_store *store, struct vk_str id,
                            bool *alive) {
    struct vk_str key;
    VK_TRY(vk_arena_format(&host->arena, &key, "%.*s.options", VK_STR_ARG(id)));
    return vk_module_of(store)->store_has(store, key, alive);
}

/* Absent when the vat is terminated and all of it is gone. */
static enum vk_err static_id(struct sim_host *host, struct vk_store *store, uint32_t vat,
                             struct vk_str *id) {
    struct vk_str key;
    VK_TRY(vk_arena_format(&host->arena, &key, "vat.name.%.*s",
                           VK_STR_ARG(host->plan->vats[vat].name)));
    return vk_module_of(store)->store_get(store, &host->arena, key, id);
}

/* The root of a static vat, exported anew if need be; "" if the vat is gone. */
static enum vk_err root_of(struct sim_host *host, struct vk_store *store, struct vk_kernel *kernel,
                           uint32_t vat, char kref[VK_KREF_TEXT]) {
    struct vk_str id;
    bool alive = false;
    kref[0] = '\0';
    VK_TRY(static_id(host, store, vat, &id));
    if (id.p) VK_TRY(is_alive(host, store, id, &alive));
    return alive ? vk_module_of(kernel)->host_vat_root(kernel, host->plan->vats[vat].name, kref)
                 : VK_OK;
}

static enum vk_err methargs(struct sim_host *host, const char *method, uint64_t bytes,
                            struct vk_capdata *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, &host->arena);
    vk_buf_lit(&buf, "#[\"");
    vk_buf_add(&buf, vk_str(method));
    vk_buf_lit(&buf, "\",[\"");
    char *padding = vk_buf_reserve(&buf, bytes);
    if (padding) {
        memset(padding, 'x', bytes);
        vk_buf_advance(&buf, bytes);
    }
    vk_buf_lit(&buf, "\"]]");
    *out = (struct vk_capdata){0};
    return vk_buf_finish(&buf, &out->body);
}

static enum vk_err send(struct sim_host *host, struct vk_store *store, struct vk_kernel *kernel,
                        uint64_t block, uint32_t vat, const char *method,
                        const struct sim_input *input) {
    struct vk_capdata data;
    char root[VK_KREF_TEXT];
    VK_TRY(root_of(host, store, kernel, vat, root));
    if (!root[0]) return VK_OK;
    VK_TRY(methargs(host, method, input ? input->bytes : 0, &data));
    SIM_ARRAY_RESERVE(&host->results);
    struct sim_host_result *result = &host->results.at[host->results.count];
    *result = (struct sim_host_result){.queued_in = block, .taken_in = UINT64_MAX};
    VK_TRY(vk_module_of(kernel)->host_queue_message(
        kernel, vk_str(root), &data, input && input->panic ? VK_RESULT_PANIC : VK_RESULT_IGNORE,
        result->kpid));
    host->results.count++;
    return VK_OK;
}

static enum vk_err hold(struct sim_host *host, uint64_t block, const struct vk_capdata *data) {
    for (size_t i = 0; i < data->slot_count; i++) {
        SIM_ARRAY_RESERVE(&host->held);
        struct sim_host_held *held = &host->held.at[host->held.count++];
        VK_ASSERT(data->slots[i].n < sizeof held->kref);
        *held = (struct sim_host_held){.taken_in = block};
        memcpy(held->kref, data->slots[i].p, data->slots[i].n);
    }
    return VK_OK;
}

static enum vk_err take_results(struct sim_host *host, struct vk_kernel *kernel, uint64_t block) {
    for (size_t i = 0; i < host->results.count; i++) {
        struct sim_host_result *result = &host->results.at[i];
        struct vk_capdata data;
        bool settled, rejected;
        if (result->taken_in != UINT64_MAX) continue;
        VK_TRY(vk_module_of(kernel)->host_take_resolution(
            kernel, &host->arena, vk_str(result->kpid), &settled, &rejected, &data));
        if (!settled) continue;
        result->taken_in = block;
        VK_TRY(hold(host, block, &data));
    }
    return VK_OK;
}

enum vk_err sim_host_references(const struct sim_host *host, struct vk_arena *arena,
                                struct audit_reference **references, size_t *count) {
    struct audit_reference *next;
    VK_TRY(VK_NEW_ARRAY(arena, references, 1 + host->results.count + host->held.count));
    next = *references;
    if (host->bootstrap_kpid[0])
        *next++ = (struct audit_reference){vk_str(host->bootstrap_kpid), 1};
    for (size_t i = 0; i < host->results.count; i++)
        if (host->results.at[i].taken_in == UINT64_MAX)
            *next++ = (struct audit_reference){vk_str(host->results.at[i].kpid), 1};
    for (size_t i = 0; i < host->held.count; i++)
        *next++ = (struct audit_reference){vk_str(host->held.at[i].kref), 1};
    *count = (size_t)(next - *references);
    return VK_OK;
}

static enum vk_err install(struct sim_host *host, struct vk_kernel *kernel, uint64_t n) {
    struct vk_str id;
    VK_TRY(vk_arena_format(&host->arena, &id, "b1-%0128llx", (unsigned long long)n));
    return vk_module_of(kernel)->host_install_bundle(kernel, id,
                                                     VK_STR("a bundle that nobody runs"));
}

/* The vat id at `n` modulo their number in a JSON array of vat ids; absent if it is empty. */
static enum vk_err pick_id(struct sim_host *host, struct vk_store *store, uint64_t n,
                           struct vk_str *id) {
    struct vk_str text;
    const struct vk_json *list;
    *id = VK_STR_NONE;
    VK_TRY(vk_module_of(store)->store_get(store, &host->arena, VK_STR("vat.dynamicIDs"), &text));
    if (!text.p) return VK_OK;
    VK_TRY(vk_json_parse(&host->arena, text, &list));
    if (list->count) *id = vk_json_string(vk_json_at(list, n % list->count));
    return VK_OK;
}

static enum vk_err terminate_vat(struct vk_kernel *kernel, struct vk_str id) {
    const struct vk_capdata reason = {.body = VK_STR("#\"the host ends it\"")};
    return vk_module_of(kernel)->host_terminate_vat(kernel, id, &reason);
}

/* A static vat, or the dynamic one at n modulo their number; nothing if there is none, or it is dead. */
static enum vk_err for_vat(struct sim_host *host, struct vk_store *store, struct vk_kernel *kernel,
                           const struct sim_input *input,
                           enum vk_err (*call)(struct vk_kernel *kernel, struct vk_str id)) {
    struct vk_str id;
    bool alive = false;
    if (input->vat == SIM_NO_VAT)
        VK_TRY(pick_id(host, store, input->n, &id));
    else
        VK_TRY(static_id(host, store, input->vat, &id));
    if (id.p) VK_TRY(is_alive(host, store, id, &alive));
    return alive ? call(kernel, id) : VK_OK;
}

/* So that what waits for paused vats comes. */
static enum vk_err resume_all(struct sim_host *host, struct vk_store *store,
                              struct vk_kernel *kernel) {
    struct vk_str key = VK_STR("v");
    for (;;) {
        VK_TRY(vk_module_of(store)->store_next_key(store, &host->arena, key, &key));
        if (!vk_str_starts(key, VK_STR("v"))) return VK_OK;
        const char *dot = memchr(key.p, '.', key.n);
        size_t at = dot ? (size_t)(dot - key.p) : key.n;
        if (!vk_str_eq(vk_str_from(key, at), VK_STR(".paused"))) continue;
        VK_TRY(vk_module_of(kernel)->host_resume_vat(kernel, (struct vk_str){key.p, at}));
    }
}

static enum vk_err change_options(struct vk_kernel *kernel, const struct sim_input *input) {
    const struct vk_kernel_settings settings = {
        .set_reap_interval = input->set_reap_interval,
        .set_reap_gc_krefs = input->set_reap_gc_krefs,
        .set_snapshot_interval = input->set_snapshot_interval,
        .reap_interval = input->reap_interval == VK_UNLIMITED ? 0 : input->reap_interval,
        .reap_gc_krefs = input->reap_gc_krefs == VK_UNLIMITED ? 0 : input->reap_gc_krefs,
        .snapshot_interval = input->snapshot_interval,
    };
    return vk_module_of(kernel)->host_change_options(kernel, &settings);
}

static enum vk_err pin(struct sim_host *host, struct vk_store *store, struct vk_kernel *kernel,
                       uint32_t vat) {
    char root[VK_KREF_TEXT];
    VK_TRY(root_of(host, store, kernel, vat, root));
    return root[0] ? vk_module_of(kernel)->host_pin(kernel, vk_str(root)) : VK_OK;
}

/* Before its startVat it depends on the node's page-out policy whether a vat has begun its transcript, and both calls
 * go by that: a host that means to agree with others boots its kernel first. */
static enum vk_err for_all_vats(struct vk_kernel *kernel, uint64_t block,
                                enum vk_err (*call)(struct vk_kernel *kernel)) {
    return block > 0 ? call(kernel) : VK_OK;
}

static enum vk_err make_input(struct sim_host *host, struct vk_store *store,
                              struct vk_kernel *kernel, uint64_t block,
                              const struct sim_input *input) {
    switch (input->type) {
    case SIM_INPUT_SEND: return send(host, store, kernel, block, input->vat, "go", input);
    case SIM_INPUT_FINISH: return send(host, store, kernel, block, input->vat, "finish", NULL);
    case SIM_INPUT_INSTALL: return install(host, kernel, input->n);
    case SIM_INPUT_PIN: return pin(host, store, kernel, input->vat);
    case SIM_INPUT_TERMINATE: return for_vat(host, store, kernel, input, terminate_vat);
    case SIM_INPUT_SUSPEND:
        return for_vat(host, store, kernel, input, vk_module_of(kernel)->host_suspend_vat);
    case SIM_INPUT_UNSUSPEND:
        return for_vat(host, store, kernel, input, vk_module_of(kernel)->host_unsuspend_vat);
    case SIM_INPUT_PAUSE:
        return for_vat(host, store, kernel, input, vk_module_of(kernel)->host_pause_vat);
    case SIM_INPUT_RESUME:
        return for_vat(host, store, kernel, input, vk_module_of(kernel)->host_resume_vat);
    case SIM_INPUT_RESTART_ALL:
        return for_all_vats(kernel, block, vk_module_of(kernel)->host_restart_all_vats);
    case SIM_INPUT_TAKE_RESULTS: return take_results(host, kernel, block);
    case SIM_INPUT_REAP_ALL:
        return for_all_vats(kernel, block, vk_module_of(kernel)->host_reap_all_vats);
    case SIM_INPUT_SNAPSHOT_ALL:
        return for_all_vats(kernel, block, vk_module_of(kernel)->host_snapshot_all_vats);
    case SIM_INPUT_UPGRADE_EVENTS: return vk_module_of(kernel)->host_inject_upgrade_events(kernel);
    case SIM_INPUT_CHANGE_OPTIONS: return change_options(kernel, input);
    case SIM_INPUT_POLICY: return VK_OK; /* see policy_of */
    case SIM_INPUT_TYPE_COUNT: break;
    }
    VK_ASSERT(false); /* INV-PLAN-2: the readers let nothing else through */
    return VK_ERR_USAGE;
}

/* The newest policy up to and with `block`. The first block, in which the kernel boots, has no limits. */
static struct sim_policy policy_of(const struct sim_plan *plan, uint64_t block) {
    if (block == 0 || block >= plan->block_count)
        return (struct sim_policy){VK_UNLIMITED, VK_UNLIMITED, VK_UNLIMITED};
    for (uint64_t b = block + 1; b-- > 0;)
        for (size_t i = plan->blocks[b].input_count; i-- > 0;)
            if (plan->blocks[b].inputs[i].type == SIM_INPUT_POLICY)
                return plan->blocks[b].inputs[i].policy;
    return plan->policy;
}

static enum vk_err drain(struct sim_host *host, struct vk_store *store, struct vk_kernel *kernel,
                         uint64_t block) {
    const struct sim_plan *plan = host->plan;
    VK_TRY(resume_all(host, store, kernel));
    if ((block - plan->block_count) % 2 == 0) {
        for (uint32_t i = 0; i < plan->vat_count; i++)
            VK_TRY(send(host, store, kernel, block, i, "finish", NULL));
        return VK_OK;
    }
    VK_TRY(take_results(host, kernel, block));
    return vk_module_of(kernel)->host_reap_all_vats(kernel);
}

enum vk_err sim_host_begin_block(struct sim_host *host, struct vk_store *store,
                                 struct vk_kernel *kernel, uint64_t block) {
    const struct sim_plan *plan = host->plan;
    VK_ASSERT(block < sim_host_blocks(plan)); /* INV-HOST-1 */
    vk_arena_clear(&host->arena);
    host->policy = policy_of(plan, block);
    host->computrons = host->cranks = 0;
    if (block >= plan->block_count) return drain(host, store, kernel, block);
    for (size_t i = 0; i < plan->blocks[block].input_count; i++) {
        enum vk_err err = make_input(host, store, kernel, block, &plan->blocks[block].inputs[i]);
        if (err != VK_OK && err != VK_ERR_USAGE)
            return err; /* what makes no sense now is left out */
    }
    return VK_OK;
}

bool sim_host_goes_on(struct sim_host *host, const struct vk_crank_result *crank) {
    host->cranks++;
    if (crank->metered) host->computrons += crank->computrons;
    return host->cranks < host->policy.cranks && host->computrons < host->policy.computrons;
}

static bool allow_cleanup(void *impl, struct vk_cleanup_budget *budget) {
    const struct sim_host *host = impl;
    uint64_t n = host->policy.cleanup;
    *budget = (struct vk_cleanup_budget){n, n, n, n, n, n, VK_STR_NONE, n};
    return n > 0;
}

struct vk_run_policy sim_host_run_policy(struct sim_host *host) {
    return (struct vk_run_policy){.impl = host, .allow_cleanup = allow_cleanup};
}
