/* diff_spans.c - see diff_spans.h. */
#include "diff_spans.h"

#include "array.h"
#include "log_line.h"
#include "vk/scan.h"

#include <inttypes.h>

enum { VATS_NOTED = 8, ID_TEXT = 24 };

struct span {
    char vat[ID_TEXT];
    struct vk_span span;
    bool is_current;
};

struct image {
    char vat[ID_TEXT];
    char hash[VK_HASH_HEX];
};

struct tables {
    struct {
        SIM_ARRAY(struct span);
    } spans;
    struct {
        SIM_ARRAY(struct image);
    } images; /* snapshots in use */
    uint64_t bundles;
};

/* The items of one span. */
struct items {
    const struct span *of;
    struct vk_arena arena;
    struct {
        SIM_ARRAY(struct vk_str);
    } texts; /* by position - of->span.start */
    bool is_over;
};

struct spans {
    struct sim_divergence *out;
    struct vk_store *const *stores;
    struct tables tables[2];
    uint64_t differing; /* vats */
};

/* ---- reading */

static void copy_id(char id[ID_TEXT], struct vk_str text) {
    size_t n = text.n < ID_TEXT - 1 ? text.n : ID_TEXT - 1;
    memcpy(id, text.p, n);
    id[n] = '\0';
}

static enum vk_err take_span(void *impl, struct vk_str vat, const struct vk_span *span,
                             bool is_current) {
    struct tables *tables = impl;
    SIM_ARRAY_RESERVE(&tables->spans);
    struct span *taken = &tables->spans.at[tables->spans.count++];
    *taken = (struct span){.span = *span, .is_current = is_current};
    copy_id(taken->vat, vat);
    return VK_OK;
}

static enum vk_err take_snapshot(void *impl, struct vk_str vat, const struct vk_snapshot_info *info,
                                 bool in_use) {
    struct tables *tables = impl;
    if (!in_use) return VK_OK;
    SIM_ARRAY_RESERVE(&tables->images);
    struct image *taken = &tables->images.at[tables->images.count++];
    *taken = (struct image){0};
    copy_id(taken->vat, vat);
    memcpy(taken->hash, info->hash, sizeof taken->hash);
    return VK_OK;
}

static enum vk_err take_bundle(void *impl, struct vk_str id) {
    struct tables *tables = impl;
    (void)id;
    tables->bundles++;
    return VK_OK;
}

static enum vk_err take_item(void *impl, struct vk_str vat, uint64_t position, uint64_t incarnation,
                             struct vk_str item) {
    struct items *items = impl;
    struct vk_str text;
    (void)incarnation;
    if (!vk_str_eq(vat, vk_str(items->of->vat)) || position < items->of->span.start) return VK_OK;
    if (position >= items->of->span.end) {
        items->is_over = true;
        return VK_RAISE(VK_ERR_TRACE, "that is enough");
    }
    VK_TRY(vk_arena_copy(&items->arena, item, &text));
    SIM_ARRAY_RESERVE(&items->texts);
    items->texts.at[items->texts.count++] = text;
    return VK_OK;
}

/* Of the span that is current an item is found by its position; of older ones by looking through all up to it. */
static enum vk_err read_items(struct items *items, struct vk_store *store) {
    const struct vk_store_scan scan = {.impl = items, .item = take_item};
    if (!items->of->is_current) {
        enum vk_err err = vk_store_scan(store, &scan);
        return items->is_over ? VK_OK : err;
    }
    for (uint64_t i = items->of->span.start; i < items->of->span.end; i++) {
        struct vk_str item;
        VK_TRY(vk_transcript_item(store, &items->arena, vk_str(items->of->vat), i, &item));
        SIM_ARRAY_RESERVE(&items->texts);
        items->texts.at[items->texts.count++] = item;
    }
    return VK_OK;
}

/* ---- items */

/* {"d":[...],"sc":[{"s":[...],"r":[...]},...],"r":{...}}: in what part of it two differ. */
static enum vk_err describe(struct vk_arena *arena, struct vk_str a, struct vk_str b,
                            struct vk_str *out) {
    struct vk_str d = sim_log_get(a, "d"), name = sim_log_text(sim_log_at(d, 0));
    struct sim_log_walk x, y;
    struct sim_log_member call, other;
    if (!vk_str_eq(d, sim_log_get(b, "d")))
        return vk_arena_format(arena, out, "what was delivered (%.*s)", VK_STR_ARG(name));
    sim_log_walk_begin(&x, sim_log_get(a, "sc"));
    sim_log_walk_begin(&y, sim_log_get(b, "sc"));
    for (uint64_t number = 0;; number++) {
        bool more = sim_log_walk_next(&x, &call), others = sim_log_walk_next(&y, &other);
        if (!more && !others) break;
        if (more && others && vk_str_eq(call.raw, other.raw)) continue;
        struct vk_str made = sim_log_get(more ? call.raw : other.raw, "s");
        bool same_call = more && others && vk_str_eq(made, sim_log_get(other.raw, "s"));
        return vk_arena_format(arena, out, "%s syscall %" PRIu64 " (%.*s) of its %.*s",
                               same_call ? "the result of" : "", number,
                               VK_STR_ARG(sim_log_text(sim_log_at(made, 0))), VK_STR_ARG(name));
    }
    return vk_arena_format(arena, out, "how its %.*s ended", VK_STR_ARG(name));
}

static enum vk_err tell_item(struct spans *spans, const char *vat, uint64_t position,
                             const struct vk_str item[2]) {
    struct sim_divergence *out = spans->out;
    struct vk_str part = VK_STR("");
    if (item[0].p && item[1].p) VK_TRY(describe(&out->arena, item[0], item[1], &part));
    while (part.n && *part.p == ' ')
        part = vk_str_from(part, 1);
    if (out->entry.present)
        return spans->differing > VATS_NOTED
                   ? VK_OK
                   : sim_divergence_note(out, "%s's delivery %" PRIu64 " differs: %.*s", vat,
                                         position, VK_STR_ARG(part));
    out->entry.present = true;
    out->has_delivery = true;
    out->delivery = position;
    VK_TRY(vk_arena_copy(&out->arena, vk_str(vat), &out->vat));
    for (int i = 0; i < 2; i++) {
        if (!item[i].p) continue;
        VK_TRY(vk_arena_copy(&out->arena, item[i], &out->entry.text[i]));
        VK_TRY(vk_arena_format(&out->arena, &out->entry.by[i], "%s's delivery %" PRIu64 "%s%.*s",
                               vat, position, part.n ? ": what differs is " : "",
                               VK_STR_ARG(part)));
    }
    return VK_OK;
}

static enum vk_err compare_items(struct spans *spans, const struct span *const span[2]) {
    struct items items[2] = {{.of = span[0]}, {.of = span[1]}};
    enum vk_err err = VK_OK;
    for (int i = 0; i < 2; i++)
        vk_arena_init(&items[i].arena, vk_heap_system());
    for (int i = 0; i < 2 && err == VK_OK; i++)
        err = read_items(&items[i], spans->stores[i]);
    size_t at = 0;
    while (at < items[0].texts.count && at < items[1].texts.count &&
           vk_str_eq(items[0].texts.at[at], items[1].texts.at[at]))
        at++;
    struct vk_str item[2] = {VK_STR_NONE, VK_STR_NONE};
    for (int i = 0; i < 2; i++)
        if (at < items[i].texts.count) item[i] = items[i].texts.at[at];
    if (err == VK_OK && (item[0].p || item[1].p))
        err = tell_item(spans, span[0]->vat, span[0]->span.start + at, item);
    else if (err == VK_OK)
        err = sim_divergence_note(spans->out,
                                  "%s: the span from %" PRIu64 " on differs, its items are pruned "
                                  "or the same",
                                  span[0]->vat, span[0]->span.start);
    for (int i = 0; i < 2; i++) {
        sim_array_free(items[i].texts.at);
        vk_arena_release(&items[i].arena);
    }
    return err;
}

/* ---- spans */

static bool same_span(const struct span *a, const struct span *b) {
    return a->span.start == b->span.start && a->span.end == b->span.end &&
           a->span.incarnation == b->span.incarnation && a->is_current == b->is_current &&
           strcmp(a->span.hash, b->span.hash) == 0;
}

static int order_of(const struct span *a, const struct span *b) {
    int order = strcmp(a->vat, b->vat);
    if (order != 0) return order;
    return (a->span.start > b->span.start) - (a->span.start < b->span.start);
}

/* The next span on either side, by vat and start; false at the end of both. */
static bool next_spans(const struct spans *spans, size_t at[2], const struct span *next[2]) {
    for (int i = 0; i < 2; i++)
        next[i] = at[i] < spans->tables[i].spans.count ? &spans->tables[i].spans.at[at[i]] : NULL;
    if (!next[0] && !next[1]) return false;
    int order = !next[0] ? 1 : !next[1] ? -1 : order_of(next[0], next[1]);
    if (order > 0) next[0] = NULL;
    if (order < 0) next[1] = NULL;
    at[0] += order <= 0;
    at[1] += order >= 0;
    return true;
}

static enum vk_err compare_spans(struct spans *spans) {
    size_t at[2] = {0, 0};
    const struct span *next[2];
    char told[ID_TEXT] = "";
    while (next_spans(spans, at, next)) {
        const struct span *shown = next[0] ? next[0] : next[1];
        if (strcmp(shown->vat, told) == 0) continue; /* INV-DIFF-SPANS-1 */
        if (next[0] && next[1] && same_span(next[0], next[1])) continue;
        memcpy(told, shown->vat, sizeof told);
        spans->differing++;
        if (next[0] && next[1])
            VK_TRY(compare_items(spans, next));
        else if (spans->differing <= VATS_NOTED)
            VK_TRY(sim_divergence_note(spans->out,
                                       "%s has a transcript span from %" PRIu64 " on in %s only",
                                       shown->vat, shown->span.start, next[0] ? "A" : "B"));
    }
    return VK_OK;
}

static enum vk_err compare_images(struct spans *spans) {
    const struct tables *a = &spans->tables[0], *b = &spans->tables[1];
    for (size_t i = 0; i < a->images.count; i++)
        for (size_t j = 0; j < b->images.count; j++) {
            bool is_pair = strcmp(a->images.at[i].vat, b->images.at[j].vat) == 0;
            if (is_pair && strcmp(a->images.at[i].hash, b->images.at[j].hash) != 0)
                VK_TRY(sim_divergence_note(spans->out, "%s's heap snapshot differs",
                                           a->images.at[i].vat));
        }
    if (a->bundles != b->bundles)
        return sim_divergence_note(spans->out, "A has %" PRIu64 " bundles, B has %" PRIu64,
                                   a->bundles, b->bundles);
    return VK_OK;
}

enum vk_err sim_diff_spans(struct sim_divergence *divergence, struct vk_store *const stores[2],
                           uint64_t *count) {
    struct spans spans = {.out = divergence, .stores = stores};
    enum vk_err err = VK_OK;
    for (int i = 0; i < 2 && err == VK_OK; i++) {
        const struct vk_store_scan scan = {.impl = &spans.tables[i],
                                           .span = take_span,
                                           .snapshot = take_snapshot,
                                           .bundle = take_bundle};
        err = vk_store_scan(stores[i], &scan);
    }
    if (err == VK_OK) err = compare_spans(&spans);
    if (err == VK_OK) err = compare_images(&spans);
    *count = spans.differing;
    for (int i = 0; i < 2; i++) {
        sim_array_free(spans.tables[i].spans.at);
        sim_array_free(spans.tables[i].images.at);
    }
    return err;
}
