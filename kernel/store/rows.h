/* rows.h - the write-back mode's pending rows of transcripts, snapshots and bundles.
 *
 * They are entries of one overlay, so that savepoints, rollback and reaping are those of the
 * key-value state. A row that has no live entry is as the database has it; a row deleted in this
 * block has an entry that says so.
 *
 * INV-ROWS-1  After a commit only what merely repeats the database is left (current spans and
 *             snapshots).
 * INV-ROWS-2  Rows are written in the order of enum vk_row_phase: a unique key is given up before
 *             it is taken.
 * INV-ROWS-4  Whatever asks for the current row of a name, its newest one or a bundle checks the name, and nothing else is
 *             asked of a name before that.
 */
#ifndef VK_STORE_ROWS_H
#define VK_STORE_ROWS_H

#include "vk/store.h"

struct vk_entry;

/* The first byte of an entry's key. */
enum vk_row_kind {
    VK_ROW_TRANSCRIPT_WIPE = 'W',  /* vat: no row of the database's counts */
    VK_ROW_ITEMS_GONE = 'G',       /* vat, from: value the end; items of the database's deleted */
    VK_ROW_SPAN = 'P',             /* vat, start: struct vk_span_row; not the current span */
    VK_ROW_SPAN_CURRENT = 'T',     /* vat: struct vk_span_row; deleted: there is none */
    VK_ROW_ITEM = 'I',             /* vat, position: incarnation, then the item */
    VK_ROW_SNAPSHOT_WIPE = 'X',    /* vat */
    VK_ROW_SNAPSHOT = 'R',         /* vat, position: struct vk_snapshot_row, then the contents */
    VK_ROW_SNAPSHOT_CURRENT = 'S', /* vat: struct vk_snapshot_current */
    VK_ROW_BUNDLE = 'B',           /* id: one byte, whether it is deleted; then the bytes */
};

enum vk_row_phase {
    VK_ROW_PHASE_CLEAR,
    VK_ROW_PHASE_RETIRE,
    VK_ROW_PHASE_WRITE,
    VK_ROW_PHASE_COUNT
};

struct vk_span_row {
    struct vk_span span;
    bool deleted;
};

enum vk_snapshot_contents {
    VK_SNAPSHOT_HERE,   /* behind the row */
    VK_SNAPSHOT_KEPT,   /* what the database has */
    VK_SNAPSHOT_PRUNED, /* none */
};

struct vk_snapshot_row {
    struct vk_snapshot_info info;
    enum vk_snapshot_contents contents;
    bool in_use;
    bool deleted;
};

struct vk_snapshot_current {
    struct vk_snapshot_info info;
    bool present;
};

enum { VK_ROW_NAME_MAX = 512, VK_ROW_KEY_MAX = VK_ROW_NAME_MAX + 16 };

/* A key in the caller's buffer. */
struct vk_row_key {
    struct vk_str key;
    char bytes[VK_ROW_KEY_MAX];
};

/* VK_ERR_USAGE if a name has more than VK_ROW_NAME_MAX bytes. */
enum vk_err vk_row_name_check(struct vk_str name) VK_MUST_CHECK;
/* Of a vat (or bundle) whose name is checked, or of one of its rows. Keys of one kind and vat are in the order of
 * their positions. */
void vk_row_key_vat(struct vk_row_key *key, enum vk_row_kind kind, struct vk_str vat);
void vk_row_key_at(struct vk_row_key *key, enum vk_row_kind kind, struct vk_str vat,
                   uint64_t position);
/* What a key is of. */
enum vk_row_kind vk_row_kind_of(struct vk_str key);
struct vk_str vk_row_name_of(struct vk_str key);
uint64_t vk_row_position_of(struct vk_str key);
/* Whether `key` is of that kind and vat (and, so, has a position if they have). */
bool vk_row_same_vat(struct vk_str key, const struct vk_row_key *other);

/* The live entry, or NULL: the row is as the database has it. */
struct vk_entry *vk_row_get(struct vk_store *store, const struct vk_row_key *key);
/* Gives a row a value, `head` then `body`. */
enum vk_err vk_row_put(struct vk_store *store, const struct vk_row_key *key, struct vk_str head,
                       struct vk_str body) VK_MUST_CHECK;
/* All rows of a kind and vat from position `from` on, and below `to`, are again as the database
 * has them. */
enum vk_err vk_row_withdraw_range(struct vk_store *store, enum vk_row_kind kind, struct vk_str vat,
                                  uint64_t from, uint64_t to) VK_MUST_CHECK;

/* At commit: writes all pending rows inside the transaction; changes nothing in memory. */
enum vk_err vk_rows_write(struct vk_store *store) VK_MUST_CHECK;
/* After the commit. */
void vk_rows_committed(struct vk_store *store);

/* What one dirty entry has to write in one phase; by the kinds' own files. */
enum vk_err vk_transcript_row_write(struct vk_store *store, const struct vk_entry *entry,
                                    enum vk_row_phase phase) VK_MUST_CHECK;
enum vk_err vk_snapshot_row_write(struct vk_store *store, const struct vk_entry *entry,
                                  enum vk_row_phase phase) VK_MUST_CHECK;
enum vk_err vk_bundle_row_write(struct vk_store *store, const struct vk_entry *entry,
                                enum vk_row_phase phase) VK_MUST_CHECK;

#endif
