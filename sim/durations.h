/* durations.h - times as a user says them: "90", "90s", "5m", "1h", "1d". */
#ifndef SIM_DURATIONS_H
#define SIM_DURATIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { SIM_DURATION_SECONDS_MAX = 100 * 24 * 3600 };

/* False: it is none, or no time at all, or more than 100 days. */
bool sim_duration_seconds(const char *text, uint64_t *seconds);

#endif
