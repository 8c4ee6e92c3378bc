/* kernel.h - the kernel: cranks, and what a host may ask for between them.
 *
 * A kernel works on a store that the host has opened and keeps: kernels come and go on one store (a
 * restart is vk_kernel_close and vk_kernel_open). All state of consequence is in the store; what a kernel
 * remembers can be rebuilt from it (INV-KERNEL-1: the live kernel equals one freshly opened on its store).
 *
 * After a host's failure or a kernel panic the kernel is halted (INV-KERNEL-2: a halted kernel changes nothing):
 * every call answers VK_ERR_PANIC, and the host closes it without a commit.
 *
 * Answers to packages/SwingSet/src/kernel/kernel.js and src/controller/controller.js.
 */
#ifndef VK_KERNEL_H
#define VK_KERNEL_H

#include "vk/directive.h"
#include "vk/store.h"

struct vk_kernel;

struct vk_kernel_options {
    uint32_t vats_online_max;               /* 0: SwingSet's 50 */
    bool no_preload;                        /* do not bring vats online before they are needed */
    bool no_restart_after_snapshot;         /* keep the worker process across a snapshot */
    const struct vk_directives *directives; /* must outlive the kernel; NULL: none */
};

/* The budget of a clean-up crank, by phase; VK_UNLIMITED where there is no limit. */
struct vk_cleanup_budget {
    uint64_t exports, imports, promises, kv, snapshots, transcripts;
    struct vk_str json; /* as the slog shows it ({"default":5}); absent: built from the default */
    uint64_t by_default;
};

/* What a clean-up crank did. */
struct vk_cleanup_work {
    uint64_t exports, imports, promises, kv, snapshots, transcripts;
};

#define VK_NO_VAT UINT64_MAX

enum vk_crank_kind {
    VK_CRANK_IDLE,       /* nothing to do: no crank was run */
    VK_CRANK_NONE,       /* routing, or an event that came to no delivery */
    VK_CRANK_DELIVERY,   /* a vat was given something */
    VK_CRANK_CREATE_VAT, /* a dynamic vat was created (or failed to be) */
    VK_CRANK_CLEANUP,    /* a step of clean-up of a terminated vat */
};

struct vk_crank_result {
    enum vk_crank_kind kind;
    const char *event; /* "send", "notify" ...; "" if the crank is idle */
    uint64_t vat;      /* the number of the vat that was delivered to; VK_NO_VAT */
    bool aborted;      /* rolled back: only the declared survivors are left */
    bool terminated;   /* the vat was terminated */
    bool directed;     /* a directive took the event's place (vk/directive.h) */
    bool metered;      /* computrons is known */
    uint64_t computrons;
    struct vk_cleanup_work cleanup;
    char crankhash[VK_HASH_HEX];
    char activityhash[VK_HASH_HEX];
    struct vk_state_hash state_hash;
};

/* The host's run policy. NULL functions: no limits. */
struct vk_run_policy {
    void *impl;
    /* Whether the next crank may clean up a terminated vat, and how much of it. */
    bool (*allow_cleanup)(void *impl, struct vk_cleanup_budget *budget);
    /* Called after each crank; false stops the run. */
    bool (*crank_complete)(void *impl, const struct vk_crank_result *result);
};

/* ---- a new kernel */

struct vk_vat_config {
    struct vk_str name;
    struct vk_str bundle_id;
    struct vk_capdata parameters; /* body absent: "#{}" */
    struct vk_str options;        /* creationOptions, a JSON object; absent: {} */
};

struct vk_device_config {
    struct vk_str name;
    struct vk_str bundle_id;
    struct vk_str parameters; /* deviceParameters, JSON; absent: {} */
};

struct vk_named_bundle {
    struct vk_str name;
    struct vk_str bundle_id;
};

/* SwingSet's kernel configuration. Bundles are installed in the store beforehand. 0 in a number: SwingSet's default;
 * VK_UNLIMITED in a reap setting: 'never'. */
struct vk_config {
    struct vk_str default_manager_type; /* absent: local */
    uint64_t default_reap_interval;
    uint64_t default_reap_gc_krefs;
    uint64_t snapshot_initial;
    uint64_t snapshot_interval;
    bool relax_durability_rules;
    const struct vk_named_bundle *bundles;
    size_t bundle_count;
    const struct vk_vat_config *vats; /* one is to be vatAdmin, if there are any */
    size_t vat_count;
    const struct vk_device_config *devices;
    size_t device_count;
    struct vk_str bootstrap; /* the static vat to send bootstrap() to, or absent */
    bool pin_bootstrap_root;
};

/* initializeKernel: writes a new kernel's state into an empty store and emits its hashes. `bootstrap_kpid` is "" without
 * bootstrap. VK_ERR_USAGE when the store holds a kernel already or the configuration makes no sense. */
enum vk_err vk_kernel_initialize(struct vk_store *store, const struct vk_ports *ports,
                                 const struct vk_config *config, char bootstrap_kpid[24])
    VK_MUST_CHECK;

/* ---- a kernel at work */

/* Opens a kernel on `store`, which must hold an initialised kernel database of schema version 3 (else VK_ERR_SCHEMA).
 * Brings vats online as SwingSet does unless options->no_preload. */
enum vk_err vk_kernel_open(struct vk_store *store, const struct vk_ports *ports,
                           const struct vk_kernel_options *options, struct vk_kernel **out)
    VK_MUST_CHECK;
/* Stops all workers and frees the kernel. Changes nothing in the store. */
void vk_kernel_close(struct vk_kernel *kernel);

/* Runs one crank. result->kind is VK_CRANK_IDLE when there was nothing to do. */
enum vk_err vk_kernel_run_crank(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                                struct vk_crank_result *result) VK_MUST_CHECK;
/* Runs cranks until the policy says stop or there is nothing to do. */
enum vk_err vk_kernel_run(struct vk_kernel *kernel, const struct vk_run_policy *policy,
                          uint64_t *cranks) VK_MUST_CHECK;

#define VK_DIFFERS_MAX 128

/* Checks INV-KERNEL-1: holds what `live` remembers against `fresh`, which must have been opened on the same store a
 * moment ago with no_preload. `differs` says what is not the same, or is "". After a crank (a host call moves
 * statistics that the next crank saves); changes nothing. Neither may be halted. */
enum vk_err vk_kernel_compare_memory(struct vk_kernel *live, struct vk_kernel *fresh,
                                     char differs[VK_DIFFERS_MAX]) VK_MUST_CHECK;

/* Why the kernel is halted, or NULL. */
const char *vk_kernel_panic_reason(const struct vk_kernel *kernel);

/* ---- host calls, between cranks. Krefs are given and returned as text. */
enum vk_result_policy {
    VK_RESULT_NONE, /* no result promise */
    VK_RESULT_IGNORE,
    VK_RESULT_LOG_ALWAYS,
    VK_RESULT_LOG_FAILURE,
    VK_RESULT_PANIC, /* a rejection panics the kernel */
};

#define VK_KREF_TEXT 24

/* controller.queueToVatRoot and queueToVatObject: sends methargs (slots are krefs) to `kref`, takes an external
 * reference on the result promise and closes the host's step with emitCrankHashes. */
enum vk_err vk_host_queue_message(struct vk_kernel *kernel, struct vk_str kref,
                                  const struct vk_capdata *methargs, enum vk_result_policy policy,
                                  char kpid[VK_KREF_TEXT]) VK_MUST_CHECK;
/* kernel.getRootObject(vatNameToID(name)); VK_ERR_USAGE if there is no such static vat. */
enum vk_err vk_host_vat_root(struct vk_kernel *kernel, struct vk_str name, char kref[VK_KREF_TEXT])
    VK_MUST_CHECK;
enum vk_err vk_host_pin_vat_root(struct vk_kernel *kernel, struct vk_str name,
                                 char kref[VK_KREF_TEXT]) VK_MUST_CHECK;
enum vk_err vk_host_pin(struct vk_kernel *kernel, struct vk_str kref_text) VK_MUST_CHECK;
/* controller.kpResolution: gives up the external reference. *settled false (and nothing done) while unresolved. */
enum vk_err vk_host_take_resolution(struct vk_kernel *kernel, struct vk_arena *arena,
                                    struct vk_str kpid_text, bool *settled, bool *rejected,
                                    struct vk_capdata *data) VK_MUST_CHECK;
/* controller.validateAndInstallBundle without the validation; nothing if it is there already. */
enum vk_err vk_host_install_bundle(struct vk_kernel *kernel, struct vk_str bundle_id,
                                   struct vk_str bytes) VK_MUST_CHECK;
/* controller.terminateVat: `reason` may hold no slots. */
enum vk_err vk_host_terminate_vat(struct vk_kernel *kernel, struct vk_str vat_text,
                                  const struct vk_capdata *reason) VK_MUST_CHECK;
/* Suspended and paused vats (agoric-sdk #8955). The states and what they do are kernel/object/vat_state.h's; of a vat that
 * is in that state already, nothing. VK_ERR_USAGE if the vat is not alive.
 * suspend and unsuspend are queued, as an upgrade is: the incarnation ends, or the next one starts, in a crank of
 * its own. pause and resume hold at once. All four end with emitted hashes. */
enum vk_err vk_host_suspend_vat(struct vk_kernel *kernel, struct vk_str vat_text) VK_MUST_CHECK;
enum vk_err vk_host_unsuspend_vat(struct vk_kernel *kernel, struct vk_str vat_text) VK_MUST_CHECK;
enum vk_err vk_host_pause_vat(struct vk_kernel *kernel, struct vk_str vat_text) VK_MUST_CHECK;
enum vk_err vk_host_resume_vat(struct vk_kernel *kernel, struct vk_str vat_text) VK_MUST_CHECK;
/* Suspends every vat, without a last BOYD, and starts the static ones and those with the option restartCritical at
 * once, in a step of its own with emitted hashes; one that cannot be started is VK_ERR_PANIC, and the kernel halts. The
 * others start with their first delivery. */
enum vk_err vk_host_restart_all_vats(struct vk_kernel *kernel) VK_MUST_CHECK;
enum vk_err vk_host_reap_all_vats(struct vk_kernel *kernel) VK_MUST_CHECK;
enum vk_err vk_host_snapshot_all_vats(struct vk_kernel *kernel) VK_MUST_CHECK;
enum vk_err vk_host_inject_upgrade_events(struct vk_kernel *kernel) VK_MUST_CHECK;
/* kernel.changeKernelOptions; each field used if its flag says so. 0 in a threshold: 'never'. */
struct vk_kernel_settings {
    bool set_reap_interval, set_reap_gc_krefs, set_snapshot_interval;
    uint64_t reap_interval, reap_gc_krefs, snapshot_interval;
};
enum vk_err vk_host_change_options(struct vk_kernel *kernel,
                                   const struct vk_kernel_settings *settings) VK_MUST_CHECK;

/* ---- what another kernel's host did, as a recording shows it.
 *
 * Applies one write of the host's as it is, and moves the kernel's statistics as the host call behind it would
 * have. `value` absent: a delete. Writes must come in the order in which they were made. */
enum vk_err vk_host_apply_write(struct vk_kernel *kernel, struct vk_str key, struct vk_str value)
    VK_MUST_CHECK;
/* Brings a vat online whose startVat was made outside any crank and without a worker's start in its transcript
 * (kernel.createTestVat): it is not replayed now and never paged out. */
enum vk_err vk_host_attach_vat(struct vk_kernel *kernel, struct vk_str vat_text) VK_MUST_CHECK;
/* Counts a syscall that was made outside any crank (sends are counted by their queue entry already). */
enum vk_err vk_host_apply_syscall(struct vk_kernel *kernel, enum vk_syscall_type type)
    VK_MUST_CHECK;

#endif
