/* postmortem_test.c - what a post-mortem makes of what a kernel left behind. The recorder is in flight_recorder_test.c.
 */
#include "sim/command.h"
#include "sim/flight_recorder.h"
#include "sim/postmortem.h"
#include "testing_command.h"
#include "testing_flight.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

static struct test_folder folder;
static struct vk_arena arena;

static void set_up(void) {
    test_folder_make(&folder);
    vk_arena_init(&arena, vk_heap_system());
}

static void tear_down(void) {
    vk_arena_release(&arena);
    test_folder_remove(&folder);
}

TestSuite(postmortem, .init = set_up, .fini = tear_down);

/* ---- what a slog comes to */

#define CRANK                                                                                      \
    "{\"type\":\"crank-start\",\"crankType\":\"delivery\",\"crankNum\":7890,"                      \
    "\"messageType\":\"send\",\"message\":{\"type\":\"send\"}}"
#define DELIVER                                                                                    \
    "{\"type\":\"deliver\",\"crankNum\":7890,\"vatID\":\"v56\",\"deliveryNum\":1234,"              \
    "\"replay\":false,\"kd\":[\"message\",\"ko9\",{\"methargs\":{\"body\":\"#[\\\"pay\\\",[]]\","  \
    "\"slots\":[]},\"result\":\"kp5\"}]}"
#define SYSCALL                                                                                    \
    "{\"type\":\"syscall\",\"crankNum\":7890,\"vatID\":\"v56\",\"deliveryNum\":1234,"              \
    "\"syscallNum\":0,\"replay\":false,\"ksc\":[\"subscribe\",\"v56\",\"kp6\"]}"
#define SYSCALL_RESULT "{\"type\":\"syscall-result\",\"replay\":false,\"vsr\":[\"ok\",null]}"
#define DELIVER_RESULT "{\"type\":\"deliver-result\",\"replay\":false}"
#define CRANK_FINISH "{\"type\":\"crank-finish\",\"crankNum\":7890}"
#define START "{\"type\":\"kernel-start\"}"
#define HALT                                                                                       \
    "{\"type\":\"kernel-halt\",\"error\":\"VK_ERR_PANIC\",\"what\":\"kp6 was already resolved\","  \
    "\"file\":\"send.c\",\"line\":5}"
#define LOST "{\"type\":\"kernel-halt\",\"error\":\"VK_ERR_WORKER_LOST\",\"what\":\"v56\"}"

static enum vk_err try_read(struct sim_postmortem *postmortem, const char *text,
                            struct sim_postmortem_error *error) {
    const char *path = test_folder_file(&folder, "slog");
    test_file_write(path, vk_str(text));
    sim_postmortem_init(postmortem);
    return sim_postmortem_read_slog(postmortem, path, error);
}

static void read_slog(struct sim_postmortem *postmortem, const char *text) {
    struct sim_postmortem_error error;
    test_ok(try_read(postmortem, text, &error));
}

#define SAME(found, expected)                                                                      \
    cr_assert(vk_str_eq((found), VK_STR(expected)), "%.*s", VK_STR_ARG(found))

Test(postmortem, names_the_delivery_that_never_finished) {
    struct sim_postmortem seen;
    read_slog(&seen,
              CRANK "\n" DELIVER "\n" SYSCALL "\n" SYSCALL_RESULT "\n" SYSCALL "\n" HALT "\n");
    cr_assert_eq(seen.end, SIM_POSTMORTEM_PANIC);
    cr_assert(seen.has_crank && !seen.crank_finished && seen.crank == 7890);
    cr_assert(seen.has_delivery && !seen.delivery_finished && seen.delivery == 1234);
    SAME(seen.vat, "v56");
    SAME(seen.dispatch, "message");
    SAME(seen.target, "ko9");
    SAME(seen.method, "pay");
    SAME(seen.result, "kp5");
    cr_assert_eq(seen.syscalls.count, 2);
    SAME(seen.syscalls.at[0].name, "subscribe");
    SAME(seen.syscalls.at[0].result, "[\"ok\",null]");
    cr_assert_null(seen.syscalls.at[1].result.p);
    SAME(seen.what, "kp6 was already resolved");
    sim_postmortem_release(&seen);
}

Test(postmortem, tells_each_end_from_the_others) {
    static const struct {
        const char *slog;
        enum sim_postmortem_end end;
        bool has_crank;
    } cases[] = {
        {START "\n" LOST "\n", SIM_POSTMORTEM_HOST_FAILED, false},
        {CRANK "\n", SIM_POSTMORTEM_CUT_SHORT, true},
        {CRANK "\n" CRANK_FINISH "\n", SIM_POSTMORTEM_AT_REST, true},
        {CRANK "\n" CRANK_FINISH "\n" START "\n", SIM_POSTMORTEM_NOTHING, false},
        {CRANK "\n" START "\n", SIM_POSTMORTEM_CUT_SHORT, true},
        {CRANK "\n" CRANK_FINISH "\n" HALT "\n", SIM_POSTMORTEM_PANIC, true},
        {CRANK "\n" HALT "\n" START "\n", SIM_POSTMORTEM_PANIC, true},
        {CRANK "\n" START "\n" LOST "\n", SIM_POSTMORTEM_HOST_FAILED, false},
        {CRANK "\n" DELIVER "\n" LOST "\n", SIM_POSTMORTEM_HOST_FAILED, true},
        {CRANK "\n" LOST "\n" START "\n" CRANK "\n" CRANK_FINISH "\n", SIM_POSTMORTEM_AT_REST,
         true},
        {CRANK "\n" CRANK_FINISH "\n{\"type\":\"cra", SIM_POSTMORTEM_UNKNOWN, true}, /* torn */
        {CRANK "\n" CRANK_FINISH "\n" START "\n{\"type\":\"cra", SIM_POSTMORTEM_UNKNOWN, false},
        {CRANK "\n" CRANK_FINISH "\n{\"type\":\"cra\n" CRANK "\n" CRANK_FINISH "\n\n",
         SIM_POSTMORTEM_AT_REST, true}, /* broken, but not at the end */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_postmortem seen;
        read_slog(&seen, cases[i].slog);
        cr_assert_eq(seen.end, cases[i].end, "case %zu: %d", i, (int)seen.end);
        cr_assert_eq(seen.has_crank, cases[i].has_crank, "case %zu", i);
        sim_postmortem_release(&seen);
    }
}

Test(postmortem, what_is_no_slog_is_refused_with_line_and_column) {
    static const struct {
        const char *slog;
        size_t line, column;
    } cases[] = {
        {"hello\n", 1, 1},
        {"{\"type\" \"x\"}\n", 1, 11}, /* where the word ends */
        {"\n{\"x\":1}\nx\n", 2, 1},
        {"[]\n", 1, 1},
        {"", 0, 0},
        {"\n", 0, 0},
        {START "\n", 0, 0}, /* no crank */
        {"{\"type\":\"foo\"}\n", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_postmortem seen;
        struct sim_postmortem_error error = {0};
        cr_assert_eq(try_read(&seen, cases[i].slog, &error), VK_ERR_SYNTAX, "case %zu", i);
        cr_assert(error.line == cases[i].line, "case %zu: line %zu", i, error.line);
        cr_assert_eq(error.column, cases[i].column, "case %zu: column %zu", i, error.column);
        sim_postmortem_release(&seen);
    }
}

/* ---- an assertion that fails */

static void die_in_a_crank(const char *path) {
    struct sim_flight *flight;
    int null = open("/dev/null", O_WRONLY);
    if (null < 0 || dup2(null, STDERR_FILENO) < 0) _exit(1);
    signal(SIGABRT, SIG_DFL);
    if (sim_flight_open(path, SIM_FLIGHT_BYTES_MIN, &flight) != VK_OK) _exit(1);
    sim_flight_use(flight);
    test_flight_delivery(flight);
    test_flight_moment(flight, VK_MOMENT_SYSCALL, "subscribe", 0, "kp6",
                       "[\"subscribe\",\"p-61\"]");
    VK_ASSERT(null == -7); /* INV-PLANTED-1: the comment beside it */
    _exit(0);
}

Test(postmortem, a_failed_assertion_is_there_with_its_invariant) {
    const char *path = test_folder_file(&folder, "slog");
    struct sim_postmortem seen;
    struct sim_postmortem_error error;
    int status;
    fflush(NULL);
    pid_t process = fork();
    cr_assert(process >= 0);
    if (process == 0) die_in_a_crank(path);
    cr_assert_eq(waitpid(process, &status, 0), process);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%d", status);
    sim_postmortem_init(&seen);
    test_ok(sim_postmortem_read_slog(&seen, path, &error));
    cr_assert_eq(seen.end, SIM_POSTMORTEM_ASSERTION);
    SAME(seen.what, "assertion failed: null == -7");
    SAME(seen.source, "VK_ASSERT(null == -7); /* INV-PLANTED-1: the comment beside it */");
    cr_assert(seen.crank == 7890 && seen.delivery == 1234 && seen.syscalls.count == 1);
    SAME(seen.vat, "v56");
    SAME(seen.target, "ko9");
    SAME(seen.method, "pay");
    SAME(seen.result, "kp5");
    SAME(seen.syscalls.at[0].json, "[\"subscribe\",\"p-61\"]");
    SAME(seen.syscalls.at[0].target, "kp6");
    cr_assert_null(seen.syscalls.at[0].result.p);
    sim_postmortem_release(&seen);
}

/* Nobody writes into the pipe: whoever opened it would wait for ever. */
Test(postmortem, what_an_assertion_names_is_read_only_if_it_is_a_file, .timeout = 20) {
    struct sim_postmortem seen;
    char pipe[500], slog[1000];
    const char *places[] = {pipe, folder.path, "/dev/zero"};
    snprintf(pipe, sizeof pipe, "%s", test_folder_file(&folder, "pipe"));
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(slog, sizeof slog,
                 CRANK "\n{\"type\":\"kernel-halt\",\"error\":\"VK_ERR_PANIC\",\"what\":"
                       "\"assertion failed: a\",\"file\":\"%s\",\"line\":5}\n",
                 places[i]);
        read_slog(&seen, slog);
        cr_expect_eq(seen.end, SIM_POSTMORTEM_ASSERTION);
        cr_expect(!vk_str_present(seen.source), "%s", places[i]);
        sim_postmortem_release(&seen);
    }
    remove(pipe);
}

/* ---- the command */

static const char panic_plan[] = "crankcase-plan 1\n"
                                 "program alice\n"
                                 "  turn\n"
                                 "    send i1 new result\n"
                                 "program bob\n"
                                 "  turn\n"
                                 "    store-set key=1\n"
                                 "    illegal n=0\n"
                                 "vat alice alice\n"
                                 "vat bob bob critical\n"
                                 "bootstrap alice\n"
                                 "block after=1000\n"
                                 "replica\n"
                                 "replica\n"
                                 "replica\n";

static const struct test_outcome *run(const char *words) {
    return test_command_run(&folder, words);
}

static void has(const char *text, const char *part) {
    cr_assert(strstr(text, part) != NULL, "no '%s' in: %s", part, text);
}

Test(postmortem, a_panic_of_all_replicas_is_told_in_plain_words) {
    test_file_write(test_folder_file(&folder, "panic.plan"), vk_str(panic_plan));
    const struct test_outcome *outcome = run("run --keep nodes panic.plan");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    has(outcome->out, "panicked on 3 of 3 replicas");
    has(outcome->out,
        "kernel:    crank 15 (send) had just finished: v3, delivery 6, message ko22.say, "
        "2 syscalls, the last [\"");
    for (int replica = 0; replica < 3; replica++) {
        char words[200];
        snprintf(words, sizeof words, "postmortem nodes/replica-%d nodes/replica-%d/slog", replica,
                 replica);
        outcome = run(words);
        cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
        has(outcome->out, "the kernel panicked: crank 15 was run to its end");
        has(outcome->out, "v3 (bob)");
        has(outcome->out, "ko22.say(...), its result is kp41");
        has(outcome->out, "syscalls   2 so far");
        has(outcome->out, "critical vat v3 failed");
        has(outcome->out, "goes on with crank 0");
        has(outcome->out, "crank-15: skip");
    }
}

/* The recorder is always on. */
Test(postmortem, a_panic_says_where_without_being_asked_to_keep_anything) {
    test_file_write(test_folder_file(&folder, "panic.plan"), vk_str(panic_plan));
    const struct test_outcome *outcome = run("run panic.plan");
    has(outcome->out,
        "kernel:    crank 15 (send) had just finished: v3, delivery 6, message ko22.say");
    outcome = run("run --json panic.plan");
    has(outcome->out, "\"flight\":{\"crankNum\":15,\"event\":\"send\",\"finished\":true,"
                      "\"vatID\":\"v3\",\"deliveryNum\":6,\"deliveryFinished\":true,"
                      "\"dispatch\":\"message\",\"message\":\"ko22.say\",\"syscalls\":2,");
}

Test(postmortem, json_is_one_object_with_the_same_facts) {
    test_file_write(test_folder_file(&folder, "slog"), vk_str(CRANK "\n" DELIVER "\n" HALT "\n"));
    const struct test_outcome *outcome = run("postmortem --json slog");
    char error[200];
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    yajl_val json = yajl_tree_parse(outcome->out, error, sizeof error);
    cr_assert(json && YAJL_IS_OBJECT(json), "%s", error);
    const char *end[] = {"end", NULL}, *number[] = {"deliveryNum", NULL}, *what[] = {"what", NULL};
    cr_assert_str_eq(YAJL_GET_STRING(yajl_tree_get(json, end, yajl_t_string)), "panic");
    cr_assert_eq(YAJL_GET_INTEGER(yajl_tree_get(json, number, yajl_t_number)), 1234);
    cr_assert_str_eq(YAJL_GET_STRING(yajl_tree_get(json, what, yajl_t_string)),
                     "kp6 was already resolved");
    yajl_tree_free(json);
}

#define TORN CRANK "\n" CRANK_FINISH "\n{\"type\":\"kernel-ha"

/* What diff says of such a log, and no clean bill. */
Test(postmortem, a_slog_that_is_cut_or_broken_says_so) {
    test_file_write(test_folder_file(&folder, "torn"), vk_str(TORN));
    const struct test_outcome *outcome = run("postmortem torn");
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    has(outcome->out, "how it ended is not known: the slog is cut off; crank 7890 had finished\n");
    has(outcome->out, "the slog is cut off after line 3");
    outcome = run("postmortem --json torn");
    has(outcome->out, "\"end\":\"unknown\",\"entries\":2,\"cutAfterLine\":3,");
    test_file_write(test_folder_file(&folder, "trace"),
                    VK_STR("{\"t\":\"set\",\"k\":\"a\",\"v\":\"b\"}\n"
                           "{\"t\":\"slog\",\"type\":\"crank-start\",\"crankNum\":3}\n"));
    has(run("postmortem trace")->out, "crank 3 started and never finished");
    cr_assert_null(strstr(run("postmortem trace")->out, "\n  note "));
    test_file_write(test_folder_file(&folder, "broken"),
                    vk_str(CRANK "\nx\n\n[]\n" CRANK_FINISH "\n"));
    outcome = run("postmortem broken");
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    has(outcome->out, "2 lines are no entries, the first is 2");
    outcome = run("postmortem --json broken");
    has(outcome->out, "\"unreadable\":2,\"firstUnreadable\":2,");
}

Test(postmortem, exit_codes_are_those_of_every_command) {
    static const struct {
        const char *words;
        int code;
        const char *err;
    } cases[] = {
        {"postmortem --help", SIM_EXIT_OK, ""},
        {"postmortem", SIM_EXIT_BAD_INPUT, "no slog is named"},
        {"postmortem a b c", SIM_EXIT_BAD_INPUT, "no more: c"},
        {"postmortem --jsen slog", SIM_EXIT_BAD_INPUT, "unknown option --jsen"},
        {"postmortem nowhere", SIM_EXIT_BAD_INPUT, "nowhere: "},
        {"postmortem nowhere slog", SIM_EXIT_BAD_INPUT, "nowhere: "},
        {"postmortem slog slog", SIM_EXIT_BAD_INPUT, "slog: "},
        {"postmortem bad", SIM_EXIT_BAD_INPUT, "bad:1:1: "},
        {"postmortem empty", SIM_EXIT_BAD_INPUT, "empty: the file is empty"},
        {"postmortem foo", SIM_EXIT_BAD_INPUT, "foo: it names no crank: the slog of"},
        {"postmortem broken", SIM_EXIT_DIFFERENCE, ""},
        {"postmortem torn", SIM_EXIT_DIFFERENCE, ""},
        {"postmortem ring", SIM_EXIT_BAD_INPUT, "ring: "},
        {"postmortem slog", SIM_EXIT_OK, ""},
        {"run --keep nodes --seed 1", SIM_EXIT_BAD_INPUT, "is for one plan, not for "},
    };
    test_file_write(test_folder_file(&folder, "slog"), vk_str(CRANK "\n" CRANK_FINISH "\n"));
    test_file_write(test_folder_file(&folder, "bad"), VK_STR("x\n"));
    test_file_write(test_folder_file(&folder, "empty"), VK_STR(""));
    test_file_write(test_folder_file(&folder, "foo"), VK_STR("{\"type\":\"foo\"}\n"));
    test_file_write(test_folder_file(&folder, "broken"), vk_str(CRANK "\nx\n" CRANK "\n"));
    test_file_write(test_folder_file(&folder, "torn"), vk_str(TORN));
    test_file_write(test_folder_file(&folder, "ring"), VK_STR(SIM_FLIGHT_MAGIC "too short"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct test_outcome *outcome = run(cases[i].words);
        cr_assert_eq(outcome->code, cases[i].code, "%s: %d", cases[i].words, outcome->code);
        has(outcome->err, cases[i].err);
    }
}
