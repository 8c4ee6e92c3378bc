/* arena.c - bump allocation in chunks, and buffers that grow in them. See vk/arena.h.
 *
 * INV-ARENA-2  Every chunk was given by the arena's heap with the size it remembers.
 * INV-ARENA-3  next and end lie within `current`, or all three are NULL.
 */
#include "vk/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK_SIZE_MIN = 64 * 1024, ALIGNMENT = alignof(max_align_t) };

struct vk_arena_chunk {
    struct vk_arena_chunk *older;
    size_t size; /* of the whole chunk, header included */
    alignas(max_align_t) char bytes[];
};

static void *system_alloc(void *impl, size_t size) {
    (void)impl;
    return malloc(size);
}

static void *system_resize(void *impl, void *ptr, size_t old_size, size_t new_size) {
    (void)impl;
    (void)old_size;
    return realloc(ptr, new_size);
}

static void system_free(void *impl, void *ptr, size_t size) {
    (void)impl;
    (void)size;
    free(ptr);
}

const struct vk_heap *vk_heap_system(void) {
    static const struct vk_heap heap = {NULL, system_alloc, system_resize, system_free};
    return &heap;
}

void vk_arena_init(struct vk_arena *arena, const struct vk_heap *heap) {
    *arena = (struct vk_arena){.heap = heap};
}

static void chunk_use(struct vk_arena *arena, struct vk_arena_chunk *chunk) {
    arena->current = chunk;
    arena->next = chunk->bytes;
    arena->end = (char *)chunk + chunk->size;
}

static bool arena_grow(struct vk_arena *arena, size_t size) {
    size_t needed;
    if (__builtin_add_overflow(size, sizeof(struct vk_arena_chunk), &needed)) return false;
    size_t chunk_size = needed > CHUNK_SIZE_MIN ? needed : CHUNK_SIZE_MIN;
    struct vk_arena_chunk *chunk = arena->heap->alloc(arena->heap->impl, chunk_size);
    if (!chunk) return false;
    chunk->older = arena->current;
    chunk->size = chunk_size;
    chunk_use(arena, chunk);
    return true;
}

void *vk_arena_alloc(struct vk_arena *arena, size_t size) {
    if (size > SIZE_MAX / 2) return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((!arena->current || (size_t)(arena->end - arena->next) < rounded) &&
        !arena_grow(arena, rounded))
        return NULL;
    void *ptr = arena->next;
    arena->next += rounded;
    VK_ASSERT(arena->next <= arena->end); /* INV-ARENA-3 */
    return ptr;
}

static void chunks_free(struct vk_arena *arena, struct vk_arena_chunk *chunk) {
    while (chunk) {
        struct vk_arena_chunk *older = chunk->older;
        arena->heap->free(arena->heap->impl, chunk, chunk->size);
        chunk = older;
    }
}

void vk_arena_clear(struct vk_arena *arena) {
    struct vk_arena_chunk *kept = arena->current;
    if (!kept) return;
    if (kept->older) {
        chunks_free(arena, kept->older);
        kept->older = NULL;
    }
    chunk_use(arena, kept);
}

void vk_arena_release(struct vk_arena *arena) {
    chunks_free(arena, arena->current);
    vk_arena_init(arena, arena->heap);
}

enum vk_err vk_arena_copy(struct vk_arena *arena, struct vk_str s, struct vk_str *out) {
    char *p = vk_arena_alloc(arena, s.n);
    if (!p) return VK_RAISE(VK_ERR_NOMEM, "arena: copy of %zu bytes", s.n);
    if (s.n) memcpy(p, s.p, s.n);
    *out = (struct vk_str){p, s.n};
    return VK_OK;
}

enum vk_err vk_arena_format(struct vk_arena *arena, struct vk_str *out, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    VK_ASSERT(n >= 0); /* INV-ARENA-4: the formats are the kernel's own */
    char *p = vk_arena_alloc(arena, (size_t)n + 1);
    if (p) vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    if (!p) return VK_RAISE(VK_ERR_NOMEM, "arena: text of %d bytes", n);
    *out = (struct vk_str){p, (size_t)n};
    return VK_OK;
}

void vk_buf_init(struct vk_buf *buf, struct vk_arena *arena) {
    *buf = (struct vk_buf){.arena = arena};
}

/* The newest allocation of an arena grows in place: building one text at a time costs no copies. */
static bool buf_extend_in_place(struct vk_buf *buf, size_t capacity) {
    struct vk_arena *arena = buf->arena;
    if (!buf->p || buf->p + buf->capacity != arena->next) return false;
    size_t extra = capacity - buf->capacity;
    if ((size_t)(arena->end - arena->next) < extra) return false;
    arena->next += extra;
    buf->capacity = capacity;
    return true;
}

char *vk_buf_reserve(struct vk_buf *buf, size_t n) {
    if (buf->failed) return NULL;
    if (buf->capacity - buf->n >= n && buf->p) return buf->p + buf->n;
    if (n > SIZE_MAX / 4 || buf->n > SIZE_MAX / 4) {
        buf->failed = true;
        return NULL;
    }
    size_t capacity = buf->capacity < 128 ? 256 : buf->capacity * 2;
    while (capacity < buf->n + n)
        capacity *= 2;
    if (!buf_extend_in_place(buf, capacity)) {
        char *p = vk_arena_alloc(buf->arena, capacity);
        if (!p) {
            buf->failed = true;
            return NULL;
        }
        if (buf->p) memcpy(p, buf->p, buf->n);
        buf->p = p;
        buf->capacity = capacity;
    }
    return buf->p + buf->n;
}

void vk_buf_advance(struct vk_buf *buf, size_t n) {
    VK_ASSERT(buf->failed || buf->capacity - buf->n >= n); /* INV-BUF-1: within what was reserved */
    if (!buf->failed) buf->n += n;
}

void vk_buf_add(struct vk_buf *buf, struct vk_str text) {
    char *p = vk_buf_reserve(buf, text.n);
    if (!p) return;
    if (text.n) memcpy(p, text.p, text.n);
    buf->n += text.n;
}

void vk_buf_char(struct vk_buf *buf, char c) {
    char *p = vk_buf_reserve(buf, 1);
    if (!p) return;
    *p = c;
    buf->n++;
}

void vk_buf_u64(struct vk_buf *buf, uint64_t value) {
    char digits[20];
    size_t n = 0;
    do {
        digits[sizeof digits - ++n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    vk_buf_add(buf, (struct vk_str){digits + sizeof digits - n, n});
}

enum vk_err vk_buf_finish(const struct vk_buf *buf, struct vk_str *out) {
    if (buf->failed) return VK_RAISE(VK_ERR_NOMEM, "text of more than %zu bytes", buf->n);
    *out = (struct vk_str){buf->p ? buf->p : "", buf->n};
    return VK_OK;
}
