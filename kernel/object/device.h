/* device.h - devices (dNN): names, c-lists and nodes.
 *
 * A device's c-list has no reachable flags: what a device has imported it holds for ever. Device nodes (kdNN)
 * have no refcounts: they are immortal. Answers to deviceKeeper.js.
 */
#ifndef VK_OBJECT_DEVICE_H
#define VK_OBJECT_DEVICE_H

#include "state.h"
#include "vat_fault.h"

/* The first numbers of a new device's own id spaces. */
enum { VK_FIRST_DEVICE_OBJECT = 10, VK_FIRST_DEVICE_DEVICE = 20, VK_FIRST_DEVICE_PROMISE = 30 };

enum vk_err vk_device_by_name(struct vk_state *state, struct vk_str name, bool *found,
                              struct vk_device_id *out) VK_MUST_CHECK;
/* The device's name, by looking through all of them. */
enum vk_err vk_device_name(struct vk_state *state, struct vk_device_id device, struct vk_str *name)
    VK_MUST_CHECK;
enum vk_err vk_device_node_owner(struct vk_state *state, struct vk_kref kref,
                                 struct vk_device_id *out) VK_MUST_CHECK;
/* mapDeviceSlotToKernelSlot: device nodes are allocated, anything else must be known. */
enum vk_err vk_device_to_kernel(struct vk_state *state, struct vk_device_id device,
                                struct vk_str slot, struct vk_fault *fault, struct vk_kref *out)
    VK_MUST_CHECK;
/* mapKernelSlotToDeviceSlot: imports are allocated. */
enum vk_err vk_kernel_to_device(struct vk_state *state, struct vk_device_id device,
                                struct vk_kref kref, struct vk_str *slot) VK_MUST_CHECK;

#endif
