/* js_test.c - numbers, bigints and texts as JavaScript reads and writes them: every expected value here is what
 * Number(), String(), BigInt(), trim() and sort() of ECMAScript give.
 */
#include <base/js_bigint.h>
#include <base/js_number.h>
#include <base/js_text.h>
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "testing_store.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

Test(js, number_is_read_from_json) {
    static const struct {
        const char *text;
        double value;
    } numbers[] = {
        {"0", 0},
        {"-0", -0.0},
        {"12", 12},
        {"-1.5", -1.5},
        {"0.001", 0.001},
        {"100.25", 100.25},
        {"1e3", 1000},
        {"1E3", 1000},
        {"1e+3", 1000},
        {"1e-3", 0.001},
        {"0e5", 0},
        {"0.000e-5", 0},
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"1e-400", 0},
        {"1e999999999999999999999", INFINITY},
        {"1e-999999999999999999999", 0},
        {"1.7976931348623157e308", DBL_MAX},
        {"5e-324", 4.9406564584124654e-324},
        {"9007199254740993", 9007199254740992},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        double value = vk_js_number_of_json(vk_str(numbers[i].text));
        cr_assert(value == numbers[i].value, "%s is %.17g", numbers[i].text, value);
        cr_assert(signbit(value) == signbit(numbers[i].value), "%s", numbers[i].text);
    }
}

/* 2**53 + 1 lies between two doubles; what decides comes after more digits than are kept. */
Test(js, number_with_a_thousand_digits_is_rounded_rightly) {
    static char text[1100];
    int n = snprintf(text, sizeof text, "9007199254740993.");
    memset(text + n, '0', 1000);
    cr_assert(vk_js_number_of_json(vk_str(text)) == 9007199254740992.0, "a tie, to even");
    text[n + 900] = '1';
    cr_assert(vk_js_number_of_json(vk_str(text)) == 9007199254740994.0);
}

Test(js, number_is_read_from_a_string) {
    static const struct {
        const char *text;
        double value;
    } numbers[] = {
        {"", 0},
        {" \n\t\v\f\r ", 0},
        {"\xc2\xa0 7 \xe2\x80\xa9", 7},
        {"+12", 12},
        {"-12.5", -12.5},
        {".5", 0.5},
        {"5.", 5},
        {"1e2", 100},
        {"Infinity", INFINITY},
        {"-Infinity", -INFINITY},
        {"+Infinity", INFINITY},
        {"0x1F", 31},
        {"0Xaf", 175},
        {"0o17", 15},
        {"0O7", 7},
        {"0b101", 5},
        {"0B1", 1},
        {"012", 12},
        {"0", 0},
    };
    static const char *const none[] = {
        "x",  "1x",  "1e", "1e+", "1ex", ".",   "e5",  "+",    "-",        "0x",  "0xg",  "0x@",
        "0o", "0o8", "0b", "0b2", "1 2", "1,2", "--1", "0x-1", "infinity", "1_0", "0x1G", "0b/",
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        double value = vk_js_number_of_string(vk_str(numbers[i].text));
        cr_assert(value == numbers[i].value, "'%s' is %.17g", numbers[i].text, value);
    }
    for (size_t i = 0; i < COUNT(none); i++)
        cr_assert(isnan(vk_js_number_of_string(vk_str(none[i]))), "'%s'", none[i]);
}

Test(js, number_is_written_as_short_as_it_can_be) {
    static const struct {
        double value;
        const char *text;
    } numbers[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {1.5e21, "1.5e+21"},
        {1e-6, "0.000001"},
        {1e-7, "1e-7"},
        {1.25e-7, "1.25e-7"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0.1 + 0.2, "0.30000000000000004"},
        {9007199254740993.0, "9007199254740992"},
        {100, "100"},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char text[VK_JS_NUMBER_TEXT_MAX];
        size_t n = vk_js_number_format(numbers[i].value, text);
        cr_assert(vk_str_eq((struct vk_str){text, n}, vk_str(numbers[i].text)), "%.17g is %.*s",
                  numbers[i].value, (int)n, text);
    }
}

/* At powers of two the nearest decimal from below need not read back; every one of them is tried. */
Test(js, number_that_is_written_reads_back) {
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        char text[VK_JS_NUMBER_TEXT_MAX];
        double value = ldexp(1, exponent);
        size_t n = vk_js_number_format(value, text);
        cr_assert(vk_js_number_of_json((struct vk_str){text, n}) == value, "2**%d", exponent);
    }
}

Test(js, plain_number_is_an_integer_as_it_would_be_written) {
    static const char *const plain[] = {
        "0", "1", "-1", "10", "123456789012345", "-999999999999999"};
    static const char *const others[] = {"",    "-",   "-0", "00", "01", "-01",
                                         "1.5", "1e2", "1x", "x",  "1-", "1234567890123456"};
    for (size_t i = 0; i < COUNT(plain); i++)
        cr_assert(vk_js_number_is_plain(vk_str(plain[i])), "%s", plain[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        cr_assert(!vk_js_number_is_plain(vk_str(others[i])), "%s", others[i]);
}

Test(js, bigint_is_read) {
    static const struct {
        const char *text, *digits; /* NULL: BigInt() throws */
    } bigints[] = {
        {"", "0"},
        {"  ", "0"},
        {"0", "0"},
        {"000", "0"},
        {"-0", "0"},
        {"-000", "0"},
        {"+12", "12"},
        {"-0012", "-12"},
        {" 7\n", "7"},
        {"0x", NULL},
        {"0x0", "0"},
        {"0x00", "0"},
        {"0xfF", "255"},
        {"0Xf", "15"},
        {"0o17", "15"},
        {"0O7", "7"},
        {"0b101", "5"},
        {"0B1", "1"},
        {"0x3b9aca00", "1000000000"},
        {"0xffffffffffffffffffffffff", "79228162514264337593543950335"},
        {"0o7777777777777777777777", "73786976294838206463"},
        {"0b11111111111111111111111111111", "536870911"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"0xg", NULL},
        {"0o8", NULL},
        {"0b2", NULL},
        {"0z1", NULL},
        {"-0x1", NULL},
        {"-", NULL},
        {"+", NULL},
        {"1.5", NULL},
        {"1e3", NULL},
        {"1n", NULL},
        {"/", NULL},
        {"\x60", NULL},
    };
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < COUNT(bigints); i++) {
        struct vk_str out = VK_STR_NONE;
        bool legal;
        test_ok(vk_js_bigint_read(&arena, vk_str(bigints[i].text), &legal, &out));
        cr_assert(legal == (bigints[i].digits != NULL), "'%s'", bigints[i].text);
        cr_assert(!legal || vk_str_eq(out, vk_str(bigints[i].digits)), "'%s' is %.*s",
                  bigints[i].text, VK_STR_ARG(out));
    }
    vk_arena_release(&arena);
}

Test(js, utf8_is_well_formed_or_it_is_none) {
    static const struct {
        const char *text;
        size_t length;
    } texts[] = {
        {"", 0},
        {"a", 1},
        {"\x7f", 1},
        {"\xc3\xa9", 2},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xed\x9f\xbf", 3},
        {"\xe0\xa0\x80", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\x80", 0},
        {"\xc1\xbf", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xc3", 0},
        {"\xc3(", 0},
        {"\xe2\x82", 0},
        {"\xe2(\xa1", 0},
        {"\xe2\x82(", 0},
        {"\xf0\x9f\x98(", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        const char *end = texts[i].text + strlen(texts[i].text);
        cr_assert(vk_js_utf8_length(texts[i].text, end) == texts[i].length, "case %zu", i);
    }
}

Test(js, texts_are_ordered_by_utf_16) {
    static const char *const ordered[] = {"",
                                          "a",
                                          "ab",
                                          "b",
                                          "\xc3\xa9",
                                          "\xed\x9f\xbf",
                                          "\xf0\x90\x80\x80",
                                          "\xf4\x8f\xbf\xbf",
                                          "\xee\x80\x80",
                                          "\xef\xbf\xbd"};
    for (size_t i = 0; i < COUNT(ordered); i++)
        for (size_t j = 0; j < COUNT(ordered); j++)
            cr_assert(vk_js_text_compare(vk_str(ordered[i]), vk_str(ordered[j])) ==
                          (i > j) - (i < j),
                      "%zu and %zu", i, j);
}

Test(js, white_space_is_trimmed_at_both_sides) {
    static const struct {
        const char *text, *trimmed;
    } texts[] = {
        {"", ""},
        {" \t\n\v\f\r", ""},
        {" a b ", "a b"},
        {"\xc2\xa0x\xc2\xa0", "x"},
        {"\xe1\x9a\x80x\xe1\x9a\x80", "x"},
        {"\xe2\x80\x80x\xe2\x80\x8a", "x"},
        {"\xe2\x80\xa8x\xe2\x80\xa9", "x"},
        {"\xe2\x80\xafx\xe2\x81\x9f", "x"},
        {"\xe3\x80\x80x\xef\xbb\xbf", "x"},
        {"\xe2\x80\x8bx\xe2\x80\x8b", "\xe2\x80\x8bx\xe2\x80\x8b"},
        {"\xf0\x9f\x98\x80 ", "\xf0\x9f\x98\x80"},
        {"\x1c", "\x1c"},
        {"\x08", "\x08"},
        {"\xc2\x85", "\xc2\x85"},
        {"\x80 ", "\x80"},
        {"x\xc3", "x\xc3"},
        {"x\xa0\xa0", "x\xa0\xa0"},
        {"\xa0", "\xa0"},
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        cr_assert(vk_str_eq(vk_js_text_trim(vk_str(texts[i].text)), vk_str(texts[i].trimmed)),
                  "case %zu", i);
}

Test(js, line_ends_are_four) {
    static const char *const with[] = {"\n", "a\r", "a\xe2\x80\xa8", "\xe2\x80\xa9z"};
    static const char *const without[] = {"",         "a",   "\xe2\x80\xa7", "\xe2\x83\xa8",
                                          "\xe2\x80", "\xe2"};
    for (size_t i = 0; i < COUNT(with); i++)
        cr_assert(vk_js_text_has_line_end(vk_str(with[i])), "case %zu", i);
    for (size_t i = 0; i < COUNT(without); i++)
        cr_assert(!vk_js_text_has_line_end(vk_str(without[i])), "case %zu", i);
}
