/* vat_lists.c - which vats there are: static ones by name, dynamic ones by age, terminated ones in the
 * order of their end. See vat.h. */
#include "vat.h"

#define DYNAMIC_KEY VK_STR("vat.dynamicIDs")
#define NAMES_KEY VK_STR("vat.names")
#define TERMINATED_KEY VK_STR("vats.terminated")

enum vk_err vk_static_vat_by_name(struct vk_state *state, struct vk_str name, bool *found,
                                  struct vk_vat_id *vat) {
    struct vk_str id;
    VK_TRY(vk_state_get(state, &id, KEY(LIT("vat.name."), TEXT(name))));
    *found = id.p != NULL;
    if (*found && !vk_vat_id_parse(id, vat))
        return VK_RAISE(VK_ERR_CORRUPT, "vat.name.%.*s: '%.*s'", VK_STR_ARG(name), VK_STR_ARG(id));
    return VK_OK;
}

enum vk_err vk_dynamic_vats(struct vk_state *state, struct vk_string_list *ids) {
    return vk_string_list_load(ids, state, DYNAMIC_KEY);
}

enum vk_err vk_static_vats(struct vk_state *state, struct vk_string_list *ids) {
    struct vk_key_walk walk;
    vk_string_list_init(ids, state->arena);
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(LIT("vat.name."))));
    for (;;) {
        struct vk_str id;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        VK_TRY(vk_state_require(state, &id, KEY(TEXT(walk.key))));
        VK_TRY(vk_string_list_add(ids, id));
    }
}

enum vk_err vk_vat_is_dynamic(struct vk_state *state, struct vk_vat_id vat, bool *is_dynamic) {
    struct vk_string_list ids;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_dynamic_vats(state, &ids));
    *is_dynamic = vk_string_list_has(&ids, vk_vat_id_str(vat, text));
    return VK_OK;
}

enum vk_err vk_dynamic_vat_add(struct vk_state *state, struct vk_vat_id vat) {
    struct vk_string_list ids;
    struct vk_str text;
    VK_TRY(vk_dynamic_vats(state, &ids));
    VK_TRY(vk_vat_id_text(state->arena, vat, &text));
    VK_TRY(vk_string_list_add(&ids, text));
    return vk_string_list_save(&ids, state, DYNAMIC_KEY);
}

static enum vk_err static_vat_unlist(struct vk_state *state, struct vk_str vat) {
    struct vk_key_walk walk;
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(LIT("vat.name."))));
    for (;;) {
        struct vk_str id;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) break;
        VK_TRY(vk_state_require(state, &id, KEY(TEXT(walk.key))));
        if (!vk_str_eq(id, vat)) continue;
        struct vk_string_list names;
        VK_TRY(vk_state_delete(state, KEY(TEXT(walk.key))));
        VK_TRY(vk_string_list_load(&names, state, NAMES_KEY));
        vk_string_list_remove(&names, vk_str_from(walk.key, walk.prefix.n));
        VK_TRY(vk_string_list_save(&names, state, NAMES_KEY));
        break;
    }
    /* SwingSet counts the end of static vats only. */
    vk_stats_dec(&state->stats, VK_STAT_VATS);
    return VK_OK;
}

enum vk_err vk_vat_unlist(struct vk_state *state, struct vk_vat_id vat) {
    struct vk_string_list ids;
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str id = vk_vat_id_str(vat, text);
    VK_TRY(vk_dynamic_vats(state, &ids));
    if (!vk_string_list_remove(&ids, id)) return static_vat_unlist(state, id);
    return vk_string_list_save(&ids, state, DYNAMIC_KEY);
}

bool vk_vat_is_terminated(const struct vk_state *state, struct vk_vat_id vat) {
    for (size_t i = 0; i < state->terminated_count; i++)
        if (vk_vat_id_eq(state->terminated[i], vat)) return true;
    return false;
}

static enum vk_err terminated_append(struct vk_state *state, struct vk_vat_id vat) {
    const struct vk_heap *heap = state->heap;
    if (state->terminated_count == state->terminated_capacity) {
        size_t size = state->terminated_capacity * sizeof vat;
        size_t capacity = state->terminated_capacity ? state->terminated_capacity * 2 : 16;
        struct vk_vat_id *grown =
            state->terminated
                ? heap->resize(heap->impl, state->terminated, size, capacity * sizeof vat)
                : heap->alloc(heap->impl, capacity * sizeof vat);
        if (!grown) return VK_RAISE(VK_ERR_NOMEM, "list of %zu terminated vats", capacity);
        state->terminated = grown;
        state->terminated_capacity = capacity;
    }
    state->terminated[state->terminated_count++] = vat;
    return VK_OK;
}

static enum vk_err terminated_save(struct vk_state *state) {
    struct vk_string_list ids;
    vk_string_list_init(&ids, state->arena);
    for (size_t i = 0; i < state->terminated_count; i++) {
        struct vk_str text;
        VK_TRY(vk_vat_id_text(state->arena, state->terminated[i], &text));
        VK_TRY(vk_string_list_add(&ids, text));
    }
    return vk_string_list_save(&ids, state, TERMINATED_KEY);
}

enum vk_err vk_vat_mark_terminated(struct vk_state *state, struct vk_vat_id vat) {
    if (vk_vat_is_terminated(state, vat)) return VK_OK;
    VK_TRY(terminated_append(state, vat));
    return terminated_save(state);
}

enum vk_err vk_vat_forget_terminated(struct vk_state *state, struct vk_vat_id vat) {
    size_t kept = 0;
    for (size_t i = 0; i < state->terminated_count; i++)
        if (!vk_vat_id_eq(state->terminated[i], vat))
            state->terminated[kept++] = state->terminated[i];
    state->terminated_count = kept;
    return terminated_save(state);
}

enum vk_err vk_terminated_vats_load(struct vk_state *state) {
    struct vk_string_list ids;
    VK_TRY(vk_string_list_load(&ids, state, TERMINATED_KEY));
    state->terminated_count = 0;
    for (size_t i = 0; i < ids.count; i++) {
        struct vk_vat_id vat;
        if (!vk_vat_id_parse(ids.items[i], &vat))
            return VK_RAISE(VK_ERR_CORRUPT, "vats.terminated: '%.*s'", VK_STR_ARG(ids.items[i]));
        VK_TRY(terminated_append(state, vat));
    }
    return VK_OK;
}
