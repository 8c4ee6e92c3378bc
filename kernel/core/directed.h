/* directed.h - directives as the crank meets them. What they are is said in vk/directive.h. */
#ifndef VK_CORE_DIRECTED_H
#define VK_CORE_DIRECTED_H

#include "kernel_core.h"

/* At the beginning of a crank, when its event is known; just before a delivery, when its worker is there. Tells the host
 * where it wants to be told. kernel->directed is what takes the event's place from here on, or stays NULL. */
enum vk_err vk_directive_at_crank(struct vk_kernel *kernel, const struct vk_event *event)
    VK_MUST_CHECK;
enum vk_err vk_directive_at_delivery(struct vk_kernel *kernel, struct vk_vat_id vat) VK_MUST_CHECK;

/* What is said of kernel->directed to those who are concerned: an Error. */
enum vk_err vk_directive_error(struct vk_kernel *kernel, struct vk_capdata *out) VK_MUST_CHECK;
/* Does with an event that was taken from its queue what `skip` says. For a vat's creation that is the caller's to do. */
enum vk_err vk_directive_skip(struct vk_kernel *kernel, const struct vk_event *event) VK_MUST_CHECK;
/* Notes that kernel->directed is carried out, in the state and the slog. After all roll-backs. */
enum vk_err vk_directive_record(struct vk_kernel *kernel) VK_MUST_CHECK;

#endif
