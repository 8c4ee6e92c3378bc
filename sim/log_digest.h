/* log_digest.h - a digest of a line that every node logs alike, without what differs from process to process.
 *
 * INV-LOG-DIGEST-1  The order of members does not count, nor do times, nor of a meter report anything but the computrons.
 */
#ifndef SIM_LOG_DIGEST_H
#define SIM_LOG_DIGEST_H

#include "log_line.h"

/* Adds a line of that kind to the digest of those before it. */
uint64_t sim_log_digest(uint64_t before, enum sim_log_kind kind, struct vk_str line);
/* Of a deliver-result's `dr` or `usage`, the computrons; false if it has none. */
bool sim_log_computrons(struct vk_str dr, uint64_t *computrons);
/* Whether two lines of one kind say the same. */
bool sim_log_same(enum sim_log_kind kind, struct vk_str a, struct vk_str b);

#endif
