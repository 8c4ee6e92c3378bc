/* store_state.h - what a store is, and what its two modes do differently.
 *
 * The logic of cranks, transcripts, snapshots and bundles, the trace and the hashes are written
 * once, over the few operations below; a mode is a table of them. Private to store/.
 */
#ifndef VK_STORE_STORE_STATE_H
#define VK_STORE_STORE_STATE_H

#include "gzip.h"
#include "hasher.h"
#include "overlay.h"
#include "sql.h"
#include "state_hash.h"

/* Key-value operations without trace and crank hash; they keep store->state_hash. */
struct vk_kv_ops {
    enum vk_err (*get)(struct vk_store *store, struct vk_arena *arena, struct vk_str key,
                       struct vk_str *value);
    enum vk_err (*has)(struct vk_store *store, struct vk_str key, bool *has);
    enum vk_err (*next)(struct vk_store *store, struct vk_arena *arena, struct vk_str prior,
                        struct vk_str *next);
    enum vk_err (*set)(struct vk_store *store, struct vk_str key, struct vk_str value);
    enum vk_err (*remove)(struct vk_store *store, struct vk_str key);
    enum vk_err (*recompute)(struct vk_store *store, struct vk_state_hash *out);
};

struct vk_crank_mark {
    enum vk_savepoint savepoint;
    struct vk_state_hash state_hash;
    struct vk_undo_record *undone_to; /* write-back */
};

struct vk_txn_ops {
    enum vk_err (*begin)(struct vk_store *store, struct vk_crank_mark *mark);
    enum vk_err (*savepoint)(struct vk_store *store, size_t depth, struct vk_crank_mark *mark);
    enum vk_err (*rollback)(struct vk_store *store, size_t depth, const struct vk_crank_mark *mark);
    enum vk_err (*end)(struct vk_store *store);
    void (*abandon)(struct vk_store *store, const struct vk_crank_mark *mark);
    enum vk_err (*commit)(struct vk_store *store);
};

struct vk_transcript_ops {
    enum vk_err (*current)(struct vk_store *store, struct vk_str vat, bool *found,
                           struct vk_span *span);
    /* The span with the highest start not above at_most. */
    enum vk_err (*floor)(struct vk_store *store, struct vk_str vat, uint64_t at_most, bool *found,
                         struct vk_span *span);
    /* A new current span; there is none. */
    enum vk_err (*open)(struct vk_store *store, struct vk_str vat, const struct vk_span *span);
    /* The current span with one item more, as it is then. */
    enum vk_err (*append)(struct vk_store *store, struct vk_str vat, const struct vk_span *span,
                          struct vk_str item);
    /* The current span is so no longer; its items go if `drop`. */
    enum vk_err (*retire)(struct vk_store *store, struct vk_str vat, const struct vk_span *span,
                          bool drop);
    enum vk_err (*item)(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                        uint64_t position, struct vk_str *item);
    /* One span with its items; all of a vat's spans and items. */
    enum vk_err (*remove)(struct vk_store *store, struct vk_str vat, const struct vk_span *span);
    enum vk_err (*wipe)(struct vk_store *store, struct vk_str vat);
};

struct vk_snapshot_ops {
    enum vk_err (*current)(struct vk_store *store, struct vk_str vat, bool *found,
                           struct vk_snapshot_info *info);
    enum vk_err (*floor)(struct vk_store *store, struct vk_str vat, uint64_t at_most, bool *found,
                         uint64_t *position);
    /* A new current snapshot, over one at the same position; none is current. */
    enum vk_err (*put)(struct vk_store *store, struct vk_str vat,
                       const struct vk_snapshot_info *info, struct vk_str compressed);
    /* The current snapshot is so no longer; its contents go unless `keep`. */
    enum vk_err (*retire)(struct vk_store *store, struct vk_str vat,
                          const struct vk_snapshot_info *info, bool keep);
    /* The contents, in `arena`; VK_STR_NONE if pruned. */
    enum vk_err (*image)(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                         uint64_t position, struct vk_str *compressed);
    enum vk_err (*remove)(struct vk_store *store, struct vk_str vat, uint64_t position);
    enum vk_err (*wipe)(struct vk_store *store, struct vk_str vat);
};

enum vk_bundle_state { VK_BUNDLE_ABSENT, VK_BUNDLE_PRUNED, VK_BUNDLE_HERE };

struct vk_bundle_ops {
    /* `bytes` may be NULL: not wanted. */
    enum vk_err (*get)(struct vk_store *store, struct vk_arena *arena, struct vk_str id,
                       enum vk_bundle_state *state, struct vk_str *bytes);
    enum vk_err (*add)(struct vk_store *store, struct vk_str id, struct vk_str bytes);
    enum vk_err (*remove)(struct vk_store *store, struct vk_str id);
};

struct vk_store_mode_ops {
    const struct vk_kv_ops *kv;
    const struct vk_txn_ops *txn;
    const struct vk_transcript_ops *transcripts;
    const struct vk_snapshot_ops *snapshots;
    const struct vk_bundle_ops *bundles;
    /* Loads what the mode keeps in memory, and the state hash. */
    enum vk_err (*load)(struct vk_store *store);
};

struct vk_store {
    const struct vk_module *module; /* the first member: INV-MODULE-1 */
    const struct vk_ports *ports;
    struct vk_store_options options;
    const struct vk_store_mode_ops *mode;
    struct vk_sql sql;

    bool in_crank;
    bool abandoned; /* after vk_store_abandon_crank: reading only */
    size_t mark_count;
    struct vk_crank_mark crank_mark; /* the state at the crank's start */
    struct vk_crank_mark marks[VK_SAVEPOINT_DEPTH_MAX];

    struct evp_md_st *digest;
    struct vk_hasher crank_hasher;
    struct vk_hasher hasher; /* for all that is hashed in one go */
    struct vk_state_hash state_hash;

    struct vk_slab slab;
    struct vk_undo undo;
    struct vk_overlay kv;   /* write-back: the whole of kvStore */
    struct vk_overlay rows; /* write-back: pending rows of the other tables; see rows.h */
    int64_t data_version;   /* write-back: changes when somebody else commits */

    struct vk_arena scratch; /* cleared at the end of each function that uses it */
    struct vk_gzip gzip;
};

extern const struct vk_store_mode_ops vk_store_direct;
extern const struct vk_store_mode_ops vk_store_write_back;
extern const struct vk_kv_ops vk_kv_sql, vk_kv_overlay;
extern const struct vk_transcript_ops vk_transcript_sql, vk_transcript_overlay;
extern const struct vk_snapshot_ops vk_snapshot_sql, vk_snapshot_overlay;
extern const struct vk_bundle_ops vk_bundle_sql, vk_bundle_overlay;

/* VK_ERR_USAGE unless the store may be written to. */
enum vk_err vk_store_writable(const struct vk_store *store) VK_MUST_CHECK;

static inline enum vk_err vk_store_emit(const struct vk_store *store, enum vk_trace_type type,
                                        struct vk_str key, struct vk_str value) {
    const struct vk_trace *trace = store->ports->trace;
    if (!trace) return VK_OK;
    struct vk_trace_event event = {.type = type, .key = key, .value = value};
    return trace->event(trace->impl, &event);
}

#endif
