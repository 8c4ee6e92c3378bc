/* step_mutator.c - how libFuzzer changes an input of store_fuzz: by whole operations, so that those behind a change stay
 * what they were.
 *
 * The head (two faults) and each operation have bytes enough for small numbers only, which is what most changes draw. One
 * change in eight is libFuzzer's own, on bytes. Linked in libFuzzer builds only; what it does depends on the seed alone.
 */
#include "text_mutator.h"

#include <stdbool.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

enum { HEAD = 6, STEP = 3, RUN_MAX = 8 };

static size_t below(uint64_t *random, size_t bound) {
    return bound ? (size_t)(fuzz_draw(random) % bound) : 0;
}

/* As often as not one that is small: operations, keys and savepoints are counted modulo few. */
static uint8_t any_byte(uint64_t *random) {
    return (uint8_t)below(random, below(random, 2) ? 32 : 256);
}

static uint8_t *step_at(uint8_t *data, size_t step) { return data + HEAD + step * STEP; }

static size_t steps_of(size_t size) { return (size - HEAD) / STEP; }

/* `count` operations from `from` once more at `to`. */
static size_t repeat(uint8_t *data, size_t steps, size_t from, size_t to, size_t count) {
    uint8_t run[RUN_MAX * STEP];
    memcpy(run, step_at(data, from), count * STEP);
    memmove(step_at(data, to + count), step_at(data, to), (steps - to) * STEP);
    memcpy(step_at(data, to), run, count * STEP);
    return steps + count;
}

static size_t change(uint8_t *data, size_t steps, size_t steps_max, uint64_t *random) {
    size_t at = below(random, steps), count = 1 + below(random, RUN_MAX);
    bool has_room = steps + count <= steps_max;
    switch (below(random, 6)) {
    case 0: data[below(random, HEAD)] = any_byte(random); return steps;
    case 1:
        if (at + count > steps) return steps;
        memmove(step_at(data, at), step_at(data, at + count), (steps - at - count) * STEP);
        return steps - count;
    case 2:
        if (!has_room || at + count > steps) return steps;
        return repeat(data, steps, at, below(random, steps + 1), count);
    case 3:
        if (steps == steps_max) return steps;
        memmove(step_at(data, at + 1), step_at(data, at), (steps - at) * STEP);
        for (size_t i = 0; i < STEP; i++)
            step_at(data, at)[i] = any_byte(random);
        return steps + 1;
    default:
        if (steps) step_at(data, at)[below(random, STEP)] = any_byte(random);
        return steps;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    uint64_t random = seed;
    if (size < HEAD || max_size < HEAD + STEP || below(&random, 8) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    size_t steps = steps_of(size);
    for (size_t count = 1 + below(&random, 4); count > 0; count--)
        steps = change(data, steps, steps_of(max_size), &random);
    return HEAD + steps * STEP;
}

/* The faults and first operations of one, the last operations of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned int seed) {
    uint64_t random = seed;
    if (size1 < HEAD || size2 < HEAD || max_size < HEAD) return 0;
    size_t first = HEAD + below(&random, steps_of(size1) + 1) * STEP;
    size_t begin = HEAD + below(&random, steps_of(size2) + 1) * STEP;
    if (first > max_size) return 0;
    size_t rest = size2 - begin < max_size - first ? size2 - begin : max_size - first;
    memcpy(out, data1, first);
    if (rest) memcpy(out + first, data2 + begin, rest);
    return first + rest;
}
