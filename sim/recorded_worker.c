/* recorded_worker.c - see recorded_worker.h. */
#include "recorded_worker.h"

#include "inferred_delivery.h"
#include "json_same.h"
#include "replay_state.h"

#include <inttypes.h>
#include <stdio.h>

struct vk_worker {
    struct vk_worker *next_stopped;
    char vat[32];
    uint64_t position;     /* of the next delivery, while it is a replay */
    uint64_t replays_left; /* INV-WORKER-2 */
};

static struct vk_str worker_vat(const struct vk_worker *worker) { return vk_str(worker->vat); }

/* Transcript items from here on are not yet made. */
static size_t events_made(const struct sim_replay *replay) {
    return replay->crank ? replay->crank->end : replay->cursor;
}

/* ---- snapshots */

static const char image_head[] = "crankcase recorded snapshot\n";
enum { CHECKSUM_DIGITS = 16, HASH_DIGITS = VK_HASH_HEX - 1 };

static uint64_t checksum(struct vk_str text) { /* FNV-1a */
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.n; i++)
        sum = (sum ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return sum;
}

enum vk_err recorded_snapshot_image(struct vk_arena *arena, struct vk_str vat, struct vk_str hash,
                                    struct vk_str *image) {
    struct vk_str body;
    VK_ASSERT(hash.n == HASH_DIGITS);
    VK_TRY(vk_arena_format(arena, &body, "%s%.*s %.*s\n", image_head, VK_STR_ARG(hash),
                           VK_STR_ARG(vat)));
    return vk_arena_format(arena, image, "%.*s%016" PRIx64 "\n", VK_STR_ARG(body), checksum(body));
}

bool recorded_snapshot_hash(struct vk_str image, struct vk_str *hash) {
    char sum[CHECKSUM_DIGITS + 1];
    size_t head = sizeof image_head - 1;
    if (image.n < head + HASH_DIGITS + CHECKSUM_DIGITS + 1) return false;
    struct vk_str body = {image.p, image.n - CHECKSUM_DIGITS - 1};
    snprintf(sum, sizeof sum, "%016" PRIx64, checksum(body));
    *hash = (struct vk_str){image.p + head, HASH_DIGITS};
    return memcmp(image.p, image_head, head) == 0 &&
           memcmp(image.p + body.n, sum, CHECKSUM_DIGITS) == 0;
}

static enum vk_err host_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                 bool restart, struct vk_snapshot_image *image) {
    const struct sim_replay *replay = impl;
    (void)restart; /* recorded workers have no process to go on in */
    image->bytes = VK_STR_NONE;
    if (!replay->crank) return VK_RAISE(VK_ERR_SNAPSHOT, "no snapshot was recorded here");
    for (size_t i = 0; i < replay->crank->item_count; i++) {
        const struct sim_item *item = &replay->index->items.at[replay->crank->first_item + i];
        const struct sim_event *event = replay_event(replay, item->event);
        if (item->is_save && vk_str_eq(event->key, worker_vat(worker)))
            return recorded_snapshot_image(arena, event->key, item->snapshot_id, &image->bytes);
    }
    return VK_OK; /* the recorded worker could not make one */
}

static enum vk_err host_snapshot_hash(void *impl, const struct vk_snapshot_image *image,
                                      char hex[65]) {
    struct vk_str hash;
    (void)impl;
    memset(hex, '0', HASH_DIGITS);
    hex[HASH_DIGITS] = '\0';
    if (recorded_snapshot_hash(image->bytes, &hash)) memcpy(hex, hash.p, HASH_DIGITS);
    return VK_OK;
}

/* ---- starting and stopping */

/* A host that says which bundles workers run on installs those that are not yet there
 * (bundleHandler in controller/). */
static enum vk_err install_worker_bundles(const struct sim_replay *replay, struct vk_store *store) {
    for (size_t i = replay->crank->begin; i < replay->crank->end; i++) {
        const struct sim_event *event = replay_event(replay, i);
        bool has;
        if (event->type != VK_TRACE_BUNDLE) continue;
        VK_TRY(vk_bundle_has(store, event->key, &has));
        if (!has) VK_TRY(vk_bundle_add(store, event->key, VK_STR("")));
    }
    return VK_OK;
}

static enum vk_err host_worker_bundle_ids(void *impl, struct vk_store *store,
                                          struct vk_arena *arena, struct vk_str *json) {
    const struct sim_replay *replay = impl;
    (void)store; /* the replay's own */
    struct vk_str ids = replay->index->bundle_ids;
    if (replay->crank) VK_TRY(install_worker_bundles(replay, store));
    if (replay->crank && replay->crank->bundle_ids.p) ids = replay->crank->bundle_ids;
    return vk_arena_copy(arena, ids.p ? ids : VK_STR("[]"), json);
}

/* The image must be of the snapshot that the vat's transcript span begins with. */
static enum vk_err check_snapshot(const struct sim_replay *replay,
                                  const struct vk_worker_spec *spec) {
    struct vk_str hash;
    const struct sim_item *item = NULL;
    if (!recorded_snapshot_hash(spec->snapshot->bytes, &hash))
        return VK_RAISE(VK_ERR_SNAPSHOT, "the snapshot of %.*s is damaged", VK_STR_ARG(spec->vat));
    if (spec->position > 0)
        item = sim_index_item(replay->index, spec->vat, spec->position - 1, events_made(replay));
    if (!item || !vk_str_eq(item->snapshot_id, hash))
        return VK_RAISE(VK_ERR_SNAPSHOT,
                        "%.*s is to be started from a snapshot that is not the one at position "
                        "%" PRIu64 " of its transcript",
                        VK_STR_ARG(spec->vat), spec->position);
    return VK_OK;
}

/* A vat whose creation failed before it was given anything: its worker did not start. */
static bool start_failed(const struct sim_replay *replay, struct vk_str vat) {
    const struct sim_crank *crank = replay->crank;
    if (!crank || !crank->is_emitted || !vk_str_eq(crank->message_type, VK_STR("create-vat")))
        return false;
    for (size_t i = 0; i < crank->delivery_count; i++)
        if (vk_str_eq(replay->index->deliveries.at[crank->first_delivery + i].vat, vat))
            return false;
    return true;
}

static enum vk_err pool_take(struct recorded_workers *pool, struct vk_worker **out) {
    struct vk_worker *worker = pool->stopped;
    if (worker)
        pool->stopped = worker->next_stopped;
    else
        worker = malloc(sizeof *worker);
    if (!worker) return VK_RAISE(VK_ERR_NOMEM, "a recorded worker");
    *worker = (struct vk_worker){0};
    pool->running++;
    *out = worker;
    return VK_OK;
}

static enum vk_err host_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    struct sim_replay *replay = impl;
    struct vk_worker *worker;
    struct vk_span span;
    if (start_failed(replay, spec->vat))
        return VK_RAISE(VK_ERR_WORKER_START, "the recorded worker of %.*s did not start",
                        VK_STR_ARG(spec->vat));
    if (spec->snapshot) VK_TRY(check_snapshot(replay, spec));
    VK_TRY(vk_transcript_current(replay->store, spec->vat, &span));
    VK_TRY(pool_take(&replay->worker_pool, &worker));
    VK_ASSERT(spec->vat.n < sizeof worker->vat);
    memcpy(worker->vat, spec->vat.p, spec->vat.n);
    worker->position = spec->position;
    worker->replays_left = span.end > spec->position ? span.end - spec->position : 0;
    *out = worker;
    return VK_OK;
}

static void host_stop(void *impl, struct vk_worker *worker) {
    struct sim_replay *replay = impl;
    VK_ASSERT(replay->worker_pool.running > 0); /* INV-WORKER-3 */
    replay->worker_pool.running--;
    worker->next_stopped = replay->worker_pool.stopped;
    replay->worker_pool.stopped = worker;
}

void recorded_workers_release(struct recorded_workers *workers) {
    while (workers->stopped) {
        struct vk_worker *worker = workers->stopped;
        workers->stopped = worker->next_stopped;
        free(worker);
    }
}

/* ---- deliveries */

static enum vk_err check_same(struct sim_replay *replay, enum sim_diff_kind kind,
                              struct vk_str expected, struct vk_str got) {
    bool same;
    if (replay->options.without_comparison) return VK_OK;
    VK_TRY(sim_json_same(&replay->scratch, expected, got, &same));
    return same ? VK_OK : replay_diff_keep_texts(replay, kind, expected, got);
}

static enum vk_err make_calls(struct sim_replay *replay, const struct sim_delivery *delivery,
                              const struct vk_syscall_port *syscalls, enum sim_diff_kind kind) {
    for (size_t i = 0; i < delivery->call_count; i++) {
        const struct sim_call *call = &replay->index->calls.at[delivery->first_call + i];
        struct vk_syscall_result result = {0};
        replay->call = call;
        VK_TRY(syscalls->make(syscalls->impl, &call->syscall, &result));
        if (call->result.p) VK_TRY(check_same(replay, kind, call->result, result.json));
    }
    replay->call = NULL;
    return VK_OK;
}

/* Brings a worker online again: what it did before, it does now. */
static enum vk_err replay_delivery(struct sim_replay *replay, struct vk_worker *worker,
                                   const struct vk_delivery *delivery,
                                   const struct vk_syscall_port *syscalls,
                                   struct vk_delivery_result *result) {
    const struct sim_item *item =
        sim_index_item(replay->index, worker_vat(worker), worker->position, events_made(replay));
    if (!item || item->delivery == SIM_NONE)
        return VK_RAISE(VK_ERR_ANACHROPHOBIA,
                        "%s is given position %" PRIu64 " of its transcript again, where no "
                        "delivery was recorded",
                        worker->vat, worker->position);
    const struct sim_delivery *recorded = &replay->index->deliveries.at[item->delivery];
    const struct sim_delivery *in_hand = replay->delivery;
    bool in_hand_is_over = replay->delivery_is_over;
    replay->delivery = recorded;
    replay->delivery_is_over = false;
    VK_TRY(check_same(replay, SIM_DIFF_REPLAYED_DELIVERY, recorded->json, delivery->json));
    VK_TRY(make_calls(replay, recorded, syscalls, SIM_DIFF_REPLAYED_RESULT));
    replay->delivery = in_hand;
    replay->delivery_is_over = in_hand_is_over;
    *result = recorded->result;
    worker->position++;
    worker->replays_left--;
    return VK_OK;
}

/* The recording has no such delivery. */
static enum vk_err unknown_delivery(struct sim_replay *replay, struct vk_worker *worker,
                                    const struct vk_delivery *delivery,
                                    const struct vk_syscall_port *syscalls,
                                    struct vk_delivery_result *result) {
    if (replay_crank_panics(replay)) {
        replay->death_was_unrecorded = replay->death_is_recorded = true;
        return VK_RAISE(VK_ERR_WORKER_LOST, "the recorded worker of %s died", worker->vat);
    }
    struct vk_span span;
    VK_TRY(vk_transcript_current(replay->store, worker_vat(worker), &span));
    if (!replay->recording->has_slog && span.end == 0) {
        replay->result->inferred_deliveries++;
        *result = (struct vk_delivery_result){.ok = true};
        return inferred_delivery_make(replay, worker_vat(worker), syscalls);
    }
    return replay_diff_keep(replay, SIM_DIFF_EXTRA_DELIVERY, NULL,
                            &(struct sim_diff_side){.event = {.value = delivery->json}}, "to %s",
                            worker->vat);
}

static enum vk_err live_delivery(struct sim_replay *replay, struct vk_worker *worker,
                                 const struct vk_delivery *delivery,
                                 const struct vk_syscall_port *syscalls,
                                 struct vk_delivery_result *result) {
    const struct sim_crank *crank = replay->crank;
    if (!crank || replay->deliveries_made == crank->delivery_count)
        return unknown_delivery(replay, worker, delivery, syscalls, result);
    const struct sim_delivery *recorded =
        &replay->index->deliveries.at[crank->first_delivery + replay->deliveries_made];
    if (!vk_str_eq(recorded->vat, worker_vat(worker)) && !replay->recording->has_slog)
        return unknown_delivery(replay, worker, delivery, syscalls, result);
    replay->deliveries_made++; /* INV-WORKER-1 */
    replay->delivery = recorded;
    replay->delivery_is_over = false;
    if (!vk_str_eq(recorded->vat, worker_vat(worker)))
        return replay_diff_keep_texts(replay, SIM_DIFF_DELIVERY, recorded->vat, worker_vat(worker));
    VK_TRY(check_same(replay, SIM_DIFF_DELIVERY, recorded->json, delivery->json));
    VK_TRY(make_calls(replay, recorded, syscalls, SIM_DIFF_SYSCALL_RESULT));
    replay->result->deliveries++;
    replay->result->syscalls += recorded->call_count;
    replay->death_is_recorded = !recorded->is_answered;
    if (!recorded->is_answered)
        return VK_RAISE(VK_ERR_WORKER_LOST, "the recorded worker of %s died in delivery %" PRIu64,
                        worker->vat, recorded->number);
    replay->delivery_is_over = true;
    *result = recorded->result;
    if (result->ok || replay->recording->has_slog) return VK_OK;
    if (!result->problem.p) result->problem = VK_STR("delivery failed");
    return inferred_computrons(replay, recorded->vat, &result->metered, &result->computrons);
}

static enum vk_err host_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    (void)arena; /* all texts are the recording's */
    return worker->replays_left > 0 ? replay_delivery(impl, worker, delivery, syscalls, result)
                                    : live_delivery(impl, worker, delivery, syscalls, result);
}

void recorded_worker_host_init(struct vk_worker_host *host, struct sim_replay *replay) {
    *host = (struct vk_worker_host){
        .impl = replay,
        .worker_bundle_ids = host_worker_bundle_ids,
        .start = host_start,
        .deliver = host_deliver,
        .snapshot = host_snapshot,
        .snapshot_hash = host_snapshot_hash,
        .stop = host_stop,
    };
}
