/* report_files.c - see report_files.h. */
#include "report_files.h"

#include "report_html.h"
#include "report_junit.h"
#include "report_markdown.h"
#include "sim/text_file.h"

#include <errno.h>

typedef void (*report_writer)(struct vk_buf *buf, const struct report_model *model);

bool report_files_any(const struct report_files *files) {
    return files->junit || files->markdown || files->html || files->summary;
}

static enum vk_err print(struct vk_str text) {
    bool is_written = fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
    return is_written ? VK_OK : VK_RAISE(VK_ERR_DISK, "standard output cannot be written");
}

static enum vk_err add_to_file(const char *path, struct vk_str text) {
    FILE *file = fopen(path, "ab");
    if (!file) return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
    bool is_written = fwrite(text.p, 1, text.n, file) == text.n;
    is_written = fclose(file) == 0 && is_written;
    return is_written ? VK_OK : VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
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
    if (err == VK_OK && strcmp(path, "-") == 0)
        err = print(text);
    else if (err == VK_OK)
        err = is_added ? add_to_file(path, text) : sim_text_file_write(path, text);
    vk_arena_release(&arena);
    return err;
}

enum vk_err report_files_write(const struct report_files *files, const struct report_model *model) {
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
    enum vk_err worst = VK_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        enum vk_err err = write_report(all[i].path, all[i].writer, all[i].is_added, model);
        if (err != VK_OK) worst = err;
    }
    return worst;
}
