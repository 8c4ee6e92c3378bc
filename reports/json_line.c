/* json_line.c - see json_line.h. */
#include "json_line.h"

#include "escape.h"

void report_json_name(struct vk_buf *buf, const char *name) {
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
}

void report_json_quote(struct vk_buf *buf, struct vk_str text) {
    const char *valid = report_utf8(text, buf->arena);
    if (valid)
        vk_json_quote(buf, vk_str(valid));
    else
        buf->failed = true;
}

void report_json_text(struct vk_buf *buf, const char *name, const char *text) {
    report_json_name(buf, name);
    report_json_quote(buf, vk_str(text));
}

void report_json_count(struct vk_buf *buf, const char *name, uint64_t value) {
    report_json_name(buf, name);
    vk_buf_u64(buf, value);
}

void report_json_real(struct vk_buf *buf, const char *name, double value) {
    report_json_name(buf, name);
    vk_json_double(buf, value);
}

void report_json_print(FILE *out, struct vk_buf *buf) {
    struct vk_str line;
    if (vk_buf_finish(buf, &line) == VK_OK)
        fprintf(out, "%.*s\n", VK_STR_ARG(line));
    else
        fputs("{\"outcome\":\"failed\",\"error\":\"out of memory\"}\n", out);
}
