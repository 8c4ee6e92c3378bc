/* report_shrink.h - what `crankcase shrink` and `crankcase run --shrink` print of a plan that was shrunk, for people or as a
 * JSON object on a line.
 */
#ifndef REPORTS_REPORT_SHRINK_H
#define REPORTS_REPORT_SHRINK_H

#include "sim/shrink.h"

#include <stdio.h>

struct report_shrunk {
    const struct sim_shrink_best *best;
    const char *name;      /* of what was shrunk */
    const char *plan;      /* where it is */
    const char *reproduce; /* the command for it */
    size_t lines_before;
    double seconds; /* real ones */
};

void report_shrunk(FILE *out, const struct report_shrunk *report, bool colours);
void report_shrunk_json(FILE *out, const struct report_shrunk *report);

#endif
