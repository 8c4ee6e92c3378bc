/* report_page.h - the parts of the HTML page, as reports/page/ has them; the build makes C of them (cmake/embed.cmake). */
#ifndef REPORTS_REPORT_PAGE_H
#define REPORTS_REPORT_PAGE_H

#include <stddef.h>

extern const char report_page_html[], report_page_css[], report_page_js[], report_timeline_js[];
extern const size_t report_page_html_bytes, report_page_css_bytes, report_page_js_bytes,
    report_timeline_js_bytes;

#endif
