/* report_bad_input.c - see report_bad_input.h. */
#include "report_bad_input.h"

#include "json_line.h"

void report_bad_input(const char *command, const char *file, const char *text, bool json) {
    struct report_json_line line;
    fprintf(stderr, "%s: %s\n", command, text);
    if (!json) return;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "bad-input");
    report_json_text(buf, "file", file);
    report_json_text(buf, "error", text);
    report_json_end(&line, stdout);
}
