/* audit_vat.c - vats and devices: who is alive, and whether it has all that it needs to live.
 *
 * A vat is created, lives in vat.names (static) or vat.dynamicIDs, moves to vats.terminated when
 * it ends, and leaves that list when the last of its keys, snapshots and transcripts is deleted.
 * Deletion walks its keys in byte order, under a budget, so a terminated vat may lack any of
 * them.
 *
 * Answers to deleteVatID, markVatAsTerminated and cleanupAfterTerminatedVat of kernelKeeper.js,
 * initializeVatState of vatKeeper.js, and lib/recordVatOptions.js.
 */
#include "audit.h"

/* ---- the lists */
static void list_vat(struct audit *audit, struct vk_str list, struct vk_str id,
                     enum audit_life life) {
    uint64_t number;
    const struct audit_counter *next = &audit->fixed[AUDIT_KEY_VAT_NEXT_ID].number;
    if (!audit_id_parse(id, 'v', &number)) {
        audit_report(audit, AUDIT_VAT_LIST, list, VK_STR("a vat id"), id);
        return;
    }
    if (next->known && number >= next->next)
        audit_report(audit, AUDIT_ID_RANGE, list,
                     audit_text(audit, "ids below v%llu", (unsigned long long)next->next), id);
    struct audit_holder *vat = audit_find_holder(audit, id);
    if (!vat) { /* of a terminated vat, only snapshots and transcripts may be left */
        if (life != AUDIT_LIFE_TERMINATED)
            audit_report(audit, AUDIT_VAT_KEYS, id, VK_STR("the keys of a live vat"),
                         VK_STR("(none)"));
        return;
    }
    if (vat->life != AUDIT_LIFE_NONE)
        audit_report(audit, AUDIT_VAT_LIST, list, VK_STR("a vat in no list before"), id);
    else
        vat->life = life;
}

static void list_ids(struct audit *audit, enum audit_fixed key, enum audit_life life) {
    const struct audit_fixed_key *list = &audit->fixed[key];
    if (!list->json) return;
    for (const struct vk_json *id = list->json->first; id; id = id->next) {
        list_vat(audit, list->pair->key, id->text, life);
        vk_arena_clear(&audit->scratch);
    }
}

static void list_device(struct audit *audit, const struct audit_pair *name) {
    struct audit_holder *device = audit_find_holder(audit, name->value);
    if (!device || !device->is_device)
        audit_report(audit, AUDIT_VAT_KEYS, name->key, VK_STR("a device with keys"), name->value);
    else if (device->life != AUDIT_LIFE_NONE)
        audit_report(audit, AUDIT_VAT_LIST, name->key, VK_STR("a device with one name"),
                     name->value);
    else
        device->life = AUDIT_LIFE_DEVICE;
}

/* Static vats and devices: a JSON list of names, and a key for each name. */
static void list_names(struct audit *audit, enum audit_fixed key, const char *prefix) {
    const struct audit_fixed_key *list = &audit->fixed[key];
    if (!list->json) return;
    uint64_t found = 0;
    for (const struct vk_json *name = list->json->first; name; name = name->next) {
        vk_arena_clear(&audit->scratch);
        struct vk_str wanted = audit_text(audit, "%s%.*s", prefix, VK_STR_ARG(name->text));
        const struct audit_pair *pair = audit_state_find(audit->state, wanted);
        if (!pair) {
            audit_report(audit, AUDIT_VAT_LIST, wanted, VK_STR("an id"), VK_STR("(none)"));
            continue;
        }
        found++;
        if (key == AUDIT_KEY_VAT_NAMES)
            list_vat(audit, pair->key, pair->value, AUDIT_LIFE_STATIC);
        else
            list_device(audit, pair);
    }
    uint64_t keys = 0;
    for (size_t i = audit_state_lower_bound(audit->state, vk_str(prefix));
         i < audit->state->pair_count && vk_str_starts(audit->state->pairs[i].key, vk_str(prefix));
         i++)
        keys++;
    if (keys > found)
        audit_report(audit, AUDIT_VAT_LIST, list->pair->key,
                     audit_text(audit, "%llu names, as there are keys", (unsigned long long)keys),
                     list->pair->value);
}

/* ---- the keys of one vat */
static bool is_source(const struct vk_json *source) {
    return vk_json_is(vk_json_get(source, "bundleID"), VK_JSON_STRING) ||
           vk_json_is(vk_json_get(source, "bundleName"), VK_JSON_STRING) ||
           vk_json_is(vk_json_get(source, "bundle"), VK_JSON_OBJECT);
}

static void source_check(struct audit *audit, const struct audit_holder *holder) {
    if (!holder->source) return;
    const struct vk_json *source =
        audit_json(audit, &audit->scratch, holder->source, VK_JSON_OBJECT);
    if (source && !is_source(source))
        audit_report(audit, AUDIT_VAT_OPTIONS, holder->source->key,
                     VK_STR("a bundle, bundleName or bundleID"), holder->source->value);
}

static void meter_check(struct audit *audit, const struct audit_holder *vat,
                        const struct vk_json *meter_id) {
    if (!vk_json_is(meter_id, VK_JSON_STRING)) {
        audit_report(audit, AUDIT_VAT_OPTIONS, vat->options->key, VK_STR("a string as meterID"),
                     vat->options->value);
        return;
    }
    const struct audit_meter *meter = audit_find_meter(audit, meter_id->text);
    if (!meter) /* a half one is reported with the meters */
        audit_report(audit, AUDIT_VAT_METER, vat->options->key, VK_STR("a meter that exists"),
                     meter_id->text);
}

/* An option of the wrong type, or NULL. Absent ones are fine: JSON leaves out what is undefined. */
static const char *option_of_wrong_type(const struct vk_json *options) {
    static const char *const booleans[] = {"enableSetup",      "enablePipelining",
                                           "enableDisavow",    "useTranscript",
                                           "critical",         "restartCritical",
                                           "pauseOnUnderflow", "suspendOnFatal"};
    for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++) {
        const struct vk_json *option = vk_json_get(options, booleans[i]);
        if (option && !vk_json_is(option, VK_JSON_BOOL)) return booleans[i];
    }
    const struct vk_json *name = vk_json_get(options, "name");
    if (name && !vk_json_is(name, VK_JSON_STRING)) return "name";
    const struct vk_json *vatstore = vk_json_get(options, "vatstore");
    if (vatstore && !vk_json_is(vatstore, VK_JSON_STRING)) return "vatstore";
    if (!vk_json_is(vk_json_get(options, "workerOptions"), VK_JSON_OBJECT)) return "workerOptions";
    if (!vk_json_is(vk_json_get(options, "reapDirtThreshold"), VK_JSON_OBJECT))
        return "reapDirtThreshold";
    return NULL;
}

static void options_check(struct audit *audit, struct audit_holder *vat) {
    if (!vat->options) return;
    const struct vk_json *options =
        audit_json(audit, &audit->scratch, vat->options, VK_JSON_OBJECT);
    if (!options || vat->is_device) return;
    const char *wrong = option_of_wrong_type(options);
    if (wrong)
        audit_report(audit, AUDIT_VAT_OPTIONS, vat->options->key,
                     audit_text(audit, "%s of its type", wrong), vat->options->value);
    const struct vk_json *use_transcript = vk_json_get(options, "useTranscript");
    vat->no_transcript = vk_json_is(use_transcript, VK_JSON_BOOL) && !use_transcript->truth;
    const struct vk_json *meter = vk_json_get(options, "meterID");
    if (meter) meter_check(audit, vat, meter);
}

static bool is_dirt(const struct vk_json *dirt) {
    static const char *const kinds[] = {"deliveries", "gcKrefs", "computrons"};
    size_t known = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct vk_json *amount = vk_json_get(dirt, kinds[i]);
        if (!amount) continue;
        if (!vk_json_is(amount, VK_JSON_NUMBER) || amount->text.p[0] == '-') return false;
        known++;
    }
    return known == dirt->count;
}

static void dirt_check(struct audit *audit, const struct audit_holder *vat) {
    if (!vat->reap_dirt) return;
    const struct vk_json *dirt = audit_json(audit, &audit->scratch, vat->reap_dirt, VK_JSON_OBJECT);
    if (dirt && !is_dirt(dirt))
        audit_report(audit, AUDIT_VAT_OPTIONS, vat->reap_dirt->key,
                     VK_STR("deliveries, gcKrefs, computrons"), vat->reap_dirt->value);
}

/* The key holds its slots for as long as it is there, in a half-deleted vat too. */
static void parameters_check(struct audit *audit, const struct audit_holder *vat) {
    if (!vat->parameters) return; /* as in a vat created by an older kernel */
    const struct vk_json *parameters =
        audit_json(audit, &audit->scratch, vat->parameters, VK_JSON_OBJECT);
    if (!parameters) return;
    if (audit_is_capdata(parameters))
        audit_refer_slots(audit, vat->parameters->key, vk_json_get(parameters, "slots"));
    else
        audit_report(audit, AUDIT_VAT_OPTIONS, vat->parameters->key, VK_STR("{body, slots}"),
                     vat->parameters->value);
}

static void require(struct audit *audit, const struct audit_holder *holder, bool present,
                    const char *key) {
    if (!present)
        audit_report(audit, AUDIT_VAT_KEYS, audit_key(audit, holder->id, key), VK_STR("a value"),
                     VK_STR("(none)"));
}

/* The counters of a c-list begin apart from each other, so that krefs and vrefs are not easily
 * mixed up. */
static void require_counter(struct audit *audit, const struct audit_holder *holder,
                            enum audit_slot slot, const char *key, uint64_t start) {
    const struct audit_counter *counter = &holder->next[slot];
    require(audit, holder, counter->known, key);
    if (counter->known && counter->next < start)
        audit_report(audit, AUDIT_ID_RANGE, audit_key(audit, holder->id, key),
                     audit_text(audit, "at least %llu", (unsigned long long)start),
                     audit_text(audit, "%llu", (unsigned long long)counter->next));
}

static void keys_check(struct audit *audit, const struct audit_holder *holder) {
    if (holder->life == AUDIT_LIFE_NONE) {
        audit_report(audit, AUDIT_VAT_KEYS, holder->id, VK_STR("no keys, or a place in a list"),
                     VK_STR("keys"));
        return;
    }
    if (holder->life == AUDIT_LIFE_TERMINATED) return;
    bool is_device = holder->is_device;
    require_counter(audit, holder, AUDIT_SLOT_OBJECT, "o.nextID", is_device ? 10 : 50);
    require_counter(audit, holder, AUDIT_SLOT_PROMISE, "p.nextID", is_device ? 30 : 60);
    require_counter(audit, holder, AUDIT_SLOT_DEVICE, "d.nextID", is_device ? 20 : 70);
    require(audit, holder, holder->source, "source");
    require(audit, holder, holder->options, "options");
    if (!is_device) require(audit, holder, holder->reap_dirt, "reapDirt");
}

static void meters_check(struct audit *audit) {
    for (size_t i = 0; i < audit->meter_count; i++) {
        const struct audit_meter *meter = &audit->meters[i];
        if (!meter->remaining || !meter->threshold)
            audit_report(audit, AUDIT_VAT_METER,
                         audit_key(audit, meter->id, meter->remaining ? "threshold" : "remaining"),
                         VK_STR("a value"), VK_STR("(none)"));
        vk_arena_clear(&audit->scratch);
    }
}

enum vk_err audit_vats(struct audit *audit) {
    list_names(audit, AUDIT_KEY_VAT_NAMES, "vat.name.");
    list_names(audit, AUDIT_KEY_DEVICE_NAMES, "device.name.");
    list_ids(audit, AUDIT_KEY_VAT_DYNAMIC_IDS, AUDIT_LIFE_DYNAMIC);
    list_ids(audit, AUDIT_KEY_VATS_TERMINATED, AUDIT_LIFE_TERMINATED);
    for (size_t i = 0; i < audit->holder_count; i++) {
        struct audit_holder *holder = &audit->holders[i];
        vk_arena_clear(&audit->scratch);
        keys_check(audit, holder);
        source_check(audit, holder);
        options_check(audit, holder);
        dirt_check(audit, holder);
        parameters_check(audit, holder);
    }
    meters_check(audit);
    return audit->err;
}
