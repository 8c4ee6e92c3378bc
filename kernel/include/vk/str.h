/* str.h - byte slices, the type of every key, value, kref and vref text that moves through the kernel.
 *
 * A slice does not own its bytes and is not NUL-terminated. `p == NULL` means "absent", which is not
 * the same as empty (an absent result promise, a missing key).
 */
#ifndef VK_STR_H
#define VK_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct vk_str {
    const char *p;
    size_t n;
};

#define VK_STR(literal) ((struct vk_str){("" literal), sizeof(literal) - 1})
#define VK_STR_NONE ((struct vk_str){NULL, 0})
/* For printf's "%.*s". */
#define VK_STR_ARG(s) (int)(s).n, (s).p

static inline struct vk_str vk_str(const char *text) {
    return (struct vk_str){text, text ? strlen(text) : 0};
}

static inline bool vk_str_present(struct vk_str s) { return s.p != NULL; }

static inline bool vk_str_eq(struct vk_str a, struct vk_str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Byte order, the order of SQLite's BINARY collation and of JavaScript's sort() on ASCII. */
static inline int vk_str_cmp(struct vk_str a, struct vk_str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    if (order != 0) return order;
    return (a.n > b.n) - (a.n < b.n);
}

static inline bool vk_str_starts(struct vk_str s, struct vk_str prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* The rest of `s` from byte `from` on; from <= s.n. */
static inline struct vk_str vk_str_from(struct vk_str s, size_t from) {
    return (struct vk_str){s.p + from, s.n - from};
}

/* Writes 2 * n lower-case hex digits and a NUL. */
void vk_str_hex(const unsigned char *bytes, size_t n, char *hex);

/* Decimal digits only, no sign, no leading zero but "0" itself, fits 64 bits; false otherwise. */
bool vk_str_to_u64(struct vk_str s, uint64_t *out);

#endif
