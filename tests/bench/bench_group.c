/* bench_group.c - see bench_group.h. */
#include "bench_group.h"

#include <stdio.h>

bool bench_group_find(struct bench_group *group, const char *path) {
    *group = (struct bench_group){.path = path};
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    snprintf(group->name, sizeof group->name, "%.*s", (int)(end - begin), path + begin);
    if (sim_recording_files_add(&group->files, path) == VK_OK) return true;
    fprintf(stderr, "bench: %s\n", vk_err_origin()->text);
    sim_recording_files_free(&group->files);
    return false;
}

void bench_group_release(struct bench_group *group) { sim_recording_files_free(&group->files); }

static enum vk_err read_one(struct bench_recordings *recordings,
                            const struct sim_recording_file *file, struct sim_input_error *error) {
    SIM_ARRAY_RESERVE(recordings);
    struct bench_recording *fresh = &recordings->at[recordings->count];
    VK_TRY(sim_recording_read(file->path, &fresh->recording, error));
    fresh->name = file->name;
    recordings->count++;
    return VK_OK;
}

bool bench_recordings_read(struct bench_recordings *recordings, const struct bench_group *group) {
    *recordings = (struct bench_recordings){0};
    for (size_t i = 0; i < group->files.count; i++) {
        struct sim_input_error error = {0};
        if (read_one(recordings, &group->files.at[i], &error) == VK_OK) continue;
        fprintf(stderr, "bench: %s: %s\n", group->files.at[i].path, error.what);
        bench_recordings_free(recordings);
        return false;
    }
    return true;
}

void bench_recordings_free(struct bench_recordings *recordings) {
    for (size_t i = 0; i < recordings->count; i++)
        sim_recording_free(recordings->at[i].recording);
    sim_array_free(recordings->at);
    *recordings = (struct bench_recordings){0};
}

bool bench_run(struct sim_replay *replay, const char *name, struct sim_replay_result *result) {
    if (!replay) {
        fprintf(stderr, "bench: %s: out of memory\n", name);
        return false;
    }
    sim_replay_run(replay, result);
    if (result->outcome == SIM_MET) return true;
    fprintf(stderr, "bench: %s is not met, and cannot be measured: see crankcase replay\n", name);
    return false;
}
