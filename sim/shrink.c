/* shrink.c - see shrink.h. */
#include "shrink.h"

#include "campaign.h"
#include "jobs.h"
#include "shrink_memo.h"
#include "shrink_pass.h"
#include "shrink_trial.h"

/* Tries that are made ready together: what one finds, those after it were made ready for in vain. */
enum { BATCH = 16 };
/* A try may take longer than the plan did, but not for ever. */
enum { CRANKS_TIMES = 4, CRANKS_MORE = 1000 };

struct shrinker {
    const struct sim_shrink *shrink;
    struct sim_run_options run;
    struct sim_shrink_trials trials;
    struct sim_shrink_best best;
    char signature[SIM_SIGNATURE_SIZE];
    struct vk_arena text_arena; /* best.text */
    struct sim_shrink_lines lines;
    struct sim_shrink_memo memo;
    struct vk_arena arena; /* the batch */
    struct sim_shrink_trial batch[BATCH];
    struct sim_shrink_cursor cursors[BATCH];
    struct sim_shrink_hash hashes[BATCH];
    size_t batch_count;
    bool was_stopped, has_changed;
};

static bool is_over(void *impl) {
    struct shrinker *shrinker = impl;
    const struct sim_shrink *shrink = shrinker->shrink;
    if (shrink->is_over && shrink->is_over(shrink->impl)) shrinker->was_stopped = true;
    return shrinker->was_stopped;
}

/* ---- the best */

static enum vk_err take_text(struct shrinker *shrinker, struct vk_str text) {
    vk_arena_clear(&shrinker->text_arena);
    VK_TRY(vk_arena_copy(&shrinker->text_arena, text, &shrinker->best.text));
    VK_TRY(sim_shrink_lines_take(&shrinker->lines, shrinker->best.text));
    shrinker->best.lines = shrinker->lines.count;
    if (!shrinker->best.lines_before) shrinker->best.lines_before = shrinker->lines.count;
    return VK_OK;
}

static enum vk_err take(struct shrinker *shrinker, const struct sim_shrink_trial *trial) {
    VK_ASSERT(strcmp(trial->failure.signature, shrinker->signature) == 0); /* INV-SHRINK-2 */
    shrinker->has_changed = true;
    shrinker->best.failure = trial->failure;
    VK_TRY(take_text(shrinker, trial->text));
    return shrinker->shrink->found(shrinker->shrink->impl, &shrinker->best);
}

/* ---- tries */

static bool is_in_batch(const struct shrinker *shrinker, struct sim_shrink_hash hash) {
    for (size_t i = 0; i < shrinker->batch_count; i++)
        if (shrinker->hashes[i].low == hash.low && shrinker->hashes[i].high == hash.high)
            return true;
    return false;
}

/* The text as the writer of plans has it; *is_plan false: the reader takes it for none. */
static enum vk_err canonical(struct shrinker *shrinker, struct vk_str text, struct vk_str *out,
                             bool *is_plan) {
    struct sim_plan plan;
    struct sim_plan_error error;
    enum vk_err err = sim_plan_read(&plan, vk_heap_system(), text, &error);
    *is_plan = err != VK_ERR_SYNTAX;
    if (!*is_plan) return VK_OK;
    VK_TRY(err);
    err = sim_plan_write(&plan, &shrinker->arena, out);
    sim_plan_release(&plan);
    return err;
}

static enum vk_err add_try(struct shrinker *shrinker, const struct sim_shrink_pass *pass,
                           const struct sim_shrink_cursor *cursor) {
    struct vk_str text;
    bool made, is_plan;
    VK_TRY(sim_shrink_make(pass, &shrinker->lines, cursor, &shrinker->arena, &text, &made));
    if (!made) return VK_OK;
    VK_TRY(canonical(shrinker, text, &text, &is_plan));
    if (!is_plan) {
        shrinker->best.refused++;
        return VK_OK;
    }
    struct sim_shrink_hash hash = sim_shrink_hash(text);
    if (vk_str_eq(text, shrinker->best.text) || is_in_batch(shrinker, hash) ||
        sim_shrink_memo_has(&shrinker->memo, hash)) {
        shrinker->best.known++;
        return VK_OK;
    }
    size_t i = shrinker->batch_count++;
    shrinker->batch[i] = (struct sim_shrink_trial){.text = text};
    shrinker->cursors[i] = *cursor;
    shrinker->hashes[i] = hash;
    return VK_OK;
}

/* Up to a batch of them; *more false: those were the pass's last. */
static enum vk_err collect(struct shrinker *shrinker, const struct sim_shrink_pass *pass,
                           struct sim_shrink_cursor *cursor, bool *more) {
    vk_arena_clear(&shrinker->arena);
    shrinker->batch_count = 0;
    while (*more && shrinker->batch_count < BATCH && !is_over(shrinker)) {
        VK_TRY(add_try(shrinker, pass, cursor));
        *more = sim_shrink_next(pass, &shrinker->lines, cursor);
    }
    return VK_OK;
}

/* Those before the one that was found were in vain. */
static enum vk_err run_batch(struct shrinker *shrinker, size_t *found) {
    size_t count = shrinker->batch_count;
    VK_TRY(sim_shrink_trials_run(&shrinker->trials, shrinker->batch, count, found));
    for (size_t i = 0; i < count && i < *found && shrinker->batch[i].was_run; i++) {
        VK_TRY(sim_shrink_memo_add(&shrinker->memo, shrinker->hashes[i]));
        shrinker->best.runs++;
    }
    shrinker->best.runs += *found < count;
    if (shrinker->shrink->progress)
        shrinker->shrink->progress(shrinker->shrink->impl, &shrinker->best);
    return VK_OK;
}

static enum vk_err run_pass(struct shrinker *shrinker, const struct sim_shrink_pass *pass) {
    struct sim_shrink_cursor cursor;
    bool more = sim_shrink_begin(pass, &shrinker->lines, &cursor);
    size_t found;
    shrinker->best.pass = pass->name;
    while (more && !is_over(shrinker)) {
        VK_TRY(collect(shrinker, pass, &cursor, &more));
        VK_TRY(run_batch(shrinker, &found));
        if (found == shrinker->batch_count) continue;
        cursor = shrinker->cursors[found];
        VK_TRY(take(shrinker, &shrinker->batch[found]));
        more = sim_shrink_next_after(pass, &shrinker->lines, &cursor);
    }
    return VK_OK;
}

static enum vk_err run_rounds(struct shrinker *shrinker) {
    do {
        shrinker->has_changed = false;
        shrinker->best.rounds++;
        for (size_t i = 0; i < SIM_SHRINK_PASSES && !is_over(shrinker); i++)
            VK_TRY(run_pass(shrinker, &sim_shrink_passes[i]));
    } while (shrinker->has_changed && !shrinker->was_stopped);
    shrinker->best.is_minimal = !shrinker->was_stopped; /* INV-SHRINK-3, by INV-SHRINK-PASS-2 */
    return VK_OK;
}

/* ---- the plan as it comes */

static enum vk_err begin(struct shrinker *shrinker, const struct sim_plan *plan, bool *fails) {
    struct sim_plan without = *plan;
    struct sim_shrink_trial *trial = &shrinker->batch[0];
    size_t found;
    *trial = (struct sim_shrink_trial){0};
    without.expect = (struct sim_plan_expect){.outcome = SIM_EXPECT_OK};
    VK_TRY(sim_plan_write(&without, &shrinker->arena, &trial->text));
    VK_TRY(sim_shrink_trials_run(&shrinker->trials, trial, 1, &found));
    shrinker->best.runs++;
    *fails = found == 0;
    if (!*fails) return VK_OK;
    memcpy(shrinker->signature, trial->failure.signature, sizeof shrinker->signature);
    shrinker->trials.signature = shrinker->signature;
    shrinker->trials.is_over = is_over; /* that it fails is known before anything is over */
    if (trial->cranks) shrinker->trials.cranks_max = trial->cranks * CRANKS_TIMES + CRANKS_MORE;
    if (trial->failure.oracle != SIM_ORACLE_TWICE) shrinker->run.off[SIM_ORACLE_TWICE] = true;
    VK_TRY(take(shrinker, trial));
    return run_rounds(shrinker);
}

enum vk_err sim_shrink_plan(const struct sim_shrink *shrink, const struct sim_plan *plan,
                            struct vk_arena *arena, struct sim_shrink_result *result) {
    struct shrinker shrinker = {.shrink = shrink, .run = shrink->run};
    VK_ASSERT(shrink->at_once >= 1 && shrink->at_once <= SIM_JOBS_AT_ONCE_MAX);
    shrinker.trials = (struct sim_shrink_trials){
        .options = &shrinker.run, .at_once = shrink->at_once, .impl = &shrinker};
    vk_arena_init(&shrinker.text_arena, vk_heap_system());
    vk_arena_init(&shrinker.arena, vk_heap_system());
    sim_campaign_keep_memory();
    enum vk_err err = begin(&shrinker, plan, &result->fails);
    result->best = shrinker.best;
    if (err == VK_OK && result->fails)
        err = vk_arena_copy(arena, shrinker.best.text, &result->best.text);
    sim_shrink_lines_release(&shrinker.lines);
    sim_shrink_memo_release(&shrinker.memo);
    vk_arena_release(&shrinker.text_arena);
    vk_arena_release(&shrinker.arena);
    return err;
}
