/* file_kind.c - see file_kind.h. */
#include "file_kind.h"

#include "flight_recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char database_magic[] = "SQLite format 3";
static const char plan_magic[] = "crankcase-plan";

/* Of a text the first line that is no comment. */
static bool begins_as_plan(FILE *file) {
    char line[256];
    while (fgets(line, sizeof line, file)) {
        size_t blank = strspn(line, " \t\r\n");
        if (line[blank] == '#' || !line[blank]) continue;
        return strncmp(line + blank, plan_magic, sizeof plan_magic - 1) == 0;
    }
    return false;
}

static enum sim_file_kind kind_of(FILE *file) {
    char begin[16];
    size_t n = fread(begin, 1, sizeof begin, file);
    if (n == 0) return SIM_FILE_EMPTY;
    if (n == sizeof begin && memcmp(begin, database_magic, sizeof begin) == 0)
        return SIM_FILE_DATABASE;
    if (sim_flight_is_ring((struct vk_str){begin, n})) return SIM_FILE_RING;
    rewind(file);
    return begins_as_plan(file) ? SIM_FILE_PLAN : SIM_FILE_OTHER;
}

enum sim_file_kind sim_file_kind(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return SIM_FILE_ABSENT;
    if (S_ISDIR(info.st_mode)) return SIM_FILE_FOLDER;
    if (!S_ISREG(info.st_mode)) return SIM_FILE_OTHER; /* INV-FILE-KIND-1 */
    FILE *file = fopen(path, "rb");
    if (!file) return SIM_FILE_ABSENT;
    enum sim_file_kind kind = kind_of(file);
    fclose(file);
    return kind;
}

const char *sim_file_kind_words(enum sim_file_kind kind) {
    static const char *const words[SIM_FILE_KIND_COUNT] = {
        [SIM_FILE_FOLDER] = "a folder",
        [SIM_FILE_EMPTY] = "an empty file",
        [SIM_FILE_DATABASE] = "a database",
        [SIM_FILE_PLAN] = "a plan",
        [SIM_FILE_RING] = "a flight recorder's file",
    };
    VK_ASSERT(kind < SIM_FILE_KIND_COUNT);
    return words[kind];
}

enum vk_err sim_file_must_be_database(const char *path) {
    enum sim_file_kind kind = sim_file_kind(path);
    const char *words = sim_file_kind_words(kind);
    if (kind == SIM_FILE_DATABASE || kind == SIM_FILE_EMPTY) return VK_OK; /* for SQLite to judge */
    if (kind == SIM_FILE_ABSENT) return VK_RAISE(VK_ERR_USAGE, "%s", strerror(errno));
    if (words) return VK_RAISE(VK_ERR_USAGE, "%s, where a swing-store database is wanted", words);
    return VK_RAISE(VK_ERR_USAGE, "no database: a swing-store's, swingstore.sqlite, is wanted");
}
