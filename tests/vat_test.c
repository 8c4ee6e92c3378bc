/* vat_test.c - vats: their keys, options, parameters and dirt, and the lists that they stand on. After SwingSet's
 * state.test.js ("vatKeeper ...", "kernelKeeper vat names", "vatKeeper dirt counters").
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../kernel/object/vat.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

/* ---- keys */

TEST_OPEN(vat, id_is_taken_and_the_vat_counted) {
    struct vk_vat_id vat;
    test_ok(vk_vat_allocate_id(&test.state, &vat));
    cr_assert(vat.n == 1);
    test_ok(vk_vat_allocate_id(&test.state, &vat));
    cr_assert(vat.n == 2);
    test_wrote(&test, "set vat.nextID = 2", "set vat.nextID = 3");
    cr_assert(test_stat(&test, VK_STAT_VATS) == 2);
    test_given(&test, "vat.nextID", "v3");
    test_corrupt(vk_vat_allocate_id(&test.state, &vat), "key vat.nextID: expected a number");
    cr_assert(test_stat(&test, VK_STAT_VATS) == 2);
}

TEST_OPEN(vat, create_writes_its_keys_in_order) {
    test_ok(vk_vat_create(&test.state, v(3), VK_STR("{\"bundleID\":\"b\"}"),
                          VK_STR("{\"workerOptions\":{}}")));
    test_wrote(&test, "set v3.o.nextID = 50", "set v3.p.nextID = 60", "set v3.d.nextID = 70",
               "set v3.reapDirt = {}", "set v3.source = {\"bundleID\":\"b\"}",
               "set v3.options = {\"workerOptions\":{}}", "tinit v3");
    struct vk_span span;
    test_ok(vk_transcript_current(test.store.store, VK_STR("v3"), &span));
    cr_assert(span.start == 0 && span.end == 0 && span.incarnation == 0);
    cr_assert(test_stat(&test, VK_STAT_VATS) == 0, "counted when its id was taken");
}

TEST_OPEN(vat, alive_from_its_first_key_to_its_termination) {
    bool alive = true;
    test_ok(vk_vat_is_alive(&test.state, v(1), &alive));
    cr_assert(!alive);
    test_given_vat(&test, 1);
    test_given_vat(&test, 11);
    test_ok(vk_vat_is_alive(&test.state, v(1), &alive));
    cr_assert(alive);
    test_ok(vk_vat_mark_terminated(&test.state, v(1)));
    test_ok(vk_vat_is_alive(&test.state, v(1), &alive));
    cr_assert(!alive);
    test_ok(vk_vat_is_alive(&test.state, v(11), &alive));
    cr_assert(alive);
    test_ok(vk_vat_forget_terminated(&test.state, v(1)));
    test_ok(vk_vat_is_alive(&test.state, v(1), &alive));
    cr_assert(alive, "until its keys are gone");
}

TEST_OPEN(vat, source_and_options_are_written_together) {
    const struct vk_json *source;
    test_ok(vk_vat_set_source_and_options(&test.state, v(3), VK_STR("{\"bundleID\":\"b2\"}"),
                                          VK_STR("{}")));
    test_wrote(&test, "set v3.source = {\"bundleID\":\"b2\"}", "set v3.options = {}");
    test_ok(vk_vat_source_get(&test.state, v(3), &source));
    test_is(vk_json_string(vk_json_get(source, "bundleID")), "b2");
    test_given(&test, "v5.source", "b2");
    test_corrupt(vk_vat_source_get(&test.state, v(5), &source), "v5.source: not JSON");
    test_corrupt(vk_vat_source_get(&test.state, v(4), &source), "v4.source");
}

/* ---- options */

static struct vk_vat_options options_of(const char *json) {
    struct vk_vat_options options;
    test_given(&test, "v3.options", json);
    test_ok(vk_vat_options_get(&test.state, v(3), &options));
    test_is(options.json, json);
    return options;
}

TEST_OPEN(vat_options, what_is_recorded_is_read) {
    struct vk_vat_options options = options_of(
        "{\"workerOptions\":{\"type\":\"xsnap\",\"bundleIDs\":[\"b1\",\"b2\"]},\"name\":\"fred\",\"enableSetup\":false,"
        "\"enablePipelining\":true,\"useTranscript\":false,\"reapDirtThreshold\":{},\"critical\":true,"
        "\"meterID\":\"m7\"}");
    test_is(options.name, "fred");
    test_is(options.meter_id, "m7");
    test_is(options.worker_options, "{\"type\":\"xsnap\",\"bundleIDs\":[\"b1\",\"b2\"]}");
    cr_assert(options.enable_pipelining && !options.use_transcript && options.critical);
    cr_assert(options.is_xsnap && options.can_snapshot);
}

TEST_OPEN(vat_options, what_is_missing_has_swingsets_default) {
    struct vk_vat_options options = options_of("{\"workerOptions\":{\"type\":\"local\"}}");
    test_is(options.name, NULL);
    test_is(options.meter_id, NULL);
    cr_assert(!options.enable_pipelining && options.use_transcript && !options.critical);
    cr_assert(!options.is_xsnap && !options.can_snapshot);
}

TEST_OPEN(vat_options, setup_vats_take_no_snapshots) {
    struct vk_vat_options options =
        options_of("{\"workerOptions\":{\"type\":\"xsnap\"},\"enableSetup\":true}");
    cr_assert(options.is_xsnap && !options.can_snapshot);
}

TEST_OPEN(vat_options, what_no_kernel_recorded_is_corruption) {
    static const char *const texts[] = {"{}",
                                        "[]",
                                        "7",
                                        "{\"workerOptions\":{}}",
                                        "{\"workerOptions\":{\"type\":1}}",
                                        "{\"workerOptions\":\"local\"}"};
    struct vk_vat_options options;
    test_corrupt(vk_vat_options_get(&test.state, v(3), &options), "v3.options");
    test_given(&test, "v3.options", "{\"workerOptions\"");
    test_corrupt(vk_vat_options_get(&test.state, v(3), &options), "key v3.options: not JSON");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test_given(&test, "v3.options", texts[i]);
        test_corrupt(vk_vat_options_get(&test.state, v(3), &options),
                     "v3.options: no workerOptions.type");
    }
}

static struct vk_str replace(const char *options, const char *member, const char *value) {
    struct vk_str out;
    test_ok(vk_vat_options_replace(&test.state, vk_str(options), member, vk_str(value), &out));
    return out;
}

/* As {...options, member: value} does. */
TEST_OPEN(vat_options, replaced_member_keeps_its_place_and_a_new_one_goes_last) {
    test_is(replace("{\"a\":1,\"b\":{\"a\":2},\"c\":[3]}", "b", "\"never\""),
            "{\"a\":1,\"b\":\"never\",\"c\":[3]}");
    test_is(replace("{\"a\":1}", "a", "{}"), "{\"a\":{}}");
    test_is(replace("{\"a\":1,\"b\":2}", "c", "3"), "{\"a\":1,\"b\":2,\"c\":3}");
    test_is(replace("{}", "c", "3"), "{\"c\":3}");
    test_is(replace("{\"b\":{\"a\":2}}", "a", "1"), "{\"b\":{\"a\":2},\"a\":1}");
    test_is(replace("{ \"q\\\"\" : \"\\u00e9\\n\", \"t\" : null }", "t", "true"),
            "{\"q\\\"\":\"\xc3\xa9\\n\",\"t\":true}");
    test_wrote_nothing(&test);
}

/* ---- parameters */

/* SwingSet's state.test.js ("vatKeeper.setVatParameters"). */
TEST_OPEN(vat, parameters_hold_their_slots_until_replaced) {
    const struct vk_str one[] = {VK_STR("ko1")}, two[] = {VK_STR("ko1"), VK_STR("ko2")},
                        last[] = {VK_STR("ko2")};
    struct vk_capdata parameters = {VK_STR("#{\"bar\":\"$0\"}"), one, 1};
    test_given(&test, "ko1.refCount", "0,0", "ko2.refCount", "0,0");
    test_ok(vk_vat_set_parameters(&test.state, v(1), &parameters));
    test_wrote(
        &test, "set ko1.refCount = 1,1",
        "set v1.vatParameters = {\"body\":\"#{\\\"bar\\\":\\\"$0\\\"}\",\"slots\":[\"ko1\"]}");
    parameters = (struct vk_capdata){VK_STR("#2"), two, 2};
    test_ok(vk_vat_set_parameters(&test.state, v(1), &parameters));
    test_wrote(&test, "set ko1.refCount = 2,2", "set ko2.refCount = 1,1", "set ko1.refCount = 1,1",
               "set v1.vatParameters = {\"body\":\"#2\",\"slots\":[\"ko1\",\"ko2\"]}");
    test_maybe_free(&test, "");
    parameters = (struct vk_capdata){VK_STR("#3"), last, 1};
    test_ok(vk_vat_set_parameters(&test.state, v(1), &parameters));
    test_wrote(&test, "set ko2.refCount = 2,2", "set ko1.refCount = 0,0", "set ko2.refCount = 1,1",
               "set v1.vatParameters = {\"body\":\"#3\",\"slots\":[\"ko2\"]}");
    test_maybe_free(&test, "ko1");
    parameters = (struct vk_capdata){VK_STR("#{}"), NULL, 0};
    test_ok(vk_vat_set_parameters(&test.state, v(1), &parameters));
    test_wrote(&test, "set ko2.refCount = 0,0",
               "set v1.vatParameters = {\"body\":\"#{}\",\"slots\":[]}");
    test_maybe_free(&test, "ko1 ko2");
}

TEST_OPEN(vat, parameters_that_no_kernel_wrote_are_corruption) {
    static const char *const texts[] = {"[]", "{\"body\":1,\"slots\":[]}",
                                        "{\"body\":\"#1\",\"slots\":[1]}", "{\"slots\":[]}"};
    const struct vk_str slots[] = {VK_STR("o+1")};
    struct vk_capdata parameters = {VK_STR("#{}"), NULL, 0}, wrong = {VK_STR("#1"), slots, 1};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test_given(&test, "v1.vatParameters", texts[i]);
        test_corrupt(vk_vat_set_parameters(&test.state, v(1), &parameters),
                     "v1.vatParameters: not capdata");
    }
    test_given(&test, "v1.vatParameters", "{");
    test_corrupt(vk_vat_set_parameters(&test.state, v(1), &parameters),
                 "key v1.vatParameters: not JSON");
    test_given(&test, "v1.vatParameters", "{\"body\":\"#1\",\"slots\":[\"v1\"]}");
    test_corrupt(vk_vat_set_parameters(&test.state, v(1), &parameters), "invalid kernelSlot 'v1'");
    test_corrupt(vk_vat_set_parameters(&test.state, v(1), &wrong), "invalid kernelSlot 'o+1'");
    test_wrote_nothing(&test);
}

/* ---- dirt */

enum { NO_COMPUTRONS = -1 };

static const struct {
    const char *by_default; /* kernel.defaultReapDirtThreshold */
    const char *options;    /* v3.options */
    const char *before;     /* v3.reapDirt */
    int deliveries, computrons, gc_krefs;
    const char *after; /* NULL: not even written */
    bool reap;
} dirt_cases[] = {
    /* counters below their thresholds, with SwingSet's defaults */
    {"{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":\"never\"}", "{}", "{}", 1, 55, 0,
     "{\"deliveries\":1}", false},
    {"{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":\"never\"}", "{}", "{\"deliveries\":8}", 1,
     55, 4, "{\"deliveries\":9,\"gcKrefs\":4}", false},

    /* each counter reaches its threshold */
    {"{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":\"never\"}", "{}", "{\"deliveries\":9}", 1,
     0, 0, "{\"deliveries\":10}", true},
    {"{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":\"never\"}", "{}",
     "{\"deliveries\":2,\"gcKrefs\":15}", 1, 0, 5, "{\"deliveries\":3,\"gcKrefs\":20}", true},
    {"{\"deliveries\":10,\"computrons\":100}", "{}", "{\"computrons\":60}", 1, 40, 0,
     "{\"computrons\":100,\"deliveries\":1}", true},
    {"{\"deliveries\":10,\"computrons\":100}", "{}", "{\"computrons\":60}", 1, 39, 0,
     "{\"computrons\":99,\"deliveries\":1}", false},
    {"{\"deliveries\":10}", "{}", "{\"deliveries\":30}", 1, 0, 0, "{\"deliveries\":31}", true},
    {"{\"deliveries\":1,\"gcKrefs\":1,\"computrons\":1}", "{}", "{}", 1, 1, 1,
     "{\"deliveries\":1,\"computrons\":1,\"gcKrefs\":1}", true},
    {"{\"deliveries\":5,\"gcKrefs\":1,\"computrons\":5}", "{}", "{}", 1, 1, 1,
     "{\"deliveries\":1,\"computrons\":1,\"gcKrefs\":1}", true},

    /* new counters go last, in the order of the kernel's record: deliveries, computrons, gcKrefs */
    {"{\"gcKrefs\":99,\"computrons\":99,\"deliveries\":99}", "{}", "{}", 1, 2, 3,
     "{\"deliveries\":1,\"computrons\":2,\"gcKrefs\":3}", false},
    {"{\"gcKrefs\":99,\"computrons\":99,\"deliveries\":99}", "{}",
     "{\"gcKrefs\":7,\"deliveries\":8}", 1, 2, 3,
     "{\"gcKrefs\":10,\"deliveries\":9,\"computrons\":2}", false},
    {"{\"gcKrefs\":99,\"computrons\":99,\"deliveries\":99}", "{}",
     "{\"computrons\":7,\"gcKrefs\":8}", 1, 2, 0,
     "{\"computrons\":9,\"gcKrefs\":8,\"deliveries\":1}", false},

    /* what the delivery says nothing of stays as it is, or stays away */
    {"{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":100}", "{}",
     "{\"gcKrefs\":3,\"computrons\":4}", 1, NO_COMPUTRONS, 0,
     "{\"gcKrefs\":3,\"computrons\":4,\"deliveries\":1}", false},
    {"{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":100}", "{}", "{}", 1, NO_COMPUTRONS, 0,
     "{\"deliveries\":1}", false},
    {"{\"deliveries\":10,\"gcKrefs\":2,\"computrons\":3}", "{}", "{\"gcKrefs\":3,\"computrons\":4}",
     1, NO_COMPUTRONS, 0, "{\"gcKrefs\":3,\"computrons\":4,\"deliveries\":1}", false},

    /* "never" and 0 count nothing, and touch nothing that was counted before */
    {"{\"deliveries\":\"never\",\"gcKrefs\":\"never\",\"computrons\":\"never\"}", "{}", "{}", 4, 5,
     6, "{}", false},
    {"{\"deliveries\":\"never\",\"gcKrefs\":1}", "{}", "{\"deliveries\":6}", 4, 5, 1,
     "{\"deliveries\":6,\"gcKrefs\":1}", true},
    {"{\"deliveries\":0}", "{}", "{\"deliveries\":6}", 4, 0, 0, "{\"deliveries\":6}", false},
    {"{}", "{}", "{}", 4, 5, 6, "{}", false},

    /* the vat's own thresholds go before the kernel's */
    {"{\"deliveries\":1,\"gcKrefs\":20}", "{\"reapDirtThreshold\":{\"deliveries\":10}}",
     "{\"deliveries\":8}", 1, 0, 0, "{\"deliveries\":9}", false},
    {"{\"deliveries\":99,\"gcKrefs\":20}", "{\"reapDirtThreshold\":{\"deliveries\":10}}",
     "{\"deliveries\":9}", 1, 0, 0, "{\"deliveries\":10}", true},
    {"{\"deliveries\":1,\"gcKrefs\":2}", "{\"reapDirtThreshold\":{\"deliveries\":\"never\"}}", "{}",
     1, 0, 2, "{\"gcKrefs\":2}", true},
    {"{\"deliveries\":\"never\"}", "{\"reapDirtThreshold\":{\"deliveries\":2,\"computrons\":7}}",
     "{}", 1, 6, 9, "{\"deliveries\":1,\"computrons\":6}", false},
    {"{\"deliveries\":1}", "{\"reapDirtThreshold\":{\"deliveries\":0}}", "{}", 1, 0, 0, "{}",
     false},
    {"{\"deliveries\":10}", "{\"reapDirtThreshold\":{}}", "{}", 1, 0, 0, "{\"deliveries\":1}",
     false},

    /* never: true writes nothing at all */
    {"{\"deliveries\":1}", "{\"reapDirtThreshold\":{\"never\":true}}", "{}", 1, 2, 3, NULL, false},
    {"{\"deliveries\":1}", "{\"reapDirtThreshold\":{\"deliveries\":1,\"never\":true}}",
     "{\"deliveries\":7}", 1, 0, 0, NULL, false},
    {"{\"deliveries\":1,\"never\":true}", "{}", "{}", 1, 0, 0, NULL, false},
    {"{\"deliveries\":1,\"never\":true}", "{\"reapDirtThreshold\":{\"never\":false}}", "{}", 1, 0,
     0, "{\"deliveries\":1}", true},
    {"{\"deliveries\":1,\"never\":false}", "{}", "{}", 1, 0, 0, "{\"deliveries\":1}", true},

    /* members that this kernel does not count */
    {"{\"deliveries\":5}", "{}", "{\"blocks\":3,\"deliveries\":1,\"note\":\"x\"}", 1, 0, 0,
     "{\"blocks\":3,\"deliveries\":2,\"note\":\"x\"}", false},
    {"{\"deliveries\":5}", "{}", "{\"note\":null}", 1, 0, 0, "{\"note\":null,\"deliveries\":1}",
     false},
};

TEST_OPEN(dirt, counters_move_and_thresholds_put_the_vat_on_the_reap_queue) {
    for (size_t i = 0; i < sizeof dirt_cases / sizeof dirt_cases[0]; i++) {
        struct vk_dirt dirt = {.deliveries = (uint64_t)dirt_cases[i].deliveries,
                               .has_computrons = dirt_cases[i].computrons != NO_COMPUTRONS,
                               .gc_krefs = (uint64_t)dirt_cases[i].gc_krefs};
        char line[160];
        if (dirt.has_computrons) dirt.computrons = (uint64_t)dirt_cases[i].computrons;
        test_given(&test, "kernel.defaultReapDirtThreshold", dirt_cases[i].by_default, "v3.options",
                   dirt_cases[i].options, "v3.reapDirt", dirt_cases[i].before, "reapQueue",
                   "[\"v5\"]");
        test_ok(vk_vat_add_dirt(&test.state, v(3), dirt));
        const char *after = dirt_cases[i].after;
        snprintf(line, sizeof line, "%s%s%s%s", after ? "set v3.reapDirt = " : "",
                 after ? after : "", after ? "\n" : "",
                 dirt_cases[i].reap ? "set reapQueue = [\"v5\",\"v3\"]\n" : "");
        cr_assert(strcmp(test.store.trace.text, line) == 0, "case %zu: expected\n%sfound\n%s", i,
                  line, test.store.trace.text);
    }
}

TEST_OPEN(dirt, vat_that_waits_already_waits_once) {
    test_given(&test, "kernel.defaultReapDirtThreshold", "{\"deliveries\":2}", "v3.options", "{}",
               "v3.reapDirt", "{\"deliveries\":2}", "reapQueue", "[\"v3\"]");
    test_ok(vk_vat_add_dirt(&test.state, v(3), (struct vk_dirt){.deliveries = 1}));
    test_wrote(&test, "set v3.reapDirt = {\"deliveries\":3}");
}

TEST_OPEN(dirt, clear_forgets_all_of_it) {
    test_given(&test, "v3.reapDirt", "{\"deliveries\":3,\"computrons\":7}");
    test_ok(vk_vat_clear_dirt(&test.state, v(3)));
    test_wrote(&test, "set v3.reapDirt = {}");
}

/* SwingSet's state.test.js ("vatKeeper dirt counters"). */
TEST_OPEN(dirt, one_vats_dirt_is_not_anothers) {
    test_given(&test, "v1.options",
               "{\"reapDirtThreshold\":{\"deliveries\":10,\"gcKrefs\":20,\"computrons\":100}}",
               "v1.reapDirt", "{}", "v2.options", "{\"reapDirtThreshold\":{\"deliveries\":10}}",
               "v2.reapDirt", "{}");
    static const uint64_t deliveries[] = {4, 5, 6};
    for (int i = 0; i < 3; i++)
        test_ok(vk_vat_add_dirt(&test.state, v(1), (struct vk_dirt){.deliveries = deliveries[i]}));
    test_wrote(&test, "set v1.reapDirt = {\"deliveries\":4}",
               "set v1.reapDirt = {\"deliveries\":9}", "set v1.reapDirt = {\"deliveries\":15}",
               "set reapQueue = [\"v1\"]");
    test_holds(&test, "v2.reapDirt", "{}");
}

TEST_OPEN(dirt, what_no_kernel_wrote_is_corruption) {
    struct vk_dirt dirt = {.deliveries = 1};
    test_corrupt(vk_vat_add_dirt(&test.state, v(3), dirt), "v3.reapDirt");
    test_given(&test, "v3.reapDirt", "{");
    test_corrupt(vk_vat_add_dirt(&test.state, v(3), dirt), "key v3.reapDirt: not JSON: '{'");
    test_given(&test, "v3.reapDirt", "{}");
    test_corrupt(vk_vat_add_dirt(&test.state, v(3), dirt), "v3.options");
    test_given(&test, "v3.options", "{}", "kernel.defaultReapDirtThreshold", "");
    test_corrupt(vk_vat_add_dirt(&test.state, v(3), dirt),
                 "key kernel.defaultReapDirtThreshold: not JSON");
    test_wrote_nothing(&test);
}

/* ---- lists */

TEST_OPEN(vat_lists, static_vats_are_found_by_name_and_listed_by_it) {
    struct vk_string_list ids;
    struct vk_vat_id vat;
    bool found = true;
    test_given(&test, "vat.name.zoe", "v1", "vat.name.Frank", "v12", "vat.name.vatAdmin", "v2",
               "vat.names", "[]");
    test_ok(vk_static_vat_by_name(&test.state, VK_STR("Frank"), &found, &vat));
    cr_assert(found && vat.n == 12);
    test_ok(vk_static_vat_by_name(&test.state, VK_STR("frank"), &found, &vat));
    cr_assert(!found);
    test_ok(vk_static_vat_by_name(&test.state, VK_STR(""), &found, &vat));
    cr_assert(!found);
    test_ok(vk_static_vats(&test.state, &ids));
    cr_assert(ids.count == 3);
    test_is(ids.items[0], "v12");
    test_is(ids.items[1], "v2");
    test_is(ids.items[2], "v1");
    test_wrote_nothing(&test);
    test_given(&test, "vat.name.zoe", "d1");
    test_corrupt(vk_static_vat_by_name(&test.state, VK_STR("zoe"), &found, &vat),
                 "vat.name.zoe: 'd1'");
}

TEST_OPEN(vat_lists, a_kernel_without_vats_lists_none) {
    struct vk_string_list ids;
    test_ok(vk_static_vats(&test.state, &ids));
    cr_assert(ids.count == 0);
    test_ok(vk_dynamic_vats(&test.state, &ids));
    cr_assert(ids.count == 0);
}

TEST_OPEN(vat_lists, dynamic_vats_stand_in_the_order_of_their_coming) {
    struct vk_string_list ids;
    bool is_dynamic;
    test_ok(vk_dynamic_vat_add(&test.state, v(9)));
    test_ok(vk_dynamic_vat_add(&test.state, v(10)));
    test_ok(vk_dynamic_vat_add(&test.state, v(2)));
    test_wrote(&test, "set vat.dynamicIDs = [\"v9\"]", "set vat.dynamicIDs = [\"v9\",\"v10\"]",
               "set vat.dynamicIDs = [\"v9\",\"v10\",\"v2\"]");
    test_ok(vk_dynamic_vats(&test.state, &ids));
    cr_assert(ids.count == 3);
    test_is(ids.items[1], "v10");
    test_ok(vk_vat_is_dynamic(&test.state, v(10), &is_dynamic));
    cr_assert(is_dynamic);
    test_ok(vk_vat_is_dynamic(&test.state, v(1), &is_dynamic));
    cr_assert(!is_dynamic);
}

TEST_OPEN(vat_lists, unlisted_dynamic_vat_is_still_counted) {
    test_given(&test, "vat.dynamicIDs", "[\"v9\",\"v10\",\"v2\"]", "vat.name.zoe", "v1");
    vk_stats_add(&test.state.stats, VK_STAT_VATS, 4);
    test_ok(vk_vat_unlist(&test.state, v(10)));
    test_wrote(&test, "set vat.dynamicIDs = [\"v9\",\"v2\"]");
    cr_assert(test_stat(&test, VK_STAT_VATS) == 4);
}

TEST_OPEN(vat_lists, unlisted_static_vat_loses_its_name_and_is_counted_out) {
    test_given(&test, "vat.dynamicIDs", "[\"v9\"]", "vat.names", "[\"zoe\",\"Frank\",\"bob\"]",
               "vat.name.zoe", "v1", "vat.name.Frank", "v12", "vat.name.bob", "v2");
    vk_stats_add(&test.state.stats, VK_STAT_VATS, 4);
    test_ok(vk_vat_unlist(&test.state, v(12)));
    test_wrote(&test, "del vat.name.Frank", "set vat.names = [\"zoe\",\"bob\"]");
    cr_assert(test_stat(&test, VK_STAT_VATS) == 3);
    test_ok(vk_vat_unlist(&test.state, v(12)));
    test_wrote_nothing(&test);
    cr_assert(test_stat(&test, VK_STAT_VATS) == 2, "SwingSet counts before it looks");
}

TEST_OPEN(vat_lists, names_may_be_any_text) {
    bool found;
    struct vk_vat_id vat;
    test_given(&test, "vat.names", "[\"a.b \\\"c\\\"\",\"a\"]", "vat.name.a.b \"c\"", "v1",
               "vat.name.a", "v2");
    test_ok(vk_static_vat_by_name(&test.state, VK_STR("a.b \"c\""), &found, &vat));
    cr_assert(found && vat.n == 1);
    test_ok(vk_vat_unlist(&test.state, v(1)));
    test_wrote(&test, "del vat.name.a.b \"c\"", "set vat.names = [\"a\"]");
}

TEST_OPEN(vat_lists, terminated_list_is_remembered_as_it_is_written) {
    test_ok(vk_vat_mark_terminated(&test.state, v(9)));
    test_ok(vk_vat_mark_terminated(&test.state, v(10)));
    test_ok(vk_vat_mark_terminated(&test.state, v(9)));
    test_ok(vk_vat_mark_terminated(&test.state, v(2)));
    test_wrote(&test, "set vats.terminated = [\"v9\"]", "set vats.terminated = [\"v9\",\"v10\"]",
               "set vats.terminated = [\"v9\",\"v10\",\"v2\"]");
    cr_assert(vk_vat_is_terminated(&test.state, v(10)) && !vk_vat_is_terminated(&test.state, v(1)));
    cr_assert(test.state.terminated_count == 3 && test.state.terminated[0].n == 9);
    test_ok(vk_vat_forget_terminated(&test.state, v(9)));
    test_ok(vk_vat_forget_terminated(&test.state, v(9)));
    test_wrote(&test, "set vats.terminated = [\"v10\",\"v2\"]",
               "set vats.terminated = [\"v10\",\"v2\"]");
    cr_assert(!vk_vat_is_terminated(&test.state, v(9)));
    cr_assert(test.state.terminated_count == 2 && test.state.terminated[0].n == 10 &&
              test.state.terminated[1].n == 2);
}

/* After a rollback the list is what the store says, whatever was remembered. */
TEST_OPEN(vat_lists, terminated_list_is_reloaded_from_its_key) {
    test_ok(vk_vat_mark_terminated(&test.state, v(9)));
    test_given(&test, "vats.terminated", "[\"v3\",\"v12\"]");
    test_ok(vk_terminated_vats_load(&test.state));
    cr_assert(test.state.terminated_count == 2);
    cr_assert(vk_vat_is_terminated(&test.state, v(3)) && vk_vat_is_terminated(&test.state, v(12)));
    cr_assert(!vk_vat_is_terminated(&test.state, v(9)));
    test_given(&test, "vats.terminated", "[]");
    test_ok(vk_state_reload(&test.state));
    cr_assert(!vk_vat_is_terminated(&test.state, v(3)));
}

TEST_OPEN(vat_lists, terminated_list_grows) {
    for (uint64_t i = 1; i <= 100; i++)
        test_ok(vk_vat_mark_terminated(&test.state, v(i)));
    test_ok(vk_terminated_vats_load(&test.state));
    cr_assert(test.state.terminated_count == 100);
    for (uint64_t i = 1; i <= 100; i++)
        cr_assert(test.state.terminated[i - 1].n == i);
}

/* When there is no memory for one more, nothing is written and nothing is forgotten. */
TEST_OPEN(vat_lists, terminated_list_that_cannot_grow_stays) {
    enum vk_err err = VK_OK;
    uint64_t marked = 0;
    while (err == VK_OK) {
        struct test_heap *heap = &test.store.heap;
        test_wrote_whatever(&test);
        heap->fail_at = test.state.terminated_count == test.state.terminated_capacity && marked
                            ? heap->allocations + 1
                            : 0;
        err = vk_vat_mark_terminated(&test.state, v(marked + 1));
        if (err == VK_OK) marked++;
        heap->fail_at = 0;
    }
    cr_assert(err == VK_ERR_NOMEM && marked >= 1);
    test_wrote_nothing(&test);
    cr_assert(test.state.terminated_count == marked &&
              !vk_vat_is_terminated(&test.state, v(marked + 1)));
    test_ok(vk_vat_mark_terminated(&test.state, v(marked + 1)));
    cr_assert(vk_vat_is_terminated(&test.state, v(1)) &&
              vk_vat_is_terminated(&test.state, v(marked + 1)));
}

TEST_OPEN(vat_lists, lists_that_no_kernel_wrote_are_corruption) {
    struct vk_string_list ids;
    bool is_dynamic;
    test_given(&test, "vat.dynamicIDs", "v1");
    test_corrupt(vk_dynamic_vats(&test.state, &ids), "key vat.dynamicIDs: not JSON");
    test_corrupt(vk_vat_is_dynamic(&test.state, v(1), &is_dynamic), "key vat.dynamicIDs: not JSON");
    test_corrupt(vk_dynamic_vat_add(&test.state, v(1)), "key vat.dynamicIDs: not JSON");
    test_corrupt(vk_vat_unlist(&test.state, v(1)), "key vat.dynamicIDs: not JSON");
    test_given(&test, "vats.terminated", "[\"v1\",\"d1\"]");
    test_corrupt(vk_terminated_vats_load(&test.state), "vats.terminated: 'd1'");
    test_given(&test, "vats.terminated", "{}");
    test_corrupt(vk_terminated_vats_load(&test.state), "key vats.terminated: expected an array");
    test_wrote_nothing(&test);
}

/* ---- the host's failures */

static enum vk_err birth(struct vk_state *state) {
    const struct vk_str slots[] = {VK_STR("ko1")};
    struct vk_capdata parameters = {VK_STR("#1"), slots, 1};
    struct vk_vat_id vat;
    struct vk_vat_options options;
    struct vk_str replaced;
    VK_TRY(vk_vat_allocate_id(state, &vat));
    VK_TRY(vk_vat_create(state, vat, VK_STR("{}"),
                         VK_STR("{\"workerOptions\":{\"type\":\"local\"}}")));
    VK_TRY(vk_dynamic_vat_add(state, vat));
    VK_TRY(vk_vat_options_get(state, vat, &options));
    VK_TRY(vk_vat_options_replace(state, options.json, "name", VK_STR("1"), &replaced));
    VK_TRY(vk_vat_set_parameters(state, vat, &parameters));
    return vk_vat_set_parameters(state, vat, &parameters);
}

static enum vk_err death(struct vk_state *state) {
    struct vk_string_list ids;
    VK_TRY(vk_vat_add_dirt(state, v(7), (struct vk_dirt){.deliveries = 1}));
    VK_TRY(vk_static_vats(state, &ids));
    VK_TRY(vk_vat_unlist(state, v(7)));
    VK_TRY(vk_vat_mark_terminated(state, v(7)));
    return vk_vat_forget_terminated(state, v(7));
}

TEST_OPEN(vat, host_failures_are_handed_on) {
    test_given(&test, "vat.name.a", "v6", "vat.name.b", "v7", "vat.names", "[\"a\",\"b\"]",
               "v7.reapDirt", "{}", "v7.options", "{}", "ko1.refCount", "0,0");
    test_sweep_state(&test, birth, 1 + 7 + 1 + 2 + 3);
    test_sweep_state(&test, death, 2 + 2 + 2);
}
