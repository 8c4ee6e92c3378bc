/* story_rewind_test.c - corpus/stories/rewind: two ways for a vat's changes to reach its vatstore, and two mechanisms that abandon
 * them, neither of which leaks past the other. Here with puppets, claim by claim; story_rewind_plan_test.c has whole runs.
 *
 * bob hands his changes over with the completion of each delivery and does not wait for his syscalls; carol makes
 * syscalls and waits, as SwingSet's vats do.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_kernel.h"

static const struct test_setup both_kinds = {
    .options = {[TEST_BOB] = "{\"vatstore\":\"completion\"}"}};
static const struct test_setup plain = {.options = {[TEST_BOB] = "{\"vatstore\":\"completion\"}"},
                                        .plain = true};

/* Routed, then delivered. */
static void deliver(struct test_world *w, const char *vat, const char *program) {
    world_tell(w, vat, "{%s}", program);
    world_crank(w);
    world_forget(w);
    world_crank(w);
}

/* ---- a unit, applied or not */

SCENARIO(rewind_unit, changes_are_made_when_the_delivery_is_done, both_kinds) {
    deliver(w, "bob", "keep one 1; keep two 2; send o+0 {}");
    cr_assert(!w->crank.aborted);
    world_is(w, "v3.vs.one", "1");
    world_is(w, "v3.vs.two", "2");
    world_run(w);
    deliver(w, "bob", "keep two 3; lose one; keep three {}; lose three; lose never");
    world_absent(w, "v3.vs.one");
    world_is(w, "v3.vs.two", "3");
    world_absent(w, "v3.vs.three");
    cr_assert(strstr(
        world_newest_item(w, "v3"),
        "\"vatstore\":[[\"two\",\"3\"],[\"one\"],[\"three\",\"{}\"],[\"three\"],[\"never\"]]"));
    world_run(w);
}

/* Everything that ends a delivery badly, each after changes were handed over, and with more said after it. */
static const struct {
    const char *name, *program, *info; /* of the termination */
    bool aborts;
} ends[] = {
    {"illegal syscall", "send $0 {}; drop o-99", "prepare to die", true},
    {"illegal, then legal", "drop o-99; send $0 {}; subscribe p+1", "prepare to die", true},
    {"illegal, then exit", "drop o-99; exit bye", "prepare to die", true},
    {"exit, then illegal", "exit bye; drop o-99", "prepare to die", true},
    {"illegal, then failure", "drop o-99; fail oops", "prepare to die", true},
    {"illegal twice", "drop o-99; retire o-98", "prepare to die", true},
    {"failure", "send $0 {}; fail oops", "oops", true},
    {"exit, then failure", "exit bye; fail oops", "oops", true},
    {"exit with failure", "exitfail badly", "badly", true},
    {"exit with failure, then exit", "exitfail badly; exit well", "badly", true},
    {"vatstoreSet by syscall", "set x y", "prepare to die", true},
    {"vatstoreDelete by syscall", "delete x", "prepare to die", true},
    {"vatstoreGet not waited for", "hasty [\"vatstoreGet\",\"x\"]", "prepare to die", true},
    {"callNow not waited for",
     "hasty [\"callNow\",\"d-70\",\"echo\",{\"body\":\"#[]\",\"slots\":[]}]", "prepare to die",
     true},
    {"malformed", "raw [\"sneeze\"]", "prepare to die", true},
    {"exit", "exit well", "well", false},
    {"exit, then exit with failure", "exit well; exitfail badly", "well", false},
};

static void expect_no_change(struct test_world *w, size_t i) {
    cr_assert(w->crank.aborted == ends[i].aborts && w->crank.terminated, "%s", ends[i].name);
    cr_assert(world_traced(w, "set v3.vs.", NULL) == world_traced(w, "set v3.vs.x = y", NULL),
              "%s: a change was made", ends[i].name);
    cr_assert(world_traced(w, "rollback start", NULL) == ends[i].aborts, "%s", ends[i].name);
    cr_assert(world_traced(w, "set ", "vatTerminated") == 1, "%s", ends[i].name);
    cr_assert(world_traced(w, "set ", ends[i].info) > 0, "%s", ends[i].name);
}

SCENARIO(rewind_unit, a_delivery_that_ends_badly_has_none, plain) {
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char program[200];
        struct test_world other;
        world_open(&other, &both_kinds, VK_STORE_WRITE_BACK, ":memory:");
        snprintf(program, sizeof program, "keep one 1; %s; keep two 2", ends[i].program);
        world_tell(&other, "bob", "{%s} ko21", program);
        world_crank(&other);
        world_forget(&other);
        world_crank(&other);
        expect_no_change(&other, i);
        if (ends[i].aborts) world_is(&other, "runQueue", "[7,8]"); /* his message is there again */
        world_run(&other);
        cr_assert(world_keys(&other, "v3.") == 0);
        world_is(&other, "vats.terminated", "[]");
        world_close(&other);
    }
    world_run(w);
}

/* A vat with a meter; bob's like, created. */
SCENARIO(rewind_unit, a_delivery_that_was_metered_out_has_none, both_kinds) {
    world_tell(w, "vatAdmin", "{call d-71 createMeter +1000 +10}");
    world_create_vat(w, ",\"meterID\":\"m1\",\"vatstore\":\"completion\"",
                     "keep start 1; spend 30");
    world_is(w, "v5.vs.start", "1");
    world_is(w, "m1.remaining", "970");
    deliver(w, "ko24", "keep one 1; spend 971; keep two 2");
    cr_assert(w->crank.aborted && w->crank.terminated);
    cr_assert(world_traced(w, "set v5.vs.", NULL) == 0);
    cr_assert(world_traced(w, "set ", "meter underflow") > 0);
    world_run(w);
}

SCENARIO(rewind_unit, a_meter_that_just_suffices_is_enough, both_kinds) {
    world_tell(w, "vatAdmin", "{call d-71 createMeter +1000 +10}");
    world_create_vat(w, ",\"meterID\":\"m1\",\"vatstore\":\"completion\"", "");
    deliver(w, "ko24", "keep one 1; spend 1000");
    cr_assert(!w->crank.aborted);
    world_is(w, "v5.vs.one", "1");
    world_run(w);
}

/* The first delivery of an upgrade was in order and its changes were made: the roll-back has to take them. */
SCENARIO(rewind_unit, the_roll_back_takes_what_was_applied_before_it, both_kinds) {
    world_create_vat(w, ",\"vatstore\":\"completion\"", "keep old 1");
    deliver(w, "ko24", "on bringOutYourDead {keep dead 1; lose old}");
    world_tell(w, "vatAdmin",
               "{call d-71 upgradeVat v5 @vat {\"run\":\"keep new 1;fail oops\"} why}");
    world_forget(w);
    world_run(w);
    cr_assert(world_traced(w, "set v5.vs.dead = 1", NULL) == 1);
    cr_assert(world_traced(w, "rollback deliver", NULL) == 1);
    cr_assert(world_traced(w, "set v5.vs.new", NULL) == 0);
    world_is(w, "v5.vs.old", "1");
    world_absent(w, "v5.vs.dead");
    deliver(w, "ko24", "keep alive 1");
    world_is(w, "v5.vs.alive", "1");
    world_run(w);
}

SCENARIO(rewind_unit, an_upgrade_that_succeeds_keeps_both, both_kinds) {
    world_create_vat(w, ",\"vatstore\":\"completion\"", "keep old 1");
    deliver(w, "ko24", "on bringOutYourDead {keep dead 1}");
    world_tell(w, "vatAdmin",
               "{call d-71 upgradeVat v5 @vat {\"run\":\"next old; keep new 1\"} why}");
    world_run(w);
    world_is(w, "v5.vs.dead", "1");
    world_is(w, "v5.vs.new", "1");
    world_is(w, "v5.options", world_key(w, "v5.options"));
    cr_assert(strstr(world_key(w, "v5.options"), "\"vatstore\":\"completion\""));
}

/* A creation that fails leaves nothing of what startVat handed over. */
SCENARIO(rewind_unit, a_start_that_fails_has_none, both_kinds) {
    world_create_vat(w, ",\"vatstore\":\"completion\"", "keep one 1; fail oops");
    cr_assert(world_keys(w, "v5.") == 0);
    world_is(w, "vats.terminated", "[]");
}

/* ---- the transcript, and replays */

static const struct test_setup one_online = {
    .options = {[TEST_BOB] = "{\"vatstore\":\"completion\"}"}, .plain = true, .vats_online_max = 1};

SCENARIO(rewind_replay, a_replayed_worker_is_held_to_its_changes, one_online) {
    deliver(w, "bob", "keep one 1; send o+0 {} ; get one");
    world_run(w);
    deliver(w, "carol", "set here 1"); /* bob is paged out, and comes back */
    deliver(w, "bob", "keep two 2");
    world_is(w, "v3.vs.one", "1");
    world_is(w, "v3.vs.two", "2");
}

static enum vk_err forget_a_change(void *impl, struct vk_str vat,
                                   const struct vk_delivery *delivery) {
    bool *struck = impl;
    const struct vk_str said = VK_STR("keep one 1");
    struct vk_str rest = delivery->methargs.body;
    (void)vat;
    if (delivery->type != VK_DELIVERY_MESSAGE) return VK_OK;
    while (rest.n && !vk_str_starts(rest, said))
        rest = vk_str_from(rest, 1);
    if (!rest.n) return VK_OK;
    memcpy((char *)(uintptr_t)rest.p, "keep one 7", said.n); /* the replay's own text */
    *struck = true;
    return VK_OK;
}

Test(rewind_replay, another_change_is_anachrophobia) {
    struct test_world w;
    bool struck = false;
    world_open(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    deliver(&w, "bob", "keep one 1");
    test_ok(vk_store_commit(w.store));
    vk_kernel_close(w.kernel);
    w.kernel = NULL;
    w.vats.watch = forget_a_change;
    w.vats.watch_impl = &struck;
    cr_assert(world_try_open_kernel(&w) == VK_ERR_ANACHROPHOBIA);
    cr_assert(struck);
    world_close(&w);
}

/* INV-COMPLETION-3: SwingSet ignores the verdict on the bringOutYourDead before a snapshot, and so whoever would be condemned in it is
 * not asked. */
static const struct test_setup snapshotting = {.options = {[TEST_BOB] =
                                                               "{\"vatstore\":\"completion\"}"},
                                               .plain = true,
                                               .xsnap = true,
                                               .snapshot_initial = 4,
                                               .snapshot_interval = 4};

SCENARIO(rewind_replay, no_verdict_goes_unheard_before_a_snapshot, snapshotting) {
    static const char *const vats[] = {"bob", "carol"};
    struct vk_snapshot_info info;
    bool found;
    for (int i = 0; i < 2; i++) {
        world_tell(w, vats[i], "{on bringOutYourDead {drop o-99}}");
        for (int k = 0; k < 4; k++)
            world_tell(w, vats[i], "again");
        world_run(w);
        test_ok(vk_snapshot_current(w->store, vk_str(i ? "v4" : "v3"), &found, &info));
        cr_assert(found);
    }
    cr_assert(world_lived(w, "deliver v3 [\"bringOutYourDead\"]", NULL) == 0);
    cr_assert(world_lived(w, "deliver v4 [\"bringOutYourDead\"]", NULL) > 0);
}

/* ---- syscalls in flight */

/* The record is there first; what was sent is settled, in its order, before it is looked at. */
SCENARIO(rewind_in_flight, all_are_settled_before_the_crank_ends, plain) {
    world_tell(w, "bob", "{send $0 one = p+1; keep one 1; send $0 two; subscribe p+1} ko23");
    world_crank(w);
    world_forget(w);
    world_crank(w);
    cr_assert(world_lived(w, "submit v3", NULL) == 3);
    cr_assert(w->crank.kind == VK_CRANK_DELIVERY && !w->crank.aborted);
    const char *trace = w->trace.text + w->trace_mark;
    const char *first = strstr(trace, "\\\"one\\\""), *second = strstr(trace, "\\\"two\\\"");
    const char *change = strstr(trace, "set v3.vs.one"), *emit = strstr(trace, "emit");
    cr_assert(first && second && change && emit);
    cr_assert(first < second && second < change && change < emit);
    world_run(w);
}

/* When they arrive makes no difference: the same writes in the same order, the same crankhashes. */
Test(rewind_in_flight, their_order_is_the_vats_own_whatever_their_timing) {
    struct test_world worlds[3];
    for (unsigned i = 0; i < 3; i++) {
        struct test_world *w = &worlds[i];
        world_open(w, &plain, VK_STORE_WRITE_BACK, ":memory:");
        w->vats.arrive_each = i;
        w->trace_mark = 0;
        world_tell(w, "bob",
                   "{send $0 one = p+1; send $0 two o+3; subscribe p+1; get x; keep x 1; drop $0;"
                   " fulfill p+7 1; send $1 three o+3} ko23 ko21");
        world_tell(w, "bob", "{send o+0 {} = p+9; drop o-99; send o+0 {}; exit bye; keep x 2}");
        world_run(w);
        cr_assert(i == 0 || w->vats.arrived > 4);
    }
    for (unsigned i = 1; i < 3; i++)
        test_same_lines(worlds[0].trace.text, worlds[i].trace.text, "timing");
    for (unsigned i = 0; i < 3; i++)
        world_close(&worlds[i]);
}

/* ok#848, ok (seen at 0.7): a worker that says it sent more than it did is not waited for, and not believed. */
Test(rewind_in_flight, a_worker_that_miscounts_is_lost) {
    struct test_world w;
    world_open(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    world_tell(&w, "bob", "{send o+0 {}; miscount}");
    world_run_halts(&w, VK_ERR_WORKER_LOST, "sent 1 syscalls and says 2");
    w.unaudited = true;
    world_close(&w);
}

Test(rewind_in_flight, changes_from_a_worker_that_makes_syscalls_are_not_believed) {
    struct test_world w;
    world_open(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    world_tell(&w, "carol", "{keep one 1}");
    world_run_halts(&w, VK_ERR_WORKER_LOST, "make by syscall");
    w.unaudited = true;
    world_close(&w);
}

Test(rewind_in_flight, changes_that_are_no_utf8_are_not_believed) {
    static const char *const programs[] = {"{keep <garbled> 1}",
                                           "{keep one 1; keep two <garbled>}"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct test_world w;
        world_open(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
        world_tell(&w, "bob", "%s", programs[i]);
        world_run_halts(&w, VK_ERR_WORKER_LOST, "is not UTF-8");
        w.unaudited = true;
        world_close(&w);
    }
}

/* ok#794: what was sent, before the illegal syscall and after it, reaches nobody. */
SCENARIO(rewind_in_flight, what_a_condemned_vat_sent_reaches_nobody, both_kinds) {
    world_tell(
        w, "bob",
        "{send $0 {set escaped 1} o+1; drop o-99; send $0 {set escaped 2} o+2; keep one 1} ko23");
    world_run(w);
    world_absent(w, "v4.vs.escaped");
    world_is(w, "vats.terminated", "[]");
    cr_assert(world_lived(w, "submit v3", "escaped") == 2);
    cr_assert(world_lived(w, "deliver v4", "escaped") == 0);
}

/* The vat that waits is forgiven nothing either. */
SCENARIO(rewind_in_flight, an_illegal_syscall_of_a_vat_that_waits_is_not_forgiven, both_kinds) {
    deliver(w, "carol", "set one 1; drop o-99; set two 2; get one");
    cr_assert(w->crank.aborted && w->crank.terminated);
    world_run(w);
    cr_assert(world_keys(w, "v4.") == 0);
}

/* ---- ocap-kernel's at 0.7, where kernel_rollback_test.c and others do not show it already */

/* "exit has no effect if anything follows" */
SCENARIO(rewind_ocap, exit_has_effect_though_something_follows, both_kinds) {
    static const char *const vats[] = {"bob", "carol"};
    for (int i = 0; i < 2; i++) {
        world_tell(w, vats[i], "{exit bye; send $0 {set farewell %d}; get x} ko21", i + 1);
        world_run(w);
        world_is(w, "v2.vs.farewell",
                 i ? "2" : "1"); /* the crank commits, and what was sent leaves it */
        cr_assert(world_keys(w, i ? "v4." : "v3.") == 0);
    }
}

/* "verdict flags are cleared at every syscall" - and with the crank, so that the next vat is not judged by them. */
SCENARIO(rewind_ocap, a_verdict_ends_with_its_delivery, both_kinds) {
    world_tell(w, "bob", "{drop o-99}");
    world_tell(w, "carol", "{set alive 1}");
    world_tell(w, "alice", "{set alive 1}");
    world_run(w);
    cr_assert(world_keys(w, "v3.") == 0);
    world_is(w, "v4.vs.alive", "1");
    world_is(w, "v2.vs.alive", "1");
}

/* "length cache -1 + 1 = 0: the queue reads as empty, a lost wake-up" */
SCENARIO(rewind_ocap, a_queue_of_one_is_not_empty_after_a_roll_back, both_kinds) {
    static const char *const vats[] = {"bob", "carol"};
    for (int i = 0; i < 2; i++) {
        const char *kpid = world_ask(w, vats[i], "{drop o-99}", VK_RESULT_IGNORE);
        world_crank(w);
        world_crank(w); /* the abort: the message is the only one, and back */
        cr_assert(w->crank.aborted);
        cr_assert(world_run(w) > 0);
        cr_assert(strncmp(world_take(w, kpid), "rejected", 8) ==
                  0); /* and its sender hears of it */
    }
}

/* "clean-up of a dead vat done inside a crank that aborts is never scheduled again": here it is a crank of its own. */
SCENARIO(rewind_ocap, clean_up_of_the_dead_is_never_part_of_a_crank_that_aborts, both_kinds) {
    unsigned cleanups = 0, aborts = 0;
    world_tell(w, "alice", "{call $0 terminateWithFailure v4 why} kd31");
    world_tell(w, "bob", "{keep one 1; drop o-99}");
    for (;;) {
        enum vk_crank_kind kind = world_crank(w);
        if (kind == VK_CRANK_IDLE) break;
        cleanups += kind == VK_CRANK_CLEANUP;
        aborts += w->crank.aborted;
        cr_assert(kind != VK_CRANK_CLEANUP || !w->crank.aborted);
    }
    cr_assert(cleanups >= 2 && aborts == 1);
    world_is(w, "vats.terminated", "[]");
    cr_assert(world_keys(w, "v3.") == 0 && world_keys(w, "v4.") == 0);
}

/* The end of another vat, in a crank that aborts, has not come. */
SCENARIO(rewind_ocap, the_terminated_list_is_as_before, both_kinds) {
    world_tell(w, "bob", "{call $0 terminateWithFailure v4 why; drop o-99} kd31");
    world_run(w);
    world_is(w, "vats.terminated", "[]");
    deliver(w, "carol", "set alive 1");
    world_is(w, "v4.vs.alive", "1");
    world_tell(w, "alice", "{call $0 terminateWithFailure v4 why} kd31");
    world_run(w);
    world_is(w, "vats.terminated", "[]");
    cr_assert(world_keys(w, "v4.") == 0);
}

/* "imports add nothing to an object's count": bob's import keeps what carol drops, and an abort gives back what bob dropped. */
SCENARIO(rewind_ocap, an_import_counts, both_kinds) {
    world_tell(w, "alice", "{send $0 {} o+5; send $1 {} o+5} ko22 ko23");
    world_run(w);
    world_is(w, "v3.c.ko24", "R o-50");
    world_is(w, "v4.c.ko24", "R o-50");
    world_is(w, "ko24.refCount", "2,2");
    deliver(w, "carol", "drop o-50; retire o-50");
    world_run(w);
    world_is(w, "ko24.refCount", "1,1");
    world_is(w, "v2.c.ko24", "R o+5");
    deliver(w, "bob", "drop o-50; retire o-50; keep one 1");
    world_run(w);
    world_absent(w, "ko24.refCount");
}

/* "GC action lost": one that the aborted crank had taken is taken again. */
static const struct test_setup collecting = {
    .options = {[TEST_BOB] = "{\"vatstore\":\"completion\"}"}, .reap_gc_krefs = 1000};

SCENARIO(rewind_ocap, a_gc_action_of_an_aborted_crank_is_taken_again, collecting) {
    world_tell(w, "bob",
               "{on dropExports {keep one 1; drop o-99}; send $0 {drop $0; retire $0} o+5} ko23");
    world_forget(w);
    world_run(w);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    world_is(w, "gcActions", "[]");
    world_is(w, "vats.terminated", "[]");
    cr_assert(world_keys(w, "v3.") == 0);
    cr_assert(world_keys(w, "ko24.") == 0);
}

/* "reap queue": a bringOutYourDead whose crank aborts. */
SCENARIO(rewind_ocap, the_reap_queue_is_as_before, both_kinds) {
    deliver(w, "bob", "on bringOutYourDead {keep one 1; drop o-99}");
    deliver(w, "carol", "on bringOutYourDead {set reaped 1}");
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_forget(w);
    world_run(w);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    world_is(w, "reapQueue", "[]");
    world_is(w, "v4.vs.reaped", "1");
    cr_assert(world_keys(w, "v3.") == 0);
}

/* "queue head written before the entry": they are of one transaction, whatever is written first. */
Test(rewind_ocap, queue_head_and_entry_are_lost_or_kept_together) {
    static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
    for (size_t i = 0; i < 2; i++) {
        struct test_world w;
        world_open(&w, &plain, modes[i], ":memory:");
        world_tell(&w, "bob", "{send $0 {set got 1}} ko23");
        test_ok(vk_store_commit(w.store));
        for (int cranks = 0; cranks < 6; cranks++) {
            world_crank(&w);
            char range[64];
            snprintf(range, sizeof range, "%s", world_key(&w, "runQueue"));
            unsigned long long head = 0, tail = 0;
            cr_assert(sscanf(range, "[%llu,%llu]", &head, &tail) == 2);
            cr_assert(world_keys(&w, "runQueue.") == tail - head);
        }
        world_close(&w);
    }
}

/* "a terminated decider's promises ... never rejected" */
SCENARIO(rewind_ocap, a_condemned_deciders_promises_are_rejected, both_kinds) {
    static const char *const vats[] = {"bob", "carol"};
    for (int i = 0; i < 2; i++) {
        const char *kpid = world_ask(w, vats[i], "{on x {}}", VK_RESULT_IGNORE);
        world_run(w);
        cr_assert_str_eq(world_take(w, kpid), "unresolved"); /* he never answers */
        deliver(w, vats[i], "drop o-99");
        cr_assert(w->crank.aborted);
        world_run(w);
        cr_assert(strncmp(world_take(w, kpid), "rejected", 8) == 0);
    }
}
