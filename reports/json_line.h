/* json_line.h - one line of JSON, built member by member and printed whole or not at all. */
#ifndef REPORTS_JSON_LINE_H
#define REPORTS_JSON_LINE_H

#include "vk/json.h"

#include <stdio.h>

/* An object that is being built. */
struct report_json_line {
    struct vk_arena arena;
    struct vk_buf buf;
};

/* Opens the line's object. Members go into the buffer that it returns, which is the line's, until
 * report_json_end: that closes the object, prints it, or says that there was no memory for it, and
 * releases the line. A reader at the other end of a pipe has the line at once. */
struct vk_buf *report_json_begin(struct report_json_line *line);
void report_json_end(struct report_json_line *line, FILE *out);

/* What may be no UTF-8, as a file's name: what is none is U+FFFD. */
void report_json_quote(struct vk_buf *buf, struct vk_str text);

/* Each adds a member to the object that is open: "NAME":VALUE, after a comma but for the first. */
void report_json_name(struct vk_buf *buf, const char *name); /* its value is still to come */
void report_json_text(struct vk_buf *buf, const char *name, const char *text);
void report_json_count(struct vk_buf *buf, const char *name, uint64_t value);
void report_json_real(struct vk_buf *buf, const char *name, double value);
void report_json_bool(struct vk_buf *buf, const char *name, bool truth);
/* No member at all if there is no text; of the second, the text is JSON already. */
void report_json_str(struct vk_buf *buf, const char *name, struct vk_str text);
void report_json_raw(struct vk_buf *buf, const char *name, struct vk_str json);

#endif
