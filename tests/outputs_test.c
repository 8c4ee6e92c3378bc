/* outputs_test.c - what a command is to write is looked at before it does anything: one line, exit code 2, and nothing is there
 * that was not there before.
 */
#include "sim/outputs.h"

#include "testing_command.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct test_folder folder;

static const char plan[] = "crankcase-plan 1\n"
                           "program alice\n  turn\n    send i1 new\n"
                           "program bob\n  turn\n    store-set key=2\n"
                           "vat alice alice\nvat bob bob\nbootstrap alice\n"
                           "block after=1000\nreplica\nreplica\n";

static void folder_make(void) {
    test_folder_make(&folder);
    test_file_write(test_folder_file(&folder, "a.plan"), vk_str(plan));
    cr_assert_eq(mkdir(test_folder_file(&folder, "full"), 0700), 0);
}

static void folder_remove(void) {
    rmdir(test_folder_file(&folder, "full"));
    test_folder_remove(&folder);
}

TestSuite(outputs, .init = folder_make, .fini = folder_remove);

static size_t files_in_folder(void) {
    size_t files = 0;
    DIR *all = opendir(folder.path);
    cr_assert_not_null(all);
    for (const struct dirent *entry; (entry = readdir(all));)
        files += strcmp(entry->d_name, "out") != 0 && strcmp(entry->d_name, "err") != 0;
    closedir(all);
    return files;
}

static void expect_refused(const char *words, const char *wanted) {
    size_t before = files_in_folder();
    const struct test_outcome *outcome = test_command_run(&folder, words);
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", words, outcome->code);
    cr_expect_str_eq(outcome->out, "", "%s", words);
    cr_expect_str_eq(outcome->err, wanted, "%s: %s", words, outcome->err);
    cr_expect_eq(files_in_folder(), before, "%s", words);
}

/* ---- bad ones */

Test(outputs, what_cannot_be_written_is_refused_before_the_run) {
    static const struct {
        const char *words, *wanted;
    } bad[] = {
        {"run --seeds 2 --html full", "crankcase run: --html full: Is a directory\n"},
        {"run --seeds 2 --summary full", "crankcase run: --summary full: Is a directory\n"},
        {"run --seeds 2 --junit good.xml --html no/x.html",
         "crankcase run: --html no/x.html: No such file or directory\n"},
        {"run --seeds 2 --results  --quiet", "crankcase run: --results '': a name is missing\n"},
        {"run --seeds 2 --summary  --quiet", "crankcase run: --summary '': a name is missing\n"},
        {"run --seeds 2 --results a.plan",
         "crankcase run: --results a.plan: is there already, and may hold results\n"},
        {"run --seeds 2 --results no/r",
         "crankcase run: --results no/r: No such file or directory\n"},
        {"run --seeds 2 --out a.plan", "crankcase run: --out a.plan: is no folder\n"},
        {"run --seeds 2 --out  --quiet", "crankcase run: --out '': a name is missing\n"},
        {"run a.plan --keep a.plan", "crankcase run: --keep a.plan: is no folder\n"},
        {"run a.plan --keep no/folder",
         "crankcase run: --keep no/folder: No such file or directory\n"},
        {"run a.plan --trace full", "crankcase run: --trace full: Is a directory\n"},
        {"corpus run . --junit full", "crankcase corpus: --junit full: Is a directory\n"},
        {"sweep a.plan --out no/x", "crankcase sweep: --out no/x: No such file or directory\n"},
        {"shrink a.plan -o no/x", "crankcase shrink: --out no/x: No such file or directory\n"},
        {"shrink a.plan -o -",
         "crankcase shrink: --out takes a file, not - (see crankcase shrink --help)\n"},
        {"replay a.plan --keep a.plan", "crankcase replay: --keep a.plan: is no folder\n"},
        {"replay a.plan --html full --keep new", "crankcase replay: --html full: Is a directory\n"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(bad[i].words, bad[i].wanted);
}

/* Whoever may write anything is kept from it by no folder's mode. What the system says of it depends on who asks. */
Test(outputs, a_folder_that_lets_nobody_make_files_is_refused) {
    static const char *const bad[][2] = {
        {"run a.plan --keep /proc", "crankcase run: --keep /proc: "},
        {"run --seeds 2 --out /proc/x", "crankcase run: --out /proc/x: "},
        {"shrink a.plan -o /proc/x", "crankcase shrink: --out /proc/x: "},
        {"report db --html /proc/x", "crankcase report: --html /proc/x: "},
    };
    cr_assert_eq(test_command_run(&folder, "run a.plan --results db --quiet")->code, SIM_EXIT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct test_outcome *outcome = test_command_run(&folder, bad[i][0]);
        cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s", bad[i][0]);
        cr_expect(strstr(outcome->err, bad[i][1]) == outcome->err, "%s", outcome->err);
    }
}

/* ---- one file for two */

Test(outputs, no_file_is_for_two_of_them_or_read_as_well) {
    cr_assert_eq(symlink("a.plan", test_folder_file(&folder, "link")), 0);
    cr_assert_eq(symlink("new", test_folder_file(&folder, "free")), 0);
    cr_assert_eq(mkfifo(test_folder_file(&folder, "fifo"), 0600), 0);
    expect_refused("run --seed 1 --html x --junit full/../x",
                   "crankcase run: --html x: is the file of --junit, too\n");
    expect_refused("run --seed 1 --html free --junit new",
                   "crankcase run: --html free: is the file of --junit, too\n");
    expect_refused("run --seed 1 --html fifo --junit ./fifo",
                   "crankcase run: --html fifo: is the file of --junit, too\n");
    expect_refused("run --seed 1 --html x --results x",
                   "crankcase run: --html x: is the file of --results, too\n");
    expect_refused("run --seed 1 --html - --junit -",
                   "crankcase run: --html -: is the file of --junit, too\n");
    expect_refused("run a.plan --html link",
                   "crankcase run: --html link: is the file that is read\n");
    expect_refused("sweep a.plan --out a.plan",
                   "crankcase sweep: --out a.plan: is the file that is read\n");
    expect_refused("sweep a.plan --junit sweep-failure.plan",
                   "crankcase sweep: --junit sweep-failure.plan: is the file of --out, too\n");
}

Test(outputs, reports_of_results_leave_the_results) {
    cr_assert_eq(test_command_run(&folder, "run a.plan --results r --quiet")->code, SIM_EXIT_OK);
    expect_refused("report r --html ./r",
                   "crankcase report: --html ./r: is the file that is read\n");
    expect_refused("report r --html x --markdown x",
                   "crankcase report: --html x: is the file of --markdown, too\n");
    expect_refused("report r --junit no/x",
                   "crankcase report: --junit no/x: No such file or directory\n");
    cr_expect_eq(test_command_run(&folder, "report r --html x")->code, SIM_EXIT_OK);
}

/* A device has room for any number, and is one afterwards. */
Test(outputs, a_device_may_be_given_again_and_again) {
    char device[600];
    struct stat is;
    snprintf(device, sizeof device, "%s", test_folder_file(&folder, "device"));
    if (mknod(device, S_IFCHR | 0600, makedev(1, 3)) != 0) return; /* not everybody may */
    const struct test_outcome *outcome =
        test_command_run(&folder, "run a.plan --html device --junit device --results r --quiet");
    cr_expect_eq(outcome->code, access(device, W_OK) == 0 ? SIM_EXIT_OK : SIM_EXIT_BAD_INPUT, "%s",
                 outcome->err);
    cr_expect(lstat(device, &is) == 0 && S_ISCHR(is.st_mode));
}
