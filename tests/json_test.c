/* json_test.c - reading and writing JSON as JavaScript does. The expected texts are what Node 20
 * gives. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/js_key.h"
#include "base/js_number.h"
#include "base/js_text.h"
#include "testing_heap.h"
#include <vk/json.h>

static struct vk_str finish(const struct vk_buf *buf) {
    struct vk_str text;
    cr_assert(vk_buf_finish(buf, &text) == VK_OK);
    return text;
}

static const struct vk_json *parse(struct vk_arena *arena, struct vk_str text) {
    const struct vk_json *json;
    cr_assert(vk_json_parse(arena, text, &json) == VK_OK, "%.*s", VK_STR_ARG(text));
    return json;
}

static struct vk_str rewrite(struct vk_arena *arena, struct vk_str text) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, parse(arena, text));
    return finish(&buf);
}

/* JSON.stringify(JSON.parse(first)) */
static const char *const rewritten[][2] = {
    {" 1 ", "1"},
    {"1.0", "1"},
    {"-0", "0"},
    {"-0.0", "0"},
    {"0e5", "0"},
    {"1e21", "1e+21"},
    {"1e20", "100000000000000000000"},
    {"123456789012345678901", "123456789012345680000"},
    {"1e400", "null"},
    {"-1e400", "null"},
    {"1e-400", "0"},
    {"0.1", "0.1"},
    {"5e-324", "5e-324"},
    {"4.9406564584124654e-324", "5e-324"},
    {"2.2250738585072014e-308", "2.2250738585072014e-308"},
    {"1.7976931348623157e308", "1.7976931348623157e+308"},
    {"1e-6", "0.000001"},
    {"1e-7", "1e-7"},
    {"0.000001234", "0.000001234"},
    {"123e-20", "1.23e-18"},
    {"5.684341886080802e-14", "5.684341886080802e-14"},
    {"9007199254740993", "9007199254740992"},
    {"9007199254740992.9999999", "9007199254740992"},
    {"4.35", "4.35"},
    {"1E2", "100"},
    {"-12.50", "-12.5"},
    {"100000000000000000000", "100000000000000000000"},
    {"1000000000000000", "1000000000000000"},
    {"999999999999999", "999999999999999"},
    {"12345678901234567890", "12345678901234567000"},
    {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"/\\b\\f\\n\\r\\t\\\"\\\\\""},
    {"\"\\u0000\\u0001\\u001f\\u007f\\u0080\"", "\"\\u0000\\u0001\\u001f\177\302\200\""},
    {"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\"\303\251\342\202\254\360\237\230\200\""},
    {"\"\303\251\342\202\254\360\237\230\200\"", "\"\303\251\342\202\254\360\237\230\200\""},
    {"\"\\ud800\"", "\"\357\277\275\""},
    {"\"\\udc00x\"", "\"\357\277\275x\""},
    {"\"\\ud800\\ud800\\udc00\"", "\"\357\277\275\360\220\200\200\""},
    {"\"\\ud83dx\\ude00\"", "\"\357\277\275x\357\277\275\""},
    {"\"\\\\ud800\"", "\"\\\\ud800\""},
    {"\"\\ud800\\n\"", "\"\357\277\275\\n\""},
    {"\"\\ud800\\u0041\"", "\"\357\277\275A\""},
    {"\"\\uD83D\\uDE00\"", "\"\360\237\230\200\""},
    {"\"\\ud800\\ue000\"", "\"\357\277\275\356\200\200\""},
    {"\"\\ue000\\uABCD\"", "\"\356\200\200\352\257\215\""},
    {"[ ]", "[]"},
    {"{ }", "{}"},
    {"[1 , 2,\n3]", "[1,2,3]"},
    {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
    {"{\"b\":1,\"a\":2,\"2\":3,\"10\":4,\"1\":5,\"01\":6,\"-1\":7,\"1.5\":8,\"4294967294\":9,\"4294967295\":10,\"0\":11}",
     "{\"0\":11,\"1\":5,\"2\":3,\"10\":4,\"4294967294\":9,\"b\":1,\"a\":2,\"01\":6,\"-1\":7,\"1.5\":8,\"4294967295\":10}"},
    {"{\"1\":1,\"1\":2,\"a\":1,\"1\":3}", "{\"1\":3,\"a\":1}"},
    {"{\"__proto__\":1,\"constructor\":2}", "{\"__proto__\":1,\"constructor\":2}"},
    {"{\"\":1}", "{\"\":1}"},
    {"[null,true,false]", "[null,true,false]"},
    {"\t\r\n 1", "1"},
    {"{\"a\":{\"2\":{\"x\":[]},\"1\":{}}}", "{\"a\":{\"1\":{},\"2\":{\"x\":[]}}}"},
};

Test(json, is_rewritten_as_stringify_does) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof rewritten / sizeof *rewritten; i++) {
        struct vk_str got = rewrite(&arena, vk_str(rewritten[i][0]));
        cr_assert(vk_str_eq(got, vk_str(rewritten[i][1])), "%s gives %.*s, not %s", rewritten[i][0],
                  VK_STR_ARG(got), rewritten[i][1]);
        cr_assert(vk_str_eq(rewrite(&arena, got), got), "%.*s is not stable", VK_STR_ARG(got));
    }
    vk_arena_release(&arena);
}

static const char *const malformed[] = {
    "",
    " ",
    "nul",
    "truee",
    "[",
    "{",
    "\"",
    "\"a",
    "1 2",
    "1\"",
    "\"a\"\"",
    "[1,]",
    "{\"a\":1,}",
    "{,}",
    "[,]",
    "{\"a\"}",
    "{1:2}",
    "'a'",
    "[1 2]",
    "+1",
    ".5",
    "1.",
    "01",
    "-",
    "--1",
    "1e",
    "1e+",
    "0x1",
    "NaN",
    "Infinity",
    "\357\273\2771",
    "1\013",
    "\0141",
    "\"\t\"",
    "\"\n\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u12G4\"",
    "\"\\u12:4\"",
    "\"\\u12/4\"",
    "//x\n1",
    "/*x*/1",
    "[]]",
    "{}}",
    "[1",
    "{\"a\":1",
    "{\"a\":",
    "{\"a\":1 \"b\":2}",
    "\"\\",
    "1 x",
    "[1]]",
    "null null",
    "{\"a\":1}\"",
    "\302\2401",
    "\177",
    "\001",
};

Test(json, malformed_text_is_refused) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        const struct vk_json *json;
        cr_assert(vk_json_parse(&arena, vk_str(malformed[i]), &json) == VK_ERR_SYNTAX, "%s",
                  malformed[i]);
        cr_assert(json == NULL);
    }
    vk_arena_release(&arena);
}

Test(json, malformed_utf8_is_refused) {
    static const char *const bytes[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3\x28",
        "\xe2\x28\xa1",
    };
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        for (size_t pad = 0; pad < 10; pad++) {
            char text[64];
            const struct vk_json *json;
            int n = snprintf(text, sizeof text, "\"%.*s%s\"", (int)pad, "0123456789", bytes[i]);
            cr_assert(vk_json_parse(&arena, (struct vk_str){text, (size_t)n}, &json) ==
                      VK_ERR_SYNTAX);
        }
    }
    vk_arena_release(&arena);
}

Test(json, error_names_the_offset) {
    static const struct {
        const char *text, *offset;
    } cases[] = {
        {"", "byte 0"},         {"[1,\"\\x\"]", "byte 5"}, {"[[", "byte 2"},
        {"1\"", "byte 1 of 2"}, {"[0,\v]", "byte 3 "},     {"\"\xff\"", "byte 1 of 3"},
    };
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct vk_json *json;
        cr_assert(vk_json_parse(&arena, vk_str(cases[i].text), &json) == VK_ERR_SYNTAX);
        cr_assert(strstr(vk_err_origin()->text, cases[i].offset), "%s: %s", cases[i].text,
                  vk_err_origin()->text);
    }
    vk_arena_release(&arena);
}

Test(json, nesting_is_bounded) {
    enum { DEPTH = VK_JSON_DEPTH_MAX };
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    char text[2 * (DEPTH + 1)];
    const struct vk_json *json;
    memset(text, '[', DEPTH + 1);
    memset(text + DEPTH + 1, ']', DEPTH + 1);
    cr_assert(vk_json_parse(&arena, (struct vk_str){text, sizeof text}, &json) == VK_ERR_SYNTAX);
    cr_assert(strstr(vk_err_origin()->text, "deep"));
    struct vk_str deepest = {text + 1, sizeof text - 2};
    cr_assert(vk_str_eq(rewrite(&arena, deepest), deepest));
    vk_arena_release(&arena);
}

Test(json, tree_outlives_the_text) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    char text[] = "{\"key\":\"plain\",\"\\u0061\":\"esc\\u0061ped\",\"n\":12.50}";
    const struct vk_json *json = parse(&arena, vk_str(text));
    memset(text, 'x', sizeof text);
    cr_assert(vk_str_eq(vk_json_string(vk_json_get(json, "key")), VK_STR("plain")));
    cr_assert(vk_str_eq(vk_json_string(vk_json_get(json, "a")), VK_STR("escaped")));
    cr_assert(vk_str_eq(vk_json_get(json, "n")->text, VK_STR("12.50")));
    vk_arena_release(&arena);
}

Test(json, looking_into_what_is_not_there_gives_nothing) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    const struct vk_json *json = parse(&arena, VK_STR("{\"list\":[10,\"x\"],\"s\":\"\"}"));
    const struct vk_json *list = vk_json_get(json, "list");
    cr_assert(vk_str_eq(vk_json_string(vk_json_at(list, 1)), VK_STR("x")));
    cr_assert(vk_json_at(list, 2) == NULL && vk_json_at(json, 0) == NULL);
    cr_assert(vk_json_get(list, "list") == NULL && vk_json_get(json, "lis") == NULL);
    cr_assert(vk_json_get(NULL, "x") == NULL && vk_json_at(NULL, 0) == NULL);
    cr_assert(!vk_str_present(vk_json_string(vk_json_at(list, 0))));
    cr_assert(!vk_str_present(vk_json_string(NULL)));
    cr_assert(vk_str_present(vk_json_string(vk_json_get(json, "s"))), "empty is not absent");
    cr_assert(vk_json_is(list, VK_JSON_ARRAY) && !vk_json_is(NULL, VK_JSON_NULL));
    cr_assert(json->count == 2 && list->count == 2);
    vk_arena_release(&arena);
}

/* Pair by pair, 200000 names would take the better part of a minute. */
Test(json, large_objects_take_no_quadratic_time, .timeout = 20) {
    enum { NAMES = 200000 };
    struct vk_arena arena;
    struct vk_buf in;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&in, &arena);
    for (unsigned i = 0; i < NAMES; i++) {
        char member[32];
        int n = snprintf(member, sizeof member, "%c\"name%06u\":0", i ? ',' : '{', i);
        vk_buf_add(&in, (struct vk_str){member, (size_t)n});
    }
    vk_buf_char(&in, '}');
    cr_assert(parse(&arena, finish(&in))->count == NAMES);
    vk_arena_release(&arena);
}

/* 20000 names, each twice, and as many indexes. */
Test(json, large_objects_keep_javascript_order) {
    enum { NAMES = 20000 };
    struct vk_arena arena;
    struct vk_buf in, expected;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&in, &arena);
    vk_buf_init(&expected, &arena);
    vk_buf_char(&in, '{');
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < NAMES; i++) {
            char member[64];
            unsigned mixed = i * 7919u % NAMES;
            int n = snprintf(member, sizeof member, "%s\"k%u\":%u,\"%u\":%u", pass + i ? "," : "",
                             mixed, pass, mixed, pass + 5);
            vk_buf_add(&in, (struct vk_str){member, (size_t)n});
        }
    }
    vk_buf_char(&in, '}');
    vk_buf_char(&expected, '{');
    for (unsigned i = 0; i < NAMES; i++) {
        char member[32];
        int n = snprintf(member, sizeof member, "\"%u\":6,", i);
        vk_buf_add(&expected, (struct vk_str){member, (size_t)n});
    }
    for (unsigned i = 0; i < NAMES; i++) {
        char member[32];
        int n = snprintf(member, sizeof member, "%s\"k%u\":1", i ? "," : "", i * 7919u % NAMES);
        vk_buf_add(&expected, (struct vk_str){member, (size_t)n});
    }
    vk_buf_char(&expected, '}');
    cr_assert(vk_str_eq(rewrite(&arena, finish(&in)), finish(&expected)));
    vk_arena_release(&arena);
}

Test(json, quoting_is_right_at_every_offset) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (int special = 0; special < 256; special++) {
        for (size_t length = 1; length < 20; length++) {
            for (size_t at = 0; at < length; at++) {
                char text[20], expected[64];
                size_t n = 0;
                memset(text, 'a', sizeof text);
                text[at] = (char)special;
                expected[n++] = '"';
                for (size_t i = 0; i < length; i++) {
                    const char *shorts = "\"\"\\\\\bb\tt\nn\ff\rr", *hit = NULL;
                    for (const char *s = shorts; *s && !hit; s += 2)
                        if (*s == text[i]) hit = s;
                    if (hit)
                        n += (size_t)sprintf(expected + n, "\\%c", hit[1]);
                    else if ((unsigned char)text[i] < 0x20)
                        n += (size_t)sprintf(expected + n, "\\u%04x", (unsigned)text[i]);
                    else
                        expected[n++] = text[i];
                }
                expected[n++] = '"';
                struct vk_buf buf;
                vk_buf_init(&buf, &arena);
                vk_json_quote(&buf, (struct vk_str){text, length});
                cr_assert(vk_str_eq(finish(&buf), (struct vk_str){expected, n}), "byte %d",
                          special);
            }
        }
        vk_arena_clear(&arena);
    }
    vk_arena_release(&arena);
}

static uint64_t fnv(uint64_t hash, struct vk_str text) {
    for (size_t i = 0; i < text.n; i++)
        hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* A hundred thousand doubles of all magnitudes; Node's texts for the same ones have this hash. */
Test(json, doubles_are_written_as_javascript_writes_them) {
    struct vk_arena arena;
    uint64_t state = UINT64_C(0x9e3779b9), hash = UINT64_C(0xcbf29ce484222325);
    unsigned count = 0;
    vk_arena_init(&arena, vk_heap_system());
    for (int i = 0; i < 100000; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = state ^ state >> 29;
        if ((bits >> 52 & 0x7ff) == 0x7ff) continue;
        double value;
        struct vk_buf buf;
        memcpy(&value, &bits, sizeof value);
        vk_buf_init(&buf, &arena);
        vk_json_double(&buf, value);
        vk_buf_char(&buf, '\n');
        hash = fnv(hash, finish(&buf));
        vk_arena_clear(&arena);
        count++;
    }
    cr_assert(count == 99949);
    cr_assert(hash == UINT64_C(0x26c1fc3f6ce85b2d), "%llx", (unsigned long long)hash);
    vk_arena_release(&arena);
}

/* Powers of two have neighbours at unequal distances, which is where shortest texts go wrong. */
Test(json, every_power_of_two_reads_back) {
    double value = 5e-324;
    for (int exponent = -1074; exponent < 1024; exponent++, value *= 2) {
        char text[VK_JS_NUMBER_TEXT_MAX + 1];
        size_t n = vk_js_number_format(value, text);
        cr_assert(vk_js_number_of_json((struct vk_str){text, n}) == value, "2**%d", exponent);
        text[n] = '\0';
        cr_assert(strtod(text, NULL) == value, "2**%d: %s", exponent, text);
    }
}

Test(json, numbers_do_not_follow_the_locale) {
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    bool set = false;
    for (size_t i = 0; i < sizeof commas / sizeof *commas && !set; i++)
        set = setlocale(LC_ALL, commas[i]) != NULL;
    if (!set) cr_skip_test("no locale with a decimal comma is installed");
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    cr_assert(
        vk_str_eq(rewrite(&arena, VK_STR("[1.50,1e-7,2.5e30]")), VK_STR("[1.5,1e-7,2.5e+30]")));
    vk_arena_release(&arena);
}

Test(json, index_like_names_are_those_of_arrays) {
    static const char *const yes[] = {"0", "1", "10", "4294967294"};
    static const char *const no[] = {"",   "00", "01",         "-1",         "+1",          "1.0",
                                     "1 ", "a",  "4294967295", "4294967296", "99999999999", "1e3"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        cr_assert(vk_js_key_is_index(vk_str(yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        cr_assert(!vk_js_key_is_index(vk_str(no[i])), "%s", no[i]);
}

Test(json, texts_sort_by_utf16_units) {
    static const char *const sorted[] = {
        "",
        "a",
        "ab",
        "a\x7f",
        "b",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xed\x9f\xbf",
        "\xf0\x90\x80\x80",
        "\xf0\x9f\x98\x80",
        "\xf4\x8f\xbf\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
    };
    enum { COUNT = sizeof sorted / sizeof *sorted };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            int order = vk_js_text_compare(vk_str(sorted[i]), vk_str(sorted[j]));
            cr_assert((order > 0) - (order < 0) == (i > j) - (i < j), "%d %d", i, j);
        }
    }
}

static void parse_and_write(struct vk_arena *arena, enum vk_err *err) {
    static const char text[] =
        "{\"b\":[1,2.5,\"\\u00e9\\n\"],\"a\":{},\"2\":null,\"1\":true,\"b\":1,"
        "\"c\":\"0123456789abcdef0123456789abcdef\"}";
    const struct vk_json *json;
    struct vk_buf buf;
    struct vk_str out;
    *err = vk_json_parse(arena, vk_str(text), &json);
    if (*err != VK_OK) return;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    *err = vk_buf_finish(&buf, &out);
}

Test(json, out_of_memory_is_an_error_wherever_it_strikes) { test_sweep_arena(parse_and_write, 20); }
