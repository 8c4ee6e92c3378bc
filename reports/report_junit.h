/* report_junit.h - a result database as JUnit XML, as GitHub's test reporters, GitLab and Jenkins read it.
 *
 * Plans, files of a corpus, recordings, mutants: a test case each. A campaign of seeds has no list that would be the same
 * tomorrow, so its cases are what it is to show: one for each oracle that held (but for that of recordings, of which a
 * seed has none), one for each signature that was found, one for each kind of fault that was to strike, for each probe
 * that was to be reached, and one for the campaign's own end. A list has that last one only when it was cut short.
 *
 * INV-JUNIT-1  No two cases have the same class name and name; the counts of a suite are those of its cases.
 * INV-JUNIT-2  A case that failed has the command that shows it again in its text.
 * INV-JUNIT-3  An oracle holds only if some run had something for it to look at: one that nobody asked is skipped.
 */
#ifndef REPORTS_REPORT_JUNIT_H
#define REPORTS_REPORT_JUNIT_H

#include "results_read.h"

void report_junit(struct vk_buf *buf, const struct report_model *model);

#endif
