/* report_files.h - the reports that are files, written from one result database.
 *
 * INV-REPORT-FILES-1  A file appears under its name when all of it is there; "-" is standard output. A summary that is to be
 *                     added to a file (as the jobs of GitHub want it) is added as a whole or not at all.
 */
#ifndef REPORTS_REPORT_FILES_H
#define REPORTS_REPORT_FILES_H

#include "results_read.h"

/* Paths, NULL: not wanted. */
struct report_files {
    const char *junit, *markdown, *html;
    const char *summary; /* Markdown, added to the file's end */
};

bool report_files_any(const struct report_files *files);
/* All that can be written are, even if one cannot. `failed` is told of each that cannot: which and why, in a line. */
bool report_files_write(const struct report_files *files, const struct report_model *model,
                        void *impl, void (*failed)(void *impl, const char *what));

#endif
