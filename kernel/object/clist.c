/* clist.c - see clist.h. */
#include "clist.h"

#include "object.h"
#include "promise.h"
#include "refcount.h"
#include "slog.h"

enum vk_err vk_clist_find(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                          struct vk_clist_entry *out) {
    struct vk_str text;
    *out = (struct vk_clist_entry){0};
    VK_TRY(vk_state_get(state, &text, KEY(VAT(vat), LIT(".c."), KREF(kref))));
    if (!text.p) return VK_OK;
    out->exists = true;
    out->reachable = text.n > 2 && text.p[0] == 'R';
    if (text.n < 3 || text.p[1] != ' ' || (!out->reachable && text.p[0] != '_') ||
        !vk_vref_parse(vk_str_from(text, 2), &out->vref)) {
        char name[VK_SLOT_TEXT_MAX];
        struct vk_str k = vk_kref_str(kref, name);
        return VK_RAISE(VK_ERR_CORRUPT, "v%llu.c.%.*s: '%.*s'", (unsigned long long)vat.n,
                        VK_STR_ARG(k), VK_STR_ARG(text));
    }
    return VK_OK;
}

enum vk_err vk_clist_require(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                             struct vk_clist_entry *out) {
    VK_TRY(vk_clist_find(state, vat, kref, out));
    if (out->exists) return VK_OK;
    char name[VK_SLOT_TEXT_MAX];
    struct vk_str k = vk_kref_str(kref, name);
    return VK_RAISE(VK_ERR_CORRUPT, "v%llu has no c-list entry for %.*s", (unsigned long long)vat.n,
                    VK_STR_ARG(k));
}

static enum vk_err entry_write(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                               bool reachable, struct vk_str vref) {
    struct vk_str value;
    VK_TRY(vk_state_text(state, &value,
                         KEY(TEXT(reachable ? VK_STR("R ") : VK_STR("_ ")), TEXT(vref))));
    return vk_state_set(state, value, KEY(VAT(vat), LIT(".c."), KREF(kref)));
}

enum vk_err vk_clist_set_reachable(struct vk_state *state, struct vk_vat_id vat,
                                   struct vk_kref kref) {
    struct vk_clist_entry entry;
    VK_TRY(vk_clist_require(state, vat, kref, &entry));
    VK_TRY(entry_write(state, vat, kref, true, entry.vref.text));
    if (entry.reachable || kref.type != VK_SLOT_OBJECT || entry.vref.allocated_by_vat) return VK_OK;
    struct vk_refcount count;
    VK_TRY(vk_object_refcount_get(state, kref, &count));
    if (count.reachable == count.recognizable) /* this entry alone is one more that recognizes it */
        return VK_RAISE(VK_ERR_CORRUPT, "refmismatch ko%llu %llu,%llu", (unsigned long long)kref.id,
                        (unsigned long long)count.reachable + 1,
                        (unsigned long long)count.recognizable);
    count.reachable++;
    return vk_object_refcount_set(state, kref, count);
}

enum vk_err vk_clist_clear_reachable(struct vk_state *state, struct vk_vat_id vat,
                                     struct vk_kref kref) {
    struct vk_clist_entry entry;
    bool exists;
    VK_TRY(vk_clist_require(state, vat, kref, &entry));
    VK_TRY(entry_write(state, vat, kref, false, entry.vref.text));
    if (!entry.reachable || kref.type != VK_SLOT_OBJECT || entry.vref.allocated_by_vat)
        return VK_OK;
    VK_TRY(vk_object_exists(state, kref, &exists));
    if (!exists) return VK_OK;
    struct vk_refcount count;
    VK_TRY(vk_object_refcount_get(state, kref, &count));
    if (!count.reachable)
        return VK_RAISE(VK_ERR_CORRUPT, "ko%llu underflow", (unsigned long long)kref.id);
    count.reachable--;
    VK_TRY(vk_object_refcount_set(state, kref, count));
    return count.reachable ? VK_OK : vk_dead_list_add(&state->maybe_free, kref);
}

static enum vk_err allocate_export(struct vk_state *state, struct vk_vat_id vat,
                                   const struct vk_vref *vref, struct vk_fault *fault,
                                   struct vk_kref *out) {
    switch (vref->type) {
    case VK_SLOT_OBJECT: VK_TRY(vk_object_add(state, vat, out)); break;
    case VK_SLOT_PROMISE: VK_TRY(vk_promise_add_for_vat(state, vat, out)); break;
    case VK_SLOT_DEVICE:
        return VK_FAULT(fault, "normal vats aren't allowed to export device nodes");
    }
    VK_TRY(vk_ref_add(state, *out, VK_REF_EXPORT));
    vk_stats_inc(&state->stats, VK_STAT_CLIST_ENTRIES);
    /* Unreachable at first: setting the flag is what moves the counts. */
    VK_TRY(entry_write(state, vat, *out, false, vref->text));
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(
        vk_state_set(state, vk_kref_str(*out, text), KEY(VAT(vat), LIT(".c."), TEXT(vref->text))));
    return vk_slog_clist(state, "export", vat, *out, vref->text);
}

enum vk_err vk_clist_to_kernel(struct vk_state *state, struct vk_vat_id vat,
                               struct vk_str vref_text, enum vk_to_kernel how,
                               struct vk_fault *fault, struct vk_kref *out) {
    struct vk_vref vref;
    struct vk_str found;
    if (!vref_text.p || !vk_vref_parse(vref_text, &vref)) return VK_FAULT(fault, "invalid vref");
    VK_TRY(vk_state_get(state, &found, KEY(VAT(vat), LIT(".c."), TEXT(vref_text))));
    if (!found.p) {
        if (how == VK_TO_KERNEL_EXISTING) return VK_FAULT(fault, "vref not in clist");
        if (!vref.allocated_by_vat) return VK_FAULT(fault, "unknown vatSlot");
        VK_TRY_LEGAL(fault, allocate_export(state, vat, &vref, fault, out));
    } else {
        if (how == VK_TO_KERNEL_USE_NEW) return VK_FAULT(fault, "vref is already allocated");
        VK_TRY(vk_kref_require(found, out));
    }
    if (how == VK_TO_KERNEL_EXISTING) return VK_OK;
    if (vref.allocated_by_vat) return vk_clist_set_reachable(state, vat, *out);
    struct vk_clist_entry entry;
    VK_TRY(vk_clist_require(state, vat, *out, &entry));
    if (!entry.reachable) return VK_FAULT(fault, "vat tried to access unreachable import");
    return VK_OK;
}

static struct vk_part id_space(enum vk_slot_type type) {
    switch (type) {
    case VK_SLOT_OBJECT: return LIT(".o.nextID");
    case VK_SLOT_PROMISE: return LIT(".p.nextID");
    case VK_SLOT_DEVICE: return LIT(".d.nextID");
    }
    VK_ASSERT(false); /* INV-SLOT-1 */
    return LIT("");
}

static struct vk_part import_prefix(enum vk_slot_type type) {
    switch (type) {
    case VK_SLOT_OBJECT: return LIT("o-");
    case VK_SLOT_PROMISE: return LIT("p-");
    case VK_SLOT_DEVICE: return LIT("d-");
    }
    VK_ASSERT(false); /* INV-SLOT-1 */
    return LIT("");
}

static enum vk_err allocate_import(struct vk_state *state, struct vk_vat_id vat,
                                   struct vk_kref kref) {
    uint64_t id;
    struct vk_str vref;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_state_allocate_id(state, &id, KEY(VAT(vat), id_space(kref.type))));
    VK_TRY(vk_ref_add(state, kref, VK_REF_IMPORT_RECOGNIZES));
    VK_TRY(vk_state_text(state, &vref, KEY(import_prefix(kref.type), U64(id))));
    vk_stats_inc(&state->stats, VK_STAT_CLIST_ENTRIES);
    VK_TRY(vk_state_set(state, vk_kref_str(kref, text), KEY(VAT(vat), LIT(".c."), TEXT(vref))));
    VK_TRY(entry_write(state, vat, kref, false, vref));
    return vk_slog_clist(state, "import", vat, kref, vref);
}

enum vk_err vk_clist_to_vat(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                            enum vk_to_vat how, struct vk_str *vref) {
    struct vk_clist_entry entry;
    VK_TRY(vk_clist_find(state, vat, kref, &entry));
    if (!entry.exists) {
        if (how == VK_TO_VAT_USE) VK_TRY(allocate_import(state, vat, kref));
        VK_TRY(vk_clist_require(state, vat, kref, &entry));
    }
    *vref = entry.vref.text;
    if (how == VK_TO_VAT_EXISTING) return VK_OK;
    if (!entry.vref.allocated_by_vat) return vk_clist_set_reachable(state, vat, kref);
    if (!entry.reachable)
        return VK_RAISE(VK_ERR_CORRUPT, "kernel sent unreachable export %.*s of v%llu",
                        VK_STR_ARG(*vref), (unsigned long long)vat.n);
    return VK_OK;
}

enum vk_err vk_clist_delete(struct vk_state *state, struct vk_vat_id vat, struct vk_kref kref,
                            struct vk_str vref_text) {
    struct vk_vref vref;
    if (!vk_vref_parse(vref_text, &vref))
        return VK_RAISE(VK_ERR_CORRUPT, "c-list of v%llu: vref '%.*s'", (unsigned long long)vat.n,
                        VK_STR_ARG(vref_text));
    VK_TRY(vk_slog_clist(state, "drop", vat, kref, vref_text));
    /* The flag tells whether reachability is to be given up, so it goes first. */
    VK_TRY(vk_clist_clear_reachable(state, vat, kref));
    VK_TRY(
        vk_ref_drop(state, kref, vref.allocated_by_vat ? VK_REF_EXPORT : VK_REF_IMPORT_RECOGNIZES));
    vk_stats_dec(&state->stats, VK_STAT_CLIST_ENTRIES);
    VK_TRY(vk_state_delete(state, KEY(VAT(vat), LIT(".c."), KREF(kref))));
    return vk_state_delete(state, KEY(VAT(vat), LIT(".c."), TEXT(vref_text)));
}

enum vk_err vk_clist_delete_all(struct vk_state *state, struct vk_vat_id vat,
                                const struct vk_kref *krefs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct vk_str vref;
        VK_TRY(vk_clist_to_vat(state, vat, krefs[i], VK_TO_VAT_USE, &vref));
        VK_TRY(vk_clist_delete(state, vat, krefs[i], vref));
    }
    return VK_OK;
}
