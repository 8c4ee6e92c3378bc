/* kernel_promise_test.c - promises: decided, subscribed to, settled, told of, and forgotten. */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup halting = {.plain = true};

/* alice asks bob for something, which he leaves open as p-60 (kp41; hers is p+5). */
static void alice_asks_bob(struct test_world *w) {
    world_tell(w, "alice", "{send $0 something = p+5} ko22");
    world_run(w);
    world_is(w, "kp41.state", "unresolved");
    world_is(w, "kp41.decider", "v3");
    world_is(w, "kp41.refCount", "2");
    world_is(w, "v2.c.kp41", "R p+5");
    world_is(w, "v3.c.kp41", "R p-60");
    world_forget(w);
}

SCENARIO(kernel_promise, subscriber_is_told_when_it_settles, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "alice", "{subscribe p+5}");
    world_run(w);
    world_is(w, "kp41.subscribers", "v2");
    world_forget(w);
    world_tell(w, "bob", "{fulfill p-60 o+7}");
    world_crank(w);
    world_crank(w);
    world_is(w, "kp41.state", "fulfilled");
    world_is(w, "kp41.refCount", "2"); /* alice's c-list, the notify; bob speaks of it no more */
    world_absent(w, "kp41.decider");
    world_absent(w, "kp41.subscribers");
    world_absent(w, "v3.c.kp41");
    world_absent(w, "v3.c.p-60");
    world_is(w, "kp41.data.body", "#\"$0.Alleged: x\"");
    world_is(w, "kp41.data.slots", "ko24");
    world_is(w, "ko24.refCount", "1,1");
    world_is(w, "acceptanceQueue.11", "{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp41\"}");
    world_run(w);
    cr_assert(
        world_traced(w, "titem v2 ",
                     "{\"d\":[\"notify\",[[\"p+5\",false,{\"body\":\"#\\\"$0.Alleged: x\\\"\","
                     "\"slots\":[\"o-51\"]}]]]") == 1);
    world_absent(w, "v2.c.kp41");
    world_absent(w, "v2.c.p+5");
    cr_assert(world_keys(w, "kp41") == 0);
    world_is(w, "ko24.refCount", "1,1"); /* alice's import, the promise's is gone */
    cr_assert(world_stat(w, "dispatchNotify") == 1);
    cr_assert(world_stat(w, "kernelPromises") == 0);
}

SCENARIO(kernel_promise, who_subscribes_late_is_told_at_once, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "bob", "{reject p-60 5}");
    world_run(w);
    world_is(w, "kp41.state", "rejected");
    world_is(w, "kp41.refCount", "1");
    world_tell(w, "alice", "{subscribe p+5}");
    world_run(w);
    cr_assert(world_traced(w, "titem v2 ", "[\"p+5\",true,{\"body\":\"#5\",\"slots\":[]}]") == 1);
    world_absent(w, "kp41.state");
    cr_assert(world_stat(w, "kpRejected") == 0);
    cr_assert(world_stat(w, "kpRejectedMax") == 1);
}

SCENARIO(kernel_promise, subscribing_twice_is_told_once, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "alice", "{subscribe p+5; subscribe p+5}");
    world_tell(w, "bob", "{fulfill p-60 1}");
    world_run(w);
    cr_assert(world_traced(w, "titem v2 ", "\"notify\"") == 1);
}

SCENARIO(kernel_promise, second_notify_of_what_was_told_already_is_no_delivery, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "bob", "{fulfill p-60 1}");
    world_run(w);
    world_tell(w, "alice", "{subscribe p+5; subscribe p+5}");
    world_crank(w);
    world_crank(w);
    world_is(w, "kp41.refCount", "3");
    world_forget(w);
    world_crank(w);
    world_crank(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    world_is(w, "kp41.refCount", "1");
    cr_assert(world_crank(w) == VK_CRANK_NONE);
    world_absent(w, "kp41.refCount");
    cr_assert(world_traced(w, "titem v2 ", NULL) == 1);
    cr_assert(world_stat(w, "dispatchNotify") == 2);
}

SCENARIO(kernel_promise, subscribers_are_told_in_the_order_of_their_names_texts, ordinary) {
    /* v10 comes before v2 */
    alice_asks_bob(w);
    for (int i = 5; i <= 10; i++)
        world_create_vat(w, "", "");
    const char *root = world_key(w, "v10.c.o+0");
    world_tell(w, "alice", "{send $0 {subscribe $0} p+5; subscribe p+5} %s", root);
    world_run(w);
    world_is(w, "kp41.subscribers", "v10,v2");
    world_forget(w);
    world_tell(w, "bob", "{fulfill p-60 1}");
    world_run(w);
    const char *trace = w->trace.text + w->trace_mark;
    const char *ten = strstr(trace, "\"notify\",\"vatID\":\"v10\"");
    const char *two = strstr(trace, "\"notify\",\"vatID\":\"v2\"");
    cr_assert(ten && two && ten < two);
    cr_assert(world_traced(w, "titem v10 ", "\"notify\"") == 1);
    cr_assert(world_traced(w, "titem v2 ", "\"notify\"") == 1);
    world_absent(w, "kp41.state");
}

SCENARIO(kernel_promise, vat_may_subscribe_to_its_own_promise, ordinary) {
    world_tell(w, "alice", "{send o+0 {} p+5; subscribe p+5; on notify {set told $p}}");
    world_run(w);
    world_is(w, "kp41.decider", "v2");
    world_is(w, "kp41.subscribers", "v2");
    world_tell(w, "alice", "{fulfill p+5 1}");
    world_run(w);
    /* Its name went with the resolution, and the notify finds nobody who knows it. */
    world_absent(w, "v2.vs.told");
    world_absent(w, "kp41.state");
}

SCENARIO(kernel_promise, name_of_a_settled_promise_starts_anew, ordinary) {
    world_tell(w, "alice", "{send $0 {subscribe $0} p+5; fulfill p+5 1; send $0 {} p+5} ko22");
    world_run(w);
    world_is(w, "v2.c.p+5", "kp42");
    world_is(w, "kp42.state", "unresolved");
    world_is(w, "kp42.decider", "v2");
    world_absent(w, "kp41.state");
}

/* The puppets' own words have no slots in arrays; this is as a vat would say it. */
#define RESOLVE(resolutions) "raw [\"resolve\",[" resolutions "]]"
#define TO_PROMISES(p, body, slots)                                                                \
    "[\"" p "\",false,{\"body\":\"" body "\",\"slots\":[" slots "]}]"
#define ONE "#[\\\"&0\\\"]"

SCENARIO(kernel_promise, cycle_of_promises_is_told_and_forgotten_together, ordinary) {
    world_tell(w, "alice",
               "{send $0 {subscribe $0; subscribe $1} p+5 p+6;" RESOLVE(TO_PROMISES(
                   "p+5", ONE, "\"p+6\"") "," TO_PROMISES("p+6", ONE, "\"p+5\"")) "} ko22");
    world_run(w);
    cr_assert(world_traced(w, "titem v3 ", "\"notify\"") == 1);
    cr_assert(world_traced(w, "titem v3 ",
                           "{\"d\":[\"notify\",[[\"p-60\",false,{\"body\":\"#[\\\"&0\\\"]\","
                           "\"slots\":[\"p-61\"]}],[\"p-61\",false,{\"body\":\"#[\\\"&0\\\"]\","
                           "\"slots\":[\"p-60\"]}]]]") == 1);
    world_absent(w, "v3.c.kp41");
    world_absent(w, "v3.c.kp42");
    cr_assert(world_stat(w, "dispatchNotify") == 2); /* the second was no delivery */
    /* The promises hold each other: a cycle is never collected, in SwingSet neither. */
    world_is(w, "kp41.refCount", "1");
    world_is(w, "kp42.refCount", "1");
}

SCENARIO(kernel_promise, chain_of_settled_promises_is_told_from_its_root, ordinary) {
    world_tell(w, "alice",
               "{send $0 {subscribe $0} p+5;" RESOLVE(
                   TO_PROMISES("p+5", ONE, "\"p+6\"") "," TO_PROMISES(
                       "p+6", ONE, "\"p+7\"") "," TO_PROMISES("p+7", ONE, "\"p+8\"")) "} ko22");
    world_run(w);
    cr_assert(world_traced(w, "titem v3 ",
                           "[\"notify\",[[\"p-60\",false,{\"body\":\"#[\\\"&0\\\"]\",\"slots\":"
                           "[\"p-61\"]}],[\"p-61\",false,{\"body\":\"#[\\\"&0\\\"]\",\"slots\":"
                           "[\"p-62\"]}],[\"p-62\",false,{\"body\":\"#[\\\"&0\\\"]\",\"slots\":"
                           "[\"p-63\"]}]]]") == 1);
    world_absent(w, "v3.c.p-62");
    world_is(w, "v3.c.p-63", "kp44"); /* unsettled: still known */
    world_is(w, "kp44.decider", "v2");
    cr_assert(world_keys(w, "kp41") + world_keys(w, "kp42") + world_keys(w, "kp43") == 0);
    world_is(w, "kp44.refCount", "2");
}

SCENARIO(kernel_promise, settled_promise_holds_what_its_data_names, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "bob", "{fulfill p-60 o+7}");
    world_run(w);
    world_is(w, "ko24.refCount", "1,1");
    world_is(w, "v3.c.ko24", "R o+7"); /* not collected */
    world_tell(w, "alice", "{subscribe p+5; on notify {drop $0; retire $0}}");
    world_run(w);
    world_absent(w, "ko24.refCount");
    world_absent(w, "v3.c.ko24");
}

SCENARIO(kernel_promise, promise_may_be_rejected_with_a_promise, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "alice", "{subscribe p+5}");
    world_tell(w, "bob", "{reject p-60 p+9}");
    world_run(w);
    world_is(w, "v2.c.p-60", "kp42");
    world_is(w, "kp42.decider", "v3");
    world_absent(w, "kp41.state");
}

/* b1bbdf9e8e */
SCENARIO(kernel_promise, promise_fulfilled_to_a_promise_is_the_vats_end, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "alice", "{subscribe p+5}");
    world_tell(w, "bob", "{fulfill p-60 p+9}");
    world_run(w);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    cr_assert(world_traced(w, "titem v2 ", "vat terminated") == 1);
    world_is(w, "vats.terminated", "[]");
    world_absent(w, "vat.name.bob");
}

SCENARIO(kernel_promise, promise_may_be_fulfilled_to_data_that_holds_one, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "alice", "{subscribe p+5}");
    world_tell(w, "bob", "{" RESOLVE(TO_PROMISES("p-60", ONE, "\"p+9\"")) "}");
    world_run(w);
    world_is(w, "v2.c.p-60", "kp42");
    world_is(w, "vat.name.bob", "v3");
}

SCENARIO(kernel_promise, kernels_policy_is_kept_until_it_settles, ordinary) {
    const char *a = world_ask(w, "bob", "one", VK_RESULT_IGNORE);
    const char *b = world_ask(w, "bob", "two", VK_RESULT_LOG_ALWAYS);
    const char *c = world_ask(w, "bob", "three", VK_RESULT_LOG_FAILURE);
    const char *d = world_ask(w, "bob", "four", VK_RESULT_PANIC);
    world_absent(w, "kp41.policy");
    world_is(w, "kp42.policy", "logAlways");
    world_is(w, "kp43.policy", "logFailure");
    world_is(w, "kp44.policy", "panic");
    world_run(w);
    world_tell(w, "bob", "{reject p-60 1; reject p-61 1; reject p-62 1; fulfill p-63 1}");
    world_run(w);
    world_absent(w, "kp44.policy");
    cr_assert_str_eq(world_take(w, a), "rejected #1");
    cr_assert_str_eq(world_take(w, b), "rejected #1");
    cr_assert_str_eq(world_take(w, c), "rejected #1");
    cr_assert_str_eq(world_take(w, d), "fulfilled #1");
}

SCENARIO(kernel_promise, rejection_under_policy_panic_halts_after_the_crank, halting) {
    world_ask(w, "bob", "{set done yes; reject $r oops}", VK_RESULT_PANIC);
    world_crank(w);
    world_forget(w);
    world_run_halts(w, VK_ERR_PANIC, "kp41.policy panic: rejected #\"oops\"");
    world_is(w, "kp41.state", "rejected");
    world_is(w, "v3.vs.done", "yes");
    cr_assert(world_traced(w, "emit ", NULL) == 1); /* the crank ended as any other */
    cr_assert(world_traced(w, "endCrank", NULL) == 1);
    world_is(w, "crankNumber", "14");
}

SCENARIO(kernel_promise, policy_panic_holds_for_the_kernels_own_rejections, halting) {
    world_tell(w, "bob", "{exit bye}");
    world_run(w);
    world_ask(w, "ko22", "anything", VK_RESULT_PANIC);
    world_run_halts(w, VK_ERR_PANIC, "vat terminated");
}

SCENARIO(kernel_promise, unsettled_promises_are_counted, ordinary) {
    alice_asks_bob(w);
    cr_assert(world_stat(w, "kernelPromises") == 1);
    cr_assert(world_stat(w, "kpUnresolved") == 1);
    world_tell(w, "bob", "{fulfill p-60 1}");
    world_run(w);
    cr_assert(world_stat(w, "kernelPromises") == 1);
    cr_assert(world_stat(w, "kpUnresolved") == 0);
    cr_assert(world_stat(w, "kpFulfilled") == 1);
    world_tell(w, "alice", "{subscribe p+5}");
    world_run(w);
    cr_assert(world_stat(w, "kernelPromises") == 0);
    cr_assert(world_stat(w, "kpFulfilled") == 0);
    cr_assert(world_stat(w, "kpFulfilledUp") == 2);
}

/* 517ab2802e: what a vat decides is rejected when it ends, in the order of its vrefs, before anything else
 * of it goes. */
SCENARIO(kernel_promise, promises_of_a_terminated_vat_are_rejected_at_once, ordinary) {
    alice_asks_bob(w);
    world_tell(w, "alice", "{subscribe p+5}");
    world_tell(w, "bob", "{send $0 {subscribe $0} p+9; exit bye} ko21");
    world_crank(w);
    world_crank(w);
    world_crank(w);
    world_is(w, "kp41.subscribers", "v2");
    world_crank(w); /* bob ends */
    world_is(w, "kp41.state", "rejected");
    world_is(w, "kp42.state", "rejected");
    world_is(w, "kp41.data.body", "#{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    world_is(w, "v3.c.kp41", "R p-60"); /* his c-list goes later */
    world_is(w, "kp41.refCount", "3");
    world_run(w);
    cr_assert(world_traced(w, "titem v2 ", "\"notify\"") == 2);
    world_absent(w, "kp41.state"); /* #10261: nothing of it is left */
    world_absent(w, "kp42.state");
    cr_assert(world_keys(w, "v3.") == 0);
}

/* #9889: nothing but a settled promise has data. The host's hand makes what no vat can. */
SCENARIO(kernel_promise, unsettled_promise_that_nobody_refers_to_is_deleted, ordinary) {
    static const char *const writes[][2] = {
        {"kp.nextID", "42"},        {"kp41.state", "unresolved"}, {"kp41.subscribers", ""},
        {"kp41.queue.nextID", "0"}, {"kp41.refCount", "0"},       {"kp41.decider", ""},
        {"kp41.refCount", "1"},     {"kp41.refCount", "0"},
    };
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        test_ok(vk_host_apply_write(w->kernel, vk_str(writes[i][0]), vk_str(writes[i][1])));
    world_tell(w, "alice", "nothing");
    world_run(w);
    cr_assert(world_keys(w, "kp41") == 0);
    cr_assert(world_stat(w, "kernelPromises") == 0);
    cr_assert(world_stat(w, "kpUnresolved") == 0);
}
