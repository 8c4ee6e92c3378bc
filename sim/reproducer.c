/* reproducer.c - see reproducer.h. */
#include "reproducer.h"

#include "plan_notes.h"
#include "text_file.h"

#include <inttypes.h>
#include <stdio.h>

void sim_reproduce_options(const struct sim_reproducer *reproducer,
                           char text[SIM_REPRODUCE_OPTIONS_MAX]) {
    const struct sim_generate_options *generate = reproducer->generate;
    const char *faults = reproducer->faults;
    char replicas[32] = "", scale[32] = "";
    if (generate->replicas)
        snprintf(replicas, sizeof replicas, " --replicas %" PRIu32, generate->replicas);
    if (generate->scale) snprintf(scale, sizeof scale, " --scale %" PRIu32, generate->scale);
    int n =
        snprintf(text, SIM_REPRODUCE_OPTIONS_MAX, "%s%s%s%s%s%s%s", faults ? " --faults " : "",
                 faults ? faults : "", replicas, scale, generate->clock ? " --clock" : "",
                 generate->states ? " --states" : "", generate->everything ? " --everything" : "");
    VK_ASSERT(n >= 0 && n < SIM_REPRODUCE_OPTIONS_MAX); /* INV-REPRODUCER-1 */
}

void sim_reproduce_plan(const struct sim_reproducer *reproducer, const char *path,
                        char text[SIM_REPRODUCE_MAX]) {
    const char *kernel = reproducer->kernel;
    int n = snprintf(text, SIM_REPRODUCE_MAX, "crankcase run%s%s %s", kernel ? " --kernel " : "",
                     kernel ? kernel : "", path);
    VK_ASSERT(n >= 0 && n < SIM_REPRODUCE_MAX); /* INV-REPRODUCER-1 */
}

void sim_reproduce_seed(const struct sim_reproducer *reproducer, uint64_t seed,
                        char text[SIM_REPRODUCE_MAX]) {
    char options[SIM_REPRODUCE_OPTIONS_MAX], words[SIM_REPRODUCE_OPTIONS_MAX + 40];
    sim_reproduce_options(reproducer, options);
    snprintf(words, sizeof words, "--seed %" PRIu64 "%s", seed, options);
    sim_reproduce_plan(reproducer, words, text);
}

/* The plan and, in front of it, where it comes from. */
static enum vk_err with_notes(struct sim_plan *plan, const char *reproduce,
                              const struct sim_failure *failure, struct vk_str *text) {
    struct vk_buf buf;
    struct vk_str plan_text;
    struct vk_str says[SIM_NOTE_COUNT] = {
        [SIM_NOTE_FAILED] = vk_str(failure->signature),
        [SIM_NOTE_SEEN] = vk_str(failure->what),
    };
    VK_TRY(vk_arena_format(&plan->arena, &says[SIM_NOTE_ORIGIN], "%s (crankcase %s)", reproduce,
                           CRANKCASE_VERSION));
    VK_TRY(sim_plan_write(plan, &plan->arena, &plan_text));
    vk_buf_init(&buf, &plan->arena);
    sim_notes_add(&buf, VK_STR(""), says);
    vk_buf_add(&buf, plan_text);
    return vk_buf_finish(&buf, text);
}

enum vk_err sim_reproducer_write(const struct sim_reproducer *reproducer, uint64_t seed,
                                 const struct sim_failure *failure, const char *path) {
    struct sim_plan plan;
    struct vk_str text;
    char reproduce[SIM_REPRODUCE_MAX];
    sim_reproduce_seed(reproducer, seed, reproduce);
    VK_TRY(sim_plan_generate(&plan, vk_heap_system(), seed, reproducer->generate));
    enum vk_err err = with_notes(&plan, reproduce, failure, &text);
    if (err == VK_OK) err = sim_text_file_write(path, text);
    sim_plan_release(&plan);
    return err;
}
