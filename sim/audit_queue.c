/* audit_queue.c - the run-queue, the acceptance queue, queued upgrade events, GC actions, reaps,
 * pins.
 *
 * Answers to initQueue, enqueue, addGCActions, scheduleReap, pinObject of kernelKeeper.js, and to
 * the events of kernel.js, vat-admin-hooks.js and initializeKernel.js. What each event holds:
 *   send                  its target, its result, its slots
 *   notify                its promise
 *   create-vat, upgrade-vat, startVat   the slots of its vatParameters
 * An event may name a vat that has died since: SwingSet finds that out when the event's turn comes.
 */
#include "audit.h"

static void entry_report(struct audit *audit, struct vk_str key, const char *expected,
                         struct vk_str found) {
    audit_report(audit, AUDIT_QUEUE_ENTRY, key, vk_str(expected),
                 vk_str_present(found) ? found : VK_STR("something else"));
}

/* A vat that is or once was: its id was allocated. */
static bool vat_was_allocated(const struct audit *audit, struct vk_str id) {
    uint64_t number;
    const struct audit_counter *next = &audit->fixed[AUDIT_KEY_VAT_NEXT_ID].number;
    return audit_id_parse(id, 'v', &number) && number > 0 && (!next->known || number < next->next);
}

static void event_vat(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    struct vk_str vat = vk_json_string(vk_json_get(event, "vatID"));
    if (!vk_str_present(vat) || !vat_was_allocated(audit, vat))
        entry_report(audit, key, "the id of a vat as vatID", vat);
}

static void event_parameters(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    const struct vk_json *parameters = vk_json_get(event, "vatParameters");
    if (audit_is_capdata(parameters))
        audit_refer_slots(audit, key, vk_json_get(parameters, "slots"));
    else
        entry_report(audit, key, "{body, slots} as vatParameters", VK_STR_NONE);
}

static void event_string(struct audit *audit, struct vk_str key, const struct vk_json *event,
                         const char *field) {
    if (!vk_json_is(vk_json_get(event, field), VK_JSON_STRING))
        entry_report(audit, key, audit_text(audit, "a string as %s", field).p, VK_STR_NONE);
}

static void event_object(struct audit *audit, struct vk_str key, const struct vk_json *event,
                         const char *field) {
    if (!vk_json_is(vk_json_get(event, field), VK_JSON_OBJECT))
        entry_report(audit, key, audit_text(audit, "an object as %s", field).p, VK_STR_NONE);
}

static void event_send(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    struct vk_str target = vk_json_string(vk_json_get(event, "target"));
    enum audit_slot slot;
    uint64_t id;
    if (audit_kref_parse(target, &slot, &id) && slot != AUDIT_SLOT_DEVICE)
        audit_refer(audit, key, target);
    else
        entry_report(audit, key, "an object or promise as target", target);
    audit_message(audit, key, vk_json_get(event, "msg"));
}

static void event_notify(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    event_vat(audit, key, event);
    struct vk_str kpid = vk_json_string(vk_json_get(event, "kpid"));
    enum audit_slot slot;
    uint64_t id;
    if (!audit_kref_parse(kpid, &slot, &id) || slot != AUDIT_SLOT_PROMISE) {
        entry_report(audit, key, "a promise as kpid", kpid);
        return;
    }
    audit_refer(audit, key, kpid);
    const struct audit_promise *promise = audit_find_promise(audit, kpid);
    if (promise && promise->state == AUDIT_PROMISE_UNRESOLVED)
        entry_report(audit, key, "a settled promise as kpid", kpid);
}

static void event_create_vat(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    event_vat(audit, key, event);
    event_object(audit, key, event, "source");
    event_object(audit, key, event, "dynamicOptions");
    event_parameters(audit, key, event);
}

static void event_upgrade_vat(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    event_vat(audit, key, event);
    event_string(audit, key, event, "upgradeID");
    event_string(audit, key, event, "bundleID");
    event_string(audit, key, event, "upgradeMessage");
    event_parameters(audit, key, event);
}

static void event_change_options(struct audit *audit, struct vk_str key,
                                 const struct vk_json *event) {
    event_vat(audit, key, event);
    event_object(audit, key, event, "options");
}

static void event_start_vat(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    event_vat(audit, key, event);
    event_parameters(audit, key, event);
}

void audit_event(struct audit *audit, struct vk_str key, const struct vk_json *event) {
    static const struct {
        const char *type;
        void (*check)(struct audit *, struct vk_str, const struct vk_json *);
    } types[] = {{"send", event_send},
                 {"notify", event_notify},
                 {"create-vat", event_create_vat},
                 {"upgrade-vat", event_upgrade_vat},
                 {"changeVatOptions", event_change_options},
                 {"suspend-vat", event_vat},
                 {"unsuspend-vat", event_vat},
                 {"startVat", event_start_vat}};
    struct vk_str type = vk_json_string(vk_json_get(event, "type"));
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!vk_str_eq(type, vk_str(types[i].type))) continue;
        types[i].check(audit, key, event);
        return;
    }
    entry_report(audit, key, "the type of a queued event", type);
}

/* ---- the kernel's own, where they wait for a paused vat */

static void waiting_gc(struct audit *audit, struct vk_str key, const struct audit_holder *vat,
                       const struct vk_json *event, bool retires_imports) {
    const struct vk_json *krefs = vk_json_get(event, "krefs");
    event_vat(audit, key, event);
    if (!vk_json_is(krefs, VK_JSON_ARRAY)) {
        entry_report(audit, key, "an array as krefs", VK_STR_NONE);
        return;
    }
    for (const struct vk_json *kref = krefs->first; kref; kref = kref->next) {
        enum audit_slot slot;
        uint64_t id;
        if (!audit_kref_parse(vk_json_string(kref), &slot, &id) || slot != AUDIT_SLOT_OBJECT) {
            entry_report(audit, key, "objects as krefs", vk_json_string(kref));
            continue;
        }
        const struct audit_pair *entry = vat ? audit_find_entry(audit, vat, kref->text) : NULL;
        if (retires_imports && entry) audit->import_retired[entry - audit->state->pairs] = true;
    }
}

void audit_waiting_event(struct audit *audit, struct vk_str key, const struct audit_holder *vat,
                         const struct vk_json *event) {
    static const char *const gc[] = {"retireImports", "dropExports", "retireExports"};
    struct vk_str type = vk_json_string(vk_json_get(event, "type"));
    for (size_t i = 0; i < sizeof gc / sizeof *gc; i++) {
        if (!vk_str_eq(type, vk_str(gc[i]))) continue;
        waiting_gc(audit, key, vat, event, i == 0);
        return;
    }
    if (vk_str_eq(type, VK_STR("bringOutYourDead")))
        event_vat(audit, key, event);
    else
        audit_event(audit, key, event);
}

/* ---- queues */
/* The first of the keys prefix.[from..to) that is missing; at most one more look-up than there
 * are keys. */
static void report_missing_entry(struct audit *audit, struct vk_str prefix, uint64_t from,
                                 uint64_t to) {
    for (uint64_t i = from; i < to; i++) {
        vk_arena_clear(&audit->scratch);
        struct vk_str key =
            audit_text(audit, "%.*s%llu", VK_STR_ARG(prefix), (unsigned long long)i);
        if (audit_state_find(audit->state, key)) continue;
        audit_report(audit, AUDIT_QUEUE_BOUNDS, key, VK_STR("an entry"), VK_STR("(none)"));
        return;
    }
}

/* Whether the entry lies within the queue's bounds. */
static bool queue_entry_check(struct audit *audit, const struct audit_fixed_key *bounds,
                              const struct audit_pair *pair, uint64_t number) {
    vk_arena_clear(&audit->scratch);
    if (number < bounds->head || number >= bounds->tail) {
        audit_report(audit, AUDIT_QUEUE_BOUNDS, pair->key,
                     audit_text(audit, "no entry outside of %.*s", VK_STR_ARG(bounds->pair->value)),
                     pair->value);
        return false;
    }
    const struct vk_json *event = audit_json(audit, &audit->scratch, pair, VK_JSON_OBJECT);
    if (event) audit_event(audit, pair->key, event);
    return true;
}

/* Returns how many entries the queue has. */
static uint64_t queue_check(struct audit *audit, enum audit_fixed which, struct vk_str prefix) {
    const struct audit_fixed_key *bounds = &audit->fixed[which];
    if (!bounds->json) return 0; /* reported already */
    if (bounds->head > bounds->tail)
        audit_report(audit, AUDIT_QUEUE_BOUNDS, bounds->pair->key, VK_STR("head <= tail"),
                     bounds->pair->value);
    uint64_t present = 0;
    for (size_t i = audit_state_lower_bound(audit->state, prefix);
         i < audit->state->pair_count && vk_str_starts(audit->state->pairs[i].key, prefix); i++) {
        const struct audit_pair *pair = &audit->state->pairs[i];
        uint64_t number;
        if (!vk_str_to_u64(vk_str_from(pair->key, prefix.n), &number)) continue; /* unknown-key */
        present += queue_entry_check(audit, bounds, pair, number);
    }
    if (bounds->head <= bounds->tail && present < bounds->tail - bounds->head)
        report_missing_entry(audit, prefix, bounds->head, bounds->tail);
    return present;
}

/* Events that upgradeSwingset() left for the host to inject hold what they name, too. */
static void upgrade_events_check(struct audit *audit) {
    const struct audit_fixed_key *events = &audit->fixed[AUDIT_KEY_UPGRADE_EVENTS];
    if (!events->json) return;
    for (const struct vk_json *event = events->json->first; event; event = event->next) {
        vk_arena_clear(&audit->scratch);
        audit_event(audit, events->pair->key, event);
    }
}

/* ---- GC actions */
static void gc_action_check(struct audit *audit, struct vk_str key, struct vk_str action) {
    struct vk_str words[3];
    struct vk_str rest = action;
    for (int i = 0; i < 3; i++) {
        const char *space = rest.n && i < 2 ? memchr(rest.p, ' ', rest.n) : NULL;
        words[i] = space ? (struct vk_str){rest.p, (size_t)(space - rest.p)} : rest;
        rest = space ? vk_str_from(rest, words[i].n + 1) : VK_STR("");
    }
    bool retires_import = vk_str_eq(words[1], VK_STR("retireImport"));
    bool known = retires_import || vk_str_eq(words[1], VK_STR("dropExport")) ||
                 vk_str_eq(words[1], VK_STR("retireExport"));
    enum audit_slot slot;
    uint64_t id;
    if (!known || !audit_kref_parse(words[2], &slot, &id) || slot != AUDIT_SLOT_OBJECT) {
        audit_report(audit, AUDIT_GC_ACTIONS, key, VK_STR("vN dropExport|retireExport|... koN"),
                     action);
        return;
    }
    const struct audit_counter *next = audit_kref_counter(audit, slot);
    if (!vat_was_allocated(audit, words[0]) || (next->known && id >= next->next)) {
        audit_report(audit, AUDIT_GC_ACTIONS, key, VK_STR("a vat and an object that were made"),
                     action);
        return;
    }
    const struct audit_holder *vat = audit_find_holder(audit, words[0]);
    if (!vat) return; /* it died, and the action comes to nothing */
    const struct audit_pair *entry = audit_find_entry(audit, vat, words[2]);
    if (retires_import && entry) audit->import_retired[entry - audit->state->pairs] = true;
}

static void gc_actions_check(struct audit *audit) {
    const struct audit_fixed_key *actions = &audit->fixed[AUDIT_KEY_GC_ACTIONS];
    if (!actions->json) return;
    struct vk_str last = VK_STR_NONE;
    for (const struct vk_json *action = actions->json->first; action; action = action->next) {
        vk_arena_clear(&audit->scratch);
        if (vk_str_present(last) && vk_str_cmp(last, action->text) >= 0)
            audit_report(audit, AUDIT_GC_ACTIONS, actions->pair->key,
                         audit_text(audit, "actions after \"%.*s\"", VK_STR_ARG(last)),
                         action->text);
        last = action->text;
        gc_action_check(audit, actions->pair->key, action->text);
    }
}

/* ---- reaps and pins */
static void reap_queue_check(struct audit *audit) {
    const struct audit_fixed_key *queue = &audit->fixed[AUDIT_KEY_REAP_QUEUE];
    if (!queue->json) return;
    for (const struct vk_json *id = queue->json->first; id; id = id->next) {
        if (!vat_was_allocated(audit, id->text)) {
            audit_report(audit, AUDIT_REAP_QUEUE, queue->pair->key, VK_STR("ids of vats"),
                         id->text);
            continue;
        }
        struct audit_holder *vat = audit_find_holder(audit, id->text);
        if (!vat) continue; /* it died, and its turn comes to nothing */
        if (vat->seen_in_list)
            audit_report(audit, AUDIT_REAP_QUEUE, queue->pair->key, VK_STR("each vat once"),
                         id->text);
        vat->seen_in_list = true;
    }
}

/* vatAdminRootKref holds nothing: what it names is held by a pin. */
static void pins_check(struct audit *audit) {
    const struct audit_pair *pins = audit->fixed[AUDIT_KEY_PINNED_OBJECTS].pair;
    const struct audit_pair *root = audit->fixed[AUDIT_KEY_VAT_ADMIN_ROOT].pair;
    struct vk_str rest = pins ? pins->value : VK_STR_NONE, kref, last = VK_STR_NONE;
    bool root_is_pinned = !root;
    while (pins && audit_list_next(&rest, &kref)) {
        if (vk_str_present(last) && vk_str_cmp(last, kref) >= 0)
            audit_report(audit, AUDIT_PINS, pins->key, VK_STR("krefs sorted, each once"), kref);
        last = kref;
        audit_refer(audit, pins->key, kref);
        root_is_pinned = root_is_pinned || vk_str_eq(kref, root->value);
    }
    if (!root_is_pinned)
        audit_report(audit, AUDIT_PINS, root->key, VK_STR("a pinned object"), root->value);
}

enum vk_err audit_queues(struct audit *audit) {
    audit->acceptance_queue_entries =
        queue_check(audit, AUDIT_KEY_ACCEPTANCE_QUEUE, VK_STR("acceptanceQueue."));
    audit->run_queue_entries = queue_check(audit, AUDIT_KEY_RUN_QUEUE, VK_STR("runQueue."));
    upgrade_events_check(audit);
    gc_actions_check(audit);
    reap_queue_check(audit);
    pins_check(audit);
    return audit->err;
}
