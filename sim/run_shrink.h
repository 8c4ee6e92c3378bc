/* run_shrink.h - what `crankcase run --shrink` shrinks: of a campaign's failures the first of each signature, when no other
 * process of the campaign is at work; of plans, each that fails.
 */
#ifndef SIM_RUN_SHRINK_H
#define SIM_RUN_SHRINK_H

#include "array.h"
#include "reproducer.h"
#include "shrink_file.h"

enum { SIM_RUN_SHRINK_SECONDS_MAX = 60 };

struct sim_run_shrink_seed {
    uint64_t seed;
    char signature[SIM_SIGNATURE_SIZE];
    char reproduce[SIM_REPRODUCE_SEED_MAX];
};

struct sim_run_shrink {
    bool wanted;
    struct {
        SIM_ARRAY(struct sim_run_shrink_seed);
    } seeds;
    size_t done; /* of them */
};

void sim_run_shrink_release(struct sim_run_shrink *shrink);
/* A seed has failed, which `reproduce` runs: it is put off, unless one with its signature was before. */
void sim_run_shrink_put_off(struct sim_run_shrink *shrink, uint64_t seed, const char *reproduce,
                            const struct sim_failure *failure);
/* Shrinks the next one that was put off, into "seed-N-shrunk.plan" of the folder; false: there is none. `like` has all that is the
 * same for each. */
bool sim_run_shrink_next(struct sim_run_shrink *shrink, const char *folder,
                         const struct sim_generate_options *generate,
                         const struct sim_shrink_file *like);
/* Shrinks a plan into the file that sim_shrink_file_name says. */
void sim_run_shrink_plan(const char *path, const struct sim_plan *plan, struct vk_str text,
                         const struct sim_shrink_file *like);

#endif
