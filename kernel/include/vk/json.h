/* json.h - JSON as JavaScript reads and writes it.
 *
 * Reading builds a tree in an arena (libyajl does the parsing). Writing is byte for byte what
 * JSON.stringify gives: no spaces, members in insertion order, control characters as \b \t \n \f \r or
 * \u00xx in lower case, everything else raw UTF-8, numbers in the shortest form that reads back.
 */
#ifndef VK_JSON_H
#define VK_JSON_H

#include "vk/arena.h"

/* Arrays and objects nested deeper than this are refused (VK_ERR_SYNTAX), so that every walk over a tree may
 * recurse. */
enum { VK_JSON_DEPTH_MAX = 512 };

enum vk_json_type {
    VK_JSON_NULL,
    VK_JSON_BOOL,
    VK_JSON_NUMBER,
    VK_JSON_STRING,
    VK_JSON_ARRAY,
    VK_JSON_OBJECT,
};

struct vk_json {
    enum vk_json_type type;
    bool truth;                  /* BOOL */
    struct vk_str text;          /* STRING: its content; NUMBER: as it stood in the input */
    struct vk_str key;           /* of a member of an OBJECT */
    const struct vk_json *first; /* ARRAY, OBJECT: the first child, and so on through `next` */
    const struct vk_json *next;
    size_t count; /* ARRAY, OBJECT: how many children */
};

/* Parses exactly one JSON text. VK_ERR_SYNTAX names the offset of what is wrong. As in JavaScript, the
 * last of two members with the same name wins (and stands in the first one's place). */
enum vk_err vk_json_parse(struct vk_arena *arena, struct vk_str text, const struct vk_json **out)
    VK_MUST_CHECK;

/* The member `key` of an object, or NULL (also when `json` is NULL or no object). */
const struct vk_json *vk_json_get(const struct vk_json *json, const char *key);
/* Element `index` of an array, or NULL. */
const struct vk_json *vk_json_at(const struct vk_json *json, size_t index);
/* The string's content, or VK_STR_NONE when `json` is NULL or no string. */
struct vk_str vk_json_string(const struct vk_json *json);
static inline bool vk_json_is(const struct vk_json *json, enum vk_json_type type) {
    return json && json->type == type;
}

/* Appends what JSON.stringify would give. */
void vk_json_write(struct vk_buf *buf, const struct vk_json *json);
void vk_json_quote(struct vk_buf *buf, struct vk_str text);
/* Appends a double as JavaScript's Number::toString does ("1e+21", "0.1", "-0" as "0"). Not for NaN or infinity. */
void vk_json_double(struct vk_buf *buf, double value);

#endif
