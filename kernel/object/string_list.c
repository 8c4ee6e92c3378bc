/* string_list.c - see string_list.h. */
#include "string_list.h"

void vk_string_list_init(struct vk_string_list *list, struct vk_arena *arena) {
    *list = (struct vk_string_list){.arena = arena};
}

enum vk_err vk_string_list_add(struct vk_string_list *list, struct vk_str item) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct vk_str *items;
        VK_TRY(VK_NEW_ARRAY(list->arena, &items, capacity));
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
    return VK_OK;
}

enum vk_err vk_string_list_load(struct vk_string_list *list, struct vk_state *state,
                                struct vk_str key) {
    const struct vk_json *json;
    vk_string_list_init(list, state->arena);
    struct vk_str text;
    VK_TRY(vk_state_require(state, &text, KEY(TEXT(key))));
    if (vk_str_eq(text, VK_STR("[]"))) return VK_OK; /* by far the commonest */
    VK_TRY(vk_state_json(state, &json, KEY(TEXT(key))));
    if (!vk_json_is(json, VK_JSON_ARRAY))
        return VK_RAISE(VK_ERR_CORRUPT, "key %.*s: expected an array", VK_STR_ARG(key));
    for (const struct vk_json *item = json->first; item; item = item->next) {
        if (item->type != VK_JSON_STRING)
            return VK_RAISE(VK_ERR_CORRUPT, "key %.*s: expected strings", VK_STR_ARG(key));
        VK_TRY(vk_string_list_add(list, item->text));
    }
    return VK_OK;
}

enum vk_err vk_string_list_save(const struct vk_string_list *list, struct vk_state *state,
                                struct vk_str key) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, state->arena);
    vk_buf_char(&buf, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i) vk_buf_char(&buf, ',');
        vk_json_quote(&buf, list->items[i]);
    }
    vk_buf_char(&buf, ']');
    VK_TRY(vk_buf_finish(&buf, &text));
    return vk_state_set(state, text, KEY(TEXT(key)));
}

enum vk_err vk_string_list_split(struct vk_string_list *list, struct vk_str text) {
    while (text.n) {
        const char *comma = memchr(text.p, ',', text.n);
        size_t n = comma ? (size_t)(comma - text.p) : text.n;
        VK_TRY(vk_string_list_add(list, (struct vk_str){text.p, n}));
        if (!comma) break;
        text = vk_str_from(text, n + 1);
    }
    return VK_OK;
}

enum vk_err vk_string_list_join(const struct vk_string_list *list, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, list->arena);
    for (size_t i = 0; i < list->count; i++) {
        if (i) vk_buf_char(&buf, ',');
        vk_buf_add(&buf, list->items[i]);
    }
    return vk_buf_finish(&buf, out);
}

bool vk_string_list_has(const struct vk_string_list *list, struct vk_str item) {
    for (size_t i = 0; i < list->count; i++)
        if (vk_str_eq(list->items[i], item)) return true;
    return false;
}

bool vk_string_list_remove(struct vk_string_list *list, struct vk_str item) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!vk_str_eq(list->items[i], item)) list->items[kept++] = list->items[i];
    bool removed = kept != list->count;
    list->count = kept;
    return removed;
}

static void sift_down(struct vk_str *items, size_t root, size_t count) {
    for (;;) {
        size_t child = root * 2 + 1;
        if (child >= count) return;
        if (child + 1 < count && vk_str_cmp(items[child], items[child + 1]) < 0) child++;
        if (vk_str_cmp(items[root], items[child]) >= 0) return;
        struct vk_str swapped = items[root];
        items[root] = items[child];
        items[child] = swapped;
        root = child;
    }
}

/* Heap sort: no worst case, and equal strings cannot be told apart, so stability does not matter. */
void vk_string_list_sort(struct vk_string_list *list, bool unique) {
    struct vk_str *items = list->items;
    for (size_t i = list->count / 2; i > 0; i--)
        sift_down(items, i - 1, list->count);
    for (size_t end = list->count; end > 1; end--) {
        struct vk_str largest = items[0];
        items[0] = items[end - 1];
        items[end - 1] = largest;
        sift_down(items, 0, end - 1);
    }
    if (!unique || !list->count) return;
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++)
        if (!vk_str_eq(items[i], items[kept - 1])) items[kept++] = items[i];
    list->count = kept;
}
