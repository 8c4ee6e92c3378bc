/* inferred_delivery.h - what a vat did in a delivery of which neither transcript nor slog tell.
 *
 * Vats without transcript (comms) leave no transcript items, and some recordings have no slog. What
 * such a vat wrote to its vatstore is in the crank's writes, and how often it read from it is in
 * the statistics; from these the syscalls are made again. Messages and promises of such a vat
 * cannot be told from the kernel's own doings: where there are any, the replay differs and says so.
 *
 * INV-INFERRED-1  A delivery that only used its vatstore is met exactly, but for the order of reads
 *                 among writes.
 */
#ifndef SIM_INFERRED_DELIVERY_H
#define SIM_INFERRED_DELIVERY_H

#include "vk/ports.h"

struct sim_replay;

/* Makes the syscalls of the crank's first delivery to `vat`. */
enum vk_err inferred_delivery_make(struct sim_replay *replay, struct vk_str vat,
                                   const struct vk_syscall_port *syscalls) VK_MUST_CHECK;

/* The computrons of a failed delivery, which no transcript item tells: what the crank took off the
 * vat's meter. */
enum vk_err inferred_computrons(struct sim_replay *replay, struct vk_str vat, bool *metered,
                                uint64_t *computrons) VK_MUST_CHECK;

#endif
