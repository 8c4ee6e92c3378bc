/* report_files.c - see report_files.h. */
#include "report_files.h"

#include "report_html.h"
#include "report_junit.h"
#include "report_markdown.h"
#include "sim/text_file.h"

typedef void (*report_writer)(struct vk_buf *buf, const struct report_model *model);

bool report_files_any(const struct report_files *files) {
    return files->junit || files->markdown || files->html || files->summary;
}

/* INV-REPORT-FILES-1 */
static enum vk_err write_report(const char *path, report_writer writer, bool is_added,
                                const struct report_model *model) {
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    if (!path) return VK_OK;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    writer(&buf, model);
    enum vk_err err = vk_buf_finish(&buf, &text);
    if (err == VK_OK)
        err = is_added ? sim_text_file_add(path, text) : sim_text_file_write(path, text);
    vk_arena_release(&arena);
    return err;
}

bool report_files_write(const struct report_files *files, const struct report_model *model,
                        void *impl, void (*failed)(void *impl, const char *what)) {
    const struct {
        const char *path;
        report_writer writer;
        bool is_added;
    } all[] = {
        {files->junit, report_junit, false},
        {files->markdown, report_markdown, false},
        {files->summary, report_markdown, true},
        {files->html, report_html, false},
    };
    bool is_written = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (write_report(all[i].path, all[i].writer, all[i].is_added, model) == VK_OK) continue;
        failed(impl, vk_err_origin()->text);
        is_written = false;
    }
    return is_written;
}
