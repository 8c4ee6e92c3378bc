/* slots.c - parsing and printing the names of things. See slots.h. */
#include "slots.h"

/* Returns the end. */
static char *digits_write(uint64_t value, char *p) {
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

struct vk_str vk_u64_str(uint64_t value, char text[VK_SLOT_TEXT_MAX]) {
    return (struct vk_str){text, (size_t)(digits_write(value, text) - text)};
}

static struct vk_str prefixed_str(const char *prefix, uint64_t id, char text[VK_SLOT_TEXT_MAX]) {
    size_t n = 0;
    for (; prefix[n]; n++)
        text[n] = prefix[n];
    return (struct vk_str){text, (size_t)(digits_write(id, text + n) - text)};
}

static const char *kref_prefix(enum vk_slot_type type) {
    switch (type) {
    case VK_SLOT_OBJECT: return "ko";
    case VK_SLOT_PROMISE: return "kp";
    case VK_SLOT_DEVICE: return "kd";
    }
    VK_ASSERT(false); /* INV-SLOT-1: there are three types */
    return "";
}

struct vk_str vk_kref_str(struct vk_kref kref, char text[VK_SLOT_TEXT_MAX]) {
    return prefixed_str(kref_prefix(kref.type), kref.id, text);
}

struct vk_str vk_vat_id_str(struct vk_vat_id vat, char text[VK_SLOT_TEXT_MAX]) {
    return prefixed_str("v", vat.n, text);
}

enum vk_err vk_kref_text(struct vk_arena *arena, struct vk_kref kref, struct vk_str *out) {
    char text[VK_SLOT_TEXT_MAX];
    return vk_arena_copy(arena, vk_kref_str(kref, text), out);
}

enum vk_err vk_vat_id_text(struct vk_arena *arena, struct vk_vat_id vat, struct vk_str *out) {
    char text[VK_SLOT_TEXT_MAX];
    return vk_arena_copy(arena, vk_vat_id_str(vat, text), out);
}

void vk_buf_kref(struct vk_buf *buf, struct vk_kref kref) {
    char text[VK_SLOT_TEXT_MAX];
    vk_buf_add(buf, vk_kref_str(kref, text));
}

void vk_buf_vat_id(struct vk_buf *buf, struct vk_vat_id vat) {
    char text[VK_SLOT_TEXT_MAX];
    vk_buf_add(buf, vk_vat_id_str(vat, text));
}

int vk_kref_cmp(struct vk_kref a, struct vk_kref b) {
    char a_text[VK_SLOT_TEXT_MAX], b_text[VK_SLOT_TEXT_MAX];
    return vk_str_cmp(vk_kref_str(a, a_text), vk_kref_str(b, b_text));
}

int vk_vat_id_cmp(struct vk_vat_id a, struct vk_vat_id b) {
    char a_text[VK_SLOT_TEXT_MAX], b_text[VK_SLOT_TEXT_MAX];
    return vk_str_cmp(vk_vat_id_str(a, a_text), vk_vat_id_str(b, b_text));
}

/* Krefs, vat ids and device ids are the kernel's own: canonical decimals only. The greatest number is nobody's: in the public
 * interface it says that there is no vat (VK_NO_VAT). */
static bool id_parse(struct vk_str text, struct vk_str prefix, uint64_t *id) {
    return vk_str_starts(text, prefix) && vk_str_to_u64(vk_str_from(text, prefix.n), id) &&
           *id < UINT64_MAX;
}

bool vk_kref_parse(struct vk_str text, struct vk_kref *out) {
    if (text.n < 3 || text.p[0] != 'k') return false;
    switch (text.p[1]) {
    case 'o': out->type = VK_SLOT_OBJECT; break;
    case 'p': out->type = VK_SLOT_PROMISE; break;
    case 'd': out->type = VK_SLOT_DEVICE; break;
    default: return false;
    }
    return vk_str_to_u64(vk_str_from(text, 2), &out->id);
}

bool vk_vat_id_parse(struct vk_str text, struct vk_vat_id *out) {
    return id_parse(text, VK_STR("v"), &out->n);
}

bool vk_device_id_parse(struct vk_str text, struct vk_device_id *out) {
    return id_parse(text, VK_STR("d"), &out->n);
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

static int radix_of(char letter) {
    switch (letter) {
    case 'x':
    case 'X': return 16;
    case 'o':
    case 'O': return 8;
    case 'b':
    case 'B': return 2;
    default: return 0;
    }
}

static bool all_digits(struct vk_str s, int radix) {
    for (size_t i = 0; i < s.n; i++)
        if (digit_value(s.p[i]) >= radix) return false;
    return s.n > 0;
}

/* Whether Nat(BigInt(text)) succeeds: white space around, an empty text (zero), a sign before decimals,
 * 0x 0o 0b. "-0" is a Nat, "-1" is not. */
static bool is_nat(struct vk_str s) {
    while (s.n && is_space(s.p[0]))
        s = vk_str_from(s, 1);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    if (s.n == 0) return true;
    if (s.n > 2 && s.p[0] == '0' && radix_of(s.p[1]))
        return all_digits(vk_str_from(s, 2), radix_of(s.p[1]));
    bool negative = s.p[0] == '-';
    if (negative || s.p[0] == '+') s = vk_str_from(s, 1);
    if (!all_digits(s, 10)) return false;
    if (!negative) return true;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '0') return false;
    return true;
}

static bool vref_id_is_legal(struct vk_str id, bool may_have_subid) {
    bool is_virtual = id.n && (id.p[0] == 'd' || id.p[0] == 'v');
    if (is_virtual) id = vk_str_from(id, 1);
    const char *slash = id.n ? memchr(id.p, '/', id.n) : NULL;
    if (!slash || slash == id.p) return is_nat(id);
    if (!may_have_subid || !is_virtual) return false;
    size_t at = (size_t)(slash - id.p);
    return is_nat((struct vk_str){id.p, at}) && is_nat(vk_str_from(id, at + 1));
}

bool vk_vref_parse(struct vk_str text, struct vk_vref *out) {
    const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
    struct vk_str base = text;
    struct vk_str facet = VK_STR_NONE;
    if (colon) {
        base.n = (size_t)(colon - text.p);
        facet = vk_str_from(text, base.n + 1);
        if (facet.n && memchr(facet.p, ':', facet.n)) return false;
    }
    if (base.n < 2) return false;
    switch (base.p[0]) {
    case 'o': out->type = VK_SLOT_OBJECT; break;
    case 'p': out->type = VK_SLOT_PROMISE; break;
    case 'd': out->type = VK_SLOT_DEVICE; break;
    default: return false;
    }
    if (base.p[1] != '+' && base.p[1] != '-') return false;
    out->allocated_by_vat = base.p[1] == '+';
    out->text = text;
    struct vk_str id = vk_str_from(base, 2);
    if (!vref_id_is_legal(id, out->type == VK_SLOT_OBJECT && out->allocated_by_vat)) return false;
    bool has_subid = id.n > 1 && memchr(id.p + 1, '/', id.n - 1) != NULL;
    return !facet.p || !has_subid || is_nat(facet);
}
