/* ports.h - the only doors out of the kernel: heap, clock, entropy, disk, workers, devices, trace.
 *
 * The kernel never learns whether it is simulated. A host fills in a `struct vk_ports`; everything in it
 * must outlive the store and the kernel that were opened with it, and is called on the thread that
 * called the kernel. No port may call back into the kernel but through what it was handed for that.
 */
#ifndef VK_PORTS_H
#define VK_PORTS_H

#include "vk/arena.h"
#include "vk/capdata.h"

/* ---- clock: nanoseconds since an epoch of the host's choosing; used for the slog's `time` only. */
struct vk_clock {
    void *impl;
    uint64_t (*now_ns)(void *impl);
};

/* ---- entropy: seeds what SQLite draws (WAL salts, journal nonces); never reaches a result. */
struct vk_entropy {
    void *impl;
    uint64_t (*draw)(void *impl);
};

/* ---- disk: the database file and the SQLite VFS that holds it. */
struct vk_disk {
    const char *vfs;  /* a registered sqlite3_vfs name, or NULL for the system's */
    const char *path; /* the file, or ":memory:" */
};

/* ---- trace: everything observable that the store and the kernel do, in the order they do it. */
enum vk_trace_type {
    VK_TRACE_SET, /* key, value */
    VK_TRACE_DEL, /* key */
    VK_TRACE_START_CRANK,
    VK_TRACE_END_CRANK,
    VK_TRACE_SAVEPOINT,              /* key: "start" or "deliver" */
    VK_TRACE_ROLLBACK,               /* key: "start" or "deliver" */
    VK_TRACE_EMIT,                   /* key: crankhash, value: activityhash */
    VK_TRACE_TRANSCRIPT_INIT,        /* key: vat */
    VK_TRACE_TRANSCRIPT_ITEM,        /* key: vat, value: the item */
    VK_TRACE_TRANSCRIPT_SPAN,        /* key: vat; span rolled over */
    VK_TRACE_TRANSCRIPT_INCARNATION, /* key: vat; incarnation rolled over */
    VK_TRACE_TRANSCRIPT_STOP,        /* key: vat */
    VK_TRACE_TRANSCRIPT_DELETE,      /* key: vat, budget, count: cleanups, done */
    VK_TRACE_BUNDLE,                 /* key: bundle id */
    VK_TRACE_BUNDLE_DEL,             /* key: bundle id */
    VK_TRACE_COMMIT,
    VK_TRACE_CLOSE,
    VK_TRACE_SLOG, /* key: the entry's type, value: the entry, a JSON object */
};

#define VK_UNLIMITED UINT64_MAX /* JavaScript's Infinity in a budget */

struct vk_trace_event {
    enum vk_trace_type type;
    struct vk_str key;
    struct vk_str value;
    uint64_t budget;
    uint64_t count;
    bool done;
};

/* What the kernel is in the midst of, told as it comes to it: for a recorder that is always on. */
enum vk_moment_type {
    VK_MOMENT_CRANK, /* an event was taken; json: the event as the queue had it, if it was in one */
    VK_MOMENT_DELIVERY,     /* number: its place in the vat's transcript; json: what the vat gets */
    VK_MOMENT_SYSCALL,      /* number: from 0, in this delivery; json: as the vat made it */
    VK_MOMENT_SYSCALL_DONE, /* json: what the vat is answered */
    VK_MOMENT_DELIVERY_DONE, /* json: absent, or the vat's problem: no JSON, but its words */
    VK_MOMENT_CRANK_DONE,    /* number: the crank's */
};

struct vk_moment {
    enum vk_moment_type type;
    bool is_routing; /* CRANK, CRANK_DONE */
    const char
        *name;    /* of the event ("send"), the delivery ("message"), the syscall ("vatstoreGet") */
    uint64_t vat; /* UINT64_MAX: none */
    uint64_t number;
    struct vk_str target; /* CRANK, DELIVERY, SYSCALL: whom it is sent to, a kref; or absent */
    struct vk_str json;
};

struct vk_trace {
    void *impl;
    bool wants_slog; /* false: no VK_TRACE_SLOG entry is even built */
    /* An error (VK_ERR_TRACE, say) ends the crank as any host failure does. The event and its texts
     * are valid during the call only. */
    enum vk_err (*event)(void *impl, const struct vk_trace_event *event);
    /* NULL: nobody looks. Nothing is read, built or allocated for it, and it cannot fail; the moment and its texts are
     * valid during the call only. Deliveries that are replayed are no moments. */
    void (*moment)(void *impl, const struct vk_moment *moment);
};

/* ---- workers: the processes that vats run in. */

enum vk_delivery_type {
    VK_DELIVERY_MESSAGE,
    VK_DELIVERY_NOTIFY,
    VK_DELIVERY_DROP_EXPORTS,
    VK_DELIVERY_RETIRE_EXPORTS,
    VK_DELIVERY_RETIRE_IMPORTS,
    VK_DELIVERY_CHANGE_VAT_OPTIONS,
    VK_DELIVERY_START_VAT,
    VK_DELIVERY_BRING_OUT_YOUR_DEAD,
};

/* One settled promise: in a notify (kernel to vat) or a resolve (vat to kernel). */
struct vk_resolution {
    struct vk_str promise;
    bool rejected;
    struct vk_capdata data;
};

/* A vat delivery, in the vat's own slots: typed fields, and the JSON that the transcript holds. */
struct vk_delivery {
    enum vk_delivery_type type;
    struct vk_str json;                      /* ["message","o+0",{...}] */
    struct vk_str target;                    /* MESSAGE */
    struct vk_capdata methargs;              /* MESSAGE; START_VAT: the vatParameters */
    struct vk_str result;                    /* MESSAGE: absent when send-only */
    const struct vk_resolution *resolutions; /* NOTIFY */
    size_t resolution_count;
    const struct vk_str *vrefs; /* DROP_EXPORTS, RETIRE_EXPORTS, RETIRE_IMPORTS */
    size_t vref_count;
    struct vk_str options; /* CHANGE_VAT_OPTIONS: a JSON object */
};

enum vk_syscall_type {
    VK_SYSCALL_SEND,
    VK_SYSCALL_CALL_NOW,
    VK_SYSCALL_SUBSCRIBE,
    VK_SYSCALL_RESOLVE,
    VK_SYSCALL_EXIT,
    VK_SYSCALL_VATSTORE_GET,
    VK_SYSCALL_VATSTORE_SET,
    VK_SYSCALL_VATSTORE_GET_NEXT_KEY,
    VK_SYSCALL_VATSTORE_DELETE,
    VK_SYSCALL_DROP_IMPORTS,
    VK_SYSCALL_RETIRE_IMPORTS,
    VK_SYSCALL_RETIRE_EXPORTS,
    VK_SYSCALL_ABANDON_EXPORTS,
    VK_SYSCALL_MALFORMED, /* no such syscall, or its arguments have wrong types: vat-fatal */
};

/* A syscall as the vat made it: typed fields, and its JSON for the transcript. Its texts are the worker host's and need
 * live only until the delivery ends. */
struct vk_syscall {
    enum vk_syscall_type type;
    struct vk_str json;                      /* as JSON.stringify writes it */
    struct vk_str target;                    /* SEND, CALL_NOW; SUBSCRIBE: the promise */
    struct vk_str method;                    /* CALL_NOW */
    struct vk_capdata data;                  /* SEND: methargs; CALL_NOW: args; EXIT: info */
    struct vk_str result;                    /* SEND: absent when send-only */
    const struct vk_resolution *resolutions; /* RESOLVE */
    size_t resolution_count;
    bool is_failure;            /* EXIT */
    struct vk_str key;          /* VATSTORE_* */
    struct vk_str value;        /* VATSTORE_SET */
    const struct vk_str *vrefs; /* DROP_IMPORTS ... ABANDON_EXPORTS */
    size_t vref_count;
};

/* Reads a syscall from JSON. A text that is no well-formed syscall gives VK_SYSCALL_MALFORMED and no error. */
enum vk_err vk_syscall_decode(struct vk_arena *arena, struct vk_str json, struct vk_syscall *out)
    VK_MUST_CHECK;
/* The syscall's name ("vatstoreGet"); "malformed" for VK_SYSCALL_MALFORMED. */
const char *vk_syscall_name(enum vk_syscall_type type);
/* The delivery's name ("message"). */
const char *vk_delivery_name(enum vk_delivery_type type);

enum vk_payload_type { VK_PAYLOAD_NULL, VK_PAYLOAD_STRING, VK_PAYLOAD_CAPDATA };

/* What a syscall gives back to the vat: ["ok", null | string | capdata] or ["error", problem]. */
struct vk_syscall_result {
    bool ok;
    enum vk_payload_type payload;
    struct vk_str text; /* STRING, or the problem */
    struct vk_capdata capdata;
    struct vk_str json;
};

/* A change to the vat's vatstore that comes with the end of a delivery and not by syscall. */
struct vk_vatstore_change {
    struct vk_str key;
    struct vk_str value; /* absent: the key is deleted */
};

/* What a delivery came to, once the worker has answered. There is no third outcome: a worker that
 * does not answer is VK_ERR_WORKER_LOST, and that is the host's failure, never the vat's. So is one whose texts are not
 * well-formed UTF-8. */
struct vk_delivery_result {
    bool ok;
    struct vk_str value;   /* ok: what dispatch returned, JSON, for the slog; absent: null */
    struct vk_str problem; /* !ok: a metering fault's or the worker's own words */
    bool metered;          /* computrons is known */
    uint64_t computrons;
    struct vk_str usage; /* the worker's meter report, a JSON object, or absent */
    /* ok, and only from a worker whose spec says vatstore_in_completion: in the order in which they are to be made. Of a
     * delivery that fails nobody looks at them. */
    const struct vk_vatstore_change *changes;
    size_t change_count;
    /* ok: how many syscalls of this delivery were submitted. The kernel does not look at the rest before it has settled so
     * many. */
    uint64_t submitted;
};

/* Given to the worker during a delivery: makes one syscall. The result and its texts are valid until the
 * delivery ends. An error means the kernel is going down: stop and return it. */
struct vk_syscall_port {
    void *impl;
    enum vk_err (*make)(void *impl, const struct vk_syscall *syscall,
                        struct vk_syscall_result *result);
    /* The other two are for workers whose spec says vatstore_in_completion. submit: sends a syscall that has no answer, and does
     * not wait; of the syscall only the JSON is looked at, and copied. settle: the oldest `count` of those sent have
     * arrived, and are settled now. Whatever has not arrived is settled before the next that is waited for, and at last when
     * the delivery has ended (core/in_flight.h). */
    enum vk_err (*submit)(void *impl, const struct vk_syscall *syscall);
    enum vk_err (*settle)(void *impl, uint64_t count);
};

struct vk_worker; /* the host's own */
struct vk_store;  /* store.h */

/* A heap snapshot as the worker host made it. */
struct vk_snapshot_image {
    struct vk_str bytes;
};

struct vk_worker_spec {
    struct vk_str vat;       /* "v12" */
    struct vk_str name;      /* may be absent */
    struct vk_str options;   /* the vat's recorded options, a JSON object */
    struct vk_str bundle_id; /* may be absent (source given as a whole bundle) */
    bool metered;
    /* The worker keeps the vatstore in its own memory (filled by vatstoreGet and vatstoreGetNextKey as an incarnation starts)
     * and hands changes over with the result of the delivery that made them. */
    bool vatstore_in_completion;
    uint64_t position; /* transcript position of the first delivery it will be given */
    uint64_t replays;  /* so many deliveries, the first ones, are answered from the transcript */
    const struct vk_snapshot_image *snapshot; /* NULL: start from the bundle */
};

struct vk_worker_host {
    void *impl;
    /* The worker bundles that new vats and new incarnations are to run on, as JSON array text
     * (["b0-...","b0-..."]); answers to bundleHandler.getCurrentBundleIDs(). Those that `store` lacks are to be
     * added to it here (vk_bundle_add). */
    enum vk_err (*worker_bundle_ids)(void *impl, struct vk_store *store, struct vk_arena *arena,
                                     struct vk_str *json);
    /* Starts a worker. VK_ERR_WORKER_START when it cannot be; for a vat under creation, or one that was suspended,
     * that is the vat's misfortune (a failed creation; a vat that stays suspended, and is paused), else the kernel's. */
    enum vk_err (*start)(void *impl, const struct vk_worker_spec *spec, struct vk_worker **out);
    /* Makes one delivery and waits for its end. Texts in *result live in `arena`. */
    enum vk_err (*deliver)(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                           const struct vk_delivery *delivery,
                           const struct vk_syscall_port *syscalls,
                           struct vk_delivery_result *result);
    /* A snapshot of the worker as it is now, in `arena`; NULL function or image->bytes absent: this worker
     * cannot. `restart`: the host should go on in a new process from that image. */
    enum vk_err (*snapshot)(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                            bool restart, struct vk_snapshot_image *image);
    /* Lower-case hex SHA-256 of an image, or what stands for it where images are kept elsewhere.
     * NULL function: the kernel computes the SHA-256. */
    enum vk_err (*snapshot_hash)(void *impl, const struct vk_snapshot_image *image, char hex[65]);
    /* Ends a worker, which may be lost already. Never fails. */
    void (*stop)(void *impl, struct vk_worker *worker);
};

/* ---- devices other than vatAdmin, which is the kernel's own. */

/* What a device may do while it is invoked, in its own slots. */
struct vk_device_powers {
    void *impl;
    enum vk_err (*send_only)(void *impl, struct vk_str target, const struct vk_capdata *methargs);
    enum vk_err (*vatstore_get)(void *impl, struct vk_str key, struct vk_str *value);
    enum vk_err (*vatstore_set)(void *impl, struct vk_str key, struct vk_str value);
    enum vk_err (*vatstore_delete)(void *impl, struct vk_str key);
    enum vk_err (*state_set)(void *impl, struct vk_str json);
};

struct vk_device_call {
    struct vk_str device; /* "d7" */
    struct vk_str name;   /* "timer" */
    struct vk_str target; /* "d+0" */
    struct vk_str method;
    struct vk_capdata args;
};

struct vk_device_result {
    bool ok;
    struct vk_capdata data;
    struct vk_str problem;
};

struct vk_device_host {
    void *impl;
    /* Texts in *result live in `arena`. */
    enum vk_err (*invoke)(void *impl, struct vk_arena *arena, const struct vk_device_call *call,
                          const struct vk_device_powers *powers, struct vk_device_result *result);
};

struct vk_ports {
    const struct vk_heap *heap;           /* required */
    const struct vk_clock *clock;         /* NULL: always 0 */
    const struct vk_entropy *entropy;     /* NULL: always 0 */
    struct vk_disk disk;                  /* used by vk_store_open */
    const struct vk_trace *trace;         /* NULL: nobody looks */
    const struct vk_worker_host *workers; /* required by vk_kernel_open */
    const struct vk_device_host *devices; /* NULL: a call to such a device is an error result */
};

#endif
