/* gc.h - garbage in the kernel's tables: the work list that a crank leaves, and the GC actions for vats.
 *
 * INV-GC-1  When a crank ends, no object or promise has a zero count that nobody has looked at.
 * INV-GC-2  Drops before retirements, exports before imports, vats in the order of their ids' texts.
 * Answers to processRefcounts in kernelKeeper.js and to gc-actions.js.
 */
#ifndef VK_CORE_GC_H
#define VK_CORE_GC_H

#include "kernel_core.h"

/* Works off the list of possibly dead krefs: deletes what is dead, schedules GC actions for what a vat must be told. */
enum vk_err vk_gc_process_refcounts(struct vk_kernel *kernel) VK_MUST_CHECK;
/* The next group of GC actions that still makes sense, as an event; a NEGATED_GC_ACTION event when all there was
 * has been overtaken by events; *found false when there was none. */
enum vk_err vk_gc_next_event(struct vk_kernel *kernel, bool *found, struct vk_event *out)
    VK_MUST_CHECK;
/* Takes off a GC event that has waited what makes no sense any more; a NEGATED_GC_ACTION event if that is all. */
enum vk_err vk_gc_filter(struct vk_kernel *kernel, struct vk_event *event) VK_MUST_CHECK;

#endif
