/* json_line.h - one line of JSON, built member by member and printed whole or not at all. */
#ifndef REPORTS_JSON_LINE_H
#define REPORTS_JSON_LINE_H

#include "vk/json.h"

#include <stdio.h>

/* What may be no UTF-8, as a file's name: what is none is U+FFFD. */
void report_json_quote(struct vk_buf *buf, struct vk_str text);
/* Each adds a member after a first one: ,"NAME":VALUE. */
void report_json_name(struct vk_buf *buf, const char *name); /* its value is still to come */
void report_json_text(struct vk_buf *buf, const char *name, const char *text);
void report_json_count(struct vk_buf *buf, const char *name, uint64_t value);
void report_json_real(struct vk_buf *buf, const char *name, double value);

/* Prints what was built, or says that it could not be. */
void report_json_print(FILE *out, struct vk_buf *buf);

#endif
