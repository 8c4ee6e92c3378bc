/* cmd_replay.c - `crankcase replay`: recordings of the real kernel, run again on this one.
 *
 * Each recording is a job: read, prepared, run, told. A job writes a fixed summary and then a text
 * (the difference) to its file; the table is made of the summaries.
 *
 * INV-CMD-REPLAY-1  With --keep, a database appears under its name only if its recording was met.
 */
#include "command.h"
#include "file_kind.h"
#include "interrupt.h"
#include "jobs.h"
#include "recording_files.h"
#include "replay_diff.h"
#include "replay_run.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_bad_input.h"
#include "reports/report_replay.h"
#include "reports/report_slog.h"
#include "reports/stopwatch.h"
#include "reproducer.h"
#include "run_reports.h"
#include "text_file.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: crankcase replay [OPTIONS] FILE|FOLDER...\n"
    "       crankcase replay [--json] [--quiet] [--host FILE] DB SLOG\n\n"
    "Runs recordings of the real SwingSet kernel on this kernel and compares, crank by crank,\n"
    "every write, hash, delivery, syscall result, transcript item and slog entry.\n\n"
    "Of a swing-store database and a standard slog that goes on from it, every crank is run on a\n"
    "copy and held to its hashes (a flight recorder's file has none, and will not do). What the host\n"
    "and devices did no slog shows: it is inferred, and listed. Where that cannot be done the answer\n"
    "says why, and --host may tell.\n\n"
    "options:\n"
    "  --json            one JSON object a line for each recording, then one for the total\n"
    "  --jobs N          run N recordings side by side\n"
    "  --keep DIR        leave each final database behind, as DIR/NAME.sqlite (where the\n"
    "                    recording ends in a kernel panic: without the crank it died in)\n"
    "  --store MODE      direct (every write is SQLite's) or write-back (default; the fast one)\n"
    "  --vats-online N   keep at most N vats online (default 50); no result may depend on it\n"
    "  --no-slog         do not compare slog entries\n"
    "  --quiet           print failures only\n"
    "  --host FILE       what the host of DB and SLOG knows, a line for each:\n"
    "                        workers: b0-...            bundles that new vats' workers run on\n"
    "                        crank-31: options [snapshot-interval=N] [reap-interval=N|never]\n"
    "                                          [reap-gc-krefs=N|never]\n"
    "                        crank-31: pin koN, take kpN, take-only kpN or wait-for kpN\n"
    "                        crank-23 call-1: set KEY \"VALUE\", delete KEY or state {...}\n"
    "                    before crank 31; in the first call of a device in crank 23\n"
    "  --help            this text\n" SIM_RUN_REPORTS_USAGE "\n"
    "A folder stands for the recordings in it: *.jsonl, plain or with .xz, .gz, .zst, .bz2, but for\n"
    "the traces of simulated nodes (crankcase run --keep), which are none: crankcase diff reads them.\n\n"
    "examples:\n"
    "  crankcase replay corpus/recordings\n"
    "  crankcase replay --jobs 4 --json corpus/recordings/fuzz > replay.jsonl\n"
    "  crankcase replay --vats-online 2 --keep /tmp/final run.jsonl.xz\n"
    "  crankcase replay backup/swingstore.sqlite since-then.slog.gz\n"
    "  crankcase replay --host known.txt backup/swingstore.sqlite since-then.slog.gz\n\n"
    "exit code: 0 all are met, 1 one differs, 2 bad usage or no recording, 4 the testbed failed" SIM_INTERRUPT_USAGE;

struct replay_command {
    struct sim_recording_files files;
    struct sim_replay_options options;
    const char *keep;
    const char *database, *slog; /* instead of recordings, or NULL */
    const char *host;            /* what is known beside them, or NULL */
    size_t at_once;
    const char *of_recordings; /* the first option that is for recordings alone, or NULL */
    bool json, quiet;
    bool has_heading; /* the table has begun */
    bool colours;
    int name_width;
    struct report_progress progress;
    struct report_replay_total total;
    struct sim_run_reports reports;
};

/* What a job tells first; a text follows. */
struct job_summary {
    enum report_verdict verdict;
    uint64_t cranks, deliveries, syscalls, writes, device_effects, host_calls;
    double seconds;
    char activityhash[VK_HASH_HEX];
    char devices[256];
    char notes[256];
    char error[512];              /* with file and line */
    char told[SIM_DIFF_TOLD_MAX]; /* the difference, for reports */
};

/* ---- in the job's process */

static const char *file_of(const struct replay_command *command, size_t i) {
    return command->files.at[i].path;
}

static void tell_bad_input(const char *file, enum vk_err err, const struct sim_input_error *error,
                           struct job_summary *summary) {
    summary->verdict = err == VK_ERR_NOMEM ? REPORT_FAILED : REPORT_BAD_INPUT;
    if (error->line > 0)
        snprintf(summary->error, sizeof summary->error, "%s:%zu:1: %s", file, error->line,
                 error->what);
    else
        snprintf(summary->error, sizeof summary->error, "%s: %s", file, error->what);
}

static void tell_notes(const struct sim_replay_result *result, struct job_summary *summary) {
    char panic[96] = "", inferred[96] = "";
    if (result->is_panic)
        snprintf(panic, sizeof panic, "ends in a kernel panic in crank %" PRIu64 ", as recorded",
                 result->panic_crank);
    if (result->inferred_deliveries)
        snprintf(inferred, sizeof inferred, "%s%" PRIu64 " of the deliveries told from writes",
                 panic[0] ? "; " : "", result->inferred_deliveries);
    snprintf(summary->notes, sizeof summary->notes, "%s%s", panic, inferred);
}

static void tell_result(const char *file, const struct sim_replay_result *result,
                        struct job_summary *summary) {
    static const enum report_verdict verdicts[] = {
        [SIM_MET] = REPORT_MET,
        [SIM_DIFFERENT] = REPORT_DIFFERENT,
        [SIM_UNUSABLE] = REPORT_BAD_INPUT,
        [SIM_FAILED] = REPORT_FAILED,
    };
    summary->verdict = verdicts[result->outcome];
    summary->cranks = result->cranks;
    summary->deliveries = result->deliveries;
    summary->syscalls = result->syscalls;
    summary->writes = result->writes;
    summary->device_effects = result->device_calls + result->device_gets;
    summary->host_calls = result->host_calls;
    memcpy(summary->activityhash, result->activityhash, sizeof summary->activityhash);
    snprintf(summary->devices, sizeof summary->devices, "%.*s", VK_STR_ARG(result->devices));
    snprintf(summary->error, sizeof summary->error, "%s: %s", file, result->error);
    tell_notes(result, summary);
}

static void write_difference(const struct replay_command *command, size_t i,
                             const struct sim_diff *diff, const struct sim_recording *recording,
                             FILE *out) {
    if (!command->json) {
        sim_diff_print(diff, recording, command->files.at[i].name, file_of(command, i), out,
                       command->colours);
        return;
    }
    sim_diff_print_json(diff, recording, out);
}

/* The database grows under another name, next to where it is to be. */
struct kept_database {
    char path[4096];
    char growing[4096];
};

static void remove_growing(const struct kept_database *kept) {
    static const char *const companions[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        char path[4096 + 16];
        snprintf(path, sizeof path, "%s%s", kept->growing, companions[i]);
        unlink(path);
    }
}

static bool keep_begin(const struct replay_command *command, size_t i, struct kept_database *kept) {
    const char *name = command->files.at[i].name;
    int n = snprintf(kept->path, sizeof kept->path, "%s/%s.sqlite", command->keep, name);
    int m =
        snprintf(kept->growing, sizeof kept->growing, "%s/.%s.sqlite.part", command->keep, name);
    if (n < 0 || m < 0 || (size_t)n >= sizeof kept->path || (size_t)m >= sizeof kept->growing)
        return false;
    remove_growing(kept);
    return true;
}

/* INV-CMD-REPLAY-1 */
static void keep_end(const struct kept_database *kept, struct job_summary *summary) {
    if (summary->verdict == REPORT_MET && rename(kept->growing, kept->path) != 0) {
        summary->verdict = REPORT_FAILED;
        snprintf(summary->error, sizeof summary->error, "%.300s: %s", kept->path, strerror(errno));
    }
    if (summary->verdict != REPORT_MET) remove_growing(kept);
}

static void run_recording(const struct replay_command *command, size_t i,
                          const struct sim_recording *recording, struct job_summary *summary,
                          FILE *out) {
    struct sim_replay_options options = command->options;
    struct kept_database kept;
    if (command->keep) {
        if (!keep_begin(command, i, &kept)) {
            summary->verdict = REPORT_FAILED;
            snprintf(summary->error, sizeof summary->error, "%.400s: the name is too long",
                     command->keep);
            return;
        }
        options.path = kept.growing;
    }
    struct sim_replay *replay = sim_replay_prepare(recording, &options);
    struct sim_replay_result result = {.outcome = SIM_FAILED, .error = "out of memory"};
    struct report_stopwatch watch;
    report_stopwatch_start(&watch);
    if (replay) sim_replay_run(replay, &result);
    summary->seconds = report_stopwatch_seconds(&watch);
    tell_result(file_of(command, i), &result, summary);
    if (command->keep) keep_end(&kept, summary);
    if (result.diff)
        sim_diff_tell(result.diff, recording, command->files.at[i].name, file_of(command, i),
                      summary->told);
    fwrite(summary, sizeof *summary, 1, out);
    if (result.diff) write_difference(command, i, result.diff, recording, out);
    sim_replay_release(replay);
}

static void job_run(void *impl, size_t i, FILE *out) {
    const struct replay_command *command = impl;
    struct job_summary summary = {.verdict = REPORT_FAILED};
    struct sim_recording *recording;
    struct sim_input_error error;
    enum vk_err err = sim_recording_read(file_of(command, i), &recording, &error);
    if (err == VK_OK) {
        run_recording(command, i, recording, &summary, out);
        sim_recording_free(recording);
    } else {
        tell_bad_input(file_of(command, i), err, &error, &summary);
        fwrite(&summary, sizeof summary, 1, out);
    }
}

/* ---- in the parent */

static void print_row(struct replay_command *command, const struct report_replay_row *row,
                      const char *text) {
    if (row->error[0]) fprintf(stderr, "crankcase replay: %s\n", row->error);
    if (command->json) {
        if (!command->quiet || row->verdict != REPORT_MET) report_replay_row_json(stdout, row);
        return;
    }
    if (row->verdict == REPORT_BAD_INPUT) return; /* nothing was run that a table could tell of */
    if (!command->quiet) {
        if (!command->has_heading) report_replay_heading(stdout, command->name_width);
        command->has_heading = true;
        report_replay_row(stdout, command->name_width, row, command->colours);
    }
    if (text) fputs(text, stdout);
}

/* With every option that the run had, besides those that only tell. */
static void reproducer(const struct replay_command *command, const char *file,
                       char text[SIM_REPRODUCE_MAX]) {
    const struct sim_replay_options *options = &command->options;
    char online[40] = "";
    if (options->vats_online_max)
        snprintf(online, sizeof online, " --vats-online %" PRIu32, options->vats_online_max);
    snprintf(text, SIM_REPRODUCE_MAX, "crankcase replay%s%s%s",
             options->mode == VK_STORE_DIRECT ? " --store direct" : "", online,
             options->without_slog ? " --no-slog" : "");
    report_shell_path(text, SIM_REPRODUCE_MAX, file);
}

static void keep_row(struct replay_command *command, const struct report_replay_row *row,
                     const char *told) {
    char reproduce[SIM_REPRODUCE_MAX];
    reproducer(command, row->file, reproduce);
    sim_run_reports_recording(&command->reports, row->file, row->verdict, row->seconds, told,
                              reproduce);
}

static void job_finished(void *impl, size_t i, FILE *in, const char *died) {
    struct replay_command *command = impl;
    struct job_summary summary = {.verdict = REPORT_FAILED};
    if (died || fread(&summary, sizeof summary, 1, in) != 1) {
        summary = (struct job_summary){.verdict = REPORT_FAILED};
        snprintf(summary.error, sizeof summary.error, "%.400s: %s", file_of(command, i),
                 died ? died : "its results are lost");
    }
    bool is_run = summary.verdict == REPORT_MET || summary.verdict == REPORT_DIFFERENT;
    char *text = summary.verdict == REPORT_DIFFERENT ? sim_jobs_rest(in) : NULL;
    const struct report_replay_row row = {
        .name = command->files.at[i].name,
        .file = file_of(command, i),
        .verdict = summary.verdict,
        .cranks = summary.cranks,
        .deliveries = summary.deliveries,
        .syscalls = summary.syscalls,
        .writes = summary.writes,
        .activityhash = summary.activityhash,
        .seconds = summary.seconds,
        .notes = summary.notes,
        .devices = summary.devices,
        .device_effects = summary.device_effects,
        .host_calls = summary.host_calls,
        .error = is_run ? "" : summary.error,
        .difference_json = command->json ? text : NULL,
    };
    report_progress_clear(&command->progress);
    report_replay_total_add(&command->total, &row);
    print_row(command, &row, text);
    fflush(stdout);
    keep_row(command, &row, summary.told[0] ? summary.told : summary.error);
    report_progress_draw(&command->progress, i + 1, NULL);
    free(text);
}

static void job_begins(void *impl, size_t done, size_t i) {
    struct replay_command *command = impl;
    report_progress_draw(&command->progress, done, command->files.at[i].name);
}

static int exit_code(const struct report_replay_total *total) {
    if (total->verdicts[REPORT_FAILED]) return SIM_EXIT_FAILED;
    if (total->verdicts[REPORT_BAD_INPUT]) return SIM_EXIT_BAD_INPUT;
    return total->verdicts[REPORT_DIFFERENT] ? SIM_EXIT_DIFFERENCE : SIM_EXIT_OK;
}

static int run_command(struct replay_command *command) {
    struct report_stopwatch watch;
    const struct sim_jobs jobs = {.count = command->files.count,
                                  .at_once = command->at_once,
                                  .impl = command,
                                  .run = job_run,
                                  .finished = job_finished,
                                  .begins = job_begins,
                                  .is_enough = sim_interrupt_is_enough};
    for (size_t i = 0; i < command->files.count; i++) {
        int width = (int)strlen(command->files.at[i].name);
        if (width > command->name_width) command->name_width = width;
    }
    report_stopwatch_start(&watch);
    report_progress_begin(&command->progress, command->files.count, !command->quiet);
    enum vk_err err = sim_jobs_run(&jobs);
    report_progress_clear(&command->progress);
    if (err != VK_OK) {
        fprintf(stderr, "crankcase replay: %s\n", vk_err_origin()->text);
        return SIM_EXIT_FAILED;
    }
    command->total.seconds_elapsed = report_stopwatch_seconds(&watch);
    command->total.was_interrupted = sim_interrupted();
    if (command->has_heading || (sim_interrupted() && !command->json && !command->quiet))
        report_replay_total(stdout, command->name_width, &command->total, command->colours);
    else if (command->json)
        report_replay_total_json(stdout, &command->total);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "crankcase replay: standard output: %s\n", strerror(errno));
        return SIM_EXIT_FAILED;
    }
    return exit_code(&command->total);
}

/* ---- the command line */

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase replay: %s%s (see crankcase replay --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static bool parse_count(const char *text, uint64_t max, uint64_t *out) {
    return vk_str_to_u64(vk_str(text), out) && *out >= 1 && *out <= max;
}

enum option_code {
    OPTION_JSON = 256,
    OPTION_JOBS,
    OPTION_KEEP,
    OPTION_STORE,
    OPTION_VATS_ONLINE,
    OPTION_NO_SLOG,
    OPTION_QUIET,
    OPTION_HOST,
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {"store", required_argument, NULL, OPTION_STORE},
    {"vats-online", required_argument, NULL, OPTION_VATS_ONLINE},
    {"no-slog", no_argument, NULL, OPTION_NO_SLOG},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"host", required_argument, NULL, OPTION_HOST},
    SIM_RUN_REPORTS_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* Whether it has no effect on a database and a slog. */
static bool is_of_recordings(int option) {
    static const int others[] = {OPTION_JSON, OPTION_QUIET, OPTION_HOST};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (option == others[i]) return false;
    return true;
}

/* Takes one option; SIM_EXIT_OK to go on. */
static int take_option(struct replay_command *command, int option) {
    uint64_t count;
    switch (option) {
    case OPTION_JSON: command->json = true; return SIM_EXIT_OK;
    case OPTION_NO_SLOG: command->options.without_slog = true; return SIM_EXIT_OK;
    case OPTION_QUIET: command->quiet = true; return SIM_EXIT_OK;
    case OPTION_KEEP: command->keep = optarg; return SIM_EXIT_OK;
    case OPTION_HOST: command->host = optarg; return SIM_EXIT_OK;
    case OPTION_JOBS:
        if (!parse_count(optarg, SIM_JOBS_AT_ONCE_MAX, &count))
            return bad_usage("--jobs takes a number from 1 to 256, not ", optarg);
        command->at_once = (size_t)count;
        return SIM_EXIT_OK;
    case OPTION_VATS_ONLINE:
        if (!parse_count(optarg, UINT32_MAX, &count))
            return bad_usage("--vats-online takes a number from 1 on, not ", optarg);
        command->options.vats_online_max = (uint32_t)count;
        return SIM_EXIT_OK;
    case OPTION_STORE:
        if (strcmp(optarg, "direct") == 0)
            command->options.mode = VK_STORE_DIRECT;
        else if (strcmp(optarg, "write-back") == 0)
            command->options.mode = VK_STORE_WRITE_BACK;
        else
            return bad_usage("--store takes direct or write-back, not ", optarg);
        return SIM_EXIT_OK;
    default:
        return sim_run_reports_take(&command->reports, option, optarg)
                   ? SIM_EXIT_OK
                   : bad_usage("internal option", "");
    }
}

static int make_keep_folder(const struct replay_command *command) {
    if (mkdir(command->keep, 0777) == 0 || errno == EEXIST) return SIM_EXIT_OK;
    fprintf(stderr, "crankcase replay: %s: %s\n", command->keep, strerror(errno));
    return SIM_EXIT_BAD_INPUT;
}

/* ---- a database and a slog */

static int tell_slog(const struct replay_command *command, const struct report_slog *report) {
    bool is_told = !command->quiet || report->result->outcome != SIM_SLOG_MET;
    if (is_told && command->json)
        report_slog_json(stdout, report);
    else if (is_told)
        report_slog(stdout, report, command->colours);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "crankcase replay: standard output: %s\n", strerror(errno));
        return SIM_EXIT_FAILED;
    }
    return report->result->outcome == SIM_SLOG_MET ? SIM_EXIT_OK : SIM_EXIT_DIFFERENCE;
}

static int read_told(const char *path, struct sim_slog_told *told, bool json) {
    char what[SIM_PATH_SIZE + 300];
    struct sim_plan_error error = {0};
    struct vk_arena arena;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_text_file_read(path, &arena, &text);
    if (err == VK_OK) err = sim_slog_told_read(told, text, &error);
    vk_arena_release(&arena);
    if (err == VK_OK) return SIM_EXIT_OK;
    snprintf(what, sizeof what, "%s:%zu:%zu: %s", path, error.line, error.column, error.what);
    report_bad_input("crankcase replay", path, error.line ? what : vk_err_origin()->text,
                     json && err != VK_ERR_NOMEM);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static int run_told_slog(const struct replay_command *command, const struct sim_slog_told *told) {
    const char *database = command->database, *slog = command->slog;
    struct sim_slog_result result;
    struct sim_input_error error;
    struct report_stopwatch watch;
    bool of_database;
    int code;
    sim_slog_result_init(&result);
    report_stopwatch_start(&watch);
    enum vk_err err = sim_slog_replay(database, slog, told, &result, &of_database, &error);
    const struct report_slog report = {database, slog, &result, report_stopwatch_seconds(&watch)};
    if (err == VK_OK) {
        code = tell_slog(command, &report);
    } else {
        const char *path = of_database ? database : slog;
        char what[SIM_PATH_SIZE + 300], line[30] = "";
        if (error.line) snprintf(line, sizeof line, "%zu:1: ", error.line);
        snprintf(what, sizeof what, "%s:%s%s%s", path, line[0] ? "" : " ", line, error.what);
        report_bad_input("crankcase replay", path, what, command->json && err != VK_ERR_NOMEM);
        code = err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
    }
    sim_slog_result_release(&result);
    return code;
}

static int run_slog(const struct replay_command *command) {
    struct sim_slog_told told;
    sim_slog_told_init(&told);
    int code = command->host ? read_told(command->host, &told, command->json) : SIM_EXIT_OK;
    if (code == SIM_EXIT_OK) code = run_told_slog(command, &told);
    sim_slog_told_release(&told);
    return code;
}

static int parse(struct replay_command *command, int argc, char **argv, bool *wants_help) {
    int option, code, index = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, &index)) != -1) {
        if (option == ':') return bad_usage("a value is missing after ", argv[optind - 1]);
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'h') {
            *wants_help = true;
            return SIM_EXIT_OK;
        }
        if (!command->of_recordings && is_of_recordings(option))
            command->of_recordings = options[index].name;
        code = take_option(command, option);
        if (code != SIM_EXIT_OK) return code;
    }
    if (optind == argc) return bad_usage("no recording is named", "");
    if (argc - optind == 2 && sim_file_kind(argv[optind]) == SIM_FILE_DATABASE) {
        command->database = argv[optind];
        command->slog = argv[optind + 1];
        return command->of_recordings
                   ? bad_usage("for recordings, not for a database and a slog, is --",
                               command->of_recordings)
                   : SIM_EXIT_OK;
    }
    if (command->host) return bad_usage("--host goes with a database and a slog", "");
    command->reports.outputs.inputs = (const char *const *)argv + optind;
    command->reports.outputs.input_count = (size_t)(argc - optind);
    for (; optind < argc; optind++)
        if (sim_recording_files_add(&command->files, argv[optind]) != VK_OK) {
            report_bad_input("crankcase replay", argv[optind], vk_err_origin()->text,
                             command->json);
            return SIM_EXIT_BAD_INPUT;
        }
    const char *twice = command->keep ? sim_recording_files_twice(&command->files) : NULL;
    return twice ? bad_usage("--keep would write two databases of one name: ", twice) : SIM_EXIT_OK;
}

static int run_reported(struct replay_command *command) {
    const struct report_results_begin begins = {.kind = REPORT_RESULTS_RECORDINGS};
    sim_outputs_add(&command->reports.outputs, "--keep", command->keep, SIM_OUTPUT_FOLDER);
    int code = sim_run_reports_begin(&command->reports, &begins);
    if (code != SIM_EXIT_OK) return code;
    code = command->keep ? make_keep_folder(command) : SIM_EXIT_OK;
    if (code == SIM_EXIT_OK) code = run_command(command);
    return sim_run_reports_end_list(&command->reports, code);
}

static int replay_main(int argc, char **argv) {
    struct replay_command command = {.at_once = 1,
                                     .options = {.mode = VK_STORE_WRITE_BACK},
                                     .name_width = (int)sizeof "recording" - 1,
                                     .colours = report_colour_wanted(stdout)};
    bool wants_help = false;
    sim_run_reports_init(&command.reports, "crankcase replay", argc, argv);
    int code = parse(&command, argc, argv, &wants_help);
    if (wants_help)
        puts(usage);
    else if (code == SIM_EXIT_OK && command.database)
        code = run_slog(&command);
    else if (code == SIM_EXIT_OK)
        code = run_reported(&command);
    sim_run_reports_release(&command.reports);
    sim_recording_files_free(&command.files);
    return sim_interrupt_code(code);
}

const struct sim_command sim_cmd_replay = {
    .name = "replay",
    .summary = "run recordings of the real SwingSet kernel on this one and compare everything",
    .run = replay_main,
};
