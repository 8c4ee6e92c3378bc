/* audit_state.c - building and searching the in-memory view of a state. See audit_state.h. */
#include "audit_state.h"

#include <openssl/evp.h>

#include "vk/module.h"

void audit_state_init(struct audit_state *state, const struct vk_heap *heap) {
    *state = (struct audit_state){0};
    vk_arena_init(&state->arena, heap);
}

void audit_state_release(struct audit_state *state) { vk_arena_release(&state->arena); }

/* Room for one more element in an array of the arena's. What is outgrown stays until the arena
 * goes: at most as much again as the array itself. */
static enum vk_err array_reserve(struct vk_arena *arena, void **array, size_t count,
                                 size_t *capacity, size_t element_size) {
    if (count < *capacity) return VK_OK;
    size_t wanted = *capacity ? *capacity * 2 : 64;
    char *grown =
        wanted <= SIZE_MAX / element_size / 2 ? vk_arena_alloc(arena, wanted * element_size) : NULL;
    if (!grown) return VK_RAISE(VK_ERR_NOMEM, "audit: a table of %zu rows", wanted);
    if (count) memcpy(grown, *array, count * element_size);
    *array = grown;
    *capacity = wanted;
    return VK_OK;
}

#define ARRAY_RESERVE(state, name, type)                                                           \
    do {                                                                                           \
        void *array_ = (state)->name##s;                                                           \
        VK_TRY(array_reserve(&(state)->arena, &array_, (state)->name##_count,                      \
                             &(state)->name##_capacity, sizeof(type)));                            \
        (state)->name##s = array_;                                                                 \
    } while (0)

enum vk_err audit_state_add_pair(struct audit_state *state, struct vk_str key,
                                 struct vk_str value) {
    if (state->pair_count && vk_str_cmp(state->pairs[state->pair_count - 1].key, key) >= 0)
        return VK_RAISE(VK_ERR_CORRUPT, "key %.*s is out of order", VK_STR_ARG(key));
    ARRAY_RESERVE(state, pair, struct audit_pair);
    struct audit_pair *pair = &state->pairs[state->pair_count];
    VK_TRY(vk_arena_copy(&state->arena, key, &pair->key));
    VK_TRY(vk_arena_copy(&state->arena, value, &pair->value));
    state->pair_count++;
    return VK_OK;
}

static int vat_position_cmp(struct vk_str vat_a, uint64_t position_a, struct vk_str vat_b,
                            uint64_t position_b) {
    int order = vk_str_cmp(vat_a, vat_b);
    return order ? order : (position_a > position_b) - (position_a < position_b);
}

static enum vk_err sha256_hex(struct vk_str a, struct vk_str b, char hex[VK_HASH_HEX]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
              EVP_DigestUpdate(context, a.p, a.n) && EVP_DigestUpdate(context, b.p, b.n) &&
              EVP_DigestFinal_ex(context, digest, &size);
    EVP_MD_CTX_free(context);
    if (!ok) return VK_RAISE(VK_ERR_NOMEM, "audit: SHA-256 failed");
    VK_ASSERT(2 * size + 1 == VK_HASH_HEX); /* INV-AUDIT-STATE-4: SHA-256 has 64 hex digits */
    vk_str_hex(digest, size, hex);
    return VK_OK;
}

enum vk_err audit_state_add_span(struct audit_state *state, struct vk_str vat,
                                 const struct vk_span *span, bool is_current) {
    if (state->span_count) {
        const struct audit_span *last = &state->spans[state->span_count - 1];
        if (vat_position_cmp(last->vat, last->start, vat, span->start) >= 0)
            return VK_RAISE(VK_ERR_CORRUPT, "transcript span %.*s.%llu is out of order",
                            VK_STR_ARG(vat), (unsigned long long)span->start);
    }
    ARRAY_RESERVE(state, span, struct audit_span);
    struct audit_span *row = &state->spans[state->span_count];
    *row = (struct audit_span){.start = span->start,
                               .end = span->end,
                               .incarnation = span->incarnation,
                               .is_current = is_current};
    VK_TRY(vk_arena_copy(&state->arena, vat, &row->vat));
    VK_TRY(vk_arena_copy(&state->arena, vk_str(span->hash), &row->hash));
    VK_TRY(sha256_hex(VK_STR("start of transcript span"), VK_STR(""), row->items_hash));
    state->span_count++;
    return VK_OK;
}

enum vk_err audit_state_add_snapshot(struct audit_state *state, struct vk_str vat,
                                     uint64_t position, bool in_use, struct vk_str hash) {
    if (state->snapshot_count) {
        const struct audit_snapshot *last = &state->snapshots[state->snapshot_count - 1];
        if (vat_position_cmp(last->vat, last->position, vat, position) >= 0)
            return VK_RAISE(VK_ERR_CORRUPT, "snapshot %.*s.%llu is out of order", VK_STR_ARG(vat),
                            (unsigned long long)position);
    }
    ARRAY_RESERVE(state, snapshot, struct audit_snapshot);
    struct audit_snapshot *row = &state->snapshots[state->snapshot_count];
    *row = (struct audit_snapshot){.position = position, .in_use = in_use};
    VK_TRY(vk_arena_copy(&state->arena, vat, &row->vat));
    VK_TRY(vk_arena_copy(&state->arena, hash, &row->hash));
    state->snapshot_count++;
    return VK_OK;
}

/* updateSpanHash() of swing-store: the hash over the hash so far and the item's own. */
static enum vk_err span_fold_item(struct audit_state *state, struct audit_span *span,
                                  uint64_t position, uint64_t incarnation, struct vk_str item) {
    if (position == span->start) VK_TRY(vk_arena_copy(&state->arena, item, &span->first_item));
    if (incarnation != span->incarnation) span->item_of_other_incarnation = true;
    char item_hash[VK_HASH_HEX];
    VK_TRY(sha256_hex(item, VK_STR(""), item_hash));
    VK_TRY(sha256_hex(vk_str(span->items_hash), vk_str(item_hash), span->items_hash));
    span->item_count++;
    return VK_OK;
}

static bool span_lies_before(const struct audit_span *span, struct vk_str vat, uint64_t position) {
    int order = vk_str_cmp(span->vat, vat);
    return order < 0 || (order == 0 && span->end <= position);
}

enum vk_err audit_state_add_item(struct audit_state *state, struct vk_str vat, uint64_t position,
                                 uint64_t incarnation, struct vk_str item) {
    state->has_items = true;
    while (state->span_cursor < state->span_count &&
           span_lies_before(&state->spans[state->span_cursor], vat, position))
        state->span_cursor++;
    struct audit_span *span =
        state->span_cursor < state->span_count ? &state->spans[state->span_cursor] : NULL;
    if (span && vk_str_eq(span->vat, vat) && span->start <= position) {
        VK_ASSERT(position < span->end); /* INV-AUDIT-STATE-2: folded into its own span */
        return span_fold_item(state, span, position, incarnation, item);
    }
    ARRAY_RESERVE(state, stray, struct audit_stray_item);
    struct audit_stray_item *stray = &state->strays[state->stray_count];
    stray->position = position;
    VK_TRY(vk_arena_copy(&state->arena, vat, &stray->vat));
    state->stray_count++;
    return VK_OK;
}

static enum vk_err load_pair(void *impl, struct vk_str key, struct vk_str value) {
    return audit_state_add_pair(impl, key, value);
}

static enum vk_err load_span(void *impl, struct vk_str vat, const struct vk_span *span,
                             bool is_current) {
    return audit_state_add_span(impl, vat, span, is_current);
}

static enum vk_err load_item(void *impl, struct vk_str vat, uint64_t position, uint64_t incarnation,
                             struct vk_str item) {
    return audit_state_add_item(impl, vat, position, incarnation, item);
}

static enum vk_err load_snapshot(void *impl, struct vk_str vat, const struct vk_snapshot_info *info,
                                 bool in_use) {
    return audit_state_add_snapshot(impl, vat, info->position, in_use, vk_str(info->hash));
}

enum vk_err audit_state_load(struct audit_state *state, struct vk_store *store, bool with_items) {
    VK_ASSERT(!state->pair_count && !state->span_count); /* INV-AUDIT-STATE-5: loaded once */
    struct vk_store_scan scan = {.impl = state,
                                 .pair = load_pair,
                                 .span = load_span,
                                 .item = with_items ? load_item : NULL,
                                 .snapshot = load_snapshot};
    state->has_items = with_items;
    return vk_module_of(store)->store_scan(store, &scan);
}

size_t audit_state_lower_bound(const struct audit_state *state, struct vk_str key) {
    size_t low = 0, high = state->pair_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (vk_str_cmp(state->pairs[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    VK_ASSERT(low <= state->pair_count); /* INV-AUDIT-STATE-6: an index or one past the last */
    return low;
}

const struct audit_pair *audit_state_find(const struct audit_state *state, struct vk_str key) {
    size_t index = audit_state_lower_bound(state, key);
    if (index == state->pair_count || !vk_str_eq(state->pairs[index].key, key)) return NULL;
    return &state->pairs[index];
}
