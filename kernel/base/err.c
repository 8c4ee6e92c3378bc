/* err.c - error names, sentences and origins. See vk/err.h. */
#include "vk/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local struct vk_err_origin origin;

struct vk_err_origin *vk_err_own_origin(void) {
    return &origin;
}

/* Set once, when a host loads this library as a module (vk/module.h), before anything is raised. */
static struct vk_err_origin *(*origin_of_thread)(void) = vk_err_own_origin;

void vk_err_share_origin(struct vk_err_origin *(*of_thread)(void)) { origin_of_thread = of_thread; }

const char *vk_err_name(enum vk_err err) {
    switch (err) {
#define VK_ERR_NAME(name, text)                                                                    \
    case name: return #name;
        VK_ERR_LIST(VK_ERR_NAME)
#undef VK_ERR_NAME
    case VK_ERR_COUNT: break;
    }
    return "VK_ERR_?";
}

const char *vk_err_text(enum vk_err err) {
    switch (err) {
#define VK_ERR_TEXT(name, text)                                                                    \
    case name: return text;
        VK_ERR_LIST(VK_ERR_TEXT)
#undef VK_ERR_TEXT
    case VK_ERR_COUNT: break;
    }
    return "unknown error";
}

const struct vk_err_origin *vk_err_origin(void) { return origin_of_thread(); }

enum vk_err vk_err_raise(enum vk_err err, const char *file, int line, const char *format, ...) {
    VK_ASSERT(err != VK_OK); /* INV-ERR-1: success is never raised */
    struct vk_err_origin *born = origin_of_thread();
    va_list args;
    va_start(args, format);
    born->err = err;
    born->file = file;
    born->line = line;
    vsnprintf(born->text, sizeof born->text, format, args);
    va_end(args);
    return err;
}

void vk_assert_failed(const char *condition, const char *file, int line) {
    /* For whoever sees the process end: a handler of SIGABRT, a debugger. */
    (void)vk_err_raise(VK_ERR_PANIC, file, line, "assertion failed: %s", condition);
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    abort();
}
