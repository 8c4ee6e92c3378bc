/* replay_run.h - a recording run again on this kernel, and held to it.
 *
 * What the recording's host did is applied as it stands; every crank is the C kernel's, with
 * recorded workers and devices that answer as those of the recording did. Everything the kernel and
 * its store trace must be the recording's next event: writes in order, hashes, deliveries, syscall
 * results, transcripts, slog entries.
 *
 * INV-REPLAY-1  Nothing is left out, and nothing compared twice but what a crash has undone: between
 *               crashes the cursor passes each recorded event once, in order.
 * INV-REPLAY-2  The result depends on the recording and the options alone, never on the page-out
 *               policy.
 * INV-REPLAY-3  A run allocates nothing by the crank in the driver.
 *
 * Reading and decoding are done when the recording is read; a run only drives the kernel. It does
 * not say how long that took (reports/stopwatch.h).
 */
#ifndef SIM_REPLAY_RUN_H
#define SIM_REPLAY_RUN_H

#include "recording.h"
#include "vk/kernel.h"

struct sim_replay;
struct sim_diff;

enum sim_host_point { SIM_HOST_BEFORE_COMMIT, SIM_HOST_AFTER_COMMIT };

/* A host that may crash and starts again from its last commit; see replay_resume.h. All functions are required. */
struct sim_replay_host {
    void *impl;
    /* Once, when a run is prepared: wraps the ports and says where the database is, which is to be empty
     * when the run begins and to outlive crashes. */
    void (*connect)(void *impl, struct vk_ports *ports);
    /* A kernel is to be opened. no_preload is set, and must stay so unless it may preload. */
    void (*kernel_opens)(void *impl, struct vk_kernel_options *options, bool may_preload);
    /* Whether it commits after the crank that was run. */
    bool (*wants_commit)(void *impl);
    /* An error: the host is killed here. */
    enum vk_err (*at_point)(void *impl, enum sim_host_point point);
    /* How many faults have struck so far. */
    uint64_t (*strikes)(void *impl);
    /* It has crashed, its store and kernel are closed: what befalls the disk does so now. */
    void (*crashed)(void *impl);
};

enum sim_outcome {
    SIM_MET,       /* all holds */
    SIM_DIFFERENT, /* `diff` says what differs */
    SIM_UNUSABLE,  /* what the recording's host made is no kernel of this schema */
    SIM_FAILED,    /* the testbed's host failed: memory, disk */
};

struct sim_replay_options {
    enum vk_store_mode mode;
    /* Of the database, which must not exist; NULL: in memory. It is left with everything up to the
     * recording's last whole crank, committed. */
    const char *path;
    uint32_t vats_online_max; /* 0: SwingSet's 50 */
    bool without_comparison;  /* for benchmarks: no trace; only the activityhash is compared */
    bool without_slog;        /* slog entries are neither built nor compared */
    bool without_activity_hash;
    bool without_state_hash;
    const struct sim_replay_host *host; /* one that may crash, or NULL; then `path` is not used */
};

struct sim_replay_result {
    enum sim_outcome outcome;
    uint64_t cranks;
    uint64_t deliveries;
    uint64_t syscalls;
    uint64_t writes;                /* compared, in cranks */
    uint64_t device_calls;          /* answered from the recording */
    uint64_t device_gets;           /* of devices' vatstores, told from the statistics */
    uint64_t host_calls;            /* the host's syscalls, told from the statistics */
    uint64_t inferred_deliveries;   /* told from their writes alone; see inferred_delivery.h */
    uint64_t crashes, commits;      /* of a host that may crash */
    uint64_t cranks_run;            /* those that were run again after a crash included */
    char activityhash[VK_HASH_HEX]; /* at the end; empty if there is none */
    struct vk_state_hash state_hash;
    struct vk_str devices; /* names of the devices that were answered for: "timer, bridge" */
    bool is_panic;         /* the recording ends in a kernel panic, and so does the run */
    uint64_t panic_crank;
    const struct sim_diff *diff; /* DIFFERENT */
    char error[320];             /* UNUSABLE, FAILED */
};

/* Takes what a run needs. `recording` must outlive it. NULL: out of memory. */
struct sim_replay *sim_replay_prepare(const struct sim_recording *recording,
                                      const struct sim_replay_options *options);
/* Runs once, from the beginning; may be called again (with a path: after the file was removed).
 * Texts in *result and the diff live until the next run or the release. */
void sim_replay_run(struct sim_replay *replay, struct sim_replay_result *result);
/* NULL is allowed. */
void sim_replay_release(struct sim_replay *replay);

#endif
