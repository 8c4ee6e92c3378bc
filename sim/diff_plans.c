/* diff_plans.c - see diff_plans.h. */
#include "diff_plans.h"

#include "kept_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum vk_err sim_traced_run(struct sim_traced_run *run, const struct sim_plan *plan,
                           const struct vk_module *module) {
    struct sim_run_options options = {.module = module};
    *run = (struct sim_traced_run){.replicas = (uint32_t)plan->replica_count};
    VK_TRY(sim_scratch_folder_make(run->folder));
    for (int i = 0; i < SIM_ORACLE_COUNT; i++)
        options.off[i] = i != SIM_ORACLE_REPLICAS;
    options.keep = run->folder;
    enum vk_err err = sim_run(plan, &options, &run->result);
    if (err != VK_OK) {
        sim_traced_run_release(run);
        return err;
    }
    run->fails = run->result.failed;
    run->failure = run->result.failure;
    return VK_OK;
}

enum vk_err sim_traced_check(struct sim_traced_run *run, const struct sim_plan *plan,
                             const struct vk_module *module) {
    const struct sim_run_options options = {.module = module};
    struct sim_run_result result;
    if (run->fails) return VK_OK;
    VK_TRY(sim_run(plan, &options, &result));
    run->fails = result.failed;
    run->failure = result.failure;
    return VK_OK;
}

enum vk_err sim_traced_note(const struct sim_traced_run *run, const char *whose,
                            struct sim_divergence *divergence) {
    const char *what = run->failure.what; /* its first line; the keys are told of elsewhere */
    if (!run->fails) return VK_OK;
    return sim_divergence_note(divergence, "the run%s fails: replica %" PRIu32 ": %.*s", whose,
                               run->failure.replica, (int)strcspn(what, "\n"), what);
}

void sim_traced_path(const struct sim_traced_run *run, uint32_t replica,
                     char path[SIM_TRACED_PATH]) {
    int n = snprintf(path, SIM_TRACED_PATH, "%.*s/replica-%" PRIu32, SIM_TRACED_PATH - 64,
                     run->folder, replica);
    VK_ASSERT(n > 0 && n < SIM_TRACED_PATH); /* it was made with room left */
}

void sim_traced_run_release(struct sim_traced_run *run) {
    static const char *const files[] = {SIM_KEPT_SLOG, SIM_KEPT_TRACE, SIM_KEPT_DATABASE};
    if (!run->folder[0]) return;
    for (uint32_t i = 0; i < run->replicas; i++) {
        char path[SIM_TRACED_PATH], file[SIM_TRACED_PATH + 32];
        sim_traced_path(run, i, path);
        for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
            snprintf(file, sizeof file, "%s/%s", path, files[f]);
            unlink(file);
        }
        rmdir(path);
    }
    rmdir(run->folder);
    run->folder[0] = '\0';
}

uint32_t sim_traced_replica(const struct sim_traced_run *run) {
    return run->result.failed ? run->result.failure.replica : 0;
}

static enum vk_err name_sides(struct sim_divergence *divergence, const char *name, uint32_t a,
                              uint32_t b) {
    const uint32_t replicas[2] = {a, b};
    for (int i = 0; i < 2; i++)
        VK_TRY(vk_arena_format(&divergence->arena, &divergence->sides[i].name,
                               "replica %" PRIu32 " of %s", replicas[i], name));
    return VK_OK;
}

static enum vk_err compare(const struct sim_traced_run *run, const char *name,
                           const struct sim_diff_logs *logs, uint32_t a, uint32_t b,
                           struct sim_divergence *divergence, int *side,
                           struct sim_input_error *error) {
    char path[2][SIM_TRACED_PATH], label[2][128];
    struct sim_diff_logs pair = *logs;
    const uint32_t replicas[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        sim_traced_path(run, replicas[i], path[i]);
        snprintf(label[i], sizeof label[i], "replica %" PRIu32, replicas[i]);
        pair.path[i] = path[i];
        pair.label[i] = label[i];
    }
    VK_TRY(sim_diff_logs(&pair, divergence, side, error));
    return name_sides(divergence, name, a, b);
}

enum vk_err sim_diff_replicas(const struct sim_traced_run *run, const char *name,
                              const struct sim_diff_logs *logs, struct sim_divergence *divergence,
                              int *side, struct sim_input_error *error) {
    uint32_t one = sim_traced_replica(run);
    for (uint32_t other = 0; other < run->replicas; other++) {
        if (other == one) continue;
        sim_divergence_release(divergence);
        sim_divergence_init(divergence);
        /* The one that failed is told of second: it is the one in question. */
        bool failed = run->result.failed;
        VK_TRY(compare(run, name, logs, failed ? other : one, failed ? one : other, divergence,
                       side, error));
        if (sim_divergence_differs(divergence->kind)) break;
    }
    if (run->result.failed && !sim_divergence_differs(divergence->kind))
        divergence->kind = SIM_DIVERGENCE_ENDS;
    return sim_traced_note(run, "", divergence);
}
