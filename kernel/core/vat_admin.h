/* vat_admin.h - the vatAdmin device, which is the kernel's own: meters, vat creation, upgrade, termination,
 * options, bundle capabilities.
 *
 * Answers to devices/vat-admin/device-vat-admin.js and kernel/vat-admin-hooks.js. Whatever JavaScript would throw
 * there is an error result for the calling vat; what was written before the throw stays written.
 */
#ifndef VK_CORE_VAT_ADMIN_H
#define VK_CORE_VAT_ADMIN_H

#include "../object/device.h"
#include "kernel_core.h"

enum vk_err vk_vat_admin_invoke(struct vk_kernel *kernel, struct vk_device_id device,
                                const struct vk_device_call *call, struct vk_device_result *result)
    VK_MUST_CHECK;

#endif
