/* side_queue.c - see side_queue.h. */
#include "side_queue.h"

#include "vk/probe.h"

#include "queue.h"
#include "string_list.h"

#define READY_KEY VK_STR("sideQueues.ready")
#define BOUNDS(vat) KEY(LIT("sideQueue."), VAT(vat))
#define ENTRY(vat, n) KEY(LIT("sideQueue."), VAT(vat), LIT("."), U64(n))

/* 0,0 when nothing waits. */
static enum vk_err bounds_get(struct vk_state *state, struct vk_vat_id vat,
                              struct vk_queue_bounds *out) {
    struct vk_str text;
    *out = (struct vk_queue_bounds){0, 0};
    VK_TRY(vk_state_get(state, &text, BOUNDS(vat)));
    if (!text.p) return VK_OK;
    if (vk_queue_bounds_parse(text, out) && out->head < out->tail) return VK_OK;
    return VK_RAISE(VK_ERR_CORRUPT, "sideQueue.v%llu: expected [head,tail], found '%.*s'",
                    (unsigned long long)vat.n, VK_STR_ARG(text));
}

static enum vk_err bounds_set(struct vk_state *state, struct vk_vat_id vat,
                              struct vk_queue_bounds b) {
    struct vk_str text;
    VK_ASSERT(b.head <= b.tail); /* INV-SIDE-1 */
    if (b.head == b.tail) return vk_state_delete(state, BOUNDS(vat));
    VK_TRY(
        vk_state_text(state, &text, KEY(LIT("["), U64(b.head), LIT(","), U64(b.tail), LIT("]"))));
    return vk_state_set(state, text, BOUNDS(vat));
}

/* ---- the ready list */

static enum vk_err ready_load(struct vk_state *state, struct vk_string_list *ready) {
    bool any;
    VK_TRY(vk_state_has(state, &any, KEY(TEXT(READY_KEY))));
    if (any) return vk_string_list_load(ready, state, READY_KEY);
    vk_string_list_init(ready, state->arena);
    return VK_OK;
}

static enum vk_err ready_save(struct vk_state *state, const struct vk_string_list *ready) {
    if (!ready->count) return vk_state_delete(state, KEY(TEXT(READY_KEY)));
    return vk_string_list_save(ready, state, READY_KEY);
}

enum vk_err vk_side_queue_release(struct vk_state *state, struct vk_vat_id vat) {
    struct vk_string_list ready;
    struct vk_str id;
    bool waits;
    VK_TRY(vk_state_has(state, &waits, BOUNDS(vat)));
    if (!waits) return VK_OK;
    VK_TRY(ready_load(state, &ready));
    VK_TRY(vk_vat_id_text(state->arena, vat, &id));
    if (vk_string_list_has(&ready, id)) return VK_OK;
    VK_TRY(vk_string_list_add(&ready, id));
    return ready_save(state, &ready);
}

enum vk_err vk_side_queue_hold(struct vk_state *state, struct vk_vat_id vat) {
    struct vk_string_list ready;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(ready_load(state, &ready));
    if (!vk_string_list_remove(&ready, vk_vat_id_str(vat, text))) return VK_OK;
    return ready_save(state, &ready);
}

/* ---- the queues */

enum vk_err vk_side_queue_add(struct vk_state *state, struct vk_vat_id vat, struct vk_str event) {
    struct vk_queue_bounds b;
    VK_TRY(bounds_get(state, vat, &b));
    /* The entry before the bound: a crash in between leaves no hole. */
    VK_TRY(vk_state_set(state, event, ENTRY(vat, b.tail)));
    b.tail++;
    return bounds_set(state, vat, b);
}

static enum vk_err take_from(struct vk_state *state, struct vk_vat_id vat, struct vk_str *event) {
    struct vk_queue_bounds b;
    VK_TRY(bounds_get(state, vat, &b));
    if (b.head == b.tail)
        return VK_RAISE(VK_ERR_CORRUPT, "sideQueues.ready: nothing waits for v%llu",
                        (unsigned long long)vat.n);
    VK_TRY(vk_state_require(state, event, ENTRY(vat, b.head)));
    VK_TRY(vk_state_delete(state, ENTRY(vat, b.head)));
    b.head++;
    VK_TRY(bounds_set(state, vat, b));
    VK_SOMETIMES_IF(b.head == b.tail, side_queue_drained);
    return b.head == b.tail ? vk_side_queue_hold(state, vat) : VK_OK;
}

enum vk_err vk_side_queue_take(struct vk_state *state, struct vk_vat_id *vat,
                               struct vk_str *event) {
    struct vk_string_list ready;
    *event = VK_STR_NONE;
    VK_TRY(ready_load(state, &ready));
    if (!ready.count) return VK_OK;
    VK_SOMETIMES_IF(ready.count > 1, side_queues_of_several_vats);
    if (!vk_vat_id_parse(ready.items[0], vat))
        return VK_RAISE(VK_ERR_CORRUPT, "sideQueues.ready: '%.*s'", VK_STR_ARG(ready.items[0]));
    return take_from(state, *vat, event);
}

enum vk_err vk_side_queue_length(struct vk_state *state, struct vk_vat_id vat, uint64_t *length) {
    struct vk_queue_bounds b;
    VK_TRY(bounds_get(state, vat, &b));
    *length = b.tail - b.head;
    return VK_OK;
}
