/* refcount.c - see refcount.h. */
#include "refcount.h"

enum vk_err vk_kref_require(struct vk_str text, struct vk_kref *out) {
    if (!vk_kref_parse(text, out))
        return VK_RAISE(VK_ERR_CORRUPT, "invalid kernelSlot '%.*s'", VK_STR_ARG(text));
    return VK_OK;
}

enum vk_err vk_object_refcount_get(struct vk_state *state, struct vk_kref kref,
                                   struct vk_refcount *out) {
    struct vk_str text;
    *out = (struct vk_refcount){0, 0};
    VK_TRY(vk_state_get(state, &text, KEY(KREF(kref), LIT(".refCount"))));
    if (!text.n) return VK_OK;
    const char *comma = memchr(text.p, ',', text.n);
    size_t n = comma ? (size_t)(comma - text.p) : text.n;
    if (!comma || !vk_count_parse((struct vk_str){text.p, n}, &out->reachable) ||
        !vk_count_parse(vk_str_from(text, n + 1), &out->recognizable) ||
        out->reachable > out->recognizable)
        return VK_RAISE(VK_ERR_CORRUPT, "ko%llu.refCount: '%.*s'", (unsigned long long)kref.id,
                        VK_STR_ARG(text));
    return VK_OK;
}

enum vk_err vk_object_refcount_set(struct vk_state *state, struct vk_kref kref,
                                   struct vk_refcount count) {
    VK_ASSERT(kref.type == VK_SLOT_OBJECT);           /* INV-REF-3: two counts are an object's */
    VK_ASSERT(count.reachable <= count.recognizable); /* INV-REF-1 */
    struct vk_str text;
    VK_TRY(
        vk_state_text(state, &text, KEY(U64(count.reachable), LIT(","), U64(count.recognizable))));
    return vk_state_set(state, text, KEY(KREF(kref), LIT(".refCount")));
}

enum vk_err vk_promise_refcount_get(struct vk_state *state, struct vk_kref kpid, uint64_t *out) {
    VK_ASSERT(kpid.type == VK_SLOT_PROMISE); /* INV-REF-3 */
    return vk_state_require_count(state, out, KEY(KREF(kpid), LIT(".refCount")));
}

enum vk_err vk_ref_add(struct vk_state *state, struct vk_kref kref, enum vk_ref_kind kind) {
    if (kref.type == VK_SLOT_PROMISE) {
        uint64_t count;
        VK_TRY(vk_promise_refcount_get(state, kref, &count));
        return vk_state_set_u64(state, count + 1, KEY(KREF(kref), LIT(".refCount")));
    }
    if (kref.type == VK_SLOT_DEVICE || kind == VK_REF_EXPORT) return VK_OK;
    struct vk_refcount count;
    VK_TRY(vk_object_refcount_get(state, kref, &count));
    if (kind == VK_REF_STRONG) count.reachable++;
    count.recognizable++;
    return vk_object_refcount_set(state, kref, count);
}

static enum vk_err promise_drop(struct vk_state *state, struct vk_kref kpid) {
    uint64_t count;
    VK_TRY(vk_promise_refcount_get(state, kpid, &count));
    if (count == 0)
        return VK_RAISE(VK_ERR_CORRUPT, "refCount underflow kp%llu", (unsigned long long)kpid.id);
    VK_TRY(vk_state_set_u64(state, count - 1, KEY(KREF(kpid), LIT(".refCount"))));
    return count == 1 ? vk_dead_list_add(&state->maybe_free, kpid) : VK_OK;
}

enum vk_err vk_ref_drop(struct vk_state *state, struct vk_kref kref, enum vk_ref_kind kind) {
    if (kref.type == VK_SLOT_PROMISE) return promise_drop(state, kref);
    if (kref.type == VK_SLOT_DEVICE || kind == VK_REF_EXPORT) return VK_OK;
    bool exists;
    VK_TRY(vk_state_has(state, &exists, KEY(KREF(kref), LIT(".refCount"))));
    if (!exists) return VK_OK;
    struct vk_refcount count;
    VK_TRY(vk_object_refcount_get(state, kref, &count));
    uint64_t reach = kind == VK_REF_STRONG ? 1 : 0;
    if (count.reachable < reach || count.recognizable < 1)
        return VK_RAISE(VK_ERR_CORRUPT, "ko%llu underflow %llu,%llu", (unsigned long long)kref.id,
                        (unsigned long long)count.reachable,
                        (unsigned long long)count.recognizable);
    count.reachable -= reach;
    count.recognizable--;
    if (count.reachable > count.recognizable)
        return VK_RAISE(VK_ERR_CORRUPT, "refmismatch ko%llu %llu,%llu", (unsigned long long)kref.id,
                        (unsigned long long)count.reachable,
                        (unsigned long long)count.recognizable);
    if (!count.reachable || !count.recognizable) VK_TRY(vk_dead_list_add(&state->maybe_free, kref));
    return vk_object_refcount_set(state, kref, count);
}

enum vk_err vk_refs_add(struct vk_state *state, const struct vk_str *slots, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct vk_kref kref;
        VK_TRY(vk_kref_require(slots[i], &kref));
        VK_TRY(vk_ref_add(state, kref, VK_REF_STRONG));
    }
    return VK_OK;
}

enum vk_err vk_refs_drop(struct vk_state *state, const struct vk_str *slots, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct vk_kref kref;
        VK_TRY(vk_kref_require(slots[i], &kref));
        VK_TRY(vk_ref_drop(state, kref, VK_REF_STRONG));
    }
    return VK_OK;
}
