/* cmd_corpus.c - `crankcase corpus`: replays what is kept, and adds to it. */
#include "command.h"
#include "corpus.h"
#include "corpus_add.h"
#include "interrupt.h"
#include "jobs.h"
#include "kernel_module.h"
#include "recorded_runs.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_bad_input.h"
#include "reports/report_corpus.h"
#include "reports/stopwatch.h"
#include "reproducer.h"
#include "run_reports.h"
#include "text_file.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: crankcase corpus run [OPTIONS] [FOLDER]\n"
    "       crankcase corpus add [OPTIONS] PLAN [FOLDER]\n\n"
    "run  replays a corpus (FOLDER, or ./corpus): every NAME.plan in it and in the folders in it, in\n"
    "     the order of their names, each against its line `expect`; the texts of fuzz/plan_fuzz/; the\n"
    "     recordings of recordings/, against their hashes. What begins with a dot is passed over.\n"
    "add  adds a failure: the plan is run, named for its failure's signature, and written to\n"
    "     regressions/ with a note of where it comes from and the expectation that all holds once the\n"
    "     bug is out (or, if it fails with --kernel, what this command's own kernel makes of it). A\n"
    "     failure that is there already is refused, by its signature. A plan that does not fail (any\n"
    "     more) is added if it says `expect ok after SIGNATURE`.\n\n"
    "in a plan:\n"
    "  expect ok [after SIGNATURE]       nothing fails, as without this line\n"
    "  expect panic [after SIGNATURE]    the kernel panics, on every replica alike\n"
    "  expect divergence                 replicas differ, as a fault makes them\n"
    "  expect failure SIGNATURE          it fails, with this signature\n\n"
    "options:\n"
    "  --jobs N       N processes side by side\n"
    "  --kernel PATH  another build of the kernel, its libvk.so; for plans\n"
    "  --plans        no recordings (with --kernel there are none either)\n"
    "  --json         one JSON object a line\n"
    "  --quiet        only what is not as expected, and no progress bar\n"
    "  --help         this text\n" SIM_RUN_REPORTS_USAGE "\n"
    "examples:\n"
    "  crankcase corpus run --jobs 2\n"
    "  crankcase corpus add crankcase-failures/seed-42-shrunk.plan\n"
    "  crankcase corpus run --plans --json my-corpus > corpus.jsonl\n"
    "  crankcase corpus run --junit corpus.xml --summary \"$GITHUB_STEP_SUMMARY\" my-corpus\n\n"
    "exit code: 0 all is as expected, or was added; 1 something is not; 2 bad usage, a bad plan, or\n"
    "one that was not added; 4 the testbed failed" SIM_INTERRUPT_USAGE;

struct corpus_command {
    const char *words[3]; /* run or add, then what it takes */
    int word_count;
    struct sim_run_options run;
    size_t at_once;
    bool json, quiet, plans_only, colours;
    const char *kernel; /* the path of a module, or NULL */
    struct sim_corpus corpus;
    struct sim_run_reports reports;
    struct report_corpus_total total;
    struct report_progress progress;
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase corpus: %s%s (see crankcase corpus --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

/* What is wrong with the words that were given is bad input; the rest is the testbed's own. */
static int failed(enum vk_err err) {
    fprintf(stderr, "crankcase corpus: %s\n", vk_err_origin()->text);
    return err == VK_ERR_USAGE ? SIM_EXIT_BAD_INPUT : SIM_EXIT_FAILED;
}

/* ---- run */

static enum report_plan_state state_of(enum sim_corpus_verdict verdict) {
    static const enum report_plan_state states[SIM_CORPUS_VERDICT_COUNT] = {
        [SIM_CORPUS_MET] = REPORT_PLAN_PASSED,
        [SIM_CORPUS_NOT_MET] = REPORT_PLAN_DIFFERENT,
        [SIM_CORPUS_BAD_PLAN] = REPORT_PLAN_BAD,
        [SIM_CORPUS_FAILED] = REPORT_PLAN_FAILED,
    };
    return states[verdict];
}

/* A failure tells for itself; where none was and one should have been, what was expected is all there is to say. */
static void keep_result(struct corpus_command *command, const char *path,
                        const struct sim_corpus_result *result, const char *reproduce) {
    char told[2500];
    const struct report_failure failure = {&result->failure, path, reproduce, NULL, NULL};
    bool is_unmet = result->verdict == SIM_CORPUS_NOT_MET && !result->error[0];
    bool has_failed = is_unmet && result->outcome == SIM_EXPECT_FAILURE;
    FILE *text = is_unmet ? fmemopen(told, sizeof told, "w") : NULL;
    snprintf(told, sizeof told, "%s", result->verdict == SIM_CORPUS_MET ? "" : result->error);
    if (text) {
        report_corpus_expected(text, result, "");
        if (!has_failed) fprintf(text, "reproduce: %s", reproduce);
        fclose(text);
    }
    const struct sim_run_reports_entry entry = {.name = path,
                                                .state = state_of(result->verdict),
                                                .seconds = result->seconds,
                                                .error = told,
                                                .failure = has_failed ? &failure : NULL};
    sim_run_reports_entry(&command->reports, &entry);
    if (has_failed)
        sim_run_reports_watch_file(&command->reports, path, &command->run, &result->failure);
}

static void replayed(void *impl, size_t i, const struct sim_corpus_result *result) {
    struct corpus_command *command = impl;
    const char *path = command->corpus.at[i].path;
    const struct sim_reproducer made = {.kernel = command->kernel};
    char reproduce[SIM_REPRODUCE_MAX];
    sim_reproduce_plan(&made, path, reproduce);
    command->total.plans++;
    command->total.verdicts[result->verdict]++;
    report_progress_clear(&command->progress);
    bool is_told = !command->quiet || result->verdict != SIM_CORPUS_MET;
    if (is_told && command->json)
        report_corpus_row_json(stdout, path, result);
    else if (is_told)
        report_corpus_row(stdout, path, result, reproduce, command->colours);
    keep_result(command, path, result, reproduce);
    report_progress_draw(&command->progress, i + 1, NULL);
}

static enum sim_exit replay_recordings(struct corpus_command *command) {
    const char *path = command->corpus.recordings;
    const struct sim_recorded_runs asked = {.command = "crankcase corpus",
                                            .paths = &path,
                                            .path_count = 1,
                                            .seeds = 1,
                                            .at_once = command->at_once,
                                            .json = command->json,
                                            .quiet = true,
                                            .reports = &command->reports};
    return sim_recorded_runs(&asked);
}

static int exit_code(const struct corpus_command *command) {
    const uint64_t *verdicts = command->total.verdicts;
    if (verdicts[SIM_CORPUS_FAILED]) return SIM_EXIT_FAILED;
    if (verdicts[SIM_CORPUS_BAD_PLAN]) return SIM_EXIT_BAD_INPUT;
    return verdicts[SIM_CORPUS_NOT_MET] ? SIM_EXIT_DIFFERENCE : SIM_EXIT_OK;
}

static int replay(struct corpus_command *command) {
    const struct sim_corpus_run run = {.corpus = &command->corpus,
                                       .run = command->run,
                                       .at_once = command->at_once,
                                       .impl = command,
                                       .replayed = replayed};
    struct report_stopwatch watch;
    int code_of_recordings = SIM_EXIT_OK;
    report_stopwatch_start(&watch);
    report_progress_begin(&command->progress, command->corpus.count, !command->quiet);
    enum vk_err err = sim_corpus_replay(&run);
    report_progress_clear(&command->progress);
    if (err != VK_OK) return failed(err);
    /* Those are for the kernel that is linked in, as with `crankcase replay`. */
    bool are_wanted = command->corpus.recordings && !command->plans_only && !command->kernel;
    if (are_wanted && !sim_interrupted()) {
        code_of_recordings = (int)replay_recordings(command);
        command->total.recordings = code_of_recordings != SIM_EXIT_OK ? "not met"
                                    : sim_interrupted()               ? "met so far"
                                                                      : "met";
    } else if (are_wanted) {
        command->total.recordings = "not run";
    }
    command->total.was_interrupted = sim_interrupted();
    command->total.seconds = report_stopwatch_seconds(&watch);
    if (command->json)
        report_corpus_total_json(stdout, &command->total);
    else if (!command->quiet || sim_interrupt_code(exit_code(command)) != SIM_EXIT_OK)
        report_corpus_total(stdout, &command->total, command->colours);
    int code = exit_code(command);
    return code > code_of_recordings ? code : code_of_recordings;
}

static int run_corpus(struct corpus_command *command) {
    const struct report_results_begin begins = {.kind = REPORT_RESULTS_CORPUS,
                                                .kernel = command->kernel};
    const char *folder = command->word_count > 1 ? command->words[1] : "corpus";
    if (command->word_count > 2)
        return bad_usage("run takes one folder, and no ", command->words[2]);
    enum vk_err err = sim_corpus_list(&command->corpus, folder);
    int code = err == VK_OK          ? sim_run_reports_begin(&command->reports, &begins)
               : err == VK_ERR_USAGE ? SIM_EXIT_BAD_INPUT
                                     : failed(err);
    if (err == VK_ERR_USAGE)
        report_bad_input("crankcase corpus", folder, vk_err_origin()->text, command->json);
    if (code == SIM_EXIT_OK) code = sim_run_reports_end_list(&command->reports, replay(command));
    sim_corpus_release(&command->corpus);
    return code;
}

/* ---- add */

static void print_added(const struct corpus_command *command, const char *name,
                        const struct sim_corpus_addition *addition) {
    if (command->json)
        report_corpus_added_json(stdout, name, addition);
    else
        printf("%s added for %s\n  plan: %s\n", name, addition->signature, addition->path);
}

static int add_to_corpus(struct corpus_command *command) {
    const char *folder = command->word_count > 2 ? command->words[2] : "corpus";
    struct sim_corpus_addition addition;
    struct vk_arena arena;
    struct vk_str text;
    if (command->word_count < 2) return bad_usage("add takes a plan", "");
    if (sim_run_reports_any(&command->reports))
        return bad_usage("--results, --junit, --summary and --html are for run", "");
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_text_file_read(command->words[1], &arena, &text);
    if (err == VK_OK) {
        err = sim_corpus_add(folder, command->words[1], text, &command->run, &addition);
    } else {
        err = VK_ERR_USAGE; /* no file, no plan */
    }
    vk_arena_release(&arena);
    if (err != VK_OK) return failed(err);
    if (addition.refusal[0]) {
        fprintf(stderr, "crankcase corpus: %s\n", addition.refusal);
        return SIM_EXIT_BAD_INPUT;
    }
    print_added(command, command->words[1], &addition);
    return SIM_EXIT_OK;
}

/* ---- the command line */

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},  {"jobs", required_argument, NULL, 'j'},
    {"plans", no_argument, NULL, 'p'}, {"json", no_argument, NULL, 'J'},
    {"quiet", no_argument, NULL, 'q'}, {"kernel", required_argument, NULL, 'k'},
    SIM_RUN_REPORTS_OPTIONS,           {NULL, 0, NULL, 0},
};

static int take_option(struct corpus_command *command, int option) {
    uint64_t n;
    switch (option) {
    case 'J': command->json = true; return SIM_EXIT_OK;
    case 'q': command->quiet = true; return SIM_EXIT_OK;
    case 'p': command->plans_only = true; return SIM_EXIT_OK;
    case 'k':
        command->kernel = optarg;
        if (strlen(optarg) > SIM_REPRODUCE_PATH_MAX)
            return bad_usage("--kernel: the path is too long", "");
        if (sim_kernel_load(optarg, &command->run.module) == VK_OK) return SIM_EXIT_OK;
        fprintf(stderr, "crankcase corpus: %s\n", vk_err_origin()->text);
        return SIM_EXIT_BAD_INPUT;
    default:
        if (sim_run_reports_take(&command->reports, option, optarg)) return SIM_EXIT_OK;
        if (!vk_str_to_u64(vk_str(optarg), &n) || n < 1 || n > SIM_JOBS_AT_ONCE_MAX)
            return bad_usage("--jobs takes a number from 1 to 256, not ", optarg);
        command->at_once = (size_t)n;
        return SIM_EXIT_OK;
    }
}

static int take_words(struct corpus_command *command, int argc, char **argv) {
    enum { WORDS_MAX = sizeof command->words / sizeof *command->words };
    for (; optind < argc; optind++) {
        if (command->word_count == WORDS_MAX) return bad_usage("one word too many: ", argv[optind]);
        command->words[command->word_count++] = argv[optind];
    }
    if (command->word_count == 0) return bad_usage("run or add is to be named", "");
    if (strcmp(command->words[0], "run") == 0) return run_corpus(command);
    if (strcmp(command->words[0], "add") == 0) return add_to_corpus(command);
    return bad_usage("neither run nor add is ", command->words[0]);
}

static int parse_and_run(struct corpus_command *command, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == ':') return bad_usage("a value is missing after ", argv[optind - 1]);
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'h') return puts(usage) < 0 ? SIM_EXIT_FAILED : SIM_EXIT_OK;
        int code = take_option(command, option);
        if (code != SIM_EXIT_OK) return code;
    }
    return take_words(command, argc, argv);
}

static int corpus_main(int argc, char **argv) {
    struct corpus_command command = {.at_once = 1, .colours = report_colour_wanted(stdout)};
    sim_run_reports_init(&command.reports, "crankcase corpus", argc, argv);
    int code = parse_and_run(&command, argc, argv);
    sim_run_reports_release(&command.reports);
    if (fflush(stdout) == 0 && !ferror(stdout)) return sim_interrupt_code(code);
    fputs("crankcase corpus: standard output cannot be written\n", stderr);
    return SIM_EXIT_FAILED;
}

const struct sim_command sim_cmd_corpus = {
    .name = "corpus",
    .summary = "replay what is kept against what is expected of it, or add a failure",
    .run = corpus_main,
};
