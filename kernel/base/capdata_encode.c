/* capdata_encode.c - values to smallcaps capdata. See vk/capdata.h.
 *
 * Answers to kser() of @agoric/kmarshal and encodeToSmallcaps of @endo/marshal.
 *
 * INV-ENCODE-1  Each identity gets one slot, in the order in which the body names them first.
 * INV-ENCODE-2  Equal values give equal bodies: members are sorted, whatever order they were set
 *               in.
 */
#include "capdata_value.h"
#include "js_key.h"
#include "js_number.h"
#include "json_write.h"

enum {
    /* Decoded values are no deeper than JSON may be; callers wrap them a little more. */
    ENCODE_DEPTH_MAX = 2 * VK_JSON_DEPTH_MAX,
    TABLE_SIZE_MIN = 16,
};

/* Slots by identity: open addressing, a power of two, at most half full. It is looked up and never
 * walked, so that no address reaches a result. */
struct slot_table {
    const struct vk_value **entries;
    size_t *indexes;
    size_t size;
};

struct encoder {
    struct vk_arena *arena;
    struct vk_buf buf;
    struct slot_table table;
    struct vk_str *slots;
    size_t slot_count;
    size_t depth;
};

static const void *identity_of(const struct vk_value *slot) {
    return slot->identity ? slot->identity : slot;
}

static size_t table_find(const struct slot_table *table, const void *identity) {
    uint64_t hash = (uint64_t)(uintptr_t)identity * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 32) & (table->size - 1);
    while (table->entries[at] && identity_of(table->entries[at]) != identity)
        at = (at + 1) & (table->size - 1);
    return at;
}

/* Doubles the room for slots. */
static enum vk_err slots_grow(struct encoder *encoder) {
    struct slot_table old = encoder->table, table;
    table.size = old.size ? old.size * 2 : TABLE_SIZE_MIN;
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(encoder->arena, &table.entries, table.size));
    VK_TRY(VK_NEW_ARRAY(encoder->arena, &table.indexes, table.size));
    VK_TRY(VK_NEW_ARRAY(encoder->arena, &slots, table.size / 2));
    for (size_t i = 0; i < table.size; i++)
        table.entries[i] = NULL;
    for (size_t i = 0; i < old.size; i++) {
        if (!old.entries[i]) continue;
        size_t at = table_find(&table, identity_of(old.entries[i]));
        table.entries[at] = old.entries[i];
        table.indexes[at] = old.indexes[i];
    }
    if (encoder->slot_count) memcpy(slots, encoder->slots, encoder->slot_count * sizeof *slots);
    encoder->slots = slots;
    encoder->table = table;
    return VK_OK;
}

static enum vk_err slot_index(struct encoder *encoder, const struct vk_value *slot, size_t *index,
                              bool *repeat) {
    if (encoder->slot_count >= encoder->table.size / 2) VK_TRY(slots_grow(encoder));
    struct slot_table *table = &encoder->table;
    size_t at = table_find(table, identity_of(slot));
    *repeat = table->entries[at] != NULL;
    if (!*repeat) {
        table->entries[at] = slot;
        table->indexes[at] = encoder->slot_count;
        encoder->slots[encoder->slot_count++] = slot->text;
    }
    *index = table->indexes[at];
    VK_ASSERT(*index < encoder->slot_count); /* INV-ENCODE-1 */
    return VK_OK;
}

static enum vk_err encode_slot(struct encoder *encoder, const struct vk_value *slot) {
    struct vk_buf *buf = &encoder->buf;
    size_t index;
    bool repeat;
    VK_TRY(slot_index(encoder, slot, &index, &repeat));
    vk_buf_add(buf, slot->is_promise ? VK_STR("\"&") : VK_STR("\"$"));
    vk_buf_u64(buf, index);
    if (!slot->is_promise && !repeat) {
        vk_buf_char(buf, '.');
        if (!vk_str_present(slot->name)) {
            vk_buf_add(buf, VK_IFACE_NONE);
        } else {
            if (!vk_str_starts(slot->name, VK_IFACE_PREFIX)) vk_buf_add(buf, VK_IFACE_PREFIX);
            vk_json_escape(buf, slot->name);
        }
    }
    vk_buf_char(buf, '"');
    return VK_OK;
}

static void quote_with(struct vk_buf *buf, char prefix, struct vk_str text) {
    vk_buf_char(buf, '"');
    vk_buf_char(buf, prefix);
    vk_json_escape(buf, text);
    vk_buf_char(buf, '"');
}

/* A string that could be taken for something else is led by '!'. */
static void encode_string(struct vk_buf *buf, struct vk_str text) {
    if (text.n > 0 && text.p[0] >= '!' && text.p[0] <= '-')
        quote_with(buf, '!', text);
    else
        vk_json_quote(buf, text);
}

static void encode_number(struct vk_buf *buf, struct vk_str text) {
    if (vk_str_eq(text, VK_STR("NaN")) || vk_str_eq(text, VK_STR("Infinity")) ||
        vk_str_eq(text, VK_STR("-Infinity")))
        quote_with(buf, '#', text);
    else
        vk_json_number(buf, text);
}

static void encode_bigint(struct vk_buf *buf, struct vk_str digits) {
    bool negative = digits.n > 0 && digits.p[0] == '-';
    quote_with(buf, negative ? '-' : '+', negative ? vk_str_from(digits, 1) : digits);
}

static enum vk_err encode_any(struct encoder *encoder, const struct vk_value *value);

static enum vk_err encode_array(struct encoder *encoder, const struct vk_value *array) {
    vk_buf_char(&encoder->buf, '[');
    for (const struct vk_value *child = array->first; child; child = child->next) {
        if (child != array->first) vk_buf_char(&encoder->buf, ',');
        VK_TRY(encode_any(encoder, child));
    }
    vk_buf_char(&encoder->buf, ']');
    return VK_OK;
}

/* Slots are numbered in the order of the sorted names, the body has the index-like names first: the
 * record is encoded name by name before it becomes a JavaScript object that moves them. */
static enum vk_err encode_members(struct encoder *encoder, struct vk_js_member *members,
                                  size_t count) {
    struct vk_str *texts;
    VK_TRY(VK_NEW_ARRAY(encoder->arena, &texts, count));
    struct vk_buf outer = encoder->buf;
    for (size_t i = 0; i < count; i++) {
        vk_buf_init(&encoder->buf, encoder->arena);
        VK_TRY(encode_any(encoder, members[i].node));
        VK_TRY(vk_buf_finish(&encoder->buf, &texts[i]));
        members[i].node = &texts[i];
    }
    VK_TRY(vk_js_members_index_first(encoder->arena, members, count));
    for (size_t i = 0; i < count; i++) {
        const struct vk_str *text = members[i].node;
        if (i > 0) vk_buf_char(&outer, ',');
        encode_string(&outer, members[i].key);
        vk_buf_char(&outer, ':');
        vk_buf_add(&outer, *text);
    }
    encoder->buf = outer;
    return VK_OK;
}

static enum vk_err encode_record(struct encoder *encoder, const struct vk_value *record) {
    size_t count = 0;
    bool any_index = false;
    struct vk_js_member *members;
    VK_TRY(VK_NEW_ARRAY(encoder->arena, &members, record->count));
    for (const struct vk_value *child = record->first; child; child = child->next) {
        members[count++] = (struct vk_js_member){.key = child->key, .node = child};
        any_index = any_index || vk_js_key_is_index(child->key);
    }
    VK_ASSERT(count == record->count); /* INV-VALUE-1 */
    VK_TRY(vk_js_members_sort(encoder->arena, members, count));
    for (size_t i = 1; i < count; i++)
        VK_ASSERT(!vk_str_eq(members[i - 1].key, members[i].key)); /* INV-ENCODE-2 */
    vk_buf_char(&encoder->buf, '{');
    if (any_index) {
        VK_TRY(encode_members(encoder, members, count));
    } else {
        for (size_t i = 0; i < count; i++) {
            if (i > 0) vk_buf_char(&encoder->buf, ',');
            encode_string(&encoder->buf, members[i].key);
            vk_buf_char(&encoder->buf, ':');
            VK_TRY(encode_any(encoder, members[i].node));
        }
    }
    vk_buf_char(&encoder->buf, '}');
    return VK_OK;
}

static enum vk_err encode_tagged(struct encoder *encoder, const struct vk_value *tagged) {
    VK_ASSERT(tagged->count == 1); /* INV-VALUE-3: a tagged value has one payload */
    vk_buf_lit(&encoder->buf, "{\"#tag\":");
    encode_string(&encoder->buf, tagged->text);
    vk_buf_lit(&encoder->buf, ",\"payload\":");
    VK_TRY(encode_any(encoder, tagged->first));
    vk_buf_char(&encoder->buf, '}');
    return VK_OK;
}

static void encode_error(struct vk_buf *buf, const struct vk_value *error) {
    vk_buf_lit(buf, "{\"#error\":");
    encode_string(buf, error->text);
    vk_buf_lit(buf, ",\"name\":");
    encode_string(buf, vk_error_name(error->name));
    vk_buf_char(buf, '}');
}

static enum vk_err encode_container(struct encoder *encoder, const struct vk_value *value) {
    if (encoder->depth == ENCODE_DEPTH_MAX)
        return VK_RAISE(VK_ERR_SYNTAX, "capdata: nested too deeply to be encoded");
    encoder->depth++;
    if (value->type == VK_VALUE_ARRAY)
        VK_TRY(encode_array(encoder, value));
    else if (value->type == VK_VALUE_RECORD)
        VK_TRY(encode_record(encoder, value));
    else
        VK_TRY(encode_tagged(encoder, value));
    encoder->depth--;
    return VK_OK;
}

static enum vk_err encode_any(struct encoder *encoder, const struct vk_value *value) {
    struct vk_buf *buf = &encoder->buf;
    switch (value->type) {
    case VK_VALUE_UNDEFINED: vk_buf_lit(buf, "\"#undefined\""); break;
    case VK_VALUE_NULL: vk_buf_lit(buf, "null"); break;
    case VK_VALUE_BOOL: vk_buf_add(buf, value->truth ? VK_STR("true") : VK_STR("false")); break;
    case VK_VALUE_NUMBER: encode_number(buf, value->text); break;
    case VK_VALUE_BIGINT: encode_bigint(buf, value->text); break;
    case VK_VALUE_STRING: encode_string(buf, value->text); break;
    case VK_VALUE_SYMBOL: quote_with(buf, '%', value->text); break;
    case VK_VALUE_ERROR: encode_error(buf, value); break;
    case VK_VALUE_SLOT: return encode_slot(encoder, value);
    case VK_VALUE_ARRAY:
    case VK_VALUE_RECORD:
    case VK_VALUE_TAGGED: return encode_container(encoder, value);
    }
    return VK_OK;
}

enum vk_err vk_capdata_encode(struct vk_arena *arena, const struct vk_value *value,
                              struct vk_capdata *out) {
    struct encoder encoder = {.arena = arena};
    vk_buf_init(&encoder.buf, arena);
    vk_buf_char(&encoder.buf, '#');
    VK_TRY(encode_any(&encoder, value));
    VK_ASSERT(encoder.depth == 0); /* INV-ENCODE-3: every container was closed */
    VK_TRY(vk_buf_finish(&encoder.buf, &out->body));
    out->slots = encoder.slots;
    out->slot_count = encoder.slot_count;
    return VK_OK;
}

enum vk_err vk_capdata_error(struct vk_arena *arena, struct vk_str message,
                             struct vk_capdata *out) {
    struct vk_value *error;
    VK_TRY(vk_value_text(arena, VK_VALUE_ERROR, message, &error));
    return vk_capdata_encode(arena, error, out);
}
