/* vat.c - a vat's own keys: liveness, source, options, parameters, dirt. See vat.h; the lists of vats
 * are in vat_lists.c. */
#include "vat.h"

#include "gc_actions.h"
#include "refcount.h"

enum vk_err vk_vat_is_alive(struct vk_state *state, struct vk_vat_id vat, bool *alive) {
    VK_TRY(vk_state_has(state, alive, KEY(VAT(vat), LIT(".o.nextID"))));
    *alive = *alive && !vk_vat_is_terminated(state, vat);
    return VK_OK;
}

enum vk_err vk_vat_allocate_id(struct vk_state *state, struct vk_vat_id *vat) {
    VK_TRY(vk_state_require_count(state, &vat->n, KEY(LIT("vat.nextID"))));
    vk_stats_inc(&state->stats, VK_STAT_VATS);
    return vk_state_set_u64(state, vat->n + 1, KEY(LIT("vat.nextID")));
}

enum vk_err vk_vat_create(struct vk_state *state, struct vk_vat_id vat, struct vk_str source,
                          struct vk_str options) {
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_state_set_u64(state, VK_FIRST_VAT_OBJECT, KEY(VAT(vat), LIT(".o.nextID"))));
    VK_TRY(vk_state_set_u64(state, VK_FIRST_VAT_PROMISE, KEY(VAT(vat), LIT(".p.nextID"))));
    VK_TRY(vk_state_set_u64(state, VK_FIRST_VAT_DEVICE, KEY(VAT(vat), LIT(".d.nextID"))));
    VK_TRY(vk_vat_clear_dirt(state, vat));
    VK_TRY(vk_vat_set_source_and_options(state, vat, source, options));
    enum vk_err err = vk_transcript_init(state->store, vk_vat_id_str(vat, text));
    if (err != VK_ERR_USAGE) return err;
    return VK_RAISE(VK_ERR_CORRUPT, "a new vat is to be v%llu, which has a transcript already",
                    (unsigned long long)vat.n);
}

static bool option_flag(const struct vk_json *options, const char *name, bool by_default) {
    const struct vk_json *flag = vk_json_get(options, name);
    return vk_json_is(flag, VK_JSON_BOOL) ? flag->truth : by_default;
}

enum vk_err vk_vat_options_get(struct vk_state *state, struct vk_vat_id vat,
                               struct vk_vat_options *out) {
    const struct vk_json *json;
    VK_TRY(vk_state_require(state, &out->json, KEY(VAT(vat), LIT(".options"))));
    VK_TRY(vk_state_json(state, &json, KEY(VAT(vat), LIT(".options"))));
    out->name = vk_json_string(vk_json_get(json, "name"));
    out->meter_id = vk_json_string(vk_json_get(json, "meterID"));
    out->enable_pipelining = option_flag(json, "enablePipelining", false);
    out->use_transcript = option_flag(json, "useTranscript", true);
    out->critical = option_flag(json, "critical", false);
    out->vatstore_in_completion =
        vk_str_eq(vk_json_string(vk_json_get(json, "vatstore")), VK_STR("completion"));
    out->restart_critical = option_flag(json, "restartCritical", false);
    out->pause_on_underflow = option_flag(json, "pauseOnUnderflow", false);
    out->suspend_on_fatal = option_flag(json, "suspendOnFatal", false);
    const struct vk_json *worker = vk_json_get(json, "workerOptions");
    struct vk_str type = vk_json_string(vk_json_get(worker, "type"));
    if (!type.p)
        return VK_RAISE(VK_ERR_CORRUPT, "v%llu.options: no workerOptions.type",
                        (unsigned long long)vat.n);
    out->is_xsnap = vk_str_eq(type, VK_STR("xsnap"));
    out->can_snapshot = out->is_xsnap && !option_flag(json, "enableSetup", false);
    struct vk_buf buf;
    vk_buf_init(&buf, state->arena);
    vk_json_write(&buf, worker);
    return vk_buf_finish(&buf, &out->worker_options);
}

enum vk_err vk_vat_source_get(struct vk_state *state, struct vk_vat_id vat,
                              const struct vk_json **out) {
    return vk_state_json(state, out, KEY(VAT(vat), LIT(".source")));
}

enum vk_err vk_vat_set_source_and_options(struct vk_state *state, struct vk_vat_id vat,
                                          struct vk_str source, struct vk_str options) {
    VK_TRY(vk_state_set(state, source, KEY(VAT(vat), LIT(".source"))));
    return vk_state_set(state, options, KEY(VAT(vat), LIT(".options")));
}

enum vk_err vk_vat_options_replace(struct vk_state *state, struct vk_str options,
                                   const char *member, struct vk_str value, struct vk_str *out) {
    const struct vk_json *json;
    VK_TRY(vk_json_parse(state->arena, options, &json));
    struct vk_buf buf;
    vk_buf_init(&buf, state->arena);
    bool replaced = false;
    vk_buf_char(&buf, '{');
    for (const struct vk_json *m = json->first; m; m = m->next) {
        bool is_it = vk_str_eq(m->key, vk_str(member));
        if (m != json->first) vk_buf_char(&buf, ',');
        vk_json_quote(&buf, m->key);
        vk_buf_char(&buf, ':');
        if (is_it)
            vk_buf_add(&buf, value);
        else
            vk_json_write(&buf, m);
        replaced = replaced || is_it;
    }
    if (!replaced) {
        if (json->first) vk_buf_char(&buf, ',');
        vk_json_quote(&buf, vk_str(member));
        vk_buf_char(&buf, ':');
        vk_buf_add(&buf, value);
    }
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_vat_set_parameters(struct vk_state *state, struct vk_vat_id vat,
                                  const struct vk_capdata *parameters) {
    struct vk_str old;
    VK_TRY(vk_refs_add(state, parameters->slots, parameters->slot_count));
    VK_TRY(vk_state_get(state, &old, KEY(VAT(vat), LIT(".vatParameters"))));
    if (old.p) {
        const struct vk_json *json;
        struct vk_capdata data;
        bool legal;
        VK_TRY(vk_state_json(state, &json, KEY(VAT(vat), LIT(".vatParameters"))));
        VK_TRY(vk_capdata_read(state->arena, json, &legal, &data));
        if (!legal)
            return VK_RAISE(VK_ERR_CORRUPT, "v%llu.vatParameters: not capdata",
                            (unsigned long long)vat.n);
        VK_TRY(vk_refs_drop(state, data.slots, data.slot_count));
    }
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, state->arena);
    vk_capdata_write(&buf, parameters);
    VK_TRY(vk_buf_finish(&buf, &text));
    return vk_state_set(state, text, KEY(VAT(vat), LIT(".vatParameters")));
}

/* ---- dirt */

enum { DIRT_KEYS = 3 };

struct dirt_counter {
    const char *name;
    bool counted; /* this delivery says something about it */
    uint64_t more;
};

struct dirt_thresholds {
    const struct vk_json *by_default;
    const struct vk_json *own;
};

static const struct vk_json *threshold_of(struct dirt_thresholds thresholds, const char *name) {
    const struct vk_json *own = vk_json_get(thresholds.own, name);
    return own ? own : vk_json_get(thresholds.by_default, name);
}

static bool number_of(const struct vk_json *json, uint64_t *out) {
    return vk_json_is(json, VK_JSON_NUMBER) && vk_str_to_u64(json->text, out);
}

/* The record with the counter moved: keys keep their places, new ones go to the end. */
static void write_dirt(struct vk_buf *buf, const struct vk_json *old,
                       const struct dirt_counter counters[DIRT_KEYS]) {
    bool written[DIRT_KEYS] = {false};
    vk_buf_char(buf, '{');
    for (const struct vk_json *m = old->first; m; m = m->next) {
        uint64_t value = 0;
        bool is_number = number_of(m, &value);
        for (int i = 0; i < DIRT_KEYS; i++) {
            if (!vk_str_eq(m->key, vk_str(counters[i].name)) || !counters[i].counted) continue;
            value += counters[i].more;
            is_number = written[i] = true;
        }
        if (m != old->first) vk_buf_char(buf, ',');
        vk_json_quote(buf, m->key);
        vk_buf_char(buf, ':');
        if (is_number)
            vk_buf_u64(buf, value);
        else
            vk_json_write(buf, m);
    }
    for (int i = 0; i < DIRT_KEYS; i++) {
        if (!counters[i].counted || written[i]) continue;
        if (buf->n && buf->p && buf->p[buf->n - 1] != '{') vk_buf_char(buf, ',');
        vk_json_quote(buf, vk_str(counters[i].name));
        vk_buf_char(buf, ':');
        vk_buf_u64(buf, counters[i].more);
    }
    vk_buf_char(buf, '}');
}

enum vk_err vk_vat_add_dirt(struct vk_state *state, struct vk_vat_id vat, struct vk_dirt dirt) {
    const struct vk_json *old, *options;
    struct dirt_thresholds thresholds;
    VK_TRY(vk_state_json(state, &old, KEY(VAT(vat), LIT(".reapDirt"))));
    VK_TRY(
        vk_state_json(state, &thresholds.by_default, KEY(LIT("kernel.defaultReapDirtThreshold"))));
    VK_TRY(vk_state_json(state, &options, KEY(VAT(vat), LIT(".options"))));
    thresholds.own = vk_json_get(options, "reapDirtThreshold");
    const struct vk_json *never = threshold_of(thresholds, "never");
    if (vk_json_is(never, VK_JSON_BOOL) && never->truth) return VK_OK;

    struct dirt_counter counters[DIRT_KEYS] = {
        {"deliveries", true, dirt.deliveries},
        {"computrons", dirt.has_computrons, dirt.computrons},
        {"gcKrefs", dirt.gc_krefs > 0, dirt.gc_krefs},
    };
    bool reap = false;
    for (int i = 0; i < DIRT_KEYS; i++) {
        uint64_t threshold = 0, before = 0;
        struct dirt_counter *counter = &counters[i];
        /* A counter that can trigger nothing ('never', or 0) is not kept. */
        if (!number_of(threshold_of(thresholds, counter->name), &threshold) || !threshold)
            counter->counted = false;
        if (!counter->counted) continue;
        (void)number_of(vk_json_get(old, counter->name), &before);
        reap = reap || before + counter->more >= threshold;
    }
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, state->arena);
    write_dirt(&buf, old, counters);
    VK_TRY(vk_buf_finish(&buf, &text));
    VK_TRY(vk_state_set(state, text, KEY(VAT(vat), LIT(".reapDirt"))));
    return reap ? vk_reap_schedule(state, vat) : VK_OK;
}

enum vk_err vk_vat_clear_dirt(struct vk_state *state, struct vk_vat_id vat) {
    return vk_state_set(state, VK_STR("{}"), KEY(VAT(vat), LIT(".reapDirt")));
}
