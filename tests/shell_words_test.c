/* shell_words_test.c - what is printed to be typed in again has the same words in a shell, and the same failure, whatever the
 * names of files are.
 */
#include "reports/shell_words.h"
#include "sim/command.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

static struct test_folder folder;

static void begin(void) { test_folder_make(&folder); }
static void end(void) { test_folder_remove(&folder); }

TestSuite(shell_words, .init = begin, .fini = end);

enum { OUT_MAX = 40000 };

/* What a shell in the folder, that finds the command, makes of a line: its output, and how that ended. */
static int shell(const char *line, char out[OUT_MAX]) {
    char all[OUT_MAX];
    int n = snprintf(all, sizeof all, "cd %s && PATH=%s:$PATH && exec 2>err\n%s", folder.path,
                     TEST_BINARY_DIR, line);
    cr_assert(n > 0 && n < OUT_MAX);
    FILE *pipe = popen(all, "r");
    cr_assert(pipe != NULL);
    size_t length = fread(out, 1, OUT_MAX - 1, pipe);
    out[length] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool exists(const char *name) { return access(test_folder_file(&folder, name), F_OK) == 0; }

/* ---- words */

Test(shell_words, a_word_that_needs_no_quotes_has_none) {
    char line[300] = "crankcase";
    static const char *const words[] = {"run", "--seed", "5", "a/b-c_d.e@f%,+=:1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        report_shell_word(line, sizeof line, words[i]);
    report_shell_path(line, sizeof line, "my.plan");
    report_shell_path(line, sizeof line, "-");
    cr_expect_str_eq(line, "crankcase run --seed 5 a/b-c_d.e@f%,+=:1 my.plan -");
}

Test(shell_words, any_byte_comes_through_a_shell) {
    char all[256], line[REPORT_SHELL_MAX(255) + 100] = "printf '%s|'", wanted[600];
    char out[OUT_MAX];
    for (int byte = 1; byte < 256; byte++)
        all[byte - 1] = (char)byte;
    all[255] = '\0';
    const char *const words[] = {all, "", " ", "'", "a'b''c", "$HOME", "`id`", "~", "*", "#"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        report_shell_word(line, sizeof line, words[i]);
        n += (size_t)snprintf(wanted + n, sizeof wanted - n, "%s|", words[i]);
    }
    cr_expect_eq(shell(line, out), 0);
    cr_expect_str_eq(out, wanted, "%s", line);
}

Test(shell_words, a_path_that_looks_like_an_option_is_none) {
    char line[100] = "";
    report_shell_path(line, sizeof line, "-x y.plan");
    cr_expect_str_eq(line, "'./-x y.plan'");
}

/* ---- commands */

static const char failing_plan[] = "crankcase-plan 1\n"
                                   "program alice\n  turn\n    send i1 new\n"
                                   "program bob\n  turn\n    store-set key=2\n"
                                   "vat alice alice\nvat bob bob\nbootstrap alice\n"
                                   "block after=1000\nreplica\nreplica\n"
                                   "fault 1 vat-overruns at=2\n";

static void write_file(const char *name, const char *text) {
    test_file_write(test_folder_file(&folder, name), vk_str(text));
}

/* A member of the first object of a command's output in JSON. */
static void member(const char *out, const char *name, char text[OUT_MAX]) {
    const char *path[] = {name, NULL};
    char line[OUT_MAX];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(out, "\n"), out);
    yajl_val object = yajl_tree_parse(line, NULL, 0);
    yajl_val value = yajl_tree_get(object, path, yajl_t_string);
    cr_assert(value != NULL, "no %s in %s", name, out);
    snprintf(text, OUT_MAX, "%s", YAJL_GET_STRING(value));
    yajl_tree_free(object);
}

/* `words` come to a failure of the file that PLAN names; typed in, its reproducer comes to the same. */
static void expect_reproduced(const char *words, char reproduce[OUT_MAX]) {
    char line[OUT_MAX], out[OUT_MAX], again[OUT_MAX], first[OUT_MAX], second[OUT_MAX];
    snprintf(line, sizeof line, "%s --quiet --json -- \"$PLAN\"", words);
    cr_assert_eq(shell(line, out), SIM_EXIT_DIFFERENCE, "%s: %s", line, out);
    member(out, "signature", first);
    member(out, "reproduce", reproduce);
    snprintf(line, sizeof line, "%s --quiet --json", reproduce);
    cr_assert_eq(shell(line, again), SIM_EXIT_DIFFERENCE, "%s: %s", line, again);
    member(again, "signature", second);
    cr_expect_str_eq(first, second);
    member(again, "reproduce", second);
    cr_expect_str_eq(second, reproduce);
}

Test(shell_words, a_reproducer_runs_the_same_plan_whatever_its_name_is) {
    static const char *const names[] = {"my plan.plan",      "it's.plan",        "`touch ran`.plan",
                                        "$(touch ran).plan", "$HOME.plan",       "\"q\"\\n.plan",
                                        "two\nlines.plan",   ";touch ran;.plan", "-dash.plan",
                                        "- -json '\"`$.plan"};
    char reproduce[OUT_MAX], out[OUT_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        write_file(names[i], failing_plan);
        setenv("PLAN", names[i], 1);
        expect_reproduced("crankcase run", reproduce);
        shell("crankcase run --quiet -- \"$PLAN\"", out);
        const char *printed = strstr(out, "\n  reproduce: ");
        cr_assert(printed != NULL, "%s", out);
        printed += strlen("\n  reproduce: ");
        cr_expect(strncmp(printed, reproduce, strlen(reproduce)) == 0, "%s", out);
        cr_expect(!exists("ran"), "%s", reproduce);
    }
}

Test(shell_words, a_reproducer_has_the_options_that_make_the_run_what_it_is) {
    char reproduce[OUT_MAX];
    write_file("my plan", failing_plan);
    write_file("my words", "crank-900: skip\n");
    setenv("PLAN", "my plan", 1);
    expect_reproduced("crankcase run --no-activityhash --halt-after 900 --keep 'k d' "
                      "--check-every 2 --off rollback,twice --directives 'my words' "
                      "--directives-at-start",
                      reproduce);
    cr_expect_str_eq(reproduce, "crankcase run --off twice,rollback --check-every 2 "
                                "--no-activityhash --keep 'k d' --directives-at-start "
                                "--halt-after 900 --directives 'my words' 'my plan'");
    expect_reproduced("crankcase run --directives '1=my words'", reproduce);
    cr_expect_str_eq(reproduce, "crankcase run --directives '1=my words' 'my plan'");
}

static void expect_printed(const char *line, const char *wanted) {
    char out[OUT_MAX];
    shell(line, out);
    cr_expect(strstr(out, wanted), "%s: no %s in %s", line, wanted, out);
}

static void write_panicking_plan(const char *name) {
    char path[600];
    snprintf(path, sizeof path, "%s/corpus/regressions/class-send-vk-err-corrupt.plan",
             TEST_SOURCE_DIR);
    struct vk_str text = test_file_read(path);
    test_file_write(test_folder_file(&folder, name), text);
    free((void *)(uintptr_t)text.p);
}

Test(shell_words, whatever_names_a_command_has_it_for_a_shell) {
    char line[1000];
    mkdir(test_folder_file(&folder, "a folder"), 0700);
    write_file("a folder/it's.plan", failing_plan);
    write_panicking_plan("p p.plan");
    expect_printed("crankcase corpus run 'a folder'",
                   "    reproduce: crankcase run 'a folder/it'\\''s.plan'\n");
    expect_printed("crankcase run --shrink --quiet \"a folder/it's.plan\"",
                   "-shrunk.plan\n  reproduce: crankcase run 'a folder/it'\\''s-shrunk.plan'\n");
    snprintf(line, sizeof line,
             "cp %s/corpus/ci/canary.plan 'c c.plan'\ncrankcase-planted abort-denied sweep --quiet "
             "--out 'my out' --every 50 --faults vat-overruns-at-once -- 'c c.plan'",
             TEST_SOURCE_DIR);
    expect_printed(line, "  reproduce: crankcase run 'my out'\n");
    expect_printed(line, "  reproduce: crankcase sweep --every 50 'c c.plan' --crank 8 --faults "
                         "vat-overruns-at-once\n");
    expect_printed("crankcase run 'p p.plan'",
                   "  to find out: crankcase run 'p p.plan' --keep DIR\n");
    expect_printed("crankcase run --keep 'k d' 'p p.plan'",
                   "  post-mortem: crankcase postmortem 'k d/replica-0' 'k d/replica-0/slog'\n");
    snprintf(line, sizeof line,
             "cp %s/corpus/recordings/suite/controller-01.jsonl.xz 'my r.jsonl.xz'\n"
             "crankcase-planted count-too-high replay --no-slog --vats-online 3 --store direct "
             "--junit j.xml 'my r.jsonl.xz'; cat j.xml",
             TEST_SOURCE_DIR);
    expect_printed(line, "reproduce: crankcase replay --store direct --vats-online 3 --no-slog "
                         "&#39;my r.jsonl.xz&#39;");
    snprintf(line, sizeof line, "crankcase run --junit j.xml --quiet -- 'p p.plan'; cat j.xml");
    expect_printed(line, "crankcase run --junit j.xml --quiet -- &#39;p p.plan&#39;");
}
