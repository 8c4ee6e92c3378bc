/* audit_recording.c - see audit_recording.h. */
#include "audit_recording.h"

struct playing {
    struct vk_store *store;
    struct vk_arena scratch; /* cleared after each event */
    struct sim_audit_place *place;
    bool is_initialised; /* the kernel's version was written */
};

/* A save-snapshot item stands at the position of the snapshot that it names. */
static enum vk_err play_item(struct playing *playing, struct vk_str vat, struct vk_str item) {
    if (vk_str_starts(item, VK_STR("{\"d\":[\"save-snapshot\"]"))) {
        const struct vk_json *json;
        VK_TRY(vk_json_parse(&playing->scratch, item, &json));
        struct vk_str hash = vk_json_string(vk_json_get(vk_json_get(json, "r"), "snapshotID"));
        char hex[VK_HASH_HEX];
        if (hash.n != sizeof hex - 1)
            return VK_RAISE(VK_ERR_CORRUPT, "a save-snapshot item without snapshotID");
        memcpy(hex, hash.p, hash.n);
        hex[hash.n] = '\0';
        struct vk_span span;
        struct vk_snapshot_info info;
        VK_TRY(vk_transcript_current(playing->store, vat, &span));
        VK_TRY(vk_snapshot_save(playing->store, vat, span.end, hex, VK_STR(""), &info));
    }
    return vk_transcript_add(playing->store, vat, item);
}

static enum vk_err play_incarnation(struct playing *playing, struct vk_str vat) {
    uint64_t incarnation;
    VK_TRY(vk_snapshot_stop(playing->store, vat));
    return vk_transcript_rollover_incarnation(playing->store, vat, &incarnation);
}

static enum vk_err play_stop(struct playing *playing, struct vk_str vat) {
    VK_TRY(vk_snapshot_stop(playing->store, vat));
    return vk_transcript_stop(playing->store, vat);
}

/* Transcripts are deleted only once the last snapshot is gone (cleanupAfterTerminatedVat). */
static enum vk_err play_delete(struct playing *playing, struct vk_str vat, uint64_t budget) {
    uint64_t cleanups;
    bool done;
    VK_TRY(vk_snapshot_delete(playing->store, vat, VK_UNLIMITED, &cleanups, &done));
    return vk_transcript_delete(playing->store, vat, budget, &cleanups, &done);
}

static enum vk_err play_set(struct playing *playing, struct vk_str key, struct vk_str value) {
    if (vk_str_eq(key, VK_STR("version"))) playing->is_initialised = true;
    return vk_store_set(playing->store, key, value);
}

static enum vk_savepoint savepoint_of(struct vk_str name) {
    return vk_str_eq(name, VK_STR("start")) ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
}

static enum vk_err play(struct playing *playing, const struct sim_event *event) {
    struct vk_store *store = playing->store;
    switch (event->type) {
    case VK_TRACE_SET: return play_set(playing, event->key, event->value);
    case VK_TRACE_DEL: return vk_store_delete(store, event->key);
    case VK_TRACE_START_CRANK: return vk_store_start_crank(store);
    case VK_TRACE_SAVEPOINT: return vk_store_savepoint(store, savepoint_of(event->key));
    case VK_TRACE_ROLLBACK: return vk_store_rollback(store, savepoint_of(event->key));
    case VK_TRACE_TRANSCRIPT_INIT: return vk_transcript_init(store, event->key);
    case VK_TRACE_TRANSCRIPT_ITEM: return play_item(playing, event->key, event->value);
    case VK_TRACE_TRANSCRIPT_SPAN: return vk_transcript_rollover_span(store, event->key);
    case VK_TRACE_TRANSCRIPT_INCARNATION: return play_incarnation(playing, event->key);
    case VK_TRACE_TRANSCRIPT_STOP: return play_stop(playing, event->key);
    case VK_TRACE_TRANSCRIPT_DELETE: return play_delete(playing, event->key, event->budget);
    case VK_TRACE_END_CRANK:
        VK_TRY(vk_store_end_crank(store));
        playing->place->cranks++;
        return vk_store_commit(store); /* pending rows would be looked through again and again */
    case VK_TRACE_EMIT:                /* activityhash is history, not state */
    case VK_TRACE_BUNDLE:
    case VK_TRACE_BUNDLE_DEL:
    case VK_TRACE_COMMIT:
    case VK_TRACE_CLOSE:
    case VK_TRACE_SLOG: return VK_OK;
    }
    return VK_OK;
}

/* How many events come before the crank in which the kernel went down, if it did: one that wrote,
 * and either has no end or no hashes. No host commits that. */
static size_t events_played(const struct sim_recording *recording) {
    size_t start = 0;
    bool in_crank = false, wrote = false, emitted = false;
    for (size_t i = 0; i < recording->events.count; i++) {
        switch ((int)recording->events.at[i].type) {
        case VK_TRACE_START_CRANK:
            in_crank = true;
            start = i;
            wrote = emitted = false;
            break;
        case VK_TRACE_END_CRANK:
            in_crank = false;
            if (wrote && !emitted) return start;
            break;
        case VK_TRACE_SET:
        case VK_TRACE_DEL: wrote = true; break;
        case VK_TRACE_EMIT: emitted = true; break;
        default: break;
        }
    }
    return in_crank ? start : recording->events.count;
}

/* A state between two cranks: items are hashed by the store itself as they are played, so once,
 * at the end, is enough for them. */
static enum vk_err audit_between(struct playing *playing, const struct sim_audit_options *options,
                                 struct sim_audit_report *report) {
    struct sim_audit_options without_items = *options;
    without_items.without_items = true;
    return sim_audit_store(playing->store, &without_items, report);
}

static enum vk_err play_all(struct playing *playing, const struct sim_recording *recording,
                            const struct sim_audit_options *options, bool every_crank,
                            struct sim_audit_report *report) {
    size_t count = events_played(recording);
    VK_ASSERT(count <= recording->events.count); /* INV-AUDIT-RECORDING-1 */
    for (size_t i = 0; i < count; i++) {
        const struct sim_event *event = &recording->events.at[i];
        playing->place->line = event->line;
        VK_TRY(play(playing, event));
        vk_arena_clear(&playing->scratch);
        if (!every_crank || event->type != VK_TRACE_END_CRANK || !playing->is_initialised) continue;
        VK_TRY(audit_between(playing, options, report));
        if (report->violations) return VK_OK;
    }
    return sim_audit_store(playing->store, options, report);
}

enum vk_err sim_audit_recording(const struct sim_recording *recording,
                                const struct sim_audit_options *options, bool every_crank,
                                struct sim_audit_place *place, struct sim_audit_report *report) {
    const struct vk_ports ports = {.heap = options->heap, .disk = {.path = ":memory:"}};
    const struct vk_store_options store_options = {
        .mode = VK_STORE_WRITE_BACK, .no_activity_hash = true, .no_state_hash = true};
    *place = (struct sim_audit_place){0};
    *report = (struct sim_audit_report){0};
    struct playing playing = {.place = place};
    VK_TRY(vk_store_open(&ports, &store_options, &playing.store));
    vk_arena_init(&playing.scratch, options->heap);
    enum vk_err err = play_all(&playing, recording, options, every_crank, report);
    vk_arena_release(&playing.scratch);
    vk_store_close(playing.store);
    return err;
}
