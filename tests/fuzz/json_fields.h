/* json_fields.h - what a JSON text says, against what was read from it: field by field, derived once more.
 *
 * Of the code under test only the parser's tree is trusted here. JSON that is not there (NULL) says nothing: absent texts, empty
 * lists, false.
 */
#ifndef FUZZ_JSON_FIELDS_H
#define FUZZ_JSON_FIELDS_H

#include "vk/ports.h"

#include <math.h>
#include <stdlib.h>

/* ---- numbers, and whole trees */

/* A JSON number, read by the C library. */
static inline double fuzz_json_number(struct vk_str text) {
    char *copy = strndup(text.p, text.n);
    VK_ASSERT(copy);
    double value = strtod(copy, NULL);
    free(copy);
    return value;
}

/* Whether `written`, read back, says what `json` does. A number beyond a double's range is written as null, as in JavaScript, and
 * no other. */
static inline bool fuzz_json_same(const struct vk_json *json, const struct vk_json *written) {
    if (!vk_str_eq(json->key, written->key)) return false;
    if (json->type == VK_JSON_NUMBER) {
        double value = fuzz_json_number(json->text);
        if (isinf(value)) return written->type == VK_JSON_NULL;
        return written->type == VK_JSON_NUMBER && value == fuzz_json_number(written->text);
    }
    if (json->type != written->type || json->count != written->count) return false;
    if (json->type == VK_JSON_BOOL && json->truth != written->truth) return false;
    if (json->type == VK_JSON_STRING && !vk_str_eq(json->text, written->text)) return false;
    const struct vk_json *child = json->first, *other = written->first;
    for (; child && other; child = child->next, other = other->next)
        if (!fuzz_json_same(child, other)) return false;
    return !child && !other;
}

/* ---- whether it is what a field asks for */

static inline bool fuzz_is_text(const struct vk_json *json) {
    return vk_json_is(json, VK_JSON_STRING);
}

static inline bool fuzz_is_texts(const struct vk_json *json) {
    if (!vk_json_is(json, VK_JSON_ARRAY)) return false;
    for (const struct vk_json *item = json->first; item; item = item->next)
        if (!fuzz_is_text(item)) return false;
    return true;
}

static inline bool fuzz_is_capdata(const struct vk_json *json) {
    return fuzz_is_text(vk_json_get(json, "body")) && fuzz_is_texts(vk_json_get(json, "slots"));
}

/* [[promise, rejected, capdata] ...] */
static inline bool fuzz_is_resolutions(const struct vk_json *json) {
    if (!vk_json_is(json, VK_JSON_ARRAY)) return false;
    for (const struct vk_json *item = json->first; item; item = item->next)
        if (!fuzz_is_text(vk_json_at(item, 0)) || !vk_json_is(vk_json_at(item, 1), VK_JSON_BOOL) ||
            !fuzz_is_capdata(vk_json_at(item, 2)))
            return false;
    return true;
}

/* ---- whether it says what the field holds */

static inline bool fuzz_says_text(const struct vk_json *json, struct vk_str text) {
    if (!json) return !vk_str_present(text);
    return fuzz_is_text(json) && vk_str_present(text) && vk_str_eq(json->text, text);
}

static inline bool fuzz_says_flag(const struct vk_json *json, bool flag) {
    return json ? vk_json_is(json, VK_JSON_BOOL) && json->truth == flag : !flag;
}

static inline bool fuzz_says_texts(const struct vk_json *json, const struct vk_str *texts,
                                   size_t count) {
    if (!json) return count == 0;
    if (!vk_json_is(json, VK_JSON_ARRAY) || json->count != count) return false;
    for (const struct vk_json *item = json->first; item; item = item->next)
        if (!fuzz_says_text(item, *texts++)) return false;
    return true;
}

static inline bool fuzz_says_capdata(const struct vk_json *json, const struct vk_capdata *data) {
    return fuzz_says_text(vk_json_get(json, "body"), data->body) &&
           fuzz_says_texts(vk_json_get(json, "slots"), data->slots, data->slot_count);
}

static inline bool fuzz_says_resolutions(const struct vk_json *json,
                                         const struct vk_resolution *resolutions, size_t count) {
    if (!json) return count == 0;
    if (!vk_json_is(json, VK_JSON_ARRAY) || json->count != count) return false;
    for (const struct vk_json *item = json->first; item; item = item->next, resolutions++)
        if (!fuzz_says_text(vk_json_at(item, 0), resolutions->promise) ||
            !fuzz_says_flag(vk_json_at(item, 1), resolutions->rejected) ||
            !fuzz_says_capdata(vk_json_at(item, 2), &resolutions->data))
            return false;
    return true;
}

#endif
