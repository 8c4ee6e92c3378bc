/* object.h - kernel objects (koNN): who owns them, how they are orphaned, retired and deleted.
 *
 * INV-OBJ-1  An object that exists has a refCount; it has an owner unless it is an orphan.
 * Answers to addKernelObject ... getImporters in kernelKeeper.js.
 */
#ifndef VK_OBJECT_OBJECT_H
#define VK_OBJECT_OBJECT_H

#include "gc_actions.h"

enum vk_err vk_object_add(struct vk_state *state, struct vk_vat_id owner, struct vk_kref *out)
    VK_MUST_CHECK;
enum vk_err vk_object_exists(struct vk_state *state, struct vk_kref kref, bool *exists)
    VK_MUST_CHECK;
/* As recorded, be the owner alive or terminated; *owned false for orphans. */
enum vk_err vk_object_recorded_owner(struct vk_state *state, struct vk_kref kref, bool *owned,
                                     struct vk_vat_id *owner) VK_MUST_CHECK;
/* For delivery: a terminated vat owns nothing. */
enum vk_err vk_object_live_owner(struct vk_state *state, struct vk_kref kref, bool *owned,
                                 struct vk_vat_id *owner) VK_MUST_CHECK;
/* Takes the object from its owner, c-list entry included. It lives on while others refer to it.
 * VK_ERR_CORRUPT if `owner` does not own it. */
enum vk_err vk_object_orphan(struct vk_state *state, struct vk_kref kref, struct vk_vat_id owner)
    VK_MUST_CHECK;
/* Deletes objects and schedules retireImport for every vat that still recognizes them. */
enum vk_err vk_objects_retire(struct vk_state *state, const struct vk_kref *krefs, size_t count)
    VK_MUST_CHECK;
enum vk_err vk_object_delete(struct vk_state *state, struct vk_kref kref) VK_MUST_CHECK;
enum vk_err vk_pin(struct vk_state *state, struct vk_kref kref) VK_MUST_CHECK;

#endif
