/* promise_test.c - kernel promises: every step between their coming and going, and what each writes. After
 * SwingSet's state.test.js ("kernelKeeper promises") and promises.test.js.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <signal.h>
#include <stdio.h>

#include "../kernel/object/promise.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

static struct vk_capdata capdata(const char *body, const struct vk_str *slots, size_t count) {
    return (struct vk_capdata){vk_str(body), slots, count};
}

static struct vk_promise get(struct vk_kref kpid) {
    struct vk_promise promise;
    test_ok(vk_promise_get(&test.state, kpid, &promise));
    return promise;
}

/* ---- unresolved */

TEST_OPEN(promise, add_has_no_decider) {
    struct vk_kref kpid;
    bool exists = true;
    test_ok(vk_promise_exists(&test.state, kp(40), &exists));
    cr_assert(!exists);
    test_ok(vk_promise_add(&test.state, VK_STR_NONE, &kpid));
    test_is_kref(kpid, "kp40");
    test_wrote(&test, "set kp.nextID = 41", "set kp40.state = unresolved",
               "set kp40.subscribers = ", "set kp40.queue.nextID = 0", "set kp40.refCount = 0",
               "set kp40.decider = ");
    test_ok(vk_promise_exists(&test.state, kp(40), &exists));
    cr_assert(exists);
    struct vk_promise promise = get(kp(40));
    cr_assert(promise.state == VK_PROMISE_UNRESOLVED && !promise.has_decider && !promise.policy.p);
    test_is(promise.subscribers, "");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_PROMISES) == 1);
    cr_assert(test_stat(&test, VK_STAT_KP_UNRESOLVED) == 1);
}

TEST_OPEN(promise, add_for_a_vat_writes_the_decider_twice) {
    struct vk_kref kpid;
    test_ok(vk_promise_add_for_vat(&test.state, v(4), &kpid));
    test_wrote(&test, "set kp.nextID = 41", "set kp40.state = unresolved",
               "set kp40.subscribers = ", "set kp40.queue.nextID = 0", "set kp40.refCount = 0",
               "set kp40.decider = ", "set kp40.decider = v4");
    struct vk_promise promise = get(kpid);
    cr_assert(promise.has_decider && promise.decider.n == 4);
}

TEST_OPEN(promise, policy_is_written_last) {
    struct vk_kref kpid;
    test_ok(vk_promise_add(&test.state, VK_STR("panic"), &kpid));
    test_wrote(&test, "set kp.nextID = 41", "set kp40.state = unresolved",
               "set kp40.subscribers = ", "set kp40.queue.nextID = 0", "set kp40.refCount = 0",
               "set kp40.decider = ", "set kp40.policy = panic");
    test_is(get(kpid).policy, "panic");
}

TEST_OPEN(promise, decider_is_cleared_before_another_is_set) {
    struct vk_kref kpid;
    test_ok(vk_promise_add_for_vat(&test.state, v(4), &kpid));
    test_wrote_whatever(&test);
    test_corrupt(vk_promise_set_decider(&test.state, kpid, v(7)), "kp40 has decider v4, not empty");
    test_wrote_nothing(&test);
    test_ok(vk_promise_clear_decider(&test.state, kpid));
    test_wrote(&test, "set kp40.decider = ");
    cr_assert(!get(kpid).has_decider);
    test_ok(vk_promise_set_decider(&test.state, kpid, v(7)));
    test_wrote(&test, "set kp40.decider = v7");
    cr_assert(get(kpid).decider.n == 7);
}

TEST_OPEN(promise, subscribers_are_unique_and_sorted_as_texts) {
    static const uint64_t vats[] = {5, 3, 10, 5, 100};
    test_given(&test, "kp40.state", "unresolved");
    for (int i = 0; i < 5; i++)
        test_ok(vk_promise_subscribe(&test.state, kp(40), v(vats[i])));
    test_wrote(&test, "set kp40.subscribers = v5", "set kp40.subscribers = v3,v5",
               "set kp40.subscribers = v10,v3,v5", "set kp40.subscribers = v10,v3,v5",
               "set kp40.subscribers = v10,v100,v3,v5");
    test_is(get(kp(40)).subscribers, "v10,v100,v3,v5");
}

TEST_OPEN(promise, message_is_queued_behind_the_counter) {
    struct vk_kref kpid;
    test_ok(vk_promise_add(&test.state, VK_STR_NONE, &kpid));
    test_wrote_whatever(&test);
    test_ok(vk_promise_queue_message(&test.state, kpid, VK_STR("{\"m\":1}")));
    test_ok(vk_promise_queue_message(&test.state, kpid, VK_STR("{\"m\":2}")));
    test_wrote(&test, "set kp40.queue.nextID = 1", "set kp40.queue.0 = {\"m\":1}",
               "set kp40.queue.nextID = 2", "set kp40.queue.1 = {\"m\":2}");
    cr_assert(test_stat(&test, VK_STAT_PROMISE_QUEUES_LENGTH) == 2);
}

TEST_OPEN(promise, requeue_sends_all_messages_to_the_promise_again) {
    test_given(&test, "kp40.state", "unresolved", "kp40.queue.nextID", "2", "kp40.queue.0",
               "{\"m\":1}", "kp40.queue.1", "{\"m\":2}", "acceptanceQueue", "[7,7]");
    vk_stats_add(&test.state.stats, VK_STAT_PROMISE_QUEUES_LENGTH, 5);
    test_ok(vk_promise_requeue(&test.state, kp(40)));
    test_wrote(&test,
               "set acceptanceQueue.7 = {\"type\":\"send\",\"target\":\"kp40\",\"msg\":{\"m\":1}}",
               "set acceptanceQueue = [7,8]",
               "set acceptanceQueue.8 = {\"type\":\"send\",\"target\":\"kp40\",\"msg\":{\"m\":2}}",
               "set acceptanceQueue = [7,9]", "del kp40.queue.0", "del kp40.queue.1",
               "set kp40.queue.nextID = 0");
    cr_assert(test_stat(&test, VK_STAT_PROMISE_QUEUES_LENGTH) == 3);
    cr_assert(test_stat(&test, VK_STAT_ACCEPTANCE_QUEUE_LENGTH) == 2);
    test_ok(vk_promise_requeue(&test.state, kp(40)));
    test_wrote(&test, "set kp40.queue.nextID = 0");
}

/* More than nine: the entries' order is of numbers, not of texts. */
TEST_OPEN(promise, requeue_keeps_the_order_of_sending) {
    struct vk_kref kpid;
    char key[32], message[32];
    test_ok(vk_promise_add(&test.state, VK_STR_NONE, &kpid));
    for (int i = 0; i < 12; i++) {
        snprintf(message, sizeof message, "{\"m\":%d}", i);
        test_ok(vk_promise_queue_message(&test.state, kpid, vk_str(message)));
    }
    test_ok(vk_promise_requeue(&test.state, kpid));
    test_holds(&test, "acceptanceQueue", "[1,13]");
    for (int i = 0; i < 12; i++) {
        char event[80];
        snprintf(key, sizeof key, "acceptanceQueue.%d", i + 1);
        snprintf(event, sizeof event, "{\"type\":\"send\",\"target\":\"kp40\",\"msg\":{\"m\":%d}}",
                 i);
        test_holds(&test, key, event);
        snprintf(key, sizeof key, "kp40.queue.%d", i);
        test_holds(&test, key, NULL);
    }
    cr_assert(test_stat(&test, VK_STAT_PROMISE_QUEUES_LENGTH) == 0);
}

/* ---- settlement */

#define ERASED(kpid)                                                                               \
    "del " kpid ".state", "del " kpid ".decider", "del " kpid ".subscribers", "del " kpid ".policy"
#define ERASED_DATA(kpid)                                                                          \
    "del " kpid ".queue.nextID", "del " kpid ".data.body", "del " kpid ".data.slots"

TEST_OPEN(promise, fulfil_references_the_data_and_erases_the_rest) {
    const struct vk_str slots[] = {VK_STR("ko20"), VK_STR("kp41"), VK_STR("ko20")};
    struct vk_capdata data = capdata("#\"$0\"", slots, 3);
    test_given(&test, "kp40.state", "unresolved", "kp40.decider", "v4", "kp40.subscribers", "v1,v3",
               "kp40.policy", "panic", "kp40.queue.nextID", "1", "kp40.queue.0", "{}",
               "kp40.refCount", "2", "ko20.refCount", "0,0", "kp41.refCount", "1");
    vk_stats_add(&test.state.stats, VK_STAT_KP_UNRESOLVED, 1);
    test_ok(vk_promise_settle(&test.state, kp(40), false, &data));
    test_wrote(&test, "set ko20.refCount = 1,1", "set kp41.refCount = 2", "set ko20.refCount = 2,2",
               "set acceptanceQueue.1 = {\"type\":\"send\",\"target\":\"kp40\",\"msg\":{}}",
               "set acceptanceQueue = [1,2]", "del kp40.queue.0", "set kp40.queue.nextID = 0",
               ERASED("kp40"), ERASED_DATA("kp40"), "set kp40.state = fulfilled",
               "set kp40.data.body = #\"$0\"", "set kp40.data.slots = ko20,kp41,ko20");
    cr_assert(test_stat(&test, VK_STAT_KP_UNRESOLVED) == 0);
    cr_assert(test_stat(&test, VK_STAT_KP_FULFILLED) == 1);
    cr_assert(test_stat(&test, VK_STAT_KP_REJECTED) == 0);
    test_holds(&test, "kp40.refCount", "2");
    struct vk_promise promise = get(kp(40));
    cr_assert(promise.state == VK_PROMISE_FULFILLED && promise.data.slot_count == 3);
    test_is(promise.data.body, "#\"$0\"");
    test_is(promise.data.slots[1], "kp41");
    cr_assert(!promise.has_decider && !promise.policy.p && !promise.subscribers.p);
}

TEST_OPEN(promise, reject_to_data_without_slots) {
    struct vk_kref kpid;
    struct vk_capdata data = capdata("#\"no\"", NULL, 0);
    test_ok(vk_promise_add_for_vat(&test.state, v(4), &kpid));
    test_wrote_whatever(&test);
    test_ok(vk_promise_settle(&test.state, kpid, true, &data));
    test_wrote(&test, "set kp40.queue.nextID = 0", ERASED("kp40"), ERASED_DATA("kp40"),
               "set kp40.state = rejected", "set kp40.data.body = #\"no\"",
               "set kp40.data.slots = ");
    cr_assert(test_stat(&test, VK_STAT_KP_UNRESOLVED) == 0);
    cr_assert(test_stat(&test, VK_STAT_KP_REJECTED) == 1);
    cr_assert(test_stat(&test, VK_STAT_KP_FULFILLED) == 0);
    struct vk_promise promise = get(kpid);
    cr_assert(promise.state == VK_PROMISE_REJECTED && promise.data.slot_count == 0);
}

/* Slots are referenced before anything is erased: a promise may be settled to what only it keeps alive. */
TEST_OPEN(promise, settle_to_no_kref_changes_nothing) {
    const struct vk_str slots[] = {VK_STR("o+1")};
    struct vk_capdata data = capdata("#1", slots, 1);
    test_given(&test, "kp40.state", "unresolved");
    test_corrupt(vk_promise_settle(&test.state, kp(40), false, &data), "invalid kernelSlot 'o+1'");
    test_wrote_nothing(&test);
}

TEST_OPEN(promise, settled_promises_take_nothing_more) {
    static const char *const states[] = {"fulfilled", "rejected"};
    struct vk_capdata data = capdata("#1", NULL, 0);
    for (int i = 0; i < 2; i++) {
        char text[64];
        snprintf(text, sizeof text, "kp40 is '%s', not 'unresolved'", states[i]);
        test_given(&test, "kp40.state", states[i], "kp40.data.body", "#0", "kp40.data.slots", "");
        test_corrupt(vk_promise_set_decider(&test.state, kp(40), v(1)), text);
        test_corrupt(vk_promise_clear_decider(&test.state, kp(40)), text);
        test_corrupt(vk_promise_subscribe(&test.state, kp(40), v(1)), text);
        test_corrupt(vk_promise_queue_message(&test.state, kp(40), VK_STR("{}")), text);
        test_corrupt(vk_promise_requeue(&test.state, kp(40)), text);
        test_corrupt(vk_promise_settle(&test.state, kp(40), false, &data), text);
    }
    test_wrote_nothing(&test);
}

/* ---- deletion */

TEST_OPEN(promise, delete_erases_a_settled_promise) {
    test_given(&test, "kp40.state", "fulfilled", "kp40.data.body", "#0", "kp40.data.slots", "ko20",
               "kp40.refCount", "0");
    vk_stats_add(&test.state.stats, VK_STAT_KP_FULFILLED, 3);
    vk_stats_add(&test.state.stats, VK_STAT_KP_REJECTED, 3);
    vk_stats_add(&test.state.stats, VK_STAT_KERNEL_PROMISES, 6);
    test_ok(vk_promise_delete(&test.state, kp(40)));
    test_wrote(&test, ERASED("kp40"), ERASED_DATA("kp40"), "del kp40.refCount");
    cr_assert(test_stat(&test, VK_STAT_KP_FULFILLED) == 2);
    test_given(&test, "kp41.state", "rejected");
    test_ok(vk_promise_delete(&test.state, kp(41)));
    cr_assert(test_stat(&test, VK_STAT_KP_REJECTED) == 2);
    cr_assert(test_stat(&test, VK_STAT_KERNEL_PROMISES) == 4);
}

TEST_OPEN(promise, delete_erases_an_unresolved_promise_with_its_queue) {
    test_given(&test, "kp40.state", "unresolved", "kp40.queue.nextID", "2", "kp40.queue.0", "{}",
               "kp40.queue.1", "{}", "kp40.refCount", "0");
    vk_stats_add(&test.state.stats, VK_STAT_KP_UNRESOLVED, 1);
    vk_stats_add(&test.state.stats, VK_STAT_KERNEL_PROMISES, 1);
    test_ok(vk_promise_delete(&test.state, kp(40)));
    test_wrote(&test, ERASED("kp40"), "del kp40.queue.0", "del kp40.queue.1", ERASED_DATA("kp40"),
               "del kp40.refCount");
    cr_assert(test_stat(&test, VK_STAT_KP_UNRESOLVED) == 0);
    cr_assert(test_stat(&test, VK_STAT_KERNEL_PROMISES) == 0);
    test_holds(&test, "acceptanceQueue", "[1,1]");
}

TEST_OPEN(promise, what_no_kernel_wrote_is_corruption) {
    struct vk_promise promise;
    test_corrupt(vk_promise_get(&test.state, kp(40), &promise), "kp40.state");
    test_corrupt(vk_promise_delete(&test.state, kp(40)), "kp40.state");
    test_corrupt(vk_promise_subscribe(&test.state, kp(40), v(1)), "kp40.state");
    test_given(&test, "kp40.state", "resolved");
    test_corrupt(vk_promise_get(&test.state, kp(40), &promise),
                 "unknown state for kp40: 'resolved'");
    test_corrupt(vk_promise_delete(&test.state, kp(40)), "unknown state for kp40: 'resolved'");
    test_given(&test, "kp40.state", "unresolved", "kp40.decider", "d7");
    test_corrupt(vk_promise_get(&test.state, kp(40), &promise), "kp40.decider: 'd7'");
    test_given(&test, "kp40.decider", "v");
    test_corrupt(vk_promise_get(&test.state, kp(40), &promise), "kp40.decider: 'v'");
    test_given(&test, "kp40.state", "fulfilled");
    test_corrupt(vk_promise_get(&test.state, kp(40), &promise), "kp40.data.body");
    test_given(&test, "kp40.data.body", "#1");
    test_corrupt(vk_promise_get(&test.state, kp(40), &promise), "kp40.data.slots");
    test_given(&test, "kp41.state", "unresolved", "kp.nextID", "");
    test_corrupt(vk_promise_queue_message(&test.state, kp(41), VK_STR("{}")), "kp41.queue.nextID");
    test_corrupt(vk_promise_add(&test.state, VK_STR_NONE, &(struct vk_kref){0}), "kp.nextID");
    test_wrote_nothing(&test);
}

Test(promise, only_promises_are_promises, .init = open_it, .signal = SIGABRT) {
    struct vk_promise promise;
    cr_redirect_stderr();
    enum vk_err err = vk_promise_get(&test.state, ko(20), &promise);
    cr_assert_fail("%s", vk_err_name(err));
}

static enum vk_err a_life(struct vk_state *state) {
    const struct vk_str slots[] = {VK_STR("ko20")};
    struct vk_capdata data = capdata("#1", slots, 1);
    struct vk_promise promise;
    struct vk_kref kpid;
    VK_TRY(vk_promise_add(state, VK_STR("logAlways"), &kpid));
    VK_TRY(vk_promise_set_decider(state, kpid, v(1)));
    VK_TRY(vk_promise_subscribe(state, kpid, v(2)));
    VK_TRY(vk_promise_queue_message(state, kpid, VK_STR("{}")));
    VK_TRY(vk_promise_settle(state, kpid, false, &data));
    VK_TRY(vk_promise_get(state, kpid, &promise));
    return vk_promise_delete(state, kpid);
}

TEST_OPEN(promise, host_failures_are_handed_on) {
    test_given(&test, "ko20.refCount", "0,0");
    test_sweep_state(&test, a_life, 7 + 1 + 1 + 2 + (1 + 4 + 7 + 3) + 8);
}
