/* kernel_syscall_test.c - what vats may not do, what it costs them, and what it costs the kernel. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};

static unsigned told(struct test_world *w, const char *part) {
    return world_traced(w, "titem v1 = {\"d\":[\"message\",\"o+0\"", part);
}

/* ---- illegal syscalls. bob has: o-50 carol, o-51 dropped, p-60 alice's to settle (kp41), p-61 his own
 * (kp42), d-70 dev, o+5 held by carol, o+6 dropped by her. */

static void bob_has_things(struct test_world *w) {
    world_tell(w, "alice",
               "{send $0 {send $0 {drop $1} o+5 o+6; drop $1} $1 o+1 p+1 $2 = p+5} ko22 ko23 kd30");
    world_run(w);
    world_is(w, "v3.c.o-50", "ko23");
    world_is(w, "v3.c.ko24", "_ o-51");
    world_is(w, "v3.c.p-60", "kp41");
    world_is(w, "v3.c.p-61", "kp42");
    world_is(w, "v3.c.d-70", "kd30");
    world_is(w, "v3.c.ko25", "R o+5");
    world_is(w, "v3.c.ko26", "_ o+6");
    world_forget(w);
}

static const char *const illegal[] = {
    /* malformed */
    "raw []",
    "raw [\"bogus\"]",
    "raw [\"send\"]",
    "raw [\"send\",\"o-50\",{\"methargs\":{\"body\":1,\"slots\":[]}}]",
    "raw [\"vatstoreSet\",\"k\"]",
    "raw [\"vatstoreSet\",\"k\",5]",
    "raw [\"vatstoreGet\",5]",
    "raw [\"resolve\",[[\"p-61\",5]]]",
    "raw [\"exit\",\"no\",{\"body\":\"#1\",\"slots\":[]}]",
    "raw [\"dropImports\",\"o-50\"]",
    "raw [\"subscribe\",5]",
    /* send */
    "send bogus foo",
    "send x-1 foo",
    "send o-99 foo",
    "send o-51 foo",
    "send p-99 foo",
    "send d+1 foo",
    "send o-50 foo o-99",
    "send o-50 foo o-51",
    "send o-50 foo d+1",
    "send o-50 foo = o+9",
    "send o-50 foo = o-50",
    "send o-50 foo = p-99",
    "send o-50 foo = p-61",    /* his, but not new, and he does not pipeline */
    "send o-50 foo = p-60",    /* alice's */
    "send o-50 foo p+9 = p+9", /* no longer new */
    "send o-50 foo = bogus",
    /* callNow */
    "call o-50 foo",
    "call p-61 foo",
    "call o+0 foo",
    "call d-99 foo",
    "call d+1 foo",
    "call d-70 echo p-61",
    "call d-70 echo p+9",
    "call d-70 echo o-51",
    "call d-70 echo o-99",
    /* subscribe */
    "subscribe p-99",
    "subscribe o-50",
    "subscribe o+9",
    "subscribe d-70",
    "subscribe bogus",
    /* resolve */
    "fulfill p-99 1",
    "fulfill o-50 1",
    "fulfill bogus 1",
    "fulfill p-61 o-51",
    "fulfill p-61 o-99",
    "fulfill p-61 p-60",
    "fulfill p-61 p-61",
    "fulfill p-61 p+9",
    "reject p-61 o-99",
    "raw [\"resolve\",[[\"p-61\",false,{\"body\":\"not-json\",\"slots\":[]}]]]",
    "raw [\"resolve\",[[\"p-61\",false,{\"body\":\"#{\\\"#tag\\\":1}\",\"slots\":[]}]]]",
    /* exit */
    "exit o-99",
    "exitfail o-51",
    /* garbage */
    "drop o-99",
    "drop o-51 o-98",
    "drop o+5",
    "drop p-61",
    "drop d-70",
    "drop bogus",
    "retire o-99",
    "retire o-50",      /* still reachable */
    "retire o-51 o-51", /* 3d8916a79e: twice */
    "retire o+6",
    "retire p-60",
    "retireexports o+99",
    "retireexports o+5", /* still reachable */
    "retireexports o+6 o+6",
    "retireexports o-51",
    "abandon o+99",
    "abandon o-50",
    "abandon p+1",
};

static void is_vat_fatal(struct test_world *w, const char *program) {
    bob_has_things(w);
    const char *kpid = world_ask(w, "bob", program, VK_RESULT_IGNORE);
    world_crank(w);
    world_forget(w);
    cr_assert(world_crank(w) == VK_CRANK_DELIVERY);
    cr_assert(world_traced(w, "rollback start", NULL) == 1, "%s is allowed", program);
    cr_assert(world_traced(w, "titem v3 ",
                           "\"r\":[\"error\",\"syscall translation error: prepare to die\"]}") == 1,
              "%s", program);
    world_absent(w, "v3.vs.before");
    world_absent(w, "v3.vs.after");
    world_is(w, "v3.c.ko24", "_ o-51");
    world_is(w, "ko23.refCount", "3,3");
    world_is(w, "vats.terminated", "[\"v3\"]");
    world_run(w);
    cr_assert(
        told(
            w,
            "#[\\\"vatTerminated\\\",[\\\"v3\\\",true,{\\\"#error\\\":\\\"syscall translation error: "
            "prepare to die\\\",\\\"name\\\":\\\"Error\\\"}]]") == 1);
    cr_assert_str_eq(world_take(w, kpid),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    cr_assert(world_keys(w, "v3.") == 0);
}

/* A scenario takes no arguments. */
static const char *the_program;
static void the_scenario(struct test_world *w) { is_vat_fatal(w, the_program); }

Test(kernel_syscall, each_illegal_syscall_is_undone_and_the_vats_end) {
    for (size_t i = 0; i < sizeof illegal / sizeof *illegal; i++) {
        char program[256];
        snprintf(program, sizeof program, "{set before 1; %s}", illegal[i]);
        the_program = program;
        test_scenario(i % 8 ? &plain : &ordinary, the_scenario);
    }
}

/* A testbed's vat once was forgiven. */
Test(kernel_syscall, legal_syscalls_afterwards_do_not_mend_it) {
    for (size_t i = 0; i < sizeof illegal / sizeof *illegal; i += 5) {
        char program[256];
        snprintf(program, sizeof program, "{%s; set after 1; subscribe p-60; get after}",
                 illegal[i]);
        the_program = program;
        test_scenario(&plain, the_scenario);
    }
}

SCENARIO(kernel_syscall, second_illegal_syscall_is_refused_as_well, plain) {
    bob_has_things(w);
    world_tell(w, "bob", "{drop o-99; drop o-98}");
    world_run(w);
    cr_assert(world_lived(w, "syscall v3 ", "prepare to die") == 2);
    cr_assert(told(w, "vatTerminated") == 1);
}

/* Parts of a syscall that were done before its illegal part are undone too. */
SCENARIO(kernel_syscall, what_an_illegal_syscall_did_at_first_is_undone, ordinary) {
    bob_has_things(w);
    world_tell(w, "bob", "{send o-50 foo o+77 p+77 o-99 = p+78}");
    world_run(w);
    world_is(w, "ko.nextID", "27");
    world_is(w, "kp.nextID", "44"); /* vatAdmin was told */
    world_absent(w, "ko27.owner");
}

SCENARIO(kernel_syscall, illegal_syscall_in_any_kind_of_delivery_is_the_vats_end, ordinary) {
    world_tell(w, "alice",
               "{on notify {drop o-99}; send $0 {fulfill $r 1} = p+1; subscribe p+1} ko22");
    world_run(w);
    world_absent(w, "vat.name.alice");
    world_tell(w, "bob", "{on bringOutYourDead {drop o-99}}");
    world_run(w);
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_run(w);
    world_absent(w, "vat.name.bob");
    world_is(w, "reapQueue", "[]");
    world_tell(w, "carol", "{on changeVatOptions {drop o-99}}");
    world_tell(w, "vatAdmin", "{call d-71 changeOptions v4 {\"x\":1}}");
    world_run(w);
    world_absent(w, "vat.name.carol");
    cr_assert(told(w, "prepare to die") == 3);
}

SCENARIO(kernel_syscall, illegal_syscall_in_a_gc_delivery_is_the_vats_end, ordinary) {
    world_tell(w, "alice", "{on dropExports {drop o-99}; send $0 {drop $0} o+5} ko22");
    world_run(w);
    world_absent(w, "vat.name.alice");
    world_is(w, "gcActions", "[]"); /* tried again, and then there is nobody to tell */
    cr_assert(world_keys(w, "ko24") == 0);
    world_absent(w, "v3.c.o-51");
}

/* ---- legal ones that look otherwise */

SCENARIO(kernel_syscall, vats_may_say_little_about_nothing, ordinary) {
    world_tell(
        w, "bob",
        "{raw [\"resolve\",[]]; drop; retire; retireexports; abandon; send o+0 foo;"
        "raw [\"send\",\"o+0\",{\"methargs\":{\"body\":\"#[]\",\"slots\":[]},\"result\":\"\"}];"
        "set ok yes}");
    world_run(w);
    world_is(w, "v3.vs.ok", "yes");
    cr_assert(world_traced(w, "titem v3 ", "\"result\":null") == 3);
}

SCENARIO(kernel_syscall, export_dropped_and_resent_in_one_delivery_is_reachable, ordinary) {
    bob_has_things(w);
    world_tell(w, "bob", "{send o-50 foo o+6; set ok yes}");
    world_run(w);
    world_is(w, "v3.c.ko26", "R o+6");
    world_is(w, "v3.vs.ok", "yes");
}

/* ---- vatstore */

SCENARIO(kernel_syscall, vatstore_keeps_what_it_is_given, ordinary) {
    world_tell(w, "bob", "{get a; set a 1; get a; set a 2; get a; delete a; get a; delete a}");
    world_run(w);
    cr_assert(world_traced(w, "titem v3 ",
                           "\"sc\":[{\"s\":[\"vatstoreGet\",\"a\"],\"r\":[\"ok\",null]},"
                           "{\"s\":[\"vatstoreSet\",\"a\",\"1\"],\"r\":[\"ok\",null]},"
                           "{\"s\":[\"vatstoreGet\",\"a\"],\"r\":[\"ok\",\"1\"]},"
                           "{\"s\":[\"vatstoreSet\",\"a\",\"2\"],\"r\":[\"ok\",null]},"
                           "{\"s\":[\"vatstoreGet\",\"a\"],\"r\":[\"ok\",\"2\"]},"
                           "{\"s\":[\"vatstoreDelete\",\"a\"],\"r\":[\"ok\",null]},"
                           "{\"s\":[\"vatstoreGet\",\"a\"],\"r\":[\"ok\",null]},"
                           "{\"s\":[\"vatstoreDelete\",\"a\"],\"r\":[\"ok\",null]}]") == 1);
    cr_assert(world_traced(w, "del v3.vs.a", NULL) == 2);
    cr_assert(world_stat(w, "syscallVatstoreGet") == 4);
    cr_assert(world_stat(w, "syscallVatstoreSet") == 2);
    cr_assert(world_stat(w, "syscallVatstoreDelete") == 2);
    cr_assert(world_stat(w, "syscalls") >= 8);
}

SCENARIO(kernel_syscall, vatstores_keys_come_in_order_and_end_with_the_vats, ordinary) {
    world_tell(
        w, "bob",
        "{set b 1; set a.b 1; set a 1; raw [\"vatstoreGetNextKey\",\"\"]; next a; next a.b; next b;"
        "next aa}");
    world_tell(w, "carol", "{set zz 1}");
    world_run(w);
    cr_assert(world_traced(w, "titem v3 ",
                           "{\"s\":[\"vatstoreGetNextKey\",\"\"],\"r\":[\"ok\",\"a\"]},"
                           "{\"s\":[\"vatstoreGetNextKey\",\"a\"],\"r\":[\"ok\",\"a.b\"]},"
                           "{\"s\":[\"vatstoreGetNextKey\",\"a.b\"],\"r\":[\"ok\",\"b\"]},"
                           "{\"s\":[\"vatstoreGetNextKey\",\"b\"],\"r\":[\"ok\",null]},"
                           "{\"s\":[\"vatstoreGetNextKey\",\"aa\"],\"r\":[\"ok\",\"b\"]}]") == 1);
    cr_assert(world_stat(w, "syscallVatstoreGetNextKey") == 5);
}

SCENARIO(kernel_syscall, empty_value_reads_as_none, ordinary) {
    world_tell(w, "bob",
               "{raw [\"vatstoreSet\",\"a\",\"\"]; get a; raw [\"vatstoreSet\",\"\",\"x\"];"
               "raw [\"vatstoreGet\",\"\"]}");
    world_run(w);
    world_is(w, "v3.vs.a", "");
    cr_assert(world_traced(w, "titem v3 ", "{\"s\":[\"vatstoreGet\",\"a\"],\"r\":[\"ok\",null]}") ==
              1);
    cr_assert(world_traced(w, "titem v3 ", "{\"s\":[\"vatstoreGet\",\"\"],\"r\":[\"ok\",\"x\"]}") ==
              1);
}

/* ---- priority of verdicts: INV-DELIVER-1 */

static const struct {
    const char *program, *info;
    bool keeps; /* what the delivery did */
} verdicts[] = {
    {"drop o-99; spend 5000; exit bye; fail oops", "prepare to die", false},
    {"drop o-99; spend 5000; exit bye", "prepare to die", false},
    {"drop o-99; exit bye", "prepare to die", false},
    {"exit bye; drop o-99", "prepare to die", false},
    {"exitfail bye; drop o-99", "prepare to die", false},
    {"spend 5000; exit bye; fail oops", "\\\"oops\\\"", false},
    {"spend 5000; fail oops", "\\\"oops\\\"", false},
    {"exit bye; fail oops", "\\\"oops\\\"", false},
    {"spend 5000; exit bye", "meter underflow", false},
    {"spend 5000; exitfail bye", "meter underflow", false},
    {"spend 5; exitfail bye", "\\\"bye\\\"", false},
    {"spend 5; exit bye", "\\\"bye\\\"", true},
};

static size_t the_verdict;

static void verdict(struct test_world *w) {
    const char *program = verdicts[the_verdict].program;
    world_tell(w, "vatAdmin", "{call d-71 createMeter +1000 +10}");
    world_create_vat(w, ",\"meterID\":\"m1\"", "");
    world_forget(w);
    world_tell(w, "ko24", "{send $0 {set got it}; %s} ko22", program);
    world_run(w);
    cr_assert(told(w, "#[\\\"vatTerminated\\\",[\\\"v5\\\",") == 1, "%s", program);
    cr_assert(told(w, verdicts[the_verdict].info) == 1, "%s", program);
    cr_assert((world_key(w, "v3.vs.got") != NULL) == verdicts[the_verdict].keeps, "%s", program);
    cr_assert(world_traced(w, "rollback start", NULL) == !verdicts[the_verdict].keeps, "%s",
              program);
}

Test(kernel_syscall, worst_verdict_wins) {
    for (the_verdict = 0; the_verdict < sizeof verdicts / sizeof *verdicts; the_verdict++)
        test_scenario(&ordinary, verdict);
}

/* ---- what halts the kernel */

static void halts_the_kernel(struct test_world *w, const char *program, const char *reason) {
    bob_has_things(w);
    world_tell(w, "bob", "{set before 1; %s; set after 1}", program);
    world_crank(w);
    world_forget(w);
    world_run_halts(w, VK_ERR_PANIC, reason);
    /* the crank went to its end, as SwingSet's does, with the vat condemned */
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    cr_assert(world_traced(w, "emit ", NULL) == 1);
    cr_assert(world_traced(w, "endCrank", NULL) == 1);
    cr_assert(
        world_lived(w, "syscall v3 ", "[\"error\",\"you killed my kernel. prepare to die\"]") == 1);
    world_absent(w, "v3.vs.before");
    world_is(w, "vats.terminated", "[\"v3\"]");
}

SCENARIO(kernel_syscall, settling_what_another_decides_halts, plain) {
    halts_the_kernel(w, "fulfill p-60 1", "kp41 is decided by somebody else");
}

SCENARIO(kernel_syscall, settling_twice_in_one_syscall_halts, plain) {
    halts_the_kernel(w, "settle p-61 1 p-61 2", "kp42 was already resolved");
}

SCENARIO(kernel_syscall, abandoning_twice_in_one_syscall_halts, plain) {
    halts_the_kernel(w, "abandon o+5 o+5", "not owned by old vat");
}

SCENARIO(kernel_syscall, devices_answer_with_what_it_does_not_have_halts, plain) {
    halts_the_kernel(w, "call d-70 stranger", "unknown devSlot");
}

static const char *garbled_call;

static void garbled_call_halts(struct test_world *w) {
    char program[100];
    snprintf(program, sizeof program, "call d-70 garbled %s", garbled_call);
    halts_the_kernel(w, program, "what it says is not UTF-8");
}

Test(kernel_syscall, device_that_says_what_is_no_utf8_halts) {
    static const char *const calls[] = {"data", "key", "value", "state", "message o+5", "problem"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        garbled_call = calls[i];
        test_scenario(&plain, garbled_call_halts);
    }
}

SCENARIO(kernel_syscall, settling_what_was_settled_and_forgotten_is_the_vats_end, ordinary) {
    bob_has_things(w);
    world_tell(w, "bob", "{fulfill p-61 1; fulfill p-61 2}"); /* p-61 is unknown by then */
    world_run(w);
    cr_assert(told(w, "prepare to die") == 1);
}

/* ---- devices */

SCENARIO(kernel_syscall, devices_refusal_is_an_error_for_the_vat_alone, ordinary) {
    world_tell(w, "bob", "{call $0 fail; set alive yes} kd30");
    world_run(w);
    world_is(w, "v3.vs.alive", "yes");
    cr_assert(world_traced(w, "titem v3 ",
                           "{\"s\":[\"callNow\",\"d-70\",\"fail\",{\"body\":\"#[]\",\"slots\":[]}],"
                           "\"r\":[\"error\",\"dev will not\"]}") == 1);
    cr_assert(world_stat(w, "syscallCallNow") == 1);
}

SCENARIO(kernel_syscall, device_gets_its_own_slots_and_gives_them_back, ordinary) {
    world_tell(w, "bob", "{call $0 echo o+5 $0 hello; call $0 node} kd30");
    world_run(w);
    world_is(w, "d8.c.ko24", "o-10");
    world_is(w, "d8.c.o-10", "ko24");
    world_is(w, "d8.c.d+1", "kd32");
    world_is(w, "kd32.owner", "d8");
    world_is(w, "v3.c.d-71", "kd32");
    world_is(w, "ko24.refCount", "1,1");
    cr_assert(
        world_traced(
            w, "titem v3 ",
            "\"r\":[\"ok\",{\"body\":\"#[\\\"$0.Alleged: x\\\",\\\"$1.Alleged: x\\\",\\\"hello\\\"]\","
            "\"slots\":[\"o+5\",\"d-70\"]}]") == 1);
    cr_assert(
        world_traced(
            w, "titem v3 ",
            "\"r\":[\"ok\",{\"body\":\"#\\\"$0.Alleged: device node\\\"\",\"slots\":[\"d-71\"]}]") ==
        1);
    cr_assert(world_stat(w, "kernelDevices") == 3);
}

SCENARIO(kernel_syscall, device_may_send, ordinary) {
    world_tell(w, "bob", "{call $0 send $1} kd30 ko23");
    world_crank(w);
    world_crank(w);
    world_is(
        w, "acceptanceQueue.8",
        "{\"type\":\"send\",\"target\":\"ko23\",\"msg\":{\"methargs\":{\"body\":\"#[\\\"hello\\\",[]]\","
        "\"slots\":[]},\"result\":null}}");
    world_run(w);
    cr_assert(world_traced(w, "titem v4 ", "hello") == 1);
}

SCENARIO(kernel_syscall, device_has_a_vatstore_and_a_state, ordinary) {
    world_tell(w, "bob",
               "{call $0 set a 1; call $0 get a; call $0 delete a; call $0 get a; call $0 set b 2;"
               "call $0 state} kd30");
    world_run(w);
    world_is(w, "d8.vs.b", "2");
    world_absent(w, "d8.vs.a");
    world_is(w, "d8.deviceState", "{\"set\":true}");
    cr_assert(
        world_traced(w, "titem v3 ", "\"r\":[\"ok\",{\"body\":\"#\\\"1\\\"\",\"slots\":[]}]") == 1);
    cr_assert(world_stat(w, "syscallVatstoreGet") == 2);
    cr_assert(world_stat(w, "syscallVatstoreSet") == 2);
}

/* #5253: what a device wrote in a crank that aborts is not written. */
SCENARIO(kernel_syscall, devices_state_is_undone_with_the_crank, ordinary) {
    world_tell(
        w, "bob",
        "{call $0 set b 2; call $0 state; call $0 node; call $0 send $1; drop o-99} kd30 ko23");
    world_run(w);
    world_absent(w, "d8.vs.b");
    world_absent(w, "d8.deviceState");
    world_absent(w, "d8.c.d+1");
    world_is(w, "kd.nextID", "32");
    cr_assert(world_traced(w, "titem v4 ", NULL) == 0);
    cr_assert(world_stat(w, "kernelDevices") == 2);
}

SCENARIO(kernel_syscall, device_in_trouble_halts, plain) {
    world_tell(w, "bob", "{set x y; call $0 crash} kd30");
    world_crank(w);
    world_run_halts(w, VK_ERR_DISK, "dev crashed");
    world_absent(w, "v3.vs.x");
    world_is(w, "runQueue", "[7,8]");
    world_is(w, "crankNumber", "13");
}

SCENARIO(kernel_syscall, device_that_the_host_lacks_refuses, plain) {
    w->ports.devices = NULL;
    world_tell(w, "bob", "{call $0 echo 1; set alive yes} kd30");
    world_run(w);
    world_is(w, "v3.vs.alive", "yes");
    cr_assert(world_traced(w, "titem v3 ", "\"r\":[\"error\",\"no such device on this host\"]") ==
              1);
}
