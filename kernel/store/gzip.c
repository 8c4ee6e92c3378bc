/* gzip.c - snapshot images through zlib. See gzip.h. */
#include "gzip.h"

#include <stdalign.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8, INFLATE_RATIO_MAX = 1040 };

/* zlib's free is not told the size, the heap port's must be. */
struct block {
    size_t size;
    alignas(max_align_t) char bytes[];
};

static voidpf block_alloc(voidpf opaque, uInt items, uInt size) {
    const struct vk_gzip *gzip = opaque;
    size_t total = sizeof(struct block) + (size_t)items * size;
    struct block *block = gzip->heap->alloc(gzip->heap->impl, total);
    if (!block) return Z_NULL;
    block->size = total;
    return block->bytes;
}

static void block_free(voidpf opaque, voidpf bytes) {
    const struct vk_gzip *gzip = opaque;
    struct block *block = (struct block *)((char *)bytes - offsetof(struct block, bytes));
    gzip->heap->free(gzip->heap->impl, block, block->size);
}

void vk_gzip_init(struct vk_gzip *gzip, const struct vk_heap *heap) {
    *gzip = (struct vk_gzip){.heap = heap};
}

void vk_gzip_release(struct vk_gzip *gzip) {
    if (gzip->deflate) {
        deflateEnd(gzip->deflate);
        gzip->heap->free(gzip->heap->impl, gzip->deflate, sizeof *gzip->deflate);
    }
    if (gzip->inflate) {
        inflateEnd(gzip->inflate);
        gzip->heap->free(gzip->heap->impl, gzip->inflate, sizeof *gzip->inflate);
    }
    vk_gzip_init(gzip, gzip->heap);
}

static z_stream *stream_alloc(struct vk_gzip *gzip) {
    z_stream *stream = gzip->heap->alloc(gzip->heap->impl, sizeof *stream);
    if (!stream) return NULL;
    *stream = (z_stream){.zalloc = block_alloc, .zfree = block_free, .opaque = gzip};
    return stream;
}

static enum vk_err deflate_ready(struct vk_gzip *gzip) {
    if (gzip->deflate && deflateReset(gzip->deflate) == Z_OK) return VK_OK;
    VK_ASSERT(!gzip->deflate); /* INV-GZIP-2: a stream that was made can be reset */
    z_stream *stream = stream_alloc(gzip);
    if (!stream || deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
                                MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        if (stream) gzip->heap->free(gzip->heap->impl, stream, sizeof *stream);
        return VK_RAISE(VK_ERR_NOMEM, "zlib has no memory");
    }
    gzip->deflate = stream;
    return VK_OK;
}

static enum vk_err inflate_ready(struct vk_gzip *gzip) {
    if (gzip->inflate && inflateReset(gzip->inflate) == Z_OK) return VK_OK;
    VK_ASSERT(!gzip->inflate); /* INV-GZIP-2 */
    z_stream *stream = stream_alloc(gzip);
    if (!stream || inflateInit2(stream, GZIP_WINDOW_BITS) != Z_OK) {
        if (stream) gzip->heap->free(gzip->heap->impl, stream, sizeof *stream);
        return VK_RAISE(VK_ERR_NOMEM, "zlib has no memory");
    }
    gzip->inflate = stream;
    return VK_OK;
}

/* zlib's interface says Bytef * for what it only reads. */
static void input_set(z_stream *stream, struct vk_str bytes) {
    union {
        const char *given;
        Bytef *taken;
    } pointer = {.given = bytes.p};
    stream->next_in = pointer.taken;
    stream->avail_in = (uInt)bytes.n;
}

enum vk_err vk_gzip_pack(struct vk_gzip *gzip, struct vk_arena *arena, struct vk_str image,
                         struct vk_str *packed) {
    if (image.n > UINT32_MAX / 2) return VK_RAISE(VK_ERR_USAGE, "image of %zu bytes", image.n);
    VK_TRY(deflate_ready(gzip));
    z_stream *stream = gzip->deflate;
    size_t bound = deflateBound(stream, (uLong)image.n);
    char *out = vk_arena_alloc(arena, bound);
    if (!out) return VK_RAISE(VK_ERR_NOMEM, "image of %zu bytes", image.n);
    input_set(stream, image);
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)bound;
    int rc = deflate(stream, Z_FINISH);
    VK_ASSERT(rc == Z_STREAM_END); /* INV-GZIP-3: deflateBound bytes are enough */
    *packed = (struct vk_str){out, bound - stream->avail_out};
    return VK_OK;
}

enum vk_err vk_gzip_unpack(struct vk_gzip *gzip, struct vk_arena *arena, struct vk_str packed,
                           uint64_t size, struct vk_str *image) {
    if (packed.n > UINT32_MAX / 2 || size > UINT32_MAX / 2 ||
        size / INFLATE_RATIO_MAX > packed.n) /* no such stream: do not ask the heap for it */
        return VK_RAISE(VK_ERR_SNAPSHOT, "an image of %zu bytes cannot unpack to %llu", packed.n,
                        (unsigned long long)size);
    VK_TRY(inflate_ready(gzip));
    z_stream *stream = gzip->inflate;
    char *out = vk_arena_alloc(arena, (size_t)size + 1);
    if (!out) return VK_RAISE(VK_ERR_NOMEM, "image of %llu bytes", (unsigned long long)size);
    input_set(stream, packed);
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)(size + 1); /* one more, to see an image that is too long */
    int rc = inflate(stream, Z_FINISH);
    if (rc == Z_MEM_ERROR) return VK_RAISE(VK_ERR_NOMEM, "zlib has no memory");
    if (rc != Z_STREAM_END || stream->avail_in != 0 || stream->total_out != size)
        return VK_RAISE(VK_ERR_SNAPSHOT, "the image does not unpack to its %llu bytes",
                        (unsigned long long)size);
    *image = (struct vk_str){out, (size_t)size};
    return VK_OK;
}
