/* slog_replay.c - see slog_replay.h.
 *
 *     a routing crank's event is in the acceptance queue      it is run
 *     it is not, and is a message                             the host queued it, and those routed right behind it
 *     a vat is reaped that waits in no queue                  the host reaped all
 *     a vat ends between cranks                               the host terminated it
 *
 * If the crank's hash is not met by that, it is run again from the state before it, with the next hypothesis of
 * try_others(). To get that state back the kernel is closed without a commit, and the cranks since the last commit are run
 * once more as they were.
 */
#include "slog_replay.h"

#include "log_words.h"
#include "recorded_facts.h"
#include "slog_host.h"
#include "slog_index.h"
#include "slog_kernel.h"

#include <inttypes.h>
#include <stdio.h>

enum { TURNS_MAX = 64 };

/* A crank, and what the host did before it. */
struct turn {
    size_t at; /* in the index */
    struct vk_arena arena;
    struct sim_crank_log crank;
    struct sim_host_plan *plan;
    bool reaps;
    uint64_t uncounted; /* events that wait, but not in the database's statistics */
    size_t choice;      /* of the devices */
    uint64_t polled;    /* what was known of the timer before it */
};

struct replay {
    struct sim_slog_result *result;
    struct sim_input_error *error;
    const char *slog;
    const struct sim_slog_told *told;
    struct sim_slog_index index;
    struct sim_log_file *file;
    struct sim_slog_kernel kernel;
    struct turn turns[TURNS_MAX]; /* since the last commit */
    size_t turn_count;
    struct turn *turn; /* in hand */
};

static const struct sim_slog_crank *crank_of(const struct replay *replay, const struct turn *turn) {
    return &replay->index.cranks.at[turn->at];
}

static enum vk_err get(struct replay *replay, const char *key, struct vk_str *value) {
    return vk_store_get(replay->kernel.store, &replay->turn->arena, vk_str(key), value);
}

/* ---- differences */

static enum vk_err differ(struct replay *replay, const struct sim_slog_crank *crank,
                          struct vk_str what, struct vk_str expected, struct vk_str got) {
    struct sim_slog_result *result = replay->result;
    result->outcome = SIM_SLOG_DIFFERENT;
    result->different_crank = crank->unit.number;
    result->expected = result->got = VK_STR_NONE;
    VK_TRY(vk_arena_copy(&result->arena, what, &result->what));
    if (expected.p) VK_TRY(vk_arena_copy(&result->arena, expected, &result->expected));
    return got.p ? vk_arena_copy(&result->arena, got, &result->got) : VK_OK;
}

/* ---- a crank */

static bool allow_cleanup(void *impl, struct vk_cleanup_budget *budget) {
    struct replay *replay = impl;
    const struct sim_crank_log *crank = &replay->turn->crank;
    const struct vk_json *json;
    bool legal;
    struct vk_str text = sim_log_get(crank->message, "budget");
    return vk_str_eq(crank->message_type, VK_STR("cleanup-terminated-vat")) && text.p &&
           vk_json_parse(&replay->turn->arena, text, &json) == VK_OK &&
           sim_fact_budget(&replay->turn->arena, json, &legal, budget) == VK_OK && legal;
}

static enum vk_err compare(struct replay *replay, const struct sim_slog_crank *crank,
                           const struct vk_crank_result *ran) {
    struct sim_slog_result *result = replay->result;
    if (ran->kind == VK_CRANK_IDLE)
        return differ(replay, crank, VK_STR("the kernel has nothing to do"), crank->type,
                      VK_STR_NONE);
    if (!vk_str_eq(crank->type, vk_str(ran->event)))
        return differ(replay, crank, VK_STR("the event"), crank->type, vk_str(ran->event));
    if (strcmp(ran->crankhash, crank->unit.crankhash) != 0)
        return differ(replay, crank, VK_STR("the crankhash"), vk_str(crank->unit.crankhash),
                      vk_str(ran->crankhash));
    if (strcmp(ran->activityhash, crank->unit.activityhash) != 0) /* INV-SLOG-REPLAY-2 */
        return differ(replay, crank, VK_STR("the activityhash, by what the host did before it"),
                      vk_str(crank->unit.activityhash), vk_str(ran->activityhash));
    memcpy(result->activityhash, ran->activityhash, sizeof ran->activityhash);
    return VK_OK;
}

/* Runs the crank in hand; the result says if it differs. */
static enum vk_err run_crank(struct replay *replay) {
    const struct vk_run_policy policy = {.impl = replay, .allow_cleanup = allow_cleanup};
    const struct sim_slog_workers *workers = &replay->kernel.workers;
    const struct sim_slog_crank *crank = crank_of(replay, replay->turn);
    struct vk_crank_result ran = {0};
    sim_slog_workers_crank(&replay->kernel.workers, &replay->turn->crank);
    replay->kernel.devices.polled = replay->turn->polled;
    sim_slog_devices_crank(&replay->kernel.devices, &replay->index, replay->turn->at,
                           replay->turn->choice);
    enum vk_err err = vk_kernel_run_crank(replay->kernel.kernel, &policy, &ran);
    if (err == VK_ERR_NOMEM) return err;
    if (err != VK_OK && workers->differs)
        return differ(replay, crank, vk_str(workers->what), workers->expected, workers->got);
    bool is_last = replay->turn->at + 1 == replay->index.cranks.count;
    if (err == VK_ERR_PANIC && is_last) { /* as the other kernel did: it ran no crank any more */
        replay->result->is_panic = true;
        return VK_OK;
    }
    if (err != VK_OK)
        return differ(replay, crank, VK_STR("the kernel stopped"), VK_STR_NONE,
                      vk_str(vk_err_origin()->text));
    return compare(replay, crank, &ran);
}

/* ---- the host's doings */

static bool next_termination(const struct sim_crank_log *crank, size_t *i, struct vk_str *entry) {
    for (; *i < crank->entries.count && crank->entries.at[*i].kind != SIM_LOG_CRANK_START; ++*i)
        if (crank->entries.at[*i].kind == SIM_LOG_TERMINATE) {
            *entry = crank->entries.at[(*i)++].text;
            return true;
        }
    return false;
}

static enum vk_err terminate_vat(struct replay *replay, struct vk_str entry) {
    struct vk_arena *arena = &replay->turn->arena;
    const struct vk_json *json;
    struct vk_capdata reason;
    bool legal;
    VK_TRY(vk_json_parse(arena, entry, &json));
    VK_TRY(vk_capdata_read(arena, vk_json_get(json, "info"), &legal, &reason));
    return legal ? vk_host_terminate_vat(replay->kernel.kernel,
                                         vk_json_string(vk_json_get(json, "vatID")), &reason)
                 : VK_OK;
}

/* What is plain without trying: vats that the host ended, and that it reaped all. */
static enum vk_err do_plain(struct replay *replay) {
    const struct sim_slog_crank *crank = crank_of(replay, replay->turn);
    struct vk_str queue, entry;
    size_t i = 0;
    while (next_termination(&replay->turn->crank, &i, &entry))
        VK_TRY(terminate_vat(replay, entry));
    VK_TRY(get(replay, "reapQueue", &queue));
    replay->turn->reaps =
        vk_str_eq(crank->type, VK_STR("bringOutYourDead")) && vk_str_eq(queue, VK_STR("[]"));
    return replay->turn->reaps ? vk_host_reap_all_vats(replay->kernel.kernel) : VK_OK;
}

/* How many events wait, and how many the statistics have. */
static enum vk_err waiting(struct replay *replay, uint64_t *tail, uint64_t *count,
                           uint64_t *counted) {
    struct vk_str queue, stats;
    uint64_t head = 0;
    *tail = *count = *counted = 0;
    VK_TRY(get(replay, "acceptanceQueue", &queue));
    VK_TRY(get(replay, "kernelStats", &stats));
    if (!sim_log_count(sim_log_at(queue, 0), &head) || !sim_log_count(sim_log_at(queue, 1), tail) ||
        !sim_log_count(sim_log_get(stats, "acceptanceQueueLength"), counted))
        return VK_OK;
    *count = *tail - head;
    return VK_OK;
}

/* The events that the statistics lack are counted, as the kernel that they were queued in had them. */
static enum vk_err count_events(struct replay *replay) {
    uint64_t tail, count, counted;
    VK_TRY(waiting(replay, &tail, &count, &counted));
    for (uint64_t i = replay->turn->uncounted; i > 0; i--) {
        char key[48];
        struct vk_str event;
        snprintf(key, sizeof key, "acceptanceQueue.%" PRIu64, tail - i);
        VK_TRY(get(replay, key, &event));
        VK_TRY(vk_host_apply_write(replay->kernel.kernel, vk_str(key), event));
    }
    return VK_OK;
}

static enum vk_err do_host(struct replay *replay) {
    const struct sim_host_plan *plan = replay->turn->plan;
    struct vk_arena *arena = &replay->turn->arena;
    if (replay->turn->uncounted) VK_TRY(count_events(replay));
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].is_silent && !plan->steps[i].result.p)
            VK_TRY(sim_slog_devices_sent(&replay->kernel.devices, replay->kernel.kernel, arena,
                                         plan->steps[i].event));
    VK_TRY(sim_slog_host_apply(plan, replay->kernel.kernel, replay->kernel.store, arena));
    return plan->count ? VK_OK : do_plain(replay);
}

/* Does what the turn says, from the state before it. What the workers count is of the last attempt. */
static enum vk_err attempt(struct replay *replay) {
    replay->result->outcome = SIM_SLOG_MET;
    replay->result->is_panic = false;
    enum vk_err err = do_host(replay);
    if (err == VK_ERR_NOMEM) return err;
    if (err == VK_OK) return run_crank(replay);
    return differ(replay, crank_of(replay, replay->turn), VK_STR("what the host did is refused"),
                  VK_STR_NONE, vk_str(vk_err_origin()->text));
}

/* ---- going back */

static void forget_turn(struct turn *turn) {
    sim_crank_log_release(&turn->crank);
    vk_arena_release(&turn->arena);
}

static enum vk_err commit(struct replay *replay) {
    VK_TRY(vk_store_commit(replay->kernel.store));
    for (size_t i = 0; i < replay->turn_count; i++)
        forget_turn(&replay->turns[i]);
    if (replay->turn && replay->turn != &replay->turns[0]) {
        replay->turns[0] = *replay->turn; /* the one in hand stays */
        replay->turn = &replay->turns[0];
    }
    replay->turn_count = 0;
    return VK_OK;
}

/* A turn that was met is met again. */
static enum vk_err redo(struct replay *replay, struct turn *turn) {
    replay->turn = turn;
    VK_TRY(attempt(replay));
    return replay->result->outcome == SIM_SLOG_MET
               ? VK_OK
               : VK_RAISE(VK_ERR_CORRUPT, "crank %" PRIu64 " did something else the second time",
                          crank_of(replay, turn)->unit.number);
}

/* To the state before the turn in hand, which is committed, for there may be more to try. */
static enum vk_err go_back(struct replay *replay) {
    struct turn *turn = replay->turn;
    const uint64_t deliveries = replay->kernel.workers.deliveries,
                   syscalls = replay->kernel.workers.syscalls;
    enum vk_err err = sim_slog_kernel_reopen(&replay->kernel);
    for (size_t i = 0; i < replay->turn_count && err == VK_OK; i++)
        err = redo(replay, &replay->turns[i]);
    replay->turn = turn;
    replay->kernel.workers.deliveries = deliveries;
    replay->kernel.workers.syscalls = syscalls;
    VK_TRY(err);
    return replay->turn_count ? commit(replay) : VK_OK;
}

/* ---- hypotheses */

/* Once more, as the turn says now. */
static enum vk_err attempt_again(struct replay *replay, bool *met) {
    VK_TRY(go_back(replay));
    const uint64_t deliveries = replay->kernel.workers.deliveries,
                   syscalls = replay->kernel.workers.syscalls;
    VK_TRY(attempt(replay));
    *met = replay->result->outcome == SIM_SLOG_MET;
    if (*met) return VK_OK;
    replay->kernel.workers.deliveries = deliveries;
    replay->kernel.workers.syscalls = syscalls;
    return VK_OK;
}

/* The devices wrote something else. */
static enum vk_err try_devices(struct replay *replay, bool *met) {
    enum { TRIED_MAX = 81 };
    const size_t choices = replay->kernel.devices.choices;
    for (size_t choice = 1; choice < choices && choice < TRIED_MAX && !*met; choice++) {
        replay->turn->choice = choice;
        VK_TRY(attempt_again(replay, met));
    }
    if (!*met) replay->turn->choice = 0;
    return VK_OK;
}

/* More messages came in silently than the queue asked for, or fewer of those that were taken. */
static enum vk_err try_messages(struct replay *replay, bool *met) {
    struct sim_host_plan *had = replay->turn->plan, *plan, *all;
    size_t loud = 0, queued = 0;
    VK_TRY(VK_NEW(&replay->turn->arena, &plan));
    VK_TRY(VK_NEW(&replay->turn->arena, &all));
    VK_TRY(go_back(replay));
    VK_TRY(sim_slog_host_messages(all, &replay->index, replay->turn->at, replay->kernel.store,
                                  &replay->turn->arena));
    *plan = *had;
    while (loud < had->count && !had->steps[loud].is_silent)
        queued += had->steps[loud++].type == SIM_STEP_MESSAGE;
    replay->turn->plan = plan;
    for (size_t n = all->count - (queued < all->count ? queued : all->count); n > 0 && !*met; n--) {
        plan->count = loud;
        for (size_t i = 0; i < n && plan->count < SIM_STEPS_MAX; i++) {
            struct sim_host_step *step = &plan->steps[plan->count++];
            *step = all->steps[queued + i];
            step->option = SIM_OPTION_SILENT;
            step->is_silent = true;
        }
        if (plan->count != had->count) VK_TRY(attempt_again(replay, met));
    }
    if (!*met) replay->turn->plan = had;
    return VK_OK;
}

/* The kernel was not opened anew on the database: it remembered what it had queued since its last crank. */
static enum vk_err try_uncounted(struct replay *replay, bool *met) {
    uint64_t tail, count, counted;
    VK_TRY(go_back(replay));
    VK_TRY(waiting(replay, &tail, &count, &counted));
    if (count <= counted) return VK_OK;
    replay->turn->uncounted = count - counted;
    VK_TRY(attempt_again(replay, met));
    if (!*met) replay->turn->uncounted = 0;
    return VK_OK;
}

static enum vk_err try_others(struct replay *replay, bool *met) {
    if (replay->result->cranks == 0) VK_TRY(try_uncounted(replay, met));
    if (!*met) VK_TRY(try_devices(replay, met));
    if (!*met) VK_TRY(try_messages(replay, met));
    return VK_OK;
}

/* ---- what was inferred */

static enum vk_err infer(struct replay *replay, bool is_in_crank, struct vk_str what,
                         struct vk_str by) {
    struct sim_slog_result *result = replay->result;
    struct sim_inferred inferred = {.crank = crank_of(replay, replay->turn)->unit.number,
                                    .is_in_crank = is_in_crank};
    VK_TRY(vk_arena_copy(&result->arena, what, &inferred.what));
    VK_TRY(vk_arena_copy(&result->arena, by, &inferred.by));
    SIM_ARRAY_RESERVE(&result->inferred);
    result->inferred.at[result->inferred.count++] = inferred;
    return VK_OK;
}

static enum vk_err tell_step(struct replay *replay, const struct sim_host_step *step) {
    struct vk_arena *arena = &replay->turn->arena;
    struct vk_str what, by;
    VK_TRY(sim_step_words(arena, step, &what, &by));
    VK_TRY(vk_arena_format(arena, &by, "%.*s%s%s", VK_STR_ARG(by), by.n ? ", " : "",
                           step->is_told                       ? "as the host told"
                           : step->is_silent && step->result.p ? "guessed; no hashes were emitted"
                           : step->is_silent                   ? "and no hashes were emitted"
                                                               : "by the hash"));
    return infer(replay, false, what, by);
}

static enum vk_err tell_turn(struct replay *replay) {
    const struct sim_host_plan *plan = replay->turn->plan;
    const struct sim_slog_devices *devices = &replay->kernel.devices;
    struct vk_str entry, what;
    size_t at = 0;
    for (size_t i = 0; i < plan->count; i++)
        VK_TRY(tell_step(replay, &plan->steps[i]));
    while (!plan->count && next_termination(&replay->turn->crank, &at, &entry)) {
        struct vk_str vat = sim_log_text(sim_log_get(entry, "vatID"));
        VK_TRY(
            vk_arena_format(&replay->turn->arena, &what, "termination of %.*s", VK_STR_ARG(vat)));
        VK_TRY(infer(replay, false, what, VK_STR("by a terminate entry between cranks")));
    }
    if (replay->turn->uncounted)
        VK_TRY(infer(replay, false,
                     VK_STR("the kernel went on, and was not opened on this database"),
                     VK_STR("by statistics in the hash that it does not have")));
    if (replay->turn->reaps)
        VK_TRY(infer(replay, false, VK_STR("reapAllVats"),
                     VK_STR("by a bringOutYourDead that no count had asked for")));
    for (size_t i = 0; i < devices->notes.count; i++)
        VK_TRY(infer(replay, true, devices->notes.at[i].what, devices->notes.at[i].by));
    return VK_OK;
}

/* ---- the first hypothesis */

/* Does the messages on a kernel that is put back afterwards: of each bracket its crankhash. Bundles are announced before
 * anything else is queued. */
static enum vk_err probe(struct replay *replay, const struct sim_host_plan *plan,
                         char (*crankhashes)[VK_HASH_HEX]) {
    struct sim_host_plan *one;
    size_t count = 0;
    VK_TRY(VK_NEW(&replay->turn->arena, &one));
    *one = (struct sim_host_plan){.emits = true, .roots = plan->roots, .count = 1};
    for (size_t i = 0; i < plan->count; i++) {
        one->steps[0] = plan->steps[i];
        VK_TRY(sim_slog_host_apply(one, replay->kernel.kernel, replay->kernel.store,
                                   &replay->turn->arena));
        if (sim_step_is_bracket(&plan->steps[i]))
            memcpy(crankhashes[count++], replay->kernel.emitted, VK_HASH_HEX);
    }
    return go_back(replay);
}

static bool is_told_of(const struct sim_slog_told *told, uint64_t crank) {
    for (size_t i = 0; i < told->steps.count; i++)
        if (told->steps.at[i].crank == crank) return true;
    return false;
}

static enum vk_err queue_is_empty(struct replay *replay, bool *is) {
    struct vk_str text;
    uint64_t head = 0, tail = 0;
    VK_TRY(get(replay, "acceptanceQueue", &text));
    *is = sim_log_count(sim_log_at(text, 0), &head) && sim_log_count(sim_log_at(text, 1), &tail) &&
          head == tail;
    return VK_OK;
}

/* While others wait in the queue, only the hash says that the host did anything before this crank and not a later one. */
static enum vk_err plan_turn(struct replay *replay) {
    const struct sim_slog_crank *crank = crank_of(replay, replay->turn);
    struct sim_host_plan *plan;
    struct vk_str text;
    char before[VK_HASH_HEX], (*brackets)[VK_HASH_HEX] = NULL;
    bool is_empty;
    VK_TRY(VK_NEW(&replay->turn->arena, &plan));
    replay->turn->plan = plan;
    *plan = (struct sim_host_plan){0};
    VK_TRY(get(replay, "activityhash", &text));
    snprintf(before, sizeof before, "%.*s", VK_STR_ARG(text));
    bool emits = before[0] && sim_slog_host_emits(before, &crank->unit);
    VK_TRY(queue_is_empty(replay, &is_empty));
    bool waits = is_empty && crank->is_routing;
    if (!emits && !waits && !is_told_of(replay->told, crank->unit.number)) return VK_OK;
    VK_TRY(sim_slog_host_messages(plan, &replay->index, replay->turn->at, replay->kernel.store,
                                  &replay->turn->arena));
    if (emits && sim_slog_host_has_brackets(plan)) {
        VK_TRY(VK_NEW_ARRAY(&replay->turn->arena, &brackets, plan->count));
        VK_TRY(probe(replay, plan, brackets));
    }
    return sim_slog_host_choose(plan, replay->kernel.store, &replay->turn->arena, before,
                                &crank->unit, waits, replay->told, brackets);
}

/* ---- the whole */

static enum vk_err begin_turn(struct replay *replay, size_t at) {
    struct turn *turn = &replay->turns[replay->turn_count];
    *turn = (struct turn){.at = at, .polled = replay->kernel.devices.polled};
    sim_crank_log_init(&turn->crank);
    vk_arena_init(&turn->arena, vk_heap_system());
    replay->turn = turn;
    return sim_crank_log_read_on(&turn->crank, replay->file, &crank_of(replay, turn)->unit,
                                 replay->error);
}

/* Why no hypothesis met the crank, if that can be said. */
static enum vk_err explain(struct replay *replay, bool by_host) {
    struct sim_slog_result *result = replay->result;
    const struct sim_slog_devices *devices = &replay->kernel.devices;
    if (replay->kernel.workers.lacks_bundles)
        result->why =
            VK_STR("the vat's worker runs on bundles that no vat in the database runs on, "
                   "and a slog does not name them: --host with a line `workers:`");
    else if (devices->unknown[0])
        return vk_arena_format(&result->arena, &result->why,
                               "%s is none of SwingSet's own, and what it wrote in %zu calls no "
                               "slog shows: --host with lines `crank-%" PRIu64 " call-N:`",
                               devices->unknown, devices->unknown_calls, result->different_crank);
    else if (by_host)
        return vk_arena_format(&result->arena, &result->why,
                               "the host did something before it that no slog shows, and none of "
                               "what was tried: --host with lines `crank-%" PRIu64 ":`",
                               result->different_crank);
    return VK_OK;
}

/* The first difference is the one that is told. */
static enum vk_err try_again(struct replay *replay) {
    struct sim_slog_result *result = replay->result;
    const struct vk_str what = result->what, expected = result->expected, got = result->got;
    const bool by_host = replay->turn->plan->emits && !replay->turn->plan->is_found;
    bool met = false;
    VK_TRY(explain(replay, by_host));
    VK_TRY(try_others(replay, &met));
    if (met) result->why = VK_STR_NONE;
    result->outcome = met ? SIM_SLOG_MET : SIM_SLOG_DIFFERENT;
    result->what = what;
    result->expected = expected;
    result->got = got;
    return VK_OK;
}

static enum vk_err run_at(struct replay *replay, size_t at) {
    struct sim_slog_result *result = replay->result;
    VK_TRY(begin_turn(replay, at));
    VK_TRY(plan_turn(replay));
    const uint64_t deliveries = replay->kernel.workers.deliveries,
                   syscalls = replay->kernel.workers.syscalls;
    VK_TRY(attempt(replay));
    if (result->outcome != SIM_SLOG_MET) {
        replay->kernel.workers.deliveries = deliveries;
        replay->kernel.workers.syscalls = syscalls;
        VK_TRY(try_again(replay));
    }
    if (result->outcome != SIM_SLOG_MET) return VK_OK;
    VK_TRY(tell_turn(replay));
    if (result->is_panic) return VK_OK;
    result->cranks++;
    replay->turn = NULL;
    return ++replay->turn_count == TURNS_MAX ? commit(replay) : VK_OK;
}

/* Where in the slog the database stands. */
static enum vk_err find_start(struct replay *replay, size_t *at) {
    struct vk_arena arena;
    struct vk_str text;
    uint64_t number = 0;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = vk_store_get(replay->kernel.store, &arena, VK_STR("crankNumber"), &text);
    if (err == VK_OK && (!text.p || !vk_str_to_u64(text, &number)))
        err = VK_RAISE(VK_ERR_CORRUPT, "it holds no kernel (no key crankNumber)");
    vk_arena_release(&arena);
    VK_TRY(err);
    for (*at = 0; *at < replay->index.cranks.count; ++*at)
        if (replay->index.cranks.at[*at].unit.number == number) {
            replay->result->first_crank = number;
            return VK_OK;
        }
    return VK_RAISE(VK_ERR_USAGE,
                    "the database stands before crank %" PRIu64 ", which the slog does not have",
                    number);
}

/* INV-SLOG-REPLAY-2: without them nothing would be held to anything. If the first has none it is the file's way. */
static enum vk_err must_have_hashes(struct replay *replay, const struct sim_log_unit *unit) {
    const size_t line = replay->result->cranks ? unit->end : 0;
    if (unit->crankhash[0] && unit->activityhash[0]) return VK_OK;
    return sim_input_error_set(replay->error, VK_ERR_SYNTAX, line,
                               "crank %" PRIu64 " has no hashes (a flight recorder keeps none): a "
                               "slog is wanted, whose crank-finish entries have them",
                               unit->number);
}

static enum vk_err run_all(struct replay *replay) {
    const struct sim_slog_index *index = &replay->index;
    size_t at;
    VK_TRY(find_start(replay, &at));
    VK_TRY(sim_log_file_open(replay->slog, &replay->file, replay->error));
    for (; at < index->cranks.count; at++) {
        bool follows =
            at == 0 || index->cranks.at[at].unit.number == index->cranks.at[at - 1].unit.number + 1;
        if (!follows && replay->result->cranks) /* lines are lost */
            return differ(replay, &index->cranks.at[at], VK_STR("the slog lacks a crank before it"),
                          VK_STR_NONE, VK_STR_NONE);
        VK_TRY(must_have_hashes(replay, &index->cranks.at[at].unit));
        VK_TRY(run_at(replay, at));
        if (replay->result->outcome != SIM_SLOG_MET) return VK_OK;
    }
    return VK_OK;
}

void sim_slog_result_init(struct sim_slog_result *result) {
    *result = (struct sim_slog_result){0};
    vk_arena_init(&result->arena, vk_heap_system());
}

void sim_slog_result_release(struct sim_slog_result *result) {
    sim_array_free(result->inferred.at);
    vk_arena_release(&result->arena);
}

static enum vk_err run(struct replay *replay, const char *database, bool *is_database) {
    *is_database = false;
    VK_TRY(sim_slog_index_read(&replay->index, replay->slog, replay->error));
    *is_database = true;
    VK_TRY(sim_slog_kernel_open(&replay->kernel, database));
    enum vk_err err = run_all(replay);
    *is_database = !replay->error->what[0]; /* which is for the slog's readers */
    return err;
}

enum vk_err sim_slog_replay(const char *database, const char *slog,
                            const struct sim_slog_told *told, struct sim_slog_result *result,
                            bool *is_database, struct sim_input_error *error) {
    struct replay *replay = calloc(1, sizeof *replay);
    *error = (struct sim_input_error){0};
    if (!replay) return VK_RAISE(VK_ERR_NOMEM, "replay");
    replay->result = result;
    replay->error = error;
    replay->slog = slog;
    sim_slog_index_init(&replay->index);
    sim_slog_kernel_init(&replay->kernel);
    replay->told = replay->kernel.devices.told = told;
    replay->kernel.workers.told_bundles = told->workers;
    enum vk_err err = run(replay, database, is_database);
    result->deliveries = replay->kernel.workers.deliveries;
    result->syscalls = replay->kernel.workers.syscalls;
    for (size_t i = 0; i < replay->turn_count; i++)
        forget_turn(&replay->turns[i]);
    if (replay->turn) forget_turn(replay->turn);
    sim_slog_kernel_release(&replay->kernel);
    sim_log_file_close(replay->file);
    sim_slog_index_release(&replay->index);
    free(replay);
    if (err == VK_OK || error->what[0]) return err;
    return sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
}
