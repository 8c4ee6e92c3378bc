/* cmd_run.c - `crankcase run`: plans, seeds and campaigns of seeds under faults.
 *
 * INV-CMD-RUN-1  A seed's failure is stored when it is found, with its plan. When its turn has come it is printed, with its
 *                reproducer, before anything else is done with it.
 */
#include "campaign.h"
#include "command.h"
#include "durations.h"
#include "fault_words.h"
#include "interrupt.h"
#include "jobs.h"
#include "kernel_module.h"
#include "oracle_words.h"
#include "recorded_runs.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_bad_input.h"
#include "reports/report_run.h"
#include "reports/stopwatch.h"
#include "reproducer.h"
#include "run_directives.h"
#include "run_plans.h"
#include "run_reports.h"
#include "run_shrink.h"
#include "run_words.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: crankcase run [OPTIONS] [PLAN...]\n\n"
    "Runs the kernel through simulated days of work under injected faults, on several replicas,\n"
    "and checks it after every crank. Without a plan the work is drawn from seeds.\n\n"
    "what to run:\n"
    "  PLAN...            plans, written by hand or left by a failure; each is run in a process of\n"
    "                     its own, which may crash, but with --directives or in a debugger\n"
    "  --seed N           the run that seed N stands for; with --seeds the first one (default 1)\n"
    "  --seeds N          N seeds\n"
    "  --minutes N        as many seeds as N minutes hold\n"
    "  --budget TIME      the same, for 90 seconds, or 90s, 5m, 1h, 1d\n"
    "  --until-stable     stop when new seeds show nothing new\n"
    "  --faults LIST      all, none, invisible, halt, divergence or words of the summary's table,\n"
    "                     with commas; -WORD takes one out (default all,-divergence)\n"
    "  --replicas N       as many replicas in every plan (default: drawn)\n"
    "  --scale N          plans N times as large\n"
    "  --clock            vats may read the clock: those runs must diverge\n"
    "  --states           vats may be suspended, paused and restarted\n"
    "  --everything       they may, and every plan has meters, illegal syscalls, vats that come and go\n"
    "  --kernel PATH      another build of the kernel, a libvk.so, in place of the one linked in\n"
    "after a panic, for one plan:\n"
    "  --keep DIR         leave each replica's flight recorder and database there, for\n"
    "                     crankcase postmortem\n"
    "  --directives [N=]FILE  (again and again) what to do about the crank that panics: replica N, or\n"
    "                     all, read it when they are started again after the panic\n"
    "  --directives-at-start  they read it at their very first start\n"
    "  --halt-after N     take each replica out of the run after N cranks\n"
    "how to check:\n"
    "  --off ORACLE,...   leave oracles out; --oracles lists them with what they cost\n"
    "  --check-every N    oracles that look at each so-manieth crank look at each N-th\n"
    "  --twice            run every seed twice (default: one in 40 of a campaign), as plans always are\n"
    "  --probes           a probe that is not rare and was never reached is no success (a build with\n"
    "                     them: the preset probes)\n"
    "  --no-activityhash  leave crankhash and activityhash out, for speed\n" SIM_RUN_REPORTS_USAGE
    "  --trace FILE       of one plan: its run, as Perfetto and chrome://tracing load it\n"
    "how to tell:\n"
    "  --jobs N           N processes side by side\n"
    "  --out DIR          where plans of failures go (default crankcase-failures)\n"
    "  --shrink           shrink the first failure of each signature, as crankcase shrink does, for a\n"
    "                     minute at most\n"
    "  --json             one JSON object a line: failures, then the summary\n"
    "  --quiet            failures only\n"
    "  --help             this text\n"
    "An option that has no effect on what is run is refused.\n\n"
    "examples:\n"
    "  crankcase run --seed 42\n"
    "  crankcase run --seeds 1000 --jobs 2\n"
    "  crankcase run --minutes 10 --faults invisible --until-stable\n"
    "  crankcase run --seeds 1000 --shrink\n"
    "  crankcase run crankcase-failures/seed-42.plan\n"
    "  crankcase run --seeds 500 --kernel ../mine/libvk.so\n"
    "  crankcase run --budget 5m --junit results.xml --summary \"$GITHUB_STEP_SUMMARY\"\n\n"
    "exit code: 0 all holds, 1 a failure, 2 bad usage or plan, 3 only liveness failed, a fault\n"
    "never struck or (--probes) a probe was never reached, 4 the testbed failed or could not\n"
    "write" SIM_INTERRUPT_USAGE;

enum { STABLE_AFTER_MIN = 2000, TWICE_EVERY = 40 };
enum { DRAWN_A_SECOND_MAX = 10 };

struct run_command {
    struct sim_campaign campaign;
    struct sim_campaign_totals totals;
    uint64_t plans, plans_failed; /* none: seeds are run */
    const char *faults_text;
    const char *out_folder;
    const char *kernel; /* the path of a module, or NULL */
    struct sim_run_directives directives;
    struct sim_run_reports reports;
    struct sim_run_words_given given;
    uint64_t budget_seconds;
    bool until_stable, json, quiet, twice, has_seed, has_seeds;
    bool colours, probes;
    bool other_than_liveness; /* a failure of another oracle was seen */
    bool is_stable;
    bool lacks_plans; /* of failures: they could not be written */
    struct sim_run_shrink shrink;
    struct report_progress progress;
    double next_draw_seconds;
    struct report_stopwatch watch;
};

/* ---- failures */

static struct sim_reproducer reproducer(const struct run_command *command) {
    return (struct sim_reproducer){.generate = &command->campaign.generate,
                                   .faults = command->faults_text,
                                   .kernel = command->kernel,
                                   .run = &command->campaign.run,
                                   .directives =
                                       command->directives.any ? &command->directives : NULL};
}

/* In text or JSON; the reports are told by the caller. */
static void print_failure(struct run_command *command, const struct report_failure *report) {
    if (report->failure->oracle != SIM_ORACLE_LIVENESS) command->other_than_liveness = true;
    report_progress_clear(&command->progress);
    if (command->json)
        report_run_failure_json(stdout, report);
    else
        report_run_failure(stdout, report, command->colours);
}

/* How a failed seed is called, and how it is had again. */
struct seed_words {
    char name[40], path[1024], reproduce[SIM_REPRODUCE_SEED_MAX];
};

static void seed_words(const struct run_command *command, uint64_t seed, struct seed_words *words) {
    const struct sim_reproducer made = reproducer(command);
    snprintf(words->name, sizeof words->name, "seed %" PRIu64, seed);
    snprintf(words->path, sizeof words->path, "%s/seed-%" PRIu64 ".plan", command->out_folder,
             seed);
    sim_reproduce_seed(&made, seed, words->reproduce);
}

/* What it returns has the number of the failure among the results, and whether there is a plan of it. */
static uint64_t seed_found(void *impl, uint64_t seed, const struct sim_failure *failure) {
    struct run_command *command = impl;
    const struct sim_reproducer made = reproducer(command);
    struct seed_words words;
    VK_ASSERT(failure); /* INV-CMD-RUN-1 */
    seed_words(command, seed, &words);
    mkdir(command->out_folder, 0777); /* what is wrong with it, writing the file tells */
    bool is_written = sim_reproducer_write(&made, seed, failure, words.path) == VK_OK;
    if (!is_written) {
        command->lacks_plans = true;
        report_progress_clear(&command->progress);
        fprintf(stderr, "crankcase run: %s\n", vk_err_origin()->text);
    }
    const struct report_failure report = {failure, words.name, words.reproduce,
                                          is_written ? words.path : NULL, NULL};
    return sim_run_reports_seed_found(&command->reports, &report) << 1 | is_written;
}

static void seed_failed(void *impl, uint64_t seed, const struct sim_failure *failure,
                        uint64_t note) {
    struct run_command *command = impl;
    struct seed_words words;
    bool is_written = note & 1;
    seed_words(command, seed, &words);
    const struct report_failure report = {failure, words.name, words.reproduce,
                                          is_written ? words.path : NULL, NULL};
    print_failure(command, &report);
    sim_run_reports_seed_failure(&command->reports, seed, &report, note >> 1);
    if (is_written) sim_run_shrink_put_off(&command->shrink, seed, words.reproduce, failure);
}

/* ---- shrinking */

static struct sim_shrink_file shrink_file(const struct run_command *command) {
    return (struct sim_shrink_file){.command = "crankcase run",
                                    .run = command->campaign.run,
                                    .kernel = command->kernel,
                                    .at_once = command->campaign.at_once,
                                    .deadline_seconds = SIM_RUN_SHRINK_SECONDS_MAX,
                                    .json = command->json,
                                    .quiet = command->quiet,
                                    .colours = command->colours};
}

static void shrink_seeds(struct run_command *command) {
    const struct sim_shrink_file like = shrink_file(command);
    report_progress_clear(&command->progress);
    while (!sim_interrupted() && sim_run_shrink_next(&command->shrink, command->out_folder,
                                                     &command->campaign.generate, &like))
        continue;
}

/* ---- campaigns */

/* Asked before every seed, too: a round of them may take longer than is left of the budget. */
static bool campaign_is_over(void *impl) {
    const struct run_command *command = impl;
    double seconds = report_stopwatch_seconds(&command->watch);
    return sim_interrupted() ||
           (command->budget_seconds && seconds >= (double)command->budget_seconds);
}

static bool campaign_stops(void *impl, const struct sim_campaign_totals *totals) {
    struct run_command *command = impl;
    if (sim_interrupted()) return true;
    shrink_seeds(command);
    if (campaign_is_over(command)) return true;
    uint64_t after = totals->newest_feature_at < STABLE_AFTER_MIN ? STABLE_AFTER_MIN
                                                                  : totals->newest_feature_at * 2;
    command->is_stable = command->until_stable && totals->seeds >= after;
    return command->is_stable;
}

static void campaign_progress(void *impl, const struct sim_campaign_totals *totals) {
    struct run_command *command = impl;
    char text[64];
    double seconds = report_stopwatch_seconds(&command->watch);
    sim_run_reports_progress(&command->reports, totals);
    if (seconds < command->next_draw_seconds) return;
    command->next_draw_seconds = seconds + 1.0 / DRAWN_A_SECOND_MAX;
    snprintf(text, sizeof text, "%" PRIu64 " failed, %" PRIu64 " features", totals->failures,
             totals->covered);
    uint64_t done = totals->seeds;
    if (command->budget_seconds) done = (uint64_t)seconds;
    report_progress_draw(&command->progress, (size_t)done, text);
}

/* A fault that was wanted and never struck is no success. */
static bool some_never_struck(const struct run_command *command) {
    if (command->totals.seeds < REPORT_SEEDS_TO_JUDGE_FAULTS) return false;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (command->campaign.generate.faults[k] && !command->totals.hits[k]) return true;
    return false;
}

static bool misses_probes(const struct run_command *command) {
    return command->probes && sim_probes_missed(command->totals.probes) > 0;
}

static int exit_code(const struct run_command *command) {
    if (command->lacks_plans) return SIM_EXIT_FAILED;
    if (command->other_than_liveness) return SIM_EXIT_DIFFERENCE;
    if (command->totals.failures || some_never_struck(command) || misses_probes(command))
        return SIM_EXIT_LIVENESS;
    return SIM_EXIT_OK;
}

static void print_summary(struct run_command *command) {
    struct report_probe probes[SIM_PROBES_MAX];
    bool of_plans = command->plans > 0;
    const struct report_summary summary = {
        .unit = report_results_kind_unit(of_plans ? REPORT_RESULTS_PLANS : REPORT_RESULTS_SEEDS),
        .count = of_plans ? command->plans : command->totals.seeds,
        .failed = of_plans ? command->plans_failed : command->totals.failures,
        .probes = probes,
        .probe_count = report_probes(&command->totals, probes),
        .totals = &command->totals,
        .faults = command->campaign.generate.faults,
        .seconds = report_stopwatch_seconds(&command->watch),
        .was_interrupted = sim_interrupted(),
        .is_stable = command->is_stable,
    };
    report_progress_clear(&command->progress);
    if (!command->quiet && command->json) report_run_summary_json(stdout, &summary);
    if (!command->quiet && !command->json) report_run_summary(stdout, &summary, command->colours);
    if (some_never_struck(command))
        fputs("crankcase run: a fault of the table never struck: this is no success\n", stderr);
    if (misses_probes(command))
        fprintf(stderr, "crankcase run: %zu probes never reached: this is no success\n",
                sim_probes_missed(command->totals.probes));
}

static int failed(const char *what) {
    fprintf(stderr, "crankcase run: %s\n", what);
    return SIM_EXIT_FAILED;
}

/* All is run, or the testbed failed with `err`: the exit code. */
static int end_reports(struct run_command *command, enum vk_err err, int code) {
    const struct report_results_end ends = {
        .totals = &command->totals,
        .state = err != VK_OK ? REPORT_RESULTS_FAILED : sim_run_reports_end_state(),
        .error = err != VK_OK ? vk_err_origin()->text : NULL,
        .is_stable = command->is_stable,
        .code = code,
    };
    return sim_run_reports_end(&command->reports, &ends);
}

static int run_campaign(struct run_command *command) {
    struct sim_campaign *campaign = &command->campaign;
    sim_interrupt_heed();
    campaign->impl = command;
    campaign->stops = campaign_stops;
    campaign->is_interrupted = campaign_is_over;
    campaign->found = seed_found;
    campaign->failed = seed_failed;
    campaign->progress = campaign_progress;
    campaign->twice_every = command->twice || !command->has_seeds ? 1 : TWICE_EVERY;
    if (command->budget_seconds || command->until_stable) {
        campaign->twice_every = command->twice ? 1 : TWICE_EVERY;
        if (!command->has_seeds) campaign->seeds = UINT64_MAX;
    }
    report_progress_begin(&command->progress,
                          command->budget_seconds ? (size_t)command->budget_seconds
                                                  : (size_t)campaign->seeds,
                          !command->quiet);
    enum vk_err err = sim_campaign_run(campaign, &command->totals);
    shrink_seeds(command);
    print_summary(command);
    if (err == VK_OK) sim_run_reports_watch(&command->reports, campaign);
    return end_reports(command, err,
                       err == VK_OK ? exit_code(command) : failed(vk_err_origin()->text));
}

/* ---- plans */

static void shrink_plan(const struct run_command *command, const char *path, struct vk_str text) {
    const struct sim_shrink_file like = shrink_file(command);
    struct sim_plan_error error;
    struct sim_plan plan;
    if (sim_plan_read(&plan, vk_heap_system(), text, &error) != VK_OK) return;
    sim_run_shrink_plan(path, &plan, text, &like);
    sim_plan_release(&plan);
}

static int tell_plan(struct run_command *command, const char *path, struct vk_str text,
                     const struct sim_run_plan_result *result) {
    const struct sim_reproducer made = reproducer(command);
    char reproduce[SIM_REPRODUCE_MAX];
    if (result->code != SIM_EXIT_OK) {
        report_bad_input("crankcase run", path, result->error,
                         command->json && result->code == SIM_EXIT_BAD_INPUT);
        return result->code;
    }
    if (command->directives.any) sim_run_directives_look_back(&command->directives, &result->run);
    sim_campaign_add(&command->totals, &result->run);
    for (size_t k = 0; k < sim_probe_count(); k++)
        command->totals.probes[k] += result->probes[k];
    sim_reproduce_plan(&made, path, reproduce);
    const struct report_failure report = {&result->run.failure, path, reproduce, NULL, NULL};
    const struct report_panic panic = {&result->run, path, reproduce, command->campaign.run.keep};
    if (result->run.failed) {
        print_failure(command, &report);
        sim_run_reports_failure(&command->reports, &report);
    }
    if (result->run.failed && result->is_plan && command->shrink.wanted)
        shrink_plan(command, path, text);
    if (result->run.refused) {
        sim_run_directives_refused(&command->directives, &result->run);
        return SIM_EXIT_BAD_INPUT;
    }
    if (result->run.was_panic && !command->quiet) report_run_panic(stdout, &panic, command->json);
    return SIM_EXIT_OK;
}

static int plan_ended(void *impl, const char *path, struct vk_str text,
                      const struct sim_run_plan_result *result) {
    struct run_command *command = impl;
    int code = tell_plan(command, path, text, result);
    command->plans++;
    command->plans_failed += code != SIM_EXIT_OK || result->run.failed;
    return code;
}

static int run_plans(struct run_command *command, int count, char **paths) {
    /* Directives may ask for a debugger, which, as one that is there, is to see the kernel. */
    const struct sim_run_plans plans = {.paths = paths,
                                        .count = (size_t)count,
                                        .isolated =
                                            !command->directives.any && !sim_run_is_traced(),
                                        .options = &command->campaign.run,
                                        .reports = &command->reports,
                                        .totals = &command->totals,
                                        .impl = command,
                                        .ended = plan_ended};
    const struct sim_reproducer made = reproducer(command);
    char reproduce[SIM_REPRODUCE_MAX];
    int code;
    if (command->directives.any) {
        sim_reproduce_plan(&made, paths[0], reproduce);
        sim_run_directives_give(&command->directives, reproduce, &command->campaign.run);
    }
    enum vk_err err = sim_run_plans(&plans, &code);
    if (command->totals.seeds) print_summary(command);
    if (code == SIM_EXIT_OK) code = exit_code(command);
    return end_reports(command, err, err == VK_OK ? code : failed(vk_err_origin()->text));
}

/* ---- recordings */

/* Recordings are a campaign of their own: the seeds draw their faults. */
static int run_recordings(struct run_command *command, int count, char **paths) {
    struct sim_recorded_runs asked = {
        .command = "crankcase run",
        .paths = (const char *const *)paths,
        .path_count = (size_t)count,
        .reports = &command->reports,
        .first_seed = command->campaign.first_seed,
        .seeds = command->campaign.seeds,
        .faults_text = command->faults_text,
        .at_once = command->campaign.at_once,
        .json = command->json,
        .quiet = command->quiet,
    };
    const struct report_results_begin begins = {.kind = REPORT_RESULTS_RECORDINGS,
                                                .faults = command->campaign.generate.faults};
    memcpy(asked.faults, command->campaign.generate.faults, sizeof asked.faults);
    command->reports.outputs.inputs = asked.paths;
    command->reports.outputs.input_count = asked.path_count;
    int code = sim_run_reports_begin(&command->reports, &begins);
    if (code != SIM_EXIT_OK) return code;
    return sim_run_reports_end_list(&command->reports, (int)sim_recorded_runs(&asked));
}

/* ---- the command line */

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase run: %s%s (see crankcase run --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int turn_off(struct run_command *command, const char *list) {
    const char *wrong = sim_oracle_words_turn_off(list, command->campaign.run.off);
    return !wrong ? SIM_EXIT_OK
                  : bad_usage("--off takes oracles (crankcase run --oracles), not ",
                              wrong[0] ? wrong : "nothing");
}

/* Options whose value is a number, and where it goes. */
static int take_number(struct run_command *command, int option) {
    struct sim_campaign *campaign = &command->campaign;
    uint64_t n = 0;
    bool is_number = vk_str_to_u64(vk_str(optarg), &n);
    if (!is_number && option == SIM_RUN_OPTION(SEED))
        return bad_usage("--seed takes a number, not ", optarg);
    if (!is_number) n = 0; /* which none of the others takes */
    switch (option) {
    case SIM_RUN_OPTION(SEED):
        campaign->first_seed = n;
        command->has_seed = true;
        return SIM_EXIT_OK;
    case SIM_RUN_OPTION(SEEDS):
        campaign->seeds = n;
        command->has_seeds = true;
        return n ? SIM_EXIT_OK : bad_usage("--seeds takes a number from 1 on, not ", optarg);
    case SIM_RUN_OPTION(MINUTES):
        command->budget_seconds = n * 60;
        return n && n <= UINT64_MAX / 60
                   ? SIM_EXIT_OK
                   : bad_usage("--minutes takes a number from 1 on, not ", optarg);
    case SIM_RUN_OPTION(CHECK_EVERY):
        campaign->run.check_every = n;
        return n ? SIM_EXIT_OK : bad_usage("--check-every takes a number from 1 on, not ", optarg);
    case SIM_RUN_OPTION(REPLICAS):
        campaign->generate.replicas = (uint32_t)n;
        return n >= 1 && n <= SIM_REPLICAS_MAX
                   ? SIM_EXIT_OK
                   : bad_usage("--replicas takes a number from 1 to 7, not ", optarg);
    case SIM_RUN_OPTION(HALT_AFTER):
        campaign->run.halt_after = n;
        return n ? SIM_EXIT_OK : bad_usage("--halt-after takes a number from 1 on, not ", optarg);
    case SIM_RUN_OPTION(SCALE):
        campaign->generate.scale = (uint32_t)n;
        return n >= 1 && n <= 1000
                   ? SIM_EXIT_OK
                   : bad_usage("--scale takes a number from 1 to 1000, not ", optarg);
    default:
        campaign->at_once = (size_t)n;
        return n >= 1 && n <= SIM_JOBS_AT_ONCE_MAX
                   ? SIM_EXIT_OK
                   : bad_usage("--jobs takes a number from 1 to 256, not ", optarg);
    }
}

static int take_faults(struct run_command *command) {
    char error[SIM_FAULT_WORDS_ERROR_SIZE];
    command->faults_text = optarg;
    if (strlen(optarg) > SIM_REPRODUCE_FAULTS_MAX)
        return bad_usage("--faults takes a list of 2000 bytes at most", "");
    if (sim_fault_words_parse(optarg, command->campaign.generate.faults, error)) return SIM_EXIT_OK;
    return bad_usage("--faults: ", error);
}

static int take_kernel(struct run_command *command) {
    command->kernel = optarg;
    if (sim_kernel_load(optarg, &command->campaign.run.module) == VK_OK) return SIM_EXIT_OK;
    fprintf(stderr, "crankcase run: %s\n", vk_err_origin()->text);
    return SIM_EXIT_BAD_INPUT;
}

static bool is_too_long(int option) {
    bool is_path = option == SIM_RUN_OPTION(KERNEL) || option == SIM_RUN_OPTION(KEEP) ||
                   option == SIM_RUN_OPTION(DIRECTIVES);
    return is_path && strlen(optarg) > SIM_REPRODUCE_PATH_MAX;
}

static int take_option(struct run_command *command, int option) {
    if (is_too_long(option)) return bad_usage("the path is too long: ", optarg);
    switch (option) {
    case SIM_RUN_OPTION(UNTIL_STABLE): command->until_stable = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(ORACLES): return SIM_EXIT_OK; /* told when it is known whether as JSON */
    case SIM_RUN_OPTION(CLOCK): command->campaign.generate.clock = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(STATES): command->campaign.generate.states = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(EVERYTHING):
        command->campaign.generate.everything = true;
        return SIM_EXIT_OK;
    case SIM_RUN_OPTION(PROBES):
        command->probes = true;
        return sim_probe_count() ? SIM_EXIT_OK : bad_usage("--probes: this build has none", "");
    case SIM_RUN_OPTION(TWICE): command->twice = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(NO_ACTIVITYHASH):
        command->campaign.run.no_activity_hash = true;
        return SIM_EXIT_OK;
    case SIM_RUN_OPTION(JSON): command->json = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(QUIET): command->quiet = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(TRACE): command->reports.trace = optarg; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(OUT): command->out_folder = optarg; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(SHRINK): command->shrink.wanted = true; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(KEEP): command->campaign.run.keep = optarg; return SIM_EXIT_OK;
    case SIM_RUN_OPTION(DIRECTIVES):
        return sim_run_directives_take(&command->directives, optarg) ? SIM_EXIT_OK
                                                                     : SIM_EXIT_BAD_INPUT;
    case SIM_RUN_OPTION(DIRECTIVES_AT_START):
        command->campaign.run.directed_from_start = true;
        return SIM_EXIT_OK;
    case SIM_RUN_OPTION(OFF): return turn_off(command, optarg);
    case SIM_RUN_OPTION(FAULTS): return take_faults(command);
    case SIM_RUN_OPTION(KERNEL): return take_kernel(command);
    case SIM_RUN_OPTION(BUDGET):
        return sim_duration_seconds(optarg, &command->budget_seconds)
                   ? SIM_EXIT_OK
                   : bad_usage("--budget takes a time (90, 90s, 5m, 1h, 1d), not ", optarg);
    default:
        return sim_run_reports_take(&command->reports, option, optarg)
                   ? SIM_EXIT_OK
                   : take_number(command, option);
    }
}

static bool is_for_one_plan(const struct run_command *command) {
    const struct sim_run_options *run = &command->campaign.run;
    return run->keep || run->halt_after || run->directed_from_start || command->directives.any;
}

/* Plans, or seeds. */
static int run(struct run_command *command, int count, char **paths) {
    static const bool none[FAULT_KIND_COUNT];
    bool of_plans = count > 0;
    bool *faults = command->campaign.generate.faults;
    if (of_plans) memcpy(faults, none, sizeof none);
    struct sim_outputs *outputs = &command->reports.outputs;
    if (!of_plans) sim_outputs_add(outputs, "--out", command->out_folder, SIM_OUTPUT_FOLDER);
    sim_outputs_add(outputs, "--keep", command->campaign.run.keep, SIM_OUTPUT_FOLDER);
    outputs->inputs = (const char *const *)paths;
    outputs->input_count = (size_t)count;
    const struct report_results_begin begins = {.kind = of_plans ? REPORT_RESULTS_PLANS
                                                                 : REPORT_RESULTS_SEEDS,
                                                .kernel = command->kernel,
                                                .faults = faults,
                                                .off = command->campaign.run.off,
                                                .probes = command->probes};
    int code = sim_run_reports_begin(&command->reports, &begins);
    if (code != SIM_EXIT_OK) return code;
    report_stopwatch_start(&command->watch);
    return of_plans ? run_plans(command, count, paths) : run_campaign(command);
}

/* Nothing named is seeds. */
static unsigned work_of(const struct run_command *command, int count, char **paths) {
    bool recordings = true;
    if (count == 0) return SIM_RUN_SEEDS;
    for (int i = 0; i < count; i++)
        recordings = recordings && sim_recorded_runs_takes(paths[i]);
    if (recordings) return SIM_RUN_RECORDINGS;
    return SIM_RUN_PLANS | (count == 1 ? SIM_RUN_ONE_PLAN : 0U) |
           (command->shrink.wanted ? SIM_RUN_SHRUNK_PLANS : 0U);
}

static int parse_and_run(struct run_command *command, int argc, char **argv) {
    const struct option *options = sim_run_words_options();
    int option, code;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == ':') return bad_usage("a value is missing after ", argv[optind - 1]);
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'h') return puts(usage) < 0 ? SIM_EXIT_FAILED : SIM_EXIT_OK;
        sim_run_words_note(&command->given, option);
        code = take_option(command, option);
        if (code != SIM_EXIT_OK) return code;
    }
    if (command->given.words[SIM_RUN_WORD_ORACLES])
        return sim_oracle_words_print(command->json), SIM_EXIT_OK;
    bool has_seeds =
        command->has_seed || command->has_seeds || command->budget_seconds || command->until_stable;
    if (optind == argc && !has_seeds) return bad_usage("neither a plan nor a seed is named", "");
    char error[SIM_RUN_WORDS_ERROR_SIZE];
    unsigned work = work_of(command, argc - optind, argv + optind);
    if (!sim_run_words_fit(&command->given, work, error)) return bad_usage(error, "");
    if (work & SIM_RUN_RECORDINGS) return run_recordings(command, argc - optind, argv + optind);
    if (is_for_one_plan(command) && command->shrink.wanted)
        return bad_usage("--shrink does not go with --keep, --directives and --halt-after", "");
    return run(command, argc - optind, argv + optind);
}

static int run_main(int argc, char **argv) {
    struct run_command command = {
        .campaign = {.first_seed = 1, .seeds = 1, .at_once = 1},
        .out_folder = "crankcase-failures",
        .colours = report_colour_wanted(stdout),
    };
    sim_fault_words_default(command.campaign.generate.faults);
    sim_run_reports_init(&command.reports, "crankcase run", argc, argv);
    int code = parse_and_run(&command, argc, argv);
    sim_run_reports_release(&command.reports);
    sim_run_directives_release(&command.directives);
    sim_run_shrink_release(&command.shrink);
    bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    return is_written || code == SIM_EXIT_FAILED ? sim_interrupt_code(code)
                                                 : failed("standard output cannot be written");
}

const struct sim_command sim_cmd_run = {
    .name = "run",
    .summary = "run plans or seeds: simulated replicas under faults, checked after every crank",
    .run = run_main,
};
