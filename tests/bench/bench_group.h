/* bench_group.h - the recordings that are measured: a folder each is a group. */
#ifndef BENCH_GROUP_H
#define BENCH_GROUP_H

#include "sim/recording_files.h"
#include "sim/replay_run.h"

/* What is measured, as the command line says. */
struct bench_options {
    bool json;
    unsigned repeats;
    size_t keys_max; /* of the states whose cranks are timed */
};

struct bench_group {
    const char *path;
    char name[64]; /* the folder's own */
    struct sim_recording_files files;
};

struct bench_recording {
    struct sim_recording *recording;
    const char *name;
};

struct bench_recordings {
    SIM_ARRAY(struct bench_recording);
};

/* Finds the recordings of a folder. False, with the reason on stderr, if there are none. */
bool bench_group_find(struct bench_group *group, const char *path);
void bench_group_release(struct bench_group *group);

/* Reads all of them. False, with the reason on stderr. */
bool bench_recordings_read(struct bench_recordings *recordings, const struct bench_group *group);
void bench_recordings_free(struct bench_recordings *recordings);

/* Runs one that is prepared. False, with the reason on stderr, if the recording was not met. */
bool bench_run(struct sim_replay *replay, const char *name, struct sim_replay_result *result);

#endif
