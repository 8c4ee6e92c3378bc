/* oracle_verdict.c - the oracle of verdicts: a vat that did what is its end has ended, and nothing of it stands. See oracle.h.
 *
 * The simulated worker knows what its vat did; the kernel is asked only what became of it. Kernels that forgive alike
 * are equal to each other, and nothing that is rolled back is wrong: no other oracle sees them.
 */
#include "oracle.h"

#include "sim_worker.h"

#include "vk/json.h"
#include "vk/module.h"
#include "vk/scan.h"

#include <stdio.h>

/* What the state says of a vat. */
struct vat_state {
    struct vk_arena arena;
    char id[24];
    bool exists, terminated, suspended, paused;
};

static enum vk_err read_terminated(struct vat_state *vat, struct vk_str value) {
    const struct vk_json *list;
    VK_TRY(vk_arena_copy(&vat->arena, value, &value));
    VK_TRY(vk_json_parse(&vat->arena, value, &list));
    for (size_t i = 0; i < list->count; i++)
        if (vk_str_eq(vk_json_string(vk_json_at(list, i)), vk_str(vat->id))) vat->terminated = true;
    return VK_OK;
}

static enum vk_err see_pair(void *impl, struct vk_str key, struct vk_str value) {
    struct vat_state *vat = impl;
    struct vk_str id = vk_str(vat->id);
    if (vk_str_eq(key, VK_STR("vats.terminated"))) return read_terminated(vat, value);
    if (!vk_str_starts(key, id)) return VK_OK;
    struct vk_str rest = vk_str_from(key, id.n);
    if (vk_str_eq(rest, VK_STR(".o.nextID"))) vat->exists = true;
    if (vk_str_eq(rest, VK_STR(".suspended"))) vat->suspended = true;
    if (vk_str_eq(rest, VK_STR(".paused"))) vat->paused = true;
    return VK_OK;
}

/* The last bringOutYourDead of an incarnation, and the one before a snapshot, are asked for where the vat can. */
static bool is_excused(const struct sim_vat_doom *doom, const struct vk_crank_result *crank) {
    return doom->delivery == VK_DELIVERY_BRING_OUT_YOUR_DEAD &&
           strcmp(crank->event, "bringOutYourDead") != 0;
}

/* An upgrade that fails leaves the old incarnation to go on, and what a directive gave up was never done. */
static bool may_live(const struct vk_crank_result *crank) {
    return crank->aborted && (strcmp(crank->event, "upgrade-vat") == 0 || crank->directed);
}

static enum vk_err lives(struct sim_replica *replica, uint64_t n, bool *out) {
    struct vat_state vat = {.exists = false};
    const struct vk_store_scan scan = {.impl = &vat, .pair = see_pair};
    snprintf(vat.id, sizeof vat.id, "v%llu", (unsigned long long)n);
    vk_arena_init(&vat.arena, vk_heap_system());
    struct vk_store *store = sim_replica_store(replica);
    enum vk_err err = vk_module_of(store)->store_scan(store, &scan);
    vk_arena_release(&vat.arena);
    *out = vat.exists && !vat.terminated && !(vat.suspended && vat.paused);
    return err;
}

enum vk_err sim_oracle_verdict(struct sim_replica *replica, struct sim_failure *failure,
                               bool *failed) {
    const struct sim_vat_doom doom = sim_workers_doom(sim_replica_workers(replica));
    const struct vk_crank_result *crank = &sim_replica_point(replica)->crank;
    unsigned long long vat = doom.vat;
    *failed = false;
    if (!doom.any || is_excused(&doom, crank)) return VK_OK;
    /* The last of several exits counts. */
    bool is_exit = doom.end == SIM_VAT_END_EXIT || doom.end == SIM_VAT_END_EXIT_WITH_FAILURE;
    if (!is_exit && !crank->aborted) {
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_CLASS, replica, "forgiven",
                        "the crank stands, though v%llu was to be stopped in it: %s", vat,
                        sim_vat_end_words(doom.end));
    } else if (!may_live(crank)) {
        VK_TRY(lives(replica, doom.vat, failed));
        if (*failed)
            sim_failure_set(failure, SIM_ORACLE_CLASS, replica, "lives-on",
                            "v%llu lives on, though it ended itself: %s", vat,
                            sim_vat_end_words(doom.end));
    }
    return VK_OK;
}
