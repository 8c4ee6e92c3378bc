/* replay_check.c - see replay_check.h. */
#include "replay_check.h"

#include "json_same.h"
#include "replay_state.h"

#include <string.h>

static bool is_compared(const struct sim_replay *replay, const struct sim_event *event) {
    return !event->is_passed_over && (event->type != VK_TRACE_SLOG || replay->trace.wants_slog);
}

static struct sim_diff_side side_of(const struct sim_event *event) {
    return (struct sim_diff_side){.is_event = true,
                                  .event = {.type = event->type,
                                            .key = event->key,
                                            .value = event->value,
                                            .budget = event->budget,
                                            .count = event->count,
                                            .done = event->done}};
}

static enum vk_err keep(struct sim_replay *replay, enum sim_diff_kind kind,
                        const struct sim_event *expected, const struct vk_trace_event *got) {
    struct sim_diff_side sides[2] = {{0}};
    if (expected) sides[0] = side_of(expected);
    if (got) sides[1] = (struct sim_diff_side){.is_event = true, .event = *got};
    return replay_diff_keep(replay, kind, expected ? &sides[0] : NULL, got ? &sides[1] : NULL,
                            NULL);
}

/* ---- the one tolerance: calls that nobody recorded */

static const struct {
    const char *stat;
    enum vk_syscall_type type;
    bool is_read;
} counters[SIM_SYSCALL_COUNTERS] = {
    {"syscallVatstoreGet", VK_SYSCALL_VATSTORE_GET, true},
    {"syscallVatstoreGetNextKey", VK_SYSCALL_VATSTORE_GET_NEXT_KEY, true},
    {"syscallCallNow", VK_SYSCALL_CALL_NOW, false},
    {"syscallSubscribe", VK_SYSCALL_SUBSCRIBE, false},
    {"syscallResolve", VK_SYSCALL_RESOLVE, false},
    {"syscallExit", VK_SYSCALL_EXIT, false},
    {"syscallVatstoreSet", VK_SYSCALL_VATSTORE_SET, false},
    {"syscallVatstoreDelete", VK_SYSCALL_VATSTORE_DELETE, false},
};

/* What `name` may be more by in the recording: *surplus is where it is counted, NULL for all. */
static bool may_be_more(const struct sim_replay *replay, struct vk_str name, uint64_t *to_count,
                        uint64_t **surplus) {
    *surplus = NULL;
    if (vk_str_eq(name, VK_STR("syscalls"))) return true;
    for (size_t i = 0; i < SIM_SYSCALL_COUNTERS; i++) {
        if (!vk_str_eq(name, vk_str(counters[i].stat))) continue;
        *surplus = &to_count[i];
        return replay->host_may_have_called ||
               (counters[i].is_read && replay->index->devices.count > 0);
    }
    return false;
}

/* Fills `to_count` and is true if `expected` is `got` and some calls more. */
static bool is_more_calls(const struct sim_replay *replay, const struct vk_json *expected,
                          const struct vk_json *got, uint64_t *to_count) {
    uint64_t all = 0, sum = 0;
    if (!vk_json_is(expected, VK_JSON_OBJECT) || !vk_json_is(got, VK_JSON_OBJECT) ||
        expected->count != got->count)
        return false;
    for (const struct vk_json *a = expected->first, *b = got->first; a; a = a->next, b = b->next) {
        uint64_t more, less, *surplus;
        if (!vk_str_eq(a->key, b->key) || a->type != VK_JSON_NUMBER || b->type != VK_JSON_NUMBER)
            return false;
        if (vk_str_eq(a->text, b->text)) continue;
        if (!may_be_more(replay, a->key, to_count, &surplus) || !vk_str_to_u64(a->text, &more) ||
            !vk_str_to_u64(b->text, &less) || more < less)
            return false;
        if (surplus)
            sum += *surplus = more - less;
        else
            all = more - less;
    }
    return all == sum;
}

static enum vk_err unrecorded_calls(struct sim_replay *replay, const struct sim_event *expected,
                                    const struct vk_trace_event *got, bool *explained) {
    const struct vk_json *a, *b;
    uint64_t to_count[SIM_SYSCALL_COUNTERS] = {0};
    *explained = false;
    if (expected->type != VK_TRACE_SET || got->type != VK_TRACE_SET ||
        !vk_str_eq(expected->key, VK_STR("local.kernelStats")) ||
        !vk_str_eq(got->key, expected->key))
        return VK_OK;
    vk_arena_clear(&replay->scratch);
    VK_TRY(vk_json_parse(&replay->scratch, expected->value, &a));
    VK_TRY(vk_json_parse(&replay->scratch, got->value, &b));
    *explained = is_more_calls(replay, a, b, to_count); /* INV-CHECK-1 */
    if (*explained) memcpy(replay->to_count, to_count, sizeof to_count);
    return VK_OK;
}

enum vk_err replay_check_catch_up(struct sim_replay *replay) {
    for (size_t i = 0; i < SIM_SYSCALL_COUNTERS; i++) {
        uint64_t *count = counters[i].is_read && !replay->host_may_have_called
                              ? &replay->result->device_gets
                              : &replay->result->host_calls;
        *count += replay->to_count[i];
        for (; replay->to_count[i] > 0; replay->to_count[i]--)
            VK_TRY(vk_host_apply_syscall(replay->kernel, counters[i].type));
    }
    return VK_OK;
}

/* ---- one event */

static enum vk_err same_event(struct sim_replay *replay, const struct sim_event *expected,
                              const struct vk_trace_event *got, bool *same) {
    *same = expected->type == got->type && vk_str_eq(expected->key, got->key);
    if (!*same) return VK_OK;
    if (expected->type == VK_TRACE_TRANSCRIPT_DELETE) {
        *same = expected->budget == got->budget && expected->count == got->count &&
                expected->done == got->done;
        return VK_OK;
    }
    *same = vk_str_eq(expected->value, got->value);
    if (*same || expected->type != VK_TRACE_SLOG) return VK_OK;
    return sim_json_same(&replay->scratch, expected->value, got->value, same);
}

static void pass_over(struct sim_replay *replay) {
    while (replay->cursor < replay->limit &&
           !is_compared(replay, replay_event(replay, replay->cursor)))
        replay->cursor++;
}

/* Where the recorded worker died before its delivery was logged (as it was brought online), the
 * kernel here logs the delivery before it learns of the death. */
static bool is_forgiven(const struct sim_replay *replay, const struct vk_trace_event *got) {
    return replay_crank_panics(replay) && got->type == VK_TRACE_SLOG &&
           vk_str_eq(got->key, VK_STR("deliver"));
}

static enum vk_err check_event(void *impl, const struct vk_trace_event *got) {
    struct sim_replay *replay = impl;
    if (!replay->is_watching) return VK_OK;
    if (got->type == VK_TRACE_SLOG && sim_slog_is_passed_over(got->key, got->value)) return VK_OK;
    pass_over(replay);
    if (replay->cursor == replay->limit)
        return is_forgiven(replay, got) ? VK_OK : keep(replay, SIM_DIFF_EXTRA, NULL, got);
    const struct sim_event *expected = replay_event(replay, replay->cursor);
    bool same;
    VK_TRY(same_event(replay, expected, got, &same));
    if (!same) VK_TRY(unrecorded_calls(replay, expected, got, &same));
    if (!same && expected->type == VK_TRACE_END_CRANK && is_forgiven(replay, got)) return VK_OK;
    if (!same) return keep(replay, SIM_DIFF_EVENT, expected, got);
    replay->cursor++; /* INV-REPLAY-1 */
    if (replay->crank && (got->type == VK_TRACE_SET || got->type == VK_TRACE_DEL))
        replay->result->writes++;
    return VK_OK;
}

void replay_check_init(struct vk_trace *trace, struct sim_replay *replay) {
    *trace = (struct vk_trace){
        .impl = replay,
        .wants_slog = replay->recording->has_slog && !replay->options.without_slog,
        .event = check_event,
    };
}

void replay_check_expect(struct sim_replay *replay, size_t begin, size_t end) {
    VK_ASSERT(begin <= end && end <= replay->recording->events.count);
    replay->cursor = begin;
    replay->limit = end;
}

enum vk_err replay_check_done(struct sim_replay *replay) {
    if (replay->options.without_comparison) return VK_OK;
    pass_over(replay);
    if (replay->cursor == replay->limit) return VK_OK;
    return keep(replay, SIM_DIFF_MISSING, replay_event(replay, replay->cursor), NULL);
}

enum vk_err replay_check_abandoned(struct sim_replay *replay) {
    if (replay->options.without_comparison) return VK_OK;
    pass_over(replay);
    if (replay->death_was_unrecorded && !replay->recording->has_slog) return VK_OK;
    if (replay->cursor < replay->limit &&
        replay_event(replay, replay->cursor)->type == VK_TRACE_END_CRANK)
        replay->cursor++;
    return replay_check_done(replay);
}
