/* clist.h - capability lists: for each vat, the two-way table between krefs and its own vrefs.
 *
 * INV-CLIST-1  vN.c.<kref> = "R <vref>" or "_ <vref>" exactly when vN.c.<vref> = <kref>.
 * INV-CLIST-2  A vat's import of an object counts as recognizable, and as reachable while its flag is R.
 * INV-CLIST-3  An export is reachable once the vat has sent it, until dropExports says otherwise.
 * Answers to mapVatSlotToKernelSlot, mapKernelSlotToVatSlot and their kin in vatKeeper.js.
 */
#ifndef VK_OBJECT_CLIST_H
#define VK_OBJECT_CLIST_H

#include "state.h"
#include "vat_fault.h"

struct vk_clist_entry {
    bool exists;
    bool reachable;
    struct vk_vref vref;
};

enum vk_err vk_clist_find(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                          struct vk_clist_entry *out) VK_MUST_CHECK;
/* VK_ERR_CORRUPT when there is none. */
enum vk_err vk_clist_require(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                             struct vk_clist_entry *out) VK_MUST_CHECK;

enum vk_to_kernel {
    VK_TO_KERNEL_USE,     /* exports are allocated or become reachable; imports must be reachable */
    VK_TO_KERNEL_USE_NEW, /* the same, but the vref must be new to the c-list */
    VK_TO_KERNEL_EXISTING, /* must be in the c-list; flags are left alone (GC syscalls) */
};

/* What the vat calls `vref`. Raises the fault when the vat may not say that name. */
enum vk_err vk_clist_to_kernel(struct vk_state *state, struct vk_vat_id vat,
                               struct vk_str vref_text, enum vk_to_kernel how,
                               struct vk_fault *fault, struct vk_kref *out) VK_MUST_CHECK;

enum vk_to_vat {
    VK_TO_VAT_USE,      /* imports are allocated or become reachable; exports must be reachable */
    VK_TO_VAT_EXISTING, /* must be in the c-list; flags are left alone (GC deliveries) */
};

enum vk_err vk_clist_to_vat(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                            enum vk_to_vat how, struct vk_str *vref) VK_MUST_CHECK;

enum vk_err vk_clist_set_reachable(struct vk_state *state, struct vk_vat_id vat,
                                   struct vk_kref kref) VK_MUST_CHECK;
enum vk_err vk_clist_clear_reachable(struct vk_state *state, struct vk_vat_id vat,
                                     struct vk_kref kref) VK_MUST_CHECK;
/* Removes both halves, giving up the counts that the entry held. */
enum vk_err vk_clist_delete(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                            struct vk_str vref) VK_MUST_CHECK;
/* deleteCListEntriesForKernelSlots: for promises that the vat need not know any more. */
enum vk_err vk_clist_delete_all(struct vk_state *state, struct vk_vat_id vat,
                                const struct vk_kref *krefs, size_t count) VK_MUST_CHECK;

#endif
