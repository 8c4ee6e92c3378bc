/* replay_run.c - see replay_run.h. Walks the recording: the host's doings are applied, cranks are
 * run.
 *
 *     startCrank ... no savepoint ... endCrank     a host call: applied, its hashes compared
 *     startCrank ... savepoint ...    endCrank     the kernel's crank: run and compared
 *     anything else                                the host's: applied
 */
#include "replay_run.h"

#include "replay_check.h"
#include "replay_state.h"

#include <inttypes.h>

/* ---- the kernel's cranks */

/* The run policy is the host's: when clean-up was allowed, and how much of it, is read off the
 * recording. */
static bool policy_allow_cleanup(void *impl, struct vk_cleanup_budget *budget) {
    const struct sim_replay *replay = impl;
    VK_ASSERT(replay->crank);
    if (!replay->crank->is_cleanup) return false;
    *budget = replay->crank->budget;
    return true;
}

/* The host itself failed: nothing is learnt about the kernel. */
static bool is_host_failure(const struct sim_replay *replay, enum vk_err err) {
    return err == VK_ERR_NOMEM || err == VK_ERR_DISK || err == VK_ERR_DISK_FULL ||
           err == VK_ERR_BUSY || replay_resume_is_crash(replay, err);
}

static enum vk_err stopped(struct sim_replay *replay, enum vk_err err) {
    if (is_host_failure(replay, err) || replay->diff.kind != SIM_DIFF_NONE) return err;
    const char *reason = replay->kernel ? vk_kernel_panic_reason(replay->kernel) : NULL;
    const char *text = vk_err_origin()->text;
    struct vk_trace_event due;
    struct sim_diff_side expected = {0};
    if (replay->cursor < replay->limit) {
        const struct sim_event *event = replay_event(replay, replay->cursor);
        due =
            (struct vk_trace_event){.type = event->type, .key = event->key, .value = event->value};
        expected = (struct sim_diff_side){.is_event = true, .event = due};
    }
    return replay_diff_keep(replay, SIM_DIFF_STOPPED, &expected, NULL, "%s: %s", vk_err_name(err),
                            reason && reason[0] ? reason : text);
}

/* Whether the recording's kernel runs no crank after this one, until it is built anew. */
static bool no_crank_follows(const struct sim_replay *replay) {
    for (size_t i = replay->next_crank; i < replay->index->cranks.count; i++)
        if (!replay->index->cranks.at[i].is_host_call && !replay->index->cranks.at[i].is_idle) {
            for (size_t e = replay->crank->end; e < replay->index->cranks.at[i].begin; e++) {
                const struct sim_event *event = replay_event(replay, e);
                if (event->type == VK_TRACE_CLOSE ||
                    (event->type == VK_TRACE_SLOG &&
                     vk_str_eq(event->key, VK_STR("kernel-restart"))))
                    return true;
            }
            return false;
        }
    return true;
}

/* The kernel has stopped. Right if the recording's did so too, after the same events. */
static enum vk_err crank_stopped(struct sim_replay *replay, enum vk_err err) {
    if (is_host_failure(replay, err) || replay->diff.kind != SIM_DIFF_NONE) return err;
    if (!no_crank_follows(replay)) return stopped(replay, err);
    if (replay->crank->is_emitted) {
        if (err != VK_ERR_PANIC) return stopped(replay, err);
        VK_TRY(replay_check_done(replay));
        replay->result->cranks++; /* it was completed first */
        replay->result->cranks_run++;
    } else if (replay->crank->is_idle) {
        return stopped(replay, err);
    } else {
        VK_TRY(replay_check_abandoned(replay));
        replay->is_abandoned = true;
    }
    replay->is_halted = true;
    replay->result->is_panic = true;
    replay->result->panic_crank = replay->crank->number;
    return VK_OK;
}

/* Not one of the recording's commits. */
static enum vk_err commit_unseen(struct sim_replay *replay, size_t at) {
    bool was_watching = replay->is_watching;
    replay->is_watching = false;
    enum vk_err err = replay_resume_commit(replay, at);
    replay->is_watching = was_watching;
    return err;
}

/* Calls that the statistics lack are counted in the kernel's memory alone, until the next crank. */
static enum vk_err count_missed_calls(struct sim_replay *replay) {
    if (!replay->crank->is_idle) replay->memory_is_ahead = false; /* it has saved all statistics */
    for (size_t i = 0; i < SIM_SYSCALL_COUNTERS; i++)
        if (replay->to_count[i] > 0) replay->memory_is_ahead = true;
    return replay_check_catch_up(replay);
}

static enum vk_err run_crank(struct sim_replay *replay, const struct sim_crank *crank) {
    const struct vk_run_policy policy = {.impl = replay, .allow_cleanup = policy_allow_cleanup};
    struct vk_crank_result result = {0};
    replay->crank = crank; /* INV-REPLAY-STATE-2 */
    replay->deliveries_made = 0;
    replay->delivery = NULL;
    replay->delivery_is_over = false;
    replay->death_is_recorded = false;
    replay->call = NULL;
    replay_check_expect(replay, crank->begin, crank->end);
    enum vk_err err = vk_kernel_run_crank(replay->kernel, &policy, &result);
    if (err != VK_OK) return crank_stopped(replay, err);
    VK_TRY(replay_check_done(replay));
    if (replay_crank_panics(replay))
        return replay_diff_keep(replay, SIM_DIFF_NO_PANIC, NULL, NULL, NULL);
    replay->result->state_hash = result.state_hash;
    replay->result->cranks += !crank->is_idle;
    replay->result->cranks_run += !crank->is_idle;
    VK_TRY(count_missed_calls(replay));
    if (!crank->is_idle) replay->host_may_have_called = false;
    return VK_OK;
}

/* ---- the kernel's comings and goings */

static enum vk_err close_kernel(struct sim_replay *replay) {
    if (!replay->kernel) return VK_OK;
    vk_kernel_close(replay->kernel);
    replay->kernel = NULL;
    replay->is_halted = replay->memory_is_ahead = replay->has_attached = false;
    if (replay->worker_pool.running == 0) return VK_OK; /* INV-WORKER-3 */
    return replay_diff_keep(replay, SIM_DIFF_WORKERS, NULL, NULL, "%zu of them",
                            replay->worker_pool.running);
}

static enum vk_err open_kernel(struct sim_replay *replay, bool is_restart) {
    const struct sim_replay_host *host = replay->options.host;
    struct vk_kernel_options options = {
        .vats_online_max = replay->options.vats_online_max,
        .no_preload = true, /* what the recorded kernel did at its start is applied as it stands */
    };
    if (host)
        host->kernel_opens(host->impl, &options, is_restart && replay_resume_may_preload(replay));
    return vk_kernel_open(replay->store, &replay->ports, &options, &replay->kernel);
}

static enum vk_err provide_kernel(struct sim_replay *replay) {
    return replay->kernel ? VK_OK : open_kernel(replay, false);
}

/* ---- the host's doings */

static bool kernel_keeps_count(const struct sim_replay *replay) {
    return replay->kernel && !replay->is_halted;
}

static enum vk_err apply_write(struct sim_replay *replay, const struct sim_event *event) {
    if (kernel_keeps_count(replay)) {
        replay->memory_is_ahead = true;
        return vk_host_apply_write(replay->kernel, event->key, event->value);
    }
    return event->type == VK_TRACE_SET ? vk_store_set(replay->store, event->key, event->value)
                                       : vk_store_delete(replay->store, event->key);
}

/* The snapshot goes before its item, as vatKeeper.saveSnapshot() has it. */
static enum vk_err apply_item(struct sim_replay *replay, const struct sim_event *event, size_t at) {
    struct vk_snapshot_info info;
    struct vk_str image;
    char hash[VK_HASH_HEX];
    VK_ASSERT(replay->next_item < replay->index->items.count); /* INV-INDEX-1 */
    const struct sim_item *item = &replay->index->items.at[replay->next_item++];
    VK_ASSERT(item->event == at);
    if (item->is_save) {
        vk_arena_clear(&replay->scratch);
        VK_TRY(recorded_snapshot_image(&replay->scratch, event->key, item->snapshot_id, &image));
        memcpy(hash, item->snapshot_id.p, sizeof hash - 1);
        hash[sizeof hash - 1] = '\0';
        VK_TRY(vk_snapshot_save(replay->store, event->key, item->position, hash, image, &info));
    }
    VK_TRY(vk_transcript_add(replay->store, event->key, event->value));
    /* A vat made by createTestVat has no worker's start in its transcript. */
    if (item->position == 0 && kernel_keeps_count(replay) &&
        !vk_str_starts(event->value, VK_STR("{\"d\":[\"initialize-worker\""))) {
        replay->has_attached = true;
        return vk_host_attach_vat(replay->kernel, event->key);
    }
    return VK_OK;
}

static enum vk_err apply_bundle(struct sim_replay *replay, const struct sim_event *event) {
    bool has;
    VK_TRY(vk_bundle_has(replay->store, event->key, &has));
    if (!has)
        return vk_bundle_add(replay->store, event->key, VK_STR("")); /* contents are left out */
    replay->cursor = replay->limit; /* installed again: nothing changes */
    return VK_OK;
}

/* What vats did outside cranks shows in writes, but for how often they asked. */
static enum vk_err count_host_calls(struct sim_replay *replay, size_t at) {
    while (replay->next_host_call < replay->index->host_calls.count &&
           replay->index->host_calls.at[replay->next_host_call].event == at) {
        const struct sim_host_call *call = &replay->index->host_calls.at[replay->next_host_call++];
        if (!kernel_keeps_count(replay)) continue;
        replay->memory_is_ahead = true;
        VK_TRY(vk_host_apply_syscall(replay->kernel, call->type));
    }
    return VK_OK;
}

static enum vk_err apply_slog(struct sim_replay *replay, const struct sim_event *event) {
    replay->cursor = replay->limit; /* the host's own, or of calls that are applied as writes */
    if (!vk_str_eq(event->key, VK_STR("kernel-restart"))) return VK_OK;
    VK_TRY(close_kernel(replay));
    return provide_kernel(replay);
}

static enum vk_err apply(struct sim_replay *replay, const struct sim_event *event, size_t at) {
    struct vk_store *store = replay->store;
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    uint64_t number;
    bool done;
    switch (event->type) {
    case VK_TRACE_SET:
    case VK_TRACE_DEL: return apply_write(replay, event);
    case VK_TRACE_START_CRANK: return vk_store_start_crank(store);
    case VK_TRACE_END_CRANK: return vk_store_end_crank(store);
    case VK_TRACE_EMIT: return vk_store_emit_hashes(store, crankhash, activityhash);
    case VK_TRACE_TRANSCRIPT_INIT: return vk_transcript_init(store, event->key);
    case VK_TRACE_TRANSCRIPT_ITEM: return apply_item(replay, event, at);
    case VK_TRACE_TRANSCRIPT_SPAN: return vk_transcript_rollover_span(store, event->key);
    case VK_TRACE_TRANSCRIPT_INCARNATION:
        VK_TRY(vk_snapshot_stop(store, event->key));
        return vk_transcript_rollover_incarnation(store, event->key, &number);
    case VK_TRACE_TRANSCRIPT_STOP:
        VK_TRY(vk_snapshot_stop(store, event->key));
        return vk_transcript_stop(store, event->key);
    case VK_TRACE_TRANSCRIPT_DELETE:
        return vk_transcript_delete(store, event->key, event->budget, &number, &done);
    case VK_TRACE_BUNDLE: return apply_bundle(replay, event);
    case VK_TRACE_BUNDLE_DEL: return vk_bundle_delete(store, event->key);
    case VK_TRACE_COMMIT: return replay_resume_commit(replay, at + 1);
    case VK_TRACE_CLOSE:
        replay->cursor = replay->limit; /* the store goes on to be looked at */
        return at + 1 < replay->recording->events.count ? close_kernel(replay) : VK_OK;
    case VK_TRACE_SLOG: return apply_slog(replay, event);
    case VK_TRACE_SAVEPOINT:
    case VK_TRACE_ROLLBACK: break;
    }
    return VK_RAISE(VK_ERR_USAGE, "a savepoint outside the kernel's cranks");
}

static enum vk_err apply_checked(struct sim_replay *replay, size_t at) {
    const struct sim_event *event = replay_event(replay, at);
    replay_check_expect(replay, at, at + 1);
    if (!replay->recording->has_slog) replay->host_may_have_called = true;
    enum vk_err err = apply(replay, event, at);
    if (err == VK_OK) err = count_host_calls(replay, at);
    if (err == VK_OK) err = replay_check_done(replay);
    if (err == VK_OK || is_host_failure(replay, err) || replay->diff.kind != SIM_DIFF_NONE)
        return err;
    const struct sim_diff_side side = {
        .is_event = true, .event = {.type = event->type, .key = event->key, .value = event->value}};
    return replay_diff_keep(replay, SIM_DIFF_HOST, &side, NULL, "%s: %s", vk_err_name(err),
                            vk_err_origin()->text);
}

/* ---- the whole */

static enum vk_err run_crank_at(struct sim_replay *replay, size_t *at) {
    const struct sim_crank *crank = &replay->index->cranks.at[replay->next_crank];
    VK_ASSERT(crank->begin == *at); /* INV-INDEX-1 */
    VK_TRY(provide_kernel(replay));
    if (replay_panics_in(crank) && !replay->is_halted)
        VK_TRY(commit_unseen(replay, *at)); /* the last chance to */
    replay->next_crank++;
    if (crank->is_host_call) {
        for (; *at < crank->end; ++*at)
            VK_TRY(apply_checked(replay, *at));
        return VK_OK;
    }
    *at = crank->end;
    if (replay->is_halted) return VK_OK; /* only idle ones follow a panic */
    enum vk_err err = run_crank(replay, crank);
    replay->next_item = crank->first_item + crank->item_count;
    VK_TRY(err);
    replay->crank = NULL;
    return crank->is_idle ? VK_OK : replay_resume_commit_own(replay, crank->end);
}

static enum vk_err run_events(struct sim_replay *replay, size_t at) {
    while (at < replay->recording->events.count) {
        if (replay_event(replay, at)->type == VK_TRACE_START_CRANK) {
            VK_TRY(run_crank_at(replay, &at));
            continue;
        }
        VK_TRY(apply_checked(replay, at));
        if (at == replay->index->first_emit) VK_TRY(provide_kernel(replay));
        at++;
    }
    return VK_OK;
}

static enum vk_err check_activityhash(struct sim_replay *replay) {
    struct vk_str got, expected = replay->index->final_activityhash;
    struct sim_replay_result *result = replay->result;
    vk_arena_clear(&replay->scratch);
    VK_TRY(vk_store_get(replay->store, &replay->scratch, VK_STR("activityhash"), &got));
    snprintf(result->activityhash, sizeof result->activityhash, "%.*s", VK_STR_ARG(got));
    if (replay->options.without_activity_hash || vk_str_eq(got, expected)) return VK_OK;
    return replay_diff_keep_texts(replay, SIM_DIFF_ACTIVITYHASH, expected, got);
}

/* One process of the host's, from its start to the recording's end. */
static enum vk_err run_process(struct sim_replay *replay) {
    const size_t end = replay->recording->events.count;
    size_t at;
    const struct vk_store_options options = {
        .mode = replay->options.mode,
        .no_activity_hash = replay->options.without_activity_hash,
        .no_state_hash = replay->options.without_state_hash,
    };
    VK_TRY(vk_store_open(&replay->ports, &options, &replay->store));
    VK_TRY(replay_resume_recover(replay, &at));
    replay->is_watching = true;
    if (replay->marks.committed.has_kernel && at < end) VK_TRY(open_kernel(replay, true));
    VK_TRY(run_events(replay, at));
    replay_check_expect(replay, end, end);
    if (!replay->is_abandoned) VK_TRY(commit_unseen(replay, end));
    VK_TRY(check_activityhash(replay));
    if (!replay->options.without_comparison) VK_TRY(replay_check_spans(replay));
    return close_kernel(replay);
}

static void end_process(struct sim_replay *replay) {
    replay->is_watching = false;
    if (replay->kernel) vk_kernel_close(replay->kernel);
    if (replay->store) vk_store_close(replay->store);
    replay->kernel = NULL;
    replay->store = NULL;
}

static enum vk_err run_to_end(struct sim_replay *replay) {
    for (;;) {
        enum vk_err err = run_process(replay);
        if (!replay_resume_is_crash(replay, err)) return err;
        end_process(replay);
        VK_TRY(replay_resume_crashed(replay));
    }
}

/* The names of the devices that were answered for. */
static enum vk_err name_devices(struct sim_replay *replay) {
    struct vk_buf buf;
    bool any = false;
    vk_buf_init(&buf, &replay->keep);
    for (size_t i = 0; i < replay->index->devices.count && i < DEVICES_NOTED_MAX; i++) {
        if (!replay->device_was_called[i]) continue;
        if (any) vk_buf_lit(&buf, ", ");
        vk_buf_add(&buf, replay->index->devices.at[i].name);
        any = true;
    }
    return any ? vk_buf_finish(&buf, &replay->result->devices) : VK_OK;
}

static void set_outcome(struct sim_replay *replay, enum vk_err err) {
    struct sim_replay_result *result = replay->result;
    if (err == VK_OK) {
        result->outcome = SIM_MET;
    } else if (replay->diff.kind != SIM_DIFF_NONE) {
        result->outcome = SIM_DIFFERENT;
        result->diff = &replay->diff;
    } else {
        result->outcome = is_host_failure(replay, err) ? SIM_FAILED : SIM_UNUSABLE;
        snprintf(result->error, sizeof result->error, "%s: %s", vk_err_text(err),
                 vk_err_origin()->text);
    }
}

static void begin_run(struct sim_replay *replay, struct sim_replay_result *result) {
    *result = (struct sim_replay_result){0};
    vk_arena_clear(&replay->keep);
    replay->result = result;
    replay->store = NULL;
    replay->kernel = NULL;
    replay->is_watching = false;
    replay->is_halted = false;
    replay->is_abandoned = false;
    replay->death_was_unrecorded = replay->death_is_recorded = false;
    replay_resume_begin(replay);
    replay->cursor = replay->limit = 0;
    replay->next_crank = replay->next_item = replay->next_host_call = 0;
    replay->crank = NULL;
    replay->delivery = NULL;
    replay->call = NULL;
    memset(replay->to_count, 0, sizeof replay->to_count);
    replay->host_may_have_called = false;
    memset(replay->device_was_called, 0, sizeof replay->device_was_called);
    replay->diff = (struct sim_diff){0};
}

void sim_replay_run(struct sim_replay *replay, struct sim_replay_result *result) {
    begin_run(replay, result);
    enum vk_err err = run_to_end(replay);
    if (err == VK_OK) err = name_devices(replay);
    set_outcome(replay, err);
    end_process(replay);
}

struct sim_replay *sim_replay_prepare(const struct sim_recording *recording,
                                      const struct sim_replay_options *options) {
    struct sim_replay *replay = calloc(1, sizeof *replay);
    if (!replay) return NULL;
    replay->recording = recording;
    replay->index = recording->index;
    replay->options = *options;
    vk_arena_init(&replay->keep, vk_heap_system());
    vk_arena_init(&replay->scratch, vk_heap_system());
    recorded_worker_host_init(&replay->workers, replay);
    recorded_device_host_init(&replay->devices, replay);
    replay_check_init(&replay->trace, replay);
    replay->ports = (struct vk_ports){
        .heap = vk_heap_system(),
        .disk = {.path = options->path ? options->path : ":memory:"},
        .trace = options->without_comparison ? NULL : &replay->trace,
        .workers = &replay->workers,
        .devices = &replay->devices,
    };
    if (options->host) options->host->connect(options->host->impl, &replay->ports);
    return replay;
}

void sim_replay_release(struct sim_replay *replay) {
    if (!replay) return;
    recorded_workers_release(&replay->worker_pool);
    vk_arena_release(&replay->keep);
    vk_arena_release(&replay->scratch);
    free(replay);
}
