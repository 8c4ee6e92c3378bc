/* slog_kernel.h - the kernel that a slog is run again on: on a copy of a database, and able to go back.
 *
 * INV-SLOG-KERNEL-1  The database is only read; the kernel works on a copy.
 * INV-SLOG-KERNEL-2  After sim_slog_kernel_reopen all is as it was at the last commit.
 */
#ifndef SIM_SLOG_KERNEL_H
#define SIM_SLOG_KERNEL_H

#include "scratch_folder.h"
#include "slog_device.h"
#include "slog_worker.h"
#include "vk/kernel.h"

struct sim_slog_kernel {
    char folder[SIM_SCRATCH_PATH], path[SIM_SCRATCH_PATH + 32];
    struct sim_slog_workers workers;
    struct sim_slog_devices devices;
    struct vk_trace trace;
    struct vk_ports ports;
    struct vk_store *store;
    struct vk_kernel *kernel;
    char emitted[VK_HASH_HEX]; /* the newest crankhash */
};

void sim_slog_kernel_init(struct sim_slog_kernel *kernel);
/* Closes it, and removes the copy. */
void sim_slog_kernel_release(struct sim_slog_kernel *kernel);
enum vk_err sim_slog_kernel_open(struct sim_slog_kernel *kernel, const char *database)
    VK_MUST_CHECK;
enum vk_err sim_slog_kernel_reopen(struct sim_slog_kernel *kernel) VK_MUST_CHECK;

#endif
