/* string_list_test.c - JSON arrays of strings under one key: reading, writing, order, and comma lists. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../kernel/object/string_list.h"
#include "testing_state.h"

static struct test_state test;

static void open_it(void) { test_state_open(&test); }
static void close_it(void) { test_state_close(&test); }

#define LIST VK_STR("list")

/* The list, joined with commas. */
static const char *joined(const struct vk_string_list *list) {
    static char text[4096];
    struct vk_str all;
    test_ok(vk_string_list_join(list, &all));
    cr_assert(all.n < sizeof text);
    memcpy(text, all.p, all.n);
    text[all.n] = '\0';
    return text;
}

static struct vk_string_list split(const char *text) {
    struct vk_string_list list;
    vk_string_list_init(&list, &test.arena);
    test_ok(vk_string_list_split(&list, vk_str(text)));
    return list;
}

TEST_OPEN(string_list, load_reads_an_array_in_order) {
    struct vk_string_list list;
    test_given(&test, "list", " [ \"v10\", \"v9\",\"\",\"v10\" ] ");
    test_ok(vk_string_list_load(&list, &test.state, LIST));
    cr_assert(list.count == 4);
    cr_assert_str_eq(joined(&list), "v10,v9,,v10");
    test_given(&test, "list", "[]");
    test_ok(vk_string_list_load(&list, &test.state, LIST));
    cr_assert(list.count == 0);
    test_given(&test, "list", "[ ]");
    test_ok(vk_string_list_load(&list, &test.state, LIST));
    cr_assert(list.count == 0);
}

TEST_OPEN(string_list, save_writes_what_json_stringify_writes) {
    struct vk_string_list list = split("a,b");
    test_ok(vk_string_list_save(&list, &test.state, LIST));
    test_wrote(&test, "set list = [\"a\",\"b\"]");
    vk_string_list_init(&list, &test.arena);
    test_ok(vk_string_list_save(&list, &test.state, LIST));
    test_wrote(&test, "set list = []");
    test_ok(vk_string_list_add(&list, VK_STR("a \"quoted\" \\ name\n\x01\xc3\xa9")));
    test_ok(vk_string_list_save(&list, &test.state, LIST));
    test_wrote(&test, "set list = [\"a \\\"quoted\\\" \\\\ name\\n\\u0001\xc3\xa9\"]");
    test_ok(vk_string_list_load(&list, &test.state, LIST));
    test_is(list.items[0], "a \"quoted\" \\ name\n\x01\xc3\xa9");
}

TEST_OPEN(string_list, what_is_no_list_of_strings_is_corruption) {
    struct vk_string_list list;
    test_corrupt(vk_string_list_load(&list, &test.state, LIST), "storage lacks required key list");
    static const char *const arrays[] = {"{}", "\"v1\"", "null", "1", "{\"0\":\"v1\"}"};
    for (int i = 0; i < 5; i++) {
        test_given(&test, "list", arrays[i]);
        test_corrupt(vk_string_list_load(&list, &test.state, LIST), "key list: expected an array");
    }
    static const char *const strings[] = {"[1]", "[\"v1\",null]", "[[\"v1\"]]", "[{}]", "[true]"};
    for (int i = 0; i < 5; i++) {
        test_given(&test, "list", strings[i]);
        test_corrupt(vk_string_list_load(&list, &test.state, LIST), "key list: expected strings");
    }
    static const char *const texts[] = {"", "[", "[\"v1\"", "[\"v1\",]", "v1", "[] []"};
    for (int i = 0; i < 6; i++) {
        test_given(&test, "list", texts[i]);
        test_corrupt(vk_string_list_load(&list, &test.state, LIST), "key list: not JSON: '");
    }
}

TEST_OPEN(string_list, commas_part_and_join) {
    static const char *const texts[] = {"", "v1", "v1,v3", "ko20,kp40,ko20", "v1,,v2", ",v1"};
    static const size_t counts[] = {0, 1, 2, 3, 3, 2};
    for (int i = 0; i < 6; i++) {
        struct vk_string_list list = split(texts[i]);
        cr_assert(list.count == counts[i], "'%s': %zu", texts[i], list.count);
        cr_assert_str_eq(joined(&list), texts[i]);
    }
    struct vk_string_list more = split("a,b");
    test_ok(vk_string_list_split(&more, VK_STR("c")));
    cr_assert_str_eq(joined(&more), "a,b,c");
}

TEST_OPEN(string_list, has_and_remove_go_by_the_whole_text) {
    struct vk_string_list list = split("v1,v10,v1,v2,v1");
    cr_assert(vk_string_list_has(&list, VK_STR("v10")) && !vk_string_list_has(&list, VK_STR("v")));
    cr_assert(!vk_string_list_has(&list, VK_STR("v100")) && !vk_string_list_has(&list, VK_STR("")));
    cr_assert(!vk_string_list_remove(&list, VK_STR("v3")));
    cr_assert_str_eq(joined(&list), "v1,v10,v1,v2,v1");
    cr_assert(vk_string_list_remove(&list, VK_STR("v1")));
    cr_assert_str_eq(joined(&list), "v10,v2");
    cr_assert(!vk_string_list_remove(&list, VK_STR("v1")));
    struct vk_string_list none = split("");
    cr_assert(!vk_string_list_remove(&none, VK_STR("v1")) &&
              !vk_string_list_has(&none, VK_STR("v1")));
}

TEST_OPEN(string_list, sort_is_by_bytes) {
    struct vk_string_list list = split("v10,v9,v1,v100,v2,v,ko9,ko10");
    vk_string_list_sort(&list, false);
    cr_assert_str_eq(joined(&list), "ko10,ko9,v,v1,v10,v100,v2,v9");
    list = split("b,a,b,a,b,c");
    vk_string_list_sort(&list, false);
    cr_assert_str_eq(joined(&list), "a,a,b,b,b,c");
    vk_string_list_sort(&list, true);
    cr_assert_str_eq(joined(&list), "a,b,c");
    vk_string_list_init(&list, &test.arena);
    vk_string_list_sort(&list, true);
    cr_assert(list.count == 0);
    list = split("a");
    vk_string_list_sort(&list, true);
    cr_assert_str_eq(joined(&list), "a");
}

/* Every length up to 60, so that every shape of the heap is met. */
TEST_OPEN(string_list, sort_of_random_lists_is_sorted_and_whole) {
    static char texts[60][8];
    uint64_t random = 3;
    for (size_t n = 0; n <= 60; n++) {
        struct vk_string_list list, unique;
        size_t sum = 0, distinct = 0;
        vk_string_list_init(&list, &test.arena);
        vk_string_list_init(&unique, &test.arena);
        for (size_t i = 0; i < n; i++) {
            uint64_t id = test_random_below(&random, 80);
            bool seen = false;
            snprintf(texts[i], sizeof texts[i], "v%llu", (unsigned long long)id);
            for (size_t j = 0; j < i; j++)
                seen = seen || strcmp(texts[j], texts[i]) == 0;
            distinct += seen ? 0 : 1;
            sum += (size_t)id;
            test_ok(vk_string_list_add(&list, vk_str(texts[i])));
            test_ok(vk_string_list_add(&unique, vk_str(texts[i])));
        }
        vk_string_list_sort(&list, false);
        vk_string_list_sort(&unique, true);
        cr_assert(list.count == n && unique.count == distinct);
        for (size_t i = 0; i < n; i++) {
            uint64_t id;
            cr_assert(i == 0 || vk_str_cmp(list.items[i - 1], list.items[i]) <= 0);
            cr_assert(vk_str_to_u64(vk_str_from(list.items[i], 1), &id));
            cr_assert(vk_string_list_has(&unique, list.items[i]));
            sum -= (size_t)id;
        }
        cr_assert(sum == 0);
        for (size_t i = 1; i < distinct; i++)
            cr_assert(vk_str_cmp(unique.items[i - 1], unique.items[i]) < 0);
    }
}

TEST_OPEN(string_list, grows_and_shares_no_growth_with_its_copy) {
    struct vk_string_list list;
    vk_string_list_init(&list, &test.arena);
    for (int i = 0; i < 100; i++)
        test_ok(vk_string_list_add(&list, i % 2 ? VK_STR("odd") : VK_STR("even")));
    cr_assert(list.count == 100);
    for (size_t i = 0; i < 100; i++)
        test_is(list.items[i], i % 2 ? "odd" : "even");
}

static enum vk_err there_and_back(struct vk_state *state) {
    struct vk_string_list list;
    VK_TRY(vk_string_list_load(&list, state, LIST));
    for (int i = 0; i < 20; i++)
        VK_TRY(vk_string_list_add(&list, VK_STR("v7")));
    return vk_string_list_save(&list, state, LIST);
}

TEST_OPEN(string_list, host_failures_are_handed_on) {
    test_given(&test, "list", "[\"v1\",\"v2\"]");
    test_sweep_state(&test, there_and_back, 1);
}
