/* gc_actions.c - see gc_actions.h. */
#include "gc_actions.h"

#define GC_ACTIONS_KEY VK_STR("gcActions")
#define REAP_QUEUE_KEY VK_STR("reapQueue")

static const char *const names[VK_GC_ACTION_TYPES] = {
    [VK_GC_DROP_EXPORT] = "dropExport",
    [VK_GC_RETIRE_EXPORT] = "retireExport",
    [VK_GC_RETIRE_IMPORT] = "retireImport",
};

const char *vk_gc_action_name(enum vk_gc_action_type type) { return names[type]; }

enum vk_err vk_gc_action_parse(struct vk_str text, struct vk_gc_action *out) {
    const char *first = text.n ? memchr(text.p, ' ', text.n) : NULL;
    size_t at = first ? (size_t)(first - text.p) : 0;
    struct vk_str rest = first ? vk_str_from(text, at + 1) : VK_STR_NONE;
    const char *second = rest.n ? memchr(rest.p, ' ', rest.n) : NULL;
    if (second && vk_vat_id_parse((struct vk_str){text.p, at}, &out->vat)) {
        struct vk_str name = {rest.p, (size_t)(second - rest.p)};
        struct vk_str kref = vk_str_from(rest, name.n + 1);
        for (int type = 0; type < VK_GC_ACTION_TYPES; type++) {
            if (!vk_str_eq(name, vk_str(names[type]))) continue;
            out->type = (enum vk_gc_action_type)type;
            if (vk_kref_parse(kref, &out->kref) && out->kref.type == VK_SLOT_OBJECT) return VK_OK;
        }
    }
    return VK_RAISE(VK_ERR_CORRUPT, "bad GC action '%.*s'", VK_STR_ARG(text));
}

enum vk_err vk_gc_actions_load(struct vk_state *state, struct vk_string_list *actions) {
    return vk_string_list_load(actions, state, GC_ACTIONS_KEY);
}

enum vk_err vk_gc_actions_save(struct vk_state *state, struct vk_string_list *actions) {
    vk_string_list_sort(actions, true);
    return vk_string_list_save(actions, state, GC_ACTIONS_KEY);
}

enum vk_err vk_gc_action_note(struct vk_state *state, struct vk_string_list *additions,
                              struct vk_vat_id vat, enum vk_gc_action_type type,
                              struct vk_kref kref) {
    struct vk_str text;
    VK_TRY(vk_state_text(state, &text,
                         KEY(VAT(vat), LIT(" "), TEXT(vk_str(names[type])), LIT(" "), KREF(kref))));
    return vk_string_list_add(additions, text);
}

enum vk_err vk_gc_actions_add(struct vk_state *state, const struct vk_string_list *additions) {
    struct vk_string_list actions;
    VK_TRY(vk_gc_actions_load(state, &actions));
    for (size_t i = 0; i < additions->count; i++)
        VK_TRY(vk_string_list_add(&actions, additions->items[i]));
    return vk_gc_actions_save(state, &actions);
}

enum vk_err vk_reap_schedule(struct vk_state *state, struct vk_vat_id vat) {
    struct vk_string_list queue;
    struct vk_str text;
    VK_TRY(vk_string_list_load(&queue, state, REAP_QUEUE_KEY));
    VK_TRY(vk_vat_id_text(state->arena, vat, &text));
    if (vk_string_list_has(&queue, text)) return VK_OK;
    VK_TRY(vk_string_list_add(&queue, text));
    return vk_string_list_save(&queue, state, REAP_QUEUE_KEY);
}

enum vk_err vk_reap_next(struct vk_state *state, bool *found, struct vk_vat_id *vat) {
    struct vk_string_list queue;
    VK_TRY(vk_string_list_load(&queue, state, REAP_QUEUE_KEY));
    *found = queue.count > 0;
    if (!*found) return VK_OK;
    if (!vk_vat_id_parse(queue.items[0], vat))
        return VK_RAISE(VK_ERR_CORRUPT, "reapQueue: '%.*s'", VK_STR_ARG(queue.items[0]));
    queue.items++;
    queue.count--;
    queue.capacity--;
    return vk_string_list_save(&queue, state, REAP_QUEUE_KEY);
}
