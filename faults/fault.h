/* fault.h - the catalogue of faults that strike a node from outside, and how one is armed.
 *
 * What a vat does wrong is an operation of its program (sim/plan.h) and strikes every replica alike.
 * What is here strikes one replica: its workers, its disk, its memory, its host.
 *
 * A shim over a port asks fault_strikes() at each point where a fault of its kind could strike. An
 * armed fault counts such points down, strikes `repeat` times in a row, and is then spent. Faults belong to
 * the node and outlive its processes, so that one that has struck does not strike again when the node has
 * come back and runs the same cranks once more. What a vat pays for is another matter: it is part of the
 * crank, and comes again with it.
 *
 * INV-FAULT-1  Whether a fault strikes depends on its own counters alone.
 * INV-FAULT-2  hits counts every strike; nothing else does.
 * INV-FAULT-3  A crank that is run again is struck by the same vat-kill faults, whatever became of the node in between.
 */
#ifndef FAULTS_FAULT_H
#define FAULTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a fault may do to the node that it strikes. */
enum fault_class {
    FAULT_INVISIBLE, /* the node may have to restart, but not one hash may differ */
    FAULT_HALT, /* the kernel must stop with nothing committed; nothing that a restart would mend */
    FAULT_VAT_KILL,  /* the vat pays, the same way on every replica: it is to strike all of them */
    FAULT_DIVERGENCE /* the node must be seen to differ, in the very crank */
};

/* NAME, word in a plan, class, what it does. `at` counts points; `k` is the fault's own parameter. */
#define FAULT_KINDS(X)                                                                             \
    X(WORKER_IDLE, "worker-dies-idle", INVISIBLE, "a worker dies while it waits for a delivery")   \
    X(WORKER_BEFORE, "worker-dies-before-delivery", INVISIBLE,                                     \
      "a worker dies as it is delivered to")                                                       \
    X(WORKER_SYSCALL, "worker-dies-after-syscall", INVISIBLE,                                      \
      "a worker dies after its k-th syscall of a delivery")                                        \
    X(WORKER_LAST, "worker-dies-after-last-syscall", INVISIBLE,                                    \
      "a worker dies before it gives its result")                                                  \
    X(WORKER_RESULT, "worker-dies-after-result", INVISIBLE,                                        \
      "a worker dies when it has given its result")                                                \
    X(WORKER_REPLAY, "worker-dies-in-replay", INVISIBLE,                                           \
      "a worker dies while its transcript is replayed")                                            \
    X(WORKER_SNAPSHOT, "worker-dies-in-snapshot", INVISIBLE,                                       \
      "a worker dies while it writes a snapshot")                                                  \
    X(WORKER_START, "worker-start-fails", INVISIBLE, "a worker cannot be started, once")           \
    X(WORKER_NEVER, "worker-never-starts", HALT, "a worker cannot be started, for good")           \
    X(WORKER_SLOW, "worker-starts-slowly", INVISIBLE, "a worker takes k milliseconds to start")    \
    X(WORKER_HANGS, "worker-hangs", INVISIBLE,                                                     \
      "a worker does not answer; the host kills it after k milliseconds")                          \
    X(REPLAY_DIFFERS, "replay-differs", HALT,                                                      \
      "a replayed vat makes another syscall than its transcript says")                             \
    X(FRAME_GARBLED, "frame-garbled", INVISIBLE, "a byte of a frame from the worker is changed")   \
    X(FRAME_TRUNCATED, "frame-truncated", INVISIBLE, "the pipe closes within a frame")             \
    X(FRAME_TWICE, "frame-twice", INVISIBLE, "a frame from the worker comes twice")                \
    X(FRAME_LATE, "frame-late", INVISIBLE, "a frame from the worker comes k milliseconds late")    \
    X(VAT_OVERRUN, "vat-overruns", VAT_KILL,                                                       \
      "a vat overruns its meter after the k-th syscall of a delivery")                             \
    X(VAT_AT_ONCE, "vat-overruns-at-once", VAT_KILL,                                               \
      "a vat overruns its meter before the first syscall of a delivery")                           \
    X(VAT_SPENDS, "vat-spends", VAT_KILL,                                                          \
      "a delivery is said to cost k computrons, more than its meter holds or not")                 \
    X(COMPUTE_DRIFT, "compute-drift", DIVERGENCE, "a delivery costs one computron more or less")   \
    X(DISK_READ, "disk-read-error", INVISIBLE, "a read fails")                                     \
    X(DISK_WRITE, "disk-write-error", INVISIBLE, "a write fails")                                  \
    X(DISK_SYNC, "disk-sync-error", INVISIBLE, "a sync fails")                                     \
    X(DISK_TRUNCATE, "disk-truncate-error", INVISIBLE, "a truncate fails")                         \
    X(DISK_FULL, "disk-full", INVISIBLE, "there is no room to write")                              \
    X(DISK_SHORT, "disk-short-write", INVISIBLE, "a write is cut short")                           \
    X(DISK_BUSY, "disk-busy", INVISIBLE, "somebody else holds the lock")                           \
    X(POWER_CUT, "power-cut", INVISIBLE,                                                           \
      "power fails; un-synced writes are kept, dropped or torn")                                   \
    X(BIT_ROT, "bit-rot", HALT, "a bit of the database changes while nobody looks")                \
    X(SNAPSHOT_LOST, "snapshot-lost", HALT, "a stored snapshot is not there any more")             \
    X(SNAPSHOT_CUT, "snapshot-truncated", HALT, "a stored snapshot ends too early")                \
    X(SNAPSHOT_CORRUPT, "snapshot-corrupt", HALT, "a stored snapshot does not decompress")         \
    X(SNAPSHOT_OTHER, "snapshot-wrong-hash", HALT,                                                 \
      "a stored snapshot is another one than its hash says")                                       \
    X(HEAP, "heap-fails", INVISIBLE, "an allocation of the kernel's fails")                        \
    X(SQLITE_HEAP, "sqlite-heap-fails", INVISIBLE, "an allocation of SQLite's fails")              \
    X(HOST_KILLED, "host-killed", INVISIBLE,                                                       \
      "the host is killed between two operations of its store")                                    \
    X(HOST_BEFORE_COMMIT, "host-killed-before-commit", INVISIBLE,                                  \
      "the host is killed as it is to commit")                                                     \
    X(HOST_AFTER_COMMIT, "host-killed-after-commit", INVISIBLE,                                    \
      "the host is killed when it has committed")                                                  \
    X(HOST_RESTART, "host-restart", INVISIBLE,                                                     \
      "the host is stopped and started again after a block")

enum fault_kind {
#define FAULT_ENUM(name, word, class, meaning) FAULT_##name,
    FAULT_KINDS(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_KIND_COUNT
};

/* "disk-full"; never NULL. */
const char *fault_word(enum fault_kind kind);
const char *fault_meaning(enum fault_kind kind);
enum fault_class fault_class_of(enum fault_kind kind);
const char *fault_class_word(enum fault_class class); /* "invisible" */

struct fault {
    enum fault_kind kind;
    uint64_t vat;    /* the number of the vat it is for (5 of v5), or FAULT_ANY_VAT */
    uint64_t at;     /* strikes at the at-th point that it is asked about, 1 the first */
    uint64_t repeat; /* how many points in a row it strikes at */
    uint64_t k;      /* its own parameter; 0: none given */
    uint64_t asked;
    uint64_t asked_committed; /* as it was at the node's last commit; of vat-kill faults only */
    uint64_t hits;
};

#define FAULT_ANY_VAT UINT64_MAX
#define FAULT_FOR_GOOD UINT64_MAX /* as repeat */

/* The faults of one node. */
struct fault_set {
    struct fault *faults;
    size_t count;
    bool suspended; /* none is asked about or strikes: the testbed itself is at work */
    bool calm;      /* only vat-kill faults strike: the node is left in peace, its vats still pay */
};

/* Called at a point where a fault of this kind could strike `vat` (FAULT_ANY_VAT where there is none). The fault
 * that strikes now, or NULL. */
struct fault *fault_strikes(struct fault_set *set, enum fault_kind kind, uint64_t vat);
/* The same where points are numbered, as syscalls of a delivery are: a fault whose `k` is another number is not asked
 * (0, none given, counts as 1). */
struct fault *fault_strikes_kth(struct fault_set *set, enum fault_kind kind, uint64_t vat,
                                uint64_t k);
/* The node has committed; or it starts from its last commit, and what was counted since for vat-kill faults is
 * undone (INV-FAULT-3). */
void fault_set_committed(struct fault_set *set);
void fault_set_lost(struct fault_set *set);
/* Whether any fault of this kind may still strike. */
bool fault_pending(const struct fault_set *set, enum fault_kind kind);

#endif
