/* reproducer.c - see reproducer.h. */
#include "reproducer.h"

#include "plan_notes.h"
#include "text_file.h"

#include <inttypes.h>
#include <stdio.h>

/* A command that is being written; what it has room for is in reproducer.h. */
struct line {
    char *text;
    size_t size;
};

static void add(const struct line *line, const char *word) {
    report_shell_word(line->text, line->size, word);
}

static void add_value(const struct line *line, const char *option, const char *value) {
    if (!value) return;
    add(line, option);
    add(line, value);
}

static void add_number(const struct line *line, const char *option, uint64_t value) {
    char text[24];
    if (!value) return;
    snprintf(text, sizeof text, "%" PRIu64, value);
    add_value(line, option, text);
}

static void add_off(const struct line *line, const bool off[SIM_ORACLE_COUNT]) {
    char list[600] = "";
    size_t n = 0;
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        if (!off[i]) continue;
        int length = snprintf(list + n, sizeof list - n, "%s%s", n ? "," : "",
                              sim_oracle_word((enum sim_oracle)i));
        n += (size_t)length;
        VK_ASSERT(length > 0 && n < sizeof list); /* INV-REPRODUCER-1 */
    }
    add_value(line, "--off", n ? list : NULL);
}

static void add_run(const struct line *line, const struct sim_run_options *run) {
    add_off(line, run->off);
    add_number(line, "--check-every", run->check_every);
    if (run->no_activity_hash) add(line, "--no-activityhash");
    add_value(line, "--keep", run->keep); /* moves faults of memory */
    if (run->directed_from_start) add(line, "--directives-at-start");
    add_number(line, "--halt-after", run->halt_after);
}

static void add_directives(const struct line *line, const struct sim_run_directives *given) {
    char value[SIM_REPRODUCE_PATH_MAX + 4];
    bool is_one = true; /* for all replicas */
    for (int i = 0; i < SIM_REPLICAS_MAX; i++)
        is_one = is_one && given->files[i].path == given->files[0].path;
    if (is_one) add_value(line, "--directives", given->files[0].path);
    for (int i = 0; i < SIM_REPLICAS_MAX && !is_one; i++) {
        if (!given->files[i].path) continue;
        snprintf(value, sizeof value, "%d=%s", i, given->files[i].path);
        add_value(line, "--directives", value);
    }
}

static void begin(const struct sim_reproducer *reproducer, const struct line *line) {
    line->text[0] = '\0';
    add(line, "crankcase");
    add(line, "run");
    add_value(line, "--kernel", reproducer->kernel);
    if (reproducer->run) add_run(line, reproducer->run);
    if (reproducer->directives) add_directives(line, reproducer->directives);
}

void sim_reproduce_plan(const struct sim_reproducer *reproducer, const char *path,
                        char text[SIM_REPRODUCE_MAX]) {
    const struct line line = {text, SIM_REPRODUCE_MAX};
    begin(reproducer, &line);
    report_shell_path(text, SIM_REPRODUCE_MAX, path);
}

void sim_reproduce_seed(const struct sim_reproducer *reproducer, uint64_t seed,
                        char text[SIM_REPRODUCE_SEED_MAX]) {
    const struct line line = {text, SIM_REPRODUCE_SEED_MAX};
    const struct sim_generate_options *generate = reproducer->generate;
    char number[24];
    begin(reproducer, &line);
    snprintf(number, sizeof number, "%" PRIu64, seed);
    add_value(&line, "--seed", number);
    add_value(&line, "--faults", reproducer->faults);
    add_number(&line, "--replicas", generate->replicas);
    add_number(&line, "--scale", generate->scale);
    if (generate->clock) add(&line, "--clock");
    if (generate->states) add(&line, "--states");
    if (generate->everything) add(&line, "--everything");
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
    char reproduce[SIM_REPRODUCE_SEED_MAX];
    sim_reproduce_seed(reproducer, seed, reproduce);
    VK_TRY(sim_plan_generate(&plan, vk_heap_system(), seed, reproducer->generate));
    enum vk_err err = with_notes(&plan, reproduce, failure, &text);
    if (err == VK_OK) err = sim_text_file_write(path, text);
    sim_plan_release(&plan);
    return err;
}
