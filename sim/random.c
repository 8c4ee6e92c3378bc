/* random.c - xoroshiro128++ (Blackman and Vigna), seeded by XXH3-128 of seed and name. See random.h. */
#include "random.h"

#include "vk/err.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

void sim_random_init(struct sim_random *stream, uint64_t seed, const char *name) {
    XXH128_hash_t hash = XXH3_128bits_withSeed(name, strlen(name), seed);
    stream->state[0] = hash.low64;
    stream->state[1] = hash.high64 | 1; /* never all zero, where the generator would stand still */
}

static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

uint64_t sim_random_u64(struct sim_random *stream) {
    uint64_t a = stream->state[0], b = stream->state[1];
    uint64_t result = rotate(a + b, 17) + a;
    b ^= a;
    stream->state[0] = rotate(a, 49) ^ b ^ (b << 21);
    stream->state[1] = rotate(b, 28);
    return result;
}

uint64_t sim_random_below(struct sim_random *stream, uint64_t n) {
    VK_ASSERT(n > 0); /* INV-RANDOM-2: there is something to choose from */
    uint64_t biased = (0 - n) % n,
             drawn; /* 2^64 mod n: so many draws would favour the low numbers */
    do
        drawn = sim_random_u64(stream);
    while (drawn < biased);
    return drawn % n;
}

uint64_t sim_random_between(struct sim_random *stream, uint64_t low, uint64_t high) {
    VK_ASSERT(low <= high && high - low < UINT64_MAX); /* INV-RANDOM-2 */
    return low + sim_random_below(stream, high - low + 1);
}

bool sim_random_one_in(struct sim_random *stream, uint64_t n) {
    return n > 0 && sim_random_below(stream, n) == 0;
}

size_t sim_random_weighted(struct sim_random *stream, const uint32_t *weights, size_t count) {
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += weights[i];
    uint64_t drawn = sim_random_below(stream, total);
    size_t i = 0;
    while (drawn >= weights[i])
        drawn -= weights[i++];
    VK_ASSERT(i < count); /* INV-RANDOM-2: the draw is below the sum */
    return i;
}
