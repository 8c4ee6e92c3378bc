/* shrink_file.c - see shrink_file.h. */
#include "shrink_file.h"

#include "plan_notes.h"
#include "reports/progress.h"
#include "reports/report_bad_input.h"
#include "reports/report_shrink.h"
#include "reports/stopwatch.h"
#include "reproducer.h"
#include "shrink.h"
#include "shrink_memo.h"
#include "text_file.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

enum { ORIGIN_MAX = SIM_REPRODUCE_SEED_MAX, DIGEST_SIZE = 17 };

struct work {
    const struct sim_shrink_file *asked;
    const struct sim_plan *plan; /* as it came */
    struct vk_arena arena;
    char origin[ORIGIN_MAX];
    char digest[DIGEST_SIZE];
    uint64_t lines_before; /* 0: those of the plan that is begun with */
    struct report_progress progress;
    struct report_stopwatch watch;
    bool is_written;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) { interrupted = signal_number; }

bool sim_shrink_file_name(const char *path, char *out, size_t size) {
    static const char ending[] = ".plan";
    size_t n = strlen(path), e = sizeof ending - 1;
    bool has_ending = n > e && strcmp(path + n - e, ending) == 0;
    int length = snprintf(out, size, "%.*s-shrunk.plan", (int)(has_ending ? n - e : n), path);
    return length > 0 && (size_t)length < size;
}

static enum sim_exit refused(const struct work *work, const char *path, const char *why) {
    char text[SIM_PATH_SIZE + 100];
    snprintf(text, sizeof text, "%s: %s", path, why);
    report_bad_input(work->asked->command, path, text, work->asked->json);
    return SIM_EXIT_BAD_INPUT;
}

/* ---- the file */

static enum vk_err digest_of(struct work *work) {
    struct sim_plan without = *work->plan;
    struct vk_str text;
    without.expect = (struct sim_plan_expect){.outcome = SIM_EXPECT_OK};
    VK_TRY(sim_plan_write(&without, &work->arena, &text));
    snprintf(work->digest, sizeof work->digest, "%016" PRIx64, sim_shrink_hash(text).low);
    return VK_OK;
}

/* What there was of where it comes from stays. */
static enum vk_err add_notes(const struct work *work, const struct sim_shrink_best *best,
                             struct vk_buf *buf) {
    const struct vk_str notes = work->asked->notes;
    uint64_t before = work->lines_before ? work->lines_before : best->lines_before;
    struct vk_str says[SIM_NOTE_COUNT] = {
        [SIM_NOTE_FAILED] = vk_str(best->failure.signature),
        [SIM_NOTE_SEEN] = vk_str(best->failure.what),
        [SIM_NOTE_EXPECTED] = VK_STR("once the bug is out, all holds"),
    };
    if (!sim_note_find(notes, SIM_NOTE_ORIGIN).p)
        VK_TRY(vk_arena_format(buf->arena, &says[SIM_NOTE_ORIGIN], "%s (crankcase %s)",
                               work->origin, CRANKCASE_VERSION));
    if (!sim_note_find(notes, SIM_NOTE_SHRUNK_FROM).p)
        VK_TRY(vk_arena_format(buf->arena, &says[SIM_NOTE_SHRUNK_FROM], "%" PRIu64 " lines, %s",
                               before, work->digest));
    if (best->is_minimal)
        VK_TRY(vk_arena_format(buf->arena, &says[SIM_NOTE_SHRUNK_TO],
                               "%zu lines; no single line can go", best->lines));
    else
        VK_TRY(vk_arena_format(buf->arena, &says[SIM_NOTE_SHRUNK_TO],
                               "%zu lines; not done, in round %" PRIu64 " at %s", best->lines,
                               best->rounds, best->pass ? best->pass : "the beginning"));
    sim_notes_add(buf, notes, says);
    return VK_OK;
}

static enum vk_err write_best(const struct work *work, const struct sim_shrink_best *best) {
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    struct sim_plan plan;
    struct sim_plan_error error;
    VK_TRY(sim_plan_read(&plan, vk_heap_system(), best->text, &error));
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    enum vk_err err = add_notes(work, best, &buf);
    if (err == VK_OK)
        err = sim_notes_end(&buf, &plan, SIM_EXPECT_OK, best->failure.signature, &text);
    if (err == VK_OK) err = sim_text_file_write(work->asked->out, text);
    vk_arena_release(&arena);
    sim_plan_release(&plan);
    return err;
}

/* ---- while it goes on */

static bool is_over(void *impl) {
    const struct work *work = impl;
    uint64_t deadline = work->asked->deadline_seconds;
    return interrupted || (deadline && report_stopwatch_seconds(&work->watch) >= (double)deadline);
}

static enum vk_err found(void *impl, const struct sim_shrink_best *best) {
    struct work *work = impl;
    if (!work->is_written)
        report_progress_begin(&work->progress, best->lines_before, !work->asked->quiet);
    work->is_written = true;
    return write_best(work, best);
}

static void progress(void *impl, const struct sim_shrink_best *best) {
    struct work *work = impl;
    char text[80];
    snprintf(text, sizeof text, "lines out; %s, %" PRIu64 " runs", best->pass, best->runs);
    report_progress_draw(&work->progress, best->lines_before - best->lines, text);
}

static enum vk_err shrink(struct work *work, const struct sim_plan *plan,
                          struct sim_shrink_result *result) {
    const struct sim_shrink shrink = {.run = work->asked->run,
                                      .at_once = work->asked->at_once,
                                      .impl = work,
                                      .is_over = is_over,
                                      .found = found,
                                      .progress = progress};
    work->is_written = false;
    enum vk_err err = sim_shrink_plan(&shrink, plan, &work->arena, result);
    report_progress_clear(&work->progress);
    return err;
}

/* ---- an earlier attempt */

enum earlier { EARLIER_NONE, EARLIER_OURS, EARLIER_ANOTHERS };

/* What is in the file: *text of a shrunk form of this plan, or not. */
static enum earlier find_earlier(struct work *work, struct vk_str *text) {
    struct vk_str from;
    char wanted[DIGEST_SIZE + 16];
    if (access(work->asked->out, F_OK) != 0) return EARLIER_NONE;
    if (sim_text_file_read(work->asked->out, &work->arena, text) != VK_OK) return EARLIER_ANOTHERS;
    from = sim_note_find(sim_notes_of(*text), SIM_NOTE_SHRUNK_FROM);
    int n = snprintf(wanted, sizeof wanted, " lines, %s", work->digest);
    VK_ASSERT(n > 0 && (size_t)n < sizeof wanted);
    if (from.n <= (size_t)n || !vk_str_eq(vk_str_from(from, from.n - (size_t)n), vk_str(wanted)))
        return EARLIER_ANOTHERS;
    from.n -= (size_t)n;
    return vk_str_to_u64(from, &work->lines_before) ? EARLIER_OURS : EARLIER_ANOTHERS;
}

/* Goes on with what is there; *result says that nothing fails if that fails no longer. */
static enum vk_err go_on(struct work *work, struct vk_str text, struct sim_shrink_result *result) {
    struct sim_plan plan;
    struct sim_plan_error error;
    enum vk_err err = sim_plan_read(&plan, vk_heap_system(), text, &error);
    *result = (struct sim_shrink_result){.fails = false};
    if (err == VK_ERR_SYNTAX) return VK_OK; /* somebody has edited it */
    VK_TRY(err);
    err = shrink(work, &plan, result);
    sim_plan_release(&plan);
    return err;
}

/* ---- all of it */

static enum sim_exit tell(const struct work *work, const struct sim_shrink_result *result) {
    const struct sim_shrink_file *asked = work->asked;
    const struct sim_reproducer made = {.kernel = asked->kernel, .run = &asked->run};
    char reproduce[SIM_REPRODUCE_MAX];
    sim_reproduce_plan(&made, asked->out, reproduce);
    struct report_shrunk report = {.best = &result->best,
                                   .name = asked->name,
                                   .plan = asked->out,
                                   .reproduce = reproduce,
                                   .lines_before = work->lines_before ? (size_t)work->lines_before
                                                                      : result->best.lines_before,
                                   .seconds = report_stopwatch_seconds(&work->watch)};
    if (asked->json)
        report_shrunk_json(stdout, &report);
    else
        report_shrunk(stdout, &report, asked->colours);
    return SIM_EXIT_OK;
}

static enum vk_err work_on(struct work *work, struct sim_shrink_result *result, bool *is_anothers) {
    struct vk_str text;
    VK_TRY(digest_of(work));
    enum earlier earlier = find_earlier(work, &text);
    bool is_itself = strcmp(work->asked->out, work->asked->name) == 0;
    *is_anothers = earlier == EARLIER_ANOTHERS && !work->asked->overwrite && !is_itself;
    if (*is_anothers) return VK_OK;
    if (earlier == EARLIER_OURS) {
        VK_TRY(go_on(work, text, result));
        if (result->fails) return write_best(work, &result->best);
        work->lines_before = 0;
    }
    VK_TRY(shrink(work, work->plan, result));
    return result->fails ? write_best(work, &result->best) : VK_OK;
}

enum sim_exit sim_shrink_file(const struct sim_shrink_file *asked, const struct sim_plan *plan) {
    struct work work = {.asked = asked, .plan = plan};
    struct sim_shrink_result result = {.fails = false};
    struct sigaction before[2], on_signal = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    bool is_anothers = false;
    enum sim_exit code;
    sigaction(SIGINT, &on_signal, &before[0]);
    sigaction(SIGTERM, &on_signal, &before[1]);
    vk_arena_init(&work.arena, vk_heap_system());
    report_stopwatch_start(&work.watch);
    if (plan->has_seed && !asked->origin)
        snprintf(work.origin, sizeof work.origin, "%s, seed %" PRIu64, asked->name, plan->seed);
    else
        snprintf(work.origin, sizeof work.origin, "%s",
                 asked->origin ? asked->origin : asked->name);
    if (work_on(&work, &result, &is_anothers) != VK_OK) {
        fprintf(stderr, "%s: %s\n", asked->command, vk_err_origin()->text);
        code = SIM_EXIT_FAILED;
    } else if (is_anothers) {
        code = refused(&work, asked->out, "is there, and no shrunk form of this plan");
    } else if (!result.fails) {
        code = refused(&work, asked->name, "does not fail: there is nothing to shrink");
    } else {
        code = tell(&work, &result);
    }
    vk_arena_release(&work.arena);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    if (interrupted) raise(interrupted); /* it was meant for whoever had us shrink, too */
    return code;
}
