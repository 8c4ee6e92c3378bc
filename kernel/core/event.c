/* event.c - see event.h. */
#include "event.h"

static const char *const names[VK_EVENT_TYPES] = {
    [VK_EVENT_SEND] = "send",
    [VK_EVENT_NOTIFY] = "notify",
    [VK_EVENT_START_VAT] = "startVat",
    [VK_EVENT_CREATE_VAT] = "create-vat",
    [VK_EVENT_UPGRADE_VAT] = "upgrade-vat",
    [VK_EVENT_CHANGE_VAT_OPTIONS] = "changeVatOptions",
    [VK_EVENT_SUSPEND_VAT] = "suspend-vat",
    [VK_EVENT_UNSUSPEND_VAT] = "unsuspend-vat",
    [VK_EVENT_DROP_EXPORTS] = "dropExports",
    [VK_EVENT_RETIRE_EXPORTS] = "retireExports",
    [VK_EVENT_RETIRE_IMPORTS] = "retireImports",
    [VK_EVENT_BRING_OUT_YOUR_DEAD] = "bringOutYourDead",
    [VK_EVENT_NEGATED_GC_ACTION] = "negated-gc-action",
    [VK_EVENT_CLEANUP_TERMINATED_VAT] = "cleanup-terminated-vat",
};

const char *vk_event_name(enum vk_event_type type) { return names[type]; }

static enum vk_err bad_event(struct vk_str json, const char *what) {
    return VK_RAISE(VK_ERR_CORRUPT, "queue entry: %s: '%.*s'", what,
                    (int)(json.n < 120 ? json.n : 120), json.p);
}

static enum vk_err json_text(struct vk_arena *arena, const struct vk_json *json,
                             struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    return vk_buf_finish(&buf, out);
}

static enum vk_err read_capdata(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                struct vk_capdata *out) {
    VK_TRY(vk_capdata_read(arena, json, legal, out));
    for (size_t i = 0; *legal && i < out->slot_count; i++) {
        struct vk_kref kref;
        *legal = vk_kref_parse(out->slots[i], &kref);
    }
    return VK_OK;
}

static enum vk_err parse_send(struct vk_arena *arena, const struct vk_json *json,
                              struct vk_event *out) {
    const struct vk_json *message = vk_json_get(json, "msg");
    const struct vk_json *result = vk_json_get(message, "result");
    struct vk_str result_text = vk_json_string(result);
    bool legal;
    if (!vk_kref_parse(vk_json_string(vk_json_get(json, "target")), &out->target))
        return bad_event(out->json, "target");
    VK_TRY(read_capdata(arena, vk_json_get(message, "methargs"), &legal, &out->message.methargs));
    if (!legal) return bad_event(out->json, "methargs");
    out->message.has_result = result_text.n > 0;
    if (out->message.has_result && (!vk_kref_parse(result_text, &out->message.result) ||
                                    out->message.result.type != VK_SLOT_PROMISE))
        return bad_event(out->json, "result");
    return json_text(arena, message, &out->message.json);
}

static enum vk_err parse_upgrade(const struct vk_json *json, struct vk_event *out) {
    out->upgrade_id = vk_json_string(vk_json_get(json, "upgradeID"));
    out->bundle_id = vk_json_string(vk_json_get(json, "bundleID"));
    out->upgrade_message = vk_json_string(vk_json_get(json, "upgradeMessage"));
    if (!out->upgrade_id.p || !out->bundle_id.p || !out->upgrade_message.p)
        return bad_event(out->json, "upgrade-vat");
    return VK_OK;
}

/* The kernel makes these itself, but nothing keeps a host from queueing one. */
static enum vk_err parse_krefs(struct vk_arena *arena, const struct vk_json *json,
                               struct vk_event *out) {
    const struct vk_json *list = vk_json_get(json, "krefs");
    struct vk_kref *krefs;
    if (!vk_json_is(list, VK_JSON_ARRAY)) return bad_event(out->json, "krefs");
    VK_TRY(VK_NEW_ARRAY(arena, &krefs, list->count));
    for (const struct vk_json *item = list->first; item; item = item->next)
        if (!vk_kref_parse(vk_json_string(item), &krefs[out->kref_count++]))
            return bad_event(out->json, "krefs");
    out->krefs = krefs;
    return VK_OK;
}

static enum vk_err parse_fields(struct vk_arena *arena, const struct vk_json *json,
                                struct vk_event *out) {
    bool legal = true;
    if (out->type == VK_EVENT_SEND) return parse_send(arena, json, out);
    if (out->type == VK_EVENT_NEGATED_GC_ACTION) return VK_OK;
    if (!vk_vat_id_parse(vk_json_string(vk_json_get(json, "vatID")), &out->vat))
        return bad_event(out->json, "vatID");
    const struct vk_json *parameters = vk_json_get(json, "vatParameters");
    switch (out->type) {
    case VK_EVENT_NOTIFY:
        if (!vk_kref_parse(vk_json_string(vk_json_get(json, "kpid")), &out->promise) ||
            out->promise.type != VK_SLOT_PROMISE)
            return bad_event(out->json, "kpid");
        return VK_OK;
    case VK_EVENT_UPGRADE_VAT: VK_TRY(parse_upgrade(json, out)); break;
    case VK_EVENT_CREATE_VAT:
        out->options = vk_json_get(json, "dynamicOptions");
        if (!vk_json_is(vk_json_get(json, "source"), VK_JSON_OBJECT) ||
            !vk_json_is(out->options, VK_JSON_OBJECT))
            return bad_event(out->json, "create-vat");
        VK_TRY(json_text(arena, vk_json_get(json, "source"), &out->source));
        break;
    case VK_EVENT_START_VAT: break;
    case VK_EVENT_CHANGE_VAT_OPTIONS:
        out->options = vk_json_get(json, "options");
        if (!vk_json_is(out->options, VK_JSON_OBJECT)) return bad_event(out->json, "options");
        return VK_OK;
    case VK_EVENT_DROP_EXPORTS:
    case VK_EVENT_RETIRE_EXPORTS:
    case VK_EVENT_RETIRE_IMPORTS: return parse_krefs(arena, json, out);
    case VK_EVENT_SUSPEND_VAT:
    case VK_EVENT_UNSUSPEND_VAT:
    case VK_EVENT_BRING_OUT_YOUR_DEAD: return VK_OK;
    case VK_EVENT_SEND:
    case VK_EVENT_NEGATED_GC_ACTION:
    case VK_EVENT_CLEANUP_TERMINATED_VAT: return bad_event(out->json, "never stands in a queue");
    }
    VK_TRY(read_capdata(arena, parameters, &legal, &out->parameters));
    return legal ? VK_OK : bad_event(out->json, "vatParameters");
}

enum vk_err vk_event_parse(struct vk_arena *arena, struct vk_str text, struct vk_event *out) {
    const struct vk_json *json;
    *out = (struct vk_event){.json = text};
    enum vk_err err = vk_json_parse(arena, text, &json);
    if (err == VK_ERR_SYNTAX) return bad_event(text, "not JSON");
    VK_TRY(err);
    struct vk_str type = vk_json_string(vk_json_get(json, "type"));
    for (int i = 0; i < VK_EVENT_TYPES; i++) {
        if (!vk_str_eq(type, vk_str(names[i]))) continue;
        out->type = (enum vk_event_type)i;
        return parse_fields(arena, json, out);
    }
    return bad_event(text, "unknown type");
}

enum vk_err vk_send_json(struct vk_arena *arena, struct vk_kref target, struct vk_str message,
                         struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "{\"type\":\"send\",\"target\":\"");
    vk_buf_kref(&buf, target);
    vk_buf_lit(&buf, "\",\"msg\":");
    vk_buf_add(&buf, message);
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_message_json(struct vk_arena *arena, const struct vk_capdata *methargs,
                            struct vk_str result_json, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "{\"methargs\":");
    vk_capdata_write(&buf, methargs);
    if (result_json.p) {
        vk_buf_lit(&buf, ",\"result\":");
        vk_buf_add(&buf, result_json);
    }
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_notify_json(struct vk_arena *arena, struct vk_vat_id vat, struct vk_kref kpid,
                           struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "{\"type\":\"notify\",\"vatID\":\"");
    vk_buf_vat_id(&buf, vat);
    vk_buf_lit(&buf, "\",\"kpid\":\"");
    vk_buf_kref(&buf, kpid);
    vk_buf_lit(&buf, "\"}");
    return vk_buf_finish(&buf, out);
}

static void write_budget(struct vk_buf *buf, const struct vk_cleanup_budget *budget) {
    vk_buf_lit(buf, ",\"budget\":");
    if (budget->json.p) {
        vk_buf_add(buf, budget->json);
        return;
    }
    vk_buf_lit(buf, "{\"default\":");
    if (budget->by_default == VK_UNLIMITED)
        vk_buf_lit(buf, "null"); /* what JSON makes of Infinity */
    else
        vk_buf_u64(buf, budget->by_default);
    vk_buf_char(buf, '}');
}

enum vk_err vk_event_describe(struct vk_arena *arena, struct vk_event *event) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "{\"type\":\"");
    vk_buf_add(&buf, vk_str(names[event->type]));
    vk_buf_char(&buf, '"');
    if (event->type != VK_EVENT_NEGATED_GC_ACTION) {
        vk_buf_lit(&buf, ",\"vatID\":\"");
        vk_buf_vat_id(&buf, event->vat);
        vk_buf_char(&buf, '"');
    }
    if (event->kref_count) {
        for (size_t i = 0; i < event->kref_count; i++) {
            vk_buf_add(&buf, i ? VK_STR(",\"") : VK_STR(",\"krefs\":[\""));
            vk_buf_kref(&buf, event->krefs[i]);
            vk_buf_char(&buf, '"');
        }
        vk_buf_char(&buf, ']');
    }
    if (event->type == VK_EVENT_CLEANUP_TERMINATED_VAT) write_budget(&buf, &event->budget);
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, &event->json);
}
