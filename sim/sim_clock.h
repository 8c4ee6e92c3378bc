/* sim_clock.h - simulated time: nanoseconds from nothing, advanced by the scheduler and by latencies. */
#ifndef SIM_SIM_CLOCK_H
#define SIM_SIM_CLOCK_H

#include <stdint.h>

/* One node's clock. Whoever waits moves it. */
struct sim_clock {
    uint64_t now_ns;
};

#define SIM_MS(n) ((uint64_t)(n)*1000000)

static inline void sim_clock_wait(struct sim_clock *clock, uint64_t ns) { clock->now_ns += ns; }

#endif
