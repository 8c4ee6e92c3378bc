/* capdata_decode_qclass.c - the older bodies, where {"@qclass": ...} marks what JSON cannot say.
 * See capdata_decode.h.
 *
 * Answers to decodeFromCapData of @endo/marshal's encodeToCapData.js.
 */
#include "capdata_decode.h"
#include "js_number.h"

static const char qclass_key[] = "@qclass";

/* {"@qclass":"slot","iface":...,"index":...} */
static enum vk_err decode_slot(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                               struct vk_value **out) {
    const struct vk_json *iface = vk_json_get(json, "iface");
    const struct vk_json *index = vk_json_get(json, "index");
    if (json->count > 1u + (iface != NULL) + (index != NULL))
        return VK_REFUSE("slot: other properties");
    if (!vk_json_is(index, VK_JSON_NUMBER)) return VK_REFUSE("slot: an index that is no number");
    struct vk_value *slot;
    struct vk_str iface_text = VK_STR_NONE;
    bool iface_legal = true;
    if (iface) {
        /* What is no string goes through as a template's text if it is false, and else has no
         * startsWith() to call. */
        switch (iface->type) {
        case VK_JSON_STRING: iface_text = iface->text; break;
        case VK_JSON_NULL: iface_text = VK_STR("null"); break;
        case VK_JSON_BOOL:
            iface_text = VK_STR("false");
            iface_legal = !iface->truth;
            break;
        case VK_JSON_NUMBER:
            iface_text = VK_STR("0");
            iface_legal = !(vk_js_number_of_json(iface->text) != 0);
            break;
        case VK_JSON_ARRAY:
        case VK_JSON_OBJECT: iface_legal = false; break;
        }
    }
    size_t seen_before = decoder->seen_count;
    VK_TRY(vk_capdata_decode_slot(decoder, vk_js_number_of_json(index->text), iface_text, &slot));
    /* Only who names a slot first is asked for its interface. */
    if (!iface_legal && decoder->seen_count > seen_before)
        return VK_REFUSE("slot: an interface that is no string");
    *out = slot;
    return VK_OK;
}

/* What defineProperties() leaves of `rest` on a record. An object that has other than plain
 * properties makes the record unpassable; what has no properties leaves it as it is. */
static enum vk_err hilbert_rest(struct vk_capdata_decoder *decoder, const struct vk_json *rest,
                                struct vk_value *record) {
    bool is_empty_object = vk_json_is(rest, VK_JSON_OBJECT) && rest->count == 0;
    if ((!vk_json_is(rest, VK_JSON_OBJECT) && !vk_json_is(rest, VK_JSON_ARRAY)) || is_empty_object)
        return VK_REFUSE("hilbert: rest is no object with properties");
    struct vk_value *value;
    VK_TRY(vk_capdata_decode_qclass(decoder, rest, &value));
    switch (value->type) {
    case VK_VALUE_UNDEFINED: return VK_REFUSE("hilbert: rest is undefined");
    case VK_VALUE_NULL:
    case VK_VALUE_BOOL:
    case VK_VALUE_STRING:
    case VK_VALUE_NUMBER:
    case VK_VALUE_BIGINT:
    case VK_VALUE_SYMBOL: return VK_OK;
    case VK_VALUE_ARRAY:
    case VK_VALUE_TAGGED:
    case VK_VALUE_ERROR:
    case VK_VALUE_SLOT: decoder->unpassable++; return VK_OK;
    case VK_VALUE_RECORD: break;
    }
    if (vk_value_get(value, qclass_key)) return VK_REFUSE("hilbert: @qclass twice");
    for (struct vk_value *child = value->first, *next; child; child = next) {
        next = child->next;
        vk_value_append(record, child->key, child);
    }
    return vk_capdata_record_settle(decoder->arena, record);
}

/* {"@qclass":"hilbert","original":...,"rest":{...}}: a record that has a property "@qclass" of its
 * own. */
static enum vk_err decode_hilbert(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                  struct vk_value **out) {
    const struct vk_json *original = vk_json_get(json, "original");
    const struct vk_json *rest = vk_json_get(json, "rest");
    if (!original) return VK_REFUSE("hilbert: no original");
    VK_TRY(vk_value_new(decoder->arena, VK_VALUE_RECORD, out));
    struct vk_value *child;
    VK_TRY(vk_capdata_decode_qclass(decoder, original, &child));
    vk_value_append(*out, vk_str(qclass_key), child);
    return rest ? hilbert_rest(decoder, rest, *out) : VK_OK;
}

static enum vk_err decode_record(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                 struct vk_value **out) {
    VK_TRY(vk_value_new(decoder->arena, VK_VALUE_RECORD, out));
    for (const struct vk_json *member = json->first; member; member = member->next) {
        struct vk_value *child = NULL;
        VK_TRY(vk_capdata_decode_qclass(decoder, member, &child));
        vk_value_append(*out, member->key, child);
    }
    VK_ASSERT((*out)->count == json->count); /* INV-VALUE-1 */
    return VK_OK;
}

static enum vk_err decode_marked(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                 struct vk_str qclass, struct vk_value **out) {
    if (vk_str_eq(qclass, VK_STR("slot"))) return decode_slot(decoder, json, out);
    if (vk_str_eq(qclass, VK_STR("undefined")))
        return vk_value_new(decoder->arena, VK_VALUE_UNDEFINED, out);
    if (vk_str_eq(qclass, VK_STR("error")))
        return vk_capdata_decode_error(decoder, json, vk_json_get(json, "message"), out);
    if (vk_str_eq(qclass, VK_STR("NaN")) || vk_str_eq(qclass, VK_STR("Infinity")) ||
        vk_str_eq(qclass, VK_STR("-Infinity")))
        return vk_value_text(decoder->arena, VK_VALUE_NUMBER, qclass, out);
    if (vk_str_eq(qclass, VK_STR("bigint"))) {
        struct vk_str digits = vk_json_string(vk_json_get(json, "digits"));
        if (!vk_str_present(digits)) return VK_REFUSE("bigint: digits are no string");
        return vk_capdata_decode_bigint(decoder, digits, out);
    }
    if (vk_str_eq(qclass, VK_STR("symbol"))) {
        struct vk_str name = vk_json_string(vk_json_get(json, "name"));
        if (!vk_str_present(name)) return VK_REFUSE("symbol: the name is no string");
        return vk_capdata_decode_symbol(decoder, name, out);
    }
    if (vk_str_eq(qclass, VK_STR("@@asyncIterator")))
        return vk_value_text(decoder->arena, VK_VALUE_SYMBOL, qclass, out);
    if (vk_str_eq(qclass, VK_STR("tagged"))) {
        struct vk_str tag = vk_json_string(vk_json_get(json, "tag"));
        if (!vk_str_present(tag)) return VK_REFUSE("a tag that is no string");
        return vk_capdata_decode_tagged(decoder, tag, vk_json_get(json, "payload"), out);
    }
    if (vk_str_eq(qclass, VK_STR("hilbert"))) return decode_hilbert(decoder, json, out);
    return VK_REFUSE("unknown @qclass");
}

enum vk_err vk_capdata_decode_qclass(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                     struct vk_value **out) {
    VK_ASSERT(!decoder->smallcaps); /* INV-CAPDATA-3 */
    if (!json) return vk_value_new(decoder->arena, VK_VALUE_UNDEFINED, out);
    if (json->type != VK_JSON_OBJECT) return vk_capdata_decode_plain(decoder, json, out);
    const struct vk_json *qclass = vk_json_get(json, qclass_key);
    if (!qclass) return decode_record(decoder, json, out);
    if (qclass->type != VK_JSON_STRING) return VK_REFUSE("@qclass is no string");
    return decode_marked(decoder, json, qclass->text, out);
}
