/* worker_protocol_read.c - messages out of frames. See worker_protocol.h. */
#include "worker_protocol.h"

static enum vk_err bad_message(const char *expected, struct vk_str payload) {
    int n = payload.n < 80 ? (int)payload.n : 80;
    return VK_RAISE(VK_ERR_SYNTAX, "no %s: %.*s", expected, n, payload.p);
}

/* The JSON text that follows `head` in a command's payload, which ends with "]". */
static enum vk_err untag(struct vk_arena *arena, const struct sim_frame *frame, struct vk_str head,
                         const char *expected, struct vk_str *text, const struct vk_json **json) {
    if (frame->type != SIM_FRAME_COMMAND || !vk_str_starts(frame->payload, head) ||
        frame->payload.p[frame->payload.n - 1] != ']')
        return bad_message(expected, frame->payload);
    *text = vk_str_from(frame->payload, head.n);
    text->n -= text->n > 0;
    return vk_json_parse(arena, *text, json);
}

/* ---- deliveries */

static const enum vk_delivery_type delivery_types[] = {
    VK_DELIVERY_MESSAGE,        VK_DELIVERY_NOTIFY,
    VK_DELIVERY_DROP_EXPORTS,   VK_DELIVERY_RETIRE_EXPORTS,
    VK_DELIVERY_RETIRE_IMPORTS, VK_DELIVERY_CHANGE_VAT_OPTIONS,
    VK_DELIVERY_START_VAT,      VK_DELIVERY_BRING_OUT_YOUR_DEAD,
};

static bool delivery_type(struct vk_str name, enum vk_delivery_type *out) {
    for (size_t i = 0; i < sizeof delivery_types / sizeof *delivery_types; i++) {
        *out = delivery_types[i];
        if (vk_str_eq(name, vk_str(vk_delivery_name(*out)))) return true;
    }
    return false;
}

static enum vk_err read_message(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                struct vk_delivery *out) {
    const struct vk_json *message = vk_json_at(json, 2), *result = vk_json_get(message, "result");
    out->target = vk_json_string(vk_json_at(json, 1));
    out->result = vk_json_string(result);
    *legal = out->target.p && (out->result.p || !result || vk_json_is(result, VK_JSON_NULL));
    return *legal ? vk_capdata_read(arena, vk_json_get(message, "methargs"), legal, &out->methargs)
                  : VK_OK;
}

static enum vk_err read_resolutions(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                    struct vk_delivery *out) {
    struct vk_resolution *resolutions;
    *legal = vk_json_is(json, VK_JSON_ARRAY);
    if (!*legal) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(arena, &resolutions, json->count));
    for (const struct vk_json *item = json->first; item && *legal; item = item->next) {
        struct vk_resolution *resolution = &resolutions[out->resolution_count++];
        const struct vk_json *rejected = vk_json_at(item, 1);
        resolution->promise = vk_json_string(vk_json_at(item, 0));
        *legal = resolution->promise.p && vk_json_is(rejected, VK_JSON_BOOL);
        resolution->rejected = *legal && rejected->truth;
        if (*legal) VK_TRY(vk_capdata_read(arena, vk_json_at(item, 2), legal, &resolution->data));
    }
    out->resolutions = resolutions;
    return VK_OK;
}

static enum vk_err read_vrefs(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                              struct vk_delivery *out) {
    struct vk_str *vrefs;
    *legal = vk_json_is(json, VK_JSON_ARRAY);
    if (!*legal) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(arena, &vrefs, json->count));
    for (const struct vk_json *item = json->first; item && *legal; item = item->next) {
        vrefs[out->vref_count] = vk_json_string(item);
        *legal = vrefs[out->vref_count++].p != NULL;
    }
    out->vrefs = vrefs;
    return VK_OK;
}

static enum vk_err read_options(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                struct vk_delivery *out) {
    struct vk_buf buf;
    *legal = vk_json_is(json, VK_JSON_OBJECT);
    if (!*legal) return VK_OK;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    return vk_buf_finish(&buf, &out->options);
}

static enum vk_err read_arguments(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                  struct vk_delivery *out) {
    const struct vk_json *first = vk_json_at(json, 1);
    *legal = true;
    switch (out->type) {
    case VK_DELIVERY_MESSAGE: return read_message(arena, json, legal, out);
    case VK_DELIVERY_NOTIFY: return read_resolutions(arena, first, legal, out);
    case VK_DELIVERY_DROP_EXPORTS:
    case VK_DELIVERY_RETIRE_EXPORTS:
    case VK_DELIVERY_RETIRE_IMPORTS: return read_vrefs(arena, first, legal, out);
    case VK_DELIVERY_CHANGE_VAT_OPTIONS: return read_options(arena, first, legal, out);
    case VK_DELIVERY_START_VAT: return vk_capdata_read(arena, first, legal, &out->methargs);
    case VK_DELIVERY_BRING_OUT_YOUR_DEAD: return VK_OK;
    }
    VK_ASSERT(false); /* INV-DELIVERY-1: every delivery has a type */
    return VK_OK;
}

enum vk_err sim_protocol_read_deliver(struct vk_arena *arena, const struct sim_frame *frame,
                                      struct vk_delivery *delivery) {
    const struct vk_json *json;
    struct vk_str text;
    bool legal;
    *delivery = (struct vk_delivery){0};
    VK_TRY(untag(arena, frame, VK_STR("[\"deliver\","), "delivery", &text, &json));
    if (!delivery_type(vk_json_string(vk_json_at(json, 0)), &delivery->type))
        return bad_message("delivery", frame->payload);
    VK_TRY(read_arguments(arena, json, &legal, delivery));
    if (!legal) return bad_message("delivery", frame->payload);
    return vk_arena_copy(arena, text, &delivery->json);
}

/* ---- syscalls */

enum vk_err sim_protocol_read_syscall(struct vk_arena *arena, const struct sim_frame *frame,
                                      bool waits, struct vk_syscall *syscall) {
    const struct vk_str head = waits ? VK_STR("[\"syscall\",") : VK_STR("[\"submit\",");
    const struct vk_json *json;
    struct vk_str text;
    VK_TRY(untag(arena, frame, head, "syscall", &text, &json));
    return vk_syscall_decode(arena, text, syscall);
}

static enum vk_err read_payload(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                struct vk_syscall_result *out) {
    out->text = vk_json_string(json);
    if (out->ok && vk_json_is(json, VK_JSON_OBJECT)) {
        out->payload = VK_PAYLOAD_CAPDATA;
        return vk_capdata_read(arena, json, legal, &out->capdata);
    }
    if (out->ok && out->text.p) out->payload = VK_PAYLOAD_STRING;
    *legal = out->text.p || (out->ok && vk_json_is(json, VK_JSON_NULL));
    return VK_OK;
}

enum vk_err sim_protocol_read_syscall_result(struct vk_arena *arena, const struct sim_frame *frame,
                                             struct vk_syscall_result *result) {
    const struct vk_json *json;
    bool legal;
    *result = (struct vk_syscall_result){0};
    if (frame->type != SIM_FRAME_ANSWER) return bad_message("answer", frame->payload);
    VK_TRY(vk_json_parse(arena, frame->payload, &json));
    struct vk_str status = vk_json_string(vk_json_at(json, 0));
    result->ok = vk_str_eq(status, VK_STR("ok"));
    if (!result->ok && !vk_str_eq(status, VK_STR("error")))
        return bad_message("answer", frame->payload);
    VK_TRY(read_payload(arena, vk_json_at(json, 1), &legal, result));
    if (!legal) return bad_message("answer", frame->payload);
    return vk_arena_copy(arena, frame->payload, &result->json);
}

/* ---- the end of a command */

enum vk_err sim_protocol_read_set_bundle(struct vk_arena *arena, const struct sim_frame *frame,
                                         struct vk_str *vat, struct vk_str *bundle) {
    const struct vk_json *json;
    if (frame->type != SIM_FRAME_COMMAND) return bad_message("setBundle", frame->payload);
    VK_TRY(vk_json_parse(arena, frame->payload, &json));
    *vat = vk_json_string(vk_json_at(json, 1));
    *bundle = vk_json_string(vk_json_at(json, 2));
    bool legal =
        vk_str_eq(vk_json_string(vk_json_at(json, 0)), VK_STR("setBundle")) && vat->p && bundle->p;
    return legal ? VK_OK : bad_message("setBundle", frame->payload);
}

/* METER\1REPLY */
static enum vk_err split_done(struct vk_arena *arena, const struct sim_frame *frame,
                              struct vk_str *meter, const struct vk_json **reply) {
    const struct vk_json *json;
    const char *separator = memchr(frame->payload.p, 1, frame->payload.n);
    if (frame->type != SIM_FRAME_DONE || !separator) return bad_message("reply", frame->payload);
    *meter = (struct vk_str){frame->payload.p, (size_t)(separator - frame->payload.p)};
    VK_TRY(vk_json_parse(arena, *meter, &json));
    return vk_json_parse(arena, vk_str_from(frame->payload, meter->n + 1), reply);
}

enum vk_err sim_protocol_read_ready(struct vk_arena *arena, const struct sim_frame *frame) {
    const struct vk_json *reply;
    struct vk_str meter;
    VK_TRY(split_done(arena, frame, &meter, &reply));
    return vk_str_eq(vk_json_string(vk_json_at(reply, 0)), VK_STR("dispatchReady"))
               ? VK_OK
               : bad_message("dispatchReady", frame->payload);
}

static enum vk_err read_meter(struct vk_arena *arena, struct vk_str meter,
                              struct vk_delivery_result *result) {
    const struct vk_json *json, *compute;
    VK_TRY(vk_json_parse(arena, meter, &json));
    compute = vk_json_get(json, "compute");
    if (!vk_json_is(json, VK_JSON_OBJECT)) return VK_OK;
    result->metered =
        vk_json_is(compute, VK_JSON_NUMBER) && vk_str_to_u64(compute->text, &result->computrons);
    return vk_arena_copy(arena, meter, &result->usage);
}

static enum vk_err read_value(struct vk_arena *arena, const struct vk_json *value,
                              struct vk_delivery_result *result) {
    struct vk_buf buf;
    if (!value || value->type == VK_JSON_NULL) return VK_OK;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, value);
    return vk_buf_finish(&buf, &result->value);
}

/* `json` NULL: there are none. */
static enum vk_err read_changes(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                struct vk_delivery_result *result) {
    struct vk_vatstore_change *changes;
    *legal = !json || vk_json_is(json, VK_JSON_ARRAY);
    if (!json || !*legal) return VK_OK;
    VK_TRY(VK_NEW_ARRAY(arena, &changes, json->count));
    for (const struct vk_json *item = json->first; item && *legal; item = item->next) {
        struct vk_vatstore_change *change = &changes[result->change_count++];
        *change = (struct vk_vatstore_change){vk_json_string(vk_json_at(item, 0)),
                                              vk_json_string(vk_json_at(item, 1))};
        *legal = change->key.p && (change->value.p || item->count == 1);
    }
    result->changes = changes;
    return VK_OK;
}

enum vk_err sim_protocol_read_done(struct vk_arena *arena, const struct sim_frame *frame,
                                   struct vk_delivery_result *result) {
    const struct vk_json *reply;
    struct vk_str meter;
    bool legal;
    *result = (struct vk_delivery_result){0};
    VK_TRY(split_done(arena, frame, &meter, &reply));
    struct vk_str status = vk_json_string(vk_json_at(reply, 0));
    result->ok = vk_str_eq(status, VK_STR("ok"));
    if (!result->ok) result->problem = vk_json_string(vk_json_at(reply, 1));
    if (!result->ok && !(vk_str_eq(status, VK_STR("error")) && result->problem.p))
        return bad_message("reply", frame->payload);
    if (result->ok) VK_TRY(read_value(arena, vk_json_at(reply, 1), result));
    VK_TRY(read_changes(arena, vk_json_at(reply, 2), &legal, result));
    const struct vk_json *count = vk_json_at(reply, 3);
    if (count &&
        !(vk_json_is(count, VK_JSON_NUMBER) && vk_str_to_u64(count->text, &result->submitted)))
        legal = false;
    if (!legal) return bad_message("reply", frame->payload);
    return read_meter(arena, meter, result);
}
