/* bench_state.h - what a crank costs over a small and over a large state, and among few and many suspended vats. */
#ifndef BENCH_STATE_H
#define BENCH_STATE_H

#include "bench_group.h"

/* Prints its part. False: it could not be measured. */
bool bench_state(const struct bench_options *options);
bool bench_suspended(const struct bench_options *options);

#endif
