/* vat_state.c - see vat_state.h. */
#include "vat_state.h"

#include "side_queue.h"

#define ROW(event, on_running, on_suspended, on_stalled, on_paused)                                \
    [VK_VAT_EVENT_##event] = {[VK_VAT_RUNNING] = on_running,                                       \
                              [VK_VAT_SUSPENDED] = on_suspended,                                   \
                              [VK_VAT_STALLED] = on_stalled,                                       \
                              [VK_VAT_PAUSED] = on_paused}
#define TO(action, next)                                                                           \
    { VK_VAT_##action, VK_VAT_##next }
#define NEVER                                                                                      \
    { VK_VAT_IMPOSSIBLE, VK_VAT_RUNNING }

/* clang-format off */
static const struct vk_vat_transition transitions[VK_VAT_EVENTS][VK_VAT_STATES] = {
/*                   RUNNING                    SUSPENDED                        STALLED                  PAUSED */
ROW(MESSAGE,      TO(DELIVER, RUNNING),      TO(BEGIN_AND_DELIVER, RUNNING),  TO(SET_ASIDE, STALLED),  TO(SET_ASIDE, PAUSED)),
ROW(NOTIFY,       TO(DELIVER, RUNNING),      TO(BEGIN_AND_DELIVER, RUNNING),  TO(SET_ASIDE, STALLED),  TO(SET_ASIDE, PAUSED)),
ROW(GC,           TO(DELIVER, RUNNING),      TO(BEGIN_AND_DELIVER, RUNNING),  TO(SET_ASIDE, STALLED),  TO(SET_ASIDE, PAUSED)),
ROW(OPTIONS,      TO(DELIVER, RUNNING),      TO(BEGIN_AND_DELIVER, RUNNING),  TO(SET_ASIDE, STALLED),  TO(SET_ASIDE, PAUSED)),
ROW(BOYD,         TO(DELIVER, RUNNING),      TO(DROP, SUSPENDED),             TO(DROP, STALLED),       TO(SET_ASIDE, PAUSED)),
ROW(START_VAT,    TO(DELIVER, RUNNING),      TO(DELIVER, RUNNING),            TO(SET_ASIDE, STALLED),  TO(SET_ASIDE, PAUSED)),
ROW(SUSPEND,      TO(END, SUSPENDED),        TO(NOTHING, SUSPENDED),          TO(NOTHING, STALLED),    TO(END, STALLED)),
ROW(UNSUSPEND,    TO(NOTHING, RUNNING),      TO(BEGIN, RUNNING),              TO(BEGIN, PAUSED),       TO(NOTHING, PAUSED)),
ROW(PAUSE,        TO(NOTHING, PAUSED),       TO(NOTHING, STALLED),            TO(NOTHING, STALLED),    TO(NOTHING, PAUSED)),
ROW(RESUME,       TO(NOTHING, RUNNING),      TO(NOTHING, SUSPENDED),          TO(NOTHING, SUSPENDED),  TO(NOTHING, RUNNING)),
ROW(UPGRADE,      TO(END_AND_BEGIN, RUNNING),TO(BEGIN, RUNNING),              TO(BEGIN, RUNNING),      TO(END_AND_BEGIN, RUNNING)),
ROW(CUT,          TO(CUT, SUSPENDED),        TO(NOTHING, SUSPENDED),          TO(NOTHING, STALLED),    TO(CUT, STALLED)),
ROW(TERMINATE,    TO(BURY, RUNNING),         TO(BURY, RUNNING),               TO(BURY, RUNNING),       TO(BURY, RUNNING)),
ROW(START_FAILED, NEVER,                     TO(SET_ASIDE, STALLED),          TO(NOTHING, STALLED),    NEVER),
ROW(UNDERFLOW,    TO(SET_ASIDE, PAUSED),     TO(SET_ASIDE, STALLED),          NEVER,                   NEVER),
ROW(FATAL,        TO(CUT_AND_SET_ASIDE, STALLED), TO(SET_ASIDE, STALLED),     NEVER,                   NEVER),
};
/* clang-format on */

struct vk_vat_transition vk_vat_transition(enum vk_vat_state state, enum vk_vat_event event) {
    VK_ASSERT((unsigned)state < VK_VAT_STATES && (unsigned)event < VK_VAT_EVENTS);
    return transitions[event][state];
}

const char *vk_vat_state_name(enum vk_vat_state state) {
    static const char *const names[VK_VAT_STATES] = {
        [VK_VAT_RUNNING] = "running",
        [VK_VAT_SUSPENDED] = "suspended",
        [VK_VAT_STALLED] = "stalled",
        [VK_VAT_PAUSED] = "paused",
    };
    VK_ASSERT((unsigned)state < VK_VAT_STATES); /* INV-VAT-STATE-1 */
    return names[state];
}

const char *vk_vat_event_name(enum vk_vat_event event) {
    static const char *const names[VK_VAT_EVENTS] = {
        [VK_VAT_EVENT_MESSAGE] = "message",
        [VK_VAT_EVENT_NOTIFY] = "notify",
        [VK_VAT_EVENT_GC] = "GC delivery",
        [VK_VAT_EVENT_OPTIONS] = "change of options",
        [VK_VAT_EVENT_BOYD] = "bringOutYourDead",
        [VK_VAT_EVENT_START_VAT] = "startVat",
        [VK_VAT_EVENT_SUSPEND] = "suspend",
        [VK_VAT_EVENT_UNSUSPEND] = "unsuspend",
        [VK_VAT_EVENT_PAUSE] = "pause",
        [VK_VAT_EVENT_RESUME] = "resume",
        [VK_VAT_EVENT_UPGRADE] = "upgrade",
        [VK_VAT_EVENT_CUT] = "suspension without a BOYD",
        [VK_VAT_EVENT_TERMINATE] = "termination",
        [VK_VAT_EVENT_START_FAILED] = "failed start",
        [VK_VAT_EVENT_UNDERFLOW] = "meter underflow",
        [VK_VAT_EVENT_FATAL] = "vat-fatal error",
    };
    VK_ASSERT((unsigned)event < VK_VAT_EVENTS); /* INV-VAT-STATE-1 */
    return names[event];
}

bool vk_vat_state_is_suspended(enum vk_vat_state state) {
    return state == VK_VAT_SUSPENDED || state == VK_VAT_STALLED;
}

bool vk_vat_state_is_paused(enum vk_vat_state state) {
    return state == VK_VAT_PAUSED || state == VK_VAT_STALLED;
}

enum vk_err vk_vat_state_get(struct vk_state *state, struct vk_vat_id vat, enum vk_vat_state *out) {
    static const enum vk_vat_state states[2][2] = {{VK_VAT_RUNNING, VK_VAT_PAUSED},
                                                   {VK_VAT_SUSPENDED, VK_VAT_STALLED}};
    bool suspended, paused;
    VK_TRY(vk_state_has(state, &suspended, KEY(VAT(vat), LIT(".suspended"))));
    VK_TRY(vk_state_has(state, &paused, KEY(VAT(vat), LIT(".paused"))));
    *out = states[suspended][paused];
    return VK_OK;
}

static enum vk_err flag_set(struct vk_state *state, struct vk_vat_id vat, const char *name,
                            bool was, bool is) {
    if (was == is) return VK_OK;
    if (is) return vk_state_set(state, VK_STR("true"), KEY(VAT(vat), TEXT(vk_str(name))));
    return vk_state_delete(state, KEY(VAT(vat), TEXT(vk_str(name))));
}

enum vk_err vk_vat_state_set(struct vk_state *state, struct vk_vat_id vat, enum vk_vat_state from,
                             enum vk_vat_state to) {
    bool was_paused = vk_vat_state_is_paused(from), is_paused = vk_vat_state_is_paused(to);
    VK_TRY(flag_set(state, vat, ".suspended", vk_vat_state_is_suspended(from),
                    vk_vat_state_is_suspended(to)));
    VK_TRY(flag_set(state, vat, ".paused", was_paused, is_paused));
    if (was_paused == is_paused) return VK_OK;
    return is_paused ? vk_side_queue_hold(state, vat) : vk_side_queue_release(state, vat);
}
