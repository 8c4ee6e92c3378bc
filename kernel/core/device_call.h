/* device_call.h - syscall.callNow: a synchronous call to a device.
 *
 * Answers to invoke() in kernelSyscall.js, deviceTranslator.js and deviceManager.js: a device that throws is an error
 * result for the calling vat, never a panic.
 */
#ifndef VK_CORE_DEVICE_CALL_H
#define VK_CORE_DEVICE_CALL_H

#include "translate.h"

enum vk_err vk_device_invoke(struct vk_kernel *kernel, struct vk_vat_id vat,
                             const struct vk_kernel_syscall *syscall,
                             struct vk_syscall_result *result, struct vk_str *kernel_result)
    VK_MUST_CHECK;

#endif
