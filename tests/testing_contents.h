/* testing_contents.h - a model of the store: all that it has in it as plain arrays, copied whole at savepoints, which cannot
 * be wrong.
 *
 * Keys, vats and bundles are numbers here, and so are values (test_value). A function of the model's says what the store must
 * answer to the same call, and makes the change if that is VK_OK.
 *
 * What a savepoint, a crank's start and a commit have kept is never changed, but by being kept anew.
 */
#ifndef TESTING_CONTENTS_H
#define TESTING_CONTENTS_H

#include "testing_values.h"

#include <vk/store.h>

enum {
    CONTENTS_KEYS_MAX = 96,
    CONTENTS_HOST_KEYS = 3,
    CONTENTS_VATS = 3,
    CONTENTS_SPANS_MAX = 64,
    CONTENTS_ITEMS_MAX = 256,
    CONTENTS_SNAPSHOTS_MAX = 64,
    CONTENTS_BUNDLES = 5,
    CONTENTS_DEPTH_MAX = 4,
    CONTENTS_DIFFERS_MAX = 200,
    CONTENTS_NONE = -1,
};

struct contents_span {
    uint64_t start, end, incarnation;
    bool current;
    char hash[VK_HASH_HEX];
};

struct contents_snapshot {
    uint64_t position;
    int image;
    bool in_use;
};

struct contents_vat {
    size_t span_count; /* ascending starts */
    struct contents_span spans[CONTENTS_SPANS_MAX];
    int items[CONTENTS_ITEMS_MAX]; /* by position */
    size_t snapshot_count;         /* ascending positions */
    struct contents_snapshot snapshots[CONTENTS_SNAPSHOTS_MAX];
};

struct contents {
    int kv[CONTENTS_KEYS_MAX]; /* a value's number, or CONTENTS_NONE */
    int host[CONTENTS_HOST_KEYS];
    int bundles[CONTENTS_BUNDLES];
    char activityhash[VK_HASH_HEX]; /* "": none yet */
    struct contents_vat vats[CONTENTS_VATS];
};

struct contents_model {
    struct vk_store_options options;
    size_t key_count;
    char keys[CONTENTS_KEYS_MAX][24]; /* in byte order */
    struct contents now, committed, at_start /* of the crank */;
    struct contents saved[CONTENTS_DEPTH_MAX];
    enum vk_savepoint names[CONTENTS_DEPTH_MAX];
    size_t depth;
    bool in_crank;
    char *crank_text; /* what the crankhash is of; kept for the model's next use */
    size_t crank_text_n, crank_text_capacity;
};

/* An empty store's, of `key_count` keys. A model that is all zeroes, or was used before. */
void contents_begin(struct contents_model *model, size_t key_count,
                    const struct vk_store_options *options);
void contents_release(struct contents_model *model);

struct vk_str contents_vat_id(size_t v);
/* In one of a few static buffers. */
struct vk_str contents_host_key(size_t k);
struct vk_str contents_bundle(size_t b);

/* ---- key-value */
void contents_set(struct contents_model *model, size_t k, int number);
void contents_delete(struct contents_model *model, size_t k);
void contents_host_set(struct contents_model *model, size_t k, int number);
/* VK_STR_NONE: absent. */
struct vk_str contents_get(const struct contents_model *model, size_t k);
struct vk_str contents_next(const struct contents_model *model, struct vk_str prior);

/* ---- cranks */
enum vk_err contents_start_crank(struct contents_model *model) VK_MUST_CHECK;
enum vk_err contents_savepoint(struct contents_model *model, enum vk_savepoint name) VK_MUST_CHECK;
enum vk_err contents_rollback(struct contents_model *model, enum vk_savepoint name) VK_MUST_CHECK;
enum vk_err contents_end_crank(struct contents_model *model) VK_MUST_CHECK;
void contents_emit(struct contents_model *model, char crankhash[VK_HASH_HEX],
                   char activityhash[VK_HASH_HEX]);
enum vk_err contents_commit(struct contents_model *model) VK_MUST_CHECK;
/* Back to the last commit, whatever was going on. */
void contents_reopen(struct contents_model *model);

/* ---- transcripts and snapshots. Whether a vat has room for another item, span and snapshot is the caller's to ask. */
bool contents_has_room(const struct contents_model *model, size_t v);
enum vk_err contents_transcript_init(struct contents_model *model, size_t v) VK_MUST_CHECK;
enum vk_err contents_transcript_add(struct contents_model *model, size_t v, int number)
    VK_MUST_CHECK;
enum vk_err contents_rollover(struct contents_model *model, size_t v, bool upgrade,
                              uint64_t *incarnation) VK_MUST_CHECK;
void contents_transcript_stop(struct contents_model *model, size_t v);
void contents_transcript_delete(struct contents_model *model, size_t v, uint64_t budget,
                                uint64_t *cleanups, bool *done);
/* What is to be saved is the image of `number` at a position `after` the newest one's; 0: in its place. */
uint64_t contents_snapshot_position(const struct contents_model *model, size_t v, uint64_t after);
void contents_snapshot_save(struct contents_model *model, size_t v, uint64_t position, int number);
void contents_snapshot_stop(struct contents_model *model, size_t v);
void contents_snapshot_delete(struct contents_model *model, size_t v, uint64_t budget,
                              uint64_t *cleanups, bool *done);

/* ---- bundles */
enum vk_err contents_bundle_add(struct contents_model *model, size_t b, int number) VK_MUST_CHECK;
void contents_bundle_delete(struct contents_model *model, size_t b);

/* ---- comparison: `differs` is "" or says what a store has otherwise. An error is a read's that failed. */
/* All that its reads give; in a crank and outside. */
enum vk_err contents_compare_reads(const struct contents_model *model,
                                   const struct contents *contents, struct vk_store *store,
                                   char differs[CONTENTS_DIFFERS_MAX]) VK_MUST_CHECK;
/* Every row of every table; outside a crank. */
enum vk_err contents_compare_rows(const struct contents_model *model,
                                  const struct contents *contents, struct vk_store *store,
                                  char differs[CONTENTS_DIFFERS_MAX]) VK_MUST_CHECK;

#endif
