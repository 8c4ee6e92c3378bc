/* diff_mixed.c - see diff_mixed.h. */
#include "diff_mixed.h"

#include "log_scan.h"

#include <inttypes.h>

struct mixed {
    struct sim_divergence *out;
    int database;
    uint64_t next; /* the crank that the database stands before */
    char activityhash[VK_HASH_HEX];
    bool is_there;             /* the log has what came last before it */
    struct sim_log_unit place; /* that */
    bool found;                /* the hash is somewhere in the log */
    struct sim_log_unit at;    /* there */
    uint64_t cranks;           /* of the log, up to there */
};

static enum vk_err read_keys(struct mixed *mixed, struct vk_store *store, struct vk_arena *arena) {
    struct vk_str text;
    VK_TRY(vk_store_get(store, arena, VK_STR("crankNumber"), &text));
    if (!text.p || !vk_str_to_u64(text, &mixed->next))
        return VK_RAISE(VK_ERR_CORRUPT, "it holds no kernel (no key crankNumber)");
    VK_TRY(vk_store_get(store, arena, VK_STR("activityhash"), &text));
    if (text.n != VK_HASH_HEX - 1) return VK_RAISE(VK_ERR_CORRUPT, "it has no activityhash");
    memcpy(mixed->activityhash, text.p, VK_HASH_HEX - 1);
    return VK_OK;
}

static enum vk_err read_database(struct mixed *mixed, const char *path) {
    const struct vk_ports ports = {.heap = vk_heap_system(), .disk = {.path = path}};
    const struct vk_store_options options = {
        .mode = VK_STORE_DIRECT, .no_state_hash = true, .read_only = true};
    struct vk_store *store;
    struct vk_arena arena;
    VK_TRY(vk_store_open(&ports, &options, &store));
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = read_keys(mixed, store, &arena);
    vk_arena_release(&arena);
    vk_store_close(store);
    return err;
}

static enum vk_err read_log(struct mixed *mixed, struct sim_log_scan *scan,
                            struct sim_input_error *error) {
    uint64_t cranks = 0;
    for (;;) {
        struct sim_log_unit unit;
        bool more;
        VK_TRY(sim_log_scan_next(scan, &unit, &more, error));
        if (!more) return VK_OK;
        cranks += sim_log_unit_is_crank(&unit);
        /* The crank before it, or what the host did after that. */
        bool is_place = sim_log_unit_is_crank(&unit) ? unit.number + 1 == mixed->next
                                                     : unit.number == mixed->next;
        bool is_same = strcmp(unit.activityhash, mixed->activityhash) == 0;
        if (is_place && !(mixed->is_there && mixed->found)) {
            mixed->is_there = true;
            mixed->place = unit;
            mixed->cranks = cranks;
        }
        if (is_same && !mixed->found) {
            mixed->found = true;
            mixed->at = unit;
            mixed->cranks = cranks;
        }
    }
}

static enum vk_err conclude(struct mixed *mixed) {
    struct sim_divergence *out = mixed->out;
    int log = 1 - mixed->database;
    memcpy(out->sides[mixed->database].activityhash, mixed->activityhash, VK_HASH_HEX);
    VK_TRY(sim_divergence_note(out, "the database stands before crank %" PRIu64, mixed->next));
    bool is_bare = mixed->is_there && !mixed->place.activityhash[0];
    if (!mixed->found && (!mixed->is_there || is_bare)) {
        out->kind = SIM_DIVERGENCE_NOTHING;
        return sim_divergence_note(out, is_bare ? "the log has no hashes there"
                                                : "the log does not have the crank before that");
    }
    out->compared = mixed->cranks;
    if (mixed->found) {
        out->kind = SIM_DIVERGENCE_SAME;
        out->has_same = true;
        out->same_crank = mixed->at.number;
        memcpy(out->same_activityhash, mixed->activityhash, VK_HASH_HEX);
        return VK_OK;
    }
    out->kind = SIM_DIVERGENCE_EARLIER;
    out->has_crank = true;
    out->crank = mixed->place.number;
    out->is_host_call = !sim_log_unit_is_crank(&mixed->place);
    out->sides[log].line = mixed->place.begin;
    memcpy(out->sides[log].crankhash, mixed->place.crankhash, VK_HASH_HEX);
    memcpy(out->sides[log].activityhash, mixed->place.activityhash, VK_HASH_HEX);
    return sim_divergence_note(out, "no crank of the log has the database's activityhash: they "
                                    "differ in this crank or before (or the host did something "
                                    "after it, which a slog does not show)");
}

enum vk_err sim_diff_mixed(const char *const paths[2], int database,
                           struct sim_divergence *divergence, int *side,
                           struct sim_input_error *error) {
    struct mixed mixed = {.out = divergence, .database = database};
    struct sim_log_scan *scan;
    *error = (struct sim_input_error){0};
    for (int i = 0; i < 2; i++)
        VK_TRY(vk_arena_copy(&divergence->arena, vk_str(paths[i]), &divergence->sides[i].name));
    *side = database;
    enum vk_err err = read_database(&mixed, paths[database]);
    if (err != VK_OK) return sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
    *side = 1 - database;
    VK_TRY(sim_log_scan_open(paths[1 - database], &scan, error));
    err = read_log(&mixed, scan, error);
    sim_log_scan_close(scan);
    return err == VK_OK ? conclude(&mixed) : err;
}
