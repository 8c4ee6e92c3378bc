/* json_line.c - see json_line.h. */
#include "json_line.h"

#include "escape.h"

struct vk_buf *report_json_begin(struct report_json_line *line) {
    vk_arena_init(&line->arena, vk_heap_system());
    vk_buf_init(&line->buf, &line->arena);
    vk_buf_char(&line->buf, '{');
    return &line->buf;
}

void report_json_end(struct report_json_line *line, FILE *out) {
    struct vk_str text;
    vk_buf_char(&line->buf, '}');
    if (vk_buf_finish(&line->buf, &text) == VK_OK)
        fprintf(out, "%.*s\n", VK_STR_ARG(text));
    else
        fputs("{\"outcome\":\"failed\",\"error\":\"out of memory\"}\n", out);
    fflush(out);
    vk_arena_release(&line->arena);
}

void report_json_quote(struct vk_buf *buf, struct vk_str text) {
    const char *valid = report_utf8(text, buf->arena);
    if (valid)
        vk_json_quote(buf, vk_str(valid));
    else
        buf->failed = true;
}

void report_json_name(struct vk_buf *buf, const char *name) {
    bool is_first = buf->n > 0 && buf->p[buf->n - 1] == '{';
    vk_buf_add(buf, is_first ? VK_STR("\"") : VK_STR(",\""));
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
}

void report_json_text(struct vk_buf *buf, const char *name, const char *text) {
    report_json_str(buf, name, vk_str(text));
}

void report_json_count(struct vk_buf *buf, const char *name, uint64_t value) {
    report_json_name(buf, name);
    vk_buf_u64(buf, value);
}

void report_json_real(struct vk_buf *buf, const char *name, double value) {
    report_json_name(buf, name);
    vk_json_double(buf, value);
}

void report_json_bool(struct vk_buf *buf, const char *name, bool truth) {
    report_json_raw(buf, name, truth ? VK_STR("true") : VK_STR("false"));
}

void report_json_str(struct vk_buf *buf, const char *name, struct vk_str text) {
    if (!vk_str_present(text)) return;
    report_json_name(buf, name);
    report_json_quote(buf, text);
}

void report_json_raw(struct vk_buf *buf, const char *name, struct vk_str json) {
    if (!vk_str_present(json)) return;
    report_json_name(buf, name);
    vk_buf_add(buf, json);
}
