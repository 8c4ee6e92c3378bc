/* route.h - where a send goes. Answers to routeSendEvent in kernel.js. */
#ifndef VK_CORE_ROUTE_H
#define VK_CORE_ROUTE_H

#include "kernel_core.h"

enum vk_route_type {
    VK_ROUTE_SPLAT,   /* to nobody: its result promise has been rejected */
    VK_ROUTE_REQUEUE, /* waits in the target promise's queue */
    VK_ROUTE_VAT,     /* to a vat */
};

struct vk_route {
    enum vk_route_type type;
    struct vk_vat_id vat;
    struct vk_kref target; /* the object, where the event's target is a promise fulfilled to it */
};

enum vk_err vk_route_send(struct vk_kernel *kernel, const struct vk_event *event,
                          struct vk_route *out) VK_MUST_CHECK;
/* Gives up the references that a send held in its queue. */
enum vk_err vk_send_drop_refs(struct vk_kernel *kernel, const struct vk_event *event) VK_MUST_CHECK;

#endif
