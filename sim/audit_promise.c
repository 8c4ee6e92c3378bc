/* audit_promise.c - the promise table.
 *
 *   unresolved            decider, subscribers, queue.nextID, queue.0 ... and maybe policy
 *   fulfilled, rejected   data.body, data.slots
 *
 * A promise has one decider. A vat that decides it has it in its c-list and is alive: termination
 * rejects all that a vat decides, upgrade too. The kernel decides (the key is empty) while the
 * promise waits as the result of a message: of one, for a send gives its result away. A
 * subscriber has the promise in its c-list (syscall.subscribe translates it) for as long as it
 * lives; termination does not take a vat off the lists it is on.
 *
 * Answers to addKernelPromise, getKernelPromise, resolveKernelPromise, addMessageToPromiseQueue,
 * addSubscriberToPromise, deleteKernelPromiseState of kernelKeeper.js, and to translateSend,
 * translateMessage of vatTranslator.js.
 */
#include "audit.h"

static void state_key_check(struct audit *audit, const struct audit_promise *promise,
                            const struct audit_pair *pair, bool wanted, const char *name) {
    if (wanted == (pair != NULL)) return;
    audit_report(audit, AUDIT_PROMISE_STATE, audit_key(audit, promise->kref, name),
                 wanted ? VK_STR("a value")
                        : audit_text(audit, "nothing, for the promise is %.*s",
                                     VK_STR_ARG(promise->state_pair->value)),
                 audit_value(pair));
}

static void keys_check(struct audit *audit, const struct audit_promise *promise) {
    bool unresolved = promise->state == AUDIT_PROMISE_UNRESOLVED;
    state_key_check(audit, promise, promise->decider, unresolved, "decider");
    state_key_check(audit, promise, promise->subscribers, unresolved, "subscribers");
    state_key_check(audit, promise, promise->queue_next_pair, unresolved, "queue.nextID");
    state_key_check(audit, promise, promise->body, !unresolved, "data.body");
    state_key_check(audit, promise, promise->slots, !unresolved, "data.slots");
    if (!unresolved) state_key_check(audit, promise, promise->policy, false, "policy");
    if (!promise->refcount)
        audit_report(audit, AUDIT_PROMISE_STATE, audit_key(audit, promise->kref, "refCount"),
                     VK_STR("a value"), VK_STR("(none)"));
}

static void policy_check(struct audit *audit, const struct audit_pair *policy) {
    static const char *const policies[] = {"logAlways", "logFailure", "panic"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (vk_str_eq(policy->value, vk_str(policies[i]))) return;
    audit_report(audit, AUDIT_PROMISE_STATE, policy->key, VK_STR("logAlways, logFailure or panic"),
                 policy->value);
}

static void decider_check(struct audit *audit, const struct audit_promise *promise) {
    struct vk_str decider = promise->decider->value;
    uint64_t results_wanted = decider.n == 0;
    if (promise->results != results_wanted)
        audit_report(audit, AUDIT_PROMISE_DECIDER, promise->decider->key,
                     decider.n ? VK_STR("a vat alone, and no message whose result it is")
                               : VK_STR("one message whose result it is"),
                     audit_text(audit, "\"%.*s\" and %llu messages", VK_STR_ARG(decider),
                                (unsigned long long)promise->results));
    if (!decider.n) return;
    const struct audit_holder *vat = audit_find_holder(audit, decider);
    if (!vat || vat->is_device || !audit_holder_alive(vat))
        audit_report(audit, AUDIT_PROMISE_DECIDER, promise->decider->key, VK_STR("a live vat"),
                     decider);
    else if (!audit_find_entry(audit, vat, promise->kref))
        audit_report(audit, AUDIT_PROMISE_DECIDER, promise->decider->key,
                     VK_STR("a vat that has the promise in its c-list"), decider);
}

static void subscriber_check(struct audit *audit, const struct audit_promise *promise,
                             struct vk_str subscriber) {
    uint64_t number;
    const struct audit_counter *next = &audit->fixed[AUDIT_KEY_VAT_NEXT_ID].number;
    if (!audit_id_parse(subscriber, 'v', &number) || (next->known && number >= next->next)) {
        audit_report(audit, AUDIT_PROMISE_SUBSCRIBERS, promise->subscribers->key,
                     VK_STR("ids of vats"), subscriber);
        return;
    }
    const struct audit_holder *vat = audit_find_holder(audit, subscriber);
    if (!vat || !audit_holder_alive(vat)) return; /* it died; its notify will come to nothing */
    if (!audit_find_entry(audit, vat, promise->kref))
        audit_report(audit, AUDIT_PROMISE_SUBSCRIBERS, promise->subscribers->key,
                     VK_STR("vats that have the promise in their c-list"), subscriber);
}

static void subscribers_check(struct audit *audit, const struct audit_promise *promise) {
    struct vk_str rest = promise->subscribers->value, subscriber, last = VK_STR_NONE;
    if (!rest.n) return;
    while (audit_list_next(&rest, &subscriber)) {
        if (vk_str_present(last) && vk_str_cmp(last, subscriber) >= 0)
            audit_report(audit, AUDIT_PROMISE_SUBSCRIBERS, promise->subscribers->key,
                         VK_STR("vats sorted, each once"), promise->subscribers->value);
        last = subscriber;
        subscriber_check(audit, promise, subscriber);
    }
}

/* ---- the queue: each message holds the promise that it was sent to, its result, its slots. */
static void queue_message_check(struct audit *audit, const struct audit_promise *promise,
                                const struct audit_pair *pair, uint64_t number) {
    if (promise->queue_next.known && number >= promise->queue_next.next)
        audit_report(audit, AUDIT_PROMISE_QUEUE, pair->key,
                     audit_text(audit, "numbers below %llu",
                                (unsigned long long)promise->queue_next.next),
                     pair->value);
    const struct vk_json *message = audit_json(audit, &audit->scratch, pair, VK_JSON_OBJECT);
    if (!message) return;
    audit_refer(audit, pair->key, promise->kref);
    audit_message(audit, pair->key, message);
}

static void queue_check(struct audit *audit, const struct audit_promise *promise) {
    size_t prefix_size = promise->kref.n + strlen(".queue.");
    size_t checked = 0;
    for (size_t at = promise->queue_first; checked < promise->queue_count; at++) {
        const struct audit_pair *pair = &audit->state->pairs[at];
        uint64_t number;
        /* INV-AUDIT-14: audit_schema counted these keys */
        VK_ASSERT(at < audit->state->pair_count);
        /* "queue.1x", which audit_schema has reported, lies between "queue.1" and "queue.2". */
        if (!vk_str_to_u64(vk_str_from(pair->key, prefix_size), &number)) continue;
        checked++;
        vk_arena_clear(&audit->scratch);
        queue_message_check(audit, promise, pair, number);
    }
    audit->promise_queue_entries += promise->queue_count;
    if (!promise->queue_next.known || promise->queue_count >= promise->queue_next.next) return;
    for (uint64_t i = 0; i < promise->queue_next.next; i++) { /* ends at the first hole */
        vk_arena_clear(&audit->scratch);
        struct vk_str key =
            audit_text(audit, "%.*s.queue.%llu", VK_STR_ARG(promise->kref), (unsigned long long)i);
        if (audit_state_find(audit->state, key)) continue;
        audit_report(audit, AUDIT_PROMISE_QUEUE, key, VK_STR("a message"), VK_STR("(none)"));
        return;
    }
}

static void data_check(struct audit *audit, const struct audit_promise *promise) {
    struct vk_str rest = promise->slots->value, slot;
    if (!rest.n) return;
    while (audit_list_next(&rest, &slot))
        audit_refer(audit, promise->slots->key, slot);
}

static void promise_check(struct audit *audit, const struct audit_promise *promise) {
    if (!promise->state_pair) {
        audit_report(audit, AUDIT_PROMISE_STATE, audit_key(audit, promise->kref, "state"),
                     VK_STR("a value"), VK_STR("(none)"));
        return;
    }
    if (promise->state == AUDIT_PROMISE_NONE) return; /* malformed */
    keys_check(audit, promise);
    if (promise->policy) policy_check(audit, promise->policy);
    if (promise->slots) data_check(audit, promise);
    queue_check(audit, promise);
}

enum vk_err audit_promises(struct audit *audit) {
    /* Results are counted in all queues before deciders are judged by them. */
    for (size_t i = 0; i < audit->promise_count; i++) {
        vk_arena_clear(&audit->scratch);
        promise_check(audit, &audit->promises[i]);
    }
    for (size_t i = 0; i < audit->promise_count; i++) {
        const struct audit_promise *promise = &audit->promises[i];
        vk_arena_clear(&audit->scratch);
        if (promise->state != AUDIT_PROMISE_UNRESOLVED) continue;
        if (promise->decider) decider_check(audit, promise);
        if (promise->subscribers) subscribers_check(audit, promise);
    }
    return audit->err;
}
