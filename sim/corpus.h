/* corpus.h - what a corpus holds, and whether each of its plans still does what is expected of it.
 *
 *     FOLDER/regressions/AREA-SYMPTOM.plan   one plan a past failure (corpus_add.h)
 *     FOLDER/fuzz/plan_fuzz/NAME             texts, read as plans but not run
 *     FOLDER/.../NAME.plan                   any other plan, however deep
 *     FOLDER/recordings/                     runs of the real kernel (recorded_runs.h)
 *
 * INV-CORPUS-1  A plan's outcome is one of plan.h's, and is compared with its line `expect`; a failure, with its signature too.
 * INV-CORPUS-2  The order is that of folder_walk.h, and nothing that ends in .plan is passed over but what is hidden.
 */
#ifndef SIM_CORPUS_H
#define SIM_CORPUS_H

#include "array.h"
#include "run.h"

struct sim_corpus_file {
    char *path;
    bool is_read_only; /* not run */
};

struct sim_corpus {
    SIM_ARRAY(struct sim_corpus_file);
    char *recordings; /* the folder, or NULL */
};

/* VK_ERR_USAGE if there is no such folder, or nothing in it. */
enum vk_err sim_corpus_list(struct sim_corpus *corpus, const char *folder) VK_MUST_CHECK;
void sim_corpus_release(struct sim_corpus *corpus);

enum sim_corpus_verdict {
    SIM_CORPUS_MET,
    SIM_CORPUS_NOT_MET,
    SIM_CORPUS_BAD_PLAN,
    SIM_CORPUS_FAILED, /* the testbed itself */
    SIM_CORPUS_VERDICT_COUNT
};

const char *sim_corpus_verdict_word(enum sim_corpus_verdict verdict); /* "met" */

struct sim_corpus_result {
    enum sim_corpus_verdict verdict;
    enum sim_expect expected, outcome;
    char expected_signature
        [SIM_SIGNATURE_SIZE];   /* FAILURE: of it; else of the one that there once was, or "" */
    struct sim_failure failure; /* FAILURE: the one that there was */
    uint64_t cranks;
    double seconds;  /* real ones; nothing depends on them */
    char error[320]; /* of a bad plan, or the testbed's */
};

struct sim_corpus_run {
    const struct sim_corpus *corpus;
    struct sim_run_options run;
    size_t at_once;
    void *impl;
    /* The i-th file was replayed, and all before it. */
    void (*replayed)(void *impl, size_t i, const struct sim_corpus_result *result);
};

/* Replays all plans, each in a process of its own, until it is interrupted (interrupt.h). VK_OK unless the testbed itself fails. */
enum vk_err sim_corpus_replay(const struct sim_corpus_run *run) VK_MUST_CHECK;

#endif
