/* testing_contents.c - see testing_contents.h: the model and what changes it. It asserts as the kernel does: a fuzz target,
 * too, is linked with it. */
#include "testing_contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names */

/* Ascending in byte order, with prefixes of each other, multi-byte characters and all three kinds. */
static void keys_make(struct contents_model *model) {
    static const char *const first[] = {"", "v", "v1.vs.\xc3\xa9", "v1.vs.\xf0\x9f\x98\x80"};
    static const char *const prefixes[] = {"v1.c.", "v1.vs.", "ko", "kp", "local.x", "runQueue."};
    enum { SIZE = sizeof model->keys[0] };
    size_t count = 0;
    for (; count < 4; count++)
        snprintf(model->keys[count], SIZE, "%s", first[count]);
    for (; count < model->key_count; count++)
        snprintf(model->keys[count], SIZE, "%s%d", prefixes[count % 6], (int)(count / 6) * 7);
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && strcmp(model->keys[j - 1], model->keys[j]) > 0; j--) {
            char swapped[SIZE];
            memcpy(swapped, model->keys[j], SIZE);
            memcpy(model->keys[j], model->keys[j - 1], SIZE);
            memcpy(model->keys[j - 1], swapped, SIZE);
        }
}

struct vk_str contents_vat_id(size_t v) {
    static const char *const ids[CONTENTS_VATS] = {"v1", "v2", "v11"};
    VK_ASSERT(v < CONTENTS_VATS);
    return vk_str(ids[v]);
}

struct vk_str contents_host_key(size_t k) {
    static const char *const keys[CONTENTS_HOST_KEYS] = {"host.", "host.height", "host.x"};
    VK_ASSERT(k < CONTENTS_HOST_KEYS);
    return vk_str(keys[k]);
}

/* Of both kinds: a b0- bundle is a text, a b1- bundle is bytes. */
struct vk_str contents_bundle(size_t b) {
    static const char *const ids[CONTENTS_BUNDLES] = {"b0-0", "b0-1", "b1-2", "b1-3", "b1-4"};
    VK_ASSERT(b < CONTENTS_BUNDLES);
    return vk_str(ids[b]);
}

void contents_begin(struct contents_model *model, size_t key_count,
                    const struct vk_store_options *options) {
    VK_ASSERT(key_count > 4 && key_count <= CONTENTS_KEYS_MAX);
    memset(&model->now, 0, sizeof model->now);
    for (size_t k = 0; k < CONTENTS_KEYS_MAX; k++)
        model->now.kv[k] = CONTENTS_NONE;
    for (size_t k = 0; k < CONTENTS_HOST_KEYS; k++)
        model->now.host[k] = CONTENTS_NONE;
    for (size_t b = 0; b < CONTENTS_BUNDLES; b++)
        model->now.bundles[b] = CONTENTS_NONE;
    model->options = *options;
    model->key_count = key_count;
    keys_make(model);
    model->committed = model->now;
    contents_reopen(model);
}

void contents_release(struct contents_model *model) {
    free(model->crank_text);
    *model = (struct contents_model){0};
}

/* ---- key-value */

static void crank_text_add(struct contents_model *model, struct vk_str text) {
    if (model->crank_text_n + text.n + 1 > model->crank_text_capacity) {
        model->crank_text_capacity = (model->crank_text_n + text.n + 1) * 2;
        model->crank_text = realloc(model->crank_text, model->crank_text_capacity);
        VK_ASSERT(model->crank_text);
    }
    if (text.n) memcpy(model->crank_text + model->crank_text_n, text.p, text.n);
    model->crank_text_n += text.n;
    model->crank_text[model->crank_text_n++] = '\n';
}

static bool is_consensus(struct vk_str key) { return !vk_str_starts(key, VK_STR("local.")); }

static int *value_at(struct contents_model *model, size_t k) {
    VK_ASSERT(k < model->key_count);
    return &model->now.kv[k];
}

void contents_set(struct contents_model *model, size_t k, int number) {
    struct vk_str key = vk_str(model->keys[k]);
    *value_at(model, k) = number;
    if (!is_consensus(key)) return;
    crank_text_add(model, VK_STR("add"));
    crank_text_add(model, key);
    crank_text_add(model, test_value(number));
}

void contents_delete(struct contents_model *model, size_t k) {
    struct vk_str key = vk_str(model->keys[k]);
    *value_at(model, k) = CONTENTS_NONE;
    if (!is_consensus(key)) return;
    crank_text_add(model, VK_STR("delete"));
    crank_text_add(model, key);
}

void contents_host_set(struct contents_model *model, size_t k, int number) {
    VK_ASSERT(k < CONTENTS_HOST_KEYS);
    model->now.host[k] = number;
}

struct vk_str contents_get(const struct contents_model *model, size_t k) {
    VK_ASSERT(k < model->key_count);
    int number = model->now.kv[k];
    return number == CONTENTS_NONE ? VK_STR_NONE : test_value(number);
}

static void nearer(struct vk_str key, bool is_there, struct vk_str prior, struct vk_str *next) {
    if (is_there && vk_str_cmp(key, prior) > 0 && (!next->p || vk_str_cmp(key, *next) < 0))
        *next = key;
}

struct vk_str contents_next(const struct contents_model *model, struct vk_str prior) {
    const struct contents *now = &model->now;
    struct vk_str next = VK_STR_NONE;
    for (size_t k = 0; k < model->key_count; k++)
        nearer(vk_str(model->keys[k]), now->kv[k] != CONTENTS_NONE, prior, &next);
    for (size_t k = 0; k < CONTENTS_HOST_KEYS; k++)
        nearer(contents_host_key(k), now->host[k] != CONTENTS_NONE, prior, &next);
    nearer(VK_STR("activityhash"), now->activityhash[0], prior, &next);
    return next;
}

/* ---- cranks */

enum vk_err contents_start_crank(struct contents_model *model) {
    if (model->in_crank) return VK_ERR_USAGE;
    VK_ASSERT(model->depth == 0);
    model->in_crank = true;
    model->at_start = model->now;
    model->crank_text_n = 0;
    return VK_OK;
}

enum vk_err contents_savepoint(struct contents_model *model, enum vk_savepoint name) {
    if (!model->in_crank || model->depth == CONTENTS_DEPTH_MAX) return VK_ERR_USAGE;
    model->names[model->depth] = name;
    model->saved[model->depth++] = model->now;
    return VK_OK;
}

enum vk_err contents_rollback(struct contents_model *model, enum vk_savepoint name) {
    size_t depth = 0;
    while (depth < model->depth && model->names[depth] != name)
        depth++;
    if (depth == model->depth) return VK_ERR_USAGE;
    model->now = model->saved[depth];
    model->depth = depth;
    return VK_OK;
}

enum vk_err contents_end_crank(struct contents_model *model) {
    if (!model->in_crank) return VK_ERR_USAGE;
    model->in_crank = false;
    model->depth = 0;
    return VK_OK;
}

void contents_emit(struct contents_model *model, char crankhash[VK_HASH_HEX],
                   char activityhash[VK_HASH_HEX]) {
    const struct vk_str text = {model->crank_text, model->crank_text_n};
    test_sha256(crankhash, 1, &text);
    const struct vk_str parts[] = {VK_STR("activityhash\n"), vk_str(model->now.activityhash),
                                   VK_STR("\n"), vk_str(crankhash), VK_STR("\n")};
    test_sha256(activityhash, 5, parts);
    memcpy(model->now.activityhash, activityhash, VK_HASH_HEX);
    model->crank_text_n = 0;
}

enum vk_err contents_commit(struct contents_model *model) {
    if (model->in_crank) return VK_ERR_USAGE;
    model->committed = model->now;
    return VK_OK;
}

void contents_reopen(struct contents_model *model) {
    model->now = model->committed;
    model->depth = 0;
    model->in_crank = false;
    model->crank_text_n = 0;
}

/* ---- transcripts */

static struct contents_vat *vat_at(struct contents_model *model, size_t v) {
    VK_ASSERT(v < CONTENTS_VATS);
    return &model->now.vats[v];
}

static struct contents_span *span_current(struct contents_vat *vat) {
    for (size_t i = 0; i < vat->span_count; i++)
        if (vat->spans[i].current) return &vat->spans[i];
    return NULL;
}

static void span_add(struct contents_vat *vat, uint64_t at, uint64_t incarnation) {
    VK_ASSERT(vat->span_count < CONTENTS_SPANS_MAX);
    struct contents_span *span = &vat->spans[vat->span_count++];
    *span = (struct contents_span){at, at, incarnation, true, ""};
    const struct vk_str seed = VK_STR("start of transcript span");
    test_sha256(span->hash, 1, &seed);
}

bool contents_has_room(const struct contents_model *model, size_t v) {
    VK_ASSERT(v < CONTENTS_VATS);
    const struct contents_vat *vat = &model->now.vats[v];
    uint64_t end = vat->span_count ? vat->spans[vat->span_count - 1].end : 0;
    return end < CONTENTS_ITEMS_MAX && vat->span_count < CONTENTS_SPANS_MAX &&
           vat->snapshot_count < CONTENTS_SNAPSHOTS_MAX;
}

enum vk_err contents_transcript_init(struct contents_model *model, size_t v) {
    struct contents_vat *vat = vat_at(model, v);
    if (vat->span_count > 0) return VK_ERR_USAGE;
    span_add(vat, 0, 0);
    return VK_OK;
}

enum vk_err contents_transcript_add(struct contents_model *model, size_t v, int number) {
    struct contents_vat *vat = vat_at(model, v);
    struct contents_span *span = span_current(vat);
    if (!span) return VK_ERR_CORRUPT;
    VK_ASSERT(span->end < CONTENTS_ITEMS_MAX);
    vat->items[span->end++] = number;
    struct vk_str item = test_value(number);
    char item_hash[VK_HASH_HEX], hash[VK_HASH_HEX];
    test_sha256(item_hash, 1, &item);
    const struct vk_str parts[] = {vk_str(span->hash), vk_str(item_hash)};
    test_sha256(hash, 2, parts);
    memcpy(span->hash, hash, VK_HASH_HEX);
    return VK_OK;
}

enum vk_err contents_rollover(struct contents_model *model, size_t v, bool upgrade,
                              uint64_t *incarnation) {
    struct contents_vat *vat = vat_at(model, v);
    struct contents_span *span = span_current(vat);
    if (!span) return VK_ERR_CORRUPT;
    if (span->start == span->end) return VK_ERR_USAGE;
    span->current = false;
    *incarnation = span->incarnation + (upgrade ? 1 : 0);
    span_add(vat, span->end, *incarnation);
    return VK_OK;
}

void contents_transcript_stop(struct contents_model *model, size_t v) {
    struct contents_span *span = span_current(vat_at(model, v));
    if (span) span->current = false;
}

/* So many of `count` rows, the newest, go in one clean-up. */
static uint64_t clean_up(uint64_t count, uint64_t budget, bool *done) {
    uint64_t cleanups = budget < count ? budget : count;
    *done = cleanups == count;
    return cleanups;
}

void contents_transcript_delete(struct contents_model *model, size_t v, uint64_t budget,
                                uint64_t *cleanups, bool *done) {
    struct contents_vat *vat = vat_at(model, v);
    *cleanups = clean_up(vat->span_count, budget, done);
    vat->span_count -= *cleanups;
}

/* ---- snapshots */

uint64_t contents_snapshot_position(const struct contents_model *model, size_t v, uint64_t after) {
    VK_ASSERT(v < CONTENTS_VATS);
    const struct contents_vat *vat = &model->now.vats[v];
    uint64_t last = vat->snapshot_count ? vat->snapshots[vat->snapshot_count - 1].position : 0;
    return last + after;
}

void contents_snapshot_save(struct contents_model *model, size_t v, uint64_t position, int number) {
    struct contents_vat *vat = vat_at(model, v);
    size_t at = vat->snapshot_count;
    contents_snapshot_stop(model, v);
    if (at > 0 && vat->snapshots[at - 1].position == position)
        at--;
    else
        vat->snapshot_count++;
    VK_ASSERT(at < CONTENTS_SNAPSHOTS_MAX);
    VK_ASSERT(at == 0 || vat->snapshots[at - 1].position < position);
    vat->snapshots[at] = (struct contents_snapshot){position, number, true};
}

void contents_snapshot_stop(struct contents_model *model, size_t v) {
    struct contents_vat *vat = vat_at(model, v);
    for (size_t i = 0; i < vat->snapshot_count; i++)
        vat->snapshots[i].in_use = false;
}

void contents_snapshot_delete(struct contents_model *model, size_t v, uint64_t budget,
                              uint64_t *cleanups, bool *done) {
    struct contents_vat *vat = vat_at(model, v);
    *cleanups = clean_up(vat->snapshot_count, budget, done);
    vat->snapshot_count -= *cleanups;
}

/* ---- bundles */

enum vk_err contents_bundle_add(struct contents_model *model, size_t b, int number) {
    VK_ASSERT(b < CONTENTS_BUNDLES);
    if (model->now.bundles[b] != CONTENTS_NONE) return VK_ERR_USAGE;
    model->now.bundles[b] = number;
    return VK_OK;
}

void contents_bundle_delete(struct contents_model *model, size_t b) {
    VK_ASSERT(b < CONTENTS_BUNDLES);
    model->now.bundles[b] = CONTENTS_NONE;
}
