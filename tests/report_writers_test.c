/* report_writers_test.c - JUnit, Markdown, HTML and text from one result database, with the worst that a failure can say. */
#include "reports/escape.h"
#include "reports/report_files.h"
#include "reports/report_html.h"
#include "reports/report_junit.h"
#include "reports/report_markdown.h"
#include "reports/report_results.h"
#include "testing_results.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_tree.h>

static struct test_folder folder;
static struct vk_arena arena, model_arena;
static char path[1000];

static void begin(void) {
    test_folder_make(&folder);
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, "results.sqlite"));
    vk_arena_init(&arena, vk_heap_system());
    vk_arena_init(&model_arena, vk_heap_system());
}

static void end(void) {
    vk_arena_release(&arena);
    vk_arena_release(&model_arena);
    test_folder_remove(&folder);
}

TestSuite(report_writers, .init = begin, .fini = end);

/* Two signatures in three seeds; one fault that never struck. */
static struct report_model campaign(enum report_results_state state) {
    struct report_results results;
    struct report_model model;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    test_results_fail(&results, 1, "a<b>");
    test_results_fail(&results, 2, "c");
    test_results_fail(&results, 3, "a<b>");
    test_results_end(&results, state, 2000, 3);
    vk_arena_release(&model_arena);
    test_results_load(&model, path, &model_arena);
    return model;
}

static struct report_model plans(void) {
    struct report_results results;
    struct report_model model;
    test_results_begin(&results, path, REPORT_RESULTS_PLANS);
    test_ok(report_results_plan_begins(&results, "good.plan"));
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_PASSED, 0.5, "", NULL));
    test_ok(report_results_plan_begins(&results, "good.plan"));
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_PASSED, 0.5, "", NULL));
    test_ok(report_results_plan_begins(&results, "differs|<.plan"));
    test_results_fail(&results, 1, "a");
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_DIFFERENT, 1, "", NULL));
    test_ok(report_results_plan_begins(&results, "bad.plan"));
    test_ok(
        report_results_plan_ends(&results, REPORT_PLAN_BAD, 0, "bad.plan:1:1: " TEST_NASTY, NULL));
    test_ok(report_results_plan_begins(&results, "crashes.plan"));
    vk_arena_release(&model_arena);
    test_results_load(&model, path, &model_arena);
    return model;
}

static const char *written(void (*writer)(struct vk_buf *buf, const struct report_model *model),
                           const struct report_model *model) {
    struct vk_buf buf;
    struct vk_str out;
    vk_buf_init(&buf, &arena);
    writer(&buf, model);
    vk_buf_char(&buf, '\0');
    cr_assert_eq(vk_buf_finish(&buf, &out), VK_OK);
    return out.p;
}

static size_t times(const char *text, const char *what) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

/* ---- JUnit */

static unsigned long count_of(const char *xml, const char *name) {
    char member[40];
    snprintf(member, sizeof member, " %s=\"", name);
    const char *at = strstr(xml, member);
    cr_assert_not_null(at, "%s", name);
    return strtoul(at + strlen(member), NULL, 10);
}

static void expect_counts(const char *xml) {
    cr_expect_eq(count_of(xml, "tests"), times(xml, "<testcase "));
    cr_expect_eq(count_of(xml, "failures"), times(xml, "<failure "));
    cr_expect_eq(count_of(xml, "errors"), times(xml, "<error "));
    cr_expect_eq(count_of(xml, "skipped"), times(xml, "<skipped "));
    cr_expect_eq(times(xml, "<testcase "), times(xml, "<testcase classname=\"crankcase."));
}

/* What stands in <testcase ...> up to its time. */
static void expect_no_case_twice(const char *xml) {
    for (const char *at = xml; (at = strstr(at, "<testcase ")); at++) {
        static char name[20000];
        const char *time = strstr(at, " time=");
        cr_assert_not_null(time);
        snprintf(name, sizeof name, "%.*s", (int)(time - at), at);
        cr_expect_eq(times(xml, name), 1, "%s", name);
    }
}

Test(report_writers, junit_of_plans_has_a_case_each) {
    const struct report_model model = plans();
    const char *xml = written(report_junit, &model);
    expect_counts(xml);
    expect_no_case_twice(xml);
    cr_expect_eq(times(xml, "<testcase "), 6, "five plans, and that it was cut short");
    cr_expect(strstr(xml, "name=\"good.plan\"") && strstr(xml, "name=\"good.plan (2)\""));
    cr_expect(strstr(xml, "reproduce: crankcase run --seed 1 --faults &#39;&lt;&amp;&gt;&#39;"));
    cr_expect(strstr(xml, "was being run when all ended"));
    cr_expect_eq(count_of(xml, "failures"), 1);
    cr_expect_eq(count_of(xml, "errors"), 3);
    cr_expect(strstr(xml, "name=\"comes to its end\" time="));
    cr_expect_null(strchr(xml, '\x01'));
}

/* é's and what is no UTF-8, as many as a path can hold; and names that differ in nothing that XML can write. */
Test(report_writers, names_and_texts_of_any_length_are_whole_and_nobody_elses) {
    enum { PATH = 3900 };
    static char ones[3][PATH + 1], reproduce[PATH + 20];
    static const char *const bytes[] = {"a", "\xc3\xa9", "\xff"};
    struct report_results results;
    struct report_model model;
    test_results_begin(&results, path, REPORT_RESULTS_PLANS);
    for (int i = 0; i < 3; i++) {
        struct sim_failure failure = {
            .event = "none", .vat = VK_NO_VAT, .signature = "crash/none/x"};
        for (size_t n = 0; n + 2 < PATH; n += strlen(bytes[i]))
            strcat(ones[i] + n, bytes[i]);
        strcat(ones[i], i ? "x" : "y");
        memset(failure.what, i ? 'w' : '<', sizeof failure.what - 1);
        snprintf(reproduce, sizeof reproduce, "crankcase run %s", ones[i]);
        const struct report_failure report = {&failure, ones[i], reproduce, ones[i], NULL};
        test_ok(report_results_plan_begins(&results, ones[i]));
        test_ok(report_results_failure(&results, &report));
        test_ok(report_results_plan_ends(&results, REPORT_PLAN_DIFFERENT, 1, "", NULL));
        ones[i][strlen(ones[i]) - 1] = 'z'; /* the same but for its end */
        test_ok(report_results_plan(&results, ones[i], REPORT_PLAN_PASSED, 1, ""));
    }
    static const char *const alike[] = {"same\x01", "same\xff", "same (2)",
                                        "same\xff", "same",     "same"};
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        test_ok(report_results_plan(&results, alike[i], REPORT_PLAN_PASSED, 1, ""));
    test_results_end(&results, REPORT_RESULTS_FINISHED, 12, 3);
    test_results_load(&model, path, &model_arena);
    const char *xml = written(report_junit, &model);
    expect_counts(xml);
    expect_no_case_twice(xml);
    cr_expect_eq(times(xml, "\nsignature: crash/none/x\nplan: "), 3);
    cr_expect_eq(times(xml, "x\nreproduce: crankcase run \xc3\xa9"), 1);
    cr_expect_eq(times(xml, "\xc3\xa9x</failure>"), 1, "the reproducer is whole");
    cr_expect_geq(times(xml, "&lt;"), sizeof((struct sim_failure *)NULL)->what - 1);
    cr_expect(strstr(xml, "name=\"same\xef\xbf\xbd (3)\""));
    cr_expect(strstr(xml, "name=\"same (2)\"") && strstr(xml, "name=\"same (3)\""));
    const struct vk_str valid = vk_str(report_utf8(vk_str(xml), &arena));
    cr_expect(vk_str_eq(valid, vk_str(xml)), "it is no UTF-8");
}

/* A file of a corpus whose failure is another one than expected, and a mutant of which nobody saw anything. */
Test(report_writers, a_list_says_what_was_expected_and_how_to_have_it_again) {
    struct report_results results;
    struct report_model model;
    test_results_begin(&results, path, REPORT_RESULTS_MUTANTS);
    test_ok(report_results_plan(&results, "caught", REPORT_PLAN_PASSED, 1, NULL));
    test_ok(report_results_plan(&results, "not-caught", REPORT_PLAN_DIFFERENT, 2,
                                "nobody saw it\nreproduce: ./dev mutants not-caught"));
    test_ok(report_results_plan_begins(&results, "another.plan"));
    test_results_fail(&results, 1, "a");
    test_results_fail(&results, 2, "b");
    test_ok(report_results_plan_ends(&results, REPORT_PLAN_DIFFERENT, 1, "expected  ok", NULL));
    test_results_end(&results, REPORT_RESULTS_FINISHED, 0, 1);
    test_results_load(&model, path, &model_arena);
    const char *xml = written(report_junit, &model);
    expect_counts(xml);
    cr_expect_eq(times(xml, "classname=\"crankcase.mutants\""), 3);
    cr_expect_eq(times(xml, "<testcase "), 3, "it is whole");
    cr_expect(strstr(xml, "<failure message=\"nobody saw it\" type=\"crankcase\">nobody saw it\n"
                          "reproduce: ./dev mutants not-caught</failure>"));
    cr_expect(strstr(xml, "\n2 failures of it in all\nexpected  ok</failure>"));
    cr_expect_null(strstr(xml, "name=\"seeds\""), "of what is no run there are no totals");
    const char *page = written(report_markdown, &model);
    cr_expect(strstr(page, "| mutants | failed | time |\n"));
    cr_expect(strstr(page, "| not-caught | different | nobody saw it |\n"));
    cr_expect(strstr(
        page,
        "### not-caught\n\n```text\nnobody saw it\nreproduce: ./dev mutants not-caught\n```\n"));
    cr_expect_eq(times(page, "### "), 3, "and two signatures");
    cr_expect(strstr(written(report_html, &model), "\"hasTotals\":false,\"count\":3,\"failed\":2"));
}

/* Of a build with probes, whatever this one is. */
static struct report_model probes(void) {
    static const char sql[] =
        "DELETE FROM probe;"
        "INSERT INTO probe VALUES ('a_reached', 'crank.c', 7, 0, 1, 5), ('b_<missed>', 'gc.c', 8, 0, 1, 0),"
        " ('c_rare', 'vat.c', 9, 1, 0, 0)";
    struct report_results results;
    struct report_model model;
    sqlite3 *db;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    test_results_end(&results, REPORT_RESULTS_FINISHED, 10, 0);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    vk_arena_release(&model_arena);
    test_results_load(&model, path, &model_arena);
    return model;
}

Test(report_writers, a_probe_that_was_to_be_reached_is_a_case_and_one_that_was_not_is_listed) {
    const struct report_model model = probes();
    const char *xml = written(report_junit, &model), *page = written(report_markdown, &model);
    expect_counts(xml);
    expect_no_case_twice(xml);
    cr_expect_eq(times(xml, "crankcase.campaign.probes"), 2, "a rare one need not be reached");
    cr_expect(strstr(xml, "name=\"a_reached\" time=\"0.000\"></testcase>"));
    cr_expect(
        strstr(xml, "name=\"b_&lt;missed&gt;\" time=\"0.000\"><failure message=\"gc.c:8: it was"));
    cr_expect(strstr(page, "Probes: 1 of 3 reached"));
    cr_expect(strstr(page, "| b&#95;&#60;missed&#62; | gc.c:8 | **no success** |"));
    cr_expect(strstr(page, "| c&#95;rare | vat.c:9 | rare |"));
    cr_expect_null(strstr(page, "a&#95;reached"));
    cr_expect(strstr(written(report_html, &model),
                     "\"line\":8,\"rare\":false,\"wanted\":true,\"hits\":0"));
}

Test(report_writers, junit_of_a_campaign_has_a_case_for_all_that_it_is_to_show) {
    const struct report_model model = campaign(REPORT_RESULTS_FINISHED);
    const char *xml = written(report_junit, &model);
    expect_counts(xml);
    expect_no_case_twice(xml);
    cr_expect_eq(count_of(xml, "failures"), 3, "two signatures, and bit-rot never struck");
    cr_expect_eq(times(xml, "classname=\"crankcase.campaign.replicas\""), 2);
    cr_expect(strstr(xml, "1 seeds more have this signature"));
    cr_expect(strstr(xml, "name=\"bit-rot\" time=\"0.000\"><failure "));
    cr_expect(strstr(
        xml, "is not shown\nreproduce: crankcase run --out &#39;&lt;a&amp;b&gt;&#39;</failure>"));
    cr_expect(strstr(xml, "name=\"disk-full\" time=\"0.000\"></testcase>"));
    cr_expect(strstr(xml, "name=\"the state agrees with itself\" time=\"0.000\"></testcase>"));
    cr_expect_eq(times(xml, ">it was left out: nobody looked</skipped>"), 1);
    cr_expect_eq(times(xml, ">nobody looked</skipped>"), SIM_ORACLE_COUNT - 4);
    cr_expect_eq(times(xml, "crankcase.campaign.oracles"), SIM_ORACLE_COUNT - 2,
                 "one did not hold, and there is no recording");
}

Test(report_writers, junit_of_a_campaign_that_ran_nothing_has_shown_nothing) {
    struct report_results results;
    struct report_model model;
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    test_results_load(&model, path, &model_arena);
    const char *xml = written(report_junit, &model);
    expect_counts(xml);
    cr_expect_eq(times(xml, "nobody looked</skipped>"), SIM_ORACLE_COUNT - 1);
    cr_expect_eq(times(xml, "\"></testcase>"), 0, "nothing passed");
}

Test(report_writers, junit_says_how_a_campaign_ended) {
    static const struct {
        enum report_results_state state;
        const char *element;
    } ends[] = {{REPORT_RESULTS_FINISHED, "</testcase>"},
                {REPORT_RESULTS_INTERRUPTED, "<skipped "},
                {REPORT_RESULTS_RUNNING, "<error "},
                {REPORT_RESULTS_FAILED, "<error "}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        remove(path);
        const struct report_model model = campaign(ends[i].state);
        const char *at = strstr(written(report_junit, &model), "name=\"comes to its end\"");
        cr_assert_not_null(at);
        at = strchr(at, '>') + 1;
        cr_expect_eq(strncmp(at, ends[i].element, strlen(ends[i].element)), 0, "%.60s", at);
    }
}

/* ---- Markdown */

Test(report_writers, markdown_says_all_of_a_failure_and_breaks_nothing) {
    const struct report_model model = campaign(REPORT_RESULTS_INTERRUPTED);
    const char *page = written(report_markdown, &model);
    cr_expect(strstr(page, "\n\n## crankcase: failed\n") == page);
    cr_expect(strstr(page, "**Partial.** It was interrupted"));
    cr_expect(strstr(page, "### replicas/send/a&#60;b&#62;\n\n2 times, first seed 1"));
    cr_expect(strstr(page, "crankcase run --seed 1 --faults '<&>'\n```\n"));
    cr_expect(strstr(page, "| bit-rot | halt | 0 (never) |"));
    cr_expect_eq(times(page, "\n````text\ndiffers at"), 2, "its fence is longer than theirs");
}

Test(report_writers, markdown_stays_below_what_github_takes) {
    struct report_results results;
    struct report_model model;
    char family[20];
    test_results_begin(&results, path, REPORT_RESULTS_SEEDS);
    for (unsigned i = 0; i < 300; i++) {
        snprintf(family, sizeof family, "f%u", i);
        test_results_fail(&results, i, family);
    }
    test_results_end(&results, REPORT_RESULTS_FINISHED, 300, 300);
    test_results_load(&model, path, &model_arena);
    const char *page = written(report_markdown, &model);
    cr_expect_lt(strlen(page), (size_t)200 * 1024);
    cr_expect(strstr(page, "And 250 signatures more."));
}

/* Paths of that length are none that any file has, but somebody may type them. */
Test(report_writers, markdown_stays_below_what_github_takes_however_long_names_and_errors_are) {
    enum { PLANS = 300, NAME = 5000, ERROR = 100000 };
    struct report_results results;
    struct report_model model;
    static char name[NAME + 1], error[ERROR + 1];
    test_results_begin(&results, path, REPORT_RESULTS_PLANS);
    memset(name, '_', NAME);
    memset(error, '\n', ERROR);
    for (unsigned i = 0; i < PLANS; i++) {
        snprintf(name + NAME - 20, 20, "%u.plan", i);
        test_ok(report_results_plan(&results, name, REPORT_PLAN_BAD, 0, i % 3 ? name : error));
    }
    test_results_end(&results, REPORT_RESULTS_FINISHED, 0, 0);
    test_results_load(&model, path, &model_arena);
    const char *page = written(report_markdown, &model);
    cr_expect_lt(strlen(page), (size_t)512 * 1024);
    cr_expect(strstr(page, "0.plan | bad |"), "the end of a name says more than its beginning");
    cr_expect(strstr(page, " plans more.\n"));
    cr_expect(strstr(page, " plans more of which there is something to say.\n"));
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), of_end = strlen(end);
    return n >= of_end && strcmp(text + n - of_end, end) == 0;
}

/* A heading is none, and a table neither, within the HTML block of whoever wrote before. */
Test(report_writers, markdown_begins_and_ends_with_a_blank_line) {
    const struct report_model with_faults = campaign(REPORT_RESULTS_FINISHED);
    cr_expect(ends_with(written(report_markdown, &with_faults), "\n</details>\n\n"));
    remove(path);
    const struct report_model with_probes = probes();
    const char *page = written(report_markdown, &with_probes);
    cr_expect(strstr(page, "\n\n## ") == page);
    cr_expect_eq(times(page, "\n</details>\n\n"), 2, "faults and probes");
    cr_expect_eq(times(page, "\n\n<details>"), 2);
    cr_expect(ends_with(page, "\n</details>\n\n"));
    remove(path);
    const struct report_model list = plans();
    page = written(report_markdown, &list);
    cr_expect(strstr(page, "\n\n## ") == page && ends_with(page, "\n\n"));
}

/* ---- HTML */

static yajl_val data_of(const char *page) {
    static const char begins[] = "<script type=\"application/json\" id=\"data\">";
    char error[200] = "";
    const char *at = strstr(page, begins);
    cr_assert_not_null(at);
    at += strlen(begins);
    const char *stop = strstr(at, "</script>");
    cr_assert_not_null(stop);
    char *json = strndup(at, (size_t)(stop - at));
    yajl_val tree = yajl_tree_parse(json, error, sizeof error);
    cr_assert_not_null(tree, "%s", error);
    free(json);
    return tree;
}

Test(report_writers, html_is_one_page_in_which_text_is_data) {
    const struct report_model model = campaign(REPORT_RESULTS_FINISHED);
    const char *page = written(report_html, &model);
    const char *what[] = {"failures", NULL};
    yajl_val data = data_of(page);
    yajl_val failures = yajl_tree_get(data, what, yajl_t_array);
    cr_assert(failures && failures->u.array.len == 3);
    what[0] = "what";
    const char *text =
        YAJL_GET_STRING(yajl_tree_get(failures->u.array.values[0], what, yajl_t_string));
    cr_assert_not_null(text);
    cr_expect(strstr(text, "</script><script>alert(1)</script>"));
    cr_expect_eq(times(page, "<script"), 3, "only those of the page");
    cr_expect_eq(times(page, "alert(1)"), 3, "three times data");
    cr_expect(!strstr(page, "http://") ||
              times(page, "http://") == times(page, "http://www.w3.org"));
    cr_expect(!strstr(page, "https://") && !strstr(page, "src=") && !strstr(page, "@import"));
    yajl_tree_free(data);
}

/* ---- text and JSON lines */

static const char *printed(void (*print)(FILE *out, const struct report_model *model),
                           const struct report_model *model) {
    static char text[200000];
    FILE *out = fmemopen(text, sizeof text, "w");
    print(out, model);
    fclose(out);
    return text;
}

static void print_text(FILE *out, const struct report_model *model) {
    report_results_text(out, model, false);
}

Test(report_writers, text_tells_each_signature_once) {
    const struct report_model model = campaign(REPORT_RESULTS_RUNNING);
    const char *text = printed(print_text, &model);
    cr_expect(strstr(text, "\npartial: It did not come to its end"), "%s", text);
    cr_expect_eq(times(text, " failed: oracle replicas ("), 2);
    cr_expect(strstr(text, "and 1 more of this signature: seed 3\n"));
    cr_expect(strstr(text, "\n3 of 2000 seeds failed\n"));
}

Test(report_writers, json_lines_are_an_object_each) {
    const struct report_model model = campaign(REPORT_RESULTS_FINISHED);
    char *text = strdup(printed(report_results_json, &model));
    size_t lines = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        char error[200] = "";
        yajl_val tree = yajl_tree_parse(line, error, sizeof error);
        cr_expect(tree && YAJL_IS_OBJECT(tree), "%s: %s", line, error);
        yajl_tree_free(tree);
    }
    cr_expect_eq(lines, 1 + 1 + 3 + 1, "campaign, sample, failures, summary");
    free(text);
}

/* Those that could not be read, and the one that was being run, count as well. */
Test(report_writers, of_a_list_of_plans_they_all_count_plans) {
    const struct report_model model = plans();
    const char *text = printed(print_text, &model);
    cr_expect(strstr(text, "\n3 of 5 plans failed\n"), "%s", text);
    cr_expect(strstr(text, "\n  plans                               5  \n"));
    cr_expect_null(strstr(text, "seeds"));
    text = printed(report_results_json, &model);
    cr_expect(strstr(text, "{\"type\":\"summary\",\"plans\":5,\"failures\":3,"), "%s", text);
    cr_expect_null(strstr(text, "\"seeds\""));
    cr_expect(strstr(written(report_junit, &model), "<property name=\"plans\" value=\"5\"/>"));
    cr_expect(strstr(written(report_markdown, &model), "| plans | failed |"));
}

/* Of a crash it is all that is known. */
Test(report_writers, all_of_them_say_what_the_kernel_was_in_the_midst_of) {
    static const char escaped[] = "crank 108 (send) started and never finished: v1, delivery 26, "
                                  "message ko9.&lt;pay&gt;, 0 syscalls so far\nsignature: ";
    const struct report_model model = campaign(REPORT_RESULTS_FINISHED);
    cr_expect_eq(times(printed(print_text, &model), "\n  kernel:    " TEST_FLIGHT "\n"), 1);
    cr_expect_eq(times(printed(report_results_json, &model), "\"flightText\":\"" TEST_FLIGHT "\""),
                 1);
    cr_expect_eq(times(written(report_markdown, &model), "```text\n" TEST_FLIGHT "\n```\n"), 1);
    const char *xml = written(report_junit, &model), *at = strstr(xml, "\nkernel: ");
    cr_expect(at && strncmp(at + 9, escaped, strlen(escaped)) == 0);
    cr_expect_eq(times(xml, "\nkernel: "), 1);
    yajl_val data = data_of(written(report_html, &model));
    const char *what[] = {"failures", NULL};
    yajl_val failures = yajl_tree_get(data, what, yajl_t_array);
    what[0] = "flight";
    cr_expect_str_eq(YAJL_GET_STRING(
                         yajl_tree_get(failures->u.array.values[0], what, yajl_t_string)),
                     TEST_FLIGHT);
    yajl_tree_free(data);
}

/* ---- files */

enum { NOTE_MAX = 200 };

static void note_failure(void *impl, const char *what) { snprintf(impl, NOTE_MAX, "%s", what); }

Test(report_writers, a_summary_is_added_and_other_files_are_replaced) {
    const struct report_model model = campaign(REPORT_RESULTS_FINISHED);
    char summary[1000], junit[1000], note[NOTE_MAX] = "";
    snprintf(summary, sizeof summary, "%s", test_folder_file(&folder, "summary.md"));
    snprintf(junit, sizeof junit, "%s", test_folder_file(&folder, "junit.xml"));
    test_file_write(summary, VK_STR("before\n"));
    test_file_write(junit, VK_STR("before\n"));
    const struct report_files files = {.junit = junit, .summary = summary};
    cr_expect(report_files_write(&files, &model, note, note_failure), "%s", note);
    struct vk_str first = test_file_read(summary), second = test_file_read(junit);
    cr_expect(vk_str_starts(first, VK_STR("before\n\n\n## crankcase: failed")));
    cr_expect(vk_str_starts(second, VK_STR("<?xml ")));
    free((void *)(uintptr_t)first.p);
    free((void *)(uintptr_t)second.p);
    const struct report_files nowhere = {.html = "/no/such/folder/x.html", .junit = junit};
    remove(junit);
    cr_expect(!report_files_write(&nowhere, &model, note, note_failure));
    cr_expect(strstr(note, "/no/such/folder/x.html"), "%s", note);
    second = test_file_read(junit);
    cr_expect_gt(second.n, 100, "what can be written is");
    free((void *)(uintptr_t)second.p);
}
