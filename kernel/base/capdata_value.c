/* capdata_value.c - building values, and capdata as JSON. See vk/capdata.h.
 *
 * INV-VALUE-1  `count`, `first` and `last` of a value agree with its chain of children.
 */
#include "capdata_value.h"

bool vk_kref_is_promise(struct vk_str kref) {
    return vk_str_starts(kref, VK_STR("p")) || vk_str_starts(kref, VK_STR("kp")) ||
           vk_str_starts(kref, VK_STR("lp")) || vk_str_starts(kref, VK_STR("rp"));
}

struct vk_str vk_error_name(struct vk_str name) {
    static const char *const known[] = {
        "Error",       "EvalError", "RangeError", "ReferenceError",
        "SyntaxError", "TypeError", "URIError",   "AggregateError",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (vk_str_eq(name, vk_str(known[i]))) return name;
    return VK_STR("Error");
}

enum vk_err vk_value_new(struct vk_arena *arena, enum vk_value_type type, struct vk_value **out) {
    VK_TRY(VK_NEW(arena, out));
    **out = (struct vk_value){.type = type};
    return VK_OK;
}

enum vk_err vk_value_text(struct vk_arena *arena, enum vk_value_type type, struct vk_str text,
                          struct vk_value **out) {
    VK_TRY(vk_value_new(arena, type, out));
    (*out)->text = text;
    return VK_OK;
}

enum vk_err vk_value_kslot(struct vk_arena *arena, struct vk_str kref, struct vk_value **out) {
    VK_ASSERT(vk_str_present(kref)); /* INV-VALUE-2: kslot() takes strings only */
    VK_TRY(vk_value_text(arena, VK_VALUE_SLOT, kref, out));
    (*out)->is_promise = vk_kref_is_promise(kref);
    if (!(*out)->is_promise) (*out)->name = VK_IFACE_NONE;
    (*out)->identity = *out;
    return VK_OK;
}

void vk_value_append(struct vk_value *parent, struct vk_str key, struct vk_value *child) {
    VK_ASSERT(!parent->first == !parent->last); /* INV-VALUE-1 */
    VK_ASSERT((parent->type == VK_VALUE_RECORD) == vk_str_present(key));
    child->key = key;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

struct vk_value *vk_value_get(const struct vk_value *record, const char *key) {
    if (!record || record->type != VK_VALUE_RECORD) return NULL;
    struct vk_str name = vk_str(key);
    for (struct vk_value *child = record->first; child; child = child->next)
        if (vk_str_eq(child->key, name)) return child;
    return NULL;
}

struct vk_value *vk_value_at(const struct vk_value *array, size_t index) {
    if (!array || array->type != VK_VALUE_ARRAY || index >= array->count) return NULL;
    struct vk_value *child = array->first;
    while (index-- > 0)
        child = child->next;
    VK_ASSERT(child); /* INV-VALUE-1 */
    return child;
}

void vk_capdata_write(struct vk_buf *buf, const struct vk_capdata *data) {
    vk_buf_lit(buf, "{\"body\":");
    vk_json_quote(buf, data->body);
    vk_buf_lit(buf, ",\"slots\":[");
    for (size_t i = 0; i < data->slot_count; i++) {
        if (i > 0) vk_buf_char(buf, ',');
        vk_json_quote(buf, data->slots[i]);
    }
    vk_buf_lit(buf, "]}");
}

enum vk_err vk_capdata_read(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                            struct vk_capdata *out) {
    *legal = false;
    *out = (struct vk_capdata){.body = VK_STR_NONE};
    const struct vk_json *body = vk_json_get(json, "body");
    const struct vk_json *slots = vk_json_get(json, "slots");
    if (!vk_json_is(body, VK_JSON_STRING) || !vk_json_is(slots, VK_JSON_ARRAY)) return VK_OK;
    struct vk_str *list;
    VK_TRY(VK_NEW_ARRAY(arena, &list, slots->count));
    size_t count = 0;
    for (const struct vk_json *slot = slots->first; slot; slot = slot->next) {
        if (slot->type != VK_JSON_STRING) return VK_OK;
        list[count++] = slot->text;
    }
    VK_ASSERT(count == slots->count); /* INV-JSON-1 */
    *legal = true;
    *out = (struct vk_capdata){.body = body->text, .slots = list, .slot_count = count};
    return VK_OK;
}
