/* auditor.h - checks one state of a kernel against itself.
 *
 * A kernel database says most things twice: a reference count and the references that it counts,
 * a c-list entry and its reverse, a queue's bounds and its entries, a span's hash and its items.
 * The auditor reads the whole state once, recomputes one of each pair from the other, and names
 * every key that does not agree. It knows SwingSet's schema (version 3) and shares nothing with the
 * kernel but the reader of JSON, so that it does not share its mistakes.
 *
 * INV-AUDIT-1  A state that the real SwingSet kernel left behind between two cranks has no
 *              violations.
 * INV-AUDIT-2  The store is only read.
 * INV-AUDIT-3  The work is linear in the state's size, but for a binary search a reference.
 *
 * What one state cannot show is not a violation unless it is asked for:
 *  - References that the host holds (kpRegisterInterest, kpResolution, addExport) are nowhere in
 *    the database, and SwingSet itself forgets to give some up (the vatParameters of a failed
 *    creation or upgrade and of a deleted vat). Such a reference adds one to a promise's count, and
 *    one to both counts of an object. A surplus of just that form is summed up as a note.
 *  - Statistics that a roll-back or an unsaved host call moved away from what they count; see
 *    audit_stats.c for what holds in spite of that.
 * What the caller knows about the first (`references`) makes the check of reference counts exact;
 * `strict` asks for the exact check of both as if there were no such thing.
 *
 * Answers to the schema comment of kernelKeeper.js and to the code behind it.
 */
#ifndef SIM_AUDITOR_H
#define SIM_AUDITOR_H

#include "vk/store.h"

/* The rules, with what each demands. */
#define AUDIT_RULES(X)                                                                             \
    X(SCHEMA, "schema", "every key that the schema requires is there")                             \
    X(MALFORMED, "malformed", "every value has its key's type")                                    \
    X(UNKNOWN_KEY, "unknown-key", "every key belongs to a family of the schema")                   \
    X(ID_RANGE, "id-range", "every id is below its counter, every counter where it can be")        \
    X(VAT_LIST, "vat-list", "vats are static, dynamic or terminated, and one of these only")       \
    X(VAT_KEYS, "vat-keys", "a live vat or device has all of its keys, a forgotten one none")      \
    X(VAT_OPTIONS, "vat-options", "a vat's source, options and dirt are what SwingSet writes")     \
    X(VAT_METER, "vat-meter", "a vat's meter exists, whole")                                       \
    X(CLIST_BIJECTION, "clist-bijection", "a c-list maps each kref to one vref and back")          \
    X(CLIST_KIND, "clist-kind", "a c-list maps objects to objects, promises to promises ...")      \
    X(CLIST_OWNER, "clist-owner", "who exports an object owns it, who imports it does not")        \
    X(AUTHORITY, "authority", "an owner holds what it owns in its c-list")                         \
    X(REACHABLE_FLAG, "reachable-flag",                                                            \
      "the exporter of a reachable object knows it is reachable")                                  \
    X(DANGLING_KREF, "dangling-kref", "every kref names something that exists")                    \
    X(OBJECT_REFCOUNT, "object-refcount", "an object's counts are those of its references")        \
    X(PROMISE_REFCOUNT, "promise-refcount", "a promise's count is that of its references")         \
    X(PROMISE_STATE, "promise-state", "a promise has the keys of its state and no others")         \
    X(PROMISE_DECIDER, "promise-decider", "a promise has one decider, which knows the promise")    \
    X(PROMISE_SUBSCRIBERS, "promise-subscribers", "subscribers are sorted and know the promise")   \
    X(PROMISE_QUEUE, "promise-queue", "a promise's queue has no holes")                            \
    X(QUEUE_BOUNDS, "queue-bounds", "a queue has an entry from head to tail and no other")         \
    X(QUEUE_ENTRY, "queue-entry", "every queue entry is an event of the kernel's")                 \
    X(VAT_STATE, "vat-state", "only live vats have flags, and a suspended one has no incarnation") \
    X(SIDE_QUEUE, "side-queue", "what waits, waits for a paused vat, or its turn is coming")       \
    X(GC_ACTIONS, "gc-actions", "GC actions are sorted, unique and possible")                      \
    X(REAP_QUEUE, "reap-queue", "the reap queue names vats, each once")                            \
    X(PINS, "pins", "pins are sorted and unique, vatAdmin's root among them")                      \
    X(GARBAGE, "garbage", "what nobody refers to is gone, or its owner is about to be told")       \
    X(STATS, "stats", "a statistic agrees with itself and with what it counts")                    \
    X(TRANSCRIPT_SPAN, "transcript-span", "spans follow each other from 0 without gap")            \
    X(TRANSCRIPT_CURRENT, "transcript-current", "a live vat has one current span, its last")       \
    X(TRANSCRIPT_INCARNATION, "transcript-incarnation", "incarnations never go back")              \
    X(TRANSCRIPT_ITEMS, "transcript-items", "a span has its items, the current one all of them")   \
    X(TRANSCRIPT_HASH, "transcript-hash", "a span's hash is that of its items")                    \
    X(SNAPSHOT, "snapshot", "the snapshot in use is the one that the current span begins from")

enum audit_rule {
#define AUDIT_RULE_ENUM(name, text, meaning) AUDIT_##name,
    AUDIT_RULES(AUDIT_RULE_ENUM)
#undef AUDIT_RULE_ENUM
        AUDIT_RULE_COUNT
};

/* "clist-bijection", and its sentence; never NULL. */
const char *sim_audit_rule_name(enum audit_rule rule);
const char *sim_audit_rule_meaning(enum audit_rule rule);

struct audit_violation {
    enum audit_rule rule;
    struct vk_str
        key; /* of the key-value store; or "transcript.v1.0", "snapshot.v1.7" as swing-store
                          names its export records */
    struct vk_str expected;
    struct vk_str found;
};

/* References to a kref that are not in the store: one each, to both counts if it is an object. */
struct audit_reference {
    struct vk_str kref;
    uint64_t count;
};

struct sim_audit_options {
    const struct vk_heap *heap; /* required */
    bool strict;
    bool without_items; /* do not read transcript items: their number and hashes go unchecked */
    /* A crank was the last thing to happen: there is no garbage, but what `excused` knows of (NULL: nothing is excused). */
    bool is_collected;
    bool (*excused)(void *impl, struct vk_str kref);
    /* All the references that are not in the store, if the caller knows them. A kref that comes
     * more than once has its counts added up. */
    bool references_known;
    const struct audit_reference *references;
    size_t reference_count;
    /* Told of each violation, in an order that depends on the state alone; texts are valid during
     * the call. May be NULL. */
    void (*violation)(void *impl, const struct audit_violation *violation);
    void *impl;
};

struct sim_audit_report {
    uint64_t keys;
    uint64_t violations; /* malformed values among them */
    uint64_t malformed;
    /* Notes: surplus references of the form described above, and the krefs that have them. */
    uint64_t surplus_promises, surplus_promise_references;
    uint64_t surplus_objects, surplus_object_references;
};

/* Audits an open store, not within a crank. VK_ERR_SCHEMA: no initialised kernel database of
 * version 3 (nothing is audited then); VK_ERR_CORRUPT: what the store holds cannot even be read.
 * A violation is no error. */
enum vk_err sim_audit_store(struct vk_store *store, const struct sim_audit_options *options,
                            struct sim_audit_report *report) VK_MUST_CHECK;

struct audit_state;
/* The same for a state in memory, see audit_state.h. */
enum vk_err sim_audit_state(struct audit_state *state, const struct sim_audit_options *options,
                            struct sim_audit_report *report) VK_MUST_CHECK;

#endif
