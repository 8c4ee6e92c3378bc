/* warehouse.c - workers online, page-out, deliveries. See warehouse.h; snapshots are in snapshotting.c. */
#include "warehouse.h"

#include "vk/probe.h"

#include "directed.h"
#include "kernel_core.h"
#include "recorder.h"
#include "replay.h"
#include "snapshotting.h"
#include "translate.h"

#include "../object/slog.h"
#include "../object/vat_state.h"

enum { VATS_ONLINE_MAX = 50 };

static uint64_t online_max(const struct vk_kernel *kernel) {
    return kernel->options.vats_online_max ? kernel->options.vats_online_max : VATS_ONLINE_MAX;
}

static struct vk_online_vat *find(struct vk_kernel *kernel, struct vk_vat_id vat) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    for (size_t i = 0; i < warehouse->count; i++)
        if (vk_vat_id_eq(warehouse->vats[i].vat, vat)) return &warehouse->vats[i];
    return NULL;
}

static void stop(struct vk_kernel *kernel, struct vk_online_vat *online) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    if (online->delivering) { /* its worker is still in our call stack */
        VK_RARELY(worker_stopped_in_its_own_delivery);
        online->stop_when_delivered = true;
        return;
    }
    kernel->ports->workers->stop(kernel->ports->workers->impl, online->worker);
    *online = warehouse->vats[--warehouse->count];
}

void vk_warehouse_stop_worker(struct vk_kernel *kernel, struct vk_vat_id vat) {
    struct vk_online_vat *online = find(kernel, vat);
    if (online) stop(kernel, online);
}

/* INV-WAREHOUSE-2. The vat that was used longest ago goes. */
static void page_out(struct vk_kernel *kernel) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    while (warehouse->count > online_max(kernel)) {
        struct vk_online_vat *oldest = NULL;
        for (size_t i = 0; i < warehouse->count; i++) {
            struct vk_online_vat *vat = &warehouse->vats[i];
            if (!vat->delivering && !vat->is_attached && (!oldest || vat->used < oldest->used))
                oldest = vat;
        }
        VK_RARELY_IF(!oldest, nobody_can_be_paged_out);
        if (!oldest) return;
        VK_SOMETIMES(vat_paged_out);
        stop(kernel, oldest);
    }
}

enum vk_err vk_warehouse_lookup(struct vk_kernel *kernel, struct vk_vat_id vat,
                                struct vk_vat_info *out) {
    const struct vk_online_vat *online = find(kernel, vat);
    *out = (struct vk_vat_info){0};
    if (online) {
        out->alive = true;
        out->enable_pipelining = online->enable_pipelining;
        out->vatstore_in_completion = online->vatstore_in_completion;
        if (online->meter_id_length)
            return vk_arena_copy(&kernel->arena,
                                 (struct vk_str){online->meter_id, online->meter_id_length},
                                 &out->meter_id);
        return VK_OK;
    }
    VK_TRY(vk_vat_is_alive(&kernel->state, vat, &out->alive));
    if (!out->alive) return VK_OK;
    struct vk_vat_options options;
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &options));
    out->enable_pipelining = options.enable_pipelining;
    out->vatstore_in_completion = options.vatstore_in_completion;
    out->meter_id = options.meter_id;
    return VK_OK;
}

/* ---- the vat's slog */

static enum vk_err grow_slogged(struct vk_kernel *kernel, size_t word) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    const struct vk_heap *heap = kernel->ports->heap;
    size_t words = word + 16;
    uint64_t *grown = heap->alloc(heap->impl, words * sizeof *grown);
    if (!grown) return VK_RAISE(VK_ERR_NOMEM, "list of slogged vats");
    memset(grown, 0, words * sizeof *grown);
    if (warehouse->slogged) {
        memcpy(grown, warehouse->slogged, warehouse->slogged_words * sizeof *grown);
        heap->free(heap->impl, warehouse->slogged, warehouse->slogged_words * sizeof *grown);
    }
    warehouse->slogged = grown;
    warehouse->slogged_words = words;
    return VK_OK;
}

enum vk_err vk_warehouse_begin_slog(struct vk_kernel *kernel, struct vk_vat_id vat,
                                    const struct vk_vat_options *options, struct vk_str description,
                                    bool is_dynamic, bool *begun) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    struct vk_slog_entry entry;
    size_t word = (size_t)(vat.n / 64);
    uint64_t bit = UINT64_C(1) << (vat.n % 64);
    *begun = false;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    if (word >= warehouse->slogged_words) VK_TRY(grow_slogged(kernel, word));
    if (warehouse->slogged[word] & bit) return VK_OK;
    warehouse->slogged[word] |= bit;
    *begun = true;
    vk_slog_begin(&entry, &kernel->state, VK_STR("create-vat"));
    vk_slog_vat(&entry, vat);
    if (options) {
        vk_slog_bool(&entry, "dynamic", is_dynamic);
        vk_slog_text(&entry, "description", description);
        if (options->name.p) vk_slog_text(&entry, "name", options->name);
        vk_slog_text(&entry, "managerType", options->is_xsnap ? VK_STR("xsnap") : VK_STR("local"));
    }
    return vk_slog_end(&entry, &kernel->state);
}

/* ---- bringing vats online */

struct startup {
    struct vk_vat_id vat;
    struct vk_str id;
    struct vk_vat_options options;
    struct vk_str bundle_id; /* absent: the source is a whole bundle */
    bool is_dynamic;
    uint64_t next_delivery;
    uint64_t began_ns; /* by the slog's clock */
};

static enum vk_err begin_transcript(struct vk_kernel *kernel, const struct startup *startup) {
    struct vk_span span;
    struct vk_str item;
    struct vk_buf buf;
    VK_TRY(vk_transcript_current(kernel->store, startup->id, &span));
    if (span.end != span.start) return VK_OK;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"d\":[\"initialize-worker\",{\"source\":{");
    if (startup->bundle_id.p) {
        vk_buf_lit(&buf, "\"bundleID\":");
        vk_json_quote(&buf, startup->bundle_id);
    }
    vk_buf_lit(&buf, "},\"workerOptions\":");
    vk_buf_add(&buf, startup->options.worker_options);
    vk_buf_lit(&buf, "}],\"sc\":[],\"r\":{\"status\":\"ok\"}}");
    VK_TRY(vk_buf_finish(&buf, &item));
    return vk_transcript_add(kernel->store, startup->id, item);
}

static enum vk_err describe_source(struct vk_kernel *kernel, const struct startup *startup,
                                   struct vk_str *out) {
    struct vk_str name = startup->options.name.p ? startup->options.name : VK_STR("");
    struct vk_str gap = name.n ? VK_STR(" ") : VK_STR("");
    if (!startup->bundle_id.p)
        return vk_state_text(&kernel->state, out,
                             KEY(TEXT(name), TEXT(gap), LIT("(from source bundle)")));
    return vk_state_text(&kernel->state, out,
                         KEY(TEXT(name), TEXT(gap), LIT("(from bundleID: "),
                             TEXT(startup->bundle_id), LIT(")")));
}

static enum vk_err slog_startup_start(struct vk_kernel *kernel, struct startup *startup) {
    struct vk_slog_entry entry;
    startup->began_ns = vk_slog_now_ns(&kernel->state);
    vk_slog_begin(&entry, &kernel->state, VK_STR("vat-startup-start"));
    vk_slog_vat(&entry, startup->vat);
    return vk_slog_end(&entry, &kernel->state);
}

static enum vk_err slog_startup_finish(struct vk_kernel *kernel, const struct startup *startup) {
    struct vk_slog_entry entry;
    vk_slog_begin(&entry, &kernel->state, VK_STR("vat-startup-finish"));
    vk_slog_vat(&entry, startup->vat);
    return vk_slog_end_since(&entry, &kernel->state, startup->began_ns);
}

static enum vk_err start_worker(struct vk_kernel *kernel, struct startup *startup,
                                struct vk_worker **worker) {
    const struct vk_worker_host *host = kernel->ports->workers;
    struct vk_snapshot_image image;
    bool has_snapshot, begun;
    struct vk_str description;
    struct vk_span span = {0};
    VK_TRY(describe_source(kernel, startup, &description));
    VK_TRY(vk_warehouse_begin_slog(kernel, startup->vat, &startup->options, description,
                                   startup->is_dynamic, &begun));
    if (begun) VK_TRY(slog_startup_start(kernel, startup));
    VK_TRY(vk_snapshot_fetch(kernel, startup->id, &has_snapshot, &image));
    if (startup->options.use_transcript)
        VK_TRY(vk_transcript_current(kernel->store, startup->id, &span));
    startup->next_delivery = span.end;
    struct vk_worker_spec spec = {
        .vat = startup->id,
        .name = startup->options.name,
        .options = startup->options.json,
        .bundle_id = startup->bundle_id,
        .metered = startup->options.meter_id.p != NULL,
        .vatstore_in_completion = startup->options.vatstore_in_completion,
        .position = span.start + 1,
        .replays = span.end > span.start ? span.end - span.start - 1 : 0,
        .snapshot = has_snapshot ? &image : NULL,
    };
    VK_SOMETIMES_IF(has_snapshot && !spec.replays, worker_from_snapshot_alone);
    VK_SOMETIMES_IF(has_snapshot && spec.replays, worker_from_snapshot_and_replay);
    VK_SOMETIMES_IF(!has_snapshot && spec.replays, worker_from_replay_alone);
    VK_TRY(host->start(host->impl, &spec, worker));
    enum vk_err err = begun ? slog_startup_finish(kernel, startup) : VK_OK;
    if (err != VK_OK) host->stop(host->impl, *worker);
    return err;
}

static enum vk_err add_online(struct vk_kernel *kernel, const struct startup *startup,
                              struct vk_worker *worker, struct vk_online_vat **out) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    const struct vk_heap *heap = kernel->ports->heap;
    if (warehouse->count == warehouse->capacity) {
        size_t capacity = warehouse->capacity ? warehouse->capacity * 2 : 16;
        size_t size = sizeof *warehouse->vats;
        struct vk_online_vat *vats = warehouse->vats
                                         ? heap->resize(heap->impl, warehouse->vats,
                                                        warehouse->capacity * size, capacity * size)
                                         : heap->alloc(heap->impl, capacity * size);
        if (!vats) return VK_RAISE(VK_ERR_NOMEM, "%zu vats online", capacity);
        warehouse->vats = vats;
        warehouse->capacity = capacity;
    }
    struct vk_online_vat *online = &warehouse->vats[warehouse->count];
    *online = (struct vk_online_vat){
        .vat = startup->vat,
        .worker = worker,
        .used = ++warehouse->uses,
        .next_delivery = startup->next_delivery,
        .enable_pipelining = startup->options.enable_pipelining,
        .use_transcript = startup->options.use_transcript,
        .vatstore_in_completion = startup->options.vatstore_in_completion,
        .can_snapshot = startup->options.can_snapshot,
        .meter_id_length = startup->options.meter_id.n,
    };
    if (startup->options.meter_id.n > sizeof online->meter_id)
        return VK_RAISE(VK_ERR_CORRUPT, "%.*s.options: meterID", VK_STR_ARG(startup->id));
    if (online->meter_id_length)
        memcpy(online->meter_id, startup->options.meter_id.p, online->meter_id_length);
    warehouse->count++;
    *out = online;
    return VK_OK;
}

static enum vk_err read_startup(struct vk_kernel *kernel, struct vk_vat_id vat,
                                struct startup *out) {
    const struct vk_json *source;
    out->vat = vat;
    VK_TRY(vk_vat_id_text(&kernel->arena, vat, &out->id));
    VK_TRY(vk_vat_options_get(&kernel->state, vat, &out->options));
    VK_TRY(vk_vat_source_get(&kernel->state, vat, &source));
    out->bundle_id = vk_json_string(vk_json_get(source, "bundleID"));
    /* The list may be long, and only the slog wants to know. */
    out->is_dynamic = false;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    return vk_vat_is_dynamic(&kernel->state, vat, &out->is_dynamic);
}

static enum vk_err require_online(struct vk_kernel *kernel, struct vk_vat_id vat,
                                  struct vk_online_vat **out) {
    bool alive;
    enum vk_vat_state state;
    struct startup startup;
    struct vk_worker *worker;
    *out = find(kernel, vat);
    if (*out) return VK_OK;
    VK_TRY(vk_vat_is_alive(&kernel->state, vat, &alive));
    if (!alive) return VK_RAISE(VK_ERR_PANIC, "v%llu: not alive", (unsigned long long)vat.n);
    VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
    VK_ASSERT(!vk_vat_state_is_suspended(state)); /* INV-VAT-STATE-2 */
    VK_TRY(read_startup(kernel, vat, &startup));
    if (startup.options.use_transcript) VK_TRY(begin_transcript(kernel, &startup));
    VK_TRY(start_worker(kernel, &startup, &worker));
    enum vk_err err =
        startup.options.use_transcript ? vk_replay_transcript(kernel, vat, worker) : VK_OK;
    if (err == VK_OK) err = add_online(kernel, &startup, worker, out);
    if (err != VK_OK) {
        kernel->ports->workers->stop(kernel->ports->workers->impl, worker);
        return err;
    }
    (*out)->delivering = true; /* not to be paged out for its own sake */
    page_out(kernel);
    *out = find(kernel, vat);
    VK_ASSERT(*out != NULL); /* INV-WAREHOUSE-2 */
    (*out)->delivering = false;
    return VK_OK;
}

enum vk_err vk_warehouse_attach(struct vk_kernel *kernel, struct vk_vat_id vat) {
    struct startup startup;
    struct vk_worker *worker;
    struct vk_online_vat *online;
    VK_TRY(read_startup(kernel, vat, &startup));
    VK_TRY(start_worker(kernel, &startup, &worker));
    enum vk_err err = add_online(kernel, &startup, worker, &online);
    if (err != VK_OK) {
        kernel->ports->workers->stop(kernel->ports->workers->impl, worker);
        return err;
    }
    online->is_attached = true;
    return VK_OK;
}

enum vk_err vk_warehouse_require_snapshotter(struct vk_kernel *kernel, struct vk_vat_id vat,
                                             bool *can_snapshot, struct vk_worker **worker) {
    struct vk_online_vat *online;
    VK_TRY(require_online(kernel, vat, &online));
    *can_snapshot = online->can_snapshot;
    *worker = online->worker;
    return VK_OK;
}

/* vatLoader.create finds out that there is no such bundle only when the transcript has begun. */
static enum vk_err has_source(struct vk_kernel *kernel, struct vk_vat_id vat, bool *has) {
    struct startup startup;
    VK_TRY(read_startup(kernel, vat, &startup));
    *has = true;
    if (startup.bundle_id.p) VK_TRY(vk_bundle_has(kernel->store, startup.bundle_id, has));
    return *has || !startup.options.use_transcript ? VK_OK : begin_transcript(kernel, &startup);
}

enum vk_err vk_warehouse_create(struct vk_kernel *kernel, struct vk_vat_id vat, bool *started,
                                struct vk_str *problem) {
    struct vk_online_vat *online;
    bool has;
    VK_TRY(has_source(kernel, vat, &has));
    enum vk_err err = has ? require_online(kernel, vat, &online) : VK_OK;
    VK_RARELY_IF(!has, creation_from_unknown_bundle);
    VK_RARELY_IF(err == VK_ERR_WORKER_START, creation_without_worker);
    *started = has && err == VK_OK;
    *problem = has ? VK_STR("Error: worker could not be started")
                   : VK_STR("Error: unknown bundleID (a string)");
    return err == VK_ERR_WORKER_START ? VK_OK : err;
}

/* ---- deliveries */

void vk_warehouse_moved_on(struct vk_kernel *kernel, struct vk_vat_id vat, uint64_t items) {
    struct vk_online_vat *online = find(kernel, vat);
    if (online) online->next_delivery += items;
}

static enum vk_err finish_transcript(struct vk_kernel *kernel, struct vk_recorder *recorder,
                                     const struct vk_delivery *delivery,
                                     const struct vk_delivery_result *result) {
    struct vk_str item;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_recorder_item(recorder, delivery, result, &item));
    vk_warehouse_moved_on(kernel, recorder->vat, 1);
    return vk_transcript_add(kernel->store, vk_vat_id_str(recorder->vat, text), item);
}

static enum vk_err run_delivery(struct vk_kernel *kernel, struct vk_online_vat *online,
                                struct vk_recorder *recorder, const struct vk_delivery *delivery,
                                struct vk_delivery_result *result) {
    const struct vk_worker_host *host = kernel->ports->workers;
    const struct vk_syscall_port port = {.impl = recorder,
                                         .make = vk_recorder_syscall,
                                         .submit = vk_recorder_submit,
                                         .settle = vk_recorder_settle};
    struct vk_vat_id vat = online->vat;
    online->delivering = true;
    enum vk_err err =
        host->deliver(host->impl, online->worker, &kernel->arena, delivery, &port, result);
    online = find(kernel, vat);
    VK_ASSERT(online != NULL); /* INV-WAREHOUSE-2 */
    online->delivering = false;
    if (online->stop_when_delivered) stop(kernel, online);
    return err;
}

enum vk_err vk_warehouse_deliver(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_parcel *parcel,
                                 struct vk_delivery_result *result) {
    struct vk_online_vat *online;
    struct vk_recorder recorder;
    const struct vk_delivery *delivery = &parcel->vat_delivery;
    *result = (struct vk_delivery_result){0};
    VK_TRY(require_online(kernel, vat, &online));
    online->used = ++kernel->warehouse.uses;
    bool use_transcript = online->use_transcript;
    VK_TRY(vk_directive_at_delivery(kernel, vat));
    if (kernel->directed) {
        /* All of the crank so far will be rolled back, this vat's transcript too: its worker must go. */
        result->problem = VK_STR("not made: a directive");
        return VK_OK;
    }
    VK_TRY(vk_recorder_begin(&recorder, kernel, online));
    VK_TRY(vk_recorder_tell_delivery(&recorder, parcel));
    VK_TRY(run_delivery(kernel, online, &recorder, delivery, result));
    VK_TRY(vk_recorder_complete(&recorder, result));
    VK_TRY(vk_recorder_tell_result(&recorder, delivery, result));
    if (use_transcript) VK_TRY(finish_transcript(kernel, &recorder, delivery, result));
    if (delivery->type == VK_DELIVERY_BRING_OUT_YOUR_DEAD)
        return vk_vat_clear_dirt(&kernel->state, vat);
    return VK_OK;
}

enum vk_err vk_warehouse_begin_incarnation(struct vk_kernel *kernel, struct vk_vat_id vat,
                                           uint64_t *incarnation) {
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str id = vk_vat_id_str(vat, text);
    vk_warehouse_stop_worker(kernel, vat);
    VK_TRY(vk_transcript_add(
        kernel->store, id,
        VK_STR("{\"d\":[\"shutdown-worker\"],\"sc\":[],\"r\":{\"status\":\"ok\"}}")));
    VK_TRY(vk_snapshot_stop(kernel->store, id));
    return vk_transcript_rollover_incarnation(kernel->store, id, incarnation);
}

/* ---- opening and closing */

static enum vk_err preload(struct vk_kernel *kernel, const struct vk_string_list *ids,
                           uint64_t *preloaded) {
    for (size_t i = 0; i < ids->count && *preloaded * 2 < online_max(kernel); i++) {
        struct vk_vat_id vat;
        enum vk_vat_state state;
        struct vk_online_vat *online;
        if (!vk_vat_id_parse(ids->items[i], &vat))
            return VK_RAISE(VK_ERR_CORRUPT, "vat id '%.*s'", VK_STR_ARG(ids->items[i]));
        VK_TRY(vk_vat_state_get(&kernel->state, vat, &state));
        if (state != VK_VAT_RUNNING) continue;
        VK_TRY(require_online(kernel, vat, &online));
        ++*preloaded;
    }
    return VK_OK;
}

enum vk_err vk_warehouse_open(struct vk_kernel *kernel) {
    struct vk_state *state = &kernel->state;
    struct vk_warehouse *warehouse = &kernel->warehouse;
    struct vk_string_list ids;
    uint64_t preloaded = 0;
    VK_TRY(vk_state_require_u64(state, &warehouse->snapshot_initial,
                                KEY(LIT("kernel.snapshotInitial"))));
    VK_TRY(vk_state_require_u64(state, &warehouse->snapshot_interval,
                                KEY(LIT("kernel.snapshotInterval"))));
    if (kernel->options.no_preload) return VK_OK;
    VK_TRY(vk_static_vats(state, &ids));
    VK_TRY(preload(kernel, &ids, &preloaded));
    VK_TRY(vk_dynamic_vats(state, &ids));
    return preload(kernel, &ids, &preloaded);
}

void vk_warehouse_close(struct vk_kernel *kernel) {
    struct vk_warehouse *warehouse = &kernel->warehouse;
    const struct vk_heap *heap = kernel->ports->heap;
    while (warehouse->count) {
        warehouse->vats[0].delivering = false;
        stop(kernel, &warehouse->vats[0]);
    }
    if (warehouse->vats)
        heap->free(heap->impl, warehouse->vats, warehouse->capacity * sizeof *warehouse->vats);
    if (warehouse->slogged)
        heap->free(heap->impl, warehouse->slogged,
                   warehouse->slogged_words * sizeof *warehouse->slogged);
    *warehouse = (struct vk_warehouse){0};
}
