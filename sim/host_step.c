/* host_step.c - see host_step.h. Answers to queueToKref(), kpResolution(), kpRegisterInterest(), installBundle() of kernel.js,
 * pinObject() of kernelKeeper.js and exportRootObject() behind getRootObject().
 */
#include "host_step.h"

#include "log_words.h"
#include "recorded_facts.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    const char *policy; /* NULL: ignore, which is not written */
    bool waits;
    const char *words;
} message_options[] = {
    {NULL, true, "result policy ignore, and the host waits for it"},
    {"logFailure", true, "result policy logFailure, and the host waits for it"},
    {"panic", true, "result policy panic, and the host waits for it"},
    {"logAlways", true, "result policy logAlways, and the host waits for it"},
    {NULL, false, "result policy ignore"},
    {"logFailure", false, "result policy logFailure"},
    {"panic", false, "result policy panic"},
    {"logAlways", false, "result policy logAlways"},
};

enum { MESSAGE_OPTIONS = sizeof message_options / sizeof *message_options, OPTION_OF_BUNDLE = 5 };

size_t sim_step_options(const struct sim_host_step *step) {
    return step->type == SIM_STEP_MESSAGE && step->result.p ? MESSAGE_OPTIONS : 1;
}

bool sim_step_emits(const struct sim_host_step *step) {
    return step->type != SIM_STEP_INTEREST && !step->is_silent;
}

bool sim_step_is_bracket(const struct sim_host_step *step) { return step->type == SIM_STEP_BUNDLE; }

/* ---- keys */

static enum vk_err value_of(struct sim_step_writes *writes, struct vk_str key,
                            struct vk_str *value) {
    for (size_t i = writes->writes.count; i-- > 0;)
        if (vk_str_eq(writes->writes.at[i].key, key)) {
            *value = writes->writes.at[i].value;
            return VK_OK;
        }
    return vk_store_get(writes->store, writes->arena, key, value);
}

static enum vk_err add(struct sim_step_writes *writes, struct vk_str key, struct vk_str value) {
    SIM_ARRAY_RESERVE(&writes->writes);
    writes->writes.at[writes->writes.count++] =
        (struct sim_crank_write){.key = key, .value = value};
    return VK_OK;
}

static enum vk_err add_of(struct sim_step_writes *writes, struct vk_str kref, const char *member,
                          struct vk_str value) {
    struct vk_str key;
    VK_TRY(vk_arena_format(writes->arena, &key, "%.*s.%s", VK_STR_ARG(kref), member));
    return add(writes, key, value);
}

static enum vk_err value_of_member(struct sim_step_writes *writes, struct vk_str kref,
                                   const char *member, struct vk_str *value) {
    struct vk_str key;
    VK_TRY(vk_arena_format(writes->arena, &key, "%.*s.%s", VK_STR_ARG(kref), member));
    return value_of(writes, key, value);
}

/* "3,4" -> "4,5", "1" -> "2"; device nodes are not counted. */
static enum vk_err count_up(struct sim_step_writes *writes, struct vk_str kref) {
    struct vk_str old, fresh;
    char text[64];
    if (!vk_str_starts(kref, VK_STR("ko")) && !vk_str_starts(kref, VK_STR("kp"))) return VK_OK;
    VK_TRY(value_of_member(writes, kref, "refCount", &old));
    if (!old.p) return VK_OK; /* it is gone: no such step */
    snprintf(text, sizeof text, "%.*s", VK_STR_ARG(old));
    char *rest = text;
    unsigned long long reachable = strtoull(text, &rest, 10);
    if (*rest == ',') {
        unsigned long long recognizable = strtoull(rest + 1, NULL, 10);
        VK_TRY(
            vk_arena_format(writes->arena, &fresh, "%llu,%llu", reachable + 1, recognizable + 1));
    } else {
        VK_TRY(vk_arena_format(writes->arena, &fresh, "%llu", reachable + 1));
    }
    return add_of(writes, kref, "refCount", fresh);
}

/* ---- messages */

static enum vk_err new_promise(struct sim_step_writes *writes, struct vk_str kpid,
                               const char *policy) {
    struct vk_str next;
    uint64_t number = 0;
    if (!vk_str_to_u64(vk_str_from(kpid, 2), &number)) number = 0;
    VK_TRY(vk_arena_format(writes->arena, &next, "%" PRIu64, number + 1));
    VK_TRY(add(writes, VK_STR("kp.nextID"), next));
    VK_TRY(add_of(writes, kpid, "state", VK_STR("unresolved")));
    VK_TRY(add_of(writes, kpid, "subscribers", VK_STR("")));
    VK_TRY(add_of(writes, kpid, "queue.nextID", VK_STR("0")));
    VK_TRY(add_of(writes, kpid, "refCount", VK_STR("0")));
    VK_TRY(add_of(writes, kpid, "decider", VK_STR("")));
    return policy ? add_of(writes, kpid, "policy", vk_str(policy)) : VK_OK;
}

static enum vk_err enqueue(struct sim_step_writes *writes, struct vk_str event) {
    struct vk_str ends, key, value;
    uint64_t tail = 0;
    VK_TRY(value_of(writes, VK_STR("acceptanceQueue"), &ends));
    if (!sim_log_count(sim_log_at(ends, 1), &tail))
        return VK_RAISE(VK_ERR_CORRUPT, "acceptanceQueue is '%.*s'", VK_STR_ARG(ends));
    VK_TRY(vk_arena_format(writes->arena, &key, "acceptanceQueue.%" PRIu64, tail));
    VK_TRY(add(writes, key, event));
    VK_TRY(vk_arena_format(writes->arena, &value, "[%.*s,%" PRIu64 "]",
                           VK_STR_ARG(sim_log_at(ends, 0)), tail + 1));
    return add(writes, VK_STR("acceptanceQueue"), value);
}

/* A root object that nobody had asked for yet is made. */
static enum vk_err new_root(struct sim_step_writes *writes, struct vk_str root, struct vk_str vat) {
    struct vk_str next, key;
    uint64_t number = 0;
    if (!vk_str_to_u64(vk_str_from(root, 2), &number)) return VK_OK;
    VK_TRY(vk_arena_format(writes->arena, &next, "%" PRIu64, number + 1));
    VK_TRY(add(writes, VK_STR("ko.nextID"), next));
    VK_TRY(add_of(writes, root, "owner", vat));
    VK_TRY(add_of(writes, root, "refCount", VK_STR("0,0")));
    VK_TRY(vk_arena_format(writes->arena, &key, "%.*s.c.%.*s", VK_STR_ARG(vat), VK_STR_ARG(root)));
    VK_TRY(add(writes, key, VK_STR("_ o+0")));
    return add_of(writes, vat, "c.o+0", root);
}

/* Whoever names a vat asks for its root object, which marks it as exported. */
static enum vk_err ask_for_root(struct sim_step_writes *writes, struct vk_str kref) {
    struct vk_str key, owner, entry;
    VK_TRY(value_of_member(writes, kref, "owner", &owner));
    if (!owner.p) return VK_OK;
    VK_TRY(
        vk_arena_format(writes->arena, &key, "%.*s.c.%.*s", VK_STR_ARG(owner), VK_STR_ARG(kref)));
    VK_TRY(value_of(writes, key, &entry));
    bool is_root = entry.n > 2 && vk_str_eq(vk_str_from(entry, 2), VK_STR("o+0"));
    return is_root ? add(writes, key, VK_STR("R o+0")) : VK_OK;
}

static enum vk_err ask_for_roots(struct sim_step_writes *writes, const struct sim_host_step *step) {
    struct vk_str target = sim_log_text(sim_log_get(step->event, "target")), owner;
    struct vk_str methargs = sim_log_get(sim_log_get(step->event, "msg"), "methargs");
    struct sim_log_walk walk;
    struct sim_log_member slot;
    VK_TRY(value_of_member(writes, target, "owner", &owner));
    if (!owner.p && step->vat.p) VK_TRY(new_root(writes, target, step->vat));
    sim_log_walk_begin(&walk, sim_log_get(methargs, "slots"));
    bool of_slots = writes->roots == SIM_ROOTS_ALL || writes->roots == SIM_ROOTS_SLOTS;
    while (of_slots && sim_log_walk_next(&walk, &slot))
        VK_TRY(ask_for_root(writes, sim_log_text(slot.raw)));
    bool of_target = writes->roots == SIM_ROOTS_TARGET || writes->roots == SIM_ROOTS_ALL;
    return of_target ? ask_for_root(writes, target) : VK_OK;
}

static enum vk_err queue_message(struct sim_step_writes *writes, const struct sim_host_step *step,
                                 size_t option) {
    struct vk_str methargs = sim_log_get(sim_log_get(step->event, "msg"), "methargs"), event;
    struct sim_log_walk walk;
    struct sim_log_member slot;
    const struct vk_json *json;
    bool has_result = step->result.p != NULL;
    if (has_result) VK_TRY(new_promise(writes, step->result, message_options[option].policy));
    VK_TRY(count_up(writes, sim_log_text(sim_log_get(step->event, "target"))));
    if (has_result) VK_TRY(count_up(writes, step->result));
    sim_log_walk_begin(&walk, sim_log_get(methargs, "slots"));
    while (sim_log_walk_next(&walk, &slot))
        VK_TRY(count_up(writes, sim_log_text(slot.raw)));
    VK_TRY(vk_json_parse(writes->arena, step->event, &json));
    VK_TRY(sim_fact_text(writes->arena, json, &event));
    VK_TRY(enqueue(writes, event));
    return has_result && message_options[option].waits ? count_up(writes, step->result) : VK_OK;
}

/* ---- the others */

/* Gives up the host's reference, and takes one to each slot of the result, unless told not to. */
static enum vk_err take_result(struct sim_step_writes *writes, struct vk_str kpid, bool keeps) {
    struct vk_str text, fresh;
    uint64_t count = 1;
    VK_TRY(value_of_member(writes, kpid, "refCount", &text));
    if (!vk_str_to_u64(text, &count) || count == 0) count = 1;
    VK_TRY(vk_arena_format(writes->arena, &fresh, "%" PRIu64, count - 1));
    VK_TRY(add_of(writes, kpid, "refCount", fresh));
    if (!keeps) return VK_OK;
    VK_TRY(value_of_member(writes, kpid, "data.slots", &text));
    for (size_t i = 0, begin = 0; text.n && i <= text.n; i++) { /* "ko20,ko21" */
        if (i < text.n && text.p[i] != ',') continue;
        VK_TRY(count_up(writes, (struct vk_str){text.p + begin, i - begin}));
        begin = i + 1;
    }
    return VK_OK;
}

static int cmp_text(struct vk_str a, struct vk_str b) {
    int cmp = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return cmp ? cmp : (a.n > b.n) - (a.n < b.n);
}

/* The list is kept in JavaScript's order of texts; what is pinned already is not pinned twice. */
static enum vk_err pin(struct sim_step_writes *writes, struct vk_str kref) {
    struct vk_str pinned, fresh;
    struct vk_buf buf;
    bool done = false;
    vk_buf_init(&buf, writes->arena);
    VK_TRY(ask_for_root(writes, kref));
    VK_TRY(value_of(writes, VK_STR("pinnedObjects"), &pinned));
    for (size_t i = 0, begin = 0; pinned.n && i <= pinned.n; i++) {
        if (i < pinned.n && pinned.p[i] != ',') continue;
        struct vk_str other = {pinned.p + begin, i - begin};
        if (vk_str_eq(other, kref)) return VK_OK;
        if (!done && cmp_text(kref, other) < 0) {
            vk_buf_add(&buf, kref);
            vk_buf_char(&buf, ',');
            done = true;
        }
        vk_buf_add(&buf, other);
        if (i < pinned.n || !done) vk_buf_char(&buf, ',');
        begin = i + 1;
    }
    if (!done) vk_buf_add(&buf, kref);
    VK_TRY(vk_buf_finish(&buf, &fresh));
    VK_TRY(count_up(writes, kref));
    return add(writes, VK_STR("pinnedObjects"), fresh);
}

/* {"deliveries":1,"gcKrefs":20,...} with another value of one member. */
static enum vk_err set_threshold(struct sim_step_writes *writes, const char *name,
                                 struct vk_str value) {
    const struct vk_str key = VK_STR("kernel.defaultReapDirtThreshold");
    struct vk_str old, fresh;
    struct sim_log_walk walk;
    struct sim_log_member member;
    struct vk_buf buf;
    vk_buf_init(&buf, writes->arena);
    VK_TRY(value_of(writes, key, &old));
    sim_log_walk_begin(&walk, old);
    for (size_t i = 0; sim_log_walk_next(&walk, &member); i++) {
        vk_buf_char(&buf, i ? ',' : '{');
        vk_json_quote(&buf, member.name);
        vk_buf_char(&buf, ':');
        vk_buf_add(&buf, vk_str_eq(member.name, vk_str(name)) ? value : member.raw);
    }
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &fresh));
    return add(writes, key, fresh);
}

/* Ends with the statistics, which are as they were: no message was queued since. */
static enum vk_err change_settings(struct sim_step_writes *writes,
                                   const struct sim_host_step *step) {
    struct vk_str stats;
    for (size_t i = 0; i < step->setting_count; i++) {
        const struct sim_setting *setting = &step->settings[i];
        struct vk_str value = VK_STR("\"never\"");
        if (setting->value)
            VK_TRY(vk_arena_format(writes->arena, &value, "%" PRIu64, setting->value));
        if (setting->what == SIM_SNAPSHOT_INTERVAL)
            VK_TRY(add(writes, VK_STR("kernel.snapshotInterval"), value));
        else
            VK_TRY(set_threshold(
                writes, setting->what == SIM_REAP_INTERVAL ? "deliveries" : "gcKrefs", value));
    }
    VK_TRY(value_of(writes, VK_STR("kernelStats"), &stats));
    return stats.p ? add(writes, VK_STR("kernelStats"), stats) : VK_OK;
}

enum vk_err sim_step_write(struct sim_step_writes *writes, const struct sim_host_step *step,
                           size_t option) {
    switch (step->type) {
    case SIM_STEP_MESSAGE:
        if (!step->is_silent || step->vat.p) VK_TRY(ask_for_roots(writes, step));
        return queue_message(writes, step, option);
    case SIM_STEP_TAKE: return take_result(writes, step->kref, true);
    case SIM_STEP_TAKE_ONLY: return take_result(writes, step->kref, false);
    case SIM_STEP_INTEREST: return count_up(writes, step->kref);
    case SIM_STEP_PIN: return pin(writes, step->kref);
    case SIM_STEP_BUNDLE: return queue_message(writes, step, OPTION_OF_BUNDLE);
    case SIM_STEP_SETTINGS: return change_settings(writes, step);
    }
    return VK_OK;
}

/* ---- doing it */

static enum vk_err apply_writes(struct sim_step_writes *writes, struct vk_kernel *kernel) {
    for (size_t i = 0; i < writes->writes.count; i++)
        VK_TRY(vk_host_apply_write(kernel, writes->writes.at[i].key, writes->writes.at[i].value));
    writes->writes.count = 0;
    return VK_OK;
}

enum vk_err sim_step_apply(struct sim_step_writes *writes, const struct sim_host_step *step,
                           struct vk_kernel *kernel, bool emits) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    if (step->type == SIM_STEP_BUNDLE)
        return vk_host_install_bundle(kernel, step->kref, VK_STR(""));
    VK_TRY(sim_step_write(writes, step, step->option));
    VK_TRY(apply_writes(writes, kernel));
    if (!emits || !sim_step_emits(step)) return VK_OK;
    return vk_store_emit_hashes(writes->store, crankhash, activityhash);
}

/* ---- words */

static enum vk_err message_words(struct vk_arena *arena, const struct sim_host_step *step,
                                 struct vk_str *what, struct vk_str *by) {
    struct vk_str words;
    VK_TRY(sim_log_event_words(arena, step->event, &words));
    VK_TRY(vk_arena_format(arena, what, "message %.*s", VK_STR_ARG(words)));
    return vk_arena_format(arena, by, "by its routing in crank %" PRIu64 "; %s", step->crank,
                           step->result.p ? message_options[step->option].words
                                          : "it wants no result");
}

static enum vk_err settings_words(struct vk_arena *arena, const struct sim_host_step *step,
                                  struct vk_str *what) {
    static const char *const names[SIM_SETTINGS] = {
        [SIM_SNAPSHOT_INTERVAL] = "snapshotInterval",
        [SIM_REAP_INTERVAL] = "defaultReapInterval",
        [SIM_REAP_GC_KREFS] = "defaultReapGCKrefs",
    };
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "changeKernelOptions");
    for (size_t i = 0; i < step->setting_count; i++) {
        vk_buf_add(&buf, i ? VK_STR(", ") : VK_STR(" "));
        vk_buf_add(&buf, vk_str(names[step->settings[i].what]));
        vk_buf_char(&buf, ' ');
        if (step->settings[i].value)
            vk_buf_u64(&buf, step->settings[i].value);
        else
            vk_buf_lit(&buf, "never");
    }
    if (!step->setting_count) vk_buf_lit(&buf, " that changed none");
    return vk_buf_finish(&buf, what);
}

enum vk_err sim_step_words(struct vk_arena *arena, const struct sim_host_step *step,
                           struct vk_str *what, struct vk_str *by) {
    *by = VK_STR("");
    switch (step->type) {
    case SIM_STEP_MESSAGE: return message_words(arena, step, what, by);
    case SIM_STEP_TAKE:
    case SIM_STEP_TAKE_ONLY:
        if (step->type == SIM_STEP_TAKE_ONLY) *by = VK_STR("without a reference to its slots");
        return vk_arena_format(arena, what, "taking the result %.*s", VK_STR_ARG(step->kref));
    case SIM_STEP_INTEREST:
        return vk_arena_format(arena, what, "waiting for %.*s", VK_STR_ARG(step->kref));
    case SIM_STEP_PIN: return vk_arena_format(arena, what, "pinning %.*s", VK_STR_ARG(step->kref));
    case SIM_STEP_BUNDLE:
        VK_TRY(vk_arena_format(arena, by, "by the routing of its announcement in crank %" PRIu64,
                               step->crank));
        return vk_arena_format(arena, what, "installing bundle %.*s...",
                               (int)(step->kref.n < 16 ? step->kref.n : 16), step->kref.p);
    case SIM_STEP_SETTINGS: return settings_words(arena, step, what);
    }
    return VK_OK;
}
