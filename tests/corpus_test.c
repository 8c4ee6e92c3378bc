/* corpus_test.c - what a corpus keeps is held to what is expected of it, and a failure is added to it once.
 */
#include "sim/command.h"
#include "sim/corpus.h"
#include "sim/corpus_add.h"
#include "sim/plan_notes.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(corpus, .init = folder_make, .fini = folder_remove);
TestSuite(notes, .init = folder_make, .fini = folder_remove);

static const struct test_outcome *run(const char *words) {
    return test_command_run(&folder, words);
}

static const struct test_outcome *run_planted(const char *words) {
    const struct test_command command = {.words = words, .program = "crankcase-planted"};
    return test_command_await(&folder, test_command_start(&folder, &command));
}

static void make_folder(const char *name) {
    cr_assert_eq(mkdir(test_folder_file(&folder, name), 0700), 0, "%s", name);
}

#define HEAD "crankcase-plan 1\n"

static void write_plan(const char *name, const char *expect, const char *rest) {
    char text[2000];
    snprintf(text, sizeof text, HEAD "%s%s", expect, rest);
    test_file_write(test_folder_file(&folder, name), vk_str(text));
}

static const char fine[] = "program alice\n"
                           "  turn\n"
                           "    store-set key=9\n"
                           "vat alice alice\n"
                           "bootstrap alice\n"
                           "block\n";
static const char overruns[] = "replica\nreplica\n"
                               "program alice\n"
                               "  turn\n"
                               "    store-set key=9\n"
                               "vat alice alice\n"
                               "bootstrap alice\n"
                               "block\n"
                               "fault 1 vat-overruns\n";
static const char reads_clock[] = "replica\nreplica slowness=3\n"
                                  "program alice\n"
                                  "  turn\n"
                                  "    read-clock\n"
                                  "vat alice alice\n"
                                  "bootstrap alice\n"
                                  "block after=5\n";

/* ---- run */

static void expect_outcome(const char *words, const char *rest, const char *verdict) {
    char line[300], expect[200];
    snprintf(expect, sizeof expect, "%s%s", words, words[0] ? "\n" : "");
    write_plan("c/one.plan", expect, rest);
    const struct test_outcome *outcome = run("corpus run c");
    snprintf(line, sizeof line, "%-8s  c/one.plan\n", verdict);
    cr_expect(strncmp(outcome->out, line, strlen(line)) == 0, "%s:\n%s", words, outcome->out);
    cr_expect_eq(outcome->code,
                 strcmp(verdict, "met") == 0       ? SIM_EXIT_OK
                 : strcmp(verdict, "not met") == 0 ? SIM_EXIT_DIFFERENCE
                                                   : SIM_EXIT_BAD_INPUT,
                 "%s: %d", words, outcome->code);
}

/* The signature of c/one.plan's failure. */
static void signature_of(char signature[200]) {
    const char *at = strstr(run("run c/one.plan")->out, "signature: ");
    cr_assert(at != NULL);
    snprintf(signature, 200, "%.*s", (int)strcspn(at + 11, "\n"), at + 11);
}

Test(corpus, holds_each_plan_to_its_line) {
    char signature[200], expect[300];
    make_folder("c");
    expect_outcome("", fine, "met");
    expect_outcome("expect ok", fine, "met");
    expect_outcome("expect ok after a/b/c", fine, "met");
    expect_outcome("expect panic", fine, "not met");
    expect_outcome("expect failure a/b/c", fine, "not met");
    expect_outcome("expect divergence", reads_clock, "met");
    expect_outcome("expect ok", reads_clock, "not met");
    expect_outcome("expect ok", overruns, "not met");
    expect_outcome("expect failure a/b/c", overruns, "not met");
    signature_of(signature);
    snprintf(expect, sizeof expect, "expect failure %s", signature);
    expect_outcome(expect, overruns, "met");
    expect_outcome("expect nothing", fine, "bad plan");
}

Test(corpus, says_of_a_failure_that_it_is_back) {
    char signature[200], expect[300];
    make_folder("c");
    write_plan("c/one.plan", "", overruns);
    signature_of(signature);
    snprintf(expect, sizeof expect, "expect ok after %s\n", signature);
    write_plan("c/one.plan", expect, overruns);
    cr_expect(strstr(run("corpus run c")->out, "\n    this failure there once was: it is back\n"));
    write_plan("c/one.plan", "expect ok after a/b/c\n", overruns);
    cr_expect(!strstr(run("corpus run c")->out, "it is back"));
}

Test(corpus, knows_panics_and_crashes) {
    make_folder("c");
    write_plan("c/a.plan", "expect panic\n", fine);
    cr_expect_eq(run_planted("panics corpus run c")->code, SIM_EXIT_OK);
    write_plan("c/a.plan", "expect failure crash/none/its process was ended by signal 6\nseed 4\n",
               fine);
    cr_expect_eq(run_planted("abort=4 corpus run c")->code, SIM_EXIT_OK);
    cr_expect_eq(run_planted("abort=5 corpus run c")->code, SIM_EXIT_DIFFERENCE);
}

/* However deep, and whatever they are called: a plan that is passed over is one that nobody knows to be passed over. */
Test(corpus, takes_all_its_folders_in_order) {
    static const char *const folders[] = {"c",      "c/regressions",    "c/mine",   "c/mine/deep",
                                          "c/fuzz", "c/fuzz/plan_fuzz", "c/.hidden"};
    static const char wanted[] = "met       c/fuzz/plan_fuzz/any\n"
                                 "met       c/fuzz/plan_fuzz/none\n"
                                 "met       c/loose.plan\n"
                                 "met       c/mine/deep/one.plan\n"
                                 "met       c/mine/two.plan\n"
                                 "met       c/regressions/b.plan\n"
                                 "met       c/regressions/c.plan\n"
                                 "7 of 7 plans are what is expected of them, in ";
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        make_folder(folders[i]);
    write_plan("c/regressions/c.plan", "", fine);
    write_plan("c/regressions/b.plan", "", fine);
    write_plan("c/mine/two.plan", "", fine);
    write_plan("c/mine/deep/one.plan", "", fine);
    write_plan("c/mine/deep/notes", "", "no plan, by its name\n");
    write_plan("c/.hidden/no.plan", "", "no plan\n");
    write_plan("c/fuzz/plan_fuzz/any", "", overruns);
    write_plan("c/fuzz/plan_fuzz/none", "", "no plan\n");
    write_plan("c/loose.plan", "", fine);
    for (int jobs = 1; jobs <= 3; jobs += 2) {
        char words[60];
        snprintf(words, sizeof words, "corpus run --jobs %d c/", jobs);
        const struct test_outcome *outcome = run(words);
        cr_expect_eq(outcome->code, SIM_EXIT_OK);
        cr_expect(strncmp(outcome->out, wanted, sizeof wanted - 1) == 0, "%s", outcome->out);
    }
}

Test(corpus, tells_machines_in_lines_and_quiet_only_what_is_wrong) {
    make_folder("c");
    write_plan("c/a.plan", "", fine);
    write_plan("c/b.plan", "expect panic after a/b\n", fine);
    const char *out = run("corpus run --json c")->out;
    cr_expect(strstr(out, "{\"type\":\"plan\",\"plan\":\"c/a.plan\",\"verdict\":\"met\","
                          "\"expected\":\"ok\",\"outcome\":\"ok\",\"cranks\":"),
              "%s", out);
    cr_expect(strstr(out, "\"verdict\":\"not met\",\"expected\":\"panic\","
                          "\"expectedSignature\":\"a/b\",\"outcome\":\"ok\""));
    cr_expect(strstr(out, "{\"type\":\"summary\",\"plans\":2,\"met\":1,\"notMet\":1,"));
    out = run("corpus run --quiet c")->out;
    cr_expect(strstr(out, "c/b.plan") && !strstr(out, "c/a.plan"), "%s", out);
    remove(test_folder_file(&folder, "c/b.plan"));
    cr_expect_str_eq(run("corpus run --quiet c")->out, "");
}

static void expect_refused(const char *words, const char *wanted) {
    const struct test_outcome *outcome = run(words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
    cr_expect_str_eq(outcome->out, "", "%s", words);
    cr_expect(strstr(outcome->err, wanted), "%s: no \"%s\" in\n%s", words, wanted, outcome->err);
}

Test(corpus, says_in_one_line_what_is_wrong_with_its_words) {
    make_folder("empty");
    write_plan("fine.plan", "", fine);
    write_plan("bad.plan", "", "blokc\n");
    expect_refused("corpus", "run or add is to be named");
    expect_refused("corpus dance", "neither run nor add is dance");
    expect_refused("corpus run a b", "run takes one folder, and no b");
    expect_refused("corpus run a b c", "one word too many: c");
    expect_refused("corpus run --jobs 0 empty", "--jobs takes a number from 1 to 256, not 0");
    expect_refused("corpus run", "corpus: no such folder");
    expect_refused("corpus run empty", "empty: no plans and no recordings in this folder");
    expect_refused("corpus add", "add takes a plan");
    expect_refused("corpus add absent.plan", "absent.plan: No such file");
    expect_refused("corpus add bad.plan", "bad.plan:2:1: expected a section");
    expect_refused("corpus add fine.plan",
                   "fine.plan: does not fail, and does not say that it ever did");
    cr_expect_neq(access(test_folder_file(&folder, "corpus"), F_OK), 0, "nothing was made");
    cr_expect(strstr(run("corpus --help")->out, "\nexamples:\n"));
}

/* ---- add */

Test(corpus, names_a_plan_after_its_signature) {
    static const struct {
        const char *signature, *name;
    } names[] = {
        {"rollback/send/v*.vs.*", "rollback-send-v-vs"},
        {"class/startVat/VK_ERR_DISK", "class-startvat-vk-err-disk"},
        {"crash/none/crank.c: assertion failed: !vk_in_flight_count(&kernel->in_flight)",
         "crash-none-crank-c-assertion-failed-vk-in-flight-count"},
        {"///", ""},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64];
        sim_corpus_name(names[i].signature, name);
        cr_expect_str_eq(name, names[i].name);
    }
}

static struct vk_str file_text(const char *name) {
    return test_file_read(test_folder_file(&folder, name));
}

static void text_free(struct vk_str text) { free((void *)(uintptr_t)text.p); }

Test(corpus, is_added_to_with_where_it_comes_from_and_what_is_expected) {
    char text[1000], wanted[1000];
    snprintf(text, sizeof text, "# By hand.\n" HEAD "seed 4\n%s", fine);
    test_file_write(test_folder_file(&folder, "p.plan"), vk_str(text));
    const struct test_outcome *outcome = run_planted("abort=4 corpus add p.plan c");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    cr_expect_str_eq(outcome->out,
                     "p.plan added for crash/none/its process was ended by signal 6\n"
                     "  plan: c/regressions/crash-none-its-process-was-ended-by-signal-6.plan\n");
    struct vk_str added =
        file_text("c/regressions/crash-none-its-process-was-ended-by-signal-6.plan");
    snprintf(wanted, sizeof wanted,
             "# By hand.\n"
             "# Origin: p.plan (crankcase %s)\n"
             "# Failed: crash/none/its process was ended by signal 6\n"
             "# Seen: its process was ended by signal 6\n"
             "# Expected: once the bug is out, all holds\n" HEAD
             "expect ok after crash/none/its process was ended by signal 6\nseed 4\n",
             CRANKCASE_VERSION);
    cr_expect(vk_str_starts(added, vk_str(wanted)), "%.*s", VK_STR_ARG(added));
    text_free(added);
    cr_expect_eq(run_planted("abort=4 corpus run c")->code, SIM_EXIT_DIFFERENCE);
    cr_expect_eq(run("corpus run c")->code, SIM_EXIT_OK);
}

Test(corpus, takes_no_failure_twice_and_no_plan) {
    make_folder("c");
    write_plan("one.plan", "", overruns);
    write_plan("another.plan", "policy cranks=100\n", overruns);
    write_plan("same.plan", "expect ok after some/other/failure\n", overruns);
    write_plan("fixed.plan", "expect ok after some/other/failure\n", fine);
    cr_expect_eq(run("corpus add one.plan c")->code, SIM_EXIT_OK);
    expect_refused("corpus add one.plan c", "already\n");
    expect_refused("corpus add another.plan c", "is there for replicas/");
    /* It says that it failed in another way, and does in the same. */
    expect_refused("corpus add same.plan c", "already\n");
    cr_expect_eq(run("corpus add fixed.plan c")->code, SIM_EXIT_OK,
                 "the bug is out, the plan is not");
    write_plan("fixed.plan", "expect ok after a/third/failure\n", fine);
    expect_refused("corpus add fixed.plan c", "some-other-failure.plan: is the same plan\n");
    const struct test_outcome *outcome = run("corpus run c");
    cr_expect(strstr(outcome->out, "1 of 2 plans are what is expected"), "%s", outcome->out);
}

Test(corpus, has_a_second_name_for_another_signature) {
    make_folder("c");
    write_plan("a.plan", "expect ok after a/b/c*\n", fine);
    write_plan("b.plan", "expect panic after a/b/c\nseed 1\n", fine);
    run("corpus add a.plan c");
    cr_expect(
        strstr(run("corpus add --json b.plan c")->out,
               "{\"type\":\"added\",\"name\":\"b.plan\",\"plan\":\"c/regressions/a-b-c-2.plan\","
               "\"signature\":\"a/b/c\"}\n"));
    struct vk_str added = file_text("c/regressions/a-b-c-2.plan");
    struct vk_str notes = sim_notes_of(added);
    cr_expect(
        vk_str_eq(sim_note_find(notes, SIM_NOTE_EXPECTED), VK_STR("once the bug is out, panic")));
    cr_expect(vk_str_starts(vk_str_from(added, notes.n),
                            VK_STR(HEAD "expect panic after a/b/c\nseed 1\n")));
    text_free(added);
}

/* ---- notes */

Test(notes, are_the_comments_in_front) {
    const struct vk_str text =
        VK_STR("# one\n\n# Origin: here\n# Seen: a # b\n" HEAD "# Failed: x\n");
    const struct vk_str notes = sim_notes_of(text);
    cr_expect(vk_str_starts(vk_str_from(text, notes.n), VK_STR(HEAD)));
    cr_expect(vk_str_eq(sim_note_find(notes, SIM_NOTE_ORIGIN), VK_STR("here")));
    cr_expect(vk_str_eq(sim_note_find(notes, SIM_NOTE_SEEN), VK_STR("a # b")));
    cr_expect(!sim_note_find(notes, SIM_NOTE_FAILED).p);
    cr_expect_eq(sim_notes_of(VK_STR(HEAD)).n, 0);
    cr_expect_eq(sim_notes_of(VK_STR("# all of it")).n, 11);
}

Test(notes, are_kept_in_order_but_for_those_that_are_said_anew) {
    const struct vk_str says[SIM_NOTE_COUNT] = {[SIM_NOTE_SEEN] = VK_STR("new\nand more")};
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    sim_notes_add(&buf, VK_STR("# Seen: old\n# Origin: here\n# mine\n"), says);
    test_ok(vk_buf_finish(&buf, &text));
    cr_expect(vk_str_eq(text, VK_STR("# mine\n# Origin: here\n# Seen: new\n")), "%.*s",
              VK_STR_ARG(text));
    vk_arena_release(&arena);
}
