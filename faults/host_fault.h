/* host_fault.h - a trace port that ends the host between two operations of its store.
 *
 * HOST_KILLED is asked for at each event but the slog's and the store's closing: whatever was done is done, nobody hears of
 * it, and the kernel is told VK_ERR_TRACE, upon which it goes down. What a kill before and after the
 * commit is, its host decides (HOST_BEFORE_COMMIT, HOST_AFTER_COMMIT).
 *
 * INV-HOST-FAULT-1  An event that is no point of the fault, or at which it does not strike, is passed on as it came.
 */
#ifndef FAULTS_HOST_FAULT_H
#define FAULTS_HOST_FAULT_H

#include "fault.h"
#include "vk/ports.h"

/* Fill in with fault_host_init(); hand on `port`. */
struct fault_host {
    struct vk_trace port;
    const struct vk_trace *below;
    struct fault_set *set;
};

/* `below` may be NULL: nobody looks. It and `set` must outlive `host`, which must stay where it is. */
void fault_host_init(struct fault_host *host, struct fault_set *set, const struct vk_trace *below);

#endif
