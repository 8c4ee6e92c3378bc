/* key_decode_test.c - what keys mean, in words. */
#include "sim/key_decode.h"

#include <criterion/criterion.h>

static void expect(const char *key, const char *expected, const char *got, const char *meaning) {
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    sim_key_decode(&buf, vk_str(key), vk_str(expected), vk_str(got));
    cr_assert_eq(vk_buf_finish(&buf, &text), VK_OK);
    cr_expect(vk_str_eq(text, vk_str(meaning)), "%s: \"%.*s\", not \"%s\"", key, VK_STR_ARG(text),
              meaning);
    vk_arena_release(&arena);
}

Test(key_decode, names_every_family_of_the_schema) {
    static const char *const cases[][2] = {
        {"v7.c.ko31", "v7's c-list entry for object ko31"},
        {"v7.c.o-50", "v7's c-list entry for imported object o-50"},
        {"v7.c.p+5", "v7's c-list entry for exported promise p+5"},
        {"d7.c.kd30", "d7's c-list entry for device node kd30"},
        {"ko20.refCount", "the reachable,recognizable refcount of ko20"},
        {"ko20.owner", "the vat that exports ko20"},
        {"kd30.owner", "the device that exports kd30"},
        {"kp40.refCount", "the refcount of promise kp40"},
        {"kp40.queue.12", "message 12 of kp40's queue"},
        {"kp40.queue.nextID", "the number of messages in kp40's queue"},
        {"kp40.subscribers", "the vats that are told when promise kp40 settles"},
        {"kp40.data.slots", "the slots of what promise kp40 settled to"},
        {"runQueue", "head and tail of the run-queue"},
        {"runQueue.7", "entry 7 of the run-queue"},
        {"acceptanceQueue.12", "entry 12 of the acceptance queue"},
        {"m3.remaining", "what remains of meter m3"},
        {"d9.deviceState", "the state of device d9"},
        {"v12.vs.vc.1.|entryCount", "v12's vatstore key \"vc.1.|entryCount\""},
        {"d9.vs.key1", "d9's vatstore key \"key1\""},
        {"v1.options", "the options of v1"},
        {"v1.o.nextID", "the number of the next object that v1 will import"},
        {"vat.name.zoe", "the id of the static vat zoe"},
        {"gcActions", "the GC actions that wait to be done"},
        {"namedBundleID.new13", "the id of the bundle named new13"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(cases[i][0], NULL, NULL, cases[i][1]);
}

Test(key_decode, says_so_of_keys_that_no_kernel_has) {
    static const char *const keys[] = {"",           "v",          "v7",       "v7.",
                                       "v7.frob",    "ko20",       "ko.owner", "x9.owner",
                                       "kp40.queue", "V7.options", "9.owner"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        expect(keys[i], NULL, NULL, "no key of the kernel's schema");
}

Test(key_decode, names_the_statistics_that_differ) {
    expect("kernelStats", "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":5,\"c\":4}",
           "the kernel's statistics: b is 5, not 2, c is 4, not 3");
    expect("local.kernelStats", "{\"a\":1,\"b\":2}", "{\"a\":1}",
           "the kernel's local statistics: b is none, not 2");
    expect("kernelStats", "{\"a\":1}", "{ \"a\":1}",
           "the kernel's statistics: the same fields, in another form");
    expect("kernelStats", "{\"a\":1}", NULL, "the kernel's statistics");
    expect("kernelStats", "[", "{", "the kernel's statistics");
}
