/* gzip.h - images packed and unpacked with zlib, in one stream that is reset and used again.
 *
 * INV-GZIP-1  The packed bytes depend on the image alone: level 6, no name, mtime 0.
 */
#ifndef VK_STORE_GZIP_H
#define VK_STORE_GZIP_H

#include "vk/arena.h"

struct z_stream_s;

struct vk_gzip {
    const struct vk_heap *heap;
    struct z_stream_s *deflate; /* NULL until first used */
    struct z_stream_s *inflate;
};

void vk_gzip_init(struct vk_gzip *gzip, const struct vk_heap *heap);
void vk_gzip_release(struct vk_gzip *gzip);
enum vk_err vk_gzip_pack(struct vk_gzip *gzip, struct vk_arena *arena, struct vk_str image,
                         struct vk_str *packed) VK_MUST_CHECK;
/* VK_ERR_SNAPSHOT unless `packed` is one gzip member of exactly `size` bytes. */
enum vk_err vk_gzip_unpack(struct vk_gzip *gzip, struct vk_arena *arena, struct vk_str packed,
                           uint64_t size, struct vk_str *image) VK_MUST_CHECK;

#endif
