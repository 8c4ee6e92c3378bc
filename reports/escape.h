/* escape.h - text from anywhere, put into XML, HTML, Markdown and scripts so that it stays text there.
 *
 * What a failure says may quote any bytes that a kernel or a vat had.
 *
 * INV-ESCAPE-1  Whatever the text, what is written around it keeps its meaning: no tag, attribute, table cell, code fence or
 *               script ends or begins within it.
 */
#ifndef REPORTS_ESCAPE_H
#define REPORTS_ESCAPE_H

#include "vk/arena.h"

/* A copy in which what is no UTF-8, and every NUL, is U+FFFD. NULL: no memory. */
const char *report_utf8(struct vk_str text, struct vk_arena *arena);

/* The rest take valid UTF-8. */

/* For text and attributes (in either quotes) of XML 1.0 and HTML: what XML cannot hold at all is U+FFFD. Newlines and tabs
 * in an attribute are kept by references. */
void report_escape_xml(struct vk_buf *buf, const char *text);
void report_escape_xml_attribute(struct vk_buf *buf, const char *text);
/* A copy with U+FFFD for what XML cannot hold, as both of them write it. NULL: no memory. */
const char *report_xml_text(const char *text, struct vk_arena *arena);
/* One line of GitHub's Markdown, also in a table's cell. */
void report_escape_markdown(struct vk_buf *buf, const char *text);
/* A block of code in Markdown, its fence longer than any in the text. */
void report_markdown_code(struct vk_buf *buf, const char *text);
/* The first line of a text, as much of it as fits. */
enum { REPORT_LINE_MAX = 400 };
void report_first_line(const char *text, char line[REPORT_LINE_MAX]);
/* JSON that stands within <script>: no "<" is left in it. */
void report_escape_script(struct vk_buf *buf, struct vk_str json);

#endif
