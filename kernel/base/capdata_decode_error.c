/* capdata_decode_error.c - errors, in either body format. See capdata_decode.h.
 *
 * Answers to decodeErrorCommon of @endo/marshal's marshal.js, to makeError of ses and
 * toPassableError of @endo/pass-style. Of an error only its constructor's name and its message
 * survive, but all that came with it is decoded, and any of that can make the body illegal.
 */
#include "capdata_decode.h"
#include "capdata_value.h"
#include "js_number.h"

/* JavaScript's truth of a JSON value. */
static bool json_truthy(const struct vk_json *json) {
    if (!json) return false;
    switch (json->type) {
    case VK_JSON_NULL: return false;
    case VK_JSON_BOOL: return json->truth;
    case VK_JSON_NUMBER: return vk_js_number_of_json(json->text) != 0;
    case VK_JSON_STRING: return json->text.n > 0;
    case VK_JSON_ARRAY:
    case VK_JSON_OBJECT: break;
    }
    return true;
}

/* True if String(value) throws. */
static bool string_throws(const struct vk_value *value) {
    if (value->type == VK_VALUE_SYMBOL) return true;
    /* No value is callable: an own toString leads to nothing. */
    if (value->type == VK_VALUE_RECORD) return vk_value_get(value, "toString") != NULL;
    if (value->type != VK_VALUE_ARRAY) return false;
    for (const struct vk_value *item = value->first; item; item = item->next)
        if (string_throws(item)) return true;
    return false;
}

/* True if AggregateError(errors || []) takes it: a false value, or what can be iterated over. */
static bool aggregate_takes(const struct vk_value *errors) {
    switch (errors->type) {
    case VK_VALUE_UNDEFINED:
    case VK_VALUE_NULL:
    case VK_VALUE_STRING:
    case VK_VALUE_ARRAY: return true;
    case VK_VALUE_BOOL: return !errors->truth;
    case VK_VALUE_NUMBER:
        return vk_str_eq(errors->text, VK_STR("NaN")) || vk_str_eq(errors->text, VK_STR("0"));
    case VK_VALUE_BIGINT: return vk_str_eq(errors->text, VK_STR("0"));
    case VK_VALUE_SYMBOL:
    case VK_VALUE_RECORD:
    case VK_VALUE_TAGGED:
    case VK_VALUE_ERROR:
    case VK_VALUE_SLOT: break;
    }
    return false;
}

static enum vk_err decode_text(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                               struct vk_str *out) {
    struct vk_value *value;
    VK_TRY(vk_capdata_decode_any(decoder, json, &value));
    if (value->type != VK_VALUE_STRING) return VK_REFUSE("error: a name or message is no string");
    *out = value->text;
    return VK_OK;
}

static enum vk_err check_error_id(struct vk_capdata_decoder *decoder, const struct vk_json *json) {
    if (!json_truthy(json)) return VK_OK;
    struct vk_value *id;
    VK_TRY(vk_capdata_decode_any(decoder, json, &id));
    return string_throws(id) ? VK_REFUSE("error: an errorId that has no text") : VK_OK;
}

static enum vk_err check_cause(struct vk_capdata_decoder *decoder, const struct vk_json *json) {
    if (!json_truthy(json)) return VK_OK;
    struct vk_value *cause;
    return vk_capdata_decode_any(decoder, json, &cause);
}

static enum vk_err check_errors(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                struct vk_str constructor) {
    if (!json_truthy(json)) return VK_OK;
    size_t unpassable = decoder->unpassable;
    struct vk_value *errors;
    VK_TRY(vk_capdata_decode_any(decoder, json, &errors));
    if (vk_str_eq(constructor, VK_STR("AggregateError")) && !aggregate_takes(errors))
        return VK_REFUSE("error: errors are no list");
    if (errors->type == VK_VALUE_ARRAY && decoder->unpassable > unpassable)
        return VK_REFUSE("error: errors are not passable");
    return VK_OK;
}

static bool is_known_property(const struct vk_capdata_decoder *decoder, struct vk_str key) {
    if (vk_str_eq(key, VK_STR("message")) || vk_str_eq(key, VK_STR("name")) ||
        vk_str_eq(key, VK_STR("errorId")) || vk_str_eq(key, VK_STR("cause")) ||
        vk_str_eq(key, VK_STR("errors")))
        return true;
    return vk_str_eq(key, decoder->smallcaps ? VK_STR("#error") : VK_STR("@qclass"));
}

enum vk_err vk_capdata_decode_error(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                    const struct vk_json *message, struct vk_value **out) {
    size_t unpassable = decoder->unpassable;
    struct vk_str name;
    VK_TRY(vk_value_new(decoder->arena, VK_VALUE_ERROR, out));
    /* In this order: the first to name a slot gives it its interface. */
    VK_TRY(decode_text(decoder, vk_json_get(json, "name"), &name));
    VK_TRY(decode_text(decoder, message, &(*out)->text));
    (*out)->name = vk_error_name(name);
    VK_TRY(check_error_id(decoder, vk_json_get(json, "errorId")));
    VK_TRY(check_cause(decoder, vk_json_get(json, "cause")));
    VK_TRY(check_errors(decoder, vk_json_get(json, "errors"), (*out)->name));
    for (const struct vk_json *member = json->first; member; member = member->next) {
        struct vk_value *dropped;
        if (is_known_property(decoder, member->key)) continue;
        VK_TRY(vk_capdata_decode_any(decoder, member, &dropped));
    }
    /* None of that is reachable any more. */
    decoder->unpassable = unpassable;
    return VK_OK;
}
