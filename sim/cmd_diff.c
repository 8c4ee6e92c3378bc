/* cmd_diff.c - `crankcase diff`: two runs that should have been the same; where they first differ, and why.
 *
 * INV-CMD-DIFF-1  A file that is given is never written to.
 */
#include "command.h"
#include "diff_databases.h"
#include "diff_mixed.h"
#include "diff_plans.h"
#include "file_kind.h"
#include "kernel_module.h"
#include "plan_file.h"
#include "reports/colour.h"
#include "reports/progress.h"
#include "reports/report_bad_input.h"
#include "reports/report_diff.h"
#include "text_file.h"

#include <errno.h>
#include <getopt.h>

static const char usage[] =
    "usage: crankcase diff [OPTIONS] A B\n"
    "       crankcase diff [OPTIONS] PLAN\n\n"
    "Two accounts of what should have been one run: says which crank differs first, which write in\n"
    "it, which keys differ at its end and who wrote them, and what all that comes of.\n\n"
    "A and B are each of them\n"
    "  a slog, or a recording   one JSON object a line, compressed or not, of any size\n"
    "  a kept node              a folder that crankcase run --keep left; or a flight recorder's\n"
    "                           file, whose entries alone are compared: it holds no hashes\n"
    "  a plan                   is run, and its first replica taken\n"
    "  a database               of the swing-store; beside a log only its place in it is told\n"
    "PLAN alone is run, and the replica that fails compared with one that does not.\n\n"
    "options:\n"
    "  --json         one JSON object\n"
    "  --quiet        no progress bar\n"
    "  --kernel PATH  run the plan on this build of the kernel, a libvk.so; of two plans, B\n"
    "  --help         this text\n\n"
    "examples:\n"
    "  crankcase diff validator-1.slog.gz validator-2.slog.gz\n"
    "  crankcase diff nodes/replica-0 nodes/replica-1\n"
    "  crankcase diff crankcase-failures/seed-42.plan\n"
    "  crankcase diff --kernel ../mine/libvk.so seed-42.plan seed-42.plan   # mine and this one\n"
    "  crankcase diff --json a/swingstore.sqlite b/swingstore.sqlite\n\n"
    "exit code: 0 the same as far as both go, 1 they differ, 2 bad usage or input, or nothing in\n"
    "common to compare, 4 the testbed failed";

struct diff_command {
    bool json, quiet;
    const struct vk_module *module; /* NULL: the kernel linked in */
    struct report_progress progress;
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase diff: %s%s (see crankcase diff --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int bad_input(const struct diff_command *command, const char *path, enum vk_err err,
                     const struct sim_input_error *error) {
    char text[SIM_PATH_SIZE + sizeof error->what];
    if (error->line)
        snprintf(text, sizeof text, "%s:%zu:1: %s", path, error->line, error->what);
    else
        snprintf(text, sizeof text, "%s: %s", path, error->what);
    report_bad_input("crankcase diff", path, text, command->json && err != VK_ERR_NOMEM);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static void draw(void *impl, uint64_t done, uint64_t total) {
    struct diff_command *command = impl;
    command->progress.total = (size_t)(total >> 20);
    report_progress_draw(&command->progress, (size_t)(done >> 20), "MiB read");
}

static int failed(void) {
    fprintf(stderr, "crankcase diff: %s\n", vk_err_origin()->text);
    return SIM_EXIT_FAILED;
}

/* ---- logs */

static int diff_logs(struct diff_command *command, const struct sim_diff_logs *asked,
                     struct sim_divergence *divergence) {
    struct sim_diff_logs logs = *asked;
    struct sim_input_error error;
    int side;
    logs.progress = draw;
    logs.impl = command;
    report_progress_begin(&command->progress, 1, !command->quiet);
    enum vk_err err = sim_diff_logs(&logs, divergence, &side, &error);
    report_progress_clear(&command->progress);
    if (err != VK_OK && error.what[0])
        return bad_input(command, logs.label[side] ? logs.label[side] : logs.path[side], err,
                         &error);
    return err == VK_OK ? SIM_EXIT_OK : failed();
}

/* ---- plans */

static int read_plan(const struct diff_command *command, const char *path, struct sim_plan *plan) {
    const struct sim_plan_file file = {"crankcase diff", path, command->json};
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    int code = sim_plan_file_read(&file, &arena, NULL, plan);
    vk_arena_release(&arena);
    return code;
}

static int run_plan(const struct diff_command *command, const char *path,
                    const struct vk_module *module, struct sim_traced_run *run) {
    struct sim_plan plan;
    int code = read_plan(command, path, &plan);
    if (code != SIM_EXIT_OK) return code;
    enum vk_err err = sim_traced_run(run, &plan, module);
    if (err == VK_OK) {
        err = sim_traced_check(run, &plan, module);
        if (err != VK_OK) sim_traced_run_release(run);
    }
    sim_plan_release(&plan);
    return err == VK_OK ? SIM_EXIT_OK : failed();
}

static int diff_replicas(struct diff_command *command, const char *path,
                         struct sim_divergence *divergence) {
    struct sim_traced_run run;
    const struct sim_diff_logs logs = {.progress = draw, .impl = command};
    struct sim_input_error error = {0};
    int side;
    if (sim_file_kind(path) != SIM_FILE_PLAN)
        return bad_usage("of one input alone a plan is expected: ", path);
    int code = run_plan(command, path, command->module, &run);
    if (code != SIM_EXIT_OK) return code;
    if (run.replicas < 2) {
        snprintf(error.what, sizeof error.what,
                 "it has one replica, which nothing can be compared with");
        code = bad_input(command, path, VK_ERR_USAGE, &error);
    } else if (sim_diff_replicas(&run, path, &logs, divergence, &side, &error) != VK_OK) {
        code = failed();
    }
    sim_traced_run_release(&run);
    return code;
}

/* ---- two inputs */

/* An input as a log: a plan is run first. */
struct side {
    const char *path;
    bool is_run;
    struct sim_traced_run run;
    char traced[SIM_TRACED_PATH], label[SIM_TRACED_PATH];
};

static int provide(const struct diff_command *command, struct side *side, const char *path,
                   const struct vk_module *module, const char **log, const char **label) {
    side->path = *log = path;
    if (sim_file_kind(path) != SIM_FILE_PLAN) return SIM_EXIT_OK;
    int code = run_plan(command, path, module, &side->run);
    if (code != SIM_EXIT_OK) return code;
    uint32_t replica = sim_traced_replica(&side->run);
    side->is_run = true;
    sim_traced_path(&side->run, replica, side->traced);
    snprintf(side->label, sizeof side->label, "replica %u of %.*s", (unsigned)replica,
             SIM_TRACED_PATH - 64, path);
    *log = side->traced;
    *label = side->label;
    return SIM_EXIT_OK;
}

static int diff_databases(const struct diff_command *command, const char *const paths[2],
                          struct sim_divergence *divergence) {
    struct sim_input_error error;
    int side;
    enum vk_err err = sim_diff_databases(paths, divergence, &side, &error);
    return err == VK_OK ? SIM_EXIT_OK : bad_input(command, paths[side], err, &error);
}

static int diff_mixed(const struct diff_command *command, const char *const paths[2], int database,
                      struct sim_divergence *divergence) {
    struct sim_input_error error;
    int side;
    enum vk_err err = sim_diff_mixed(paths, database, divergence, &side, &error);
    if (err == VK_OK) return SIM_EXIT_OK;
    return error.what[0] ? bad_input(command, paths[side], err, &error) : failed();
}

static int diff_two(struct diff_command *command, const char *const paths[2],
                    struct sim_divergence *divergence) {
    struct sim_diff_logs logs = {0};
    struct side sides[2] = {0};
    int code = SIM_EXIT_OK;
    bool is_database[2] = {sim_file_kind(paths[0]) == SIM_FILE_DATABASE,
                           sim_file_kind(paths[1]) == SIM_FILE_DATABASE};
    if (is_database[0] && is_database[1]) return diff_databases(command, paths, divergence);
    for (int i = 0; i < 2 && code == SIM_EXIT_OK; i++)
        code = provide(command, &sides[i], paths[i], i ? command->module : NULL, &logs.path[i],
                       &logs.label[i]);
    if (code == SIM_EXIT_OK && (is_database[0] || is_database[1]))
        code = diff_mixed(command, logs.path, is_database[0] ? 0 : 1, divergence);
    else if (code == SIM_EXIT_OK)
        code = diff_logs(command, &logs, divergence);
    for (int i = 0; i < 2; i++) {
        if (!sides[i].is_run) continue;
        if (code == SIM_EXIT_OK &&
            sim_traced_note(&sides[i].run, i ? " of B" : " of A", divergence) != VK_OK)
            code = failed();
        sim_traced_run_release(&sides[i].run);
    }
    return code;
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
    if (divergence->kind == SIM_DIVERGENCE_NOTHING) return SIM_EXIT_BAD_INPUT;
    return sim_divergence_differs(divergence->kind) ? SIM_EXIT_DIFFERENCE : SIM_EXIT_OK;
}

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, 'j'},
    {"kernel", required_argument, NULL, 'k'},
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
        if (option == ':') return bad_usage("a value is missing after ", argv[optind - 1]);
        if (option == 'k' && sim_kernel_load(optarg, &command.module) != VK_OK)
            return bad_usage("--kernel: ", vk_err_origin()->text);
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'j') command.json = true;
        if (option == 'q') command.quiet = true;
    }
    if (argc - optind < 1 || argc - optind > 2)
        return bad_usage("two inputs are compared, or one plan", "");
    sim_divergence_init(&divergence);
    const char *const paths[2] = {argv[optind], argv[argc - 1]};
    int code = argc - optind == 1 ? diff_replicas(&command, paths[0], &divergence)
                                  : diff_two(&command, paths, &divergence);
    if (code == SIM_EXIT_OK) code = tell(&command, &divergence);
    sim_divergence_release(&divergence);
    return code;
}

const struct sim_command sim_cmd_diff = {
    .name = "diff",
    .summary = "where two runs that should be the same first differ, and why",
    .run = diff_main,
};
