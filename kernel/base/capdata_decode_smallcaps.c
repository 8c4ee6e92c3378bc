/* capdata_decode_smallcaps.c - the "#..." bodies. See capdata_decode.h.
 *
 * Answers to decodeFromSmallcaps of @endo/marshal's encodeToSmallcaps.js. A string's first
 * character, if it is one of '!' to '-', says what the string means.
 */
#include "capdata_decode.h"
#include "js_number.h"

static bool starts_special(struct vk_str text) {
    return text.n > 0 && text.p[0] >= '!' && text.p[0] <= '-';
}

static enum vk_err decode_constant(struct vk_capdata_decoder *decoder, struct vk_str text,
                                   struct vk_value **out) {
    if (vk_str_eq(text, VK_STR("undefined")))
        return vk_value_new(decoder->arena, VK_VALUE_UNDEFINED, out);
    if (vk_str_eq(text, VK_STR("NaN")) || vk_str_eq(text, VK_STR("Infinity")) ||
        vk_str_eq(text, VK_STR("-Infinity")))
        return vk_value_text(decoder->arena, VK_VALUE_NUMBER, text, out);
    return VK_REFUSE("unknown constant");
}

/* "$0.Alleged: name" without the "$". */
static enum vk_err decode_slot(struct vk_capdata_decoder *decoder, struct vk_str text,
                               bool is_promise, struct vk_value **out) {
    const char *dot = memchr(text.p, '.', text.n);
    struct vk_str number = text, iface = VK_STR_NONE;
    if (dot) {
        number.n = (size_t)(dot - text.p);
        iface = vk_str_from(text, number.n + 1);
    }
    VK_TRY(vk_capdata_decode_slot(decoder, vk_js_number_of_string(number), iface, out));
    if ((*out)->is_promise != is_promise) return VK_REFUSE("a promise and a remotable confused");
    return VK_OK;
}

static enum vk_err decode_string(struct vk_capdata_decoder *decoder, struct vk_str text,
                                 struct vk_value **out) {
    if (!starts_special(text)) return vk_value_text(decoder->arena, VK_VALUE_STRING, text, out);
    struct vk_str rest = vk_str_from(text, 1);
    switch (text.p[0]) {
    case '!': return vk_value_text(decoder->arena, VK_VALUE_STRING, rest, out);
    case '%': return vk_capdata_decode_symbol(decoder, rest, out);
    case '#': return decode_constant(decoder, rest, out);
    case '+':
    case '-': return vk_capdata_decode_bigint(decoder, text, out);
    case '$': return decode_slot(decoder, rest, false, out);
    case '&': return decode_slot(decoder, rest, true, out);
    default: return VK_REFUSE("a reserved character");
    }
}

static enum vk_err decode_tagged(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                 const struct vk_json *tag, struct vk_value **out) {
    const struct vk_json *payload = vk_json_get(json, "payload");
    if (tag->type != VK_JSON_STRING) return VK_REFUSE("a tag that is no string");
    if (!payload || json->count != 2) return VK_REFUSE("tagged: other properties");
    struct vk_value *name = NULL;
    VK_TRY(decode_string(decoder, tag->text, &name));
    VK_ASSERT(name); /* INV-CAPDATA-4: what is not refused has a value */
    if (name->type != VK_VALUE_STRING) return VK_REFUSE("a tag that is no string");
    return vk_capdata_decode_tagged(decoder, name->text, payload, out);
}

static enum vk_err decode_record(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                 struct vk_value **out) {
    VK_TRY(vk_value_new(decoder->arena, VK_VALUE_RECORD, out));
    bool unescaped = false;
    for (const struct vk_json *member = json->first; member; member = member->next) {
        struct vk_str name = member->key;
        if (starts_special(name)) {
            /* Every other special character makes something that is no string. */
            if (name.p[0] != '!') return VK_REFUSE("a property name that is no string");
            name = vk_str_from(name, 1);
            unescaped = true;
        }
        struct vk_value *child;
        VK_TRY(vk_capdata_decode_smallcaps(decoder, member, &child));
        vk_value_append(*out, name, child);
    }
    /* Unescaped names may fall together, or become index-like. */
    return unescaped ? vk_capdata_record_settle(decoder->arena, *out) : VK_OK;
}

static enum vk_err decode_object(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                 struct vk_value **out) {
    const struct vk_json *tag = vk_json_get(json, "#tag");
    if (tag) return decode_tagged(decoder, json, tag, out);
    const struct vk_json *message = vk_json_get(json, "#error");
    if (!message) return decode_record(decoder, json, out);
    if (vk_json_get(json, "message")) return VK_REFUSE("error: an unexpected property");
    return vk_capdata_decode_error(decoder, json, message, out);
}

enum vk_err vk_capdata_decode_smallcaps(struct vk_capdata_decoder *decoder,
                                        const struct vk_json *json, struct vk_value **out) {
    if (!json) return VK_REFUSE("a property is missing");
    VK_ASSERT(decoder->smallcaps); /* INV-CAPDATA-3 */
    switch (json->type) {
    case VK_JSON_STRING: return decode_string(decoder, json->text, out);
    case VK_JSON_OBJECT: return decode_object(decoder, json, out);
    case VK_JSON_NULL:
    case VK_JSON_BOOL:
    case VK_JSON_NUMBER:
    case VK_JSON_ARRAY: break;
    }
    return vk_capdata_decode_plain(decoder, json, out);
}
