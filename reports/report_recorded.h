/* report_recorded.h - what `crankcase run` prints of recordings that were run under faults: a table for people, or one
 * JSON object a line.
 *
 * It gets plain values and prints them; what they mean was decided elsewhere.
 */
#ifndef REPORT_RECORDED_H
#define REPORT_RECORDED_H

#include "faults/fault.h"
#include "report_replay.h"

/* One recording, all its runs together. */
struct report_recorded_row {
    const char *name;
    const char *file;
    enum report_verdict verdict; /* of the first run that was not met */
    uint64_t runs, failed;
    uint64_t cranks;     /* of the recording */
    uint64_t cranks_run; /* in all runs, those after crashes included */
    uint64_t crashes, commits;
    uint64_t hits[FAULT_KIND_COUNT];
    const char *activityhash;    /* "" if there is none */
    double seconds;              /* of the runs, without reading */
    const char *error;           /* one line, or "" */
    const char *reproduce;       /* the command for the first run that was not met, or "" */
    const char *difference_json; /* an object, or NULL; for the JSON row only */
};

struct report_recorded_total {
    uint64_t recordings;
    uint64_t verdicts[REPORT_VERDICTS];
    uint64_t runs, failed, cranks_run, crashes, commits;
    uint64_t hits[FAULT_KIND_COUNT];
    bool wanted[FAULT_KIND_COUNT]; /* the kinds that were to strike */
    double seconds_elapsed;
    bool was_interrupted; /* not all of them were run, or not with all seeds */
};

void report_recorded_total_add(struct report_recorded_total *total,
                               const struct report_recorded_row *row);

/* The table. `name_width`: of the longest name. */
void report_recorded_heading(FILE *out, int name_width);
void report_recorded_row(FILE *out, int name_width, const struct report_recorded_row *row,
                         bool colours);
void report_recorded_total(FILE *out, int name_width, const struct report_recorded_total *total,
                           bool colours);

/* The same as JSON, one line each. */
void report_recorded_row_json(FILE *out, const struct report_recorded_row *row);
void report_recorded_total_json(FILE *out, const struct report_recorded_total *total);

#endif
