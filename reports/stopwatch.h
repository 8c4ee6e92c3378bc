/* stopwatch.h - how long something took, for people to read.
 *
 * Here and nowhere else is a clock read (kernel/banned.h); what it says decides nothing.
 */
#ifndef REPORT_STOPWATCH_H
#define REPORT_STOPWATCH_H

#include <stdint.h>

struct report_stopwatch {
    uint64_t started_ns;
};

void report_stopwatch_start(struct report_stopwatch *watch);
/* Seconds since the start. */
double report_stopwatch_seconds(const struct report_stopwatch *watch);

enum { REPORT_CALENDAR_TIME_SIZE = 32 };
/* Now, as ISO 8601 has it, in UTC: "2026-11-21T14:05:20". */
void report_calendar_time(char text[REPORT_CALENDAR_TIME_SIZE]);

#endif
