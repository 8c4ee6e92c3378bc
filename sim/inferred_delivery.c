/* inferred_delivery.c - see inferred_delivery.h. */
#include "inferred_delivery.h"

#include "replay_state.h"

/* How often vatstores were read, as statistics have it. */
struct reads {
    uint64_t values, next_keys;
};

static uint64_t stat_of(const struct vk_json *stats, const char *name) {
    uint64_t value = 0;
    const struct vk_json *number = vk_json_get(stats, name);
    return vk_json_is(number, VK_JSON_NUMBER) && vk_str_to_u64(number->text, &value) ? value : 0;
}

/* From the last statistics written in [begin, end); *found false if there are none. */
static enum vk_err last_reads(struct sim_replay *replay, size_t begin, size_t end, bool *found,
                              struct reads *out) {
    *found = false;
    for (size_t i = end; i-- > begin && !*found;) {
        const struct sim_event *event = replay_event(replay, i);
        const struct vk_json *stats;
        if (event->type != VK_TRACE_SET || !vk_str_eq(event->key, VK_STR("local.kernelStats")))
            continue;
        vk_arena_clear(&replay->scratch);
        enum vk_err err = vk_json_parse(&replay->scratch, event->value, &stats);
        if (err == VK_ERR_SYNTAX) return VK_OK;
        VK_TRY(err);
        *out = (struct reads){stat_of(stats, "syscallVatstoreGet"),
                              stat_of(stats, "syscallVatstoreGetNextKey")};
        *found = true;
    }
    return VK_OK;
}

/* What the crank's statistics count beyond those before it, and beyond its known deliveries. */
static enum vk_err count_reads(struct sim_replay *replay, struct reads *out) {
    struct reads before, after;
    bool has_before, has_after;
    const struct sim_crank *crank = replay->crank;
    *out = (struct reads){0};
    VK_TRY(last_reads(replay, 0, crank->begin, &has_before, &before));
    VK_TRY(last_reads(replay, crank->begin, crank->end, &has_after, &after));
    if (!has_before || !has_after) return VK_OK;
    for (size_t d = 0; d < crank->delivery_count; d++) {
        const struct sim_delivery *known = &replay->index->deliveries.at[crank->first_delivery + d];
        for (size_t i = 0; i < known->call_count; i++) {
            enum vk_syscall_type type = replay->index->calls.at[known->first_call + i].syscall.type;
            before.values += type == VK_SYSCALL_VATSTORE_GET;
            before.next_keys += type == VK_SYSCALL_VATSTORE_GET_NEXT_KEY;
        }
    }
    if (after.values > before.values) out->values = after.values - before.values;
    if (after.next_keys > before.next_keys) out->next_keys = after.next_keys - before.next_keys;
    return VK_OK;
}

static enum vk_err make(struct sim_replay *replay, const struct vk_syscall_port *port,
                        enum vk_syscall_type type, struct vk_str key, struct vk_str value) {
    struct vk_syscall syscall = {.type = type, .key = key, .value = value};
    struct vk_syscall_result result;
    struct vk_buf buf;
    vk_arena_clear(&replay->scratch);
    vk_buf_init(&buf, &replay->scratch);
    vk_buf_lit(&buf, "[");
    vk_json_quote(&buf, vk_str(vk_syscall_name(type)));
    vk_buf_lit(&buf, ",");
    vk_json_quote(&buf, key);
    if (type == VK_SYSCALL_VATSTORE_SET) {
        vk_buf_lit(&buf, ",");
        vk_json_quote(&buf, value);
    }
    vk_buf_lit(&buf, "]");
    VK_TRY(vk_buf_finish(&buf, &syscall.json));
    replay->result->syscalls++;
    return port->make(port->impl, &syscall, &result);
}

static enum vk_err make_writes(struct sim_replay *replay, struct vk_str vat,
                               const struct vk_syscall_port *syscalls) {
    struct vk_str prefix;
    VK_TRY(vk_arena_format(&replay->keep, &prefix, "%.*s.vs.", VK_STR_ARG(vat)));
    for (size_t i = replay->crank->begin; i < replay->crank->end; i++) {
        const struct sim_event *event = replay_event(replay, i);
        if (event->type != VK_TRACE_SET && event->type != VK_TRACE_DEL) continue;
        if (!vk_str_starts(event->key, prefix)) continue;
        VK_TRY(
            make(replay, syscalls,
                 event->type == VK_TRACE_SET ? VK_SYSCALL_VATSTORE_SET : VK_SYSCALL_VATSTORE_DELETE,
                 vk_str_from(event->key, prefix.n), event->value));
    }
    return VK_OK;
}

enum vk_err inferred_delivery_make(struct sim_replay *replay, struct vk_str vat,
                                   const struct vk_syscall_port *syscalls) {
    struct reads reads;
    VK_ASSERT(replay->crank != NULL);
    VK_TRY(count_reads(replay, &reads));
    for (; reads.values > 0; reads.values--)
        VK_TRY(make(replay, syscalls, VK_SYSCALL_VATSTORE_GET, VK_STR("inferred"), VK_STR_NONE));
    for (; reads.next_keys > 0; reads.next_keys--)
        VK_TRY(make(replay, syscalls, VK_SYSCALL_VATSTORE_GET_NEXT_KEY, VK_STR("inferred"),
                    VK_STR_NONE));
    return make_writes(replay, vat, syscalls);
}

/* ---- meters */

static enum vk_err meter_of(struct sim_replay *replay, struct vk_str vat, struct vk_str *meter) {
    struct vk_str key, options;
    const struct vk_json *json;
    *meter = VK_STR_NONE;
    vk_arena_clear(&replay->scratch);
    VK_TRY(vk_arena_format(&replay->scratch, &key, "%.*s.options", VK_STR_ARG(vat)));
    VK_TRY(vk_store_get(replay->store, &replay->scratch, key, &options));
    if (!options.p) return VK_OK;
    VK_TRY(vk_json_parse(&replay->scratch, options, &json));
    *meter = vk_json_string(vk_json_get(json, "meterID"));
    return VK_OK;
}

enum vk_err inferred_computrons(struct sim_replay *replay, struct vk_str vat, bool *metered,
                                uint64_t *computrons) {
    struct vk_str meter, key, text;
    uint64_t before, after;
    *metered = false;
    VK_TRY(meter_of(replay, vat, &meter));
    if (!meter.p) return VK_OK;
    VK_TRY(vk_arena_format(&replay->scratch, &key, "%.*s.remaining", VK_STR_ARG(meter)));
    VK_TRY(vk_store_get(replay->store, &replay->scratch, key, &text));
    if (!text.p || !vk_str_to_u64(text, &before)) return VK_OK; /* unlimited */
    for (size_t i = replay->crank->begin; i < replay->crank->end; i++) {
        const struct sim_event *event = replay_event(replay, i);
        if (event->type != VK_TRACE_SET || event->is_undone || !vk_str_eq(event->key, key) ||
            !vk_str_to_u64(event->value, &after) || after > before)
            continue;
        *metered = true;
        *computrons = before - after;
    }
    return VK_OK;
}
