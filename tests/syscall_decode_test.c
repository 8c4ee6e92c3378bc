/* syscall_decode_test.c - a vat's syscalls as JSON. What is malformed is what
 * insistVatSyscallObject() of SwingSet refuses. */
#include <criterion/criterion.h>

#include "testing_heap.h"
#include <vk/ports.h>

#define CAPDATA "{\"body\":\"#[]\",\"slots\":[\"o+1\",\"p-2\"]}"

static struct vk_syscall decode(struct vk_arena *arena, const char *json) {
    struct vk_syscall syscall;
    cr_assert(vk_syscall_decode(arena, vk_str(json), &syscall) == VK_OK);
    return syscall;
}

static bool is_capdata(const struct vk_capdata *data) {
    return vk_str_eq(data->body, VK_STR("#[]")) && data->slot_count == 2 &&
           vk_str_eq(data->slots[0], VK_STR("o+1")) && vk_str_eq(data->slots[1], VK_STR("p-2"));
}

Test(syscall_decode, send_has_target_methargs_and_result) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_syscall s =
        decode(&arena, "[\"send\",\"o-5\",{\"methargs\":" CAPDATA ",\"result\":\"p+7\"}]");
    cr_assert(s.type == VK_SYSCALL_SEND && is_capdata(&s.data));
    cr_assert(vk_str_eq(s.target, VK_STR("o-5")) && vk_str_eq(s.result, VK_STR("p+7")));
    /* What is false in JavaScript is no result. */
    static const char *const absent[] = {"",
                                         ",\"result\":null",
                                         ",\"result\":\"\"",
                                         ",\"result\":false",
                                         ",\"result\":0",
                                         ",\"result\":-0.0"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        struct vk_str json;
        cr_assert(vk_arena_format(&arena, &json, "[\"send\",\"o-5\",{\"methargs\":" CAPDATA "%s}]",
                                  absent[i]) == VK_OK);
        cr_assert(vk_syscall_decode(&arena, json, &s) == VK_OK);
        cr_assert(s.type == VK_SYSCALL_SEND && !vk_str_present(s.result), "%s", absent[i]);
    }
    vk_arena_release(&arena);
}

Test(syscall_decode, every_type_has_its_fields) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_syscall s = decode(&arena, "[\"callNow\",\"d-1\",\"foo\"," CAPDATA "]");
    cr_assert(s.type == VK_SYSCALL_CALL_NOW && is_capdata(&s.data));
    cr_assert(vk_str_eq(s.target, VK_STR("d-1")) && vk_str_eq(s.method, VK_STR("foo")));
    s = decode(&arena, "[\"subscribe\",\"p-3\"]");
    cr_assert(s.type == VK_SYSCALL_SUBSCRIBE && vk_str_eq(s.target, VK_STR("p-3")));
    s = decode(&arena, "[\"resolve\",[[\"p+1\",false," CAPDATA "],[\"p+2\",true," CAPDATA "]]]");
    cr_assert(s.type == VK_SYSCALL_RESOLVE && s.resolution_count == 2);
    cr_assert(!s.resolutions[0].rejected && s.resolutions[1].rejected);
    cr_assert(vk_str_eq(s.resolutions[1].promise, VK_STR("p+2")));
    cr_assert(is_capdata(&s.resolutions[1].data));
    s = decode(&arena, "[\"resolve\",[]]");
    cr_assert(s.type == VK_SYSCALL_RESOLVE && s.resolution_count == 0);
    s = decode(&arena, "[\"exit\",true," CAPDATA "]");
    cr_assert(s.type == VK_SYSCALL_EXIT && s.is_failure && is_capdata(&s.data));
    cr_assert(!decode(&arena, "[\"exit\",false," CAPDATA "]").is_failure);
    s = decode(&arena, "[\"vatstoreSet\",\"k\",\"v\\n\"]");
    cr_assert(s.type == VK_SYSCALL_VATSTORE_SET && vk_str_eq(s.key, VK_STR("k")));
    cr_assert(vk_str_eq(s.value, VK_STR("v\n")));
    static const enum vk_syscall_type keyed[] = {
        VK_SYSCALL_VATSTORE_GET, VK_SYSCALL_VATSTORE_GET_NEXT_KEY, VK_SYSCALL_VATSTORE_DELETE};
    static const enum vk_syscall_type listed[] = {VK_SYSCALL_DROP_IMPORTS,
                                                  VK_SYSCALL_RETIRE_IMPORTS,
                                                  VK_SYSCALL_RETIRE_EXPORTS,
                                                  VK_SYSCALL_ABANDON_EXPORTS};
    struct vk_str json;
    for (size_t i = 0; i < sizeof keyed / sizeof *keyed; i++) {
        cr_assert(vk_arena_format(&arena, &json, "[\"%s\",\"\"]", vk_syscall_name(keyed[i])) ==
                  VK_OK);
        cr_assert(vk_syscall_decode(&arena, json, &s) == VK_OK);
        cr_assert(s.type == keyed[i] && vk_str_present(s.key) && s.key.n == 0);
    }
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        cr_assert(vk_arena_format(&arena, &json, "[\"%s\",[\"o-1\",\"o-2\"]]",
                                  vk_syscall_name(listed[i])) == VK_OK);
        cr_assert(vk_syscall_decode(&arena, json, &s) == VK_OK);
        cr_assert(s.type == listed[i] && s.vref_count == 2);
        cr_assert(vk_str_eq(s.vrefs[1], VK_STR("o-2")));
    }
    vk_arena_release(&arena);
}

Test(syscall_decode, more_than_is_asked_for_is_let_through) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_syscall s = decode(&arena, "[\"vatstoreGet\",\"k\",5,{}]");
    cr_assert(s.type == VK_SYSCALL_VATSTORE_GET);
    cr_assert(vk_str_eq(s.json, VK_STR("[\"vatstoreGet\",\"k\",5,{}]")));
    s = decode(&arena, "[\"exit\",true,{\"slots\":[],\"x\":1,\"body\":\"\"},null]");
    cr_assert(s.type == VK_SYSCALL_EXIT && vk_str_present(s.data.body));
    vk_arena_release(&arena);
}

Test(syscall_decode, text_becomes_canonical) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_syscall s = decode(&arena, " [ \"vatstoreSet\" , \"\\u006b\\/\" , \"\\ud800\" ]\n");
    cr_assert(vk_str_eq(s.json, VK_STR("[\"vatstoreSet\",\"k/\",\"\xef\xbf\xbd\"]")));
    cr_assert(vk_str_eq(s.key, VK_STR("k/")));
    s = decode(&arena, "[\"nonesuch\", 1.0]");
    cr_assert(vk_str_eq(s.json, VK_STR("[\"nonesuch\",1]")));
    s = decode(&arena, "[\"nonesuch\", 1.0");
    cr_assert(vk_str_eq(s.json, VK_STR("\"[\\\"nonesuch\\\", 1.0\"")), "no JSON: a string of it");
    vk_arena_release(&arena);
}

Test(syscall_decode, what_swingset_refuses_is_malformed) {
    static const char *const texts[] = {
        "",
        "null",
        "5",
        "{}",
        "\"send\"",
        "[]",
        "[5]",
        "[null]",
        "[[\"send\"]]",
        "[\"nonesuch\"]",
        "[\"malformed\"]",
        "[\"dropImports\",[5,\"o-50\"]]",
        "[\"resolve\",[[5,false," CAPDATA "],[\"p+1\",false," CAPDATA "]]]",
        "[\"callNow\",\"d-70\",5," CAPDATA "]",
        "[\"callNow\",5,\"echo\"," CAPDATA "]",
        "[\"message\",\"o+1\",{}]",
        "[\"send\"]",
        "[\"send\",\"o-1\"]",
        "[\"send\",\"o-1\",null]",
        "[\"send\",\"o-1\",{}]",
        ("[\"send\",5,{\"methargs\":" CAPDATA "}]"),
        "[\"send\",\"o-1\",{\"methargs\":{\"body\":\"\"}}]",
        ("[\"send\",\"o-1\",{\"methargs\":" CAPDATA ",\"result\":5}]"),
        ("[\"send\",\"o-1\",{\"methargs\":" CAPDATA ",\"result\":true}]"),
        ("[\"send\",\"o-1\",{\"methargs\":" CAPDATA ",\"result\":[]}]"),
        ("[\"callNow\",\"d-1\"," CAPDATA "]"),
        ("[\"callNow\",\"d-1\",5," CAPDATA "]"),
        "[\"callNow\",\"d-1\",\"m\"]",
        "[\"subscribe\"]",
        "[\"subscribe\",5]",
        "[\"subscribe\",null]",
        "[\"resolve\"]",
        "[\"resolve\",{}]",
        "[\"resolve\",\"\"]",
        "[\"resolve\",[5]]",
        "[\"resolve\",[[]]]",
        ("[\"resolve\",[[\"p+1\",0," CAPDATA "]]]"),
        "[\"resolve\",[[\"p+1\",false]]]",
        ("[\"resolve\",[[5,false," CAPDATA "]]]"),
        ("[\"resolve\",[[\"p+1\",false," CAPDATA "],[\"p+1\"]]]"),
        "[\"exit\"]",
        ("[\"exit\",1," CAPDATA "]"),
        "[\"exit\",true]",
        "[\"exit\",true,{\"body\":\"\",\"slots\":[5]}]",
        "[\"vatstoreGet\"]",
        "[\"vatstoreGet\",5]",
        "[\"vatstoreSet\",\"k\"]",
        "[\"vatstoreSet\",\"k\",null]",
        "[\"vatstoreSet\",5,\"v\"]",
        "[\"vatstoreGetNextKey\",null]",
        "[\"vatstoreDelete\"]",
        "[\"dropImports\"]",
        "[\"dropImports\",\"o-1\"]",
        "[\"retireImports\",[5]]",
        "[\"retireExports\",[\"o+1\",null]]",
        "[\"abandonExports\",{}]",
        "no JSON",
        "[\"vatstoreGet\",\"no \x81 UTF-8\"]",
    };
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct vk_syscall s = decode(&arena, texts[i]);
        cr_assert(s.type == VK_SYSCALL_MALFORMED, "%s", texts[i]);
        cr_assert(vk_str_present(s.json) && !vk_str_present(s.target) && !vk_str_present(s.key));
        cr_assert(s.vref_count == 0 && s.resolution_count == 0 && !s.is_failure, "%s", texts[i]);
        const struct vk_json *json;
        cr_assert(vk_json_parse(&arena, s.json, &json) == VK_OK, "slogs hold it");
    }
    vk_arena_release(&arena);
}

Test(syscall_decode, every_type_has_a_name_of_its_own) {
    for (int i = 0; i <= VK_SYSCALL_MALFORMED; i++)
        for (int j = 0; j < i; j++)
            cr_assert(strcmp(vk_syscall_name((enum vk_syscall_type)i),
                             vk_syscall_name((enum vk_syscall_type)j)) != 0);
    cr_assert(strcmp(vk_syscall_name(VK_SYSCALL_VATSTORE_GET_NEXT_KEY), "vatstoreGetNextKey") == 0);
    cr_assert(strcmp(vk_syscall_name(VK_SYSCALL_MALFORMED), "malformed") == 0);
    cr_assert(strcmp(vk_delivery_name(VK_DELIVERY_MESSAGE), "message") == 0);
    cr_assert(strcmp(vk_delivery_name(VK_DELIVERY_BRING_OUT_YOUR_DEAD), "bringOutYourDead") == 0);
}

static void decode_each(struct vk_arena *arena, enum vk_err *err) {
    static const char *const texts[] = {
        ("[\"resolve\",[[\"p+1\",false," CAPDATA "]]]"),
        "[\"dropImports\",[\"o-1\",\"o-2\"]]",
        "[\"nonesuch\"",
    };
    struct vk_syscall syscall;
    *err = VK_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && *err == VK_OK; i++)
        *err = vk_syscall_decode(arena, vk_str(texts[i]), &syscall);
}

Test(syscall_decode, out_of_memory_is_an_error_wherever_it_strikes) {
    test_sweep_arena(decode_each, 50);
}
