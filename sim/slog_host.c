/* slog_host.c - see slog_host.h. */
#include "slog_host.h"

#include "log_hash.h"

#include <inttypes.h>

enum {
    OPTIONS_MAX = 8,
    SETTLED_MAX = 12,
    PENDING_MAX = 12,
    PINNABLE_MAX = 64,
    SETTING_MAX = 1000,
    IDLE_SETTINGS_MAX = 2,
    LOOKED_BACK = 1000,
    ANY_ORDER_MAX = 3,
    SEARCHED_MAX =
        6, /* steps whose options are independent; beyond that they are as the last of them */
    HASHES_MAX = 2000000, /* of each search: of all else, of options */
    PLANS_MAX = 20000,
};

struct krefs {
    size_t count;
    struct vk_str at[PINNABLE_MAX];
};

struct search {
    struct sim_host_plan *plan;    /* as it is tried */
    struct sim_host_plan messages; /* all that may be the host's */
    const struct sim_log_unit *next;
    const char *before;
    struct vk_arena *arena;
    struct vk_arena scratch; /* of the plan that is tried */
    struct sim_step_writes writes;
    struct krefs settled, pending, roots;
    bool has_slots[PINNABLE_MAX]; /* the results */
    size_t told;                  /* steps, that are not in question */
    size_t searched;
    uint64_t hashed, tried; /* hashes, plans */
    char hashes[SIM_STEPS_MAX][OPTIONS_MAX][VK_HASH_HEX];
    size_t rows[SIM_STEPS_MAX]; /* of `hashes`, of each step of the plan */
    char (*brackets)[VK_HASH_HEX];
    bool found;
};

bool sim_slog_host_emits(const char *before, const struct sim_log_unit *next) {
    char hash[VK_HASH_HEX];
    return sim_log_activityhash(before, next->crankhash, hash) != VK_OK ||
           strcmp(hash, next->activityhash) != 0;
}

/* ---- the chain of hashes */

/* The crankhash of what each step writes, in each way, with what was written before it and not emitted. */
static enum vk_err hash_steps(struct search *search) {
    struct sim_step_writes *writes = &search->writes;
    size_t first = 0, bracket = 0;
    vk_arena_clear(&search->scratch);
    writes->writes.count = 0;
    writes->roots = search->plan->roots;
    for (size_t i = 0; i < search->plan->count; i++) {
        const struct sim_host_step *step = &search->plan->steps[i];
        size_t before = writes->writes.count;
        search->rows[i] = i;
        for (size_t o = 0; o < sim_step_options(step); o++) {
            struct sim_crank_log crank = {.first_hashed = first};
            writes->writes.count = before;
            VK_TRY(sim_step_write(writes, step, o));
            if (!sim_step_emits(step)) break;
            crank.writes.at = writes->writes.at;
            crank.writes.count = writes->writes.count;
            VK_TRY(sim_log_crankhash(&crank, search->hashes[i][o]));
            if (sim_step_is_bracket(step))
                memcpy(search->hashes[i][o], search->brackets[bracket++], VK_HASH_HEX);
        }
        if (sim_step_emits(step)) first = writes->writes.count;
    }
    return VK_OK;
}

/* Goes on from the activityhash `before` with step i. */
static enum vk_err follow(struct search *search, size_t i, const char *before) {
    char hash[VK_HASH_HEX];
    struct sim_host_plan *plan = search->plan;
    if (search->hashed++ > HASHES_MAX) return VK_OK; /* INV-SLOG-HOST-2 */
    if (i == plan->count) {
        VK_TRY(sim_log_activityhash(before, search->next->crankhash, hash));
        search->found = strcmp(hash, search->next->activityhash) == 0;
        return VK_OK;
    }
    struct sim_host_step *step = &plan->steps[i];
    if (!sim_step_emits(step)) return follow(search, i + 1, before);
    size_t ways = sim_step_options(step), last = SIZE_MAX;
    for (size_t j = 0; j < i && i >= search->searched; j++)
        if (plan->steps[j].type == step->type && sim_step_options(&plan->steps[j]) == ways)
            last = plan->steps[j].option;
    for (size_t o = 0; o < ways && !search->found; o++) {
        if (last != SIZE_MAX && o != last) continue;
        step->option = o;
        VK_TRY(sim_log_activityhash(before, search->hashes[search->rows[i]][o], hash));
        VK_TRY(follow(search, i + 1, hash));
    }
    return VK_OK;
}

/* Tries the plan as it stands. */
static enum vk_err try_plan(struct search *search) {
    if (search->found || search->tried++ > PLANS_MAX) return VK_OK;
    VK_TRY(hash_steps(search));
    return follow(search, 0, search->before);
}

bool sim_slog_host_has_brackets(const struct sim_host_plan *plan) {
    for (size_t i = 0; i < plan->count; i++)
        if (sim_step_is_bracket(&plan->steps[i])) return true;
    return false;
}

static bool add_step(struct sim_host_plan *plan, const struct sim_host_step *step) {
    if (plan->count == SIM_STEPS_MAX) return false;
    plan->steps[plan->count++] = *step;
    return true;
}

/* The first `silent` of `n` messages come from devices, whose messages have no results. */
static bool add_messages(struct search *search, size_t n, size_t silent) {
    for (size_t i = 0; i < n; i++) {
        struct sim_host_step step = search->messages.steps[i];
        step.is_silent = i < silent;
        if (!add_step(search->plan, &step)) return false;
    }
    return true;
}

static size_t leading_without_result(const struct search *search) {
    size_t n = 0;
    while (n < search->messages.count && !search->messages.steps[n].result.p)
        n++;
    return n;
}

/* Behind what the plan has by now come the messages, all or the first few of them. */
static enum vk_err try_with_messages(struct search *search) {
    struct sim_host_plan *plan = search->plan;
    const size_t before = plan->count, all = search->messages.count;
    const size_t without = leading_without_result(search);
    for (int roots = 0; roots < SIM_ROOTS_COUNT && !search->found; roots++) {
        plan->roots = (enum sim_step_roots)roots;
        for (size_t n = all; n <= all && !search->found; n--)
            for (size_t silent = 0; silent <= without && silent <= n && !search->found; silent++) {
                plan->count = before;
                if (n > 0 && silent == n) break; /* silent to the end: of no hash */
                if (!add_messages(search, n, silent)) return VK_OK;
                if (sim_slog_host_has_brackets(plan) && n < all) break;
                VK_TRY(try_plan(search));
            }
        if (!all) break;
    }
    if (!search->found) plan->count = before;
    return VK_OK;
}

/* ---- what else the host may have done */

static enum vk_err try_taken(struct search *search, size_t taken, size_t from) VK_MUST_CHECK;

/* One more is taken, and `taken` others behind it. */
static enum vk_err try_take(struct search *search, size_t i, enum sim_step_type type,
                            size_t taken) {
    const struct sim_host_step step = {.type = type, .kref = search->settled.at[i]};
    const size_t at = search->plan->count;
    for (size_t j = 0; j < at; j++)
        if (vk_str_eq(search->plan->steps[j].kref, step.kref)) return VK_OK;
    if (!add_step(search->plan, &step)) return VK_OK;
    if (taken == 0)
        VK_TRY(try_with_messages(search));
    else
        VK_TRY(try_taken(search, taken, i));
    if (!search->found) search->plan->count = at;
    return VK_OK;
}

/* A few are taken in any order, more from the oldest on. */
static enum vk_err try_taken(struct search *search, size_t taken, size_t from) {
    bool is_ordered = search->plan->count - search->told + taken > ANY_ORDER_MAX;
    for (size_t i = is_ordered ? from : search->settled.count; i-- > 0 && !search->found;) {
        VK_TRY(try_take(search, i, SIM_STEP_TAKE, taken - 1));
        if (!search->found && search->has_slots[i])
            VK_TRY(try_take(search, i, SIM_STEP_TAKE_ONLY, taken - 1));
    }
    return VK_OK;
}

static enum vk_err try_interests(struct search *search, size_t from, size_t interests) {
    struct sim_host_plan *plan = search->plan;
    const size_t at = plan->count;
    if (interests == 0) return try_with_messages(search);
    for (size_t i = from; i-- > 0 && !search->found;) {
        const struct sim_host_step step = {.type = SIM_STEP_INTEREST,
                                           .kref = search->pending.at[i]};
        plan->count = at;
        if (!add_step(plan, &step)) return VK_OK;
        VK_TRY(try_interests(search, i, interests - 1));
    }
    if (!search->found) plan->count = at;
    return VK_OK;
}

/* Behind up to one result that is taken, promises are waited for. */
static enum vk_err try_taken_and_interests(struct search *search) {
    struct sim_host_plan *plan = search->plan;
    for (size_t interests = 1; interests <= SIM_INTERESTS_MAX && !search->found; interests++) {
        plan->count = search->told;
        VK_TRY(try_interests(search, search->pending.count, interests));
        for (size_t i = 0; i < 2 * search->settled.count && !search->found; i++) {
            const struct sim_host_step step = {.type = i % 2 ? SIM_STEP_TAKE_ONLY : SIM_STEP_TAKE,
                                               .kref = search->settled.at[i / 2]};
            plan->count = search->told;
            if (add_step(plan, &step))
                VK_TRY(try_interests(search, search->pending.count, interests));
        }
    }
    return VK_OK;
}

/* ---- changes of the kernel's options */

static const uint16_t common_settings[] = {0,   1,   2,   3,    4,    5,    6,    8,    10,   12,
                                           15,  16,  20,  24,   25,   30,   32,   40,   50,   60,
                                           64,  80,  100, 128,  150,  200,  250,  256,  300,  400,
                                           500, 512, 800, 1000, 1024, 2000, 2500, 5000, 10000};
enum { COMMON_SETTINGS = sizeof common_settings / sizeof *common_settings };

static const struct sim_host_step idle_settings = {.type = SIM_STEP_SETTINGS};

/* Hashes a call that changes nothing and the messages behind it, none of which depends on what is changed. */
static enum vk_err hash_around_settings(struct search *search) {
    search->plan->count = search->told;
    if (add_step(search->plan, &idle_settings) && add_messages(search, search->messages.count, 0))
        return hash_steps(search);
    return VK_OK;
}

/* `step` with calls that change nothing around it, before the messages. */
static enum vk_err try_settings_step(struct search *search, const struct sim_host_step *step) {
    struct sim_host_plan *plan = search->plan;
    struct sim_step_writes *writes = &search->writes;
    const size_t idle = search->told, messages = idle + 1,
                 changed = messages + search->messages.count;
    struct sim_crank_log crank = {0};
    if (changed + IDLE_SETTINGS_MAX >= SIM_STEPS_MAX) return VK_OK;
    vk_arena_clear(&search->scratch);
    writes->writes.count = 0;
    for (size_t i = 0; i < search->told; i++)
        VK_TRY(sim_step_write(writes, &plan->steps[i], plan->steps[i].option));
    crank.first_hashed = writes->writes.count;
    VK_TRY(sim_step_write(writes, step, 0));
    crank.writes.at = writes->writes.at;
    crank.writes.count = writes->writes.count;
    VK_TRY(sim_log_crankhash(&crank, search->hashes[changed][0]));
    for (size_t before = 0; before <= IDLE_SETTINGS_MAX && !search->found; before++)
        for (size_t after = 0; before + after <= IDLE_SETTINGS_MAX && !search->found; after++) {
            plan->count = search->told;
            for (size_t i = 0; i <= before + after; i++) {
                search->rows[plan->count] = i == before ? changed : idle;
                plan->steps[plan->count++] = i == before ? *step : idle_settings;
            }
            for (size_t i = 0; i < search->messages.count; i++)
                search->rows[plan->count + i] = messages + i;
            if (!add_messages(search, search->messages.count, 0)) return VK_OK;
            VK_TRY(follow(search, 0, search->before));
        }
    return VK_OK;
}

static enum vk_err try_pairs_of_settings(struct search *search, struct sim_host_step *step) {
    step->setting_count = 2;
    for (size_t i = 0; i < (size_t)COMMON_SETTINGS * COMMON_SETTINGS && !search->found; i++) {
        step->settings[0].value = common_settings[i / COMMON_SETTINGS];
        step->settings[1].value = common_settings[i % COMMON_SETTINGS];
        VK_TRY(try_settings_step(search, step));
    }
    return VK_OK;
}

static enum vk_err try_settings(struct search *search) {
    struct sim_host_step step = {.type = SIM_STEP_SETTINGS};
    search->plan->roots = SIM_ROOTS_TARGET;
    VK_TRY(hash_around_settings(search));
    VK_TRY(try_settings_step(search, &step));
    for (int first = 0; first < SIM_SETTINGS && !search->found; first++) {
        step.setting_count = 1;
        step.settings[0].what = (enum sim_setting_type)first;
        for (uint64_t value = 0; value <= SETTING_MAX && !search->found; value++) {
            step.settings[0].value = value;
            VK_TRY(try_settings_step(search, &step));
        }
        for (int other = 0; other < SIM_SETTINGS && !search->found; other++) {
            step.settings[1].what = (enum sim_setting_type)other;
            if (other != first) VK_TRY(try_pairs_of_settings(search, &step));
        }
    }
    return VK_OK;
}

/* Behind the bundles, which are installed first. */
static enum vk_err try_pinned(struct search *search) {
    struct sim_host_plan *plan = search->plan, *messages = &search->messages;
    size_t bundles = 0;
    while (bundles < messages->count && messages->steps[bundles].type == SIM_STEP_BUNDLE)
        bundles++;
    const struct sim_host_plan all = *messages;
    for (size_t i = 0; i < search->roots.count && !search->found; i++) {
        const struct sim_host_step step = {.type = SIM_STEP_PIN, .kref = search->roots.at[i]};
        plan->count = search->told;
        messages->count = 0;
        for (size_t m = 0; m < bundles; m++)
            if (!add_step(plan, &all.steps[m])) return VK_OK;
        if (!add_step(plan, &step)) return VK_OK;
        for (size_t m = bundles; m < all.count; m++)
            messages->steps[messages->count++] = all.steps[m];
        VK_TRY(try_with_messages(search));
    }
    *messages = all;
    return VK_OK;
}

/* ---- what there is to choose from */

static enum vk_err find_promise(struct search *search, uint64_t number) {
    struct vk_arena *arena = search->arena;
    struct vk_store *store = search->writes.store;
    struct vk_str key, state, count, kpid;
    VK_TRY(vk_arena_format(arena, &key, "kp%" PRIu64 ".state", number));
    VK_TRY(vk_store_get(store, arena, key, &state));
    if (!state.p) return VK_OK;
    VK_TRY(vk_arena_format(arena, &key, "kp%" PRIu64 ".refCount", number));
    VK_TRY(vk_store_get(store, arena, key, &count));
    if (!count.p || vk_str_eq(count, VK_STR("0"))) return VK_OK;
    VK_TRY(vk_arena_format(arena, &kpid, "kp%" PRIu64, number));
    bool is_pending = vk_str_eq(state, VK_STR("unresolved"));
    struct krefs *into = is_pending ? &search->pending : &search->settled;
    if (into->count == (is_pending ? PENDING_MAX : SETTLED_MAX)) return VK_OK;
    into->at[into->count++] = kpid;
    if (is_pending) return VK_OK;
    VK_TRY(vk_arena_format(arena, &key, "kp%" PRIu64 ".data.slots", number));
    VK_TRY(vk_store_get(store, arena, key, &count));
    search->has_slots[into->count - 1] = count.n > 0;
    return VK_OK;
}

/* The newest promises that somebody refers to. */
static enum vk_err find_promises(struct search *search) {
    struct vk_str text;
    uint64_t next = 0;
    VK_TRY(vk_store_get(search->writes.store, search->arena, VK_STR("kp.nextID"), &text));
    if (!text.p || !vk_str_to_u64(text, &next)) return VK_OK;
    uint64_t oldest = next > LOOKED_BACK ? next - LOOKED_BACK : 0;
    while (next-- > oldest)
        VK_TRY(find_promise(search, next));
    return VK_OK;
}

/* The root objects of static vats. */
static enum vk_err find_roots(struct search *search) {
    struct vk_arena *arena = search->arena;
    struct vk_store *store = search->writes.store;
    struct vk_str names, key, vat, root;
    const struct vk_json *json;
    VK_TRY(vk_store_get(store, arena, VK_STR("vat.names"), &names));
    if (!names.p) return VK_OK;
    VK_TRY(vk_json_parse(arena, names, &json));
    for (json = json->first; json && search->roots.count < PINNABLE_MAX; json = json->next) {
        VK_TRY(vk_arena_format(arena, &key, "vat.name.%.*s", VK_STR_ARG(vk_json_string(json))));
        VK_TRY(vk_store_get(store, arena, key, &vat));
        VK_TRY(vk_arena_format(arena, &key, "%.*s.c.o+0", VK_STR_ARG(vat)));
        VK_TRY(vk_store_get(store, arena, key, &root));
        if (root.p) search->roots.at[search->roots.count++] = root;
    }
    return VK_OK;
}

/* ---- choosing */

/* What is routed next, and was not emitted: devices sent it, or a host that emits no hashes. */
static void add_silent(struct search *search) {
    struct sim_host_plan *plan = search->plan;
    size_t from = 0;
    for (size_t i = 0; i < plan->count; i++)
        from += plan->steps[i].type == SIM_STEP_MESSAGE || plan->steps[i].type == SIM_STEP_BUNDLE;
    for (size_t i = from; i < search->messages.count; i++) {
        struct sim_host_step step = search->messages.steps[i];
        step.type = SIM_STEP_MESSAGE;
        step.option = SIM_OPTION_SILENT;
        step.is_silent = true;
        if (!add_step(plan, &step)) return;
    }
}

/* Puts what is told of the crank at the plan's beginning. */
static void begin_with_told(struct search *search, const struct sim_slog_told *told) {
    struct sim_host_plan *plan = search->plan;
    plan->count = 0;
    plan->roots = SIM_ROOTS_TARGET;
    for (size_t i = 0; i < told->steps.count; i++)
        if (told->steps.at[i].crank == search->next->number)
            if (!add_step(plan, &told->steps.at[i].step)) break;
    search->told = plan->count;
}

static enum vk_err try_all(struct search *search) {
    search->plan->count = search->told;
    VK_TRY(try_with_messages(search));
    if (search->found) return VK_OK;
    VK_TRY(find_roots(search));
    VK_TRY(try_pinned(search));
    if (search->found || sim_slog_host_has_brackets(&search->messages)) return VK_OK;
    search->searched = 2;
    VK_TRY(find_promises(search));
    search->plan->count = search->told;
    VK_TRY(try_taken(search, 1, search->settled.count));
    if (!search->found) VK_TRY(try_taken_and_interests(search));
    for (size_t taken = 2; taken <= SIM_TAKEN_MAX && !search->found; taken++) {
        search->plan->count = search->told;
        VK_TRY(try_taken(search, taken, search->settled.count));
    }
    search->hashed = 0;
    return search->found ? VK_OK : try_settings(search);
}

enum vk_err sim_slog_host_choose(struct sim_host_plan *plan, struct vk_store *store,
                                 struct vk_arena *arena, const char *before,
                                 const struct sim_log_unit *next, bool waits_for_messages,
                                 const struct sim_slog_told *told, char (*brackets)[VK_HASH_HEX]) {
    struct search *search;
    VK_TRY(VK_NEW(arena, &search));
    *search = (struct search){.plan = plan,
                              .messages = *plan,
                              .next = next,
                              .before = before,
                              .brackets = brackets,
                              .searched = SEARCHED_MAX,
                              .arena = arena};
    vk_arena_init(&search->scratch, vk_heap_system());
    search->writes = (struct sim_step_writes){.store = store, .arena = &search->scratch};
    begin_with_told(search, told);
    plan->emits = sim_slog_host_emits(before, next);
    search->messages.emits = plan->emits;
    enum vk_err err = plan->emits ? try_all(search) : VK_OK;
    plan->is_found = search->found;
    if (!search->found) plan->count = search->told;
    if (!search->found) plan->roots = SIM_ROOTS_TARGET;
    if (waits_for_messages) add_silent(search); /* INV-SLOG-HOST-1 */
    sim_array_free(search->writes.writes.at);
    vk_arena_release(&search->scratch);
    return err;
}

/* ---- the messages */

/* "b1-..." of the message that announces a bundle, or VK_STR_NONE. */
static struct vk_str announced_bundle(struct vk_str event) {
    struct vk_str msg = sim_log_get(event, "msg");
    struct vk_str body = sim_log_text(sim_log_get(sim_log_get(msg, "methargs"), "body"));
    const struct vk_str open = VK_STR("#[\\\"bundleInstalled\\\",[\\\""), close = VK_STR("\\\"]]");
    if (!vk_str_starts(body, open) || body.n < open.n + close.n) return VK_STR_NONE;
    return (struct vk_str){body.p + open.n, body.n - open.n - close.n};
}

/* Whether the promise is the one that a message queued now would be answered by. */
static bool is_promise(struct vk_str kpid, uint64_t number) {
    uint64_t n;
    return kpid.n > 2 && vk_str_to_u64(vk_str_from(kpid, 2), &n) && n == number;
}

static enum vk_err read_message(struct sim_host_step *step, const struct sim_slog_index *index,
                                size_t at, const struct sim_slog_crank *crank,
                                struct vk_store *store, struct vk_arena *arena) {
    struct vk_str key, owner, bundle = announced_bundle(crank->message);
    struct vk_str target = sim_log_text(sim_log_get(crank->message, "target"));
    struct vk_str msg = sim_log_get(crank->message, "msg");
    *step = (struct sim_host_step){.type = SIM_STEP_MESSAGE,
                                   .crank = crank->unit.number,
                                   .event = crank->message,
                                   .result = sim_log_text(sim_log_get(msg, "result"))};
    if (bundle.p) {
        bool has;
        VK_TRY(vk_bundle_has(store, bundle, &has));
        if (!has) step->type = SIM_STEP_BUNDLE;
        step->kref = bundle;
    }
    VK_TRY(vk_arena_format(arena, &key, "%.*s.owner", VK_STR_ARG(target)));
    VK_TRY(vk_store_get(store, arena, key, &owner));
    if (!owner.p && vk_str_starts(target, VK_STR("ko")))
        step->vat = sim_slog_index_root_vat(index, at, target);
    return VK_OK;
}

enum vk_err sim_slog_host_messages(struct sim_host_plan *plan, const struct sim_slog_index *index,
                                   size_t at, struct vk_store *store, struct vk_arena *arena) {
    struct vk_str text, next_text;
    uint64_t next = 0, head = 0, tail = 0;
    *plan = (struct sim_host_plan){0};
    VK_TRY(vk_store_get(store, arena, VK_STR("acceptanceQueue"), &text));
    VK_TRY(vk_store_get(store, arena, VK_STR("kp.nextID"), &next_text));
    if (!sim_log_count(sim_log_at(text, 0), &head) || !sim_log_count(sim_log_at(text, 1), &tail) ||
        !next_text.p || !vk_str_to_u64(next_text, &next))
        return VK_OK;
    size_t first = at + (size_t)(tail - head);
    for (size_t i = at; i < index->cranks.count && plan->count < SIM_STEPS_MAX - 16; i++) {
        const struct sim_slog_crank *crank = &index->cranks.at[i];
        struct vk_str result =
            sim_log_text(sim_log_get(sim_log_get(crank->message, "msg"), "result"));
        if (!crank->is_routing) break;
        if (i < first || !vk_str_eq(crank->type, VK_STR("send"))) continue;
        if (result.p && !is_promise(result, next)) break;
        next += result.p != NULL;
        VK_TRY(read_message(&plan->steps[plan->count++], index, at, crank, store, arena));
    }
    return VK_OK;
}

/* ---- doing it */

enum vk_err sim_slog_host_apply(const struct sim_host_plan *plan, struct vk_kernel *kernel,
                                struct vk_store *store, struct vk_arena *arena) {
    struct sim_step_writes writes = {.store = store, .arena = arena, .roots = plan->roots};
    enum vk_err err = VK_OK;
    for (size_t i = 0; i < plan->count && err == VK_OK; i++)
        err = sim_step_apply(&writes, &plan->steps[i], kernel, plan->emits);
    sim_array_free(writes.writes.at);
    return err;
}
