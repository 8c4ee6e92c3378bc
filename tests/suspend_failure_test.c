/* suspend_failure_test.c - incarnations that fail to start, vats that fail and are spared, and who pays; and a restart of
 * all vats, where failing is one vat's affair or everybody's.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_suspend.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};

/* ---- a start that fails */

static void three_wait_for_a_start_that_fails(struct test_world *w) {
    world_forget(w);
    world_tell(w, "ko24", "one");
    world_tell(w, "ko24", "two");
    world_tell(w, "ko24", "three");
    cr_assert(world_run(w) < 12, "a start that fails is not tried again");
    v5_given(w, NULL);
    world_is(w, "v5.suspended", "true");
    world_is(w, "v5.paused", "true");
    world_is(w, "sideQueue.v5", "[0,3]");
    cr_assert(strstr(world_key(w, "sideQueue.v5.0"), "[\\\"one\\\","));
    cr_assert(admin_told(w, "#[\\\"vatPaused\\\",[\\\"v5\\\",true,") == 1);
    cr_assert(admin_told(w, "vatTerminated") == 0);
    cr_assert(v5_incarnation(w) == 1);
}

static void and_mended_it_goes_on(struct test_world *w) {
    v5_starts_with(w, "set mended yes");
    v5_resume(w);
    world_run(w);
    v5_given(w, "one", "two", "three", NULL);
    world_is(w, "v5.vs.mended", "yes");
    world_absent(w, "v5.suspended");
    world_absent(w, "v5.paused");
}

SCENARIO(suspend_failure, start_that_fails_keeps_the_message_first, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    v5_starts_with(w, "set new yes; fail oops");
    three_wait_for_a_start_that_fails(w);
    world_absent(w, "v5.vs.new");
    cr_assert(admin_told(w, "oops") == 1);
    /* Resumed, it is tried once more, and the message is still the first. */
    v5_resume(w);
    world_run(w);
    world_is(w, "sideQueue.v5", "[0,3]");
    world_is(w, "v5.paused", "true");
    world_absent(w, "sideQueues.ready");
    and_mended_it_goes_on(w);
}

SCENARIO(suspend_failure, start_with_an_illegal_syscall_fails, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    v5_starts_with(w, "subscribe p-99");
    three_wait_for_a_start_that_fails(w);
    and_mended_it_goes_on(w);
}

SCENARIO(suspend_failure, start_that_exits_fails, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    v5_starts_with(w, "exit bye");
    three_wait_for_a_start_that_fails(w);
    cr_assert(admin_told(w, "vat exited as it started") == 1);
    and_mended_it_goes_on(w);
}

SCENARIO(suspend_failure, worker_that_cannot_be_started_is_a_failed_start, plain) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    w->vats.start_fails_for = "v5";
    w->vats.start_error = VK_ERR_WORKER_START;
    three_wait_for_a_start_that_fails(w);
    w->vats.start_fails_for = NULL;
    and_mended_it_goes_on(w);
}

SCENARIO(suspend_failure, worker_that_is_lost_as_it_starts_halts_the_kernel, plain) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    test_ok(vk_store_commit(w->store));
    world_tell(w, "ko24", "one");
    world_crank(w);
    w->vats.start_fails_for = "v5";
    w->vats.start_error = VK_ERR_WORKER_LOST;
    world_run_halts(w, VK_ERR_WORKER_LOST, "v5");
    world_is(w, "v5.suspended", "true");
    world_absent(w, "v5.paused");
}

SCENARIO(suspend_failure, unsuspend_that_fails_leaves_the_vat_stalled, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    v5_starts_with(w, "fail oops");
    test_ok(vk_host_unsuspend_vat(w->kernel, V5));
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_is(w, "v5.paused", "true");
    cr_assert(world_keys(w, "sideQueue") == 0);
    cr_assert(admin_told(w, "vatPaused") == 1);
    v5_starts_with(w, "");
    world_tell(w, "ko24", "one");
    test_ok(vk_host_unsuspend_vat(w->kernel, V5));
    world_run(w);
    world_absent(w, "v5.suspended"); /* it would start; and goes on waiting */
    world_is(w, "v5.paused", "true");
    world_is(w, "sideQueue.v5", "[0,1]");
}

/* ---- meters */

static void metered_vat(struct test_world *w, unsigned remaining, const char *options) {
    char text[128];
    world_tell(w, "vatAdmin", "{call d-71 createMeter +%u +10}", remaining);
    snprintf(text, sizeof text, ",\"meterID\":\"m1\"%s", options);
    world_create_vat(w, text, "");
    world_forget(w);
}

SCENARIO(suspend_failure, start_is_paid_for_with_the_delivery, ordinary) {
    metered_vat(w, 1000, "");
    v5_suspend(w);
    v5_starts_with(w, "spend 100");
    world_tell(w, "ko24", "{spend 20}");
    world_crank(w);
    world_crank(w);
    cr_assert(w->crank.metered && w->crank.computrons == 120);
    world_is(w, "m1.remaining", "880");
}

SCENARIO(suspend_failure, gc_delivery_is_free_but_not_the_start_for_it, ordinary) {
    metered_vat(w, 1000, "");
    world_tell(w, "alice", "{send $0 {send $0 here o+d7} o+0} ko24");
    world_run(w);
    v5_suspend(w);
    v5_starts_with(w, "spend 100; on dropExports {spend 7}");
    world_tell(w, "alice", "{drop o-51}");
    world_run(w);
    world_is(w, "m1.remaining", "900");
}

SCENARIO(suspend_failure, start_and_delivery_together_may_overdraw_the_meter, ordinary) {
    metered_vat(w, 110, ",\"pauseOnUnderflow\":true");
    v5_suspend(w);
    v5_starts_with(w, "spend 100");
    world_tell(w, "ko24", "{spend 20; set x y}");
    world_run(w);
    world_is(w, "m1.remaining", "0");
    world_is(w, "v5.suspended", "true"); /* the start was undone as well */
    world_is(w, "v5.paused", "true");
    world_tell(w, "vatAdmin", "{call d-71 addMeterRemaining m1 +130; call d-71 resumeVat v5}");
    world_run(w);
    world_is(w, "v5.vs.x", "y");
    world_is(w, "m1.remaining", "10");
}

SCENARIO(suspend_failure, start_that_cannot_be_paid_fails_and_is_paid_for, ordinary) {
    metered_vat(w, 50, "");
    v5_suspend(w);
    v5_starts_with(w, "spend 60");
    world_tell(w, "ko24", "one");
    world_run(w);
    world_is(w, "m1.remaining", "0");
    world_is(w, "v5.paused", "true");
    cr_assert(admin_told(w, "meterCrossedThreshold") == 1);
}

SCENARIO(suspend_failure, underflow_pauses_and_after_refilling_goes_on_where_it_stopped, ordinary) {
    metered_vat(w, 100, ",\"pauseOnUnderflow\":true");
    world_tell(w, "ko24", "{on hello {spend 60; set memory kept}}");
    const char *kpid =
        world_ask(w, "ko24", "{spend 150; set x y; fulfill $r done}", VK_RESULT_IGNORE);
    world_tell(w, "ko24", "hello");
    world_run(w);
    world_is(w, "v5.paused", "true");
    world_absent(w, "v5.suspended");
    world_absent(w, "v5.vs.x");
    world_is(w, "m1.remaining", "0");
    world_is(w, "sideQueue.v5", "[0,2]");
    cr_assert(
        admin_told(
            w, "#[\\\"vatPaused\\\",[\\\"v5\\\",false,{\\\"#error\\\":\\\"meter underflow\\\"") ==
        1);
    cr_assert(admin_told(w, "vatTerminated") == 0);
    cr_assert_str_eq(world_take(w, kpid), "unresolved");
    world_tell(w, "vatAdmin", "{call d-71 resumeVat v5}"); /* not refilled: paused again, no loop */
    world_run(w);
    world_is(w, "v5.paused", "true");
    world_tell(w, "vatAdmin", "{call d-71 addMeterRemaining m1 +500; call d-71 resumeVat v5}");
    world_run(w);
    world_is(w, "v5.vs.x", "y");
    world_is(w, "v5.vs.memory", "kept"); /* the same incarnation */
    world_is(w, "m1.remaining", "290");
    cr_assert_str_eq(world_take(w, kpid), "fulfilled #\"done\"");
    cr_assert(v5_incarnation(w) == 0);
}

SCENARIO(suspend_failure, policy_of_underflow_is_none_of_fatal_errors, ordinary) {
    metered_vat(w, 100, ",\"pauseOnUnderflow\":true");
    world_tell(w, "ko24", "{subscribe p-99}");
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0);
    cr_assert(admin_told(w, "vatTerminated") == 1);
}

/* ---- fatal errors */

SCENARIO(suspend_failure, illegal_syscall_suspends_and_pauses_where_that_is_the_policy, ordinary) {
    world_create_vat(w, ",\"suspendOnFatal\":true", "");
    world_tell(w, "alice", "{send $0 wait = p+5; subscribe p+5} ko24");
    world_run(w);
    world_tell(w, "ko24", "{set x y; subscribe p-99}");
    world_tell(w, "ko24", "two");
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_is(w, "v5.paused", "true");
    world_is(w, "sideQueue.v5", "[0,2]");
    world_absent(w, "v5.vs.x");
    cr_assert(world_traced(w, "titem v2 = {\"d\":[\"notify\",[[\"p+5\",true,", "vat suspended") ==
              1);
    cr_assert(admin_told(w, "vatPaused") == 1 && admin_told(w, "vatTerminated") == 0);
    /* Resumed, it makes the same mistake again: once. */
    v5_resume(w);
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_is(w, "v5.paused", "true");
    world_is(w, "sideQueue.v5", "[0,2]");
    cr_assert(admin_told(w, "vatPaused") == 2);
    cr_assert(v5_incarnation(w) == 1);
}

SCENARIO(suspend_failure, error_suspends_and_pauses_where_that_is_the_policy, ordinary) {
    world_create_vat(w, ",\"suspendOnFatal\":true,\"critical\":true", "");
    world_tell(w, "alice", "{send $0 wait = p+5; subscribe p+5} ko24");
    world_tell(w, "ko24", "{on bad {set x y; fail oops}}");
    world_run(w);
    world_tell(w, "ko24", "bad");
    world_tell(w, "ko24", "two");
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_is(w, "sideQueue.v5", "[0,2]");
    world_absent(w, "v5.vs.x");
    cr_assert(admin_told(w, "#[\\\"vatPaused\\\",[\\\"v5\\\",true,{\\\"#error\\\":\\\"oops\\\"") ==
              1);
    world_forget(w);
    v5_resume(w);
    world_run(w);
    v5_given(w, "bad", "two", NULL); /* a new incarnation, which knows no bad */
    world_absent(w, "v5.suspended");
}

SCENARIO(suspend_failure, exit_with_failure_is_the_vats_own_wish, ordinary) {
    world_create_vat(w, ",\"suspendOnFatal\":true,\"pauseOnUnderflow\":true", "");
    world_tell(w, "ko24", "{exitfail bye}");
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0);
    cr_assert(admin_told(w, "vatTerminated") == 1);
}

SCENARIO(suspend_failure, boyd_that_fails_is_fatal_and_is_not_kept, ordinary) {
    world_create_vat(w, ",\"suspendOnFatal\":true", "");
    world_tell(w, "ko24", "{on bringOutYourDead {fail oops}}");
    world_run(w);
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_run(w);
    world_is(w, "v5.suspended", "true");
    world_is(w, "v5.paused", "true");
    cr_assert(world_keys(w, "sideQueue") == 0);
}

SCENARIO(suspend_failure, without_a_policy_a_vat_that_was_started_for_it_is_terminated, ordinary) {
    world_create_vat(w, "", "");
    v5_suspend(w);
    world_tell(w, "ko24", "{subscribe p-99}");
    world_run(w);
    cr_assert(world_keys(w, "v5.") == 0);
    cr_assert(admin_told(w, "vatTerminated") == 1);
}

/* ---- a restart of all vats */

SCENARIO(suspend_failure, restart_starts_static_and_critical_vats_at_once_and_others_on_demand,
         ordinary) {
    world_create_vat(w, "", "set lazy yes");
    world_create_vat(w, ",\"restartCritical\":true", "set eager yes");
    world_tell(w, "ko24", "{delete lazy}");
    world_tell(w, "bob", "{on hello {set memory kept}}");
    world_run(w);
    test_ok(vk_host_pause_vat(w->kernel, VK_STR("v4")));
    world_forget(w);
    test_ok(vk_host_restart_all_vats(w->kernel));
    for (int vat = 1; vat <= 6; vat++) {
        char key[32];
        snprintf(key, sizeof key, "v%d.suspended", vat);
        if (vat == 5)
            world_is(w, key, "true");
        else
            world_absent(w, key);
    }
    world_is(w, "v4.paused", "true"); /* started, and still paused */
    cr_assert(world_traced(w, "titem ", "startVat") == 5);
    cr_assert(world_traced(w, "titem ", "bringOutYourDead") == 0);
    world_absent(w, "v5.vs.lazy");
    world_tell(w, "ko24", "one");
    world_tell(w, "bob", "hello");
    world_run(w);
    world_is(w, "v5.vs.lazy", "yes");
    world_absent(w, "v3.vs.memory");
    cr_assert(v5_incarnation(w) == 1);
}

SCENARIO(suspend_failure, restart_of_a_critical_vat_that_fails_halts_the_kernel, plain) {
    world_create_vat(w, ",\"restartCritical\":true", "");
    v5_starts_with(w, "fail oops");
    world_run(w);
    test_ok(vk_store_commit(w->store));
    cr_assert(vk_host_restart_all_vats(w->kernel) == VK_ERR_PANIC);
    cr_assert(strstr(vk_kernel_panic_reason(w->kernel), "v5 could not be restarted"));
    world_absent(w, "v2.suspended");
    cr_assert(v5_incarnation(w) == 0);
}

SCENARIO(suspend_failure, restart_of_an_ordinary_vat_that_fails_is_its_own_affair, ordinary) {
    world_create_vat(w, "", "");
    v5_starts_with(w, "fail oops");
    test_ok(vk_host_restart_all_vats(w->kernel));
    world_run(w);
    world_is(w, "v5.suspended", "true");
    three_wait_for_a_start_that_fails(w);
    and_mended_it_goes_on(w);
}
