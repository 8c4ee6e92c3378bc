/* plan_command_test.c - `crankcase plan`: what it prints and returns; and the lists of --faults.
 */
#include "sim/command.h"
#include "sim/fault_words.h"
#include "testing_store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(plan_command, .init = folder_make, .fini = folder_remove);

enum { ARGUMENTS_MAX = 8, OUTPUT_MAX = 256 * 1024 };

struct output {
    int code;
    char text[OUTPUT_MAX]; /* both streams */
};

/* Runs the command with the words of `line`. */
static const struct output *run(const char *line) {
    static struct output output;
    static char words[1024];
    char *argv[ARGUMENTS_MAX + 1] = {NULL}, *rest = words;
    int argc = 0;
    snprintf(words, sizeof words, "plan %s", line);
    while (*rest) {
        cr_assert(argc < ARGUMENTS_MAX);
        argv[argc++] = rest;
        rest += strcspn(rest, " ");
        if (*rest) *rest++ = '\0';
    }
    const char *path = test_folder_file(&folder, "output");
    fflush(stdout);
    int kept_out = dup(STDOUT_FILENO), kept_err = dup(STDERR_FILENO);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    cr_assert(kept_out >= 0 && kept_err >= 0 && to >= 0);
    dup2(to, STDOUT_FILENO);
    dup2(to, STDERR_FILENO);
    close(to);
    output.code = sim_cmd_plan.run(argc, argv);
    fflush(stdout);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_err, STDERR_FILENO);
    close(kept_out);
    close(kept_err);
    struct vk_str text = test_file_read(path);
    cr_assert(text.n < sizeof output.text);
    memcpy(output.text, text.p, text.n);
    output.text[text.n] = '\0';
    free((void *)(uintptr_t)text.p);
    remove(path);
    return &output;
}

static void write_file(const char *name, const char *text, char *path, size_t size) {
    snprintf(path, size, "%s", test_folder_file(&folder, name));
    test_file_write(path, vk_str(text));
}

static void expect(const char *line, int code, const char *wanted) {
    const struct output *output = run(line);
    cr_expect_eq(output->code, code, "%s: %d, not %d:\n%s", line, output->code, code, output->text);
    cr_expect(strstr(output->text, wanted), "%s: no \"%s\" in\n%s", line, wanted, output->text);
}

Test(plan_command, prints_the_plan_of_a_seed_and_takes_it_back) {
    char path[128], line[300];
    char *first = strdup(run("--seed 42 --replicas 3")->text);
    cr_expect(strncmp(first, "crankcase-plan 1\nseed 42\n", 25) == 0);
    cr_expect_str_eq(run("--replicas=3 --seed=42")->text, first);
    cr_expect_str_neq(run("--seed 43 --replicas 3")->text, first);
    cr_expect_str_neq(run("--seed 42 --replicas 2")->text, first);
    cr_expect_str_neq(run("--seed 42 --replicas 3 --scale 3")->text, first);
    cr_expect_eq(strstr(run("--seed 42 --faults none")->text, "\nfault "), NULL);
    write_file("my.plan", first, path, sizeof path);
    cr_expect_str_eq(run(path)->text, first);
    snprintf(line, sizeof line, "--check %s", path);
    cr_expect_str_eq(run(line)->text, "");
    snprintf(line, sizeof line, "%s %s", path, path);
    expect(line, SIM_EXIT_OK, "my.plan\ncrankcase-plan 1\nseed 42\n");
    free(first);
}

Test(plan_command, says_where_a_plan_is_wrong) {
    char good[128], bad[128], line[300], wanted[300];
    write_file("good.plan", "crankcase-plan 1\n", good, sizeof good);
    write_file("bad.plan", "crankcase-plan 1\n  blokc\n", bad, sizeof bad);
    snprintf(line, sizeof line, "--check %s %s", bad, good);
    snprintf(wanted, sizeof wanted,
             "crankcase plan: %s:2:3: expected a section, found 'blokc' (did you mean 'block'?)\n",
             bad);
    expect(line, SIM_EXIT_BAD_INPUT, wanted);
    snprintf(line, sizeof line, "%s %s", bad, good);
    expect(line, SIM_EXIT_BAD_INPUT, "good.plan\ncrankcase-plan 1\n");
    write_file("empty.plan", "", bad, sizeof bad);
    expect(bad, SIM_EXIT_BAD_INPUT, "empty.plan:1:1: expected crankcase-plan 1, found the end");
    expect(test_folder_file(&folder, "absent"), SIM_EXIT_BAD_INPUT, "absent: No such file");
    expect(folder.path, SIM_EXIT_BAD_INPUT, "Is a directory");
}

Test(plan_command, says_what_is_wrong_with_its_options) {
    static const struct {
        const char *line, *wanted;
    } bad[] = {
        {"", "neither a seed nor a plan is named (see crankcase plan --help)\n"},
        {"--seed", "a value is missing after --seed "},
        {"--seed x", "--seed takes a number, not x "},
        {"--seed -1", "--seed takes a number, not -1 "},
        {"--sped 1", "unknown option --sped "},
        {"--seed 1 --replicas 8", "--replicas takes a number from 1 to 7, not 8 "},
        {"--seed 1 --scale 0", "--scale takes a number from 1 to 1000, not 0 "},
        {"--seed 1 --faults disk-ful", "--faults: no class or kind of faults is called 'disk-ful' "
                                       "(did you mean 'disk-full'?) "},
        {"--seed 1 some.plan", "either a seed or plans, not both: some.plan "},
        {"--scale 2 some.plan",
         "--replicas, --scale, --faults, --clock, --states and --everything are for a seed's plan "},
        {"--seed 1 --check", "--check is for plans "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(bad[i].line, SIM_EXIT_BAD_INPUT, bad[i].wanted);
    expect("--help", SIM_EXIT_OK, "examples:\n");
}

/* ---- --faults */

static void expect_faults(const char *text, bool (*wanted)(enum fault_kind kind)) {
    bool faults[FAULT_KIND_COUNT] = {true};
    char error[SIM_FAULT_WORDS_ERROR_SIZE] = "";
    cr_assert(sim_fault_words_parse(text, faults, error), "%s: %s", text, error);
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++)
        cr_expect_eq(faults[kind], wanted(kind), "%s: %s", text, fault_word(kind));
}

static bool all(enum fault_kind kind) { return fault_class_of(kind) != FAULT_VAT_KILL; }
static bool none(enum fault_kind kind) { return kind == FAULT_KIND_COUNT; }
static bool invisible(enum fault_kind kind) { return fault_class_of(kind) == FAULT_INVISIBLE; }
static bool halting(enum fault_kind kind) { return fault_class_of(kind) == FAULT_HALT; }
static bool drawn(enum fault_kind kind) { return invisible(kind) || halting(kind); }
static bool no_power_cut(enum fault_kind kind) { return drawn(kind) && kind != FAULT_POWER_CUT; }
static bool two(enum fault_kind kind) { return kind == FAULT_DISK_FULL || kind == FAULT_HEAP; }

Test(fault_words, say_which_faults_are_meant) {
    expect_faults("all", all);
    expect_faults("none", none);
    expect_faults("invisible", invisible);
    expect_faults("halt", halting);
    expect_faults("halt,invisible", drawn);
    expect_faults("all,-halt,-divergence,-vat-kill", invisible);
    expect_faults("-power-cut", no_power_cut);
    expect_faults("disk-full,heap-fails", two);
    expect_faults("all,none,heap-fails,disk-full,disk-busy,-disk-busy", two);
    expect_faults("all,-all", none);
}

Test(fault_words, that_are_none_change_nothing) {
    static const char *const bad[] = {"", "al l", "all,", ",all", "-", "--all", "none,-none", "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool faults[FAULT_KIND_COUNT] = {false, true};
        char error[SIM_FAULT_WORDS_ERROR_SIZE] = "";
        cr_expect(!sim_fault_words_parse(bad[i], faults, error), "%s", bad[i]);
        cr_expect(strncmp(error, "no class or kind of faults is called '", 38) == 0, "%s", error);
        cr_expect(!faults[0] && faults[1] && !faults[2]);
    }
}
