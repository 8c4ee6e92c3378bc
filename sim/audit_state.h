/* audit_state.h - a whole state of a kernel in memory, sorted, to look at and not to change.
 *
 * INV-AUDIT-STATE-1  Keys are unique and in byte order; spans in the order of (vat, start),
 *                    snapshots of (vat, position), each unique.
 * INV-AUDIT-STATE-2  Items are folded into their span as they come (how many, the hash over them,
 *                    the first one) and not kept: a transcript may be larger than memory.
 * INV-AUDIT-STATE-3  The state owns all its texts.
 *
 * It does not judge: what is wrong in a state is the auditor's to say.
 */
#ifndef SIM_AUDIT_STATE_H
#define SIM_AUDIT_STATE_H

#include "vk/store.h"

struct audit_pair {
    struct vk_str key;
    struct vk_str value;
};

struct audit_span {
    struct vk_str vat;
    uint64_t start; /* inclusive */
    uint64_t end;   /* exclusive */
    uint64_t incarnation;
    bool is_current;
    struct vk_str hash;
    /* From its items. */
    uint64_t item_count;
    bool item_of_other_incarnation;
    char items_hash[VK_HASH_HEX];
    struct vk_str first_item; /* the one at `start`, or absent */
};

struct audit_snapshot {
    struct vk_str vat;
    uint64_t position;
    bool in_use;
    struct vk_str hash;
};

/* An item that lies in no span. */
struct audit_stray_item {
    struct vk_str vat;
    uint64_t position;
};

struct audit_state {
    struct vk_arena arena;
    struct audit_pair *pairs;
    size_t pair_count, pair_capacity;
    struct audit_span *spans;
    size_t span_count, span_capacity;
    struct audit_snapshot *snapshots;
    size_t snapshot_count, snapshot_capacity;
    struct audit_stray_item *strays;
    size_t stray_count, stray_capacity;
    bool has_items;              /* items were read, even if there are none */
    size_t span_cursor;          /* the span of the newest item */
    uint64_t item_position_next; /* items of a vat come in ascending order */
};

void audit_state_init(struct audit_state *state, const struct vk_heap *heap);
void audit_state_release(struct audit_state *state);

/* Each copies its texts. VK_ERR_CORRUPT if INV-AUDIT-STATE-1 would not hold. */
enum vk_err audit_state_add_pair(struct audit_state *state, struct vk_str key, struct vk_str value)
    VK_MUST_CHECK;
enum vk_err audit_state_add_span(struct audit_state *state, struct vk_str vat,
                                 const struct vk_span *span, bool is_current) VK_MUST_CHECK;
enum vk_err audit_state_add_snapshot(struct audit_state *state, struct vk_str vat,
                                     uint64_t position, bool in_use, struct vk_str hash)
    VK_MUST_CHECK;
/* Only after all spans; in the order of (vat, position). */
enum vk_err audit_state_add_item(struct audit_state *state, struct vk_str vat, uint64_t position,
                                 uint64_t incarnation, struct vk_str item) VK_MUST_CHECK;

/* Reads all of a store, which must not be within a crank. */
enum vk_err audit_state_load(struct audit_state *state, struct vk_store *store, bool with_items)
    VK_MUST_CHECK;

/* The index of the first key that is not less than `key`. */
size_t audit_state_lower_bound(const struct audit_state *state, struct vk_str key);
/* The pair with that key, or NULL. */
const struct audit_pair *audit_state_find(const struct audit_state *state, struct vk_str key);

#endif
