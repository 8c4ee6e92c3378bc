/* gc_actions_test.c - the durable set of GC actions, and the reap queue: their texts and their order. What becomes of
 * an action is decided above (kernel/core/gc.c). After kernelKeeper.js's addGCActions, scheduleReap and
 * nextReapAction.
 */
#include <criterion/criterion.h>

#include "../kernel/object/gc_actions.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

TEST_OPEN(gc_actions, names_stand_in_order_of_priority) {
    cr_assert_str_eq(vk_gc_action_name(VK_GC_DROP_EXPORT), "dropExport");
    cr_assert_str_eq(vk_gc_action_name(VK_GC_RETIRE_EXPORT), "retireExport");
    cr_assert_str_eq(vk_gc_action_name(VK_GC_RETIRE_IMPORT), "retireImport");
    cr_assert((int)VK_GC_DROP_EXPORT == 0 && (int)VK_GC_RETIRE_EXPORT == 1 &&
              (int)VK_GC_RETIRE_IMPORT == 2);
}

TEST_OPEN(gc_actions, parse_reads_vat_type_and_object) {
    struct vk_gc_action action;
    test_ok(vk_gc_action_parse(VK_STR("v1 dropExport ko20"), &action));
    cr_assert(action.vat.n == 1 && action.type == VK_GC_DROP_EXPORT);
    test_is_kref(action.kref, "ko20");
    test_ok(vk_gc_action_parse(VK_STR("v12 retireExport ko0"), &action));
    cr_assert(action.vat.n == 12 && action.type == VK_GC_RETIRE_EXPORT);
    test_is_kref(action.kref, "ko0");
    test_ok(vk_gc_action_parse(VK_STR("v0 retireImport ko7"), &action));
    cr_assert(action.type == VK_GC_RETIRE_IMPORT);
}

TEST_OPEN(gc_actions, parse_refuses_what_no_kernel_wrote) {
    static const char *const texts[] = {
        "",
        "v1",
        "v1 ",
        "v1 dropExport",
        "v1 dropExport ",
        "v1 dropExports ko20",
        "v1 dropExport kp40",
        "v1 dropExport kd30",
        "v1 dropExport o+1",
        "d1 dropExport ko20",
        "v01 dropExport ko20",
        "v1 dropExport ko020",
        "v1  dropExport ko20",
        "v1 dropExport  ko20",
        "v1 dropExport ko20 ",
        " v1 dropExport ko20",
        "v1 dropexport ko20",
        "v1,dropExport,ko20",
        "v1 dropExport ko20,1",
        "dropExport v1 ko20",
        "v1 retire ko20",
        " ",
        "  ",
    };
    struct vk_gc_action action;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test_corrupt(vk_gc_action_parse(vk_str(texts[i]), &action), "bad GC action '");
        cr_assert(strstr(vk_err_origin()->text, texts[i]));
    }
    test_corrupt(vk_gc_action_parse(VK_STR_NONE, &action), "bad GC action ''");
}

TEST_OPEN(gc_actions, save_sorts_and_writes_each_once) {
    struct vk_string_list actions;
    vk_string_list_init(&actions, &test.arena);
    test_ok(vk_gc_action_note(&test.state, &actions, v(9), VK_GC_RETIRE_IMPORT, ko(20)));
    test_ok(vk_gc_action_note(&test.state, &actions, v(10), VK_GC_RETIRE_EXPORT, ko(3)));
    test_ok(vk_gc_action_note(&test.state, &actions, v(10), VK_GC_DROP_EXPORT, ko(9)));
    test_ok(vk_gc_action_note(&test.state, &actions, v(10), VK_GC_DROP_EXPORT, ko(10)));
    test_ok(vk_gc_action_note(&test.state, &actions, v(9), VK_GC_RETIRE_IMPORT, ko(20)));
    test_wrote_nothing(&test);
    test_ok(vk_gc_actions_save(&test.state, &actions));
    test_wrote(&test, "set gcActions = [\"v10 dropExport ko10\",\"v10 dropExport ko9\","
                      "\"v10 retireExport ko3\",\"v9 retireImport ko20\"]");
    test_ok(vk_gc_actions_load(&test.state, &actions));
    cr_assert(actions.count == 4);
    test_is(actions.items[1], "v10 dropExport ko9");
}

TEST_OPEN(gc_actions, add_merges_with_what_is_there) {
    struct vk_string_list actions;
    test_given(&test, "gcActions", "[\"v1 dropExport ko20\",\"v2 retireImport ko20\"]");
    vk_string_list_init(&actions, &test.arena);
    test_ok(vk_gc_action_note(&test.state, &actions, v(2), VK_GC_RETIRE_IMPORT, ko(20)));
    test_ok(vk_gc_action_note(&test.state, &actions, v(1), VK_GC_RETIRE_EXPORT, ko(20)));
    test_ok(vk_gc_actions_add(&test.state, &actions));
    test_wrote(&test, "set gcActions = [\"v1 dropExport ko20\",\"v1 retireExport ko20\","
                      "\"v2 retireImport ko20\"]");
    cr_assert(actions.count == 2, "the additions are the caller's");
}

TEST_OPEN(gc_actions, add_of_nothing_writes_the_set_all_the_same) {
    struct vk_string_list actions;
    vk_string_list_init(&actions, &test.arena);
    test_ok(vk_gc_actions_add(&test.state, &actions));
    test_wrote(&test, "set gcActions = []");
    test_given(&test, "gcActions", "[\"v2 dropExport ko2\",\"v1 dropExport ko1\"]");
    test_ok(vk_gc_actions_add(&test.state, &actions));
    test_wrote(&test, "set gcActions = [\"v1 dropExport ko1\",\"v2 dropExport ko2\"]");
}

TEST_OPEN(gc_actions, set_that_is_no_list_of_strings_is_corruption) {
    struct vk_string_list actions;
    vk_string_list_init(&actions, &test.arena);
    test_given(&test, "gcActions", "{}");
    test_corrupt(vk_gc_actions_load(&test.state, &actions), "key gcActions: expected an array");
    test_given(&test, "gcActions", "[20]");
    vk_string_list_init(&actions, &test.arena);
    test_corrupt(vk_gc_actions_add(&test.state, &actions), "key gcActions: expected strings");
    test_wrote_nothing(&test);
}

/* ---- the reap queue */

TEST_OPEN(reap_queue, vat_waits_once_and_in_order_of_coming) {
    struct vk_vat_id vat;
    bool found;
    test_ok(vk_reap_schedule(&test.state, v(9)));
    test_wrote(&test, "set reapQueue = [\"v9\"]");
    test_ok(vk_reap_schedule(&test.state, v(10)));
    test_wrote(&test, "set reapQueue = [\"v9\",\"v10\"]");
    test_ok(vk_reap_schedule(&test.state, v(9)));
    test_wrote_nothing(&test);
    test_ok(vk_reap_next(&test.state, &found, &vat));
    cr_assert(found && vat.n == 9);
    test_wrote(&test, "set reapQueue = [\"v10\"]");
    test_ok(vk_reap_schedule(&test.state, v(9)));
    test_wrote(&test, "set reapQueue = [\"v10\",\"v9\"]");
    test_ok(vk_reap_next(&test.state, &found, &vat));
    cr_assert(found && vat.n == 10);
    test_ok(vk_reap_next(&test.state, &found, &vat));
    cr_assert(found && vat.n == 9);
    test_wrote(&test, "set reapQueue = [\"v9\"]", "set reapQueue = []");
}

TEST_OPEN(reap_queue, empty_queue_writes_nothing) {
    struct vk_vat_id vat;
    bool found = true;
    test_ok(vk_reap_next(&test.state, &found, &vat));
    cr_assert(!found);
    test_wrote_nothing(&test);
}

TEST_OPEN(reap_queue, what_no_kernel_wrote_is_corruption) {
    struct vk_vat_id vat;
    bool found;
    test_given(&test, "reapQueue", "[\"x1\"]");
    test_corrupt(vk_reap_next(&test.state, &found, &vat), "reapQueue: 'x1'");
    test_given(&test, "reapQueue", "[1]");
    test_corrupt(vk_reap_next(&test.state, &found, &vat), "key reapQueue: expected strings");
    test_corrupt(vk_reap_schedule(&test.state, v(1)), "key reapQueue: expected strings");
    test_wrote_nothing(&test);
}

static enum vk_err note_and_reap(struct vk_state *state) {
    struct vk_string_list actions;
    struct vk_vat_id vat;
    bool found;
    vk_string_list_init(&actions, state->arena);
    VK_TRY(vk_gc_action_note(state, &actions, v(1), VK_GC_DROP_EXPORT, ko(20)));
    VK_TRY(vk_gc_actions_add(state, &actions));
    VK_TRY(vk_reap_schedule(state, v(2)));
    return vk_reap_next(state, &found, &vat);
}

TEST_OPEN(gc_actions, host_failures_are_handed_on) {
    test_given(&test, "gcActions", "[\"v1 retireExport ko19\"]", "reapQueue", "[\"v1\"]");
    test_sweep_state(&test, note_and_reap, 3);
}
