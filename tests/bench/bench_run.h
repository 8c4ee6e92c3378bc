/* bench_run.h - how fast seeds are run. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench_group.h"

/* Prints its part. False: it could not be measured, or a seed failed. */
bool bench_running(const struct bench_options *options);

#endif
