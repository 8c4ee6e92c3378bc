/* testing_reports.c - see testing_reports.h. */
#include "testing_reports.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct test_folder folder;

const struct test_folder *test_reports_folder(void) { return &folder; }

void test_reports_begin(void) { test_folder_make(&folder); }

void test_reports_end(void) {
    const char *path = test_folder_file(&folder, "crankcase-failures");
    DIR *failures = opendir(path);
    char file[600];
    if (failures) {
        for (const struct dirent *entry; (entry = readdir(failures));) {
            snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            if (entry->d_name[0] != '.') remove(file);
        }
        closedir(failures);
        remove(path);
    }
    test_folder_remove(&folder);
}

const struct test_outcome *test_reports_run(const char *words) {
    return test_command_run(&folder, words);
}

bool test_reports_exists(const char *name) {
    return access(test_folder_file(&folder, name), F_OK) == 0;
}

void test_reports_sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

void test_reports_await(const char *name) {
    for (int i = 0; i < 1000 && !test_reports_exists(name); i++)
        test_reports_sleep_ms(10);
    cr_assert(test_reports_exists(name), "%s", name);
}

char *test_reports_text(const char *name) {
    struct vk_str bytes = test_file_read(test_folder_file(&folder, name));
    char *text = strndup(bytes.p, bytes.n);
    free((void *)(uintptr_t)bytes.p);
    return text;
}

void test_reports_expect(const char *name, const char *wanted) {
    char *text = test_reports_text(name);
    cr_expect(strstr(text, wanted), "%s: no \"%s\" in\n%.2000s", name, wanted, text);
    free(text);
}

void test_reports_load(const char *name, struct report_model *model, struct vk_arena *arena) {
    static char path[1000];
    snprintf(path, sizeof path, "%s", test_folder_file(&folder, name));
    vk_arena_init(arena, vk_heap_system());
    test_ok(report_model_load(model, path, arena));
}

size_t test_reports_failures(const char *name) {
    struct report_model model;
    struct vk_arena arena;
    test_reports_load(name, &model, &arena);
    size_t count = model.failure_count;
    vk_arena_release(&arena);
    return count;
}

size_t test_reports_times(const char *text, const char *what) {
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, what)); at++)
        lines++;
    return lines;
}
