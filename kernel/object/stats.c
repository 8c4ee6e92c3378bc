/* stats.c - see stats.h. */
#include "stats.h"

#include "base/slots.h"

enum {
    MEMBERS_MAX = 4,       /* of one stat: itself, Up, Down, Max */
    MEMBER_NAME_SIZE = 40, /* the compiler says so if a name is longer */
    MEMBER_SIZE = MEMBER_NAME_SIZE + 1 + VK_SLOT_TEXT_MAX,
};

/* ,"name": as it is written out. */
struct member_name {
    char text[MEMBER_NAME_SIZE];
    size_t n;
};

struct stat_description {
    struct vk_str key;
    bool is_gauge;
    struct member_name members[MEMBERS_MAX]; /* a counter has one */
};

static const struct stat_description descriptions[VK_STAT_COUNT] = {
#define MEMBER(name)                                                                               \
    { ",\"" name "\":", sizeof name + 3 }
#define GAUGE(name, key)                                                                           \
    [VK_STAT_##name] = {{key, sizeof key - 1},                                                     \
                        true,                                                                      \
                        {MEMBER(key), MEMBER(key "Up"), MEMBER(key "Down"), MEMBER(key "Max")}},
#define COUNTER(name, key) [VK_STAT_##name] = {{key, sizeof key - 1}, false, {MEMBER(key)}},
    VK_STATS_CONSENSUS_GAUGES(GAUGE) VK_STATS_LOCAL_COUNTERS(COUNTER) VK_STATS_LOCAL_GAUGES(GAUGE)
#undef MEMBER
#undef GAUGE
#undef COUNTER
};

#define FIRST_CONSENSUS VK_STAT_RUN_QUEUE_LENGTH
#define FIRST_LOCAL VK_STAT_SYSCALLS

void vk_stats_clear(struct vk_stats *stats) { *stats = (struct vk_stats){0}; }

void vk_stats_add(struct vk_stats *stats, enum vk_stat stat, int64_t delta) {
    struct vk_stat_value *v = &stats->values[stat];
    v->value += delta;
    if (!descriptions[stat].is_gauge) return;
    if (v->value > v->max) v->max = v->value;
    v->up += delta;
}

void vk_stats_subtract(struct vk_stats *stats, enum vk_stat stat, int64_t delta) {
    VK_ASSERT(descriptions[stat].is_gauge); /* INV-STATS-1: counters never go down */
    struct vk_stat_value *v = &stats->values[stat];
    v->value -= delta;
    v->down += delta;
}

/* Some sixty of these are written in every crank. A copy of constant length is no call; what it has
 * too much is overwritten. */
static char *write_member(char *p, const struct member_name *name, int64_t value) {
    memcpy(p, name->text, sizeof name->text);
    p += name->n;
    if (value < 0) *p++ = '-';
    return p + vk_u64_str(value < 0 ? -(uint64_t)value : (uint64_t)value, p).n;
}

static void write_stat(struct vk_buf *buf, enum vk_stat stat, const struct vk_stat_value *v) {
    const struct stat_description *description = &descriptions[stat];
    char *room = vk_buf_reserve(buf, (size_t)MEMBERS_MAX * MEMBER_SIZE);
    if (!room) return;
    char *p = write_member(room, &description->members[0], v->value);
    if (description->is_gauge) {
        p = write_member(p, &description->members[1], v->up);
        p = write_member(p, &description->members[2], v->down);
        p = write_member(p, &description->members[3], v->max);
    }
    vk_buf_advance(buf, (size_t)(p - room));
}

static void write_stats(struct vk_buf *buf, const struct vk_stats *stats, enum vk_stat from,
                        enum vk_stat to) {
    size_t start = buf->n;
    for (enum vk_stat stat = from; stat < to; stat++)
        write_stat(buf, stat, &stats->values[stat]);
    if (!buf->failed) buf->p[start] = '{'; /* for the first comma */
    vk_buf_char(buf, '}');
}

void vk_stats_write_consensus(struct vk_buf *buf, const struct vk_stats *stats) {
    write_stats(buf, stats, FIRST_CONSENSUS, FIRST_LOCAL);
}

void vk_stats_write_local(struct vk_buf *buf, const struct vk_stats *stats) {
    write_stats(buf, stats, FIRST_LOCAL, VK_STAT_COUNT);
}

static bool int_of(struct vk_str text, int64_t *out) {
    bool negative = text.n && text.p[0] == '-';
    uint64_t magnitude;
    if (!vk_str_to_u64(negative ? vk_str_from(text, 1) : text, &magnitude)) return false;
    if (magnitude > INT64_MAX) return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static int64_t *field_of(struct vk_stats *stats, enum vk_stat stat, struct vk_str key) {
    struct vk_str name = descriptions[stat].key;
    if (!vk_str_starts(key, name)) return NULL;
    struct vk_str suffix = vk_str_from(key, name.n);
    struct vk_stat_value *v = &stats->values[stat];
    if (suffix.n == 0) return &v->value;
    if (!descriptions[stat].is_gauge) return NULL;
    if (vk_str_eq(suffix, VK_STR("Up"))) return &v->up;
    if (vk_str_eq(suffix, VK_STR("Down"))) return &v->down;
    if (vk_str_eq(suffix, VK_STR("Max"))) return &v->max;
    return NULL;
}

static void load_object(struct vk_stats *stats, const struct vk_json *object, enum vk_stat from) {
    if (!vk_json_is(object, VK_JSON_OBJECT)) return;
    for (const struct vk_json *member = object->first; member; member = member->next) {
        for (enum vk_stat stat = from; stat < VK_STAT_COUNT; stat++) {
            int64_t *field = field_of(stats, stat, member->key);
            if (field && !int_of(member->text, field)) *field = 0;
            if (field) break;
        }
    }
}

void vk_stats_load(struct vk_stats *stats, const struct vk_json *consensus,
                   const struct vk_json *local) {
    vk_stats_clear(stats);
    load_object(stats, local, FIRST_LOCAL);
    load_object(stats, consensus, FIRST_CONSENSUS);
}
