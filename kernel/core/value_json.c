/* value_json.c - see value_json.h. */
#include "value_json.h"

/* Members with these values are left out of objects, and read null in arrays. */
static bool has_no_json(const struct vk_value *value) {
    return value->type == VK_VALUE_UNDEFINED || value->type == VK_VALUE_SYMBOL;
}

static bool write_array(struct vk_buf *buf, const struct vk_value *array) {
    vk_buf_char(buf, '[');
    for (const struct vk_value *item = array->first; item; item = item->next) {
        if (item != array->first) vk_buf_char(buf, ',');
        if (has_no_json(item))
            vk_buf_lit(buf, "null");
        else if (!vk_value_json(buf, item))
            return false;
    }
    vk_buf_char(buf, ']');
    return true;
}

static bool write_record(struct vk_buf *buf, const struct vk_value *record) {
    bool first = true;
    vk_buf_char(buf, '{');
    for (const struct vk_value *member = record->first; member; member = member->next) {
        if (has_no_json(member)) continue;
        if (!first) vk_buf_char(buf, ',');
        first = false;
        vk_json_quote(buf, member->key);
        vk_buf_char(buf, ':');
        if (!vk_value_json(buf, member)) return false;
    }
    vk_buf_char(buf, '}');
    return true;
}

static bool is_finite_number(struct vk_str text) {
    return text.n && text.p[text.n - 1] != 'N' && text.p[text.n - 1] != 'y';
}

bool vk_value_json(struct vk_buf *buf, const struct vk_value *value) {
    switch (value->type) {
    case VK_VALUE_UNDEFINED:
    case VK_VALUE_SYMBOL:
    case VK_VALUE_NULL: vk_buf_lit(buf, "null"); return true;
    case VK_VALUE_BOOL:
        vk_buf_add(buf, value->truth ? VK_STR("true") : VK_STR("false"));
        return true;
    case VK_VALUE_NUMBER:
        vk_buf_add(buf, is_finite_number(value->text) ? value->text : VK_STR("null"));
        return true;
    case VK_VALUE_BIGINT: return false;
    case VK_VALUE_STRING: vk_json_quote(buf, value->text); return true;
    case VK_VALUE_ARRAY: return write_array(buf, value);
    case VK_VALUE_RECORD: return write_record(buf, value);
    case VK_VALUE_TAGGED:
        vk_buf_lit(buf, "{\"payload\":");
        if (!vk_value_json(buf, value->first)) return false;
        vk_buf_char(buf, '}');
        return true;
    case VK_VALUE_ERROR:
    case VK_VALUE_SLOT: vk_buf_lit(buf, "{}"); return true;
    }
    VK_ASSERT(false); /* INV-VALUE-1: every value has a type */
    return false;
}
