/* planted_main.c - crankcase-planted: the crankcase command with one planted bug, to see who finds it.
 *
 * It is crankcase itself, linked with the interposers of tests/testing_planted.c; this one is around its main().
 */
#include "testing_planted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command.h"
#include "vk/str.h"

static const struct {
    const char *word, *meaning;
    uint64_t n;
} bugs[] = {
#define BUG_ROW(name, word, n, meaning) {word, meaning, n},
    TEST_PLANTED(BUG_ROW)
#undef BUG_ROW
};

enum { BUGS = sizeof bugs / sizeof *bugs };

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

static void print_usage(FILE *out) {
    fputs(
        "usage: crankcase-planted BUG[=N] COMMAND [OPTIONS] ...\n"
        "       crankcase-planted --list\n\n"
        "Runs a crankcase command with a bug planted in it; N says which time, where it comes to pass once.\n",
        out);
}

static int print_bugs(void) {
    for (int i = 0; i < BUGS; i++)
        printf("%-20s %s%s\n", bugs[i].word, bugs[i].meaning, bugs[i].n ? " (=N)" : "");
    return fflush(stdout) == 0 ? SIM_EXIT_OK : SIM_EXIT_FAILED;
}

/* False: there is no such bug. */
static bool plant(const char *words) {
    size_t length = strcspn(words, "=");
    for (int i = 0; i < BUGS; i++) {
        uint64_t n = bugs[i].n;
        if (strlen(bugs[i].word) != length || memcmp(bugs[i].word, words, length) != 0) continue;
        bool has_n = words[length] == '=';
        if (has_n && (!n || !vk_str_to_u64(vk_str(words + length + 1), &n) || !n)) return false;
        test_plant((enum test_planted)(i + 1), n);
        return true;
    }
    return false;
}

int __wrap_main(int argc, char **argv) {
    const char *words = argc > 1 ? argv[1] : "";
    if (strcmp(words, "--list") == 0) return print_bugs();
    if (strcmp(words, "--help") == 0 || strcmp(words, "-h") == 0) {
        print_usage(stdout);
        return SIM_EXIT_OK;
    }
    if (!plant(words)) {
        fprintf(stderr, "crankcase-planted: '%s' is no bug (see crankcase-planted --list)\n",
                words);
        return SIM_EXIT_BAD_INPUT;
    }
    argv[1] = argv[0];
    return __real_main(argc - 1, argv + 1);
}
