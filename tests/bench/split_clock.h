/* split_clock.h - exclusive time by family of functions.
 *
 * A stack of families is kept; at each entry and exit the time since the last one goes to the
 * family on top. Entering a family from itself counts as staying in it.
 *
 * INV-SPLIT-1  While the clock is off, wrappers only hand calls on.
 *
 * The clock itself costs time, some of it before its reading (which the family entered pays) and
 * some after (which the caller pays). Both are measured on a function that does nothing, and
 * taken off again by split_clock_corrected.
 */
#ifndef SPLIT_CLOCK_H
#define SPLIT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum split_family {
    SPLIT_DRIVER, /* at the bottom of the stack: whoever calls the kernel, and its workers */
    SPLIT_KERNEL, /* what is in none of the others */
    SPLIT_STORE,
    SPLIT_DATABASE,
    SPLIT_SHA256,
    SPLIT_STATE_HASH,
    SPLIT_TRANSLATION,
    SPLIT_JSON,
    SPLIT_FAMILIES,
};

struct split_times {
    uint64_t ticks[SPLIT_FAMILIES];
    uint64_t entries[SPLIT_FAMILIES]; /* from another family */
    uint64_t exits_to[SPLIT_FAMILIES];
    uint64_t calls; /* all wrapped ones */
};

extern bool split_clock_is_on;

/* Starts from nothing, in the driver. */
void split_clock_start(void);
void split_clock_stop(struct split_times *times);
/* Returns what split_clock_leave must be given. */
enum split_family split_clock_enter(enum split_family family);
void split_clock_leave(enum split_family left_to);

/* What one entry and exit costs the family that is entered, and the one that it is left to, in
 * ticks. */
struct split_cost {
    double inside, outside;
};

struct split_cost split_clock_calibrate(void);
/* Ticks of a family without the clock's own cost; never negative. */
double split_clock_corrected(const struct split_times *times, const struct split_cost *cost,
                             enum split_family family);

#endif
