/* interrupt_test.c - what is left of a command that is ended in the midst of a list, by Ctrl-C or by whoever cancels a job:
 * it says that it is partial, and is no success.
 *
 * Of campaigns and of a corpus run's reports: run_command_test.c, run_reports_test.c.
 */
#include "sim/command.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct test_folder folder;

static void begin(void) { test_folder_make(&folder); }
static void end(void) { test_folder_remove(&folder); }

TestSuite(interrupt, .init = begin, .fini = end);

static void sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* From when the results are there, a command heeds it. */
static const struct test_outcome *interrupt(const char *words, int signal) {
    const struct test_command command = {.words = words};
    const char *results = test_folder_file(&folder, "r.sqlite");
    remove(results);
    pid_t process = test_command_start(&folder, &command);
    for (int i = 0; i < 1000 && access(results, F_OK) != 0; i++)
        sleep_ms(10);
    sleep_ms(200);
    kill(process, signal);
    return test_command_await(&folder, process);
}

static void expect_interrupted(const char *list) {
    static const struct {
        const char *options, *told;
        int signal;
    } ways[] = {
        {"", "interrupted; so far:\n", SIGINT},
        {" --json", "\"interrupted\":true", SIGTERM},
        {" --quiet", "", SIGTERM},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char words[600];
        snprintf(words, sizeof words, "%s --results r.sqlite%s", list, ways[i].options);
        const struct test_outcome *outcome = interrupt(words, ways[i].signal);
        cr_expect_eq(outcome->code, SIM_EXIT_INTERRUPTED + ways[i].signal, "%s: %d, signal %d",
                     words, outcome->code, outcome->signal);
        cr_expect(strstr(outcome->out, ways[i].told), "%s: %s", words, outcome->out);
        cr_expect_str_eq(outcome->err, "", "%s", words);
        outcome = test_command_run(&folder, "report r.sqlite");
        cr_expect(strstr(outcome->out, "\npartial: It was interrupted"), "%s: %s", words,
                  outcome->out);
    }
}

Test(interrupt, a_replay_is_no_success) {
    expect_interrupted("replay " TEST_SOURCE_DIR "/corpus/recordings");
}

Test(interrupt, recordings_under_faults_are_no_success) {
    expect_interrupted("run --seeds 3 " TEST_SOURCE_DIR "/corpus/recordings");
}

Test(interrupt, a_sweep_is_no_success) {
    expect_interrupted("sweep " TEST_SOURCE_DIR "/corpus/plans/three-replicas.plan");
}

Test(interrupt, a_corpus_run_is_no_success) {
    expect_interrupted("corpus run " TEST_SOURCE_DIR "/corpus");
}
