/* hasher.c - SHA-256 through libcrypto's EVP. See hasher.h.
 *
 * Once a digest is fetched and a context made, libcrypto's SHA-256 cannot fail but by a bug: hence
 * assertions.
 */
#include "hasher.h"

#include <openssl/evp.h>

enum { DIGEST_SIZE = 32 };

enum vk_err vk_hasher_digest_fetch(struct evp_md_st **out) {
    *out = EVP_MD_fetch(NULL, "SHA256", NULL);
    return *out ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "libcrypto gives no SHA-256");
}

void vk_hasher_digest_free(struct evp_md_st *digest) { EVP_MD_free(digest); }

static void start(struct vk_hasher *hasher) {
    int ok = EVP_DigestInit_ex2(hasher->context, hasher->digest, NULL);
    VK_ASSERT(ok == 1); /* INV-HASHER-2: libcrypto's digest of a made context does not fail */
    hasher->buffered = 0;
}

enum vk_err vk_hasher_init(struct vk_hasher *hasher, const struct evp_md_st *digest) {
    hasher->digest = digest;
    hasher->buffered = 0;
    hasher->context = EVP_MD_CTX_new();
    if (!hasher->context || EVP_DigestInit_ex2(hasher->context, digest, NULL) != 1)
        return VK_RAISE(VK_ERR_NOMEM, "libcrypto gives no digest context");
    return VK_OK;
}

void vk_hasher_release(struct vk_hasher *hasher) {
    EVP_MD_CTX_free(hasher->context);
    hasher->context = NULL;
}

static void feed(struct vk_hasher *hasher, const char *bytes, size_t n) {
    int ok = EVP_DigestUpdate(hasher->context, bytes, n);
    VK_ASSERT(ok == 1); /* INV-HASHER-2 */
}

static void flush(struct vk_hasher *hasher) {
    if (hasher->buffered) feed(hasher, hasher->buffer, hasher->buffered);
    hasher->buffered = 0;
}

void vk_hasher_add(struct vk_hasher *hasher, struct vk_str bytes) {
    if (bytes.n > sizeof hasher->buffer - hasher->buffered) {
        flush(hasher);
        if (bytes.n >= sizeof hasher->buffer / 2) {
            feed(hasher, bytes.p, bytes.n);
            return;
        }
    }
    if (bytes.n) memcpy(hasher->buffer + hasher->buffered, bytes.p, bytes.n);
    hasher->buffered += bytes.n;
}

void vk_hasher_finish(struct vk_hasher *hasher, char hex[VK_HASH_HEX]) {
    unsigned char digest[DIGEST_SIZE];
    flush(hasher);
    int ok = EVP_DigestFinal_ex(hasher->context, digest, NULL);
    VK_ASSERT(ok == 1); /* INV-HASHER-2 */
    vk_str_hex(digest, DIGEST_SIZE, hex);
    start(hasher);
}

void vk_hasher_reset(struct vk_hasher *hasher) { start(hasher); }
