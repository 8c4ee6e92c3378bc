/* shrink_memo.c - see shrink_memo.h. */
#include "shrink_memo.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CAPACITY_MIN = 1024 };

struct sim_shrink_hash sim_shrink_hash(struct vk_str text) {
    XXH128_hash_t hash = XXH3_128bits(text.p, text.n);
    return (struct sim_shrink_hash){hash.low64, hash.high64};
}

/* Where it is, or would be. */
static size_t slot_of(const struct sim_shrink_memo *memo, struct sim_shrink_hash hash) {
    size_t i = (size_t)hash.low & (memo->capacity - 1);
    while (memo->slots[i].low || memo->slots[i].high) {
        if (memo->slots[i].low == hash.low && memo->slots[i].high == hash.high) break;
        i = (i + 1) & (memo->capacity - 1);
    }
    return i;
}

bool sim_shrink_memo_has(const struct sim_shrink_memo *memo, struct sim_shrink_hash hash) {
    if (memo->capacity == 0) return false;
    size_t i = slot_of(memo, hash);
    return memo->slots[i].low || memo->slots[i].high;
}

static enum vk_err grow(struct sim_shrink_memo *memo) {
    struct sim_shrink_memo more = {.count = memo->count,
                                   .capacity = memo->capacity ? memo->capacity * 2 : CAPACITY_MIN};
    more.slots = calloc(more.capacity, sizeof *more.slots);
    if (!more.slots) return VK_RAISE(VK_ERR_NOMEM, "%zu plans tried", memo->count);
    for (size_t i = 0; i < memo->capacity; i++)
        if (memo->slots[i].low || memo->slots[i].high)
            more.slots[slot_of(&more, memo->slots[i])] = memo->slots[i];
    free(memo->slots);
    *memo = more;
    return VK_OK;
}

enum vk_err sim_shrink_memo_add(struct sim_shrink_memo *memo, struct sim_shrink_hash hash) {
    if (sim_shrink_memo_has(memo, hash)) return VK_OK;
    if (memo->count * 2 >= memo->capacity) VK_TRY(grow(memo));
    memo->slots[slot_of(memo, hash)] = hash;
    memo->count++;
    VK_ASSERT(memo->count < memo->capacity); /* slot_of comes to an end */
    return VK_OK;
}

void sim_shrink_memo_release(struct sim_shrink_memo *memo) {
    free(memo->slots);
    *memo = (struct sim_shrink_memo){0};
}
