/* translate_syscall.c - vat syscalls into kernel syscalls. See translate.h. */
#include "translate.h"

#include "../object/clist.h"
#include "../object/promise.h"
#include "../object/slog.h"
#include "../object/vat.h"

/* Who is translated for, and where the verdict goes. */
struct translation {
    struct vk_kernel *kernel;
    struct vk_vat_id vat;
    struct vk_fault *fault;
};

static enum vk_err to_kernel(const struct translation *t, struct vk_str vref, enum vk_to_kernel how,
                             struct vk_kref *out) {
    return vk_clist_to_kernel(&t->kernel->state, t->vat, vref, how, t->fault, out);
}

static enum vk_err slots_to_kernel(const struct translation *t, const struct vk_capdata *in,
                                   struct vk_capdata *out) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(&t->kernel->arena, &slots, in->slot_count));
    for (size_t i = 0; i < in->slot_count; i++) {
        struct vk_kref kref;
        VK_TRY_LEGAL(t->fault, to_kernel(t, in->slots[i], VK_TO_KERNEL_USE, &kref));
        VK_TRY(vk_kref_text(&t->kernel->arena, kref, &slots[i]));
    }
    *out = (struct vk_capdata){in->body, slots, in->slot_count};
    return VK_OK;
}

/* The run-queue takes over the right to resolve the result. */
static enum vk_err translate_result(const struct translation *t, struct vk_str vref_text,
                                    struct vk_kref *out) {
    struct vk_state *state = &t->kernel->state;
    struct vk_vref vref;
    struct vk_vat_info info;
    struct vk_promise promise;
    if (!vk_vref_parse(vref_text, &vref) || vref.type != VK_SLOT_PROMISE)
        return VK_FAULT(t->fault, "result is not a promise");
    VK_TRY(vk_warehouse_lookup(t->kernel, t->vat, &info));
    VK_TRY_LEGAL(t->fault,
                 to_kernel(t, vref_text,
                           info.enable_pipelining ? VK_TO_KERNEL_USE : VK_TO_KERNEL_USE_NEW, out));
    VK_TRY(vk_promise_get(state, *out, &promise));
    if (promise.state != VK_PROMISE_UNRESOLVED)
        return VK_FAULT(t->fault, "send() result is already resolved");
    if (!promise.has_decider || !vk_vat_id_eq(promise.decider, t->vat))
        return VK_FAULT(t->fault, "send() result is decided by somebody else");
    return vk_promise_clear_decider(state, *out);
}

static enum vk_err translate_send(const struct translation *t, const struct vk_syscall *in,
                                  struct vk_kernel_syscall *out) {
    VK_TRY_LEGAL(t->fault, to_kernel(t, in->target, VK_TO_KERNEL_USE, &out->target));
    VK_TRY_LEGAL(t->fault, slots_to_kernel(t, &in->data, &out->data));
    out->has_result = in->result.n > 0; /* an empty name is no name, as in JavaScript */
    return out->has_result ? translate_result(t, in->result, &out->result) : VK_OK;
}

static enum vk_err translate_call_now(const struct translation *t, const struct vk_syscall *in,
                                      struct vk_kernel_syscall *out) {
    VK_TRY_LEGAL(t->fault, to_kernel(t, in->target, VK_TO_KERNEL_USE, &out->target));
    if (out->target.type != VK_SLOT_DEVICE)
        return VK_FAULT(t->fault, "doCallNow must target a device");
    for (size_t i = 0; i < in->data.slot_count; i++) {
        struct vk_vref vref;
        if (!vk_vref_parse(in->data.slots[i], &vref)) return VK_FAULT(t->fault, "invalid vref");
        if (vref.type == VK_SLOT_PROMISE)
            return VK_FAULT(t->fault, "syscall.callNow() args cannot include promises");
    }
    out->method = in->method;
    return slots_to_kernel(t, &in->data, &out->data);
}

static enum vk_err translate_subscribe(const struct translation *t, const struct vk_syscall *in,
                                       struct vk_kernel_syscall *out) {
    bool exists = false;
    VK_TRY_LEGAL(t->fault, to_kernel(t, in->target, VK_TO_KERNEL_USE, &out->target));
    if (out->target.type == VK_SLOT_PROMISE)
        VK_TRY(vk_promise_exists(&t->kernel->state, out->target, &exists));
    return exists ? VK_OK : VK_FAULT(t->fault, "unknown kernelPromise id");
}

static enum vk_err check_resolution(const struct translation *t,
                                    const struct vk_resolution *resolution) {
    struct vk_vref vref;
    struct vk_str slot;
    bool legal;
    if (!vk_vref_parse(resolution->promise, &vref) || vref.type != VK_SLOT_PROMISE)
        return VK_FAULT(t->fault, "resolve() of what is not a promise");
    if (resolution->rejected) return VK_OK;
    VK_TRY(vk_capdata_single_slot(&t->kernel->arena, &resolution->data, &legal, &slot));
    if (!legal) return VK_FAULT(t->fault, "resolve() to data that cannot be unserialized");
    if (!slot.p) return VK_OK;
    if (!vk_vref_parse(slot, &vref)) return VK_FAULT(t->fault, "invalid vref");
    if (vref.type == VK_SLOT_PROMISE) return VK_FAULT(t->fault, "cannot resolve to a promise");
    return VK_OK;
}

static enum vk_err translate_resolve(const struct translation *t, const struct vk_syscall *in,
                                     struct vk_kernel_syscall *out) {
    struct vk_kref *promises;
    struct vk_resolution *resolutions;
    VK_TRY(VK_NEW_ARRAY(&t->kernel->arena, &promises, in->resolution_count));
    VK_TRY(VK_NEW_ARRAY(&t->kernel->arena, &resolutions, in->resolution_count));
    for (size_t i = 0; i < in->resolution_count; i++) {
        const struct vk_resolution *from = &in->resolutions[i];
        VK_TRY_LEGAL(t->fault, check_resolution(t, from));
        VK_TRY_LEGAL(t->fault, to_kernel(t, from->promise, VK_TO_KERNEL_USE, &promises[i]));
        resolutions[i].rejected = from->rejected;
        VK_TRY(vk_kref_text(&t->kernel->arena, promises[i], &resolutions[i].promise));
        VK_TRY_LEGAL(t->fault, slots_to_kernel(t, &from->data, &resolutions[i].data));
    }
    out->promises = promises;
    out->resolutions = resolutions;
    out->resolution_count = in->resolution_count;
    /* What the vat has resolved it never speaks of again. */
    return vk_clist_delete_all(&t->kernel->state, t->vat, promises, in->resolution_count);
}

static enum vk_err translate_exit(const struct translation *t, const struct vk_syscall *in,
                                  struct vk_kernel_syscall *out) {
    out->is_failure = in->is_failure;
    return slots_to_kernel(t, &in->data, &out->data);
}

static enum vk_err check_gc_vref(const struct translation *t, enum vk_syscall_type type,
                                 struct vk_str text) {
    struct vk_vref vref;
    bool wants_export = type == VK_SYSCALL_RETIRE_EXPORTS || type == VK_SYSCALL_ABANDON_EXPORTS;
    if (!vk_vref_parse(text, &vref) || vref.type != VK_SLOT_OBJECT)
        return VK_FAULT(t->fault, "GC syscall on what is not an object");
    if (vref.allocated_by_vat != wants_export)
        return VK_FAULT(t->fault, "GC syscall on an import as an export, or the reverse");
    return VK_OK;
}

/* The c-list's part of the syscall; what remains for the kernel is done by vk_syscall_perform. */
static enum vk_err apply_gc(const struct translation *t, enum vk_syscall_type type,
                            struct vk_str vref, struct vk_kref kref) {
    struct vk_state *state = &t->kernel->state;
    struct vk_clist_entry entry;
    if (type == VK_SYSCALL_DROP_IMPORTS) return vk_clist_clear_reachable(state, t->vat, kref);
    if (type == VK_SYSCALL_ABANDON_EXPORTS) return VK_OK;
    VK_TRY(vk_clist_require(state, t->vat, kref, &entry));
    if (entry.reachable) return VK_FAULT(t->fault, "retire of what is still reachable");
    return vk_clist_delete(state, t->vat, kref, vref);
}

static enum vk_err translate_gc(const struct translation *t, const struct vk_syscall *in,
                                struct vk_kernel_syscall *out) {
    struct vk_kref *krefs;
    VK_TRY(VK_NEW_ARRAY(&t->kernel->arena, &krefs, in->vref_count));
    for (size_t i = 0; i < in->vref_count; i++) {
        VK_TRY_LEGAL(t->fault, check_gc_vref(t, in->type, in->vrefs[i]));
        VK_TRY_LEGAL(t->fault, to_kernel(t, in->vrefs[i], VK_TO_KERNEL_EXISTING, &krefs[i]));
        VK_TRY_LEGAL(t->fault, apply_gc(t, in->type, in->vrefs[i], krefs[i]));
    }
    out->krefs = krefs;
    out->kref_count = in->vref_count;
    return VK_OK;
}

static enum vk_err translate_typed(const struct translation *t, const struct vk_syscall *in,
                                   struct vk_kernel_syscall *out) {
    switch (in->type) {
    case VK_SYSCALL_SEND: return translate_send(t, in, out);
    case VK_SYSCALL_CALL_NOW: return translate_call_now(t, in, out);
    case VK_SYSCALL_SUBSCRIBE: return translate_subscribe(t, in, out);
    case VK_SYSCALL_RESOLVE: return translate_resolve(t, in, out);
    case VK_SYSCALL_EXIT: return translate_exit(t, in, out);
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_SET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE:
        out->key = in->key;
        out->value = in->value;
        return VK_OK;
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS:
    case VK_SYSCALL_ABANDON_EXPORTS: return translate_gc(t, in, out);
    case VK_SYSCALL_MALFORMED: return VK_FAULT(t->fault, "malformed syscall");
    }
    VK_ASSERT(false); /* INV-SYSCALL-1: every syscall has a type */
    return VK_OK;
}

/* ---- the slog's view of a kernel syscall */

static void write_vat_and_key(struct vk_buf *buf, struct vk_vat_id vat,
                              const struct vk_kernel_syscall *ksc) {
    vk_buf_lit(buf, ",\"");
    vk_buf_vat_id(buf, vat);
    vk_buf_lit(buf, "\",");
    vk_json_quote(buf, ksc->key);
    if (!ksc->value.p) return;
    vk_buf_char(buf, ',');
    vk_json_quote(buf, ksc->value);
}

static void write_krefs(struct vk_buf *buf, const struct vk_kernel_syscall *ksc) {
    vk_buf_lit(buf, ",[");
    for (size_t i = 0; i < ksc->kref_count; i++) {
        vk_buf_add(buf, i ? VK_STR(",\"") : VK_STR("\""));
        vk_buf_kref(buf, ksc->krefs[i]);
        vk_buf_char(buf, '"');
    }
    vk_buf_char(buf, ']');
}

static void write_resolutions(struct vk_buf *buf, const struct vk_kernel_syscall *ksc) {
    vk_buf_lit(buf, ",[");
    for (size_t i = 0; i < ksc->resolution_count; i++) {
        vk_buf_add(buf, i ? VK_STR(",[") : VK_STR("["));
        vk_json_quote(buf, ksc->resolutions[i].promise);
        vk_buf_add(buf, ksc->resolutions[i].rejected ? VK_STR(",true,") : VK_STR(",false,"));
        vk_capdata_write(buf, &ksc->resolutions[i].data);
        vk_buf_char(buf, ']');
    }
    vk_buf_char(buf, ']');
}

static void write_target(struct vk_buf *buf, struct vk_kref target) {
    vk_buf_lit(buf, ",\"");
    vk_buf_kref(buf, target);
    vk_buf_char(buf, '"');
}

static void write_vat(struct vk_buf *buf, struct vk_vat_id vat) {
    vk_buf_lit(buf, ",\"");
    vk_buf_vat_id(buf, vat);
    vk_buf_char(buf, '"');
}

static void write_send(struct vk_buf *buf, const struct vk_kernel_syscall *ksc) {
    write_target(buf, ksc->target);
    vk_buf_lit(buf, ",{\"methargs\":");
    vk_capdata_write(buf, &ksc->data);
    vk_buf_lit(buf, ",\"result\":");
    if (ksc->has_result) {
        vk_buf_char(buf, '"');
        vk_buf_kref(buf, ksc->result);
        vk_buf_lit(buf, "\"}");
    } else {
        vk_buf_lit(buf, "null}");
    }
}

static enum vk_err describe(const struct translation *t, struct vk_kernel_syscall *ksc) {
    struct vk_buf buf;
    vk_buf_init(&buf, &t->kernel->arena);
    vk_buf_lit(&buf, "[\"");
    vk_buf_add(&buf, ksc->type == VK_SYSCALL_CALL_NOW ? VK_STR("invoke")
                                                      : vk_str(vk_syscall_name(ksc->type)));
    vk_buf_char(&buf, '"');
    switch (ksc->type) {
    case VK_SYSCALL_SEND: write_send(&buf, ksc); break;
    case VK_SYSCALL_CALL_NOW:
        write_target(&buf, ksc->target);
        vk_buf_char(&buf, ',');
        vk_json_quote(&buf, ksc->method);
        vk_buf_char(&buf, ',');
        vk_capdata_write(&buf, &ksc->data);
        break;
    case VK_SYSCALL_SUBSCRIBE:
        write_vat(&buf, t->vat);
        write_target(&buf, ksc->target);
        break;
    case VK_SYSCALL_RESOLVE:
        write_vat(&buf, t->vat);
        write_resolutions(&buf, ksc);
        break;
    case VK_SYSCALL_EXIT:
        write_vat(&buf, t->vat);
        vk_buf_add(&buf, ksc->is_failure ? VK_STR(",true,") : VK_STR(",false,"));
        vk_capdata_write(&buf, &ksc->data);
        break;
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_SET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE: write_vat_and_key(&buf, t->vat, ksc); break;
    case VK_SYSCALL_ABANDON_EXPORTS:
        write_vat(&buf, t->vat);
        write_krefs(&buf, ksc);
        break;
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS: write_krefs(&buf, ksc); break;
    case VK_SYSCALL_MALFORMED: break;
    }
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, &ksc->json);
}

enum vk_err vk_translate_syscall(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_syscall *syscall, struct vk_fault *fault,
                                 struct vk_kernel_syscall *out) {
    struct translation t = {kernel, vat, fault};
    *out = (struct vk_kernel_syscall){.type = syscall->type};
    VK_TRY_LEGAL(fault, translate_typed(&t, syscall, out));
    return vk_slog_wanted(&kernel->state) ? describe(&t, out) : VK_OK;
}
