/* vat_holdings.c - see vat_holdings.h. */
#include "vat_holdings.h"

/* ---- names */

static struct vk_str ref_str(const char *prefix, uint64_t n, char text[SIM_REF_TEXT_MAX]) {
    char digits[20];
    size_t count = 0, at = 0;
    for (; prefix[at]; at++)
        text[at] = prefix[at];
    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (count)
        text[at++] = digits[--count];
    return (struct vk_str){text, at};
}

/* A third each of what a vat exports is ephemeral, virtual and durable: upgrades treat them
 * differently. */
static const char *export_prefix(uint64_t n) {
    static const char *const prefixes[] = {"o+d10/", "o+", "o+v11/"};
    return n ? prefixes[n % 3] : "o+";
}

static bool is_durable(struct sim_ref ref) { return ref.n % 3 == 0; }

bool sim_ref_is_kept(struct sim_ref ref) { return ref.n % 2 == 0; }

struct vk_str sim_ref_text(struct sim_ref ref, char text[SIM_REF_TEXT_MAX]) {
    switch (ref.type) {
    case SIM_REF_IMPORT: return ref_str("o-", ref.n, text);
    case SIM_REF_EXPORT: return ref_str(export_prefix(ref.n), ref.n, text);
    case SIM_REF_PROMISE: return ref_str("p-", ref.n, text);
    case SIM_REF_OWN_PROMISE: return ref_str("p+", ref.n, text);
    case SIM_REF_DEVICE: return ref_str("d-", ref.n, text);
    }
    VK_ASSERT(false); /* INV-HOLDINGS-1: five types */
    return VK_STR_NONE;
}

static bool parse_export(struct vk_str id, struct sim_ref *ref) {
    const char *slash = id.n ? memchr(id.p, '/', id.n) : NULL;
    if (slash) id = vk_str_from(id, (size_t)(slash - id.p) + 1);
    ref->type = SIM_REF_EXPORT;
    return vk_str_to_u64(id, &ref->n);
}

bool sim_ref_parse(struct vk_str vref, struct sim_ref *ref) {
    if (vref.n < 3) return false;
    struct vk_str id = vk_str_from(vref, 2);
    bool own = vref.p[1] == '+';
    if (!own && vref.p[1] != '-') return false;
    switch (vref.p[0]) {
    case 'o':
        if (own) return parse_export(id, ref);
        ref->type = SIM_REF_IMPORT;
        break;
    case 'p': ref->type = own ? SIM_REF_OWN_PROMISE : SIM_REF_PROMISE; break;
    case 'd':
        if (own) return false;
        ref->type = SIM_REF_DEVICE;
        break;
    default: return false;
    }
    return vk_str_to_u64(id, &ref->n);
}

/* ---- lists */

void sim_holdings_init(struct sim_holdings *held, const struct vk_heap *heap) {
    *held = (struct sim_holdings){.heap = heap, .next_object = 1, .next_promise = 1};
}

void sim_holdings_clear(struct sim_holdings *held) {
    for (size_t i = 0; i < SIM_HELD_COUNT; i++)
        held->lists[i].count = 0;
    held->next_object = held->next_promise = 1;
}

void sim_holdings_release(struct sim_holdings *held) {
    const struct vk_heap *heap = held->heap;
    for (size_t i = 0; i < SIM_HELD_COUNT; i++) {
        struct sim_ref_list *list = &held->lists[i];
        if (list->at) heap->free(heap->impl, list->at, list->capacity * sizeof *list->at);
        *list = (struct sim_ref_list){0};
    }
}

static bool find(const struct sim_ref_list *list, struct sim_ref ref, size_t *index) {
    for (*index = 0; *index < list->count; ++*index)
        if (sim_ref_eq(list->at[*index], ref)) return true;
    return false;
}

bool sim_held_in(const struct sim_holdings *held, enum sim_held list, struct sim_ref ref) {
    size_t index;
    return find(&held->lists[list], ref, &index);
}

static enum vk_err grow(struct sim_holdings *held, struct sim_ref_list *list) {
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    size_t old_size = list->capacity * sizeof *list->at, size = capacity * sizeof *list->at;
    const struct vk_heap *heap = held->heap;
    void *at = list->at ? heap->resize(heap->impl, list->at, old_size, size)
                        : heap->alloc(heap->impl, size);
    if (!at) return VK_RAISE(VK_ERR_NOMEM, "a simulated vat's %zu references", capacity);
    list->at = at;
    list->capacity = capacity;
    return VK_OK;
}

enum vk_err sim_held_add(struct sim_holdings *held, enum sim_held list, struct sim_ref ref) {
    struct sim_ref_list *refs = &held->lists[list];
    if (sim_held_in(held, list, ref)) return VK_OK;
    if (refs->count == refs->capacity) VK_TRY(grow(held, refs));
    refs->at[refs->count++] = ref;
    return VK_OK;
}

bool sim_held_remove(struct sim_holdings *held, enum sim_held list, struct sim_ref ref) {
    struct sim_ref_list *refs = &held->lists[list];
    size_t index;
    if (!find(refs, ref, &index)) return false;
    refs->count--;
    memmove(refs->at + index, refs->at + index + 1, (refs->count - index) * sizeof *refs->at);
    return true;
}

/* ---- coming and going */

bool sim_holdings_may_name(const struct sim_holdings *held, struct sim_ref ref) {
    switch (ref.type) {
    case SIM_REF_IMPORT: return sim_held_in(held, SIM_HELD_IMPORTS, ref);
    case SIM_REF_EXPORT:
        return ref.n == 0 || sim_held_in(held, SIM_HELD_EXPORTS, ref) ||
               sim_held_in(held, SIM_HELD_DROPPED_EXPORTS, ref);
    case SIM_REF_PROMISE:
    case SIM_REF_OWN_PROMISE:
        return sim_held_in(held, SIM_HELD_PROMISES, ref) ||
               sim_held_in(held, SIM_HELD_DECIDED, ref);
    case SIM_REF_DEVICE: return sim_held_in(held, SIM_HELD_DEVICES, ref);
    }
    VK_ASSERT(false); /* INV-HOLDINGS-1: five types */
    return false;
}

static enum vk_err hold_export(struct sim_holdings *held, struct sim_ref ref) {
    if (ref.n == 0) return VK_OK;
    sim_held_remove(held, SIM_HELD_DROPPED_EXPORTS, ref);
    return sim_held_add(held, SIM_HELD_EXPORTS, ref);
}

enum vk_err sim_holdings_receive(struct sim_holdings *held, struct sim_ref ref) {
    switch (ref.type) {
    case SIM_REF_IMPORT:
        sim_held_remove(held, SIM_HELD_DROPPED_IMPORTS, ref);
        return sim_held_add(held, SIM_HELD_IMPORTS, ref);
    case SIM_REF_EXPORT: return hold_export(held, ref);
    case SIM_REF_PROMISE:
    case SIM_REF_OWN_PROMISE:
        if (sim_held_in(held, SIM_HELD_DECIDED, ref)) return VK_OK;
        return sim_held_add(held, SIM_HELD_PROMISES, ref);
    case SIM_REF_DEVICE: return sim_held_add(held, SIM_HELD_DEVICES, ref);
    }
    VK_ASSERT(false); /* INV-HOLDINGS-1: five types */
    return VK_OK;
}

enum vk_err sim_holdings_receive_result(struct sim_holdings *held, struct sim_ref ref) {
    VK_ASSERT(sim_ref_is_promise(ref)); /* INV-HOLDINGS-1 */
    sim_held_remove(held, SIM_HELD_PROMISES, ref);
    return sim_held_add(held, SIM_HELD_DECIDED, ref);
}

enum vk_err sim_holdings_send(struct sim_holdings *held, struct sim_ref ref) {
    if (ref.type == SIM_REF_EXPORT) return hold_export(held, ref);
    if (ref.type != SIM_REF_OWN_PROMISE || sim_held_in(held, SIM_HELD_PROMISES, ref)) return VK_OK;
    return sim_held_add(held, SIM_HELD_DECIDED, ref);
}

void sim_holdings_retire_promise(struct sim_holdings *held, struct sim_ref ref) {
    sim_held_remove(held, SIM_HELD_PROMISES, ref);
    sim_held_remove(held, SIM_HELD_DECIDED, ref);
    sim_held_remove(held, SIM_HELD_SUBSCRIBED, ref);
}

static void keep_durable(struct sim_ref_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (is_durable(list->at[i])) list->at[kept++] = list->at[i];
    list->count = kept;
}

void sim_holdings_upgrade(struct sim_holdings *held) {
    keep_durable(&held->lists[SIM_HELD_EXPORTS]);
    keep_durable(&held->lists[SIM_HELD_DROPPED_EXPORTS]);
    held->lists[SIM_HELD_DECIDED].count = 0;
}

/* ---- text */

static const char letters[] = {
#define SIM_HELD_LETTER(name, letter) letter,
    SIM_HELD(SIM_HELD_LETTER)
#undef SIM_HELD_LETTER
};

/* Only promises are of two types in one list; those of the vat's own have a '+'. */
static enum sim_ref_type list_type(enum sim_held list, bool own) {
    switch (list) {
    case SIM_HELD_EXPORTS:
    case SIM_HELD_DROPPED_EXPORTS: return SIM_REF_EXPORT;
    case SIM_HELD_PROMISES:
    case SIM_HELD_DECIDED:
    case SIM_HELD_SUBSCRIBED: return own ? SIM_REF_OWN_PROMISE : SIM_REF_PROMISE;
    case SIM_HELD_DEVICES: return SIM_REF_DEVICE;
    case SIM_HELD_IMPORTS:
    case SIM_HELD_DROPPED_IMPORTS:
    case SIM_HELD_VATS:
    case SIM_HELD_METERS:
    case SIM_HELD_COUNT: break;
    }
    return SIM_REF_IMPORT;
}

void sim_holdings_write(const struct sim_holdings *held, struct vk_buf *buf) {
    vk_buf_u64(buf, held->next_object);
    vk_buf_char(buf, ' ');
    vk_buf_u64(buf, held->next_promise);
    for (size_t i = 0; i < SIM_HELD_COUNT; i++) {
        const struct sim_ref_list *list = &held->lists[i];
        if (!list->count) continue;
        vk_buf_char(buf, ' ');
        vk_buf_char(buf, letters[i]);
        for (size_t k = 0; k < list->count; k++) {
            if (k) vk_buf_char(buf, ',');
            if (list->at[k].type == SIM_REF_OWN_PROMISE) vk_buf_char(buf, '+');
            vk_buf_u64(buf, list->at[k].n);
        }
    }
}

/* Cuts what comes before the next `stop` off `text`, and the stop. */
static struct vk_str cut(struct vk_str *text, char stop) {
    const char *end = text->n ? memchr(text->p, stop, text->n) : NULL;
    struct vk_str head = {text->p, end ? (size_t)(end - text->p) : text->n};
    *text = vk_str_from(*text, head.n + (end != NULL));
    return head;
}

static enum vk_err bad_text(struct vk_str text) {
    return VK_RAISE(VK_ERR_SYNTAX, "no holdings of a vat: '%.*s'", VK_STR_ARG(text));
}

static enum vk_err read_list(struct sim_holdings *held, struct vk_str text) {
    size_t list = 0;
    struct vk_str rest = vk_str_from(text, 1);
    while (list < SIM_HELD_COUNT && letters[list] != text.p[0])
        list++;
    if (list == SIM_HELD_COUNT || !rest.n) return bad_text(text);
    while (rest.n) {
        struct sim_ref ref;
        struct vk_str number = cut(&rest, ',');
        bool own = number.n && number.p[0] == '+';
        ref.type = list_type((enum sim_held)list, own);
        if (!vk_str_to_u64(vk_str_from(number, own), &ref.n)) return bad_text(text);
        VK_TRY(sim_held_add(held, (enum sim_held)list, ref));
    }
    return VK_OK;
}

enum vk_err sim_holdings_read(struct sim_holdings *held, struct vk_str text) {
    sim_holdings_clear(held);
    struct vk_str rest = text;
    if (!vk_str_to_u64(cut(&rest, ' '), &held->next_object) ||
        !vk_str_to_u64(cut(&rest, ' '), &held->next_promise))
        return bad_text(text);
    while (rest.n) {
        struct vk_str list = cut(&rest, ' ');
        if (!list.n) return bad_text(text);
        VK_TRY(read_list(held, list));
    }
    return VK_OK;
}
