/* initialize_test.c - a new kernel's state: the writes of SwingSet's initializeKernel(), from the same configuration.
 *
 * The configurations were read off recordings of the real kernel, and the hashes are those that it emitted: a
 * crankhash that is met means that every consensus write was the same, in the same order.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_kernel.h"

static const struct test_setup plain = {.plain = true};

/* The bundles of suite/message-patterns-comms-01 and of fuzz/fuzz-0013. */
#define COMMS_0                                                                                    \
    "b1-3be17da0bc3e72b8e4c598214e57bc58fad90516953ececf90eaad82dcc9670990c9ee44f3f"               \
    "8ea633264af974dcd240d6ee8a6beb72b1cda434c0f4a3b937e33"
#define COMMS_1                                                                                    \
    "b1-f720c02ad3fbb5fdab44c78dabbb5e9f7d6b64468ccdeca0703434e30dcc6f7000887352198"               \
    "7d086aeabe90a2e46a0edfb5e1989d88006949e9b53a6cee98ef0"
#define COMMS_2                                                                                    \
    "b1-9902342223c657b8af23ae529c835e2bf48ff8c67fb2192d1d4d57f24a57f1cab4e012eba7c"               \
    "8f37a2c08c511be4e2d2530227dcfb0ec71a2e0abbf55d7cb504c"
#define COMMS_3                                                                                    \
    "b1-9de6eda0678b9d7b0ed4c0bd594e9732df79ae081b435ea3286259a0719c21a0a5b0c16a783"               \
    "35db0e29abe3bd4b236b1a0150413fca243aabe9322a77ede4e3f"
#define COMMS_4                                                                                    \
    "b1-c00c39e22c376d70f53c31e826e5a9d3a82544a04edf6db56b49863485e91ec93ce18b3fa64"               \
    "e16c92b2fd45e9ff04f1a9b7fc7241e7783abcb54ba9c84ab85f7"
#define COMMS_5                                                                                    \
    "b1-29c1998905819a9bff216b8e4a446480611de4af295a0c76484ccca36b63861ec4e34316cfa"               \
    "27dd52be869e13594141cf4bb4bf183b571fc37e026c22f07e179"
#define COMMS_6                                                                                    \
    "b1-dc33fdd9415347e071909b805fb5f045fdd06dad6f7ba7303176f7170e470f9af08651ca9a7"               \
    "7a1b3a588884c63562757ecc8240b66202aadeda66344c16de78e"
#define COMMS_7                                                                                    \
    "b1-d31690f97fbd380ecfec6deddb8596cab012f268f4d31c0fdb904d677a555520f4e19d2adc3"               \
    "24796aaf1ac8ad5a9b405bb77a5fddf5677a0be7ec7ced9fe5046"
#define COMMS_8                                                                                    \
    "b1-4d756d3e86f5a8f197efbaa3cfce0baf4758623b5b683920c779be2f9ec131f3862ed1a8f03"               \
    "b54183e3cf42c330c0eafc31ff65b4448fef5a33fd975cde78334"
#define COMMS_9                                                                                    \
    "b1-4ddc0ca3e362c7e97ccb5cb083451a5e85704b6d0b7f00862c0da4ea96e5ec77dd5ad6ec69f"               \
    "ef6222dc74b6465a92e0f1023b077b8075bf4f4ce5d46afea8d89"
#define FUZZ_0                                                                                     \
    "b1-0f5d644c1939bb046823759964858db3e1c7ac98af7e57a13982c93c3a919d36d90271c0375"               \
    "bb2d45575411736a90c69518d4a78fbc97bce5d8a928e08958fdd"
#define FUZZ_1                                                                                     \
    "b1-eab0bacb398843447509bc743b8dc446780ef4f062f49e4d5ee2ad898b309172be088b73c6d"               \
    "47c85986c41e2855b82d998eb2a4ef4061615041ba8d87dd62ef0"
#define FUZZ_2                                                                                     \
    "b1-918bb1bcb44f04ccdd1b1dd2e73fa7dc59a6733d4de85a7a8ef711f2486dc66657a10e4dd27"               \
    "8047f7238e6aacc6d95361f0cf8d7cb32eb2be6ec27e40bc8dd74"
#define FUZZ_3                                                                                     \
    "b1-10f128ccc1b79058202a50a7842eed19d4c451394af0fe0c564fddda5db6d84f41d45010eba"               \
    "5cb691c9f5d489d0af5352687f63d6ba7d10f38afab2e9db68472"
#define FUZZ_4                                                                                     \
    "b1-4ddc0ca3e362c7e97ccb5cb083451a5e85704b6d0b7f00862c0da4ea96e5ec77dd5ad6ec69f"               \
    "ef6222dc74b6465a92e0f1023b077b8075bf4f4ce5d46afea8d89"

static const char no_bundles[] = "[\"b0-1\"]";
static const char fuzz_worker_bundles[] =
    "[\"b0-1111111111111111111111111111111111111111111111111111111111111111\","
    "\"b0-2222222222222222222222222222222222222222222222222222222222222222\"]";

/* Initialises in both modes, which must write the same, and the hashes be as expected. Returns the trace, which is
 * the caller's to free. */
static char *initialize(const struct vk_config *config, const char *worker_bundles,
                        const char *bootstrap_kpid, const char *crankhash,
                        const char *activityhash) {
    static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
    char *traces[2];
    for (size_t i = 0; i < 2; i++) {
        struct test_world w;
        char kpid[24], emit[160];
        world_open_store(&w, &plain, modes[i], ":memory:");
        w.vats.bundle_ids = worker_bundles;
        world_forget(&w);
        test_ok(vk_kernel_initialize(w.store, &w.ports, config, kpid));
        cr_assert_str_eq(kpid, bootstrap_kpid);
        snprintf(emit, sizeof emit, "emit %s = %s", crankhash, activityhash);
        cr_assert(world_traced(&w, emit, NULL) == 1, "%s", w.trace.text);
        traces[i] = strdup(w.trace.text);
        if (*bootstrap_kpid) world_refer(&w, bootstrap_kpid, 1);
        world_close(&w);
    }
    cr_assert_str_eq(traces[0], traces[1]);
    free(traces[1]);
    return traces[0];
}

/* suite/gc-kernel-13 */
Test(initialize, kernel_without_vats) {
    const struct vk_config config = {0};
    char *trace = initialize(&config, no_bundles, "",
                             "12b70ff75a1745649be4a92d4a8fc1630069e36bb5a8b36bdaa5b07ae7a1aa2a",
                             "af35907384e9d63dd9fc4d4df0440005c0ee81ef88f86089a0e0a280fe3793af");
    cr_assert(test_count_lines(trace, "set ", NULL) == 23);
    free(trace);
}

static struct vk_capdata body(const char *text) {
    return (struct vk_capdata){.body = vk_str(text)};
}

/* fuzz/fuzz-0013: xsnap workers, a critical vatAdmin, parameters, thresholds, bootstrap */
Test(initialize, kernel_with_xsnap_vats_and_a_bootstrap) {
    const struct vk_vat_config vats[] = {
        {.name = VK_STR("vatAdmin"),
         .bundle_id = VK_STR(FUZZ_0),
         .options = VK_STR("{\"critical\":true}")},
        {.name = VK_STR("A"), .bundle_id = VK_STR(FUZZ_1), .parameters = body("#{\"i\":0}")},
        {.name = VK_STR("B"), .bundle_id = VK_STR(FUZZ_2), .parameters = body("#{\"i\":1}")},
        {.name = VK_STR("C"), .bundle_id = VK_STR(FUZZ_3), .parameters = body("#{\"i\":2}")},
    };
    const struct vk_device_config device = {.name = VK_STR("vatAdmin"),
                                            .bundle_id = VK_STR(FUZZ_4)};
    const struct vk_config config = {
        .default_manager_type = VK_STR("xs-worker"),
        .default_reap_interval = VK_UNLIMITED,
        .default_reap_gc_krefs = 2,
        .snapshot_initial = 4,
        .snapshot_interval = 4,
        .vats = vats,
        .vat_count = 4,
        .devices = &device,
        .device_count = 1,
        .bootstrap = VK_STR("A"),
    };
    free(initialize(&config, fuzz_worker_bundles, "kp40",
                    "ea61a9adb8c3417018781595b95467547af44c56320dcec89599bab084cd2c19",
                    "12f31626c235ecc0b9f72265fc89d825b5ff8d80a54c993c2077a38fab50891e"));
}

#define COMMS_OPTIONS "{\"enablePipelining\":true,\"enableSetup\":true,\"useTranscript\":false"

/* suite/message-patterns-comms-01: fourteen vats, two devices, most kinds of options */
Test(initialize, kernel_with_many_vats_and_devices) {
    const struct vk_vat_config vats[] = {
        {.name = VK_STR("bootstrap"),
         .bundle_id = VK_STR(COMMS_0),
         .parameters = body("#{\"argv\":[\"a10\"]}")},
        {.name = VK_STR("vatAdmin"), .bundle_id = VK_STR(COMMS_1)},
        {.name = VK_STR("comms"),
         .bundle_id = VK_STR(COMMS_2),
         .options = VK_STR(COMMS_OPTIONS ",\"neverReap\":true}")},
        {.name = VK_STR("vattp"), .bundle_id = VK_STR(COMMS_3)},
        {.name = VK_STR("timer"), .bundle_id = VK_STR(COMMS_4)},
        {.name = VK_STR("a"), .bundle_id = VK_STR(COMMS_5)},
        {.name = VK_STR("b"), .bundle_id = VK_STR(COMMS_6)},
        {.name = VK_STR("c"), .bundle_id = VK_STR(COMMS_7)},
        {.name = VK_STR("commsA"),
         .bundle_id = VK_STR(COMMS_2),
         .parameters = body("#{\"identifierBase\":100}"),
         .options = VK_STR(COMMS_OPTIONS "}")},
        {.name = VK_STR("commsB"),
         .bundle_id = VK_STR(COMMS_2),
         .parameters = body("#{\"identifierBase\":200}"),
         .options = VK_STR(COMMS_OPTIONS "}")},
        {.name = VK_STR("commsC"),
         .bundle_id = VK_STR(COMMS_2),
         .parameters = body("#{\"identifierBase\":300}"),
         .options = VK_STR(COMMS_OPTIONS "}")},
        {.name = VK_STR("vattpA"), .bundle_id = VK_STR(COMMS_3)},
        {.name = VK_STR("vattpB"), .bundle_id = VK_STR(COMMS_3)},
        {.name = VK_STR("vattpC"), .bundle_id = VK_STR(COMMS_3)},
    };
    const struct vk_device_config devices[] = {
        {.name = VK_STR("loopbox"),
         .bundle_id = VK_STR(COMMS_8),
         .parameters = VK_STR("{\"senders\":[\"A\",\"B\",\"C\"]}")},
        {.name = VK_STR("vatAdmin"), .bundle_id = VK_STR(COMMS_9)},
    };
    const struct vk_config config = {
        .default_reap_interval = VK_UNLIMITED,
        .vats = vats,
        .vat_count = sizeof vats / sizeof *vats,
        .devices = devices,
        .device_count = 2,
        .bootstrap = VK_STR("bootstrap"),
    };
    free(initialize(&config, no_bundles, "kp40",
                    "b30e2b8ddce931d9beef22f79c933b3c7708d4d55adecc4fcbc062dc76ab5098",
                    "1553cef2c3f0529ff84ec755a69ea1d0e465c386c7814feb4141e00f63aefc53"));
}

/* ---- the rest of a configuration, by what it writes */

static void two_vats(struct vk_config *config, struct vk_vat_config vats[2]) {
    vats[0] = (struct vk_vat_config){.name = VK_STR("vatAdmin"), .bundle_id = VK_STR("b1-0")};
    vats[1] = (struct vk_vat_config){.name = VK_STR("other"), .bundle_id = VK_STR("b1-1")};
    *config = (struct vk_config){.vats = vats, .vat_count = 2};
}

Test(initialize, settings_have_swingsets_defaults) {
    struct test_world w;
    const struct vk_config config = {0};
    char kpid[24];
    world_open_store(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    test_ok(vk_kernel_initialize(w.store, &w.ports, &config, kpid));
    world_is(&w, "kernel.defaultManagerType", "local");
    world_is(&w, "kernel.defaultReapDirtThreshold",
             "{\"deliveries\":1,\"gcKrefs\":20,\"computrons\":\"never\"}");
    world_is(&w, "kernel.snapshotInitial", "3");
    world_is(&w, "kernel.snapshotInterval", "200");
    world_absent(&w, "kernel.relaxDurabilityRules");
    world_absent(&w, "vatAdminRootKref");
    world_absent(&w, "pinnedObjects");
    world_is(&w, "version", "3");
    world_close(&w);
}

Test(initialize, settings_are_written) {
    struct test_world w;
    const struct vk_named_bundle bundles[] = {{VK_STR("one"), vk_str(test_bundle_id("1"))},
                                              {VK_STR("two"), vk_str(test_bundle_id("2"))}};
    struct vk_vat_config vats[2];
    struct vk_config config;
    char kpid[24];
    two_vats(&config, vats);
    config.relax_durability_rules = true;
    config.default_reap_interval = 7;
    config.default_reap_gc_krefs = VK_UNLIMITED;
    config.bundles = bundles;
    config.bundle_count = 2;
    config.bootstrap = VK_STR("other");
    config.pin_bootstrap_root = true;
    world_open_store(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    test_ok(vk_kernel_initialize(w.store, &w.ports, &config, kpid));
    cr_assert_str_eq(kpid, "kp40");
    world_is(&w, "kernel.relaxDurabilityRules", "true");
    world_is(&w, "kernel.defaultReapDirtThreshold",
             "{\"deliveries\":7,\"gcKrefs\":\"never\",\"computrons\":\"never\"}");
    world_is(&w, "namedBundleID.one", test_bundle_id("1"));
    world_is(&w, "namedBundleID.two", test_bundle_id("2"));
    world_is(&w, "pinnedObjects", "ko20,ko21");
    world_is(&w, "kp40.policy", "panic");
    world_is(&w, "kp40.refCount", "2");
    world_refer(&w, "kp40", 1);
    world_close(&w);
}

static void refused(const struct vk_config *config, enum vk_err expected, const char *text) {
    struct test_world w;
    char kpid[24];
    world_open_store(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    enum vk_err err = vk_kernel_initialize(w.store, &w.ports, config, kpid);
    cr_assert(err == expected, "%s", vk_err_name(err));
    cr_assert(strstr(vk_err_origin()->text, text), "%s", vk_err_origin()->text);
    w.unaudited = true;
    world_close(&w);
}

Test(initialize, configurations_that_make_no_sense_are_refused) {
    struct vk_vat_config vats[2];
    struct vk_config config;
    two_vats(&config, vats);
    config.bootstrap = VK_STR("nobody");
    refused(&config, VK_ERR_USAGE, "no vat nobody to bootstrap");
    two_vats(&config, vats);
    vats[1].name = VK_STR("vatAdmin");
    refused(&config, VK_ERR_USAGE, "two vats named vatAdmin");
    two_vats(&config, vats);
    vats[0].name = VK_STR("nobodysAdmin");
    refused(&config, VK_ERR_USAGE, "a vat admin vat is required");
    two_vats(&config, vats);
    vats[1].options = VK_STR("{\"critical\":tru");
    refused(&config, VK_ERR_USAGE, "options of vat other are not JSON");
    two_vats(&config, vats);
    vats[1].name = VK_STR("no \x81 UTF-8");
    refused(&config, VK_ERR_USAGE, "not UTF-8");
    two_vats(&config, vats);
    vats[1].parameters.body = VK_STR("no \x81 UTF-8");
    refused(&config, VK_ERR_USAGE, "not UTF-8");
    two_vats(&config, vats);
    vats[1].options = VK_STR("{\"bogus\":1}");
    refused(&config, VK_ERR_PANIC, "unused option bogus");
    two_vats(&config, vats);
    vats[1].options = VK_STR("{\"managerType\":\"bogus\"}");
    refused(&config, VK_ERR_PANIC, "unknown managerType 'bogus'");
}

Test(initialize, store_with_a_kernel_in_it_is_refused) {
    struct test_world w;
    const struct vk_config config = {0};
    char kpid[24];
    world_open_store(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    test_ok(vk_kernel_initialize(w.store, &w.ports, &config, kpid));
    size_t written = w.trace.length;
    cr_assert(vk_kernel_initialize(w.store, &w.ports, &config, kpid) == VK_ERR_USAGE);
    cr_assert(w.trace.length == written);
    world_close(&w);
}

Test(initialize, store_without_a_kernel_does_not_open) {
    struct test_world w;
    world_open_store(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    w.unaudited = true;
    cr_assert(world_try_open_kernel(&w) == VK_ERR_SCHEMA);
    cr_assert(w.kernel == NULL);
    test_ok(vk_store_set(w.store, VK_STR("version"), VK_STR("2")));
    cr_assert(world_try_open_kernel(&w) == VK_ERR_SCHEMA);
    cr_assert(strstr(vk_err_origin()->text, "version 2, not 3"));
    test_ok(vk_store_set(w.store, VK_STR("version"), VK_STR("3")));
    cr_assert(world_try_open_kernel(&w) == VK_ERR_CORRUPT); /* and nothing else */
    world_close(&w);
}

Test(initialize, local_and_node_workers_may_be_chosen) {
    struct test_world w;
    struct vk_vat_config vats[2];
    struct vk_config config;
    char kpid[24];
    two_vats(&config, vats);
    vats[0].options = VK_STR("{\"managerType\":\"xs-worker\",\"enableDisavow\":true}");
    vats[1].options = VK_STR("{\"nodeOptions\":[\"--x\"],\"managerType\":\"node-subprocess\"}");
    world_open_store(&w, &plain, VK_STORE_WRITE_BACK, ":memory:");
    test_ok(vk_kernel_initialize(w.store, &w.ports, &config, kpid));
    world_is(
        &w, "v1.options",
        "{\"workerOptions\":{\"type\":\"xsnap\",\"bundleIDs\":[\"b0-1\",\"b0-2\"]},\"name\":\"vatAdmin\","
        "\"enableSetup\":false,\"enablePipelining\":false,\"enableDisavow\":true,\"useTranscript\":true,"
        "\"reapDirtThreshold\":{},\"critical\":false}");
    world_is(
        &w, "v2.options",
        "{\"workerOptions\":{\"type\":\"node-subprocess\",\"nodeOptions\":[\"--x\"]},\"name\":\"other\","
        "\"enableSetup\":false,\"enablePipelining\":false,\"enableDisavow\":false,\"useTranscript\":true,"
        "\"reapDirtThreshold\":{},\"critical\":false}");
    world_close(&w);
}
