/* value_json_test.c - JSON.stringify of what kunser() gives. */
#include <core/value_json.h>
#include <criterion/criterion.h>

#include "testing_store.h"

/* The value that `body` (smallcaps, over two slots) decodes to, as JSON; NULL: JavaScript would throw. */
static const char *json_of(struct vk_arena *arena, const char *body) {
    const struct vk_str slots[] = {VK_STR("ko20"), VK_STR("kp40")};
    const struct vk_capdata data = {vk_str(body), slots, 2};
    struct vk_value *value;
    struct vk_buf buf;
    struct vk_str text;
    bool legal;
    test_ok(vk_capdata_decode(arena, &data, &legal, &value));
    cr_assert(legal, "%s", body);
    vk_buf_init(&buf, arena);
    if (!vk_value_json(&buf, value)) return NULL;
    vk_buf_char(&buf, '\0');
    test_ok(vk_buf_finish(&buf, &text));
    return text.p;
}

static void all_are(const char *const cases[][2], size_t count) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < count; i++) {
        const char *json = json_of(&arena, cases[i][0]);
        cr_assert(json && cases[i][1] ? strcmp(json, cases[i][1]) == 0 : json == cases[i][1],
                  "%s is %s", cases[i][0], json ? json : "(none)");
    }
    vk_arena_release(&arena);
}

Test(value_json, primitives_are_themselves) {
    static const char *const cases[][2] = {
        {"#null", "null"},
        {"#true", "true"},
        {"#false", "false"},
        {"#1.5", "1.5"},
        {"#\"a\\\"b\"", "\"a\\\"b\""},
        {"#\"#NaN\"", "null"},
        {"#\"#Infinity\"", "null"},
        {"#\"#-Infinity\"", "null"},
        {"#\"#undefined\"", "null"},
        {"#\"%foo\"", "null"},
    };
    all_are(cases, sizeof cases / sizeof *cases);
}

Test(value_json, what_has_no_json_is_null_in_an_array_and_left_out_of_a_record) {
    static const char *const cases[][2] = {
        {"#[]", "[]"},
        {"#[1,\"#undefined\",\"%foo\",[2]]", "[1,null,null,[2]]"},
        {"#{}", "{}"},
        {"#{\"a\":\"#undefined\",\"b\":1,\"c\":\"%foo\",\"d\":{\"e\":2}}",
         "{\"b\":1,\"d\":{\"e\":2}}"},
    };
    all_are(cases, sizeof cases / sizeof *cases);
}

Test(value_json, slots_and_errors_are_empty_and_tags_are_their_payload) {
    static const char *const cases[][2] = {
        {"#[\"$0.Alleged: x\",\"&1\"]", "[{},{}]"},
        {"#{\"#error\":\"no\",\"name\":\"Error\"}", "{}"},
        {"#{\"#tag\":\"copySet\",\"payload\":[1]}", "{\"payload\":[1]}"},
    };
    all_are(cases, sizeof cases / sizeof *cases);
}

Test(value_json, bigint_anywhere_makes_it_throw) {
    static const char *const cases[][2] = {
        {"#\"+5\"", NULL},
        {"#[1,\"+5\"]", NULL},
        {"#{\"a\":\"-5\"}", NULL},
        {"#{\"#tag\":\"x\",\"payload\":\"+5\"}", NULL},
    };
    all_are(cases, sizeof cases / sizeof *cases);
}

Test(value_json, what_is_no_record_has_no_members_and_what_is_no_array_no_elements) {
    struct vk_arena arena;
    struct vk_value *record, *array;
    vk_arena_init(&arena, vk_heap_system());
    test_ok(vk_value_new(&arena, VK_VALUE_RECORD, &record));
    test_ok(vk_value_new(&arena, VK_VALUE_ARRAY, &array));
    vk_value_append(record, VK_STR("a"), array);
    cr_assert(vk_value_get(record, "a") == array && !vk_value_get(record, "b"));
    cr_assert(!vk_value_get(NULL, "a") && !vk_value_get(array, "a"));
    cr_assert(!vk_value_at(NULL, 0) && !vk_value_at(record, 0) && !vk_value_at(array, 0));
    vk_arena_release(&arena);
}
