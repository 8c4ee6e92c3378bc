/* meter_test.c - meters: what remains, what it can bear, and the one time that it falls below its threshold. After
 * SwingSet's state.test.js ("meters").
 */
#include <criterion/criterion.h>

#include "../kernel/object/meter.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

#define M1 VK_STR("m1")

static struct vk_str create(bool unlimited, uint64_t remaining_computrons,
                            uint64_t threshold_computrons) {
    struct vk_meter meter = {unlimited, remaining_computrons, threshold_computrons};
    struct vk_str id;
    test_ok(vk_meter_create(&test.state, meter, &id));
    test_wrote_whatever(&test);
    return id;
}

static bool suffices(uint64_t spent_computrons) {
    bool result;
    test_ok(vk_meter_check(&test.state, M1, spent_computrons, &result));
    return result;
}

static bool crosses(uint64_t spent_computrons) {
    bool result;
    test_ok(vk_meter_deduct(&test.state, M1, spent_computrons, &result));
    return result;
}

static uint64_t remaining(void) {
    struct vk_meter meter;
    test_ok(vk_meter_get(&test.state, M1, &meter));
    cr_assert(!meter.unlimited);
    return meter.remaining_computrons;
}

TEST_OPEN(meter, create_numbers_it_and_writes_both_values) {
    struct vk_str id;
    test_ok(vk_meter_create(&test.state, (struct vk_meter){false, 100, 10}, &id));
    test_is(id, "m1");
    test_wrote(&test, "set meter.nextID = 2", "set m1.remaining = 100", "set m1.threshold = 10");
    test_ok(vk_meter_create(&test.state, (struct vk_meter){true, 100, 5}, &id));
    test_is(id, "m2");
    test_wrote(&test, "set meter.nextID = 3", "set m2.remaining = unlimited",
               "set m2.threshold = 5");
}

TEST_OPEN(meter, get_reads_what_create_wrote) {
    struct vk_meter meter = {true, 1, 1};
    test_ok(vk_meter_get(&test.state, create(false, 100, 10), &meter));
    cr_assert(!meter.unlimited && meter.remaining_computrons == 100 &&
              meter.threshold_computrons == 10);
    test_ok(vk_meter_get(&test.state, create(true, 0, 7), &meter));
    cr_assert(meter.unlimited && meter.remaining_computrons == 0 &&
              meter.threshold_computrons == 7);
}

TEST_OPEN(meter, exists_if_it_was_created) {
    static const char *const others[] = {"",  "m",  "m2",           "m01", "m 1",
                                         "1", "n1", "m1.remaining", "m-1", "m1 "};
    bool exists = false;
    create(false, 1, 1);
    test_ok(vk_meter_exists(&test.state, M1, &exists));
    cr_assert(exists);
    test_given(&test, "m.remaining", "1", "1.remaining", "1", "n1.remaining", "1", "m01.remaining",
               "1");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        test_ok(vk_meter_exists(&test.state, vk_str(others[i]), &exists));
        cr_assert(!exists, "'%s'", others[i]);
    }
    test_ok(vk_meter_exists(&test.state, VK_STR_NONE, &exists));
    cr_assert(!exists);
}

TEST_OPEN(meter, check_changes_nothing) {
    create(false, 100, 10);
    cr_assert(suffices(0) && suffices(99) && suffices(100) && !suffices(101) &&
              !suffices(UINT64_MAX));
    test_wrote_nothing(&test);
}

TEST_OPEN(meter, deduct_writes_what_remains) {
    create(false, 100, 10);
    cr_assert(!crosses(30));
    test_wrote(&test, "set m1.remaining = 70");
    cr_assert(!crosses(0));
    test_wrote(&test, "set m1.remaining = 70");
}

TEST_OPEN(meter, crossing_is_told_exactly_once) {
    create(false, 100, 10);
    cr_assert(!crosses(90), "at the threshold is not below it");
    cr_assert(crosses(1));
    cr_assert(!crosses(1));
    cr_assert(!crosses(8) && remaining() == 0);
    cr_assert(!crosses(1) && remaining() == 0);
    test_ok(vk_meter_add(&test.state, M1, 10));
    cr_assert(crosses(1), "told again once it has been above");
}

TEST_OPEN(meter, crossing_to_nothing_is_a_crossing) {
    create(false, 50, 10);
    test_wrote_whatever(&test);
    cr_assert(!suffices(51) && crosses(51));
    test_wrote(&test, "set m1.remaining = 0");
}

TEST_OPEN(meter, threshold_of_nothing_is_never_crossed) {
    create(false, 5, 0);
    cr_assert(!crosses(3) && !crosses(3) && remaining() == 0);
}

TEST_OPEN(meter, threshold_is_moved_alone) {
    create(false, 50, 10);
    test_ok(vk_meter_set_threshold(&test.state, M1, 40));
    test_wrote(&test, "set m1.threshold = 40");
    cr_assert(!crosses(10));
    cr_assert(crosses(10));
}

/* Raised above what remains, it is no crossing: the meter was below it already. */
TEST_OPEN(meter, threshold_raised_past_what_remains_is_not_crossed) {
    create(false, 50, 10);
    test_ok(vk_meter_set_threshold(&test.state, M1, 60));
    cr_assert(!crosses(1));
}

TEST_OPEN(meter, add_saturates) {
    create(false, 5, 1);
    test_ok(vk_meter_add(&test.state, M1, 10));
    test_wrote(&test, "set m1.remaining = 15");
    test_ok(vk_meter_add(&test.state, M1, UINT64_MAX - 15));
    test_wrote(&test, "set m1.remaining = 18446744073709551615");
    test_ok(vk_meter_add(&test.state, M1, 1));
    test_wrote(&test, "set m1.remaining = 18446744073709551615");
    cr_assert(remaining() == UINT64_MAX && suffices(UINT64_MAX));
}

TEST_OPEN(meter, unlimited_bears_everything_and_is_never_written) {
    create(true, 0, 10);
    cr_assert(suffices(UINT64_MAX));
    cr_assert(!crosses(UINT64_MAX));
    test_ok(vk_meter_add(&test.state, M1, 5));
    test_wrote_nothing(&test);
    test_ok(vk_meter_set_threshold(&test.state, M1, 5));
    test_wrote(&test, "set m1.threshold = 5");
    test_holds(&test, "m1.remaining", "unlimited");
}

TEST_OPEN(meter, what_no_kernel_wrote_is_corruption) {
    static const char *const values[] = {
        "", "-1", "01", "Unlimited", "1.5", "18446744073709551616", "1n"};
    struct vk_meter meter;
    bool result;
    test_corrupt(vk_meter_get(&test.state, M1, &meter), "m1.remaining");
    test_corrupt(vk_meter_add(&test.state, M1, 1), "m1.remaining");
    test_corrupt(vk_meter_check(&test.state, M1, 1, &result), "m1.remaining");
    test_corrupt(vk_meter_deduct(&test.state, M1, 1, &result), "m1.remaining");
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        test_given(&test, "m1.remaining", values[i], "m1.threshold", "1");
        test_corrupt(vk_meter_get(&test.state, M1, &meter), "key m1.remaining: expected a number");
        test_corrupt(vk_meter_deduct(&test.state, M1, 1, &result),
                     "key m1.remaining: expected a number");
        test_given(&test, "m1.remaining", "1", "m1.threshold", values[i]);
        test_corrupt(vk_meter_get(&test.state, M1, &meter), "key m1.threshold: expected a number");
        test_corrupt(vk_meter_deduct(&test.state, M1, 1, &result),
                     "key m1.threshold: expected a number");
    }
    test_given(&test, "meter.nextID", "one");
    test_corrupt(vk_meter_create(&test.state, meter, &(struct vk_str){0}), "key meter.nextID");
    test_wrote_nothing(&test);
}

/* SwingSet's state.test.js, in its order. */
TEST_OPEN(meter, life_of_a_meter) {
    create(false, 100, 10);
    cr_assert(suffices(100) && !suffices(101));
    cr_assert(!crosses(10) && !crosses(10) && remaining() == 80);
    cr_assert(suffices(70) && !crosses(70));
    cr_assert(suffices(1) && crosses(1) && remaining() == 9);
    cr_assert(!crosses(1) && !suffices(9) && !crosses(9) && remaining() == 0);
    cr_assert(!suffices(2) && !crosses(2) && remaining() == 0);
    test_ok(vk_meter_add(&test.state, M1, 50));
    cr_assert(!crosses(30) && !suffices(25) && crosses(25) && remaining() == 0);
    test_ok(vk_meter_add(&test.state, M1, 50));
    test_ok(vk_meter_set_threshold(&test.state, M1, 40));
    cr_assert(!crosses(10) && crosses(10) && remaining() == 30);
}

static enum vk_err make_and_spend(struct vk_state *state) {
    struct vk_str id;
    bool crossed;
    VK_TRY(vk_meter_create(state, (struct vk_meter){false, 100, 10}, &id));
    VK_TRY(vk_meter_add(state, id, 1));
    VK_TRY(vk_meter_set_threshold(state, id, 2));
    return vk_meter_deduct(state, id, 50, &crossed);
}

TEST_OPEN(meter, host_failures_are_handed_on) { test_sweep_state(&test, make_and_spend, 6); }
