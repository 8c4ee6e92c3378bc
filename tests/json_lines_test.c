/* json_lines_test.c - with --json each line of standard output is an object, of what is wrong with an input as well; with
 * --quiet there is none that tells of no failure.
 */
#include "reports/json_line.h"
#include "sim/command.h"
#include "testing_command.h"
#include "vk/json.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct test_folder folder;

static void folder_make(void) {
    test_folder_make(&folder);
    test_file_write(test_folder_file(&folder, "bad.plan"), VK_STR("crankcase-plan 1\n  blokc\n"));
    test_file_write(test_folder_file(&folder, "good.plan"), VK_STR("crankcase-plan 1\n"));
    test_file_write(test_folder_file(&folder, "bad.slog"), VK_STR("x\"y\n"));
    test_file_write(test_folder_file(&folder, "bad.jsonl"), VK_STR("{\"a\":\n"));
    test_file_write(test_folder_file(&folder, "db"), VK_STR("SQLite format 3\0"));
}

static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(json_lines, .init = folder_make, .fini = folder_remove);

static const struct test_outcome *run(const char *words) {
    return test_command_run(&folder, words);
}

/* How many there are; each is an object. */
static size_t count_objects(const char *words, const char *out) {
    size_t count = 0;
    for (const char *line = out; *line; count++) {
        struct vk_arena arena;
        const struct vk_json *object = NULL;
        size_t n = strcspn(line, "\n");
        vk_arena_init(&arena, vk_heap_system());
        test_ok(vk_json_parse(&arena, (struct vk_str){line, n}, &object));
        cr_expect(object && object->type == VK_JSON_OBJECT, "%s: %.*s", words, (int)n, line);
        vk_arena_release(&arena);
        line += n;
        line += *line == '\n';
    }
    return count;
}

/* ---- the builder */

Test(json_lines, commas_stand_between_members_and_none_before_the_first) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_str(buf, "absent", VK_STR_NONE);
    report_json_text(buf, "text", "a\"{");
    report_json_str(buf, "str", VK_STR("\xff\0{"));
    report_json_raw(buf, "raw", VK_STR("[{}]"));
    report_json_raw(buf, "none", VK_STR_NONE);
    report_json_name(buf, "object");
    vk_buf_char(buf, '{');
    report_json_bool(buf, "truth", true);
    report_json_count(buf, "count", UINT64_MAX);
    vk_buf_char(buf, '}');
    report_json_real(buf, "real", 0.25);
    FILE *out = fopen(test_folder_file(&folder, "line"), "w");
    cr_assert(out);
    report_json_end(&line, out);
    struct vk_str text = test_file_read(test_folder_file(&folder, "line")); /* not yet closed */
    cr_expect(vk_str_eq(text, VK_STR("{\"text\":\"a\\\"{\",\"str\":\"\xef\xbf\xbd\xef\xbf\xbd{\","
                                     "\"raw\":[{}],\"object\":{\"truth\":true,"
                                     "\"count\":18446744073709551615},\"real\":0.25}\n")),
              "%.*s", VK_STR_ARG(text));
    free((void *)(uintptr_t)text.p);
    fclose(out);
}

/* ---- bad input */

Test(json_lines, what_is_wrong_with_an_input_is_an_object_of_every_command) {
    static const struct {
        const char *words, *file;
    } bad[] = {
        {"run bad.plan", "bad.plan"},
        {"run good.plan bad.plan", "bad.plan"},
        {"run absent.plan", "absent.plan"},
        {"run bad.jsonl", "bad.jsonl"},
        {"sweep bad.plan", "bad.plan"},
        {"shrink bad.plan", "bad.plan"},
        {"shrink good.plan", "good.plan"}, /* which does not fail */
        {"diff bad.plan", "bad.plan"},
        {"diff bad.slog bad.slog", "bad.slog"},
        {"diff good.plan", "good.plan"}, /* of one replica */
        {"diff db db", "db"},
        {"postmortem bad.slog", "bad.slog"},
        {"postmortem absent", "absent"},
        {"replay bad.jsonl", "bad.jsonl"},
        {"replay db bad.slog", "bad.slog"},
        {"audit bad.jsonl", "bad.jsonl"},
        {"corpus run .", "bad.plan"},
        {"corpus run absent", "absent"},
        {"report bad.plan", "bad.plan"},
    };
    char words[200], named[100];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(words, sizeof words, "%s --json", bad[i].words);
        const struct test_outcome *outcome = run(words);
        cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
        cr_expect_geq(count_objects(words, outcome->out), 1, "%s", words);
        snprintf(named, sizeof named, "%s\"", bad[i].file);
        const char *line = strstr(outcome->out, named);
        cr_expect(line && strstr(line, "\"error\":\""), "%s: %s", words, outcome->out);
    }
}

Test(json_lines, what_is_wrong_is_told_on_standard_error_as_without) {
    char with[400];
    snprintf(with, sizeof with, "%s", run("run bad.plan --json")->err);
    cr_expect_str_eq(run("run bad.plan --quiet")->err, with);
    cr_expect(strstr(with, "crankcase run: bad.plan:2:3: expected a section"));
    cr_expect(strstr(run("run bad.plan --json")->out,
                     "{\"type\":\"bad-input\",\"file\":\"bad.plan\",\"error\":\"bad.plan:2:3: "));
}

/* ---- lists */

Test(json_lines, the_lists_of_oracles_and_rules_are_objects) {
    static const char *const lists[][2] = {
        {"run --oracles --json", "{\"type\":\"oracle\",\"oracle\":\""},
        {"run --json --oracles", "{\"type\":\"oracle\",\"oracle\":\""},
        {"audit --rules --json", "{\"type\":\"rule\",\"rule\":\""}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct test_outcome *outcome = run(lists[i][0]);
        cr_expect_eq(outcome->code, SIM_EXIT_OK);
        cr_expect_gt(count_objects(lists[i][0], outcome->out), 5);
        cr_expect(strstr(outcome->out, lists[i][1]) == outcome->out, "%s", outcome->out);
    }
    cr_expect(strstr(run("run --oracles")->out, "replicas   every replica") != NULL);
    cr_expect(strstr(run("audit --rules")->out, "schema     ") != NULL);
}

/* ---- sweep */

Test(json_lines, a_quiet_sweep_that_finds_nothing_says_nothing) {
    static const char *const words[] = {"sweep good.plan --crank 2 --quiet",
                                        "sweep good.plan --crank 2 --quiet --json"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct test_outcome *outcome = run(words[i]);
        cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
        cr_expect_str_eq(outcome->out, "");
        cr_expect_str_eq(outcome->err, "");
    }
    const struct test_outcome *outcome = run("sweep good.plan --crank 2 --json");
    cr_expect_eq(count_objects("sweep", outcome->out), 1);
}
