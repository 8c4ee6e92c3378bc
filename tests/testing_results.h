/* testing_results.h - result databases for tests: begun, filled with failures of the worst kind, and read. */
#ifndef TESTING_RESULTS_H
#define TESTING_RESULTS_H

#include "reports/results_read.h"
#include "testing_store.h"

/* What quotes, controls and bytes that are no UTF-8 a kernel could have. */
#define TEST_NASTY "</script><script>alert(1)</script>|`\n```\n\"'&]]>\x01\xff\xc3"

void test_results_begin(struct report_results *results, const char *path,
                        enum report_results_kind kind);
/* Failure number `i`, whose signature ends in `family`; of number 1 there is a flight recorder, too. */
#define TEST_FLIGHT                                                                                \
    "crank 108 (send) started and never finished: v1, delivery 26, message ko9.<pay>, 0 syscalls " \
    "so far"
void test_results_fail(struct report_results *results, unsigned i, const char *family);
void test_results_end(struct report_results *results, enum report_results_state state,
                      uint64_t seeds, uint64_t failures);
/* What is in the file; to be released with the arena. */
void test_results_load(struct report_model *model, const char *path, struct vk_arena *arena);

#endif
