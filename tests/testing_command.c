/* testing_command.c - see testing_command.h. */
#include "testing_command.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 16, WORDS_BYTES_MAX = 4096 };

static void split(char *words, char *argv[WORDS_MAX + 1]) {
    static char name[] = "crankcase";
    size_t count = 0;
    argv[count++] = name;
    while (*words) {
        cr_assert(count < WORDS_MAX);
        argv[count++] = words;
        words += strcspn(words, " ");
        if (*words) *words++ = '\0';
    }
    argv[count] = NULL;
}

static void redirect(int stream, const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0600);
    if (file < 0 || dup2(file, stream) < 0) _exit(99);
    close(file);
}

static void limit_cpu(unsigned seconds) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CPU, &limit) != 0) _exit(99);
    limit.rlim_cur = seconds;
    if (setrlimit(RLIMIT_CPU, &limit) != 0) _exit(99);
}

/* What is more does not fit. The signal that goes with it is for the command to deal with. */
static void limit_files(unsigned long bytes) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(99);
    limit.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || signal(SIGXFSZ, SIG_DFL) == SIG_ERR) _exit(99);
}

pid_t test_command_start(const struct test_folder *folder, const struct test_command *command) {
    char words[WORDS_BYTES_MAX], *argv[WORDS_MAX + 1], program[1024];
    snprintf(program, sizeof program, "%s/%s", TEST_BINARY_DIR,
             command->program ? command->program : "crankcase");
    cr_assert(strlen(command->words) < sizeof words);
    snprintf(words, sizeof words, "%s", command->words);
    split(words, argv);
    fflush(NULL);
    pid_t process = fork();
    cr_assert(process >= 0);
    if (process > 0) return process;
    if (setpgid(0, 0) != 0 || chdir(folder->path) != 0) _exit(99);
    signal(SIGINT, SIG_DFL);
    setenv("TERM", "xterm", 1);
    if (command->no_color)
        setenv("NO_COLOR", "1", 1);
    else
        unsetenv("NO_COLOR");
    if (command->cpu_seconds_max) limit_cpu(command->cpu_seconds_max);
    if (command->file_bytes_max) limit_files(command->file_bytes_max);
    redirect(STDOUT_FILENO, command->out ? command->out : "out");
    redirect(STDERR_FILENO, "err");
    execv(program, argv);
    _exit(99);
}

static char *read_text(const struct test_folder *folder, const char *name) {
    struct vk_str bytes = test_file_read(test_folder_file(folder, name));
    char *text = calloc(1, bytes.n + 1);
    cr_assert(text != NULL);
    if (bytes.p) memcpy(text, bytes.p, bytes.n);
    free((void *)(uintptr_t)bytes.p);
    return text;
}

char *test_command_out(const struct test_folder *folder) { return read_text(folder, "out"); }

const struct test_outcome *test_command_await(const struct test_folder *folder, pid_t process) {
    static struct test_outcome outcome;
    int status;
    cr_assert_eq(waitpid(process, &status, 0), process);
    free(outcome.out);
    free(outcome.err);
    outcome = (struct test_outcome){
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .out = read_text(folder, "out"),
        .err = read_text(folder, "err"),
    };
    cr_assert_neq(outcome.code, 99, "the command in %s cannot be run", TEST_BINARY_DIR);
    return &outcome;
}

const struct test_outcome *test_command_run(const struct test_folder *folder, const char *words) {
    const struct test_command command = {.words = words};
    return test_command_await(folder, test_command_start(folder, &command));
}
