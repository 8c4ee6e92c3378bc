/* store.h - the swing-store: key-value state, transcripts, snapshots, bundles, and the transactions
 * that hold them together.
 *
 * The database is the swing-store's own (tables kvStore, transcriptItems, transcriptSpans, snapshots, bundles,
 * pendingExports): one written here opens there and the other way round. Two modes, one interface, one trace:
 *   VK_STORE_DIRECT      every write is SQLite's and crank savepoints are SQLite's savepoints;
 *   VK_STORE_WRITE_BACK  an ordered overlay in memory with an undo log of its own; SQLite sees one
 *                        transaction a block.
 *
 * INV-STORE-1  A savepoint is established only inside a crank and inside a transaction.
 * INV-STORE-2  After a rollback every table reads as it did when the savepoint was established.
 * INV-STORE-3  The crankhash covers every consensus write since the crank's start or the last emit,
 *              rolled back or not, in order; activityhash itself, `local.` and `host.` keys are not in it.
 * INV-STORE-4  Nothing is durable before vk_store_commit returns VK_OK; after it, all is.
 * INV-STORE-5  The incremental state hash equals the recomputed one.
 *
 * Answers to packages/swing-store/src of agoric-sdk. Keys and values may hold any bytes but must be UTF-8.
 * Texts that a function returns live in the arena that it was given.
 */
#ifndef VK_STORE_H
#define VK_STORE_H

#include "vk/ports.h"

struct vk_store;
struct vk_module;
/* The build of the kernel that this is (vk/module.h). */
const struct vk_module *vk_module(void);

enum vk_store_mode { VK_STORE_DIRECT, VK_STORE_WRITE_BACK };

struct vk_store_options {
    enum vk_store_mode mode;
    bool no_activity_hash; /* leave crankhash and activityhash alone, for speed */
    bool no_state_hash;    /* do not keep the per-crank state hash */
    bool keep_snapshots; /* keep the contents of superseded snapshots (swing-store's default: no) */
    bool drop_transcripts; /* delete the items of closed spans (swing-store's default: keep) */
    bool read_only;        /* never write to the file, not even its journal mode */
};

/* Opens the database of ports->disk, creating its tables if it has none. `ports` must outlive the store.
 * VK_ERR_CORRUPT when it is no database or its tables are not the swing-store's. */
enum vk_err vk_store_open(const struct vk_ports *ports, const struct vk_store_options *options,
                          struct vk_store **out) VK_MUST_CHECK;
/* Makes all since the last commit durable. Not inside a crank. */
enum vk_err vk_store_commit(struct vk_store *store) VK_MUST_CHECK;
/* Closes, abandoning what was not committed. Frees the store whatever happens. */
void vk_store_close(struct vk_store *store);

/* ---- key-value */
enum vk_err vk_store_get(struct vk_store *store, struct vk_arena *arena, struct vk_str key,
                         struct vk_str *value) VK_MUST_CHECK; /* absent: VK_STR_NONE */
enum vk_err vk_store_has(struct vk_store *store, struct vk_str key, bool *has) VK_MUST_CHECK;
/* The first key after `prior` in byte order, or VK_STR_NONE. */
enum vk_err vk_store_next_key(struct vk_store *store, struct vk_arena *arena, struct vk_str prior,
                              struct vk_str *next) VK_MUST_CHECK;
/* Traced and hashed. `host.` keys are refused (VK_ERR_USAGE), as kernelKVStore does. */
enum vk_err vk_store_set(struct vk_store *store, struct vk_str key, struct vk_str value)
    VK_MUST_CHECK;
/* Traced and hashed even if there is no such key. */
enum vk_err vk_store_delete(struct vk_store *store, struct vk_str key) VK_MUST_CHECK;
/* The host's own keys (`host.` only): neither traced nor hashed. */
enum vk_err vk_store_host_set(struct vk_store *store, struct vk_str key, struct vk_str value)
    VK_MUST_CHECK;

/* ---- cranks */
enum vk_savepoint { VK_SAVEPOINT_START, VK_SAVEPOINT_DELIVER };
#define VK_HASH_HEX 65 /* 64 hex digits and a NUL */

enum vk_err vk_store_start_crank(struct vk_store *store) VK_MUST_CHECK;
enum vk_err vk_store_savepoint(struct vk_store *store, enum vk_savepoint savepoint) VK_MUST_CHECK;
/* Back to a savepoint of this crank, which is gone afterwards, with all later ones. */
enum vk_err vk_store_rollback(struct vk_store *store, enum vk_savepoint savepoint) VK_MUST_CHECK;
/* emitCrankHashes(): in a crank or outside. With no_activity_hash both come back as "". */
enum vk_err vk_store_emit_hashes(struct vk_store *store, char crankhash[VK_HASH_HEX],
                                 char activityhash[VK_HASH_HEX]) VK_MUST_CHECK;
enum vk_err vk_store_end_crank(struct vk_store *store) VK_MUST_CHECK;
/* Abandons the crank in hand after a host's failure: state as before its start (its trace stays). The store is
 * then fit only to be closed or read. Outside a crank: nothing. */
void vk_store_abandon_crank(struct vk_store *store);

/* The order-independent XXH3-128 sum over the consensus keys but activityhash (which is history, not state). */
struct vk_state_hash {
    uint64_t low, high;
};
struct vk_state_hash vk_store_state_hash(const struct vk_store *store);
enum vk_err vk_store_recompute_state_hash(struct vk_store *store, struct vk_state_hash *out)
    VK_MUST_CHECK;

/* ---- transcripts */
struct vk_span {
    uint64_t start; /* inclusive */
    uint64_t end;   /* exclusive */
    uint64_t incarnation;
    char hash[VK_HASH_HEX];
};

enum vk_err vk_transcript_init(struct vk_store *store, struct vk_str vat) VK_MUST_CHECK;
enum vk_err vk_transcript_add(struct vk_store *store, struct vk_str vat, struct vk_str item)
    VK_MUST_CHECK;
/* The current span; VK_ERR_CORRUPT if the vat has none. */
enum vk_err vk_transcript_current(struct vk_store *store, struct vk_str vat, struct vk_span *out)
    VK_MUST_CHECK;
/* One item of the current span, by its position. */
enum vk_err vk_transcript_item(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                               uint64_t position, struct vk_str *item) VK_MUST_CHECK;
enum vk_err vk_transcript_rollover_span(struct vk_store *store, struct vk_str vat) VK_MUST_CHECK;
enum vk_err vk_transcript_rollover_incarnation(struct vk_store *store, struct vk_str vat,
                                               uint64_t *incarnation) VK_MUST_CHECK;
/* Idempotent. */
enum vk_err vk_transcript_stop(struct vk_store *store, struct vk_str vat) VK_MUST_CHECK;
/* Deletes up to `budget` spans with their items, newest first (VK_UNLIMITED: all). */
enum vk_err vk_transcript_delete(struct vk_store *store, struct vk_str vat, uint64_t budget,
                                 uint64_t *cleanups, bool *done) VK_MUST_CHECK;

/* ---- snapshots */
struct vk_snapshot_info {
    uint64_t position;
    char hash[VK_HASH_HEX];
    uint64_t uncompressed_size;
    uint64_t compressed_size;
};

/* Stores an image (gzip-compressed) as the vat's current one. `hash` names it. */
enum vk_err vk_snapshot_save(struct vk_store *store, struct vk_str vat, uint64_t position,
                             const char *hash, struct vk_str image, struct vk_snapshot_info *info)
    VK_MUST_CHECK;
/* The current one; *found false if there is none. */
enum vk_err vk_snapshot_current(struct vk_store *store, struct vk_str vat, bool *found,
                                struct vk_snapshot_info *info) VK_MUST_CHECK;
/* Its image, decompressed; VK_ERR_SNAPSHOT if it is missing, pruned or does not decompress to its size. */
enum vk_err vk_snapshot_load(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                             struct vk_str *image) VK_MUST_CHECK;
enum vk_err vk_snapshot_stop(struct vk_store *store, struct vk_str vat) VK_MUST_CHECK;
enum vk_err vk_snapshot_delete(struct vk_store *store, struct vk_str vat, uint64_t budget,
                               uint64_t *cleanups, bool *done) VK_MUST_CHECK;

/* ---- bundles */
/* VK_ERR_USAGE if it is there already. `bytes` may be empty where contents are not at hand. */
enum vk_err vk_bundle_add(struct vk_store *store, struct vk_str id, struct vk_str bytes)
    VK_MUST_CHECK;
enum vk_err vk_bundle_has(struct vk_store *store, struct vk_str id, bool *has) VK_MUST_CHECK;
enum vk_err vk_bundle_get(struct vk_store *store, struct vk_arena *arena, struct vk_str id,
                          struct vk_str *bytes) VK_MUST_CHECK; /* absent: VK_STR_NONE */
enum vk_err vk_bundle_delete(struct vk_store *store, struct vk_str id) VK_MUST_CHECK;

/* Hands an event to the store's trace sink (the kernel's slog goes this way, in order with the writes). */
enum vk_err vk_store_trace(struct vk_store *store, const struct vk_trace_event *event)
    VK_MUST_CHECK;
/* Whether anybody wants slog entries. */
bool vk_store_wants_slog(const struct vk_store *store);

#endif
