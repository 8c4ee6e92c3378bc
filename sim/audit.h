/* audit.h - what the auditor's parts share: the state's nouns as tables, and how a finding is
 * reported.
 *
 * An audit runs in this order, each step relying on those before it:
 *   audit_schema       sorts every key into its family, types every value, fills the tables
 *   audit_vats         lists of vats and devices, their keys, options, meters
 *   audit_queues       queues, GC actions, reaps, pins; counts references
 *   audit_side_queues  suspended and paused vats, what waits for them; counts references
 *   audit_clists       c-lists; counts references
 *   audit_promises     promises; counts references
 *   audit_refcounts    compares the counts
 *   audit_stats        compares the statistics
 *   audit_transcripts  spans and snapshots
 *
 * INV-AUDIT-4  A table is in the byte order of its ids, which is the order of their keys.
 * INV-AUDIT-5  What is not well-formed is reported once, as malformed, and otherwise taken as
 *              absent.
 * INV-AUDIT-6  Nothing keeps a text of the scratch arena beyond the step of a loop that made it.
 */
#ifndef SIM_AUDIT_H
#define SIM_AUDIT_H

#include "audit_state.h"
#include "auditor.h"
#include "vk/capdata.h"

enum audit_slot { AUDIT_SLOT_OBJECT, AUDIT_SLOT_PROMISE, AUDIT_SLOT_DEVICE, AUDIT_SLOT_COUNT };

/* A counter of ids; absent if its key is missing or malformed. */
struct audit_counter {
    bool known;
    uint64_t next;
};

/* ---- who has a c-list: vats and devices */
enum audit_life {
    AUDIT_LIFE_NONE, /* in no list */
    AUDIT_LIFE_STATIC,
    AUDIT_LIFE_DYNAMIC,
    AUDIT_LIFE_TERMINATED, /* and not all deleted yet */
    AUDIT_LIFE_DEVICE,
};

struct audit_holder {
    struct vk_str id; /* "v12", "d7" */
    bool is_device;
    enum audit_life life;
    bool seen_in_list;             /* for finding double entries */
    size_t clist_first, clist_end; /* its "c." pairs */
    size_t clist_krefs;            /* how many of them are keyed by kref */
    struct audit_counter next[AUDIT_SLOT_COUNT];
    const struct audit_pair *source, *options, *reap_dirt, *parameters;
    const struct audit_pair *suspended, *paused;
    bool no_transcript; /* options.useTranscript is false */
};

/* ---- what krefs name */
struct audit_counts {
    uint64_t reachable, recognizable;
};

struct audit_object {
    struct vk_str kref;
    const struct audit_pair *owner, *refcount;
    bool counted; /* refcount is well-formed */
    struct audit_counts count;
    struct audit_counts references; /* as the audit finds them */
    uint64_t external;
    const struct audit_holder *exporter; /* who has it as an export */
    bool exporter_reachable;
};

enum audit_promise_state {
    AUDIT_PROMISE_NONE, /* missing or malformed */
    AUDIT_PROMISE_UNRESOLVED,
    AUDIT_PROMISE_FULFILLED,
    AUDIT_PROMISE_REJECTED,
};

struct audit_promise {
    struct vk_str kref;
    enum audit_promise_state state;
    const struct audit_pair *state_pair, *refcount, *decider, *policy, *subscribers, *body, *slots;
    const struct audit_pair *queue_next_pair;
    struct audit_counter queue_next;
    size_t queue_first, queue_count; /* its "queue.N" pairs, from queue_first on */
    bool counted;
    uint64_t count;
    uint64_t references;
    uint64_t external;
    uint64_t results; /* queued messages that it is the result of */
};

struct audit_node {
    struct vk_str kref;
    const struct audit_pair *owner;
    const struct audit_holder *exporter;
};

struct audit_meter {
    struct vk_str id;
    const struct audit_pair *remaining, *threshold;
};

/* ---- keys that the schema names one by one */
#define AUDIT_FIXED_KEYS(X)                                                                        \
    X(VERSION, "version", NUMBER, true)                                                            \
    X(VAT_NAMES, "vat.names", STRINGS, true)                                                       \
    X(VAT_DYNAMIC_IDS, "vat.dynamicIDs", STRINGS, true)                                            \
    X(VAT_NEXT_ID, "vat.nextID", NUMBER, true)                                                     \
    X(VAT_NEXT_UPGRADE_ID, "vat.nextUpgradeID", NUMBER, true)                                      \
    X(VATS_TERMINATED, "vats.terminated", STRINGS, true)                                           \
    X(DEVICE_NAMES, "device.names", STRINGS, true)                                                 \
    X(DEVICE_NEXT_ID, "device.nextID", NUMBER, true)                                               \
    X(METER_NEXT_ID, "meter.nextID", NUMBER, true)                                                 \
    X(OBJECT_NEXT_ID, "ko.nextID", NUMBER, true)                                                   \
    X(PROMISE_NEXT_ID, "kp.nextID", NUMBER, true)                                                  \
    X(NODE_NEXT_ID, "kd.nextID", NUMBER, true)                                                     \
    X(MANAGER_TYPE, "kernel.defaultManagerType", MANAGER, true)                                    \
    X(REAP_THRESHOLD, "kernel.defaultReapDirtThreshold", THRESHOLD, true)                          \
    X(RELAX_DURABILITY, "kernel.relaxDurabilityRules", TEXT, false)                                \
    X(SNAPSHOT_INITIAL, "kernel.snapshotInitial", NUMBER, true)                                    \
    X(SNAPSHOT_INTERVAL, "kernel.snapshotInterval", NUMBER, true)                                  \
    X(CRANK_NUMBER, "crankNumber", NUMBER, true)                                                   \
    X(RUN_QUEUE, "runQueue", BOUNDS, true)                                                         \
    X(ACCEPTANCE_QUEUE, "acceptanceQueue", BOUNDS, true)                                           \
    X(GC_ACTIONS, "gcActions", STRINGS, true)                                                      \
    X(REAP_QUEUE, "reapQueue", STRINGS, true)                                                      \
    X(SIDE_QUEUES_READY, "sideQueues.ready", STRINGS, false)                                       \
    X(PINNED_OBJECTS, "pinnedObjects", TEXT, false)                                                \
    X(UPGRADE_EVENTS, "upgradeEvents", ARRAY, false)                                               \
    X(VAT_ADMIN_ROOT, "vatAdminRootKref", TEXT, false)                                             \
    X(KERNEL_STATS, "kernelStats", OBJECT, true)                                                   \
    X(LOCAL_KERNEL_STATS, "local.kernelStats", OBJECT, false)                                      \
    X(ACTIVITYHASH, "activityhash", HASH, false)                                                   \
    X(DIRECTIVES_DONE, "directives.done", STRINGS, false)

enum audit_fixed {
#define AUDIT_FIXED_ENUM(name, key, type, required) AUDIT_KEY_##name,
    AUDIT_FIXED_KEYS(AUDIT_FIXED_ENUM)
#undef AUDIT_FIXED_ENUM
        AUDIT_FIXED_COUNT
};

struct audit_fixed_key {
    const struct audit_pair *pair;
    const struct vk_json *json;  /* of the JSON types */
    struct audit_counter number; /* of NUMBER */
    uint64_t head, tail;         /* of BOUNDS */
};

struct audit {
    const struct sim_audit_options *options;
    struct sim_audit_report *report;
    const struct audit_state *state;
    struct vk_arena arena;   /* the tables */
    struct vk_arena scratch; /* see INV-AUDIT-6 */
    enum vk_err err;         /* the first failure to get memory, which ends the audit */
    struct audit_fixed_key fixed[AUDIT_FIXED_COUNT];
    struct audit_holder *holders;
    size_t holder_count;
    struct audit_object *objects;
    size_t object_count;
    struct audit_promise *promises;
    size_t promise_count;
    struct audit_node *nodes;
    size_t node_count;
    struct audit_meter *meters;
    size_t meter_count;
    bool *import_retired; /* by pair: a retireImport is on its way to that import */
    /* For the statistics. */
    uint64_t clist_entries, promise_queue_entries, run_queue_entries, acceptance_queue_entries;
};

/* The steps. Each returns the first error (out of memory); findings are no errors. */
enum vk_err audit_schema(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_vats(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_queues(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_side_queues(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_clists(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_promises(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_refcounts(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_stats(struct audit *audit) VK_MUST_CHECK;
enum vk_err audit_transcripts(struct audit *audit) VK_MUST_CHECK;

/* ---- reporting */
void audit_report(struct audit *audit, enum audit_rule rule, struct vk_str key,
                  struct vk_str expected, struct vk_str found);
/* A text of the scratch arena. Out of memory: "", and audit->err says so. */
struct vk_str audit_text(struct audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Parses a value into `arena`; NULL when it is no JSON of that type, which is reported. */
const struct vk_json *audit_json(struct audit *audit, struct vk_arena *arena,
                                 const struct audit_pair *pair, enum vk_json_type type);
/* The value, or "(none)". */
struct vk_str audit_value(const struct audit_pair *pair);
/* A key of a row that has no pair of its own to show: "ko20.owner". */
struct vk_str audit_key(struct audit *audit, struct vk_str id, const char *rest);

/* ---- the tables; NULL if there is no such thing */
struct audit_holder *audit_find_holder(const struct audit *audit, struct vk_str id);
struct audit_object *audit_find_object(const struct audit *audit, struct vk_str kref);
struct audit_promise *audit_find_promise(const struct audit *audit, struct vk_str kref);
struct audit_node *audit_find_node(const struct audit *audit, struct vk_str kref);
struct audit_meter *audit_find_meter(const struct audit *audit, struct vk_str id);
/* The c-list entry `id`.c.`slot`, or NULL. */
const struct audit_pair *audit_find_entry(struct audit *audit, const struct audit_holder *holder,
                                          struct vk_str slot);
bool audit_holder_alive(const struct audit_holder *holder);

/* ---- names */
/* "ko20" is an object and 20, in canonical digits. */
bool audit_kref_parse(struct vk_str kref, enum audit_slot *slot, uint64_t *id);
/* The prefix and canonical digits: "v12" for 'v'. The greatest number is nobody's (VK_NO_VAT). */
bool audit_id_parse(struct vk_str id, char prefix, uint64_t *number);
/* "o-50", "o+d11/3:1". Ids that the vat made are the vat's business: only the kernel's own are
 * looked at (*kernel_id). */
bool audit_vref_parse(struct vk_str vref, enum audit_slot *slot, bool *by_vat, uint64_t *kernel_id);
bool audit_slot_exists(const struct audit *audit, struct vk_str kref);
/* The counter of krefs of that kind. */
const struct audit_counter *audit_kref_counter(const struct audit *audit, enum audit_slot slot);

/* Counts one reference, to both counts of an object, from the value of `key`; reports a dangling or
 * malformed kref. */
void audit_refer(struct audit *audit, struct vk_str key, struct vk_str kref);
void audit_refer_slots(struct audit *audit, struct vk_str key, const struct vk_json *slots);
/* A {body, slots}: whether it is one. */
bool audit_is_capdata(const struct vk_json *capdata);
/* A {methargs, result}: counts its references, but for its target's. */
void audit_message(struct audit *audit, struct vk_str key, const struct vk_json *message);
/* A queued event: counts its references. A retireImport under way is noted. */
void audit_event(struct audit *audit, struct vk_str key, const struct vk_json *event);
/* The same of an event that waits in the side queue of `vat`: there the kernel's own may stand as well. */
void audit_waiting_event(struct audit *audit, struct vk_str key, const struct audit_holder *vat,
                         const struct vk_json *event);
/* Takes the next element off a comma-separated list; false at its end. */
bool audit_list_next(struct vk_str *rest, struct vk_str *element);

#endif
