/* state.h - what every durable noun works on: the store, the crank's arena, and the three things that
 * the kernel remembers between store accesses (statistics, the work list of possibly dead krefs, the terminated vats).
 *
 * INV-STATE-1  Everything remembered here can be rebuilt from the store between cranks, and is
 *              reloaded after a rollback (vk_state_reload).
 *
 * Keys are built from typed parts, KEY(VAT(v), LIT(".c."), KREF(k)), so that no caller concatenates strings.
 */
#ifndef VK_OBJECT_STATE_H
#define VK_OBJECT_STATE_H

#include "../base/slots.h"
#include "vk/store.h"

#include "dead_list.h"
#include "stats.h"

struct vk_state {
    struct vk_store *store;
    const struct vk_heap *heap;
    const struct vk_clock *clock; /* the slog's; NULL: entries carry no times */
    struct vk_arena *arena;       /* the crank's */
    struct vk_stats stats;
    struct vk_dead_list maybe_free;
    struct vk_vat_id *terminated; /* vats.terminated, in order */
    size_t terminated_count;
    size_t terminated_capacity;
};

enum vk_part_type { VK_PART_STR, VK_PART_VAT, VK_PART_DEVICE, VK_PART_KREF, VK_PART_U64 };

struct vk_part {
    enum vk_part_type type;
    struct vk_str str;
    struct vk_kref kref;
    uint64_t n;
};

#define LIT(literal) ((struct vk_part){.type = VK_PART_STR, .str = VK_STR(literal)})
#define TEXT(s) ((struct vk_part){.type = VK_PART_STR, .str = (s)})
#define VAT(id) ((struct vk_part){.type = VK_PART_VAT, .n = (id).n})
#define DEVICE(id) ((struct vk_part){.type = VK_PART_DEVICE, .n = (id).n})
#define KREF(k) ((struct vk_part){.type = VK_PART_KREF, .kref = (k)})
#define U64(v) ((struct vk_part){.type = VK_PART_U64, .n = (v)})
#define KEY(...)                                                                                   \
    (const struct vk_part[]){__VA_ARGS__},                                                         \
        sizeof((const struct vk_part[]){__VA_ARGS__}) / sizeof(struct vk_part)

/* Binds a state to a store; reads nothing yet. Release frees what it remembers. */
void vk_state_init(struct vk_state *state, struct vk_store *store, const struct vk_ports *ports,
                   struct vk_arena *arena);
void vk_state_release(struct vk_state *state);
/* Reads the remembered things anew: when a kernel starts, and after every rollback. The work list stays, as
 * it does in SwingSet. */
enum vk_err vk_state_reload(struct vk_state *state) VK_MUST_CHECK;

/* Joins the parts in the arena. */
enum vk_err vk_state_text(struct vk_state *state, struct vk_str *out, const struct vk_part *parts,
                          size_t count) VK_MUST_CHECK;

enum vk_err vk_state_get(struct vk_state *state, struct vk_str *value, const struct vk_part *parts,
                         size_t count) VK_MUST_CHECK;
/* VK_ERR_CORRUPT when the key is missing. */
enum vk_err vk_state_require(struct vk_state *state, struct vk_str *value,
                             const struct vk_part *parts, size_t count) VK_MUST_CHECK;
enum vk_err vk_state_require_u64(struct vk_state *state, uint64_t *value,
                                 const struct vk_part *parts, size_t count) VK_MUST_CHECK;
/* A number that is counted up and that JavaScript counts exactly: up to VK_COUNT_MAX, so that one more is never an
 * overflow. No kernel comes to a greater one. */
#define VK_COUNT_MAX ((UINT64_C(1) << 53) - 1)
bool vk_count_parse(struct vk_str text, uint64_t *out);
enum vk_err vk_state_require_count(struct vk_state *state, uint64_t *value,
                                   const struct vk_part *parts, size_t count) VK_MUST_CHECK;
enum vk_err vk_state_has(struct vk_state *state, bool *has, const struct vk_part *parts,
                         size_t count) VK_MUST_CHECK;
enum vk_err vk_state_set(struct vk_state *state, struct vk_str value, const struct vk_part *parts,
                         size_t count) VK_MUST_CHECK;
enum vk_err vk_state_set_u64(struct vk_state *state, uint64_t value, const struct vk_part *parts,
                             size_t count) VK_MUST_CHECK;
enum vk_err vk_state_delete(struct vk_state *state, const struct vk_part *parts, size_t count)
    VK_MUST_CHECK;
/* Takes the counter's value and writes the next one. */
enum vk_err vk_state_allocate_id(struct vk_state *state, uint64_t *id, const struct vk_part *parts,
                                 size_t count) VK_MUST_CHECK;

/* Walks the keys with a prefix in byte order (not the prefix itself), tolerating changes behind the cursor:
 * set key = the prefix to begin, then each call gives the next key or VK_STR_NONE. */
struct vk_key_walk {
    struct vk_str prefix;
    struct vk_str key;
};
enum vk_err vk_key_walk_begin(struct vk_state *state, struct vk_key_walk *walk,
                              const struct vk_part *parts, size_t count) VK_MUST_CHECK;
enum vk_err vk_key_walk_next(struct vk_state *state, struct vk_key_walk *walk) VK_MUST_CHECK;

/* Reads a value that must be JSON (VK_ERR_CORRUPT when it is not). */
enum vk_err vk_state_json(struct vk_state *state, const struct vk_json **out,
                          const struct vk_part *parts, size_t count) VK_MUST_CHECK;

#endif
