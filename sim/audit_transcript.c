/* audit_transcript.c - transcript spans and heap snapshots.
 *
 * A vat's transcript is a chain of spans, each from where the last one ended; the last is current
 * while the vat lives. A snapshot is taken at position P: P itself is its save-snapshot item and
 * ends the span, P + 1 is the load-snapshot item that the next span begins with. Clean-up deletes
 * spans newest first, so what is left of a terminated vat's is whole from 0 on. Items of closed
 * spans may be pruned, a whole span at a time; those of the current one never.
 *
 * Answers to transcriptStore.js and snapStore.js of swing-store, saveSnapshot and
 * beginNewIncarnation of vatKeeper.js. That an incarnation begins with initialize-worker is not
 * asked for: vats that a test gives to the kernel as functions (createTestVat) have no worker to
 * initialise.
 */
#include "audit.h"

static struct vk_str span_name(struct audit *audit, const struct audit_span *span) {
    return audit_text(audit, "transcript.%.*s.%llu", VK_STR_ARG(span->vat),
                      (unsigned long long)span->start);
}

static struct vk_str snapshot_name(struct audit *audit, const struct audit_snapshot *snapshot) {
    return audit_text(audit, "snapshot.%.*s.%llu", VK_STR_ARG(snapshot->vat),
                      (unsigned long long)snapshot->position);
}

static struct vk_str number(struct audit *audit, uint64_t value) {
    return audit_text(audit, "%llu", (unsigned long long)value);
}

/* ---- spans */
static void span_check_place(struct audit *audit, const struct audit_span *span,
                             const struct audit_span *before) {
    uint64_t start = before ? before->end : 0;
    if (span->start != start)
        audit_report(audit, AUDIT_TRANSCRIPT_SPAN, span_name(audit, span),
                     audit_text(audit, "a span from %llu", (unsigned long long)start),
                     number(audit, span->start));
    if (span->end < span->start)
        audit_report(audit, AUDIT_TRANSCRIPT_SPAN, span_name(audit, span),
                     audit_text(audit, "an end from %llu", (unsigned long long)span->start),
                     number(audit, span->end));
    uint64_t incarnation = before ? before->incarnation : 0;
    if (span->incarnation < incarnation || span->incarnation > incarnation + (before != NULL))
        audit_report(audit, AUDIT_TRANSCRIPT_INCARNATION, span_name(audit, span),
                     before ? audit_text(audit, "incarnation %llu or the next",
                                         (unsigned long long)incarnation)
                            : VK_STR("incarnation 0"),
                     number(audit, span->incarnation));
    if (before && before->is_current)
        audit_report(audit, AUDIT_TRANSCRIPT_CURRENT, span_name(audit, before),
                     VK_STR("no current span but the last"), VK_STR("current"));
}

static void span_check_items(struct audit *audit, const struct audit_span *span) {
    if (!audit->state->has_items || span->end < span->start) return;
    uint64_t size = span->end - span->start;
    if (span->item_count != size && (span->is_current || span->item_count)) {
        audit_report(audit, AUDIT_TRANSCRIPT_ITEMS, span_name(audit, span),
                     audit_text(audit, "%llu items", (unsigned long long)size),
                     number(audit, span->item_count));
        return;
    }
    if (span->item_of_other_incarnation)
        audit_report(audit, AUDIT_TRANSCRIPT_ITEMS, span_name(audit, span),
                     audit_text(audit, "items of incarnation %llu",
                                (unsigned long long)span->incarnation),
                     VK_STR("another incarnation's"));
    if (span->item_count == size && !vk_str_eq(span->hash, vk_str(span->items_hash)))
        audit_report(audit, AUDIT_TRANSCRIPT_HASH, span_name(audit, span), vk_str(span->items_hash),
                     span->hash);
}

/* The snapshot that an item loads, or absent. */
static struct vk_str item_snapshot(struct audit *audit, struct vk_str item_text) {
    const struct vk_json *item = NULL;
    enum vk_err err = vk_json_parse(&audit->scratch, item_text, &item);
    if (err == VK_ERR_NOMEM) audit->err = err;
    const struct vk_json *delivery = err == VK_OK ? vk_json_get(item, "d") : NULL;
    if (!vk_str_eq(vk_json_string(vk_json_at(delivery, 0)), VK_STR("load-snapshot")))
        return VK_STR_NONE;
    return vk_json_string(vk_json_get(vk_json_at(delivery, 1), "snapshotID"));
}

/* A span goes on from a snapshot exactly when it goes on with an incarnation. */
static bool span_goes_on(const struct audit_span *span, const struct audit_span *before) {
    return before && before->incarnation == span->incarnation;
}

static void span_check_begin(struct audit *audit, const struct audit_span *span,
                             const struct audit_span *before) {
    if (!vk_str_present(span->first_item)) return;
    bool loads = vk_str_present(item_snapshot(audit, span->first_item));
    if (loads != span_goes_on(span, before))
        audit_report(audit, AUDIT_TRANSCRIPT_ITEMS, span_name(audit, span),
                     loads ? VK_STR("no load-snapshot at the begin of an incarnation")
                           : VK_STR("load-snapshot as first item"),
                     span->first_item);
}

/* ---- snapshots */
static void snapshot_check_current(struct audit *audit, const struct audit_span *current,
                                   bool goes_on, const struct audit_snapshot *in_use) {
    if (!in_use || !goes_on) {
        if (goes_on)
            audit_report(audit, AUDIT_SNAPSHOT, span_name(audit, current),
                         VK_STR("its snapshot in use"), VK_STR("(none)"));
        if (in_use)
            audit_report(audit, AUDIT_SNAPSHOT, snapshot_name(audit, in_use),
                         VK_STR("not in use, for the current span begins an incarnation"),
                         VK_STR("in use"));
        return;
    }
    if (in_use->position + 1 != current->start)
        audit_report(audit, AUDIT_SNAPSHOT, snapshot_name(audit, in_use),
                     audit_text(audit, "a snapshot just before %llu, where the current span begins",
                                (unsigned long long)current->start),
                     number(audit, in_use->position));
    if (!vk_str_present(current->first_item)) return; /* items were not read */
    struct vk_str loaded = item_snapshot(audit, current->first_item);
    if (vk_str_present(loaded) && !vk_str_eq(in_use->hash, loaded))
        audit_report(audit, AUDIT_SNAPSHOT, snapshot_name(audit, in_use), loaded, in_use->hash);
}

static const struct audit_snapshot *snapshots_check(struct audit *audit, struct vk_str vat,
                                                    bool alive, size_t *cursor) {
    const struct audit_snapshot *in_use = NULL;
    for (; *cursor < audit->state->snapshot_count; ++*cursor) {
        const struct audit_snapshot *snapshot = &audit->state->snapshots[*cursor];
        if (!vk_str_eq(snapshot->vat, vat)) break;
        if (!snapshot->in_use) continue;
        if (in_use || !alive)
            audit_report(audit, AUDIT_SNAPSHOT, snapshot_name(audit, snapshot),
                         alive ? VK_STR("one in use") : VK_STR("not in use, for the vat is dead"),
                         VK_STR("in use"));
        in_use = snapshot;
    }
    return in_use;
}

/* ---- vat by vat */
/* All spans of the vat at *cursor; returns the last one, and whether it goes on from a snapshot. */
static const struct audit_span *spans_check(struct audit *audit, struct vk_str vat, size_t *cursor,
                                            bool *goes_on) {
    const struct audit_span *before = NULL;
    *goes_on = false;
    for (; *cursor < audit->state->span_count; ++*cursor) {
        const struct audit_span *span = &audit->state->spans[*cursor];
        if (!vk_str_eq(span->vat, vat)) break;
        span_check_place(audit, span, before);
        span_check_items(audit, span);
        span_check_begin(audit, span, before);
        *goes_on = span_goes_on(span, before);
        before = span;
    }
    return before;
}

static void current_check(struct audit *audit, const struct audit_holder *vat,
                          const struct audit_span *current, bool goes_on,
                          const struct audit_snapshot *in_use) {
    if (vat->suspended && current->end != current->start)
        audit_report(audit, AUDIT_VAT_STATE, span_name(audit, current),
                     VK_STR("an empty span, for the vat is suspended"),
                     audit_text(audit, "%llu items",
                                (unsigned long long)(current->end - current->start)));
    snapshot_check_current(audit, current, goes_on, in_use);
}

static bool is_terminated(const struct audit *audit, struct vk_str vat) {
    const struct vk_json *list = audit->fixed[AUDIT_KEY_VATS_TERMINATED].json;
    for (const struct vk_json *id = list ? list->first : NULL; id; id = id->next)
        if (vk_str_eq(id->text, vat)) return true;
    return false;
}

static void vat_check(struct audit *audit, struct vk_str vat, size_t *span_cursor,
                      size_t *snapshot_cursor) {
    const struct audit_holder *holder = audit_find_holder(audit, vat);
    bool alive = holder && !holder->is_device && audit_holder_alive(holder);
    bool goes_on;
    const struct audit_span *last = spans_check(audit, vat, span_cursor, &goes_on);
    const struct audit_snapshot *in_use = snapshots_check(audit, vat, alive, snapshot_cursor);
    if (!alive && !is_terminated(audit, vat)) {
        audit_report(audit, AUDIT_VAT_KEYS, vat, VK_STR("no transcript or snapshot left"),
                     last ? span_name(audit, last) : VK_STR("a snapshot"));
        return;
    }
    if (alive && (!last || !last->is_current))
        audit_report(audit, AUDIT_TRANSCRIPT_CURRENT,
                     last ? span_name(audit, last)
                          : audit_text(audit, "transcript.%.*s.current", VK_STR_ARG(vat)),
                     VK_STR("a current span"), last ? VK_STR("not current") : VK_STR("(none)"));
    else if (alive)
        current_check(audit, holder, last, goes_on, in_use);
    else if (last && last->is_current)
        audit_report(audit, AUDIT_TRANSCRIPT_CURRENT, span_name(audit, last),
                     VK_STR("no current span, for the vat is dead"), VK_STR("current"));
}

static struct vk_str smaller(struct vk_str a, struct vk_str b) {
    if (!vk_str_present(a)) return b;
    return vk_str_present(b) && vk_str_cmp(b, a) < 0 ? b : a;
}

enum vk_err audit_transcripts(struct audit *audit) {
    const struct audit_state *state = audit->state;
    size_t span = 0, snapshot = 0, holder = 0;
    for (;;) { /* three lists in the same order, merged */
        vk_arena_clear(&audit->scratch);
        while (holder < audit->holder_count &&
               (audit->holders[holder].is_device || !audit_holder_alive(&audit->holders[holder])))
            holder++;
        struct vk_str vat = VK_STR_NONE;
        if (span < state->span_count) vat = smaller(vat, state->spans[span].vat);
        if (snapshot < state->snapshot_count) vat = smaller(vat, state->snapshots[snapshot].vat);
        if (holder < audit->holder_count) vat = smaller(vat, audit->holders[holder].id);
        if (!vk_str_present(vat)) break;
        if (holder < audit->holder_count && vk_str_eq(audit->holders[holder].id, vat)) holder++;
        vat_check(audit, vat, &span, &snapshot);
    }
    for (size_t i = 0; i < state->stray_count; i++) {
        vk_arena_clear(&audit->scratch);
        audit_report(audit, AUDIT_TRANSCRIPT_ITEMS,
                     audit_text(audit, "transcript.%.*s", VK_STR_ARG(state->strays[i].vat)),
                     VK_STR("items within a span"), number(audit, state->strays[i].position));
    }
    return audit->err;
}
