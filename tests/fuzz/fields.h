/* fields.h - inputs that are lines of fields with tabs between them. */
#ifndef FUZZ_FIELDS_H
#define FUZZ_FIELDS_H

#include "vk/str.h"

/* Takes the text up to the next `separator`, or all of it, off *rest; false when there is none. */
static inline bool fuzz_next(struct vk_str *rest, char separator, struct vk_str *out) {
    if (!rest->p) return false;
    const char *end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
    *out = *rest;
    if (!end) {
        *rest = VK_STR_NONE;
        return true;
    }
    out->n = (size_t)(end - rest->p);
    *rest = vk_str_from(*rest, out->n + 1);
    return true;
}

#endif
