/* vat_holdings.h - what a simulated vat holds: the vat's own side of its c-list.
 *
 * INV-HOLDINGS-1  After each syscall and delivery, what is held is what the kernel's c-list for the vat has
 *                 (promises that a kernel settled and has not told of yet are held as unresolved).
 * INV-HOLDINGS-2  The text says all of it, in order: read back, it picks the same operands.
 * INV-HOLDINGS-3  The number of an object or promise of the vat's own is never used twice, over all incarnations.
 */
#ifndef SIM_VAT_HOLDINGS_H
#define SIM_VAT_HOLDINGS_H

#include "vk/arena.h"

enum sim_ref_type {
    SIM_REF_IMPORT,      /* o-N */
    SIM_REF_EXPORT,      /* o+N, o+vK/N, o+dK/N: by its number; 0 is the root */
    SIM_REF_PROMISE,     /* p-N */
    SIM_REF_OWN_PROMISE, /* p+N */
    SIM_REF_DEVICE,      /* d-N */
};

struct sim_ref {
    enum sim_ref_type type;
    uint64_t n;
};

enum { SIM_REF_TEXT_MAX = 32 };

struct vk_str sim_ref_text(struct sim_ref ref, char text[SIM_REF_TEXT_MAX]);
/* False for what no simulated vat is given. */
bool sim_ref_parse(struct vk_str vref, struct sim_ref *ref);

static inline bool sim_ref_is_object(struct sim_ref ref) {
    return ref.type == SIM_REF_IMPORT || ref.type == SIM_REF_EXPORT;
}
static inline bool sim_ref_is_promise(struct sim_ref ref) {
    return ref.type == SIM_REF_PROMISE || ref.type == SIM_REF_OWN_PROMISE;
}
static inline bool sim_ref_eq(struct sim_ref a, struct sim_ref b) {
    return a.type == b.type && a.n == b.n;
}

/* NAME, its letter in the text. Operands are picked by their place in these lists. */
#define SIM_HELD(X)                                                                                \
    X(IMPORTS, 'i')         /* reachable */                                                        \
    X(DROPPED_IMPORTS, 'j') /* only recognizable */                                                \
    X(EXPORTS, 'e')         /* without the root */                                                 \
    X(DROPPED_EXPORTS, 'f') /* the kernel has dropped them */                                      \
    X(PROMISES, 'p')        /* unresolved, somebody else decides */                                \
    X(DECIDED, 'q')         /* unresolved, the vat decides */                                      \
    X(DEVICES, 'd')                                                                                \
    X(SUBSCRIBED, 's') /* promises that it waits for news of; those it decided itself too */       \
    X(VATS, 'v')       /* created: the numbers of their ids */                                     \
    X(METERS, 'm')     /* created */

enum sim_held {
#define SIM_HELD_ENUM(name, letter) SIM_HELD_##name,
    SIM_HELD(SIM_HELD_ENUM)
#undef SIM_HELD_ENUM
        SIM_HELD_COUNT
};

struct sim_ref_list {
    struct sim_ref *at;
    size_t count, capacity;
};

struct sim_holdings {
    const struct vk_heap *heap;
    struct sim_ref_list lists[SIM_HELD_COUNT];
    uint64_t next_object, next_promise; /* INV-HOLDINGS-3 */
};

void sim_holdings_init(struct sim_holdings *held, const struct vk_heap *heap);
void sim_holdings_release(struct sim_holdings *held);
/* Forgets everything and keeps the memory. */
void sim_holdings_clear(struct sim_holdings *held);

bool sim_held_in(const struct sim_holdings *held, enum sim_held list, struct sim_ref ref);
enum vk_err sim_held_add(struct sim_holdings *held, enum sim_held list, struct sim_ref ref)
    VK_MUST_CHECK;
/* False if it was not there. */
bool sim_held_remove(struct sim_holdings *held, enum sim_held list, struct sim_ref ref);

/* Whether the vat may name it in a syscall now: a reachable import, a device node, a promise that is not retired,
 * an export that is not gone. */
bool sim_holdings_may_name(const struct sim_holdings *held, struct sim_ref ref);
/* A slot came in with a delivery or a device's answer. */
enum vk_err sim_holdings_receive(struct sim_holdings *held, struct sim_ref ref) VK_MUST_CHECK;
/* The vat is to decide it: the result of a message. */
enum vk_err sim_holdings_receive_result(struct sim_holdings *held, struct sim_ref ref)
    VK_MUST_CHECK;
/* A slot went out in a syscall. A promise of its own that it has never named before is one that it decides. */
enum vk_err sim_holdings_send(struct sim_holdings *held, struct sim_ref ref) VK_MUST_CHECK;
/* A promise is settled, and its name gone. */
void sim_holdings_retire_promise(struct sim_holdings *held, struct sim_ref ref);

/* What an upgrade leaves to the next incarnation: durable exports, everything imported, no promise that it decides (answers to
 * processUpgradeVat in kernel.js). */
void sim_holdings_upgrade(struct sim_holdings *held);
/* Of the durable exports the new incarnation keeps the even ones. */
bool sim_ref_is_kept(struct sim_ref ref);

/* "7 5 i50,51 q-3" */
void sim_holdings_write(const struct sim_holdings *held, struct vk_buf *buf);
/* VK_ERR_SYNTAX if `text` is none. *held is then undefined but may be cleared. */
enum vk_err sim_holdings_read(struct sim_holdings *held, struct vk_str text) VK_MUST_CHECK;

#endif
