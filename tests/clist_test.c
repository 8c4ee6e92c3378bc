/* clist_test.c - c-lists: what is written when a vat exports and imports, what a vat may not say, and what its
 * entries count for. After SwingSet's clist.test.js and the c-list parts of kernel.test.js and gc-kernel.test.js.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../kernel/object/clist.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) {
    test_state_open(&test);
    test_given_vat(&test, 1);
    test_given_vat(&test, 2);
}

static void close_it(void) { test_state_close(&test); }

/* What v1 says, as the kernel's kref; the fault that is due, or NULL. */
static struct vk_kref say(const char *vref, enum vk_to_kernel how, const char *reason) {
    struct vk_fault fault = {0};
    struct vk_kref kref = {VK_SLOT_DEVICE, 0};
    test_judged(vk_clist_to_kernel(&test.state, v(1), vk_str(vref), how, &fault, &kref), &fault,
                reason);
    return kref;
}

static const char *hear(struct vk_kref kref, enum vk_to_vat how) {
    static char text[64];
    struct vk_str vref;
    test_ok(vk_clist_to_vat(&test.state, v(1), kref, how, &vref));
    snprintf(text, sizeof text, "%.*s", VK_STR_ARG(vref));
    return text;
}

/* ---- exports */

TEST_OPEN(clist, export_of_an_object_is_reachable_once_sent) {
    test_is_kref(say("o+1", VK_TO_KERNEL_USE, NULL), "ko20");
    test_wrote(&test, "set ko.nextID = 21", "set ko20.owner = v1", "set ko20.refCount = 0,0",
               "set v1.c.ko20 = _ o+1", "set v1.c.o+1 = ko20", "set v1.c.ko20 = R o+1");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_OBJECTS) == 1);
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 1);
    test_maybe_free(&test, "");
}

TEST_OPEN(clist, export_of_a_promise_makes_the_vat_its_decider_and_counts) {
    test_is_kref(say("p+5", VK_TO_KERNEL_USE, NULL), "kp40");
    test_wrote(&test, "set kp.nextID = 41", "set kp40.state = unresolved",
               "set kp40.subscribers = ", "set kp40.queue.nextID = 0", "set kp40.refCount = 0",
               "set kp40.decider = ", "set kp40.decider = v1", "set kp40.refCount = 1",
               "set v1.c.kp40 = _ p+5", "set v1.c.p+5 = kp40", "set v1.c.kp40 = R p+5");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_PROMISES) == 1);
    cr_assert(test_stat(&test, VK_STAT_KP_UNRESOLVED) == 1);
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 1);
}

TEST_OPEN(clist, export_again_sets_the_flag_and_nothing_else) {
    say("o+1", VK_TO_KERNEL_USE, NULL);
    test_wrote_whatever(&test);
    test_is_kref(say("o+1", VK_TO_KERNEL_USE, NULL), "ko20");
    test_wrote(&test, "set v1.c.ko20 = R o+1");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(20)));
    test_wrote(&test, "set v1.c.ko20 = _ o+1");
    test_is_kref(say("o+1", VK_TO_KERNEL_USE, NULL), "ko20");
    test_wrote(&test, "set v1.c.ko20 = R o+1");
    test_holds(&test, "ko20.refCount", "0,0");
    test_maybe_free(&test, "");
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 1);
}

TEST_OPEN(clist, export_of_virtual_objects_and_odd_names_keeps_the_text) {
    static const char *const vrefs[] = {"o+d5/1:2", "o+v5/3", "o+", "o+007", "o+7", "o+ 5"};
    for (unsigned i = 0; i < sizeof vrefs / sizeof vrefs[0]; i++) {
        char key[32], name[VK_SLOT_TEXT_MAX], value[32];
        struct vk_str kref = vk_kref_str(ko(20 + i), name);
        name[kref.n] = '\0';
        test_is_kref(say(vrefs[i], VK_TO_KERNEL_USE, NULL), name);
        snprintf(key, sizeof key, "v1.c.%s", vrefs[i]);
        test_holds(&test, key, name);
        snprintf(key, sizeof key, "v1.c.%s", name);
        snprintf(value, sizeof value, "R %s", vrefs[i]);
        test_holds(&test, key, value);
    }
}

TEST_OPEN(clist, use_new_refuses_what_is_in_the_c_list) {
    test_is_kref(say("p+5", VK_TO_KERNEL_USE_NEW, NULL), "kp40");
    test_holds(&test, "v1.c.kp40", "R p+5");
    test_wrote_whatever(&test);
    say("p+5", VK_TO_KERNEL_USE_NEW, "vref is already allocated");
    test_given(&test, "v1.c.o-50", "ko33", "v1.c.ko33", "R o-50");
    say("o-50", VK_TO_KERNEL_USE_NEW, "vref is already allocated");
    say("o-51", VK_TO_KERNEL_USE_NEW, "unknown vatSlot");
    test_wrote_nothing(&test);
}

TEST_OPEN(clist, vats_do_not_export_devices) {
    say("d+1", VK_TO_KERNEL_USE, "normal vats aren't allowed to export device nodes");
    say("d+1", VK_TO_KERNEL_USE_NEW, "normal vats aren't allowed to export device nodes");
    say("d+1", VK_TO_KERNEL_EXISTING, "vref not in clist");
    test_wrote_nothing(&test);
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 0);
}

TEST_OPEN(clist, names_that_the_kernel_never_gave_are_faults) {
    test_given(&test, "v1.c.o-50", "ko33", "v1.c.ko33", "R o-50");
    say("o-51", VK_TO_KERNEL_USE, "unknown vatSlot");
    say("o-050", VK_TO_KERNEL_USE, "unknown vatSlot");
    say("p-60", VK_TO_KERNEL_USE, "unknown vatSlot");
    say("d-70", VK_TO_KERNEL_USE, "unknown vatSlot");
    say("o-51", VK_TO_KERNEL_EXISTING, "vref not in clist");
    say("o+1", VK_TO_KERNEL_EXISTING, "vref not in clist");
    test_wrote_nothing(&test);
}

TEST_OPEN(clist, malformed_names_are_faults_whatever_the_c_list_holds) {
    static const char *const vrefs[] = {"",     "o",   "o5",   "x+1",     "o+5/1",
                                        "o+-1", "o+x", "ko33", "o.nextID"};
    test_given(&test, "v1.c.ko33", "R o-50", "v1.c.o.nextID", "ko33", "v1.c.o+x", "ko33");
    for (unsigned i = 0; i < sizeof vrefs / sizeof vrefs[0]; i++) {
        say(vrefs[i], VK_TO_KERNEL_USE, "invalid vref");
        say(vrefs[i], VK_TO_KERNEL_USE_NEW, "invalid vref");
        say(vrefs[i], VK_TO_KERNEL_EXISTING, "invalid vref");
    }
    struct vk_fault fault = {0};
    struct vk_kref kref;
    test_judged(vk_clist_to_kernel(&test.state, v(1), VK_STR_NONE, VK_TO_KERNEL_USE, &fault, &kref),
                &fault, "invalid vref");
    test_wrote_nothing(&test);
}

TEST_OPEN(clist, one_vat_knows_nothing_of_anothers_names) {
    struct vk_fault fault = {0};
    struct vk_kref kref;
    say("o+1", VK_TO_KERNEL_USE, NULL);
    test_judged(vk_clist_to_kernel(&test.state, v(2), VK_STR("o+1"), VK_TO_KERNEL_EXISTING, &fault,
                                   &kref),
                &fault, "vref not in clist");
    test_judged(vk_clist_to_kernel(&test.state, v(2), VK_STR("o+1"), VK_TO_KERNEL_USE, &fault,
                                   &kref),
                &fault, NULL);
    test_is_kref(kref, "ko21");
    test_holds(&test, "ko21.owner", "v2");
}

/* The first reason stays: what a vat did wrong first is what it is told. */
TEST_OPEN(clist, a_fault_is_raised_once) {
    struct vk_fault fault = {0};
    test_ok(vk_fault_raise(&fault, "first"));
    test_ok(vk_fault_raise(&fault, "second"));
    cr_assert(fault.raised);
    cr_assert_str_eq(fault.reason, "first");
}

/* ---- imports */

TEST_OPEN(clist, import_of_an_object_is_allocated_and_counts_twice) {
    test_given(&test, "ko33.owner", "v2", "ko33.refCount", "1,1");
    cr_assert_str_eq(hear(ko(33), VK_TO_VAT_USE), "o-50");
    test_wrote(&test, "set v1.o.nextID = 51", "set ko33.refCount = 1,2", "set v1.c.o-50 = ko33",
               "set v1.c.ko33 = _ o-50", "set v1.c.ko33 = R o-50", "set ko33.refCount = 2,2");
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 1);
}

TEST_OPEN(clist, import_of_a_promise_counts_once) {
    test_given(&test, "kp44.state", "unresolved", "kp44.refCount", "1");
    cr_assert_str_eq(hear(kp(44), VK_TO_VAT_USE), "p-60");
    test_wrote(&test, "set v1.p.nextID = 61", "set kp44.refCount = 2", "set v1.c.p-60 = kp44",
               "set v1.c.kp44 = _ p-60", "set v1.c.kp44 = R p-60");
}

TEST_OPEN(clist, import_of_a_device_counts_for_nothing) {
    test_given(&test, "kd30.owner", "d7");
    cr_assert_str_eq(hear(kd(30), VK_TO_VAT_USE), "d-70");
    test_wrote(&test, "set v1.d.nextID = 71", "set v1.c.d-70 = kd30", "set v1.c.kd30 = _ d-70",
               "set v1.c.kd30 = R d-70");
}

TEST_OPEN(clist, imports_are_numbered_in_the_order_of_their_coming) {
    test_given(&test, "ko33.refCount", "0,0", "ko30.refCount", "0,0", "kp44.refCount", "0");
    cr_assert_str_eq(hear(ko(33), VK_TO_VAT_USE), "o-50");
    cr_assert_str_eq(hear(kp(44), VK_TO_VAT_USE), "p-60");
    cr_assert_str_eq(hear(ko(30), VK_TO_VAT_USE), "o-51");
    cr_assert_str_eq(hear(ko(33), VK_TO_VAT_USE), "o-50");
    test_holds(&test, "v1.o.nextID", "52");
    test_holds(&test, "v1.p.nextID", "61");
    test_holds(&test, "v2.o.nextID", "50");
}

TEST_OPEN(clist, import_again_sets_the_flag_and_counts_only_if_it_was_clear) {
    test_given(&test, "ko33.refCount", "3,4", "v1.c.o-50", "ko33", "v1.c.ko33", "R o-50");
    cr_assert_str_eq(hear(ko(33), VK_TO_VAT_USE), "o-50");
    test_wrote(&test, "set v1.c.ko33 = R o-50");
    test_given(&test, "v1.c.ko33", "_ o-50");
    cr_assert_str_eq(hear(ko(33), VK_TO_VAT_USE), "o-50");
    test_wrote(&test, "set v1.c.ko33 = R o-50", "set ko33.refCount = 4,4");
}

TEST_OPEN(clist, import_comes_back_as_what_the_vat_was_given) {
    test_given(&test, "ko33.refCount", "0,0");
    hear(ko(33), VK_TO_VAT_USE);
    test_wrote_whatever(&test);
    test_is_kref(say("o-50", VK_TO_KERNEL_USE, NULL), "ko33");
    test_wrote_nothing(&test);
}

TEST_OPEN(clist, import_that_was_dropped_may_not_be_used) {
    test_given(&test, "ko33.refCount", "1,1", "v1.c.o-50", "ko33", "v1.c.ko33", "R o-50");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(33)));
    test_wrote(&test, "set v1.c.ko33 = _ o-50", "set ko33.refCount = 0,1");
    test_maybe_free(&test, "ko33");
    say("o-50", VK_TO_KERNEL_USE, "vat tried to access unreachable import");
    test_is_kref(say("o-50", VK_TO_KERNEL_EXISTING, NULL), "ko33");
    cr_assert_str_eq(hear(ko(33), VK_TO_VAT_EXISTING), "o-50");
    test_wrote_nothing(&test);
    test_holds(&test, "v1.c.ko33", "_ o-50");
}

TEST_OPEN(clist, export_comes_back_as_what_the_vat_calls_it) {
    say("o+1", VK_TO_KERNEL_USE, NULL);
    test_wrote_whatever(&test);
    cr_assert_str_eq(hear(ko(20), VK_TO_VAT_USE), "o+1");
    test_wrote_nothing(&test);
}

TEST_OPEN(clist, export_that_was_dropped_is_not_sent_back) {
    struct vk_str vref;
    say("o+1", VK_TO_KERNEL_USE, NULL);
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(20)));
    test_wrote_whatever(&test);
    test_corrupt(vk_clist_to_vat(&test.state, v(1), ko(20), VK_TO_VAT_USE, &vref),
                 "kernel sent unreachable export o+1 of v1");
    cr_assert_str_eq(hear(ko(20), VK_TO_VAT_EXISTING), "o+1");
    test_is_kref(say("o+1", VK_TO_KERNEL_EXISTING, NULL), "ko20");
    test_wrote_nothing(&test);
    test_holds(&test, "v1.c.ko20", "_ o+1");
}

TEST_OPEN(clist, existing_allocates_nothing) {
    struct vk_str vref;
    test_given(&test, "ko33.refCount", "0,0");
    test_corrupt(vk_clist_to_vat(&test.state, v(1), ko(33), VK_TO_VAT_EXISTING, &vref),
                 "v1 has no c-list entry for ko33");
    test_wrote_nothing(&test);
}

/* ---- the flag */

TEST_OPEN(clist, set_and_clear_move_the_counts_of_imported_objects_alone) {
    test_given(&test, "ko33.refCount", "2,2", "v1.c.ko33", "R o-50", "v1.c.o-50", "ko33",
               "ko20.refCount", "1,1", "v1.c.ko20", "R o+1", "v1.c.o+1", "ko20", "kp44.refCount",
               "1", "v1.c.kp44", "R p-60", "v1.c.p-60", "kp44");
    test_given(&test, "v1.c.kd30", "R d-70", "v1.c.d-70", "kd30");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(33)));
    test_wrote(&test, "set v1.c.ko33 = _ o-50", "set ko33.refCount = 1,2");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(33)));
    test_wrote(&test, "set v1.c.ko33 = _ o-50");
    test_ok(vk_clist_set_reachable(&test.state, v(1), ko(33)));
    test_wrote(&test, "set v1.c.ko33 = R o-50", "set ko33.refCount = 2,2");
    test_ok(vk_clist_set_reachable(&test.state, v(1), ko(33)));
    test_wrote(&test, "set v1.c.ko33 = R o-50");
    const struct vk_kref others[] = {ko(20), kp(44), kd(30)};
    for (int i = 0; i < 3; i++) {
        test_ok(vk_clist_clear_reachable(&test.state, v(1), others[i]));
        test_ok(vk_clist_set_reachable(&test.state, v(1), others[i]));
    }
    test_wrote(&test, "set v1.c.ko20 = _ o+1", "set v1.c.ko20 = R o+1", "set v1.c.kp44 = _ p-60",
               "set v1.c.kp44 = R p-60", "set v1.c.kd30 = _ d-70", "set v1.c.kd30 = R d-70");
    test_maybe_free(&test, "");
}

TEST_OPEN(clist, clear_puts_an_object_on_the_work_list_at_its_last_reach) {
    test_given(&test, "ko33.refCount", "2,3", "v1.c.ko33", "R o-50", "v2.c.ko33", "R o-50");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(33)));
    test_maybe_free(&test, "");
    test_ok(vk_clist_clear_reachable(&test.state, v(2), ko(33)));
    test_maybe_free(&test, "ko33");
    test_holds(&test, "ko33.refCount", "0,3");
}

TEST_OPEN(clist, clear_tolerates_an_object_that_is_gone) {
    test_given(&test, "v1.c.ko33", "R o-50");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(33)));
    test_wrote(&test, "set v1.c.ko33 = _ o-50");
    test_maybe_free(&test, "");
}

TEST_OPEN(clist, flag_of_no_entry_is_corruption) {
    test_corrupt(vk_clist_set_reachable(&test.state, v(1), ko(33)),
                 "v1 has no c-list entry for ko33");
    test_corrupt(vk_clist_clear_reachable(&test.state, v(1), kp(44)),
                 "v1 has no c-list entry for kp44");
    test_given(&test, "ko33.refCount", "0,1", "v1.c.ko33", "R o-50");
    test_corrupt(vk_clist_clear_reachable(&test.state, v(1), ko(33)), "ko33 underflow");
    test_given(&test, "ko33.refCount", "1,1", "v1.c.ko33", "_ o-50");
    test_corrupt(vk_clist_set_reachable(&test.state, v(1), ko(33)), "refmismatch ko33 2,1");
}

/* ---- deletion */

TEST_OPEN(clist, delete_of_an_import_gives_up_the_flag_first) {
    test_given(&test, "ko33.refCount", "2,2", "v1.c.ko33", "R o-50", "v1.c.o-50", "ko33");
    vk_stats_add(&test.state.stats, VK_STAT_CLIST_ENTRIES, 5);
    test_ok(vk_clist_delete(&test.state, v(1), ko(33), VK_STR("o-50")));
    test_wrote(&test, "set v1.c.ko33 = _ o-50", "set ko33.refCount = 1,2",
               "set ko33.refCount = 1,1", "del v1.c.ko33", "del v1.c.o-50");
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 4);
    test_maybe_free(&test, "");
}

TEST_OPEN(clist, delete_of_the_last_import_puts_the_object_on_the_work_list) {
    test_given(&test, "ko33.refCount", "0,1", "v1.c.ko33", "_ o-50", "v1.c.o-50", "ko33");
    test_ok(vk_clist_delete(&test.state, v(1), ko(33), VK_STR("o-50")));
    test_wrote(&test, "set v1.c.ko33 = _ o-50", "set ko33.refCount = 0,0", "del v1.c.ko33",
               "del v1.c.o-50");
    test_maybe_free(&test, "ko33");
}

TEST_OPEN(clist, delete_of_an_export_leaves_the_object_its_counts) {
    test_given(&test, "ko20.refCount", "1,1", "v1.c.ko20", "R o+1", "v1.c.o+1", "ko20");
    test_ok(vk_clist_delete(&test.state, v(1), ko(20), VK_STR("o+1")));
    test_wrote(&test, "set v1.c.ko20 = _ o+1", "del v1.c.ko20", "del v1.c.o+1");
    test_maybe_free(&test, "");
}

TEST_OPEN(clist, delete_of_a_promise_counts_for_exports_too) {
    test_given(&test, "kp44.refCount", "2", "v1.c.kp44", "R p+5", "v1.c.p+5", "kp44", "v2.c.kp44",
               "R p-60", "v2.c.p-60", "kp44");
    test_ok(vk_clist_delete(&test.state, v(1), kp(44), VK_STR("p+5")));
    test_wrote(&test, "set v1.c.kp44 = _ p+5", "set kp44.refCount = 1", "del v1.c.kp44",
               "del v1.c.p+5");
    test_maybe_free(&test, "");
    test_ok(vk_clist_delete(&test.state, v(2), kp(44), VK_STR("p-60")));
    test_wrote(&test, "set v2.c.kp44 = _ p-60", "set kp44.refCount = 0", "del v2.c.kp44",
               "del v2.c.p-60");
    test_maybe_free(&test, "kp44");
}

TEST_OPEN(clist, delete_of_an_entry_whose_object_is_gone) {
    test_given(&test, "v1.c.ko33", "R o-50", "v1.c.o-50", "ko33", "v1.c.kd30", "R d-70",
               "v1.c.d-70", "kd30");
    test_ok(vk_clist_delete(&test.state, v(1), ko(33), VK_STR("o-50")));
    test_ok(vk_clist_delete(&test.state, v(1), kd(30), VK_STR("d-70")));
    test_wrote(&test, "set v1.c.ko33 = _ o-50", "del v1.c.ko33", "del v1.c.o-50",
               "set v1.c.kd30 = _ d-70", "del v1.c.kd30", "del v1.c.d-70");
    test_maybe_free(&test, "");
}

TEST_OPEN(clist, delete_of_no_entry_is_corruption) {
    test_given(&test, "ko33.refCount", "1,1");
    test_corrupt(vk_clist_delete(&test.state, v(1), ko(33), VK_STR("o-50")),
                 "v1 has no c-list entry for ko33");
    test_corrupt(vk_clist_delete(&test.state, v(1), ko(33), VK_STR("o*50")), "vref 'o*50'");
    test_wrote_nothing(&test);
}

/* Of promises that a vat need not know any more: the translation sets the flag that the deletion clears. */
TEST_OPEN(clist, delete_all_goes_through_the_translation) {
    const struct vk_kref krefs[] = {kp(45), kp(44)};
    test_given(&test, "kp44.refCount", "2", "v1.c.kp44", "R p+5", "v1.c.p+5", "kp44",
               "kp45.refCount", "1", "v1.c.kp45", "R p-60", "v1.c.p-60", "kp45");
    test_ok(vk_clist_delete_all(&test.state, v(1), krefs, 2));
    test_wrote(&test, "set v1.c.kp45 = R p-60", "set v1.c.kp45 = _ p-60", "set kp45.refCount = 0",
               "del v1.c.kp45", "del v1.c.p-60", "set v1.c.kp44 = _ p+5", "set kp44.refCount = 1",
               "del v1.c.kp44", "del v1.c.p+5");
    test_maybe_free(&test, "kp45");
    test_ok(vk_clist_delete_all(&test.state, v(1), krefs, 0));
    test_wrote_nothing(&test);
}

/* ---- the rest */

TEST_OPEN(clist, find_reads_what_is_there) {
    struct vk_clist_entry entry;
    test_given(&test, "v1.c.ko33", "R o-50", "v1.c.ko20", "_ o+d5/1:2");
    test_ok(vk_clist_find(&test.state, v(1), ko(33), &entry));
    cr_assert(entry.exists && entry.reachable && !entry.vref.allocated_by_vat);
    test_is(entry.vref.text, "o-50");
    test_ok(vk_clist_find(&test.state, v(1), ko(20), &entry));
    cr_assert(entry.exists && !entry.reachable && entry.vref.allocated_by_vat);
    test_is(entry.vref.text, "o+d5/1:2");
    test_ok(vk_clist_find(&test.state, v(2), ko(33), &entry));
    cr_assert(!entry.exists && !entry.reachable);
    test_ok(vk_clist_require(&test.state, v(1), ko(33), &entry));
    test_corrupt(vk_clist_require(&test.state, v(2), ko(33), &entry),
                 "v2 has no c-list entry for ko33");
}

TEST_OPEN(clist, entries_that_no_kernel_wrote_are_corruption) {
    static const char *const values[] = {"",      "R",      "R ", "o-50",   "x o-50",
                                         "Ro-50", "R o*50", "_",  "r o-50", "RR o-50"};
    struct vk_clist_entry entry;
    struct vk_kref kref;
    struct vk_fault fault = {0};
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        test_given(&test, "v1.c.ko33", values[i]);
        test_corrupt(vk_clist_find(&test.state, v(1), ko(33), &entry), "v1.c.ko33: '");
        cr_assert(strstr(vk_err_origin()->text, values[i]));
    }
    test_given(&test, "v1.c.o+1", "ko020");
    test_corrupt(vk_clist_to_kernel(&test.state, v(1), VK_STR("o+1"), VK_TO_KERNEL_USE, &fault,
                                    &kref),
                 "'ko020'");
    test_given(&test, "v1.c.o-50", "ko34");
    test_corrupt(vk_clist_to_kernel(&test.state, v(1), VK_STR("o-50"), VK_TO_KERNEL_USE, &fault,
                                    &kref),
                 "v1 has no c-list entry for ko34");
    cr_assert(!fault.raised, "the vat is not to blame");
}

TEST_OPEN(clist, a_vat_without_id_spaces_imports_nothing) {
    struct vk_str vref;
    test_given(&test, "ko33.refCount", "0,0", "v2.o.nextID", "x");
    test_corrupt(vk_clist_to_vat(&test.state, v(9), ko(33), VK_TO_VAT_USE, &vref), "v9.o.nextID");
    test_corrupt(vk_clist_to_vat(&test.state, v(2), ko(33), VK_TO_VAT_USE, &vref), "v2.o.nextID");
}

/* SwingSet's clist.test.js, in its order. */
TEST_OPEN(clist, reachability_of_imports_and_exports) {
    test_given(&test, "ko1.refCount", "0,0", "ko2.refCount", "0,0", "ko3.refCount", "0,0");
    cr_assert_str_eq(hear(ko(1), VK_TO_VAT_USE), "o-50");
    cr_assert_str_eq(hear(ko(2), VK_TO_VAT_USE), "o-51");
    cr_assert_str_eq(hear(ko(1), VK_TO_VAT_USE), "o-50");
    test_is_kref(say("o+1", VK_TO_KERNEL_USE, NULL), "ko20");
    test_is_kref(say("o+2", VK_TO_KERNEL_USE, NULL), "ko21");
    test_is_kref(say("o+1", VK_TO_KERNEL_USE, NULL), "ko20");
    test_holds(&test, "v1.c.o+1", "ko20");
    test_holds(&test, "v1.c.ko1", "R o-50");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(1)));
    say("o-50", VK_TO_KERNEL_USE, "vat tried to access unreachable import");
    test_ok(vk_clist_set_reachable(&test.state, v(1), ko(1)));
    test_ok(vk_clist_set_reachable(&test.state, v(1), ko(1)));
    test_holds(&test, "v1.c.ko1", "R o-50");
    test_holds(&test, "ko1.refCount", "1,1");
    cr_assert_str_eq(hear(ko(3), VK_TO_VAT_USE), "o-52");
    test_ok(vk_clist_clear_reachable(&test.state, v(1), ko(3)));
    test_is_kref(say("o-52", VK_TO_KERNEL_EXISTING, NULL), "ko3");
    cr_assert_str_eq(hear(ko(3), VK_TO_VAT_EXISTING), "o-52");
    test_holds(&test, "v1.c.ko3", "_ o-52");
}

TEST_OPEN(clist, slog_tells_of_every_entry_that_comes_or_goes) {
    test.store.trace.port.wants_slog = true;
    test_given(&test, "ko33.refCount", "0,0", "crankNumber", "12");
    say("o+1", VK_TO_KERNEL_USE, NULL);
    test_wrote(
        &test, "set ko.nextID = 21", "set ko20.owner = v1", "set ko20.refCount = 0,0",
        "set v1.c.ko20 = _ o+1", "set v1.c.o+1 = ko20",
        "slog clist = {\"type\":\"clist\",\"crankNum\":12,\"mode\":\"export\",\"vatID\":\"v1\","
        "\"kobj\":\"ko20\",\"vobj\":\"o+1\"}",
        "set v1.c.ko20 = R o+1");
    hear(ko(33), VK_TO_VAT_USE);
    test_wrote(
        &test, "set v1.o.nextID = 51", "set ko33.refCount = 0,1", "set v1.c.o-50 = ko33",
        "set v1.c.ko33 = _ o-50",
        "slog clist = {\"type\":\"clist\",\"crankNum\":12,\"mode\":\"import\",\"vatID\":\"v1\","
        "\"kobj\":\"ko33\",\"vobj\":\"o-50\"}",
        "set v1.c.ko33 = R o-50", "set ko33.refCount = 1,1");
    test_ok(vk_clist_delete(&test.state, v(1), ko(20), VK_STR("o+1")));
    test_wrote(
        &test,
        "slog clist = {\"type\":\"clist\",\"crankNum\":12,\"mode\":\"drop\",\"vatID\":\"v1\","
        "\"kobj\":\"ko20\",\"vobj\":\"o+1\"}",
        "set v1.c.ko20 = _ o+1", "del v1.c.ko20", "del v1.c.o+1");
}

static enum vk_err come_and_go(struct vk_state *state) {
    struct vk_fault fault = {0};
    struct vk_kref object, promise;
    struct vk_str vref;
    VK_TRY(vk_clist_to_kernel(state, v(1), VK_STR("o+1"), VK_TO_KERNEL_USE, &fault, &object));
    VK_TRY(vk_clist_to_kernel(state, v(1), VK_STR("p+1"), VK_TO_KERNEL_USE, &fault, &promise));
    VK_TRY(vk_clist_to_vat(state, v(2), object, VK_TO_VAT_USE, &vref));
    VK_TRY(vk_clist_delete(state, v(2), object, vref));
    return vk_clist_delete_all(state, v(1), &promise, 1);
}

TEST_OPEN(clist, host_failures_are_handed_on) { test_sweep_state(&test, come_and_go, 32); }
