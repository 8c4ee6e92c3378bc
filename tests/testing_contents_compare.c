/* testing_contents_compare.c - what a store has otherwise than the model says (testing_contents.h). */
#include "testing_contents.h"

#include <vk/scan.h>

#include <stdarg.h>
#include <stdio.h>

struct comparison {
    const struct contents_model *model;
    const struct contents *contents;
    struct vk_store *store;
    struct vk_arena arena;
    char *differs;
    size_t pairs, spans, items, snapshots, bundles; /* rows that were shown */
};

static void differ(struct comparison *compare, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first difference is the one that is told. */
static void differ(struct comparison *compare, const char *format, ...) {
    va_list args;
    if (compare->differs[0]) return;
    va_start(args, format);
    vsnprintf(compare->differs, CONTENTS_DIFFERS_MAX, format, args);
    va_end(args);
}

static struct vk_str text_of(int number) {
    return number == CONTENTS_NONE ? VK_STR_NONE : test_value(number);
}

static bool same(struct vk_str a, struct vk_str b) {
    return vk_str_present(a) == vk_str_present(b) && vk_str_eq(a, b);
}

/* ---- what reads give */

static enum vk_err read_key(struct comparison *compare, struct vk_str key, struct vk_str expected) {
    struct vk_str value;
    bool has;
    VK_TRY(vk_store_get(compare->store, &compare->arena, key, &value));
    VK_TRY(vk_store_has(compare->store, key, &has));
    if (!same(value, expected)) differ(compare, "key '%.*s' reads otherwise", VK_STR_ARG(key));
    if (has != vk_str_present(expected)) differ(compare, "has '%.*s'", VK_STR_ARG(key));
    vk_arena_clear(&compare->arena);
    return VK_OK;
}

static enum vk_err read_keys(struct comparison *compare) {
    const struct contents *contents = compare->contents;
    struct vk_str activityhash =
        contents->activityhash[0] ? vk_str(contents->activityhash) : VK_STR_NONE;
    for (size_t k = 0; k < compare->model->key_count; k++)
        VK_TRY(read_key(compare, vk_str(compare->model->keys[k]), text_of(contents->kv[k])));
    for (size_t k = 0; k < CONTENTS_HOST_KEYS; k++)
        VK_TRY(read_key(compare, contents_host_key(k), text_of(contents->host[k])));
    return read_key(compare, VK_STR("activityhash"), activityhash);
}

/* VK_OK with *absent, if that is what it comes to that there is none. */
static enum vk_err or_absent(enum vk_err err, enum vk_err if_absent, bool *absent) {
    *absent = err == if_absent;
    return *absent ? VK_OK : err;
}

static bool is_span(const struct contents_span *expected, const struct vk_span *span) {
    return span->start == expected->start && span->end == expected->end &&
           span->incarnation == expected->incarnation &&
           vk_str_eq(vk_str(span->hash), vk_str(expected->hash));
}

static enum vk_err read_items(struct comparison *compare, size_t v,
                              const struct contents_span *span) {
    struct vk_str vat = contents_vat_id(v), item;
    bool absent;
    for (uint64_t at = span->start; at < span->end; at++) {
        VK_TRY(vk_transcript_item(compare->store, &compare->arena, vat, at, &item));
        if (!same(item, test_value(compare->contents->vats[v].items[at])))
            differ(compare, "item %llu of %.*s reads otherwise", (unsigned long long)at,
                   VK_STR_ARG(vat));
        vk_arena_clear(&compare->arena);
    }
    enum vk_err err = vk_transcript_item(compare->store, &compare->arena, vat, span->end, &item);
    VK_TRY(or_absent(err, VK_ERR_USAGE, &absent));
    if (!absent) differ(compare, "%.*s has an item beyond its end", VK_STR_ARG(vat));
    return VK_OK;
}

static enum vk_err read_transcript(struct comparison *compare, size_t v) {
    const struct contents_vat *vat = &compare->contents->vats[v];
    const struct contents_span *expected = NULL;
    struct vk_span span;
    bool absent;
    for (size_t i = 0; i < vat->span_count; i++)
        if (vat->spans[i].current) expected = &vat->spans[i];
    enum vk_err err = vk_transcript_current(compare->store, contents_vat_id(v), &span);
    VK_TRY(or_absent(err, VK_ERR_CORRUPT, &absent));
    if (absent != !expected || (!absent && !is_span(expected, &span))) {
        differ(compare, "the current span of %.*s is another", VK_STR_ARG(contents_vat_id(v)));
        return VK_OK;
    }
    return expected ? read_items(compare, v, expected) : VK_OK;
}

/* A snapshot's hash is that of its image here. */
static bool is_snapshot(const struct contents_snapshot *expected,
                        const struct vk_snapshot_info *info) {
    struct vk_str image = test_value(expected->image);
    char hash[VK_HASH_HEX];
    test_sha256(hash, 1, &image);
    return info->position == expected->position && info->uncompressed_size == image.n &&
           vk_str_eq(vk_str(info->hash), vk_str(hash));
}

static enum vk_err read_snapshot(struct comparison *compare, size_t v) {
    const struct contents_vat *vat = &compare->contents->vats[v];
    const struct contents_snapshot *expected = NULL;
    struct vk_str id = contents_vat_id(v), image = VK_STR_NONE;
    struct vk_snapshot_info info;
    bool found, absent;
    for (size_t i = 0; i < vat->snapshot_count; i++)
        if (vat->snapshots[i].in_use) expected = &vat->snapshots[i];
    VK_TRY(vk_snapshot_current(compare->store, id, &found, &info));
    if (found != (expected != NULL) || (found && !is_snapshot(expected, &info)))
        differ(compare, "the current snapshot of %.*s is another", VK_STR_ARG(id));
    enum vk_err err = vk_snapshot_load(compare->store, &compare->arena, id, &image);
    VK_TRY(or_absent(err, VK_ERR_SNAPSHOT, &absent));
    if (absent != !expected || (!absent && !same(image, test_value(expected->image))))
        differ(compare, "the image of %.*s loads otherwise", VK_STR_ARG(id));
    vk_arena_clear(&compare->arena);
    return VK_OK;
}

static enum vk_err read_bundle(struct comparison *compare, size_t b) {
    struct vk_str id = contents_bundle(b), bytes;
    bool has;
    VK_TRY(vk_bundle_get(compare->store, &compare->arena, id, &bytes));
    VK_TRY(vk_bundle_has(compare->store, id, &has));
    if (!same(bytes, text_of(compare->contents->bundles[b])) || has != vk_str_present(bytes))
        differ(compare, "bundle %.*s reads otherwise", VK_STR_ARG(id));
    vk_arena_clear(&compare->arena);
    return VK_OK;
}

static enum vk_err read_all(struct comparison *compare) {
    VK_TRY(read_keys(compare));
    for (size_t v = 0; v < CONTENTS_VATS; v++) {
        VK_TRY(read_transcript(compare, v));
        VK_TRY(read_snapshot(compare, v));
    }
    for (size_t b = 0; b < CONTENTS_BUNDLES; b++)
        VK_TRY(read_bundle(compare, b));
    return VK_OK;
}

enum vk_err contents_compare_reads(const struct contents_model *model,
                                   const struct contents *contents, struct vk_store *store,
                                   char differs[CONTENTS_DIFFERS_MAX]) {
    struct comparison compare = {
        .model = model, .contents = contents, .store = store, .differs = differs};
    differs[0] = '\0';
    vk_arena_init(&compare.arena, vk_heap_system());
    enum vk_err err = read_all(&compare);
    vk_arena_release(&compare.arena);
    return err;
}

/* ---- what rows there are: each that is shown is one of the model's, and as many are shown as it has */

static struct vk_str expected_at(const struct comparison *compare, struct vk_str key) {
    const struct contents *contents = compare->contents;
    if (vk_str_eq(key, VK_STR("activityhash")) && contents->activityhash[0])
        return vk_str(contents->activityhash);
    for (size_t k = 0; k < compare->model->key_count; k++)
        if (vk_str_eq(key, vk_str(compare->model->keys[k]))) return text_of(contents->kv[k]);
    for (size_t k = 0; k < CONTENTS_HOST_KEYS; k++)
        if (vk_str_eq(key, contents_host_key(k))) return text_of(contents->host[k]);
    return VK_STR_NONE;
}

static enum vk_err on_pair(void *impl, struct vk_str key, struct vk_str value) {
    struct comparison *compare = impl;
    compare->pairs++;
    if (!same(value, expected_at(compare, key)))
        differ(compare, "the row of key '%.*s' is another", VK_STR_ARG(key));
    return VK_OK;
}

static const struct contents_vat *vat_of(struct comparison *compare, struct vk_str id) {
    for (size_t v = 0; v < CONTENTS_VATS; v++)
        if (vk_str_eq(id, contents_vat_id(v))) return &compare->contents->vats[v];
    return NULL;
}

static enum vk_err on_span(void *impl, struct vk_str id, const struct vk_span *span,
                           bool is_current) {
    struct comparison *compare = impl;
    const struct contents_vat *vat = vat_of(compare, id);
    bool found = false;
    for (size_t i = 0; vat && i < vat->span_count && !found; i++)
        found = is_span(&vat->spans[i], span) && vat->spans[i].current == is_current;
    compare->spans++;
    if (!found)
        differ(compare, "the span of %.*s from %llu is another", VK_STR_ARG(id),
               (unsigned long long)span->start);
    return VK_OK;
}

/* Whether the items of a span are there. */
static bool has_items(const struct comparison *compare, const struct contents_span *span) {
    return span->current || !compare->model->options.drop_transcripts;
}

static enum vk_err on_item(void *impl, struct vk_str id, uint64_t position, uint64_t incarnation,
                           struct vk_str item) {
    struct comparison *compare = impl;
    const struct contents_vat *vat = vat_of(compare, id);
    const struct contents_span *span = NULL;
    for (size_t i = 0; vat && i < vat->span_count; i++)
        if (position >= vat->spans[i].start && position < vat->spans[i].end) span = &vat->spans[i];
    compare->items++;
    if (!span || !has_items(compare, span) || span->incarnation != incarnation ||
        !same(item, test_value(vat->items[position])))
        differ(compare, "the row of item %llu of %.*s is another", (unsigned long long)position,
               VK_STR_ARG(id));
    return VK_OK;
}

static enum vk_err on_snapshot(void *impl, struct vk_str id, const struct vk_snapshot_info *info,
                               bool in_use) {
    struct comparison *compare = impl;
    const struct contents_vat *vat = vat_of(compare, id);
    bool found = false;
    for (size_t i = 0; vat && i < vat->snapshot_count && !found; i++)
        found = is_snapshot(&vat->snapshots[i], info) && vat->snapshots[i].in_use == in_use;
    compare->snapshots++;
    if (!found)
        differ(compare, "the snapshot of %.*s at %llu is another", VK_STR_ARG(id),
               (unsigned long long)info->position);
    return VK_OK;
}

static enum vk_err on_bundle(void *impl, struct vk_str id) {
    struct comparison *compare = impl;
    bool found = false;
    for (size_t b = 0; b < CONTENTS_BUNDLES && !found; b++)
        found = vk_str_eq(id, contents_bundle(b)) && compare->contents->bundles[b] != CONTENTS_NONE;
    compare->bundles++;
    if (!found) differ(compare, "there is a bundle %.*s", VK_STR_ARG(id));
    return VK_OK;
}

static size_t known(const int *numbers, size_t count) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += numbers[i] != CONTENTS_NONE;
    return n;
}

static void count_rows(struct comparison *compare) {
    const struct contents *contents = compare->contents;
    size_t pairs = known(contents->kv, compare->model->key_count) +
                   known(contents->host, CONTENTS_HOST_KEYS) + (contents->activityhash[0] != 0);
    size_t spans = 0, items = 0, snapshots = 0,
           bundles = known(contents->bundles, CONTENTS_BUNDLES);
    for (size_t v = 0; v < CONTENTS_VATS; v++) {
        const struct contents_vat *vat = &contents->vats[v];
        spans += vat->span_count;
        snapshots += vat->snapshot_count;
        for (size_t i = 0; i < vat->span_count; i++)
            if (has_items(compare, &vat->spans[i]))
                items += (size_t)(vat->spans[i].end - vat->spans[i].start);
    }
    const struct {
        const char *what;
        size_t expected, shown;
    } tables[] = {{"keys", pairs, compare->pairs},
                  {"spans", spans, compare->spans},
                  {"items", items, compare->items},
                  {"snapshots", snapshots, compare->snapshots},
                  {"bundles", bundles, compare->bundles}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].expected != tables[i].shown)
            differ(compare, "%zu %s, not %zu", tables[i].shown, tables[i].what, tables[i].expected);
}

enum vk_err contents_compare_rows(const struct contents_model *model,
                                  const struct contents *contents, struct vk_store *store,
                                  char differs[CONTENTS_DIFFERS_MAX]) {
    struct comparison compare = {
        .model = model, .contents = contents, .store = store, .differs = differs};
    const struct vk_store_scan scan = {.impl = &compare,
                                       .pair = on_pair,
                                       .span = on_span,
                                       .item = on_item,
                                       .snapshot = on_snapshot,
                                       .bundle = on_bundle};
    differs[0] = '\0';
    VK_TRY(vk_store_scan(store, &scan));
    count_rows(&compare);
    return VK_OK;
}
