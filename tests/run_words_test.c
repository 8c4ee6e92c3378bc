/* run_words_test.c - an option of `crankcase run` or `crankcase replay` that would have no effect on what is run is refused. */
#include "sim/run_words.h"

#include "sim/command.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static struct test_folder folder;

static void folder_make(void) {
    test_folder_make(&folder);
    test_file_write(test_folder_file(&folder, "a.plan"), VK_STR("crankcase-plan 1\n"));
    test_file_write(test_folder_file(&folder, "b.plan"), VK_STR("crankcase-plan 1\n"));
    test_file_write(test_folder_file(&folder, "a.jsonl"), VK_STR("{}\n"));
    test_file_write(test_folder_file(&folder, "db"), VK_STR("SQLite format 3\0"));
}

static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(run_words, .init = folder_make, .fini = folder_remove);

static void expect_refused(const char *words, const char *wanted) {
    const struct test_outcome *outcome = test_command_run(&folder, words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
    cr_expect_str_eq(outcome->out, "", "%s", words);
    cr_expect(strstr(outcome->err, wanted), "%s: no \"%s\" in\n%s", words, wanted, outcome->err);
    cr_expect(strchr(outcome->err, '\n') == outcome->err + strlen(outcome->err) - 1, "%s: %s",
              words, outcome->err);
}

Test(run_words, with_recordings_what_they_do_not_heed_is_refused) {
    static const char *const of_seeds[] = {"budget 1m",  "minutes 1",  "until-stable",
                                           "replicas 2", "scale 2",    "clock",
                                           "states",     "everything", "out new"};
    static const char *const of_plans[] = {"off audit", "twice", "check-every 2", "no-activityhash",
                                           "shrink"};
    char words[200], wanted[200];
    for (size_t i = 0; i < sizeof of_seeds / sizeof *of_seeds; i++) {
        snprintf(words, sizeof words, "run a.jsonl --%s", of_seeds[i]);
        snprintf(wanted, sizeof wanted, "crankcase run: --%.*s is for seeds, not for recordings ",
                 (int)strcspn(of_seeds[i], " "), of_seeds[i]);
        expect_refused(words, wanted);
    }
    for (size_t i = 0; i < sizeof of_plans / sizeof *of_plans; i++) {
        snprintf(words, sizeof words, "run --%s a.jsonl", of_plans[i]);
        snprintf(wanted, sizeof wanted,
                 "crankcase run: --%.*s is for seeds and plans, not for recordings ",
                 (int)strcspn(of_plans[i], " "), of_plans[i]);
        expect_refused(words, wanted);
    }
    expect_refused("run a.jsonl --halt-after 2",
                   "--halt-after is for one plan, not for recordings ");
    expect_refused("run . --trace t", "--trace is for one plan, not for recordings ");
}

Test(run_words, with_plans_what_they_do_not_heed_is_refused) {
    expect_refused("run a.plan --out new", "--out is for seeds, not for plans ");
    expect_refused("run a.plan --jobs 2",
                   "--jobs is for seeds, recordings and plans that are shrunk, not for plans ");
    expect_refused("run a.plan --seed 1", "--seed is for seeds and recordings, not for plans ");
    expect_refused("run a.plan b.plan --keep new", "--keep is for one plan, not for several ");
    expect_refused("run --seed 1 --keep new", "--keep is for one plan, not for seeds ");
    cr_expect_eq(test_command_run(&folder, "run a.plan --quiet --shrink --jobs 2")->code,
                 SIM_EXIT_OK);
}

Test(run_words, a_campaign_has_one_end) {
    expect_refused("run --seeds 2 --minutes 1", "either --seeds or --minutes ");
    expect_refused("run --seeds 2 --budget 1m", "either --seeds or --budget ");
    expect_refused("run --minutes 1 --budget 1m", "either --minutes or --budget ");
    expect_refused("run --seed 1 --seeds 2 --minutes 1 --budget 1m",
                   "either --seeds or --minutes ");
    cr_expect_eq(test_command_run(&folder, "run --seeds 2 --until-stable --quiet")->code,
                 SIM_EXIT_OK);
    cr_expect_eq(test_command_run(&folder, "run --budget 1s --until-stable --quiet")->code,
                 SIM_EXIT_OK);
}

Test(run_words, with_a_database_and_a_slog_what_is_for_recordings_is_refused) {
    static const char *const of_recordings[] = {"jobs 2",        "keep new", "store direct",
                                                "vats-online 2", "no-slog",  "html page.html"};
    char words[200], wanted[200];
    for (size_t i = 0; i < sizeof of_recordings / sizeof *of_recordings; i++) {
        snprintf(words, sizeof words, "replay --quiet --%s db a.jsonl", of_recordings[i]);
        snprintf(wanted, sizeof wanted,
                 "crankcase replay: for recordings, not for a database and a slog, is --%.*s ",
                 (int)strcspn(of_recordings[i], " "), of_recordings[i]);
        expect_refused(words, wanted);
    }
    cr_expect_neq(access(test_folder_file(&folder, "new"), F_OK), 0);
}

/* Each goes with something, and whatever is run has some that do not go with it. */
Test(run_words, every_option_goes_with_something) {
    static const unsigned works[] = {SIM_RUN_SEEDS, SIM_RUN_RECORDINGS, SIM_RUN_PLANS,
                                     SIM_RUN_PLANS | SIM_RUN_ONE_PLAN,
                                     SIM_RUN_PLANS | SIM_RUN_SHRUNK_PLANS};
    enum { WORKS = sizeof works / sizeof *works };
    char error[SIM_RUN_WORDS_ERROR_SIZE];
    size_t refused[WORKS] = {0};
    for (int word = 0; word < SIM_RUN_WORD_COUNT; word++) {
        struct sim_run_words_given given = {{false}};
        size_t fits = 0;
        sim_run_words_note(&given, word + 256);
        for (size_t i = 0; i < WORKS; i++) {
            bool fit = sim_run_words_fit(&given, works[i], error);
            fits += fit;
            refused[i] += !fit;
        }
        cr_expect_gt(fits, 0, "option %d", word);
    }
    for (size_t i = 0; i < WORKS; i++)
        cr_expect_gt(refused[i], 0, "%zu", i);
}
