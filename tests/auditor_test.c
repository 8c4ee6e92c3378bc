/* auditor_test.c - the auditor finds nothing in a clean state, and each damage under its rule and
 * key. */
#include "testing_audit.h"
#include "testing_store.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct damage {
    const char *key;
    const char *value; /* NULL: the key is deleted */
    enum audit_rule rule;
    const char *found_at; /* NULL: at `key` */
};

static const struct damage damages[] = {
    /* reference counts */
    {"kp40.refCount", "5", AUDIT_PROMISE_REFCOUNT, NULL},
    {"kp40.refCount", "3", AUDIT_PROMISE_REFCOUNT, NULL},
    {"kp43.refCount", "1", AUDIT_PROMISE_REFCOUNT, NULL},
    {"ko20.refCount", "4,4", AUDIT_OBJECT_REFCOUNT, NULL},
    {"ko20.refCount", "2,2", AUDIT_OBJECT_REFCOUNT, NULL},
    {"ko21.refCount", "4,4", AUDIT_OBJECT_REFCOUNT, NULL},
    {"ko21.refCount", "5,5", AUDIT_OBJECT_REFCOUNT, NULL},
    {"ko23.refCount", "0,1", AUDIT_OBJECT_REFCOUNT, NULL},
    {"ko22.refCount", NULL, AUDIT_OBJECT_REFCOUNT, NULL},
    {"v2.c.ko22", "_ o-51", AUDIT_OBJECT_REFCOUNT, "ko22.refCount"},
    {"v3.c.ko21", "R o-50", AUDIT_OBJECT_REFCOUNT, "ko21.refCount"},
    {"pinnedObjects", "ko20,ko22", AUDIT_OBJECT_REFCOUNT, "ko22.refCount"},
    {"pinnedObjects", NULL, AUDIT_OBJECT_REFCOUNT, "ko20.refCount"},
    {"v3.vatParameters", "{\"body\":\"\",\"slots\":[]}", AUDIT_OBJECT_REFCOUNT, "ko21.refCount"},
    {"v3.vatParameters", NULL, AUDIT_OBJECT_REFCOUNT, "ko21.refCount"},
    {"kp41.data.slots", "", AUDIT_OBJECT_REFCOUNT, "ko22.refCount"},
    {"upgradeEvents", "[{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp44\"}]",
     AUDIT_PROMISE_REFCOUNT, "kp44.refCount"},
    /* c-lists */
    {"v2.c.o-51", NULL, AUDIT_CLIST_BIJECTION, NULL},
    {"v2.c.ko22", NULL, AUDIT_CLIST_BIJECTION, NULL},
    {"v2.c.o-51", "ko20", AUDIT_CLIST_BIJECTION, NULL},
    {"v2.c.ko22", "R o-50", AUDIT_CLIST_BIJECTION, NULL},
    {"d7.c.o-10", NULL, AUDIT_CLIST_BIJECTION, NULL},
    {"v1.c.d-70", NULL, AUDIT_CLIST_BIJECTION, NULL},
    {"v4.c.d-70", "kd31", AUDIT_CLIST_BIJECTION, NULL},
    {"v2.c.ko22", "R p-60", AUDIT_CLIST_KIND, NULL},
    {"ko22.owner", "v2", AUDIT_CLIST_OWNER, NULL},
    {"ko22.owner", NULL, AUDIT_CLIST_OWNER, NULL},
    {"kd30.owner", "d8", AUDIT_CLIST_OWNER, NULL},
    {"v2.c.ko20", "R o+50", AUDIT_CLIST_OWNER, "ko20.owner"},
    {"v1.c.kd30", "R d+70", AUDIT_CLIST_OWNER, NULL},
    {"v3.c.ko22", "_ o+0", AUDIT_REACHABLE_FLAG, NULL},
    {"v2.c.ko22", "Q o-51", AUDIT_MALFORMED, NULL},
    {"v2.c.ko22", "R", AUDIT_MALFORMED, NULL},
    {"v2.c.ko22", "R x-51", AUDIT_MALFORMED, NULL},
    /* who owns what */
    {"ko23.owner", "v2", AUDIT_AUTHORITY, NULL},
    {"ko23.owner", "v9", AUDIT_AUTHORITY, NULL},
    {"kd30.owner", NULL, AUDIT_DANGLING_KREF, "d7.c.kd30"},
    {"d7.c.kd30", "d-0", AUDIT_AUTHORITY, "kd30.owner"},
    /* ids */
    {"ko.nextID", "25", AUDIT_ID_RANGE, "ko25"},
    {"kp.nextID", "44", AUDIT_ID_RANGE, "kp44"},
    {"kd.nextID", "30", AUDIT_ID_RANGE, "kd30"},
    {"device.nextID", "7", AUDIT_ID_RANGE, "d7"},
    {"meter.nextID", "1", AUDIT_ID_RANGE, "m1"},
    {"vat.nextID", "4", AUDIT_ID_RANGE, "v4"},
    {"vat.nextID", "4", AUDIT_ID_RANGE, "vats.terminated"},
    {"v2.o.nextID", "52", AUDIT_ID_RANGE, "v2.c.ko24"},
    {"v3.p.nextID", "60", AUDIT_ID_RANGE, "v3.c.kp40"},
    {"d7.o.nextID", "10", AUDIT_ID_RANGE, "d7.c.ko21"},
    {"kd.nextID", "32", AUDIT_ID_RANGE, NULL},
    {"device.nextID", "9", AUDIT_ID_RANGE, NULL},
    {"meter.nextID", "3", AUDIT_ID_RANGE, NULL},
    {"vat.nextUpgradeID", "0", AUDIT_ID_RANGE, NULL},
    {"v1.p.nextID", "59", AUDIT_ID_RANGE, NULL},
    {"d7.d.nextID", "19", AUDIT_ID_RANGE, NULL},
    /* dangling krefs */
    {"kp41.data.slots", "ko22,ko24", AUDIT_DANGLING_KREF, NULL},
    {"gcActions", "[]", AUDIT_DANGLING_KREF, "v2.c.ko24"},
    {"gcActions", "[\"v2 retireExport ko24\"]", AUDIT_DANGLING_KREF, "v2.c.ko24"},
    {"pinnedObjects", "ko20,ko24", AUDIT_DANGLING_KREF, NULL},
    {"runQueue.3", "{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp39\"}", AUDIT_DANGLING_KREF,
     NULL},
    {"kp41.data.slots", "ko22,", AUDIT_MALFORMED, NULL},
    /* promises */
    {"kp40.decider", "v1", AUDIT_PROMISE_DECIDER, NULL},
    {"kp40.decider", "v4", AUDIT_PROMISE_DECIDER, NULL},
    {"kp40.decider", "", AUDIT_PROMISE_DECIDER, NULL},
    {"kp42.decider", "v3", AUDIT_PROMISE_DECIDER, NULL},
    {"kp40.subscribers", "v4,v3", AUDIT_PROMISE_SUBSCRIBERS, NULL},
    {"kp40.subscribers", "v3,v3", AUDIT_PROMISE_SUBSCRIBERS, NULL},
    {"kp40.subscribers", "v1,v3", AUDIT_PROMISE_SUBSCRIBERS, NULL},
    {"kp40.subscribers", "v6", AUDIT_PROMISE_SUBSCRIBERS, NULL},
    {"kp40.subscribers", NULL, AUDIT_PROMISE_STATE, NULL},
    {"kp40.state", NULL, AUDIT_PROMISE_STATE, NULL},
    {"kp40.state", "redirected", AUDIT_MALFORMED, NULL},
    {"kp41.data.body", NULL, AUDIT_PROMISE_STATE, NULL},
    {"kp41.decider", "v2", AUDIT_PROMISE_STATE, NULL},
    {"kp41.policy", "panic", AUDIT_PROMISE_STATE, NULL},
    {"kp42.data.slots", "", AUDIT_PROMISE_STATE, NULL},
    {"kp42.policy", "ignore", AUDIT_PROMISE_STATE, NULL},
    {"kp42.refCount", NULL, AUDIT_PROMISE_STATE, NULL},
    {"kp40.queue.0", NULL, AUDIT_PROMISE_QUEUE, NULL},
    {"kp40.queue.1", "{\"methargs\":{\"body\":\"\",\"slots\":[]},\"result\":null}",
     AUDIT_PROMISE_QUEUE, NULL},
    {"kp42.queue.nextID", "1", AUDIT_PROMISE_QUEUE, "kp42.queue.0"},
    {"kp40.queue.0", "{}", AUDIT_QUEUE_ENTRY, NULL},
    /* queues */
    {"runQueue.3", NULL, AUDIT_QUEUE_BOUNDS, NULL},
    {"runQueue.2", "{}", AUDIT_QUEUE_BOUNDS, NULL},
    {"runQueue", "[4,3]", AUDIT_QUEUE_BOUNDS, NULL},
    {"acceptanceQueue", "[5,8]", AUDIT_QUEUE_BOUNDS, "acceptanceQueue.7"},
    {"acceptanceQueue.6", "{\"type\":\"stop-vat\"}", AUDIT_QUEUE_ENTRY, NULL},
    {"acceptanceQueue.6", "{\"type\":\"changeVatOptions\",\"vatID\":\"v6\",\"options\":{}}",
     AUDIT_QUEUE_ENTRY, NULL},
    {"acceptanceQueue.6", "{\"type\":\"startVat\",\"vatID\":\"v3\"}", AUDIT_QUEUE_ENTRY, NULL},
    {"acceptanceQueue.6", "[]", AUDIT_MALFORMED, NULL},
    {"runQueue.3", "{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp42\"}", AUDIT_QUEUE_ENTRY,
     NULL},
    {"runQueue.3", "{\"type\":\"send\",\"target\":\"kd30\",\"msg\":{}}", AUDIT_QUEUE_ENTRY, NULL},
    {"gcActions", "[\"v2 retireImport ko24\",\"v2 retireImport ko24\"]", AUDIT_GC_ACTIONS, NULL},
    {"gcActions", "[\"v4 dropExport ko25\",\"v2 retireImport ko24\"]", AUDIT_GC_ACTIONS, NULL},
    {"gcActions", "[\"v2 retireImport ko24\",\"v2 retireImports ko24\"]", AUDIT_GC_ACTIONS, NULL},
    {"gcActions", "[\"v2 retireImport ko24\",\"v3 dropExport kp40\"]", AUDIT_GC_ACTIONS, NULL},
    {"gcActions", "[\"v2 retireImport ko24\",\"v6 dropExport ko25\"]", AUDIT_GC_ACTIONS, NULL},
    {"reapQueue", "[\"v3\",\"v2\",\"v3\"]", AUDIT_REAP_QUEUE, NULL},
    {"reapQueue", "[\"v6\"]", AUDIT_REAP_QUEUE, NULL},
    {"vatAdminRootKref", "ko21", AUDIT_PINS, NULL},
    {"pinnedObjects", "ko21", AUDIT_PINS, "vatAdminRootKref"},
    {"pinnedObjects", "ko22,ko20", AUDIT_PINS, NULL},
    {"pinnedObjects", "ko20,ko20", AUDIT_PINS, NULL},
    /* vats */
    {"vat.dynamicIDs", "[\"v3\",\"v3\"]", AUDIT_VAT_LIST, NULL},
    {"vat.dynamicIDs", "[\"v3\",\"v4\"]", AUDIT_VAT_LIST, "vats.terminated"},
    {"vat.names", "[\"vatAdmin\"]", AUDIT_VAT_LIST, NULL},
    {"vat.name.bootstrap", NULL, AUDIT_VAT_LIST, NULL},
    {"vat.name.bootstrap", "v1", AUDIT_VAT_LIST, NULL},
    {"vat.dynamicIDs", "[]", AUDIT_VAT_KEYS, "v3"},
    {"vat.dynamicIDs", "[\"v3\",\"v5\"]", AUDIT_VAT_KEYS, "v5"},
    {"vats.terminated", "[]", AUDIT_VAT_KEYS, "v4"},
    {"device.names", "[]", AUDIT_VAT_KEYS, "d7"},
    {"v3.options", NULL, AUDIT_VAT_KEYS, NULL},
    {"v3.source", NULL, AUDIT_VAT_KEYS, NULL},
    {"v3.reapDirt", NULL, AUDIT_VAT_KEYS, NULL},
    {"v3.d.nextID", NULL, AUDIT_VAT_KEYS, NULL},
    {"d7.options", NULL, AUDIT_VAT_KEYS, NULL},
    {"v3.options", "{}", AUDIT_VAT_OPTIONS, NULL},
    {"v3.options", "not JSON", AUDIT_MALFORMED, NULL},
    {"v3.source", "{}", AUDIT_VAT_OPTIONS, NULL},
    {"v3.reapDirt", "{\"deliveries\":\"1\"}", AUDIT_VAT_OPTIONS, NULL},
    {"v3.reapDirt", "{\"deliveries\":-1}", AUDIT_VAT_OPTIONS, NULL},
    {"v3.reapDirt", "{\"snapshots\":1}", AUDIT_VAT_OPTIONS, NULL},
    {"v3.vatParameters", "{}", AUDIT_VAT_OPTIONS, NULL},
    {"m1.threshold", NULL, AUDIT_VAT_METER, NULL},
    {"m1.remaining", NULL, AUDIT_VAT_METER, NULL},
    /* suspended and paused vats */
    {"v4.paused", "true", AUDIT_VAT_STATE, NULL},
    {"v4.suspended", "true", AUDIT_VAT_STATE, NULL},
    {"v3.suspended", "true", AUDIT_VAT_STATE, "transcript.v3.2"},
    {"v3.paused", "yes", AUDIT_MALFORMED, NULL},
    {"sideQueues.ready", "[]", AUDIT_SIDE_QUEUE, NULL},
    {"sideQueues.ready", "[\"v3\"]", AUDIT_SIDE_QUEUE, NULL},
    {"sideQueue.v3", "[0,1]", AUDIT_QUEUE_BOUNDS, NULL},
    {"sideQueue.v3", "[1,1]", AUDIT_QUEUE_BOUNDS, NULL},
    {"sideQueue.v3.0", "{}", AUDIT_QUEUE_BOUNDS, NULL},
    {"sideQueue.w3", "[0,1]", AUDIT_UNKNOWN_KEY, NULL},
    {"sideQueue.v3.x", "{}", AUDIT_UNKNOWN_KEY, NULL},
    {"d7.paused", "true", AUDIT_UNKNOWN_KEY, NULL},
    /* keys and values */
    {"crankNumber", NULL, AUDIT_SCHEMA, NULL},
    {"kernelStats", NULL, AUDIT_SCHEMA, NULL},
    {"kp40.redirect", "x", AUDIT_UNKNOWN_KEY, NULL},
    {"v1.reapInterval", "5", AUDIT_UNKNOWN_KEY, NULL},
    {"initialized", "true", AUDIT_UNKNOWN_KEY, NULL},
    {"v2.c.x-1", "ko20", AUDIT_UNKNOWN_KEY, NULL},
    {"v2.c.kz1", "R o-50", AUDIT_UNKNOWN_KEY, NULL},
    {"runQueue.x", "{}", AUDIT_UNKNOWN_KEY, NULL},
    {"ko020.owner", "v1", AUDIT_UNKNOWN_KEY, NULL},
    {"ko20.refCount", "3", AUDIT_MALFORMED, NULL},
    {"ko20.refCount", "3,3,3", AUDIT_MALFORMED, NULL},
    {"kp40.refCount", "-4", AUDIT_MALFORMED, NULL},
    {"kp40.queue.nextID", "one", AUDIT_MALFORMED, NULL},
    {"gcActions", "{}", AUDIT_MALFORMED, NULL},
    {"reapQueue", "[1]", AUDIT_MALFORMED, NULL},
    {"runQueue", "[3]", AUDIT_MALFORMED, NULL},
    {"ko.nextID", "", AUDIT_MALFORMED, NULL},
    {"kernel.defaultManagerType", "remote", AUDIT_MALFORMED, NULL},
    {"kernel.defaultReapDirtThreshold", "{\"deliveries\":\"often\"}", AUDIT_MALFORMED, NULL},
    {"m1.remaining", "lots", AUDIT_MALFORMED, NULL},
    {"namedBundleID.zoe", "b1-0", AUDIT_MALFORMED, NULL},
    {"activityhash", "0", AUDIT_MALFORMED, NULL},
    {"kernelStats", "{}", AUDIT_MALFORMED, NULL},
};

Test(auditor, finds_nothing_in_a_clean_state) {
    struct test_audit test;
    test_audit_init(&test);
    test_ok(test_audit_run(&test));
    cr_assert_eq(test.found_count, 0, "\n%s", test_audit_text(&test));
    cr_assert_eq(test.report.violations, 0);
    cr_assert_eq(test.report.keys, test.pair_count);
    cr_assert_eq(test.report.surplus_promises, 0);
}

Test(auditor, finds_each_damage_under_its_rule_and_key) {
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const struct damage *damage = &damages[i];
        struct test_audit test;
        test_audit_init(&test);
        test_audit_set(&test, damage->key, damage->value);
        test_ok(test_audit_run(&test));
        const char *key = damage->found_at ? damage->found_at : damage->key;
        cr_expect(test_audit_has(&test, damage->rule, key), "%s = %s: no %s at %s but\n%s",
                  damage->key, damage->value ? damage->value : "(none)",
                  sim_audit_rule_name(damage->rule), key, test_audit_text(&test));
        cr_expect_eq(test.report.violations, test.found_count);
        if (damage->rule == AUDIT_MALFORMED) cr_expect_gt(test.report.malformed, 0);
    }
}

/* v2 is paused: a notify and a retireImports wait for it, as they did elsewhere in the clean state. */
static void side_queue_init(struct test_audit *test) {
    test_audit_init(test);
    test_audit_set(test, "v2.paused", "true");
    test_audit_set(test, "sideQueue.v2", "[7,9]");
    test_audit_set(test, "sideQueue.v2.7",
                   "{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp41\"}");
    test_audit_set(test, "kp41.refCount", "3");
    test_audit_set(test, "sideQueue.v2.8",
                   "{\"type\":\"retireImports\",\"vatID\":\"v2\",\"krefs\":[\"ko24\"]}");
    test_audit_set(test, "gcActions", "[]");
}

Test(auditor, reads_side_queues_as_it_reads_the_run_queue) {
    static const struct damage wrong[] = {
        {"kp41.refCount", "2", AUDIT_PROMISE_REFCOUNT, NULL},
        {"sideQueue.v2.7", NULL, AUDIT_QUEUE_BOUNDS, "sideQueue.v2"},
        {"sideQueue.v2.9", "{}", AUDIT_QUEUE_BOUNDS, NULL},
        {"sideQueue.v2", NULL, AUDIT_QUEUE_BOUNDS, "sideQueue.v2.7"},
        {"sideQueue.v2.7", "{\"type\":\"send\"}", AUDIT_QUEUE_ENTRY, NULL},
        {"sideQueue.v2.8", "{\"type\":\"retireImports\",\"vatID\":\"v2\"}", AUDIT_QUEUE_ENTRY,
         NULL},
        {"sideQueue.v2.8", "{\"type\":\"bringOutYourDead\",\"vatID\":\"v2\"}", AUDIT_DANGLING_KREF,
         "v2.c.ko24"}, /* nobody will tell v2 that ko24 is gone */
        {"v2.paused", NULL, AUDIT_SIDE_QUEUE, "sideQueue.v2"},
        {"sideQueues.ready", "[\"v2\"]", AUDIT_SIDE_QUEUE, "sideQueue.v2"},
        {"sideQueues.ready", "[\"v2\",\"v2\"]", AUDIT_SIDE_QUEUE, NULL},
    };
    struct test_audit test;
    side_queue_init(&test);
    test_ok(test_audit_run(&test));
    cr_assert_eq(test.found_count, 0, "\n%s", test_audit_text(&test));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        side_queue_init(&test);
        test_audit_set(&test, wrong[i].key, wrong[i].value);
        test_ok(test_audit_run(&test));
        const char *key = wrong[i].found_at ? wrong[i].found_at : wrong[i].key;
        cr_expect(test_audit_has(&test, wrong[i].rule, key), "%s: no %s at %s but\n%s",
                  wrong[i].key, sim_audit_rule_name(wrong[i].rule), key, test_audit_text(&test));
    }
}

static bool excuses_ko22(void *impl, struct vk_str kref) {
    (void)impl;
    return vk_str_eq(kref, VK_STR("ko22"));
}

/* Nobody reaches v3's ko22 any more; `actions`: gcActions. */
static void unreachable_init(struct test_audit *test, const char *actions) {
    test_audit_init(test);
    test_audit_set(test, "v2.c.ko22", "_ o-51");
    test_audit_set(test, "kp40.queue.0",
                   "{\"methargs\":{\"body\":\"#[]\",\"slots\":[]},\"result\":\"kp43\"}");
    test_audit_set(test, "kp41.data.slots", "");
    test_audit_set(test, "ko22.refCount", "0,1");
    test_audit_set(test, "gcActions", actions);
    test_ok(test_audit_run(test));
    cr_assert_eq(test->found_count, 0, "\n%s", test_audit_text(test));
    test->options.is_collected = true;
}

static void expect_garbage(struct test_audit *test, const char *key) {
    test_ok(test_audit_run(test));
    if (key)
        cr_expect(test_audit_has(test, AUDIT_GARBAGE, key), "\n%s", test_audit_text(test));
    else
        cr_expect_eq(test->found_count, 0, "\n%s", test_audit_text(test));
}

Test(auditor, finds_garbage_once_a_crank_is_over) {
    static const char told[] = "[\"v2 retireImport ko24\",\"v3 dropExport ko22\"]";
    static const char untold[] = "[\"v2 retireImport ko24\"]";
    struct test_audit test;
    unreachable_init(&test, untold);
    expect_garbage(&test, "ko22.refCount");
    unreachable_init(&test, told);
    expect_garbage(&test, NULL);
    unreachable_init(&test, untold);
    test.options.excused = excuses_ko22;
    expect_garbage(&test, NULL);
    unreachable_init(&test, untold);
    test_audit_set(&test, "v3.c.ko22", "_ o+0"); /* its owner has been told */
    expect_garbage(&test, NULL);
    unreachable_init(&test, told);
    test_audit_set(&test, "v3.c.ko23", "_ o-51"); /* an orphan */
    test_audit_set(&test, "ko23.refCount", "0,1");
    expect_garbage(&test, "ko23.refCount");
}

/* A rule of the transcript's is damaged in auditor_transcript_test.c. */
Test(auditor, has_a_damage_for_every_rule) {
    for (int rule = 0; rule < AUDIT_TRANSCRIPT_SPAN; rule++) {
        bool seen = rule == AUDIT_STATS || rule == AUDIT_GARBAGE; /* by themselves */
        for (size_t i = 0; i < sizeof damages / sizeof *damages; i++)
            seen = seen || damages[i].rule == (enum audit_rule)rule;
        cr_expect(seen, "%s", sim_audit_rule_name((enum audit_rule)rule));
    }
}

Test(auditor, says_what_it_expected_and_found) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "kp40.refCount", "7");
    test_ok(test_audit_run(&test));
    cr_assert_eq(test.found_count, 1, "\n%s", test_audit_text(&test));
    cr_assert_str_eq(test.found[0].expected, "4");
    cr_assert_str_eq(test.found[0].found, "7");
}

/* Nothing that SwingSet writes can be lost unseen, but for what it may as well not have written. */
Test(auditor, notices_every_key_that_is_missing) {
    static const char *const optional[] = {"activityhash",     "namedBundleID.zoe",
                                           "v1.vs.anything",   "d7.deviceState",
                                           "vatAdminRootKref", /* a kernel need not have one */
                                           "v2.vatParameters", /* without slots */
                                           "kp43.policy",      "v4.c.kd30",
                                           "local.kernelStats"};
    struct test_audit whole;
    test_audit_init(&whole);
    for (size_t i = 0; i < whole.pair_count; i++) {
        const char *key = whole.pairs[i].key;
        bool may_go = strcmp(key, "version") == 0; /* see below */
        for (size_t j = 0; j < sizeof optional / sizeof *optional; j++)
            may_go = may_go || strcmp(key, optional[j]) == 0;
        if (may_go) continue;
        struct test_audit test;
        test_audit_init(&test);
        test_audit_set(&test, key, NULL);
        test_ok(test_audit_run(&test));
        cr_expect_gt(test.found_count, 0, "%s is missing and nobody notices", key);
    }
}

Test(auditor, takes_any_value_of_any_key) {
    static const char *const values[] = {"",
                                         "x",
                                         "0",
                                         "-1",
                                         "18446744073709551616",
                                         "[]",
                                         "{}",
                                         "null",
                                         "[1,2]",
                                         "[0,18446744073709551615]",
                                         "ko20",
                                         "R o-50",
                                         ",",
                                         ",,",
                                         "v1,v2",
                                         "\"",
                                         "{\"type\":\"send\"}",
                                         "[\"v1\"]",
                                         "ko20,",
                                         "[null,null]",
                                         "[[]]",
                                         "{\"slots\":[],\"body\":\"\"}"};
    struct test_audit whole;
    test_audit_init(&whole);
    for (size_t i = 0; i < whole.pair_count; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            struct test_audit test;
            test_audit_init(&test);
            if (strcmp(whole.pairs[i].key, "version") == 0) continue;
            test_audit_set(&test, whole.pairs[i].key, values[j]);
            test_ok(test_audit_run(&test));
        }
}

Test(auditor, wants_an_initialised_database_of_version_3) {
    static const struct {
        const char *version, *initialized;
    } cases[] = {{NULL, NULL}, {NULL, "true"}, {"2", NULL}, {"4", NULL}, {"three", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test_audit test;
        test_audit_init(&test);
        test_audit_set(&test, "version", cases[i].version);
        if (cases[i].initialized) test_audit_set(&test, "initialized", cases[i].initialized);
        cr_expect_eq(test_audit_run(&test), VK_ERR_SCHEMA);
        cr_expect_eq(test.found_count, 0);
    }
}

/* ---- references that the host may hold */
Test(auditor, takes_surplus_references_for_the_hosts_unless_it_knows_better) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "ko22.refCount", "5,5");
    test.options.references_known = false;
    test_ok(test_audit_run(&test));
    cr_assert_eq(test.found_count, 0, "\n%s", test_audit_text(&test));
    cr_assert_eq(test.report.surplus_promises, 1);
    cr_assert_eq(test.report.surplus_promise_references, 1);
    cr_assert_eq(test.report.surplus_objects, 1);
    cr_assert_eq(test.report.surplus_object_references, 2);

    test.options.strict = true;
    test_ok(test_audit_run(&test));
    cr_assert(test_audit_has(&test, AUDIT_PROMISE_REFCOUNT, "kp43.refCount"));
    cr_assert(test_audit_has(&test, AUDIT_OBJECT_REFCOUNT, "ko22.refCount"));
    cr_assert_eq(test.found_count, 2, "\n%s", test_audit_text(&test));
}

Test(auditor, never_takes_a_deficit_or_a_lopsided_surplus_for_the_hosts) {
    static const struct {
        const char *key, *value;
    } cases[] = {{"ko22.refCount", "2,3"},
                 {"ko22.refCount", "4,3"},
                 {"ko22.refCount", "3,4"},
                 {"ko22.refCount", "4,2"},
                 {"kp40.refCount", "3"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test_audit test;
        test_audit_init(&test);
        test.options.references_known = false;
        test_audit_set(&test, cases[i].key, cases[i].value);
        test_ok(test_audit_run(&test));
        cr_expect_eq(test.found_count, 1, "%s\n%s", cases[i].value, test_audit_text(&test));
    }
}

Test(auditor, adds_up_the_references_that_it_is_told_of) {
    static const struct audit_reference held[] = {
        {{"kp43", 4}, 1}, {{"ko22", 4}, 1}, {{"ko22", 4}, 2}};
    struct test_audit test;
    test_audit_init(&test);
    test.options.references = held;
    test.options.reference_count = 3;
    test_audit_set(&test, "ko22.refCount", "6,6");
    test_ok(test_audit_run(&test));
    cr_assert_eq(test.found_count, 0, "\n%s", test_audit_text(&test));
    test_audit_set(&test, "ko22.refCount", "5,5");
    test_ok(test_audit_run(&test));
    cr_assert(test_audit_has(&test, AUDIT_OBJECT_REFCOUNT, "ko22.refCount"));
}

Test(auditor, finds_a_reference_of_the_hosts_to_nothing) {
    static const struct audit_reference held[] = {{{"kp43", 4}, 1}, {{"kp99", 4}, 1}};
    struct test_audit test;
    test_audit_init(&test);
    test.options.references = held;
    test.options.reference_count = 2;
    test_ok(test_audit_run(&test));
    cr_assert(test_audit_has(&test, AUDIT_DANGLING_KREF, "kp99"), "\n%s", test_audit_text(&test));
}

/* Its clean-up came first; the kernel negates the action when its turn comes. */
Test(auditor, lets_gc_actions_outlive_their_vat) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, "gcActions", "[\"v2 retireImport ko24\",\"v5 retireExport ko25\"]");
    test_ok(test_audit_run(&test));
    cr_assert_eq(test.found_count, 0, "\n%s", test_audit_text(&test));
}

/* ---- statistics */
static const char *with_stat(const char *stats, const char *from, const char *to) {
    static char text[4096];
    const char *at = strstr(stats, from);
    cr_assert(at, "no %s", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - stats), stats, to, at + strlen(from));
    return text;
}

static void stat_case(const char *key, const char *from, const char *to, bool strict,
                      bool is_violation) {
    struct test_audit test;
    test_audit_init(&test);
    test_audit_set(&test, key, with_stat(test_audit_get(&test, key), from, to));
    test.options.strict = strict;
    test_ok(test_audit_run(&test));
    cr_expect_eq(test_audit_has(&test, AUDIT_STATS, key), is_violation, "%s -> %s%s:\n%s", from, to,
                 strict ? ", strict" : "", test_audit_text(&test));
}

Test(auditor, finds_statistics_that_do_not_agree_with_themselves) {
    stat_case("kernelStats", "\"runQueueLength\":1,", "\"runQueueLength\":2,", false, true);
    stat_case("kernelStats", "\"runQueueLengthUp\":3", "\"runQueueLengthUp\":4", false, true);
    stat_case("kernelStats", "\"acceptanceQueueLengthMax\":3", "\"acceptanceQueueLengthMax\":1",
              false, true);
    stat_case("local.kernelStats", "\"syscalls\":10", "\"syscalls\":11", false, true);
    stat_case("local.kernelStats", "\"kernelObjectsUp\":6,\"kernelObjectsDown\":1",
              "\"kernelObjectsUp\":7,\"kernelObjectsDown\":2", false, true);
    stat_case("local.kernelStats", "\"kernelObjectsUp\":6,\"kernelObjectsDown\":1",
              "\"kernelObjectsUp\":5,\"kernelObjectsDown\":0", false, false);
    stat_case("local.kernelStats", "\"kernelObjectsUp\":6,\"kernelObjectsDown\":1",
              "\"kernelObjectsUp\":5,\"kernelObjectsDown\":0", true, true);
    stat_case("local.kernelStats", "\"kpRejected\":1,\"kpRejectedUp\":1",
              "\"kpRejected\":0,\"kpRejectedUp\":0", false, true);
}

/* With Up changed as well: only what is counted tells. */
Test(auditor, finds_statistics_that_do_not_agree_with_the_state) {
    static const struct {
        const char *key, *from, *less, *more;
        bool less_is_possible, more_is_possible;
    } cases[] = {
        {"kernelStats", "\"runQueueLength\":1,\"runQueueLengthUp\":3",
         "\"runQueueLength\":0,\"runQueueLengthUp\":2",
         "\"runQueueLength\":2,\"runQueueLengthUp\":4", false, true},
        {"kernelStats", "\"acceptanceQueueLength\":2,\"acceptanceQueueLengthUp\":6",
         "\"acceptanceQueueLength\":1,\"acceptanceQueueLengthUp\":5",
         "\"acceptanceQueueLength\":3,\"acceptanceQueueLengthUp\":7", true, false},
        {"kernelStats", "\"promiseQueuesLength\":1,\"promiseQueuesLengthUp\":1",
         "\"promiseQueuesLength\":0,\"promiseQueuesLengthUp\":0",
         "\"promiseQueuesLength\":1,\"promiseQueuesLengthUp\":1", false, true},
        {"local.kernelStats", "\"kernelObjects\":5,\"kernelObjectsUp\":6",
         "\"kernelObjects\":4,\"kernelObjectsUp\":5", "\"kernelObjects\":6,\"kernelObjectsUp\":7",
         true, false},
        {"local.kernelStats",
         "\"kernelDevices\":1,\"kernelDevicesUp\":1,\"kernelDevicesDown\":0,"
         "\"kernelDevicesMax\":1",
         "\"kernelDevices\":0,\"kernelDevicesUp\":0,\"kernelDevicesDown\":0,\"kernelDevicesMax\":1",
         "\"kernelDevices\":2,\"kernelDevicesUp\":2,\"kernelDevicesDown\":0,\"kernelDevicesMax\":2",
         true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool has_more = strcmp(cases[i].from, cases[i].more) != 0;
        stat_case(cases[i].key, cases[i].from, cases[i].less, false, !cases[i].less_is_possible);
        stat_case(cases[i].key, cases[i].from, cases[i].more, false,
                  has_more && !cases[i].more_is_possible);
        stat_case(cases[i].key, cases[i].from, cases[i].less, true, true);
        stat_case(cases[i].key, cases[i].from, cases[i].more, true, has_more);
    }
    stat_case("local.kernelStats", "\"clistEntries\":19,\"clistEntriesUp\":20",
              "\"clistEntries\":18,\"clistEntriesUp\":19", false, true);
    stat_case("local.kernelStats", "\"vats\":5,\"vatsUp\":5,\"vatsDown\":0,\"vatsMax\":5",
              "\"vats\":6,\"vatsUp\":6,\"vatsDown\":0,\"vatsMax\":6", false, true);
}

Test(auditor, runs_out_of_memory_cleanly_wherever_it_does) {
    for (uint64_t fail_at = 1;; fail_at++) {
        struct test_audit test;
        struct test_heap heap;
        test_audit_init(&test);
        test_heap_init(&heap);
        heap.fail_at = fail_at;
        test.options.heap = &heap.port;
        enum vk_err err = test_audit_run(&test);
        cr_assert_eq(heap.outstanding_blocks, 0);
        if (err == VK_OK) {
            cr_assert_gt(fail_at, 2);
            break;
        }
        cr_assert_eq(err, VK_ERR_NOMEM);
    }
}
