/* diff_databases.c - see diff_databases.h. */
#include "diff_databases.h"

#include "diff_details.h"
#include "diff_spans.h"

#include <inttypes.h>

struct side {
    const char *path;
    struct vk_ports ports;
    struct vk_store *store;
    struct vk_arena arena; /* of the pair in hand */
    struct vk_str key, value;
};

struct databases {
    struct side side[2];
    struct sim_divergence *out;
    uint64_t compared, local;
};

static enum vk_err open_side(struct side *side, const char *path) {
    const struct vk_store_options options = {
        .mode = VK_STORE_DIRECT, .no_state_hash = true, .read_only = true};
    side->path = path;
    side->ports = (struct vk_ports){.heap = vk_heap_system(), .disk = {.path = path}};
    return vk_store_open(&side->ports, &options, &side->store); /* INV-DIFF-DATABASES-1 */
}

/* ---- keys */

static enum vk_err next_pair(struct side *side) {
    struct vk_arena before = side->arena; /* the key is looked for after the one that is in it */
    vk_arena_init(&side->arena, vk_heap_system());
    struct vk_str prior = side->key.p ? side->key : VK_STR("");
    enum vk_err err = vk_store_next_key(side->store, &side->arena, prior, &side->key);
    if (err == VK_OK && side->key.p)
        err = vk_store_get(side->store, &side->arena, side->key, &side->value);
    vk_arena_release(&before);
    return err;
}

/* The chain of hashes says that something differs, never what; what is local or the host's no hash covers. */
static bool is_state(struct vk_str key) {
    return !sim_key_is_local(key) && !vk_str_starts(key, VK_STR("host.")) &&
           !vk_str_eq(key, VK_STR("activityhash"));
}

static enum vk_err compare_pair(struct databases *databases, int order) {
    struct side *a = &databases->side[0], *b = &databases->side[1];
    struct sim_divergent_key key = {.key = order <= 0 ? a->key : b->key};
    databases->compared++;
    if (order == 0 && vk_str_eq(a->value, b->value)) return VK_OK;
    if (!is_state(key.key)) {
        databases->local += sim_key_is_local(key.key);
        return VK_OK;
    }
    if (order <= 0) key.value[0] = a->value;
    if (order >= 0) key.value[1] = b->value;
    return sim_divergence_add_key(databases->out, &key);
}

static enum vk_err compare_keys(struct databases *databases) {
    struct side *a = &databases->side[0], *b = &databases->side[1];
    VK_TRY(next_pair(a));
    VK_TRY(next_pair(b));
    while (a->key.p || b->key.p) {
        int order = !a->key.p ? 1 : !b->key.p ? -1 : vk_str_cmp(a->key, b->key);
        VK_TRY(compare_pair(databases, order));
        if (order <= 0) VK_TRY(next_pair(a));
        if (order >= 0) VK_TRY(next_pair(b));
    }
    return VK_OK;
}

/* ---- where they stand */

static enum vk_err read_place(struct databases *databases, int i, uint64_t *crank) {
    struct side *side = &databases->side[i];
    struct vk_str text;
    vk_arena_clear(&side->arena);
    VK_TRY(vk_store_get(side->store, &side->arena, VK_STR("crankNumber"), &text));
    if (!text.p || !vk_str_to_u64(text, crank))
        return VK_RAISE(VK_ERR_CORRUPT, "it holds no kernel (no key crankNumber)");
    databases->out->sides[i].cranks = *crank;
    VK_TRY(vk_store_get(side->store, &side->arena, VK_STR("activityhash"), &text));
    if (text.n == VK_HASH_HEX - 1)
        memcpy(databases->out->sides[i].activityhash, text.p, VK_HASH_HEX - 1);
    return vk_arena_copy(&databases->out->arena, vk_str(side->path),
                         &databases->out->sides[i].name);
}

static enum vk_err note_place(struct databases *databases, const uint64_t crank[2]) {
    struct sim_divergence *out = databases->out;
    bool same_hash = strcmp(out->sides[0].activityhash, out->sides[1].activityhash) == 0;
    if (crank[0] != crank[1])
        return sim_divergence_note(out,
                                   "A stands before crank %" PRIu64 ", B before crank %" PRIu64
                                   ": what differs may be no more than what was done between",
                                   crank[0], crank[1]);
    VK_TRY(sim_divergence_note(out, "both stand before crank %" PRIu64, crank[0]));
    if (!same_hash || !out->sides[0].activityhash[0] || !sim_divergence_differs(out->kind))
        return VK_OK;
    return sim_divergence_note(out, "the activityhash is the same: one of them was changed by "
                                    "something else than its kernel");
}

static enum sim_divergence_kind kind_of(const struct databases *databases, uint64_t transcripts) {
    const struct sim_divergence *out = databases->out;
    if (out->keys.count || transcripts) return SIM_DIVERGENCE_STATE;
    if (strcmp(out->sides[0].activityhash, out->sides[1].activityhash) != 0)
        return SIM_DIVERGENCE_HASH;
    return databases->local ? SIM_DIVERGENCE_LOCAL : SIM_DIVERGENCE_SAME;
}

static enum vk_err compare(struct databases *databases, int *side) {
    uint64_t crank[2], transcripts = 0;
    for (int i = 0; i < 2; i++) {
        *side = i;
        VK_TRY(read_place(databases, i, &crank[i]));
    }
    struct vk_store *const stores[2] = {databases->side[0].store, databases->side[1].store};
    VK_TRY(compare_keys(databases));
    VK_TRY(sim_diff_spans(databases->out, stores, &transcripts));
    databases->out->kind = kind_of(databases, transcripts);
    return note_place(databases, crank);
}

enum vk_err sim_diff_databases(const char *const paths[2], struct sim_divergence *divergence,
                               int *side, struct sim_input_error *error) {
    struct databases databases = {.out = divergence};
    enum vk_err err = VK_OK;
    *error = (struct sim_input_error){0};
    for (int i = 0; i < 2; i++)
        vk_arena_init(&databases.side[i].arena, vk_heap_system());
    for (int i = 0; i < 2 && err == VK_OK; i++) {
        *side = i;
        err = open_side(&databases.side[i], paths[i]);
    }
    if (err == VK_OK) err = compare(&databases, side);
    for (int i = 0; i < 2; i++) {
        if (databases.side[i].store) vk_store_close(databases.side[i].store);
        vk_arena_release(&databases.side[i].arena);
    }
    return err == VK_OK ? VK_OK : sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
}
