/* recorded_worker.h - a worker host whose workers do what those of a recording did.
 *
 * A worker answers a live delivery with the recorded syscalls and result of the crank in hand, in
 * order, and a delivery that it is only brought online with from the transcript item recorded at
 * that position. It holds the kernel to the recording in what only a worker sees: the translated
 * delivery and each syscall's result.
 *
 * INV-WORKER-1  Live deliveries are answered in the order of the recording, each once; a host that has crashed
 *               goes back to its last commit, and from there each once again.
 * INV-WORKER-2  The first `replays_left` deliveries of a worker are replays, all later ones live.
 * INV-WORKER-3  When the kernel is closed no worker is left.
 *
 * A snapshot is a short text that names the recorded snapshot's hash, with a checksum.
 */
#ifndef SIM_RECORDED_WORKER_H
#define SIM_RECORDED_WORKER_H

#include "vk/ports.h"

struct sim_replay;

/* Workers that run, and stopped ones to be used again. */
struct recorded_workers {
    struct vk_worker *stopped;
    size_t running;
};

void recorded_worker_host_init(struct vk_worker_host *host, struct sim_replay *replay);
/* Frees stopped workers. */
void recorded_workers_release(struct recorded_workers *workers);

/* The image of the snapshot `hash` of `vat`. */
enum vk_err recorded_snapshot_image(struct vk_arena *arena, struct vk_str vat, struct vk_str hash,
                                    struct vk_str *image) VK_MUST_CHECK;
/* Reads one; false if it is damaged. */
bool recorded_snapshot_hash(struct vk_str image, struct vk_str *hash);

#endif
