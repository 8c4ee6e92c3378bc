/* replay_resume.c - see replay_resume.h. */
#include "replay_resume.h"

#include "replay_check.h"
#include "replay_state.h"

#define KEY_MARK VK_STR("host.replay.mark")

void replay_resume_begin(struct sim_replay *replay) {
    replay->marks = (struct sim_replay_marks){0};
    replay->memory_is_ahead = replay->has_attached = false;
}

/* ---- marks */

static struct sim_replay_mark mark_here(const struct sim_replay *replay, size_t at) {
    struct sim_replay_mark mark = {
        .number = replay->marks.committed.number + 1,
        .at = at,
        .next_crank = replay->next_crank,
        .next_item = replay->next_item,
        .next_host_call = replay->next_host_call,
        .has_kernel = replay->kernel != NULL,
        .host_may_have_called = replay->host_may_have_called,
        .state_hash = vk_store_state_hash(replay->store),
        .result = *replay->result,
    };
    memcpy(mark.device_was_called, replay->device_was_called, sizeof mark.device_was_called);
    return mark;
}

static void go_to(struct sim_replay *replay, const struct sim_replay_mark *mark) {
    const struct sim_replay_result before = *replay->result;
    *replay->result = mark->result; /* INV-RESUME-1 */
    replay->result->crashes = before.crashes;
    replay->result->commits = before.commits;
    replay->result->cranks_run = before.cranks_run;
    replay->next_crank = mark->next_crank;
    replay->next_item = mark->next_item;
    replay->next_host_call = mark->next_host_call;
    replay->host_may_have_called = mark->host_may_have_called;
    memcpy(replay->device_was_called, mark->device_was_called, sizeof mark->device_was_called);
    replay->memory_is_ahead = replay->has_attached = false;
    replay->is_halted = replay->is_abandoned = false;
    replay->death_was_unrecorded = replay->death_is_recorded = false;
    replay->crank = NULL;
    replay->delivery = NULL;
    replay->delivery_is_over = false;
    replay->call = NULL;
    memset(replay->to_count, 0, sizeof replay->to_count);
    replay_check_expect(replay, mark->at, mark->at);
}

/* ---- commits */

/* INV-RESUME-3. Where the recording ends nothing is run any more, and nothing remembered is missed. */
static bool may_commit(const struct sim_replay *replay, size_t at) {
    if (replay->is_abandoned) return false;
    if (at == replay->recording->events.count) return true;
    return !replay->memory_is_ahead && !replay->has_attached && !replay->is_halted;
}

static enum vk_err write_mark(struct sim_replay *replay, uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return vk_store_host_set(replay->store, KEY_MARK, vk_str(text));
}

static enum vk_err commit_marked(struct sim_replay *replay, size_t at) {
    const struct sim_replay_host *host = replay->options.host;
    struct sim_replay_marks *marks = &replay->marks;
    VK_ASSERT(!replay->crank && !replay->is_abandoned); /* INV-RESUME-2 */
    VK_TRY(host->at_point(host->impl, SIM_HOST_BEFORE_COMMIT));
    const struct sim_replay_mark mark = mark_here(replay, at);
    VK_TRY(write_mark(replay, mark.number));
    marks->attempted = mark;
    VK_TRY(vk_store_commit(replay->store));
    marks->committed = mark;
    marks->attempted.number = 0;
    replay->result->commits++;
    return host->at_point(host->impl, SIM_HOST_AFTER_COMMIT);
}

enum vk_err replay_resume_commit(struct sim_replay *replay, size_t at) {
    if (!replay->options.host) return vk_store_commit(replay->store);
    if (may_commit(replay, at)) return commit_marked(replay, at);
    if (replay->is_watching) replay->cursor = replay->limit; /* the recording's own is put off */
    return VK_OK;
}

enum vk_err replay_resume_commit_own(struct sim_replay *replay, size_t at) {
    const struct sim_replay_host *host = replay->options.host;
    if (!host || !may_commit(replay, at) || !host->wants_commit(host->impl)) return VK_OK;
    bool was_watching = replay->is_watching;
    replay->is_watching = false;
    enum vk_err err = commit_marked(replay, at);
    replay->is_watching = was_watching;
    return err;
}

/* ---- starting again */

static enum vk_err lost(struct sim_replay *replay, const char *what, uint64_t got) {
    return replay_diff_keep(replay, SIM_DIFF_LOST, NULL, NULL,
                            "%s: commit %llu was the last, the database has %llu", what,
                            (unsigned long long)replay->marks.committed.number,
                            (unsigned long long)got);
}

static enum vk_err read_mark(struct sim_replay *replay, uint64_t *number) {
    struct vk_str text;
    *number = 0;
    vk_arena_clear(&replay->scratch);
    VK_TRY(vk_store_get(replay->store, &replay->scratch, KEY_MARK, &text));
    if (!text.p || vk_str_to_u64(text, number)) return VK_OK;
    return lost(replay, "its mark cannot be read", 0);
}

/* INV-RESUME-2 */
static enum vk_err find_mark(struct sim_replay *replay) {
    struct sim_replay_marks *marks = &replay->marks;
    struct vk_state_hash hash;
    uint64_t number;
    VK_TRY(read_mark(replay, &number));
    if (number > 0 && number == marks->attempted.number) {
        marks->committed = marks->attempted;
        replay->result->commits++;
    }
    marks->attempted.number = 0;
    if (number != marks->committed.number) return lost(replay, "its mark is another one", number);
    if (number == 0 || replay->options.without_state_hash) return VK_OK;
    hash = vk_store_state_hash(replay->store);
    if (hash.low == marks->committed.state_hash.low &&
        hash.high == marks->committed.state_hash.high)
        return VK_OK;
    return lost(replay, "its state hash is another one", number);
}

enum vk_err replay_resume_recover(struct sim_replay *replay, size_t *at) {
    const struct sim_replay_host *host = replay->options.host;
    const struct sim_replay_mark *mark = &replay->marks.committed;
    *at = 0;
    if (!host) return VK_OK;
    replay->marks.strikes = host->strikes(host->impl);
    VK_TRY(find_mark(replay));
    go_to(replay, mark);
    *at = mark->at;
    return VK_OK;
}

bool replay_resume_may_preload(const struct sim_replay *replay) {
    const struct sim_index *index = replay->index;
    for (size_t i = replay->next_item; i < index->items.count; i++)
        if (index->items.at[i].position == 0) return false;
    return true;
}

/* ---- crashes */

bool replay_resume_is_crash(const struct sim_replay *replay, enum vk_err err) {
    const struct sim_replay_host *host = replay->options.host;
    bool may_be = err == VK_ERR_NOMEM || err == VK_ERR_DISK || err == VK_ERR_DISK_FULL ||
                  err == VK_ERR_BUSY || err == VK_ERR_WORKER_LOST || err == VK_ERR_TRACE;
    return host && may_be && !replay->death_is_recorded && replay->diff.kind == SIM_DIFF_NONE &&
           host->strikes(host->impl) > replay->marks.strikes; /* INV-RESUME-4 */
}

enum vk_err replay_resume_crashed(struct sim_replay *replay) {
    const struct sim_replay_host *host = replay->options.host;
    VK_ASSERT(host && !replay->kernel && !replay->store); /* nothing of the process is left */
    replay->result->crashes++;
    host->crashed(host->impl);
    if (replay->worker_pool.running == 0) return VK_OK; /* INV-WORKER-3 */
    return replay_diff_keep(replay, SIM_DIFF_WORKERS, NULL, NULL, "%zu of them, after a crash",
                            replay->worker_pool.running);
}
