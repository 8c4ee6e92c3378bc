/* bench_measure.h - clocks, samples, and measuring in a process of its own.
 *
 * Rates are by CPU time: what a run costs on one core, whoever else is on the machine. The
 * stopwatch of reports/ tells the time that passed, which is printed beside it.
 *
 * INV-BENCH-1  Each measurement runs in a process of its own, so that its peak memory is its own.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "reports/stopwatch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_SAMPLES_MAX = 64 };

struct bench_samples {
    double at[BENCH_SAMPLES_MAX];
    size_t count;
};

/* The latest are dropped when there are too many. */
void bench_samples_add(struct bench_samples *samples, double value);
double bench_samples_median(const struct bench_samples *samples);
double bench_samples_min(const struct bench_samples *samples);
double bench_samples_max(const struct bench_samples *samples);

struct bench_timer {
    struct report_stopwatch watch;
    double cpu_started_s;
};

struct bench_time {
    double cpu_s, passed_s;
};

void bench_timer_start(struct bench_timer *timer);
struct bench_time bench_timer_read(const struct bench_timer *timer);

/* Peak memory of this process so far, in MB of 10^6 bytes. */
double bench_peak_mb(void);

/* Runs `measure` in a child process, which fills *result (plain data, `size` bytes, zeroed
 * before). False: the child said that it failed, or died; it has said why on stderr. */
bool bench_apart(bool (*measure)(void *impl, void *result), void *impl, void *result, size_t size);

#endif
