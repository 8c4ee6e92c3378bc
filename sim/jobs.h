/* jobs.h - independent jobs, side by side, told of in order.
 *
 * Each job runs in a process of its own when several may run at once (kernels share nothing, so
 * nothing needs to be shared), or one after the other in this one. What a job has to say it writes
 * into a pipe, which the parent reads while it runs; it gets these in the order of the jobs, as soon
 * as all before are done, and records as soon as they are there.
 *
 * INV-JOBS-1  What `finished` sees does not depend on how many jobs ran at once.
 * INV-JOBS-2  No disk is needed: nothing that is written or told here is lost for want of room on one.
 * INV-JOBS-3  Where the system can see to it (Linux), no job's process outlives the one that began it.
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
    /* Does job `i`. `out` cannot be sought in. */
    void (*run)(void *impl, size_t i, FILE *out);
    /* Job `i` and all before it are done. `in` is what it wrote, from the beginning. `died`: NULL,
     * or how its process ended before its time, and, after ": ", its last words (last_words.h). */
    void (*finished)(void *impl, size_t i, FILE *in, const char *died);
    /* `done` jobs are done, `i` is one that begins; may be NULL. */
    void (*begins)(void *impl, size_t done, size_t i);
    /* Asked before each job begins: true, and no more do; `finished` is told of those that did. May be NULL. */
    bool (*is_enough)(void *impl);
    /* Not 0: what jobs write is records of this size. `heard` is told of each as soon as it is there, whatever the jobs
     * before it do, and `finished` reads none of them; of one that is cut short nobody is told. */
    size_t record_size;
    void (*heard)(void *impl, size_t i, const void *record);
    /* The process of job `i` died, and its records are heard. True: it begins once more, in a new process and as this one
     * has it then, to do what is left, and nobody else is told of that death. For jobs that write records; may be NULL. */
    bool (*goes_on)(void *impl, size_t i, const char *died);
};

/* Runs all. VK_ERR_NOMEM when they cannot be run at all, or what one had to say was lost on its way, which is no death of
 * that one. */
enum vk_err sim_jobs_run(const struct sim_jobs *jobs) VK_MUST_CHECK;

/* For `finished`: what has not been read yet, as text, to be freed; NULL: no memory. */
char *sim_jobs_rest(FILE *in);

#endif
