/* report_results.h - what `crankcase report` prints of a result database: text, or JSON lines.
 *
 * Failures and the summary are told in the very words of `crankcase run`.
 */
#ifndef REPORTS_REPORT_RESULTS_H
#define REPORTS_REPORT_RESULTS_H

#include "results_read.h"

void report_results_text(FILE *out, const struct report_model *model, bool colours);
/* A campaign, its samples, plans and failures, and the summary: an object a line. */
void report_results_json(FILE *out, const struct report_model *model);

#endif
