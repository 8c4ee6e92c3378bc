/* corpus_add.c - see corpus_add.h. */
#include "corpus_add.h"

#include "command.h"
#include "corpus.h"
#include "plan_notes.h"
#include "shrink_trial.h"
#include "text_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 1000 };

struct adding {
    const char *folder, *name;
    struct sim_corpus_addition *addition;
    struct sim_plan plan;
    struct vk_arena arena;
    struct vk_str notes;
    struct vk_str plan_text; /* canonical, expecting nothing */
    struct sim_shrink_trial trial;
    enum sim_expect outcome; /* once the bug is out */
};

void sim_corpus_name(const char *signature, char name[64]) {
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";
    enum { LENGTH_MAX = 60 };
    size_t n = 0, whole = 0; /* up to a word's end */
    bool gap = false;
    const char *c = signature;
    for (; *c && n < LENGTH_MAX; c++) {
        bool is_capital = *c >= 'A' && *c <= 'Z';
        bool is_kept = is_capital || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
        if (is_kept && gap && n > 0) {
            whole = n;
            name[n++] = '-';
        }
        if (is_capital)
            name[n++] = small[*c - 'A'];
        else if (is_kept)
            name[n++] = *c;
        gap = !is_kept;
    }
    name[*c && whole ? whole : n] = '\0';
}

static bool is_refused(const struct adding *adding) { return adding->addition->refusal[0] != '\0'; }

/* ---- what it is added for */

static bool has_failed(const struct adding *adding) {
    return adding->trial.outcome == SIM_EXPECT_FAILURE;
}

static enum vk_err run_plan(struct adding *adding, struct vk_str text,
                            const struct sim_run_options *options) {
    struct sim_corpus_addition *addition = adding->addition;
    const struct sim_shrink_trials trials = {.options = options, .at_once = 1};
    const struct sim_plan_expect *expect = &adding->plan.expect;
    size_t found;
    adding->trial.text = text;
    VK_TRY(sim_shrink_trials_run(&trials, &adding->trial, 1, &found));
    if (has_failed(adding))
        memcpy(addition->signature, adding->trial.failure.signature, sizeof addition->signature);
    else if (expect->signature.n)
        snprintf(addition->signature, sizeof addition->signature, "%.*s",
                 VK_STR_ARG(expect->signature));
    else
        snprintf(addition->refusal, sizeof addition->refusal,
                 "%s: does not fail, and does not say that it ever did", adding->name);
    return VK_OK;
}

/* What becomes of it once the bug is out: what the plan says, if it says anything; what the kernel that is linked in makes of it,
 * if it was another that failed; else that all holds. */
static enum vk_err find_outcome(struct adding *adding, struct vk_str text,
                                const struct sim_run_options *options) {
    struct sim_run_options linked = *options;
    const struct sim_shrink_trials trials = {.options = &linked, .at_once = 1};
    struct sim_shrink_trial trial = {.text = text};
    size_t found;
    adding->outcome = adding->plan.expect.outcome;
    if (adding->outcome == SIM_EXPECT_OK && options->module && has_failed(adding)) {
        linked.module = NULL;
        VK_TRY(sim_shrink_trials_run(&trials, &trial, 1, &found));
        adding->outcome = trial.outcome;
    }
    if (adding->outcome == SIM_EXPECT_FAILURE) adding->outcome = SIM_EXPECT_OK;
    return VK_OK;
}

/* ---- what is there already */

static enum vk_err text_of(const struct sim_plan *plan, struct vk_arena *arena,
                           struct vk_str *text) {
    struct sim_plan without = *plan;
    without.expect = (struct sim_plan_expect){.outcome = SIM_EXPECT_OK};
    return sim_plan_write(&without, arena, text);
}

static enum vk_err compare_with(struct adding *adding, const char *path,
                                const struct sim_plan *other) {
    struct sim_corpus_addition *addition = adding->addition;
    struct vk_str text;
    VK_TRY(text_of(other, &adding->arena, &text));
    if (vk_str_eq(other->expect.signature, vk_str(addition->signature)))
        snprintf(addition->refusal, sizeof addition->refusal, "%s: is there for %s already", path,
                 addition->signature);
    else if (vk_str_eq(text, adding->plan_text))
        snprintf(addition->refusal, sizeof addition->refusal, "%s: is the same plan", path);
    return VK_OK;
}

static enum vk_err compare_with_file(struct adding *adding, const char *path) {
    struct sim_plan other;
    struct sim_plan_error error;
    struct vk_str text;
    VK_TRY(sim_text_file_read(path, &adding->arena, &text));
    enum vk_err err = sim_plan_read(&other, vk_heap_system(), text, &error);
    if (err == VK_ERR_SYNTAX) {
        snprintf(adding->addition->refusal, sizeof adding->addition->refusal, "%s:%zu:%zu: %s",
                 path, error.line, error.column, error.what);
        return VK_OK;
    }
    VK_TRY(err);
    err = compare_with(adding, path, &other);
    sim_plan_release(&other);
    return err;
}

/* INV-CORPUS-ADD-1. `folder` is that of the regressions: all its plans are loose ones. */
static enum vk_err compare_with_all(struct adding *adding, const char *folder) {
    struct sim_corpus corpus;
    enum vk_err err = sim_corpus_list(&corpus, folder);
    if (err == VK_ERR_USAGE) err = VK_OK; /* it is empty */
    for (size_t i = 0; i < corpus.count && err == VK_OK && !is_refused(adding); i++)
        err = compare_with_file(adding, corpus.at[i].path);
    sim_corpus_release(&corpus);
    return err;
}

/* ---- the new file */

/* Signatures that differ may have the same name. */
static enum vk_err find_path(struct adding *adding, const char *folder) {
    struct sim_corpus_addition *addition = adding->addition;
    char name[64], number[16] = "";
    sim_corpus_name(addition->signature, name);
    for (int i = 2; i < NAMES_MAX; i++) {
        int n =
            snprintf(addition->path, sizeof addition->path, "%s/%s%s.plan", folder, name, number);
        if (n < 0 || (size_t)n >= sizeof addition->path)
            return VK_RAISE(VK_ERR_USAGE, "%s: the name is too long", folder);
        if (access(addition->path, F_OK) != 0) return VK_OK; /* INV-CORPUS-ADD-2 */
        snprintf(number, sizeof number, "-%d", i);
    }
    return VK_RAISE(VK_ERR_USAGE, "%s: %d plans are called %s", folder, NAMES_MAX, name);
}

static enum vk_err add_notes(const struct adding *adding, struct vk_buf *buf) {
    const char *then =
        adding->outcome == SIM_EXPECT_OK ? "all holds" : sim_expect_word(adding->outcome);
    struct vk_str says[SIM_NOTE_COUNT] = {
        [SIM_NOTE_FAILED] = vk_str(adding->addition->signature),
    };
    if (has_failed(adding)) says[SIM_NOTE_SEEN] = vk_str(adding->trial.failure.what);
    if (!sim_note_find(adding->notes, SIM_NOTE_ORIGIN).p)
        VK_TRY(vk_arena_format(buf->arena, &says[SIM_NOTE_ORIGIN], "%s (crankcase %s)",
                               adding->name, CRANKCASE_VERSION));
    VK_TRY(vk_arena_format(buf->arena, &says[SIM_NOTE_EXPECTED], "once the bug is out, %s", then));
    sim_notes_add(buf, adding->notes, says);
    return VK_OK;
}

static enum vk_err write_file(const struct adding *adding) {
    const struct sim_corpus_addition *addition = adding->addition;
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    enum vk_err err = add_notes(adding, &buf);
    if (err == VK_OK)
        err = sim_notes_end(&buf, &adding->plan, adding->outcome, addition->signature, &text);
    if (err == VK_OK) err = sim_text_file_write(addition->path, text);
    vk_arena_release(&arena);
    return err;
}

static enum vk_err make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return VK_OK;
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
}

static enum vk_err add(struct adding *adding, struct vk_str text,
                       const struct sim_run_options *options) {
    char folder[1100];
    int n = snprintf(folder, sizeof folder, "%s/regressions", adding->folder);
    if (n < 0 || (size_t)n >= sizeof folder)
        return VK_RAISE(VK_ERR_USAGE, "%s: the name is too long", adding->folder);
    VK_TRY(text_of(&adding->plan, &adding->arena, &adding->plan_text));
    VK_TRY(run_plan(adding, text, options));
    if (is_refused(adding)) return VK_OK;
    VK_TRY(make_folder(adding->folder));
    VK_TRY(make_folder(folder));
    VK_TRY(compare_with_all(adding, folder));
    if (is_refused(adding)) return VK_OK;
    VK_TRY(find_outcome(adding, text, options));
    VK_TRY(find_path(adding, folder));
    return write_file(adding);
}

enum vk_err sim_corpus_add(const char *folder, const char *name, struct vk_str text,
                           const struct sim_run_options *options,
                           struct sim_corpus_addition *addition) {
    struct adding adding = {
        .folder = folder, .name = name, .addition = addition, .notes = sim_notes_of(text)};
    struct sim_plan_error error;
    *addition = (struct sim_corpus_addition){0};
    enum vk_err err = sim_plan_read(&adding.plan, vk_heap_system(), text, &error);
    if (err == VK_ERR_SYNTAX) {
        snprintf(addition->refusal, sizeof addition->refusal, "%s:%zu:%zu: %s", name, error.line,
                 error.column, error.what);
        return VK_OK;
    }
    VK_TRY(err);
    vk_arena_init(&adding.arena, vk_heap_system());
    err = add(&adding, text, options);
    vk_arena_release(&adding.arena);
    sim_plan_release(&adding.plan);
    return err;
}
