/* refcount.h - reference counts of objects (reachable, recognizable) and promises (one count).
 *
 * INV-REF-1  0 <= reachable <= recognizable.
 * INV-REF-2  A decrement that leaves a promise at 0, or an object with a zero, puts it on the work list.
 * Devices are not counted. Answers to incrementRefCount and decrementRefCount in kernelKeeper.js.
 */
#ifndef VK_OBJECT_REFCOUNT_H
#define VK_OBJECT_REFCOUNT_H

#include "state.h"

struct vk_refcount {
    uint64_t reachable;
    uint64_t recognizable;
};

/* What kind of reference comes or goes. */
enum vk_ref_kind {
    VK_REF_STRONG,            /* a queue, a pin, promise data: reaches and recognizes */
    VK_REF_IMPORT_RECOGNIZES, /* a c-list import: its reachable part goes by the c-list's flag */
    VK_REF_EXPORT,            /* a c-list export: counts for promises, not for objects */
};

/* 0,0 when there is no such object. */
enum vk_err vk_object_refcount_get(struct vk_state *state, struct vk_kref kref,
                                   struct vk_refcount *out) VK_MUST_CHECK;
enum vk_err vk_object_refcount_set(struct vk_state *state, struct vk_kref kref,
                                   struct vk_refcount count) VK_MUST_CHECK;
enum vk_err vk_promise_refcount_get(struct vk_state *state, struct vk_kref kpid, uint64_t *out)
    VK_MUST_CHECK;

enum vk_err vk_ref_add(struct vk_state *state, struct vk_kref kref, enum vk_ref_kind kind)
    VK_MUST_CHECK;
/* An object that is gone already is left alone. */
enum vk_err vk_ref_drop(struct vk_state *state, struct vk_kref kref, enum vk_ref_kind kind)
    VK_MUST_CHECK;

/* The same for a list of krefs given as text (slots of a capdata in kernel space). */
enum vk_err vk_refs_add(struct vk_state *state, const struct vk_str *slots, size_t count)
    VK_MUST_CHECK;
enum vk_err vk_refs_drop(struct vk_state *state, const struct vk_str *slots, size_t count)
    VK_MUST_CHECK;
/* A slot that must be a kref; VK_ERR_CORRUPT if it is not. */
enum vk_err vk_kref_require(struct vk_str text, struct vk_kref *out) VK_MUST_CHECK;

#endif
