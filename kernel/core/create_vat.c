/* create_vat.c - creation of a dynamic vat: one crank, from the event to the announcement. See deliver.h.
 *
 * INV-CREATE-1  Nothing else runs between the vat's first key and the end of its startVat.
 * Answers to processCreateVat in kernel.js.
 */
#include "deliver.h"

#include "../object/clist.h"
#include "record_options.h"

static enum vk_err creation_failed(struct vk_kernel *kernel, struct vk_vat_id vat,
                                   struct vk_str problem, struct vk_crank_results *out) {
    *out = (struct vk_crank_results){
        .abort = true,
        .consume_message = true,
        .did_delivery = true, /* the time was spent */
        .vat = vat,
        .terminate = true,
        .terminated = vat,
        .terminate_reject = true,
    };
    return vk_capdata_error(&kernel->arena, problem, &out->terminate_info);
}

static enum vk_err announce(struct vk_kernel *kernel, struct vk_vat_id vat,
                            struct vk_crank_results *out) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_fault fault = {0};
    struct vk_kref root;
    struct vk_str text;
    struct vk_value *args, *id, *record, *slot;
    VK_TRY(vk_clist_to_kernel(&kernel->state, vat, VK_STR("o+0"), VK_TO_KERNEL_USE, &fault, &root));
    VK_ASSERT(!fault.raised); /* INV-CREATE-2: o+0 is anybody's to export */
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &args));
    VK_TRY(vk_vat_id_text(arena, vat, &text));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, text, &id));
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &record));
    VK_TRY(vk_kref_text(arena, root, &text));
    VK_TRY(vk_value_kslot(arena, text, &slot));
    vk_value_append(record, VK_STR("rootObject"), slot);
    vk_value_append(args, VK_STR_NONE, id);
    vk_value_append(args, VK_STR_NONE, record);
    out->admin_method = "newVatCallback";
    out->admin_args = args;
    return VK_OK;
}

enum vk_err vk_process_create_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                  struct vk_crank_results *out) {
    struct vk_str options, problem;
    bool started;
    if (!kernel->has_admin_root)
        return VK_RAISE(VK_ERR_PANIC, "initializeKernel did not set vatAdminRootKref");
    VK_TRY(vk_dynamic_vat_add(&kernel->state, event->vat));
    VK_TRY(vk_record_options(kernel, event->options, true, &options));
    VK_TRY(vk_vat_create(&kernel->state, event->vat, event->source, options));
    VK_TRY(vk_warehouse_create(kernel, event->vat, &started, &problem));
    if (!started) return creation_failed(kernel, event->vat, problem, out);
    VK_TRY(vk_process_start_vat(kernel, event->vat, &event->parameters, out));
    if (out->terminate) return VK_OK;
    return announce(kernel, event->vat, out);
}
