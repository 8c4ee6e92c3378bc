/* kernel_replay_test.c - a transcript that no kernel would have written: the vat's replay says that it is corrupt, whatever is
 * wrong with it; and that a syscall which is the same but for the order of members is the same.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {.plain = true};
static const struct test_setup completing = {
    .plain = true, .options = {[TEST_ALICE] = "{\"vatstore\":\"completion\"}"}};

/* What comes of a kernel that opens with one item more in alice's transcript. */
static enum vk_err open_setup_with(const struct test_setup *setup, enum vk_store_mode mode,
                                   bool slog, const char *item) {
    struct test_world w;
    world_open(&w, setup, mode, ":memory:");
    vk_kernel_close(w.kernel);
    w.kernel = NULL;
    w.trace.port.wants_slog = slog;
    test_ok(vk_transcript_add(w.store, VK_STR("v2"), vk_str(item)));
    enum vk_err err = world_try_open_kernel(&w);
    if (err != VK_OK) w.kernel = NULL;
    w.unaudited = true;
    world_close(&w);
    return err;
}

static enum vk_err open_with(enum vk_store_mode mode, bool slog, const char *item) {
    return open_setup_with(&ordinary, mode, slog, item);
}

#define CAPDATA "{\"body\":\"#[]\",\"slots\":[]}"
#define TAIL ",\"sc\":[],\"r\":{\"status\":\"ok\"}}"
#define RUN_SET /* a delivery in which the puppet sets a key */                                      \
    "{\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"{set a b}\\\",[]]\",\"slots\":[]}," \
    "\"result\":null}],\"sc\":["

Test(kernel_replay, delivery_that_is_none_is_corrupt) {
    static const char *const items[] = {
        "x",
        "{}",
        "{\"d\":[]" TAIL,
        "{\"d\":[\"sing\"]" TAIL,
        "{\"d\":[\"message\"]" TAIL,
        "{\"d\":[\"message\",\"o+0\"]" TAIL,
        "{\"d\":[\"message\",\"o+0\",{\"methargs\":1}]" TAIL,
        "{\"d\":[\"message\",5,{\"methargs\":" CAPDATA "}]" TAIL,
        "{\"d\":[\"notify\"]" TAIL,
        "{\"d\":[\"notify\",{}]" TAIL,
        "{\"d\":[\"notify\",[1]]" TAIL,
        "{\"d\":[\"notify\",[[\"p-60\",false]]]" TAIL,
        "{\"d\":[\"notify\",[[5,false," CAPDATA "]]]" TAIL,
        "{\"d\":[\"notify\",[[\"p-60\",false," CAPDATA "],[\"p-61\",true,null]]]" TAIL,
        "{\"d\":[\"dropExports\"]" TAIL,
        "{\"d\":[\"retireExports\",{}]" TAIL,
        "{\"d\":[\"retireImports\",[\"o-50\",5]]" TAIL,
        "{\"d\":[\"changeVatOptions\"]" TAIL,
        "{\"d\":[\"changeVatOptions\",[]]" TAIL,
        "{\"d\":[\"startVat\"]" TAIL,
        "{\"d\":[\"startVat\",{\"body\":5}]" TAIL,
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        cr_assert(open_with(i % 2 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK, i % 3 == 0, items[i]) ==
                      VK_ERR_CORRUPT,
                  "%s: %s", items[i], vk_err_origin()->text);
}

Test(kernel_replay, delivery_of_each_kind_is_made_again) {
    static const char *const items[] = {
        "{\"d\":[\"message\",\"o+0\",{\"methargs\":" CAPDATA ",\"result\":\"p-60\"}]" TAIL,
        "{\"d\":[\"notify\",[[\"p-60\",false," CAPDATA "],[\"p-61\",true," CAPDATA "]]]" TAIL,
        "{\"d\":[\"notify\",[]]" TAIL,
        "{\"d\":[\"dropExports\",[\"o+5\"]]" TAIL,
        "{\"d\":[\"retireExports\",[\"o+5\",\"o+6\"]]" TAIL,
        "{\"d\":[\"retireImports\",[]]" TAIL,
        "{\"d\":[\"changeVatOptions\",{\"a\":1}]" TAIL,
        "{\"d\":[\"startVat\"," CAPDATA "]" TAIL,
        "{\"d\":[\"bringOutYourDead\"]" TAIL,
        RUN_SET
        "{\"s\":[\"vatstoreSet\",\"a\",\"b\"],\"r\":[\"ok\",null]}],\"r\":{\"status\":\"ok\"}}",
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        cr_assert(open_with(VK_STORE_DIRECT, i % 2, items[i]) == VK_OK, "%s: %s", items[i],
                  vk_err_origin()->text);
}

Test(kernel_replay, syscall_that_is_another_is_anachrophobia_and_one_without_a_result_corrupt) {
    static const struct {
        const char *syscalls;
        enum vk_err expected;
    } items[] = {
        {"", VK_ERR_ANACHROPHOBIA},
        {"5", VK_ERR_ANACHROPHOBIA},
        {"{\"r\":[\"ok\",null]}", VK_ERR_ANACHROPHOBIA},
        {"{\"s\":[\"vatstoreSet\",\"a\",\"c\"],\"r\":[\"ok\",null]}", VK_ERR_ANACHROPHOBIA},
        {"{\"s\":[\"vatstoreSet\",\"a\"],\"r\":[\"ok\",null]}", VK_ERR_ANACHROPHOBIA},
        {"{\"s\":[\"vatstoreSet\",\"a\",5],\"r\":[\"ok\",null]}", VK_ERR_ANACHROPHOBIA},
        {"{\"s\":{\"a\":1,\"b\":2,\"c\":3},\"r\":[\"ok\",null]}", VK_ERR_ANACHROPHOBIA},
        {"{\"s\":[\"vatstoreSet\",\"a\",\"b\"]}", VK_ERR_CORRUPT},
        {"{\"s\":[\"vatstoreSet\",\"a\",\"b\"],\"r\":[]}", VK_ERR_CORRUPT},
        {"{\"s\":[\"vatstoreSet\",\"a\",\"b\"],\"r\":[\"ok\",{\"body\":1}]}", VK_ERR_CORRUPT},
        {"{\"s\":[\"vatstoreSet\",\"a\",\"b\"],\"r\":[\"ok\",null]},"
         "{\"s\":[\"vatstoreSet\",\"a\",\"b\"],\"r\":[\"ok\",null]}",
         VK_ERR_ANACHROPHOBIA},
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        char item[1000];
        snprintf(item, sizeof item, RUN_SET "%s],\"r\":{\"status\":\"ok\"}}", items[i].syscalls);
        enum vk_err err = open_with(VK_STORE_DIRECT, false, item);
        cr_assert(err == items[i].expected, "%s: %s", items[i].syscalls, vk_err_origin()->text);
    }
}

Test(kernel_replay, other_changes_of_the_vatstore_at_completion_are_anachrophobia) {
    static const struct {
        const char *vatstore;
        bool same;
    } items[] = {
        {",\"vatstore\":[[\"a\",\"1\"],[\"b\"]]", true},
        {"", false},
        {",\"vatstore\":[]", false},
        {",\"vatstore\":[[\"a\",\"1\"]]", false},
        {",\"vatstore\":[[\"a\",\"1\"],[\"b\"],[\"c\"]]", false},
        {",\"vatstore\":[[\"b\"],[\"a\",\"1\"]]", false},
        {",\"vatstore\":[[\"a\",\"2\"],[\"b\"]]", false},
        {",\"vatstore\":[[\"a\"],[\"b\"]]", false},
        {",\"vatstore\":[[\"a\",\"1\"],[\"b\",\"1\"]]", false},
        {",\"vatstore\":[[\"a\",\"1\"],[5]]", false},
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        char item[400];
        snprintf(
            item, sizeof item,
            "{\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"{keep a 1; lose b}\\\",[]]\","
            "\"slots\":[]},\"result\":null}],\"sc\":[],\"r\":{\"status\":\"ok\"%s}}",
            items[i].vatstore);
        enum vk_err err = open_setup_with(&completing, VK_STORE_DIRECT, i % 2, item);
        cr_assert(err == (items[i].same ? VK_OK : VK_ERR_ANACHROPHOBIA), "%s: %s %s",
                  items[i].vatstore, vk_err_name(err), vk_err_origin()->text);
    }
}

/* As in djson. */
Test(kernel_replay, order_of_members_does_not_matter) {
    static const struct {
        const char *made, *written;
        bool same;
    } syscalls[] = {
        {"{\"a\":1,\"b\":[true,null]}", "{\"b\":[true,null],\"a\":1}", true},
        {"{\"a\":1,\"b\":[true,null]}", "{\"b\":[false,null],\"a\":1}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}", false},
        {"{\"a\":\"x\"}", "{\"a\":\"y\"}", false},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":1}}", false},
        {"{\"a\":[1]}", "{\"a\":[1,2]}", false},
        {"{\"a\":[1,2]}", "{\"a\":[1]}", false},
        {"{\"a\":[1,2]}", "{\"a\":[1,2]}", true},
    };
    for (size_t i = 0; i < sizeof syscalls / sizeof *syscalls; i++) {
        char item[1000], program[300] = "";
        size_t n = 0;
        for (const char *p = syscalls[i].made; *p; p++) /* twice in quotes */
            n += (size_t)snprintf(program + n, sizeof program - n, *p == '"' ? "\\\\\\\"" : "%c",
                                  *p);
        snprintf(item, sizeof item,
                 "{\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"{raw %s}\\\",[]]\","
                 "\"slots\":[]},\"result\":null}],\"sc\":[{\"s\":%s,\"r\":[\"error\",\"no\"]}],"
                 "\"r\":{\"status\":\"ok\"}}",
                 program, syscalls[i].written);
        enum vk_err err = open_with(VK_STORE_DIRECT, false, item);
        cr_assert(err == (syscalls[i].same ? VK_OK : VK_ERR_ANACHROPHOBIA), "%s: %s", item,
                  vk_err_origin()->text);
    }
}
