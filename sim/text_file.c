/* text_file.c - see text_file.h. */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum vk_err failed(const char *path, const char *why) {
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, why);
}

/* ---- reading */

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

/* ---- what is at a path */

enum place {
    PLACE_FREE,     /* nothing is there, or who knows */
    PLACE_ORDINARY, /* a file that another may take the place of */
    PLACE_SPECIAL,  /* INV-TEXT-FILE-2 */
};

static bool is_of(FILE *stream, const struct stat *there) {
    struct stat is;
    return fstat(fileno(stream), &is) == 0 && is.st_dev == there->st_dev &&
           is.st_ino == there->st_ino;
}

/* *stream: the one that `path` names, or NULL. */
static enum place find_place(const char *path, FILE **stream) {
    struct stat there;
    *stream = strcmp(path, "-") == 0 ? stdout : NULL;
    if (*stream) return PLACE_SPECIAL;
    if (stat(path, &there) != 0) return PLACE_FREE;
    *stream = is_of(stdout, &there) ? stdout : is_of(stderr, &there) ? stderr : NULL;
    return *stream || !S_ISREG(there.st_mode) ? PLACE_SPECIAL : PLACE_ORDINARY;
}

enum vk_err sim_text_file_resolve(const char *path, char target[SIM_PATH_SIZE]) {
    enum { LINKS_MAX = 40 }; /* as the system's own */
    char link[SIM_PATH_SIZE], from[SIM_PATH_SIZE];
    int n = snprintf(target, SIM_PATH_SIZE, "%s", path);
    for (int links = 0; links < LINKS_MAX && n >= 0 && n < SIM_PATH_SIZE; links++) {
        ssize_t length = readlink(target, link, sizeof link - 1);
        if (length < 0) return VK_OK; /* no link, or nothing */
        link[length] = '\0';
        memcpy(from, target, SIM_PATH_SIZE);
        const char *slash = strrchr(from, '/');
        int folder = link[0] == '/' || !slash ? 0 : (int)(slash - from) + 1;
        n = snprintf(target, SIM_PATH_SIZE, "%.*s%s", folder, from, link);
    }
    return failed(path, n < 0 || n >= SIM_PATH_SIZE ? "the name is too long" : strerror(ELOOP));
}

/* The name that what takes the place of `target` grows under. */
static enum vk_err name_part(const char *path, const char *target, char part[SIM_PATH_SIZE]) {
    int n = snprintf(part, SIM_PATH_SIZE, "%s.part", target);
    return n < 0 || n >= SIM_PATH_SIZE ? failed(path, "the name is too long") : VK_OK;
}

/* ---- writing */

static enum vk_err print(FILE *stream, const char *path, struct vk_str text) {
    bool is_written = fwrite(text.p, 1, text.n, stream) == text.n && fflush(stream) == 0;
    if (is_written) return VK_OK;
    return strcmp(path, "-") == 0 ? VK_RAISE(VK_ERR_DISK, "standard output cannot be written")
                                  : failed(path, strerror(errno));
}

static enum vk_err write_to(const char *path, const char *mode, struct vk_str text) {
    FILE *file = fopen(path, mode);
    if (!file) return failed(path, strerror(errno));
    bool is_written = fwrite(text.p, 1, text.n, file) == text.n;
    is_written = fclose(file) == 0 && is_written;
    return is_written ? VK_OK : failed(path, strerror(errno));
}

/* INV-TEXT-FILE-1 */
static enum vk_err replace(const char *path, struct vk_str text) {
    char target[SIM_PATH_SIZE], part[SIM_PATH_SIZE];
    VK_TRY(sim_text_file_resolve(path, target));
    VK_TRY(name_part(path, target, part));
    FILE *file = fopen(part, "wb");
    if (!file) return failed(path, strerror(errno));
    bool is_written = fwrite(text.p, 1, text.n, file) == text.n;
    is_written = fclose(file) == 0 && is_written;
    if (is_written && rename(part, target) == 0) return VK_OK;
    const char *why = strerror(errno);
    remove(part);
    return failed(path, why);
}

enum vk_err sim_text_file_write(const char *path, struct vk_str text) {
    FILE *stream;
    enum place place = find_place(path, &stream);
    if (stream) return print(stream, path, text);
    return place == PLACE_SPECIAL ? write_to(path, "wb", text) : replace(path, text);
}

/* How much of it could be written. */
static size_t write_some(int file, struct vk_str text) {
    size_t n = 0;
    while (n < text.n) {
        ssize_t now = write(file, text.p + n, text.n - n);
        if (now < 0 && errno == EINTR) continue;
        if (now <= 0) break;
        n += (size_t)now;
    }
    return n;
}

/* INV-TEXT-FILE-3. What another has added after it stays, and so does what is before that. */
static void take_back(int file, size_t bytes) {
    struct stat is;
    off_t end = lseek(file, 0, SEEK_CUR);
    bool is_last = end >= (off_t)bytes && fstat(file, &is) == 0 && is.st_size == end;
    if (is_last) (void)!ftruncate(file, end - (off_t)bytes); /* it has failed as it is */
}

static enum vk_err add_to_end(const char *path, struct vk_str text) {
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return failed(path, strerror(errno));
    errno = 0;
    size_t written = write_some(file, text);
    const char *why = written == text.n ? NULL : strerror(errno ? errno : ENOSPC);
    if (why) take_back(file, written);
    if (close(file) != 0 && !why) why = strerror(errno);
    return why ? failed(path, why) : VK_OK;
}

enum vk_err sim_text_file_add(const char *path, struct vk_str text) {
    FILE *stream;
    enum place place = find_place(path, &stream);
    if (stream) return print(stream, path, text);
    return place == PLACE_SPECIAL ? write_to(path, "ab", text) : add_to_end(path, text);
}

/* ---- whether it can be */

/* Asking is not enough: some folders, as those of /proc, let nobody make files who may. */
static enum vk_err can_make(const char *path, const char *file) {
    int made = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made >= 0) {
        close(made);
        remove(file);
        return VK_OK;
    }
    bool can = errno == EEXIST && access(file, W_OK) == 0; /* somebody is at it, or was killed */
    return can ? VK_OK : failed(path, strerror(errno));
}

static enum vk_err can_open(const char *path) {
    struct stat there;
    bool is_folder = stat(path, &there) == 0 && S_ISDIR(there.st_mode);
    if (is_folder) return failed(path, strerror(EISDIR));
    return access(path, W_OK) == 0 ? VK_OK : failed(path, strerror(errno));
}

enum vk_err sim_text_file_can_write(const char *path) {
    char target[SIM_PATH_SIZE], part[SIM_PATH_SIZE];
    FILE *stream;
    enum place place = find_place(path, &stream);
    if (stream) return VK_OK;
    if (place == PLACE_SPECIAL) return can_open(path);
    VK_TRY(sim_text_file_resolve(path, target));
    VK_TRY(name_part(path, target, part));
    return can_make(path, part);
}

enum vk_err sim_text_file_can_add(const char *path) {
    char target[SIM_PATH_SIZE];
    FILE *stream;
    enum place place = find_place(path, &stream);
    if (stream) return VK_OK;
    if (place != PLACE_FREE) return can_open(path);
    VK_TRY(sim_text_file_resolve(path, target));
    return can_make(path, target);
}
