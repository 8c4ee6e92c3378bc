/* retirement.h - which promises a notify speaks of: the one that was asked about, and every settled one that
 * its resolution leads to, so that cycles of promises can be forgotten together.
 *
 * Answers to kernel/cleanup.js.
 */
#ifndef VK_CORE_RETIREMENT_H
#define VK_CORE_RETIREMENT_H

#include "../object/promise.h"
#include "kernel_core.h"

/* In the order of first sight; `root` comes first. */
enum vk_err vk_promises_to_retire(struct vk_kernel *kernel, struct vk_kref root,
                                  const struct vk_promise *root_promise, struct vk_kref **out,
                                  size_t *count) VK_MUST_CHECK;

#endif
