/* testing_slog.h - recordings of the corpus cut to a database and the standard slog of the whole, without any write. */
#ifndef TESTING_SLOG_H
#define TESTING_SLOG_H

#include "sim/slog_replay.h"
#include "testing_log.h"

/* Where the line `text` stands for the n-th time, or SIZE_MAX. */
size_t test_slog_line(const struct test_lines *lines, const char *text, size_t nth);
/* Behind the n-th crank's end, which is the end of a run of its own; SIZE_MAX if there are fewer. */
size_t test_slog_behind_crank(const struct test_lines *lines, size_t nth);
/* How many cranks finish in it. */
size_t test_slog_cranks(const struct test_lines *lines);

struct test_slog {
    const char *database, *slog;    /* in the folder; static texts */
    char activityhash[VK_HASH_HEX]; /* of the last crank that finishes */
};

/* The database as the first `end` lines of the recording leave it. `lines` becomes the slog. */
void test_slog_cut(struct test_slog *cut, const struct test_folder *folder,
                   struct test_lines *lines, size_t end);
/* Replays it with what the host tells ("" for nothing); asserts that the inputs are usable. */
void test_slog_replay(const struct test_slog *cut, const char *told,
                      struct sim_slog_result *result);
bool test_slog_has(struct vk_str text, const char *word);

#endif
