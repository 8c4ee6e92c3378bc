/* incarnation.h - how an incarnation of a vat ends and how the next one begins: what upgrade, suspension and a restart of
 * all vats have in common.
 *
 * INV-INCARNATION-1  Between two incarnations a vat has no worker, no snapshot in use, no promise that it
 *                    decides and no export but durable ones and its root.
 * Answers to the parts of processUpgradeVat in kernel.js.
 */
#ifndef VK_CORE_INCARNATION_H
#define VK_CORE_INCARNATION_H

#include "deliver.h"

/* A BOYD, the last one. A vat that fails in it has out->terminate set: the caller decides what comes of it. */
enum vk_err vk_incarnation_last_boyd(struct vk_kernel *kernel, struct vk_vat_id vat,
                                     struct vk_crank_results *out) VK_MUST_CHECK;
/* Rejects the vat's promises ({name: vatUpgraded, upgradeMessage: `message`, incarnationNumber}), abandons its exports,
 * ends worker, snapshot and transcript span. *next: the number of the incarnation to come. */
enum vk_err vk_incarnation_end(struct vk_kernel *kernel, struct vk_vat_id vat,
                               struct vk_str message, uint64_t *next) VK_MUST_CHECK;

#define VK_SUSPENDED_MESSAGE VK_STR("vat suspended")
/* The same without a BOYD, for a vat that is to be suspended. */
enum vk_err vk_incarnation_cut(struct vk_kernel *kernel, struct vk_vat_id vat) VK_MUST_CHECK;
/* Whether the vat has ever begun an incarnation: a static vat whose startVat is still to come has not. */
enum vk_err vk_incarnation_exists(struct vk_kernel *kernel, struct vk_vat_id vat, bool *exists)
    VK_MUST_CHECK;

/* The vat's recorded options with the worker bundles of the day. */
enum vk_err vk_incarnation_sample_options(struct vk_kernel *kernel, struct vk_vat_id vat,
                                          struct vk_str *json) VK_MUST_CHECK;
/* Starts an incarnation of a suspended vat, whose flag has been taken off, on its recorded source and parameters.
 * If that fails, out->terminate is set: the caller rolls back, and decides. */
enum vk_err vk_incarnation_begin(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_crank_results *out) VK_MUST_CHECK;

#endif
