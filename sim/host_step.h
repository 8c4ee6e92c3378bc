/* host_step.h - one thing that a host does between cranks, as the writes that SwingSet makes for it.
 *
 *     MESSAGE    queueToVatRoot, queueToVatObject (controller.js); a device's sendOnly between cranks
 *     TAKE       kpResolution, which takes a reference to each slot of the result
 *     TAKE_ONLY  kpResolution told not to (incref: false)
 *     INTEREST   kpRegisterInterest: no hashes are emitted, the writes go into those of the next step
 *     PIN        pinVatRoot
 *     BUNDLE     validateAndInstallBundle, which tells vatAdmin in a message
 *     SETTINGS   changeKernelOptions
 *
 * Of some a slog does not show all: `option` is one of the ways in which the step may have been done.
 *
 * INV-HOST-STEP-1  Writing a step into `sim_step_writes` changes no store.
 */
#ifndef SIM_HOST_STEP_H
#define SIM_HOST_STEP_H

#include "diff_crank.h"
#include "vk/kernel.h"

enum sim_step_type {
    SIM_STEP_MESSAGE,
    SIM_STEP_TAKE,
    SIM_STEP_TAKE_ONLY,
    SIM_STEP_INTEREST,
    SIM_STEP_PIN,
    SIM_STEP_BUNDLE,
    SIM_STEP_SETTINGS,
};

/* Whose root objects the host asked for on its way, which marks them as exported. */
enum sim_step_roots { SIM_ROOTS_TARGET, SIM_ROOTS_NONE, SIM_ROOTS_ALL, SIM_ROOTS_SLOTS };
enum { SIM_ROOTS_COUNT = SIM_ROOTS_SLOTS + 1 };
/* Of a message that no hash covers: kernel.queueToKref, whose caller waits for nothing. */
enum { SIM_OPTION_SILENT = 4 };

/* A kernel option that changeKernelOptions changes. */
enum sim_setting_type { SIM_SNAPSHOT_INTERVAL, SIM_REAP_INTERVAL, SIM_REAP_GC_KREFS };
enum { SIM_SETTINGS = SIM_REAP_GC_KREFS + 1 };

struct sim_setting {
    enum sim_setting_type what;
    uint64_t value; /* 0: never */
};

struct sim_host_step {
    enum sim_step_type type;
    uint64_t crank;       /* MESSAGE, BUNDLE: that routes it */
    struct vk_str event;  /* MESSAGE, BUNDLE: as JSON */
    struct vk_str result; /* MESSAGE, BUNDLE: "kp41"; absent: none is wanted */
    struct vk_str vat;  /* MESSAGE: whose root object the target is, if that is new to the kernel */
    struct vk_str kref; /* TAKE, INTEREST: the promise; PIN: the object; BUNDLE: its id */
    bool is_silent;     /* MESSAGE: a device sent it, or the host emitted no hashes */
    struct sim_setting
        settings[SIM_SETTINGS]; /* SETTINGS, in the order in which they are changed */
    size_t setting_count;
    size_t option;
    bool is_told; /* by the host itself (slog_told.h) */
};

/* The writes of steps so far, none of which the store has yet. */
struct sim_step_writes {
    struct vk_store *store;
    struct vk_arena *arena;
    enum sim_step_roots roots;
    struct {
        SIM_ARRAY(struct sim_crank_write);
    } writes;
};

/* In how many ways it may have been done; `option` is below that. */
size_t sim_step_options(const struct sim_host_step *step);
/* Whether hashes are emitted after it (where the host emits any). */
bool sim_step_emits(const struct sim_host_step *step);
/* Whether it is a bracket of its own, whose hash covers statistics that no other step's writes tell. */
bool sim_step_is_bracket(const struct sim_host_step *step);
/* Adds the step's writes, done in the way `option`. Texts in the writes' arena. */
enum vk_err sim_step_write(struct sim_step_writes *writes, const struct sim_host_step *step,
                           size_t option) VK_MUST_CHECK;
/* Gives the writes to a kernel, or does what makes them, and forgets them. */
enum vk_err sim_step_apply(struct sim_step_writes *writes, const struct sim_host_step *step,
                           struct vk_kernel *kernel, bool emits) VK_MUST_CHECK;
/* "message ko20.foo(...), result kp41" and "result policy logFailure". */
enum vk_err sim_step_words(struct vk_arena *arena, const struct sim_host_step *step,
                           struct vk_str *what, struct vk_str *by) VK_MUST_CHECK;

#endif
