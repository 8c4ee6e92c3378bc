/* report_markdown.h - a result database as a page of Markdown, for the summary of a GitHub job.
 *
 * INV-MARKDOWN-1  It stays far below the 1 MiB that GitHub takes, whatever was found and however long its names
 *                 are.
 * INV-MARKDOWN-2  It begins and ends with a blank line: what stands before and after it in the summary, HTML or not, is not
 *                 of one block with it.
 */
#ifndef REPORTS_REPORT_MARKDOWN_H
#define REPORTS_REPORT_MARKDOWN_H

#include "results_read.h"

void report_markdown(struct vk_buf *buf, const struct report_model *model);

#endif
