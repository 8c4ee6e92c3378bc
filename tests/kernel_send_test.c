/* kernel_send_test.c - messages: queued, routed, delivered, put off, splat; and in what order. */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup with_slog = {.slog = true, .plain = true};
static const struct test_setup bob_pipelines = {
    .options = {[TEST_BOB] = "{\"enablePipelining\":true}"}};

SCENARIO(kernel_send, message_is_routed_in_one_crank_and_delivered_in_the_next, ordinary) {
    world_tell(w, "bob", "{set a b}");
    world_is(w, "acceptanceQueue.7",
             "{\"type\":\"send\",\"target\":\"ko22\",\"msg\":{\"methargs\":"
             "{\"body\":\"#[\\\"{set a b}\\\",[]]\",\"slots\":[]}}}");
    world_is(w, "ko22.refCount", "2,2");
    cr_assert(world_crank(w) == VK_CRANK_NONE);
    world_absent(w, "acceptanceQueue.7");
    world_is(w, "acceptanceQueue", "[8,8]");
    world_is(w, "runQueue", "[7,8]");
    world_is(w, "ko22.refCount", "2,2");
    world_absent(w, "v3.vs.a");
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    cr_assert(!w->crank.metered);
    world_absent(w, "runQueue.7");
    world_is(w, "runQueue", "[8,8]");
    world_is(w, "v3.vs.a", "b");
    world_is(w, "ko22.refCount", "1,1");
    world_is(w, "crankNumber", "14");
    cr_assert(world_crank(w) == VK_CRANK_IDLE);
    cr_assert_str_eq(w->crank.crankhash, "");
    world_is(w, "crankNumber", "14");
    cr_assert_str_eq(world_newest_item(w, "v3"),
                     "{\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"{set a "
                     "b}\\\",[]]\",\"slots\":[]},\"result\":null}],\"sc\":[{\"s\":"
                     "[\"vatstoreSet\",\"a\",\"b\"],\"r\":[\"ok\",null]}],\"r\":{\"status\":"
                     "\"ok\"}}");
}

SCENARIO(kernel_send, queue_holds_all_that_a_message_names, ordinary) {
    world_tell(w, "carol", "{send o+5 {} o+6 o+6 = p+7}");
    world_run(w); /* to herself, so that only the queue counts */
    world_forget(w);
    world_tell(w, "alice", "{send $0 {} $0 $1 $1 o+5 = p+7} ko22 ko23");
    world_crank(w);
    world_is(w, "ko21.refCount", "2,2");
    world_is(w, "ko22.refCount", "2,2");
    world_is(w, "ko23.refCount", "2,2");
    world_crank(w); /* alice sends */
    world_is(w, "ko21.refCount", "1,1");
    world_is(w, "ko22.refCount", "4,4"); /* vatAdmin's, alice's, target, argument */
    world_is(w, "ko23.refCount", "3,3"); /* named twice, one slot */
    world_is(w, "ko26.refCount", "1,1"); /* alice's o+5: an export counts nothing */
    world_is(w, "kp42.refCount", "2");   /* alice's c-list, the result */
    world_is(w, "kp42.decider", "");
    world_crank(w);
    world_is(w, "ko22.refCount", "4,4");
    world_crank(w); /* bob has it */
    world_is(w, "ko22.refCount", "2,2");
    world_is(w, "ko23.refCount", "3,3"); /* vatAdmin's, alice's, bob's */
    world_is(w, "ko26.refCount", "1,1");
    world_is(w, "kp42.refCount", "2");
    world_is(w, "kp42.decider", "v3");
}

SCENARIO(kernel_send, slots_are_named_by_each_vats_own_c_list, ordinary) {
    world_tell(w, "alice",
               "{send $0 {send $0 {send $0 {set back here} $1} $1 $0 } $1 o+5} ko22 ko23");
    world_run(w);
    /* alice's o+5 is ko24; bob knows carol as o-50 and it as o-51; carol it as o-50 and herself. */
    world_is(w, "v2.c.ko24", "R o+5");
    world_is(w, "v2.c.o+5", "ko24");
    world_is(w, "ko24.owner", "v2");
    world_is(w, "v3.c.o-50", "ko23");
    world_is(w, "v3.c.ko23", "R o-50");
    world_is(w, "v3.c.o-51", "ko24");
    world_is(w, "v4.c.o-50", "ko24");
    world_is(w, "v4.c.ko23", "R o+0");
    world_is(w, "v4.o.nextID", "51");
    world_is(w, "v2.vs.back", "here");
    world_is(w, "ko24.refCount", "2,2");
    world_is(w, "ko.nextID", "25");
    cr_assert(world_traced(w, "titem v2 ", "[\"message\",\"o+5\"") == 1);
    cr_assert(world_traced(w, "titem v2 ", "\"slots\":[\"o-51\"]") == 1);
}

SCENARIO(kernel_send, export_keeps_its_kref, ordinary) {
    world_tell(w, "alice", "{send $0 one o+5; send $0 two o+5 o+6} ko22");
    world_run(w);
    world_is(w, "v2.c.o+5", "ko24");
    world_is(w, "v2.c.o+6", "ko25");
    world_is(w, "v3.c.o-50", "ko24");
    world_is(w, "v3.c.o-51", "ko25");
    world_is(w, "ko24.refCount", "1,1");
    world_is(w, "v3.o.nextID", "52");
}

SCENARIO(kernel_send, messages_arrive_in_the_order_they_were_sent, ordinary) {
    world_tell(w, "alice", "{send $0 {set at 1}; send $0 {set at 2}} ko22");
    world_tell(w, "bob", "{set at 0}");
    world_run(w);
    world_is(w, "v3.vs.at", "2");
    cr_assert(world_traced(w, "set v3.vs.at = ", NULL) == 3);
    const char *first = strstr(w->trace.text + w->trace_mark, "set v3.vs.at = 0");
    const char *second = strstr(w->trace.text + w->trace_mark, "set v3.vs.at = 1");
    cr_assert(first && second && first < second);
}

SCENARIO(kernel_send, all_is_routed_before_anything_is_delivered, ordinary) {
    world_tell(w, "bob", "{send o+0 {set later yes}}");
    world_tell(w, "carol", "{set x 1}");
    world_tell(w, "carol", "{set x 2}");
    for (int i = 0; i < 3; i++)
        cr_assert(world_crank(w) == VK_CRANK_NONE);
    world_is(w, "runQueue", "[7,10]");
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY); /* bob's */
    cr_assert(world_crank(w) == VK_CRANK_NONE);     /* what he sent */
    world_is(w, "runQueue", "[8,11]");
    world_absent(w, "v4.vs.x");
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    world_is(w, "v4.vs.x", "1");
    world_run(w);
    world_is(w, "v3.vs.later", "yes");
}

SCENARIO(kernel_send, result_goes_to_who_asked, ordinary) {
    const char *kpid = world_ask(w, "bob", "{fulfill $r o+5}", VK_RESULT_IGNORE);
    cr_assert_str_eq(kpid, "kp41");
    cr_assert_str_eq(world_take(w, kpid), "unresolved");
    world_is(w, "kp41.refCount", "2"); /* the queue's and the host's */
    world_run(w);
    world_is(w, "kp41.state", "fulfilled");
    world_is(w, "kp41.refCount", "1");
    world_is(w, "ko24.refCount", "1,1");
    cr_assert_str_eq(world_take(w, kpid), "fulfilled #\"$0.Alleged: x\" ko24");
    world_is(w, "ko24.refCount", "2,2");
    world_tell(w, "carol", "nothing"); /* the crank that forgets the promise */
    world_run(w);
    world_absent(w, "kp41.state");
    world_is(w, "ko24.refCount", "1,1");
}

SCENARIO(kernel_send, message_without_result_has_no_such_member, ordinary) {
    world_tell(w, "bob", "{send o+0 again}");
    cr_assert(strstr(world_key(w, "acceptanceQueue.7"), "\"slots\":[]}}}") != NULL);
    world_crank(w);
    world_crank(w);
    /* a vat's own has a null */
    world_is(w, "acceptanceQueue.8",
             "{\"type\":\"send\",\"target\":\"ko22\",\"msg\":{\"methargs\":{\"body\":"
             "\"#[\\\"again\\\",[]]\",\"slots\":[]},\"result\":null}}");
}

SCENARIO(kernel_send, message_to_an_unresolved_promise_waits_in_its_queue, ordinary) {
    /* bob leaves p-60 unresolved and alice sends to it */
    world_tell(w, "alice",
               "{send $0 {on go {fulfill p-60 $0}} = p+5;"
               "send p+5 {set a 1} = p+6; send p+5 {set a 2} o+9} ko22");
    world_run(w);
    world_is(w, "kp41.queue.nextID", "2");
    world_is(w, "kp41.queue.1",
             "{\"methargs\":{\"body\":\"#[\\\"{set a 2}\\\",[\\\"$0.Alleged: x\\\"]]\","
             "\"slots\":[\"ko24\"]},\"result\":null}");
    /* #3264: what waits is counted */
    world_is(w, "kp41.refCount", "4"); /* alice, bob, two targets */
    world_is(w, "kp42.refCount", "2");
    world_is(w, "ko24.refCount", "1,1");
    cr_assert(world_stat(w, "promiseQueuesLength") == 2);
    world_forget(w);
    world_tell(w, "bob", "go ko23"); /* so they are carol's */
    world_run(w);
    world_is(w, "v4.vs.a", "2");
    cr_assert(world_traced(w, "set v4.vs.a = 1", NULL) == 1);
    world_is(w, "kp42.decider", "v4");
    world_is(w, "kp41.refCount", "1"); /* alice's: she never subscribed */
    world_is(w, "kp41.state", "fulfilled");
    world_is(w, "v4.c.o-50", "ko24");
    cr_assert(world_stat(w, "promiseQueuesLength") == 0);
    cr_assert(world_stat(w, "promiseQueuesLengthMax") == 2);
    cr_assert(world_keys(w, "kp41.queue.") == 0);
}

SCENARIO(kernel_send, message_to_a_result_in_flight_waits_with_the_kernel, ordinary) {
    /* both are routed before bob has the first one: nobody decides the target yet */
    world_tell(w, "alice", "{send $0 {fulfill $r o+0} = p+5; send p+5 {set a 1}} ko22");
    world_crank(w);
    world_crank(w);
    world_crank(w);
    world_crank(w);
    world_is(w, "kp41.queue.nextID", "1");
    world_is(w, "kp41.decider", "");
    world_run(w);
    world_is(w, "v3.vs.a", "1");
}

SCENARIO(kernel_send, message_to_a_fulfilled_promise_is_retargeted, ordinary) {
    world_tell(w, "alice", "{send $0 {fulfill $r o+7} = p+5} ko22");
    world_run(w);
    world_is(w, "kp41.state", "fulfilled");
    world_is(w, "ko24.refCount", "1,1");
    world_is(w, "kp41.refCount", "1");
    world_tell(w, "alice", "{send p+5 {set a 1}}");
    world_crank(w);
    world_crank(w);
    world_is(w, "kp41.refCount", "2");
    world_crank(w);
    cr_assert(strstr(world_key(w, "runQueue.10"), "\"target\":\"ko24\"") != NULL);
    world_is(w, "kp41.refCount", "1");
    world_is(w, "ko24.refCount", "2,2");
    world_run(w);
    world_is(w, "ko24.refCount", "1,1");
    world_is(w, "v3.vs.a", "1");
}

SCENARIO(kernel_send, pipelining_vat_gets_messages_to_its_own_promise, bob_pipelines) {
    world_tell(w, "alice", "{send $0 nothing = p+5; send p+5 {set a 1} = p+6} ko22");
    world_run(w);
    world_is(w, "v3.vs.a", "1");
    cr_assert(world_traced(w, "titem v3 ", "[\"message\",\"p-60\"") == 1);
    world_is(w, "kp41.refCount", "2");
    world_is(w, "kp42.decider", "v3");
    world_is(w, "kp41.decider", "v3");
    world_is(w, "kp41.queue.nextID", "0");
    world_tell(w, "alice", "{send p+5 {set a 2}}"); /* now he decides it, and gets it at once */
    world_run(w);
    world_is(w, "v3.vs.a", "2");
}

SCENARIO(kernel_send, pipelining_vat_gets_what_waited_for_the_result_it_is_given, bob_pipelines) {
    /* the result goes from alice to carol, then carol sends it on to bob */
    world_tell(w, "alice", "{send $0 hold $1 = p+5; send p+5 {set a 1}} ko22 ko23");
    world_crank(w); /* route */
    world_crank(w); /* alice */
    world_crank(w); /* route "hold" */
    world_crank(w); /* "set" waits with the kernel */
    world_is(w, "kp41.queue.nextID", "1");
    world_crank(w); /* "hold": bob decides, and what waited is queued again */
    world_is(w, "kp41.decider", "v3");
    world_is(w, "kp41.queue.nextID", "0");
    world_is(w, "acceptanceQueue", "[10,11]");
    cr_assert(world_stat(w, "promiseQueuesLength") == 0);
    world_run(w);
    world_is(w, "v3.vs.a", "1");
}

SCENARIO(kernel_send, pipelining_vat_may_pass_a_result_on, bob_pipelines) {
    world_tell(w, "alice",
               "{send $0 {send $0 {fulfill $r done} = $r} $1 = p+5;"
               "subscribe p+5} ko22 ko23");
    world_run(w);
    cr_assert(world_lived(w, "deliver v2 [\"notify\"", "done") > 0);
    world_is(w, "v3.c.p-60", "kp41"); /* bob has not been told */
}

SCENARIO(kernel_send, message_to_data_is_rejected, ordinary) {
    world_tell(w, "alice",
               "{send $0 {fulfill $r 5} = p+5; send p+5 foo = p+6; subscribe p+6} ko22");
    world_run(w);
    world_is(w, "kp41.state", "fulfilled");
    cr_assert(world_traced(w, "titem v2 ", "data is not callable, has no method foo") == 1);
    world_is(w, "v2.c.p+5", "kp41");
    world_absent(w, "v2.c.p+6");
    world_absent(w, "kp42.state");
}

SCENARIO(kernel_send, message_to_a_rejected_promise_is_rejected_alike, ordinary) {
    world_tell(w, "alice",
               "{send $0 {reject $r o+5} = p+5; send p+5 foo o+6 = p+6;"
               "subscribe p+6} ko22");
    world_run(w);
    cr_assert(world_traced(w, "titem v2 ",
                           "[\"p+6\",true,{\"body\":\"#\\\"$0.Alleged: x\\\"\","
                           "\"slots\":[\"o-51\"]}]") == 1);
    world_is(w, "v2.c.o-51", "ko25");
    world_absent(w, "ko24.refCount"); /* its argument was nobody's, and was collected */
    world_absent(w, "v2.c.o+6");
    world_is(w, "ko25.refCount", "2,2"); /* alice's, and kp41's */
}

SCENARIO(kernel_send, message_to_a_dead_vat_is_rejected, ordinary) {
    world_tell(w, "bob", "{exit bye}");
    world_run(w);
    world_tell(w, "alice", "{send $0 foo o+5 = p+5; subscribe p+5; send $0 bar} ko22");
    world_run(w);
    cr_assert(world_traced(w, "titem v2 ",
                           "[\"notify\",[[\"p+5\",true,{\"body\":\"#{\\\"#error\\\":"
                           "\\\"vat terminated\\\",\\\"name\\\":\\\"Error\\\"}\"") == 1);
    world_absent(w, "kp42.state");
    cr_assert(world_traced(w, "titem v3 ", NULL) == 1);
}

SCENARIO(kernel_send, message_to_a_vat_that_dies_meanwhile_is_rejected_on_delivery, ordinary) {
    world_tell(w, "bob", "{exit bye}");
    const char *kpid = world_ask(w, "bob", "foo ko23", VK_RESULT_IGNORE);
    world_crank(w);
    world_crank(w);
    world_is(w, "runQueue", "[7,9]"); /* routed to him while he lived */
    world_is(w, "ko23.refCount", "2,2");
    world_run(w);
    world_is(w, "ko23.refCount", "1,1");
    cr_assert_str_eq(world_take(w, kpid),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
}

SCENARIO(kernel_send, same_slot_twice_is_counted_twice_in_the_queue, ordinary) {
    world_tell(w, "alice",
               "{raw [\"send\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"foo\\\",[]]\","
               "\"slots\":[\"o+5\",\"o+5\"]}}]}");
    world_crank(w);
    world_crank(w);
    world_is(w, "ko24.refCount", "2,2");
    world_run(w);
    world_absent(w, "ko24.refCount");
}

static const struct test_setup halting = {.plain = true};

SCENARIO(kernel_send, message_to_a_device_halts_the_kernel, halting) {
    world_tell(w, "vatAdmin", "{send d-70 foo}");
    world_crank(w);
    world_crank(w);
    world_run_halts(w, VK_ERR_PANIC, "unable to send() to a device");
    world_is(w, "acceptanceQueue", "[8,9]"); /* the crank is undone */
    w->unaudited = true;                     /* and such a message should not stand there */
}

/* Only a damaged database has an object whose owner is no vat of the kernel's: that is the host's
 * trouble, and not a bug of the kernel's. */
static void message_to_owner(struct test_world *w, const char *owner) {
    world_tell(w, "bob", "{set a b}");
    cr_assert(world_crank(w) == VK_CRANK_NONE); /* to the run-queue */
    const char *queue = world_key(w, "runQueue");
    test_ok(vk_store_set(w->store, VK_STR("ko22.owner"), vk_str(owner)));
    world_run_halts(w, VK_ERR_CORRUPT, "a dead vat owns a message's target");
    world_is(w, "runQueue", queue); /* the crank is undone */
    world_is(w, "ko22.refCount", "2,2");
    w->unaudited = true; /* damaged, as it was */
}

SCENARIO(kernel_send, message_to_an_object_of_no_vat_halts_the_kernel, halting) {
    message_to_owner(w, "v99");
}

SCENARIO(kernel_send, message_to_an_object_of_a_vat_long_gone_halts_the_kernel, halting) {
    world_create_vat(w, "", "set x y");
    world_is(w, "v5.vs.x", "y");
    const struct vk_capdata reason = {.body = VK_STR("#\"enough\"")};
    test_ok(vk_host_terminate_vat(w->kernel, VK_STR("v5"), &reason));
    world_run(w);
    world_is(w, "vats.terminated", "[]"); /* and cleaned up */
    message_to_owner(w, "v5");
}

SCENARIO(kernel_send, statistics_count_sends_and_queues, ordinary) {
    long long syscalls = world_stat(w, "syscalls"), sends = world_stat(w, "syscallSend");
    long long dispatches = world_stat(w, "dispatches"), up = world_stat(w, "runQueueLengthUp");
    world_tell(w, "alice", "{send $0 one; send $0 two; get x} ko22");
    world_run(w);
    cr_assert(world_stat(w, "syscalls") == syscalls + 4);
    cr_assert(world_stat(w, "syscallSend") == sends + 3);
    cr_assert(world_stat(w, "syscallVatstoreGet") == 1);
    cr_assert(world_stat(w, "dispatches") == dispatches + 3);
    cr_assert(world_stat(w, "dispatchDeliver") == dispatches + 3);
    cr_assert(world_stat(w, "runQueueLengthUp") == up + 3);
    cr_assert(world_stat(w, "runQueueLengthDown") == up + 3);
    cr_assert(world_stat(w, "runQueueLength") == 0);
    cr_assert(world_stat(w, "acceptanceQueueLength") == 0);
    cr_assert(world_stat(w, "kernelObjects") == 4);
    cr_assert(world_stat(w, "clistEntries") == (long long)world_keys(w, "v1.c.k") + 1 + 2 + 1);
}

SCENARIO(kernel_send, slog_tells_a_crank_from_start_to_finish, with_slog) {
    world_tell(w, "alice", "{send $0 {set a b} o+5 = p+5} ko22");
    world_crank(w);
    world_crank(w);
    world_crank(w);
    world_forget(w);
    world_crank(w);
#define SLOG(type) "slog " type " = {\"type\":\"" type "\",\"crankNum\":15,"
    cr_assert(world_traced(w, "slog ", NULL) == 8);
    cr_assert(world_traced(w,
                           "slog crank-start = {\"type\":\"crank-start\",\"crankType\":"
                           "\"delivery\",\"crankNum\":15,\"messageType\":\"send\",\"message\":"
                           "{\"type\":\"send\",\"target\":\"ko22\",\"msg\":{",
                           NULL) == 1);
    cr_assert(world_traced(w,
                           SLOG("clist") "\"mode\":\"import\",\"vatID\":\"v3\",\"kobj\":\"ko24\","
                                         "\"vobj\":\"o-50\"}",
                           NULL) == 1);
    cr_assert(world_traced(w,
                           SLOG("clist") "\"mode\":\"import\",\"vatID\":\"v3\",\"kobj\":\"kp41\","
                                         "\"vobj\":\"p-60\"}",
                           NULL) == 1);
    cr_assert(world_traced(w,
                           SLOG("deliver") "\"vatID\":\"v3\",\"deliveryNum\":2,\"replay\":false,"
                                           "\"dispatch\":\"message\",\"kd\":[\"message\",\"ko22\",",
                           "\"vd\":[\"message\",\"o+0\",{\"methargs\":{\"body\":") == 1);
    cr_assert(world_traced(w,
                           SLOG("syscall") "\"vatID\":\"v3\",\"deliveryNum\":2,\"syscallNum\":0,"
                                           "\"replay\":false,\"syscall\":\"vatstoreSet\",\"ksc\":"
                                           "[\"vatstoreSet\",\"v3\",\"a\",\"b\"],\"vsc\":"
                                           "[\"vatstoreSet\",\"a\",\"b\"]}",
                           NULL) == 1);
    cr_assert(world_traced(w,
                           SLOG("syscall-result") "\"vatID\":\"v3\",\"deliveryNum\":2,"
                                                  "\"syscallNum\":0,\"replay\":false,\"syscall\":"
                                                  "\"vatstoreSet\",\"ksr\":[\"ok\",null],\"vsr\":"
                                                  "[\"ok\",null]}",
                           NULL) == 1);
    cr_assert(world_traced(w,
                           SLOG("deliver-result") "\"vatID\":\"v3\",\"deliveryNum\":2,\"replay\":"
                                                  "false,\"dispatch\":\"message\",\"dr\":[\"ok\","
                                                  "null,null]}",
                           NULL) == 1);
    cr_assert(world_traced(w,
                           "slog crank-finish = {\"type\":\"crank-finish\",\"crankType\":"
                           "\"delivery\",\"messageType\":\"send\",\"crankNum\":15,\"crankhash\":",
                           w->crank.activityhash) == 1);
}
