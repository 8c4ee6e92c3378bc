/* failure_to_fix_test.c - the story from end to end: a campaign finds a bug and prints it; it is shrunk, explained down to the
 * syscall where replicas diverge, and added to a corpus; the regression suite fails until the bug is out.
 *
 * The bug is in crankcase-planted; the kernel without it is crankcase.
 */
#include "sim/command.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(failure_to_fix, .init = folder_make, .fini = folder_remove);

/* Runs the command with the bug, or, with none, without. */
static const struct test_outcome *run(const char *bug, const char *words) {
    char planted[1000];
    struct test_command command = {.words = words};
    if (bug) {
        snprintf(planted, sizeof planted, "%s %s", bug, words);
        command.words = planted;
        command.program = "crankcase-planted";
    }
    return test_command_await(&folder, test_command_start(&folder, &command));
}

/* The rest of the line after `label`, from where it is found first. */
static void take(const char *text, const char *label, char *value, size_t size) {
    const char *at = strstr(text, label);
    cr_assert(at != NULL, "no \"%s\" in\n%s", label, text);
    at += strlen(label);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* Lines of operations, inputs and faults, which somebody would have to understand. */
static size_t things_that_happen(const char *text) {
    size_t count = 0;
    for (; *text; text += strcspn(text, "\n") + (strchr(text, '\n') != NULL))
        count += strncmp(text, "  ", 2) == 0 || strncmp(text, "fault ", 6) == 0;
    return count;
}

/* What the replicas first differ in, which syscall that comes of, and what befell one of them alone. */
static void expect_explained(const char *bug, const char *plan, const char *cause) {
    static const char *const parts[] = {"\n  crank ", "\nthe first write that differs: ",
                                        "\nwhat befell one of them and not the other",
                                        "; by its syscall ", "the host's input"};
    char words[500];
    snprintf(words, sizeof words, "diff %s", plan);
    const struct test_outcome *outcome = run(bug, words);
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect(strstr(outcome->out, parts[i]), "no \"%s\" in\n%s", parts[i], outcome->out);
    cr_expect(strstr(outcome->out, cause), "no \"%s\" in\n%s", cause, outcome->out);
}

/* `cause`: the fault that makes replicas diverge, or NULL where they do not. */
static void tell_story(const char *bug, const char *cause) {
    enum { THINGS_MAX = 10 };
    char plan[200], shrunk[200], signature[200], again[200], added[200], words[500];

    /* Find. */
    const struct test_outcome *outcome = run(bug, "run --seeds 40 --jobs 2 --shrink");
    cr_assert_neq(outcome->code, SIM_EXIT_OK, "%s is not found", bug);
    take(outcome->out, "  signature: ", signature, sizeof signature);
    take(outcome->out, "  plan:      ", plan, sizeof plan);
    const char *at = strstr(outcome->out, " shrunk: from ");
    cr_assert(at != NULL, "%s", outcome->out);
    take(at, "  signature: ", again, sizeof again);
    take(at, "  plan:      ", shrunk, sizeof shrunk);
    cr_expect_str_eq(again, signature);

    /* The campaign gives a shrink a minute; where that was too short, this goes on. */
    snprintf(words, sizeof words, "shrink %s -o %s", plan, shrunk);
    outcome = run(bug, words);
    cr_assert(strstr(outcome->out, "; no single line can go\n"), "%s%s", outcome->out,
              outcome->err);

    /* Understand: it is small, and fails in the same way. */
    struct vk_str text = test_file_read(test_folder_file(&folder, shrunk));
    char *copy = strndup(text.p, text.n);
    cr_expect_leq(things_that_happen(copy), THINGS_MAX, "%s", copy);
    free(copy);
    free((void *)(uintptr_t)text.p);
    snprintf(words, sizeof words, "run %s", shrunk);
    take(run(bug, words)->out, "  signature: ", again, sizeof again);
    cr_expect_str_eq(again, signature);
    cr_expect_eq(run(NULL, words)->code, SIM_EXIT_OK, "it is the bug's failure, and no other's");
    if (cause) expect_explained(bug, shrunk, cause);

    /* Keep: once, and not the large one too. */
    snprintf(words, sizeof words, "corpus add %s kept", shrunk);
    outcome = run(bug, words);
    cr_assert_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->err);
    take(outcome->out, "  plan: ", added, sizeof added);
    snprintf(words, sizeof words, "corpus add %s kept", plan);
    cr_expect_eq(run(bug, words)->code, SIM_EXIT_BAD_INPUT);

    /* It fails until the bug is out. */
    outcome = run(bug, "corpus run kept");
    cr_expect_eq(outcome->code, SIM_EXIT_DIFFERENCE);
    cr_expect(strstr(outcome->out, "this failure there once was: it is back"), "%s", outcome->out);
    cr_expect(strstr(outcome->out, added));
    outcome = run(NULL, "corpus run kept");
    cr_expect_eq(outcome->code, SIM_EXIT_OK, "%s", outcome->out);
}

Test(failure_to_fix, of_a_roll_back_that_writes_something_again) {
    tell_story("written-again", NULL);
}

Test(failure_to_fix, of_a_vat_that_is_created_in_the_background) {
    tell_story("created-later", "worker-starts-slowly struck");
}
