/* state.c - see state.h. */
#include "state.h"

#include "vat.h"
#include "vk/json.h"

void vk_state_init(struct vk_state *state, struct vk_store *store, const struct vk_ports *ports,
                   struct vk_arena *arena) {
    *state = (struct vk_state){
        .store = store, .heap = ports->heap, .clock = ports->clock, .arena = arena};
    vk_dead_list_init(&state->maybe_free, ports->heap);
}

void vk_state_release(struct vk_state *state) {
    vk_dead_list_release(&state->maybe_free);
    if (state->terminated)
        state->heap->free(state->heap->impl, state->terminated,
                          state->terminated_capacity * sizeof *state->terminated);
    state->terminated = NULL;
    state->terminated_count = state->terminated_capacity = 0;
}

enum vk_err vk_state_reload(struct vk_state *state) {
    const struct vk_json *consensus, *local = NULL;
    struct vk_str text;
    VK_TRY(vk_state_json(state, &consensus, KEY(LIT("kernelStats"))));
    VK_TRY(vk_state_get(state, &text, KEY(LIT("local.kernelStats"))));
    if (text.p) VK_TRY(vk_state_json(state, &local, KEY(LIT("local.kernelStats"))));
    vk_stats_load(&state->stats, consensus, local);
    return vk_terminated_vats_load(state);
}

static size_t part_length_max(const struct vk_part *part) {
    return part->type == VK_PART_STR ? part->str.n : VK_SLOT_TEXT_MAX;
}

/* Writes the part at `p`, where there is room for part_length_max; returns its end. */
static char *part_write(const struct vk_part *part, char *p) {
    switch (part->type) {
    case VK_PART_STR:
        if (part->str.n) memcpy(p, part->str.p, part->str.n);
        return p + part->str.n;
    case VK_PART_VAT: return p + vk_vat_id_str((struct vk_vat_id){part->n}, p).n;
    case VK_PART_DEVICE: {
        size_t n = vk_vat_id_str((struct vk_vat_id){part->n}, p).n;
        p[0] = 'd';
        return p + n;
    }
    case VK_PART_KREF: return p + vk_kref_str(part->kref, p).n;
    case VK_PART_U64: return p + vk_u64_str(part->n, p).n;
    }
    VK_ASSERT(false); /* INV-STATE-2: every part has a type */
    return p;
}

enum vk_err vk_state_text(struct vk_state *state, struct vk_str *out, const struct vk_part *parts,
                          size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += part_length_max(&parts[i]);
    char *p = vk_arena_alloc(state->arena, size);
    if (!p) return VK_RAISE(VK_ERR_NOMEM, "key of up to %zu bytes", size);
    char *end = p;
    for (size_t i = 0; i < count; i++)
        end = part_write(&parts[i], end);
    *out = (struct vk_str){p, (size_t)(end - p)};
    return VK_OK;
}

enum vk_err vk_state_get(struct vk_state *state, struct vk_str *value, const struct vk_part *parts,
                         size_t count) {
    struct vk_str key;
    VK_TRY(vk_state_text(state, &key, parts, count));
    return vk_store_get(state->store, state->arena, key, value);
}

static enum vk_err require(struct vk_state *state, struct vk_str key, struct vk_str *value) {
    VK_TRY(vk_store_get(state->store, state->arena, key, value));
    if (!value->p)
        return VK_RAISE(VK_ERR_CORRUPT, "storage lacks required key %.*s", VK_STR_ARG(key));
    return VK_OK;
}

enum vk_err vk_state_require(struct vk_state *state, struct vk_str *value,
                             const struct vk_part *parts, size_t count) {
    struct vk_str key;
    VK_TRY(vk_state_text(state, &key, parts, count));
    return require(state, key, value);
}

enum vk_err vk_state_require_u64(struct vk_state *state, uint64_t *value,
                                 const struct vk_part *parts, size_t count) {
    struct vk_str key, text;
    VK_TRY(vk_state_text(state, &key, parts, count));
    VK_TRY(require(state, key, &text));
    if (!vk_str_to_u64(text, value))
        return VK_RAISE(VK_ERR_CORRUPT, "key %.*s: expected a number, found '%.*s'",
                        VK_STR_ARG(key), VK_STR_ARG(text));
    return VK_OK;
}

bool vk_count_parse(struct vk_str text, uint64_t *out) {
    return vk_str_to_u64(text, out) && *out <= VK_COUNT_MAX;
}

enum vk_err vk_state_require_count(struct vk_state *state, uint64_t *value,
                                   const struct vk_part *parts, size_t count) {
    struct vk_str key;
    VK_TRY(vk_state_require_u64(state, value, parts, count));
    if (*value <= VK_COUNT_MAX) return VK_OK;
    VK_TRY(vk_state_text(state, &key, parts, count));
    return VK_RAISE(VK_ERR_CORRUPT, "key %.*s: nothing is counted up to %llu", VK_STR_ARG(key),
                    (unsigned long long)*value);
}

enum vk_err vk_state_has(struct vk_state *state, bool *has, const struct vk_part *parts,
                         size_t count) {
    struct vk_str key;
    VK_TRY(vk_state_text(state, &key, parts, count));
    return vk_store_has(state->store, key, has);
}

enum vk_err vk_state_set(struct vk_state *state, struct vk_str value, const struct vk_part *parts,
                         size_t count) {
    struct vk_str key;
    VK_TRY(vk_state_text(state, &key, parts, count));
    return vk_store_set(state->store, key, value);
}

enum vk_err vk_state_set_u64(struct vk_state *state, uint64_t value, const struct vk_part *parts,
                             size_t count) {
    char text[VK_SLOT_TEXT_MAX];
    return vk_state_set(state, vk_u64_str(value, text), parts, count);
}

enum vk_err vk_state_delete(struct vk_state *state, const struct vk_part *parts, size_t count) {
    struct vk_str key;
    VK_TRY(vk_state_text(state, &key, parts, count));
    return vk_store_delete(state->store, key);
}

enum vk_err vk_state_allocate_id(struct vk_state *state, uint64_t *id, const struct vk_part *parts,
                                 size_t count) {
    VK_TRY(vk_state_require_count(state, id, parts, count));
    return vk_state_set_u64(state, *id + 1, parts, count);
}

enum vk_err vk_key_walk_begin(struct vk_state *state, struct vk_key_walk *walk,
                              const struct vk_part *parts, size_t count) {
    VK_TRY(vk_state_text(state, &walk->prefix, parts, count));
    walk->key = walk->prefix;
    return VK_OK;
}

enum vk_err vk_key_walk_next(struct vk_state *state, struct vk_key_walk *walk) {
    VK_ASSERT(walk->key.p != NULL); /* INV-STATE-3: a walk that has ended is not continued */
    VK_TRY(vk_store_next_key(state->store, state->arena, walk->key, &walk->key));
    if (walk->key.p && !vk_str_starts(walk->key, walk->prefix)) walk->key = VK_STR_NONE;
    return VK_OK;
}

enum vk_err vk_state_json(struct vk_state *state, const struct vk_json **out,
                          const struct vk_part *parts, size_t count) {
    struct vk_str key, text;
    VK_TRY(vk_state_require(state, &text, parts, count));
    VK_TRY(vk_state_text(state, &key, parts, count));
    enum vk_err err = vk_json_parse(state->arena, text, out);
    if (err == VK_ERR_SYNTAX)
        return VK_RAISE(VK_ERR_CORRUPT, "key %.*s: not JSON: '%.*s'", VK_STR_ARG(key),
                        (int)(text.n < 40 ? text.n : 40), text.p);
    return err;
}
