/* stats.h - the kernel's counters, saved in `kernelStats` (consensus) and `local.kernelStats` at the end
 * of every crank.
 *
 * Gauges carry Up, Down and Max beside their value. Answers to kernel/state/stats.js and the metrics of
 * @agoric/internal.
 */
#ifndef VK_OBJECT_STATS_H
#define VK_OBJECT_STATS_H

#include "vk/json.h"

#define VK_STATS_CONSENSUS_GAUGES(X)                                                               \
    X(RUN_QUEUE_LENGTH, "runQueueLength")                                                          \
    X(ACCEPTANCE_QUEUE_LENGTH, "acceptanceQueueLength")                                            \
    X(PROMISE_QUEUES_LENGTH, "promiseQueuesLength")

#define VK_STATS_LOCAL_COUNTERS(X)                                                                 \
    X(SYSCALLS, "syscalls")                                                                        \
    X(SYSCALL_SEND, "syscallSend")                                                                 \
    X(SYSCALL_CALL_NOW, "syscallCallNow")                                                          \
    X(SYSCALL_SUBSCRIBE, "syscallSubscribe")                                                       \
    X(SYSCALL_RESOLVE, "syscallResolve")                                                           \
    X(SYSCALL_EXIT, "syscallExit")                                                                 \
    X(SYSCALL_VATSTORE_GET, "syscallVatstoreGet")                                                  \
    X(SYSCALL_VATSTORE_SET, "syscallVatstoreSet")                                                  \
    X(SYSCALL_VATSTORE_GET_NEXT_KEY, "syscallVatstoreGetNextKey")                                  \
    X(SYSCALL_VATSTORE_DELETE, "syscallVatstoreDelete")                                            \
    X(SYSCALL_DROP_IMPORTS, "syscallDropImports")                                                  \
    X(DISPATCHES, "dispatches")                                                                    \
    X(DISPATCH_DELIVER, "dispatchDeliver")                                                         \
    X(DISPATCH_NOTIFY, "dispatchNotify")

#define VK_STATS_LOCAL_GAUGES(X)                                                                   \
    X(KERNEL_OBJECTS, "kernelObjects")                                                             \
    X(KERNEL_DEVICES, "kernelDevices")                                                             \
    X(KERNEL_PROMISES, "kernelPromises")                                                           \
    X(KP_UNRESOLVED, "kpUnresolved")                                                               \
    X(KP_FULFILLED, "kpFulfilled")                                                                 \
    X(KP_REJECTED, "kpRejected")                                                                   \
    X(CLIST_ENTRIES, "clistEntries")                                                               \
    X(VATS, "vats")

/* In the order in which they are written out. */
enum vk_stat {
#define VK_STAT_ENUM(name, key) VK_STAT_##name,
    VK_STATS_CONSENSUS_GAUGES(VK_STAT_ENUM) VK_STATS_LOCAL_COUNTERS(VK_STAT_ENUM)
        VK_STATS_LOCAL_GAUGES(VK_STAT_ENUM)
#undef VK_STAT_ENUM
            VK_STAT_COUNT
};

struct vk_stat_value {
    int64_t value, up, down, max;
};

struct vk_stats {
    struct vk_stat_value values[VK_STAT_COUNT];
};

void vk_stats_clear(struct vk_stats *stats);
void vk_stats_add(struct vk_stats *stats, enum vk_stat stat, int64_t delta);
/* Gauges only. */
void vk_stats_subtract(struct vk_stats *stats, enum vk_stat stat, int64_t delta);

static inline void vk_stats_inc(struct vk_stats *stats, enum vk_stat stat) {
    vk_stats_add(stats, stat, 1);
}

static inline void vk_stats_dec(struct vk_stats *stats, enum vk_stat stat) {
    vk_stats_subtract(stats, stat, 1);
}

/* The two JSON texts. */
void vk_stats_write_consensus(struct vk_buf *buf, const struct vk_stats *stats);
void vk_stats_write_local(struct vk_buf *buf, const struct vk_stats *stats);
/* Takes the values from the two saved objects; `local` may be NULL. Missing ones become 0; a local stat that
 * an older kernel kept among the consensus ones is found there. */
void vk_stats_load(struct vk_stats *stats, const struct vk_json *consensus,
                   const struct vk_json *local);

#endif
