/* meter.c - see meter.h. */
#include "meter.h"

#define REMAINING(id) KEY(TEXT(id), LIT(".remaining"))
#define THRESHOLD(id) KEY(TEXT(id), LIT(".threshold"))
#define UNLIMITED VK_STR("unlimited")

enum vk_err vk_meter_create(struct vk_state *state, struct vk_meter meter, struct vk_str *id) {
    uint64_t number;
    VK_TRY(vk_state_allocate_id(state, &number, KEY(LIT("meter.nextID"))));
    VK_TRY(vk_state_text(state, id, KEY(LIT("m"), U64(number))));
    if (meter.unlimited)
        VK_TRY(vk_state_set(state, UNLIMITED, REMAINING(*id)));
    else
        VK_TRY(vk_state_set_u64(state, meter.remaining_computrons, REMAINING(*id)));
    return vk_state_set_u64(state, meter.threshold_computrons, THRESHOLD(*id));
}

enum vk_err vk_meter_exists(struct vk_state *state, struct vk_str id, bool *exists) {
    uint64_t number;
    *exists = id.n > 1 && id.p[0] == 'm' && vk_str_to_u64(vk_str_from(id, 1), &number);
    return *exists ? vk_state_has(state, exists, REMAINING(id)) : VK_OK;
}

enum vk_err vk_meter_get(struct vk_state *state, struct vk_str id, struct vk_meter *out) {
    struct vk_str remaining;
    *out = (struct vk_meter){0};
    VK_TRY(vk_state_require(state, &remaining, REMAINING(id)));
    out->unlimited = vk_str_eq(remaining, UNLIMITED);
    if (!out->unlimited)
        VK_TRY(vk_state_require_u64(state, &out->remaining_computrons, REMAINING(id)));
    return vk_state_require_u64(state, &out->threshold_computrons, THRESHOLD(id));
}

enum vk_err vk_meter_add(struct vk_state *state, struct vk_str id, uint64_t delta_computrons) {
    struct vk_meter meter;
    VK_TRY(vk_meter_get(state, id, &meter));
    if (meter.unlimited) return VK_OK;
    uint64_t sum;
    if (__builtin_add_overflow(meter.remaining_computrons, delta_computrons, &sum))
        sum = UINT64_MAX;
    return vk_state_set_u64(state, sum, REMAINING(id));
}

enum vk_err vk_meter_set_threshold(struct vk_state *state, struct vk_str id,
                                   uint64_t threshold_computrons) {
    return vk_state_set_u64(state, threshold_computrons, THRESHOLD(id));
}

enum vk_err vk_meter_check(struct vk_state *state, struct vk_str id, uint64_t spent_computrons,
                           bool *suffices) {
    struct vk_meter meter;
    VK_TRY(vk_meter_get(state, id, &meter));
    *suffices = meter.unlimited || meter.remaining_computrons >= spent_computrons;
    return VK_OK;
}

enum vk_err vk_meter_deduct(struct vk_state *state, struct vk_str id, uint64_t spent_computrons,
                            bool *crossed) {
    struct vk_meter meter;
    *crossed = false;
    VK_TRY(vk_meter_get(state, id, &meter));
    if (meter.unlimited) return VK_OK;
    uint64_t before = meter.remaining_computrons;
    uint64_t after = before > spent_computrons ? before - spent_computrons : 0;
    VK_TRY(vk_state_set_u64(state, after, REMAINING(id)));
    *crossed = after < meter.threshold_computrons && before >= meter.threshold_computrons;
    return VK_OK;
}
