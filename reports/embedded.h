/* embedded.h - files that are part of the command: the build makes C of them (cmake/embed.cmake).
 *
 * The HTML page of reports/page/, and the schema of the result database. A NUL follows each, which its bytes do not count.
 */
#ifndef REPORTS_EMBEDDED_H
#define REPORTS_EMBEDDED_H

#include <stddef.h>

extern const char report_page_html[], report_page_css[], report_page_js[], report_timeline_js[];
extern const size_t report_page_html_bytes, report_page_css_bytes, report_page_js_bytes,
    report_timeline_js_bytes;
extern const char report_results_sql[];
extern const size_t report_results_sql_bytes;

#endif
