/* report_corpus.h - what `crankcase corpus` prints: a line a plan and a summary, for people or as JSON objects, one a line.
 */
#ifndef REPORTS_REPORT_CORPUS_H
#define REPORTS_REPORT_CORPUS_H

#include "sim/corpus.h"
#include "sim/corpus_add.h"

#include <stdio.h>

struct report_corpus_total {
    uint64_t plans;
    uint64_t verdicts[SIM_CORPUS_VERDICT_COUNT];
    const char
        *recordings; /* "met", or what else came of them; NULL: there are none, or nobody asked */
    double seconds;  /* real ones */
    bool was_interrupted; /* not all of them were run */
};

/* `reproduce`: the command that runs it once more. */
void report_corpus_row(FILE *out, const char *path, const struct sim_corpus_result *result,
                       const char *reproduce, bool colours);
/* Of one that was run and is not met, what was expected of it and what there was, each line after `indent`. */
void report_corpus_expected(FILE *out, const struct sim_corpus_result *result, const char *indent);
void report_corpus_row_json(FILE *out, const char *path, const struct sim_corpus_result *result);
void report_corpus_total(FILE *out, const struct report_corpus_total *total, bool colours);
void report_corpus_total_json(FILE *out, const struct report_corpus_total *total);
/* `name`: of the plan that was added. */
void report_corpus_added_json(FILE *out, const char *name,
                              const struct sim_corpus_addition *addition);

#endif
