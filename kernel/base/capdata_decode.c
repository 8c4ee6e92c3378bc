/* capdata_decode.c - capdata to values: what both body formats have in common. See vk/capdata.h.
 *
 * Answers to kunser() of @agoric/kmarshal and makeMarshal().fromCapData of @endo/marshal.
 *
 * INV-CAPDATA-1  Two decoded slots have the same identity if and only if they name the same slot
 *                index.
 * INV-CAPDATA-2  What is decoded is passable, as passStyleOf() of @endo/pass-style has it.
 */
#include "capdata_decode.h"

#include "capdata_value.h"
#include "js_bigint.h"
#include "js_key.h"
#include "js_number.h"
#include "js_text.h"
#include "json_write.h"

#include <math.h>

static const double safe_integer_max = 9007199254740991.0;

enum vk_err vk_capdata_decode_any(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                  struct vk_value **out) {
    return decoder->smallcaps ? vk_capdata_decode_smallcaps(decoder, json, out)
                              : vk_capdata_decode_qclass(decoder, json, out);
}

static enum vk_err decode_number(struct vk_capdata_decoder *decoder, struct vk_str json_number,
                                 struct vk_value **out) {
    VK_TRY(vk_value_text(decoder->arena, VK_VALUE_NUMBER, json_number, out));
    if (vk_js_number_is_plain(json_number)) return VK_OK;
    double value = vk_js_number_of_json(json_number);
    if (!isfinite(value)) {
        (*out)->text = value > 0 ? VK_STR("Infinity") : VK_STR("-Infinity");
        return VK_OK;
    }
    struct vk_buf buf;
    vk_buf_init(&buf, decoder->arena);
    vk_json_double(&buf, value);
    return vk_buf_finish(&buf, &(*out)->text);
}

enum vk_err vk_capdata_decode_plain(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                    struct vk_value **out) {
    switch (json->type) {
    case VK_JSON_NULL: return vk_value_new(decoder->arena, VK_VALUE_NULL, out);
    case VK_JSON_BOOL:
        VK_TRY(vk_value_new(decoder->arena, VK_VALUE_BOOL, out));
        (*out)->truth = json->truth;
        return VK_OK;
    case VK_JSON_NUMBER: return decode_number(decoder, json->text, out);
    case VK_JSON_STRING: return vk_value_text(decoder->arena, VK_VALUE_STRING, json->text, out);
    case VK_JSON_ARRAY: return vk_capdata_decode_array(decoder, json, out);
    case VK_JSON_OBJECT: break;
    }
    VK_ASSERT(false); /* INV-CAPDATA-3: each format has its own rules for objects */
    return VK_ERR_SYNTAX;
}

enum vk_err vk_capdata_decode_array(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                    struct vk_value **out) {
    VK_TRY(vk_value_new(decoder->arena, VK_VALUE_ARRAY, out));
    for (const struct vk_json *item = json->first; item; item = item->next) {
        struct vk_value *child;
        VK_TRY(vk_capdata_decode_any(decoder, item, &child));
        vk_value_append(*out, VK_STR_NONE, child);
    }
    VK_ASSERT((*out)->count == json->count); /* INV-VALUE-1 */
    return VK_OK;
}

enum vk_err vk_capdata_record_settle(struct vk_arena *arena, struct vk_value *record) {
    size_t count = 0;
    struct vk_js_member *members;
    VK_TRY(VK_NEW_ARRAY(arena, &members, record->count));
    for (struct vk_value *child = record->first; child; child = child->next)
        members[count++] = (struct vk_js_member){.key = child->key, .node = child};
    VK_ASSERT(count == record->count); /* INV-VALUE-1 */
    VK_TRY(vk_js_members_settle(arena, members, &count));
    record->first = record->last = NULL;
    record->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct vk_value *child = members[i].node;
        struct vk_value *copy;
        VK_TRY(VK_NEW(arena, &copy));
        *copy = *child;
        vk_value_append(record, members[i].key, copy);
    }
    return VK_OK;
}

enum vk_err vk_capdata_decode_bigint(struct vk_capdata_decoder *decoder, struct vk_str digits,
                                     struct vk_value **out) {
    bool legal;
    struct vk_str canonical;
    VK_TRY(vk_js_bigint_read(decoder->arena, digits, &legal, &canonical));
    if (!legal) return VK_REFUSE("no bigint");
    return vk_value_text(decoder->arena, VK_VALUE_BIGINT, canonical, out);
}

static enum vk_err text_join(struct vk_arena *arena, struct vk_str a, struct vk_str b,
                             struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_add(&buf, a);
    vk_buf_add(&buf, b);
    return vk_buf_finish(&buf, out);
}

static bool is_well_known_symbol(struct vk_str name) {
    static const char *const known[] = {
        "asyncIterator", "hasInstance", "isConcatSpreadable",
        "iterator",      "match",       "matchAll",
        "replace",       "search",      "species",
        "split",         "toPrimitive", "toStringTag",
        "unscopables",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (vk_str_eq(name, vk_str(known[i]))) return true;
    return false;
}

/* passableSymbolForName(), and nameForPassableSymbol() of what that gives. */
enum vk_err vk_capdata_decode_symbol(struct vk_capdata_decoder *decoder, struct vk_str name,
                                     struct vk_value **out) {
    const struct vk_str at = VK_STR("@@");
    VK_TRY(vk_value_text(decoder->arena, VK_VALUE_SYMBOL, name, out));
    if (!vk_str_starts(name, at)) return VK_OK;
    /* The pattern that looks for "@@" does not span lines: such a name is a registered symbol's. */
    if (vk_js_text_has_line_end(vk_str_from(name, at.n)))
        return text_join(decoder->arena, at, name, &(*out)->text);
    struct vk_str suffix = vk_str_from(name, at.n);
    if (vk_str_starts(suffix, at) || is_well_known_symbol(suffix)) return VK_OK;
    /* Node 18 and 20 have these two as registered symbols of other names. */
    if (vk_str_eq(suffix, VK_STR("dispose")) || vk_str_eq(suffix, VK_STR("asyncDispose")))
        return text_join(decoder->arena, VK_STR("nodejs."), suffix, &(*out)->text);
    return VK_REFUSE("unknown well known symbol");
}

/* What Far() makes of kslot()'s interface argument. */
static enum vk_err iface_read(struct vk_arena *arena, struct vk_str iface, struct vk_str *out) {
    if (!vk_str_present(iface)) {
        *out = VK_IFACE_NONE;
        return VK_OK;
    }
    if (vk_str_starts(iface, VK_IFACE_PREFIX)) {
        *out = iface;
        return VK_OK;
    }
    return text_join(arena, VK_IFACE_PREFIX, iface, out);
}

static enum vk_err seen_table(struct vk_capdata_decoder *decoder) {
    size_t count = decoder->data->slot_count;
    VK_TRY(VK_NEW_ARRAY(decoder->arena, &decoder->seen, count));
    for (size_t i = 0; i < count; i++)
        decoder->seen[i] = NULL;
    return VK_OK;
}

enum vk_err vk_capdata_decode_slot(struct vk_capdata_decoder *decoder, double index,
                                   struct vk_str iface, struct vk_value **out) {
    if (!(index >= 0 && index <= safe_integer_max) || index != (double)(uint64_t)index)
        return VK_REFUSE("the slot index is no natural number");
    if ((uint64_t)index >= decoder->data->slot_count) return VK_REFUSE("no such slot");
    size_t i = (size_t)index;
    if (!decoder->seen) VK_TRY(seen_table(decoder));
    VK_TRY(vk_value_kslot(decoder->arena, decoder->data->slots[i], out));
    const struct vk_value *first = decoder->seen[i];
    if (first) {
        (*out)->identity = first->identity;
        (*out)->name = first->name;
        return VK_OK;
    }
    decoder->seen[i] = *out;
    decoder->seen_count++;
    if ((*out)->is_promise) return VK_OK;
    return iface_read(decoder->arena, iface, &(*out)->name);
}

enum vk_err vk_capdata_decode_tagged(struct vk_capdata_decoder *decoder, struct vk_str tag,
                                     const struct vk_json *payload, struct vk_value **out) {
    VK_TRY(vk_value_text(decoder->arena, VK_VALUE_TAGGED, tag, out));
    size_t unpassable = decoder->unpassable;
    struct vk_value *child;
    VK_TRY(vk_capdata_decode_any(decoder, payload, &child));
    if (decoder->unpassable > unpassable) return VK_REFUSE("a payload that is not passable");
    vk_value_append(*out, VK_STR_NONE, child);
    return VK_OK;
}

static enum vk_err decode_body(struct vk_arena *arena, const struct vk_capdata *data,
                               struct vk_value **out) {
    struct vk_capdata_decoder decoder = {.arena = arena, .data = data};
    struct vk_str body = data->body;
    decoder.smallcaps = body.n > 0 && body.p[0] == '#';
    if (decoder.smallcaps) body = vk_str_from(body, 1);
    const struct vk_json *json;
    VK_TRY(vk_json_parse(arena, body, &json));
    VK_TRY(vk_capdata_decode_any(&decoder, json, out));
    if (decoder.unpassable > 0) return VK_REFUSE("not passable"); /* INV-CAPDATA-2 */
    return VK_OK;
}

enum vk_err vk_capdata_decode(struct vk_arena *arena, const struct vk_capdata *data, bool *legal,
                              struct vk_value **out) {
    *legal = false;
    *out = NULL;
    struct vk_value *value = NULL;
    enum vk_err err = decode_body(arena, data, &value);
    if (err == VK_ERR_SYNTAX) return VK_OK;
    if (err != VK_OK) return err;
    VK_ASSERT(value); /* INV-CAPDATA-2 */
    *legal = true;
    *out = value;
    return VK_OK;
}

/* Reads "#\"$0.Alleged: foo\"" and the like where nothing in it needs a second look; false says
 * nothing but that somebody else must look. */
static bool single_slot_plain(const struct vk_capdata *data, struct vk_str *slot) {
    struct vk_str body = data->body;
    if (body.n < 5 || body.p[0] != '#' || body.p[1] != '"' || body.p[body.n - 1] != '"')
        return false;
    if (body.p[2] != '$' && body.p[2] != '&') return false;
    size_t digits = 0, last = body.n - 1;
    for (size_t i = 3; i < last; i++) {
        unsigned char c = (unsigned char)body.p[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') return false;
        if (c == '.' && digits == 0) digits = i - 3;
    }
    if (digits == 0) digits = last - 3;
    uint64_t index;
    if (!vk_str_to_u64((struct vk_str){body.p + 3, digits}, &index)) return false;
    if (index >= data->slot_count) return false;
    struct vk_str kref = data->slots[index];
    if (vk_kref_is_promise(kref) != (body.p[2] == '&')) return false;
    *slot = kref;
    return true;
}

enum vk_err vk_capdata_single_slot(struct vk_arena *arena, const struct vk_capdata *data,
                                   bool *legal, struct vk_str *slot) {
    *slot = VK_STR_NONE;
    if (single_slot_plain(data, slot)) {
        *legal = true;
        return VK_OK;
    }
    struct vk_value *value;
    VK_TRY(vk_capdata_decode(arena, data, legal, &value));
    if (*legal && value->type == VK_VALUE_SLOT) *slot = value->text;
    return VK_OK;
}
