/* cmd_postmortem.c - `crankcase postmortem`: how a kernel ended, in plain words.
 *
 * INV-CMD-POSTMORTEM-1  A file that is given is never written to.
 */
#include "command.h"
#include "file_kind.h"
#include "postmortem.h"
#include "reports/colour.h"
#include "reports/report_bad_input.h"
#include "reports/report_postmortem.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: crankcase postmortem [OPTIONS] [DB] SLOG\n\n"
    "Says what a kernel was doing when it ended: the crank and the delivery that had started and\n"
    "never finished, the message, the syscalls so far, the invariant that broke, and what a next\n"
    "start will come to. Files are only read.\n\n"
    "  DB    the node's swing-store database, or the folder it is in; without it the vat's name\n"
    "        and what was committed are not known\n"
    "  SLOG  a flight recorder's file, or a slog: one JSON object a line, compressed or not\n\n"
    "options:\n"
    "  --json    one JSON object\n"
    "  --help    this text\n\n"
    "examples:\n"
    "  crankcase run --keep nodes my.plan\n"
    "  crankcase postmortem nodes/replica-0/swingstore.sqlite nodes/replica-0/slog\n"
    "  crankcase postmortem --json chain.slog.gz\n\n"
    "exit code: 0 nothing is unfinished, 1 the kernel ended in a crank, or the slog is cut off\n"
    "where that is not known, 2 bad usage or input, or no crank in it, 4 the testbed failed";

enum { PATH_SIZE = 4096 };

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase postmortem: %s%s (see crankcase postmortem --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int failed(const char *path, enum vk_err err, const char *why, bool json) {
    char text[PATH_SIZE + 300];
    snprintf(text, sizeof text, "%s: %s", path, why);
    report_bad_input("crankcase postmortem", path, text, json && err != VK_ERR_NOMEM);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static int read_slog(struct sim_postmortem *postmortem, const char *path, bool json) {
    struct sim_postmortem_error error = {0};
    char text[PATH_SIZE + sizeof error.what + 50];
    enum vk_err err = sim_postmortem_read_slog(postmortem, path, &error);
    if (err == VK_OK) return SIM_EXIT_OK;
    if (!error.what[0]) return failed(path, err, vk_err_origin()->text, json);
    if (!error.line) return failed(path, err, error.what, json);
    snprintf(text, sizeof text, "%s:%zu:%zu: %s", path, error.line, error.column, error.what);
    report_bad_input("crankcase postmortem", path, text, json && err != VK_ERR_NOMEM);
    return err == VK_ERR_NOMEM ? SIM_EXIT_FAILED : SIM_EXIT_BAD_INPUT;
}

static int read_state(struct sim_postmortem *postmortem, const char *path, bool json) {
    struct stat info;
    char database[PATH_SIZE];
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        int n = snprintf(database, sizeof database, "%s/swingstore.sqlite", path);
        if (n < 0 || (size_t)n >= sizeof database) return bad_usage("the name is too long", "");
        path = database;
    }
    enum vk_err err = sim_file_must_be_database(path);
    if (err == VK_OK) err = sim_postmortem_read_state(postmortem, path);
    return err == VK_OK ? SIM_EXIT_OK : failed(path, err, vk_err_origin()->text, json);
}

static int tell(const char *database, const char *slog, bool json) {
    struct sim_postmortem postmortem;
    sim_postmortem_init(&postmortem);
    int code = read_slog(&postmortem, slog, json);
    if (code == SIM_EXIT_OK && database) code = read_state(&postmortem, database, json);
    if (code == SIM_EXIT_OK) {
        bool is_well =
            postmortem.end <= SIM_POSTMORTEM_AT_REST || sim_postmortem_is_past(&postmortem);
        if (json)
            report_postmortem_json(stdout, slog, &postmortem);
        else
            report_postmortem(stdout, &postmortem, report_colour_wanted(stdout));
        code = is_well ? SIM_EXIT_OK : SIM_EXIT_DIFFERENCE;
    }
    sim_postmortem_release(&postmortem);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "crankcase postmortem: standard output: %s\n", strerror(errno));
    return SIM_EXIT_FAILED;
}

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int postmortem_main(int argc, char **argv) {
    bool json = false;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') return puts(usage) < 0 ? SIM_EXIT_FAILED : SIM_EXIT_OK;
        if (option != 'j') return bad_usage("unknown option ", argv[optind - 1]);
        json = true;
    }
    if (argc - optind < 1) return bad_usage("no slog is named", "");
    if (argc - optind > 2) return bad_usage("a database and a slog, no more: ", argv[optind + 2]);
    return tell(argc - optind == 2 ? argv[optind] : NULL, argv[argc - 1], json);
}

const struct sim_command sim_cmd_postmortem = {
    .name = "postmortem",
    .summary = "how a kernel ended: crank, delivery, message, syscalls, reason",
    .run = postmortem_main,
};
