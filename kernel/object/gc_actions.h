/* gc_actions.h - the durable set of GC actions ("v1 dropExport ko20"), and the reap queue.
 *
 * The set is stored sorted and is rewritten whole, as SwingSet does. Answers to getGCActions, setGCActions, addGCActions,
 * scheduleReap and nextReapAction in kernelKeeper.js.
 */
#ifndef VK_OBJECT_GC_ACTIONS_H
#define VK_OBJECT_GC_ACTIONS_H

#include "string_list.h"

enum vk_gc_action_type { VK_GC_DROP_EXPORT, VK_GC_RETIRE_EXPORT, VK_GC_RETIRE_IMPORT };
enum { VK_GC_ACTION_TYPES = 3 };

struct vk_gc_action {
    struct vk_vat_id vat;
    enum vk_gc_action_type type;
    struct vk_kref kref;
};

/* "dropExport", in order of priority of the types. */
const char *vk_gc_action_name(enum vk_gc_action_type type);
enum vk_err vk_gc_action_parse(struct vk_str text, struct vk_gc_action *out) VK_MUST_CHECK;

enum vk_err vk_gc_actions_load(struct vk_state *state, struct vk_string_list *actions)
    VK_MUST_CHECK;
/* Sorts, and writes even if nothing changed. */
enum vk_err vk_gc_actions_save(struct vk_state *state, struct vk_string_list *actions)
    VK_MUST_CHECK;
/* Adds to `additions`, which vk_gc_actions_add merges into the set. */
enum vk_err vk_gc_action_note(struct vk_state *state, struct vk_string_list *additions,
                              struct vk_vat_id vat, enum vk_gc_action_type type,
                              struct vk_kref kref) VK_MUST_CHECK;
enum vk_err vk_gc_actions_add(struct vk_state *state, const struct vk_string_list *additions)
    VK_MUST_CHECK;

enum vk_err vk_reap_schedule(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;
/* Takes the first vat off the reap queue. */
enum vk_err vk_reap_next(struct vk_state *state, bool *found, struct vk_vat_id *vat) VK_MUST_CHECK;

#endif
