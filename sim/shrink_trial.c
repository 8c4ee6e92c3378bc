/* shrink_trial.c - see shrink_trial.h. */
#include "shrink_trial.h"

#include "jobs.h"

/* No plan worth a shrink needs as much; one that never ends takes no more. */
enum { CPU_SECONDS_MAX = 120 };

/* What a trial's process tells. */
struct told {
    enum vk_err err; /* the testbed's */
    char error[256];
    enum sim_expect outcome;
    struct sim_failure failure;
    uint64_t cranks;
};

struct running {
    const struct sim_shrink_trials *trials;
    struct sim_shrink_trial *at;
    size_t count, found;
    enum vk_err err;
};

static enum vk_err run_text(const struct sim_shrink_trials *trials, struct vk_str text,
                            struct told *told) {
    struct sim_run_options options = *trials->options;
    struct sim_run_result result;
    struct sim_plan plan;
    struct sim_plan_error error;
    options.halt_after = trials->cranks_max;
    VK_TRY(sim_plan_read(&plan, vk_heap_system(), text, &error));
    enum vk_err err = sim_run(&plan, &options, &result);
    sim_plan_release(&plan);
    if (err != VK_OK) return err;
    told->outcome = sim_run_outcome(&result);
    told->failure = result.failure;
    told->cranks = result.cranks;
    return VK_OK;
}

static void run_trial(void *impl, size_t i, FILE *out) {
    const struct running *running = impl;
    struct told told = {.err = VK_OK};
    told.err = run_text(running->trials, running->at[i].text, &told);
    if (told.err != VK_OK) snprintf(told.error, sizeof told.error, "%s", vk_err_origin()->text);
    fwrite(&told, sizeof told, 1, out);
}

static bool is_looked_for(const struct sim_shrink_trials *trials,
                          const struct sim_shrink_trial *trial) {
    if (trial->outcome != SIM_EXPECT_FAILURE) return false;
    if (trials->cranks_max && trial->cranks >= trials->cranks_max) return false;
    return !trials->signature || strcmp(trials->signature, trial->failure.signature) == 0;
}

static void trial_finished(void *impl, size_t i, FILE *in, const char *died) {
    struct running *running = impl;
    struct sim_shrink_trial *trial = &running->at[i];
    struct told told;
    bool is_told = fread(&told, sizeof told, 1, in) == 1;
    trial->was_run = true;
    if (died) {
        /* Also of one that is found to have leaked when its run was over. */
        trial->outcome = SIM_EXPECT_FAILURE;
        sim_failure_set_crash(&trial->failure, died);
    } else if (is_told && told.err == VK_OK) {
        trial->outcome = told.outcome;
        trial->failure = told.failure;
        trial->cranks = told.cranks;
    } else if (running->err == VK_OK) {
        running->err = VK_RAISE(is_told ? told.err : VK_ERR_DISK, "a plan cannot be run: %.200s",
                                is_told ? told.error : "nothing was told of it");
    }
    if (running->found == running->count && is_looked_for(running->trials, trial))
        running->found = i;
}

static bool is_enough(void *impl) {
    const struct running *running = impl;
    const struct sim_shrink_trials *trials = running->trials;
    return running->found < running->count || running->err != VK_OK ||
           (trials->is_over && trials->is_over(trials->impl));
}

enum vk_err sim_shrink_trials_run(const struct sim_shrink_trials *trials,
                                  struct sim_shrink_trial *at, size_t count, size_t *found) {
    struct running running = {.trials = trials, .at = at, .count = count, .found = count};
    const struct sim_jobs jobs = {.count = count,
                                  .at_once = trials->at_once,
                                  .isolated = true,
                                  .silent = true, /* what an assertion says is of interest once */
                                  .cpu_seconds_max = CPU_SECONDS_MAX,
                                  .impl = &running,
                                  .run = run_trial,
                                  .finished = trial_finished,
                                  .is_enough = is_enough};
    VK_TRY(sim_jobs_run(&jobs));
    *found = running.found;
    VK_ASSERT(*found == count || at[*found].was_run); /* INV-SHRINK-TRIAL-1 */
    return running.err;
}
