/* transcript.c - transcripts: spans, incarnations and cumulative hashes, over either mode.
 *
 * INV-TRANSCRIPT-1  A vat has at most one current span, and it is its newest.
 * INV-TRANSCRIPT-2  A span's hash covers its items in order: of an empty span sha256("start of
 *                   transcript span"), then sha256(hash before, as hex + sha256(item) as hex).
 *
 * Answers to packages/swing-store/src/transcriptStore.js. Where that fails on a constraint (a vat's
 * second transcript, a roll-over of an empty span) the error here is VK_ERR_USAGE and nothing has
 * changed.
 */
#include "store_state.h"

static struct vk_str initial_hash(void) {
    return VK_STR("43e6be43a3a34d60c0ebeb8498b5849b094fc20fc68483a7aeb3624fa10f79f6");
}

static void span_start(struct vk_span *span, uint64_t at, uint64_t incarnation) {
    *span = (struct vk_span){.start = at, .end = at, .incarnation = incarnation};
    memcpy(span->hash, initial_hash().p, VK_HASH_HEX);
}

/* updateSpanHash() */
static void span_hash_add(struct vk_store *store, struct vk_span *span, struct vk_str item) {
    char item_hash[VK_HASH_HEX];
    vk_hasher_add(&store->hasher, item);
    vk_hasher_finish(&store->hasher, item_hash);
    vk_hasher_add(&store->hasher, vk_str(span->hash));
    vk_hasher_add(&store->hasher, vk_str(item_hash));
    vk_hasher_finish(&store->hasher, span->hash);
}

enum vk_err vk_transcript_init(struct vk_store *store, struct vk_str vat) {
    struct vk_span span;
    bool found;
    VK_TRY(vk_store_writable(store));
    VK_TRY(store->mode->transcripts->current(store, vat, &found, &span));
    if (!found) VK_TRY(store->mode->transcripts->floor(store, vat, 0, &found, &span));
    if (found) return VK_RAISE(VK_ERR_USAGE, "%.*s has a transcript", VK_STR_ARG(vat));
    span_start(&span, 0, 0);
    VK_TRY(store->mode->transcripts->open(store, vat, &span));
    return vk_store_emit(store, VK_TRACE_TRANSCRIPT_INIT, vat, VK_STR_NONE);
}

enum vk_err vk_transcript_current(struct vk_store *store, struct vk_str vat, struct vk_span *out) {
    bool found;
    VK_TRY(store->mode->transcripts->current(store, vat, &found, out));
    if (!found) return VK_RAISE(VK_ERR_CORRUPT, "no current transcript for %.*s", VK_STR_ARG(vat));
    if (out->start > out->end)
        return VK_RAISE(VK_ERR_CORRUPT, "the current span of %.*s ends before its start",
                        VK_STR_ARG(vat));
    return VK_OK;
}

enum vk_err vk_transcript_add(struct vk_store *store, struct vk_str vat, struct vk_str item) {
    struct vk_span span;
    VK_TRY(vk_store_writable(store));
    VK_TRY(vk_transcript_current(store, vat, &span));
    span_hash_add(store, &span, item);
    span.end++;
    VK_TRY(store->mode->transcripts->append(store, vat, &span, item));
    return vk_store_emit(store, VK_TRACE_TRANSCRIPT_ITEM, vat, item);
}

enum vk_err vk_transcript_item(struct vk_store *store, struct vk_arena *arena, struct vk_str vat,
                               uint64_t position, struct vk_str *item) {
    struct vk_span span;
    VK_TRY(vk_transcript_current(store, vat, &span));
    if (position < span.start || position >= span.end)
        return VK_RAISE(VK_ERR_USAGE, "item %llu is not in the current span of %.*s",
                        (unsigned long long)position, VK_STR_ARG(vat));
    VK_TRY(store->mode->transcripts->item(store, arena, vat, position, item));
    if (!vk_str_present(*item))
        return VK_RAISE(VK_ERR_CORRUPT, "transcript item %llu of %.*s is missing",
                        (unsigned long long)position, VK_STR_ARG(vat));
    return VK_OK;
}

/* doSpanRollover() */
static enum vk_err rollover(struct vk_store *store, struct vk_str vat, bool new_incarnation,
                            uint64_t *incarnation) {
    struct vk_span old, fresh;
    VK_TRY(vk_store_writable(store));
    VK_TRY(vk_transcript_current(store, vat, &old));
    if (old.start == old.end)
        return VK_RAISE(VK_ERR_USAGE, "the current span of %.*s is empty", VK_STR_ARG(vat));
    span_start(&fresh, old.end, old.incarnation + (new_incarnation ? 1 : 0));
    VK_TRY(store->mode->transcripts->retire(store, vat, &old, store->options.drop_transcripts));
    VK_TRY(store->mode->transcripts->open(store, vat, &fresh));
    *incarnation = fresh.incarnation;
    return VK_OK;
}

enum vk_err vk_transcript_rollover_span(struct vk_store *store, struct vk_str vat) {
    uint64_t incarnation;
    VK_TRY(rollover(store, vat, false, &incarnation));
    return vk_store_emit(store, VK_TRACE_TRANSCRIPT_SPAN, vat, VK_STR_NONE);
}

enum vk_err vk_transcript_rollover_incarnation(struct vk_store *store, struct vk_str vat,
                                               uint64_t *incarnation) {
    VK_TRY(rollover(store, vat, true, incarnation));
    return vk_store_emit(store, VK_TRACE_TRANSCRIPT_INCARNATION, vat, VK_STR_NONE);
}

enum vk_err vk_transcript_stop(struct vk_store *store, struct vk_str vat) {
    struct vk_span span;
    bool found;
    VK_TRY(vk_store_writable(store));
    VK_TRY(store->mode->transcripts->current(store, vat, &found, &span));
    if (found)
        VK_TRY(
            store->mode->transcripts->retire(store, vat, &span, store->options.drop_transcripts));
    return vk_store_emit(store, VK_TRACE_TRANSCRIPT_STOP, vat, VK_STR_NONE);
}

/* Visits up to `budget` spans, newest first, and removes them one by one if `remove`. */
static enum vk_err spans_visit(struct vk_store *store, struct vk_str vat, uint64_t budget,
                               bool remove, uint64_t *visited) {
    uint64_t at_most = INT64_MAX;
    for (*visited = 0; *visited < budget;) {
        struct vk_span span;
        bool found;
        VK_TRY(store->mode->transcripts->floor(store, vat, at_most, &found, &span));
        if (!found) return VK_OK;
        VK_ASSERT(span.start <= at_most); /* INV-TRANSCRIPT-3: newest first */
        if (remove) VK_TRY(store->mode->transcripts->remove(store, vat, &span));
        ++*visited;
        if (span.start == 0) return VK_OK;
        at_most = span.start - 1;
    }
    return VK_OK;
}

enum vk_err vk_transcript_delete(struct vk_store *store, struct vk_str vat, uint64_t budget,
                                 uint64_t *cleanups, bool *done) {
    bool all = budget == VK_UNLIMITED, found = false;
    struct vk_span span;
    VK_TRY(vk_store_writable(store));
    if (budget == 0) return VK_RAISE(VK_ERR_USAGE, "a clean-up with no budget");
    VK_TRY(spans_visit(store, vat, budget, !all, cleanups));
    if (all)
        VK_TRY(store->mode->transcripts->wipe(store, vat));
    else if (*cleanups > 0)
        VK_TRY(store->mode->transcripts->floor(store, vat, INT64_MAX, &found, &span));
    *done = !found;
    const struct vk_trace_event event = {.type = VK_TRACE_TRANSCRIPT_DELETE,
                                         .key = vat,
                                         .budget = budget,
                                         .count = *cleanups,
                                         .done = *done};
    return vk_store_trace(store, &event);
}
