/* cmd_sweep.c - `crankcase sweep`: a plan's cranks broken at every point, one run each. */
#include "command.h"
#include "fault_words.h"
#include "interrupt.h"
#include "jobs.h"
#include "kernel_module.h"
#include "plan_file.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_run.h"
#include "reports/stopwatch.h"
#include "reproducer.h"
#include "run_reports.h"
#include "sweep.h"
#include "text_file.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

static const char usage[] =
    "usage: crankcase sweep [OPTIONS] PLAN\n\n"
    "Runs the plan once to count the points at which its cranks can be broken, and then once for\n"
    "each of them: the host is killed at every operation of the store, the worker dies at every\n"
    "syscall, its pipe closes within a frame, memory and the disk fail (on the first of the plan's\n"
    "replicas, two at least: no hash may differ); the vat overruns its meter after every syscall,\n"
    "and at the ticks around: before the first, and with a cost at the very end of what its meter\n"
    "holds (on all: only declared survivors may be left).\n\n"
    "options:\n"
    "  --crank N    only crank N of the run (from 0; see crankcase run --json for numbers)\n"
    "  --every N    of the many points of memory and disk each N-th (default 7; 1: all)\n"
    "  --faults LIST  only these, as crankcase run has them (and vat-kill)\n"
    "  --kernel PATH  another build of the kernel, a libvk.so, in place of the one linked in\n"
    "  --jobs N     N processes side by side\n"
    "  --out FILE   where the plan of the first failure goes (default sweep-failure.plan)\n"
    "  --json       one JSON object a line: failures, then the summary\n"
    "  --quiet      failures only\n"
    "  --help       this text\n" SIM_RUN_REPORTS_USAGE "\n"
    "examples:\n"
    "  crankcase sweep corpus/plans/first-steps.plan\n"
    "  crankcase sweep corpus/plans/first-steps.plan --crank 12 --every 1 --jobs 2\n\n"
    "exit code: 0 all hold, 1 one does not, 2 bad usage or a bad plan, 4 the testbed failed" SIM_INTERRUPT_USAGE;

enum { CHUNK = 32, EVERY = 7 };

struct sweep_command {
    struct sim_sweep_options options;
    const char *kernel;      /* the path of a module, or NULL */
    const char *faults_text; /* as --faults has them, or NULL */
    size_t at_once;
    const char *path, *out;
    bool json, quiet, colours;
    bool faults[FAULT_KIND_COUNT]; /* only these, if any were named */
    struct sim_sweep *sweep;
    struct report_progress progress;
    uint64_t cranks, done, failed, missed;
    uint64_t by_mode[SIM_SWEEP_MODE_COUNT]; /* points that were struck */
    uint64_t struck[FAULT_KIND_COUNT];
    struct sim_run_reports reports;
    enum vk_err err;
};

/* What a chunk's process tells of a variant. */
struct told {
    size_t i;
    enum vk_err err;
    bool struck;
    bool failed;
    struct sim_failure failure;
};

static void run_chunk(void *impl, size_t chunk, FILE *out) {
    const struct sweep_command *command = impl;
    size_t count = sim_sweep_count(command->sweep);
    for (size_t i = chunk * CHUNK; i < count && i < (chunk + 1) * CHUNK && !sim_interrupted();
         i++) {
        struct told told = {.i = i};
        struct sim_run_result result;
        told.err = sim_sweep_run(command->sweep, i, &result, &told.struck);
        told.failed = told.err == VK_OK && result.failed;
        if (told.failed) told.failure = result.failure;
        fwrite(&told, sizeof told, 1, out);
        fflush(out);
    }
}

static void variant_name(const struct sim_sweep_variant *variant, char name[120]) {
    snprintf(name, 120, "crank %" PRIu64 ", %s at=%" PRIu64 " k=%" PRIu64, variant->crank,
             fault_word(variant->kind), variant->at, variant->k);
}

/* That a crank was aborted or not is a demand of the sweep's own: a run of the variant's plan does not know of it. */
static bool is_seen_by_sweep_alone(const struct sim_sweep_variant *variant,
                                   const struct sim_failure *failure) {
    return variant->demand != SIM_SWEEP_ANYTHING && failure->oracle == SIM_ORACLE_CLASS;
}

static bool write_plan(const struct sweep_command *command, size_t i) {
    struct vk_arena arena;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_sweep_plan_text(command->sweep, i, &arena, &text);
    if (err == VK_OK) err = sim_text_file_write(command->out, text);
    if (err != VK_OK) fprintf(stderr, "crankcase sweep: %s\n", vk_err_origin()->text);
    vk_arena_release(&arena);
    return err == VK_OK;
}

/* The command for a crank of the sweep, with every option that says what its points are; NULL: for all of them. */
static void reproduce_sweep(const struct sweep_command *command, const uint64_t *crank,
                            char text[SIM_REPRODUCE_MAX]) {
    char every[40] = "";
    if (command->options.every != EVERY)
        snprintf(every, sizeof every, " --every %" PRIu64, command->options.every);
    snprintf(text, SIM_REPRODUCE_MAX, "crankcase sweep%s%s", every,
             command->kernel ? " --kernel" : "");
    if (command->kernel) report_shell_word(text, SIM_REPRODUCE_MAX, command->kernel);
    report_shell_path(text, SIM_REPRODUCE_MAX, command->path);
    size_t n = strlen(text);
    if (crank) n += (size_t)snprintf(text + n, SIM_REPRODUCE_MAX - n, " --crank %" PRIu64, *crank);
    VK_ASSERT(n < SIM_REPRODUCE_MAX); /* INV-REPRODUCER-1 */
    if (!command->faults_text) return;
    report_shell_word(text, SIM_REPRODUCE_MAX, "--faults");
    report_shell_word(text, SIM_REPRODUCE_MAX, command->faults_text);
}

static void print_failure(struct sweep_command *command, size_t i,
                          const struct sim_failure *failure) {
    const struct sim_sweep_variant *variant = sim_sweep_variant(command->sweep, i);
    const struct sim_reproducer made = {.kernel = command->kernel};
    char name[120], reproduce[SIM_REPRODUCE_MAX];
    bool is_first = command->failed++ == 0;
    variant_name(variant, name);
    if (is_first && !is_seen_by_sweep_alone(variant, failure))
        sim_reproduce_plan(&made, command->out, reproduce);
    else
        reproduce_sweep(command, &variant->crank, reproduce);
    report_progress_clear(&command->progress);
    bool is_written = is_first && write_plan(command, i);
    const struct report_failure report = {failure, name, reproduce,
                                          is_written ? command->out : NULL, NULL};
    if (command->json)
        report_run_failure_json(stdout, &report);
    else
        report_run_failure(stdout, &report, command->colours);
    sim_run_reports_failure(&command->reports, &report);
}

static void chunk_finished(void *impl, size_t chunk, FILE *in, const char *died) {
    struct sweep_command *command = impl;
    struct told told;
    size_t next = chunk * CHUNK, count = sim_sweep_count(command->sweep);
    while (fread(&told, sizeof told, 1, in) == 1) {
        next = told.i + 1;
        command->done++;
        if (told.err != VK_OK) command->err = told.err;
        const struct sim_sweep_variant *variant = sim_sweep_variant(command->sweep, told.i);
        command->struck[variant->kind] += told.struck;
        command->by_mode[variant->mode] += told.struck;
        command->missed += told.err == VK_OK && !told.struck;
        if (told.failed) print_failure(command, told.i, &told.failure);
    }
    if (died && next < count && next < (chunk + 1) * CHUNK) {
        struct sim_failure failure;
        sim_failure_set_crash(&failure, died);
        print_failure(command, next, &failure);
    }
    report_progress_draw(&command->progress, (size_t)command->done, NULL);
}

static void print_summary(const struct sweep_command *command, double seconds) {
    if (sim_interrupted()) fputs(REPORT_INTERRUPTED, stdout);
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (command->struck[k])
            printf("  %-32s %8" PRIu64 " points\n", fault_word((enum fault_kind)k),
                   command->struck[k]);
    fputs("  ", stdout);
    for (int mode = 0; mode < SIM_SWEEP_MODE_COUNT; mode++)
        printf("%s%s %" PRIu64, mode ? ", " : "", sim_sweep_mode_word((enum sim_sweep_mode)mode),
               command->by_mode[mode]);
    printf("\n  %" PRIu64 " points in %.1f s, %.1f a second; %" PRIu64
           " passed over by their fault\n",
           command->done, seconds, seconds > 0 ? (double)command->done / seconds : 0,
           command->missed);
    printf("%s%" PRIu64 " of %" PRIu64 " points failed%s\n",
           report_colour(command->failed ? REPORT_RED : REPORT_GREEN, command->colours),
           command->failed, command->done, report_colour(REPORT_PLAIN, command->colours));
}

static void print_summary_json(const struct sweep_command *command, double seconds) {
    bool any = false;
    printf("{\"type\":\"summary\",\"cranks\":%" PRIu64 ",\"points\":%" PRIu64
           ",\"failures\":%" PRIu64 ",\"passedOver\":%" PRIu64
           ",\"seconds\":%.3f,\"interrupted\":%s,\"modes\":{",
           command->cranks, command->done, command->failed, command->missed, seconds,
           sim_interrupted() ? "true" : "false");
    for (int mode = 0; mode < SIM_SWEEP_MODE_COUNT; mode++)
        printf("%s\"%s\":%" PRIu64, mode ? "," : "", sim_sweep_mode_word((enum sim_sweep_mode)mode),
               command->by_mode[mode]);
    fputs("},\"faults\":{", stdout);
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        if (!command->struck[k]) continue;
        printf("%s\"%s\":%" PRIu64, any ? "," : "", fault_word((enum fault_kind)k),
               command->struck[k]);
        any = true;
    }
    puts("}}");
}

static int failed(const char *what) {
    fprintf(stderr, "crankcase sweep: %s\n", what);
    return SIM_EXIT_FAILED;
}

static int run_sweep(struct sweep_command *command) {
    struct report_stopwatch watch;
    size_t count = sim_sweep_count(command->sweep);
    const struct sim_jobs jobs = {.count = (count + CHUNK - 1) / CHUNK,
                                  .at_once = command->at_once,
                                  .isolated = true,
                                  .impl = command,
                                  .run = run_chunk,
                                  .finished = chunk_finished,
                                  .is_enough = sim_interrupt_is_enough};
    if (!command->json && !command->quiet)
        printf("%" PRIu64 " cranks, %zu points\n", command->cranks, count);
    report_stopwatch_start(&watch);
    report_progress_begin(&command->progress, count, !command->quiet);
    enum vk_err err = sim_jobs_run(&jobs);
    report_progress_clear(&command->progress);
    if (err != VK_OK || command->err != VK_OK) return failed(vk_err_origin()->text);
    if (!command->quiet && command->json)
        print_summary_json(command, report_stopwatch_seconds(&watch));
    else if (!command->quiet)
        print_summary(command, report_stopwatch_seconds(&watch));
    if (fflush(stdout) != 0 || ferror(stdout)) return failed("standard output cannot be written");
    return command->failed ? SIM_EXIT_DIFFERENCE : SIM_EXIT_OK;
}

static int sweep_plan(struct sweep_command *command, const struct sim_plan *plan) {
    struct sim_run_result clean;
    if (sim_sweep_prepare(plan, &command->options, &command->sweep, &clean) != VK_OK)
        return failed(vk_err_origin()->text);
    if (clean.failed) {
        char reproduce[SIM_REPRODUCE_MAX];
        reproduce_sweep(command, NULL, reproduce);
        const struct report_failure report = {&clean.failure, command->path, reproduce, NULL, NULL};
        if (command->json)
            report_run_failure_json(stdout, &report);
        else
            report_run_failure(stdout, &report, command->colours);
        sim_run_reports_failure(&command->reports, &report);
        return SIM_EXIT_DIFFERENCE;
    }
    command->cranks = clean.cranks;
    if (command->faults_text) sim_sweep_keep(command->sweep, command->faults);
    if (command->options.crank != UINT64_MAX && command->options.crank >= clean.cranks) {
        fprintf(stderr,
                "crankcase sweep: --crank takes a number below %" PRIu64 ", not %" PRIu64 "\n",
                clean.cranks, command->options.crank);
        return SIM_EXIT_BAD_INPUT;
    }
    if (command->faults_text && sim_sweep_count(command->sweep) == 0) {
        fputs("crankcase sweep: no point of the plan has one of these faults\n", stderr);
        return SIM_EXIT_BAD_INPUT;
    }
    return run_sweep(command);
}

/* Of the plan, a result as any other has; what befell its points is in the failures and in what struck. */
static int sweep_reported(struct sweep_command *command, const struct sim_plan *plan) {
    static const enum report_plan_state states[] = {[SIM_EXIT_OK] = REPORT_PLAN_PASSED,
                                                    [SIM_EXIT_DIFFERENCE] = REPORT_PLAN_DIFFERENT,
                                                    [SIM_EXIT_BAD_INPUT] = REPORT_PLAN_BAD,
                                                    [SIM_EXIT_LIVENESS] = REPORT_PLAN_FAILED,
                                                    [SIM_EXIT_FAILED] = REPORT_PLAN_FAILED};
    const struct report_results_begin begins = {.kind = REPORT_RESULTS_SWEEP,
                                                .kernel = command->kernel};
    struct sim_outputs *outputs = &command->reports.outputs;
    struct report_stopwatch watch;
    sim_outputs_add(outputs, "--out", command->out, SIM_OUTPUT_FILE);
    outputs->inputs = &command->path;
    outputs->input_count = 1;
    int code = sim_run_reports_begin(&command->reports, &begins);
    if (code != SIM_EXIT_OK) return code;
    report_stopwatch_start(&watch);
    sim_run_reports_plan_begins(&command->reports, command->path);
    code = sweep_plan(command, plan);
    memcpy(command->reports.hits, command->struck, sizeof command->struck);
    if (!sim_interrupted()) /* or it goes on being run: not all of its points were */
        sim_run_reports_plan_ends(&command->reports, command->path, states[code],
                                  report_stopwatch_seconds(&watch),
                                  code == SIM_EXIT_FAILED ? vk_err_origin()->text : "", NULL, NULL);
    return sim_run_reports_end_list(&command->reports, code);
}

static int sweep_file(struct sweep_command *command) {
    const struct sim_plan_file file = {"crankcase sweep", command->path, command->json};
    struct vk_arena arena;
    struct sim_plan plan;
    vk_arena_init(&arena, vk_heap_system());
    int code = sim_plan_file_read(&file, &arena, NULL, &plan);
    vk_arena_release(&arena);
    if (code != SIM_EXIT_OK) return code;
    code = sweep_reported(command, &plan);
    sim_sweep_free(command->sweep);
    sim_plan_release(&plan);
    return code;
}

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase sweep: %s%s (see crankcase sweep --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"crank", required_argument, NULL, 'c'},
    {"every", required_argument, NULL, 'e'},
    {"faults", required_argument, NULL, 'f'},
    {"kernel", required_argument, NULL, 'k'},
    {"jobs", required_argument, NULL, 'j'},
    {"out", required_argument, NULL, 'o'},
    {"json", no_argument, NULL, 'J'},
    {"quiet", no_argument, NULL, 'q'},
    SIM_RUN_REPORTS_OPTIONS,
    {NULL, 0, NULL, 0},
};

static int take_number(struct sweep_command *command, int option) {
    uint64_t n = 0;
    bool is_number = vk_str_to_u64(vk_str(optarg), &n);
    if (!is_number && option == 'c') return bad_usage("--crank takes a number, not ", optarg);
    if (!is_number) n = 0; /* which the others do not take */
    if (option == 'e' && n < 1) return bad_usage("--every takes a number from 1 on, not ", optarg);
    if (option == 'j' && (n < 1 || n > SIM_JOBS_AT_ONCE_MAX))
        return bad_usage("--jobs takes a number from 1 to 256, not ", optarg);
    if (option == 'c') command->options.crank = n;
    if (option == 'e') command->options.every = n;
    if (option == 'j') command->at_once = (size_t)n;
    return SIM_EXIT_OK;
}

static int take_option(struct sweep_command *command, int option) {
    char error[SIM_FAULT_WORDS_ERROR_SIZE];
    switch (option) {
    case 'J': command->json = true; return SIM_EXIT_OK;
    case 'q': command->quiet = true; return SIM_EXIT_OK;
    case 'o': command->out = optarg; return SIM_EXIT_OK;
    case 'k':
        if (strlen(optarg) > SIM_REPRODUCE_PATH_MAX)
            return bad_usage("--kernel: the path is too long", "");
        command->kernel = optarg;
        if (sim_kernel_load(optarg, &command->options.module) == VK_OK) return SIM_EXIT_OK;
        fprintf(stderr, "crankcase sweep: %s\n", vk_err_origin()->text);
        return SIM_EXIT_BAD_INPUT;
    case 'f':
        command->faults_text = optarg;
        if (strlen(optarg) > SIM_REPRODUCE_FAULTS_MAX)
            return bad_usage("--faults takes a list of 2000 bytes at most", "");
        if (sim_fault_words_parse(optarg, command->faults, error)) return SIM_EXIT_OK;
        return bad_usage("--faults: ", error);
    default:
        return sim_run_reports_take(&command->reports, option, optarg)
                   ? SIM_EXIT_OK
                   : take_number(command, option);
    }
}

static int parse_and_run(struct sweep_command *command, int argc, char **argv) {
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
    if (optind + 1 != argc) return bad_usage("one plan is to be named", "");
    command->path = argv[optind];
    return sweep_file(command);
}

static int sweep_main(int argc, char **argv) {
    struct sweep_command command = {.options = {.crank = UINT64_MAX, .every = EVERY},
                                    .at_once = 1,
                                    .out = "sweep-failure.plan",
                                    .colours = report_colour_wanted(stdout)};
    sim_run_reports_init(&command.reports, "crankcase sweep", argc, argv);
    int code = parse_and_run(&command, argc, argv);
    sim_run_reports_release(&command.reports);
    return sim_interrupt_code(code);
}

const struct sim_command sim_cmd_sweep = {
    .name = "sweep",
    .summary = "break a plan's cranks at every point, one run each, and check what is left",
    .run = sweep_main,
};
