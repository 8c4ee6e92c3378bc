/* stats.c - see stats.h. */
#include "stats.h"

struct stat_description {
    struct vk_str key;
    bool is_gauge;
};

static const struct stat_description descriptions[VK_STAT_COUNT] = {
#define GAUGE(name, key) [VK_STAT_##name] = {{key, sizeof key - 1}, true},
#define COUNTER(name, key) [VK_STAT_##name] = {{key, sizeof key - 1}, false},
    VK_STATS_CONSENSUS_GAUGES(GAUGE) VK_STATS_LOCAL_COUNTERS(COUNTER) VK_STATS_LOCAL_GAUGES(GAUGE)
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

static void write_member(struct vk_buf *buf, const char *before, struct vk_str key,
                         struct vk_str suffix, int64_t value) {
    vk_buf_add(buf, vk_str(before));
    vk_buf_add(buf, key);
    vk_buf_add(buf, suffix);
    vk_buf_lit(buf, "\":");
    if (value < 0) vk_buf_char(buf, '-');
    vk_buf_u64(buf, value < 0 ? (uint64_t)-value : (uint64_t)value);
}

static void write_stats(struct vk_buf *buf, const struct vk_stats *stats, enum vk_stat from,
                        enum vk_stat to) {
    for (enum vk_stat stat = from; stat < to; stat++) {
        const struct vk_stat_value *v = &stats->values[stat];
        struct vk_str key = descriptions[stat].key;
        write_member(buf, stat == from ? "{\"" : ",\"", key, VK_STR(""), v->value);
        if (!descriptions[stat].is_gauge) continue;
        write_member(buf, ",\"", key, VK_STR("Up"), v->up);
        write_member(buf, ",\"", key, VK_STR("Down"), v->down);
        write_member(buf, ",\"", key, VK_STR("Max"), v->max);
    }
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
