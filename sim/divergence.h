/* divergence.h - where two runs that should have been the same first differ, and why: what `crankcase diff` answers.
 *
 * Filled in by diff_logs.c, diff_databases.c and diff_plans.c; told by reports/report_diff.c.
 *
 * INV-DIVERGENCE-1  All texts live in its arena, or are literals.
 */
#ifndef SIM_DIVERGENCE_H
#define SIM_DIVERGENCE_H

#include "array.h"
#include "vk/arena.h"
#include "vk/store.h"

/* NAME, word, in plain words, whether the two differ at all. */
#define SIM_DIVERGENCES(X)                                                                         \
    X(SAME, "same", "they are the same", false)                                                    \
    X(NOTHING, "nothing", "they have nothing in common that could be compared", false)             \
    X(LOCAL, "local", "all hashes are the same; only local keys differ, which no hash covers",     \
      false)                                                                                       \
    X(STATE, "state", "the state differs", true)                                                   \
    X(METER, "meter", "only what a delivery cost differs", true)                                   \
    X(ORDER, "order", "the same writes come in another order; the state is the same", true)        \
    X(UNDONE, "undone",                                                                            \
      "only writes differ that were undone or written over; the state is the same", true)          \
    X(HASH, "hash", "a hash differs, though no write does", true)                                  \
    X(UNSEEN, "unseen",                                                                            \
      "the hash differs, by writes of the kernel's own that a slog does not show", true)           \
    X(EARLIER, "earlier", "the states differ already before the first crank that both have", true) \
    X(RECORD, "record", "all hashes are the same; the records of a crank differ", true)            \
    X(HOST, "host", "the host did something else", true)                                           \
    X(ENDS, "ends", "the runs end in different ways", true)

enum sim_divergence_kind {
#define SIM_DIVERGENCE_ENUM(name, word, text, differs) SIM_DIVERGENCE_##name,
    SIM_DIVERGENCES(SIM_DIVERGENCE_ENUM)
#undef SIM_DIVERGENCE_ENUM
};

const char *sim_divergence_word(enum sim_divergence_kind kind);
const char *sim_divergence_text(enum sim_divergence_kind kind);
bool sim_divergence_differs(enum sim_divergence_kind kind);

/* An entry or a write, as the two sides have it. VK_STR_NONE: that side has none. */
struct sim_divergent_pair {
    bool present;
    size_t number; /* of the write in the crank, from 1 */
    struct vk_str key, meaning;
    struct vk_str text[2], by[2];
    size_t line[2];
};

struct sim_divergent_key {
    struct vk_str key, meaning;
    struct vk_str value[2]; /* VK_STR_NONE: no such key */
    struct vk_str by[2];    /* VK_STR_NONE: not written in the crank */
    struct vk_str before;   /* "crank 12": that wrote it before both; VK_STR_NONE: not known */
};

struct sim_divergent_event {
    int side;
    uint64_t crank;
    bool in_crank, is_fault;
    size_t line;
    struct vk_str text;
};

struct sim_ancestor {
    bool is_host;
    bool has_crank;
    uint64_t crank;
    size_t line;
    struct vk_str text; /* "delivery of send to v7: ko31.foo(...), result kp45" */
    struct vk_str via;  /* "syscall 2 (send)": what of it led to the one before */
};

struct sim_divergence_side {
    struct vk_str name; /* the file, or "replica 1 of FILE" */
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    size_t line; /* where the crank begins; 0: no line */
    uint64_t cranks, restarts, repeated;
};

struct sim_divergence {
    struct vk_arena arena;
    enum sim_divergence_kind kind;
    struct sim_divergence_side sides[2];
    uint64_t compared; /* cranks that both have */
    bool has_same;     /* the last crank that was the same */
    uint64_t same_crank;
    char same_activityhash[VK_HASH_HEX];
    bool has_crank; /* the first that differs */
    bool is_host_call;
    uint64_t crank; /* a host call: before it */
    struct vk_str crank_type, message_type, vat, message;
    bool has_delivery;
    uint64_t delivery;
    struct sim_divergent_pair entry, write;
    bool writes_inferred;
    struct {
        SIM_ARRAY(struct sim_divergent_key);
    } keys;
    uint64_t more_keys; /* that differ and are not listed */
    struct {
        SIM_ARRAY(struct sim_divergent_event);
    } events;
    struct {
        SIM_ARRAY(struct sim_ancestor);
    } ancestors;
    struct {
        SIM_ARRAY(struct vk_str);
    } notes;
};

void sim_divergence_init(struct sim_divergence *divergence);
void sim_divergence_release(struct sim_divergence *divergence);
/* One more sentence. */
enum vk_err sim_divergence_note(struct sim_divergence *divergence, const char *format, ...)
    __attribute__((format(printf, 2, 3))) VK_MUST_CHECK;

#endif
