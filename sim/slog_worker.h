/* slog_worker.h - workers that do what a slog says vats did, and, when they are brought online again, what the
 * transcript says.
 *
 * INV-SLOG-WORKER-1  A live delivery is the slog's next, in its vat's own slots; every syscall gets the recorded result.
 */
#ifndef SIM_SLOG_WORKER_H
#define SIM_SLOG_WORKER_H

#include "diff_crank.h"
#include "vk/ports.h"

struct sim_slog_workers {
    struct vk_worker_host port;
    struct vk_store *store;            /* of the kernel that they work for */
    const struct sim_crank_log *crank; /* in hand; NULL: none */
    size_t next_entry;
    struct vk_str told_bundles; /* JSON: what new vats run on, if the host told */
    bool lacks_bundles;         /* a vat of this crank runs on bundles that nothing tells of */
    bool attaches;              /* workers that are started now go on where their vats are */
    struct vk_arena scratch;
    struct vk_arena keep; /* of the crank in hand */
    uint64_t deliveries, syscalls;
    bool differs;
    char what[160];
    struct vk_str expected, got; /* in `keep` */
};

void sim_slog_workers_init(struct sim_slog_workers *workers);
void sim_slog_workers_release(struct sim_slog_workers *workers);
/* The crank that is run next, from its first entry on. */
void sim_slog_workers_crank(struct sim_slog_workers *workers, const struct sim_crank_log *crank);

#endif
