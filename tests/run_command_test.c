/* run_command_test.c - `crankcase run` as its users have it: what it says about bad words and bad plans, how it tells of
 * failures, and what is left of its results when it is interrupted, killed, or cannot write.
 */
#include "sim/campaign.h"
#include "sim/command.h"
#include "sim/fault_words.h"
#include "sim/plan_notes.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }

static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(run_command, .init = folder_make, .fini = folder_remove);

static const struct test_outcome *run(const char *words) {
    return test_command_run(&folder, words);
}

static void write_file(const char *name, const char *text) {
    test_file_write(test_folder_file(&folder, name), vk_str(text));
}

static bool exists(const char *name) { return access(test_folder_file(&folder, name), F_OK) == 0; }

static void sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* ---- plans */

static const char good_plan[] = "crankcase-plan 1\n"
                                "program alice\n"
                                "  turn\n"
                                "    send i1 new\n"
                                "program bob\n"
                                "  turn\n"
                                "    store-set key=2\n"
                                "vat alice alice\n"
                                "vat bob bob\n"
                                "bootstrap alice\n"
                                "block after=1000\n"
                                "replica\n"
                                "replica\n";

/* What only one replica's vat is made to do is no plan of sound validators: they differ. */
static void write_failing_plan(const char *name) {
    char text[1000];
    snprintf(text, sizeof text, "%sfault 1 vat-overruns at=2\n", good_plan);
    write_file(name, text);
}

static size_t lines_in(const char *text) {
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* It said one line of what it wants, did nothing, and left nothing behind. */
static void expect_refused(const char *words, int code, const char *wanted) {
    const struct test_outcome *outcome = run(words);
    cr_expect_eq(outcome->code, code, "run %s: %d", words, outcome->code);
    cr_expect_str_eq(outcome->out, "", "%s", words);
    cr_expect(strstr(outcome->err, wanted), "%s: no \"%s\" in\n%s", words, wanted, outcome->err);
    cr_expect(strncmp(outcome->err, "crankcase run: ", 15) == 0, "%s: %s", words, outcome->err);
    cr_expect_eq(lines_in(outcome->err), 1, "%s: %s", words, outcome->err);
    cr_expect(!exists("crankcase-failures") && !exists("new"), "%s", words);
}

Test(run_command, says_in_one_line_what_is_wrong_with_its_words) {
    static const struct {
        const char *words, *wanted;
    } bad[] = {
        {"run", "neither a plan nor a seed is named (see crankcase run --help)\n"},
        {"run --seed", "a value is missing after --seed "},
        {"run --seed x", "--seed takes a number, not x "},
        {"run --seed 18446744073709551616", "--seed takes a number, not 18446744073709551616 "},
        {"run --seeds x", "--seeds takes a number from 1 on, not x "},
        {"run --seeds 0", "--seeds takes a number from 1 on, not 0 "},
        {"run --seeds=1x", "--seeds takes a number from 1 on, not 1x "},
        {"run --minutes 0", "--minutes takes a number from 1 on, not 0 "},
        {"run --seeds 1 --jobs -1", "--jobs takes a number from 1 to 256, not -1 "},
        {"run --seeds 1 --jobs 257", "--jobs takes a number from 1 to 256, not 257 "},
        {"run --seed 1 --replicas 99", "--replicas takes a number from 1 to 7, not 99 "},
        {"run --seed 1 --replicas 4294967297", "--replicas takes a number from 1 to 7, not "},
        {"run --seed 1 --scale none", "--scale takes a number from 1 to 1000, not none "},
        {"run --sedes 1", "unknown option --sedes "},
        {"run --json=1 --seed 1", "unknown option --json=1 "},
        {"run --seed 1 --faults disk-ful", "called 'disk-ful' (did you mean 'disk-full'?) "},
        {"run --seed 1 --off audits", "--off takes oracles (crankcase run --oracles), not audits "},
        {"run --seed 1 --off audit,",
         "--off takes oracles (crankcase run --oracles), not nothing "},
        {"run good.plan --seed 1", "--seed is for seeds and recordings, not for plans "},
        {"run good.plan --faults none", "--faults is for seeds and recordings, not for plans "},
        {"run good.plan --replicas 2", "--replicas is for seeds, not for plans "},
        {"run --seed 1 --out good.plan", "--out good.plan: is no folder\n"},
        {"run --seed 1 --out absent/new", "--out absent/new: No such file or directory\n"},
        {"run absent.plan", "absent.plan: No such file or directory\n"},
    };
    char longest[3000];
    write_file("good.plan", good_plan);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(bad[i].words, SIM_EXIT_BAD_INPUT, bad[i].wanted);
    snprintf(longest, sizeof longest, "run --seed 1 --faults %02001d", 0);
    expect_refused(longest, SIM_EXIT_BAD_INPUT, "--faults takes a list of 2000 bytes at most ");
}

Test(run_command, says_where_a_plan_is_wrong) {
    write_file("bad.plan", "crankcase-plan 1\n  blokc\n");
    write_file("empty.plan", "");
    write_file("good.plan", good_plan);
    mkdir(test_folder_file(&folder, "some.plan"), 0700);
    expect_refused("run bad.plan", SIM_EXIT_BAD_INPUT,
                   "crankcase run: bad.plan:2:3: expected a section, found 'blokc' (did you mean "
                   "'block'?)\n");
    expect_refused("run empty.plan", SIM_EXIT_BAD_INPUT, "crankcase run: empty.plan:");
    expect_refused("run some.plan", SIM_EXIT_BAD_INPUT,
                   "some.plan: no recordings in this folder\n");
    rmdir(test_folder_file(&folder, "some.plan"));
    /* One that is good is run nevertheless. */
    const struct test_outcome *outcome = run("run good.plan bad.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT);
    cr_expect(strstr(outcome->out, "\n1 of 2 plans failed\n"), "%s", outcome->out);
}

/* ---- failures */

static void line_with(const char *text, const char *what, char line[300]) {
    const char *at = strstr(text, what);
    line[0] = '\0';
    if (at) snprintf(line, 300, "%.*s", (int)strcspn(at, "\n"), at);
}

Test(run_command, a_failing_plan_is_told_with_its_reproducer_and_fails_the_same_way_again) {
    char signature[300], again[300];
    write_failing_plan("my.plan");
    const struct test_outcome *outcome = run("run my.plan");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect_str_eq(outcome->err, "");
    cr_expect(strstr(outcome->out, "my.plan failed: oracle replicas (") == outcome->out);
    cr_expect(strstr(outcome->out, "\n  replica 1, point "));
    cr_expect(strstr(outcome->out, ", vat v"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, "    acceptanceQueue: "), "the keys: %s", outcome->out);
    cr_expect(strstr(outcome->out, "\n  reproduce: crankcase run my.plan\n"));
    cr_expect(strstr(outcome->out, "\n1 of 1 plans failed\n"));
    line_with(outcome->out, "signature: ", signature);
    line_with(run("run my.plan")->out, "signature: ", again);
    cr_expect(strncmp(signature, "signature: replicas/", 20) == 0, "%s", signature);
    cr_expect_str_eq(again, signature);
}

enum { CPU_SECONDS = 1 };

/* A seed whose process the system ends is a failure like any other. */
Test(run_command, a_failing_seed_leaves_its_plan) {
    static const char words[] = "run --seed 5 --scale 1000 --faults none --out crankcase-failures/";
    const struct test_command command = {.words = words, .cpu_seconds_max = CPU_SECONDS};
    const struct test_outcome *outcome =
        test_command_await(&folder, test_command_start(&folder, &command));
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect_str_eq(outcome->err, "");
    cr_expect(strstr(outcome->out, "seed 5 failed: oracle crash (") == outcome->out, "%s",
              outcome->out);
    cr_expect(strstr(outcome->out, "signature: crash/none/its process was ended by signal 24\n"));
    cr_expect(strstr(outcome->out, "\n  plan:      crankcase-failures//seed-5.plan\n"));
    cr_expect(
        strstr(outcome->out, "\n  reproduce: crankcase run --seed 5 --faults none --scale 1000\n"));
    char *plan = strdup(run("plan --seed 5 --scale 1000 --faults none")->out);
    const struct vk_str written =
        test_file_read(test_folder_file(&folder, "crankcase-failures/seed-5.plan"));
    const struct vk_str notes = sim_notes_of(written);
    cr_expect(vk_str_eq(vk_str_from(written, notes.n), vk_str(plan)));
    cr_expect(vk_str_eq(sim_note_find(notes, SIM_NOTE_FAILED),
                        VK_STR("crash/none/its process was ended by signal 24")));
    cr_expect(vk_str_starts(sim_note_find(notes, SIM_NOTE_ORIGIN),
                            VK_STR("crankcase run --seed 5 --faults none --scale 1000 (")));
    free((void *)(uintptr_t)written.p);
    free(plan);
}

/* ---- results that stay */

static yajl_val parse(const char *line, size_t n) {
    char *text = strndup(line, n), error[200] = "";
    yajl_val json = yajl_tree_parse(text, error, sizeof error);
    cr_assert(json && YAJL_IS_OBJECT(json), "%s: %s", text, error);
    free(text);
    return json;
}

static const char *type_of(yajl_val json) {
    const char *path[] = {"type", NULL};
    return YAJL_GET_STRING(yajl_tree_get(json, path, yajl_t_string));
}

static bool has(yajl_val json, const char *name) {
    const char *path[] = {name, NULL};
    return yajl_tree_get(json, path, yajl_t_any) != NULL;
}

static long long number(yajl_val json, const char *name) {
    const char *path[] = {name, NULL};
    yajl_val value = yajl_tree_get(json, path, yajl_t_number);
    cr_assert(value && YAJL_IS_INTEGER(value), "%s", name);
    return YAJL_GET_INTEGER(value);
}

static void expect_members(yajl_val json) {
    static const char *const failure[] = {"name",  "oracle", "signature", "what",     "replica",
                                          "point", "block",  "event",     "reproduce"};
    static const char *const summary[] = {
        "failures",         "cranks",  "deliveries",  "syscalls", "aborted", "halted",  "crashes",
        "simulatedSeconds", "seconds", "interrupted", "hash",     "faults",  "features"};
    bool is_failure = strcmp(type_of(json), "failure") == 0;
    for (size_t i = 0; is_failure && i < sizeof failure / sizeof *failure; i++)
        cr_expect(has(json, failure[i]), "%s", failure[i]);
    cr_expect(is_failure || has(json, "seeds") || has(json, "plans"));
    for (size_t i = 0; !is_failure && i < sizeof summary / sizeof *summary; i++)
        cr_expect(has(json, summary[i]), "%s", summary[i]);
}

/* Each line is an object, and the last line is a whole one; returns how many are failures. */
static size_t failures_in(const char *text, yajl_val *last) {
    size_t failures = 0;
    *last = NULL;
    while (*text) {
        size_t n = strcspn(text, "\n");
        cr_assert(text[n] == '\n', "a line is cut: %s", text);
        yajl_tree_free(*last);
        *last = parse(text, n);
        expect_members(*last);
        failures += strcmp(type_of(*last), "failure") == 0;
        text += n + 1;
    }
    return failures;
}

Test(run_command, json_is_an_object_a_line_and_quiet_tells_failures_only) {
    yajl_val last;
    write_failing_plan("my.plan");
    cr_expect_eq(failures_in(run("run my.plan my.plan --json")->out, &last), 2);
    cr_assert_str_eq(type_of(last), "summary");
    cr_expect(number(last, "plans") == 2 && number(last, "failures") == 2);
    yajl_tree_free(last);
    cr_expect_eq(failures_in(run("run my.plan --json --quiet")->out, &last), 1);
    cr_assert_str_eq(type_of(last), "failure");
    yajl_tree_free(last);
    cr_expect_eq(failures_in(run("run --seeds 3 --json")->out, &last), 0);
    cr_expect_eq(number(last, "seeds"), 3);
    yajl_tree_free(last);
    cr_expect_str_eq(run("run --seeds 3 --quiet")->out, "");
    cr_expect_eq(lines_in(run("run my.plan --quiet")->out) > 3, true);
    cr_expect_eq(strstr(run("run my.plan --quiet")->out, "plans failed"), NULL);
}

Test(run_command, interrupted_it_ends_with_its_summary_so_far) {
    const struct test_command command = {.words = "run --seeds 1000000 --json"};
    yajl_val last;
    pid_t process = test_command_start(&folder, &command);
    sleep_ms(300);
    kill(process, SIGINT);
    const struct test_outcome *outcome = test_command_await(&folder, process);
    cr_expect_eq(outcome->code, SIM_EXIT_INTERRUPTED + SIGINT, "what was run so far holds");
    cr_expect_str_eq(outcome->err, "");
    cr_expect_eq(failures_in(outcome->out, &last), 0);
    cr_assert(last && strcmp(type_of(last), "summary") == 0, "%s", outcome->out);
    cr_expect_lt(number(last, "seeds"), 100000);
    cr_expect(strstr(outcome->out, "\"interrupted\":true"));
    yajl_tree_free(last);
}

Test(run_command, killed_it_loses_nothing_that_it_has_found) {
    const struct test_command command = {.words = "run --seeds 1000 --scale 1000 --json",
                                         .cpu_seconds_max = CPU_SECONDS};
    enum { TRIES = 500, TRY_MS = 20 };
    yajl_val last;
    char *out = NULL;
    pid_t process = test_command_start(&folder, &command);
    for (int i = 0; i < TRIES && !(out && out[0]); i++) {
        sleep_ms(TRY_MS);
        free(out);
        out = test_command_out(&folder);
    }
    kill(-process, SIGKILL);
    cr_expect_geq(failures_in(out, &last), 1, "%s", out);
    free(out);
    const struct test_outcome *outcome = test_command_await(&folder, process);
    cr_expect_eq(outcome->signal, SIGKILL);
    char words[100];
    const char *path[] = {"plan", NULL};
    snprintf(words, sizeof words, "plan --check %s",
             YAJL_GET_STRING(yajl_tree_get(last, path, yajl_t_string)));
    yajl_tree_free(last);
    const struct test_outcome *checked = run(words);
    cr_expect_eq(checked->code, SIM_EXIT_OK, "%s", checked->err);
}

Test(run_command, says_when_it_cannot_print) {
    static const char *const words[] = {"run --seed 2",        "run good.plan",
                                        "run --seed 2 --json", "run --json my.plan",
                                        "run --help",          "run --oracles"};
    write_file("good.plan", good_plan);
    write_failing_plan("my.plan");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct test_command command = {.words = words[i], .out = "/dev/full"};
        const struct test_outcome *outcome =
            test_command_await(&folder, test_command_start(&folder, &command));
        cr_expect_eq(outcome->code, SIM_EXIT_FAILED, "%s: %d", words[i], outcome->code);
        cr_expect_str_eq(outcome->err, "crankcase run: standard output cannot be written\n", "%s",
                         words[i]);
    }
}

/* ---- terminals */

/* What a failing run prints on a terminal. */
static const char *on_terminal(bool no_color) {
    static char text[8192];
    char path[40];
    int zero = 0, number = 0;
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    cr_assert(terminal >= 0 && ioctl(terminal, TIOCSPTLCK, &zero) == 0 &&
              ioctl(terminal, TIOCGPTN, &number) == 0);
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    int held = open(path, O_RDWR | O_NOCTTY); /* or what was printed would go with its last user */
    const struct test_command command = {
        .words = "run my.plan --quiet", .out = path, .no_color = no_color};
    test_command_await(&folder, test_command_start(&folder, &command));
    ssize_t n = read(terminal, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(held);
    close(terminal);
    return text;
}

Test(run_command, colours_are_for_terminals_that_want_them) {
    write_failing_plan("my.plan");
    cr_expect(strstr(on_terminal(false), "\033[31mmy.plan failed"));
    cr_expect(strstr(on_terminal(true), "my.plan failed") && !strchr(on_terminal(true), '\033'));
    const struct test_outcome *outcome = run("run my.plan");
    cr_expect(!strchr(outcome->out, '\033') && !strchr(outcome->err, '\033'));
    outcome = run("run --seeds 3");
    cr_expect(!strchr(outcome->out, '\033') && !strchr(outcome->err, '\033'));
    cr_expect(!strchr(outcome->err, '\r'), "a progress bar is for terminals, too");
}

/* ---- seeds and their plans */

Test(run_command, a_seed_and_its_printed_plan_are_the_same_run) {
    static const char *const options[] = {"", " --faults none --replicas 2"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char words[100], of_seed[300], of_plan[300];
        snprintf(words, sizeof words, "run --seed 42%s", options[i]);
        line_with(run(words)->out, "hash of all runs: ", of_seed);
        snprintf(words, sizeof words, "plan --seed 42%s", options[i]);
        write_file("p", run(words)->out);
        line_with(run("run p")->out, "hash of all runs: ", of_plan);
        cr_expect(of_seed[0]);
        cr_expect_str_eq(of_plan, of_seed);
    }
}

/* ---- campaigns */

struct crashing {
    uint64_t next, failures;
    unsigned begun; /* seeds, in a chunk's process */
};

/* The third seed of each process is its end. */
static void crash_in_third(void *impl, struct sim_replica *replica) {
    struct crashing *crashing = impl;
    bool begins = sim_replica_index(replica) == 0 && sim_replica_points(replica) <= 1 &&
                  sim_replica_point(replica)->number == 0;
    crashing->begun += begins;
    if (crashing->begun == 3) raise(SIGKILL);
}

static void third_failed(void *impl, uint64_t seed, const struct sim_failure *failure,
                         uint64_t note) {
    struct crashing *crashing = impl;
    (void)note;
    crashing->failures++;
    cr_expect_eq(seed, crashing->failures * 3);
    cr_expect_eq(failure->oracle, SIM_ORACLE_CRASH);
    cr_expect_str_eq(failure->what, "its process was ended by signal 9");
}

Test(campaign, seeds_after_one_that_crashes_are_run_all_the_same) {
    for (size_t at_once = 1; at_once <= 2; at_once++) {
        struct crashing crashing = {0};
        struct sim_campaign_totals totals;
        struct sim_campaign campaign = {.first_seed = 1,
                                        .seeds = 20,
                                        .at_once = at_once,
                                        .generate = {.replicas = 1},
                                        .run = {.at_point = crash_in_third, .impl = &crashing},
                                        .impl = &crashing,
                                        .failed = third_failed};
        test_ok(sim_campaign_run(&campaign, &totals));
        cr_expect_eq(totals.seeds, 20);
        cr_expect_eq(totals.failures, 20 / 3);
        cr_expect_eq(crashing.failures, 20 / 3);
    }
}

/* ---- what is told when */

struct telling {
    uint64_t asked, found, failed;
};

static bool is_fifth(void *impl) {
    struct telling *telling = impl;
    return ++telling->asked > 5;
}

/* Each process counts for itself, from what its parent had counted. */
Test(campaign, is_asked_before_every_seed_whether_it_is_interrupted) {
    struct telling telling = {0};
    struct sim_campaign_totals totals;
    const struct sim_campaign campaign = {.first_seed = 1,
                                          .seeds = 20,
                                          .at_once = 1,
                                          .generate = {.replicas = 1},
                                          .impl = &telling,
                                          .is_interrupted = is_fifth};
    test_ok(sim_campaign_run(&campaign, &totals));
    cr_expect(totals.seeds > 0 && totals.seeds < 5, "%d", (int)totals.seeds);
}

static void crash_at_once(void *impl, struct sim_replica *replica) {
    (void)impl, (void)replica;
    raise(SIGKILL);
}

static uint64_t note_found(void *impl, uint64_t seed, const struct sim_failure *failure) {
    struct telling *telling = impl;
    cr_expect_eq(failure->oracle, SIM_ORACLE_CRASH);
    telling->found++;
    return seed * 7;
}

static void note_failed(void *impl, uint64_t seed, const struct sim_failure *failure,
                        uint64_t note) {
    struct telling *telling = impl;
    (void)failure;
    cr_expect_eq(note, seed * 7);
    cr_expect_eq(seed, ++telling->failed);
    cr_expect_geq(telling->found, telling->failed);
}

Test(campaign, tells_in_order_what_was_found_in_any) {
    for (size_t at_once = 1; at_once <= 3; at_once++) {
        struct telling telling = {0};
        struct sim_campaign_totals totals;
        const struct sim_campaign campaign = {.first_seed = 1,
                                              .seeds = 70,
                                              .at_once = at_once,
                                              .generate = {.replicas = 1},
                                              .run = {.at_point = crash_at_once},
                                              .impl = &telling,
                                              .found = note_found,
                                              .failed = note_failed};
        test_ok(sim_campaign_run(&campaign, &totals));
        cr_expect(telling.found == 70 && telling.failed == 70 && totals.failures == 70);
    }
}
