/* shadow.c - see shadow.h. */
#include "shadow.h"

#include "array.h"

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct hash128 {
    uint64_t low, high;
};

/* What statistics count, by the keys that stand for it. */
enum kind { KIND_OBJECT, KIND_PROMISE, KINDS, KIND_OTHER = KINDS };
static const char *const statistics[KINDS] = {"kernelObjects", "kernelPromises"};

/* A key by its hash, and the term of its value; an absent key keeps its place. */
struct entry {
    struct hash128 key;
    struct hash128 term;
    bool used, present;
    bool held; /* of a refCount: it was more than 0 since it is there */
    enum kind kind;
};

struct undo {
    struct hash128 key;
    struct hash128 term;
    bool present, held;
};

struct mark {
    size_t undone_to;
    struct hash128 sum;
    bool is_deliver;
};

/* What came to be possibly dead, by its name. */
struct release {
    char kref[24];
};

enum { MARKS_MAX = 8, TABLE_MIN = 1024 };

struct sim_shadow {
    struct entry *table; /* open addressing, a power of two, at most half full */
    size_t size, count;
    struct hash128 sum;
    struct {
        SIM_ARRAY(struct undo);
    } log;
    struct hash128 committed_sum;
    struct mark marks[MARKS_MAX];
    size_t mark_count;
    struct sim_shadow_crank crank;
    struct {
        SIM_ARRAY(struct release);
    } released, released_twice;  /* since the end of the last crank; ever */
    int64_t there[KINDS];        /* so many there are */
    int64_t stated[KINDS];       /* as the kernel's statistics have it */
    int64_t drift[KINDS];        /* of the one from the other, when the last crank was over */
    bool drift_known, is_stated; /* is_stated: in this crank */
};

struct sim_shadow *sim_shadow_new(void) {
    struct sim_shadow *shadow = calloc(1, sizeof *shadow);
    if (!shadow) return NULL;
    shadow->size = TABLE_MIN;
    shadow->table = calloc(shadow->size, sizeof *shadow->table);
    if (shadow->table) return shadow;
    free(shadow);
    return NULL;
}

void sim_shadow_free(struct sim_shadow *shadow) {
    if (!shadow) return;
    free(shadow->table);
    free(shadow->log.at);
    free(shadow->released.at);
    free(shadow->released_twice.at);
    free(shadow);
}

void sim_shadow_clear(struct sim_shadow *shadow) {
    memset(shadow->table, 0, shadow->size * sizeof *shadow->table);
    shadow->count = shadow->log.count = shadow->mark_count = 0;
    shadow->released.count = shadow->released_twice.count = 0;
    memset(shadow->there, 0, sizeof shadow->there);
    shadow->drift_known = false;
    shadow->sum = shadow->committed_sum = (struct hash128){0, 0};
    shadow->crank = (struct sim_shadow_crank){0};
}

/* ---- sums */

static void sum_add(struct hash128 *sum, struct hash128 term) {
    sum->low += term.low;
    sum->high += term.high + (sum->low < term.low);
}

static void sum_subtract(struct hash128 *sum, struct hash128 term) {
    uint64_t borrow = sum->low < term.low;
    sum->low -= term.low;
    sum->high -= term.high + borrow;
}

static struct hash128 key_hash(struct vk_str key) {
    XXH128_hash_t hash = XXH3_128bits(key.p, key.n);
    return (struct hash128){hash.low64, hash.high64};
}

/* INV-SHADOW-1 */
static struct hash128 term_of(struct vk_str key, struct vk_str value) {
    XXH3_state_t state;
    char length[8];
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (char)((uint64_t)key.n >> (8 * i));
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, length, sizeof length);
    XXH3_128bits_update(&state, key.p, key.n);
    XXH3_128bits_update(&state, value.p, value.n);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (struct hash128){hash.low64, hash.high64};
}

/* ---- the table */

static struct entry *place_of(struct entry *table, size_t size, struct hash128 key) {
    size_t i = (size_t)key.low & (size - 1);
    while (table[i].used && (table[i].key.low != key.low || table[i].key.high != key.high))
        i = (i + 1) & (size - 1);
    return &table[i];
}

static enum vk_err grow(struct sim_shadow *shadow) {
    size_t size = shadow->size * 2;
    struct entry *table = calloc(size, sizeof *table);
    if (!table) return VK_RAISE(VK_ERR_NOMEM, "shadow of %zu keys", size);
    for (size_t i = 0; i < shadow->size; i++)
        if (shadow->table[i].used) *place_of(table, size, shadow->table[i].key) = shadow->table[i];
    free(shadow->table);
    shadow->table = table;
    shadow->size = size;
    return VK_OK;
}

static void put(struct sim_shadow *shadow, struct entry *entry, bool present, struct hash128 term) {
    if (entry->present) sum_subtract(&shadow->sum, entry->term);
    if (entry->kind != KIND_OTHER) shadow->there[entry->kind] += (int)present - (int)entry->present;
    entry->present = present;
    entry->term = term;
    if (present) sum_add(&shadow->sum, term);
}

static bool is_among(const struct release *releases, size_t count, struct vk_str kref) {
    for (size_t i = 0; i < count; i++)
        if (vk_str_eq(vk_str(releases[i].kref), kref)) return true;
    return false;
}

static void name_release(struct release *release, struct vk_str kref) {
    snprintf(release->kref, sizeof release->kref, "%.*s", VK_STR_ARG(kref));
}

/* A roll-back does not take back that it was released: the work list survives it. */
static enum vk_err note_release(struct sim_shadow *shadow, struct vk_str kref) {
    if (!is_among(shadow->released.at, shadow->released.count, kref)) {
        SIM_ARRAY_RESERVE(&shadow->released);
        name_release(&shadow->released.at[shadow->released.count++], kref);
    } else if (!is_among(shadow->released_twice.at, shadow->released_twice.count, kref)) {
        SIM_ARRAY_RESERVE(&shadow->released_twice);
        name_release(&shadow->released_twice.at[shadow->released_twice.count++], kref);
    }
    return VK_OK;
}

/* A count that falls to nothing, and an object that loses its owner. */
static enum vk_err note_if_released(struct sim_shadow *shadow, struct vk_str key, bool was_there,
                                    bool present, struct vk_str value) {
    const char *dot = was_there && key.p[0] == 'k' ? memchr(key.p, '.', key.n) : NULL;
    struct vk_str kref = {key.p, dot ? (size_t)(dot - key.p) : 0};
    struct vk_str field = dot ? vk_str_from(key, kref.n) : VK_STR_NONE;
    bool falls = present && vk_str_eq(field, VK_STR(".refCount")) && value.p[0] == '0';
    bool is_orphaned = !present && vk_str_eq(field, VK_STR(".owner"));
    return falls || is_orphaned ? note_release(shadow, kref) : VK_OK;
}

static struct entry *place_of_refcount(const struct sim_shadow *shadow, struct vk_str kref) {
    char key[40];
    int n = snprintf(key, sizeof key, "%.*s.refCount", VK_STR_ARG(kref));
    VK_ASSERT(n > 0 && (size_t)n < sizeof key);
    return place_of(shadow->table, shadow->size, key_hash((struct vk_str){key, (size_t)n}));
}

bool sim_shadow_was_held(const struct sim_shadow *shadow, struct vk_str kref) {
    const struct entry *entry = place_of_refcount(shadow, kref);
    return !entry->used || entry->held; /* of what it knows nothing of it excuses nothing */
}

bool sim_shadow_was_released_twice(const struct sim_shadow *shadow, struct vk_str kref) {
    return is_among(shadow->released_twice.at, shadow->released_twice.count, kref);
}

static bool ends_with(struct vk_str text, struct vk_str tail) {
    return text.n >= tail.n && memcmp(text.p + text.n - tail.n, tail.p, tail.n) == 0;
}

/* A counter that is there goes up by one; that of a promise's queue also begins again when the queue is emptied. */
static void note_counter(struct sim_shadow *shadow, const struct entry *entry, struct vk_str key,
                         struct vk_str value) {
    struct sim_shadow_crank *crank = &shadow->crank;
    bool is_number = vk_str_eq(key, VK_STR("crankNumber"));
    char before[24];
    uint64_t n;
    if (!is_number && !ends_with(key, VK_STR(".nextID"))) return;
    crank->numbered += is_number;
    if (!entry->present || crank->skipped[0] || !vk_str_to_u64(value, &n)) return;
    if (n == 0 && ends_with(key, VK_STR(".queue.nextID"))) return;
    int length = snprintf(before, sizeof before, "%llu", (unsigned long long)(n - 1));
    struct hash128 term = term_of(key, (struct vk_str){before, (size_t)length});
    if (n && term.low == entry->term.low && term.high == entry->term.high) return;
    snprintf(crank->skipped, sizeof crank->skipped, "%.*s", (int)(key.n < 60 ? key.n : 60), key.p);
}

static enum kind kind_of(struct vk_str key) {
    if (!ends_with(key, VK_STR(".refCount"))) return KIND_OTHER;
    return vk_str_starts(key, VK_STR("ko")) ? KIND_OBJECT : KIND_PROMISE;
}

/* The number after "NAME": in a JSON object. */
static int64_t member(struct vk_str json, const char *name) {
    size_t n = strlen(name);
    int64_t value = 0;
    for (size_t i = 1; i + n + 2 < json.n; i++) {
        if (json.p[i - 1] != '"' || json.p[i + n] != '"' || memcmp(json.p + i, name, n) != 0)
            continue;
        bool is_negative = json.p[i + n + 2] == '-';
        for (i += n + 2 + is_negative; i < json.n && json.p[i] >= '0' && json.p[i] <= '9'; i++)
            value = value * 10 + (json.p[i] - '0');
        return is_negative ? -value : value;
    }
    return 0;
}

static void note_statistics(struct sim_shadow *shadow, const struct vk_trace_event *event) {
    bool is_set = event->type == VK_TRACE_SET;
    if (!is_set || !vk_str_eq(event->key, VK_STR("local.kernelStats"))) return;
    for (int kind = 0; kind < KINDS; kind++)
        shadow->stated[kind] = member(event->value, statistics[kind]);
    shadow->is_stated = true;
}

/* A roll-back forgets what the host's calls have added since the crank before, as SwingSet's does: from then on a
 * statistic is off by that much. */
static void compare_statistics(struct sim_shadow *shadow) {
    if (!shadow->is_stated) return; /* there was nothing to do */
    for (int kind = 0; kind < KINDS; kind++) {
        int64_t drift = shadow->stated[kind] - shadow->there[kind];
        bool may_drift = !shadow->drift_known || shadow->crank.rolled_back;
        if (!may_drift && drift != shadow->drift[kind]) shadow->crank.miscounted = statistics[kind];
        shadow->drift[kind] = drift;
    }
    shadow->drift_known = true;
}

/* What follows `letters` and a number: ".refCount" of "ko20.refCount". Absent if the key is another one. */
static struct vk_str after_number(struct vk_str key, const char *letters) {
    size_t start = strlen(letters), i = start;
    if (!vk_str_starts(key, vk_str(letters))) return VK_STR_NONE;
    while (i < key.n && key.p[i] >= '0' && key.p[i] <= '9')
        i++;
    return i > start ? vk_str_from(key, i) : VK_STR_NONE;
}

static enum vk_err note_undo(struct sim_shadow *shadow, const struct entry *entry) {
    SIM_ARRAY_RESERVE(&shadow->log);
    shadow->log.at[shadow->log.count++] =
        (struct undo){entry->key, entry->term, entry->present, entry->held};
    return VK_OK;
}

/* A vat exports an object, for the first time or again: nobody holds it by that alone. */
static enum vk_err note_if_exported(struct sim_shadow *shadow, struct vk_str key,
                                    struct vk_str value) {
    struct vk_str entry_key = after_number(key, "v");
    if (!vk_str_starts(value, VK_STR("R o+")) || !vk_str_starts(entry_key, VK_STR(".c.ko")))
        return VK_OK;
    struct entry *entry = place_of_refcount(shadow, vk_str_from(entry_key, strlen(".c.")));
    if (!entry->used || !entry->held) return VK_OK;
    VK_TRY(note_undo(shadow, entry));
    entry->held = false;
    return VK_OK;
}

static enum vk_err write_key(struct sim_shadow *shadow, struct vk_str key, bool present,
                             struct vk_str value) {
    struct hash128 hash = key_hash(key);
    if (shadow->count * 2 >= shadow->size) VK_TRY(grow(shadow));
    struct entry *entry = place_of(shadow->table, shadow->size, hash);
    if (!entry->used) {
        *entry = (struct entry){.key = hash, .used = true, .kind = kind_of(key)};
        shadow->count++;
    }
    if (present) note_counter(shadow, entry, key, value);
    VK_TRY(note_if_released(shadow, key, entry->present, present, value));
    VK_TRY(note_undo(shadow, entry));
    entry->held = entry->kind != KIND_OTHER && present &&
                  ((entry->present && entry->held) || (value.n && value.p[0] != '0'));
    const struct hash128 before = entry->term,
                         term = present ? term_of(key, value) : (struct hash128){0, 0};
    put(shadow, entry, present, term);
    bool is_new = before.low != term.low || before.high != term.high;
    return present && is_new ? note_if_exported(shadow, key, value) : VK_OK;
}

static void undo_to(struct sim_shadow *shadow, size_t count) {
    VK_ASSERT(count <= shadow->log.count); /* INV-SHADOW-2 */
    while (shadow->log.count > count) {
        struct undo undo = shadow->log.at[--shadow->log.count];
        struct entry *entry = place_of(shadow->table, shadow->size, undo.key);
        put(shadow, entry, undo.present, undo.term);
        entry->held = undo.held;
    }
}

/* ---- cranks */

/* Of a vat that is spared: its flags, and what waits for it. */
static bool is_pause(struct vk_str key) {
    struct vk_str of_vat = after_number(key, "v");
    return vk_str_eq(of_vat, VK_STR(".suspended")) || vk_str_eq(of_vat, VK_STR(".paused")) ||
           vk_str_eq(key, VK_STR("sideQueues.ready")) || after_number(key, "sideQueue.v").p;
}

/* What a kernel may write once it has rolled a crank back: its own accounts, the end of the vat with the promises that this
 * rejects and the objects that nobody holds any more, and what vat-admin is told. What the vat did itself is not among
 * it, nor are the numbers that it used up: of counters only the promises' goes on, for the message to vat-admin. */
static bool is_declared(struct vk_str key) {
    static const char *const whole[] = {"crankNumber",     "kernelStats",     "gcActions",
                                        "reapQueue",       "acceptanceQueue", "kp.nextID",
                                        "vats.terminated", "vat.dynamicIDs",  "vat.names",
                                        "directives.done"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (vk_str_eq(key, vk_str(whole[i]))) return true;
    return vk_str_starts(key, VK_STR("acceptanceQueue.")) ||
           vk_str_starts(key, VK_STR("vat.name.")) || after_number(key, "kp").p ||
           after_number(key, "ko").p || vk_str_eq(after_number(key, "m"), VK_STR(".remaining")) ||
           vk_str_starts(after_number(key, "v"), VK_STR(".c.")) || is_pause(key);
}

static void note_survivor(struct sim_shadow *shadow, struct vk_str key) {
    struct sim_shadow_crank *crank = &shadow->crank;
    if (!crank->rolled_back) return;
    crank->survivors++;
    if (crank->stranger[0] || is_declared(key)) return;
    snprintf(crank->stranger, sizeof crank->stranger, "%.*s", (int)(key.n < 60 ? key.n : 60),
             key.p);
}

static enum vk_err mark_set(struct sim_shadow *shadow, bool is_deliver) {
    VK_ASSERT(shadow->mark_count < MARKS_MAX); /* INV-STORE-1 */
    shadow->marks[shadow->mark_count++] = (struct mark){shadow->log.count, shadow->sum, is_deliver};
    return VK_OK;
}

static enum vk_err roll_back(struct sim_shadow *shadow, bool to_deliver) {
    size_t i = shadow->mark_count;
    while (i > 0 && shadow->marks[i - 1].is_deliver != to_deliver)
        i--;
    if (i == 0) return VK_RAISE(VK_ERR_TRACE, "a roll-back to a savepoint that is not set");
    const struct mark *mark = &shadow->marks[i - 1];
    undo_to(shadow, mark->undone_to);
    VK_ASSERT(shadow->sum.low == mark->sum.low && shadow->sum.high == mark->sum.high);
    shadow->crank.rolled_back = true;
    shadow->crank.survivors = 0;
    shadow->crank.numbered = 0;
    shadow->mark_count = i - 1;
    return VK_OK;
}

static bool is_consensus(struct vk_str key) {
    return !vk_str_starts(key, VK_STR("local.")) && !vk_str_eq(key, VK_STR("activityhash"));
}

enum vk_err sim_shadow_event(struct sim_shadow *shadow, const struct vk_trace_event *event) {
    bool is_deliver = vk_str_eq(event->key, VK_STR("deliver"));
    switch ((int)event->type) { /* most types are not about keys */
    case VK_TRACE_START_CRANK:
        shadow->crank = (struct sim_shadow_crank){0};
        shadow->mark_count = 0;
        shadow->is_stated = false;
        return VK_OK;
    case VK_TRACE_END_CRANK:
        shadow->released.count = 0;
        compare_statistics(shadow);
        return VK_OK;
    case VK_TRACE_SAVEPOINT: return mark_set(shadow, is_deliver);
    case VK_TRACE_ROLLBACK: return roll_back(shadow, is_deliver);
    case VK_TRACE_SET:
    case VK_TRACE_DEL:
        note_statistics(shadow, event);
        if (!is_consensus(event->key)) return VK_OK;
        note_survivor(shadow, event->key);
        return write_key(shadow, event->key, event->type == VK_TRACE_SET, event->value);
    default: return VK_OK;
    }
}

struct vk_state_hash sim_shadow_sum(const struct sim_shadow *shadow) {
    return (struct vk_state_hash){shadow->sum.low, shadow->sum.high};
}

struct sim_shadow_crank sim_shadow_crank(const struct sim_shadow *shadow) {
    return shadow->crank;
}

void sim_shadow_committed(struct sim_shadow *shadow) {
    shadow->log.count = 0;
    shadow->committed_sum = shadow->sum;
}

void sim_shadow_lost(struct sim_shadow *shadow) {
    undo_to(shadow, 0);
    shadow->mark_count = 0;
    shadow->drift_known = false;
    VK_ASSERT(shadow->sum.low == shadow->committed_sum.low &&
              shadow->sum.high == shadow->committed_sum.high); /* INV-SHADOW-2 */
}
