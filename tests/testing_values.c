/* testing_values.c - see testing_values.h. Asserts as the kernel does: fuzz targets, too, are linked with it. */
#include "testing_values.h"

#include <vk/err.h>

#include <openssl/evp.h>
#include <stdio.h>

uint64_t test_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t test_random_below(uint64_t *state, uint64_t bound) { return test_random(state) % bound; }

struct vk_str test_value(int number) {
    static char texts[4][60000];
    static unsigned next;
    char *text = texts[next++ % 4];
    uint64_t state = (uint64_t)number;
    size_t length = 0;
    switch (test_random(&state) % 16) {
    case 0: length = 0; break;
    case 1: length = 5000 + test_random(&state) % 50000; break;
    case 2:
    case 3: length = 200 + test_random(&state) % 3000; break;
    default: length = 1 + test_random(&state) % 60; break;
    }
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + test_random(&state) % 26);
    return (struct vk_str){text, length};
}

void test_sha256(char hex[65], size_t count, const struct vk_str *parts) {
    unsigned char digest[32];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t i = 0; i < count && done; i++)
        done = EVP_DigestUpdate(context, parts[i].p, parts[i].n);
    VK_ASSERT(done && EVP_DigestFinal_ex(context, digest, NULL));
    EVP_MD_CTX_free(context);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
