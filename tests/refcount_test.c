/* refcount_test.c - reference counts: what each kind of reference moves, when a kref goes to the work list, and
 * what an impossible count is taken for. After SwingSet's gc-kernel.test.js and kernelKeeper.js.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <signal.h>

#include "../kernel/object/refcount.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

TEST_OPEN(refcount, strong_reference_reaches_and_recognizes) {
    test_given(&test, "ko20.refCount", "0,0");
    test_ok(vk_ref_add(&test.state, ko(20), VK_REF_STRONG));
    test_wrote(&test, "set ko20.refCount = 1,1");
    test_ok(vk_ref_add(&test.state, ko(20), VK_REF_STRONG));
    test_wrote(&test, "set ko20.refCount = 2,2");
    test_ok(vk_ref_drop(&test.state, ko(20), VK_REF_STRONG));
    test_wrote(&test, "set ko20.refCount = 1,1");
    test_maybe_free(&test, "");
}

TEST_OPEN(refcount, import_recognizes_and_leaves_reach_to_the_flag) {
    test_given(&test, "ko20.refCount", "1,1");
    test_ok(vk_ref_add(&test.state, ko(20), VK_REF_IMPORT_RECOGNIZES));
    test_wrote(&test, "set ko20.refCount = 1,2");
    test_ok(vk_ref_drop(&test.state, ko(20), VK_REF_IMPORT_RECOGNIZES));
    test_wrote(&test, "set ko20.refCount = 1,1");
    test_maybe_free(&test, "");
}

TEST_OPEN(refcount, export_counts_for_promises_alone) {
    test_given(&test, "ko20.refCount", "1,1", "kp40.refCount", "0");
    test_ok(vk_ref_add(&test.state, ko(20), VK_REF_EXPORT));
    test_ok(vk_ref_drop(&test.state, ko(20), VK_REF_EXPORT));
    test_wrote_nothing(&test);
    test_ok(vk_ref_add(&test.state, kp(40), VK_REF_EXPORT));
    test_wrote(&test, "set kp40.refCount = 1");
    test_ok(vk_ref_add(&test.state, kp(40), VK_REF_IMPORT_RECOGNIZES));
    test_ok(vk_ref_add(&test.state, kp(40), VK_REF_STRONG));
    test_wrote(&test, "set kp40.refCount = 2", "set kp40.refCount = 3");
    test_ok(vk_ref_drop(&test.state, kp(40), VK_REF_EXPORT));
    test_ok(vk_ref_drop(&test.state, kp(40), VK_REF_STRONG));
    test_wrote(&test, "set kp40.refCount = 2", "set kp40.refCount = 1");
    test_maybe_free(&test, "");
}

TEST_OPEN(refcount, devices_are_not_counted) {
    test_ok(vk_ref_add(&test.state, kd(30), VK_REF_STRONG));
    test_ok(vk_ref_drop(&test.state, kd(30), VK_REF_STRONG));
    test_wrote_nothing(&test);
    test_maybe_free(&test, "");
}

/* Either zero will do: unreachable ones may be dropped, unrecognizable ones retired. */
TEST_OPEN(refcount, object_with_a_zero_goes_to_the_work_list) {
    test_given(&test, "ko20.refCount", "1,2", "ko21.refCount", "0,2", "ko22.refCount", "1,1",
               "ko23.refCount", "2,3");
    test_ok(vk_ref_drop(&test.state, ko(23), VK_REF_STRONG));
    test_maybe_free(&test, "");
    test_ok(vk_ref_drop(&test.state, ko(20), VK_REF_STRONG));
    test_maybe_free(&test, "ko20");
    test_ok(vk_ref_drop(&test.state, ko(21), VK_REF_IMPORT_RECOGNIZES));
    test_ok(vk_ref_drop(&test.state, ko(22), VK_REF_STRONG));
    test_maybe_free(&test, "ko20 ko21 ko22");
    test_ok(vk_ref_drop(&test.state, ko(21), VK_REF_IMPORT_RECOGNIZES));
    test_maybe_free(&test, "ko20 ko21 ko22");
    test_holds(&test, "ko20.refCount", "0,1");
    test_holds(&test, "ko21.refCount", "0,0");
    test_holds(&test, "ko22.refCount", "0,0");
}

TEST_OPEN(refcount, promise_goes_to_the_work_list_at_zero) {
    test_given(&test, "kp40.refCount", "2", "kp41.refCount", "1");
    test_ok(vk_ref_drop(&test.state, kp(40), VK_REF_STRONG));
    test_wrote(&test, "set kp40.refCount = 1");
    test_maybe_free(&test, "");
    test_ok(vk_ref_drop(&test.state, kp(40), VK_REF_STRONG));
    test_wrote(&test, "set kp40.refCount = 0");
    test_maybe_free(&test, "kp40");
    test_ok(vk_ref_drop(&test.state, kp(41), VK_REF_STRONG));
    test_ok(vk_ref_add(&test.state, kp(40), VK_REF_STRONG));
    test_maybe_free(&test, "kp40 kp41");
}

TEST_OPEN(refcount, drop_leaves_an_object_alone_that_is_gone) {
    test_ok(vk_ref_drop(&test.state, ko(20), VK_REF_STRONG));
    test_ok(vk_ref_drop(&test.state, ko(20), VK_REF_IMPORT_RECOGNIZES));
    test_wrote_nothing(&test);
    test_maybe_free(&test, "");
}

/* As SwingSet has it: a count that is not there is 0,0, and adding to it writes one. */
TEST_OPEN(refcount, add_to_an_object_that_is_gone_writes_a_count) {
    struct vk_refcount count = {7, 7};
    test_ok(vk_object_refcount_get(&test.state, ko(20), &count));
    cr_assert(count.reachable == 0 && count.recognizable == 0);
    test_ok(vk_ref_add(&test.state, ko(20), VK_REF_IMPORT_RECOGNIZES));
    test_wrote(&test, "set ko20.refCount = 0,1");
}

TEST_OPEN(refcount, promise_that_is_gone_is_corruption) {
    uint64_t count;
    test_corrupt(vk_ref_add(&test.state, kp(40), VK_REF_STRONG), "kp40.refCount");
    test_corrupt(vk_ref_drop(&test.state, kp(40), VK_REF_STRONG), "kp40.refCount");
    test_corrupt(vk_promise_refcount_get(&test.state, kp(40), &count), "kp40.refCount");
    test_wrote_nothing(&test);
}

TEST_OPEN(refcount, underflow_is_corruption) {
    test_given(&test, "kp40.refCount", "0", "ko20.refCount", "0,0", "ko21.refCount", "0,1",
               "ko22.refCount", "1,1");
    test_corrupt(vk_ref_drop(&test.state, kp(40), VK_REF_STRONG), "kp40");
    test_corrupt(vk_ref_drop(&test.state, ko(20), VK_REF_IMPORT_RECOGNIZES), "ko20");
    test_corrupt(vk_ref_drop(&test.state, ko(20), VK_REF_STRONG), "ko20");
    test_corrupt(vk_ref_drop(&test.state, ko(21), VK_REF_STRONG), "ko21");
    test_corrupt(vk_ref_drop(&test.state, ko(22), VK_REF_IMPORT_RECOGNIZES), "ko22");
    test_wrote_nothing(&test);
    test_maybe_free(&test, "");
}

TEST_OPEN(refcount, counts_that_no_kernel_wrote_are_corruption) {
    static const char *const objects[] = {"1",
                                          "1,",
                                          ",1",
                                          "2,1",
                                          "-1,1",
                                          "1,1,1",
                                          "01,1",
                                          "1, 1",
                                          "a,b",
                                          ",",
                                          "18446744073709551616,18446744073709551616"};
    static const char *const promises[] = {"", "-1", "01", "1,1", "x", " 1"};
    struct vk_refcount count;
    for (unsigned i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        test_given(&test, "ko20.refCount", objects[i]);
        test_corrupt(vk_object_refcount_get(&test.state, ko(20), &count), "ko20.refCount: '");
        test_corrupt(vk_ref_add(&test.state, ko(20), VK_REF_STRONG), objects[i]);
        test_corrupt(vk_ref_drop(&test.state, ko(20), VK_REF_STRONG), objects[i]);
    }
    for (unsigned i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        test_given(&test, "kp40.refCount", promises[i]);
        test_corrupt(vk_ref_add(&test.state, kp(40), VK_REF_STRONG), "kp40.refCount");
        test_corrupt(vk_ref_drop(&test.state, kp(40), VK_REF_STRONG), "kp40.refCount");
    }
    test_wrote_nothing(&test);
}

TEST_OPEN(refcount, counts_are_read_as_they_were_written) {
    struct vk_refcount count;
    uint64_t promises;
    test_ok(vk_object_refcount_set(&test.state, ko(20), (struct vk_refcount){12, 345}));
    test_wrote(&test, "set ko20.refCount = 12,345");
    test_ok(vk_object_refcount_get(&test.state, ko(20), &count));
    cr_assert(count.reachable == 12 && count.recognizable == 345);
    test_given(&test, "kp40.refCount", "17");
    test_ok(vk_promise_refcount_get(&test.state, kp(40), &promises));
    cr_assert(promises == 17);
}

TEST_OPEN(refcount, slots_are_counted_one_by_one_in_order) {
    const struct vk_str slots[] = {VK_STR("ko21"), VK_STR("kp40"), VK_STR("kd30"), VK_STR("ko20"),
                                   VK_STR("ko21")};
    test_given(&test, "ko20.refCount", "0,0", "ko21.refCount", "0,0", "kp40.refCount", "0");
    test_ok(vk_refs_add(&test.state, slots, 5));
    test_wrote(&test, "set ko21.refCount = 1,1", "set kp40.refCount = 1", "set ko20.refCount = 1,1",
               "set ko21.refCount = 2,2");
    test_ok(vk_refs_drop(&test.state, slots, 5));
    test_wrote(&test, "set ko21.refCount = 1,1", "set kp40.refCount = 0", "set ko20.refCount = 0,0",
               "set ko21.refCount = 0,0");
    test_maybe_free(&test, "kp40 ko20 ko21");
    test_ok(vk_refs_add(&test.state, NULL, 0));
    test_ok(vk_refs_drop(&test.state, NULL, 0));
    test_wrote_nothing(&test);
}

TEST_OPEN(refcount, slot_that_is_no_kref_is_corruption) {
    const struct vk_str slots[] = {VK_STR("ko20"), VK_STR("o+1")};
    struct vk_kref kref;
    test_given(&test, "ko20.refCount", "1,1");
    test_corrupt(vk_refs_add(&test.state, slots, 2), "invalid kernelSlot 'o+1'");
    test_corrupt(vk_refs_drop(&test.state, slots, 2), "invalid kernelSlot 'o+1'");
    test_corrupt(vk_kref_require(VK_STR("kp"), &kref), "invalid kernelSlot 'kp'");
    test_ok(vk_kref_require(VK_STR("kp4"), &kref));
    test_is_kref(kref, "kp4");
}

/* Nobody may write a count that INV-REF-1 forbids, nor two counts for a promise. */
Test(refcount, more_reach_than_recognition_is_a_bug, .init = open_it, .signal = SIGABRT) {
    cr_redirect_stderr();
    enum vk_err err = vk_object_refcount_set(&test.state, ko(20), (struct vk_refcount){2, 1});
    cr_assert_fail("%s", vk_err_name(err));
}

Test(refcount, promises_have_one_count, .init = open_it, .signal = SIGABRT) {
    cr_redirect_stderr();
    enum vk_err err = vk_object_refcount_set(&test.state, kp(40), (struct vk_refcount){1, 1});
    cr_assert_fail("%s", vk_err_name(err));
}

static enum vk_err add_and_drop(struct vk_state *state) {
    const struct vk_str slots[] = {VK_STR("ko20"), VK_STR("kp40")};
    VK_TRY(vk_refs_add(state, slots, 2));
    return vk_refs_drop(state, slots, 2);
}

TEST_OPEN(refcount, host_failures_are_handed_on) {
    test_given(&test, "ko20.refCount", "0,0", "kp40.refCount", "0");
    test_sweep_state(&test, add_and_drop, 4);
}
