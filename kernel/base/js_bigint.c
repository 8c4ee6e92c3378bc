/* js_bigint.c - see js_bigint.h. Answers to ECMA-262 StringToBigInt.
 *
 * Does not do: arithmetic. Does not refuse texts that are too long for one JavaScript engine or
 * another.
 */
#include "js_bigint.h"

#include "js_text.h"

enum { LIMB_DIGITS = 9, LIMB_BASE = 1000000000, CHUNK_BITS = 28 };

/* The value of a digit, or a number larger than any radix. */
static unsigned digit_value(char c) {
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
    return 99;
}

static bool all_digits(struct vk_str text, unsigned radix) {
    if (text.n == 0) return false;
    for (size_t i = 0; i < text.n; i++)
        if (digit_value(text.p[i]) >= radix) return false;
    return true;
}

static struct vk_str without_zeros(struct vk_str digits) {
    while (digits.n > 1 && digits.p[0] == '0')
        digits = vk_str_from(digits, 1);
    return digits;
}

/* limbs = limbs * 2**bits + chunk, least significant limb first. */
static size_t limbs_shift_add(uint32_t *limbs, size_t count, unsigned bits, uint32_t chunk) {
    uint64_t carry = chunk;
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = ((uint64_t)limbs[i] << bits) + carry;
        limbs[i] = (uint32_t)(sum % LIMB_BASE);
        carry = sum / LIMB_BASE;
    }
    if (carry == 0) return count;
    VK_ASSERT(carry < LIMB_BASE); /* INV-BIGINT-1: a chunk is smaller than a limb */
    limbs[count] = (uint32_t)carry;
    return count + 1;
}

static enum vk_err limbs_write(struct vk_arena *arena, const uint32_t *limbs, size_t count,
                               struct vk_str *out) {
    char *text;
    VK_TRY(VK_NEW_ARRAY(arena, &text, count * LIMB_DIGITS + 1));
    size_t n = 0;
    for (size_t i = count; i-- > 0;) {
        uint32_t limb = limbs[i];
        for (size_t j = LIMB_DIGITS; j-- > 0; limb /= 10)
            text[n + j] = (char)('0' + limb % 10);
        n += LIMB_DIGITS;
    }
    *out = count ? without_zeros((struct vk_str){text, n}) : VK_STR("0");
    return VK_OK;
}

/* `digits` (not empty, all legal) of 2**bits each, to decimal. */
static enum vk_err to_decimal(struct vk_arena *arena, struct vk_str digits, unsigned bits,
                              struct vk_str *out) {
    digits = without_zeros(digits);
    uint32_t *limbs;
    VK_TRY(VK_NEW_ARRAY(arena, &limbs, digits.n * bits / 29 + 2));
    size_t count = 0, i = 0;
    while (i < digits.n) {
        uint32_t chunk = 0;
        unsigned chunk_bits = 0;
        for (; i < digits.n && chunk_bits + bits <= CHUNK_BITS; i++, chunk_bits += bits)
            chunk = chunk << bits | digit_value(digits.p[i]);
        count = limbs_shift_add(limbs, count, chunk_bits, chunk);
    }
    return limbs_write(arena, limbs, count, out);
}

static unsigned radix_bits(struct vk_str text) {
    if (text.n < 2 || text.p[0] != '0') return 0;
    switch (text.p[1]) {
    case 'x':
    case 'X': return 4;
    case 'o':
    case 'O': return 3;
    case 'b':
    case 'B': return 1;
    default: return 0;
    }
}

static enum vk_err read_decimal(struct vk_arena *arena, struct vk_str text, bool *legal,
                                struct vk_str *out) {
    bool negative = text.p[0] == '-';
    if (negative || text.p[0] == '+') text = vk_str_from(text, 1);
    *legal = all_digits(text, 10);
    if (!*legal) return VK_OK;
    text = without_zeros(text);
    if (!negative || vk_str_eq(text, VK_STR("0"))) {
        *out = text;
        return VK_OK;
    }
    char *signed_text;
    VK_TRY(VK_NEW_ARRAY(arena, &signed_text, text.n + 1));
    signed_text[0] = '-';
    memcpy(signed_text + 1, text.p, text.n);
    *out = (struct vk_str){signed_text, text.n + 1};
    return VK_OK;
}

enum vk_err vk_js_bigint_read(struct vk_arena *arena, struct vk_str text, bool *legal,
                              struct vk_str *out) {
    text = vk_js_text_trim(text);
    if (text.n == 0) {
        *legal = true;
        *out = VK_STR("0");
        return VK_OK;
    }
    unsigned bits = radix_bits(text);
    if (bits == 0) return read_decimal(arena, text, legal, out);
    struct vk_str digits = vk_str_from(text, 2);
    *legal = all_digits(digits, 1u << bits);
    return *legal ? to_decimal(arena, digits, bits, out) : VK_OK;
}
