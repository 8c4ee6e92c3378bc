/* recording_files.h - the recordings that a command line names: files, and folders with files in
 * them.
 *
 * In a folder, and the folders in it, recordings are the files named *.jsonl, *.jsonl.xz,
 * *.jsonl.gz, *.jsonl.zst or *.jsonl.bz2, but for traces of simulated nodes (trace_log.h). A file
 * that is named itself is taken whatever it is called.
 *
 * INV-FILES-1  The order is that of the command line; within a folder it is that of folder_walk.h.
 */
#ifndef SIM_RECORDING_FILES_H
#define SIM_RECORDING_FILES_H

#include "array.h"

struct sim_recording_file {
    char *path;
    char *name; /* of the recording: the file's name without .jsonl and what follows it */
};

struct sim_recording_files {
    SIM_ARRAY(struct sim_recording_file);
};

/* Adds what `path` names. A folder that cannot be read, or holds no recording: VK_ERR_USAGE.
 * Whether a file is there is found out when it is read. */
enum vk_err sim_recording_files_add(struct sim_recording_files *files, const char *path)
    VK_MUST_CHECK;
/* Two recordings of the same name, or NULL. */
const char *sim_recording_files_twice(const struct sim_recording_files *files);
void sim_recording_files_free(struct sim_recording_files *files);

#endif
