/* arena.h - memory: the heap port, crank-scoped arenas, and text buffers that grow in an arena.
 *
 * Everything that lives no longer than a crank is allocated in an arena and never freed singly;
 * the arena is cleared when the crank commits or aborts (INV-ARENA-1: nothing in a crank's arena is
 * reachable after vk_arena_clear). Long-lived facts live in the store.
 */
#ifndef VK_ARENA_H
#define VK_ARENA_H

#include "vk/err.h"
#include "vk/str.h"

/* The heap port: all memory of a kernel and of its store's own structures comes from here.
 * `resize` and `free` are told the size that was asked for. Any of them may fail but `free`. */
struct vk_heap {
    void *impl;
    void *(*alloc)(void *impl, size_t size);
    void *(*resize)(void *impl, void *ptr, size_t old_size, size_t new_size);
    void (*free)(void *impl, void *ptr, size_t size);
};

/* A heap on malloc, for hosts that have no wishes. */
const struct vk_heap *vk_heap_system(void);

struct vk_arena_chunk;

struct vk_arena {
    const struct vk_heap *heap;
    struct vk_arena_chunk *current; /* the chunk that allocations are cut from */
    char *next;                     /* first free byte of `current` */
    char *end;
};

/* An empty arena; allocates nothing yet. */
void vk_arena_init(struct vk_arena *arena, const struct vk_heap *heap);
/* `size` bytes aligned for any type, or NULL when the heap has none left. size 0 gives a valid pointer. */
void *vk_arena_alloc(struct vk_arena *arena, size_t size) __attribute__((malloc));
/* Forgets all allocations and keeps one chunk for the next crank. */
void vk_arena_clear(struct vk_arena *arena);
/* Gives all memory back to the heap. The arena may be used again. */
void vk_arena_release(struct vk_arena *arena);

/* A copy of `s` in the arena. */
enum vk_err vk_arena_copy(struct vk_arena *arena, struct vk_str s, struct vk_str *out)
    VK_MUST_CHECK;
/* printf into the arena. */
enum vk_err vk_arena_format(struct vk_arena *arena, struct vk_str *out, const char *format, ...)
    __attribute__((format(printf, 3, 4))) VK_MUST_CHECK;

#define VK_NEW(arena, out)                                                                         \
    (*(out) = vk_arena_alloc((arena), sizeof **(out)),                                             \
     *(out) ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "arena: %zu bytes", sizeof **(out)))
#define VK_NEW_ARRAY(arena, out, count)                                                            \
    (*(out) = vk_arena_alloc((arena), sizeof **(out) * (size_t)(count)),                           \
     *(out) ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "arena: %zu items", (size_t)(count)))

/* A text that grows at its end. A failed allocation sticks: appends become no-ops and
 * vk_buf_finish reports it, so that building a text needs one check. */
struct vk_buf {
    struct vk_arena *arena;
    char *p;
    size_t n;
    size_t capacity;
    bool failed;
};

void vk_buf_init(struct vk_buf *buf, struct vk_arena *arena);
void vk_buf_add(struct vk_buf *buf, struct vk_str text);
void vk_buf_char(struct vk_buf *buf, char c);
void vk_buf_u64(struct vk_buf *buf, uint64_t value);
/* Makes room for `n` bytes and returns where they go, or NULL; the caller fills them and says
 * vk_buf_advance. */
char *vk_buf_reserve(struct vk_buf *buf, size_t n);
void vk_buf_advance(struct vk_buf *buf, size_t n);
/* The text so far (valid until the arena is cleared), or VK_ERR_NOMEM if any append failed. */
enum vk_err vk_buf_finish(const struct vk_buf *buf, struct vk_str *out) VK_MUST_CHECK;

#define vk_buf_lit(buf, literal) vk_buf_add((buf), VK_STR(literal))

#endif
