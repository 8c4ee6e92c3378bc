/* log_line.c - see log_line.h. */
#include "log_line.h"

static const struct {
    const char *word; /* of a recording */
    const char *type; /* of a slog */
    bool alike;
} kinds[SIM_LOG_KIND_COUNT] = {
#define LOG_KIND(name, w, t, a) [SIM_LOG_##name] = {w, t, a},
    SIM_LOG_KINDS(LOG_KIND)
#undef LOG_KIND
};

bool sim_log_is_alike(enum sim_log_kind kind) { return kinds[kind].alike; }

bool sim_log_is_of_store(enum sim_log_kind kind) { return kinds[kind].word != NULL; }

/* ---- values */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct vk_str without_space(struct vk_str text) {
    while (text.n && is_space(*text.p))
        text = vk_str_from(text, 1);
    return text;
}

/* Behind the string that begins at text[0], a quote; text.n if it does not end. */
static size_t behind_string(struct vk_str text) {
    for (size_t at = 1; at < text.n;) {
        const char *quote = memchr(text.p + at, '"', text.n - at);
        if (!quote) break;
        size_t end = (size_t)(quote - text.p), slashes = 0;
        while (end - slashes > at && text.p[end - slashes - 1] == '\\')
            slashes++;
        if (slashes % 2 == 0) return end + 1;
        at = end + 1;
    }
    return text.n;
}

/* Behind the value that begins at text[0]. */
static size_t behind_value(struct vk_str text) {
    size_t depth = 0, at = 0;
    while (at < text.n) {
        char c = text.p[at];
        if (c == '"') {
            at += behind_string(vk_str_from(text, at));
            if (depth == 0) return at;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_space(c))) return at;
        if (c == '{' || c == '[') depth++;
        at++;
        if ((c == '}' || c == ']') && --depth == 0) return at;
    }
    return text.n;
}

/* ---- walks */

void sim_log_walk_begin(struct sim_log_walk *walk, struct vk_str json) {
    json = without_space(json);
    bool is_object = json.n && *json.p == '{', is_array = json.n && *json.p == '[';
    *walk = (struct sim_log_walk){.end = '\0'};
    if (!is_object && !is_array) return;
    walk->end = is_object ? '}' : ']';
    walk->rest = vk_str_from(json, 1);
}

static bool over(struct sim_log_walk *walk) {
    walk->end = '\0';
    return false;
}

bool sim_log_walk_next(struct sim_log_walk *walk, struct sim_log_member *member) {
    if (!walk->end) return false;
    struct vk_str rest = without_space(walk->rest);
    if (rest.n && *rest.p == ',') rest = without_space(vk_str_from(rest, 1));
    if (!rest.n || *rest.p == walk->end) return over(walk);
    member->name = VK_STR_NONE;
    if (walk->end == '}') {
        if (*rest.p != '"') return over(walk);
        size_t n = behind_string(rest);
        if (n < 2 || n >= rest.n) return over(walk);
        member->name = (struct vk_str){rest.p + 1, n - 2};
        rest = without_space(vk_str_from(rest, n));
        if (!rest.n || *rest.p != ':') return over(walk);
        rest = without_space(vk_str_from(rest, 1));
    }
    size_t n = behind_value(rest);
    if (n == 0) return over(walk);
    member->raw = (struct vk_str){rest.p, n};
    walk->rest = vk_str_from(rest, n);
    return true;
}

struct vk_str sim_log_get(struct vk_str line, const char *name) {
    const struct vk_str wanted = vk_str(name);
    struct sim_log_walk walk;
    struct sim_log_member member;
    sim_log_walk_begin(&walk, line);
    while (sim_log_walk_next(&walk, &member))
        if (vk_str_eq(member.name, wanted)) return member.raw;
    return VK_STR_NONE;
}

struct vk_str sim_log_at(struct vk_str json, size_t n) {
    struct sim_log_walk walk;
    struct sim_log_member member;
    sim_log_walk_begin(&walk, json);
    while (sim_log_walk_next(&walk, &member))
        if (n-- == 0) return member.raw;
    return VK_STR_NONE;
}

struct vk_str sim_log_text(struct vk_str json) {
    if (json.n < 2 || json.p[0] != '"' || json.p[json.n - 1] != '"') return VK_STR_NONE;
    return (struct vk_str){json.p + 1, json.n - 2};
}

bool sim_log_count(struct vk_str json, uint64_t *out) {
    struct vk_str text = sim_log_text(json);
    return vk_str_to_u64(text.p ? text : json, out);
}

/* ---- kinds */

static enum sim_log_kind kind_of(struct vk_str word, bool is_recording) {
    for (int k = SIM_LOG_OTHER + 1; k < SIM_LOG_KIND_COUNT; k++) {
        const char *known = is_recording ? kinds[k].word : kinds[k].type;
        if (known && vk_str_eq(word, vk_str(known))) return (enum sim_log_kind)k;
    }
    return SIM_LOG_OTHER;
}

/* Entries that a worker which is brought online again makes as well. */
static bool may_be_replay(enum sim_log_kind kind) {
    return kind == SIM_LOG_DELIVER || kind == SIM_LOG_DELIVER_RESULT || kind == SIM_LOG_SYSCALL ||
           kind == SIM_LOG_SYSCALL_RESULT;
}

enum sim_log_kind sim_log_kind(struct vk_str line, bool *is_recording) {
    struct sim_log_walk walk;
    struct sim_log_member member;
    enum sim_log_kind kind = SIM_LOG_UNREADABLE;
    *is_recording = false;
    sim_log_walk_begin(&walk, line);
    while (kind == SIM_LOG_UNREADABLE && sim_log_walk_next(&walk, &member)) {
        if (vk_str_eq(member.name, VK_STR("t"))) {
            *is_recording = true;
            if (!vk_str_eq(member.raw, VK_STR("\"slog\"")))
                return kind_of(sim_log_text(member.raw), true);
        }
        if (vk_str_eq(member.name, VK_STR("type"))) kind = kind_of(sim_log_text(member.raw), false);
    }
    if (!may_be_replay(kind)) return kind;
    while (sim_log_walk_next(&walk, &member)) /* it stands before what may be long */
        if (vk_str_eq(member.name, VK_STR("replay")))
            return *member.raw.p == 't' ? SIM_LOG_OTHER : kind;
    return kind;
}
