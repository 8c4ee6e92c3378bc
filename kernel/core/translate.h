/* translate.h - between the kernel's krefs and a vat's vrefs: deliveries inward, syscalls outward.
 *
 * Translation is where c-lists grow and shrink and where a vat is held to what it was given: every check that
 * SwingSet makes is made here, in the same order among the writes. Answers to kernel/vatTranslator.js.
 */
#ifndef VK_CORE_TRANSLATE_H
#define VK_CORE_TRANSLATE_H

#include "../object/vat_fault.h"
#include "kernel_core.h"

/* A delivery on its way: what the vat gets, and what the kernel meant (for the slog; absent if nobody listens). */
struct vk_parcel {
    struct vk_delivery vat_delivery;
    struct vk_str kernel_delivery;
    struct vk_kref target; /* of a message */
};

enum vk_err vk_translate_message(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_kref target, const struct vk_message *message,
                                 struct vk_parcel *out) VK_MUST_CHECK;
/* `kpids` are settled. */
enum vk_err vk_translate_notify(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_kref *kpids, size_t count, struct vk_parcel *out)
    VK_MUST_CHECK;
/* DROP_EXPORTS, RETIRE_EXPORTS, RETIRE_IMPORTS */
enum vk_err vk_translate_gc(struct vk_kernel *kernel, struct vk_vat_id vat,
                            enum vk_delivery_type type, const struct vk_kref *krefs, size_t count,
                            struct vk_parcel *out) VK_MUST_CHECK;
enum vk_err vk_translate_start_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                   const struct vk_capdata *parameters, struct vk_parcel *out)
    VK_MUST_CHECK;
enum vk_err vk_translate_change_options(struct vk_kernel *kernel, struct vk_str options,
                                        struct vk_parcel *out) VK_MUST_CHECK;
enum vk_err vk_translate_bring_out_your_dead(struct vk_kernel *kernel, struct vk_parcel *out)
    VK_MUST_CHECK;

/* A syscall in kernel space. */
struct vk_kernel_syscall {
    enum vk_syscall_type type;
    struct vk_str json;     /* for the slog; absent if nobody listens */
    struct vk_kref target;  /* SEND, CALL_NOW (the device node), SUBSCRIBE (the promise) */
    struct vk_str method;   /* CALL_NOW */
    struct vk_capdata data; /* SEND, CALL_NOW, EXIT: slots are krefs */
    bool has_result;        /* SEND */
    struct vk_kref result;
    const struct vk_kref *promises;          /* RESOLVE, beside `resolutions` */
    const struct vk_resolution *resolutions; /* RESOLVE: promise and slots in krefs */
    size_t resolution_count;
    bool is_failure;             /* EXIT */
    struct vk_str key, value;    /* VATSTORE_* */
    const struct vk_kref *krefs; /* the GC syscalls */
    size_t kref_count;
};

/* Raises the fault when the vat may not do this: the crank is rewound and the vat terminated. What was
 * written up to there stays in the crankhash. */
enum vk_err vk_translate_syscall(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_syscall *syscall, struct vk_fault *fault,
                                 struct vk_kernel_syscall *out) VK_MUST_CHECK;

#endif
