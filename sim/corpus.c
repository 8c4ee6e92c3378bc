/* corpus.c - see corpus.h. */
#include "corpus.h"

#include "folder_walk.h"
#include "interrupt.h"
#include "jobs.h"
#include "reports/stopwatch.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is there */

static bool is_plan_name(const char *name) {
    static const char ending[] = ".plan";
    size_t n = strlen(name), e = sizeof ending - 1;
    return n > e && strcmp(name + n - e, ending) == 0;
}

static enum vk_err add_found(void *impl, const char *path, const char *within) {
    struct sim_corpus *corpus = impl;
    bool is_text = vk_str_starts(vk_str(within), VK_STR("fuzz/plan_fuzz/"));
    if (!is_text && !is_plan_name(within)) return VK_OK;
    SIM_ARRAY_RESERVE(corpus);
    struct sim_corpus_file file = {.path = strdup(path), .is_read_only = is_text};
    if (!file.path) return VK_RAISE(VK_ERR_NOMEM, "%s", path);
    corpus->at[corpus->count++] = file;
    return VK_OK;
}

static enum vk_err find_recordings(struct sim_corpus *corpus, const char *folder) {
    size_t n = strlen(folder), size = n + sizeof "/recordings";
    while (n > 1 && folder[n - 1] == '/')
        n--;
    corpus->recordings = malloc(size);
    if (!corpus->recordings) return VK_RAISE(VK_ERR_NOMEM, "%s", folder);
    snprintf(corpus->recordings, size, "%.*s/recordings", (int)n, folder);
    if (sim_is_folder(corpus->recordings)) return VK_OK;
    free(corpus->recordings);
    corpus->recordings = NULL;
    return VK_OK;
}

enum vk_err sim_corpus_list(struct sim_corpus *corpus, const char *folder) {
    const struct sim_folder_walk walk = {.impl = corpus, .file = add_found};
    *corpus = (struct sim_corpus){.recordings = NULL};
    if (!sim_is_folder(folder)) return VK_RAISE(VK_ERR_USAGE, "%s: no such folder", folder);
    VK_TRY(sim_folder_walk(folder, &walk)); /* INV-CORPUS-2 */
    VK_TRY(find_recordings(corpus, folder));
    if (corpus->count > 0 || corpus->recordings) return VK_OK;
    return VK_RAISE(VK_ERR_USAGE, "%s: no plans and no recordings in this folder", folder);
}

void sim_corpus_release(struct sim_corpus *corpus) {
    for (size_t i = 0; i < corpus->count; i++)
        free(corpus->at[i].path);
    sim_array_free(corpus->at);
    free(corpus->recordings);
    *corpus = (struct sim_corpus){.recordings = NULL};
}

const char *sim_corpus_verdict_word(enum sim_corpus_verdict verdict) {
    static const char *const words[SIM_CORPUS_VERDICT_COUNT] = {
        [SIM_CORPUS_MET] = "met",
        [SIM_CORPUS_NOT_MET] = "not met",
        [SIM_CORPUS_BAD_PLAN] = "bad plan",
        [SIM_CORPUS_FAILED] = "failed",
    };
    VK_ASSERT(verdict < SIM_CORPUS_VERDICT_COUNT); /* INV-CORPUS-1 */
    return words[verdict];
}

/* ---- in a plan's process */

static void judge(struct sim_corpus_result *result) {
    bool is_met = result->outcome == result->expected;
    if (is_met && result->outcome == SIM_EXPECT_FAILURE)
        is_met = strcmp(result->failure.signature, result->expected_signature) == 0;
    result->verdict = is_met ? SIM_CORPUS_MET : SIM_CORPUS_NOT_MET; /* INV-CORPUS-1 */
}

static enum vk_err run_plan(const struct sim_plan *plan, const struct sim_run_options *options,
                            struct sim_corpus_result *result) {
    struct sim_run_result run;
    VK_TRY(sim_run(plan, options, &run));
    result->cranks = run.cranks;
    result->failure = run.failure;
    result->outcome = sim_run_outcome(&run);
    judge(result);
    return VK_OK;
}

/* What is written of a plan reads as the same plan (INV-PLAN-3). */
static enum vk_err read_again(const struct sim_plan *plan, struct vk_arena *arena,
                              struct sim_corpus_result *result) {
    struct sim_plan again;
    struct sim_plan_error error;
    struct vk_str first, second;
    VK_TRY(sim_plan_write(plan, arena, &first));
    enum vk_err err = sim_plan_read(&again, vk_heap_system(), first, &error);
    if (err == VK_OK) {
        err = sim_plan_write(&again, arena, &second);
        sim_plan_release(&again);
    }
    bool is_same = err == VK_OK && vk_str_eq(first, second);
    result->verdict = is_same ? SIM_CORPUS_MET : SIM_CORPUS_NOT_MET;
    if (!is_same) snprintf(result->error, sizeof result->error, "written, it is another plan");
    return err == VK_ERR_SYNTAX ? VK_OK : err;
}

static void take_expectation(const struct sim_plan *plan, struct sim_corpus_result *result) {
    struct vk_str signature = plan->expect.signature;
    result->expected = plan->expect.outcome;
    snprintf(result->expected_signature, sizeof result->expected_signature, "%.*s",
             VK_STR_ARG(signature));
}

/* What is expected is told before the run, which may be the end of the process. */
static enum vk_err replay_text(const struct sim_corpus_run *run, const struct sim_corpus_file *file,
                               struct vk_arena *arena, struct vk_str text,
                               struct sim_corpus_result *result, FILE *out) {
    struct sim_plan plan;
    struct sim_plan_error error;
    enum vk_err err = sim_plan_read(&plan, vk_heap_system(), text, &error);
    if (err == VK_ERR_SYNTAX) {
        result->verdict = file->is_read_only ? SIM_CORPUS_MET : SIM_CORPUS_BAD_PLAN;
        snprintf(result->error, sizeof result->error, "%zu:%zu: %s", error.line, error.column,
                 error.what);
        return VK_OK;
    }
    VK_TRY(err);
    take_expectation(&plan, result);
    fwrite(result, sizeof *result, 1, out);
    fflush(out);
    err =
        file->is_read_only ? read_again(&plan, arena, result) : run_plan(&plan, &run->run, result);
    sim_plan_release(&plan);
    return err;
}

static void run_job(void *impl, size_t i, FILE *out) {
    const struct sim_corpus_run *run = impl;
    const struct sim_corpus_file *file = &run->corpus->at[i];
    struct sim_corpus_result result = {.verdict = SIM_CORPUS_FAILED};
    struct report_stopwatch watch;
    struct vk_arena arena;
    struct vk_str text;
    report_stopwatch_start(&watch);
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_text_file_read(file->path, &arena, &text);
    if (err == VK_OK) err = replay_text(run, file, &arena, text, &result, out);
    if (err != VK_OK) {
        result.verdict = SIM_CORPUS_FAILED;
        snprintf(result.error, sizeof result.error, "%s", vk_err_origin()->text);
    }
    vk_arena_release(&arena);
    result.seconds = report_stopwatch_seconds(&watch);
    fwrite(&result, sizeof result, 1, out);
}

/* ---- in the parent */

static void job_finished(void *impl, size_t i, FILE *in, const char *died) {
    const struct sim_corpus_run *run = impl;
    struct sim_corpus_result result = {.verdict = SIM_CORPUS_FAILED}, next;
    bool is_told = false;
    while (fread(&next, sizeof next, 1, in) == 1) {
        result = next;
        is_told = true;
    }
    if (died && is_told) {
        result.outcome = SIM_EXPECT_FAILURE;
        sim_failure_set_crash(&result.failure, died);
        judge(&result);
    } else if (!is_told) {
        snprintf(result.error, sizeof result.error, "%s", died ? died : "nothing was told of it");
    }
    run->replayed(run->impl, i, &result);
}

enum vk_err sim_corpus_replay(const struct sim_corpus_run *run) {
    struct sim_corpus_run copy = *run;
    const struct sim_jobs jobs = {.count = run->corpus->count,
                                  .at_once = run->at_once,
                                  .isolated = true,
                                  .impl = &copy,
                                  .run = run_job,
                                  .finished = job_finished,
                                  .is_enough = sim_interrupt_is_enough};
    return sim_jobs_run(&jobs);
}
