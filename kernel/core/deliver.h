/* deliver.h - from an event to a delivery, and from its outcome to what the crank must do about it.
 *
 * INV-DELIVER-1  An outcome has one consequence, by this order: illegal syscall, delivery error, meter underflow, exit.
 * INV-DELIVER-2  `abort` discards all of the crank but the declared survivors: crank number, meter deduction,
 *                termination, what is told to vat-admin.
 * Answers to deliverAndLogToVat, deliveryCrankResults and the process* functions of kernel.js.
 */
#ifndef VK_CORE_DELIVER_H
#define VK_CORE_DELIVER_H

#include "../object/vat.h"
#include "../object/vat_state.h"
#include "translate.h"

/* Why a vat is to be terminated, where it did not ask for it. */
enum vk_condemned { VK_NOT_CONDEMNED, VK_CONDEMNED_FATAL, VK_CONDEMNED_UNDERFLOW };

/* SwingSet's CrankResults: what is to be done at the end of the crank. */
struct vk_crank_results {
    bool abort;           /* discard the changes */
    bool consume_message; /* do not try the event again after an abort */
    bool did_delivery;
    struct vk_vat_id vat; /* the one that was delivered to */
    bool metered;
    uint64_t computrons;
    struct vk_str meter_id; /* deduct from this meter; may be absent */
    bool measure_dirt;
    struct vk_dirt dirt;
    bool terminate;
    struct vk_vat_id terminated;
    bool terminate_reject;
    struct vk_capdata terminate_info;
    const char *admin_method; /* tell vat-admin, with... */
    struct vk_value *admin_args;
    bool did_cleanup;
    struct vk_cleanup_work cleanup;
    enum vk_condemned condemned;
    uint64_t free_computrons; /* of `computrons`: nobody pays for them */
    /* What becomes of the vat after the roll-back, instead of its end; see suspend.h. */
    bool is_spared;
    struct vk_vat_id spared;
    enum vk_vat_event spared_for;
    bool keep_event; /* it goes to the vat's side queue */
};

/* What a delivery came to. */
struct vk_delivery_status {
    struct vk_delivery_result result;
    struct vk_verdict verdict;
};

/* Makes the delivery; a worker that failed is stopped. */
enum vk_err vk_deliver(struct vk_kernel *kernel, struct vk_vat_id vat,
                       const struct vk_parcel *parcel, struct vk_delivery_status *out)
    VK_MUST_CHECK;
/* The consequences. `meter_id` absent: no metering. `gc_krefs`: how many krefs the delivery was about. */
enum vk_err vk_crank_results_of(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_delivery_status *status, bool measure_dirt,
                                struct vk_str meter_id, uint64_t gc_krefs,
                                struct vk_crank_results *out) VK_MUST_CHECK;

/* The vat's guilt: the crank is aborted, and the vat terminated for `problem`. */
enum vk_err vk_condemn(struct vk_kernel *kernel, enum vk_condemned why, struct vk_str problem,
                       struct vk_crank_results *out) VK_MUST_CHECK;

/* Runs an event of the run-queue (or one of the kernel's own) to its results. */
enum vk_err vk_deliver_event(struct vk_kernel *kernel, const struct vk_event *event,
                             struct vk_crank_results *out) VK_MUST_CHECK;

/* The longer stories. */
enum vk_err vk_process_start_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_capdata *parameters, struct vk_crank_results *out)
    VK_MUST_CHECK;
enum vk_err vk_process_create_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                  struct vk_crank_results *out) VK_MUST_CHECK;
enum vk_err vk_process_upgrade_vat(struct vk_kernel *kernel, const struct vk_event *event,
                                   struct vk_crank_results *out) VK_MUST_CHECK;

#endif
