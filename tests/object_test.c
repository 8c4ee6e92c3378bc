/* object_test.c - kernel objects: how they come to be, how they lose their owner, how they are retired, and pins.
 * After SwingSet's clist.test.js (getImporters), gc-kernel-orphan.test.js and abandon-export.test.js.
 */
#include <criterion/criterion.h>

#include "../kernel/object/object.h"
#include "../kernel/object/vat.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

TEST_OPEN(object, add_writes_owner_and_count) {
    struct vk_kref kref;
    bool exists = true;
    test_ok(vk_object_exists(&test.state, ko(20), &exists));
    cr_assert(!exists);
    test_ok(vk_object_add(&test.state, v(3), &kref));
    test_is_kref(kref, "ko20");
    test_wrote(&test, "set ko.nextID = 21", "set ko20.owner = v3", "set ko20.refCount = 0,0");
    test_ok(vk_object_exists(&test.state, ko(20), &exists));
    cr_assert(exists);
    test_ok(vk_object_add(&test.state, v(11), &kref));
    test_is_kref(kref, "ko21");
    test_holds(&test, "ko21.owner", "v11");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_OBJECTS) == 2);
}

TEST_OPEN(object, counter_that_is_no_number_is_corruption) {
    struct vk_kref kref;
    test_given(&test, "ko.nextID", "x20");
    test_corrupt(vk_object_add(&test.state, v(1), &kref), "key ko.nextID: expected a number");
    test_given(&test, "ko.nextID", "18446744073709551616");
    test_corrupt(vk_object_add(&test.state, v(1), &kref), "key ko.nextID: expected a number");
    test_wrote_nothing(&test);
}

TEST_OPEN(object, terminated_vats_own_nothing_for_delivery) {
    struct vk_vat_id owner;
    bool owned;
    test_given(&test, "ko20.owner", "v3", "ko20.refCount", "1,1", "ko21.refCount", "1,1",
               "ko22.owner", "");
    test_ok(vk_object_live_owner(&test.state, ko(20), &owned, &owner));
    cr_assert(owned && owner.n == 3);
    test_ok(vk_object_live_owner(&test.state, ko(21), &owned, &owner));
    cr_assert(!owned, "an orphan");
    test_ok(vk_object_recorded_owner(&test.state, ko(22), &owned, &owner));
    cr_assert(!owned, "an empty owner is none");
    test_ok(vk_vat_mark_terminated(&test.state, v(3)));
    test_ok(vk_object_live_owner(&test.state, ko(20), &owned, &owner));
    cr_assert(!owned);
    test_ok(vk_object_recorded_owner(&test.state, ko(20), &owned, &owner));
    cr_assert(owned && owner.n == 3, "but the record stays");
    test_given(&test, "ko20.owner", "d3");
    test_corrupt(vk_object_live_owner(&test.state, ko(20), &owned, &owner), "ko20.owner: 'd3'");
}

TEST_OPEN(object, orphan_loses_owner_and_entry_and_keeps_its_counts) {
    test_given(&test, "ko20.owner", "v3", "ko20.refCount", "1,2", "v3.c.ko20", "R o+d5/1",
               "v3.c.o+d5/1", "ko20");
    vk_stats_add(&test.state.stats, VK_STAT_CLIST_ENTRIES, 1);
    test_ok(vk_object_orphan(&test.state, ko(20), v(3)));
    test_wrote(&test, "del ko20.owner", "del v3.c.ko20", "del v3.c.o+d5/1");
    test_maybe_free(&test, "ko20");
    test_holds(&test, "ko20.refCount", "1,2");
    cr_assert(test_stat(&test, VK_STAT_CLIST_ENTRIES) == 1, "SwingSet does not count these");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_OBJECTS) == 0);
}

TEST_OPEN(object, orphan_only_from_its_owner) {
    test_given(&test, "ko20.owner", "v3", "v3.c.ko20", "R o+1", "v4.c.ko20", "R o-50", "v4.c.o-50",
               "ko20");
    test_corrupt(vk_object_orphan(&test.state, ko(20), v(4)), "ko20 not owned by old vat v4");
    test_corrupt(vk_object_orphan(&test.state, ko(21), v(4)), "ko21 not owned by old vat v4");
    test_wrote_nothing(&test);
    test_maybe_free(&test, "");
    test_given(&test, "ko22.owner", "v3");
    test_corrupt(vk_object_orphan(&test.state, ko(22), v(3)), "v3 has no c-list entry for ko22");
}

TEST_OPEN(object, delete_erases_owner_and_count) {
    test_given(&test, "ko20.owner", "v3", "ko20.refCount", "0,0");
    vk_stats_add(&test.state.stats, VK_STAT_KERNEL_OBJECTS, 2);
    test_ok(vk_object_delete(&test.state, ko(20)));
    test_wrote(&test, "del ko20.owner", "del ko20.refCount");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_OBJECTS) == 1);
}

/* ---- retirement */

/* Static vats alice (v1), bob (v12) and zoe (v5); dynamic ones v10, v9 and v100, in the order of their age. */
static void given_vats(void) {
    test_given(&test, "vat.dynamicIDs", "[\"v10\",\"v9\",\"v100\"]", "vat.name.zoe", "v5",
               "vat.name.alice", "v1", "vat.name.bob", "v12");
}

TEST_OPEN(object, retire_tells_importers_sorted_by_their_ids_texts) {
    const struct vk_kref krefs[] = {ko(20)};
    given_vats();
    test_given(&test, "ko20.owner", "v4", "ko20.refCount", "2,6", "v1.c.ko20", "R o-50",
               "v5.c.ko20", "_ o-51", "v12.c.ko20", "_ o-52", "v9.c.ko20", "R o-53", "v10.c.ko20",
               "_ o-54", "v100.c.ko20", "_ o-55");
    test_ok(vk_objects_retire(&test.state, krefs, 1));
    test_wrote(&test, "del ko20.owner", "del ko20.refCount",
               "set gcActions = [\"v1 retireImport ko20\",\"v10 retireImport ko20\","
               "\"v100 retireImport ko20\",\"v12 retireImport ko20\",\"v5 retireImport ko20\","
               "\"v9 retireImport ko20\"]");
}

TEST_OPEN(object, retire_tells_no_exporter_and_nobody_who_does_not_know) {
    const struct vk_kref krefs[] = {ko(20)};
    given_vats();
    test_given(&test, "ko20.refCount", "0,3", "v1.c.ko20", "R o+7", "v9.c.ko20", "_ o-53",
               "v12.c.ko21", "R o-50");
    test_ok(vk_objects_retire(&test.state, krefs, 1));
    test_wrote(&test, "del ko20.owner", "del ko20.refCount",
               "set gcActions = [\"v9 retireImport ko20\"]");
}

TEST_OPEN(object, retire_looks_at_terminated_vats_no_more) {
    const struct vk_kref krefs[] = {ko(20)};
    given_vats();
    test_given(&test, "ko20.refCount", "0,2", "v77.c.ko20", "R o-50", "v5.c.ko20", "_ o-51");
    test_ok(vk_objects_retire(&test.state, krefs, 1));
    test_holds(&test, "gcActions", "[\"v5 retireImport ko20\"]");
}

TEST_OPEN(object, retire_of_several_writes_the_actions_once) {
    const struct vk_kref krefs[] = {ko(9), ko(20), ko(10)};
    given_vats();
    test_given(&test, "gcActions", "[\"v2 dropExport ko3\",\"v9 retireImport ko9\"]",
               "ko9.refCount", "0,1", "v9.c.ko9", "_ o-50", "ko10.refCount", "0,2", "v9.c.ko10",
               "_ o-51", "v5.c.ko10", "_ o-51", "ko20.owner", "v3", "ko20.refCount", "0,0");
    vk_stats_add(&test.state.stats, VK_STAT_KERNEL_OBJECTS, 3);
    test_ok(vk_objects_retire(&test.state, krefs, 3));
    test_wrote(&test, "del ko9.owner", "del ko9.refCount", "del ko20.owner", "del ko20.refCount",
               "del ko10.owner", "del ko10.refCount",
               "set gcActions = [\"v2 dropExport ko3\",\"v5 retireImport ko10\","
               "\"v9 retireImport ko10\",\"v9 retireImport ko9\"]");
    cr_assert(test_stat(&test, VK_STAT_KERNEL_OBJECTS) == 0);
}

TEST_OPEN(object, retire_of_none_writes_the_actions_all_the_same) {
    test_ok(vk_objects_retire(&test.state, NULL, 0));
    test_wrote(&test, "set gcActions = []");
}

TEST_OPEN(object, retire_reads_no_vat_that_is_no_vat) {
    const struct vk_kref krefs[] = {ko(20)};
    test_given(&test, "ko20.refCount", "0,1", "vat.dynamicIDs", "[\"v1\",\"x2\"]");
    test_corrupt(vk_objects_retire(&test.state, krefs, 1), "vat id 'x2'");
    test_given(&test, "vat.dynamicIDs", "[]", "vat.name.bob", "");
    test_corrupt(vk_objects_retire(&test.state, krefs, 1), "vat id ''");
    test_given(&test, "vat.name.bob", "v1", "v1.c.ko20", "X o-50");
    test_corrupt(vk_objects_retire(&test.state, krefs, 1), "v1.c.ko20");
    test_given(&test, "ko20.refCount", "2,1");
    test_corrupt(vk_objects_retire(&test.state, krefs, 1), "ko20.refCount");
    test_wrote_nothing(&test);
}

/* ---- pins */

TEST_OPEN(object, pin_takes_a_reference_once) {
    test_given(&test, "ko20.refCount", "0,0");
    test_ok(vk_pin(&test.state, ko(20)));
    test_wrote(&test, "set ko20.refCount = 1,1", "set pinnedObjects = ko20");
    test_ok(vk_pin(&test.state, ko(20)));
    test_wrote_nothing(&test);
}

TEST_OPEN(object, pins_are_sorted_as_texts) {
    static const uint64_t ids[] = {20, 9, 100, 10, 20};
    for (int i = 0; i < 5; i++)
        test_ok(vk_pin(&test.state, ko(ids[i])));
    test_holds(&test, "pinnedObjects", "ko10,ko100,ko20,ko9");
    test_holds(&test, "ko20.refCount", "1,1");
    test_wrote_whatever(&test);
    test_given(&test, "pinnedObjects", "ko9,ko20,ko9");
    test_ok(vk_pin(&test.state, ko(7)));
    test_wrote(&test, "set ko7.refCount = 1,1", "set pinnedObjects = ko20,ko7,ko9");
    test_given(&test, "pinnedObjects", "", "ko7.refCount", "0,0");
    test_ok(vk_pin(&test.state, ko(7)));
    test_wrote(&test, "set ko7.refCount = 1,1", "set pinnedObjects = ko7");
}

static enum vk_err end_of_two(struct vk_state *state) {
    const struct vk_kref krefs[] = {ko(20), ko(21)};
    struct vk_kref kref;
    VK_TRY(vk_object_add(state, v(4), &kref));
    VK_TRY(vk_pin(state, kref));
    VK_TRY(vk_object_orphan(state, ko(20), v(4)));
    return vk_objects_retire(state, krefs, 2);
}

TEST_OPEN(object, host_failures_are_handed_on) {
    given_vats();
    test_given(&test, "ko.nextID", "22", "ko20.owner", "v4", "ko20.refCount", "0,2", "v4.c.ko20",
               "_ o+1", "v4.c.o+1", "ko20", "v9.c.ko20", "_ o-50", "v1.c.ko20", "_ o-50",
               "ko21.refCount", "0,0");
    test_sweep_state(&test, end_of_two, 3 + 2 + 3 + 5);
}
