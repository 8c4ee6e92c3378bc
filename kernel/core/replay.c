/* replay.c - see replay.h. Answers to replayTranscript and makeSyscallSimulator in vat-warehouse.js. */
#include "replay.h"

#include "vk/probe.h"

#include "../object/slog.h"
#include "completion.h"
#include "kernel_core.h"
#include "recorder.h"

/* One transcript item being replayed. */
struct replayed_item {
    struct vk_kernel *kernel;
    struct vk_vat_id vat;
    uint64_t position;
    const struct vk_json *next_syscall; /* the next expected entry of "sc" */
    uint64_t made;
    const char *problem; /* sticky */
    uint64_t began_ns;   /* by the slog's clock: the delivery */
    uint64_t syscall_began_ns;
};

static bool same_json(const struct vk_json *a, const struct vk_json *b);

/* Member order does not matter, as in djson. */
static bool same_members(const struct vk_json *a, const struct vk_json *b) {
    for (const struct vk_json *m = a->first; m; m = m->next) {
        const struct vk_json *found = b->first;
        while (found && !vk_str_eq(found->key, m->key))
            found = found->next;
        if (!found || !same_json(m, found)) return false;
    }
    return true;
}

static bool same_elements(const struct vk_json *a, const struct vk_json *b) {
    const struct vk_json *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (!same_json(x, y)) return false;
    return !x && !y;
}

static bool same_json(const struct vk_json *a, const struct vk_json *b) {
    if (a->type != b->type || a->count != b->count) return false;
    switch (a->type) {
    case VK_JSON_NULL: return true;
    case VK_JSON_BOOL: return a->truth == b->truth;
    case VK_JSON_NUMBER:
    case VK_JSON_STRING: return vk_str_eq(a->text, b->text);
    case VK_JSON_ARRAY: return same_elements(a, b);
    case VK_JSON_OBJECT: return same_members(a, b);
    }
    return false;
}

static enum vk_err read_result(struct vk_arena *arena, const struct vk_json *json,
                               struct vk_syscall_result *out) {
    struct vk_str status = vk_json_string(vk_json_at(json, 0));
    const struct vk_json *payload = vk_json_at(json, 1);
    struct vk_buf buf;
    bool legal;
    if (!status.p) return VK_RAISE(VK_ERR_CORRUPT, "transcript: a syscall without a result");
    *out = (struct vk_syscall_result){.ok = vk_str_eq(status, VK_STR("ok"))};
    if (vk_json_is(payload, VK_JSON_STRING)) {
        out->payload = VK_PAYLOAD_STRING;
        out->text = payload->text;
    } else if (vk_json_is(payload, VK_JSON_OBJECT)) {
        out->payload = VK_PAYLOAD_CAPDATA;
        VK_TRY(vk_capdata_read(arena, payload, &legal, &out->capdata));
        if (!legal) return VK_RAISE(VK_ERR_CORRUPT, "transcript: a syscall's result is no capdata");
    }
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    return vk_buf_finish(&buf, &out->json);
}

static enum vk_err anachrophobia(struct replayed_item *item, const char *problem) {
    VK_SOMETIMES(replay_made_other_syscalls);
    if (!item->problem) item->problem = problem;
    return VK_RAISE(VK_ERR_ANACHROPHOBIA, "anachrophobia in v%llu delivery d%llu: %s sc%llu",
                    (unsigned long long)item->vat.n, (unsigned long long)item->position, problem,
                    (unsigned long long)item->made);
}

static enum vk_err slog_syscall(struct replayed_item *item, const struct vk_syscall *syscall,
                                bool finished, struct vk_str result) {
    struct vk_state *state = &item->kernel->state;
    struct vk_slog_entry entry;
    if (!vk_slog_wanted(state)) return VK_OK;
    if (!finished) item->syscall_began_ns = vk_slog_now_ns(state);
    vk_slog_begin(&entry, state, finished ? VK_STR("syscall-result") : VK_STR("syscall"));
    vk_slog_vat(&entry, item->vat);
    vk_slog_u64(&entry, "deliveryNum", item->position);
    vk_slog_u64(&entry, "syscallNum", item->made);
    vk_slog_bool(&entry, "replay", true);
    vk_slog_text(&entry, "syscall", vk_str(vk_syscall_name(syscall->type)));
    if (!finished) {
        vk_slog_json(&entry, "vsc", syscall->json);
        return vk_slog_end(&entry, state);
    }
    vk_slog_json(&entry, "vsr", result);
    return vk_slog_end_since(&entry, state, item->syscall_began_ns);
}

static enum vk_err answer_from_transcript(void *impl, const struct vk_syscall *syscall,
                                          struct vk_syscall_result *result) {
    struct replayed_item *item = impl;
    struct vk_arena *arena = &item->kernel->arena;
    const struct vk_json *made;
    VK_TRY(slog_syscall(item, syscall, false, VK_STR_NONE));
    if (item->problem) return anachrophobia(item, item->problem);
    if (!item->next_syscall) return anachrophobia(item, "extra syscall at index");
    VK_TRY(vk_json_parse(arena, syscall->json, &made));
    const struct vk_json *expected = vk_json_get(item->next_syscall, "s");
    if (!expected || !same_json(expected, made))
        return anachrophobia(item, "wrong syscall at index");
    VK_TRY(read_result(arena, vk_json_get(item->next_syscall, "r"), result));
    VK_TRY(slog_syscall(item, syscall, true, result->json));
    item->next_syscall = item->next_syscall->next;
    item->made++;
    return VK_OK;
}

/* In a replay all has arrived long since. */
static enum vk_err compare_with_transcript(void *impl, const struct vk_syscall *syscall) {
    struct vk_syscall_result unheard;
    return answer_from_transcript(impl, syscall, &unheard);
}

static enum vk_err settle_nothing(void *impl, uint64_t count) {
    (void)impl, (void)count;
    return VK_OK;
}

static enum vk_err read_vrefs(struct vk_arena *arena, const struct vk_json *json,
                              struct vk_delivery *out) {
    struct vk_str *vrefs;
    if (!vk_json_is(json, VK_JSON_ARRAY)) return VK_RAISE(VK_ERR_CORRUPT, "transcript: no vrefs");
    VK_TRY(VK_NEW_ARRAY(arena, &vrefs, json->count));
    for (const struct vk_json *item = json->first; item; item = item->next) {
        if (!vk_json_is(item, VK_JSON_STRING))
            return VK_RAISE(VK_ERR_CORRUPT, "transcript: a vref that is no text");
        vrefs[out->vref_count++] = item->text;
    }
    out->vrefs = vrefs;
    return VK_OK;
}

static enum vk_err read_resolutions(struct vk_arena *arena, const struct vk_json *json,
                                    struct vk_delivery *out) {
    struct vk_resolution *resolutions;
    bool legal = vk_json_is(json, VK_JSON_ARRAY);
    if (!legal) return VK_RAISE(VK_ERR_CORRUPT, "transcript: no resolutions");
    VK_TRY(VK_NEW_ARRAY(arena, &resolutions, json->count));
    for (const struct vk_json *item = json->first; item && legal; item = item->next) {
        struct vk_resolution *resolution = &resolutions[out->resolution_count++];
        const struct vk_json *rejected = vk_json_at(item, 1);
        resolution->promise = vk_json_string(vk_json_at(item, 0));
        resolution->rejected = rejected && rejected->truth;
        VK_TRY(vk_capdata_read(arena, vk_json_at(item, 2), &legal, &resolution->data));
        legal = legal && resolution->promise.p;
    }
    out->resolutions = resolutions;
    return legal ? VK_OK : VK_RAISE(VK_ERR_CORRUPT, "transcript: bad resolution");
}

static const enum vk_delivery_type delivery_types[] = {
    VK_DELIVERY_MESSAGE,        VK_DELIVERY_NOTIFY,
    VK_DELIVERY_DROP_EXPORTS,   VK_DELIVERY_RETIRE_EXPORTS,
    VK_DELIVERY_RETIRE_IMPORTS, VK_DELIVERY_CHANGE_VAT_OPTIONS,
    VK_DELIVERY_START_VAT,      VK_DELIVERY_BRING_OUT_YOUR_DEAD,
};

static bool type_by_name(struct vk_str name, enum vk_delivery_type *out) {
    for (size_t i = 0; i < sizeof delivery_types / sizeof delivery_types[0]; i++) {
        if (!vk_str_eq(name, vk_str(vk_delivery_name(delivery_types[i])))) continue;
        *out = delivery_types[i];
        return true;
    }
    return false;
}

static enum vk_err read_message(struct vk_arena *arena, const struct vk_json *json,
                                struct vk_delivery *out) {
    const struct vk_json *message = vk_json_at(json, 2);
    bool legal;
    out->target = vk_json_string(vk_json_at(json, 1));
    out->result = vk_json_string(vk_json_get(message, "result"));
    VK_TRY(vk_capdata_read(arena, vk_json_get(message, "methargs"), &legal, &out->methargs));
    return legal && out->target.p ? VK_OK : VK_RAISE(VK_ERR_CORRUPT, "transcript: bad message");
}

static enum vk_err read_delivery(struct vk_arena *arena, const struct vk_json *json,
                                 struct vk_delivery *out) {
    struct vk_buf buf;
    bool legal = true;
    *out = (struct vk_delivery){0};
    struct vk_str name = vk_json_string(vk_json_at(json, 0));
    if (!type_by_name(name, &out->type))
        return VK_RAISE(VK_ERR_CORRUPT, "replay should not see '%.*s'", VK_STR_ARG(name));
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    VK_TRY(vk_buf_finish(&buf, &out->json));
    switch (out->type) {
    case VK_DELIVERY_MESSAGE: return read_message(arena, json, out);
    case VK_DELIVERY_NOTIFY: return read_resolutions(arena, vk_json_at(json, 1), out);
    case VK_DELIVERY_DROP_EXPORTS:
    case VK_DELIVERY_RETIRE_EXPORTS:
    case VK_DELIVERY_RETIRE_IMPORTS: return read_vrefs(arena, vk_json_at(json, 1), out);
    case VK_DELIVERY_CHANGE_VAT_OPTIONS:
        if (!vk_json_is(vk_json_at(json, 1), VK_JSON_OBJECT))
            return VK_RAISE(VK_ERR_CORRUPT, "transcript: no options");
        vk_buf_init(&buf, arena);
        vk_json_write(&buf, vk_json_at(json, 1));
        return vk_buf_finish(&buf, &out->options);
    case VK_DELIVERY_START_VAT:
        VK_TRY(vk_capdata_read(arena, vk_json_at(json, 1), &legal, &out->methargs));
        return legal ? VK_OK : VK_RAISE(VK_ERR_CORRUPT, "transcript: startVat without capdata");
    case VK_DELIVERY_BRING_OUT_YOUR_DEAD: return VK_OK;
    }
    VK_ASSERT(false); /* INV-DELIVERY-1: every delivery has a type */
    return VK_OK;
}

static enum vk_err slog_delivery(struct replayed_item *item, const struct vk_delivery *delivery,
                                 const struct vk_delivery_result *result) {
    struct vk_state *state = &item->kernel->state;
    struct vk_slog_entry entry;
    struct vk_str json;
    if (!vk_slog_wanted(state)) return VK_OK;
    if (!result) item->began_ns = vk_slog_now_ns(state);
    vk_slog_begin(&entry, state, result ? VK_STR("deliver-result") : VK_STR("deliver"));
    vk_slog_vat(&entry, item->vat);
    vk_slog_u64(&entry, "deliveryNum", item->position);
    vk_slog_bool(&entry, "replay", true);
    vk_slog_text(&entry, "dispatch", vk_str(vk_delivery_name(delivery->type)));
    if (!result) {
        vk_slog_json(&entry, "vd", delivery->json);
        return vk_slog_end(&entry, state);
    }
    VK_TRY(vk_delivery_result_json(&item->kernel->arena, result, &json));
    vk_slog_json(&entry, "dr", json);
    return vk_slog_end_since(&entry, state, item->began_ns);
}

static enum vk_err replay_item(struct vk_kernel *kernel, struct vk_vat_id vat,
                               struct vk_worker *worker, uint64_t position,
                               const struct vk_json *json) {
    const struct vk_worker_host *host = kernel->ports->workers;
    struct replayed_item item = {.kernel = kernel, .vat = vat, .position = position};
    const struct vk_syscall_port port = {.impl = &item,
                                         .make = answer_from_transcript,
                                         .submit = compare_with_transcript,
                                         .settle = settle_nothing};
    struct vk_delivery delivery;
    struct vk_delivery_result result = {0};
    const struct vk_json *syscalls = vk_json_get(json, "sc");
    item.next_syscall = syscalls ? syscalls->first : NULL;
    VK_TRY(read_delivery(&kernel->arena, vk_json_get(json, "d"), &delivery));
    VK_TRY(slog_delivery(&item, &delivery, NULL));
    VK_TRY(host->deliver(host->impl, worker, &kernel->arena, &delivery, &port, &result));
    /* A worker may swallow the refusal of a syscall: the problem is sticky. */
    if (item.problem) return anachrophobia(&item, item.problem);
    if (item.next_syscall) return anachrophobia(&item, "missing syscall at index");
    if (!vk_completion_same(vk_json_get(vk_json_get(json, "r"), "vatstore"), &result))
        return anachrophobia(&item, "wrong vatstore changes after");
    return slog_delivery(&item, &delivery, &result);
}

/* What begins a span says what the worker was started from. SwingSet does not look: without the snapshot it would replay
 * onto a heap that never lived through what the snapshot held. */
static enum vk_err check_beginning(struct vk_kernel *kernel, struct vk_str vat,
                                   const struct vk_json *item) {
    struct vk_str name = vk_json_string(vk_json_at(vk_json_get(item, "d"), 0));
    struct vk_snapshot_info info;
    bool found = true;
    if (vk_str_eq(name, VK_STR("initialize-worker"))) return VK_OK;
    if (!vk_str_eq(name, VK_STR("load-snapshot")))
        return VK_RAISE(VK_ERR_CORRUPT, "transcript for %.*s doesn't start with init/load",
                        VK_STR_ARG(vat));
    VK_TRY(vk_snapshot_current(kernel->store, vat, &found, &info));
    return found
               ? VK_OK
               : VK_RAISE(VK_ERR_SNAPSHOT, "no snapshot of %.*s, with which its transcript starts",
                          VK_STR_ARG(vat));
}

static enum vk_err slog_start(struct vk_kernel *kernel, struct vk_vat_id vat, uint64_t deliveries) {
    struct vk_slog_entry entry;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_slog_begin(&entry, &kernel->state, VK_STR("start-replay"));
    vk_slog_vat(&entry, vat);
    vk_slog_u64(&entry, "deliveries", deliveries);
    return vk_slog_end(&entry, &kernel->state);
}

static enum vk_err slog_finish(struct vk_kernel *kernel, struct vk_vat_id vat, uint64_t began_ns) {
    struct vk_slog_entry entry;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    vk_slog_begin(&entry, &kernel->state, VK_STR("finish-replay"));
    vk_slog_vat(&entry, vat);
    return vk_slog_end_since(&entry, &kernel->state, began_ns);
}

enum vk_err vk_replay_transcript(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_worker *worker) {
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str id = vk_vat_id_str(vat, text);
    struct vk_span span;
    uint64_t began_ns = vk_slog_now_ns(&kernel->state);
    VK_TRY(vk_transcript_current(kernel->store, id, &span));
    VK_TRY(slog_start(kernel, vat, span.end - span.start));
    for (uint64_t position = span.start; position < span.end; position++) {
        struct vk_str item;
        const struct vk_json *json;
        VK_TRY(vk_transcript_item(kernel->store, &kernel->arena, id, position, &item));
        enum vk_err err = vk_json_parse(&kernel->arena, item, &json);
        if (err == VK_ERR_SYNTAX)
            return VK_RAISE(VK_ERR_CORRUPT, "transcript item %llu of v%llu is not JSON",
                            (unsigned long long)position, (unsigned long long)vat.n);
        VK_TRY(err);
        if (position > span.start)
            VK_TRY(replay_item(kernel, vat, worker, position, json));
        else
            VK_TRY(check_beginning(kernel, id, json));
    }
    return slog_finish(kernel, vat, began_ns);
}
