/* diff_details.c - see diff_details.h. */
#include "diff_details.h"

#include "key_decode.h"
#include "log_digest.h"
#include "log_words.h"

static enum vk_err copy(struct sim_divergence *out, struct vk_str *text) {
    return text->p ? vk_arena_copy(&out->arena, *text, text) : VK_OK;
}

static enum vk_err decode(struct sim_divergence *out, struct vk_str key, struct vk_str a,
                          struct vk_str b, struct vk_str *meaning) {
    struct vk_buf buf;
    vk_buf_init(&buf, &out->arena);
    sim_key_decode(&buf, key, a, b);
    return vk_buf_finish(&buf, meaning);
}

/* ---- entries */

/* The hashes are a result: that they differ is known. */
static bool is_compared(const struct sim_crank_entry *entry) { return entry->kind != SIM_LOG_EMIT; }

static bool same_entry(const struct sim_crank_entry *a, const struct sim_crank_entry *b) {
    return a && b && a->kind == b->kind && sim_log_same(a->kind, a->text, b->text);
}

static const struct sim_crank_entry *entry_at(const struct sim_crank_log *crank, size_t i) {
    return i < crank->entries.count && is_compared(&crank->entries.at[i]) ? &crank->entries.at[i]
                                                                          : NULL;
}

/* The index of the first that differs; the larger count if none does. */
static size_t first_entry(const struct sim_crank_log crank[2]) {
    size_t i = 0;
    while (same_entry(entry_at(&crank[0], i), entry_at(&crank[1], i)))
        i++;
    return i;
}

static enum vk_err fill_entry(struct sim_divergence *out, const struct sim_crank_log crank[2],
                              size_t at) {
    struct sim_divergent_pair *pair = &out->entry;
    for (int i = 0; i < 2; i++) {
        const struct sim_crank_entry *entry = entry_at(&crank[i], at);
        if (!entry) continue;
        pair->present = true;
        pair->line[i] = entry->line;
        pair->text[i] = entry->text;
        pair->by[i] = entry->by;
        VK_TRY(copy(out, &pair->text[i]));
        VK_TRY(copy(out, &pair->by[i]));
    }
    return VK_OK;
}

/* The same delivery, which cost something else. */
static bool only_cost_differs(const struct sim_crank_entry *a, const struct sim_crank_entry *b) {
    if (!a || !b || a->kind != SIM_LOG_DELIVER_RESULT || b->kind != a->kind) return false;
    struct vk_str x = sim_log_get(a->text, "dr"), y = sim_log_get(b->text, "dr");
    return vk_str_eq(sim_log_at(x, 0), sim_log_at(y, 0)) &&
           vk_str_eq(sim_log_at(x, 1), sim_log_at(y, 1));
}

/* In whatever order. */
static bool same_entries(const struct sim_crank_log crank[2]) {
    uint64_t sum[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        for (size_t e = 0; e < crank[i].entries.count; e++)
            sum[i] += sim_log_digest(0, crank[i].entries.at[e].kind, crank[i].entries.at[e].text);
    return sum[0] == sum[1] && crank[0].entries.count == crank[1].entries.count;
}

/* ---- writes */

static bool same_write(const struct sim_crank_write *a, const struct sim_crank_write *b) {
    if (!vk_str_eq(a->key, b->key)) return false;
    if (!a->value.p || !b->value.p) return a->value.p == b->value.p;
    return vk_str_eq(a->value, b->value);
}

/* Steps over local keys. */
static const struct sim_crank_write *next_write(const struct sim_crank_log *crank, size_t *at) {
    while (*at < crank->writes.count && sim_key_is_local(crank->writes.at[*at].key))
        ++*at;
    return *at < crank->writes.count ? &crank->writes.at[(*at)++] : NULL;
}

static enum vk_err write_text(struct sim_divergence *out, const struct sim_crank_write *write,
                              struct vk_str *text) {
    return write->value.p
               ? vk_arena_format(&out->arena, text, "set %.*s %.*s", VK_STR_ARG(write->key),
                                 VK_STR_ARG(write->value))
               : vk_arena_format(&out->arena, text, "delete %.*s", VK_STR_ARG(write->key));
}

static enum vk_err fill_write(struct sim_divergence *out, size_t number,
                              const struct sim_crank_write *const side[2]) {
    struct sim_divergent_pair *pair = &out->write;
    const struct sim_crank_write *shown = side[0] ? side[0] : side[1];
    bool one_key = side[0] && side[1] && vk_str_eq(side[0]->key, side[1]->key);
    pair->present = true;
    pair->number = number;
    pair->key = shown->key;
    VK_TRY(copy(out, &pair->key));
    VK_TRY(decode(out, shown->key, one_key ? side[0]->value : VK_STR_NONE,
                  one_key ? side[1]->value : VK_STR_NONE, &pair->meaning));
    for (int i = 0; i < 2; i++) {
        if (!side[i]) continue;
        pair->line[i] = side[i]->line;
        pair->by[i] = side[i]->by;
        VK_TRY(copy(out, &pair->by[i]));
        VK_TRY(write_text(out, side[i], &pair->text[i]));
    }
    return VK_OK;
}

static enum vk_err find_write(struct sim_divergence *out, const struct sim_crank_log crank[2]) {
    size_t at[2] = {0, 0};
    for (size_t number = 1;; number++) {
        const struct sim_crank_write *const side[2] = {next_write(&crank[0], &at[0]),
                                                       next_write(&crank[1], &at[1])};
        if (!side[0] && !side[1]) return VK_OK;
        if (side[0] && side[1] && same_write(side[0], side[1])) continue;
        return fill_write(out, number, side);
    }
}

/* In whatever order. */
static bool same_writes(const struct sim_crank_log crank[2]) {
    size_t matched = 0, count = 0;
    if (crank[0].writes.count != crank[1].writes.count) return false;
    for (size_t i = 0; i < crank[0].writes.count; i++) {
        const struct sim_crank_write *write = &crank[0].writes.at[i];
        size_t here = 0, there = 0;
        if (sim_key_is_local(write->key)) continue;
        count++;
        for (size_t j = 0; j < crank[0].writes.count; j++) {
            here += same_write(write, &crank[0].writes.at[j]);
            there += same_write(write, &crank[1].writes.at[j]);
        }
        matched += here == there;
    }
    return matched == count;
}

/* ---- keys at the crank's end */

enum vk_err sim_divergence_add_key(struct sim_divergence *out,
                                   const struct sim_divergent_key *key) {
    if (out->keys.count >= SIM_DIVERGENT_KEYS_MAX) {
        out->more_keys++;
        return VK_OK;
    }
    struct sim_divergent_key added = *key;
    VK_TRY(copy(out, &added.key));
    VK_TRY(decode(out, added.key, added.value[0], added.value[1], &added.meaning));
    for (int i = 0; i < 2; i++) {
        VK_TRY(copy(out, &added.value[i]));
        VK_TRY(copy(out, &added.by[i]));
    }
    SIM_ARRAY_RESERVE(&out->keys);
    out->keys.at[out->keys.count++] = added;
    return VK_OK;
}

static enum vk_err compare_key(struct sim_divergence *out, const struct sim_crank_log crank[2],
                               struct vk_str key) {
    const struct sim_crank_write *last[2] = {sim_crank_log_last(&crank[0], key),
                                             sim_crank_log_last(&crank[1], key)};
    struct sim_divergent_key added = {.key = key};
    if (last[0] && last[1] && same_write(last[0], last[1])) return VK_OK;
    for (int i = 0; i < 2; i++) {
        if (!last[i]) continue;
        added.value[i] = last[i]->value;
        added.by[i] = last[i]->by;
    }
    return sim_divergence_add_key(out, &added);
}

/* Each key once, at the write that is its last; what a roll-back undid is none. */
static enum vk_err compare_keys(struct sim_divergence *out, const struct sim_crank_log crank[2]) {
    for (int i = 0; i < 2; i++)
        for (size_t w = 0; w < crank[i].writes.count; w++) {
            const struct sim_crank_write *write = &crank[i].writes.at[w];
            bool is_last = sim_crank_log_last(&crank[i], write->key) == write;
            bool was_compared = i == 1 && sim_crank_log_last(&crank[0], write->key);
            if (!is_last || was_compared || sim_key_is_local(write->key)) continue;
            VK_TRY(compare_key(out, crank, write->key));
        }
    return VK_OK;
}

/* ---- what kind it is */

static bool is_meter_key(struct vk_str key) {
    return key.n > 2 && key.p[0] == 'm' && key.p[1] >= '0' && key.p[1] <= '9';
}

static bool only_meters_differ(const struct sim_divergence *out) {
    for (size_t i = 0; i < out->keys.count; i++)
        if (!is_meter_key(out->keys.at[i].key)) return false;
    return true;
}

static enum sim_divergence_kind kind_of(const struct sim_divergence *out,
                                        const struct sim_crank_log crank[2], size_t entry) {
    bool cost = only_cost_differs(entry_at(&crank[0], entry), entry_at(&crank[1], entry));
    if (out->keys.count)
        return (cost || !out->entry.present) && only_meters_differ(out) ? SIM_DIVERGENCE_METER
                                                                        : SIM_DIVERGENCE_STATE;
    if (out->write.present)
        return same_writes(crank) ? SIM_DIVERGENCE_ORDER : SIM_DIVERGENCE_UNDONE;
    if (cost) return SIM_DIVERGENCE_METER;
    if (!crank[0].is_inferred && !crank[1].is_inferred) return SIM_DIVERGENCE_HASH;
    if (!out->entry.present) return SIM_DIVERGENCE_UNSEEN;
    return same_entries(crank) ? SIM_DIVERGENCE_ORDER : SIM_DIVERGENCE_STATE;
}

static enum vk_err fill_crank(struct sim_divergence *out, const struct sim_crank_log *crank,
                              const struct sim_log_unit *unit) {
    out->has_crank = true;
    out->is_host_call = !sim_log_unit_is_crank(unit);
    out->crank = unit->number;
    out->crank_type = crank->crank_type;
    out->message_type = crank->message_type;
    out->has_delivery = crank->has_delivery;
    out->delivery = crank->delivery;
    out->vat = crank->vat;
    VK_TRY(copy(out, &out->crank_type));
    VK_TRY(copy(out, &out->message_type));
    VK_TRY(copy(out, &out->vat));
    return sim_log_event_words(&out->arena, crank->message, &out->message);
}

enum vk_err sim_diff_details(struct sim_divergence *out, const struct sim_crank_log crank[2],
                             const struct sim_log_unit unit[2], const bool has[2]) {
    int shown = has[0] ? 0 : 1;
    size_t entry = 0;
    VK_TRY(fill_crank(out, &crank[shown], &unit[shown]));
    for (int i = 0; i < 2; i++) {
        if (!has[i]) continue;
        memcpy(out->sides[i].crankhash, unit[i].crankhash, VK_HASH_HEX);
        memcpy(out->sides[i].activityhash, unit[i].activityhash, VK_HASH_HEX);
        out->sides[i].line = unit[i].begin;
    }
    /* A slog beside a recording: what either of them lacks cannot be compared. */
    bool both_log = !has[0] || !has[1] || (unit[0].has_entries && unit[1].has_entries);
    bool both_write = !has[0] || !has[1] || crank[0].is_inferred == crank[1].is_inferred;
    if (both_log) {
        entry = first_entry(crank);
        VK_TRY(fill_entry(out, crank, entry));
    }
    out->writes_inferred = crank[shown].is_inferred;
    if (both_write) {
        VK_TRY(find_write(out, crank));
        VK_TRY(compare_keys(out, crank));
    }
    out->kind = kind_of(out, crank, entry);
    return VK_OK;
}
