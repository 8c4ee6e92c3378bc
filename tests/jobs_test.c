/* jobs_test.c - independent jobs: in order, each told once, and the death of one is no other's. */
#include "sim/jobs.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { JOBS = 23 };

struct seen {
    size_t next;
    size_t died;
    int killer; /* the job that is to die, or -1 */
};

static void run(void *impl, size_t i, FILE *out) {
    const struct seen *seen = impl;
    if ((int)i == seen->killer) raise(SIGKILL);
    for (size_t k = 0; k <= i; k++)
        fprintf(out, "%zu ", i);
}

static void finished(void *impl, size_t i, FILE *in, const char *died) {
    struct seen *seen = impl;
    size_t value, count = 0;
    cr_expect_eq(i, seen->next, "job %zu is told of in %zuth place", i, seen->next);
    seen->next++;
    if (died) {
        seen->died++;
        cr_expect_eq((int)i, seen->killer);
        cr_expect(strstr(died, "signal 9") != NULL, "%s", died);
        return;
    }
    while (fscanf(in, "%zu", &value) == 1) {
        cr_expect_eq(value, i);
        count++;
    }
    cr_expect_eq(count, i + 1);
}

Test(jobs, are_told_of_in_order_however_many_run_at_once) {
    static const size_t at_once[] = {1, 2, 3, JOBS, JOBS + 5};
    for (size_t i = 0; i < sizeof at_once / sizeof *at_once; i++) {
        struct seen seen = {.killer = -1};
        const struct sim_jobs jobs = {
            .count = JOBS, .at_once = at_once[i], .impl = &seen, .run = run, .finished = finished};
        cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
        cr_expect_eq(seen.next, JOBS);
        cr_expect_eq(seen.died, 0);
    }
}

Test(jobs, the_death_of_one_is_told_and_the_others_go_on) {
    struct seen seen = {.killer = 5};
    const struct sim_jobs jobs = {
        .count = JOBS, .at_once = 3, .impl = &seen, .run = run, .finished = finished};
    cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
    cr_expect_eq(seen.next, JOBS);
    cr_expect_eq(seen.died, 1);
}

static void run_and_speak(void *impl, size_t i, FILE *out) {
    const struct seen *seen = impl;
    fprintf(out, "%zu ", i);
    fprintf(stderr, "job %zu is well\n", i);
    if ((int)i != seen->killer) return;
    fputs("/some/where/crank.c:120: assertion failed: a  && !b[\"#\"]\nand more\n", stderr);
    raise(SIGABRT);
}

static void finished_with_words(void *impl, size_t i, FILE *in, const char *died) {
    struct seen *seen = impl;
    (void)in;
    seen->next++;
    if (!died) return;
    seen->died++;
    cr_expect_eq((int)i, seen->killer);
    cr_expect_str_eq(died, "its process was ended by signal 6: crank.c: assertion failed: "
                           "a && !b[\" \"]");
}

Test(jobs, one_that_dies_of_an_assertion_is_told_with_its_last_words) {
    struct seen seen = {.killer = 2};
    const struct sim_jobs jobs = {.count = 4,
                                  .at_once = 2,
                                  .isolated = true,
                                  .silent = true,
                                  .impl = &seen,
                                  .run = run_and_speak,
                                  .finished = finished_with_words};
    cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
    cr_expect(seen.next == 4 && seen.died == 1);
}

static bool is_enough(void *impl) {
    const struct seen *seen = impl;
    return seen->next >= 3;
}

Test(jobs, no_more_begin_when_it_is_enough) {
    struct seen seen = {.killer = -1};
    const struct sim_jobs jobs = {.count = JOBS,
                                  .at_once = 1,
                                  .impl = &seen,
                                  .run = run,
                                  .finished = finished,
                                  .is_enough = is_enough};
    cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
    cr_expect_eq(seen.next, 3);
}

/* As if the disk were full. */
static void run_without_a_disk(void *impl, size_t i, FILE *out) {
    const struct seen *seen = impl;
    fprintf(out, "%zu ", i);
    if ((int)i == seen->killer) close(fileno(out));
}

static void finished_in_part(void *impl, size_t i, FILE *in, const char *died) {
    struct seen *seen = impl;
    (void)in;
    seen->next++;
    if (!died) return;
    seen->died++;
    cr_expect_eq((int)i, seen->killer);
    cr_expect_str_eq(died, "its results could not be written");
}

Test(jobs, results_that_cannot_be_written_are_the_testbeds_failure) {
    struct seen seen = {.killer = 2};
    const struct sim_jobs jobs = {.count = JOBS,
                                  .at_once = 3,
                                  .impl = &seen,
                                  .run = run_without_a_disk,
                                  .finished = finished_in_part};
    cr_assert_eq(sim_jobs_run(&jobs), VK_ERR_DISK);
    cr_expect_eq(seen.next, JOBS);
    cr_expect_eq(seen.died, 1);
}
