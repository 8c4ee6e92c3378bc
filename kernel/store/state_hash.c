/* state_hash.c - terms of the state hash and their sum. See state_hash.h. */
#include "state_hash.h"

#include "xxh3.h"

enum { LENGTH_SIZE = 8, GATHERED_MAX = 2048 };

static void length_write(char bytes[LENGTH_SIZE], size_t n) {
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        bytes[i] = (char)((uint64_t)n >> (8 * i));
}

static XXH128_hash_t hash_large(const char length[LENGTH_SIZE], struct vk_str key,
                                struct vk_str value) {
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, length, LENGTH_SIZE);
    XXH3_128bits_update(&state, key.p, key.n);
    XXH3_128bits_update(&state, value.p, value.n);
    return XXH3_128bits_digest(&state);
}

struct vk_state_hash vk_state_hash_term(struct vk_str key, struct vk_str value) {
    char gathered[GATHERED_MAX];
    XXH128_hash_t hash;
    length_write(gathered, key.n);
    if (key.n < GATHERED_MAX / 2 && value.n < GATHERED_MAX / 2 - LENGTH_SIZE) {
        /* Most are short, and one pass over one piece is then several times faster. */
        if (key.n) memcpy(gathered + LENGTH_SIZE, key.p, key.n);
        if (value.n) memcpy(gathered + LENGTH_SIZE + key.n, value.p, value.n);
        hash = XXH3_128bits(gathered, LENGTH_SIZE + key.n + value.n);
    } else {
        hash = hash_large(gathered, key, value);
    }
    return (struct vk_state_hash){hash.low64, hash.high64};
}

void vk_state_hash_add(struct vk_state_hash *sum, struct vk_state_hash term) {
    sum->low += term.low;
    sum->high += term.high + (sum->low < term.low ? 1 : 0);
}

void vk_state_hash_subtract(struct vk_state_hash *sum, struct vk_state_hash term) {
    uint64_t borrow = sum->low < term.low ? 1 : 0;
    sum->low -= term.low;
    sum->high -= term.high + borrow;
}
