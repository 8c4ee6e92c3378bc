/* js_text.c - the rules of ECMAScript strings that reach a hash. See js_text.h.
 *
 * Does not do: case, normalisation, anything that depends on a Unicode version but the white space
 * of ECMA-262.
 */
#include "js_text.h"

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0u) == 0x80u; }

size_t vk_js_utf8_length(const char *p, const char *end) {
    size_t left = (size_t)(end - p);
    if (left == 0) return 0;
    unsigned char lead = (unsigned char)p[0];
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < length) return 0;
    for (size_t i = 1; i < length; i++)
        if (!is_continuation(p[i])) return 0;
    unsigned char second = (unsigned char)p[1];
    if (lead == 0xe0 && second < 0xa0) return 0; /* overlong */
    if (lead == 0xed && second > 0x9f) return 0; /* a surrogate */
    if (lead == 0xf0 && second < 0x90) return 0; /* overlong */
    if (lead == 0xf4 && second > 0x8f) return 0; /* beyond U+10FFFF */
    return length;
}

bool vk_js_text_is_utf8(struct vk_str text) {
    if (text.n == 0) return true;
    const char *p = text.p, *end = text.p + text.n;
    while (p < end) {
        uint64_t word;
        if ((size_t)(end - p) >= sizeof word) { /* most texts are ASCII */
            memcpy(&word, p, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                p += sizeof word;
                continue;
            }
        }
        size_t length = vk_js_utf8_length(p, end);
        if (length == 0) return false;
        p += length;
    }
    return true;
}

int vk_js_text_compare(struct vk_str a, struct vk_str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    size_t i = 0;
    while (i < n && a.p[i] == b.p[i])
        i++;
    if (i == n) return (a.n > b.n) - (a.n < b.n);
    unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];
    /* Byte order is code point order. UTF-16 differs from it in one thing: what needs surrogates
     * (lead byte from F0) comes before U+E000 to U+FFFF (lead byte EE or EF). */
    if (x >= 0xee && y >= 0xee && (x >= 0xf0) != (y >= 0xf0)) return x >= 0xf0 ? -1 : 1;
    return x < y ? -1 : 1;
}

static bool is_white(uint32_t point) {
    if (point < 0x80) return point == ' ' || (point >= 0x09 && point <= 0x0d);
    return point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
           point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f ||
           point == 0x3000 || point == 0xfeff;
}

/* No white space has more than three bytes; anything else gives a point that is none. */
static uint32_t point_at(const char *p, size_t length) {
    const unsigned char *u = (const unsigned char *)p;
    if (length == 1) return u[0];
    if (length == 2) return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
    if (length == 3) return (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
    return UINT32_MAX;
}

struct vk_str vk_js_text_trim(struct vk_str text) {
    const char *p = text.p, *end = text.p + text.n;
    while (p < end) {
        size_t length = vk_js_utf8_length(p, end);
        if (length == 0 || !is_white(point_at(p, length))) break;
        p += length;
    }
    while (p < end) {
        const char *last = end - 1;
        while (last > p && is_continuation(*last))
            last--;
        size_t length = vk_js_utf8_length(last, end);
        if (length != (size_t)(end - last) || !is_white(point_at(last, length))) break;
        end = last;
    }
    return (struct vk_str){p, (size_t)(end - p)};
}

bool vk_js_text_has_line_end(struct vk_str text) {
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n' || text.p[i] == '\r') return true;
        if (text.n - i >= 3 && memcmp(text.p + i, "\xe2\x80", 2) == 0 &&
            (text.p[i + 2] == '\xa8' || text.p[i + 2] == '\xa9'))
            return true;
    }
    return false;
}
