/* report_postmortem.h - what `crankcase postmortem` prints, in plain words or as one JSON object. */
#ifndef REPORTS_REPORT_POSTMORTEM_H
#define REPORTS_REPORT_POSTMORTEM_H

#include "sim/postmortem.h"

#include <stdio.h>

void report_postmortem(FILE *out, const struct sim_postmortem *postmortem, bool colours);
void report_postmortem_json(FILE *out, const char *slog, const struct sim_postmortem *postmortem);

#endif
