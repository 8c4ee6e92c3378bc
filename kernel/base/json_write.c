/* json_write.c - what JSON.stringify would give. See vk/json.h.
 *
 * INV-JSON-W1  A text without '"', '\' and control characters is copied as it is, in one piece.
 *
 * Does not do: lone surrogates; well-formed UTF-8 cannot hold them.
 */
#include "json_write.h"

#include "js_number.h"

#include <math.h>

/* What stands after the backslash for each byte; 'u' means \u00xx; 0 means that the byte stands for
 * itself. */
static const char escapes[256] = {
    [0x00] = 'u', [0x01] = 'u', [0x02] = 'u', [0x03] = 'u',  [0x04] = 'u', [0x05] = 'u',
    [0x06] = 'u', [0x07] = 'u', ['\b'] = 'b', ['\t'] = 't',  ['\n'] = 'n', [0x0b] = 'u',
    ['\f'] = 'f', ['\r'] = 'r', [0x0e] = 'u', [0x0f] = 'u',  [0x10] = 'u', [0x11] = 'u',
    [0x12] = 'u', [0x13] = 'u', [0x14] = 'u', [0x15] = 'u',  [0x16] = 'u', [0x17] = 'u',
    [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u', [0x1b] = 'u',  [0x1c] = 'u', [0x1d] = 'u',
    [0x1e] = 'u', [0x1f] = 'u', ['"'] = '"',  ['\\'] = '\\',
};

#define BYTES(b) (UINT64_C(0x0101010101010101) * (b))

/* True if one of eight bytes may need an escape; a byte from 0x80 on never makes it so by
 * itself. */
static bool any_special(uint64_t word) {
    uint64_t quotes = word ^ BYTES('"'), slashes = word ^ BYTES('\\');
    uint64_t found = (word - BYTES(0x20u)) & ~word;
    found |= (quotes - BYTES(1u)) & ~quotes;
    found |= (slashes - BYTES(1u)) & ~slashes;
    return (found & BYTES(0x80u)) != 0;
}

/* The length of the run at `p` that needs no escape. */
static size_t plain_run(const char *p, const char *end) {
    const char *start = p;
    uint64_t word;
    while ((size_t)(end - p) >= sizeof word) {
        memcpy(&word, p, sizeof word);
        if (any_special(word)) break;
        p += sizeof word;
    }
    while (p < end && !escapes[(unsigned char)*p])
        p++;
    return (size_t)(p - start);
}

static void add_control(struct vk_buf *buf, char c) {
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[(unsigned char)c >> 4], hex[(unsigned char)c & 15]};
    vk_buf_add(buf, (struct vk_str){text, sizeof text});
}

/* Escapes up to `end` or to the first byte that takes six, for which no room was made; returns how
 * far it got. */
static const char *escape_short(struct vk_buf *buf, const char *p, const char *end) {
    char *room = vk_buf_reserve(buf, (size_t)(end - p) * 2);
    if (!room) return end;
    char *out = room;
    while (p < end) {
        size_t run = plain_run(p, end);
        memcpy(out, p, run);
        out += run;
        p += run;
        if (p == end) break;
        char escape = escapes[(unsigned char)*p];
        if (escape == 'u') break;
        *out++ = '\\';
        *out++ = escape;
        p++;
    }
    vk_buf_advance(buf, (size_t)(out - room));
    return p;
}

static void escape_from(struct vk_buf *buf, const char *p, const char *end) {
    while (p < end) {
        p = escape_short(buf, p, end);
        if (p < end) add_control(buf, *p++);
    }
}

void vk_json_escape(struct vk_buf *buf, struct vk_str text) {
    size_t run = text.n ? plain_run(text.p, text.p + text.n) : 0;
    vk_buf_add(buf, (struct vk_str){text.p, run});
    if (run < text.n) escape_from(buf, text.p + run, text.p + text.n);
}

void vk_json_quote(struct vk_buf *buf, struct vk_str text) {
    size_t run = text.n ? plain_run(text.p, text.p + text.n) : 0;
    char *room = vk_buf_reserve(buf, run + 2);
    if (!room) return;
    room[0] = '"';
    if (run) memcpy(room + 1, text.p, run);
    if (run == text.n) {
        room[run + 1] = '"';
        vk_buf_advance(buf, run + 2);
        return;
    }
    vk_buf_advance(buf, run + 1);
    escape_from(buf, text.p + run, text.p + text.n);
    vk_buf_char(buf, '"');
}

void vk_json_double(struct vk_buf *buf, double value) {
    char text[VK_JS_NUMBER_TEXT_MAX];
    vk_buf_add(buf, (struct vk_str){text, vk_js_number_format(value, text)});
}

void vk_json_number(struct vk_buf *buf, struct vk_str json_number) {
    if (vk_js_number_is_plain(json_number)) {
        vk_buf_add(buf, json_number);
        return;
    }
    double value = vk_js_number_of_json(json_number);
    if (isfinite(value))
        vk_json_double(buf, value);
    else
        vk_buf_lit(buf, "null");
}

static void write_any(struct vk_buf *buf, const struct vk_json *json, size_t depth);

static void write_children(struct vk_buf *buf, const struct vk_json *json, size_t depth) {
    VK_ASSERT(depth < VK_JSON_DEPTH_MAX); /* INV-JSON-1: the parser lets nothing deeper through */
    bool is_object = json->type == VK_JSON_OBJECT;
    vk_buf_char(buf, is_object ? '{' : '[');
    for (const struct vk_json *child = json->first; child; child = child->next) {
        if (child != json->first) vk_buf_char(buf, ',');
        if (is_object) {
            vk_json_quote(buf, child->key);
            vk_buf_char(buf, ':');
        }
        write_any(buf, child, depth + 1);
    }
    vk_buf_char(buf, is_object ? '}' : ']');
}

static void write_any(struct vk_buf *buf, const struct vk_json *json, size_t depth) {
    switch (json->type) {
    case VK_JSON_NULL: vk_buf_lit(buf, "null"); break;
    case VK_JSON_BOOL: vk_buf_add(buf, json->truth ? VK_STR("true") : VK_STR("false")); break;
    case VK_JSON_NUMBER: vk_json_number(buf, json->text); break;
    case VK_JSON_STRING: vk_json_quote(buf, json->text); break;
    case VK_JSON_ARRAY:
    case VK_JSON_OBJECT: write_children(buf, json, depth); break;
    }
}

void vk_json_write(struct vk_buf *buf, const struct vk_json *json) { write_any(buf, json, 0); }
