/* testing_planted.h - bugs to be found: functions of the product that the linker puts interposers around (the option
 * --wrap; cmake/planted.cmake reads their names off testing_planted.c) in oracle_test, shrink_test and in the command
 * crankcase-planted, so that the product knows nothing of it. One bug at a time, none by default.
 */
#ifndef TESTING_PLANTED_H
#define TESTING_PLANTED_H

#include <stdint.h>

/* NAME, word for crankcase-planted, the n that the word stands for, what is wrong. */
#define TEST_PLANTED(X)                                                                            \
    /* Roll-back. */                                                                               \
    X(UNDO_FORGETS, "undo-forgets", 0, "the undo log leaves what a vat wrote to its vatstore")     \
    X(WRITTEN_AGAIN, "written-again", 0,                                                           \
      "after a roll-back what a vat wrote last to its vatstore is written again")                  \
    X(NUMBERS_STAY, "numbers-stay", 0,                                                             \
      "after a roll-back the number that a new object will get is written again")                  \
    X(ABORT_DENIED, "abort-denied", 0, "a crank's result says that it was not aborted")            \
    X(STATISTICS_STAY, "statistics-stay", 0,                                                       \
      "after a roll-back what RAM knows of the state is not read anew")                            \
    X(RECORD_LATE, "completion-late", 0,                                                           \
      "the changes of a completion are made after the roll-back of its crank")                     \
    X(RECORD_EARLY, "completion-early", 0,                                                         \
      "the changes of a completion are made before the verdict, though the vat ends")              \
    X(VERDICT_CLEARED, "verdict-cleared", 0,                                                       \
      "an illegal syscall is forgiven if a legal one follows it")                                  \
    X(RECORD_IGNORED, "completion-ignored", 0, "the changes of a completion are never made")       \
    X(WORKER_STAYS, "worker-stays", 0,                                                             \
      "a vat that is ended in a roll-back keeps its place among those online")                     \
    X(PANICS, "panics", 0, "a vat that writes key 9 of its vatstore panics the kernel")            \
    X(ASSERTS, "asserts", 1,                                                                       \
      "the n-th change of a vat's own key breaks an invariant of the kernel")                      \
    /* Replicas. */                                                                                \
    X(PANICS_ALONE, "panics-alone", 1, "the n-th write of a key 9 panics the kernel")              \
    X(DEATH_IS_METERING, "death-is-metering", 0, "a worker's death is taken for a metering fault") \
    X(CREATED_LATER, "created-later", 0,                                                           \
      "a vat whose worker takes more than a second is created in the background")                  \
    X(CLOCK_NOT_COUNTED, "clock-not-counted", 0, "nobody is told that a vat has read the clock")   \
    X(SNAPSHOT_FORGETS, "snapshot-forgets", 0,                                                     \
      "a worker that starts from a snapshot is not what the snapshot says")                        \
    /* The state and what it should come to. */                                                    \
    X(COUNT_TOO_HIGH, "count-too-high", 1, "the n-th reference counts twice")                      \
    X(COUNT_TOO_LOW, "count-too-low", 1, "the n-th reference is not counted")                      \
    X(HASH_KEEPS, "hash-keeps", 1, "the n-th key that changes stays in the state hash as it was")  \
    X(NO_REAPING, "no-reaping", 0, "nobody is ever told to bring out his dead")                    \
    X(NO_COLLECTION, "no-collection", 0, "GC actions are never taken")                             \
    X(ERROR, "error", 1, "the n-th write fails though no fault has struck")                        \
    /* The testbed itself. */                                                                      \
    X(WALL_CLOCK_IN_RUN, "wall-clock-in-run", 0,                                                   \
      "blocks come when the process's own counter says so")                                        \
    X(WALL_CLOCK_IN_PLAN, "wall-clock-in-plan", 0, "a plan's draws depend on that counter too")    \
    X(ABORT, "abort", 1, "the run of seed n calls abort()")                                        \
    X(BAD_END, "bad-end", 1,                                                                       \
      "the process that ran seed n ends with a failure, as if it had leaked memory")

enum test_planted {
    PLANTED_NOTHING,
#define TEST_PLANTED_ENUM(name, word, n, meaning) PLANTED_##name,
    TEST_PLANTED(TEST_PLANTED_ENUM)
#undef TEST_PLANTED_ENUM
};

/* From here on the kernel has this bug, with its counter at 0; `n` as the list says. */
void test_plant(enum test_planted bug, uint64_t n);
/* How often it came to pass. */
uint64_t test_planted_strikes(void);

#endif
