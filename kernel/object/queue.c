/* queue.c - see queue.h. */
#include "queue.h"

static struct vk_str key_of(enum vk_queue queue) {
    return queue == VK_QUEUE_RUN ? VK_STR("runQueue") : VK_STR("acceptanceQueue");
}

static enum vk_stat stat_of(enum vk_queue queue) {
    return queue == VK_QUEUE_RUN ? VK_STAT_RUN_QUEUE_LENGTH : VK_STAT_ACCEPTANCE_QUEUE_LENGTH;
}

bool vk_queue_bounds_parse(struct vk_str text, struct vk_queue_bounds *out) {
    const char *comma = text.n ? memchr(text.p, ',', text.n) : NULL;
    size_t at = comma ? (size_t)(comma - text.p) : 0;
    return comma && text.p[0] == '[' && text.p[text.n - 1] == ']' &&
           vk_count_parse((struct vk_str){text.p + 1, at - 1}, &out->head) &&
           vk_count_parse((struct vk_str){comma + 1, text.n - at - 2}, &out->tail);
}

static enum vk_err bounds_get(struct vk_state *state, enum vk_queue queue,
                              struct vk_queue_bounds *out) {
    struct vk_str text, key = key_of(queue);
    VK_TRY(vk_state_require(state, &text, KEY(TEXT(key))));
    if (vk_queue_bounds_parse(text, out) && out->head <= out->tail) return VK_OK;
    return VK_RAISE(VK_ERR_CORRUPT, "key %.*s: expected [head,tail], found '%.*s'", VK_STR_ARG(key),
                    VK_STR_ARG(text));
}

static enum vk_err bounds_set(struct vk_state *state, enum vk_queue queue,
                              struct vk_queue_bounds b) {
    struct vk_str text;
    VK_ASSERT(b.head <= b.tail); /* INV-QUEUE-1 */
    VK_TRY(
        vk_state_text(state, &text, KEY(LIT("["), U64(b.head), LIT(","), U64(b.tail), LIT("]"))));
    return vk_state_set(state, text, KEY(TEXT(key_of(queue))));
}

enum vk_err vk_queue_add(struct vk_state *state, enum vk_queue queue, struct vk_str event) {
    struct vk_queue_bounds b;
    VK_TRY(bounds_get(state, queue, &b));
    /* The entry before the bound: a crash in between leaves no hole. */
    VK_TRY(vk_state_set(state, event, KEY(TEXT(key_of(queue)), LIT("."), U64(b.tail))));
    b.tail++;
    VK_TRY(bounds_set(state, queue, b));
    vk_stats_inc(&state->stats, stat_of(queue));
    return VK_OK;
}

enum vk_err vk_queue_take(struct vk_state *state, enum vk_queue queue, struct vk_str *event) {
    struct vk_queue_bounds b;
    *event = VK_STR_NONE;
    VK_TRY(bounds_get(state, queue, &b));
    if (b.head == b.tail) return VK_OK;
    VK_TRY(vk_state_require(state, event, KEY(TEXT(key_of(queue)), LIT("."), U64(b.head))));
    VK_TRY(vk_state_delete(state, KEY(TEXT(key_of(queue)), LIT("."), U64(b.head))));
    b.head++;
    VK_TRY(bounds_set(state, queue, b));
    vk_stats_dec(&state->stats, stat_of(queue));
    return VK_OK;
}

enum vk_err vk_queue_length(struct vk_state *state, enum vk_queue queue, uint64_t *length) {
    struct vk_queue_bounds b;
    VK_TRY(bounds_get(state, queue, &b));
    *length = b.tail - b.head;
    return VK_OK;
}
