/* text_file_test.c - files written whole: what is there under the name stays what it is, unless it is an ordinary file. */
#include "sim/text_file.h"

#include "testing_store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }

static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(text_file, .init = folder_make, .fini = folder_remove);

/* It lasts for as many calls as any test has. */
static const char *path_of(const char *name) {
    static char paths[16][600];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s", test_folder_file(&folder, name));
    return path;
}

static void expect_text(const char *path, const char *wanted) {
    struct vk_str bytes = test_file_read(path);
    cr_expect(vk_str_eq(bytes, vk_str(wanted)), "%s: %.*s", path, VK_STR_ARG(bytes));
    free((void *)(uintptr_t)bytes.p);
}

static mode_t type_of(const char *path) {
    struct stat is;
    return lstat(path, &is) == 0 ? is.st_mode & S_IFMT : 0;
}

Test(text_file, an_ordinary_file_is_replaced_and_nothing_else_is_left) {
    const char *path = path_of("a");
    test_ok(sim_text_file_write(path, VK_STR("one, and longer")));
    int before = open(path, O_RDONLY);
    test_ok(sim_text_file_write(path, VK_STR("two")));
    char seen[16] = "";
    cr_expect_eq(read(before, seen, sizeof seen - 1), 15);
    cr_expect_str_eq(seen, "one, and longer", "whoever reads it sees all of one");
    close(before);
    expect_text(path, "two");
    cr_expect_eq(type_of(path_of("a.part")), 0);
}

Test(text_file, a_link_stays_one_and_what_it_leads_to_is_written) {
    const char *link = path_of("link"), *other = path_of("other"), *free_link = path_of("free");
    cr_assert_eq(mkdir(path_of("d"), 0700), 0);
    test_file_write(path_of("d/target"), VK_STR("old"));
    cr_assert_eq(symlink("d/target", link), 0);
    cr_assert_eq(symlink(link, other), 0); /* of a link, by its whole name */
    cr_assert_eq(symlink("d/none-yet", free_link), 0);
    test_ok(sim_text_file_write(other, VK_STR("new")));
    test_ok(sim_text_file_write(free_link, VK_STR("made")));
    cr_expect_eq(type_of(link), S_IFLNK);
    cr_expect_eq(type_of(other), S_IFLNK);
    cr_expect_eq(type_of(free_link), S_IFLNK);
    expect_text(path_of("d/target"), "new");
    expect_text(path_of("d/none-yet"), "made");
    for (size_t i = 0; i < 2; i++)
        remove(i ? path_of("d/target") : path_of("d/none-yet"));
    rmdir(path_of("d"));
}

Test(text_file, what_there_is_no_room_for_is_not_added_in_part) {
    struct rlimit before, limit;
    const char *path = path_of("a"), *none = path_of("b");
    static char much[10000];
    memset(much, 'x', sizeof much - 1);
    test_file_write(path, VK_STR("mine\n"));
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 5000;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_eq(sim_text_file_add(path, vk_str(much)), VK_ERR_DISK);
    cr_expect(strstr(vk_err_origin()->text, "/a: File too large"), "%s", vk_err_origin()->text);
    cr_expect_eq(sim_text_file_write(none, vk_str(much)), VK_ERR_DISK);
    expect_text(path, "mine\n");
    test_ok(sim_text_file_add(path, VK_STR("and more\n")));
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    expect_text(path, "mine\nand more\n");
    cr_expect_eq(access(none, F_OK), -1);
}

Test(text_file, links_that_go_in_a_circle_are_an_error) {
    cr_assert_eq(symlink("two", path_of("one")), 0);
    cr_assert_eq(symlink("one", path_of("two")), 0);
    cr_expect_eq(sim_text_file_write(path_of("one"), VK_STR("x")), VK_ERR_DISK);
    cr_expect_eq(type_of(path_of("one")), S_IFLNK);
}

/* In a process of its own: each end of a FIFO waits for the other. */
static pid_t start_writing(const char *path, bool is_added) {
    pid_t process = fork();
    cr_assert(process >= 0);
    if (process > 0) return process;
    enum vk_err err = is_added ? sim_text_file_add(path, VK_STR("through"))
                               : sim_text_file_write(path, VK_STR("through"));
    _exit(err == VK_OK ? 0 : 1);
}

Test(text_file, a_fifo_is_written_into) {
    const char *path = path_of("fifo");
    cr_assert_eq(mkfifo(path, 0600), 0);
    for (int is_added = 0; is_added < 2; is_added++) {
        int reader = open(path, O_RDONLY | O_NONBLOCK);
        char seen[16] = "";
        int status;
        pid_t process = start_writing(path, is_added);
        cr_assert_eq(waitpid(process, &status, 0), process);
        cr_expect_eq(status, 0);
        cr_expect_eq(read(reader, seen, sizeof seen - 1), 7);
        cr_expect_str_eq(seen, "through");
        close(reader);
    }
    cr_expect_eq(type_of(path), S_IFIFO);
}

Test(text_file, a_device_stays_one) {
    const char *path = path_of("device");
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) != 0) return; /* not everybody may */
    enum vk_err err = sim_text_file_write(path, VK_STR("gone"));
    cr_expect_eq(type_of(path), S_IFCHR);
    cr_expect(err == VK_OK || access(path, W_OK) != 0, "it is one that swallows all");
}

Test(text_file, what_standard_output_is_of_goes_on_from_there) {
    const char *path = path_of("out");
    pid_t process = fork();
    int status;
    cr_assert(process >= 0);
    if (process == 0) {
        if (!freopen(path, "w", stdout)) _exit(1);
        fputs("told, ", stdout);
        if (sim_text_file_write(path, VK_STR("written, ")) != VK_OK) _exit(1);
        if (sim_text_file_add("-", VK_STR("added, ")) != VK_OK) _exit(1);
        fputs("told", stdout);
        _exit(fflush(stdout) == 0 ? 0 : 1);
    }
    cr_assert_eq(waitpid(process, &status, 0), process);
    cr_expect_eq(status, 0);
    expect_text(path, "told, written, added, told");
}

Test(text_file, looking_whether_one_can_be_written_leaves_nothing) {
    const char *path = path_of("a"), *nowhere = path_of("no/a");
    test_ok(sim_text_file_can_write(path));
    test_ok(sim_text_file_can_add(path));
    cr_expect_eq(type_of(path), 0);
    cr_expect_eq(type_of(path_of("a.part")), 0);
    test_file_write(path, VK_STR("kept"));
    test_ok(sim_text_file_can_write(path));
    test_ok(sim_text_file_can_add(path));
    expect_text(path, "kept");
    for (int i = 0; i < 2; i++) {
        const char *bad = i ? nowhere : folder.path;
        cr_expect_eq(sim_text_file_can_write(bad), VK_ERR_DISK);
        cr_expect(strncmp(vk_err_origin()->text, bad, strlen(bad)) == 0);
        cr_expect_eq(sim_text_file_can_add(bad), VK_ERR_DISK);
    }
    cr_expect_eq(sim_text_file_can_write("/proc/x"), VK_ERR_DISK);
    cr_expect_eq(sim_text_file_can_add("/proc/x"), VK_ERR_DISK);
}
