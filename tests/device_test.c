/* device_test.c - devices: names, nodes, and c-lists without flags. After deviceKeeper.js and SwingSet's
 * state.test.js ("kernelKeeper device names").
 */
#include <criterion/criterion.h>

#include "../kernel/object/device.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) {
    test_state_open(&test);
    test_given(&test, "d7.o.nextID", "10", "d7.d.nextID", "20", "d7.p.nextID", "30");
}

static void close_it(void) { test_state_close(&test); }

/* What d7 says, as the kernel's kref; the fault that is due, or NULL. */
static struct vk_kref say(const char *slot, const char *reason) {
    struct vk_fault fault = {0};
    struct vk_kref kref = {VK_SLOT_OBJECT, 0};
    test_judged(vk_device_to_kernel(&test.state, d(7), vk_str(slot), &fault, &kref), &fault,
                reason);
    return kref;
}

static struct vk_str hear(struct vk_kref kref) {
    struct vk_str slot;
    test_ok(vk_kernel_to_device(&test.state, d(7), kref, &slot));
    return slot;
}

TEST_OPEN(device, names_and_ids_find_each_other) {
    struct vk_device_id device;
    struct vk_str name;
    bool found = true;
    test_given(&test, "device.name.timer", "d8", "device.name.Frank", "d12", "device.name.vatAdmin",
               "d7");
    test_ok(vk_device_by_name(&test.state, VK_STR("Frank"), &found, &device));
    cr_assert(found && device.n == 12);
    test_ok(vk_device_by_name(&test.state, VK_STR("frank"), &found, &device));
    cr_assert(!found);
    test_ok(vk_device_name(&test.state, d(7), &name));
    test_is(name, "vatAdmin");
    test_ok(vk_device_name(&test.state, d(12), &name));
    test_is(name, "Frank");
    test_ok(vk_device_name(&test.state, d(1), &name));
    test_is(name, "");
    test_wrote_nothing(&test);
    test_given(&test, "device.name.timer", "v8");
    test_corrupt(vk_device_by_name(&test.state, VK_STR("timer"), &found, &device),
                 "device.name.timer: 'v8'");
}

TEST_OPEN(device, node_is_allocated_when_first_said) {
    test_is_kref(say("d+0", NULL), "kd30");
    test_wrote(&test, "set kd.nextID = 31", "set kd30.owner = d7", "set d7.c.kd30 = d+0",
               "set d7.c.d+0 = kd30");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_DEVICES) == 1);
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 0, "a device's c-list is not counted");
    test_is_kref(say("d+0", NULL), "kd30");
    test_wrote_nothing(&test);
    test_is_kref(say("d+1", NULL), "kd31");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_DEVICES) == 2);
    test_is(hear(kd(30)), "d+0");
}

TEST_OPEN(device, node_knows_its_owner) {
    struct vk_device_id owner;
    say("d+0", NULL);
    test_ok(vk_device_node_owner(&test.state, kd(30), &owner));
    cr_assert(owner.n == 7);
    test_corrupt(vk_device_node_owner(&test.state, kd(31), &owner), "kd31.owner");
    test_given(&test, "kd31.owner", "v7");
    test_corrupt(vk_device_node_owner(&test.state, kd(31), &owner), "kd31.owner: 'v7'");
}

TEST_OPEN(device, devices_export_nothing_but_nodes) {
    static const char *const slots[] = {"o+1", "p+1", "o-10", "p-30", "d-20", "",
                                        "d",   "d*1", "d+x",  "kd30", "d+1/2"};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
        say(slots[i], "unknown devSlot");
    test_wrote_nothing(&test);
    cr_assert(test_stat(&test, VK_STAT_KERNEL_DEVICES) == 0);
}

TEST_OPEN(device, import_of_an_object_is_held_for_ever) {
    test_given(&test, "ko20.refCount", "1,1");
    test_is(hear(ko(20)), "o-10");
    test_wrote(&test, "set d7.o.nextID = 11", "set ko20.refCount = 2,2", "set d7.c.o-10 = ko20",
               "set d7.c.ko20 = o-10");
    test_is(hear(ko(20)), "o-10");
    test_wrote_nothing(&test);
    test_is_kref(say("o-10", NULL), "ko20");
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 0);
}

TEST_OPEN(device, import_of_a_promise_is_counted) {
    test_given(&test, "kp40.refCount", "1");
    test_is(hear(kp(40)), "p-30");
    test_wrote(&test, "set d7.p.nextID = 31", "set kp40.refCount = 2", "set d7.c.p-30 = kp40",
               "set d7.c.kp40 = p-30");
}

TEST_OPEN(device, import_of_anothers_node_is_not_counted) {
    test_given(&test, "kd33.owner", "d8");
    test_is(hear(kd(33)), "d-20");
    test_wrote(&test, "set d7.d.nextID = 21", "set d7.c.d-20 = kd33", "set d7.c.kd33 = d-20");
    test_is_kref(say("d-20", NULL), "kd33");
}

TEST_OPEN(device, imports_are_numbered_one_by_one) {
    test_given(&test, "ko20.refCount", "0,0", "ko21.refCount", "0,0");
    test_is(hear(ko(21)), "o-10");
    test_is(hear(ko(20)), "o-11");
    test_holds(&test, "d7.o.nextID", "12");
}

TEST_OPEN(device, what_no_kernel_wrote_is_corruption) {
    struct vk_fault fault = {0};
    struct vk_kref kref;
    struct vk_str slot;
    test_given(&test, "d7.c.d+0", "o+1", "ko20.refCount", "1", "d7.p.nextID", "x");
    test_corrupt(vk_device_to_kernel(&test.state, d(7), VK_STR("d+0"), &fault, &kref), "'o+1'");
    test_corrupt(vk_kernel_to_device(&test.state, d(7), ko(20), &slot), "ko20.refCount: '1'");
    test_wrote(&test, "set d7.o.nextID = 11");
    test_corrupt(vk_kernel_to_device(&test.state, d(7), kp(40), &slot),
                 "key d7.p.nextID: expected a number");
    test_corrupt(vk_kernel_to_device(&test.state, d(8), ko(21), &slot), "d8.o.nextID");
    test_wrote_nothing(&test);
}

static enum vk_err in_and_out(struct vk_state *state) {
    struct vk_fault fault = {0};
    struct vk_kref node;
    struct vk_str text;
    VK_TRY(vk_device_to_kernel(state, d(7), VK_STR("d+0"), &fault, &node));
    VK_TRY(vk_kernel_to_device(state, d(7), ko(20), &text));
    return vk_device_name(state, d(7), &text);
}

TEST_OPEN(device, host_failures_are_handed_on) {
    test_given(&test, "ko20.refCount", "0,0", "device.name.a", "d9", "device.name.b", "d7");
    test_sweep_state(&test, in_and_out, 8);
}
