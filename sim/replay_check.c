/* replay_check.c - see replay_check.h. */
#include "replay_check.h"

#include "json_same.h"
#include "replay_state.h"

static bool is_compared(const struct sim_replay *replay, const struct sim_event *event) {
    return !event->is_passed_over &&
           (event->type != VK_TRACE_SLOG || replay->trace.wants_slog);
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

/* ---- the one tolerance: what devices read */

static int64_t stat_of(const struct vk_json *stats, const char *name) {
    uint64_t value = 0;
    const struct vk_json *number = vk_json_get(stats, name);
    return vk_json_is(number, VK_JSON_NUMBER) && vk_str_to_u64(number->text, &value)
               ? (int64_t)value
               : 0;
}

/* True if two statistics agree in everything but how often a vatstore was read. */
static bool differ_in_reads_only(const struct vk_json *expected, const struct vk_json *got) {
    if (!vk_json_is(expected, VK_JSON_OBJECT) || !vk_json_is(got, VK_JSON_OBJECT) ||
        expected->count != got->count)
        return false;
    for (const struct vk_json *a = expected->first, *b = got->first; a;
         a = a->next, b = b->next) {
        if (!vk_str_eq(a->key, b->key) || a->type != VK_JSON_NUMBER || b->type != VK_JSON_NUMBER)
            return false;
        if (!vk_str_eq(a->text, b->text) && !vk_str_eq(a->key, VK_STR("syscalls")) &&
            !vk_str_eq(a->key, VK_STR("syscallVatstoreGet")) &&
            !vk_str_eq(a->key, VK_STR("syscallVatstoreGetNextKey")))
            return false;
    }
    return true;
}

static enum vk_err device_reads(struct sim_replay *replay, const struct sim_event *expected,
                                const struct vk_trace_event *got, bool *explained) {
    const struct vk_json *a, *b;
    *explained = false;
    if (replay->index->devices.count == 0 || expected->type != VK_TRACE_SET ||
        got->type != VK_TRACE_SET || !vk_str_eq(expected->key, VK_STR("local.kernelStats")) ||
        !vk_str_eq(got->key, expected->key))
        return VK_OK;
    vk_arena_clear(&replay->scratch);
    VK_TRY(vk_json_parse(&replay->scratch, expected->value, &a));
    VK_TRY(vk_json_parse(&replay->scratch, got->value, &b));
    if (!differ_in_reads_only(a, b)) return VK_OK;
    int64_t reads = stat_of(a, "syscallVatstoreGet") - stat_of(b, "syscallVatstoreGet");
    int64_t next_keys =
        stat_of(a, "syscallVatstoreGetNextKey") - stat_of(b, "syscallVatstoreGetNextKey");
    int64_t all = stat_of(a, "syscalls") - stat_of(b, "syscalls");
    if (reads < 0 || next_keys < 0 || all != reads + next_keys) return VK_OK;
    replay->gets_to_count = (uint64_t)reads; /* INV-CHECK-1 */
    replay->next_keys_to_count = (uint64_t)next_keys;
    *explained = true;
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

/* Where the recorded worker died before its delivery was logged (as it was brought online), the kernel here logs
 * the delivery before it learns of the death. */
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
    if (!same) VK_TRY(device_reads(replay, expected, got, &same));
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
