/* bench_measure.c - see bench_measure.h. */
#include "bench_measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- samples */

void bench_samples_add(struct bench_samples *samples, double value) {
    if (samples->count < BENCH_SAMPLES_MAX) samples->at[samples->count++] = value;
}

static int number_order(const void *a, const void *b) {
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

double bench_samples_median(const struct bench_samples *samples) {
    struct bench_samples sorted = *samples;
    if (sorted.count == 0) return 0;
    qsort(sorted.at, sorted.count, sizeof *sorted.at, number_order);
    return (sorted.at[(sorted.count - 1) / 2] + sorted.at[sorted.count / 2]) / 2;
}

double bench_samples_min(const struct bench_samples *samples) {
    double min = samples->count ? samples->at[0] : 0;
    for (size_t i = 1; i < samples->count; i++)
        if (samples->at[i] < min) min = samples->at[i];
    return min;
}

double bench_samples_max(const struct bench_samples *samples) {
    double max = samples->count ? samples->at[0] : 0;
    for (size_t i = 1; i < samples->count; i++)
        if (samples->at[i] > max) max = samples->at[i];
    return max;
}

/* ---- time and memory */

static double cpu_s(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void bench_timer_start(struct bench_timer *timer) {
    report_stopwatch_start(&timer->watch);
    timer->cpu_started_s = cpu_s();
}

struct bench_time bench_timer_read(const struct bench_timer *timer) {
    return (struct bench_time){.cpu_s = cpu_s() - timer->cpu_started_s,
                               .passed_s = report_stopwatch_seconds(&timer->watch)};
}

double bench_peak_mb(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (double)usage.ru_maxrss * 1024 / 1e6;
}

/* ---- a process of its own */

static _Noreturn void child(bool (*measure)(void *impl, void *result), void *impl, size_t size,
                            int to_parent) {
    char *result = calloc(1, size);
    bool is_done = result && measure(impl, result);
    if (is_done) is_done = write(to_parent, result, size) == (ssize_t)size;
    free(result);
    fflush(stdout);
    _exit(is_done ? 0 : 1);
}

static bool read_all(int from_child, char *result, size_t size) {
    size_t n = 0;
    while (n < size) {
        ssize_t more = read(from_child, result + n, size - n);
        if (more <= 0) return false;
        n += (size_t)more;
    }
    return true;
}

bool bench_apart(bool (*measure)(void *impl, void *result), void *impl, void *result, size_t size) {
    int ends[2], status = 0;
    memset(result, 0, size);
    fflush(stdout);
    if (pipe(ends) != 0) return false;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(measure, impl, size, ends[1]);
    }
    close(ends[1]);
    bool is_read = pid > 0 && read_all(ends[0], result, size);
    close(ends[0]);
    if (pid > 0 && waitpid(pid, &status, 0) != pid) return false;
    return is_read && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
