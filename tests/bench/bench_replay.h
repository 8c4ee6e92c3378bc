/* bench_replay.h - how fast recordings are read and run again. */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include "bench_group.h"

/* Each prints its part. False: it could not be measured. */
bool bench_reading(const struct bench_options *options, const struct bench_group *group);
bool bench_replaying(const struct bench_options *options, const struct bench_group *group);

#endif
