/* recorded_runs.c - see recorded_runs.h. */
#include "recorded_runs.h"

#include "interrupt.h"
#include "jobs.h"
#include "recorded_run.h"
#include "recording_files.h"
#include "replay_diff.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_bad_input.h"
#include "reports/report_recorded.h"
#include "reports/stopwatch.h"
#include "reproducer.h"

#include <inttypes.h>
#include <sys/stat.h>

enum { RUNS_TO_JUDGE_FAULTS = 1000 };

struct recorded_runs {
    const struct sim_recorded_runs *asked;
    struct sim_recording_files files;
    bool colours;
    int name_width;
    struct report_progress progress;
    struct report_recorded_total total;
    bool could_strike[FAULT_KIND_COUNT];
    bool wrote_badly;
    bool has_heading; /* the table has begun */
};

/* What a job tells first; the text of the first difference follows. */
struct job_summary {
    enum report_verdict verdict;
    uint64_t runs, failed, cranks, cranks_run, crashes, commits;
    uint64_t hits[FAULT_KIND_COUNT];
    bool could_strike[FAULT_KIND_COUNT];
    uint64_t failing_seed;
    bool without_faults; /* it failed, before any were drawn */
    double seconds;
    char activityhash[VK_HASH_HEX];
    char error[512];
    char told[SIM_DIFF_TOLD_MAX]; /* the difference, for reports */
};

bool sim_recorded_runs_takes(const char *path) {
    struct stat status;
    return strstr(path, ".jsonl") || (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
}

/* ---- in the job's process */

static enum report_verdict verdict_of(enum sim_outcome outcome) {
    static const enum report_verdict verdicts[] = {
        [SIM_MET] = REPORT_MET,
        [SIM_DIFFERENT] = REPORT_DIFFERENT,
        [SIM_UNUSABLE] = REPORT_BAD_INPUT,
        [SIM_FAILED] = REPORT_FAILED,
    };
    return verdicts[outcome];
}

/* The difference as text or JSON, to be printed by the parent. */
static void write_difference(const struct recorded_runs *runs, size_t i,
                             const struct sim_diff *diff, const struct sim_recording *recording,
                             struct job_summary *summary, FILE *out) {
    const struct sim_recording_file *file = &runs->files.at[i];
    sim_diff_tell(diff, recording, file->name, file->path, summary->told);
    if (!runs->asked->json) {
        sim_diff_print(diff, recording, file->name, file->path, out, runs->colours);
        return;
    }
    sim_diff_print_json(diff, recording, out);
}

static void add_result(struct job_summary *summary, const struct sim_recorded_run_result *result) {
    summary->runs++;
    summary->cranks = result->replay.cranks;
    summary->cranks_run += result->replay.cranks_run;
    summary->crashes += result->replay.crashes;
    summary->commits += result->replay.commits;
    memcpy(summary->could_strike, result->could_strike, sizeof summary->could_strike);
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        summary->hits[k] += result->hits[k];
    if (summary->failed == 0)
        memcpy(summary->activityhash, result->replay.activityhash, sizeof summary->activityhash);
}

/* The first run that was not met says what the verdict is. */
static void add_failure(struct recorded_runs *runs, size_t i, uint64_t seed,
                        const struct sim_recording *recording,
                        const struct sim_replay_result *result, struct job_summary *summary,
                        FILE *difference) {
    if (result->outcome == SIM_MET || summary->failed++ > 0) return;
    summary->verdict = verdict_of(result->outcome);
    summary->failing_seed = seed;
    if (result->diff) write_difference(runs, i, result->diff, recording, summary, difference);
    if (!result->diff)
        snprintf(summary->error, sizeof summary->error, "%s, seed %" PRIu64 ": %s",
                 runs->files.at[i].path, seed, result->error);
}

static void run_seeds(struct recorded_runs *runs, size_t i, const struct sim_recording *recording,
                      struct job_summary *summary, FILE *difference) {
    struct sim_recorded_run *run = sim_recorded_run_new(recording, runs->asked->faults);
    struct report_stopwatch watch;
    if (!run) {
        snprintf(summary->error, sizeof summary->error, "%s: out of memory",
                 runs->files.at[i].path);
        return;
    }
    summary->verdict = REPORT_MET;
    report_stopwatch_start(&watch);
    for (uint64_t n = 0; n < runs->asked->seeds && (n == 0 || !sim_interrupted()); n++) {
        const uint64_t seed = runs->asked->first_seed + n;
        struct sim_recorded_run_result result;
        sim_recorded_run(run, seed, &result);
        add_result(summary, &result);
        add_failure(runs, i, seed, recording, &result.replay, summary, difference);
        summary->without_faults = result.without_faults;
        if (result.without_faults) break;
    }
    summary->seconds = report_stopwatch_seconds(&watch);
    sim_recorded_run_free(run);
}

/* A summary of fixed size, then the text: the text is known first. */
static void job_run(void *impl, size_t i, FILE *out) {
    struct recorded_runs *runs = impl;
    struct job_summary summary = {.verdict = REPORT_FAILED};
    struct sim_recording *recording;
    struct sim_input_error error;
    char *text = NULL;
    size_t n = 0;
    FILE *difference = open_memstream(&text, &n);
    if (!difference) return; /* "its results are lost" */
    enum vk_err err = sim_recording_read(runs->files.at[i].path, &recording, &error);
    if (err == VK_OK) {
        run_seeds(runs, i, recording, &summary, difference);
        sim_recording_free(recording);
    } else {
        if (err != VK_ERR_NOMEM) summary.verdict = REPORT_BAD_INPUT;
        char line[24] = "";
        if (error.line > 0) snprintf(line, sizeof line, ":%zu:1", error.line);
        snprintf(summary.error, sizeof summary.error, "%s%s: %s", runs->files.at[i].path, line,
                 error.what);
    }
    bool is_whole = fclose(difference) == 0;
    if (is_whole) {
        fwrite(&summary, sizeof summary, 1, out);
        fwrite(text, 1, n, out);
    }
    free(text);
}

/* ---- in the parent */

static void reproducer(const struct recorded_runs *runs, size_t i,
                       const struct job_summary *summary, char text[SIM_REPRODUCE_MAX]) {
    const char *faults = runs->asked->faults_text;
    text[0] = '\0';
    if (summary->failed == 0) return;
    snprintf(text, SIM_REPRODUCE_MAX, "%s",
             summary->without_faults ? "crankcase replay" : runs->asked->command);
    report_shell_path(text, SIM_REPRODUCE_MAX, runs->files.at[i].path);
    if (summary->without_faults) return;
    size_t n = strlen(text);
    snprintf(text + n, SIM_REPRODUCE_MAX - n, " --seed %" PRIu64 "%s", summary->failing_seed,
             faults ? " --faults" : "");
    if (faults) report_shell_word(text, SIM_REPRODUCE_MAX, faults);
}

static void print_row(struct recorded_runs *runs, const struct report_recorded_row *row,
                      const char *text) {
    const bool is_wanted = !runs->asked->quiet || row->verdict != REPORT_MET;
    if (row->error[0]) fprintf(stderr, "%s: %s\n", runs->asked->command, row->error);
    if (!is_wanted) return;
    if (runs->asked->json) {
        report_recorded_row_json(stdout, row);
        return;
    }
    if (row->verdict == REPORT_BAD_INPUT) return; /* nothing was run that a table could tell of */
    if (!runs->asked->quiet && !runs->has_heading) {
        report_recorded_heading(stdout, runs->name_width);
        runs->has_heading = true;
    }
    report_recorded_row(stdout, runs->name_width, row, runs->colours);
    if (text) fputs(text, stdout);
}

static void job_finished(void *impl, size_t i, FILE *in, const char *died) {
    struct recorded_runs *runs = impl;
    struct job_summary summary = {.verdict = REPORT_FAILED};
    char reproduce[SIM_REPRODUCE_MAX];
    if (died || fread(&summary, sizeof summary, 1, in) != 1) {
        summary = (struct job_summary){.verdict = REPORT_FAILED};
        snprintf(summary.error, sizeof summary.error, "%.400s: %s", runs->files.at[i].path,
                 died ? died : "its results are lost");
    }
    char *text = summary.verdict == REPORT_DIFFERENT ? sim_jobs_rest(in) : NULL;
    reproducer(runs, i, &summary, reproduce);
    struct report_recorded_row row = {
        .name = runs->files.at[i].name,
        .file = runs->files.at[i].path,
        .verdict = summary.verdict,
        .runs = summary.runs,
        .failed = summary.failed,
        .cranks = summary.cranks,
        .cranks_run = summary.cranks_run,
        .crashes = summary.crashes,
        .commits = summary.commits,
        .activityhash = summary.activityhash,
        .seconds = summary.seconds,
        .error = summary.error,
        .reproduce = reproduce,
        .difference_json = runs->asked->json ? text : NULL,
    };
    memcpy(row.hits, summary.hits, sizeof row.hits);
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        runs->could_strike[k] |= summary.could_strike[k];
    report_progress_clear(&runs->progress);
    report_recorded_total_add(&runs->total, &row);
    print_row(runs, &row, text);
    if (runs->asked->reports)
        sim_run_reports_recording(runs->asked->reports, row.file, row.verdict, row.seconds,
                                  summary.told[0] ? summary.told : summary.error, reproduce);
    if (fflush(stdout) != 0) runs->wrote_badly = true;
    report_progress_draw(&runs->progress, i + 1, NULL);
    free(text);
}

static void job_begins(void *impl, size_t done, size_t i) {
    struct recorded_runs *runs = impl;
    report_progress_draw(&runs->progress, done, runs->files.at[i].name);
}

/* ---- the whole */

static enum sim_exit said(const struct recorded_runs *runs, enum sim_exit code, const char *what) {
    fprintf(stderr, "%s: %s\n", runs->asked->command, what);
    return code;
}

static bool some_never_struck(const struct recorded_runs *runs) {
    if (runs->total.runs < RUNS_TO_JUDGE_FAULTS) return false;
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (runs->total.wanted[k] && runs->could_strike[k] && runs->total.hits[k] == 0) return true;
    return false;
}

static enum sim_exit exit_code(const struct recorded_runs *runs) {
    const uint64_t *verdicts = runs->total.verdicts;
    if (runs->wrote_badly) return said(runs, SIM_EXIT_FAILED, "standard output cannot be written");
    if (verdicts[REPORT_FAILED]) return SIM_EXIT_FAILED;
    if (verdicts[REPORT_BAD_INPUT]) return SIM_EXIT_BAD_INPUT;
    if (verdicts[REPORT_DIFFERENT]) return SIM_EXIT_DIFFERENCE;
    if (!some_never_struck(runs)) return SIM_EXIT_OK;
    return said(runs, SIM_EXIT_LIVENESS,
                "a fault that could have struck never did: this is no success");
}

/* False: none of the faults asked for can strike a recording. */
static bool choose_faults(struct recorded_runs *runs) {
    bool any = false, asked = false;
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        asked |= runs->asked->faults[k];
        runs->total.wanted[k] =
            runs->asked->faults[k] && sim_recorded_host_suffers((enum fault_kind)k);
        any |= runs->total.wanted[k];
    }
    return any || !asked;
}

static enum sim_exit run_files(struct recorded_runs *runs) {
    const struct sim_jobs jobs = {.count = runs->files.count,
                                  .at_once = runs->asked->at_once,
                                  .impl = runs,
                                  .run = job_run,
                                  .finished = job_finished,
                                  .begins = job_begins,
                                  .is_enough = sim_interrupt_is_enough};
    struct report_stopwatch watch;
    report_stopwatch_start(&watch);
    report_progress_begin(&runs->progress, runs->files.count, !runs->asked->quiet);
    const enum vk_err err = sim_jobs_run(&jobs);
    report_progress_clear(&runs->progress);
    if (err != VK_OK) return said(runs, SIM_EXIT_FAILED, vk_err_origin()->text);
    if (runs->asked->reports)
        memcpy(runs->asked->reports->hits, runs->total.hits, sizeof runs->total.hits);
    runs->total.seconds_elapsed = report_stopwatch_seconds(&watch);
    runs->total.was_interrupted = sim_interrupted();
    if (runs->has_heading || (sim_interrupted() && !runs->asked->json && !runs->asked->quiet))
        report_recorded_total(stdout, runs->name_width, &runs->total, runs->colours);
    else if (runs->asked->json)
        report_recorded_total_json(stdout, &runs->total);
    if (fflush(stdout) != 0 || ferror(stdout)) runs->wrote_badly = true;
    return exit_code(runs);
}

enum sim_exit sim_recorded_runs(const struct sim_recorded_runs *asked) {
    struct recorded_runs runs = {.asked = asked, .colours = report_colour_wanted(stdout)};
    enum sim_exit code = SIM_EXIT_OK;
    VK_ASSERT(asked->seeds > 0 && asked->at_once > 0); /* INV-RECORDED-RUNS-1 */
    if (!choose_faults(&runs))
        return said(&runs, SIM_EXIT_BAD_INPUT, "none of these faults can strike a recording");
    for (size_t i = 0; code == SIM_EXIT_OK && i < asked->path_count; i++) {
        const enum vk_err err = sim_recording_files_add(&runs.files, asked->paths[i]);
        if (err == VK_OK) continue;
        code = err == VK_ERR_USAGE ? SIM_EXIT_BAD_INPUT : SIM_EXIT_FAILED;
        report_bad_input(asked->command, asked->paths[i], vk_err_origin()->text,
                         asked->json && code == SIM_EXIT_BAD_INPUT);
    }
    for (size_t i = 0; i < runs.files.count; i++) {
        const int width = (int)strlen(runs.files.at[i].name);
        if (width > runs.name_width) runs.name_width = width;
    }
    if (code == SIM_EXIT_OK) code = run_files(&runs);
    sim_recording_files_free(&runs.files);
    return code;
}
