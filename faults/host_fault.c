/* host_fault.c - see host_fault.h. */
#include "host_fault.h"

static enum vk_err shim_event(void *impl, const struct vk_trace_event *event) {
    const struct fault_host *host = impl;
    bool is_point = event->type != VK_TRACE_SLOG && event->type != VK_TRACE_CLOSE;
    if (is_point && fault_strikes(host->set, FAULT_HOST_KILLED, FAULT_ANY_VAT))
        return VK_RAISE(VK_ERR_TRACE, "the host was killed");
    return host->below ? host->below->event(host->below->impl, event)
                       : VK_OK; /* INV-HOST-FAULT-1 */
}

/* No point of the fault: that a kernel is looked at moves nothing. */
static void shim_moment(void *impl, const struct vk_moment *moment) {
    const struct fault_host *host = impl;
    if (host->below && host->below->moment) host->below->moment(host->below->impl, moment);
}

void fault_host_init(struct fault_host *host, struct fault_set *set, const struct vk_trace *below) {
    VK_ASSERT(set); /* INV-HOST-FAULT-1 */
    *host = (struct fault_host){
        .port = {.impl = host,
                 .wants_slog = below && below->wants_slog,
                 .event = shim_event,
                 .moment = below && below->moment ? shim_moment : NULL},
        .below = below,
        .set = set,
    };
}
