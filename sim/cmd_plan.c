/* cmd_plan.c - `crankcase plan`: the plan that a seed stands for, or plans checked and put in order.
 *
 * INV-CMD-PLAN-1  What is printed is a plan again, and the same one.
 */
#include "command.h"
#include "fault_words.h"
#include "plan_file.h"
#include "plan_generate.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: crankcase plan --seed N [OPTIONS]\n"
    "       crankcase plan [--check] PLAN...\n\n"
    "Prints the plan that a seed stands for: running either is the same run. Or reads plans and\n"
    "prints them as crankcase itself writes them, without comments and in one order.\n\n"
    "options, of a seed (as for crankcase run, with the same defaults):\n"
    "  --replicas N   as many replicas, 1 to 7 (default: drawn)\n"
    "  --scale N      a plan N times as large, 1 to 1000\n"
    "  --faults LIST  what may be drawn: all, none, invisible, halt, divergence or kinds of faults,\n"
    "                 with commas; -WORD takes one out\n"
    "  --clock        vats may read the clock: the run must diverge\n"
    "  --states       vats may be suspended, paused and restarted\n"
    "  --everything   they may, and every plan has meters, illegal syscalls, vats that come and go\n"
    "options, of plans:\n"
    "  --check        print nothing but errors\n"
    "  --help         this text\n\n"
    "A plan is text, one decision a line; corpus/plans has examples with comments.\n\n"
    "examples:\n"
    "  crankcase plan --seed 42 > my.plan\n"
    "  crankcase plan --seed 42 --replicas 3 --faults invisible,-power-cut\n"
    "  crankcase plan --check corpus/plans/*.plan\n\n"
    "exit code: 0 all well, 2 bad usage or a bad plan, 4 the testbed failed";

enum { SCALE_MAX = 1000 };

struct plan_command {
    struct sim_generate_options generate;
    uint64_t seed;
    bool has_seed, has_seed_option; /* the latter: one that says something of a seed's plan */
    bool check, wants_help;
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase plan: %s%s (see crankcase plan --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int failed(const char *what) {
    fprintf(stderr, "crankcase plan: %s\n", what);
    return SIM_EXIT_FAILED;
}

/* ---- what it prints */

static int print_plan(const struct sim_plan *plan) {
    struct vk_arena arena;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_plan_write(plan, &arena, &text);
    if (err == VK_OK) fwrite(text.p, 1, text.n, stdout);
    vk_arena_release(&arena);
    return err == VK_OK ? SIM_EXIT_OK : failed(vk_err_origin()->text);
}

static int print_seed(const struct plan_command *command) {
    struct sim_plan plan;
    if (sim_plan_generate(&plan, vk_heap_system(), command->seed, &command->generate) != VK_OK)
        return failed(vk_err_origin()->text);
    int code = print_plan(&plan);
    sim_plan_release(&plan);
    return code;
}

static int take_plan(const struct plan_command *command, const char *path, bool is_one_of_many) {
    const struct sim_plan_file file = {.command = "crankcase plan", .path = path};
    struct vk_arena arena;
    struct sim_plan plan;
    vk_arena_init(&arena, vk_heap_system());
    int code = sim_plan_file_read(&file, &arena, NULL, &plan);
    vk_arena_release(&arena);
    if (code != SIM_EXIT_OK) return code;
    if (!command->check) {
        if (is_one_of_many) printf("# %s\n", path);
        code = print_plan(&plan);
    }
    sim_plan_release(&plan);
    return code;
}

static int take_plans(const struct plan_command *command, int count, char **paths) {
    int worst = SIM_EXIT_OK;
    for (int i = 0; i < count; i++) {
        int code = take_plan(command, paths[i], count > 1);
        if (code > worst) worst = code;
    }
    return worst;
}

/* ---- the command line */

enum option_code {
    OPTION_SEED = 256,
    OPTION_REPLICAS,
    OPTION_SCALE,
    OPTION_FAULTS,
    OPTION_CLOCK,
    OPTION_STATES,
    OPTION_EVERYTHING,
    OPTION_CHECK,
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"replicas", required_argument, NULL, OPTION_REPLICAS},
    {"scale", required_argument, NULL, OPTION_SCALE},
    {"faults", required_argument, NULL, OPTION_FAULTS},
    {"clock", no_argument, NULL, OPTION_CLOCK},
    {"states", no_argument, NULL, OPTION_STATES},
    {"everything", no_argument, NULL, OPTION_EVERYTHING},
    {"check", no_argument, NULL, OPTION_CHECK},
    {NULL, 0, NULL, 0},
};

static int take_count(const char *expected, uint64_t max, uint32_t *out) {
    uint64_t n;
    if (!vk_str_to_u64(vk_str(optarg), &n) || n < 1 || n > max) return bad_usage(expected, optarg);
    *out = (uint32_t)n;
    return SIM_EXIT_OK;
}

static int take_option(struct plan_command *command, int option) {
    char error[SIM_FAULT_WORDS_ERROR_SIZE];
    if (option != OPTION_CHECK && option != OPTION_SEED) command->has_seed_option = true;
    switch (option) {
    case OPTION_SEED:
        command->has_seed = true;
        if (vk_str_to_u64(vk_str(optarg), &command->seed)) return SIM_EXIT_OK;
        return bad_usage("--seed takes a number, not ", optarg);
    case OPTION_REPLICAS:
        return take_count("--replicas takes a number from 1 to 7, not ", SIM_REPLICAS_MAX,
                          &command->generate.replicas);
    case OPTION_SCALE:
        return take_count("--scale takes a number from 1 to 1000, not ", SCALE_MAX,
                          &command->generate.scale);
    case OPTION_FAULTS:
        if (sim_fault_words_parse(optarg, command->generate.faults, error)) return SIM_EXIT_OK;
        return bad_usage("--faults: ", error);
    case OPTION_CLOCK: command->generate.clock = true; return SIM_EXIT_OK;
    case OPTION_STATES: command->generate.states = true; return SIM_EXIT_OK;
    case OPTION_EVERYTHING: command->generate.everything = true; return SIM_EXIT_OK;
    case OPTION_CHECK: command->check = true; return SIM_EXIT_OK;
    default: return bad_usage("internal option", "");
    }
}

static int parse(struct plan_command *command, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == ':') return bad_usage("a value is missing after ", argv[optind - 1]);
        if (option == '?') return bad_usage("unknown option ", argv[optind - 1]);
        if (option == 'h') {
            command->wants_help = true;
            return SIM_EXIT_OK;
        }
        int code = take_option(command, option);
        if (code != SIM_EXIT_OK) return code;
    }
    if (optind == argc && !command->has_seed)
        return bad_usage("neither a seed nor a plan is named", "");
    if (optind < argc && command->has_seed)
        return bad_usage("either a seed or plans, not both: ", argv[optind]);
    if (command->has_seed_option && !command->has_seed)
        return bad_usage(
            "--replicas, --scale, --faults, --clock, --states and --everything are for a seed's plan",
            "");
    if (command->check && command->has_seed) return bad_usage("--check is for plans", "");
    return SIM_EXIT_OK;
}

static int plan_main(int argc, char **argv) {
    struct plan_command command = {.check = false};
    sim_fault_words_default(command.generate.faults);
    int code = parse(&command, argc, argv);
    if (code != SIM_EXIT_OK) return code;
    if (command.wants_help)
        puts(usage);
    else if (command.has_seed)
        code = print_seed(&command);
    else
        code = take_plans(&command, argc - optind, argv + optind);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "crankcase plan: standard output: %s\n", strerror(errno));
    return SIM_EXIT_FAILED;
}

const struct sim_command sim_cmd_plan = {
    .name = "plan",
    .summary = "print the plan that a seed stands for, or check plans and put them in order",
    .run = plan_main,
};
