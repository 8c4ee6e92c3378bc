/* vat_admin_device_test.c - the vatAdmin device: each method, and each way to call it wrongly. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};

#define REFUSED "[\"error\",\"device.invoke failed, see logs for details\"]"
#define UNDEFINED "[\"ok\",{\"body\":\"#\\\"#undefined\\\"\",\"slots\":[]}]"
#define STRING(text) "[\"ok\",{\"body\":\"#\\\"" text "\\\"\",\"slots\":[]}]"
#define NODE(slot)                                                                                 \
    "[\"ok\",{\"body\":\"#\\\"$0.Alleged: device node\\\"\",\"slots\":[\"" slot "\"]}]"
#define METER(remaining, threshold)                                                                \
    "[\"ok\",{\"body\":\"#{\\\"remaining\\\":\\\"" remaining                                       \
    "\\\",\\\"threshold\\\":\\\"" threshold "\\\"}\",\"slots\":[]}]"

/* vatAdmin makes one call, and is answered so. */
static void answers(struct test_world *w, const char *call, const char *result) {
    struct vk_str expected;
    world_run(w);
    world_forget(w);
    world_tell(w, "vatAdmin", "{call %s}", call);
    world_crank(w);
    world_crank(w);
    test_ok(vk_arena_format(&w->arena, &expected, "\"r\":%s}],\"r\":{\"status\":\"ok\"}}%c", result,
                            '\0'));
    cr_assert(world_traced(w, "titem v1 ", expected.p) == 1, "%s gives\n%s", call,
              world_newest_item(w, "v1"));
}

/* And it was refused without any change but in statistics and the vat's transcript. */
static void refuses(struct test_world *w, const char *call) {
    const char *writes[] = {"set v",  "set m",   "set d", "set ko",
                            "set kp", "set acc", "del v", "set vat"};
    answers(w, call, REFUSED);
    const char *deliver = strstr(w->trace.text + w->trace_mark, "savepoint deliver");
    cr_assert(deliver);
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        for (const char *at = deliver; (at = strstr(at, writes[i])); at++)
            cr_assert(at[-1] != '\n' || strncmp(at, "set v1.reapDirt", 15) == 0 ||
                          strncmp(at, "set ko20.refCount", 17) == 0,
                      "%s: %.*s", call, (int)strcspn(at, "\n"), at);
}

SCENARIO(vat_admin_device, meters_are_created_and_read, ordinary) {
    answers(w, "d-71 createMeter +1000 +10", STRING("m1"));
    world_is(w, "meter.nextID", "2");
    world_is(w, "m1.remaining", "1000");
    world_is(w, "m1.threshold", "10");
    answers(w, "d-71 createMeter +0 +0", STRING("m2"));
    answers(w, "d-71 createUnlimitedMeter", STRING("m3"));
    world_is(w, "m3.remaining", "unlimited");
    world_is(w, "m3.threshold", "0");
    answers(w, "d-71 getMeter m1", METER("+1000", "+10"));
    answers(w, "d-71 getMeter m3", METER("unlimited", "+0"));
    answers(w, "d-71 createMeter +7 +8 extra arguments", STRING("m4"));
}

SCENARIO(vat_admin_device, meters_are_added_to_and_adjusted, ordinary) {
    answers(w, "d-71 createMeter +1000 +10", STRING("m1"));
    answers(w, "d-71 createUnlimitedMeter", STRING("m2"));
    answers(w, "d-71 addMeterRemaining m1 +5", UNDEFINED);
    world_is(w, "m1.remaining", "1005");
    answers(w, "d-71 addMeterRemaining m2 +5", UNDEFINED);
    world_is(w, "m2.remaining", "unlimited");
    cr_assert(world_traced(w, "set m2", NULL) == 0);
    answers(w, "d-71 setMeterThreshold m1 +20", UNDEFINED);
    world_is(w, "m1.threshold", "20");
    answers(w, "d-71 setMeterThreshold m2 +20", UNDEFINED);
    world_is(w, "m2.threshold", "20");
}

static const char *const bad_meter_calls[] = {
    "d-71 createMeter",
    "d-71 createMeter +5",
    "d-71 createMeter 5 +5",
    "d-71 createMeter +5 5",
    "d-71 createMeter five +5",
    "d-71 createMeter -5 +5",
    "d-71 createMeter +5 -5",
    "d-71 createMeter [] {}",
    "d-71 addMeterRemaining",
    "d-71 addMeterRemaining m1",
    "d-71 addMeterRemaining m1 5",
    "d-71 addMeterRemaining m1 -5",
    "d-71 addMeterRemaining 1 +5",
    "d-71 addMeterRemaining +1 +5",
    "d-71 addMeterRemaining m9 +5",
    "d-71 addMeterRemaining x1 +5",
    "d-71 setMeterThreshold",
    "d-71 setMeterThreshold m1",
    "d-71 setMeterThreshold m1 5",
    "d-71 setMeterThreshold m1 -5",
    "d-71 setMeterThreshold x1 +5",
    "d-71 getMeter",
    "d-71 getMeter 1",
    "d-71 getMeter m9",
    "d-71 getMeter x1",
    "d-71 getMeter mm",
};

SCENARIO(vat_admin_device, meters_arguments_are_checked, ordinary) {
    answers(w, "d-71 createMeter +1000 +10", STRING("m1"));
    for (size_t i = 0; i < sizeof bad_meter_calls / sizeof *bad_meter_calls; i++)
        refuses(w, bad_meter_calls[i]);
    world_is(w, "m1.remaining", "1000");
    world_is(w, "m1.threshold", "10");
    world_is(w, "meter.nextID", "2");
}

SCENARIO(vat_admin_device, vats_are_created, ordinary) {
    answers(w, "d-71 createByBundleID @vat {}", STRING("v5"));
    cr_assert(strstr(world_key(w, "acceptanceQueue.8"),
                     "\"vatParameters\":{\"body\":\"#\\\"#undefined\\\"\",\"slots\":[]},"
                     "\"dynamicOptions\":{}}"));
    world_run(w);
    answers(w, "d-71 createByBundle {\"a\":[1,\"x\",null,true,{\"b\":{}}]} {\"name\":\"eve\"}",
            STRING("v6"));
    world_run(w);
    world_is(w, "v6.source", "{\"bundle\":{\"a\":[1,\"x\",null,true,{\"b\":{}}]}}");
    world_is(w, "vat.dynamicIDs", "[\"v5\",\"v6\"]");
}

static const char *const bad_creations[] = {
    "d-71 createByBundleID",
    "d-71 createByBundleID @vat",
    "d-71 createByBundleID @nosuch {}",
    "d-71 createByBundleID vat {}",
    "d-71 createByBundleID 5 {}",
    "d-71 createByBundleID @vat null",
    "d-71 createByBundle",
    "d-71 createByBundle {}",
    "d-71 createByBundle {} null",
    "d-71 createByBundle {\"a\":\"+5\"} {}",
};

SCENARIO(vat_admin_device, creations_arguments_are_checked, ordinary) {
    for (size_t i = 0; i < sizeof bad_creations / sizeof *bad_creations; i++)
        refuses(w, bad_creations[i]);
    world_is(w, "vat.nextID", "5");
}

/* What JSON cannot say is found out when the vat has its id and its parameters their references. */
SCENARIO(vat_admin_device, options_that_are_no_json_use_up_an_id, ordinary) {
    answers(
        w,
        "d-71 createByBundleID @vat {\"vatParameters\":\"$0.Alleged: x\",\"name\":\"+5\"} with o-50",
        REFUSED);
    world_is(w, "vat.nextID", "6");
    world_is(w, "ko21.refCount", "3,3"); /* vatAdmin, the device, and nothing that could be named */
    cr_assert(world_stat(w, "vats") == 5);
    world_refer(w, "ko21", 1);
    world_create_vat(w, "", "");
    world_is(w, "vat.dynamicIDs", "[\"v6\"]");
}

SCENARIO(vat_admin_device, upgrades_are_queued, ordinary) {
    answers(w, "d-71 upgradeVat v2 @vat undefined because", STRING("up1"));
    cr_assert(strstr(world_key(w, "acceptanceQueue.8"),
                     "\"vatParameters\":{\"body\":\"#\\\"#undefined\\\"\",\"slots\":[]},"
                     "\"upgradeMessage\":\"because\"}"));
    world_is(w, "vat.nextUpgradeID", "2");
    answers(w, "d-71 upgradeVat v99 @vat [1] because", STRING("up2"));
    world_run(w);
}

static const char *const bad_upgrades[] = {
    "d-71 upgradeVat",
    "d-71 upgradeVat v2 @vat 1",
    "d-71 upgradeVat v2 @vat 1 because so",
    "d-71 upgradeVat 2 @vat 1 because",
    "d-71 upgradeVat alice @vat 1 because",
    "d-71 upgradeVat d7 @vat 1 because",
    "d-71 upgradeVat v2 5 1 because",
    "d-71 upgradeVat v2 @vat 1 5",
    "d-71 upgradeVat v2 @vat 1 null",
    "d-71 upgradeVat v2 undefined 1 because",
};

SCENARIO(vat_admin_device, upgrades_arguments_are_checked, ordinary) {
    for (size_t i = 0; i < sizeof bad_upgrades / sizeof *bad_upgrades; i++)
        refuses(w, bad_upgrades[i]);
    world_is(w, "vat.nextUpgradeID", "1");
}

SCENARIO(vat_admin_device, termination_takes_any_reason, ordinary) {
    answers(w, "d-71 terminateWithFailure v2 {\"why\":\"$0.Alleged: x\"} with o-51", UNDEFINED);
    world_is(w, "vats.terminated", "[\"v2\"]");
    world_is(w, "ko22.refCount", "3,3"); /* vatAdmin, the device, the news */
    answers(w, "d-71 terminateWithFailure v99 undefined", UNDEFINED);
    world_run(w);
    cr_assert(world_traced(w, "titem v1 = {\"d\":[\"message\"",
                           "#[\\\"vatTerminated\\\",[\\\"v99\\\",true,\\\"#undefined\\\"]]") == 1);
}

static const char *const bad_terminations[] = {
    "d-71 terminateWithFailure",
    "d-71 terminateWithFailure v2",
    "d-71 terminateWithFailure v2 why not",
    "d-71 terminateWithFailure 2 why",
    "d-71 terminateWithFailure alice why",
    "d-71 terminateWithFailure null why",
};

SCENARIO(vat_admin_device, terminations_arguments_are_checked, ordinary) {
    for (size_t i = 0; i < sizeof bad_terminations / sizeof *bad_terminations; i++)
        refuses(w, bad_terminations[i]);
    world_is(w, "vats.terminated", "[]");
}

SCENARIO(vat_admin_device, options_of_the_kernels_are_kept_from_the_vat, ordinary) {
    answers(w, "d-71 changeOptions v2 {\"reapInterval\":5}", UNDEFINED);
    world_is(w, "acceptanceQueue.8",
             "{\"type\":\"changeVatOptions\",\"vatID\":\"v2\",\"options\":{\"reapInterval\":5}}");
    world_run(w);
    cr_assert(strstr(world_key(w, "v2.options"), "\"reapDirtThreshold\":{\"deliveries\":5}"));
    cr_assert(world_traced(w, "titem v2", NULL) == 0);
    answers(w, "d-71 changeOptions v2 {\"a\":1,\"reapInterval\":\"never\",\"b\":[\"x\"]}",
            UNDEFINED);
    world_run(w);
    cr_assert(
        strstr(world_key(w, "v2.options"), "\"reapDirtThreshold\":{\"deliveries\":\"never\"}"));
    cr_assert(world_traced(
                  w, "titem v2 = {\"d\":[\"changeVatOptions\",{\"a\":1,\"b\":[\"x\"]}],\"sc\":[]",
                  NULL) == 1);
    answers(w, "d-71 changeOptions v2 {\"reapInterval\":\"sometimes\"}", UNDEFINED);
    world_run(w);
    cr_assert(strstr(world_key(w, "v2.options"), "{\"deliveries\":\"never\"}"));
    answers(w, "d-71 changeOptions v2 {\"reapInterval\":1.5}", UNDEFINED);
    world_run(w);
    cr_assert(strstr(world_key(w, "v2.options"), "{\"deliveries\":\"never\"}"));
    answers(w, "d-71 changeOptions v2 {}", UNDEFINED);
    answers(w, "d-71 changeOptions v99 {\"a\":1}", UNDEFINED);
    world_run(w);
    cr_assert(world_traced(w, "titem v2", NULL) == 0);
}

static const char *const bad_options[] = {
    "d-71 changeOptions",
    "d-71 changeOptions v2",
    "d-71 changeOptions v2 {} more",
    "d-71 changeOptions 2 {}",
    "d-71 changeOptions alice {}",
    "d-71 changeOptions v2 []",
    "d-71 changeOptions v2 {\"a\":\"+5\"}",
};

SCENARIO(vat_admin_device, options_arguments_are_checked, ordinary) {
    for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++)
        refuses(w, bad_options[i]);
    answers(w, "d-71 changeOptions v2 {\"a\":\"$0.Alleged: x\"} with o-50", REFUSED); /* no slots */
    world_is(w, "acceptanceQueue", "[15,15]");
}

SCENARIO(vat_admin_device, bundles_have_capabilities, ordinary) {
    char call[256];
    answers(w, "d-71 getBundleCap @vat", NODE("d-72"));
    world_is(w, "v1.c.d-72", "kd32");
    world_is(w, "kd32.owner", "d7");
    world_is(w, "d7.c.kd32", "d+1");
    world_is(w, "d7.vs.nextDev", "2");
    world_is(w, "d7.vs.slot.d+1", test_bundle_id("vat"));
    snprintf(call, sizeof call, "d7.vs.id.%s", test_bundle_id("vat"));
    world_is(w, call, "d+1");
    answers(w, "d-71 getNamedBundleCap thing", NODE("d-72")); /* one bundle, one node */
    answers(w, "d-71 getBundleCap @alice", NODE("d-73"));
    answers(w, "d-71 getBundleCap @nosuch", UNDEFINED);
    world_is(w, "d7.vs.nextDev", "3");
    snprintf(call, sizeof call, "[\"ok\",{\"body\":\"#\\\"%s\\\"\",\"slots\":[]}]",
             test_bundle_id("vat"));
    answers(w, "d-71 getBundleIDByName thing", call);
    answers(w, "d-72 getBundleID", call);
    snprintf(call, sizeof call, "[\"ok\",{\"body\":\"#\\\"%s\\\"\",\"slots\":[]}]",
             test_bundle_id("alice"));
    answers(w, "d-73 getBundleID", call);
}

SCENARIO(vat_admin_device, bundles_can_be_fetched, ordinary) {
    struct vk_str expected;
    answers(w, "d-71 getBundleCap @vat", NODE("d-72"));
    test_ok(vk_arena_format(
        &w->arena, &expected,
        "[\"ok\",{\"body\":\"#{\\\"endoZipBase64\\\":\\\"emlw\\\","
        "\\\"endoZipBase64Sha512\\\":\\\"%s\\\",\\\"moduleFormat\\\":\\\"endoZipBase64\\\"}\","
        "\"slots\":[]}]%c",
        test_bundle_id("vat") + 3, '\0'));
    answers(w, "d-72 getBundle", expected.p);
}

static const char *const bad_bundle_calls[] = {
    "d-71 getBundleCap",
    "d-71 getBundleCap 5",
    "d-71 getBundleCap vat",
    "d-71 getBundleCap b1-12",
    "d-71 getNamedBundleCap",
    "d-71 getNamedBundleCap 5",
    "d-71 getNamedBundleCap nothing",
    "d-71 getBundleIDByName",
    "d-71 getBundleIDByName 5",
    "d-71 getBundleIDByName nothing",
    "d-71 noSuchMethod",
    "d-71 getBundleID",
    "d-71 getBundle",
};

/* What is as long as a bundle's id and is none. */
static void refuses_id(struct test_world *w, size_t at, char c) {
    char call[200];
    int n = snprintf(call, sizeof call, "d-71 getBundleCap %s", test_bundle_id("vat"));
    call[(size_t)n - 131 + at] = c;
    refuses(w, call);
}

SCENARIO(vat_admin_device, bundle_ids_have_small_hex_digits, ordinary) {
    static const char others[] = {'/', ':', '`', 'g', 'A'};
    for (size_t i = 0; i < sizeof others; i++)
        refuses_id(w, 3 + 32 * i % 128, others[i]);
    refuses_id(w, 1, '2');
}

SCENARIO(vat_admin_device, bundle_calls_are_checked, ordinary) {
    for (size_t i = 0; i < sizeof bad_bundle_calls / sizeof *bad_bundle_calls; i++)
        refuses(w, bad_bundle_calls[i]);
    answers(w, "d-71 getBundleCap @vat", NODE("d-72"));
    refuses(w, "d-72 noSuchMethod");
    refuses(w, "d-72 createMeter +1 +1");
}

SCENARIO(vat_admin_device, arguments_that_are_no_list_are_refused, ordinary) {
    world_tell(
        w, "vatAdmin",
        "{raw [\"callNow\",\"d-71\",\"createMeter\",{\"body\":\"#{}\",\"slots\":[]}];"
        "raw [\"callNow\",\"d-71\",\"createMeter\",{\"body\":\"#!\",\"slots\":[]}];"
        "raw [\"callNow\",\"d-71\",\"createByBundleID\",{\"body\":\"#5\",\"slots\":[]}];"
        "raw [\"callNow\",\"d-71\",\"upgradeVat\",{\"body\":\"#\\\"v2\\\"\",\"slots\":[]}];"
        "raw [\"callNow\",\"d-71\",\"createMeter\",{\"body\":\"[{\\\"@qclass\\\":\\\"bigint\\\","
        "\\\"digits\\\":\\\"5\\\"},{\\\"@qclass\\\":\\\"bigint\\\",\\\"digits\\\":\\\"6\\\"}]\","
        "\"slots\":[]}]}");
    world_run(w);
    const char *item = world_newest_item(w, "v1");
    unsigned refused = 0;
    while ((item = strstr(item, "\"r\":" REFUSED))) {
        refused++;
        item++;
    }
    cr_assert(refused == 4);
    world_is(w, "m1.remaining", "5"); /* the older encoding is read as well */
    world_is(w, "m1.threshold", "6");
}

SCENARIO(vat_admin_device, what_was_done_in_a_crank_that_aborts_is_undone, ordinary) {
    world_create_vat(w, "", "");
    world_tell(
        w, "ko24",
        "{call $0 createMeter +5 +6; call $0 createByBundleID @vat {}; call $0 upgradeVat v2 @vat 1 why;"
        "call $0 changeOptions v2 {\"reapInterval\":5}; call $0 getBundleCap @vat; drop o-99} kd31");
    world_run(w);
    world_is(w, "meter.nextID", "1");
    world_is(w, "vat.nextID", "6");
    world_is(w, "vat.nextUpgradeID", "1");
    world_absent(w, "d7.vs.nextDev");
    world_is(w, "kd.nextID", "32");
    cr_assert(world_stat(w, "vats") == 5);
}
