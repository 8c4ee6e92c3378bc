/* record_options.h - a new vat's options, completed with the defaults of the day.
 *
 * Answers to lib/recordVatOptions.js and lib/workerOptions.js.
 */
#ifndef VK_CORE_RECORD_OPTIONS_H
#define VK_CORE_RECORD_OPTIONS_H

#include "kernel_core.h"

/* The text for vN.options, members in SwingSet's order. A dynamic vat cannot disavow, a static one has no meter. An
 * unknown option is a kernel panic. */
enum vk_err vk_record_options(struct vk_kernel *kernel, const struct vk_json *options,
                              bool is_dynamic, struct vk_str *out) VK_MUST_CHECK;

#endif
