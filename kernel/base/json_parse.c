/* json_parse.c - JSON text to a tree, and looking into the tree. See vk/json.h.
 *
 * libyajl finds the tokens; what it leaves open or takes too lightly is settled here: JavaScript's
 * order of members and its rule for duplicates, \v and \f (yajl passes them as white space), a
 * quote after the end (yajl waits for the rest of that string and calls it complete), malformed
 * UTF-8, nesting, and escapes of lone surrogates. Such an escape (\ud800 without its other half) is
 * a string in JavaScript but cannot be written as UTF-8; it is read as U+FFFD, which is what stands
 * in the database when JavaScript stores such a string.
 *
 * INV-JSON-1  No tree is deeper than VK_JSON_DEPTH_MAX.
 * INV-JSON-2  A tree refers to nothing outside its arena.
 * INV-JSON-3  No two members of an object have the same name; index-like names come first,
 *             ascending.
 */
#include "vk/json.h"

#include "js_key.h"
#include "js_text.h"

#include <setjmp.h>
#include <yajl/yajl_parse.h>

enum {
    /* Up to so many members are compared pair by pair, more of them are sorted. */
    PAIRWISE_MEMBERS_MAX = 16,
    ESCAPE_LENGTH = 6, /* of \uXXXX */
};

struct parser {
    struct vk_arena *arena;
    struct vk_str text; /* the arena's copy */
    yajl_handle yajl;
    const struct vk_json *root;
    size_t root_end;   /* where it ends in the text */
    struct vk_str key; /* of the member that comes next */
    size_t depth;
    bool too_deep;
    /* Where to go when the arena is out of memory: yajl does not look at what its allocator gives.
     * All that is lost by the jump belongs to the arena. */
    jmp_buf no_memory;
    struct {
        struct vk_json *container;
        struct vk_json *last;
    } open[VK_JSON_DEPTH_MAX];
};

/* ---- yajl's memory: from the arena, each block behind its size. */

union block_header {
    size_t size;
    max_align_t align;
};

static void *parser_alloc(void *ctx, size_t size) {
    struct parser *parser = ctx;
    union block_header *block = vk_arena_alloc(parser->arena, sizeof *block + size);
    if (!block) longjmp(parser->no_memory, 1);
    block->size = size;
    return block + 1;
}

static void *parser_resize(void *ctx, void *ptr, size_t size) {
    void *moved = parser_alloc(ctx, size);
    if (ptr) {
        size_t old_size = ((union block_header *)ptr - 1)->size;
        memcpy(moved, ptr, old_size < size ? old_size : size);
    }
    return moved;
}

static void parser_free(void *ctx, void *ptr) {
    (void)ctx;
    (void)ptr;
}

static void *parser_get(struct parser *parser, size_t size) {
    void *ptr = vk_arena_alloc(parser->arena, size);
    if (!ptr) longjmp(parser->no_memory, 1);
    return ptr;
}

/* ---- the tree */

static struct vk_json *node_add(struct parser *parser, enum vk_json_type type) {
    struct vk_json *node = parser_get(parser, sizeof *node);
    *node = (struct vk_json){.type = type};
    if (parser->depth == 0) {
        parser->root = node;
        parser->root_end = yajl_get_bytes_consumed(parser->yajl);
        return node;
    }
    struct vk_json *container = parser->open[parser->depth - 1].container;
    struct vk_json *last = parser->open[parser->depth - 1].last;
    if (container->type == VK_JSON_OBJECT) node->key = parser->key;
    if (last)
        last->next = node;
    else
        container->first = node;
    parser->open[parser->depth - 1].last = node;
    container->count++;
    return node;
}

/* yajl points into the text where it can, and else into a buffer that it will use again. */
static struct vk_str text_keep(struct parser *parser, const char *p, size_t n) {
    uintptr_t at = (uintptr_t)p, start = (uintptr_t)parser->text.p;
    if (at >= start && at - start <= parser->text.n) return (struct vk_str){p, n};
    char *copy = parser_get(parser, n);
    if (n) memcpy(copy, p, n);
    return (struct vk_str){copy, n};
}

static int on_null(void *ctx) {
    node_add(ctx, VK_JSON_NULL);
    return 1;
}

static int on_boolean(void *ctx, int truth) {
    node_add(ctx, VK_JSON_BOOL)->truth = truth != 0;
    return 1;
}

static int on_number(void *ctx, const char *p, size_t n) {
    node_add(ctx, VK_JSON_NUMBER)->text = text_keep(ctx, p, n);
    return 1;
}

static int on_string(void *ctx, const unsigned char *p, size_t n) {
    node_add(ctx, VK_JSON_STRING)->text = text_keep(ctx, (const char *)p, n);
    return 1;
}

static int on_key(void *ctx, const unsigned char *p, size_t n) {
    struct parser *parser = ctx;
    parser->key = text_keep(parser, (const char *)p, n);
    return 1;
}

static int open_container(struct parser *parser, enum vk_json_type type) {
    if (parser->depth == VK_JSON_DEPTH_MAX) {
        parser->too_deep = true;
        return 0;
    }
    struct vk_json *node = node_add(parser, type);
    parser->open[parser->depth].container = node;
    parser->open[parser->depth].last = NULL;
    parser->depth++;
    return 1;
}

static int on_start_map(void *ctx) { return open_container(ctx, VK_JSON_OBJECT); }

static int on_start_array(void *ctx) { return open_container(ctx, VK_JSON_ARRAY); }

static int close_container(struct parser *parser) {
    VK_ASSERT(parser->depth > 0); /* INV-JSON-1 */
    parser->depth--;
    if (parser->depth == 0) parser->root_end = yajl_get_bytes_consumed(parser->yajl);
    return 1;
}

static int on_end_array(void *ctx) { return close_container(ctx); }

/* True if INV-JSON-3 is quickly seen to hold. */
static bool object_is_settled(const struct vk_json *object) {
    if (object->count > PAIRWISE_MEMBERS_MAX) return false;
    for (const struct vk_json *a = object->first; a; a = a->next) {
        if (vk_js_key_is_index(a->key)) return false;
        for (const struct vk_json *b = object->first; b != a; b = b->next)
            if (vk_str_eq(a->key, b->key)) return false;
    }
    return true;
}

static void object_settle(struct parser *parser, struct vk_json *object) {
    size_t count = 0;
    struct vk_js_member *members = parser_get(parser, object->count * sizeof *members);
    for (const struct vk_json *child = object->first; child; child = child->next)
        members[count++] = (struct vk_js_member){.key = child->key, .node = child};
    VK_ASSERT(count == object->count); /* INV-JSON-3 */
    if (vk_js_members_settle(parser->arena, members, &count) != VK_OK)
        longjmp(parser->no_memory, 1);
    object->first = NULL;
    object->count = 0;
    parser->open[parser->depth - 1].last = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct vk_json *child = members[i].node;
        parser->key = child->key;
        struct vk_json *copy = node_add(parser, child->type);
        copy->truth = child->truth;
        copy->text = child->text;
        copy->first = child->first;
        copy->count = child->count;
    }
}

static int on_end_map(void *ctx) {
    struct parser *parser = ctx;
    VK_ASSERT(parser->depth > 0); /* INV-JSON-1 */
    struct vk_json *object = parser->open[parser->depth - 1].container;
    if (!object_is_settled(object)) object_settle(parser, object);
    return close_container(parser);
}

/* ---- the text */

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The code unit that \uXXXX at `p` stands for, or -1 if there is no such escape. */
static int escape_unit(const char *p, const char *end) {
    if (end - p < ESCAPE_LENGTH || p[0] != '\\' || p[1] != 'u') return -1;
    int unit = 0;
    for (int i = 2; i < ESCAPE_LENGTH; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* `p` is at a backslash; returns the end of the escape. Makes a lone surrogate U+FFFD, in place. */
static char *escape_repair(char *p, const char *end) {
    int unit = escape_unit(p, end);
    if (unit < 0) return end - p < 2 ? p + 1 : p + 2;
    if (unit < 0xd800 || unit > 0xdfff) return p + ESCAPE_LENGTH;
    if (unit < 0xdc00) {
        int other = escape_unit(p + ESCAPE_LENGTH, end);
        if (other >= 0xdc00 && other <= 0xdfff) return p + ESCAPE_LENGTH + ESCAPE_LENGTH;
    }
    memcpy(p, "\\ufffd", ESCAPE_LENGTH);
    return p + ESCAPE_LENGTH;
}

#define BYTES(b) (UINT64_C(0x0101010101010101) * (b))

/* True if eight bytes are ASCII, no control characters and no backslash. */
static bool all_plain(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    uint64_t slashes = word ^ BYTES('\\');
    uint64_t found = (word - BYTES(0x20u)) | word | ((slashes - BYTES(1u)) & ~slashes);
    return (found & BYTES(0x80u)) == 0;
}

/* Checks and mends what yajl would not; gives the offset of the first bad byte, or text->n. */
static size_t text_prepare(char *text, size_t n) {
    char *p = text, *end = text + n;
    while (p < end) {
        if (end - p >= 8 && all_plain(p)) {
            p += 8;
        } else if (*p == '\\') {
            p = escape_repair(p, end);
        } else {
            size_t length = vk_js_utf8_length(p, end);
            if (length == 0 || *p == '\v' || *p == '\f') break;
            p += length;
        }
    }
    return (size_t)(p - text);
}

/* Gives the offset of the first byte after the value that is no white space, or text.n. */
static size_t text_end(const struct parser *parser) {
    size_t at = parser->root_end;
    while (at < parser->text.n && memchr(" \t\n\r", parser->text.p[at], 4))
        at++;
    return at;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

static enum vk_err parser_run(struct parser *parser) {
    if (setjmp(parser->no_memory))
        return VK_RAISE(VK_ERR_NOMEM, "JSON of %zu bytes", parser->text.n);
    yajl_alloc_funcs memory = {parser_alloc, parser_resize, parser_free, parser};
    parser->yajl = yajl_alloc(&callbacks, &memory, parser);
    yajl_config(parser->yajl, yajl_dont_validate_strings, 1);
    /* The blank ends a number that ends the text: no token is ever cut in two. */
    yajl_status status =
        yajl_parse(parser->yajl, (const unsigned char *)parser->text.p, parser->text.n + 1);
    if (status != yajl_status_ok) {
        size_t offset = yajl_get_bytes_consumed(parser->yajl);
        if (offset > parser->text.n) offset = parser->text.n;
        return VK_RAISE(VK_ERR_SYNTAX, "JSON: %s near byte %zu of %zu",
                        parser->too_deep ? "nested too deeply" : "malformed", offset,
                        parser->text.n);
    }
    if (yajl_complete_parse(parser->yajl) != yajl_status_ok)
        return VK_RAISE(VK_ERR_SYNTAX, "JSON: ends too early, at byte %zu", parser->text.n);
    size_t end = text_end(parser);
    if (end < parser->text.n)
        return VK_RAISE(VK_ERR_SYNTAX, "JSON: malformed at byte %zu of %zu", end, parser->text.n);
    return VK_OK;
}

enum vk_err vk_json_parse(struct vk_arena *arena, struct vk_str text, const struct vk_json **out) {
    *out = NULL;
    char *copy = vk_arena_alloc(arena, text.n + 1);
    if (!copy) return VK_RAISE(VK_ERR_NOMEM, "JSON of %zu bytes", text.n);
    if (text.n) memcpy(copy, text.p, text.n);
    copy[text.n] = ' ';
    size_t sound = text_prepare(copy, text.n);
    if (sound < text.n)
        return VK_RAISE(VK_ERR_SYNTAX, "JSON: malformed at byte %zu of %zu", sound, text.n);
    struct parser parser;
    parser.arena = arena;
    parser.text = (struct vk_str){copy, text.n};
    parser.yajl = NULL;
    parser.root = NULL;
    parser.root_end = 0;
    parser.key = VK_STR_NONE;
    parser.depth = 0;
    parser.too_deep = false;
    VK_TRY(parser_run(&parser));
    VK_ASSERT(parser.root && parser.depth == 0); /* INV-JSON-1 */
    *out = parser.root;
    return VK_OK;
}

/* ---- looking into it */

const struct vk_json *vk_json_get(const struct vk_json *json, const char *key) {
    if (!vk_json_is(json, VK_JSON_OBJECT)) return NULL;
    struct vk_str name = vk_str(key);
    for (const struct vk_json *child = json->first; child; child = child->next)
        if (vk_str_eq(child->key, name)) return child;
    return NULL;
}

const struct vk_json *vk_json_at(const struct vk_json *json, size_t index) {
    if (!vk_json_is(json, VK_JSON_ARRAY) || index >= json->count) return NULL;
    const struct vk_json *child = json->first;
    while (index-- > 0)
        child = child->next;
    return child;
}

struct vk_str vk_json_string(const struct vk_json *json) {
    return vk_json_is(json, VK_JSON_STRING) ? json->text : VK_STR_NONE;
}
