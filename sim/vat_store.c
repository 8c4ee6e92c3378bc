/* vat_store.c - see vat_store.h. */
#include "vat_store.h"

#include "vk/json.h"

void sim_vat_store_init(struct sim_vat_store *store, const struct vk_heap *heap) {
    *store = (struct sim_vat_store){.heap = heap};
}

/* ---- texts and lists */

static void drop_text(const struct sim_vat_store *store, struct vk_str text) {
    /* The copy is the store's own, so that it may be written to. */
    if (text.p) store->heap->free(store->heap->impl, (void *)(uintptr_t)text.p, text.n + 1);
}

static enum vk_err copy_text(const struct sim_vat_store *store, struct vk_str text,
                             struct vk_str *out) {
    char *p = store->heap->alloc(store->heap->impl, text.n + 1);
    if (!p) return VK_RAISE(VK_ERR_NOMEM, "%zu bytes of a simulated vatstore", text.n);
    if (text.n) memcpy(p, text.p, text.n);
    p[text.n] = '\0';
    *out = (struct vk_str){p, text.n};
    return VK_OK;
}

/* Makes room for one item more. */
static enum vk_err reserve(const struct sim_vat_store *store, void **at, size_t count,
                           size_t *capacity, size_t size) {
    const struct vk_heap *heap = store->heap;
    if (count < *capacity) return VK_OK;
    size_t more = *capacity ? *capacity * 2 : 8;
    void *grown = *at ? heap->resize(heap->impl, *at, *capacity * size, more * size)
                      : heap->alloc(heap->impl, more * size);
    if (!grown) return VK_RAISE(VK_ERR_NOMEM, "a simulated vatstore of %zu pairs", more);
    *at = grown;
    *capacity = more;
    return VK_OK;
}

void sim_vat_store_begin(struct sim_vat_store *store) {
    for (size_t i = 0; i < store->changed_count; i++)
        drop_text(store, store->changed[i]);
    store->changed_count = 0;
}

void sim_vat_store_clear(struct sim_vat_store *store) {
    sim_vat_store_begin(store);
    for (size_t i = 0; i < store->count; i++) {
        drop_text(store, store->at[i].key);
        drop_text(store, store->at[i].value);
    }
    store->count = 0;
}

void sim_vat_store_release(struct sim_vat_store *store) {
    const struct vk_heap *heap = store->heap;
    sim_vat_store_clear(store);
    if (store->at) heap->free(heap->impl, store->at, store->capacity * sizeof *store->at);
    if (store->changed)
        heap->free(heap->impl, store->changed, store->changed_capacity * sizeof *store->changed);
    sim_vat_store_init(store, heap);
}

/* ---- reading */

/* The place of the first key that is not before `key`; whether it is that very key. */
static bool find(const struct sim_vat_store *store, struct vk_str key, size_t *place) {
    size_t low = 0, high = store->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (vk_str_cmp(store->at[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *place = low;
    return low < store->count && vk_str_eq(store->at[low].key, key);
}

struct vk_str sim_vat_store_get(const struct sim_vat_store *store, struct vk_str key) {
    size_t place;
    return find(store, key, &place) ? store->at[place].value : VK_STR_NONE;
}

struct vk_str sim_vat_store_next(const struct sim_vat_store *store, struct vk_str key) {
    size_t place;
    place = find(store, key, &place) ? place + 1 : place;
    return place < store->count ? store->at[place].key : VK_STR_NONE;
}

/* ---- changing */

static enum vk_err note_change(struct sim_vat_store *store, struct vk_str key) {
    void *at = store->changed;
    for (size_t i = 0; i < store->changed_count; i++)
        if (vk_str_eq(store->changed[i], key)) return VK_OK;
    VK_TRY(reserve(store, &at, store->changed_count, &store->changed_capacity,
                   sizeof *store->changed));
    store->changed = at;
    VK_TRY(copy_text(store, key, &store->changed[store->changed_count]));
    store->changed_count++;
    return VK_OK;
}

static void delete_at(struct sim_vat_store *store, size_t place) {
    drop_text(store, store->at[place].key);
    drop_text(store, store->at[place].value);
    store->count--;
    memmove(&store->at[place], &store->at[place + 1], (store->count - place) * sizeof *store->at);
}

static enum vk_err insert_at(struct sim_vat_store *store, size_t place, struct vk_str key,
                             struct vk_str value) {
    void *at = store->at;
    struct sim_vat_pair pair = {0};
    VK_TRY(reserve(store, &at, store->count, &store->capacity, sizeof *store->at));
    store->at = at;
    VK_TRY(copy_text(store, key, &pair.key));
    enum vk_err err = copy_text(store, value, &pair.value);
    if (err != VK_OK) {
        drop_text(store, pair.key);
        return err;
    }
    memmove(&store->at[place + 1], &store->at[place], (store->count - place) * sizeof *store->at);
    store->at[place] = pair;
    store->count++;
    return VK_OK;
}

enum vk_err sim_vat_store_change(struct sim_vat_store *store, struct vk_str key,
                                 struct vk_str value) {
    size_t place;
    struct vk_str copy;
    VK_TRY(note_change(store, key));
    bool found = find(store, key, &place);
    if (!value.p) {
        if (found) delete_at(store, place);
        return VK_OK;
    }
    if (!found) return insert_at(store, place, key, value);
    VK_TRY(copy_text(store, value, &copy));
    drop_text(store, store->at[place].value);
    store->at[place].value = copy;
    return VK_OK;
}

enum vk_err sim_vat_store_changes(const struct sim_vat_store *store, struct vk_arena *arena,
                                  const struct vk_vatstore_change **out, size_t *count) {
    struct vk_vatstore_change *changes;
    VK_TRY(VK_NEW_ARRAY(arena, &changes, store->changed_count));
    for (size_t i = 0; i < store->changed_count; i++) {
        struct vk_str value = sim_vat_store_get(store, store->changed[i]);
        changes[i] = (struct vk_vatstore_change){0};
        VK_TRY(vk_arena_copy(arena, store->changed[i], &changes[i].key));
        if (value.p) VK_TRY(vk_arena_copy(arena, value, &changes[i].value));
    }
    *out = changes;
    *count = store->changed_count;
    return VK_OK;
}

/* ---- text */

void sim_vat_store_write(const struct sim_vat_store *store, struct vk_buf *buf) {
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < store->count; i++) {
        vk_buf_add(buf, i ? VK_STR(",[") : VK_STR("["));
        vk_json_quote(buf, store->at[i].key);
        vk_buf_char(buf, ',');
        vk_json_quote(buf, store->at[i].value);
        vk_buf_char(buf, ']');
    }
    vk_buf_char(buf, ']');
}

static enum vk_err read_pairs(struct sim_vat_store *store, const struct vk_json *json) {
    if (!vk_json_is(json, VK_JSON_ARRAY)) return VK_RAISE(VK_ERR_SYNTAX, "no vatstore");
    for (const struct vk_json *pair = json->first; pair; pair = pair->next) {
        struct vk_str key = vk_json_string(vk_json_at(pair, 0));
        struct vk_str value = vk_json_string(vk_json_at(pair, 1));
        if (!key.p || !value.p) return VK_RAISE(VK_ERR_SYNTAX, "no pair of a vatstore");
        VK_TRY(sim_vat_store_change(store, key, value));
    }
    sim_vat_store_begin(store);
    return VK_OK;
}

enum vk_err sim_vat_store_read(struct sim_vat_store *store, struct vk_str text) {
    struct vk_arena arena;
    const struct vk_json *json;
    sim_vat_store_clear(store);
    vk_arena_init(&arena, store->heap);
    enum vk_err err = vk_json_parse(&arena, text, &json);
    if (err == VK_OK) err = read_pairs(store, json);
    vk_arena_release(&arena);
    return err;
}
