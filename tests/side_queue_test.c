/* side_queue_test.c - what waits for paused vats, and which of them are ready; and what no kernel would have written of it. */
#include <criterion/criterion.h>
#include <object/side_queue.h>

#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

TEST_OPEN(side_queue, what_waits_is_taken_in_order_once_the_vat_is_ready) {
    struct vk_vat_id vat;
    struct vk_str event;
    uint64_t length;
    test_ok(vk_side_queue_add(&test.state, v(5), VK_STR("one")));
    test_wrote(&test, "set sideQueue.v5.0 = one", "set sideQueue.v5 = [0,1]");
    test_ok(vk_side_queue_add(&test.state, v(5), VK_STR("two")));
    test_ok(vk_side_queue_add(&test.state, v(6), VK_STR("three")));
    test_ok(vk_side_queue_length(&test.state, v(5), &length));
    cr_assert(length == 2);
    test_ok(vk_side_queue_take(&test.state, &vat, &event));
    cr_assert(!event.p, "nobody is ready");
    test_wrote_whatever(&test);
    test_ok(vk_side_queue_release(&test.state, v(6)));
    test_wrote(&test, "set sideQueues.ready = [\"v6\"]");
    test_ok(vk_side_queue_release(&test.state, v(6)));
    test_ok(vk_side_queue_release(&test.state, v(7)));
    test_wrote_nothing(&test);
    test_ok(vk_side_queue_release(&test.state, v(5)));
    test_ok(vk_side_queue_take(&test.state, &vat, &event));
    cr_assert(vat.n == 6);
    test_is(event, "three");
    test_ok(vk_side_queue_take(&test.state, &vat, &event));
    test_is(event, "one");
    test_ok(vk_side_queue_hold(&test.state, v(5)));
    test_ok(vk_side_queue_hold(&test.state, v(5)));
    test_ok(vk_side_queue_take(&test.state, &vat, &event));
    cr_assert(!event.p, "v5 is held back again");
    test_holds(&test, "sideQueue.v5", "[1,2]");
    test_holds(&test, "sideQueue.v6", NULL);
    test_holds(&test, "sideQueues.ready", NULL);
    test_wrote_whatever(&test);
}

TEST_OPEN(side_queue, bounds_that_are_none_are_corrupt) {
    static const char *const bounds[] = {"",      "x",      "[",      "0,1",
                                         "[0,1",  "0,1]",   "[x,1]",  "[0,x]",
                                         "[1,1]", "[2,1]",  "[0 1]",  "[,1]",
                                         "[0,]",  "[-1,1]", "[01,2]", "[0,18446744073709551615]"};
    uint64_t length;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        test_given(&test, "sideQueue.v5", bounds[i]);
        test_corrupt(vk_side_queue_length(&test.state, v(5), &length), "sideQueue.v5");
        test_corrupt(vk_side_queue_add(&test.state, v(5), VK_STR("event")), "sideQueue.v5");
    }
}

TEST_OPEN(side_queue, ready_list_that_is_none_or_names_nobody_is_corrupt) {
    struct vk_vat_id vat;
    struct vk_str event;
    static const char *const lists[][2] = {{"x", "sideQueues.ready"},
                                           {"{}", "sideQueues.ready"},
                                           {"[\"x\"]", "sideQueues.ready: 'x'"},
                                           {"[\"v9\"]", "nothing waits for v9"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        test_given(&test, "sideQueues.ready", lists[i][0]);
        test_corrupt(vk_side_queue_take(&test.state, &vat, &event), lists[i][1]);
    }
    test_given(&test, "sideQueues.ready", "[\"v9\"]", "sideQueue.v9", "[4,5]");
    test_corrupt(vk_side_queue_take(&test.state, &vat, &event), "sideQueue.v9.4");
}

static enum vk_err wait_and_take(struct vk_state *state) {
    struct vk_vat_id vat;
    struct vk_str event;
    uint64_t length;
    VK_TRY(vk_side_queue_add(state, v(5), VK_STR("one")));
    VK_TRY(vk_side_queue_add(state, v(5), VK_STR("two")));
    VK_TRY(vk_side_queue_length(state, v(5), &length));
    VK_TRY(vk_side_queue_release(state, v(5)));
    VK_TRY(vk_side_queue_release(state, v(5)));
    VK_TRY(vk_side_queue_take(state, &vat, &event));
    VK_TRY(vk_side_queue_take(state, &vat, &event));
    return vk_side_queue_hold(state, v(5));
}

TEST_OPEN(side_queue, host_may_fail_anywhere) { test_sweep_state(&test, wait_and_take, 10); }
