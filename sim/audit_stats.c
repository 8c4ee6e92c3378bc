/* audit_stats.c - the statistics that count something the state holds.
 *
 * Statistics live in RAM. They are saved when a crank ends, are read back after a roll-back, and
 * a host's call does not save them (queueToVatRoot emits hashes with the store's emitCrankHashes,
 * not the keeper's), so what a host did since the last crank is not in them, and is lost if the
 * next crank rolls back. Besides, SwingSet does not count everything down that it deletes. What
 * holds in spite of that, by statistic:
 *
 *   kernelObjects, kernelDevices, kernelPromises, kpFulfilled, kpRejected
 *       at most what there is: a host's call (getRootObject, a message and its result,
 *       terminateVat, a test's createTestVat) adds to these and takes nothing away
 *   kpUnresolved
 *       a message counts it up and a rejection down: all that is known is that the three kinds of
 *       promises add up to kernelPromises
 *   acceptanceQueueLength
 *       at most its entries: the host enqueues, and routing never rolls back
 *   promiseQueuesLength
 *       at least what is queued: a host's terminateVat empties the queues of promises
 *   runQueueLength
 *       at least its entries: a crank that is aborted and consumes its message (a failed creation
 *       or upgrade) reads back the length from before it was dequeued
 *   clistEntries
 *       at least the entries there are, but for those of objects and promises that are not counted
 *       yet either: orphanKernelObject and the last phase of a clean-up delete without counting
 *   vats
 *       at most as many as were ever made: only a static vat's end is counted down
 *
 * A strict audit takes all of them but the last two for exact. Each gauge agrees with itself: the
 * value is Up - Down and not above Max. Counters of syscalls add up. What was ever made is not
 * more than the ids that were given out.
 *
 * Answers to incStat, decStat, saveStats, loadStats of state/stats.js and kernelKeeper.js.
 */
#include "audit.h"

/* JavaScript's Number.MAX_SAFE_INTEGER: sums of a few cannot overflow. */
static const uint64_t NUMBER_MAX = (UINT64_C(1) << 53) - 1;

enum bound { BOUND_EXACT, BOUND_AT_MOST, BOUND_AT_LEAST };

struct gauge {
    const char *name;
    enum audit_fixed where;
    enum bound bound;
    bool never_exact; /* the bound is all there is, in a strict audit too */
    uint64_t actual;
};

struct gauge_values {
    int64_t value, up, down, max;
};

static bool number_read(const struct vk_json *json, int64_t *out) {
    if (!vk_json_is(json, VK_JSON_NUMBER)) return false;
    bool negative = json->text.n && json->text.p[0] == '-';
    uint64_t magnitude;
    if (!vk_str_to_u64(negative ? vk_str_from(json->text, 1) : json->text, &magnitude) ||
        magnitude > NUMBER_MAX)
        return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static bool gauge_read(struct audit *audit, const struct vk_json *stats, const char *name,
                       struct gauge_values *values) {
    struct {
        const char *suffix;
        int64_t *out;
    } parts[] = {
        {"", &values->value}, {"Up", &values->up}, {"Down", &values->down}, {"Max", &values->max}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct vk_str key = audit_text(audit, "%s%s", name, parts[i].suffix);
        if (!number_read(vk_json_get(stats, key.p), parts[i].out)) return false;
    }
    return true;
}

static enum bound bound_of(const struct audit *audit, const struct gauge *gauge) {
    return audit->options->strict && !gauge->never_exact ? BOUND_EXACT : gauge->bound;
}

static bool bound_holds(const struct audit *audit, const struct gauge *gauge, int64_t value) {
    VK_ASSERT(gauge->actual <= NUMBER_MAX); /* INV-AUDIT-16: a number of things, not of digits */
    int64_t actual = (int64_t)gauge->actual;
    switch (bound_of(audit, gauge)) {
    case BOUND_EXACT: return value == actual;
    case BOUND_AT_MOST: return value <= actual;
    case BOUND_AT_LEAST: return value >= actual;
    }
    return false;
}

static struct vk_str bound_text(struct audit *audit, const struct gauge *gauge) {
    static const char *const words[] = {
        [BOUND_EXACT] = "", [BOUND_AT_MOST] = "at most ", [BOUND_AT_LEAST] = "at least "};
    return audit_text(audit, "%s %s%llu", gauge->name, words[bound_of(audit, gauge)],
                      (unsigned long long)gauge->actual);
}

static void gauge_check(struct audit *audit, const struct gauge *gauge) {
    const struct audit_fixed_key *stats = &audit->fixed[gauge->where];
    struct gauge_values values;
    if (!stats->json) return;
    if (!gauge_read(audit, stats->json, gauge->name, &values)) {
        audit_report(audit, AUDIT_MALFORMED, stats->pair->key,
                     audit_text(audit, "numbers %s, %sUp, %sDown, %sMax", gauge->name, gauge->name,
                                gauge->name, gauge->name),
                     stats->pair->value);
        return;
    }
    struct vk_str found =
        audit_text(audit, "%s %lld = %lld - %lld, max %lld", gauge->name, (long long)values.value,
                   (long long)values.up, (long long)values.down, (long long)values.max);
    if (values.value != values.up - values.down)
        audit_report(audit, AUDIT_STATS, stats->pair->key, VK_STR("value = Up - Down"), found);
    if (values.max < values.value)
        audit_report(audit, AUDIT_STATS, stats->pair->key, VK_STR("Max >= value"), found);
    if (!bound_holds(audit, gauge, values.value))
        audit_report(audit, AUDIT_STATS, stats->pair->key, bound_text(audit, gauge), found);
}

/* A statistic of a JSON object, or 0 where it cannot be read, which gauge_check reports. */
static int64_t stat_value(const struct vk_json *stats, const char *name) {
    int64_t value = 0;
    return number_read(vk_json_get(stats, name), &value) ? value : 0;
}

static void sum_check(struct audit *audit, const char *total, const char *const *parts,
                      size_t count) {
    const struct audit_fixed_key *stats = &audit->fixed[AUDIT_KEY_LOCAL_KERNEL_STATS];
    int64_t sum = 0, found = stat_value(stats->json, total);
    for (size_t i = 0; i < count; i++)
        sum += stat_value(stats->json, parts[i]);
    if (sum != found)
        audit_report(audit, AUDIT_STATS, stats->pair->key,
                     audit_text(audit, "%s %lld, as its parts add up", total, (long long)sum),
                     audit_text(audit, "%lld", (long long)found));
}

/* kernelObjectsUp and its like count what ko.nextID counts; what was not saved may be missing. */
static void allocations_check(struct audit *audit) {
    static const struct {
        const char *name;
        enum audit_fixed counter;
        uint64_t start;
    } kinds[] = {{"kernelObjectsUp", AUDIT_KEY_OBJECT_NEXT_ID, 20},
                 {"kernelDevicesUp", AUDIT_KEY_NODE_NEXT_ID, 30},
                 {"kernelPromisesUp", AUDIT_KEY_PROMISE_NEXT_ID, 40},
                 {"vatsUp", AUDIT_KEY_VAT_NEXT_ID, 1}};
    const struct audit_fixed_key *stats = &audit->fixed[AUDIT_KEY_LOCAL_KERNEL_STATS];
    for (size_t i = 0; stats->json && i < sizeof kinds / sizeof *kinds; i++) {
        const struct audit_counter *counter = &audit->fixed[kinds[i].counter].number;
        int64_t up = stat_value(stats->json, kinds[i].name);
        if (!counter->known || counter->next < kinds[i].start || up < 0) continue;
        uint64_t made = counter->next - kinds[i].start;
        if ((uint64_t)up == made || ((uint64_t)up < made && !audit->options->strict)) continue;
        audit_report(audit, AUDIT_STATS, stats->pair->key,
                     audit_text(audit, "%s %s%llu", kinds[i].name,
                                audit->options->strict ? "" : "at most ", (unsigned long long)made),
                     audit_text(audit, "%lld", (long long)up));
    }
}

static void sums_check(struct audit *audit) {
    static const char *const promises[] = {"kpUnresolved", "kpFulfilled", "kpRejected"};
    static const char *const syscalls[] = {"syscallSend",          "syscallCallNow",
                                           "syscallSubscribe",     "syscallResolve",
                                           "syscallExit",          "syscallVatstoreGet",
                                           "syscallVatstoreSet",   "syscallVatstoreGetNextKey",
                                           "syscallVatstoreDelete"};
    if (!audit->fixed[AUDIT_KEY_LOCAL_KERNEL_STATS].json) return;
    sum_check(audit, "kernelPromises", promises, sizeof promises / sizeof *promises);
    sum_check(audit, "syscalls", syscalls, sizeof syscalls / sizeof *syscalls);
}

/* How many more there are than the statistic says: not saved yet. */
static uint64_t unsaved(const struct audit *audit, const char *name, uint64_t actual) {
    int64_t counted = stat_value(audit->fixed[AUDIT_KEY_LOCAL_KERNEL_STATS].json, name);
    return counted >= 0 && (uint64_t)counted < actual ? actual - (uint64_t)counted : 0;
}

static uint64_t clist_entries_saved(const struct audit *audit, uint64_t objects) {
    uint64_t less = unsaved(audit, "kernelObjects", objects) +
                    unsaved(audit, "kernelPromises", audit->promise_count);
    return audit->clist_entries > less ? audit->clist_entries - less : 0;
}

static uint64_t vats_ever_made(const struct audit *audit) {
    const struct audit_counter *next = &audit->fixed[AUDIT_KEY_VAT_NEXT_ID].number;
    if (!next->known || !next->next) return 0;
    return next->next - 1 < NUMBER_MAX ? next->next - 1 : NUMBER_MAX;
}

enum vk_err audit_stats(struct audit *audit) {
    uint64_t by_state[AUDIT_PROMISE_REJECTED + 1] = {0};
    for (size_t i = 0; i < audit->promise_count; i++)
        by_state[audit->promises[i].state]++;
    uint64_t objects = 0;
    for (size_t i = 0; i < audit->object_count; i++)
        objects += audit->objects[i].refcount != NULL;
    const enum audit_fixed consensus = AUDIT_KEY_KERNEL_STATS, local = AUDIT_KEY_LOCAL_KERNEL_STATS;
    const struct gauge gauges[] = {
        {"runQueueLength", consensus, BOUND_AT_LEAST, false, audit->run_queue_entries},
        {"acceptanceQueueLength", consensus, BOUND_AT_MOST, false, audit->acceptance_queue_entries},
        {"promiseQueuesLength", consensus, BOUND_AT_LEAST, false, audit->promise_queue_entries},
        {"kernelObjects", local, BOUND_AT_MOST, false, objects},
        {"kernelDevices", local, BOUND_AT_MOST, false, audit->node_count},
        {"kernelPromises", local, BOUND_AT_MOST, false, audit->promise_count},
        {"kpFulfilled", local, BOUND_AT_MOST, false, by_state[AUDIT_PROMISE_FULFILLED]},
        {"kpRejected", local, BOUND_AT_MOST, false, by_state[AUDIT_PROMISE_REJECTED]},
        {"clistEntries", local, BOUND_AT_LEAST, true, clist_entries_saved(audit, objects)},
        {"vats", local, BOUND_AT_MOST, true, vats_ever_made(audit)}};
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
        vk_arena_clear(&audit->scratch);
        gauge_check(audit, &gauges[i]);
    }
    vk_arena_clear(&audit->scratch);
    sums_check(audit);
    allocations_check(audit);
    return audit->err;
}
