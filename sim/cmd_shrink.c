/* cmd_shrink.c - `crankcase shrink`: a plan that fails, made as small as it gets. */
#include "command.h"
#include "durations.h"
#include "jobs.h"
#include "kernel_module.h"
#include "outputs.h"
#include "plan_file.h"
#include "plan_notes.h"
#include "reports/colour.h"
#include "shrink_file.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: crankcase shrink [OPTIONS] PLAN\n\n"
    "Makes a plan that fails as small as it gets while it fails with the same signature: replicas,\n"
    "vats, programs, blocks, inputs, operations and faults are taken out, then words and numbers made\n"
    "smaller, until no single line can go. The best so far is always in the output file, with a note\n"
    "of where it comes from; the same command, begun again, goes on from there.\n\n"
    "options:\n"
    "  -o, --out FILE   where the shrunk plan goes (default: PLAN with -shrunk in its name)\n"
    "  --jobs N         N processes side by side; the result is the same\n"
    "  --deadline TIME  stop then, with the best so far: seconds, or 90s, 5m, 1h, 1d\n"
    "  --kernel PATH    another build of the kernel, its libvk.so\n"
    "  --json           one JSON object\n"
    "  --quiet          no progress bar\n"
    "  --help           this text\n\n"
    "examples:\n"
    "  crankcase shrink crankcase-failures/seed-42.plan\n"
    "  crankcase shrink --jobs 2 --deadline 5m big.plan -o small.plan\n\n"
    "exit code: 0 it was shrunk (or stopped at the deadline), 2 bad usage, a bad plan, or one that does\n"
    "not fail, 4 the testbed failed";

struct shrink_command {
    struct sim_shrink_file file;
    char out[1100];
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase shrink: %s%s (see crankcase shrink --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

/* The best so far is written to it, and read from it, again and again. */
static int check_output(const char *out) {
    struct sim_outputs outputs = {.count = 0};
    sim_outputs_add(&outputs, "--out", out, SIM_OUTPUT_FILE);
    return strcmp(out, "-") == 0 ? bad_usage("--out takes a file, not -", "")
                                 : (int)sim_outputs_check(&outputs, "crankcase shrink");
}

static int shrink_path(struct shrink_command *command, const char *path) {
    struct vk_arena arena;
    struct vk_str text;
    struct sim_plan plan;
    const struct sim_plan_file file = {"crankcase shrink", path, command->file.json};
    command->file.name = path;
    if (!command->file.out) {
        if (strcmp(path, "-") == 0) return bad_usage("--out FILE is needed for standard input", "");
        if (!sim_shrink_file_name(path, command->out, sizeof command->out))
            return bad_usage("the plan's name is too long: ", path);
        command->file.out = command->out;
    }
    vk_arena_init(&arena, vk_heap_system());
    int code = sim_plan_file_read(&file, &arena, &text, &plan);
    if (code == SIM_EXIT_OK) {
        command->file.notes = sim_notes_of(text);
        code = check_output(command->file.out);
        if (code == SIM_EXIT_OK) code = (int)sim_shrink_file(&command->file, &plan);
        sim_plan_release(&plan);
    }
    vk_arena_release(&arena);
    return code;
}

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},           {"out", required_argument, NULL, 'o'},
    {"jobs", required_argument, NULL, 'j'},     {"json", no_argument, NULL, 'J'},
    {"deadline", required_argument, NULL, 'd'}, {"quiet", no_argument, NULL, 'q'},
    {"kernel", required_argument, NULL, 'k'},   {NULL, 0, NULL, 0},
};

static int take_option(struct shrink_command *command, int option) {
    struct sim_shrink_file *file = &command->file;
    uint64_t n;
    switch (option) {
    case 'o': file->out = optarg; return SIM_EXIT_OK;
    case 'J': file->json = true; return SIM_EXIT_OK;
    case 'q': file->quiet = true; return SIM_EXIT_OK;
    case 'k':
        file->kernel = optarg;
        if (sim_kernel_load(optarg, &file->run.module) == VK_OK) return SIM_EXIT_OK;
        fprintf(stderr, "crankcase shrink: %s\n", vk_err_origin()->text);
        return SIM_EXIT_BAD_INPUT;
    case 'd':
        if (sim_duration_seconds(optarg, &file->deadline_seconds)) return SIM_EXIT_OK;
        return bad_usage("--deadline takes a time (90, 90s, 5m, 1h, 1d), not ", optarg);
    default:
        if (!vk_str_to_u64(vk_str(optarg), &n) || n < 1 || n > SIM_JOBS_AT_ONCE_MAX)
            return bad_usage("--jobs takes a number from 1 to 256, not ", optarg);
        file->at_once = (size_t)n;
        return SIM_EXIT_OK;
    }
}

static int shrink_main(int argc, char **argv) {
    struct shrink_command command = {.file = {.command = "crankcase shrink",
                                              .at_once = 1,
                                              .colours = report_colour_wanted(stdout)}};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
        if (option == ':') return bad_usage("a value is missing after ", argv[optind - 1]);
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'h') return puts(usage) < 0 ? SIM_EXIT_FAILED : SIM_EXIT_OK;
        int code = take_option(&command, option);
        if (code != SIM_EXIT_OK) return code;
    }
    if (optind + 1 != argc) return bad_usage("one plan is to be named", "");
    int code = shrink_path(&command, argv[optind]);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fputs("crankcase shrink: standard output cannot be written\n", stderr);
    return SIM_EXIT_FAILED;
}

const struct sim_command sim_cmd_shrink = {
    .name = "shrink",
    .summary = "make a plan that fails as small as it gets while it fails the same way",
    .run = shrink_main,
};
