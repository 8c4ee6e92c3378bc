/* cmd_diff.c - `crankcase diff`: two runs that should have been the same; where they first differ, and why.
 *
 * INV-CMD-DIFF-1  A file that is given is never written to.
 */
#include "command.h"
#include "diff_logs.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_diff.h"

#include <errno.h>
#include <getopt.h>

static const char usage[] =
    "usage: crankcase diff [OPTIONS] A B\n"
    "       crankcase diff [OPTIONS] PLAN\n\n"
    "Two accounts of what should have been one run: says which crank differs first, which write in\n"
    "it, which keys differ at its end and who wrote them, and what all that comes of.\n\n"
    "A and B are each of them\n"
    "  a slog, or a recording   one JSON object a line, compressed or not, of any size\n"
    "  a kept node              a folder that crankcase run --keep left, or a flight recorder's file\n"
    "  a plan                   is run, and its first replica taken\n"
    "  a database               of the swing-store; with another database only\n"
    "PLAN alone is run, and the replica that fails compared with one that does not.\n\n"
    "options:\n"
    "  --json    one JSON object\n"
    "  --quiet   no progress bar\n"
    "  --help    this text\n\n"
    "examples:\n"
    "  crankcase diff validator-1.slog.gz validator-2.slog.gz\n"
    "  crankcase diff nodes/replica-0 nodes/replica-1\n"
    "  crankcase diff crankcase-failures/seed-42.plan\n"
    "  crankcase diff --json a/swingstore.sqlite b/swingstore.sqlite\n\n"
    "exit code: 0 the same as far as both go, 1 they differ, 2 bad usage or input, 4 the testbed\n"
    "failed";

struct diff_command {
    bool json, quiet;
    struct report_progress progress;
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase diff: %s%s (see crankcase diff --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int bad_input(const char *path, enum vk_err err, const struct sim_input_error *error) {
    if (error->line)
        fprintf(stderr, "crankcase diff: %s:%zu:1: %s\n", path, error->line, error->what);
    else
        fprintf(stderr, "crankcase diff: %s: %s\n", path, error->what);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static void draw(void *impl, uint64_t done, uint64_t total) {
    struct diff_command *command = impl;
    command->progress.total = (size_t)(total >> 20);
    report_progress_draw(&command->progress, (size_t)(done >> 20), "MiB read");
}

static int diff_logs(struct diff_command *command, const char *a, const char *b,
                     struct sim_divergence *divergence) {
    const struct sim_diff_logs logs = {.path = {a, b}, .progress = draw, .impl = command};
    struct sim_input_error error;
    int side;
    report_progress_begin(&command->progress, 1, !command->quiet);
    enum vk_err err = sim_diff_logs(&logs, divergence, &side, &error);
    report_progress_clear(&command->progress);
    if (err != VK_OK && error.what[0]) return bad_input(logs.path[side], err, &error);
    if (err == VK_OK) return SIM_EXIT_OK;
    fprintf(stderr, "crankcase diff: %s\n", vk_err_origin()->text);
    return SIM_EXIT_FAILED;
}

static int tell(const struct diff_command *command, const struct sim_divergence *divergence) {
    if (command->json)
        report_diff_json(stdout, divergence);
    else
        report_diff(stdout, divergence, report_colour_wanted(stdout));
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "crankcase diff: standard output: %s\n", strerror(errno));
        return SIM_EXIT_FAILED;
    }
    return sim_divergence_differs(divergence->kind) ? SIM_EXIT_DIFFERENCE : SIM_EXIT_OK;
}

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, 'j'},
    {"quiet", no_argument, NULL, 'q'},
    {NULL, 0, NULL, 0},
};

static int diff_main(int argc, char **argv) {
    struct diff_command command = {0};
    struct sim_divergence divergence;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') return puts(usage) < 0 ? SIM_EXIT_FAILED : SIM_EXIT_OK;
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'j') command.json = true;
        if (option == 'q') command.quiet = true;
    }
    if (argc - optind != 2) return bad_usage("two inputs are compared, or one plan", "");
    sim_divergence_init(&divergence);
    int code = diff_logs(&command, argv[optind], argv[optind + 1], &divergence);
    if (code == SIM_EXIT_OK) code = tell(&command, &divergence);
    sim_divergence_release(&divergence);
    return code;
}

const struct sim_command sim_cmd_diff = {
    .name = "diff",
    .summary = "where two runs that should be the same first differ, and why",
    .run = diff_main,
};
