/* slog_corpus_test.c - every recording that has a slog, cut to a database and a standard slog: each crank is met, but where
 * something is in neither of the two. That is told with its crank, and once the host tells it, all is met as well.
 */
#include "sim/recording_files.h"
#include "testing_slog.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(slog_corpus);

enum cut { BEFORE_CRANKS, IN_THE_MIDDLE, AT_SECOND_COMMIT };

#define BUNDLES                                                                                    \
    "workers: b0-40a8ea620c16222d0aba5c07a9d2e549c959b702820529fdbcad5a649602ded5 "                \
    "b0-4751467ce397e39f6445d34eab978d5f7d317f41dba9952b4c6fbbfd49fb9894\n"
#define NO_BUNDLES "runs on bundles that no vat in the database runs on"
#define DEVICE "device d7 (dr) is none of SwingSet's own, and what it wrote in 5 calls"
#define KEYS "crank-23 call-2: set key1 \"value1\"\ncrank-23 call-4: delete key1\n"
#define OPTIONS                                                                                    \
    "crank-31: options snapshot-interval=1000 reap-interval=10\n"                                  \
    "crank-31: options\ncrank-31: options\ncrank-31: options reap-gc-krefs=77\n"

/* What neither database nor slog show. Ids of bundles are hashes of their contents, and vat-loader.js logs of a new vat its
 * manager's type; deviceManager.js logs nothing of what a device does, and its keys are its own; of two changes of options
 * in a row no hash is between them. */
static const struct lacking {
    const char *name;
    enum cut cut;
    uint64_t crank;
    const char *why, *told;
} lacking[] = {
    {"change-parameters__change-parameters-01", BEFORE_CRANKS, 31, "the host did something",
     OPTIONS},
    {"devices__raw-device-01", BEFORE_CRANKS, 23, DEVICE, KEYS},
    {"devices__raw-device-01", IN_THE_MIDDLE, 23, DEVICE, KEYS},
    {"metering__dynamic-vat-metered-03", BEFORE_CRANKS, 53, NO_BUNDLES, BUNDLES},
    {"metering__dynamic-vat-metered-04", BEFORE_CRANKS, 53, NO_BUNDLES, BUNDLES},
    {"metering__dynamic-vat-metered-06", BEFORE_CRANKS, 62, NO_BUNDLES, BUNDLES},
    {"metering__dynamic-vat-metered-07", BEFORE_CRANKS, 53, NO_BUNDLES, BUNDLES},
    {"metering__dynamic-vat-metered-07", IN_THE_MIDDLE, 53, NO_BUNDLES, BUNDLES},
    {"metering__dynamic-vat-metered-08", BEFORE_CRANKS, 61, NO_BUNDLES, BUNDLES},
};

static const struct lacking *find_lacking(const char *name, enum cut cut) {
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
        if (strcmp(lacking[i].name, name) == 0 && lacking[i].cut == cut) return &lacking[i];
    return NULL;
}

static size_t where(const struct test_lines *lines, enum cut cut) {
    if (cut == AT_SECOND_COMMIT) return test_slog_line(lines, "{\"t\":\"commit\"}", 2) + 1;
    return cut == BEFORE_CRANKS ? test_slog_line(lines, "{\"t\":\"startCrank\"}", 1)
                                : test_slog_behind_crank(lines, test_slog_cranks(lines) / 2);
}

static void expect_met(const struct test_slog *cut, const char *name, const char *told) {
    struct sim_slog_result result;
    sim_slog_result_init(&result);
    test_slog_replay(cut, told, &result);
    cr_expect_eq(result.outcome, SIM_SLOG_MET, "%s: crank %llu: %.*s", name,
                 (unsigned long long)result.different_crank, VK_STR_ARG(result.what));
    if (!result.is_panic) /* the last crank has a hash then that no kernel committed */
        cr_expect_str_eq(result.activityhash, cut->activityhash, "%s", name);
    cr_expect_null(result.why.p);
    sim_slog_result_release(&result);
}

static void expect_lacking(const struct test_slog *cut, const struct lacking *it) {
    struct sim_slog_result result;
    sim_slog_result_init(&result);
    test_slog_replay(cut, "", &result);
    cr_expect_eq(result.outcome, SIM_SLOG_DIFFERENT, "%s: it is known by now?", it->name);
    cr_expect_eq(result.different_crank, it->crank, "%s: %llu", it->name,
                 (unsigned long long)result.different_crank);
    cr_expect(test_slog_has(result.why, it->why), "%s: %.*s", it->name, VK_STR_ARG(result.why));
    sim_slog_result_release(&result);
    expect_met(cut, it->name, it->told);
}

/* How many were met without being told anything. */
static size_t run_recording(const char *folder_name, const char *file_name, enum cut where_to_cut,
                            const struct test_folder *folder, size_t *count) {
    char name[256];
    struct test_lines lines;
    struct test_slog cut;
    const struct lacking *it = find_lacking(file_name, where_to_cut);
    snprintf(name, sizeof name, "%s/%s", folder_name, file_name);
    test_lines_read(&lines, name);
    bool has_slog = test_slog_cranks(&lines) > 0;
    *count += has_slog;
    if (has_slog) {
        test_slog_cut(&cut, folder, &lines, where(&lines, where_to_cut));
        if (it)
            expect_lacking(&cut, it);
        else
            expect_met(&cut, file_name, "");
    }
    test_lines_release(&lines);
    return has_slog && !it;
}

static void run_all(const char *folder_name, enum cut cut, size_t recordings, size_t met) {
    struct sim_recording_files files = {0};
    struct test_folder folder;
    char path[1024];
    size_t count = 0, well = 0;
    snprintf(path, sizeof path, "%s/corpus/recordings/%s", TEST_SOURCE_DIR, folder_name);
    cr_assert_eq(sim_recording_files_add(&files, path), VK_OK);
    test_folder_make(&folder);
    for (size_t i = 0; i < files.count; i++)
        well += run_recording(folder_name, files.at[i].name, cut, &folder, &count);
    cr_expect_eq(count, recordings, "%zu recordings have a slog", count);
    cr_expect_eq(well, met, "%zu are met", well);
    test_folder_remove(&folder);
    sim_recording_files_free(&files);
}

Test(slog_corpus, the_suite_from_a_new_kernel_on) { run_all("suite", BEFORE_CRANKS, 147, 140); }

Test(slog_corpus, the_suite_from_its_middle_on) { run_all("suite", IN_THE_MIDDLE, 147, 145); }

Test(slog_corpus, the_fuzzed_runs_from_a_commit_on) { run_all("fuzz", AT_SECOND_COMMIT, 42, 42); }
