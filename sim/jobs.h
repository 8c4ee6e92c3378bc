/* jobs.h - independent jobs, side by side, told of in order.
 *
 * Each job runs in a process of its own when several may run at once (kernels share nothing, so
 * nothing needs to be shared), or one after the other in this one. What a job has to say it writes
 * to a file of its own; the parent gets these in the order of the jobs, as soon as all before are
 * done.
 *
 * INV-JOBS-1  What `finished` sees does not depend on how many jobs ran at once.
 */
#ifndef SIM_JOBS_H
#define SIM_JOBS_H

#include "vk/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SIM_JOBS_AT_ONCE_MAX = 256 };

struct sim_jobs {
    size_t count;
    size_t at_once; /* 1: in this process, unless isolated */
    bool isolated;  /* even a single one in a process of its own: it may crash */
    bool silent;    /* isolated: what its processes say on standard error is not passed on */
    unsigned cpu_seconds_max; /* of a job's own process, which the system ends then; 0: any */
    void *impl;
    /* Does job `i`. */
    void (*run)(void *impl, size_t i, FILE *out);
    /* Job `i` and all before it are done. `in` is what it wrote, from the beginning. `died`: NULL,
     * or how its process ended before its time, and, after ": ", its last words (last_words.h). */
    void (*finished)(void *impl, size_t i, FILE *in, const char *died);
    /* `done` jobs are done, `i` is one that begins; may be NULL. */
    void (*begins)(void *impl, size_t done, size_t i);
    /* Asked before each job begins: true, and no more do; `finished` is told of those that did. May be NULL. */
    bool (*is_enough)(void *impl);
};

/* Runs all. VK_ERR_DISK or VK_ERR_NOMEM when the jobs cannot be run at all, or what one had to say could not be written. */
enum vk_err sim_jobs_run(const struct sim_jobs *jobs) VK_MUST_CHECK;

/* For `finished`: what has not been read yet, as text, to be freed; NULL: no memory. */
char *sim_jobs_rest(FILE *in);

#endif
