/* diff_logs.c - see diff_logs.h. */
#include "diff_logs.h"

#include "diff_before.h"
#include "diff_causes.h"
#include "diff_crank.h"
#include "diff_details.h"
#include "log_hash.h"
#include "log_scan.h"

#include <inttypes.h>

enum { PROGRESS_EVERY = 1024, EVENTS_SHOWN = 12 };

/* A pair of units that differs. */
struct found {
    bool is;
    struct sim_log_unit unit[2];
};

struct finding {
    const struct sim_diff_logs *logs;
    struct sim_divergence *out;
    struct sim_input_error *error;
    int *side;
    struct sim_log_scan *scan[2];
    struct sim_log_unit unit[2];
    bool more[2];
    struct found hash, record, local;
    bool is_earlier; /* they differ from the first on that both have */
    bool has_missing;
    int missing_on; /* the side that lacks it */
    struct sim_log_unit missing;
    uint64_t skipped[2]; /* before the first that both have */
    uint64_t common;     /* units that both have, and something of them that can be compared */
    bool is_bare;        /* both have some of which neither hashes nor records can be */
    uint64_t steps;
    char activityhash[2][VK_HASH_HEX]; /* of the unit before */
};

static const char *name_of(const struct finding *finding, int side) {
    const struct sim_diff_logs *logs = finding->logs;
    return logs->label[side] ? logs->label[side] : logs->path[side];
}

static enum vk_err advance(struct finding *finding, int side) {
    const struct sim_diff_logs *logs = finding->logs;
    *finding->side = side;
    if (logs->progress && finding->steps++ % PROGRESS_EVERY == 0) {
        uint64_t done = 0, total = 0;
        for (int i = 0; i < 2; i++) {
            done += sim_log_file_position(sim_log_scan_file(finding->scan[i]));
            total += sim_log_file_bytes(sim_log_scan_file(finding->scan[i]));
        }
        logs->progress(logs->impl, done, total);
    }
    return sim_log_scan_next(finding->scan[side], &finding->unit[side], &finding->more[side],
                             finding->error);
}

/* ---- comparing units */

static bool both_have(const char *a, const char *b) { return a[0] && b[0]; }

static bool hash_differs(const struct sim_log_unit *a, const struct sim_log_unit *b) {
    if (both_have(a->activityhash, b->activityhash))
        return strcmp(a->activityhash, b->activityhash) != 0;
    return both_have(a->crankhash, b->crankhash) && strcmp(a->crankhash, b->crankhash) != 0;
}

static bool crankhash_differs(const struct sim_log_unit *a, const struct sim_log_unit *b) {
    return both_have(a->crankhash, b->crankhash) && strcmp(a->crankhash, b->crankhash) != 0;
}

static bool record_differs(const struct sim_log_unit *a, const struct sim_log_unit *b) {
    return (a->has_entries && b->has_entries && a->entries != b->entries) ||
           (a->has_writes && b->has_writes && a->writes != b->writes);
}

static bool can_be_compared(const struct sim_log_unit *a, const struct sim_log_unit *b) {
    return both_have(a->activityhash, b->activityhash) || both_have(a->crankhash, b->crankhash) ||
           (a->has_entries && b->has_entries) || (a->has_writes && b->has_writes);
}

static void note_found(struct finding *finding, struct found *found) {
    if (found->is) return;
    *found = (struct found){.is = true, .unit = {finding->unit[0], finding->unit[1]}};
}

/* Nothing went before it, so that there is nothing that could have differed before. */
static bool is_first_of_all(const struct sim_log_unit *unit) {
    return unit->number == 0 && (unit->ordinal == 0 || unit->ordinal == UINT32_MAX);
}

static void note_same(struct finding *finding) {
    struct sim_divergence *out = finding->out;
    const struct sim_log_unit *unit = &finding->unit[0];
    if (sim_log_unit_is_crank(unit)) {
        out->has_same = true;
        out->same_crank = unit->number;
    }
    memcpy(out->same_activityhash, unit->activityhash, sizeof out->same_activityhash);
}

/* Both sides have come to the same unit, with something that can be compared. */
static enum vk_err compare(struct finding *finding) {
    const struct sim_log_unit *a = &finding->unit[0], *b = &finding->unit[1];
    bool is_first = finding->out->compared == 0;
    finding->common++;
    finding->out->compared += sim_log_unit_is_crank(a);
    if (is_first && !is_first_of_all(a) && hash_differs(a, b) && !crankhash_differs(a, b))
        finding->is_earlier = true;
    if (finding->is_earlier ? crankhash_differs(a, b) || record_differs(a, b)
                            : hash_differs(a, b)) {
        note_found(finding, &finding->hash);
        return VK_OK;
    }
    if (finding->has_missing) { /* a line is lost; the chain goes on all the same */
        finding->has_missing = false;
        VK_TRY(sim_divergence_note(finding->out,
                                   "crank %" PRIu64 " is not in %s, and no hash differs",
                                   finding->missing.number, name_of(finding, finding->missing_on)));
    }
    if (record_differs(a, b)) note_found(finding, &finding->record);
    if (a->has_writes && b->has_writes && a->locals != b->locals)
        note_found(finding, &finding->local);
    if (!finding->is_earlier && !finding->record.is) note_same(finding);
    return VK_OK;
}

static enum vk_err meet(struct finding *finding) {
    if (!can_be_compared(&finding->unit[0], &finding->unit[1]))
        finding->is_bare = true;
    else
        VK_TRY(compare(finding));
    if (finding->hash.is) return VK_OK;
    for (int i = 0; i < 2; i++)
        memcpy(finding->activityhash[i], finding->unit[i].activityhash, VK_HASH_HEX);
    return VK_OK;
}

/* One side lacks what the other has next. A slog never shows what the host did between cranks. */
static enum vk_err pass_over(struct finding *finding, int order) {
    int side = order < 0 ? 0 : 1;
    bool is_common = finding->common > 0;
    bool shows_host = sim_log_scan_facts(finding->scan[1 - side])->is_recording;
    if (!sim_log_unit_is_crank(&finding->unit[side]) && !shows_host) return advance(finding, side);
    if (!is_common) {
        finding->skipped[side]++;
    } else if (!finding->has_missing) {
        finding->has_missing = true;
        finding->missing = finding->unit[side];
        finding->missing_on = 1 - side;
    }
    return advance(finding, side);
}

static enum vk_err find(struct finding *finding) {
    VK_TRY(advance(finding, 0));
    VK_TRY(advance(finding, 1));
    while (finding->more[0] && finding->more[1]) {
        int order = sim_log_unit_cmp(&finding->unit[0], &finding->unit[1]);
        if (order != 0) {
            VK_TRY(pass_over(finding, order));
            continue;
        }
        VK_TRY(meet(finding));
        if (finding->hash.is) return VK_OK;
        VK_TRY(advance(finding, 0));
        VK_TRY(advance(finding, 1));
    }
    return VK_OK;
}

/* ---- what befell the nodes */

static bool is_same_event(const struct sim_log_event *a, const struct sim_log_event *b) {
    return a->before == b->before && strcmp(a->vat, b->vat) == 0 && strcmp(a->text, b->text) == 0;
}

static bool has_event(const struct sim_log_facts *facts, const struct sim_log_event *event) {
    for (uint64_t i = 0; i < facts->event_count && i < LOG_EVENTS_MAX; i++)
        if (is_same_event(&facts->events[i], event)) return true;
    return false;
}

/* Whether it is to be told: what befell other vats' workers has nothing to do with this crank. */
static bool is_told(const struct finding *finding, int side, const struct sim_log_event *event,
                    size_t end) {
    const struct sim_log_facts *others = sim_log_scan_facts(finding->scan[1 - side]);
    struct vk_str vat = finding->out->vat;
    bool concerns = !event->vat[0] || event->is_fault || vk_str_eq(vk_str(event->vat), vat);
    return concerns && event->line <= end && !has_event(others, event);
}

static enum vk_err add_event(struct sim_divergence *out, int side,
                             const struct sim_log_event *event) {
    struct sim_divergent_event added = {.side = side,
                                        .crank = event->before,
                                        .in_crank = event->in_crank,
                                        .is_fault = event->is_fault,
                                        .line = event->line};
    VK_TRY(vk_arena_format(&out->arena, &added.text, "%s%s%s", event->vat,
                           event->vat[0] ? ": " : "", event->text));
    SIM_ARRAY_RESERVE(&out->events);
    out->events.at[out->events.count++] = added;
    return VK_OK;
}

/* What one node went through up to there and the other did not: the newest, the oldest of them first. */
static enum vk_err add_events(struct finding *finding, int side, size_t end) {
    const struct sim_log_facts *facts = sim_log_scan_facts(finding->scan[side]);
    uint64_t count = facts->event_count, told = 0, first = count;
    uint64_t oldest = count > LOG_EVENTS_MAX ? count - LOG_EVENTS_MAX : 0;
    while (first > oldest && told < EVENTS_SHOWN)
        told += is_told(finding, side, &facts->events[--first % LOG_EVENTS_MAX], end);
    for (; first < count; first++) {
        const struct sim_log_event *event = &facts->events[first % LOG_EVENTS_MAX];
        if (is_told(finding, side, event, end)) VK_TRY(add_event(finding->out, side, event));
    }
    return VK_OK;
}

/* ---- the answer */

static enum vk_err check_hashes(struct finding *finding, const struct sim_crank_log crank[2],
                                const struct sim_log_unit unit[2]) {
    for (int i = 0; i < 2; i++) {
        char hash[VK_HASH_HEX];
        const char *name = name_of(finding, i);
        if (crank[i].has_brackets && unit[i].crankhash[0]) {
            VK_TRY(sim_log_crankhash(&crank[i], hash));
            if (strcmp(hash, unit[i].crankhash) != 0)
                VK_TRY(sim_divergence_note(finding->out,
                                           "in %s the crankhash is not that of the crank's writes, "
                                           "which come to %s",
                                           name, hash));
        }
        bool follows = finding->activityhash[i][0] || is_first_of_all(&unit[i]);
        bool is_whole = sim_log_scan_facts(finding->scan[i])->is_recording; /* with host calls */
        if (!follows || !is_whole || !unit[i].activityhash[0] || !unit[i].crankhash[0]) continue;
        VK_TRY(sim_log_activityhash(finding->activityhash[i], unit[i].crankhash, hash));
        if (strcmp(hash, unit[i].activityhash) != 0)
            VK_TRY(sim_divergence_note(finding->out,
                                       "in %s the activityhash does not follow from the one before "
                                       "and the crankhash, which come to %s",
                                       name, hash));
    }
    return VK_OK;
}

/* The unit before it on both sides is the one that was compared last. */
static bool may_check_hashes(const struct finding *finding) {
    return finding->hash.is && !finding->is_earlier && !finding->has_missing;
}

static enum vk_err explain(struct finding *finding, const struct sim_log_unit unit[2],
                           const bool has[2]) {
    struct sim_crank_log crank[2];
    struct sim_divergence *out = finding->out;
    enum vk_err err = VK_OK;
    for (int i = 0; i < 2; i++)
        sim_crank_log_init(&crank[i]);
    for (int i = 0; i < 2 && err == VK_OK; i++) {
        *finding->side = i;
        if (!has[i]) continue;
        err = sim_crank_log_read(&crank[i], finding->logs->path[i], &unit[i], finding->error);
    }
    int shown = has[0] ? 0 : 1;
    if (err == VK_OK) err = sim_diff_details(out, crank, unit, has);
    if (err == VK_OK && may_check_hashes(finding)) err = check_hashes(finding, crank, unit);
    *finding->side = shown;
    if (err == VK_OK && !crank[shown].is_inferred && out->keys.count)
        err = sim_diff_before(out, finding->logs->path[shown], &unit[shown], finding->error);
    if (err == VK_OK)
        err = sim_diff_causes(out, finding->logs->path[shown], &unit[shown], finding->error);
    for (int i = 0; i < 2; i++) {
        if (err == VK_OK) err = add_events(finding, i, unit[i].end);
        sim_crank_log_release(&crank[i]);
    }
    return err;
}

static enum vk_err note_facts(struct finding *finding) {
    struct sim_divergence *out = finding->out;
    for (int i = 0; i < 2; i++) {
        const struct sim_log_facts *facts = sim_log_scan_facts(finding->scan[i]);
        const char *name = name_of(finding, i);
        VK_TRY(vk_arena_copy(&out->arena, vk_str(name), &out->sides[i].name));
        out->sides[i].cranks = facts->cranks;
        out->sides[i].restarts = facts->restarts;
        out->sides[i].repeated = facts->repeated;
        if (facts->is_cut)
            VK_TRY(sim_divergence_note(out, "%s is cut off after line %zu", name,
                                       sim_log_file_number(sim_log_scan_file(finding->scan[i]))));
        if (facts->ends_in_crank)
            VK_TRY(sim_divergence_note(out, "%s ends in a crank that never finished", name));
        if (facts->unreadable)
            VK_TRY(sim_divergence_note(out,
                                       "%s: %" PRIu64 " lines are no entries, the first is %zu",
                                       name, facts->unreadable, facts->first_unreadable));
        if (facts->went_back_far)
            VK_TRY(sim_divergence_note(out, "%s goes back behind a commit", name));
        if (finding->skipped[i])
            VK_TRY(sim_divergence_note(out, "%s begins %" PRIu64 " cranks before the other", name,
                                       finding->skipped[i]));
    }
    return VK_OK;
}

/* One log goes on where the other has ended. */
static enum vk_err note_ends(struct finding *finding) {
    struct sim_divergence *out = finding->out;
    for (int i = 0; i < 2; i++)
        if (finding->more[i] && !finding->more[1 - i] && out->compared)
            VK_TRY(sim_divergence_note(
                out, "%s ends with crank %" PRIu64 ", %s goes on with crank %" PRIu64,
                name_of(finding, 1 - i), out->same_crank, name_of(finding, i),
                finding->unit[i].number));
    if (finding->common) return VK_OK;
    return sim_divergence_note(out, finding->is_bare
                                        ? "of the cranks that both have, one has neither the "
                                          "hashes nor the records that the other has"
                                        : "no crank is in both");
}

static enum vk_err answer(struct finding *finding) {
    struct sim_divergence *out = finding->out;
    bool has[2] = {true, true};
    if (finding->hash.is && finding->has_missing && !sim_log_unit_is_crank(&finding->missing)) {
        struct sim_log_unit unit[2] = {finding->missing, finding->missing};
        has[finding->missing_on] = false;
        VK_TRY(explain(finding, unit, has));
        out->kind = SIM_DIVERGENCE_HOST;
        return VK_OK;
    }
    VK_TRY(note_ends(finding));
    if (finding->hash.is) {
        VK_TRY(explain(finding, finding->hash.unit, has));
        if (finding->is_earlier) out->kind = SIM_DIVERGENCE_EARLIER;
        return VK_OK;
    }
    if (finding->is_earlier) {
        out->kind = SIM_DIVERGENCE_EARLIER;
        return VK_OK;
    }
    if (finding->record.is) {
        VK_TRY(explain(finding, finding->record.unit, has));
        if (out->kind != SIM_DIVERGENCE_METER) out->kind = SIM_DIVERGENCE_RECORD;
        return VK_OK;
    }
    if (finding->local.is) {
        out->kind = SIM_DIVERGENCE_LOCAL;
        return sim_divergence_note(out, "local keys differ first in crank %" PRIu64,
                                   finding->local.unit[0].number);
    }
    out->kind = finding->common ? SIM_DIVERGENCE_SAME : SIM_DIVERGENCE_NOTHING;
    if (finding->more[0] == finding->more[1]) return VK_OK;
    VK_TRY(add_events(finding, 0, SIZE_MAX)); /* why one of them ends */
    return add_events(finding, 1, SIZE_MAX);
}

enum vk_err sim_diff_logs(const struct sim_diff_logs *logs, struct sim_divergence *divergence,
                          int *side, struct sim_input_error *error) {
    struct finding finding = {.logs = logs, .out = divergence, .error = error, .side = side};
    enum vk_err err = VK_OK;
    *error = (struct sim_input_error){0};
    for (int i = 0; i < 2 && err == VK_OK; i++) {
        *side = i;
        err = sim_log_scan_open(logs->path[i], &finding.scan[i], error);
    }
    if (err == VK_OK) err = find(&finding);
    if (err == VK_OK) err = note_facts(&finding);
    if (err == VK_OK) err = answer(&finding);
    for (int i = 0; i < 2; i++)
        sim_log_scan_close(finding.scan[i]);
    return err;
}
