/* split_wrappers.c - a wrapper around each function of split_functions.h, and around what the
 * kernel calls of its host.
 *
 * The linker's --wrap=NAME sends calls of NAME here, and __real_NAME to the function itself.
 */
#include "core/event.h"
#include "core/translate.h"
#include "object/clist.h"
#include "sim/recorded_device.h"
#include "sim/recorded_worker.h"
#include "split_clock.h"
#include "store/state_hash.h"
#include "vk/json.h"

#include <openssl/evp.h>

#define VALUE(family, type, name, parameters, arguments)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters {                                                                \
        if (!split_clock_is_on) return __real_##name arguments;                                    \
        enum split_family left_ = split_clock_enter(SPLIT_##family);                               \
        type value_ = __real_##name arguments;                                                     \
        split_clock_leave(left_);                                                                  \
        return value_;                                                                             \
    }
#define NOTHING(family, name, parameters, arguments)                                               \
    void __real_##name parameters;                                                                 \
    void __wrap_##name parameters;                                                                 \
    void __wrap_##name parameters {                                                                \
        enum split_family left_ = SPLIT_DRIVER;                                                    \
        bool is_on_ = split_clock_is_on;                                                           \
        if (is_on_) left_ = split_clock_enter(SPLIT_##family);                                     \
        __real_##name arguments;                                                                   \
        if (is_on_) split_clock_leave(left_);                                                      \
    }
#include "split_functions.h"
#undef VALUE
#undef NOTHING

/* ---- workers: their time is the driver's, that of their syscalls the kernel's again */

struct syscalls {
    const struct vk_syscall_port *port;
};

static enum vk_err (*deliver_itself)(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                     const struct vk_delivery *delivery,
                                     const struct vk_syscall_port *syscalls,
                                     struct vk_delivery_result *result);

static enum vk_err make(void *impl, const struct vk_syscall *syscall,
                        struct vk_syscall_result *result) {
    const struct syscalls *syscalls = impl;
    enum split_family left = split_clock_enter(SPLIT_KERNEL);
    enum vk_err err = syscalls->port->make(syscalls->port->impl, syscall, result);
    split_clock_leave(left);
    return err;
}

static enum vk_err deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                           const struct vk_delivery *delivery, const struct vk_syscall_port *port,
                           struct vk_delivery_result *result) {
    if (!split_clock_is_on) return deliver_itself(impl, worker, arena, delivery, port, result);
    struct syscalls syscalls = {port};
    const struct vk_syscall_port wrapped = {.impl = &syscalls, .make = make};
    enum split_family left = split_clock_enter(SPLIT_DRIVER);
    enum vk_err err = deliver_itself(impl, worker, arena, delivery, &wrapped, result);
    split_clock_leave(left);
    return err;
}

void __real_recorded_worker_host_init(struct vk_worker_host *host, struct sim_replay *replay);
void __wrap_recorded_worker_host_init(struct vk_worker_host *host, struct sim_replay *replay);

void __wrap_recorded_worker_host_init(struct vk_worker_host *host, struct sim_replay *replay) {
    __real_recorded_worker_host_init(host, replay);
    deliver_itself = host->deliver; /* the same for all replays */
    host->deliver = deliver;
}
