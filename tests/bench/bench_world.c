/* bench_world.c - see bench_world.h. */
#include "bench_world.h"

#include "sim/auditor.h"
#include "vk/json.h"
#include "vk/scan.h"

#include <stdio.h>

enum {
    KEYS_AUDITED_MAX = 20 * 1000,
    KEYS_OF_AN_OBJECT = 6, /* owner, refCount, both ways in two c-lists */
    KEYS_OF_A_PROMISE = 9, /* state, refCount, decider, subscribers, queue.nextID, two c-lists */
    KEYS_OF_A_PORTION = 512,
    PORTIONS_OF_A_BLOCK = 32,
};

/* ---- the kernel */

static enum vk_err initialize(struct bench_world *world) {
    static char names[BENCH_VATS][8];
    struct vk_vat_config vats[BENCH_VATS + 1] = {{.name = VK_STR("vatAdmin")}};
    char kpid[VK_KREF_TEXT];
    for (int i = 0; i < BENCH_VATS; i++) {
        snprintf(names[i], sizeof names[i], "vat%02d", i);
        /* Only those that play have transcripts: what the others do to be filled would be far more
         * than the state. */
        vats[i + 1] =
            (struct vk_vat_config){.name = vk_str(names[i]),
                                   .options =
                                       i < 2 ? VK_STR("{}") : VK_STR("{\"useTranscript\":false}")};
    }
    for (int i = 0; i <= BENCH_VATS; i++)
        vats[i].bundle_id = VK_STR("b1-bench");
    const struct vk_config config = {.vats = vats,
                                     .vat_count = BENCH_VATS + 1,
                                     .default_reap_interval = 1000,
                                     .snapshot_interval = 200};
    return vk_kernel_initialize(world->store, &world->ports, &config, kpid);
}

static enum vk_err write_sleeper(struct bench_world *world, uint64_t vat, struct vk_str options,
                                 struct vk_str source, struct vk_buf *ids) {
    const struct {
        const char *key;
        struct vk_str value;
    } pairs[] = {{"o.nextID", VK_STR("50")},   {"p.nextID", VK_STR("60")},
                 {"d.nextID", VK_STR("70")},   {"reapDirt", VK_STR("{}")},
                 {"options", options},         {"source", source},
                 {"suspended", VK_STR("true")}};
    struct vk_str key;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        VK_TRY(vk_arena_format(&world->arena, &key, "v%llu.%s", (unsigned long long)vat,
                               pairs[i].key));
        VK_TRY(vk_store_set(world->store, key, pairs[i].value));
    }
    VK_TRY(vk_arena_format(&world->arena, &key, "v%llu", (unsigned long long)vat));
    vk_buf_add(ids, ids->n > 1 ? VK_STR(",") : VK_STR(""));
    vk_json_quote(ids, key);
    return vk_transcript_init(world->store, key);
}

/* Suspended vats as they stand in a database, made of the first vat. No kernel is open. */
static enum vk_err add_sleepers(struct bench_world *world, uint64_t count) {
    struct vk_str options, source, text;
    struct vk_buf ids;
    VK_TRY(vk_store_get(world->store, &world->arena, VK_STR("v2.options"), &options));
    VK_TRY(vk_store_get(world->store, &world->arena, VK_STR("v2.source"), &source));
    vk_buf_init(&ids, &world->arena);
    vk_buf_char(&ids, '[');
    for (uint64_t i = 0; i < count; i++)
        VK_TRY(write_sleeper(world, BENCH_VATS + 2 + i, options, source, &ids));
    vk_buf_char(&ids, ']');
    VK_TRY(vk_buf_finish(&ids, &text));
    VK_TRY(vk_store_set(world->store, VK_STR("vat.dynamicIDs"), text));
    VK_TRY(vk_arena_format(&world->arena, &text, "%llu",
                           (unsigned long long)(BENCH_VATS + 2 + count)));
    VK_TRY(vk_store_set(world->store, VK_STR("vat.nextID"), text));
    vk_arena_clear(&world->arena);
    return vk_store_commit(world->store);
}

static enum vk_err run_until_idle(struct bench_world *world) {
    uint64_t cranks;
    return vk_kernel_run(world->kernel, NULL, &cranks);
}

static enum vk_err vat_root(struct bench_world *world, size_t vat, char kref[VK_KREF_TEXT]) {
    struct vk_str name;
    VK_TRY(vk_arena_format(&world->arena, &name, "vat%02zu", vat));
    return vk_host_vat_root(world->kernel, name, kref);
}

static enum vk_err tell(struct bench_world *world, size_t vat, const struct vk_capdata *methargs) {
    char kref[VK_KREF_TEXT], kpid[VK_KREF_TEXT];
    VK_TRY(vat_root(world, vat, kref));
    enum vk_err err =
        vk_host_queue_message(world->kernel, vk_str(kref), methargs, VK_RESULT_NONE, kpid);
    vk_arena_clear(&world->arena);
    return err;
}

static enum vk_err introduce(struct bench_world *world) {
    char roots[BENCH_VATS][VK_KREF_TEXT];
    struct vk_str slots[BENCH_VATS];
    const struct vk_capdata methargs = {
        .body = VK_STR("#[\"meet\",[]]"), .slots = slots, .slot_count = BENCH_VATS};
    char kref[VK_KREF_TEXT];
    for (size_t i = 0; i < BENCH_VATS; i++) {
        struct vk_str name;
        VK_TRY(vk_arena_format(&world->arena, &name, "vat%02zu", i));
        VK_TRY(vk_host_pin_vat_root(world->kernel, name, kref));
        VK_TRY(vat_root(world, i, roots[i]));
        slots[i] = vk_str(roots[i]);
    }
    for (size_t i = 0; i < BENCH_VATS; i++)
        VK_TRY(tell(world, i, &methargs));
    return run_until_idle(world);
}

/* ---- its state */

static enum vk_err count_pair(void *impl, struct vk_str key, struct vk_str value) {
    (void)key, (void)value;
    ++*(uint64_t *)impl;
    return VK_OK;
}

enum vk_err bench_world_count_keys(struct bench_world *world, uint64_t *keys) {
    const struct vk_store_scan scan = {.impl = keys, .pair = count_pair};
    *keys = 0;
    return vk_store_scan(world->store, &scan);
}

/* INV-WORLD-2. The next vat's, so many keys; never nothing. */
static struct bench_portion portion_of(uint64_t keys) {
    struct bench_portion portion = {.values = keys * 6 / 10,
                                    .objects = keys * 3 / 10 / KEYS_OF_AN_OBJECT,
                                    .promises = keys / 10 / KEYS_OF_A_PROMISE};
    if (portion.values == 0) portion.values = 1;
    return portion;
}

static uint64_t portion_keys(const struct bench_portion *portion) {
    return portion->values + portion->objects * KEYS_OF_AN_OBJECT +
           portion->promises * KEYS_OF_A_PROMISE;
}

static enum vk_err fill(struct bench_world *world, uint64_t keys_wanted) {
    const struct vk_capdata methargs = {.body = VK_STR("#[\"fill\",[]]")};
    uint64_t keys, portions = 0;
    VK_TRY(bench_world_count_keys(world, &keys));
    uint64_t per_vat = keys_wanted > keys ? (keys_wanted - keys) / BENCH_VATS : 0;
    uint64_t size = per_vat < KEYS_OF_A_PORTION ? per_vat : KEYS_OF_A_PORTION;
    world->portion = portion_of(size);
    while (keys < keys_wanted) {
        VK_TRY(tell(world, (size_t)(portions % BENCH_VATS), &methargs));
        VK_TRY(run_until_idle(world));
        keys += portion_keys(&world->portion);
        if (++portions % PORTIONS_OF_A_BLOCK == 0) VK_TRY(vk_store_commit(world->store));
    }
    return vk_store_commit(world->store);
}

/* INV-WORLD-1 */
static enum vk_err audit(struct bench_world *world) {
    const struct sim_audit_options options = {.heap = vk_heap_system()};
    struct sim_audit_report report;
    VK_TRY(sim_audit_store(world->store, &options, &report));
    VK_ASSERT(report.violations == 0);
    return VK_OK;
}

static enum vk_err make(struct bench_world *world, enum vk_store_mode mode, uint64_t keys,
                        uint64_t suspended) {
    uint64_t keys_of_sleepers = 0;
    const struct vk_store_options store_options = {.mode = mode};
    const struct vk_kernel_options options = {0};
    VK_TRY(vk_store_open(&world->ports, &store_options, &world->store));
    VK_TRY(initialize(world));
    if (suspended) {
        uint64_t before;
        VK_TRY(bench_world_count_keys(world, &before));
        VK_TRY(add_sleepers(world, suspended));
        VK_TRY(bench_world_count_keys(world, &keys_of_sleepers));
        keys_of_sleepers -= before;
    }
    VK_TRY(vk_kernel_open(world->store, &world->ports, &options, &world->kernel));
    VK_TRY(run_until_idle(world));
    VK_TRY(introduce(world));
    VK_TRY(fill(world, keys + keys_of_sleepers));
    return keys <= KEYS_AUDITED_MAX && !suspended ? audit(world) : VK_OK;
}

enum vk_err bench_world_make(struct bench_world *world, enum vk_store_mode mode, uint64_t keys,
                             uint64_t suspended) {
    *world = (struct bench_world){.random = keys};
    vk_arena_init(&world->arena, vk_heap_system());
    bench_vats_init(world);
    world->ports = (struct vk_ports){
        .heap = vk_heap_system(), .disk = {.path = ":memory:"}, .workers = &world->host};
    enum vk_err err = make(world, mode, keys, suspended);
    if (err != VK_OK) bench_world_release(world);
    return err;
}

enum vk_err bench_world_serve(struct bench_world *world) {
    const struct vk_capdata methargs = {.body = VK_STR("#[\"serve\",[]]")};
    return tell(world, 0, &methargs);
}

void bench_world_release(struct bench_world *world) {
    if (world->kernel) vk_kernel_close(world->kernel);
    vk_store_close(world->store);
    bench_vats_release(world);
    vk_arena_release(&world->arena);
}
