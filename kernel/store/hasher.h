/* hasher.h - SHA-256 as lower-case hex, for crankhash, activityhash and span hashes.
 *
 * INV-HASHER-1  Bytes reach the digest in the order in which they were added; that small ones are
 *               gathered first changes nothing.
 */
#ifndef VK_STORE_HASHER_H
#define VK_STORE_HASHER_H

#include "vk/store.h"

struct evp_md_st;
struct evp_md_ctx_st;

enum { VK_HASHER_BUFFER_SIZE = 4096 };

struct vk_hasher {
    struct evp_md_ctx_st *context;
    const struct evp_md_st *digest; /* owned by whoever made it; see vk_hasher_init */
    size_t buffered;
    char buffer[VK_HASHER_BUFFER_SIZE];
};

/* The digest that hashers share; fetching it once is what makes starting a hash cheap. */
enum vk_err vk_hasher_digest_fetch(struct evp_md_st **out) VK_MUST_CHECK;
void vk_hasher_digest_free(struct evp_md_st *digest);

/* A hasher of nothing. `digest` must outlive it. */
enum vk_err vk_hasher_init(struct vk_hasher *hasher, const struct evp_md_st *digest) VK_MUST_CHECK;
void vk_hasher_release(struct vk_hasher *hasher);
void vk_hasher_add(struct vk_hasher *hasher, struct vk_str bytes);
/* The hash of all that was added; the hasher is then one of nothing again. */
void vk_hasher_finish(struct vk_hasher *hasher, char hex[VK_HASH_HEX]);
/* Forgets what was added. */
void vk_hasher_reset(struct vk_hasher *hasher);

#endif
