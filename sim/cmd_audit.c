/* cmd_audit.c - `crankcase audit`: every violation in a database or a recording, one a line.
 *
 * INV-CMD-AUDIT-1  A file that is given is never written to.
 */
#include "audit_recording.h"
#include "command.h"
#include "file_kind.h"
#include "recording_files.h"
#include "reports/json_line.h"
#include "reports/report_bad_input.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: crankcase audit [OPTIONS] FILE|FOLDER...\n\n"
    "Checks a kernel's state against itself: c-lists are bijections, every reference count equals\n"
    "the count of references, queues have no holes, no kref dangles, transcripts have their\n"
    "hashes. Prints every violation on its own line. Files are only read.\n\n"
    "options:\n"
    "  --json         one JSON object a line for each file\n"
    "  --strict       leave nothing unexplained: no references of the host's, exact statistics\n"
    "  --every-crank  audit recordings after each crank, up to the first violation\n"
    "  --rules        list the rules\n"
    "  --help         this text\n\n"
    "A file is a swing-store database, or a recording if its name has \".jsonl\" in it. A folder\n"
    "stands for the swingstore.sqlite in it, or else for the recordings. The trace of a simulated\n"
    "node (crankcase run --keep) is no recording.\n\n"
    "examples:\n"
    "  crankcase audit ~/.agoric/data/agoric/swingstore.sqlite\n"
    "  crankcase audit --every-crank --json corpus/recordings > audit.jsonl\n\n"
    "exit code: 0 nothing found, 1 violations, 2 bad usage or input (a value of the wrong type is\n"
    "bad input), 4 the testbed failed";

enum { TEXT_SHOWN_MAX = 160, PATH_SIZE = 4096 };

struct audit_command {
    bool strict, every_crank, json, lists_rules, wants_help;
    int code; /* the worst so far */
    /* Of the file in hand. */
    const char *file;
    bool is_recording, is_first_violation;
    struct sim_audit_place place;
    struct report_json_line line; /* its JSON in the making */
};

static void code_add(struct audit_command *command, enum sim_exit code) {
    if ((int)code > command->code) command->code = (int)code;
}

/* ---- as text */
/* On one line: no control characters, and not all of a long text. */
static void print_text(struct vk_str text) {
    size_t shown = text.n < TEXT_SHOWN_MAX ? text.n : TEXT_SHOWN_MAX;
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    if (shown < text.n) printf("... (%zu bytes)", text.n);
}

static void print_place(const struct audit_command *command) {
    printf("%s:", command->file);
    if (command->is_recording) printf("%zu:", command->place.line);
}

static void print_violation(void *impl, const struct audit_violation *violation) {
    const struct audit_command *command = impl;
    print_place(command);
    printf(" %s: ", sim_audit_rule_name(violation->rule));
    print_text(violation->key);
    printf(": expected ");
    print_text(violation->expected);
    printf(", found ");
    print_text(violation->found);
    putchar('\n');
}

static void print_summary(const struct audit_command *command,
                          const struct sim_audit_report *report) {
    uint64_t references = report->surplus_promise_references + report->surplus_object_references;
    print_place(command);
    if (report->violations)
        printf(" %" PRIu64 " violation%s", report->violations, report->violations == 1 ? "" : "s");
    else
        printf(" nothing found");
    printf(" in %" PRIu64 " keys", report->keys);
    if (command->is_recording) printf(" after %" PRIu64 " cranks", command->place.cranks);
    if (references)
        printf("; %" PRIu64 " references to %" PRIu64 " promises and %" PRIu64
               " objects are not in the database, but may be the host's",
               references, report->surplus_promises, report->surplus_objects);
    putchar('\n');
}

/* ---- as JSON */

static void json_violation(void *impl, const struct audit_violation *violation) {
    struct audit_command *command = impl;
    struct vk_buf *buf = &command->line.buf;
    vk_buf_add(buf, command->is_first_violation ? VK_STR("{") : VK_STR(",{"));
    command->is_first_violation = false;
    report_json_text(buf, "rule", sim_audit_rule_name(violation->rule));
    report_json_name(buf, "key");
    report_json_quote(buf, violation->key);
    report_json_name(buf, "expected");
    report_json_quote(buf, violation->expected);
    report_json_name(buf, "found");
    report_json_quote(buf, violation->found);
    vk_buf_char(buf, '}');
}

static void json_begin(struct audit_command *command) {
    struct vk_buf *buf = report_json_begin(&command->line);
    report_json_text(buf, "file", command->file);
    report_json_name(buf, "violations");
    vk_buf_char(buf, '[');
}

static void json_end(struct audit_command *command, const struct sim_audit_report *report,
                     const char *error) {
    struct vk_buf *buf = &command->line.buf;
    vk_buf_char(buf, ']');
    if (error) report_json_text(buf, "error", error);
    if (command->is_recording) {
        report_json_count(buf, "cranks", command->place.cranks);
        report_json_count(buf, "line", command->place.line);
    }
    report_json_count(buf, "keys", report->keys);
    report_json_count(buf, "surplusPromises", report->surplus_promises);
    report_json_count(buf, "surplusPromiseReferences", report->surplus_promise_references);
    report_json_count(buf, "surplusObjects", report->surplus_objects);
    report_json_count(buf, "surplusObjectReferences", report->surplus_object_references);
    if (buf->failed) code_add(command, SIM_EXIT_FAILED);
    report_json_end(&command->line, stdout);
}

/* ---- one file */
static enum vk_err audit_database(const char *path, const struct sim_audit_options *options,
                                  struct sim_audit_report *report) {
    const struct vk_ports ports = {.heap = options->heap, .disk = {.path = path}};
    const struct vk_store_options store_options = {
        .mode = VK_STORE_DIRECT, .no_state_hash = true, .read_only = true};
    struct vk_store *store;
    VK_TRY(sim_file_must_be_database(path));
    VK_TRY(vk_store_open(&ports, &store_options, &store)); /* INV-CMD-AUDIT-1: read_only */
    enum vk_err err = sim_audit_store(store, options, report);
    vk_store_close(store);
    return err;
}

static enum vk_err audit_recorded(struct audit_command *command, const char *path,
                                  const struct sim_audit_options *options,
                                  struct sim_audit_report *report) {
    struct sim_recording *recording;
    struct sim_input_error error = {0};
    enum vk_err err = sim_recording_read(path, &recording, &error);
    if (err != VK_OK) {
        command->place.line = error.line;
        return err == VK_ERR_NOMEM ? err : VK_RAISE(VK_ERR_SYNTAX, "%s", error.what);
    }
    err = sim_audit_recording(recording, options, command->every_crank, &command->place, report);
    sim_recording_free(recording);
    return err;
}

static enum sim_exit exit_code(enum vk_err err, const struct sim_audit_report *report) {
    switch (err) {
    case VK_OK:
        if (report->malformed) return SIM_EXIT_BAD_INPUT;
        return report->violations ? SIM_EXIT_DIFFERENCE : SIM_EXIT_OK;
    case VK_ERR_SCHEMA:
    case VK_ERR_CORRUPT:
    case VK_ERR_SYNTAX:
    case VK_ERR_USAGE: return SIM_EXIT_BAD_INPUT;
    case VK_ERR_NOMEM:
    case VK_ERR_DISK:
    case VK_ERR_DISK_FULL:
    case VK_ERR_BUSY:
    case VK_ERR_WORKER_LOST:
    case VK_ERR_WORKER_START:
    case VK_ERR_ANACHROPHOBIA:
    case VK_ERR_SNAPSHOT:
    case VK_ERR_PANIC:
    case VK_ERR_TRACE:
    case VK_ERR_COUNT: break;
    }
    return SIM_EXIT_FAILED;
}

static void report_error(const struct audit_command *command, const char *text) {
    if (command->place.line)
        fprintf(stderr, "crankcase audit: %s:%zu:1: %s\n", command->file, command->place.line,
                text);
    else
        fprintf(stderr, "crankcase audit: %s: %s\n", command->file, text);
}

/* `name` as the user gave it, `path` where it is. */
static void audit_file(struct audit_command *command, const char *name, const char *path) {
    const struct sim_audit_options options = {.heap = vk_heap_system(),
                                              .strict = command->strict,
                                              .violation =
                                                  command->json ? json_violation : print_violation,
                                              .impl = command};
    struct sim_audit_report report = {0};
    command->file = name;
    command->is_recording = strstr(path, ".jsonl") != NULL;
    command->is_first_violation = true;
    command->place = (struct sim_audit_place){0};
    if (command->json) json_begin(command);
    enum vk_err err = command->is_recording ? audit_recorded(command, path, &options, &report)
                                            : audit_database(path, &options, &report);
    const char *error = err == VK_OK ? NULL : vk_err_origin()->text;
    code_add(command, exit_code(err, &report));
    if (error) report_error(command, error);
    if (!command->json && !error) print_summary(command, &report);
    if (command->json) json_end(command, &report, error);
}

/* ---- all that the command line names */
static void audit_folder(struct audit_command *command, const char *folder) {
    struct sim_recording_files files = {0};
    if (sim_recording_files_add(&files, folder) != VK_OK) {
        report_bad_input("crankcase audit", folder, vk_err_origin()->text, command->json);
        code_add(command, SIM_EXIT_BAD_INPUT);
    }
    for (size_t i = 0; i < files.count; i++)
        audit_file(command, files.at[i].path, files.at[i].path);
    sim_recording_files_free(&files);
}

static void audit_argument(struct audit_command *command, const char *argument) {
    struct stat info;
    if (stat(argument, &info) != 0 || !S_ISDIR(info.st_mode)) {
        audit_file(command, argument, argument);
        return;
    }
    char database[PATH_SIZE];
    int n = snprintf(database, sizeof database, "%s/swingstore.sqlite", argument);
    if (n > 0 && (size_t)n < sizeof database && access(database, F_OK) == 0)
        audit_file(command, argument, database);
    else
        audit_folder(command, argument);
}

static int audit_arguments(struct audit_command *command, int count, char **arguments) {
    for (int i = 0; i < count; i++)
        audit_argument(command, arguments[i]);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "crankcase audit: standard output: %s\n", strerror(errno));
        return SIM_EXIT_FAILED;
    }
    return command->code;
}

static void print_rule_json(enum audit_rule rule) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "rule");
    report_json_text(buf, "rule", sim_audit_rule_name(rule));
    report_json_text(buf, "meaning", sim_audit_rule_meaning(rule));
    report_json_end(&line, stdout);
}

static int print_rules(bool json) {
    for (int i = 0; i < AUDIT_RULE_COUNT && json; i++)
        print_rule_json((enum audit_rule)i);
    for (int i = 0; i < AUDIT_RULE_COUNT && !json; i++)
        printf("%-24s %s\n", sim_audit_rule_name((enum audit_rule)i),
               sim_audit_rule_meaning((enum audit_rule)i));
    return SIM_EXIT_OK;
}

/* ---- the command line */
enum option_code { OPTION_JSON = 256, OPTION_STRICT, OPTION_EVERY_CRANK, OPTION_RULES };

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"every-crank", no_argument, NULL, OPTION_EVERY_CRANK},
    {"rules", no_argument, NULL, OPTION_RULES},
    {NULL, 0, NULL, 0},
};

static int bad_usage(const char *what, const char *which) {
    fprintf(stderr, "crankcase audit: %s%s (see crankcase audit --help)\n", what, which);
    return SIM_EXIT_BAD_INPUT;
}

static int parse(struct audit_command *command, int argc, char **argv) {
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'h': command->wants_help = true; return SIM_EXIT_OK;
        case OPTION_JSON: command->json = true; break;
        case OPTION_STRICT: command->strict = true; break;
        case OPTION_EVERY_CRANK: command->every_crank = true; break;
        case OPTION_RULES: command->lists_rules = true; break;
        default: return bad_usage("unknown option ", argv[optind - 1]);
        }
    }
    return optind < argc || command->lists_rules ? SIM_EXIT_OK : bad_usage("no file is named", "");
}

static int audit_main(int argc, char **argv) {
    struct audit_command command = {.code = SIM_EXIT_OK};
    int code = parse(&command, argc, argv);
    if (code != SIM_EXIT_OK) return code;
    if (command.lists_rules) return print_rules(command.json);
    if (!command.wants_help) return audit_arguments(&command, argc - optind, argv + optind);
    puts(usage);
    return SIM_EXIT_OK;
}

const struct sim_command sim_cmd_audit = {
    .name = "audit",
    .summary = "check a kernel's database, or a recording's states, against itself",
    .run = audit_main,
};
