/* recording_index.c - see recording_index.h. */
#include "recording_index.h"

#include "recorded_facts.h"

enum { VAT_NUMBER_MAX = 1000 * 1000 };

struct sim_index_builder {
    struct sim_recording *recording;
    struct sim_index *index;
    struct vk_arena scratch;
    struct sim_input_error *error;
    bool in_crank;
    bool wrote_before_delivery; /* since the crank's start savepoint */
    size_t savepoints[2];       /* events of `start` and `deliver`, or SIM_NONE */
    size_t open_delivery;       /* between `deliver` and `deliver-result`, or SIM_NONE */
    size_t open_call;           /* between `syscall` and `syscall-result`, or SIM_NONE */
};

#define BAD(builder, ...)                                                                          \
    sim_input_error_set((builder)->error, VK_ERR_SYNTAX, event_now(builder)->line, __VA_ARGS__)

static size_t event_number(const struct sim_index_builder *builder) {
    return builder->recording->events.count - 1;
}

static struct sim_event *event_now(const struct sim_index_builder *builder) {
    return &builder->recording->events.at[event_number(builder)];
}

static struct vk_arena *keep(const struct sim_index_builder *builder) {
    return &builder->recording->arena;
}

static struct sim_crank *crank_now(const struct sim_index_builder *builder) {
    VK_ASSERT(builder->in_crank); /* INV-INDEX-1 */
    return &builder->index->cranks.at[builder->index->cranks.count - 1];
}

bool sim_vat_number(struct vk_str vat, uint64_t *number) {
    return vat.n > 1 && vat.p[0] == 'v' && vk_str_to_u64(vk_str_from(vat, 1), number);
}

/* ---- vats, and the positions of their transcripts */

static enum vk_err vat_provide(struct sim_index_builder *builder, struct vk_str vat,
                               uint64_t *number) {
    if (!sim_vat_number(vat, number) || *number > VAT_NUMBER_MAX)
        return BAD(builder, "`%s` of \"%.*s\", which is no vat",
                   sim_event_word(event_now(builder)->type), (int)(vat.n < 40 ? vat.n : 40), vat.p);
    while (builder->index->vats.count <= *number) {
        SIM_ARRAY_RESERVE(&builder->index->vats);
        builder->index->vats.at[builder->index->vats.count++] = (struct sim_index_vat){0};
    }
    return VK_OK;
}

static enum vk_err item_place(struct sim_index_builder *builder, struct sim_item *item) {
    struct sim_index_vat *vat = &builder->index->vats.at[item->vat_number];
    item->position = vat->next_position++;
    VK_ASSERT(item->position <= vat->newest.count); /* INV-INDEX-2 */
    size_t number = builder->index->items.count;
    if (item->position == vat->newest.count) {
        SIM_ARRAY_RESERVE(&vat->newest);
        vat->newest.at[vat->newest.count++] = number;
        item->older = SIM_NONE;
    } else {
        item->older = vat->newest.at[item->position];
        vat->newest.at[item->position] = number;
    }
    SIM_ARRAY_RESERVE(&builder->index->items);
    builder->index->items.at[builder->index->items.count++] = *item;
    if (builder->in_crank) crank_now(builder)->item_count++;
    return VK_OK;
}

/* Everything after event `since` did not happen. */
static void undo(struct sim_index_builder *builder, size_t since) {
    struct sim_event *events = builder->recording->events.at;
    for (size_t i = since + 1; i < builder->recording->events.count; i++)
        events[i].is_undone = true;
    for (size_t i = builder->index->items.count; i-- > 0;) {
        const struct sim_item *item = &builder->index->items.at[i];
        if (item->event <= since) break;
        builder->index->vats.at[item->vat_number].next_position = item->position;
    }
}

/* ---- deliveries and their syscalls */

static enum vk_err call_add(struct sim_index_builder *builder, struct sim_delivery *delivery,
                            const struct vk_json *syscall, const struct vk_json *result) {
    struct sim_call call = {.begin = SIM_NONE, .end = SIM_NONE};
    struct vk_str text;
    SIM_ARRAY_RESERVE(&builder->index->calls);
    VK_TRY(sim_fact_text(keep(builder), syscall, &text));
    VK_TRY(vk_syscall_decode(keep(builder), text, &call.syscall));
    if (result) VK_TRY(sim_fact_text(keep(builder), result, &call.result));
    VK_ASSERT(delivery->first_call + delivery->call_count == builder->index->calls.count);
    builder->index->calls.at[builder->index->calls.count++] = call; /* INV-INDEX-1 */
    delivery->call_count++;
    return VK_OK;
}

static enum vk_err delivery_push(struct sim_index_builder *builder,
                                 const struct sim_delivery *delivery) {
    SIM_ARRAY_RESERVE(&builder->index->deliveries);
    builder->index->deliveries.at[builder->index->deliveries.count++] = *delivery;
    if (builder->in_crank) crank_now(builder)->delivery_count++;
    return VK_OK;
}

static enum vk_err host_call_add(struct sim_index_builder *builder, struct vk_str json) {
    struct vk_syscall syscall;
    VK_TRY(vk_syscall_decode(&builder->scratch, json, &syscall));
    if (syscall.type == VK_SYSCALL_SEND) return VK_OK; /* its queue entry counts it */
    SIM_ARRAY_RESERVE(&builder->index->host_calls);
    builder->index->host_calls.at[builder->index->host_calls.count++] =
        (struct sim_host_call){event_number(builder), syscall.type};
    return VK_OK;
}

/* ---- transcript items */

/* The delivery whose end the slog has just told, if this is its item. */
static size_t item_find_delivery(struct sim_index_builder *builder, struct vk_str vat) {
    if (!builder->in_crank || crank_now(builder)->delivery_count == 0) return SIM_NONE;
    size_t last = builder->index->deliveries.count - 1;
    struct sim_delivery *delivery = &builder->index->deliveries.at[last];
    if (delivery->has_item || !delivery->is_answered || !vk_str_eq(delivery->vat, vat))
        return SIM_NONE;
    delivery->has_item = true;
    return last;
}

static enum vk_err item_decode_delivery(struct sim_index_builder *builder,
                                        const struct vk_json *json, struct vk_str vat,
                                        uint64_t position, size_t *number) {
    struct sim_delivery delivery = {.vat = vat,
                                    .number = position,
                                    .first_call = builder->index->calls.count,
                                    .event = event_number(builder),
                                    .is_answered = true,
                                    .has_item = true};
    bool legal;
    if (builder->open_delivery != SIM_NONE)
        return BAD(builder, "`titem` of a delivery inside another delivery");
    VK_TRY(sim_fact_text(keep(builder), vk_json_get(json, "d"), &delivery.json));
    VK_TRY(sim_fact_item_result(keep(builder), vk_json_get(json, "r"), &legal, &delivery.result));
    if (!legal) return BAD(builder, "`titem` whose \"r\" has no status ok or error");
    for (const struct vk_json *made = vk_json_get(json, "sc")->first; made; made = made->next) {
        const struct vk_json *syscall = vk_json_get(made, "s"), *result = vk_json_get(made, "r");
        if (!syscall || !result) return BAD(builder, "`titem` with a syscall that lacks s or r");
        VK_TRY(call_add(builder, &delivery, syscall, result));
    }
    *number = builder->index->deliveries.count;
    VK_TRY(delivery_push(builder, &delivery));
    if (builder->in_crank || builder->recording->has_slog) return VK_OK;
    for (size_t i = 0; i < delivery.call_count; i++)
        VK_TRY(
            host_call_add(builder, builder->index->calls.at[delivery.first_call + i].syscall.json));
    return VK_OK;
}

static enum vk_err item_add(struct sim_index_builder *builder) {
    struct vk_str vat = event_now(builder)->key;
    struct sim_item item = {.event = event_number(builder), .delivery = SIM_NONE};
    const struct vk_json *json;
    enum vk_err err = vk_json_parse(&builder->scratch, event_now(builder)->value, &json);
    if (err == VK_ERR_SYNTAX) return BAD(builder, "`titem` whose item is no JSON");
    VK_TRY(err);
    struct vk_str kind = vk_json_string(vk_json_at(vk_json_get(json, "d"), 0));
    if (!kind.p || !vk_json_is(vk_json_get(json, "sc"), VK_JSON_ARRAY) ||
        !vk_json_is(vk_json_get(json, "r"), VK_JSON_OBJECT))
        return BAD(builder, "`titem` whose item is not {d:[...], sc:[...], r:{...}}");
    VK_TRY(vat_provide(builder, vat, &item.vat_number));

    struct vk_str snapshot_id = VK_STR_NONE;
    item.is_save = vk_str_eq(kind, VK_STR("save-snapshot"));
    if (item.is_save)
        snapshot_id = vk_json_string(vk_json_get(vk_json_get(json, "r"), "snapshotID"));
    else if (vk_str_eq(kind, VK_STR("load-snapshot")))
        snapshot_id =
            vk_json_string(vk_json_get(vk_json_at(vk_json_get(json, "d"), 1), "snapshotID"));
    if (item.is_save && snapshot_id.n != VK_HASH_HEX - 1)
        return BAD(builder, "`titem` of a snapshot without its 64 digits of snapshotID");
    if (snapshot_id.p) VK_TRY(vk_arena_copy(keep(builder), snapshot_id, &item.snapshot_id));

    bool is_delivery = !snapshot_id.p && !vk_str_eq(kind, VK_STR("initialize-worker")) &&
                       !vk_str_eq(kind, VK_STR("shutdown-worker"));
    if (is_delivery) item.delivery = item_find_delivery(builder, vat);
    if (is_delivery && item.delivery == SIM_NONE)
        VK_TRY(item_decode_delivery(builder, json, vat,
                                    builder->index->vats.at[item.vat_number].next_position,
                                    &item.delivery));
    return item_place(builder, &item);
}

/* ---- slog entries */

static enum vk_err slog_crank_start(struct sim_index_builder *builder, const struct vk_json *line) {
    struct sim_crank *crank = crank_now(builder);
    const struct vk_json *number = vk_json_get(line, "crankNum");
    const struct vk_json *message = vk_json_get(line, "message");
    struct vk_str type = vk_json_string(vk_json_get(line, "messageType"));
    if (!vk_json_is(number, VK_JSON_NUMBER) || !vk_str_to_u64(number->text, &crank->number) ||
        !type.p || !vk_json_is(message, VK_JSON_OBJECT))
        return BAD(builder, "`crank-start` without crankNum, messageType and message");
    crank->start_entry = event_number(builder);
    crank->is_routing =
        vk_str_eq(vk_json_string(vk_json_get(line, "crankType")), VK_STR("routing"));
    crank->is_cleanup = vk_str_eq(type, VK_STR("cleanup-terminated-vat"));
    VK_TRY(vk_arena_copy(keep(builder), type, &crank->message_type));
    if (!crank->is_cleanup) return VK_OK;
    bool legal;
    VK_TRY(sim_fact_budget(keep(builder), vk_json_get(message, "budget"), &legal, &crank->budget));
    return legal ? VK_OK : BAD(builder, "`crank-start` of a clean-up without a budget");
}

static enum vk_err slog_deliver(struct sim_index_builder *builder, const struct vk_json *line) {
    struct sim_delivery delivery = {.first_call = builder->index->calls.count,
                                    .event = event_number(builder)};
    struct vk_str vat = vk_json_string(vk_json_get(line, "vatID"));
    const struct vk_json *number = vk_json_get(line, "deliveryNum");
    const struct vk_json *vd = vk_json_get(line, "vd");
    if (!vat.p || !vk_json_is(vd, VK_JSON_ARRAY) || !vk_json_is(number, VK_JSON_NUMBER) ||
        !vk_str_to_u64(number->text, &delivery.number))
        return BAD(builder, "`deliver` without vatID, deliveryNum and vd");
    if (builder->open_delivery != SIM_NONE)
        return BAD(builder, "`deliver` before the delivery before it came to an end");
    VK_TRY(vk_arena_copy(keep(builder), vat, &delivery.vat));
    VK_TRY(sim_fact_text(keep(builder), vd, &delivery.json));
    builder->open_delivery = builder->index->deliveries.count;
    builder->open_call = SIM_NONE;
    return delivery_push(builder, &delivery);
}

static enum vk_err slog_deliver_result(struct sim_index_builder *builder,
                                       const struct vk_json *line) {
    bool legal;
    if (builder->open_delivery == SIM_NONE)
        return BAD(builder, "`deliver-result` without a delivery");
    struct sim_delivery *delivery = &builder->index->deliveries.at[builder->open_delivery];
    VK_TRY(sim_fact_slog_result(keep(builder), vk_json_get(line, "dr"), &legal, &delivery->result));
    if (!legal) return BAD(builder, "`deliver-result` without a result \"dr\"");
    delivery->is_answered = true;
    builder->open_delivery = SIM_NONE;
    return VK_OK;
}

static enum vk_err slog_syscall(struct sim_index_builder *builder, const struct vk_json *line) {
    const struct vk_json *vsc = vk_json_get(line, "vsc");
    if (!vk_json_is(vsc, VK_JSON_ARRAY)) return BAD(builder, "`syscall` without vsc");
    if (!builder->in_crank) {
        struct vk_str text;
        VK_TRY(sim_fact_text(&builder->scratch, vsc, &text));
        return host_call_add(builder, text);
    }
    if (builder->open_delivery == SIM_NONE)
        return BAD(builder, "`syscall` in a crank, but in no delivery");
    builder->open_call = builder->index->calls.count;
    VK_TRY(call_add(builder, &builder->index->deliveries.at[builder->open_delivery], vsc, NULL));
    builder->index->calls.at[builder->open_call].begin = event_number(builder);
    return VK_OK;
}

static enum vk_err slog_syscall_result(struct sim_index_builder *builder,
                                       const struct vk_json *line) {
    const struct vk_json *vsr = vk_json_get(line, "vsr"), *ksr = vk_json_get(line, "ksr");
    if (!builder->in_crank) return VK_OK;
    if (builder->open_call == SIM_NONE) return BAD(builder, "`syscall-result` without a syscall");
    if (!vk_json_is(vsr, VK_JSON_ARRAY)) return BAD(builder, "`syscall-result` without vsr");
    struct sim_call *call = &builder->index->calls.at[builder->open_call];
    VK_TRY(sim_fact_text(keep(builder), vsr, &call->result));
    if (call->syscall.type == VK_SYSCALL_CALL_NOW && ksr)
        VK_TRY(sim_fact_text(keep(builder), ksr, &call->kernel_result));
    call->end = event_number(builder);
    builder->open_call = SIM_NONE;
    return VK_OK;
}

static enum vk_err slog_add(struct sim_index_builder *builder, const struct vk_json *line) {
    const struct sim_event *event = event_now(builder);
    if (event->is_passed_over) return VK_OK;
    if (vk_str_eq(event->key, VK_STR("syscall"))) return slog_syscall(builder, line);
    if (vk_str_eq(event->key, VK_STR("syscall-result"))) return slog_syscall_result(builder, line);
    if (!builder->in_crank) return VK_OK;
    if (vk_str_eq(event->key, VK_STR("crank-start"))) return slog_crank_start(builder, line);
    if (vk_str_eq(event->key, VK_STR("deliver"))) return slog_deliver(builder, line);
    if (vk_str_eq(event->key, VK_STR("deliver-result"))) return slog_deliver_result(builder, line);
    return VK_OK;
}

/* ---- cranks */

/* One more than the last that the kernel ran; the crank's own entries know better, if there are
 * any. */
static uint64_t crank_number_due(const struct sim_index_builder *builder) {
    for (size_t i = builder->index->cranks.count; i-- > 0;) {
        const struct sim_crank *crank = &builder->index->cranks.at[i];
        if (!crank->is_host_call && !crank->is_idle) return crank->number + 1;
    }
    return 0;
}

static enum vk_err crank_start(struct sim_index_builder *builder) {
    if (builder->in_crank) return BAD(builder, "`startCrank` inside a crank");
    SIM_ARRAY_RESERVE(&builder->index->cranks);
    uint64_t number = crank_number_due(builder);
    builder->index->cranks.at[builder->index->cranks.count++] =
        (struct sim_crank){.begin = event_number(builder),
                           .is_host_call = true,
                           .is_idle = true,
                           .number = number,
                           .start_entry = SIM_NONE,
                           .first_delivery = builder->index->deliveries.count,
                           .first_item = builder->index->items.count};
    builder->in_crank = true;
    builder->wrote_before_delivery = false;
    builder->savepoints[VK_SAVEPOINT_START] = SIM_NONE;
    builder->savepoints[VK_SAVEPOINT_DELIVER] = SIM_NONE;
    return VK_OK;
}

/* Where only transcripts tell of deliveries, the words of a failed one are in what is told to
 * vat-admin. */
static enum vk_err crank_find_problems(struct sim_index_builder *builder,
                                       const struct sim_crank *crank) {
    for (size_t i = 0; i < crank->delivery_count; i++) {
        struct sim_delivery *delivery = &builder->index->deliveries.at[crank->first_delivery + i];
        if (!delivery->is_answered || delivery->result.ok || delivery->result.problem.p) continue;
        for (size_t e = crank->begin; e < crank->end && !delivery->result.problem.p; e++)
            VK_TRY(sim_fact_termination_problem(&builder->scratch, keep(builder),
                                                &builder->recording->events.at[e], delivery->vat,
                                                &delivery->result.problem));
    }
    return VK_OK;
}

static enum vk_err crank_close(struct sim_index_builder *builder, size_t end) {
    struct sim_crank *crank = crank_now(builder);
    struct sim_event *events = builder->recording->events.at;
    crank->end = end;
    if (crank->is_host_call) crank->is_idle = false;
    if (!crank->is_host_call && !crank->is_emitted && !crank->is_idle) undo(builder, crank->begin);
    if (crank->is_cleanup && crank->start_entry == SIM_NONE)
        sim_fact_budget_from_writes(events, crank->begin, end, &crank->budget);
    VK_TRY(crank_find_problems(builder, crank));
    builder->in_crank = false;
    builder->open_delivery = SIM_NONE;
    builder->open_call = SIM_NONE;
    return VK_OK;
}

static enum vk_err crank_end(struct sim_index_builder *builder) {
    if (!builder->in_crank) return BAD(builder, "`endCrank` without a crank");
    struct sim_crank *crank = crank_now(builder);
    if (builder->open_delivery != SIM_NONE && crank->is_emitted)
        return BAD(builder, "`endCrank` before the delivery came to an end");
    return crank_close(builder, event_number(builder) + 1);
}

static enum vk_savepoint savepoint_of(const struct sim_event *event) {
    return vk_str_eq(event->key, VK_STR("start")) ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
}

static enum vk_err savepoint_add(struct sim_index_builder *builder) {
    if (!builder->in_crank) return BAD(builder, "`savepoint` outside a crank");
    enum vk_savepoint savepoint = savepoint_of(event_now(builder));
    struct sim_crank *crank = crank_now(builder);
    crank->is_host_call = false;
    builder->savepoints[savepoint] = event_number(builder);
    if (savepoint == VK_SAVEPOINT_DELIVER) {
        crank->is_idle = false;
        /* Every other event comes out of a queue or a list, and leaves it in a write. */
        if (crank->start_entry == SIM_NONE) crank->is_cleanup = !builder->wrote_before_delivery;
    }
    return VK_OK;
}

static enum vk_err rollback_add(struct sim_index_builder *builder) {
    enum vk_savepoint savepoint = savepoint_of(event_now(builder));
    if (!builder->in_crank || builder->savepoints[savepoint] == SIM_NONE)
        return BAD(builder, "`rollback` to a savepoint that was not established");
    undo(builder, builder->savepoints[savepoint]);
    event_now(builder)->is_undone = false;
    builder->savepoints[VK_SAVEPOINT_DELIVER] = SIM_NONE;
    builder->savepoints[savepoint] = SIM_NONE;
    return VK_OK;
}

/* ---- writes */

static enum vk_err device_add(struct sim_index_builder *builder, struct vk_str name) {
    if (vk_str_eq(name, VK_STR("vatAdmin"))) return VK_OK; /* the kernel's own */
    SIM_ARRAY_RESERVE(&builder->index->devices);
    builder->index->devices.at[builder->index->devices.count++] =
        (struct sim_device){.id = event_now(builder)->value, .name = name};
    return VK_OK;
}

static bool key_ends_in(struct vk_str key, struct vk_str end) {
    return key.n >= end.n && vk_str_eq(vk_str_from(key, key.n - end.n), end);
}

static enum vk_err write_add(struct sim_index_builder *builder) {
    const struct sim_event *event = event_now(builder);
    if (builder->in_crank) {
        struct sim_crank *crank = crank_now(builder);
        crank->writes++;
        crank->is_idle = false;
        builder->wrote_before_delivery = true;
        if (crank->writes == 1 && event->type == VK_TRACE_DEL &&
            vk_str_starts(event->key, VK_STR("acceptanceQueue.")))
            crank->is_routing = true;
        uint64_t next;
        if (crank->start_entry == SIM_NONE && event->type == VK_TRACE_SET &&
            vk_str_eq(event->key, VK_STR("crankNumber")) && vk_str_to_u64(event->value, &next) &&
            next > 0)
            crank->number = next - 1;
    }
    if (event->type != VK_TRACE_SET) return VK_OK;
    const struct vk_str device_name = VK_STR("device.name.");
    if (vk_str_starts(event->key, device_name))
        return device_add(builder, vk_str_from(event->key, device_name.n));
    if (event->key.n && event->key.p[0] == 'v' && key_ends_in(event->key, VK_STR(".options"))) {
        struct vk_str ids;
        VK_TRY(sim_fact_bundle_ids(&builder->scratch, keep(builder), event->value, &ids));
        if (!builder->index->bundle_ids.p) builder->index->bundle_ids = ids;
        if (builder->in_crank && ids.p) crank_now(builder)->bundle_ids = ids;
    }
    return VK_OK;
}

static enum vk_err emit_add(struct sim_index_builder *builder) {
    struct sim_index *index = builder->index;
    if (index->first_emit == SIM_NONE) index->first_emit = event_number(builder);
    index->final_activityhash = event_now(builder)->value;
    if (builder->in_crank) crank_now(builder)->is_emitted = true;
    return VK_OK;
}

static enum vk_err transcript_init_add(struct sim_index_builder *builder) {
    uint64_t number = 0;
    VK_TRY(vat_provide(builder, event_now(builder)->key, &number));
    builder->index->vats.at[number].next_position = 0;
    return VK_OK;
}

/* ---- the whole */

enum vk_err sim_index_begin(struct sim_recording *recording, struct sim_index_builder **out) {
    struct sim_index_builder *builder = calloc(1, sizeof *builder);
    struct sim_index *index = calloc(1, sizeof *index);
    *out = NULL;
    if (!builder || !index) {
        free(builder);
        free(index);
        return VK_RAISE(VK_ERR_NOMEM, "index of a recording");
    }
    index->first_emit = SIM_NONE;
    recording->index = index;
    *builder = (struct sim_index_builder){.recording = recording,
                                          .index = index,
                                          .savepoints = {SIM_NONE, SIM_NONE},
                                          .open_delivery = SIM_NONE,
                                          .open_call = SIM_NONE};
    vk_arena_init(&builder->scratch, vk_heap_system());
    *out = builder;
    return VK_OK;
}

enum vk_err sim_index_add(struct sim_index_builder *builder, const struct vk_json *line,
                          struct sim_input_error *error) {
    uint64_t vat;
    builder->error = error;
    vk_arena_clear(&builder->scratch);
    switch (event_now(builder)->type) {
    case VK_TRACE_SET:
    case VK_TRACE_DEL: return write_add(builder);
    case VK_TRACE_START_CRANK: return crank_start(builder);
    case VK_TRACE_END_CRANK: return crank_end(builder);
    case VK_TRACE_SAVEPOINT: return savepoint_add(builder);
    case VK_TRACE_ROLLBACK: return rollback_add(builder);
    case VK_TRACE_EMIT: return emit_add(builder);
    case VK_TRACE_TRANSCRIPT_INIT: return transcript_init_add(builder);
    case VK_TRACE_TRANSCRIPT_ITEM: return item_add(builder);
    case VK_TRACE_TRANSCRIPT_SPAN:
    case VK_TRACE_TRANSCRIPT_INCARNATION:
    case VK_TRACE_TRANSCRIPT_STOP:
    case VK_TRACE_TRANSCRIPT_DELETE: return vat_provide(builder, event_now(builder)->key, &vat);
    case VK_TRACE_COMMIT:
    case VK_TRACE_CLOSE:
        if (builder->in_crank)
            return BAD(builder, "`%s` inside a crank", sim_event_word(event_now(builder)->type));
        return VK_OK;
    case VK_TRACE_SLOG: return slog_add(builder, line);
    case VK_TRACE_BUNDLE:
    case VK_TRACE_BUNDLE_DEL: return VK_OK;
    }
    return BAD(builder, "unknown event");
}

enum vk_err sim_index_finish(struct sim_index_builder *builder, struct sim_input_error *error) {
    builder->error = error;
    if (!builder->in_crank) return VK_OK;
    /* A recorder that dies with its kernel may not get to write `endCrank`, but only a worker's
     * death cuts a crank short. */
    if (builder->open_delivery == SIM_NONE)
        return BAD(builder, "the recording ends in the middle of a crank");
    return crank_close(builder, builder->recording->events.count);
}

void sim_index_builder_free(struct sim_index_builder *builder) {
    if (!builder) return;
    vk_arena_release(&builder->scratch);
    free(builder);
}

void sim_index_free(struct sim_index *index) {
    if (!index) return;
    for (size_t i = 0; i < index->vats.count; i++)
        sim_array_free(index->vats.at[i].newest.at);
    sim_array_free(index->vats.at);
    sim_array_free(index->cranks.at);
    sim_array_free(index->deliveries.at);
    sim_array_free(index->calls.at);
    sim_array_free(index->items.at);
    sim_array_free(index->host_calls.at);
    sim_array_free(index->devices.at);
    free(index);
}

const struct sim_item *sim_index_item(const struct sim_index *index, struct vk_str vat,
                                      uint64_t position, size_t before) {
    uint64_t number;
    if (!sim_vat_number(vat, &number) || number >= index->vats.count ||
        position >= index->vats.at[number].newest.count)
        return NULL;
    size_t i = index->vats.at[number].newest.at[position];
    while (i != SIM_NONE && index->items.at[i].event >= before)
        i = index->items.at[i].older;
    return i == SIM_NONE ? NULL : &index->items.at[i];
}
