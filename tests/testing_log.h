/* testing_log.h - logs of runs for the tests of diff: recordings of the corpus with a change planted, their hashes made to
 * fit it as a kernel that did so would have, and standard slogs cut out of them.
 */
#ifndef TESTING_LOG_H
#define TESTING_LOG_H

#include "testing_recording.h"
#include "testing_store.h"

/* The first line of crank `number`, and the line in it (from `from` on) that contains `text`. */
size_t test_log_crank(const struct test_lines *lines, uint64_t number);
/* Computes every crankhash and activityhash of the recording anew. Without a change it alters nothing. */
void test_log_rehash(struct test_lines *lines);
/* Leaves of a recording its slog, with times that are another node's (`node`), and commits as a chain's host logs them. */
void test_log_to_slog(struct test_lines *lines, unsigned node);
/* Writes the lines, or `text` as it is, to a file of the folder; returns its path (static buffers, a few). */
const char *test_log_write(const struct test_folder *folder, const char *name,
                           struct test_lines *lines);

#endif
