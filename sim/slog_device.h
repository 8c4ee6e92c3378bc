/* slog_device.h - devices that answer what a slog says they answered, and what they wrote and sent with it, as far as that
 * can be told.
 *
 *     the answer      the syscall's result, in kernel slots; a device node that is new is the device's next export
 *     messages sent   what is routed next beyond what was queued by then, unless it is the vat's own next send
 *     state           what SwingSet's own devices would have written (device_model.h); or nothing; or the call's first
 *                     argument
 *
 *                     ... unless the host tells (slog_told.h)
 *
 * The last is a choice. The caller counts through the choices of all calls of a crank until its hash is met.
 *
 * INV-SLOG-DEVICE-1  Nothing is done but by a device's powers, so that the writes are the kernel's own.
 */
#ifndef SIM_SLOG_DEVICE_H
#define SIM_SLOG_DEVICE_H

#include "array.h"
#include "slog_index.h"
#include "slog_told.h"
#include "slog_worker.h"
#include "vk/kernel.h"

/* What a device is taken to have done. */
struct sim_device_note {
    struct vk_str what, by;
};

struct sim_slog_devices {
    struct vk_device_host port;
    struct vk_store *store;
    const struct sim_slog_workers *workers; /* whose crank it is */
    const struct sim_slog_told *told;
    const struct sim_slog_index *index;
    size_t at;             /* the crank in the index */
    size_t choice;         /* to be taken in this crank */
    size_t choices;        /* so many there were, by now */
    size_t rest;           /* of the choice, for the calls to come */
    uint64_t polled;       /* the newest time that the timer is known to have been polled with */
    struct vk_arena arena; /* of the notes */
    struct {
        SIM_ARRAY(struct sim_device_note);
    } notes;
    size_t calls;         /* in this crank */
    char unknown[96];     /* "device d7 (dr)": the newest in this crank that no model knows */
    size_t unknown_calls; /* of such */
};

void sim_slog_devices_init(struct sim_slog_devices *devices,
                           const struct sim_slog_workers *workers);
void sim_slog_devices_release(struct sim_slog_devices *devices);
/* The crank that is run next, and how the devices are to choose in it. */
void sim_slog_devices_crank(struct sim_slog_devices *devices, const struct sim_slog_index *index,
                            size_t at, size_t choice);
/* A message that a device sent between cranks leaves the loopbox's queue. */
enum vk_err sim_slog_devices_sent(struct sim_slog_devices *devices, struct vk_kernel *kernel,
                                  struct vk_arena *arena, struct vk_str event) VK_MUST_CHECK;

#endif
