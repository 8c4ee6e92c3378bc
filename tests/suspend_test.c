/* suspend_test.c - suspended and paused vats in motion: what waits and in which order it comes, what an incarnation takes
 * with it, what a vat's end is to those who wait, and who may ask for what. The table of states itself is
 * vat_state_test.c's; failures are suspend_failure_test.c's.
 */
#include <criterion/criterion.h>

#include "testing_suspend.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};
static const struct test_setup xsnap_plain = {.xsnap = true, .plain = true};
static const struct test_setup with_snapshots = {
    .xsnap = true, .snapshot_initial = 3, .snapshot_interval = 3};
static const struct test_setup reaping = {.reap_interval = 2};

static const struct vk_str bob = {"v3", 2};

/* ---- paused */

SCENARIO(suspend, what_waited_comes_in_its_order_and_before_what_is_newer, ordinary) {
    world_create_vat(w, "", "");
    v5_pause(w);
    world_forget(w);
    world_tell(w, "ko24", "one");
    world_tell(w, "ko24", "two");
    world_run(w);
    world_tell(w, "ko24", "three"); /* in the run-queue when the vat is resumed */
    world_crank(w);
    world_tell(w, "ko24", "four"); /* in the acceptance queue */
    v5_given(w, NULL);
    world_is(w, "sideQueue.v5", "[0,2]");
    v5_resume(w);
    world_is(w, "sideQueues.ready", "[\"v5\"]");
    world_tell(w, "ko24", "five");
    world_run(w);
    v5_given(w, "one", "two", "three", "four", "five", NULL);
    cr_assert(world_keys(w, "sideQueue") == 0);
}

SCENARIO(suspend, pause_while_the_side_queue_is_worked_off_keeps_the_rest, ordinary) {
    world_create_vat(w, "", "");
    v5_pause(w);
    world_tell(w, "ko24", "one");
    world_tell(w, "ko24", "two");
    world_tell(w, "ko24", "three");
    world_run(w);
    world_forget(w);
    v5_resume(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    v5_pause(w);
    world_absent(w, "sideQueues.ready");
    world_tell(w, "ko24", "four");
    world_run(w);
    v5_given(w, "one", NULL);
    world_is(w, "sideQueue.v5", "[1,4]");
    v5_resume(w);
    world_run(w);
    v5_given(w, "one", "two", "three", "four", NULL);
}

SCENARIO(suspend, side_queues_are_worked_off_in_the_order_of_their_release, ordinary) {
    world_create_vat(w, "", "");
    v5_pause(w);
    test_ok(vk_host_pause_vat(w->kernel, bob));
    world_tell(w, "bob", "one");
    world_tell(w, "ko24", "two");
    world_run(w);
    world_forget(w);
    v5_resume(w);
    test_ok(vk_host_resume_vat(w->kernel, bob));
    world_is(w, "sideQueues.ready", "[\"v5\",\"v3\"]");
    world_crank(w);
    cr_assert(w->crank.vat == 5);
    world_crank(w);
    cr_assert(w->crank.vat == 3);
    world_absent(w, "sideQueues.ready");
}

SCENARIO(suspend, paused_vat_goes_on_where_it_was, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "ko24", "{on hello {set memory kept}}");
    world_run(w);
    v5_pause(w);
    world_tell(w, "ko24", "hello");
    world_run(w);
    world_absent(w, "v5.vs.memory");
    v5_resume(w);
    world_run(w);
    world_is(w, "v5.vs.memory", "kept");
    cr_assert(v5_incarnation(w) == 0);
}

SCENARIO(suspend, references_of_what_waits_stay_counted, ordinary) {
    world_create_vat(w, "", "");
    v5_pause(w);
    world_is(w, "ko22.refCount", "1,1");
    const char *kpid = world_ask(w, "ko24", "one ko22", VK_RESULT_IGNORE);
    world_run(w);
    world_is(w, "ko22.refCount", "2,2");
    world_is(w, "kp42.refCount", "2"); /* the host's and the message's */
    world_is(w, "kp42.decider", "");
    v5_resume(w);
    world_run(w);
    world_is(w, "v5.c.ko22", "R o-50");
    world_is(w, "kp42.decider", "v5");
    cr_assert_str_eq(kpid, "kp42");
}

SCENARIO(suspend, notify_waits_with_its_promise, ordinary) {
    world_create_vat(w, "", "on notify {set told $p}");
    world_tell(w, "alice", "{send $0 {subscribe $0} p+5} ko24");
    world_run(w);
    v5_pause(w);
    world_tell(w, "alice", "{fulfill p+5 1}");
    world_run(w);
    world_is(w, "kp42.refCount", "2"); /* v5's c-list, the notify; alice has retired it */
    v5_resume(w);
    world_run(w);
    world_is(w, "v5.vs.told", "p-60");
    cr_assert(world_keys(w, "kp42.") == 0);
}

SCENARIO(suspend, gc_actions_that_waited_are_looked_at_again, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice", "{send $0 {send $0 here o+5} o+0} ko24");
    world_run(w);
    v5_pause(w);
    world_tell(w, "ko24", "{send $0 {} o+5} ko22"); /* v5 is going to send it again */
    world_run(w);
    world_tell(w, "alice", "{drop o-51}");
    world_run(w);
    world_is(w, "ko25.refCount", "0,1");
    world_is(w, "sideQueue.v5", "[0,2]"); /* the message and a dropExports, in this order */
    world_forget(w);
    v5_resume(w);
    world_run(w);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"dropExports\"", NULL) == 0);
    world_is(w, "v5.c.ko25", "R o+5");
    world_is(w, "ko25.refCount", "1,2");
}

SCENARIO(suspend, retirement_of_an_import_waits, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice", "{send $0 {drop $0} o+9} ko24");
    world_run(w);
    world_is(w, "v5.c.ko25", "_ o-50");
    v5_pause(w);
    world_tell(w, "alice", "{retireexports o+9}");
    world_run(w);
    world_absent(w, "ko25.owner");
    world_is(w, "v5.c.ko25", "_ o-50");
    world_is(w, "sideQueue.v5.0",
             "{\"type\":\"retireImports\",\"vatID\":\"v5\",\"krefs\":[\"ko25\"]}");
    v5_resume(w);
    world_run(w);
    world_absent(w, "v5.c.ko25");
}

SCENARIO(suspend, promise_of_a_paused_vat_stays_its_own, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice", "{send $0 wait = p+5; subscribe p+5} ko24");
    world_run(w);
    v5_pause(w);
    world_tell(w, "ko24", "{fulfill p-60 1}");
    world_run(w);
    world_is(w, "kp42.state", "unresolved");
    world_is(w, "kp42.decider", "v5");
    v5_resume(w);
    world_run(w);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+5\",false,", NULL) == 1);
}

SCENARIO(suspend, reap_of_a_paused_vat_waits, reaping) {
    world_create_vat(w, "", "");
    v5_pause(w);
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_run(w);
    world_is(w, "sideQueue.v5.0", "{\"type\":\"bringOutYourDead\",\"vatID\":\"v5\"}");
    world_forget(w);
    v5_resume(w);
    world_run(w);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"bringOutYourDead\"]", NULL) == 1);
}

SCENARIO(suspend, no_worker_is_started_for_a_vat_that_is_paused, plain) {
    world_create_vat(w, "", "");
    v5_pause(w);
    test_ok(vk_host_suspend_vat(w->kernel, bob));
    world_run(w);
    test_ok(vk_store_commit(w->store));
    world_forget(w);
    world_restart(w);
    cr_assert(world_lived(w, "start v2", NULL) == 1);
    cr_assert(world_lived(w, "start v3", NULL) == 0 && world_lived(w, "start v5", NULL) == 0);
}

SCENARIO(suspend, no_snapshot_is_taken_of_a_paused_vat, with_snapshots) {
    world_create_vat(w, "", "");
    v5_pause(w);
    world_forget(w);
    test_ok(vk_host_snapshot_all_vats(w->kernel));
    cr_assert(world_lived(w, "snapshot v2", NULL) == 1);
    cr_assert(world_lived(w, "snapshot v5", NULL) == 0);
    v5_resume(w);
    test_ok(vk_host_snapshot_all_vats(w->kernel));
    cr_assert(world_lived(w, "snapshot v5", NULL) == 1);
}

/* ---- suspended */

SCENARIO(suspend, memory_goes_and_what_is_durable_stays, ordinary) {
    world_create_vat(w, "", "set born again");
    world_tell(w, "ko24", "{on hello {set memory kept}; set durable yes; delete born}");
    world_run(w);
    v5_suspend(w);
    world_absent(w, "v5.vs.born");
    cr_assert(v5_incarnation(w) == 1);
    world_tell(w, "ko24", "hello");
    world_run(w);
    world_absent(w, "v5.suspended");
    world_absent(w, "v5.vs.memory"); /* its standing orders are gone */
    world_is(w, "v5.vs.durable", "yes");
    world_is(w, "v5.vs.born", "again"); /* by startVat, with the same parameters */
    cr_assert(v5_incarnation(w) == 1);
}

SCENARIO(suspend, promises_and_exports_end_as_in_an_upgrade, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice",
               "{send $0 {send $0 here o+5 o+d7/1 o+v8/1} o+0 = p+5; subscribe p+5} ko24");
    world_run(w);
    world_is(w, "kp42.decider", "v5");
    v5_suspend(w);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+5\",true,",
                           "\\\"upgradeMessage\\\":\\\"vat suspended\\\"") == 1);
    cr_assert(world_traced(w, "set kp42.data.body",
                           "#{\"incarnationNumber\":0,\"name\":\"vatUpgraded\"") == 1);
    world_absent(w, "ko25.owner");
    world_is(w, "ko26.owner", "v5");
    world_absent(w, "ko27.owner");
    world_is(w, "v5.c.ko24", "R o+0");
    world_is(w, "v5.suspended", "true"); /* nothing of this is a delivery */
}

SCENARIO(suspend, last_boyd_may_drop_imports, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "ko24", "{on bringOutYourDead {drop o-50; retire o-50}} ko21");
    world_run(w);
    world_is(w, "v5.c.ko21", "R o-50");
    v5_suspend(w);
    world_absent(w, "v5.c.ko21");
    world_is(w, "v5.reapDirt", "{}");
}

SCENARIO(suspend, boyd_that_fails_is_undone_and_the_vat_suspended_without_it, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice", "{send $0 wait = p+5; subscribe p+5} ko24");
    world_tell(w, "ko24", "{on bringOutYourDead {set new yes; fail oops}}");
    world_run(w);
    world_forget(w);
    v5_suspend(w);
    world_absent(w, "v5.vs.new");
    world_absent(w, "v5.paused");
    cr_assert(world_traced(w, "rollback deliver", NULL) == 1);
    cr_assert(v5_incarnation(w) == 1);
    cr_assert(world_keys(w, "v5.c.p") == 0); /* its promises are rejected all the same */
    world_tell(w, "ko24", "hello");
    world_run(w);
    v5_given(w, "hello", NULL);
    cr_assert(admin_told(w, "vatTerminated") == 0 && admin_told(w, "vatPaused") == 0);
}

SCENARIO(suspend, promise_that_the_vat_watches_itself_wakes_it, ordinary) {
    world_create_vat(w, "", "on notify {set told $p}");
    world_tell(w, "alice", "{send $0 {send $0 {} p+1; subscribe p+1} o+0} ko24");
    world_run(w);
    test_ok(vk_host_suspend_vat(w->kernel, V5));
    world_run(w);
    world_is(w, "v5.vs.told", "p+1"); /* what a durable watcher of its own waits for */
    world_absent(w, "v5.suspended");
    world_absent(w, "v5.c.p+1");
}

SCENARIO(suspend, suspended_vat_has_no_worker_and_no_snapshot, with_snapshots) {
    struct vk_snapshot_info info;
    bool found;
    world_create_vat(w, "", "");
    for (int i = 0; i < 4; i++)
        world_tell(w, "ko24", "one");
    world_run(w);
    test_ok(vk_snapshot_current(w->store, V5, &found, &info));
    cr_assert(found);
    v5_suspend(w);
    test_ok(vk_snapshot_current(w->store, V5, &found, &info));
    cr_assert(!found);
    unsigned live = w->vats.live;
    test_ok(vk_host_snapshot_all_vats(w->kernel));
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_is(w, "v5.suspended", "true");
    cr_assert(w->vats.live <= live + TEST_VATS);
    world_run(w);
    world_is(w, "v5.suspended", "true");
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"bringOutYourDead\"]", NULL) <= 3);
}

SCENARIO(suspend, incarnation_runs_on_the_worker_bundles_of_the_day, xsnap_plain) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    w->vats.bundle_ids = "[\"b0-3\"]";
    world_tell(w, "ko24", "one");
    world_run(w);
    cr_assert(strstr(world_key(w, "v5.options"), "\"bundleIDs\":[\"b0-3\"]"));
    cr_assert(strstr(world_key(w, "v5.source"), test_bundle_id("vat")));
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"initialize-worker\"",
                           "\"workerOptions\":{\"type\":\"xsnap\",\"bundleIDs\":[\"b0-3\"]}") == 1);
    w->vats.bundle_ids = "[\"b0-1\",\"b0-2\"]";
}

SCENARIO(suspend, start_and_delivery_are_one_crank, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    world_tell(w, "ko24", "one");
    world_crank(w);
    world_forget(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY && w->crank.vat == 5);
    cr_assert(world_traced(w, "startCrank", NULL) == 1);
    cr_assert(world_traced(w, "titem v5 = ", NULL) == 3); /* worker, startVat, message */
    cr_assert(strstr(world_key(w, "v5.reapDirt"), "{}"));
}

SCENARIO(suspend, gc_delivery_that_the_start_overtakes_is_dropped, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice", "{send $0 {drop $0} o+9} ko24");
    world_run(w);
    world_is(w, "v5.c.ko25", "_ o-50");
    v5_suspend(w);
    v5_starts_with(w, "retire o-50");
    world_forget(w);
    world_tell(w, "alice", "{retireexports o+9}");
    world_run(w);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"startVat\"", NULL) == 1);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"retireImports\"", NULL) == 0);
    world_absent(w, "v5.c.ko25");
    world_absent(w, "v5.suspended");
}

/* A suspended vat may abandon as it starts what a message is for. */
SCENARIO(suspend, message_goes_where_the_start_leaves_it_to_go, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "alice", "{send $0 {send $0 here o+d7} o+0} ko24");
    world_run(w);
    v5_suspend(w);
    v5_starts_with(w, "abandon o+d7");
    world_forget(w);
    world_tell(w, "alice", "{send o-51 hello = p+6; subscribe p+6}");
    world_run(w);
    v5_given(w, NULL);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+6\",true,", "vat terminated") ==
              1);
    world_absent(w, "v5.suspended");
}

SCENARIO(suspend, upgrade_of_a_stalled_vat_delivers_what_waited, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    v5_pause(w);
    world_forget(w);
    world_tell(w, "ko24", "one");
    world_tell(w, "ko24", "two");
    world_run(w);
    world_tell(w, "vatAdmin", "{call d-71 upgradeVat v5 @vat {\"run\":\"set new yes\"} why}");
    world_run(w);
    v5_given(w, "one", "two", NULL);
    world_is(w, "v5.vs.new", "yes");
    cr_assert(v5_incarnation(w) == 1); /* suspension had ended incarnation 0 */
    cr_assert(admin_told(w, "[\\\"up1\\\",true,\\\"#undefined\\\",1]]") == 1);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"bringOutYourDead\"]", NULL) == 0);
}

SCENARIO(suspend, upgrade_that_fails_leaves_the_state_as_it_was, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    v5_pause(w);
    world_tell(w, "ko24", "one");
    world_tell(w, "vatAdmin", "{call d-71 upgradeVat v5 @vat {\"run\":\"fail oops\"} why}");
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_is(w, "v5.paused", "true");
    world_is(w, "sideQueue.v5", "[0,1]");
    world_is(w, "v5.vatParameters", "{\"body\":\"#{\\\"run\\\":\\\"\\\"}\",\"slots\":[]}");
    cr_assert(admin_told(w, "[\\\"up1\\\",false,") == 1);
}

/* ---- termination */

static bool no_cleanup(void *impl, struct vk_cleanup_budget *budget) {
    (void)impl;
    (void)budget;
    return false;
}

/* A send with a result and a reference, a notify and a GC delivery wait for v5. */
static void much_waits(struct test_world *w) {
    world_create_vat(w, "", "");
    world_tell(
        w, "alice",
        "{send $0 {send $0 here o+d7} o+0; send $0 {subscribe $0} p+5; send $0 {drop $0} o+9}"
        " ko24");
    world_run(w);
    v5_pause(w);
    world_tell(w, "alice", "{send o-50 one o+9 = p+6; subscribe p+6; fulfill p+5 1; drop o-51}");
    world_tell(w, "ko24", "two");
    world_run(w);
    world_is(w, "sideQueue.v5", "[0,4]");
    world_forget(w);
}

static void all_of_it_is_answered(struct test_world *w) {
    cr_assert(world_keys(w, "sideQueue") == 0);
    cr_assert(world_traced(w, "titem v5 = ", NULL) == 0);
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+6\",true,", "vat terminated") ==
              1);
}

SCENARIO(suspend, senders_of_what_waited_are_told_of_the_vats_end, ordinary) {
    much_waits(w);
    v5_terminate(w);
    world_absent(w, "v5.paused");
    world_is(w, "sideQueues.ready", "[\"v5\"]");
    world_run(w);
    all_of_it_is_answered(w);
    cr_assert(world_keys(w, "v5.") == 0 && world_keys(w, "ko26") == 0);
}

SCENARIO(suspend, senders_are_told_even_if_clean_up_is_not_allowed, ordinary) {
    const struct vk_run_policy policy = {NULL, no_cleanup, NULL};
    much_waits(w);
    w->policy = &policy;
    v5_terminate(w);
    world_run(w);
    all_of_it_is_answered(w);
    world_is(w, "vats.terminated", "[\"v5\"]");
    cr_assert(world_keys(w, "v5.c.") > 0);
    w->policy = NULL;
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0);
}

static bool one_at_a_time(void *impl, struct vk_cleanup_budget *budget) {
    (void)impl;
    *budget = (struct vk_cleanup_budget){1, 1, 1, 1, 1, 1, VK_STR_NONE, 1};
    return true;
}

SCENARIO(suspend, slow_deletion_of_a_stalled_vat_loses_nothing_that_waits, ordinary) {
    const struct vk_run_policy policy = {NULL, one_at_a_time, NULL};
    much_waits(w);
    test_ok(vk_host_suspend_vat(w->kernel, V5));
    world_run(w);
    world_is(w, "v5.suspended", "true");
    w->policy = &policy;
    world_forget(w);
    v5_terminate(w);
    world_absent(w, "v5.suspended");
    world_run(w);
    all_of_it_is_answered(w);
    cr_assert(world_keys(w, "v5.") == 0);
    w->policy = NULL;
}

/* ---- who asks */

SCENARIO(suspend, vat_admin_may_ask_for_it_all, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "vatAdmin", "{call d-71 pauseVat v5}");
    world_tell(w, "ko24", "one");
    world_run(w);
    world_is(w, "v5.paused", "true");
    world_tell(w, "vatAdmin", "{call d-71 suspendVat v5}");
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_tell(w, "vatAdmin", "{call d-71 unsuspendVat v5}");
    world_run(w);
    world_absent(w, "v5.suspended");
    world_is(w, "v5.paused", "true");
    world_forget(w);
    world_tell(w, "vatAdmin", "{call d-71 resumeVat v5}");
    world_run(w);
    v5_given(w, "one", NULL);
}

SCENARIO(suspend, what_vat_admin_asks_in_an_aborted_crank_is_not_done, ordinary) {
    world_create_vat(w, "", "");
    world_tell(w, "vatAdmin",
               "{send $0 {call $0 pauseVat v5; call $0 suspendVat v3; fail oops} d-71}"
               " ko22");
    world_run(w);
    world_absent(w, "v5.paused");
    cr_assert(world_keys(w, "v3.") == 0); /* bob, who failed */
}

SCENARIO(suspend, vats_that_are_not_alive_have_no_state, ordinary) {
    world_create_vat(w, "", "");
    v5_terminate(w);
    world_run(w);
    cr_assert(vk_host_suspend_vat(w->kernel, V5) == VK_ERR_USAGE);
    cr_assert(vk_host_unsuspend_vat(w->kernel, V5) == VK_ERR_USAGE);
    cr_assert(vk_host_pause_vat(w->kernel, V5) == VK_ERR_USAGE);
    cr_assert(vk_host_resume_vat(w->kernel, VK_STR("x5")) == VK_ERR_USAGE);
    world_tell(w, "vatAdmin",
               "{call d-71 suspendVat v5; call d-71 unsuspendVat v5;"
               "call d-71 pauseVat v5; call d-71 resumeVat v99}");
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0 && world_keys(w, "v99.") == 0);
}

SCENARIO(suspend, vat_that_dies_before_its_turn_is_not_suspended, ordinary) {
    world_create_vat(w, "", "");
    test_ok(vk_host_suspend_vat(w->kernel, V5));
    test_ok(vk_host_unsuspend_vat(w->kernel, V5));
    v5_terminate(w);
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0);
}
