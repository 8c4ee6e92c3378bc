/* replay_spans.c - every transcript span of the final database against the recording's transcript
 * items.
 *
 * The items that were not undone are walked in order; each span's hash is computed from them with
 * libcrypto, not with the store's own code. Answers to transcriptStore.js, updateSpanHash().
 *
 * INV-SPANS-1  The store has the spans that the recording's items make, and no others.
 */
#include "replay_check.h"
#include "replay_state.h"
#include "vk/scan.h"

#include <openssl/evp.h>

/* A span as the recording makes it. */
struct expected_span {
    uint64_t vat_number;
    struct vk_span span;
    bool is_current;
    bool was_found;
};

struct span_check {
    struct sim_replay *replay;
    EVP_MD_CTX *sha256;
    struct {
        SIM_ARRAY(struct expected_span);
    } spans;
};

static enum vk_err hash_texts(struct span_check *check, struct vk_str first, struct vk_str second,
                              char hex[VK_HASH_HEX]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;
    if (!EVP_DigestInit_ex(check->sha256, EVP_sha256(), NULL) ||
        !EVP_DigestUpdate(check->sha256, first.p, first.n) ||
        !EVP_DigestUpdate(check->sha256, second.p, second.n) ||
        !EVP_DigestFinal_ex(check->sha256, digest, &size))
        return VK_RAISE(VK_ERR_NOMEM, "SHA-256");
    VK_ASSERT(size * 2 + 1 == VK_HASH_HEX);
    vk_str_hex(digest, size, hex);
    return VK_OK;
}

/* The vat's newest span, or NULL. */
static struct expected_span *newest(struct span_check *check, uint64_t vat_number) {
    for (size_t i = check->spans.count; i-- > 0;)
        if (check->spans.at[i].vat_number == vat_number) return &check->spans.at[i];
    return NULL;
}

static enum vk_err open_span(struct span_check *check, uint64_t vat_number, uint64_t start,
                             uint64_t incarnation) {
    SIM_ARRAY_RESERVE(&check->spans);
    struct expected_span *span = &check->spans.at[check->spans.count++];
    *span = (struct expected_span){.vat_number = vat_number, .is_current = true};
    span->span = (struct vk_span){.start = start, .end = start, .incarnation = incarnation};
    return hash_texts(check, VK_STR("start of transcript span"), VK_STR(""), span->span.hash);
}

static enum vk_err add_item(struct span_check *check, struct expected_span *span,
                            struct vk_str item) {
    char item_hash[VK_HASH_HEX], before[VK_HASH_HEX];
    memcpy(before, span->span.hash, sizeof before);
    VK_TRY(hash_texts(check, item, VK_STR(""), item_hash));
    span->span.end++;
    return hash_texts(check, vk_str(before), vk_str(item_hash), span->span.hash);
}

/* Removes up to `budget` spans, newest first; without limit, all. */
static void remove_spans(struct span_check *check, uint64_t vat_number, uint64_t budget) {
    for (size_t i = check->spans.count; i-- > 0 && budget > 0;) {
        if (check->spans.at[i].vat_number != vat_number) continue;
        memmove(&check->spans.at[i], &check->spans.at[i + 1],
                (check->spans.count - i - 1) * sizeof *check->spans.at);
        check->spans.count--;
        budget--;
    }
}

static enum vk_err roll_over(struct span_check *check, uint64_t vat, bool new_incarnation) {
    struct expected_span *old = newest(check, vat);
    if (!old) return VK_OK;
    old->is_current = false;
    return open_span(check, vat, old->span.end, old->span.incarnation + (new_incarnation ? 1 : 0));
}

static bool is_of_transcripts(enum vk_trace_type type) {
    return type >= VK_TRACE_TRANSCRIPT_INIT && type <= VK_TRACE_TRANSCRIPT_DELETE;
}

static enum vk_err walk_event(struct span_check *check, const struct sim_event *event) {
    uint64_t vat;
    struct expected_span *span;
    if (!is_of_transcripts(event->type) || event->is_undone) return VK_OK;
    if (!sim_vat_number(event->key, &vat)) return VK_OK;
    if (event->type == VK_TRACE_TRANSCRIPT_INIT) return open_span(check, vat, 0, 0);
    if (event->type == VK_TRACE_TRANSCRIPT_SPAN) return roll_over(check, vat, false);
    if (event->type == VK_TRACE_TRANSCRIPT_INCARNATION) return roll_over(check, vat, true);
    span = newest(check, vat);
    if (event->type == VK_TRACE_TRANSCRIPT_ITEM)
        return span ? add_item(check, span, event->value) : VK_OK;
    if (event->type == VK_TRACE_TRANSCRIPT_STOP) {
        if (span) span->is_current = false;
    } else {
        remove_spans(check, vat, event->budget);
    }
    return VK_OK;
}

static enum vk_err describe(struct vk_arena *arena, const struct vk_span *span, bool is_current,
                            struct vk_str *out) {
    return vk_arena_format(arena, out, "[%llu, %llu) of incarnation %llu, %s, %s",
                           (unsigned long long)span->start, (unsigned long long)span->end,
                           (unsigned long long)span->incarnation, is_current ? "current" : "closed",
                           span->hash);
}

static enum vk_err span_differs(struct span_check *check, struct vk_str vat,
                                const struct expected_span *expected, const struct vk_span *got,
                                bool got_is_current) {
    struct vk_arena *arena = &check->replay->keep;
    struct sim_diff_side sides[2] = {{.event = {.value = VK_STR("no such span")}},
                                     {.event = {.value = VK_STR("no such span")}}};
    if (expected)
        VK_TRY(describe(arena, &expected->span, expected->is_current, &sides[0].event.value));
    if (got) VK_TRY(describe(arena, got, got_is_current, &sides[1].event.value));
    return replay_diff_keep(check->replay, SIM_DIFF_SPAN, &sides[0], &sides[1], "of %.*s",
                            VK_STR_ARG(vat));
}

static enum vk_err on_span(void *impl, struct vk_str vat, const struct vk_span *got,
                           bool is_current) {
    struct span_check *check = impl;
    struct expected_span *expected = NULL;
    uint64_t number;
    if (!sim_vat_number(vat, &number)) number = UINT64_MAX;
    for (size_t i = 0; !expected && i < check->spans.count; i++)
        if (check->spans.at[i].vat_number == number && check->spans.at[i].span.start == got->start)
            expected = &check->spans.at[i];
    if (!expected || expected->is_current != is_current || expected->span.end != got->end ||
        expected->span.incarnation != got->incarnation ||
        memcmp(expected->span.hash, got->hash, VK_HASH_HEX) != 0)
        return span_differs(check, vat, expected, got, is_current);
    expected->was_found = true;
    return VK_OK;
}

static enum vk_err check_all(struct span_check *check) {
    for (size_t i = 0; i < check->replay->recording->events.count; i++)
        VK_TRY(walk_event(check, replay_event(check->replay, i)));
    const struct vk_store_scan scan = {.impl = check, .span = on_span};
    VK_TRY(vk_store_scan(check->replay->store, &scan));
    for (size_t i = 0; i < check->spans.count; i++) {
        struct expected_span *missing = &check->spans.at[i];
        if (missing->was_found) continue;
        struct vk_str vat;
        VK_TRY(vk_arena_format(&check->replay->keep, &vat, "v%llu",
                               (unsigned long long)missing->vat_number));
        return span_differs(check, vat, missing, NULL, false);
    }
    return VK_OK;
}

enum vk_err replay_check_spans(struct sim_replay *replay) {
    struct span_check check = {.replay = replay, .sha256 = EVP_MD_CTX_new()};
    enum vk_err err = check.sha256 ? check_all(&check) : VK_RAISE(VK_ERR_NOMEM, "SHA-256");
    EVP_MD_CTX_free(check.sha256);
    sim_array_free(check.spans.at);
    return err;
}
