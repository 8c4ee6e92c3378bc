/* report_trace.h - a timeline in the trace event format that Perfetto and chrome://tracing load.
 *
 * Replicas are processes; thread 0 of each has the kernel's cranks, and thread N what is delivered to vat vN. Messages are flows
 * from the delivery that sent them to the one that they became; faults, crashes and starts are instants; the lengths of the run
 * queue and the acceptance queue are counters. Times are simulated. Where there was no memory for the rest an instant says so.
 *
 * INV-TRACE-1  Slices of a thread do not overlap; a flow begins and ends within a slice.
 */
#ifndef REPORTS_REPORT_TRACE_H
#define REPORTS_REPORT_TRACE_H

#include "sim/timeline.h"

/* `name`: of the plan. */
void report_trace(struct vk_buf *buf, const struct sim_timeline *timeline, const char *name);

#endif
