/* store_model.c - the store against a model that cannot be wrong: plain arrays, copied whole at
 * savepoints.
 *
 * One random run drives a direct store, a write-back store and the model in step. After every
 * operation what was asked must be answered alike, the two traces must be the same text, and the
 * two state hashes the same and equal to the recomputed ones; after every commit the two files must
 * hold the same rows.
 *
 * Keys and values are numbers here: key k is key_texts[k], value v is a text made from v. Numbers
 * copy.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_store.h"

enum {
    KEY_COUNT = 96,
    VAT_COUNT = 3,
    SPANS_MAX = 64,
    ITEMS_MAX = 256,
    SNAPSHOTS_MAX = 64,
    BUNDLE_COUNT = 5,
    DEPTH_MAX = 4,
    NONE = -1,
};

struct model_span {
    uint64_t start, end, incarnation;
    bool current;
    char hash[65];
};

struct model_vat {
    size_t span_count; /* ascending starts */
    struct model_span spans[SPANS_MAX];
    int items[ITEMS_MAX];
    size_t snapshot_count; /* ascending positions */
    struct {
        uint64_t position;
        int image;
        bool in_use;
    } snapshots[SNAPSHOTS_MAX];
};

struct model_state {
    int kv[KEY_COUNT]; /* a value's number, or NONE */
    char activityhash[65];
    struct model_vat vats[VAT_COUNT];
    int bundles[BUNDLE_COUNT];
};

struct model {
    struct model_state now, committed;
    struct model_state saved[DEPTH_MAX];
    enum vk_savepoint names[DEPTH_MAX];
    size_t depth;
    bool in_crank;
    char *crank_text; /* what the crankhash is of */
    size_t crank_text_n, crank_text_capacity;
};

struct run {
    uint64_t random;
    struct vk_store_options options;
    struct test_store stores[2]; /* direct, write-back */
    struct test_folder folder;
    struct model model;
    char key_texts[KEY_COUNT][24];
};

static uint64_t pick(struct run *run, uint64_t bound) {
    return test_random_below(&run->random, bound);
}

/* Ascending in byte order, with prefixes of each other, multi-byte characters and all three
 * kinds. */
static void keys_make(struct run *run) {
    static const char *const prefixes[] = {"v1.c.", "v1.vs.", "ko", "kp", "local.x", "runQueue."};
    size_t count = 0;
    snprintf(run->key_texts[count++], 24, "%s", "");
    snprintf(run->key_texts[count++], 24, "%s", "v");
    snprintf(run->key_texts[count++], 24, "%s", "v1.vs.\xc3\xa9");
    snprintf(run->key_texts[count++], 24, "%s", "v1.vs.\xf0\x9f\x98\x80");
    for (; count < KEY_COUNT; count++)
        snprintf(run->key_texts[count], 24, "%s%d", prefixes[count % 6], (int)(count / 6) * 7);
    for (size_t i = 1; i < KEY_COUNT; i++)
        for (size_t j = i; j > 0 && strcmp(run->key_texts[j - 1], run->key_texts[j]) > 0; j--) {
            char swapped[24];
            memcpy(swapped, run->key_texts[j], sizeof swapped);
            memcpy(run->key_texts[j], run->key_texts[j - 1], sizeof swapped);
            memcpy(run->key_texts[j - 1], swapped, sizeof swapped);
        }
}

/* The text of a value's number: of very different lengths, some empty, some beyond every buffer. */
static struct vk_str value_text(int number) {
    static char texts[4][60000];
    static unsigned next;
    char *text = texts[next++ % 4];
    uint64_t state = (uint64_t)number;
    size_t length = 0;
    switch (test_random(&state) % 16) {
    case 0: length = 0; break;
    case 1: length = 5000 + test_random(&state) % 50000; break;
    case 2:
    case 3: length = 200 + test_random(&state) % 3000; break;
    default: length = 1 + test_random(&state) % 60; break;
    }
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + test_random(&state) % 26);
    return (struct vk_str){text, length};
}

static bool consensus(struct vk_str key) { return !vk_str_starts(key, VK_STR("local.")); }

static void crank_text_add(struct model *model, struct vk_str text) {
    if (model->crank_text_n + text.n + 1 > model->crank_text_capacity) {
        model->crank_text_capacity = (model->crank_text_n + text.n + 1) * 2;
        model->crank_text = realloc(model->crank_text, model->crank_text_capacity);
        cr_assert(model->crank_text);
    }
    if (text.n) memcpy(model->crank_text + model->crank_text_n, text.p, text.n);
    model->crank_text_n += text.n;
}

/* Both stores give this code; the model says which. */
#define BOTH(run, expected, call)                                                                  \
    do {                                                                                           \
        for (int s_ = 0; s_ < 2; s_++) {                                                           \
            struct test_store *test = &(run)->stores[s_];                                          \
            enum vk_err err_ = (call);                                                             \
            cr_assert(err_ == (expected), "%s gave %s: %s", #call, vk_err_name(err_),              \
                      vk_err_origin()->text);                                                      \
        }                                                                                          \
    } while (0)

static void do_set(struct run *run) {
    size_t k = pick(run, KEY_COUNT);
    struct vk_str key = vk_str(run->key_texts[k]);
    /* Few numbers: the same value is often set again. */
    int number = (int)pick(run, 400);
    struct vk_str value = value_text(number);
    BOTH(run, VK_OK, vk_store_set(test->store, key, value));
    run->model.now.kv[k] = number;
    if (!consensus(key)) return;
    crank_text_add(&run->model, VK_STR("add\n"));
    crank_text_add(&run->model, key);
    crank_text_add(&run->model, VK_STR("\n"));
    crank_text_add(&run->model, value);
    crank_text_add(&run->model, VK_STR("\n"));
}

static void do_delete(struct run *run) {
    size_t k = pick(run, KEY_COUNT);
    struct vk_str key = vk_str(run->key_texts[k]);
    BOTH(run, VK_OK, vk_store_delete(test->store, key));
    run->model.now.kv[k] = NONE;
    if (!consensus(key)) return;
    crank_text_add(&run->model, VK_STR("delete\n"));
    crank_text_add(&run->model, key);
    crank_text_add(&run->model, VK_STR("\n"));
}

static void check_get(struct run *run, size_t k) {
    int number = run->model.now.kv[k];
    struct vk_str expected = number == NONE ? VK_STR_NONE : value_text(number);
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_str value;
        bool has;
        test_ok(vk_store_get(test->store, &test->arena, vk_str(run->key_texts[k]), &value));
        test_ok(vk_store_has(test->store, vk_str(run->key_texts[k]), &has));
        cr_assert(has == (number != NONE));
        cr_assert(vk_str_present(value) == has && vk_str_eq(value, expected),
                  "store %d: key %s reads otherwise", s, run->key_texts[k]);
        vk_arena_clear(&test->arena);
    }
}

static void check_next(struct run *run) {
    /* From a key of the universe, or from one between two. */
    char prior[32];
    size_t k = pick(run, KEY_COUNT);
    snprintf(prior, sizeof prior, "%s%s", run->key_texts[k], pick(run, 4) == 0 ? "!" : "");
    const char *expected = NULL;
    for (size_t i = 0; i < KEY_COUNT && !expected; i++)
        if (run->model.now.kv[i] != NONE && strcmp(run->key_texts[i], prior) > 0)
            expected = run->key_texts[i];
    /* The one key that the model keeps elsewhere. */
    if (run->model.now.activityhash[0] && strcmp("activityhash", prior) > 0 &&
        (!expected || strcmp("activityhash", expected) < 0))
        expected = "activityhash";
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_str next;
        test_ok(vk_store_next_key(test->store, &test->arena, vk_str(prior), &next));
        cr_assert(vk_str_present(next) == (expected != NULL));
        cr_assert(vk_str_eq(next, vk_str(expected)), "store %d: after %s comes %.*s, not %s", s,
                  prior, VK_STR_ARG(next), expected);
        vk_arena_clear(&test->arena);
    }
}

static void do_emit(struct run *run) {
    struct model *model = &run->model;
    char crankhash[65], activityhash[65], got_crank[VK_HASH_HEX], got_activity[VK_HASH_HEX];
    const struct vk_str crank_text = {model->crank_text, model->crank_text_n};
    test_sha256(crankhash, 1, &crank_text);
    const struct vk_str parts[] = {VK_STR("activityhash\n"), vk_str(model->now.activityhash),
                                   VK_STR("\n"), vk_str(crankhash), VK_STR("\n")};
    test_sha256(activityhash, 5, parts);
    for (int s = 0; s < 2; s++) {
        test_ok(vk_store_emit_hashes(run->stores[s].store, got_crank, got_activity));
        cr_assert_str_eq(got_crank, crankhash);
        cr_assert_str_eq(got_activity, activityhash);
    }
    memcpy(model->now.activityhash, activityhash, 65);
    model->crank_text_n = 0;
}

static void do_crank(struct run *run) {
    struct model *model = &run->model;
    if (!model->in_crank) {
        BOTH(run, VK_OK, vk_store_start_crank(test->store));
        model->in_crank = true;
        model->crank_text_n = 0;
        return;
    }
    if (pick(run, 3) != 0) do_emit(run);
    BOTH(run, VK_OK, vk_store_end_crank(test->store));
    model->in_crank = false;
    model->depth = 0;
}

static void do_savepoint(struct run *run) {
    struct model *model = &run->model;
    enum vk_savepoint name = pick(run, 2) ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
    bool legal = model->in_crank && model->depth < DEPTH_MAX;
    BOTH(run, legal ? VK_OK : VK_ERR_USAGE, vk_store_savepoint(test->store, name));
    if (!legal) return;
    model->names[model->depth] = name;
    model->saved[model->depth++] = model->now;
}

static void do_rollback(struct run *run) {
    struct model *model = &run->model;
    enum vk_savepoint name = pick(run, 2) ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
    size_t depth = 0;
    while (depth < model->depth && model->names[depth] != name)
        depth++;
    bool legal = depth < model->depth;
    BOTH(run, legal ? VK_OK : VK_ERR_USAGE, vk_store_rollback(test->store, name));
    if (!legal) return;
    model->now = model->saved[depth];
    model->depth = depth;
}

static void check_files(struct run *run) {
    char *dumps[2];
    for (int s = 0; s < 2; s++)
        dumps[s] = test_database_dump(run->stores[s].ports.disk.path);
    cr_assert_str_eq(dumps[0], dumps[1]);
    free(dumps[0]);
    free(dumps[1]);
}

static void do_commit(struct run *run) {
    struct model *model = &run->model;
    BOTH(run, model->in_crank ? VK_ERR_USAGE : VK_OK, vk_store_commit(test->store));
    if (model->in_crank) return;
    model->committed = model->now;
    if (pick(run, 4) == 0) check_files(run);
}

static void stores_open(struct run *run) {
    static const char *const names[] = {"direct", "writeback"};
    for (int s = 0; s < 2; s++) {
        run->options.mode = s == 0 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK;
        /* The path must outlive the store. */
        static char paths[2][256];
        snprintf(paths[s], sizeof paths[s], "%s/%s", run->folder.path, names[s]);
        test_ok(test_store_try_open(&run->stores[s], paths[s], &run->options));
    }
}

/* Back to the last commit, whatever was going on. */
static void do_reopen(struct run *run) {
    struct model *model = &run->model;
    for (int s = 0; s < 2; s++)
        test_store_close(&run->stores[s]);
    stores_open(run);
    model->now = model->committed;
    model->depth = 0;
    model->in_crank = false;
    model->crank_text_n = 0;
}

static const char *const vat_names[VAT_COUNT] = {"v1", "v2", "v11"};

static struct model_span *span_current(struct model_vat *vat) {
    for (size_t i = 0; i < vat->span_count; i++)
        if (vat->spans[i].current) return &vat->spans[i];
    return NULL;
}

static void span_add(struct model_vat *vat, uint64_t at, uint64_t incarnation) {
    struct model_span *span = &vat->spans[vat->span_count++];
    *span = (struct model_span){at, at, incarnation, true, ""};
    const struct vk_str seed = VK_STR("start of transcript span");
    test_sha256(span->hash, 1, &seed);
}

static void do_transcript_init(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    bool legal = !span_current(vat) && (vat->span_count == 0 || vat->spans[0].start != 0);
    /* A half-deleted transcript of ours always has its span at 0. */
    cr_assert(legal == (vat->span_count == 0));
    BOTH(run, legal ? VK_OK : VK_ERR_USAGE, vk_transcript_init(test->store, vk_str(vat_names[v])));
    if (legal) span_add(vat, 0, 0);
}

static void do_transcript_add(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    struct model_span *span = span_current(vat);
    if (span && span->end == ITEMS_MAX) return;
    int number = (int)pick(run, 100000);
    struct vk_str item = value_text(number);
    BOTH(run, span ? VK_OK : VK_ERR_CORRUPT,
         vk_transcript_add(test->store, vk_str(vat_names[v]), item));
    if (!span) return;
    vat->items[span->end++] = number;
    char item_hash[65], hash[65];
    test_sha256(item_hash, 1, &item);
    const struct vk_str parts[] = {vk_str(span->hash), vk_str(item_hash)};
    test_sha256(hash, 2, parts);
    memcpy(span->hash, hash, 65);
}

static void check_transcript(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    struct model_span *span = span_current(vat);
    uint64_t position =
        span && span->end > span->start ? span->start + pick(run, span->end - span->start) : 0;
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_span got;
        enum vk_err err = vk_transcript_current(test->store, vk_str(vat_names[v]), &got);
        cr_assert(err == (span ? VK_OK : VK_ERR_CORRUPT));
        if (!span) continue;
        cr_assert(got.start == span->start && got.end == span->end &&
                  got.incarnation == span->incarnation);
        cr_assert_str_eq(got.hash, span->hash);
        struct vk_str item;
        err = vk_transcript_item(test->store, &test->arena, vk_str(vat_names[v]), span->end, &item);
        cr_assert(err == VK_ERR_USAGE);
        if (span->end == span->start) continue;
        test_ok(
            vk_transcript_item(test->store, &test->arena, vk_str(vat_names[v]), position, &item));
        cr_assert(vk_str_eq(item, value_text(vat->items[position])));
        vk_arena_clear(&test->arena);
    }
}

static void do_rollover(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    struct model_span *span = span_current(vat);
    bool upgrade = pick(run, 3) == 0;
    if (vat->span_count == SPANS_MAX) return;
    enum vk_err expected = !span ? VK_ERR_CORRUPT : span->start == span->end ? VK_ERR_USAGE : VK_OK;
    uint64_t incarnation = 0;
    if (upgrade)
        BOTH(run, expected,
             vk_transcript_rollover_incarnation(test->store, vk_str(vat_names[v]), &incarnation));
    else
        BOTH(run, expected, vk_transcript_rollover_span(test->store, vk_str(vat_names[v])));
    if (expected != VK_OK) return;
    span->current = false;
    if (upgrade) cr_assert(incarnation == span->incarnation + 1);
    span_add(vat, span->end, span->incarnation + (upgrade ? 1 : 0));
}

static void do_transcript_stop(struct run *run, size_t v) {
    struct model_span *span = span_current(&run->model.now.vats[v]);
    BOTH(run, VK_OK, vk_transcript_stop(test->store, vk_str(vat_names[v])));
    if (span) span->current = false;
}

static void do_transcript_delete(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    uint64_t budget = pick(run, 3) == 0 ? VK_UNLIMITED : 1 + pick(run, 4);
    uint64_t expected = budget < vat->span_count ? budget : vat->span_count;
    for (int s = 0; s < 2; s++) {
        uint64_t cleanups;
        bool done;
        test_ok(vk_transcript_delete(run->stores[s].store, vk_str(vat_names[v]), budget, &cleanups,
                                     &done));
        cr_assert(cleanups == expected && done == (expected == vat->span_count),
                  "store %d: %llu cleanups, not %llu", s, (unsigned long long)cleanups,
                  (unsigned long long)expected);
    }
    vat->span_count -= expected;
}

static void do_snapshot_save(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    if (vat->snapshot_count == SNAPSHOTS_MAX) return;
    uint64_t last = vat->snapshot_count ? vat->snapshots[vat->snapshot_count - 1].position : 0;
    /* At the newest one's own position it is replaced. */
    bool replaces = vat->snapshot_count && pick(run, 4) == 0;
    uint64_t position = replaces ? last : last + 1 + pick(run, 5);
    int number = (int)pick(run, 100000);
    struct vk_str image = value_text(number);
    char hash[65];
    test_sha256(hash, 1, &image);
    struct vk_snapshot_info info[2];
    for (int s = 0; s < 2; s++) {
        test_ok(vk_snapshot_save(run->stores[s].store, vk_str(vat_names[v]), position, hash, image,
                                 &info[s]));
        cr_assert(info[s].position == position && info[s].uncompressed_size == image.n);
    }
    cr_assert(info[0].compressed_size == info[1].compressed_size);
    for (size_t i = 0; i < vat->snapshot_count; i++)
        vat->snapshots[i].in_use = false;
    if (!replaces) vat->snapshot_count++;
    vat->snapshots[vat->snapshot_count - 1].position = position;
    vat->snapshots[vat->snapshot_count - 1].image = number;
    vat->snapshots[vat->snapshot_count - 1].in_use = true;
}

static void check_snapshot(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    size_t at = vat->snapshot_count;
    for (size_t i = 0; i < vat->snapshot_count; i++)
        if (vat->snapshots[i].in_use) at = i;
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_snapshot_info info;
        struct vk_str image;
        bool found;
        test_ok(vk_snapshot_current(test->store, vk_str(vat_names[v]), &found, &info));
        cr_assert(found == (at < vat->snapshot_count));
        enum vk_err err = vk_snapshot_load(test->store, &test->arena, vk_str(vat_names[v]), &image);
        cr_assert(err == (found ? VK_OK : VK_ERR_SNAPSHOT));
        if (!found) continue;
        struct vk_str expected = value_text(vat->snapshots[at].image);
        char hash[65];
        test_sha256(hash, 1, &expected);
        cr_assert(info.position == vat->snapshots[at].position);
        cr_assert_str_eq(info.hash, hash);
        cr_assert(vk_str_eq(image, expected));
        vk_arena_clear(&test->arena);
    }
}

static void do_snapshot_stop(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    BOTH(run, VK_OK, vk_snapshot_stop(test->store, vk_str(vat_names[v])));
    for (size_t i = 0; i < vat->snapshot_count; i++)
        vat->snapshots[i].in_use = false;
}

static void do_snapshot_delete(struct run *run, size_t v) {
    struct model_vat *vat = &run->model.now.vats[v];
    uint64_t budget = pick(run, 3) == 0 ? VK_UNLIMITED : 1 + pick(run, 4);
    uint64_t expected = budget < vat->snapshot_count ? budget : vat->snapshot_count;
    for (int s = 0; s < 2; s++) {
        uint64_t cleanups;
        bool done;
        test_ok(vk_snapshot_delete(run->stores[s].store, vk_str(vat_names[v]), budget, &cleanups,
                                   &done));
        cr_assert(cleanups == expected && done == (expected == vat->snapshot_count));
    }
    vat->snapshot_count -= expected;
}

static void do_bundle(struct run *run) {
    size_t b = pick(run, BUNDLE_COUNT);
    int *known = &run->model.now.bundles[b];
    char id[16];
    snprintf(id, sizeof id, "b%d-%zu", b < 2 ? 0 : 1, b);
    if (pick(run, 3) == 0) {
        BOTH(run, VK_OK, vk_bundle_delete(test->store, vk_str(id)));
        *known = NONE;
    } else if (pick(run, 2) == 0) {
        int number = (int)pick(run, 1000);
        BOTH(run, *known == NONE ? VK_OK : VK_ERR_USAGE,
             vk_bundle_add(test->store, vk_str(id), value_text(number)));
        if (*known == NONE) *known = number;
    }
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_str bytes;
        bool has;
        test_ok(vk_bundle_has(test->store, vk_str(id), &has));
        test_ok(vk_bundle_get(test->store, &test->arena, vk_str(id), &bytes));
        cr_assert(has == (*known != NONE) && vk_str_present(bytes) == has);
        if (has) cr_assert(vk_str_eq(bytes, value_text(*known)));
        vk_arena_clear(&test->arena);
    }
}

static void do_vat(struct run *run) {
    size_t v = pick(run, VAT_COUNT);
    switch (pick(run, 24)) {
    case 0: do_transcript_init(run, v); break;
    case 1: do_transcript_stop(run, v); break;
    case 2: do_transcript_delete(run, v); break;
    case 3: do_snapshot_stop(run, v); break;
    case 4: do_snapshot_delete(run, v); break;
    case 5:
    case 6:
    case 7: do_rollover(run, v); break;
    case 8:
    case 9: do_snapshot_save(run, v); break;
    case 10:
    case 11: check_snapshot(run, v); break;
    case 12:
    case 13:
    case 14: check_transcript(run, v); break;
    default: do_transcript_add(run, v); break;
    }
}

static void do_host_set(struct run *run) {
    char key[16];
    snprintf(key, sizeof key, "host.%d", (int)pick(run, 3));
    BOTH(run, VK_ERR_USAGE, vk_store_set(test->store, vk_str(key), VK_STR("x")));
    BOTH(run, VK_ERR_USAGE, vk_store_delete(test->store, vk_str(key)));
    BOTH(run, VK_ERR_USAGE, vk_store_host_set(test->store, VK_STR("kernel"), VK_STR("x")));
}

static void do_one(struct run *run) {
    switch (pick(run, 40)) {
    case 0:
    case 1:
    case 2: do_crank(run); break;
    case 3:
    case 4:
    case 5: do_savepoint(run); break;
    case 6:
    case 7: do_rollback(run); break;
    case 8: do_commit(run); break;
    case 9: do_bundle(run); break;
    case 10: do_host_set(run); break;
    case 11:
        if (pick(run, 8) == 0) do_reopen(run);
        break;
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19: do_vat(run); break;
    case 20:
    case 21:
    case 22:
    case 23: check_get(run, pick(run, KEY_COUNT)); break;
    case 24:
    case 25: check_next(run); break;
    case 26:
    case 27:
    case 28:
    case 29:
    case 30: do_delete(run); break;
    default: do_set(run); break;
    }
}

static void check_same(struct run *run) {
    struct test_store *direct = &run->stores[0], *write_back = &run->stores[1];
    cr_assert(direct->trace.length == write_back->trace.length &&
                  memcmp(direct->trace.text, write_back->trace.text, direct->trace.length) == 0,
              "the traces differ:\n%.200s\n%.200s", direct->trace.text, write_back->trace.text);
    test_trace_clear(&direct->trace);
    test_trace_clear(&write_back->trace);
    struct vk_state_hash hashes[4];
    for (int s = 0; s < 2; s++) {
        hashes[s] = vk_store_state_hash(run->stores[s].store);
        test_ok(vk_store_recompute_state_hash(run->stores[s].store, &hashes[2 + s]));
    }
    for (int i = 1; i < 4; i++)
        cr_assert(hashes[i].low == hashes[0].low && hashes[i].high == hashes[0].high,
                  "state hash %d differs", i);
}

static void run_seed(uint64_t seed, size_t operations) {
    struct run *run = calloc(1, sizeof *run);
    cr_assert(run);
    run->random = seed;
    run->options = (struct vk_store_options){.keep_snapshots = seed % 2 == 0,
                                             .drop_transcripts = seed % 3 == 0};
    for (size_t k = 0; k < KEY_COUNT; k++)
        run->model.now.kv[k] = NONE;
    for (size_t b = 0; b < BUNDLE_COUNT; b++)
        run->model.now.bundles[b] = NONE;
    run->model.committed = run->model.now;
    keys_make(run);
    test_folder_make(&run->folder);
    stores_open(run);
    for (size_t i = 0; i < operations; i++) {
        do_one(run);
        check_same(run);
    }
    for (size_t k = 0; k < KEY_COUNT; k++)
        check_get(run, k);
    if (run->model.in_crank) do_crank(run);
    BOTH(run, VK_OK, vk_store_commit(test->store));
    check_files(run);
    for (int s = 0; s < 2; s++)
        test_store_close(&run->stores[s]);
    test_folder_remove(&run->folder);
    free(run->model.crank_text);
    free(run);
}

Test(store_model, both_modes_do_what_plain_arrays_do, .timeout = 240) {
    static const uint64_t seeds[] = {1, 2, 3, 4, 5, 6, 40, 41, 42, 43, 20240, 20241};
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++)
        run_seed(seeds[i], 4000);
}
