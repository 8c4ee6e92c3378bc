/* in_flight.h - syscalls of the delivery in hand that its worker has sent without waiting, and that are not settled yet.
 *
 * The worker of a vat that hands its vatstore's changes over with the completion (completion.h) waits only for syscalls
 * that have an answer (callNow, vatstoreGet, vatstoreGetNextKey). The others may be in flight when the record of completion
 * arrives. When they arrive is up to the host and may differ from replica to replica; in which order they are settled may not.
 *
 * INV-IN-FLIGHT-1  They are settled in the order in which they were sent, and all of those sent before a syscall that waits
 *                  are settled before it: the order is the vat's own, whatever the timing.
 * INV-IN-FLIGHT-2  Nobody looks at the record, and no crank ends, before as many are settled as were sent: by counting, never
 *                  by time. The record says how many that are; a worker that miscounts is lost.
 * INV-IN-FLIGHT-3  One that is refused condemns the vat (recorder.c) for good. Those after it are settled all the same, so that
 *                  all replicas come to the same crankhash; the roll-back takes them.
 *
 * Nobody tells the vat anything: success that is not there yet would be a lie, and refusal is the end of the vat. So a second
 * exit, which the vat says without having heard of the first, does not take the first one back: the first stays. (SwingSet's
 * vats, who wait, may change their minds, and do so in its recordings.)
 */
#ifndef VK_CORE_IN_FLIGHT_H
#define VK_CORE_IN_FLIGHT_H

#include "vk/ports.h"

struct vk_in_flight_syscall;

struct vk_in_flight {
    struct vk_in_flight_syscall *first, *last;
    uint64_t sent, settled; /* in the delivery in hand */
};

/* Takes a copy, in `arena`, which must last until the delivery is over. */
enum vk_err vk_in_flight_add(struct vk_in_flight *in_flight, struct vk_arena *arena,
                             const struct vk_syscall *syscall) VK_MUST_CHECK;
/* The oldest, counted as settled; false if there is none. */
bool vk_in_flight_take(struct vk_in_flight *in_flight, struct vk_syscall *out);

static inline uint64_t vk_in_flight_count(const struct vk_in_flight *in_flight) {
    return in_flight->sent - in_flight->settled;
}

#endif
