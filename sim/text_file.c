/* text_file.c - see text_file.h. */
#include "text_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum vk_err failed(const char *path, const char *why) {
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, why);
}

static enum vk_err read_all(FILE *file, const char *path, struct vk_arena *arena,
                            struct vk_str *text) {
    enum { PIECE = 65536 };
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    for (;;) {
        char *room = vk_buf_reserve(&buf, PIECE);
        if (!room) break;
        size_t n = fread(room, 1, PIECE, file);
        vk_buf_advance(&buf, n);
        if (n < PIECE) break;
    }
    if (ferror(file)) return failed(path, strerror(errno));
    return vk_buf_finish(&buf, text);
}

enum vk_err sim_text_file_read(const char *path, struct vk_arena *arena, struct vk_str *text) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file) return failed(path, strerror(errno));
    enum vk_err err = read_all(file, path, arena, text);
    if (!is_stdin) fclose(file);
    return err;
}

enum vk_err sim_text_file_write(const char *path, struct vk_str text) {
    char growing[4096];
    int n = snprintf(growing, sizeof growing, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof growing) return failed(path, "the name is too long");
    FILE *file = fopen(growing, "wb");
    if (!file) return failed(path, strerror(errno));
    bool is_written = fwrite(text.p, 1, text.n, file) == text.n;
    is_written = fclose(file) == 0 && is_written;
    if (is_written && rename(growing, path) == 0) return VK_OK;
    const char *why = strerror(errno);
    remove(growing);
    return failed(path, why);
}
