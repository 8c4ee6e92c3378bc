/* file_kind.h - what a file is, by how it begins, for whoever is given one and wanted another.
 *
 * INV-FILE-KIND-1  Nothing but a regular file is opened: of a pipe no end would come.
 */
#ifndef SIM_FILE_KIND_H
#define SIM_FILE_KIND_H

#include "vk/err.h"

enum sim_file_kind {
    SIM_FILE_ABSENT, /* or nobody may look at it */
    SIM_FILE_FOLDER,
    SIM_FILE_EMPTY,
    SIM_FILE_DATABASE, /* SQLite's */
    SIM_FILE_PLAN,
    SIM_FILE_RING, /* a flight recorder's */
    SIM_FILE_OTHER,
    SIM_FILE_KIND_COUNT
};

enum sim_file_kind sim_file_kind(const char *path);
/* "a plan"; NULL: nothing can be said (ABSENT, OTHER). */
const char *sim_file_kind_words(enum sim_file_kind kind);

/* VK_ERR_USAGE, saying what it is, if it cannot be a database: for one line with the path before it. */
enum vk_err sim_file_must_be_database(const char *path) VK_MUST_CHECK;

#endif
