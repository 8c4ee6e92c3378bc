/* ring_mutator.c - how libFuzzer changes an input of slog_fuzz: a flight recorder's ring by its numbers, in the header and in
 * the records' heads, with a capacity that stays what there is; anything else as text.
 *
 * Linked in libFuzzer builds only; what it does depends on the seed alone.
 */
#include "sim/flight_recorder.h"
#include "text_mutator.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

static size_t below(uint64_t *random, size_t bound) {
    return bound ? (size_t)(fuzz_draw(random) % bound) : 0;
}

/* A number of 2, 4 or 8 bytes at an address that it could have, moved by a little or by what a ring has room for. */
static void change_number(uint8_t *data, size_t size, uint64_t *random) {
    struct sim_flight_header header;
    size_t width = (size_t)2 << below(random, 3), in = below(random, 2) ? sizeof header : size;
    size_t at = below(random, in / width) * width;
    uint64_t value = 0;
    memcpy(&header, data, sizeof header);
    memcpy(&value, data + at, width);
    switch (below(random, 5)) {
    case 0: value += 1 + below(random, 64); break;
    case 1: value -= 1 + below(random, 64); break;
    case 2: value += header.capacity; break;
    case 3: value = below(random, 256); break;
    default: value ^= (uint64_t)1 << below(random, 8 * width);
    }
    memcpy(data + at, &value, width);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    uint64_t random = seed;
    struct sim_flight_header header;
    const struct vk_str bytes = {(const char *)data, size};
    if (size <= sizeof header || !sim_flight_is_ring(bytes))
        return fuzz_text_mutate(data, size, max_size, seed);
    if (below(&random, 8) == 0) size = LLVMFuzzerMutate(data, size, max_size);
    for (size_t count = 1 + below(&random, 4); count > 0 && size > sizeof header; count--)
        change_number(data, size, &random);
    if (size <= sizeof header || below(&random, 16) == 0) return size;
    memcpy(&header, data, sizeof header);
    memcpy(header.magic, SIM_FLIGHT_MAGIC, sizeof header.magic);
    header.capacity = size - sizeof header;
    memcpy(data, &header, sizeof header);
    return size;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed) {
    return fuzz_text_cross_over(data1, size1, data2, size2, out, max_size, seed);
}
