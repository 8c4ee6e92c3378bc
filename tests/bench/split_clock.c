/* split_clock.c - see split_clock.h. Ticks are the time stamp counter's where there is one, else
 * nanoseconds. */
#include "split_clock.h"

#include <string.h>

#if defined __x86_64__
#include <x86intrin.h>
static inline uint64_t ticks(void) { return __rdtsc(); }
#else
#include <time.h>
static inline uint64_t ticks(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
#endif

bool split_clock_is_on;
static struct split_times running;
static enum split_family current;
static uint64_t since;

void split_clock_start(void) {
    memset(&running, 0, sizeof running);
    current = SPLIT_DRIVER;
    split_clock_is_on = true;
    since = ticks();
}

void split_clock_stop(struct split_times *times) {
    running.ticks[current] += ticks() - since;
    split_clock_is_on = false;
    *times = running;
}

enum split_family split_clock_enter(enum split_family family) {
    enum split_family left = current;
    running.calls++;
    if (family == left) return left;
    uint64_t now = ticks();
    running.ticks[left] += now - since;
    running.entries[family]++;
    current = family;
    since = now;
    return left;
}

void split_clock_leave(enum split_family left_to) {
    if (current == left_to) return;
    uint64_t now = ticks();
    running.ticks[current] += now - since;
    running.exits_to[left_to]++;
    current = left_to;
    since = now;
}

/* ---- what it costs */

enum { CALIBRATION_CALLS = 1000 * 1000 };

static __attribute__((noinline)) uint64_t nothing(uint64_t value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

static __attribute__((noinline)) uint64_t wrapped_nothing(uint64_t value) {
    if (!split_clock_is_on) return nothing(value);
    enum split_family left = split_clock_enter(SPLIT_JSON);
    value = nothing(value);
    split_clock_leave(left);
    return value;
}

struct split_cost split_clock_calibrate(void) {
    struct split_times with, without;
    uint64_t value = 0;
    for (int round = 0; round < 2; round++) { /* the first warms up */
        split_clock_start();
        for (int i = 0; i < CALIBRATION_CALLS; i++)
            value = nothing(value);
        split_clock_stop(&without);
        split_clock_start();
        for (int i = 0; i < CALIBRATION_CALLS; i++)
            value = wrapped_nothing(value);
        split_clock_stop(&with);
    }
    double bare = (double)without.ticks[SPLIT_DRIVER] / CALIBRATION_CALLS;
    double outside = (double)with.ticks[SPLIT_DRIVER] / CALIBRATION_CALLS;
    double inside = (double)with.ticks[SPLIT_JSON] / CALIBRATION_CALLS;
    return (struct split_cost){.inside = inside > bare ? inside - bare : 0, .outside = outside};
}

double split_clock_corrected(const struct split_times *times, const struct split_cost *cost,
                             enum split_family family) {
    double corrected = (double)times->ticks[family] -
                       (double)times->entries[family] * cost->inside -
                       (double)times->exits_to[family] * cost->outside;
    return corrected > 0 ? corrected : 0;
}
