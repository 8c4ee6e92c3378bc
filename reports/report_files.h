/* report_files.h - the reports that are files, written from one result database.
 *
 * INV-REPORT-FILES-1  A file appears under its name when all of it is there; "-" is standard output. A summary that is to be
 *                     added to a file (as the jobs of GitHub want it) is added in one write.
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
/* VK_ERR_DISK, saying which and why. All that can be written are, even if one cannot. */
enum vk_err report_files_write(const struct report_files *files, const struct report_model *model)
    VK_MUST_CHECK;

#endif
