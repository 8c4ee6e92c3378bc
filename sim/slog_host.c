/* slog_host.c - see slog_host.h. Answers to queueToKref() of kernel.js and queueToVatObject() of controller.js. */
#include "slog_host.h"

#include "log_hash.h"
#include "recorded_facts.h"

#include <stdio.h>

enum { OPTIONS = 8, SEARCHED_MAX = 6, SETTLED_MAX = 12, LOOKED_BACK = 1000 };

static const struct {
    const char *policy; /* NULL: ignore, which is not written */
    bool waits;
    const char *words;
} options[OPTIONS] = {
    {NULL, true, "result policy ignore, and the host waits for it"},
    {"logFailure", true, "result policy logFailure, and the host waits for it"},
    {"panic", true, "result policy panic, and the host waits for it"},
    {"logAlways", true, "result policy logAlways, and the host waits for it"},
    {NULL, false, "result policy ignore"},
    {"logFailure", false, "result policy logFailure"},
    {"panic", false, "result policy panic"},
    {"logAlways", false, "result policy logAlways"},
};

const char *sim_slog_host_option(const struct sim_host_message *message) {
    return message->result.p ? options[message->option].words : "it wants no result";
}

/* The host's writes so far, none of which the store has yet. */
struct queueing {
    struct vk_store *store;
    struct vk_arena *arena;
    struct {
        SIM_ARRAY(struct sim_crank_write);
    } writes;
};

static enum vk_err value_of(struct queueing *queueing, struct vk_str key, struct vk_str *value) {
    for (size_t i = queueing->writes.count; i-- > 0;)
        if (vk_str_eq(queueing->writes.at[i].key, key)) {
            *value = queueing->writes.at[i].value;
            return VK_OK;
        }
    return vk_store_get(queueing->store, queueing->arena, key, value);
}

static enum vk_err add_write(struct queueing *queueing, struct vk_str key, struct vk_str value) {
    SIM_ARRAY_RESERVE(&queueing->writes);
    queueing->writes.at[queueing->writes.count++] =
        (struct sim_crank_write){.key = key, .value = value};
    return VK_OK;
}

static enum vk_err add_write_of(struct queueing *queueing, struct vk_str kref, const char *member,
                                struct vk_str value) {
    struct vk_str key;
    VK_TRY(vk_arena_format(queueing->arena, &key, "%.*s.%s", VK_STR_ARG(kref), member));
    return add_write(queueing, key, value);
}

/* "3,4" -> "4,5", "1" -> "2" */
static enum vk_err count_up(struct queueing *queueing, struct vk_str kref) {
    struct vk_str key, old, fresh;
    unsigned long long reachable = 0, recognizable = 0;
    char text[64];
    if (!vk_str_starts(kref, VK_STR("ko")) && !vk_str_starts(kref, VK_STR("kp"))) return VK_OK;
    VK_TRY(vk_arena_format(queueing->arena, &key, "%.*s.refCount", VK_STR_ARG(kref)));
    VK_TRY(value_of(queueing, key, &old));
    snprintf(text, sizeof text, "%.*s", VK_STR_ARG(old));
    char *rest = text;
    reachable = strtoull(text, &rest, 10);
    if (*rest == ',') {
        recognizable = strtoull(rest + 1, NULL, 10);
        VK_TRY(
            vk_arena_format(queueing->arena, &fresh, "%llu,%llu", reachable + 1, recognizable + 1));
    } else {
        VK_TRY(vk_arena_format(queueing->arena, &fresh, "%llu", reachable + 1));
    }
    return add_write(queueing, key, fresh);
}

static enum vk_err new_promise(struct queueing *queueing, struct vk_str kpid, const char *policy) {
    struct vk_str next;
    uint64_t number = 0;
    if (!vk_str_to_u64(vk_str_from(kpid, 2), &number)) number = 0;
    VK_TRY(vk_arena_format(queueing->arena, &next, "%llu", (unsigned long long)number + 1));
    VK_TRY(add_write(queueing, VK_STR("kp.nextID"), next));
    VK_TRY(add_write_of(queueing, kpid, "state", VK_STR("unresolved")));
    VK_TRY(add_write_of(queueing, kpid, "subscribers", VK_STR("")));
    VK_TRY(add_write_of(queueing, kpid, "queue.nextID", VK_STR("0")));
    VK_TRY(add_write_of(queueing, kpid, "refCount", VK_STR("0")));
    VK_TRY(add_write_of(queueing, kpid, "decider", VK_STR("")));
    return policy ? add_write_of(queueing, kpid, "policy", vk_str(policy)) : VK_OK;
}

static enum vk_err enqueue(struct queueing *queueing, struct vk_str event) {
    struct vk_str ends, key, value;
    uint64_t tail = 0;
    VK_TRY(value_of(queueing, VK_STR("acceptanceQueue"), &ends));
    if (!sim_log_count(sim_log_at(ends, 1), &tail))
        return VK_RAISE(VK_ERR_CORRUPT, "acceptanceQueue is '%.*s'", VK_STR_ARG(ends));
    VK_TRY(
        vk_arena_format(queueing->arena, &key, "acceptanceQueue.%llu", (unsigned long long)tail));
    VK_TRY(add_write(queueing, key, event));
    VK_TRY(vk_arena_format(queueing->arena, &value, "[%.*s,%llu]", VK_STR_ARG(sim_log_at(ends, 0)),
                           (unsigned long long)tail + 1));
    return add_write(queueing, VK_STR("acceptanceQueue"), value);
}

/* Whoever names a vat asks for its root object first, which marks it as exported. */
static enum vk_err export_root(struct queueing *queueing, struct vk_str target) {
    struct vk_str key, owner, entry;
    VK_TRY(vk_arena_format(queueing->arena, &key, "%.*s.owner", VK_STR_ARG(target)));
    VK_TRY(value_of(queueing, key, &owner));
    VK_TRY(vk_arena_format(queueing->arena, &key, "%.*s.c.%.*s", VK_STR_ARG(owner),
                           VK_STR_ARG(target)));
    VK_TRY(value_of(queueing, key, &entry));
    bool is_root = entry.n > 2 && vk_str_eq(vk_str_from(entry, 2), VK_STR("o+0"));
    return is_root ? add_write(queueing, key, VK_STR("R o+0")) : VK_OK;
}

static enum vk_err queue_message(struct queueing *queueing, const struct sim_host_message *message,
                                 size_t option, bool by_vat) {
    struct vk_str msg = sim_log_get(message->event, "msg"), event;
    struct sim_log_walk walk;
    struct sim_log_member slot;
    const struct vk_json *json;
    bool has_result = message->result.p != NULL;
    if (by_vat) VK_TRY(export_root(queueing, sim_log_text(sim_log_get(message->event, "target"))));
    if (has_result) VK_TRY(new_promise(queueing, message->result, options[option].policy));
    VK_TRY(count_up(queueing, sim_log_text(sim_log_get(message->event, "target"))));
    if (has_result) VK_TRY(count_up(queueing, message->result));
    sim_log_walk_begin(&walk, sim_log_get(sim_log_get(msg, "methargs"), "slots"));
    while (sim_log_walk_next(&walk, &slot))
        VK_TRY(count_up(queueing, sim_log_text(slot.raw)));
    VK_TRY(vk_json_parse(queueing->arena, message->event, &json));
    VK_TRY(sim_fact_text(queueing->arena, json, &event));
    VK_TRY(enqueue(queueing, event));
    return has_result && options[option].waits ? count_up(queueing, message->result) : VK_OK;
}

/* ---- choosing */

struct choice {
    struct sim_host_batch *batch;
    const struct sim_log_unit *next;
    size_t count; /* of messages that the host is taken to have queued */
    size_t
        searched; /* messages whose options are independent; beyond that they are as the last of them */
    char hashes[SIM_BATCH_MAX][OPTIONS][VK_HASH_HEX];
    size_t settled_count;
    struct vk_str settled[SETTLED_MAX]; /* promises whose results the host may take */
};

static size_t options_of(const struct sim_host_message *message) {
    return message->result.p ? OPTIONS : 1;
}

/* The crankhash of what each message writes, with each option. */
static enum vk_err hash_messages(struct choice *choice, struct queueing *queueing) {
    for (size_t m = 0; m < choice->batch->count; m++) {
        const struct sim_host_message *message = &choice->batch->messages[m];
        size_t before = queueing->writes.count;
        for (size_t o = 0; o < options_of(message); o++) {
            struct sim_crank_log crank = {0};
            queueing->writes.count = before;
            VK_TRY(queue_message(queueing, message, o, choice->batch->by_vat));
            crank.writes.at = queueing->writes.at;
            crank.writes.count = queueing->writes.count;
            crank.first_hashed = before;
            VK_TRY(sim_log_crankhash(&crank, choice->hashes[m][o]));
        }
    }
    return VK_OK;
}

/* Goes on from the activityhash `before` with message m; *found if it comes to the next crank's. */
static enum vk_err search(struct choice *choice, size_t m, const char *before, bool *found) {
    char hash[VK_HASH_HEX];
    struct sim_host_batch *batch = choice->batch;
    if (m == choice->count) {
        VK_TRY(sim_log_activityhash(before, choice->next->crankhash, hash));
        *found = strcmp(hash, choice->next->activityhash) == 0;
        return VK_OK;
    }
    struct sim_host_message *message = &batch->messages[m];
    size_t last = m > 0 ? batch->messages[m - 1].option : 0;
    bool is_bound = m >= choice->searched && message->result.p;
    for (size_t o = 0; o < options_of(message) && !*found; o++) {
        if (is_bound && o != last) continue;
        message->option = o;
        VK_TRY(sim_log_activityhash(before, choice->hashes[m][o], hash));
        VK_TRY(search(choice, m + 1, hash, found));
    }
    return VK_OK;
}

static void guess(struct sim_host_batch *batch) {
    batch->taken = 0;
    for (size_t m = 0; m < batch->count; m++) {
        batch->messages[m].option = 0;
        batch->messages[m].is_guessed = true;
    }
}

bool sim_slog_host_emits(const char *before, const struct sim_log_unit *next) {
    char hash[VK_HASH_HEX];
    return sim_log_activityhash(before, next->crankhash, hash) != VK_OK ||
           strcmp(hash, next->activityhash) != 0;
}

/* Messages queued behind the activityhash `before`, by vat or by object, all of them or the first few. */
static enum vk_err choose_messages(struct choice *choice, struct queueing *queueing,
                                   const char *before, bool *found) {
    struct sim_host_batch *batch = choice->batch;
    if (batch->count == 0) return search(choice, 0, before, found);
    for (int by_vat = 1; by_vat >= 0 && !*found; by_vat--) {
        batch->by_vat = by_vat;
        queueing->writes.count = 0;
        VK_TRY(hash_messages(choice, queueing));
        for (choice->count = batch->count; choice->count > 0 && !*found; choice->count -= !*found)
            VK_TRY(search(choice, 0, before, found));
    }
    if (*found) batch->count = choice->count;
    return VK_OK;
}

/* ---- results that are taken */

/* kpResolution() of kernel.js gives up the host's reference. */
static enum vk_err take_result(struct queueing *queueing, struct vk_str kpid) {
    struct vk_str key, text, fresh;
    uint64_t count = 1;
    VK_TRY(vk_arena_format(queueing->arena, &key, "%.*s.refCount", VK_STR_ARG(kpid)));
    VK_TRY(value_of(queueing, key, &text));
    if (!vk_str_to_u64(text, &count) || count == 0) count = 1;
    VK_TRY(vk_arena_format(queueing->arena, &fresh, "%llu", (unsigned long long)count - 1));
    return add_write(queueing, key, fresh);
}

/* The promises that are settled and that somebody refers to: the newest of them. */
static enum vk_err find_settled(struct choice *choice, struct queueing *queueing) {
    struct vk_arena *arena = queueing->arena;
    struct vk_str text, key, state, count;
    uint64_t next = 0;
    VK_TRY(vk_store_get(queueing->store, arena, VK_STR("kp.nextID"), &text));
    if (!text.p || !vk_str_to_u64(text, &next)) return VK_OK;
    uint64_t oldest = next > LOOKED_BACK ? next - LOOKED_BACK : 0;
    while (next-- > oldest && choice->settled_count < SETTLED_MAX) {
        VK_TRY(vk_arena_format(arena, &key, "kp%llu.state", (unsigned long long)next));
        VK_TRY(vk_store_get(queueing->store, arena, key, &state));
        if (!state.p || vk_str_eq(state, VK_STR("unresolved"))) continue;
        VK_TRY(vk_arena_format(arena, &key, "kp%llu.refCount", (unsigned long long)next));
        VK_TRY(vk_store_get(queueing->store, arena, key, &count));
        if (!count.p || vk_str_eq(count, VK_STR("0"))) continue;
        VK_TRY(vk_arena_format(arena, &choice->settled[choice->settled_count++], "kp%llu",
                               (unsigned long long)next));
    }
    return VK_OK;
}

/* One more is taken behind `before`, and after it what else the host did. */
static enum vk_err choose_taken(struct choice *choice, struct queueing *queueing,
                                const char *before, bool *found) {
    struct sim_host_batch *batch = choice->batch;
    for (size_t i = 0; i < choice->settled_count && !*found; i++) {
        struct sim_crank_log crank = {0};
        char crankhash[VK_HASH_HEX], after[VK_HASH_HEX];
        bool was_taken = batch->taken > 0 && vk_str_eq(batch->takes[0], choice->settled[i]);
        if (was_taken) continue;
        queueing->writes.count = 0;
        VK_TRY(take_result(queueing, choice->settled[i]));
        crank.writes.at = queueing->writes.at;
        crank.writes.count = 1;
        VK_TRY(sim_log_crankhash(&crank, crankhash));
        VK_TRY(sim_log_activityhash(before, crankhash, after));
        batch->takes[batch->taken++] = choice->settled[i];
        VK_TRY(choose_messages(choice, queueing, after, found));
        if (!*found && batch->taken < SIM_TAKEN_MAX)
            VK_TRY(choose_taken(choice, queueing, after, found));
        batch->taken -= !*found;
    }
    return VK_OK;
}

enum vk_err sim_slog_host_choose(struct sim_host_batch *batch, struct vk_store *store,
                                 struct vk_arena *arena, const char *before,
                                 const struct sim_log_unit *next) {
    struct queueing queueing = {.store = store, .arena = arena};
    struct choice *choice;
    bool found = false;
    enum vk_err err = VK_OK;
    VK_TRY(VK_NEW(arena, &choice));
    *choice = (struct choice){.batch = batch, .next = next, .searched = SEARCHED_MAX};
    batch->taken = 0;
    if (sim_slog_host_emits(before, next)) {
        err = choose_messages(choice, &queueing, before, &found);
        if (err == VK_OK && !found) {
            choice->searched = 1;
            err = find_settled(choice, &queueing);
        }
        if (err == VK_OK && !found) err = choose_taken(choice, &queueing, before, &found);
    }
    if (err == VK_OK && !found) guess(batch); /* INV-SLOG-HOST-1 */
    sim_array_free(queueing.writes.at);
    return err;
}

/* ---- doing it */

static enum vk_err apply(struct queueing *queueing, struct vk_kernel *kernel, bool emits) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    for (size_t i = 0; i < queueing->writes.count; i++)
        VK_TRY(
            vk_host_apply_write(kernel, queueing->writes.at[i].key, queueing->writes.at[i].value));
    queueing->writes.count = 0;
    return emits ? vk_store_emit_hashes(queueing->store, crankhash, activityhash) : VK_OK;
}

enum vk_err sim_slog_host_queue(const struct sim_host_batch *batch, struct vk_kernel *kernel,
                                struct vk_store *store, struct vk_arena *arena, bool emits) {
    struct queueing queueing = {.store = store, .arena = arena};
    enum vk_err err = VK_OK;
    for (size_t t = 0; t < batch->taken && err == VK_OK; t++) {
        err = take_result(&queueing, batch->takes[t]);
        if (err == VK_OK) err = apply(&queueing, kernel, emits);
    }
    for (size_t m = 0; m < batch->count && err == VK_OK; m++) {
        err =
            queue_message(&queueing, &batch->messages[m], batch->messages[m].option, batch->by_vat);
        if (err == VK_OK) err = apply(&queueing, kernel, emits);
    }
    sim_array_free(queueing.writes.at);
    return err;
}
