/* kernel_meter_test.c - what deliveries cost, who pays, and what happens to who cannot. */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};

/* v5 (root ko24) with meter m1, which has `remaining`, and a threshold of 100. */
static void metered_vat(struct test_world *w, unsigned remaining, const char *start) {
    world_tell(w, "vatAdmin", "{call d-71 createMeter +%u +100}", remaining);
    world_create_vat(w, ",\"meterID\":\"m1\"", start);
    world_forget(w);
}

static unsigned told(struct test_world *w, const char *part) {
    return world_traced(w, "titem v1 = {\"d\":[\"message\",\"o+0\"", part);
}

SCENARIO(kernel_meter, delivery_is_paid_from_the_vats_meter, ordinary) {
    metered_vat(w, 1000, "spend 10");
    world_is(w, "m1.remaining", "990");
    world_is(w, "m1.threshold", "100");
    world_tell(w, "ko24",
               "{spend 20; send $0 {spend 5; fulfill $r 1} = p+1; subscribe p+1;"
               "on notify {spend 7}} ko22");
    world_crank(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    cr_assert(w->crank.metered && w->crank.computrons == 20);
    world_is(w, "m1.remaining", "970");
    cr_assert(world_traced(w, "titem v5 ",
                           "\"r\":{\"status\":\"ok\",\"metering\":{\"computrons\":20}}}") == 1);
    world_run(w);
    world_is(w, "m1.remaining", "963"); /* a notify is paid for too */
    cr_assert(told(w, "meterCrossedThreshold") == 0);
}

SCENARIO(kernel_meter, who_has_no_meter_only_reports, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "alice", "{spend 20}");
    world_crank(w);
    world_crank(w);
    cr_assert(w->crank.metered && w->crank.computrons == 20);
    world_is(w, "m1.remaining", "1000");
}

SCENARIO(kernel_meter, delivery_of_no_computrons_is_unmetered, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "ko24", "{spend 0}");
    world_crank(w);
    world_forget(w);
    world_crank(w);
    cr_assert(!w->crank.metered);
    cr_assert(world_traced(w, "set m1.remaining", NULL) == 0);
}

SCENARIO(kernel_meter, boyd_gc_and_options_are_free, ordinary) {
    metered_vat(w, 1000,
                "on bringOutYourDead {spend 5}; on dropExports {spend 5};"
                "on changeVatOptions {spend 5}");
    world_tell(w, "ko24", "{send $0 {drop $0} o+5} ko22");
    world_tell(w, "vatAdmin", "{call d-71 changeOptions v5 {\"virtualObjectCacheSize\":9}}");
    test_ok(vk_host_reap_all_vats(w->kernel));
    unsigned metered = 0;
    while (world_crank(w) != VK_CRANK_IDLE)
        metered += w->crank.metered && w->crank.computrons == 5;
    cr_assert(metered == 3);
    world_is(w, "m1.remaining", "1000");
}

SCENARIO(kernel_meter, crossing_the_threshold_is_told_once, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "ko24", "{spend 900}");
    world_run(w);
    world_is(w, "m1.remaining", "100");
    cr_assert(told(w, "meterCrossedThreshold") == 0); /* at it is not below it */
    world_tell(w, "ko24", "{spend 1}");
    world_run(w);
    cr_assert(told(w, "#[\\\"meterCrossedThreshold\\\",[\\\"m1\\\",\\\"+99\\\"]]") == 1);
    world_tell(w, "ko24", "{spend 1}");
    world_run(w);
    world_is(w, "m1.remaining", "98");
    cr_assert(told(w, "meterCrossedThreshold") == 1);
    world_tell(w, "vatAdmin", "{call d-71 addMeterRemaining m1 +10}");
    world_tell(w, "ko24", "{spend 20}");
    world_run(w);
    cr_assert(told(w, "#[\\\"meterCrossedThreshold\\\",[\\\"m1\\\",\\\"+88\\\"]]") == 1);
}

SCENARIO(kernel_meter, meter_may_be_emptied_but_not_overdrawn, ordinary) {
    metered_vat(w, 150, "");
    world_tell(w, "ko24", "{spend 150; set x y}");
    world_run(w);
    world_is(w, "m1.remaining", "0");
    world_is(w, "v5.vs.x", "y");
    cr_assert(told(w, "#[\\\"meterCrossedThreshold\\\",[\\\"m1\\\",\\\"+0\\\"]]") == 1);
    world_tell(w, "ko24", "{spend 1; set x z}");
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0);
    cr_assert(told(w, "vatTerminated") == 1);
}

/* 077dcec47f: the deduction and the news of it come after the roll-back. */
SCENARIO(kernel_meter, underflow_is_the_vats_end_and_empties_the_meter, ordinary) {
    metered_vat(w, 120, "");
    const char *kpid =
        world_ask(w, "ko24", "{set x y; spend 150; send $0 hello} ko22", VK_RESULT_IGNORE);
    world_crank(w);
    world_forget(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    cr_assert(w->crank.metered && w->crank.computrons == 150);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    world_is(w, "m1.remaining", "0");
    world_absent(w, "v5.vs.x");
    world_is(w, "vats.terminated", "[\"v5\"]");
    world_run(w);
    cr_assert(told(w, "#[\\\"meterCrossedThreshold\\\",[\\\"m1\\\",\\\"+0\\\"]]") == 1);
    cr_assert(told(w, "[\\\"v5\\\",true,{\\\"#error\\\":\\\"meter underflow, vat terminated\\\"") ==
              1);
    cr_assert(world_traced(w, "titem v3 ", NULL) == 0);
    cr_assert_str_eq(world_take(w, kpid),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
}

SCENARIO(kernel_meter, news_of_the_threshold_comes_before_that_of_the_end, ordinary) {
    metered_vat(w, 120, "");
    world_tell(w, "ko24", "{spend 150}");
    world_crank(w);
    world_forget(w);
    world_crank(w);
    const char *trace = w->trace.text + w->trace_mark;
    const char *rollback = strstr(trace, "rollback start");
    const char *meter = strstr(trace, "set m1.remaining = 0");
    const char *crossed = strstr(trace, "meterCrossedThreshold");
    const char *terminated = strstr(trace, "set vats.terminated = [\"v5\"]");
    const char *news = strstr(trace, "vatTerminated");
    cr_assert(rollback && meter && crossed && terminated && news);
    cr_assert(rollback < meter && meter < crossed && crossed < terminated && terminated < news);
}

SCENARIO(kernel_meter, delivery_undone_for_another_reason_is_paid_all_the_same, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "ko24", "{set x y; spend 30; subscribe p-99}");
    world_run(w);
    world_is(w, "m1.remaining", "970");
    cr_assert(world_keys(w, "v5.") == 0);
}

SCENARIO(kernel_meter, exit_with_failure_is_paid_too, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "ko24", "{spend 30; exitfail bye}");
    world_run(w);
    world_is(w, "m1.remaining", "970");
}

SCENARIO(kernel_meter, failed_delivery_is_paid_if_its_cost_is_known, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "ko24", "{spend 30; fail {dispatch threw}}");
    world_run(w);
    world_is(w, "m1.remaining", "970");
    cr_assert(told(w, "dispatch threw") == 1);
}

/* #5752 */
SCENARIO(kernel_meter, hard_fault_costs_nothing_that_is_known, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "ko24", "{fail {Compute meter exceeded}}");
    world_crank(w);
    world_crank(w);
    cr_assert(!w->crank.metered);
    world_is(w, "m1.remaining", "1000");
    world_run(w);
    cr_assert(told(w, "Compute meter exceeded") == 1);
}

SCENARIO(kernel_meter, unlimited_meter_never_changes, ordinary) {
    world_tell(w, "vatAdmin", "{call d-71 createUnlimitedMeter}");
    world_create_vat(w, ",\"meterID\":\"m1\"", "");
    world_is(w, "m1.remaining", "unlimited");
    world_is(w, "m1.threshold", "0");
    world_forget(w);
    world_tell(w, "ko24", "{spend 1000000000000}");
    world_run(w);
    cr_assert(world_traced(w, "set m1", NULL) == 0);
    world_is(w, "vat.dynamicIDs", "[\"v5\"]");
}

SCENARIO(kernel_meter, vats_may_share_a_meter, ordinary) {
    metered_vat(w, 300, "");
    world_create_vat(w, ",\"meterID\":\"m1\"", "");
    world_tell(w, "ko24", "{spend 100}");
    world_tell(w, "ko25", "{spend 110}");
    world_tell(w, "ko24", "{spend 100}");
    world_run(w);
    world_is(w, "m1.remaining", "0");
    world_is(w, "vat.dynamicIDs", "[\"v6\"]");
}

SCENARIO(kernel_meter, vat_that_cannot_pay_its_start_is_not_created, ordinary) {
    metered_vat(w, 50, "spend 60; set x y");
    world_is(w, "m1.remaining", "0");
    cr_assert(world_keys(w, "v5") == 0);
    world_is(w, "vat.dynamicIDs", "[]");
}

/* #6639 */
SCENARIO(kernel_meter, cost_of_a_start_is_reported, ordinary) {
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"spend 60\"}}}");
    for (int i = 0; i < 4; i++)
        world_crank(w);
    cr_assert(w->crank.kind == VK_CRANK_CREATE_VAT);
    cr_assert(w->crank.metered && w->crank.computrons == 60);
}

/* ---- upgrades: the meter pays for BOYD and startVat together, if startVat can be paid at all */

static void upgrade(struct test_world *w, const char *start) {
    world_tell(w, "vatAdmin", "{call d-71 upgradeVat v5 @vat {\"run\":\"%s\"} why}", start);
    for (int i = 0; i < 4; i++)
        world_crank(w);
}

SCENARIO(kernel_meter, upgrade_pays_for_both_its_deliveries, ordinary) {
    metered_vat(w, 1000, "on bringOutYourDead {spend 5}");
    upgrade(w, "spend 60");
    cr_assert(w->crank.metered && w->crank.computrons == 65);
    world_is(w, "m1.remaining", "935");
}

SCENARIO(kernel_meter, upgrade_pays_for_its_boyd_even_if_the_start_was_free, ordinary) {
    metered_vat(w, 1000, "on bringOutYourDead {spend 5}");
    upgrade(w, "set x y");
    cr_assert(w->crank.metered && w->crank.computrons == 5);
    world_is(w, "m1.remaining", "995");
}

SCENARIO(kernel_meter, failed_upgrade_pays_for_both_its_deliveries, ordinary) {
    metered_vat(w, 1000, "on bringOutYourDead {spend 5}");
    upgrade(w, "spend 60; fail oops");
    cr_assert(w->crank.kind == VK_CRANK_DELIVERY);
    cr_assert(w->crank.metered && w->crank.computrons == 65);
    world_is(w, "m1.remaining", "935");
}

SCENARIO(kernel_meter, upgrade_that_fails_without_a_known_cost_is_free_but_reported, ordinary) {
    metered_vat(w, 1000, "on bringOutYourDead {spend 5}");
    upgrade(w, "fail {Compute meter exceeded}");
    cr_assert(w->crank.metered && w->crank.computrons == 5);
    world_is(w, "m1.remaining", "1000");
}

SCENARIO(kernel_meter, upgrade_whose_boyd_fails_is_free_but_reported, ordinary) {
    metered_vat(w, 1000, "on bringOutYourDead {spend 5; fail oops}");
    upgrade(w, "spend 60");
    cr_assert(w->crank.metered && w->crank.computrons == 5);
    world_is(w, "m1.remaining", "1000");
}

SCENARIO(kernel_meter, upgrade_that_cannot_pay_its_start_fails, ordinary) {
    metered_vat(w, 150, "on bringOutYourDead {spend 5}");
    upgrade(w, "spend 160; set new yes");
    world_is(w, "m1.remaining", "0");
    world_absent(w, "v5.vs.new");
    world_run(w);
    cr_assert(told(w, "[\\\"up1\\\",false,") == 1);
    cr_assert(told(w, "meterCrossedThreshold") == 1);
    world_is(w, "vat.dynamicIDs", "[\"v5\"]");
}

/* The check looks at startVat alone; what the BOYD cost besides just empties the meter. */
SCENARIO(kernel_meter, upgrade_may_empty_the_meter_by_its_boyd, ordinary) {
    metered_vat(w, 150, "on bringOutYourDead {spend 100}");
    upgrade(w, "spend 140; set new yes");
    world_is(w, "m1.remaining", "0");
    world_is(w, "v5.vs.new", "yes");
}

/* ---- computrons as dirt */

SCENARIO(kernel_meter, vat_may_be_reaped_for_its_computrons, ordinary) {
    test_ok(vk_host_apply_write(w->kernel, VK_STR("kernel.defaultReapDirtThreshold"),
                                VK_STR("{\"deliveries\":\"never\",\"gcKrefs\":\"never\","
                                       "\"computrons\":100}")));
    world_tell(w, "alice", "{spend 60}");
    world_run(w);
    world_is(w, "v2.reapDirt", "{\"computrons\":60}");
    world_tell(w, "alice", "{spend 40}");
    world_run(w);
    world_is(w, "v2.reapDirt", "{}");
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"bringOutYourDead\"", NULL) == 1);
}
