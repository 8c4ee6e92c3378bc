/* capdata_fuzz.c - any body over any slots: decoded, encoded, decoded again.
 *
 * The input's first line is the slots, with blanks between them; the rest is the body. What
 * @endo/marshal would refuse is a result. What it would take is stable: encoded once, it decodes
 * to the same value, which encodes to the same, but for two quirks of JavaScript's (has_index, grows).
 */
#include "base/js_text.h"
#include "json_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS_MAX = 64 };

static bool is_same(const struct vk_capdata *a, const struct vk_capdata *b) {
    if (!vk_str_eq(a->body, b->body) || a->slot_count != b->slot_count) return false;
    for (size_t i = 0; i < a->slot_count; i++)
        if (!vk_str_eq(a->slots[i], b->slots[i])) return false;
    return true;
}

static struct vk_capdata capdata_of(struct vk_str text, struct vk_str slots[SLOTS_MAX]) {
    const char *newline = text.n ? memchr(text.p, '\n', text.n) : NULL;
    struct vk_str line = {text.p, newline ? (size_t)(newline - text.p) : 0};
    struct vk_capdata out = {.body = newline ? vk_str_from(text, line.n + 1) : text,
                             .slots = slots};
    while (line.n > 0 && out.slot_count < SLOTS_MAX) {
        const char *blank = memchr(line.p, ' ', line.n);
        size_t n = blank ? (size_t)(blank - line.p) : line.n;
        slots[out.slot_count++] = (struct vk_str){line.p, n};
        line = vk_str_from(line, blank ? n + 1 : n);
    }
    return out;
}

/* Whether a record has a name like an array's index. JavaScript moves such members to the front,
 * after kser() has numbered the slots and given the first mention of each its interface: kunser()
 * then meets another mention first. */
static bool has_index(const struct vk_value *value) {
    for (const struct vk_value *child = value->first; child; child = child->next)
        if ((child->key.n && child->key.p[0] >= '0' && child->key.p[0] <= '9') || has_index(child))
            return true;
    return false;
}

/* Of a registered symbol's name that begins with "@@", nameForPassableSymbol() of @endo/pass-style puts "@@" before it, and
 * passableSymbolForName() does not take that off again if there is a line end in it. */
static bool grows(const struct vk_value *value) {
    return value->type == VK_VALUE_SYMBOL && vk_str_starts(value->text, VK_STR("@@")) &&
           vk_js_text_has_line_end(value->text);
}

static bool has_growing(const struct vk_value *value) {
    bool has = grows(value);
    for (const struct vk_value *child = value->first; child && !has; child = child->next)
        has = has_growing(child);
    return has;
}

static bool is_same_symbol(const struct vk_value *a, const struct vk_value *b) {
    if (!grows(a)) return vk_str_eq(a->text, b->text);
    return vk_str_starts(b->text, VK_STR("@@")) && vk_str_eq(a->text, vk_str_from(b->text, 2));
}

/* Which identity in one value stands for which in the other. */
struct identities {
    const void *of[SLOTS_MAX], *same[SLOTS_MAX];
    size_t count;
    bool names_differ; /* has_index */
};

static bool is_same_slot(struct identities *identities, const struct vk_value *a,
                         const struct vk_value *b) {
    if (a->is_promise != b->is_promise || !vk_str_eq(a->text, b->text)) return false;
    if (!identities->names_differ && !vk_str_eq(a->name, b->name)) return false;
    for (size_t i = 0; i < identities->count; i++)
        if (identities->of[i] == a->identity || identities->same[i] == b->identity)
            return identities->of[i] == a->identity && identities->same[i] == b->identity;
    VK_ASSERT(identities->count < SLOTS_MAX); /* INV-CAPDATA-1 */
    identities->of[identities->count] = a->identity;
    identities->same[identities->count++] = b->identity;
    return true;
}

static bool is_same_number(struct vk_str a, struct vk_str b) {
    return vk_str_eq(a, b) || fuzz_json_number(a) == fuzz_json_number(b);
}

static bool is_same_value(struct identities *identities, const struct vk_value *a,
                          const struct vk_value *b);

/* A record's members by their names: encoding sorts them. */
static bool is_same_children(struct identities *identities, const struct vk_value *a,
                             const struct vk_value *b) {
    const struct vk_value *other = b->first;
    if (a->count != b->count) return false;
    for (const struct vk_value *child = a->first; child; child = child->next) {
        if (a->type == VK_VALUE_RECORD)
            for (other = b->first; other && !vk_str_eq(child->key, other->key);)
                other = other->next;
        if (!other || !is_same_value(identities, child, other)) return false;
        other = other->next;
    }
    return true;
}

static bool is_same_value(struct identities *identities, const struct vk_value *a,
                          const struct vk_value *b) {
    if (a->type != b->type) return false;
    switch (a->type) {
    case VK_VALUE_UNDEFINED:
    case VK_VALUE_NULL: return true;
    case VK_VALUE_BOOL: return a->truth == b->truth;
    case VK_VALUE_NUMBER: return is_same_number(a->text, b->text);
    case VK_VALUE_BIGINT:
    case VK_VALUE_STRING: return vk_str_eq(a->text, b->text);
    case VK_VALUE_SYMBOL: return is_same_symbol(a, b);
    case VK_VALUE_ERROR: return vk_str_eq(a->text, b->text) && vk_str_eq(a->name, b->name);
    case VK_VALUE_SLOT: return is_same_slot(identities, a, b);
    case VK_VALUE_TAGGED: return vk_str_eq(a->text, b->text) && is_same_children(identities, a, b);
    case VK_VALUE_ARRAY:
    case VK_VALUE_RECORD: return is_same_children(identities, a, b);
    }
    return false;
}

static struct vk_value *decoded(struct vk_arena *arena, const struct vk_capdata *data) {
    struct vk_value *value;
    bool legal;
    enum vk_err err = vk_capdata_decode(arena, data, &legal, &value);
    VK_ASSERT(err == VK_OK && legal);
    return value;
}

static void check_stable(struct vk_arena *arena, const struct vk_value *value) {
    struct vk_capdata once, twice, thrice;
    struct identities identities = {.names_differ = has_index(value)};
    enum vk_err err = vk_capdata_encode(arena, value, &once);
    VK_ASSERT(err == VK_OK);
    const struct vk_value *again = decoded(arena, &once);
    VK_ASSERT(is_same_value(&identities, value, again));
    if (has_growing(value)) return;
    err = vk_capdata_encode(arena, again, &twice);
    VK_ASSERT(err == VK_OK && (is_same(&once, &twice) || has_index(value)));
    err = vk_capdata_encode(arena, decoded(arena, &twice), &thrice);
    VK_ASSERT(err == VK_OK && is_same(&twice, &thrice));
}

/* It takes a short way for most bodies, which must lead to the same place. */
static void check_single_slot(struct vk_arena *arena, const struct vk_capdata *data,
                              bool decode_is_legal, const struct vk_value *value) {
    struct vk_str slot;
    bool legal;
    enum vk_err err = vk_capdata_single_slot(arena, data, &legal, &slot);
    VK_ASSERT(err == VK_OK && legal == decode_is_legal);
    bool is_slot = legal && value->type == VK_VALUE_SLOT;
    VK_ASSERT(vk_str_present(slot) == is_slot);
    VK_ASSERT(!is_slot || vk_str_eq(slot, value->text));
}

/* Only of texts that are JSON strings: what the kernel has in hand has been read from JSON. */
static void check_written(struct vk_arena *arena, const struct vk_capdata *data) {
    struct vk_buf buf;
    struct vk_str text;
    struct vk_capdata again;
    const struct vk_json *json;
    bool legal;
    vk_buf_init(&buf, arena);
    vk_capdata_write(&buf, data);
    enum vk_err err = vk_buf_finish(&buf, &text);
    VK_ASSERT(err == VK_OK);
    err = vk_json_parse(arena, text, &json);
    if (err == VK_ERR_SYNTAX) return; /* the input is no UTF-8 */
    VK_ASSERT(err == VK_OK);
    err = vk_capdata_read(arena, json, &legal, &again);
    VK_ASSERT(err == VK_OK && legal && is_same(data, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vk_arena arena;
    struct vk_str slots[SLOTS_MAX], method;
    struct vk_value *value;
    bool legal;
    const struct vk_capdata capdata = capdata_of((struct vk_str){(const char *)data, size}, slots);
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = vk_capdata_decode(&arena, &capdata, &legal, &value);
    VK_ASSERT(err == VK_OK);
    if (legal) check_stable(&arena, value);
    check_single_slot(&arena, &capdata, legal, value);
    check_written(&arena, &capdata);
    err = vk_capdata_method(&arena, &capdata, &method);
    VK_ASSERT(err == VK_OK && vk_str_present(method));
    vk_arena_release(&arena);
    return 0;
}
