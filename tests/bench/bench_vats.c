/* bench_vats.c - the vats of bench_world.h: what each does when a message comes. */
#include "bench_world.h"

#include <inttypes.h>

/* ---- syscalls, typed and as JSON */

struct turn {
    struct vk_worker *worker;
    struct vk_arena *arena; /* until the delivery ends */
    const struct vk_syscall_port *port;
};

static enum vk_err make(const struct turn *turn, struct vk_syscall *syscall) {
    struct vk_syscall_result result;
    return turn->port->make(turn->port->impl, syscall, &result);
}

/* `value` may be absent. */
static enum vk_err vatstore(const struct turn *turn, enum vk_syscall_type type, struct vk_str key,
                            struct vk_str value) {
    struct vk_syscall syscall = {.type = type, .key = key, .value = value};
    struct vk_buf buf;
    vk_buf_init(&buf, turn->arena);
    vk_buf_lit(&buf, "[");
    vk_json_quote(&buf, vk_str(vk_syscall_name(type)));
    vk_buf_char(&buf, ',');
    vk_json_quote(&buf, key);
    if (value.p) {
        vk_buf_char(&buf, ',');
        vk_json_quote(&buf, value);
    }
    vk_buf_char(&buf, ']');
    VK_TRY(vk_buf_finish(&buf, &syscall.json));
    return make(turn, &syscall);
}

static enum vk_err send(const struct turn *turn, struct vk_str target,
                        const struct vk_capdata *methargs, struct vk_str result) {
    struct vk_syscall syscall = {
        .type = VK_SYSCALL_SEND, .target = target, .data = *methargs, .result = result};
    struct vk_buf buf;
    vk_buf_init(&buf, turn->arena);
    vk_buf_lit(&buf, "[\"send\",");
    vk_json_quote(&buf, target);
    vk_buf_lit(&buf, ",{\"methargs\":");
    vk_capdata_write(&buf, methargs);
    if (result.p) {
        vk_buf_lit(&buf, ",\"result\":");
        vk_json_quote(&buf, result);
    }
    vk_buf_lit(&buf, "}]");
    VK_TRY(vk_buf_finish(&buf, &syscall.json));
    return make(turn, &syscall);
}

static enum vk_err subscribe(const struct turn *turn, struct vk_str promise) {
    struct vk_syscall syscall = {.type = VK_SYSCALL_SUBSCRIBE, .target = promise};
    VK_TRY(vk_arena_format(turn->arena, &syscall.json, "[\"subscribe\",\"%.*s\"]",
                           VK_STR_ARG(promise)));
    return make(turn, &syscall);
}

static enum vk_err resolve(const struct turn *turn, struct vk_str promise) {
    const struct vk_resolution resolution = {.promise = promise,
                                             .data = {.body = VK_STR("#\"pong\"")}};
    struct vk_syscall syscall = {
        .type = VK_SYSCALL_RESOLVE, .resolutions = &resolution, .resolution_count = 1};
    VK_TRY(vk_arena_format(
        turn->arena, &syscall.json,
        "[\"resolve\",[[\"%.*s\",false,{\"body\":\"#\\\"pong\\\"\",\"slots\":[]}]]]",
        VK_STR_ARG(promise)));
    return make(turn, &syscall);
}

/* ---- what they keep */

static enum vk_err value_key(const struct turn *turn, uint64_t i, struct vk_str *key) {
    return vk_arena_format(turn->arena, key, "vc.%" PRIu64 ".s%09" PRIu64, 2 + i / 5000, i);
}

static enum vk_err set_value(const struct turn *turn, struct vk_str key, uint64_t number) {
    struct vk_str value;
    VK_TRY(vk_arena_format(turn->arena, &value,
                           "{\"body\":\"#{\\\"amount\\\":{\\\"brand\\\":\\\"$0.Alleged: brand\\\","
                           "\\\"value\\\":\\\"+%020" PRIu64 "\\\"}}\",\"slots\":[\"o+1\"]}",
                           number));
    return vatstore(turn, VK_SYSCALL_VATSTORE_SET, key, value);
}

static uint64_t draw(struct bench_world *world, uint64_t bound) { /* splitmix64 */
    uint64_t z = world->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}

/* ---- what they do */

/* The roots of all vats: of others as imports, one's own as the export that it is. */
static enum vk_err meet(struct vk_worker *worker, const struct vk_capdata *methargs) {
    VK_ASSERT(methargs->slot_count == BENCH_VATS);
    for (size_t i = 0; i < BENCH_VATS; i++)
        VK_TRY(vk_arena_copy(&worker->arena, methargs->slots[i], &worker->peers[i]));
    return VK_OK;
}

/* Objects and promises go to the next vat, which holds on to them. */
static enum vk_err give(const struct turn *turn, const struct bench_portion *portion) {
    struct vk_worker *worker = turn->worker;
    size_t count = (size_t)(portion->objects + portion->promises);
    struct vk_str *slots;
    struct vk_buf buf;
    struct vk_capdata methargs;
    VK_TRY(VK_NEW_ARRAY(turn->arena, &slots, count + 1));
    vk_buf_init(&buf, turn->arena);
    vk_buf_lit(&buf, "#[\"hold\",[");
    for (size_t i = 0; i < count; i++) {
        bool is_object = i < portion->objects;
        VK_TRY(vk_arena_format(turn->arena, &slots[i], is_object ? "o+%" PRIu64 : "p+%" PRIu64,
                               is_object ? ++worker->exports : ++worker->promises));
        vk_buf_add(&buf, i ? VK_STR(",\"") : VK_STR("\""));
        vk_buf_char(&buf, is_object ? '$' : '&');
        vk_buf_u64(&buf, i);
        vk_buf_char(&buf, '"');
    }
    vk_buf_lit(&buf, "]]");
    VK_TRY(vk_buf_finish(&buf, &methargs.body));
    methargs.slots = slots;
    methargs.slot_count = count;
    return send(turn, worker->peers[worker->index % BENCH_VATS], &methargs, VK_STR_NONE);
}

static enum vk_err fill(const struct turn *turn) {
    struct vk_worker *worker = turn->worker;
    const struct bench_portion *portion = &worker->world->portion;
    for (uint64_t i = 0; i < portion->values; i++) {
        struct vk_str key;
        VK_TRY(value_key(turn, worker->values, &key));
        VK_TRY(set_value(turn, key, worker->values++));
    }
    return portion->objects + portion->promises ? give(turn, portion) : VK_OK;
}

static enum vk_err visit_values(const struct turn *turn) {
    struct vk_worker *worker = turn->worker;
    struct vk_str key;
    if (worker->values == 0) return VK_OK;
    VK_TRY(value_key(turn, draw(worker->world, worker->values), &key));
    VK_TRY(vatstore(turn, VK_SYSCALL_VATSTORE_GET, key, VK_STR_NONE));
    VK_TRY(set_value(turn, key, draw(worker->world, UINT64_MAX)));
    return vatstore(turn, VK_SYSCALL_VATSTORE_GET_NEXT_KEY, key, VK_STR_NONE);
}

static enum vk_err ping(const struct turn *turn, struct vk_str target) {
    const struct vk_str slot = VK_STR("o+1");
    const struct vk_capdata methargs = {
        .body = VK_STR("#[\"ping\",[\"$0.Alleged: ponger\"]]"), .slots = &slot, .slot_count = 1};
    struct vk_str promise;
    VK_TRY(vk_arena_format(turn->arena, &promise, "p+%" PRIu64, ++turn->worker->promises));
    VK_TRY(send(turn, target, &methargs, promise));
    return subscribe(turn, promise);
}

static enum vk_err answer(const struct turn *turn, const struct vk_delivery *delivery) {
    VK_ASSERT(delivery->methargs.slot_count == 1);
    VK_TRY(visit_values(turn));
    VK_TRY(resolve(turn, delivery->result));
    return ping(turn, delivery->methargs.slots[0]);
}

static enum vk_err message(const struct turn *turn, const struct vk_delivery *delivery) {
    struct vk_str body = delivery->methargs.body;
    if (vk_str_starts(body, VK_STR("#[\"meet\""))) return meet(turn->worker, &delivery->methargs);
    if (vk_str_starts(body, VK_STR("#[\"fill\""))) return fill(turn);
    if (vk_str_starts(body, VK_STR("#[\"ping\""))) return answer(turn, delivery);
    if (vk_str_starts(body, VK_STR("#[\"serve\"")))
        return ping(turn, turn->worker->peers[turn->worker->index % BENCH_VATS]);
    return VK_OK;
}

/* ---- the host */

static enum vk_err host_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                   struct vk_str *json) {
    (void)impl, (void)store;
    return vk_arena_copy(arena, VK_STR("[]"), json);
}

/* Vat-admin is v1, and the others follow. */
static enum vk_err host_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    struct bench_world *world = impl;
    uint64_t number;
    bool is_known = vk_str_to_u64(vk_str_from(spec->vat, 1), &number) && number <= BENCH_VATS + 1;
    VK_ASSERT(is_known && number > 0);
    *out = &world->workers[number - 1];
    return VK_OK;
}

static enum vk_err host_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    const struct turn turn = {worker, arena, syscalls};
    (void)impl;
    *result = (struct vk_delivery_result){.ok = true};
    return delivery->type == VK_DELIVERY_MESSAGE ? message(&turn, delivery) : VK_OK;
}

static void host_stop(void *impl, struct vk_worker *worker) { (void)impl, (void)worker; }

void bench_vats_init(struct bench_world *world) {
    for (uint64_t i = 0; i <= BENCH_VATS; i++) {
        world->workers[i] = (struct vk_worker){.world = world, .index = i};
        vk_arena_init(&world->workers[i].arena, vk_heap_system());
    }
    world->host = (struct vk_worker_host){.impl = world,
                                          .worker_bundle_ids = host_bundle_ids,
                                          .start = host_start,
                                          .deliver = host_deliver,
                                          .stop = host_stop};
}

void bench_vats_release(struct bench_world *world) {
    for (uint64_t i = 0; i <= BENCH_VATS; i++)
        vk_arena_release(&world->workers[i].arena);
}
