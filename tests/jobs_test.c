/* jobs_test.c - independent jobs: in order, each told once, and the death of one is no other's; records are heard at once. */
#include "sim/jobs.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

static void run_speechless(void *impl, size_t i, FILE *out) {
    const struct seen *seen = impl;
    fprintf(out, "%zu ", i);
    if ((int)i == seen->killer) close(fileno(out));
}

static void finished_alive(void *impl, size_t i, FILE *in, const char *died) {
    struct seen *seen = impl;
    (void)in;
    seen->next++;
    cr_expect(died == NULL, "%zu: %s", i, died);
}

Test(jobs, what_is_lost_on_its_way_is_the_testbeds_failure_and_no_death) {
    struct seen seen = {.killer = 2};
    const struct sim_jobs jobs = {.count = JOBS,
                                  .at_once = 3,
                                  .impl = &seen,
                                  .run = run_speechless,
                                  .finished = finished_alive};
    cr_assert_eq(sim_jobs_run(&jobs), VK_ERR_NOMEM);
    cr_expect_eq(seen.next, JOBS);
}

/* As if every disk were full: no file may grow at all. Not for longer: a sanitizer has to write, too. */
static void run_without_a_disk(void *impl, size_t i, FILE *out) {
    struct rlimit before, none;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    run(impl, i, out);
    fflush(out);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
}

Test(jobs, need_no_disk) {
    for (size_t at_once = 1; at_once <= 3; at_once += 2) {
        struct seen seen = {.killer = -1};
        const struct sim_jobs jobs = {.count = JOBS,
                                      .at_once = at_once,
                                      .impl = &seen,
                                      .run = run_without_a_disk,
                                      .finished = finished};
        cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
        cr_expect_eq(seen.next, JOBS);
    }
}

/* ---- records */

enum { RECORDS = 7, PATIENCE_MS = 15000 };

/* Whether anything is said in the pipe, or all who could are gone. */
static bool is_told(int from) {
    struct pollfd file = {.fd = from, .events = POLLIN};
    return poll(&file, 1, PATIENCE_MS) == 1;
}

struct awaiting {
    int from, to; /* a pipe: the parent tells in it of what it heard of job 1 */
    bool was_early;
};

/* None ends before the parent has heard of job 1, whose turn is the last. */
static void run_until_heard(void *impl, size_t i, FILE *out) {
    const struct awaiting *awaiting = impl;
    bool was_early = true;
    if (i == 1) fwrite(&was_early, sizeof was_early, 1, out);
    fflush(out);
    was_early = is_told(awaiting->from);
    if (i == 0) fwrite(&was_early, sizeof was_early, 1, out);
}

static void heard_early(void *impl, size_t i, const void *record) {
    struct awaiting *awaiting = impl;
    if (i == 0) awaiting->was_early = *(const bool *)record;
    if (i == 1) cr_expect_eq(write(awaiting->to, "!", 1), 1);
}

static void finished_silently(void *impl, size_t i, FILE *in, const char *died) {
    (void)impl, (void)i, (void)died;
    cr_expect_eq(fgetc(in), EOF, "it was heard");
}

Test(jobs, records_are_heard_before_their_turn) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    struct awaiting awaiting = {.from = ends[0], .to = ends[1]};
    const struct sim_jobs jobs = {.count = 2,
                                  .at_once = 2,
                                  .impl = &awaiting,
                                  .run = run_until_heard,
                                  .record_size = sizeof(bool),
                                  .heard = heard_early,
                                  .finished = finished_silently};
    cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
    cr_expect(awaiting.was_early);
}

struct resumed {
    size_t heard[JOBS], deaths, finished;
};

/* Each process tells two, and half of the next. */
static void run_and_die(void *impl, size_t i, FILE *out) {
    const struct resumed *resumed = impl;
    for (size_t k = resumed->heard[i], told = 0; k < RECORDS; k++, told++) {
        const size_t record[] = {i, k};
        fwrite(record, told < 2 ? sizeof record : sizeof *record, 1, out);
        fflush(out);
        if (told < 2) continue;
        fprintf(stderr, "crank.c:1: assertion failed: k != %zu\n", k);
        raise(SIGABRT);
    }
}

static void heard_in_order(void *impl, size_t i, const void *record) {
    struct resumed *resumed = impl;
    const size_t *told = record;
    cr_expect(told[0] == i && told[1] == resumed->heard[i], "%zu of %zu", told[1], told[0]);
    resumed->heard[i]++;
}

static bool goes_on(void *impl, size_t i, const char *died) {
    struct resumed *resumed = impl;
    char words[80];
    snprintf(words, sizeof words, ": crank.c: assertion failed: k != %zu", resumed->heard[i]);
    cr_expect(strstr(died, words) != NULL, "'%s' has not '%s'", died, words);
    resumed->deaths++;
    resumed->heard[i]++; /* it is known what became of it */
    return true;
}

static void finished_after_all(void *impl, size_t i, FILE *in, const char *died) {
    struct resumed *resumed = impl;
    (void)in;
    cr_expect(died == NULL);
    cr_expect_eq(resumed->finished++, i);
    cr_expect_eq(resumed->heard[i], RECORDS);
}

Test(jobs, one_that_dies_goes_on_where_it_was) {
    for (size_t at_once = 1; at_once <= 3; at_once++) {
        struct resumed resumed = {0};
        const struct sim_jobs jobs = {.count = JOBS,
                                      .at_once = at_once,
                                      .isolated = true,
                                      .silent = true,
                                      .impl = &resumed,
                                      .run = run_and_die,
                                      .record_size = 2 * sizeof(size_t),
                                      .heard = heard_in_order,
                                      .goes_on = goes_on,
                                      .finished = finished_after_all};
        cr_assert_eq(sim_jobs_run(&jobs), VK_OK);
        cr_expect_eq(resumed.finished, JOBS);
        cr_expect_eq(resumed.deaths, (size_t)JOBS * 2);
    }
}

/* ---- killed */

static void run_for_long(void *impl, size_t i, FILE *out) {
    const int *to = impl;
    (void)i, (void)out;
    cr_expect_eq(write(*to, "!", 1), 1);
    poll(NULL, 0, 2 * PATIENCE_MS);
}

#ifdef __linux__
Test(jobs, end_with_the_process_that_began_them) {
    int ends[2];
    char said;
    cr_assert_eq(pipe(ends), 0);
    pid_t process = fork();
    if (process == 0) {
        const struct sim_jobs jobs = {.count = 3,
                                      .at_once = 3,
                                      .impl = &ends[1],
                                      .run = run_for_long,
                                      .finished = finished_alive};
        _exit(sim_jobs_run(&jobs) != VK_OK);
    }
    close(ends[1]);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(read(ends[0], &said, 1), 1);
    kill(process, SIGKILL);
    cr_assert_eq(waitpid(process, NULL, 0), process);
    cr_expect(is_told(ends[0]), "they run on, and could still say something");
}
#endif
