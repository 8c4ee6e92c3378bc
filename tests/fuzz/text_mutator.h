/* text_mutator.h - changes of a text by lines, words and bytes; see text_mutator.c. */
#ifndef FUZZ_TEXT_MUTATOR_H
#define FUZZ_TEXT_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

size_t fuzz_text_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t fuzz_text_cross_over(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
                            uint8_t *out, size_t max_size, unsigned int seed);
/* splitmix64 */
uint64_t fuzz_draw(uint64_t *state);

#endif
