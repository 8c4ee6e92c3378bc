/* kernel_upgrade_test.c - upgrades: a last BOYD, promises disconnected, exports abandoned, a new incarnation; or else
 * all as it was. */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};
static const struct test_setup with_snapshots = {
    .xsnap = true, .snapshot_initial = 3, .snapshot_interval = 3};
static const struct test_setup xsnap_plain = {.xsnap = true, .plain = true};

/* vatAdmin upgrades v5, to bundle `bundle`, with parameters that run `start`. */
static void upgrade(struct test_world *w, const char *bundle, const char *start) {
    world_tell(w, "vatAdmin", "{call d-71 upgradeVat v5 @%s {\"run\":\"%s\"} {because I say so}}",
               bundle, start);
}

/* To the crank that does it. */
static void run_to_upgrade(struct test_world *w) {
    do
        world_crank(w);
    while (world_traced(w, "set runQueue.", "upgrade-vat") == 0);
    world_forget(w);
    world_crank(w);
}

static void vat_five(struct test_world *w) {
    world_create_vat(w, "", "set old yes");
    world_forget(w);
}

static unsigned told(struct test_world *w, const char *part) {
    return world_traced(w, "titem v1 = {\"d\":[\"message\",\"o+0\"", part);
}

SCENARIO(kernel_upgrade, new_incarnation_starts_from_the_new_bundle, ordinary) {
    vat_five(w);
    upgrade(w, "vat", "set new yes; get old");
    run_to_upgrade(w);
    cr_assert(w->crank.kind == VK_CRANK_NONE); /* as SwingSet reports it to the run policy */
    world_is(w, "v5.vs.old", "yes");           /* the vatstore lasts */
    world_is(w, "v5.vs.new", "yes");
    cr_assert(world_traced(w, "rollback", NULL) == 0);
    cr_assert(world_traced(w,
                           "titem v5 = {\"d\":[\"bringOutYourDead\"],\"sc\":[],\"r\":{\"status\":"
                           "\"ok\"}}",
                           NULL) == 1);
    cr_assert(world_traced(
                  w, "titem v5 = {\"d\":[\"shutdown-worker\"],\"sc\":[],\"r\":{\"status\":\"ok\"}}",
                  NULL) == 1);
    cr_assert(world_traced(w, "tinc v5", NULL) == 1);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"initialize-worker\"", NULL) == 1);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"startVat\"",
                           "{\"s\":[\"vatstoreGet\",\"old\"],\"r\":[\"ok\",\"yes\"]}") == 1);
    struct vk_span span;
    test_ok(vk_transcript_current(w->store, VK_STR("v5"), &span));
    cr_assert(span.incarnation == 1 && span.start == 4 && span.end == 6);
    world_is(w, "v5.vatParameters",
             "{\"body\":\"#{\\\"run\\\":\\\"set new yes; get old\\\"}\",\"slots\":[]}");
    world_is(w, "vat.dynamicIDs", "[\"v5\"]");
    world_run(w);
    cr_assert(told(w, "#[\\\"vatUpgradeCallback\\\",[\\\"up1\\\",true,\\\"#undefined\\\",1]]") ==
              1);
    world_is(w, "vat.nextUpgradeID", "2");
    upgrade(w, "vat", "");
    world_run(w);
    cr_assert(told(w, "[\\\"up2\\\",true,\\\"#undefined\\\",2]]") == 1);
}

SCENARIO(kernel_upgrade, source_and_worker_bundles_are_those_of_the_day, xsnap_plain) {
    vat_five(w);
    w->vats.bundle_ids = "[\"b0-3\"]";
    test_ok(vk_bundle_add(w->store, vk_str(test_bundle_id("other")), VK_STR("zip")));
    upgrade(w, "other", "");
    world_run(w);
    const char *source = world_key(w, "v5.source");
    cr_assert(strstr(source, test_bundle_id("other")));
    world_is(
        w, "v5.options",
        "{\"workerOptions\":{\"type\":\"xsnap\",\"bundleIDs\":[\"b0-3\"]},\"enableSetup\":false,"
        "\"enablePipelining\":false,\"enableDisavow\":false,\"useTranscript\":true,"
        "\"reapDirtThreshold\":{},\"critical\":false}");
    cr_assert(world_traced(
                  w, "titem v5 = {\"d\":[\"initialize-worker\",{\"source\":{\"bundleID\":\"b1-6f74",
                  "\"workerOptions\":{\"type\":\"xsnap\",\"bundleIDs\":[\"b0-3\"]}}]") == 1);
}

SCENARIO(kernel_upgrade, old_worker_goes_and_a_new_one_comes, plain) {
    vat_five(w);
    world_tell(w, "ko24", "{on hello {set memory old}}");
    world_run(w);
    upgrade(w, "vat", "");
    world_run(w);
    cr_assert(world_lived(w, "stop v5", NULL) == 1);
    cr_assert(world_lived(w, "start v5 at 6", NULL) == 1);
    world_tell(w, "ko24", "hello");
    world_run(w);
    world_absent(w, "v5.vs.memory"); /* it has forgotten its standing orders */
}

SCENARIO(kernel_upgrade, last_boyd_may_drop_imports, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "ko24", "{on bringOutYourDead {drop o-50; retire o-50; set cleaned up}} ko21");
    world_run(w);
    world_is(w, "v5.c.ko21", "R o-50");
    upgrade(w, "vat", "");
    world_run(w);
    world_absent(w, "v5.c.ko21");
    world_is(w, "v5.vs.cleaned", "up");
}

/* alice has three promises of v5: kp41 is the result of her message, kp42 an argument that v5 is subscribed to
 * itself, kp43 one more argument. */
static void alice_waits(struct test_world *w) {
    vat_five(w);
    world_tell(w, "alice",
               "{send $0 {send $0 here p+1 p+2; subscribe p+1} o+0 = p+5; subscribe p+5;"
               "on here {subscribe $0; subscribe $1}} ko24");
    world_run(w);
    world_is(w, "kp42.decider", "v5");
    world_is(w, "kp43.subscribers", "v2,v5");
    world_is(w, "kp43.decider", "v5");
    world_is(w, "kp44.decider", "v5");
}

SCENARIO(kernel_upgrade, promises_are_disconnected, ordinary) {
    vat_five(w);
    world_tell(w, "alice", "{send $0 wait = p+5; subscribe p+5} ko24");
    world_run(w);
    world_is(w, "kp42.decider", "v5");
    upgrade(w, "vat", "");
    run_to_upgrade(w);
    world_is(w, "kp42.state", "rejected");
    world_is(
        w, "kp42.data.body",
        "#{\"incarnationNumber\":0,\"name\":\"vatUpgraded\",\"upgradeMessage\":\"{because I say so}\"}");
    world_absent(w, "v5.c.kp42"); /* #9039: nobody else would delete it */
    world_absent(w, "v5.c.p-60");
    world_is(w, "kp42.refCount", "2"); /* alice and the notify */
    world_run(w);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+5\",true,", "vatUpgraded") == 1);
    world_absent(w, "kp42.state");
}

SCENARIO(kernel_upgrade, promise_that_the_vat_subscribes_to_keeps_its_entry_for_the_notify,
         ordinary) {
    vat_five(w);
    world_tell(w, "alice", "{send $0 {send $0 {} p+1; subscribe p+1} o+0} ko24");
    world_run(w);
    world_is(w, "kp42.decider", "v5");
    world_is(w, "kp42.subscribers", "v5");
    world_is(w, "v5.c.kp42", "R p+1");
    upgrade(w, "vat", "on notify {set told $p}");
    run_to_upgrade(w);
    world_is(w, "kp42.state", "rejected");
    world_is(w, "v5.c.kp42", "R p+1");
    world_is(w, "kp42.refCount", "3"); /* both c-lists and the notify */
    world_run(w);
    world_is(w, "v5.vs.told", "p+1");
    world_absent(w, "v5.c.kp42");
    world_is(w, "kp42.refCount", "1"); /* alice was never subscribed */
}

SCENARIO(kernel_upgrade, all_promises_of_the_vat_go_in_the_order_of_their_names, ordinary) {
    alice_waits(w);
    upgrade(w, "vat", "");
    run_to_upgrade(w);
    world_is(w, "kp42.state", "rejected");
    world_is(w, "kp43.state", "rejected");
    world_is(w, "kp44.state", "rejected");
    const char *trace = w->trace.text + w->trace_mark;
    /* p+1 (kp43), p+2 (kp44), p-60 (kp42) */
    const char *one = strstr(trace, "set kp43.state = rejected");
    const char *two = strstr(trace, "set kp44.state = rejected");
    const char *three = strstr(trace, "set kp42.state = rejected");
    cr_assert(one && two && three && one < two && two < three);
    world_run(w);
    cr_assert(world_keys(w, "v5.c.p") == 0);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\"", NULL) == 3);
}

SCENARIO(kernel_upgrade, promises_that_others_decide_stay, ordinary) {
    vat_five(w);
    world_tell(w, "alice", "{send $0 {subscribe $0} p+5} ko24");
    world_run(w);
    upgrade(w, "vat", "on notify {set told $p}");
    world_run(w);
    world_is(w, "kp42.state", "unresolved");
    world_is(w, "v5.c.kp42", "R p-60");
    world_tell(w, "alice", "{fulfill p+5 1}");
    world_run(w);
    world_is(w, "v5.vs.told", "p-60");
}

SCENARIO(kernel_upgrade, exports_that_cannot_last_are_abandoned, ordinary) {
    vat_five(w);
    world_tell(w, "alice", "{send $0 {send $0 here o+5 o+d7/1 o+v8/1 o+d7 o+v8} o+0} ko24");
    world_run(w);
    world_is(w, "v5.c.ko25", "R o+5");
    world_is(w, "v5.c.ko26", "R o+d7/1");
    upgrade(w, "vat", "");
    run_to_upgrade(w);
    world_is(w, "v5.c.ko24", "R o+0"); /* the root stays */
    world_is(w, "ko24.owner", "v5");
    world_absent(w, "ko25.owner");
    world_absent(w, "v5.c.ko25");
    world_absent(w, "v5.c.o+5");
    world_is(w, "ko26.owner", "v5");
    world_is(w, "v5.c.o+d7/1", "ko26");
    world_absent(w, "ko27.owner");
    world_absent(w, "v5.c.o+v8/1");
    world_is(w, "ko28.owner", "v5");
    world_absent(w, "ko29.owner");
    world_is(w, "ko25.refCount", "1,1"); /* alice still has it */
    world_forget(w);
    world_tell(w, "alice", "{send o-51 foo = p+6; subscribe p+6; send o-52 foo}");
    world_run(w);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\"", "vat terminated") == 1);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"message\",\"o+d7/1\"", NULL) == 1);
}

SCENARIO(kernel_upgrade, unreachable_export_is_retired_when_abandoned, ordinary) {
    vat_five(w);
    world_tell(w, "alice", "{send $0 {send $0 {drop $0} o+5} o+0} ko24");
    world_run(w);
    world_is(w, "ko25.refCount", "0,1");
    upgrade(w, "vat", "");
    world_run(w);
    cr_assert(world_keys(w, "ko25") == 0);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"retireImports\"", NULL) == 1);
}

SCENARIO(kernel_upgrade, parameters_of_the_old_incarnation_are_let_go, ordinary) {
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat"
               " {\"vatParameters\":{\"x\":\"$0.Alleged: x\"}} with o-50}");
    world_run(w);
    world_is(w, "ko21.refCount", "4,4"); /* vatAdmin, device, parameters, v5's import */
    world_tell(w, "vatAdmin",
               "{call d-71 upgradeVat v5 @vat {\"x\":\"$0.Alleged: x\"} why with o-51}");
    world_run(w);
    world_is(w, "ko21.refCount", "3,3");
    world_is(w, "ko22.refCount", "4,4");
    world_is(w, "v5.vatParameters",
             "{\"body\":\"#{\\\"x\\\":\\\"$0.Alleged: x\\\"}\",\"slots\":[\"ko22\"]}");
}

/* ---- failures: INV-UPGRADE-1 */

static void is_as_it_was(struct test_world *w, uint64_t incarnation) {
    struct vk_span span;
    world_is(w, "vat.dynamicIDs", "[\"v5\"]");
    world_is(w, "vats.terminated", "[]");
    world_is(w, "v5.vatParameters",
             "{\"body\":\"#{\\\"run\\\":\\\"set old yes\\\"}\",\"slots\":[]}");
    world_absent(w, "v5.vs.new");
    test_ok(vk_transcript_current(w->store, VK_STR("v5"), &span));
    cr_assert(span.incarnation == incarnation);
    world_is(w, "ko24.owner", "v5");
}

static void survives(struct test_world *w, const char *start) {
    world_tell(w, "alice", "{send $0 {send $0 here o+5 o+v8/1} o+0 = p+5; subscribe p+5} ko24");
    world_run(w);
    upgrade(w, "vat", start);
    run_to_upgrade(w);
    cr_assert(w->crank.kind == VK_CRANK_DELIVERY);
    cr_assert(world_traced(w, "rollback deliver", NULL) == 1);
    is_as_it_was(w, 0);
    world_is(w, "kp42.state", "unresolved"); /* nothing was disconnected, nor abandoned */
    world_is(w, "v5.c.kp42", "R p-60");
    world_is(w, "ko25.owner", "v5");
    world_is(w, "v5.c.o+v8/1", "ko26");
    world_is(w, "runQueue", "[15,15]"); /* and it is not tried again */
    world_run(w);
    cr_assert(
        told(w, "#[\\\"vatUpgradeCallback\\\",[\\\"up1\\\",false,{\\\"#error\\\":\\\"vat-upgrade "
                "failure\\\",\\\"name\\\":\\\"Error\\\"}]]") == 1);
    cr_assert(told(w, "vatTerminated") == 0);
    world_tell(w, "ko24",
               "{fulfill p-60 1; set lives on}"); /* the old incarnation does what it could do */
    world_run(w);
    world_is(w, "v5.vs.lives", "on");
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+5\",false,", NULL) == 1);
}

/* #5344 */
SCENARIO(kernel_upgrade, startvat_that_fails_leaves_the_vat_as_it_was, ordinary) {
    vat_five(w);
    survives(w, "set new yes; fail oops");
}

SCENARIO(kernel_upgrade, startvat_with_an_illegal_syscall_leaves_the_vat_as_it_was, ordinary) {
    vat_five(w);
    survives(w, "set new yes; subscribe p-99");
}

SCENARIO(kernel_upgrade, startvat_that_exits_leaves_the_vat_as_it_was, ordinary) {
    vat_five(w);
    survives(w, "set new yes; exit bye");
}

SCENARIO(kernel_upgrade, boyd_that_fails_leaves_the_vat_as_it_was, ordinary) {
    vat_five(w);
    world_tell(w, "ko24", "{on bringOutYourDead {set new yes; fail oops}}");
    world_run(w);
    upgrade(w, "vat", "");
    run_to_upgrade(w);
    cr_assert(world_traced(w, "rollback deliver", NULL) == 1);
    cr_assert(world_traced(w, "tinc", NULL) == 0);
    is_as_it_was(w, 0);
    world_run(w);
    cr_assert(told(w, "[\\\"up1\\\",false,") == 1);
}

SCENARIO(kernel_upgrade, boyd_that_exits_leaves_the_vat_as_it_was, ordinary) {
    vat_five(w);
    world_tell(w, "ko24", "{on bringOutYourDead {exit bye}}");
    world_run(w);
    upgrade(w, "vat", "set new yes");
    world_run(w);
    is_as_it_was(w, 0);
    cr_assert(told(w, "[\\\"up1\\\",false,") == 1);
    cr_assert(told(w, "vatTerminated") == 0);
}

SCENARIO(kernel_upgrade, worker_after_a_failure_is_the_old_one_replayed, plain) {
    vat_five(w);
    world_tell(w, "ko24", "{on hello {set memory old}}");
    world_run(w);
    upgrade(w, "vat", "fail oops");
    world_run(w);
    cr_assert(world_lived(w, "stop v5", NULL) == 2);
    world_forget(w);
    world_tell(w, "ko24", "hello");
    world_run(w);
    cr_assert(world_lived(w, "start v5 at 1", NULL) == 1);
    cr_assert(world_lived(w, "deliver v5 [\"startVat\"", "set old yes") == 1);
    cr_assert(world_lived(w, "deliver v5 [\"bringOutYourDead\"]", NULL) == 0);
    world_is(w, "v5.vs.memory", "old");
}

SCENARIO(kernel_upgrade, upgrade_after_a_failed_one_succeeds, ordinary) {
    vat_five(w);
    upgrade(w, "vat", "fail oops");
    upgrade(w, "vat", "set new yes");
    world_run(w);
    world_is(w, "v5.vs.new", "yes");
    cr_assert(told(w, "[\\\"up1\\\",false,") == 1);
    cr_assert(told(w, "[\\\"up2\\\",true,\\\"#undefined\\\",1]]") == 1);
}

SCENARIO(kernel_upgrade, references_of_a_failed_upgrades_parameters_are_forgotten, ordinary) {
    vat_five(w);
    world_tell(
        w, "vatAdmin",
        "{call d-71 upgradeVat v5 @vat {\"run\":\"fail x\",\"x\":\"$0.Alleged: x\"} why with o-50}");
    world_run(w);
    world_is(w, "ko21.refCount", "3,3"); /* vatAdmin, device, and the event that is no more */
    world_refer(w, "ko21", 1);
}

SCENARIO(kernel_upgrade, vat_that_died_meanwhile_is_not_upgraded, ordinary) {
    vat_five(w);
    upgrade(w, "vat", "set new yes");
    world_crank(w);
    world_crank(w);
    const struct vk_capdata reason = {.body = VK_STR("#1")};
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v5"), &reason));
    world_run(w);
    cr_assert(told(w, "vatUpgradeCallback") == 0);
    cr_assert(world_keys(w, "v5.") == 0);
    world_tell(w, "vatAdmin", "{call d-71 upgradeVat v99 @vat 1 why}");
    world_run(w);
    cr_assert(told(w, "vatUpgradeCallback") == 0);
}

SCENARIO(kernel_upgrade, worker_that_does_not_come_back_halts, plain) {
    vat_five(w);
    upgrade(w, "vat", "");
    world_crank(w);
    world_crank(w);
    w->vats.start_fails_for = "v5"; /* an old vat's failure to start is no misfortune of its own */
    w->vats.start_error = VK_ERR_WORKER_START;
    world_run_halts(w, VK_ERR_WORKER_START, "v5 cannot be started");
    is_as_it_was(w, 0);
    world_is(w, "runQueue", "[11,12]");
}

SCENARIO(kernel_upgrade, static_vat_may_be_upgraded, ordinary) {
    world_tell(w, "vatAdmin", "{call d-71 upgradeVat v3 @vat {\"run\":\"set new yes\"} why}");
    world_run(w);
    world_is(w, "v3.vs.new", "yes");
    world_is(w, "vat.name.bob", "v3");
    cr_assert(told(w, "[\\\"up1\\\",true,\\\"#undefined\\\",1]]") == 1);
}

SCENARIO(kernel_upgrade, new_incarnation_has_no_snapshot_and_makes_its_own, with_snapshots) {
    world_create_vat(w, "", "");
    for (int i = 0; i < 4; i++)
        world_tell(w, "ko24", "one");
    world_run(w);
    struct vk_snapshot_info info;
    bool found;
    test_ok(vk_snapshot_current(w->store, VK_STR("v5"), &found, &info));
    cr_assert(found);
    upgrade(w, "vat", "");
    run_to_upgrade(w);
    test_ok(vk_snapshot_current(w->store, VK_STR("v5"), &found, &info));
    cr_assert(!found);
    world_tell(w, "ko24", "one"); /* initialize-worker, startVat, this */
    world_run(w);
    test_ok(vk_snapshot_current(w->store, VK_STR("v5"), &found, &info));
    cr_assert(found);
}

SCENARIO(kernel_upgrade, failed_upgrade_keeps_the_snapshot, with_snapshots) {
    world_create_vat(w, "", "");
    for (int i = 0; i < 4; i++)
        world_tell(w, "ko24", "one");
    world_run(w);
    struct vk_snapshot_info before, after;
    bool found;
    test_ok(vk_snapshot_current(w->store, VK_STR("v5"), &found, &before));
    cr_assert(found);
    upgrade(w, "vat", "fail oops");
    world_run(w);
    test_ok(vk_snapshot_current(w->store, VK_STR("v5"), &found, &after));
    cr_assert(found && after.position == before.position);
    cr_assert_str_eq(after.hash, before.hash);
}

SCENARIO(kernel_upgrade, host_may_queue_upgrades_for_after_a_restart, ordinary) {
    vat_five(w);
    struct vk_str events;
    test_ok(vk_arena_format(&w->arena, &events,
                            "[{\"type\":\"changeVatOptions\",\"vatID\":\"v5\",\"options\":"
                            "{\"reapInterval\":7}},{\"type\":\"upgrade-vat\",\"vatID\":\"v5\","
                            "\"upgradeID\":\"up9\",\"bundleID\":\"%s\",\"vatParameters\":{\"body\":"
                            "\"#{}\",\"slots\":[]},\"upgradeMessage\":\"m\"}]",
                            test_bundle_id("alice")));
    test_ok(vk_store_set(w->store, VK_STR("upgradeEvents"), events));
    test_ok(vk_host_inject_upgrade_events(w->kernel));
    world_absent(w, "upgradeEvents");
    world_is(w, "acceptanceQueue", "[10,12]");
    world_run(w);
    cr_assert(strstr(world_key(w, "v5.source"), test_bundle_id("alice")));
    cr_assert(strstr(world_key(w, "v5.options"), "\"reapDirtThreshold\":{\"deliveries\":7}"));
    cr_assert(told(w, "[\\\"up9\\\",true,\\\"#undefined\\\",1]]") == 1);
    test_ok(vk_host_inject_upgrade_events(w->kernel)); /* nothing more */
    world_is(w, "acceptanceQueue", "[13,13]");
}
