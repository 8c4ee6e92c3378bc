/* syscall.h - what a syscall does, once it is in kernel space.
 *
 * Answers to kernel/kernelSyscall.js.
 */
#ifndef VK_CORE_SYSCALL_H
#define VK_CORE_SYSCALL_H

#include "translate.h"

/* Performs it and gives the vat's result; *kernel_result is the same in krefs, for the slog. VK_ERR_PANIC: the kernel
 * is to halt, but the crank goes on to its end. */
enum vk_err vk_syscall_perform(struct vk_kernel *kernel, struct vk_vat_id vat,
                               const struct vk_kernel_syscall *syscall,
                               struct vk_syscall_result *result, struct vk_str *kernel_result)
    VK_MUST_CHECK;

/* The vatstore of a vat or of a device: keys under "<owner>.vs.". Statistics are counted. */
enum vk_err vk_vatstore_get(struct vk_kernel *kernel, struct vk_part owner, struct vk_str key,
                            struct vk_str *value) VK_MUST_CHECK;
enum vk_err vk_vatstore_set(struct vk_kernel *kernel, struct vk_part owner, struct vk_str key,
                            struct vk_str value) VK_MUST_CHECK;
enum vk_err vk_vatstore_delete(struct vk_kernel *kernel, struct vk_part owner, struct vk_str key)
    VK_MUST_CHECK;

#endif
