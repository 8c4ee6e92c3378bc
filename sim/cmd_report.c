/* cmd_report.c - `crankcase report`: what a result database holds, for people, machines and CI. */
#include "command.h"
#include "outputs.h"
#include "reports/colour.h"
#include "reports/report_bad_input.h"
#include "reports/report_files.h"
#include "reports/report_results.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: crankcase report [OPTIONS] RESULTS\n\n"
    "Tells what is in a result database, which --results RESULTS of `crankcase run`, `corpus run`,\n"
    "`replay`, `sweep` or `./dev mutants` wrote or is writing. One that was left behind by a run that\n"
    "was ended is as good: it says that it is partial.\n\n"
    "options, of which any number may be given (default --text):\n"
    "  --text           for people: each signature once, with its first failure\n"
    "  --json           one JSON object a line: campaign, samples, plans, failures, summary\n"
    "  --junit FILE     JUnit XML, as GitHub, GitLab and Jenkins read it\n"
    "  --markdown FILE  a page for the summary of a GitHub job\n"
    "  --html FILE      one page that needs no network\n"
    "  --help           this text\n"
    "A FILE that is called - is standard output.\n\n"
    "examples:\n"
    "  crankcase report night.sqlite\n"
    "  crankcase report night.sqlite --html night.html --junit night.xml\n"
    "  crankcase report night.sqlite --markdown - >> \"$GITHUB_STEP_SUMMARY\"\n\n"
    "exit code: 0 it was told, whatever was found, 2 bad usage or no result database, 4 it could\n"
    "not be written";

struct report_command {
    bool text, json;
    struct report_files files;
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase report: %s%s (see crankcase report --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int failed(const char *what, int code) {
    fprintf(stderr, "crankcase report: %s\n", what);
    return code;
}

static void tell_failed(void *impl, const char *what) {
    (void)impl;
    failed(what, SIM_EXIT_FAILED);
}

static int tell(const struct report_command *command, const struct report_model *model) {
    bool nothing_else = !command->json && !report_files_any(&command->files);
    if (command->text || nothing_else)
        report_results_text(stdout, model, report_colour_wanted(stdout));
    if (command->json) report_results_json(stdout, model);
    if (fflush(stdout) != 0 || ferror(stdout))
        return failed("standard output cannot be written", SIM_EXIT_FAILED);
    bool is_written = report_files_write(&command->files, model, NULL, tell_failed);
    return is_written ? SIM_EXIT_OK : SIM_EXIT_FAILED;
}

static int check_outputs(const struct report_command *command, const char *results) {
    struct sim_outputs outputs = {.inputs = &results, .input_count = 1};
    sim_outputs_add(&outputs, "--junit", command->files.junit, SIM_OUTPUT_FILE);
    sim_outputs_add(&outputs, "--markdown", command->files.markdown, SIM_OUTPUT_FILE);
    sim_outputs_add(&outputs, "--html", command->files.html, SIM_OUTPUT_FILE);
    return (int)sim_outputs_check(&outputs, "crankcase report");
}

static int tell_file(const struct report_command *command, const char *path) {
    struct vk_arena arena;
    struct report_model model;
    vk_arena_init(&arena, vk_heap_system());
    int code = SIM_EXIT_BAD_INPUT;
    if (report_model_load(&model, path, &arena) == VK_OK)
        code = check_outputs(command, path);
    else
        report_bad_input("crankcase report", path, vk_err_origin()->text, command->json);
    if (code == SIM_EXIT_OK) code = tell(command, &model);
    vk_arena_release(&arena);
    return code;
}

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"text", no_argument, NULL, 't'},
    {"json", no_argument, NULL, 'J'},
    {"junit", required_argument, NULL, 'j'},
    {"markdown", required_argument, NULL, 'm'},
    {"html", required_argument, NULL, 'H'},
    {NULL, 0, NULL, 0},
};

static int report_main(int argc, char **argv) {
    struct report_command command = {0};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case ':': return bad_usage("a value is missing after ", argv[optind - 1]);
        case 'h': return puts(usage) < 0 ? SIM_EXIT_FAILED : SIM_EXIT_OK;
        case 't': command.text = true; break;
        case 'J': command.json = true; break;
        case 'j': command.files.junit = optarg; break;
        case 'm': command.files.markdown = optarg; break;
        case 'H': command.files.html = optarg; break;
        default: return bad_usage("unknown option ", argv[optind - 1]);
        }
    }
    if (command.text && command.json)
        return bad_usage("--text and --json are both for standard output", "");
    if (optind + 1 != argc) return bad_usage("one result database is to be named", "");
    return tell_file(&command, argv[optind]);
}

const struct sim_command sim_cmd_report = {
    .name = "report",
    .summary = "tell what a campaign found: text, JSON lines, JUnit XML, Markdown, HTML",
    .run = report_main,
};
