/* report_diff.h - what `crankcase diff` prints, for people or as one JSON object.
 *
 * It gets the answer and prints it; what it means was decided elsewhere.
 */
#ifndef REPORTS_REPORT_DIFF_H
#define REPORTS_REPORT_DIFF_H

#include "sim/divergence.h"

#include <stdio.h>

void report_diff(FILE *out, const struct sim_divergence *diff, bool colours);
/* The object alone: the HTML page has it, too. */
void report_diff_object(struct vk_buf *buf, const struct sim_divergence *diff);
void report_diff_json(FILE *out, const struct sim_divergence *diff);

#endif
