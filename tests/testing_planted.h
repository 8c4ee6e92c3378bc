/* testing_planted.h - bugs to be found: functions of the product that oracle_test's linker puts interposers around (the
 * option --wrap; cmake/criterion.cmake reads their names off testing_planted.c), so that the product knows nothing of it.
 * One bug at a time, none by default.
 */
#ifndef TESTING_PLANTED_H
#define TESTING_PLANTED_H

#include <stdint.h>

enum test_planted {
    PLANTED_NOTHING,
    /* Roll-back. */
    PLANTED_UNDO_FORGETS,    /* the undo log leaves what a vat wrote to its vatstore */
    PLANTED_WRITTEN_AGAIN,   /* what a vat wrote last to its vatstore is written again */
    PLANTED_NUMBERS_STAY,    /* the number that a new object will get is written again */
    PLANTED_ABORT_DENIED,    /* the crank's result says that it was not aborted */
    PLANTED_STATISTICS_STAY, /* what RAM knows of the state is not read anew */
    PLANTED_WORKER_STAYS,    /* the vat that is ended keeps its place among those online */
    /* Replicas. */
    PLANTED_DEATH_IS_METERING, /* a worker's death is taken for a metering fault */
    PLANTED_CREATED_LATER,     /* a vat whose worker takes its time is created in the background */
    PLANTED_CLOCK_NOT_COUNTED, /* nobody is told that a vat has read the clock */
    PLANTED_SNAPSHOT_FORGETS, /* a worker that starts from a snapshot is not what the snapshot says */
    /* The state and what it should come to. */
    PLANTED_COUNT_TOO_HIGH, /* the n-th reference counts twice */
    PLANTED_COUNT_TOO_LOW,  /* the n-th reference is not counted */
    PLANTED_HASH_KEEPS,     /* the n-th key that changes stays in the state hash as it was */
    PLANTED_NO_REAPING,     /* nobody is ever told to bring out his dead */
    PLANTED_NO_COLLECTION,  /* GC actions are never taken */
    PLANTED_ERROR,          /* the n-th write fails though no fault has struck */
    /* The testbed itself. */
    PLANTED_WALL_CLOCK_IN_RUN,  /* blocks come when the process's own counter says so */
    PLANTED_WALL_CLOCK_IN_PLAN, /* a plan's draws depend on that counter too */
    PLANTED_ABORT,              /* the run of seed n calls abort() */
    PLANTED_BAD_END, /* the process that ran seed n ends with a failure, as if it had leaked memory */
};

/* From here on the kernel has this bug, with its counter at 0; `n` as the list says. */
void test_plant(enum test_planted bug, uint64_t n);
/* How often it came to pass. */
uint64_t test_planted_strikes(void);

#endif
