/* js_number.c - see js_number.h. Answers to ECMA-262 Number::toString and StringToNumber.
 *
 * The C library's strtod and printf are correctly rounded, but follow the locale in what stands
 * between the digits. So no point is ever read or written through them: values go in as digits and
 * an exponent, and whatever comes out between digits is passed over.
 *
 * INV-NUM-1  What is written reads back as the same value, and no shorter text would.
 */
#include "js_number.h"

#include "js_text.h"
#include "vk/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* No double needs more significant digits than 767 to tell on which side of a tie it lies. */
    DIGITS_MAX = 800,
    EXPONENT_CLAMP = 100000,
    SHORTEST_DIGITS_MAX = 17,
};

/* 0.DIGITS * 10**point, most significant digit first, no zeros at either end; count 0 is zero. */
struct decimal {
    char digits[DIGITS_MAX + 2];
    int count;
    long point;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static double decimal_value(const struct decimal *d) {
    if (d->count == 0) return 0;
    char text[DIGITS_MAX + 32];
    int n = snprintf(text, sizeof text, "%.*se%ld", d->count, d->digits, d->point - d->count);
    VK_ASSERT(n > 0 && (size_t)n < sizeof text); /* INV-NUM-1 */
    return strtod(text, NULL);
}

static void decimal_push(struct decimal *d, char digit, bool *sticky) {
    if (d->count == 0 && digit == '0') return;
    if (d->count < DIGITS_MAX)
        d->digits[d->count++] = digit;
    else if (digit != '0')
        *sticky = true;
}

/* Reads digits, point, digits, exponent, all optional but one digit. False if that is not all of
 * `text`. */
static bool decimal_read(struct vk_str text, struct decimal *d) {
    const char *p = text.p, *end = text.p + text.n;
    bool sticky = false, any = false;
    d->count = 0;
    d->point = 0;
    for (; p < end && is_digit(*p); p++, any = true) {
        decimal_push(d, *p, &sticky);
        if (d->count) d->point++;
    }
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++, any = true) {
            decimal_push(d, *p, &sticky);
            if (!d->count) d->point--;
        }
    }
    if (!any) return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        bool negative = p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+')) p++;
        if (p == end) return false;
        long exponent = 0;
        for (; p < end && is_digit(*p); p++)
            if (exponent < EXPONENT_CLAMP * 1000L) exponent = exponent * 10 + (*p - '0');
        d->point += negative ? -exponent : exponent;
    }
    if (p != end) return false;
    if (sticky) d->digits[d->count++] = '1';
    if (d->point > EXPONENT_CLAMP) d->point = EXPONENT_CLAMP;
    if (d->point < -EXPONENT_CLAMP) d->point = -EXPONENT_CLAMP;
    return true;
}

double vk_js_number_of_json(struct vk_str json_number) {
    bool negative = json_number.n > 0 && json_number.p[0] == '-';
    struct decimal d;
    bool read = decimal_read(negative ? vk_str_from(json_number, 1) : json_number, &d);
    VK_ASSERT(read); /* INV-NUM-2: the parser let only numbers through */
    double value = decimal_value(&d);
    return negative ? -value : value;
}

static double radix_value(struct vk_str digits, unsigned radix) {
    if (digits.n == 0) return NAN;
    double value = 0;
    for (size_t i = 0; i < digits.n; i++) {
        unsigned c = (unsigned char)digits.p[i];
        unsigned digit = c - '0';
        if (digit > 9) {
            digit = (c | 0x20u) - 'a' + 10u;
            if (digit < 10) return NAN;
        }
        if (digit >= radix) return NAN;
        value = value * radix + digit;
    }
    return value;
}

double vk_js_number_of_string(struct vk_str text) {
    text = vk_js_text_trim(text);
    if (text.n == 0) return 0;
    if (text.n >= 2 && text.p[0] == '0') {
        switch (text.p[1]) {
        case 'x':
        case 'X': return radix_value(vk_str_from(text, 2), 16);
        case 'o':
        case 'O': return radix_value(vk_str_from(text, 2), 8);
        case 'b':
        case 'B': return radix_value(vk_str_from(text, 2), 2);
        default: break;
        }
    }
    bool negative = text.p[0] == '-';
    if (negative || text.p[0] == '+') text = vk_str_from(text, 1);
    struct decimal d;
    double value;
    if (vk_str_eq(text, VK_STR("Infinity")))
        value = INFINITY;
    else if (decimal_read(text, &d))
        value = decimal_value(&d);
    else
        return NAN;
    return negative ? -value : value;
}

bool vk_js_number_is_plain(struct vk_str text) {
    size_t i = text.n > 0 && text.p[0] == '-' ? 1 : 0;
    size_t digits = text.n - i;
    if (digits == 0 || digits > 15) return false;
    if (text.p[i] == '0') return text.n == 1;
    for (; i < text.n; i++)
        if (!is_digit(text.p[i])) return false;
    return true;
}

/* `value` rounded to `count` significant digits. */
static void decimal_round(double value, int count, struct decimal *d) {
    char text[64];
    int n = snprintf(text, sizeof text, "%.*e", count - 1, value);
    VK_ASSERT(n > 0 && (size_t)n < sizeof text); /* INV-NUM-1 */
    const char *p = text;
    d->count = 0;
    for (; *p && *p != 'e'; p++)
        if (is_digit(*p)) d->digits[d->count++] = *p;
    VK_ASSERT(*p == 'e' && d->count == count); /* INV-NUM-1 */
    d->point = strtol(p + 1, NULL, 10) + 1;
}

/* The next larger decimal with as many digits. */
static void decimal_increment(struct decimal *d) {
    int i = d->count;
    while (i > 0 && d->digits[i - 1] == '9')
        d->digits[--i] = '0';
    if (i > 0) {
        d->digits[i - 1]++;
    } else {
        d->digits[0] = '1';
        d->point++;
    }
}

static bool decimal_try(double value, int count, bool lopsided, struct decimal *d) {
    decimal_round(value, count, d);
    if (decimal_value(d) == value) return true;
    /* Below a power of two the doubles lie twice as dense as above it: the decimal next above may
     * still read back where the nearest one, below, does not. */
    if (!lopsided) return false;
    decimal_increment(d);
    return decimal_value(d) == value;
}

/* The shortest decimal that reads back as `value` (finite, positive), the nearest one of those. */
static void decimal_shortest(double value, struct decimal *d) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool lopsided = (bits & ((UINT64_C(1) << 52) - 1)) == 0;
    /* A normal double keeps 15 digits: if 15 or fewer are enough, then rounding to 15 gives them
     * and zeros. A subnormal one has fewer, and is searched from the start. */
    int count = bits >> 52 ? 15 : 1;
    while (!decimal_try(value, count, lopsided, d)) {
        count++;
        VK_ASSERT(count <= SHORTEST_DIGITS_MAX); /* INV-NUM-1 */
    }
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

static size_t put(char *text, size_t n, const char *bytes, size_t count) {
    memcpy(text + n, bytes, count);
    return n + count;
}

static size_t put_zeros(char *text, size_t n, long count) {
    memset(text + n, '0', (size_t)count);
    return n + (size_t)count;
}

static size_t decimal_write(const struct decimal *d, char *text, size_t n) {
    size_t count = (size_t)d->count;
    if (d->point > 0 && d->point <= 21) {
        size_t whole = (size_t)d->point;
        if (count <= whole) {
            n = put(text, n, d->digits, count);
            return put_zeros(text, n, (long)(whole - count));
        }
        n = put(text, n, d->digits, whole);
        text[n++] = '.';
        return put(text, n, d->digits + whole, count - whole);
    }
    if (d->point > -6 && d->point <= 0) {
        n = put(text, n, "0.", 2);
        n = put_zeros(text, n, -d->point);
        return put(text, n, d->digits, count);
    }
    text[n++] = d->digits[0];
    if (count > 1) {
        text[n++] = '.';
        n = put(text, n, d->digits + 1, count - 1);
    }
    long exponent = d->point - 1;
    int more = snprintf(text + n, VK_JS_NUMBER_TEXT_MAX - n, "e%+ld", exponent);
    VK_ASSERT(more > 0 && n + (size_t)more < VK_JS_NUMBER_TEXT_MAX); /* INV-NUM-1 */
    return n + (size_t)more;
}

size_t vk_js_number_format(double value, char text[VK_JS_NUMBER_TEXT_MAX]) {
    VK_ASSERT(isfinite(value)); /* INV-NUM-3: callers spell NaN and infinities themselves */
    if (value == 0) {
        text[0] = '0';
        return 1;
    }
    size_t n = 0;
    if (value < 0) text[n++] = '-';
    struct decimal d;
    decimal_shortest(fabs(value), &d);
    n = decimal_write(&d, text, n);
    VK_ASSERT(n <= VK_JS_NUMBER_TEXT_MAX); /* INV-NUM-1 */
    return n;
}
