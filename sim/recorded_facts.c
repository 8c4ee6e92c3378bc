/* recorded_facts.c - see recorded_facts.h. */
#include "recorded_facts.h"

static bool take_count(const struct vk_json *json, uint64_t *out) {
    return vk_json_is(json, VK_JSON_NUMBER) && vk_str_to_u64(json->text, out);
}

enum vk_err sim_fact_text(struct vk_arena *arena, const struct vk_json *json, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_json_write(&buf, json);
    return vk_buf_finish(&buf, out);
}

enum vk_err sim_fact_slog_result(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                 struct vk_delivery_result *out) {
    struct vk_str status = vk_json_string(vk_json_at(json, 0));
    const struct vk_json *said = vk_json_at(json, 1), *usage = vk_json_at(json, 2);
    struct vk_str problem = vk_json_string(said);
    *out = (struct vk_delivery_result){.ok = vk_str_eq(status, VK_STR("ok"))};
    *legal = out->ok || (vk_str_eq(status, VK_STR("error")) && problem.p);
    if (!*legal) return VK_OK;
    if (!out->ok)
        VK_TRY(vk_arena_copy(arena, problem, &out->problem));
    else if (said && said->type != VK_JSON_NULL)
        VK_TRY(sim_fact_text(arena, said, &out->value));
    if (out->ok && vk_json_at(json, 1))
        VK_TRY(sim_fact_text(arena, vk_json_at(json, 1), &out->value));
    if (!vk_json_is(usage, VK_JSON_OBJECT)) return VK_OK;
    out->metered = take_count(vk_json_get(usage, "compute"), &out->computrons);
    return sim_fact_text(arena, usage, &out->usage);
}

enum vk_err sim_fact_item_result(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                 struct vk_delivery_result *out) {
    struct vk_str status = vk_json_string(vk_json_get(json, "status"));
    const struct vk_json *metering = vk_json_get(json, "metering");
    *out = (struct vk_delivery_result){.ok = vk_str_eq(status, VK_STR("ok"))};
    *legal = out->ok || vk_str_eq(status, VK_STR("error"));
    if (!*legal || !metering) return VK_OK;
    out->metered = take_count(vk_json_get(metering, "computrons"), &out->computrons);
    if (!out->metered) return vk_arena_copy(arena, VK_STR("{}"), &out->usage);
    return vk_arena_format(arena, &out->usage, "{\"compute\":%llu}",
                           (unsigned long long)out->computrons);
}

/* ---- budgets */

static bool take_limit(const struct vk_json *json, uint64_t *out) {
    if (!vk_json_is(json, VK_JSON_NULL)) return take_count(json, out);
    *out = VK_UNLIMITED; /* JavaScript's Infinity */
    return true;
}

enum vk_err sim_fact_budget(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                            struct vk_cleanup_budget *out) {
    struct {
        const char *name;
        uint64_t *limit;
    } phases[] = {
        {"exports", &out->exports},     {"imports", &out->imports},
        {"promises", &out->promises},   {"kv", &out->kv},
        {"snapshots", &out->snapshots}, {"transcripts", &out->transcripts},
    };
    *legal = take_limit(vk_json_get(json, "default"), &out->by_default);
    for (size_t i = 0; *legal && i < sizeof phases / sizeof *phases; i++) {
        const struct vk_json *limit = vk_json_get(json, phases[i].name);
        *phases[i].limit = out->by_default;
        if (limit) *legal = take_limit(limit, phases[i].limit);
    }
    return *legal ? sim_fact_text(arena, json, &out->json) : VK_OK;
}

/* Which phase of clean-up deletes this key: counted once for each c-list entry, by its vref. */
enum cleanup_phase { PHASE_NONE, PHASE_EXPORTS, PHASE_IMPORTS, PHASE_PROMISES, PHASE_KV };

static enum cleanup_phase phase_of(struct vk_str key) {
    size_t dot = 1;
    if (key.n < 2 || key.p[0] != 'v') return PHASE_NONE;
    while (dot < key.n && key.p[dot] >= '0' && key.p[dot] <= '9')
        dot++;
    if (dot == 1 || dot == key.n || key.p[dot] != '.') return PHASE_NONE;
    struct vk_str rest = vk_str_from(key, dot + 1);
    if (!vk_str_starts(rest, VK_STR("c."))) return PHASE_KV;
    struct vk_str slot = vk_str_from(rest, 2);
    if (vk_str_starts(slot, VK_STR("o+"))) return PHASE_EXPORTS;
    if (vk_str_starts(slot, VK_STR("o-"))) return PHASE_IMPORTS;
    if (vk_str_starts(slot, VK_STR("p"))) return PHASE_PROMISES;
    if (vk_str_starts(slot, VK_STR("ko")) || vk_str_starts(slot, VK_STR("kp"))) return PHASE_NONE;
    return PHASE_KV; /* device nodes go with the rest */
}

void sim_fact_budget_from_writes(const struct sim_event *events, size_t begin, size_t end,
                                 struct vk_cleanup_budget *out) {
    uint64_t counts[PHASE_KV + 1] = {0};
    *out = (struct vk_cleanup_budget){.exports = VK_UNLIMITED,
                                      .imports = VK_UNLIMITED,
                                      .promises = VK_UNLIMITED,
                                      .kv = VK_UNLIMITED,
                                      .snapshots = VK_UNLIMITED,
                                      .transcripts = VK_UNLIMITED,
                                      .by_default = VK_UNLIMITED};
    for (size_t i = begin; i < end; i++) {
        const struct sim_event *event = &events[i];
        if (event->type == VK_TRACE_DEL) counts[phase_of(event->key)]++;
        if (event->type == VK_TRACE_TRANSCRIPT_DELETE) {
            out->transcripts = event->budget;
            return; /* it came to the last phase */
        }
    }
    if (counts[PHASE_KV])
        out->kv = counts[PHASE_KV];
    else if (counts[PHASE_PROMISES])
        out->promises = counts[PHASE_PROMISES];
    else if (counts[PHASE_IMPORTS])
        out->imports = counts[PHASE_IMPORTS];
    else if (counts[PHASE_EXPORTS])
        out->exports = counts[PHASE_EXPORTS];
    else
        out->snapshots = 1; /* their deletion shows in no key */
}

/* ---- out of queue entries and options */

enum vk_err sim_fact_termination_problem(struct vk_arena *scratch, struct vk_arena *arena,
                                         const struct sim_event *event, struct vk_str vat,
                                         struct vk_str *problem) {
    const struct vk_json *entry;
    struct vk_capdata methargs;
    struct vk_value *call;
    bool legal;
    *problem = VK_STR_NONE;
    if (event->type != VK_TRACE_SET || !vk_str_starts(event->key, VK_STR("acceptanceQueue.")))
        return VK_OK;
    enum vk_err err = vk_json_parse(scratch, event->value, &entry);
    if (err == VK_ERR_SYNTAX) return VK_OK;
    VK_TRY(err);
    VK_TRY(vk_capdata_read(scratch, vk_json_get(vk_json_get(entry, "msg"), "methargs"), &legal,
                           &methargs));
    if (!legal) return VK_OK;
    VK_TRY(vk_capdata_decode(scratch, &methargs, &legal, &call));
    if (!legal || call->type != VK_VALUE_ARRAY) return VK_OK;
    const struct vk_value *method = vk_value_at(call, 0), *args = vk_value_at(call, 1);
    if (!method || !vk_str_eq(method->text, VK_STR("vatTerminated"))) return VK_OK;
    const struct vk_value *who = args ? vk_value_at(args, 0) : NULL;
    const struct vk_value *info = args ? vk_value_at(args, 2) : NULL;
    if (!who || !info || !vk_str_eq(who->text, vat) || info->type != VK_VALUE_ERROR) return VK_OK;
    return vk_arena_copy(arena, info->text, problem);
}

enum vk_err sim_fact_bundle_ids(struct vk_arena *scratch, struct vk_arena *arena,
                                struct vk_str options, struct vk_str *out) {
    const struct vk_json *json;
    *out = VK_STR_NONE;
    enum vk_err err = vk_json_parse(scratch, options, &json);
    if (err == VK_ERR_SYNTAX) return VK_OK;
    VK_TRY(err);
    const struct vk_json *ids = vk_json_get(vk_json_get(json, "workerOptions"), "bundleIDs");
    return vk_json_is(ids, VK_JSON_ARRAY) ? sim_fact_text(arena, ids, out) : VK_OK;
}
