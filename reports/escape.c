/* escape.c - see escape.h. */
#include "escape.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* ---- UTF-8 */

/* The length of the well-formed character that `text` begins with (Unicode's table 3-7), or 0. */
static size_t character(const unsigned char *text, size_t n) {
    unsigned char first = text[0], low = 0x80, high = 0xbf;
    size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0 || (first >= 0x80 && first < 0xc2) || first > 0xf4 || length > n) return 0;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f; /* no surrogates */
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < low || text[i] > high) return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

const char *report_utf8(struct vk_str text, struct vk_arena *arena) {
    struct vk_buf buf;
    struct vk_str out;
    vk_buf_init(&buf, arena);
    for (size_t i = 0; i < text.n;) {
        const char *at = text.p + i;
        size_t length = character((const unsigned char *)at, text.n - i);
        vk_buf_add(&buf, length ? (struct vk_str){at, length} : VK_STR(REPLACEMENT));
        i += length ? length : 1;
    }
    vk_buf_char(&buf, '\0');
    return vk_buf_finish(&buf, &out) == VK_OK ? out.p : NULL;
}

/* ---- XML and HTML */

/* Characters that XML 1.0 has no way to write: control characters, U+FFFE and U+FFFF. */
static size_t unwritable(const char *text) {
    unsigned char c = (unsigned char)text[0];
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return 1;
    bool is_none = c == 0xef && (unsigned char)text[1] == 0xbf && (unsigned char)text[2] >= 0xbe;
    return is_none ? 3 : 0;
}

const char *report_xml_text(const char *text, struct vk_arena *arena) {
    struct vk_buf buf;
    struct vk_str out;
    vk_buf_init(&buf, arena);
    while (*text) {
        size_t bad = unwritable(text);
        vk_buf_add(&buf, bad ? VK_STR(REPLACEMENT) : (struct vk_str){text, 1});
        text += bad ? bad : 1;
    }
    vk_buf_char(&buf, '\0');
    return vk_buf_finish(&buf, &out) == VK_OK ? out.p : NULL;
}

static void escape_xml(struct vk_buf *buf, const char *text, bool in_attribute) {
    for (; *text; text++) {
        size_t bad = unwritable(text);
        if (bad) {
            vk_buf_lit(buf, REPLACEMENT);
            text += bad - 1;
            continue;
        }
        switch (*text) {
        case '&': vk_buf_lit(buf, "&amp;"); break;
        case '<': vk_buf_lit(buf, "&lt;"); break;
        case '>': vk_buf_lit(buf, "&gt;"); break; /* "]]>" may not be in text */
        case '"': vk_buf_lit(buf, "&quot;"); break;
        case '\'': vk_buf_lit(buf, "&#39;"); break;
        case '\r': vk_buf_lit(buf, "&#13;"); break; /* or it would be read as a newline */
        case '\n': vk_buf_add(buf, in_attribute ? VK_STR("&#10;") : VK_STR("\n")); break;
        case '\t': vk_buf_add(buf, in_attribute ? VK_STR("&#9;") : VK_STR("\t")); break;
        default: vk_buf_char(buf, *text);
        }
    }
}

void report_escape_xml(struct vk_buf *buf, const char *text) { escape_xml(buf, text, false); }

void report_escape_xml_attribute(struct vk_buf *buf, const char *text) {
    escape_xml(buf, text, true);
}

/* ---- Markdown */

/* Every sign of ASCII that can mean something, as a numeric reference: these are never markup, whatever stands before. */
void report_escape_markdown(struct vk_buf *buf, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (strchr("\\`*_{}[]<>()#+!|~&@:$^=\"'", c)) {
            vk_buf_lit(buf, "&#");
            vk_buf_u64(buf, c);
            vk_buf_char(buf, ';');
        } else if (c < 0x20) {
            vk_buf_char(buf, ' ');
        } else {
            vk_buf_char(buf, (char)c);
        }
    }
}

void report_markdown_code(struct vk_buf *buf, const char *text) {
    size_t fence = 3, run = 0, n = strlen(text);
    for (const char *c = text; *c; c++) {
        run = *c == '`' ? run + 1 : 0;
        if (run >= fence) fence = run + 1;
    }
    for (size_t i = 0; i < fence; i++)
        vk_buf_char(buf, '`');
    vk_buf_lit(buf, "text\n");
    for (; *text; text++)
        vk_buf_add(buf, *text == '\r' ? VK_STR(" ") : (struct vk_str){text, 1});
    if (n && text[-1] != '\n') vk_buf_char(buf, '\n');
    for (size_t i = 0; i < fence; i++)
        vk_buf_char(buf, '`');
    vk_buf_char(buf, '\n');
}

void report_first_line(const char *text, char line[REPORT_LINE_MAX]) {
    size_t n = strcspn(text, "\n");
    if (n >= REPORT_LINE_MAX) n = REPORT_LINE_MAX - 1;
    while (n && ((unsigned char)text[n] & 0xc0) == 0x80) /* between two characters */
        n--;
    memcpy(line, text, n);
    line[n] = '\0';
}

/* ---- scripts */

void report_escape_script(struct vk_buf *buf, struct vk_str json) {
    size_t done = 0;
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] != '<') continue; /* which is in strings alone */
        vk_buf_add(buf, (struct vk_str){json.p + done, i - done});
        vk_buf_lit(buf, "\\u003c");
        done = i + 1;
    }
    vk_buf_add(buf, vk_str_from(json, done));
}
