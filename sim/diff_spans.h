/* diff_spans.h - the transcripts, snapshots and bundles of two stores: of each vat the first delivery that differs.
 *
 * INV-DIFF-SPANS-1  Items are read of no span but the first of a vat whose hash differs.
 */
#ifndef SIM_DIFF_SPANS_H
#define SIM_DIFF_SPANS_H

#include "divergence.h"

/* Tells of the first vat as the divergence's entry, of more vats and the rest as notes. *count: vats that differ. */
enum vk_err sim_diff_spans(struct sim_divergence *divergence, struct vk_store *const stores[2],
                           uint64_t *count) VK_MUST_CHECK;

#endif
