/* queue_test.c - the acceptance queue and the run-queue: entries between a head and a tail, and no holes. After
 * SwingSet's state.test.js ("kernelKeeper runQueue").
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../kernel/object/queue.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

static const enum vk_queue both[] = {VK_QUEUE_ACCEPTANCE, VK_QUEUE_RUN};
static const char *const keys[] = {"acceptanceQueue", "runQueue"};

static uint64_t length_of(enum vk_queue queue) {
    uint64_t length;
    test_ok(vk_queue_length(&test.state, queue, &length));
    return length;
}

static struct vk_str take(enum vk_queue queue) {
    struct vk_str event;
    test_ok(vk_queue_take(&test.state, queue, &event));
    return event;
}

TEST_OPEN(queue, entry_is_written_before_the_bound) {
    test_ok(vk_queue_add(&test.state, VK_QUEUE_RUN, VK_STR("{\"type\":\"send\"}")));
    test_wrote(&test, "set runQueue.1 = {\"type\":\"send\"}", "set runQueue = [1,2]");
    test_ok(vk_queue_add(&test.state, VK_QUEUE_ACCEPTANCE, VK_STR("{}")));
    test_wrote(&test, "set acceptanceQueue.1 = {}", "set acceptanceQueue = [1,2]");
}

TEST_OPEN(queue, entry_is_deleted_before_the_bound_moves) {
    test_given(&test, "runQueue", "[3,5]", "runQueue.3", "{\"n\":3}", "runQueue.4", "{\"n\":4}");
    test_is(take(VK_QUEUE_RUN), "{\"n\":3}");
    test_wrote(&test, "del runQueue.3", "set runQueue = [4,5]");
    test_is(take(VK_QUEUE_RUN), "{\"n\":4}");
    test_wrote(&test, "del runQueue.4", "set runQueue = [5,5]");
}

TEST_OPEN(queue, empty_queue_gives_nothing_and_writes_nothing) {
    for (int q = 0; q < 2; q++) {
        cr_assert(length_of(both[q]) == 0);
        test_is(take(both[q]), NULL);
        test_given(&test, keys[q], "[1007,1007]");
        cr_assert(length_of(both[q]) == 0);
        test_is(take(both[q]), NULL);
    }
    test_wrote_nothing(&test);
}

TEST_OPEN(queue, first_in_is_first_out_and_numbers_go_on) {
    for (int q = 0; q < 2; q++) {
        char event[32], key[48];
        uint64_t added = 0, taken = 0, random = 7;
        for (int i = 0; i < 200; i++) {
            if (test_random_below(&random, 5) < 3) {
                snprintf(event, sizeof event, "%llu", (unsigned long long)added++);
                test_ok(vk_queue_add(&test.state, both[q], vk_str(event)));
            } else if (added > taken) {
                snprintf(event, sizeof event, "%llu", (unsigned long long)taken++);
                test_is(take(both[q]), event);
            } else {
                test_is(take(both[q]), NULL);
            }
            cr_assert(length_of(both[q]) == added - taken);
        }
        cr_assert(taken > 20 && added > taken);
        for (uint64_t i = 0; i < added + 2; i++) {
            snprintf(key, sizeof key, "%s.%llu", keys[q], (unsigned long long)i + 1);
            struct vk_str value = test_get(&test.store, key);
            cr_assert(vk_str_present(value) == (i >= taken && i < added), "%s", key);
        }
    }
}

TEST_OPEN(queue, one_queue_is_not_the_other) {
    test_ok(vk_queue_add(&test.state, VK_QUEUE_RUN, VK_STR("1")));
    test_is(take(VK_QUEUE_ACCEPTANCE), NULL);
    cr_assert(length_of(VK_QUEUE_RUN) == 1 && length_of(VK_QUEUE_ACCEPTANCE) == 0);
    const struct vk_stat_value *run = &test.state.stats.values[VK_STAT_RUN_QUEUE_LENGTH];
    const struct vk_stat_value *acceptance =
        &test.state.stats.values[VK_STAT_ACCEPTANCE_QUEUE_LENGTH];
    cr_assert(run->value == 1 && run->up == 1 && run->down == 0 && run->max == 1);
    cr_assert(acceptance->value == 0 && acceptance->up == 0 && acceptance->down == 0);
    test_ok(vk_queue_add(&test.state, VK_QUEUE_ACCEPTANCE, VK_STR("2")));
    test_ok(vk_queue_add(&test.state, VK_QUEUE_ACCEPTANCE, VK_STR("3")));
    test_is(take(VK_QUEUE_RUN), "1");
    test_is(take(VK_QUEUE_ACCEPTANCE), "2");
    cr_assert(run->value == 0 && run->up == 1 && run->down == 1 && run->max == 1);
    cr_assert(acceptance->value == 1 && acceptance->up == 2 && acceptance->down == 1);
    cr_assert(acceptance->max == 2);
}

TEST_OPEN(queue, bounds_that_no_kernel_wrote_are_corruption) {
    static const char *const bounds[] = {
        "",        "[]",     "[1]",     "[1,]",   "[,1]",   "[2,1]",  "1,1",   "[1,1",
        "1,1]",    "[1,1]x", "[1,2,3]", "[-1,1]", "[01,1]", "[1, 1]", "[a,b]", "[,]",
        "[1,1.0]", "{}",     "[1;1]",   ",",      "[",      "]",
    };
    struct vk_str event;
    uint64_t length;
    for (int q = 0; q < 2; q++) {
        for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
            char text[80];
            snprintf(text, sizeof text, "key %s: expected [head,tail], found '%s'", keys[q],
                     bounds[i]);
            test_given(&test, keys[q], bounds[i]);
            test_corrupt(vk_queue_add(&test.state, both[q], VK_STR("{}")), text);
            test_corrupt(vk_queue_take(&test.state, both[q], &event), text);
            test_corrupt(vk_queue_length(&test.state, both[q], &length), text);
        }
        test_ok(vk_store_delete(test.store.store, vk_str(keys[q])));
        test_wrote_whatever(&test);
        test_corrupt(vk_queue_take(&test.state, both[q], &event), keys[q]);
    }
    test_wrote_nothing(&test);
    cr_assert(test_stat(&test, VK_STAT_RUN_QUEUE_LENGTH) == 0);
}

TEST_OPEN(queue, hole_is_corruption) {
    struct vk_str event;
    test_given(&test, "runQueue", "[1,3]", "runQueue.2", "{}");
    test_corrupt(vk_queue_take(&test.state, VK_QUEUE_RUN, &event),
                 "storage lacks required key runQueue.1");
    test_wrote_nothing(&test);
    cr_assert(test_stat(&test, VK_STAT_RUN_QUEUE_LENGTH) == 0);
}

static enum vk_err in_and_out(struct vk_state *state) {
    struct vk_str event;
    VK_TRY(vk_queue_add(state, VK_QUEUE_RUN, VK_STR("{}")));
    return vk_queue_take(state, VK_QUEUE_RUN, &event);
}

TEST_OPEN(queue, host_failures_are_handed_on) { test_sweep_state(&test, in_and_out, 4); }
