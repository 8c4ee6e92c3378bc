/* escape_test.c - text from anywhere stays text in XML, HTML, Markdown and scripts. */
#include "reports/escape.h"

#include <criterion/criterion.h>
#include <yajl/yajl_tree.h>

#define FFFD "\xef\xbf\xbd"

static struct vk_arena arena;

static void begin(void) { vk_arena_init(&arena, vk_heap_system()); }
static void end(void) { vk_arena_release(&arena); }

TestSuite(escape, .init = begin, .fini = end);

static const char *with(void (*escape)(struct vk_buf *buf, const char *text), const char *text) {
    struct vk_buf buf;
    struct vk_str out;
    vk_buf_init(&buf, &arena);
    escape(&buf, text);
    vk_buf_char(&buf, '\0');
    cr_assert_eq(vk_buf_finish(&buf, &out), VK_OK);
    return out.p;
}

Test(escape, what_is_no_utf8_becomes_the_replacement_character) {
    static const struct {
        struct vk_str in;
        const char *out;
    } cases[] = {
        {{"plain", 5}, "plain"},
        {{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9}, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {{"a\0b", 3}, "a" FFFD "b"},
        {{"\x80", 1}, FFFD},
        {{"\xc0\x80", 2}, FFFD FFFD}, /* overlong */
        {{"\xe0\x80\x80", 3}, FFFD FFFD FFFD},
        {{"\xed\xa0\x80", 3}, FFFD FFFD FFFD}, /* a surrogate */
        {{"\xf4\x90\x80\x80", 4}, FFFD FFFD FFFD FFFD},
        {{"\xf5", 1}, FFFD},
        {{"\xe2\x82", 2}, FFFD FFFD}, /* cut */
        {{"\xc3(", 2}, FFFD "("},
        {{"\xff\xfe", 2}, FFFD FFFD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(report_utf8(cases[i].in, &arena), cases[i].out, "case %zu", i);
}

Test(escape, xml_has_no_markup_and_no_character_that_it_cannot_hold) {
    cr_expect_str_eq(with(report_escape_xml, "<a b=\"c\" d='e'>&amp;]]>"),
                     "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;]]&gt;");
    cr_expect_str_eq(with(report_escape_xml, "a\nb\tc\rd"), "a\nb\tc&#13;d");
    cr_expect_str_eq(with(report_escape_xml_attribute, "a\nb\tc\rd"), "a&#10;b&#9;c&#13;d");
    cr_expect_str_eq(with(report_escape_xml, "\x01\x1b[31m\x0b"), FFFD FFFD "[31m" FFFD);
    cr_expect_str_eq(with(report_escape_xml, "\xef\xbf\xbe\xef\xbf\xbf."), FFFD FFFD ".");
    cr_expect_str_eq(with(report_escape_xml, "\xef\xbf\xbd\xef\xbb\xbf"),
                     "\xef\xbf\xbd\xef\xbb\xbf");
}

Test(escape, a_cell_of_markdown_is_one_line_without_markup) {
    const char *cell = with(report_escape_markdown, "|a`b\n<script>*[x](y)@me#1\\");
    cr_expect_null(strpbrk(cell, "|`\n<>*[]()@\\"), "%s", cell);
    cr_expect_str_eq(with(report_escape_markdown, "plain text, 5.3"), "plain text, 5.3");
    cr_expect_str_eq(with(report_escape_markdown, "a|b"), "a&#124;b");
}

Test(escape, a_block_of_code_ends_where_it_should) {
    cr_expect_str_eq(with(report_markdown_code, "a\nb"), "```text\na\nb\n```\n");
    cr_expect_str_eq(with(report_markdown_code, "a\n"), "```text\na\n```\n");
    cr_expect_str_eq(with(report_markdown_code, ""), "```text\n```\n");
    cr_expect_str_eq(with(report_markdown_code, "x\n```\n````\n"),
                     "`````text\nx\n```\n````\n`````\n");
}

Test(escape, json_in_a_script_ends_no_script_and_says_the_same) {
    static const char json[] = "{\"a\":\"</script><!--<script>\",\"<\":1}";
    struct vk_buf buf;
    struct vk_str out;
    vk_buf_init(&buf, &arena);
    report_escape_script(&buf, vk_str(json));
    vk_buf_char(&buf, '\0');
    cr_assert_eq(vk_buf_finish(&buf, &out), VK_OK);
    cr_expect_null(strchr(out.p, '<'), "%s", out.p);
    yajl_val tree = yajl_tree_parse(out.p, NULL, 0);
    const char *path[] = {"a", NULL};
    cr_assert_not_null(tree);
    cr_expect_str_eq(YAJL_GET_STRING(yajl_tree_get(tree, path, yajl_t_string)),
                     "</script><!--<script>");
    yajl_tree_free(tree);
}
