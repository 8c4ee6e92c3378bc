/* kernel_core.h - the kernel's insides, shared by the files of core/.
 *
 * How a crank flows:
 *   crank.c      takes the next event, brackets it with savepoints, finishes or rolls back
 *   directed.c   what takes an event's place, where people have decided so
 *   route.c      decides where a send goes
 *   deliver.c    one event, one delivery; upgrade.c, create_vat.c, cleanup.c the longer stories
 *   translate_delivery.c, translate_syscall.c   krefs to vrefs and back
 *   recorder.c   one delivery's syscalls, as they are made; in_flight.c those that are not waited for;
 *                completion.c what is handed over when the delivery is done
 *   syscall.c    what a syscall does; device_call.c, vat_admin.c what devices do
 *   incarnation.c, suspend.c   the end and the beginning of incarnations; what paused and suspended vats get
 *   send.c       sends, subscriptions, resolutions: from syscalls, from the kernel, from the host
 *   gc.c         GC actions, and the work list of possibly dead krefs
 *   warehouse.c  which vats have a worker; replay; snapshots
 *
 * INV-CORE-1  Nothing in this struct outlives a crank but the state (state.h) and the warehouse.
 */
#ifndef VK_CORE_KERNEL_CORE_H
#define VK_CORE_KERNEL_CORE_H

#include "../object/state.h"
#include "event.h"
#include "in_flight.h"
#include "vk/kernel.h"
#include "warehouse.h"

/* What the vat under delivery has brought upon itself. Reset at each delivery. */
struct vk_verdict {
    bool illegal_syscall;
    struct vk_str illegal_problem;
    bool exit_requested;
    bool exit_is_failure;
    struct vk_capdata exit_info;
    bool first_exit_stays; /* in_flight.h */
};

/* The incarnation that this crank's delivery started on demand. Reset at each crank's delivery. */
struct vk_begun {
    bool any;
    struct vk_vat_id vat;
    bool metered;
    uint64_t computrons;
    struct vk_str meter_id; /* absent: nobody pays */
};

struct vk_kernel {
    const struct vk_module *module; /* the first member: INV-MODULE-1 */
    struct vk_store *store;
    const struct vk_ports *ports;
    struct vk_kernel_options options;
    struct vk_arena arena; /* cleared after each crank and each host call */
    struct vk_state state;
    struct vk_warehouse warehouse;
    struct vk_verdict verdict;
    struct vk_in_flight in_flight; /* of the delivery in hand; nothing when a crank ends */
    struct vk_begun begun;
    bool has_admin_root;
    struct vk_kref admin_root;           /* vat-admin's root object */
    const struct vk_event *event;        /* of the crank in hand */
    const struct vk_directive *directed; /* takes its place; NULL: nothing does (directed.h) */
    bool in_crank;
    uint64_t crank_began_ns; /* by the slog's clock */
    bool halted;
    char panic_reason[256];
};

/* SwingSet's panic(): the crank in hand is finished, then the kernel halts. The first reason stays. */
void vk_kernel_panic(struct vk_kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tells the trace's `moment`. */
static inline void vk_kernel_tell(const struct vk_kernel *kernel, const struct vk_moment *moment) {
    const struct vk_trace *trace = kernel->ports->trace;
    if (trace && trace->moment) trace->moment(trace->impl, moment);
}

#endif
