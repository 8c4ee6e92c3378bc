/* cmd_audit.c - crankcase audit: every violation in a database or a recording, one a line.
 *
 * INV-CMD-AUDIT-1  A file that is given is never written to.
 *
 * Exit codes: 0 nothing found, 1 violations, 2 bad usage or input (a value of the wrong type is bad input too), 4
 * out of memory, disk. With several files the highest wins.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "audit_recording.h"
#include "command.h"

enum { EXIT_CLEAN = 0, EXIT_VIOLATIONS = 1, EXIT_BAD_INPUT = 2, EXIT_FAILED = 4 };
enum { TEXT_SHOWN_MAX = 160, PATH_SIZE = 4096 };

struct audit_command {
    bool strict, every_crank, json;
    /* Of the file in hand. */
    const char *file;
    bool is_recording;
    struct sim_audit_place place;
    struct vk_arena arena; /* JSON in the making */
    struct vk_buf buf;
    bool is_first; /* violation */
};

/* ---- what is printed */
/* A text on one line: no control characters, and not all of a long one. */
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

static void print_violation(void *impl, const struct audit_violation *violation) {
    const struct audit_command *command = impl;
    printf("%s: ", command->file);
    if (command->is_recording) printf("line %zu: ", command->place.line);
    printf("%s: ", sim_audit_rule_name(violation->rule));
    print_text(violation->key);
    printf(": expected ");
    print_text(violation->expected);
    printf(", found ");
    print_text(violation->found);
    putchar('\n');
}

static void json_member(struct vk_buf *buf, const char *name, struct vk_str text) {
    vk_json_quote(buf, vk_str(name));
    vk_buf_char(buf, ':');
    vk_json_quote(buf, text);
}

static void json_violation(void *impl, const struct audit_violation *violation) {
    struct audit_command *command = impl;
    struct vk_buf *buf = &command->buf;
    vk_buf_add(buf, command->is_first ? VK_STR("{") : VK_STR(",{"));
    command->is_first = false;
    json_member(buf, "rule", vk_str(sim_audit_rule_name(violation->rule)));
    vk_buf_char(buf, ',');
    json_member(buf, "key", violation->key);
    vk_buf_char(buf, ',');
    json_member(buf, "expected", violation->expected);
    vk_buf_char(buf, ',');
    json_member(buf, "found", violation->found);
    vk_buf_char(buf, '}');
}

static void print_summary(const struct audit_command *command,
                          const struct sim_audit_report *report) {
    printf("%s: ", command->file);
    if (command->is_recording)
        printf("after crank %llu, ", (unsigned long long)command->place.cranks);
    if (report->violations)
        printf("%llu violations", (unsigned long long)report->violations);
    else
        printf("clean");
    printf(" (%llu keys)\n", (unsigned long long)report->keys);
    uint64_t references = report->surplus_promise_references + report->surplus_object_references;
    if (references)
        printf("%s: note: %llu promises and %llu objects have %llu references that the database does "
               "not explain: the host's, presumably (--strict to list them)\n",
               command->file, (unsigned long long)report->surplus_promises,
               (unsigned long long)report->surplus_objects, (unsigned long long)references);
}

static void json_number(struct vk_buf *buf, const char *name, uint64_t value) {
    vk_buf_char(buf, ',');
    vk_json_quote(buf, vk_str(name));
    vk_buf_char(buf, ':');
    vk_buf_u64(buf, value);
}

/* Ends the file's JSON object that file_begin began, and prints it. */
static enum vk_err json_print(struct audit_command *command,
                              const struct sim_audit_report *report, const char *error) {
    struct vk_buf *buf = &command->buf;
    vk_buf_char(buf, ']');
    if (error) {
        vk_buf_char(buf, ',');
        json_member(buf, "error", vk_str(error));
    }
    if (command->is_recording) {
        json_number(buf, "cranks", command->place.cranks);
        json_number(buf, "line", command->place.line);
    }
    json_number(buf, "keys", report->keys);
    json_number(buf, "surplusPromises", report->surplus_promises);
    json_number(buf, "surplusPromiseReferences", report->surplus_promise_references);
    json_number(buf, "surplusObjects", report->surplus_objects);
    json_number(buf, "surplusObjectReferences", report->surplus_object_references);
    vk_buf_lit(buf, "}\n");
    struct vk_str text;
    VK_TRY(vk_buf_finish(buf, &text));
    fwrite(text.p, 1, text.n, stdout);
    return VK_OK;
}

/* ---- one file */
static enum vk_err audit_database(const char *path, const struct sim_audit_options *options,
                                  struct sim_audit_report *report) {
    const struct vk_ports ports = {.heap = options->heap, .disk = {.path = path}};
    const struct vk_store_options store_options = {
        .mode = VK_STORE_DIRECT, .no_state_hash = true, .read_only = true};
    struct vk_store *store;
    VK_TRY(vk_store_open(&ports, &store_options, &store));
    enum vk_err err = sim_audit_store(store, options, report);
    vk_store_close(store);
    return err;
}

static enum vk_err audit_recorded(struct audit_command *command,
                                  const struct sim_audit_options *options,
                                  struct sim_audit_report *report) {
    struct sim_recording *recording;
    struct sim_input_error error = {0};
    enum vk_err err = sim_recording_read(command->file, &recording, &error);
    if (err == VK_ERR_NOMEM) return err;
    command->place.line = error.line;
    if (err != VK_OK)
        return error.line ? VK_RAISE(err, "line %zu: %s", error.line, error.what)
                          : VK_RAISE(err, "%s", error.what);
    err = sim_audit_recording(recording, options, command->every_crank, &command->place, report);
    sim_recording_free(recording);
    return err;
}

/* A swing-store is a directory to its host; the database in it has this name. */
static enum vk_err database_path(const char *file, char path[PATH_SIZE]) {
    struct stat info;
    bool is_directory = stat(file, &info) == 0 && S_ISDIR(info.st_mode);
    int n = snprintf(path, PATH_SIZE, "%s%s", file, is_directory ? "/swingstore.sqlite" : "");
    VK_ASSERT(n >= 0); /* INV-CMD-AUDIT-2 */
    return n < PATH_SIZE ? VK_OK : VK_RAISE(VK_ERR_USAGE, "a path of %d bytes", n);
}

static int exit_code(enum vk_err err, const struct sim_audit_report *report) {
    switch (err) {
    case VK_OK:
        if (report->malformed) return EXIT_BAD_INPUT;
        return report->violations ? EXIT_VIOLATIONS : EXIT_CLEAN;
    case VK_ERR_SCHEMA:
    case VK_ERR_CORRUPT:
    case VK_ERR_SYNTAX:
    case VK_ERR_USAGE:
    case VK_ERR_DISK: /* the file's */ return EXIT_BAD_INPUT;
    case VK_ERR_NOMEM:
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
    return EXIT_FAILED;
}

static void file_begin(struct audit_command *command) {
    command->is_recording = strstr(command->file, ".jsonl") != NULL;
    command->place = (struct sim_audit_place){0};
    command->is_first = true;
    if (!command->json) return;
    vk_buf_init(&command->buf, &command->arena);
    vk_buf_char(&command->buf, '{');
    json_member(&command->buf, "file", vk_str(command->file));
    vk_buf_lit(&command->buf, ",\"violations\":[");
}

static int audit_file(struct audit_command *command) {
    const struct sim_audit_options options = {
        .heap = vk_heap_system(),
        .strict = command->strict,
        .violation = command->json ? json_violation : print_violation,
        .impl = command};
    struct sim_audit_report report = {0};
    char path[PATH_SIZE];
    file_begin(command);
    enum vk_err err = database_path(command->file, path);
    if (err == VK_OK)
        err = command->is_recording ? audit_recorded(command, &options, &report)
                                    : audit_database(path, &options, &report);
    int code = exit_code(err, &report);
    const char *error = err == VK_OK ? NULL : vk_err_origin()->text;
    if (error) fprintf(stderr, "crankcase audit: %s: %s\n", command->file, error);
    if (command->json && json_print(command, &report, error) != VK_OK) code = EXIT_FAILED;
    if (!command->json && !error) print_summary(command, &report);
    vk_arena_clear(&command->arena);
    return code;
}

/* ---- the command line */
static void print_usage(FILE *out) {
    fputs("usage: crankcase audit [--strict] [--every-crank] [--json] FILE...\n"
          "       crankcase audit --rules\n"
          "FILE is a swing-store database (or its directory), or a recording (*.jsonl, *.jsonl.xz ...).\n"
          "  --strict       no reference or statistic may be left unexplained\n"
          "  --every-crank  of a recording: audit after each crank, stop at the first violation\n"
          "  --json         one JSON object a file\n"
          "  --rules        list the rules\n",
          out);
}

static void print_rules(void) {
    for (int i = 0; i < AUDIT_RULE_COUNT; i++)
        printf("%-24s %s\n", sim_audit_rule_name((enum audit_rule)i),
               sim_audit_rule_meaning((enum audit_rule)i));
}

static bool option_read(struct audit_command *command, const char *option) {
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"--strict", &command->strict},
                 {"--every-crank", &command->every_crank},
                 {"--json", &command->json}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(option, flags[i].name) != 0) continue;
        *flags[i].flag = true;
        return true;
    }
    fprintf(stderr, "crankcase audit: no such option: %s\n", option);
    return false;
}

static int cmd_audit_run(int argc, char **argv) {
    struct audit_command command = {0};
    int first = 1, code = EXIT_CLEAN;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "--rules") == 0) {
            print_rules();
            return EXIT_CLEAN;
        }
        if (strcmp(argv[first], "--help") == 0) {
            print_usage(stdout);
            return EXIT_CLEAN;
        }
        if (!option_read(&command, argv[first])) return EXIT_BAD_INPUT;
    }
    if (first == argc) {
        print_usage(stderr);
        return EXIT_BAD_INPUT;
    }
    vk_arena_init(&command.arena, vk_heap_system());
    for (int i = first; i < argc; i++) {
        command.file = argv[i];
        int found = audit_file(&command);
        if (found > code) code = found;
    }
    vk_arena_release(&command.arena);
    return code;
}

const struct sim_command sim_cmd_audit = {
    .name = "audit", .summary = "check a database or a recording against itself",
    .run = cmd_audit_run};
