/* corpus_add.h - a failure added to a corpus: FOLDER/regressions/AREA-SYMPTOM.plan, with notes of where it comes from and
 * the expectation that all holds once the bug is out.
 *
 * INV-CORPUS-ADD-1  No two plans of the regressions have the same signature, or are the same plan.
 * INV-CORPUS-ADD-2  What is there is never overwritten; what is added is there whole or not at all.
 */
#ifndef SIM_CORPUS_ADD_H
#define SIM_CORPUS_ADD_H

#include "run.h"

struct sim_corpus_addition {
    char path[1200];                    /* of the new file */
    char signature[SIM_SIGNATURE_SIZE]; /* that it is there for */
    char refusal[1600];                 /* one line: why it was not added; "" if it was */
};

/* Runs the plan whose text this is, in a process of its own. Its failure is what it is added for; if it does not fail, the one that
 * it says there once was. VK_OK unless the testbed itself fails. `name`: the plan's file. */
enum vk_err sim_corpus_add(const char *folder, const char *name, struct vk_str text,
                           const struct sim_run_options *options,
                           struct sim_corpus_addition *addition) VK_MUST_CHECK;
/* "rollback/send/v*.vs.*" becomes "rollback-send-v-vs". */
void sim_corpus_name(const char *signature, char name[64]);

#endif
