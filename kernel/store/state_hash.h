/* state_hash.h - the order-independent hash of the consensus state: a sum, mod 2^128, of one term a
 * key.
 *
 * INV-STATE-HASH-1  A term is the XXH3-128 of the key's length (8 bytes, little-endian), the key
 *                   and the value: no two pairs are the same bytes.
 * INV-STATE-HASH-2  `local.` and `host.` keys and activityhash have no term.
 */
#ifndef VK_STORE_STATE_HASH_H
#define VK_STORE_STATE_HASH_H

#include "vk/store.h"

enum vk_key_type { VK_KEY_CONSENSUS, VK_KEY_LOCAL, VK_KEY_HOST };

/* getKeyType() of swing-store's kvStore.js. */
static inline enum vk_key_type vk_key_type(struct vk_str key) {
    if (vk_str_starts(key, VK_STR("local."))) return VK_KEY_LOCAL;
    if (vk_str_starts(key, VK_STR("host."))) return VK_KEY_HOST;
    return VK_KEY_CONSENSUS;
}

/* Whether the key is part of the hashed state. */
static inline bool vk_state_hash_covers(struct vk_str key) {
    return vk_key_type(key) == VK_KEY_CONSENSUS && !vk_str_eq(key, VK_STR("activityhash"));
}

struct vk_state_hash vk_state_hash_term(struct vk_str key, struct vk_str value);
void vk_state_hash_add(struct vk_state_hash *sum, struct vk_state_hash term);
void vk_state_hash_subtract(struct vk_state_hash *sum, struct vk_state_hash term);

#endif
