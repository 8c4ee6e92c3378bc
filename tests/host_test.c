/* host_test.c - host calls: the writes that each makes, and the hash that it closes them with.
 *
 * The expected writes and crankhashes are those of the real kernel. Each test names the recording that it was read
 * off; a crankhash covers the writes since the last one and nothing else, so that a few keys of the state behind
 * them suffice.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};

/* A store with hardly more in it than the keys that the call will look at. */
static void world_of(struct test_world *w, enum vk_store_mode mode, const char *const (*pairs)[2],
                     size_t count) {
    static const char *const needed[][2] = {
        {"version", "3"},
        {"vats.terminated", "[]"},
        {"vat.dynamicIDs", "[]"},
        {"kernel.snapshotInitial", "3"},
        {"kernel.snapshotInterval", "200"},
        {"kernelStats", "{}"},
    };
    world_open_store(w, &plain, mode, ":memory:");
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        test_ok(vk_store_set(w->store, vk_str(needed[i][0]), vk_str(needed[i][1])));
    for (size_t i = 0; i < count; i++)
        test_ok(vk_store_set(w->store, vk_str(pairs[i][0]), vk_str(pairs[i][1])));
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    test_ok(vk_store_emit_hashes(w->store, crankhash, activityhash));
    w->options.no_preload = true;
    w->unaudited = true;
    test_ok(world_try_open_kernel(w));
    world_forget(w);
}

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

#define IN_BOTH_MODES(w, ...)                                                                      \
    static const char *const pairs[][2] = {__VA_ARGS__};                                           \
    struct test_world world, *w = &world;                                                          \
    for (size_t m = 0;                                                                             \
         m < 2 && (world_of(w, modes[m], pairs, sizeof pairs / sizeof *pairs), true);              \
         world_close(w), m++)

static bool emitted(struct test_world *w, const char *crankhash) {
    return world_traced(w, "emit ", crankhash) == 1 && world_traced(w, "emit ", NULL) == 1;
}

/* ---- pins: fuzz/fuzz-0001 */

Test(host, pins_a_root) {
    IN_BOTH_MODES(w, {"vat.name.A", "v2"}, {"v2.c.o+0", "ko21"}, {"v2.c.ko21", "R o+0"},
                  {"ko21.refCount", "2,2"}, {"pinnedObjects", "ko20"}) {
        char kref[VK_KREF_TEXT];
        test_ok(vk_host_pin_vat_root(w->kernel, VK_STR("A"), kref));
        cr_assert_str_eq(kref, "ko21");
        cr_assert(emitted(w, "3ae8ea08a40e655f043f24ce053c6922b5d13e00cc1fb40c04c6378bf75c59bf"));
        cr_assert(world_traced(w, "set ", NULL) == 3);
        world_is(w, "pinnedObjects", "ko20,ko21");
    }
}

/* fuzz/fuzz-0013: what is pinned already is only named */
Test(host, pins_a_root_once) {
    IN_BOTH_MODES(w, {"vat.name.vatAdmin", "v1"}, {"v1.c.o+0", "ko20"}, {"v1.c.ko20", "R o+0"},
                  {"ko20.refCount", "2,2"}, {"pinnedObjects", "ko20"}) {
        char kref[VK_KREF_TEXT];
        test_ok(vk_host_pin_vat_root(w->kernel, VK_STR("vatAdmin"), kref));
        cr_assert(emitted(w, "5f0530cbab1748bab4dce6e0d82a767207d88ae83bdf5eed0dfc3025927b9583"));
        cr_assert(world_traced(w, "set ", NULL) == 1);
    }
}

/* suite/change-parameters__change-parameters-01 */
Test(host, pins_sort_by_text) {
    IN_BOTH_MODES(w, {"vat.name.bootstrap", "v1"}, {"v1.c.o+0", "ko21"}, {"v1.c.ko21", "R o+0"},
                  {"ko21.refCount", "2,2"}, {"pinnedObjects", "ko20"}) {
        char kref[VK_KREF_TEXT];
        test_ok(vk_host_pin_vat_root(w->kernel, VK_STR("bootstrap"), kref));
        cr_assert(emitted(w, "535c58306744c1005904306ae9b80a314012868ae4760726d23a4163881e4084"));
    }
}

SCENARIO(host, pin_of_an_object_closes_nothing, ordinary) {
    test_ok(vk_host_pin(w->kernel, VK_STR("ko22")));
    world_wrote(w, "set ko22.refCount = 2,2", "set pinnedObjects = ko20,ko22");
    test_ok(vk_host_pin(w->kernel, VK_STR("ko21")));
    world_is(w, "pinnedObjects", "ko20,ko21,ko22");
    cr_assert(vk_host_pin(w->kernel, VK_STR("ko99")) == VK_ERR_USAGE);
    cr_assert(vk_host_pin(w->kernel, VK_STR("kp40")) == VK_ERR_USAGE);
    cr_assert(vk_host_pin(w->kernel, VK_STR("bob")) == VK_ERR_USAGE);
    world_is(w, "pinnedObjects", "ko20,ko21,ko22");
}

/* ---- messages */

/* fuzz/fuzz-0001 */
Test(host, queues_a_message_without_result) {
    IN_BOTH_MODES(w, {"ko20.refCount", "2,2"}, {"acceptanceQueue", "[1,7]"}) {
        const struct vk_capdata methargs = {.body = VK_STR("#[\"mkvat\",[]]")};
        char kpid[VK_KREF_TEXT] = "x";
        test_ok(vk_host_queue_message(w->kernel, VK_STR("ko20"), &methargs, VK_RESULT_NONE, kpid));
        cr_assert_str_eq(kpid, "");
        cr_assert(emitted(w, "cc865de92ea607b11a54e67548904d37ca9607db7002e5841f98d471c9124334"));
        cr_assert(world_traced(w, "set ", NULL) == 3);
    }
}

Test(host, queues_a_message_with_slots_and_a_result) {
    IN_BOTH_MODES(w, {"ko24.refCount", "2,2"}, {"ko20.refCount", "3,3"}, {"ko22.refCount", "2,2"},
                  {"kp.nextID", "41"}, {"acceptanceQueue", "[1,8]"}) {
        static const struct vk_str slots[] = {{"ko20", 4}, {"ko22", 4}};
        const struct vk_capdata methargs = {
            VK_STR("#[\"go\",[\"$0.Alleged: undefined\",\"$1.Alleged: undefined\"]]"), slots, 2};
        char kpid[VK_KREF_TEXT];
        test_ok(
            vk_host_queue_message(w->kernel, VK_STR("ko24"), &methargs, VK_RESULT_IGNORE, kpid));
        cr_assert_str_eq(kpid, "kp41");
        cr_assert(emitted(w, "2ec62dee29456d5a46bd57fc179fbc61696a2d32e4c35402ba50450cf33052c1"));
        world_is(w, "kp41.refCount", "2");
    }
}

Test(host, queues_a_message_under_a_policy) {
    IN_BOTH_MODES(w, {"ko20.refCount", "3,3"}, {"kp.nextID", "42"},
                  {"acceptanceQueue", "[10,10]"}) {
        const struct vk_capdata methargs = {.body = VK_STR("#[\"opt\",[]]")};
        char kpid[VK_KREF_TEXT];
        test_ok(vk_host_queue_message(w->kernel, VK_STR("ko20"), &methargs, VK_RESULT_LOG_FAILURE,
                                      kpid));
        cr_assert(emitted(w, "774a2fcc6c03240c1e169abad597d796d733549f4dbc72d07839e25609833862"));
    }
}

/* suite/definition__vat-definition-01: queueToVatRoot() looks up the root first */
Test(host, queues_a_message_to_a_vats_root) {
    IN_BOTH_MODES(w, {"vat.name.x", "v6"}, {"v6.c.o+0", "ko21"}, {"v6.c.ko21", "R o+0"},
                  {"ko21.refCount", "1,1"}, {"kp.nextID", "40"}, {"acceptanceQueue", "[1,7]"}) {
        const struct vk_capdata methargs = {.body = VK_STR("#[\"increment\",[]]")};
        char kpid[VK_KREF_TEXT], kref[VK_KREF_TEXT];
        test_ok(vk_host_vat_root(w->kernel, VK_STR("x"), kref));
        test_ok(vk_host_queue_message(w->kernel, vk_str(kref), &methargs, VK_RESULT_PANIC, kpid));
        cr_assert(emitted(w, "be3b6c5f7f58febcef9b1981d4067d6dbe911436262c9060459a7cc7b5551ece"));
    }
}

SCENARIO(host, message_may_go_to_a_promise, ordinary) {
    const char *first = world_ask(w, "bob", "{fulfill $r o+5}", VK_RESULT_IGNORE);
    world_tell(w, first, "{set a 1}");
    world_run(w);
    world_is(w, "v3.vs.a", "1");
}

SCENARIO(host, message_that_makes_no_sense_is_refused_and_changes_nothing, ordinary) {
    static const struct vk_str bad[] = {{"o-50", 4}};
    const struct vk_capdata hello = {.body = VK_STR("#[\"hello\",[]]")};
    const struct vk_capdata with_vref = {VK_STR("#[\"hello\",[\"$0\"]]"), bad, 1};
    const struct vk_capdata garbled = {.body = VK_STR("#[\"no \x81 UTF-8\",[]]")};
    char kpid[VK_KREF_TEXT];
    struct vk_kernel *kernel = w->kernel;
    cr_assert(vk_host_queue_message(kernel, VK_STR("kd30"), &hello, VK_RESULT_NONE, kpid) ==
              VK_ERR_USAGE);
    cr_assert(vk_host_queue_message(kernel, VK_STR("alice"), &hello, VK_RESULT_NONE, kpid) ==
              VK_ERR_USAGE);
    cr_assert(vk_host_queue_message(kernel, VK_STR("ko21"), &with_vref, VK_RESULT_NONE, kpid) ==
              VK_ERR_USAGE);
    cr_assert(vk_host_queue_message(kernel, VK_STR("ko21"), &garbled, VK_RESULT_NONE, kpid) ==
              VK_ERR_USAGE);
    cr_assert(vk_host_terminate_vat(kernel, VK_STR("v3"), &garbled) == VK_ERR_USAGE);
    cr_assert(vk_host_install_bundle(kernel, garbled.body, VK_STR("bytes")) == VK_ERR_USAGE);
    world_wrote_nothing(w);
    cr_assert(vk_kernel_panic_reason(kernel) == NULL);
}

SCENARIO(host, root_of_a_vat_that_is_none_is_refused, ordinary) {
    char kref[VK_KREF_TEXT];
    cr_assert(vk_host_vat_root(w->kernel, VK_STR("nobody"), kref) == VK_ERR_USAGE);
    cr_assert(vk_host_pin_vat_root(w->kernel, VK_STR("nobody"), kref) == VK_ERR_USAGE);
    world_wrote_nothing(w);
    test_ok(vk_host_vat_root(w->kernel, VK_STR("bob"), kref));
    cr_assert_str_eq(kref, "ko22");
    world_wrote(w, "set v3.c.ko22 = R o+0");
}

/* ---- resolutions */

/* suite/change-parameters__change-parameters-01 */
Test(host, takes_a_resolution) {
    IN_BOTH_MODES(w, {"kp42.refCount", "1"}, {"kp42.state", "fulfilled"}, {"kp42.data.body", "#1"},
                  {"kp42.data.slots", ""}) {
        cr_assert_str_eq(world_take(w, "kp42"), "fulfilled #1");
        world_is(w, "kp42.refCount", "0");
        cr_assert(emitted(w, "20bbd3a230e0512d949cece9da5285d8a438d287782ce96110a5c4a60fc34ac0"));
        cr_assert(world_traced(w, "set ", NULL) == 1);
    }
}

/* suite/exomessages-02 */
Test(host, takes_a_resolution_with_its_slots) {
    IN_BOTH_MODES(w, {"kp40.refCount", "1"}, {"kp40.state", "rejected"},
                  {"kp40.data.body", "#\"$0\""}, {"kp40.data.slots", "ko25"},
                  {"ko25.refCount", "1,1"}) {
        cr_assert_str_eq(world_take(w, "kp40"), "rejected #\"$0\" ko25");
        cr_assert(emitted(w, "23dea3675ebd1600e3d0f6e4d2dc7aa81085db140a4f1c0451281774d020bd69"));
        world_is(w, "ko25.refCount", "2,2");
    }
}

SCENARIO(host, resolution_that_is_still_open_is_not_taken, ordinary) {
    const char *kpid = world_ask(w, "bob", "wait", VK_RESULT_IGNORE);
    bool settled, rejected;
    struct vk_capdata data;
    world_run(w);
    world_forget(w);
    cr_assert_str_eq(world_take(w, kpid), "unresolved");
    world_wrote_nothing(w);
    cr_assert(vk_host_take_resolution(w->kernel, &w->arena, VK_STR("kp99"), &settled, &rejected,
                                      &data) == VK_ERR_USAGE);
    cr_assert(vk_host_take_resolution(w->kernel, &w->arena, VK_STR("ko21"), &settled, &rejected,
                                      &data) == VK_ERR_USAGE);
    world_wrote_nothing(w);
}

/* The work list of what may be dead waits for the next crank. */
SCENARIO(host, promise_that_was_taken_is_deleted_in_the_next_crank, ordinary) {
    const char *kpid = world_ask(w, "bob", "{fulfill $r 1}", VK_RESULT_IGNORE);
    world_run(w);
    (void)world_take(w, kpid);
    world_is(w, "kp41.refCount", "0");
    world_tell(w, "alice", "nothing");
    world_crank(w);
    cr_assert(world_keys(w, "kp41") == 0);
    world_run(w);
}

/* ---- bundles: suite/upgrade__upgrade-23 */

#define NEW_BUNDLE                                                                                              \
    "b1-e04492619e4e717725684955155504bf62e4b42676431fb849555bfaacec60ed7184cd04ea1c84a93c73049c985644788b5c10" \
    "b34a4cf79eaf886d7f6d31c676"

Test(host, installs_a_bundle_and_tells_vat_admin) {
    IN_BOTH_MODES(
        w, {"vatAdminRootKref", "ko20"}, {"kp.nextID", "42"}, {"ko20.refCount", "2,2"},
        {"acceptanceQueue", "[9,9]"},
        {"kernelStats",
         "{\"runQueueLength\":0,\"runQueueLengthUp\":8,\"runQueueLengthDown\":8,\"runQueueLengthMax\":6,"
         "\"acceptanceQueueLength\":0,\"acceptanceQueueLengthUp\":8,\"acceptanceQueueLengthDown\":8,"
         "\"acceptanceQueueLengthMax\":6,\"promiseQueuesLength\":0,\"promiseQueuesLengthUp\":0,"
         "\"promiseQueuesLengthDown\":0,\"promiseQueuesLengthMax\":0}"},
        {"local.kernelStats", "{\"syscalls\":520,\"syscallSend\":2,\"kernelPromises\":1}"}) {
        test_ok(vk_host_install_bundle(w->kernel, VK_STR(NEW_BUNDLE), VK_STR("zip")));
        cr_assert(emitted(w, "7b1d9c1b4737d989460cc273ffee5273b290d2ba10d76b2db42f9a956c299577"));
        cr_assert(world_stat(w, "syscalls") == 521);
        cr_assert(world_stat(w, "syscallSend") == 3);
        cr_assert(world_stat(w, "kernelPromises") == 2);
        world_is(w, "kp42.refCount", "1"); /* nobody waits for it */
        const char *trace = w->trace.text + w->trace_mark;
        cr_assert(strncmp(trace, "startCrank\nbundle " NEW_BUNDLE "\nset kp.nextID = 43\n",
                          strlen("startCrank\nbundle " NEW_BUNDLE "\nset kp.nextID = 43\n")) == 0);
        cr_assert(world_traced(w, "savepoint", NULL) == 0);
        cr_assert_str_eq(w->trace.text + w->trace.length - 9, "endCrank\n");
        world_forget(w);
        test_ok(
            vk_host_install_bundle(w->kernel, VK_STR(NEW_BUNDLE), VK_STR("zip"))); /* it is there */
        world_wrote_nothing(w);
    }
}

Test(host, installs_a_bundle_with_nobody_to_tell) {
    IN_BOTH_MODES(w, {"local.kernelStats", "{}"}) {
        test_ok(vk_host_install_bundle(w->kernel, VK_STR(NEW_BUNDLE), VK_STR("zip")));
        cr_assert(world_traced(w, "set ", NULL) == 2); /* the statistics */
        cr_assert(world_traced(w, "emit ", NULL) == 1);
    }
}

SCENARIO(host, installed_bundle_may_be_used, ordinary) {
    test_ok(vk_host_install_bundle(w->kernel, vk_str(test_bundle_id("late")), VK_STR("zip")));
    world_run(w);
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @late {\"vatParameters\":{\"run\":\"set a 1\"}}}");
    world_run(w);
    world_is(w, "v5.vs.a", "1");
}

/* ---- options: the writes of suite/change-parameters__change-parameters-01 */

SCENARIO(host, changes_the_kernels_options, ordinary) {
    const struct vk_kernel_settings reap = {.set_reap_interval = true, .reap_interval = 10};
    const struct vk_kernel_settings krefs = {.set_reap_gc_krefs = true};
    const struct vk_kernel_settings snapshots = {.set_snapshot_interval = true,
                                                 .snapshot_interval = 1000};
    world_is(w, "kernel.defaultReapDirtThreshold",
             "{\"deliveries\":\"never\",\"gcKrefs\":\"never\",\"computrons\":\"never\"}");
    test_ok(vk_host_change_options(w->kernel, &reap));
    const char *trace = w->trace.text + w->trace_mark;
    cr_assert(
        strncmp(trace,
                "startCrank\nset kernel.defaultReapDirtThreshold = {\"deliveries\":10,\"gcKrefs\":"
                "\"never\",\"computrons\":\"never\"}\nset kernelStats = ",
                120) == 0);
    cr_assert(world_traced(w, "emit ", NULL) == 1);
    cr_assert(world_traced(w, "set ", NULL) == 3);
    test_ok(vk_host_change_options(w->kernel, &krefs)); /* 0: never */
    world_is(w, "kernel.defaultReapDirtThreshold",
             "{\"deliveries\":10,\"gcKrefs\":\"never\",\"computrons\":\"never\"}");
    test_ok(vk_host_change_options(w->kernel, &snapshots));
    world_is(w, "kernel.snapshotInterval", "1000");
    cr_assert(world_traced(w, "endCrank", NULL) == 3);
    for (int i = 0; i < 10; i++)
        world_tell(w, "bob", "one");
    world_run(w);
    cr_assert(world_traced(w, "titem v3 = {\"d\":[\"bringOutYourDead\"", NULL) == 1);
}

/* ---- the rest of another kernel's host */

SCENARIO(host, writes_of_another_host_move_the_statistics, ordinary) {
    static const char *const writes[][2] = {
        {"kp.nextID", "42"},
        {"kp41.state", "unresolved"},
        {"kp41.subscribers", ""},
        {"kp41.queue.nextID", "0"},
        {"kp41.refCount", "0"},
        {"kp41.decider", ""},
        {"ko22.refCount", "2,2"},
        {"kp41.refCount", "1"},
        {"acceptanceQueue.7",
         "{\"type\":\"send\",\"target\":\"ko22\",\"msg\":{\"methargs\":{\"body\":"
         "\"#[\\\"{fulfill $r 1}\\\",[]]\",\"slots\":[]},\"result\":\"kp41\"}}"},
        {"acceptanceQueue", "[7,8]"},
        {"kp41.refCount", "2"},
    };
    long long sends = world_stat(w, "syscallSend");
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        test_ok(vk_host_apply_write(w->kernel, vk_str(writes[i][0]), vk_str(writes[i][1])));
    world_refer(w, "kp41", 1);
    test_ok(vk_host_apply_syscall(w->kernel, VK_SYSCALL_CALL_NOW));
    world_run(w);
    cr_assert(world_stat(w, "syscallSend") == sends + 1);
    cr_assert(world_stat(w, "syscallCallNow") == 1);
    cr_assert(world_stat(w, "kernelPromises") == 1);
    cr_assert(world_stat(w, "kpFulfilled") == 1);
    cr_assert(world_stat(w, "acceptanceQueueLength") == 0);
    cr_assert_str_eq(world_take(w, "kp41"), "fulfilled #1");
}

/* Gives `to` the writes that `from` has made since its mark. */
static void apply_writes(const struct test_world *from, struct test_world *to) {
    char *copy = strdup(from->trace.text + from->trace_mark), *line = copy;
    cr_assert(copy);
    while (*line) {
        char *end = strchr(line, '\n'), *equals = strstr(line, " = ");
        *end = 0;
        if (strncmp(line, "set ", 4) == 0) {
            *equals = 0;
            test_ok(vk_host_apply_write(to->kernel, vk_str(line + 4), vk_str(equals + 3)));
        }
        line = end + 1;
    }
    free(copy);
}

/* What was queued by hand is as good as what was queued by a call, to the last statistic. */
Test(host, applied_writes_leave_what_the_calls_leave) {
    struct test_world called, applied;
    world_open(&called, &plain, VK_STORE_DIRECT, ":memory:");
    world_open(&applied, &plain, VK_STORE_DIRECT, ":memory:");
    const char *kpid = world_ask(&called, "bob", "{fulfill $r o+5} ko23", VK_RESULT_LOG_ALWAYS);
    test_ok(vk_host_pin(called.kernel, VK_STR("ko21")));
    apply_writes(&called, &applied);
    world_refer(&applied, kpid, 1);
    world_run(&called);
    world_run(&applied);
    world_forget(&called);
    world_take(&called, kpid);
    world_tell(&called, "alice", "nothing");
    apply_writes(&called, &applied);
    world_refer(&applied, "ko24", 1);
    applied.references[0].count = 0;
    world_run(&called);
    world_run(&applied);
    cr_assert_str_eq(world_key(&called, "kernelStats"), world_key(&applied, "kernelStats"));
    cr_assert_str_eq(world_key(&called, "local.kernelStats"),
                     world_key(&applied, "local.kernelStats"));
    world_absent(&applied, "kp41.refCount");
    struct vk_state_hash a = vk_store_state_hash(called.store);
    struct vk_state_hash b = vk_store_state_hash(applied.store);
    cr_assert(a.low == b.low && a.high == b.high);
    world_close(&called);
    world_close(&applied);
}
