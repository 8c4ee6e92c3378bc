/* timeline_test.c - a run that is watched is the run that is not; and what its timeline, its trace for viewers and its part of
 * the page hold.
 */
#include "reports/report_timeline.h"
#include "reports/report_trace.h"
#include "sim/fault_words.h"
#include "sim/plan_generate.h"
#include "sim/run.h"
#include "sim/timeline.h"
#include "testing_store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <yajl/yajl_tree.h>

enum { SEEDS = 30 };

/* Whether there was memory for all; the linker has everybody ask here. */
static bool is_cut;
#define REAL(name) __real_##name
#define WRAP(name) __wrap_##name
bool REAL(sim_timeline_is_cut)(const struct sim_timeline *timeline);
bool WRAP(sim_timeline_is_cut)(const struct sim_timeline *timeline);

bool WRAP(sim_timeline_is_cut)(const struct sim_timeline *timeline) {
    return is_cut || REAL(sim_timeline_is_cut)(timeline);
}

static void generate(struct sim_plan *plan, uint64_t seed) {
    struct sim_generate_options options = {0};
    sim_fault_words_default(options.faults);
    test_ok(sim_plan_generate(plan, vk_heap_system(), seed, &options));
}

static struct sim_run_result run(uint64_t seed, struct sim_timeline *timeline) {
    const struct sim_run_options options = {.observer =
                                                timeline ? sim_timeline_observer(timeline) : NULL};
    struct sim_run_result result;
    struct sim_plan plan;
    generate(&plan, seed);
    test_ok(sim_run(&plan, &options, &result));
    sim_plan_release(&plan);
    return result;
}

Test(timeline, watching_a_run_changes_nothing) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_timeline *timeline = sim_timeline_new();
        const struct sim_run_result unseen = run(seed, NULL), seen = run(seed, timeline);
        cr_expect(!seen.failed && !unseen.failed);
        cr_expect(seen.hash.low == unseen.hash.low && seen.hash.high == unseen.hash.high, "seed %d",
                  (int)seed);
        cr_expect(!sim_timeline_is_cut(timeline));
        sim_timeline_free(timeline);
    }
}

/* What is asked for costs memory, and so moves the faults that count it. */
static void expect_no_slog(void *impl, struct sim_replica *replica,
                           const struct vk_trace_event *event) {
    uint64_t *events = impl;
    (void)replica;
    cr_expect_neq(event->type, VK_TRACE_SLOG);
    (*events)++;
}

static void look_away(void *impl, struct sim_replica *replica, enum sim_step step,
                      uint64_t start_ns) {
    (void)impl, (void)replica, (void)step, (void)start_ns;
}

Test(timeline, watching_asks_for_no_slog) {
    uint64_t events = 0;
    const struct sim_observer observer = {&events, expect_no_slog, look_away};
    const struct sim_run_options options = {.observer = &observer};
    struct sim_run_result result;
    struct sim_plan plan;
    generate(&plan, 1);
    test_ok(sim_run(&plan, &options, &result));
    sim_plan_release(&plan);
    cr_expect_gt(events, 1000);
}

Test(timeline, it_has_every_crank_start_and_fault_of_the_run_once) {
    uint64_t flows = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_timeline *timeline = sim_timeline_new();
        const struct sim_run_result result = run(seed, timeline);
        uint64_t cranks = 0, lives = 0, ends = 0, strikes = 0, hits = 0;
        for (size_t r = 0; r < sim_timeline_replicas(timeline); r++) {
            const struct sim_timeline_replica *replica = sim_timeline_replica(timeline, r);
            for (size_t i = 0; i < replica->steps.count; i++)
                cranks += replica->steps.at[i].is_crank;
            for (size_t i = 0; i < replica->lives.count; i++)
                ends += replica->lives.at[i].end &&
                        strcmp(replica->lives.at[i].end, "VK_ERR_PANIC") != 0;
            lives += replica->lives.count;
            strikes += replica->faults.count;
            flows += replica->flows.count;
        }
        for (int k = 0; k < FAULT_KIND_COUNT; k++)
            hits += result.hits[k] > 0;
        cr_expect_eq(cranks, result.all_cranks, "seed %d", (int)seed);
        cr_expect_leq(lives, result.starts, "seed %d", (int)seed);
        cr_expect_eq(ends, result.crashes, "seed %d", (int)seed);
        cr_expect_geq(strikes, hits, "seed %d: a kind of fault is missing", (int)seed);
        sim_timeline_free(timeline);
    }
    cr_expect_gt(flows, 1000);
}

/* ---- JSON */

static yajl_val json_of(struct vk_buf *buf) {
    char error[200] = "";
    struct vk_str text;
    vk_buf_char(buf, '\0');
    cr_assert_eq(vk_buf_finish(buf, &text), VK_OK);
    yajl_val tree = yajl_tree_parse(text.p, error, sizeof error);
    cr_assert_not_null(tree, "%s", error);
    return tree;
}

static yajl_val member(yajl_val json, const char *name) {
    const char *path[] = {name, NULL};
    return yajl_tree_get(json, path, yajl_t_any);
}

static double number(yajl_val json, const char *name) {
    yajl_val value = member(json, name);
    cr_assert(YAJL_IS_NUMBER(value), "%s", name);
    return YAJL_GET_DOUBLE(value);
}

struct slice {
    double pid, tid, start, end;
};

static bool is_phase(yajl_val event, const char *phase) {
    const char *is = YAJL_GET_STRING(member(event, "ph"));
    return is && strcmp(is, phase) == 0;
}

static size_t slices_of(yajl_val events, struct slice *slices) {
    size_t count = 0;
    for (size_t i = 0; i < events->u.array.len; i++) {
        yajl_val event = events->u.array.values[i];
        if (!is_phase(event, "X")) continue;
        double start = number(event, "ts");
        slices[count++] = (struct slice){number(event, "pid"), number(event, "tid"), start,
                                         start + number(event, "dur")};
        cr_expect_gt(number(event, "dur"), 0);
    }
    return count;
}

static bool is_within_a_slice(yajl_val event, const struct slice *slices, size_t count) {
    double pid = number(event, "pid"), tid = number(event, "tid"), at = number(event, "ts");
    for (size_t i = 0; i < count; i++)
        if (slices[i].pid == pid && slices[i].tid == tid && slices[i].start <= at &&
            at < slices[i].end)
            return true;
    return false;
}

/* Of one thread, either apart or one within the other. */
static void expect_nested(const struct slice *slices, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count && k < i + 60; k++) {
            const struct slice *a = &slices[i], *b = &slices[k];
            if (a->pid != b->pid || a->tid != b->tid) continue;
            bool apart = a->end <= b->start + 0.0005 || b->end <= a->start + 0.0005;
            bool within = (a->start <= b->start && b->end <= a->end) ||
                          (b->start <= a->start && a->end <= b->end);
            cr_expect(apart || within, "%f-%f and %f-%f of thread %f", a->start, a->end, b->start,
                      b->end, a->tid);
        }
}

static void expect_flows(yajl_val events, const struct slice *slices, size_t count) {
    size_t begun = 0, ended = 0;
    for (size_t i = 0; i < events->u.array.len; i++) {
        yajl_val event = events->u.array.values[i];
        begun += is_phase(event, "s");
        ended += is_phase(event, "f");
        if (is_phase(event, "s") || is_phase(event, "f"))
            cr_expect(is_within_a_slice(event, slices, count), "%s at %f on thread %f",
                      YAJL_GET_STRING(member(event, "ph")), number(event, "ts"),
                      number(event, "tid"));
    }
    cr_expect(begun > 0 && begun == ended);
}

static void expect_sound_trace(const struct sim_timeline *timeline) {
    struct vk_arena arena;
    struct vk_buf buf;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    report_trace(&buf, timeline, "a \"plan\"");
    yajl_val trace = json_of(&buf), events = member(trace, "traceEvents");
    cr_assert(YAJL_IS_ARRAY(events));
    struct slice *slices = calloc(events->u.array.len, sizeof *slices);
    size_t count = slices_of(events, slices);
    expect_nested(slices, count);
    expect_flows(events, slices, count);
    free(slices);
    yajl_tree_free(trace);
    vk_arena_release(&arena);
}

Test(timeline, a_trace_has_slices_that_nest_and_flows_between_them) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_timeline *timeline = sim_timeline_new();
        run(seed, timeline);
        expect_sound_trace(timeline);
        sim_timeline_free(timeline);
    }
}

static struct sim_timeline *timeline_of(const char *text, struct sim_run_result *result) {
    struct sim_timeline *timeline = sim_timeline_new();
    const struct sim_run_options options = {.off = {[SIM_ORACLE_TWICE] = true},
                                            .observer = sim_timeline_observer(timeline)};
    struct sim_plan plan;
    struct sim_plan_error error;
    test_ok(sim_plan_read(&plan, vk_heap_system(), vk_str(text), &error));
    test_ok(sim_run(&plan, &options, result));
    sim_plan_release(&plan);
    return timeline;
}

/* Snapshots take their time, and at the very end of it the host sends a message, and installs a bundle: a crank of the store's
 * in its work, in which that sends one, too. */
static const char sends_at_the_end[] = "crankcase-plan 1\n"
                                       "kernel snapshot-initial=1\n"
                                       "program alice\n  turn\n    send i1 new\n"
                                       "program bob\n  turn\n    store-set key=2\n"
                                       "vat alice alice\nvat bob bob\nbootstrap alice\n"
                                       "block after=1000\n  send bob\n  send alice\n"
                                       "block after=1000\n"
                                       "  snapshot-all\n  send bob\n  install n=4\n"
                                       "block after=1000\n"
                                       "replica\n";

Test(timeline, what_the_host_sends_at_the_end_of_its_work_is_within_it) {
    struct sim_run_result result;
    struct sim_timeline *timeline = timeline_of(sends_at_the_end, &result);
    expect_sound_trace(timeline);
    sim_timeline_free(timeline);
}

/* ---- the page's part */

static const char differing[] = "crankcase-plan 1\n"
                                "program alice\n  turn\n    send i1 new\n"
                                "program bob\n  turn\n    store-set key=2\n"
                                "vat alice alice\nvat bob bob\nbootstrap alice\n"
                                "block after=1000\nreplica\nreplica\n"
                                "fault 1 vat-overruns at=2\n";

Test(timeline, the_page_is_told_where_replicas_differ) {
    struct sim_run_result result;
    struct vk_arena arena;
    struct vk_buf buf;
    struct sim_timeline *timeline = timeline_of(differing, &result);
    cr_assert(result.failed);
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    report_timeline(&buf, timeline, result.failure.point);
    yajl_val page = json_of(&buf), divergences = member(page, "divergences");
    cr_assert(YAJL_IS_ARRAY(divergences) && divergences->u.array.len == 1);
    cr_expect_eq((uint64_t)YAJL_GET_INTEGER(divergences->u.array.values[0]), result.failure.point);
    for (size_t r = 0; r < sim_timeline_replicas(timeline); r++)
        cr_expect_eq(sim_timeline_replica(timeline, r)->lives.count, 1,
                     "the run that explains the failure is not in it");
    yajl_tree_free(page);
    vk_arena_release(&arena);
    sim_timeline_free(timeline);
}

static bool is_true(yajl_val json, const char *name) { return YAJL_IS_TRUE(member(json, name)); }

/* Blocks in which nothing happens: a point each. */
Test(timeline, the_page_is_told_which_points_it_has_and_of_how_many) {
    enum { BLOCKS = REPORT_TIMELINE_POINTS_MAX + 1000 };
    static char text[BLOCKS * sizeof "block after=1000\n" + 200];
    struct sim_run_result result;
    struct vk_arena arena;
    struct vk_buf buf;
    size_t n = (size_t)snprintf(text, sizeof text, "%s",
                                "crankcase-plan 1\nprogram a\n  turn\n    store-set key=2\n"
                                "vat a a\nbootstrap a\n");
    for (int i = 0; i < BLOCKS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "block after=1000\n");
    snprintf(text + n, sizeof text - n, "replica\n");
    struct sim_timeline *timeline = timeline_of(text, &result);
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    report_timeline(&buf, timeline, 0);
    yajl_val page = json_of(&buf);
    cr_expect_eq(number(page, "points"), (double)result.points);
    cr_expect_gt(result.points, BLOCKS);
    cr_expect(number(page, "first") == 0 && number(page, "last") == REPORT_TIMELINE_POINTS_MAX - 1);
    cr_expect(!is_true(page, "cut"));
    yajl_tree_free(page);
    vk_arena_release(&arena);
    sim_timeline_free(timeline);
}

static size_t cuts_in(yajl_val trace) {
    yajl_val events = member(trace, "traceEvents");
    size_t cuts = 0;
    for (size_t i = 0; i < events->u.array.len; i++) {
        yajl_val event = events->u.array.values[i];
        const char *name = YAJL_GET_STRING(member(event, "name"));
        cuts += is_phase(event, "i") && name && strcmp(name, "cut: no memory") == 0;
    }
    return cuts;
}

Test(timeline, where_there_was_no_memory_for_the_rest_page_and_trace_say_so) {
    struct sim_run_result result;
    struct sim_timeline *timeline = timeline_of(differing, &result);
    for (int i = 0; i < 2; i++) {
        struct vk_arena arena;
        struct vk_buf buf, of_trace;
        is_cut = i;
        vk_arena_init(&arena, vk_heap_system());
        vk_buf_init(&buf, &arena);
        report_timeline(&buf, timeline, 0);
        yajl_val page = json_of(&buf);
        cr_expect_eq(is_true(page, "cut"), is_cut);
        vk_buf_init(&of_trace, &arena);
        report_trace(&of_trace, timeline, "plan");
        yajl_val trace = json_of(&of_trace);
        cr_expect_eq(cuts_in(trace), is_cut ? 2 : 0, "one a replica");
        yajl_tree_free(page);
        yajl_tree_free(trace);
        vk_arena_release(&arena);
    }
    sim_timeline_free(timeline);
}
