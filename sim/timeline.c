/* timeline.c - see timeline.h. */
#include "timeline.h"

#include "vk/json.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A message that is on its way. */
struct sent {
    uint64_t key;
    uint64_t vat, at_ns;
    bool is_delivered;
};

/* What is kept of a replica while it is watched. */
struct watched {
    struct sim_timeline_replica shown;
    struct {
        SIM_ARRAY(struct sent);
    } sent;
    struct {
        SIM_ARRAY(uint64_t);
    } run_queue; /* the keys of its entries, by their numbers */
    size_t sent_committed;
    size_t sent_before; /* the newest step or delivery: what came after it has no sender yet */
    uint64_t crank_start_ns, delivery_start_ns;
    uint64_t host_start_ns; /* the host is at work since then; UINT64_MAX: it is not */
    uint64_t arriving; /* the key of the message that the crank has taken off its queue; 0: none */
    bool in_crank;
    uint64_t hits; /* of all faults so far */
    struct sim_timeline_queues queues;
};

struct sim_timeline {
    struct sim_observer observer;
    struct watched replicas[SIM_REPLICAS_MAX];
    size_t replica_count;
    struct {
        SIM_ARRAY(struct vk_state_hash);
    } points; /* what was first come to */
    struct vk_arena arena;
    bool is_cut;
};

/* ---- messages on their way */

static uint64_t hash_of(struct vk_str text) {
    uint64_t hash = XXH3_64bits(text.p, text.n);
    return hash ? hash : 1;
}

/* A message is known by its result promise, or else by all that it says; it stays the same from queue to queue. */
static uint64_t key_of(struct vk_str entry) {
    static const char member[] = "\"result\":\"kp";
    size_t n = sizeof member - 1;
    for (size_t i = 0; i + n <= entry.n; i++) {
        if (memcmp(entry.p + i, member, n) != 0) continue;
        struct vk_str rest = vk_str_from(entry, i + n);
        const char *end = memchr(rest.p, '"', rest.n);
        if (end) return hash_of((struct vk_str){rest.p, (size_t)(end - rest.p)});
    }
    return hash_of(entry);
}

static struct sent *find_sent(struct watched *replica, uint64_t key) {
    for (size_t i = replica->sent.count; i > 0; i--)
        if (replica->sent.at[i - 1].key == key && !replica->sent.at[i - 1].is_delivered)
            return &replica->sent.at[i - 1];
    return NULL;
}

static enum vk_err queued(struct watched *replica, struct vk_str entry, uint64_t now_ns) {
    uint64_t key = key_of(entry);
    if (find_sent(replica, key)) return VK_OK; /* it only moves on */
    SIM_ARRAY_RESERVE(&replica->sent);
    replica->sent.at[replica->sent.count++] =
        (struct sent){.key = key, .vat = VK_NO_VAT, .at_ns = now_ns};
    return VK_OK;
}

/* A restart goes on from here. */
static void sent_is_committed(struct watched *replica) {
    size_t kept = 0, before = 0;
    for (size_t i = 0; i < replica->sent.count; i++) {
        if (replica->sent.at[i].is_delivered) continue;
        before += i < replica->sent_before;
        replica->sent.at[kept++] = replica->sent.at[i];
    }
    replica->sent.count = replica->sent_committed = kept;
    replica->sent_before = before;
}

/* What was sent and delivered since the last commit never happened. */
static void sent_is_lost(struct watched *replica) {
    VK_ASSERT(replica->sent_committed <= replica->sent.count); /* INV-TIMELINE-2 */
    replica->sent.count = replica->sent_before = replica->sent_committed;
    for (size_t i = 0; i < replica->sent.count; i++)
        replica->sent.at[i].is_delivered = false;
}

static enum vk_err note_run_queue(struct watched *replica, uint64_t index, uint64_t key) {
    enum { INDEX_MAX = 1 << 24 };
    if (index >= INDEX_MAX) return VK_OK;
    while (replica->run_queue.count <= index) {
        SIM_ARRAY_RESERVE(&replica->run_queue);
        replica->run_queue.at[replica->run_queue.count++] = 0;
    }
    replica->run_queue.at[index] = key;
    return VK_OK;
}

/* ---- the store's events */

/* "[head,tail]" */
static uint64_t queue_length(struct vk_str value) {
    uint64_t head, tail;
    const char *comma = value.n > 2 ? memchr(value.p, ',', value.n) : NULL;
    if (!comma) return 0;
    const struct vk_str first = {value.p + 1, (size_t)(comma - value.p) - 1};
    const struct vk_str second = {comma + 1, (size_t)(value.p + value.n - comma) - 2};
    bool both = vk_str_to_u64(first, &head) && vk_str_to_u64(second, &tail);
    return both && tail > head ? tail - head : 0;
}

static enum vk_err was_set(struct watched *replica, const struct vk_trace_event *event,
                           uint64_t now_ns) {
    const struct vk_str run = VK_STR("runQueue"), accept = VK_STR("acceptanceQueue");
    uint64_t index;
    if (vk_str_eq(event->key, run)) replica->queues.run = queue_length(event->value);
    if (vk_str_eq(event->key, accept)) replica->queues.acceptance = queue_length(event->value);
    bool in_run = vk_str_starts(event->key, VK_STR("runQueue."));
    if (!in_run && !vk_str_starts(event->key, VK_STR("acceptanceQueue."))) return VK_OK;
    VK_TRY(queued(replica, event->value, now_ns));
    bool is_entry = in_run && vk_str_to_u64(vk_str_from(event->key, run.n + 1), &index);
    return is_entry ? note_run_queue(replica, index, key_of(event->value)) : VK_OK;
}

static void was_deleted(struct watched *replica, struct vk_str key) {
    const struct vk_str prefix = VK_STR("runQueue.");
    uint64_t index;
    if (vk_str_starts(key, prefix) && vk_str_to_u64(vk_str_from(key, prefix.n), &index) &&
        index < replica->run_queue.count)
        replica->arriving = replica->run_queue.at[index];
}

/* The item says what was delivered, and which syscalls were made. */
static void name_delivery(struct vk_arena *arena, struct vk_str item,
                          struct sim_timeline_delivery *delivery) {
    const struct vk_json *json;
    snprintf(delivery->name, sizeof delivery->name, "delivery");
    vk_arena_clear(arena);
    if (vk_json_parse(arena, item, &json) != VK_OK) return;
    const struct vk_json *given = vk_json_get(json, "d"), *calls = vk_json_get(json, "sc");
    struct vk_str type = vk_json_string(vk_json_at(given, 0)),
                  target = vk_json_string(vk_json_at(given, 1));
    delivery->syscalls = calls ? calls->count : 0;
    if (vk_str_present(type))
        snprintf(delivery->name, sizeof delivery->name, "%.*s%s%.*s", VK_STR_ARG(type),
                 target.n ? " " : "", VK_STR_ARG(target));
}

static enum vk_err message_arrived(struct watched *replica,
                                   const struct sim_timeline_delivery *delivery) {
    struct sent *sent = replica->arriving ? find_sent(replica, replica->arriving) : NULL;
    replica->arriving = 0;
    if (!sent) return VK_OK;
    sent->is_delivered = true;
    SIM_ARRAY_RESERVE(&replica->shown.flows);
    replica->shown.flows.at[replica->shown.flows.count++] =
        (struct sim_timeline_flow){.from_vat = sent->vat,
                                   .from_ns = sent->at_ns,
                                   .to_vat = delivery->vat,
                                   .to_ns = delivery->start_ns};
    return VK_OK;
}

/* What was sent since the crank or its last delivery began is the vat's. */
static void note_senders(struct watched *replica, const struct sim_timeline_delivery *delivery) {
    for (; replica->in_crank && replica->sent_before < replica->sent.count;
         replica->sent_before++) {
        struct sent *sent = &replica->sent.at[replica->sent_before];
        sent->vat = delivery->vat;
        if (sent->at_ns >= delivery->end_ns) sent->at_ns = delivery->start_ns;
    }
}

/* And what was sent when the vat had ended is the crank's, what no crank sent is the host's: at the very end of their
 * time it is said to be at its beginning, so that it is within. That is known when they are over: of the host's work there
 * may be cranks of the store's, for a bundle, and commits. */
static void note_other_sends(struct watched *replica, uint64_t start_ns, uint64_t now_ns) {
    for (; replica->sent_before < replica->sent.count; replica->sent_before++) {
        struct sent *sent = &replica->sent.at[replica->sent_before];
        if (sent->at_ns >= now_ns) sent->at_ns = start_ns;
    }
}

static enum vk_err was_delivered(struct sim_timeline *timeline, struct watched *replica,
                                 const struct vk_trace_event *event, uint64_t now_ns) {
    uint64_t start_ns = replica->in_crank ? replica->delivery_start_ns : now_ns;
    struct sim_timeline_delivery delivery = {.start_ns = start_ns, .end_ns = now_ns};
    if (event->key.n < 2 || !vk_str_to_u64(vk_str_from(event->key, 1), &delivery.vat)) return VK_OK;
    name_delivery(&timeline->arena, event->value, &delivery);
    VK_TRY(message_arrived(replica, &delivery));
    note_senders(replica, &delivery);
    replica->delivery_start_ns = now_ns;
    SIM_ARRAY_RESERVE(&replica->shown.deliveries);
    replica->shown.deliveries.at[replica->shown.deliveries.count++] = delivery;
    return VK_OK;
}

static enum vk_err note_queues(struct watched *replica, uint64_t now_ns) {
    size_t count = replica->shown.queues.count;
    const struct sim_timeline_queues *last = count ? &replica->shown.queues.at[count - 1] : NULL;
    if (last && last->run == replica->queues.run && last->acceptance == replica->queues.acceptance)
        return VK_OK;
    SIM_ARRAY_RESERVE(&replica->shown.queues);
    replica->queues.at_ns = now_ns;
    replica->shown.queues.at[replica->shown.queues.count++] = replica->queues;
    return VK_OK;
}

/* ---- faults */

static uint64_t hits_of(const struct fault_set *faults) {
    uint64_t hits = 0;
    for (size_t i = 0; i < faults->count; i++)
        hits += faults->faults[i].hits;
    return hits;
}

/* Of faults that strike together only how many of each kind is seen afterwards: each is noted. */
static enum vk_err note_faults(struct watched *replica, struct sim_replica *from) {
    const struct fault_set *faults = sim_replica_faults(from);
    if (hits_of(faults) == replica->hits) return VK_OK;
    replica->hits = hits_of(faults);
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->faults[i];
        uint64_t noted = 0;
        for (size_t k = 0; k < replica->shown.faults.count; k++)
            noted += replica->shown.faults.at[k].kind == fault->kind;
        uint64_t hits = 0;
        for (size_t k = 0; k < faults->count; k++)
            hits += faults->faults[k].kind == fault->kind ? faults->faults[k].hits : 0;
        if (noted >= hits) continue;
        size_t lives = replica->shown.lives.count;
        SIM_ARRAY_RESERVE(&replica->shown.faults);
        replica->shown.faults.at[replica->shown.faults.count++] =
            (struct sim_timeline_fault){.life = lives ? (uint32_t)(lives - 1) : 0,
                                        .point = sim_replica_points(from),
                                        .at_ns = sim_replica_now_ns(from),
                                        .kind = fault->kind};
    }
    return VK_OK;
}

/* ---- the observer */

static struct watched *watch(struct sim_timeline *timeline, const struct sim_replica *replica) {
    uint32_t index = sim_replica_index(replica);
    VK_ASSERT(index < SIM_REPLICAS_MAX); /* INV-TIMELINE-2 */
    if (index >= timeline->replica_count) timeline->replica_count = index + 1;
    return &timeline->replicas[index];
}

static enum vk_err note_event(struct sim_timeline *timeline, struct watched *replica,
                              struct sim_replica *from, const struct vk_trace_event *event) {
    uint64_t now_ns = sim_replica_now_ns(from);
    VK_TRY(note_faults(replica, from));
    if (!replica->in_crank && replica->host_start_ns == UINT64_MAX) replica->host_start_ns = now_ns;
    if (event->type == VK_TRACE_SET) return was_set(replica, event, now_ns);
    if (event->type == VK_TRACE_DEL) was_deleted(replica, event->key);
    if (event->type == VK_TRACE_TRANSCRIPT_ITEM)
        return was_delivered(timeline, replica, event, now_ns);
    if (event->type == VK_TRACE_START_CRANK) {
        replica->in_crank = true;
        replica->crank_start_ns = replica->delivery_start_ns = now_ns;
        replica->arriving = 0;
    }
    if (event->type == VK_TRACE_COMMIT) sent_is_committed(replica);
    if (event->type == VK_TRACE_SAVEPOINT) replica->delivery_start_ns = now_ns;
    if (event->type != VK_TRACE_END_CRANK) return VK_OK;
    replica->in_crank = false;
    return note_queues(replica, now_ns);
}

/* INV-TIMELINE-1 */
static void on_event(void *impl, struct sim_replica *from, const struct vk_trace_event *event) {
    struct sim_timeline *timeline = impl;
    if (timeline->is_cut) return;
    timeline->is_cut = note_event(timeline, watch(timeline, from), from, event) != VK_OK;
}

static enum vk_err note_life(struct watched *replica, uint64_t start_ns, uint64_t ready_ns) {
    SIM_ARRAY_RESERVE(&replica->shown.lives);
    replica->shown.lives.at[replica->shown.lives.count++] =
        (struct sim_timeline_life){.start_ns = start_ns, .ready_ns = ready_ns};
    return VK_OK;
}

static enum vk_err differs(struct sim_timeline *timeline, const struct sim_point *point,
                           bool *it_does) {
    const struct vk_state_hash hash = point->crank.state_hash;
    *it_does = false;
    if (point->number > timeline->points.count) return VK_OK;
    if (point->number == timeline->points.count) {
        SIM_ARRAY_RESERVE(&timeline->points);
        timeline->points.at[timeline->points.count++] = hash;
    }
    const struct vk_state_hash first = timeline->points.at[point->number];
    *it_does = first.low != hash.low || first.high != hash.high;
    return VK_OK;
}

static enum vk_err note_point(struct sim_timeline *timeline, struct watched *replica,
                              const struct sim_replica *from) {
    const struct sim_point *point = sim_replica_point(from);
    const struct vk_crank_result *crank = &point->crank;
    size_t lives = replica->shown.lives.count;
    bool it_differs;
    uint64_t start_ns = point->is_crank ? replica->crank_start_ns : replica->host_start_ns;
    VK_TRY(differs(timeline, point, &it_differs));
    SIM_ARRAY_RESERVE(&replica->shown.steps);
    uint64_t now_ns = sim_replica_now_ns(from);
    if (start_ns > now_ns) start_ns = now_ns;
    note_other_sends(replica, start_ns, now_ns);
    unsigned flags = (crank->aborted ? SIM_TIMELINE_ABORTED : 0U) |
                     (crank->terminated ? SIM_TIMELINE_TERMINATED : 0U) |
                     (it_differs ? SIM_TIMELINE_DIFFERS : 0U);
    replica->shown.steps.at[replica->shown.steps.count++] =
        (struct sim_timeline_step){.life = lives ? (uint32_t)(lives - 1) : 0,
                                   .flags = flags,
                                   .point = point->number,
                                   .block = point->block,
                                   .event = crank->event,
                                   .is_crank = point->is_crank,
                                   .vat = crank->vat,
                                   .start_ns = start_ns,
                                   .end_ns = now_ns,
                                   .computrons = crank->metered ? crank->computrons : 0,
                                   .state_hash = crank->state_hash};
    return note_queues(replica, now_ns);
}

static enum vk_err note_step(struct sim_timeline *timeline, struct watched *replica,
                             struct sim_replica *from, enum sim_step step, uint64_t start_ns) {
    if (start_ns != SIM_OBSERVER_NO_START)
        VK_TRY(note_life(replica, start_ns, sim_replica_now_ns(from)));
    VK_TRY(note_faults(replica, from));
    if (step == SIM_STEP_POINT) return note_point(timeline, replica, from);
    if ((step == SIM_STEP_DOWN || step == SIM_STEP_PANIC) && replica->shown.lives.count) {
        struct sim_timeline_life *life = &replica->shown.lives.at[replica->shown.lives.count - 1];
        life->end_ns = sim_replica_now_ns(from);
        life->end = vk_err_name(sim_replica_error(from));
        replica->in_crank = false;
        sent_is_lost(replica);
    }
    return VK_OK;
}

static void on_step(void *impl, struct sim_replica *from, enum sim_step step, uint64_t start_ns) {
    struct sim_timeline *timeline = impl;
    struct watched *replica = watch(timeline, from);
    if (timeline->is_cut) return;
    timeline->is_cut = note_step(timeline, replica, from, step, start_ns) != VK_OK;
    replica->host_start_ns = UINT64_MAX;
    replica->sent_before = replica->sent.count;
}

/* ---- life */

struct sim_timeline *sim_timeline_new(void) {
    struct sim_timeline *timeline = calloc(1, sizeof *timeline);
    if (!timeline) return NULL;
    timeline->observer =
        (struct sim_observer){.impl = timeline, .event = on_event, .step = on_step};
    vk_arena_init(&timeline->arena, vk_heap_system());
    for (size_t i = 0; i < SIM_REPLICAS_MAX; i++)
        timeline->replicas[i].host_start_ns = UINT64_MAX;
    return timeline;
}

void sim_timeline_free(struct sim_timeline *timeline) {
    if (!timeline) return;
    for (size_t i = 0; i < SIM_REPLICAS_MAX; i++) {
        struct watched *replica = &timeline->replicas[i];
        sim_array_free(replica->shown.lives.at);
        sim_array_free(replica->shown.steps.at);
        sim_array_free(replica->shown.deliveries.at);
        sim_array_free(replica->shown.flows.at);
        sim_array_free(replica->shown.faults.at);
        sim_array_free(replica->shown.queues.at);
        sim_array_free(replica->sent.at);
        sim_array_free(replica->run_queue.at);
    }
    sim_array_free(timeline->points.at);
    vk_arena_release(&timeline->arena);
    free(timeline);
}

const struct sim_observer *sim_timeline_observer(struct sim_timeline *timeline) {
    return &timeline->observer;
}

size_t sim_timeline_replicas(const struct sim_timeline *timeline) {
    return timeline->replica_count;
}

const struct sim_timeline_replica *sim_timeline_replica(const struct sim_timeline *timeline,
                                                        size_t i) {
    VK_ASSERT(i < timeline->replica_count); /* INV-TIMELINE-2 */
    return &timeline->replicas[i].shown;
}

bool sim_timeline_is_cut(const struct sim_timeline *timeline) { return timeline->is_cut; }
