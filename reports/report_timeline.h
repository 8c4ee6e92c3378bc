/* report_timeline.h - a timeline as JSON, for the HTML page; it is kept in the result database in this form.
 *
 *   {"first":0,"last":99,"points":100,"cut":false,"events":["send",...],"divergences":[50],
 *    "replicas":[{"lives":[[start,end or null,why or null]],"steps":[[life,point,event,vat or null,flags,at,hash]],
 *                 "faults":[[life,point,kind,at]]}]}
 *
 * Times are whole microseconds; flags are those of sim/timeline.h. Of `points` those from `first` to `last` are in it; "cut" says
 * that there was no memory for more.
 *
 * INV-REPORT-TIMELINE-1  It has a bounded number of points: those around `focus`, if it has to leave some out.
 */
#ifndef REPORTS_REPORT_TIMELINE_H
#define REPORTS_REPORT_TIMELINE_H

#include "sim/timeline.h"

enum { REPORT_TIMELINE_POINTS_MAX = 4000 };

void report_timeline(struct vk_buf *buf, const struct sim_timeline *timeline, uint64_t focus);

#endif
