/* warehouse.h - which vats are online: workers, page-out, replay on page-in, snapshots.
 *
 *             ensure online (start, replay)             deliver
 *   offline -------------------------------> online <------------> delivering
 *      ^                                        |                       |
 *      +----------------------------------------+-----------------------+
 *        least recently used, or stopped (upgrade, failure, termination)
 *
 * INV-WAREHOUSE-1  Whether a vat is online changes no consensus state, but for the initialize-worker item
 *                  that starts an incarnation's transcript.
 * INV-WAREHOUSE-2  At most vats_online_max vats are online, and never is the delivering one paged out.
 * INV-WAREHOUSE-3  A worker that is brought back makes the syscalls of its transcript, all of them and no
 *                  others, or the kernel halts (anachrophobia).
 * Answers to kernel/vat-warehouse.js and vat-loader/.
 */
#ifndef VK_CORE_WAREHOUSE_H
#define VK_CORE_WAREHOUSE_H

#include "../object/state.h"
#include "../object/vat.h"
#include "vk/kernel.h"

struct vk_kernel;
struct vk_parcel;

/* What is remembered of an online vat's options: none of it changes within an incarnation. */
struct vk_online_vat {
    struct vk_vat_id vat;
    struct vk_worker *worker;
    uint64_t used; /* when last, by the warehouse's own count */
    uint64_t
        next_delivery; /* its number: where the transcript ends that the worker has lived through */
    bool enable_pipelining;
    bool use_transcript;
    bool vatstore_in_completion;
    bool can_snapshot;
    bool is_attached; /* has no way back online, and is never paged out */
    bool delivering;
    bool stop_when_delivered;
    char meter_id[VK_SLOT_TEXT_MAX];
    size_t meter_id_length;
};

struct vk_warehouse {
    struct vk_online_vat *vats;
    size_t count;
    size_t capacity;
    uint64_t uses;
    uint64_t snapshot_initial;
    uint64_t snapshot_interval;
    uint64_t *slogged; /* a bit a vat: its slog has begun */
    size_t slogged_words;
};

struct vk_vat_info {
    bool alive;
    bool enable_pipelining;
    bool vatstore_in_completion;
    struct vk_str meter_id; /* absent: unmetered */
};

/* Reads the snapshot settings; brings vats online up to half the limit, unless told not to. */
enum vk_err vk_warehouse_open(struct vk_kernel *kernel) VK_MUST_CHECK;
/* Stops all workers. */
void vk_warehouse_close(struct vk_kernel *kernel);

enum vk_err vk_warehouse_lookup(struct vk_kernel *kernel, struct vk_vat_id vat,
                                struct vk_vat_info *out) VK_MUST_CHECK;
/* Starts a new vat's worker. *started false with *problem set when that is the new vat's misfortune. */
enum vk_err vk_warehouse_create(struct vk_kernel *kernel, struct vk_vat_id vat, bool *started,
                                struct vk_str *problem) VK_MUST_CHECK;
/* Starts a worker without bundle or replay, for a vat whose transcript nobody began (loadTestVat). */
enum vk_err vk_warehouse_attach(struct vk_kernel *kernel, struct vk_vat_id vat) VK_MUST_CHECK;
/* Makes one delivery: brings the vat online, records the transcript item. */
enum vk_err vk_warehouse_deliver(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_parcel *parcel, struct vk_delivery_result *result)
    VK_MUST_CHECK;
/* Takes a snapshot if the vat is due (`deliveries_min` 0: by the snapshot interval). */
enum vk_err vk_warehouse_maybe_snapshot(struct vk_kernel *kernel, struct vk_vat_id vat,
                                        uint64_t deliveries_min, bool *taken) VK_MUST_CHECK;
/* So many items were added to the transcript of a vat, which may be online. */
void vk_warehouse_moved_on(struct vk_kernel *kernel, struct vk_vat_id vat, uint64_t items);
/* Stops the worker, if there is one. */
void vk_warehouse_stop_worker(struct vk_kernel *kernel, struct vk_vat_id vat);
/* Ends the incarnation's worker, snapshot and transcript span. */
enum vk_err vk_warehouse_begin_incarnation(struct vk_kernel *kernel, struct vk_vat_id vat,
                                           uint64_t *incarnation) VK_MUST_CHECK;
/* The vat's slog begins (once a kernel): the slog entry create-vat. Details absent: not known yet. */
enum vk_err vk_warehouse_begin_slog(struct vk_kernel *kernel, struct vk_vat_id vat,
                                    const struct vk_vat_options *options, struct vk_str description,
                                    bool is_dynamic, bool *begun) VK_MUST_CHECK;

#endif
