/* promise.h - kernel promises (kpNN): who decides them, who waits for them, what is queued for them, and
 * what they came to.
 *
 *            add                    resolve
 *   (none) -------> unresolved ---------------> fulfilled | rejected -------> (none)
 *                       |        delete at count 0                    delete at count 0
 *                       +-----------------------------------------------------> (none)
 *
 * INV-PROMISE-1  Exactly one decides an unresolved promise: a vat, or the queue that holds the message
 *                whose result it is (decider ''), or the kernel.
 * INV-PROMISE-2  queue.0 .. queue.(nextID-1) exist and no others; settled promises have no queue.
 * Answers to addKernelPromise ... addSubscriberToPromise in kernelKeeper.js.
 */
#ifndef VK_OBJECT_PROMISE_H
#define VK_OBJECT_PROMISE_H

#include "string_list.h"
#include "vk/capdata.h"

enum vk_promise_state { VK_PROMISE_UNRESOLVED, VK_PROMISE_FULFILLED, VK_PROMISE_REJECTED };

struct vk_promise {
    enum vk_promise_state state;
    bool has_decider; /* UNRESOLVED */
    struct vk_vat_id decider;
    struct vk_str policy;      /* UNRESOLVED: absent, or logAlways, logFailure, panic */
    struct vk_str subscribers; /* UNRESOLVED: "v1,v3" */
    struct vk_capdata data;    /* settled; slots are krefs */
};

enum vk_err vk_promise_add(struct vk_state *state, struct vk_str policy, struct vk_kref *out)
    VK_MUST_CHECK;
enum vk_err vk_promise_add_for_vat(struct vk_state *state, struct vk_vat_id decider,
                                   struct vk_kref *out) VK_MUST_CHECK;
enum vk_err vk_promise_exists(struct vk_state *state, struct vk_kref kpid, bool *exists)
    VK_MUST_CHECK;
/* VK_ERR_CORRUPT when there is none. */
enum vk_err vk_promise_get(struct vk_state *state, struct vk_kref kpid, struct vk_promise *out)
    VK_MUST_CHECK;
enum vk_err vk_promise_set_decider(struct vk_state *state, struct vk_kref kpid,
                                   struct vk_vat_id decider) VK_MUST_CHECK;
enum vk_err vk_promise_clear_decider(struct vk_state *state, struct vk_kref kpid) VK_MUST_CHECK;
enum vk_err vk_promise_subscribe(struct vk_state *state, struct vk_kref kpid, struct vk_vat_id vat)
    VK_MUST_CHECK;
/* Queues a message (JSON) for the promise's resolution. */
enum vk_err vk_promise_queue_message(struct vk_state *state, struct vk_kref kpid,
                                     struct vk_str message) VK_MUST_CHECK;
/* Moves all queued messages to the acceptance queue, still addressed to the promise. */
enum vk_err vk_promise_requeue(struct vk_state *state, struct vk_kref kpid) VK_MUST_CHECK;
/* Settles it: takes references on the data's slots, requeues the messages. */
enum vk_err vk_promise_settle(struct vk_state *state, struct vk_kref kpid, bool rejected,
                              const struct vk_capdata *data) VK_MUST_CHECK;
/* Erases it; references from its data are the caller's to drop first. */
enum vk_err vk_promise_delete(struct vk_state *state, struct vk_kref kpid) VK_MUST_CHECK;

#endif
