/* random.h - named, independent streams of pseudo-random numbers.
 *
 * INV-RANDOM-1  A stream depends on its seed and its name alone: a draw from one never shifts another,
 *               and a new stream shifts none.
 * INV-RANDOM-2  The same on every machine and in every build: 64-bit integers only.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
    uint64_t state[2];
};

/* The stream `name` of `seed`, from its beginning. */
void sim_random_init(struct sim_random *stream, uint64_t seed, const char *name);
uint64_t sim_random_u64(struct sim_random *stream);
/* 0 ... n - 1, each as likely; n > 0. */
uint64_t sim_random_below(struct sim_random *stream, uint64_t n);
/* low ... high, both included. */
uint64_t sim_random_between(struct sim_random *stream, uint64_t low, uint64_t high);
/* True once in `n` draws on average; never if n is 0. */
bool sim_random_one_in(struct sim_random *stream, uint64_t n);
/* An index, as likely as its weight says; not all weights are 0. */
size_t sim_random_weighted(struct sim_random *stream, const uint32_t *weights, size_t count);

#endif
