/* run_reports.c - see run_reports.h. */
#include "run_reports.h"

#include "command.h"
#include "diff_plans.h"
#include "faults/sqlite_heap_fault.h"
#include "interrupt.h"
#include "jobs.h"
#include "plan_file.h"
#include "replay_diff.h"
#include "reports/report_diff.h"
#include "reports/report_timeline.h"
#include "reports/report_trace.h"
#include "reproducer.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool sim_run_reports_take(struct sim_run_reports *reports, int option, const char *value) {
    switch (option) {
    case SIM_RUN_REPORTS_RESULTS: reports->results = value; return true;
    case SIM_RUN_REPORTS_JUNIT: reports->files.junit = value; return true;
    case SIM_RUN_REPORTS_SUMMARY: reports->files.summary = value; return true;
    case SIM_RUN_REPORTS_HTML: reports->files.html = value; return true;
    default: return false;
    }
}

bool sim_run_reports_any(const struct sim_run_reports *reports) {
    return reports->results || reports->trace || report_files_any(&reports->files);
}

/* ---- what was typed */

/* As a shell would read it. */
static void add_word(struct vk_buf *buf, const char *word) {
    size_t size = REPORT_SHELL_MAX(strlen(word));
    vk_buf_char(buf, ' ');
    char *text = vk_buf_reserve(buf, size);
    if (!text) return;
    text[0] = '\0';
    report_shell_word(text, size, word);
    vk_buf_advance(buf, strlen(text));
}

void sim_run_reports_init(struct sim_run_reports *reports, const char *command, int argc,
                          char **argv) {
    *reports = (struct sim_run_reports){.command = command};
    reports->typed = calloc((size_t)argc, sizeof *reports->typed);
    if (!reports->typed) return;
    for (int i = 0; i < argc; i++)
        reports->typed[i] = argv[i];
    reports->typed_count = argc;
}

void sim_run_reports_release(struct sim_run_reports *reports) {
    VK_ASSERT(!reports->is_open); /* what was begun has come to its end */
    free(reports->typed);
    reports->typed = NULL;
}

static enum vk_err command_line(const struct sim_run_reports *reports, struct vk_arena *arena,
                                const char **line) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "crankcase");
    for (int i = 0; i < reports->typed_count; i++)
        add_word(&buf, reports->typed[i]);
    vk_buf_char(&buf, '\0');
    enum vk_err err = vk_buf_finish(&buf, &text);
    *line = err == VK_OK ? text.p : "";
    return err;
}

/* ---- what happens */

/* INV-RUN-REPORTS-1: what was asked for, and is not there in the end. */
static void tell_failed(struct sim_run_reports *reports, const char *what, const char *more) {
    fprintf(stderr, "%s: %s%s\n", reports->command, what, more);
    reports->has_failed = true;
}

static void heed(struct sim_run_reports *reports, enum vk_err err) {
    if (err != VK_OK) tell_failed(reports, vk_err_origin()->text, "");
}

/* What could not be written into the database is kept. It is no news if somebody only reads it. */
static void heed_database(struct sim_run_reports *reports, enum vk_err err) {
    if (err == VK_OK || reports->database.is_locked || reports->is_short) return;
    fprintf(stderr, "%s: %s; what cannot be written is kept, and written when it can be\n",
            reports->command, vk_err_origin()->text);
    reports->is_short = true;
}

static enum sim_exit check_outputs(struct sim_run_reports *reports) {
    struct sim_outputs *outputs = &reports->outputs;
    sim_outputs_add(outputs, "--results", reports->results, SIM_OUTPUT_NEW);
    sim_outputs_add(outputs, "--junit", reports->files.junit, SIM_OUTPUT_FILE);
    sim_outputs_add(outputs, "--summary", reports->files.summary, SIM_OUTPUT_ADDED);
    sim_outputs_add(outputs, "--html", reports->files.html, SIM_OUTPUT_FILE);
    sim_outputs_add(outputs, "--trace", reports->trace, SIM_OUTPUT_FILE);
    return sim_outputs_check(outputs, reports->command);
}

/* ---- the database of a run that was given no name for one */

/* Whether a file beside it is where one would look: it is no device, and no standard output. */
static bool has_a_place(const char *report) {
    struct stat is;
    if (!report || strcmp(report, "-") == 0) return false;
    return stat(report, &is) != 0 || S_ISREG(is.st_mode);
}

static void tell_of_another(const struct sim_run_reports *reports) {
    char line[REPORT_SHELL_MAX(sizeof reports->results_beside) + 20] = "crankcase report";
    report_shell_path(line, sizeof line, reports->results_beside);
    fprintf(
        stderr,
        "%s: %s holds what another run found, which was ended or goes on still; to see it: %s\n",
        reports->command, reports->results_beside, line);
}

/* INV-RUN-REPORTS-3: a name of its own, as for the others that are there. */
static enum vk_err create_beside(struct sim_run_reports *reports, const char *report,
                                 const struct report_results_begin *begins) {
    bool is_told = false;
    char *name = reports->results_beside;
    size_t size = sizeof reports->results_beside;
    for (unsigned n = 1;; n++) {
        char number[16] = "";
        if (n > 1) snprintf(number, sizeof number, "-%u", n);
        int length = snprintf(name, size, "%s.results%s.sqlite", report, number);
        if (length < 0 || (size_t)length >= size)
            return VK_RAISE(VK_ERR_USAGE, "%s: the name is too long", report);
        if (sim_outputs_have(&reports->outputs, name)) continue;
        enum vk_err err = report_results_create(&reports->database, name, begins);
        if (err != VK_ERR_USAGE) return err;
        if (!is_told) tell_of_another(reports);
        is_told = true;
    }
}

/* Beside the first report that it can be beside of, or in the working folder. */
static enum vk_err create_unnamed(struct sim_run_reports *reports,
                                  const struct report_results_begin *begins) {
    const struct report_files *files = &reports->files;
    const char *const beside[] = {files->junit, files->summary, files->html, reports->trace,
                                  "crankcase"};
    enum vk_err err = VK_ERR_DISK;
    reports->results = reports->results_beside;
    for (size_t i = 0; i < sizeof beside / sizeof *beside && err == VK_ERR_DISK; i++)
        if (has_a_place(beside[i])) err = create_beside(reports, beside[i], begins);
    return err;
}

int sim_run_reports_begin(struct sim_run_reports *reports,
                          const struct report_results_begin *begins) {
    struct report_results_begin with_command = *begins;
    struct vk_arena arena;
    int code = (int)check_outputs(reports);
    if (code != SIM_EXIT_OK || !sim_run_reports_any(reports)) return code;
    fault_sqlite_heap_install(); /* before SQLite is used at all */
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = command_line(reports, &arena, &with_command.command);
    if (err == VK_OK)
        err = reports->results
                  ? report_results_create(&reports->database, reports->results, &with_command)
                  : create_unnamed(reports, &with_command);
    vk_arena_release(&arena);
    reports->is_open = err == VK_OK;
    if (err == VK_OK) {
        vk_arena_init(&reports->arena, vk_heap_system());
        sim_interrupt_heed();
        return SIM_EXIT_OK;
    }
    fprintf(stderr, "%s: %s\n", reports->command, vk_err_origin()->text);
    return SIM_EXIT_BAD_INPUT;
}

void sim_run_reports_failure(struct sim_run_reports *reports, const struct report_failure *report) {
    if (!reports->is_open) return;
    heed_database(reports, report_results_failure(&reports->database, report));
}

void sim_run_reports_progress(struct sim_run_reports *reports,
                              const struct sim_campaign_totals *totals) {
    if (reports->is_open)
        heed_database(reports, report_results_progress(&reports->database, totals));
}

/* ---- timelines */

/* Runs it once more, with traces, which are compared. What cannot be compared has no difference: the failure has been told. */
static void find_difference(struct sim_run_reports *reports, const struct sim_plan *plan,
                            const struct vk_module *module) {
    struct sim_traced_run run;
    struct sim_divergence divergence;
    struct sim_input_error ignored;
    const struct sim_diff_logs logs = {.progress = NULL};
    struct vk_buf buf;
    int side;
    reports->difference = VK_STR_NONE;
    vk_arena_clear(&reports->arena);
    if (sim_traced_run(&run, plan, module) != VK_OK) return;
    sim_divergence_init(&divergence);
    vk_buf_init(&buf, &reports->arena);
    enum vk_err err = sim_diff_replicas(&run, "the run", &logs, &divergence, &side, &ignored);
    if (err == VK_OK) report_diff_object(&buf, &divergence);
    if (err != VK_OK || vk_buf_finish(&buf, &reports->difference) != VK_OK)
        reports->difference = VK_STR_NONE;
    sim_divergence_release(&divergence);
    sim_traced_run_release(&run);
}

static enum vk_err timeline_text(const struct sim_timeline *timeline, uint64_t focus,
                                 struct vk_arena *arena, struct vk_str *json) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    report_timeline(&buf, timeline, focus);
    return vk_buf_finish(&buf, json);
}

static enum vk_err trace_text(const struct sim_timeline *timeline, const char *name,
                              struct vk_arena *arena, struct vk_str *text) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    report_trace(&buf, timeline, name);
    return vk_buf_finish(&buf, text);
}

/* Texts on their way from a process: the bytes, after their number. */
static void send_text(FILE *out, struct vk_str text) {
    size_t n = vk_str_present(text) ? text.n : 0;
    fwrite(&n, sizeof n, 1, out);
    if (n > 0) fwrite(text.p, 1, n, out);
}

/* Absent if there was none, or the process ended before that. */
static struct vk_str receive_text(FILE *in, struct vk_arena *arena) {
    size_t n;
    char *bytes;
    if (fread(&n, sizeof n, 1, in) != 1 || n == 0) return VK_STR_NONE;
    if (VK_NEW_ARRAY(arena, &bytes, n) != VK_OK || fread(bytes, 1, n, in) != n) return VK_STR_NONE;
    return (struct vk_str){bytes, n};
}

static void send_timeline(const struct sim_run_reports *reports,
                          const struct sim_timeline *timeline, uint64_t focus, FILE *out) {
    struct vk_arena arena;
    struct vk_str json;
    vk_arena_init(&arena, vk_heap_system());
    if (timeline_text(timeline, focus, &arena, &json) != VK_OK) json = VK_STR_NONE;
    send_text(out, json);
    send_text(out, reports->difference);
    vk_arena_release(&arena);
}

/* What send_timeline() sent. One that is not there is no result that is lost. */
static bool receive_timeline(struct sim_run_reports *reports, const char *name, uint64_t failure,
                             FILE *in) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_str json = receive_text(in, &arena);
    const struct report_results_run run = {name, failure, json, receive_text(in, &arena)};
    bool is_there = vk_str_present(json);
    if (is_there) heed_database(reports, report_results_timeline(&reports->database, &run));
    vk_arena_release(&arena);
    return is_there;
}

/* Runs a plan once more. In a process of its own: it may crash, and nobody's runs are to notice. */
static void watch_run(struct sim_run_reports *reports, const struct sim_plan *plan,
                      const struct sim_run_options *run, uint64_t point, FILE *out) {
    struct sim_run_options options = *run;
    struct sim_run_result result;
    struct sim_timeline *timeline = sim_timeline_new();
    if (!timeline) return;
    options.off[SIM_ORACLE_TWICE] = true;
    options.observer = sim_timeline_observer(timeline);
    bool was_run = sim_run(plan, &options, &result) == VK_OK;
    bool differs = was_run && result.failed && result.failure.oracle == SIM_ORACLE_REPLICAS;
    reports->difference = VK_STR_NONE;
    if (differs) find_difference(reports, plan, options.module);
    if (was_run) send_timeline(reports, timeline, point, out);
    sim_timeline_free(timeline);
}

struct watching {
    struct sim_run_reports *reports;
    const struct sim_campaign *campaign; /* of seeds */
    const struct sim_run_options *run;   /* of a file: */
    const char *path;
    uint64_t point;
};

static void watch_seed(void *impl, size_t i, FILE *out) {
    const struct watching *watching = impl;
    const struct sim_campaign *campaign = watching->campaign;
    const struct sim_run_reports_watched *watched = &watching->reports->to_watch[i];
    struct sim_plan plan;
    if (sim_plan_generate(&plan, vk_heap_system(), watched->seed, &campaign->generate) != VK_OK)
        return;
    watch_run(watching->reports, &plan, &campaign->run, watched->point, out);
    sim_plan_release(&plan);
}

static void seed_watched(void *impl, size_t i, FILE *in, const char *died) {
    const struct watching *watching = impl;
    const struct sim_run_reports_watched *watched = &watching->reports->to_watch[i];
    char name[40];
    (void)died;
    snprintf(name, sizeof name, "seed %llu", (unsigned long long)watched->seed);
    receive_timeline(watching->reports, name, watched->failure, in);
}

static void watch_file(void *impl, size_t i, FILE *out) {
    const struct watching *watching = impl;
    struct sim_plan plan;
    struct vk_arena arena;
    const struct sim_plan_file file = {.command = watching->reports->command,
                                       .path = watching->path};
    (void)i;
    vk_arena_init(&arena, vk_heap_system());
    bool is_read = sim_plan_file_read(&file, &arena, NULL, &plan) == SIM_EXIT_OK;
    vk_arena_release(&arena);
    if (!is_read) return;
    watch_run(watching->reports, &plan, watching->run, watching->point, out);
    sim_plan_release(&plan);
}

static void file_watched(void *impl, size_t i, FILE *in, const char *died) {
    const struct watching *watching = impl;
    struct sim_run_reports *reports = watching->reports;
    (void)i, (void)died;
    receive_timeline(reports, watching->path, reports->database.failure, in);
}

static void watch(struct watching *watching, size_t count,
                  void (*job)(void *impl, size_t i, FILE *out),
                  void (*finished)(void *impl, size_t i, FILE *in, const char *died)) {
    const struct sim_jobs jobs = {.count = count,
                                  .at_once = 1,
                                  .isolated = true,
                                  .silent = true,
                                  .impl = watching,
                                  .run = job,
                                  .finished = finished};
    heed(watching->reports, sim_jobs_run(&jobs));
}

void sim_run_reports_watch(struct sim_run_reports *reports, const struct sim_campaign *campaign) {
    struct watching watching = {.reports = reports, .campaign = campaign};
    if (reports->is_open) watch(&watching, reports->to_watch_count, watch_seed, seed_watched);
}

/* Whether there is to be a timeline of it. */
static bool is_to_be_watched(const struct sim_run_reports *reports,
                             const struct sim_failure *failure) {
    if (!reports->is_open || !reports->database.failure || failure->oracle == SIM_ORACLE_CRASH ||
        reports->to_watch_count == SIM_RUN_REPORTS_TIMELINES_MAX)
        return false;
    for (size_t i = 0; i < reports->to_watch_count; i++)
        if (strcmp(reports->to_watch[i].signature, failure->signature) == 0) return false;
    return true;
}

static void note_watched(struct sim_run_reports *reports, uint64_t seed,
                         const struct sim_failure *failure) {
    struct sim_run_reports_watched *watched = &reports->to_watch[reports->to_watch_count++];
    *watched = (struct sim_run_reports_watched){
        .seed = seed, .failure = reports->database.failure, .point = failure->point};
    snprintf(watched->signature, sizeof watched->signature, "%s", failure->signature);
}

void sim_run_reports_watch_file(struct sim_run_reports *reports, const char *path,
                                const struct sim_run_options *run,
                                const struct sim_failure *failure) {
    struct watching watching = {
        .reports = reports, .run = run, .path = path, .point = failure->point};
    if (!is_to_be_watched(reports, failure)) return;
    note_watched(reports, 0, failure);
    watch(&watching, 1, watch_file, file_watched);
}

uint64_t sim_run_reports_seed_found(struct sim_run_reports *reports,
                                    const struct report_failure *report) {
    sim_run_reports_failure(reports, report);
    return reports->is_open ? reports->database.failure : 0;
}

void sim_run_reports_seed_failure(struct sim_run_reports *reports, uint64_t seed,
                                  const struct report_failure *report, uint64_t found) {
    if (!reports->is_open) return;
    heed_database(reports, report_results_in_turn(&reports->database, report, found));
    if (is_to_be_watched(reports, report->failure)) note_watched(reports, seed, report->failure);
}

/* ---- plans */

const struct sim_observer *sim_run_reports_plan_observer(struct sim_run_reports *reports) {
    reports->timeline = reports->is_open ? sim_timeline_new() : NULL;
    return reports->timeline ? sim_timeline_observer(reports->timeline) : NULL;
}

/* Of plans, those that failed are kept, and the first of all: something is to be seen of a sound run, too. */
void sim_run_reports_plan_watched(struct sim_run_reports *reports, const char *name,
                                  const struct sim_plan *plan, const struct vk_module *module,
                                  const struct sim_run_result *result, FILE *out) {
    struct vk_arena arena;
    struct vk_str trace = VK_STR_NONE, json = VK_STR_NONE;
    if (!reports->timeline) return;
    bool is_kept = result->failed ? reports->to_watch_count < SIM_RUN_REPORTS_TIMELINES_MAX
                                  : reports->database.plan == 1;
    vk_arena_init(&arena, vk_heap_system());
    reports->difference = VK_STR_NONE;
    if (is_kept && result->failed && result->failure.oracle == SIM_ORACLE_REPLICAS)
        find_difference(reports, plan, module);
    if (reports->trace && trace_text(reports->timeline, name, &arena, &trace) != VK_OK)
        trace = VK_STR_NONE;
    if (is_kept && timeline_text(reports->timeline, result->failure.point, &arena, &json) != VK_OK)
        json = VK_STR_NONE;
    send_text(out, trace);
    send_text(out, json);
    send_text(out, reports->difference);
    vk_arena_release(&arena);
    sim_timeline_free(reports->timeline);
    reports->timeline = NULL;
}

void sim_run_reports_plan_begins(struct sim_run_reports *reports, const char *name) {
    if (!reports->is_open) return;
    reports->database.failure = 0;
    heed_database(reports, report_results_plan_begins(&reports->database, name));
}

static void keep_watched(struct sim_run_reports *reports, const char *name, uint64_t failure,
                         FILE *watched) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_str trace = receive_text(watched, &arena);
    if (reports->trace && vk_str_present(trace))
        heed(reports, sim_text_file_write(reports->trace, trace));
    vk_arena_release(&arena);
    bool is_there = receive_timeline(reports, name, failure, watched);
    reports->to_watch_count += is_there && failure != 0;
}

void sim_run_reports_plan_ends(struct sim_run_reports *reports, const char *name,
                               enum report_plan_state state, double seconds, const char *error,
                               const struct sim_campaign_totals *totals, FILE *watched) {
    uint64_t failure = reports->database.failure;
    if (!reports->is_open) return;
    heed_database(reports,
                  report_results_plan_ends(&reports->database, state, seconds, error, totals));
    bool was_run = state == REPORT_PLAN_PASSED || state == REPORT_PLAN_DIFFERENT;
    if (was_run && watched) keep_watched(reports, name, failure, watched);
}

/* ---- lists */

void sim_run_reports_entry(struct sim_run_reports *reports,
                           const struct sim_run_reports_entry *entry) {
    struct report_results *database = &reports->database;
    if (!reports->is_open) return;
    if (!entry->failure) {
        heed_database(reports, report_results_plan(database, entry->name, entry->state,
                                                   entry->seconds, entry->error));
        return;
    }
    heed_database(reports, report_results_plan_begins(database, entry->name));
    heed_database(reports, report_results_failure(database, entry->failure));
    heed_database(reports, report_results_plan_ends(database, entry->state, entry->seconds,
                                                    entry->error, NULL));
}

void sim_run_reports_recording(struct sim_run_reports *reports, const char *path,
                               enum report_verdict verdict, double seconds, const char *told,
                               const char *reproduce) {
    static const enum report_plan_state states[REPORT_VERDICTS] = {
        [REPORT_MET] = REPORT_PLAN_PASSED,
        [REPORT_DIFFERENT] = REPORT_PLAN_DIFFERENT,
        [REPORT_BAD_INPUT] = REPORT_PLAN_BAD,
        [REPORT_FAILED] = REPORT_PLAN_FAILED,
    };
    char error[SIM_DIFF_TOLD_MAX + SIM_REPRODUCE_MAX];
    size_t n = strlen(told);
    bool is_line = n && told[n - 1] == '\n';
    VK_ASSERT(verdict <
              REPORT_VERDICTS); /* INV-RUN-REPORTS-2: nothing is asked of what is not one */
    snprintf(error, sizeof error, "%s%s%s%s", told, n && !is_line && reproduce[0] ? "\n" : "",
             reproduce[0] ? "reproduce: " : "", reproduce);
    const struct sim_run_reports_entry entry = {
        .name = path,
        .state = states[verdict],
        .seconds = seconds,
        .error = verdict == REPORT_MET ? "" : error,
    };
    sim_run_reports_entry(reports, &entry);
}

/* ---- the end */

static void report_failed(void *impl, const char *what) {
    struct sim_run_reports *reports = impl;
    char more[sizeof reports->results_beside + 64] = "";
    if (!report_results_unwritten(&reports->database))
        snprintf(more, sizeof more, "; what was found is in %s (see crankcase report)",
                 reports->results);
    tell_failed(reports, what, more);
}

/* With what is not in the database, for it may have no room where they have. */
static void write_files(struct sim_run_reports *reports, const struct report_results_end *ends) {
    struct vk_arena arena;
    struct report_model model;
    if (!report_files_any(&reports->files)) return;
    vk_arena_init(&arena, vk_heap_system());
    if (report_model_load_ended(&model, &reports->database, ends, &arena) == VK_OK)
        report_files_write(&reports->files, &model, reports, report_failed);
    else
        report_failed(reports, vk_err_origin()->text);
    vk_arena_release(&arena);
}

/* A database that nobody asked for, and that no report lacks, need not have all. */
static void tell_unwritten(struct sim_run_reports *reports) {
    const struct report_results *database = &reports->database;
    bool is_asked_for = reports->results != reports->results_beside;
    char more[80] = "; what it came to in the end is not in it";
    uint64_t failures = report_results_unwritten_failures(database);
    if (!is_asked_for && !reports->has_failed && !database->lost) return;
    if (failures)
        snprintf(more, sizeof more, "; %llu failure%s not in it", (unsigned long long)failures,
                 failures == 1 ? " is" : "s are");
    tell_failed(reports, database->error, more);
}

enum report_results_state sim_run_reports_end_state(void) {
    return sim_interrupted() ? REPORT_RESULTS_INTERRUPTED : REPORT_RESULTS_FINISHED;
}

int sim_run_reports_end(struct sim_run_reports *reports, const struct report_results_end *ends) {
    if (!reports->is_open) return ends->code;
    reports->is_open = false;
    vk_arena_release(&reports->arena);
    bool is_whole = report_results_end(&reports->database, ends) == VK_OK;
    write_files(reports, ends);
    if (!is_whole) tell_unwritten(reports);
    report_results_release(&reports->database);
    if (reports->results == reports->results_beside && !reports->has_failed)
        remove(reports->results_beside);
    return reports->has_failed ? SIM_EXIT_FAILED : ends->code;
}

int sim_run_reports_end_list(struct sim_run_reports *reports, int code) {
    struct sim_campaign_totals totals = {.seeds = 0};
    memcpy(totals.hits, reports->hits, sizeof totals.hits);
    const struct report_results_end ends = {
        .totals = &totals, .state = sim_run_reports_end_state(), .code = code};
    return sim_run_reports_end(reports, &ends);
}
