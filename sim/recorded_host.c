/* recorded_host.c - see recorded_host.h. */
#include "recorded_host.h"

#include "faults/disk_fault.h"
#include "faults/heap_fault.h"
#include "faults/host_fault.h"
#include "faults/sqlite_heap_fault.h"
#include "faults/worker_fault.h"
#include "mem_disk.h"

struct sim_recorded_host {
    struct sim_replay_host port;
    struct sim_recorded_host_options options;
    struct fault_set *faults;
    struct sim_disk *disk;
    struct fault_disk *disk_faults;
    struct fault_workers *workers;
    struct fault_heap heap;
    struct fault_host trace;
    struct sim_clock clock; /* of slow and hanging workers: the recording knows no time */
    struct sim_random policy_stream, commit_stream, power_stream, entropy_stream;
    struct vk_entropy entropy;
};

bool sim_recorded_host_suffers(enum fault_kind kind) {
    /* recorded workers answer without frames */
    if (kind >= FAULT_FRAME_GARBLED && kind <= FAULT_FRAME_LATE) return false;
    return fault_class_of(kind) == FAULT_INVISIBLE;
}

/* ---- as a replay's host */

static uint64_t draw(void *impl) {
    struct sim_recorded_host *host = impl;
    return sim_random_u64(&host->entropy_stream);
}

static void host_connect(void *impl, struct vk_ports *ports) {
    struct sim_recorded_host *host = impl;
    host->workers = fault_workers_new(host->faults, &host->clock, ports->workers);
    fault_heap_init(&host->heap, host->faults, ports->heap);
    fault_host_init(&host->trace, host->faults, ports->trace);
    host->entropy = (struct vk_entropy){host, draw};
    if (host->workers) ports->workers = fault_workers_port(host->workers);
    ports->heap = &host->heap.port;
    ports->trace = &host->trace.port;
    ports->entropy = &host->entropy;
    ports->disk = (struct vk_disk){fault_disk_vfs(host->disk_faults), "swingstore.sqlite"};
}

static void host_kernel_opens(void *impl, struct vk_kernel_options *options, bool may_preload) {
    static const uint32_t online[] = {0, 1, 2, 3, 5, 8};
    struct sim_recorded_host *host = impl;
    struct sim_random *stream = &host->policy_stream;
    if (host->options.steady) return;
    options->vats_online_max = online[sim_random_below(stream, sizeof online / sizeof *online)];
    options->no_restart_after_snapshot = sim_random_one_in(stream, 2);
    const bool preloads = sim_random_one_in(stream, 2);
    options->no_preload = !(may_preload && preloads);
}

static bool host_wants_commit(void *impl) {
    struct sim_recorded_host *host = impl;
    return sim_random_one_in(&host->commit_stream, host->options.commit_every);
}

static enum vk_err strike(const struct sim_recorded_host *host, enum fault_kind kind) {
    if (!fault_strikes(host->faults, kind, FAULT_ANY_VAT)) return VK_OK;
    return VK_RAISE(VK_ERR_TRACE, "%s", fault_meaning(kind));
}

static enum vk_err host_at_point(void *impl, enum sim_host_point point) {
    const struct sim_recorded_host *host = impl;
    if (point == SIM_HOST_BEFORE_COMMIT) return strike(host, FAULT_HOST_BEFORE_COMMIT);
    VK_TRY(strike(host, FAULT_HOST_AFTER_COMMIT));
    return strike(host, FAULT_HOST_RESTART);
}

static uint64_t host_strikes(void *impl) {
    const struct sim_recorded_host *host = impl;
    uint64_t hits = 0;
    for (size_t i = 0; i < host->faults->count; i++)
        hits += host->faults->faults[i].hits;
    return hits;
}

/* INV-RECORDED-HOST-2 */
static void host_crashed(void *impl) {
    struct sim_recorded_host *host = impl;
    if (!fault_disk_power_is_off(host->disk_faults)) return;
    sim_disk_power_cut(host->disk, &host->power_stream);
    fault_disk_power_back(host->disk_faults);
}

/* ---- its life */

struct sim_recorded_host *sim_recorded_host_new(const struct sim_recorded_host_options *options,
                                                struct fault_set *faults) {
    struct sim_recorded_host *host;
    if (!fault_sqlite_heap_install() || !(host = calloc(1, sizeof *host))) return NULL;
    host->options = *options;
    host->faults = faults;
    host->port = (struct sim_replay_host){
        .impl = host,
        .connect = host_connect,
        .kernel_opens = host_kernel_opens,
        .wants_commit = host_wants_commit,
        .at_point = host_at_point,
        .strikes = host_strikes,
        .crashed = host_crashed,
    };
    sim_random_init(&host->policy_stream, options->seed, "policy");
    sim_random_init(&host->commit_stream, options->seed, "commit");
    sim_random_init(&host->power_stream, options->seed, "power");
    sim_random_init(&host->entropy_stream, options->seed, "entropy");
    host->disk = sim_disk_new();
    if (host->disk) host->disk_faults = fault_disk_new(faults, sim_disk_vfs(host->disk));
    if (!host->disk_faults) {
        sim_recorded_host_free(host);
        return NULL;
    }
    fault_sqlite_heap_use(faults);
    return host;
}

void sim_recorded_host_free(struct sim_recorded_host *host) {
    if (!host) return;
    fault_sqlite_heap_use(NULL);
    fault_workers_free(host->workers);
    fault_disk_free(host->disk_faults);
    sim_disk_free(host->disk);
    free(host);
}

const struct sim_replay_host *sim_recorded_host_port(const struct sim_recorded_host *host) {
    return &host->port;
}
