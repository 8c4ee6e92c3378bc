/* meter.h - meters: computrons that remain, and the threshold below which vat-admin is told.
 *
 * INV-METER-1  remaining is a natural number or "unlimited", and is never negative.
 * Numbers are kept to 64 bits; SwingSet's are unbounded (a larger one is VK_ERR_CORRUPT, or a fault of who asks).
 * Answers to allocateMeter ... deductMeter in kernelKeeper.js.
 */
#ifndef VK_OBJECT_METER_H
#define VK_OBJECT_METER_H

#include "state.h"

struct vk_meter {
    bool unlimited;
    uint64_t remaining_computrons;
    uint64_t threshold_computrons;
};

enum vk_err vk_meter_create(struct vk_state *state, struct vk_meter meter, struct vk_str *id)
    VK_MUST_CHECK;
/* Whether there is such a meter: ids come from vats. */
enum vk_err vk_meter_exists(struct vk_state *state, struct vk_str id, bool *exists) VK_MUST_CHECK;
enum vk_err vk_meter_get(struct vk_state *state, struct vk_str id, struct vk_meter *out)
    VK_MUST_CHECK;
/* Saturates at 2^64-1. */
enum vk_err vk_meter_add(struct vk_state *state, struct vk_str id, uint64_t delta_computrons)
    VK_MUST_CHECK;
enum vk_err vk_meter_set_threshold(struct vk_state *state, struct vk_str id,
                                   uint64_t threshold_computrons) VK_MUST_CHECK;
/* Whether the meter can bear the spending. Changes nothing. */
enum vk_err vk_meter_check(struct vk_state *state, struct vk_str id, uint64_t spent_computrons,
                           bool *suffices) VK_MUST_CHECK;
/* Takes the spending off, down to 0; *crossed when that took it below its threshold. */
enum vk_err vk_meter_deduct(struct vk_state *state, struct vk_str id, uint64_t spent_computrons,
                            bool *crossed) VK_MUST_CHECK;

#endif
