/* report_slog.h - what `crankcase replay DB SLOG` prints, for people or as one JSON object. */
#ifndef REPORTS_REPORT_SLOG_H
#define REPORTS_REPORT_SLOG_H

#include "sim/slog_replay.h"

#include <stdio.h>

struct report_slog {
    const char *database, *slog;
    const struct sim_slog_result *result;
    double seconds;
};

void report_slog(FILE *out, const struct report_slog *report, bool colours);
void report_slog_json(FILE *out, const struct report_slog *report);

#endif
