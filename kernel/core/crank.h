/* crank.h - what cranks and host calls share: entering the kernel, leaving it, saving the statistics. */
#ifndef VK_CORE_CRANK_H
#define VK_CORE_CRANK_H

#include "kernel_core.h"

/* VK_ERR_PANIC when the kernel is halted, VK_ERR_USAGE when it is in the middle of something. */
enum vk_err vk_kernel_enter(struct vk_kernel *kernel) VK_MUST_CHECK;
/* Clears the arena; an error, or a panic raised meanwhile, halts the kernel. Returns what the caller is to return. */
enum vk_err vk_kernel_leave(struct vk_kernel *kernel, enum vk_err err) VK_MUST_CHECK;
/* Writes kernelStats and local.kernelStats. */
enum vk_err vk_save_stats(struct vk_kernel *kernel) VK_MUST_CHECK;
/* Takes computrons off a meter; vat-admin is told if that took it below its threshold. */
enum vk_err vk_deduct_meter(struct vk_kernel *kernel, struct vk_str meter_id, uint64_t computrons)
    VK_MUST_CHECK;

#endif
