/* module.h - a kernel as a loadable module: libvk.so, and the table through which a host calls it.
 *
 * Several builds of the kernel can be at work in one process, each on stores of its own; and another build can take
 * over a store, once the one before has committed and closed it (the directive `replace-kernel`). A host that is to be
 * able to do so calls kernels and stores through their module:
 *
 *     vk_module_of(store)->store_get(store, &arena, key, &value)
 *
 * What works on no store (arenas, texts, JSON, krefs) is the same everywhere, and called as it is.
 *
 * INV-MODULE-1  Every store and every kernel begins with a pointer to the module that made it, and is handed to no other.
 * INV-MODULE-2  What the public headers declare changes only together with VK_ABI_VERSION (tests/layers/abi.py).
 */
#ifndef VK_MODULE_H
#define VK_MODULE_H

#include "vk/kernel.h"
#include "vk/scan.h"

#define VK_ABI_VERSION 2u

/* Every public function, without its vk_, that takes a store or a kernel or makes one. */
#define VK_MODULE_FUNCTIONS(X)                                                                     \
    X(store_open)                                                                                  \
    X(store_commit)                                                                                \
    X(store_close)                                                                                 \
    X(store_get)                                                                                   \
    X(store_has)                                                                                   \
    X(store_next_key)                                                                              \
    X(store_set)                                                                                   \
    X(store_delete)                                                                                \
    X(store_host_set)                                                                              \
    X(store_start_crank)                                                                           \
    X(store_savepoint)                                                                             \
    X(store_rollback)                                                                              \
    X(store_emit_hashes)                                                                           \
    X(store_end_crank)                                                                             \
    X(store_abandon_crank)                                                                         \
    X(store_state_hash)                                                                            \
    X(store_recompute_state_hash)                                                                  \
    X(store_trace)                                                                                 \
    X(store_wants_slog)                                                                            \
    X(store_scan)                                                                                  \
    X(transcript_init)                                                                             \
    X(transcript_add)                                                                              \
    X(transcript_current)                                                                          \
    X(transcript_item)                                                                             \
    X(transcript_rollover_span)                                                                    \
    X(transcript_rollover_incarnation)                                                             \
    X(transcript_stop)                                                                             \
    X(transcript_delete)                                                                           \
    X(snapshot_save)                                                                               \
    X(snapshot_current)                                                                            \
    X(snapshot_load)                                                                               \
    X(snapshot_stop)                                                                               \
    X(snapshot_delete)                                                                             \
    X(bundle_add)                                                                                  \
    X(bundle_has)                                                                                  \
    X(bundle_get)                                                                                  \
    X(bundle_delete)                                                                               \
    X(directives_check)                                                                            \
    X(directive_is_done)                                                                           \
    X(kernel_initialize)                                                                           \
    X(kernel_open)                                                                                 \
    X(kernel_close)                                                                                \
    X(kernel_run_crank)                                                                            \
    X(kernel_run)                                                                                  \
    X(kernel_compare_memory)                                                                       \
    X(kernel_panic_reason)                                                                         \
    X(host_queue_message)                                                                          \
    X(host_vat_root)                                                                               \
    X(host_pin_vat_root)                                                                           \
    X(host_pin)                                                                                    \
    X(host_take_resolution)                                                                        \
    X(host_install_bundle)                                                                         \
    X(host_terminate_vat)                                                                          \
    X(host_suspend_vat)                                                                            \
    X(host_unsuspend_vat)                                                                          \
    X(host_pause_vat)                                                                              \
    X(host_resume_vat)                                                                             \
    X(host_restart_all_vats)                                                                       \
    X(host_reap_all_vats)                                                                          \
    X(host_snapshot_all_vats)                                                                      \
    X(host_inject_upgrade_events)                                                                  \
    X(host_change_options)                                                                         \
    X(host_apply_write)                                                                            \
    X(host_attach_vat)                                                                             \
    X(host_apply_syscall)                                                                          \
    X(host_note_replacement)

struct vk_module {
    uint32_t
        abi_version; /* VK_ABI_VERSION of the headers that it was built with; the first member for ever */
    uint32_t table_size; /* of this struct, in bytes */
    const char *build;   /* which one it is, for people */
    /* The module's errors have their origin (vk_err_origin) where the host looks for it. Called once, after loading. */
    void (*share_err_origin)(struct vk_err_origin *(*of_thread)(void));
#define VK_MODULE_MEMBER(name) __typeof__(vk_##name) *name;
    VK_MODULE_FUNCTIONS(VK_MODULE_MEMBER)
#undef VK_MODULE_MEMBER
};

/* The module that this very function is in; what a host that loads a libvk.so asks it for, by this name. Never NULL. */
const struct vk_module *vk_module(void);

/* The module of a store or a kernel (INV-MODULE-1). */
static inline const struct vk_module *vk_module_of(const void *store_or_kernel) {
    return *(const struct vk_module *const *)store_or_kernel;
}

#endif
