/* report_replay.h - what `crankcase replay` prints: a table for people, or one JSON object a line.
 *
 * It gets plain values and prints them; what they mean was decided elsewhere.
 */
#ifndef REPORT_REPLAY_H
#define REPORT_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum report_verdict {
    REPORT_MET,
    REPORT_DIFFERENT,
    REPORT_BAD_INPUT,
    REPORT_FAILED, /* the testbed itself */
    REPORT_VERDICTS,
};

/* "met", as JSON has it. */
const char *report_verdict_word(enum report_verdict verdict);
/* As tables have it, in its colour; nothing for MET. */
void report_verdict_print(FILE *out, enum report_verdict verdict, bool colours);

struct report_replay_row {
    const char *name;
    const char *file;
    enum report_verdict verdict;
    uint64_t cranks, deliveries, syscalls, writes;
    const char *activityhash; /* "" if there is none */
    double seconds;           /* of the run alone, without reading */
    const char *notes;        /* "" if there are none */
    const char *devices;      /* names of devices answered for from the recording, or "" */
    uint64_t device_effects;
    uint64_t host_calls;         /* the host's syscalls that only the statistics tell of */
    const char *error;           /* BAD_INPUT, FAILED: one line */
    const char *difference_json; /* DIFFERENT: an object; for the JSON row only */
};

struct report_replay_total {
    uint64_t recordings;
    uint64_t verdicts[REPORT_VERDICTS];
    uint64_t cranks, deliveries, syscalls, writes, device_effects, host_calls;
    double seconds;         /* of all runs together */
    double seconds_elapsed; /* from beginning to end, reading included */
    bool was_interrupted;   /* not all of them were run */
};

void report_replay_total_add(struct report_replay_total *total,
                             const struct report_replay_row *row);

/* The table. `name_width`: of the longest name. */
void report_replay_heading(FILE *out, int name_width);
void report_replay_row(FILE *out, int name_width, const struct report_replay_row *row,
                       bool colours);
void report_replay_total(FILE *out, int name_width, const struct report_replay_total *total,
                         bool colours);

/* The same as JSON, one line each. */
void report_replay_row_json(FILE *out, const struct report_replay_row *row);
void report_replay_total_json(FILE *out, const struct report_replay_total *total);

#endif
