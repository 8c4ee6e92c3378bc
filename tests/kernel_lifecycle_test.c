/* kernel_lifecycle_test.c - vats made, vats ended, and their slow deletion. */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};
static const struct test_setup alice_is_critical = {
    .options = {[TEST_ALICE] = "{\"critical\":true}"}, .plain = true};
static const struct test_setup alice_starts_badly = {
    .start = {[TEST_ALICE] = "set x y; fail {buildRootObject failed}"}};
static const struct test_setup snapshots = {
    .xsnap = true, .snapshot_initial = 3, .snapshot_interval = 3};
static const struct test_setup with_slog = {.slog = true, .plain = true};

/* How often vatAdmin was told something that has `part` in it. */
static unsigned told(struct test_world *w, const char *part) {
    return world_traced(w, "titem v1 = {\"d\":[\"message\",\"o+0\"", part);
}

/* ---- creation */

SCENARIO(kernel_lifecycle, vat_is_created_and_started_in_one_crank, ordinary) {
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat"
               " {\"vatParameters\":{\"run\":\"set x y\"},\"name\":\"dave\"}}");
    world_crank(w);
    world_crank(w);
    world_is(w, "vat.nextID", "6");
    cr_assert(world_keys(w, "v5") == 0);
    cr_assert(world_crank(w) == VK_CRANK_NONE);
    cr_assert(strstr(world_key(w, "runQueue.8"), "{\"type\":\"create-vat\",\"vatID\":\"v5\""));
    cr_assert(world_crank(w) == VK_CRANK_CREATE_VAT);
    world_is(w, "vat.dynamicIDs", "[\"v5\"]");
    world_is(w, "v5.options",
             "{\"workerOptions\":{\"type\":\"local\"},\"name\":\"dave\",\"enableSetup\":false,"
             "\"enablePipelining\":false,\"enableDisavow\":false,\"useTranscript\":true,"
             "\"reapDirtThreshold\":{},\"critical\":false}");
    world_is(w, "v5.vs.x", "y");
    world_is(w, "v5.vatParameters", "{\"body\":\"#{\\\"run\\\":\\\"set x y\\\"}\",\"slots\":[]}");
    world_is(w, "v5.c.ko24", "R o+0");
    world_is(w, "ko24.refCount", "1,1"); /* in the message to vatAdmin */
    world_run(w);
    cr_assert(told(w, "#[\\\"newVatCallback\\\",[\\\"v5\\\",{\\\"rootObject\\\":\\\"$0.Alleged: "
                      "undefined\\\"}]]\",\"slots\":[\"o-53\"]") == 1);
    world_is(w, "v1.c.ko24", "R o-53");
    world_is(w, "ko24.refCount", "1,1");
    cr_assert(world_stat(w, "vats") == 5);
    world_absent(w, "vat.name.dave");
    world_tell(w, "ko24", "{set z yes}");
    world_run(w);
    world_is(w, "v5.vs.z", "yes");
}

SCENARIO(kernel_lifecycle, vat_parameters_are_held_for_as_long_as_the_vat_has_them, ordinary) {
    /* the event holds alice's root, the device holds it for ever, then the vat and its parameters do */
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat"
               " {\"vatParameters\":{\"x\":\"$0.Alleged: x\"}} with o-50}");
    world_crank(w);
    world_crank(w);
    world_is(w, "ko21.refCount", "3,3"); /* vatAdmin, device, event */
    world_crank(w);
    world_crank(w);
    world_is(w, "ko21.refCount", "4,4"); /* vatAdmin, device, parameters, v5 */
    world_is(w, "v5.c.ko21", "R o-50");
    world_is(w, "v5.vatParameters",
             "{\"body\":\"#{\\\"x\\\":\\\"$0.Alleged: x\\\"}\",\"slots\":[\"ko21\"]}");
    world_run(w);
    cr_assert(world_traced(w, "titem v5 ",
                           "[\"startVat\",{\"body\":\"#{\\\"x\\\":\\\"$0.Alleged: "
                           "x\\\"}\",\"slots\":[\"o-50\"]}]") == 1);
}

SCENARIO(kernel_lifecycle, vat_may_be_made_from_a_whole_bundle, ordinary) {
    world_tell(w, "vatAdmin", "{call d-71 createByBundle {\"moduleFormat\":\"x\"} {}}");
    world_run(w);
    world_is(w, "v5.source", "{\"bundle\":{\"moduleFormat\":\"x\"}}");
    world_is(w, "v5.vatParameters", "{\"body\":\"#\\\"#undefined\\\"\",\"slots\":[]}");
    cr_assert(world_traced(w,
                           "titem v5 = {\"d\":[\"initialize-worker\",{\"source\":{},"
                           "\"workerOptions\":{\"type\":\"local\"}}],\"sc\":[],\"r\":{\"status\":"
                           "\"ok\"}}",
                           NULL) == 1);
}

SCENARIO(kernel_lifecycle, vat_whose_bundle_is_gone_is_not_created, plain) {
    world_tell(w, "vatAdmin", "{call d-71 createByBundleID @vat {\"vatParameters\":{}}}");
    world_crank(w);
    world_crank(w);
    test_ok(vk_bundle_delete(w->store, vk_str(test_bundle_id("vat"))));
    world_run(w);
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v5\\\",true,{\\\"#error\\\":\\\"Error: unknown "
                      "bundleID (a string)\\\"") == 1);
    cr_assert(world_keys(w, "v5") == 0);
    world_is(w, "vat.dynamicIDs", "[]");
    cr_assert(world_lived(w, "start v5", NULL) == 0);
}

SCENARIO(kernel_lifecycle, vat_whose_worker_does_not_start_is_not_created, plain) {
    w->vats.start_fails_for = "v5";
    w->vats.start_error = VK_ERR_WORKER_START;
    world_tell(w, "vatAdmin", "{call d-71 createByBundleID @vat {\"vatParameters\":{}}}");
    for (int i = 0; i < 3; i++)
        world_crank(w);
    world_forget(w);
    cr_assert(world_crank(w) == VK_CRANK_CREATE_VAT);
    cr_assert(world_traced(w, "rollback deliver", NULL) == 1);
    cr_assert(world_keys(w, "v5") == 0);
    world_is(w, "vat.dynamicIDs", "[]");
    world_is(w, "vats.terminated", "[]");
    world_is(w, "runQueue", "[9,9]"); /* not tried again */
    world_run(w);
    cr_assert(
        told(w, "#[\\\"vatTerminated\\\",[\\\"v5\\\",true,{\\\"#error\\\":\\\"Error: worker could "
                "not be started\\\"") == 1);
    w->vats.start_fails_for = NULL;
    world_create_vat(w, "", ""); /* the id is used up all the same */
    world_is(w, "vat.dynamicIDs", "[\"v6\"]");
}

SCENARIO(kernel_lifecycle, any_other_failure_to_start_a_worker_halts, plain) {
    w->vats.start_fails_for = "v5";
    w->vats.start_error = VK_ERR_WORKER_LOST;
    world_tell(w, "vatAdmin", "{call d-71 createByBundleID @vat {\"vatParameters\":{}}}");
    world_run_halts(w, VK_ERR_WORKER_LOST, "v5 cannot be started");
    cr_assert(world_keys(w, "v5") == 0);
    world_is(w, "runQueue", "[8,9]");
}

SCENARIO(kernel_lifecycle, vat_that_fails_to_start_leaves_no_trace, ordinary) {
    world_tell(
        w, "vatAdmin",
        "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"set x y; send o+0 foo;"
        "fail oops\"}}}");
    for (int i = 0; i < 4; i++)
        world_crank(w);
    cr_assert(w->crank.kind == VK_CRANK_CREATE_VAT);
    cr_assert(world_traced(w, "rollback deliver", NULL) == 1);
    cr_assert(world_keys(w, "v5") == 0);
    world_is(w, "ko.nextID", "24");
    world_is(w, "vat.dynamicIDs", "[]");
    world_is(w, "vats.terminated", "[]");
    world_is(w, "acceptanceQueue", "[9,10]"); /* vatAdmin is told, and foo is not sent */
    world_run(w);
    cr_assert(
        told(w,
             "#[\\\"vatTerminated\\\",[\\\"v5\\\",true,{\\\"#error\\\":\\\"oops\\\",\\\"name\\\":"
             "\\\"Error\\\"}]]") == 1);
    cr_assert(told(w, "newVatCallback") == 0);
}

SCENARIO(kernel_lifecycle, worker_of_a_vat_that_failed_to_start_is_stopped, plain) {
    world_create_vat(w, "", "fail oops");
    cr_assert(world_lived(w, "start v5", NULL) == 1);
    cr_assert(world_lived(w, "stop v5", NULL) == 1);
    world_create_vat(w, "", "raw [\\\"send\\\",\\\"o-99\\\",{}]");
    cr_assert(world_lived(w, "stop v6", NULL) == 1);
}

SCENARIO(kernel_lifecycle, references_of_a_failed_creations_parameters_are_forgotten, ordinary) {
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat"
               " {\"vatParameters\":{\"run\":\"fail x\",\"x\":\"$0.Alleged: x\"}} with o-50}");
    world_run(w);
    world_is(w, "ko21.refCount", "3,3"); /* vatAdmin, device, and the event that is no more */
    world_refer(w, "ko21", 1);
}

SCENARIO(kernel_lifecycle, vat_that_exits_from_its_start_lived_for_a_crank, ordinary) {
    world_create_vat(w, "", "set x y; exit early");
    cr_assert(told(w, "newVatCallback") == 0);
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v5\\\",false,\\\"early\\\"]]") == 1);
    cr_assert(world_keys(w, "v5.") == 0);
    world_is(w, "vat.dynamicIDs", "[]");
    world_is(w, "vats.terminated", "[]");
    cr_assert(world_traced(w, "tdel v5 ", "done 1") == 1);
}

SCENARIO(kernel_lifecycle, option_that_nobody_knows_halts, plain) {
    world_tell(w, "vatAdmin", "{call d-71 createByBundleID @vat {\"bogus\":1}}");
    world_run_halts(w, VK_ERR_PANIC, "unused option bogus");
}

SCENARIO(kernel_lifecycle, options_of_a_dynamic_vat_are_recorded_in_swingsets_order, ordinary) {
    world_tell(
        w, "vatAdmin",
        "{call d-71 createMeter +1000 +10;"
        "call d-71 createByBundleID @vat {\"critical\":false,\"meterID\":\"m1\",\"reapGCKrefs\":5,"
        "\"reapInterval\":\"never\",\"enableDisavow\":true,\"enablePipelining\":true,"
        "\"managerType\":\"xsnap\",\"name\":\"dave\",\"neverReap\":true,\"useTranscript\":true}}");
    world_run(w);
    world_is(
        w, "v5.options",
        "{\"workerOptions\":{\"type\":\"xsnap\",\"bundleIDs\":[\"b0-1\",\"b0-2\"]},\"name\":\"dave\","
        "\"enableSetup\":false,\"enablePipelining\":true,\"enableDisavow\":false,"
        "\"useTranscript\":true,\"reapDirtThreshold\":{\"deliveries\":\"never\",\"gcKrefs\":5,"
        "\"never\":true},\"critical\":false,\"meterID\":\"m1\"}");
}

SCENARIO(kernel_lifecycle, static_vat_that_fails_to_start_is_terminated, alice_starts_badly) {
    world_absent(w, "vat.name.alice");
    world_is(w, "vat.names", "[\"vatAdmin\",\"bob\",\"carol\"]");
    cr_assert(world_keys(w, "v2.") == 0);
    cr_assert(world_stat(w, "vats") == 3);
    world_absent(w, "ko21.owner");
    world_is(w, "ko21.refCount", "1,1");
    char kref[VK_KREF_TEXT];
    cr_assert(vk_host_vat_root(w->kernel, VK_STR("alice"), kref) == VK_ERR_USAGE);
    world_tell(w, "bob", "{set fine yes}"); /* a refused call changes nothing */
    world_run(w);
    world_is(w, "v3.vs.fine", "yes");
}

/* ---- termination */

SCENARIO(kernel_lifecycle, exit_keeps_what_the_delivery_did, ordinary) {
    world_tell(w, "bob", "{set x y; send $0 {set late yes}; exit bye} ko23");
    world_crank(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    cr_assert(world_traced(w, "rollback", NULL) == 0);
    world_is(w, "v3.vs.x", "y"); /* until clean-up */
    world_is(w, "vats.terminated", "[\"v3\"]");
    world_is(w, "vat.names", "[\"vatAdmin\",\"alice\",\"carol\"]");
    world_absent(w, "vat.name.bob");
    world_absent(w, "v3.reapDirt.x");
    cr_assert(world_traced(w, "tstop v3", NULL) == 1);
    world_run(w);
    world_is(w, "v4.vs.late", "yes");
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v3\\\",false,\\\"bye\\\"]]") == 1);
    cr_assert(world_keys(w, "v3.") == 0);
    world_is(w, "vats.terminated", "[]");
    cr_assert(world_stat(w, "vats") == 3);
}

SCENARIO(kernel_lifecycle, exit_with_failure_undoes_the_delivery, ordinary) {
    const char *kpid =
        world_ask(w, "bob", "{set x y; send $0 {set late yes} o+5; exitfail bye} ko23",
                  VK_RESULT_IGNORE);
    world_crank(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    world_is(w, "runQueue", "[7,8]"); /* the message is tried again, against the dead vat */
    world_absent(w, "v3.vs.x");
    world_absent(w, "ko24.owner");
    world_is(w, "ko.nextID", "24");
    world_run(w);
    world_absent(w, "v4.vs.late");
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v3\\\",true,\\\"bye\\\"]]") == 1);
    cr_assert_str_eq(world_take(w, kpid),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    world_is(w, "ko23.refCount", "1,1");
}

SCENARIO(kernel_lifecycle, later_exit_overrides_an_earlier_one, ordinary) {
    world_tell(w, "bob", "{exitfail one; set x y; exit two}");
    world_run(w);
    cr_assert(world_traced(w, "rollback", NULL) == 0);
    cr_assert(told(w, "[\\\"v3\\\",false,\\\"two\\\"]]") == 1);
}

SCENARIO(kernel_lifecycle, exit_takes_effect_when_the_delivery_is_over, ordinary) {
    world_tell(w, "bob", "{exit bye; set x y; send $0 {set late yes}} ko23");
    world_run(w);
    world_is(w, "v4.vs.late", "yes");
    cr_assert(world_traced(w, "set v3.vs.x = y", NULL) == 1);
}

SCENARIO(kernel_lifecycle, slots_of_an_exits_reason_go_to_vat_admin, ordinary) {
    world_tell(w, "bob", "{exit o+5}");
    world_run(w);
    cr_assert(told(w,
                   "#[\\\"vatTerminated\\\",[\\\"v3\\\",false,\\\"$0.Alleged: x\\\"]]\",\"slots\":"
                   "[\"o-53\"]") == 1);
    world_absent(w, "ko24.owner");
    world_is(w, "ko24.refCount", "1,1");
}

SCENARIO(kernel_lifecycle, delivery_that_fails_is_the_vats_end, ordinary) {
    const char *kpid =
        world_ask(w, "bob", "{set x y; fail {Compute meter exceeded}}", VK_RESULT_IGNORE);
    world_run(w);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    cr_assert(world_traced(w, "titem v3 ", "\"r\":{\"status\":\"error\"}}") == 1);
    cr_assert(told(w,
                   "[\\\"v3\\\",true,{\\\"#error\\\":\\\"Compute meter exceeded\\\",\\\"name\\\":"
                   "\\\"Error\\\"}]]") == 1);
    cr_assert_str_eq(world_take(w, kpid),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    cr_assert(world_keys(w, "v3.") == 0);
}

SCENARIO(kernel_lifecycle, worker_of_a_dead_vat_is_stopped_once, plain) {
    world_tell(w, "bob", "{exit bye}");
    world_tell(w, "carol", "{fail oops}");
    world_run(w);
    cr_assert(world_lived(w, "stop v3", NULL) == 1);
    cr_assert(world_lived(w, "stop v4", NULL) == 1);
    cr_assert(world_lived(w, "start", NULL) == 0);
}

SCENARIO(kernel_lifecycle, admin_may_terminate_a_vat, ordinary) {
    world_tell(w, "vatAdmin", "{call d-71 terminateWithFailure v3 why}");
    world_crank(w);
    world_crank(w);
    world_is(w, "vats.terminated", "[\"v3\"]");
    world_is(w, "acceptanceQueue", "[8,9]");
    world_run(w);
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v3\\\",true,\\\"why\\\"]]") == 1);
    cr_assert(world_keys(w, "v3.") == 0);
}

SCENARIO(kernel_lifecycle, termination_in_a_crank_that_aborts_did_not_happen, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "ko24", "{call $0 terminateWithFailure v3 why; exitfail oops} kd31");
    world_run(w);
    world_is(w, "vat.name.bob", "v3");
    world_is(w, "vats.terminated", "[]");
    cr_assert(told(w, "\\\"v3\\\"") == 0);
    cr_assert(told(w, "[\\\"v5\\\",true,\\\"oops\\\"]]") == 1);
    world_tell(w, "bob", "{set alive yes}");
    world_run(w);
    world_is(w, "v3.vs.alive", "yes");
}

SCENARIO(kernel_lifecycle, host_may_terminate_a_vat, ordinary) {
    const struct vk_capdata reason = {.body = VK_STR("#\"enough\"")};
    const struct vk_str slot = VK_STR("ko21");
    const struct vk_capdata with_slot = {VK_STR("#\"$0\""), &slot, 1};
    cr_assert(vk_host_terminate_vat(w->kernel, VK_STR("v3"), &with_slot) == VK_ERR_USAGE);
    cr_assert(vk_host_terminate_vat(w->kernel, VK_STR("bob"), &reason) == VK_ERR_USAGE);
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v3"), &reason));
    world_is(w, "vats.terminated", "[\"v3\"]");
    cr_assert(world_traced(w, "emit", NULL) == 0); /* the next crankhash covers it */
    world_run(w);
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v3\\\",true,\\\"enough\\\"]]") == 1);
}

SCENARIO(kernel_lifecycle, terminating_what_is_not_alive_is_only_reported, ordinary) {
    const struct vk_capdata reason = {.body = VK_STR("#1")};
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v3"), &reason));
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v3"), &reason));
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v99"), &reason));
    world_is(w, "vats.terminated", "[\"v3\"]");
    world_run(w);
    cr_assert(told(w, "[\\\"v3\\\",true,1]]") == 2);
    cr_assert(told(w, "[\\\"v99\\\",true,1]]") == 1);
    cr_assert(world_stat(w, "vats") == 3);
}

SCENARIO(kernel_lifecycle, end_of_a_critical_vat_halts, alice_is_critical) {
    world_tell(w, "alice", "{exit bye}");
    world_run_halts(w, VK_ERR_PANIC, "critical vat v2 failed");
    world_is(w, "vats.terminated", "[\"v2\"]");
    world_is(w, "acceptanceQueue", "[8,8]"); /* vatAdmin is not told */
}

SCENARIO(kernel_lifecycle, failure_of_a_critical_vat_halts_whoever_brought_it_about,
         alice_is_critical) {
    world_tell(w, "vatAdmin", "{call d-71 terminateWithFailure v2 why}");
    world_run_halts(w, VK_ERR_PANIC, "critical vat v2 failed");
}

SCENARIO(kernel_lifecycle, illegal_syscall_of_a_critical_vat_halts, alice_is_critical) {
    world_tell(w, "alice", "{subscribe p-99}");
    world_run_halts(w, VK_ERR_PANIC, "critical vat v2 failed");
}

/* SwingSet's #9157: a critical vat that fails to start was never alive. */
SCENARIO(kernel_lifecycle, critical_vat_that_fails_to_start_does_not_halt, ordinary) {
    world_create_vat(w, ",\"critical\":true", "fail oops");
    cr_assert(told(w, "vatTerminated") == 1);
}

SCENARIO(kernel_lifecycle, vat_terminated_before_its_start_is_not_started, plain) {
    /* a world of its own, as nothing has run in it yet */
    struct test_world fresh;
    const struct vk_capdata reason = {.body = VK_STR("#1")};
    (void)w;
    world_open_store(&fresh, &plain, VK_STORE_DIRECT, ":memory:");
    const char *const bundles[] = {"vatAdmin", "alice", "bob", "carol", "device"};
    for (size_t i = 0; i < 5; i++)
        test_ok(vk_bundle_add(fresh.store, vk_str(test_bundle_id(bundles[i])), VK_STR("zip")));
    test_ok(world_try_initialize(&fresh));
    test_ok(world_try_open_kernel(&fresh));
    test_ok(vk_host_terminate_vat(fresh.kernel, VK_STR("v2"), &reason));
    world_run(&fresh);
    cr_assert(world_traced(&fresh, "titem v2 ", "startVat") == 0);
    cr_assert(world_keys(&fresh, "v2.") == 0);
    cr_assert(told(&fresh, "[\\\"v2\\\",true,1]]") == 1);
    world_refer(&fresh, "kp40", 1);
    world_close(&fresh);
}

SCENARIO(kernel_lifecycle, dead_vat_is_told_nothing_more, ordinary) {
    world_tell(w, "alice",
               "{send $0 {exit bye}; send o+0 {} p+5; send $0 {subscribe $0} p+5} ko22");
    world_tell(w, "carol", "{send $0 hello} ko22");
    world_run(w);
    world_tell(w, "alice", "{fulfill p+5 1}");
    world_run(w);
    cr_assert(world_traced(w, "titem v3 ", NULL) == 1);
}

SCENARIO(kernel_lifecycle, notify_for_a_vat_that_died_meanwhile_is_dropped, ordinary) {
    world_tell(w, "alice", "{send $0 {subscribe $0} p+5} ko22");
    world_run(w);
    world_tell(w, "bob", "{exit bye}");
    world_tell(w, "alice", "{fulfill p+5 1}");
    for (int i = 0; i < 2; i++)
        world_crank(w);
    world_crank(w); /* bob ends */
    world_run(w);
    cr_assert(world_traced(w, "titem v3 ", "\"notify\"") == 0);
    world_absent(w, "kp41.state");
}

/* ---- clean-up */

struct allowance {
    bool allowed;
    struct vk_cleanup_budget budget;
    unsigned asked;
};

static bool allow(void *impl, struct vk_cleanup_budget *budget) {
    struct allowance *allowance = impl;
    allowance->asked++;
    *budget = allowance->budget;
    return allowance->allowed;
}

static struct vk_cleanup_budget all_of(uint64_t n) {
    return (struct vk_cleanup_budget){n, n, n, n, n, n, VK_STR_NONE, n};
}

/* bob has three exports besides his root, three imports, three promises, five keys in his vatstore; then he is gone. */
static void bob_was(struct test_world *w) {
    world_tell(w, "bob",
               "{set a 1; set b 1; set c 1; set d 1; set e 1;"
               "send $0 {} o+5 o+6 o+7 p+5 p+6 p+7} ko23");
    world_tell(w, "carol", "{send $0 {} o+5 o+6} ko22");
    world_run(w);
    cr_assert(world_keys(w, "v3.c.o+") == 4);
    cr_assert(world_keys(w, "v3.c.o-") == 3);
    cr_assert(world_keys(w, "v3.c.p") == 3);
    cr_assert(world_keys(w, "v3.vs.") == 5);
    world_tell(w, "bob", "{exit bye}");
}

static bool did(struct test_world *w, uint64_t exports, uint64_t imports, uint64_t promises,
                uint64_t kv, uint64_t snapshots_, uint64_t transcripts) {
    const struct vk_cleanup_work *work = &w->crank.cleanup;
    return w->crank.kind == VK_CRANK_CLEANUP && work->exports == exports &&
           work->imports == imports && work->promises == promises && work->kv == kv &&
           work->snapshots == snapshots_ && work->transcripts == transcripts;
}

/* Cranks until the next step of clean-up has been made. */
static void next_step(struct test_world *w) {
    do
        cr_assert(world_crank(w) != VK_CRANK_IDLE);
    while (w->crank.kind != VK_CRANK_CLEANUP);
}

SCENARIO(kernel_lifecycle, clean_up_without_limits_is_one_crank, ordinary) {
    bob_was(w);
    world_crank(w);
    world_crank(w);
    cr_assert(world_crank(w) == VK_CRANK_NONE); /* the news for vatAdmin is routed first */
    long long objects = world_stat(w, "kernelObjects");
    world_crank(w);
    /* 5 vatstore keys, o/p/d.nextID, options, reapDirt, source, vatParameters */
    cr_assert(did(w, 4, 3, 3, 12, 0, 1));
    cr_assert(!w->crank.metered);
    cr_assert(world_keys(w, "v3.") == 0);
    world_is(w, "vats.terminated", "[]");
    world_absent(w, "ko25.owner");
    world_is(w, "ko25.refCount", "1,1");
    world_is(w, "v4.c.ko25", "R o-52"); /* carol holds it */
    cr_assert(world_stat(w, "kernelObjects") == objects);
    cr_assert(world_traced(w, "tdel v3 ", "done 1") == 1);
}

SCENARIO(kernel_lifecycle, each_phase_of_clean_up_has_its_budget, ordinary) {
    struct allowance allowance = {.allowed = true, .budget = all_of(VK_UNLIMITED)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    bob_was(w);
    allowance.budget.exports = 3;
    next_step(w);
    cr_assert(did(w, 3, 0, 0, 0, 0, 0));
    cr_assert(world_keys(w, "v3.c.o+") == 1);
    world_is(w, "vats.terminated", "[\"v3\"]");
    allowance.budget.exports = 2;
    allowance.budget.imports = 2;
    next_step(w);
    cr_assert(did(w, 1, 2, 0, 0, 0, 0));
    allowance.budget.imports = 1; /* used up by the last: nothing more in this step */
    next_step(w);
    cr_assert(did(w, 0, 1, 0, 0, 0, 0));
    cr_assert(world_keys(w, "v3.c.p") == 3);
    allowance.budget.promises = 2;
    next_step(w);
    cr_assert(did(w, 0, 0, 2, 0, 0, 0));
    allowance.budget.kv = 11;
    next_step(w);
    cr_assert(did(w, 0, 0, 1, 11, 0, 0));
    cr_assert(world_keys(w, "v3.") == 1);
    world_is(w, "vats.terminated", "[\"v3\"]");
    allowance.budget.transcripts = 1;
    next_step(w);
    cr_assert(did(w, 0, 0, 0, 1, 0, 1));
    world_run(w);
    world_is(w, "vats.terminated", "[]");
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, snapshots_and_transcripts_have_their_budgets, snapshots) {
    struct allowance allowance = {.allowed = true, .budget = all_of(VK_UNLIMITED)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    for (int i = 0; i < 12; i++)
        world_tell(w, "bob", "one");
    world_run(w);
    world_tell(w, "bob", "{exit bye}");
    allowance.budget.snapshots = 1;
    next_step(w);
    cr_assert(w->crank.cleanup.kv > 0);
    cr_assert(w->crank.cleanup.snapshots == 1);
    cr_assert(w->crank.cleanup.transcripts == 0);
    cr_assert(world_keys(w, "v3.") == 0);
    world_is(w, "vats.terminated", "[\"v3\"]");
    allowance.budget.snapshots = VK_UNLIMITED;
    allowance.budget.transcripts = 2;
    next_step(w);
    cr_assert(did(w, 0, 0, 0, 0, w->crank.cleanup.snapshots, 2));
    world_is(w, "vats.terminated", "[\"v3\"]");
    allowance.budget.transcripts = VK_UNLIMITED;
    next_step(w);
    cr_assert(w->crank.cleanup.transcripts >= 1);
    world_is(w, "vats.terminated", "[]");
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, policy_may_forbid_clean_up, ordinary) {
    struct allowance allowance = {.budget = all_of(VK_UNLIMITED)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    bob_was(w);
    world_tell(w, "alice", "{set still here}");
    world_run(w);
    world_is(w, "v2.vs.still", "here");
    world_is(w, "vats.terminated", "[\"v3\"]");
    world_is(w, "v3.vs.a", "1");
    cr_assert(told(w, "vatTerminated") == 1);
    cr_assert(allowance.asked > 0);
    allowance.allowed = true;
    cr_assert(world_crank(w) == VK_CRANK_CLEANUP);
    world_run(w);
    cr_assert(world_keys(w, "v3.") == 0);
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, policy_is_not_asked_while_there_is_something_to_route, ordinary) {
    struct allowance allowance = {.allowed = true, .budget = all_of(VK_UNLIMITED)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    world_tell(w, "alice", "one");
    world_crank(w);
    cr_assert(allowance.asked == 0);
    world_crank(w);
    cr_assert(allowance.asked == 1); /* though there is nothing to clean up */
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, dead_are_cleaned_up_one_after_the_other, ordinary) {
    struct allowance allowance = {.allowed = true, .budget = all_of(1)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    world_tell(w, "carol", "{exit bye}");
    world_tell(w, "alice", "{exit bye}");
    for (int i = 0; i < 3; i++)
        world_crank(w);
    world_crank(w); /* the news */
    next_step(w);
    cr_assert(world_keys(w, "v4.c.") == 0);
    cr_assert(world_crank(w) == VK_CRANK_CLEANUP); /* before alice gets her message */
    while (strcmp(world_key(w, "vats.terminated"), "[]") != 0)
        world_crank(w);
    cr_assert(world_keys(w, "v4.") == 0);
    world_is(w, "vat.name.alice", "v2");
    world_run(w);
    cr_assert(world_keys(w, "v2.") == 0);
    world_is(w, "vats.terminated", "[]");
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, both_dead_wait_in_the_order_of_their_end, ordinary) {
    struct allowance allowance = {.budget = all_of(4)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    world_tell(w, "carol", "{exit bye}");
    world_tell(w, "alice", "{exit bye}");
    world_run(w);
    world_is(w, "vats.terminated", "[\"v4\",\"v2\"]");
    allowance.allowed = true;
    while (world_keys(w, "v4."))
        next_step(w);
    cr_assert(world_keys(w, "v2.c.") == 2);
    world_run(w);
    world_is(w, "vats.terminated", "[]");
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, export_dropped_before_its_turn_is_deleted_early, ordinary) {
    struct allowance allowance = {.budget = all_of(1)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    world_tell(w, "bob", "{send $0 {} o+5 o+6; exit bye} ko23");
    world_run(w);
    world_is(w, "ko24.owner", "v3");
    world_tell(w, "carol", "{drop o-50; retire o-50; drop o-51}");
    world_run(w);
    cr_assert(world_keys(w, "ko24") == 0);
    world_absent(w, "v3.c.ko24");
    world_absent(w, "v3.c.o+5");
    cr_assert(world_keys(w, "ko25") == 0);
    world_absent(w, "v4.c.ko25"); /* told to retire it */
    allowance.allowed = true;
    world_run(w);
    cr_assert(world_keys(w, "v3.") == 0);
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, objects_of_a_vat_half_deleted_are_dead, ordinary) {
    struct allowance allowance = {.allowed = true, .budget = all_of(1)};
    const struct vk_run_policy policy = {&allowance, allow, NULL};
    w->policy = &policy;
    bob_was(w);
    next_step(w);
    world_tell(w, "carol",
               "{send o-50 foo = p+1; subscribe p+1; send o-51 foo = p+2; subscribe p+2}");
    world_run(w);
    cr_assert(world_traced(w, "titem v4 = {\"d\":[\"notify\"", "vat terminated") == 2);
    w->policy = NULL;
}

SCENARIO(kernel_lifecycle, clean_up_is_slogged_with_its_work, with_slog) {
    world_tell(w, "bob", "{exit bye}");
    world_run(w);
    cr_assert(world_traced(w,
                           "slog vat-cleanup = {\"type\":\"vat-cleanup\",\"vatID\":\"v3\",\"work\":"
                           "{\"exports\":1,\"kv\":7,\"transcripts\":1}}",
                           NULL) == 1);
    cr_assert(
        world_traced(w,
                     "slog vat-cleanup-complete = {\"type\":\"vat-cleanup-complete\",\"vatID\":"
                     "\"v3\"}",
                     NULL) == 1);
    cr_assert(
        world_traced(w,
                     "slog terminate = {\"type\":\"terminate\",\"vatID\":\"v3\",\"shouldReject\":"
                     "false,\"info\":{\"body\":\"#\\\"bye\\\"\",\"slots\":[]}}",
                     NULL) == 1);
    cr_assert(world_traced(w, "slog crank-start = ",
                           "{\"type\":\"cleanup-terminated-vat\",\"vatID\":"
                           "\"v3\",\"budget\":{\"default\":null}}}") == 1);
}

SCENARIO(kernel_lifecycle, creation_is_slogged_with_its_details, with_slog) {
    world_create_vat(w, ",\"name\":\"dave\"", "");
    cr_assert(
        world_traced(w,
                     "slog create-vat = {\"type\":\"create-vat\",\"vatID\":\"v5\",\"dynamic\":true,"
                     "\"description\":\"dave (from bundleID: b1-766174",
                     "\"name\":\"dave\","
                     "\"managerType\":\"local\"}") == 1);
    cr_assert(world_traced(
                  w, "slog vat-startup-start = {\"type\":\"vat-startup-start\",\"vatID\":\"v5\"}",
                  NULL) == 1);
    cr_assert(world_traced(w, "slog vat-startup-finish = ", "\"v5\"") == 1);
    world_restart(w);
    cr_assert(world_traced(w, "slog create-vat = ", "\"dynamic\":false") == 4);
    cr_assert(world_traced(w,
                           "slog start-replay = {\"type\":\"start-replay\",\"vatID\":\"v5\","
                           "\"deliveries\":2}",
                           NULL) == 1);
}
