/* audit_side_queue.c - suspended and paused vats, and what waits for them.
 *
 * The flags vN.suspended and vN.paused are "true" or absent, and only live vats have them. sideQueue.vN
 * holds [head,tail] of the entries sideQueue.vN.M, and is absent when there are none. A queue is to be worked off, and is
 * on the list sideQueues.ready, as soon as its vat is not paused or not alive. An entry holds what it held in the
 * run-queue; what the kernel sends of its own accord (GC deliveries, BOYD) may wait as well.
 *
 * Answers to kernel/object/vat_state.h and side_queue.h: SwingSet has no such keys.
 */
#include "audit.h"

static void flag_check(struct audit *audit, const struct audit_holder *vat,
                       const struct audit_pair *flag) {
    if (!flag) return;
    if (!vk_str_eq(flag->value, VK_STR("true")))
        audit_report(audit, AUDIT_MALFORMED, flag->key, VK_STR("true"), flag->value);
    if (!audit_holder_alive(vat))
        audit_report(audit, AUDIT_VAT_STATE, flag->key, VK_STR("no flag, for the vat is not alive"),
                     flag->value);
}

/* ---- one queue */

struct side_queue {
    struct vk_str vat; /* "v5" */
    const struct audit_holder *holder;
    const struct audit_pair *bounds; /* NULL: missing */
    uint64_t head, tail, present;
};

static bool bounds_read(struct audit *audit, struct side_queue *queue) {
    const struct vk_json *json = audit_json(audit, &audit->scratch, queue->bounds, VK_JSON_ARRAY);
    if (!json) return false;
    const struct vk_json *head = vk_json_at(json, 0), *tail = vk_json_at(json, 1);
    if (json->count == 2 && vk_json_is(head, VK_JSON_NUMBER) && vk_json_is(tail, VK_JSON_NUMBER) &&
        vk_str_to_u64(head->text, &queue->head) && vk_str_to_u64(tail->text, &queue->tail) &&
        queue->head < queue->tail)
        return true;
    audit_report(audit, AUDIT_QUEUE_BOUNDS, queue->bounds->key, VK_STR("[head,tail], head < tail"),
                 queue->bounds->value);
    queue->head = queue->tail = 0;
    return false;
}

static void entry_check(struct audit *audit, struct side_queue *queue,
                        const struct audit_pair *pair, struct vk_str digits) {
    uint64_t number;
    vk_arena_clear(&audit->scratch);
    if (!vk_str_to_u64(digits, &number)) return; /* unknown-key */
    if (number < queue->head || number >= queue->tail) {
        audit_report(audit, AUDIT_QUEUE_BOUNDS, pair->key, VK_STR("no entry outside of the bounds"),
                     pair->value);
        return;
    }
    queue->present++;
    const struct vk_json *event = audit_json(audit, &audit->scratch, pair, VK_JSON_OBJECT);
    if (event) audit_waiting_event(audit, pair->key, queue->holder, event);
}

static bool is_ready(const struct audit *audit, struct vk_str vat) {
    const struct vk_json *list = audit->fixed[AUDIT_KEY_SIDE_QUEUES_READY].json;
    for (const struct vk_json *id = list ? list->first : NULL; id; id = id->next)
        if (vk_str_eq(id->text, vat)) return true;
    return false;
}

static void queue_finish(struct audit *audit, const struct side_queue *queue) {
    vk_arena_clear(&audit->scratch);
    if (!queue->vat.n) return;
    bool held = queue->holder && audit_holder_alive(queue->holder) && queue->holder->paused;
    struct vk_str key = audit_text(audit, "sideQueue.%.*s", VK_STR_ARG(queue->vat));
    if (queue->present != queue->tail - queue->head)
        audit_report(audit, AUDIT_QUEUE_BOUNDS, key,
                     audit_text(audit, "%llu entries",
                                (unsigned long long)(queue->tail - queue->head)),
                     audit_text(audit, "%llu", (unsigned long long)queue->present));
    if (is_ready(audit, queue->vat) == held)
        audit_report(audit, AUDIT_SIDE_QUEUE, key,
                     held ? VK_STR("not on sideQueues.ready, for the vat is paused")
                          : VK_STR("on sideQueues.ready, for nothing keeps the vat"),
                     held ? VK_STR("on it") : VK_STR("not on it"));
}

/* ---- all of them: "sideQueue.v5" comes before "sideQueue.v5.0", and no other vat's in between */

static bool split_key(struct vk_str key, struct vk_str *vat, struct vk_str *digits) {
    struct vk_str rest = vk_str_from(key, strlen("sideQueue."));
    const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
    uint64_t number;
    *vat = dot ? (struct vk_str){rest.p, (size_t)(dot - rest.p)} : rest;
    *digits = dot ? vk_str_from(rest, vat->n + 1) : VK_STR_NONE;
    return audit_id_parse(*vat, 'v', &number);
}

static void queues_check(struct audit *audit) {
    const struct audit_state *state = audit->state;
    struct vk_str prefix = VK_STR("sideQueue."), vat, digits;
    struct side_queue queue = {0};
    for (size_t i = audit_state_lower_bound(state, prefix);
         i < state->pair_count && vk_str_starts(state->pairs[i].key, prefix); i++) {
        const struct audit_pair *pair = &state->pairs[i];
        if (!split_key(pair->key, &vat, &digits)) continue; /* unknown-key */
        if (!vk_str_eq(vat, queue.vat)) {
            queue_finish(audit, &queue);
            queue = (struct side_queue){.vat = vat, .holder = audit_find_holder(audit, vat)};
        }
        if (digits.p) {
            entry_check(audit, &queue, pair, digits);
        } else {
            queue.bounds = pair;
            (void)bounds_read(audit, &queue);
        }
    }
    queue_finish(audit, &queue);
}

static void ready_check(struct audit *audit) {
    const struct audit_fixed_key *ready = &audit->fixed[AUDIT_KEY_SIDE_QUEUES_READY];
    if (!ready->json) return;
    if (!ready->json->count)
        audit_report(audit, AUDIT_SIDE_QUEUE, ready->pair->key, VK_STR("no empty list"),
                     ready->pair->value);
    for (const struct vk_json *id = ready->json->first; id; id = id->next) {
        vk_arena_clear(&audit->scratch);
        struct vk_str key = audit_text(audit, "sideQueue.%.*s", VK_STR_ARG(id->text));
        if (!audit_state_find(audit->state, key))
            audit_report(audit, AUDIT_SIDE_QUEUE, ready->pair->key, VK_STR("vats with side queues"),
                         id->text);
        for (const struct vk_json *other = ready->json->first; other != id; other = other->next)
            if (vk_str_eq(other->text, id->text))
                audit_report(audit, AUDIT_SIDE_QUEUE, ready->pair->key, VK_STR("each vat once"),
                             id->text);
    }
}

enum vk_err audit_side_queues(struct audit *audit) {
    for (size_t i = 0; i < audit->holder_count; i++) {
        flag_check(audit, &audit->holders[i], audit->holders[i].suspended);
        flag_check(audit, &audit->holders[i], audit->holders[i].paused);
    }
    queues_check(audit);
    ready_check(audit);
    return audit->err;
}
