/* capdata_method.c - a method's name for people to read. See vk/capdata.h.
 *
 * Answers to extractMethod() and legibilizeMethod() of SwingSet's lib/kdebug.js. That reads the
 * body's JSON and does not decode it: it gives a text for illegal capdata, too.
 */
#include "vk/capdata.h"

#include "js_number.h"
#include "js_text.h"

#include <math.h>

#define UNKNOWN VK_STR("<unknown>")
#define FUNCALL VK_STR("<funcall>")
#define UNINTELLIGIBLE VK_STR("<unintelligible method>")
#define INVALID_TYPE VK_STR("<invalid method type>")

static void add_number(struct vk_buf *buf, struct vk_str json_number) {
    double value = vk_js_number_of_json(json_number);
    if (isfinite(value))
        vk_json_double(buf, value);
    else
        vk_buf_add(buf, value > 0 ? VK_STR("Infinity") : VK_STR("-Infinity"));
}

/* Appends String(json); false where that throws. */
static bool add_string(struct vk_buf *buf, const struct vk_json *json) {
    switch (json->type) {
    case VK_JSON_NULL: vk_buf_lit(buf, "null"); break;
    case VK_JSON_BOOL: vk_buf_add(buf, json->truth ? VK_STR("true") : VK_STR("false")); break;
    case VK_JSON_NUMBER: add_number(buf, json->text); break;
    case VK_JSON_STRING: vk_buf_add(buf, json->text); break;
    case VK_JSON_OBJECT:
        if (vk_json_get(json, "toString")) return false;
        vk_buf_lit(buf, "[object Object]");
        break;
    case VK_JSON_ARRAY:
        for (const struct vk_json *item = json->first; item; item = item->next) {
            if (item != json->first) vk_buf_char(buf, ',');
            if (item->type != VK_JSON_NULL && !add_string(buf, item)) return false;
        }
        break;
    }
    return true;
}

static enum vk_err bracketed(struct vk_arena *arena, const struct vk_json *name,
                             struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_char(&buf, '[');
    if (!name) {
        vk_buf_lit(&buf, "undefined");
    } else if (!add_string(&buf, name)) {
        *out = UNINTELLIGIBLE;
        return VK_OK;
    }
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, out);
}

static enum vk_err smallcaps_name(struct vk_arena *arena, struct vk_str text, struct vk_str *out) {
    struct vk_str rest = text.n ? vk_str_from(text, 1) : text;
    switch (text.n ? text.p[0] : '\0') {
    case '%': return bracketed(arena, &(struct vk_json){.type = VK_JSON_STRING, .text = rest}, out);
    case '#': *out = vk_str_eq(rest, VK_STR("undefined")) ? FUNCALL : UNINTELLIGIBLE; break;
    case '!': *out = rest; break;
    case '+':
    case '-':
    case '$':
    case '&': *out = UNINTELLIGIBLE; break;
    default: *out = text; break;
    }
    return VK_OK;
}

static enum vk_err qclass_name(struct vk_arena *arena, const struct vk_json *method,
                               struct vk_str *out) {
    struct vk_str qclass = vk_json_string(vk_json_get(method, "@qclass"));
    if (vk_str_eq(qclass, VK_STR("undefined")))
        *out = FUNCALL;
    else if (vk_str_eq(qclass, VK_STR("symbol")))
        return bracketed(arena, vk_json_get(method, "name"), out);
    else if (vk_str_eq(qclass, VK_STR("@@asyncIterator")))
        *out = VK_STR("[Symbol.asyncIterator]");
    else
        *out = INVALID_TYPE;
    return VK_OK;
}

static enum vk_err method_name(struct vk_arena *arena, const struct vk_json *method, bool smallcaps,
                               struct vk_str *out) {
    if (!method) {
        *out = FUNCALL;
        return VK_OK;
    }
    switch (method->type) {
    case VK_JSON_STRING:
        if (smallcaps) return smallcaps_name(arena, method->text, out);
        *out = method->text;
        return VK_OK;
    case VK_JSON_ARRAY:
    case VK_JSON_OBJECT:
        if (!smallcaps) return qclass_name(arena, method, out);
        break;
    case VK_JSON_NULL:
    case VK_JSON_BOOL:
    case VK_JSON_NUMBER: break;
    }
    *out = UNINTELLIGIBLE;
    return VK_OK;
}

/* methargs[0], when methargs is a string: one UTF-16 unit, half a character if that needs two. */
static struct vk_str first_unit(struct vk_str text) {
    size_t length = vk_js_utf8_length(text.p, text.p + text.n);
    return length == 4 ? VK_STR("\xef\xbf\xbd") : (struct vk_str){text.p, length};
}

enum vk_err vk_capdata_method(struct vk_arena *arena, const struct vk_capdata *methargs,
                              struct vk_str *out) {
    struct vk_str body = methargs->body;
    bool smallcaps = body.n > 0 && body.p[0] == '#';
    if (smallcaps) body = vk_str_from(body, 1);
    const struct vk_json *json;
    enum vk_err err = vk_json_parse(arena, body, &json);
    if (err == VK_ERR_SYNTAX || (err == VK_OK && json->type == VK_JSON_NULL)) {
        *out = UNKNOWN;
        return VK_OK;
    }
    if (err != VK_OK) return err;
    if (json->type == VK_JSON_OBJECT)
        return method_name(arena, vk_json_get(json, "0"), smallcaps, out);
    if (json->type != VK_JSON_STRING || json->text.n == 0)
        return method_name(arena, vk_json_at(json, 0), smallcaps, out);
    struct vk_json unit = {.type = VK_JSON_STRING, .text = first_unit(json->text)};
    return method_name(arena, &unit, smallcaps, out);
}
