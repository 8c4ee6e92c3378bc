/* stopwatch.c - see stopwatch.h. */
#include "stopwatch.h"

#include <time.h>

static uint64_t now_ns(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void report_stopwatch_start(struct report_stopwatch *watch) { watch->started_ns = now_ns(); }

double report_stopwatch_seconds(const struct report_stopwatch *watch) {
    return (double)(now_ns() - watch->started_ns) / 1e9;
}

void report_calendar_time(char text[REPORT_CALENDAR_TIME_SIZE]) {
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) ||
        strftime(text, REPORT_CALENDAR_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        text[0] = '\0';
}
