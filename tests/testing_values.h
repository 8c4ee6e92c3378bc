/* testing_values.h - numbers, texts and hashes that tests draw their inputs from. */
#ifndef TESTING_VALUES_H
#define TESTING_VALUES_H

#include <vk/str.h>

#include <stdint.h>

/* splitmix64 */
uint64_t test_random(uint64_t *state);
uint64_t test_random_below(uint64_t *state, uint64_t bound);

/* The text of a number: of very different lengths, some empty, some beyond every buffer. In one of a few static
 * buffers. */
struct vk_str test_value(int number);

/* Lower-case hex SHA-256 of the parts put together. Asserts that it can be had. */
void test_sha256(char hex[65], size_t count, const struct vk_str *parts);

#endif
