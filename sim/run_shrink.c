/* run_shrink.c - see run_shrink.h. */
#include "run_shrink.h"

#include "plan_notes.h"

#include <inttypes.h>
#include <stdio.h>

void sim_run_shrink_release(struct sim_run_shrink *shrink) {
    sim_array_free(shrink->seeds.at);
    *shrink = (struct sim_run_shrink){.wanted = false};
}

static bool was_seen(const struct sim_run_shrink *shrink, const char *signature) {
    for (size_t i = 0; i < shrink->seeds.count; i++)
        if (strcmp(shrink->seeds.at[i].signature, signature) == 0) return true;
    return false;
}

static enum vk_err put_off(struct sim_run_shrink *shrink, uint64_t seed, const char *reproduce,
                           const struct sim_failure *failure) {
    SIM_ARRAY_RESERVE(&shrink->seeds);
    struct sim_run_shrink_seed *one = &shrink->seeds.at[shrink->seeds.count++];
    one->seed = seed;
    snprintf(one->signature, sizeof one->signature, "%s", failure->signature);
    snprintf(one->reproduce, sizeof one->reproduce, "%s", reproduce);
    return VK_OK;
}

static void tell_error(const char *name) {
    fprintf(stderr, "crankcase run: %s is not shrunk: %s\n", name, vk_err_origin()->text);
}

void sim_run_shrink_put_off(struct sim_run_shrink *shrink, uint64_t seed, const char *reproduce,
                            const struct sim_failure *failure) {
    if (!shrink->wanted || was_seen(shrink, failure->signature)) return;
    if (put_off(shrink, seed, reproduce, failure) != VK_OK) tell_error(reproduce);
}

bool sim_run_shrink_next(struct sim_run_shrink *shrink, const char *folder,
                         const struct sim_generate_options *generate,
                         const struct sim_shrink_file *like) {
    if (shrink->done == shrink->seeds.count) return false;
    const struct sim_run_shrink_seed *one = &shrink->seeds.at[shrink->done++];
    struct sim_shrink_file file = *like;
    struct sim_plan plan;
    char name[40], path[1024];
    snprintf(name, sizeof name, "seed %" PRIu64, one->seed);
    snprintf(path, sizeof path, "%s/seed-%" PRIu64 "-shrunk.plan", folder, one->seed);
    file.name = name;
    file.origin = one->reproduce;
    file.out = path;
    file.overwrite = true; /* as the plan itself */
    if (sim_plan_generate(&plan, vk_heap_system(), one->seed, generate) != VK_OK) {
        tell_error(name);
        return true;
    }
    (void)sim_shrink_file(&file, &plan); /* has told what there is to tell */
    sim_plan_release(&plan);
    return true;
}

void sim_run_shrink_plan(const char *path, const struct sim_plan *plan, struct vk_str text,
                         const struct sim_shrink_file *like) {
    struct sim_shrink_file file = *like;
    char out[1100];
    if (!sim_shrink_file_name(path, out, sizeof out)) {
        fprintf(stderr, "crankcase run: %s is not shrunk: the name is too long\n", path);
        return;
    }
    file.name = path;
    file.out = out;
    file.notes = sim_notes_of(text);
    (void)sim_shrink_file(&file, plan); /* has told what there is to tell */
}
