/* report_html.h - a result database as one page: no network, no second file, light and dark.
 *
 * INV-HTML-1  What a run said is data of the page: never markup, never script.
 */
#ifndef REPORTS_REPORT_HTML_H
#define REPORTS_REPORT_HTML_H

#include "results_read.h"

void report_html(struct vk_buf *buf, const struct report_model *model);

#endif
