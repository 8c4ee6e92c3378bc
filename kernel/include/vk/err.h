/* err.h - the kernel's error codes, and how they travel.
 *
 * Errors are of three kinds and never mixed:
 *   a vat's misbehaviour is a result (struct vk_fault): the vat pays, the kernel goes on;
 *   a host's failure (disk, memory, worker process, bad input) is an `enum vk_err`: the crank is
 *     abandoned, the kernel halts, nothing is committed;
 *   a kernel bug is a failed VK_ASSERT, which is compiled into every build.
 *
 * An error remembers the line where it was born and one sentence about it (vk_err_origin), like errno:
 * per thread, valid until the next error is raised on that thread.
 */
#ifndef VK_ERR_H
#define VK_ERR_H

#define VK_ERR_LIST(X)                                                                             \
    X(VK_OK, "success")                                                                            \
    X(VK_ERR_NOMEM, "out of memory")                                                               \
    X(VK_ERR_DISK, "the database reported an error")                                               \
    X(VK_ERR_DISK_FULL, "the disk is full")                                                        \
    X(VK_ERR_BUSY, "the database is locked by somebody else")                                      \
    X(VK_ERR_CORRUPT, "the database holds what no kernel would have written")                      \
    X(VK_ERR_SCHEMA, "the database has another schema version")                                    \
    X(VK_ERR_WORKER_LOST, "a worker process was lost")                                             \
    X(VK_ERR_WORKER_START, "a worker process could not be started")                                \
    X(VK_ERR_ANACHROPHOBIA, "a replayed vat made other syscalls than its transcript says")         \
    X(VK_ERR_SNAPSHOT, "a heap snapshot is missing or damaged")                                    \
    X(VK_ERR_PANIC, "kernel panic")                                                                \
    X(VK_ERR_TRACE, "the trace sink refused an event")                                             \
    X(VK_ERR_SYNTAX, "malformed input")                                                            \
    X(VK_ERR_USAGE, "not allowed here")

enum vk_err {
#define VK_ERR_ENUM(name, text) name,
    VK_ERR_LIST(VK_ERR_ENUM)
#undef VK_ERR_ENUM
        VK_ERR_COUNT
};

/* Where and why the newest error of this thread was raised. */
struct vk_err_origin {
    enum vk_err err;
    const char *file;
    int line;
    char text[256];
};

/* The code's name ("VK_ERR_DISK") and its sentence; never NULL. */
const char *vk_err_name(enum vk_err err);
const char *vk_err_text(enum vk_err err);

/* The newest error's origin on this thread; never NULL, all zero before the first error. */
const struct vk_err_origin *vk_err_origin(void);

/* For a host with kernels of several builds in one process (vk/module.h), so that it finds every error's origin in one
 * place: this library's own for the calling thread, and where this library is to keep it from now on. */
struct vk_err_origin *vk_err_own_origin(void);
void vk_err_share_origin(struct vk_err_origin *(*of_thread)(void));

/* Records the origin and returns `err`, so that a function can `return VK_RAISE(VK_ERR_X, "...")`. */
enum vk_err vk_err_raise(enum vk_err err, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

/* vk_err_raise never gives VK_OK back, and whoever compiles or analyses a call may rely on it. */
static inline enum vk_err vk_err_not_ok(enum vk_err err) {
    if (err == VK_OK) __builtin_unreachable();
    return err;
}

#define VK_RAISE(err, ...) vk_err_not_ok(vk_err_raise((err), __FILE__, __LINE__, __VA_ARGS__))

#define VK_MUST_CHECK __attribute__((warn_unused_result))

/* Hands an error on to the caller. */
#define VK_TRY(call)                                                                               \
    do {                                                                                           \
        enum vk_err try_err_ = (call);                                                             \
        if (__builtin_expect(try_err_ != VK_OK, 0)) return try_err_;                               \
    } while (0)

/* Always compiled in. Name the invariant it guards in a comment beside it. */
#define VK_ASSERT(cond)                                                                            \
    (__builtin_expect(!!(cond), 1) ? (void)0 : vk_assert_failed(#cond, __FILE__, __LINE__))

_Noreturn void vk_assert_failed(const char *condition, const char *file, int line)
    __attribute__((cold));

#endif
