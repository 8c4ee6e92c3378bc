/* bench_main.c - crankcase-bench: how fast, how large, and where the time goes.
 *
 * Prints figures and judges none. What the split of time needs, crankcase-bench-split beside this
 * program measures; see split_main.c.
 */
#include "bench_replay.h"
#include "bench_run.h"
#include "bench_state.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char usage[] =
    "usage: crankcase-bench [OPTIONS] [FOLDER...]\n\n"
    "Measures reading and replaying of the recordings in each folder (default: fuzz and suite of\n"
    "corpus/recordings), how the time splits, the cost of a crank over small and large states and\n"
    "among few and many suspended vats, and running of seeds. Rates are by CPU time.\n\n"
    "options:\n"
    "  --json       one JSON object a line\n"
    "  --only PART  reading, replay, split, state, suspended or run; may be given more than once\n"
    "  --passes N   passes over the recordings, and rounds over the states (default 5)\n"
    "  --keys N     the largest state (default 1000000)\n"
    "  --help       this text";

enum part {
    PART_READING,
    PART_REPLAY,
    PART_SPLIT,
    PART_STATE,
    PART_SUSPENDED,
    PART_RUN,
    PART_COUNT
};

static const char *const part_names[PART_COUNT] = {"reading", "replay",    "split",
                                                   "state",   "suspended", "run"};

struct command {
    struct bench_options options;
    bool parts[PART_COUNT], is_choosy;
    const char *program;
    const char *const *folders;
    size_t folder_count;
};

static const char *const default_folders[] = {"corpus/recordings/fuzz", "corpus/recordings/suite"};

/* ---- the other program */

static _Noreturn void become_split(const struct command *command, const char *folder) {
    char path[4096], passes[16];
    const char *slash = strrchr(command->program, '/');
    int folder_n = slash ? (int)(slash + 1 - command->program) : 0;
    snprintf(path, sizeof path, "%.*scrankcase-bench-split", folder_n, command->program);
    snprintf(passes, sizeof passes, "%u", command->options.repeats);
    execl(path, path, command->options.json ? "json" : "text", passes, folder, (char *)NULL);
    fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
    _exit(127);
}

static bool split(const struct command *command, const char *folder) {
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) become_split(command, folder);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* ---- all that is asked for */

static bool measure_folder(const struct command *command, const char *folder) {
    struct bench_group group;
    if (!bench_group_find(&group, folder)) return false;
    bool is_done = true;
    if (command->parts[PART_READING]) is_done = bench_reading(&command->options, &group);
    if (is_done && command->parts[PART_REPLAY])
        is_done = bench_replaying(&command->options, &group);
    bench_group_release(&group);
    return is_done && (!command->parts[PART_SPLIT] || split(command, folder));
}

static int measure(const struct command *command) {
    bool is_done = true;
    bool of_folders =
        command->parts[PART_READING] || command->parts[PART_REPLAY] || command->parts[PART_SPLIT];
    for (size_t i = 0; of_folders && is_done && i < command->folder_count; i++)
        is_done = measure_folder(command, command->folders[i]);
    if (is_done && command->parts[PART_STATE]) is_done = bench_state(&command->options);
    if (is_done && command->parts[PART_SUSPENDED]) is_done = bench_suspended(&command->options);
    if (is_done && command->parts[PART_RUN]) is_done = bench_running(&command->options);
    return is_done ? 0 : 4;
}

/* ---- the command line */

static bool choose(struct command *command, const char *name) {
    for (int i = 0; i < PART_COUNT; i++) {
        if (strcmp(name, part_names[i]) != 0) continue;
        command->parts[i] = command->is_choosy = true;
        return true;
    }
    return false;
}

static bool number(const char *text, uint64_t max, uint64_t *out) {
    return vk_str_to_u64(vk_str(text), out) && *out > 0 && *out <= max;
}

/* False: bad usage. */
static bool parse(struct command *command, int argc, char **argv, bool *wants_help) {
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},         {"only", required_argument, NULL, 'o'},
        {"passes", required_argument, NULL, 'p'}, {"keys", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int option;
    uint64_t n;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'h': *wants_help = true; return true;
        case 'j': command->options.json = true; break;
        case 'o':
            if (!choose(command, optarg)) return false;
            break;
        case 'p':
            if (!number(optarg, 60, &n)) return false;
            command->options.repeats = (unsigned)n;
            break;
        case 'k':
            if (!number(optarg, UINT64_C(10) * 1000 * 1000, &n)) return false;
            command->options.keys_max = (size_t)n;
            break;
        default: return false;
        }
    }
    for (int i = 0; i < PART_COUNT && !command->is_choosy; i++)
        command->parts[i] = true;
    return true;
}

int main(int argc, char **argv) {
    struct command command = {.options = {.repeats = 5, .keys_max = 1000000},
                              .program = argv[0],
                              .folders = default_folders,
                              .folder_count = sizeof default_folders / sizeof *default_folders};
    bool wants_help = false;
    if (!parse(&command, argc, argv, &wants_help)) {
        fprintf(stderr, "%s\n", usage);
        return 2;
    }
    if (wants_help) {
        puts(usage);
        return 0;
    }
    if (optind < argc) {
        command.folders = (const char *const *)argv + optind;
        command.folder_count = (size_t)(argc - optind);
    }
    return measure(&command);
}
