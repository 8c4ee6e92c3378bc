/* testing_reports.h - the built command in a folder of the test's own, and what it leaves there: reports and results.
 */
#ifndef TESTING_REPORTS_H
#define TESTING_REPORTS_H

#include "reports/results_read.h"
#include "testing_command.h"

/* Around each test of a suite: its folder, which goes with the plans of failures. */
void test_reports_begin(void);
void test_reports_end(void);
const struct test_folder *test_reports_folder(void);

/* What it printed lasts until the next command. */
const struct test_outcome *test_reports_run(const char *words);
void test_reports_sleep_ms(long ms);
bool test_reports_exists(const char *name);
void test_reports_await(const char *name);
/* All of it, to be freed. */
char *test_reports_text(const char *name);
void test_reports_expect(const char *name, const char *wanted);
/* How often `what` is in it. */
size_t test_reports_times(const char *text, const char *what);
/* Results; to be released with the arena. */
void test_reports_load(const char *name, struct report_model *model, struct vk_arena *arena);
size_t test_reports_failures(const char *name);

#endif
