/* report_bad_input.c - see report_bad_input.h. */
#include "report_bad_input.h"

#include "json_line.h"

void report_bad_input(const char *command, const char *file, const char *text, bool json) {
    struct vk_arena arena;
    struct vk_buf buf;
    fprintf(stderr, "%s: %s\n", command, text);
    if (!json) return;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    vk_buf_lit(&buf, "{\"type\":\"bad-input\"");
    report_json_text(&buf, "file", file);
    report_json_text(&buf, "error", text);
    vk_buf_char(&buf, '}');
    report_json_print(stdout, &buf);
    vk_arena_release(&arena);
}
